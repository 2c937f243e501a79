/* SPDX-License-Identifier: MIT
 *
 * Bringing stashed changes back: which trees are merged, what is staged then.
 */
#include "repo/stash.h"

#include <stdlib.h>

#include "repo/merge_trees.h"
#include "repo/select.h"
#include "repo/transition.h"

/* An apply while it is prepared and done. */
struct apply {
	struct dig_repo *repo;
	const struct dig_stash_apply_options *options;
	struct dig_stash_entry entry;
	struct dig_node_io io; /* sees what the transaction has put */
	struct dig_text text;
	struct dig_merging merging;
	struct dig_oid staged; /* now */
	struct dig_oid index;  /* to be staged, with --index */
	bool has_index;
	struct dig_oid merged; /* the files to be */
	struct dig_op op;      /* its conflicts */
	struct dig_announcement begun;
	struct dig_state to;
	struct dig_steps steps;
};

void
dig_stash_apply_result_clear(struct dig_stash_apply_result *result)
{
	dig_buf_clear(&result->told);
	free(result->name);
	memset(result, 0, sizeof(*result));
}

/* ---- Before ----------------------------------------------------------- */

static enum dig_status
refuse_push(struct apply *a, struct dig_error *err)
{
	enum dig_status st;
	uint64_t op = 0;

	st = dig_announced_by(a->repo, DIG_STASH_PUSH, &op, err);
	if (st != DIG_OK || op == 0)
		return st;
	st = dig_raise(err, DIG_ECONFLICT,
	    "cannot apply a stash: the last one has not finished");
	dig_hint(err, "'dig stash' finishes it, 'dig undo' takes it back");
	return st;
}

/* What is in progress: paths that are not merged, a switch to be known of. */
static enum dig_status
look_at_operation(struct apply *a, struct dig_error *err)
{
	const struct dig_state *next = dig_index_next(a->repo->index);
	enum dig_status st = dig_op_next(a->repo, &a->op, err);

	if (st == DIG_OK && a->op.nconflicts > 0) {
		st = dig_raise(err, DIG_ECONFLICT,
		    "cannot apply a stash: there are paths that are not "
		    "merged");
		dig_hint(err, "edit the files that 'dig status' lists, then "
			      "say so with 'dig add' or 'dig rm'");
	}
	if (st == DIG_OK && a->op.nroots > 0)
		st = dig_announcement_read(
		    a->repo, &next->op_state, &a->begun, err);
	return st == DIG_OK ? refuse_push(a, err) : st;
}

static enum dig_status
look(struct apply *a, struct dig_error *err)
{
	enum dig_status st;

	a->io = dig_writer_io(dig_index_writer(a->repo->index));
	a->staged = dig_index_next(a->repo->index)->staged_root;
	st = look_at_operation(a, err);
	if (st == DIG_OK)
		st = dig_stash_find(a->repo, a->options->word, &a->entry, err);
	if (st == DIG_OK && a->options->pop && a->entry.ref == NULL)
		st = dig_raise(err, DIG_EINVALID,
		    "'%.200s' is not a stash reference", a->entry.name);
	a->merging.ancestor = "Stash base";
	a->merging.ours = dig_oid_eq(&a->entry.base_tree, &a->staged)
			      ? "Version stash was based on"
			      : "Updated upstream";
	a->merging.theirs = "Stashed changes";
	return st;
}

/* ---- The merges ------------------------------------------------------- */

/* What was staged, onto what is staged now. */
static enum dig_status
merge_index(struct apply *a, struct dig_error *err)
{
	struct dig_op op = { 0 };
	enum dig_status st;

	if (!a->options->index ||
	    dig_oid_eq(&a->entry.staged, &a->entry.base_tree) ||
	    dig_oid_eq(&a->entry.staged, &a->staged))
		return DIG_OK;
	st = dig_merge_trees(&a->merging, &a->entry.base_tree, &a->staged,
	    &a->entry.staged, &a->index, &op, err);
	if (st == DIG_OK && op.nconflicts > 0) {
		st = dig_raise(err, DIG_ECONFLICT,
		    "conflicts in what is staged; nothing was changed");
		dig_hint(err, "try without '--index'");
	}
	dig_merge_notes_clear(&a->merging.notes);
	dig_op_clear(&op);
	a->has_index = true;
	return st;
}

