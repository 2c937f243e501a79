/* SPDX-License-Identifier: MIT
 *
 * dig hook: which hooks may run.
 */
#include <string.h>

#include "cmd/command.h"
#include "cmd/json.h"

struct opts {
	bool all;
	bool quiet;
	bool json;
};

static const struct dig_opt options[] = {
	DIG_OPT_FLAG(0, "all", struct opts, all,
	    "trust or revoke all hooks of this repository"),
	DIG_OPT_FLAG('q', "quiet", struct opts, quiet, "say nothing"),
	DIG_OPT_JSON(struct opts, json),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_hook = {
	"hook",
	"[--json] [list]\n"
	"[-q] trust (NAME... | --all)\n"
	"[-q] revoke (NAME... | --all)",
	"List the hooks in .dig/hooks, trust them as they are now, or take "
	"that "
	"back. A hook runs only while its bytes are the ones that were "
	"trusted; that is kept outside of the repository. NAME is as the list "
	"shows it: 'pre-commit', 'pre-commit.d/10-size.sql'.\n"
	"Events: pre-commit, prepare-commit-msg, commit-msg, post-commit, "
	"pre-merge-commit, post-merge, post-checkout.",
	options,
};

static const char *
state_word(enum dig_hook_state state)
{
	static const char *const words[] = {
		[DIG_HOOK_TRUSTED] = "trusted",
		[DIG_HOOK_CHANGED] = "changed",
		[DIG_HOOK_NEW] = "new",
		[DIG_HOOK_UNFIT] = "unfit",
	};

	return words[state];
}

static void
print_item(struct dig_cli *cli, const struct dig_hook_item *item)
{
	dig_out_printf(&cli->out, "%-8s ", state_word(item->state));
	dig_out_path(&cli->out, item->name, strlen(item->name), false, "\n");
}

static void
print_json(struct dig_cli *cli, const struct dig_hook_list *list)
{
	struct dig_json json;

	dig_json_init(&json, &cli->out);
	dig_json_object(&json, NULL);
	dig_json_array(&json, "hooks");
	for (size_t i = 0; i < list->count; i++) {
		const struct dig_hook_item *item = &list->at[i];

		dig_json_object(&json, NULL);
		dig_json_string(&json, "name", item->name);
		dig_json_string(&json, "state", state_word(item->state));
		dig_json_bool(&json, "query", item->is_query);
		if (item->digest[0] != '\0')
			dig_json_string(&json, "digest", item->digest);
		else
			dig_json_null(&json, "digest");
		dig_json_object_end(&json);
	}
	dig_json_array_end(&json);
	dig_json_object_end(&json);
	dig_json_end(&json);
}

static enum dig_status
list(struct dig_cli *cli, struct dig_repo *repo, const struct opts *opts,
    struct dig_error *err)
{
	struct dig_hook_list hooks = { NULL, 0, 0 };
	enum dig_status st;

	st = dig_hook_list(repo, &hooks, err);
	if (st == DIG_OK && opts->json)
		print_json(cli, &hooks);
	for (size_t i = 0; st == DIG_OK && !opts->json && i < hooks.count; i++)
		print_item(cli, &hooks.at[i]);
	dig_hook_list_clear(&hooks);
	return st;
}

static enum dig_status
trust(struct dig_cli *cli, struct dig_repo *repo, const struct opts *opts,
    const char *const *names, size_t count, struct dig_error *err)
{
	struct dig_hook_list done = { NULL, 0, 0 };
	enum dig_status st;

	st = dig_hook_trust(repo, names, count, &done, err);
	for (size_t i = 0; st == DIG_OK && !opts->quiet && i < done.count;
	     i++) {
		dig_out_printf(&cli->out, "trusted %.16s ", done.at[i].digest);
		dig_out_path(&cli->out, done.at[i].name,
		    strlen(done.at[i].name), false, "\n");
	}
	dig_hook_list_clear(&done);
	return st;
}

static enum dig_status
revoke(struct dig_cli *cli, struct dig_repo *repo, const struct opts *opts,
    const char *const *names, size_t count, struct dig_error *err)
{
	size_t revoked = 0;
	enum dig_status st;

	st = dig_hook_revoke(repo, names, count, &revoked, err);
	if (st == DIG_OK && !opts->quiet)
		dig_out_printf(&cli->out, "revoked %zu\n", revoked);
	return st;
}

enum dig_status
dig_cmd_hook(struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct dig_repo *repo = NULL;
	struct opts opts = { 0 };
	struct dig_args args;
	const char *const *names;
	const char *what = "list";
	enum dig_status st;
	size_t count = 0;
	bool changes;

	st = dig_opt_parse(&dig_usage_hook, argc, argv, &opts, &args, err);
	if (st != DIG_OK)
		return st;
	if (args.argc > 0) {
		what = args.argv[0];
		count = (size_t)args.argc - 1;
	}
	names = (const char *const *)args.argv + 1;
	changes = strcmp(what, "trust") == 0 || strcmp(what, "revoke") == 0;
	if (!changes && strcmp(what, "list") != 0)
		return dig_raise(err, DIG_EINVALID,
		    "'hook %.100s' is not one of list, trust, revoke", what);
	if (changes && (count > 0) == opts.all) {
		st = dig_raise(err, DIG_EINVALID,
		    "hook %s takes names of hooks, or --all", what);
		dig_hint(err, "'dig hook list' shows the names");
		return st;
	}
	if (changes ? opts.json : count > 0 || opts.all)
		return dig_raise(err, DIG_EINVALID, "hook %s takes no %s", what,
		    changes ? "--json" : "names");
	st = dig_cli_repo(cli, &repo, err);
	if (st != DIG_OK)
		return st;
	if (!changes)
		return list(cli, repo, &opts, err);
	return what[0] == 't' ? trust(cli, repo, &opts, names, count, err)
			      : revoke(cli, repo, &opts, names, count, err);
}
