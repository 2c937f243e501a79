/* SPDX-License-Identifier: MIT
 *
 * Switching: what the new staged root is, the announcement, the two records.
 * Invariants: checkout.h.
 */
#include "repo/switch.h"

#include <stdlib.h>
#include <string.h>

#include "repo/announce.h"
#include "repo/select.h"
#include "repo/steps.h"

#define SHOW_STAGED 100

/* A switch while it is prepared and done. */
struct change {
	struct dig_repo *repo;
	struct dig_switch *to;
	struct dig_node_io io; /* sees what the transaction has put */
	struct dig_oid head_tree;
	struct dig_oid staged;
	struct dig_announcement ann;
	struct dig_steps steps;
	struct dig_tree_edit *edits; /* staged changes that are kept */
	size_t nedits;
	size_t edits_cap;
	uint64_t nconflicts;
};

/* ---- What must not be staged ------------------------------------------ */

struct staged {
	struct dig_repo *repo;
	uint64_t count;
};

static enum dig_status
on_staged(void *arg, const struct dig_entry *head,
    const struct dig_entry *staged, struct dig_error *err)
{
	const struct dig_entry *any = staged != NULL ? staged : head;
	struct staged *list = arg;
	struct dig_buf shown = DIG_BUF_INIT;

	(void)err;
	if (++list->count <= SHOW_STAGED) {
		dig_path_quote(&shown, any->path, any->path_len, true);
		dig_repo_warn(list->repo, "%s: has staged changes",
		    (const char *)shown.data);
		dig_buf_clear(&shown);
	}
	return DIG_OK;
}

enum dig_status
dig_switch_need_clean(
    struct dig_repo *repo, const char *what, struct dig_error *err)
{
	struct dig_node_io io = dig_writer_io(dig_index_writer(repo->index));
	const struct dig_oid *staged =
	    &dig_index_next(repo->index)->staged_root;
	struct staged list = { repo, 0 };
	struct dig_oid head_tree;
	enum dig_status st;

	st = dig_repo_head_tree(repo, &head_tree, err);
	if (st == DIG_OK)
		st = dig_tree_diff(
		    &io, &head_tree, staged, on_staged, &list, err);
	if (st != DIG_OK || list.count == 0)
		return st;
	st = dig_raise(err, DIG_ECONFLICT,
	    "cannot %s over staged changes; nothing was changed", what);
	dig_hint(err, "commit them, or unstage them with 'dig reset'");
	return st;
}

/* ---- What will be staged ---------------------------------------------- */

static bool
same(const struct dig_entry *a, const struct dig_entry *b)
{
	return a == NULL || b == NULL ? a == b : dig_entry_same(a, b);
}

static void
staged_conflict(struct change *sw, const struct dig_entry *entry)
{
	struct dig_buf shown = DIG_BUF_INIT;

	sw->nconflicts++;
	dig_path_quote(&shown, entry->path, entry->path_len, true);
	dig_repo_warn(sw->repo, "%s: has staged changes", (char *)shown.data);
	dig_buf_clear(&shown);
}

/* A staged change is kept where the switch does not change the path. */
static enum dig_status
keep_staged(void *arg, const struct dig_entry *head,
    const struct dig_entry *staged, struct dig_error *err)
{
	struct change *sw = arg;
	const struct dig_entry *any = staged != NULL ? staged : head;
	const struct dig_entry *target = NULL;
	struct dig_tree_edit *edit;
	struct dig_entry found;
	enum dig_status st;

	st = dig_tree_find(
	    &sw->io, &sw->to->tree, any->path, any->path_len, &found, err);
	if (st != DIG_OK && st != DIG_ENOTFOUND)
		return st;
	if (st == DIG_OK)
		target = &found;
	if (same(staged, target))
		return DIG_OK;
	if (!same(head, target)) {
		staged_conflict(sw, any);
		return DIG_OK;
	}
	if (staged != NULL) {
		st = dig_select_no_clash(
		    &sw->io, &sw->to->tree, any->path, any->path_len, err);
		if (st == DIG_ECONFLICT) {
			staged_conflict(sw, any);
			return DIG_OK;
		}
		if (st != DIG_OK)
			return st;
	}
	DIG_GROW(sw->edits, sw->edits_cap, sw->nedits + 1);
	edit = &sw->edits[sw->nedits++];
	edit->remove = staged == NULL;
	edit->entry = *any;
	edit->entry.path = (uint8_t *)dig_memdup0(any->path, any->path_len);
	return DIG_OK;
}

