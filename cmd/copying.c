/* SPDX-License-Identifier: MIT
 *
 * Going through commits that are copied: words, hooks, the editor.
 */
#include "cmd/copying.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/commit_merge.h"
#include "cmd/switched.h"

/* A sequence on its way. */
struct going {
	struct dig_cli *cli;
	struct dig_repo *repo;
	enum dig_op_kind kind;
	bool edit;
	bool quiet;
	bool stop_each;
};

/* ---- Words ------------------------------------------------------------ */

static void
short_id(
    struct dig_repo *repo, const struct dig_oid *id, char out[DIG_OID_HEX + 1])
{
	struct dig_error ignored = DIG_ERROR_INIT;

	dig_oid_hex(id, out);
	out[DIG_REVISION_SHORT] = '\0';
	dig_ignore(dig_history_short(repo, id, out, &ignored));
}

/* "[main 1a2b3c] subject" */
static void
print_commit(
    const struct going *go, const struct dig_oid *id, const char *subject)
{
	const char *branch = dig_repo_branch(go->repo);
	struct dig_out *out = &go->cli->out;
	char hex[DIG_OID_HEX + 1];

	if (go->quiet || go->kind == DIG_OP_REBASE)
		return;
	short_id(go->repo, id, hex);
	dig_out_puts(out, "[");
	if (branch != NULL)
		dig_out_text(out, branch, strlen(branch));
	else
		dig_out_puts(out, "detached HEAD");
	dig_out_printf(out, " %s] ", hex);
	dig_out_text(out, subject, strlen(subject));
	dig_out_puts(out, "\n");
}

static void
print_one(const struct going *go, const struct dig_copied_commit *one)
{
	struct dig_out *out = &go->cli->out;
	char hex[DIG_OID_HEX + 1];

	if (go->kind != DIG_OP_REBASE) /* git tells of the last one there */
		dig_out_text(out, one->told.data, one->told.len);
	short_id(go->repo, &one->from, hex);
	switch (one->what) {
	case DIG_COPIED:
	case DIG_COPIED_AS_IT_IS:
		if (!dig_oid_is_zero(&one->to))
			print_commit(go, &one->to, one->subject);
		return;
	case DIG_COPIED_EMPTY:
		dig_out_printf(out, "dropping %s ", hex);
		dig_out_text(out, one->subject, strlen(one->subject));
		dig_out_puts(out, " -- its changes are there already\n");
		return;
	case DIG_COPIED_UPSTREAM:
		dig_out_printf(out, "skipping %s ", hex);
		dig_out_text(out, one->subject, strlen(one->subject));
		dig_out_puts(out, " -- upstream has the same change\n");
		return;
	}
}

static void
print_rebased(const struct going *go, const struct dig_sequence_result *result)
{
	struct dig_out *out = &go->cli->out;
	bool there = result->outcome == DIG_SEQUENCE_UP_TO_DATE;

	dig_out_puts(out, there ? "Current branch "
			  : result->branch != NULL
			      ? "Successfully rebased and updated "
				"refs/heads/"
			      : "Successfully rebased.");
	if (result->branch != NULL)
		dig_out_text(out, result->branch, strlen(result->branch));
	else if (there)
		dig_out_puts(out, "HEAD");
	dig_out_puts(out, there                    ? " is up to date.\n"
			  : result->branch != NULL ? ".\n"
						   : "\n");
}

static void
print(const struct going *go, const struct dig_sequence_result *result)
{
	if (go->quiet)
		return;
	for (size_t i = 0; i < result->count; i++)
		print_one(go, &result->at[i]);
	dig_out_text(&go->cli->out, result->told.data, result->told.len);
	if (go->kind == DIG_OP_REBASE &&
	    (result->outcome == DIG_SEQUENCE_DONE ||
		result->outcome == DIG_SEQUENCE_UP_TO_DATE))
		print_rebased(go, result);
	dig_out_flush(&go->cli->out);
}

