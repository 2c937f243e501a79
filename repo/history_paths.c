/* SPDX-License-Identifier: MIT
 *
 * Which commits touched the paths: from the rows of the index, and the way
 * from one to the next by jump pointers.
 *
 * Rows tell only where to look (objects/index.h, X3): the commits themselves
 * and every step between them are read from verified objects.
 */
#include <stdlib.h>

#include "repo/history_internal.h"

/* Greater than every path: no component is longer than DIG_NAME_MAX. */
#define ABOVE_ALL (DIG_NAME_MAX + 1)

/* ---- Rows ------------------------------------------------------------- */

/* Numbers of commits, a bit each. */
struct touched {
	struct dig_history *history;
	struct dig_db *db;
	uint8_t *bits;
	size_t nbits;
};

/* Changes that are staged have a number beyond the last commit's. */
static void
mark(struct touched *touched, int64_t seq)
{
	if (seq > 0 && (uint64_t)seq < touched->nbits)
		touched->bits[seq / 8] |= (uint8_t)(1u << seq % 8);
}

static bool
is_marked(const struct touched *touched, int64_t seq)
{
	return seq >= 0 && (uint64_t)seq < touched->nbits &&
	       (touched->bits[seq / 8] >> seq % 8 & 1) != 0;
}

static enum dig_status
mark_path(struct touched *touched, const char *path, size_t len,
    struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	enum dig_status st;

	if (!dig_pathspec_match(touched->history->paths, path, len, false))
		return DIG_OK;
	st = dig_db_stmt(touched->db, DIG_SQL_TOUCHED_PATH, &stmt, err);
	if (st != DIG_OK)
		return st;
	dig_stmt_bind_blob(stmt, 1, path, len);
	while ((st = dig_stmt_row(stmt, err)) == DIG_OK)
		mark(touched, dig_stmt_int(stmt, 0));
	dig_stmt_done(stmt);
	return st == DIG_ENOTFOUND ? DIG_OK : st;
}

/* Everything below a folder; "" is the root. */
static enum dig_status
mark_below(
    struct touched *touched, const char *dir, size_t len, struct dig_error *err)
{
	struct dig_buf from = DIG_BUF_INIT, before = DIG_BUF_INIT;
	struct dig_stmt *stmt = NULL;
	enum dig_status st;

	if (len > 0) {
		dig_buf_put(&from, dir, len);
		dig_buf_putc(&from, '/');
		dig_buf_put(&before, dir, len);
		dig_buf_putc(&before, '/' + 1);
	} else {
		dig_buf_reserve(&before, ABOVE_ALL);
		memset(before.data, 0xff, ABOVE_ALL);
		before.len = ABOVE_ALL;
	}
	st = dig_db_stmt(touched->db, DIG_SQL_TOUCHED_RANGE, &stmt, err);
	if (st != DIG_OK)
		goto out;
	dig_stmt_bind_blob(stmt, 1, from.data, from.len);
	dig_stmt_bind_blob(stmt, 2, before.data, before.len);
	while ((st = dig_stmt_row(stmt, err)) == DIG_OK) {
		int64_t seq = dig_stmt_int(stmt, 1);
		const void *path;
		size_t path_len;

		if (is_marked(touched, seq))
			continue;
		path = dig_stmt_blob(stmt, 0, &path_len);
		if (path != NULL && dig_pathspec_match(touched->history->paths,
					path, path_len, false))
			mark(touched, seq);
	}
	if (st == DIG_ENOTFOUND)
		st = DIG_OK;
out:
	dig_stmt_done(stmt);
	dig_buf_clear(&from);
	dig_buf_clear(&before);
	return st;
}

/* One pathspec after the other, so that far ones do not make one wide range. */
static enum dig_status
mark_all(struct touched *touched, struct dig_error *err)
{
	struct dig_history *history = touched->history;
	size_t count = dig_pathspec_count(history->paths);
	enum dig_status st = DIG_OK;

	for (size_t i = 0; st == DIG_OK && i < count; i++) {
		const char *arg = dig_pathspec_arg(history->paths, i);
		struct dig_pathspec *one = NULL;
		const char *dir;
		size_t len;

		st = dig_pathspec_new(&arg, 1, history->repo->prefix,
		    history->repo->worktree, &one, err);
		if (st != DIG_OK)
			break;
		len = dig_pathspec_common_dir(one, &dir);
		if (len > 0)
			st = mark_path(touched, dir, len, err);
		if (st == DIG_OK)
			st = mark_below(touched, dir, len, err);
		dig_pathspec_free(one);
	}
	return st;
}

