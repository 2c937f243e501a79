/* SPDX-License-Identifier: MIT
 *
 * dig checkout: switch to a commit, take paths from one, write one elsewhere.
 */
#include <string.h>

#include "cmd/switched.h"

struct opts {
	bool force;
	bool detach;
	const char *side; /* "ours", "theirs"; NULL: neither */
	bool quiet;
	const char *create;
	const char *replace;
	const char *into;
	const char *progress;
};

static const struct dig_opt options[] = {
	DIG_OPT_FLAG('f', "force", struct opts, force,
	    "lose changes and files in the way"),
	DIG_OPT_FLAG('d', "detach", struct opts, detach,
	    "go to the commit of a branch, not onto the branch"),
	DIG_OPT_FIXED(0, "ours", struct opts, side, "ours",
	    "of paths that are not merged take HEAD's version"),
	DIG_OPT_FIXED(0, "theirs", struct opts, side, "theirs",
	    "take the version of what is merged"),
	DIG_OPT_STRING('b', NULL, struct opts, create, "NAME",
	    "make branch NAME there and go onto it"),
	DIG_OPT_STRING('B', NULL, struct opts, replace, "NAME",
	    "the same, moving NAME where it is there"),
	DIG_OPT_STRING(0, "into", struct opts, into, "DIR",
	    "write the files into DIR, which is new or empty"),
	DIG_OPT_FLAG('q', "quiet", struct opts, quiet, "say nothing"),
	DIG_OPTS_PROGRESS(struct opts, progress),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_checkout = {
	"checkout",
	"[-f] [--detach] [REV | -]\n"
	"[-f] (-b | -B) NAME [REV]\n"
	"[REV] -- PATH...\n"
	"(--ours | --theirs) [--] PATH...\n"
	"--into DIR REV [-- PATH...]",
	"Switch to a branch or commit: HEAD, what is staged and the work tree "
	"become those of REV; '-' is where HEAD was before. Changes that do "
	"not collide are kept; where they do, the files are named and nothing "
	"is done. With -b a new branch begins there.\n"
	"With PATHs, take these from REV, or from what is staged, over changes "
	"of yours.\n"
	"With --into, write the files of REV into another folder and change "
	"nothing here.\n"
	"A switch that was interrupted is finished by running it again.",
	options,
};

static void
print_count(struct dig_cli *cli, const struct dig_checkout_result *result,
    const char *from)
{
	dig_out_printf(&cli->out, "Updated %llu path%s from ",
	    (unsigned long long)(result->written + result->removed),
	    result->written + result->removed == 1 ? "" : "s");
	dig_out_text(&cli->out, from, strlen(from));
	dig_out_puts(&cli->out, "\n");
}

static enum dig_status
take_paths(struct dig_cli *cli, struct dig_repo *repo, const struct opts *opts,
    const char *rev, const char *const *paths, size_t npaths,
    struct dig_error *err)
{
	struct dig_restore_options what = { 0 };
	struct dig_checkout_result result;
	struct dig_oid head;
	enum dig_status st;

	if (opts->detach)
		return dig_raise(
		    err, DIG_EINVALID, "--detach does not go with paths");
	if (opts->side != NULL && rev != NULL)
		return dig_raise(err, DIG_EINVALID,
		    "--%s goes without a revision", opts->side);
	if (opts->side != NULL)
		what.side =
		    opts->side[0] == 'o' ? DIG_SIDE_OURS : DIG_SIDE_THEIRS;
	what.source = rev;
	what.staged = rev != NULL;
	what.worktree = true;
	what.overlay = true;
	what.paths = paths;
	what.npaths = npaths;
	st = dig_restore(repo, &what, &result, err);
	dig_cli_progress_end(cli);
	if (st == DIG_OK && !opts->quiet)
		print_count(cli, &result, rev != NULL ? rev : "the index");
	if (st != DIG_OK)
		return st;
	dig_out_flush(&cli->out);
	if (!dig_repo_head(repo, &head))
		head = dig_oid_zero;
	return dig_after_checkout(repo, &head, &head, "0", err);
}

static enum dig_status
write_into(struct dig_cli *cli, struct dig_repo *repo, const struct opts *opts,
    const char *rev, const char *const *paths, size_t npaths,
    struct dig_error *err)
{
	struct dig_selection what = { rev, NULL, paths, npaths };
	struct dig_checkout_result result;
	enum dig_status st;

	if (rev == NULL || opts->force || opts->detach)
		return dig_raise(err, DIG_EINVALID,
		    rev == NULL ? "--into needs a revision"
				: "--into goes without -f and --detach");
	st = dig_checkout_into(repo, opts->into, &what, &result, err);
	dig_cli_progress_end(cli);
	if (st == DIG_OK && !opts->quiet) {
		dig_out_printf(&cli->out, "Wrote %llu file%s into ",
		    (unsigned long long)result.written,
		    result.written == 1 ? "" : "s");
		dig_out_text(&cli->out, opts->into, strlen(opts->into));
		dig_out_puts(&cli->out, "\n");
	}
	return st;
}

/*
 * Which operand is the revision: the one before `--`; without `--` the first,
 * if it names one, else all are paths.
 */
static enum dig_status
split(struct dig_repo *repo, const struct opts *opts,
    const struct dig_args *args, const char **rev, int *first_path,
    struct dig_error *err)
{
	struct dig_oid id;
	enum dig_status st;

	*rev = NULL;
	*first_path = 0;
	if (args->dashdash > 1)
		return dig_raise(err, DIG_EINVALID,
		    "there is one revision at most before '--'");
	if (args->dashdash == 0 || args->argc == 0)
		return DIG_OK;
	if (args->dashdash < 0 && opts->side != NULL)
		return DIG_OK;
	if (args->dashdash < 0 && opts->into == NULL &&
	    strcmp(args->argv[0], "-") != 0) {
		st = dig_revision_tree(repo, args->argv[0], &id, err);
		if (st == DIG_ENOTFOUND || st == DIG_EINVALID)
			return DIG_OK;
		if (st != DIG_OK)
			return st;
	}
	*rev = args->argv[0];
	*first_path = 1;
	return DIG_OK;
}

/* -b and -B */
static enum dig_status
create(struct dig_cli *cli, struct dig_repo *repo, const struct opts *opts,
    const struct dig_args *args, struct dig_error *err)
{
	struct dig_checkout_options to = { 0 };

	if (args->argc > 1 || opts->detach || opts->into != NULL ||
	    (opts->create != NULL && opts->replace != NULL))
		return dig_raise(err, DIG_EINVALID,
		    "-b takes a name and a revision, and goes without paths, "
		    "--detach and --into");
	to.rev = args->argc == 1 ? args->argv[0] : NULL;
	to.force = opts->force;
	to.replace = opts->replace != NULL;
	to.new_branch = to.replace ? opts->replace : opts->create;
	return dig_switch(cli, repo, &to, opts->quiet, err);
}

enum dig_status
dig_cmd_checkout(
    struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct dig_checkout_options to = { 0 };
	struct opts opts = { 0 };
	struct dig_repo *repo = NULL;
	struct dig_args args;
	const char *const *paths;
	const char *rev;
	enum dig_status st;
	size_t npaths;
	int first;

	st = dig_opt_parse(&dig_usage_checkout, argc, argv, &opts, &args, err);
	if (st != DIG_OK)
		return st;
	if (!dig_progress_choice_ok(opts.progress))
		return dig_raise(
		    err, DIG_EINVALID, "--progress takes 'json' or nothing");
	cli->progress_choice = opts.progress;
	st = dig_cli_repo(cli, &repo, err);
	if (st == DIG_OK && (opts.create != NULL || opts.replace != NULL))
		return create(cli, repo, &opts, &args, err);
	if (st == DIG_OK)
		st = split(repo, &opts, &args, &rev, &first, err);
	if (st != DIG_OK)
		return st;
	paths = (const char *const *)args.argv + first;
	npaths = (size_t)(args.argc - first);
	if (opts.side != NULL && (npaths == 0 || opts.into != NULL))
		return dig_raise(
		    err, DIG_EINVALID, "--%s takes paths", opts.side);
	if (opts.into != NULL)
		return write_into(cli, repo, &opts, rev, paths, npaths, err);
	if (npaths > 0)
		return take_paths(cli, repo, &opts, rev, paths, npaths, err);
	to.rev = rev;
	to.force = opts.force;
	to.detach = opts.detach;
	return dig_switch(cli, repo, &to, opts.quiet, err);
}
