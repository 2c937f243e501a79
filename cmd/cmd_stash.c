/* SPDX-License-Identifier: MIT
 *
 * dig stash: put changes aside and bring them back.
 */
#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/print_diff.h"
#include "cmd/switched.h"

struct opts {
	const char *message;
	bool untracked;
	bool ignored;
	bool keep_index;
	bool index;
	bool quiet;
	struct dig_diff_opts diff;
	const char *progress;
};

static const struct dig_opt options[] = {
	DIG_OPT_HEADING("push"),
	DIG_OPT_STRING('m', "message", struct opts, message, "MESSAGE",
	    "what the list shows for the entry"),
	DIG_OPT_FLAG('u', "include-untracked", struct opts, untracked,
	    "untracked files, too"),
	DIG_OPT_FLAG('a', "all", struct opts, ignored,
	    "untracked and ignored files, too"),
	DIG_OPT_NEGATABLE('k', "keep-index", struct opts, keep_index,
	    "leave what is staged staged and in the files"),
	DIG_OPT_HEADING("apply, pop"),
	DIG_OPT_FLAG(
	    0, "index", struct opts, index, "stage again what was staged, too"),
	DIG_OPT_HEADING("show"),
	DIG_OPT_FLAG('p', "patch", struct opts, diff.patch, "print a patch"),
	DIG_OPT_FLAG(0, "stat", struct opts, diff.stat,
	    "lines that came and went, for people (the default)"),
	DIG_OPT_FLAG(0, "numstat", struct opts, diff.numstat,
	    "lines that came and went, for programs"),
	DIG_OPT_FLAG(0, "name-only", struct opts, diff.names, "paths only"),
	DIG_OPT_FLAG(
	    0, "name-status", struct opts, diff.status, "paths with a letter"),
	DIG_OPT_HEADING("all"),
	DIG_OPT_FLAG('q', "quiet", struct opts, quiet, "say nothing"),
	DIG_OPTS_COLOUR,
	DIG_OPTS_PROGRESS(struct opts, progress),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_stash = {
	"stash",
	"[push] [-m MESSAGE] [-u | -a] [-k] [-q] [--] [PATH...]\n"
	"list\n"
	"show [-p | --stat] [STASH]\n"
	"(pop | apply) [--index] [-q] [STASH]\n"
	"drop [-q] [STASH]\n"
	"clear\n"
	"branch NAME [STASH]",
	"Put changes aside, so that the files are those of HEAD, and bring "
	"them back later, here or on another branch. What is staged and what "
	"the files have become are kept apart.\n"
	"The newest entry is stash@{0}, the one before it stash@{1}; STASH is "
	"such a name, the number alone, or left out for the newest.\n"
	"pop brings the newest back and drops it, apply keeps it. Where the "
	"same lines have changed since, there are conflicts as in a merge, and "
	"pop keeps the entry, too.",
	options,
};

/* ---- push ------------------------------------------------------------- */

static enum dig_status
push(struct dig_cli *cli, struct dig_repo *repo, const struct opts *opts,
    char **paths, int npaths, struct dig_error *err)
{
	struct dig_stash_push_options how = { .message = opts->message,
		.untracked = opts->untracked || opts->ignored,
		.ignored = opts->ignored,
		.keep_index = opts->keep_index,
		.paths = (const char *const *)paths,
		.npaths = (size_t)npaths };
	struct dig_stash_push_result result;
	enum dig_status st;

	st = dig_stash_push(repo, &how, &result, err);
	dig_cli_progress_end(cli);
	if (st != DIG_OK || opts->quiet)
		goto out;
	if (result.nothing) {
		dig_out_puts(&cli->out, "No local changes to save\n");
		goto out;
	}
	dig_out_puts(&cli->out, "Saved working directory and index state ");
	dig_out_text(&cli->out, result.words, strlen(result.words));
	dig_out_puts(&cli->out, "\n");
out:
	free(result.words);
	return st;
}

/* ---- list and show ---------------------------------------------------- */

static enum dig_status
list(struct dig_cli *cli, struct dig_repo *repo, struct dig_error *err)
{
	struct dig_stashes all = { NULL, 0, 0 };
	enum dig_status st = dig_stash_list(repo, &all, err);

	for (size_t i = 0; st == DIG_OK && i < all.count; i++) {
		dig_out_printf(&cli->out, "stash@{%zu}: ", i);
		dig_out_text(
		    &cli->out, all.at[i].words, strlen(all.at[i].words));
		dig_out_puts(&cli->out, "\n");
	}
	dig_stashes_clear(&all);
	return st;
}

static enum dig_status
show(struct dig_cli *cli, struct dig_repo *repo, const struct opts *opts,
    const char *word, struct dig_error *err)
{
	struct dig_changes changes = DIG_CHANGES_INIT;
	struct dig_diff_between between = { .kind = DIG_DIFF_TREES };
	struct dig_diff_view view = { .out = &cli->out };
	struct dig_stash_entry entry;
	enum dig_status st;

	st = dig_stash_find(repo, word, &entry, err);
	if (st != DIG_OK)
		return st;
	between.old_root = entry.base_tree;
	between.new_root = entry.work;
	st = dig_diff_opts_apply(
	    &opts->diff, DIG_SHOW_STAT, &view, &between.rename_score, err);
	view.differ = dig_differ_new(repo);
	if (st == DIG_OK)
		st = dig_differ_changes(view.differ, &between, &changes, err);
	if (st == DIG_OK)
		st = dig_print_diff(&view, &changes, err);
	dig_differ_free(view.differ);
	dig_changes_clear(&changes);
	dig_stash_entry_clear(&entry);
	return st;
}

/* ---- apply and pop ---------------------------------------------------- */

static void
print_dropped(struct dig_cli *cli, const char *name, const struct dig_oid *id)
{
	char hex[DIG_OID_HEX + 1];

	dig_oid_hex(id, hex);
	dig_out_puts(&cli->out, "Dropped ");
	dig_out_text(&cli->out, name, strlen(name));
	dig_out_printf(&cli->out, " (%s)\n", hex);
}

static enum dig_status
tell_applied(struct dig_cli *cli, const struct opts *opts, bool pop,
    const struct dig_stash_apply_result *result, struct dig_error *err)
{
	char verb[] = "status";
	char *argv[] = { verb, NULL };
	enum dig_status st = DIG_OK;

	if (!opts->quiet) {
		dig_out_text(&cli->out, result->told.data, result->told.len);
		if (result->conflicts && opts->index)
			dig_cli_warn(cli, "what was staged is not staged "
					  "again: there are conflicts");
		st = dig_cmd_status(cli, 1, argv, err);
	}
	if (result->conflicts) {
		if (pop)
			dig_out_puts(&cli->out, "The stash entry is kept in "
						"case you need it again.\n");
		err->status = DIG_OK; /* it was said */
		return st == DIG_OK ? DIG_ENO : st;
	}
	if (result->dropped && !opts->quiet)
		print_dropped(cli, result->name, &result->id);
	return st;
}

static enum dig_status
apply(struct dig_cli *cli, struct dig_repo *repo, const struct opts *opts,
    bool pop, const char *word, struct dig_error *err)
{
	struct dig_stash_apply_options how = {
		.word = word, .index = opts->index, .pop = pop
	};
	struct dig_stash_apply_result result;
	enum dig_status st;

	st = dig_stash_apply(repo, &how, &result, err);
	dig_cli_progress_end(cli);
	if (st != DIG_OK)
		return st;
	st = tell_applied(cli, opts, pop, &result, err);
	dig_stash_apply_result_clear(&result);
	return st;
}

static enum dig_status
drop(struct dig_cli *cli, struct dig_repo *repo, const struct opts *opts,
    const char *word, struct dig_error *err)
{
	struct dig_stash_entry entry;
	enum dig_status st = dig_stash_drop(repo, word, &entry, err);

	if (st != DIG_OK)
		return st;
	if (!opts->quiet)
		print_dropped(cli, entry.name, &entry.id);
	dig_stash_entry_clear(&entry);
	return DIG_OK;
}

/* ---- branch ----------------------------------------------------------- */

/* One that was interrupted behind its switch goes on there. */
static bool
is_there(struct dig_repo *repo, const char *name,
    const struct dig_stash_entry *entry)
{
	const char *branch = dig_repo_branch(repo);
	struct dig_oid head;

	return branch != NULL && strcmp(branch, name) == 0 &&
	       dig_repo_head(repo, &head) && dig_oid_eq(&head, &entry->base);
}

static enum dig_status
make_branch(struct dig_cli *cli, struct dig_repo *repo, const struct opts *opts,
    const char *name, const char *word, struct dig_error *err)
{
	struct opts staged = *opts;
	char hex[DIG_OID_HEX + 1];
	struct dig_checkout_options to = { .rev = hex, .new_branch = name };
	struct dig_stash_entry entry;
	enum dig_status st;

	st = dig_stash_find(repo, word, &entry, err);
	if (st != DIG_OK)
		return st;
	dig_oid_hex(&entry.base, hex);
	if (!is_there(repo, name, &entry))
		st = dig_switch(cli, repo, &to, opts->quiet, err);
	staged.index = true;
	if (st == DIG_OK)
		st = apply(cli, repo, &staged, entry.ref != NULL, word, err);
	dig_stash_entry_clear(&entry);
	return st;
}

/* ---- The verb --------------------------------------------------------- */

enum what { PUSH, LIST, SHOW, APPLY, POP, DROP, CLEAR, BRANCH };

/* The word that says what to do, and how many operands it takes. */
static const struct {
	const char *word;
	int min;
	int max; /* -1: any number */
	bool pushes;
	bool applies;
	bool shows;
} whats[] = {
	[PUSH] = { "push", 0, -1, true, false, false },
	[LIST] = { "list", 0, 0, false, false, false },
	[SHOW] = { "show", 0, 1, false, false, true },
	[APPLY] = { "apply", 0, 1, false, true, false },
	[POP] = { "pop", 0, 1, false, true, false },
	[DROP] = { "drop", 0, 1, false, false, false },
	[CLEAR] = { "clear", 0, 0, false, false, false },
	[BRANCH] = { "branch", 1, 2, false, false, false },
};

/* The first operand, unless `--` stands before it; none: push. */
static enum dig_status
find_what(const struct dig_args *args, enum what *what, int *first,
    struct dig_error *err)
{
	*what = PUSH;
	*first = 0;
	if (args->argc == 0 || args->dashdash == 0)
		return DIG_OK;
	for (size_t i = 0; i < sizeof(whats) / sizeof(*whats); i++)
		if (strcmp(args->argv[0], whats[i].word) == 0) {
			*what = (enum what)i;
			*first = 1;
			return DIG_OK;
		}
	dig_ignore(dig_raise(err, DIG_EINVALID,
	    "stash does not know what '%.200s' means", args->argv[0]));
	dig_hint(err, "'dig stash push -- PATH' stashes some paths only; "
		      "'dig help stash' shows the rest");
	return DIG_EINVALID;
}

static enum dig_status
check(const struct opts *opts, enum what what, int count, struct dig_error *err)
{
	const struct dig_diff_opts *diff = &opts->diff;
	bool pushes = opts->message != NULL || opts->untracked ||
		      opts->ignored || opts->keep_index;
	bool shows = diff->patch || diff->stat || diff->numstat ||
		     diff->names || diff->status;
	const char *word = whats[what].word;

	if (pushes && !whats[what].pushes)
		return dig_raise(err, DIG_EINVALID,
		    "-m, -u, -a and -k go with 'push', not with '%s'", word);
	if (opts->index && !whats[what].applies)
		return dig_raise(err, DIG_EINVALID,
		    "--index goes with 'apply' and 'pop', not with '%s'", word);
	if (shows && !whats[what].shows)
		return dig_raise(err, DIG_EINVALID,
		    "ways to show go with 'show', not with '%s'", word);
	if (count < whats[what].min)
		return dig_raise(
		    err, DIG_EINVALID, "'%s' needs the name of a branch", word);
	if (whats[what].max >= 0 && count > whats[what].max)
		return dig_raise(err, DIG_EINVALID,
		    "'%s' takes %d operand%s at most", word, whats[what].max,
		    whats[what].max == 1 ? "" : "s");
	return DIG_OK;
}

static enum dig_status
run(struct dig_cli *cli, struct dig_repo *repo, const struct opts *opts,
    enum what what, char **argv, int argc, struct dig_error *err)
{
	const char *word = argc > 0 ? argv[0] : NULL;

	switch (what) {
	case PUSH:
		return push(cli, repo, opts, argv, argc, err);
	case LIST:
		return list(cli, repo, err);
	case SHOW:
		return show(cli, repo, opts, word, err);
	case APPLY:
	case POP:
		return apply(cli, repo, opts, what == POP, word, err);
	case DROP:
		return drop(cli, repo, opts, word, err);
	case CLEAR:
		return dig_stash_clear(repo, err);
	case BRANCH:
		break;
	}
	return make_branch(
	    cli, repo, opts, argv[0], argc > 1 ? argv[1] : NULL, err);
}

enum dig_status
dig_cmd_stash(struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct opts opts = { .diff = DIG_DIFF_OPTS_INIT };
	struct dig_repo *repo = NULL;
	struct dig_args args;
	enum dig_status st;
	enum what what;
	int first;

	st = dig_opt_parse(&dig_usage_stash, argc, argv, &opts, &args, err);
	if (st == DIG_OK)
		st = find_what(&args, &what, &first, err);
	if (st == DIG_OK)
		st = check(&opts, what, args.argc - first, err);
	if (st == DIG_OK && !dig_progress_choice_ok(opts.progress))
		st = dig_raise(
		    err, DIG_EINVALID, "--progress takes 'json' or nothing");
	if (st != DIG_OK)
		return st;
	cli->progress_choice = opts.progress;
	st = dig_cli_repo(cli, &repo, err);
	if (st != DIG_OK)
		return st;
	return run(
	    cli, repo, &opts, what, args.argv + first, args.argc - first, err);
}
