/* SPDX-License-Identifier: MIT
 *
 * A gc from plan to end.
 */
#include "objects/gc.h"

#include <stdlib.h>

#include "objects/check.h"
#include "objects/gc_internal.h"

/* Normal packs before bulk packs, high numbers before low: whatever names a
 * base by id comes before the base. */
static int
by_height(const void *a, const void *b)
{
	const struct dig_gc_pack *x = a;
	const struct dig_gc_pack *y = b;

	if (x->bulk != y->bulk)
		return x->bulk ? 1 : -1;
	return x->number > y->number ? -1 : x->number < y->number;
}

static void
list_packs(struct dig_gc *gc)
{
	const struct dig_state *state = dig_store_state(gc->store);

	gc->packs = dig_calloc(state->npacks + 1, sizeof(*gc->packs));
	gc->npacks = state->npacks;
	for (size_t i = 0; i < state->npacks; i++) {
		gc->packs[i].number = state->packs[i].number;
		gc->packs[i].bulk =
		    (state->packs[i].flags & DIG_PACK_BULK) != 0;
		gc->packs[i].length = state->packs[i].length;
		gc->nnormal += !gc->packs[i].bulk;
	}
	qsort(gc->packs, gc->npacks, sizeof(*gc->packs), by_height);
}

/* What a pack takes with its parity and its mirror. */
static uint64_t
bytes_with_parity(const struct dig_pack_state *pack)
{
	uint64_t bytes = pack->length + pack->parity_length;

	if (pack->shape.data != 0)
		bytes += pack->length - dig_pack_covered(pack);
	return bytes;
}

static uint64_t
all_bytes(const struct dig_gc *gc)
{
	const struct dig_state *state = dig_store_state(gc->store);
	uint64_t bytes = 0;

	for (size_t i = 0; i < state->npacks; i++)
		bytes += bytes_with_parity(&state->packs[i]);
	return bytes;
}

/* ---- Reading everything before anything is changed ---------------------- */

struct reading {
	struct dig_gc *gc;
	bool chosen;
};

static bool
is_read(void *arg, uint32_t number)
{
	const struct reading *reading = arg;
	const struct dig_gc_pack *pack = dig_gc_pack(reading->gc, number);

	return pack != NULL && !pack->damaged &&
	       pack->chosen == reading->chosen;
}

static void
on_checked(void *arg, const struct dig_checked *checked)
{
	const struct reading *reading = arg;

	if (checked->flaw != NULL)
		dig_gc_damaged(reading->gc,
		    dig_gc_pack(reading->gc, checked->at.pack), checked->flaw);
}

static void
on_read(void *arg, uint64_t done_bytes, uint64_t total_bytes)
{
	const struct dig_gc_options *options =
	    ((struct reading *)arg)->gc->options;

	if (options->progress != NULL)
		options->progress(
		    options->arg, "checking packs", done_bytes, total_bytes);
}

/* *damaged: something was found that was not known before. */
static enum dig_status
read_packs(struct dig_gc *gc, bool *damaged, struct dig_error *err)
{
	struct reading reading = { gc, false };
	struct dig_check_options options = { .arg = &reading,
		.checked = on_checked,
		.wanted = is_read,
		.progress = on_read };
	struct dig_check_totals totals;
	enum dig_status st = DIG_OK;
	size_t before = 0;
	size_t after = 0;

	for (size_t i = 0; i < gc->npacks; i++)
		before += gc->packs[i].damaged;
	for (int pass = 0; st == DIG_OK && pass < 2; pass++) {
		options.decode = reading.chosen = pass == 1;
		st = dig_store_check(gc->store, &options, &totals, err);
	}
	for (size_t i = 0; i < gc->npacks; i++)
		after += gc->packs[i].damaged;
	*damaged = after > before;
	return st;
}

static bool
any_chosen(const struct dig_gc *gc)
{
	for (size_t i = 0; i < gc->npacks; i++)
		if (gc->packs[i].chosen)
			return true;
	return false;
}

static void
sum_up(struct dig_gc *gc)
{
	struct dig_gc_totals *totals = &gc->totals;

	totals->packs = gc->npacks;
	for (size_t i = 0; i < gc->npacks; i++) {
		const struct dig_gc_pack *pack = &gc->packs[i];

		totals->damaged += pack->damaged;
		if (!pack->chosen) {
			totals->left_bytes += pack->dead;
			continue;
		}
		totals->dead_bytes += pack->dead;
		if (!gc->options->dry_run)
			continue;
		totals->dropped += pack->needed == 0;
		totals->rewritten += pack->needed != 0;
	}
}

/* What packs would come to, at the parity that they have. */
static uint64_t
expected_bytes(const struct dig_gc *gc)
{
	const struct dig_state *state = dig_store_state(gc->store);
	uint64_t bytes = gc->totals.bytes_before;

	for (size_t i = 0; i < gc->npacks; i++) {
		struct dig_pack_state after;

		if (!gc->packs[i].chosen)
			continue;
		after = *dig_state_pack(state, gc->packs[i].number);
		bytes -= bytes_with_parity(&after);
		if (gc->packs[i].needed == 0)
			continue;
		after.length -= gc->packs[i].dead < after.length
				    ? gc->packs[i].dead
				    : after.length;
		after.flags &= ~(unsigned)DIG_PACK_SEALED;
		after.parity_length = 0;
		if (after.shape.data != 0) {
			uint64_t group = dig_parity_group_bytes(&after.shape);

			after.parity_length =
			    after.length / group *
			    dig_parity_stored_bytes(&after.shape, group);
		}
		bytes += bytes_with_parity(&after);
	}
	return bytes;
}

enum dig_status
dig_index_gc(struct dig_index *index, const struct dig_gc_options *options,
    struct dig_gc_totals *out, struct dig_error *err)
{
	struct dig_gc gc = { .index = index,
		.store = dig_index_store(index),
		.options = options };
	enum dig_status st;
	bool again = true;

	list_packs(&gc);
	gc.totals.bytes_before = all_bytes(&gc);
	st = dig_gc_plan(&gc, err);
	/* Whenever damage is found there is less to choose from. */
	while (st == DIG_OK && !options->dry_run && any_chosen(&gc) && again) {
		st = read_packs(&gc, &again, err);
		if (st == DIG_OK && again)
			st = dig_gc_plan(&gc, err);
	}
	if (st == DIG_OK) {
		sum_up(&gc);
		gc.totals.bytes_after = expected_bytes(&gc);
	}
	if (st == DIG_OK && !options->dry_run) {
		st = dig_gc_copy(&gc, err);
		gc.totals.bytes_after = all_bytes(&gc);
	}
	if (st == DIG_OK)
		*out = gc.totals;
	dig_index_rollback(index); /* nothing is open: end, unlock */
	free(gc.packs);
	free(gc.needs);
	return st;
}
