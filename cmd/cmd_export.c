/* SPDX-License-Identifier: MIT
 *
 * dig export: write the history for another tool.
 */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "cmd/export.h"
#include "cmd/outfile.h"
#include "cmd/text.h"
#include "objects/base/io.h"

static const struct dig_opt options[] = {
	DIG_OPT_STRING('o', "output", struct dig_export_opts, output, "FILE",
	    "tar: write FILE; its name says how it is compressed"),
	DIG_OPT_STRING(0, "prefix", struct dig_export_opts, prefix, "TEXT",
	    "tar, dir: put TEXT before each path"),
	DIG_OPT_FLAG(0, "all", struct dig_export_opts, all,
	    "bundle: every ref, and HEAD"),
	DIG_OPT_LIST(0, "not", struct dig_export_opts, without, "REV",
	    "bundle: leave out REV and what is before it"),
	DIG_OPT_FLAG('i', "incremental", struct dig_export_opts, incremental,
	    "git: only what did not come from git, for the repository it came "
	    "from"),
	DIG_OPT_FLAG('q', "quiet", struct dig_export_opts, quiet, "no summary"),
	DIG_OPTS_PROGRESS(struct dig_export_opts, progress),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_export = {
	"export",
	"git [-i] [-q]\n"
	"tar [-o FILE] [--prefix TEXT] [REV] [-- PATH...]\n"
	"dir [--prefix TEXT] DIR [REV] [-- PATH...]\n"
	"bundle [-q] [--all] [--not REV]... (FILE | -) [REF...]",
	"git: write all branches and tags with their history to standard "
	"output, as a stream that 'git fast-import' reads. Commits that came "
	"from git get the ids again that they had there.\n"
	"tar: write the files of REV (HEAD) as a tar archive, the same bytes "
	"for the same commit; compressed where FILE ends in .tar.gz, .tar.xz, "
	".tar.zst, .tar.bz2 or .tar.lz4.\n"
	"dir: write the files of REV into DIR, which is new or empty.\n"
	"bundle: write REFs, or all, with their commits and all that these "
	"hold into one file that 'dig import bundle' takes in.",
	options,
};

/* On standard error: standard output has the stream. */
static void
summary(const struct dig_export_result *result)
{
	struct dig_buf text = DIG_BUF_INIT;

	dig_format_count(&text, result->commits);
	dig_buf_puts(&text, result->commits == 1 ? " commit, " : " commits, ");
	dig_format_count(&text, result->tags);
	dig_buf_puts(&text,
	    result->tags == 1 ? " annotated tag, " : " annotated tags, ");
	dig_format_count(&text, result->refs);
	dig_buf_puts(&text, result->refs == 1 ? " ref\n" : " refs\n");
	if (result->changed > 0 || result->changed_tags > 0)
		dig_buf_printf(&text,
		    "%" PRIu64 " commits and %" PRIu64 " tags get other ids in "
		    "git than they had: a stream carries no signature of a "
		    "commit%s\n",
		    result->changed, result->changed_tags,
		    result->nnamed > 0 ? ". The first:" : "");
	for (size_t i = 0; i < result->nnamed; i++)
		dig_buf_printf(&text, "    %s\n", result->named[i]);
	if (result->detached)
		dig_buf_puts(&text, "HEAD is detached: what no branch or tag "
				    "leads to is left out\n");
	/* A summary that cannot be shown is no failure. */
	dig_ignore(dig_write_full(STDERR_FILENO, text.data, text.len) == 0
		       ? DIG_OK
		       : DIG_EFILE);
	dig_buf_clear(&text);
}

static enum dig_status
form_git(struct dig_cli *cli, const struct dig_export_opts *opts,
    const struct dig_args *args, struct dig_error *err)
{
	struct dig_export_options export = {
		.write = dig_outfile_write,
		.incremental = opts->incremental,
	};
	struct dig_export_result result;
	struct dig_outfile file;
	struct dig_repo *repo;
	enum dig_status st;

	if (args->argc > 1)
		return dig_raise(err, DIG_EINVALID,
		    "export git takes no more words: it writes all there is");
	st = dig_outfile_open(cli, NULL, &file, err);
	if (st != DIG_OK) {
		dig_hint(err, "'dig export git | git -C DIR fast-import'");
		return st;
	}
	export.arg = &file;
	st = dig_cli_repo(cli, &repo, err);
	if (st == DIG_OK)
		st = dig_export_git(repo, &export, &result, err);
	dig_cli_progress_end(cli);
	if (st == DIG_OK && !opts->quiet)
		summary(&result);
	return dig_outfile_close(&file, st, err);
}

static enum dig_status
run(struct dig_cli *cli, const struct dig_export_opts *opts,
    const struct dig_args *args, struct dig_error *err)
{
	static const struct {
		const char *word;
		enum dig_status (*run)(struct dig_cli *cli,
		    const struct dig_export_opts *opts,
		    const struct dig_args *args, struct dig_error *err);
	} forms[] = {
		{ "git", form_git },
		{ "tar", dig_export_form_tar },
		{ "dir", dig_export_form_dir },
		{ "bundle", dig_export_form_bundle },
	};
	enum dig_status st;

	cli->progress_choice = opts->progress;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (args->argc > 0 && strcmp(args->argv[0], forms[i].word) == 0)
			return forms[i].run(cli, opts, args, err);
	st = dig_raise(err, DIG_EINVALID, "export as what?");
	dig_hint(err, "'dig export bundle FILE' has all there is, 'dig export "
		      "tar -o FILE.tar.gz' the files of HEAD");
	return st;
}

enum dig_status
dig_cmd_export(
    struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct dig_export_opts opts = { 0 };
	struct dig_args args;
	enum dig_status st;

	st = dig_opt_parse(&dig_usage_export, argc, argv, &opts, &args, err);
	if (st == DIG_OK)
		st = run(cli, &opts, &args, err);
	dig_list_clear(&opts.without);
	return st;
}