static bool
in_progress(const struct going *go)
{
	struct dig_error ignored = DIG_ERROR_INIT;
	struct dig_op op;
	bool is;

	if (dig_operation(go->repo, &op, &ignored) != DIG_OK)
		return true; /* going on will say why */
	is = op.kind == go->kind;
	dig_op_clear(&op);
	return is;
}

/* Why it stopped, and what can be done. */
static enum dig_status
stopped(const struct going *go, const struct dig_sequence_result *result,
    struct dig_error *err)
{
	const char *verb = dig_op_verb(go->kind);
	char hex[DIG_OID_HEX + 1];

	short_id(go->repo, &result->stopped, hex);
	if (result->outcome == DIG_SEQUENCE_EMPTY) {
		dig_ignore(dig_raise(err, DIG_ENO,
		    "the copy of %s (%.200s) would change nothing", hex,
		    result->subject));
		if (in_progress(go))
			dig_hint(err,
			    "'dig %s --skip' leaves it out, 'dig commit "
			    "--allow-empty' records it",
			    verb);
		return DIG_ENO;
	}
	dig_ignore(dig_raise(err, DIG_ENO, "could not %s %s... %.200s",
	    go->kind == DIG_OP_REVERT ? "revert" : "apply", hex,
	    result->subject));
	if (in_progress(go))
		dig_hint(err,
		    "edit the files that 'dig status' lists, 'dig add' them, "
		    "then 'dig %s --continue'; --skip leaves the commit out, "
		    "--abort goes back",
		    verb);
	else
		dig_hint(err, "edit the files that 'dig status' lists, then "
			      "'dig add' them");
	return DIG_ENO;
}

/* ---- Going ------------------------------------------------------------ */

enum dig_status
dig_copying_hooks(struct dig_repo *repo, bool *any, struct dig_error *err)
{
	struct dig_error ignored = DIG_ERROR_INIT;
	bool before = false, after = false;
	enum dig_status st;

	st = dig_hook_check(repo, DIG_HOOK_PREPARE_COMMIT_MSG, &before, err);
	/* post-commit is too late to refuse: it is warned of when it is due. */
	dig_ignore(
	    dig_hook_check(repo, DIG_HOOK_POST_COMMIT, &after, &ignored));
	*any = before || after;
	return st;
}

/* Make the commit that is ready. stopped: a person had to do something. */
static enum dig_status
commit(struct going *go, struct dig_sequence_result *result, bool stopped_here,
    struct dig_error *err)
{
	bool rebases = go->kind == DIG_OP_REBASE;
	bool reverts = go->kind == DIG_OP_REVERT;
	struct dig_commit_merge how = { .copies = true,
		.op = result->op,
		.edit = go->edit || (stopped_here && isatty(STDIN_FILENO)),
		.no_verify = rebases || !stopped_here,
		.allow_empty = result->empty };
	struct dig_buf verb = DIG_BUF_INIT;
	enum dig_status st;

	dig_buf_printf(&verb, "%s%s: %s%.500s%s", dig_op_verb(go->kind),
	    !rebases       ? ""
	    : stopped_here ? " (continue)"
			   : " (pick)",
	    reverts ? "Revert \"" : "", result->subject, reverts ? "\"" : "");
	if (rebases || !stopped_here)
		how.verb = (const char *)verb.data;
	st = dig_commit_merge(go->cli, &how, err);
	if (st == DIG_OK) {
		result->op = how.op;
		print_commit(go, &how.id, how.subject);
	} else if (st != DIG_EDENIED && err->hint[0] == '\0') {
		dig_hint(err,
		    "'dig %s --continue' tries again, 'dig %s --abort' gives "
		    "up",
		    dig_op_verb(go->kind), dig_op_verb(go->kind));
	}
	free(how.subject);
	dig_buf_clear(&verb);
	return st;
}

/* From the first answer to the last one. */
static enum dig_status
run(struct going *go, struct dig_sequence_result *result, bool stopped_here,
    struct dig_error *err)
{
	struct dig_sequence_going how = { .kind = go->kind,
		.stop_each = go->stop_each };
	enum dig_status st = DIG_OK;

