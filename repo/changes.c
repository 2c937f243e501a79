/* SPDX-License-Identifier: MIT
 *
 * Differences of two trees as a list, and which of them are renames.
 */
#include "repo/changes.h"

#include <stdlib.h>

#include "repo/changes_internal.h"

enum dig_status
dig_changes_scope_new(struct dig_repo *repo, const char *const *paths,
    size_t npaths, struct dig_changes_scope **out, struct dig_error *err)
{
	struct dig_pathspec *spec = NULL;
	enum dig_status st;

	st = dig_pathspec_new(
	    paths, npaths, repo->prefix, repo->worktree, &spec, err);
	if (st != DIG_OK)
		return st;
	*out = dig_alloc(sizeof(**out));
	(*out)->spec = spec;
	return DIG_OK;
}

void
dig_changes_scope_free(struct dig_changes_scope *scope)
{
	if (scope == NULL)
		return;
	dig_pathspec_free(scope->spec);
	free(scope);
}

void
dig_changes_clear(struct dig_changes *changes)
{
	free(changes->at);
	dig_buf_clear(&changes->names);
	memset(changes, 0, sizeof(*changes));
}

/* ---- Collecting ------------------------------------------------------- */

struct collector {
	struct dig_changes *out;
	struct dig_changes_scope *scope;
};

void
dig_change_set_side(struct dig_change_side *side, const struct dig_entry *entry)
{
	memset(side, 0, sizeof(*side));
	if (entry == NULL)
		return;
	side->form = entry->form;
	side->stored = entry->stored;
	side->mode = dig_entry_mode(entry->kind);
	side->size_bytes = entry->size_bytes;
	dig_entry_content_id(entry, &side->content);
}

/* File, link and symlink: the first digits of the mode. */
static uint32_t
class_of(uint32_t mode)
{
	return mode & 0170000;
}

char
dig_change_kind(const struct dig_change *change)
{
	return change->old.mode == 0                                      ? 'A'
	       : change->now.mode == 0                                    ? 'D'
	       : class_of(change->old.mode) == class_of(change->now.mode) ? 'M'
									  : 'T';
}

struct dig_change *
dig_changes_add(struct dig_changes *changes, const void *path, size_t len)
{
	struct dig_change *change;

	DIG_GROW(changes->at, changes->cap, changes->count + 1);
	change = &changes->at[changes->count++];
	memset(change, 0, sizeof(*change));
	change->path_len = len;
	dig_buf_put(&changes->names, path, len);
	return change;
}

static enum dig_status
collect(void *arg, const struct dig_entry *old, const struct dig_entry *new_,
    struct dig_error *err)
{
	struct collector *collector = arg;
	struct dig_changes *out = collector->out;
	const struct dig_entry *entry = new_ != NULL ? new_ : old;
	struct dig_change *change;

	(void)err;
	if (collector->scope != NULL &&
	    !dig_pathspec_match(collector->scope->spec,
		(const char *)entry->path, entry->path_len, false))
		return DIG_OK;
	change = dig_changes_add(out, entry->path, entry->path_len);
	dig_change_set_side(&change->old, old);
	dig_change_set_side(&change->now, new_);
	change->kind = dig_change_kind(change);
	return DIG_OK;
}

void
dig_changes_set_paths(struct dig_changes *changes)
{
	const uint8_t *at = changes->names.data;

	for (size_t i = 0; i < changes->count; i++) {
		changes->at[i].path = at;
		at += changes->at[i].path_len;
	}
}

/* ---- Renames ---------------------------------------------------------- */

/* A path that went; they are sorted by content, then by path. */
struct source {
	struct dig_change *change;
	bool used;
};

static int
by_content(const void *a, const void *b)
{
	const struct dig_change *x = ((const struct source *)a)->change;
	const struct dig_change *y = ((const struct source *)b)->change;
	int cmp = dig_oid_cmp(&x->old.content, &y->old.content);

	return cmp != 0 ? cmp : x < y ? -1 : x > y;
}

static size_t
name_at(const uint8_t *path, size_t len)
{
	while (len > 0 && path[len - 1] != '/')
		len--;
	return len;
}

