/* SPDX-License-Identifier: MIT
 *
 * Building parity anew, of another geometry.
 */
#include "objects/parity_build.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "objects/base/io.h"
#include "objects/heal.h"
#include "objects/store_internal.h"

#define BLOCK ((size_t)1 << 20)

static void
next_name(const struct dig_pack_state *pack, const char *what, char out[48])
{
	snprintf(out, 48, "%06u.%u+%u.%s.next", pack->number, pack->shape.data,
	    pack->shape.parity, what);
}

/* What the committed state says of a pack of this shape. */
static void
plan(struct dig_pack_state *pack, const struct dig_parity_shape *shape)
{
	uint64_t group;
	uint64_t rest;

	pack->shape = *shape;
	pack->parity_length = 0;
	if (shape->data == 0)
		return;
	group = dig_parity_group_bytes(shape);
	rest = pack->length % group;
	pack->parity_length =
	    pack->length / group * dig_parity_stored_bytes(shape, group);
	if ((pack->flags & DIG_PACK_SEALED) && rest > 0)
		pack->parity_length += dig_parity_stored_bytes(shape, rest);
}

struct build {
	struct dig_store *store;
	const struct dig_pack_state *pack; /* as it will be */
	int from;
	int to;
	uint64_t written;
	struct dig_parity_encoder *encoder;
	uint8_t *block;
};

static int
copy_block(struct build *build, uint64_t at, size_t n)
{
	int64_t got = dig_pread_full(build->from, build->block, n, at);

	if (dig_interrupted())
		return EINTR;
	if (got < 0)
		return (int)-got;
	return (size_t)got == n ? 0 : EIO;
}

static int
write_out(struct build *build, const void *data, size_t len)
{
	int rc = dig_pwrite_full(build->to, data, len, build->written);

	build->written += len;
	return rc;
}

static int
build_group(struct build *build, uint64_t group, uint64_t from, uint64_t to)
{
	struct dig_parity_head *head = dig_calloc(1, sizeof(*head));
	struct dig_buf bytes = DIG_BUF_INIT;
	const uint8_t *cells;
	int rc = 0;

	dig_parity_encoder_begin(build->encoder, 0);
	for (uint64_t at = from; rc == 0 && at < to; at += BLOCK) {
		size_t n = to - at < BLOCK ? (size_t)(to - at) : BLOCK;

		rc = copy_block(build, at, n);
		if (rc == 0)
			dig_parity_encoder_add(build->encoder, build->block, n);
	}
	if (rc != 0)
		goto out;
	memcpy(head->store_id, dig_journal_store_id(build->store->journal), 32);
	head->pack = build->pack->number;
	head->group = group;
	cells = dig_parity_encoder_finish(build->encoder, head);
	dig_parity_head_encode(head, &bytes);
	rc = write_out(build, bytes.data, bytes.len);
	if (rc == 0)
		rc = write_out(build, cells,
		    dig_parity_nstripes(head->length) *
			build->pack->shape.parity * DIG_PARITY_CELL);
	if (rc == 0)
		rc = write_out(build, bytes.data, bytes.len);
out:
	dig_buf_clear(&bytes);
	free(head);
	return rc;
}

static int
build_all(struct build *build)
{
	uint64_t bytes = dig_parity_group_bytes(&build->pack->shape);
	uint64_t covered = dig_pack_covered(build->pack);
	int rc = 0;

	build->encoder = dig_parity_encoder_new(&build->pack->shape);
	for (uint64_t at = 0; rc == 0 && at < covered; at += bytes)
		rc = build_group(build, at / bytes, at,
		    at + bytes < covered ? at + bytes : covered);
	dig_parity_encoder_free(build->encoder);
	return rc;
}

static int
copy_rest(struct build *build)
{
	uint64_t to = build->pack->length;
	int rc = 0;

	for (uint64_t at = dig_pack_covered(build->pack); rc == 0 && at < to;
	     at += BLOCK) {
		size_t n = to - at < BLOCK ? (size_t)(to - at) : BLOCK;

		rc = copy_block(build, at, n);
		if (rc == 0)
			rc = write_out(build, build->block, n);
	}
	return rc;
}

/* One of the two files, if there is anything for it. An errno value. */
static int
write_next(struct build *build, const char *what, bool wanted,
    int (*fill)(struct build *build))
{
	int dirfd = build->store->packs_dirfd;
	char name[48];
	int rc;

	next_name(build->pack, what, name);
	dig_unlink_at(dirfd, name);
	if (!wanted)
		return 0;
	build->written = 0;
	build->to = dig_open_at(
	    dirfd, name, DIG_OPEN_WRITE | DIG_OPEN_CREATE | DIG_OPEN_EXCL);
	rc = build->to < 0 ? -build->to : fill(build);
	if (rc == 0)
		rc = dig_sync_data(build->to);
	dig_close(build->to);
	if (rc != 0)
		dig_unlink_at(dirfd, name);
	return rc;
}

