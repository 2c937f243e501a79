/* SPDX-License-Identifier: MIT
 *
 * Edits as a treap by path: a binary tree whose nodes have random priorities,
 * so that no order of paths makes it deep. A removal stays in it as a mark over
 * the stored tree.
 *
 * Source: Seidel and Aragon, Randomized search trees, 1996.
 */
#include "repo/bridge/edits.h"

#include <stdlib.h>
#include <string.h>

#include "objects/base/io.h"
#include "objects/base/path.h"

struct node {
	struct node *left;
	struct node *right;
	struct node *older; /* made before it, for freeing */
	uint64_t priority;
	struct dig_tree_edit edit;
	uint8_t path[];
};

struct dig_edits {
	struct dig_node_io io;
	dig_edits_bad_fn *bad;
	void *bad_arg;
	struct dig_oid base;
	struct dig_oid empty;
	struct dig_tree_iter *iter; /* over base, made at first need */
	struct node *root;
	struct node *newest;
	size_t count;
	uint64_t random;
	struct dig_buf folder; /* known to be one, or nothing */
};

struct dig_edits *
dig_edits_new(const struct dig_node_io *io, dig_edits_bad_fn *bad, void *arg)
{
	struct dig_edits *edits = dig_calloc(1, sizeof(*edits));

	edits->io = *io;
	edits->bad = bad;
	edits->bad_arg = arg;
	dig_random(&edits->random, sizeof(edits->random));
	edits->random |= 1;
	dig_tree_empty(&edits->empty);
	edits->base = edits->empty;
	return edits;
}

static void
forget(struct dig_edits *edits)
{
	while (edits->newest != NULL) {
		struct node *older = edits->newest->older;

		free(edits->newest);
		edits->newest = older;
	}
	edits->root = NULL;
	edits->count = 0;
	dig_tree_iter_free(edits->iter);
	edits->iter = NULL;
	dig_buf_reset(&edits->folder);
}

void
dig_edits_free(struct dig_edits *edits)
{
	if (edits == NULL)
		return;
	forget(edits);
	dig_buf_clear(&edits->folder);
	free(edits);
}

void
dig_edits_begin(struct dig_edits *edits, const struct dig_oid *root)
{
	forget(edits);
	edits->base = *root;
}

/* ---- The treap -------------------------------------------------------- */

static int
cmp(const void *path, size_t len, const struct node *node)
{
	return dig_path_cmp(path, len, node->path, node->edit.entry.path_len);
}

static struct node *
lookup(const struct dig_edits *edits, const void *path, size_t len)
{
	struct node *node = edits->root;

	while (node != NULL) {
		int order = cmp(path, len, node);

		if (order == 0)
			break;
		node = order < 0 ? node->left : node->right;
	}
	return node;
}

/* The first at or behind a path. */
static struct node *
lower(const struct dig_edits *edits, const void *path, size_t len)
{
	struct node *node = edits->root, *best = NULL;

	while (node != NULL) {
		if (cmp(path, len, node) <= 0) {
			best = node;
			node = node->left;
		} else {
			node = node->right;
		}
	}
	return best;
}

/* The first behind one. */
static struct node *
next_of(const struct dig_edits *edits, const struct node *after)
{
	struct node *node = edits->root, *best = NULL;

	while (node != NULL) {
		if (cmp(after->path, after->edit.entry.path_len, node) < 0) {
			best = node;
			node = node->left;
		} else {
			node = node->right;
		}
	}
	return best;
}

static uint64_t
next_random(struct dig_edits *edits)
{
	edits->random ^= edits->random << 13;
	edits->random ^= edits->random >> 7;
	edits->random ^= edits->random << 17;
	return edits->random;
}

/* Part a treap: what is before `node` and what is behind it. */
static void
split(struct node *tree, const struct node *node, struct node **before,
    struct node **behind)
{
	while (tree != NULL) {
		if (cmp(node->path, node->edit.entry.path_len, tree) > 0) {
			*before = tree;
			before = &tree->right;
			tree = tree->right;
		} else {
			*behind = tree;
			behind = &tree->left;
			tree = tree->left;
		}
	}
	*before = NULL;
	*behind = NULL;
}

