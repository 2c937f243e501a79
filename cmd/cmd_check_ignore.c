/* SPDX-License-Identifier: MIT
 *
 * dig check-ignore: which ignore rule speaks of a path.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/json.h"
#include "cmd/pathlist.h"
#include "objects/base/io.h"

#define LINE_MAX_BYTES ((size_t)1 << 20)

struct opts {
	bool quiet;
	bool verbose;
	bool nul;
	bool from_stdin;
	bool non_matching;
	bool no_index;
	bool json;
};

static const struct dig_opt options[] = {
	DIG_OPT_FLAG('q', "quiet", struct opts, quiet,
	    "print nothing, the exit code answers; for one path"),
	DIG_OPT_FLAG('v', "verbose", struct opts, verbose,
	    "show the rule too: SOURCE:LINE:PATTERN before the path"),
	DIG_OPT_FLAG('n', "non-matching", struct opts, non_matching,
	    "with -v: show also paths that no rule speaks of"),
	DIG_OPT_FLAG(0, "stdin", struct opts, from_stdin,
	    "read the paths from standard input, one a line"),
	DIG_OPT_FLAG('z', NULL, struct opts, nul,
	    "with --stdin: what is read and written ends with NUL"),
	DIG_OPT_FLAG(0, "no-index", struct opts, no_index,
	    "judge tracked files by the rules too"),
	DIG_OPT_JSON(struct opts, json),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_check_ignore = {
	"check-ignore",
	"[-q] [-v [-n]] [--no-index] [--json] [--] PATH...\n"
	"[-v [-n]] [-z] [--no-index] [--json] --stdin",
	"Print those of the paths that ignore rules keep from being added, and "
	"with -v the rule that decides. Exits 0 when there is one, 1 when "
	"there is none. Tracked files are never ignored.",
	options,
};

struct check {
	struct dig_cli *cli;
	const struct opts *opts;
	struct dig_ignore_query *query;
	struct dig_json json;
	bool found;
};

static void
put_json(struct check *check, const char *path, const struct dig_ignored *rule)
{
	struct dig_json *json = &check->json;

	dig_json_object(json, NULL);
	dig_json_path(json, "path", path, strlen(path));
	dig_json_bool(json, "ignored", rule->source != NULL && !rule->negated);
	if (rule->source != NULL) {
		dig_json_bytes(
		    json, "source", rule->source, strlen(rule->source));
		dig_json_uint(json, "line", rule->line);
		dig_json_bytes(
		    json, "pattern", rule->pattern, strlen(rule->pattern));
	}
	dig_json_object_end(json);
}

static void
put_rule(struct check *check, const struct dig_ignored *rule)
{
	struct dig_out *out = &check->cli->out;
	bool nul = check->opts->nul;
	bool known = rule->source != NULL;

	if (known)
		dig_out_path(out, rule->source, strlen(rule->source), nul, "");
	else if (nul)
		dig_out_raw(out, "", 1);
	if (!nul)
		dig_out_puts(out, ":");
	if (known)
		dig_out_printf(out, "%zu", rule->line);
	dig_out_raw(out, nul ? "\0" : ":", 1);
	if (known)
		dig_out_text(out, rule->pattern, strlen(rule->pattern));
	dig_out_raw(out, nul ? "\0" : "\t", 1);
}

static enum dig_status
check_path(struct check *check, const char *path, struct dig_error *err)
{
	const struct opts *opts = check->opts;
	struct dig_ignored rule;
	enum dig_status st;

	if (dig_interrupted())
		return dig_raise(err, DIG_ECANCELLED, "interrupted");
	st = dig_ignore_query_ask(check->query, path, &rule, err);
	if (st != DIG_OK)
		return st;
	if (opts->json) {
		check->found |= rule.source != NULL && !rule.negated;
		put_json(check, path, &rule);
		return DIG_OK;
	}
	/* The rule that takes a path back is an answer when rules are asked. */
	if (!opts->verbose && rule.negated)
		rule.source = NULL;
	check->found |= rule.source != NULL;
	if (opts->quiet || (rule.source == NULL && !opts->non_matching))
		return DIG_OK;
	if (opts->verbose)
		put_rule(check, &rule);
	dig_out_path(&check->cli->out, path, strlen(path), opts->nul, "\n");
	return DIG_OK;
}

