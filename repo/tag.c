/* SPDX-License-Identifier: MIT
 *
 * Tags: a ref below refs/tags/, and for annotated ones an object.
 */
#include "repo/tag.h"

#include <stdlib.h>
#include <string.h>

#include "repo/ident.h"
#include "repo/internal.h"

static enum dig_status
check_message(const struct dig_tag_options *options, struct dig_error *err)
{
	if (options->message == NULL)
		return DIG_OK;
	if (options->message_len == 0)
		return dig_raise(
		    err, DIG_ENO, "nothing is tagged: the message is empty");
	if (memchr(options->message, '\0', options->message_len) != NULL)
		return dig_raise(
		    err, DIG_EINVALID, "the message has a NUL byte");
	if (options->message_len > DIG_COMMIT_MESSAGE_MAX)
		return dig_raise(err, DIG_EINVALID,
		    "the message is longer than %zu bytes",
		    DIG_COMMIT_MESSAGE_MAX);
	return DIG_OK;
}

/* A tag object on its way. */
struct tagging {
	struct dig_person tagger;
	struct dig_revision target; /* of the tag that is signed */
	struct dig_buf signature;   /* empty: none */
};

static void
fill_tag(const struct dig_tag_options *options, const struct tagging *tagging,
    const struct dig_revision *target, struct dig_tag *tag)
{
	memset(tag, 0, sizeof(*tag));
	tag->target_kind = target->kind;
	tag->target = target->id;
	tag->name = (const uint8_t *)options->name;
	tag->name_len = strlen(options->name);
	tag->message = options->message;
	tag->message_len = options->message_len;
	tag->tagger = dig_person_ident(&tagging->tagger);
}

/* Store the object of an annotated tag; target becomes its id. */
static enum dig_status
put_tag(struct dig_repo *repo, const struct dig_tag_options *options,
    const struct tagging *tagging, struct dig_revision *target,
    struct dig_error *err)
{
	struct dig_tag *tag = dig_alloc(sizeof(*tag));
	struct dig_buf bytes = DIG_BUF_INIT;
	enum dig_status st = DIG_OK;

	fill_tag(options, tagging, target, tag);
	if (tagging->signature.len > 0 &&
	    (tagging->target.kind != target->kind ||
		!dig_oid_eq(&tagging->target.id, &target->id)))
		st = dig_raise(err, DIG_ECONFLICT,
		    "what is tagged changed while the tag was signed");
	else if (tagging->signature.len > 0)
		st = dig_signature_add(
		    tag->headers, &tag->nheaders, &tagging->signature, err);
	if (st != DIG_OK)
		goto out;
	dig_tag_encode(tag, &bytes);
	dig_sha256_domain(
	    DIG_DOMAIN_TAG, bytes.data, bytes.len, target->id.bytes);
	st = dig_writer_put(dig_index_writer(repo->index), DIG_KIND_TAG,
	    &target->id, bytes.data, bytes.len, NULL, false, err);
out:
	dig_buf_clear(&bytes);
	free(tag);
	return st;
}

static enum dig_status
find_target(struct dig_repo *repo, const char *rev, struct dig_revision *out,
    struct dig_error *err)
{
	enum dig_status st;

	st = dig_revision_resolve(repo, rev, out, err);
	if (st == DIG_OK && out->kind != DIG_KIND_COMMIT &&
	    out->kind != DIG_KIND_TAG)
		st = dig_raise(err, DIG_EINVALID,
		    "'%.200s' is a %s; commits and tags can be tagged", rev,
		    dig_kind_word(out->kind));
	return st;
}

/* Who tags, and their signature. */
static enum dig_status
prepare(struct dig_repo *repo, const struct dig_tag_options *options,
    struct tagging *tagging, struct dig_error *err)
{
	struct dig_signed what = { 0 };
	struct dig_tag *tag;
	enum dig_status st;

	if (options->message == NULL)
		return DIG_OK;
	st = dig_person_find(DIG_ROLE_COMMITTER, repo->config, NULL, NULL,
	    &tagging->tagger, err);
	if (st != DIG_OK || options->sign == NULL)
		return st;
	st = find_target(repo, options->rev == NULL ? "HEAD" : options->rev,
	    &tagging->target, err);
	if (st != DIG_OK)
		return st;
	tag = dig_alloc(sizeof(*tag));
	fill_tag(options, tagging, &tagging->target, tag);
	dig_signed_tag(tag, &what);
	st = options->sign(options->sign_arg, what.payload.data,
	    what.payload.len, &tagging->signature, err);
	dig_signed_clear(&what);
	free(tag);
	return st;
}

