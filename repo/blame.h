/* SPDX-License-Identifier: MIT
 *
 * Which commit each line of a file comes from: git's answer, line for line.
 *
 * A line that a parent has too is the parent's. It is looked for in the
 * parents' files of the same path first, then, in those that have no such
 * file, in the one that became it by a rename; a parent whose file is the same
 * takes all lines. Lines that no parent has are those of the commit.
 *
 *	dig_blame_new   the file and its lines
 *	dig_blame_run   where they come from
 *	dig_blame_spans the answer
 *
 * Where the index knows the commit, only commits that touched the path are
 * looked at, and those in between are passed by jump pointers (history.h);
 * else each commit is compared with its parents. Both give the same answer.
 *
 * Source: git-blame(1).
 */
#ifndef REPO_BLAME_H
#define REPO_BLAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "objects/base/error.h"
#include "objects/oid.h"

struct dig_repo;
struct dig_blame;

struct dig_blame_options {
	const char *path; /* of a file, from the current folder; no wildcards */
	const struct dig_oid *commit; /* NULL: the file of the work tree */
	const struct dig_oid *hidden; /* what these reach is not looked into */
	size_t nhidden;
	int64_t since;     /* nor what is older; committer's seconds */
	bool first_parent; /* merges have one parent */
	bool ignore_space; /* lines that differ in blanks alone are the same */
};

#define DIG_BLAME_OPTIONS_INIT                                                 \
	{                                                                      \
		NULL, NULL, NULL, 0, INT64_MIN, false, false                   \
	}

/* A file of a commit that lines come from. */
struct dig_blame_source {
	struct dig_oid commit; /* zero: not committed yet */
	const char *path;      /* from the root */
	bool is_root;          /* the commit has no parents */
	bool is_limit;         /* hidden, or too old: not looked into */
	const char *old_path;  /* of the file before it; NULL: there is none */
	struct dig_oid old_commit;
};

/* Lines that follow each other, here and there. Lines count from 1. */
struct dig_blame_span {
	size_t line;
	size_t count;
	size_t source_line; /* of the first one, in the source's file */
	const struct dig_blame_source *source;
};

/* Lines first to last, both included. */
struct dig_blame_range {
	size_t first;
	size_t last;
};

/*
 * Read the file. options: borrowed until the call returns.
 * Errors: NOTFOUND (no such file there, or no commit yet), INVALID (the path is
 * outside of the tree, a folder or another repository; too large for text),
 * FILE, CORRUPT, IO. Memory: the file.
 */
enum dig_status dig_blame_new(struct dig_repo *repo,
    const struct dig_blame_options *options, struct dig_blame **out,
    struct dig_error *err) DIG_CHECKED;
void dig_blame_free(struct dig_blame *blame); /* NULL is accepted */

/* From the root. Borrowed. */
const char *dig_blame_path(const struct dig_blame *blame);
size_t dig_blame_nlines(const struct dig_blame *blame);
/* Line n (from 1) with its newline, which the last one may lack. Borrowed. */
const char *dig_blame_line(
    const struct dig_blame *blame, size_t n, size_t *len);

/*
 * Find out about the lines of some ranges (which may overlap); once only.
 * Errors: those of above, CANCELLED. Cost: for each commit that touched the
 * file and has lines left, one version decoded and compared with the next.
 * Memory: the versions that wait, 256 MiB at most, and those at hand.
 */
enum dig_status dig_blame_run(struct dig_blame *blame,
    const struct dig_blame_range *ranges, size_t nranges,
    struct dig_error *err) DIG_CHECKED;

/* In the order of lines, as long as they can be. Borrowed. */
const struct dig_blame_span *dig_blame_spans(
    const struct dig_blame *blame, size_t *count);

/*
 * How many digits tell the sources' commits from all others, at least
 * DIG_REVISION_SHORT.
 */
enum dig_status dig_blame_digits(
    struct dig_blame *blame, size_t *out, struct dig_error *err) DIG_CHECKED;

/* How many versions were compared so far, for tests. */
uint64_t dig_blame_comparisons(const struct dig_blame *blame);

#endif
