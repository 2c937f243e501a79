/* SPDX-License-Identifier: MIT
 *
 * The hashes of docs/format.md "Identity": pure functions over the caller's
 * memory. No allocation, no I/O; depends on SHA-256 and libc alone, so that a
 * verifier can be lifted out.
 */
#ifndef MERKLE_MERKLE_H
#define MERKLE_MERKLE_H

#include <stddef.h>
#include <stdint.h>

#define DIG_HASH_SIZE 32

/* First byte of every preimage but the chunk's. */
enum dig_domain {
	DIG_DOMAIN_CONTENT_LEAF = 0x00,
	DIG_DOMAIN_CONTENT_INNER = 0x01,
	DIG_DOMAIN_CONTENT_EMPTY = 0x02,
	DIG_DOMAIN_ENTRY = 0x10,
	DIG_DOMAIN_TREE_INNER = 0x11,
	DIG_DOMAIN_UPPER_ENTRY = 0x12,
	DIG_DOMAIN_TREE_EMPTY = 0x13,
	DIG_DOMAIN_CUT = 0x14,
	DIG_DOMAIN_COMMIT = 0x20,
	DIG_DOMAIN_TAG = 0x21,
	DIG_DOMAIN_STATE = 0x22,
	DIG_DOMAIN_SOLID = 0x30,
	DIG_DOMAIN_RUN = 0x31,
	DIG_DOMAIN_BUNDLE = 0x32,
	DIG_DOMAIN_BUNDLE_CHAIN = 0x33
};

/* SHA-256 of the bytes. */
void dig_sha256(const void *data, size_t len, uint8_t out[DIG_HASH_SIZE]);
/* SHA-256 of one domain byte and the bytes. */
void dig_sha256_domain(enum dig_domain domain, const void *data, size_t len,
    uint8_t out[DIG_HASH_SIZE]);

/* Leaf of a file's content tree: H(0x00 | u64 length | chunk id). */
void dig_content_leaf(uint64_t length_bytes, const uint8_t chunk[DIG_HASH_SIZE],
    uint8_t out[DIG_HASH_SIZE]);
/* Inner node: H(0x01 | u64 left length | left | u64 right length | right). */
void dig_content_inner(uint64_t left_bytes, const uint8_t left[DIG_HASH_SIZE],
    uint64_t right_bytes, const uint8_t right[DIG_HASH_SIZE],
    uint8_t out[DIG_HASH_SIZE]);
void dig_content_empty(uint8_t out[DIG_HASH_SIZE]);
/* Inner node of the path tree: H(0x11 | left | right). out may be either. */
void dig_tree_inner(const uint8_t left[DIG_HASH_SIZE],
    const uint8_t right[DIG_HASH_SIZE], uint8_t out[DIG_HASH_SIZE]);

/*
 * RFC 6962's shape built as a stream: an odd node is carried up. The stack
 * holds one (length, hash) for each set bit of the count, so 64 are enough for
 * any number of leaves. Two hash flavours: content (lengths bound) and tree
 * (H(0x11 | left | right)).
 */
enum dig_merkle_flavour { DIG_MERKLE_CONTENT, DIG_MERKLE_TREE };

struct dig_merkle {
	enum dig_merkle_flavour flavour;
	uint64_t nleaves;
	uint64_t length_bytes; /* CONTENT: the sum so far */
	unsigned depth;
	uint64_t lengths[64];
	uint8_t hashes[64][DIG_HASH_SIZE];
	/* Optional. Adding leaf n (from 0) makes as many roots of perfect
	 * subtrees as n has trailing ones, in all n - popcount(n) before it. */
	uint8_t (*made)[DIG_HASH_SIZE];        /* they are put here */
	const uint8_t (*known)[DIG_HASH_SIZE]; /* made[] of a like tree, */
	uint64_t known_from; /* whose leaves from here on are the same */
};

void dig_merkle_init(
    struct dig_merkle *merkle, enum dig_merkle_flavour flavour);
/* Add a leaf (or the root of an aligned power-of-two subtree, all subtrees
 * but the last of the same leaf count). length_bytes is ignored for TREE. */
void dig_merkle_add(struct dig_merkle *merkle, uint64_t length_bytes,
    const uint8_t hash[DIG_HASH_SIZE]);
/* Root over what was added; CONTENT with none is dig_content_empty, TREE with
 * none is H(0x13). The state is unchanged, so adding can go on. */
void dig_merkle_root(
    const struct dig_merkle *merkle, uint8_t out[DIG_HASH_SIZE]);

/* Leaf of a path-tree leaf node: H(0x10 | canonical entry bytes). */
void dig_entry_leaf(
    const void *canonical, size_t len, uint8_t out[DIG_HASH_SIZE]);
/* First 6 bits of H(0x14 | level | path) are zero: a path tree node may end. */
int dig_tree_cut(uint8_t level, const void *path, size_t len);

#endif
