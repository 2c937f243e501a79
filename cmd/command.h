/* SPDX-License-Identifier: MIT
 *
 * The verbs, and what is handed to each.
 *
 * A verb lives in cmd/cmd_<id>.c, has one line in commands.def, a manual page
 * docs/man/dig-<verb>.1.scd, and defines
 *
 *	const struct dig_usage dig_usage_<id>;
 *	enum dig_status dig_cmd_<id>(struct dig_cli *cli, int argc,
 *	    char **argv, struct dig_error *err);
 *
 * argv[0] is the verb. The verb parses with dig_opt_parse, makes its call
 * into the repository, and prints to cli->out. It neither prints errors nor
 * exits: it returns a status, and main() turns that into words and a code.
 * `-h` and `--help` never reach it.
 */
#ifndef CMD_COMMAND_H
#define CMD_COMMAND_H

#include <pthread.h>
#include <stdbool.h>

#include "cmd/opt.h"
#include "cmd/output.h"
#include "cmd/progress.h"
#include "objects/base/error.h"
#include "repo/dig.h"

enum dig_command_group {
	DIG_GROUP_START,
	DIG_GROUP_CHANGE,
	DIG_GROUP_LOOK,
	DIG_GROUP_UNDO,
	DIG_GROUP_CARE,
	DIG_GROUP_PLUMBING,
	DIG_GROUP_HELP
};

enum dig_command_needs {
	DIG_NEEDS_NOTHING = 0,
	DIG_NEEDS_REPO = 1,     /* works in a repository */
	DIG_NEEDS_WORKTREE = 2, /* and in its work tree */
	DIG_NEEDS_PAGER = 4,    /* long output: paged on a terminal */
	DIG_NEEDS_JSON = 8      /* has --json */
};

/* Words that an alias stands for. */
struct dig_words {
	char *memory;
	char **argv;
	struct dig_words *next;
};

/* What a verb runs with; lives as long as the process. */
struct dig_cli {
	const struct dig_command *command;
	struct dig_out out;        /* standard output */
	struct dig_config *config; /* through dig_cli_config() */
	bool json;                 /* --json was asked: errors as JSON too */
	bool no_pager;
	bool strict;             /* what was healed ends in code 12 */
	bool tells_of_healing;   /* the verb itself does (fsck) */
	struct dig_words *words; /* argv of aliases */
	bool read_input;         /* standard input is used up: no second run */
	struct dig_repo *repo;   /* through dig_cli_repo() */
	/* How long work is shown; the verb's DIG_OPTS_PROGRESS, set before. */
	const char *progress_choice;
	struct dig_progress progress;
	bool progress_shown;
	pthread_mutex_t mutex; /* of the three above: work has threads */
};

struct dig_command {
	const char *name;
	enum dig_command_group group;
	unsigned needs; /* bits of enum dig_command_needs */
	const char *summary;
	const struct dig_usage *usage;
	enum dig_status (*run)(
	    struct dig_cli *cli, int argc, char **argv, struct dig_error *err);
};

/* The table, in the order of commands.def. */
const struct dig_command *dig_command_at(size_t index); /* NULL: past it */
const struct dig_command *dig_command_find(const char *name);

/*
 * The error for a word that is no verb: for a verb of git what to use, else
 * the nearest verb. Always INVALID.
 */
enum dig_status dig_command_unknown(const char *name, struct dig_error *err);

/*
 * The user's settings: defaults, git's files, the user's file, environment.
 * Read at the first call; a file that cannot be parsed is warned of and left
 * out, so that `dig config` can mend it. A repository's own settings come
 * from the repository.
 */
const struct dig_config *dig_cli_config(struct dig_cli *cli);

/*
 * The repository of the current folder, opened at the first call and closed by
 * main(). Its progress and its warnings go to standard error. Errors as for
 * dig_repo_open.
 */
enum dig_status dig_cli_repo(struct dig_cli *cli, struct dig_repo **out,
    struct dig_error *err) DIG_CHECKED;
/* The same for verbs that ask for settings and places only: dig_repo_find. */
enum dig_status dig_cli_find_repo(struct dig_cli *cli, struct dig_repo **out,
    struct dig_error *err) DIG_CHECKED;
/*
 * After a verb failed: where a page of the index proved to be damaged, make
 * the index anew. True: the verb can run again as if it had not begun.
 */
bool dig_cli_mend(struct dig_cli *cli, struct dig_error *err);
/* Work is over: wipe the line of progress, before results are printed. */
void dig_cli_progress_end(struct dig_cli *cli);
/* What main() does at the end. */
void dig_cli_close(struct dig_cli *cli);

/* `dig: warning: ...` on standard error, one line, escaped. */
void dig_cli_warn(const struct dig_cli *cli, const char *fmt, ...)
    DIG_PRINTF(2, 3);
/* The error as `dig: ...` and `hint: ...` on standard error, or as JSON. */
void dig_cli_error(const struct dig_cli *cli, const struct dig_error *err);

/* cmd/exit.c: the process's exit code, docs/errors.md. */
int dig_exit_code(enum dig_status st);

#define DIG_COMMAND(id, name, group, needs, summary)                           \
	enum dig_status dig_cmd_##id(struct dig_cli *cli, int argc,            \
	    char **argv, struct dig_error *err);                               \
	extern const struct dig_usage dig_usage_##id;
#include "cmd/commands.def"
#undef DIG_COMMAND

#endif
