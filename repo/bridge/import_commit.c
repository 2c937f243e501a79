/* SPDX-License-Identifier: MIT
 *
 * Commits and tags of a stream.
 *
 * What git has in a form that dig's commits cannot repeat (a date that is no
 * number, a zone with a blank) is kept whole in a header, so that the export
 * writes the same line again.
 */
#include <stdlib.h>
#include <string.h>

#include "repo/bridge/import.h"

#define ZONE_MAX 16

/* ---- What words stand for --------------------------------------------- */

/* A commit by its id in git, when its own header says the same. */
static enum dig_status
find_git_id(struct dig_import *import, const char *hex, size_t len,
    struct dig_oid *out, struct dig_oid *tree, bool *found,
    struct dig_error *err)
{
	uint8_t id[DIG_HASH_SIZE], has[DIG_HASH_SIZE];
	char padded[DIG_OID_HEX + 1];
	struct dig_commit commit;
	enum dig_status st;
	struct dig_oid oid;

	*found = false;
	memset(padded, '0', DIG_OID_HEX);
	if (len != 40 && len != 64)
		return DIG_OK;
	memcpy(padded, hex, len);
	if (!dig_oid_parse(padded, DIG_OID_HEX, &oid))
		return DIG_OK;
	memcpy(id, oid.bytes, sizeof(id));
	st = dig_index_git_id(import->index, id, len / 2, out, err);
	if (st == DIG_ENOTFOUND)
		return DIG_OK;
	if (st == DIG_OK)
		st = import->io.get(
		    import, DIG_KIND_COMMIT, out, &import->bytes, err);
	if (st == DIG_OK)
		st = dig_commit_decode(
		    import->bytes.data, import->bytes.len, &commit, err);
	if (st != DIG_OK)
		return st;
	*found = dig_commit_git_id(&commit, has) == len / 2 &&
		 memcmp(has, id, len / 2) == 0;
	*tree = commit.tree;
	return DIG_OK;
}

static bool
is_zeros(const char *word)
{
	size_t len = strlen(word);

	return (len == 40 || len == 64) && strspn(word, "0") == len;
}

enum dig_status
dig_import_resolve(struct dig_import *import, const char *word,
    struct dig_mark *out, struct dig_error *err)
{
	const struct dig_ref *ref;
	struct dig_oid tree;
	enum dig_status st;
	uint64_t number;
	bool found;
	char *name;
	size_t len;

	memset(out, 0, sizeof(*out));
	if (is_zeros(word))
		return DIG_OK;
	if (dig_import_mark(word, &number)) {
		st = dig_marks_get(import->marks, number, out, err);
		if (st == DIG_OK && out->kind == DIG_MARK_NONE)
			st = dig_stream_bad(&import->stream, err,
			    "nothing has the mark %.40s", word);
		return st;
	}
	len = strlen(word);
	name = dig_memdup0(
	    word, len > 2 && strcmp(word + len - 2, "^0") == 0 ? len - 2 : len);
	ref = dig_state_ref(&import->refs, name);
	if (ref == NULL)
		ref = dig_state_ref(dig_index_next(import->index), name);
	free(name);
	out->kind = DIG_MARK_COMMIT;
	if (ref != NULL) {
		out->id = ref->id;
		return DIG_OK;
	}
	st = find_git_id(import, word, len, &out->id, &tree, &found, err);
	if (st == DIG_OK && !found)
		st = dig_stream_bad(&import->stream, err,
		    "'%.100s' is neither in the stream nor imported", word);
	return st;
}

/* ---- Lines ------------------------------------------------------------ */

