/* SPDX-License-Identifier: MIT
 *
 * DOOR: from working files to the staging, the parallel pipeline of add.
 *
 *   walk + staging rows  --join-->  slices of files  --queue-->  workers
 *   (threads of the walk)           (this thread)                (read, hash,
 *                                        ^                        compress,
 *                                        |                        append)
 *              rows, in path order  <----+----- finished slices ----+
 *              one commit a batch
 *
 * Invariants
 * A1  A batch is one transaction: objects, rows and the new staged root. A
 *     killed add keeps the batches before, and the next add reads only the
 *     rest.
 * A2  A file that could not be read is named and left as it was staged; a
 *     repository that could not be written ends the add at once.
 * A3  A file's bytes come from one read during which its stat did not change.
 * A4  A stat is recorded as proof only when the file's times lie before the
 *     file system's clock at the time of reading.
 */
#ifndef STAGING_ADD_H
#define STAGING_ADD_H

#include <stdbool.h>
#include <stdint.h>

#include "objects/base/io.h"
#include "objects/index.h"
#include "staging/ignore.h"
#include "staging/pathspec.h"

/* What happened to a path, for -v and for the summary. */
enum dig_add_what { DIG_ADD_PUT, DIG_ADD_REMOVED };

/* A file as it was when it was read, proved by its stat (A4). */
struct dig_add_seen {
	char *path;
	struct dig_stat stat;
};

/*
 * For a stash: what the work tree holds goes into two trees, and nothing is
 * staged. The batches commit objects alone.
 */
struct dig_add_aside {
	/* Paths without a row that count as tracked, too; ascending. */
	const char *const *also;
	size_t nalso;
	/* Success: what is staged with tracked files as they are, a tree of
	 * the others (none with tracked_only), and the stats of files in
	 * either, ascending by path. dig_add_aside_clear. */
	struct dig_oid tracked;
	struct dig_oid others;
	struct dig_add_seen *seen;
	size_t nseen;
	size_t seen_cap;
};

void dig_add_aside_clear(struct dig_add_aside *aside);

struct dig_add_options {
	int root_fd; /* the work tree, or another folder */
	/* NULL or "": none. A folder that has passed dig_path_check: what is
	 * read is staged below it, and nothing else is looked at. */
	const char *prefix;
	struct dig_index *index;   /* not in a transaction */
	struct dig_ignore *ignore; /* NULL: ignore rules do not count (-f) */
	struct dig_pathspec *pathspec; /* NULL: everything */
	bool tracked_only;             /* -u */
	bool dry_run;                  /* -n: say, do nothing */
	const char *verb;              /* for the journal: "add" */
	struct dig_add_aside *aside;   /* inout; NULL: stage */
	uint64_t op; /* the operation that it goes on with, or 0 */
	void *arg;
	/* Each may be NULL. In path order, from the calling thread. */
	void (*changed)(void *arg, enum dig_add_what what, const char *path);
	/* A file that was left out: "name: reason". failure: it should have
	 * been read (exit 1); else it is only said. */
	void (*left_out)(
	    void *arg, const char *path, const char *reason, bool failure);
	void (*progress)(void *arg, uint64_t files, uint64_t bytes);
};

struct dig_add_result {
	uint64_t added;    /* new paths */
	uint64_t modified; /* paths whose content or kind changed */
	uint64_t removed;
	uint64_t failures; /* files that were named and left out */
	uint64_t batches;  /* committed */
	uint64_t op;       /* operation number of the records; 0: none */
};

/*
 * Stage what the work tree holds. With `aside` the transaction is open after
 * success, so that nothing comes between. On CANCELLED (Ctrl-C) and on every
 * error of the repository, result says what earlier batches have staged.
 *
 * Cost: what the stat cache proves unchanged is not opened.
 */
enum dig_status dig_add(const struct dig_add_options *options,
    struct dig_add_result *result, struct dig_error *err) DIG_CHECKED;

/*
 * Stage the bytes of a stream under a path that has passed dig_path_check.
 * fd is read to its end. exec: as an executable. result->op: inout, 0 for a new
 * operation.
 */
enum dig_status dig_add_stream(struct dig_index *index, int fd,
    const char *path, bool exec, const char *verb,
    struct dig_add_result *result, struct dig_error *err) DIG_CHECKED;

#endif
