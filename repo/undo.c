/* SPDX-License-Identifier: MIT
 *
 * Undo: the journal read backwards gives the state before, its announcements
 * and verbs tell who wrote working files, and what the files have to become
 * follows from the trees that were staged then.
 */
#include "repo/undo.h"

#include <stdlib.h>
#include <string.h>

#include "repo/transition.h"

/* How the verb of an undo begins; a number follows. */
#define UNDO_ONE "undo: operation "
#define UNDO_MANY "undo: operations "
#define BEGIN "begin "
#define VERB_MAX 200

/* ---- Reading backwards ------------------------------------------------ */

/* An operation, and the staged roots on both sides of it. */
struct run {
	struct dig_operation op;
	struct dig_oid before;
	struct dig_oid after;
	struct dig_oid announced; /* the first switch of it; zero: none */
	struct dig_oid left;      /* the state that it left; zero: none */
	bool lossy;
};

struct backwards {
	uint64_t wanted; /* 0: the newest; only for undo */
	uint64_t limit;  /* of runs; only for the list */
	bool list;
	struct dig_state state; /* before the last record that was seen */
	struct run *at;         /* the newest first */
	size_t count;
	size_t cap;
	uint64_t bad; /* sequence number of a record that does not follow */
	int64_t
	    folded_time; /* where a gc has folded what came before; else 0 */
};

static void
backwards_clear(struct backwards *back)
{
	for (size_t i = 0; i < back->count; i++)
		free(back->at[i].op.verb);
	free(back->at);
	dig_state_clear(&back->state);
	memset(back, 0, sizeof(*back));
}

static bool
begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static bool
ends(const char *text, const char *with)
{
	size_t len = strlen(text), n = strlen(with);

	return len >= n && strcmp(text + len - n, with) == 0;
}

static bool
is_ref(const struct dig_state *state, const char *name, bool has,
    const struct dig_oid *id)
{
	const struct dig_ref *ref = dig_state_ref(state, name);

	return (ref != NULL) == has && (!has || dig_oid_eq(&ref->id, id));
}

