/* SPDX-License-Identifier: MIT
 *
 * Which packs go. Bases stand earlier in their pack or in a lower one, so the
 * packs are looked at from the highest to the lowest, and the records of each
 * from the last to the first: what needs a base is known before the base.
 */
#include <stdlib.h>

#include "objects/base/io.h"
#include "objects/gc_internal.h"

/* A record, as far as the plan needs it. */
struct spot {
	uint64_t at;
	uint64_t base; /* by distance: where; 0: none */
	uint32_t bytes;
	uint32_t named; /* 1 + position in by_id; 0: names no base by id */
	uint32_t dead;  /* bytes of dead objects in a solid that is needed */
	bool needed;
};

struct by_id {
	enum dig_kind kind;
	struct dig_oid id;
};

/* One pack while it is looked at. */
struct look {
	struct dig_gc *gc;
	struct dig_gc_pack *pack;
	struct spot *spots;
	size_t n;
	size_t cap;
	struct by_id *by_id;
	size_t nby_id;
	size_t by_id_cap;
};

void
dig_gc_damaged(struct dig_gc *gc, struct dig_gc_pack *pack, const char *message)
{
	if (!pack->damaged)
		gc->options->finding(gc->options->arg, pack->number, message);
	pack->damaged = true;
}

struct dig_gc_pack *
dig_gc_pack(struct dig_gc *gc, uint32_t number)
{
	/* Two descending lists, of normal packs and of bulk packs. */
	size_t from[] = { 0, gc->nnormal };
	size_t to[] = { gc->nnormal, gc->npacks };

	for (int i = 0; i < 2; i++) {
		while (from[i] < to[i]) {
			size_t mid = from[i] + (to[i] - from[i]) / 2;

			if (gc->packs[mid].number == number)
				return &gc->packs[mid];
			if (gc->packs[mid].number > number)
				from[i] = mid + 1;
			else
				to[i] = mid;
		}
	}
	return NULL;
}

static struct spot *
spot_at(struct look *look, uint64_t at, size_t before)
{
	size_t low = 0;
	size_t high = before;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (look->spots[mid].at < at)
			low = mid + 1;
		else
			high = mid;
	}
	return low < before && look->spots[low].at == at ? &look->spots[low]
							 : NULL;
}

/* A frame of which something is the base of a delta here stays as it is. */
static void
keep_whole(struct look *look, uint64_t at)
{
	struct spot *spot = spot_at(look, at, look->n - 1);

	if (spot != NULL)
		spot->dead = 0;
}

/* ---- Forward: what is there ------------------------------------------- */

/* One object of a record. True: the record is needed for it. */
static bool
see_object(struct look *look, enum dig_kind kind, const struct dig_oid *id)
{
	struct dig_live *live = look->gc->options->live;
	unsigned marks = dig_live_marks(live, kind, id);

	if (marks & DIG_LIVE_REACHED) {
		look->pack->nlive++;
		dig_live_mark(live, kind, id, DIG_LIVE_FOUND);
	} else if (kind == DIG_KIND_COMMIT || kind == DIG_KIND_TAG) {
		look->pack->dead_history = true;
	}
	return (marks & (DIG_LIVE_REACHED | DIG_LIVE_BASE)) != 0;
}

static enum dig_status
see_solid(struct look *look, struct dig_pack_scan *scan, struct dig_buf *bytes,
    struct spot *spot, struct dig_error *err)
{
	struct dig_solid_item *items = NULL;
	enum dig_status st;
	size_t frame_at;
	size_t n = 0;

	st = dig_pack_scan_payload(scan, bytes, err);
	if (st == DIG_OK)
		st = dig_solid_decode(bytes->data, bytes->len,
		    scan->record.raw_len, &items, &n, &frame_at, err);
	for (size_t i = 0; st == DIG_OK && i < n; i++)
		if (see_object(look, items[i].kind, &items[i].id))
			spot->needed = true;
		else
			spot->dead += (uint32_t)dig_solid_share(
			    items, n, i, spot->bytes, scan->record.raw_len);
	free(items);
	return st;
}

static enum dig_status
see_record(struct look *look, struct dig_pack_scan *scan, struct dig_buf *bytes,
    struct dig_error *err)
{
	const struct dig_record *rec = &scan->record;
	struct spot *spot;

	if (rec->kind == DIG_KIND_RUN)
		return DIG_OK;
	DIG_GROW(look->spots, look->cap, look->n + 1);
	spot = &look->spots[look->n++];
	memset(spot, 0, sizeof(*spot));
	spot->at = scan->at;
	spot->bytes = (uint32_t)(rec->header_len + rec->stored_len);
	if (rec->kind == DIG_KIND_SOLID)
		return see_solid(look, scan, bytes, spot, err);
	spot->needed = see_object(look, rec->kind, &rec->id);
	if (rec->codec != DIG_CODEC_DELTA)
		return DIG_OK;
	if (rec->base_distance > scan->at)
		return dig_raise(err, DIG_ECORRUPT, "a base before the pack");
	if (rec->base_distance != 0) {
		spot->base = scan->at - rec->base_distance;
		if (rec->base_slot != 0)
			keep_whole(look, spot->base);
		return DIG_OK;
	}
	DIG_GROW(look->by_id, look->by_id_cap, look->nby_id + 1);
	look->by_id[look->nby_id].kind = rec->kind;
	look->by_id[look->nby_id++].id = rec->base_id;
	spot->named = (uint32_t)look->nby_id;
	return DIG_OK;
}

