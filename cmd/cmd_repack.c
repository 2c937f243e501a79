/* SPDX-License-Identifier: MIT
 *
 * dig repack: write the packs anew, smaller.
 */
#include <inttypes.h>

#include "cmd/command.h"
#include "cmd/json.h"
#include "cmd/text.h"

struct opts {
	int64_t level;
	bool dry_run;
	bool as_git; /* -a, -d, -f */
	bool quiet;
	const char *progress;
	bool json;
};

static const struct dig_opt options[] = {
	DIG_OPT_COUNT(0, "level", struct opts, level, 1, DIG_REPACK_LEVEL_MAX,
	    "N", "level of zstd, 1 to 19; the higher, the smaller and slower"),
	DIG_OPT_FLAG('n', "dry-run", struct opts, dry_run,
	    "do the work, write nothing, say what it would come to"),
	DIG_OPT_FLAG('a', NULL, struct opts, as_git,
	    "as always: all packs, and the old ones go, and all is encoded "
	    "anew"),
	DIG_OPT_FLAG('d', NULL, struct opts, as_git, "the same"),
	DIG_OPT_FLAG('f', NULL, struct opts, as_git, "the same"),
	DIG_OPT_FLAG('q', "quiet", struct opts, quiet, "say nothing"),
	DIG_OPTS_PROGRESS(struct opts, progress),
	DIG_OPT_JSON(struct opts, json),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_repack = {
	"repack",
	"[--level N] [-n] [-q] [--json]",
	"Write the packs anew: versions of one path share frames, the newest "
	"first, so that the history takes less room and the newest version is "
	"the cheapest to read. Nothing is deleted; 'dig gc' does that, and is "
	"best run before. Packs of large files are left as they are.",
	options,
};

static void
put_size(struct dig_out *out, const char *before, uint64_t bytes)
{
	struct dig_buf text = DIG_BUF_INIT;

	dig_format_size(&text, bytes);
	dig_out_puts(out, before);
	dig_out_raw(out, text.data, text.len);
	dig_buf_clear(&text);
}

static void
print_words(struct dig_out *out, const struct dig_repo_repack_result *result,
    bool dry_run)
{
	if (result->packs == 0) {
		dig_out_puts(out, "Nothing to repack\n");
		return;
	}
	dig_out_printf(out, "%s %" PRIu64 " object%s in %" PRIu64 " pack%s",
	    dry_run ? "Would repack" : "Repacked", result->objects,
	    result->objects == 1 ? "" : "s", result->packs,
	    result->packs == 1 ? "" : "s");
	put_size(out, ": ", result->bytes_before);
	put_size(out, dry_run ? " would become about " : " became ",
	    result->bytes_after);
	dig_out_puts(out, "\n");
}

static void
print_json(struct dig_out *out, const struct dig_repo_repack_result *result,
    bool dry_run)
{
	struct dig_json json;

	dig_json_init(&json, out);
	dig_json_object(&json, NULL);
	dig_json_bool(&json, "dry_run", dry_run);
	dig_json_uint(&json, "level", (uint64_t)result->level);
	dig_json_uint(&json, "packs", result->packs);
	dig_json_uint(&json, "objects", result->objects);
	dig_json_uint(&json, "frames", result->frames);
	dig_json_uint(&json, "deltas", result->deltas);
	dig_json_uint(&json, "bytes_before", result->bytes_before);
	dig_json_uint(&json, "bytes_after", result->bytes_after);
	dig_json_object_end(&json);
	dig_json_end(&json);
}

enum dig_status
dig_cmd_repack(
    struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct dig_repo_repack_options how = { 0 };
	struct dig_repo_repack_result result = { 0 };
	struct dig_repo *repo = NULL;
	struct opts opts = { 0 };
	struct dig_args args;
	enum dig_status st;

	st = dig_opt_parse(&dig_usage_repack, argc, argv, &opts, &args, err);
	if (st != DIG_OK)
		return st;
	if (args.argc > 0)
		return dig_raise(err, DIG_EINVALID, "repack takes no operand");
	if (!dig_progress_choice_ok(opts.progress))
		return dig_raise(
		    err, DIG_EINVALID, "--progress takes 'json' or nothing");
	cli->progress_choice = opts.progress;
	st = dig_cli_repo(cli, &repo, err);
	if (st != DIG_OK)
		return st;
	how.level = (int)opts.level;
	how.dry_run = opts.dry_run;
	st = dig_repo_repack(repo, &how, &result, err);
	dig_cli_progress_end(cli);
	if (st != DIG_OK)
		return st;
	if (opts.json)
		print_json(&cli->out, &result, opts.dry_run);
	else if (!opts.quiet)
		print_words(&cli->out, &result, opts.dry_run);
	return DIG_OK;
}
