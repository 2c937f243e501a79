/* SPDX-License-Identifier: MIT
 *
 * Shared by the files of blame and by nothing else.
 *
 *	blame.c         the file, its lines, the answer
 *	blame_walk.c    lines go from file to file
 *	blame_parent.c  the file in a parent, and its bytes
 */
#ifndef REPO_BLAME_INTERNAL_H
#define REPO_BLAME_INTERNAL_H

#include "repo/blame.h"
#include "repo/diff.h"
#include "repo/history_internal.h"

/* Lines [at, at + count) of some file are those from `line` on of the file
 * that was asked for. All count from 0. */
struct dig_blame_part {
	size_t at;
	size_t line;
	size_t count;
};

struct dig_blame_parts {
	struct dig_blame_part *at;
	size_t count;
	size_t cap;
};

void dig_blame_parts_add(
    struct dig_blame_parts *parts, struct dig_blame_part part);

/* The bytes of a file, and of which chunks they are made. */
struct dig_blame_chunk {
	struct dig_oid id;
	size_t offset;
	size_t len;
};

struct dig_blame_text {
	struct dig_buf bytes;
	struct dig_blame_chunk *chunks; /* none when there is one at most */
	size_t nchunks;
	size_t chunks_cap;
	bool is_loaded;
};

/*
 * The commits that matter for one path. A commit is a node of each lane that
 * it was met in, so a node stands for a file of a commit.
 */
struct dig_blame_lane {
	char *path;
	struct dig_history *walk; /* the nodes, and who touched the path */
	struct dig_blame_lane *next;
};

/* A file of a commit that lines were passed to. */
struct dig_blame_file {
	struct dig_blame_source shown;
	struct dig_blame_lane *lane;
	struct dig_node *node; /* NULL: the work tree's file */
	struct dig_entry entry;
	struct dig_oid content;
	struct dig_blame_text text;
	struct dig_blame_parts parts; /* that it is still asked for */
	struct dig_blame_file *next;  /* of all */
};

struct dig_blame {
	struct dig_repo *repo;
	struct dig_differ *differ; /* finds renames */
	struct dig_reader *reader; /* its cache holds versions alone */
	struct dig_tree_finder *finder;
	struct dig_text engine;
	struct dig_text_options compare;
	struct dig_blame_lane *lanes;
	struct dig_blame_file *files;
	struct dig_blame_file *start;
	struct dig_oid
	    *tips; /* the commit; of the work tree's file, the parents */
	size_t ntips;
	struct dig_heap heap;         /* nodes of files, children first */
	struct dig_history *boundary; /* painted; NULL: nothing is hidden */
	int64_t since;
	bool sparse; /* the index knows who touched a path */
	bool first_parent;
	size_t kept_bytes; /* of texts that wait */
	uint64_t comparisons;

	struct dig_buf bytes; /* of the file that was asked for */
	const char **lines;   /* its lines; one more for its end */
	size_t nlines;
	struct dig_blame_span *spans;
	size_t nspans;
	size_t spans_cap;
};

/* ---- blame_parent.c --------------------------------------------------- */

/* A file in a parent that lines may go to. */
struct dig_blame_parent {
	struct dig_oid commit;
	struct dig_oid tree;
	struct dig_blame_lane *lane; /* NULL: there is no file */
	struct dig_entry entry;
	struct dig_oid content;
};

/* The lane of a path, made at first need. */
enum dig_status dig_blame_lane(struct dig_blame *blame, const void *path,
    size_t len, struct dig_blame_lane **out, struct dig_error *err) DIG_CHECKED;

/* The parent's file of the same path and type; then the one that was renamed
 * to it. `parent` has commit and tree. */
enum dig_status dig_blame_same_path(struct dig_blame *blame,
    const struct dig_blame_file *file, struct dig_blame_parent *parent,
    struct dig_error *err) DIG_CHECKED;
enum dig_status dig_blame_renamed(struct dig_blame *blame,
    const struct dig_blame_file *file, struct dig_blame_parent *parent,
    struct dig_error *err) DIG_CHECKED;

/* Read an entry's bytes; chunks that `like` (may be NULL) has are copied from
 * there. out: reset first. */
enum dig_status dig_blame_load(struct dig_blame *blame, const char *path,
    const struct dig_entry *entry, const struct dig_blame_text *like,
    struct dig_blame_text *out, struct dig_error *err) DIG_CHECKED;
void dig_blame_text_clear(struct dig_blame_text *text);

/* ---- blame_walk.c ----------------------------------------------------- */

/* Make the file that a commit's stands for the first one. */
enum dig_status dig_blame_begin(struct dig_blame *blame,
    const struct dig_blame_parent *at, struct dig_error *err) DIG_CHECKED;

/* Pass all parts of blame->start on until each has its source: spans, in any
 * order. */
enum dig_status dig_blame_walk(
    struct dig_blame *blame, struct dig_error *err) DIG_CHECKED;

#endif
