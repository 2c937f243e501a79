/* SPDX-License-Identifier: MIT
 *
 * Going through the commits of a sequence: copy in memory, stop where a person
 * is needed, switch, record.
 */
#include "repo/sequence.h"

#include <stdlib.h>
#include <string.h>

#include "repo/sequence_internal.h"
#include "repo/switch.h"

/* What was put stays in memory until it is stored: after so many copies, or so
 * many bytes of merged files. */
#define STORE_COPIES 256
#define STORE_BYTES ((uint64_t)64 << 20)

void
dig_sequence_result_clear(struct dig_sequence_result *result)
{
	for (size_t i = 0; i < result->count; i++) {
		free(result->at[i].subject);
		dig_buf_clear(&result->at[i].told);
	}
	free(result->at);
	dig_buf_clear(&result->told);
	free(result->subject);
	free(result->branch);
	memset(result, 0, sizeof(*result));
}

void
dig_sequence_tell(struct dig_sequence_result *result, enum dig_copied what,
    const struct dig_oid *from, const struct dig_oid *to, char *subject)
{
	struct dig_copied_commit *one;

	DIG_GROW(result->at, result->cap, result->count + 1);
	one = &result->at[result->count++];
	one->what = what;
	one->from = *from;
	one->to = to != NULL ? *to : dig_oid_zero;
	one->subject = subject;
	one->told = result->told;
	memset(&result->told, 0, sizeof(result->told));
}

void
dig_sequencer_clear(struct dig_sequencer *seq)
{
	dig_op_clear(&seq->op);
	dig_op_clear(&seq->stop);
	dig_copier_clear(&seq->copier);
	dig_copy_clear(&seq->copy);
}

static bool
has(const struct dig_sequencer *seq, unsigned flag)
{
	return (seq->op.flags & flag) != 0;
}

/* ---- Copying ---------------------------------------------------------- */

/* "Revert "x"" for a revert: the first line of the new message. */
static char *
new_subject(const struct dig_copy *copy)
{
	return dig_memdup0(copy->message.data,
	    dig_subject_len(copy->message.data, copy->message.len));
}

/* The commit itself is what its copy would be. */
static bool
stands_there(const struct dig_sequencer *seq)
{
	const struct dig_commit *commit = &seq->copy.commit;
	struct dig_oid parent;

	if (!has(seq, DIG_COPY_FORWARD) || commit->nparents != 1)
		return false;
	dig_commit_parent(commit, 0, &parent);
	return dig_oid_eq(&parent, &seq->copier.head);
}

static void
stop_at(struct dig_sequencer *seq, enum dig_sequence_outcome outcome)
{
	seq->result->outcome = outcome;
	seq->result->stopped = seq->copy.id;
	seq->result->subject = dig_copy_subject(&seq->copy);
}

/* It changes nothing, and such copies are not wanted. *stops: a person has to
 * say what shall be. */
static bool
leave_out(struct dig_sequencer *seq, bool *stops)
{
	const struct dig_copy *copy = &seq->copy;
	bool was_empty = dig_oid_eq(&copy->base, &copy->theirs);

	if (!dig_oid_eq(&copy->tree, &seq->copier.tree) ||
	    has(seq, DIG_COPY_REDUNDANT) ||
	    (was_empty && has(seq, DIG_COPY_ALLOW_EMPTY)))
		return false;
	*stops = seq->op.kind != DIG_OP_REBASE;
	if (*stops)
		stop_at(seq, DIG_SEQUENCE_EMPTY);
	else
		dig_sequence_tell(seq->result, DIG_COPIED_EMPTY, &copy->id,
		    NULL, dig_copy_subject(copy));
	return true;
}

