/* SPDX-License-Identifier: MIT
 *
 * dig blame [REV] [--] PATH
 */
#include <stdlib.h>
#include <string.h>

#include "cmd/blame.h"
#include "cmd/pathlist.h"
#include "cmd/pretty.h"
#include "objects/base/io.h"
#include "repo/dig.h"

static const struct dig_opt options[] = {
	DIG_OPT_HEADING("which lines, and how far back"),
	DIG_OPT_LIST('L', NULL, struct dig_blame_opts, lines, "RANGE",
	    "lines FIRST,LAST: numbers, +N, -N, /expression/"),
	DIG_OPT_FLAG('w', NULL, struct dig_blame_opts, ignore_space,
	    "lines that differ in blanks alone are the same"),
	DIG_OPT_FLAG(0, "first-parent", struct dig_blame_opts, first_parent,
	    "follow the first parent of a merge only"),
	DIG_OPT_STRING(0, "since", struct dig_blame_opts, since, "DATE",
	    "do not look into commits older than this"),
	DIG_OPT_FLAG(0, "root", struct dig_blame_opts, root,
	    "mark no lines of the first commit with '^'"),
	DIG_OPT_HEADING("how they are shown"),
	DIG_OPT_FLAG('e', "show-email", struct dig_blame_opts, email,
	    "the author's address, not the name"),
	DIG_OPT_FLAG('s', NULL, struct dig_blame_opts, suppress,
	    "neither author nor date"),
	DIG_OPT_FLAG('l', NULL, struct dig_blame_opts, long_ids, "whole ids"),
	DIG_OPT_FLAG('t', NULL, struct dig_blame_opts, raw_time,
	    "seconds and zone, not a date"),
	DIG_OPT_FLAG('f', "show-name", struct dig_blame_opts, show_name,
	    "the file's name in the commit (shown anyway where one differs)"),
	DIG_OPT_FLAG('n', "show-number", struct dig_blame_opts, show_number,
	    "the line's number in the commit"),
	DIG_OPT_FLAG('b', NULL, struct dig_blame_opts, blank,
	    "no ids where '^' would mark them"),
	DIG_OPT_FLAG('c', NULL, struct dig_blame_opts, compatible,
	    "tabs between the columns, as git annotate has them"),
	DIG_OPT_INT(0, "abbrev", struct dig_blame_opts, abbrev, 0, 64, "N",
	    "ids of N digits and one for the mark"),
	DIG_OPT_STRING(0, "date", struct dig_blame_opts, date, "STYLE",
	    "as of dig log, by default iso"),
	DIG_OPT_FLAG('p', "porcelain", struct dig_blame_opts, porcelain,
	    "a form for programs, a commit's details once"),
	DIG_OPT_FLAG(0, "line-porcelain", struct dig_blame_opts, line_porcelain,
	    "the same, with the details at each line"),
	DIG_OPT_JSON(struct dig_blame_opts, json),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_blame = {
	"blame",
	"[OPTION]... [REV | A..B | ^REV]... [--] PATH",
	"Show for each line of a file the commit that it comes from, its "
	"author and date. Without REV the file of the work tree is meant, and "
	"lines that are in no commit are 'Not Committed Yet'. A file is "
	"followed through its renames.",
	options,
};

/* ---- Operands --------------------------------------------------------- */

/*
 * Revisions, then the path; as in git also PATH REV, when the second names no
 * file and the first one does.
 */
static enum dig_status
sort_operands(struct dig_repo *repo, const struct dig_args *args,
    struct dig_revs *revs, const char **path, struct dig_error *err)
{
	int npaths = args->dashdash >= 0 ? args->argc - args->dashdash : 1;
	enum dig_status st = DIG_OK;
	int last = args->argc - 1;

	if (args->argc == 0 || npaths != 1) {
		dig_ignore(
		    dig_raise(err, DIG_EINVALID, "blame takes one file"));
		dig_hint(err, "dig blame [REV] [--] PATH");
		return DIG_EINVALID;
	}
	if (args->dashdash < 0 && args->argc == 2 &&
	    !dig_word_is_path(args->argv[1]) && dig_word_is_path(args->argv[0]))
		last = 0;
	*path = args->argv[last];
	for (int i = 0; st == DIG_OK && i < args->argc; i++)
		if (i != last)
			st = dig_revs_add(repo, revs, args->argv[i], err);
	if (st == DIG_OK && revs->ntips > 1) {
		st = dig_raise(err, DIG_EINVALID,
		    "blame begins at one commit, not at %zu", revs->ntips);
		dig_hint(err, "dig blame [REV] [--] PATH");
	}
	return st;
}

static enum dig_status
run(struct dig_cli *cli, struct dig_repo *repo,
    const struct dig_blame_opts *opts, const struct dig_args *args,
    struct dig_error *err)
{
	struct dig_blame_options options_ = DIG_BLAME_OPTIONS_INIT;
	struct dig_revs revs = DIG_REVS_INIT;
	struct dig_blame *blame = NULL;
	struct dig_blame_range *ranges = NULL;
	enum dig_status st;
	size_t nranges = 0;

	st = sort_operands(repo, args, &revs, &options_.path, err);
	if (st == DIG_OK && opts->since != NULL)
		st = dig_date_limit(
		    opts->since, dig_wall_seconds(), &options_.since, err);
	if (st != DIG_OK)
		goto out;
	options_.commit = revs.ntips > 0 ? &revs.tips[0] : NULL;
	options_.hidden = revs.hidden;
	options_.nhidden = revs.nhidden;
	options_.first_parent = opts->first_parent;
	options_.ignore_space = opts->ignore_space;
	st = dig_blame_new(repo, &options_, &blame, err);
	if (st == DIG_OK)
		st = dig_blame_read_lines(
		    &opts->lines, blame, &ranges, &nranges, err);
	if (st == DIG_OK)
		st = dig_blame_run(blame, ranges, nranges, err);
	if (st == DIG_OK)
		st = dig_blame_print(cli, repo, opts, blame, err);
out:
	free(ranges);
	dig_blame_free(blame);
	dig_revs_clear(&revs);
	return st;
}

enum dig_status
dig_cmd_blame(struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct dig_blame_opts opts = { .abbrev = -1 };
	struct dig_repo *repo = NULL;
	struct dig_args args;
	enum dig_status st;

	st = dig_opt_parse(&dig_usage_blame, argc, argv, &opts, &args, err);
	if (st == DIG_OK && opts.date != NULL)
		st = dig_pretty_check_date(opts.date, err);
	if (st == DIG_OK && opts.json &&
	    (opts.porcelain || opts.line_porcelain))
		st = dig_raise(err, DIG_EINVALID,
		    "--json and --porcelain exclude each other");
	if (st == DIG_OK)
		st = dig_cli_repo(cli, &repo, err);
	if (st == DIG_OK)
		st = run(cli, repo, &opts, &args, err);
	dig_list_clear(&opts.lines);
	return st;
}
