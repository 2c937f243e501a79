/* SPDX-License-Identifier: MIT
 *
 * Writers: from bytes to a record, with the base that costs least.
 *
 * Small new chunks of one writer share a frame (a solid record): they compress
 * better together and cost one record. A chunk that has a version before it is
 * stored as a delta instead, alone.
 */
#include <assert.h>
#include <stdlib.h>

#include "objects/file.h"
#include "objects/store_internal.h"
#include "objects/tree.h"

#define SOLID_CHUNK_MAX ((size_t)64 << 10)
#define SOLID_FULL ((size_t)256 << 10)

struct dig_writer {
	struct dig_store *store;
	struct dig_codec_ctx *codec;
	struct dig_reader *reader;
	struct dig_buf payload;
	struct dig_buf base;
	struct dig_solid solid; /* chunks that wait for a frame */
	bool chains;            /* what is not committed serves as base, too */
	bool keeps;             /* the bytes of chunks */
};

struct dig_writer *
dig_writer_new(struct dig_store *store)
{
	struct dig_writer *writer = dig_calloc(1, sizeof(*writer));

	writer->store = store;
	writer->codec =
	    dig_codec_new(store->options.level, store->options.verify);
	writer->reader = dig_reader_new(store);
	return writer;
}

void
dig_writer_free(struct dig_writer *writer)
{
	if (writer == NULL)
		return;
	dig_codec_free(writer->codec);
	dig_reader_free(writer->reader);
	dig_buf_clear(&writer->payload);
	dig_buf_clear(&writer->base);
	dig_solid_clear(&writer->solid);
	free(writer);
}

void
dig_writer_chain(struct dig_writer *writer)
{
	writer->chains = true;
}

static void
count_chunk(struct dig_store *store, enum dig_kind kind, size_t len)
{
	if (kind != DIG_KIND_CHUNK)
		return;
	atomic_fetch_add(&store->new_chunks, 1);
	atomic_fetch_add(&store->raw_bytes, len);
}

enum dig_status
dig_writer_flush(struct dig_writer *writer, struct dig_error *err)
{
	struct dig_buf frame = DIG_BUF_INIT;
	struct dig_store *store = writer->store;
	struct dig_solid *solid = &writer->solid;
	enum dig_codec codec = DIG_CODEC_RAW;
	struct dig_location at;
	struct dig_record rec;
	enum dig_status st;

	if (solid->nitems == 0)
		return DIG_OK;
	st = dig_codec_encode(writer->codec, solid->raw.data, solid->raw.len,
	    NULL, 0, &frame, &codec, err);
	if (st != DIG_OK)
		goto out;
	dig_solid_record(solid, codec, &frame, &rec, &writer->payload);
	st = dig_pack_out_append(&store->normal, &rec, writer->payload.data,
	    NULL, false, solid->items, solid->nitems, &at, err);
	if (st != DIG_OK)
		goto out;
	for (size_t i = 0; i < solid->nitems; i++) {
		at.slot = (uint32_t)i + 1;
		dig_oidmap_place(&store->map, solid->items[i].kind,
		    &solid->items[i].id, &at, NULL, 0);
	}
	atomic_fetch_sub(&store->nclaims, solid->nitems);
	dig_solid_reset(solid);
out:
	dig_buf_clear(&frame);
	return st;
}

/* A chunk waits for company. */
static enum dig_status
put_in_solid(struct dig_writer *writer, const struct dig_oid *id,
    const void *raw, size_t len, struct dig_error *err)
{
	dig_solid_add(&writer->solid, DIG_KIND_CHUNK, id, raw, len);
	if (writer->solid.raw.len < SOLID_FULL &&
	    writer->solid.nitems < DIG_SOLID_OBJECTS_MAX)
		return DIG_OK;
	return dig_writer_flush(writer, err);
}

static bool
is_readable(struct dig_store *store, const struct dig_location *at)
{
	const struct dig_open_pack *pack = dig_store_pack(store, at->pack);

	return pack != NULL && at->offset < pack->length;
}

