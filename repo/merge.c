/* SPDX-License-Identifier: MIT
 *
 * Merging a commit: which way, what is checked before, what is recorded.
 */
#include "repo/merge.h"

#include <stdlib.h>

#include "repo/hook.h"
#include "repo/merge_base.h"
#include "repo/merge_trees.h"
#include "repo/revision.h"
#include "repo/switch.h"

struct merge {
	struct dig_repo *repo;
	const struct dig_merge_options *options;
	struct dig_merge_result *result;
	struct dig_op op;
	bool has_head;
	bool stops; /* before the commit */
};

void
dig_merge_result_clear(struct dig_merge_result *result)
{
	dig_buf_clear(&result->told);
	dig_recorded_clear(&result->record);
}

/* ---- Words ------------------------------------------------------------ */

/* "Merge branch 'side' into main" */
static void
write_message(struct merge *m, struct dig_buf *out)
{
	const struct dig_state *next = dig_index_next(m->repo->index);
	const char *ref = dig_revision_ref(m->repo, m->options->rev);
	const char *branch =
	    next->head_ref != NULL ? dig_ref_short(next->head_ref) : "HEAD";
	const char *what = "commit";

	if (m->options->message != NULL) {
		dig_buf_puts(out, m->options->message);
		return;
	}
	if (ref != NULL && strncmp(ref, "refs/heads/", 11) == 0)
		what = "branch";
	else if (ref != NULL && strncmp(ref, "refs/tags/", 10) == 0)
		what = "tag";
	dig_buf_printf(out, "Merge %s '%s'", what, m->options->rev);
	if (strcmp(branch, "main") != 0 && strcmp(branch, "master") != 0)
		dig_buf_printf(out, " into %s", branch);
	dig_buf_putc(out, '\n');
}

/* ---- What has to hold before ------------------------------------------ */

/* Hooks that run before the commit: all of them may, or nothing is done. */
static enum dig_status
check_hooks(struct merge *m, struct dig_error *err)
{
	static const enum dig_hook hooks[] = { DIG_HOOK_PREPARE_COMMIT_MSG,
		DIG_HOOK_PRE_MERGE_COMMIT, DIG_HOOK_COMMIT_MSG };
	size_t count =
	    m->options->no_verify ? 1 : sizeof(hooks) / sizeof(hooks[0]);
	enum dig_status st = DIG_OK;
	bool any = false;

	m->stops = m->options->no_commit || m->options->edit;
	if (m->options->no_commit)
		return DIG_OK;
	for (size_t i = 0; i < count && st == DIG_OK; i++) {
		st = dig_hook_check(m->repo, hooks[i], &any, err);
		m->stops |= any;
	}
	return st;
}

/* ---- The ways --------------------------------------------------------- */

static enum dig_status
fast_forward(struct merge *m, struct dig_error *err)
{
	const char *ref = dig_index_next(m->repo->index)->head_ref;
	struct dig_switch to = { .what = "merging", .commit = m->result->to };
	struct dig_buf verb = DIG_BUF_INIT;
	enum dig_status st;
	char *head_ref = ref != NULL ? dig_strdup(ref) : NULL;

	dig_buf_printf(&verb, "merge %.1000s: Fast-forward", m->options->rev);
	to.verb = (const char *)verb.data;
	to.ref = head_ref;
	st = dig_repo_commit_tree(m->repo, &to.commit, &to.tree, err);
	if (st == DIG_OK)
		st = dig_switch_to(m->repo, &to, err);
	m->result->outcome = DIG_MERGE_FAST_FORWARD;
	free(head_ref);
	dig_buf_clear(&verb);
	return st;
}

/* Merge, write, and record that it is in progress. */
static enum dig_status
three_way(struct merge *m, struct dig_error *err)
{
	struct dig_text text = DIG_TEXT_INIT;
	struct dig_merging merging = { .repo = m->repo,
		.text = &text,
		.ours = "HEAD",
		.theirs = m->options->rev,
		.favor = m->options->favor };
	struct dig_switch to = { .what = "merging", .after = &m->op };
	struct dig_buf verb = DIG_BUF_INIT;
	enum dig_status st;

	dig_buf_printf(&verb, "merge %.1000s", m->options->rev);
	to.verb = (const char *)verb.data;
	to.commit = m->op.head;
	to.ref = m->op.head_ref;
	st = check_hooks(m, err);
	if (st == DIG_OK)
		st = dig_switch_need_clean(m->repo, "merge", err);
	if (st == DIG_OK)
		st = dig_merge_commits(&merging, &m->op.head, &m->result->to,
		    &to.tree, &m->op, err);
	if (st == DIG_OK)
		st = dig_switch_to(m->repo, &to, err);
	m->result->op = to.op;
	dig_merge_notes_take(&merging.notes, &m->result->told);
	dig_text_close(&text);
	dig_buf_clear(&verb);
	return st;
}

