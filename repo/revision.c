/* SPDX-License-Identifier: MIT
 *
 * Reading revisions. A text is a base (a name, an id, REF@{N}) and steps from
 * it (^, ~, ^{KIND}); everything after the first ':' is a path.
 */
#include "repo/revision.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "repo/internal.h"
#include "repo/reflog.h"
#include "repo/stash.h"
#include "repo/urn.h"

#define NUMBER_MAX 1000000000
#define PREFIX_MIN 4
#define PEEL_MAX 64 /* tags of tags */
#define CANDIDATES 6

/* The text as a whole, for messages, and what is still to be read. */
struct scan {
	struct dig_repo *repo;
	const char *text;
	const char *at;
	const char *end;
};

static enum dig_status
not_understood(const struct scan *scan, struct dig_error *err)
{
	return dig_raise(err, DIG_EINVALID,
	    "'%.200s' cannot be read as a revision, at '%.40s'", scan->text,
	    scan->at);
}

/* Digits to a number; false when there are none, or too many. */
static bool
number(const char **at, const char *end, unsigned *out)
{
	unsigned value = 0;
	const char *p = *at;

	for (; p < end && *p >= '0' && *p <= '9'; p++) {
		value = value * 10 + (unsigned)(*p - '0');
		if (value > NUMBER_MAX)
			return false;
	}
	if (p == *at)
		return false;
	*out = value;
	*at = p;
	return true;
}

/* ---- Names ------------------------------------------------------------ */

static const struct dig_ref *
find_ref(struct dig_repo *repo, const char *name, bool *several)
{
	static const char *const heads[] = { "", "refs/", "refs/tags/",
		"refs/heads/", "refs/remotes/" };
	const struct dig_state *state = dig_index_state(repo->index);
	const struct dig_ref *found = NULL;
	struct dig_buf full = DIG_BUF_INIT;

	*several = false;
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		const struct dig_ref *ref;

		dig_buf_reset(&full);
		dig_buf_printf(&full, "%s%s", heads[i], name);
		ref = dig_state_ref(state, (const char *)full.data);
		if (ref != NULL && found != NULL)
			*several = true;
		else if (ref != NULL)
			found = ref;
	}
	dig_buf_clear(&full);
	return found;
}

static bool
is_head(const char *name)
{
	return strcmp(name, "HEAD") == 0 || strcmp(name, "@") == 0;
}

const char *
dig_revision_ref(struct dig_repo *repo, const char *name)
{
	const struct dig_ref *ref;
	bool several;

	if (is_head(name))
		return dig_index_state(repo->index)->head_ref;
	ref = find_ref(repo, name, &several);
	return ref == NULL ? NULL : ref->name;
}

static enum dig_status
no_commit_yet(struct dig_repo *repo, struct dig_error *err)
{
	return dig_raise(err, DIG_ENOTFOUND,
	    "there is no commit yet on branch '%.200s'",
	    dig_repo_branch(repo) == NULL ? "HEAD" : dig_repo_branch(repo));
}

/* ---- Ids -------------------------------------------------------------- */

static const enum dig_kind kinds[] = { DIG_KIND_COMMIT, DIG_KIND_TAG,
	DIG_KIND_TREE, DIG_KIND_CONTENT, DIG_KIND_CHUNK };
#define NKINDS (sizeof(kinds) / sizeof(kinds[0]))
#define NCOMMITTISH 2 /* of them come first */

/* Look a whole id up. */
static enum dig_status
find_id(struct dig_repo *repo, const struct dig_oid *id,
    struct dig_revision *out, struct dig_error *err)
{
	struct dig_store *store = dig_index_store(repo->index);
	struct dig_oid empty;
	enum dig_status st;

