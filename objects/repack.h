/* SPDX-License-Identifier: MIT
 *
 * DOOR: packs written anew in an order in which a history stores well: versions
 * of one path share frames, the newest first.
 *
 * Source: docs/adr/0019-repack.md.
 */
#ifndef OBJECTS_REPACK_H
#define OBJECTS_REPACK_H

#include "objects/index.h"

#define DIG_REPACK_LEVEL 15
/* A frame has this many raw bytes at most; one of commits fewer, because the
 * newest alone are read most. */
#define DIG_REPACK_FRAME ((size_t)2 << 20)
#define DIG_REPACK_COMMITS ((size_t)1 << 20)
/* A chunk beyond it is a record of its own, a delta where it has a newer
 * version. */
#define DIG_REPACK_SHARED_MAX ((size_t)64 << 10)

struct dig_repack_options {
	int level;    /* of zstd */
	bool dry_run; /* encode, and write nothing */
	void *arg;
	/* May be NULL. From any thread, one call at a time. bytes are raw; 0
	 * of 0: not known. */
	void (*progress)(void *arg, const char *what, uint64_t done_bytes,
	    uint64_t total_bytes);
};

struct dig_repack_totals {
	uint64_t packs;        /* that were written anew */
	uint64_t objects;      /* in them */
	uint64_t frames;       /* that objects share now */
	uint64_t deltas;       /* of chunks too large for that */
	uint64_t bytes_before; /* of these packs, without parity */
	uint64_t bytes_after;  /* of those that took their place */
};

/*
 * Inside a transaction in which nothing was put (for a dry run: without one).
 * It is over on return, whatever the outcome.
 *
 * Every object of every pack that is no bulk pack goes to new packs, which take
 * the place of the old ones in one step (dig_rewrite_swap); what no ref leads
 * to goes along. Bulk packs stay. Before that every record is checked, every
 * object is decoded and hashed, and every frame is decoded again.
 *
 * Errors: CORRUPT (a pack is damaged: nothing was changed), IO, CANCELLED,
 * those of dig_index_commit.
 * Space: the new packs beside the old. Memory: up to 150 bytes for each object,
 * and for each thread about 60 MiB at the default level.
 */
enum dig_status dig_index_repack(struct dig_index *index,
    const struct dig_repack_options *options, struct dig_repack_totals *out,
    struct dig_error *err) DIG_CHECKED;

#endif
