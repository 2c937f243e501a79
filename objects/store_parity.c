/* SPDX-License-Identifier: MIT
 *
 * Parity beside a pack that is being written: groups that are complete go to
 * its .par file, the open group is mirrored byte by byte.
 *
 * A small commit costs the mirror a few kilobytes and no arithmetic: what a
 * group holds is read back when it is complete.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "objects/base/io.h"
#include "objects/heal.h"
#include "objects/parity_build.h"
#include "objects/store_internal.h"

#define BLOCK ((size_t)256 << 10)
/* Less than this at a time waits to be read back. */
#define LAZY ((size_t)1 << 20)

void
dig_parity_name(uint32_t pack, char out[24])
{
	snprintf(out, 24, "%06u.par", pack);
}

void
dig_mirror_name(uint32_t pack, uint64_t group, char out[40])
{
	snprintf(out, 40, "%06u.%04llu.tail", pack, (unsigned long long)group);
}

static uint64_t
group_of(const struct dig_parity_shape *shape, uint64_t offset)
{
	return offset / dig_parity_group_bytes(shape);
}

bool
dig_parity_is_there(struct dig_store *store, const struct dig_pack_state *pack)
{
	struct dig_stat sb;
	char name[24];

	if (pack->parity_length == 0)
		return true;
	dig_parity_name(pack->number, name);
	return dig_stat_at(store->packs_dirfd, name, &sb) == 0 &&
	       sb.size_bytes >= pack->parity_length;
}

/* ---- Writing ---------------------------------------------------------- */

/* How far the mirror of the open group reaches. Where it lost its end, the
 * next sync makes that good from the pack. */
static uint64_t
mirrored(const struct dig_parity_out *out)
{
	struct dig_stat sb;
	char name[40];

	dig_mirror_name(out->pack, group_of(&out->shape, out->group_at), name);
	if (dig_stat_at(out->store->packs_dirfd, name, &sb) != 0)
		return out->group_at;
	return sb.size_bytes < out->end - out->group_at
		   ? out->group_at + sb.size_bytes
		   : out->end;
}

void
dig_parity_out_open(struct dig_parity_out *out, struct dig_store *store,
    uint32_t number, const struct dig_pack_state *pack,
    const struct dig_parity_shape *shape)
{
	memset(out, 0, sizeof(*out));
	out->store = store;
	out->pack = number;
	out->fd = -1;
	out->shape = pack != NULL ? pack->shape : *shape;
	if (out->shape.data == 0 || pack == NULL)
		return;
	out->length = pack->parity_length;
	out->group_at = dig_pack_covered(pack);
	out->end = pack->length;
	out->mirrored = mirrored(out);
}

void
dig_parity_out_close(struct dig_parity_out *out)
{
	dig_parity_encoder_free(out->encoder);
	dig_close(out->fd);
	memset(out, 0, sizeof(*out));
	out->fd = -1;
}

static int
open_pack_file(const struct dig_parity_out *out)
{
	char name[24];

	dig_pack_name(out->pack, name);
	return dig_open_at(out->store->packs_dirfd, name, DIG_OPEN_READ);
}

/* Bytes of the pack that were written before, as they stand in the file. */
static int
read_block(int fd, uint8_t *data, size_t len, uint64_t at)
{
	int64_t n = dig_pread_full(fd, data, len, at);

	if (n < 0)
		return (int)-n;
	return n == (int64_t)len ? 0 : EIO;
}

/*
 * The same, after a look at the mirror: parity over damaged bytes would make
 * the damage good for ever. Where the two differ, records say who is right.
 */
static int
read_back(struct dig_parity_out *out, int pack_fd, int mirror_fd, uint8_t *data,
    uint8_t *other, size_t len, uint64_t at)
{
	uint64_t both = out->mirrored > at ? out->mirrored - at : 0;
	int rc = read_block(pack_fd, data, len, at);
	struct dig_buf right = DIG_BUF_INIT;
	struct dig_healer *healer;
	struct dig_error err;
	bool whole;

	if (both > len)
		both = len;
	if (both == 0)
		return rc;
	if (rc == 0 && mirror_fd >= 0 &&
	    read_block(mirror_fd, other, (size_t)both, at - out->group_at) ==
		0 &&
	    memcmp(data, other, (size_t)both) == 0)
		return 0;
	healer = dig_healer_new(out->store, out->pack);
	if (healer != NULL && dig_healer_image(healer, at, (size_t)both, &right,
				  &whole, &err) == DIG_OK) {
		memcpy(data, right.data, (size_t)both);
		rc = both == len ? 0
				 : read_block(pack_fd, data + both,
				       len - (size_t)both, at + both);
	}
	dig_healer_free(healer);
	dig_buf_clear(&right);
	return rc;
}

