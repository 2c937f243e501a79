/* SPDX-License-Identifier: MIT
 *
 * Finding names of a tree that a folding file system cannot tell apart.
 */
#include "repo/fold.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "objects/base/io.h"
#include "objects/base/path.h"

/* Both spellings lead to one file. */
static bool
is_folded(int dirfd, const char *name)
{
	struct dig_stat sb, other_sb;
	char other[DIG_NAME_MAX + 1];
	size_t i;

	for (i = 0; name[i] != '\0' && i < DIG_NAME_MAX; i++)
		other[i] = name[i] >= 'a' && name[i] <= 'z'
			       ? (char)(name[i] - 'a' + 'A')
			       : name[i];
	other[i] = '\0';
	return strcmp(name, other) != 0 && dig_stat_at(dirfd, name, &sb) == 0 &&
	       dig_stat_at(dirfd, other, &other_sb) == 0 &&
	       sb.ino == other_sb.ino && sb.dev == other_sb.dev;
}

enum dig_status
dig_fold_probe(int dirfd, const char *name, bool *folds, struct dig_error *err)
{
	char own[40];
	uint64_t salt;
	int fd, rc;

	if (name != NULL) {
		*folds = is_folded(dirfd, name);
		return DIG_OK;
	}
	dig_random(&salt, sizeof(salt));
	snprintf(own, sizeof(own), ".dig-probe.%llx", (unsigned long long)salt);
	fd = dig_open_at(dirfd, own,
	    DIG_OPEN_WRITE | DIG_OPEN_CREATE | DIG_OPEN_EXCL |
		DIG_OPEN_PRIVATE);
	if (fd < 0)
		return dig_raise_os(
		    err, DIG_EFILE, -fd, "writing into the folder");
	dig_close(fd);
	*folds = is_folded(dirfd, own);
	rc = dig_unlink_at(dirfd, own);
	if (rc != 0)
		return dig_raise_os(
		    err, DIG_EFILE, rc, "writing into the folder");
	return DIG_OK;
}

void
dig_fold_name(const void *name, size_t len, struct dig_buf *out)
{
	const uint8_t *bytes = name;

	for (size_t i = 0; i < len; i++)
		dig_buf_putc(out, bytes[i] >= 'A' && bytes[i] <= 'Z'
				      ? (uint8_t)(bytes[i] + 32)
				      : bytes[i]);
}

/* A path, or the path of a folder, and what it folds to; NUL-terminated. */
struct spelling {
	char *path;
	char *folded;
};

struct spellings {
	struct spelling *at;
	size_t n;
	size_t cap;
};

static int
compare(const void *a, const void *b)
{
	const struct spelling *x = a;
	const struct spelling *y = b;

	return strcmp(x->folded, y->folded);
}

/* Every path once, with the folders above it that the one before had not. */
static void
add_paths(struct spellings *all, const struct dig_entry *entry,
    const struct dig_buf *last, dig_fold_fn *fold)
{
	const char *path = (const char *)entry->path;
	size_t shared = 0;

	while (shared < last->len && shared < entry->path_len &&
	       last->data[shared] == entry->path[shared])
		shared++;
	for (size_t i = shared; i <= entry->path_len; i++) {
		struct dig_buf folded = DIG_BUF_INIT;

		if (i < entry->path_len && path[i] != '/')
			continue;
		fold(path, i, &folded);
		dig_buf_putc(&folded, '\0');
		DIG_GROW(all->at, all->cap, all->n + 1);
		all->at[all->n].path = dig_memdup0(path, i);
		all->at[all->n++].folded = dig_buf_detach(&folded);
	}
}

static enum dig_status
find_collision(struct spellings *all, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	qsort(all->at, all->n, sizeof(*all->at), compare);
	for (size_t i = 1; i < all->n && st == DIG_OK; i++) {
		const struct spelling *a = &all->at[i - 1];
		const struct spelling *b = &all->at[i];

		if (strcmp(a->folded, b->folded) == 0 &&
		    strcmp(a->path, b->path) != 0)
			st = dig_raise(err, DIG_EINVALID,
			    "%.150s and %.150s may be one file on this file "
			    "system",
			    a->path, b->path);
	}
	if (st != DIG_OK)
		dig_hint(err, "nothing was written; use a file system that "
			      "tells names apart");
	return st;
}

enum dig_status
dig_fold_check(const struct dig_node_io *io, const struct dig_oid *root,
    dig_fold_fn *fold, struct dig_error *err)
{
	struct dig_tree_iter *iter = NULL;
	struct dig_buf last = DIG_BUF_INIT;
	struct spellings all = { NULL, 0, 0 };
	const struct dig_entry *entry;
	enum dig_status st;

	st = dig_tree_iter_new(io, root, &iter, err);
	while (st == DIG_OK) {
		st = dig_tree_iter_next(iter, &entry, err);
		if (st != DIG_OK || entry == NULL)
			break;
		add_paths(&all, entry, &last, fold);
		dig_buf_reset(&last);
		dig_buf_put(&last, entry->path, entry->path_len);
	}
	if (st == DIG_OK)
		st = find_collision(&all, err);
	for (size_t i = 0; i < all.n; i++) {
		free(all.at[i].path);
		free(all.at[i].folded);
	}
	free(all.at);
	dig_buf_clear(&last);
	dig_tree_iter_free(iter);
	return st;
}
