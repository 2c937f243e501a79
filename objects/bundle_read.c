/* SPDX-License-Identifier: MIT
 *
 * Reading bundles: group by group, each checked and put right as a whole, then
 * record by record.
 */
#include <stdlib.h>
#include <string.h>

#include "objects/base/io.h"
#include "objects/bundle_internal.h"

#define CELLS (DIG_BUNDLE_DATA + DIG_BUNDLE_PARITY)

struct dig_bundle {
	dig_bundle_read_fn *read;
	void *arg;
	uint64_t offset; /* of the file, read so far */
	uint64_t healed;
	struct dig_bundle_table table;
	bool has_id;
	uint8_t id[DIG_HASH_SIZE];
	uint8_t chain[DIG_HASH_SIZE];
	uint64_t records;
	uint8_t last_kind;
	bool ended;
	/* The group that was read last, as it stands in the file. */
	uint8_t *file;
	size_t file_cap;
	uint64_t group;
	bool last; /* no group follows it */
	struct dig_parity_head *head;
	/* Bytes of the body that were not used yet: from `at` on. */
	struct dig_buf body;
	size_t at;
	struct dig_record record;
};

static enum dig_status
ends_early(struct dig_error *err)
{
	return dig_raise(err, DIG_ECORRUPT, "the bundle ends early");
}

static enum dig_status
read_file(struct dig_bundle *b, uint8_t *data, size_t len, size_t *got,
    struct dig_error *err)
{
	int64_t n = b->read(b->arg, data, len);

	if (n < 0)
		return dig_raise_os(
		    err, DIG_EFILE, (int)-n, "reading the bundle");
	b->offset += (uint64_t)n;
	*got = (size_t)n;
	return DIG_OK;
}

/* ---- Groups ----------------------------------------------------------- */

/* The head that stands at data, into b->head. */
static bool
head_at(struct dig_bundle *b, const uint8_t *data, size_t len)
{
	struct dig_parity_head *head = b->head;

	memset(head, 0, sizeof(*head));
	if (len < 72)
		return false;
	memcpy(head->store_id, b->has_id ? b->id : data + 8, DIG_HASH_SIZE);
	head->group = b->group;
	head->shape = dig_bundle_shape();
	head->length = dig_get_be64(data + 56);
	if (head->length == 0 || head->length > DIG_BUNDLE_PART ||
	    !dig_parity_head_decode(data, len, head))
		return false;
	memcpy(b->id, head->store_id, DIG_HASH_SIZE);
	b->has_id = true;
	return true;
}

/* The second head of a group of n bytes: at the end, where a head of any number
 * of cells may begin. */
static bool
find_second_head(struct dig_bundle *b, size_t n)
{
	struct dig_parity_shape shape = dig_bundle_shape();

	for (uint64_t length = DIG_BUNDLE_PART; length > 0;
	     length -= DIG_PARITY_CELL) {
		size_t bytes = dig_parity_head_bytes(&shape, length);

		if (bytes <= n && head_at(b, b->file + n - bytes, bytes) &&
		    dig_bundle_group_bytes(b->head->length) == n)
			return true;
	}
	return false;
}

/* Where cell c of a stripe stands in the group's part or behind it; the
 * parity cells follow the data cells. NULL: there is none. */
static uint8_t *
cell_at(struct dig_bundle *b, uint8_t *part, size_t stripe, unsigned c,
    size_t *len, uint64_t *sum)
{
	uint64_t length = b->head->length;
	size_t cell = stripe + (size_t)c * DIG_PARITY_STRIPES;
	uint8_t *at = part + length;

	if (c < DIG_BUNDLE_DATA) {
		if (cell >= dig_parity_ncells(length))
			return NULL;
		*len = dig_parity_cell_bytes(length, cell);
		*sum = b->head->sums[cell];
		return part + cell * DIG_PARITY_CELL;
	}
	for (size_t i = 0; i < stripe; i++)
		at += DIG_BUNDLE_PARITY * dig_bundle_parity_cell(length, i);
	*len = dig_bundle_parity_cell(length, stripe);
	*sum = b->head->sums[dig_parity_ncells(length) +
			     stripe * DIG_BUNDLE_PARITY + c - DIG_BUNDLE_DATA];
	return at + (c - DIG_BUNDLE_DATA) * *len;
}

