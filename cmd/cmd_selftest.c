/* SPDX-License-Identifier: MIT
 *
 * dig selftest: harm a copy, and show how it is repaired.
 */
#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"

struct opts {
	bool keep;
};

static const struct dig_opt options[] = {
	DIG_OPT_FLAG(0, "keep", struct opts, keep, "leave the copy"),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_selftest = {
	"selftest",
	"damage [--keep]",
	"Copy the repository, harm the copy (flipped bits, a hole, lost "
	"files), "
	"repair it each time and compare every file and every object. The "
	"repository itself is only read. Exits 5 unless all came back.",
	options,
};

static void
print_line(void *arg, bool came_back, const char *text)
{
	struct dig_cli *cli = arg;

	dig_out_puts(&cli->out, came_back ? "ok: " : "FAILED: ");
	dig_out_text(&cli->out, text, strlen(text));
	dig_out_puts(&cli->out, "\n");
}

enum dig_status
dig_cmd_selftest(
    struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct dig_selftest_totals totals = { 0 };
	struct dig_selftest_options test = { 0 };
	struct dig_repo *repo = NULL;
	struct opts opts = { 0 };
	struct dig_args args;
	enum dig_status st;

	st = dig_opt_parse(&dig_usage_selftest, argc, argv, &opts, &args, err);
	if (st != DIG_OK)
		return st;
	if (args.argc != 1 || strcmp(args.argv[0], "damage") != 0)
		return dig_raise(err, DIG_EINVALID, "selftest takes 'damage'");
	st = dig_cli_repo(cli, &repo, err);
	if (st != DIG_OK)
		return st;
	test.keep = opts.keep;
	test.arg = cli;
	test.line = print_line;
	st = dig_repo_selftest(repo, &test, &totals, err);
	if (st != DIG_OK)
		return st;
	dig_out_printf(&cli->out, "%llu of %llu came back\n",
	    (unsigned long long)totals.came_back,
	    (unsigned long long)totals.harms);
	if (opts.keep) {
		dig_out_puts(&cli->out, "the copy is in ");
		dig_out_text(&cli->out, totals.folder, strlen(totals.folder));
		dig_out_puts(&cli->out, "\n");
	}
	free(totals.folder);
	if (totals.came_back == totals.harms)
		return DIG_OK;
	return dig_raise(err, DIG_ECORRUPT, "not all of the copy came back");
}
