/* SPDX-License-Identifier: MIT
 *
 * dig sql [QUERY | NAME]: ask the index, read only.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/json.h"
#include "cmd/rows.h"
#include "objects/base/io.h"
#include "repo/dig.h"

#define QUERY_MAX ((size_t)1 << 20)
#define TIMEOUT_SECONDS 30

struct opts {
	const char *file;
	struct dig_list params;
	const char *format;
	const char *json;
	const char *header;
	int64_t timeout;
	bool nul;
	bool list;
};

static const struct dig_opt options[] = {
	DIG_OPT_STRING('f', "file", struct opts, file, "FILE",
	    "read the query from FILE; - is standard input"),
	DIG_OPT_LIST('p', "param", struct opts, params, "NAME=VALUE",
	    "the value of :NAME in the query"),
	DIG_OPT_INT(0, "timeout", struct opts, timeout, 0, 86400, "SECONDS",
	    "end the query after it, by default 30; 0: never"),
	DIG_OPT_FLAG(
	    0, "list", struct opts, list, "list the queries that have a name"),
	DIG_OPT_HEADING("output"),
	DIG_OPT_FIXED(0, "table", struct opts, format, "table",
	    "columns side by side; on a terminal without being asked"),
	DIG_OPT_FIXED(0, "tsv", struct opts, format, "tsv",
	    "tabs between values, no header; elsewhere without being asked"),
	DIG_OPT_FIXED(0, "csv", struct opts, format, "csv",
	    "commas between values, with a header"),
	DIG_OPT_FLAG('0', NULL, struct opts, nul,
	    "a NUL behind each value, nothing escaped"),
	DIG_OPT_FIXED(0, "header", struct opts, header, "yes",
	    "the names of the columns first"),
	DIG_OPT_FIXED(
	    0, "no-header", struct opts, header, "no", "without them"),
	DIG_OPT_JSON_LINES(struct opts, json),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_sql = {
	"sql",
	"[-p NAME=VALUE]... [--timeout SECONDS] [--table | --tsv | --csv | -0 "
	"| --json] [QUERY | NAME | -f FILE]\n"
	"--list [--json]",
	"Ask the index with SQL. The views v_* may be read, and dig_tree, "
	"dig_log, dig_diff, dig_blob and dig_chunks give rows of any version; "
	"nothing can be changed. NAME is a query from your own folder of "
	"queries, the repository's, or one that comes with dig. Without a "
	"query, one is read from standard input; on a terminal, one after the "
	"other.",
	options,
};

struct session {
	struct dig_cli *cli;
	struct dig_repo *repo;
	struct dig_query *query;
	enum dig_rows_format format;
	bool header;
	struct dig_query_param *params; /* of -p; names are owned */
	size_t nparams;
};

/* ---- One query -------------------------------------------------------- */

/* -p counts more than the defaults in the head of the text. */
static enum dig_status
run(struct session *session, const char *text, struct dig_error *err)
{
	struct dig_query_param *params;
	struct dig_sql_head head;
	struct dig_rows rows = { 0 };
	struct dig_query_handler handler = dig_rows_handler(&rows);
	size_t n = session->nparams;
	enum dig_status st;

	dig_sql_read_head(text, &head);
	params = dig_calloc(n + head.nparams + 1, sizeof(*params));
	for (size_t i = 0; i < n; i++)
		params[i] = session->params[i];
	for (size_t i = 0; i < head.nparams; i++) {
		bool given = head.params[i].value == NULL;

		for (size_t k = 0; k < session->nparams && !given; k++)
			given = strcmp(session->params[k].name,
				    head.params[i].name) == 0;
		if (!given)
			params[n++] = head.params[i];
	}
	st = dig_query_run(session->query, text, params, n, &handler, err);
	if (st == DIG_OK)
		st = dig_rows_print(&rows, session->format, session->header,
		    &session->cli->out, err);
	dig_rows_clear(&rows);
	dig_sql_head_clear(&head);
	free(params);
	return st;
}

/* A query, or the name of one. */
static enum dig_status
run_word(struct session *session, const char *word, struct dig_error *err)
{
	struct dig_buf text = DIG_BUF_INIT;
	enum dig_status st;

	if (!dig_sql_is_name(word))
		return run(session, word, err);
	st = dig_sql_named(session->repo, word, &text, err);
	if (st == DIG_OK)
		st = run(session, (const char *)text.data, err);
	dig_buf_clear(&text);
	return st;
}

