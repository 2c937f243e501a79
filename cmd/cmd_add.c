/* SPDX-License-Identifier: MIT
 *
 * dig add: stage files.
 */
#include <stdlib.h>
#include <string.h>

#include "cmd/add_patch.h"
#include "cmd/command.h"
#include "cmd/pathlist.h"

struct opts {
	bool patch;
	bool all;
	bool update;
	bool dry_run;
	bool force;
	bool verbose;
	bool from_stdin;
	bool executable;
	const char *as;
	const char *paths_from;
	bool paths_nul;
	const char *progress;
};

static const struct dig_opt options[] = {
	DIG_OPT_FLAG('p', "patch", struct opts, patch,
	    "ask about each hunk of tracked files, whether to stage it"),
	DIG_OPT_FLAG('A', "all", struct opts, all,
	    "everything: new, changed and removed files"),
	DIG_OPT_FLAG('u', "update", struct opts, update,
	    "only files that are tracked already"),
	DIG_OPT_FLAG('n', "dry-run", struct opts, dry_run,
	    "say what would be added, do nothing"),
	DIG_OPT_FLAG('f', "force", struct opts, force,
	    "add files that ignore rules leave out too"),
	DIG_OPT_FLAG('v', "verbose", struct opts, verbose, "name each file"),
	DIG_OPT_STRING(0, "pathspec-from-file", struct opts, paths_from, "FILE",
	    "read the paths from FILE, '-' for standard input"),
	DIG_OPT_FLAG(0, "pathspec-file-nul", struct opts, paths_nul,
	    "paths in FILE end with NUL and are not quoted"),
	DIG_OPT_FLAG(0, "stdin", struct opts, from_stdin,
	    "stage what standard input holds, under the name of --as"),
	DIG_OPT_STRING(
	    0, "as", struct opts, as, "PATH", "the path for --stdin"),
	DIG_OPT_FLAG(0, "executable", struct opts, executable,
	    "with --stdin: stage an executable file"),
	DIG_OPTS_COLOUR,
	DIG_OPTS_PROGRESS(struct opts, progress),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_add = {
	"add",
	"[-n] [-v] [-f] [-A | -u] [--] [PATH...]\n"
	"-p [--] [PATH...]\n"
	"--stdin --as PATH",
	"Stage files for the next commit: new and changed files below the "
	"paths, and those that are gone. Files that a .digignore or .gitignore "
	"names are left out unless they are tracked.\n"
	"A file that cannot be read is named and left out; the rest is staged "
	"and the exit code is 1. Interrupted, add keeps what is staged and can "
	"be run again for the rest.",
	options,
};

static void
say(void *arg, enum dig_stage_what what, const char *path)
{
	struct dig_cli *cli = arg;

	dig_out_puts(&cli->out, what == DIG_STAGE_PUT ? "add '" : "remove '");
	dig_out_text(&cli->out, path, strlen(path));
	dig_out_puts(&cli->out, "'\n");
}

static enum dig_status
add_stdin(struct dig_cli *cli, struct dig_repo *repo, const struct opts *opts,
    const struct dig_args *args, struct dig_error *err)
{
	struct dig_stage_result result;

	(void)cli;
	if (opts->as == NULL || args->argc > 0)
		return dig_raise(err, DIG_EINVALID,
		    "--stdin takes its path from --as and no other");
	return dig_stage_stream(
	    repo, 0, opts->as, opts->executable, &result, err);
}

enum dig_status
dig_cmd_add(struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct dig_stage_options stage;
	struct dig_stage_result result;
	struct dig_pathlist list = DIG_PATHLIST_INIT;
	struct dig_repo *repo;
	struct dig_args args;
	struct opts opts;
	enum dig_status st;

	memset(&opts, 0, sizeof(opts));
	memset(&stage, 0, sizeof(stage));
	st = dig_opt_parse(&dig_usage_add, argc, argv, &opts, &args, err);
	if (st != DIG_OK)
		return st;
	if (opts.all && opts.update)
		return dig_raise(
		    err, DIG_EINVALID, "-A and -u do not go together");
	if (opts.patch && (opts.all || opts.update || opts.dry_run ||
			      opts.force || opts.from_stdin))
		return dig_raise(err, DIG_EINVALID,
		    "-p does not go with -A, -u, -n, -f and --stdin");
	if (opts.patch && opts.paths_from != NULL &&
	    strcmp(opts.paths_from, "-") == 0)
		return dig_raise(err, DIG_EINVALID,
		    "standard input has the answers of -p, not the paths");
	if (!opts.from_stdin && opts.as != NULL)
		return dig_raise(err, DIG_EINVALID, "--as needs --stdin");
	cli->progress_choice = opts.progress;
	cli->read_input =
	    opts.from_stdin || opts.patch ||
	    (opts.paths_from != NULL && strcmp(opts.paths_from, "-") == 0);
	st = dig_cli_repo(cli, &repo, err);
	if (st != DIG_OK)
		return st;
	if (opts.from_stdin)
		return add_stdin(cli, repo, &opts, &args, err);
	st = dig_pathlist_fill(
	    &list, &args, opts.paths_from, opts.paths_nul, err);
	if (st != DIG_OK)
		goto out;
	if (opts.patch) {
		st = dig_add_patch(cli, repo, list.paths, list.count, err);
		goto out;
	}
	if (list.count == 0 && !opts.all && !opts.update) {
		st = dig_raise(err, DIG_EINVALID, "nothing specified to add");
		dig_hint(err, "`dig add .` adds the current folder, `dig add "
			      "-A` everything");
		goto out;
	}
	stage.paths = list.paths;
	stage.npaths = list.count;
	stage.tracked_only = opts.update;
	stage.force = opts.force;
	stage.dry_run = opts.dry_run;
	stage.arg = cli;
	if (opts.verbose || opts.dry_run)
		stage.changed = say;
	st = dig_stage(repo, &stage, &result, err);
out:
	dig_pathlist_clear(&list);
	return st;
}
