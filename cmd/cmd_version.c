/* SPDX-License-Identifier: MIT
 *
 * dig version
 */
#include "cmd/command.h"
#include "cmd/json.h"

struct opts {
	bool json;
};

static const struct dig_opt options[] = {
	DIG_OPT_JSON(struct opts, json),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_version = {
	"version",
	"[--json]",
	"Show the version of dig.",
	options,
};

enum dig_status
dig_cmd_version(
    struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct opts opts = { 0 };
	struct dig_args args;
	struct dig_json json;
	enum dig_status st;

	st = dig_opt_parse(&dig_usage_version, argc, argv, &opts, &args, err);
	if (st != DIG_OK)
		return st;
	if (args.argc != 0)
		return dig_raise(err, DIG_EINVALID, "version takes no operand");
	if (!opts.json) {
		dig_out_puts(&cli->out, "dig version " DIG_VERSION "\n");
		return DIG_OK;
	}
	dig_json_init(&json, &cli->out);
	dig_json_object(&json, NULL);
	dig_json_string(&json, "version", DIG_VERSION);
	dig_json_object_end(&json);
	dig_json_end(&json);
	return DIG_OK;
}
