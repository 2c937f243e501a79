/* SPDX-License-Identifier: MIT
 *
 * Bringing the work tree and the journal's state to what they shall be, where
 * the files that are written are others than those that are staged: undo and
 * stash; for repo/ only. A switch (switch.h) is the simpler case.
 *
 * The announcement names two trees: the files that are written as they are to
 * be, and as they were. Killed, the same command finishes it, and undo goes by
 * both trees.
 *
 * Invariants: C1 to C4 of checkout.h. Format: docs/format.md "State".
 */
#ifndef REPO_TRANSITION_H
#define REPO_TRANSITION_H

#include "repo/announce.h"
#include "repo/steps.h"

struct dig_transition {
	struct dig_repo *repo;
	struct dig_steps *steps;    /* checked */
	const struct dig_state *to; /* refs, HEAD, staging, what is in progress;
				     * packs are not looked at */
	struct dig_oid others;      /* tree of all files without a step */
	const struct dig_announcement *begun; /* not finished; NULL: nothing */
	const char *verb;                     /* for the journal */
	const char *hint; /* for files that could not be written */
	uint64_t op;      /* inout: number of the operation; 0: a new one */
};

/* Nothing that the journal would say is otherwise, and no file is written. */
bool dig_transition_is_there(const struct dig_transition *transition);

/*
 * Do it, in a transaction, which is over afterwards when it went well. What
 * dig_index_next has been given before becomes true with the announcement, so
 * before the first file changes; all of `to` does with the last record.
 *
 * Errors: CONFLICT (too many switches have not finished; a file changed
 * meanwhile); FILE, CANCELLED (announced and partly done); those of the store.
 * Cost: O(steps, and differences of the staged trees).
 */
enum dig_status dig_transition_run(
    struct dig_transition *transition, struct dig_error *err) DIG_CHECKED;

#endif