/* The next line goes into `out` when it begins so; else it is left. */
static enum dig_status
optional(struct dig_import *import, const char *prefix, struct dig_buf *out,
    bool *found, struct dig_error *err)
{
	const char *rest = NULL;
	enum dig_status st;
	bool ended;

	*found = false;
	dig_buf_reset(out);
	st = dig_stream_line(&import->stream, &ended, err);
	if (st != DIG_OK || ended)
		return st;
	rest = dig_stream_after(&import->stream, prefix);
	if (rest == NULL) {
		dig_stream_again(&import->stream);
		return DIG_OK;
	}
	*found = true;
	dig_buf_reserve(out, 1);
	dig_buf_puts(out, rest);
	return DIG_OK;
}

static enum dig_status
read_mark(struct dig_import *import, uint64_t *mark, struct dig_error *err)
{
	enum dig_status st;
	bool found;

	*mark = 0;
	st = optional(import, "mark ", &import->bytes, &found, err);
	if (st == DIG_OK && found &&
	    !dig_import_mark((const char *)import->bytes.data, mark))
		st = dig_stream_bad(&import->stream, err, "'%.100s' is no mark",
		    (const char *)import->bytes.data);
	return st;
}

/* git's id, in lower case; what is no id is none. */
static enum dig_status
read_git_id(struct dig_import *import, struct dig_error *err)
{
	struct dig_buf *id = &import->git_id;
	enum dig_status st;
	bool found;

	st = optional(import, "original-oid ", id, &found, err);
	if (st == DIG_OK && found &&
	    ((id->len != 40 && id->len != 64) ||
		strspn((const char *)id->data, "0123456789abcdef") != id->len))
		st = dig_stream_bad(&import->stream, err,
		    "'%.100s' is no id of git", (const char *)id->data);
	return st;
}

/*
 * "Name <email> 123 +0100". False: written from its parts it would be another
 * line. Then the parts are what can be understood.
 */
static bool
parse_ident(
    const struct dig_buf *line, struct dig_ident *out, struct dig_buf *again)
{
	const uint8_t *at = line->data, *end = line->data + line->len;
	const uint8_t *zone = end, *date, *close;
	int64_t seconds = 0;
	bool negative;

	while (zone > at && zone[-1] != ' ')
		zone--;
	date = zone > at ? zone - 1 : at;
	while (date > at && date[-1] != ' ')
		date--;
	out->zone = zone;
	out->zone_len = (size_t)(end - zone);
	out->who = at;
	out->who_len = date > at ? (size_t)(date - 1 - at) : 0;
	negative = date < zone && *date == '-';
	for (close = date + negative;
	     close < zone && *close >= '0' && *close <= '9' &&
	     seconds < INT64_MAX / 10 - 1;
	     close++)
		seconds = seconds * 10 + (*close - '0');
	out->seconds = negative ? -seconds : seconds;
	dig_buf_reset(again);
	dig_buf_put(again, out->who, out->who_len);
	dig_buf_printf(again, " %lld ", (long long)out->seconds);
	dig_buf_put(again, out->zone, out->zone_len);
	if (out->who_len > 0 && out->who_len <= DIG_COMMIT_IDENT_MAX &&
	    out->zone_len > 0 && out->zone_len <= ZONE_MAX &&
	    again->len == line->len &&
	    memcmp(again->data, line->data, line->len) == 0)
		return true;
	/* Name and address are up to the last '>'. */
	for (close = end; close > at && close[-1] != '>'; close--)
		;
	out->who_len = (size_t)((close > at ? close : end) - at);
	if (out->who_len > DIG_COMMIT_IDENT_MAX)
		out->who_len = DIG_COMMIT_IDENT_MAX;
	out->seconds = 0;
	out->zone = (const uint8_t *)"+0000";
	out->zone_len = 5;
	return false;
}

static bool
has_control(const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (data[i] < 0x20 || data[i] == 0x7f)
			return true;
	return false;
}

static void
add_header(struct dig_header *headers, size_t *count, const char *name,
    const struct dig_buf *value)
{
	headers[(*count)++] = (struct dig_header){ (const uint8_t *)name,
		strlen(name), value->data, value->len };
}

