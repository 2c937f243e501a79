/* SPDX-License-Identifier: MIT
 *
 * Commits and tags as canonical bytes. One reader and one writer for each
 * part, side by side, so that what is decoded encodes to the same bytes.
 */
#include "objects/commit.h"

#include <string.h>

#include "objects/node.h"
#include "objects/tree.h"

#define ZONE_MAX 16

/* ---- Parts ------------------------------------------------------------ */

static void
put_ident(struct dig_buf *out, const struct dig_ident *ident)
{
	uint64_t sign = ident->seconds < 0 ? UINT64_MAX : 0;

	dig_buf_put_bytes(out, ident->who, ident->who_len);
	dig_buf_put_varint(out, (uint64_t)ident->seconds << 1 ^ sign);
	dig_buf_put_bytes(out, ident->zone, ident->zone_len);
}

static bool
has_control_byte(const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (data[i] < 0x20 || data[i] == 0x7f)
			return true;
	return false;
}

static void
get_ident(struct dig_cursor *cur, struct dig_ident *out)
{
	uint64_t zigzag;

	out->who = dig_cursor_bytes(cur, &out->who_len, DIG_COMMIT_IDENT_MAX);
	zigzag = dig_cursor_varint(cur);
	out->seconds = (zigzag & 1) != 0 ? -(int64_t)(zigzag >> 1) - 1
					 : (int64_t)(zigzag >> 1);
	out->zone = dig_cursor_bytes(cur, &out->zone_len, ZONE_MAX);
	if (cur->bad)
		return;
	if (memchr(out->who, '\0', out->who_len) != NULL ||
	    memchr(out->who, '\n', out->who_len) != NULL ||
	    has_control_byte(out->zone, out->zone_len))
		cur->bad = true;
}

static void
put_headers(struct dig_buf *out, const struct dig_header *headers, size_t count)
{
	dig_buf_put_varint(out, count);
	for (size_t i = 0; i < count; i++) {
		dig_buf_put_bytes(out, headers[i].name, headers[i].name_len);
		dig_buf_put_bytes(out, headers[i].value, headers[i].value_len);
	}
}

static void
get_headers(struct dig_cursor *cur, struct dig_header *headers, size_t *count)
{
	uint64_t n = dig_cursor_varint(cur);

	if (n > DIG_COMMIT_HEADERS_MAX)
		cur->bad = true;
	for (uint64_t i = 0; i < n && !cur->bad; i++) {
		headers[i].name =
		    dig_cursor_bytes(cur, &headers[i].name_len, SIZE_MAX);
		headers[i].value =
		    dig_cursor_bytes(cur, &headers[i].value_len, SIZE_MAX);
	}
	*count = (size_t)n;
}

static void
get_oid(struct dig_cursor *cur, struct dig_oid *out)
{
	const uint8_t *raw = dig_cursor_raw(cur, DIG_HASH_SIZE);

	if (raw != NULL)
		memcpy(out->bytes, raw, DIG_HASH_SIZE);
}

/* ---- Commits ---------------------------------------------------------- */

void
dig_commit_encode(const struct dig_commit *commit, struct dig_buf *out)
{
	bool has_jump = !dig_oid_is_zero(&commit->jump);

	dig_buf_put(out, commit->tree.bytes, DIG_HASH_SIZE);
	dig_buf_put_varint(out, commit->nparents);
	dig_buf_put(out, commit->parents, commit->nparents * DIG_HASH_SIZE);
	put_ident(out, &commit->author);
	put_ident(out, &commit->committer);
	dig_buf_put_bytes(out, commit->message, commit->message_len);
	dig_buf_put_bytes(out, commit->encoding, commit->encoding_len);
	dig_buf_put_varint(out, commit->files);
	dig_buf_put_varint(out, commit->bytes);
	dig_buf_put_varint(out, commit->generation);
	dig_buf_put_varint(out, commit->depth);
	dig_buf_putc(out, has_jump);
	if (has_jump)
		dig_buf_put(out, commit->jump.bytes, DIG_HASH_SIZE);
	put_headers(out, commit->headers, commit->nheaders);
}

void
dig_commit_id(const void *data, size_t len, struct dig_oid *out)
{
	dig_sha256_domain(DIG_DOMAIN_COMMIT, data, len, out->bytes);
}

/* A commit without parents is the first of its line; any other has a place
 * behind its parents and something to jump to. */
static bool
place_is_legal(const struct dig_commit *commit, bool has_jump)
{
	if (commit->nparents == 0)
		return commit->generation == 1 && commit->depth == 0 &&
		       !has_jump;
	return commit->depth > 0 && commit->depth < commit->generation &&
	       has_jump && !dig_oid_is_zero(&commit->jump);
}

