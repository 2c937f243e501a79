/* SPDX-License-Identifier: MIT
 *
 * Readers: from (kind, id) to verified bytes, through solids and chains.
 */
#include <errno.h>
#include <stdlib.h>

#include "objects/base/io.h"
#include "objects/heal.h"
#include "objects/store_internal.h"

#define CACHE_SLOTS 256
#define CACHE_OBJECT_MAX ((size_t)64 << 10)
#define NSOLIDS 8
#define SOLIDS_RAW_MAX ((size_t)24 << 20) /* of all of them together */
#define FIRST_READ ((size_t)8 << 10)
/* Records from this size on are mostly read one after the other. */
#define AHEAD_RECORD ((uint64_t)32 << 10)
#define AHEAD ((uint64_t)16 << 20)
/* Of a record whose header is asked for: most deltas come whole with it. */
#define PEEK ((size_t)1 << 10)
#define PARTS_FROM ((size_t)512 << 10) /* shorter solids are decoded whole */

/*
 * A solid, kept because its objects are asked for one after another, and
 * decoded as far as that was needed: the newest versions come first in it.
 */
struct solid {
	uint32_t pack;
	uint64_t offset; /* 0: empty */
	struct dig_solid_item *items;
	size_t nitems;
	struct dig_buf record; /* what `part` decodes from */
	struct dig_codec_part *part;
	uint64_t used; /* when it was asked for last */
	size_t raw_len;
	struct dig_buf raw; /* len: as far as it is decoded */
};

struct cached {
	struct dig_location at; /* offset 0: empty */
	struct dig_buf raw;
};

struct dig_reader {
	struct dig_store *store;
	struct dig_codec_ctx *codec;
	struct dig_buf
	    record; /* header and payload as they stand in the file */
	struct dig_buf base;
	struct dig_buf other;
	struct dig_buf held; /* records of a chain that came with a header */
	struct solid solids[NSOLIDS];
	uint64_t uses; /* of solids */
	struct cached cache[CACHE_SLOTS];
	uint64_t frames;
};

struct dig_reader *
dig_reader_new(struct dig_store *store)
{
	struct dig_reader *reader = dig_calloc(1, sizeof(*reader));

	reader->store = store;
	reader->codec = dig_codec_new(DIG_CODEC_LEVEL_MIN, false);
	return reader;
}

static void
clear_solid(struct solid *solid)
{
	free(solid->items);
	dig_buf_clear(&solid->record);
	dig_codec_part_free(solid->part);
	dig_buf_clear(&solid->raw);
	memset(solid, 0, sizeof(*solid));
}

void
dig_reader_free(struct dig_reader *reader)
{
	if (reader == NULL)
		return;
	dig_codec_free(reader->codec);
	dig_buf_clear(&reader->record);
	dig_buf_clear(&reader->base);
	dig_buf_clear(&reader->other);
	dig_buf_clear(&reader->held);
	for (size_t i = 0; i < NSOLIDS; i++)
		clear_solid(&reader->solids[i]);
	for (size_t i = 0; i < CACHE_SLOTS; i++)
		dig_buf_clear(&reader->cache[i].raw);
	free(reader);
}

uint64_t
dig_reader_frames(const struct dig_reader *reader)
{
	return reader->frames;
}

static struct cached *
cache_slot(struct dig_reader *reader, const struct dig_location *at)
{
	uint64_t h = (at->offset * 31 + at->pack) * 31 + at->slot;

	return &reader->cache[(h ^ h >> 8 ^ h >> 16) % CACHE_SLOTS];
}

static bool
same_place(const struct dig_location *a, const struct dig_location *b)
{
	return a->pack == b->pack && a->offset == b->offset &&
	       a->slot == b->slot;
}

static enum dig_status
at_place(const struct dig_location *at, struct dig_error *err)
{
	dig_wrap(err, "pack %06u at offset %llu", at->pack,
	    (unsigned long long)at->offset);
	return err->status;
}

