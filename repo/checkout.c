/* SPDX-License-Identifier: MIT
 *
 * Switching: what the new staged root is, the announcement, the two records.
 * Invariants: checkout.h.
 */
#include "repo/checkout.h"

#include <stdlib.h>
#include <string.h>

#include "repo/announce.h"
#include "repo/names.h"
#include "repo/revision.h"
#include "repo/select.h"
#include "repo/steps.h"

#define HEADS "refs/heads/"

/* ---- An unfinished one ------------------------------------------------ */

enum dig_status
dig_checkout_is_begun(struct dig_repo *repo, bool *begun,
    struct dig_oid *commit, struct dig_error *err)
{
	const struct dig_oid *id = &dig_index_state(repo->index)->op_state;
	struct dig_announcement ann = { 0 };
	enum dig_status st;

	*begun = false;
	if (dig_oid_is_zero(id))
		return DIG_OK;
	st = dig_announcement_read(repo, id, &ann, err);
	if (st == DIG_ECONFLICT)
		return DIG_OK; /* something else */
	if (st == DIG_OK) {
		*begun = true;
		*commit = ann.commit;
	}
	free(ann.ref);
	return st;
}

/* ---- Where to --------------------------------------------------------- */

/* A switch while it is prepared and done. */
struct change {
	struct dig_repo *repo;
	const struct dig_checkout_options *options;
	struct dig_node_io io; /* sees what the transaction has put */
	struct dig_announcement to;
	struct dig_oid head_tree;
	struct dig_oid staged;
	struct dig_oid target_tree;
	struct dig_steps steps;
	struct dig_tree_edit *edits; /* staged changes that are kept */
	size_t nedits;
	size_t edits_cap;
	uint64_t nconflicts;
};

static enum dig_status
find_new_branch(struct change *sw, struct dig_error *err)
{
	const struct dig_checkout_options *options = sw->options;
	struct dig_state *state = dig_index_next(sw->repo->index);
	const char *rev = options->rev;
	enum dig_status st;

	st = dig_name_new(
	    DIG_NAME_BRANCH, options->new_branch, &sw->to.ref, err);
	if (st == DIG_OK && !options->replace &&
	    dig_state_ref(state, sw->to.ref) != NULL) {
		st = dig_raise(err, DIG_EEXISTS,
		    "a branch '%.200s' is there already", options->new_branch);
		dig_hint(err, "'dig switch %.200s' switches to it",
		    options->new_branch);
	}
	if (st == DIG_OK)
		st = dig_name_no_clash(state, sw->to.ref, err);
	if (st == DIG_OK)
		st = dig_revision_commit(sw->repo,
		    rev == NULL             ? "HEAD"
		    : strcmp(rev, "-") == 0 ? "@{-1}"
					    : rev,
		    &sw->to.commit, err);
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
			sw->to.ref = dig_strdup(state->head_ref);
		return dig_revision_commit(sw->repo, rev, &sw->to.commit, err);
	}
	if (rev == NULL) {
		if (!dig_state_head(state, &sw->to.commit))
			return dig_raise(
			    err, DIG_ENOTFOUND, "there is no commit yet");
		if (state->head_ref != NULL && !sw->options->detach)
			sw->to.ref = dig_strdup(state->head_ref);
		return DIG_OK;
	}
	if (strcmp(rev, "-") == 0) {
		st = dig_revision_previous(
		    sw->repo, 1, &sw->to.ref, &sw->to.commit, err);
		if (st == DIG_OK && sw->to.ref != NULL)
			ref = dig_state_ref(state, sw->to.ref);
		if (st == DIG_OK && sw->to.ref != NULL && ref == NULL)
			st = dig_raise(err, DIG_ENOTFOUND,
			    "%s does not exist any more", sw->to.ref);
	} else {
		dig_buf_puts(&name, HEADS);
		dig_buf_puts(&name, rev);
		ref = dig_state_ref(state, (const char *)name.data);
		if (ref != NULL)
			sw->to.ref = dig_strdup(ref->name);
		else
			st = dig_revision_commit(
			    sw->repo, rev, &sw->to.commit, err);
		dig_buf_clear(&name);
	}
	if (ref != NULL)
		sw->to.commit = ref->id;
	if (sw->options->detach) {
		free(sw->to.ref);
		sw->to.ref = NULL;
	}
	return st;
}

static enum dig_status
tree_of(struct dig_repo *repo, const struct dig_oid *commit,
    struct dig_oid *out, struct dig_error *err)
{
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_commit decoded;
	enum dig_status st;

	st = dig_repo_read_commit(repo, commit, &bytes, &decoded, err);
	if (st == DIG_OK)
		*out = decoded.tree;
	dig_buf_clear(&bytes);
	return st;
}

/* ---- What will be staged ---------------------------------------------- */