static enum dig_status
merge_staged(struct change *sw, struct dig_error *err)
{
	enum dig_status st;

	sw->ann.roots[0] = sw->to->tree;
	sw->ann.nroots = 1;
	if (sw->to->drop_staged)
		return DIG_OK;
	st = dig_tree_diff(
	    &sw->io, &sw->head_tree, &sw->staged, keep_staged, sw, err);
	if (st == DIG_OK && sw->nconflicts > 0) {
		st = dig_raise(err, DIG_ECONFLICT,
		    "staged changes would be overwritten; nothing was changed");
		dig_hint(err, "commit them, or use -f to lose all changes");
	}
	if (st == DIG_OK && sw->nedits > 0)
		st = dig_tree_apply(&sw->io, &sw->to->tree, sw->edits,
		    sw->nedits, &sw->ann.roots[0], err);
	return st;
}

/* ---- The steps -------------------------------------------------------- */

/* What switches that have not finished may have written (C3); they are named
 * again beside the new one. */
static enum dig_status
add_begun(struct change *sw, struct dig_error *err)
{
	struct dig_announcement begun = { 0 };
	struct dig_op op;
	enum dig_status st;

	st = dig_op_next(sw->repo, &op, err);
	if (st != DIG_OK)
		return st; /* also for what this dig does not know */
	begun.nroots = op.nroots;
	memcpy(begun.roots, op.roots, sizeof(begun.roots));
	dig_op_clear(&op);
	for (size_t i = 0; i < begun.nroots && st == DIG_OK; i++)
		st = dig_steps_add_begun(
		    &sw->steps, &sw->io, &sw->staged, &begun.roots[i], err);
	return st == DIG_OK ? dig_announcement_add(&sw->ann, &begun, err) : st;
}

/* Files of conflicts hold what an operation has left there. */
static void
force_conflicts(struct change *sw)
{
	for (size_t i = 0; sw->to->lose != NULL && i < sw->steps.n; i++)
		if (dig_op_conflict(sw->to->lose, sw->steps.at[i].path,
			sw->steps.at[i].path_len) != NULL)
			sw->steps.at[i].force = true;
}

static enum dig_status
collect_steps(struct change *sw, struct dig_error *err)
{
	enum dig_status st;

	dig_steps_init(&sw->steps, sw->repo, sw->to->what);
	sw->steps.force = sw->to->force;
	st = dig_steps_add_diff(
	    &sw->steps, &sw->io, &sw->staged, &sw->ann.roots[0], err);
	if (st == DIG_OK)
		st = add_begun(sw, err);
	if (st == DIG_OK && sw->to->force)
		st = dig_steps_add_edits(
		    &sw->steps, &sw->io, &sw->ann.roots[0], err);
	if (st == DIG_OK) {
		force_conflicts(sw);
		st = dig_steps_check(&sw->steps, err);
	}
	return st;
}

/* ---- The records ------------------------------------------------------ */

/* C2 */
static enum dig_status
finish(struct change *sw, struct dig_error *err)
{
	const struct dig_op none = { .kind = DIG_OP_NONE };
	const struct dig_switch *to = sw->to;
	struct dig_index *index = sw->repo->index;
	struct dig_state *next = dig_index_next(index);
	struct dig_commit_options options = { .verb = to->verb, .op = to->op };
	enum dig_status st;
	char *ref;

	st = dig_steps_stage(&sw->steps, err);
	if (st == DIG_OK)
		st = dig_op_put(
		    sw->repo, to->after != NULL ? to->after : &none, err);
	if (st != DIG_OK)
		return st;
	ref = to->ref != NULL ? dig_strdup(to->ref) : NULL;
	if (ref != NULL)
		dig_state_set_ref(next, ref, &to->commit);
	free(next->head_ref);
	next->head_ref = ref;
	next->head_id = ref != NULL ? dig_oid_zero : to->commit;
	next->staged_root = sw->ann.roots[0];
	return dig_index_commit(index, &options, &sw->to->op, err);
}

