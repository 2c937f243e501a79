/* SPDX-License-Identifier: MIT
 *
 * Runs: sorted indexes of a pack's records, kept in the pack itself.
 */
#include "objects/pack.h"

#include <stdlib.h>

#include "objects/base/io.h"
#include "objects/hash64.h"

#define ENTRY_SIZE 41 /* id 32, kind 1, offset 6, slot 2 */
#define HEAD_SIZE (1 + 8 + 8 + 8 + 256 * 4)
#define FILTER_BITS 10
#define FILTER_PROBES 7
/* A pack of 512 MiB has no room for more: an object takes 34 bytes or more. */
#define COUNT_MAX ((uint64_t)32 << 20)
#define IN_MEMORY_MAX ((uint64_t)64 << 10) /* entries */
#define VERIFY_BLOCK ((size_t)256 << 10)

static int
by_id(const void *pa, const void *pb)
{
	const struct dig_run_entry *a = pa;
	const struct dig_run_entry *b = pb;
	int cmp = dig_oid_cmp(&a->id, &b->id);

	if (cmp == 0)
		cmp = (a->kind > b->kind) - (a->kind < b->kind);
	if (cmp == 0)
		cmp = (a->offset > b->offset) - (a->offset < b->offset);
	return cmp;
}

static uint64_t
filter_bits(uint64_t count)
{
	return count < 7 ? 64 : count * FILTER_BITS;
}

/* Bit j of an id: double hashing over the id itself, which is random. */
static uint64_t
filter_bit(const struct dig_oid *id, unsigned j, uint64_t nbits)
{
	uint64_t h1 = dig_get_be64(id->bytes + 8);
	uint64_t h2 = dig_get_be64(id->bytes + 16) | 1;

	return (h1 + j * h2) % nbits;
}

static void
encode_entry(const struct dig_run_entry *entry, uint8_t *out)
{
	memcpy(out, entry->id.bytes, DIG_HASH_SIZE);
	out[32] = entry->kind;
	for (int i = 0; i < 6; i++)
		out[33 + i] = (uint8_t)(entry->offset >> (40 - 8 * i));
	out[39] = (uint8_t)(entry->slot >> 8);
	out[40] = (uint8_t)entry->slot;
}

static void
decode_entry(const uint8_t *in, struct dig_run_entry *out)
{
	memcpy(out->id.bytes, in, DIG_HASH_SIZE);
	out->kind = in[32];
	out->offset = 0;
	for (int i = 0; i < 6; i++)
		out->offset = out->offset << 8 | in[33 + i];
	out->slot = (uint16_t)(in[39] << 8 | in[40]);
}

void
dig_run_encode(struct dig_run_entry *entries, size_t count, uint64_t previous,
    bool trailer, struct dig_buf *out)
{
	uint64_t nbits = filter_bits(count);
	uint32_t fanout[256] = { 0 };
	uint32_t sum = 0;
	size_t filter_at;

	if (count > 0)
		qsort(entries, count, sizeof(*entries), by_id);
	dig_buf_putc(out, trailer ? 1 : 0);
	dig_buf_put_be64(out, count);
	dig_buf_put_be64(out, previous);
	dig_buf_put_be64(out, nbits);
	for (size_t i = 0; i < count; i++)
		fanout[entries[i].id.bytes[0]]++;
	for (size_t i = 0; i < 256; i++) {
		sum += fanout[i];
		dig_buf_put_be32(out, sum);
	}
	dig_buf_reserve(out, count * ENTRY_SIZE + (size_t)(nbits + 7) / 8);
	for (size_t i = 0; i < count; i++) {
		encode_entry(&entries[i], out->data + out->len);
		out->len += ENTRY_SIZE;
	}
	filter_at = out->len;
	memset(out->data + filter_at, 0, (size_t)(nbits + 7) / 8);
	out->len += (size_t)(nbits + 7) / 8;
	for (size_t i = 0; i < count; i++)
		for (unsigned j = 0; j < FILTER_PROBES; j++) {
			uint64_t bit = filter_bit(&entries[i].id, j, nbits);

			out->data[filter_at + bit / 8] |=
			    (uint8_t)(1u << (bit % 8));
		}
}

