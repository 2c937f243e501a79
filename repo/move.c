/* SPDX-License-Identifier: MIT
 *
 * Renaming tracked files and folders. Everything that can be known is checked
 * before the first rename; what fails later is undone.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "repo/announce.h"
#include "repo/operation.h"
#include "repo/select.h"
#include "repo/worktree.h"
#include "staging/racy.h"

/* One argument: a file or folder that gets another name. */
struct rename {
	char *from;
	char *to;
	bool is_folder;
	bool replaces;   /* a file stands at `to`, and may go */
	bool is_done;    /* it was renamed already: only stage it */
	bool performed;  /* by us */
	char backup[48]; /* what stood at `to`, in .dig/tmp */
};

/* One tracked file that moves along. */
struct moved {
	char *from;
	char *to;
	struct dig_entry entry;
	bool cached; /* its content was known by the stat */
	bool settled;
	struct dig_stat stat;
};

struct change {
	struct dig_repo *repo;
	const struct dig_move_options *options;
	struct dig_node_io io;
	struct dig_oid staged;
	struct dig_oid result;
	struct dig_op op;            /* in progress: its conflicts */
	struct dig_folders folders;  /* of sources, and for looks */
	struct dig_folders to_there; /* of targets */
	struct rename *renames;
	size_t nrenames;
	struct moved *moved;
	size_t nmoved;
	size_t moved_cap;
};

/* ---- Arguments -------------------------------------------------------- */

/* The path from the root that an argument means, free(); *slash: it ended in
 * one. */
static enum dig_status
resolve(struct dig_repo *repo, const char *arg, char **out, bool *slash,
    struct dig_error *err)
{
	struct dig_pathspec *spec = NULL;
	struct dig_buf word = DIG_BUF_INIT;
	const char *words[1];
	const char *path;
	enum dig_status st;
	size_t len;

	dig_buf_puts(&word, ":(literal)");
	dig_buf_puts(&word, arg);
	words[0] = (const char *)word.data;
	st = arg[0] == '\0' ? dig_raise(err, DIG_EINVALID, "an empty path")
			    : dig_select_spec(repo, words, 1, &spec, err);
	if (st == DIG_OK) {
		path = dig_pathspec_literal(spec, 0);
		len = strlen(path);
		*slash = len > 0 && path[len - 1] == '/';
		while (len > 0 && path[len - 1] == '/')
			len--;
		*out = dig_memdup0(path, len);
	}
	dig_pathspec_free(spec);
	dig_buf_clear(&word);
	return st;
}

static char *
join(const char *dir, const char *path)
{
	const char *name = strrchr(path, '/');
	struct dig_buf out = DIG_BUF_INIT;

	dig_buf_puts(&out, dir);
	if (out.len > 0)
		dig_buf_putc(&out, '/');
	dig_buf_puts(&out, name != NULL ? name + 1 : path);
	return dig_buf_detach(&out);
}

/* What is staged at a path, or below it. */
static enum dig_status
find_staged(struct change *mv, const char *path, bool *is_file, bool *is_folder,
    struct dig_error *err)
{
	struct dig_entry entry;
	enum dig_status st;

	st = dig_tree_find(
	    &mv->io, &mv->staged, path, strlen(path), &entry, err);
	*is_file = st == DIG_OK;
	*is_folder = false;
	if (st == DIG_ENOTFOUND)
		st = dig_tree_has_below(
		    &mv->io, &mv->staged, path, strlen(path), is_folder, err);
	return st;
}

/* The source has gone; does it stand at `to`, untracked, by an earlier run? */
static enum dig_status
is_renamed(struct change *mv, const struct rename *one, const char *to,
    bool *out, struct dig_error *err)
{
	struct dig_look look;
	enum dig_status st;
	bool is_file, is_folder;

	*out = false;
	st = dig_worktree_look(&mv->folders, to, &look, err);
	if (st != DIG_OK ||
	    look.what != (one->is_folder ? DIG_WORK_FOLDER : DIG_WORK_FILE))
		return st;
	st = find_staged(mv, to, &is_file, &is_folder, err);
	*out = st == DIG_OK && !is_file && !is_folder;
	return st;
}