/* Where large records are read in order, by whichever threads, have the kernel
 * read what follows: what was written past the page cache is not there. */
static void
read_ahead(struct dig_open_pack *pack, uint64_t offset, uint64_t end)
{
	uint64_t last = atomic_exchange(&pack->last_read, end);
	uint64_t ahead = atomic_load(&pack->ahead);

	if (offset > last + AHEAD / 4 || last > offset + AHEAD / 4)
		return;
	if (ahead < end || ahead > end + AHEAD)
		ahead = end;
	if (ahead > end + AHEAD / 2)
		return;
	dig_advise_willneed(pack->fd, ahead, end + AHEAD - ahead);
	atomic_store(&pack->ahead, end + AHEAD);
}

/* Read a record's header, and with `whole` its payload, into reader->record;
 * the checksum is verified when the payload is there. */
static enum dig_status
read_stored(struct dig_reader *reader, const struct dig_location *at,
    bool whole, struct dig_record *rec, struct dig_error *err)
{
	struct dig_open_pack *pack = dig_store_pack(reader->store, at->pack);
	struct dig_buf *buf = &reader->record;
	enum dig_status st;
	uint64_t left;
	size_t want;
	int64_t n;

	if (pack == NULL || at->offset >= pack->length) {
		dig_raise(
		    err, DIG_ECORRUPT, "the pack is missing or too short");
		return at_place(at, err);
	}
	left = pack->length - at->offset;
	want = whole ? FIRST_READ : PEEK;
	if (want > left)
		want = (size_t)left;
	dig_buf_reset(buf);
	dig_buf_reserve(buf, want);
	n = dig_pread_full(pack->fd, buf->data, want, at->offset);
	if (n < 0)
		return dig_raise_os(
		    err, DIG_EIO, (int)-n, "reading pack %06u", at->pack);
	buf->len = (size_t)n;
	st = dig_record_decode(buf->data, buf->len, rec, err);
	if (st == DIG_OK && rec->stored_len > left - rec->header_len)
		st = dig_raise(err, DIG_ECORRUPT, "a record runs past the end");
	if (st != DIG_OK)
		return at_place(at, err);
	if (!whole)
		return DIG_OK;
	want = rec->header_len + (size_t)rec->stored_len;
	if (buf->len < want) {
		size_t have = buf->len;

		if (rec->stored_len >= AHEAD_RECORD)
			read_ahead(pack, at->offset, at->offset + want);
		dig_buf_reserve(buf, want - have);
		n = dig_pread_full(
		    pack->fd, buf->data + have, want - have, at->offset + have);
		if (n < 0)
			return dig_raise_os(err, DIG_EIO, (int)-n,
			    "reading pack %06u", at->pack);
		buf->len = have + (size_t)n;
	}
	if (buf->len < want ||
	    !dig_record_intact(rec, buf->data, buf->data + rec->header_len)) {
		dig_raise(err, DIG_ECORRUPT,
		    "the record does not match its checksum");
		return at_place(at, err);
	}
	return DIG_OK;
}

/* The same, and where that is damaged, what parity or the mirror makes of it.
 */
static enum dig_status
read_record(struct dig_reader *reader, const struct dig_location *at,
    bool whole, struct dig_record *rec, struct dig_error *err)
{
	enum dig_status st = read_stored(reader, at, whole, rec, err);

	if ((st == DIG_ECORRUPT || st == DIG_EIO) &&
	    dig_heal_record(
		reader->store, at->pack, at->offset, rec, &reader->record))
		st = DIG_OK;
	return st;
}

enum dig_status
dig_reader_header(struct dig_reader *reader, const struct dig_location *at,
    struct dig_record *out, struct dig_error *err)
{
	return read_record(reader, at, false, out, err);
}

