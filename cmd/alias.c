/* SPDX-License-Identifier: MIT
 *
 * From an alias to a verb, step by step, or to the shell.
 */
#include "cmd/alias.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/command.h"

#define DEPTH_MAX 16

/* ---- Words ------------------------------------------------------------- */

/* The next word into out; *at is moved. False: a quote is open. */
static bool
take_word(const char **at, struct dig_buf *out)
{
	const char *p = *at;
	char quote = 0;

	for (; *p != '\0' && (quote != 0 || strchr(" \t\n", *p) == NULL); p++) {
		if (quote == 0 && (*p == '\'' || *p == '"')) {
			quote = *p;
		} else if (*p == quote) {
			quote = 0;
		} else if (*p == '\\' && quote != '\'') {
			if (*++p == '\0')
				return false;
			dig_buf_putc(out, (uint8_t)*p);
		} else {
			dig_buf_putc(out, (uint8_t)*p);
		}
	}
	dig_buf_putc(out, '\0');
	*at = p;
	return quote == 0;
}

enum dig_status
dig_words_split(
    const char *text, char ***out, int *count, struct dig_error *err)
{
	struct dig_buf words = DIG_BUF_INIT;
	const char *at = text;
	char **argv, *memory;
	int n = 0;

	for (at += strspn(at, " \t\n"); *at != '\0';
	     at += strspn(at, " \t\n")) {
		if (!take_word(&at, &words)) {
			dig_buf_clear(&words);
			return dig_raise(err, DIG_EINVALID,
			    "a quote or backslash without an end: %.200s",
			    text);
		}
		n++;
	}
	if (n == 0) {
		dig_buf_clear(&words);
		return dig_raise(err, DIG_EINVALID, "there is no word");
	}
	memory = dig_buf_detach(&words);
	argv = dig_calloc((size_t)n + 1, sizeof(*argv));
	for (int i = 0; i < n; i++) {
		argv[i] = memory;
		memory += strlen(memory) + 1;
	}
	*out = argv;
	*count = n;
	return DIG_OK;
}

/* ---- Aliases ----------------------------------------------------------- */

const char *
dig_alias_find(const struct dig_config *config, const char *name)
{
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_buf key = DIG_BUF_INIT;
	const char *value = NULL;

	dig_buf_printf(&key, "alias.%s", name);
	if (strchr(name, '.') != NULL ||
	    dig_config_get_string(
		config, (const char *)key.data, &value, NULL, &err) != DIG_OK)
		value = NULL;
	dig_buf_clear(&key);
	return value;
}

/* Where git starts such a line: the root, if there is a work tree. */
static void
go_to_root(struct dig_cli *cli)
{
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_repo *repo = NULL;

	if (dig_cli_find_repo(cli, &repo, &err) != DIG_OK)
		return;
	setenv("DIG_PREFIX", dig_repo_prefix(repo), 1);
	/* Where it cannot be entered, here is as good. */
	dig_ignore(chdir(dig_repo_worktree(repo)) == 0 ? DIG_OK : DIG_EFILE);
}

static enum dig_status
run_shell(struct dig_cli *cli, const char *line, int argc, char **argv,
    struct dig_error *err)
{
	struct dig_buf script = DIG_BUF_INIT;
	char **words = dig_calloc((size_t)argc + 4, sizeof(*words));
	static char sh[] = "sh", minus_c[] = "-c";
	int n = 0;

	go_to_root(cli);
	dig_buf_printf(&script, argc > 1 ? "%s \"$@\"" : "%s", line);
	words[n++] = sh;
	words[n++] = minus_c;
	words[n++] = (char *)script.data;
	for (int i = 0; i < argc; i++) /* argv[0] is $0 */
		words[n++] = argv[i];
	execv("/bin/sh", words);
	free(words);
	dig_buf_clear(&script);
	return dig_raise_os(err, DIG_EFILE, errno, "starting /bin/sh");
}

static enum dig_status
loop_error(
    const char *const *seen, size_t n, const char *last, struct dig_error *err)
{
	struct dig_buf way = DIG_BUF_INIT;

	for (size_t i = 0; i < n; i++)
		dig_buf_printf(&way, "%s -> ", seen[i]);
	dig_ignore(dig_raise(err, DIG_EINVALID,
	    "aliases lead to themselves: %.300s%.100s", (const char *)way.data,
	    last));
	dig_hint(err, "dig config --global unset alias.%.100s", last);
	dig_buf_clear(&way);
	return DIG_EINVALID;
}

/* One alias less: its words, then the rest of argv. */
static enum dig_status
replace(struct dig_cli *cli, const char *value, int *argc, char ***argv,
    struct dig_error *err)
{
	struct dig_words *kept;
	char **words, **joined;
	int n;
	enum dig_status st = dig_words_split(value, &words, &n, err);

	if (st != DIG_OK) {
		dig_wrap(err, "alias %.100s", (*argv)[0]);
		return st;
	}
	joined = dig_calloc((size_t)(n + *argc) + 1, sizeof(*joined));
	memcpy(joined, words, (size_t)n * sizeof(*joined));
	memcpy(joined + n, *argv + 1, (size_t)(*argc - 1) * sizeof(*joined));
	kept = dig_alloc(sizeof(*kept));
	*kept = (struct dig_words){ words[0], joined, cli->words };
	cli->words = kept;
	free(words);
	*argc += n - 1;
	*argv = joined;
	return DIG_OK;
}

enum dig_status
dig_alias_expand(
    struct dig_cli *cli, int *argc, char ***argv, struct dig_error *err)
{
	const char *seen[DEPTH_MAX];
	enum dig_status st = DIG_OK;
	size_t n = 0;

	while (st == DIG_OK && dig_command_find((*argv)[0]) == NULL) {
		const char *name = (*argv)[0];
		const char *value = dig_alias_find(dig_cli_config(cli), name);

		if (value == NULL)
			return DIG_OK;
		for (size_t i = 0; i < n; i++)
			if (strcmp(seen[i], name) == 0)
				return loop_error(seen, n, name, err);
		if (n == DEPTH_MAX)
			return loop_error(seen, n, name, err);
		seen[n++] = name;
		st = value[0] == '!'
			 ? run_shell(cli, value + 1, *argc, *argv, err)
			 : replace(cli, value, argc, argv, err);
	}
	return st;
}