static bool
same_name(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* From after the record to before it; false when it does not lead there. */
static bool
take_back(const struct dig_journal_record *rec, struct dig_state *state)
{
	for (size_t i = 0; i < rec->nrefs; i++) {
		const struct dig_ref_change *ref = &rec->refs[i];

		if (!is_ref(state, ref->name, ref->has_new, &ref->new_id))
			return false;
		dig_state_set_ref(
		    state, ref->name, ref->has_old ? &ref->old_id : NULL);
	}
	if (rec->has_head) {
		if (!same_name(state->head_ref, rec->head_ref) ||
		    !dig_oid_eq(&state->head_id, &rec->head_id))
			return false;
		free(state->head_ref);
		state->head_ref = rec->old_head_ref != NULL
				      ? dig_strdup(rec->old_head_ref)
				      : NULL;
		state->head_id = rec->old_head_id;
	}
	if (rec->has_staged) {
		if (!dig_oid_eq(&state->staged_root, &rec->staged))
			return false;
		state->staged_root = rec->old_staged;
	}
	if (rec->has_op_state) {
		if (!dig_oid_eq(&state->op_state, &rec->op_state))
			return false;
		state->op_state = rec->old_op_state;
	}
	return true;
}

static struct run *
add_run(struct backwards *back, const struct dig_journal_record *rec)
{
	const char *verb = rec->verb != NULL ? rec->verb : "";
	struct run *run;

	DIG_GROW(back->at, back->cap, back->count + 1);
	run = &back->at[back->count++];
	memset(run, 0, sizeof(*run));
	run->op.number = rec->op;
	run->op.time = rec->time;
	run->op.finished = !begins(verb, BEGIN);
	run->op.verb =
	    dig_strdup(run->op.finished ? verb : verb + strlen(BEGIN));
	run->after = back->state.staged_root;
	run->left = back->state.op_state;
	return run;
}

/* The operation that an undo goes back to before; 0: it is none. */
static uint64_t
goes_back_to(const struct run *run)
{
	const char *verb = run->op.verb;

	if (begins(verb, UNDO_ONE))
		return strtoull(verb + strlen(UNDO_ONE), NULL, 10);
	if (begins(verb, UNDO_MANY))
		return strtoull(verb + strlen(UNDO_MANY), NULL, 10);
	return 0;
}

/* An undo that did not finish: it is the one to be finished. */
static uint64_t
to_be_finished(const struct run *run)
{
	return run->op.finished ? 0 : goes_back_to(run);
}

static bool
on_record(void *arg, const struct dig_journal_record *rec)
{
	struct backwards *back = arg;
	struct run *run = back->count > 0 ? &back->at[back->count - 1] : NULL;

	if (rec->is_checkpoint && rec->offset == 0 && rec->seq > 1)
		back->folded_time = rec->time;
	if (!dig_journal_record_changes(rec))
		return true;
	if (run == NULL || run->op.number != rec->op) {
		if (back->list ? back->count == back->limit
			       : run != NULL && run->op.number == back->wanted)
			return false;
		run = add_run(back, rec);
		if (!back->list && back->wanted == 0)
			back->wanted = to_be_finished(run);
		if (!back->list && back->wanted == 0)
			back->wanted = rec->op;
	}
	run->op.records++;
	if (rec->verb != NULL && ends(rec->verb, DIG_VERB_LOSSY))
		run->lossy = true;
	if (rec->has_op_state && !dig_oid_is_zero(&rec->op_state) &&
	    rec->verb != NULL && begins(rec->verb, BEGIN))
		run->announced = rec->op_state;
	if (!back->list && !take_back(rec, &back->state)) {
		back->bad = rec->seq;
		return false;
	}
	run->before = back->state.staged_root;
	return true;
}

static enum dig_status
read_backwards(
    struct dig_repo *repo, struct backwards *back, struct dig_error *err)
{
	enum dig_status st;

	dig_state_copy(dig_index_state(repo->index), &back->state);
	st = dig_journal_each(dig_store_journal(dig_index_store(repo->index)),
	    false, on_record, back, err);
	if (st == DIG_OK && back->bad != 0)
		st = dig_raise(err, DIG_ECORRUPT,
		    "record %llu of the journal does not lead to the one after "
		    "it",
		    (unsigned long long)back->bad);
	return st;
}

/* ---- The list --------------------------------------------------------- */

void
dig_operations_clear(struct dig_operations *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->at[i].verb);
	free(list->at);
	memset(list, 0, sizeof(*list));
}

enum dig_status
dig_undo_list(struct dig_repo *repo, uint64_t limit, struct dig_operations *out,
    struct dig_error *err)
{
	struct backwards back = { .list = true, .limit = limit };
	enum dig_status st;

	st = read_backwards(repo, &back, err);
	if (st == DIG_OK) {
		dig_operations_clear(out);
		for (size_t i = 0; i < back.count; i++) {
			DIG_GROW(out->at, out->cap, out->count + 1);
			out->at[out->count++] = back.at[i].op;
			back.at[i].op.verb = NULL;
		}
		out->folded_time = back.folded_time;
	}
	backwards_clear(&back);
	return st;
}

/* ---- What has to be done ---------------------------------------------- */

/* An undo while it is prepared and done. */
struct change {
	struct dig_repo *repo;
	const struct dig_undo_options *options;
	struct dig_node_io io;
	struct backwards back;
	struct dig_state *to;          /* the state to be: back.state */
	struct dig_oid staged;         /* now */
	struct dig_announcement begun; /* a switch that has not finished */
	bool is_begun;
	struct dig_steps steps;
	struct dig_buf verb;
};

