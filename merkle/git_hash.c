/* SPDX-License-Identifier: MIT
 *
 * git's object ids by the low-level calls, as in hash.c.
 */
#include "merkle/git_hash.h"

#include <stdio.h>
#include <string.h>

void
dig_git_hash_init(struct dig_git_hash *hash, size_t size_bytes,
    const char *kind, uint64_t len)
{
	char head[40];

	hash->size_bytes = size_bytes;
	if (size_bytes == SHA_DIGEST_LENGTH)
		SHA1_Init(&hash->as.sha1);
	else
		SHA256_Init(&hash->as.sha256);
	if (kind != NULL) {
		int n = snprintf(head, sizeof(head), "%s %llu", kind,
		    (unsigned long long)len);

		dig_git_hash_add(hash, head, (size_t)n + 1); /* the NUL, too */
	}
}

void
dig_git_hash_add(struct dig_git_hash *hash, const void *data, size_t len)
{
	if (len == 0)
		return;
	if (hash->size_bytes == SHA_DIGEST_LENGTH)
		SHA1_Update(&hash->as.sha1, data, len);
	else
		SHA256_Update(&hash->as.sha256, data, len);
}

void
dig_git_hash_end(struct dig_git_hash *hash, uint8_t *out)
{
	if (hash->size_bytes == SHA_DIGEST_LENGTH)
		SHA1_Final(out, &hash->as.sha1);
	else
		SHA256_Final(out, &hash->as.sha256);
}