static enum dig_status
merge_files(struct apply *a, struct dig_error *err)
{
	return dig_merge_trees(&a->merging, &a->entry.base_tree, &a->staged,
	    &a->entry.work, &a->merged, &a->op, err);
}

/* ---- What will be staged ---------------------------------------------- */

struct additions {
	struct apply *apply;
	struct dig_tree_edit *edits;
	size_t count;
	size_t cap;
};

static enum dig_status
add_new(void *arg, const struct dig_entry *staged,
    const struct dig_entry *merged, struct dig_error *err)
{
	struct additions *list = arg;
	struct apply *a = list->apply;
	struct dig_tree_edit *edit;
	enum dig_status st;

	if (staged != NULL)
		return DIG_OK;
	/* Where what is staged has a folder, or a file for a folder, it is not
	 * tracked for now. */
	st = dig_select_no_clash(
	    &a->io, &a->staged, merged->path, merged->path_len, err);
	if (st != DIG_OK)
		return st == DIG_ECONFLICT ? DIG_OK : st;
	DIG_GROW(list->edits, list->cap, list->count + 1);
	edit = &list->edits[list->count++];
	edit->remove = false;
	edit->entry = *merged;
	edit->entry.path =
	    (uint8_t *)dig_memdup0(merged->path, merged->path_len);
	return DIG_OK;
}

/* What is staged stays, but new files are added. */
static enum dig_status
keep_staged(struct apply *a, struct dig_oid *out, struct dig_error *err)
{
	struct additions list = { .apply = a };
	enum dig_status st;

	*out = a->staged;
	st = dig_tree_diff(&a->io, &a->staged, &a->merged, add_new, &list, err);
	if (st == DIG_OK && list.count > 0)
		st = dig_tree_apply(
		    &a->io, &a->staged, list.edits, list.count, out, err);
	for (size_t i = 0; i < list.count; i++)
		free((void *)(uintptr_t)list.edits[i].entry.path);
	free(list.edits);
	return st;
}

/* The id that the operation will have; it is not in progress before the files
 * are written. */
static enum dig_status
put_operation(struct apply *a, struct dig_error *err)
{
	struct dig_state *next = dig_index_next(a->repo->index);
	struct dig_oid before = next->op_state;
	enum dig_status st;

	a->op.nroots = 0;
	a->op.commit = dig_oid_zero;
	free(a->op.ref);
	a->op.ref = NULL;
	if (a->op.kind == DIG_OP_NONE && a->op.nconflicts > 0) {
		a->op.kind = DIG_OP_UNMERGED;
		dig_state_head(next, &a->op.head);
		if (next->head_ref != NULL)
			a->op.head_ref = dig_strdup(next->head_ref);
	}
	st = dig_op_put(a->repo, &a->op, err);
	a->to.op_state = next->op_state;
	next->op_state = before;
	return st;
}

static enum dig_status
find_state(struct apply *a, struct dig_error *err)
{
	enum dig_status st;

	dig_state_copy(dig_index_next(a->repo->index), &a->to);
	st = put_operation(a, err);
	if (st != DIG_OK)
		return st;
	if (a->op.nconflicts > 0) {
		a->to.staged_root = a->merged;
		return DIG_OK;
	}
	if (a->options->pop)
		dig_state_set_ref(&a->to, a->entry.ref, NULL);
	if (!a->has_index)
		return keep_staged(a, &a->to.staged_root, err);
	a->to.staged_root = a->index;
	return DIG_OK;
}

/* ---- The files -------------------------------------------------------- */

struct untracked {
	struct apply *apply;
	struct dig_steps steps;
	uint64_t nconflicts;
};

static enum dig_status
add_untracked(void *arg, const struct dig_entry *entry, struct dig_error *err)
{
	struct untracked *list = arg;
	struct apply *a = list->apply;
	struct dig_buf shown = DIG_BUF_INIT;
	struct dig_entry there;
	enum dig_status st;

	st = dig_tree_find(
	    &a->io, &a->merged, entry->path, entry->path_len, &there, err);
	if (st == DIG_ENOTFOUND)
		return dig_steps_add(&list->steps, NULL, entry, err);
	if (st != DIG_OK || dig_entry_same(&there, entry))
		return st;
	list->nconflicts++;
	dig_path_quote(&shown, entry->path, entry->path_len, true);
	dig_repo_warn(a->repo,
	    "%s: is tracked, and was not when it was stashed",
	    (const char *)shown.data);
	dig_buf_clear(&shown);
	return DIG_OK;
}

