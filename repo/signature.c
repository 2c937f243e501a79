/* SPDX-License-Identifier: MIT
 *
 * What is signed is what the id is the hash of, with the headers of signatures
 * left out: so a signature of a commit is never one of a tag.
 */
#include "repo/signature.h"

#include <stdlib.h>
#include <string.h>

#include "repo/internal.h"

static bool
is_signature(const struct dig_header *header)
{
	size_t len = strlen(DIG_SIGNATURE_PREFIX);

	return header->name_len > len &&
	       memcmp(header->name, DIG_SIGNATURE_PREFIX, len) == 0;
}

/* Take signatures out of a list of headers, and note them. */
static void
strip(struct dig_header *headers, size_t *count, struct dig_signed *out)
{
	const struct dig_header *ssh =
	    dig_header_find(headers, *count, DIG_SIGNATURE_SSH);
	size_t kept = 0;

	if (ssh != NULL && ssh->value_len <= DIG_SIGNATURE_MAX)
		dig_buf_put(&out->signature, ssh->value, ssh->value_len);
	for (size_t i = 0; i < *count; i++) {
		if (!is_signature(&headers[i]))
			headers[kept++] = headers[i];
		else
			out->has_other |= &headers[i] != ssh;
	}
	*count = kept;
}

void
dig_signed_commit(const struct dig_commit *commit, struct dig_signed *out)
{
	struct dig_commit *bare = dig_alloc(sizeof(*bare));

	*bare = *commit;
	out->kind = DIG_KIND_COMMIT;
	out->seconds = commit->committer.seconds;
	strip(bare->headers, &bare->nheaders, out);
	dig_buf_putc(&out->payload, DIG_DOMAIN_COMMIT);
	dig_commit_encode(bare, &out->payload);
	free(bare);
}

void
dig_signed_tag(const struct dig_tag *tag, struct dig_signed *out)
{
	struct dig_tag *bare = dig_alloc(sizeof(*bare));

	*bare = *tag;
	out->kind = DIG_KIND_TAG;
	out->seconds = tag->tagger.seconds;
	strip(bare->headers, &bare->nheaders, out);
	dig_buf_putc(&out->payload, DIG_DOMAIN_TAG);
	dig_tag_encode(bare, &out->payload);
	free(bare);
}

void
dig_signed_clear(struct dig_signed *out)
{
	dig_buf_clear(&out->payload);
	dig_buf_clear(&out->signature);
	memset(out, 0, sizeof(*out));
}

enum dig_status
dig_signed_read(struct dig_repo *repo, enum dig_kind kind,
    const struct dig_oid *id, struct dig_signed *out, struct dig_error *err)
{
	struct dig_commit *commit = dig_alloc(sizeof(*commit));
	struct dig_tag *tag = dig_alloc(sizeof(*tag));
	struct dig_buf bytes = DIG_BUF_INIT;
	enum dig_status st;

	memset(out, 0, sizeof(*out));
	if (kind == DIG_KIND_TAG) {
		st = dig_history_tag(repo, id, &bytes, tag, err);
		if (st == DIG_OK)
			dig_signed_tag(tag, out);
	} else {
		st = dig_repo_read_commit(repo, id, &bytes, commit, err);
		if (st == DIG_OK)
			dig_signed_commit(commit, out);
	}
	dig_buf_clear(&bytes);
	free(commit);
	free(tag);
	return st;
}

enum dig_status
dig_signature_add(struct dig_header *headers, size_t *nheaders,
    const struct dig_buf *signature, struct dig_error *err)
{
	static const char name[] = DIG_SIGNATURE_SSH;
	struct dig_header *header = &headers[*nheaders];

	if (*nheaders == DIG_COMMIT_HEADERS_MAX || signature->len == 0 ||
	    signature->len > DIG_SIGNATURE_MAX)
		return dig_raise(
		    err, DIG_EINVALID, "there is no room for this signature");
	header->name = (const uint8_t *)name;
	header->name_len = sizeof(name) - 1;
	header->value = signature->data;
	header->value_len = signature->len;
	++*nheaders;
	return DIG_OK;
}
