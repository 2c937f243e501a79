/* SPDX-License-Identifier: MIT
 *
 * Taking packs apart. Records are copied in their order, each behind the base
 * that it needs. What names bases by id in packs that go as well takes these
 * along, so that new packs need nothing of packs that are yet to go (R3).
 */
#include <assert.h>
#include <stdlib.h>

#include "objects/base/io.h"
#include "objects/check.h"
#include "objects/gc_internal.h"
#include "objects/rewrite.h"

/* ---- Where records went ------------------------------------------------ */

#define PLACE_BITS 48 /* an offset; a position above it */

/* From old places to new ones. */
struct moves {
	struct move {
		uint64_t from; /* 0: free */
		uint64_t to;
	} * slots;
	size_t cap; /* a power of two */
	size_t len;
};

static struct move *
move_slot(const struct moves *moves, uint64_t from)
{
	size_t at = (size_t)((from * UINT64_C(0x9e3779b97f4a7c15)) >> 20);

	while (moves->slots[at & (moves->cap - 1)].from != 0 &&
	       moves->slots[at & (moves->cap - 1)].from != from)
		at++;
	return &moves->slots[at & (moves->cap - 1)];
}

static void
moves_add(struct moves *moves, uint64_t from, uint64_t to)
{
	struct moves old = *moves;
	struct move *slot;

	if (4 * (moves->len + 1) > 3 * moves->cap) {
		moves->cap = old.cap ? 2 * old.cap : 1024;
		moves->slots = dig_calloc(moves->cap, sizeof(*moves->slots));
		for (size_t i = 0; i < old.cap; i++)
			if (old.slots[i].from != 0)
				*move_slot(moves, old.slots[i].from) =
				    old.slots[i];
		free(old.slots);
	}
	slot = move_slot(moves, from);
	slot->from = from;
	slot->to = to;
	moves->len++;
}

static void
moves_clear(struct moves *moves)
{
	free(moves->slots);
	memset(moves, 0, sizeof(*moves));
}

/* ---- Copying ----------------------------------------------------------- */

struct copy {
	struct dig_gc *gc;
	struct dig_rewrite *rewrite;
	struct dig_reader *reader;
	struct dig_codec_ctx *codec;
	struct dig_gc_pack *pack; /* that is being taken apart */
	struct moves moved;       /* out of it */
	struct moves ahead;       /* out of packs that are yet to be */
	uint64_t *whole;          /* solids of it that stay as they are */
	size_t nwhole;
	size_t whole_cap;
	struct dig_buf raw;
	struct dig_buf some;
	struct dig_buf payload;
};

static uint64_t
old_key(const struct dig_gc *gc, const struct dig_gc_pack *pack, uint64_t at)
{
	return (uint64_t)(pack - gc->packs) << PLACE_BITS | at;
}

static bool
find_moved(struct copy *copy, const struct dig_gc_pack *pack, uint64_t at,
    struct dig_location *out)
{
	const struct moves *moves =
	    pack == copy->pack ? &copy->moved : &copy->ahead;
	uint64_t key = old_key(copy->gc, pack, at);
	const struct move *move;

	for (;;) {
		move = moves->cap > 0 ? move_slot(moves, key) : NULL;
		if (move != NULL && move->from != 0)
			break;
		if (moves == &copy->ahead)
			return false;
		moves = &copy->ahead; /* copied before its pack's turn */
	}
	out->pack = dig_rewrite_first(copy->rewrite) +
		    (uint32_t)(move->to >> PLACE_BITS);
	out->offset = move->to & ((UINT64_C(1) << PLACE_BITS) - 1);
	out->slot = 0;
	return true;
}

static void
note_moved(struct copy *copy, const struct dig_gc_pack *pack, uint64_t at,
    const struct dig_location *to)
{
	uint64_t number = to->pack - dig_rewrite_first(copy->rewrite);

	moves_add(pack == copy->pack ? &copy->moved : &copy->ahead,
	    old_key(copy->gc, pack, at), number << PLACE_BITS | to->offset);
}

static void
count_live(struct copy *copy, struct dig_gc_pack *pack, enum dig_kind kind,
    const struct dig_oid *id)
{
	pack->ncopied += dig_live_has(copy->gc->options->live, kind, id);
}