/* A path that is not merged has no one version that could move. */
static enum dig_status
check_merged(struct change *mv, const struct rename *one, struct dig_error *err)
{
	for (size_t i = 0; i < mv->op.nconflicts; i++)
		if (dig_path_is_under(mv->op.conflicts[i].path,
			mv->op.conflicts[i].path_len, one->from,
			strlen(one->from))) {
			dig_ignore(dig_raise(err, DIG_ECONFLICT,
			    "conflicted: '%.200s'", mv->op.conflicts[i].path));
			dig_hint(err, "merge it and say so with 'dig add', or "
				      "leave it out with 'dig rm'");
			return DIG_ECONFLICT;
		}
	return DIG_OK;
}

static enum dig_status
check_source(struct change *mv, struct rename *one, const char *given_to,
    struct dig_error *err)
{
	struct dig_look look;
	enum dig_status st;
	bool is_file;

	if (one->from[0] == '\0')
		return dig_raise(
		    err, DIG_EINVALID, "the work tree itself cannot be moved");
	st = check_merged(mv, one, err);
	if (st == DIG_OK)
		st = find_staged(mv, one->from, &is_file, &one->is_folder, err);
	if (st == DIG_OK && !is_file && !one->is_folder)
		st = dig_raise(err, DIG_ENOTFOUND,
		    "'%.200s' is not under version control", one->from);
	if (st == DIG_OK)
		st = dig_worktree_look(&mv->folders, one->from, &look, err);
	if (st != DIG_OK ||
	    look.what == (one->is_folder ? DIG_WORK_FOLDER : DIG_WORK_FILE))
		return st;
	if (look.what == DIG_WORK_MISSING || look.what == DIG_WORK_BLOCKED) {
		st = is_renamed(mv, one, one->to, &one->is_done, err);
		if (st == DIG_OK && !one->is_done &&
		    strcmp(one->to, given_to) != 0) {
			st = is_renamed(mv, one, given_to, &one->is_done, err);
			if (st == DIG_OK && one->is_done) {
				free(one->to);
				one->to = dig_strdup(given_to);
			}
		}
		if (st != DIG_OK || one->is_done)
			return st;
	}
	return dig_raise(err, DIG_ENOTFOUND,
	    "'%.200s' is not there, or is not what is staged", one->from);
}

static enum dig_status
check_target(struct change *mv, struct rename *one, struct dig_error *err)
{
	const char *bad = dig_path_check(one->to, strlen(one->to));
	struct dig_look look;
	const char *name;
	enum dig_status st;
	bool is_file, is_folder;
	int fd;

	if (bad != NULL)
		return dig_raise(
		    err, DIG_EINVALID, "'%.200s' %s", one->to, bad);
	if (dig_path_is_under(
		one->to, strlen(one->to), one->from, strlen(one->from)))
		return dig_raise(err, DIG_EINVALID,
		    "'%.150s' cannot be moved into itself, '%.150s'", one->from,
		    one->to);
	if (one->is_done)
		return DIG_OK;
	fd = dig_folders_open(&mv->folders, one->to, false, &name);
	if (fd < 0)
		return dig_raise_os(
		    err, DIG_ENOTFOUND, -fd, "the folder of '%.200s'", one->to);
	st = dig_worktree_look(&mv->folders, one->to, &look, err);
	if (st == DIG_OK)
		st = find_staged(mv, one->to, &is_file, &is_folder, err);
	if (st != DIG_OK)
		return st;
	if (look.what == DIG_WORK_MISSING && !is_file && !is_folder)
		return DIG_OK;
	if (one->is_folder || is_folder || !mv->options->force ||
	    (look.what != DIG_WORK_FILE && look.what != DIG_WORK_MISSING))
		return dig_raise(err, DIG_EEXISTS, "'%.200s' exists", one->to);
	one->replaces = look.what == DIG_WORK_FILE;
	return DIG_OK;
}