	dig_tree_empty(&empty);
	if (dig_oid_eq(id, &empty)) {
		*out = (struct dig_revision){ DIG_KIND_TREE, *id };
		return DIG_OK;
	}
	for (size_t i = 0; i < NKINDS; i++) {
		bool has = false;

		st = dig_store_has(store, kinds[i], id, &has, err);
		if (st != DIG_OK)
			return st;
		if (has) {
			*out = (struct dig_revision){ kinds[i], *id };
			return DIG_OK;
		}
	}
	return DIG_ENOTFOUND;
}

struct candidates {
	struct dig_revision at[CANDIDATES];
	size_t count;
};

/* The ids of one kind that begin so; the same object may stand in two packs. */
static enum dig_status
gather(struct dig_repo *repo, enum dig_kind kind, const struct dig_oid *low,
    const struct dig_oid *high, struct candidates *out, struct dig_error *err)
{
	struct dig_oid ids[2 * CANDIDATES];
	size_t found = 0;
	enum dig_status st;

	st = dig_store_range(dig_index_store(repo->index), kind, low, high, ids,
	    2 * CANDIDATES, &found, err);
	for (size_t i = 0; i < found && st == DIG_OK; i++) {
		bool known = false;

		for (size_t j = 0; j < out->count; j++)
			known |= out->at[j].kind == kind &&
				 dig_oid_eq(&out->at[j].id, &ids[i]);
		if (!known && out->count < CANDIDATES)
			out->at[out->count++] =
			    (struct dig_revision){ kind, ids[i] };
	}
	return st;
}

static enum dig_status
ambiguous(
    const char *word, const struct candidates *list, struct dig_error *err)
{
	struct dig_buf hint = DIG_BUF_INIT;
	char hex[DIG_OID_HEX + 1];

	for (size_t i = 0; i < list->count; i++) {
		dig_oid_hex(&list->at[i].id, hex);
		dig_buf_printf(&hint, "%s%.16s (%s)", i == 0 ? "" : ", ", hex,
		    dig_kind_word(list->at[i].kind));
	}
	dig_ignore(dig_raise(
	    err, DIG_EAMBIGUOUS, "several objects begin with '%s'", word));
	dig_hint(err, "it may be %s%s", (const char *)hint.data,
	    list->count == CANDIDATES ? ", ..." : "");
	dig_buf_clear(&hint);
	return DIG_EAMBIGUOUS;
}

/* The start of an id. Commits and tags first: other kinds are so many that
 * few digits would hardly ever do. */
static enum dig_status
find_prefix(struct dig_repo *repo, const char *word, struct dig_revision *out,
    struct dig_error *err)
{
	struct candidates list = { .count = 0 };
	struct dig_oid low, high;
	enum dig_status st = DIG_OK;
	size_t len = strlen(word);

	if (len < PREFIX_MIN || len > DIG_OID_HEX ||
	    !dig_oid_prefix(word, len, &low, &high))
		return DIG_ENOTFOUND;
	if (len == DIG_OID_HEX)
		return find_id(repo, &low, out, err);
	for (size_t i = 0; i < NKINDS && st == DIG_OK; i++) {
		if (i == NCOMMITTISH && list.count != 0)
			break;
		st = gather(repo, kinds[i], &low, &high, &list, err);
	}
	if (st != DIG_OK)
		return st;
	if (list.count == 0)
		return DIG_ENOTFOUND;
	if (list.count > 1)
		return ambiguous(word, &list, err);
	*out = list.at[0];
	return DIG_OK;
}

enum dig_status
dig_revision_short(struct dig_repo *repo, const struct dig_oid *id, size_t min,
    char out[DIG_OID_HEX + 1], struct dig_error *err)
{
	char hex[DIG_OID_HEX + 1];
	size_t len = min < PREFIX_MIN ? PREFIX_MIN : min;
	enum dig_status st;

	dig_oid_hex(id, hex);
	for (; len < DIG_OID_HEX; len++) {
		struct candidates list = { .count = 0 };
		struct dig_oid low, high;

		if (!dig_oid_prefix(hex, len, &low, &high))
			break;
		st = gather(repo, DIG_KIND_COMMIT, &low, &high, &list, err);
		if (st == DIG_OK)
			st =
			    gather(repo, DIG_KIND_TAG, &low, &high, &list, err);
		if (st != DIG_OK)
			return st;
		if (list.count <= 1)
			break;
	}
	snprintf(out, DIG_OID_HEX + 1, "%.*s", (int)len, hex);
	return DIG_OK;
}