static bool
is_wanted(struct copy *copy, enum dig_kind kind, const struct dig_oid *id)
{
	return (dig_live_marks(copy->gc->options->live, kind, id) &
		   (DIG_LIVE_REACHED | DIG_LIVE_BASE)) != 0;
}

/* The frame of a solid with the objects that are wanted. */
static enum dig_status
encode_wanted(struct copy *copy, struct dig_record *rec,
    struct dig_solid_item *items, size_t n, struct dig_error *err)
{
	struct dig_buf *out = &copy->payload;
	struct dig_buf frame = DIG_BUF_INIT;
	enum dig_status st;

	st = dig_codec_encode_many(copy->codec, copy->some.data, copy->some.len,
	    items[0].kind == DIG_KIND_CHUNK, &frame, &rec->codec, err);
	if (st == DIG_OK) {
		dig_buf_reset(out);
		dig_buf_put_varint(out, n);
		for (size_t i = 0; i < n; i++)
			dig_solid_encode_item(
			    out, items[i].kind, &items[i].id, items[i].raw_len);
		dig_sha256_domain(
		    DIG_DOMAIN_SOLID, out->data, out->len, rec->id.bytes);
		dig_buf_put(out,
		    rec->codec == DIG_CODEC_RAW ? copy->some.data : frame.data,
		    rec->codec == DIG_CODEC_RAW ? copy->some.len : frame.len);
		rec->raw_len = copy->some.len;
		rec->stored_len = out->len;
	}
	dig_buf_clear(&frame);
	return st;
}

/* Reduce a solid to what is wanted of it; items and *n are those that stay. */
static enum dig_status
filter_solid(struct copy *copy, struct dig_record *rec, const uint8_t *payload,
    size_t frame_at, struct dig_solid_item *items, size_t *n,
    struct dig_error *err)
{
	size_t stay = 0;
	enum dig_status st;

	dig_buf_reset(&copy->raw);
	dig_buf_reserve(&copy->raw, (size_t)rec->raw_len);
	st = dig_codec_decode(copy->codec, rec->codec, payload + frame_at,
	    (size_t)rec->stored_len - frame_at, NULL, 0, copy->raw.data,
	    (size_t)rec->raw_len, err);
	if (st != DIG_OK)
		return st;
	dig_buf_reset(&copy->some);
	for (size_t i = 0; i < *n; i++) {
		struct dig_solid_item item = items[i];

		if (!is_wanted(copy, item.kind, &item.id))
			continue;
		dig_buf_put(&copy->some, copy->raw.data + item.offset,
		    (size_t)item.raw_len);
		item.offset = copy->some.len - item.raw_len;
		items[stay++] = item;
	}
	*n = stay;
	return encode_wanted(copy, rec, items, stay, err);
}

static bool
stays_whole(
    const struct copy *copy, const struct dig_gc_pack *pack, uint64_t at)
{
	size_t low = 0;
	size_t high = copy->nwhole;

	if (pack != copy->pack)
		return true;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (copy->whole[mid] < at)
			low = mid + 1;
		else
			high = mid;
	}
	return low < copy->nwhole && copy->whole[low] == at;
}

static enum dig_status
copy_solid(struct copy *copy, struct dig_gc_pack *pack, uint64_t at,
    struct dig_record *rec, const uint8_t *payload, struct dig_location *where,
    struct dig_error *err)
{
	struct dig_solid_item *items = NULL;
	enum dig_status st;
	size_t frame_at;
	size_t wanted = 0;
	size_t n = 0;

	st = dig_solid_decode(payload, (size_t)rec->stored_len, rec->raw_len,
	    &items, &n, &frame_at, err);
	for (size_t i = 0; st == DIG_OK && i < n; i++) {
		wanted += is_wanted(copy, items[i].kind, &items[i].id);
		count_live(copy, pack, items[i].kind, &items[i].id);
	}
	if (st == DIG_OK && wanted < n && !stays_whole(copy, pack, at)) {
		st = filter_solid(copy, rec, payload, frame_at, items, &n, err);
		payload = copy->payload.data;
	}
	if (st == DIG_OK)
		st = dig_rewrite_put(copy->rewrite, rec, payload, pack->bulk,
		    NULL, items, n, where, err);
	free(items);
	return st;
}

