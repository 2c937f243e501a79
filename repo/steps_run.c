/* SPDX-License-Identifier: MIT
 *
 * Carrying out steps that were checked: removing, writing, and recording what
 * stands there then.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <dirent.h>

#include "repo/steps.h"
#include "repo/worktree_write.h"
#include "staging/racy.h"

/* ---- The temporary folder --------------------------------------------- */

/* What a killed run left there. Nobody else writes: the lock is held. */
static void
remove_leftovers(int tmp_fd)
{
	struct dirent *entry;
	int fd = dig_open_at(tmp_fd, ".", DIG_OPEN_DIRECTORY);
	DIR *list = fd >= 0 ? fdopendir(fd) : NULL;

	if (list == NULL) {
		dig_close(fd);
		return;
	}
	while ((entry = readdir(list)) != NULL)
		if (strncmp(entry->d_name, "checkout.", 9) == 0)
			dig_unlink_at(tmp_fd, entry->d_name);
	closedir(list);
}

static enum dig_status
open_tmp(struct dig_repo *repo, int *out, struct dig_error *err)
{
	int rc = dig_mkdir_at(repo->dirfd, "tmp", 0700);
	int fd = rc != 0 && rc != EEXIST
		     ? -rc
		     : dig_open_at(repo->dirfd, "tmp", DIG_OPEN_DIRECTORY);

	if (fd < 0)
		return dig_raise_os(err, DIG_EIO, -fd, "opening .dig/tmp");
	remove_leftovers(fd);
	*out = fd;
	return DIG_OK;
}

/* ---- Removing --------------------------------------------------------- */

