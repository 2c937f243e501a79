/* SPDX-License-Identifier: MIT
 *
 * Making proofs: small files that show to somebody without the repository
 * what a commit holds. merkle/proof.h checks them.
 *
 * Format: docs/proof-format.md.
 */
#ifndef REPO_PROVE_H
#define REPO_PROVE_H

#include <stdbool.h>
#include <stdint.h>

#include "merkle/proof.h"
#include "objects/base/buf.h"
#include "objects/base/error.h"
#include "objects/tree.h"

struct dig_repo;

/*
 * What is to be proved. `text` is REV:PATH or a URN with a path, for ANCESTOR
 * the ancestor; `other` the second revision of UNCHANGED, the descendant of
 * ANCESTOR; `range` goes with BYTES.
 */
struct dig_prove_options {
	enum dig_proof_type type;
	const char *text;
	const char *other;
	const char *range; /* as dig_range_parse takes it; NULL: the URN's */
	bool no_data;      /* the bytes of the range do not travel along */
};

/* For BYTES: what stands behind the seal, unless no_data. */
struct dig_proof_range {
	struct dig_entry entry; /* its path is not set */
	uint64_t from;
	uint64_t to;
};

/*
 * Append the proof up to the end of its seal.
 *
 * Errors: NO when the statement is false (there is such a file; it is not the
 * same; not an ancestor); NOTFOUND, INVALID (range, with the size), those of
 * revisions; CORRUPT, IO.
 * Cost: O(log n) reads in files and commits; for an ancestor that is not one
 * by first parents, the commits in between.
 */
enum dig_status dig_prove(struct dig_repo *repo,
    const struct dig_prove_options *options, struct dig_buf *out,
    struct dig_proof_range *range, struct dig_error *err) DIG_CHECKED;

#endif
