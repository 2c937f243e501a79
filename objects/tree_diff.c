/* SPDX-License-Identifier: MIT
 *
 * Comparing two path trees, level by level from the top. Each side is a list
 * of upper entries that are not known to be shared; an entry with the same
 * last path and id in both lists names a shared node and leaves both, unread.
 * What stays is opened and makes the lists of the level below. Last paths are
 * unique in a level, so a node that both trees have is always met in both
 * lists: exactly the nodes that one tree has alone are read (and both tops).
 */
#include <stdlib.h>

#include "objects/tree_internal.h"

struct side {
	const struct dig_node_io *io;
	struct dig_tree_item *list;
	size_t len;
	size_t cap;
	struct dig_tree_names names; /* paths of the list */
	struct dig_tree_node *node;  /* the one read last */
	struct dig_buf scratch;
	unsigned level; /* of the nodes that the list names */

	/* At level 0: where the merge stands. */
	size_t next; /* in the list */
	size_t pos;  /* in the node */
	bool open;
};

static void
side_init(struct side *side, const struct dig_node_io *io)
{
	memset(side, 0, sizeof(*side));
	side->io = io;
	side->node = dig_alloc(sizeof(*side->node));
	side->node->valid = false;
}

static void
side_clear(struct side *side)
{
	free(side->list);
	free(side->node);
	dig_tree_names_clear(&side->names);
	dig_buf_clear(&side->scratch);
}

static void
side_push(struct side *side, const struct dig_tree_item *item)
{
	struct dig_tree_item *copy;

	DIG_GROW(side->list, side->cap, side->len + 1);
	copy = &side->list[side->len++];
	*copy = *item;
	copy->path =
	    dig_tree_names_add(&side->names, item->path, item->path_len);
}

/* The list of the top: one made-up entry that fits the root. */
static enum dig_status
side_root(struct side *side, const struct dig_oid *root, struct dig_error *err)
{
	struct dig_tree_node *node = side->node;
	struct dig_tree_item item;
	enum dig_status st;

	st = dig_tree_load(side->io, root, NULL, &side->scratch, node, err);
	if (st != DIG_OK)
		return st;
	item = node->items[node->count - 1];
	item.id = *root;
	item.files = node->files;
	item.bytes = node->bytes;
	side->level = node->level;
	side_push(side, &item);
	return DIG_OK;
}

/* Read the list's i-th node, which may be like the one the other side has. */
static enum dig_status
side_load(struct side *side, size_t i, const struct side *other,
    struct dig_error *err)
{
	const struct dig_tree_item *before = i > 0 ? &side->list[i - 1] : NULL;
	const struct dig_tree_item *item = &side->list[i];
	enum dig_status st;

	st = dig_tree_load(side->io, &item->id,
	    other != NULL ? other->node : NULL, &side->scratch, side->node,
	    err);
	if (st != DIG_OK)
		return st;
	return dig_tree_fits(side->node, item, side->level, before, err);
}

/* Replace the list by the entries of its nodes. */
static enum dig_status
side_expand(struct side *side, struct dig_error *err)
{
	struct side below = *side;
	enum dig_status st = DIG_OK;

	below.list = NULL;
	below.len = below.cap = 0;
	below.names.head = NULL;
	for (size_t i = 0; st == DIG_OK && i < side->len; i++) {
		st = side_load(side, i, NULL, err);
		for (size_t j = 0; st == DIG_OK && j < side->node->count; j++)
			side_push(&below, &side->node->items[j]);
	}
	free(side->list);
	dig_tree_names_clear(&side->names);
	side->list = below.list;
	side->len = below.len;
	side->cap = below.cap;
	side->names = below.names;
	side->level--;
	return st;
}

/* Drop from both lists what they share. */
static void
drop_shared(struct side *a, struct side *b)
{
	size_t i = 0, j = 0, na = 0, nb = 0;

	while (i < a->len || j < b->len) {
		int cmp;

		if (i == a->len || j == b->len)
			cmp = i == a->len ? 1 : -1;
		else
			cmp = dig_path_cmp(a->list[i].path, a->list[i].path_len,
			    b->list[j].path, b->list[j].path_len);
		if (cmp == 0 && dig_oid_eq(&a->list[i].id, &b->list[j].id)) {
			i++;
			j++;
			continue;
		}
		if (cmp <= 0)
			a->list[na++] = a->list[i++];
		if (cmp >= 0)
			b->list[nb++] = b->list[j++];
	}
	a->len = na;
	b->len = nb;
}