enum dig_status
dig_reader_stored(struct dig_reader *reader, const struct dig_location *at,
    struct dig_record *out, const uint8_t **payload, struct dig_error *err)
{
	enum dig_status st = read_stored(reader, at, true, out, err);

	if (st == DIG_OK)
		*payload = reader->record.data + out->header_len;
	return st;
}

static struct solid *
oldest_solid(struct dig_reader *reader)
{
	struct solid *oldest = &reader->solids[0];

	for (size_t i = 1; i < NSOLIDS; i++)
		if (reader->solids[i].used < oldest->used)
			oldest = &reader->solids[i];
	return oldest;
}

/* A place for a solid of so many raw bytes: the one that was not asked for the
 * longest; and where it all becomes too much, all others. */
static struct solid *
room_for_solid(struct dig_reader *reader, uint64_t raw_len)
{
	struct solid *oldest = oldest_solid(reader);
	uint64_t sum = raw_len;

	for (size_t i = 0; i < NSOLIDS; i++)
		sum += &reader->solids[i] != oldest ? reader->solids[i].raw_len
						    : 0;
	for (size_t i = 0; i < NSOLIDS && sum > SOLIDS_RAW_MAX; i++)
		clear_solid(&reader->solids[i]);
	return oldest;
}

/* The record that was just read becomes a solid of which nothing is decoded. */
static enum dig_status
open_solid(struct dig_reader *reader, const struct dig_record *rec,
    struct solid *solid, struct dig_error *err)
{
	struct dig_buf swap = solid->record;
	enum dig_status st;
	const uint8_t *payload;
	size_t frame_at;
	size_t len = (size_t)rec->stored_len;

	solid->offset = 0;
	solid->record = reader->record;
	reader->record = swap;
	payload = solid->record.data + rec->header_len;
	free(solid->items);
	solid->items = NULL;
	st = dig_solid_decode(payload, len, rec->raw_len, &solid->items,
	    &solid->nitems, &frame_at, err);
	if (st != DIG_OK)
		return st;
	if (rec->raw_len > DIG_OBJECT_MAX)
		return dig_raise(err, DIG_ECORRUPT, "a solid that is too long");
	solid->raw_len = (size_t)rec->raw_len;
	reader->frames++;
	dig_buf_reset(&solid->raw);
	if (rec->codec == DIG_CODEC_RAW) {
		if (len - frame_at != solid->raw_len)
			return dig_raise(err, DIG_ECORRUPT,
			    "%zu raw bytes, not %zu", len - frame_at,
			    solid->raw_len);
		dig_buf_put(&solid->raw, payload + frame_at, len - frame_at);
		return DIG_OK;
	}
	dig_buf_reserve(&solid->raw, solid->raw_len);
	if (solid->part == NULL)
		solid->part = dig_codec_part_new();
	return dig_codec_part_begin(solid->part, payload + frame_at,
	    len - frame_at, solid->raw_len, err);
}

static enum dig_status
load_solid(struct dig_reader *reader, const struct dig_location *at,
    struct solid **out, struct dig_error *err)
{
	struct dig_record rec;
	struct solid *solid;
	enum dig_status st;

	for (size_t i = 0; i < NSOLIDS; i++)
		if (reader->solids[i].offset != 0 &&
		    reader->solids[i].offset == at->offset &&
		    reader->solids[i].pack == at->pack) {
			*out = &reader->solids[i];
			(*out)->used = ++reader->uses;
			return DIG_OK;
		}
	st = read_record(reader, at, true, &rec, err);
	if (st != DIG_OK)
		return st;
	if (rec.kind != DIG_KIND_SOLID) {
		dig_raise(err, DIG_ECORRUPT, "not a solid record");
		return at_place(at, err);
	}
	solid = room_for_solid(reader, rec.raw_len);
	solid->used = ++reader->uses;
	st = open_solid(reader, &rec, solid, err);
	if (st != DIG_OK)
		return at_place(at, err);
	solid->pack = at->pack;
	solid->offset = at->offset;
	*out = solid;
	return DIG_OK;
}

