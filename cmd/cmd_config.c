/* SPDX-License-Identifier: MIT
 *
 * dig config
 */
#include <fcntl.h>

#include "cmd/command.h"
#include "cmd/json.h"

struct opts {
	bool global;
	bool show_origin;
	bool json;
};

static const struct dig_opt options[] = {
	DIG_OPT_FLAG(0, "global", struct opts, global,
	    "your own file, and not the repository's"),
	DIG_OPT_FLAG(0, "show-origin", struct opts, show_origin,
	    "say where each value comes from"),
	DIG_OPT_JSON(struct opts, json),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_config = {
	"config",
	"[--global] [--show-origin] [--json] KEY [VALUE]\n"
	"[--global] [--show-origin] [--json] get KEY\n"
	"[--global] set KEY VALUE\n"
	"[--global] unset KEY\n"
	"[--global] [--show-origin] [--json] list",
	"Print the value that counts for KEY, or give it another one. Without "
	"--global the repository's file is changed; what counts comes from "
	"flags, the environment, the repository, your own file, git's files "
	"(name and email), or is built in, the first of them that has it.",
	options,
};

enum action { GET, SET, UNSET, LIST };

/* KEY [VALUE], or a word and its operands; a key has a dot in it. */
static enum dig_status
find_action(struct dig_args *args, enum action *out, struct dig_error *err)
{
	static const struct {
		const char *word;
		enum action action;
		int operands;
	} words[] = { { "get", GET, 1 }, { "set", SET, 2 },
		{ "unset", UNSET, 1 }, { "list", LIST, 0 } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (args->argc == 0 ||
		    strcmp(args->argv[0], words[i].word) != 0)
			continue;
		if (args->argc != 1 + words[i].operands)
			return dig_raise(err, DIG_EINVALID,
			    "'dig config %s' takes %d operands, not %d",
			    words[i].word, words[i].operands, args->argc - 1);
		args->argv++;
		args->argc--;
		*out = words[i].action;
		return DIG_OK;
	}
	if (args->argc < 1 || args->argc > 2)
		return dig_raise(err, DIG_EINVALID,
		    "config takes a key, or a key and value");
	*out = args->argc == 1 ? GET : SET;
	return DIG_OK;
}

/*
 * The settings to read: all of them, or the user's file alone. Away from any
 * repository there are still the user's.
 */
static enum dig_status
find_settings(struct dig_cli *cli, bool global, struct dig_config **own,
    const struct dig_config **out, struct dig_error *err)
{
	struct dig_buf path = DIG_BUF_INIT;
	struct dig_repo *repo = NULL;
	enum dig_status st;

	if (!global) {
		st = dig_cli_find_repo(cli, &repo, err);
		*out = cli->config;
		return st == DIG_ENOREPO ? DIG_OK : st;
	}
	st = dig_config_user_path(&path, err);
	*own = dig_config_new();
	if (st == DIG_OK)
		st = dig_config_load_file(*own, DIG_CONFIG_USER, AT_FDCWD,
		    (const char *)path.data, (const char *)path.data, DIG_EFILE,
		    err);
	dig_buf_clear(&path);
	*out = *own;
	return st == DIG_ENOTFOUND ? DIG_OK : st;
}

/* ---- Printing --------------------------------------------------------- */

static void
print_origin(struct dig_out *out, const struct dig_config_entry *entry)
{
	dig_out_puts(out, dig_config_scope_word(entry->scope));
	if (entry->file[0] != '\0') {
		dig_out_puts(out, ":");
		dig_out_text(out, entry->file, strlen(entry->file));
	}
	if (entry->line != 0)
		dig_out_printf(out, ":%u", entry->line);
	dig_out_puts(out, "\t");
}

static void
put_entry(struct dig_json *json, const struct dig_config_entry *entry)
{
	dig_json_object(json, NULL);
	dig_json_string(json, "key", entry->key);
	dig_json_string(json, "value", entry->value);
	dig_json_string(json, "scope", dig_config_scope_word(entry->scope));
	if (entry->file[0] != '\0')
		dig_json_string(json, "file", entry->file);
	if (entry->line != 0)
		dig_json_uint(json, "line", entry->line);
	dig_json_object_end(json);
}

static enum dig_status
get(struct dig_cli *cli, const struct opts *opts,
    const struct dig_config *config, const char *key, struct dig_error *err)
{
	struct dig_config_entry entry;
	struct dig_json json;
	const char *value;
	enum dig_status st;

	st = dig_config_get_string(config, key, &value, &entry, err);
	if (st == DIG_OK && opts->global && entry.scope == DIG_CONFIG_DEFAULT)
		st = dig_raise(
		    err, DIG_ENOTFOUND, "%s is not set in your file", key);
	if (st != DIG_OK)
		return st;
	if (opts->json) {
		dig_json_init(&json, &cli->out);
		put_entry(&json, &entry);
		dig_json_end(&json);
		return DIG_OK;
	}
	if (opts->show_origin)
		print_origin(&cli->out, &entry);
	dig_out_text(&cli->out, value, strlen(value));
	dig_out_puts(&cli->out, "\n");
	return DIG_OK;
}

static void
list(struct dig_cli *cli, const struct opts *opts,
    const struct dig_config *config)
{
	struct dig_json json;

	dig_json_init(&json, &cli->out);
	if (opts->json) {
		dig_json_object(&json, NULL);
		dig_json_array(&json, "settings");
	}
	for (size_t i = 0; i < dig_config_count(config); i++) {
		struct dig_config_entry entry = dig_config_at(config, i);

		if (!entry.used)
			continue;
		if (opts->json) {
			put_entry(&json, &entry);
			continue;
		}
		if (opts->show_origin)
			print_origin(&cli->out, &entry);
		dig_out_text(&cli->out, entry.key, strlen(entry.key));
		dig_out_puts(&cli->out, "=");
		dig_out_text(&cli->out, entry.value, strlen(entry.value));
		dig_out_puts(&cli->out, "\n");
	}
	if (opts->json) {
		dig_json_array_end(&json);
		dig_json_object_end(&json);
		dig_json_end(&json);
	}
}

/* ---- The verb --------------------------------------------------------- */

static enum dig_status
change(struct dig_cli *cli, bool global, const char *key, const char *value,
    struct dig_error *err)
{
	struct dig_repo *repo = NULL;
	enum dig_status st;

	if (global)
		return dig_config_set_user(key, value, err);
	st = dig_cli_find_repo(cli, &repo, err);
	if (st == DIG_ENOREPO)
		dig_hint(err, "'--global' changes your own settings");
	if (st == DIG_OK)
		st = dig_repo_config_set(repo, key, value, err);
	return st;
}

enum dig_status
dig_cmd_config(
    struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	const struct dig_config *config = NULL;
	struct dig_config *own = NULL;
	struct opts opts = { 0 };
	struct dig_args args;
	enum action action = GET;
	enum dig_status st;

	st = dig_opt_parse(&dig_usage_config, argc, argv, &opts, &args, err);
	if (st == DIG_OK)
		st = find_action(&args, &action, err);
	if (st != DIG_OK)
		return st;
	if (action == SET || action == UNSET)
		return change(cli, opts.global, args.argv[0],
		    action == SET ? args.argv[1] : NULL, err);
	st = find_settings(cli, opts.global, &own, &config, err);
	if (st == DIG_OK && action == GET)
		st = get(cli, &opts, config, args.argv[0], err);
	else if (st == DIG_OK)
		list(cli, &opts, config);
	dig_config_free(own);
	return st;
}
