/* SPDX-License-Identifier: MIT
 *
 * Commits copied one after another: cherry-pick, revert, rebase.
 *
 *	begin -- all copied in memory --+-- switch to the last one, done
 *	                                '-- switch to where it stops, in
 *progress
 *	                                      --continue, --skip: the same again
 *	                                      --abort: back to where HEAD was
 *
 * All copies are made of objects (copy.h); then the work tree is switched once,
 * at the end or where a person is needed. So a command that goes through is one
 * record in the journal, and what the reflog says of HEAD is where it went.
 *
 * The switch keeps C1 to C4 (checkout.h), and the record that announces it has
 * the operation: killed at any point, --continue and --abort work.
 */
#ifndef REPO_SEQUENCE_H
#define REPO_SEQUENCE_H

#include "repo/checkout.h"
#include "repo/operation.h"

/* What became of a commit. */
enum dig_copied {
	DIG_COPIED,
	DIG_COPIED_AS_IT_IS, /* it stood there already: DIG_COPY_FORWARD */
	DIG_COPIED_EMPTY,    /* left out: it would change nothing any more */
	DIG_COPIED_UPSTREAM  /* left out: the same change is there */
};

struct dig_copied_commit {
	enum dig_copied what;
	struct dig_oid from;
	struct dig_oid to;   /* the copy; zero: none */
	char *subject;       /* of the copy, or what was left out; owned */
	struct dig_buf told; /* lines about paths */
};

enum dig_sequence_outcome {
	DIG_SEQUENCE_DONE,
	DIG_SEQUENCE_CONFLICTS, /* stopped: paths are not merged */
	DIG_SEQUENCE_EMPTY,     /* stopped: it would change nothing */
	DIG_SEQUENCE_READY,     /* stopped before a commit, which is to be made:
				 * dig_record_commit, then dig_sequence_go_on */
	DIG_SEQUENCE_UP_TO_DATE /* rebase: there is nothing to do */
};

struct dig_sequence_result {
	enum dig_sequence_outcome outcome;
	struct dig_copied_commit *at; /* in their order */
	size_t count;
	size_t cap;
	struct dig_buf told;    /* of the commit that it stopped at */
	struct dig_oid stopped; /* the commit that it stopped at */
	char *subject;          /* of that; owned */
	bool empty; /* READY: the commit changes nothing, as it shall be */
	struct dig_oid from; /* where HEAD was */
	struct dig_oid to;   /* and is */
	char *branch;        /* that HEAD names then; NULL: detached; owned */
	uint64_t op;         /* number of the operation */
};

void dig_sequence_result_clear(struct dig_sequence_result *result);

/* Of cherry-pick and revert. */
struct dig_sequence_options {
	enum dig_op_kind kind;
	const char *const *revs; /* revisions and ranges, A..B; one at least */
	size_t nrevs;
	unsigned flags;    /* NO_COMMIT, ORIGIN, ALLOW_EMPTY, REDUNDANT, EDIT,
			    * FORWARD of enum dig_copy_flag */
	uint64_t mainline; /* -m; 0: merges are refused */
	bool stop_each;    /* READY before each commit: hooks, an editor */
};

/*
 * Copy commits onto HEAD, or take back what they changed. Single revisions are
 * taken in the order in which they are given; with a range all are one walk,
 * which a revert goes from the newest on and a cherry-pick from the oldest.
 *
 * Errors: NOTFOUND, AMBIGUOUS (a revision); INVALID (a merge, no identity); NO
 * (the range is empty, there is no commit yet); CONFLICT (an operation is in
 * progress; staged changes, or files in the way, each warned of: nothing was
 * changed); FILE, CANCELLED (announced and partly done); LOCKED; those of the
 * store. To stop is no error here.
 * Cost: O(changes of the commits), for a commit that has to be merged that of
 * dig_merge_trees; one switch. Memory: what was merged, up to 64 MiB, then it
 * is stored.
 */
enum dig_status dig_sequence(struct dig_repo *repo,
    const struct dig_sequence_options *options,
    struct dig_sequence_result *result, struct dig_error *err) DIG_CHECKED;

struct dig_rebase_options {
	const char *upstream; /* commits that it has are not copied */
	const char *onto;     /* where the copies go; NULL: upstream */
	const char *branch;   /* to be rebased; NULL: where HEAD is */
	bool stop_each;
};

/*
 * Copy what HEAD has and upstream has not, without merges, from the oldest on,
 * onto another commit, and move the branch there. What upstream has under
 * another id (patch_id.h) is left out, and so is what changes nothing any more.
 *
 * Errors and cost: those of dig_sequence.
 */
enum dig_status dig_rebase(struct dig_repo *repo,
    const struct dig_rebase_options *options,
    struct dig_sequence_result *result, struct dig_error *err) DIG_CHECKED;

struct dig_sequence_going {
	enum dig_op_kind kind;
	bool skip; /* what is staged for the commit that it stopped at goes */
	bool stop_each;
	uint64_t op; /* the operation to go on with, of a commit just made; 0 */
};

/*
 * Go on. Where what is staged is to be committed first, the outcome is READY
 * and nothing was done.
 *
 * Errors: NO (none is in progress); CONFLICT (paths are not merged; as above).
 */
enum dig_status dig_sequence_go_on(struct dig_repo *repo,
    const struct dig_sequence_going *how, struct dig_sequence_result *result,
    struct dig_error *err) DIG_CHECKED;

/*
 * Give up, also a merge: HEAD, the branch, what is staged and the files that
 * were changed become what they were. Edits of other files are kept.
 *
 * Errors: NO (none is in progress, or nothing would be committed and the state
 * before is not known); CONFLICT (edits in the way, each warned of).
 */
enum dig_status dig_sequence_abort(struct dig_repo *repo, enum dig_op_kind kind,
    struct dig_checkout_result *result, struct dig_error *err) DIG_CHECKED;

/* Forget it, and leave everything else as it is, conflicts too. Errors: NO. */
enum dig_status dig_sequence_quit(struct dig_repo *repo, enum dig_op_kind kind,
    struct dig_error *err) DIG_CHECKED;

#endif
