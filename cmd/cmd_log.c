/* SPDX-License-Identifier: MIT
 *
 * dig log [REV | A..B]... [-- PATH...]
 */
#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/json.h"
#include "cmd/pathlist.h"
#include "cmd/pretty.h"
#include "cmd/print_diff.h"
#include "objects/base/io.h"
#include "repo/dig.h"

struct opts {
	int64_t limit;
	int64_t skip;
	const char *since;
	const char *until;
	struct dig_list authors;
	struct dig_list committers;
	struct dig_list greps;
	bool all_match;
	bool invert_grep;
	bool ignore_case;
	bool fixed;
	bool extended;
	bool merges;
	bool no_merges;
	bool first_parent;
	bool diff_merges;
	bool reverse;
	bool all;
	bool branches;
	bool tags;
	const char *order;
	bool graph;
	bool follow;

	struct dig_pretty_opts pretty;
	const char *pickaxe;
	struct dig_diff_opts diff;
	const char *json;
};

static const struct dig_opt options[] = {
	DIG_OPT_HEADING("which commits"),
	DIG_OPT_COUNT('n', "max-count", struct opts, limit, 0, INT64_MAX,
	    "NUMBER", "stop after so many commits"),
	DIG_OPT_INT(0, "skip", struct opts, skip, 0, INT64_MAX, "NUMBER",
	    "leave out the first so many"),
	DIG_OPT_STRING(0, "since", struct opts, since, "DATE",
	    "commits not older than this"),
	DIG_OPT_STRING(0, "until", struct opts, until, "DATE",
	    "commits not younger than this"),
	DIG_OPT_STRING(
	    0, "after", struct opts, since, "DATE", "the same as --since"),
	DIG_OPT_STRING(
	    0, "before", struct opts, until, "DATE", "the same as --until"),
	DIG_OPT_LIST(0, "author", struct opts, authors, "PATTERN",
	    "whose author matches, as \"Name <email>\""),
	DIG_OPT_LIST(0, "committer", struct opts, committers, "PATTERN",
	    "whose committer matches, likewise"),
	DIG_OPT_LIST(0, "grep", struct opts, greps, "PATTERN",
	    "whose message has a line that matches"),
	DIG_OPT_FLAG(0, "all-match", struct opts, all_match,
	    "every --grep matches, not one"),
	DIG_OPT_FLAG(0, "invert-grep", struct opts, invert_grep,
	    "whose message does not match"),
	DIG_OPT_FLAG('i', "regexp-ignore-case", struct opts, ignore_case,
	    "match letters of either case"),
	DIG_OPT_FLAG('F', "fixed-strings", struct opts, fixed,
	    "patterns are plain text"),
	DIG_OPT_FLAG('E', "extended-regexp", struct opts, extended,
	    "patterns are extended regular expressions"),
	DIG_OPT_STRING('S', NULL, struct opts, pickaxe, "TEXT",
	    "that add or take away occurrences of a text"),
	DIG_OPT_FLAG(0, "merges", struct opts, merges, "merges only"),
	DIG_OPT_FLAG(0, "no-merges", struct opts, no_merges, "no merges"),
	DIG_OPT_FLAG(0, "first-parent", struct opts, first_parent,
	    "follow the first parent of a merge only"),
	DIG_OPT_FLAG(0, "follow", struct opts, follow,
	    "the one file PATH, under its former names too"),
	DIG_OPT_FLAG(0, "all", struct opts, all, "begin at every ref"),
	DIG_OPT_FLAG(
	    0, "branches", struct opts, branches, "begin at every branch"),
	DIG_OPT_FLAG(0, "tags", struct opts, tags, "begin at every tag"),
	DIG_OPT_FIXED(0, "date-order", struct opts, order, "date",
	    "by date, but no commit before all of its children"),
	DIG_OPT_FIXED(0, "topo-order", struct opts, order, "lines",
	    "the same, and lines of history one after another"),
	DIG_OPT_FLAG(
	    0, "reverse", struct opts, reverse, "the oldest commit first"),
	DIG_OPT_HEADING("how they are shown"),
	DIG_OPT_FLAG(0, "graph", struct opts, graph,
	    "draw the lines of history beside the commits"),
	DIG_OPTS_PRETTY(struct opts, pretty),
	DIG_OPTS_DIFF(struct opts, diff),
	DIG_OPT_FLAG('m', NULL, struct opts, diff_merges,
	    "a merge's differences too, against its first parent"),
	DIG_OPTS_COLOUR,
	DIG_OPT_JSON_LINES(struct opts, json),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_log = {
	"log",
	"[OPTION]... [REV | A..B | ^REV]... [--] [PATH...]",
	"List commits, the newest first, from REV, by default HEAD. A..B lists "
	"what B has and A has not. With PATH, only commits that changed it "
	"against every parent; a merge that took one side's version whole is "
	"left out and only that side is followed.",
	options,
};

/* ---- What was asked --------------------------------------------------- */

/*
 * Operands up to `--` are revisions. Without `--`, the first that is none and
 * names a file, or begins a pathspec, is a path, and so are those behind it.
 */
static enum dig_status
sort_operands(struct dig_repo *repo, const struct dig_args *args,
    struct dig_revs *revs, size_t *first_path, struct dig_error *err)
{
	int nrevs = args->dashdash >= 0 ? args->dashdash : args->argc;
	int i = 0;

	for (; i < nrevs; i++) {
		const char *word = args->argv[i];
		enum dig_status st = dig_revs_add(repo, revs, word, err);

		if (st == DIG_OK)
			continue;
		if (args->dashdash >= 0 ||
		    (st != DIG_ENOTFOUND && st != DIG_EINVALID))
			return st;
		if (dig_word_is_path(word))
			break;
		if (st == DIG_ENOTFOUND)
			dig_hint(err, "put '--' before a path that is not "
				      "there any more");
		return st;
	}
	*first_path = (size_t)i;
	return DIG_OK;
}

static enum dig_status
set_dates(const struct opts *opts, struct dig_history_options *walk,
    struct dig_error *err)
{
	int64_t now = dig_wall_seconds();
	enum dig_status st = DIG_OK;

	if (opts->since != NULL)
		st = dig_date_limit(opts->since, now, &walk->since, err);
	if (st == DIG_OK && opts->until != NULL)
		st = dig_date_limit(opts->until, now, &walk->until, err);
	return st;
}

static enum dig_history_order
order_of(const struct opts *opts)
{
	if (opts->order != NULL && strcmp(opts->order, "date") == 0)
		return DIG_ORDER_DATE;
	return opts->order != NULL || opts->graph ? DIG_ORDER_LINES
						  : DIG_ORDER_WALK;
}

/* Without a revision HEAD is meant, and there must be one. */
static enum dig_status
default_tip(struct dig_repo *repo, struct dig_revs *revs, struct dig_error *err)
{
	const char *branch = dig_repo_branch(repo);
	struct dig_oid id;

	if (dig_repo_head(repo, &id)) {
		dig_revs_tip(revs, &id);
		return DIG_OK;
	}
	return dig_raise(err, DIG_ENOTFOUND, "branch '%s' has no commit yet",
	    branch != NULL ? branch : "HEAD");
}

/* ---- Printing --------------------------------------------------------- */

struct log {
	struct dig_cli *cli;
	struct dig_repo *repo;
	struct opts opts;
	struct dig_pretty pretty;
	struct dig_changes_scope *scope;
	struct dig_changes changes; /* of the commit at hand */
	struct dig_history *history;
	struct dig_diff_view view;
	unsigned rename_score;
	struct dig_json json;
	bool lines; /* one document for each commit */
};

/* A merge's files are listed only when asked: they came with its parents. */
static bool
has_changes(const struct log *log, const struct dig_commit *commit)
{
	return commit->nparents < 2 || log->opts.diff_merges ||
	       log->opts.first_parent;
}

/* What the commit changed, as far as it is asked for. */
static enum dig_status
find_changes(
    struct log *log, const struct dig_commit *commit, struct dig_error *err)
{
	const char *text = log->opts.pickaxe;
	enum dig_status st;

	st = dig_changes_of(
	    log->repo, commit, log->scope, false, &log->changes, err);
	if (st == DIG_OK && log->rename_score > 0)
		st = dig_differ_renames(
		    log->view.differ, &log->changes, log->rename_score, err);
	if (st == DIG_OK && text != NULL)
		st = dig_differ_keep_touching(
		    log->view.differ, &log->changes, text, strlen(text), err);
	return st;
}

static enum dig_status
print_one(struct log *log, const struct dig_oid *id,
    const struct dig_commit *commit, struct dig_error *err)
{
	struct dig_out *out = &log->cli->out;
	bool files = log->view.show != 0 && has_changes(log, commit);
	enum dig_status st = DIG_OK;

	if (files)
		st = find_changes(log, commit, err);
	if (st != DIG_OK)
		return st;
	if (log->opts.json != NULL) {
		dig_json_object(&log->json, NULL);
		st = dig_pretty_json(&log->pretty, &log->json, id, commit, err);
		if (st == DIG_OK && files)
			st = dig_json_diff(
			    &log->view, &log->json, &log->changes, err);
		if (st != DIG_OK)
			return st;
		dig_json_object_end(&log->json);
		if (log->lines)
			dig_json_end(&log->json);
		return DIG_OK;
	}
	st = dig_pretty_print(&log->pretty, out, id, commit, err);
	if (st != DIG_OK || !files || log->changes.count == 0)
		return st;
	dig_pretty_beside(&log->pretty, out);
	dig_diff_part(&log->view, &log->pretty);
	st = dig_print_diff(&log->view, &log->changes, err);
	dig_out_line_start(out, NULL, NULL);
	return st;
}

/* Files are listed under the names that the file has in this commit. */
static enum dig_status
follow(
    struct log *log, const struct dig_history *history, struct dig_error *err)
{
	struct dig_buf specs[2] = { DIG_BUF_INIT, DIG_BUF_INIT };
	const char *words[2], *names[2];
	enum dig_status st;
	size_t n = 0;

	dig_history_followed_path(history, &names[0], &names[1]);
	for (; n < 2 && names[n] != NULL; n++) {
		dig_buf_printf(&specs[n], ":(top,literal)%s", names[n]);
		dig_buf_putc(&specs[n], '\0');
		words[n] = (const char *)specs[n].data;
	}
	dig_changes_scope_free(log->scope);
	log->scope = NULL;
	st = dig_changes_scope_new(log->repo, words, n, &log->scope, err);
	dig_buf_clear(&specs[0]);
	dig_buf_clear(&specs[1]);
	return st;
}

/* With -S: something that the commit changed has the text more or less often
 * than before. */
static enum dig_status
select_touching(void *arg, const struct dig_commit *commit, bool *passes,
    struct dig_error *err)
{
	struct log *log = arg;
	enum dig_status st = DIG_OK;

	*passes = has_changes(log, commit);
	if (*passes && log->opts.follow)
		st = follow(log, log->history, err);
	if (st == DIG_OK && *passes)
		st = find_changes(log, commit, err);
	if (st == DIG_OK && *passes)
		*passes = log->changes.count > 0;
	return st;
}

/* The graph takes the commit that was handed out last. */
static enum dig_status
draw_next(struct log *log, struct dig_history *history,
    const struct dig_oid *id, struct dig_error *err)
{
	struct dig_oid *parents = NULL;
	size_t nparents = 0;
	enum dig_status st;

	st = dig_history_parents(history, &parents, &nparents, err);
	if (st == DIG_OK)
		dig_graph_next(log->pretty.graph, id, parents, nparents);
	free(parents);
	return st;
}

static enum dig_status
print_all(struct log *log, const struct dig_history_options *walk,
    struct dig_error *err)
{
	const struct dig_commit *commit;
	const struct dig_oid *id;
	enum dig_status st;

	st = dig_history_new(log->repo, walk, &log->history, err);
	if (st == DIG_OK && log->opts.json != NULL && !log->lines) {
		dig_json_object(&log->json, NULL);
		dig_json_array(&log->json, "commits");
	}
	while (st == DIG_OK && !dig_out_gone(&log->cli->out)) {
		st = dig_history_next(log->history, &id, &commit, err);
		if (st != DIG_OK || commit == NULL)
			break;
		if (log->pretty.graph != NULL)
			st = draw_next(log, log->history, id, err);
		if (st == DIG_OK && log->opts.follow && log->view.show != 0)
			st = follow(log, log->history, err);
		if (st == DIG_OK)
			st = print_one(log, id, commit, err);
	}
	if (st == DIG_OK && log->opts.json != NULL && !log->lines) {
		dig_json_array_end(&log->json);
		dig_json_object_end(&log->json);
		dig_json_end(&log->json);
	}
	dig_history_free(log->history);
	log->history = NULL;
	return st;
}

static enum dig_status
run(struct log *log, const struct dig_args *args, struct dig_error *err)
{
	struct dig_history_options walk = DIG_HISTORY_OPTIONS_INIT;
	const struct opts *opts = &log->opts;
	struct dig_revs revs = DIG_REVS_INIT;
	const char **paths = NULL;
	size_t first_path = 0;
	enum dig_status st;

	if (opts->pickaxe != NULL && *opts->pickaxe == '\0')
		return dig_raise(err, DIG_EINVALID, "-S needs a text");
	st = sort_operands(log->repo, args, &revs, &first_path, err);
	if (st == DIG_OK && revs.ntips == 0 && !opts->all && !opts->branches &&
	    !opts->tags)
		st = default_tip(log->repo, &revs, err);
	if (st == DIG_OK)
		st = dig_pretty_set(
		    &log->pretty, &opts->pretty, &log->cli->out, err);
	if (st == DIG_OK)
		st = set_dates(opts, &walk, err);
	if (st == DIG_OK)
		st = dig_diff_opts_apply(
		    &opts->diff, 0, &log->view, &log->rename_score, err);
	if (st != DIG_OK)
		goto out;
	log->view.out = &log->cli->out;
	log->view.differ = dig_differ_new(log->repo);
	walk.npaths = (size_t)args->argc - first_path;
	paths = dig_calloc(walk.npaths + 1, sizeof(*paths));
	for (size_t i = 0; i < walk.npaths; i++)
		paths[i] = args->argv[first_path + i];
	if (walk.npaths > 0 && (log->view.show != 0 || opts->pickaxe != NULL))
		st = dig_changes_scope_new(
		    log->repo, paths, walk.npaths, &log->scope, err);
	walk.paths = paths;
	walk.tips = revs.tips;
	walk.ntips = revs.ntips;
	walk.hidden = revs.hidden;
	walk.nhidden = revs.nhidden;
	walk.follow = opts->follow;
	walk.all = opts->all;
	walk.branches = opts->branches;
	walk.tags = opts->tags;
	walk.order = order_of(opts);
	walk.first_parent = opts->first_parent;
	walk.reverse = opts->reverse;
	walk.skip = opts->skip;
	walk.limit = opts->limit;
	walk.min_parents = opts->merges ? 2 : 0;
	walk.max_parents = opts->no_merges ? 1 : SIZE_MAX;
	walk.authors = opts->authors.at;
	walk.nauthors = opts->authors.count;
	walk.committers = opts->committers.at;
	walk.ncommitters = opts->committers.count;
	walk.all_match = opts->all_match;
	walk.invert_match = opts->invert_grep;
	walk.messages = opts->greps.at;
	walk.nmessages = opts->greps.count;
	walk.ignore_case = opts->ignore_case;
	walk.fixed = opts->fixed;
	walk.extended = opts->extended;
	if (opts->pickaxe != NULL) {
		walk.select = select_touching;
		walk.select_arg = log;
	}
	if (st == DIG_OK)
		st = print_all(log, &walk, err);
out:
	free(paths);
	dig_revs_clear(&revs);
	return st;
}

enum dig_status
dig_cmd_log(struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct log log = { 0 };
	struct dig_args args;
	enum dig_status st;

	log.cli = cli;
	log.opts.limit = -1;
	log.opts.diff = (struct dig_diff_opts)DIG_DIFF_OPTS_INIT;
	dig_pretty_init(&log.pretty, NULL);
	dig_json_init(&log.json, &cli->out);
	st = dig_opt_parse(&dig_usage_log, argc, argv, &log.opts, &args, err);
	if (st == DIG_OK && log.opts.json != NULL) {
		log.lines = strcmp(log.opts.json, "lines") == 0;
		if (!log.lines && *log.opts.json != '\0')
			st = dig_raise(err, DIG_EINVALID,
			    "--json takes nothing or 'lines'");
	}
	if (st == DIG_OK && log.opts.graph &&
	    (log.opts.reverse || log.opts.json != NULL))
		st = dig_raise(err, DIG_EINVALID,
		    "--graph goes neither with --reverse nor with --json");
	if (st == DIG_OK && log.opts.follow &&
	    (log.opts.reverse || log.opts.graph))
		st = dig_raise(err, DIG_EINVALID,
		    "--follow goes neither with --reverse nor with --graph");
	if (st == DIG_OK && log.opts.graph)
		log.pretty.graph = dig_graph_new();
	if (st == DIG_OK)
		st = dig_cli_repo(cli, &log.repo, err);
	log.pretty.repo = log.repo;
	if (st == DIG_OK)
		st = run(&log, &args, err);
	dig_differ_free(log.view.differ);
	dig_changes_scope_free(log.scope);
	dig_changes_clear(&log.changes);
	dig_pretty_clear(&log.pretty);
	dig_list_clear(&log.opts.authors);
	dig_list_clear(&log.opts.committers);
	dig_list_clear(&log.opts.greps);
	return st;
}
