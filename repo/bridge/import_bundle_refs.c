/* SPDX-License-Identifier: MIT
 *
 * What a bundle needs, and where its refs go: all of them, or none.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "repo/bridge/import_bundle.h"

/* ---- Needs ------------------------------------------------------------ */

static enum dig_status
missing(
    struct dig_bundle_job *job, struct dig_oidmap *found, struct dig_error *err)
{
	const struct dig_bundle_table *table = job->table;
	struct dig_oidmap_entry entry;
	size_t count = 0, first = 0;
	char hex[DIG_OID_HEX + 1];
	enum dig_status st;

	for (size_t i = table->nneeds; i > 0; i--)
		if (!dig_oidmap_find(
			found, DIG_KIND_COMMIT, &table->needs[i - 1], &entry)) {
			first = i - 1;
			count++;
		}
	if (count == 0)
		return DIG_OK;
	dig_oid_hex(&table->needs[first], hex);
	st = dig_raise(err, DIG_ENOTFOUND,
	    "the bundle needs %zu commit%s that no branch or tag here leads "
	    "to: %.16s%s",
	    count, count == 1 ? "" : "s", hex, count == 1 ? "" : " ...");
	dig_hint(err, "import the bundle before it first, or one that was "
		      "exported without '--not'");
	return st;
}

enum dig_status
dig_bundle_check_needs(struct dig_bundle_job *job, struct dig_error *err)
{
	struct dig_history_options how = DIG_HISTORY_OPTIONS_INIT;
	size_t left = job->table->nneeds;
	struct dig_history *history = NULL;
	const struct dig_commit *commit;
	const struct dig_oid *id;
	struct dig_oidmap found;
	enum dig_status st;

	if (left == 0)
		return DIG_OK;
	dig_oidmap_init(&found);
	how.all = true;
	st = dig_history_new(job->repo, &how, &history, err);
	while (st == DIG_OK && left > 0) {
		if (dig_interrupted())
			st = dig_raise(err, DIG_ECANCELLED, "interrupted");
		if (st == DIG_OK)
			st = dig_history_next(history, &id, &commit, err);
		if (st != DIG_OK || commit == NULL)
			break;
		if (dig_bundle_is_needed(job->table, id) &&
		    dig_oidmap_claim(&found, DIG_KIND_COMMIT, id)) {
			struct dig_location at = { 0 };

			dig_oidmap_place(
			    &found, DIG_KIND_COMMIT, id, &at, NULL, 0);
			left--;
		}
	}
	dig_history_free(history);
	if (st == DIG_OK)
		st = missing(job, &found, err);
	dig_oidmap_clear(&found);
	return st;
}

/* ---- Refs ------------------------------------------------------------- */

struct walk {
	struct dig_oidmap been;
	struct dig_oid *stack;
	size_t n;
	size_t cap;
};

/* Is `old` the commit `now` or before it? Both may be uncommitted. */
static enum dig_status
leads_to(struct dig_bundle_job *job, const struct dig_oid *now,
    const struct dig_oid *old, bool *out, struct dig_error *err)
{
	struct dig_commit *commit = dig_alloc(sizeof(*commit));
	struct walk walk = { .n = 0 };
	struct dig_buf bytes = DIG_BUF_INIT;
	uint64_t generation = 0;
	enum dig_status st;

	*out = false;
	dig_oidmap_init(&walk.been);
	st = job->io.get(job->io.arg, DIG_KIND_COMMIT, old, &bytes, err);
	if (st == DIG_OK)
		st = dig_commit_decode(bytes.data, bytes.len, commit, err);
	if (st == DIG_OK)
		generation = commit->generation;
	DIG_GROW(walk.stack, walk.cap, 1);
	walk.stack[walk.n++] = *now;
	while (st == DIG_OK && walk.n > 0 && !*out) {
		struct dig_oid id = walk.stack[--walk.n];

		*out = dig_oid_eq(&id, old);
		if (*out || !dig_oidmap_claim(&walk.been, DIG_KIND_COMMIT, &id))
			continue;
		st =
		    job->io.get(job->io.arg, DIG_KIND_COMMIT, &id, &bytes, err);
		if (st == DIG_OK)
			st = dig_commit_decode(
			    bytes.data, bytes.len, commit, err);
		if (st != DIG_OK || commit->generation <= generation)
			continue;
		for (size_t i = 0; i < commit->nparents; i++) {
			DIG_GROW(walk.stack, walk.cap, walk.n + 1);
			dig_commit_parent(commit, i, &walk.stack[walk.n++]);
		}
	}
	dig_oidmap_clear(&walk.been);
	dig_buf_clear(&bytes);
	free(walk.stack);
	free(commit);
	return st;
}

static bool
is_tag_name(const char *name)
{
	return strncmp(name, "refs/tags/", 10) == 0;
}

/* A ref leads to what came, or to what is needed and there. */
static enum dig_status
check_ref(struct dig_bundle_job *job, const struct dig_ref *ref,
    struct dig_error *err)
{
	if (dig_bundle_has(job, DIG_KIND_COMMIT, &ref->id) ||
	    (is_tag_name(ref->name) &&
		dig_bundle_has(job, DIG_KIND_TAG, &ref->id)))
		return DIG_OK;
	return dig_raise(err, DIG_ECORRUPT,
	    "%.200s leads to what the bundle does not have", ref->name);
}

