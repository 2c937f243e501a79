/* SPDX-License-Identifier: MIT
 *
 * The announcement with two trees of files, the files, the last record.
 */
#include "repo/transition.h"

#include <stdlib.h>

/* ---- The announcement ------------------------------------------------- */

/* Nothing is done; and it was not done by one that did not finish, which this
 * one takes over. */
static bool
does_nothing(const struct dig_step *step)
{
	return step->action == DIG_STEP_NONE &&
	       !(step->may_be_gone && step->has_old && !step->has_now);
}

/* The files of the steps as they will be, or as they were; all others are
 * those of `others`. */
static enum dig_status
root_of_files(const struct dig_transition *t, const struct dig_node_io *io,
    bool after, struct dig_oid *out, struct dig_error *err)
{
	const struct dig_steps *steps = t->steps;
	struct dig_tree_edit *edits = dig_calloc(steps->n + 1, sizeof(*edits));
	enum dig_status st;
	size_t n = 0;

	for (size_t i = 0; i < steps->n; i++) {
		const struct dig_step *step = &steps->at[i];
		bool has = after ? step->has_now : step->has_old;

		if (does_nothing(step))
			continue;
		edits[n].remove = !has;
		edits[n].entry = after ? step->now : step->old;
		edits[n].entry.path = (const uint8_t *)step->path;
		edits[n++].entry.path_len = step->path_len;
	}
	st = dig_tree_apply(io, &t->others, edits, n, out, err);
	free(edits);
	return st;
}

static enum dig_status
announce(struct dig_transition *t, struct dig_error *err)
{
	struct dig_node_io io = dig_writer_io(dig_index_writer(t->repo->index));
	struct dig_announcement ann = { .ref = t->to->head_ref, .nroots = 2 };
	enum dig_status st;

	if (!dig_state_head(t->to, &ann.commit))
		ann.commit = dig_oid_zero;
	st = root_of_files(t, &io, true, &ann.roots[0], err);
	if (st == DIG_OK)
		st = root_of_files(t, &io, false, &ann.roots[1], err);
	if (st == DIG_OK && t->begun != NULL)
		st = dig_announcement_add(&ann, t->begun, err);
	if (st == DIG_OK)
		st = dig_announce(t->repo, &ann, t->verb, &t->op, err);
	return st;
}

/* ---- The last record -------------------------------------------------- */

static enum dig_status
stage_path(void *arg, const struct dig_entry *before,
    const struct dig_entry *now, struct dig_error *err)
{
	const struct dig_entry *any = now != NULL ? now : before;
	const struct dig_transition *t = arg;
	const struct dig_step *step =
	    dig_steps_find(t->steps, any->path, any->path_len);
	bool known = step != NULL && step->settled && step->has_now &&
		     now != NULL && dig_entry_same(&step->now, now);

	return dig_index_stage(t->repo->index, now, any->path, any->path_len,
	    NULL, known ? &step->stat : NULL, err);
}

static void
take_state(struct dig_state *next, const struct dig_state *to)
{
	for (size_t i = next->nrefs; i > 0; i--)
		if (dig_state_ref(to, next->refs[i - 1].name) == NULL)
			dig_state_set_ref(next, next->refs[i - 1].name, NULL);
	for (size_t i = 0; i < to->nrefs; i++)
		dig_state_set_ref(next, to->refs[i].name, &to->refs[i].id);
	free(next->head_ref);
	next->head_ref = to->head_ref != NULL ? dig_strdup(to->head_ref) : NULL;
	next->head_id = to->head_id;
	next->staged_root = to->staged_root;
	next->op_state = to->op_state;
}

static enum dig_status
finish(struct dig_transition *t, struct dig_error *err)
{
	struct dig_commit_options options = { .verb = t->verb, .op = t->op };
	struct dig_index *index = t->repo->index;
	struct dig_node_io io = dig_writer_io(dig_index_writer(index));
	struct dig_state *next = dig_index_next(index);
	enum dig_status st;

	st = dig_tree_diff(
	    &io, &next->staged_root, &t->to->staged_root, stage_path, t, err);
	if (st == DIG_OK)
		st = dig_steps_restat(t->steps, err);
	if (st != DIG_OK)
		return st;
	take_state(next, t->to);
	return dig_index_commit(index, &options, &t->op, err);
}

/* ---- The whole -------------------------------------------------------- */

bool
dig_transition_is_there(const struct dig_transition *t)
{
	const struct dig_state *now = dig_index_next(t->repo->index);
	struct dig_state next;
	bool same;

	dig_state_copy(now, &next);
	take_state(&next, t->to);
	same = dig_state_same(&next, now);
	dig_state_clear(&next);
	return same && !dig_steps_touch_files(t->steps);
}

enum dig_status
dig_transition_run(struct dig_transition *t, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	/* What one that did not finish has written is this one's now. */
	if (dig_steps_touch_files(t->steps) || t->begun != NULL) {
		st = announce(t, err);
		if (st == DIG_OK)
			st = dig_steps_run(t->steps, err);
		if (st != DIG_OK) {
			dig_hint(err, "%s", t->hint);
			return st;
		}
	}
	return finish(t, err);
}