/* The node of a path, made if it is not there. NULL: too many. */
static struct node *
node_for(struct dig_edits *edits, const void *path, size_t len)
{
	struct node *node = lookup(edits, path, len);
	struct node **at = &edits->root;

	if (node != NULL)
		return node;
	if (edits->count == DIG_EDITS_MAX)
		return NULL;
	node = dig_calloc(1, sizeof(*node) + len + 1);
	memcpy(node->path, path, len);
	node->edit.entry.path = node->path;
	node->edit.entry.path_len = len;
	node->priority = next_random(edits);
	node->older = edits->newest;
	edits->newest = node;
	edits->count++;
	while (*at != NULL && (*at)->priority >= node->priority)
		at = cmp(path, len, *at) < 0 ? &(*at)->left : &(*at)->right;
	split(*at, node, &node->left, &node->right);
	*at = node;
	return node;
}

static enum dig_status
too_many(struct dig_error *err)
{
	return dig_raise(err, DIG_EINVALID,
	    "a commit of the stream changes more than %zu paths",
	    DIG_EDITS_MAX);
}

/* ---- Looking ---------------------------------------------------------- */

/* The first entry of the base at or behind a path; NULL: none. */
static enum dig_status
base_from(struct dig_edits *edits, const void *path, size_t len,
    const struct dig_entry **out, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	*out = NULL;
	if (dig_oid_eq(&edits->base, &edits->empty))
		return DIG_OK;
	if (edits->iter == NULL)
		st = dig_tree_iter_new(
		    &edits->io, &edits->base, &edits->iter, err);
	if (st == DIG_OK)
		st = dig_tree_iter_seek(edits->iter, path, len, err);
	if (st == DIG_OK)
		st = dig_tree_iter_next(edits->iter, out, err);
	return st;
}

enum dig_status
dig_edits_find(struct dig_edits *edits, const void *path, size_t len,
    struct dig_entry *out, bool *found, struct dig_error *err)
{
	const struct node *node = lookup(edits, path, len);
	const struct dig_entry *entry;
	enum dig_status st = DIG_OK;

	if (node != NULL) {
		*found = !node->edit.remove;
		*out = node->edit.entry;
	} else {
		st = base_from(edits, path, len, &entry, err);
		*found =
		    st == DIG_OK && entry != NULL &&
		    dig_path_cmp(entry->path, entry->path_len, path, len) == 0;
		if (*found)
			*out = *entry;
	}
	out->path = path;
	out->path_len = len;
	return st;
}

/* ---- Changing --------------------------------------------------------- */

static enum dig_status
mark_removed(struct dig_edits *edits, const void *path, size_t len,
    struct dig_error *err)
{
	struct node *node = node_for(edits, path, len);

	if (node == NULL)
		return too_many(err);
	node->edit.remove = true;
	return DIG_OK;
}

/* Everything below a folder (no slash at the end; "" is the root), in order:
 * of the base what no edit speaks of, then the edits that put something. */
typedef enum dig_status below_fn(struct dig_edits *edits, void *arg,
    const struct dig_entry *entry, struct dig_error *err);

static enum dig_status
each_below(struct dig_edits *edits, const struct dig_buf *folder, below_fn *fn,
    void *arg, struct dig_error *err)
{
	const struct dig_entry *entry;
	struct dig_entry copy;
	struct dig_buf path = DIG_BUF_INIT;
	enum dig_status st;
	struct node *node;

	st = base_from(edits, folder->data, folder->len, &entry, err);
	while (st == DIG_OK && entry != NULL && entry->path_len > folder->len &&
	       memcmp(entry->path, folder->data, folder->len) == 0) {
		dig_buf_reset(&path);
		dig_buf_put(&path, entry->path, entry->path_len);
		copy = *entry;
		copy.path = path.data;
		if (lookup(edits, path.data, path.len) == NULL)
			st = fn(edits, arg, &copy, err);
		if (st == DIG_OK)
			st = dig_tree_iter_next(edits->iter, &entry, err);
	}
	for (node = lower(edits, folder->data, folder->len);
	     st == DIG_OK && node != NULL &&
	     node->edit.entry.path_len > folder->len &&
	     memcmp(node->path, folder->data, folder->len) == 0;
	     node = next_of(edits, node))
		if (!node->edit.remove)
			st = fn(edits, arg, &node->edit.entry, err);
	dig_buf_clear(&path);
	return st;
}

