/* SPDX-License-Identifier: MIT
 *
 * Applying edits to a path tree.
 *
 * One pass a level, from the leaves up. A pass merges the sorted edits of its
 * level with the old nodes that they fall into and cuts the result anew from
 * the left; where the writer ends a node exactly where an old one ended, and
 * no edit falls into the next one, everything up to the next edit is kept
 * unread. The nodes that were consumed and made are the edits of the level
 * above.
 *
 *   T1. A cut depends on the entries of its own node alone, so a node whose
 *       first entry and whose content are unchanged is unchanged.
 *   T2. A level is cut to its end: only its last node may end by rule 4.
 *   T3. A node is stored only when it is part of the new tree: a level that
 *       comes out as one entry is dropped before it is written.
 */
#include <assert.h>
#include <stdlib.h>

#include "objects/tree_internal.h"

/* An edit of a level: put the item, or remove its path. */
struct change {
	bool remove;
	struct dig_tree_item item;
};

struct items {
	struct dig_tree_item *at;
	size_t len;
	size_t cap;
};

struct pass {
	const struct dig_node_io *io;
	struct dig_tree_walk walk; /* over the old tree */
	struct dig_tree_writer writer;
	struct dig_tree_names names;
	unsigned level;

	/* Edits: the caller's at level 0, else those of the pass below. */
	const struct dig_tree_edit *edits;
	const struct change *changes;
	size_t nedits;
	size_t next;
	struct change now; /* the edit to come, while has_now */
	bool has_now;

	struct items gone; /* old nodes that were consumed */
	struct items made; /* new nodes, the same ones again included */
	bool before;       /* some node comes before the one being written */
	bool to_end;       /* the level was written to its end */
	bool from_old;     /* the last entry written came from an old node */
	struct dig_oid last_id; /* id of the last entry written */

	/* Delta base: the old node that shares most entries with the writer's,
	 * and the one being consumed. */
	struct dig_oid base, current;
	size_t base_shares, current_shares;
};

static void
push(struct pass *pass, struct items *list, const struct dig_tree_item *item)
{
	struct dig_tree_item *copy;

	DIG_GROW(list->at, list->cap, list->len + 1);
	copy = &list->at[list->len++];
	*copy = *item;
	copy->path =
	    dig_tree_names_add(&pass->names, item->path, item->path_len);
}

static void
take_edit(struct pass *pass)
{
	pass->has_now = pass->next < pass->nedits;
	if (!pass->has_now)
		return;
	if (pass->level == 0) {
		const struct dig_tree_edit *edit = &pass->edits[pass->next];
		const struct dig_entry *was =
		    pass->next > 0 ? &edit[-1].entry : NULL;

		assert(was == NULL ||
		       dig_path_cmp(was->path, was->path_len, edit->entry.path,
			   edit->entry.path_len) < 0);
		pass->now.remove = edit->remove;
		dig_tree_entry_item(&edit->entry, &pass->now.item);
	} else {
		pass->now = pass->changes[pass->next];
	}
	pass->next++;
}

/* The writer's node is complete: store it, unless it is an old one again. */
static enum dig_status
emit(struct pass *pass, struct dig_error *err)
{
	const struct dig_oid *base = NULL;
	struct dig_tree_item node;
	const uint8_t *data;
	size_t len;

	dig_tree_writer_finish(&pass->writer, &node, &data, &len);
	push(pass, &pass->made, &node);
	pass->before = true;
	if (pass->base_shares > 0)
		base = &pass->base;
	if (pass->current_shares > pass->base_shares)
		base = &pass->current;
	pass->base_shares = pass->current_shares = 0;
	if (base != NULL && dig_oid_eq(base, &node.id))
		return DIG_OK;
	return pass->io->put(
	    pass->io->arg, DIG_KIND_TREE, &node.id, data, len, base, err);
}

static enum dig_status
feed(struct pass *pass, const struct dig_tree_item *item, const uint8_t *leaf,
    struct dig_error *err)
{
	enum dig_status st;

