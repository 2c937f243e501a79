/* SPDX-License-Identifier: MIT
 *
 * Record headers, pack headers, solid directories, and the scan.
 */
#include "objects/pack.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "objects/base/io.h"
#include "objects/hash64.h"

#define RECORD_MAGIC 0xd6
#define PACK_MAGIC "digpack\n"
#define PACK_VERSION 1
#define PAGE ((size_t)4096)
#define SCAN_WINDOW ((size_t)64 << 10)
#define RESYNC_BUDGET ((uint64_t)1 << 30) /* bytes hashed in one search */

/* ---- Records ---------------------------------------------------------- */

void
dig_record_encode(
    struct dig_record *rec, const void *payload, struct dig_buf *out)
{
	size_t start = out->len;
	struct dig_hash64 hash;

	assert(rec->codec != DIG_CODEC_RAW || rec->raw_len == rec->stored_len ||
	       rec->kind == DIG_KIND_SOLID);
	dig_buf_putc(out, RECORD_MAGIC);
	dig_buf_putc(
	    out, (uint8_t)((unsigned)rec->kind | (unsigned)rec->codec << 4));
	dig_buf_put_varint(out, rec->raw_len);
	dig_buf_put_varint(out, rec->stored_len);
	dig_buf_put(out, rec->id.bytes, DIG_HASH_SIZE);
	if (rec->codec == DIG_CODEC_DELTA) {
		dig_buf_put_varint(out, rec->chain);
		dig_buf_put_varint(out, rec->base_distance);
		if (rec->base_distance == 0)
			dig_buf_put(out, rec->base_id.bytes, DIG_HASH_SIZE);
		else
			dig_buf_put_varint(out, rec->base_slot);
	}
	dig_hash64_init(&hash);
	dig_hash64_update(&hash, out->data + start, out->len - start);
	dig_hash64_update(&hash, payload, (size_t)rec->stored_len);
	rec->checksum = dig_hash64_final(&hash);
	dig_buf_put_be64(out, rec->checksum);
	rec->header_len = (uint32_t)(out->len - start);
}

static bool
record_is_legal(const struct dig_record *rec)
{
	if (rec->kind < DIG_KIND_CHUNK || rec->kind > DIG_KIND_RUN)
		return false;
	if (rec->codec > DIG_CODEC_DELTA)
		return false;
	if (rec->kind == DIG_KIND_RUN)
		return rec->codec == DIG_CODEC_RAW &&
		       rec->raw_len == rec->stored_len;
	if (rec->kind == DIG_KIND_SOLID)
		return rec->codec != DIG_CODEC_DELTA && rec->raw_len > 0 &&
		       rec->raw_len <= DIG_OBJECT_MAX &&
		       rec->stored_len <= 2 * DIG_OBJECT_MAX;
	if (rec->raw_len > DIG_OBJECT_MAX || rec->raw_len == 0)
		return false;
	if (rec->codec == DIG_CODEC_RAW)
		return rec->stored_len == rec->raw_len;
	if (rec->stored_len == 0 || rec->stored_len > rec->raw_len + 1024)
		return false;
	return rec->codec != DIG_CODEC_DELTA ||
	       (rec->chain > 0 && rec->chain < DIG_CHAIN_RESTART &&
		   rec->base_slot <= DIG_SOLID_OBJECTS_MAX);
}

enum dig_status
dig_record_decode(const uint8_t *data, size_t len, struct dig_record *out,
    struct dig_error *err)
{
	struct dig_cursor cur = dig_cursor_over(data, len);
	struct dig_record rec;
	const uint8_t *raw;
	uint64_t chain;
	uint64_t slot;
	uint8_t tag;

