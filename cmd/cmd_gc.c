/* SPDX-License-Identifier: MIT
 *
 * dig gc: delete what nothing names any more.
 */
#include <inttypes.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/json.h"
#include "cmd/text.h"

struct opts {
	bool dry_run;
	int64_t keep_ops;
	bool quiet;
	const char *progress;
	bool json;
};

static const struct dig_opt options[] = {
	DIG_OPT_FLAG('n', "dry-run", struct opts, dry_run,
	    "only say what would be deleted"),
	DIG_OPT_COUNT(0, "keep-ops", struct opts, keep_ops, 0, INT32_MAX,
	    "NUMBER", "keep the last NUMBER operations for undo"),
	DIG_OPT_FLAG('q', "quiet", struct opts, quiet, "say nothing"),
	DIG_OPTS_PROGRESS(struct opts, progress),
	DIG_OPT_JSON(struct opts, json),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_gc = {
	"gc",
	"[-n] [--keep-ops NUMBER] [-q] [--json]",
	"Delete what no branch, no tag, not HEAD, nothing staged and none of "
	"the last operations leads to. Operations before these, 200 of them "
	"unless gc.keepOps or --keep-ops says otherwise, cannot be taken back "
	"any more. Packs with little waste are left alone, and damaged ones "
	"as well.",
	options,
};

struct report {
	struct dig_cli *cli;
	struct dig_json json;
	bool is_json;
};

/* From any thread, one call at a time; the document has begun. */
static void
found(void *arg, const char *file, const char *message)
{
	struct report *report = arg;

	if (!report->is_json) {
		dig_cli_warn(report->cli,
		    "%s is damaged and was left alone: %s", file, message);
		return;
	}
	dig_json_object(&report->json, NULL);
	dig_json_string(&report->json, "file", file);
	dig_json_string(&report->json, "message", message);
	dig_json_object_end(&report->json);
}

static void
put_size(struct dig_out *out, uint64_t bytes)
{
	struct dig_buf text = DIG_BUF_INIT;

	dig_format_size(&text, bytes);
	dig_out_raw(out, text.data, text.len);
	dig_buf_clear(&text);
}

static void
print_words(
    struct dig_out *out, const struct dig_repo_gc_result *result, bool dry_run)
{
	uint64_t before = result->bytes_before;
	uint64_t after = result->bytes_after;
	uint64_t gone = result->dropped + result->rewritten;

	if (result->folded_ops > 0)
		dig_out_printf(out,
		    "%" PRIu64 " operation%s before the last %" PRIu64
		    " %s be taken back any more\n",
		    result->folded_ops, result->folded_ops == 1 ? "" : "s",
		    result->kept_ops, dry_run ? "would not" : "cannot");
	if (gone == 0) {
		dig_out_puts(out, "Nothing to delete: ");
		put_size(out, before);
		dig_out_puts(out, " of packs and parity");
		if (result->left_bytes > 0) {
			dig_out_puts(out, ", ");
			put_size(out, result->left_bytes);
			dig_out_puts(out, " of it not in use");
		}
		dig_out_puts(out, "\n");
		return;
	}
	dig_out_printf(out, "%s %" PRIu64 " of %" PRIu64 " packs",
	    dry_run ? "Would delete or rewrite" : "Deleted or rewrote", gone,
	    result->packs);
	dig_out_puts(out, ": ");
	put_size(out, before);
	dig_out_puts(out, dry_run ? " would become about " : " became ");
	put_size(out, after);
	dig_out_puts(out, "\n");
}

static void
put_json(struct dig_json *json, const struct dig_repo_gc_result *result,
    bool dry_run)
{
	dig_json_array_end(json);
	dig_json_bool(json, "dry_run", dry_run);
	dig_json_uint(json, "kept_operations", result->kept_ops);
	dig_json_uint(json, "folded_operations", result->folded_ops);
	dig_json_uint(json, "objects", result->objects);
	dig_json_uint(json, "packs", result->packs);
	dig_json_uint(json, "dropped", result->dropped);
	dig_json_uint(json, "rewritten", result->rewritten);
	dig_json_uint(json, "damaged", result->damaged);
	dig_json_uint(json, "dead_bytes", result->dead_bytes);
	dig_json_uint(json, "left_bytes", result->left_bytes);
	dig_json_uint(json, "bytes_before", result->bytes_before);
	dig_json_uint(json, "bytes_after", result->bytes_after);
	dig_json_object_end(json);
	dig_json_end(json);
}

static enum dig_status
verdict(const struct dig_repo_gc_result *result, struct dig_error *err)
{
	if (result->damaged == 0)
		return DIG_OK;
	dig_ignore(dig_raise(err, DIG_ECORRUPT,
	    "%" PRIu64 " of %" PRIu64
	    " packs are damaged; they, and what they may need, are as before",
	    result->damaged, result->packs));
	dig_hint(err, "'dig fsck --repair' puts right what can be; then run gc "
		      "again");
	return DIG_ECORRUPT;
}

enum dig_status
dig_cmd_gc(struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct opts opts = { .keep_ops = -1 };
	struct dig_repo_gc_result result = { 0 };
	struct dig_repo_gc_options how = { 0 };
	struct report report = { .cli = cli };
	struct dig_repo *repo = NULL;
	struct dig_args args;
	enum dig_status st;

	st = dig_opt_parse(&dig_usage_gc, argc, argv, &opts, &args, err);
	if (st != DIG_OK)
		return st;
	if (args.argc > 0)
		return dig_raise(err, DIG_EINVALID, "gc takes no operand");
	if (!dig_progress_choice_ok(opts.progress))
		return dig_raise(
		    err, DIG_EINVALID, "--progress takes 'json' or nothing");
	cli->progress_choice = opts.progress;
	st = dig_cli_repo(cli, &repo, err);
	if (st != DIG_OK)
		return st;
	report.is_json = opts.json;
	how.dry_run = opts.dry_run;
	how.keep_ops = opts.keep_ops;
	how.arg = &report;
	how.finding = found;
	if (opts.json) {
		dig_json_init(&report.json, &cli->out);
		dig_json_object(&report.json, NULL);
		dig_json_array(&report.json, "findings");
	}
	st = dig_repo_gc(repo, &how, &result, err);
	dig_cli_progress_end(cli);
	if (st != DIG_OK)
		return st;
	if (opts.json)
		put_json(&report.json, &result, opts.dry_run);
	else if (!opts.quiet)
		print_words(&cli->out, &result, opts.dry_run);
	return verdict(&result, err);
}
