/* SPDX-License-Identifier: MIT
 *
 * What goes into a bundle: commits, parents first, and of each the objects that
 * its first parent has not.
 */
#include <stdlib.h>
#include <string.h>

#include "objects/bundle.h"
#include "objects/reach.h"
#include "repo/bridge/bundle.h"
#include "repo/bridge/import.h"

#define TAG_DEPTH_MAX 64

struct listed {
	struct dig_oid id;
	struct dig_oid tree;
	struct dig_oid parent; /* the first */
	bool has_parent;
};

struct bundling {
	struct dig_repo *repo;
	const struct dig_bundle_export *options;
	struct dig_node_io io;
	struct dig_bundle_table table;
	struct dig_oid *tips; /* commits */
	size_t ntips;
	size_t tips_cap;
	struct dig_oid *hidden;
	struct listed *commits;
	size_t ncommits;
	size_t commits_cap;
	struct dig_oidmap wanted; /* what is in items, and commits */
	struct dig_oidmap has;    /* what the receiver has */
	struct dig_bundle_item *items;
	size_t nitems;
	size_t items_cap;
	size_t needs_cap;
	struct dig_buf bytes;
};

static bool
holds(struct dig_oidmap *map, enum dig_kind kind, const struct dig_oid *id)
{
	struct dig_oidmap_entry entry;

	return dig_oidmap_find(map, kind, id, &entry);
}

static void
add_item(struct bundling *b, enum dig_kind kind, const struct dig_oid *id)
{
	DIG_GROW(b->items, b->items_cap, b->nitems + 1);
	b->items[b->nitems++] = (struct dig_bundle_item){ kind, *id };
}

static void
add_need(struct bundling *b, const struct dig_oid *id)
{
	DIG_GROW(b->table.needs, b->needs_cap, b->table.nneeds + 1);
	b->table.needs[b->table.nneeds++] = *id;
}

/* ---- Refs ------------------------------------------------------------- */

static void
add_tip(struct bundling *b, const struct dig_oid *commit)
{
	DIG_GROW(b->tips, b->tips_cap, b->ntips + 1);
	b->tips[b->ntips++] = *commit;
}

/* The commit that a ref leads to; the tags on the way are listed with `tags`,
 * the one that names another behind it. */
static enum dig_status
follow(struct bundling *b, const struct dig_oid *from, bool tags,
    enum dig_kind *kind, struct dig_oid *out, struct dig_error *err)
{
	struct dig_store *store = dig_index_store(b->repo->index);
	struct dig_tag *tag = dig_alloc(sizeof(*tag));
	struct dig_oid chain[TAG_DEPTH_MAX];
	enum dig_status st = DIG_OK;
	size_t n = 0;
	bool is_tag;

	*out = *from;
	*kind = DIG_KIND_COMMIT;
	while (st == DIG_OK && n < TAG_DEPTH_MAX) {
		st = dig_store_has(store, DIG_KIND_TAG, out, &is_tag, err);
		if (st != DIG_OK || !is_tag ||
		    (*kind != DIG_KIND_COMMIT && *kind != DIG_KIND_TAG))
			break;
		chain[n++] = *out;
		st = dig_history_tag(b->repo, out, &b->bytes, tag, err);
		if (st == DIG_OK) {
			*out = tag->target;
			*kind = tag->target_kind;
		}
	}
	for (; st == DIG_OK && tags && n > 0; n--)
		if (dig_oidmap_claim(&b->wanted, DIG_KIND_TAG, &chain[n - 1]))
			add_item(b, DIG_KIND_TAG, &chain[n - 1]);
	free(tag);
	return st;
}

static enum dig_status
add_ref(struct bundling *b, const struct dig_ref *ref, struct dig_error *err)
{
	enum dig_kind kind;
	struct dig_oid id;
	enum dig_status st = follow(b, &ref->id, false, &kind, &id, err);

	if (st != DIG_OK)
		return st;
	dig_state_set_ref(&b->table.state, ref->name, &ref->id);
	if (kind == DIG_KIND_COMMIT)
		add_tip(b, &id);
	return DIG_OK;
}