	st = dig_tree_writer_add(&pass->writer, item, leaf, err);
	if (st != DIG_OK)
		return st;
	pass->from_old = leaf != NULL;
	pass->last_id = item->id;
	return pass->writer.full ? emit(pass, err) : DIG_OK;
}

/* The edit to come, which is not in the old tree or takes its place there. */
static enum dig_status
feed_edit(struct pass *pass, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	if (!pass->now.remove)
		st = feed(pass, &pass->now.item, NULL, err);
	take_edit(pass);
	return st;
}

static bool
at_boundary(const struct pass *pass)
{
	return pass->writer.full || pass->writer.count == 0;
}

/* Merge one old node with the edits that fall into it. */
static enum dig_status
merge_node(
    struct pass *pass, const struct dig_tree_node *node, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	if (pass->current_shares > pass->base_shares) {
		pass->base = pass->current;
		pass->base_shares = pass->current_shares;
	}
	pass->current = node->id;
	pass->current_shares = 0;
	for (size_t i = 0; st == DIG_OK && i < node->count; i++) {
		const struct dig_tree_item *old = &node->items[i];
		int cmp = 1;

		while (st == DIG_OK && pass->has_now &&
		       (cmp = dig_path_cmp(pass->now.item.path,
			    pass->now.item.path_len, old->path,
			    old->path_len)) < 0)
			st = feed_edit(pass, err);
		if (st != DIG_OK)
			break;
		pass->current_shares++;
		if (pass->has_now && cmp == 0)
			st = feed_edit(pass, err);
		else
			st = feed(pass, old, old->leaf, err);
	}
	return st;
}

/* Cut anew from the node that the edit to come falls into, until the writer
 * ends with an old node. */
static enum dig_status
merge_region(struct pass *pass, struct dig_error *err)
{
	const struct dig_tree_item *edge, *item = &pass->now.item;
	struct dig_tree_item gone = { 0 };
	struct dig_tree_walk *walk = &pass->walk;
	enum dig_status st;

	st = dig_tree_walk_seek(
	    walk, pass->level, item->path, item->path_len, err);
	if (st != DIG_OK)
		return st;
	/* Is this the node after the one consumed last, or is one kept? */
	edge = dig_tree_walk_before(walk, pass->level);
	if (edge != NULL &&
	    (pass->gone.len == 0 ||
		dig_path_cmp(edge->path, edge->path_len,
		    pass->gone.at[pass->gone.len - 1].path,
		    pass->gone.at[pass->gone.len - 1].path_len) != 0))
		pass->before = true;
	for (;;) {
		const struct dig_tree_node *node = walk->slot[pass->level];

		gone.path = node->items[node->count - 1].path;
		gone.path_len = node->items[node->count - 1].path_len;
		gone.id = node->id;
		push(pass, &pass->gone, &gone);
		st = merge_node(pass, node, err);
		pass->to_end = dig_tree_walk_is_last(walk, pass->level);
		if (st != DIG_OK || pass->to_end || at_boundary(pass))
			return st;
		st = dig_tree_walk_next(walk, pass->level, err);
		if (st != DIG_OK)
			return st;
	}
}

/*
 * One level. *one is set when the level has come out as a single entry, which
 * is then in last_id and names the top of the tree (T3).
 */
static enum dig_status
run_level(struct pass *pass, bool *one, struct dig_error *err)
{
	bool has_old = !pass->walk.empty && pass->level <= pass->walk.height;
	enum dig_status st = DIG_OK;

	pass->next = pass->gone.len = pass->made.len = 0;
	pass->before = false;
	pass->to_end = !has_old;
	pass->base_shares = pass->current_shares = 0;
	dig_tree_writer_start(&pass->writer, pass->level);
	take_edit(pass);
	while (has_old && st == DIG_OK && pass->has_now && !pass->to_end)
		st = merge_region(pass, err);
	while (st == DIG_OK && pass->has_now) /* past the last old entry */
		st = feed_edit(pass, err);
	*one = pass->to_end && !pass->before && pass->level > 0 &&
	       pass->writer.count == 1;
	if (st == DIG_OK && !*one && !at_boundary(pass))
		st = emit(pass, err);
	return st;
}