enum dig_status
dig_commit_decode(
    const void *data, size_t len, struct dig_commit *out, struct dig_error *err)
{
	struct dig_cursor cur = dig_cursor_over(data, len);
	struct dig_commit commit;
	uint64_t nparents;
	uint8_t has_jump;

	memset(&commit, 0, sizeof(commit));
	get_oid(&cur, &commit.tree);
	nparents = dig_cursor_varint(&cur);
	if (nparents > DIG_COMMIT_PARENTS_MAX)
		return dig_raise(err, DIG_ECORRUPT,
		    "a commit with %llu parents", (unsigned long long)nparents);
	commit.nparents = (size_t)nparents;
	commit.parents = dig_cursor_raw(&cur, commit.nparents * DIG_HASH_SIZE);
	get_ident(&cur, &commit.author);
	get_ident(&cur, &commit.committer);
	commit.message =
	    dig_cursor_bytes(&cur, &commit.message_len, DIG_COMMIT_MESSAGE_MAX);
	commit.encoding =
	    dig_cursor_bytes(&cur, &commit.encoding_len, SIZE_MAX);
	commit.files = dig_cursor_varint(&cur);
	commit.bytes = dig_cursor_varint(&cur);
	commit.generation = dig_cursor_varint(&cur);
	commit.depth = dig_cursor_varint(&cur);
	has_jump = dig_cursor_u8(&cur);
	if (has_jump == 1)
		get_oid(&cur, &commit.jump);
	get_headers(&cur, commit.headers, &commit.nheaders);
	if (cur.bad || has_jump > 1 || dig_cursor_left(&cur) != 0)
		return dig_raise(err, DIG_ECORRUPT, "not a canonical commit");
	if (!place_is_legal(&commit, has_jump == 1))
		return dig_raise(err, DIG_ECORRUPT,
		    "a commit whose place does not fit its parents");
	*out = commit;
	return DIG_OK;
}

void
dig_commit_parent(
    const struct dig_commit *commit, size_t which, struct dig_oid *out)
{
	memcpy(
	    out->bytes, commit->parents + which * DIG_HASH_SIZE, DIG_HASH_SIZE);
}

const struct dig_header *
dig_header_find(
    const struct dig_header *headers, size_t count, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < count; i++)
		if (headers[i].name_len == len &&
		    memcmp(headers[i].name, name, len) == 0)
			return &headers[i];
	return NULL;
}

static int
hex_digit(uint8_t c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
				      : -1;
}

size_t
dig_commit_git_id(const struct dig_commit *commit, uint8_t out[DIG_HASH_SIZE])
{
	const struct dig_header *header = dig_header_find(
	    commit->headers, commit->nheaders, DIG_HEADER_GIT_ID);

	if (header == NULL ||
	    (header->value_len != 40 && header->value_len != 64))
		return 0;
	for (size_t i = 0; i < header->value_len; i += 2) {
		int high = hex_digit(header->value[i]);
		int low = hex_digit(header->value[i + 1]);

		if (high < 0 || low < 0)
			return 0;
		out[i / 2] = (uint8_t)(high << 4 | low);
	}
	return header->value_len / 2;
}

bool
dig_commit_jumps_far(
    uint64_t parent_depth, uint64_t jump_depth, uint64_t jump_jump_depth)
{
	/* Equal depths stand for a jump that is not there. */
	return parent_depth > jump_depth && jump_depth > jump_jump_depth &&
	       parent_depth - jump_depth == jump_depth - jump_jump_depth;
}

/* ---- A place in history ----------------------------------------------- */

static enum dig_status
read_commit(const struct dig_node_io *io, const struct dig_oid *id,
    struct dig_buf *bytes, struct dig_commit *out, struct dig_error *err)
{
	enum dig_status st = io->get(io->arg, DIG_KIND_COMMIT, id, bytes, err);

	return st == DIG_OK
		   ? dig_commit_decode(bytes->data, bytes->len, out, err)
		   : st;
}

/*
 * Where a child of this commit jumps to (docs/format.md "Commits"). Reads two
 * commits at most.
 */
static enum dig_status
find_jump(const struct dig_node_io *io, const struct dig_oid *parent,
    const struct dig_commit *p, struct dig_oid *out, struct dig_error *err)
{
	struct dig_buf j_bytes = DIG_BUF_INIT, k_bytes = DIG_BUF_INIT;
	struct dig_commit j, k;
	enum dig_status st = DIG_OK;

	*out = *parent;
	if (dig_oid_is_zero(&p->jump))
		goto out;
	st = read_commit(io, &p->jump, &j_bytes, &j, err);
	if (st != DIG_OK || dig_oid_is_zero(&j.jump))
		goto out;
	st = read_commit(io, &j.jump, &k_bytes, &k, err);
	if (st == DIG_OK && dig_commit_jumps_far(p->depth, j.depth, k.depth))
		*out = j.jump;
out:
	dig_buf_clear(&j_bytes);
	dig_buf_clear(&k_bytes);
	return st;
}

