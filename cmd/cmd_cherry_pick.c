/* SPDX-License-Identifier: MIT
 *
 * dig cherry-pick
 */
#include "cmd/copying.h"

struct opts {
	struct dig_copying how;
	const char *edit; /* "yes", "no"; NULL: no */
	bool no_commit;
	bool origin;
	bool forward;
	bool allow_empty;
	bool redundant;
	int64_t mainline;
	const char *progress;
};

static const struct dig_opt options[] = {
	DIG_OPT_FLAG('n', "no-commit", struct opts, no_commit,
	    "stage the changes, and commit nothing"),
	DIG_OPT_FLAG('x', NULL, struct opts, origin,
	    "say in the message which commit was copied"),
	DIG_OPT_FLAG(0, "ff", struct opts, forward,
	    "take a commit that follows HEAD as it is"),
	DIG_OPT_FLAG(0, "allow-empty", struct opts, allow_empty,
	    "also copy what changed nothing"),
	DIG_OPT_FLAG(0, "keep-redundant-commits", struct opts, redundant,
	    "also copy what changes nothing any more"),
	DIG_OPT_INT('m', "mainline", struct opts, mainline, 1,
	    DIG_COMMIT_PARENTS_MAX, "PARENT",
	    "for merges: the parent that they are compared with, from 1"),
	DIG_OPT_FIXED('e', "edit", struct opts, edit, "yes",
	    "edit the message of each commit"),
	DIG_OPT_FIXED(
	    0, "no-edit", struct opts, edit, "no", "take messages as they are"),
	DIG_OPTS_COPYING(struct opts, how),
	DIG_OPTS_PROGRESS(struct opts, progress),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_cherry_pick = {
	"cherry-pick",
	"[-n] [-x] [-e] [-m PARENT] [--ff] [--allow-empty] "
	"[--keep-redundant-commits] [-q] REV...\n"
	"--continue | --skip | --abort | --quit",
	"Copy commits onto HEAD: what each changed against its parent is "
	"brought into the branch, under a commit of its own that has the same "
	"author, date and message. A..B means what B has and A has not, the "
	"oldest first.\n"
	"Where a change does not fit, it stops at a conflict, as a merge does: "
	"edit the files, say so with 'dig add', then --continue.",
	options,
};

static bool
edits(const struct opts *opts)
{
	if (opts->no_commit)
		return false;
	return opts->edit != NULL ? opts->edit[0] == 'y' : false;
}

static enum dig_status
begin(struct dig_cli *cli, struct dig_repo *repo, const struct opts *opts,
    const struct dig_args *args, struct dig_error *err)
{
	struct dig_sequence_options how = { .kind = DIG_OP_PICK,
		.revs = (const char *const *)args->argv,
		.nrevs = (size_t)args->argc,
		.mainline = (uint64_t)opts->mainline,
		.stop_each = edits(opts) };
	struct dig_sequence_result result;
	enum dig_status st = DIG_OK;
	bool hooks = false;

	how.flags = (opts->no_commit ? DIG_COPY_NO_COMMIT : 0u) |
		    (opts->origin ? DIG_COPY_ORIGIN : 0u) |
		    (opts->forward ? DIG_COPY_FORWARD : 0u) |
		    (opts->allow_empty ? DIG_COPY_ALLOW_EMPTY : 0u) |
		    (opts->redundant ? DIG_COPY_REDUNDANT : 0u) |
		    (edits(opts) ? DIG_COPY_EDIT : 0u);
	if (!opts->no_commit)
		st = dig_copying_hooks(repo, &hooks, err);
	how.stop_each |= hooks;
	if (st == DIG_OK)
		st = dig_sequence(repo, &how, &result, err);
	dig_cli_progress_end(cli);
	if (st != DIG_OK)
		return st;
	return dig_copying_finish(
	    cli, repo, DIG_OP_PICK, edits(opts), opts->how.quiet, &result, err);
}

/* One of the options about copies that begin. */
static bool
says_how(const struct opts *opts)
{
	return opts->edit != NULL || opts->no_commit || opts->mainline > 0 ||
	       opts->origin || opts->forward || opts->allow_empty ||
	       opts->redundant;
}

enum dig_status
dig_cmd_cherry_pick(
    struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct opts opts = { 0 };
	struct dig_repo *repo = NULL;
	struct dig_args args;
	enum dig_status st;

	st = dig_opt_parse(
	    &dig_usage_cherry_pick, argc, argv, &opts, &args, err);
	if (st != DIG_OK)
		return st;
	if (!dig_progress_choice_ok(opts.progress))
		return dig_raise(
		    err, DIG_EINVALID, "--progress takes 'json' or nothing");
	if (opts.how.what != NULL && (args.argc > 0 || says_how(&opts)))
		return dig_raise(
		    err, DIG_EINVALID, "--%s stands alone", opts.how.what);
	if (opts.how.what == NULL && args.argc == 0)
		return dig_raise(
		    err, DIG_EINVALID, "cherry-pick which commits?");
	cli->progress_choice = opts.progress;
	st = dig_cli_repo(cli, &repo, err);
	if (st != DIG_OK)
		return st;
	return opts.how.what != NULL
		   ? dig_copying_resume(cli, repo, DIG_OP_PICK, &opts.how, err)
		   : begin(cli, repo, &opts, &args, err);
}
