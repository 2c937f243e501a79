/* SPDX-License-Identifier: MIT
 *
 * Writing bundles: records are taken over from packs where they stand alone and
 * their base comes along; what does not is encoded again.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "objects/base/io.h"
#include "objects/bundle_internal.h"
#include "objects/store_internal.h"

/* An object and where it stands. */
struct placed {
	struct dig_bundle_item item;
	struct dig_location at;
	bool bulk;
	size_t order; /* as it was given */
};

struct writing {
	struct dig_store *store;
	const struct dig_bundle_options *options;
	struct dig_reader *reader;
	struct dig_codec_ctx *codec;
	struct dig_oidmap written; /* at.slot: records down to a full one */
	uint8_t id[DIG_HASH_SIZE];
	uint8_t chain[DIG_HASH_SIZE];
	uint64_t records;
	/* The group that is filled. */
	uint8_t *part;
	size_t len;
	uint64_t group;
	struct dig_parity_encoder *encoder;
	struct dig_parity_head *head;
	struct dig_buf header;
	struct dig_buf raw;
	struct dig_buf frame;
};

/* ---- Groups ----------------------------------------------------------- */

static enum dig_status
put(struct writing *w, const void *data, size_t len, struct dig_error *err)
{
	return w->options->write(w->options->arg, data, len, err);
}

static enum dig_status
put_group(struct writing *w, struct dig_error *err)
{
	struct dig_parity_shape shape = dig_bundle_shape();
	struct dig_buf head = DIG_BUF_INIT;
	const uint8_t *cells;
	enum dig_status st;

	dig_parity_encoder_begin(w->encoder, 0);
	dig_parity_encoder_add(w->encoder, w->part, w->len);
	cells = dig_parity_encoder_finish(w->encoder, w->head);
	memcpy(w->head->store_id, w->id, DIG_HASH_SIZE);
	w->head->pack = 0;
	w->head->group = w->group++;
	dig_parity_head_encode(w->head, &head);
	st = put(w, head.data, head.len, err);
	if (st == DIG_OK)
		st = put(w, w->part, w->len, err);
	for (size_t i = 0; st == DIG_OK && i < dig_parity_nstripes(w->len); i++)
		for (size_t j = 0; st == DIG_OK && j < shape.parity; j++)
			st = put(w,
			    cells + (i * shape.parity + j) * DIG_PARITY_CELL,
			    dig_bundle_parity_cell(w->len, i), err);
	if (st == DIG_OK)
		st = put(w, head.data, head.len, err);
	dig_buf_clear(&head);
	w->len = 0;
	return st;
}

/* The next bytes of the body. */
static enum dig_status
put_body(struct writing *w, const void *data, size_t len, struct dig_error *err)
{
	const uint8_t *at = data;
	enum dig_status st = DIG_OK;

	while (st == DIG_OK && len > 0) {
		size_t room = DIG_BUNDLE_PART - w->len;
		size_t some = len < room ? len : room;

		memcpy(w->part + w->len, at, some);
		w->len += some;
		at += some;
		len -= some;
		/* A full part waits: the last one may not be empty. */
		if (w->len == DIG_BUNDLE_PART && len > 0)
			st = put_group(w, err);
	}
	return st;
}

static enum dig_status
put_front(struct writing *w, const struct dig_bundle_table *table,
    struct dig_error *err)
{
	uint8_t preamble[DIG_BUNDLE_PREAMBLE] = DIG_BUNDLE_MAGIC;
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_buf len = DIG_BUF_INIT;
	enum dig_status st = DIG_OK;

