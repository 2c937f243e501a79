/* SPDX-License-Identifier: MIT
 *
 * Finding and loading plugins. Neither the environment nor the current folder
 * has a say in what is loaded.
 */
#include "repo/plugin.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "objects/base/buf.h"
#include "objects/base/io.h"
#include "plugin_dir.h"

/* The folder of the running program, with '/'; uid: the program's owner. */
static bool
program_folder(struct dig_buf *out, uint32_t *uid)
{
	struct dig_stat st;
	char *slash;
	int fd;

	if (dig_readlink_at(AT_FDCWD, "/proc/self/exe", out) != 0)
		return false;
	fd = dig_open_at(
	    AT_FDCWD, "/proc/self/exe", DIG_OPEN_READ | DIG_OPEN_FOLLOW);
	if (fd < 0)
		return false;
	if (dig_stat_fd(fd, &st) != 0) {
		dig_close(fd);
		return false;
	}
	dig_close(fd);
	*uid = st.uid;
	slash = strrchr((const char *)out->data, '/');
	if (slash == NULL)
		return false;
	out->len = (size_t)(slash + 1 - (char *)out->data);
	return true;
}

/* The plugin's path into `path`; false: there is none that may be loaded. */
static bool
find_plugin(const char *file, const char *what, struct dig_buf *path,
    struct dig_error *err)
{
	uint32_t owner = 0;
	struct dig_stat st;
	bool beside = program_folder(path, &owner);

	for (int i = beside ? 0 : 1; i < 2; i++) {
		if (i == 1) {
			dig_buf_reset(path);
			dig_buf_puts(path, DIG_PLUGIN_DIR "/");
		}
		dig_buf_puts(path, file);
		if (dig_stat_at(AT_FDCWD, (const char *)path->data, &st) != 0 ||
		    st.type != DIG_FT_REGULAR)
			continue;
		if (st.uid == 0 || st.uid == geteuid() || st.uid == owner)
			return true;
		dig_ignore(dig_raise(
		    err, DIG_EIO, "%s belongs to another user", path->data));
		return false;
	}
	dig_ignore(
	    dig_raise(err, DIG_EIO, "%s %s is not installed", what, file));
	dig_hint(
	    err, "it belongs beside the program or into %s", DIG_PLUGIN_DIR);
	return false;
}

enum dig_status
dig_plugin_open(const char *file, const char *name, const char *what,
    void **handle, void **symbol, struct dig_error *err)
{
	struct dig_buf path = DIG_BUF_INIT;
	enum dig_status st = DIG_EIO;
	void *opened = NULL;
	const char *why;

	if (!find_plugin(file, what, &path, err))
		goto out;
	opened = dlopen((const char *)path.data, RTLD_NOW | RTLD_LOCAL);
	*symbol = opened != NULL ? dlsym(opened, name) : NULL;
	if (*symbol == NULL) {
		why = dlerror();
		st = dig_raise(err, DIG_EIO, "cannot load %s: %s", what,
		    why != NULL ? why : (const char *)path.data);
		goto out;
	}
	*handle = opened;
	opened = NULL;
	st = DIG_OK;
out:
	if (opened != NULL)
		dlclose(opened);
	dig_buf_clear(&path);
	return st;
}