/* ---- Where a ref stood ------------------------------------------------ */

static enum dig_status
find_move(struct dig_repo *repo, const char *ref, unsigned n,
    struct dig_oid *out, struct dig_error *err)
{
	struct dig_moves moves = { NULL, 0, 0 };
	enum dig_status st;

	st = dig_reflog_read(repo, ref, &moves, err);
	if (st == DIG_OK && n >= moves.count)
		st = dig_raise(err, DIG_ENOTFOUND,
		    "the journal knows %zu places of '%.200s', not %u",
		    moves.count, ref == NULL ? "HEAD" : dig_ref_short(ref),
		    n + 1);
	if (st == DIG_OK)
		*out = moves.at[moves.count - 1 - n].id;
	dig_moves_clear(&moves);
	return st;
}

struct previous {
	unsigned left;
	char *ref;
	struct dig_oid id;
};

static bool
on_switch(void *arg, const struct dig_journal_record *rec)
{
	struct previous *previous = arg;

	/* A reset moves a detached HEAD, too, and a renamed branch takes HEAD
	 * along. */
	if (!rec->has_head || rec->is_checkpoint || rec->verb == NULL ||
	    strncmp(rec->verb, "checkout", 8) != 0)
		return true;
	if (--previous->left > 0)
		return true;
	if (rec->old_head_ref != NULL)
		previous->ref = dig_strdup(rec->old_head_ref);
	previous->id = rec->old_head_id;
	return false;
}

enum dig_status
dig_revision_previous(struct dig_repo *repo, unsigned n, char **ref,
    struct dig_oid *id, struct dig_error *err)
{
	struct previous previous = { .left = n };
	enum dig_status st;

	st = dig_journal_each(dig_store_journal(dig_index_store(repo->index)),
	    false, on_switch, &previous, err);
	if (st != DIG_OK)
		return st;
	if (previous.left > 0)
		return dig_raise(err, DIG_ENOTFOUND,
		    "nothing was checked out %u switches ago", n);
	*ref = previous.ref;
	*id = previous.id;
	return DIG_OK;
}

/* ---- The base --------------------------------------------------------- */

/* A ref's id with the kind of what it names. */
static enum dig_status
known_id(struct dig_repo *repo, const struct dig_oid *id,
    struct dig_revision *out, struct dig_error *err)
{
	char hex[DIG_OID_HEX + 1];
	enum dig_status st = find_id(repo, id, out, err);

	if (st == DIG_ENOTFOUND) {
		dig_oid_hex(id, hex);
		st = dig_raise(
		    err, DIG_ECORRUPT, "object %.16s is missing", hex);
	}
	return st;
}

static enum dig_status
find_head(
    struct dig_repo *repo, struct dig_revision *out, struct dig_error *err)
{
	out->kind = DIG_KIND_COMMIT;
	if (!dig_repo_head(repo, &out->id))
		return no_commit_yet(repo, err);
	return DIG_OK;
}

/* git's refs/stash: an entry of the list is a move of it. */
static const struct dig_ref *
find_stash(struct dig_repo *repo, const char *name, unsigned n)
{
	return dig_stash_is_name(name)
		   ? dig_stash_ref(dig_index_state(repo->index), n)
		   : NULL;
}

static enum dig_status
find_name(struct scan *scan, const char *name, struct dig_revision *out,
    struct dig_error *err)
{
	const struct dig_ref *ref;
	struct dig_oid id;
	enum dig_status st;
	bool several;