/* An empty folder, and empty ones in it. 0 or errno. */
static int
remove_empty_folders(int dirfd, const char *name)
{
	struct dirent *entry;
	DIR *list;
	int rc = 0;
	int fd;

	rc = dig_rmdir_at(dirfd, name);
	if (rc != ENOTEMPTY && rc != EEXIST)
		return rc;
	fd = dig_open_at(dirfd, name, DIG_OPEN_DIRECTORY);
	if (fd < 0)
		return -fd;
	list = fdopendir(fd);
	if (list == NULL) {
		rc = errno;
		dig_close(fd);
		return rc;
	}
	rc = 0;
	while (rc == 0 && (entry = readdir(list)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			rc = remove_empty_folders(fd, entry->d_name);
	closedir(list);
	return rc != 0 ? rc : dig_rmdir_at(dirfd, name);
}

/* Another repository is never removed, forced or not. */
static bool
is_repository(int dirfd, const char *name)
{
	struct dig_stat sb;
	int fd = dig_open_at(dirfd, name, DIG_OPEN_DIRECTORY);
	bool is = fd >= 0 && (dig_stat_at(fd, ".dig", &sb) == 0 ||
				 dig_stat_at(fd, ".git", &sb) == 0);

	if (fd >= 0)
		dig_close(fd);
	return is;
}

static enum dig_status
clear_way(struct dig_steps *steps, const char *path, struct dig_error *err)
{
	const char *name;
	int fd = dig_folders_open(&steps->folders, path, false, &name);
	int rc;

	if (fd < 0)
		return fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP
			   ? DIG_OK /* what is above was in the way, too */
			   : dig_raise_os(
				 err, DIG_EFILE, -fd, "removing %s", path);
	if (is_repository(fd, name))
		return dig_raise(err, DIG_ECONFLICT,
		    "%s is another repository and is in the way", path);
	rc = dig_remove_tree(fd, name);
	dig_folders_forget(&steps->folders);
	if (rc != 0)
		return dig_raise_os(err, DIG_EFILE, rc, "removing %s", path);
	return DIG_OK;
}

/* From the last path to the first, so that folders are emptied from below. */
static enum dig_status
remove_files(struct dig_steps *steps, int tmp_fd, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	for (size_t i = steps->n; i > 0 && st == DIG_OK; i--) {
		struct dig_step *step = &steps->at[i - 1];

		if (step->action != DIG_STEP_REMOVE)
			continue;
		if (dig_interrupted())
			return dig_raise(err, DIG_ECANCELLED, "interrupted");
		st = dig_worktree_take(
		    &steps->folders, tmp_fd, step->path, &step->look.stat, err);
		if (st != DIG_OK)
			break;
		steps->removed++;
		/* The folder is done when the next path is not in it. */
		if (i == 1 || steps->at[i - 2].action != DIG_STEP_REMOVE ||
		    strrchr(step->path, '/') == NULL ||
		    strncmp(step->path, steps->at[i - 2].path,
			(size_t)(strrchr(step->path, '/') - step->path + 1)) !=
			0)
			dig_folders_prune(&steps->folders, step->path);
	}
	dig_folders_forget(&steps->folders);
	return st;
}

/* Folders that have become empty make room for files. */
static enum dig_status
remove_folders(struct dig_steps *steps, struct dig_error *err)
{
	for (size_t i = 0; i < steps->n; i++) {
		struct dig_step *step = &steps->at[i];
		const char *name;
		int fd, rc;

		if (step->action != DIG_STEP_WRITE ||
		    step->look.what != DIG_WORK_FOLDER)
			continue;
		fd =
		    dig_folders_open(&steps->folders, step->path, false, &name);
		if (fd < 0)
			continue; /* the whole folder has gone */
		rc = remove_empty_folders(fd, name);
		dig_folders_forget(&steps->folders);
		if (rc != 0 && rc != ENOENT)
			return dig_raise_os(err, DIG_ECONFLICT, rc,
			    "the folder %s is in the way", step->path);
	}
	return DIG_OK;
}

/* ---- Writing ---------------------------------------------------------- */

static enum dig_status
write_files(struct dig_steps *steps, int tmp_fd, struct dig_error *err)
{
	struct dig_write_target target = { 0 };
	struct dig_write_job *jobs;
	enum dig_status st;
	size_t njobs = 0;

	target.store = dig_index_store(steps->repo->index);
	target.root_fd = steps->repo->root_fd;
	target.tmp_fd = tmp_fd;
	target.talk = &steps->repo->talk;
	target.what = steps->what;
	jobs = dig_calloc(steps->n + 1, sizeof(*jobs));
	for (size_t i = 0; i < steps->n; i++) {
		struct dig_step *step = &steps->at[i];

		if (step->action != DIG_STEP_WRITE)
			continue;
		jobs[njobs].entry = &step->now;
		jobs[njobs].path = step->path;
		if (step->look.what == DIG_WORK_FILE)
			jobs[njobs].before = &step->look.stat;
		njobs++;
	}
	st = dig_worktree_write(&target, jobs, njobs, err);
	njobs = 0;
	for (size_t i = 0; i < steps->n; i++) {
		struct dig_step *step = &steps->at[i];

		if (step->action != DIG_STEP_WRITE)
			continue;
		step->stat = jobs[njobs].after;
		steps->written += jobs[njobs++].done;
	}
	free(jobs);
	return st;
}

/* ---- Recording -------------------------------------------------------- */

/*
 * The stats that the stat cache may keep: the file is still the one that was
 * written or compared, and the clock has moved on since. A rename changes the
 * ctime, so what was written is known by all the rest.
 */
static void
settle(struct dig_steps *steps)
{
	int64_t newest = INT64_MIN, now_ns;
	struct dig_look look;
	struct dig_error ignored = DIG_ERROR_INIT;

	for (size_t i = 0; i < steps->n; i++) {
		struct dig_step *step = &steps->at[i];

		if (step->action == DIG_STEP_THERE)
			step->stat = step->look.stat;
		else if (step->action != DIG_STEP_WRITE)
			continue;
		if (step->stat.mtime_ns > newest)
			newest = step->stat.mtime_ns;
		if (step->stat.ctime_ns > newest)
			newest = step->stat.ctime_ns;
	}
	if (newest == INT64_MIN)
		return;
	/* The last rename came after the last stat: at least one step. */
	if (dig_racy_now(steps->repo->dirfd, &now_ns, &ignored) != DIG_OK)
		return;
	dig_racy_wait_past(
	    steps->repo->dirfd, newest > now_ns ? newest : now_ns, &now_ns);
	for (size_t i = 0; i < steps->n; i++) {
		struct dig_step *step = &steps->at[i];

		if ((step->action != DIG_STEP_WRITE &&
			step->action != DIG_STEP_THERE) ||
		    dig_worktree_look(&steps->folders, step->path, &look,
			&ignored) != DIG_OK ||
		    look.what != DIG_WORK_FILE)
			continue;
		if (step->action == DIG_STEP_WRITE)
			step->stat.ctime_ns = look.stat.ctime_ns;
		step->settled = dig_stat_same(&step->stat, &look.stat) &&
				dig_racy_is_settled(&look.stat, now_ns);
		step->stat = look.stat;
	}
	dig_folders_forget(&steps->folders);
}

enum dig_status
dig_steps_run(struct dig_steps *steps, struct dig_error *err)
{
	enum dig_status st;
	int tmp_fd = -1;

	st = open_tmp(steps->repo, &tmp_fd, err);
	if (st == DIG_OK)
		st = remove_files(steps, tmp_fd, err);
	for (size_t i = 0; i < steps->nclear && st == DIG_OK; i++)
		st = clear_way(steps, steps->clear[i], err);
	if (st == DIG_OK)
		st = remove_folders(steps, err);
	if (st == DIG_OK)
		st = write_files(steps, tmp_fd, err);
	if (st == DIG_OK)
		settle(steps);
	dig_close(tmp_fd);
	return st;
}

static struct dig_staged
staged_of(const struct dig_step *step)
{
	struct dig_staged staged = { 0 };

	staged.exists = step->has_old;
	if (step->has_old) {
		staged.kind = step->old.kind;
		staged.size_bytes = step->old.size_bytes;
		dig_entry_content_id(&step->old, &staged.content);
	}
	return staged;
}

enum dig_status
dig_steps_stage(struct dig_steps *steps, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	for (size_t i = 0; i < steps->n && st == DIG_OK; i++) {
		struct dig_step *step = &steps->at[i];
		struct dig_staged before = staged_of(step);

		if (!step->has_old && !step->has_now)
			continue;
		st = dig_index_stage(steps->repo->index,
		    step->has_now ? &step->now : NULL, step->path,
		    step->path_len, &before, step->settled ? &step->stat : NULL,
		    err);
	}
	return st;
}

enum dig_status
dig_steps_restat(struct dig_steps *steps, struct dig_error *err)
{
	enum dig_status st = DIG_OK;
	struct dig_oid content;

	for (size_t i = 0; i < steps->n && st == DIG_OK; i++) {
		struct dig_step *step = &steps->at[i];

		if (!step->settled || !step->has_now)
			continue;
		dig_entry_content_id(&step->now, &content);
		st = dig_index_restat(steps->repo->index, step->path,
		    step->path_len, &content, &step->stat, err);
	}
	return st;
}