/* Neither the same target twice, nor a source inside another. */
static enum dig_status
check_others(struct change *mv, const struct rename *one, struct dig_error *err)
{
	for (size_t i = 0; i < mv->nrenames; i++) {
		const struct rename *other = &mv->renames[i];

		if (strcmp(one->to, other->to) == 0)
			return dig_raise(err, DIG_EINVALID,
			    "several sources for the target '%.200s'", one->to);
		if (dig_path_is_under(one->from, strlen(one->from), other->from,
			strlen(other->from)) ||
		    dig_path_is_under(other->from, strlen(other->from),
			one->from, strlen(one->from)))
			return dig_raise(err, DIG_EINVALID,
			    "'%.150s' and '%.150s' overlap", other->from,
			    one->from);
	}
	return DIG_OK;
}

static bool
may_skip(enum dig_status st)
{
	return st == DIG_EINVALID || st == DIG_ENOTFOUND || st == DIG_EEXISTS ||
	       st == DIG_ECONFLICT;
}

static enum dig_status
add_rename(struct change *mv, const char *arg, const char *to, bool into,
    struct dig_error *err)
{
	struct rename one = { 0 };
	enum dig_status st;
	bool slash;

	st = resolve(mv->repo, arg, &one.from, &slash, err);
	if (st == DIG_OK) {
		one.to = into ? join(to, one.from) : dig_strdup(to);
		st = check_source(mv, &one, to, err);
	}
	if (st == DIG_OK)
		st = check_target(mv, &one, err);
	if (st == DIG_OK)
		st = check_others(mv, &one, err);
	if (st == DIG_OK) {
		mv->renames[mv->nrenames++] = one;
		return DIG_OK;
	}
	free(one.from);
	free(one.to);
	return mv->options->skip && may_skip(st) ? DIG_OK : st;
}

static enum dig_status
collect_renames(struct change *mv, const char *const *paths, size_t npaths,
    struct dig_error *err)
{
	struct dig_look look;
	char *to = NULL;
	enum dig_status st;
	bool slash, into = true;

	mv->renames = dig_calloc(npaths, sizeof(*mv->renames));
	st = resolve(mv->repo, paths[npaths - 1], &to, &slash, err);
	if (st == DIG_OK && to[0] != '\0') {
		st = dig_worktree_look(&mv->folders, to, &look, err);
		into = st == DIG_OK && look.what == DIG_WORK_FOLDER;
	}
	if (st == DIG_OK && !into && (npaths > 2 || slash))
		st = dig_raise(err, DIG_EINVALID, "'%.200s' is no folder",
		    paths[npaths - 1]);
	for (size_t i = 0; i + 1 < npaths && st == DIG_OK; i++)
		st = add_rename(mv, paths[i], to, into, err);
	free(to);
	return st;
}

/* ---- What is staged --------------------------------------------------- */

struct collecting {
	struct change *mv;
	const struct rename *one;
};

static enum dig_status
add_moved(void *arg, const struct dig_entry *entry, struct dig_error *err)
{
	struct collecting *coll = arg;
	struct change *mv = coll->mv;
	size_t skip = strlen(coll->one->from);
	struct dig_buf to = DIG_BUF_INIT;
	struct moved *file;
	const char *bad;

	if (!dig_path_is_under(
		entry->path, entry->path_len, coll->one->from, skip))
		return DIG_OK;
	dig_buf_puts(&to, coll->one->to);
	dig_buf_put(&to, entry->path + skip, entry->path_len - skip);
	bad = dig_path_check(to.data, to.len);
	if (bad != NULL) {
		dig_raise(
		    err, DIG_EINVALID, "'%.200s' %s", (char *)to.data, bad);
		dig_buf_clear(&to);
		return DIG_EINVALID;
	}
	DIG_GROW(mv->moved, mv->moved_cap, mv->nmoved + 1);
	file = &mv->moved[mv->nmoved++];
	memset(file, 0, sizeof(*file));
	file->entry = *entry;
	file->from = dig_memdup0(entry->path, entry->path_len);
	file->entry.path_len = to.len;
	file->to = dig_buf_detach(&to);
	file->entry.path = (const uint8_t *)file->to;
	return DIG_OK;
}