/* The change is on copy->tree: what becomes of it. */
static enum dig_status
settle(struct dig_sequencer *seq, bool *stops, struct dig_error *err)
{
	struct dig_copier *copier = &seq->copier;
	struct dig_copy *copy = &seq->copy;
	enum dig_status st;

	if (seq->stop.nconflicts > 0) {
		stop_at(seq, DIG_SEQUENCE_CONFLICTS);
		*stops = true;
		return DIG_OK;
	}
	if (has(seq, DIG_COPY_NO_COMMIT)) {
		copier->tree = copy->tree;
		dig_sequence_tell(seq->result, DIG_COPIED, &copy->id, NULL,
		    new_subject(copy));
		return DIG_OK;
	}
	if (leave_out(seq, stops))
		return DIG_OK;
	if (seq->stop_each) {
		stop_at(seq, DIG_SEQUENCE_READY);
		seq->result->empty = dig_oid_eq(&copy->tree, &copier->tree);
		*stops = true;
		return DIG_OK;
	}
	st = dig_copy_commit(copier, copy, err);
	if (st == DIG_OK)
		dig_sequence_tell(seq->result, DIG_COPIED, &copy->id,
		    &copier->head, new_subject(copy));
	return st;
}

static enum dig_status
copy_one(struct dig_sequencer *seq, bool *stops, struct dig_error *err)
{
	struct dig_copier *copier = &seq->copier;
	struct dig_copy *copy = &seq->copy;
	enum dig_status st;

	st = dig_copy_load(copier, &seq->op.todo[seq->at], copy, err);
	if (st != DIG_OK)
		return st;
	if (stands_there(seq)) {
		copier->head = copy->id;
		copier->tree = copy->commit.tree;
		dig_sequence_tell(seq->result, DIG_COPIED_AS_IT_IS, &copy->id,
		    &copy->id, dig_copy_subject(copy));
		return DIG_OK;
	}
	st = dig_copy_apply(copier, copy, &seq->stop, &seq->result->told, err);
	return st == DIG_OK ? settle(seq, stops, err) : st;
}

static void
tell_progress(const struct dig_sequencer *seq)
{
	struct dig_progress_report report = { "copying", seq->at, seq->op.ntodo,
		0, 0, "commits" };

	if (seq->repo->talk.progress != NULL)
		seq->repo->talk.progress(seq->repo->talk.arg, &report);
}

/* What was put so far is stored; nothing leads to it yet. */
static enum dig_status
store(struct dig_sequencer *seq, struct dig_error *err)
{
	struct dig_commit_options options = { .op = seq->number,
		.keep_open = true };
	struct dig_buf verb = DIG_BUF_INIT;
	enum dig_status st;

	dig_buf_printf(&verb, "%s: storing", dig_op_verb(seq->op.kind));
	options.verb = (const char *)verb.data;
	st = dig_index_commit(seq->repo->index, &options, &seq->number, err);
	dig_buf_clear(&verb);
	return st;
}

static enum dig_status
copy_all(struct dig_sequencer *seq, struct dig_error *err)
{
	struct dig_store *objects = dig_index_store(seq->repo->index);
	enum dig_status st = DIG_OK;
	size_t copies = 0;
	bool stops = false;

	seq->result->outcome = DIG_SEQUENCE_DONE;
	while (st == DIG_OK && seq->at < seq->op.ntodo) {
		tell_progress(seq);
		st = copy_one(seq, &stops, err);
		if (st != DIG_OK || stops)
			break;
		seq->at++;
		if (++copies % STORE_COPIES == 0 ||
		    dig_store_stats(objects).raw_bytes > STORE_BYTES)
			st = store(seq, err);
	}
	return st;
}

/* ---- Recording -------------------------------------------------------- */

/* A commit's subject for the journal: of the last copy, else where it stops. */
static const char *
last_subject(const struct dig_sequence_result *result)
{
	for (size_t i = result->count; i > 0; i--)
		if (result->at[i - 1].what <= DIG_COPIED_AS_IT_IS)
			return result->at[i - 1].subject;
	return NULL;
}

/* git's words for the reflog. */
static void
write_verb(const struct dig_sequencer *seq, struct dig_buf *out)
{
	const struct dig_sequence_result *result = seq->result;
	const char *last = last_subject(result);

	if (seq->op.kind != DIG_OP_REBASE)
		dig_buf_printf(out, "%s: %.500s", dig_op_verb(seq->op.kind),
		    last != NULL              ? last
		    : result->subject != NULL ? result->subject
					      : "nothing");
	else if (result->outcome == DIG_SEQUENCE_DONE &&
		 seq->op.head_ref != NULL)
		dig_buf_printf(
		    out, "rebase (finish): returning to %s", seq->op.head_ref);
	else if (last != NULL)
		dig_buf_printf(out, "rebase (pick): %.500s", last);
	else if (seq->start != NULL)
		dig_buf_printf(
		    out, "rebase (start): checkout %.500s", seq->start);
	else
		dig_buf_puts(
		    out, seq->skips ? "rebase (skip)" : "rebase (continue)");
}