static enum dig_status
see_all(
    struct look *look, const struct dig_open_pack *open, struct dig_error *err)
{
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_pack_scan scan;
	enum dig_status st;
	bool done;

	/* Nothing is healed: what is damaged stays as it is. */
	dig_pack_scan_init(&scan, open->fd, open->flags, 0, open->length);
	for (;;) {
		st = dig_pack_scan_next(&scan, &done, err);
		if (st != DIG_OK || done)
			break;
		st = see_record(look, &scan, &bytes, err);
		if (st == DIG_OK && dig_interrupted())
			st = dig_raise(err, DIG_ECANCELLED, "interrupted");
		if (st != DIG_OK)
			break;
	}
	dig_pack_scan_clear(&scan);
	dig_buf_clear(&bytes);
	return st;
}

/* ---- Backward: what that needs ---------------------------------------- */

static void
add_need(struct dig_gc *gc, size_t from, size_t to, bool dead)
{
	for (size_t i = gc->nneeds; i > 0; i--)
		if (gc->needs[i - 1].from == from &&
		    gc->needs[i - 1].to == to) {
			gc->needs[i - 1].dead |= dead;
			return;
		}
	DIG_GROW(gc->needs, gc->needs_cap, gc->nneeds + 1);
	gc->needs[gc->nneeds].from = (uint32_t)from;
	gc->needs[gc->nneeds].to = (uint32_t)to;
	gc->needs[gc->nneeds++].dead = dead;
}

static bool
is_lower(struct dig_gc *gc, const struct dig_gc_pack *base,
    const struct dig_gc_pack *to)
{
	return dig_store_is_lower(
	    gc->store, base->number, base->bulk, to->number, to->bulk);
}

static bool
add_lower(struct look *look, const struct dig_gc_pack *base, bool needed)
{
	struct dig_gc *gc = look->gc;

	if (base == NULL || !is_lower(gc, base, look->pack))
		return false;
	add_need(gc, (size_t)(look->pack - gc->packs),
	    (size_t)(base - gc->packs), !needed);
	return true;
}

/*
 * Bases in lower packs. Those of what is needed stay. A delta that is not may
 * not lose its base either, as long as its pack stays.
 */
static enum dig_status
need_by_id(struct look *look, const struct by_id *base, bool needed,
    struct dig_error *err)
{
	struct dig_location at[DIG_LOCATIONS_MAX];
	struct dig_gc *gc = look->gc;
	enum dig_status st;
	bool any = !needed;
	size_t found;

	if (needed)
		dig_live_mark(
		    gc->options->live, base->kind, &base->id, DIG_LIVE_BASE);
	st =
	    dig_store_locate(gc->store, base->kind, &base->id, at, &found, err);
	if (st != DIG_OK)
		return st;
	/* Of so many places there may be more than the list has. */
	for (size_t i = 0; found == DIG_LOCATIONS_MAX && i < gc->npacks; i++)
		any |= add_lower(look, &gc->packs[i], needed);
	for (size_t i = 0; i < found; i++)
		any |= add_lower(look, dig_gc_pack(gc, at[i].pack), needed);
	return any ? DIG_OK
		   : dig_raise(
			 err, DIG_ECORRUPT, "the base of a delta is missing");
}

static enum dig_status
need_all(struct look *look, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	for (size_t i = look->n; st == DIG_OK && i > 0; i--) {
		struct spot *spot = &look->spots[i - 1];
		struct spot *base;

		if (spot->named != 0)
			st = need_by_id(look, &look->by_id[spot->named - 1],
			    spot->needed, err);
		if (!spot->needed) {
			look->pack->dead += spot->bytes;
			continue;
		}
		/* A small object's share of a frame may be no byte at all. */
		if (spot->dead >= spot->bytes)
			spot->dead = spot->bytes - 1;
		look->pack->needed += spot->bytes - spot->dead;
		look->pack->dead += spot->dead;
		if (st == DIG_OK && spot->base != 0) {
			base = spot_at(look, spot->base, i - 1);
			if (base == NULL)
				st = dig_raise(err, DIG_ECORRUPT,
				    "the base of a delta is missing");
			else
				base->needed = true;
		}
	}
	return st;
}

