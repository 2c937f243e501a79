/* SPDX-License-Identifier: MIT
 *
 * Hashing a working file as a stream. It must not follow links, and never
 * hands out an id for bytes of two versions of a file.
 */
#include "staging/hash_file.h"

#include <errno.h>
#include <stdlib.h>

#include "objects/base/buf.h"

/* Room for two of the largest chunks, so that a refill moves little. */
static size_t
buffer_size(const struct dig_chunk_profile *profile, uint64_t size_bytes)
{
	size_t most = 2 * profile->max_bytes;

	/* One byte more than the file, to meet its end in the same read. */
	return size_bytes < most ? (size_t)size_bytes + 1 : most;
}

void
dig_hash_chunk(const void *data, size_t len, struct dig_oid *content)
{
	struct dig_oid chunk;

	dig_sha256(data, len, chunk.bytes);
	dig_content_leaf(len, chunk.bytes, content->bytes);
}

static void
add_chunk(struct dig_merkle *merkle, const uint8_t *data, size_t len)
{
	struct dig_oid leaf;

	dig_hash_chunk(data, len, &leaf);
	dig_merkle_add(merkle, len, leaf.bytes);
}

void
dig_hash_bytes(const void *data, size_t len,
    const struct dig_chunk_profile *profile, struct dig_oid *content)
{
	const uint8_t *at = data;
	struct dig_merkle merkle;

	dig_merkle_init(&merkle, DIG_MERKLE_CONTENT);
	while (len > 0) {
		size_t cut = dig_chunk_cut(profile, at, len);

		add_chunk(&merkle, at, cut);
		at += cut;
		len -= cut;
	}
	dig_merkle_root(&merkle, content->bytes);
}

enum dig_status
dig_hash_file(int fd, const struct dig_chunk_profile *profile,
    uint64_t size_bytes, struct dig_oid *content, uint64_t *read_bytes,
    struct dig_error *err)
{
	size_t cap = buffer_size(profile, size_bytes);
	uint8_t *data = dig_alloc(cap);
	struct dig_merkle merkle;
	enum dig_status st = DIG_OK;
	uint64_t offset = 0; /* in the file, of data[len] */
	size_t at = 0, len = 0;
	bool ended = false;

	dig_merkle_init(&merkle, DIG_MERKLE_CONTENT);
	for (;;) {
		if (!ended && len - at < profile->max_bytes) {
			int64_t n;

			if (at == 0 && len == cap) { /* it has grown */
				cap = 2 * profile->max_bytes;
				data = dig_realloc(data, cap);
			}
			memmove(data, data + at, len - at);
			len -= at;
			at = 0;
			n = dig_pread_full(fd, data + len, cap - len, offset);
			if (n < 0) {
				st = dig_raise_os(
				    err, DIG_EFILE, (int)-n, "reading it");
				goto out;
			}
			ended = (size_t)n < cap - len;
			len += (size_t)n;
			offset += (uint64_t)n;
			if (!ended)
				continue;
		}
		if (at == len)
			break;
		if (dig_interrupted()) {
			st = dig_raise(err, DIG_ECANCELLED, "interrupted");
			goto out;
		}
		size_t cut = dig_chunk_cut(profile, data + at, len - at);

		add_chunk(&merkle, data + at, cut);
		at += cut;
	}
	dig_merkle_root(&merkle, content->bytes);
	*read_bytes = offset;
out:
	free(data);
	return st;
}

static enum dig_status
hash_link(int dirfd, const char *name, struct dig_oid *content, bool *same,
    struct dig_error *err)
{
	struct dig_buf target = DIG_BUF_INIT;
	enum dig_status st = DIG_OK;
	int rc = dig_readlink_at(dirfd, name, &target);

	*same = rc == 0 && target.len > 0;
	if (*same)
		dig_hash_chunk(target.data, target.len, content);
	else if (rc != 0 && rc != ENOENT && rc != EINVAL)
		st = dig_raise_os(err, DIG_EFILE, rc, "reading the link");
	dig_buf_clear(&target);
	return st;
}

enum dig_status
dig_hash_at(int dirfd, const char *name, const struct dig_stat *expected,
    const struct dig_chunk_profile *profile, struct dig_oid *content,
    bool *same, struct dig_error *err)
{
	struct dig_stat sb;
	struct dig_oid id;
	enum dig_status st;
	uint64_t got;
	int fd;

	*same = false;
	if (expected->type == DIG_FT_SYMLINK)
		return hash_link(dirfd, name, content, same, err);
	if (expected->type != DIG_FT_REGULAR)
		return DIG_OK;
	fd = dig_open_at(dirfd, name, DIG_OPEN_READ);
	if (fd == -ENOENT || fd == -ELOOP)
		return DIG_OK;
	if (fd < 0)
		return dig_raise_os(err, DIG_EFILE, -fd, "opening it");
	if (dig_stat_fd(fd, &sb) != 0 || !dig_stat_same(&sb, expected)) {
		dig_close(fd);
		return DIG_OK;
	}
	st = dig_hash_file(fd, profile, sb.size_bytes, &id, &got, err);
	if (st == DIG_OK && dig_stat_fd(fd, &sb) == 0 &&
	    dig_stat_same(&sb, expected) && got == sb.size_bytes) {
		*content = id;
		*same = true;
	}
	dig_close(fd);
	return st;
}
