/* SPDX-License-Identifier: MIT
 *
 * The inside of an import: what its files share.
 */
#ifndef REPO_BRIDGE_IMPORT_H
#define REPO_BRIDGE_IMPORT_H

#include "repo/bridge/bridge.h"
#include "repo/bridge/edits.h"
#include "repo/bridge/lfs.h"
#include "repo/bridge/marks.h"
#include "repo/bridge/stream.h"
#include "repo/internal.h"
#include "staging/put.h"

/* The headers that keep a line of git which is not of the usual form. */
#define DIG_HEADER_GIT_AUTHOR "git-author"
#define DIG_HEADER_GIT_COMMITTER "git-committer"
#define DIG_HEADER_GIT_TAGGER "git-tagger"

/* Where an import that goes on is kept: "refs/import/git/1", ... */
#define DIG_IMPORT_REFS "refs/import/git/"

/* A blob that waits for the path it is a version of. */
struct dig_import_blob {
	uint64_t mark; /* 0: the place is free */
	uint64_t size_bytes;
	struct dig_buf bytes; /* small ones */
	int fd;               /* large ones, at the beginning; else -1 */
	bool lfs;             /* a pointer, to be followed when it is stored */
	struct dig_lfs_pointer pointer;
};

/* How many blobs wait, at most, and with how many bytes in memory. */
#define DIG_BLOBS_WAITING 4096
#define DIG_BLOBS_BYTES ((uint64_t)64 << 20)
#define DIG_BLOBS_FILES 16

struct dig_import {
	struct dig_repo *repo;
	const struct dig_import_options *options;
	struct dig_import_result *result;
	struct dig_index *index;
	struct dig_stream stream;
	struct dig_marks *marks;
	struct dig_put put;
	struct dig_node_io store; /* the writer's */
	struct dig_node_io io;    /* the same, counting what is put */
	struct dig_edits *edits;
	uint64_t uncommitted; /* bytes put since the last checkpoint */
	uint64_t op;          /* operation number of the records */
	bool finished;        /* `done` was read */
	bool needs_done;      /* it has to come */

	/* Blobs that wait, a ring; the oldest goes first. */
	struct dig_import_blob *blobs;
	size_t blobs_at;
	size_t nblobs;
	uint64_t blob_bytes; /* in memory */
	size_t blob_files;

	/* Refs as the stream has them so far, and those that it deletes. */
	struct dig_state refs;
	struct dig_state gone;
	uint64_t first_ref; /* number of our first DIG_IMPORT_REFS */
	int lfs_fd;         /* options->lfs, or negative: not there */

	/* The commit or tag that is read. */
	struct dig_buf message;
	struct dig_buf author;
	struct dig_buf committer;
	struct dig_buf encoding;
	struct dig_buf git_id; /* hex, or nothing */
	struct dig_buf lfs;    /* the header DIG_HEADER_GIT_LFS */
	struct dig_buf parents;
	struct dig_buf path;
	struct dig_buf path2;
	struct dig_buf bytes;
};

/* ---- import_git.c ----------------------------------------------------- */

/* `data` and what it announces, into out (reset); at most `limit` bytes. */
enum dig_status dig_import_data(struct dig_import *import, size_t limit,
    struct dig_buf *out, struct dig_error *err) DIG_CHECKED;
/* The length behind `data `. DIG_ENO: it is delimited, *word says by what. */
enum dig_status dig_import_length(struct dig_import *import, uint64_t *len,
    const char **word, struct dig_error *err) DIG_CHECKED;
/* ":12" -> 12. False: it is no mark. */
bool dig_import_mark(const char *text, uint64_t *out);
/* Objects were stored: commit when it is time. */
enum dig_status dig_import_breathe(
    struct dig_import *import, struct dig_error *err) DIG_CHECKED;

/* ---- import_blobs.c --------------------------------------------------- */