static enum dig_status
add_all_refs(
    struct bundling *b, const struct dig_state *state, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	for (size_t i = 0; st == DIG_OK && i < state->nrefs; i++)
		if (strncmp(state->refs[i].name, "refs/import/", 12) != 0)
			st = add_ref(b, &state->refs[i], err);
	if (state->head_ref == NULL && !dig_oid_is_zero(&state->head_id)) {
		b->table.state.head_id = state->head_id;
		add_tip(b, &state->head_id);
	}
	return st;
}

static enum dig_status
find_refs(struct bundling *b, struct dig_error *err)
{
	const struct dig_bundle_export *options = b->options;
	const struct dig_state *state = dig_index_state(b->repo->index);
	enum dig_status st = DIG_OK;

	if (options->nrefs == 0)
		st = add_all_refs(b, state, err);
	for (size_t i = 0; st == DIG_OK && i < options->nrefs; i++) {
		const char *name = dig_revision_ref(b->repo, options->refs[i]);
		const struct dig_ref *ref =
		    name != NULL ? dig_state_ref(state, name) : NULL;

		if (ref != NULL) {
			st = add_ref(b, ref, err);
			continue;
		}
		st = dig_raise(err, DIG_ENOTFOUND,
		    "'%.200s' is no branch, tag or other ref",
		    options->refs[i]);
		dig_hint(err,
		    "a bundle carries names: 'dig branch NAME "
		    "%.100s' makes one",
		    options->refs[i]);
	}
	if (st == DIG_OK && state->head_ref != NULL &&
	    dig_state_ref(&b->table.state, state->head_ref) != NULL)
		b->table.state.head_ref = dig_strdup(state->head_ref);
	if (st == DIG_OK && b->ntips == 0 && b->table.state.nrefs == 0)
		st = dig_raise(
		    err, DIG_ENO, "there is no commit yet, and no tag");
	return st;
}

/* ---- Commits ---------------------------------------------------------- */

static enum dig_status
list_commits(struct bundling *b, struct dig_error *err)
{
	struct dig_history_options how = DIG_HISTORY_OPTIONS_INIT;
	struct dig_history *history = NULL;
	const struct dig_commit *commit;
	const struct dig_oid *id;
	enum dig_status st = DIG_OK;

	b->hidden = dig_calloc(b->options->nwithout + 1, sizeof(*b->hidden));
	for (size_t i = 0; st == DIG_OK && i < b->options->nwithout; i++)
		st = dig_revision_commit(
		    b->repo, b->options->without[i], &b->hidden[i], err);
	if (st != DIG_OK || b->ntips == 0)
		return st;
	how.tips = b->tips;
	how.ntips = b->ntips;
	how.hidden = b->hidden;
	how.nhidden = b->options->nwithout;
	how.order = DIG_ORDER_DATE;
	how.reverse = true;
	st = dig_history_new(b->repo, &how, &history, err);
	while (st == DIG_OK) {
		struct listed *listed;

		if (dig_interrupted())
			st = dig_raise(err, DIG_ECANCELLED, "interrupted");
		if (st == DIG_OK)
			st = dig_history_next(history, &id, &commit, err);
		if (st != DIG_OK || commit == NULL)
			break;
		DIG_GROW(b->commits, b->commits_cap, b->ncommits + 1);
		listed = &b->commits[b->ncommits++];
		memset(listed, 0, sizeof(*listed));
		listed->id = *id;
		listed->tree = commit->tree;
		listed->has_parent = commit->nparents > 0;
		if (listed->has_parent)
			dig_commit_parent(commit, 0, &listed->parent);
		dig_oidmap_claim(&b->wanted, DIG_KIND_COMMIT, id);
		/* Those that are not listed are told apart later. */
		for (size_t i = 0; i < commit->nparents; i++) {
			struct dig_oid parent;

			dig_commit_parent(commit, i, &parent);
			if (!holds(&b->wanted, DIG_KIND_COMMIT, &parent))
				add_need(b, &parent);
		}
	}
	dig_history_free(history);
	return st;
}