	if (is_head(name))
		return find_head(scan->repo, out, err);
	if (dig_oid_parse(name, strlen(name), &id)) {
		st = find_id(scan->repo, &id, out, err);
		if (st != DIG_ENOTFOUND)
			return st;
	}
	ref = find_stash(scan->repo, name, 0);
	several = false;
	if (ref == NULL)
		ref = find_ref(scan->repo, name, &several);
	if (ref != NULL) {
		if (several)
			dig_repo_warn(scan->repo,
			    "'%s' is the name of several refs; '%s' counts",
			    name, ref->name);
		return known_id(scan->repo, &ref->id, out, err);
	}
	st = find_prefix(scan->repo, name, out, err);
	if (st != DIG_ENOTFOUND)
		return st;
	/* An unborn branch is named by HEAD and by nothing else. */
	if (dig_repo_branch(scan->repo) != NULL &&
	    strcmp(dig_repo_branch(scan->repo), name) == 0)
		return no_commit_yet(scan->repo, err);
	return dig_raise(
	    err, DIG_ENOTFOUND, "there is no revision '%.200s'", name);
}

/* @{N}, @{-N} behind `name`; scan stands after the "@{". */
static enum dig_status
find_at(struct scan *scan, const char *name, struct dig_revision *out,
    struct dig_error *err)
{
	bool back = scan->at < scan->end && *scan->at == '-';
	const char *p = scan->at + back;
	const char *ref = NULL;
	struct dig_oid id = dig_oid_zero;
	char *switched = NULL;
	enum dig_status st;
	unsigned n;

	if (!number(&p, scan->end, &n) || p == scan->end || *p != '}' ||
	    (back && (n == 0 || name[0] != '\0')))
		return not_understood(scan, err);
	scan->at = p + 1;
	if (back) {
		st = dig_revision_previous(scan->repo, n, &switched, &id, err);
		if (st == DIG_OK && switched != NULL)
			st = find_name(scan, switched, out, err);
		else if (st == DIG_OK)
			st = known_id(scan->repo, &id, out, err);
		free(switched);
		return st;
	}
	if (find_stash(scan->repo, name, 0) != NULL) {
		const struct dig_ref *stash = find_stash(scan->repo, name, n);

		return stash != NULL
			   ? known_id(scan->repo, &stash->id, out, err)
			   : dig_raise(err, DIG_ENOTFOUND,
				 "there is no stash@{%u}: the stash has %zu "
				 "entries",
				 n, dig_stash_count(scan->repo));
	}
	if (name[0] == '\0')
		ref = dig_index_state(scan->repo->index)->head_ref;
	else if (!is_head(name)) {
		ref = dig_revision_ref(scan->repo, name);
		if (ref == NULL)
			return dig_raise(err, DIG_ENOTFOUND,
			    "there is no ref '%.200s'", name);
	}
	st = find_move(scan->repo, ref, n, &id, err);
	if (st != DIG_OK)
		return st;
	return known_id(scan->repo, &id, out, err);
}

static enum dig_status
find_base(struct scan *scan, struct dig_revision *out, struct dig_error *err)
{
	const char *p = scan->at;
	enum dig_status st;
	char *name;
	bool at_sign;

	while (p < scan->end && *p != '^' && *p != '~' &&
	       !(p[0] == '@' && p + 1 < scan->end && p[1] == '{'))
		p++;
	at_sign = p < scan->end && *p == '@';
	if (p == scan->at && !at_sign)
		return not_understood(scan, err);
	name = dig_memdup0(scan->at, (size_t)(p - scan->at));
	if (at_sign) {
		scan->at = p + 2;
		st = find_at(scan, name, out, err);
	} else {
		st = find_name(scan, name, out, err);
		scan->at = p;
	}
	free(name);
	return st;
}

/* ---- Steps ------------------------------------------------------------ */