static enum dig_status
bad_run(uint64_t offset, struct dig_error *err)
{
	return dig_raise(err, DIG_ECORRUPT, "bad index record at offset %llu",
	    (unsigned long long)offset);
}

/* A short read is damage: the pack lost its end. */
static enum dig_status
bad_read(int64_t n, struct dig_error *err)
{
	if (n < 0)
		return dig_raise_os(err, DIG_EIO, (int)-n, "reading a pack");
	return dig_raise(err, DIG_ECORRUPT, "an index record is cut off");
}

/* A small run is kept whole, its checksum verified: a damaged filter would
 * hide objects without a word. */
static enum dig_status
read_whole(int fd, const struct dig_record *rec, struct dig_run *out,
    size_t entry_bytes, struct dig_error *err)
{
	size_t len = (size_t)(rec->header_len + rec->stored_len);
	uint8_t *data = dig_alloc(len);
	int64_t n = dig_pread_full(fd, data, len, out->offset);

	out->whole = data;
	if (n != (int64_t)len)
		return bad_read(n, err);
	if (!dig_record_intact(rec, data, data + rec->header_len))
		return bad_run(out->offset, err);
	out->entries = data + rec->header_len + HEAD_SIZE;
	out->filter = out->entries + entry_bytes;
	return DIG_OK;
}

/* Of a large one only the filter; entries are read when they are asked for. */
static enum dig_status
read_filter(int fd, struct dig_run *out, size_t len, uint64_t entry_bytes,
    struct dig_error *err)
{
	int64_t n;

	out->filter = out->whole = dig_alloc(len);
	n = dig_pread_full(fd, out->whole, len, out->entries_at + entry_bytes);
	return n == (int64_t)len ? DIG_OK : bad_read(n, err);
}

enum dig_status
dig_run_open(int fd, uint64_t offset, uint64_t limit, struct dig_run *out,
    struct dig_error *err)
{
	uint8_t head[DIG_RECORD_HEADER_MAX + HEAD_SIZE];
	struct dig_record rec;
	struct dig_cursor cur;
	enum dig_status st;
	uint64_t entry_bytes;
	uint64_t filter_bytes;
	int64_t n;

	memset(out, 0, sizeof(*out));
	if (offset >= limit)
		return bad_run(offset, err);
	n = dig_pread_full(fd, head, sizeof(head), offset);
	if (n < 0)
		return dig_raise_os(err, DIG_EIO, (int)-n, "reading a pack");
	st = dig_record_decode(head, (size_t)n, &rec, err);
	if (st != DIG_OK)
		return st;
	if (rec.kind != DIG_KIND_RUN || rec.stored_len < HEAD_SIZE ||
	    rec.stored_len > limit - offset - rec.header_len)
		return bad_run(offset, err);
	cur =
	    dig_cursor_over(head + rec.header_len, (size_t)n - rec.header_len);
	out->trailer = dig_cursor_u8(&cur) == 1;
	out->count = dig_cursor_be64(&cur);
	out->previous = dig_cursor_be64(&cur);
	out->nbits = dig_cursor_be64(&cur);
	for (size_t i = 1; i <= 256; i++) {
		out->fanout[i] = dig_cursor_be32(&cur);
		if (out->fanout[i] < out->fanout[i - 1])
			cur.bad = true;
	}
	filter_bytes = out->nbits / 8 + (out->nbits % 8 != 0);
	/* A filter of another size would be memory for the asking. */
	if (cur.bad || out->count > COUNT_MAX ||
	    out->nbits != filter_bits(out->count) ||
	    out->fanout[256] != out->count || out->previous >= offset ||
	    __builtin_mul_overflow(out->count, ENTRY_SIZE, &entry_bytes) ||
	    rec.stored_len - HEAD_SIZE < entry_bytes ||
	    rec.stored_len - HEAD_SIZE - entry_bytes != filter_bytes)
		return bad_run(offset, err);
	out->fd = fd;
	out->offset = offset;
	out->end = offset + rec.header_len + rec.stored_len;
	out->entries_at = offset + rec.header_len + HEAD_SIZE;
	st = out->count <= IN_MEMORY_MAX
		 ? read_whole(fd, &rec, out, (size_t)entry_bytes, err)
		 : read_filter(fd, out, (size_t)filter_bytes, entry_bytes, err);
	if (st != DIG_OK)
		dig_run_clear(out);
	return st;
}

