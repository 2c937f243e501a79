/* SPDX-License-Identifier: MIT
 *
 * dig scrub: read what is stored, to find damage while it can be repaired.
 */
#include <string.h>

#include "cmd/command.h"
#include "cmd/findings.h"
#include "cmd/json.h"
#include "cmd/text.h"

#define MAX_TIME ((uint64_t)1000000000) /* seconds */

struct opts {
	bool deep;
	bool json;
	const char *max_time;
	const char *rate;
	const char *progress;
};

static const struct dig_opt options[] = {
	DIG_OPT_FLAG(
	    0, "deep", struct opts, deep, "decode and hash every object, too"),
	DIG_OPT_STRING(0, "max-time", struct opts, max_time, "DURATION",
	    "stop after so long: 90, 30s, 10m, 2h"),
	DIG_OPT_STRING(0, "rate", struct opts, rate, "BYTES",
	    "read no more than this in a second: 5000000, 50M, 1G"),
	DIG_OPTS_PROGRESS(struct opts, progress),
	DIG_OPT_JSON(struct opts, json),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_scrub = {
	"scrub",
	"[--deep] [--max-time DURATION] [--rate BYTES] [--json]",
	"Read packs, parity and mirrors and compare every record and every "
	"cell of parity with its checksum, what was verified longest ago "
	"first. It goes on where the last one stopped. Nothing is changed and "
	"nobody has to wait. Exits 5 when damage is found.",
	options,
};

/* A number and a unit, each unit with what it stands for. */
static bool
parse_amount(
    const char *text, const char *units, const uint64_t *factors, uint64_t *out)
{
	const char *unit;
	uint64_t value = 0;

	if (*text < '0' || *text > '9')
		return false;
	for (; *text >= '0' && *text <= '9'; text++)
		if (__builtin_mul_overflow(value, 10u, &value) ||
		    __builtin_add_overflow(
			value, (uint64_t)(*text - '0'), &value))
			return false;
	if (*text != '\0') {
		unit = strchr(units, *text);
		if (unit == NULL || text[1] != '\0' ||
		    __builtin_mul_overflow(
			value, factors[unit - units], &value))
			return false;
	}
	*out = value;
	return value > 0;
}

static enum dig_status
parse(const struct opts *opts, struct dig_scrub_options *out,
    struct dig_error *err)
{
	static const uint64_t seconds[] = { 1, 60, 3600, 86400 };
	static const uint64_t bytes[] = { 1 << 10, 1 << 20, 1 << 30, 1 << 10,
		1 << 20, 1 << 30 };
	uint64_t value;

	if (opts->max_time != NULL) {
		if (!parse_amount(opts->max_time, "smhd", seconds, &value))
			return dig_raise(err, DIG_EINVALID,
			    "'%.40s' is no duration: write 90, 30s, 10m or 2h",
			    opts->max_time);
		/* What is longer than a life is as long as that. */
		out->max_ms =
		    1000 * (int64_t)(value < MAX_TIME ? value : MAX_TIME);
	}
	if (opts->rate != NULL &&
	    !parse_amount(opts->rate, "kmgKMG", bytes, &out->bytes_per_second))
		return dig_raise(err, DIG_EINVALID,
		    "'%.40s' is no rate: write bytes a second, or 50M",
		    opts->rate);
	out->deep = opts->deep;
	return DIG_OK;
}

struct report {
	struct dig_cli *cli;
	struct dig_json json;
	bool is_json;
};

static void
found(void *arg, const struct dig_finding *finding)
{
	struct report *report = arg;

	if (report->is_json)
		dig_finding_json(&report->json, finding);
	else
		dig_finding_print(&report->cli->out, finding);
}

static void
print_sum(struct dig_out *out, const struct dig_scrub_totals *totals)
{
	struct dig_buf text = DIG_BUF_INIT;

	dig_buf_puts(&text, "read ");
	dig_format_size(&text, totals->bytes);
	dig_buf_puts(&text, " of ");
	dig_format_size(&text, totals->total_bytes);
	dig_buf_puts(&text, ", ");
	dig_format_count(&text, totals->records);
	dig_buf_puts(&text, totals->records == 1 ? " record" : " records");
	if (totals->stopped)
		dig_buf_puts(&text, "; the next scrub goes on there");
	dig_buf_puts(&text, "\n");
	dig_out_raw(out, text.data, text.len);
	dig_buf_clear(&text);
}

static void
json_sum(struct dig_json *json, const struct dig_scrub_totals *totals)
{
	dig_json_array_end(json);
	dig_json_uint(json, "records", totals->records);
	dig_json_uint(json, "bytes", totals->bytes);
	dig_json_uint(json, "total_bytes", totals->total_bytes);
	dig_json_uint(json, "damaged", totals->damaged);
	dig_json_bool(json, "stopped", totals->stopped);
	dig_json_bool(json, "recorded", totals->recorded);
	dig_json_object_end(json);
	dig_json_end(json);
}

enum dig_status
dig_cmd_scrub(struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct dig_scrub_options scrub = { 0 };
	struct dig_scrub_totals totals = { 0 };
	struct report report = { 0 };
	struct dig_repo *repo = NULL;
	struct opts opts = { 0 };
	struct dig_args args;
	enum dig_status st;

	st = dig_opt_parse(&dig_usage_scrub, argc, argv, &opts, &args, err);
	if (st == DIG_OK && args.argc > 0)
		st = dig_raise(err, DIG_EINVALID, "scrub takes no operand");
	if (st == DIG_OK)
		st = parse(&opts, &scrub, err);
	if (st != DIG_OK)
		return st;
	cli->tells_of_healing = true;
	cli->progress_choice = opts.progress;
	st = dig_cli_repo(cli, &repo, err);
	if (st != DIG_OK)
		return st;
	report.cli = cli;
	report.is_json = opts.json;
	scrub.arg = &report;
	scrub.finding = found;
	if (opts.json) {
		dig_json_init(&report.json, &cli->out);
		dig_json_object(&report.json, NULL);
		dig_json_array(&report.json, "findings");
	}
	st = dig_repo_scrub(repo, &scrub, &totals, err);
	dig_cli_progress_end(cli);
	if (st != DIG_OK)
		return st;
	if (opts.json)
		json_sum(&report.json, &totals);
	else
		print_sum(&cli->out, &totals);
	if (totals.damaged == 0)
		return DIG_OK;
	st = dig_raise(err, DIG_ECORRUPT, "damaged: %llu",
	    (unsigned long long)totals.damaged);
	dig_hint(err, "'dig fsck --repair' puts right what parity and second "
		      "copies can give back");
	return st;
}