/* A cell, filled up with zeros where that counts, matches its checksum. */
static bool
cell_matches(const uint8_t *cell, size_t len, bool parity, uint64_t sum)
{
	return dig_hash64(cell, parity ? DIG_PARITY_CELL : len) == sum;
}

/* Put a stripe right in place; false: more is lost than it has parity. */
static bool
mend_stripe(struct dig_bundle *b, uint8_t *part, size_t stripe)
{
	struct dig_parity_shape shape = dig_bundle_shape();
	uint8_t *room = dig_calloc(CELLS, DIG_PARITY_CELL);
	uint8_t *cells[CELLS];
	uint64_t sums[CELLS];
	bool lost[CELLS];
	size_t lens[CELLS];
	bool mended;

	for (unsigned c = 0; c < CELLS; c++) {
		const uint8_t *from;

		cells[c] = room + c * DIG_PARITY_CELL;
		lens[c] = 0;
		from = cell_at(b, part, stripe, c, &lens[c], &sums[c]);
		if (from != NULL)
			memcpy(cells[c], from, lens[c]);
		lost[c] = from != NULL && !cell_matches(cells[c], lens[c],
					      c >= DIG_BUNDLE_DATA, sums[c]);
	}
	mended = dig_parity_rebuild(&shape, cells, lost);
	for (unsigned c = 0; mended && c < DIG_BUNDLE_DATA; c++) {
		if (!lost[c])
			continue;
		mended = cell_matches(cells[c], lens[c], false, sums[c]);
		memcpy(part + (stripe + (size_t)c * DIG_PARITY_STRIPES) *
				  DIG_PARITY_CELL,
		    cells[c], lens[c]);
		b->healed++;
	}
	free(room);
	return mended;
}

/* All data cells match, or have been made to. */
static enum dig_status
mend(struct dig_bundle *b, uint8_t *part, struct dig_error *err)
{
	for (size_t i = 0; i < dig_parity_nstripes(b->head->length); i++) {
		bool whole = true;

		for (unsigned c = 0; whole && c < DIG_BUNDLE_DATA; c++) {
			uint64_t sum = 0;
			size_t len = 0;
			const uint8_t *cell =
			    cell_at(b, part, i, c, &len, &sum);

			whole =
			    cell == NULL || cell_matches(cell, len, false, sum);
		}
		if (!whole && !mend_stripe(b, part, i))
			return dig_raise(err, DIG_ECORRUPT,
			    "the bundle is damaged beyond its parity before "
			    "byte %llu",
			    (unsigned long long)b->offset);
	}
	return DIG_OK;
}

/* Read the next group and append its part to the body. */
static enum dig_status
next_group(struct dig_bundle *b, struct dig_error *err)
{
	struct dig_parity_shape shape = dig_bundle_shape();
	size_t full = dig_bundle_group_bytes(DIG_BUNDLE_PART);
	enum dig_status st;
	size_t n;

	if (b->last)
		return ends_early(err);
	st = read_file(b, b->file, full, &n, err);
	if (st != DIG_OK)
		return st;
	b->last = n < full;
	if (n == 0)
		return ends_early(err);
	if (head_at(b, b->file, n)) {
		if (dig_bundle_group_bytes(b->head->length) > n)
			return ends_early(err);
		if (dig_bundle_group_bytes(b->head->length) < n)
			return dig_raise(err, DIG_ECORRUPT,
			    "more bytes follow the end of the bundle");
	} else if (find_second_head(b, n)) {
		b->healed++;
	} else {
		return dig_raise(err, DIG_ECORRUPT,
		    b->last ? "the bundle ends early, or its last group is "
			      "damaged beyond its parity"
			    : "the bundle is damaged beyond its parity");
	}
	n = dig_parity_head_bytes(&shape, b->head->length);
	st = mend(b, b->file + n, err);
	if (st != DIG_OK)
		return st;
	b->group++;
	if (b->at > 0) {
		memmove(
		    b->body.data, b->body.data + b->at, b->body.len - b->at);
		b->body.len -= b->at;
		b->at = 0;
	}
	dig_buf_put(&b->body, b->file + n, (size_t)b->head->length);
	return DIG_OK;
}