enum dig_status
dig_run_verify(const struct dig_run *run, bool *intact, struct dig_error *err)
{
	struct dig_buf block = DIG_BUF_INIT;
	struct dig_hash64 hash;
	struct dig_record rec;
	enum dig_status st = DIG_OK;
	uint64_t at = run->offset;

	*intact = true;
	if (run->entries != NULL)
		return DIG_OK;
	dig_buf_reserve(&block, VERIFY_BLOCK);
	dig_hash64_init(&hash);
	while (at < run->end) {
		uint64_t left = run->end - at;
		size_t len = left < VERIFY_BLOCK ? (size_t)left : VERIFY_BLOCK;
		int64_t n = dig_pread_full(run->fd, block.data, len, at);
		size_t skip = 0;

		if (n < 0) {
			st = bad_read(n, err);
			goto out;
		}
		*intact = n == (int64_t)len;
		if (*intact && at == run->offset) {
			/* The checksum ends the header and leaves itself out.
			 */
			*intact = dig_record_decode(
				      block.data, len, &rec, err) == DIG_OK;
			skip = *intact ? rec.header_len : 0;
			dig_hash64_update(
			    &hash, block.data, skip > 8 ? skip - 8 : 0);
		}
		if (!*intact)
			goto out;
		dig_hash64_update(&hash, block.data + skip, len - skip);
		at += len;
	}
	*intact = dig_hash64_final(&hash) == rec.checksum;
out:
	dig_buf_clear(&block);
	return st;
}

void
dig_run_clear(struct dig_run *run)
{
	free(run->whole);
	run->whole = NULL;
	run->filter = run->entries = NULL;
	run->count = 0;
}

enum dig_status
dig_run_entries(const struct dig_run *run, uint64_t first, size_t n,
    struct dig_run_entry *out, struct dig_error *err)
{
	uint8_t block[ENTRY_SIZE * 64];

	while (n > 0) {
		size_t some = n < 64 ? n : 64;
		const uint8_t *at = block;
		int64_t got;

		if (run->entries != NULL) {
			at = run->entries + first * ENTRY_SIZE;
		} else {
			got = dig_pread_full(run->fd, block, some * ENTRY_SIZE,
			    run->entries_at + first * ENTRY_SIZE);
			if (got != (int64_t)(some * ENTRY_SIZE))
				return bad_read(got, err);
		}
		for (size_t i = 0; i < some; i++)
			decode_entry(at + i * ENTRY_SIZE, &out[i]);
		out += some;
		first += some;
		n -= some;
	}
	return DIG_OK;
}

enum dig_status
dig_run_find(const struct dig_run *run, enum dig_kind kind,
    const struct dig_oid *id, struct dig_run_entry *out, size_t max,
    size_t *found, struct dig_error *err)
{
	struct dig_run_entry entry;
	enum dig_status st;
	uint64_t low = run->fanout[id->bytes[0]];
	uint64_t high = run->fanout[id->bytes[0] + 1];
	uint64_t end = high;

	*found = 0;
	for (unsigned j = 0; j < FILTER_PROBES; j++) {
		uint64_t bit = filter_bit(id, j, run->nbits);

		if ((run->filter[bit / 8] & (1u << (bit % 8))) == 0)
			return DIG_OK;
	}
	while (low < high) {
		uint64_t mid = low + (high - low) / 2;

		st = dig_run_entries(run, mid, 1, &entry, err);
		if (st != DIG_OK)
			return st;
		if (dig_oid_cmp(&entry.id, id) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < end && *found < max; low++) {
		st = dig_run_entries(run, low, 1, &entry, err);
		if (st != DIG_OK)
			return st;
		if (!dig_oid_eq(&entry.id, id))
			break;
		if (entry.kind == (uint8_t)kind)
			out[(*found)++] = entry;
	}
	return DIG_OK;
}
