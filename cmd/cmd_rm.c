/* SPDX-License-Identifier: MIT
 *
 * dig rm: stop tracking files and remove them.
 */
#include <string.h>

#include "cmd/command.h"

struct opts {
	bool cached;
	bool recursive;
	bool force;
	bool dry_run;
	bool quiet;
	bool ignore_unmatch;
};

static const struct dig_opt options[] = {
	DIG_OPT_FLAG(0, "cached", struct opts, cached,
	    "keep the working files, only stop tracking them"),
	DIG_OPT_FLAG(0, "staged", struct opts, cached, "the same as --cached"),
	DIG_OPT_FLAG(
	    'r', NULL, struct opts, recursive, "folders too, with all below"),
	DIG_OPT_FLAG('f', "force", struct opts, force,
	    "files with changes too, which are lost"),
	DIG_OPT_FLAG('n', "dry-run", struct opts, dry_run,
	    "say what would be removed, do nothing"),
	DIG_OPT_FLAG('q', "quiet", struct opts, quiet, "name no files"),
	DIG_OPT_FLAG(0, "ignore-unmatch", struct opts, ignore_unmatch,
	    "a path that matches nothing is no error"),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_rm = {
	"rm",
	"[--cached] [-r] [-f] [-n] [-q] [--] PATH...",
	"Remove tracked files from the work tree and from what is staged. A "
	"file with changes that are in no commit is not removed without -f, "
	"and then nothing is.",
	options,
};

static void
tell(void *arg, const char *path, const char *new_path)
{
	struct dig_cli *cli = arg;

	(void)new_path;
	dig_out_puts(&cli->out, "rm '");
	dig_out_text(&cli->out, path, strlen(path));
	dig_out_puts(&cli->out, "'\n");
}

enum dig_status
dig_cmd_rm(struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct dig_remove_options what = { 0 };
	struct opts opts = { 0 };
	struct dig_repo *repo = NULL;
	struct dig_args args;
	enum dig_status st;

	st = dig_opt_parse(&dig_usage_rm, argc, argv, &opts, &args, err);
	if (st != DIG_OK)
		return st;
	if (args.argc == 0)
		return dig_raise(
		    err, DIG_EINVALID, "which paths shall be removed?");
	st = dig_cli_repo(cli, &repo, err);
	if (st != DIG_OK)
		return st;
	what.cached = opts.cached;
	what.recursive = opts.recursive;
	what.force = opts.force;
	what.dry_run = opts.dry_run;
	what.quiet_unmatched = opts.ignore_unmatch;
	what.tell = opts.quiet ? NULL : tell;
	what.arg = cli;
	return dig_remove(repo, &what, (const char *const *)args.argv,
	    (size_t)args.argc, err);
}