	dig_cli_progress_end(go->cli);
	print(go, result);
	while (st == DIG_OK && result->outcome == DIG_SEQUENCE_READY) {
		st = commit(go, result, stopped_here, err);
		stopped_here = false;
		how.op = result->op;
		if (st != DIG_OK)
			break;
		dig_sequence_result_clear(result);
		if (!in_progress(go)) /* the last of a cherry-pick ends it */
			return DIG_OK;
		st = dig_sequence_go_on(go->repo, &how, result, err);
		dig_cli_progress_end(go->cli);
		if (st == DIG_OK)
			print(go, result);
	}
	if (st == DIG_OK && (result->outcome == DIG_SEQUENCE_CONFLICTS ||
				result->outcome == DIG_SEQUENCE_EMPTY))
		st = stopped(go, result, err);
	return st;
}

/* HEAD went elsewhere, before the first commit was copied. */
static enum dig_status
after_start(const struct going *go, const struct dig_sequence_result *result,
    struct dig_error *err)
{
	if (go->kind != DIG_OP_REBASE || dig_oid_eq(&result->from, &result->to))
		return DIG_OK;
	return dig_after_checkout(
	    go->repo, &result->from, &result->to, "1", err);
}

enum dig_status
dig_copying_finish(struct dig_cli *cli, struct dig_repo *repo,
    enum dig_op_kind kind, bool edit, bool quiet,
    struct dig_sequence_result *result, struct dig_error *err)
{
	struct going go = { .cli = cli,
		.repo = repo,
		.kind = kind,
		.edit = edit,
		.quiet = quiet };
	struct dig_error hook = DIG_ERROR_INIT;
	enum dig_status st, after;

	after = after_start(&go, result, &hook);
	st = dig_copying_hooks(repo, &go.stop_each, err);
	go.stop_each |= edit;
	if (st == DIG_OK)
		st = run(&go, result, false, err);
	dig_sequence_result_clear(result);
	if (st == DIG_OK && after != DIG_OK) {
		*err = hook;
		st = after;
	}
	return st;
}

static enum dig_status
give_up(struct dig_cli *cli, struct dig_repo *repo, enum dig_op_kind kind,
    struct dig_error *err)
{
	struct dig_checkout_result result;
	enum dig_status st = dig_sequence_abort(repo, kind, &result, err);

	dig_cli_progress_end(cli);
	if (st == DIG_OK)
		dig_checkout_result_clear(&result);
	return st;
}

static enum dig_status
go_on(struct going *go, bool skip, struct dig_error *err)
{
	struct dig_sequence_going how = { .kind = go->kind, .skip = skip };
	struct dig_sequence_result result;
	struct dig_op op;
	enum dig_status st;

	st = dig_operation(go->repo, &op, err);
	if (st != DIG_OK)
		return st;
	go->edit = (op.flags & DIG_COPY_EDIT) != 0;
	dig_op_clear(&op);
	st = dig_copying_hooks(go->repo, &go->stop_each, err);
	go->stop_each |= go->edit;
	how.stop_each = go->stop_each;
	if (st == DIG_OK)
		st = dig_sequence_go_on(go->repo, &how, &result, err);
	dig_cli_progress_end(go->cli);
	if (st != DIG_OK)
		return st;
	st = run(go, &result, !skip, err);
	dig_sequence_result_clear(&result);
	return st;
}

enum dig_status
dig_copying_resume(struct dig_cli *cli, struct dig_repo *repo,
    enum dig_op_kind kind, const struct dig_copying *how, struct dig_error *err)
{
	struct going go = {
		.cli = cli, .repo = repo, .kind = kind, .quiet = how->quiet
	};

	switch (how->what[0]) {
	case 'a':
		return give_up(cli, repo, kind, err);
	case 'q':
		return dig_sequence_quit(repo, kind, err);
	default:
		return go_on(&go, how->what[0] == 's', err);
	}
}