/* Where an object can be read; with chains it is brought there. */
static bool
locate_readable(struct dig_writer *writer, enum dig_kind kind,
    const struct dig_oid *id, struct dig_location *at)
{
	struct dig_location places[DIG_LOCATIONS_MAX];
	struct dig_error err;
	size_t found;

	for (int tries = 0; tries < 2; tries++) {
		if (dig_store_locate(writer->store, kind, id, places, &found,
			&err) != DIG_OK)
			return false;
		if (found > 0 && is_readable(writer->store, &places[0])) {
			*at = places[0];
			return true;
		}
		/* Perhaps it waits for company, or in a buffer. */
		if (!writer->chains ||
		    dig_writer_flush(writer, &err) != DIG_OK ||
		    dig_store_show(writer->store, &err) != DIG_OK)
			return false;
	}
	return false;
}

/* The chain position that stands at a place: 0 for a full version. */
static enum dig_status
chain_at(struct dig_writer *writer, const struct dig_location *at,
    struct dig_record *rec, struct dig_error *err)
{
	if (at->slot != 0) {
		memset(rec, 0, sizeof(*rec));
		return DIG_OK;
	}
	return dig_reader_header(writer->reader, at, rec, err);
}

/*
 * Skip deltas in base 16: version i refers back by 16^k, k being the trailing
 * zero digits of i in base 16, so that the depth of a chain grows with the
 * logarithm of the number of versions. The record at i - 16^k lies on the chain
 * of the version before, so going down that chain finds it.
 *
 * base   the version before
 * at     where the record to use as prefix stands; *chain its successor's
 *        position. False: store a full version.
 */
static bool
choose_base(struct dig_writer *writer, enum dig_kind kind,
    const struct dig_oid *base, struct dig_location *at,
    struct dig_oid *base_id, uint32_t *chain)
{
	struct dig_error err;
	struct dig_record rec;
	uint32_t want;
	uint32_t step = 1;

	if (!locate_readable(writer, kind, base, at))
		return false;
	*base_id = *base;
	if (chain_at(writer, at, &rec, &err) != DIG_OK)
		return false;
	*chain = rec.chain + 1;
	if (*chain >= DIG_CHAIN_RESTART)
		return false;
	while (*chain % (step * 16) == 0)
		step *= 16;
	want = *chain - step;
	while (rec.chain > want) {
		if (rec.codec != DIG_CODEC_DELTA)
			return false;
		if (rec.base_distance != 0) {
			if (rec.base_distance > at->offset)
				return false;
			at->offset -= rec.base_distance;
			at->slot = rec.base_slot;
		} else {
			if (!locate_readable(writer, kind, &rec.base_id, at))
				return false;
		}
		if (chain_at(writer, at, &rec, &err) != DIG_OK)
			return false;
		*base_id = rec.id; /* zero for a slot */
	}
	return rec.chain == want;
}

static enum dig_status
put_alone(struct dig_writer *writer, enum dig_kind kind,
    const struct dig_oid *id, const void *raw, size_t len,
    const struct dig_oid *base, bool bulk, struct dig_error *err)
{
	struct dig_store *store = writer->store;
	struct dig_pack_out *out = bulk ? &store->bulk : &store->normal;
	struct dig_location base_at;
	struct dig_location at;
	struct dig_record rec;
	enum dig_status st;
	uint32_t chain = 0;
	bool has_base;
	bool base_bulk = false;

	memset(&rec, 0, sizeof(rec));
	rec.kind = kind;
	rec.id = *id;
	rec.raw_len = len;
	has_base =
	    base != NULL &&
	    choose_base(writer, kind, base, &base_at, &rec.base_id, &chain) &&
	    (!dig_oid_is_zero(&rec.base_id) ||
		dig_reader_slot_id(writer->reader, kind, &base_at, &rec.base_id,
		    err) == DIG_OK) &&
	    dig_reader_at(writer->reader, kind, &base_at, &writer->base, err) ==
		DIG_OK;
	if (has_base)
		base_bulk = (dig_store_pack(store, base_at.pack)->flags &
				DIG_PACK_BULK) != 0;
	for (;;) {
		const void *payload = raw;

		st = dig_codec_encode(writer->codec, raw, len,
		    has_base ? writer->base.data : NULL,
		    has_base ? writer->base.len : 0, &writer->payload,
		    &rec.codec, err);
		if (st != DIG_OK)
			return st;
		rec.stored_len = len;
		if (rec.codec != DIG_CODEC_RAW) {
			payload = writer->payload.data;
			rec.stored_len = writer->payload.len;
		}
		rec.chain = chain;
		st = dig_pack_out_append(
		    out, &rec, payload, &base_at, base_bulk, NULL, 0, &at, err);
		if (st != DIG_ECONFLICT)
			break;
		has_base = false; /* it stands in a higher pack */
	}
	if (st != DIG_OK)
		return st;
	dig_oidmap_place(&store->map, kind, id, &at,
	    kind == DIG_KIND_CHUNK && !writer->keeps ? NULL : raw, len);
	atomic_fetch_sub(&store->nclaims, 1);
	return DIG_OK;
}

