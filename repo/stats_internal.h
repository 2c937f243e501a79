/* SPDX-License-Identifier: MIT
 *
 * Shared by stats.c, stats_period.c and stats_files.c.
 */
#ifndef REPO_STATS_INTERNAL_H
#define REPO_STATS_INTERNAL_H

#include "repo/internal.h"
#include "repo/stats.h"

#define DIG_STATS_PAGE 4096 /* rows read at a time */

/* A commit, as the passes need it. Ascending by seq. */
struct dig_stats_commit {
	int64_t seq;
	int64_t first_parent; /* seq; 0: none, or not here */
	int64_t time;         /* committer's, clamped */
	uint64_t bytes;
};

struct dig_stats_pass {
	struct dig_repo *repo;
	struct dig_db *db;
	struct dig_stats *out;
	size_t top;
	struct dig_stats_commit *commits;
	size_t ncommits;
	size_t commits_cap;
};

/* Set unit, years, and the periods with their starts and labels, from first
 * and last. */
void dig_stats_cut(struct dig_stats *stats);
/* The period of a time between first and last. */
struct dig_stats_period *dig_stats_period_of(
    struct dig_stats *stats, int64_t time);
/* The step that a time between first and last falls into. */
size_t dig_stats_step_of(const struct dig_stats *stats, int64_t time);

/* Files of HEAD and of all commits: types, paths, steps' stored bytes of each
 * step alone. */
enum dig_status dig_stats_files_pass(
    struct dig_stats_pass *pass, struct dig_error *err) DIG_CHECKED;

#endif
