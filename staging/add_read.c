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
/* Chunks of a version before that are looked at as bases. */
#define OLD_CHUNKS_MAX ((size_t)1 << 16)
/* How far ahead a chunk of the version before is searched. */
#define LOOK_AHEAD 64

const struct dig_oid *
dig_add_base(struct dig_add_bases *bases, const struct dig_oid *chunk)
{
	size_t end = bases->next + LOOK_AHEAD;

	if (end > bases->count)
		end = bases->count;
	for (size_t i = bases->next; i < end; i++)
		if (dig_oid_eq(&bases->chunks[i], chunk)) {
			bases->next = i + 1;
			return NULL; /* it is there already */
		}
	return bases->next < bases->count ? &bases->chunks[bases->next++]
					  : NULL;
}

void
dig_add_old_chunks(struct dig_add_worker *worker,
    const struct dig_oid *staged_root, const char *path, size_t len)
{
	struct dig_node_io io = dig_writer_io(worker->writer);
	struct dig_file_reader *reader = NULL;
	struct dig_entry old;
	struct dig_error err;
	uint64_t offset;
	uint64_t length;
	bool done = false;

	worker->nold = 0;
	if (dig_tree_find(&io, staged_root, path, len, &old, &err) != DIG_OK ||
	    (old.kind != DIG_ENTRY_FILE && old.kind != DIG_ENTRY_EXEC) ||
	    old.form == DIG_FORM_EMPTY ||
	    dig_file_reader_new(&io, &old, &reader, &err) != DIG_OK)
		return; /* only a smaller delta is lost */
	while (!done && worker->nold < OLD_CHUNKS_MAX) {
		DIG_GROW(worker->old_chunks, worker->old_cap, worker->nold + 1);
		if (dig_file_reader_next(reader,
			&worker->old_chunks[worker->nold], &offset, &length,
			&done, &err) != DIG_OK)
			break;
		worker->nold += !done;
	}
	dig_file_reader_free(reader);
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
		fd = dig_open_beneath(root_fd, item->path, DIG_OPEN_READ);
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
	int fd = dig_open_parent(root_fd, item->path, &name);
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

/* Cut, hash and store what was read. */
static enum dig_status
store_bytes(struct dig_add_worker *worker,
    const struct dig_chunk_profile *profile, const struct dig_oid *staged_root,
    struct dig_add_item *item, struct dig_error *err)
{
	struct dig_node_io io = dig_writer_io(worker->writer);
	struct dig_file_builder *builder = dig_file_builder_new(&io);
	struct dig_add_bases bases = { NULL, 0, 0 };
	const uint8_t *at = worker->bytes.data;
	size_t left = worker->bytes.len;
	enum dig_status st = DIG_OK;

	if (item->before.exists) {
		dig_add_old_chunks(
		    worker, staged_root, item->path, item->path_len);
		bases.chunks = worker->old_chunks;
		bases.count = worker->nold;
	}
	while (st == DIG_OK && left > 0) {
		size_t len = item->entry.kind == DIG_ENTRY_SYMLINK
				 ? left
				 : dig_chunk_cut(profile, at, left);
		struct dig_oid id;

		dig_sha256(at, len, id.bytes);
		st = dig_writer_put(worker->writer, DIG_KIND_CHUNK, &id, at,
		    len, dig_add_base(&bases, &id), false, err);
		if (st == DIG_OK)
			st = dig_file_builder_add(builder, len, &id, err);
		at += len;
		left -= len;
	}
	if (st == DIG_OK)
		st = dig_file_builder_finish(builder, &item->entry, err);
	dig_file_builder_free(builder);
	return st;
}

enum dig_status
dig_add_read(struct dig_add_worker *worker, int root_fd,
    const struct dig_chunk_profile *profile, const struct dig_oid *staged_root,
    int64_t clock_ns, struct dig_add_item *item, struct dig_error *err)
{
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
	return store_bytes(worker, profile, staged_root, item, err);
}