static enum dig_status
conclude(struct merge *m, struct dig_error *err)
{
	struct dig_record_options how = { .op = m->result->op };
	struct dig_buf verb = DIG_BUF_INIT;
	enum dig_status st;

	dig_buf_printf(&verb, "merge %.1000s: Merge made", m->options->rev);
	how.message = m->op.message.data;
	how.message_len = m->op.message.len;
	how.verb = (const char *)verb.data;
	m->result->outcome = DIG_MERGE_COMMITTED;
	st = dig_record_commit(m->repo, &how, &m->result->record, err);
	if (st != DIG_OK)
		dig_hint(err, "'dig commit' records the merge, 'dig merge "
			      "--abort' gives it up");
	dig_buf_clear(&verb);
	return st;
}

static enum dig_status
no_common(const struct merge *m, struct dig_error *err)
{
	dig_ignore(dig_raise(err, DIG_ENO,
	    "'%.200s' has no commit in common with HEAD", m->options->rev));
	dig_hint(err, "'--allow-unrelated-histories' merges it all the same");
	return DIG_ENO;
}

static enum dig_status
no_fast_forward(struct dig_error *err)
{
	dig_ignore(dig_raise(err, DIG_ENO,
	    "HEAD cannot be fast-forwarded; nothing was changed"));
	dig_hint(err, "without '--ff-only' it is merged");
	return DIG_ENO;
}

static enum dig_status
prepare(struct merge *m, struct dig_error *err)
{
	const struct dig_state *next = dig_index_next(m->repo->index);
	struct dig_merge_result *result = m->result;
	enum dig_status st;

	st = dig_op_refuse(m->repo, "merge", err);
	if (st == DIG_OK)
		st = dig_revision_commit(
		    m->repo, m->options->rev, &result->to, err);
	if (st != DIG_OK)
		return st;
	m->has_head = dig_state_head(next, &result->from);
	m->op.kind = DIG_OP_MERGE;
	m->op.head = result->from;
	m->op.head_ref =
	    next->head_ref != NULL ? dig_strdup(next->head_ref) : NULL;
	m->op.parents = dig_calloc(1, sizeof(*m->op.parents));
	m->op.parents[0] = result->to;
	m->op.nparents = 1;
	write_message(m, &m->op.message);
	return DIG_OK;
}

/* Inside a transaction, which it ends. *merges: the three-way one was done. */
static enum dig_status
choose(struct merge *m, bool *merges, struct dig_error *err)
{
	const struct dig_oid *from = &m->result->from, *to = &m->result->to;
	struct dig_oid *bases = NULL;
	enum dig_status st;
	size_t count = 0;

	if (!m->has_head)
		return fast_forward(m, err);
	st = dig_merge_bases(m->repo, from, to, 1, &bases, &count, err);
	if (st != DIG_OK)
		return st;
	if (count > 0 && dig_oid_eq(&bases[0], to))
		m->result->outcome = DIG_MERGE_ALREADY;
	else if (count > 0 && dig_oid_eq(&bases[0], from) &&
		 m->options->ff != DIG_FF_NEVER)
		st = fast_forward(m, err);
	else if (m->options->ff == DIG_FF_ONLY)
		st = no_fast_forward(err);
	else if (count == 0 && !m->options->unrelated)
		st = no_common(m, err);
	else {
		st = three_way(m, err);
		*merges = true;
	}
	free(bases);
	return st;
}

enum dig_status
dig_merge(struct dig_repo *repo, const struct dig_merge_options *options,
    struct dig_merge_result *result, struct dig_error *err)
{
	struct merge m = { .repo = repo, .options = options, .result = result };
	enum dig_status st;
	bool merges = false;

	memset(result, 0, sizeof(*result));
	st = dig_index_begin(repo->index, err);
	if (st != DIG_OK)
		return st;
	st = prepare(&m, err);
	if (st == DIG_OK)
		st = choose(&m, &merges, err);
	dig_index_rollback(repo->index); /* of what was not committed */
	if (st == DIG_OK && merges) {
		if (m.op.nconflicts > 0)
			result->outcome = DIG_MERGE_CONFLICTS;
		else if (m.stops)
			result->outcome = DIG_MERGE_STOPPED;
		else
			st = conclude(&m, err);
	}
	dig_op_clear(&m.op);
	if (st != DIG_OK)
		dig_merge_result_clear(result);
	return st;
}