/* Peel tags until something else is reached, or `want`. */
static enum dig_status
peel(struct dig_repo *repo, enum dig_kind want, struct dig_revision *inout,
    struct dig_error *err)
{
	struct dig_buf bytes = DIG_BUF_INIT;
	enum dig_status st = DIG_OK;

	for (int i = 0; st == DIG_OK && inout->kind == DIG_KIND_TAG &&
			want != DIG_KIND_TAG;
	     i++) {
		struct dig_tag tag;

		if (i == PEEL_MAX)
			st = dig_raise(
			    err, DIG_EINVALID, "too many tags of tags");
		else
			st = dig_reader_get(dig_index_reader(repo->index),
			    DIG_KIND_TAG, &inout->id, &bytes, err);
		if (st == DIG_OK)
			st = dig_tag_decode(bytes.data, bytes.len, &tag, err);
		if (st == DIG_OK) {
			inout->kind = tag.target_kind;
			inout->id = tag.target;
		}
	}
	dig_buf_clear(&bytes);
	return st;
}

static enum dig_status
peel_to(const struct scan *scan, enum dig_kind want, struct dig_revision *inout,
    struct dig_error *err)
{
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_commit commit;
	enum dig_status st;

	st = peel(scan->repo, want, inout, err);
	if (st == DIG_OK && want == DIG_KIND_TREE &&
	    inout->kind == DIG_KIND_COMMIT) {
		st = dig_repo_read_commit(
		    scan->repo, &inout->id, &bytes, &commit, err);
		if (st == DIG_OK)
			*inout =
			    (struct dig_revision){ DIG_KIND_TREE, commit.tree };
	}
	dig_buf_clear(&bytes);
	if (st == DIG_OK && inout->kind != want)
		st = dig_raise(err, DIG_EINVALID, "'%.200s' is a %s, not a %s",
		    scan->text, dig_kind_word(inout->kind),
		    dig_kind_word(want));
	return st;
}

/* To the n-th parent; 0 is the commit itself. */
static enum dig_status
to_parent(const struct scan *scan, unsigned n, struct dig_revision *inout,
    struct dig_error *err)
{
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_commit commit;
	enum dig_status st;

	st = peel_to(scan, DIG_KIND_COMMIT, inout, err);
	if (st != DIG_OK || n == 0)
		return st;
	st = dig_repo_read_commit(scan->repo, &inout->id, &bytes, &commit, err);
	if (st == DIG_OK && n > commit.nparents)
		st = dig_raise(err, DIG_ENOTFOUND,
		    "there is no revision '%.200s': the history ends before it",
		    scan->text);
	if (st == DIG_OK)
		dig_commit_parent(&commit, n - 1, &inout->id);
	dig_buf_clear(&bytes);
	return st;
}

/* ^{KIND}; scan stands after the "{". */
static enum dig_status
to_kind(struct scan *scan, struct dig_revision *inout, struct dig_error *err)
{
	static const struct {
		const char *word;
		enum dig_kind kind;
	} words[] = { { "commit}", DIG_KIND_COMMIT },
		{ "tree}", DIG_KIND_TREE }, { "tag}", DIG_KIND_TAG } };

	if (scan->at < scan->end && *scan->at == '}') {
		scan->at++;
		return peel(scan->repo, DIG_KIND_COMMIT, inout, err);
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t len = strlen(words[i].word);

		if ((size_t)(scan->end - scan->at) >= len &&
		    memcmp(scan->at, words[i].word, len) == 0) {
			scan->at += len;
			return peel_to(scan, words[i].kind, inout, err);
		}
	}
	return not_understood(scan, err);
}

