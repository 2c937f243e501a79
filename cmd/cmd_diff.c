/* SPDX-License-Identifier: MIT
 *
 * dig diff [REV [REV]] [-- PATH...]
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/json.h"
#include "cmd/print_diff.h"
#include "objects/base/io.h"
#include "repo/dig.h"

struct opts {
	bool staged;
	bool reverse;
	bool chunks;
	bool nul;
	bool exit_code;
	bool quiet;
	bool json;
	struct dig_diff_opts diff;
};

static const struct dig_opt options[] = {
	DIG_OPT_HEADING("what is compared"),
	DIG_OPT_FLAG(0, "staged", struct opts, staged,
	    "REV, by default HEAD, with what is staged"),
	DIG_OPT_FLAG(0, "cached", struct opts, staged, "the same"),
	DIG_OPT_FLAG('R', NULL, struct opts, reverse, "the other way round"),
	DIG_OPT_HEADING("how it is shown"),
	DIG_OPTS_DIFF(struct opts, diff),
	DIG_OPT_FLAG(0, "chunks", struct opts, chunks,
	    "which byte ranges are new, for large files"),
	DIG_OPT_FLAG('z', NULL, struct opts, nul,
	    "for programs, paths as they are and ended by NUL"),
	DIG_OPT_FLAG(0, "exit-code", struct opts, exit_code,
	    "exit 1 when something differs"),
	DIG_OPT_FLAG(
	    'q', "quiet", struct opts, quiet, "the same, and print nothing"),
	DIG_OPTS_COLOUR,
	DIG_OPT_JSON(struct opts, json),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_diff = {
	"diff",
	"[OPTION]... [--] [PATH...]\n"
	"--staged [OPTION]... [REV] [--] [PATH...]\n"
	"[OPTION]... REV [--] [PATH...]\n"
	"[OPTION]... REV REV | REV..REV | REV...REV [--] [PATH...]",
	"Show what differs, by default as a patch: the work tree against what "
	"is staged; with --staged, what is staged against HEAD; with one REV, "
	"the work tree against it; with two, the second against the first; "
	"with A...B, B against the commit that it has in common with A.",
	options,
};

struct diff {
	struct dig_cli *cli;
	struct dig_repo *repo;
	struct opts opts;
	struct dig_diff_view view;
	struct dig_diff_between between;
	struct dig_oid roots[2];
	size_t nroots;
	bool is_range;
};

/* ---- What is compared ------------------------------------------------- */

static enum dig_status
commit_tree(struct diff *diff, const struct dig_oid *id, struct dig_oid *out,
    struct dig_error *err)
{
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_commit commit;
	enum dig_status st =
	    dig_history_commit(diff->repo, id, &bytes, &commit, err);

	if (st == DIG_OK)
		*out = commit.tree;
	dig_buf_clear(&bytes);
	return st;
}

/* A...B: from their merge base; of several, the first. */
static enum dig_status
use_base(struct diff *diff, struct dig_range *range, const char *word,
    struct dig_error *err)
{
	struct dig_oid *bases = NULL;
	size_t count = 0;
	enum dig_status st = dig_merge_bases(
	    diff->repo, &range->from, &range->to, 1, &bases, &count, err);

	if (st == DIG_OK && count == 0)
		st = dig_raise(err, DIG_ENOTFOUND,
		    "'%.200s': they have no commit in common", word);
	if (st == DIG_OK)
		range->from = bases[0];
	free(bases);
	return st;
}

static enum dig_status
add_rev(struct diff *diff, const char *word, struct dig_error *err)
{
	struct dig_range range;
	struct dig_oid root;
	enum dig_status st;

	if (dig_revision_colon(word) == NULL && dig_revision_is_range(word)) {
		st = dig_revision_range(diff->repo, word, &range, err);
		if (st != DIG_OK)
			return st;
		if (diff->nroots > 0)
			return dig_raise(err, DIG_EINVALID,
			    "a range says both sides: '%.200s'", word);
		if (range.symmetric)
			st = use_base(diff, &range, word, err);
		if (st == DIG_OK)
			st = commit_tree(
			    diff, &range.from, &diff->roots[0], err);
		if (st == DIG_OK)
			st = commit_tree(diff, &range.to, &diff->roots[1], err);
		diff->nroots = 2;
		diff->is_range = true;
		return st;
	}
	st = dig_revision_tree(diff->repo, word, &root, err);
	if (st != DIG_OK)
		return st;
	if (diff->nroots == 2)
		return dig_raise(err, DIG_EINVALID,
		    "two revisions are compared, not three: '%.200s'", word);
	diff->roots[diff->nroots++] = root;
	return DIG_OK;
}

static bool
is_path(const char *word)
{
	struct dig_stat stat;

	return dig_stat_at(AT_FDCWD, word, &stat) == 0 || word[0] == ':' ||
	       strpbrk(word, "*?[") != NULL;
}

/*
 * Operands up to `--` are revisions. Without `--`, the first that is none and
 * names a file, or begins a pathspec, is a path, and so are those behind it.
 */