	memset(&rec, 0, sizeof(rec));
	if (dig_cursor_u8(&cur) != RECORD_MAGIC || cur.bad)
		return dig_raise(err, DIG_ECORRUPT, "no record here");
	tag = dig_cursor_u8(&cur);
	rec.kind = (enum dig_kind)(tag & 15);
	rec.codec = (enum dig_codec)(tag >> 4);
	rec.raw_len = dig_cursor_varint(&cur);
	rec.stored_len = dig_cursor_varint(&cur);
	raw = dig_cursor_raw(&cur, DIG_HASH_SIZE);
	if (raw != NULL)
		memcpy(rec.id.bytes, raw, DIG_HASH_SIZE);
	if (rec.codec == DIG_CODEC_DELTA) {
		chain = dig_cursor_varint(&cur);
		rec.chain = chain > UINT32_MAX ? UINT32_MAX : (uint32_t)chain;
		rec.base_distance = dig_cursor_varint(&cur);
		if (rec.base_distance == 0) {
			raw = dig_cursor_raw(&cur, DIG_HASH_SIZE);
			if (raw != NULL)
				memcpy(rec.base_id.bytes, raw, DIG_HASH_SIZE);
		} else {
			slot = dig_cursor_varint(&cur);
			rec.base_slot =
			    slot > UINT32_MAX ? UINT32_MAX : (uint32_t)slot;
		}
	}
	rec.checksum = dig_cursor_be64(&cur);
	rec.header_len = (uint32_t)(cur.at - data);
	if (cur.bad || !record_is_legal(&rec))
		return dig_raise(err, DIG_ECORRUPT, "bad record header");
	*out = rec;
	return DIG_OK;
}

bool
dig_record_intact(
    const struct dig_record *rec, const uint8_t *header, const uint8_t *payload)
{
	struct dig_hash64 hash;

	dig_hash64_init(&hash);
	dig_hash64_update(&hash, header, rec->header_len - 8);
	dig_hash64_update(&hash, payload, (size_t)rec->stored_len);
	return dig_hash64_final(&hash) == rec->checksum;
}

/* ---- The pack's own header -------------------------------------------- */

void
dig_pack_header(uint32_t number, unsigned flags, const uint8_t store_id[32],
    uint8_t out[DIG_PACK_HEADER])
{
	memcpy(out, PACK_MAGIC, 8);
	dig_set_be32(out + 8, PACK_VERSION);
	dig_set_be32(out + 12, flags & DIG_PACK_BULK);
	dig_set_be64(out + 16, number);
	memcpy(out + 24, store_id, 32);
	dig_set_be64(out + 56, dig_hash64(out, 56));
}

enum dig_status
dig_pack_header_check(const uint8_t data[DIG_PACK_HEADER], uint32_t number,
    unsigned *flags, const uint8_t store_id[32], struct dig_error *err)
{
	if (memcmp(data, PACK_MAGIC, 8) != 0 ||
	    dig_get_be64(data + 56) != dig_hash64(data, 56))
		return dig_raise(err, DIG_ECORRUPT,
		    "pack %06u has a damaged header", number);
	if (dig_get_be32(data + 8) != PACK_VERSION)
		return dig_raise(err, DIG_EINVALID,
		    "pack %06u has version %u, this dig reads %u", number,
		    dig_get_be32(data + 8), PACK_VERSION);
	if (dig_get_be64(data + 16) != number ||
	    memcmp(data + 24, store_id, 32) != 0)
		return dig_raise(err, DIG_ECORRUPT,
		    "pack %06u belongs to another place", number);
	*flags = dig_get_be32(data + 12) & DIG_PACK_BULK;
	return DIG_OK;
}

void
dig_pack_name(uint32_t number, char out[24])
{
	snprintf(out, 24, "%06u.pack", number);
}

/* ---- Scanning --------------------------------------------------------- */

void
dig_pack_scan_init(struct dig_pack_scan *scan, int fd, unsigned flags,
    uint64_t offset, uint64_t end)
{
	memset(scan, 0, sizeof(*scan));
	scan->fd = fd;
	scan->flags = flags;
	scan->offset = offset < DIG_PACK_HEADER ? DIG_PACK_HEADER : offset;
	scan->end = end;
}

void
dig_pack_scan_clear(struct dig_pack_scan *scan)
{
	dig_buf_clear(&scan->window);
}

/* Pages that cannot be read are damage like any other: no record begins in
 * them, and they are no padding. */
static size_t
read_around(int fd, uint8_t *data, size_t len, uint64_t at)
{
	size_t done = 0;

	while (done < len) {
		size_t part = PAGE - (size_t)((at + done) % PAGE);
		int64_t n;

		part = part < len - done ? part : len - done;
		n = dig_pread_full(fd, data + done, part, at + done);
		if (n < 0)
			memset(data + done, 0xff, part);
		done += n < 0 ? part : (size_t)n;
		if (n >= 0 && n < (int64_t)part)
			break;
	}
	return done;
}

