/* SPDX-License-Identifier: MIT
 *
 * What branches and tags have in common: names, lists, ancestry.
 */
#include "repo/names.h"

#include <stdlib.h>
#include <string.h>

#include "repo/history.h"
#include "repo/internal.h"
#include "repo/merge_base.h"
#include "staging/glob.h"

static const struct {
	const char *folder;
	const char *word;
} kinds[] = { [DIG_NAME_BRANCH] = { "refs/heads/", "branch" },
	[DIG_NAME_TAG] = { "refs/tags/", "tag" } };

void
dig_names_clear(struct dig_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->at[i].name);
	free(names->at);
	memset(names, 0, sizeof(*names));
}

void
dig_names_add(struct dig_names *names, const char *name, enum dig_kind kind,
    const struct dig_oid *id)
{
	DIG_GROW(names->at, names->cap, names->count + 1);
	names->at[names->count++] =
	    (struct dig_name){ dig_strdup(name), kind, *id };
}

/* ---- A new name ------------------------------------------------------- */

enum dig_status
dig_name_new(enum dig_name_kind kind, const char *name, char **out,
    struct dig_error *err)
{
	struct dig_buf full = DIG_BUF_INIT;
	enum dig_status st = DIG_OK;

	dig_buf_puts(&full, kinds[kind].folder);
	dig_buf_puts(&full, name);
	/* These would be taken for HEAD, or for options. */
	if (strcmp(name, "HEAD") == 0 || strcmp(name, "@") == 0 ||
	    name[0] == '-' || !dig_refname_valid((const char *)full.data))
		st = dig_raise(err, DIG_EINVALID,
		    "'%.200s' is not a valid name for a %s", name,
		    kinds[kind].word);
	else
		*out = dig_buf_detach(&full);
	dig_buf_clear(&full);
	return st;
}

/* `below` is `folder`, a slash and more. */
static bool
is_below(const char *below, const char *folder)
{
	size_t len = strlen(folder);

	return strncmp(below, folder, len) == 0 && below[len] == '/';
}

enum dig_status
dig_name_no_clash(
    const struct dig_state *state, const char *full, struct dig_error *err)
{
	for (size_t i = 0; i < state->nrefs; i++) {
		const char *other = state->refs[i].name;

		if (is_below(full, other) || is_below(other, full))
			return dig_raise(err, DIG_EEXISTS,
			    "'%.200s' cannot stand beside '%.200s'", full,
			    other);
	}
	return DIG_OK;
}

/* ---- Lists ------------------------------------------------------------ */

static bool
is_meant(const struct dig_names_filter *filter, const char *name)
{
	for (size_t i = 0; i < filter->npatterns; i++)
		if (dig_glob_match(filter->patterns[i],
			strlen(filter->patterns[i]), name, strlen(name), 0))
			return true;
	return filter->npatterns == 0;
}

/* Through tags to a commit; false where they name something else. */
static enum dig_status
peel(struct dig_repo *repo, const struct dig_name *name, struct dig_oid *out,
    bool *found, struct dig_error *err)
{
	struct dig_buf bytes = DIG_BUF_INIT;
	enum dig_kind kind = name->kind;
	enum dig_status st = DIG_OK;

	*out = name->id;
	while (st == DIG_OK && kind == DIG_KIND_TAG) {
		struct dig_tag tag;

		st = dig_history_tag(repo, out, &bytes, &tag, err);
		if (st == DIG_OK) {
			kind = tag.target_kind;
			*out = tag.target;
		}
	}
	*found = kind == DIG_KIND_COMMIT;
	dig_buf_clear(&bytes);
	return st;
}

static enum dig_status
has_commit(struct dig_repo *repo, const struct dig_name *name,
    const struct dig_oid *commit, bool *out, struct dig_error *err)
{
	struct dig_oid tip;
	enum dig_status st;

	st = peel(repo, name, &tip, out, err);
	if (st == DIG_OK && *out)
		st = dig_is_ancestor(repo, commit, &tip, out, err);
	return st;
}

enum dig_status
dig_names_list(struct dig_repo *repo, enum dig_name_kind kind,
    const struct dig_names_filter *filter, struct dig_names *out,
    struct dig_error *err)
{
	const struct dig_state *state = dig_index_state(repo->index);
	size_t len = strlen(kinds[kind].folder);
	struct dig_names names = { NULL, 0, 0 };
	enum dig_status st = DIG_OK;

	for (size_t i = 0; i < state->nrefs && st == DIG_OK; i++) {
		const struct dig_ref *ref = &state->refs[i];
		struct dig_name *added;
		bool is_tag = false, has = true;

		if (strncmp(ref->name, kinds[kind].folder, len) != 0 ||
		    !is_meant(filter, ref->name + len))
			continue;
		if (kind == DIG_NAME_TAG)
			st = dig_store_has(dig_index_store(repo->index),
			    DIG_KIND_TAG, &ref->id, &is_tag, err);
		if (st != DIG_OK)
			break;
		dig_names_add(&names, ref->name + len,
		    is_tag ? DIG_KIND_TAG : DIG_KIND_COMMIT, &ref->id);
		added = &names.at[names.count - 1];
		if (filter->contains != NULL)
			st = has_commit(
			    repo, added, filter->contains, &has, err);
		if (st == DIG_OK && !has) {
			free(added->name);
			names.count--;
		}
	}
	if (st != DIG_OK) {
		dig_names_clear(&names);
		return st;
	}
	dig_names_clear(out);
	*out = names;
	return DIG_OK;
}
