/* SPDX-License-Identifier: MIT
 *
 * Pathspecs and ignore rules of a repository, around staging/add.
 */
#include "repo/stage.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "repo/internal.h"
#include "repo/operation.h"
#include "staging/add.h"
#include "staging/rows.h"
#include "staging/walk.h"

struct stage {
	struct dig_repo *repo;
	const struct dig_stage_options *options;
};

/* Rules of a file that is not in the tree, on top of what is below. */
static struct dig_ignore *
add_rules(
    struct dig_ignore *below, int dirfd, const char *name, const char *shown)
{
	struct dig_buf rules = DIG_BUF_INIT;
	struct dig_ignore *chain = below;
	struct dig_error err;

	if (dig_read_file(dirfd, name, DIG_IGNORE_FILE_MAX, &rules, DIG_EFILE,
		&err) == DIG_OK) {
		chain = dig_ignore_new(below, shown, 0, rules.data, rules.len);
		dig_ignore_free(below);
	}
	dig_buf_clear(&rules);
	return chain;
}

/* "~/x" as git has it. */
static char *
expand_home(const char *path)
{
	const char *home = getenv("HOME");
	struct dig_buf full = DIG_BUF_INIT;

	if (strncmp(path, "~/", 2) != 0 || home == NULL)
		return dig_strdup(path);
	dig_buf_puts(&full, home);
	dig_buf_puts(&full, path + 1);
	return dig_buf_detach(&full);
}

/* The user's rules for all repositories, where git has them. */
static char *
default_excludes(void)
{
	const char *home = getenv("XDG_CONFIG_HOME");
	struct dig_buf path = DIG_BUF_INIT;

	if (home == NULL || *home == '\0')
		return expand_home("~/.config/git/ignore");
	dig_buf_puts(&path, home);
	dig_buf_puts(&path, "/git/ignore");
	return dig_buf_detach(&path);
}

struct dig_ignore *
dig_repo_ignore(struct dig_repo *repo)
{
	struct dig_ignore *chain = dig_ignore_new(NULL, "", 0, "", 0);
	struct dig_buf full = DIG_BUF_INIT;
	struct dig_error err;
	const char *value;
	char *real = NULL;
	char *path;

	if (dig_config_get_string(repo->config, "core.excludesFile", &value,
		NULL, &err) == DIG_OK)
		path = expand_home(value);
	else
		path = default_excludes();
	if (*path != '/') {
		dig_buf_puts(&full, repo->worktree);
		dig_buf_putc(&full, '/');
	}
	dig_buf_puts(&full, path);
	/* People keep it as a link to a file among others of its kind. */
	if (dig_real_path((const char *)full.data, &real) == 0)
		chain = add_rules(chain, repo->root_fd, real, path);
	dig_buf_clear(&full);
	free(real);
	free(path);
	return add_rules(
	    chain, repo->dirfd, "info/exclude", ".dig/info/exclude");
}

static void
on_changed(void *arg, enum dig_add_what what, const char *path)
{
	struct stage *stage = arg;

	if (stage->options->changed != NULL)
		stage->options->changed(stage->options->arg,
		    what == DIG_ADD_PUT ? DIG_STAGE_PUT : DIG_STAGE_REMOVED,
		    path);
}

static void
on_left_out(void *arg, const char *path, const char *reason, bool failure)
{
	struct stage *stage = arg;
	struct dig_buf shown = DIG_BUF_INIT;

	(void)failure;
	dig_path_quote(&shown, path, strlen(path), true);
	dig_repo_warn(stage->repo, "%s: %s", (const char *)shown.data, reason);
	dig_buf_clear(&shown);
}

static void
on_progress(void *arg, uint64_t files, uint64_t bytes)
{
	struct stage *stage = arg;
	struct dig_progress_report report = { "adding", files, 0, bytes, 0,
		NULL };

	if (stage->repo->talk.progress != NULL)
		stage->repo->talk.progress(stage->repo->talk.arg, &report);
}

/* A conflict may be about a path that is neither staged nor there. */
static enum dig_status
is_unmerged(struct dig_repo *repo, const char *path, size_t len, bool *out,
    struct dig_error *err)
{
	struct dig_op op;
	enum dig_status st = dig_operation(repo, &op, err);

	if (st != DIG_OK)
		return st;
	*out = dig_op_conflict(&op, path, len) != NULL;
	dig_op_clear(&op);
	return DIG_OK;
}

/* Is anything at or below this path, in the work tree or staged? *is_folder:
 * it is a folder of the work tree. */
