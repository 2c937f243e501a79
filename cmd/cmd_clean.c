/* SPDX-License-Identifier: MIT
 *
 * dig clean: remove what is not tracked.
 */
#include <string.h>

#include "cmd/command.h"
#include "cmd/relative.h"

struct opts {
	bool dry_run;
	int64_t force;
	bool folders;
	bool all;
	bool ignored;
	bool quiet;
	struct dig_list excludes;
};

static const struct dig_opt options[] = {
	DIG_OPT_FLAG('n', "dry-run", struct opts, dry_run,
	    "say what would be removed, do nothing"),
	DIG_OPT_TIMES('f', "force", struct opts, force,
	    "remove; twice: other repositories, too"),
	DIG_OPT_FLAG('d', NULL, struct opts, folders, "untracked folders, too"),
	DIG_OPT_FLAG('x', NULL, struct opts, all, "ignored files, too"),
	DIG_OPT_FLAG('X', NULL, struct opts, ignored, "only ignored files"),
	DIG_OPT_LIST('e', "exclude", struct opts, excludes, "PATTERN",
	    "an ignore rule above those of the files"),
	DIG_OPT_FLAG('q', "quiet", struct opts, quiet,
	    "name only what cannot be removed"),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_clean = {
	"clean",
	"-n|-f [-d] [-x | -X] [-e PATTERN] [-q] [--] [PATH...]",
	"Remove files that are not tracked from the work tree, below the "
	"current folder or the paths. No version of them was ever kept: they "
	"do not come back.",
	options,
};

struct telling {
	struct dig_cli *cli;
	const struct opts *opts;
	const char *prefix;
	struct dig_buf shown;
};

static void
tell(void *arg, enum dig_clean_what what, const char *path, size_t len,
    size_t listed)
{
	struct telling *telling = arg;
	struct dig_out *out = &telling->cli->out;
	bool dry_run = telling->opts->dry_run;

	if (what == DIG_CLEAN_HERE) {
		dig_out_puts(out, dry_run ? "Would refuse" : "Refusing");
		dig_out_puts(out, " to remove current working directory\n");
		return;
	}
	if (telling->opts->quiet)
		return;
	if (what == DIG_CLEAN_REPOSITORY)
		dig_out_puts(out, dry_run ? "Would skip repository "
					  : "Skipping repository ");
	else
		dig_out_puts(out, dry_run ? "Would remove " : "Removing ");
	dig_relative_path(&telling->shown, telling->prefix, path, listed);
	dig_buf_put(&telling->shown, path + listed, len - listed);
	dig_out_path(out, telling->shown.data, telling->shown.len, false, "\n");
}

/* git's guard against a word too few. */
static enum dig_status
check_force(
    struct dig_repo *repo, const struct opts *opts, struct dig_error *err)
{
	enum dig_status st;
	bool required;

	if (opts->dry_run || opts->force > 0)
		return DIG_OK;
	st = dig_config_get_bool(
	    dig_repo_config(repo), "clean.requireForce", &required, NULL, err);
	if (st != DIG_OK || !required)
		return st;
	dig_raise(err, DIG_EINVALID,
	    "clean.requireForce is true and neither -n nor -f is given");
	dig_hint(err, "'dig clean -n' says what would be removed");
	return DIG_EINVALID;
}

enum dig_status
dig_cmd_clean(struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct dig_clean_options what = { 0 };
	struct opts opts = { 0 };
	struct telling telling = { cli, &opts, "", DIG_BUF_INIT };
	struct dig_repo *repo = NULL;
	struct dig_args args;
	enum dig_status st;

	st = dig_opt_parse(&dig_usage_clean, argc, argv, &opts, &args, err);
	if (st == DIG_OK && opts.all && opts.ignored)
		st = dig_raise(
		    err, DIG_EINVALID, "-x and -X cannot be used together");
	if (st == DIG_OK)
		st = dig_cli_repo(cli, &repo, err);
	if (st == DIG_OK)
		st = check_force(repo, &opts, err);
	if (st != DIG_OK)
		goto out;
	telling.prefix = dig_repo_prefix(repo);
	what.mode = opts.all       ? DIG_CLEAN_ALL
		    : opts.ignored ? DIG_CLEAN_IGNORED
				   : DIG_CLEAN_UNTRACKED;
	what.folders = opts.folders;
	what.repositories = opts.force > 1;
	what.dry_run = opts.dry_run;
	what.excludes = opts.excludes.at;
	what.nexcludes = opts.excludes.count;
	what.paths = (const char *const *)args.argv;
	what.npaths = (size_t)args.argc;
	what.tell = tell;
	what.arg = &telling;
	st = dig_clean(repo, &what, err);
out:
	dig_buf_clear(&telling.shown);
	dig_list_clear(&opts.excludes);
	return st;
}
