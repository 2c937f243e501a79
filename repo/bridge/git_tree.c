/* SPDX-License-Identifier: MIT
 *
 * Folders as sorted arrays, in git's order: a folder's name counts as if it
 * ended with a slash.
 */
#include "repo/bridge/git_tree.h"

#include <stdlib.h>
#include <string.h>

#include "merkle/git_hash.h"
#include "objects/base/buf.h"

#define ID_MAX 32
#define MODE_FOLDER 040000

struct folder;

struct entry {
	char *name;
	size_t len;
	uint32_t mode;
	struct folder *folder; /* NULL: a file */
	uint8_t id[ID_MAX];
};

struct folder {
	struct entry *entries;
	size_t count;
	size_t cap;
	bool changed; /* its id is not known */
};

struct dig_git_tree {
	size_t id_size;
	struct folder root;
	uint8_t root_id[ID_MAX];
	struct dig_buf bytes;
};

struct dig_git_tree *
dig_git_tree_new(size_t id_size)
{
	struct dig_git_tree *tree = dig_calloc(1, sizeof(*tree));

	tree->id_size = id_size;
	tree->root.changed = true;
	return tree;
}

static void
clear_entry(struct entry *entry)
{
	free(entry->name);
	free(entry->folder);
}

static void
clear_folder(struct folder *folder)
{
	for (size_t i = 0; i < folder->count; i++) {
		if (folder->entries[i].folder != NULL)
			clear_folder(folder->entries[i].folder);
		clear_entry(&folder->entries[i]);
	}
	free(folder->entries);
}

void
dig_git_tree_free(struct dig_git_tree *tree)
{
	if (tree == NULL)
		return;
	clear_folder(&tree->root);
	dig_buf_clear(&tree->bytes);
	free(tree);
}

static int
compare(const char *name, size_t len, bool is_folder, const struct entry *with)
{
	size_t least = len < with->len ? len : with->len;
	int order = memcmp(name, with->name, least);
	int a, b;

	if (order != 0)
		return order;
	a = len > least ? (uint8_t)name[least] : is_folder ? '/' : 0;
	b = with->len > least      ? (uint8_t)with->name[least]
	    : with->folder != NULL ? '/'
				   : 0;
	if (a != b)
		return a - b;
	return len < with->len ? -1 : len > with->len;
}

/* Where a name is, or would be. */
static size_t
position(const struct folder *folder, const char *name, size_t len,
    bool is_folder, bool *found)
{
	size_t low = 0, high = folder->count;

	*found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order =
		    compare(name, len, is_folder, &folder->entries[middle]);

		if (order == 0) {
			*found = true;
			return middle;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* The entry of a name, made if it is not there. */
static struct entry *
entry_for(struct folder *folder, const char *name, size_t len, bool is_folder)
{
	struct entry *entry;
	bool found;
	size_t at = position(folder, name, len, is_folder, &found);

	folder->changed = true;
	if (found)
		return &folder->entries[at];
	DIG_GROW(folder->entries, folder->cap, folder->count + 1);
	entry = &folder->entries[at];
	memmove(entry + 1, entry, (folder->count - at) * sizeof(*entry));
	folder->count++;
	memset(entry, 0, sizeof(*entry));
	entry->name = dig_memdup0(name, len);
	entry->len = len;
	if (is_folder) {
		entry->mode = MODE_FOLDER;
		entry->folder = dig_calloc(1, sizeof(*entry->folder));
	}
	return entry;
}

void
dig_git_tree_put(struct dig_git_tree *tree, const void *path, size_t len,
    uint32_t mode, const uint8_t *id)
{
	struct folder *folder = &tree->root;
	const char *name = path, *end = name + len;
	struct entry *entry;
	const char *slash;

	while ((slash = memchr(name, '/', (size_t)(end - name))) != NULL) {
		folder = entry_for(folder, name, (size_t)(slash - name), true)
			     ->folder;
		name = slash + 1;
	}
	entry = entry_for(folder, name, (size_t)(end - name), false);
	entry->mode = mode;
	memcpy(entry->id, id, tree->id_size);
}

static void
remove_from(struct folder *folder, const char *name, const char *end)
{
	const char *slash = memchr(name, '/', (size_t)(end - name));
	size_t len = (size_t)((slash != NULL ? slash : end) - name);
	bool found;
	size_t at = position(folder, name, len, slash != NULL, &found);
	struct entry *entry;

	if (!found)
		return;
	folder->changed = true;
	entry = &folder->entries[at];
	if (slash != NULL) {
		remove_from(entry->folder, slash + 1, end);
		if (entry->folder->count > 0)
			return;
		clear_folder(entry->folder);
	}
	clear_entry(entry);
	folder->count--;
	memmove(entry, entry + 1, (folder->count - at) * sizeof(*entry));
}

void
dig_git_tree_remove(struct dig_git_tree *tree, const void *path, size_t len)
{
	const char *name = path;

	remove_from(&tree->root, name, name + len);
}

static void
hash_folder(struct dig_git_tree *tree, struct folder *folder, uint8_t *out)
{
	struct dig_git_hash hash;

	for (size_t i = 0; i < folder->count; i++) {
		struct entry *entry = &folder->entries[i];

		if (entry->folder != NULL && entry->folder->changed)
			hash_folder(tree, entry->folder, entry->id);
	}
	dig_buf_reset(&tree->bytes);
	for (size_t i = 0; i < folder->count; i++) {
		const struct entry *entry = &folder->entries[i];

		dig_buf_printf(&tree->bytes, "%o ", (unsigned)entry->mode);
		dig_buf_put(&tree->bytes, entry->name, entry->len + 1);
		dig_buf_put(&tree->bytes, entry->id, tree->id_size);
	}
	dig_git_hash_init(&hash, tree->id_size, "tree", tree->bytes.len);
	dig_git_hash_add(&hash, tree->bytes.data, tree->bytes.len);
	dig_git_hash_end(&hash, out);
	folder->changed = false;
}

void
dig_git_tree_id(struct dig_git_tree *tree, uint8_t *out)
{
	if (tree->root.changed)
		hash_folder(tree, &tree->root, tree->root_id);
	memcpy(out, tree->root_id, tree->id_size);
}