/* What was consumed and made, as the edits of the level above. */
static size_t
changes_above(const struct pass *pass, struct change **out)
{
	const struct items *gone = &pass->gone, *made = &pass->made;
	struct change *list;
	size_t n = 0, g = 0, m = 0;

	list = dig_calloc(gone->len + made->len, sizeof(*list));
	while (g < gone->len || m < made->len) {
		const struct dig_tree_item *old = gone->at + g;
		const struct dig_tree_item *new = made->at + m;
		int cmp;

		if (g == gone->len || m == made->len)
			cmp = g == gone->len ? 1 : -1;
		else
			cmp = dig_path_cmp(
			    old->path, old->path_len, new->path, new->path_len);
		g += cmp <= 0;
		m += cmp >= 0;
		if (cmp == 0 && dig_oid_eq(&old->id, &new->id))
			continue;
		list[n].remove = cmp < 0;
		list[n++].item = cmp < 0 ? *old : *new;
	}
	*out = list;
	return n;
}

/* An old node has become the top: one with a single entry is none (T3). */
static enum dig_status
lower_top(struct pass *pass, struct dig_oid *top, struct dig_error *err)
{
	struct dig_tree_node *node = dig_calloc(1, sizeof(*node));
	enum dig_status st;

	for (;;) {
		st = dig_tree_load(
		    pass->io, top, NULL, &pass->walk.scratch, node, err);
		if (st != DIG_OK || node->level == 0 || node->count > 1)
			break;
		*top = node->items[0].id;
	}
	free(node);
	return st;
}

static enum dig_status
run(struct pass *pass, const struct dig_oid *old, struct dig_oid *out,
    struct dig_error *err)
{
	struct change *changes = NULL, *above = NULL;
	enum dig_status st;
	bool one;

	for (pass->level = 0; pass->level < DIG_TREE_LEVELS; pass->level++) {
		size_t n;

		st = run_level(pass, &one, err);
		if (st != DIG_OK)
			goto out;
		if (one) {
			*out = pass->last_id;
			if (pass->from_old)
				st = lower_top(pass, out, err);
			goto out;
		}
		if (pass->to_end && !pass->before && pass->made.len == 0) {
			dig_tree_empty(out);
			goto out;
		}
		/* From the old top on, what was made is the whole level. */
		if (pass->walk.empty || pass->level >= pass->walk.height) {
			if (pass->made.len == 1) {
				*out = pass->made.at[0].id;
				goto out;
			}
			pass->gone.len = 0;
		}
		n = changes_above(pass, &above);
		free(changes);
		changes = above;
		if (n == 0) {
			*out = *old;
			goto out;
		}
		pass->changes = changes;
		pass->nedits = n;
	}
	st = dig_raise(err, DIG_ECORRUPT, "the tree is too high");
out:
	free(changes);
	return st;
}

enum dig_status
dig_tree_apply(const struct dig_node_io *io, const struct dig_oid *old,
    const struct dig_tree_edit *edits, size_t nedits, struct dig_oid *out,
    struct dig_error *err)
{
	struct dig_oid root = *old;
	struct pass *pass;
	enum dig_status st;

	if (nedits == 0) {
		*out = root;
		return DIG_OK;
	}
	pass = dig_calloc(1, sizeof(*pass));
	pass->io = io;
	pass->edits = edits;
	pass->nedits = nedits;
	dig_tree_writer_init(&pass->writer);
	st = dig_tree_walk_open(&pass->walk, io, old, err);
	if (st == DIG_OK)
		st = run(pass, old, &root, err);
	if (st == DIG_OK)
		*out = root;
	dig_tree_walk_clear(&pass->walk);
	dig_tree_writer_clear(&pass->writer);
	dig_tree_names_clear(&pass->names);
	free(pass->gone.at);
	free(pass->made.at);
	free(pass);
	return st;
}
