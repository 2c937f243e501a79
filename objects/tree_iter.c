/* SPDX-License-Identifier: MIT
 *
 * Reading the path tree: the walk that all readers share, the iterator, and
 * the questions that one descent answers. Writes nothing.
 */
#include <assert.h>
#include <stdlib.h>

#include "objects/tree_internal.h"

/* Load a node into a slot. It may be another version of the one that is there:
 * what the two share is not hashed again. */
static enum dig_status
load_slot(struct dig_tree_walk *walk, unsigned level, const struct dig_oid *id,
    struct dig_error *err)
{
	struct dig_tree_node *was = walk->slot[level];
	enum dig_status st;

	if (was != NULL && was->valid && dig_oid_eq(&was->id, id))
		return DIG_OK;
	if (walk->spare == NULL) {
		walk->spare = dig_alloc(sizeof(*walk->spare));
		walk->spare->valid = false;
	}
	st = dig_tree_load(walk->io, id, was, &walk->scratch, walk->spare, err);
	walk->slot[level] = walk->spare;
	walk->spare = was;
	return st;
}

/* Go to the root of a tree. Nodes that are there serve for what comes. */
static enum dig_status
open_root(struct dig_tree_walk *walk, const struct dig_oid *root,
    struct dig_error *err)
{
	struct dig_tree_node *node;
	struct dig_oid empty;
	enum dig_status st;

	dig_tree_empty(&empty);
	walk->empty = dig_oid_eq(root, &empty);
	if (walk->empty)
		return DIG_OK;
	st = load_slot(walk, walk->height, root, err);
	if (st != DIG_OK)
		return st;
	node = walk->slot[walk->height];
	if (node->level > 0 && node->count == 1)
		return dig_raise(
		    err, DIG_ECORRUPT, "the top tree node has one entry");
	if (node->level != walk->height) {
		walk->slot[walk->height] = NULL;
		free(walk->slot[node->level]);
		walk->height = node->level;
		walk->slot[walk->height] = node;
	}
	return DIG_OK;
}

enum dig_status
dig_tree_walk_open(struct dig_tree_walk *walk, const struct dig_node_io *io,
    const struct dig_oid *root, struct dig_error *err)
{
	memset(walk, 0, sizeof(*walk));
	walk->io = io;
	return open_root(walk, root, err);
}

void
dig_tree_walk_clear(struct dig_tree_walk *walk)
{
	for (unsigned level = 0; level < DIG_TREE_LEVELS; level++)
		free(walk->slot[level]);
	free(walk->spare);
	dig_buf_clear(&walk->scratch);
	memset(walk, 0, sizeof(*walk));
}

const struct dig_tree_item *
dig_tree_walk_before(const struct dig_tree_walk *walk, unsigned level)
{
	for (unsigned up = level + 1; up <= walk->height; up++) {
		if (walk->pos[up] > 0)
			return &walk->slot[up]->items[walk->pos[up] - 1];
	}
	return NULL;
}

bool
dig_tree_walk_is_last(const struct dig_tree_walk *walk, unsigned level)
{
	for (unsigned up = level + 1; up <= walk->height; up++) {
		if (walk->pos[up] + 1 < walk->slot[up]->count)
			return false;
	}
	return true;
}

enum dig_status
dig_tree_walk_down(
    struct dig_tree_walk *walk, unsigned level, struct dig_error *err)
{
	const struct dig_tree_node *up = walk->slot[level + 1];
	const struct dig_tree_item *parent = &up->items[walk->pos[level + 1]];
	enum dig_status st;

	st = load_slot(walk, level, &parent->id, err);
	if (st != DIG_OK)
		return st;
	st = dig_tree_fits(walk->slot[level], parent, level,
	    dig_tree_walk_before(walk, level), err);
	if (st != DIG_OK)
		walk->slot[level]->valid = false;
	return st;
}

enum dig_status
dig_tree_walk_seek(struct dig_tree_walk *walk, unsigned level, const void *path,
    size_t len, struct dig_error *err)
{
	for (unsigned at = walk->height; at > level; at--) {
		const struct dig_tree_node *node = walk->slot[at];
		size_t pos = dig_tree_lower_bound(node, path, len);
		enum dig_status st;

		walk->pos[at] = pos < node->count ? pos : node->count - 1;
		st = dig_tree_walk_down(walk, at - 1, err);
		if (st != DIG_OK)
			return st;
	}
	return DIG_OK;
}

enum dig_status
dig_tree_walk_next(
    struct dig_tree_walk *walk, unsigned level, struct dig_error *err)
{
	enum dig_status st = DIG_OK;
	unsigned up = level + 1;

	while (walk->pos[up] + 1 == walk->slot[up]->count)
		up++;
	assert(up <= walk->height);
	walk->pos[up]++;
	while (st == DIG_OK && up > level) {
		st = dig_tree_walk_down(walk, --up, err);
		if (up > level)
			walk->pos[up] = 0;
	}
	return st;
}

struct dig_tree_iter {
	struct dig_tree_walk walk;
	struct dig_entry entry;
	bool broken; /* a step failed; the walk stands nowhere */
	bool end;
	size_t pos; /* in the walk's leaf node: the next entry */
};

enum dig_status
dig_tree_iter_new(const struct dig_node_io *io, const struct dig_oid *root,
    struct dig_tree_iter **out, struct dig_error *err)
{
	struct dig_tree_iter *iter = dig_calloc(1, sizeof(*iter));
	enum dig_status st;

	st = dig_tree_walk_open(&iter->walk, io, root, err);
	if (st == DIG_OK)
		st = dig_tree_iter_seek(iter, "", 0, err);
	if (st != DIG_OK) {
		dig_tree_iter_free(iter);
		return st;
	}
	*out = iter;
	return DIG_OK;
}