static enum dig_status
sort_operands(struct diff *diff, const struct dig_args *args,
    size_t *first_path, struct dig_error *err)
{
	int nrevs = args->dashdash >= 0 ? args->dashdash : args->argc;
	int i = 0;

	for (; i < nrevs; i++) {
		enum dig_status st = add_rev(diff, args->argv[i], err);

		if (st == DIG_OK)
			continue;
		if (args->dashdash >= 0 ||
		    (st != DIG_ENOTFOUND && st != DIG_EINVALID))
			return st;
		if (is_path(args->argv[i]))
			break;
		if (st == DIG_ENOTFOUND)
			dig_hint(err, "put '--' before a path that is not "
				      "there any more");
		return st;
	}
	*first_path = (size_t)i;
	return DIG_OK;
}

static enum dig_status
set_between(struct diff *diff, struct dig_error *err)
{
	struct dig_diff_between *between = &diff->between;
	struct dig_oid head;
	enum dig_status st = DIG_OK;

	if (diff->opts.staged && diff->nroots == 2)
		return dig_raise(err, DIG_EINVALID,
		    "--staged compares with one revision, not two");
	between->old_root = diff->roots[0];
	between->new_root = diff->roots[1];
	between->reverse = diff->opts.reverse;
	if (diff->opts.staged) {
		between->kind = DIG_DIFF_TREE_STAGED;
		if (diff->nroots == 0 && dig_repo_head(diff->repo, &head))
			st = commit_tree(diff, &head, &between->old_root, err);
		else if (diff->nroots == 0)
			dig_tree_empty(&between->old_root);
	} else {
		between->kind = diff->nroots == 0   ? DIG_DIFF_STAGED_WORK
				: diff->nroots == 1 ? DIG_DIFF_TREE_WORK
						    : DIG_DIFF_TREES;
	}
	return st;
}

/* ---- How -------------------------------------------------------------- */

static enum dig_status
set_view(struct diff *diff, struct dig_error *err)
{
	const struct opts *opts = &diff->opts;
	enum dig_status st;

	st = dig_diff_opts_apply(&opts->diff, DIG_SHOW_PATCH, &diff->view,
	    &diff->between.rename_score, err);
	if (st != DIG_OK)
		return st;
	if (opts->chunks)
		diff->view.show = DIG_SHOW_CHUNKS;
	if (opts->quiet) /* whether is asked, not what */
		diff->between.rename_score = 0;
	diff->view.out = &diff->cli->out;
	diff->view.nul = opts->nul;
	diff->view.reversed = opts->reverse;
	return DIG_OK;
}

static enum dig_status
print(struct diff *diff, struct dig_changes *changes, struct dig_error *err)
{
	struct dig_json json;
	enum dig_status st;

	if (!diff->opts.json)
		return dig_print_diff(&diff->view, changes, err);
	dig_json_init(&json, &diff->cli->out);
	dig_json_object(&json, NULL);
	st = dig_json_diff(&diff->view, &json, changes, err);
	if (st != DIG_OK)
		return st;
	dig_json_object_end(&json);
	dig_json_end(&json);
	return DIG_OK;
}

static enum dig_status
run(struct diff *diff, const struct dig_args *args, struct dig_error *err)
{
	struct dig_changes changes = DIG_CHANGES_INIT;
	const char **paths = NULL;
	size_t first_path = 0;
	bool differs = false;
	enum dig_status st;

	st = sort_operands(diff, args, &first_path, err);
	if (st == DIG_OK)
		st = set_view(diff, err);
	if (st == DIG_OK)
		st = set_between(diff, err);
	if (st != DIG_OK)
		return st;
	diff->between.npaths = (size_t)args->argc - first_path;
	paths = dig_calloc(diff->between.npaths + 1, sizeof(*paths));
	for (size_t i = 0; i < diff->between.npaths; i++)
		paths[i] = args->argv[first_path + i];
	diff->between.paths = paths;
	diff->view.differ = dig_differ_new(diff->repo);
	st = dig_differ_changes(
	    diff->view.differ, &diff->between, &changes, err);
	if (st == DIG_OK && (diff->opts.quiet || diff->opts.exit_code))
		st = dig_diff_differs(&diff->view, &changes, &differs, err);
	if (st == DIG_OK && !diff->opts.quiet)
		st = print(diff, &changes, err);
	if (st == DIG_OK && differs)
		st = DIG_ENO;
	dig_differ_free(diff->view.differ);
	dig_changes_clear(&changes);
	free(paths);
	return st;
}

enum dig_status
dig_cmd_diff(struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct diff diff = { .cli = cli, .opts.diff = DIG_DIFF_OPTS_INIT };
	struct dig_args args;
	enum dig_status st;

	st = dig_opt_parse(&dig_usage_diff, argc, argv, &diff.opts, &args, err);
	if (st == DIG_OK)
		st = dig_cli_repo(cli, &diff.repo, err);
	if (st == DIG_OK)
		st = run(&diff, &args, err);
	return st;
}
