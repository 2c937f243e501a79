/* SPDX-License-Identifier: MIT
 *
 * Commits, their authors and times; the rest is in stats_files.c.
 */
#include "repo/stats.h"

#include <stdlib.h>

#include "repo/stats_internal.h"

#define TIME_MAX INT64_C(253402214399) /* a day before the year 10000 */

static int64_t
clamp_time(int64_t time)
{
	return time < 0 ? 0 : time > TIME_MAX ? TIME_MAX : time;
}

/* ---- Commits ---------------------------------------------------------- */

/* What is known of a commit once all have been seen. */
struct row {
	uint64_t added;
	uint64_t modified;
	uint64_t deleted;
};

struct rows {
	struct row *at;
	size_t cap;
};

static void
count_clock(struct dig_stats *stats, int64_t time, int64_t zone)
{
	int64_t local = clamp_time(time);

	if (zone > -1440 && zone < 1440)
		local += zone * 60;
	if (local < 0)
		local += 604800;
	/* 1970-01-01 was a Thursday. */
	stats->week[(local / 86400 + 3) % 7][local / 3600 % 24]++;
}

static void
take_commit(
    struct dig_stats_pass *pass, struct rows *rows, struct dig_stmt *stmt)
{
	struct dig_stats *stats = pass->out;
	struct dig_stats_commit *commit;
	struct row *row;

	DIG_GROW(pass->commits, pass->commits_cap, pass->ncommits + 1);
	DIG_GROW(rows->at, rows->cap, pass->ncommits + 1);
	row = &rows->at[pass->ncommits];
	commit = &pass->commits[pass->ncommits++];
	commit->seq = dig_stmt_int(stmt, 0);
	commit->first_parent = dig_stmt_int(stmt, 1);
	commit->time = clamp_time(dig_stmt_int(stmt, 3));
	commit->bytes = (uint64_t)dig_stmt_int(stmt, 7);
	row->added = (uint64_t)dig_stmt_int(stmt, 8);
	row->modified = (uint64_t)dig_stmt_int(stmt, 9);
	row->deleted = (uint64_t)dig_stmt_int(stmt, 10);
	stats->merges += dig_stmt_int(stmt, 2) > 1;
	count_clock(stats, dig_stmt_int(stmt, 4), dig_stmt_int(stmt, 5));
	if (stats->commits == 0 || commit->time < stats->first)
		stats->first = commit->time;
	if (stats->commits == 0 || commit->time > stats->last)
		stats->last = commit->time;
	stats->commits++;
}

static enum dig_status
read_commits(
    struct dig_stats_pass *pass, struct rows *rows, struct dig_error *err)
{
	enum dig_status st;
	size_t before;

	do {
		struct dig_stmt *stmt = NULL;

		if (dig_interrupted())
			return dig_raise(err, DIG_ECANCELLED, "interrupted");
		before = pass->ncommits;
		st = dig_db_stmt(pass->db, DIG_SQL_STATS_COMMITS, &stmt, err);
		if (st != DIG_OK)
			return st;
		dig_stmt_bind_int(
		    stmt, 1, before == 0 ? 0 : pass->commits[before - 1].seq);
		dig_stmt_bind_int(stmt, 2, DIG_STATS_PAGE);
		while ((st = dig_stmt_row(stmt, err)) == DIG_OK)
			take_commit(pass, rows, stmt);
		dig_stmt_done(stmt);
	} while (st == DIG_ENOTFOUND && pass->ncommits > before);
	return st == DIG_ENOTFOUND ? DIG_OK : st;
}

static int
by_seq(const void *key, const void *commit)
{
	int64_t a = *(const int64_t *)key;
	int64_t b = ((const struct dig_stats_commit *)commit)->seq;

	return (a > b) - (a < b);
}

/* The tree of HEAD's line at each step: the newest commit up to it. */
static enum dig_status
follow_head(struct dig_stats_pass *pass, struct dig_error *err)
{
	struct dig_stats *stats = pass->out;
	struct dig_stmt *stmt = NULL;
	struct dig_oid head;
	int64_t seq = 0;
	size_t known = stats->nsteps;
	enum dig_status st;

	if (!dig_repo_head(pass->repo, &head))
		return DIG_OK;
	st = dig_db_stmt(pass->db, DIG_SQL_STATS_SEQ, &stmt, err);
	if (st != DIG_OK)
		return st;
	dig_stmt_bind_oid(stmt, 1, &head);
	st = dig_stmt_row(stmt, err);
	if (st == DIG_OK)
		seq = dig_stmt_int(stmt, 0);
	dig_stmt_done(stmt);
	if (st != DIG_OK && st != DIG_ENOTFOUND)
		return st;
	/* Rows are hints: as many steps as there are commits at most. */
	for (size_t n = 0; seq != 0 && n < pass->ncommits; n++) {
		const struct dig_stats_commit *commit =
		    bsearch(&seq, pass->commits, pass->ncommits,
			sizeof(*pass->commits), by_seq);
		size_t step;

		if (commit == NULL)
			break;
		step = dig_stats_step_of(stats, commit->time);
		while (known > step)
			stats->steps[--known].tree_bytes = commit->bytes;
		seq = commit->first_parent;
	}
	return DIG_OK;
}

