/* SPDX-License-Identifier: MIT
 *
 * One file through its renames: a commit counts when the file differs there
 * from the first parent, and where it came with a content that went from
 * another path, that path is the file's from then on. Merges are passed over,
 * as git does it, unless only first parents are followed.
 *
 * There is one name at a time, whatever the number of lines of history.
 */
#include "repo/changes.h"
#include "repo/content.h"
#include "repo/history_internal.h"

static void
set_path(struct dig_buf *to, const void *path, size_t len)
{
	dig_buf_reset(to);
	dig_buf_put(to, path, len);
	dig_buf_putc(to, '\0');
}

enum dig_status
dig_history_follow_begin(struct dig_history *history, struct dig_error *err)
{
	const char *path = dig_pathspec_count(history->paths) == 1
			       ? dig_pathspec_literal(history->paths, 0)
			       : NULL;

	if (path == NULL || *path == '\0' || path[strlen(path) - 1] == '/' ||
	    dig_pathspec_is_exclusion(history->paths, 0)) {
		dig_ignore(
		    dig_raise(err, DIG_EINVALID, "--follow takes one file"));
		dig_hint(err, "dig log --follow -- FILE");
		return DIG_EINVALID;
	}
	set_path(&history->follow, path, strlen(path));
	dig_pathspec_free(history->paths);
	history->paths = NULL;
	return DIG_OK;
}

/* What the file is in a tree. */
static enum dig_status
look_up(struct dig_history *history, const struct dig_oid *root,
    struct dig_entry *entry, bool *found, struct dig_error *err)
{
	enum dig_found what = DIG_FOUND_NOTHING;
	enum dig_status st = dig_content_find(history->repo, root,
	    history->follow.data, history->follow.len - 1, &what, entry, err);

	*found = st == DIG_OK && what == DIG_FOUND_ENTRY;
	return st;
}

/* The path that the file had in the tree before, if it was renamed. */
static enum dig_status
find_source(struct dig_history *history, const struct dig_oid *before,
    const struct dig_oid *tree, struct dig_error *err)
{
	const struct dig_buf *path = &history->shown_path;
	struct dig_changes changes = { NULL, 0, 0, DIG_BUF_INIT };
	enum dig_status st = dig_changes_between(
	    history->repo, before, tree, NULL, true, &changes, err);

	for (size_t i = 0; st == DIG_OK && i < changes.count; i++) {
		const struct dig_change *change = &changes.at[i];

		if (change->kind != 'R' || change->path_len != path->len - 1 ||
		    memcmp(change->path, path->data, path->len - 1) != 0)
			continue;
		set_path(
		    &history->follow, change->old_path, change->old_path_len);
		set_path(&history->shown_old, change->old_path,
		    change->old_path_len);
	}
	dig_changes_clear(&changes);
	return st;
}

enum dig_status
dig_history_follow(struct dig_history *history, const struct dig_node *node,
    bool *shown, struct dig_error *err)
{
	struct dig_entry now, old;
	struct dig_oid before;
	bool has_now = false, had = false;
	enum dig_status st;

	*shown = false;
	if (node->nparents > 1 && !history->first_parent)
		return DIG_OK;
	dig_tree_empty(&before);
	if (node->nparents > 0)
		before =
		    dig_nodes_get(&history->nodes, &node->parents[0])->tree;
	st = look_up(history, &node->tree, &now, &has_now, err);
	if (st == DIG_OK)
		st = look_up(history, &before, &old, &had, err);
	if (st != DIG_OK || (!has_now && !had) ||
	    (has_now && had && dig_entry_same(&now, &old)))
		return st;
	*shown = true;
	set_path(&history->shown_path, history->follow.data,
	    history->follow.len - 1);
	dig_buf_reset(&history->shown_old);
	return had ? DIG_OK : find_source(history, &before, &node->tree, err);
}

void
dig_history_followed_path(
    const struct dig_history *history, const char **path, const char **old)
{
	*path = (const char *)history->shown_path.data;
	*old = history->shown_old.len > 0
		   ? (const char *)history->shown_old.data
		   : NULL;
}
