/* SPDX-License-Identifier: MIT
 *
 * Reading what is stored, to find damage while it can be repaired. Part of the
 * door repo/dig.h.
 */
#ifndef REPO_SCRUB_H
#define REPO_SCRUB_H

#include "repo/fsck.h"

struct dig_scrub_options {
	bool deep;                 /* decode and hash every object, too */
	uint64_t bytes_per_second; /* 0: as fast as it goes */
	int64_t max_ms;            /* stop after so long; 0: at the end */
	void *arg;
	/* One call at a time, from any thread. */
	void (*finding)(void *arg, const struct dig_finding *finding);
};

struct dig_scrub_totals {
	uint64_t records;
	uint64_t bytes;       /* of packs that were read */
	uint64_t total_bytes; /* of all packs */
	uint64_t damaged;     /* findings */
	bool stopped;         /* before the end */
	bool recorded;        /* the index knows what was read */
};

/*
 * Read packs, parity and mirrors and compare every record and every cell with
 * its checksum, what was verified longest ago first, and what never was before
 * that. What is found right is noted in the table `scrub` of the index, a
 * cache: the next scrub goes on where this one stopped. Takes the lock only to
 * note that, when it is free; others may read and write meanwhile.
 *
 * Errors: CANCELLED (what was read so far is noted), IO.
 * Cost: reads everything once, on all cores.
 */
enum dig_status dig_repo_scrub(struct dig_repo *repo,
    const struct dig_scrub_options *options, struct dig_scrub_totals *out,
    struct dig_error *err) DIG_CHECKED;

/* What scrubs have verified so far, of packs as they are now. */
struct dig_scrub_sum {
	uint64_t total_bytes;
	uint64_t bytes;      /* verified at least once */
	int64_t oldest;      /* seconds since 1970, of what was longest ago */
	uint64_t deep_bytes; /* by content */
	int64_t deep_oldest;
};

/* All zeros where the index cannot be used. Cost: a row for each 64 MiB. */
enum dig_status dig_repo_scrubbed(struct dig_repo *repo,
    struct dig_scrub_sum *out, struct dig_error *err) DIG_CHECKED;

#endif
