/* SPDX-License-Identifier: MIT
 *
 * Collecting steps and deciding what each has to do. Nothing is written here;
 * steps_run.c does.
 */
#include "repo/steps.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "repo/fold.h"
#include "repo/select.h"

#define SHOW_CONFLICTS 100

void
dig_steps_init(struct dig_steps *steps, struct dig_repo *repo, const char *what)
{
	memset(steps, 0, sizeof(*steps));
	steps->repo = repo;
	steps->what = what;
	dig_folders_init(&steps->folders, repo->root_fd);
}

void
dig_steps_clear(struct dig_steps *steps)
{
	for (size_t i = 0; i < steps->n; i++) {
		free(steps->at[i].path);
		free(steps->at[i].begun);
	}
	for (size_t i = 0; i < steps->nclear; i++)
		free(steps->clear[i]);
	free(steps->at);
	free(steps->clear);
	dig_folders_clear(&steps->folders);
	memset(steps, 0, sizeof(*steps));
}

/* ---- Collecting ------------------------------------------------------- */

/* Entries keep no path of their own: the step's is theirs. */
static void
take_entry(const struct dig_step *step, const struct dig_entry *from,
    struct dig_entry *to, bool *has)
{
	*has = from != NULL;
	if (from == NULL)
		return;
	*to = *from;
	to->path = (const uint8_t *)step->path;
	to->path_len = step->path_len;
}

enum dig_status
dig_steps_add(struct dig_steps *steps, const struct dig_entry *old,
    const struct dig_entry *now, struct dig_error *err)
{
	const struct dig_entry *any = now != NULL ? now : old;
	const char *bad = dig_path_check(any->path, any->path_len);
	struct dig_step *step;

	if (bad != NULL) {
		struct dig_buf shown = DIG_BUF_INIT;

		dig_path_quote(&shown, any->path, any->path_len, true);
		dig_raise(err, DIG_ECORRUPT, "the tree has a path that %s: %s",
		    bad, (char *)shown.data);
		dig_buf_clear(&shown);
		return DIG_ECORRUPT;
	}
	DIG_GROW(steps->at, steps->cap, steps->n + 1);
	step = &steps->at[steps->n++];
	memset(step, 0, sizeof(*step));
	step->path = dig_memdup0(any->path, any->path_len);
	step->path_len = any->path_len;
	step->force = steps->force;
	take_entry(step, old, &step->old, &step->has_old);
	take_entry(step, now, &step->now, &step->has_now);
	return DIG_OK;
}

static enum dig_status
add_difference(void *arg, const struct dig_entry *old,
    const struct dig_entry *now, struct dig_error *err)
{
	return dig_steps_add(arg, old, now, err);
}

enum dig_status
dig_steps_add_diff(struct dig_steps *steps, const struct dig_node_io *io,
    const struct dig_oid *a, const struct dig_oid *b, struct dig_error *err)
{
	return dig_tree_diff(io, a, b, add_difference, steps, err);
}

/* Merge two lists that ascend by path into one; both are used up. Where a path
 * is in both, `join` says how, and the second one is dropped. */
static void
merge_steps(struct dig_steps *steps, struct dig_steps *more,
    void (*join)(struct dig_step *step, const struct dig_step *other))
{
	struct dig_step *all = dig_calloc(steps->n + more->n + 1, sizeof(*all));
	size_t a = 0, b = 0, n = 0;

	while (a < steps->n || b < more->n) {
		struct dig_step *x = a < steps->n ? &steps->at[a] : NULL;
		struct dig_step *y = b < more->n ? &more->at[b] : NULL;
		int order = x == NULL   ? 1
			    : y == NULL ? -1
					: dig_path_cmp(x->path, x->path_len,
					      y->path, y->path_len);

		all[n] = order <= 0 ? *x : *y;
		if (order == 0) {
			join(&all[n], y);
			free(y->path);
		}
		a += order <= 0;
		b += order >= 0;
		n++;
	}
	free(steps->at);
	free(more->at);
	steps->at = all;
	steps->n = n;
	steps->cap = n + 1;
	more->at = NULL;
	more->n = more->cap = 0;
}

