/* SPDX-License-Identifier: MIT
 *
 * Removing tracked files: git's checks first, then files, then the record.
 */
#include <stdlib.h>
#include <string.h>

#include "repo/announce.h"
#include "repo/operation.h"
#include "repo/select.h"
#include "repo/steps.h"

/* A removal while it is prepared and done. */
struct change {
	struct dig_repo *repo;
	const struct dig_remove_options *options;
	struct dig_pathspec *spec;
	struct dig_node_io io;
	struct dig_oid head_tree;
	struct dig_oid staged;
	struct dig_steps steps;
	uint64_t nconflicts;
	struct dig_op op; /* in progress */
	bool resolves;    /* some paths are unmerged */
};

static enum dig_status
add_path(void *arg, const struct dig_entry *entry, struct dig_error *err)
{
	struct change *rm = arg;

	return dig_steps_add(&rm->steps, entry, NULL, err);
}

/* An argument that is a folder and no file needs `recursive`. */
static enum dig_status
check_folders(struct change *rm, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	for (size_t i = 0; i < dig_pathspec_count(rm->spec); i++) {
		const char *path = dig_pathspec_literal(rm->spec, i);
		struct dig_entry entry;
		bool below = false;
		size_t len;

		if (path == NULL || dig_pathspec_is_exclusion(rm->spec, i))
			continue;
		len = strlen(path);
		while (len > 0 && path[len - 1] == '/')
			len--;
		if (len > 0) {
			st = dig_tree_find(
			    &rm->io, &rm->staged, path, len, &entry, err);
			if (st == DIG_OK)
				continue;
			if (st != DIG_ENOTFOUND)
				return st;
			st = dig_tree_has_below(
			    &rm->io, &rm->staged, path, len, &below, err);
		} else {
			below = rm->steps.n > 0;
			st = DIG_OK;
		}
		if (st != DIG_OK)
			return st;
		if (below)
			return dig_raise(err, DIG_EINVALID,
			    "not removing '%.200s' recursively without -r",
			    dig_pathspec_arg(rm->spec, i));
	}
	return DIG_OK;
}

/* git's rule: what is in neither HEAD nor the file, or neither HEAD nor the
 * staging, would be lost. */
static const char *
reason_to_keep(const struct change *rm, bool staged_differs, bool file_differs)
{
	if (staged_differs && file_differs)
		return "has staged content different from both the file and "
		       "HEAD";
	if (rm->options->cached)
		return NULL;
	if (staged_differs)
		return "has changes that are staged";
	return file_differs ? "has local modifications" : NULL;
}

static enum dig_status
check_path(
    struct change *rm, const struct dig_step *step, struct dig_error *err)
{
	const struct dig_entry *staged = &step->old;
	struct dig_buf shown = DIG_BUF_INIT;
	struct dig_entry head;
	struct dig_look look;
	const char *reason;
	enum dig_status st;
	bool staged_differs;
	int which;

	if (dig_op_conflict(&rm->op, step->path, step->path_len) != NULL)
		return DIG_OK; /* what a merge left is in the commits */
	st = dig_worktree_look(&rm->steps.folders, step->path, &look, err);
	if (st != DIG_OK)
		return st;
	if (look.what != DIG_WORK_FILE && look.what != DIG_WORK_OTHER)
		return DIG_OK; /* no file that could be lost */
	st = dig_worktree_which(rm->repo, &rm->steps.folders, step->path, &look,
	    &staged, 1, &which, err);
	if (st == DIG_OK)
		st = dig_tree_find(&rm->io, &rm->head_tree, step->path,
		    step->path_len, &head, err);
	if (st != DIG_OK && st != DIG_ENOTFOUND)
		return st;
	staged_differs = st == DIG_ENOTFOUND || !dig_entry_same(&head, staged);
	reason = reason_to_keep(rm, staged_differs, which < 0);
	if (reason == NULL)
		return DIG_OK;
	rm->nconflicts++;
	dig_path_quote(&shown, step->path, step->path_len, true);
	dig_repo_warn(rm->repo, "%s: %s", (char *)shown.data, reason);
	dig_buf_clear(&shown);
	return DIG_OK;
}

