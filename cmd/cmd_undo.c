/* SPDX-License-Identifier: MIT
 *
 * dig undo: take back the last operation, or list them.
 */
#include <inttypes.h>
#include <string.h>

#include "cmd/json.h"
#include "cmd/switched.h"
#include "cmd/text.h"

struct opts {
	bool list;
	int64_t limit;
	bool keep_files;
	bool quiet;
	const char *progress;
	bool json;
};

static const struct dig_opt options[] = {
	DIG_OPT_FLAG('l', "list", struct opts, list,
	    "list the operations, the newest first"),
	DIG_OPT_COUNT('n', "max-count", struct opts, limit, 0, INT64_MAX,
	    "NUMBER", "with --list: stop after NUMBER operations"),
	DIG_OPT_FLAG(0, "keep-files", struct opts, keep_files,
	    "leave working files as they are"),
	DIG_OPT_FLAG('q', "quiet", struct opts, quiet, "say nothing"),
	DIG_OPTS_PROGRESS(struct opts, progress),
	DIG_OPT_JSON(struct opts, json),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_undo = {
	"undo",
	"[--keep-files] [-q] [--json] [NUMBER]\n"
	"--list [-n NUMBER] [--json]",
	"Take back the last operation: branches, tags, HEAD and what is staged "
	"become what they were before it. What it wrote to working files is "
	"taken back, too; where one of them has changed since, the files are "
	"named and nothing is done. An undo is an operation itself, so a "
	"second one does again what the first took back.\n"
	"With NUMBER, take back that operation and all after it. --list shows "
	"the numbers.",
	options,
};

/* ---- The list --------------------------------------------------------- */

static void
print_line(struct dig_cli *cli, const struct dig_operation *one)
{
	struct dig_buf date = DIG_BUF_INIT;
	struct dig_out *out = &cli->out;

	dig_format_date(&date, DIG_DATE_ISO, one->time, 0);
	dig_out_colour(out, DIG_COLOUR_YELLOW);
	dig_out_printf(out, "%6" PRIu64, one->number);
	dig_out_colour(out, DIG_COLOUR_RESET);
	dig_out_printf(out, "  %s  ", (const char *)date.data);
	dig_out_text(out, one->verb, strlen(one->verb));
	dig_out_puts(out, one->finished ? "\n" : " (not finished)\n");
	dig_buf_clear(&date);
}

static void
put_json(struct dig_json *json, const struct dig_operation *one)
{
	dig_json_object(json, NULL);
	dig_json_uint(json, "operation", one->number);
	dig_json_int(json, "time", one->time);
	dig_json_string(json, "verb", one->verb);
	dig_json_uint(json, "records", one->records);
	dig_json_bool(json, "finished", one->finished);
	dig_json_object_end(json);
}

static void
print_begin(struct dig_cli *cli, const struct dig_operations *list)
{
	struct dig_buf date = DIG_BUF_INIT;

	if (list->folded_time == 0)
		return;
	dig_format_date(&date, DIG_DATE_ISO, list->folded_time, 0);
	dig_out_printf(&cli->out,
	    "The list begins here: 'dig gc' of %s folded what was before\n",
	    (const char *)date.data);
	dig_buf_clear(&date);
}

static enum dig_status
print_list(struct dig_cli *cli, struct dig_repo *repo, const struct opts *opts,
    struct dig_error *err)
{
	uint64_t limit = opts->limit >= 0 ? (uint64_t)opts->limit : UINT64_MAX;
	struct dig_operations list = { NULL, 0, 0, 0 };
	struct dig_json json;
	enum dig_status st;

	st = dig_undo_list(repo, limit, &list, err);
	if (st != DIG_OK)
		return st;
	if (opts->json) {
		dig_json_init(&json, &cli->out);
		dig_json_object(&json, NULL);
		dig_json_array(&json, "operations");
	}
	for (size_t i = 0; i < list.count; i++)
		if (opts->json)
			put_json(&json, &list.at[i]);
		else
			print_line(cli, &list.at[i]);
	if (!opts->json)
		print_begin(cli, &list);
	if (opts->json) {
		dig_json_array_end(&json);
		if (list.folded_time != 0)
			dig_json_int(&json, "folded", list.folded_time);
		else
			dig_json_null(&json, "folded");
		dig_json_object_end(&json);
		dig_json_end(&json);
	}
	dig_operations_clear(&list);
	return DIG_OK;
}

/* ---- Undo ------------------------------------------------------------- */

static void
print_words(struct dig_cli *cli, struct dig_repo *repo,
    const struct dig_undo_result *result)
{
	struct dig_out *out = &cli->out;

	if (result->nothing) {
		dig_out_printf(out,
		    "All is as it was before operation %" PRIu64 "\n",
		    result->number);
		return;
	}
	if (result->last != result->number)
		dig_out_printf(out,
		    "Took back operations %" PRIu64 " to %" PRIu64
		    ", the first of them ",
		    result->number, result->last);
	else
		dig_out_printf(
		    out, "Took back operation %" PRIu64 ": ", result->number);
	dig_out_text(out, result->verb, strlen(result->verb));
	dig_out_puts(out, "\n");
	if (!result->moved)
		return;
	if (result->branch != NULL) {
		dig_out_puts(out, "On branch ");
		dig_out_text(out, result->branch, strlen(result->branch));
		dig_out_puts(out, "\n");
	}
	if (dig_oid_is_zero(&result->commit))
		dig_out_puts(out, "HEAD has no commit yet\n");
	else
		dig_print_position(
		    cli, repo, "HEAD is now at", &result->commit);
}

static void
print_json(struct dig_cli *cli, const struct dig_undo_result *result)
{
	char hex[DIG_OID_HEX + 1];
	struct dig_json json;

	dig_oid_hex(&result->commit, hex);
	dig_json_init(&json, &cli->out);
	dig_json_object(&json, NULL);
	dig_json_uint(&json, "first", result->number);
	dig_json_uint(&json, "last", result->last);
	dig_json_string(&json, "verb", result->verb);
	dig_json_bool(&json, "nothing", result->nothing);
	dig_json_bool(&json, "edits_lost", result->lossy);
	if (result->branch != NULL)
		dig_json_string(&json, "branch", result->branch);
	else
		dig_json_null(&json, "branch");
	if (dig_oid_is_zero(&result->commit))
		dig_json_null(&json, "commit");
	else
		dig_json_string(&json, "commit", hex);
	dig_json_uint(&json, "written", result->written);
	dig_json_uint(&json, "removed", result->removed);
	dig_json_object_end(&json);
	dig_json_end(&json);
}

static enum dig_status
take_back(struct dig_cli *cli, struct dig_repo *repo, const struct opts *opts,
    int64_t number, struct dig_error *err)
{
	struct dig_undo_options how = { (uint64_t)number, opts->keep_files };
	struct dig_undo_result result;
	enum dig_status st;

	st = dig_undo(repo, &how, &result, err);
	dig_cli_progress_end(cli);
	if (st != DIG_OK)
		return st;
	if (result.lossy && !result.nothing)
		dig_cli_warn(cli,
		    "edits that were overwritten, and had never been added, "
		    "are not stored: they do not come back");
	if (opts->json)
		print_json(cli, &result);
	else if (!opts->quiet)
		print_words(cli, repo, &result);
	dig_undo_result_clear(&result);
	return DIG_OK;
}

static enum dig_status
check_opts(const struct opts *opts, const struct dig_args *args,
    int64_t *number, struct dig_error *err)
{
	*number = 0;
	if (args->argc > 1)
		return dig_raise(
		    err, DIG_EINVALID, "undo takes one number of an operation");
	if (opts->list && (args->argc > 0 || opts->keep_files))
		return dig_raise(
		    err, DIG_EINVALID, "--list only lists the operations");
	if (opts->limit >= 0 && !opts->list)
		return dig_raise(err, DIG_EINVALID, "-n goes with --list");
	if (!dig_progress_choice_ok(opts->progress))
		return dig_raise(
		    err, DIG_EINVALID, "--progress takes 'json' or nothing");
	if (args->argc == 0 ||
	    (dig_config_parse_int(args->argv[0], number) && *number > 0))
		return DIG_OK;
	dig_ignore(dig_raise(err, DIG_EINVALID,
	    "'%.200s' is no number of an operation", args->argv[0]));
	dig_hint(err, "'dig undo --list' shows the numbers");
	return DIG_EINVALID;
}

enum dig_status
dig_cmd_undo(struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct opts opts = { .limit = -1 };
	struct dig_repo *repo = NULL;
	struct dig_args args;
	enum dig_status st;
	int64_t number;

	st = dig_opt_parse(&dig_usage_undo, argc, argv, &opts, &args, err);
	if (st == DIG_OK)
		st = check_opts(&opts, &args, &number, err);
	if (st != DIG_OK)
		return st;
	cli->progress_choice = opts.progress;
	st = dig_cli_repo(cli, &repo, err);
	if (st != DIG_OK)
		return st;
	return opts.list ? print_list(cli, repo, &opts, err)
			 : take_back(cli, repo, &opts, number, err);
}