static enum dig_status
collect_moved(struct change *mv, struct dig_error *err)
{
	struct dig_pathspec *spec = NULL;
	struct dig_buf word = DIG_BUF_INIT;
	enum dig_status st = DIG_OK;

	for (size_t i = 0; i < mv->nrenames && st == DIG_OK; i++) {
		struct collecting coll = { mv, &mv->renames[i] };
		const char *words[1];

		dig_buf_reset(&word);
		dig_buf_puts(&word, ":(top,literal)");
		dig_buf_puts(&word, mv->renames[i].from);
		words[0] = (const char *)word.data;
		st = dig_select_spec(mv->repo, words, 1, &spec, err);
		if (st == DIG_OK)
			st = dig_select(
			    &mv->io, &mv->staged, spec, add_moved, &coll, err);
		dig_pathspec_free(spec);
		spec = NULL;
	}
	dig_buf_clear(&word);
	return st;
}

/* Edits in path order; a put goes before a removal of the same path, which is
 * dropped. */
static int
compare_edits(const void *a, const void *b)
{
	const struct dig_tree_edit *x = a;
	const struct dig_tree_edit *y = b;
	int order = dig_path_cmp(
	    x->entry.path, x->entry.path_len, y->entry.path, y->entry.path_len);

	return order != 0 ? order : (int)x->remove - (int)y->remove;
}

static enum dig_status
apply(struct change *mv, struct dig_error *err)
{
	size_t n = 2 * mv->nmoved, kept = 0;
	struct dig_tree_edit *edits = dig_calloc(n + 1, sizeof(*edits));
	enum dig_status st;

	for (size_t i = 0; i < mv->nmoved; i++) {
		struct moved *file = &mv->moved[i];

		edits[2 * i].entry = file->entry;
		edits[2 * i + 1].remove = true;
		edits[2 * i + 1].entry = file->entry;
		edits[2 * i + 1].entry.path = (const uint8_t *)file->from;
		edits[2 * i + 1].entry.path_len = strlen(file->from);
	}
	qsort(edits, n, sizeof(*edits), compare_edits);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 ||
		    dig_path_cmp(edits[kept - 1].entry.path,
			edits[kept - 1].entry.path_len, edits[i].entry.path,
			edits[i].entry.path_len) != 0)
			edits[kept++] = edits[i];
	st =
	    dig_tree_apply(&mv->io, &mv->staged, edits, kept, &mv->result, err);
	for (size_t i = 0; i < mv->nmoved && st == DIG_OK; i++)
		st = dig_select_no_clash(&mv->io, &mv->result, mv->moved[i].to,
		    mv->moved[i].entry.path_len, err);
	free(edits);
	return st;
}

/* ---- Files ------------------------------------------------------------ */

/* Which files' content the stat cache knows; a rename keeps that true. */
static enum dig_status
remember_stats(struct change *mv, struct dig_error *err)
{
	for (size_t i = 0; i < mv->nmoved; i++) {
		struct moved *file = &mv->moved[i];
		struct dig_oid content, staged;
		struct dig_look look;
		enum dig_status st;

		st = dig_worktree_look(&mv->folders, file->from, &look, err);
		if (st != DIG_OK)
			return st;
		if (look.what != DIG_WORK_FILE)
			continue;
		st = dig_worktree_cached(mv->repo, file->from, &look.stat,
		    &content, &file->cached, err);
		if (st != DIG_OK)
			return st;
		dig_entry_content_id(&file->entry, &staged);
		file->cached = file->cached && dig_oid_eq(&content, &staged);
		file->stat = look.stat;
	}
	return DIG_OK;
}

