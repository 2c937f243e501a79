/* SPDX-License-Identifier: MIT
 *
 * A Merkle root over a stream of leaves, in the shape of RFC 6962.
 *
 * Invariant: the stack holds the roots of perfect subtrees, one for each set
 * bit of nleaves, the largest at the bottom. Adding a leaf is a binary
 * increment: every trailing one of the count is a merge. The root folds the
 * stack from its top, which carries an odd node up unchanged.
 */
#include "merkle/merkle.h"

#include <string.h>

static void
join(enum dig_merkle_flavour flavour, uint64_t left_bytes, const uint8_t *left,
    uint64_t right_bytes, const uint8_t *right, uint8_t out[DIG_HASH_SIZE])
{
	if (flavour == DIG_MERKLE_CONTENT)
		dig_content_inner(left_bytes, left, right_bytes, right, out);
	else
		dig_tree_inner(left, right, out);
}

void
dig_merkle_init(struct dig_merkle *merkle, enum dig_merkle_flavour flavour)
{
	merkle->flavour = flavour; /* the stack is written before it is read */
	merkle->nleaves = 0;
	merkle->length_bytes = 0;
	merkle->depth = 0;
	merkle->made = NULL;
	merkle->known = NULL;
}

void
dig_merkle_add(struct dig_merkle *merkle, uint64_t length_bytes,
    const uint8_t hash[DIG_HASH_SIZE])
{
	uint8_t node[DIG_HASH_SIZE];
	unsigned depth = merkle->depth;
	uint64_t n = merkle->nleaves;
	uint64_t root = n - (uint64_t)__builtin_popcountll(n);
	uint64_t first = n; /* leaf of the subtree */

	memcpy(node, hash, DIG_HASH_SIZE);
	merkle->length_bytes += length_bytes;
	for (uint64_t size = 1; n & size; size <<= 1, root++) {
		depth--;
		first -= size;
		if (merkle->known != NULL && first >= merkle->known_from)
			memcpy(node, merkle->known[root], DIG_HASH_SIZE);
		else
			join(merkle->flavour, merkle->lengths[depth],
			    merkle->hashes[depth], length_bytes, node, node);
		if (merkle->made != NULL)
			memcpy(merkle->made[root], node, DIG_HASH_SIZE);
		length_bytes += merkle->lengths[depth];
	}
	merkle->lengths[depth] = length_bytes;
	memcpy(merkle->hashes[depth], node, DIG_HASH_SIZE);
	merkle->depth = depth + 1;
	merkle->nleaves++;
}

void
dig_merkle_root(const struct dig_merkle *merkle, uint8_t out[DIG_HASH_SIZE])
{
	uint8_t node[DIG_HASH_SIZE];
	uint64_t length_bytes;
	unsigned at = merkle->depth;

	if (at == 0) {
		if (merkle->flavour == DIG_MERKLE_CONTENT)
			dig_content_empty(out);
		else
			dig_sha256_domain(DIG_DOMAIN_TREE_EMPTY, NULL, 0, out);
		return;
	}
	at--;
	length_bytes = merkle->lengths[at];
	memcpy(node, merkle->hashes[at], DIG_HASH_SIZE);
	while (at-- > 0) {
		join(merkle->flavour, merkle->lengths[at], merkle->hashes[at],
		    length_bytes, node, node);
		length_bytes += merkle->lengths[at];
	}
	memcpy(out, node, DIG_HASH_SIZE);
}