/* The object that stands at a place, by which a delta may name it. */
static enum dig_status
id_at(struct copy *copy, const struct dig_location *at, struct dig_oid *out,
    struct dig_error *err)
{
	struct dig_solid_item *items = NULL;
	struct dig_record rec;
	const uint8_t *payload;
	enum dig_status st;
	size_t frame_at;
	size_t n = 0;

	if (at->slot == 0) {
		st = dig_reader_stored(copy->reader, at, &rec, &payload, err);
		if (st == DIG_OK)
			*out = rec.id;
		return st;
	}
	st = dig_reader_stored(copy->reader, at, &rec, &payload, err);
	if (st == DIG_OK)
		st = dig_solid_decode(payload, (size_t)rec.stored_len,
		    rec.raw_len, &items, &n, &frame_at, err);
	if (st == DIG_OK && at->slot > n)
		st = dig_raise(err, DIG_ECORRUPT, "a base that is not there");
	if (st == DIG_OK)
		*out = items[at->slot - 1].id;
	free(items);
	return st;
}

/* The pack of a base that has to be copied before what needs it; NULL: the
 * base stays where it is, or in a pack that is lower whatever comes. */
static struct dig_gc_pack *
goes_along(struct copy *copy, const struct dig_gc_pack *pack,
    const struct dig_location *base)
{
	struct dig_gc_pack *of = dig_gc_pack(copy->gc, base->pack);

	return of != NULL && of->chosen && of->bulk == pack->bulk ? of : NULL;
}

/* One record, whose base was copied if it goes along. */
static enum dig_status
copy_one(struct copy *copy, struct dig_gc_pack *pack, uint64_t offset,
    struct dig_error *err)
{
	struct dig_location at = { pack->number, offset, 0 };
	struct dig_location base;
	struct dig_location where;
	struct dig_gc_pack *along;
	const uint8_t *payload;
	struct dig_record rec;
	struct dig_oid base_id = dig_oid_zero;
	enum dig_status st;

	st = dig_reader_header(copy->reader, &at, &rec, err);
	if (st == DIG_OK && rec.codec == DIG_CODEC_DELTA) {
		st = dig_reader_base(copy->reader, &at, &rec, &base, err);
		if (st == DIG_OK)
			st = id_at(copy, &base, &base_id, err);
		along = st == DIG_OK ? goes_along(copy, pack, &base) : NULL;
		if (along != NULL) {
			uint32_t slot = base.slot;

			if (!find_moved(copy, along, base.offset, &base))
				assert(!"a base is copied first");
			base.slot = slot;
		}
	}
	if (st == DIG_OK)
		st = dig_reader_stored(copy->reader, &at, &rec, &payload, err);
	if (st != DIG_OK)
		return st;
	if (rec.kind == DIG_KIND_SOLID) {
		st = copy_solid(copy, pack, offset, &rec, payload, &where, err);
	} else {
		count_live(copy, pack, rec.kind, &rec.id);
		rec.base_id = base_id;
		st = dig_rewrite_put(copy->rewrite, &rec, payload, pack->bulk,
		    rec.codec == DIG_CODEC_DELTA ? &base : NULL, NULL, 0,
		    &where, err);
	}
	if (st == DIG_OK) {
		note_moved(copy, pack, offset, &where);
		copy->gc->totals.copied_bytes +=
		    rec.header_len + rec.stored_len;
	}
	return st;
}

/* A record and, before it, the bases that it needs. */
static enum dig_status
copy_chain(struct copy *copy, struct dig_gc_pack *pack, uint64_t offset,
    struct dig_error *err)
{
	struct {
		struct dig_gc_pack *pack;
		uint64_t offset;
	} chain[DIG_CHAIN_DEPTH_MAX + 1];
	struct dig_location at = { pack->number, offset, 0 };
	struct dig_location there;
	struct dig_record rec;
	enum dig_status st = DIG_OK;
	size_t depth = 0;