/* Is it stored, or being stored? Otherwise this writer has to store it. */
static enum dig_status
claim(struct dig_writer *writer, enum dig_kind kind, const struct dig_oid *id,
    bool *ours, struct dig_error *err)
{
	struct dig_oidmap_entry entry;
	enum dig_status st;
	bool there;

	*ours = false;
	if (dig_oidmap_find(&writer->store->map, kind, id, &entry))
		return DIG_OK;
	st = dig_store_has(writer->store, kind, id, &there, err);
	if (st != DIG_OK || there ||
	    !dig_oidmap_claim(&writer->store->map, kind, id))
		return st;
	atomic_store(&writer->store->touched, true);
	atomic_fetch_add(&writer->store->nclaims, 1);
	*ours = true;
	return DIG_OK;
}

enum dig_status
dig_writer_put(struct dig_writer *writer, enum dig_kind kind,
    const struct dig_oid *id, const void *raw, size_t len,
    const struct dig_oid *base, bool bulk, struct dig_error *err)
{
	enum dig_status st;
	bool ours;

	assert(writer->store->writing);
	if (len == 0 || len > DIG_OBJECT_MAX)
		return dig_raise(err, DIG_EINVALID,
		    "an object of %zu bytes cannot be stored", len);
	st = claim(writer, kind, id, &ours, err);
	if (st != DIG_OK || !ours)
		return st;
	count_chunk(writer->store, kind, len);
	if (kind == DIG_KIND_CHUNK && base == NULL && !bulk && !writer->keeps &&
	    len <= SOLID_CHUNK_MAX)
		return put_in_solid(writer, id, raw, len, err);
	return put_alone(writer, kind, id, raw, len, base, bulk, err);
}

enum dig_status
dig_writer_put_again(struct dig_writer *writer, enum dig_kind kind,
    const struct dig_oid *id, const void *raw, size_t len, bool bulk,
    struct dig_error *err)
{
	assert(writer->store->writing);
	if (len == 0 || len > DIG_OBJECT_MAX)
		return dig_raise(err, DIG_EINVALID,
		    "an object of %zu bytes cannot be stored", len);
	atomic_store(&writer->store->touched, true);
	atomic_fetch_add(&writer->store->nclaims, 1);
	count_chunk(writer->store, kind, len);
	return put_alone(writer, kind, id, raw, len, NULL, bulk, err);
}

/* ---- Records of elsewhere --------------------------------------------- */

/* The bytes of a base, committed or not, into writer->base. */
static enum dig_status
get_base(struct dig_writer *writer, enum dig_kind kind,
    const struct dig_oid *id, struct dig_error *err)
{
	struct dig_location at;

	if (dig_oidmap_raw(&writer->store->map, kind, id, &writer->base))
		return DIG_OK;
	if (!locate_readable(writer, kind, id, &at))
		return dig_raise(
		    err, DIG_ECORRUPT, "the base of a delta is not there");
	return dig_reader_at(writer->reader, kind, &at, &writer->base, err);
}

static enum dig_status
check_id(const struct dig_record *rec, const struct dig_buf *raw,
    struct dig_error *err)
{
	struct dig_oid now = dig_oid_zero;
	enum dig_status st = DIG_OK;

	if (rec->kind == DIG_KIND_CHUNK)
		dig_sha256(raw->data, raw->len, now.bytes);
	else if (rec->kind == DIG_KIND_CONTENT)
		st = dig_content_node_id(raw->data, raw->len, &now, err);
	else if (rec->kind == DIG_KIND_TREE)
		st = dig_tree_node_id(raw->data, raw->len, &now, err);
	else if (rec->kind == DIG_KIND_COMMIT)
		dig_sha256_domain(
		    DIG_DOMAIN_COMMIT, raw->data, raw->len, now.bytes);
	else if (rec->kind == DIG_KIND_TAG)
		dig_sha256_domain(
		    DIG_DOMAIN_TAG, raw->data, raw->len, now.bytes);
	if (st == DIG_OK && !dig_oid_eq(&now, &rec->id))
		st = dig_raise(
		    err, DIG_ECORRUPT, "the bytes do not match the id");
	return st;
}

