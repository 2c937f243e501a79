/* SPDX-License-Identifier: MIT
 *
 * dig export: write the history for another tool.
 */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/text.h"
#include "objects/base/io.h"

struct opts {
	bool incremental;
	bool quiet;
	const char *progress;
};

static const struct dig_opt options[] = {
	DIG_OPT_FLAG('i', "incremental", struct opts, incremental,
	    "only what did not come from git, for the repository it came from"),
	DIG_OPT_FLAG('q', "quiet", struct opts, quiet, "no summary"),
	DIG_OPTS_PROGRESS(struct opts, progress),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_export = {
	"export",
	"git [-i] [-q]",
	"Write all branches and tags with their history to standard output, as "
	"a stream that 'git fast-import' reads. Commits that came from git get "
	"the ids again that they had there.",
	options,
};

static enum dig_status
write_out(void *arg, const void *data, size_t len, struct dig_error *err)
{
	struct dig_out *out = arg;

	dig_out_raw(out, data, len);
	dig_out_flush(out);
	if (!dig_out_gone(out) && out->os_errno != 0)
		return dig_raise_os(
		    err, DIG_EFILE, out->os_errno, "writing standard output");
	return dig_out_gone(out) ? DIG_ENO : DIG_OK;
}

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

enum dig_status
dig_cmd_export(
    struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct dig_export_options export = { .write = write_out };
	struct dig_export_result result;
	struct opts opts = { 0 };
	struct dig_repo *repo;
	struct dig_args args;
	enum dig_status st;

	st = dig_opt_parse(&dig_usage_export, argc, argv, &opts, &args, err);
	if (st != DIG_OK)
		return st;
	if (args.argc == 0 || strcmp(args.argv[0], "git") != 0) {
		st = dig_raise(err, DIG_EINVALID, "export for what?");
		dig_hint(err, "'dig export git | git -C DIR fast-import'");
		return st;
	}
	if (args.argc > 1)
		return dig_raise(err, DIG_EINVALID,
		    "export takes no more than the word git");
	if (isatty(STDOUT_FILENO)) {
		st = dig_raise(
		    err, DIG_EINVALID, "the stream is not for a terminal");
		dig_hint(err, "'dig export git | git -C DIR fast-import'");
		return st;
	}
	cli->progress_choice = opts.progress;
	export.arg = &cli->out;
	export.incremental = opts.incremental;
	st = dig_cli_repo(cli, &repo, err);
	if (st == DIG_OK)
		st = dig_export_git(repo, &export, &result, err);
	dig_cli_progress_end(cli);
	if (st == DIG_ENO && dig_out_gone(&cli->out))
		return DIG_OK; /* nobody reads the stream any more */
	if (st == DIG_OK && !opts.quiet)
		summary(&result);
	return st;
}
