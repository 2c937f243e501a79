/* SPDX-License-Identifier: MIT
 *
 * Checking proofs: that a path is in a snapshot or is not, that a file is the
 * same in two of them, that bytes stand at an offset of a file, that one
 * commit descends from another. Allocates nothing, does no I/O, knows of no
 * repository; depends on SHA-256 and libc alone.
 *
 * A proof is a body in memory, sealed by a hash, and behind it, for bytes that
 * travel with it, a stream. It has one encoding: a changed bit is refused.
 *
 * Format: docs/proof-format.md.
 */
#ifndef MERKLE_PROOF_H
#define MERKLE_PROOF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "merkle/merkle.h"

#define DIG_PROOF_MAGIC "digproof"
#define DIG_PROOF_VERSION 1
#define DIG_PROOF_HEAD 14 /* magic, version, type, length of the body */
#define DIG_PROOF_BODY_MAX ((size_t)64 << 20)
#define DIG_PROOF_NODE_DEPTH 9 /* hashes from an entry up to its node's id */

enum dig_proof_type {
	DIG_PROOF_PRESENT = 1,
	DIG_PROOF_ABSENT = 2,
	DIG_PROOF_UNCHANGED = 3,
	DIG_PROOF_ANCESTOR = 4,
	DIG_PROOF_BYTES = 5
};

/* How the search for a path ends. */
enum dig_proof_form {
	DIG_PROOF_EMPTY = 0,   /* the tree has no entries */
	DIG_PROOF_FOUND = 1,   /* at its entry */
	DIG_PROOF_BETWEEN = 2, /* between two neighbours, or before the first */
	DIG_PROOF_BEYOND = 3   /* behind the last entry of the tree */
};

/* What a byte of the content tree's description announces. */
enum dig_proof_part {
	DIG_PROOF_PRUNED = 0,
	DIG_PROOF_INNER = 1,
	DIG_PROOF_CHUNK = 2
};

/* One snapshot that a proof speaks of. */
struct dig_proof_side {
	bool has_commit;
	uint8_t commit[DIG_HASH_SIZE];
	uint8_t tree[DIG_HASH_SIZE];
	/* The entry at the path; kind 0 where none is shown. */
	uint8_t kind; /* 1 file, 2 executable, 3 symbolic link, 4 link */
	uint64_t size_bytes;
	uint8_t content[DIG_HASH_SIZE];
};

/* What a valid proof says. Pointers borrow from the proof. */
struct dig_proof_claim {
	enum dig_proof_type type;
	/* ANCESTOR: the descendant, then its ancestor. UNCHANGED: both commits.
	 * Else the first alone. */
	size_t nsides;
	struct dig_proof_side sides[2];
	const uint8_t *path; /* not for ANCESTOR. ABSENT: one that ends in */
	size_t path_len;     /* '/' says that nothing lies below it */
	uint64_t from;       /* BYTES: [from, to) of the file */
	uint64_t to;
	bool has_data;     /* BYTES: these bytes stand behind the seal */
	uint64_t ncommits; /* ANCESTOR: commits shown */
};

/*
 * From the first DIG_PROOF_HEAD bytes: how many bytes there are up to the end
 * of the seal. False when no proof of this version begins so.
 */
bool dig_proof_measure(const uint8_t head[DIG_PROOF_HEAD], size_t *len);

/*
 * The next `len` bytes of the range into buf; false when there are none, or
 * others than the caller wants. embedded: they stand behind the seal.
 */
typedef bool dig_proof_data_fn(
    void *arg, bool embedded, uint8_t *buf, size_t len);

/*
 * Check a proof.
 *
 * proof  `len` bytes, from the magic to the end of the seal
 * data   asked for the bytes of the range, in order, once; not called for
 *        other types and may be NULL then. That nothing follows the last byte
 *        is for the caller to see
 * out    success: what has been proved, about the ids in it: the caller still
 *        has to compare them with those that it trusts (dig_proof_names)
 *
 * Answers NULL when the proof is valid, else a static phrase of what is wrong.
 * Cost: linear in its length; 24 KiB of stack. Memory: none.
 * Source: RFC 6962 section 2.1; docs/proof-format.md.
 */
const char *dig_proof_verify(const void *proof, size_t len,
    dig_proof_data_fn *data, void *arg, struct dig_proof_claim *out);

/* The side that a hash names, as its commit or, where entries are shown, its
 * tree: 0 or 1, or -1 for neither. */
int dig_proof_names(
    const struct dig_proof_claim *claim, const uint8_t hash[DIG_HASH_SIZE]);

#endif
