/* SPDX-License-Identifier: MIT
 *
 * dig switch: go to a branch, and to a commit only when asked to.
 */
#include <string.h>

#include "cmd/switched.h"

struct opts {
	const char *create;
	const char *replace;
	bool detach;
	bool force;
	bool quiet;
	const char *progress;
};

static const struct dig_opt options[] = {
	DIG_OPT_STRING('c', "create", struct opts, create, "NAME",
	    "make branch NAME and go onto it"),
	DIG_OPT_STRING('C', "force-create", struct opts, replace, "NAME",
	    "the same, moving NAME where it is there"),
	DIG_OPT_FLAG('d', "detach", struct opts, detach,
	    "go to a commit, not onto a branch"),
	DIG_OPT_FLAG('f', "force", struct opts, force,
	    "lose changes and files in the way"),
	DIG_OPT_FLAG(
	    0, "discard-changes", struct opts, force, "the same as --force"),
	DIG_OPT_FLAG('q', "quiet", struct opts, quiet, "say nothing"),
	DIG_OPTS_PROGRESS(struct opts, progress),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_switch = {
	"switch",
	"[-f] (BRANCH | -)\n"
	"[-f] (-c | -C) NAME [REV]\n"
	"[-f] --detach [REV | -]",
	"Switch to a branch: HEAD, what is staged and the work tree become "
	"those of its newest commit; '-' is where HEAD was before. Changes "
	"that do not collide are kept; where they do, the files are named and "
	"nothing is done.\n"
	"With -c, a new branch begins at REV, by default HEAD.\n"
	"A switch that was interrupted is finished by running it again.",
	options,
};

/* Neither branch nor '-': what did they mean? */
static enum dig_status
check_branch(struct dig_repo *repo, const char *name, struct dig_error *err)
{
	struct dig_names_filter all = { NULL, 0, NULL };
	struct dig_names branches = { NULL, 0, 0 };
	struct dig_oid commit;
	enum dig_status st;
	bool found = false;

	if (strcmp(name, "-") == 0)
		return DIG_OK;
	st = dig_names_list(repo, DIG_NAME_BRANCH, &all, &branches, err);
	if (st != DIG_OK)
		return st;
	for (size_t i = 0; i < branches.count && !found; i++)
		found = strcmp(branches.at[i].name, name) == 0;
	dig_names_clear(&branches);
	if (found)
		return DIG_OK;
	st = dig_revision_commit(repo, name, &commit, err);
	if (st == DIG_OK) {
		st = dig_raise(err, DIG_EINVALID,
		    "'%.200s' is a commit, not a branch", name);
		dig_hint(err, "'dig switch --detach %.200s' goes to it", name);
	} else if (st == DIG_ENOTFOUND) {
		st = dig_raise(err, st, "there is no branch '%.200s'", name);
		dig_hint(err, "'dig switch -c %.200s' makes one", name);
	}
	return st;
}

enum dig_status
dig_cmd_switch(
    struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct dig_checkout_options to = { 0 };
	struct opts opts = { 0 };
	struct dig_repo *repo = NULL;
	struct dig_args args;
	enum dig_status st;
	bool creates;

	st = dig_opt_parse(&dig_usage_switch, argc, argv, &opts, &args, err);
	if (st != DIG_OK)
		return st;
	creates = opts.create != NULL || opts.replace != NULL;
	if (!dig_progress_choice_ok(opts.progress))
		return dig_raise(
		    err, DIG_EINVALID, "--progress takes 'json' or nothing");
	if (opts.detach + (opts.create != NULL) + (opts.replace != NULL) > 1)
		return dig_raise(err, DIG_EINVALID,
		    "-c, -C and --detach exclude each other");
	if (args.argc > 1)
		return dig_raise(err, DIG_EINVALID, "switch takes one %s",
		    creates || opts.detach ? "revision" : "branch");
	if (args.argc == 0 && !creates && !opts.detach)
		return dig_raise(err, DIG_EINVALID, "switch to which branch?");
	cli->progress_choice = opts.progress;
	st = dig_cli_repo(cli, &repo, err);
	if (st == DIG_OK && !creates && !opts.detach)
		st = check_branch(repo, args.argv[0], err);
	if (st != DIG_OK)
		return st;
	to.rev = args.argc == 1 ? args.argv[0] : NULL;
	to.force = opts.force;
	to.detach = opts.detach;
	to.replace = opts.replace != NULL;
	to.new_branch = to.replace ? opts.replace : opts.create;
	return dig_switch(cli, repo, &to, opts.quiet, err);
}
