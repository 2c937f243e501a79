/* SPDX-License-Identifier: MIT
 *
 * One small file: open it safely, read it whole, cut, hash, store.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "objects/base/path.h"
#include "staging/add_internal.h"
#include "staging/racy.h"

#define RETRIES 3

bool
dig_add_find_old(struct dig_writer *writer, const struct dig_oid *staged_root,
    const char *path, size_t len, struct dig_entry *out)
{
	struct dig_node_io io = dig_writer_io(writer);
	struct dig_error err;

	/* What cannot be read is no error: only a smaller delta is lost. */
	return dig_tree_find(&io, staged_root, path, len, out, &err) == DIG_OK;
}

static void
unreadable(struct dig_add_item *item, const char *what, int os)
{
	char text[96] = "";

	item->outcome = DIG_ADD_UNREADABLE;
	if (os != 0 && strerror_r(os, text, sizeof(text)) != 0)
		text[0] = '\0';
	snprintf(item->reason, sizeof(item->reason), "%s%s%s", what,
	    os != 0 ? ": " : "", text);
}

/* The bytes of the file, in one read during which its stat stood still. */
static void
read_file(struct dig_add_worker *worker, int root_fd, struct dig_add_item *item)
{
	struct dig_buf *buf = &worker->bytes;
	struct dig_stat after;
	int64_t n;
	int fd;

	for (int tries = 0; tries < RETRIES; tries++) {
		fd = dig_open_beneath(root_fd, item->file, DIG_OPEN_READ);
		if (fd < 0) {
			unreadable(item, "cannot be opened", -fd);
			return;
		}
		if (dig_stat_fd(fd, &item->stat) != 0 ||
		    item->stat.type != DIG_FT_REGULAR ||
		    item->stat.size_bytes > 2 * DIG_ADD_BULK_BYTES) {
			dig_close(fd);
			unreadable(item, "changed while it was being added", 0);
			return;
		}
		dig_buf_reset(buf);
		dig_buf_reserve(buf, (size_t)item->stat.size_bytes + 1);
		/* One byte more than it has: a file that grows shows. */
		n = dig_read_full(
		    fd, buf->data, (size_t)item->stat.size_bytes + 1);
		if (n >= 0 && dig_stat_fd(fd, &after) == 0 &&
		    (uint64_t)n == item->stat.size_bytes &&
		    dig_stat_same(&item->stat, &after)) {
			dig_close(fd);
			buf->len = (size_t)n;
			item->outcome = DIG_ADD_READ;
			return;
		}
		dig_close(fd);
		if (n < 0) {
			unreadable(item, "cannot be read", (int)-n);
			return;
		}
	}
	unreadable(item, "changed while it was being added", 0);
}

static void
read_link(struct dig_add_worker *worker, int root_fd, struct dig_add_item *item)
{
	const char *name;
	int fd = dig_open_parent(root_fd, item->file, &name);
	int rc;

	rc = fd < 0 ? -fd : dig_readlink_at(fd, name, &worker->bytes);
	if (rc == 0)
		rc = dig_stat_at(fd, name, &item->stat);
	dig_close(fd);
	if (rc != 0)
		unreadable(item, "cannot be read", rc);
	else if (worker->bytes.len == 0 || worker->bytes.len > 4095)
		unreadable(item, "has a target that is too long", 0);
	else
		item->outcome = DIG_ADD_READ;
}

enum dig_status
dig_add_read(struct dig_add_worker *worker, int root_fd,
    const struct dig_oid *staged_root, int64_t clock_ns,
    struct dig_add_item *item, struct dig_error *err)
{
	struct dig_entry old;
	bool has_old = false;
	bool link = item->stat.type == DIG_FT_SYMLINK;

	if (link)
		read_link(worker, root_fd, item);
	else
		read_file(worker, root_fd, item);
	if (item->outcome != DIG_ADD_READ)
		return DIG_OK;
	memset(&item->entry, 0, sizeof(item->entry));
	item->entry.path = (const uint8_t *)item->path;
	item->entry.path_len = item->path_len;
	item->entry.kind = link                       ? DIG_ENTRY_SYMLINK
			   : (item->stat.mode & 0100) ? DIG_ENTRY_EXEC
						      : DIG_ENTRY_FILE;
	item->settled = dig_racy_is_settled(&item->stat, clock_ns);
	if (item->before.exists)
		has_old = dig_add_find_old(worker->put.writer, staged_root,
		    item->path, item->path_len, &old);
	return dig_put_bytes(&worker->put, has_old ? &old : NULL, link,
	    worker->bytes.data, worker->bytes.len, &item->entry, err);
}
