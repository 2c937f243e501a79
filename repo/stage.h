/* SPDX-License-Identifier: MIT
 *
 * Staging: from the work tree to what the next commit will hold.
 */
#ifndef REPO_STAGE_H
#define REPO_STAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "objects/base/error.h"
#include "objects/oid.h"

struct dig_repo;

enum dig_stage_what { DIG_STAGE_PUT, DIG_STAGE_REMOVED };

struct dig_stage_options {
	const char *const *paths; /* pathspecs from the current folder */
	size_t npaths;            /* 0: everything */
	bool tracked_only;        /* -u */
	bool force;               /* -f: ignored files too */
	bool dry_run;             /* -n */
	const char *verb;         /* for the journal; NULL: "add" */
	uint64_t op;              /* the operation that it goes on with, or 0 */
	void *arg;
	/* May be NULL: each path that was staged, from the root, in order. */
	void (*changed)(void *arg, enum dig_stage_what what, const char *path);
};

struct dig_stage_result {
	uint64_t added;
	uint64_t modified;
	uint64_t removed;
	uint64_t failures; /* files that were named and left out */
	uint64_t op; /* operation of the records; 0: nothing was written */
};

/*
 * Stage what the paths name: new and changed files, and those that are gone.
 * Files that cannot be read are named by the repository's talk and left out;
 * the rest is staged.
 *
 * Errors: FILE when some were left out; NOTFOUND for a path that names
 * nothing; NO for an ignored one; INVALID for one outside; CANCELLED after
 * Ctrl-C, with what is staged by then in the message; LOCKED, IO, DB.
 * The result is filled in every case.
 */
enum dig_status dig_stage(struct dig_repo *repo,
    const struct dig_stage_options *options, struct dig_stage_result *result,
    struct dig_error *err) DIG_CHECKED;

/* Stage the bytes of a descriptor, to its end, under a path that is given from
 * the current folder. Errors as above. */
enum dig_status dig_stage_stream(struct dig_repo *repo, int fd,
    const char *path, bool exec, struct dig_stage_result *result,
    struct dig_error *err) DIG_CHECKED;

/*
 * Stage bytes under a path that is given from the root, if what is staged there
 * still has this content. verb: for the journal. *op: the operation that it
 * goes on with, or 0; inout. Errors as above; CONFLICT: it was staged anew.
 */
enum dig_status dig_stage_bytes(struct dig_repo *repo, const char *path,
    const struct dig_oid *before, const void *data, size_t len, bool exec,
    const char *verb, uint64_t *op, struct dig_error *err) DIG_CHECKED;

#endif
