/* SPDX-License-Identifier: MIT
 *
 * dig reset: move the branch, or unstage paths.
 */
#include <string.h>

#include "cmd/switched.h"

struct opts {
	const char *how; /* "soft", "mixed", "hard"; NULL: mixed */
	bool quiet;
	const char *progress;
};

static const struct dig_opt options[] = {
	DIG_OPT_FIXED(0, "soft", struct opts, how, "soft",
	    "leave what is staged, and the work tree"),
	DIG_OPT_FIXED(0, "mixed", struct opts, how, "mixed",
	    "leave the work tree (the default)"),
	DIG_OPT_FIXED(0, "hard", struct opts, how, "hard",
	    "leave nothing: changes of tracked files are lost"),
	DIG_OPT_FLAG('q', "quiet", struct opts, quiet, "say nothing"),
	DIG_OPTS_PROGRESS(struct opts, progress),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_reset = {
	"reset",
	"[--soft | --mixed | --hard] [REV]\n"
	"[REV] [--] PATH...",
	"Move the branch that HEAD is on to REV, by default HEAD, and make "
	"what is staged the tree of REV. With --soft what is staged stays; "
	"with --hard the work tree becomes that of REV, too.\n"
	"With PATHs, only make what is staged there what REV has: unstage "
	"them.\n"
	"'HEAD@{1}' is where HEAD was before.",
	options,
};

static enum dig_reset
how_of(const struct opts *opts)
{
	if (opts->how == NULL || opts->how[0] == 'm')
		return DIG_RESET_MIXED;
	return opts->how[0] == 's' ? DIG_RESET_SOFT : DIG_RESET_HARD;
}

/* The tracked files that now differ from what is staged. */
static enum dig_status
print_unstaged(
    struct dig_cli *cli, struct dig_repo *repo, struct dig_error *err)
{
	struct dig_look_options look = { .no_staged = true,
		.untracked = DIG_UNTRACKED_NONE };
	struct dig_status_list list = { 0 };
	enum dig_status st;

	st = dig_repo_status(repo, &look, &list, err);
	dig_cli_progress_end(cli);
	if (st != DIG_OK)
		return st;
	if (list.nitems > 0)
		dig_out_puts(&cli->out, "Unstaged changes after reset:\n");
	for (size_t i = 0; i < list.nitems; i++) {
		const struct dig_status_item *item = &list.items[i];

		dig_out_printf(&cli->out, "%c\t", item->work);
		dig_out_path(&cli->out, item->path, item->len, false, "\n");
	}
	dig_status_list_clear(&list);
	return DIG_OK;
}

static enum dig_status
move(struct dig_cli *cli, struct dig_repo *repo, const struct opts *opts,
    const char *rev, struct dig_error *err)
{
	enum dig_reset how = how_of(opts);
	struct dig_checkout_result result;
	enum dig_status st;

	st = dig_reset(repo, how, rev, &result, err);
	dig_cli_progress_end(cli);
	if (st != DIG_OK)
		return st;
	if (how == DIG_RESET_HARD && !opts->quiet)
		dig_print_position(cli, repo, "HEAD is now at", &result.commit);
	dig_checkout_result_clear(&result);
	return how == DIG_RESET_MIXED && !opts->quiet
		   ? print_unstaged(cli, repo, err)
		   : DIG_OK;
}

static enum dig_status
unstage(struct dig_cli *cli, struct dig_repo *repo, const struct opts *opts,
    const char *rev, const char *const *paths, size_t npaths,
    struct dig_error *err)
{
	struct dig_restore_options what = {
		.source = rev, .staged = true, .paths = paths, .npaths = npaths
	};
	struct dig_checkout_result result;
	enum dig_status st;

	if (opts->how != NULL && opts->how[0] != 'm') {
		st = dig_raise(err, DIG_EINVALID,
		    "--%s moves the branch and takes no paths", opts->how);
		dig_hint(err, "'dig restore' makes files what they were");
		return st;
	}
	st = dig_restore(repo, &what, &result, err);
	dig_cli_progress_end(cli);
	if (st == DIG_OK && !opts->quiet)
		st = print_unstaged(cli, repo, err);
	return st;
}

/* The operand before `--` is the revision; without `--` the first, if it names
 * one. */
static enum dig_status
split(struct dig_repo *repo, const struct dig_args *args, const char **rev,
    int *first_path, struct dig_error *err)
{
	struct dig_oid id;
	enum dig_status st = DIG_OK;

	*rev = NULL;
	*first_path = 0;
	if (args->dashdash > 1)
		return dig_raise(err, DIG_EINVALID,
		    "there is one revision at most before '--'");
	if (args->dashdash == 0 || args->argc == 0)
		return DIG_OK;
	if (args->dashdash < 0)
		st = dig_revision_tree(repo, args->argv[0], &id, err);
	if (st == DIG_ENOTFOUND || st == DIG_EINVALID)
		return DIG_OK;
	if (st == DIG_OK) {
		*rev = args->argv[0];
		*first_path = 1;
	}
	return st;
}

enum dig_status
dig_cmd_reset(struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct opts opts = { 0 };
	struct dig_repo *repo = NULL;
	struct dig_args args;
	const char *rev;
	enum dig_status st;
	int first;

	st = dig_opt_parse(&dig_usage_reset, argc, argv, &opts, &args, err);
	if (st != DIG_OK)
		return st;
	if (!dig_progress_choice_ok(opts.progress))
		return dig_raise(
		    err, DIG_EINVALID, "--progress takes 'json' or nothing");
	cli->progress_choice = opts.progress;
	st = dig_cli_repo(cli, &repo, err);
	if (st == DIG_OK)
		st = split(repo, &args, &rev, &first, err);
	if (st != DIG_OK)
		return st;
	if (args.argc > first)
		return unstage(cli, repo, &opts, rev,
		    (const char *const *)args.argv + first,
		    (size_t)(args.argc - first), err);
	return move(cli, repo, &opts, rev, err);
}