static enum dig_status
is_known(struct dig_repo *repo, const char *path, bool *out, bool *is_folder,
    struct dig_error *err)
{
	const struct dig_row *row;
	struct dig_rows *rows;
	enum dig_status st;
	size_t len = strlen(path);
	struct dig_db *db;
	char *plain = dig_memdup0(path, len);
	int fd;

	while (len > 0 && plain[len - 1] == '/')
		plain[--len] = '\0';
	*out = *is_folder = len == 0;
	if (!*out) {
		struct dig_stat sb;
		const char *name;

		fd = dig_open_parent(repo->root_fd, plain, &name);
		*out = fd >= 0 && dig_stat_at(fd, name, &sb) == 0;
		*is_folder = *out && sb.type == DIG_FT_DIR;
		dig_close(fd);
	}
	st = DIG_OK;
	if (!*out)
		st = is_unmerged(repo, plain, len, out, err);
	if (st == DIG_OK && !*out)
		st = dig_index_need_db(repo->index, &db, err);
	if (st == DIG_OK && !*out) {
		rows = dig_rows_new_at(db, plain, len);
		st = dig_rows_next(rows, &row, err);
		*out = st == DIG_OK && row != NULL;
		dig_rows_free(rows);
	}
	free(plain);
	return st;
}

/* A path that was typed must name something, and nothing that is ignored. */
static enum dig_status
check_typed(struct dig_repo *repo, const struct dig_pathspec *spec,
    struct dig_ignore *ignore, struct dig_error *err)
{
	struct dig_ignore_lookup *lookup =
	    ignore ? dig_ignore_lookup_new(repo->root_fd, ignore) : NULL;
	enum dig_status st = DIG_OK;

	for (size_t i = 0; st == DIG_OK && i < dig_pathspec_count(spec); i++) {
		const char *path = dig_pathspec_literal(spec, i);
		const char *reason;
		struct dig_staged staged;
		struct dig_db *db;
		size_t len;
		bool known = false;
		bool is_folder = false;

		if (path == NULL || *path == '\0' ||
		    dig_pathspec_has_matched(spec, i))
			continue;
		len = strlen(path);
		while (len > 0 && path[len - 1] == '/')
			len--;
		reason = dig_path_check(path, len);
		st = reason == NULL
			 ? is_known(repo, path, &known, &is_folder, err)
			 : dig_raise(err, DIG_EINVALID, "'%s' %s",
			       dig_pathspec_arg(spec, i), reason);
		if (st == DIG_OK && !known)
			st = dig_raise(err, DIG_ENOTFOUND,
			    "pathspec '%s' did not match any files",
			    dig_pathspec_arg(spec, i));
		if (st != DIG_OK || lookup == NULL ||
		    dig_ignore_lookup_check(
			lookup, path, len, is_folder, NULL) != DIG_IGNORE_YES)
			continue;
		st = dig_index_need_db(repo->index, &db, err);
		if (st == DIG_OK)
			st = dig_staged_get(db, path, len, &staged, err);
		if (st != DIG_OK || staged.exists)
			continue; /* a tracked file is never ignored */
		st = dig_raise(err, DIG_ENO,
		    "'%s' is ignored by one of the ignore files",
		    dig_pathspec_arg(spec, i));
		dig_hint(err, "use -f if you really want to add it");
	}
	dig_ignore_lookup_free(lookup);
	return st;
}

/* The first argument with wildcards that has matched nothing, from *at on,
 * which moves there: a mark stays. */
static const char *
unmatched(const struct dig_pathspec *spec, size_t *at)
{
	for (; *at < dig_pathspec_count(spec); ++*at)
		if (dig_pathspec_literal(spec, *at) == NULL &&
		    !dig_pathspec_has_matched(spec, *at))
			return dig_pathspec_arg(spec, *at);
	return NULL;
}

/*
 * A wildcard must match something, and that has to be known before the first
 * batch is staged: look through rows and names until all have, which is soon
 * unless one of them matches nothing.
 */
static enum dig_status
check_wildcards(struct dig_repo *repo, struct dig_pathspec *spec,
    struct dig_ignore *ignore, bool tracked_only, struct dig_error *err)
{
	struct dig_walk_options walk_options = DIG_WALK_OPTIONS_INIT;
	const struct dig_walk_entry *entry;
	const struct dig_row *row;
	struct dig_walk *walk = NULL;
	struct dig_rows *rows;
	struct dig_db *db;
	const char *under;
	size_t len = dig_pathspec_common_dir(spec, &under);
	size_t at = 0;
	enum dig_status st;

