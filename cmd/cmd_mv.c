/* SPDX-License-Identifier: MIT
 *
 * dig mv: rename tracked files and folders.
 */
#include <string.h>

#include "cmd/command.h"

struct opts {
	bool force;
	bool dry_run;
	bool verbose;
	bool skip;
};

static const struct dig_opt options[] = {
	DIG_OPT_FLAG(
	    'f', "force", struct opts, force, "replace a file at the target"),
	DIG_OPT_FLAG('n', "dry-run", struct opts, dry_run,
	    "say what would be renamed, do nothing"),
	DIG_OPT_FLAG('v', "verbose", struct opts, verbose, "name each rename"),
	DIG_OPT_FLAG(
	    'k', NULL, struct opts, skip, "leave out what cannot be renamed"),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_mv = {
	"mv",
	"[-f] [-n] [-v] [-k] [--] SOURCE... TARGET",
	"Rename a tracked file or folder, in the work tree and in what is "
	"staged, or move several into a folder. Changes of yours move along. "
	"When one cannot be renamed, none is.\n"
	"A source that was renamed by other means and stands at the target is "
	"only staged.",
	options,
};

static void
tell(void *arg, const char *path, const char *new_path)
{
	struct dig_cli *cli = arg;

	dig_out_puts(&cli->out, "Renaming ");
	dig_out_text(&cli->out, path, strlen(path));
	dig_out_puts(&cli->out, " to ");
	dig_out_text(&cli->out, new_path, strlen(new_path));
	dig_out_puts(&cli->out, "\n");
}

enum dig_status
dig_cmd_mv(struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct dig_move_options what = { 0 };
	struct opts opts = { 0 };
	struct dig_repo *repo = NULL;
	struct dig_args args;
	enum dig_status st;

	st = dig_opt_parse(&dig_usage_mv, argc, argv, &opts, &args, err);
	if (st != DIG_OK)
		return st;
	if (args.argc < 2)
		return dig_raise(
		    err, DIG_EINVALID, "mv takes a source and a target");
	st = dig_cli_repo(cli, &repo, err);
	if (st != DIG_OK)
		return st;
	what.force = opts.force;
	what.dry_run = opts.dry_run;
	what.skip = opts.skip;
	what.tell = opts.verbose || opts.dry_run ? tell : NULL;
	what.arg = cli;
	return dig_move(repo, &what, (const char *const *)args.argv,
	    (size_t)args.argc, err);
}
