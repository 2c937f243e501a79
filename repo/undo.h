/* SPDX-License-Identifier: MIT
 *
 * Taking back operations. An operation is what one command did: its journal
 * records, which are neighbours and share a number.
 */
#ifndef REPO_UNDO_H
#define REPO_UNDO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "objects/base/error.h"
#include "objects/oid.h"

struct dig_repo;

struct dig_operation {
	uint64_t number;
	int64_t time;     /* of its last record, seconds since 1970 */
	char *verb;       /* "commit: subject", owned */
	uint64_t records; /* in the journal */
	bool finished;    /* false: it announced a switch, and that is all */
};

/* The newest first. */
struct dig_operations {
	struct dig_operation *at;
	size_t count;
	size_t cap;
	/* Operations before the last of these were folded by a gc, then; 0: the
	 * list goes on, or back to the beginning. */
	int64_t folded_time;
};

void dig_operations_clear(struct dig_operations *list);

/*
 * The operations that can be taken back, `limit` at most; out: replaced.
 * Errors: CORRUPT, IO. Cost: the journal is read once.
 */
enum dig_status dig_undo_list(struct dig_repo *repo, uint64_t limit,
    struct dig_operations *out, struct dig_error *err) DIG_CHECKED;

struct dig_undo_options {
	uint64_t number; /* this operation and all after it; 0: the last */
	bool keep_files; /* leave the work tree alone */
};

struct dig_undo_result {
	uint64_t number; /* the first that was taken back */
	uint64_t last;   /* and the last */
	char *verb;      /* of the first; caller frees by clear */
	bool nothing;    /* all was as before that operation already */
	bool lossy;      /* one of them overwrote edits, which stay lost */
	char *branch;    /* where HEAD is now; NULL: detached */
	struct dig_oid commit; /* zero: none yet */
	bool moved;            /* HEAD was elsewhere before */
	uint64_t written;
	uint64_t removed;
};

void dig_undo_result_clear(struct dig_undo_result *result);

/*
 * Make refs, HEAD, what is staged and the operation in progress what they were
 * before. This is an operation of its own: taken back, it is redone.
 *
 * What those operations wrote to working files is taken back, too: of those
 * that switch, of stash, and of rm, mv and restore, but not of add, commit or
 * reset --mixed, which wrote none. A file that is not as they left it is in the
 * way. The switch is announced (checkout.h, C1 to C4); killed, the same call
 * finishes it. A switch that was killed is the last operation: it is taken
 * back by bringing the files back.
 *
 * Errors: NO (there is nothing to take back); NOTFOUND (no such operation);
 * CONFLICT (files in the way, each warned of; nothing was changed); FILE,
 * CANCELLED (partly done; run it again); CORRUPT (the journal does not follow
 * from itself); LOCKED; those of the store.
 * Cost: the journal is read once; O(differences of the trees).
 */
enum dig_status dig_undo(struct dig_repo *repo,
    const struct dig_undo_options *options, struct dig_undo_result *result,
    struct dig_error *err) DIG_CHECKED;

#endif