static enum dig_status
check(struct change *rm, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	if (!rm->options->recursive)
		st = check_folders(rm, err);
	for (size_t i = 0;
	     i < rm->steps.n && st == DIG_OK && !rm->options->force; i++)
		st = check_path(rm, &rm->steps.at[i], err);
	if (st != DIG_OK || rm->nconflicts == 0)
		return st;
	dig_raise(err, DIG_ECONFLICT,
	    "changes to %llu %s would be lost; nothing was removed",
	    (unsigned long long)rm->nconflicts,
	    rm->nconflicts == 1 ? "file" : "files");
	dig_hint(err, "--cached keeps the file, -f removes it all the same");
	return DIG_ECONFLICT;
}

static enum dig_status
collect(struct change *rm, struct dig_error *err)
{
	enum dig_status st;

	rm->io = dig_writer_io(dig_index_writer(rm->repo->index));
	rm->staged = dig_index_next(rm->repo->index)->staged_root;
	st = dig_repo_head_tree(rm->repo, &rm->head_tree, err);
	if (st == DIG_OK)
		st = dig_op_next(rm->repo, &rm->op, err);
	if (st == DIG_OK)
		st = dig_op_resolve(rm->repo, rm->spec, &rm->resolves, err);
	if (st == DIG_OK)
		st = dig_select(
		    &rm->io, &rm->staged, rm->spec, add_path, rm, err);
	if (st == DIG_OK && !rm->options->quiet_unmatched)
		st = dig_select_all_matched(rm->spec, err);
	return st;
}

static enum dig_status
record(struct change *rm, struct dig_error *err)
{
	struct dig_commit_options options = { 0 };
	struct dig_index *index = rm->repo->index;
	struct dig_tree_edit *edits =
	    dig_calloc(rm->steps.n + 1, sizeof(*edits));
	enum dig_status st;

	for (size_t i = 0; i < rm->steps.n; i++) {
		edits[i].remove = true;
		edits[i].entry = rm->steps.at[i].old;
	}
	st = dig_tree_apply(&rm->io, &rm->staged, edits, rm->steps.n,
	    &dig_index_next(index)->staged_root, err);
	free(edits);
	if (st == DIG_OK)
		st = dig_steps_stage(&rm->steps, err);
	options.verb = rm->options->cached ? "rm --cached"
		       : rm->steps.lossy   ? "rm" DIG_VERB_LOSSY
					   : "rm";
	if (st == DIG_OK)
		st = dig_index_commit(index, &options, NULL, err);
	return st;
}

static enum dig_status
carry_out(struct change *rm, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	if (!rm->options->dry_run && (rm->steps.n > 0 || rm->resolves)) {
		if (!rm->options->cached) {
			rm->steps.force = true;
			st = dig_steps_check(&rm->steps, err);
			if (st == DIG_OK)
				st = dig_steps_run(&rm->steps, err);
		}
		if (st == DIG_OK)
			st = record(rm, err);
	}
	for (size_t i = 0; i < rm->steps.n && st == DIG_OK; i++)
		if (rm->options->tell != NULL)
			rm->options->tell(
			    rm->options->arg, rm->steps.at[i].path, NULL);
	return st;
}

enum dig_status
dig_remove(struct dig_repo *repo, const struct dig_remove_options *options,
    const char *const *paths, size_t npaths, struct dig_error *err)
{
	struct change rm = { .repo = repo, .options = options };
	enum dig_status st;

	st = dig_select_spec(repo, paths, npaths, &rm.spec, err);
	if (st == DIG_OK)
		st = dig_index_begin(repo->index, err);
	if (st != DIG_OK) {
		dig_pathspec_free(rm.spec);
		return st;
	}
	dig_steps_init(&rm.steps, repo, "removing");
	/* What is lost is decided here, not by the steps. */
	rm.steps.force = true;
	st = collect(&rm, err);
	if (st == DIG_OK)
		st = check(&rm, err);
	if (st == DIG_OK)
		st = carry_out(&rm, err);
	dig_index_rollback(repo->index); /* of what was not committed */
	dig_steps_clear(&rm.steps);
	dig_op_clear(&rm.op);
	dig_pathspec_free(rm.spec);
	return st;
}
