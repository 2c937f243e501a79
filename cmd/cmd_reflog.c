/* SPDX-License-Identifier: MIT
 *
 * dig reflog: where HEAD or a branch stood.
 */
#include <string.h>

#include "cmd/command.h"
#include "cmd/json.h"

struct opts {
	int64_t limit;
	bool json;
};

static const struct dig_opt options[] = {
	DIG_OPT_COUNT('n', "max-count", struct opts, limit, 0, INT64_MAX,
	    "NUMBER", "stop after NUMBER places"),
	DIG_OPTS_COLOUR,
	DIG_OPT_JSON(struct opts, json),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_reflog = {
	"reflog",
	"[-n NUMBER] [--json] [show] [REF]",
	"List where REF stood, by default HEAD, the newest first, with what "
	"moved it there. 'REF@{N}' names such a place for every command.",
	options,
};

static void
print_line(struct dig_cli *cli, struct dig_repo *repo, const char *name,
    size_t n, const struct dig_move *move)
{
	struct dig_error ignored = DIG_ERROR_INIT;
	char hex[DIG_OID_HEX + 1];

	if (dig_history_short(repo, &move->id, hex, &ignored) != DIG_OK) {
		dig_oid_hex(&move->id, hex);
		hex[DIG_REVISION_SHORT] = '\0';
	}
	dig_out_colour(&cli->out, DIG_COLOUR_COMMIT);
	dig_out_puts(&cli->out, hex);
	dig_out_colour(&cli->out, DIG_COLOUR_RESET);
	dig_out_puts(&cli->out, " ");
	dig_out_text(&cli->out, name, strlen(name));
	dig_out_printf(&cli->out, "@{%zu}: ", n);
	dig_out_text(&cli->out, move->verb, strlen(move->verb));
	dig_out_puts(&cli->out, "\n");
}

static void
put_json(struct dig_json *json, size_t n, const struct dig_move *move)
{
	char hex[DIG_OID_HEX + 1];

	dig_oid_hex(&move->id, hex);
	dig_json_object(json, NULL);
	dig_json_uint(json, "n", n);
	dig_json_string(json, "id", hex);
	dig_json_string(json, "verb", move->verb);
	dig_json_int(json, "time", move->time);
	dig_json_uint(json, "operation", move->op);
	dig_json_object_end(json);
}

static void
print_all(struct dig_cli *cli, struct dig_repo *repo, const struct opts *opts,
    const char *name, const struct dig_moves *moves)
{
	struct dig_json json;

	if (opts->json) {
		dig_json_init(&json, &cli->out);
		dig_json_object(&json, NULL);
		dig_json_string(&json, "ref", name);
		dig_json_array(&json, "places");
	}
	for (size_t n = 0; n < moves->count; n++) {
		const struct dig_move *move = &moves->at[moves->count - 1 - n];

		if (opts->limit >= 0 && n >= (uint64_t)opts->limit)
			break;
		if (opts->json)
			put_json(&json, n, move);
		else
			print_line(cli, repo, name, n, move);
	}
	if (opts->json) {
		dig_json_array_end(&json);
		dig_json_object_end(&json);
		dig_json_end(&json);
	}
}

enum dig_status
dig_cmd_reflog(
    struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct dig_moves moves = { NULL, 0, 0 };
	struct opts opts = { .limit = -1 };
	struct dig_repo *repo = NULL;
	const char *name = "HEAD", *ref = NULL;
	struct dig_args args;
	enum dig_status st;
	int first;

	st = dig_opt_parse(&dig_usage_reflog, argc, argv, &opts, &args, err);
	if (st != DIG_OK)
		return st;
	first = args.argc > 0 && strcmp(args.argv[0], "show") == 0;
	if (args.argc > first + 1)
		return dig_raise(err, DIG_EINVALID, "reflog takes one ref");
	st = dig_cli_repo(cli, &repo, err);
	if (st != DIG_OK)
		return st;
	if (args.argc > first)
		name = args.argv[first];
	if (strcmp(name, "HEAD") != 0 && strcmp(name, "@") != 0) {
		ref = dig_revision_ref(repo, name);
		if (ref == NULL)
			return dig_raise(err, DIG_ENOTFOUND,
			    "there is no ref '%.200s'", name);
	}
	st = dig_reflog_read(repo, ref, &moves, err);
	if (st == DIG_OK)
		print_all(cli, repo, &opts, name, &moves);
	dig_moves_clear(&moves);
	return st;
}