	if (unmatched(spec, &at) == NULL)
		return DIG_OK;
	st = dig_index_need_db(repo->index, &db, err);
	if (st != DIG_OK)
		return st;
	rows = dig_rows_new_at(db, under, len);
	while (unmatched(spec, &at) != NULL &&
	       (st = dig_rows_next(rows, &row, err)) == DIG_OK && row != NULL)
		dig_pathspec_match(spec, row->path, row->path_len, false);
	dig_rows_free(rows);
	if (st != DIG_OK || unmatched(spec, &at) == NULL)
		return st;
	walk_options.ignore = ignore;
	walk_options.pathspec = spec;
	walk_options.stat_needed = false;
	if (!tracked_only)
		st = dig_walk_open(repo->root_fd, &walk_options, &walk, err);
	while (st == DIG_OK && walk != NULL && unmatched(spec, &at) != NULL) {
		st = dig_walk_next(walk, &entry, err);
		if (st == DIG_OK && entry == NULL)
			break;
	}
	dig_walk_close(walk);
	if (st == DIG_OK && unmatched(spec, &at) != NULL)
		st = dig_raise(err, DIG_ENOTFOUND,
		    "pathspec '%s' did not match any files",
		    unmatched(spec, &at));
	return st;
}

static void
take_result(const struct dig_add_result *from, struct dig_stage_result *to)
{
	to->added = from->added;
	to->modified = from->modified;
	to->removed = from->removed;
	to->failures = from->failures;
	to->op = from->op;
}

static enum dig_status
interrupted(const struct dig_add_result *done, struct dig_error *err)
{
	uint64_t files = done->added + done->modified + done->removed;
	enum dig_status st;

	st = dig_raise(err, DIG_ECANCELLED,
	    "interrupted; %" PRIu64 " change%s of finished batches %s staged",
	    done->batches ? files : 0, files == 1 ? "" : "s",
	    files == 1 ? "is" : "are");
	dig_hint(err, "run the command again to add the rest");
	return st;
}

/* What was added is merged, whether it changed or not. A record of its own, of
 * the same operation: killed before it, the paths are still unmerged. */
static enum dig_status
resolve(struct dig_repo *repo, struct dig_pathspec *spec, const char *verb,
    uint64_t *op, struct dig_error *err)
{
	struct dig_commit_options options = { .verb = verb, .op = *op };
	struct dig_op now;
	enum dig_status st;
	bool any;

	st = dig_operation(repo, &now, err);
	any = st == DIG_OK && now.nconflicts > 0;
	dig_op_clear(&now);
	if (!any)
		return st;
	st = dig_index_begin(repo->index, err);
	if (st == DIG_OK)
		st = dig_op_resolve(repo, spec, &any, err);
	if (st == DIG_OK && any)
		st = dig_index_commit(repo->index, &options, op, err);
	dig_index_rollback(repo->index); /* of what was not committed */
	return st;
}

enum dig_status
dig_stage(struct dig_repo *repo, const struct dig_stage_options *options,
    struct dig_stage_result *result, struct dig_error *err)
{
	struct stage stage = { repo, options };
	struct dig_add_options add;
	struct dig_add_result done;
	struct dig_pathspec *spec = NULL;
	enum dig_status st;

	memset(result, 0, sizeof(*result));
	memset(&done, 0, sizeof(done));
	memset(&add, 0, sizeof(add));
	add.root_fd = repo->root_fd;
	add.index = repo->index;
	add.ignore = options->force ? NULL : dig_repo_ignore(repo);
	add.tracked_only = options->tracked_only;
	add.dry_run = options->dry_run;
	add.verb = options->verb ? options->verb : "add";
	add.op = options->op;
	add.arg = &stage;
	add.changed = on_changed;
	add.left_out = on_left_out;
	add.progress = on_progress;
	if (options->npaths > 0) {
		st = dig_pathspec_new(options->paths, options->npaths,
		    repo->prefix, repo->worktree, &spec, err);
		if (st != DIG_OK)
			goto out;
		add.pathspec = spec;
		st = check_typed(
		    repo, spec, options->tracked_only ? NULL : add.ignore, err);
		if (st == DIG_OK)
			st = check_wildcards(
			    repo, spec, add.ignore, options->tracked_only, err);
		if (st != DIG_OK)
			goto out;
	}
	st = dig_add(&add, &done, err);
	take_result(&done, result);
	if (st == DIG_OK && done.failures == 0 && !add.dry_run)
		st = resolve(repo, spec, add.verb, &result->op, err);
	if (st == DIG_ECANCELLED)
		st = interrupted(&done, err);
	if (st == DIG_OK && done.failures > 0)
		st = dig_raise(err, DIG_EFILE,
		    "%" PRIu64 " file%s could not be added; the rest is staged",
		    done.failures, done.failures == 1 ? "" : "s");
out:
	dig_pathspec_free(spec);
	dig_ignore_free(add.ignore);
	return st;
}