static int
by_id(const void *a, const void *b)
{
	return dig_oid_cmp(a, b);
}

/* Ascending, each once. */
static void
sort_needs(struct bundling *b)
{
	struct dig_oid *needs = b->table.needs;
	size_t kept = 0;

	if (b->table.nneeds == 0)
		return;
	qsort(needs, b->table.nneeds, sizeof(*needs), by_id);
	for (size_t i = 0; i < b->table.nneeds; i++)
		if (kept == 0 || !dig_oid_eq(&needs[kept - 1], &needs[i]))
			needs[kept++] = needs[i];
	b->table.nneeds = kept;
}

/* ---- Objects ---------------------------------------------------------- */

static enum dig_status
mark_has(void *arg, enum dig_kind kind, const struct dig_oid *id, bool *enter,
    struct dig_error *err)
{
	struct bundling *b = arg;

	(void)err;
	*enter = dig_oidmap_claim(&b->has, kind, id);
	return DIG_OK;
}

static enum dig_status
want(void *arg, enum dig_kind kind, const struct dig_oid *id, bool *enter,
    struct dig_error *err)
{
	struct bundling *b = arg;

	(void)err;
	*enter =
	    !holds(&b->has, kind, id) && dig_oidmap_claim(&b->wanted, kind, id);
	if (*enter)
		add_item(b, kind, id);
	return DIG_OK;
}

struct diffing {
	struct bundling *b;
	bool parent_is_there; /* not in the bundle */
};

static enum dig_status
want_entry(void *arg, const struct dig_entry *old, const struct dig_entry *now,
    struct dig_error *err)
{
	struct diffing *diffing = arg;
	struct bundling *b = diffing->b;
	enum dig_status st = DIG_OK;

	if (dig_interrupted())
		return dig_raise(err, DIG_ECANCELLED, "interrupted");
	/* What was there before need not go, and is a good base. */
	if (old != NULL && diffing->parent_is_there)
		st = dig_reach_entry(&b->io, old, mark_has, b, err);
	if (st == DIG_OK && now != NULL)
		st = dig_reach_entry(&b->io, now, want, b, err);
	return st;
}

static enum dig_status
want_tree(struct bundling *b, const struct dig_oid *before, bool is_there,
    const struct dig_oid *tree, struct dig_error *err)
{
	struct diffing diffing = { b, is_there };
	enum dig_status st = dig_reach_tree(&b->io, tree, want, b, err);

	if (st == DIG_OK)
		st = dig_tree_diff(
		    &b->io, before, tree, want_entry, &diffing, err);
	return st;
}

static enum dig_status
want_commit(
    struct bundling *b, const struct listed *listed, struct dig_error *err)
{
	struct dig_oid before;
	enum dig_status st = DIG_OK;

	dig_tree_empty(&before);
	if (listed->has_parent)
		st = dig_repo_commit_tree(
		    b->repo, &listed->parent, &before, err);
	if (st == DIG_OK)
		st = want_tree(b, &before,
		    listed->has_parent &&
			!holds(&b->wanted, DIG_KIND_COMMIT, &listed->parent),
		    &listed->tree, err);
	if (st == DIG_OK)
		add_item(b, DIG_KIND_COMMIT, &listed->id);
	return st;
}

