/* SPDX-License-Identifier: MIT
 *
 * Listing the files of a tree, with every path checked before the first of
 * them is written anywhere.
 */
#include "repo/selection.h"

#include <stdlib.h>
#include <string.h>

#include "repo/select.h"

struct collecting {
	struct dig_repo *repo;
	struct dig_selected *out;
	const char *prefix;
	size_t prefix_len;
};

void
dig_selected_clear(struct dig_selected *selected)
{
	for (size_t i = 0; i < selected->n; i++)
		free((void *)(uintptr_t)selected->entries[i].path);
	free(selected->entries);
	memset(selected, 0, sizeof(*selected));
}

static enum dig_status
bad_path(const struct dig_entry *entry, const char *bad, enum dig_status st,
    struct dig_error *err)
{
	struct dig_buf shown = DIG_BUF_INIT;

	dig_path_quote(&shown, entry->path, entry->path_len, true);
	st = dig_raise(err, st,
	    st == DIG_ECORRUPT ? "the tree has a path that %s: %s"
			       : "with the prefix a path %s: %s",
	    bad, (char *)shown.data);
	dig_buf_clear(&shown);
	return st;
}

static enum dig_status
collect(void *arg, const struct dig_entry *entry, struct dig_error *err)
{
	struct collecting *c = arg;
	struct dig_selected *all = c->out;
	const char *bad = dig_path_check(entry->path, entry->path_len);
	struct dig_entry *copy;
	char *path;
	size_t len;

	if (bad != NULL)
		return bad_path(entry, bad, DIG_ECORRUPT, err);
	if (entry->kind == DIG_ENTRY_LINK) {
		struct dig_buf shown = DIG_BUF_INIT;

		dig_path_quote(&shown, entry->path, entry->path_len, true);
		dig_repo_warn(c->repo,
		    "%s: names a foreign commit and is left out",
		    (char *)shown.data);
		dig_buf_clear(&shown);
		all->skipped_links++;
		return DIG_OK;
	}
	len = c->prefix_len + entry->path_len;
	path = dig_alloc(len + 1);
	if (c->prefix_len > 0)
		memcpy(path, c->prefix, c->prefix_len);
	memcpy(path + c->prefix_len, entry->path, entry->path_len);
	path[len] = '\0';
	DIG_GROW(all->entries, all->cap, all->n + 1);
	copy = &all->entries[all->n++];
	*copy = *entry;
	copy->path = (const uint8_t *)path;
	copy->path_len = len;
	bad = c->prefix_len > 0 ? dig_path_check(path, len) : NULL;
	return bad != NULL ? bad_path(copy, bad, DIG_EINVALID, err) : DIG_OK;
}

static enum dig_status
check_nesting(const struct dig_selected *all, struct dig_error *err)
{
	struct dig_nesting nesting = { NULL, 0, 0 };
	enum dig_status st = DIG_OK;

	for (size_t i = 0; i < all->n && st == DIG_OK; i++)
		if (!dig_nesting_next(&nesting, &all->entries[i]))
			st = dig_raise(err, DIG_ECORRUPT,
			    "the tree has a file that is a folder, too, of "
			    "%.300s",
			    (const char *)all->entries[i].path);
	dig_nesting_clear(&nesting);
	return st;
}

enum dig_status
dig_selection_collect(struct dig_repo *repo, const struct dig_oid *tree,
    const struct dig_selection *what, struct dig_selected *out,
    struct dig_error *err)
{
	struct dig_node_io io = dig_reader_io(dig_index_reader(repo->index));
	struct collecting c = { repo, out, what->prefix, 0 };
	struct dig_pathspec *spec = NULL;
	enum dig_status st = DIG_OK;

	if (what->prefix != NULL)
		c.prefix_len = strlen(what->prefix);
	if (what->npaths > 0)
		st = dig_select_spec(
		    repo, what->paths, what->npaths, &spec, err);
	if (st == DIG_OK)
		st = dig_select(&io, tree, spec, collect, &c, err);
	if (st == DIG_OK && spec != NULL)
		st = dig_select_all_matched(spec, err);
	if (st == DIG_OK)
		st = check_nesting(out, err);
	dig_pathspec_free(spec);
	return st;
}
