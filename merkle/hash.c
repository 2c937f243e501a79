/* SPDX-License-Identifier: MIT
 *
 * SHA-256 and the fixed preimages of docs/format.md "Identity". The low-level
 * calls are used on purpose: most messages here are under 128 bytes, and for
 * 64 bytes they take a quarter of the time of OpenSSL's one-shot call.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "merkle/merkle.h"

#include <openssl/sha.h>
#include <string.h>

static uint8_t *
put_be64(uint8_t *at, uint64_t value)
{
	for (int shift = 56; shift >= 0; shift -= 8)
		*at++ = (uint8_t)(value >> shift);
	return at;
}

static uint8_t *
put_hash(uint8_t *at, const uint8_t hash[DIG_HASH_SIZE])
{
	memcpy(at, hash, DIG_HASH_SIZE);
	return at + DIG_HASH_SIZE;
}

/* SHA-256 of two pieces; the first is short. */
static void
hash_pair(const uint8_t *head, size_t headlen, const void *data, size_t len,
    uint8_t out[DIG_HASH_SIZE])
{
	SHA256_CTX sha;

	SHA256_Init(&sha);
	SHA256_Update(&sha, head, headlen);
	if (len > 0)
		SHA256_Update(&sha, data, len);
	SHA256_Final(out, &sha);
}

void
dig_sha256(const void *data, size_t len, uint8_t out[DIG_HASH_SIZE])
{
	SHA256_CTX sha;

	SHA256_Init(&sha);
	if (len > 0)
		SHA256_Update(&sha, data, len);
	SHA256_Final(out, &sha);
}

void
dig_sha256_domain(enum dig_domain domain, const void *data, size_t len,
    uint8_t out[DIG_HASH_SIZE])
{
	const uint8_t head[1] = { (uint8_t)domain };

	hash_pair(head, sizeof(head), data, len, out);
}

void
dig_content_leaf(uint64_t length_bytes, const uint8_t chunk[DIG_HASH_SIZE],
    uint8_t out[DIG_HASH_SIZE])
{
	uint8_t image[1 + 8 + DIG_HASH_SIZE];
	uint8_t *at = image;

	*at++ = DIG_DOMAIN_CONTENT_LEAF;
	at = put_be64(at, length_bytes);
	put_hash(at, chunk);
	dig_sha256(image, sizeof(image), out);
}

void
dig_content_inner(uint64_t left_bytes, const uint8_t left[DIG_HASH_SIZE],
    uint64_t right_bytes, const uint8_t right[DIG_HASH_SIZE],
    uint8_t out[DIG_HASH_SIZE])
{
	uint8_t image[1 + 2 * (8 + DIG_HASH_SIZE)];
	uint8_t *at = image;

	*at++ = DIG_DOMAIN_CONTENT_INNER;
	at = put_be64(at, left_bytes);
	at = put_hash(at, left);
	at = put_be64(at, right_bytes);
	put_hash(at, right);
	dig_sha256(image, sizeof(image), out);
}

void
dig_content_empty(uint8_t out[DIG_HASH_SIZE])
{
	dig_sha256_domain(DIG_DOMAIN_CONTENT_EMPTY, NULL, 0, out);
}

void
dig_tree_inner(const uint8_t left[DIG_HASH_SIZE],
    const uint8_t right[DIG_HASH_SIZE], uint8_t out[DIG_HASH_SIZE])
{
	uint8_t image[2 * DIG_HASH_SIZE];

	put_hash(put_hash(image, left), right);
	dig_sha256_domain(DIG_DOMAIN_TREE_INNER, image, sizeof(image), out);
}

void
dig_entry_leaf(const void *canonical, size_t len, uint8_t out[DIG_HASH_SIZE])
{
	dig_sha256_domain(DIG_DOMAIN_ENTRY, canonical, len, out);
}

int
dig_tree_cut(uint8_t level, const void *path, size_t len)
{
	const uint8_t head[2] = { DIG_DOMAIN_CUT, level };
	uint8_t hash[DIG_HASH_SIZE];

	hash_pair(head, sizeof(head), path, len, hash);
	return hash[0] < 4; /* the first 6 bits are zero */
}
