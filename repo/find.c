/* SPDX-License-Identifier: MIT
 *
 * Which repository, and whether it is to be trusted.
 *
 * Nothing in a folder is believed before its owner is known, and the list of
 * trusted folders is the user's own: no file of a repository can extend it.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "repo/internal.h"
#include "repo/layout.h"

/* ---- Finding ---------------------------------------------------------- */

static enum dig_status
current_folder(char **out, struct dig_error *err)
{
	size_t size = 4096;
	char *at = dig_alloc(size);

	while (getcwd(at, size) == NULL) {
		if (errno != ERANGE) {
			free(at);
			return dig_raise_os(err, DIG_ENOREPO, errno,
			    "the current folder cannot be told");
		}
		size *= 2;
		at = dig_realloc(at, size);
	}
	*out = at;
	return DIG_OK;
}

/* The path of a folder and a name below it; "/" has no slash to add. */
static char *
join(const char *dir, size_t len, const char *name)
{
	struct dig_buf out = DIG_BUF_INIT;

	dig_buf_put(&out, dir, len);
	if (len == 0 || dir[len - 1] != '/')
		dig_buf_putc(&out, '/');
	dig_buf_puts(&out, name);
	return dig_buf_detach(&out);
}

/* A repository at `path`? NOTFOUND without words: look further up. */
static enum dig_status
look_at(const char *path, int *out, struct dig_error *err)
{
	struct dig_stat info;
	int fd, os;

	os = dig_stat_at(AT_FDCWD, path, &info);
	if (os == EACCES || (os == 0 && info.type == DIG_FT_SYMLINK)) {
		dig_ignore(dig_raise(err, DIG_EDENIED, "'%s' %s", path,
		    os == EACCES ? "cannot be looked at"
				 : "is a symbolic link"));
		if (os == 0)
			dig_hint(err, "if you trust what it points to: "
				      "DIG_DIR=<its target> dig ...");
		return DIG_EDENIED;
	}
	if (os != 0 || info.type != DIG_FT_DIR)
		return DIG_ENOTFOUND;
	fd = dig_open_at(AT_FDCWD, path, DIG_OPEN_DIRECTORY);
	if (fd < 0)
		return dig_raise_os(
		    err, DIG_EDENIED, -fd, "opening '%s'", path);
	if (!dig_layout_is_repo(fd)) {
		dig_ignore(dig_close(fd) == 0 ? DIG_OK : DIG_EIO);
		return DIG_ENOTFOUND;
	}
	*out = fd;
	return DIG_OK;
}

static enum dig_status
find_upwards(const char *cwd, char **dig_dir, int *dirfd, struct dig_error *err)
{
	enum dig_status st;

	for (size_t len = strlen(cwd);; len--) {
		char *path;

		while (len > 0 && cwd[len] != '/' && cwd[len] != '\0')
			len--;
		path = join(cwd, len, ".dig");
		st = look_at(path, dirfd, err);
		if (st == DIG_OK)
			*dig_dir = path;
		else
			free(path);
		if (st != DIG_ENOTFOUND)
			return st;
		if (len == 0)
			break;
	}
	dig_ignore(dig_raise(err, DIG_ENOREPO,
	    "not a repository: no .dig here or in a folder above"));
	dig_hint(err, "'dig init' makes one here");
	return DIG_ENOREPO;
}

static enum dig_status
find_named(const char *name, const char *why, char **dig_dir, int *dirfd,
    struct dig_error *err)
{
	char *path = NULL;
	enum dig_status st = DIG_ENOTFOUND;

	if (dig_real_path(name, &path) == 0)
		st = look_at(path, dirfd, err);
	if (st == DIG_OK) {
		*dig_dir = path;
		return DIG_OK;
	}
	free(path);
	if (st == DIG_ENOTFOUND)
		st = dig_raise(
		    err, DIG_ENOREPO, "%s no repository: '%s'", why, name);
	return st;
}

/* ---- Trusting --------------------------------------------------------- */

