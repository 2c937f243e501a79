/* SPDX-License-Identifier: MIT
 *
 * dig restore: take paths back from a tree.
 */
#include "cmd/command.h"

struct opts {
	bool staged;
	bool worktree;
	bool quiet;
	const char *source;
	const char *progress;
};

static const struct dig_opt options[] = {
	DIG_OPT_FLAG('S', "staged", struct opts, staged,
	    "restore what is staged (from HEAD)"),
	DIG_OPT_FLAG(0, "cached", struct opts, staged, "the same as --staged"),
	DIG_OPT_FLAG('W', "worktree", struct opts, worktree,
	    "restore working files (the default)"),
	DIG_OPT_STRING(
	    's', "source", struct opts, source, "REV", "restore from REV"),
	DIG_OPT_FLAG('q', "quiet", struct opts, quiet, "say nothing"),
	DIG_OPTS_PROGRESS(struct opts, progress),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_restore = {
	"restore",
	"[--staged] [--worktree] [--source REV] [--] PATH...",
	"Make working files what is staged again, over changes of yours. With "
	"--staged, make what is staged what HEAD has, and leave working files "
	"alone unless --worktree is given too. With --source, take both from "
	"REV; tracked paths that REV does not have are removed.",
	options,
};

enum dig_status
dig_cmd_restore(
    struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct dig_restore_options what = { 0 };
	struct dig_checkout_result result;
	struct opts opts = { 0 };
	struct dig_repo *repo = NULL;
	struct dig_args args;
	enum dig_status st;

	st = dig_opt_parse(&dig_usage_restore, argc, argv, &opts, &args, err);
	if (st != DIG_OK)
		return st;
	if (!dig_progress_choice_ok(opts.progress))
		return dig_raise(
		    err, DIG_EINVALID, "--progress takes 'json' or nothing");
	if (args.argc == 0) {
		st = dig_raise(
		    err, DIG_EINVALID, "which paths shall be restored?");
		dig_hint(err, "'dig restore .' restores all below here");
		return st;
	}
	cli->progress_choice = opts.progress;
	st = dig_cli_repo(cli, &repo, err);
	if (st != DIG_OK)
		return st;
	what.source = opts.source;
	what.staged = opts.staged;
	what.worktree = opts.worktree || !opts.staged;
	what.paths = (const char *const *)args.argv;
	what.npaths = (size_t)args.argc;
	st = dig_restore(repo, &what, &result, err);
	dig_cli_progress_end(cli);
	return st;
}
