/* SPDX-License-Identifier: MIT
 *
 * Bringing another line of history into HEAD's.
 *
 *	         already there        nothing to do
 *	         fast-forward         a switch that takes the branch along
 *	three-way, no conflict        a switch to the merged tree, then a commit
 *	three-way, conflicts          the switch; the operation stays in
 *progress
 *
 * The switch keeps C1 to C4 (checkout.h): killed on the way, the same merge
 * finishes it, and 'dig checkout' or 'dig reset --hard' takes it back. Its last
 * record names the operation (operation.h), so the commit has both parents
 * whenever it is made, and whatever happens to index.db until then.
 */
#ifndef REPO_MERGE_H
#define REPO_MERGE_H

#include "repo/checkout.h"
#include "repo/operation.h"
#include "repo/record.h"

enum dig_ff { DIG_FF_ALLOWED, DIG_FF_NEVER, DIG_FF_ONLY };

struct dig_merge_options {
	const char *rev;
	enum dig_ff ff;
	bool no_commit; /* stop before the commit */
	bool edit;      /* there is a message to edit: stop as well */
	bool no_verify; /* pre-merge-commit and commit-msg do not run */
	bool unrelated; /* also with nothing in common */
	int favor; /* where both changed the same: DIG_SIDE_OURS, _THEIRS; 0 */
	const char *message; /* clean; NULL: "Merge branch 'x'" */
};

enum dig_merge_outcome {
	DIG_MERGE_ALREADY,      /* HEAD has all of it */
	DIG_MERGE_FAST_FORWARD, /* HEAD is there now */
	DIG_MERGE_COMMITTED,    /* result->record tells of the commit */
	DIG_MERGE_STOPPED,      /* no conflict; it is not committed yet */
	DIG_MERGE_CONFLICTS     /* the operation is in progress */
};

struct dig_merge_result {
	enum dig_merge_outcome outcome;
	struct dig_oid from; /* where HEAD was; zero: no commit yet */
	struct dig_oid to;   /* the commit that was merged */
	uint64_t op;         /* the operation, for the commit */
	struct dig_buf told; /* lines about paths, in their order */
	struct dig_recorded record;
};

/*
 * Merge a commit into HEAD. Where hooks run before the commit, it stops before
 * it: they, and the commit, are the caller's.
 *
 * Errors: NOTFOUND, AMBIGUOUS (the revision); NO (no fast-forward and no other
 * way is wanted, nothing in common); CONFLICT (an operation is in progress;
 * staged changes, or files in the way, each warned of: nothing was changed);
 * DENIED (a hook that would run is not trusted: nothing was changed);
 * INVALID (no identity, the plugin for texts); FILE, CANCELLED; LOCKED; those
 * of the store. That there are conflicts is no error here.
 * Cost: O(differences of both lines from where they parted).
 */
enum dig_status dig_merge(struct dig_repo *repo,
    const struct dig_merge_options *options, struct dig_merge_result *result,
    struct dig_error *err) DIG_CHECKED;
void dig_merge_result_clear(struct dig_merge_result *result);

#endif