enum dig_status
dig_commit_place(const struct dig_node_io *io, struct dig_commit *commit,
    struct dig_oid *tree, struct dig_error *err)
{
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_commit parent;
	enum dig_status st = DIG_OK;
	struct dig_oid id;

	commit->generation = 1;
	commit->depth = 0;
	commit->jump = dig_oid_zero;
	dig_tree_empty(tree);
	for (size_t i = 0; st == DIG_OK && i < commit->nparents; i++) {
		dig_commit_parent(commit, i, &id);
		st = read_commit(io, &id, &bytes, &parent, err);
		if (st != DIG_OK)
			break;
		if (parent.generation >= commit->generation)
			commit->generation = parent.generation + 1;
		if (i > 0)
			continue;
		commit->depth = parent.depth + 1;
		*tree = parent.tree;
		st = find_jump(io, &id, &parent, &commit->jump, err);
	}
	dig_buf_clear(&bytes);
	return st;
}

/* ---- Reading parts for people ----------------------------------------- */

void
dig_ident_split(const struct dig_ident *ident, const uint8_t **name,
    size_t *name_len, const uint8_t **email, size_t *email_len)
{
	const uint8_t *end = ident->who + ident->who_len;
	const uint8_t *open = ident->who_len == 0
				  ? NULL
				  : memchr(ident->who, '<', ident->who_len);
	const uint8_t *close;
	const uint8_t *name_end = open ? open : end;

	while (name_end > ident->who && name_end[-1] == ' ')
		name_end--;
	*name = ident->who;
	*name_len = (size_t)(name_end - ident->who);
	*email = open ? open + 1 : end;
	close =
	    *email == end ? NULL : memchr(*email, '>', (size_t)(end - *email));
	*email_len = (size_t)((close ? close : end) - *email);
}

int
dig_zone_minutes(const uint8_t *zone, size_t len)
{
	int digits[4];
	int minutes;

	if (len != 5 || (zone[0] != '+' && zone[0] != '-'))
		return 0;
	for (size_t i = 0; i < 4; i++) {
		if (zone[1 + i] < '0' || zone[1 + i] > '9')
			return 0;
		digits[i] = zone[1 + i] - '0';
	}
	minutes =
	    (digits[0] * 10 + digits[1]) * 60 + digits[2] * 10 + digits[3];
	return zone[0] == '-' ? -minutes : minutes;
}

size_t
dig_subject_len(const uint8_t *message, size_t len)
{
	const uint8_t *end = len == 0 ? NULL : memchr(message, '\n', len);
	size_t n = end ? (size_t)(end - message) : len;

	return n > 0 && message[n - 1] == '\r' ? n - 1 : n;
}

/* ---- Tags ------------------------------------------------------------- */

void
dig_tag_encode(const struct dig_tag *tag, struct dig_buf *out)
{
	dig_buf_putc(out, (uint8_t)tag->target_kind);
	dig_buf_put(out, tag->target.bytes, DIG_HASH_SIZE);
	dig_buf_put_bytes(out, tag->name, tag->name_len);
	dig_buf_putc(out, tag->tagger.who_len > 0);
	if (tag->tagger.who_len > 0)
		put_ident(out, &tag->tagger);
	dig_buf_put_bytes(out, tag->message, tag->message_len);
	put_headers(out, tag->headers, tag->nheaders);
}

static bool
may_be_tagged(enum dig_kind kind)
{
	return kind == DIG_KIND_COMMIT || kind == DIG_KIND_TAG ||
	       kind == DIG_KIND_CHUNK || kind == DIG_KIND_TREE;
}

enum dig_status
dig_tag_decode(
    const void *data, size_t len, struct dig_tag *out, struct dig_error *err)
{
	struct dig_cursor cur = dig_cursor_over(data, len);
	struct dig_tag tag;
	uint8_t has_tagger;

	memset(&tag, 0, sizeof(tag));
	tag.target_kind = (enum dig_kind)dig_cursor_u8(&cur);
	get_oid(&cur, &tag.target);
	tag.name = dig_cursor_bytes(&cur, &tag.name_len, SIZE_MAX);
	has_tagger = dig_cursor_u8(&cur);
	if (has_tagger == 1) {
		get_ident(&cur, &tag.tagger);
		if (tag.tagger.who_len == 0)
			cur.bad = true;
	}
	tag.message =
	    dig_cursor_bytes(&cur, &tag.message_len, DIG_COMMIT_MESSAGE_MAX);
	get_headers(&cur, tag.headers, &tag.nheaders);
	if (cur.bad || has_tagger > 1 || !may_be_tagged(tag.target_kind) ||
	    dig_cursor_left(&cur) != 0)
		return dig_raise(err, DIG_ECORRUPT, "not a canonical tag");
	*out = tag;
	return DIG_OK;
}
