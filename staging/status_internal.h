/* SPDX-License-Identifier: MIT
 *
 * The inside of status: what the join finds, and what is done with it.
 */
#ifndef STAGING_STATUS_INTERNAL_H
#define STAGING_STATUS_INTERNAL_H

#include "objects/base/io.h"
#include "objects/base/path.h"
#include "staging/status.h"

/* ---- status.c: paths that live as long as the list ---- */

/* A copy, NUL-terminated. */
const char *dig_status_keep(
    struct dig_status_text **text, const char *path, size_t len);

/* ---- status_rows.c: rows of the staging, read ahead by a thread ---- */

struct dig_status_row {
	const char *path; /* NUL-terminated */
	size_t len;
	enum dig_entry_kind kind;
	uint64_t size_bytes;
	struct dig_oid content;
	bool measured; /* the rest may be believed */
	uint32_t mode;
	uint64_t st_size;
	uint64_t dev;
	uint64_t ino;
	int64_t mtime_ns;
	int64_t ctime_ns;
};

/*
 * Rows from the folder or file `under` ("" for all) on; a few before it may
 * come along. The database is the rows' alone until the close. No statement
 * stays open between pages: a writer waits no longer than a page takes.
 */
struct dig_status_rows;
struct dig_status_rows *dig_status_rows_open(
    struct dig_db *db, const char *under, size_t len);
/*
 * The next row, or NULL at the end. It and the one before it stay valid until
 * the call after the next. Errors: those of dig_stmt_row; CORRUPT for a row
 * that no staging has.
 */
enum dig_status dig_status_rows_next(struct dig_status_rows *rows,
    const struct dig_status_row **out, struct dig_error *err) DIG_CHECKED;
void dig_status_rows_close(struct dig_status_rows *rows); /* NULL is fine */

/* ---- status_verify.c: looking at single files ---- */

/*
 * Folders below a root, opened through no link. The one used last stays open,
 * so that paths in order cost one open a folder.
 */
struct dig_status_folder {
	int root_fd; /* borrowed */
	int fd;      /* of `path`, or a negated errno; root_fd for "" */
	size_t len;
	char path[DIG_PATH_MAX + 1];
};

void dig_status_folder_init(struct dig_status_folder *folder, int root_fd);
void dig_status_folder_clear(struct dig_status_folder *folder);
/* The stat of a path and, for *at and *name, how to reach it; 0 or errno. */
int dig_status_look(struct dig_status_folder *folder, const char *path,
    size_t len, int *at, const char **name, struct dig_stat *out);

/* What the stat alone says of a row: ' ' unchanged, 'M', 'T', or '?': its
 * content has to be looked at. */
char dig_status_by_stat(
    const struct dig_status_row *row, const struct dig_stat *stat);

/* A path of the work tree that differs, or that may. */
struct dig_status_work {
	const char *path;
	size_t len;
	/* ' ', M, D, T; F: gone, and a folder stands there; '?': a suspect */
	char letter;
	bool settled; /* found unchanged, and `stat` may be recorded */
	int trouble;  /* errno of a read that failed */
	struct dig_suspect *suspect;
};

struct dig_suspect {
	struct dig_status_row row; /* path is the work's */
	struct dig_stat stat;
};

/*
 * Decide every suspect by its content.
 * Errors: CANCELLED.
 */
enum dig_status dig_status_verify(const struct dig_status_options *options,
    struct dig_status_work *work, size_t nwork,
    struct dig_error *err) DIG_CHECKED;
/* Record the stats that are settled, if that can be done at once. */
void dig_status_record(const struct dig_status_options *options,
    const struct dig_status_work *work, size_t nwork);

/* ---- status_scan.c: the join ---- */

struct dig_status_name {
	const char *path;
	size_t len;
	size_t floor; /* of ignored ones: length of the folder not to name */
};

struct dig_status_scan {
	struct dig_status_work *work;
	size_t nwork;
	size_t work_cap;
	struct dig_status_name *untracked;
	size_t nuntracked;
	size_t untracked_cap;
	struct dig_status_name *ignored;
	size_t nignored;
	size_t ignored_cap;
};

/* Walk and rows beside each other. scan is cleared by the caller. */
enum dig_status dig_status_scan(const struct dig_status_options *options,
    struct dig_db *db, struct dig_status_text **text,
    struct dig_status_scan *scan, struct dig_error *err) DIG_CHECKED;
void dig_status_scan_clear(struct dig_status_scan *scan);

#endif