bool
dig_change_same_name(const struct dig_change *a, const struct dig_change *b)
{
	size_t i = name_at(a->path, a->path_len);
	size_t j = name_at(b->path, b->path_len);

	return dig_path_cmp(a->path + i, a->path_len - i, b->path + j,
		   b->path_len - j) == 0;
}

/* How many of one content are looked at for the same name. */
#define CHOICE_MAX 100

static struct source *
find_source(
    struct source *sources, size_t count, const struct dig_change *added)
{
	struct source *best = NULL;
	size_t low = 0, high = count;
	unsigned seen = 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (dig_oid_cmp(&sources[middle].change->old.content,
			&added->now.content) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < count && seen < CHOICE_MAX; low++) {
		struct source *source = &sources[low];

		if (!dig_oid_eq(
			&source->change->old.content, &added->now.content))
			break;
		if (source->used || class_of(source->change->old.mode) !=
					class_of(added->now.mode))
			continue;
		if (best == NULL)
			best = source;
		if (dig_change_same_name(source->change, added))
			return source;
		seen++;
	}
	return best;
}

void
dig_change_rename(
    struct dig_change *added, struct dig_change *gone, uint8_t score)
{
	added->kind = 'R';
	added->score = score;
	added->old = gone->old;
	added->old_path = gone->path;
	added->old_path_len = gone->path_len;
	gone->kind = '\0';
}

void
dig_changes_drop_renamed(struct dig_changes *changes)
{
	size_t kept = 0;

	for (size_t i = 0; i < changes->count; i++)
		if (changes->at[i].kind != '\0')
			changes->at[kept++] = changes->at[i];
	changes->count = kept;
}

void
dig_changes_pair(struct dig_changes *changes)
{
	struct source *sources =
	    dig_calloc(changes->count + 1, sizeof(*sources));
	size_t nsources = 0;

	for (size_t i = 0; i < changes->count; i++)
		if (changes->at[i].kind == 'D')
			sources[nsources++].change = &changes->at[i];
	qsort(sources, nsources, sizeof(*sources), by_content);
	for (size_t i = 0; nsources > 0 && i < changes->count; i++) {
		struct dig_change *change = &changes->at[i];
		struct source *source;

		if (change->kind != 'A')
			continue;
		source = find_source(sources, nsources, change);
		if (source == NULL)
			continue;
		source->used = true;
		dig_change_rename(change, source->change, 100);
	}
	dig_changes_drop_renamed(changes);
	free(sources);
}

/* ---- The door --------------------------------------------------------- */

enum dig_status
dig_changes_between(struct dig_repo *repo, const struct dig_oid *old_root,
    const struct dig_oid *new_root, struct dig_changes_scope *scope,
    bool renames, struct dig_changes *out, struct dig_error *err)
{
	struct dig_node_io io = dig_reader_io(dig_index_reader(repo->index));
	struct dig_changes found = DIG_CHANGES_INIT;
	struct collector collector = { &found, scope };
	enum dig_status st;

	st = dig_tree_diff(&io, old_root, new_root, collect, &collector, err);
	if (st != DIG_OK) {
		dig_changes_clear(&found);
		return st;
	}
	dig_changes_set_paths(&found);
	if (renames)
		dig_changes_pair(&found);
	dig_changes_clear(out);
	*out = found;
	return DIG_OK;
}

enum dig_status
dig_changes_of(struct dig_repo *repo, const struct dig_commit *commit,
    struct dig_changes_scope *scope, bool renames, struct dig_changes *out,
    struct dig_error *err)
{
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_commit *parent = dig_alloc(sizeof(*parent));
	struct dig_oid id, old_root;
	enum dig_status st = DIG_OK;

	dig_tree_empty(&old_root);
	if (commit->nparents > 0) {
		dig_commit_parent(commit, 0, &id);
		st = dig_repo_read_commit(repo, &id, &bytes, parent, err);
		if (st == DIG_OK)
			old_root = parent->tree;
	}
	if (st == DIG_OK)
		st = dig_changes_between(
		    repo, &old_root, &commit->tree, scope, renames, out, err);
	dig_buf_clear(&bytes);
	free(parent);
	return st;
}
