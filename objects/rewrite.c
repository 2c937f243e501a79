/* SPDX-License-Identifier: MIT
 *
 * Packs that take the place of others.
 */
#include "objects/rewrite.h"

#include <assert.h>
#include <stdlib.h>

#include "objects/store_internal.h"

struct dig_rewrite {
	struct dig_index *index;
	struct dig_store *store;
	const char *verb;
};

/* R1 */
static enum dig_status
delete_unnamed(struct dig_store *store, struct dig_error *err)
{
	enum dig_status st = dig_journal_sync_copy(store->journal, err);

	if (st != DIG_OK)
		return st;
	dig_store_drop_unnamed(store);
	return dig_store_load(store, err);
}

enum dig_status
dig_rewrite_begin(struct dig_index *index, const char *verb,
    struct dig_rewrite **out, struct dig_error *err)
{
	struct dig_store *store = dig_index_store(index);
	struct dig_rewrite *rewrite;
	enum dig_status st;

	assert(dig_index_in_transaction(index));
	assert(!atomic_load(&store->touched) && store->fresh_from == 0);
	st = delete_unnamed(store, err);
	if (st != DIG_OK)
		return st;
	rewrite = dig_calloc(1, sizeof(*rewrite));
	rewrite->index = index;
	rewrite->store = store;
	rewrite->verb = verb;
	store->fresh_from = dig_store_state(store)->next_pack;
	*out = rewrite;
	return DIG_OK;
}

void
dig_rewrite_end(struct dig_rewrite *rewrite)
{
	if (rewrite == NULL)
		return;
	rewrite->store->fresh_from = 0;
	free(rewrite);
}

uint32_t
dig_rewrite_first(const struct dig_rewrite *rewrite)
{
	return rewrite->store->fresh_from;
}

/* By number: new packs need not be open for reading. */
static bool
is_bulk(const struct dig_store *store, uint32_t number)
{
	const struct dig_pack_state *pack =
	    dig_state_pack(dig_store_state(store), number);

	if (pack != NULL)
		return (pack->flags & DIG_PACK_BULK) != 0;
	for (size_t i = 0; i < store->nsealed; i++)
		if (store->sealed[i].number == number)
			return (store->sealed[i].flags & DIG_PACK_BULK) != 0;
	return store->bulk.open && store->bulk.number == number;
}

enum dig_status
dig_rewrite_put(struct dig_rewrite *rewrite, struct dig_record *rec,
    const void *payload, bool bulk, const struct dig_location *base,
    const struct dig_solid_item *items, size_t nitems,
    struct dig_location *where, struct dig_error *err)
{
	struct dig_store *store = rewrite->store;
	bool base_bulk = base != NULL && is_bulk(store, base->pack);

	atomic_store(&store->touched, true);
	return dig_pack_out_append(bulk ? &store->bulk : &store->normal, rec,
	    payload, base, base_bulk, items, nitems, where, err);
}

enum dig_status
dig_rewrite_swap(struct dig_rewrite *rewrite, const uint32_t *gone,
    size_t ngone, struct dig_error *err)
{
	enum dig_status st;

	assert(ngone > 0);
	st = dig_index_swap(rewrite->index, rewrite->verb, gone, ngone, err);
	return st == DIG_OK ? delete_unnamed(rewrite->store, err) : st;
}