/* full: from the root, fit for a tree. */
static enum dig_status
stage_stream(struct dig_repo *repo, int fd, const char *full, bool exec,
    const char *verb, struct dig_stage_result *result, struct dig_error *err)
{
	struct dig_buf exact = DIG_BUF_INIT;
	struct dig_pathspec *spec = NULL;
	struct dig_add_result done = { .op = result->op };
	const char *paths[1];
	enum dig_status st;

	st = dig_add_stream(repo->index, fd, full, exec, verb, &done, err);
	take_result(&done, result);
	if (st != DIG_OK)
		return st;
	dig_buf_printf(&exact, ":(literal)%s", full);
	paths[0] = (const char *)exact.data;
	st = dig_pathspec_new(paths, 1, "", repo->worktree, &spec, err);
	if (st == DIG_OK)
		st = resolve(repo, spec, verb, &result->op, err);
	dig_pathspec_free(spec);
	dig_buf_clear(&exact);
	return st;
}

enum dig_status
dig_stage_stream(struct dig_repo *repo, int fd, const char *path, bool exec,
    struct dig_stage_result *result, struct dig_error *err)
{
	struct dig_buf full = DIG_BUF_INIT;
	const char *reason;
	enum dig_status st;

	memset(result, 0, sizeof(*result));
	if (*repo->prefix != '\0' && *path != '/') {
		dig_buf_puts(&full, repo->prefix);
		dig_buf_putc(&full, '/');
	}
	dig_buf_puts(&full, path);
	reason = dig_path_check(full.data, full.len);
	if (reason != NULL)
		st = dig_raise(err, DIG_EINVALID, "'%s' %s", path, reason);
	else
		st = stage_stream(repo, fd, (const char *)full.data, exec,
		    "add --stdin", result, err);
	dig_buf_clear(&full);
	return st;
}

/* A file without a name that has these bytes, to be read from its beginning. */
static enum dig_status
file_of(struct dig_repo *repo, const void *data, size_t len, int *out,
    struct dig_error *err)
{
	static const char name[] = "tmp/add.patch";
	int os = dig_mkdir_at(repo->dirfd, "tmp", 0700);
	int fd = os == 0 || os == EEXIST
		     ? dig_open_at(repo->dirfd, name,
			   DIG_OPEN_WRITE | DIG_OPEN_CREATE | DIG_OPEN_TRUNC |
			       DIG_OPEN_PRIVATE)
		     : -os;

	*out = -1;
	os = fd < 0 ? -fd : dig_write_full(fd, data, len);
	dig_close(fd);
	if (os == 0) {
		*out = dig_open_at(repo->dirfd, name, DIG_OPEN_READ);
		os = *out < 0 ? -*out : dig_unlink_at(repo->dirfd, name);
	}
	return os == 0
		   ? DIG_OK
		   : dig_raise_os(err, DIG_EIO, os, "writing .dig/%s", name);
}

enum dig_status
dig_stage_bytes(struct dig_repo *repo, const char *path,
    const struct dig_oid *before, const void *data, size_t len, bool exec,
    const char *verb, uint64_t *op, struct dig_error *err)
{
	struct dig_stage_result result = { .op = *op };
	struct dig_staged now = { 0 };
	struct dig_db *db;
	enum dig_status st;
	int fd = -1;

	st = dig_index_need_db(repo->index, &db, err);
	if (st == DIG_OK)
		st = dig_staged_get(db, path, strlen(path), &now, err);
	if (st == DIG_OK && (!now.exists || !dig_oid_eq(&now.content, before)))
		st = dig_raise(err, DIG_ECONFLICT,
		    "%.300s was staged anew meanwhile", path);
	if (st == DIG_OK)
		st = file_of(repo, data, len, &fd, err);
	if (st == DIG_OK)
		st = stage_stream(repo, fd, path, exec, verb, &result, err);
	dig_close(fd);
	*op = result.op;
	return st;
}
