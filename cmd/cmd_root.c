/* SPDX-License-Identifier: MIT
 *
 * dig root
 */
#include "cmd/command.h"
#include "cmd/json.h"

struct opts {
	bool staged;
	bool json;
};

static const struct dig_opt options[] = {
	DIG_OPT_FLAG(
	    0, "staged", struct opts, staged, "the root of what is staged"),
	DIG_OPT_FLAG(0, "cached", struct opts, staged, "the same as --staged"),
	DIG_OPT_JSON(struct opts, json),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_root = {
	"root",
	"[--json] [REV]\n[--json] --staged",
	"Print the root of the tree of REV, by default HEAD: one hash over "
	"every path, mode and content. Two trees with the same files have the "
	"same root, however they came about.",
	options,
};

enum dig_status
dig_cmd_root(struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct opts opts = { 0 };
	struct dig_repo *repo = NULL;
	struct dig_args args;
	struct dig_json json;
	struct dig_oid root;
	char hex[DIG_OID_HEX + 1];
	enum dig_status st;

	st = dig_opt_parse(&dig_usage_root, argc, argv, &opts, &args, err);
	if (st != DIG_OK)
		return st;
	if (args.argc > (opts.staged ? 0 : 1))
		return dig_raise(err, DIG_EINVALID,
		    opts.staged ? "--staged goes without a revision"
				: "root takes one revision");
	st = dig_cli_repo(cli, &repo, err);
	if (st == DIG_OK && opts.staged)
		dig_repo_staged_root(repo, &root);
	else if (st == DIG_OK)
		st = dig_revision_tree(
		    repo, args.argc == 0 ? "HEAD" : args.argv[0], &root, err);
	if (st != DIG_OK)
		return st;
	dig_oid_hex(&root, hex);
	if (!opts.json) {
		dig_out_printf(&cli->out, "%s\n", hex);
		return DIG_OK;
	}
	dig_json_init(&json, &cli->out);
	dig_json_object(&json, NULL);
	dig_json_string(&json, "root", hex);
	dig_json_object_end(&json);
	dig_json_end(&json);
	return DIG_OK;
}
