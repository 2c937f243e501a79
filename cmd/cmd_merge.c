/* SPDX-License-Identifier: MIT
 *
 * dig merge: bring another line of history into HEAD's.
 */
#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/commit_merge.h"
#include "cmd/message.h"

struct opts {
	const char *ff; /* "only", "no"; NULL or "yes": where it can be */
	bool commit;
	bool edit;
	bool unrelated;
	const char *favor; /* -X: "ours", "theirs" */
	struct dig_list messages;
	const char *file;
	bool no_verify;
	bool abort;
	bool go_on;
	bool quiet;
	const char *progress;
};

static const struct dig_opt options[] = {
	DIG_OPT_FIXED(0, "ff", struct opts, ff, "yes",
	    "only move the branch where it can be (the default)"),
	DIG_OPT_FIXED(
	    0, "no-ff", struct opts, ff, "no", "make a commit in any case"),
	DIG_OPT_FIXED(0, "ff-only", struct opts, ff, "only",
	    "only move the branch, or refuse"),
	DIG_OPT_NEGATABLE(0, "commit", struct opts, commit,
	    "record the merge when there is no conflict (the default)"),
	DIG_OPT_NEGATABLE(
	    'e', "edit", struct opts, edit, "edit the message of the commit"),
	DIG_OPT_LIST('m', "message", struct opts, messages, "MESSAGE",
	    "the message of the commit; given again, the next paragraph"),
	DIG_OPT_STRING('F', "file", struct opts, file, "FILE",
	    "take the message from FILE, - is standard input"),
	DIG_OPT_FLAG(0, "no-verify", struct opts, no_verify,
	    "do not run the hooks pre-merge-commit and commit-msg"),
	DIG_OPT_FLAG(0, "allow-unrelated-histories", struct opts, unrelated,
	    "also merge what has nothing in common with HEAD"),
	DIG_OPT_STRING('X', "strategy-option", struct opts, favor, "SIDE",
	    "where both changed the same, take 'ours' or 'theirs'"),
	DIG_OPT_FLAG(0, "abort", struct opts, abort,
	    "give up a merge that has conflicts"),
	DIG_OPT_FLAG(
	    0, "continue", struct opts, go_on, "record it when they are gone"),
	DIG_OPT_FLAG('q', "quiet", struct opts, quiet, "say nothing"),
	DIG_OPTS_PROGRESS(struct opts, progress),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_merge = {
	"merge",
	"[--ff | --no-ff | --ff-only] [--no-commit] [-e] [-m MESSAGE]... "
	"[-F FILE] [--no-verify] [--allow-unrelated-histories] [-X SIDE] [-q] "
	"REV\n"
	"--abort\n"
	"--continue",
	"Bring the commits of REV into the branch that HEAD is on: where HEAD "
	"has no commits of its own, by moving the branch, else by a commit "
	"with "
	"both parents.\n"
	"What both sides changed in the same place is a conflict: the file has "
	"both versions between markers, and 'dig status' lists it. Edit it, "
	"say so with 'dig add', and record the merge with 'dig commit'.",
	options,
};

/* --continue: record what was prepared, as 'dig commit' does. */
static enum dig_status
go_on(struct dig_cli *cli, struct dig_repo *repo, struct dig_error *err)
{
	char verb[] = "commit";
	char *argv[] = { verb, NULL };
	struct dig_op op;
	enum dig_status st;

	st = dig_operation(repo, &op, err);
	if (st == DIG_OK)
		st = dig_op_need(&op, DIG_OP_MERGE, err);
	dig_op_clear(&op);
	return st == DIG_OK ? dig_cmd_commit(cli, 1, argv, err) : st;
}

static enum dig_status
give_up(struct dig_cli *cli, struct dig_repo *repo, struct dig_error *err)
{
	struct dig_checkout_result result;
	enum dig_status st;

	st = dig_sequence_abort(repo, DIG_OP_MERGE, &result, err);
	dig_cli_progress_end(cli);
	if (st == DIG_OK)
		dig_checkout_result_clear(&result);
	return st;
}

static int
side_of(const struct opts *opts)
{
	return opts->favor == NULL                  ? 0
	       : strcmp(opts->favor, "ours") == 0   ? DIG_SIDE_OURS
	       : strcmp(opts->favor, "theirs") == 0 ? DIG_SIDE_THEIRS
						    : -1;
}

static enum dig_ff
ff_of(const struct opts *opts)
{
	if (opts->ff == NULL || opts->ff[0] == 'y')
		return DIG_FF_ALLOWED;
	return opts->ff[0] == 'n' ? DIG_FF_NEVER : DIG_FF_ONLY;
}

static void
put_short(struct dig_cli *cli, struct dig_repo *repo, const struct dig_oid *id)
{
	struct dig_error ignored = DIG_ERROR_INIT;
	char hex[DIG_OID_HEX + 1];

	if (dig_history_short(repo, id, hex, &ignored) != DIG_OK)
		dig_oid_hex(id, hex);
	dig_out_puts(&cli->out, hex);
}

static void
print(struct dig_cli *cli, struct dig_repo *repo,
    const struct dig_merge_result *result)
{
	struct dig_out *out = &cli->out;

	switch (result->outcome) {
	case DIG_MERGE_ALREADY:
		dig_out_puts(out, "Already up to date.\n");
		break;
	case DIG_MERGE_FAST_FORWARD:
		if (!dig_oid_is_zero(&result->from)) {
			dig_out_puts(out, "Updating ");
			put_short(cli, repo, &result->from);
			dig_out_puts(out, "..");
			put_short(cli, repo, &result->to);
			dig_out_puts(out, "\n");
		}
		dig_out_puts(out, "Fast-forward\n");
		break;
	case DIG_MERGE_COMMITTED:
		dig_out_puts(out, "Merge made.\n");
		break;
	case DIG_MERGE_STOPPED:
		dig_out_puts(out, "Automatic merge went well; stopped before "
				  "committing as requested\n");
		break;
	case DIG_MERGE_CONFLICTS:
		dig_out_puts(out, "Automatic merge failed; fix conflicts and "
				  "then commit the result.\n");
		break;
	}
}

/* With hooks, or a message to edit: it is staged, and in progress. */
static enum dig_status
conclude(struct dig_cli *cli, const struct opts *opts, const char *rev,
    struct dig_merge_result *result, struct dig_error *err)
{
	struct dig_commit_merge how = { .op = result->op,
		.edit = opts->edit,
		.no_verify = opts->no_verify };
	struct dig_buf verb = DIG_BUF_INIT;
	enum dig_status st;

	dig_buf_printf(&verb, "merge %.1000s: Merge made", rev);
	how.verb = (const char *)verb.data;
	st = dig_commit_merge(cli, &how, err);
	free(how.subject);
	if (st == DIG_OK)
		result->outcome = DIG_MERGE_COMMITTED;
	else if (st != DIG_EDENIED)
		dig_hint(err, "'dig commit' records the merge, 'dig merge "
			      "--abort' gives it up");
	dig_buf_clear(&verb);
	return st;
}

/* The merge is there, whatever comes now. */
static void
run_post_merge(struct dig_repo *repo)
{
	struct dig_error warned = DIG_ERROR_INIT;
	const char *args[1] = { "0" }; /* no squash */

	dig_ignore(
	    dig_hook_run(repo, DIG_HOOK_POST_MERGE, args, 1, NULL, &warned));
}

static enum dig_status
finish(struct dig_cli *cli, struct dig_repo *repo, const struct opts *opts,
    const char *rev, struct dig_merge_result *result, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	if (!opts->quiet)
		dig_out_text(&cli->out, result->told.data, result->told.len);
	dig_out_flush(&cli->out);
	if (opts->commit && result->outcome == DIG_MERGE_STOPPED)
		st = conclude(cli, opts, rev, result, err);
	if (st == DIG_OK && !opts->quiet)
		print(cli, repo, result);
	dig_out_flush(&cli->out);
	if (result->outcome == DIG_MERGE_FAST_FORWARD ||
	    result->outcome == DIG_MERGE_COMMITTED)
		run_post_merge(repo);
	if (result->outcome == DIG_MERGE_CONFLICTS) {
		err->status = DIG_OK; /* it was said */
		st = DIG_ENO;
	}
	return st;
}

static enum dig_status
merge(struct dig_cli *cli, struct dig_repo *repo, const struct opts *opts,
    const char *rev, struct dig_error *err)
{
	struct dig_merge_options how = { .rev = rev,
		.ff = ff_of(opts),
		.unrelated = opts->unrelated,
		.no_commit = !opts->commit,
		.edit = opts->edit,
		.no_verify = opts->no_verify,
		.favor = side_of(opts) };
	struct dig_merge_result result;
	struct dig_buf message = DIG_BUF_INIT;
	enum dig_status st = DIG_OK;

	if (opts->messages.count > 0 || opts->file != NULL) {
		st = dig_message_given(
		    &opts->messages, opts->file, &message, err);
		how.message = (const char *)message.data;
		if (st == DIG_OK && message.len == 0)
			how.message = NULL;
	}
	if (st == DIG_OK)
		st = dig_merge(repo, &how, &result, err);
	dig_cli_progress_end(cli);
	dig_buf_clear(&message);
	if (st != DIG_OK)
		return st;
	st = finish(cli, repo, opts, rev, &result, err);
	dig_merge_result_clear(&result);
	return st;
}

/* One of the options about a merge that begins. */
static bool
says_how(const struct opts *opts)
{
	return opts->ff != NULL || !opts->commit || opts->edit ||
	       opts->unrelated || opts->messages.count > 0 ||
	       opts->file != NULL || opts->no_verify || opts->favor != NULL;
}

enum dig_status
dig_cmd_merge(struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct opts opts = { .commit = true };
	struct dig_repo *repo = NULL;
	struct dig_args args;
	enum dig_status st;

	st = dig_opt_parse(&dig_usage_merge, argc, argv, &opts, &args, err);
	if (st != DIG_OK)
		goto out;
	if (!dig_progress_choice_ok(opts.progress))
		st = dig_raise(
		    err, DIG_EINVALID, "--progress takes 'json' or nothing");
	else if (side_of(&opts) < 0)
		st = dig_raise(err, DIG_EINVALID,
		    "-X takes 'ours' or 'theirs', not '%.100s'", opts.favor);
	else if (opts.messages.count > 0 && opts.file != NULL)
		st = dig_raise(
		    err, DIG_EINVALID, "-m and -F do not go together");
	else if (opts.abort || opts.go_on) {
		if (args.argc > 0 || (opts.abort && opts.go_on) ||
		    says_how(&opts))
			st = dig_raise(err, DIG_EINVALID,
			    "--abort and --continue stand alone");
	} else if (args.argc != 1)
		st = dig_raise(err, DIG_EINVALID,
		    args.argc == 0 ? "merge which revision?"
				   : "merge takes one revision");
	if (st != DIG_OK)
		goto out;
	cli->progress_choice = opts.progress;
	cli->read_input = opts.file != NULL && strcmp(opts.file, "-") == 0;
	st = dig_cli_repo(cli, &repo, err);
	if (st == DIG_OK && opts.abort)
		st = give_up(cli, repo, err);
	else if (st == DIG_OK && opts.go_on)
		st = go_on(cli, repo, err);
	else if (st == DIG_OK)
		st = merge(cli, repo, &opts, args.argv[0], err);
out:
	dig_list_clear(&opts.messages);
	return st;
}