/* The object at a slot, in the solid that is loaded for it. */
static enum dig_status
find_slot(struct dig_reader *reader, enum dig_kind kind,
    const struct dig_location *at, struct solid **solid,
    const struct dig_solid_item **item, struct dig_error *err)
{
	enum dig_status st = load_solid(reader, at, solid, err);

	if (st != DIG_OK)
		return st;
	if (at->slot == 0 || at->slot > (*solid)->nitems ||
	    (*solid)->items[at->slot - 1].kind != kind) {
		dig_raise(err, DIG_ECORRUPT, "no such object in the solid");
		return at_place(at, err);
	}
	*item = &(*solid)->items[at->slot - 1];
	return DIG_OK;
}

enum dig_status
dig_reader_slot_id(struct dig_reader *reader, enum dig_kind kind,
    const struct dig_location *at, struct dig_oid *out, struct dig_error *err)
{
	const struct dig_solid_item *item = NULL;
	struct solid *solid = NULL;
	enum dig_status st = find_slot(reader, kind, at, &solid, &item, err);

	if (st == DIG_OK)
		*out = item->id;
	return st;
}

static enum dig_status
read_slot(struct dig_reader *reader, enum dig_kind kind,
    const struct dig_location *at, struct dig_buf *out, struct dig_error *err)
{
	const struct dig_solid_item *item = NULL;
	struct solid *solid = NULL;
	enum dig_status st = find_slot(reader, kind, at, &solid, &item, err);
	size_t upto;

	if (st != DIG_OK)
		return st;
	upto = (size_t)(item->offset + item->raw_len);
	if (solid->raw.len < upto) {
		if (solid->raw_len <= PARTS_FROM)
			upto = solid->raw_len;
		st = dig_codec_part_decode(
		    solid->part, solid->raw.data, upto, err);
		if (st != DIG_OK) {
			solid->offset = 0;
			return at_place(at, err);
		}
		solid->raw.len = upto;
	}
	dig_buf_reset(out);
	dig_buf_put(out, solid->raw.data + item->offset, (size_t)item->raw_len);
	return DIG_OK;
}

enum dig_status
dig_reader_base(struct dig_reader *reader, const struct dig_location *at,
    const struct dig_record *rec, struct dig_location *out,
    struct dig_error *err)
{
	struct dig_store *store = reader->store;
	struct dig_location places[DIG_LOCATIONS_MAX];
	const struct dig_open_pack *to = dig_store_pack(store, at->pack);
	enum dig_status st;
	size_t found;

	if (rec->base_distance != 0) {
		if (rec->base_distance >= at->offset) {
			dig_raise(err, DIG_ECORRUPT, "a base before the pack");
			return at_place(at, err);
		}
		out->pack = at->pack;
		out->offset = at->offset - rec->base_distance;
		out->slot = rec->base_slot;
		return DIG_OK;
	}
	st = dig_store_locate(
	    store, rec->kind, &rec->base_id, places, &found, err);
	if (st != DIG_OK)
		return st;
	for (size_t i = 0; i < found; i++) {
		const struct dig_open_pack *pack =
		    dig_store_pack(store, places[i].pack);

		if (pack != NULL && to != NULL &&
		    dig_store_is_lower(store, pack->number,
			pack->flags & DIG_PACK_BULK, to->number,
			to->flags & DIG_PACK_BULK)) {
			*out = places[i];
			return DIG_OK;
		}
	}
	dig_raise(err, DIG_ECORRUPT, "the base of a delta is missing");
	return at_place(at, err);
}

static void
cache_put(struct dig_reader *reader, const struct dig_location *at,
    const struct dig_buf *raw)
{
	struct cached *cached = cache_slot(reader, at);

	if (raw->len > CACHE_OBJECT_MAX)
		return;
	cached->at = *at;
	dig_buf_reset(&cached->raw);
	dig_buf_put(&cached->raw, raw->data, raw->len);
}