static struct dig_oid *
copy_ids(const struct dig_oid *ids, size_t count)
{
	struct dig_oid *copy = dig_calloc(count + 1, sizeof(*copy));

	if (count > 0)
		memcpy(copy, ids, count * sizeof(*copy));
	return copy;
}

/* The conflicts that are left belong to what is staged, and to no commit. */
static void
forget(struct dig_op *op)
{
	op->kind = op->nconflicts > 0 ? DIG_OP_UNMERGED : DIG_OP_NONE;
	dig_buf_reset(&op->message);
}

/* What is in progress where it stops. */
static void
write_stop(struct dig_sequencer *seq, struct dig_op *out)
{
	const struct dig_op *op = &seq->op;

	out->kind = op->kind;
	out->flags = op->flags | DIG_COPY_STARTED | DIG_COPY_APPLIED;
	out->mainline = op->mainline;
	out->onto = op->onto;
	out->head = op->head;
	out->head_ref = op->head_ref != NULL ? dig_strdup(op->head_ref) : NULL;
	out->done = copy_ids(op->done, op->ndone);
	out->ndone = op->ndone;
	out->todo = copy_ids(op->todo, op->ntodo);
	out->ntodo = op->ntodo;
	dig_op_advance(out, seq->at);
	dig_buf_put(
	    &out->message, seq->copy.message.data, seq->copy.message.len);
	out->nconflicts = seq->stop.nconflicts;
	out->conflicts_cap = seq->stop.conflicts_cap;
	out->conflicts = seq->stop.conflicts;
	seq->stop.nconflicts = 0;
	seq->stop.conflicts = NULL;
	if (has(seq, DIG_COPY_NO_COMMIT) && out->ntodo == 1)
		forget(out); /* nothing but its conflicts is left */
}

/* A branch that somebody moved meanwhile is not moved back. */
static enum dig_status
check_branch(const struct dig_sequencer *seq, const struct dig_state *now,
    struct dig_error *err)
{
	const char *name = seq->op.head_ref;
	const struct dig_ref *ref;
	enum dig_status st;

	if (seq->op.kind != DIG_OP_REBASE || name == NULL)
		return DIG_OK;
	ref = dig_state_ref(now, name);
	if (ref == NULL || dig_oid_eq(&ref->id, &seq->op.head))
		return DIG_OK;
	st = dig_raise(err, DIG_ECONFLICT,
	    "'%.200s' was moved since the rebase began; nothing was changed",
	    dig_ref_short(name));
	dig_hint(err, "'dig rebase --quit' leaves HEAD at the copies");
	return st;
}

/* All is as it would be. */
static bool
is_there(const struct dig_sequencer *seq, const struct dig_state *now,
    const char *ref)
{
	struct dig_oid head;

	/* As in git, one revert that would change nothing does not begin. */
	if (seq->begins && seq->op.kind == DIG_OP_REVERT &&
	    seq->op.ntodo == 1 && seq->result->outcome == DIG_SEQUENCE_EMPTY)
		return true;
	return seq->begins && seq->result->outcome == DIG_SEQUENCE_DONE &&
	       dig_state_head(now, &head) &&
	       dig_oid_eq(&head, &seq->copier.head) &&
	       dig_oid_eq(&now->staged_root, &seq->copier.tree) &&
	       (ref == NULL) == (now->head_ref == NULL) &&
	       (ref == NULL || strcmp(ref, now->head_ref) == 0);
}

static void
hint_unfinished(const struct dig_sequencer *seq, struct dig_error *err)
{
	const struct dig_state *now = dig_index_state(seq->repo->index);
	const char *verb = dig_op_verb(seq->op.kind);

	if ((err->status == DIG_EFILE || err->status == DIG_ECANCELLED) &&
	    !dig_oid_is_zero(&now->op_state))
		dig_hint(err,
		    "it is not finished: 'dig %s --continue' goes on, 'dig %s "
		    "--abort' goes back",
		    verb, verb);
}

