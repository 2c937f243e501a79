/* SPDX-License-Identifier: MIT
 *
 * Checking a whole path tree: everything that reading a node by itself cannot
 * see. The walk verifies ids, names, order, levels, last paths and totals;
 * added here are the cut points and the rule that no path is a folder of
 * another one.
 */
#include <stdlib.h>

#include "objects/tree_internal.h"

/*
 * Paths that are a prefix, byte for byte, of the path before the one looked
 * at: they are nested, so their lengths say it all. `a` stays while `a-b`
 * passes and meets `a/x`. Only the longest that is also a prefix of the path
 * looked at can be its folder unnoticed: a shorter one is followed by the same
 * byte in the longer one and was compared with that.
 */
struct prefixes {
	uint8_t path[DIG_PATH_MAX];
	size_t path_len;
	uint16_t lengths[DIG_PATH_MAX + 1];
	size_t depth;
};

static bool
is_below_a_file(struct prefixes *prefixes, const struct dig_tree_item *item)
{
	size_t most = item->path_len < prefixes->path_len ? item->path_len
							  : prefixes->path_len;
	size_t shared = 0;

	while (shared < most && item->path[shared] == prefixes->path[shared])
		shared++;
	while (prefixes->depth > 0 &&
	       prefixes->lengths[prefixes->depth - 1] > shared)
		prefixes->depth--;
	if (prefixes->depth > 0 &&
	    item->path[prefixes->lengths[prefixes->depth - 1]] == '/')
		return true;
	memcpy(prefixes->path + shared, item->path + shared,
	    item->path_len - shared);
	prefixes->path_len = item->path_len;
	prefixes->lengths[prefixes->depth++] = (uint16_t)item->path_len;
	return false;
}

struct check {
	struct dig_tree_walk walk;
	struct prefixes prefixes;
	const struct dig_tree_checks *checks;
};

static enum dig_status
check_cuts(
    const struct dig_tree_node *node, bool is_last, struct dig_error *err)
{
	size_t weight = 0;

	for (size_t i = 0; i < node->count; i++) {
		const struct dig_tree_item *item = &node->items[i];
		char hex[DIG_OID_HEX + 1];
		bool ends;

		weight += DIG_TREE_WEIGHT_ENTRY + item->path_len;
		ends = dig_tree_ends(
		    node->level, i + 1, weight, item->path, item->path_len);
		if (ends == (i + 1 == node->count))
			continue;
		if (!ends && is_last)
			continue;
		dig_oid_hex(&node->id, hex);
		return dig_raise(err, DIG_ECORRUPT,
		    "tree node %.12s ends in the wrong place", hex);
	}
	return DIG_OK;
}

static enum dig_status
check_entries(struct check *check, const struct dig_tree_node *node,
    struct dig_error *err)
{
	const struct dig_tree_checks *checks = check->checks;

	for (size_t i = 0; i < node->count; i++) {
		const struct dig_tree_item *item = &node->items[i];
		struct dig_buf name = DIG_BUF_INIT;
		struct dig_entry entry;
		enum dig_status st = DIG_OK;

		if (is_below_a_file(&check->prefixes, item)) {
			dig_path_quote(&name, item->path, item->path_len, true);
			st = dig_raise(err, DIG_ECORRUPT,
			    "%s lies below a path that is a file",
			    (const char *)name.data);
			dig_buf_clear(&name);
		}
		dig_tree_item_entry(item, &entry);
		if (st == DIG_OK && checks != NULL && checks->entry != NULL)
			st = checks->entry(checks->arg, &entry, err);
		if (st != DIG_OK)
			return st;
	}
	return DIG_OK;
}

/* The node in the walk's slot and all below it; at most 13 calls deep. */
static enum dig_status
check_node(struct check *check, unsigned level, struct dig_error *err)
{
	struct dig_tree_walk *walk = &check->walk;
	const struct dig_tree_node *node = walk->slot[level];
	enum dig_status st;

	st = check_cuts(node, dig_tree_walk_is_last(walk, level), err);
	if (st != DIG_OK)
		return st;
	if (level == 0)
		return check_entries(check, node, err);
	for (size_t i = 0; st == DIG_OK && i < node->count; i++) {
		walk->pos[level] = i;
		st = dig_tree_walk_down(walk, level - 1, err);
		if (st == DIG_OK)
			st = check_node(check, level - 1, err);
	}
	return st;
}

enum dig_status
dig_tree_check(const struct dig_node_io *io, const struct dig_oid *root,
    const struct dig_tree_checks *checks, struct dig_error *err)
{
	struct check *check = dig_calloc(1, sizeof(*check));
	enum dig_status st;

	check->checks = checks;
	st = dig_tree_walk_open(&check->walk, io, root, err);
	if (st == DIG_OK && !check->walk.empty)
		st = check_node(check, check->walk.height, err);
	dig_tree_walk_clear(&check->walk);
	free(check);
	return st;
}