/* One step of a chain, on the way down and up again. */
struct link {
	struct dig_location at;
	size_t held;           /* where its bytes stand in reader->held */
	size_t len;            /* how many; 0: they have to be read */
	struct dig_record rec; /* as the way down took it */
};

/* The way down went by this header, which it may not have verified. */
static bool
leads_there(const struct dig_record *went, const struct dig_record *rec)
{
	return rec->kind == went->kind && rec->codec == went->codec &&
	       rec->base_distance == went->base_distance &&
	       rec->base_slot == went->base_slot &&
	       dig_oid_eq(&rec->base_id, &went->base_id);
}

/* Keep what came with a header, if it is all of a small record. */
static void
hold(struct dig_reader *reader, const struct dig_record *rec, struct link *link)
{
	const struct dig_buf *buf = &reader->record;

	link->held = reader->held.len;
	link->len = 0;
	if (rec->stored_len > PEEK ||
	    buf->len < rec->header_len + rec->stored_len)
		return;
	link->len = rec->header_len + (size_t)rec->stored_len;
	dig_buf_put(&reader->held, buf->data, link->len);
}

/* The record whole, in reader->record. */
static enum dig_status
read_link(struct dig_reader *reader, const struct link *link,
    struct dig_record *rec, struct dig_error *err)
{
	struct dig_error unused;
	struct dig_buf *buf = &reader->record;

	if (link->len > 0) {
		dig_buf_reset(buf);
		dig_buf_put(buf, reader->held.data + link->held, link->len);
		if (dig_record_decode(buf->data, buf->len, rec, &unused) ==
			DIG_OK &&
		    dig_record_intact(
			rec, buf->data, buf->data + rec->header_len))
			return DIG_OK;
	}
	return read_record(reader, &link->at, true, rec, err);
}

/* The bytes change hands, and the memory that `out` had is used on. */
static void
give(struct dig_reader *reader, struct dig_buf *out)
{
	struct dig_buf swap = *out;

	*out = reader->base;
	reader->base = swap;
	dig_buf_reserve(out, 0);
	out->data[out->len] = '\0'; /* the decoder wrote the bytes alone */
}

/*
 * Go down the chain to a full version (or one that is cached), then come back
 * up, each step the prefix of the next. Unless `careful`, the way down trusts
 * headers that it does not verify.
 */
static enum dig_status
follow_chain(struct dig_reader *reader, enum dig_kind kind,
    const struct dig_location *at, bool careful, struct dig_buf *out,
    struct dig_error *err)
{
	struct link chain[DIG_CHAIN_DEPTH_MAX + 1];
	struct dig_location here = *at;
	struct dig_record rec;
	enum dig_status st;
	size_t depth = 0;
	bool have_base = false;

