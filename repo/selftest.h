/* SPDX-License-Identifier: MIT
 *
 * Damage on purpose, to a copy. Part of the door repo/dig.h.
 */
#ifndef REPO_SELFTEST_H
#define REPO_SELFTEST_H

#include <stdbool.h>
#include <stdint.h>

#include "objects/base/error.h"

struct dig_repo;

struct dig_selftest_options {
	bool keep; /* leave the copy where it is */
	void *arg;
	/* What was harmed and what came of it; borrowed for the call. */
	void (*line)(void *arg, bool came_back, const char *text);
};

struct dig_selftest_totals {
	uint64_t harms;     /* done */
	uint64_t came_back; /* of these, bit for bit */
	uint64_t objects;   /* compared at the end */
	char *folder;       /* of the copy, free() */
};

/*
 * Copy the repository into .dig/tmp, harm the copy in many ways, repair it each
 * time, and compare every file, in the end every object. The original is read
 * only. Sealed packs beyond 256 MiB are second names of the original's files:
 * they are never harmed, and repair writes no file in place. The index of the
 * copy is made anew.
 *
 * Errors: CORRUPT (the repository is damaged already), LOCKED, IO, CANCELLED.
 * Cost: room for the copy and one pack more; reads the copy about ten times.
 */
enum dig_status dig_repo_selftest(struct dig_repo *repo,
    const struct dig_selftest_options *options, struct dig_selftest_totals *out,
    struct dig_error *err) DIG_CHECKED;

#endif