/* "a" -> "a/", "" -> "". */
static void
folder_of(struct dig_buf *out, const void *path, size_t len)
{
	dig_buf_reset(out);
	dig_buf_reserve(out, len + 1);
	dig_buf_put(out, path, len);
	if (len > 0)
		dig_buf_putc(out, '/');
}

static enum dig_status
remove_one(struct dig_edits *edits, void *arg, const struct dig_entry *entry,
    struct dig_error *err)
{
	(void)arg;
	return mark_removed(edits, entry->path, entry->path_len, err);
}

static enum dig_status
remove_below(struct dig_edits *edits, const void *path, size_t len,
    struct dig_error *err)
{
	struct dig_buf folder = DIG_BUF_INIT;
	enum dig_status st;

	folder_of(&folder, path, len);
	st = each_below(edits, &folder, remove_one, NULL, err);
	dig_buf_clear(&folder);
	return st;
}

enum dig_status
dig_edits_remove(struct dig_edits *edits, const void *path, size_t len,
    struct dig_error *err)
{
	struct dig_entry entry;
	enum dig_status st;
	bool found;

	dig_buf_reset(&edits->folder);
	if (len == 0) {
		forget(edits);
		edits->base = edits->empty;
		return DIG_OK;
	}
	st = dig_edits_find(edits, path, len, &entry, &found, err);
	/* git fast-export tells of a file that became a folder in this order:
	 * "M a/b", "D a". The file is gone by then, and a/b stays. */
	if (st != DIG_OK || (!found && lookup(edits, path, len) != NULL))
		return st;
	return found ? mark_removed(edits, path, len, err)
		     : remove_below(edits, path, len, err);
}

/* Files that stand where folders of the path have to be. */
static enum dig_status
clear_way(struct dig_edits *edits, const uint8_t *path, size_t len,
    struct dig_error *err)
{
	enum dig_status st = DIG_OK;
	struct dig_entry entry;
	size_t last = 0;
	bool found;

	for (size_t i = len; i > 0 && last == 0; i--)
		if (path[i - 1] == '/')
			last = i;
	if (last == 0 || (edits->folder.len == last &&
			     memcmp(edits->folder.data, path, last) == 0))
		return DIG_OK;
	for (size_t i = 1; st == DIG_OK && i < last; i++) {
		if (path[i] != '/')
			continue;
		st = dig_edits_find(edits, path, i, &entry, &found, err);
		if (st == DIG_OK && found)
			st = mark_removed(edits, path, i, err);
	}
	dig_buf_reset(&edits->folder);
	if (st == DIG_OK)
		dig_buf_put(&edits->folder, path, last);
	return st;
}

enum dig_status
dig_edits_put(struct dig_edits *edits, const struct dig_entry *entry,
    struct dig_error *err)
{
	const uint8_t *path = entry->path;
	size_t len = entry->path_len;
	const char *flaw = dig_path_check(path, len);
	enum dig_status st;
	struct dig_entry old;
	struct node *node;
	bool found;

	if (flaw != NULL)
		return edits->bad(edits->bad_arg, path, len, flaw, err);
	st = dig_edits_find(edits, path, len, &old, &found, err);
	if (st == DIG_OK && !found) {
		st = clear_way(edits, path, len, err);
		if (st == DIG_OK)
			st = remove_below(edits, path, len, err);
	}
	if (st != DIG_OK)
		return st;
	node = node_for(edits, path, len);
	if (node == NULL)
		return too_many(err);
	node->edit.remove = false;
	node->edit.entry = *entry;
	node->edit.entry.path = node->path;
	/* A file may be what was taken for a folder. */
	if (edits->folder.len > len &&
	    memcmp(edits->folder.data, path, len) == 0)
		dig_buf_reset(&edits->folder);
	return DIG_OK;
}

