/* SPDX-License-Identifier: MIT
 *
 * The program: set up the process, read the options before the verb, run the
 * verb, turn its status into words and an exit code.
 *
 * The C library's locale is never set: numbers, dates and case are the same
 * everywhere, and text is bytes.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cmd/alias.h"
#include "cmd/command.h"
#include "cmd/pager.h"
#include "objects/base/io.h"

/*
 * Descriptors 0 to 2 may come closed. Without this the next file opened would
 * take their place, and a message would be written into the repository.
 */
static int
claim_standard_descriptors(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open("/dev/null", O_RDWR) != fd)
			return -1;
	return 0;
}

/* Every pack is held open: a repository of 500 GiB needs more than the usual
 * soft limit of 1,024 descriptors. */
static void
allow_many_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
	    limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static void
on_pipe(int number)
{
	(void)number;
}

/*
 * A reader that goes away must not kill a command half-way: the write fails
 * with EPIPE instead. A handler, unlike SIG_IGN, is not handed to children.
 */
static void
keep_from_sigpipe(void)
{
	struct sigaction action = { 0 };

	action.sa_handler = on_pipe;
	action.sa_flags = SA_RESTART;
	sigemptyset(&action.sa_mask);
	sigaction(SIGPIPE, &action, NULL);
}

static enum dig_status
change_folder(const char *dir, struct dig_error *err)
{
	if (dir[0] == '\0' || chdir(dir) == 0)
		return DIG_OK;
	return dig_raise_os(
	    err, DIG_EINVALID, errno, "cannot change to '%s'", dir);
}

/*
 * The options before the verb; *at ends on the verb, or on argc. --version
 * and --help are other spellings of verbs.
 */
static enum dig_status
global_options(
    struct dig_cli *cli, int argc, char **argv, int *at, struct dig_error *err)
{
	static char version[] = "version", help[] = "help";
	enum dig_status st = DIG_OK;
	int i = 1;

	for (; i < argc && argv[i][0] == '-' && st == DIG_OK; i++) {
		if (strcmp(argv[i], "--no-pager") == 0) {
			cli->no_pager = true;
		} else if (strcmp(argv[i], "--strict") == 0) {
			cli->strict = true;
		} else if (strcmp(argv[i], "--version") == 0 ||
			   strcmp(argv[i], "-v") == 0) {
			argv[i] = version;
			break;
		} else if (strcmp(argv[i], "--help") == 0 ||
			   strcmp(argv[i], "-h") == 0) {
			argv[i] = help;
			break;
		} else if (strncmp(argv[i], "-C", 2) == 0) {
			const char *dir = argv[i] + 2;

			if (*dir == '\0' && i + 1 == argc)
				return dig_raise(err, DIG_EINVALID,
				    "option '-C' needs a folder");
			st = change_folder(*dir != '\0' ? dir : argv[++i], err);
		} else {
			st = dig_raise(err, DIG_EINVALID,
			    "unknown option '%.200s'", argv[i]);
			dig_hint(err, "options of a command stand after it; "
				      "see 'dig help'");
		}
	}
	*at = i;
	return st;
}

/* Colour and pager, for output that a person reads; `colour` is --color. */
static void
prepare_output(struct dig_cli *cli, struct dig_pager *pager, const char *colour,
    bool wants_pager)
{
	struct dig_error err = DIG_ERROR_INIT;
	const char *setting = "auto";

	if (cli->json)
		return;
	if (colour != NULL)
		setting = colour;
	else if (dig_config_get_string(dig_cli_config(cli), "color.ui",
		     &setting, NULL, &err) != DIG_OK)
		dig_cli_warn(cli, "%s", err.msg);
	cli->out.colour = dig_colour_wanted(setting, cli->out.terminal);
	if (wants_pager && cli->out.terminal && !cli->no_pager)
		dig_pager_start(pager, dig_cli_config(cli));
}

static enum dig_status
show_usage(struct dig_cli *cli, const struct dig_usage *usage)
{
	struct dig_buf text = DIG_BUF_INIT;

	dig_usage_format(usage, &text);
	dig_out_raw(&cli->out, text.data, text.len);
	dig_buf_clear(&text);
	return DIG_OK;
}

