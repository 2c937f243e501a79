/* SPDX-License-Identifier: MIT
 *
 * Renames in a merge: a path that is gone on one side and one that is new
 * there with the same content, or half of it, are one file. Empty files are not
 * paired.
 *
 * Then the item at the new name learns what the other side did to the old one.
 */
#include <stdlib.h>

#include "repo/diff_internal.h"
#include "repo/merge_trees.h"

/* Equal files that are looked at for one target. */
#define SAME_MAX 100

struct pair {
	int side; /* DIG_SIDE_OURS or DIG_SIDE_THEIRS: who renamed */
	struct dig_merge_item *from;
	struct dig_merge_item *to;
};

struct pairs {
	struct pair *at;
	size_t count;
	size_t cap;
};

/* ---- Pairing ---------------------------------------------------------- */

struct source {
	struct dig_oid content;
	struct dig_merge_item *item;
	bool taken;
};

static int
by_content(const void *va, const void *vb)
{
	const struct source *a = va, *b = vb;
	int cmp = dig_oid_cmp(&a->content, &b->content);

	return cmp != 0 ? cmp : (a->item > b->item) - (a->item < b->item);
}

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* Files of either kind are equal; links must be links. */
static bool
could_become(const struct dig_entry *from, const struct dig_entry *to)
{
	bool plain = from->kind <= DIG_ENTRY_EXEC && to->kind <= DIG_ENTRY_EXEC;

	return plain || from->kind == to->kind;
}

static size_t
collect_sources(struct dig_merge *merge, int side, struct source *out)
{
	size_t n = 0;

	for (size_t i = 0; i < merge->nitems; i++) {
		struct dig_merge_item *item = &merge->items[i];

		if ((item->had & (HAS_BASE | 1u << side)) != HAS_BASE ||
		    item->side[DIG_SIDE_BASE].size_bytes == 0)
			continue;
		dig_entry_content_id(
		    &item->side[DIG_SIDE_BASE], &out[n].content);
		out[n].item = item;
		out[n++].taken = false;
	}
	if (n > 1)
		qsort(out, n, sizeof(*out), by_content);
	return n;
}