/* Entries on the way to another name; paths follow each other in `paths`. */
struct copies {
	struct dig_entry *at;
	size_t count;
	size_t cap;
	struct dig_buf paths;
};

static enum dig_status
copy_one(struct dig_edits *edits, void *arg, const struct dig_entry *entry,
    struct dig_error *err)
{
	struct copies *copies = arg;

	(void)edits;
	if (copies->count == DIG_EDITS_MAX)
		return too_many(err);
	DIG_GROW(copies->at, copies->cap, copies->count + 1);
	copies->at[copies->count] = *entry;
	copies->at[copies->count++].path = NULL; /* the memory moves */
	dig_buf_put(&copies->paths, entry->path, entry->path_len);
	return DIG_OK;
}

static enum dig_status
put_copies(struct dig_edits *edits, const struct copies *copies,
    size_t from_len, const void *to, size_t to_len, struct dig_error *err)
{
	const uint8_t *old = copies->paths.data;
	struct dig_buf path = DIG_BUF_INIT;
	enum dig_status st = DIG_OK;

	for (size_t i = 0; st == DIG_OK && i < copies->count; i++) {
		struct dig_entry entry = copies->at[i];
		size_t rest = entry.path_len - from_len;

		/* To or from the root a slash comes or goes. */
		dig_buf_reset(&path);
		dig_buf_reserve(&path, 1);
		dig_buf_put(&path, to, to_len);
		if (rest > 0 && from_len == 0 && to_len > 0)
			dig_buf_putc(&path, '/');
		if (rest > 0 && from_len > 0 && to_len == 0)
			dig_buf_put(&path, old + from_len + 1, rest - 1);
		else
			dig_buf_put(&path, old + from_len, rest);
		old += entry.path_len;
		entry.path = path.data;
		entry.path_len = path.len;
		st = dig_edits_put(edits, &entry, err);
	}
	dig_buf_clear(&path);
	return st;
}

enum dig_status
dig_edits_copy(struct dig_edits *edits, const void *from, size_t from_len,
    const void *to, size_t to_len, bool move, struct dig_error *err)
{
	struct copies copies = { NULL, 0, 0, DIG_BUF_INIT };
	struct dig_buf folder = DIG_BUF_INIT;
	struct dig_entry entry;
	enum dig_status st;
	bool found = false;

	if (from_len > 0)
		st = dig_edits_find(edits, from, from_len, &entry, &found, err);
	else
		st = DIG_OK;
	folder_of(&folder, from, from_len);
	if (st == DIG_OK && found)
		st = copy_one(edits, &copies, &entry, err);
	else if (st == DIG_OK)
		st = each_below(edits, &folder, copy_one, &copies, err);
	if (st == DIG_OK && copies.count == 0)
		st = dig_raise(err, DIG_ENOTFOUND, "nothing to copy");
	if (st == DIG_OK && move)
		st = dig_edits_remove(edits, from, from_len, err);
	if (st == DIG_OK)
		st = dig_edits_remove(edits, to, to_len, err);
	if (st == DIG_OK)
		st = put_copies(edits, &copies, from_len, to, to_len, err);
	free(copies.at);
	dig_buf_clear(&copies.paths);
	dig_buf_clear(&folder);
	return st;
}

/* ---- The result ------------------------------------------------------- */

enum dig_status
dig_edits_apply(
    struct dig_edits *edits, struct dig_oid *out, struct dig_error *err)
{
	struct dig_tree_edit *list;
	enum dig_status st;
	size_t count = 0;

	if (edits->count == 0) {
		*out = edits->base;
		return DIG_OK;
	}
	list = dig_calloc(edits->count, sizeof(*list));
	for (struct node *node = lower(edits, "", 0); node != NULL;
	     node = next_of(edits, node))
		list[count++] = node->edit;
	st = dig_tree_apply(&edits->io, &edits->base, list, count, out, err);
	free(list);
	return st;
}