/* What stood in the group when its encoder was begun. */
static int
add_beginning(struct dig_parity_out *out)
{
	uint64_t to = out->group_at + out->from;
	uint8_t *blocks = dig_alloc(2 * BLOCK);
	int pack_fd = open_pack_file(out);
	int mirror_fd;
	char name[40];
	int rc = pack_fd < 0 ? -pack_fd : 0;

	dig_mirror_name(out->pack, group_of(&out->shape, out->group_at), name);
	mirror_fd = dig_open_at(out->store->packs_dirfd, name, DIG_OPEN_READ);
	for (uint64_t at = out->group_at; rc == 0 && at < to;) {
		size_t n = to - at < BLOCK ? (size_t)(to - at) : BLOCK;

		rc = read_back(
		    out, pack_fd, mirror_fd, blocks, blocks + BLOCK, n, at);
		if (rc == 0)
			dig_parity_encoder_add_before(out->encoder, blocks, n);
		at += n;
	}
	dig_close(pack_fd);
	dig_close(mirror_fd);
	free(blocks);
	return rc;
}

/* The mirror of the open group is needed until the journal knows its parity. */
static void
retire_mirror(struct dig_parity_out *out)
{
	struct dig_store *store = out->store;

	if (out->mirrored == out->group_at)
		return;
	pthread_mutex_lock(&store->rows_mutex);
	DIG_GROW(store->stale, store->stale_cap, store->nstale + 1);
	store->stale[store->nstale].pack = out->pack;
	store->stale[store->nstale++].group =
	    group_of(&out->shape, out->group_at);
	pthread_mutex_unlock(&store->rows_mutex);
}

static int
open_parity_file(struct dig_parity_out *out)
{
	unsigned flags = DIG_OPEN_WRITE;
	char name[24];

	if (out->fd >= 0)
		return 0;
	dig_parity_name(out->pack, name);
	if (out->length == 0) {
		flags |= DIG_OPEN_CREATE;
		out->created = true;
	}
	out->fd = dig_open_at(out->store->packs_dirfd, name, flags);
	return out->fd < 0 ? -out->fd : 0;
}

/* Write the group that ends here to the .par file. */
static int
close_group(struct dig_parity_out *out)
{
	struct dig_parity_head *head = dig_calloc(1, sizeof(*head));
	struct dig_buf bytes = DIG_BUF_INIT;
	const uint8_t *cells;
	uint64_t at = out->length;
	size_t len;
	int rc = add_beginning(out);

	if (rc == 0)
		rc = open_parity_file(out);
	if (rc != 0)
		goto out;
	memcpy(head->store_id, dig_journal_store_id(out->store->journal), 32);
	head->pack = out->pack;
	head->group = group_of(&out->shape, out->group_at);
	cells = dig_parity_encoder_finish(out->encoder, head);
	len = dig_parity_nstripes(head->length) * out->shape.parity *
	      DIG_PARITY_CELL;
	dig_parity_head_encode(head, &bytes);
	rc = dig_pwrite_full(out->fd, bytes.data, bytes.len, at);
	if (rc == 0)
		rc = dig_pwrite_full(out->fd, cells, len, at + bytes.len);
	if (rc == 0)
		rc = dig_pwrite_full(
		    out->fd, bytes.data, bytes.len, at + bytes.len + len);
	if (rc != 0)
		goto out;
	dig_begin_sync(out->fd, at, len + 2 * bytes.len);
	retire_mirror(out);
	out->length += dig_parity_stored_bytes(&out->shape, head->length);
	out->group_at += head->length;
	out->mirrored = out->group_at;
	out->dirty = true;
	out->begun = false;
out:
	dig_buf_clear(&bytes);
	free(head);
	return rc;
}

static void
begin_group(struct dig_parity_out *out)
{
	if (out->encoder == NULL)
		out->encoder = dig_parity_encoder_new(&out->shape);
	out->from = out->end - out->group_at;
	dig_parity_encoder_begin(out->encoder, out->from);
	out->begun = true;
}

int
dig_parity_out_add(struct dig_parity_out *out, const uint8_t *data, size_t len)
{
	uint64_t group;
	int rc = 0;

	if (out->shape.data == 0)
		return 0;
	group = dig_parity_group_bytes(&out->shape);
	while (len > 0 && rc == 0) {
		uint64_t room = out->group_at + group - out->end;
		size_t n = len < room ? len : (size_t)room;

		if (!out->begun && (n == room || n >= LAZY))
			begin_group(out);
		if (out->begun)
			dig_parity_encoder_add(out->encoder, data, n);
		out->end += n;
		if (n == room)
			rc = close_group(out);
		data += n;
		len -= n;
	}
	return rc;
}

