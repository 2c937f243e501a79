/* SPDX-License-Identifier: MIT
 *
 * XXH3-64: checksums against accidents, never identity.
 */
#ifndef OBJECTS_HASH64_H
#define OBJECTS_HASH64_H

#include <stddef.h>
#include <stdint.h>

/* Large enough and aligned for the library's state; see hash64.c. */
struct dig_hash64 {
	_Alignas(64) unsigned char state[640];
};

uint64_t dig_hash64(const void *data, size_t len);
void dig_hash64_init(struct dig_hash64 *hash);
void dig_hash64_update(struct dig_hash64 *hash, const void *data, size_t len);
uint64_t dig_hash64_final(const struct dig_hash64 *hash);

#endif