/* Inside a transaction. */
static enum dig_status
set_tag(struct dig_repo *repo, const struct dig_tag_options *options,
    const struct tagging *tagging, const char *full, struct dig_oid *was,
    struct dig_error *err)
{
	struct dig_state *next = dig_index_next(repo->index);
	const struct dig_ref *ref = dig_state_ref(next, full);
	struct dig_commit_options record = { 0 };
	struct dig_buf verb = DIG_BUF_INIT;
	struct dig_revision target;
	enum dig_status st;

	if (ref != NULL && !options->force) {
		dig_ignore(dig_raise(err, DIG_EEXISTS,
		    "a tag '%.200s' is there already", options->name));
		dig_hint(err, "use another name, or -f to replace it");
		return DIG_EEXISTS;
	}
	*was = ref != NULL ? ref->id : dig_oid_zero;
	st = dig_name_no_clash(next, full, err);
	if (st == DIG_OK)
		st = find_target(repo,
		    options->rev == NULL ? "HEAD" : options->rev, &target, err);
	if (st == DIG_OK && options->message != NULL)
		st = put_tag(repo, options, tagging, &target, err);
	if (st != DIG_OK)
		return st;
	dig_state_set_ref(next, full, &target.id);
	dig_buf_printf(&verb, "tag: %s", options->name);
	record.verb = (const char *)verb.data;
	st = dig_index_commit(repo->index, &record, NULL, err);
	dig_buf_clear(&verb);
	return st;
}

enum dig_status
dig_tag_create(struct dig_repo *repo, const struct dig_tag_options *options,
    struct dig_oid *was, struct dig_error *err)
{
	struct tagging tagging = { .tagger = { DIG_BUF_INIT, { 0, "" } } };
	struct dig_oid old;
	enum dig_status st;
	char *full = NULL;

	st = dig_name_new(DIG_NAME_TAG, options->name, &full, err);
	if (st == DIG_OK)
		st = check_message(options, err);
	if (st == DIG_OK)
		st = prepare(repo, options, &tagging, err);
	if (st == DIG_OK)
		st = dig_index_begin(repo->index, err);
	if (st == DIG_OK) {
		st = set_tag(repo, options, &tagging, full, &old, err);
		dig_index_rollback(repo->index); /* what was not committed */
	}
	if (st == DIG_OK)
		*was = old;
	dig_person_clear(&tagging.tagger);
	dig_buf_clear(&tagging.signature);
	free(full);
	return st;
}

static enum dig_status
delete_one(struct dig_repo *repo, const char *name, struct dig_names *deleted,
    struct dig_error *err)
{
	struct dig_state *next = dig_index_next(repo->index);
	struct dig_buf full = DIG_BUF_INIT;
	enum dig_status st = DIG_OK;
	const struct dig_ref *ref;

	dig_buf_printf(&full, "refs/tags/%s", name);
	ref = dig_state_ref(next, (const char *)full.data);
	if (ref == NULL) {
		st = dig_raise(
		    err, DIG_ENOTFOUND, "there is no tag '%.200s'", name);
	} else {
		dig_names_add(deleted, name, DIG_KIND_COMMIT, &ref->id);
		dig_state_set_ref(next, (const char *)full.data, NULL);
	}
	dig_buf_clear(&full);
	return st;
}

enum dig_status
dig_tag_delete(struct dig_repo *repo, const char *const *names, size_t count,
    struct dig_names *deleted, struct dig_error *err)
{
	struct dig_commit_options record = { .verb = "tag: deleted" };
	struct dig_names gone = { NULL, 0, 0 };
	enum dig_status st;

	st = dig_index_begin(repo->index, err);
	if (st != DIG_OK)
		return st;
	for (size_t i = 0; i < count && st == DIG_OK; i++)
		st = delete_one(repo, names[i], &gone, err);
	if (st == DIG_OK)
		st = dig_index_commit(repo->index, &record, NULL, err);
	dig_index_rollback(repo->index);
	if (st != DIG_OK) {
		dig_names_clear(&gone);
		return st;
	}
	dig_names_clear(deleted);
	*deleted = gone;
	return DIG_OK;
}

enum dig_status
dig_tag_message(struct dig_repo *repo, const struct dig_name *name,
    struct dig_buf *out, struct dig_error *err)
{
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_tag tag;
	enum dig_status st;

	if (name->kind != DIG_KIND_TAG)
		return dig_record_message(repo, &name->id, out, err);
	st = dig_history_tag(repo, &name->id, &bytes, &tag, err);
	if (st == DIG_OK) {
		dig_buf_reset(out);
		dig_buf_put(out, tag.message, tag.message_len);
	}
	dig_buf_clear(&bytes);
	return st;
}