	dig_buf_reset(&reader->held);
	for (;;) {
		struct cached *cached = cache_slot(reader, &here);

		if (cached->at.offset != 0 && same_place(&cached->at, &here)) {
			dig_buf_reset(&reader->base);
			dig_buf_put(
			    &reader->base, cached->raw.data, cached->raw.len);
			have_base = true;
			break;
		}
		if (here.slot != 0) {
			st = read_slot(reader, kind, &here, &reader->base, err);
			if (st != DIG_OK)
				return st;
			have_base = true;
			break;
		}
		st = read_record(reader, &here, careful, &rec, err);
		if (st != DIG_OK)
			return st;
		if (rec.kind != kind || depth == DIG_CHAIN_DEPTH_MAX) {
			dig_raise(err, DIG_ECORRUPT, "%s",
			    rec.kind != kind ? "a record of another kind"
					     : "a delta chain is too deep");
			return at_place(&here, err);
		}
		chain[depth].at = here;
		chain[depth].rec = rec;
		hold(reader, &rec, &chain[depth++]);
		if (rec.codec != DIG_CODEC_DELTA)
			break;
		st = dig_reader_base(reader, &here, &rec, &here, err);
		if (st != DIG_OK)
			return st;
	}
	while (depth > 0) {
		struct dig_buf swap;

		here = chain[--depth].at;
		st = read_link(reader, &chain[depth], &rec, err);
		if (st != DIG_OK)
			return st;
		if (!leads_there(&chain[depth].rec, &rec)) {
			dig_raise(
			    err, DIG_ECORRUPT, "a header that is damaged");
			return at_place(&here, err);
		}
		dig_buf_reset(&reader->other);
		dig_buf_reserve(&reader->other, (size_t)rec.raw_len);
		reader->frames += rec.codec != DIG_CODEC_RAW;
		st = dig_codec_decode(reader->codec, rec.codec,
		    reader->record.data + rec.header_len,
		    (size_t)rec.stored_len,
		    have_base ? reader->base.data : NULL,
		    have_base ? reader->base.len : 0, reader->other.data,
		    (size_t)rec.raw_len, err);
		if (st != DIG_OK)
			return at_place(&here, err);
		reader->other.len = (size_t)rec.raw_len;
		if (rec.codec == DIG_CODEC_DELTA || kind != DIG_KIND_CHUNK)
			cache_put(reader, &here, &reader->other);
		swap = reader->base;
		reader->base = reader->other;
		reader->other = swap;
		have_base = true;
	}
	give(reader, out);
	return DIG_OK;
}

enum dig_status
dig_reader_at(struct dig_reader *reader, enum dig_kind kind,
    const struct dig_location *at, struct dig_buf *out, struct dig_error *err)
{
	enum dig_status st = follow_chain(reader, kind, at, false, out, err);

	if (st == DIG_ECORRUPT)
		st = follow_chain(reader, kind, at, true, out, err);
	return st;
}

/* The id of what stands at a place. */
static enum dig_status
id_at_place(struct dig_reader *reader, const struct dig_location *at,
    struct dig_oid *out, struct dig_error *err)
{
	struct solid *solid = &reader->solids[0];
	struct dig_record rec;
	enum dig_status st;

	if (at->slot == 0) {
		st = read_record(reader, at, true, &rec, err);
		if (st == DIG_OK)
			*out = rec.id;
		return st;
	}
	st = load_solid(reader, at, &solid, err);
	if (st == DIG_OK && at->slot > solid->nitems) {
		dig_raise(err, DIG_ECORRUPT, "no such object in the solid");
		st = at_place(at, err);
	}
	if (st == DIG_OK)
		*out = solid->items[at->slot - 1].id;
	return st;
}

enum dig_status
dig_reader_portable(struct dig_reader *reader, enum dig_kind kind,
    const struct dig_location *at, struct dig_record *rec,
    const uint8_t **payload, bool *alone, struct dig_error *err)
{
	struct dig_location base;
	struct dig_oid base_id;
	enum dig_status st;

	*alone = at->slot == 0;
	if (!*alone)
		return DIG_OK;
	st = read_record(reader, at, true, rec, err);
	if (st == DIG_OK && rec->kind != kind) {
		dig_raise(err, DIG_ECORRUPT, "a record of another kind");
		st = at_place(at, err);
	}
	if (st == DIG_OK && rec->codec == DIG_CODEC_DELTA) {
		st = dig_reader_base(reader, at, rec, &base, err);
		if (st == DIG_OK)
			st = id_at_place(reader, &base, &base_id, err);
		if (st == DIG_OK)
			st = read_record(reader, at, true, rec, err);
		if (st == DIG_OK) {
			rec->base_id = base_id;
			rec->base_distance = 0;
			rec->base_slot = 0;
		}
	}
	if (st == DIG_OK)
		*payload = reader->record.data + rec->header_len;
	return st;
}

