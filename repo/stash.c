/* SPDX-License-Identifier: MIT
 *
 * The list of stashes: finding, listing and dropping entries.
 */
#include "repo/stash.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "repo/internal.h"
#include "repo/revision.h"

/* A number of so many digits, so that refs in order are entries in order. */
#define DIGITS 10
#define NUMBER_LAST UINT64_C(9999999999)
#define NUMBER_MAX 1000000000

/* ---- Refs ------------------------------------------------------------- */

static bool
is_stash(const char *name)
{
	size_t len = strlen(DIG_STASH_REFS);

	return strncmp(name, DIG_STASH_REFS, len) == 0 &&
	       strspn(name + len, "0123456789") == DIGITS &&
	       name[len + DIGITS] == '\0';
}

const struct dig_ref *
dig_stash_ref(const struct dig_state *state, size_t n)
{
	for (size_t i = state->nrefs; i > 0; i--)
		if (is_stash(state->refs[i - 1].name) && n-- == 0)
			return &state->refs[i - 1];
	return NULL;
}

bool
dig_stash_is_name(const char *name)
{
	return strcmp(name, "stash") == 0 || strcmp(name, "refs/stash") == 0;
}

bool
dig_stash_next_ref(const struct dig_state *state, char out[32])
{
	const struct dig_ref *newest = dig_stash_ref(state, 0);
	uint64_t number =
	    newest == NULL
		? 0
		: strtoull(newest->name + strlen(DIG_STASH_REFS), NULL, 10);

	snprintf(out, 32, DIG_STASH_REFS "%010" PRIu64, number + 1);
	return number < NUMBER_LAST;
}

size_t
dig_stash_count(const struct dig_repo *repo)
{
	const struct dig_state *state = dig_index_state(repo->index);
	size_t count = 0;

	for (size_t i = 0; i < state->nrefs; i++)
		count += is_stash(state->refs[i].name);
	return count;
}

/* ---- Finding ---------------------------------------------------------- */

void
dig_stash_entry_clear(struct dig_stash_entry *entry)
{
	free(entry->name);
	free(entry->ref);
	memset(entry, 0, sizeof(*entry));
}

/* "2", "stash@{2}", "stash" and NULL are entries of the list by number. */
static bool
is_number(const char *word, size_t *n)
{
	const char *digits = word, *brace;
	char *name, *end;
	bool named;

	*n = 0;
	if (word == NULL || dig_stash_is_name(word))
		return true;
	brace = strstr(word, "@{");
	if (brace != NULL) {
		name = dig_memdup0(word, (size_t)(brace - word));
		named = dig_stash_is_name(name);
		free(name);
		if (!named)
			return false;
		digits = brace + 2;
	}
	if (*digits < '0' || *digits > '9' || strlen(digits) > DIGITS)
		return false;
	*n = strtoul(digits, &end, 10);
	return *n <= NUMBER_MAX && strcmp(end, brace != NULL ? "}" : "") == 0;
}

static enum dig_status
find_ref(struct dig_repo *repo, const char *word, size_t n,
    struct dig_stash_entry *out, struct dig_error *err)
{
	const struct dig_ref *ref =
	    dig_stash_ref(dig_index_state(repo->index), n);
	struct dig_buf name = DIG_BUF_INIT;
	size_t count;

	if (ref == NULL) {
		count = dig_stash_count(repo);
		if (count == 0)
			return dig_raise(
			    err, DIG_ENO, "No stash entries found.");
		dig_ignore(dig_raise(err, DIG_ENOTFOUND,
		    "there is no stash@{%zu}: the stash has %zu entr%s", n,
		    count, count == 1 ? "y" : "ies"));
		dig_hint(err, "'dig stash list' lists them");
		return DIG_ENOTFOUND;
	}
	if (word != NULL && strchr(word, '@') != NULL)
		dig_buf_puts(&name, word);
	else
		dig_buf_printf(&name, "refs/stash@{%zu}", n);
	out->name = dig_buf_detach(&name);
	out->ref = dig_strdup(ref->name);
	out->id = ref->id;
	return DIG_OK;
}

/* The trees of a commit that looks like a stash. */
static enum dig_status
read_trees(
    struct dig_repo *repo, struct dig_stash_entry *entry, struct dig_error *err)
{
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_commit commit;
	struct dig_oid id;
	enum dig_status st;

	st = dig_repo_read_commit(repo, &entry->id, &bytes, &commit, err);
	if (st == DIG_OK && commit.nparents != 2 && commit.nparents != 3)
		st = dig_raise(err, DIG_EINVALID,
		    "'%.200s' is not a stash-like commit", entry->name);
	if (st != DIG_OK)
		goto out;
	entry->work = commit.tree;
	entry->has_others = commit.nparents == 3;
	dig_commit_parent(&commit, 0, &entry->base);
	st = dig_repo_commit_tree(repo, &entry->base, &entry->base_tree, err);
	dig_commit_parent(&commit, 1, &id);
	if (st == DIG_OK)
		st = dig_repo_commit_tree(repo, &id, &entry->staged, err);
	if (st == DIG_OK && entry->has_others) {
		dig_commit_parent(&commit, 2, &id);
		st = dig_repo_commit_tree(repo, &id, &entry->others, err);
	}
out:
	dig_buf_clear(&bytes);
	return st;
}

