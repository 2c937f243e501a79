/* SPDX-License-Identifier: MIT
 *
 * Which commit and branch a switch leads to. The rest is done by switch.c.
 */
#include "repo/checkout.h"

#include <stdlib.h>
#include <string.h>

#include "repo/names.h"
#include "repo/revision.h"
#include "repo/switch.h"

#define HEADS "refs/heads/"

enum dig_status
dig_checkout_is_begun(struct dig_repo *repo, bool *begun,
    struct dig_oid *commit, struct dig_error *err)
{
	struct dig_op op;
	enum dig_status st;

	*begun = false;
	st = dig_operation(repo, &op, err);
	if (st == DIG_ECONFLICT)
		return DIG_OK; /* something else */
	if (st != DIG_OK)
		return st;
	*begun = op.nroots > 0;
	*commit = op.commit;
	dig_op_clear(&op);
	return DIG_OK;
}

/* ---- Where to --------------------------------------------------------- */

/* A switch while it is prepared. */
struct change {
	struct dig_repo *repo;
	const struct dig_checkout_options *options;
	struct dig_oid commit;
	char *ref; /* NULL: detached */
	struct dig_oid tree;
	struct dig_op op; /* in progress afterwards, if something is */
};

static enum dig_status
find_new_branch(struct change *sw, struct dig_error *err)
{
	const struct dig_checkout_options *options = sw->options;
	struct dig_state *state = dig_index_next(sw->repo->index);
	const char *rev = options->rev;
	enum dig_status st;

	st = dig_name_new(DIG_NAME_BRANCH, options->new_branch, &sw->ref, err);
	if (st == DIG_OK && !options->replace &&
	    dig_state_ref(state, sw->ref) != NULL) {
		st = dig_raise(err, DIG_EEXISTS,
		    "a branch '%.200s' is there already", options->new_branch);
		dig_hint(err, "'dig switch %.200s' switches to it",
		    options->new_branch);
	}
	if (st == DIG_OK)
		st = dig_name_no_clash(state, sw->ref, err);
	if (st == DIG_OK)
		st = dig_revision_commit(sw->repo,
		    rev == NULL             ? "HEAD"
		    : strcmp(rev, "-") == 0 ? "@{-1}"
					    : rev,
		    &sw->commit, err);
	return st;
}

static enum dig_status
find_target(struct change *sw, struct dig_error *err)
{
	struct dig_state *state = dig_index_next(sw->repo->index);
	const char *rev = sw->options->rev;
	struct dig_buf name = DIG_BUF_INIT;
	const struct dig_ref *ref = NULL;
	enum dig_status st = DIG_OK;

	if (sw->options->new_branch != NULL)
		return find_new_branch(sw, err);
	if (sw->options->move) {
		if (state->head_ref != NULL)
			sw->ref = dig_strdup(state->head_ref);
		return dig_revision_commit(sw->repo, rev, &sw->commit, err);
	}
	if (rev == NULL || strcmp(rev, "HEAD") == 0 || strcmp(rev, "@") == 0) {
		if (!dig_state_head(state, &sw->commit))
			return dig_raise(
			    err, DIG_ENOTFOUND, "there is no commit yet");
		if (state->head_ref != NULL && !sw->options->detach)
			sw->ref = dig_strdup(state->head_ref);
		return DIG_OK;
	}
	if (strcmp(rev, "-") == 0) {
		st = dig_revision_previous(
		    sw->repo, 1, &sw->ref, &sw->commit, err);
		if (st == DIG_OK && sw->ref != NULL)
			ref = dig_state_ref(state, sw->ref);
		if (st == DIG_OK && sw->ref != NULL && ref == NULL)
			st = dig_raise(err, DIG_ENOTFOUND,
			    "%s does not exist any more", sw->ref);
	} else {
		dig_buf_puts(&name, HEADS);
		dig_buf_puts(&name, rev);
		ref = dig_state_ref(state, (const char *)name.data);
		if (ref != NULL)
			sw->ref = dig_strdup(ref->name);
		else
			st = dig_revision_commit(
			    sw->repo, rev, &sw->commit, err);
		dig_buf_clear(&name);
	}
	if (ref != NULL)
		sw->commit = ref->id;
	if (sw->options->detach) {
		free(sw->ref);
		sw->ref = NULL;
	}
	return st;
}

/* ---- The switch ------------------------------------------------------- */

static void
name_of_head(const struct dig_state *state, struct dig_buf *out)
{
	char hex[DIG_OID_HEX + 1] = "";
	struct dig_oid id;

	if (state->head_ref != NULL) {
		dig_buf_puts(out, dig_ref_short(state->head_ref));
	} else if (dig_state_head(state, &id)) {
		dig_oid_hex(&id, hex);
		dig_buf_puts(out, hex);
	}
}

