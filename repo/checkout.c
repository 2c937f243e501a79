/* SPDX-License-Identifier: MIT
 *
 * Switching: what the new staged root is, the announcement, the two records.
 * Invariants: checkout.h.
 */
#include "repo/checkout.h"

#include <stdlib.h>
#include <string.h>

#include "repo/fold.h"
#include "repo/names.h"
#include "repo/revision.h"
#include "repo/select.h"
#include "repo/steps.h"

#define HEADS "refs/heads/"
/* First byte of a state object that announces a switch. */
#define STATE_SWITCH 1
/* Switches, each to another tree, that may be unfinished at a time. */
#define SWITCHES_MAX 32
#define REF_NAME_MAX 1024

/* ---- The announcement ------------------------------------------------- */

/*
 * docs/format.md "A switch in progress": where it leads. A switch that begins
 * while others have not finished names their roots, too, so that what any of
 * them has written is known.
 */
struct announcement {
	struct dig_oid commit; /* HEAD to be */
	char *ref;             /* NULL: detached */
	size_t nroots;         /* the staged root to be comes first */
	struct dig_oid roots[SWITCHES_MAX];
};

static void
encode(const struct announcement *ann, struct dig_buf *out)
{
	const char *ref = ann->ref != NULL ? ann->ref : "";

	dig_buf_reset(out);
	dig_buf_putc(out, STATE_SWITCH);
	dig_buf_put(out, ann->commit.bytes, DIG_HASH_SIZE);
	dig_buf_put_bytes(out, ref, strlen(ref));
	dig_buf_put_varint(out, ann->nroots);
	for (size_t i = 0; i < ann->nroots; i++)
		dig_buf_put(out, ann->roots[i].bytes, DIG_HASH_SIZE);
}

static enum dig_status
read_announcement(struct dig_repo *repo, const struct dig_oid *id,
    struct announcement *out, struct dig_error *err)
{
	struct dig_buf bytes = DIG_BUF_INIT;
	const uint8_t *commit, *ref, *roots;
	struct dig_cursor cur;
	enum dig_status st;
	uint64_t nroots;
	size_t len = 0;

	st = dig_reader_get(
	    dig_index_reader(repo->index), DIG_KIND_STATE, id, &bytes, err);
	if (st != DIG_OK)
		goto out;
	cur = dig_cursor_over(bytes.data, bytes.len);
	if (dig_cursor_u8(&cur) != STATE_SWITCH) {
		st = dig_raise(err, DIG_ECONFLICT,
		    "an operation is in progress that this dig does not know");
		goto out;
	}
	commit = dig_cursor_raw(&cur, DIG_HASH_SIZE);
	ref = dig_cursor_bytes(&cur, &len, REF_NAME_MAX);
	nroots = dig_cursor_varint(&cur);
	roots = nroots <= SWITCHES_MAX
		    ? dig_cursor_raw(&cur, (size_t)nroots * DIG_HASH_SIZE)
		    : NULL;
	if (cur.bad || nroots == 0 || roots == NULL ||
	    dig_cursor_left(&cur) != 0) {
		st = dig_raise(
		    err, DIG_ECORRUPT, "the announcement of a switch");
		goto out;
	}
	memcpy(out->commit.bytes, commit, DIG_HASH_SIZE);
	memcpy(out->roots, roots, (size_t)nroots * DIG_HASH_SIZE);
	out->nroots = (size_t)nroots;
	out->ref = len > 0 ? dig_memdup0(ref, len) : NULL;
out:
	dig_buf_clear(&bytes);
	return st;
}

enum dig_status
dig_checkout_is_begun(struct dig_repo *repo, bool *begun,
    struct dig_oid *commit, struct dig_error *err)
{
	const struct dig_oid *id = &dig_index_state(repo->index)->op_state;
	struct announcement ann = { 0 };
	enum dig_status st;

	*begun = false;
	if (dig_oid_is_zero(id))
		return DIG_OK;
	st = read_announcement(repo, id, &ann, err);
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
	struct announcement to;
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
	struct announcement begun = { 0 };
	enum dig_status st;

	if (dig_oid_is_zero(id))
		return DIG_OK;
	st = read_announcement(sw->repo, id, &begun, err);
	for (size_t i = 0; i < begun.nroots && st == DIG_OK; i++) {
		st = dig_steps_add_begun(
		    &sw->steps, &sw->io, &sw->staged, &begun.roots[i], err);
		if (dig_oid_eq(&begun.roots[i], &sw->to.roots[0]))
			continue;
		if (st == DIG_OK && sw->to.nroots == SWITCHES_MAX)
			st = dig_raise(err, DIG_ECONFLICT,
			    "too many switches have not finished; run "
			    "'dig checkout' first");
		if (st == DIG_OK)
			sw->to.roots[sw->to.nroots++] = begun.roots[i];
	}
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

static enum dig_status
check_names(struct change *sw, struct dig_error *err)
{
	enum dig_status st;
	bool folds;

	if (sw->steps.n == 0)
		return DIG_OK;
	st = dig_fold_probe(sw->repo->root_fd,
	    strrchr(sw->repo->dig_dir, '/') + 1, &folds, err);
	if (st == DIG_OK && folds)
		st = dig_fold_check(
		    &sw->io, &sw->to.roots[0], dig_fold_name, err);
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
announce(
    struct change *sw, const char *verb, uint64_t *op, struct dig_error *err)
{
	struct dig_index *index = sw->repo->index;
	struct dig_commit_options options = { 0 };
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_buf words = DIG_BUF_INIT;
	struct dig_oid id;
	enum dig_status st;

	encode(&sw->to, &bytes);
	dig_sha256_domain(DIG_DOMAIN_STATE, bytes.data, bytes.len, id.bytes);
	dig_buf_puts(&words, "begin ");
	dig_buf_puts(&words, verb);
	st = dig_writer_put(dig_index_writer(index), DIG_KIND_STATE, &id,
	    bytes.data, bytes.len, NULL, false, err);
	if (st == DIG_OK) {
		dig_index_next(index)->op_state = id;
		options.verb = (const char *)words.data;
		options.keep_open = true;
		st = dig_index_commit(index, &options, op, err);
	}
	if (st == DIG_OK)
		sw->io = dig_writer_io(dig_index_writer(index));
	dig_buf_clear(&bytes);
	dig_buf_clear(&words);
	return st;
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
		st = check_names(sw, err);
	return st;
}

static enum dig_status
carry_out(struct change *sw, struct dig_error *err)
{
	struct dig_buf verb = DIG_BUF_INIT;
	enum dig_status st = DIG_OK;
	uint64_t op = 0;

	write_verb(sw, &verb);
	if (dig_steps_touch_files(&sw->steps)) {
		st = announce(sw, (const char *)verb.data, &op, err);
		if (st == DIG_OK) {
			st = dig_steps_run(&sw->steps, err);
			if (st != DIG_OK)
				dig_hint(err,
				    "the switch is not finished: run it again, "
				    "or 'dig checkout' to stay where HEAD is");
		}
	}
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
