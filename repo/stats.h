/* SPDX-License-Identifier: MIT
 *
 * What a repository holds, how it came to be and what it costs, summed up for
 * people. Part of the door repo/dig.h.
 */
#ifndef REPO_STATS_H
#define REPO_STATS_H

#include <stddef.h>
#include <stdint.h>

#include "objects/base/error.h"

struct dig_repo;

/* The length of a period: the shortest with which there are not too many. */
enum dig_stats_unit {
	DIG_STATS_HOUR,
	DIG_STATS_QUARTER_DAY,
	DIG_STATS_DAY,
	DIG_STATS_WEEK, /* from Monday */
	DIG_STATS_MONTH,
	DIG_STATS_QUARTER,
	DIG_STATS_YEARS /* one or several */
};

#define DIG_STATS_PERIODS 62
#define DIG_STATS_STEPS 121
#define DIG_STATS_KINDS 6

/* Commits of a period by their committers' dates in UTC, and the files that
 * they changed against their first parents. */
struct dig_stats_period {
	int64_t start;  /* seconds since 1970 */
	char label[48]; /* "2026-11", "2026 Q4", "2026-11-21 06h" */
	uint64_t commits;
	uint64_t added;
	uint64_t modified;
	uint64_t deleted;
};

/* A moment between the first and the last commit; all are equally far apart. */
struct dig_stats_step {
	int64_t time;
	uint64_t tree_bytes;   /* files of the tree, down the first parents of
				* HEAD */
	uint64_t stored_bytes; /* records of contents that commits up to then
				* brought in */
};

struct dig_stats_kind {
	const char *name;
	uint64_t objects;
	uint64_t raw_bytes;
	uint64_t stored_bytes;
};

struct dig_stats_author {
	char *name; /* as in v_commits */
	uint64_t commits;
	int64_t first; /* author's seconds */
	int64_t last;
};

/*
 * Files by the end of their names in lower case ("c", "md"; "": none), or one
 * path. A version is a content that a commit gave a path, against its first
 * parent. What several share counts for the one that had it first.
 */
struct dig_stats_files {
	char *name; /* exact bytes, 0 behind them */
	size_t name_len;
	uint64_t files; /* in HEAD */
	uint64_t bytes;
	uint64_t versions; /* in all commits */
	uint64_t version_bytes;
	uint64_t unique_bytes; /* chunks of them, each once */
	uint64_t stored_bytes; /* records of these chunks */
};

struct dig_stats {
	uint64_t commits;
	uint64_t merges; /* of them, with two parents or more */
	uint64_t authors;
	uint64_t branches;
	uint64_t tags;
	int64_t first; /* committer's seconds, within the years 1970 to 9999 */
	int64_t last;

	uint64_t files; /* HEAD */
	uint64_t bytes;
	struct dig_stats_files all; /* sums over the types; no name */

	enum dig_stats_unit unit;
	unsigned years; /* in a period of DIG_STATS_YEARS */
	struct dig_stats_period periods[DIG_STATS_PERIODS];
	size_t nperiods; /* 0 without commits */
	struct dig_stats_step steps[DIG_STATS_STEPS];
	size_t nsteps; /* 0 without commits, 1 when all are of one second */
	uint64_t week[7]
		     [24]; /* commits; Monday first, by the authors' clocks */

	struct dig_stats_author *top_authors; /* most commits first */
	size_t ntop_authors;
	struct dig_stats_files *types; /* most stored bytes first */
	size_t ntypes;
	struct dig_stats_files *largest; /* in HEAD, largest first */
	size_t nlargest;
	struct dig_stats_files *costliest; /* paths, most stored bytes first */
	size_t ncostliest;

	struct dig_stats_kind kinds[DIG_STATS_KINDS];
	uint64_t unread; /* contents that could not be read: fsck says more */
};

/*
 * Sum up. top: at most so many authors and paths; all types are told.
 *
 * Errors: those of dig_index_need_db and of the database; CORRUPT when the
 * tree of HEAD cannot be read; CANCELLED.
 * Cost: one pass over the rows of commits, objects and changes and over the
 * tree of HEAD; 24 bytes of memory for each chunk, some 100 for each path and
 * commit. Files are not read, but content nodes of those of several chunks are.
 */
enum dig_status dig_stats_collect(struct dig_repo *repo, size_t top,
    struct dig_stats *out, struct dig_error *err) DIG_CHECKED;
void dig_stats_clear(struct dig_stats *stats);

#endif
