/* SPDX-License-Identifier: MIT
 *
 * A copy stands in for its pack while its records are read, so that readers
 * follow deltas in it as they do in any pack.
 */
#include "objects/kept.h"

#include <stdio.h>
#include <stdlib.h>

#include "objects/base/io.h"
#include "objects/check.h"
#include "objects/store_internal.h"

#define COPIES_MAX 64

struct kept {
	struct dig_store *store;
	uint32_t pack;
	dig_kept_want_fn *want;
	dig_kept_fn *fn;
	void *arg;
	struct dig_reader *reader;
	struct dig_buf payload;
	struct dig_buf raw;
	char names[COPIES_MAX][64];
	size_t nnames;
};

static bool
note_name(void *arg, const char *name, enum dig_ftype type, bool told)
{
	struct kept *kept = arg;
	char canon[24];
	size_t len;

	(void)type;
	(void)told;
	dig_pack_name(kept->pack, canon);
	len = strlen(canon);
	if (strncmp(name, canon, len) == 0 && name[len] == '.' &&
	    strlen(name) < sizeof(kept->names[0]) && kept->nnames < COPIES_MAX)
		snprintf(kept->names[kept->nnames++], sizeof(kept->names[0]),
		    "%s", name);
	return true;
}

static enum dig_status
hand_out(struct kept *kept, enum dig_kind kind, const struct dig_oid *id,
    const struct dig_location *at, struct dig_error *err)
{
	struct dig_oid now;

	if (!kept->want(kept->arg, kind, id) ||
	    dig_reader_at(kept->reader, kind, at, &kept->raw, err) != DIG_OK ||
	    dig_check_id(kind, kept->raw.data, kept->raw.len, &now, err) !=
		NULL ||
	    !dig_oid_eq(&now, id))
		return DIG_OK;
	return kept->fn(kept->arg, kind, id, &kept->raw, err);
}

static enum dig_status
hand_out_record(
    struct kept *kept, struct dig_pack_scan *scan, struct dig_error *err)
{
	struct dig_location at = { kept->pack, scan->at, 0 };
	struct dig_record rec = scan->record;
	struct dig_solid_item *items = NULL;
	enum dig_status st = DIG_OK;
	size_t frame_at;
	size_t nitems;

	if (rec.kind == DIG_KIND_RUN)
		return DIG_OK;
	if (rec.kind != DIG_KIND_SOLID)
		return hand_out(kept, rec.kind, &rec.id, &at, err);
	if (dig_pack_scan_payload(scan, &kept->payload, err) != DIG_OK ||
	    dig_solid_decode(kept->payload.data, kept->payload.len, rec.raw_len,
		&items, &nitems, &frame_at, err) != DIG_OK)
		return DIG_OK;
	for (size_t i = 0; st == DIG_OK && i < nitems; i++) {
		at.slot = (uint32_t)i + 1;
		st = hand_out(kept, items[i].kind, &items[i].id, &at, err);
	}
	free(items);
	return st;
}

static enum dig_status
read_copy(struct kept *kept, int fd, unsigned flags, uint64_t length,
    struct dig_error *err)
{
	struct dig_pack_scan scan;
	enum dig_status st = DIG_OK;
	bool found;
	bool done;

	dig_pack_scan_init(&scan, fd, flags, 0, length);
	while (st == DIG_OK) {
		if (dig_interrupted()) {
			st = dig_raise(err, DIG_ECANCELLED, "interrupted");
			break;
		}
		if (dig_pack_scan_next(&scan, &done, err) != DIG_OK) {
			if (dig_pack_scan_resync(&scan, &found, err) !=
				DIG_OK ||
			    !found)
				break;
			continue;
		}
		if (done)
			break;
		st = hand_out_record(kept, &scan, err);
	}
	dig_pack_scan_clear(&scan);
	return st;
}

/* Read a copy as if it were the pack. */
static enum dig_status
stand_in(struct kept *kept, const struct dig_pack_state *state, int fd,
    struct dig_error *err)
{
	struct dig_store *store = kept->store;
	struct dig_open_pack *pack;
	struct dig_stat sb;
	enum dig_status st;

	if (dig_stat_fd(fd, &sb) != 0)
		return DIG_OK;
	DIG_GROW(store->packs, store->packs_cap, store->npacks + 1);
	pack = &store->packs[store->npacks++];
	memset(pack, 0, sizeof(*pack));
	pack->number = state->number;
	pack->flags = state->flags;
	pack->fd = fd;
	atomic_store(&pack->damaged, true); /* nobody appends to it */
	pack->length =
	    sb.size_bytes < state->length ? sb.size_bytes : state->length;
	kept->reader = dig_reader_new(store);
	st = read_copy(kept, fd, pack->flags, pack->length, err);
	dig_reader_free(kept->reader);
	store->npacks--;
	return st;
}

enum dig_status
dig_store_each_kept(struct dig_store *store, uint32_t pack,
    dig_kept_want_fn *want, dig_kept_fn *fn, void *arg, struct dig_error *err)
{
	const struct dig_pack_state *state =
	    dig_state_pack(dig_store_state(store), pack);
	struct kept *kept = dig_calloc(1, sizeof(*kept));
	enum dig_status st = DIG_OK;
	int dir = dig_open_at(store->dirfd, "quarantine", DIG_OPEN_DIRECTORY);

	kept->store = store;
	kept->pack = pack;
	kept->want = want;
	kept->fn = fn;
	kept->arg = arg;
	if (state != NULL && dir >= 0)
		dig_list_dir(dir, note_name, kept);
	for (size_t i = 0; st == DIG_OK && i < kept->nnames; i++) {
		int fd = dig_open_at(dir, kept->names[i], DIG_OPEN_READ);

		if (fd >= 0)
			st = stand_in(kept, state, fd, err);
		dig_close(fd);
	}
	dig_close(dir);
	dig_buf_clear(&kept->payload);
	dig_buf_clear(&kept->raw);
	free(kept);
	return st;
}