/* ---- From rows to nodes ----------------------------------------------- */

static int
by_depth(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static enum dig_status
add_touched(
    struct touched *touched, int64_t seq, size_t *cap, struct dig_error *err)
{
	struct dig_history *history = touched->history;
	struct dig_stmt *stmt = NULL;
	struct dig_oid id;
	enum dig_status st;

	st = dig_db_stmt(touched->db, DIG_SQL_COMMIT_BY_SEQ, &stmt, err);
	if (st != DIG_OK)
		return st;
	dig_stmt_bind_int(stmt, 1, seq);
	st = dig_stmt_row(stmt, err);
	if (st == DIG_OK)
		st = dig_stmt_oid(stmt, 0, &id, err);
	if (st == DIG_OK) {
		DIG_GROW(history->depths, *cap, history->ndepths + 1);
		history->depths[history->ndepths++] =
		    (uint64_t)dig_stmt_int(stmt, 3);
		dig_nodes_get(&history->nodes, &id)->flags |= NODE_TOUCHED;
	}
	dig_stmt_done(stmt);
	return st == DIG_ENOTFOUND ? DIG_OK : st;
}

static enum dig_status
add_all_touched(struct touched *touched, struct dig_error *err)
{
	struct dig_history *history = touched->history;
	enum dig_status st = DIG_OK;
	size_t cap = 0, unique = 0;

	for (size_t seq = 1; st == DIG_OK && seq < touched->nbits; seq++)
		if (is_marked(touched, (int64_t)seq))
			st = add_touched(touched, (int64_t)seq, &cap, err);
	if (st != DIG_OK || history->ndepths == 0)
		return st;
	qsort(history->depths, history->ndepths, sizeof(*history->depths),
	    by_depth);
	for (size_t i = 0; i < history->ndepths; i++)
		if (i == 0 || history->depths[i] != history->depths[i - 1])
			history->depths[unique++] = history->depths[i];
	history->ndepths = unique;
	return DIG_OK;
}

/* The index has rows of a commit, and so of all its ancestors. */
static enum dig_status
is_indexed(struct dig_db *db, const struct dig_oid *id, bool *out,
    struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	enum dig_status st;

	st = dig_db_stmt(db, DIG_SQL_COMMIT_BY_ID, &stmt, err);
	if (st != DIG_OK)
		return st;
	dig_stmt_bind_oid(stmt, 1, id);
	st = dig_stmt_row(stmt, err);
	dig_stmt_done(stmt);
	*out = st == DIG_OK;
	return st == DIG_ENOTFOUND ? DIG_OK : st;
}

static enum dig_status
last_seq(struct dig_db *db, int64_t *out, struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	enum dig_status st;

	st = dig_db_stmt(db, DIG_SQL_COMMIT_LAST, &stmt, err);
	if (st != DIG_OK)
		return st;
	st = dig_stmt_row(stmt, err);
	if (st == DIG_OK)
		*out = dig_stmt_int(stmt, 0);
	dig_stmt_done(stmt);
	return st;
}

enum dig_status
dig_history_learn(struct dig_history *history, struct dig_node *const *tips,
    size_t ntips, bool *known, struct dig_error *err)
{
	struct touched touched = { history, NULL, NULL, 0 };
	enum dig_status st;
	bool indexed = true;
	int64_t last = 0;

	*known = false;
	touched.db = dig_index_db(history->repo->index);
	if (touched.db == NULL)
		return DIG_OK;
	st = dig_txn_read_begin(touched.db, err);
	if (st != DIG_OK)
		return st;
	for (size_t i = 0; st == DIG_OK && indexed && i < ntips; i++)
		st = is_indexed(touched.db, &tips[i]->id, &indexed, err);
	if (st != DIG_OK || !indexed)
		goto out;
	st = last_seq(touched.db, &last, err);
	if (st != DIG_OK)
		goto out;
	touched.nbits = (size_t)last + 1;
	touched.bits = dig_calloc(touched.nbits / 8 + 1, 1);
	st = mark_all(&touched, err);
	if (st == DIG_OK)
		st = add_all_touched(&touched, err);
	*known = st == DIG_OK;
out:
	dig_txn_read_end(touched.db);
	free(touched.bits);
	return st;
}

/* ---- Down by first parents -------------------------------------------- */

/* The greatest depth of a touched commit below `depth`; false: none. */
static bool
next_depth(const struct dig_history *history, uint64_t depth, uint64_t *out)
{
	size_t low = 0, high = history->ndepths;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (history->depths[middle] < depth)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return false;
	*out = history->depths[low - 1];
	return true;
}

/* The depth that a commit's jump leads to: its own without the last digit of
 * its skew-binary form (objects/commit.h), whose weights are 2^k - 1. */
static uint64_t
depth_of_jump(uint64_t depth)
{
	uint64_t left = depth, weight = 1;

	while (weight < depth)
		weight = 2 * weight + 1;
	while (left > 0 && left != weight) {
		if (left > weight)
			left -= weight;
		else
			weight /= 2;
	}
	return depth - left;
}

/* One step towards `depth`: the jump unless it leads past it. */
static enum dig_status
step_down(struct dig_history *history, struct dig_node **inout, uint64_t depth,
    struct dig_error *err)
{
	struct dig_node *node = *inout, *next = NULL;
	enum dig_status st = DIG_OK;

	if (node->nparents == 0)
		goto bad;
	if (depth_of_jump(node->depth) >= depth) {
		next = dig_nodes_get(&history->nodes, &node->jump);
		st = dig_history_load(history, next, err);
		if (st == DIG_OK && next->depth < depth)
			next = NULL;
	}
	if (st == DIG_OK && next == NULL) {
		next = dig_nodes_get(&history->nodes, &node->parents[0]);
		st = dig_history_load(history, next, err);
	}
	if (st != DIG_OK)
		return st;
	if (next->depth >= node->depth || next->depth < depth)
		goto bad;
	*inout = next;
	return DIG_OK;
bad:
	return dig_raise(err, DIG_ECORRUPT,
	    "a commit whose depth does not fit its parent's");
}

enum dig_status
dig_history_descend(struct dig_history *history, struct dig_node *node,
    struct dig_node **out, struct dig_error *err)
{
	enum dig_status st = dig_history_load(history, node, err);

	*out = NULL;
	while (st == DIG_OK && (node->flags & NODE_ENTERED) == 0) {
		uint64_t depth;

		node->flags |= NODE_ENTERED;
		if ((node->flags & NODE_TOUCHED) != 0) {
			*out = node;
			break;
		}
		if (!next_depth(history, node->depth, &depth))
			break;
		while (st == DIG_OK && node->depth > depth)
			st = step_down(history, &node, depth, err);
	}
	return st;
}

enum dig_status
dig_history_land(struct dig_history *history, struct dig_node *node,
    struct dig_node **out, struct dig_error *err)
{
	enum dig_status st = dig_history_load(history, node, err);
	uint64_t depth;

	*out = node;
	while (st == DIG_OK && (node->flags & NODE_TOUCHED) == 0) {
		if (!next_depth(history, node->depth, &depth))
			return DIG_OK;
		while (st == DIG_OK && node->depth > depth)
			st = step_down(history, &node, depth, err);
	}
	if (st == DIG_OK)
		*out = node;
	return st;
}

/* ---- Comparing trees -------------------------------------------------- */

static enum dig_status
stop_at_match(void *arg, const struct dig_entry *old,
    const struct dig_entry *new_, struct dig_error *err)
{
	struct dig_history *history = arg;
	const struct dig_entry *entry = new_ != NULL ? new_ : old;

	(void)err;
	return dig_pathspec_match(history->paths, (const char *)entry->path,
		   entry->path_len, false)
		   ? DIG_ENO
		   : DIG_OK;
}

enum dig_status
dig_history_same(struct dig_history *history, const struct dig_oid *a,
    const struct dig_oid *b, bool *same, struct dig_error *err)
{
	struct dig_node_io io =
	    dig_reader_io(dig_index_reader(history->repo->index));
	enum dig_status st =
	    dig_tree_diff(&io, a, b, stop_at_match, history, err);

	*same = st == DIG_OK;
	return st == DIG_ENO ? DIG_OK : st;
}
