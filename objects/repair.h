/* SPDX-License-Identifier: MIT
 *
 * DOOR: putting damaged packs, parity files and mirrors right on the disk.
 */
#ifndef OBJECTS_REPAIR_H
#define OBJECTS_REPAIR_H

#include "objects/store.h"

enum dig_repair_what {
	DIG_REPAIR_REBUILT, /* damaged, and right again */
	DIG_REPAIR_MADE,    /* missing, and made anew */
	DIG_REPAIR_BEYOND /* damaged beyond what parity and mirror give back */
};

/* One file that is not as it should be. */
struct dig_repair_event {
	const char *file; /* below .dig, borrowed for the call */
	enum dig_repair_what what;
	const char *message;
};

struct dig_repair_options {
	bool dry_run; /* look and tell, write nothing */
	void *arg;
	void (*event)(void *arg, const struct dig_repair_event *event);
	/* May be NULL. */
	void (*progress)(void *arg, uint64_t done_bytes, uint64_t total_bytes);
};

/*
 * Compare every pack with its parity and its mirror, and these with the pack.
 * What differs is written to a new file, read again as a whole, and renamed;
 * the old file is kept in quarantine/. The caller holds the lock, unless with
 * dry_run, and no reader is in use. Killed at any moment, it can run again.
 *
 * Errors: IO, CANCELLED. Cost: reads everything; writes what is damaged, with
 * room for one more pack. Memory: two groups.
 */
enum dig_status dig_store_repair(struct dig_store *store,
    const struct dig_repair_options *options,
    struct dig_error *err) DIG_CHECKED;

#endif
