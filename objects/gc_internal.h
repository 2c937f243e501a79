/* SPDX-License-Identifier: MIT
 *
 * The plan of a gc; for gc*.c only.
 */
#ifndef OBJECTS_GC_INTERNAL_H
#define OBJECTS_GC_INTERNAL_H

#include "objects/gc.h"
#include "objects/store_internal.h"

/* One pack, and what shall become of it. */
struct dig_gc_pack {
	uint32_t number;
	bool bulk;
	uint64_t length;
	uint64_t nlive;    /* objects in it that are reached */
	uint64_t needed;   /* bytes of records that are needed */
	uint64_t dead;     /* and of those that are not */
	bool dead_history; /* dead commits or tags are in it */
	bool damaged;      /* found out before, or now */
	bool pinned;       /* it has to stay as it is */
	bool chosen;       /* it goes */
	uint64_t ncopied;  /* reached objects that were copied out of it */
};

/* `from` has deltas that name bases in `to` by id. Positions in `packs`. */
struct dig_gc_need {
	uint32_t from;
	uint32_t to;
	bool dead; /* among them deltas that nothing needs */
};

struct dig_gc {
	struct dig_index *index;
	struct dig_store *store;
	const struct dig_gc_options *options;
	struct dig_gc_pack
	    *packs; /* what names others by id comes before them */
	size_t npacks;
	size_t nnormal; /* these first, then bulk packs; high numbers first */
	struct dig_gc_need *needs;
	size_t nneeds;
	size_t needs_cap;
	struct dig_gc_totals totals;
};

/* A pack is damaged: tell it, once. */
void dig_gc_damaged(
    struct dig_gc *gc, struct dig_gc_pack *pack, const char *message);
/* The pack of a number; NULL: none. */
struct dig_gc_pack *dig_gc_pack(struct dig_gc *gc, uint32_t number);
/* Look at every pack and choose. Errors: CORRUPT (something that is alive is in
 * none of them), IO, CANCELLED. */
enum dig_status dig_gc_plan(
    struct dig_gc *gc, struct dig_error *err) DIG_CHECKED;
/* Take the chosen packs apart: copy, swap. */
enum dig_status dig_gc_copy(
    struct dig_gc *gc, struct dig_error *err) DIG_CHECKED;

#endif
