/* SPDX-License-Identifier: MIT
 *
 * Looking at the work tree. Nothing is looked up through a link, and nothing
 * is written here but folders.
 */
#include "repo/worktree.h"

#include <errno.h>
#include <string.h>

#include "staging/hash_file.h"

/* ---- Folders ---------------------------------------------------------- */

void
dig_folders_init(struct dig_folders *folders, int root_fd)
{
	folders->root_fd = root_fd;
	folders->fd = -1;
	folders->len = 0;
	folders->path[0] = '\0';
}

void
dig_folders_forget(struct dig_folders *folders)
{
	if (folders->fd >= 0)
		dig_close(folders->fd);
	folders->fd = -1;
}

void
dig_folders_clear(struct dig_folders *folders)
{
	dig_folders_forget(folders);
}

/* Open a folder, making what is missing. dir is changed and put back. */
static int
open_making(int root_fd, char *dir)
{
	char *slash = strrchr(dir, '/');
	const char *name = slash != NULL ? slash + 1 : dir;
	int parent = root_fd;
	int fd = dig_open_beneath(root_fd, dir, DIG_OPEN_DIRECTORY);
	int rc;

	if (fd != -ENOENT)
		return fd;
	if (slash != NULL) {
		*slash = '\0';
		parent = open_making(root_fd, dir);
		*slash = '/';
		if (parent < 0)
			return parent;
	}
	rc = dig_mkdir_at(parent, name, 0777);
	fd = rc != 0 && rc != EEXIST
		 ? -rc
		 : dig_open_at(parent, name, DIG_OPEN_DIRECTORY);
	if (parent != root_fd)
		dig_close(parent);
	return fd;
}

int
dig_folders_open(
    struct dig_folders *folders, const char *path, bool make, const char **name)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash != NULL ? (size_t)(slash - path) : 0;

	*name = slash != NULL ? slash + 1 : path;
	if (len == 0)
		return folders->root_fd;
	if (folders->fd >= 0 && folders->len == len &&
	    memcmp(folders->path, path, len) == 0)
		return folders->fd;
	dig_folders_forget(folders);
	if (len >= sizeof(folders->path))
		return -ENAMETOOLONG;
	memcpy(folders->path, path, len);
	folders->path[len] = '\0';
	folders->len = len;
	folders->fd = make ? open_making(folders->root_fd, folders->path)
			   : dig_open_beneath(folders->root_fd, folders->path,
				 DIG_OPEN_DIRECTORY);
	if (folders->fd < 0) {
		int rc = folders->fd;

		folders->fd = -1;
		return rc;
	}
	return folders->fd;
}

void
dig_folders_prune(struct dig_folders *folders, const char *path)
{
	char dir[DIG_PATH_MAX + 1];
	const char *name;
	char *slash;
	int fd;

	if (strlen(path) > DIG_PATH_MAX)
		return;
	memcpy(dir, path, strlen(path) + 1);
	while ((slash = strrchr(dir, '/')) != NULL) {
		*slash = '\0';
		fd = dig_folders_open(folders, dir, false, &name);
		/* rmdir refuses what is not empty, and what is a link. */
		if (fd < 0 || dig_rmdir_at(fd, name) != 0)
			break;
	}
	dig_folders_forget(folders);
}

/* ---- Files ------------------------------------------------------------ */

static enum dig_status
raise_path(struct dig_error *err, int rc, const char *path)
{
	struct dig_buf shown = DIG_BUF_INIT;

	dig_path_quote(&shown, path, strlen(path), true);
	dig_raise_os(err, DIG_EFILE, rc, "%s", (char *)shown.data);
	dig_buf_clear(&shown);
	return DIG_EFILE;
}

enum dig_status
dig_worktree_look(struct dig_folders *folders, const char *path,
    struct dig_look *out, struct dig_error *err)
{
	const char *name;
	int fd = dig_folders_open(folders, path, false, &name);
	int rc = fd < 0 ? -fd : dig_stat_at(fd, name, &out->stat);

