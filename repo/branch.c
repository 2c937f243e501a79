/* SPDX-License-Identifier: MIT
 *
 * Making, renaming and deleting branches: one record each, no working file.
 */
#include <stdlib.h>
#include <string.h>

#include "repo/internal.h"
#include "repo/names.h"

static bool
is_current(const struct dig_state *state, const char *full)
{
	return state->head_ref != NULL && strcmp(state->head_ref, full) == 0;
}

/* The ref of a branch that has to be there. */
static enum dig_status
find_branch(const struct dig_state *state, const char *name,
    const struct dig_ref **out, struct dig_error *err)
{
	struct dig_buf full = DIG_BUF_INIT;

	dig_buf_printf(&full, "refs/heads/%s", name);
	*out = dig_state_ref(state, (const char *)full.data);
	dig_buf_clear(&full);
	return *out != NULL ? DIG_OK
			    : dig_raise(err, DIG_ENOTFOUND,
				  "there is no branch '%.200s'", name);
}

static enum dig_status
exists(const char *name, const char *option, struct dig_error *err)
{
	dig_ignore(dig_raise(
	    err, DIG_EEXISTS, "a branch '%.200s' is there already", name));
	dig_hint(err, "use another name, or %s to replace it", option);
	return DIG_EEXISTS;
}

static enum dig_status
record(struct dig_repo *repo, const char *verb, struct dig_error *err)
{
	struct dig_commit_options options = { .verb = verb };

	return dig_index_commit(repo->index, &options, NULL, err);
}

enum dig_status
dig_branch_create(struct dig_repo *repo, const char *name, const char *rev,
    bool force, struct dig_error *err)
{
	struct dig_buf verb = DIG_BUF_INIT;
	struct dig_state *next;
	struct dig_oid commit;
	enum dig_status st;
	char *full = NULL;

	st = dig_name_new(DIG_NAME_BRANCH, name, &full, err);
	if (st == DIG_OK)
		st = dig_index_begin(repo->index, err);
	if (st != DIG_OK)
		goto out;
	next = dig_index_next(repo->index);
	if (force && is_current(next, full))
		st = dig_raise(err, DIG_ECONFLICT,
		    "HEAD is on branch '%.200s'; move it with 'dig reset'",
		    name);
	else if (!force && dig_state_ref(next, full) != NULL)
		st = exists(name, "-f", err);
	if (st == DIG_OK)
		st = dig_name_no_clash(next, full, err);
	if (st == DIG_OK)
		st = dig_revision_commit(
		    repo, rev == NULL ? "HEAD" : rev, &commit, err);
	if (st == DIG_OK) {
		dig_buf_printf(&verb, "branch: %s %.1000s",
		    dig_state_ref(next, full) != NULL ? "Reset to"
						      : "Created from",
		    rev == NULL ? "HEAD" : rev);
		dig_state_set_ref(next, full, &commit);
		st = record(repo, (const char *)verb.data, err);
	}
	dig_index_rollback(repo->index); /* of what was not committed */
out:
	dig_buf_clear(&verb);
	free(full);
	return st;
}

/* ---- Renaming --------------------------------------------------------- */

/* The full name of the branch that gets another one; a branch without a
 * commit is there only because HEAD names it. */
static enum dig_status
find_old(const struct dig_state *state, const char *old, char **out,
    struct dig_error *err)
{
	const struct dig_ref *ref;
	enum dig_status st;

	if (old == NULL && state->head_ref == NULL)
		return dig_raise(err, DIG_EINVALID,
		    "HEAD is on no branch; say which one to rename");
	if (old == NULL ||
	    (state->head_ref != NULL &&
		strcmp(dig_ref_short(state->head_ref), old) == 0)) {
		*out = dig_strdup(state->head_ref);
		return DIG_OK;
	}
	st = find_branch(state, old, &ref, err);
	if (st == DIG_OK)
		*out = dig_strdup(ref->name);
	return st;
}

static void
rename_ref(struct dig_state *next, const char *from, const char *to)
{
	const struct dig_ref *ref = dig_state_ref(next, from);
	struct dig_oid id;

	if (is_current(next, from)) {
		free(next->head_ref);
		next->head_ref = dig_strdup(to);
	}
	if (ref == NULL)
		return;
	id = ref->id;
	dig_state_set_ref(next, from, NULL);
	dig_state_set_ref(next, to, &id);
}