/* One record of the input, which ends with NUL in place of its end. */
static enum dig_status
check_line(struct check *check, char *line, struct dig_error *err)
{
	if (!check->opts->nul && !dig_pathlist_unquote(line))
		return dig_raise(err, DIG_EINVALID,
		    "a line of standard input is badly quoted: %s", line);
	return check_path(check, line, err);
}

/* All whole records in the buffer, and at the end the rest. */
static enum dig_status
check_lines(
    struct check *check, struct dig_buf *text, bool end, struct dig_error *err)
{
	enum dig_status st = DIG_OK;
	char mark = check->opts->nul ? '\0' : '\n';
	size_t at = 0;

	while (st == DIG_OK && at < text->len) {
		char *line = (char *)text->data + at;
		char *stop = memchr(line, mark, text->len - at);
		size_t len =
		    stop != NULL ? (size_t)(stop - line) : text->len - at;

		if (stop == NULL && !end)
			break;
		line[len] = '\0';
		st = check_line(check, line, err);
		at += len + 1;
	}
	if (at > text->len)
		at = text->len;
	memmove(text->data, text->data + at, text->len - at);
	text->len -= at;
	if (st == DIG_OK && text->len > LINE_MAX_BYTES)
		st = dig_raise(err, DIG_EINVALID,
		    "a line of standard input is longer than any path");
	return st;
}

/* Answers are written before more is waited for: the other end of two pipes
 * may ask one at a time. */
static enum dig_status
check_input(struct check *check, struct dig_error *err)
{
	struct dig_buf text = DIG_BUF_INIT;
	enum dig_status st = DIG_OK;
	int64_t n = 1;

	while (st == DIG_OK && n > 0 && !dig_out_gone(&check->cli->out)) {
		dig_buf_reserve(&text, 65536 + 1);
		n = dig_read_some(0, text.data + text.len, 65536);
		check->cli->read_input = true;
		if (n < 0) {
			st = dig_raise_os(
			    err, DIG_EFILE, (int)-n, "reading standard input");
			break;
		}
		text.len += (size_t)n;
		st = check_lines(check, &text, n == 0, err);
		if (!check->opts->json)
			dig_out_flush(&check->cli->out);
	}
	dig_buf_clear(&text);
	return st;
}

static enum dig_status
check_options(const struct opts *opts, int npaths, struct dig_error *err)
{
	const char *why = NULL;

	if (opts->from_stdin && npaths > 0)
		why = "--stdin and paths do not go together";
	else if (!opts->from_stdin && opts->nul)
		why = "-z goes with --stdin";
	else if (!opts->from_stdin && npaths == 0)
		why = "check-ignore takes a path";
	else if (opts->quiet && npaths != 1)
		why = "-q is for one path";
	else if (opts->quiet && opts->verbose)
		why = "-q and -v do not go together";
	else if (opts->non_matching && !opts->verbose)
		why = "-n goes with -v";
	else if (opts->json && (opts->nul || opts->quiet || opts->verbose))
		why = "--json goes without -q, -v and -z";
	return why ? dig_raise(err, DIG_EINVALID, "%s", why) : DIG_OK;
}

enum dig_status
dig_cmd_check_ignore(
    struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct opts opts = { 0 };
	struct check check = { .cli = cli, .opts = &opts };
	struct dig_repo *repo = NULL;
	struct dig_args args;
	enum dig_status st;

	st = dig_opt_parse(
	    &dig_usage_check_ignore, argc, argv, &opts, &args, err);
	if (st == DIG_OK)
		st = check_options(&opts, args.argc, err);
	if (st == DIG_OK)
		st = dig_cli_repo(cli, &repo, err);
	if (st != DIG_OK)
		return st;
	check.query = dig_ignore_query_new(repo, opts.no_index);
	dig_json_init(&check.json, &cli->out);
	if (opts.json) {
		dig_json_object(&check.json, NULL);
		dig_json_array(&check.json, "paths");
	}
	for (int i = 0; st == DIG_OK && i < args.argc; i++)
		st = check_path(&check, args.argv[i], err);
	if (st == DIG_OK && opts.from_stdin)
		st = check_input(&check, err);
	if (st == DIG_OK && opts.json) {
		dig_json_array_end(&check.json);
		dig_json_object_end(&check.json);
		dig_json_end(&check.json);
	}
	dig_ignore_query_free(check.query);
	return st == DIG_OK && !check.found ? DIG_ENO : st;
}