/* A switch that was announced and has not finished stays so. */
static enum dig_status
put_begin(struct dig_sequencer *seq, struct dig_error *err)
{
	struct dig_op now;
	enum dig_status st = dig_op_next(seq->repo, &now, err);

	if (st != DIG_OK)
		return st;
	seq->op.commit = now.commit;
	free(seq->op.ref);
	seq->op.ref = now.ref;
	now.ref = NULL;
	seq->op.nroots = now.nroots;
	memcpy(seq->op.roots, now.roots, sizeof(now.roots));
	dig_op_clear(&now);
	return dig_op_put(seq->repo, &seq->op, err);
}

static enum dig_status
record(struct dig_sequencer *seq, const char *ref, struct dig_error *err)
{
	bool done = seq->result->outcome == DIG_SEQUENCE_DONE;
	struct dig_switch to = { .what = "checking out",
		.commit = seq->copier.head,
		.ref = ref,
		.tree = done ? seq->copier.tree : seq->copy.tree,
		.drop_staged = true, /* there are none but its own */
		.lose = seq->skips ? &seq->op : NULL,
		.op = seq->number };
	struct dig_buf verb = DIG_BUF_INIT;
	struct dig_op stop = { 0 };
	enum dig_status st = DIG_OK;

	write_verb(seq, &verb);
	to.verb = (const char *)verb.data;
	if (seq->begins)
		st = put_begin(seq, err);
	if (!done) {
		write_stop(seq, &stop);
		to.after = &stop;
	}
	if (st == DIG_OK)
		st = dig_switch_to(seq->repo, &to, err);
	if (st == DIG_OK)
		seq->result->op = to.op;
	else
		hint_unfinished(seq, err);
	dig_op_clear(&stop);
	dig_buf_clear(&verb);
	return st;
}

enum dig_status
dig_sequencer_run(struct dig_sequencer *seq, struct dig_error *err)
{
	struct dig_sequence_result *result = seq->result;
	const struct dig_state *now = dig_index_next(seq->repo->index);
	const char *name;
	enum dig_status st;
	char *ref;

	dig_state_head(now, &result->from);
	st = copy_all(seq, err);
	now = dig_index_next(seq->repo->index);
	if (st == DIG_OK)
		st = check_branch(seq, now, err);
	if (st != DIG_OK)
		return st;
	name = seq->op.kind != DIG_OP_REBASE          ? now->head_ref
	       : result->outcome == DIG_SEQUENCE_DONE ? seq->op.head_ref
						      : NULL;
	ref = name != NULL ? dig_strdup(name) : NULL;
	result->to = seq->copier.head;
	result->branch = ref != NULL ? dig_strdup(dig_ref_short(ref)) : NULL;
	if (!is_there(seq, now, ref))
		st = record(seq, ref, err);
	free(ref);
	return st;
}

/* ---- cherry-pick and revert ------------------------------------------- */

/* HEAD is where the copies begin. */
static enum dig_status
begin_at_head(struct dig_sequencer *seq, struct dig_error *err)
{
	const struct dig_state *now = dig_index_next(seq->repo->index);
	const char *verb = dig_op_verb(seq->op.kind);
	enum dig_status st;

	st = dig_op_refuse(seq->repo, verb, err);
	if (st != DIG_OK)
		return st;
	if (!dig_state_head(now, &seq->op.head))
		return dig_raise(err, DIG_ENO,
		    "there is no commit yet that another one could follow");
	seq->op.head_ref =
	    now->head_ref != NULL ? dig_strdup(now->head_ref) : NULL;
	seq->op.onto = seq->copier.head = seq->op.head;
	if (has(seq, DIG_COPY_NO_COMMIT)) {
		seq->copier.tree = now->staged_root;
		return DIG_OK;
	}
	st = dig_switch_need_clean(seq->repo, verb, err);
	if (st == DIG_OK)
		st = dig_repo_head_tree(seq->repo, &seq->copier.tree, err);
	return st;
}

/* None must be one that cannot be copied: that is known before the first. */
static enum dig_status
check_commits(struct dig_sequencer *seq, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	for (size_t i = 0; i < seq->op.ntodo && st == DIG_OK; i++)
		st = dig_copy_load(
		    &seq->copier, &seq->op.todo[i], &seq->copy, err);
	return st;
}

