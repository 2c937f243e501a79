/* SPDX-License-Identifier: MIT
 *
 * What parity protects. Part of the door repo/dig.h.
 */
#ifndef REPO_PARITY_H
#define REPO_PARITY_H

#include <stddef.h>
#include <stdint.h>

#include "objects/base/error.h"

struct dig_repo;

/* Packs whose stripes have the same cells. data 0: without parity. */
struct dig_parity_sum {
	unsigned data;
	unsigned parity;
	uint64_t packs;
	uint64_t bytes;        /* committed, of these packs */
	uint64_t covered;      /* of these, by parity; the rest is mirrored */
	uint64_t parity_bytes; /* of their .par files */
	uint64_t whole_packs;  /* packs of which all is in a mirror */
	uint64_t group_bytes;  /* of a full group */
	uint64_t hole_bytes; /* any hole up to this in a full group is mended */
};

/*
 * Sum up the packs by their geometry, in the order of the first pack of each,
 * into out; at most max of them (others are left out). Returns how many.
 * Cost: the journal's state, which is in memory.
 */
size_t dig_repo_parity(
    struct dig_repo *repo, struct dig_parity_sum *out, size_t max);

/* Cells of a stripe that new packs get, by the settings; 0 and 0: none. */
enum dig_status dig_repo_parity_shape(struct dig_repo *repo, unsigned *data,
    unsigned *parity, struct dig_error *err) DIG_CHECKED;
/* The settings of the repository. INVALID: no such geometry. parity 0: none. */
enum dig_status dig_repo_parity_set(struct dig_repo *repo, unsigned data,
    unsigned parity, struct dig_error *err) DIG_CHECKED;

struct dig_parity_change {
	uint64_t packs; /* that have another geometry now */
	uint64_t bytes; /* of them */
	uint64_t left;  /* packs that are damaged and were left as they are */
};

/*
 * Give every pack parity of this geometry, or (0, 0) none: pack by pack,
 * each in one journal record. left: told of packs that are damaged. Killed at
 * any moment, each pack has its old parity or its new one.
 *
 * Errors: IO, LOCKED, CANCELLED (packs that are done stay so).
 * Cost: reads three times what changes; room for the parity of one pack more.
 */
enum dig_status dig_repo_parity_build(struct dig_repo *repo, unsigned data,
    unsigned parity, void *arg, void (*left)(void *arg, const char *why),
    struct dig_parity_change *out, struct dig_error *err) DIG_CHECKED;

#endif