/* Entries count in the order of reading; an empty one forgets those before. */
static bool
is_listed(const struct dig_config *config, const char *worktree)
{
	bool listed = false;

	for (size_t i = 0; i < dig_config_count(config); i++) {
		struct dig_config_entry entry = dig_config_at(config, i);
		size_t len = strlen(entry.value);

		if (!entry.used || strcmp(entry.key, "safe.directory") != 0)
			continue;
		if (len == 0) {
			listed = false;
		} else if (strcmp(entry.value, "*") == 0) {
			listed = true;
		} else if (len > 2 &&
			   strcmp(entry.value + len - 2, "/*") == 0) {
			listed |= strncmp(entry.value, worktree, len - 1) == 0;
		} else {
			while (len > 1 && entry.value[len - 1] == '/')
				len--;
			listed |= strlen(worktree) == len &&
				  memcmp(entry.value, worktree, len) == 0;
		}
	}
	return listed;
}

static bool
is_mine(uint32_t uid)
{
	const char *sudo = getenv("SUDO_UID");
	char *end = NULL;
	unsigned long behind;

	if (uid == geteuid())
		return true;
	if (geteuid() != 0 || sudo == NULL || sudo[0] < '0' || sudo[0] > '9')
		return false;
	errno = 0;
	behind = strtoul(sudo, &end, 10);
	return errno == 0 && *end == '\0' && behind == uid;
}

/* A shell reads these letters as they are. The name of a folder is somebody
 * else's choice, and a hint is there to be typed. */
static bool
is_plain(const char *path)
{
	for (; *path != '\0'; path++)
		if (*path != '/' && strchr("+,-.:=@_%", *path) == NULL &&
		    !(*path >= '0' && *path <= '9') &&
		    !(*path >= 'a' && *path <= 'z') &&
		    !(*path >= 'A' && *path <= 'Z'))
			return false;
	return true;
}

static enum dig_status
refuse_owner(const char *what, const char *worktree, struct dig_error *err)
{
	dig_ignore(
	    dig_raise(err, DIG_EDENIED, "'%s' belongs to another user", what));
	if (is_plain(worktree))
		dig_hint(err,
		    "if you trust it: dig config --global safe.directory %s",
		    worktree);
	else
		dig_hint(err, "if you trust it, give its path to "
			      "safe.directory, see dig-config(1)");
	return DIG_EDENIED;
}

static enum dig_status
check_owner(const struct dig_repo *repo, const struct dig_config *config,
    struct dig_error *err)
{
	struct dig_stat info;
	int os;

	if (is_listed(config, repo->worktree))
		return DIG_OK;
	os = dig_stat_fd(repo->dirfd, &info);
	if (os == 0 && !is_mine(info.uid))
		return refuse_owner(repo->dig_dir, repo->worktree, err);
	if (os == 0 && (info.mode & 022) != 0) {
		dig_ignore(dig_raise(err, DIG_EDENIED,
		    "'%s' can be written by others", repo->dig_dir));
		if (is_plain(repo->dig_dir))
			dig_hint(err,
			    "chmod go-w %s (or trust it with safe.directory, "
			    "see dig-config(1))",
			    repo->dig_dir);
		else
			dig_hint(err, "take that permission away, or trust it "
				      "with safe.directory, see dig-config(1)");
		return DIG_EDENIED;
	}
	if (os == 0)
		os = dig_stat_fd(repo->root_fd, &info);
	if (os == 0 && !is_mine(info.uid))
		return refuse_owner(repo->worktree, repo->worktree, err);
	if (os == 0)
		os = dig_stat_at(repo->dirfd, DIG_DB_FILE, &info);
	if (os == ENOENT)
		return DIG_OK;
	if (os == 0 && !is_mine(info.uid))
		return refuse_owner("index.db", repo->worktree, err);
	if (os != 0)
		return dig_raise_os(
		    err, DIG_EDENIED, os, "looking at '%s'", repo->dig_dir);
	return DIG_OK;
}

/* ---- Settings --------------------------------------------------------- */

