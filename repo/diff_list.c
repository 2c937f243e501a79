/* SPDX-License-Identifier: MIT
 *
 * Lists of changes of every kind.
 */
#include <stdlib.h>

#include "repo/diff_internal.h"
#include "repo/operation.h"
#include "repo/select.h"
#include "repo/status.h"

static void
take(struct dig_changes *out, const struct dig_change *change)
{
	struct dig_change *added =
	    dig_changes_add(out, change->path, change->path_len);

	*added = *change;
	added->path = NULL;
}

/* ---- With the work tree ----------------------------------------------- */

/* What stands at the path now; a folder or a device is no file. */
static enum dig_status
look(struct dig_differ *differ, const char *path, struct dig_change_side *side,
    struct dig_error *err)
{
	struct dig_look seen;
	enum dig_status st =
	    dig_worktree_look(&differ->folders, path, &seen, err);

	if (st != DIG_OK)
		return st;
	memset(side, 0, sizeof(*side));
	if (seen.what != DIG_WORK_FILE)
		return DIG_OK;
	side->work = true;
	side->mode = dig_entry_mode(dig_worktree_kind(&seen.stat));
	side->size_bytes = seen.stat.size_bytes;
	return DIG_OK;
}

/* The work tree's side has the bytes of the other one: it was changed in
 * what is staged and changed back. */
static enum dig_status
changed_back(struct dig_differ *differ, struct dig_change *change, bool *back,
    struct dig_error *err)
{
	struct dig_pair pair = DIG_PAIR_INIT;
	enum dig_status st;

	*back = false;
	if (change->old.mode != change->now.mode ||
	    change->old.size_bytes != change->now.size_bytes)
		return DIG_OK;
	st = dig_differ_load(differ, change, false, &pair, err);
	*back = pair.same;
	dig_pair_clear(&pair);
	return st;
}

/* The change from an entry to the file. */
static enum dig_status
begin(struct dig_differ *differ, const struct dig_status_item *item,
    const struct dig_entry *old, struct dig_change *out, struct dig_error *err)
{
	enum dig_status st;

	memset(out, 0, sizeof(*out));
	out->path = (const uint8_t *)item->path;
	out->path_len = item->len;
	dig_change_set_side(&out->old, old);
	st = look(differ, item->path, &out->now, err);
	out->kind = dig_change_kind(out);
	return st;
}

/* A path that is not merged: that it is, and what its file has otherwise than
 * our version. */
static enum dig_status
add_unmerged(struct dig_differ *differ, const struct dig_op *op,
    const struct dig_status_item *item, struct dig_changes *out,
    struct dig_error *err)
{
	const struct dig_conflict *conflict =
	    dig_op_conflict(op, item->path, item->len);
	struct dig_change change;
	enum dig_status st;
	bool same = false;

	if (conflict == NULL) /* resolved by somebody meanwhile */
		return DIG_OK;
	dig_changes_add(out, item->path, item->len)->kind = 'U';
	if (!conflict->has[DIG_SIDE_OURS])
		return DIG_OK;
	st = begin(differ, item, &conflict->side[DIG_SIDE_OURS], &change, err);
	if (st != DIG_OK || change.now.mode == 0)
		return st;
	st = changed_back(differ, &change, &same, err);
	if (st == DIG_OK && !same && change.now.mode != 0)
		take(out, &change);
	return st;
}

/* What is staged against the file. Of a path that is not merged status does
 * not know whether they differ. */
static enum dig_status
add_work(struct dig_differ *differ, const struct dig_oid *staged,
    const struct dig_status_item *item, struct dig_changes *out,
    struct dig_error *err)
{
	struct dig_node_io io =
	    dig_reader_io(dig_index_reader(differ->repo->index));
	struct dig_change change;
	struct dig_entry entry;
	enum dig_status st;
	bool same = false;

	st = dig_tree_find(&io, staged, item->path, item->len, &entry, err);
	if (st == DIG_ENOTFOUND) /* unstaged by somebody meanwhile */
		return DIG_OK;
	if (st == DIG_OK)
		st = begin(differ, item, &entry, &change, err);
	if (st == DIG_OK && item->is_unmerged)
		st = changed_back(differ, &change, &same, err);
	if (st == DIG_OK && !same)
		take(out, &change);
	return st;
}