/* An identity, and the header that keeps its line where that is odd. */
static void
set_ident(struct dig_import *import, const struct dig_buf *line,
    const char *header, struct dig_ident *out, struct dig_header *headers,
    size_t *count)
{
	bool exact = parse_ident(line, out, &import->bytes);

	if (exact && has_control(out->zone, out->zone_len)) {
		out->zone = (const uint8_t *)"+0000";
		out->zone_len = 5;
		exact = false;
	}
	if (!exact)
		add_header(headers, count, header, line);
}

/* ---- Commits ---------------------------------------------------------- */

static enum dig_status
add_parent(struct dig_import *import, const char *word, struct dig_error *err)
{
	struct dig_mark mark;
	enum dig_status st;

	st = dig_import_resolve(import, word, &mark, err);
	if (st != DIG_OK || mark.kind == DIG_MARK_NONE)
		return st;
	if (mark.kind != DIG_MARK_COMMIT)
		return dig_stream_bad(
		    &import->stream, err, "'%.100s' is no commit", word);
	if (import->parents.len / DIG_HASH_SIZE == DIG_COMMIT_PARENTS_MAX)
		return dig_stream_bad(&import->stream, err,
		    "a commit has more than %d parents",
		    DIG_COMMIT_PARENTS_MAX);
	dig_buf_put(&import->parents, mark.id.bytes, DIG_HASH_SIZE);
	return DIG_OK;
}

static enum dig_status
read_parents(struct dig_import *import, const char *ref, struct dig_error *err)
{
	const struct dig_ref *tip = dig_state_ref(&import->refs, ref);
	enum dig_status st;
	bool found;

	dig_buf_reset(&import->parents);
	st = optional(import, "from ", &import->path, &found, err);
	if (st == DIG_OK && found)
		st = add_parent(import, (const char *)import->path.data, err);
	else if (st == DIG_OK && tip != NULL)
		dig_buf_put(&import->parents, tip->id.bytes, DIG_HASH_SIZE);
	found = true;
	while (st == DIG_OK && found) {
		st = optional(import, "merge ", &import->path, &found, err);
		if (st == DIG_OK && found)
			st = add_parent(
			    import, (const char *)import->path.data, err);
	}
	return st;
}

/* What stands before the file changes. */
static enum dig_status
read_head(struct dig_import *import, const char *ref, uint64_t *mark,
    struct dig_error *err)
{
	enum dig_status st;
	bool found, author;

	st = read_mark(import, mark, err);
	if (st == DIG_OK)
		st = read_git_id(import, err);
	if (st == DIG_OK)
		st = optional(import, "author ", &import->author, &author, err);
	if (st == DIG_OK)
		st = optional(
		    import, "committer ", &import->committer, &found, err);
	if (st == DIG_OK && !found)
		st = dig_stream_bad(
		    &import->stream, err, "a commit without a committer");
	if (st == DIG_OK && !author)
		dig_buf_put(&import->author, import->committer.data,
		    import->committer.len);
	if (st == DIG_OK)
		st = optional(
		    import, "encoding ", &import->encoding, &found, err);
	if (st == DIG_OK)
		st = dig_import_data(
		    import, DIG_COMMIT_MESSAGE_MAX, &import->message, err);
	if (st == DIG_OK)
		st = read_parents(import, ref, err);
	return st;
}

/* The tree of the commit, from its parent's and the changes that come. */
static enum dig_status
make_tree(
    struct dig_import *import, struct dig_commit *commit, struct dig_error *err)
{
	struct dig_tree_totals totals;
	struct dig_oid base;
	enum dig_status st;

	st = dig_commit_place(&import->io, commit, &base, err);
	if (st != DIG_OK)
		return st;
	dig_edits_begin(import->edits, &base);
	dig_buf_reset(&import->lfs);
	st = dig_import_files(import, NULL, err);
	if (st == DIG_OK)
		st = dig_edits_apply(import->edits, &commit->tree, err);
	if (st == DIG_OK)
		st = dig_tree_totals(&import->io, &commit->tree, &totals, err);
	if (st != DIG_OK)
		return st;
	commit->files = totals.files;
	commit->bytes = totals.bytes;
	return DIG_OK;
}