static enum dig_status
step(struct scan *scan, struct dig_revision *inout, struct dig_error *err)
{
	enum dig_status st = DIG_OK;
	char c = *scan->at;
	unsigned n = 1;

	if (c != '^' && c != '~')
		return not_understood(scan, err);
	scan->at++;
	if (c == '^' && scan->at < scan->end && *scan->at == '{') {
		scan->at++;
		return to_kind(scan, inout, err);
	}
	if (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9' &&
	    !number(&scan->at, scan->end, &n))
		return not_understood(scan, err);
	if (c == '^')
		return to_parent(scan, n, inout, err);
	if (n == 0)
		return to_parent(scan, 0, inout, err);
	for (; n > 0 && st == DIG_OK; n--)
		st = dig_interrupted()
			 ? dig_raise(err, DIG_ECANCELLED, "interrupted")
			 : to_parent(scan, 1, inout, err);
	return st;
}

static enum dig_status
read_revision(struct dig_repo *repo, const char *text, size_t len,
    struct dig_revision *out, struct dig_error *err)
{
	struct scan scan = { repo, text, text, text + len };
	enum dig_status st;

	st = find_base(&scan, out, err);
	while (st == DIG_OK && scan.at < scan.end)
		st = step(&scan, out, err);
	return st;
}

/* ---- Paths ------------------------------------------------------------ */

const char *
dig_revision_colon(const char *text)
{
	unsigned depth = 0;

	if (dig_urn_is(text))
		return strpbrk(text, "/#");
	for (; *text != '\0'; text++) {
		if (*text == '{')
			depth++;
		else if (*text == '}' && depth > 0)
			depth--;
		else if (*text == ':' && depth == 0)
			return text;
	}
	return NULL;
}

/* Take "." and ".." and doubled slashes out; false: it leads outside. */
static bool
put_normal(struct dig_buf *out, const char *path)
{
	while (*path != '\0') {
		size_t len = strcspn(path, "/");

		if (len == 2 && memcmp(path, "..", 2) == 0) {
			if (out->len == 0)
				return false;
			while (out->len > 0 && out->data[out->len - 1] != '/')
				out->len--;
			if (out->len > 0)
				out->len--;
		} else if (len > 0 && !(len == 1 && *path == '.')) {
			if (out->len > 0)
				dig_buf_putc(out, '/');
			dig_buf_put(out, path, len);
		}
		path += len;
		path += strspn(path, "/");
	}
	return true;
}

static enum dig_status
read_path(struct dig_repo *repo, const char *text, struct dig_buf *out,
    struct dig_error *err)
{
	bool relative = strncmp(text, "./", 2) == 0 ||
			strncmp(text, "../", 3) == 0 ||
			strcmp(text, ".") == 0 || strcmp(text, "..") == 0;

	dig_buf_reset(out);
	if ((relative && !put_normal(out, repo->prefix)) ||
	    !put_normal(out, text))
		return dig_raise(
		    err, DIG_EINVALID, "'%.200s' leads out of the tree", text);
	dig_buf_putc(out, '\0'); /* data is never NULL */
	out->len--;
	return DIG_OK;
}

/* A tree's root, and the commit it is of where there is one. */
static enum dig_status
to_snapshot(const struct scan *scan, struct dig_revision rev,
    struct dig_snapshot *out, struct dig_error *err)
{
	enum dig_status st = peel(scan->repo, DIG_KIND_COMMIT, &rev, err);

	out->has_commit = st == DIG_OK && rev.kind == DIG_KIND_COMMIT;
	out->commit = rev.id;
	if (st == DIG_OK)
		st = peel_to(scan, DIG_KIND_TREE, &rev, err);
	out->root = rev.id;
	return st;
}

/* What a URN's ids name here. */
static enum dig_status
find_urn(struct dig_repo *repo, const struct dig_urn *urn,
    struct dig_revision *out, struct dig_error *err)
{
	const uint8_t *store = dig_journal_store_id(
	    dig_store_journal(dig_index_store(repo->index)));
	enum dig_status st;

	if (memcmp(urn->store.bytes, store, DIG_HASH_SIZE) != 0)
		return dig_raise(err, DIG_ENOTFOUND,
		    "the URN names something in another repository");
	if (!urn->has_id)
		return find_head(repo, out, err);
	st = find_id(repo, &urn->id, out, err);
	if (st == DIG_ENOTFOUND)
		st = dig_raise(err, st, "there is nothing with the URN's id");
	return st;
}

