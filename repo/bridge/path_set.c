/* SPDX-License-Identifier: MIT
 *
 * Persistent treaps: the way down to a change is copied, the rest is shared.
 * The seed keeps chosen paths from making them deep.
 */
#include "repo/bridge/path_set.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "merkle/merkle.h"
#include "objects/base/buf.h"
#include "objects/base/io.h"

struct dig_path_set {
	const struct dig_path_set *left;
	const struct dig_path_set *right;
	struct dig_path_set *made_before; /* all are freed at the end */
	const char *path;
	char *own; /* the path, in the node that it was made for; else NULL */
	size_t len;
	uint64_t order; /* the highest is the root */
};

struct dig_path_sets {
	struct dig_path_set *last;
	uint64_t seed;
};

struct dig_path_sets *
dig_path_sets_new(void)
{
	struct dig_path_sets *sets = dig_calloc(1, sizeof(*sets));

	sets->seed = (uint64_t)dig_now_ns() ^ (uint64_t)(uintptr_t)sets;
	return sets;
}

void
dig_path_sets_free(struct dig_path_sets *sets)
{
	while (sets != NULL && sets->last != NULL) {
		struct dig_path_set *node = sets->last;

		sets->last = node->made_before;
		free(node->own);
		free(node);
	}
	free(sets);
}

/* A copy of a node, or a new one, with these below. */
static const struct dig_path_set *
make(struct dig_path_sets *sets, const struct dig_path_set *like,
    const struct dig_path_set *left, const struct dig_path_set *right)
{
	struct dig_path_set *node = dig_alloc(sizeof(*node));

	*node = *like;
	node->own = NULL;
	node->left = left;
	node->right = right;
	node->made_before = sets->last;
	sets->last = node;
	return node;
}

static int
compare(const void *path, size_t len, const struct dig_path_set *node)
{
	int order = memcmp(path, node->path, len < node->len ? len : node->len);

	return order != 0 ? order : (len > node->len) - (len < node->len);
}

static bool
is_above(const struct dig_path_set *a, const struct dig_path_set *b)
{
	if (a->order != b->order)
		return a->order > b->order;
	return compare(a->path, a->len, b) < 0;
}

bool
dig_path_set_has(const struct dig_path_set *set, const void *path, size_t len)
{
	while (set != NULL) {
		int order = compare(path, len, set);

		if (order == 0)
			return true;
		set = order < 0 ? set->left : set->right;
	}
	return false;
}

/* What stands before a path that the set does not have, and what behind. */
static void
split(struct dig_path_sets *sets, const struct dig_path_set *set,
    const struct dig_path_set *at, const struct dig_path_set **before,
    const struct dig_path_set **behind)
{
	const struct dig_path_set *part;

	if (set == NULL) {
		*before = *behind = NULL;
	} else if (compare(at->path, at->len, set) < 0) {
		split(sets, set->left, at, before, &part);
		*behind = make(sets, set, part, set->right);
	} else {
		split(sets, set->right, at, &part, behind);
		*before = make(sets, set, set->left, part);
	}
}

static const struct dig_path_set *
join(struct dig_path_sets *sets, const struct dig_path_set *before,
    const struct dig_path_set *behind)
{
	if (before == NULL)
		return behind;
	if (behind == NULL)
		return before;
	if (is_above(before, behind))
		return make(sets, before, before->left,
		    join(sets, before->right, behind));
	return make(
	    sets, behind, join(sets, before, behind->left), behind->right);
}

static const struct dig_path_set *
add(struct dig_path_sets *sets, const struct dig_path_set *set,
    const struct dig_path_set *one)
{
	const struct dig_path_set *before, *behind;

	if (set == NULL || is_above(one, set)) {
		split(sets, set, one, &before, &behind);
		return make(sets, one, before, behind);
	}
	return compare(one->path, one->len, set) < 0
		   ? make(sets, set, add(sets, set->left, one), set->right)
		   : make(sets, set, set->left, add(sets, set->right, one));
}

const struct dig_path_set *
dig_path_set_add(struct dig_path_sets *sets, const struct dig_path_set *set,
    const void *path, size_t len)
{
	struct dig_path_set *one;
	uint8_t hash[DIG_HASH_SIZE];

	if (dig_path_set_has(set, path, len))
		return set;
	one = dig_calloc(1, sizeof(*one));
	dig_sha256(path, len, hash);
	memcpy(&one->order, hash, sizeof(one->order));
	one->order = (one->order ^ sets->seed) * UINT64_C(0x9E3779B97F4A7C15);
	one->order ^= one->order >> 32;
	one->own = dig_memdup0(path, len);
	one->path = one->own;
	one->len = len;
	one->made_before = sets->last;
	sets->last = one;
	return add(sets, set, one);
}

const struct dig_path_set *
dig_path_set_remove(struct dig_path_sets *sets, const struct dig_path_set *set,
    const void *path, size_t len)
{
	int order;

	if (!dig_path_set_has(set, path, len))
		return set;
	order = compare(path, len, set);
	if (order == 0)
		return join(sets, set->left, set->right);
	if (order < 0)
		return make(sets, set,
		    dig_path_set_remove(sets, set->left, path, len),
		    set->right);
	return make(sets, set, set->left,
	    dig_path_set_remove(sets, set->right, path, len));
}

enum dig_status
dig_path_set_diff(struct dig_path_sets *sets, const struct dig_path_set *a,
    const struct dig_path_set *b, dig_path_set_fn *fn, void *arg,
    struct dig_error *err)
{
	const struct dig_path_set *before, *behind, *other;
	enum dig_status st = DIG_OK;

	if (a == b)
		return DIG_OK;
	/* The higher of the two roots is in a; both are equal or it is not in
	 * b. */
	if (a == NULL || (b != NULL && is_above(b, a))) {
		other = a;
		a = b;
		b = other;
	}
	if (b != NULL && compare(a->path, a->len, b) == 0) {
		before = b->left;
		behind = b->right;
	} else {
		split(sets, b, a, &before, &behind);
		st = fn(arg, a->path, a->len, err);
	}
	if (st == DIG_OK)
		st = dig_path_set_diff(sets, a->left, before, fn, arg, err);
	if (st == DIG_OK)
		st = dig_path_set_diff(sets, a->right, behind, fn, arg, err);
	return st;
}
