/* SPDX-License-Identifier: MIT
 *
 * Making and deleting tags; lists are in names.h.
 */
#ifndef REPO_TAG_H
#define REPO_TAG_H

#include "objects/base/buf.h"
#include "repo/names.h"
#include "repo/signature.h"

struct dig_tag_options {
	const char *name;
	const char *rev;     /* NULL: HEAD */
	const void *message; /* clean; NULL: a light tag, a name alone */
	size_t message_len;
	bool force; /* the tag may be there and is replaced */
	/* NULL, or signs it, without the lock; for one with a message. */
	dig_sign_fn *sign;
	void *sign_arg;
};

/*
 * Tag a commit or another tag. *was: the id of the tag that was replaced, or
 * zero.
 *
 * Errors: INVALID (the name, no identity, a revision that is neither commit nor
 * tag, a message with NUL or too long); NO (an empty message); EXISTS;
 * NOTFOUND, AMBIGUOUS (the revision); LOCKED; those of the index.
 */
enum dig_status dig_tag_create(struct dig_repo *repo,
    const struct dig_tag_options *options, struct dig_oid *was,
    struct dig_error *err) DIG_CHECKED;

/* Delete tags, all or none; *deleted tells what they named. Errors: NOTFOUND,
 * LOCKED, those of the index. */
enum dig_status dig_tag_delete(struct dig_repo *repo, const char *const *names,
    size_t count, struct dig_names *deleted, struct dig_error *err) DIG_CHECKED;

/* The message of an annotated tag, of a light one that of its commit, into out
 * (reset). */
enum dig_status dig_tag_message(struct dig_repo *repo,
    const struct dig_name *tag, struct dig_buf *out,
    struct dig_error *err) DIG_CHECKED;

#endif