/* Name, ref and id; nothing of it is read. */
static enum dig_status
find(struct dig_repo *repo, const char *word, struct dig_stash_entry *out,
    struct dig_error *err)
{
	size_t n;

	if (is_number(word, &n))
		return find_ref(repo, word, n, out, err);
	out->name = dig_strdup(word);
	return dig_revision_commit(repo, word, &out->id, err);
}

enum dig_status
dig_stash_find(struct dig_repo *repo, const char *word,
    struct dig_stash_entry *out, struct dig_error *err)
{
	struct dig_stash_entry entry = { 0 };
	enum dig_status st;

	st = find(repo, word, &entry, err);
	if (st == DIG_OK)
		st = read_trees(repo, &entry, err);
	if (st == DIG_OK)
		*out = entry;
	else
		dig_stash_entry_clear(&entry);
	return st;
}

/* ---- The list --------------------------------------------------------- */

void
dig_stashes_clear(struct dig_stashes *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->at[i].words);
	free(list->at);
	memset(list, 0, sizeof(*list));
}

/* A message in one line, as git's reflog has it. */
static char *
one_line(const uint8_t *text, size_t len)
{
	struct dig_buf out = DIG_BUF_INIT;
	bool gap = false;

	dig_buf_reserve(&out, len + 1);
	for (size_t i = 0; i < len; i++) {
		if (text[i] == ' ' || (text[i] >= '\t' && text[i] <= '\r')) {
			gap = true;
			continue;
		}
		if (gap && out.len > 0)
			dig_buf_putc(&out, ' ');
		gap = false;
		dig_buf_putc(&out, text[i]);
	}
	return dig_buf_detach(&out);
}

enum dig_status
dig_stash_list(
    struct dig_repo *repo, struct dig_stashes *out, struct dig_error *err)
{
	const struct dig_state *state = dig_index_state(repo->index);
	struct dig_stashes list = { NULL, 0, 0 };
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_commit commit;
	enum dig_status st = DIG_OK;

	for (size_t i = state->nrefs; i > 0 && st == DIG_OK; i--) {
		const struct dig_ref *ref = &state->refs[i - 1];

		if (!is_stash(ref->name))
			continue;
		st = dig_repo_read_commit(repo, &ref->id, &bytes, &commit, err);
		DIG_GROW(list.at, list.cap, list.count + 1);
		list.at[list.count].id = ref->id;
		if (st == DIG_OK)
			list.at[list.count++].words =
			    one_line(commit.message, commit.message_len);
		else if (st == DIG_ECORRUPT || st == DIG_ENOTFOUND) {
			list.at[list.count++].words = dig_strdup("(damaged)");
			st = DIG_OK; /* it can still be dropped */
		}
	}
	dig_buf_clear(&bytes);
	if (st != DIG_OK) {
		dig_stashes_clear(&list);
		return st;
	}
	dig_stashes_clear(out);
	*out = list;
	return DIG_OK;
}

/* ---- Dropping --------------------------------------------------------- */

enum dig_status
dig_stash_drop(struct dig_repo *repo, const char *word,
    struct dig_stash_entry *entry, struct dig_error *err)
{
	struct dig_commit_options options = { 0 };
	struct dig_stash_entry found = { 0 };
	struct dig_buf verb = DIG_BUF_INIT;
	enum dig_status st;

	st = dig_index_begin(repo->index, err);
	if (st != DIG_OK)
		return st;
	st = find(repo, word, &found, err);
	if (st == DIG_OK && found.ref == NULL)
		st = dig_raise(err, DIG_EINVALID,
		    "'%.200s' is not a stash reference", word);
	if (st == DIG_OK) {
		dig_state_set_ref(dig_index_next(repo->index), found.ref, NULL);
		dig_buf_printf(&verb, "stash drop: %s", found.name);
		options.verb = (const char *)verb.data;
		st = dig_index_commit(repo->index, &options, NULL, err);
	}
	dig_index_rollback(repo->index); /* of what was not committed */
	dig_buf_clear(&verb);
	if (st == DIG_OK)
		*entry = found;
	else
		dig_stash_entry_clear(&found);
	return st;
}

enum dig_status
dig_stash_clear(struct dig_repo *repo, struct dig_error *err)
{
	struct dig_commit_options options = { .verb = "stash clear" };
	const struct dig_ref *ref;
	struct dig_state *next;
	enum dig_status st;

	st = dig_index_begin(repo->index, err);
	if (st != DIG_OK)
		return st;
	next = dig_index_next(repo->index);
	while ((ref = dig_stash_ref(next, 0)) != NULL) {
		char *name = dig_strdup(ref->name);

		dig_state_set_ref(next, name, NULL);
		free(name);
	}
	st = dig_index_commit(repo->index, &options, NULL, err);
	dig_index_rollback(repo->index); /* of what was not committed */
	return st;
}
