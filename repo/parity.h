/* SPDX-License-Identifier: MIT
 *
 * What parity protects. Part of the door repo/dig.h.
 */
#ifndef REPO_PARITY_H
#define REPO_PARITY_H

#include <stddef.h>
#include <stdint.h>

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

#endif
