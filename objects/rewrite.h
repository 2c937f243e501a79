/* SPDX-License-Identifier: MIT
 *
 * DOOR: packs that take the place of others. Somebody encodes records, in the
 * order and form that serves him; here they go to packs of their own, and one
 * journal record names these instead of the old ones.
 *
 *   dig_index_begin
 *     dig_rewrite_begin
 *       dig_rewrite_put ...      records of objects of the packs that go
 *       dig_rewrite_swap         the commit point; then the files go
 *       dig_rewrite_put ...      and so on, pack by pack
 *     dig_rewrite_end
 *   dig_index_rollback
 *
 * Invariants
 * R1  A file is deleted only when both files of the journal durably say what
 *     names it no longer.
 * R2  The caller has put every object of a pack that goes which anything still
 *     needs, deltas that name a base by id among the needy.
 * R3  A base stands where it stays: in a new pack, or in a lower one that does
 *     not go. A record that stays and names a base by id in a pack that goes
 *     would lose it, for new packs have higher numbers (S4): its pack goes
 *     before or with that one, and takes what it needs along.
 *
 * Killed at any moment, packs and rows are those before a swap or after it;
 * files that nothing names are deleted by the next dig_rewrite_begin.
 */
#ifndef OBJECTS_REWRITE_H
#define OBJECTS_REWRITE_H

#include "objects/index.h"
#include "objects/pack.h"

struct dig_rewrite;

/*
 * Inside a transaction in which nothing was put. Deletes what an earlier one
 * that was killed has left. verb: "gc", for the journal; borrowed. Errors: IO.
 */
enum dig_status dig_rewrite_begin(struct dig_index *index, const char *verb,
    struct dig_rewrite **out, struct dig_error *err) DIG_CHECKED;
/* What was put and not swapped goes with the transaction. Accepts NULL. */
void dig_rewrite_end(struct dig_rewrite *rewrite);
/* Packs from this number on are new ones. */
uint32_t dig_rewrite_first(const struct dig_rewrite *rewrite);

/*
 * Append a record. Header fields that follow from its place are set here.
 *
 * rec      kind, codec, raw_len, stored_len, id; of a delta also chain and
 *          base_id (the id of what stands at `base`)
 * bulk     goes to the bulk pack: large data that is read in sequence
 * base     of a delta: where its base stands, see R3; else NULL
 * items    of a solid: what is in it; else NULL
 * where    its place
 *
 * Errors: CONFLICT (the base is in a higher pack: encode without it), IO.
 */
enum dig_status dig_rewrite_put(struct dig_rewrite *rewrite,
    struct dig_record *rec, const void *payload, bool bulk,
    const struct dig_location *base, const struct dig_solid_item *items,
    size_t nitems, struct dig_location *where,
    struct dig_error *err) DIG_CHECKED;

/*
 * Commit: what was put counts, and the packs `gone` do no longer; rows of
 * objects move along. Then the files go, and the next transaction is begun.
 * Readers of this process are made anew by the caller.
 * Errors: those of dig_index_commit; after IO what is to go may be there still.
 */
enum dig_status dig_rewrite_swap(struct dig_rewrite *rewrite,
    const uint32_t *gone, size_t ngone, struct dig_error *err) DIG_CHECKED;

#endif