/*
 * Bytes at scan->offset in the window. Records that follow each other closely
 * come out of one read; after a jump only a header's worth is read.
 */
static enum dig_status
fill_window(struct dig_pack_scan *scan, const uint8_t **data, size_t *len,
    struct dig_error *err)
{
	uint64_t at = scan->offset;
	uint64_t have = scan->window_offset + scan->window.len;
	size_t want = SCAN_WINDOW;
	int64_t n;

	if (at >= scan->window_offset && at < have &&
	    (have - at >= DIG_RECORD_HEADER_MAX || have == scan->end)) {
		*data = scan->window.data + (at - scan->window_offset);
		*len = (size_t)(have - at);
		return DIG_OK;
	}
	if (at > have + SCAN_WINDOW)
		want = 4096;
	if (want > scan->end - at)
		want = (size_t)(scan->end - at);
	dig_buf_reset(&scan->window);
	dig_buf_reserve(&scan->window, want);
	n = dig_pread_full(scan->fd, scan->window.data, want, at);
	if (n < 0)
		n = (int64_t)read_around(scan->fd, scan->window.data, want, at);
	if (n == 0)
		return dig_raise(err, DIG_ECORRUPT,
		    "the pack ends at %llu, before its committed length",
		    (unsigned long long)at);
	scan->window.len = (size_t)n;
	scan->window_offset = at;
	*data = scan->window.data;
	*len = (size_t)n;
	return DIG_OK;
}

/* Where no record can be read, there may be one all the same. */
static bool
heal_header(struct dig_pack_scan *scan, uint64_t *next)
{
	struct dig_buf whole = DIG_BUF_INIT;
	bool found =
	    scan->heal != NULL &&
	    scan->heal(scan->heal_arg, scan->offset, &scan->record, &whole);

	if (found) {
		scan->healed = true;
		*next = scan->offset + whole.len;
	}
	dig_buf_clear(&whole);
	return found;
}

enum dig_status
dig_pack_scan_next(
    struct dig_pack_scan *scan, bool *done, struct dig_error *err)
{
	const uint8_t *data = NULL;
	enum dig_status st;
	uint64_t next = 0;
	size_t len = 0;

	*done = false;
	for (;;) {
		if (scan->offset >= scan->end) {
			*done = true;
			return DIG_OK;
		}
		st = fill_window(scan, &data, &len, err);
		if (st != DIG_OK)
			break; /* cut off */
		/* Bulk packs are padded with zeros up to the next boundary. */
		if (data[0] == 0 && (scan->flags & DIG_PACK_BULK) &&
		    scan->offset % DIG_PACK_ALIGN != 0) {
			scan->offset +=
			    DIG_PACK_ALIGN - scan->offset % DIG_PACK_ALIGN;
			continue;
		}
		/* The seal is the last thing in a pack. */
		if (len == 16 && memcmp(data, "digseal\n", 8) == 0) {
			*done = true;
			return DIG_OK;
		}
		break;
	}
	scan->healed = false;
	if (st == DIG_OK)
		st = dig_record_decode(data, len, &scan->record, err);
	if (st == DIG_OK &&
	    (__builtin_add_overflow(scan->offset + scan->record.header_len,
		 scan->record.stored_len, &next) ||
		next > scan->end))
		st = dig_raise(err, DIG_ECORRUPT, "a record runs past the end");
	if (st != DIG_OK && heal_header(scan, &next)) {
		len = 0; /* data is not what it should be */
	} else if (st != DIG_OK) {
		dig_wrap(
		    err, "at offset %llu", (unsigned long long)scan->offset);
		return st;
	}
	scan->at = scan->offset;
	scan->offset = next;
	/* Behind a trailer there is nothing but the seal. */
	if (scan->record.kind == DIG_KIND_RUN &&
	    len > scan->record.header_len && data[scan->record.header_len] == 1)
		scan->offset = scan->end;
	return DIG_OK;
}