int
dig_parity_out_finish(struct dig_parity_out *out)
{
	if (out->shape.data == 0 || out->end == out->group_at)
		return 0;
	if (!out->begun)
		begin_group(out);
	return close_group(out);
}

/* Append what the open group got to its mirror. */
static int
mirror(struct dig_parity_out *out)
{
	uint8_t *block;
	char name[40];
	int from;
	int to;
	int rc;

	if (out->mirrored == out->end)
		return 0;
	dig_mirror_name(out->pack, group_of(&out->shape, out->group_at), name);
	from = open_pack_file(out);
	to = dig_open_at(
	    out->store->packs_dirfd, name, DIG_OPEN_WRITE | DIG_OPEN_CREATE);
	rc = from < 0 ? -from : to < 0 ? -to : 0;
	if (out->mirrored == out->group_at)
		out->created = true;
	block = dig_alloc(BLOCK);
	while (rc == 0 && out->mirrored < out->end) {
		uint64_t left = out->end - out->mirrored;
		size_t n = left < BLOCK ? (size_t)left : BLOCK;

		rc = read_block(from, block, n, out->mirrored);
		if (rc == 0)
			rc = dig_pwrite_full(
			    to, block, n, out->mirrored - out->group_at);
		out->mirrored += n;
	}
	if (rc == 0)
		rc = dig_sync_data(to);
	free(block);
	dig_close(from);
	dig_close(to);
	return rc;
}

int
dig_parity_out_sync(struct dig_parity_out *out)
{
	int rc = 0;

	if (out->shape.data == 0)
		return 0;
	if (out->dirty)
		rc = dig_sync_data(out->fd);
	out->dirty = false;
	return rc == 0 ? mirror(out) : rc;
}

void
dig_parity_committed(struct dig_store *store)
{
	for (size_t i = 0; i < store->nstale; i++) {
		char name[40];

		dig_mirror_name(
		    store->stale[i].pack, store->stale[i].group, name);
		dig_unlink_at(store->packs_dirfd, name);
	}
	store->nstale = 0;
}

/* ---- Cleaning --------------------------------------------------------- */

/* Does this file of parity belong to a pack as it is now? *size: its bytes. */
static bool
is_wanted(const struct dig_state *state, const char *name, uint64_t *size)
{
	const struct dig_pack_state *pack;
	unsigned long long group = 0;
	unsigned number;
	char canon[40];
	bool is_mirror = false;

	if (sscanf(name, "%9u", &number) != 1)
		return true;
	dig_parity_name(number, canon);
	if (strcmp(canon, name) != 0) {
		if (sscanf(name, "%9u.%llu.tail", &number, &group) != 2)
			return true; /* not ours */
		dig_mirror_name(number, group, canon);
		if (strcmp(canon, name) != 0)
			return true;
		is_mirror = true;
	}
	pack = dig_state_pack(state, number);
	if (pack == NULL || pack->shape.data == 0)
		return false;
	*size = is_mirror ? pack->length - dig_pack_covered(pack)
			  : pack->parity_length;
	return *size > 0 &&
	       (!is_mirror ||
		   group == group_of(&pack->shape, dig_pack_covered(pack)));
}

struct cleaning {
	struct dig_store *store;
	int rc;
};

static bool
clean_one(void *arg, const char *name, enum dig_ftype type, bool told)
{
	struct cleaning *cleaning = arg;
	int dirfd = cleaning->store->packs_dirfd;
	uint64_t want = UINT64_MAX;
	struct dig_stat sb;
	int fd;

	(void)type;
	(void)told;
	if (dig_parity_settle(cleaning->store, name))
		return true;
	if (!is_wanted(dig_store_state(cleaning->store), name, &want)) {
		dig_unlink_at(dirfd, name);
		return true;
	}
	if (want == UINT64_MAX || dig_stat_at(dirfd, name, &sb) != 0 ||
	    sb.size_bytes <= want)
		return true;
	fd = dig_open_at(dirfd, name, DIG_OPEN_WRITE);
	cleaning->rc = fd < 0 ? -fd : dig_truncate(fd, want);
	dig_close(fd);
	return cleaning->rc == 0;
}

enum dig_status
dig_parity_clean(struct dig_store *store, struct dig_error *err)
{
	struct cleaning cleaning = { store, 0 };
	int fd = dig_open_at(store->packs_dirfd, ".", DIG_OPEN_DIRECTORY);
	int rc = fd < 0 ? -fd : dig_list_dir(fd, clean_one, &cleaning);

	dig_close(fd);
	if (rc == 0)
		rc = cleaning.rc;
	if (rc != 0)
		return dig_raise_os(
		    err, DIG_EIO, rc, "preparing parity in .dig/packs");
	return DIG_OK;
}