static enum dig_status
run_file(struct session *session, const char *name, struct dig_error *err)
{
	struct dig_buf text = DIG_BUF_INIT;
	bool is_input = strcmp(name, "-") == 0;
	uint8_t piece[4096];
	enum dig_status st = DIG_OK;
	int64_t n = 1;
	int fd = is_input ? STDIN_FILENO
			  : dig_open_at(AT_FDCWD, name,
				DIG_OPEN_READ | DIG_OPEN_FOLLOW);

	if (fd < 0)
		return dig_raise_os(
		    err, DIG_EFILE, -fd, "cannot read '%.300s'", name);
	while (st == DIG_OK && n > 0) {
		n = dig_read_some(fd, piece, sizeof(piece));
		if (n < 0)
			st = dig_raise_os(err, DIG_EFILE, (int)-n,
			    "cannot read '%.300s'", name);
		else if (text.len + (size_t)n > QUERY_MAX)
			st = dig_raise(
			    err, DIG_EINVALID, "the query is too large");
		else
			dig_buf_put(&text, piece, (size_t)n);
	}
	session->cli->read_input |= is_input;
	if (!is_input)
		dig_close(fd);
	dig_buf_putc(&text, '\0');
	if (st == DIG_OK && strlen((char *)text.data) + 1 != text.len)
		st = dig_raise(
		    err, DIG_EINVALID, "the query has a NUL byte in it");
	if (st == DIG_OK)
		st = run(session, (const char *)text.data, err);
	dig_buf_clear(&text);
	return st;
}

/* ---- On a terminal ---------------------------------------------------- */

static const char shell_help[] =
    "A query ends with ';'. A name runs the query that has it.\n"
    ".views    the views and their columns\n"
    ".list     queries that have a name\n"
    ".quit     the end\n";

static enum dig_status list_names(struct dig_cli *cli, struct dig_repo *repo,
    bool json, struct dig_error *err);

/* A line that is no part of a query. False: it is one. */
static bool
run_dot(struct session *session, const char *line, bool *quit,
    enum dig_status *st, struct dig_error *err)
{
	*st = DIG_OK;
	if (strcmp(line, ".quit") == 0 || strcmp(line, ".exit") == 0)
		*quit = true;
	else if (strcmp(line, ".views") == 0 || strcmp(line, ".tables") == 0)
		*st = run_word(session, "views", err);
	else if (strcmp(line, ".list") == 0)
		*st = list_names(session->cli, session->repo, false, err);
	else if (line[0] == '.')
		dig_out_puts(&session->cli->out, shell_help);
	else if (dig_sql_is_name(line))
		*st = run_word(session, line, err);
	else
		return false;
	return true;
}

static enum dig_status
run_shell(struct session *session, struct dig_error *err)
{
	struct dig_out *out = &session->cli->out;
	struct dig_buf text = DIG_BUF_INIT;
	char *line = NULL;
	size_t cap = 0;
	bool quit = false;

	session->cli->read_input = true;
	dig_out_puts(out, "Read only. '.help' says more.\n");
	while (!quit && !dig_interrupted() && !dig_out_gone(out)) {
		enum dig_status st = DIG_OK;
		ssize_t n;

		dig_out_puts(out, text.len == 0 ? "dig> " : "...> ");
		dig_out_flush(out);
		n = getline(&line, &cap, stdin);
		if (n < 0)
			break;
		while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
			line[--n] = '\0';
		if (text.len == 0 &&
		    (n == 0 || run_dot(session, line, &quit, &st, err))) {
			if (st != DIG_OK)
				dig_cli_error(session->cli, err);
			continue;
		}
		dig_buf_puts(&text, line);
		dig_buf_putc(&text, '\n');
		dig_buf_putc(&text, '\0');
		text.len--;
		if (!dig_query_is_complete((const char *)text.data) &&
		    text.len < QUERY_MAX)
			continue;
		st = run(session, (const char *)text.data, err);
		if (st != DIG_OK)
			dig_cli_error(session->cli, err);
		dig_buf_reset(&text);
	}
	free(line);
	dig_buf_clear(&text);
	return dig_interrupted() ? dig_raise(err, DIG_ECANCELLED, "interrupted")
				 : DIG_OK;
}

/* ---- The list --------------------------------------------------------- */

struct listing {
	struct dig_out *out;
	struct dig_json *json; /* NULL: words */
};

static enum dig_status
on_name(void *arg, const char *name, enum dig_sql_place place, const char *text,
    struct dig_error *err)
{
	static const char *const places[] = { "user", "repository", "dig" };
	const struct listing *listing = arg;
	struct dig_sql_head head;

	(void)err;
	dig_sql_read_head(text, &head);
	if (listing->json == NULL) {
		dig_out_printf(
		    listing->out, "%-14s %-11s ", name, places[place]);
		dig_out_text(listing->out, head.summary, strlen(head.summary));
		for (size_t i = 0; i < head.nparams; i++) {
			dig_out_puts(listing->out, " -p ");
			dig_out_text(listing->out, head.params[i].name,
			    strlen(head.params[i].name));
			dig_out_puts(listing->out, "=");
			if (head.params[i].value != NULL)
				dig_out_text(listing->out, head.params[i].value,
				    strlen(head.params[i].value));
		}
		dig_out_puts(listing->out, "\n");
		dig_sql_head_clear(&head);
		return DIG_OK;
	}
	dig_json_object(listing->json, NULL);
	dig_json_string(listing->json, "name", name);
	dig_json_string(listing->json, "place", places[place]);
	dig_json_string(listing->json, "summary", head.summary);
	dig_json_array(listing->json, "parameters");
	for (size_t i = 0; i < head.nparams; i++) {
		dig_json_object(listing->json, NULL);
		dig_json_string(listing->json, "name", head.params[i].name);
		if (head.params[i].value != NULL)
			dig_json_string(
			    listing->json, "default", head.params[i].value);
		dig_json_object_end(listing->json);
	}
	dig_json_array_end(listing->json);
	dig_json_object_end(listing->json);
	dig_sql_head_clear(&head);
	return DIG_OK;
}

