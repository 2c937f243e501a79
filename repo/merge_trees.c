/* SPDX-License-Identifier: MIT
 *
 * Merging trees: which paths differ, what becomes of each, the tree of it.
 *
 * Items are decided from the last path to the first, so that what a folder
 * holds is known before a file that has the folder's name.
 */
#include "repo/merge_trees.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "repo/merge_base.h"

/* Merge bases are merged by the same way, so deep; beyond, the first serves. */
#define DEPTH_MAX 200
#define NAME_TRIES 10000
#define NAME_CUT 240 /* of the 255 bytes that a name has */

/* ---- Telling ---------------------------------------------------------- */

void
dig_merge_notes_clear(struct dig_merge_notes *notes)
{
	for (size_t i = 0; i < notes->count; i++) {
		free(notes->at[i].path);
		dig_buf_clear(&notes->at[i].text);
	}
	free(notes->at);
	memset(notes, 0, sizeof(*notes));
}

void
dig_merge_notes_take(struct dig_merge_notes *notes, struct dig_buf *out)
{
	for (size_t i = 0; i < notes->count; i++) {
		dig_buf_put(out, notes->at[i].text.data, notes->at[i].text.len);
		dig_buf_putc(out, '\n');
	}
	dig_merge_notes_clear(notes);
}

void
dig_merge_tell(struct dig_merge *merge, const char *path, const char *fmt, ...)
{
	struct dig_merge_notes *notes = &merge->merging->notes;
	struct dig_merge_note *note;
	va_list args;
	char *line;
	int len;

	if (merge->depth > 0)
		return;
	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0)
		return;
	line = dig_alloc((size_t)len + 1);
	va_start(args, fmt);
	vsnprintf(line, (size_t)len + 1, fmt, args);
	va_end(args);
	for (int i = 0; i < len; i++)
		if ((unsigned char)line[i] < ' ')
			line[i] = '?'; /* of a name; a line is a line */
	DIG_GROW(notes->at, notes->cap, notes->count + 1);
	note = &notes->at[notes->count++];
	memset(note, 0, sizeof(*note));
	note->path = dig_strdup(path);
	dig_buf_puts(&note->text, line);
	free(line);
}

/* By path; what was told first of a path stays first. */
static void
sort_notes(struct dig_merge_notes *notes)
{
	struct dig_merge_note *from = notes->at;
	struct dig_merge_note *to = dig_calloc(notes->count + 1, sizeof(*to));
	size_t n = notes->count;

	for (size_t width = 1; width < n; width *= 2) {
		struct dig_merge_note *swap = from;

		for (size_t low = 0; low < n; low += 2 * width) {
			size_t mid = low + width < n ? low + width : n;
			size_t end = low + 2 * width < n ? low + 2 * width : n;
			size_t a = low, b = mid;

			for (size_t i = low; i < end; i++)
				to[i] = a < mid && (b == end ||
						       strcmp(from[a].path,
							   from[b].path) <= 0)
					    ? from[a++]
					    : from[b++];
		}
		from = to;
		to = swap;
	}
	notes->at = from;
	notes->cap = n;
	free(to);
}

/* ---- Items ------------------------------------------------------------ */

bool
dig_merge_same_type(const struct dig_entry *a, const struct dig_entry *b)
{
	bool plain = a->kind <= DIG_ENTRY_EXEC && b->kind <= DIG_ENTRY_EXEC;

	return plain || a->kind == b->kind;
}

