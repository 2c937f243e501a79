/* SPDX-License-Identifier: MIT
 *
 * Taking paths from a tree into what is staged, into the work tree, or both.
 */
#include <stdlib.h>
#include <string.h>

#include "repo/announce.h"
#include "repo/operation.h"
#include "repo/revision.h"
#include "repo/select.h"
#include "repo/steps.h"

/* A restore while it is prepared and done. */
struct change {
	struct dig_repo *repo;
	const struct dig_restore_options *options;
	struct dig_pathspec *spec;
	struct dig_node_io io;
	struct dig_oid staged;
	struct dig_oid source;
	struct dig_oid result; /* the new staged root */
	struct dig_steps steps;
	struct dig_steps same; /* paths that only the work tree has otherwise */
	struct dig_op op;      /* in progress */
	bool resolves;         /* paths become merged */
};

static bool
is_meant(struct change *ch, const struct dig_entry *entry)
{
	return dig_pathspec_match(
	    ch->spec, (const char *)entry->path, entry->path_len, false);
}

/* A path on which what is staged and the source differ. */
static enum dig_status
add_difference(void *arg, const struct dig_entry *staged,
    const struct dig_entry *source, struct dig_error *err)
{
	struct change *ch = arg;

	if (source == NULL && ch->options->overlay)
		return DIG_OK;
	if (!is_meant(ch, source != NULL ? source : staged))
		return DIG_OK;
	return dig_steps_add(&ch->steps, staged, source, err);
}

/* From what is staged into the work tree: a path that is not merged has no
 * one version there. */
static bool
takes_sides(const struct change *ch)
{
	return !ch->options->staged && ch->options->source == NULL;
}

static enum dig_status
no_version(const struct change *ch, const struct dig_conflict *conflict,
    struct dig_error *err)
{
	struct dig_buf shown = DIG_BUF_INIT;
	int side = ch->options->side;

	dig_path_quote(&shown, conflict->path, conflict->path_len, true);
	if (side == 0) {
		dig_ignore(dig_raise(err, DIG_ENO, "%.300s is not merged",
		    (const char *)shown.data));
		dig_hint(err, "'dig checkout --ours' or '--theirs' takes the "
			      "version of one side");
	} else {
		dig_ignore(dig_raise(err, DIG_ENO,
		    "%.300s has no version of %s", (const char *)shown.data,
		    side == DIG_SIDE_OURS ? "ours" : "theirs"));
		dig_hint(err, "'dig rm' says that it shall be gone");
	}
	dig_buf_clear(&shown);
	return DIG_ENO;
}

/* Paths that are not merged: the version of one side. */
static enum dig_status
add_sides(struct change *ch, struct dig_error *err)
{
	int side = ch->options->side;
	struct dig_steps sides;
	enum dig_status st = DIG_OK;

	dig_steps_init(&sides, ch->repo, ch->steps.what);
	sides.force = true;
	for (size_t i = 0; i < ch->op.nconflicts && st == DIG_OK; i++) {
		const struct dig_conflict *conflict = &ch->op.conflicts[i];
		struct dig_entry staged;
		bool is_staged;

		if (!dig_pathspec_match(
			ch->spec, conflict->path, conflict->path_len, false))
			continue;
		if (side == 0 || !conflict->has[side]) {
			st = no_version(ch, conflict, err);
			break;
		}
		st = dig_tree_find(&ch->io, &ch->staged, conflict->path,
		    conflict->path_len, &staged, err);
		is_staged = st == DIG_OK;
		if (is_staged || st == DIG_ENOTFOUND)
			st = dig_steps_add(&sides, is_staged ? &staged : NULL,
			    &conflict->side[side], err);
	}
	if (st == DIG_OK)
		dig_steps_merge(&ch->steps, &sides);
	dig_steps_clear(&sides);
	return st;
}

/* Any path of the source: the working file may differ. */
static enum dig_status
add_edited(void *arg, const struct dig_entry *entry, struct dig_error *err)
{
	struct change *ch = arg;
	struct dig_look look;
	enum dig_status st;
	char *path;
	int which = -1;

	if (!ch->options->worktree)
		return DIG_OK; /* it was to be marked as matched */
	if (takes_sides(ch) &&
	    dig_op_conflict(&ch->op, entry->path, entry->path_len) != NULL)
		return DIG_OK; /* add_sides knows which */
	path = dig_memdup0(entry->path, entry->path_len);
	st = dig_worktree_look(&ch->same.folders, path, &look, err);
	if (st == DIG_OK)
		st = dig_worktree_which(ch->repo, &ch->same.folders, path,
		    &look, &entry, 1, &which, err);
	free(path);
	if (st == DIG_OK && which < 0)
		st = dig_steps_add(&ch->same, entry, entry, err);
	return st;
}

static enum dig_status
find_source(struct change *ch, struct dig_error *err)
{
	const struct dig_restore_options *options = ch->options;

	ch->staged = dig_index_next(ch->repo->index)->staged_root;
	ch->source = ch->staged;
	if (options->source != NULL)
		return dig_revision_tree(
		    ch->repo, options->source, &ch->source, err);
	if (options->staged)
		return dig_repo_head_tree(ch->repo, &ch->source, err);
	return DIG_OK;
}