enum dig_status
dig_sequence(struct dig_repo *repo, const struct dig_sequence_options *options,
    struct dig_sequence_result *result, struct dig_error *err)
{
	struct dig_sequencer seq = { .repo = repo,
		.result = result,
		.begins = true,
		.stop_each = options->stop_each };
	enum dig_status st;

	memset(result, 0, sizeof(*result));
	seq.op.kind = options->kind;
	seq.op.flags = options->flags;
	seq.op.mainline = options->mainline;
	st = dig_copier_init(&seq.copier, repo, &seq.op, err);
	if (st == DIG_OK)
		st = dig_index_begin(repo->index, err);
	if (st != DIG_OK)
		goto out;
	st = begin_at_head(&seq, err);
	if (st == DIG_OK)
		st = dig_sequence_commits(repo, options->revs, options->nrevs,
		    options->kind == DIG_OP_REVERT, &seq.op.todo, &seq.op.ntodo,
		    err);
	if (st == DIG_OK)
		st = check_commits(&seq, err);
	if (st == DIG_OK)
		st = dig_sequencer_run(&seq, err);
	dig_index_rollback(repo->index); /* of what was not committed */
out:
	dig_sequencer_clear(&seq);
	if (st != DIG_OK)
		dig_sequence_result_clear(result);
	return st;
}

/* ---- Going on --------------------------------------------------------- */

/* Where the next copy goes. */
static enum dig_status
find_place(struct dig_sequencer *seq, struct dig_error *err)
{
	const struct dig_state *now = dig_index_next(seq->repo->index);

	if (!has(seq, DIG_COPY_STARTED))
		seq->copier.head = seq->op.onto;
	else if (!dig_state_head(now, &seq->copier.head))
		return dig_raise(err, DIG_ENO, "HEAD names no commit");
	return dig_repo_commit_tree(
	    seq->repo, &seq->copier.head, &seq->copier.tree, err);
}

/* What is staged for the commit that it stopped at. *commit: it is to be
 * committed first. */
static enum dig_status
take_staged(struct dig_sequencer *seq, bool *commit, struct dig_error *err)
{
	const struct dig_state *now = dig_index_next(seq->repo->index);
	struct dig_copy *copy = &seq->copy;
	enum dig_status st;

	*commit = false;
	if (seq->op.nconflicts > 0)
		return dig_op_unmerged(&seq->op, "go on", err);
	st = dig_copy_load(&seq->copier, &seq->op.todo[0], copy, err);
	if (st != DIG_OK || has(seq, DIG_COPY_NO_COMMIT)) {
		seq->at = 1;
		return st;
	}
	seq->result->empty = seq->op.kind == DIG_OP_REBASE &&
			     dig_oid_eq(&now->staged_root, &seq->copier.tree);
	if (seq->result->empty && !dig_oid_eq(&copy->base, &copy->theirs)) {
		dig_sequence_tell(seq->result, DIG_COPIED_EMPTY, &copy->id,
		    NULL, dig_copy_subject(copy));
		seq->at = 1;
		return DIG_OK;
	}
	stop_at(seq, DIG_SEQUENCE_READY);
	*commit = true;
	return DIG_OK;
}

static enum dig_status
need_way_back(const struct dig_op *op, struct dig_error *err)
{
	enum dig_status st;

	if ((op->flags & DIG_COPY_NO_COMMIT) == 0)
		return DIG_OK;
	st = dig_raise(
	    err, DIG_ENO, "without commits there is no state to go back to");
	dig_hint(err, "'dig undo' takes the command back, 'dig reset --hard' "
		      "drops all that is staged");
	return st;
}

static enum dig_status
go_on(struct dig_sequencer *seq, struct dig_error *err)
{
	const struct dig_state *now = dig_index_next(seq->repo->index);
	bool commit = false;
	enum dig_status st;

	st = find_place(seq, err);
	if (st == DIG_OK && seq->skips)
		st = need_way_back(&seq->op, err);
	/* Between two copies they are of a stash. */
	if (st == DIG_OK && !(seq->skips && has(seq, DIG_COPY_APPLIED)))
		st = dig_op_unmerged(&seq->op, "go on", err);
	if (st == DIG_OK && has(seq, DIG_COPY_APPLIED) && seq->skips)
		seq->at = 1;
	else if (st == DIG_OK && has(seq, DIG_COPY_APPLIED))
		st = take_staged(seq, &commit, err);
	else if (st == DIG_OK && !has(seq, DIG_COPY_NO_COMMIT))
		st = dig_switch_need_clean(
		    seq->repo, dig_op_verb(seq->op.kind), err);
	if (has(seq, DIG_COPY_NO_COMMIT))
		seq->copier.tree = now->staged_root;
	if (st == DIG_OK && !commit)
		st = dig_sequencer_run(seq, err);
	return st;
}