/* "checkout: moving from main to 1234...", "reset: moving to HEAD~1" */
static void
write_verb(struct change *sw, struct dig_buf *out)
{
	char hex[DIG_OID_HEX + 1];

	if (sw->options->move) {
		dig_buf_printf(
		    out, "reset: moving to %.1000s", sw->options->rev);
		return;
	}
	dig_oid_hex(&sw->commit, hex);
	dig_buf_puts(out, "checkout: moving from ");
	name_of_head(dig_index_next(sw->repo->index), out);
	dig_buf_puts(out, " to ");
	dig_buf_puts(out, sw->ref != NULL ? dig_ref_short(sw->ref) : hex);
}

/* Before the first commit HEAD alone changes: it names another branch. */
static enum dig_status
switch_unborn(struct change *sw, struct dig_error *err)
{
	struct dig_state *next = dig_index_next(sw->repo->index);
	struct dig_commit_options options = { 0 };
	struct dig_buf verb = DIG_BUF_INIT;
	enum dig_status st;
	char *ref;

	st = dig_name_new(DIG_NAME_BRANCH, sw->options->new_branch, &ref, err);
	if (st != DIG_OK)
		return st;
	dig_buf_puts(&verb, "checkout: moving from ");
	name_of_head(next, &verb);
	dig_buf_printf(&verb, " to %s", sw->options->new_branch);
	options.verb = (const char *)verb.data;
	free(next->head_ref);
	next->head_ref = ref;
	sw->ref = dig_strdup(ref);
	st = dig_index_commit(sw->repo->index, &options, NULL, err);
	dig_buf_clear(&verb);
	return st;
}

/* With what is staged goes what it was for; more commits are still there to be
 * copied. */
static enum dig_status
conclude(struct change *sw, struct dig_error *err)
{
	enum dig_status st = dig_op_next(sw->repo, &sw->op, err);

	if (st == DIG_OK) {
		dig_op_conclude(&sw->op);
		sw->op.nroots = 0;
		sw->op.commit = dig_oid_zero;
		free(sw->op.ref);
		sw->op.ref = NULL;
	}
	return st;
}

/* A merge in progress would be left half done: only -f and reset --hard may. */
static enum dig_status
prepare(struct change *sw, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	if (!sw->options->force)
		st = dig_op_refuse(sw->repo, "switch", err);
	else
		st = conclude(sw, err);
	if (st == DIG_OK)
		st = find_target(sw, err);
	if (st == DIG_OK)
		st =
		    dig_repo_commit_tree(sw->repo, &sw->commit, &sw->tree, err);
	return st;
}

static enum dig_status
go(struct change *sw, struct dig_checkout_result *result, struct dig_error *err)
{
	struct dig_buf verb = DIG_BUF_INIT;
	struct dig_switch to = { .commit = sw->commit,
		.ref = sw->ref,
		.tree = sw->tree,
		.drop_staged = sw->options->force,
		.force = sw->options->force,
		.after = sw->op.kind != DIG_OP_NONE ? &sw->op : NULL };
	enum dig_status st;

	write_verb(sw, &verb);
	to.verb = (const char *)verb.data;
	to.what = sw->options->move ? "resetting" : "checking out";
	st = dig_switch_to(sw->repo, &to, err);
	result->written = to.written;
	result->removed = to.removed;
	result->skipped_links = to.skipped_links;
	dig_buf_clear(&verb);
	return st;
}

enum dig_status
dig_checkout(struct dig_repo *repo, const struct dig_checkout_options *options,
    struct dig_checkout_result *result, struct dig_error *err)
{
	struct change sw = { .repo = repo, .options = options };
	const struct dig_state *state;
	struct dig_oid head;
	enum dig_status st;
	bool is_new = false;

	memset(result, 0, sizeof(*result));
	st = dig_index_begin(repo->index, err);
	if (st != DIG_OK)
		return st;
	state = dig_index_next(repo->index);
	if (state->head_ref != NULL)
		result->old_branch = dig_strdup(dig_ref_short(state->head_ref));
	if (options->new_branch != NULL && options->rev == NULL &&
	    state->nrefs == 0 && !dig_state_head(state, &head)) {
		st = switch_unborn(&sw, err);
		is_new = true;
	} else {
		dig_state_head(state, &result->old_commit);
		st = prepare(&sw, err);
		is_new = st == DIG_OK && sw.ref != NULL &&
			 dig_state_ref(state, sw.ref) == NULL;
		if (st == DIG_OK)
			st = go(&sw, result, err);
	}
	if (st == DIG_OK) {
		result->is_new = is_new;
		result->commit = sw.commit;
		if (sw.ref != NULL)
			result->branch = dig_strdup(dig_ref_short(sw.ref));
	} else {
		dig_checkout_result_clear(result);
	}
	dig_index_rollback(repo->index); /* of what was not committed */
	free(sw.ref);
	dig_op_clear(&sw.op);
	return st;
}

void
dig_checkout_result_clear(struct dig_checkout_result *result)
{
	free(result->branch);
	free(result->old_branch);
	memset(result, 0, sizeof(*result));
}
