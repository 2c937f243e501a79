/* SPDX-License-Identifier: MIT
 *
 * The table of verbs, and what is said on standard error.
 */
#include "cmd/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/json.h"
#include "cmd/text.h"
#include "objects/base/io.h"

static const struct dig_command commands[] = {
#define DIG_COMMAND(id, name, group, needs, summary)                           \
	{ name, group, needs, summary, &dig_usage_##id, dig_cmd_##id },
#include "cmd/commands.def"
#undef DIG_COMMAND
};

#define NCOMMANDS (sizeof(commands) / sizeof(commands[0]))

static const struct {
	const char *name;
	const char *instead;
} git_verbs[] = {
#define GIT_VERB(name, instead) { name, instead },
#include "cmd/gitverbs.def"
#undef GIT_VERB
};

#define NGIT_VERBS (sizeof(git_verbs) / sizeof(git_verbs[0]))

const struct dig_command *
dig_command_at(size_t index)
{
	return index < NCOMMANDS ? &commands[index] : NULL;
}

const struct dig_command *
dig_command_find(const char *name)
{
	for (size_t i = 0; i < NCOMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

enum dig_status
dig_command_unknown(const char *name, struct dig_error *err)
{
	const char *best = NULL;
	unsigned best_far = UINT32_MAX;

	for (size_t i = 0; i < NGIT_VERBS; i++) {
		if (strcmp(git_verbs[i].name, name) != 0)
			continue;
		dig_ignore(
		    dig_raise(err, DIG_EINVALID, "there is no 'dig %s'", name));
		dig_hint(err, "%s", git_verbs[i].instead);
		return DIG_EINVALID;
	}
	for (size_t i = 0; i < NCOMMANDS; i++) {
		unsigned far = dig_word_distance(name, commands[i].name);

		if (dig_word_is_near(name, commands[i].name) &&
		    far < best_far) {
			best_far = far;
			best = commands[i].name;
		}
	}
	dig_ignore(dig_raise(
	    err, DIG_EINVALID, "'%.200s' is not a dig command", name));
	if (best != NULL)
		dig_hint(err, "did you mean 'dig %s'?", best);
	else
		dig_hint(err, "'dig help' lists the commands");
	return DIG_EINVALID;
}

const struct dig_config *
dig_cli_config(struct dig_cli *cli)
{
	if (cli->config != NULL)
		return cli->config;
	cli->config = dig_config_new();
	dig_config_load_user(cli->config);
	dig_config_load_environment(cli->config);
	for (size_t i = 0; i < dig_config_warning_count(cli->config); i++)
		dig_cli_warn(cli, "%s", dig_config_warning_at(cli->config, i));
	return cli->config;
}

/* ---- The repository --------------------------------------------------- */

/* The line of progress begins with the first report of a piece of work. */
static void
on_progress(void *arg, const struct dig_progress_report *report)
{
	struct dig_cli *cli = arg;
	struct dig_progress_counts counts = { report->files_done,
		report->files_total, report->bytes_done, report->bytes_total };

	pthread_mutex_lock(&cli->mutex);
	if (cli->progress_shown &&
	    strcmp(cli->progress.what, report->what) != 0) {
		dig_progress_end(&cli->progress);
		cli->progress_shown = false;
	}
	if (!cli->progress_shown)
		dig_progress_begin(
		    &cli->progress, report->what, cli->progress_choice);
	cli->progress.unit = report->unit;
	cli->progress_shown = true;
	dig_progress_update(&cli->progress, &counts);
	pthread_mutex_unlock(&cli->mutex);
}

void
dig_cli_progress_end(struct dig_cli *cli)
{
	pthread_mutex_lock(&cli->mutex);
	if (cli->progress_shown)
		dig_progress_end(&cli->progress);
	cli->progress_shown = false;
	pthread_mutex_unlock(&cli->mutex);
}

static void
on_warn(void *arg, const char *message)
{
	struct dig_cli *cli = arg;

	if (cli->progress.style == DIG_PROGRESS_DRAW)
		dig_cli_progress_end(cli);
	dig_cli_warn(cli, "%s", message);
}

static enum dig_status
get_repo(struct dig_cli *cli,
    enum dig_status (*how)(struct dig_config *, const struct dig_talk *,
	struct dig_repo **, struct dig_error *),
    struct dig_repo **out, struct dig_error *err)
{
	struct dig_talk talk = { cli, on_progress, on_warn };
	enum dig_status st = DIG_OK;

	(void)dig_cli_config(cli); /* reads it */
	if (cli->repo == NULL)
		st = how(cli->config, &talk, &cli->repo, err);
	if (st == DIG_OK)
		*out = cli->repo;
	return st;
}

enum dig_status
dig_cli_repo(struct dig_cli *cli, struct dig_repo **out, struct dig_error *err)
{
	return get_repo(cli, dig_repo_open, out, err);
}

enum dig_status
dig_cli_find_repo(
    struct dig_cli *cli, struct dig_repo **out, struct dig_error *err)
{
	return get_repo(cli, dig_repo_find, out, err);
}

bool
dig_cli_mend(struct dig_cli *cli, struct dig_error *err)
{
	struct dig_error why = DIG_ERROR_INIT;

	if (cli->repo == NULL || !dig_repo_is_index_damage(err))
		return false;
	if (dig_repo_mend_index(cli->repo, &why) != DIG_OK) {
		dig_hint(err,
		    "nothing is lost, but the index cannot be made "
		    "anew now: %.200s",
		    why.msg);
		return false;
	}
	dig_cli_progress_end(cli);
	dig_repo_close(cli->repo);
	cli->repo = NULL;
	dig_config_free(cli->config); /* it has the repository's in it */
	cli->config = NULL;
	if (cli->read_input || !dig_out_take_back(&cli->out)) {
		dig_hint(err, "nothing is lost: the index has been made anew; "
			      "run the command again");
		return false;
	}
	dig_cli_warn(cli, "%s; it has been made anew", err->msg);
	return true;
}

void
dig_cli_close(struct dig_cli *cli)
{
	dig_cli_progress_end(cli);
	dig_repo_close(cli->repo);
	dig_config_free(cli->config);
	while (cli->words != NULL) {
		struct dig_words *words = cli->words;

		cli->words = words->next;
		free(words->memory);
		free(words->argv);
		free(words);
	}
	pthread_mutex_destroy(&cli->mutex);
}

/* ---- Standard error --------------------------------------------------- */

/* One write for the whole message, so that lines of processes do not mix. */
static void
say(const char *prefix, const char *text, struct dig_buf *line)
{
	dig_buf_puts(line, prefix);
	dig_escape(line, text, strlen(text), false);
	dig_buf_putc(line, '\n');
}

static void
to_standard_error(struct dig_buf *text)
{
	/* There is no one left to tell of a failure. */
	dig_ignore(dig_write_full(STDERR_FILENO, text->data, text->len) == 0
		       ? DIG_OK
		       : DIG_EFILE);
	dig_buf_clear(text);
}

void
dig_cli_warn(const struct dig_cli *cli, const char *fmt, ...)
{
	struct dig_buf line = DIG_BUF_INIT;
	char text[1024];
	va_list ap;

	(void)cli;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	say("dig: warning: ", text, &line);
	to_standard_error(&line);
}

static void
json_error(const struct dig_error *err, struct dig_buf *text)
{
	struct dig_json json;
	struct dig_out out;

	dig_out_init(&out, -1);
	dig_json_init(&json, &out);
	dig_json_object(&json, NULL);
	dig_json_object(&json, "error");
	dig_json_string(&json, "code", dig_status_word(err->status));
	dig_json_int(&json, "exit", dig_exit_code(err->status));
	dig_json_string(&json, "message", err->msg);
	if (err->hint[0] != '\0')
		dig_json_string(&json, "hint", err->hint);
	else
		dig_json_null(&json, "hint");
	dig_json_object_end(&json);
	dig_json_object_end(&json);
	dig_json_end(&json);
	*text = out.buf;
}

void
dig_cli_error(const struct dig_cli *cli, const struct dig_error *err)
{
	struct dig_buf text = DIG_BUF_INIT;

	if (cli->json) {
		json_error(err, &text);
	} else {
		if (err->msg[0] != '\0')
			say("dig: ", err->msg, &text);
		if (err->hint[0] != '\0')
			say("hint: ", err->hint, &text);
	}
	to_standard_error(&text);
}
