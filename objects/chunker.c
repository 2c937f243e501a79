/* SPDX-License-Identifier: MIT
 *
 * Content-defined cutting, profile 1. The rule, which is frozen:
 *
 *   h = 0
 *   for i = min_bytes, min_bytes + 1, ... while i < min(len, max_bytes):
 *       h = 2 h + gear[data[i]]  (mod 2^64)
 *       cut after byte i when  h & mask == 0,  where mask is
 *           the top 18 bits  while i < 120 KiB,
 *           the top 15 bits  from there on
 *   no such i: cut at min(len, max_bytes)
 *
 * The top bits of h depend on the last 64 bytes only, so a cut is found again
 * after an insertion. The two masks draw sizes together around the mean; with
 * the change at 120 KiB random data gives 128.6 KiB.
 *
 * The plain loop is the fast one: it is bound by one addition and one table
 * load a byte, and unrolling it by 2, 4 or 8 bytes gains less than a tenth.
 */
#include "objects/chunker.h"

#include "objects/chunker_gear.h"

#define KIB ((size_t)1024)

#define SWITCH_BYTES (120 * KIB)

/* "The top n bits of h are zero", as a comparison. */
#define STRICT_BELOW ((uint64_t)1 << (64 - 18))
#define LAX_BELOW ((uint64_t)1 << (64 - 15))

static const struct dig_chunk_profile profile_1 = { 1, 32 * KIB, 128 * KIB,
	512 * KIB };

const struct dig_chunk_profile *
dig_chunk_profile(uint32_t number)
{
	return number == 1 ? &profile_1 : NULL;
}

size_t
dig_chunk_cut(
    const struct dig_chunk_profile *profile, const uint8_t *data, size_t len)
{
	size_t end = len < profile->max_bytes ? len : profile->max_bytes;
	size_t middle = end < SWITCH_BYTES ? end : SWITCH_BYTES;
	size_t at = profile->min_bytes;
	uint64_t hash = 0;

	if (len <= at)
		return len;
	while (at < middle) {
		hash = (hash << 1) + dig_gear_1[data[at++]];
		if (hash < STRICT_BELOW)
			return at;
	}
	while (at < end) {
		hash = (hash << 1) + dig_gear_1[data[at++]];
		if (hash < LAX_BELOW)
			return at;
	}
	return end;
}