/*
 * Store canonical bytes. `plain` is the same object without its id of git:
 * where that is stored, dig made it itself and git has it from an export; then
 * it is the one.
 */
static enum dig_status
put_object(struct dig_import *import, enum dig_kind kind,
    enum dig_domain domain, const struct dig_buf *plain,
    const struct dig_buf *bytes, struct dig_oid *id, bool *is_new,
    struct dig_error *err)
{
	struct dig_store *store = dig_index_store(import->index);
	enum dig_status st;
	bool there;

	*is_new = false;
	dig_sha256_domain(domain, plain->data, plain->len, id->bytes);
	st = dig_store_has(store, kind, id, &there, err);
	if (st != DIG_OK || there)
		return st;
	dig_sha256_domain(domain, bytes->data, bytes->len, id->bytes);
	st = dig_store_has(store, kind, id, &there, err);
	if (st != DIG_OK || there)
		return st;
	*is_new = true;
	return import->io.put(
	    import, kind, id, bytes->data, bytes->len, NULL, err);
}

/* With all but its place and tree set, which come from the stream. */
static enum dig_status
make_commit(
    struct dig_import *import, struct dig_oid *id, struct dig_error *err)
{
	struct dig_buf plain = DIG_BUF_INIT, bytes = DIG_BUF_INIT;
	struct dig_commit *commit = dig_calloc(1, sizeof(*commit));
	enum dig_status st;
	bool is_new = false;

	commit->parents = import->parents.data;
	commit->nparents = import->parents.len / DIG_HASH_SIZE;
	commit->message = import->message.data;
	commit->message_len = import->message.len;
	commit->encoding = import->encoding.data;
	commit->encoding_len = import->encoding.len;
	set_ident(import, &import->author, DIG_HEADER_GIT_AUTHOR,
	    &commit->author, commit->headers, &commit->nheaders);
	set_ident(import, &import->committer, DIG_HEADER_GIT_COMMITTER,
	    &commit->committer, commit->headers, &commit->nheaders);
	st = make_tree(import, commit, err);
	if (st != DIG_OK)
		goto out;
	if (import->lfs.len > 0)
		add_header(commit->headers, &commit->nheaders,
		    DIG_HEADER_GIT_LFS, &import->lfs);
	dig_commit_encode(commit, &plain);
	if (import->git_id.len > 0)
		add_header(commit->headers, &commit->nheaders,
		    DIG_HEADER_GIT_ID, &import->git_id);
	dig_commit_encode(commit, &bytes);
	st = put_object(import, DIG_KIND_COMMIT, DIG_DOMAIN_COMMIT, &plain,
	    &bytes, id, &is_new, err);
	if (is_new)
		import->result->commits++;
	else
		import->result->known++;
out:
	dig_buf_clear(&plain);
	dig_buf_clear(&bytes);
	free(commit);
	return st;
}

static enum dig_status
read_commit(struct dig_import *import, const char *ref, struct dig_error *err)
{
	struct dig_mark made = { .kind = DIG_MARK_COMMIT };
	struct dig_oid tree;
	enum dig_status st;
	bool known = false;
	uint64_t mark;

	st = read_head(import, ref, &mark, err);
	if (st == DIG_OK)
		st = find_git_id(import, (const char *)import->git_id.data,
		    import->git_id.len, &made.id, &tree, &known, err);
	if (st != DIG_OK)
		return st;
	if (known) {
		import->result->known++;
		st = dig_import_files(import, &tree, err);
	} else {
		st = make_commit(import, &made.id, err);
	}
	if (st == DIG_OK && mark != 0)
		st = dig_marks_put(import->marks, mark, &made, err);
	if (st == DIG_OK)
		dig_state_set_ref(&import->refs, ref, &made.id);
	return st;
}