static enum dig_status
look_at(struct dig_gc *gc, struct dig_gc_pack *pack, struct dig_error *err)
{
	const struct dig_open_pack *open =
	    dig_store_pack(gc->store, pack->number);
	struct look look = { .gc = gc, .pack = pack };
	enum dig_status st;

	if (open == NULL || open->damaged) {
		dig_gc_damaged(gc, pack,
		    open == NULL ? "the file is missing"
				 : "its index or its end is damaged");
		if (open == NULL)
			return DIG_OK;
	}
	st = see_all(&look, open, err);
	if (st == DIG_OK)
		st = need_all(&look, err);
	if (st == DIG_ECORRUPT) {
		dig_gc_damaged(gc, pack, err->msg);
		st = DIG_OK;
	}
	free(look.spots);
	free(look.by_id);
	return st;
}

/* ---- The choice ------------------------------------------------------- */

/* What is damaged stays; and whatever it may need, for its headers cannot be
 * trusted to name it. */
static void
pin(struct dig_gc *gc)
{
	for (size_t i = 0; i < gc->npacks; i++) {
		if (!gc->packs[i].damaged)
			continue;
		gc->packs[i].pinned = true;
		for (size_t j = 0; j < gc->npacks; j++)
			if (is_lower(gc, &gc->packs[j], &gc->packs[i]))
				gc->packs[j].pinned = true;
	}
}

/* A pack and those that name bases in it by id, and so on. */
static void
close_over(const struct dig_gc *gc, size_t pack, bool *in)
{
	bool grew = true;

	memset(in, 0, gc->npacks * sizeof(*in));
	in[pack] = true;
	while (grew) {
		grew = false;
		for (size_t i = 0; i < gc->nneeds; i++) {
			/* A bulk pack is lower than every normal one, however
			 * new it is: what is needed of it is found there. */
			if (!in[gc->needs[i].to] || in[gc->needs[i].from] ||
			    (!gc->needs[i].dead &&
				gc->packs[gc->needs[i].to].bulk !=
				    gc->packs[gc->needs[i].from].bulk))
				continue;
			in[gc->needs[i].from] = grew = true;
		}
	}
}

static bool
is_worth_it(const struct dig_gc *gc, size_t pack, const bool *in)
{
	uint64_t length = 0;
	uint64_t dead = 0;

	for (size_t i = 0; i < gc->npacks; i++) {
		if (in[i] && gc->packs[i].pinned)
			return false;
		length += in[i] ? gc->packs[i].length : 0;
		dead += in[i] ? gc->packs[i].dead : 0;
	}
	return gc->packs[pack].needed == 0 || gc->packs[pack].dead_history ||
	       dead >= length / 100 * DIG_GC_WASTE_PERCENT;
}

static bool
is_candidate(const struct dig_gc_pack *pack)
{
	return !pack->pinned && pack->dead > 0 &&
	       (pack->needed == 0 || pack->dead_history ||
		   pack->dead >= pack->length / 100 * DIG_GC_WASTE_PERCENT);
}

static void
choose(struct dig_gc *gc)
{
	bool *in = dig_calloc(gc->npacks + 1, sizeof(*in));

	pin(gc);
	for (size_t i = 0; i < gc->npacks; i++) {
		if (!is_candidate(&gc->packs[i]))
			continue;
		close_over(gc, i, in);
		if (!is_worth_it(gc, i, in))
			continue;
		for (size_t j = 0; j < gc->npacks; j++)
			gc->packs[j].chosen |= in[j];
	}
	free(in);
}

/* Nothing is deleted from a repository that has lost something for a reason
 * that is not known. */
static enum dig_status
check_all_found(struct dig_gc *gc, struct dig_error *err)
{
	char hex[DIG_OID_HEX + 1];
	enum dig_status st;
	enum dig_kind kind;
	struct dig_oid id;

	if (!dig_live_missing(gc->options->live, &kind, &id))
		return DIG_OK;
	for (size_t i = 0; i < gc->npacks; i++)
		if (gc->packs[i].damaged)
			return DIG_OK;
	dig_oid_hex(&id, hex);
	st = dig_raise(err, DIG_ECORRUPT,
	    "%s %.16s is missing; nothing was deleted", dig_kind_word(kind),
	    hex);
	dig_hint(err, "'dig fsck' says what is lost with it");
	return st;
}

enum dig_status
dig_gc_plan(struct dig_gc *gc, struct dig_error *err)
{
	enum dig_status st = dig_store_load(gc->store, err);

	dig_live_unmark(gc->options->live, DIG_LIVE_BASE | DIG_LIVE_FOUND);
	gc->nneeds = 0;
	for (size_t i = 0; i < gc->npacks; i++) {
		struct dig_gc_pack *pack = &gc->packs[i];

		pack->nlive = pack->needed = pack->dead = 0;
		pack->dead_history = pack->pinned = pack->chosen = false;
	}
	for (size_t i = 0; st == DIG_OK && i < gc->npacks; i++)
		st = look_at(gc, &gc->packs[i], err);
	if (st == DIG_OK)
		st = check_all_found(gc, err);
	if (st == DIG_OK)
		choose(gc);
	return st;
}
