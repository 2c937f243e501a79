/* SPDX-License-Identifier: MIT
 *
 * Going from what is staged and checked out to another commit and tree, with
 * the announcement and the two records of a switch; for repo/ only. Invariants:
 * checkout.h.
 */
#ifndef REPO_SWITCH_H
#define REPO_SWITCH_H

#include "repo/internal.h"
#include "repo/operation.h"

struct dig_switch {
	const char *verb;      /* for the journal */
	const char *what;      /* for progress: "checking out" */
	struct dig_oid commit; /* HEAD to be */
	const char *ref;       /* that HEAD is to name; NULL: detached */
	struct dig_oid tree;   /* that is written and staged */
	bool drop_staged; /* staged changes go; else they are kept (or collide)
			   */
	bool force;       /* and edits, and what is in the way */
	const struct dig_op
	    *lose; /* files of its conflicts may be lost; or NULL */
	const struct dig_op *after; /* in progress afterwards; NULL: nothing */
	uint64_t op; /* inout: number of the operation; 0: a new one */
	/* Set on success: */
	uint64_t written;
	uint64_t removed;
	uint64_t skipped_links;
};

/*
 * Do it, in a transaction, which is over afterwards in any case. Nothing is
 * recorded where all is as it shall be.
 *
 * Errors: CONFLICT (staged changes or files in the way, each warned of; nothing
 * was changed); FILE, CANCELLED (announced and partly done); those of the
 * store. Cost: O(differences of the trees).
 */
enum dig_status dig_switch_to(struct dig_repo *repo, struct dig_switch *to,
    struct dig_error *err) DIG_CHECKED;

/*
 * In a transaction: nothing is staged. what: "merge".
 * Errors: CONFLICT (each staged path warned of), those of the store.
 */
enum dig_status dig_switch_need_clean(
    struct dig_repo *repo, const char *what, struct dig_error *err) DIG_CHECKED;

#endif
