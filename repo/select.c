/* SPDX-License-Identifier: MIT
 *
 * Pathspecs over trees.
 */
#include "repo/select.h"

#include <stdlib.h>
#include <string.h>

bool
dig_select_is_past(const struct dig_entry *entry, const char *dir, size_t len)
{
	if (len == 0 ||
	    dig_path_is_under(entry->path, entry->path_len, dir, len))
		return false;
	if (entry->path_len > len && memcmp(entry->path, dir, len) == 0)
		return entry->path[len] > '/';
	return dig_path_cmp(entry->path, entry->path_len, dir, len) > 0;
}

enum dig_status
dig_select(const struct dig_node_io *io, const struct dig_oid *root,
    struct dig_pathspec *spec, dig_select_fn *fn, void *arg,
    struct dig_error *err)
{
	struct dig_tree_iter *iter = NULL;
	const struct dig_entry *entry;
	const char *dir = "";
	enum dig_status st;
	size_t len = 0;

	if (spec != NULL)
		len = dig_pathspec_common_dir(spec, &dir);
	st = dig_tree_iter_new(io, root, &iter, err);
	if (st == DIG_OK && len > 0)
		st = dig_tree_iter_seek(iter, dir, len, err);
	while (st == DIG_OK) {
		st = dig_tree_iter_next(iter, &entry, err);
		if (st != DIG_OK || entry == NULL ||
		    dig_select_is_past(entry, dir, len))
			break;
		if (spec == NULL ||
		    dig_pathspec_match(spec, (const char *)entry->path,
			entry->path_len, false))
			st = fn(arg, entry, err);
	}
	dig_tree_iter_free(iter);
	return st;
}

enum dig_status
dig_select_spec(struct dig_repo *repo, const char *const *paths, size_t npaths,
    struct dig_pathspec **out, struct dig_error *err)
{
	return dig_pathspec_new(
	    paths, npaths, repo->prefix, repo->worktree, out, err);
}

enum dig_status
dig_select_all_matched(const struct dig_pathspec *spec, struct dig_error *err)
{
	for (size_t i = 0; i < dig_pathspec_count(spec); i++)
		if (!dig_pathspec_has_matched(spec, i))
			return dig_raise(err, DIG_ENOTFOUND,
			    "pathspec '%.200s' did not match any file(s) "
			    "known to dig",
			    dig_pathspec_arg(spec, i));
	return DIG_OK;
}

enum dig_status
dig_select_no_clash(const struct dig_node_io *io, const struct dig_oid *root,
    const void *path, size_t len, struct dig_error *err)
{
	const uint8_t *bytes = path;
	struct dig_entry entry;
	enum dig_status st;
	bool below;

	st = dig_tree_has_below(io, root, path, len, &below, err);
	if (st == DIG_OK && below)
		st = dig_raise(err, DIG_ECONFLICT,
		    "%.*s is a file, and there are staged files below it",
		    (int)len, (const char *)path);
	for (size_t i = 1; i < len && st == DIG_OK; i++) {
		if (bytes[i] != '/')
			continue;
		st = dig_tree_find(io, root, path, i, &entry, err);
		if (st == DIG_OK)
			return dig_raise(err, DIG_ECONFLICT,
			    "%.*s is staged as a file, and %.*s is below it",
			    (int)i, (const char *)path, (int)len,
			    (const char *)path);
		if (st == DIG_ENOTFOUND)
			st = DIG_OK;
	}
	return st;
}

bool
dig_nesting_next(struct dig_nesting *nesting, const struct dig_entry *entry)
{
	while (nesting->n > 0) {
		const struct dig_entry *last = nesting->open[nesting->n - 1];

		if (last->path_len <= entry->path_len &&
		    memcmp(last->path, entry->path, last->path_len) == 0)
			break;
		nesting->n--; /* no later path begins with it either */
	}
	for (size_t i = 0; i < nesting->n; i++)
		if (entry->path[nesting->open[i]->path_len] == '/')
			return false;
	DIG_GROW(nesting->open, nesting->cap, nesting->n + 1);
	nesting->open[nesting->n++] = entry;
	return true;
}

void
dig_nesting_clear(struct dig_nesting *nesting)
{
	free(nesting->open);
	memset(nesting, 0, sizeof(*nesting));
}
