/* SPDX-License-Identifier: MIT
 *
 * Where refs stand while an import goes on, and how they move.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "repo/bridge/import.h"
#include "repo/stash.h"

static bool
is_ours(const char *name)
{
	return strncmp(name, DIG_IMPORT_REFS, strlen(DIG_IMPORT_REFS)) == 0;
}

static uint64_t
number_of(const char *name)
{
	return strtoull(name + strlen(DIG_IMPORT_REFS), NULL, 10);
}

uint64_t
dig_import_first_ref(const struct dig_state *state)
{
	uint64_t first = 1;

	for (size_t i = 0; i < state->nrefs; i++)
		if (is_ours(state->refs[i].name) &&
		    number_of(state->refs[i].name) >= first)
			first = number_of(state->refs[i].name) + 1;
	return first;
}

/* Take out the refs of checkpoints from a number on. */
static void
remove_ours(struct dig_state *next, uint64_t from)
{
	for (size_t i = next->nrefs; i > 0; i--) {
		char *name;

		if (!is_ours(next->refs[i - 1].name) ||
		    number_of(next->refs[i - 1].name) < from)
			continue;
		name = dig_strdup(next->refs[i - 1].name);
		dig_state_set_ref(next, name, NULL);
		free(name);
	}
}

static bool
is_new_tip(const struct dig_state *refs, size_t which)
{
	for (size_t i = 0; i < which; i++)
		if (dig_oid_eq(&refs->refs[i].id, &refs->refs[which].id))
			return false;
	return true;
}

enum dig_status
dig_import_checkpoint(struct dig_import *import, struct dig_error *err)
{
	struct dig_commit_options options = {
		.verb = "import: going on",
		.op = import->op,
		.keep_open = true,
	};
	struct dig_state *next = dig_index_next(import->index);
	uint64_t number = import->first_ref;
	enum dig_status st;

	remove_ours(next, import->first_ref);
	/* Thousands of refs are most of them old ones at the same commits:
	 * past the first hundreds, comparing all pairs is not worth it. */
	for (size_t i = 0; i < import->refs.nrefs; i++) {
		char name[48];

		if (i < 512 && !is_new_tip(&import->refs, i))
			continue;
		snprintf(name, sizeof(name), "%s%" PRIu64, DIG_IMPORT_REFS,
		    number++);
		dig_state_set_ref(next, name, &import->refs.refs[i].id);
	}
	st = dig_index_commit(import->index, &options, &import->op, err);
	import->uncommitted = 0;
	return st;
}

void
dig_import_forget(struct dig_import *import)
{
	struct dig_commit_options options = {
		.verb = "import: given up",
		.op = import->op,
	};
	struct dig_error ignored;

	/* What cannot be taken back now goes with the next import. */
	if (import->op == 0 ||
	    dig_index_begin(import->index, &ignored) != DIG_OK)
		return;
	remove_ours(dig_index_next(import->index), import->first_ref);
	dig_ignore(dig_index_commit(import->index, &options, NULL, &ignored));
	dig_index_rollback(import->index);
}

/* ---- The end ---------------------------------------------------------- */

/* May a ref go from one commit to another? */
static enum dig_status
may_move(struct dig_import *import, const struct dig_ref *ref,
    const struct dig_ref *old, bool *out, struct dig_error *err)
{
	bool tag = strncmp(ref->name, "refs/tags/", 10) == 0;

	*out = import->options->force ||
	       (!tag && strncmp(ref->name, "refs/heads/", 11) != 0);
	if (*out || tag)
		return DIG_OK;
	return dig_is_ancestor(import->repo, &old->id, &ref->id, out, err);
}

static enum dig_status
move_ref(
    struct dig_import *import, const struct dig_ref *ref, struct dig_error *err)
{
	struct dig_state *next = dig_index_next(import->index);
	const struct dig_ref *old = dig_state_ref(next, ref->name);
	enum dig_status st = DIG_OK;
	bool may = true;

	if (strcmp(ref->name, "HEAD") == 0)
		return DIG_OK;
	if (!dig_refname_valid(ref->name) || is_ours(ref->name) ||
	    strncmp(ref->name, DIG_STASH_REFS, strlen(DIG_STASH_REFS)) == 0) {
		dig_repo_warn(import->repo,
		    "%.200s is no name for a ref of dig and is left out",
		    ref->name);
		return DIG_OK;
	}
	if (old != NULL && dig_oid_eq(&old->id, &ref->id))
		return DIG_OK;
	st = old != NULL ? may_move(import, ref, old, &may, err)
			 : dig_name_no_clash(next, ref->name, err);
	if (st == DIG_EEXISTS) {
		may = false;
		st = DIG_OK;
	}
	if (st != DIG_OK)
		return st;
	if (!may) {
		import->result->kept++;
		dig_repo_warn(import->repo,
		    old != NULL
			? "%.200s is left as it is: it is not before git's"
			: "%.200s is left out: another ref has its place",
		    ref->name);
		return DIG_OK;
	}
	import->result->refs++;
	dig_state_set_ref(next, ref->name, &ref->id);
	return DIG_OK;
}

