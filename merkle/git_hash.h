/* SPDX-License-Identifier: MIT
 *
 * The ids of git: SHA-1 or SHA-256 over "blob 12", a NUL and the bytes. For the
 * bridge to git only; nothing of dig is named by them.
 */
#ifndef MERKLE_GIT_HASH_H
#define MERKLE_GIT_HASH_H

#include <stddef.h>
#include <stdint.h>

#ifndef OPENSSL_SUPPRESS_DEPRECATED
#define OPENSSL_SUPPRESS_DEPRECATED
#endif
#include <openssl/sha.h>

struct dig_git_hash {
	size_t size_bytes; /* of an id: 20 or 32 */
	union {
		SHA_CTX sha1;
		SHA256_CTX sha256;
	} as;
};

/* Begin an object: kind is "blob", "tree", "commit" or "tag". NULL: nothing
 * stands before the bytes. */
void dig_git_hash_init(struct dig_git_hash *hash, size_t size_bytes,
    const char *kind, uint64_t len);
void dig_git_hash_add(struct dig_git_hash *hash, const void *data, size_t len);
void dig_git_hash_end(struct dig_git_hash *hash, uint8_t *out);

#endif