static enum dig_status
none_such(const struct change *ch, struct dig_error *err)
{
	uint64_t number = ch->options->number;
	enum dig_status st;

	if (number == 0)
		st = dig_raise(err, DIG_ENO, "there is nothing to take back");
	else
		st = dig_raise(err, DIG_ENOTFOUND,
		    "there is no operation %llu that could be taken back",
		    (unsigned long long)number);
	if (ch->back.folded_time != 0)
		dig_hint(err, "'dig undo --list' says where the operations "
			      "begin that 'dig gc' has kept");
	else if (number != 0)
		dig_hint(err, "'dig undo --list' lists them");
	return st;
}

static enum dig_status
find_state(struct change *ch, struct dig_error *err)
{
	struct backwards *back = &ch->back;
	enum dig_status st;

	back->wanted = ch->options->number;
	st = read_backwards(ch->repo, back, err);
	if (st != DIG_OK)
		return st;
	if (back->count == 0 ||
	    back->at[back->count - 1].op.number != back->wanted)
		return none_such(ch, err);
	ch->to = &back->state;
	return DIG_OK;
}

/* Is this state object the announcement of a switch? */
static enum dig_status
read_switch(struct change *ch, const struct dig_oid *id,
    struct dig_announcement *out, bool *is, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	*is = false;
	if (dig_oid_is_zero(id))
		return DIG_OK;
	st = dig_announcement_read(ch->repo, id, out, err);
	*is = st == DIG_OK;
	return st == DIG_ECONFLICT ? DIG_OK : st;
}

/* Verbs that write working files and then one record. */
static bool
writes_by_verb(const char *verb)
{
	static const char *const verbs[] = { "rm", "mv", "restore --worktree",
		"restore --staged --worktree", "checkout: paths" };

	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		size_t len = strlen(verbs[i]);

		if (begins(verb, verbs[i]) &&
		    (verb[len] == '\0' ||
			strcmp(verb + len, DIG_VERB_LOSSY) == 0))
			return true;
	}
	return false;
}

/* What wrote other files than it staged: its announcement says which
 * (transition.h). */
static bool
is_transition(const struct run *run)
{
	return begins(run->op.verb, "undo: ") || begins(run->op.verb, "stash ");
}

/* It did not finish, so its files are not its own: one after it finished them,
 * or collect_begun brings them to what is staged. But what a stash has taken
 * out of them so far is not staged, and comes back as if it had finished. */
static bool
leaves_files(const struct change *ch, const struct run *run)
{
	const struct dig_oid *now = &dig_index_next(ch->repo->index)->op_state;

	return !dig_oid_is_zero(&run->announced) &&
	       dig_oid_eq(&run->announced, &run->left) &&
	       !(begins(run->op.verb, "stash ") && dig_oid_eq(&run->left, now));
}

/* The files that one operation wrote go back the way they came. */
static enum dig_status
chain_run(struct change *ch, const struct run *run, struct dig_error *err)
{
	struct dig_oid before = run->before, after = run->after;
	struct dig_announcement ann = { 0 };
	bool writes = writes_by_verb(run->op.verb);
	struct dig_steps more;
	enum dig_status st = DIG_OK;

	if (leaves_files(ch, run))
		return DIG_OK;
	if (!writes)
		st = read_switch(ch, &run->announced, &ann, &writes, err);
	if (st == DIG_OK && is_transition(run) && ann.nroots > 1) {
		after = ann.roots[0];
		before = ann.roots[1];
	}
	free(ann.ref);
	if (st != DIG_OK || !writes)
		return st;
	dig_steps_init(&more, ch->repo, ch->steps.what);
	st = dig_steps_add_diff(&more, &ch->io, &after, &before, err);
	if (st == DIG_OK)
		dig_steps_chain(&ch->steps, &more);
	dig_steps_clear(&more);
	return st;
}

/* Where a switch did not finish, its files are brought to what is staged. */
static enum dig_status
collect_begun(struct change *ch, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	for (size_t i = 0; i < ch->begun.nroots && st == DIG_OK; i++)
		st = dig_steps_add_begun(
		    &ch->steps, &ch->io, &ch->staged, &ch->begun.roots[i], err);
	return st;
}

