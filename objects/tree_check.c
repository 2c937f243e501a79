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

/*
 * What makes a node good in its place: its id, what stands before it, its
 * level, and whether it is the last one of it (then it need not end where the
 * names say so). A place is kept as the hash of these.
 */
struct dig_tree_known {
	struct dig_oid *slots;
	size_t cap; /* a power of two */
	size_t len;
};

#define KNOWN_MAX ((size_t)1 << 22)

struct check {
	struct dig_tree_walk walk;
	struct prefixes prefixes;
	struct dig_tree_known *known;
	bool skips; /* what is known is not read again */
	const struct dig_tree_checks *checks;
};

struct dig_tree_known *
dig_tree_known_new(void)
{
	return dig_calloc(1, sizeof(struct dig_tree_known));
}

void
dig_tree_known_free(struct dig_tree_known *known)
{
	if (known == NULL)
		return;
	free(known->slots);
	free(known);
}

static struct dig_oid *
known_slot(const struct dig_tree_known *known, const struct dig_oid *place)
{
	size_t at = (size_t)dig_get_be64(place->bytes) & (known->cap - 1);

	while (!dig_oid_is_zero(&known->slots[at]) &&
	       !dig_oid_eq(&known->slots[at], place))
		at = (at + 1) & (known->cap - 1);
	return &known->slots[at];
}

static bool
is_known(const struct dig_tree_known *known, const struct dig_oid *place)
{
	return known->cap > 0 && !dig_oid_is_zero(known_slot(known, place));
}

static void
make_known(struct dig_tree_known *known, const struct dig_oid *place)
{
	struct dig_oid *slot;

	if (known->len == KNOWN_MAX) {
		memset(known->slots, 0, known->cap * sizeof(*known->slots));
		known->len = 0;
	}
	if (2 * known->len >= known->cap && known->cap < 2 * KNOWN_MAX) {
		struct dig_tree_known old = *known;

		known->cap = old.cap ? 2 * old.cap : 1024;
		known->slots = dig_calloc(known->cap, sizeof(*known->slots));
		for (size_t i = 0; i < old.cap; i++)
			if (!dig_oid_is_zero(&old.slots[i]))
				*known_slot(known, &old.slots[i]) =
				    old.slots[i];
		free(old.slots);
	}
	slot = known_slot(known, place);
	if (dig_oid_is_zero(slot)) {
		*slot = *place;
		known->len++;
	}
}

/* The place of the child at walk->pos of level + 1. */
static void
place_of(const struct dig_tree_walk *walk, unsigned level, struct dig_oid *out)
{
	const struct dig_tree_node *up = walk->slot[level + 1];
	const struct dig_tree_item *before = dig_tree_walk_before(walk, level);
	struct dig_buf text = DIG_BUF_INIT;

	dig_buf_putc(&text, (uint8_t)level);
	dig_buf_putc(&text, dig_tree_walk_is_last(walk, level));
	dig_buf_put(
	    &text, up->items[walk->pos[level + 1]].id.bytes, DIG_HASH_SIZE);
	if (before != NULL)
		dig_buf_put(&text, before->path, before->path_len);
	dig_sha256(text.data, text.len, out->bytes);
	dig_buf_clear(&text);
}

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

	for (size_t i = 0; !check->skips && i < node->count; i++) {
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
		struct dig_oid place;

		walk->pos[level] = i;
		if (check->known != NULL)
			place_of(walk, level - 1, &place);
		if (check->skips && is_known(check->known, &place))
			continue;
		st = dig_tree_walk_down(walk, level - 1, err);
		if (st == DIG_OK)
			st = check_node(check, level - 1, err);
		if (st == DIG_OK && check->known != NULL)
			make_known(check->known, &place);
	}
	return st;
}

static enum dig_status
check_tree(const struct dig_node_io *io, const struct dig_oid *root,
    struct dig_tree_known *known, bool skips,
    const struct dig_tree_checks *checks, struct dig_error *err)
{
	struct check *check = dig_calloc(1, sizeof(*check));
	enum dig_status st;

	check->known = known;
	check->skips = skips;
	check->checks = checks;
	st = dig_tree_walk_open(&check->walk, io, root, err);
	if (st == DIG_OK && !check->walk.empty)
		st = check_node(check, check->walk.height, err);
	dig_tree_walk_clear(&check->walk);
	free(check);
	return st;
}

enum dig_status
dig_tree_check(const struct dig_node_io *io, const struct dig_oid *root,
    const struct dig_tree_checks *checks, struct dig_error *err)
{
	return check_tree(io, root, NULL, false, checks, err);
}

/* ---- Checking by differences ------------------------------------------ */

struct step {
	const struct dig_node_io *io;
	const struct dig_oid *root;
	const struct dig_tree_checks *checks;
	size_t nadded;
};

/* More new paths than this are looked at by one pass over the whole tree. */
#define FEW 256

/* A path that is new must not be a folder of another one, nor below a file. */
static enum dig_status
check_new_path(
    struct step *step, const struct dig_entry *entry, struct dig_error *err)
{
	struct dig_entry above;
	enum dig_status st;
	bool below = false;

	st = dig_tree_has_below(
	    step->io, step->root, entry->path, entry->path_len, &below, err);
	for (size_t i = 0; st == DIG_OK && !below && i < entry->path_len; i++) {
		if (entry->path[i] != '/')
			continue;
		st = dig_tree_find(
		    step->io, step->root, entry->path, i, &above, err);
		below = st == DIG_OK;
		if (st == DIG_ENOTFOUND)
			st = DIG_OK;
	}
	if (st == DIG_OK && below) {
		struct dig_buf name = DIG_BUF_INIT;

		dig_path_quote(&name, entry->path, entry->path_len, true);
		st = dig_raise(err, DIG_ECORRUPT,
		    "%s is a file and a folder, or lies below a file",
		    (const char *)name.data);
		dig_buf_clear(&name);
	}
	return st;
}

static enum dig_status
check_difference(void *arg, const struct dig_entry *old,
    const struct dig_entry *now, struct dig_error *err)
{
	struct step *step = arg;
	enum dig_status st = DIG_OK;

	if (now == NULL)
		return DIG_OK;
	if (old == NULL && ++step->nadded <= FEW)
		st = check_new_path(step, now, err);
	if (st == DIG_OK && step->checks != NULL && step->checks->entry != NULL)
		st = step->checks->entry(step->checks->arg, now, err);
	return st;
}

enum dig_status
dig_tree_check_step(const struct dig_node_io *io, const struct dig_oid *base,
    const struct dig_oid *root, struct dig_tree_known *known,
    const struct dig_tree_checks *checks, struct dig_error *err)
{
	struct step step = { io, root, checks, 0 };
	enum dig_status st;

	if (base == NULL)
		return check_tree(io, root, known, false, checks, err);
	st = check_tree(io, root, known, true, NULL, err);
	if (st == DIG_OK)
		st =
		    dig_tree_diff(io, base, root, check_difference, &step, err);
	if (st == DIG_OK && step.nadded > FEW)
		st = check_tree(io, root, NULL, false, NULL, err);
	return st;
}

enum dig_status
dig_tree_node_id(
    const void *data, size_t len, struct dig_oid *out, struct dig_error *err)
{
	struct dig_tree_node *node = dig_alloc(sizeof(*node));
	enum dig_status st = dig_tree_decode(data, len, NULL, node, err);

	if (st == DIG_OK)
		*out = node->id;
	free(node);
	return st;
}