/* Have n bytes of the body at hand. */
static enum dig_status
need(struct dig_bundle *b, size_t n, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	while (st == DIG_OK && b->body.len - b->at < n)
		st = next_group(b, err);
	return st;
}

/* ---- The front -------------------------------------------------------- */

static enum dig_status
read_preamble(struct dig_bundle *b, bool *good, struct dig_error *err)
{
	uint8_t preamble[DIG_BUNDLE_PREAMBLE];
	enum dig_status st;
	size_t n;

	st = read_file(b, preamble, sizeof(preamble), &n, err);
	*good = st == DIG_OK && n == sizeof(preamble) &&
		memcmp(preamble, DIG_BUNDLE_MAGIC, 8) == 0 &&
		dig_get_be64(preamble + 56) == dig_hash64(preamble, 56);
	if (!*good)
		return st;
	if (dig_get_be32(preamble + 8) != DIG_BUNDLE_VERSION ||
	    dig_get_be32(preamble + 12) != 0 ||
	    preamble[48] != DIG_BUNDLE_DATA ||
	    preamble[49] != DIG_BUNDLE_PARITY)
		return dig_raise(err, DIG_EINVALID,
		    "the bundle is of version %u, this dig reads version %u",
		    dig_get_be32(preamble + 8), DIG_BUNDLE_VERSION);
	memcpy(b->id, preamble + 16, DIG_HASH_SIZE);
	b->has_id = true;
	return DIG_OK;
}

static enum dig_status
read_table(struct dig_bundle *b, struct dig_error *err)
{
	struct dig_cursor cur;
	uint8_t id[DIG_HASH_SIZE];
	enum dig_status st;
	uint64_t len;
	size_t head;

	cur = dig_cursor_over(b->body.data, b->body.len);
	len = dig_cursor_varint(&cur);
	if (cur.bad || len > DIG_BUNDLE_TABLE_MAX)
		return dig_raise(
		    err, DIG_ECORRUPT, "the table of the bundle is not valid");
	head = b->body.len - dig_cursor_left(&cur);
	st = need(b, head + (size_t)len, err);
	if (st != DIG_OK)
		return st;
	dig_sha256_domain(
	    DIG_DOMAIN_BUNDLE, b->body.data + head, (size_t)len, id);
	if (memcmp(id, b->id, DIG_HASH_SIZE) != 0)
		return dig_raise(err, DIG_ECORRUPT,
		    "the table of the bundle does not match its id");
	memcpy(b->chain, id, DIG_HASH_SIZE);
	st = dig_bundle_table_decode(
	    b->body.data + head, (size_t)len, &b->table, err);
	b->at = head + (size_t)len;
	return st;
}

enum dig_status
dig_bundle_open(dig_bundle_read_fn *read, void *arg, struct dig_bundle **out,
    struct dig_error *err)
{
	struct dig_bundle *b = dig_calloc(1, sizeof(*b));
	bool good = false;
	enum dig_status st;

	b->read = read;
	b->arg = arg;
	b->head = dig_calloc(1, sizeof(*b->head));
	dig_bundle_table_init(&b->table);
	st = read_preamble(b, &good, err);
	if (st == DIG_OK) {
		b->file = dig_alloc(dig_bundle_group_bytes(DIG_BUNDLE_PART));
		st = next_group(b, err);
	}
	if (st == DIG_ECORRUPT && !good && !b->has_id)
		st = dig_raise(err, DIG_EINVALID, "it is no bundle of dig");
	if (st == DIG_OK && !good)
		b->healed++;
	if (st == DIG_OK)
		st = read_table(b, err);
	if (st == DIG_OK)
		*out = b;
	else
		dig_bundle_close(b);
	return st;
}