	dig_bundle_table_encode(table, &bytes);
	if (bytes.len > DIG_BUNDLE_TABLE_MAX)
		st = dig_raise(
		    err, DIG_EINVALID, "there are too many refs for a bundle");
	dig_sha256_domain(DIG_DOMAIN_BUNDLE, bytes.data, bytes.len, w->id);
	memcpy(w->chain, w->id, DIG_HASH_SIZE);
	dig_set_be32(preamble + 8, DIG_BUNDLE_VERSION);
	memcpy(preamble + 16, w->id, DIG_HASH_SIZE);
	preamble[48] = DIG_BUNDLE_DATA;
	preamble[49] = DIG_BUNDLE_PARITY;
	dig_set_be64(preamble + 56, dig_hash64(preamble, 56));
	if (st == DIG_OK)
		st = put(w, preamble, sizeof(preamble), err);
	dig_buf_put_varint(&len, bytes.len);
	if (st == DIG_OK)
		st = put_body(w, len.data, len.len, err);
	if (st == DIG_OK)
		st = put_body(w, bytes.data, bytes.len, err);
	dig_buf_clear(&bytes);
	dig_buf_clear(&len);
	return st;
}

static enum dig_status
put_end(struct writing *w, struct dig_error *err)
{
	uint8_t end[DIG_BUNDLE_END_BYTES] = DIG_BUNDLE_END;
	enum dig_status st;

	dig_set_be64(end + 8, w->records);
	memcpy(end + 16, w->chain, DIG_HASH_SIZE);
	st = put_body(w, end, sizeof(end), err);
	return st == DIG_OK ? put_group(w, err) : st;
}

/* ---- Records ---------------------------------------------------------- */

static enum dig_status
put_record(struct writing *w, struct dig_record *rec, const void *payload,
    unsigned depth, struct dig_error *err)
{
	struct dig_location at = { .slot = depth };
	enum dig_status st;

	dig_buf_reset(&w->header);
	dig_record_encode(rec, payload, &w->header);
	dig_bundle_chain(w->chain, &rec->id);
	w->records++;
	dig_oidmap_place(&w->written, rec->kind, &rec->id, &at, NULL, 0);
	st = put_body(w, w->header.data, w->header.len, err);
	return st == DIG_OK ? put_body(w, payload, (size_t)rec->stored_len, err)
			    : st;
}

/* Whether a delta can go as it is; *depth: records down to a full one. */
static bool
base_comes_along(
    struct writing *w, const struct dig_record *rec, unsigned *depth)
{
	struct dig_oidmap_entry entry;

	*depth = 1;
	if (rec->codec != DIG_CODEC_DELTA)
		return true;
	if (dig_oidmap_find(&w->written, rec->kind, &rec->base_id, &entry))
		*depth = entry.at.slot + 1;
	else if (w->options->has != NULL &&
		 dig_oidmap_find(
		     w->options->has, rec->kind, &rec->base_id, &entry))
		*depth = 2;
	else
		return false;
	return *depth <= DIG_CHAIN_DEPTH_MAX;
}

/* A full version of it. */
static enum dig_status
put_anew(struct writing *w, const struct dig_bundle_item *item,
    struct dig_error *err)
{
	struct dig_record rec = { .kind = item->kind, .id = item->id };
	const void *payload;
	enum dig_status st;

	st = dig_reader_get(w->reader, item->kind, &item->id, &w->raw, err);
	if (st == DIG_OK)
		st = dig_codec_encode(w->codec, w->raw.data, w->raw.len, NULL,
		    0, &w->frame, &rec.codec, err);
	if (st != DIG_OK)
		return st;
	rec.raw_len = w->raw.len;
	rec.stored_len = rec.codec == DIG_CODEC_RAW ? w->raw.len : w->frame.len;
	payload = rec.codec == DIG_CODEC_RAW ? w->raw.data : w->frame.data;
	return put_record(w, &rec, payload, 1, err);
}

static enum dig_status
put_item(struct writing *w, const struct placed *placed, struct dig_error *err)
{
	const struct dig_bundle_item *item = &placed->item;
	const uint8_t *payload = NULL;
	struct dig_record rec;
	unsigned depth;
	bool alone;
	enum dig_status st;

	st = dig_reader_portable(
	    w->reader, item->kind, &placed->at, &rec, &payload, &alone, err);
	if (st == DIG_OK && alone && dig_oid_eq(&rec.id, &item->id) &&
	    base_comes_along(w, &rec, &depth))
		return put_record(w, &rec, payload, depth, err);
	/* Damaged there, it may stand in another place. */
	if (st == DIG_OK || st == DIG_ECORRUPT || st == DIG_EIO)
		st = put_anew(w, item, err);
	return st;
}

