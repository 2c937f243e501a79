/* SPDX-License-Identifier: MIT
 *
 * Changing the user's own settings file.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "objects/base/io.h"
#include "repo/config.h"

#define LOCK_MS 5000

/* Make the folders that lead to a file, for the user alone. */
static void
make_way(char *path)
{
	for (char *p = path + 1; (p = strchr(p, '/')) != NULL; p++) {
		*p = '\0';
		/* A failure shows when the folder is opened. */
		dig_ignore(dig_mkdir_at(AT_FDCWD, path, 0700) == 0 ? DIG_OK
								   : DIG_EFILE);
		*p = '/';
	}
}

/* The file behind a link, where somebody keeps it elsewhere. */
static enum dig_status
find_file(char **out, struct dig_error *err)
{
	struct dig_buf path = DIG_BUF_INIT;
	enum dig_status st = dig_config_user_path(&path, err);
	char *real = NULL;

	if (st != DIG_OK)
		return st;
	make_way((char *)path.data);
	if (dig_real_path((const char *)path.data, &real) == 0) {
		dig_buf_clear(&path);
		*out = real;
	} else {
		*out = dig_buf_detach(&path);
	}
	return DIG_OK;
}

static enum dig_status
change(int dirfd, const char *name, const char *key, const char *value,
    struct dig_error *err)
{
	struct dig_buf text = DIG_BUF_INIT, changed = DIG_BUF_INIT;
	enum dig_status st;

	st = dig_read_file(
	    dirfd, name, DIG_CONFIG_FILE_MAX, &text, DIG_EFILE, err);
	if (st == DIG_ENOTFOUND)
		st = DIG_OK;
	if (st == DIG_OK)
		st = dig_config_edit(DIG_CONFIG_USER,
		    text.len == 0 ? (const void *)"" : text.data, text.len, key,
		    value, &changed, err);
	if (st == DIG_OK) {
		st = dig_replace_file(
		    dirfd, name, changed.data, changed.len, err);
		if (st == DIG_EIO) /* it is no file of a repository */
			st = err->status = DIG_EFILE;
	}
	dig_buf_clear(&text);
	dig_buf_clear(&changed);
	return st;
}

enum dig_status
dig_config_set_user(const char *key, const char *value, struct dig_error *err)
{
	char *path = NULL, *slash;
	enum dig_status st = find_file(&path, err);
	int fd = -1, os;

	if (st != DIG_OK)
		return st;
	slash = strrchr(path, '/');
	*slash = '\0';
	fd = dig_open_at(AT_FDCWD, path[0] == '\0' ? "/" : path,
	    DIG_OPEN_DIRECTORY | DIG_OPEN_FOLLOW);
	if (fd < 0) {
		st = dig_raise_os(err, DIG_EFILE, -fd, "opening '%s'", path);
		goto out;
	}
	/* Where folders cannot be locked, two at a time may lose one change. */
	os = dig_lock_exclusive(fd, LOCK_MS);
	if (os == EWOULDBLOCK)
		st = dig_raise(
		    err, DIG_ELOCKED, "another process holds '%s'", path);
	else
		st = change(fd, slash + 1, key, value, err);
	dig_ignore(dig_close(fd) == 0 ? DIG_OK : DIG_EFILE); /* lets go */
out:
	free(path);
	return st;
}
