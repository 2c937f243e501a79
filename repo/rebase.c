/* SPDX-License-Identifier: MIT
 *
 * Rebasing: which commits are copied, and onto what.
 */
#include <stdlib.h>
#include <string.h>

#include "repo/history.h"
#include "repo/merge_base.h"
#include "repo/patch_id.h"
#include "repo/revision.h"
#include "repo/sequence_internal.h"
#include "repo/switch.h"

#define HEADS "refs/heads/"

struct rebase {
	struct dig_sequencer seq;
	const struct dig_rebase_options *options;
	struct dig_oid upstream;
};

/* What is rebased: a branch, or HEAD as it is. */
static enum dig_status
find_head(struct rebase *rb, struct dig_error *err)
{
	const struct dig_state *now = dig_index_next(rb->seq.repo->index);
	struct dig_op *op = &rb->seq.op;
	struct dig_buf name = DIG_BUF_INIT;
	const struct dig_ref *ref;
	enum dig_status st = DIG_OK;

	if (rb->options->branch == NULL) {
		if (!dig_state_head(now, &op->head))
			return dig_raise(err, DIG_ENO,
			    "there is no commit yet that could be rebased");
		if (now->head_ref != NULL)
			op->head_ref = dig_strdup(now->head_ref);
		return DIG_OK;
	}
	dig_buf_puts(&name, HEADS);
	dig_buf_puts(&name, rb->options->branch);
	ref = dig_state_ref(now, (const char *)name.data);
	if (ref != NULL) {
		op->head = ref->id;
		op->head_ref = dig_strdup(ref->name);
	} else {
		st = dig_revision_commit(
		    rb->seq.repo, rb->options->branch, &op->head, err);
	}
	dig_buf_clear(&name);
	return st;
}

static enum dig_status
find_ends(struct rebase *rb, struct dig_error *err)
{
	const struct dig_rebase_options *options = rb->options;
	struct dig_repo *repo = rb->seq.repo;
	struct dig_op *op = &rb->seq.op;
	enum dig_status st;

	st = dig_op_refuse(repo, "rebase", err);
	if (st == DIG_OK)
		st = dig_revision_commit(
		    repo, options->upstream, &rb->upstream, err);
	op->onto = rb->upstream;
	rb->seq.start = options->upstream;
	if (st == DIG_OK && options->onto != NULL) {
		rb->seq.start = options->onto;
		st = dig_revision_commit(repo, options->onto, &op->onto, err);
	}
	if (st == DIG_OK)
		st = find_head(rb, err);
	if (st == DIG_OK)
		st = dig_switch_need_clean(repo, "rebase", err);
	return st;
}

/* ---- Which commits ---------------------------------------------------- */

/* What `tip` has and `hidden` has not, the oldest first. */
static enum dig_status
list(struct rebase *rb, const struct dig_oid *tip, const struct dig_oid *hidden,
    bool merges, struct dig_oid **out, size_t *count, struct dig_error *err)
{
	struct dig_history_options walk = DIG_HISTORY_OPTIONS_INIT;

	walk.tips = tip;
	walk.ntips = 1;
	walk.hidden = hidden;
	walk.nhidden = 1;
	walk.order = DIG_ORDER_LINES;
	walk.reverse = true;
	if (!merges)
		walk.max_parents = 1;
	return dig_sequence_walk(rb->seq.repo, &walk, out, count, err);
}

static enum dig_status
tell_left_out(
    struct rebase *rb, const struct dig_oid *id, struct dig_error *err)
{
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_commit commit;
	enum dig_status st;

	st = dig_repo_read_commit(rb->seq.repo, id, &bytes, &commit, err);
	if (st == DIG_OK)
		dig_sequence_tell(rb->seq.result, DIG_COPIED_UPSTREAM, id, NULL,
		    dig_memdup0(commit.message,
			dig_subject_len(commit.message, commit.message_len)));
	dig_buf_clear(&bytes);
	return st;
}

