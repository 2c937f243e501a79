/* SPDX-License-Identifier: MIT
 *
 * DOOR: deleting what no root reaches. Packs of which much is dead are
 * rewritten without it, packs of which all is dead are dropped, the others are
 * left alone.
 *
 * Source: docs/adr/0018-gc.md.
 */
#ifndef OBJECTS_GC_H
#define OBJECTS_GC_H

#include "objects/index.h"
#include "objects/live.h"

/* A pack is rewritten from this share of dead bytes on. */
#define DIG_GC_WASTE_PERCENT 20

struct dig_gc_options {
	struct dig_live *live; /* walked; marks are set in it */
	bool dry_run;          /* plan and tell, change nothing */
	void *arg;
	/* A pack that is left alone because it is damaged. */
	void (*finding)(void *arg, uint32_t pack, const char *message);
	/* May be NULL. */
	void (*progress)(void *arg, const char *what, uint64_t done_bytes,
	    uint64_t total_bytes);
};

struct dig_gc_totals {
	uint64_t packs;        /* before */
	uint64_t dropped;      /* packs of which nothing was alive */
	uint64_t rewritten;    /* packs of which something was */
	uint64_t damaged;      /* packs that are left alone for it */
	uint64_t dead_bytes;   /* in dropped and rewritten packs */
	uint64_t left_bytes;   /* dead bytes in packs that are left alone */
	uint64_t copied_bytes; /* of records, to new packs */
	uint64_t
	    bytes_before; /* packs, parity and mirrors, as the journal has */
	uint64_t bytes_after; /* them; after a dry run what is expected */
};

/*
 * Inside a transaction in which nothing was put (for a dry run: without one).
 * It is over on return, whatever the outcome.
 *
 * First everything is read: of packs that are to be rewritten every object is
 * decoded and hashed, of all others the checksums of records, because a record
 * that stays may need one that goes. A damaged pack is left alone, and so are
 * those that hold what it may need. Then, pack by pack, what is needed is
 * copied as it stands into new packs (dig_rewrite_swap); only a frame that many
 * objects share is compressed anew, when some of them go.
 *
 * Errors: CORRUPT (something alive is missing: nothing was changed), IO,
 * CANCELLED, those of dig_index_commit. What was swapped before stays so.
 * Space: one pack more, and what deltas of the next need of lower ones.
 * Memory: at most 64 bytes for each record of one pack, 72 more for each of its
 * deltas that name a base by id, and 150 for each row that moves.
 */
enum dig_status dig_index_gc(struct dig_index *index,
    const struct dig_gc_options *options, struct dig_gc_totals *out,
    struct dig_error *err) DIG_CHECKED;

#endif