void
dig_bundle_close(struct dig_bundle *b)
{
	if (b == NULL)
		return;
	dig_bundle_table_clear(&b->table);
	dig_buf_clear(&b->body);
	free(b->file);
	free(b->head);
	free(b);
}

const struct dig_bundle_table *
dig_bundle_table(const struct dig_bundle *b)
{
	return &b->table;
}

uint64_t
dig_bundle_healed(const struct dig_bundle *b)
{
	return b->healed;
}

uint64_t
dig_bundle_offset(const struct dig_bundle *b)
{
	return b->offset;
}

/* ---- Records ---------------------------------------------------------- */

/* The end has to be the last thing in the file. */
static enum dig_status
read_end(struct dig_bundle *b, struct dig_error *err)
{
	const uint8_t *end = b->body.data + b->at;
	enum dig_status st;
	uint8_t more;
	size_t n = 0;

	if (memcmp(end, DIG_BUNDLE_END, 8) != 0)
		return dig_raise(
		    err, DIG_ECORRUPT, "no record begins where one should");
	if (dig_get_be64(end + 8) != b->records ||
	    memcmp(end + 16, b->chain, DIG_HASH_SIZE) != 0)
		return dig_raise(err, DIG_ECORRUPT,
		    "the bundle has not the records that its end tells of");
	st = read_file(b, &more, 1, &n, err);
	if (st == DIG_OK &&
	    (n > 0 || b->body.len - b->at != DIG_BUNDLE_END_BYTES))
		st = dig_raise(err, DIG_ECORRUPT,
		    "more bytes follow the end of the bundle");
	b->ended = st == DIG_OK;
	return st;
}

static enum dig_status
check_record(struct dig_bundle *b, const uint8_t *header, struct dig_error *err)
{
	const struct dig_record *rec = &b->record;

	if (!dig_record_intact(rec, header, header + rec->header_len))
		return dig_raise(err, DIG_ECORRUPT,
		    "a record of the bundle does not match its checksum");
	if (rec->kind > DIG_KIND_TAG || (uint8_t)rec->kind < b->last_kind ||
	    (rec->codec == DIG_CODEC_DELTA && rec->base_distance != 0))
		return dig_raise(err, DIG_ECORRUPT,
		    "the bundle has a record that it may not have there");
	return DIG_OK;
}

enum dig_status
dig_bundle_next(struct dig_bundle *b, const struct dig_record **rec,
    const uint8_t **payload, struct dig_error *err)
{
	enum dig_status st = DIG_OK;
	size_t len;

	*rec = NULL;
	if (b->ended)
		return DIG_OK;
	/* An end is shorter than the header of some records. */
	st = need(b, DIG_BUNDLE_END_BYTES, err);
	if (st != DIG_OK)
		return st;
	if (b->body.data[b->at] == (uint8_t)DIG_BUNDLE_END[0])
		return read_end(b, err);
	while (st == DIG_OK && !b->last &&
	       b->body.len - b->at < DIG_RECORD_HEADER_MAX)
		st = next_group(b, err);
	len = b->body.len - b->at;
	if (len > DIG_RECORD_HEADER_MAX)
		len = DIG_RECORD_HEADER_MAX;
	if (st == DIG_OK)
		st = dig_record_decode(
		    b->body.data + b->at, len, &b->record, err);
	if (st == DIG_OK)
		st = need(b,
		    b->record.header_len + (size_t)b->record.stored_len, err);
	if (st == DIG_OK)
		st = check_record(b, b->body.data + b->at, err);
	if (st != DIG_OK)
		return st;
	*rec = &b->record;
	*payload = b->body.data + b->at + b->record.header_len;
	b->at += b->record.header_len + (size_t)b->record.stored_len;
	b->last_kind = (uint8_t)b->record.kind;
	b->records++;
	dig_bundle_chain(b->chain, &b->record.id);
	return DIG_OK;
}
