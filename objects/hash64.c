/* SPDX-License-Identifier: MIT
 *
 * XXH3-64 by xxHash, through the dispatch header where there is one: twice
 * the speed of the library's plain call for large inputs.
 */
#include "objects/hash64.h"

#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>
#ifdef __x86_64__
#include <xxh_x86dispatch.h>
#endif

_Static_assert(sizeof(XXH3_state_t) <= sizeof(struct dig_hash64),
    "the state fits its room");

uint64_t
dig_hash64(const void *data, size_t len)
{
	return XXH3_64bits(data, len);
}

void
dig_hash64_init(struct dig_hash64 *hash)
{
	XXH3_state_t *state = (XXH3_state_t *)(void *)hash->state;

	XXH3_INITSTATE(state);
	(void)XXH3_64bits_reset(state);
}

void
dig_hash64_update(struct dig_hash64 *hash, const void *data, size_t len)
{
	if (len > 0)
		(void)XXH3_64bits_update(
		    (XXH3_state_t *)(void *)hash->state, data, len);
}

uint64_t
dig_hash64_final(const struct dig_hash64 *hash)
{
	return XXH3_64bits_digest(
	    (const XXH3_state_t *)(const void *)hash->state);
}
