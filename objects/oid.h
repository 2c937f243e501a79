/* SPDX-License-Identifier: MIT
 *
 * Object ids: 32 bytes of SHA-256, and the kinds that they are keyed by.
 */
#ifndef OBJECTS_OID_H
#define OBJECTS_OID_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "merkle/merkle.h"

#define DIG_OID_HEX 64

struct dig_oid {
	uint8_t bytes[DIG_HASH_SIZE];
};

/* Kind of a stored object; its number stands in the record's tag. */
enum dig_kind {
	DIG_KIND_CHUNK = 1,
	DIG_KIND_CONTENT = 2, /* content node of a file of many chunks */
	DIG_KIND_TREE = 3,    /* path tree node */
	DIG_KIND_COMMIT = 4,
	DIG_KIND_TAG = 5,
	DIG_KIND_STATE = 6, /* operation in progress, named by the journal */
	DIG_KIND_SOLID = 7, /* many objects in one frame */
	DIG_KIND_RUN = 8    /* index of the records before it */
};

extern const struct dig_oid dig_oid_zero;

static inline bool
dig_oid_eq(const struct dig_oid *a, const struct dig_oid *b)
{
	return memcmp(a->bytes, b->bytes, DIG_HASH_SIZE) == 0;
}
static inline int
dig_oid_cmp(const struct dig_oid *a, const struct dig_oid *b)
{
	return memcmp(a->bytes, b->bytes, DIG_HASH_SIZE);
}
static inline bool
dig_oid_is_zero(const struct dig_oid *id)
{
	return dig_oid_eq(id, &dig_oid_zero);
}

/* Lower-case hex, NUL-terminated. */
void dig_oid_hex(const struct dig_oid *id, char out[DIG_OID_HEX + 1]);
/* Exactly 64 hex digits, either case; false otherwise, out untouched. */
bool dig_oid_parse(const char *hex, size_t len, struct dig_oid *out);
/* A prefix of 1 to 64 digits: the smallest and largest id that have it. */
bool dig_oid_prefix(
    const char *hex, size_t len, struct dig_oid *low, struct dig_oid *high);
/* "chunk", "tree", "commit" ... */
const char *dig_kind_word(enum dig_kind kind);

#endif
