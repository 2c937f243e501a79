/* SPDX-License-Identifier: MIT
 *
 * dig help [VERB]: the verbs by group, or one verb's options.
 */
#include <stdlib.h>
#include <string.h>

#include "cmd/alias.h"
#include "cmd/command.h"

struct opts {
	bool commands;
	const char *options;
};

static const struct dig_opt options[] = {
	DIG_OPT_FLAG(0, "commands", struct opts, commands,
	    "names of commands and aliases, for programs"),
	DIG_OPT_STRING(0, "options", struct opts, options, "COMMAND",
	    "options of COMMAND, for programs"),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_help = {
	"help",
	"[COMMAND]\n(--commands | --options COMMAND)",
	"Without COMMAND, list the commands. With one, show what it does and "
	"which options it takes, as 'dig COMMAND -h' does. The manual page "
	"dig-COMMAND(1) tells more.",
	options,
};

static const char *const group_titles[] = {
	[DIG_GROUP_START] = "start a repository",
	[DIG_GROUP_CHANGE] = "record changes",
	[DIG_GROUP_LOOK] = "look at files and history",
	[DIG_GROUP_UNDO] = "get versions back",
	[DIG_GROUP_CARE] = "look after the repository",
	[DIG_GROUP_PLUMBING] = "for scripts",
	[DIG_GROUP_HELP] = "help",
};

static void
list_group(struct dig_out *out, size_t group)
{
	const struct dig_command *command;
	bool any = false;

	for (size_t i = 0; (command = dig_command_at(i)) != NULL; i++) {
		if ((size_t)command->group != group)
			continue;
		if (!any) {
			dig_out_puts(out, "\n");
			dig_out_colour(out, DIG_COLOUR_BOLD);
			dig_out_puts(out, group_titles[group]);
			dig_out_colour(out, DIG_COLOUR_RESET);
			dig_out_puts(out, "\n");
		}
		any = true;
		dig_out_printf(
		    out, "  %-12s %s\n", command->name, command->summary);
	}
}

static void
list_commands(struct dig_out *out)
{
	dig_out_puts(out,
	    "usage: dig [-C DIR]... [--no-pager] [--strict] COMMAND "
	    "[ARGUMENT]...\n"
	    "   or: dig [--version | --help]\n");
	for (size_t i = 0; i < sizeof(group_titles) / sizeof(*group_titles);
	     i++)
		list_group(out, i);
	dig_out_puts(out, "\n'dig help COMMAND' tells more of one command.\n");
}

/* ---- For programs ------------------------------------------------------ */

static void
put_names(struct dig_cli *cli)
{
	const struct dig_config *config = dig_cli_config(cli);
	const struct dig_command *command;

	for (size_t i = 0; (command = dig_command_at(i)) != NULL; i++)
		dig_out_printf(&cli->out, "%s\n", command->name);
	for (size_t i = 0; i < dig_config_count(config); i++) {
		struct dig_config_entry entry = dig_config_at(config, i);

		if (entry.used && strncmp(entry.key, "alias.", 6) == 0)
			dig_out_printf(&cli->out, "%s\n", entry.key + 6);
	}
}

/* "--name<tab>VALUE<tab>what it does"; [VALUE] where it may be left out. */
static void
put_option(struct dig_out *out, const char *dashes, const char *name,
    const struct dig_opt *option)
{
	bool fixed = option->kind == DIG_OPT_KIND_FIXED;
	bool optional = option->kind == DIG_OPT_KIND_OPTIONAL;
	const char *value =
	    option->metavar == NULL || fixed ? "" : option->metavar;

	dig_out_printf(out, "%s%s\t%s%s%s\t%s\n", dashes, name,
	    optional ? "[" : "", value, optional ? "]" : "", option->help);
}

static bool
has_any(const char *text, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strstr(text, words[i]) != NULL)
			return true;
	return false;
}

/* The options, and what kinds of operands the synopsis names. */
static void
put_options(struct dig_out *out, const struct dig_usage *usage)
{
	static const char *const refs[] = { "REV", "REF", "NAME", "A..B",
		"BRANCH", "UPSTREAM" };
	static const char *const paths[] = { "PATH", "FILE", "SOURCE", "DIR" };

	for (const struct dig_opt *o = usage->options;
	     o != NULL && o->kind != DIG_OPT_KIND_END; o++) {
		char letter[2] = { o->short_name, '\0' };

		if (o->short_name != '\0')
			put_option(out, "-", letter, o);
		if (o->long_name != NULL)
			put_option(out, "--", o->long_name, o);
		if (o->kind == DIG_OPT_KIND_NEGATABLE)
			put_option(out, "--no-", o->long_name, o);
	}
	if (has_any(usage->synopsis, refs, sizeof(refs) / sizeof(*refs)))
		dig_out_puts(out, "=refs\n");
	if (has_any(usage->synopsis, paths, sizeof(paths) / sizeof(*paths)))
		dig_out_puts(out, "=paths\n");
}

/* The command that a word means, through aliases of one word and more. */
static const struct dig_command *
resolve(struct dig_cli *cli, const char *name)
{
	struct dig_error err = DIG_ERROR_INIT;
	const struct dig_command *command = dig_command_find(name);
	const char *value = NULL;
	char **words;
	int n;

	if (command == NULL)
		value = dig_alias_find(dig_cli_config(cli), name);
	if (value == NULL || dig_words_split(value, &words, &n, &err) != DIG_OK)
		return command;
	command = dig_command_find(words[0]);
	free(words[0]);
	free(words);
	return command;
}

enum dig_status
dig_cmd_help(struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	const struct dig_command *command;
	struct dig_buf text = DIG_BUF_INIT;
	struct opts opts = { 0 };
	const char *alias = NULL;
	struct dig_args args;
	enum dig_status st;

	st = dig_opt_parse(&dig_usage_help, argc, argv, &opts, &args, err);
	if (st != DIG_OK)
		return st;
	if (args.argc > 1)
		return dig_raise(
		    err, DIG_EINVALID, "help takes one command at most");
	if (opts.commands) {
		put_names(cli);
		return DIG_OK;
	}
	if (opts.options != NULL) {
		command = resolve(cli, opts.options);
		if (command == NULL)
			return dig_command_unknown(opts.options, err);
		put_options(&cli->out, command->usage);
		return DIG_OK;
	}
	if (args.argc == 0) {
		list_commands(&cli->out);
		return DIG_OK;
	}
	command = dig_command_find(args.argv[0]);
	if (command == NULL)
		alias = dig_alias_find(dig_cli_config(cli), args.argv[0]);
	if (alias != NULL) {
		dig_buf_printf(
		    &text, "'%s' is aliased to '%s'\n", args.argv[0], alias);
		dig_out_text(&cli->out, text.data, text.len);
		dig_buf_clear(&text);
		return DIG_OK;
	}
	if (command == NULL)
		return dig_command_unknown(args.argv[0], err);
	dig_usage_format(command->usage, &text);
	dig_out_raw(&cli->out, text.data, text.len);
	dig_buf_clear(&text);
	return DIG_OK;
}
