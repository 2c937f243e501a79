/* SPDX-License-Identifier: MIT
 *
 * dig urn [--bytes A-B] [REV[:PATH]]
 */
#include "cmd/command.h"
#include "cmd/json.h"
#include "repo/dig.h"

struct opts {
	const char *bytes;
	bool json;
};

static const struct dig_opt options[] = {
	DIG_OPT_STRING(0, "bytes", struct opts, bytes, "A-B",
	    "of these bytes of the file, from 0, both included; A- to the "
	    "end; -N the last N"),
	DIG_OPT_JSON(struct opts, json),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_urn = {
	"urn",
	"[--bytes A-B] [--json] [REV[:PATH]]",
	"Print the URN of a commit or tree, or of a file in it, by default of "
	"HEAD. It names the repository by its store id and the commit by its "
	"id, and is understood wherever REV:PATH is.",
	options,
};

enum dig_status
dig_cmd_urn(struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct opts opts = { 0 };
	struct dig_buf urn = DIG_BUF_INIT;
	struct dig_repo *repo = NULL;
	struct dig_args args;
	struct dig_json json;
	enum dig_status st;

	st = dig_opt_parse(&dig_usage_urn, argc, argv, &opts, &args, err);
	if (st == DIG_OK && args.argc > 1)
		st = dig_raise(
		    err, DIG_EINVALID, "urn takes one revision or REV:PATH");
	if (st == DIG_OK)
		st = dig_cli_repo(cli, &repo, err);
	if (st == DIG_OK)
		st = dig_urn_of(repo, args.argc == 0 ? "HEAD" : args.argv[0],
		    opts.bytes, &urn, err);
	if (st == DIG_OK && opts.json) {
		dig_json_init(&json, &cli->out);
		dig_json_object(&json, NULL);
		dig_json_bytes(&json, "urn", urn.data, urn.len);
		dig_json_object_end(&json);
		dig_json_end(&json);
	} else if (st == DIG_OK) {
		dig_out_printf(&cli->out, "%s\n", (const char *)urn.data);
	}
	dig_buf_clear(&urn);
	return st;
}