static bool
same(const struct dig_entry *a, const struct dig_entry *b)
{
	return a == NULL || b == NULL ? a == b : dig_entry_same(a, b);
}

static void
staged_conflict(struct change *sw, const struct dig_entry *entry)
{
	struct dig_buf shown = DIG_BUF_INIT;

	sw->nconflicts++;
	dig_path_quote(&shown, entry->path, entry->path_len, true);
	dig_repo_warn(sw->repo, "%s: has staged changes", (char *)shown.data);
	dig_buf_clear(&shown);
}

/* A staged change is kept where the switch does not change the path. */
static enum dig_status
keep_staged(void *arg, const struct dig_entry *head,
    const struct dig_entry *staged, struct dig_error *err)
{
	struct change *sw = arg;
	const struct dig_entry *any = staged != NULL ? staged : head;
	const struct dig_entry *target = NULL;
	struct dig_tree_edit *edit;
	struct dig_entry found;
	enum dig_status st;

	st = dig_tree_find(
	    &sw->io, &sw->target_tree, any->path, any->path_len, &found, err);
	if (st != DIG_OK && st != DIG_ENOTFOUND)
		return st;
	if (st == DIG_OK)
		target = &found;
	if (same(staged, target))
		return DIG_OK;
	if (!same(head, target)) {
		staged_conflict(sw, any);
		return DIG_OK;
	}
	if (staged != NULL) {
		st = dig_select_no_clash(
		    &sw->io, &sw->target_tree, any->path, any->path_len, err);
		if (st == DIG_ECONFLICT) {
			staged_conflict(sw, any);
			return DIG_OK;
		}
		if (st != DIG_OK)
			return st;
	}
	DIG_GROW(sw->edits, sw->edits_cap, sw->nedits + 1);
	edit = &sw->edits[sw->nedits++];
	edit->remove = staged == NULL;
	edit->entry = *any;
	edit->entry.path = (uint8_t *)dig_memdup0(any->path, any->path_len);
	return DIG_OK;
}

static enum dig_status
merge_staged(struct change *sw, struct dig_error *err)
{
	enum dig_status st;

	sw->to.roots[0] = sw->target_tree;
	if (sw->options->force)
		return DIG_OK;
	st = dig_tree_diff(
	    &sw->io, &sw->head_tree, &sw->staged, keep_staged, sw, err);
	if (st == DIG_OK && sw->nconflicts > 0) {
		st = dig_raise(err, DIG_ECONFLICT,
		    "staged changes would be overwritten; nothing was changed");
		dig_hint(err, "commit them, or use -f to lose all changes");
	}
	if (st == DIG_OK && sw->nedits > 0)
		st = dig_tree_apply(&sw->io, &sw->target_tree, sw->edits,
		    sw->nedits, &sw->to.roots[0], err);
	return st;
}

/* ---- The steps -------------------------------------------------------- */

/* What switches that have not finished may have written (C3). */
static enum dig_status
add_begun(struct change *sw, struct dig_error *err)
{
	const struct dig_oid *id = &dig_index_next(sw->repo->index)->op_state;
	struct dig_announcement begun = { 0 };
	enum dig_status st;

	if (dig_oid_is_zero(id))
		return DIG_OK;
	st = dig_announcement_read(sw->repo, id, &begun, err);
	for (size_t i = 0; i < begun.nroots && st == DIG_OK; i++)
		st = dig_steps_add_begun(
		    &sw->steps, &sw->io, &sw->staged, &begun.roots[i], err);
	if (st == DIG_OK)
		st = dig_announcement_add(&sw->to, &begun, err);
	free(begun.ref);
	return st;
}

static enum dig_status
collect_steps(struct change *sw, struct dig_error *err)
{
	enum dig_status st;

	dig_steps_init(&sw->steps, sw->repo,
	    sw->options->move ? "resetting" : "checking out");
	sw->steps.force = sw->options->force;
	sw->to.nroots = 1;
	st = dig_steps_add_diff(
	    &sw->steps, &sw->io, &sw->staged, &sw->to.roots[0], err);
	if (st == DIG_OK)
		st = add_begun(sw, err);
	if (st == DIG_OK && sw->options->force)
		st = dig_steps_add_edits(
		    &sw->steps, &sw->io, &sw->to.roots[0], err);
	if (st == DIG_OK)
		st = dig_steps_check(&sw->steps, err);
	return st;
}

/* ---- The records ------------------------------------------------------ */

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
	dig_oid_hex(&sw->to.commit, hex);
	dig_buf_puts(out, "checkout: moving from ");
	name_of_head(dig_index_next(sw->repo->index), out);
	dig_buf_puts(out, " to ");
	dig_buf_puts(out, sw->to.ref != NULL ? dig_ref_short(sw->to.ref) : hex);
}

