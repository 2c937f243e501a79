/* SPDX-License-Identifier: MIT
 *
 * Deleting what nothing names any more. Part of the door repo/dig.h.
 */
#ifndef REPO_GC_H
#define REPO_GC_H

#include <stdbool.h>
#include <stdint.h>

#include "objects/base/error.h"

struct dig_repo;

struct dig_repo_gc_options {
	bool dry_run;
	int64_t keep_ops; /* operations that undo keeps; -1: gc.keepOps */
	void *arg;
	/* A damaged pack, which is left alone; file: below .dig. */
	void (*finding)(void *arg, const char *file, const char *message);
};

struct dig_repo_gc_result {
	uint64_t kept_ops;     /* that can be taken back still */
	uint64_t folded_ops;   /* and those that can no longer */
	uint64_t objects;      /* that are reachable */
	uint64_t packs;        /* before */
	uint64_t dropped;      /* packs that are gone, with nothing of use */
	uint64_t rewritten;    /* packs that are gone, what was of use copied */
	uint64_t damaged;      /* packs left alone because of damage */
	uint64_t dead_bytes;   /* that are gone */
	uint64_t left_bytes;   /* dead, in packs that were left alone */
	uint64_t bytes_before; /* of packs, parity and mirrors */
	uint64_t bytes_after;  /* the same; of a dry run an estimate */
};

/*
 * Keep what refs, tags, HEAD, the staging, an operation in progress and the
 * last keep_ops operations lead to, and delete the rest. Operations before
 * these are folded into one record of the journal, and cannot be taken back
 * any more. Killed at any moment, the repository is whole, and the same call
 * finishes the work. Readers may be at work beside it.
 *
 * Errors: CORRUPT (something that is named is missing: nothing was deleted),
 * CONFLICT (a state that only a later dig knows), LOCKED, IO, CANCELLED.
 * Cost: reads every commit and tree, and if anything is to go every pack;
 * writes what packs that go have of use. Space: about one pack more. Memory:
 * 39 to 44 bytes for each object that is reachable, and what dig_index_gc takes
 * for one pack.
 */
enum dig_status dig_repo_gc(struct dig_repo *repo,
    const struct dig_repo_gc_options *options, struct dig_repo_gc_result *out,
    struct dig_error *err) DIG_CHECKED;

#endif
