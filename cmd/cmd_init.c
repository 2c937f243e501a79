/* SPDX-License-Identifier: MIT
 *
 * dig init
 */
#include <stdlib.h>

#include "cmd/command.h"
#include "cmd/json.h"
#include "objects/base/io.h"

struct opts {
	const char *branch;
	bool quiet;
	bool json;
};

static const struct dig_opt options[] = {
	DIG_OPT_STRING('b', "initial-branch", struct opts, branch, "NAME",
	    "call the first branch NAME"),
	DIG_OPT_FLAG('q', "quiet", struct opts, quiet, "print nothing"),
	DIG_OPT_JSON(struct opts, json),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_init = {
	"init",
	"[-q] [-b NAME] [--json] [DIR]",
	"Make a repository in DIR, or in the current folder: the folder .dig, "
	"which holds everything. DIR is made if it is missing. Where there is "
	"a repository already, it is left as it is.",
	options,
};

static void
print_json(struct dig_cli *cli, const char *path, bool existed,
    const char *git_exclude)
{
	struct dig_json json;

	dig_json_init(&json, &cli->out);
	dig_json_object(&json, NULL);
	dig_json_path(&json, "path", path, strlen(path));
	dig_json_bool(&json, "existed", existed);
	if (git_exclude != NULL)
		dig_json_path(
		    &json, "git_exclude", git_exclude, strlen(git_exclude));
	dig_json_object_end(&json);
	dig_json_end(&json);
}

static void
print_words(struct dig_cli *cli, const char *path, bool existed,
    const char *git_exclude)
{
	dig_out_puts(&cli->out, existed
				    ? "The repository is there already: "
				    : "Initialized empty dig repository in ");
	dig_out_path(&cli->out, path, strlen(path), false, "\n");
	if (git_exclude == NULL)
		return;
	dig_out_puts(&cli->out,
	    "This folder is in a git work tree. To have git leave .dig "
	    "alone, add the line\n\n    .dig/\n\nto ");
	dig_out_path(&cli->out, git_exclude, strlen(git_exclude), false, "\n");
}

enum dig_status
dig_cmd_init(struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct opts opts = { 0 };
	struct dig_buf path = DIG_BUF_INIT;
	struct dig_args args;
	const char *dir = ".";
	char *real = NULL, *git_exclude = NULL;
	enum dig_status st;
	bool existed = false;
	int os;

	st = dig_opt_parse(&dig_usage_init, argc, argv, &opts, &args, err);
	if (st == DIG_OK && args.argc > 1)
		st = dig_raise(err, DIG_EINVALID, "init takes one folder");
	if (st == DIG_OK && args.argc == 1)
		dir = args.argv[0];
	(void)dig_cli_config(cli); /* reads it */
	if (st == DIG_OK && opts.branch != NULL)
		st = dig_config_set_flag(
		    cli->config, "init.defaultBranch", opts.branch, err);
	if (st == DIG_OK)
		st = dig_repo_init(
		    dir, cli->config, &existed, &git_exclude, err);
	if (st != DIG_OK)
		return st;
	os = dig_real_path(dir[0] == '\0' ? "." : dir, &real);
	if (os != 0) {
		st = dig_raise_os(err, DIG_EIO, os, "looking at '%s'", dir);
		goto out;
	}
	dig_buf_puts(&path, strcmp(real, "/") == 0 ? "" : real);
	dig_buf_puts(&path, "/.dig");
	if (opts.json)
		print_json(cli, (const char *)path.data, existed, git_exclude);
	else if (!opts.quiet)
		print_words(cli, (const char *)path.data, existed, git_exclude);
out:
	dig_buf_clear(&path);
	free(real);
	free(git_exclude);
	return st;
}
