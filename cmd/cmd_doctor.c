/* SPDX-License-Identifier: MIT
 *
 * dig doctor: what is around the repository.
 */
#include <string.h>

#include "cmd/command.h"
#include "cmd/json.h"

struct opts {
	bool json;
};

static const struct dig_opt options[] = {
	DIG_OPTS_COLOUR,
	DIG_OPT_JSON(struct opts, json),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_doctor = {
	"doctor",
	"[--json]",
	"Look at what a repository stands on: the file system and what it can, "
	"SQLite, the clock, limits, owners and permissions, free space, what "
	"commands that were cut short have left. 'dig fsck' checks what is "
	"stored.",
	options,
};

struct report {
	struct dig_out *out;
	struct dig_json json;
	bool as_json;
	uint64_t nattention;
};

static const char *const words[] = { "good", "note", "attention" };

static void
print(struct dig_out *out, const struct dig_doctor_answer *answer)
{
	static const enum dig_colour colours[] = { DIG_COLOUR_GREEN,
		DIG_COLOUR_YELLOW, DIG_COLOUR_RED };

	dig_out_colour(out, colours[answer->level]);
	dig_out_printf(out, "%-9s", words[answer->level]);
	dig_out_colour(out, DIG_COLOUR_RESET);
	dig_out_printf(out, "  %-11s  ", answer->check);
	dig_out_text(out, answer->text, strlen(answer->text));
	dig_out_puts(out, "\n");
	if (answer->hint != NULL)
		dig_out_printf(out, "%24s%s\n", "", answer->hint);
}

static void
on_answer(void *arg, const struct dig_doctor_answer *answer)
{
	struct report *report = arg;
	struct dig_json *json = &report->json;

	report->nattention += answer->level == DIG_DOCTOR_ATTENTION;
	if (!report->as_json) {
		print(report->out, answer);
		return;
	}
	dig_json_object(json, NULL);
	dig_json_string(json, "check", answer->check);
	dig_json_string(json, "level", words[answer->level]);
	dig_json_string(json, "message", answer->text);
	if (answer->hint != NULL)
		dig_json_string(json, "hint", answer->hint);
	else
		dig_json_null(json, "hint");
	dig_json_object_end(json);
}

enum dig_status
dig_cmd_doctor(
    struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct report report = { .out = &cli->out };
	struct opts opts = { 0 };
	struct dig_repo *repo = NULL;
	struct dig_args args;
	enum dig_status st;

	st = dig_opt_parse(&dig_usage_doctor, argc, argv, &opts, &args, err);
	if (st == DIG_OK && args.argc > 0)
		st = dig_raise(err, DIG_EINVALID, "doctor takes no operand");
	if (st == DIG_OK)
		st = dig_cli_repo(cli, &repo, err);
	if (st != DIG_OK)
		return st;
	report.as_json = opts.json;
	dig_json_init(&report.json, &cli->out);
	if (opts.json) {
		dig_json_object(&report.json, NULL);
		dig_json_array(&report.json, "checks");
	}
	dig_doctor_look(repo, on_answer, &report);
	if (opts.json) {
		dig_json_array_end(&report.json);
		dig_json_uint(&report.json, "attention", report.nattention);
		dig_json_object_end(&report.json);
		dig_json_end(&report.json);
	}
	return report.nattention > 0 ? DIG_ENO : DIG_OK;
}