/* Stats under the new names, where the file is the one that was known. */
static void
settle_stats(struct change *mv)
{
	struct dig_error ignored = DIG_ERROR_INIT;
	struct dig_look look;
	int64_t now_ns;

	if (dig_racy_now(mv->repo->dirfd, &now_ns, &ignored) != DIG_OK)
		return;
	dig_racy_wait_past(mv->repo->dirfd, now_ns, &now_ns);
	for (size_t i = 0; i < mv->nmoved; i++) {
		struct moved *file = &mv->moved[i];

		if (!file->cached ||
		    dig_worktree_look(
			&mv->folders, file->to, &look, &ignored) != DIG_OK ||
		    look.what != DIG_WORK_FILE)
			continue;
		file->stat.ctime_ns = look.stat.ctime_ns;
		file->settled = dig_stat_same(&file->stat, &look.stat) &&
				dig_racy_is_settled(&look.stat, now_ns);
	}
}

static int
perform(struct change *mv, struct rename *one, unsigned number)
{
	const char *from, *to;
	char tmp[48];
	int from_fd = dig_folders_open(&mv->folders, one->from, false, &from);
	int to_fd = dig_folders_open(&mv->to_there, one->to, false, &to);
	int rc;

	if (from_fd < 0 || to_fd < 0)
		return from_fd < 0 ? -from_fd : -to_fd;
	if (one->replaces) {
		rc = dig_mkdir_at(mv->repo->dirfd, "tmp", 0700);
		snprintf(tmp, sizeof(tmp), "tmp/checkout.mv.%u", number);
		rc = dig_rename_at(to_fd, to, mv->repo->dirfd, tmp);
		if (rc != 0)
			return rc;
		memcpy(one->backup, tmp, sizeof(tmp));
	}
	rc = dig_rename_noreplace_at(from_fd, from, to_fd, to);
	one->performed = rc == 0;
	/* Folders that are open may be the ones that moved. */
	dig_folders_forget(&mv->folders);
	dig_folders_forget(&mv->to_there);
	return rc;
}

/* From the last to the first. What cannot be undone is said. */
static void
undo(struct change *mv)
{
	for (size_t i = mv->nrenames; i > 0; i--) {
		struct rename *one = &mv->renames[i - 1];
		const char *from, *to;
		int from_fd =
		    dig_folders_open(&mv->folders, one->from, false, &from);
		int to_fd =
		    dig_folders_open(&mv->to_there, one->to, false, &to);
		int rc = from_fd < 0 || to_fd < 0 ? ENOENT : 0;

		if (rc == 0 && one->performed)
			rc = dig_rename_noreplace_at(to_fd, to, from_fd, from);
		if (rc == 0 && one->backup[0] != '\0')
			rc = dig_rename_noreplace_at(
			    mv->repo->dirfd, one->backup, to_fd, to);
		if (rc != 0 && (one->performed || one->backup[0] != '\0'))
			dig_repo_warn(mv->repo,
			    "%s: could not be moved back from %s: %s",
			    one->from, one->to, strerror(rc));
		dig_folders_forget(&mv->folders);
		dig_folders_forget(&mv->to_there);
	}
}

static enum dig_status
perform_all(struct change *mv, struct dig_error *err)
{
	for (size_t i = 0; i < mv->nrenames; i++) {
		struct rename *one = &mv->renames[i];
		int rc;

		if (one->is_done)
			continue;
		if (dig_interrupted())
			return dig_raise(err, DIG_ECANCELLED,
			    "interrupted; nothing was moved");
		rc = perform(mv, one, (unsigned)i);
		if (rc != 0)
			return dig_raise_os(err, DIG_EFILE, rc,
			    "moving '%.150s' to '%.150s'", one->from, one->to);
	}
	return DIG_OK;
}

/* What moves onto a path that is not merged is its version from now on. */
static enum dig_status
resolve_targets(struct change *mv, struct dig_error *err)
{
	size_t before = mv->op.nconflicts;

	for (size_t i = 0; i < mv->nmoved; i++) {
		const struct moved *file = &mv->moved[i];
		const struct dig_conflict *at =
		    dig_op_conflict(&mv->op, file->to, file->entry.path_len);

		if (at != NULL)
			dig_op_drop_conflict(
			    &mv->op, (size_t)(at - mv->op.conflicts));
	}
	if (mv->op.nconflicts == before)
		return DIG_OK;
	return dig_op_put(mv->repo, &mv->op, err);
}

