/* SPDX-License-Identifier: MIT
 *
 * Making a repository: built aside as .dig.tmp-XXXXXXXXXXXXXXXX, made durable,
 * and renamed to .dig in one step.
 *
 * The target folder is locked (flock) meanwhile, so what is found there under
 * such a name belongs to an init that was killed, and is removed.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "objects/base/io.h"
#include "objects/journal.h"
#include "repo/layout.h"

#define ASIDE ".dig.tmp-"
#define ASIDE_DIGITS 16
#define CHUNK_PROFILE 1
#define LOCK_MS 10000
/* Whatever the umask takes away is taken away besides. */
#define FOLDER_MODE 0755

static const char exclude_text[] =
    "# Patterns of files that dig leaves alone in this repository only.\n"
    "# The syntax is that of .digignore; this file is not recorded.\n";

static enum dig_status
fail(int os, const char *what, const char *name, struct dig_error *err)
{
	return dig_raise_os(err,
	    os == EACCES || os == EPERM || os == EROFS ? DIG_EDENIED : DIG_EIO,
	    os, "%s '%s'", what, name);
}

static void
close_quietly(int fd)
{
	dig_ignore(dig_close(fd) == 0 ? DIG_OK : DIG_EIO); /* nothing written */
}

/* ---- The target folder ------------------------------------------------ */

/* Make `path` and what leads to it; every new name is synced. */
static enum dig_status
make_folders(const char *path, struct dig_error *err)
{
	char *name = dig_strdup(path);
	enum dig_status st = DIG_OK;
	int at = dig_open_at(
	    AT_FDCWD, path[0] == '/' ? "/" : ".", DIG_OPEN_DIRECTORY);

	for (char *p = name, *end; st == DIG_OK && at >= 0; p = end) {
		int next, rc;

		p += strspn(p, "/");
		end = p + strcspn(p, "/");
		if (*p == '\0')
			break;
		if (*end != '\0')
			*end++ = '\0';
		rc = dig_mkdir_at(at, p, 0777);
		if (rc == 0)
			rc = dig_sync_dir(at);
		if (rc != 0 && rc != EEXIST)
			st = fail(rc, "making", path, err);
		next = dig_open_at(at, p, DIG_OPEN_DIRECTORY | DIG_OPEN_FOLLOW);
		close_quietly(at);
		at = next;
	}
	if (st == DIG_OK && at < 0)
		st = fail(-at, "making", path, err);
	if (at >= 0)
		close_quietly(at);
	free(name);
	return st;
}

static bool
is_aside(const char *name)
{
	if (strncmp(name, ASIDE, strlen(ASIDE)) != 0 ||
	    strlen(name) != strlen(ASIDE) + ASIDE_DIGITS)
		return false;
	name += strlen(ASIDE);
	return strspn(name, "0123456789abcdef") == ASIDE_DIGITS;
}

/* What a killed init left; the folder is locked. */
static void
remove_leftovers(int dirfd)
{
	int fd = dig_open_at(dirfd, ".", DIG_OPEN_DIRECTORY);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (dir == NULL) {
		if (fd >= 0)
			close_quietly(fd);
		return;
	}
	while ((entry = readdir(dir)) != NULL)
		if (is_aside(entry->d_name) &&
		    dig_remove_tree(dirfd, entry->d_name) != 0)
			dig_log("'%s' stays", entry->d_name);
	closedir(dir);
}

/* ---- The repository --------------------------------------------------- */

static enum dig_status
make_config(int dirfd, const uint8_t store_id[32], struct dig_error *err)
{
	struct dig_buf text = DIG_BUF_INIT;
	struct dig_oid id;
	char hex[DIG_OID_HEX + 1];
	enum dig_status st;

	memcpy(id.bytes, store_id, sizeof(id.bytes));
	dig_oid_hex(&id, hex);
	st = dig_config_edit(
	    DIG_CONFIG_REPO, "", 0, "core.storeId", hex, &text, err);
	if (st == DIG_OK)
		st = dig_layout_write_config(dirfd, text.data, text.len, err);
	dig_buf_clear(&text);
	return st;
}