/* Leave out what upstream has by another id. */
static enum dig_status
leave_out(struct rebase *rb, struct dig_error *err)
{
	struct dig_op *op = &rb->seq.op;
	bool *found = dig_calloc(op->ntodo + 1, sizeof(*found));
	struct dig_oid *theirs = NULL;
	size_t ntheirs = 0, kept = 0;
	enum dig_status st;

	st = list(rb, &rb->upstream, &op->head, false, &theirs, &ntheirs, err);
	if (st == DIG_OK)
		st = dig_same_changes(rb->seq.repo, op->todo, op->ntodo, theirs,
		    ntheirs, found, err);
	for (size_t i = 0; i < op->ntodo && st == DIG_OK; i++) {
		if (found[i])
			st = tell_left_out(rb, &op->todo[i], err);
		else
			op->todo[kept++] = op->todo[i];
	}
	op->ntodo = kept;
	free(theirs);
	free(found);
	return st;
}

/*
 * Every commit stands already where it would be copied to: onto is where HEAD
 * and upstream part, and no merge lies in between.
 */
static enum dig_status
is_up_to_date(struct rebase *rb, bool *out, struct dig_error *err)
{
	struct dig_op *op = &rb->seq.op;
	struct dig_oid *bases = NULL, *all = NULL;
	enum dig_status st;
	size_t count = 0;

	*out = false;
	st = dig_merge_bases(
	    rb->seq.repo, &rb->upstream, &op->head, 1, &bases, &count, err);
	if (st != DIG_OK)
		return st;
	*out = count == 1 && dig_oid_eq(&bases[0], &op->onto);
	free(bases);
	if (!*out)
		return DIG_OK;
	st = list(rb, &op->head, &op->onto, true, &all, &count, err);
	*out = st == DIG_OK && count == op->ntodo;
	free(all);
	return st;
}

/* ---- The verb --------------------------------------------------------- */

static enum dig_status
prepare(struct rebase *rb, struct dig_error *err)
{
	struct dig_sequencer *seq = &rb->seq;
	enum dig_status st;
	bool there;

	st = find_ends(rb, err);
	if (st == DIG_OK)
		st = list(rb, &seq->op.head, &rb->upstream, false,
		    &seq->op.todo, &seq->op.ntodo, err);
	if (st == DIG_OK)
		st = is_up_to_date(rb, &there, err);
	if (st != DIG_OK)
		return st;
	seq->copier.head = there ? seq->op.head : seq->op.onto;
	if (there) {
		seq->op.ntodo = 0;
		seq->up_to_date = true;
	} else {
		st = leave_out(rb, err);
	}
	if (st == DIG_OK)
		st = dig_repo_commit_tree(
		    seq->repo, &seq->copier.head, &seq->copier.tree, err);
	return st;
}

enum dig_status
dig_rebase(struct dig_repo *repo, const struct dig_rebase_options *options,
    struct dig_sequence_result *result, struct dig_error *err)
{
	struct rebase rb = { .options = options };
	struct dig_sequencer *seq = &rb.seq;
	enum dig_status st;

	memset(result, 0, sizeof(*result));
	seq->repo = repo;
	seq->result = result;
	seq->begins = true;
	seq->stop_each = options->stop_each;
	seq->op.kind = DIG_OP_REBASE;
	seq->op.flags = DIG_COPY_FORWARD | DIG_COPY_ALLOW_EMPTY;
	st = dig_copier_init(&seq->copier, repo, &seq->op, err);
	if (st == DIG_OK)
		st = dig_index_begin(repo->index, err);
	if (st != DIG_OK)
		goto out;
	st = prepare(&rb, err);
	if (st == DIG_OK)
		st = dig_sequencer_run(seq, err);
	if (st == DIG_OK && seq->up_to_date)
		result->outcome = DIG_SEQUENCE_UP_TO_DATE;
	dig_index_rollback(repo->index); /* of what was not committed */
out:
	dig_sequencer_clear(seq);
	if (st != DIG_OK)
		dig_sequence_result_clear(result);
	return st;
}
