/* SPDX-License-Identifier: MIT
 *
 * dig parity: what can be lost and still be repaired.
 */
#include <stdio.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/json.h"
#include "cmd/text.h"

#define SUMS_MAX 64 /* geometries that are told apart */

struct opts {
	bool json;
	const char *progress;
};

static const struct dig_opt options[] = {
	DIG_OPTS_PROGRESS(struct opts, progress),
	DIG_OPT_JSON(struct opts, json),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_parity = {
	"parity",
	"[status | set K+M | build | drop] [--json]",
	"Say what of the packs can be lost and still be repaired by "
	"'dig fsck --repair', and how many bytes are covered by parity, "
	"mirrored, or neither. set: K cells and M of parity for new packs; "
	"build: the same for those that are there; drop: no parity any more.",
	options,
};

static void
put_size(
    struct dig_out *out, const char *before, uint64_t bytes, const char *after)
{
	struct dig_buf text = DIG_BUF_INIT;

	dig_format_size(&text, bytes);
	dig_out_puts(out, before);
	dig_out_raw(out, text.data, text.len);
	dig_out_puts(out, after);
	dig_buf_clear(&text);
}

static void
print_sum(struct dig_out *out, const struct dig_parity_sum *sum)
{
	const char *packs = sum->packs == 1 ? "pack" : "packs";
	unsigned long long npacks = sum->packs;

	if (sum->data == 0) {
		dig_out_printf(out, "no parity: %llu %s, ", npacks, packs);
		put_size(out, "", sum->bytes, "\n");
		dig_out_puts(
		    out, "  damage in them is found and cannot be repaired\n");
		return;
	}
	dig_out_printf(out, "parity %u+%u: %llu %s, ", sum->data, sum->parity,
	    npacks, packs);
	put_size(out, "", sum->bytes, "\n");
	put_size(out, "  ", sum->covered, " covered by ");
	put_size(out, "", sum->parity_bytes, " of parity: ");
	dig_out_printf(out, "of each %u cells of 64 KiB any %u,\n",
	    sum->data + sum->parity, sum->parity);
	put_size(out, "    or any hole up to ", sum->hole_bytes, " in each ");
	put_size(out, "", sum->group_bytes, "\n");
	put_size(out, "  ", sum->bytes - sum->covered,
	    " mirrored: as long as a record is whole in one of the two "
	    "files\n");
	if (sum->whole_packs < sum->packs)
		dig_out_printf(out,
		    "  the loss of a whole file NNNNNN.pack is beyond repair "
		    "for "
		    "%llu of them\n",
		    (unsigned long long)(sum->packs - sum->whole_packs));
}

static void
json_sum(struct dig_json *json, const struct dig_parity_sum *sum)
{
	dig_json_object(json, NULL);
	dig_json_uint(json, "data", sum->data);
	dig_json_uint(json, "parity", sum->parity);
	dig_json_uint(json, "packs", sum->packs);
	dig_json_uint(json, "bytes", sum->bytes);
	dig_json_uint(json, "covered", sum->covered);
	dig_json_uint(
	    json, "mirrored", sum->data == 0 ? 0 : sum->bytes - sum->covered);
	dig_json_uint(json, "parity_bytes", sum->parity_bytes);
	dig_json_uint(json, "group_bytes", sum->group_bytes);
	dig_json_uint(json, "hole_bytes", sum->hole_bytes);
	dig_json_object_end(json);
}

static void
print_scrubbed(
    struct dig_out *out, const struct dig_scrub_sum *sum, uint64_t bytes)
{
	struct dig_buf date = DIG_BUF_INIT;

	if (sum->bytes == 0) {
		dig_out_puts(out, "verified: never; 'dig scrub' does it\n");
		return;
	}
	dig_format_date(&date, DIG_DATE_ISO, sum->oldest, 0);
	put_size(out, "verified: ", sum->bytes, "");
	put_size(out, " of ", bytes, ", the longest ago on ");
	dig_out_raw(out, date.data, date.len);
	dig_out_puts(out, "\n");
	dig_buf_clear(&date);
}

static void
json_time(struct dig_json *json, const char *name, int64_t time)
{
	if (time != 0)
		dig_json_int(json, name, time);
	else
		dig_json_null(json, name);
}

static void
json_scrubbed(struct dig_json *json, const struct dig_scrub_sum *sum)
{
	dig_json_object(json, "scrub");
	dig_json_uint(json, "bytes", sum->bytes);
	json_time(json, "oldest", sum->oldest);
	dig_json_uint(json, "deep_bytes", sum->deep_bytes);
	json_time(json, "deep_oldest", sum->deep_oldest);
	dig_json_object_end(json);
}

static enum dig_status
show_status(struct dig_cli *cli, struct dig_repo *repo, bool as_json,
    struct dig_error *err)
{
	struct dig_parity_sum sums[SUMS_MAX];
	struct dig_scrub_sum scrubbed;
	struct dig_json json;
	enum dig_status st;
	size_t count;

	count = dig_repo_parity(repo, sums, SUMS_MAX);
	st = dig_repo_scrubbed(repo, &scrubbed, err);
	if (st != DIG_OK)
		return st;
	if (!as_json) {
		for (size_t i = 0; i < count; i++)
			print_sum(&cli->out, &sums[i]);
		if (count == 0)
			dig_out_puts(&cli->out, "no packs yet\n");
		else
			print_scrubbed(
			    &cli->out, &scrubbed, scrubbed.total_bytes);
		return DIG_OK;
	}
	dig_json_init(&json, &cli->out);
	dig_json_object(&json, NULL);
	dig_json_array(&json, "packs");
	for (size_t i = 0; i < count; i++)
		json_sum(&json, &sums[i]);
	dig_json_array_end(&json);
	json_scrubbed(&json, &scrubbed);
	dig_json_object_end(&json);
	dig_json_end(&json);
	return DIG_OK;
}

/* ---- Changing it ------------------------------------------------------ */

static enum dig_status
set_shape(struct dig_cli *cli, struct dig_repo *repo, const char *text,
    struct dig_error *err)
{
	enum dig_status st;
	unsigned data = 0;
	unsigned parity = 0;
	int end = 0;

	if (sscanf(text, "%3u+%3u%n", &data, &parity, &end) != 2 ||
	    text[end] != '\0' || data == 0 || parity == 0)
		return dig_raise(err, DIG_EINVALID,
		    "'%.40s' is no geometry: write 20+2 for 20 cells and 2 of "
		    "parity",
		    text);
	st = dig_repo_parity_set(repo, data, parity, err);
	if (st == DIG_OK)
		dig_out_printf(&cli->out,
		    "new packs get %u+%u; 'dig parity build' changes those "
		    "that are there\n",
		    data, parity);
	return st;
}

static void
left(void *arg, const char *why)
{
	struct dig_cli *cli = arg;

	dig_out_printf(&cli->out, "left: ");
	dig_out_text(&cli->out, why, strlen(why));
	dig_out_puts(&cli->out, "\n");
}

static enum dig_status
build(struct dig_cli *cli, struct dig_repo *repo, bool drop,
    struct dig_error *err)
{
	struct dig_parity_change change = { 0 };
	unsigned data = 0;
	unsigned parity = 0;
	enum dig_status st;

	st = drop ? dig_repo_parity_set(repo, 0, 0, err)
		  : dig_repo_parity_shape(repo, &data, &parity, err);
	if (st == DIG_OK && data == 0 && !drop) {
		st = dig_raise(err, DIG_EINVALID,
		    "parity.parity is 0: new packs get no parity");
		dig_hint(err, "'dig parity set 20+2' first; 'dig parity drop' "
			      "takes it away");
	}
	if (st == DIG_OK)
		st = dig_repo_parity_build(
		    repo, data, parity, cli, left, &change, err);
	dig_cli_progress_end(cli);
	if (st != DIG_OK)
		return st;
	dig_out_printf(&cli->out, "%llu %s, ", (unsigned long long)change.packs,
	    change.packs == 1 ? "pack" : "packs");
	put_size(&cli->out, "", change.bytes, drop ? ": no parity" : ": ");
	if (!drop)
		dig_out_printf(&cli->out, "%u+%u", data, parity);
	dig_out_puts(&cli->out, "\n");
	if (change.left == 0)
		return DIG_OK;
	st = dig_raise(err, DIG_ECORRUPT, "damaged packs were left: %llu",
	    (unsigned long long)change.left);
	dig_hint(err, "'dig fsck --repair', then this again");
	return st;
}

enum dig_status
dig_cmd_parity(
    struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct dig_repo *repo = NULL;
	struct opts opts = { 0 };
	struct dig_args args;
	enum dig_status st;
	const char *what;
	int want = 1;

	st = dig_opt_parse(&dig_usage_parity, argc, argv, &opts, &args, err);
	if (st != DIG_OK)
		return st;
	what = args.argc > 0 ? args.argv[0] : "status";
	if (strcmp(what, "set") == 0)
		want = 2;
	else if (strcmp(what, "status") != 0 && strcmp(what, "build") != 0 &&
		 strcmp(what, "drop") != 0)
		want = 0;
	if (want == 0 || (args.argc != want && args.argc != 0))
		return dig_raise(err, DIG_EINVALID,
		    "parity takes 'status', 'set K+M', 'build' or 'drop'");
	if (opts.json && strcmp(what, "status") != 0)
		return dig_raise(
		    err, DIG_EINVALID, "--json goes with 'parity status'");
	cli->progress_choice = opts.progress;
	st = dig_cli_repo(cli, &repo, err);
	if (st != DIG_OK)
		return st;
	if (want == 2)
		return set_shape(cli, repo, args.argv[1], err);
	if (strcmp(what, "status") == 0)
		return show_status(cli, repo, opts.json, err);
	return build(cli, repo, strcmp(what, "drop") == 0, err);
}
