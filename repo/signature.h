/* SPDX-License-Identifier: MIT
 *
 * Signatures of commits and tags: which bytes are signed, and where the
 * signature stands. How it is made and checked is the business of a program
 * that cmd/ starts.
 *
 * Format: docs/format.md "Signatures".
 */
#ifndef REPO_SIGNATURE_H
#define REPO_SIGNATURE_H

#include <stdbool.h>
#include <stdint.h>

#include "objects/base/buf.h"
#include "objects/commit.h"

struct dig_repo;

/* Every header whose name begins so is a signature, of the algorithm that the
 * rest of the name says. */
#define DIG_SIGNATURE_PREFIX "signature-"
#define DIG_SIGNATURE_SSH "signature-ssh"
#define DIG_SIGNATURE_MAX ((size_t)16 << 10)

/*
 * Makes a signature over data, 1 to DIG_SIGNATURE_MAX bytes, into out (reset).
 * It is called without the lock and may ask a person.
 */
typedef enum dig_status dig_sign_fn(void *arg, const void *data, size_t len,
    struct dig_buf *out, struct dig_error *err);

/* A commit or tag as its signature sees it. */
struct dig_signed {
	enum dig_kind kind;       /* COMMIT or TAG */
	struct dig_buf payload;   /* the bytes that are signed */
	struct dig_buf signature; /* of DIG_SIGNATURE_SSH; empty: none */
	int64_t seconds;          /* of the committer, or tagger */
	bool has_other;           /* a signature that this dig does not know */
};

/* Set out (zeroed) to what a commit, or a tag, says. */
void dig_signed_commit(const struct dig_commit *commit, struct dig_signed *out);
void dig_signed_tag(const struct dig_tag *tag, struct dig_signed *out);
void dig_signed_clear(struct dig_signed *out);

/* The same by id. Errors: NOTFOUND, CORRUPT, IO. */
enum dig_status dig_signed_read(struct dig_repo *repo, enum dig_kind kind,
    const struct dig_oid *id, struct dig_signed *out,
    struct dig_error *err) DIG_CHECKED;

/*
 * Add a signature as the last header of a commit or tag; it stays borrowed.
 * Errors: INVALID (no room, or a signature of a wrong length).
 */
enum dig_status dig_signature_add(struct dig_header *headers, size_t *nheaders,
    const struct dig_buf *signature, struct dig_error *err) DIG_CHECKED;

#endif
