/* SPDX-License-Identifier: MIT
 *
 * The merge of a side that changed few paths, which are left in place on ours:
 * our tree with these paths changed, without a look at all that we changed.
 *
 * It is what the full merge gives. A path that stands in all three trees is no
 * part of a rename, nor is one that only they have removed or added the end of
 * one that we have part in; so each is decided by what stands at it. Whatever
 * else there is, and every conflict, is left to the full merge.
 */
#include <stdlib.h>

#include "repo/merge_trees.h"
#include "repo/select.h"

/* Edits of our tree. */
struct quick {
	struct dig_merge *merge;
	struct dig_tree_edit *edits;
	size_t count;
	size_t cap;
};

static bool
same(const struct dig_entry *a, const struct dig_entry *b)
{
	return a == NULL || b == NULL ? a == b : dig_entry_same(a, b);
}

static void
add_edit(struct quick *quick, const struct dig_entry *any,
    const struct dig_entry *result)
{
	struct dig_tree_edit *edit;

	DIG_GROW(quick->edits, quick->cap, quick->count + 1);
	edit = &quick->edits[quick->count++];
	edit->remove = result == NULL;
	edit->entry = result != NULL ? *result : *any;
	edit->entry.path_len = any->path_len;
	edit->entry.path = (uint8_t *)dig_memdup0(any->path, any->path_len);
}

/* Both changed a file that stays one. ENO: in another way than that. */
static enum dig_status
merge_file(struct quick *quick, const struct dig_entry *base,
    const struct dig_entry *ours, const struct dig_entry *theirs,
    struct dig_error *err)
{
	char *path = dig_memdup0(theirs->path, theirs->path_len);
	const char *names[DIG_SIDES] = { path, path, path };
	struct dig_entry result;
	bool has_result, clean;
	enum dig_status st = DIG_ENO;

	if (base->kind <= DIG_ENTRY_EXEC && ours->kind <= DIG_ENTRY_EXEC &&
	    theirs->kind <= DIG_ENTRY_EXEC)
		st = dig_merge_content(quick->merge, path, base, ours, theirs,
		    names, 0, &result, &has_result, &clean, err);
	if (st == DIG_OK && !(clean && has_result))
		st = DIG_ENO;
	if (st == DIG_OK && !dig_entry_same(ours, &result))
		add_edit(quick, theirs, &result);
	free(path);
	return st;
}

/* A status of ENO stops: the full merge has to decide. */
static enum dig_status
take_change(void *arg, const struct dig_entry *base,
    const struct dig_entry *theirs, struct dig_error *err)
{
	const struct dig_entry *any = theirs != NULL ? theirs : base;
	const struct dig_entry *ours = NULL;
	struct quick *quick = arg;
	struct dig_merge *merge = quick->merge;
	struct dig_entry found;
	enum dig_status st;

	if (dig_interrupted())
		return dig_raise(
		    err, DIG_ECANCELLED, "interrupted; nothing was changed");
	if (dig_path_check(any->path, any->path_len) != NULL)
		return DIG_ENO;
	st = dig_tree_find(&merge->io, merge->trees[DIG_SIDE_OURS], any->path,
	    any->path_len, &found, err);
	if (st != DIG_OK && st != DIG_ENOTFOUND)
		return st;
	if (st == DIG_OK)
		ours = &found;
	if (same(ours, base)) {
		st = base != NULL ? DIG_OK
				  : dig_select_no_clash(&merge->io,
					merge->trees[DIG_SIDE_OURS], any->path,
					any->path_len, err);
		if (st == DIG_OK)
			add_edit(quick, any, theirs);
		return st == DIG_ECONFLICT ? DIG_ENO : st;
	}
	if (base == NULL || ours == NULL || theirs == NULL)
		return DIG_ENO;
	return same(ours, theirs) ? DIG_OK
				  : merge_file(quick, base, ours, theirs, err);
}

enum dig_status
dig_merge_quick(struct dig_merge *merge, struct dig_oid *tree, bool *done,
    struct dig_error *err)
{
	struct quick quick = { .merge = merge };
	const struct dig_oid *ours = merge->trees[DIG_SIDE_OURS];
	enum dig_status st;

	st = dig_tree_diff(&merge->io, merge->trees[DIG_SIDE_BASE],
	    merge->trees[DIG_SIDE_THEIRS], take_change, &quick, err);
	*done = st == DIG_OK;
	if (*done) {
		*tree = *ours;
		if (quick.count > 0)
			st = dig_tree_apply(&merge->io, ours, quick.edits,
			    quick.count, tree, err);
	} else if (st == DIG_ENO) {
		dig_merge_notes_clear(&merge->merging->notes);
		st = DIG_OK;
	}
	for (size_t i = 0; i < quick.count; i++)
		free((void *)(uintptr_t)quick.edits[i].entry.path);
	free(quick.edits);
	return st;
}