/* What is staged against the work tree. */
static enum dig_status
work_changes(struct dig_differ *differ, const struct dig_diff_between *between,
    struct dig_changes *out, struct dig_error *err)
{
	struct dig_look_options options = {
		.paths = between->paths,
		.npaths = between->npaths,
		.untracked = DIG_UNTRACKED_NONE,
		.no_staged = true,
	};
	bool conflicts = between->kind == DIG_DIFF_STAGED_WORK;
	struct dig_status_list list = { 0 };
	struct dig_op op = { 0 };
	struct dig_oid root;
	enum dig_status st;

	st = dig_repo_status(differ->repo, &options, &list, err);
	if (st != DIG_OK)
		return st;
	/* status may have read the state anew */
	dig_repo_staged_root(differ->repo, &root);
	st = dig_operation(differ->repo, &op, err);
	for (size_t i = 0; st == DIG_OK && i < list.nchanges; i++) {
		const struct dig_status_item *item = &list.items[i];

		if (item->is_unmerged && conflicts)
			st = add_unmerged(differ, &op, item, out, err);
		else if (item->work != ' ')
			st = add_work(differ, &root, item, out, err);
	}
	dig_op_clear(&op);
	dig_status_list_clear(&list);
	dig_changes_set_paths(out);
	return st;
}

/* Both lists are in path order; of a path in both, the old side is that of
 * `staged` and the new one that of `work`. */
static enum dig_status
join(struct dig_differ *differ, const struct dig_changes *staged,
    const struct dig_changes *work, struct dig_changes *out,
    struct dig_error *err)
{
	size_t i = 0, j = 0;
	enum dig_status st = DIG_OK;

	while (st == DIG_OK && (i < staged->count || j < work->count)) {
		const struct dig_change *a =
		    i < staged->count ? &staged->at[i] : NULL;
		const struct dig_change *b =
		    j < work->count ? &work->at[j] : NULL;
		int cmp = a == NULL   ? 1
			  : b == NULL ? -1
				      : dig_path_cmp(a->path, a->path_len,
					    b->path, b->path_len);
		const struct dig_change *one = cmp <= 0 ? a : b;
		struct dig_change next = *one;
		bool back = false;

		i += cmp <= 0;
		j += cmp >= 0;
		if (cmp == 0) {
			next.now = b->now;
			next.kind = dig_change_kind(&next);
			if (next.old.mode == 0 && next.now.mode == 0)
				continue;
			st = changed_back(differ, &next, &back, err);
		}
		if (st == DIG_OK && !back)
			take(out, &next);
	}
	dig_changes_set_paths(out);
	return st;
}

/* ---- With what is staged ---------------------------------------------- */

/* Of a path that is not merged nothing else is said than that. */
static void
put_unmerged(const struct dig_op *op, struct dig_changes_scope *scope,
    struct dig_changes *changes)
{
	struct dig_changes all = DIG_CHANGES_INIT;
	size_t i = 0, at = 0;

	while (i < op->nconflicts || at < changes->count) {
		const struct dig_conflict *one =
		    i < op->nconflicts ? &op->conflicts[i] : NULL;
		const struct dig_change *change =
		    at < changes->count ? &changes->at[at] : NULL;
		int cmp = one == NULL ? -1
			  : change == NULL
			      ? 1
			      : dig_path_cmp(change->path, change->path_len,
				    one->path, one->path_len);

		at += cmp <= 0;
		i += cmp > 0;
		if (cmp < 0)
			take(&all, change);
		else if (cmp > 0 && (scope == NULL ||
					dig_pathspec_match(scope->spec,
					    one->path, one->path_len, false)))
			dig_changes_add(&all, one->path, one->path_len)->kind =
			    'U';
	}
	dig_changes_set_paths(&all);
	dig_changes_clear(changes);
	*changes = all;
}