/* Of the sources with this content: one of the same name, else the first. */
static struct source *
best_source(struct source *sources, size_t n, const struct dig_merge_item *to,
    int side, const struct dig_oid *content)
{
	struct source *best = NULL;
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (dig_oid_cmp(&sources[mid].content, content) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (size_t i = low; i < n && i < low + SAME_MAX; i++) {
		struct source *at = &sources[i];

		if (!dig_oid_eq(&at->content, content))
			break;
		if (at->taken || !could_become(&at->item->side[DIG_SIDE_BASE],
				     &to->side[side]))
			continue;
		if (strcmp(base_name(at->item->path), base_name(to->path)) == 0)
			return at;
		if (best == NULL)
			best = at;
	}
	return best;
}

static void
add_pair(struct pairs *pairs, int side, struct dig_merge_item *from,
    struct dig_merge_item *to)
{
	DIG_GROW(pairs->at, pairs->cap, pairs->count + 1);
	pairs->at[pairs->count++] = (struct pair){ side, from, to };
}

static void
find_equal(struct dig_merge *merge, int side, struct pairs *pairs)
{
	struct source *sources =
	    dig_calloc(merge->nitems + 1, sizeof(*sources));
	size_t n = collect_sources(merge, side, sources);

	for (size_t i = 0; n > 0 && i < merge->nitems; i++) {
		struct dig_merge_item *to = &merge->items[i];
		struct dig_oid content;
		struct source *from;

		if ((to->had & (HAS_BASE | 1u << side)) != 1u << side ||
		    to->side[side].size_bytes == 0)
			continue;
		dig_entry_content_id(&to->side[side], &content);
		from = best_source(sources, n, to, side, &content);
		if (from == NULL)
			continue;
		from->taken = true;
		add_pair(pairs, side, from->item, to);
	}
	free(sources);
}

static void
add_change(struct dig_changes *changes, char kind,
    const struct dig_merge_item *item, const struct dig_entry *entry)
{
	struct dig_change *change =
	    dig_changes_add(changes, item->path, item->len);

	change->kind = kind;
	dig_change_set_side(&change->old, kind == 'D' ? entry : NULL);
	dig_change_set_side(&change->now, kind == 'A' ? entry : NULL);
}

/*
 * What is left and could be alike. Of the files that went, only those that the
 * other side changed or removed matter: whatever became of the others, theirs
 * is what counts.
 */
static void
collect_unlike(struct dig_merge *merge, int side, const struct pairs *pairs,
    struct dig_changes *out)
{
	bool *paired = dig_calloc(merge->nitems + 1, sizeof(*paired));
	const unsigned here = 1u << side;

	for (size_t i = 0; i < pairs->count; i++)
		if (pairs->at[i].side == side) {
			paired[pairs->at[i].from - merge->items] = true;
			paired[pairs->at[i].to - merge->items] = true;
		}
	for (size_t i = 0; i < merge->nitems; i++) {
		const struct dig_merge_item *item = &merge->items[i];
		bool gone = (item->had & (HAS_BASE | here)) == HAS_BASE;
		bool came = (item->had & (HAS_BASE | here)) == here;
		const struct dig_entry *entry =
		    &item->side[gone ? DIG_SIDE_BASE : side];

		if ((gone || came) && !(gone && item->same != 0) &&
		    !paired[i] && entry->size_bytes > 0)
			add_change(out, gone ? 'D' : 'A', item, entry);
	}
	dig_changes_set_paths(out);
	free(paired);
}

/* By git's estimate, its default of a half, and its order of choice. */
static enum dig_status
find_alike(struct dig_merge *merge, int side, struct pairs *pairs,
    struct dig_error *err)
{
	struct dig_changes changes = DIG_CHANGES_INIT;
	struct dig_differ *differ = dig_differ_new(merge->merging->repo);
	enum dig_status st;

	differ->io = merge->io;
	collect_unlike(merge, side, pairs, &changes);
	st = dig_differ_renames(differ, &changes, DIG_SCORE_DEFAULT, err);
	for (size_t i = 0; st == DIG_OK && i < changes.count; i++) {
		const struct dig_change *change = &changes.at[i];

		if (change->kind == 'R')
			add_pair(pairs, side,
			    dig_merge_find(merge,
				(const char *)change->old_path,
				change->old_path_len),
			    dig_merge_find(merge, (const char *)change->path,
				change->path_len));
	}
	dig_changes_clear(&changes);
	dig_differ_free(differ);
	return st;
}

static int
by_source(const void *va, const void *vb)
{
	const struct pair *a = va, *b = vb;

	if (a->from != b->from)
		return (a->from > b->from) - (a->from < b->from);
	return a->side - b->side;
}

/* ---- What follows ----------------------------------------------------- */

/* The old name is gone, and that is no conflict. */
static void
settle(struct dig_merge_item *item)
{
	item->settled = true;
	item->clean = true;
	item->has_result = false;
}

/* Both sides have renamed the file, each to another name. */
static enum dig_status
rename_both(struct dig_merge *merge, struct dig_merge_item *from,
    struct dig_merge_item *ours, struct dig_merge_item *theirs,
    struct dig_error *err)
{
	const char *names[DIG_SIDES] = { from->path, ours->path, theirs->path };
	const struct dig_entry *a = &ours->side[DIG_SIDE_OURS];
	struct dig_entry b = theirs->side[DIG_SIDE_THEIRS];
	struct dig_entry merged;
	bool has_result, clean, was_binary;
	enum dig_status st;

	st = dig_merge_content(merge, from->path, &from->side[DIG_SIDE_BASE], a,
	    &b, names, 1 + 2 * merge->depth, &merged, &has_result, &clean, err);
	if (st != DIG_OK)
		return st;
	/* Ours was kept: then each name keeps its own. */
	was_binary = !clean && dig_entry_same(&merged, a);
	ours->side[DIG_SIDE_OURS] = merged;
	theirs->side[DIG_SIDE_THEIRS] = was_binary ? b : merged;
	from->crossed = ours->crossed = theirs->crossed = true;
	dig_merge_tell(merge, from->path,
	    "CONFLICT (rename/rename): %s renamed to %s in %s and to %s in "
	    "%s.",
	    from->path, ours->path, merge->merging->ours, theirs->path,
	    merge->merging->theirs);
	return DIG_OK;
}

/* Both have given it the same new name. */
static void
rename_alike(struct dig_merge_item *from, struct dig_merge_item *to)
{
	to->side[DIG_SIDE_BASE] = from->side[DIG_SIDE_BASE];
	to->has |= HAS_BASE;
	settle(from);
}

static void
tell_deleted(struct dig_merge *merge, const struct pair *pair)
{
	bool ours = pair->side == DIG_SIDE_OURS;

	pair->to->crossed = true;
	dig_merge_tell(merge, pair->to->path,
	    "CONFLICT (rename/delete): %s renamed to %s in %s, but deleted in "
	    "%s.",
	    pair->from->path, pair->to->path,
	    ours ? merge->merging->ours : merge->merging->theirs,
	    ours ? merge->merging->theirs : merge->merging->ours);
}

/* The other side has another file under the new name. */
static enum dig_status
rename_onto(
    struct dig_merge *merge, const struct pair *pair, struct dig_error *err)
{
	struct dig_merge_item *from = pair->from, *to = pair->to;
	const char *names[DIG_SIDES] = { from->path, from->path, from->path };
	const struct dig_entry *sides[DIG_SIDES];
	struct dig_entry merged;
	bool has_result, clean;
	enum dig_status st;

	for (int i = 0; i < DIG_SIDES; i++)
		sides[i] = &from->side[i];
	names[pair->side] = to->path;
	sides[pair->side] = &to->side[pair->side];
	st = dig_merge_content(merge, from->path, sides[0], sides[1], sides[2],
	    names, 1 + 2 * merge->depth, &merged, &has_result, &clean, err);
	if (st != DIG_OK)
		return st;
	to->side[pair->side] = merged;
	if (!clean)
		dig_merge_tell(merge, to->path,
		    "CONFLICT (rename involved in collision): rename of %s -> "
		    "%s has content conflicts AND collides with another path; "
		    "this may result in nested conflict markers.",
		    from->path, to->path);
	return DIG_OK;
}

static enum dig_status
rename_one(
    struct dig_merge *merge, const struct pair *pair, struct dig_error *err)
{
	struct dig_merge_item *from = pair->from, *to = pair->to;
	int other = DIG_SIDES - pair->side; /* the side that did not rename */
	bool deleted = from->has == HAS_BASE;
	bool collides = (to->has & 1u << other) != 0;
	bool other_type = !deleted && !dig_merge_same_type(&from->side[other],
					  &to->side[pair->side]);
	enum dig_status st = DIG_OK;

	if (other_type)
		collides = false;
	if (collides && !deleted) {
		st = rename_onto(merge, pair, err);
	} else if (collides) {
		tell_deleted(merge, pair);
	} else {
		to->side[DIG_SIDE_BASE] = from->side[DIG_SIDE_BASE];
		to->has |= HAS_BASE;
		to->names[DIG_SIDE_BASE] = from->path;
		if (other_type) {
			from->has &= ~(unsigned)HAS_BASE;
		} else if (deleted) {
			tell_deleted(merge, pair);
		} else {
			to->side[other] = from->side[other];
			to->has |= 1u << other;
			to->names[other] = from->path;
		}
	}
	if (!other_type)
		settle(from);
	return st;
}

enum dig_status
dig_merge_renames(struct dig_merge *merge, struct dig_error *err)
{
	struct pairs pairs = { NULL, 0, 0 };
	enum dig_status st = DIG_OK;

	for (int side = DIG_SIDE_OURS; side <= DIG_SIDE_THEIRS && st == DIG_OK;
	     side++) {
		find_equal(merge, side, &pairs);
		st = find_alike(merge, side, &pairs, err);
	}
	if (pairs.count > 1)
		qsort(pairs.at, pairs.count, sizeof(*pairs.at), by_source);
	for (size_t i = 0; i < pairs.count && st == DIG_OK; i++) {
		const struct pair *pair = &pairs.at[i];

		if (i + 1 == pairs.count || pair[1].from != pair->from) {
			st = rename_one(merge, pair, err);
			continue;
		}
		if (pair->to == pair[1].to)
			rename_alike(pair->from, pair->to);
		else
			st = rename_both(
			    merge, pair->from, pair->to, pair[1].to, err);
		i++;
	}
	free(pairs.at);
	return st;
}