void
dig_tree_iter_free(struct dig_tree_iter *iter)
{
	if (iter == NULL)
		return;
	dig_tree_walk_clear(&iter->walk);
	free(iter);
}

enum dig_status
dig_tree_iter_seek(struct dig_tree_iter *iter, const void *path, size_t len,
    struct dig_error *err)
{
	enum dig_status st;

	iter->end = iter->walk.empty;
	if (iter->end)
		return DIG_OK;
	st = dig_tree_walk_seek(&iter->walk, 0, path, len, err);
	iter->broken = st != DIG_OK;
	if (st == DIG_OK)
		iter->pos = dig_tree_lower_bound(iter->walk.slot[0], path, len);
	return st;
}

enum dig_status
dig_tree_iter_next(struct dig_tree_iter *iter, const struct dig_entry **out,
    struct dig_error *err)
{
	enum dig_status st;

	if (iter->broken)
		return dig_raise(
		    err, DIG_ECORRUPT, "the tree could not be read here");
	if (!iter->end && iter->pos == iter->walk.slot[0]->count) {
		if (dig_tree_walk_is_last(&iter->walk, 0)) {
			iter->end = true;
		} else {
			st = dig_tree_walk_next(&iter->walk, 0, err);
			iter->broken = st != DIG_OK;
			if (st != DIG_OK)
				return st;
			iter->pos = 0;
		}
	}
	if (iter->end) {
		*out = NULL;
		return DIG_OK;
	}
	dig_tree_item_entry(
	    &iter->walk.slot[0]->items[iter->pos++], &iter->entry);
	*out = &iter->entry;
	return DIG_OK;
}

enum dig_status
dig_tree_totals(const struct dig_node_io *io, const struct dig_oid *root,
    struct dig_tree_totals *out, struct dig_error *err)
{
	struct dig_tree_walk walk;
	enum dig_status st;

	st = dig_tree_walk_open(&walk, io, root, err);
	if (st == DIG_OK) {
		const struct dig_tree_node *top = walk.slot[walk.height];

		out->files = walk.empty ? 0 : top->files;
		out->bytes = walk.empty ? 0 : top->bytes;
	}
	dig_tree_walk_clear(&walk);
	return st;
}

/* In the tree whose root the walk stands at. */
static enum dig_status
find_entry(struct dig_tree_walk *walk, const void *path, size_t len,
    struct dig_entry *out, struct dig_error *err)
{
	const struct dig_tree_node *node;
	enum dig_status st;
	size_t pos;

	if (walk->empty)
		goto missing;
	st = dig_tree_walk_seek(walk, 0, path, len, err);
	if (st != DIG_OK)
		return st;
	node = walk->slot[0];
	pos = dig_tree_lower_bound(node, path, len);
	if (pos == node->count ||
	    dig_path_cmp(node->items[pos].path, node->items[pos].path_len, path,
		len) != 0)
		goto missing;
	dig_tree_item_entry(&node->items[pos], out);
	out->path = path;
	return DIG_OK;
missing:
	return dig_raise(err, DIG_ENOTFOUND, "no such path in the tree");
}

enum dig_status
dig_tree_find(const struct dig_node_io *io, const struct dig_oid *root,
    const void *path, size_t len, struct dig_entry *out, struct dig_error *err)
{
	struct dig_tree_walk walk;
	enum dig_status st = dig_tree_walk_open(&walk, io, root, err);

	if (st == DIG_OK)
		st = find_entry(&walk, path, len, out, err);
	dig_tree_walk_clear(&walk);
	return st;
}

struct dig_tree_finder {
	struct dig_node_io io;
	struct dig_tree_walk walk;
};

struct dig_tree_finder *
dig_tree_finder_new(const struct dig_node_io *io)
{
	struct dig_tree_finder *finder = dig_calloc(1, sizeof(*finder));

	finder->io = *io;
	finder->walk.io = &finder->io;
	return finder;
}

void
dig_tree_finder_free(struct dig_tree_finder *finder)
{
	if (finder == NULL)
		return;
	dig_tree_walk_clear(&finder->walk);
	free(finder);
}

enum dig_status
dig_tree_finder_find(struct dig_tree_finder *finder, const struct dig_oid *root,
    const void *path, size_t len, struct dig_entry *out, struct dig_error *err)
{
	enum dig_status st = open_root(&finder->walk, root, err);

	return st != DIG_OK ? st
			    : find_entry(&finder->walk, path, len, out, err);
}

enum dig_status
dig_tree_has_below(const struct dig_node_io *io, const struct dig_oid *root,
    const void *dir, size_t len, bool *out, struct dig_error *err)
{
	struct dig_tree_iter *iter = NULL;
	struct dig_buf prefix = DIG_BUF_INIT;
	const struct dig_entry *entry;
	enum dig_status st;

	if (len > 0) {
		dig_buf_put(&prefix, dir, len);
		dig_buf_putc(&prefix, '/');
	}
	st = dig_tree_iter_new(io, root, &iter, err);
	if (st == DIG_OK)
		st = dig_tree_iter_seek(iter,
		    prefix.len > 0 ? (const char *)prefix.data : "", prefix.len,
		    err);
	if (st == DIG_OK)
		st = dig_tree_iter_next(iter, &entry, err);
	if (st == DIG_OK)
		*out = entry != NULL && entry->path_len >= prefix.len &&
		       (prefix.len == 0 ||
			   memcmp(entry->path, prefix.data, prefix.len) == 0);
	dig_tree_iter_free(iter);
	dig_buf_clear(&prefix);
	return st;
}