/* The command `blob`. */
enum dig_status dig_import_blob(
    struct dig_import *import, struct dig_error *err) DIG_CHECKED;
/*
 * Set form, size and stored of `entry`, whose kind is set, to a marked blob.
 * old: the version before, or NULL. *lfs: git has a pointer to it.
 */
enum dig_status dig_import_use_blob(struct dig_import *import, uint64_t mark,
    const struct dig_entry *old, struct dig_entry *entry, bool *lfs,
    struct dig_error *err) DIG_CHECKED;
/* The blob of a mark is what this entry has: no need to store it. */
enum dig_status dig_import_know_blob(struct dig_import *import, uint64_t mark,
    const struct dig_entry *entry, struct dig_error *err) DIG_CHECKED;
/* Content that stands in the stream itself. */
enum dig_status dig_import_inline(struct dig_import *import,
    const struct dig_entry *old, struct dig_entry *entry,
    struct dig_error *err) DIG_CHECKED;
/* `data` and its bytes, of which nothing is wanted. */
enum dig_status dig_import_skip_data(
    struct dig_import *import, struct dig_error *err) DIG_CHECKED;
void dig_import_blobs_clear(struct dig_import *import);

/* ---- import_lfs.c ----------------------------------------------------- */

/* From this size on a blob is written to a file and read by threads. */
#define DIG_BLOB_LARGE ((uint64_t)16 << 20)

/*
 * The content that a pointer names, as a blob of its own, which the caller
 * releases with dig_import_drop. *found false: it is not there, cannot be read
 * or is another one; that is counted. Errors: IO of .dig/tmp.
 */
enum dig_status dig_import_lfs(struct dig_import *import,
    const struct dig_lfs_pointer *pointer, struct dig_import_blob *out,
    bool *found, struct dig_error *err) DIG_CHECKED;
/* Bytes to a file of .dig/tmp. */
enum dig_status dig_import_scratch(
    int fd, const void *data, size_t len, struct dig_error *err) DIG_CHECKED;
void dig_import_drop(struct dig_import_blob *blob);

/* ---- import_commit.c -------------------------------------------------- */

/* The commands `commit REF` and `tag NAME`. */
enum dig_status dig_import_commit(struct dig_import *import, const char *ref,
    struct dig_error *err) DIG_CHECKED;
enum dig_status dig_import_tag(struct dig_import *import, const char *name,
    struct dig_error *err) DIG_CHECKED;
/* What a word of the stream stands for: a mark, a ref, an id of git. kind
 * NONE: the zero id. Errors: INVALID. */
enum dig_status dig_import_resolve(struct dig_import *import, const char *word,
    struct dig_mark *out, struct dig_error *err) DIG_CHECKED;

/* ---- import_files.c --------------------------------------------------- */

/*
 * The file changes of a commit, up to the first line that is none. known: the
 * tree of the same commit that is stored already, so that nothing has to be;
 * else NULL, and changes go to import->edits.
 */
enum dig_status dig_import_files(struct dig_import *import,
    const struct dig_oid *known, struct dig_error *err) DIG_CHECKED;
/* A name that cannot be tracked; a dig_edits_bad_fn over the import. */
enum dig_status dig_import_bad_name(void *arg, const void *path, size_t len,
    const char *reason, struct dig_error *err) DIG_CHECKED;

/* ---- import_refs.c ---------------------------------------------------- */

/* Commit what is stored, under refs that no verb lists. */
enum dig_status dig_import_checkpoint(
    struct dig_import *import, struct dig_error *err) DIG_CHECKED;
/* Move the refs to where the stream has them. last: and end the import. */
enum dig_status dig_import_publish(
    struct dig_import *import, bool last, struct dig_error *err) DIG_CHECKED;
/* Take back the refs of checkpoints. */
void dig_import_forget(struct dig_import *import);
/* The first free number of those. */
uint64_t dig_import_first_ref(const struct dig_state *state);

#endif
