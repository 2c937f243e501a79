/* SPDX-License-Identifier: MIT
 *
 * Which ignore rule speaks of a path: as git check-ignore has it.
 */
#include "repo/check_ignore.h"

#include <stdlib.h>
#include <string.h>

#include "repo/internal.h"
#include "staging/pathspec.h"
#include "staging/rows.h"

struct dig_ignore_query {
	struct dig_repo *repo;
	struct dig_ignore_lookup *lookup;
	bool tracked_too;
	struct dig_buf path;
};

struct dig_ignore_query *
dig_ignore_query_new(struct dig_repo *repo, bool tracked_too)
{
	struct dig_ignore_query *query = dig_calloc(1, sizeof(*query));
	struct dig_ignore *rules = dig_repo_ignore(repo);

	query->repo = repo;
	query->tracked_too = tracked_too;
	query->lookup = dig_ignore_lookup_new(repo->root_fd, rules);
	dig_ignore_free(rules);
	return query;
}

void
dig_ignore_query_free(struct dig_ignore_query *query)
{
	if (query == NULL)
		return;
	dig_ignore_lookup_free(query->lookup);
	dig_buf_clear(&query->path);
	free(query);
}

/* What stands at the path. Rules do not reach through a symbolic link. */
static enum dig_status
look(struct dig_repo *repo, const char *arg, const char *path, bool *is_dir,
    struct dig_error *err)
{
	size_t len = strlen(path);
	bool below = len > 0 && path[len - 1] == '/'; /* is a folder meant? */
	char *at = dig_memdup0(path, len - below);
	bool found = *at == '\0';
	bool beyond = false;
	bool whole = true;

	*is_dir = found;
	/* The deepest part of the path that has a folder to be in. */
	while (!found) {
		const char *name;
		struct dig_stat sb;
		int fd = dig_open_parent(repo->root_fd, at, &name);
		char *slash = strrchr(at, '/');

		found = fd >= 0 || slash == NULL;
		if (fd >= 0 && dig_stat_at(fd, name, &sb) == 0) {
			*is_dir = whole && sb.type == DIG_FT_DIR;
			beyond = below && sb.type == DIG_FT_SYMLINK;
		}
		dig_close(fd);
		if (!found)
			*slash = '\0';
		below = true;
		whole = false;
	}
	free(at);
	if (beyond)
		return dig_raise(
		    err, DIG_EINVALID, "'%s' is beyond a symbolic link", arg);
	return DIG_OK;
}

/* As a pathspec it means something that is tracked. */
static enum dig_status
is_tracked(struct dig_repo *repo, struct dig_pathspec *spec, bool *out,
    struct dig_error *err)
{
	const struct dig_row *row = NULL;
	struct dig_rows *rows;
	struct dig_db *db;
	const char *under;
	size_t len = dig_pathspec_common_dir(spec, &under);
	enum dig_status st;

	*out = false;
	st = dig_index_need_db(repo->index, &db, err);
	if (st != DIG_OK)
		return st;
	rows = dig_rows_new_at(db, under, len);
	while ((st = dig_rows_next(rows, &row, err)) == DIG_OK && row != NULL &&
	       !*out)
		*out =
		    dig_pathspec_match(spec, row->path, row->path_len, false);
	dig_rows_free(rows);
	return st;
}

enum dig_status
dig_ignore_query_ask(struct dig_ignore_query *query, const char *arg,
    struct dig_ignored *out, struct dig_error *err)
{
	struct dig_repo *repo = query->repo;
	struct dig_pathspec *spec = NULL;
	struct dig_ignored none = { 0 };
	struct dig_ignore_match match;
	enum dig_ignore_verdict verdict;
	enum dig_status st;
	bool tracked = false;
	bool folder;
	bool is_dir;

	st =
	    dig_pathspec_new(&arg, 1, repo->prefix, repo->worktree, &spec, err);
	if (st == DIG_OK && dig_pathspec_is_exclusion(spec, 0))
		st = dig_raise(
		    err, DIG_EINVALID, "'%s' excludes and names no path", arg);
	if (st != DIG_OK)
		goto out;
	dig_buf_reset(&query->path);
	dig_buf_puts(&query->path, dig_pathspec_path(spec, 0, &folder));
	if (folder && query->path.len > 0 &&
	    query->path.data[query->path.len - 1] != '/')
		dig_buf_putc(&query->path, '/');
	dig_buf_putc(&query->path, '\0');
	st = look(repo, arg, (const char *)query->path.data, &is_dir, err);
	if (st != DIG_OK)
		goto out;
	verdict = dig_ignore_lookup_check(query->lookup,
	    (const char *)query->path.data, query->path.len - 1, is_dir,
	    &match);
	if (verdict != DIG_IGNORE_NONE && !query->tracked_too)
		st = is_tracked(repo, spec, &tracked, err);
	if (st != DIG_OK)
		goto out;
	*out = none;
	if (verdict != DIG_IGNORE_NONE && !tracked) {
		out->source = match.source;
		out->pattern = match.pattern;
		out->line = match.line;
		out->negated = verdict == DIG_IGNORE_NO;
	}
out:
	dig_pathspec_free(spec);
	return st;
}