static enum dig_status
snapshot_of_urn(struct dig_repo *repo, const char *text,
    struct dig_snapshot *out, struct dig_error *err)
{
	struct scan scan = { repo, text, text, text };
	struct dig_urn urn = { 0 };
	struct dig_revision rev;
	enum dig_status st = dig_urn_parse(text, &urn, err);

	if (st == DIG_OK && urn.range != NULL &&
	    strlen(urn.range) >= sizeof(out->range))
		st =
		    dig_raise(err, DIG_EINVALID, "the URN's range is no range");
	if (st == DIG_OK)
		st = find_urn(repo, &urn, &rev, err);
	if (st == DIG_OK)
		st = to_snapshot(&scan, rev, out, err);
	if (st == DIG_OK) {
		out->has_path = urn.has_path;
		dig_buf_putc(&urn.path, '\0'); /* has none inside */
		if (!put_normal(&out->path, (const char *)urn.path.data))
			st = dig_raise(err, DIG_EINVALID,
			    "the URN's path leads out of the tree");
		if (urn.range != NULL)
			memcpy(out->range, urn.range, strlen(urn.range) + 1);
	}
	dig_urn_clear(&urn);
	return st;
}

enum dig_status
dig_revision_snapshot(struct dig_repo *repo, const char *text,
    struct dig_snapshot *out, struct dig_error *err)
{
	const char *colon = dig_revision_colon(text);
	struct scan scan = { repo, text, text, colon };
	struct dig_revision rev;
	enum dig_status st = DIG_OK;

	out->range[0] = '\0';
	out->has_path = colon != NULL;
	dig_buf_reset(&out->path);
	if (dig_urn_is(text)) {
		st = snapshot_of_urn(repo, text, out, err);
	} else if (colon == text) {
		out->has_commit = false;
		dig_repo_staged_root(repo, &out->root);
	} else {
		st = read_revision(repo, text,
		    colon == NULL ? strlen(text) : (size_t)(colon - text), &rev,
		    err);
		if (st == DIG_OK)
			st = to_snapshot(&scan, rev, out, err);
	}
	if (st == DIG_OK && colon != NULL && !dig_urn_is(text))
		st = read_path(repo, colon + 1, &out->path, err);
	dig_buf_putc(&out->path, '\0'); /* data is never NULL */
	out->path.len--;
	return st;
}

void
dig_snapshot_clear(struct dig_snapshot *snapshot)
{
	dig_buf_clear(&snapshot->path);
}

enum dig_status
dig_revision_path(struct dig_repo *repo, const char *text, struct dig_oid *root,
    struct dig_buf *path, struct dig_error *err)
{
	struct dig_snapshot snapshot = DIG_SNAPSHOT_INIT;
	enum dig_status st;

	if (dig_revision_colon(text) == NULL)
		return dig_raise(err, DIG_EINVALID,
		    "'%.200s' names no path; write REV:PATH", text);
	st = dig_revision_snapshot(repo, text, &snapshot, err);
	if (st == DIG_OK && snapshot.range[0] != '\0')
		st = dig_raise(
		    err, DIG_EINVALID, "a range of bytes cannot be given here");
	if (st == DIG_OK) {
		*root = snapshot.root;
		dig_buf_reset(path);
		dig_buf_put(path, snapshot.path.data, snapshot.path.len + 1);
		path->len--;
	}
	dig_snapshot_clear(&snapshot);
	return st;
}

/* The content of a file as an object. */
static enum dig_status
resolve_path(struct dig_repo *repo, const char *text, struct dig_revision *out,
    struct dig_error *err)
{
	struct dig_node_io io = dig_reader_io(dig_index_reader(repo->index));
	struct dig_buf path = DIG_BUF_INIT;
	struct dig_entry entry;
	struct dig_oid root;
	enum dig_status st;
	bool is_dir = false;