/* Does a whole record begin here? data is what the pack holds from `at` on. */
static enum dig_status
is_intact_here(struct dig_pack_scan *scan, const uint8_t *data, size_t len,
    uint64_t at, uint64_t *budget, bool *out, struct dig_error *err)
{
	dig_pack_heal_fn *heal = scan->heal;
	struct dig_record *rec = &scan->record;
	struct dig_buf payload = DIG_BUF_INIT;
	enum dig_status st;

	*out = false;
	if (dig_record_decode(data, len, rec, err) != DIG_OK ||
	    rec->stored_len > scan->end - at - rec->header_len ||
	    rec->stored_len > *budget)
		return DIG_OK;
	*budget -= rec->stored_len;
	scan->at = at;
	scan->heal = NULL; /* what only looks like a record is none */
	st = dig_pack_scan_payload(scan, &payload, err);
	scan->heal = heal;
	*out = st == DIG_OK;
	dig_buf_clear(&payload);
	return st == DIG_ECORRUPT || st == DIG_EIO ? DIG_OK : st;
}

enum dig_status
dig_pack_scan_resync(
    struct dig_pack_scan *scan, bool *found, struct dig_error *err)
{
	uint64_t budget = RESYNC_BUDGET;

	*found = false;
	scan->offset++;
	while (scan->offset < scan->end) {
		const uint8_t *data = NULL;
		uint64_t at = scan->offset;
		size_t len = 0;
		enum dig_status st = fill_window(scan, &data, &len, err);

		/* A file that was cut short has no more than this. */
		bool last =
		    at + len == scan->end || len < DIG_RECORD_HEADER_MAX;

		if (st == DIG_ECORRUPT)
			break;
		if (st != DIG_OK)
			return st;
		for (size_t i = 0; i < len; i++) {
			if (!last && len - i < DIG_RECORD_HEADER_MAX) {
				len = i;
				break;
			}
			if (data[i] != RECORD_MAGIC)
				continue;
			st = is_intact_here(scan, data + i, len - i, at + i,
			    &budget, found, err);
			if (st != DIG_OK)
				return st;
			if (*found) {
				scan->offset = at + i;
				return DIG_OK;
			}
		}
		scan->offset = at + len;
	}
	scan->offset = scan->end;
	return DIG_OK;
}

enum dig_status
dig_pack_scan_payload(
    struct dig_pack_scan *scan, struct dig_buf *out, struct dig_error *err)
{
	const struct dig_record *rec = &scan->record;
	size_t len = (size_t)(rec->header_len + rec->stored_len);
	int64_t n;

	dig_buf_reset(out);
	dig_buf_reserve(out, len);
	n = dig_pread_full(scan->fd, out->data, len, scan->at);
	if (n < 0 && scan->heal == NULL)
		return dig_raise_os(err, DIG_EIO, (int)-n, "reading a pack");
	if (n < (int64_t)len ||
	    !dig_record_intact(rec, out->data, out->data + rec->header_len)) {
		if (scan->heal == NULL ||
		    !scan->heal(scan->heal_arg, scan->at, &scan->record, out))
			return dig_raise(err, DIG_ECORRUPT,
			    "the record at offset %llu does not match its "
			    "checksum",
			    (unsigned long long)scan->at);
		scan->healed = true;
		scan->offset = scan->at + out->len;
	}
	memmove(
	    out->data, out->data + rec->header_len, (size_t)rec->stored_len);
	out->len = (size_t)rec->stored_len;
	return DIG_OK;
}

bool
dig_pack_intact(int fd, unsigned flags, uint64_t length)
{
	struct dig_buf payload = DIG_BUF_INIT;
	struct dig_pack_scan scan;
	enum dig_status st = DIG_OK;
	struct dig_error err;
	bool done = false;

	dig_pack_scan_init(&scan, fd, flags, 0, length);
	while (st == DIG_OK) {
		st = dig_pack_scan_next(&scan, &done, &err);
		if (st != DIG_OK || done)
			break;
		st = dig_pack_scan_payload(&scan, &payload, &err);
	}
	dig_pack_scan_clear(&scan);
	dig_buf_clear(&payload);
	return st == DIG_OK;
}

/* ---- Solid records ---------------------------------------------------- */