/* What a switch that has begun may have left at the step's path. */
static void
add_begun(struct dig_step *step, const struct dig_entry *begun)
{
	struct dig_entry *all;
	bool there;

	if (begun == NULL) {
		step->may_be_gone = true;
		return;
	}
	all = dig_realloc(step->begun, (step->nbegun + 1) * sizeof(*all));
	step->begun = all;
	take_entry(step, begun, &all[step->nbegun++], &there);
}

static void
join_begun(struct dig_step *step, const struct dig_step *other)
{
	for (size_t i = 0; i < other->nbegun; i++)
		add_begun(step, &other->begun[i]);
	step->may_be_gone |= other->may_be_gone;
	free(other->begun);
}

enum dig_status
dig_steps_add_begun(struct dig_steps *steps, const struct dig_node_io *io,
    const struct dig_oid *a, const struct dig_oid *begun, struct dig_error *err)
{
	struct dig_steps more;
	enum dig_status st;

	dig_steps_init(&more, steps->repo, steps->what);
	more.force = steps->force;
	st = dig_steps_add_diff(&more, io, a, begun, err);
	/* Of itself such a path stays what it is: staged. */
	for (size_t i = 0; i < more.n; i++) {
		struct dig_step *step = &more.at[i];

		add_begun(step, step->has_now ? &step->now : NULL);
		take_entry(step, step->has_old ? &step->old : NULL, &step->now,
		    &step->has_now);
	}
	if (st == DIG_OK)
		merge_steps(steps, &more, join_begun);
	dig_steps_clear(&more);
	return st;
}

static void
join_nothing(struct dig_step *step, const struct dig_step *other)
{
	(void)step;
	(void)other;
}

void
dig_steps_merge(struct dig_steps *steps, struct dig_steps *more)
{
	merge_steps(steps, more, join_nothing);
}

static bool
leads_nowhere(const struct dig_step *step)
{
	return step->has_old == step->has_now &&
	       (!step->has_old || dig_entry_same(&step->old, &step->now));
}

/* Entries of `other` have its path, which goes: they get the step's. */
static void
join_chain(struct dig_step *step, const struct dig_step *other)
{
	if (!step->broken && leads_nowhere(step))
		take_entry(step, other->has_old ? &other->old : NULL,
		    &step->old, &step->has_old);
	else if (step->has_now != other->has_old ||
		 (step->has_now && !dig_entry_same(&step->now, &other->old)))
		step->broken = true;
	take_entry(step, other->has_now ? &other->now : NULL, &step->now,
	    &step->has_now);
}

void
dig_steps_chain(struct dig_steps *steps, struct dig_steps *more)
{
	merge_steps(steps, more, join_chain);
}

enum dig_status
dig_steps_add_edits(struct dig_steps *steps, const struct dig_node_io *io,
    const struct dig_oid *now, struct dig_error *err)
{
	struct dig_tree_iter *iter = NULL;
	const struct dig_entry *entry;
	struct dig_steps more;
	struct dig_look look;
	enum dig_status st;
	int which;

	dig_steps_init(&more, steps->repo, steps->what);
	more.force = true;
	st = dig_tree_iter_new(io, now, &iter, err);
	while (st == DIG_OK) {
		char *path;

		st = dig_tree_iter_next(iter, &entry, err);
		if (st != DIG_OK || entry == NULL)
			break;
		path = dig_memdup0(entry->path, entry->path_len);
		st = dig_worktree_look(&steps->folders, path, &look, err);
		if (st == DIG_OK)
			st = dig_worktree_which(steps->repo, &steps->folders,
			    path, &look, &entry, 1, &which, err);
		free(path);
		if (st == DIG_OK && which < 0)
			st = dig_steps_add(&more, entry, entry, err);
	}
	dig_tree_iter_free(iter);
	if (st == DIG_OK)
		dig_steps_merge(steps, &more);
	dig_steps_clear(&more);
	return st;
}