/* Tags, and what they and other refs lead to that no commit has brought. */
static enum dig_status
want_refs(struct bundling *b, struct dig_error *err)
{
	const struct dig_state *state = &b->table.state;
	enum dig_status st = DIG_OK;

	for (size_t i = 0; st == DIG_OK && i < state->nrefs; i++) {
		enum dig_kind kind;
		struct dig_oid id, empty;
		bool enter;

		st = follow(b, &state->refs[i].id, true, &kind, &id, err);
		if (st != DIG_OK)
			break;
		dig_tree_empty(&empty);
		if (kind == DIG_KIND_TREE)
			st = want_tree(b, &empty, false, &id, err);
		else if (kind == DIG_KIND_CHUNK)
			st = want(b, kind, &id, &enter, err);
		else if (!holds(&b->wanted, DIG_KIND_COMMIT, &id))
			add_need(b, &id);
	}
	if (!dig_oid_is_zero(&state->head_id) &&
	    !holds(&b->wanted, DIG_KIND_COMMIT, &state->head_id))
		add_need(b, &state->head_id);
	return st;
}

static enum dig_status
list_objects(struct bundling *b, struct dig_error *err)
{
	const struct dig_talk *talk = &b->repo->talk;
	enum dig_status st = DIG_OK;
	struct dig_oid tree;

	sort_needs(b);
	for (size_t i = 0; st == DIG_OK && i < b->table.nneeds; i++) {
		st = dig_repo_commit_tree(
		    b->repo, &b->table.needs[i], &tree, err);
		if (st == DIG_OK)
			st = dig_reach_tree(&b->io, &tree, mark_has, b, err);
	}
	for (size_t i = 0; st == DIG_OK && i < b->ncommits; i++) {
		struct dig_progress_report report = {
			.what = "looking",
			.unit = "commits",
			.files_done = i,
			.files_total = b->ncommits,
		};

		if (talk->progress != NULL)
			talk->progress(talk->arg, &report);
		st = want_commit(b, &b->commits[i], err);
	}
	if (st == DIG_OK)
		st = want_refs(b, err);
	sort_needs(b);
	return st;
}

static void
on_progress(void *arg, uint64_t objects)
{
	const struct bundling *b = arg;
	const struct dig_talk *talk = &b->repo->talk;
	struct dig_progress_report report = {
		.what = "bundling",
		.unit = "objects",
		.files_done = objects,
		.files_total = b->nitems,
	};

	if (talk->progress != NULL)
		talk->progress(talk->arg, &report);
}

enum dig_status
dig_export_bundle(struct dig_repo *repo,
    const struct dig_bundle_export *options, struct dig_bundle_exported *result,
    struct dig_error *err)
{
	struct dig_store *store = dig_index_store(repo->index);
	struct bundling b = {
		.repo = repo,
		.options = options,
		.io = dig_reader_io(dig_index_reader(repo->index)),
	};
	struct dig_bundle_options out = {
		.write = options->write,
		.arg = options->arg,
		.progress = on_progress,
		.progress_arg = &b,
		.has = &b.has,
	};
	enum dig_status st;

	memset(result, 0, sizeof(*result));
	dig_bundle_table_init(&b.table);
	dig_oidmap_init(&b.wanted);
	dig_oidmap_init(&b.has);
	b.table.chunk_profile = dig_store_chunk_profile(store);
	st = find_refs(&b, err);
	if (st == DIG_OK)
		st = list_commits(&b, err);
	if (st == DIG_OK)
		st = list_objects(&b, err);
	b.table.commits = b.ncommits;
	if (st == DIG_OK)
		st = dig_bundle_write(
		    store, &b.table, b.items, b.nitems, &out, err);
	result->refs = b.table.state.nrefs;
	result->commits = b.ncommits;
	result->objects = b.nitems;
	result->needs = b.table.nneeds;
	dig_bundle_table_clear(&b.table);
	dig_oidmap_clear(&b.wanted);
	dig_oidmap_clear(&b.has);
	dig_buf_clear(&b.bytes);
	free(b.hidden);
	free(b.tips);
	free(b.commits);
	free(b.items);
	return st;
}
