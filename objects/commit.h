/* SPDX-License-Identifier: MIT
 *
 * Commits and tags: canonical bytes and back.
 *
 * Format: docs/format.md "Commits", "Tags".
 */
#ifndef OBJECTS_COMMIT_H
#define OBJECTS_COMMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "objects/base/buf.h"
#include "objects/base/error.h"
#include "objects/oid.h"

#define DIG_COMMIT_PARENTS_MAX 1024
#define DIG_COMMIT_MESSAGE_MAX ((size_t)4 << 20)
#define DIG_COMMIT_IDENT_MAX 4096
#define DIG_COMMIT_HEADERS_MAX 64

/* Who and when: "Name <email>" as raw bytes, seconds since 1970, the zone as
 * it was written ("+0100"). */
struct dig_ident {
	const uint8_t *who;
	size_t who_len;
	int64_t seconds;
	const uint8_t *zone;
	size_t zone_len;
};

/* One extra header. */
struct dig_header {
	const uint8_t *name;
	size_t name_len;
	const uint8_t *value;
	size_t value_len;
};

/* A commit; all pointers borrow from the bytes that it was decoded from, or
 * from whoever fills it in. */
struct dig_commit {
	struct dig_oid tree;
	size_t nparents;
	const uint8_t *parents; /* nparents x 32 bytes */
	struct dig_ident author;
	struct dig_ident committer;
	const uint8_t *message;
	size_t message_len;
	const uint8_t *encoding; /* empty: UTF-8 */
	size_t encoding_len;
	uint64_t files;
	uint64_t bytes;
	uint64_t generation; /* 1 + the largest of the parents', 1 at a root */
	uint64_t depth;      /* commits before it by first parents */
	struct dig_oid jump; /* a first-parent ancestor; zero at a root */
	size_t nheaders;
	struct dig_header headers[DIG_COMMIT_HEADERS_MAX];
};

/* Append the canonical bytes. */
void dig_commit_encode(const struct dig_commit *commit, struct dig_buf *out);
/* The id of canonical bytes. */
void dig_commit_id(const void *data, size_t len, struct dig_oid *out);
/*
 * Decode canonical bytes; everything is checked (limits, zone form, no NUL in
 * identities, jump and generation fit the parents' number) and a second
 * encoding would give the same bytes. Errors: CORRUPT.
 */
enum dig_status dig_commit_decode(const void *data, size_t len,
    struct dig_commit *out, struct dig_error *err) DIG_CHECKED;
/* The header by which a commit or tag that came from git has its id there, in
 * hex: "git-id". The id's bytes into out; 0: it has none. */
#define DIG_HEADER_GIT_ID "git-id"
size_t dig_commit_git_id(
    const struct dig_commit *commit, uint8_t out[DIG_HASH_SIZE]);
/* The value of a header; NULL: there is none. */
const struct dig_header *dig_header_find(
    const struct dig_header *headers, size_t count, const char *name);
void dig_commit_parent(
    const struct dig_commit *commit, size_t which, struct dig_oid *out);

/*
 * Which ancestor a child of `parent` jumps to (skew-binary jump pointers).
 * Depths of the parent, of its jump, and of its jump's jump; the caller reads
 * at most two commits. True: the child jumps where the parent's jump jumps;
 * false: the child jumps to the parent.
 *
 * Source: Myers, An applicative random-access stack, 1983.
 */
bool dig_commit_jumps_far(
    uint64_t parent_depth, uint64_t jump_depth, uint64_t jump_jump_depth);

struct dig_node_io; /* objects/node.h */

/*
 * What the place of a commit in history follows from: generation, depth and
 * jump of `commit`, whose parents are set. *tree: the first parent's tree, the
 * empty one at a root. Reads the parents, and two commits more at most.
 *
 * Errors: those of io and of dig_commit_decode.
 */
enum dig_status dig_commit_place(const struct dig_node_io *io,
    struct dig_commit *commit, struct dig_oid *tree,
    struct dig_error *err) DIG_CHECKED;

/* Split "Name <email>": borrowed parts; a missing email is empty. */
void dig_ident_split(const struct dig_ident *ident, const uint8_t **name,
    size_t *name_len, const uint8_t **email, size_t *email_len);
/* "+0100" -> 60; 0 for what does not parse. */
int dig_zone_minutes(const uint8_t *zone, size_t len);
/* First line of a message, without its end. */
size_t dig_subject_len(const uint8_t *message, size_t len);

struct dig_tag {
	enum dig_kind target_kind;
	struct dig_oid target;
	const uint8_t *name;
	size_t name_len;
	struct dig_ident tagger; /* who_len 0: none */
	const uint8_t *message;
	size_t message_len;
	size_t nheaders;
	struct dig_header headers[DIG_COMMIT_HEADERS_MAX];
};

void dig_tag_encode(const struct dig_tag *tag, struct dig_buf *out);
enum dig_status dig_tag_decode(const void *data, size_t len,
    struct dig_tag *out, struct dig_error *err) DIG_CHECKED;

#endif