/* ---- Order ------------------------------------------------------------ */

static int
by_place(const void *pa, const void *pb)
{
	const struct placed *a = pa;
	const struct placed *b = pb;

	if (a->item.kind != b->item.kind)
		return a->item.kind < b->item.kind ? -1 : 1;
	if (a->item.kind >= DIG_KIND_COMMIT)
		return a->order < b->order ? -1 : a->order > b->order;
	if (a->bulk != b->bulk)
		return a->bulk ? -1 : 1;
	if (a->at.pack != b->at.pack)
		return a->at.pack < b->at.pack ? -1 : 1;
	if (a->at.offset != b->at.offset)
		return a->at.offset < b->at.offset ? -1 : 1;
	return a->at.slot < b->at.slot ? -1 : a->at.slot > b->at.slot;
}

static enum dig_status
place(struct writing *w, const struct dig_bundle_item *item, size_t order,
    struct placed *out, struct dig_error *err)
{
	struct dig_location places[DIG_LOCATIONS_MAX];
	const struct dig_open_pack *pack;
	enum dig_status st;
	size_t found = 0;

	memset(out, 0, sizeof(*out));
	out->item = *item;
	out->order = order;
	st = dig_store_locate(
	    w->store, item->kind, &item->id, places, &found, err);
	/* Where a run hides it the reader finds it, or says what is missing. */
	if (st == DIG_OK && found == 0)
		st = dig_reader_get(
		    w->reader, item->kind, &item->id, &w->raw, err);
	if (st == DIG_OK && found == 0)
		st = dig_store_locate(
		    w->store, item->kind, &item->id, places, &found, err);
	if (st != DIG_OK || found == 0)
		return st;
	out->at = places[0];
	pack = dig_store_pack(w->store, out->at.pack);
	out->bulk = pack != NULL && (pack->flags & DIG_PACK_BULK) != 0;
	return DIG_OK;
}

static enum dig_status
put_items(struct writing *w, const struct dig_bundle_item *items, size_t nitems,
    struct dig_error *err)
{
	struct placed *placed = dig_calloc(nitems + 1, sizeof(*placed));
	enum dig_status st = DIG_OK;

	for (size_t i = 0; st == DIG_OK && i < nitems; i++)
		st = place(w, &items[i], i, &placed[i], err);
	if (st == DIG_OK && nitems > 0)
		qsort(placed, nitems, sizeof(*placed), by_place);
	for (size_t i = 0; st == DIG_OK && i < nitems; i++) {
		if (w->options->progress != NULL)
			w->options->progress(w->options->progress_arg, i);
		st = dig_interrupted()
			 ? dig_raise(err, DIG_ECANCELLED, "interrupted")
			 : put_item(w, &placed[i], err);
	}
	free(placed);
	return st;
}

enum dig_status
dig_bundle_write(struct dig_store *store, const struct dig_bundle_table *table,
    const struct dig_bundle_item *items, size_t nitems,
    const struct dig_bundle_options *options, struct dig_error *err)
{
	struct dig_parity_shape shape = dig_bundle_shape();
	struct writing w = { .store = store, .options = options };
	enum dig_status st;

	w.reader = dig_reader_new(store);
	w.codec = dig_codec_new(DIG_CODEC_LEVEL_MIN, true);
	w.encoder = dig_parity_encoder_new(&shape);
	w.head = dig_calloc(1, sizeof(*w.head));
	w.part = dig_alloc(DIG_BUNDLE_PART);
	dig_oidmap_init(&w.written);
	st = put_front(&w, table, err);
	if (st == DIG_OK)
		st = put_items(&w, items, nitems, err);
	if (st == DIG_OK)
		st = put_end(&w, err);
	dig_oidmap_clear(&w.written);
	dig_buf_clear(&w.header);
	dig_buf_clear(&w.raw);
	dig_buf_clear(&w.frame);
	free(w.part);
	free(w.head);
	dig_parity_encoder_free(w.encoder);
	dig_codec_free(w.codec);
	dig_reader_free(w.reader);
	return st;
}
