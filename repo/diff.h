/* SPDX-License-Identifier: MIT
 *
 * Comparing snapshots, what is staged, and the work tree: which files differ,
 * which of them are renames, and their bytes, lines and chunks.
 */
#ifndef REPO_DIFF_H
#define REPO_DIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "objects/base/error.h"
#include "repo/changes.h"
#include "repo/text.h"

struct dig_repo;

/* What comparisons share: the text engine, open folders. One thread. */
struct dig_differ;
struct dig_differ *dig_differ_new(struct dig_repo *repo);
void dig_differ_free(struct dig_differ *differ); /* NULL is accepted */

/* ---- Which files ------------------------------------------------------ */

/* Similarity counts to this, as in git. */
#define DIG_SCORE_MAX 60000u
#define DIG_SCORE_DEFAULT 30000u /* half */
/* Deleted files times new files that are compared pair by pair: 1000 each. */
#define DIG_RENAME_PAIRS_MAX 1000000u

/* "90%", "9" (for 0.9), "05": as -M takes it. False: it is no such number. */
bool dig_score_parse(const char *text, unsigned *out);

enum dig_diff_kind {
	DIG_DIFF_STAGED_WORK, /* what is staged -> work tree */
	DIG_DIFF_TREE_WORK,   /* old_root -> work tree, of tracked files */
	DIG_DIFF_TREE_STAGED, /* old_root -> what is staged */
	DIG_DIFF_TREES        /* old_root -> new_root */
};

struct dig_diff_between {
	enum dig_diff_kind kind;
	struct dig_oid old_root;
	struct dig_oid new_root;
	const char *const *paths; /* pathspecs; none: all paths */
	size_t npaths;
	bool reverse;          /* both sides change places */
	unsigned rename_score; /* 0: no renames; at most DIG_SCORE_MAX */
};

/*
 * The list of changes.
 *
 * While a merge is in progress, what is staged has no one version of a path
 * with a conflict: such a path is a U, without sides. STAGED_WORK lists behind
 * it how the file differs from our version, if there are both.
 *
 * out  initialised or used before; success: replaced
 *
 * Errors: INVALID (a pathspec), FILE (a file cannot be looked at), CORRUPT,
 * those of the index. Cost: between trees O(differences); with the work tree
 * that of status. Renames read the files that came and went.
 */
enum dig_status dig_differ_changes(struct dig_differ *differ,
    const struct dig_diff_between *between, struct dig_changes *out,
    struct dig_error *err) DIG_CHECKED;

/*
 * Renames, exact ones and those of at least `score`, among the A and D of a
 * list: git's estimate, order of choice and limit (diff.renameLimit's default
 * of 1000). Files beyond 512 MiB are paired only when they are equal.
 */
enum dig_status dig_differ_renames(struct dig_differ *differ,
    struct dig_changes *changes, unsigned score,
    struct dig_error *err) DIG_CHECKED;

/* ---- Their bytes ------------------------------------------------------ */

struct dig_blob {
	bool there;
	bool large; /* more than text may have: bytes is empty */
	struct dig_buf bytes;
};

/* Both sides of a change. */
struct dig_pair {
	struct dig_blob old;
	struct dig_blob now;
	bool same;   /* the bytes are equal (and may not have been read) */
	bool binary; /* one side is, or is too large to be shown as text */
};

#define DIG_PAIR_INIT                                                          \
	{                                                                      \
		{ false, false, DIG_BUF_INIT },                                \
		    { false, false, DIG_BUF_INIT }, false, false               \
	}

void dig_pair_clear(struct dig_pair *pair);

/*
 * Read both sides. What the work tree's side turns out to be now, its size and
 * its content id, is put into `change`; a file that is gone meanwhile makes it
 * a D.
 *
 * out  initialised or used before
 *
 * Errors: FILE (it cannot be read), CORRUPT, IO, CANCELLED. Memory: at most
 * DIG_TEXT_MAX_BYTES a side.
 */
enum dig_status dig_differ_load(struct dig_differ *differ,
    struct dig_change *change, bool force_text, struct dig_pair *out,
    struct dig_error *err) DIG_CHECKED;

/* dig_text_diff of a pair that is not binary. */
enum dig_status dig_differ_lines(struct dig_differ *differ,
    const struct dig_pair *pair, const struct dig_text_options *options,
    const struct dig_text_sink *sink, struct dig_error *err) DIG_CHECKED;

/* Lines that came and went. */
enum dig_status dig_differ_count(struct dig_differ *differ,
    const struct dig_pair *pair, const struct dig_text_options *options,
    uint64_t *added, uint64_t *deleted, struct dig_error *err) DIG_CHECKED;

/* Leave out of a list the changes that have some text as often as before.
 * Occurrences do not overlap. Binary files count too; nothing is kept in
 * memory but a block. */
enum dig_status dig_differ_keep_touching(struct dig_differ *differ,
    struct dig_changes *changes, const void *text, size_t len,
    struct dig_error *err) DIG_CHECKED;

/* ---- Their chunks ----------------------------------------------------- */

/* Bytes [from, to) of the new side that are in no chunk of the old one. */
struct dig_byte_range {
	uint64_t from;
	uint64_t to;
};

struct dig_chunk_changes {
	struct dig_byte_range *at; /* in order, apart from each other */
	size_t count;
	size_t cap;
	uint64_t new_bytes; /* their sum */
};

void dig_chunk_changes_clear(struct dig_chunk_changes *ranges);

/*
 * Which bytes of the new side are new. Stored files are compared by the lists
 * of their chunks and not read; one in the work tree is read and cut. Chunks
 * are told apart by 64 bits of their ids.
 *
 * Memory: 8 bytes for each chunk of the old side.
 */
enum dig_status dig_differ_chunks(struct dig_differ *differ,
    const struct dig_change *change, struct dig_chunk_changes *out,
    struct dig_error *err) DIG_CHECKED;

#endif
