/* SPDX-License-Identifier: MIT
 *
 * A hash table from (kind, id) to a place, shared by threads: what open packs
 * hold beyond their last run, and what a transaction is storing.
 */
#ifndef OBJECTS_OIDMAP_H
#define OBJECTS_OIDMAP_H

#include <pthread.h>

#include "objects/store.h"

#define DIG_OIDMAP_SHARDS 16

struct dig_oidmap_entry {
	struct dig_oid id;
	uint8_t kind; /* 0: the place is free */
	bool placed;  /* false: claimed, its location is not known yet */
	struct dig_location at;
	uint8_t *raw; /* bytes of a node stored by the open transaction */
	uint32_t raw_len;
};

struct dig_oidmap_shard {
	pthread_mutex_t mutex;
	struct dig_oidmap_entry *slots;
	size_t cap; /* a power of two */
	size_t len;
};

struct dig_oidmap {
	uint64_t seed; /* chosen ids of a hostile pack meet in no one place */
	struct dig_oidmap_shard shards[DIG_OIDMAP_SHARDS];
};

void dig_oidmap_init(struct dig_oidmap *map);
void dig_oidmap_clear(struct dig_oidmap *map);
/* Forget all entries. */
void dig_oidmap_reset(struct dig_oidmap *map);
/* Copy of the entry (raw is not copied); false when there is none. */
bool dig_oidmap_find(struct dig_oidmap *map, enum dig_kind kind,
    const struct dig_oid *id, struct dig_oidmap_entry *out);
/* Add an unplaced entry; false when there is one already. */
bool dig_oidmap_claim(
    struct dig_oidmap *map, enum dig_kind kind, const struct dig_oid *id);
/* Add or complete; raw (may be NULL) is copied. Of two places the later one
 * counts: it was written when the earlier one could not be read. */
void dig_oidmap_place(struct dig_oidmap *map, enum dig_kind kind,
    const struct dig_oid *id, const struct dig_location *at, const void *raw,
    size_t raw_len);
/* Bytes kept with the entry into out; false when there are none. */
bool dig_oidmap_raw(struct dig_oidmap *map, enum dig_kind kind,
    const struct dig_oid *id, struct dig_buf *out);
/* How many entries there are. Not while others add. */
size_t dig_oidmap_len(const struct dig_oidmap *map);
/* Free the bytes kept with entries. */
void dig_oidmap_drop_raw(struct dig_oidmap *map);
/* Visit every placed entry. Not while others add. */
void dig_oidmap_each(struct dig_oidmap *map,
    void (*fn)(void *arg, const struct dig_oidmap_entry *entry), void *arg);

#endif