/* ---- Checking --------------------------------------------------------- */

const struct dig_step *
dig_steps_find(const struct dig_steps *steps, const void *path, size_t len)
{
	size_t low = 0, high = steps->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct dig_step *step = &steps->at[mid];
		int order = dig_path_cmp(step->path, step->path_len, path, len);

		if (order == 0)
			return step;
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* The path is one that the steps take away. */
static bool
goes_away(const struct dig_steps *steps, const char *path, size_t len)
{
	const struct dig_step *step = dig_steps_find(steps, path, len);

	return step != NULL && !step->has_now &&
	       (step->has_old || step->nbegun > 0);
}

static void
conflict(
    struct dig_steps *steps, const char *path, size_t len, const char *reason)
{
	struct dig_buf shown = DIG_BUF_INIT;

	if (++steps->nconflicts <= SHOW_CONFLICTS) {
		dig_path_quote(&shown, path, len, true);
		dig_repo_warn(
		    steps->repo, "%s: %s", (char *)shown.data, reason);
		dig_buf_clear(&shown);
	}
}

/* Something untracked stands where a file or folder has to be. */
static void
in_the_way(struct dig_steps *steps, const struct dig_step *step,
    const char *path, size_t len, const char *reason)
{
	if (!step->force) {
		conflict(steps, path, len, reason);
		return;
	}
	steps->lossy = true;
	if (steps->nclear > 0 &&
	    strcmp(steps->clear[steps->nclear - 1], path) == 0)
		return;
	DIG_GROW(steps->clear, steps->clear_cap, steps->nclear + 1);
	steps->clear[steps->nclear++] = dig_memdup0(path, len);
}

/* A parent of the step's path is no folder: which one, and may it go? */
static enum dig_status
check_blocked(
    struct dig_steps *steps, struct dig_step *step, struct dig_error *err)
{
	char *path = dig_strdup(step->path);
	enum dig_status st = DIG_OK;
	struct dig_look look;

	for (char *at = strchr(path, '/'); at != NULL && st == DIG_OK;
	     at = strchr(at + 1, '/')) {
		*at = '\0';
		st = dig_worktree_look(&steps->folders, path, &look, err);
		if (st == DIG_OK && look.what != DIG_WORK_FOLDER) {
			if (look.what != DIG_WORK_MISSING &&
			    !goes_away(steps, path, strlen(path)))
				in_the_way(steps, step, path, strlen(path),
				    "is in the way of a folder");
			break;
		}
		*at = '/';
	}
	free(path);
	return st;
}

/* Does everything in this folder go away with the steps? dir is the path so
 * far, and is put back. */
static enum dig_status
folder_empties(struct dig_steps *steps, struct dig_buf *dir, bool *out,
    struct dig_error *err)
{
	enum dig_status st = DIG_OK;
	struct dirent *entry;
	size_t len = dir->len;
	DIR *list;
	int fd;

	fd = dig_open_beneath(
	    steps->repo->root_fd, (const char *)dir->data, DIG_OPEN_DIRECTORY);
	list = fd >= 0 ? fdopendir(fd) : NULL;
	if (list == NULL) {
		st = dig_raise_os(err, DIG_EFILE, fd < 0 ? -fd : errno,
		    "reading %s", (char *)dir->data);
		dig_close(fd);
		return st;
	}
	while (st == DIG_OK && *out && (entry = readdir(list)) != NULL) {
		struct dig_stat sb;

		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		dig_buf_putc(dir, '/');
		dig_buf_puts(dir, entry->d_name);
		if (dir->len > DIG_PATH_MAX ||
		    dig_stat_at(dirfd(list), entry->d_name, &sb) != 0)
			*out = false;
		else if (sb.type == DIG_FT_DIR)
			st = folder_empties(steps, dir, out, err);
		else
			*out =
			    goes_away(steps, (const char *)dir->data, dir->len);
		dir->len = len;
		dir->data[len] = '\0';
	}
	closedir(list);
	return st;
}

static enum dig_status
check_folder(
    struct dig_steps *steps, struct dig_step *step, struct dig_error *err)
{
	struct dig_buf dir = DIG_BUF_INIT;
	enum dig_status st;
	bool empties = true;

	dig_buf_put(&dir, step->path, step->path_len);
	st = folder_empties(steps, &dir, &empties, err);
	dig_buf_clear(&dir);
	if (st == DIG_OK && !empties)
		in_the_way(steps, step, step->path, step->path_len,
		    "is a folder with files that are not tracked");
	step->action = DIG_STEP_WRITE;
	return st;
}

/* A file is there: is it one that we know? */
static enum dig_status
check_file(
    struct dig_steps *steps, struct dig_step *step, struct dig_error *err)
{
	const struct dig_entry **known =
	    dig_calloc(step->nbegun + 2, sizeof(*known));
	bool stays = step->has_old && step->has_now &&
		     dig_entry_same(&step->old, &step->now);
	enum dig_status st;
	int n = 2, which;

	known[0] = step->has_now ? &step->now : NULL;
	known[1] = step->has_old ? &step->old : NULL;
	for (size_t i = 0; i < step->nbegun; i++)
		known[n++] = &step->begun[i];
	if (step->seen != NULL && dig_stat_same(step->seen, &step->look.stat)) {
		which = 1;
		st = DIG_OK;
	} else {
		st = dig_worktree_which(steps->repo, &steps->folders,
		    step->path, &step->look, known, n, &which, err);
	}
	free(known);
	if (st != DIG_OK)
		return st;
	if (which == 0)
		step->action = DIG_STEP_THERE;
	else if (which > 0 || step->force) {
		step->action = step->has_now ? DIG_STEP_WRITE : DIG_STEP_REMOVE;
		steps->lossy |= which < 0;
	} else if (stays || (!step->has_now && !step->has_old))
		step->action = DIG_STEP_NONE; /* an edit, and not in the way */
	else
		conflict(steps, step->path, step->path_len,
		    step->has_old ? "has changes that are not staged"
				  : "is not tracked");
	return DIG_OK;
}

/* Nothing is there. */
static void
check_missing(struct dig_step *step)
{
	bool stays = step->has_old && step->has_now &&
		     dig_entry_same(&step->old, &step->now);

	/* A file that the user took away, and that nobody asks for, stays
	 * away; one that an interrupted switch took away comes back. */
	if (step->has_now && (!stays || step->force || step->may_be_gone))
		step->action = DIG_STEP_WRITE;
}

static void
skip_link(struct dig_steps *steps, const struct dig_step *step)
{
	struct dig_buf shown = DIG_BUF_INIT;

	steps->skipped_links++;
	dig_path_quote(&shown, step->path, step->path_len, true);
	dig_repo_warn(steps->repo, "%s: names a foreign commit and is left out",
	    (char *)shown.data);
	dig_buf_clear(&shown);
}

static enum dig_status
check_step(
    struct dig_steps *steps, struct dig_step *step, struct dig_error *err)
{
	enum dig_status st;

	step->action = DIG_STEP_NONE;
	if (step->broken) {
		conflict(steps, step->path, step->path_len,
		    "was staged anew in between");
		return DIG_OK;
	}
	if ((step->has_now && step->now.kind == DIG_ENTRY_LINK) ||
	    (!step->has_now && step->has_old &&
		step->old.kind == DIG_ENTRY_LINK)) {
		if (step->has_now)
			skip_link(steps, step);
		return DIG_OK;
	}
	st = dig_worktree_look(&steps->folders, step->path, &step->look, err);
	if (st != DIG_OK)
		return st;
	switch (step->look.what) {
	case DIG_WORK_FILE:
		return check_file(steps, step, err);
	case DIG_WORK_MISSING:
		check_missing(step);
		return DIG_OK;
	case DIG_WORK_BLOCKED:
		check_missing(step);
		return step->action == DIG_STEP_WRITE
			   ? check_blocked(steps, step, err)
			   : DIG_OK;
	case DIG_WORK_FOLDER:
		check_missing(step);
		return step->action == DIG_STEP_WRITE
			   ? check_folder(steps, step, err)
			   : DIG_OK;
	case DIG_WORK_OTHER:
		check_missing(step);
		if (step->action == DIG_STEP_WRITE)
			in_the_way(steps, step, step->path, step->path_len,
			    "is no regular file");
		return DIG_OK;
	}
	return DIG_OK;
}

/* K1, for pairs of paths. */
static enum dig_status
check_nesting(const struct dig_steps *steps, struct dig_error *err)
{
	struct dig_nesting nesting = { NULL, 0, 0 };
	enum dig_status st = DIG_OK;

	for (size_t i = 0; i < steps->n && st == DIG_OK; i++)
		if (steps->at[i].has_now &&
		    !dig_nesting_next(&nesting, &steps->at[i].now))
			st = dig_raise(err, DIG_ECORRUPT,
			    "the tree has a file that is a folder, too, of "
			    "%.300s",
			    steps->at[i].path);
	dig_nesting_clear(&nesting);
	return st;
}

enum dig_status
dig_steps_check(struct dig_steps *steps, struct dig_error *err)
{
	enum dig_status st = check_nesting(steps, err);

	for (size_t i = 0; i < steps->n && st == DIG_OK; i++) {
		if (dig_interrupted())
			return dig_raise(err, DIG_ECANCELLED,
			    "interrupted; nothing was changed");
		st = check_step(steps, &steps->at[i], err);
	}
	dig_folders_forget(&steps->folders);
	if (st != DIG_OK || steps->nconflicts == 0)
		return st;
	dig_raise(err, DIG_ECONFLICT,
	    "%llu %s would be overwritten; nothing was changed",
	    (unsigned long long)steps->nconflicts,
	    steps->nconflicts == 1 ? "file" : "files");
	dig_hint(err, "commit what you want to keep, or use -f to lose it");
	return DIG_ECONFLICT;
}

void
dig_steps_know(
    struct dig_steps *steps, const struct dig_add_seen *seen, size_t count)
{
	for (size_t i = 0, k = 0; i < steps->n; i++) {
		int order = -1;

		while (k < count &&
		       (order = strcmp(seen[k].path, steps->at[i].path)) < 0)
			k++;
		if (k < count && order == 0 && steps->at[i].has_old)
			steps->at[i].seen = &seen[k].stat;
	}
}

enum dig_status
dig_steps_check_names(const struct dig_steps *steps,
    const struct dig_node_io *io, const struct dig_oid *root,
    struct dig_error *err)
{
	struct dig_repo *repo = steps->repo;
	enum dig_status st;
	bool folds;

	if (steps->n == 0)
		return DIG_OK;
	st = dig_fold_probe(
	    repo->root_fd, strrchr(repo->dig_dir, '/') + 1, &folds, err);
	if (st == DIG_OK && folds)
		st = dig_fold_check(io, root, dig_fold_name, err);
	return st;
}

bool
dig_steps_touch_files(const struct dig_steps *steps)
{
	if (steps->nclear > 0)
		return true;
	for (size_t i = 0; i < steps->n; i++)
		if (steps->at[i].action == DIG_STEP_WRITE ||
		    steps->at[i].action == DIG_STEP_REMOVE)
			return true;
	return false;
}