/* From an undo to the first operation that it took back: with all in between
 * they have done nothing. Else the run itself. */
static size_t
skip_undone(const struct backwards *back, size_t i)
{
	uint64_t to = goes_back_to(&back->at[i]);

	if (to == 0 || !back->at[i].op.finished)
		return i;
	for (size_t k = i + 1; k < back->count; k++)
		if (back->at[k].op.number == to &&
		    dig_oid_eq(&back->at[k].before, &back->at[i].after))
			return k;
	return i;
}

static enum dig_status
collect_steps(struct change *ch, struct dig_error *err)
{
	bool all = ch->back.at[0].op.finished;
	enum dig_status st = DIG_OK;

	if (ch->options->keep_files)
		return DIG_OK;
	for (size_t i = 0; i < ch->back.count && st == DIG_OK; i++) {
		size_t k = skip_undone(&ch->back, i);

		if (k == i)
			st = chain_run(ch, &ch->back.at[i], err);
		i = k;
	}
	if (st == DIG_OK && ch->is_begun && (ch->steps.n > 0 || !all))
		st = collect_begun(ch, err);
	if (st == DIG_OK)
		st = dig_steps_check(&ch->steps, err);
	if (st == DIG_ECONFLICT)
		dig_hint(err,
		    "'dig undo --keep-files' takes back all but the files");
	if (st == DIG_OK)
		st = dig_steps_check_names(
		    &ch->steps, &ch->io, &ch->to->staged_root, err);
	return st;
}

/*
 * A switch that was unfinished then is not announced again: its files have
 * been finished since, or are brought to what is staged now.
 */
static enum dig_status
settle_op_state(struct change *ch, struct dig_error *err)
{
	const struct dig_state *now = dig_index_next(ch->repo->index);
	struct dig_announcement ann = { 0 };
	enum dig_status st;
	bool is;

	st = read_switch(ch, &ch->to->op_state, &ann, &is, err);
	free(ann.ref);
	if (st == DIG_OK && is && !ann.is_within &&
	    (ch->steps.n > 0 || !dig_oid_eq(&ch->to->op_state, &now->op_state)))
		ch->to->op_state = dig_oid_zero;
	return st;
}

/* What an undo of an undo says of the inner one is its number. */
static void
write_verb(struct change *ch)
{
	const struct run *first = &ch->back.at[ch->back.count - 1];
	const struct run *last = &ch->back.at[0];
	const char *verb = first->op.verb;
	size_t len = strlen(verb);

	if (to_be_finished(last) != 0) {
		dig_buf_puts(&ch->verb, last->op.verb); /* the same again */
		return;
	}
	if (first != last) {
		dig_buf_printf(&ch->verb, UNDO_MANY "%llu to %llu",
		    (unsigned long long)first->op.number,
		    (unsigned long long)last->op.number);
		return;
	}
	if (begins(verb, UNDO_ONE) && strstr(verb, " (") != NULL)
		len = (size_t)(strstr(verb, " (") - verb);
	if (ends(verb, DIG_VERB_LOSSY))
		len -= strlen(DIG_VERB_LOSSY);
	dig_buf_printf(&ch->verb, UNDO_ONE "%llu (%.*s)",
	    (unsigned long long)first->op.number,
	    (int)(len < VERB_MAX ? len : VERB_MAX), verb);
}

static enum dig_status
prepare(struct change *ch, struct dig_error *err)
{
	const struct dig_state *now = dig_index_next(ch->repo->index);
	enum dig_status st;

	ch->io = dig_writer_io(dig_index_writer(ch->repo->index));
	ch->staged = now->staged_root;
	dig_steps_init(&ch->steps, ch->repo, "undoing");
	st = find_state(ch, err);
	if (st == DIG_OK)
		st = read_switch(
		    ch, &now->op_state, &ch->begun, &ch->is_begun, err);
	if (st == DIG_OK)
		st = collect_steps(ch, err);
	if (st == DIG_OK)
		st = settle_op_state(ch, err);
	if (st == DIG_OK)
		write_verb(ch);
	return st;
}