/* No commit, no ref, nothing staged. */
static bool
is_empty(const struct dig_state *state)
{
	struct dig_oid empty, head;

	dig_tree_empty(&empty);
	for (size_t i = 0; i < state->nrefs; i++)
		if (!is_ours(state->refs[i].name))
			return false;
	return !dig_state_head(state, &head) &&
	       dig_oid_eq(&state->staged_root, &empty);
}

/* The branch for HEAD of a repository that had none: git's, else the one that
 * HEAD names already, else the only one or the first of the usual names. */
static const char *
choose_head(const struct dig_import *import, const struct dig_state *next)
{
	const char *names[] = { import->options->head, next->head_ref,
		"refs/heads/main", "refs/heads/master" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i] != NULL &&
		    strncmp(names[i], "refs/heads/", 11) == 0 &&
		    dig_state_ref(next, names[i]) != NULL)
			return names[i];
	for (size_t i = 0; i < next->nrefs; i++)
		if (strncmp(next->refs[i].name, "refs/heads/", 11) == 0)
			return next->refs[i].name;
	return NULL;
}

/* HEAD, and the staging of what it names. */
static enum dig_status
set_head(struct dig_import *import, struct dig_error *err)
{
	struct dig_state *next = dig_index_next(import->index);
	const struct dig_ref *detached = dig_state_ref(&import->refs, "HEAD");
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_commit commit;
	struct dig_oid head;
	enum dig_status st;
	const char *name;

	if (import->options->head == NULL && detached != NULL) {
		free(next->head_ref);
		next->head_ref = NULL;
		next->head_id = detached->id;
	} else if ((name = choose_head(import, next)) != NULL) {
		char *copy = dig_strdup(name);

		free(next->head_ref);
		next->head_ref = copy;
	}
	if (!dig_state_head(next, &head))
		return DIG_OK;
	st = import->io.get(import, DIG_KIND_COMMIT, &head, &bytes, err);
	if (st == DIG_OK)
		st = dig_commit_decode(bytes.data, bytes.len, &commit, err);
	if (st == DIG_OK) {
		next->staged_root = commit.tree;
		import->result->staged = true;
	}
	dig_buf_clear(&bytes);
	return st;
}

enum dig_status
dig_import_publish(struct dig_import *import, bool last, struct dig_error *err)
{
	struct dig_commit_options options = { .keep_open = !last };
	struct dig_buf verb = DIG_BUF_INIT;
	struct dig_oid before, after;
	struct dig_state *next;
	enum dig_status st = DIG_OK;
	bool had, has;

	/* Whether a branch moves along its line is read from rows and packs. */
	if (import->uncommitted > 0)
		st = dig_import_checkpoint(import, err);
	if (st != DIG_OK)
		return st;
	next = dig_index_next(import->index);
	had = dig_state_head(next, &before);
	options.derive = is_empty(next);
	remove_ours(next, 0);
	for (size_t i = 0; i < import->gone.nrefs; i++) {
		const char *name = import->gone.refs[i].name;

		/* It may have come again since. */
		if (!is_ours(name) &&
		    dig_state_ref(&import->refs, name) == NULL)
			dig_state_set_ref(next, name, NULL);
	}
	for (size_t i = 0; st == DIG_OK && i < import->refs.nrefs; i++)
		st = move_ref(import, &import->refs.refs[i], err);
	if (st == DIG_OK && options.derive)
		st = set_head(import, err);
	if (st != DIG_OK)
		return st;
	has = dig_state_head(next, &after);
	import->result->head_moved |=
	    has && (!had || !dig_oid_eq(&before, &after));
	dig_buf_printf(&verb, "import: %" PRIu64 " commits from git",
	    import->result->commits);
	options.verb = (const char *)verb.data;
	options.op = import->op;
	st = dig_index_commit(import->index, &options, &import->op, err);
	dig_buf_clear(&verb);
	if (st == DIG_OK && last && import->result->kept > 0) {
		st = dig_raise(err, DIG_ENO,
		    "%" PRIu64 " refs are left where they are",
		    import->result->kept);
		dig_hint(err, "'--force' moves them to where git has them");
	}
	return st;
}