	if (rc == ENOENT) {
		out->what = DIG_WORK_MISSING;
	} else if (rc == ENOTDIR || rc == ELOOP) {
		out->what = DIG_WORK_BLOCKED;
	} else if (rc != 0) {
		return raise_path(err, rc, path);
	} else if (out->stat.type == DIG_FT_DIR) {
		out->what = DIG_WORK_FOLDER;
	} else {
		out->what = out->stat.type == DIG_FT_OTHER ? DIG_WORK_OTHER
							   : DIG_WORK_FILE;
	}
	return DIG_OK;
}

enum dig_entry_kind
dig_worktree_kind(const struct dig_stat *stat)
{
	if (stat->type == DIG_FT_SYMLINK)
		return DIG_ENTRY_SYMLINK;
	return stat->mode & 0100 ? DIG_ENTRY_EXEC : DIG_ENTRY_FILE;
}

enum dig_status
dig_worktree_cached(struct dig_repo *repo, const char *path,
    const struct dig_stat *stat, struct dig_oid *content, bool *known,
    struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	struct dig_stat sb = *stat;
	enum dig_status st;
	struct dig_db *db;

	*known = false;
	db = dig_index_db(repo->index);
	if (db == NULL)
		return DIG_OK;
	st = dig_db_stmt(db, DIG_SQL_STAGING_GET, &stmt, err);
	if (st != DIG_OK)
		return st;
	dig_stmt_bind_blob(stmt, 1, path, strlen(path));
	st = dig_stmt_row(stmt, err);
	if (st == DIG_ENOTFOUND ||
	    (st == DIG_OK && dig_stmt_is_null(stmt, 3))) {
		dig_stmt_done(stmt);
		return DIG_OK;
	}
	if (st == DIG_OK) {
		sb.size_bytes = (uint64_t)dig_stmt_int(stmt, 3);
		sb.mtime_ns = dig_stmt_int(stmt, 4);
		sb.ctime_ns = dig_stmt_int(stmt, 5);
		sb.ino = (uint64_t)dig_stmt_int(stmt, 6);
		sb.dev = (uint64_t)dig_stmt_int(stmt, 7);
		sb.mode = (uint32_t)dig_stmt_int(stmt, 8);
		if (dig_stat_same(&sb, stat) &&
		    dig_stmt_int(stmt, 0) == (int64_t)dig_worktree_kind(stat)) {
			st = dig_stmt_oid(stmt, 2, content, err);
			*known = st == DIG_OK;
		}
	}
	dig_stmt_done(stmt);
	return st;
}

static bool
is_candidate(const struct dig_entry *entry, const struct dig_stat *stat)
{
	return entry != NULL && entry->kind == dig_worktree_kind(stat) &&
	       entry->size_bytes == stat->size_bytes;
}

enum dig_status
dig_worktree_which(struct dig_repo *repo, struct dig_folders *folders,
    const char *path, const struct dig_look *look,
    const struct dig_entry *const *entries, int n, int *which,
    struct dig_error *err)
{
	const struct dig_chunk_profile *profile = dig_chunk_profile(
	    dig_store_chunk_profile(dig_index_store(repo->index)));
	struct dig_oid content, id;
	const char *name;
	enum dig_status st;
	bool known, any = false;
	int fd;

	*which = -1;
	for (int i = 0; i < n; i++) {
		if (entries[i] != NULL && entries[i]->kind == DIG_ENTRY_LINK) {
			*which = i;
			return DIG_OK;
		}
		any |= look->what == DIG_WORK_FILE &&
		       is_candidate(entries[i], &look->stat);
	}
	if (!any)
		return DIG_OK;
	st =
	    dig_worktree_cached(repo, path, &look->stat, &content, &known, err);
	if (st != DIG_OK)
		return st;
	if (!known) {
		fd = dig_folders_open(folders, path, false, &name);
		if (fd < 0)
			return DIG_OK; /* gone since the look */
		st = dig_hash_at(
		    fd, name, &look->stat, profile, &content, &known, err);
		if (st == DIG_EFILE)
			dig_wrap(err, "%s", path);
		if (st != DIG_OK || !known)
			return st;
	}
	for (int i = 0; i < n && *which < 0; i++) {
		if (!is_candidate(entries[i], &look->stat))
			continue;
		dig_entry_content_id(entries[i], &id);
		if (dig_oid_eq(&id, &content))
			*which = i;
	}
	return DIG_OK;
}