/* ---- Doing it --------------------------------------------------------- */

static struct dig_transition
transition_of(struct change *ch)
{
	return (struct dig_transition){ .repo = ch->repo,
		.steps = &ch->steps,
		.to = ch->to,
		.others = ch->staged,
		.begun = ch->is_begun ? &ch->begun : NULL,
		.verb = (const char *)ch->verb.data,
		.hint = "the undo is not finished: run it again" };
}

/* ---- The verb --------------------------------------------------------- */

static enum dig_status
nothing(struct change *ch, struct dig_error *err)
{
	const struct run *last = &ch->back.at[0];
	enum dig_status st;

	if (ch->options->number != 0)
		return DIG_OK;
	if (last->lossy)
		st = dig_raise(err, DIG_ENO,
		    "operation %llu only overwrote edits that were never "
		    "added: they are not stored and cannot come back",
		    (unsigned long long)last->op.number);
	else
		st = dig_raise(err, DIG_ENO,
		    "operation %llu (%.200s) left nothing that could be taken "
		    "back",
		    (unsigned long long)last->op.number, last->op.verb);
	dig_hint(err, "'dig undo --list' lists the operations before it");
	return st;
}

static void
tell_result(const struct change *ch, struct dig_undo_result *result)
{
	const struct run *first = &ch->back.at[ch->back.count - 1];

	result->number = first->op.number;
	result->last = ch->back.at[0].op.number;
	result->verb = dig_strdup(first->op.verb);
	if (ends(result->verb, DIG_VERB_LOSSY))
		result->verb[strlen(result->verb) - strlen(DIG_VERB_LOSSY)] =
		    '\0';
	for (size_t i = 0; i < ch->back.count; i++)
		result->lossy |= ch->back.at[i].lossy;
	if (ch->to->head_ref != NULL)
		result->branch = dig_strdup(dig_ref_short(ch->to->head_ref));
	if (!dig_state_head(ch->to, &result->commit))
		result->commit = dig_oid_zero;
	result->written = ch->steps.written;
	result->removed = ch->steps.removed;
}

static bool
head_moves(const struct dig_state *from, const struct dig_state *to)
{
	struct dig_oid a = dig_oid_zero, b = dig_oid_zero;
	bool had = dig_state_head(from, &a), has = dig_state_head(to, &b);

	return had != has || !dig_oid_eq(&a, &b) ||
	       !same_name(from->head_ref, to->head_ref);
}

void
dig_undo_result_clear(struct dig_undo_result *result)
{
	free(result->verb);
	free(result->branch);
	memset(result, 0, sizeof(*result));
}

enum dig_status
dig_undo(struct dig_repo *repo, const struct dig_undo_options *options,
    struct dig_undo_result *result, struct dig_error *err)
{
	struct change ch = { .repo = repo, .options = options };
	struct dig_transition transition;
	enum dig_status st;

	memset(result, 0, sizeof(*result));
	st = dig_index_begin(repo->index, err);
	if (st != DIG_OK)
		return st;
	st = prepare(&ch, err);
	if (st == DIG_OK) {
		transition = transition_of(&ch);
		result->moved = head_moves(dig_index_next(repo->index), ch.to);
		result->nothing = dig_transition_is_there(&transition);
		st = result->nothing ? nothing(&ch, err)
				     : dig_transition_run(&transition, err);
	}
	if (st == DIG_OK)
		tell_result(&ch, result);
	dig_index_rollback(repo->index); /* of what was not committed */
	dig_steps_clear(&ch.steps);
	backwards_clear(&ch.back);
	free(ch.begun.ref);
	dig_buf_clear(&ch.verb);
	return st;
}