/* The entry that the side stands at, NULL at its end. `other` is read before,
 * at the same place; NULL when it is the first. */
static enum dig_status
side_peek(struct side *side, const struct side *other,
    const struct dig_tree_item **out, struct dig_error *err)
{
	*out = NULL;
	if (side->open && side->pos == side->node->count)
		side->open = false;
	if (!side->open) {
		size_t i = side->next;
		enum dig_status st;

		if (i == side->len)
			return DIG_OK;
		st = side_load(side, i, other, err);
		if (st != DIG_OK)
			return st;
		side->next++;
		side->pos = 0;
		side->open = true;
	}
	*out = &side->node->items[side->pos];
	return DIG_OK;
}

/* Hand a path to fn, unless it is on both sides and the same. */
static enum dig_status
tell(const struct dig_tree_item *old, const struct dig_tree_item *new,
    dig_tree_diff_fn *fn, void *arg, struct dig_error *err)
{
	struct dig_entry was, is;

	if (old != NULL)
		dig_tree_item_entry(old, &was);
	if (new != NULL)
		dig_tree_item_entry(new, &is);
	if (old != NULL && new != NULL && dig_entry_same(&was, &is))
		return DIG_OK;
	return fn(
	    arg, old != NULL ? &was : NULL, new != NULL ? &is : NULL, err);
}

static enum dig_status
merge_leaves(struct side *a, struct side *b, dig_tree_diff_fn *fn, void *arg,
    struct dig_error *err)
{
	for (;;) {
		const struct dig_tree_item *old, *new;
		enum dig_status st;
		int cmp;

		st = side_peek(a, NULL, &old, err);
		if (st == DIG_OK)
			st = side_peek(b, a, &new, err);
		if (st != DIG_OK || (old == NULL && new == NULL))
			return st;
		if (old == NULL || new == NULL)
			cmp = old == NULL ? 1 : -1;
		else
			cmp = dig_path_cmp(
			    old->path, old->path_len, new->path, new->path_len);
		st = tell(
		    cmp <= 0 ? old : NULL, cmp >= 0 ? new : NULL, fn, arg, err);
		if (st != DIG_OK)
			return st;
		a->pos += cmp <= 0;
		b->pos += cmp >= 0;
	}
}

static enum dig_status
diff_sides(struct side *a, struct side *b, dig_tree_diff_fn *fn, void *arg,
    struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	while (st == DIG_OK && a->level > b->level)
		st = side_expand(a, err);
	while (st == DIG_OK && b->level > a->level)
		st = side_expand(b, err);
	while (st == DIG_OK) {
		drop_shared(a, b);
		if (a->level == 0)
			return merge_leaves(a, b, fn, arg, err);
		st = side_expand(a, err);
		if (st == DIG_OK)
			st = side_expand(b, err);
	}
	return st;
}

/* One tree is empty: the other is told as it is read. */
static enum dig_status
diff_empty(const struct dig_node_io *io, const struct dig_oid *root,
    bool is_old, dig_tree_diff_fn *fn, void *arg, struct dig_error *err)
{
	struct dig_tree_iter *iter = NULL;
	const struct dig_entry *entry;
	enum dig_status st;

	st = dig_tree_iter_new(io, root, &iter, err);
	while (st == DIG_OK) {
		st = dig_tree_iter_next(iter, &entry, err);
		if (st != DIG_OK || entry == NULL)
			break;
		st = fn(arg, is_old ? entry : NULL, is_old ? NULL : entry, err);
	}
	dig_tree_iter_free(iter);
	return st;
}

enum dig_status
dig_tree_diff(const struct dig_node_io *io, const struct dig_oid *a,
    const struct dig_oid *b, dig_tree_diff_fn *fn, void *arg,
    struct dig_error *err)
{
	struct dig_oid empty;
	struct side old, new;
	enum dig_status st;

	if (dig_oid_eq(a, b))
		return DIG_OK;
	dig_tree_empty(&empty);
	if (dig_oid_eq(a, &empty))
		return diff_empty(io, b, false, fn, arg, err);
	if (dig_oid_eq(b, &empty))
		return diff_empty(io, a, true, fn, arg, err);
	side_init(&old, io);
	side_init(&new, io);
	st = side_root(&old, a, err);
	if (st == DIG_OK)
		st = side_root(&new, b, err);
	if (st == DIG_OK)
		st = diff_sides(&old, &new, fn, arg, err);
	side_clear(&old);
	side_clear(&new);
	return st;
}
