/* SPDX-License-Identifier: MIT
 *
 * Writing a revision into a folder of its own. Nothing in the repository
 * changes, so a reader's view of it is enough.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "repo/checkout.h"
#include "repo/fold.h"
#include "repo/revision.h"
#include "repo/selection.h"
#include "repo/worktree_write.h"

/* The folder, made if missing; EXISTS unless it is empty. */
static enum dig_status
open_empty(const char *dir, int *out, bool *made, struct dig_error *err)
{
	struct dirent *entry;
	bool empty = true;
	DIR *list;
	int fd, again, rc;

	rc = dig_mkdir_at(AT_FDCWD, dir, 0777);
	*made = rc == 0;
	if (rc != 0 && rc != EEXIST)
		return dig_raise_os(
		    err, DIG_EFILE, rc, "making the folder '%.200s'", dir);
	fd = dig_open_at(AT_FDCWD, dir, DIG_OPEN_DIRECTORY | DIG_OPEN_FOLLOW);
	if (fd < 0)
		return dig_raise_os(
		    err, DIG_EFILE, -fd, "opening the folder '%.200s'", dir);
	again = dig_open_at(fd, ".", DIG_OPEN_DIRECTORY);
	list = again >= 0 ? fdopendir(again) : NULL;
	if (list == NULL) {
		dig_close(again);
		dig_close(fd);
		return dig_raise(
		    err, DIG_EFILE, "reading the folder '%.200s'", dir);
	}
	while (empty && (entry = readdir(list)) != NULL)
		empty = strcmp(entry->d_name, ".") == 0 ||
			strcmp(entry->d_name, "..") == 0;
	closedir(list);
	if (!empty) {
		dig_close(fd);
		return dig_raise(
		    err, DIG_EEXISTS, "the folder '%.200s' is not empty", dir);
	}
	*out = fd;
	return DIG_OK;
}

static enum dig_status
write_all(struct dig_repo *repo, int root_fd, const struct dig_selected *all,
    uint64_t *written, struct dig_error *err)
{
	struct dig_write_job *jobs = dig_calloc(all->n + 1, sizeof(*jobs));
	struct dig_write_target target = { 0 };
	enum dig_status st;

	for (size_t i = 0; i < all->n; i++) {
		jobs[i].entry = &all->entries[i];
		jobs[i].path = (const char *)all->entries[i].path;
	}
	target.store = dig_index_store(repo->index);
	target.root_fd = root_fd;
	target.tmp_fd = -1;
	target.talk = &repo->talk;
	target.what = "checking out";
	st = dig_worktree_write(&target, jobs, all->n, err);
	for (size_t i = 0; i < all->n; i++)
		*written += jobs[i].done;
	free(jobs);
	return st;
}

enum dig_status
dig_checkout_tree_into(struct dig_repo *repo, const char *dir,
    const struct dig_oid *tree, const struct dig_selection *what,
    struct dig_checkout_result *result, struct dig_error *err)
{
	struct dig_selected all = { NULL, 0, 0, 0 };
	struct dig_node_io io = dig_reader_io(dig_index_reader(repo->index));
	enum dig_status st;
	bool made = false, folds = false;
	int fd = -1;

	memset(result, 0, sizeof(*result));
	st = dig_selection_collect(repo, tree, what, &all, err);
	if (st == DIG_OK)
		st = open_empty(dir, &fd, &made, err);
	if (st == DIG_OK)
		st = dig_fold_probe(fd, NULL, &folds, err);
	if (st == DIG_OK && folds)
		st = dig_fold_check(&io, tree, dig_fold_name, err);
	if (st == DIG_OK)
		st = write_all(repo, fd, &all, &result->written, err);
	if (st == DIG_ECANCELLED && fd >= 0)
		dig_hint(err, "%llu of %zu files were written to '%.150s'",
		    (unsigned long long)result->written, all.n, dir);
	if (st != DIG_OK && made && result->written == 0)
		dig_rmdir_at(AT_FDCWD, dir);
	result->skipped_links = all.skipped_links;
	dig_selected_clear(&all);
	dig_close(fd);
	return st;
}

enum dig_status
dig_checkout_into(struct dig_repo *repo, const char *dir,
    const struct dig_selection *what, struct dig_checkout_result *result,
    struct dig_error *err)
{
	struct dig_oid tree;
	enum dig_status st;

	memset(result, 0, sizeof(*result));
	st = dig_revision_tree(repo, what->rev, &tree, err);
	if (st == DIG_OK)
		st =
		    dig_checkout_tree_into(repo, dir, &tree, what, result, err);
	return st;
}
