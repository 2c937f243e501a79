/* SPDX-License-Identifier: MIT
 *
 * dig rebase
 */
#include "cmd/copying.h"

struct opts {
	struct dig_copying how;
	const char *onto;
	const char *progress;
};

static const struct dig_opt options[] = {
	DIG_OPT_STRING(0, "onto", struct opts, onto, "NEW",
	    "where the copies go; by default UPSTREAM"),
	DIG_OPTS_COPYING(struct opts, how),
	DIG_OPTS_PROGRESS(struct opts, progress),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_rebase = {
	"rebase",
	"[--onto NEW] [-q] UPSTREAM [BRANCH]\n"
	"--continue | --skip | --abort | --quit",
	"Copy the commits that the branch has and UPSTREAM has not onto "
	"UPSTREAM, from the oldest on, and move the branch there. Merges are "
	"left out, and so are commits whose change UPSTREAM has already. With "
	"BRANCH, switch to it first.\n"
	"Where a change does not fit, it stops at a conflict, as a merge does: "
	"edit the files, say so with 'dig add', then --continue. Files are "
	"written once, at the end or where it stops.",
	options,
};

static enum dig_status
begin(struct dig_cli *cli, struct dig_repo *repo, const struct opts *opts,
    const struct dig_args *args, struct dig_error *err)
{
	struct dig_rebase_options how = { .upstream = args->argv[0],
		.branch = args->argc > 1 ? args->argv[1] : NULL,
		.onto = opts->onto };
	struct dig_sequence_result result;
	enum dig_status st;

	st = dig_copying_hooks(repo, &how.stop_each, err);
	if (st == DIG_OK)
		st = dig_rebase(repo, &how, &result, err);
	dig_cli_progress_end(cli);
	if (st != DIG_OK)
		return st;
	return dig_copying_finish(
	    cli, repo, DIG_OP_REBASE, false, opts->how.quiet, &result, err);
}

enum dig_status
dig_cmd_rebase(
    struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct opts opts = { 0 };
	struct dig_repo *repo = NULL;
	struct dig_args args;
	enum dig_status st;

	st = dig_opt_parse(&dig_usage_rebase, argc, argv, &opts, &args, err);
	if (st != DIG_OK)
		return st;
	if (!dig_progress_choice_ok(opts.progress))
		return dig_raise(
		    err, DIG_EINVALID, "--progress takes 'json' or nothing");
	if (opts.how.what != NULL && (args.argc > 0 || opts.onto != NULL))
		return dig_raise(
		    err, DIG_EINVALID, "--%s stands alone", opts.how.what);
	if (opts.how.what == NULL && (args.argc == 0 || args.argc > 2))
		return dig_raise(err, DIG_EINVALID,
		    args.argc == 0 ? "rebase onto which commit?"
				   : "rebase takes UPSTREAM and a branch");
	cli->progress_choice = opts.progress;
	st = dig_cli_repo(cli, &repo, err);
	if (st != DIG_OK)
		return st;
	return opts.how.what != NULL ? dig_copying_resume(cli, repo,
					   DIG_OP_REBASE, &opts.how, err)
				     : begin(cli, repo, &opts, &args, err);
}
