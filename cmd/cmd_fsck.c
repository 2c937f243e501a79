/* SPDX-License-Identifier: MIT
 *
 * dig fsck: check the repository.
 */
#include <string.h>

#include "cmd/command.h"
#include "cmd/findings.h"
#include "cmd/json.h"
#include "cmd/text.h"

#define LOST_SHOWN 1000 /* more of them are counted only */

struct opts {
	bool quick;
	bool rebuild_index;
	bool repair;
	bool dry_run;
	bool verbose;
	bool json;
	const char *progress;
};

static const struct dig_opt options[] = {
	DIG_OPT_FLAG(0, "quick", struct opts, quick,
	    "checksums of records only; nothing is decoded"),
	DIG_OPT_FLAG(0, "rebuild-index", struct opts, rebuild_index,
	    "make the index anew first"),
	DIG_OPT_FLAG(0, "repair", struct opts, repair,
	    "put right what parity and second copies can give back"),
	DIG_OPT_FLAG('n', "dry-run", struct opts, dry_run,
	    "with --repair: only say what would be repaired"),
	DIG_OPT_FLAG('v', "verbose", struct opts, verbose, "say all counts"),
	DIG_OPTS_PROGRESS(struct opts, progress),
	DIG_OPT_JSON(struct opts, json),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_fsck = {
	"fsck",
	"[--quick] [--repair [-n]] [--rebuild-index] [-v] [--json]",
	"Check the repository: every record of every pack, the journal, every "
	"object's hash, every tree and file of every commit and of what is "
	"staged, and the index. What is damaged is named, one thing a line, "
	"and so are the files that are lost by it. Exits 5 when anything is "
	"damaged, 12 when --repair has put all of it right. Nothing is "
	"changed, "
	"unless with --repair or --rebuild-index.",
	options,
};

struct report {
	struct dig_cli *cli;
	struct dig_json json;
	bool is_json;
	uint64_t lost;
};

/* ---- Findings --------------------------------------------------------- */

static void
found(void *arg, const struct dig_finding *finding)
{
	struct report *report = arg;

	if (finding->kind == DIG_FINDING_LOST && report->lost++ >= LOST_SHOWN)
		return;
	if (report->is_json)
		dig_finding_json(&report->json, finding);
	else
		dig_finding_print(&report->cli->out, finding);
}

/* ---- The sum ---------------------------------------------------------- */

static void
put_count(
    struct dig_buf *out, uint64_t count, const char *one, const char *many)
{
	dig_format_count(out, count);
	dig_buf_printf(out, " %s", count == 1 ? one : many);
}

static void
print_sum(const struct report *report, const struct opts *opts,
    const struct dig_fsck_totals *totals)
{
	struct dig_out *out = &report->cli->out;
	struct dig_buf text = DIG_BUF_INIT;

	if (report->lost > LOST_SHOWN) {
		dig_buf_puts(&text, "lost: and ");
		put_count(&text, report->lost - LOST_SHOWN, "more", "more");
		dig_buf_puts(&text, "\n");
	}
	dig_buf_puts(&text, "checked ");
	put_count(&text, totals->packs, "pack", "packs");
	dig_buf_puts(&text, ", ");
	put_count(&text, totals->records, "record", "records");
	dig_buf_puts(&text, ", ");
	dig_format_size(&text, totals->bytes);
	if (!opts->quick) {
		dig_buf_puts(&text, "; ");
		put_count(&text, totals->objects, "object", "objects");
		dig_buf_puts(&text, ", ");
		put_count(&text, totals->commits, "commit", "commits");
	}
	dig_buf_puts(&text, "\n");
	if (opts->verbose && !opts->quick) {
		put_count(&text, totals->entries, "tree entry", "tree entries");
		dig_buf_puts(&text, " followed to their chunks\n");
		if (totals->index_checked) {
			put_count(&text, totals->index_rows, "row", "rows");
			dig_buf_puts(&text, " of the index compared\n");
		} else {
			dig_buf_puts(&text, "the index was not compared: it "
					    "cannot be used here, or a writer "
					    "went on\n");
		}
	}
	dig_out_raw(out, text.data, text.len);
	dig_buf_clear(&text);
}

static void
json_sum(struct report *report, const struct dig_fsck_totals *totals)
{
	struct dig_json *json = &report->json;

	dig_json_array_end(json);
	dig_json_uint(json, "packs", totals->packs);
	dig_json_uint(json, "records", totals->records);
	dig_json_uint(json, "bytes", totals->bytes);
	dig_json_uint(json, "objects", totals->objects);
	dig_json_uint(json, "commits", totals->commits);
	dig_json_uint(json, "entries", totals->entries);
	dig_json_bool(json, "index_checked", totals->index_checked);
	dig_json_uint(json, "index_rows", totals->index_rows);
	dig_json_uint(json, "damaged", totals->damaged);
	dig_json_uint(json, "lost", totals->lost);
	dig_json_uint(json, "differs", totals->index_differs);
	dig_json_uint(json, "repaired", totals->repaired);
	dig_json_object_end(json);
	dig_json_end(json);
}

static enum dig_status
verdict(
    const struct dig_fsck_totals *totals, bool repair, struct dig_error *err)
{
	enum dig_status st;

	if (totals->damaged + totals->lost + totals->index_differs == 0) {
		if (totals->repaired == 0)
			return DIG_OK;
		return dig_raise(err, DIG_EREPAIRED,
		    "damage was found and repaired; the old files are in "
		    "quarantine/");
	}
	if (totals->damaged + totals->lost == 0) {
		st = dig_raise(err, DIG_ECORRUPT,
		    "the index differs from packs and journal");
		dig_hint(err, "nothing is lost; 'dig fsck --rebuild-index' "
			      "makes it anew");
		return st;
	}
	if (totals->lost == 0 && totals->damaged > 0 && repair)
		return dig_raise(err, DIG_ECORRUPT,
		    "damaged: %llu, and nothing that refs need is lost by it",
		    (unsigned long long)totals->damaged);
	st = dig_raise(err, DIG_ECORRUPT,
	    "damaged: %llu, files or trees lost by it: %llu",
	    (unsigned long long)totals->damaged,
	    (unsigned long long)totals->lost);
	if (!repair)
		dig_hint(err, "'dig fsck --repair' puts right what parity and "
			      "second copies can give back");
	return st;
}

enum dig_status
dig_cmd_fsck(struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct dig_fsck_options fsck = { 0 };
	struct dig_fsck_totals totals = { 0 };
	struct report report = { 0 };
	struct dig_repo *repo = NULL;
	struct opts opts = { 0 };
	struct dig_args args;
	enum dig_status st;

	st = dig_opt_parse(&dig_usage_fsck, argc, argv, &opts, &args, err);
	if (st != DIG_OK)
		return st;
	if (args.argc > 0)
		return dig_raise(err, DIG_EINVALID, "fsck takes no operand");
	if (opts.dry_run && !opts.repair)
		return dig_raise(
		    err, DIG_EINVALID, "--dry-run goes with --repair");
	cli->tells_of_healing = true;
	cli->progress_choice = opts.progress;
	st = dig_cli_repo(cli, &repo, err);
	if (st != DIG_OK)
		return st;
	report.cli = cli;
	report.is_json = opts.json;
	fsck.quick = opts.quick;
	fsck.rebuild_index = opts.rebuild_index;
	fsck.repair = opts.repair && !opts.dry_run;
	fsck.dry_run = opts.dry_run;
	fsck.arg = &report;
	fsck.finding = found;
	if (opts.json) {
		dig_json_init(&report.json, &cli->out);
		dig_json_object(&report.json, NULL);
		dig_json_array(&report.json, "findings");
	}
	st = dig_repo_fsck(repo, &fsck, &totals, err);
	dig_cli_progress_end(cli);
	if (st != DIG_OK)
		return st;
	if (opts.json)
		json_sum(&report, &totals);
	else
		print_sum(&report, &opts, &totals);
	return verdict(&totals, fsck.repair, err);
}