static enum dig_status
make_info(int dirfd, struct dig_error *err)
{
	int fd = dig_open_at(dirfd, "info", DIG_OPEN_DIRECTORY);
	enum dig_status st;

	if (fd < 0)
		return fail(-fd, "opening", "info", err);
	st = dig_replace_file(
	    fd, "exclude", exclude_text, strlen(exclude_text), err);
	close_quietly(fd);
	return st;
}

static enum dig_status
fill(int dirfd, const char *head_ref, struct dig_error *err)
{
	static const char *const folders[] = { "packs", "hooks", "tmp",
		"quarantine", "info" };
	uint8_t store_id[32];
	enum dig_status st = DIG_OK;
	int fd;

	dig_random(store_id, sizeof(store_id));
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		int os = dig_mkdir_at(dirfd, folders[i], FOLDER_MODE);

		if (os != 0)
			return fail(os, "making", folders[i], err);
	}
	fd = dig_layout_open_lock(dirfd);
	if (fd < 0)
		return fail(-fd, "making", "lock", err);
	close_quietly(fd);
	st = make_info(dirfd, err);
	if (st == DIG_OK)
		st = make_config(dirfd, store_id, err);
	if (st == DIG_OK)
		st = dig_journal_create(
		    dirfd, store_id, CHUNK_PROFILE, head_ref, err);
	if (st == DIG_OK)
		st = dig_replace_file(dirfd, "format.2", DIG_LAYOUT_FORMAT,
		    strlen(DIG_LAYOUT_FORMAT), err);
	if (st == DIG_OK)
		st = dig_replace_file(dirfd, "format", DIG_LAYOUT_FORMAT,
		    strlen(DIG_LAYOUT_FORMAT), err);
	return st; /* the last replacement synced the folder */
}

/* Rename; a file system that cannot refuse to replace has our lock. */
static int
put_in_place(int dirfd, const char *aside)
{
	int os = dig_rename_noreplace_at(dirfd, aside, dirfd, ".dig");

	if (os == EINVAL || os == ENOSYS)
		os = dig_rename_at(dirfd, aside, dirfd, ".dig");
	return os != 0 ? os : dig_sync_dir(dirfd);
}

static enum dig_status
build(int dirfd, const char *head_ref, struct dig_error *err)
{
	char aside[sizeof(ASIDE) + ASIDE_DIGITS];
	enum dig_status st;
	uint64_t salt;
	int fd, os;

	dig_random(&salt, sizeof(salt));
	snprintf(
	    aside, sizeof(aside), ASIDE "%016llx", (unsigned long long)salt);
	os = dig_mkdir_at(dirfd, aside, FOLDER_MODE);
	if (os != 0)
		return fail(os, "making", aside, err);
	fd = dig_open_at(dirfd, aside, DIG_OPEN_DIRECTORY);
	if (fd < 0) {
		st = fail(-fd, "opening", aside, err);
	} else {
		st = fill(fd, head_ref, err);
		close_quietly(fd);
	}
	if (st == DIG_OK) {
		os = put_in_place(dirfd, aside);
		if (os != 0)
			st = fail(os, "making", ".dig", err);
	}
	if (st != DIG_OK && dig_remove_tree(dirfd, aside) != 0)
		dig_log("'%s' stays", aside);
	return st;
}

/* ---- Beside git ------------------------------------------------------- */

/* Upwards to a .git folder: its info/exclude, or NULL. */
static char *
find_git_exclude(const char *dir)
{
	struct dig_buf path = DIG_BUF_INIT;
	struct dig_stat info;
	char *at = NULL, *found = NULL;

	if (dig_real_path(dir[0] == '\0' ? "." : dir, &at) != 0)
		return NULL;
	for (size_t len = strlen(at); found == NULL; len--) {
		while (len > 0 && at[len] != '/' && at[len] != '\0')
			len--;
		dig_buf_reset(&path);
		dig_buf_put(&path, at, len);
		dig_buf_puts(&path, "/.git");
		if (dig_stat_at(AT_FDCWD, (const char *)path.data, &info) ==
			0 &&
		    info.type == DIG_FT_DIR) {
			dig_buf_puts(&path, "/info/exclude");
			found = dig_buf_detach(&path);
		}
		if (len == 0)
			break;
	}
	dig_buf_clear(&path);
	free(at);
	return found;
}

