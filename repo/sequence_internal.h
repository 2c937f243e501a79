/* SPDX-License-Identifier: MIT
 *
 * The inside of a sequence; for repo/sequence*.c and repo/rebase.c only.
 */
#ifndef REPO_SEQUENCE_INTERNAL_H
#define REPO_SEQUENCE_INTERNAL_H

#include "repo/copy.h"
#include "repo/sequence.h"

/* A sequence while it goes. */
struct dig_sequencer {
	struct dig_repo *repo; /* in a transaction, which run ends */
	struct dig_sequence_result *result;
	struct dig_op op; /* as it was when this command began */
	bool begins;      /* it is not in the journal yet */
	bool up_to_date;  /* rebase: all is where it would be copied to */
	bool skips;       /* files of its conflicts may be lost */
	size_t at;        /* behind these of todo it goes on */
	bool stop_each;
	uint64_t number;   /* of the operation, or 0 */
	const char *start; /* rebase: what the reflog says of the first step */
	struct dig_copier copier;
	struct dig_copy copy; /* the one that is looked at */
	struct dig_op stop;   /* conflicts of the one that stops it */
};

void dig_sequencer_clear(struct dig_sequencer *seq);

/* Copy what is left, switch, and record. seq->copier is ready. */
enum dig_status dig_sequencer_run(
    struct dig_sequencer *seq, struct dig_error *err) DIG_CHECKED;

/* Say what became of a commit. subject: taken. to: NULL for none. */
void dig_sequence_tell(struct dig_sequence_result *result, enum dig_copied what,
    const struct dig_oid *from, const struct dig_oid *to, char *subject);

/*
 * The commits that revisions and ranges mean, in the order of copying.
 * *out: caller frees. Errors: NOTFOUND, AMBIGUOUS, NO (none).
 */
enum dig_status dig_sequence_commits(struct dig_repo *repo,
    const char *const *revs, size_t nrevs, bool newest_first,
    struct dig_oid **out, size_t *count, struct dig_error *err) DIG_CHECKED;

struct dig_history_options;

/* Every commit of a walk. *out: caller frees. */
enum dig_status dig_sequence_walk(struct dig_repo *repo,
    const struct dig_history_options *options, struct dig_oid **out,
    size_t *count, struct dig_error *err) DIG_CHECKED;

#endif