	while (pack != NULL && !find_moved(copy, pack, at.offset, &there)) {
		if (depth > DIG_CHAIN_DEPTH_MAX)
			return dig_raise(
			    err, DIG_ECORRUPT, "a delta chain is too deep");
		chain[depth].pack = pack;
		chain[depth++].offset = at.offset;
		at.slot = 0;
		st = dig_reader_header(copy->reader, &at, &rec, err);
		if (st != DIG_OK)
			return st;
		if (rec.codec != DIG_CODEC_DELTA || rec.kind == DIG_KIND_SOLID)
			break;
		st = dig_reader_base(copy->reader, &at, &rec, &at, err);
		if (st != DIG_OK)
			return st;
		pack = goes_along(copy, pack, &at);
	}
	while (st == DIG_OK && depth > 0) {
		depth--;
		st =
		    copy_one(copy, chain[depth].pack, chain[depth].offset, err);
	}
	return st;
}

/* ---- One pack ---------------------------------------------------------- */

static int
by_offset(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Frames of which something is the base of a delta in the same pack. */
static enum dig_status
find_whole(
    struct copy *copy, const struct dig_open_pack *open, struct dig_error *err)
{
	struct dig_pack_scan scan;
	enum dig_status st;
	bool done;

	copy->nwhole = 0;
	dig_pack_scan_init(&scan, open->fd, open->flags, 0, open->length);
	for (;;) {
		const struct dig_record *rec = &scan.record;

		st = dig_pack_scan_next(&scan, &done, err);
		if (st != DIG_OK || done)
			break;
		if (rec->codec != DIG_CODEC_DELTA || rec->base_slot == 0 ||
		    rec->base_distance > scan.at)
			continue;
		DIG_GROW(copy->whole, copy->whole_cap, copy->nwhole + 1);
		copy->whole[copy->nwhole++] = scan.at - rec->base_distance;
	}
	dig_pack_scan_clear(&scan);
	if (copy->nwhole > 0)
		qsort(
		    copy->whole, copy->nwhole, sizeof(*copy->whole), by_offset);
	return st;
}

/* Is anything of this record wanted for its own sake? */
static enum dig_status
is_needed(struct copy *copy, struct dig_pack_scan *scan, bool *out,
    struct dig_error *err)
{
	const struct dig_record *rec = &scan->record;
	struct dig_solid_item *items = NULL;
	enum dig_status st;
	size_t frame_at;
	size_t n = 0;

	*out = false;
	if (rec->kind == DIG_KIND_RUN)
		return DIG_OK;
	if (rec->kind != DIG_KIND_SOLID) {
		*out = is_wanted(copy, rec->kind, &rec->id);
		return DIG_OK;
	}
	st = dig_pack_scan_payload(scan, &copy->raw, err);
	if (st == DIG_OK)
		st = dig_solid_decode(copy->raw.data, copy->raw.len,
		    rec->raw_len, &items, &n, &frame_at, err);
	for (size_t i = 0; st == DIG_OK && i < n; i++)
		*out |= is_wanted(copy, items[i].kind, &items[i].id);
	free(items);
	return st;
}

static enum dig_status
copy_needed(struct copy *copy, const struct dig_open_pack *open,
    uint64_t done_bytes, uint64_t total_bytes, struct dig_error *err)
{
	const struct dig_gc_options *options = copy->gc->options;
	struct dig_pack_scan scan;
	enum dig_status st;
	bool needed;
	bool done;

	dig_pack_scan_init(&scan, open->fd, open->flags, 0, open->length);
	for (unsigned n = 0;; n++) {
		st = dig_pack_scan_next(&scan, &done, err);
		if (st != DIG_OK || done)
			break;
		st = is_needed(copy, &scan, &needed, err);
		if (st == DIG_OK && needed)
			st = copy_chain(copy, copy->pack, scan.at, err);
		if (st == DIG_OK && dig_interrupted())
			st = dig_raise(err, DIG_ECANCELLED, "interrupted");
		if (st != DIG_OK)
			break;
		if (n % 256 == 0 && options->progress != NULL)
			options->progress(options->arg, "copying",
			    done_bytes + scan.at, total_bytes);
	}
	dig_pack_scan_clear(&scan);
	return st;
}

/* The last look before something is deleted (R2). */
static enum dig_status
check_copied(const struct dig_gc_pack *pack, struct dig_error *err)
{
	if (pack->ncopied == pack->nlive)
		return DIG_OK;
	return dig_raise(err, DIG_ECORRUPT,
	    "pack %06u: %llu of %llu objects were copied; it stays as it is",
	    pack->number, (unsigned long long)pack->ncopied,
	    (unsigned long long)pack->nlive);
}

static enum dig_status
rewrite_pack(struct copy *copy, struct dig_gc_pack *pack, uint64_t done_bytes,
    uint64_t total_bytes, struct dig_error *err)
{
	struct dig_open_pack *open =
	    dig_store_pack(copy->gc->store, pack->number);
	enum dig_status st;

	if (open == NULL)
		return dig_raise(
		    err, DIG_ECORRUPT, "pack %06u is missing", pack->number);
	copy->pack = pack;
	st = find_whole(copy, open, err);
	if (st == DIG_OK)
		st = copy_needed(copy, open, done_bytes, total_bytes, err);
	if (st == DIG_OK)
		st = check_copied(pack, err);
	if (st == DIG_OK)
		st = dig_rewrite_swap(copy->rewrite, &pack->number, 1, err);
	moves_clear(&copy->moved);
	if (st == DIG_ECORRUPT)
		dig_hint(err, "'dig fsck --repair' puts right what can be; "
			      "this pack was not changed");
	return st;
}

/* ---- All of them ------------------------------------------------------- */

/*
 * Packs of which nothing is needed, and from which no delta of another pack
 * that is still to be rewritten comes: even one that nothing needs may not lose
 * its base before it goes itself.
 */
static void
find_dead(const struct dig_gc *gc, bool *dead)
{
	bool shrank = true;

	for (size_t i = 0; i < gc->npacks; i++)
		dead[i] = gc->packs[i].chosen && gc->packs[i].needed == 0 &&
			  gc->packs[i].nlive == 0;
	while (shrank) {
		shrank = false;
		for (size_t i = 0; i < gc->nneeds; i++)
			if (dead[gc->needs[i].to] && !dead[gc->needs[i].from]) {
				dead[gc->needs[i].to] = false;
				shrank = true;
			}
	}
}

/* They go at once: that takes no room. */
static enum dig_status
drop_dead(struct copy *copy, struct dig_error *err)
{
	struct dig_gc *gc = copy->gc;
	uint32_t *gone = dig_calloc(gc->npacks + 1, sizeof(*gone));
	bool *dead = dig_calloc(gc->npacks + 1, sizeof(*dead));
	enum dig_status st = DIG_OK;
	size_t n = 0;

	find_dead(gc, dead);
	for (size_t i = 0; i < gc->npacks; i++)
		if (dead[i]) {
			gone[n++] = gc->packs[i].number;
			gc->packs[i].chosen = false;
			gc->totals.dropped++;
		}
	if (n > 0)
		st = dig_rewrite_swap(copy->rewrite, gone, n, err);
	free(gone);
	free(dead);
	return st;
}

static enum dig_status
copy_all(struct copy *copy, struct dig_error *err)
{
	struct dig_gc *gc = copy->gc;
	enum dig_status st = drop_dead(copy, err);
	uint64_t total = 0;
	uint64_t done = 0;

	for (size_t i = 0; i < gc->npacks; i++)
		total += gc->packs[i].chosen ? gc->packs[i].length : 0;
	for (size_t i = 0; st == DIG_OK && i < gc->npacks; i++) {
		if (!gc->packs[i].chosen)
			continue;
		st = rewrite_pack(copy, &gc->packs[i], done, total, err);
		done += gc->packs[i].length;
		if (st == DIG_OK && gc->packs[i].needed == 0)
			gc->totals.dropped++;
		else if (st == DIG_OK)
			gc->totals.rewritten++;
	}
	return st;
}

enum dig_status
dig_gc_copy(struct dig_gc *gc, struct dig_error *err)
{
	const struct dig_write_options *write = &gc->store->options;
	struct copy copy = { .gc = gc };
	enum dig_status st;

	st = dig_rewrite_begin(gc->index, "gc", &copy.rewrite, err);
	if (st != DIG_OK)
		return st;
	copy.reader = dig_reader_new(gc->store);
	copy.codec = dig_codec_new(write->level, write->verify);
	st = copy_all(&copy, err);
	dig_reader_free(copy.reader);
	dig_codec_free(copy.codec);
	dig_rewrite_end(copy.rewrite);
	moves_clear(&copy.moved);
	moves_clear(&copy.ahead);
	free(copy.whole);
	dig_buf_clear(&copy.raw);
	dig_buf_clear(&copy.some);
	dig_buf_clear(&copy.payload);
	return st;
}