static enum dig_status
stage_all(struct change *mv, struct dig_error *err)
{
	struct dig_commit_options options = { .verb = "mv" };
	struct dig_index *index = mv->repo->index;
	enum dig_status st = DIG_OK;

	for (size_t i = 0; i < mv->nrenames; i++)
		if (mv->renames[i].replaces)
			options.verb = "mv" DIG_VERB_LOSSY;

	for (size_t i = 0; i < mv->nmoved && st == DIG_OK; i++)
		st = dig_index_stage(index, NULL, mv->moved[i].from,
		    strlen(mv->moved[i].from), NULL, NULL, err);
	for (size_t i = 0; i < mv->nmoved && st == DIG_OK; i++) {
		struct moved *file = &mv->moved[i];

		st = dig_index_stage(index, &file->entry, file->to,
		    file->entry.path_len, NULL,
		    file->settled ? &file->stat : NULL, err);
	}
	dig_index_next(index)->staged_root = mv->result;
	if (st == DIG_OK)
		st = resolve_targets(mv, err);
	if (st == DIG_OK)
		st = dig_index_commit(index, &options, NULL, err);
	return st;
}

static enum dig_status
carry_out(struct change *mv, struct dig_error *err)
{
	enum dig_status st;

	st = remember_stats(mv, err);
	if (st == DIG_OK)
		st = apply(mv, err);
	if (st != DIG_OK)
		return st;
	st = perform_all(mv, err);
	if (st == DIG_OK) {
		settle_stats(mv);
		st = stage_all(mv, err);
	}
	if (st != DIG_OK) {
		undo(mv);
		return st;
	}
	for (size_t i = 0; i < mv->nrenames; i++) {
		struct rename *one = &mv->renames[i];

		if (one->backup[0] != '\0')
			dig_unlink_at(mv->repo->dirfd, one->backup);
		dig_folders_prune(&mv->folders, one->from);
	}
	return DIG_OK;
}

static void
clear(struct change *mv)
{
	dig_index_rollback(mv->repo->index); /* of what was not committed */
	dig_folders_clear(&mv->folders);
	dig_folders_clear(&mv->to_there);
	for (size_t i = 0; i < mv->nrenames; i++) {
		free(mv->renames[i].from);
		free(mv->renames[i].to);
	}
	for (size_t i = 0; i < mv->nmoved; i++) {
		free(mv->moved[i].from);
		free(mv->moved[i].to);
	}
	free(mv->renames);
	free(mv->moved);
	dig_op_clear(&mv->op);
}

enum dig_status
dig_move(struct dig_repo *repo, const struct dig_move_options *options,
    const char *const *paths, size_t npaths, struct dig_error *err)
{
	struct change mv = { .repo = repo, .options = options };
	enum dig_status st;

	if (npaths < 2)
		return dig_raise(
		    err, DIG_EINVALID, "mv takes a source and a target");
	st = dig_index_begin(repo->index, err);
	if (st != DIG_OK)
		return st;
	mv.io = dig_writer_io(dig_index_writer(repo->index));
	mv.staged = dig_index_next(repo->index)->staged_root;
	dig_folders_init(&mv.folders, repo->root_fd);
	dig_folders_init(&mv.to_there, repo->root_fd);
	st = dig_op_next(repo, &mv.op, err);
	if (st == DIG_OK)
		st = collect_renames(&mv, paths, npaths, err);
	if (st == DIG_OK)
		st = collect_moved(&mv, err);
	if (st == DIG_OK && !options->dry_run && mv.nmoved > 0)
		st = carry_out(&mv, err);
	for (size_t i = 0; i < mv.nrenames && st == DIG_OK; i++)
		if (options->tell != NULL)
			options->tell(
			    options->arg, mv.renames[i].from, mv.renames[i].to);
	clear(&mv);
	return st;
}