/* Is there anything to record? */
static bool
is_there(const struct change *sw)
{
	const struct dig_state *state = dig_index_next(sw->repo->index);
	const struct dig_switch *to = sw->to;
	struct dig_oid head;

	if (to->after != NULL || !dig_oid_is_zero(&state->op_state) ||
	    !dig_oid_eq(&state->staged_root, &sw->ann.roots[0]) ||
	    !dig_state_head(state, &head) || !dig_oid_eq(&head, &to->commit) ||
	    (state->head_ref == NULL) != (to->ref == NULL))
		return false;
	return state->head_ref == NULL || strcmp(state->head_ref, to->ref) == 0;
}

static enum dig_status
prepare(struct change *sw, struct dig_error *err)
{
	const struct dig_switch *to = sw->to;
	enum dig_status st;

	sw->io = dig_writer_io(dig_index_writer(sw->repo->index));
	sw->staged = dig_index_next(sw->repo->index)->staged_root;
	sw->ann.ref = to->ref != NULL ? dig_strdup(to->ref) : NULL;
	sw->ann.commit = to->commit;
	st = dig_repo_head_tree(sw->repo, &sw->head_tree, err);
	if (st == DIG_OK)
		st = merge_staged(sw, err);
	if (st == DIG_OK)
		st = collect_steps(sw, err);
	if (st == DIG_OK)
		st = dig_steps_check_names(
		    &sw->steps, &sw->io, &sw->ann.roots[0], err);
	return st;
}

/* The announcement says so when edits are lost; the reflog has git's words. */
static enum dig_status
announce(struct change *sw, struct dig_error *err)
{
	struct dig_buf verb = DIG_BUF_INIT;
	enum dig_status st;

	dig_buf_puts(&verb, sw->to->verb);
	if (sw->steps.lossy)
		dig_buf_puts(&verb, DIG_VERB_LOSSY);
	st = dig_announce(
	    sw->repo, &sw->ann, (const char *)verb.data, &sw->to->op, err);
	if (st == DIG_OK)
		sw->io = dig_writer_io(dig_index_writer(sw->repo->index));
	dig_buf_clear(&verb);
	return st;
}

static enum dig_status
carry_out(struct change *sw, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	if (dig_steps_touch_files(&sw->steps)) {
		st = announce(sw, err);
		if (st == DIG_OK) {
			st = dig_steps_run(&sw->steps, err);
			if (st != DIG_OK)
				dig_hint(err,
				    "the switch is not finished: run it again, "
				    "or 'dig checkout' to stay where HEAD is");
		}
	}
	if (st == DIG_OK && (sw->steps.n > 0 || !is_there(sw)))
		st = finish(sw, err);
	return st;
}

enum dig_status
dig_switch_to(
    struct dig_repo *repo, struct dig_switch *to, struct dig_error *err)
{
	struct change sw = { .repo = repo, .to = to };
	enum dig_status st;

	st = prepare(&sw, err);
	if (st == DIG_OK)
		st = carry_out(&sw, err);
	if (st == DIG_OK) {
		to->written = sw.steps.written;
		to->removed = sw.steps.removed;
		to->skipped_links = sw.steps.skipped_links;
	}
	dig_index_rollback(repo->index); /* of what was not committed */
	dig_steps_clear(&sw.steps);
	for (size_t i = 0; i < sw.nedits; i++)
		free((void *)(uintptr_t)sw.edits[i].entry.path);
	free(sw.edits);
	free(sw.ann.ref);
	return st;
}