/* Kinds whose id is a plain hash of their bytes are checked here; nodes are
 * checked by the decoder that knows their shape. */
static bool
id_matches(
    enum dig_kind kind, const struct dig_oid *id, const struct dig_buf *raw)
{
	struct dig_oid now;

	if (kind == DIG_KIND_CHUNK)
		dig_sha256(raw->data, raw->len, now.bytes);
	else if (kind == DIG_KIND_COMMIT)
		dig_sha256_domain(
		    DIG_DOMAIN_COMMIT, raw->data, raw->len, now.bytes);
	else if (kind == DIG_KIND_TAG)
		dig_sha256_domain(
		    DIG_DOMAIN_TAG, raw->data, raw->len, now.bytes);
	else if (kind == DIG_KIND_STATE)
		dig_sha256_domain(
		    DIG_DOMAIN_STATE, raw->data, raw->len, now.bytes);
	else
		return true;
	return dig_oid_eq(&now, id);
}

/* It is in no pack. Where one is lost or damaged, that is why. */
static enum dig_status
not_there(struct dig_store *store, enum dig_kind kind, const char *hex,
    struct dig_error *err)
{
	const struct dig_state *state = dig_store_packs(store);

	for (size_t i = 0; i < state->npacks; i++) {
		uint32_t number = state->packs[i].number;
		const struct dig_open_pack *pack =
		    dig_store_pack(store, number);

		if (pack == NULL || pack->damaged)
			return dig_raise(err, DIG_ECORRUPT,
			    "%s %.16s is not there, and pack %06u.pack is %s",
			    dig_kind_word(kind), hex, number,
			    pack == NULL ? "missing" : "damaged");
	}
	return dig_raise(
	    err, DIG_ENOTFOUND, "no %s %.16s", dig_kind_word(kind), hex);
}

/* From the first place that has it whole. */
static enum dig_status
get_located(struct dig_reader *reader, enum dig_kind kind,
    const struct dig_oid *id, struct dig_buf *out, struct dig_error *err)
{
	struct dig_location places[DIG_LOCATIONS_MAX];
	char hex[DIG_OID_HEX + 1];
	enum dig_status st;
	size_t found;

	st = dig_store_locate(reader->store, kind, id, places, &found, err);
	if (st != DIG_OK)
		return st;
	dig_oid_hex(id, hex);
	if (found == 0)
		return not_there(reader->store, kind, hex, err);
	for (size_t i = 0; i < found; i++) {
		st = dig_reader_at(reader, kind, &places[i], out, err);
		if (st == DIG_OK && !id_matches(kind, id, out)) {
			dig_raise(
			    err, DIG_ECORRUPT, "the bytes do not match the id");
			st = at_place(&places[i], err);
		}
		if (st != DIG_ECORRUPT && st != DIG_EIO)
			break;
	}
	if (st != DIG_OK)
		dig_wrap(err, "%s %.16s", dig_kind_word(kind), hex);
	return st;
}

enum dig_status
dig_reader_get(struct dig_reader *reader, enum dig_kind kind,
    const struct dig_oid *id, struct dig_buf *out, struct dig_error *err)
{
	enum dig_status st = get_located(reader, kind, id, out, err);
	struct dig_error late;

	if (st != DIG_ENOTFOUND && st != DIG_ECORRUPT)
		return st;
	/* Perhaps it is the index of a pack that hides it. */
	if (dig_store_verify_runs(reader->store, &late) != DIG_OK)
		return st;
	return get_located(reader, kind, id, out, err);
}

static enum dig_status
io_get(void *arg, enum dig_kind kind, const struct dig_oid *id,
    struct dig_buf *out, struct dig_error *err)
{
	return dig_reader_get(arg, kind, id, out, err);
}

struct dig_node_io
dig_reader_io(struct dig_reader *reader)
{
	struct dig_node_io io = { reader, io_get, NULL };

	return io;
}