static enum dig_status
how_it_moves(struct dig_bundle_job *job, const struct dig_state *next,
    const struct dig_ref *ref, enum dig_ref_move *out, struct dig_error *err)
{
	const struct dig_ref *old = dig_state_ref(next, ref->name);
	bool forward = false;
	enum dig_status st = DIG_OK;

	*out = DIG_REF_NEW;
	if (old == NULL)
		return dig_name_no_clash(next, ref->name, err);
	*out = DIG_REF_SAME;
	if (dig_oid_eq(&old->id, &ref->id))
		return DIG_OK;
	if (!is_tag_name(ref->name))
		st = leads_to(job, &ref->id, &old->id, &forward, err);
	*out = forward               ? DIG_REF_FORWARD
	       : job->options->force ? DIG_REF_FORCED
				     : DIG_REF_REFUSED;
	return st;
}

static enum dig_status
move_refs(
    struct dig_bundle_job *job, struct dig_state *next, struct dig_error *err)
{
	const struct dig_state *refs = &job->table->state;
	enum dig_status st = DIG_OK;
	uint64_t refused = 0;

	for (size_t i = 0; st == DIG_OK && i < refs->nrefs; i++) {
		const struct dig_ref *ref = &refs->refs[i];
		enum dig_ref_move move;

		if (strncmp(ref->name, "refs/import/", 12) == 0)
			return dig_raise(err, DIG_ECORRUPT,
			    "%.200s is no ref for a bundle", ref->name);
		st = check_ref(job, ref, err);
		if (st == DIG_OK)
			st = how_it_moves(job, next, ref, &move, err);
		if (st != DIG_OK)
			break;
		if (job->options->tell != NULL)
			job->options->tell(
			    job->options->arg, ref->name, &ref->id, move);
		refused += move == DIG_REF_REFUSED;
		if (move == DIG_REF_SAME || move == DIG_REF_REFUSED)
			continue;
		dig_state_set_ref(next, ref->name, &ref->id);
		job->result->refs++;
	}
	if (st == DIG_OK && refused > 0) {
		job->result->refs = 0;
		st = dig_raise(err, DIG_ENOTFF,
		    "%" PRIu64 " ref%s would leave commits or a tag behind; "
		    "nothing was moved",
		    refused, refused == 1 ? "" : "s");
		dig_hint(err, "'--force' moves them all the same");
	}
	return st;
}

/* No commit, no ref, nothing staged. */
static bool
is_empty(const struct dig_state *state)
{
	struct dig_oid empty, head;

	dig_tree_empty(&empty);
	for (size_t i = 0; i < state->nrefs; i++)
		if (strncmp(state->refs[i].name, "refs/import/", 12) != 0)
			return false;
	return !dig_state_head(state, &head) &&
	       dig_oid_eq(&state->staged_root, &empty);
}

/* HEAD as the bundle has it, and the staging of what it names. */
static enum dig_status
set_head(
    struct dig_bundle_job *job, struct dig_state *next, struct dig_error *err)
{
	const struct dig_state *from = &job->table->state;
	struct dig_commit *commit;
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_oid head;
	enum dig_status st = DIG_OK;

	if (from->head_ref != NULL) {
		free(next->head_ref);
		next->head_ref = dig_strdup(from->head_ref);
	} else if (!dig_oid_is_zero(&from->head_id)) {
		if (!dig_bundle_has(job, DIG_KIND_COMMIT, &from->head_id))
			return dig_raise(err, DIG_ECORRUPT,
			    "HEAD leads to what the bundle does not have");
		free(next->head_ref);
		next->head_ref = NULL;
		next->head_id = from->head_id;
	}
	if (!dig_state_head(next, &head))
		return DIG_OK;
	commit = dig_alloc(sizeof(*commit));
	st = job->io.get(job->io.arg, DIG_KIND_COMMIT, &head, &bytes, err);
	if (st == DIG_OK)
		st = dig_commit_decode(bytes.data, bytes.len, commit, err);
	if (st == DIG_OK)
		next->staged_root = commit->tree;
	dig_buf_clear(&bytes);
	free(commit);
	return st;
}

enum dig_status
dig_bundle_publish(struct dig_bundle_job *job, struct dig_error *err)
{
	struct dig_index *index = job->repo->index;
	struct dig_state *next = dig_index_next(index);
	struct dig_commit_options options = { .derive = is_empty(next) };
	struct dig_oid before, after;
	struct dig_buf verb = DIG_BUF_INIT;
	bool had = dig_state_head(next, &before);
	enum dig_status st = move_refs(job, next, err);

	if (st == DIG_OK && options.derive)
		st = set_head(job, next, err);
	if (st != DIG_OK || job->options->dry_run)
		return st;
	job->result->head_moved = dig_state_head(next, &after) &&
				  (!had || !dig_oid_eq(&before, &after));
	dig_buf_printf(
	    &verb, "import bundle: %" PRIu64 " commits", job->result->commits);
	options.verb = (const char *)verb.data;
	options.op = job->op;
	st = dig_index_commit(index, &options, NULL, err);
	dig_buf_clear(&verb);
	return st;
}
