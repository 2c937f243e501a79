/* SPDX-License-Identifier: MIT
 *
 * Pathspecs, rules and warnings of a repository, around staging/status.
 */
#include "repo/status.h"

#include <string.h>

#include "repo/internal.h"
#include "repo/operation.h"
#include "staging/rows.h"

static void
warn(void *arg, const char *path, const char *reason)
{
	struct dig_repo *repo = arg;
	struct dig_buf shown = DIG_BUF_INIT;

	dig_path_quote(&shown, path, strlen(path), true);
	dig_repo_warn(repo, "%s: %s", (const char *)shown.data, reason);
	dig_buf_clear(&shown);
}

enum dig_status
dig_repo_status(struct dig_repo *repo, const struct dig_look_options *options,
    struct dig_status_list *out, struct dig_error *err)
{
	struct dig_pathspec *spec = NULL;
	struct dig_status_options look = {
		.root_fd = repo->root_fd,
		.dig_dirfd = repo->dirfd,
		.index = repo->index,
		.untracked = options->untracked,
		.ignored = options->ignored,
		.renames = options->renames,
		.no_staged = options->no_staged,
		.arg = repo,
		.warn = warn,
	};
	struct dig_op op;
	enum dig_status st;

	/* An operation of a later dig is no reason to say nothing. */
	st = dig_operation(repo, &op, err);
	if (st == DIG_ECONFLICT)
		st = DIG_OK;
	if (st == DIG_OK && options->npaths > 0)
		st = dig_pathspec_new(options->paths, options->npaths,
		    repo->prefix, repo->worktree, &spec, err);
	if (st != DIG_OK) {
		dig_op_clear(&op);
		return st;
	}
	look.op = &op;
	look.pathspec = spec;
	if (!options->all_files && options->untracked != DIG_UNTRACKED_NONE)
		look.ignore = dig_repo_ignore(repo);
	st = dig_status_collect(&look, out, err);
	dig_ignore_free(look.ignore);
	dig_pathspec_free(spec);
	dig_op_clear(&op);
	return st;
}

static enum dig_status
side_of(struct dig_repo *repo, const struct dig_oid *root, const char *path,
    size_t len, struct dig_status_side *out, struct dig_error *err)
{
	struct dig_node_io io = dig_reader_io(dig_index_reader(repo->index));
	struct dig_entry entry;
	enum dig_status st = dig_tree_find(&io, root, path, len, &entry, err);

	if (st != DIG_OK)
		return st == DIG_ENOTFOUND ? DIG_OK : st;
	out->mode = dig_entry_mode(entry.kind);
	dig_entry_content_id(&entry, &out->content);
	return DIG_OK;
}

enum dig_status
dig_repo_status_sides(struct dig_repo *repo, const struct dig_status_item *item,
    struct dig_status_sides *out, struct dig_error *err)
{
	const struct dig_state *state = dig_index_state(repo->index);
	bool renamed = item->old_path != NULL;
	struct dig_status_sides sides = { 0 };
	struct dig_stat stat;
	struct dig_oid head;
	enum dig_status st;

	st = dig_repo_head_tree(repo, &head, err);
	if (st == DIG_OK)
		st = side_of(repo, &head, renamed ? item->old_path : item->path,
		    renamed ? item->old_len : item->len, &sides.head, err);
	if (st == DIG_OK)
		st = side_of(repo, &state->staged_root, item->path, item->len,
		    &sides.staged, err);
	if (st != DIG_OK)
		return st;
	sides.work_mode = item->work == ' ' ? sides.staged.mode : 0;
	if (item->work != ' ' && item->work != 'D' &&
	    dig_stat_at(repo->root_fd, item->path, &stat) == 0)
		sides.work_mode = stat.type == DIG_FT_SYMLINK ? 0120000
				  : stat.type == DIG_FT_DIR   ? 0
				  : (stat.mode & 0100) != 0   ? 0100755
							      : 0100644;
	*out = sides;
	return DIG_OK;
}

enum dig_status
dig_repo_tracked(struct dig_repo *repo, const char *const *paths, size_t npaths,
    dig_tracked_fn *fn, void *arg, struct dig_error *err)
{
	struct dig_pathspec *spec = NULL;
	struct dig_rows *rows = NULL;
	struct dig_tracked_file file;
	const struct dig_row *row;
	struct dig_db *db = NULL;
	const char *under = "";
	enum dig_status st;
	size_t len = 0;

	st = dig_index_need_db(repo->index, &db, err);
	if (st == DIG_OK && npaths > 0)
		st = dig_pathspec_new(
		    paths, npaths, repo->prefix, repo->worktree, &spec, err);
	if (st != DIG_OK)
		goto out;
	if (spec != NULL)
		len = dig_pathspec_common_dir(spec, &under);
	rows = dig_rows_new_at(db, under, len);
	for (;;) {
		st = dig_rows_next(rows, &row, err);
		if (st != DIG_OK || row == NULL)
			break;
		if (spec != NULL &&
		    !dig_pathspec_match(spec, row->path, row->path_len, false))
			continue;
		file.path = row->path;
		file.len = row->path_len;
		file.mode = dig_entry_mode(row->staged.kind);
		file.size_bytes = row->staged.size_bytes;
		file.content = row->staged.content;
		st = fn(arg, &file, err);
		if (st != DIG_OK)
			break;
	}
out:
	dig_rows_free(rows);
	dig_pathspec_free(spec);
	return st;
}
