/* SPDX-License-Identifier: MIT
 *
 * Writing a file under another name until it is whole.
 */
#include "cmd/outfile.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "objects/base/io.h"

enum dig_status
dig_outfile_open(struct dig_cli *cli, const char *name, struct dig_outfile *out,
    struct dig_error *err)
{
	unsigned flags = DIG_OPEN_WRITE | DIG_OPEN_CREATE | DIG_OPEN_WORKTREE |
			 DIG_OPEN_TRUNC;
	struct dig_buf part = DIG_BUF_INIT;
	struct dig_stat there;
	enum dig_status st;

	*out = (struct dig_outfile){ .out = &cli->out, .fd = -1 };
	if (name == NULL || strcmp(name, "-") == 0) {
		if (!isatty(STDOUT_FILENO))
			return DIG_OK;
		st = dig_raise(
		    err, DIG_EINVALID, "the bytes are not for a terminal");
		dig_hint(err, "name a file, or pipe them to where they go");
		return st;
	}
	out->name = name;
	if (dig_stat_at(AT_FDCWD, name, &there) == 0 &&
	    there.type != DIG_FT_REGULAR) {
		flags = DIG_OPEN_WRITE | DIG_OPEN_FOLLOW;
	} else {
		dig_buf_printf(&part, "%s.part", name);
		out->part = dig_buf_detach(&part);
	}
	out->fd =
	    dig_open_at(AT_FDCWD, out->part != NULL ? out->part : name, flags);
	if (out->fd >= 0)
		return DIG_OK;
	st = dig_raise_os(
	    err, DIG_EFILE, -out->fd, "opening '%.200s' for writing", name);
	free(out->part);
	out->part = NULL;
	return st;
}

enum dig_status
dig_outfile_write(
    void *arg, const void *data, size_t len, struct dig_error *err)
{
	struct dig_outfile *file = arg;
	struct dig_out *out = file->out;
	int rc;

	if (file->name != NULL) {
		rc = dig_write_full(file->fd, data, len);
		return rc == 0 ? DIG_OK
			       : dig_raise_os(err, DIG_EFILE, rc,
				     "writing '%.200s'", file->name);
	}
	dig_out_raw(out, data, len);
	dig_out_flush(out);
	if (!dig_out_gone(out) && out->os_errno != 0)
		return dig_raise_os(
		    err, DIG_EFILE, out->os_errno, "writing standard output");
	return dig_out_gone(out) ? DIG_ENO : DIG_OK;
}

enum dig_status
dig_outfile_close(
    struct dig_outfile *file, enum dig_status st, struct dig_error *err)
{
	int rc = 0;

	if (file->name == NULL)
		return st == DIG_ENO && dig_out_gone(file->out) ? DIG_OK : st;
	if (st == DIG_OK && file->part != NULL)
		rc = dig_sync_data(file->fd);
	if (rc == 0)
		rc = dig_close(file->fd);
	else
		dig_close(file->fd);
	if (st == DIG_OK && rc == 0 && file->part != NULL)
		rc = dig_rename_at(AT_FDCWD, file->part, AT_FDCWD, file->name);
	if (st == DIG_OK && rc != 0)
		st = dig_raise_os(
		    err, DIG_EFILE, rc, "writing '%.200s'", file->name);
	if (st != DIG_OK && file->part != NULL)
		dig_unlink_at(AT_FDCWD, file->part);
	free(file->part);
	file->part = NULL;
	return st;
}