/* Index of the first item whose path is not less. */
static size_t
place_of(const struct dig_merge *merge, const char *path, size_t len)
{
	size_t low = 0, high = merge->nitems;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct dig_merge_item *item = &merge->items[mid];

		if (dig_path_cmp(item->path, item->len, path, len) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct dig_merge_item *
dig_merge_find(struct dig_merge *merge, const char *path, size_t len)
{
	size_t at = place_of(merge, path, len);

	return at < merge->nitems && merge->items[at].len == len &&
		       memcmp(merge->items[at].path, path, len) == 0
		   ? &merge->items[at]
		   : NULL;
}

static void
set_side(struct dig_merge_item *item, int side, const struct dig_entry *entry)
{
	if (entry == NULL)
		return;
	item->side[side] = *entry;
	item->side[side].path = (const uint8_t *)item->path;
	item->side[side].path_len = item->len;
	item->had |= 1u << side;
}

/* Differences of one side from the base. */
struct side_list {
	struct dig_merge_item *at;
	size_t count;
	size_t cap;
	int side;
};

static enum dig_status
add_difference(void *arg, const struct dig_entry *base,
    const struct dig_entry *now, struct dig_error *err)
{
	const struct dig_entry *any = base != NULL ? base : now;
	struct side_list *list = arg;
	struct dig_merge_item *item;

	if (dig_interrupted())
		return dig_raise(
		    err, DIG_ECANCELLED, "interrupted; nothing was changed");
	if (dig_path_check(any->path, any->path_len) != NULL)
		return dig_raise(err, DIG_ECORRUPT,
		    "a tree has a path that is not fit for a work tree");
	DIG_GROW(list->at, list->cap, list->count + 1);
	item = &list->at[list->count++];
	memset(item, 0, sizeof(*item));
	item->path = dig_memdup0(any->path, any->path_len);
	item->len = any->path_len;
	set_side(item, DIG_SIDE_BASE, base);
	set_side(item, list->side, now);
	return DIG_OK;
}

/* The same path on both lists is one item; on one of them, the other side is
 * as the base. */
static void
join(struct dig_merge *merge, struct side_list *ours, struct side_list *theirs)
{
	size_t a = 0, b = 0;

	merge->items =
	    dig_calloc(ours->count + theirs->count + 1, sizeof(*merge->items));
	while (a < ours->count || b < theirs->count) {
		struct dig_merge_item *x =
		    a < ours->count ? &ours->at[a] : NULL;
		struct dig_merge_item *y =
		    b < theirs->count ? &theirs->at[b] : NULL;
		int order = x == NULL   ? 1
			    : y == NULL ? -1
					: dig_path_cmp(
					      x->path, x->len, y->path, y->len);
		struct dig_merge_item *item = order <= 0 ? x : y;
		const struct dig_entry *base =
		    (item->had & HAS_BASE) != 0 ? &item->side[0] : NULL;

		if (order < 0) {
			set_side(item, DIG_SIDE_THEIRS, base);
		} else if (order > 0) {
			set_side(item, DIG_SIDE_OURS, base);
		} else {
			if ((y->had & HAS_THEIRS) != 0)
				set_side(item, DIG_SIDE_THEIRS,
				    &y->side[DIG_SIDE_THEIRS]);
			free(y->path);
		}
		merge->items[merge->nitems++] = *item;
		a += order <= 0;
		b += order >= 0;
	}
	ours->count = theirs->count = 0;
}

static bool
alike(const struct dig_merge_item *item, int a, int b)
{
	unsigned both = 1u << a | 1u << b;

	return (item->had & both) == both &&
	       dig_entry_same(&item->side[a], &item->side[b]);
}

/* What needs no thought: two are the same, and all three are there. */
static void
look_at(struct dig_merge_item *item)
{
	bool ours = alike(item, DIG_SIDE_BASE, DIG_SIDE_OURS);
	bool theirs = alike(item, DIG_SIDE_BASE, DIG_SIDE_THEIRS);
	bool sides = alike(item, DIG_SIDE_OURS, DIG_SIDE_THEIRS);

	item->has = item->had;
	item->ours = item->side[DIG_SIDE_OURS];
	for (int i = 0; i < DIG_SIDES; i++)
		item->names[i] = item->path;
	item->same = ours     ? HAS_BASE | HAS_OURS
		     : theirs ? HAS_BASE | HAS_THEIRS
		     : sides  ? HAS_OURS | HAS_THEIRS
			      : 0;
	if (item->had != (HAS_BASE | HAS_OURS | HAS_THEIRS) || item->same == 0)
		return;
	item->settled = item->clean = item->has_result = true;
	item->result = item->side[ours ? DIG_SIDE_THEIRS : DIG_SIDE_OURS];
}

static enum dig_status
collect(struct dig_merge *merge, struct dig_error *err)
{
	struct side_list lists[2] = { { .side = DIG_SIDE_OURS },
		{ .side = DIG_SIDE_THEIRS } };
	enum dig_status st = DIG_OK;

	for (int i = 0; i < 2 && st == DIG_OK; i++)
		st = dig_tree_diff(&merge->io, merge->trees[DIG_SIDE_BASE],
		    merge->trees[lists[i].side], add_difference, &lists[i],
		    err);
	if (st == DIG_OK)
		join(merge, &lists[0], &lists[1]);
	for (size_t i = 0; i < merge->nitems; i++)
		look_at(&merge->items[i]);
	for (int i = 0; i < 2; i++) {
		for (size_t j = 0; j < lists[i].count; j++)
			free(lists[i].at[j].path);
		free(lists[i].at);
	}
	return st;
}

/* ---- Files and folders of one name ------------------------------------ */

static bool
is_below(const struct dig_merge_item *item, const char *dir, size_t len)
{
	return item->len > len && item->path[len] == '/' &&
	       memcmp(item->path, dir, len) == 0;
}

/* Which trees have something below the path, and whether the result has. */
static unsigned
look_below(
    struct dig_merge *merge, const struct dig_merge_item *item, bool *stays)
{
	struct dig_buf dir = DIG_BUF_INIT;
	unsigned has = 0;
	size_t at;

	*stays = false;
	dig_buf_put(&dir, item->path, item->len);
	dig_buf_putc(&dir, '/');
	at = place_of(merge, (const char *)dir.data, dir.len);
	dig_buf_clear(&dir);
	for (; at < merge->nitems &&
	       is_below(&merge->items[at], item->path, item->len);
	     at++) {
		has |= merge->items[at].had;
		*stays |= merge->items[at].has_result;
	}
	for (size_t i = 0; i < merge->nextra; i++)
		*stays |= is_below(merge->extra[i], item->path, item->len) &&
			  merge->extra[i]->has_result;
	return has;
}

static enum dig_status
is_taken(struct dig_merge *merge, const struct dig_buf *name, bool *out,
    struct dig_error *err)
{
	enum dig_status st = DIG_OK;
	struct dig_entry entry;

	*out =
	    dig_merge_find(merge, (const char *)name->data, name->len) != NULL;
	for (size_t i = 0; i < merge->nextra && !*out; i++)
		*out = strcmp(merge->extra[i]->path,
			   (const char *)name->data) == 0;
	for (int i = 0; i < DIG_SIDES && !*out && st == DIG_OK; i++) {
		st = dig_tree_find(&merge->io, merge->trees[i], name->data,
		    name->len, &entry, err);
		*out = st == DIG_OK;
		if (st == DIG_ENOTFOUND)
			st = dig_tree_has_below(&merge->io, merge->trees[i],
			    name->data, name->len, out, err);
	}
	return st;
}

/* The name of a file that a branch, or a commit with its subject, is put
 * behind: cut where a name ends, between characters. */
static void
put_branch(struct dig_buf *out, const char *branch)
{
	size_t start = out->len, begin = start;

	while (begin > 0 && out->data[begin - 1] != '/')
		begin--;
	for (const char *at = branch; *at != '\0'; at++) {
		if ((*at & 0xc0) != 0x80)
			start = out->len;
		if (out->len - begin >= NAME_CUT) {
			out->len = start;
			return;
		}
		dig_buf_putc(out, *at == '/' ? '_' : (uint8_t)*at);
	}
}

/* "path~branch", and if need be "path~branch_0". */
static enum dig_status
free_name(struct dig_merge *merge, const char *path, const char *branch,
    struct dig_buf *out, struct dig_error *err)
{
	enum dig_status st;
	bool taken = false;
	size_t len;

	dig_buf_puts(out, path);
	dig_buf_putc(out, '~');
	put_branch(out, branch);
	len = out->len;
	st = is_taken(merge, out, &taken, err);
	for (int i = 0; taken && st == DIG_OK && i < NAME_TRIES; i++) {
		out->len = len;
		dig_buf_printf(out, "_%d", i);
		st = is_taken(merge, out, &taken, err);
	}
	if (st == DIG_OK &&
	    (taken || dig_path_check(out->data, out->len) != NULL))
		st = dig_raise(err, DIG_ECONFLICT,
		    "no name can be made up for %.200s of %.100s", path,
		    branch);
	return st;
}

/* A copy of the item under a name of its own. */
static enum dig_status
move_aside(struct dig_merge *merge, const struct dig_merge_item *item,
    const char *branch, struct dig_merge_item **out, struct dig_error *err)
{
	struct dig_buf name = DIG_BUF_INIT;
	struct dig_merge_item *copy;
	enum dig_status st;

	st = free_name(merge, item->path, branch, &name, err);
	if (st != DIG_OK) {
		dig_buf_clear(&name);
		return st;
	}
	copy = dig_calloc(1, sizeof(*copy));
	*copy = *item;
	copy->len = name.len;
	copy->path = dig_buf_detach(&name);
	copy->had = 0;
	DIG_GROW(merge->extra, merge->extra_cap, merge->nextra + 1);
	merge->extra[merge->nextra++] = copy;
	*out = copy;
	return DIG_OK;
}

/* ---- One path --------------------------------------------------------- */

static void
take(struct dig_merge_item *item, int side)
{
	item->has_result = (item->has & 1u << side) != 0;
	if (item->has_result)
		item->result = item->side[side];
}

/* Two of the three are the same: the third one counts. */
static void
take_other(struct dig_merge_item *item, bool folder)
{
	item->clean = !folder && !item->crossed;
	if (item->same == (HAS_OURS | HAS_THEIRS)) {
		take(item, DIG_SIDE_OURS);
		return;
	}
	take(item,
	    (item->same & HAS_OURS) != 0 ? DIG_SIDE_THEIRS : DIG_SIDE_OURS);
	if (!item->has_result)
		item->clean = true;
}

/* The sides have a file, a symlink, a link: each gets a name where it can. */
static enum dig_status
part(
    struct dig_merge *merge, struct dig_merge_item *item, struct dig_error *err)
{
	const struct dig_merging *merging = merge->merging;
	const struct dig_entry *o = &item->side[DIG_SIDE_BASE];
	const struct dig_entry *a = &item->side[DIG_SIDE_OURS];
	const struct dig_entry *b = &item->side[DIG_SIDE_THEIRS];
	bool has_o = (item->has & HAS_BASE) != 0;
	bool move_a = a->kind <= DIG_ENTRY_EXEC;
	bool move_b = !move_a && b->kind <= DIG_ENTRY_EXEC;
	struct dig_merge_item *ours = item, *theirs = item, *moved;
	enum dig_status st;

	item->clean = false;
	if (merge->depth > 0) {
		take(item, DIG_SIDE_BASE);
		return DIG_OK;
	}
	if (!move_a && !move_b)
		move_b = true;
	st = move_aside(
	    merge, item, move_a ? merging->ours : merging->theirs, &moved, err);
	if (st != DIG_OK)
		return st;
	*(move_a ? &ours : &theirs) = moved;
	dig_merge_tell(merge, item->path,
	    "CONFLICT (distinct types): %s had different types on each side; "
	    "renamed one of them so each can be recorded somewhere.",
	    item->path);
	theirs->has = HAS_THEIRS;
	if (has_o && dig_merge_same_type(o, b))
		theirs->has |= HAS_BASE;
	take(theirs, DIG_SIDE_THEIRS);
	ours->has = HAS_OURS;
	if (has_o && dig_merge_same_type(o, a))
		ours->has |= HAS_BASE;
	take(ours, DIG_SIDE_OURS);
	moved->settled = true;
	return DIG_OK;
}

static enum dig_status
merge_both(struct dig_merge *merge, struct dig_merge_item *item, int df_side,
    struct dig_error *err)
{
	bool has_o = (item->has & HAS_BASE) != 0;
	enum dig_status st;
	bool clean;

	st = dig_merge_content(merge, item->path,
	    has_o ? &item->side[DIG_SIDE_BASE] : NULL,
	    &item->side[DIG_SIDE_OURS], &item->side[DIG_SIDE_THEIRS],
	    item->names, 2 * merge->depth, &item->result, &item->has_result,
	    &clean, err);
	if (st != DIG_OK)
		return st;
	item->clean = clean && df_side == 0 && !item->crossed;
	if (clean && df_side != 0) {
		item->has = 1u << df_side;
		item->side[df_side] = item->result;
	}
	if (!clean)
		dig_merge_tell(merge, item->path,
		    "CONFLICT (%s): Merge conflict in %s",
		    item->side[DIG_SIDE_OURS].kind == DIG_ENTRY_LINK
			? "submodule"
		    : has_o ? "content"
			    : "add/add",
		    item->path);
	return DIG_OK;
}

/* Deleted on one side, changed on the other. */
static void
keep_changed(struct dig_merge *merge, struct dig_merge_item *item)
{
	const struct dig_merging *merging = merge->merging;
	int side =
	    (item->has & HAS_OURS) != 0 ? DIG_SIDE_OURS : DIG_SIDE_THEIRS;
	const char *changer =
	    side == DIG_SIDE_OURS ? merging->ours : merging->theirs;
	const char *deleter =
	    side == DIG_SIDE_OURS ? merging->theirs : merging->ours;
	struct dig_oid x, y;

	item->clean = false;
	take(item, merge->depth > 0 ? DIG_SIDE_BASE : side);
	dig_entry_content_id(&item->side[DIG_SIDE_BASE], &x);
	dig_entry_content_id(&item->side[side], &y);
	if (!item->crossed || !dig_oid_eq(&x, &y))
		dig_merge_tell(merge, item->path,
		    "CONFLICT (modify/delete): %s deleted in %s and modified "
		    "in %s.  Version %s of %s left in tree.",
		    item->path, deleter, changer, changer, item->path);
}

/* df_side: the side whose file had to make room for a folder; 0: none. */
static enum dig_status
decide_file(struct dig_merge *merge, struct dig_merge_item *item, int df_side,
    struct dig_error *err)
{
	const unsigned both = HAS_OURS | HAS_THEIRS;
	unsigned has = item->has;

	if (item->same != 0) {
		take_other(item, df_side != 0);
	} else if ((has & both) == both) {
		return dig_merge_same_type(&item->side[DIG_SIDE_OURS],
			   &item->side[DIG_SIDE_THEIRS])
			   ? merge_both(merge, item, df_side, err)
			   : part(merge, item, err);
	} else if (has == (HAS_BASE | HAS_OURS) ||
		   has == (HAS_BASE | HAS_THEIRS)) {
		keep_changed(merge, item);
	} else if (has == HAS_OURS || has == HAS_THEIRS) {
		take(item, has == HAS_OURS ? DIG_SIDE_OURS : DIG_SIDE_THEIRS);
		item->clean = df_side == 0 && !item->crossed;
	} else {
		item->has_result = false;
		item->clean = !item->crossed;
	}
	return DIG_OK;
}

static enum dig_status
decide(
    struct dig_merge *merge, struct dig_merge_item *item, struct dig_error *err)
{
	const struct dig_merging *merging = merge->merging;
	struct dig_merge_item *moved;
	unsigned below;
	enum dig_status st;
	int side;
	bool stays;

	if (item->settled)
		return DIG_OK;
	below = look_below(merge, item, &stays);
	if (!stays)
		return decide_file(merge, item, 0, err);
	item->settled = item->clean = true;
	if (item->has == HAS_BASE || item->has == item->same)
		return DIG_OK; /* gone on both sides, or on one */
	side = (below & HAS_OURS) != 0 ? DIG_SIDE_THEIRS : DIG_SIDE_OURS;
	item->settled = false;
	st = move_aside(merge, item,
	    side == DIG_SIDE_OURS ? merging->ours : merging->theirs, &moved,
	    err);
	if (st != DIG_OK)
		return st;
	dig_merge_tell(merge, moved->path,
	    "CONFLICT (file/directory): directory in the way of %s from %s; "
	    "moving it to %s instead.",
	    item->path, side == DIG_SIDE_OURS ? merging->ours : merging->theirs,
	    moved->path);
	item->settled = true;
	item->has = 0;
	moved->settled = true;
	return decide_file(merge, moved, side, err);
}

/* ---- The result ------------------------------------------------------- */

static int
by_edit_path(const void *va, const void *vb)
{
	const struct dig_tree_edit *a = va, *b = vb;

	return dig_path_cmp(
	    a->entry.path, a->entry.path_len, b->entry.path, b->entry.path_len);
}

static void
add_edit(
    const struct dig_merge_item *item, struct dig_tree_edit *edits, size_t *n)
{
	bool had = (item->had & HAS_OURS) != 0;
	struct dig_tree_edit *edit = &edits[*n];

	if (!had && !item->has_result)
		return;
	if (had && item->has_result &&
	    dig_entry_same(&item->ours, &item->result))
		return;
	edit->remove = !item->has_result;
	edit->entry = item->result;
	edit->entry.path = (const uint8_t *)item->path;
	edit->entry.path_len = item->len;
	++*n;
}

static enum dig_status
make_tree(struct dig_merge *merge, struct dig_oid *tree, struct dig_error *err)
{
	struct dig_tree_edit *edits =
	    dig_calloc(merge->nitems + merge->nextra + 1, sizeof(*edits));
	enum dig_status st = DIG_OK;
	size_t n = 0;

	for (size_t i = 0; i < merge->nitems; i++)
		add_edit(&merge->items[i], edits, &n);
	for (size_t i = 0; i < merge->nextra; i++)
		add_edit(merge->extra[i], edits, &n);
	if (n > 1)
		qsort(edits, n, sizeof(*edits), by_edit_path);
	*tree = *merge->trees[DIG_SIDE_OURS];
	if (n > 0)
		st = dig_tree_apply(&merge->io, merge->trees[DIG_SIDE_OURS],
		    edits, n, tree, err);
	free(edits);
	return st;
}

static int
by_item_path(const void *va, const void *vb)
{
	const struct dig_merge_item *a = *(struct dig_merge_item *const *)va;
	const struct dig_merge_item *b = *(struct dig_merge_item *const *)vb;

	return dig_path_cmp(a->path, a->len, b->path, b->len);
}

static void
list_conflicts(struct dig_merge *merge, struct dig_op *op)
{
	struct dig_merge_item **list =
	    dig_calloc(merge->nitems + merge->nextra + 1, sizeof(*list));
	size_t n = 0;

	for (size_t i = 0; i < merge->nitems; i++)
		if (!merge->items[i].clean)
			list[n++] = &merge->items[i];
	for (size_t i = 0; i < merge->nextra; i++)
		if (!merge->extra[i]->clean)
			list[n++] = merge->extra[i];
	if (n > 1)
		qsort(list, n, sizeof(*list), by_item_path);
	for (size_t i = 0; i < n; i++) {
		const struct dig_entry *sides[DIG_SIDES];

		for (int side = 0; side < DIG_SIDES; side++)
			sides[side] = (list[i]->has & 1u << side) != 0
					  ? &list[i]->side[side]
					  : NULL;
		if (list[i]->has != 0)
			dig_op_add_conflict(
			    op, list[i]->path, list[i]->len, sides);
	}
	free(list);
}

static void
merge_clear(struct dig_merge *merge)
{
	for (size_t i = 0; i < merge->nitems; i++)
		free(merge->items[i].path);
	for (size_t i = 0; i < merge->nextra; i++) {
		free(merge->extra[i]->path);
		free(merge->extra[i]);
	}
	free(merge->items);
	free(merge->extra);
}

static enum dig_status
merge_at(struct dig_merging *merging, unsigned depth,
    const struct dig_oid *const trees[DIG_SIDES], struct dig_oid *tree,
    struct dig_op *op, struct dig_error *err)
{
	struct dig_merge merge = { .merging = merging, .depth = depth };
	struct dig_oid result;
	enum dig_status st;
	bool done = false;

	merge.io = dig_writer_io(dig_index_writer(merging->repo->index));
	memcpy(merge.trees, trees, sizeof(merge.trees));
	if (depth == 0) {
		st = dig_merge_quick(&merge, &result, &done, err);
		if (st != DIG_OK)
			return st;
	}
	if (done) {
		*tree = result;
		sort_notes(&merging->notes);
		return DIG_OK;
	}
	st = collect(&merge, err);
	if (st == DIG_OK)
		st = dig_merge_renames(&merge, err);
	for (size_t i = merge.nitems; i > 0 && st == DIG_OK; i--) {
		if (dig_interrupted())
			st = dig_raise(err, DIG_ECANCELLED,
			    "interrupted; nothing was changed");
		else
			st = decide(&merge, &merge.items[i - 1], err);
	}
	if (st == DIG_OK)
		st = make_tree(&merge, &result, err);
	if (st == DIG_OK) {
		*tree = result;
		if (op != NULL)
			list_conflicts(&merge, op);
		if (depth == 0)
			sort_notes(&merging->notes);
	}
	merge_clear(&merge);
	return st;
}

enum dig_status
dig_merge_trees(struct dig_merging *merging, const struct dig_oid *base,
    const struct dig_oid *ours, const struct dig_oid *theirs,
    struct dig_oid *tree, struct dig_op *op, struct dig_error *err)
{
	const struct dig_oid *trees[DIG_SIDES] = { base, ours, theirs };

	return merge_at(merging, 0, trees, tree, op, err);
}

/* ---- Merge bases ------------------------------------------------------ */

/* One tree for what two sides have in common; each side is the commits that
 * were merged into it. *nbases tells how many there were. */
static enum dig_status
common_tree(struct dig_merging *merging, unsigned depth,
    const struct dig_oid *ours, size_t nours, const struct dig_oid *theirs,
    struct dig_oid *tree, size_t *nbases, struct dig_error *err)
{
	struct dig_merging inner = *merging;
	struct dig_oid *bases = NULL, *merged;
	struct dig_oid base, other;
	enum dig_status st;
	size_t n = 0, ignored;

	st = dig_merge_bases_of(
	    merging->repo, ours, nours, theirs, 1, &bases, &n, err);
	if (st != DIG_OK)
		return st;
	*nbases = n;
	dig_tree_empty(tree);
	/* The oldest first. */
	merged = dig_calloc(n + 1, sizeof(*merged));
	for (size_t i = 0; i < n; i++)
		merged[i] = bases[n - 1 - i];
	if (n > 0)
		st = dig_repo_commit_tree(merging->repo, &merged[0], tree, err);
	inner.ancestor = "merged common ancestors";
	inner.ours = "Temporary merge branch 1";
	inner.theirs = "Temporary merge branch 2";
	for (size_t i = 1; i < n && st == DIG_OK && depth < DEPTH_MAX; i++) {
		const struct dig_oid *trees[DIG_SIDES] = { &base, tree,
			&other };

		st = common_tree(merging, depth + 1, merged, i, &merged[i],
		    &base, &ignored, err);
		if (st == DIG_OK)
			st = dig_repo_commit_tree(
			    merging->repo, &merged[i], &other, err);
		if (st == DIG_OK)
			st =
			    merge_at(&inner, depth + 1, trees, tree, NULL, err);
	}
	free(bases);
	free(merged);
	return st;
}

enum dig_status
dig_merge_commits(struct dig_merging *merging, const struct dig_oid *ours,
    const struct dig_oid *theirs, struct dig_oid *tree, struct dig_op *op,
    struct dig_error *err)
{
	struct dig_oid base, our_tree, their_tree;
	enum dig_status st;
	size_t nbases = 0;

	st = common_tree(merging, 0, ours, 1, theirs, &base, &nbases, err);
	merging->ancestor = nbases == 0  ? "empty tree"
			    : nbases > 1 ? "merged common ancestors"
					 : "merge base";
	if (st == DIG_OK)
		st = dig_repo_commit_tree(merging->repo, ours, &our_tree, err);
	if (st == DIG_OK)
		st = dig_repo_commit_tree(
		    merging->repo, theirs, &their_tree, err);
	if (st == DIG_OK)
		st = dig_merge_trees(
		    merging, &base, &our_tree, &their_tree, tree, op, err);
	return st;
}
