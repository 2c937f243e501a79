/* SPDX-License-Identifier: MIT
 *
 * Packs written anew, smaller and with the newest versions the cheapest to
 * read. Part of the door repo/dig.h.
 */
#ifndef REPO_REPACK_H
#define REPO_REPACK_H

#include <stdbool.h>
#include <stdint.h>

#include "objects/base/error.h"

struct dig_repo;

/* zstd's levels that may be asked for; 0 is dig's choice. */
#define DIG_REPACK_LEVEL_MAX 19

struct dig_repo_repack_options {
	int level;
	bool dry_run; /* do all the work, and write nothing */
};

struct dig_repo_repack_result {
	int level;
	uint64_t packs;        /* that were written anew */
	uint64_t objects;      /* in them */
	uint64_t frames;       /* that objects share */
	uint64_t deltas;       /* of larger chunks */
	uint64_t bytes_before; /* of these packs, without parity */
	uint64_t bytes_after;  /* of those in their place; of a dry run about */
};

/*
 * Every object stays, and every operation can be taken back as before; bulk
 * packs are left as they are. Killed at any moment, the repository is as it was
 * or has the new packs. Readers may be at work beside it.
 *
 * Errors: CORRUPT (a pack is damaged: nothing was changed), LOCKED, IO,
 * CANCELLED. Cost: decodes and encodes all objects of the packs. Space: the new
 * packs beside the old. Memory: up to 150 bytes for each object, and for each
 * thread about 60 MiB.
 */
enum dig_status dig_repo_repack(struct dig_repo *repo,
    const struct dig_repo_repack_options *options,
    struct dig_repo_repack_result *out, struct dig_error *err) DIG_CHECKED;

#endif
