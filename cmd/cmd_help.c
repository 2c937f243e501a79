/* SPDX-License-Identifier: MIT
 *
 * dig help [VERB]: the verbs by group, or one verb's options.
 */
#include "cmd/command.h"

const struct dig_usage dig_usage_help = {
	"help",
	"[COMMAND]",
	"Without COMMAND, list the commands. With one, show what it does and "
	"which options it takes, as 'dig COMMAND -h' does. The manual page "
	"dig-COMMAND(1) tells more.",
	NULL,
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
	    "usage: dig [-C DIR]... [--no-pager] COMMAND [ARGUMENT]...\n"
	    "   or: dig [--version | --help]\n");
	for (size_t i = 0; i < sizeof(group_titles) / sizeof(*group_titles);
	     i++)
		list_group(out, i);
	dig_out_puts(out, "\n'dig help COMMAND' tells more of one command.\n");
}

enum dig_status
dig_cmd_help(struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	const struct dig_command *command;
	struct dig_buf text = DIG_BUF_INIT;
	struct dig_args args;
	enum dig_status st;

	st = dig_opt_parse(&dig_usage_help, argc, argv, NULL, &args, err);
	if (st != DIG_OK)
		return st;
	if (args.argc > 1)
		return dig_raise(
		    err, DIG_EINVALID, "help takes one command at most");
	if (args.argc == 0) {
		list_commands(&cli->out);
		return DIG_OK;
	}
	command = dig_command_find(args.argv[0]);
	if (command == NULL)
		return dig_command_unknown(args.argv[0], err);
	dig_usage_format(command->usage, &text);
	dig_out_raw(&cli->out, text.data, text.len);
	dig_buf_clear(&text);
	return DIG_OK;
}
