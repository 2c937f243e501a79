/* SPDX-License-Identifier: MIT
 *
 * The search for a path, written down so that it can be followed without the
 * tree. Reads one node a level.
 */
#include "objects/prove.h"
#include "objects/tree_internal.h"

/* Hashes along one way up a node, collected from its root down. */
struct way {
	size_t count;
	unsigned sides; /* bit i: the i-th sibling, from the root, is left */
	struct dig_oid at[DIG_PROOF_NODE_DEPTH];
};

/* Where RFC 6962 parts n > 1 leaves. */
static size_t
split(size_t n)
{
	size_t k = 1;

	while (k * 2 < n)
		k *= 2;
	return k;
}

/* The root over leaves [low, high) of a node. */
static void
hash_range(const struct dig_tree_node *node, size_t low, size_t high,
    struct dig_oid *out)
{
	struct dig_merkle merkle;

	dig_merkle_init(&merkle, DIG_MERKLE_TREE);
	for (size_t i = low; i < high; i++)
		dig_merkle_add(&merkle, 0, node->items[i].leaf);
	dig_merkle_root(&merkle, out->bytes);
}

static void
put_way(struct dig_buf *out, const struct way *way, bool with_sides)
{
	unsigned sides = 0;

	for (size_t i = 0; i < way->count; i++)
		sides |= (way->sides >> i & 1) << (way->count - 1 - i);
	dig_buf_putc(out, (uint8_t)way->count);
	if (with_sides)
		dig_buf_put_be16(out, (uint16_t)sides);
	for (size_t i = way->count; i > 0; i--)
		dig_buf_put(out, way->at[i - 1].bytes, DIG_HASH_SIZE);
}

/* From the root over [low, high) down to its first or last leaf. */
static void
put_edge(struct dig_buf *out, const struct dig_tree_node *node, size_t low,
    size_t high, bool is_last)
{
	struct way way = { .count = 0 };

	while (high - low > 1) {
		size_t mid = low + split(high - low);

		if (is_last) {
			hash_range(node, low, mid, &way.at[way.count++]);
			low = mid;
		} else {
			hash_range(node, mid, high, &way.at[way.count++]);
			high = mid;
		}
	}
	put_way(out, &way, false);
}

static void
put_item(struct dig_buf *out, unsigned level, const struct dig_tree_item *item,
    bool with_path, bool with_child)
{
	struct dig_entry entry;
	struct dig_oid content;

	if (with_path)
		dig_buf_put_bytes(out, item->path, item->path_len);
	if (level > 0) {
		if (with_child)
			dig_buf_put(out, item->id.bytes, DIG_HASH_SIZE);
		dig_buf_put_varint(out, item->files);
		dig_buf_put_varint(out, item->bytes);
		return;
	}
	dig_tree_item_entry(item, &entry);
	dig_entry_content_id(&entry, &content);
	dig_buf_putc(out, item->kind);
	dig_buf_put_varint(out, item->bytes);
	dig_buf_put(out, content.bytes, DIG_HASH_SIZE);
}

/* Item `at` of the node with its left neighbour, if it has one. */
static void
put_pair(struct dig_buf *out, const struct dig_tree_node *node, size_t at,
    bool is_found)
{
	struct way common = { .count = 0 };
	size_t low = 0, high = node->count, mid = 0;

	dig_buf_putc(out, at > 0);
	/* Down to where the two part; the first item is an edge by itself. */
	while (at > 0) {
		mid = low + split(high - low);
		if (at == mid)
			break;
		if (at < mid) {
			hash_range(node, mid, high, &common.at[common.count++]);
			high = mid;
		} else {
			common.sides |= 1u << common.count;
			hash_range(node, low, mid, &common.at[common.count++]);
			low = mid;
		}
	}
	if (at > 0) {
		put_item(out, node->level, &node->items[at - 1], true, true);
		put_edge(out, node, low, mid, true);
	}
	put_item(out, node->level, &node->items[at], !is_found, false);
	put_edge(out, node, at > 0 ? mid : 0, high, false);
	if (at > 0)
		put_way(out, &common, true);
}

static void
put_search(struct dig_tree_walk *walk, const void *path, size_t len,
    struct dig_buf *out, bool *found)
{
	const struct dig_tree_node *top = walk->slot[walk->height];
	const struct dig_tree_node *leaf = walk->slot[0];
	size_t at;

	*found = false;
	if (dig_tree_lower_bound(top, path, len) == top->count) {
		dig_buf_putc(out, DIG_PROOF_BEYOND);
		dig_buf_putc(out, (uint8_t)walk->height);
		put_item(
		    out, top->level, &top->items[top->count - 1], true, true);
		put_edge(out, top, 0, top->count, true);
		return;
	}
	/* The last path of each node below is its upper entry's. */
	at = dig_tree_lower_bound(leaf, path, len);
	*found = dig_path_cmp(leaf->items[at].path, leaf->items[at].path_len,
		     path, len) == 0;
	dig_buf_putc(out, *found ? DIG_PROOF_FOUND : DIG_PROOF_BETWEEN);
	dig_buf_putc(out, (uint8_t)walk->height);
	put_pair(out, leaf, at, *found);
	for (unsigned level = 1; level <= walk->height; level++)
		put_pair(out, walk->slot[level], walk->pos[level], false);
}

enum dig_status
dig_tree_prove(const struct dig_node_io *io, const struct dig_oid *root,
    const void *path, size_t len, struct dig_buf *out, bool *found,
    struct dig_error *err)
{
	struct dig_tree_walk walk;
	enum dig_status st = dig_tree_walk_open(&walk, io, root, err);

	if (st == DIG_OK && walk.empty) {
		dig_buf_putc(out, DIG_PROOF_EMPTY);
		*found = false;
	} else if (st == DIG_OK) {
		st = dig_tree_walk_seek(&walk, 0, path, len, err);
		if (st == DIG_OK)
			put_search(&walk, path, len, out, found);
	}
	dig_tree_walk_clear(&walk);
	return st;
}