static enum dig_status
collect_untracked(struct apply *a, struct dig_error *err)
{
	struct untracked list = { .apply = a };
	enum dig_status st = DIG_OK;

	if (!a->entry.has_others)
		return DIG_OK;
	dig_steps_init(&list.steps, a->repo, a->steps.what);
	st = dig_select(
	    &a->io, &a->entry.others, NULL, add_untracked, &list, err);
	if (st == DIG_OK && list.nconflicts > 0)
		st = dig_raise(err, DIG_ECONFLICT,
		    "untracked files of the stash are in the way; nothing was "
		    "changed");
	if (st == DIG_OK)
		dig_steps_merge(&a->steps, &list.steps);
	dig_steps_clear(&list.steps);
	return st;
}

static enum dig_status
collect_steps(struct apply *a, struct dig_error *err)
{
	enum dig_status st;

	st = dig_steps_add_diff(&a->steps, &a->io, &a->staged, &a->merged, err);
	if (st == DIG_OK)
		st = collect_untracked(a, err);
	for (size_t i = 0; i < a->begun.nroots && st == DIG_OK; i++)
		st = dig_steps_add_begun(
		    &a->steps, &a->io, &a->staged, &a->begun.roots[i], err);
	if (st == DIG_OK)
		st = dig_steps_check(&a->steps, err);
	if (st == DIG_ECONFLICT)
		dig_hint(err,
		    "commit, stash or move away what is in the way, or see "
		    "it beside on a branch: 'dig stash branch NAME'");
	if (st == DIG_OK)
		st = dig_steps_check_names(&a->steps, &a->io, &a->merged, err);
	return st;
}

static enum dig_status
carry_out(struct apply *a, struct dig_error *err)
{
	struct dig_buf verb = DIG_BUF_INIT;
	struct dig_transition transition = { .repo = a->repo,
		.steps = &a->steps,
		.to = &a->to,
		.others = a->staged,
		.begun = a->begun.nroots > 0 ? &a->begun : NULL,
		.hint = "it is not finished: run it again" };
	enum dig_status st = DIG_OK;

	dig_buf_printf(&verb, "stash %s: %.200s",
	    a->options->pop ? "pop" : "apply", a->entry.name);
	transition.verb = (const char *)verb.data;
	if (!dig_transition_is_there(&transition))
		st = dig_transition_run(&transition, err);
	dig_buf_clear(&verb);
	return st;
}

/* ---- The verb --------------------------------------------------------- */

static void
tell_result(struct apply *a, struct dig_stash_apply_result *result)
{
	struct dig_merge_notes *notes = &a->merging.notes;

	for (size_t i = 0; i < notes->count; i++) {
		dig_buf_put(&result->told, notes->at[i].text.data,
		    notes->at[i].text.len);
		dig_buf_putc(&result->told, '\n');
	}
	result->conflicts = a->op.nconflicts > 0;
	result->dropped = a->options->pop && !result->conflicts;
	result->name = dig_strdup(a->entry.name);
	result->id = a->entry.id;
}

enum dig_status
dig_stash_apply(struct dig_repo *repo,
    const struct dig_stash_apply_options *options,
    struct dig_stash_apply_result *result, struct dig_error *err)
{
	struct apply a = {
		.repo = repo, .options = options, .text = DIG_TEXT_INIT
	};
	enum dig_status st;

	memset(result, 0, sizeof(*result));
	st = dig_index_begin(repo->index, err);
	if (st != DIG_OK)
		return st;
	a.merging.repo = repo;
	a.merging.text = &a.text;
	dig_steps_init(&a.steps, repo, "applying");
	st = look(&a, err);
	if (st == DIG_OK)
		st = merge_index(&a, err);
	if (st == DIG_OK)
		st = merge_files(&a, err);
	if (st == DIG_OK)
		st = find_state(&a, err);
	if (st == DIG_OK)
		st = collect_steps(&a, err);
	if (st == DIG_OK)
		st = carry_out(&a, err);
	if (st == DIG_OK)
		tell_result(&a, result);
	dig_index_rollback(repo->index); /* of what was not committed */
	dig_merge_notes_clear(&a.merging.notes);
	dig_text_close(&a.text);
	dig_op_clear(&a.op);
	free(a.begun.ref);
	dig_state_clear(&a.to);
	dig_steps_clear(&a.steps);
	dig_stash_entry_clear(&a.entry);
	return st;
}