static enum dig_status
decode_record(struct dig_writer *writer, const struct dig_record *rec,
    const void *payload, struct dig_buf *raw, struct dig_error *err)
{
	bool delta = rec->codec == DIG_CODEC_DELTA;
	enum dig_status st = DIG_OK;

	if (delta)
		st = get_base(writer, rec->kind, &rec->base_id, err);
	if (st != DIG_OK)
		return st;
	dig_buf_reset(raw);
	dig_buf_reserve(raw, (size_t)rec->raw_len);
	st = dig_codec_decode(writer->codec, rec->codec, payload,
	    (size_t)rec->stored_len, delta ? writer->base.data : NULL,
	    delta ? writer->base.len : 0, raw->data, (size_t)rec->raw_len, err);
	if (st != DIG_OK)
		return st;
	raw->len = (size_t)rec->raw_len;
	return check_id(rec, raw, err);
}

/* CONFLICT: the base stands where this record could not name it. */
static enum dig_status
append_as_is(struct dig_writer *writer, const struct dig_record *from,
    const void *payload, const struct dig_buf *raw, struct dig_error *err)
{
	struct dig_store *store = writer->store;
	struct dig_record rec = *from;
	struct dig_location base = { 0 };
	struct dig_location at;
	bool base_bulk = false;
	enum dig_status st;

	if (rec.codec == DIG_CODEC_DELTA) {
		if (!locate_readable(writer, rec.kind, &rec.base_id, &base))
			return DIG_ECONFLICT;
		base_bulk = (dig_store_pack(store, base.pack)->flags &
				DIG_PACK_BULK) != 0;
	}
	st = dig_pack_out_append(
	    &store->normal, &rec, payload, &base, base_bulk, NULL, 0, &at, err);
	if (st != DIG_OK)
		return st;
	dig_oidmap_place(&store->map, rec.kind, &rec.id, &at,
	    rec.kind == DIG_KIND_CHUNK ? NULL : raw->data, raw->len);
	atomic_fetch_sub(&store->nclaims, 1);
	return DIG_OK;
}

enum dig_status
dig_writer_put_record(struct dig_writer *writer, const struct dig_record *rec,
    const void *payload, bool as_is, struct dig_buf *raw, struct dig_error *err)
{
	bool delta = rec->codec == DIG_CODEC_DELTA;
	enum dig_status st;
	bool ours;

	assert(writer->store->writing);
	st = decode_record(writer, rec, payload, raw, err);
	if (st == DIG_OK)
		st = claim(writer, rec->kind, &rec->id, &ours, err);
	if (st != DIG_OK || !ours)
		return st;
	count_chunk(writer->store, rec->kind, raw->len);
	if (!delta && rec->kind == DIG_KIND_CHUNK &&
	    raw->len <= SOLID_CHUNK_MAX)
		return put_in_solid(writer, &rec->id, raw->data, raw->len, err);
	st = DIG_ECONFLICT;
	if (!delta || as_is)
		st = append_as_is(writer, rec, payload, raw, err);
	if (st == DIG_ECONFLICT)
		st = put_alone(writer, rec->kind, &rec->id, raw->data, raw->len,
		    delta ? &rec->base_id : NULL, false, err);
	return st;
}

void
dig_writer_keep(struct dig_writer *writer, bool on)
{
	writer->keeps = on;
}

static enum dig_status
io_get(void *arg, enum dig_kind kind, const struct dig_oid *id,
    struct dig_buf *out, struct dig_error *err)
{
	struct dig_writer *writer = arg;

	if (dig_oidmap_raw(&writer->store->map, kind, id, out))
		return DIG_OK;
	return dig_reader_get(writer->reader, kind, id, out, err);
}

static enum dig_status
io_put(void *arg, enum dig_kind kind, const struct dig_oid *id,
    const void *data, size_t len, const struct dig_oid *base,
    struct dig_error *err)
{
	return dig_writer_put(arg, kind, id, data, len, base, false, err);
}

struct dig_node_io
dig_writer_io(struct dig_writer *writer)
{
	struct dig_node_io io = { writer, io_get, io_put };

	return io;
}