static enum dig_status
list_names(struct dig_cli *cli, struct dig_repo *repo, bool as_json,
    struct dig_error *err)
{
	struct dig_json json;
	struct listing listing = { &cli->out, as_json ? &json : NULL };
	enum dig_status st;

	dig_json_init(&json, &cli->out);
	if (as_json) {
		dig_json_object(&json, NULL);
		dig_json_array(&json, "queries");
	}
	st = dig_sql_each_name(repo, on_name, &listing, err);
	if (as_json && st == DIG_OK) {
		dig_json_array_end(&json);
		dig_json_object_end(&json);
		dig_json_end(&json);
	}
	return st;
}

/* ---- Options ---------------------------------------------------------- */

static enum dig_status
set_format(
    struct session *session, const struct opts *opts, struct dig_error *err)
{
	if ((opts->format != NULL) + (opts->json != NULL) + opts->nul > 1)
		return dig_raise(err, DIG_EINVALID,
		    "--table, --tsv, --csv, -0 and --json exclude each other");
	if (opts->json != NULL && opts->json[0] != '\0' &&
	    strcmp(opts->json, "lines") != 0)
		return dig_raise(
		    err, DIG_EINVALID, "--json takes nothing or 'lines'");
	session->format =
	    session->cli->out.terminal ? DIG_ROWS_TABLE : DIG_ROWS_TSV;
	if (opts->nul)
		session->format = DIG_ROWS_NUL;
	else if (opts->json != NULL)
		session->format =
		    opts->json[0] == '\0' ? DIG_ROWS_JSON : DIG_ROWS_LINES;
	else if (opts->format != NULL)
		session->format =
		    strcmp(opts->format, "table") == 0 ? DIG_ROWS_TABLE
		    : strcmp(opts->format, "csv") == 0 ? DIG_ROWS_CSV
						       : DIG_ROWS_TSV;
	session->header = session->format == DIG_ROWS_TABLE ||
			  session->format == DIG_ROWS_CSV;
	if (opts->header != NULL)
		session->header = strcmp(opts->header, "yes") == 0;
	return DIG_OK;
}

static enum dig_status
set_params(
    struct session *session, const struct opts *opts, struct dig_error *err)
{
	session->params =
	    dig_calloc(opts->params.count + 1, sizeof(*session->params));
	for (size_t i = 0; i < opts->params.count; i++) {
		const char *word = opts->params.at[i];
		const char *sign = strchr(word, '=');

		if (sign == NULL || sign == word) {
			dig_ignore(dig_raise(err, DIG_EINVALID,
			    "'%.100s' is not of the form NAME=VALUE", word));
			dig_hint(err, "-p limit=10 is the value of :limit");
			return DIG_EINVALID;
		}
		session->params[i].name =
		    dig_memdup0(word, (size_t)(sign - word));
		session->params[i].value = sign + 1;
		session->nparams++;
	}
	return DIG_OK;
}

static enum dig_status
choose(struct session *session, const struct opts *opts,
    const struct dig_args *args, struct dig_error *err)
{
	if (opts->list)
		return list_names(
		    session->cli, session->repo, opts->json != NULL, err);
	if (opts->file != NULL)
		return run_file(session, opts->file, err);
	if (args->argc == 1)
		return run_word(session, args->argv[0], err);
	if (session->cli->out.terminal && isatty(STDIN_FILENO) != 0)
		return run_shell(session, err);
	return run_file(session, "-", err);
}

enum dig_status
dig_cmd_sql(struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct opts opts = { .timeout = TIMEOUT_SECONDS };
	struct session session = { .cli = cli };
	struct dig_args args;
	enum dig_status st;

	st = dig_opt_parse(&dig_usage_sql, argc, argv, &opts, &args, err);
	if (st == DIG_OK && args.argc + (opts.file != NULL) + opts.list > 1)
		st = dig_raise(err, DIG_EINVALID,
		    args.argc > 1 ? "sql takes one query; quote it"
				  : "one query at a time, not several");
	if (st == DIG_OK)
		st = set_format(&session, &opts, err);
	if (st == DIG_OK)
		st = set_params(&session, &opts, err);
	if (st == DIG_OK)
		st = dig_cli_repo(cli, &session.repo, err);
	if (st == DIG_OK && !opts.list)
		st = dig_sql_open(
		    session.repo, opts.timeout * 1000, &session.query, err);
	if (st == DIG_OK)
		st = choose(&session, &opts, &args, err);
	dig_query_close(session.query);
	for (size_t i = 0; i < session.nparams; i++)
		free((void *)(uintptr_t)session.params[i].name);
	free(session.params);
	dig_list_clear(&opts.params);
	return st;
}