enum dig_status
dig_import_commit(
    struct dig_import *import, const char *name, struct dig_error *err)
{
	char *ref = dig_strdup(name); /* the line's memory goes */
	enum dig_status st = read_commit(import, ref, err);

	free(ref);
	return st;
}

/* ---- Tags ------------------------------------------------------------- */

static enum dig_status
put_tag(struct dig_import *import, const char *name,
    const struct dig_mark *target, struct dig_oid *id, struct dig_error *err)
{
	struct dig_buf plain = DIG_BUF_INIT, bytes = DIG_BUF_INIT;
	struct dig_tag *tag = dig_calloc(1, sizeof(*tag));
	enum dig_status st;
	bool is_new;

	tag->target_kind =
	    target->kind == DIG_MARK_TAG ? DIG_KIND_TAG : DIG_KIND_COMMIT;
	tag->target = target->id;
	tag->name = (const uint8_t *)name;
	tag->name_len = strlen(name);
	tag->message = import->message.data;
	tag->message_len = import->message.len;
	if (import->committer.len > 0)
		set_ident(import, &import->committer, DIG_HEADER_GIT_TAGGER,
		    &tag->tagger, tag->headers, &tag->nheaders);
	dig_tag_encode(tag, &plain);
	if (import->git_id.len > 0)
		add_header(tag->headers, &tag->nheaders, DIG_HEADER_GIT_ID,
		    &import->git_id);
	dig_tag_encode(tag, &bytes);
	st = put_object(import, DIG_KIND_TAG, DIG_DOMAIN_TAG, &plain, &bytes,
	    id, &is_new, err);
	if (st == DIG_OK)
		import->result->tags += is_new;
	dig_buf_clear(&plain);
	dig_buf_clear(&bytes);
	free(tag);
	return st;
}

static enum dig_status
read_tag(struct dig_import *import, const char *name, const char *ref,
    struct dig_error *err)
{
	struct dig_mark target, made = { .kind = DIG_MARK_TAG };
	enum dig_status st;
	uint64_t mark;
	bool found;

	st = read_mark(import, &mark, err);
	if (st == DIG_OK)
		st = optional(import, "from ", &import->path, &found, err);
	if (st == DIG_OK && !found)
		st = dig_stream_bad(&import->stream, err, "a tag of nothing");
	if (st == DIG_OK)
		st = dig_import_resolve(
		    import, (const char *)import->path.data, &target, err);
	if (st == DIG_OK)
		st = read_git_id(import, err);
	if (st == DIG_OK)
		st = optional(
		    import, "tagger ", &import->committer, &found, err);
	if (st == DIG_OK)
		st = dig_import_data(
		    import, DIG_COMMIT_MESSAGE_MAX, &import->message, err);
	if (st != DIG_OK)
		return st;
	if (target.kind != DIG_MARK_COMMIT && target.kind != DIG_MARK_TAG) {
		dig_repo_warn(import->repo,
		    "tag %.200s names no commit and is left out", name);
		return DIG_OK;
	}
	st = put_tag(import, name, &target, &made.id, err);
	if (st == DIG_OK && mark != 0)
		st = dig_marks_put(import->marks, mark, &made, err);
	if (st == DIG_OK)
		dig_state_set_ref(&import->refs, ref, &made.id);
	return st;
}

enum dig_status
dig_import_tag(
    struct dig_import *import, const char *name, struct dig_error *err)
{
	struct dig_buf ref = DIG_BUF_INIT;
	char *copy = dig_strdup(name); /* the line's memory goes */
	enum dig_status st;

	/* git writes the whole name of a tag that is not below refs/tags/. */
	dig_buf_printf(&ref, "%s%s",
	    strncmp(copy, "refs/", 5) == 0 ? "" : "refs/tags/", copy);
	st = read_tag(import, copy, (const char *)ref.data, err);
	dig_buf_clear(&ref);
	free(copy);
	return st;
}
