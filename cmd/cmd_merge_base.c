/* SPDX-License-Identifier: MIT
 *
 * dig merge-base: what commits have in common.
 */
#include <stdlib.h>

#include "cmd/command.h"
#include "cmd/json.h"

struct opts {
	bool all;
	bool is_ancestor;
	bool json;
};

static const struct dig_opt options[] = {
	DIG_OPT_FLAG('a', "all", struct opts, all,
	    "print all best common ancestors, not the first one"),
	DIG_OPT_FLAG(0, "is-ancestor", struct opts, is_ancestor,
	    "print nothing: is the first commit an ancestor of the second?"),
	DIG_OPT_JSON(struct opts, json),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_merge_base = {
	"merge-base",
	"[-a] [--json] COMMIT COMMIT...\n"
	"--is-ancestor COMMIT COMMIT",
	"Print the best common ancestor of two commits: the one that a merge "
	"of "
	"them starts from. Of several COMMITs, that of the first and of a "
	"merge of the others.",
	options,
};

static enum dig_status
print(struct dig_cli *cli, const struct opts *opts, const struct dig_oid *bases,
    size_t count, struct dig_error *err)
{
	char hex[DIG_OID_HEX + 1];
	struct dig_json json;

	if (!opts->all && count > 1)
		count = 1;
	dig_json_init(&json, &cli->out);
	if (opts->json) {
		dig_json_object(&json, NULL);
		dig_json_array(&json, "merge_bases");
	}
	for (size_t i = 0; i < count; i++) {
		dig_oid_hex(&bases[i], hex);
		if (opts->json)
			dig_json_string(&json, NULL, hex);
		else
			dig_out_printf(&cli->out, "%s\n", hex);
	}
	if (opts->json) {
		dig_json_array_end(&json);
		dig_json_object_end(&json);
		dig_json_end(&json);
	}
	err->status = DIG_OK; /* the code says it */
	return count == 0 ? DIG_ENO : DIG_OK;
}

static enum dig_status
check_ancestor(
    struct dig_repo *repo, const struct dig_oid *commits, struct dig_error *err)
{
	enum dig_status st;
	bool is;

	st = dig_is_ancestor(repo, &commits[0], &commits[1], &is, err);
	if (st != DIG_OK)
		return st;
	err->status = DIG_OK; /* the code says it */
	return is ? DIG_OK : DIG_ENO;
}

enum dig_status
dig_cmd_merge_base(
    struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct opts opts = { 0 };
	struct dig_oid *commits = NULL, *bases = NULL;
	struct dig_repo *repo = NULL;
	struct dig_args args;
	enum dig_status st;
	size_t n, count = 0;

	st =
	    dig_opt_parse(&dig_usage_merge_base, argc, argv, &opts, &args, err);
	if (st != DIG_OK)
		return st;
	if (opts.is_ancestor && (args.argc != 2 || opts.all || opts.json))
		return dig_raise(err, DIG_EINVALID,
		    "--is-ancestor takes two commits and nothing else");
	if (args.argc < 2)
		return dig_raise(
		    err, DIG_EINVALID, "merge-base takes two commits or more");
	st = dig_cli_repo(cli, &repo, err);
	n = (size_t)args.argc;
	commits = dig_calloc(n, sizeof(*commits));
	for (size_t i = 0; i < n && st == DIG_OK; i++)
		st = dig_revision_commit(repo, args.argv[i], &commits[i], err);
	if (st == DIG_OK && opts.is_ancestor)
		st = check_ancestor(repo, commits, err);
	else if (st == DIG_OK) {
		st = dig_merge_bases(
		    repo, &commits[0], commits + 1, n - 1, &bases, &count, err);
		if (st == DIG_OK)
			st = print(cli, &opts, bases, count, err);
	}
	free(commits);
	free(bases);
	return st;
}