/* ---- The door --------------------------------------------------------- */

static enum dig_status
first_branch(
    const struct dig_config *config, struct dig_buf *out, struct dig_error *err)
{
	const char *branch = NULL;
	enum dig_status st;

	st = dig_config_get_string(
	    config, "init.defaultBranch", &branch, NULL, err);
	if (st != DIG_OK)
		return st;
	dig_buf_printf(out, "refs/heads/%s", branch);
	if (!dig_refname_valid((const char *)out->data))
		return dig_raise(err, DIG_EINVALID,
		    "'%.200s' cannot be the name of a branch", branch);
	return DIG_OK;
}

/* Is there one already? What stands in the way is an error. */
static enum dig_status
look(int dirfd, bool *existed, struct dig_error *err)
{
	struct dig_stat info;
	enum dig_status st;
	bool damaged;
	int fd, os;

	os = dig_stat_at(dirfd, ".dig", &info);
	*existed = false;
	if (os == ENOENT)
		return DIG_OK;
	if (os != 0)
		return fail(os, "looking at", ".dig", err);
	fd = info.type == DIG_FT_DIR
		 ? dig_open_at(dirfd, ".dig", DIG_OPEN_DIRECTORY)
		 : -ENOTDIR;
	if (fd == -ENOTDIR)
		return dig_raise(
		    err, DIG_EEXISTS, "'.dig' is in the way and is no folder");
	if (fd < 0)
		return fail(-fd, "opening", ".dig", err);
	if (dig_layout_is_repo(fd))
		st = dig_layout_check_format(fd, &damaged, err);
	else
		st = dig_raise(err, DIG_EEXISTS,
		    "'.dig' is in the way and is no repository");
	close_quietly(fd);
	*existed = st == DIG_OK;
	return st;
}

enum dig_status
dig_repo_init(const char *dir, const struct dig_config *config, bool *existed,
    char **git_exclude, struct dig_error *err)
{
	struct dig_buf head_ref = DIG_BUF_INIT;
	enum dig_status st;
	bool found = false;
	int fd = -1, os;

	st = first_branch(config, &head_ref, err);
	if (st == DIG_OK)
		st = make_folders(dir, err);
	if (st != DIG_OK)
		goto out;
	fd = dig_open_at(AT_FDCWD, dir[0] == '\0' ? "." : dir,
	    DIG_OPEN_DIRECTORY | DIG_OPEN_FOLLOW);
	if (fd < 0) {
		st = fail(-fd, "opening", dir, err);
		goto out;
	}
	os = dig_lock_exclusive(fd, LOCK_MS);
	if (os == EWOULDBLOCK) {
		st = dig_raise(err, DIG_ELOCKED,
		    "another process makes a repository in '%s'", dir);
		goto out;
	}
	st = look(fd, &found, err);
	/* Some network file systems lock no folders: nothing is cleaned. */
	if (st == DIG_OK && os == 0)
		remove_leftovers(fd);
	if (st == DIG_OK && !found)
		st = build(fd, (const char *)head_ref.data, err);
	if (st == DIG_OK && found) {
		/* The init that made it may have failed at this very sync. */
		os = dig_sync_dir(fd);
		if (os != 0 && os != EROFS)
			st = fail(os, "syncing", dir, err);
	}
	if (st != DIG_OK)
		goto out;
	*existed = found;
	*git_exclude = find_git_exclude(dir);
out:
	if (fd >= 0)
		close_quietly(fd);
	dig_buf_clear(&head_ref);
	return st;
}
