/* SPDX-License-Identifier: MIT
 *
 * dig commit
 */
#include <inttypes.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/commit_merge.h"
#include "cmd/editor.h"
#include "cmd/json.h"
#include "cmd/message.h"
#include "cmd/print_patch.h"
#include "cmd/ssh_keygen.h"
#include "cmd/text.h"

#define EDIT_NAME "COMMIT_EDITMSG"
#define LISTED_MAX 200              /* changes shown in the editor */
#define PATCH_MAX ((size_t)1 << 20) /* bytes of a patch shown there */

struct opts {
	bool all;
	struct dig_list messages;
	const char *file;
	bool amend;
	bool no_edit;
	bool verbose;
	bool allow_empty;
	bool no_verify;
	bool sign;
	const char *author;
	const char *date;
	bool quiet;
	const char *progress;
	bool json;
	struct dig_commit_merge *merge; /* of an operation in progress */
};

static const struct dig_opt options[] = {
	DIG_OPT_FLAG('a', "all", struct opts, all,
	    "stage every tracked file that changed or is gone first"),
	DIG_OPT_LIST('m', "message", struct opts, messages, "MESSAGE",
	    "the message; given again, the next paragraph"),
	DIG_OPT_STRING('F', "file", struct opts, file, "FILE",
	    "take the message from FILE, - is standard input"),
	DIG_OPT_FLAG(0, "amend", struct opts, amend,
	    "replace the commit that HEAD names"),
	DIG_OPT_FLAG(0, "no-edit", struct opts, no_edit,
	    "with --amend: keep its message; else the prepared one"),
	DIG_OPT_FLAG('v', "verbose", struct opts, verbose,
	    "show what will be recorded in the editor, as a patch"),
	DIG_OPT_FLAG(0, "allow-empty", struct opts, allow_empty,
	    "record a commit that changes nothing"),
	DIG_OPT_FLAG('n', "no-verify", struct opts, no_verify,
	    "do not run the hooks pre-commit and commit-msg"),
	DIG_OPT_NEGATABLE('S', "gpg-sign", struct opts, sign,
	    "sign the commit, with user.signingKey"),
	DIG_OPT_STRING(0, "author", struct opts, author, "AUTHOR",
	    "somebody else wrote it: 'Name <email>'"),
	DIG_OPT_STRING(
	    0, "date", struct opts, date, "DATE", "when it was written"),
	DIG_OPT_FLAG('q', "quiet", struct opts, quiet, "print nothing"),
	DIG_OPTS_PROGRESS(struct opts, progress),
	DIG_OPT_JSON(struct opts, json),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_commit = {
	"commit",
	"[-a] [-v] [-m MESSAGE]... [-F FILE] [--amend [--no-edit]]\n"
	"[--allow-empty] [--author AUTHOR] [--date DATE] [-S] [-n] [-q]\n"
	"[--json]",
	"Record what is staged as a new commit, and move the branch to it. "
	"Without -m and -F an editor asks for the message. Hooks may refuse: "
	"'dig help hook'.",
	options,
};

/* ---- The message ------------------------------------------------------ */

struct listing {
	struct dig_buf *out;
	size_t count;
};

static bool
on_change(void *arg, char kind, const void *path, size_t len)
{
	struct listing *listing = arg;
	struct dig_buf *out = listing->out;

	if (listing->count++ == LISTED_MAX) {
		dig_buf_puts(out, "#\t...\n");
		return false;
	}
	dig_buf_puts(out, "#\t");
	dig_buf_puts(out, kind == 'A'   ? "new file:   "
			  : kind == 'D' ? "deleted:    "
			  : kind == 'T' ? "typechange: "
					: "modified:   ");
	dig_quote_shown(out, path, len);
	dig_buf_putc(out, '\n');
	return true;
}

/* What will be recorded, below a line that ends the message. */
static enum dig_status
put_patch(struct dig_repo *repo, bool amend, struct dig_buf *out,
    struct dig_error *err)
{
	struct dig_diff_between between = { .kind = DIG_DIFF_TREE_STAGED,
		.rename_score = DIG_SCORE_DEFAULT };
	struct dig_diff_view view = { .text = DIG_TEXT_OPTIONS_INIT };
	struct dig_changes changes = DIG_CHANGES_INIT;
	size_t start = out->len;
	struct dig_out text;
	enum dig_status st;

	dig_out_init(&text, -1);
	dig_tree_empty(&between.old_root);
	view.differ = dig_differ_new(repo);
	view.out = &text;
	st = dig_revision_tree(
	    repo, amend ? "HEAD^" : "HEAD", &between.old_root, err);
	if (st == DIG_ENOTFOUND)
		st = DIG_OK; /* a first commit */
	if (st == DIG_OK)
		st = dig_differ_changes(view.differ, &between, &changes, err);
	dig_buf_puts(out, DIG_MESSAGE_SCISSORS
	    "# Everything from the line above on is left out.\n");
	for (size_t i = 0; st == DIG_OK && i < changes.count; i++) {
		dig_buf_reset(&text.buf);
		st = dig_print_patch(&view, &changes.at[i], err);
		if (st != DIG_OK)
			break;
		if (out->len - start + text.buf.len > PATCH_MAX) {
			dig_buf_printf(out, "# ... and %zu files more\n",
			    changes.count - i);
			break;
		}
		dig_buf_put(out, text.buf.data, text.buf.len);
	}
	dig_out_clear(&text);
	dig_changes_clear(&changes);
	dig_differ_free(view.differ);
	return st;
}

/* What the editor shows: the old message, and what will be recorded. */
static enum dig_status
make_template(struct dig_repo *repo, const struct opts *opts,
    const struct dig_op *op, struct dig_buf *out, struct dig_error *err)
{
	struct listing listing = { out, 0 };
	const char *branch = dig_repo_branch(repo);
	struct dig_oid head;
	enum dig_status st = DIG_OK;

	if (opts->amend && dig_repo_head(repo, &head))
		st = dig_record_message(repo, &head, out, err);
	else
		dig_buf_put(out, op->message.data, op->message.len);
	if (st != DIG_OK)
		return st;
	if (op->nparents > 0)
		dig_buf_puts(out, "\n# This records a merge.");
	else if (dig_op_copies(op) && op->message.len > 0)
		dig_buf_printf(
		    out, "\n# This is part of a %s.", dig_op_verb(op->kind));
	dig_buf_puts(out,
	    "\n# The message of the commit. Lines that begin with '#' are "
	    "left out,\n# and an empty message records nothing.\n#\n");
	if (branch != NULL)
		dig_buf_printf(out, "# On branch %s\n", branch);
	else
		dig_buf_puts(out, "# HEAD names no branch\n");
	dig_buf_puts(out, "# Changes to be committed:\n");
	st =
	    dig_record_each_change(repo, opts->amend, on_change, &listing, err);
	if (st == DIG_OK && listing.count == 0 && !opts->amend &&
	    !opts->allow_empty && op->nparents == 0) {
		st = dig_raise(err, DIG_ENO, "nothing to commit");
		dig_hint(err, "stage changes with 'dig add'");
	}
	return st;
}

/* Which hooks there are for the message. */
struct hooks {
	bool prepare;
	bool check;
	bool ran_before; /* pre-commit, and what it staged may be new */
};

static enum dig_hook
first_hook(const struct opts *opts)
{
	return opts->merge != NULL && !opts->merge->copies
		   ? DIG_HOOK_PRE_MERGE_COMMIT
		   : DIG_HOOK_PRE_COMMIT;
}

/* Before anything is done: those that would refuse for want of trust. */
static enum dig_status
check_hooks(struct dig_repo *repo, const struct opts *opts, struct hooks *hooks,
    struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	if (!opts->no_verify)
		st = dig_hook_check(repo, first_hook(opts), NULL, err);
	if (st == DIG_OK)
		st = dig_hook_check(
		    repo, DIG_HOOK_PREPARE_COMMIT_MSG, &hooks->prepare, err);
	if (st == DIG_OK && !opts->no_verify)
		st = dig_hook_check(
		    repo, DIG_HOOK_COMMIT_MSG, &hooks->check, err);
	return st;
}

/* Where the message comes from, in git's words, and which commit it was of. */
static enum dig_status
prepare_message(struct dig_repo *repo, const struct opts *opts,
    const char *source, const char *path, struct dig_error *err)
{
	const char *args[3] = { path, source, NULL };
	char hex[DIG_OID_HEX + 1];
	struct dig_oid head;
	size_t nargs = 1;

	if (source != NULL) {
		nargs++;
	} else if (opts->amend && dig_repo_head(repo, &head)) {
		dig_oid_hex(&head, hex);
		args[nargs++] = "commit";
		args[nargs++] = hex;
	}
	return dig_hook_run(
	    repo, DIG_HOOK_PREPARE_COMMIT_MSG, args, nargs, NULL, err);
}

/* A message as it passes through the file, hooks and the editor. */
static enum dig_status
pass_through(struct dig_cli *cli, struct dig_repo *repo,
    const struct opts *opts, const struct hooks *hooks, const char *source,
    bool edit, struct dig_buf *text, struct dig_error *err)
{
	struct dig_buf path = DIG_BUF_INIT;
	const char *args[1];
	enum dig_status st;

	st = dig_message_write(repo, EDIT_NAME, text, &path, err);
	args[0] = (const char *)path.data;
	if (st == DIG_OK && hooks->prepare)
		st = prepare_message(repo, opts, source, args[0], err);
	if (st == DIG_OK && edit)
		st = dig_editor_run(dig_cli_config(cli), args[0], text, err);
	if (st == DIG_OK && hooks->check)
		st =
		    dig_hook_run(repo, DIG_HOOK_COMMIT_MSG, args, 1, NULL, err);
	if (st == DIG_OK)
		st = dig_message_read(args[0], text, err);
	dig_buf_clear(&path);
	return st;
}

/* --no-edit without --amend: a merge has a message prepared. */
static enum dig_status
prepared_message(
    const struct dig_op *op, struct dig_buf *out, struct dig_error *err)
{
	if (op->message.len == 0)
		return dig_raise(err, DIG_EINVALID,
		    "--no-edit needs a message: -m, -F or --amend");
	dig_buf_put(out, op->message.data, op->message.len);
	return DIG_OK;
}

/* Where the message comes from; *kept: it is that of the amended commit. */
static enum dig_status
find_message(struct dig_cli *cli, struct dig_repo *repo,
    const struct opts *opts, const struct hooks *hooks, struct dig_buf *out,
    bool *edited, bool *kept, struct dig_error *err)
{
	bool given = opts->messages.count > 0 || opts->file != NULL;
	bool hooked = hooks->prepare || hooks->check;
	struct dig_buf text = DIG_BUF_INIT;
	const char *source;
	struct dig_oid head;
	struct dig_op op;
	enum dig_status st;
	bool patch;

	*kept = !given && opts->amend && opts->no_edit;
	*edited = !given && !opts->no_edit;
	patch = *edited && opts->verbose;
	st = dig_operation(repo, &op, err);
	if (st == DIG_OK)
		st = dig_op_unmerged(&op, "commit", err);
	if (st != DIG_OK)
		goto out;
	if (given)
		st = dig_message_given(&opts->messages, opts->file, &text, err);
	else if (*edited)
		st = make_template(repo, opts, &op, &text, err);
	else if (!*kept)
		st = prepared_message(&op, &text, err);
	else if (hooked && dig_repo_head(repo, &head))
		st = dig_record_message(repo, &head, &text, err);
	if (st == DIG_OK && patch)
		st = put_patch(repo, opts->amend, &text, err);
	if (st == DIG_OK && (*edited || hooked)) {
		struct dig_buf before = DIG_BUF_INIT;

		dig_buf_put(&before, text.data, text.len);
		source = given                ? "message"
			 : op.message.len > 0 ? "merge"
					      : NULL;
		st = pass_through(
		    cli, repo, opts, hooks, source, *edited, &text, err);
		*kept = *kept && before.len == text.len &&
			memcmp(before.data, text.data, text.len) == 0;
		dig_buf_clear(&before);
	}
	if (st == DIG_OK)
		dig_message_clean(text.data,
		    patch ? dig_message_scissors(&text) : text.len, *edited,
		    out);
out:
	dig_op_clear(&op);
	dig_buf_clear(&text);
	return st;
}

/* ---- Printing --------------------------------------------------------- */

static void
put_count(struct dig_out *out, uint64_t count, const char *what)
{
	if (count != 0)
		dig_out_printf(out, ", %" PRIu64 " %s", count, what);
}

static void
print_words(
    struct dig_cli *cli, const struct dig_recorded *record, const char *id)
{
	uint64_t files = record->added + record->modified + record->deleted;
	struct dig_out *out = &cli->out;
	struct dig_buf raw = DIG_BUF_INIT, stored = DIG_BUF_INIT;

	dig_out_puts(out, "[");
	if (record->branch != NULL)
		dig_out_text(out, record->branch, strlen(record->branch));
	else
		dig_out_puts(out, "detached HEAD");
	dig_out_printf(
	    out, "%s %s] ", record->is_root ? " (root-commit)" : "", id);
	dig_out_text(out, record->subject, strlen(record->subject));
	dig_out_printf(
	    out, "\n %" PRIu64 " file%s changed", files, files == 1 ? "" : "s");
	put_count(out, record->added, "added");
	put_count(out, record->modified, "modified");
	put_count(out, record->deleted, "deleted");
	dig_format_size(&raw, record->raw_bytes);
	dig_format_size(&stored, record->stored_bytes);
	dig_out_printf(out, "\n %" PRIu64 " new chunk%s of %s, %s stored",
	    record->new_chunks, record->new_chunks == 1 ? "" : "s",
	    (const char *)raw.data, (const char *)stored.data);
	if (record->raw_bytes != 0)
		dig_out_printf(out, ", dedup ratio %.2f",
		    (double)record->file_bytes / (double)record->raw_bytes);
	dig_out_puts(out, "\n");
	dig_buf_clear(&raw);
	dig_buf_clear(&stored);
}

static void
print_json(struct dig_cli *cli, const struct dig_recorded *record)
{
	char hex[DIG_OID_HEX + 1];
	struct dig_json json;

	dig_oid_hex(&record->id, hex);
	dig_json_init(&json, &cli->out);
	dig_json_object(&json, NULL);
	dig_json_string(&json, "commit", hex);
	if (record->branch != NULL)
		dig_json_string(&json, "branch", record->branch);
	else
		dig_json_null(&json, "branch");
	dig_json_string(&json, "subject", record->subject);
	dig_json_bool(&json, "is_root", record->is_root);
	dig_json_uint(&json, "added", record->added);
	dig_json_uint(&json, "modified", record->modified);
	dig_json_uint(&json, "deleted", record->deleted);
	dig_json_uint(&json, "file_bytes", record->file_bytes);
	dig_json_uint(&json, "new_chunks", record->new_chunks);
	dig_json_uint(&json, "raw_bytes", record->raw_bytes);
	dig_json_uint(&json, "stored_bytes", record->stored_bytes);
	dig_json_object_end(&json);
	dig_json_end(&json);
}

static void
tell(struct dig_cli *cli, struct dig_repo *repo, const struct opts *opts,
    const struct dig_recorded *record)
{
	struct dig_error err = DIG_ERROR_INIT;
	char id[DIG_OID_HEX + 1];

	if (record->index_is_behind)
		dig_cli_warn(cli,
		    "the commit is recorded; the index is behind, and the "
		    "next command will bring it up to date");
	dig_oid_hex(&record->id, id);
	id[DIG_REVISION_SHORT] = '\0';
	if (opts->json) {
		print_json(cli, record);
	} else if (!opts->quiet) {
		dig_ignore(dig_revision_short(
		    repo, &record->id, DIG_REVISION_SHORT, id, &err));
		print_words(cli, record, id);
	}
}

/* ---- The verb --------------------------------------------------------- */

static enum dig_status
check_opts(
    const struct opts *opts, const struct dig_args *args, struct dig_error *err)
{
	if (args->argc != 0) {
		dig_ignore(
		    dig_raise(err, DIG_EINVALID, "commit takes no paths"));
		dig_hint(err, "stage '%.200s' with 'dig add', then commit",
		    args->argv[0]);
		return DIG_EINVALID;
	}
	if (opts->messages.count != 0 && opts->file != NULL)
		return dig_raise(
		    err, DIG_EINVALID, "-m and -F do not go together");
	return DIG_OK;
}

/* -a; a file that cannot be read stops the commit. */
static enum dig_status
stage_tracked(struct dig_cli *cli, struct dig_repo *repo, uint64_t *op,
    struct dig_error *err)
{
	struct dig_stage_options how = { .tracked_only = true,
		.verb = "commit: staging" };
	struct dig_stage_result result = { 0 };
	enum dig_status st;

	st = dig_stage(repo, &how, &result, err);
	dig_cli_progress_end(cli);
	*op = result.op;
	return st;
}

/* Hooks may stage; what is staged when they are done is what is recorded. */
static enum dig_status
stage(struct dig_cli *cli, struct dig_repo *repo, const struct opts *opts,
    struct hooks *hooks, uint64_t *op, struct dig_error *err)
{
	enum dig_status st = check_hooks(repo, opts, hooks, err);

	if (st == DIG_OK && opts->all)
		st = stage_tracked(cli, repo, op, err);
	if (st == DIG_OK && !opts->no_verify)
		st = dig_hook_run(
		    repo, first_hook(opts), NULL, 0, &hooks->ran_before, err);
	return st;
}

/* The commit is there, whatever comes now. */
static void
run_post_commit(struct dig_repo *repo)
{
	struct dig_error warned = DIG_ERROR_INIT;

	dig_ignore(
	    dig_hook_run(repo, DIG_HOOK_POST_COMMIT, NULL, 0, NULL, &warned));
}

static enum dig_status
run(struct dig_cli *cli, const struct opts *opts, struct dig_error *err)
{
	struct dig_record_options how = { 0 };
	struct dig_recorded record = { 0 };
	struct dig_buf message = DIG_BUF_INIT;
	struct dig_repo *repo = NULL;
	struct hooks hooks = { 0 };
	struct dig_oid staged;
	enum dig_status st;
	bool edited, kept;

	cli->progress_choice = opts->progress;
	cli->read_input = opts->file != NULL && strcmp(opts->file, "-") == 0;
	st = dig_cli_repo(cli, &repo, err);
	if (st == DIG_OK && opts->amend && !dig_repo_head(repo, &staged))
		st = dig_raise(err, DIG_EINVALID,
		    "there is no commit yet that could be amended");
	if (st == DIG_OK)
		st = stage(cli, repo, opts, &hooks, &how.op, err);
	if (st != DIG_OK)
		return st;
	dig_repo_staged_root(repo, &staged);
	st = find_message(
	    cli, repo, opts, &hooks, &message, &edited, &kept, err);
	if (st != DIG_OK)
		goto out;
	how.message = kept ? NULL : message.data;
	how.message_len = message.len;
	how.author = opts->author;
	how.date = opts->date;
	how.amend = opts->amend;
	how.allow_empty = opts->allow_empty;
	how.sign = opts->sign ? dig_ssh_sign : NULL;
	how.sign_arg = cli;
	if (edited || hooks.prepare || hooks.check || hooks.ran_before)
		how.staged = &staged;
	if (opts->merge != NULL) {
		how.verb = opts->merge->verb;
		how.op = opts->merge->op;
	}
	if (!kept && message.len == 0)
		st = dig_raise(
		    err, DIG_ENO, "nothing is committed: the message is empty");
	if (st == DIG_OK)
		st = dig_record_commit(repo, &how, &record, err);
	if (st == DIG_OK && (opts->merge == NULL || opts->merge->copies))
		run_post_commit(repo);
	if (st == DIG_OK && opts->merge != NULL) {
		opts->merge->op = record.op;
		opts->merge->id = record.id;
		opts->merge->subject = dig_strdup(record.subject);
	}
	if (st == DIG_OK)
		tell(cli, repo, opts, &record);
out:
	dig_recorded_clear(&record);
	dig_buf_clear(&message);
	return st;
}

/* What the user's own settings say of every commit. */
static bool
signs_always(struct dig_cli *cli)
{
	struct dig_error ignored;
	bool always = false;

	return dig_config_get_bool(dig_cli_config(cli), "commit.gpgSign",
		   &always, NULL, &ignored) == DIG_OK &&
	       always;
}

enum dig_status
dig_cmd_commit(
    struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct opts opts = { .sign = signs_always(cli) };
	struct dig_args args;
	enum dig_status st;

	st = dig_opt_parse(&dig_usage_commit, argc, argv, &opts, &args, err);
	if (st == DIG_OK)
		st = check_opts(&opts, &args, err);
	if (st == DIG_OK)
		st = run(cli, &opts, err);
	dig_list_clear(&opts.messages);
	return st;
}

enum dig_status
dig_commit_merge(
    struct dig_cli *cli, struct dig_commit_merge *how, struct dig_error *err)
{
	struct opts opts = { .merge = how,
		.allow_empty = how->allow_empty,
		.sign = signs_always(cli),
		.no_edit = !how->edit,
		.no_verify = how->no_verify,
		.progress = cli->progress_choice,
		.quiet = true };

	return run(cli, &opts, err);
}