static enum dig_status
load_config(struct dig_repo *repo, bool *damaged, struct dig_error *err)
{
	struct dig_error reason = DIG_ERROR_INIT;
	struct dig_buf text = DIG_BUF_INIT;
	char *shown = join(repo->dig_dir, strlen(repo->dig_dir), "config");
	size_t known = dig_config_warning_count(repo->config);
	enum dig_status st;

	st = dig_layout_read_config(repo->dirfd, &text, damaged, &reason, err);
	if (st == DIG_OK && reason.msg[0] != '\0')
		dig_repo_warn(repo,
		    "%s; its copy is used, and what it said is kept in "
		    "quarantine/",
		    reason.msg);
	if (st == DIG_OK)
		st = dig_config_load_bytes(repo->config, DIG_CONFIG_REPO, shown,
		    text.data, text.len, err);
	for (size_t i = known;
	     st == DIG_OK && i < dig_config_warning_count(repo->config); i++)
		dig_repo_warn(
		    repo, "%s", dig_config_warning_at(repo->config, i));
	dig_buf_clear(&text);
	free(shown);
	return st;
}

/* ---- The door --------------------------------------------------------- */

/* Where the current folder is inside the work tree. */
static void
set_prefix(struct dig_repo *repo, const char *cwd)
{
	size_t len = strlen(repo->worktree);

	if (strcmp(repo->worktree, "/") == 0)
		len = 0;
	repo->inside = dig_path_is_under(cwd, strlen(cwd), repo->worktree, len);
	if (!repo->inside || cwd[len] == '\0')
		repo->prefix = dig_strdup("");
	else
		repo->prefix = dig_strdup(cwd + len + 1);
	if (dig_path_is_under(
		cwd, strlen(cwd), repo->dig_dir, strlen(repo->dig_dir)))
		repo->inside = false;
}

static enum dig_status
open_worktree(struct dig_repo *repo, struct dig_error *err)
{
	const char *slash = strrchr(repo->dig_dir, '/');
	size_t len = (size_t)(slash - repo->dig_dir);

	repo->worktree = dig_memdup0(repo->dig_dir, len == 0 ? 1 : len);
	repo->root_fd =
	    dig_open_at(AT_FDCWD, repo->worktree, DIG_OPEN_DIRECTORY);
	if (repo->root_fd < 0)
		return dig_raise_os(err, DIG_EDENIED, -repo->root_fd,
		    "opening '%s'", repo->worktree);
	return DIG_OK;
}

/* dig_dir: NULL: DIG_DIR, else upwards. heal: put the copies of format and
 * config right. */
static enum dig_status
find(struct dig_config *config, const struct dig_talk *talk,
    const char *dig_dir, bool heal, struct dig_repo **out,
    struct dig_error *err)
{
	const char *named = dig_dir != NULL ? dig_dir : getenv("DIG_DIR");
	struct dig_repo *repo = dig_calloc(1, sizeof(*repo));
	bool odd_format = false, odd_config = false;
	char *cwd = NULL;
	enum dig_status st;

	repo->dirfd = -1;
	repo->root_fd = -1;
	repo->config = config;
	if (talk != NULL)
		repo->talk = *talk;
	st = current_folder(&cwd, err);
	if (st == DIG_OK && named != NULL && named[0] != '\0')
		st = find_named(named,
		    dig_dir != NULL ? "this is" : "DIG_DIR names",
		    &repo->dig_dir, &repo->dirfd, err);
	else if (st == DIG_OK)
		st = find_upwards(cwd, &repo->dig_dir, &repo->dirfd, err);
	if (st == DIG_OK)
		st = open_worktree(repo, err);
	if (st == DIG_OK)
		st = check_owner(repo, config, err);
	if (st == DIG_OK)
		st = dig_layout_check_format(repo->dirfd, &odd_format, err);
	if (st == DIG_OK)
		st = load_config(repo, &odd_config, err);
	if (st != DIG_OK)
		goto out;
	if (heal && (odd_format || odd_config))
		dig_layout_heal(repo->dirfd);
	set_prefix(repo, cwd);
	*out = repo;
	repo = NULL;
out:
	dig_repo_close(repo);
	free(cwd);
	return st;
}

enum dig_status
dig_repo_find(struct dig_config *config, const struct dig_talk *talk,
    struct dig_repo **out, struct dig_error *err)
{
	return find(config, talk, NULL, true, out, err);
}

enum dig_status
dig_repo_find_at(struct dig_config *config, const char *dig_dir, bool heal,
    struct dig_repo **out, struct dig_error *err)
{
	return find(config, NULL, dig_dir, heal, out, err);
}