	st = dig_revision_path(repo, text, &root, &path, err);
	if (st != DIG_OK)
		goto out;
	if (path.len == 0) {
		*out = (struct dig_revision){ DIG_KIND_TREE, root };
		goto out;
	}
	st = dig_tree_find(&io, &root, path.data, path.len, &entry, err);
	if (st == DIG_OK) {
		out->kind = DIG_KIND_CONTENT;
		dig_entry_content_id(&entry, &out->id);
	}
	if (st != DIG_ENOTFOUND)
		goto out;
	st = dig_tree_has_below(&io, &root, path.data, path.len, &is_dir, err);
	if (st == DIG_OK && is_dir)
		st = dig_raise(err, DIG_EINVALID,
		    "'%.200s' is a folder, which has no id of its own", text);
	else if (st == DIG_OK)
		st = dig_raise(
		    err, DIG_ENOTFOUND, "there is no file '%.200s'", text);
out:
	dig_buf_clear(&path);
	return st;
}

/* ---- The door --------------------------------------------------------- */

enum dig_status
dig_revision_resolve(struct dig_repo *repo, const char *text,
    struct dig_revision *out, struct dig_error *err)
{
	struct dig_revision found;
	struct dig_urn urn = { 0 };
	enum dig_status st;

	if (dig_revision_colon(text) != NULL) {
		st = resolve_path(repo, text, &found, err);
	} else if (dig_urn_is(text)) {
		st = dig_urn_parse(text, &urn, err);
		if (st == DIG_OK)
			st = find_urn(repo, &urn, &found, err);
		dig_urn_clear(&urn);
	} else {
		st = read_revision(repo, text, strlen(text), &found, err);
	}
	if (st == DIG_OK)
		*out = found;
	return st;
}

static enum dig_status
resolve_to(struct dig_repo *repo, const char *text, enum dig_kind want,
    struct dig_oid *out, struct dig_error *err)
{
	struct scan scan = { repo, text, text, text };
	struct dig_revision found;
	enum dig_status st;

	st = dig_revision_resolve(repo, text, &found, err);
	if (st == DIG_OK)
		st = peel_to(&scan, want, &found, err);
	if (st == DIG_OK)
		*out = found.id;
	return st;
}

enum dig_status
dig_revision_commit(struct dig_repo *repo, const char *text,
    struct dig_oid *out, struct dig_error *err)
{
	return resolve_to(repo, text, DIG_KIND_COMMIT, out, err);
}

enum dig_status
dig_revision_tree(struct dig_repo *repo, const char *text, struct dig_oid *out,
    struct dig_error *err)
{
	return resolve_to(repo, text, DIG_KIND_TREE, out, err);
}

bool
dig_revision_is_range(const char *text)
{
	const char *dots = strstr(text, "..");
	const char *colon = dig_revision_colon(text);

	return dots != NULL && (colon == NULL || dots < colon) &&
	       !dig_urn_is(text);
}

enum dig_status
dig_revision_range(struct dig_repo *repo, const char *text,
    struct dig_range *out, struct dig_error *err)
{
	struct dig_range range = { .has_from = dig_revision_is_range(text) };
	const char *dots, *to = text;
	char *from;
	enum dig_status st = DIG_OK;

	if (range.has_from) {
		dots = strstr(text, "..");
		range.symmetric = dots[2] == '.';
		to = dots + (range.symmetric ? 3 : 2);
		from = dig_memdup0(text, (size_t)(dots - text));
		st = dig_revision_commit(
		    repo, from[0] == '\0' ? "HEAD" : from, &range.from, err);
		free(from);
		if (*to == '\0')
			to = "HEAD";
	}
	if (st == DIG_OK)
		st = dig_revision_commit(repo, to, &range.to, err);
	if (st == DIG_OK)
		*out = range;
	return st;
}