void
dig_solid_encode_item(struct dig_buf *out, enum dig_kind kind,
    const struct dig_oid *id, uint64_t raw_len)
{
	dig_buf_putc(out, (uint8_t)kind);
	dig_buf_put_varint(out, raw_len);
	dig_buf_put(out, id->bytes, DIG_HASH_SIZE);
}

void
dig_solid_clear(struct dig_solid *solid)
{
	dig_buf_clear(&solid->raw);
	free(solid->items);
	memset(solid, 0, sizeof(*solid));
}

void
dig_solid_reset(struct dig_solid *solid)
{
	dig_buf_reset(&solid->raw);
	solid->nitems = 0;
}

void
dig_solid_add(struct dig_solid *solid, enum dig_kind kind,
    const struct dig_oid *id, const void *raw, size_t len)
{
	struct dig_solid_item *item;

	DIG_GROW(solid->items, solid->items_cap, solid->nitems + 1);
	item = &solid->items[solid->nitems++];
	item->kind = kind;
	item->offset = solid->raw.len;
	item->raw_len = len;
	item->id = *id;
	dig_buf_put(&solid->raw, raw, len);
}

void
dig_solid_record(const struct dig_solid *solid, enum dig_codec codec,
    const struct dig_buf *frame, struct dig_record *rec,
    struct dig_buf *payload)
{
	memset(rec, 0, sizeof(*rec));
	dig_buf_reset(payload);
	dig_buf_put_varint(payload, solid->nitems);
	for (size_t i = 0; i < solid->nitems; i++)
		dig_solid_encode_item(payload, solid->items[i].kind,
		    &solid->items[i].id, solid->items[i].raw_len);
	dig_sha256_domain(
	    DIG_DOMAIN_SOLID, payload->data, payload->len, rec->id.bytes);
	if (codec == DIG_CODEC_RAW)
		frame = &solid->raw;
	dig_buf_put(payload, frame->data, frame->len);
	rec->kind = DIG_KIND_SOLID;
	rec->codec = codec;
	rec->raw_len = solid->raw.len;
	rec->stored_len = payload->len;
}

enum dig_status
dig_solid_decode(const uint8_t *payload, size_t len, uint64_t raw_len,
    struct dig_solid_item **items, size_t *count, size_t *frame_at,
    struct dig_error *err)
{
	struct dig_cursor cur = dig_cursor_over(payload, len);
	struct dig_solid_item *list;
	const uint8_t *id;
	uint64_t total = 0;
	uint64_t n = dig_cursor_varint(&cur);

	if (cur.bad || n == 0 || n > DIG_SOLID_OBJECTS_MAX)
		return dig_raise(err, DIG_ECORRUPT, "bad solid directory");
	list = dig_calloc((size_t)n, sizeof(*list));
	for (uint64_t i = 0; i < n; i++) {
		list[i].kind = (enum dig_kind)dig_cursor_u8(&cur);
		list[i].raw_len = dig_cursor_varint(&cur);
		list[i].offset = total;
		id = dig_cursor_raw(&cur, DIG_HASH_SIZE);
		if (cur.bad || list[i].kind < DIG_KIND_CHUNK ||
		    list[i].kind > DIG_KIND_STATE || list[i].raw_len == 0 ||
		    list[i].raw_len > DIG_OBJECT_MAX ||
		    __builtin_add_overflow(total, list[i].raw_len, &total)) {
			cur.bad = true;
			break;
		}
		memcpy(list[i].id.bytes, id, DIG_HASH_SIZE);
	}
	if (cur.bad || total != raw_len) {
		free(list);
		return dig_raise(err, DIG_ECORRUPT, "bad solid directory");
	}
	*items = list;
	*count = (size_t)n;
	*frame_at = (size_t)(cur.at - payload);
	return DIG_OK;
}

uint64_t
dig_solid_share(const struct dig_solid_item *items, size_t count, size_t which,
    uint64_t total_stored, uint64_t total_raw)
{
	uint64_t from = items[which].offset * total_stored / total_raw;
	uint64_t to = which + 1 == count
			  ? total_stored
			  : items[which + 1].offset * total_stored / total_raw;

	return to - from;
}