static enum dig_status
write_files(struct build *build, struct dig_error *err)
{
	uint64_t covered = dig_pack_covered(build->pack);
	int rc;

	rc = write_next(build, "par", covered > 0, build_all);
	if (rc == 0)
		rc = write_next(
		    build, "tail", covered < build->pack->length, copy_rest);
	if (rc == 0)
		rc = dig_sync_dir(build->store->packs_dirfd);
	if (rc == EINTR && dig_interrupted())
		return dig_raise(err, DIG_ECANCELLED, "interrupted");
	if (rc != 0)
		return dig_raise_os(err, DIG_EIO, rc,
		    "writing parity of pack %06u", build->pack->number);
	return DIG_OK;
}

/* What records cannot say is known by the parity that the pack has: padding. */
static bool
cells_intact(struct dig_store *store, const struct dig_pack_state *pack)
{
	struct dig_healer *healer = dig_healer_new(store, pack->number);
	uint64_t covered = dig_pack_covered(pack);
	struct dig_buf bytes = DIG_BUF_INIT;
	bool intact = true;

	for (uint64_t at = 0; healer != NULL && intact && at < covered;
	     at += BLOCK) {
		uint64_t left = covered - at;

		dig_buf_reset(&bytes);
		dig_healer_covered(
		    healer, at, left < BLOCK ? (size_t)left : BLOCK, &bytes);
		intact = dig_healer_counts(healer)->bad_cells == 0 &&
			 !dig_interrupted();
	}
	dig_buf_clear(&bytes);
	dig_healer_free(healer);
	return intact;
}

/* Parity over damaged bytes would call them right. */
static enum dig_status
is_sound(struct dig_store *store, const struct dig_pack_state *pack, int fd,
    const char *name, struct dig_error *err)
{
	enum dig_status st;

	if (fd >= 0 && dig_pack_intact(fd, pack->flags, pack->length) &&
	    cells_intact(store, pack))
		return DIG_OK;
	if (dig_interrupted())
		return dig_raise(err, DIG_ECANCELLED, "interrupted");
	st = dig_raise(err, DIG_ECORRUPT,
	    "packs/%s is damaged: its parity stays as it is", name);
	dig_hint(err, "'dig fsck --repair' first");
	return st;
}

enum dig_status
dig_parity_build(struct dig_store *store, uint32_t number,
    const struct dig_parity_shape *shape, struct dig_pack_state *out,
    struct dig_error *err)
{
	const struct dig_pack_state *now =
	    dig_state_pack(dig_store_state(store), number);
	struct dig_pack_state pack = *now;
	struct build build = { store, &pack, -1, -1, 0, NULL, NULL };
	enum dig_status st = DIG_OK;
	char name[24];

	plan(&pack, shape);
	if (shape->data > 0) {
		dig_pack_name(number, name);
		build.from =
		    dig_open_at(store->packs_dirfd, name, DIG_OPEN_READ);
		build.block = dig_alloc(BLOCK);
		st = is_sound(store, now, build.from, name, err);
		if (st == DIG_OK)
			st = write_files(&build, err);
		dig_close(build.from);
		free(build.block);
	}
	if (st == DIG_OK)
		*out = pack;
	return st;
}

/* ---- After the record ------------------------------------------------- */

bool
dig_parity_settle(struct dig_store *store, const char *name)
{
	int dirfd = store->packs_dirfd;
	const struct dig_pack_state *pack;
	char wanted[48];
	char to[40];
	unsigned number;
	size_t len = strlen(name);
	bool is_tail;

	if (len < 10 || strcmp(name + len - 5, ".next") != 0 ||
	    sscanf(name, "%9u.", &number) != 1)
		return false;
	is_tail = strcmp(name + len - 10, ".tail.next") == 0;
	pack = dig_state_pack(dig_store_state(store), number);
	if (pack != NULL && pack->shape.data != 0) {
		next_name(pack, is_tail ? "tail" : "par", wanted);
		if (is_tail)
			dig_mirror_name(number,
			    dig_pack_covered(pack) /
				dig_parity_group_bytes(&pack->shape),
			    to);
		else
			dig_parity_name(number, to);
		if (strcmp(name, wanted) == 0 &&
		    dig_rename_at(dirfd, name, dirfd, to) == 0)
			return true;
	}
	dig_unlink_at(dirfd, name);
	return true;
}
