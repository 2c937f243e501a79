/* SPDX-License-Identifier: MIT
 *
 * Checking a whole repository. Part of the door repo/dig.h.
 */
#ifndef REPO_FSCK_H
#define REPO_FSCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "objects/base/error.h"
#include "objects/oid.h"

struct dig_repo;

enum dig_finding_kind {
	DIG_FINDING_DAMAGED, /* bytes that are not what they should be */
	DIG_FINDING_LOST,    /* what cannot be read any more because of it */
	DIG_FINDING_INDEX,   /* the index differs from packs and journal */
	DIG_FINDING_REPAIRED /* damage that is gone now */
};

/* One thing found. All pointers are borrowed for the call. */
struct dig_finding {
	enum dig_finding_kind kind;
	const char *file; /* below .dig, "packs/000001.pack"; NULL: none */
	bool has_offset;
	uint64_t offset;           /* in the file */
	enum dig_kind object_kind; /* 0: none */
	struct dig_oid object;
	bool has_commit;
	struct dig_oid commit; /* with a path: where the path is lost */
	bool staged;           /* the path is lost from what is staged */
	const uint8_t *path;   /* NULL: none */
	size_t path_len;
	const char *message;
};

struct dig_fsck_options {
	bool quick;         /* checksums of records only */
	bool rebuild_index; /* make index.db anew first */
	bool repair;        /* put right what can be, then check */
	bool dry_run;       /* instead: find out what could be */
	void *arg;
	/* From the calling thread or another one, one call at a time. */
	void (*finding)(void *arg, const struct dig_finding *finding);
};

struct dig_fsck_totals {
	uint64_t packs;
	uint64_t records;
	uint64_t bytes;
	uint64_t objects; /* whole ones; full check */
	uint64_t commits;
	uint64_t entries; /* tree entries looked at */
	uint64_t index_rows;
	bool index_checked;
	uint64_t damaged; /* findings by kind */
	uint64_t lost;
	uint64_t index_differs;
	uint64_t repaired;
};

/*
 * Check the repository: format and config and their copies, the journal and
 * its copy, every record of every pack; without quick also every object's id,
 * every tree, every content, every commit, refs, HEAD, what is staged, and
 * the rows of the index. Parity and mirrors are compared with the packs. Writes
 * nothing, but for rebuild_index and repair.
 *
 * What is damaged is a finding and no error. Errors: CANCELLED, IO, LOCKED
 * (rebuild_index, repair).
 * Cost: the full check reads and hashes everything once, on all cores, and
 * keeps 20 to 40 bytes in memory for each object.
 */
enum dig_status dig_repo_fsck(struct dig_repo *repo,
    const struct dig_fsck_options *options, struct dig_fsck_totals *out,
    struct dig_error *err) DIG_CHECKED;

#endif