static enum dig_status
collect(struct change *ch, struct dig_error *err)
{
	enum dig_status st;

	st = dig_op_next(ch->repo, &ch->op, err);
	if (st == DIG_OK)
		st = dig_tree_diff(
		    &ch->io, &ch->staged, &ch->source, add_difference, ch, err);
	if (st == DIG_OK)
		st = dig_select(
		    &ch->io, &ch->source, ch->spec, add_edited, ch, err);
	if (st == DIG_OK && ch->options->staged)
		st = dig_op_resolve(ch->repo, ch->spec, &ch->resolves, err);
	if (st == DIG_OK && takes_sides(ch))
		st = add_sides(ch, err);
	if (st == DIG_OK)
		st = dig_select_all_matched(ch->spec, err);
	if (st == DIG_OK)
		dig_steps_merge(&ch->steps, &ch->same);
	return st;
}

/* The new staged root: the staged one with the steps' paths changed. */
static enum dig_status
apply(struct change *ch, struct dig_error *err)
{
	struct dig_tree_edit *edits =
	    dig_calloc(ch->steps.n + 1, sizeof(*edits));
	enum dig_status st = DIG_OK;
	size_t n = 0;

	ch->result = ch->staged;
	for (size_t i = 0; i < ch->steps.n; i++) {
		const struct dig_step *step = &ch->steps.at[i];

		edits[n].remove = !step->has_now;
		edits[n++].entry = step->has_now ? step->now : step->old;
	}
	if (n > 0)
		st = dig_tree_apply(
		    &ch->io, &ch->staged, edits, n, &ch->result, err);
	for (size_t i = 0; i < ch->steps.n && st == DIG_OK; i++) {
		const struct dig_step *step = &ch->steps.at[i];

		if (step->has_now && !step->has_old)
			st = dig_select_no_clash(&ch->io, &ch->result,
			    step->path, step->path_len, err);
	}
	free(edits);
	return st;
}

/* Undo goes by these words. */
static void
write_verb(const struct change *ch, struct dig_buf *out)
{
	const struct dig_restore_options *options = ch->options;

	dig_buf_puts(out, options->overlay ? "checkout: paths" : "restore");
	if (options->staged && !options->overlay)
		dig_buf_puts(out, " --staged");
	if (options->worktree && !options->overlay)
		dig_buf_puts(out, " --worktree");
	if (ch->steps.lossy)
		dig_buf_puts(out, DIG_VERB_LOSSY);
}

static enum dig_status
carry_out(struct change *ch, struct dig_error *err)
{
	struct dig_commit_options options = { 0 };
	struct dig_buf verb = DIG_BUF_INIT;
	enum dig_status st = DIG_OK;

	if (ch->options->staged)
		st = apply(ch, err);
	if (st == DIG_OK && ch->options->worktree) {
		st = dig_steps_check(&ch->steps, err);
		if (st == DIG_OK)
			st = dig_steps_check_names(
			    &ch->steps, &ch->io, &ch->source, err);
		if (st == DIG_OK && dig_steps_touch_files(&ch->steps))
			st = dig_steps_run(&ch->steps, err);
	}
	if (st != DIG_OK)
		return st;
	if (ch->options->staged) {
		st = dig_steps_stage(&ch->steps, err);
		dig_index_next(ch->repo->index)->staged_root = ch->result;
	} else {
		st = dig_steps_restat(&ch->steps, err);
	}
	write_verb(ch, &verb);
	options.verb = (const char *)verb.data;
	if (st == DIG_OK)
		st = dig_index_commit(ch->repo->index, &options, NULL, err);
	dig_buf_clear(&verb);
	return st;
}

enum dig_status
dig_restore(struct dig_repo *repo, const struct dig_restore_options *options,
    struct dig_checkout_result *result, struct dig_error *err)
{
	struct change ch = { .repo = repo, .options = options };
	enum dig_status st;

	memset(result, 0, sizeof(*result));
	st = dig_select_spec(
	    repo, options->paths, options->npaths, &ch.spec, err);
	if (st == DIG_OK)
		st = dig_index_begin(repo->index, err);
	if (st != DIG_OK) {
		dig_pathspec_free(ch.spec);
		return st;
	}
	dig_steps_init(&ch.steps, repo, "restoring");
	dig_steps_init(&ch.same, repo, "restoring");
	ch.steps.force = ch.same.force = true;
	ch.io = dig_writer_io(dig_index_writer(repo->index));
	st = find_source(&ch, err);
	if (st == DIG_OK)
		st = collect(&ch, err);
	if (st == DIG_OK && (ch.steps.n > 0 || ch.resolves))
		st = carry_out(&ch, err);
	result->written = ch.steps.written;
	result->removed = ch.steps.removed;
	result->skipped_links = ch.steps.skipped_links;
	dig_index_rollback(repo->index); /* of what was not committed */
	dig_steps_clear(&ch.steps);
	dig_steps_clear(&ch.same);
	dig_op_clear(&ch.op);
	dig_pathspec_free(ch.spec);
	return st;
}
