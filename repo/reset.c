/* SPDX-License-Identifier: MIT
 *
 * reset --soft and --mixed; --hard is checkout.c's work.
 */
#include "repo/reset.h"

#include <stdlib.h>
#include <string.h>

#include "repo/internal.h"
#include "repo/operation.h"

static void
move_head(struct dig_state *next, const struct dig_oid *commit)
{
	if (next->head_ref != NULL)
		dig_state_set_ref(next, next->head_ref, commit);
	else
		next->head_id = *commit;
}

static void
tell(const struct dig_state *next, struct dig_checkout_result *result)
{
	if (next->head_ref != NULL)
		result->branch = dig_strdup(dig_ref_short(next->head_ref));
	dig_state_head(next, &result->commit);
}

/* With what is staged, a merge in progress goes. */
static enum dig_status
end_operation(struct dig_repo *repo, enum dig_reset how, struct dig_error *err)
{
	return how == DIG_RESET_SOFT ? dig_op_refuse(repo, "reset --soft", err)
				     : dig_op_end(repo, err);
}

/* Inside a transaction: what the record will say. */
static enum dig_status
prepare(struct dig_repo *repo, enum dig_reset how, const char *rev,
    struct dig_error *err)
{
	struct dig_state *next = dig_index_next(repo->index);
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_commit commit;
	struct dig_oid id;
	enum dig_status st;

	if (rev == NULL && how == DIG_RESET_MIXED &&
	    !dig_state_head(next, &id)) {
		dig_tree_empty(&next->staged_root);
		return DIG_OK;
	}
	st = dig_revision_commit(repo, rev == NULL ? "HEAD" : rev, &id, err);
	if (st == DIG_OK)
		st = dig_repo_read_commit(repo, &id, &bytes, &commit, err);
	if (st == DIG_OK) {
		move_head(next, &id);
		if (how == DIG_RESET_MIXED)
			next->staged_root = commit.tree;
	}
	dig_buf_clear(&bytes);
	return st;
}

enum dig_status
dig_reset(struct dig_repo *repo, enum dig_reset how, const char *rev,
    struct dig_checkout_result *result, struct dig_error *err)
{
	struct dig_commit_options options = { .derive = true };
	struct dig_checkout_options hard = { .force = true, .move = true };
	struct dig_buf verb = DIG_BUF_INIT;
	enum dig_status st;

	if (how == DIG_RESET_HARD) {
		hard.rev = rev == NULL ? "HEAD" : rev;
		return dig_checkout(repo, &hard, result, err);
	}
	memset(result, 0, sizeof(*result));
	st = dig_index_begin(repo->index, err);
	if (st == DIG_OK)
		st = end_operation(repo, how, err);
	if (st == DIG_OK)
		st = prepare(repo, how, rev, err);
	if (st == DIG_OK) {
		tell(dig_index_next(repo->index), result);
		dig_buf_printf(&verb, "reset: moving to %.1000s",
		    rev == NULL ? "HEAD" : rev);
		options.verb = (const char *)verb.data;
		st = dig_index_commit(repo->index, &options, NULL, err);
	}
	dig_index_rollback(repo->index); /* of what was not committed */
	if (st != DIG_OK)
		dig_checkout_result_clear(result);
	dig_buf_clear(&verb);
	return st;
}