enum dig_status
dig_sequence_go_on(struct dig_repo *repo, const struct dig_sequence_going *how,
    struct dig_sequence_result *result, struct dig_error *err)
{
	struct dig_sequencer seq = { .repo = repo,
		.result = result,
		.skips = how->skip,
		.stop_each = how->stop_each,
		.number = how->op };
	enum dig_status st;

	memset(result, 0, sizeof(*result));
	result->op = how->op;
	st = dig_index_begin(repo->index, err);
	if (st != DIG_OK)
		return st;
	st = dig_op_next(repo, &seq.op, err);
	if (st == DIG_OK)
		st = dig_op_need(&seq.op, how->kind, err);
	if (st == DIG_OK)
		st = dig_copier_init(&seq.copier, repo, &seq.op, err);
	if (st == DIG_OK)
		st = go_on(&seq, err);
	dig_index_rollback(repo->index); /* of what was not committed */
	dig_sequencer_clear(&seq);
	if (st != DIG_OK)
		dig_sequence_result_clear(result);
	return st;
}

/* ---- Giving up -------------------------------------------------------- */

enum dig_status
dig_sequence_abort(struct dig_repo *repo, enum dig_op_kind kind,
    struct dig_checkout_result *result, struct dig_error *err)
{
	struct dig_switch to = { .what = "going back", .drop_staged = true };
	struct dig_buf verb = DIG_BUF_INIT;
	struct dig_op op = { 0 };
	enum dig_status st;

	memset(result, 0, sizeof(*result));
	st = dig_index_begin(repo->index, err);
	if (st != DIG_OK)
		return st;
	st = dig_op_next(repo, &op, err);
	if (st == DIG_OK)
		st = dig_op_need(&op, kind, err);
	if (st == DIG_OK)
		st = need_way_back(&op, err);
	if (st == DIG_OK)
		st = dig_repo_commit_tree(repo, &op.head, &to.tree, err);
	if (st == DIG_OK) {
		if (kind == DIG_OP_REBASE)
			dig_buf_printf(&verb, "rebase (abort): returning to %s",
			    op.head_ref != NULL ? op.head_ref : "HEAD");
		else
			dig_buf_printf(&verb, "%s --abort", dig_op_verb(kind));
		to.verb = (const char *)verb.data;
		to.commit = op.head;
		to.ref = op.head_ref;
		to.lose = &op;
		st = dig_switch_to(repo, &to, err);
	}
	if (st == DIG_OK) {
		result->commit = op.head;
		result->written = to.written;
		result->removed = to.removed;
		if (op.head_ref != NULL)
			result->branch = dig_strdup(dig_ref_short(op.head_ref));
	}
	dig_index_rollback(repo->index); /* of what was not committed */
	dig_op_clear(&op);
	dig_buf_clear(&verb);
	return st;
}

enum dig_status
dig_sequence_quit(
    struct dig_repo *repo, enum dig_op_kind kind, struct dig_error *err)
{
	struct dig_commit_options options = { 0 };
	struct dig_buf verb = DIG_BUF_INIT;
	struct dig_op op = { 0 };
	enum dig_status st;

	st = dig_index_begin(repo->index, err);
	if (st != DIG_OK)
		return st;
	st = dig_op_next(repo, &op, err);
	if (st == DIG_OK)
		st = dig_op_need(&op, kind, err);
	if (st == DIG_OK) {
		forget(&op);
		st = dig_op_put(repo, &op, err);
	}
	dig_buf_printf(&verb, "%s --quit", dig_op_verb(kind));
	options.verb = (const char *)verb.data;
	if (st == DIG_OK)
		st = dig_index_commit(repo->index, &options, NULL, err);
	dig_index_rollback(repo->index); /* of what was not committed */
	dig_op_clear(&op);
	dig_buf_clear(&verb);
	return st;
}