static enum dig_status
count_commits(struct dig_stats_pass *pass, struct dig_error *err)
{
	struct rows rows = { NULL, 0 };
	enum dig_status st = read_commits(pass, &rows, err);

	if (st != DIG_OK || pass->ncommits == 0)
		goto out;
	dig_stats_cut(pass->out);
	for (size_t i = 0; i < pass->ncommits; i++) {
		struct dig_stats_period *period =
		    dig_stats_period_of(pass->out, pass->commits[i].time);

		period->commits++;
		period->added += rows.at[i].added;
		period->modified += rows.at[i].modified;
		period->deleted += rows.at[i].deleted;
	}
	st = follow_head(pass, err);
out:
	free(rows.at);
	return st;
}

/* ---- Who, and names --------------------------------------------------- */

static enum dig_status
read_authors(struct dig_stats_pass *pass, struct dig_error *err)
{
	struct dig_stats *stats = pass->out;
	struct dig_stmt *stmt = NULL;
	size_t cap = 0;
	enum dig_status st;

	st = dig_db_stmt(pass->db, DIG_SQL_STATS_AUTHORS, &stmt, err);
	if (st != DIG_OK)
		return st;
	dig_stmt_bind_int(stmt, 1, (int64_t)pass->top);
	while ((st = dig_stmt_row(stmt, err)) == DIG_OK) {
		struct dig_stats_author *author;
		size_t len;
		const void *name = dig_stmt_blob(stmt, 0, &len);

		DIG_GROW(stats->top_authors, cap, stats->ntop_authors + 1);
		author = &stats->top_authors[stats->ntop_authors++];
		author->name = dig_memdup0(name, len);
		author->commits = (uint64_t)dig_stmt_int(stmt, 1);
		author->first = dig_stmt_int(stmt, 2);
		author->last = dig_stmt_int(stmt, 3);
		stats->authors = (uint64_t)dig_stmt_int(stmt, 4);
	}
	dig_stmt_done(stmt);
	return st == DIG_ENOTFOUND ? DIG_OK : st;
}

static enum dig_status
read_refs(struct dig_stats_pass *pass, struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	enum dig_status st;

	st = dig_db_stmt(pass->db, DIG_SQL_STATS_REFS, &stmt, err);
	if (st == DIG_OK)
		st = dig_stmt_row(stmt, err);
	if (st == DIG_OK) {
		pass->out->branches = (uint64_t)dig_stmt_int(stmt, 0);
		pass->out->tags = (uint64_t)dig_stmt_int(stmt, 1);
	}
	dig_stmt_done(stmt);
	return st;
}

/* ---- The door --------------------------------------------------------- */

enum dig_status
dig_stats_collect(struct dig_repo *repo, size_t top, struct dig_stats *out,
    struct dig_error *err)
{
	struct dig_stats_pass pass = { .repo = repo, .out = out, .top = top };
	enum dig_status st = dig_index_need_db(repo->index, &pass.db, err);

	memset(out, 0, sizeof(*out));
	if (st == DIG_OK)
		st = count_commits(&pass, err);
	if (st == DIG_OK)
		st = read_authors(&pass, err);
	if (st == DIG_OK)
		st = read_refs(&pass, err);
	if (st == DIG_OK)
		st = dig_stats_files_pass(&pass, err);
	for (size_t i = 1; i < out->nsteps; i++)
		out->steps[i].stored_bytes += out->steps[i - 1].stored_bytes;
	free(pass.commits);
	if (st != DIG_OK)
		dig_stats_clear(out);
	return st;
}

static void
clear_files(struct dig_stats_files *files, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(files[i].name);
	free(files);
}

void
dig_stats_clear(struct dig_stats *stats)
{
	for (size_t i = 0; i < stats->ntop_authors; i++)
		free(stats->top_authors[i].name);
	free(stats->top_authors);
	clear_files(stats->types, stats->ntypes);
	clear_files(stats->largest, stats->nlargest);
	clear_files(stats->costliest, stats->ncostliest);
	memset(stats, 0, sizeof(*stats));
}