static enum dig_status
tree_changes(struct dig_differ *differ, const struct dig_diff_between *between,
    struct dig_changes *out, struct dig_error *err)
{
	struct dig_changes_scope *scope = NULL;
	struct dig_oid staged;
	const struct dig_oid *to = &between->new_root;
	struct dig_op op = { 0 };
	enum dig_status st = DIG_OK;

	if (between->kind != DIG_DIFF_TREES) {
		dig_repo_staged_root(differ->repo, &staged);
		to = &staged;
	}
	if (between->npaths > 0)
		st = dig_changes_scope_new(
		    differ->repo, between->paths, between->npaths, &scope, err);
	if (st == DIG_OK)
		st = dig_changes_between(differ->repo, &between->old_root, to,
		    scope, false, out, err);
	if (st == DIG_OK && between->kind == DIG_DIFF_TREE_STAGED)
		st = dig_operation(differ->repo, &op, err);
	if (st == DIG_OK && op.nconflicts > 0)
		put_unmerged(&op, scope, out);
	dig_op_clear(&op);
	dig_changes_scope_free(scope);
	return st;
}

static enum dig_status
tree_work_changes(struct dig_differ *differ,
    const struct dig_diff_between *between, struct dig_changes *out,
    struct dig_error *err)
{
	struct dig_changes staged = DIG_CHANGES_INIT, work = DIG_CHANGES_INIT;
	enum dig_status st;

	st = work_changes(differ, between, &work, err);
	if (st == DIG_OK)
		st = tree_changes(differ, between, &staged, err);
	if (st == DIG_OK)
		st = join(differ, &staged, &work, out, err);
	dig_changes_clear(&staged);
	dig_changes_clear(&work);
	return st;
}

static void
reverse(struct dig_changes *changes)
{
	for (size_t i = 0; i < changes->count; i++) {
		struct dig_change *change = &changes->at[i];
		struct dig_change_side old = change->old;

		if (change->kind == 'U')
			continue;
		change->old = change->now;
		change->now = old;
		change->kind = dig_change_kind(change);
	}
}

static bool
may_have_renames(const struct dig_changes *changes)
{
	bool added = false, gone = false;

	for (size_t i = 0; i < changes->count; i++) {
		added |= changes->at[i].kind == 'A';
		gone |= changes->at[i].kind == 'D';
	}
	return added && gone;
}

/* Exact renames go by content ids; a work file that is new or gone has none
 * yet. */
static enum dig_status
identify_all(struct dig_differ *differ, struct dig_changes *changes,
    struct dig_error *err)
{
	struct dig_pair pair = DIG_PAIR_INIT;
	enum dig_status st = DIG_OK;

	for (size_t i = 0; st == DIG_OK && i < changes->count; i++) {
		struct dig_change *change = &changes->at[i];

		if ((change->kind == 'A' && change->now.work) ||
		    (change->kind == 'D' && change->old.work))
			st = dig_differ_load(differ, change, false, &pair, err);
	}
	dig_pair_clear(&pair);
	return st;
}

enum dig_status
dig_differ_changes(struct dig_differ *differ,
    const struct dig_diff_between *between, struct dig_changes *out,
    struct dig_error *err)
{
	struct dig_changes found = DIG_CHANGES_INIT;
	enum dig_status st;

	st = between->kind == DIG_DIFF_STAGED_WORK
		 ? work_changes(differ, between, &found, err)
	     : between->kind == DIG_DIFF_TREE_WORK
		 ? tree_work_changes(differ, between, &found, err)
		 : tree_changes(differ, between, &found, err);
	if (st == DIG_OK && between->reverse)
		reverse(&found);
	if (st == DIG_OK && between->rename_score > 0 &&
	    may_have_renames(&found)) {
		st = identify_all(differ, &found, err);
		if (st == DIG_OK)
			st = dig_differ_renames(
			    differ, &found, between->rename_score, err);
	}
	if (st != DIG_OK) {
		dig_changes_clear(&found);
		return st;
	}
	dig_changes_clear(out);
	*out = found;
	return DIG_OK;
}