/* With the old name out of the way: main may become main/one. */
static enum dig_status
check_clash(const struct dig_state *state, const char *from, const char *to,
    struct dig_error *err)
{
	struct dig_state rest;
	enum dig_status st;

	dig_state_init(&rest);
	dig_state_copy(state, &rest);
	dig_state_set_ref(&rest, from, NULL);
	st = dig_name_no_clash(&rest, to, err);
	dig_state_clear(&rest);
	return st;
}

enum dig_status
dig_branch_rename(struct dig_repo *repo, const char *old, const char *name,
    bool force, struct dig_error *err)
{
	struct dig_buf verb = DIG_BUF_INIT;
	char *from = NULL, *to = NULL;
	struct dig_state *next;
	enum dig_status st;

	st = dig_name_new(DIG_NAME_BRANCH, name, &to, err);
	if (st == DIG_OK)
		st = dig_index_begin(repo->index, err);
	if (st != DIG_OK)
		goto out;
	next = dig_index_next(repo->index);
	st = find_old(next, old, &from, err);
	if (st == DIG_OK && strcmp(from, to) != 0) {
		if (!force && dig_state_ref(next, to) != NULL)
			st = exists(name, "-M", err);
		else if (is_current(next, to))
			st = dig_raise(err, DIG_ECONFLICT,
			    "HEAD is on branch '%.200s'", name);
		if (st == DIG_OK)
			st = check_clash(next, from, to, err);
		if (st == DIG_OK) {
			dig_buf_printf(
			    &verb, "branch: renamed %s to %s", from, to);
			rename_ref(next, from, to);
			st = record(repo, (const char *)verb.data, err);
		}
	}
	dig_index_rollback(repo->index);
out:
	dig_buf_clear(&verb);
	free(from);
	free(to);
	return st;
}

/* ---- Deleting --------------------------------------------------------- */

static enum dig_status
check_merged(struct dig_repo *repo, const struct dig_ref *ref, const char *name,
    struct dig_error *err)
{
	struct dig_oid head;
	enum dig_status st;
	bool merged = false;

	if (dig_repo_head(repo, &head)) {
		st = dig_is_ancestor(repo, &ref->id, &head, &merged, err);
		if (st != DIG_OK)
			return st;
	}
	if (merged)
		return DIG_OK;
	dig_ignore(dig_raise(err, DIG_ENO,
	    "branch '%.200s' has commits that HEAD does not have", name));
	dig_hint(err, "'dig branch -D %.200s' deletes it all the same", name);
	return DIG_ENO;
}

static enum dig_status
delete_one(struct dig_repo *repo, const char *name, bool force,
    struct dig_names *deleted, struct dig_error *err)
{
	struct dig_state *next = dig_index_next(repo->index);
	const struct dig_ref *ref = NULL;
	enum dig_status st;
	char *full;

	st = find_branch(next, name, &ref, err);
	if (st == DIG_OK && is_current(next, ref->name))
		st = dig_raise(err, DIG_ECONFLICT,
		    "branch '%.200s' is the one HEAD is on", name);
	if (st == DIG_OK && !force)
		st = check_merged(repo, ref, name, err);
	if (st != DIG_OK)
		return st;
	dig_names_add(deleted, name, DIG_KIND_COMMIT, &ref->id);
	full = dig_strdup(ref->name);
	dig_state_set_ref(next, full, NULL);
	free(full);
	return DIG_OK;
}

enum dig_status
dig_branch_delete(struct dig_repo *repo, const char *const *names, size_t count,
    bool force, struct dig_names *deleted, struct dig_error *err)
{
	struct dig_names gone = { NULL, 0, 0 };
	enum dig_status st;

	st = dig_index_begin(repo->index, err);
	if (st != DIG_OK)
		return st;
	for (size_t i = 0; i < count && st == DIG_OK; i++)
		st = delete_one(repo, names[i], force, &gone, err);
	if (st == DIG_OK)
		st = record(repo, "branch: deleted", err);
	dig_index_rollback(repo->index);
	if (st == DIG_OK) {
		dig_names_clear(deleted);
		*deleted = gone;
	} else {
		dig_names_clear(&gone);
	}
	return st;
}