static enum dig_status
run_verb(struct dig_cli *cli, struct dig_pager *pager, int argc, char **argv,
    struct dig_error *err)
{
	const struct dig_command *command;
	struct dig_opt_scan scan;
	enum dig_status st = dig_alias_expand(cli, &argc, &argv, err);
	char **again;

	if (st != DIG_OK)
		return st;
	command = dig_command_find(argv[0]);
	if (command == NULL)
		return dig_command_unknown(argv[0], err);
	cli->command = command;
	scan = dig_opt_look(command->usage, argc, argv);
	cli->json = scan.json;
	if (scan.colour != NULL && !dig_colour_is_word(scan.colour))
		return dig_raise(err, DIG_EINVALID,
		    "--color is one of always, never, auto, not '%.100s'",
		    scan.colour);
	prepare_output(cli, pager, scan.colour,
	    scan.help ||
		(scan.valid && (command->needs & DIG_NEEDS_PAGER) != 0));
	if (scan.help)
		return show_usage(cli, command->usage);
	/* Parsing moves the words about. */
	again = dig_calloc((size_t)argc + 1, sizeof(*again));
	memcpy(again, argv, (size_t)argc * sizeof(*again));
	st = command->run(cli, argc, argv, err);
	if (st == DIG_ECORRUPT && dig_cli_mend(cli, err)) {
		*err = (struct dig_error)DIG_ERROR_INIT;
		st = command->run(cli, argc, again, err);
	}
	free(again);
	return st;
}

/* The answer is right, and the disk is not. */
static enum dig_status
tell_of_healing(
    const struct dig_cli *cli, enum dig_status st, struct dig_error *err)
{
	struct dig_buf where = DIG_BUF_INIT;
	uint64_t count = 0;

	if (cli->repo != NULL && !cli->tells_of_healing)
		count = dig_repo_healed(cli->repo, &where);
	if (count == 0)
		return st;
	dig_cli_warn(cli,
	    "damage in %.*s%s: what it held was rebuilt from parity for this "
	    "command; 'dig fsck --repair' repairs the disk",
	    (int)where.len, (const char *)where.data,
	    count > 1 ? " and elsewhere" : "");
	dig_buf_clear(&where);
	if (cli->strict && st == DIG_OK)
		st = dig_raise(err, DIG_EREPAIRED,
		    "damage was repaired in memory (--strict)");
	return st;
}

int
main(int argc, char **argv)
{
	static char help_word[] = "help";
	static char *help_argv[] = { help_word, NULL };
	struct dig_cli cli = { 0 };
	struct dig_pager pager = { 0 };
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_error late = DIG_ERROR_INIT;
	enum dig_status st, finished;
	int at = argc;

	if (claim_standard_descriptors() != 0)
		return dig_exit_code(DIG_EIO);
	allow_many_descriptors();
	keep_from_sigpipe();
	dig_interrupt_install();
	pthread_mutex_init(&cli.mutex, NULL);
	dig_out_init(&cli.out, STDOUT_FILENO);

	st = global_options(&cli, argc, argv, &at, &err);
	if (st == DIG_OK && at < argc) {
		st = run_verb(&cli, &pager, argc - at, argv + at, &err);
	} else if (st == DIG_OK) {
		st = run_verb(&cli, &pager, 1, help_argv, &err);
		if (st == DIG_OK)
			st = DIG_EINVALID; /* there was no command */
	}

	/* What was printed before an error is shown before it. */
	finished = dig_out_finish(&cli.out, &late);
	dig_pager_finish(&pager);
	if (st == DIG_OK && finished != DIG_OK) {
		st = finished;
		err = late;
	}
	dig_cli_progress_end(&cli);
	st = tell_of_healing(&cli, st, &err);
	if (st != DIG_OK && err.status != DIG_OK)
		dig_cli_error(&cli, &err);
	dig_out_clear(&cli.out);
	dig_cli_close(&cli);
	return dig_exit_code(st);
}
