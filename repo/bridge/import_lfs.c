/* SPDX-License-Identifier: MIT
 *
 * What pointers of git-lfs point to. The folder is somebody else's: a content
 * counts when its bytes have the hash that the pointer names, and a large one
 * is copied while it is hashed, so that nobody changes it in between.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "merkle/git_hash.h"
#include "merkle/merkle.h"
#include "repo/bridge/import.h"

#define PIECE ((size_t)256 << 10)
#define WARNED_MAX 10

enum dig_status
dig_import_scratch(int fd, const void *data, size_t len, struct dig_error *err)
{
	int rc = dig_write_full(fd, data, len);

	if (rc == 0)
		return DIG_OK;
	dig_ignore(dig_raise_os(err, DIG_EIO, rc, "writing to .dig/tmp"));
	if (rc == ENOSPC || rc == EDQUOT)
		dig_hint(err, "make room and run the import again; it goes on "
			      "where it stopped");
	return DIG_EIO;
}

void
dig_import_drop(struct dig_import_blob *blob)
{
	dig_buf_clear(&blob->bytes);
	dig_close(blob->fd);
}

/* A regular file of that size below the folder, or negative. */
static int
open_content(struct dig_import *import, const struct dig_lfs_pointer *pointer)
{
	struct dig_buf path = DIG_BUF_INIT;
	char hex[DIG_OID_HEX + 1];
	struct dig_stat info;
	int fd;

	if (import->lfs_fd < 0)
		return -ENOENT;
	dig_oid_hex(&pointer->sha256, hex);
	dig_buf_printf(&path, "%.2s/%.2s/%s", hex, hex + 2, hex);
	fd = dig_open_at(import->lfs_fd, (const char *)path.data, 0);
	dig_buf_clear(&path);
	if (fd >= 0 &&
	    (dig_stat_fd(fd, &info) != 0 || info.type != DIG_FT_REGULAR ||
		info.size_bytes != pointer->size_bytes)) {
		dig_close(fd);
		fd = -ENOENT;
	}
	return fd;
}

/* All of it into memory; false: it is another content. */
static bool
read_small(int fd, const struct dig_lfs_pointer *pointer, struct dig_buf *out)
{
	uint8_t hash[DIG_HASH_SIZE];
	size_t len = (size_t)pointer->size_bytes;

	dig_buf_reserve(out, len + 1);
	if (dig_pread_full(fd, out->data, len, 0) != (int64_t)len)
		return false;
	out->len = len;
	dig_sha256(out->data, len, hash);
	return memcmp(hash, pointer->sha256.bytes, sizeof(hash)) == 0;
}

/* A copy, hashed on the way. */
static enum dig_status
copy_large(int fd, int to, const struct dig_lfs_pointer *pointer, bool *same,
    struct dig_error *err)
{
	uint8_t *piece = dig_alloc(PIECE);
	uint8_t id[DIG_HASH_SIZE];
	struct dig_git_hash hash;
	enum dig_status st = DIG_OK;
	uint64_t at = 0;

	*same = false;
	dig_git_hash_init(&hash, DIG_HASH_SIZE, NULL, 0);
	while (st == DIG_OK && at < pointer->size_bytes) {
		uint64_t left = pointer->size_bytes - at;
		size_t len = left < PIECE ? (size_t)left : PIECE;

		if (dig_interrupted())
			st = dig_raise(err, DIG_ECANCELLED, "interrupted");
		else if (dig_pread_full(fd, piece, len, at) != (int64_t)len)
			break;
		else
			st = dig_import_scratch(to, piece, len, err);
		dig_git_hash_add(&hash, piece, len);
		at += len;
	}
	dig_git_hash_end(&hash, id);
	*same = at == pointer->size_bytes &&
		memcmp(id, pointer->sha256.bytes, sizeof(id)) == 0;
	free(piece);
	return st;
}

static enum dig_status
take(struct dig_import *import, int fd, const struct dig_lfs_pointer *pointer,
    struct dig_import_blob *out, bool *found, struct dig_error *err)
{
	if (pointer->size_bytes < DIG_BLOB_LARGE) {
		*found = read_small(fd, pointer, &out->bytes);
		return DIG_OK;
	}
	out->fd = dig_scratch_file(import->repo->dirfd);
	if (out->fd < 0)
		return dig_raise_os(
		    err, DIG_EIO, -out->fd, "making a file in .dig/tmp");
	return copy_large(fd, out->fd, pointer, found, err);
}

enum dig_status
dig_import_lfs(struct dig_import *import, const struct dig_lfs_pointer *pointer,
    struct dig_import_blob *out, bool *found, struct dig_error *err)
{
	struct dig_import_result *result = import->result;
	enum dig_status st = DIG_OK;
	char hex[DIG_OID_HEX + 1];
	int fd = open_content(import, pointer);

	memset(out, 0, sizeof(*out));
	out->fd = -1;
	out->size_bytes = pointer->size_bytes;
	*found = false;
	if (fd >= 0) {
		st = take(import, fd, pointer, out, found, err);
		dig_close(fd);
	}
	if (st == DIG_OK && *found) {
		result->lfs++;
		return DIG_OK;
	}
	dig_import_drop(out);
	if (st == DIG_OK && result->lfs_missing++ < WARNED_MAX) {
		dig_oid_hex(&pointer->sha256, hex);
		dig_repo_warn(import->repo,
		    fd >= 0 ? "the LFS object %s is damaged"
			    : "the LFS object %s is not there",
		    hex);
	}
	return st;
}