static enum dig_status
finish(struct change *sw, const char *verb, uint64_t op, struct dig_error *err)
{
	struct dig_index *index = sw->repo->index;
	struct dig_state *next = dig_index_next(index);
	struct dig_commit_options options = { 0 };
	enum dig_status st;

	st = dig_steps_stage(&sw->steps, err);
	if (st != DIG_OK)
		return st;
	if (sw->to.ref != NULL)
		dig_state_set_ref(next, sw->to.ref, &sw->to.commit);
	free(next->head_ref);
	next->head_ref = sw->to.ref != NULL ? dig_strdup(sw->to.ref) : NULL;
	next->head_id = sw->to.ref != NULL ? dig_oid_zero : sw->to.commit;
	next->staged_root = sw->to.roots[0];
	next->op_state = dig_oid_zero;
	options.verb = verb;
	options.op = op;
	return dig_index_commit(index, &options, NULL, err);
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
	sw->to.ref = dig_strdup(ref);
	st = dig_index_commit(sw->repo->index, &options, NULL, err);
	dig_buf_clear(&verb);
	return st;
}

/* Is there anything to record? */
static bool
is_there(const struct change *sw)
{
	const struct dig_state *state = dig_index_next(sw->repo->index);
	struct dig_oid head;

	if (!dig_oid_is_zero(&state->op_state) ||
	    !dig_oid_eq(&state->staged_root, &sw->to.roots[0]) ||
	    !dig_state_head(state, &head) ||
	    !dig_oid_eq(&head, &sw->to.commit) ||
	    (state->head_ref == NULL) != (sw->to.ref == NULL))
		return false;
	return state->head_ref == NULL ||
	       strcmp(state->head_ref, sw->to.ref) == 0;
}

static enum dig_status
prepare(struct change *sw, struct dig_error *err)
{
	enum dig_status st;

	sw->io = dig_writer_io(dig_index_writer(sw->repo->index));
	sw->staged = dig_index_next(sw->repo->index)->staged_root;
	st = find_target(sw, err);
	if (st == DIG_OK)
		st = dig_repo_head_tree(sw->repo, &sw->head_tree, err);
	if (st == DIG_OK)
		st = tree_of(sw->repo, &sw->to.commit, &sw->target_tree, err);
	if (st == DIG_OK)
		st = merge_staged(sw, err);
	if (st == DIG_OK)
		st = collect_steps(sw, err);
	if (st == DIG_OK)
		st = dig_steps_check_names(
		    &sw->steps, &sw->io, &sw->to.roots[0], err);
	return st;
}

static enum dig_status
carry_out(struct change *sw, struct dig_error *err)
{
	struct dig_buf verb = DIG_BUF_INIT;
	enum dig_status st = DIG_OK;
	uint64_t op = 0;
	size_t len;

	write_verb(sw, &verb);
	len = verb.len;
	if (sw->steps.lossy)
		dig_buf_puts(&verb, DIG_VERB_LOSSY);
	if (dig_steps_touch_files(&sw->steps)) {
		st = dig_announce(
		    sw->repo, &sw->to, (const char *)verb.data, &op, err);
		if (st == DIG_OK) {
			sw->io =
			    dig_writer_io(dig_index_writer(sw->repo->index));
			st = dig_steps_run(&sw->steps, err);
			if (st != DIG_OK)
				dig_hint(err,
				    "the switch is not finished: run it again, "
				    "or 'dig checkout' to stay where HEAD is");
		}
	}
	verb.data[len] = '\0'; /* the reflog has git's words */
	if (st == DIG_OK && (sw->steps.n > 0 || !is_there(sw)))
		st = finish(sw, (const char *)verb.data, op, err);
	dig_buf_clear(&verb);
	return st;
}

static void
tell_result(
    const struct change *sw, struct dig_checkout_result *result, bool is_new)
{
	result->is_new = is_new;
	result->commit = sw->to.commit;
	if (sw->to.ref != NULL)
		result->branch = dig_strdup(dig_ref_short(sw->to.ref));
	result->written = sw->steps.written;
	result->removed = sw->steps.removed;
	result->skipped_links = sw->steps.skipped_links;
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
		is_new = st == DIG_OK && sw.to.ref != NULL &&
			 dig_state_ref(state, sw.to.ref) == NULL;
		if (st == DIG_OK)
			st = carry_out(&sw, err);
	}
	if (st == DIG_OK)
		tell_result(&sw, result, is_new);
	else
		dig_checkout_result_clear(result);
	dig_index_rollback(repo->index); /* of what was not committed */
	dig_steps_clear(&sw.steps);
	for (size_t i = 0; i < sw.nedits; i++)
		free((void *)(uintptr_t)sw.edits[i].entry.path);
	free(sw.edits);
	free(sw.to.ref);
	return st;
}

void
dig_checkout_result_clear(struct dig_checkout_result *result)
{
	free(result->branch);
	free(result->old_branch);
	memset(result, 0, sizeof(*result));
}
