/* SPDX-License-Identifier: MIT
 *
 * Open addressing in sixteen shards, each with its lock.
 */
#include "objects/oidmap.h"

#include <stdlib.h>

#include "objects/base/io.h"
#include "objects/hash64.h"

void
dig_oidmap_init(struct dig_oidmap *map)
{
	memset(map, 0, sizeof(*map));
	dig_random(&map->seed, sizeof(map->seed));
	for (size_t i = 0; i < DIG_OIDMAP_SHARDS; i++)
		pthread_mutex_init(&map->shards[i].mutex, NULL);
}

void
dig_oidmap_reset(struct dig_oidmap *map)
{
	dig_oidmap_drop_raw(map);
	for (size_t i = 0; i < DIG_OIDMAP_SHARDS; i++) {
		free(map->shards[i].slots);
		map->shards[i].slots = NULL;
		map->shards[i].cap = map->shards[i].len = 0;
	}
}

void
dig_oidmap_clear(struct dig_oidmap *map)
{
	dig_oidmap_reset(map);
	for (size_t i = 0; i < DIG_OIDMAP_SHARDS; i++)
		pthread_mutex_destroy(&map->shards[i].mutex);
}

static struct dig_oidmap_shard *
shard_of(struct dig_oidmap *map, const struct dig_oid *id)
{
	return &map->shards[id->bytes[31] % DIG_OIDMAP_SHARDS];
}

/* The entry, or the free place where it would stand. cap > 0. */
static struct dig_oidmap_entry *
probe(uint64_t seed, const struct dig_oidmap_shard *shard, enum dig_kind kind,
    const struct dig_oid *id)
{
	uint8_t key[8 + DIG_HASH_SIZE];
	size_t at;

	memcpy(key, &seed, 8);
	memcpy(key + 8, id->bytes, DIG_HASH_SIZE);
	at = (size_t)dig_hash64(key, sizeof(key)) & (shard->cap - 1);
	while (shard->slots[at].kind != 0 &&
	       (shard->slots[at].kind != (uint8_t)kind ||
		   !dig_oid_eq(&shard->slots[at].id, id)))
		at = (at + 1) & (shard->cap - 1);
	return &shard->slots[at];
}

static void
make_room(uint64_t seed, struct dig_oidmap_shard *shard)
{
	struct dig_oidmap_shard bigger = *shard;

	if ((shard->len + 1) * 2 <= shard->cap)
		return;
	bigger.cap = shard->cap ? shard->cap * 2 : 64;
	bigger.slots = dig_calloc(bigger.cap, sizeof(*bigger.slots));
	for (size_t i = 0; i < shard->cap; i++)
		if (shard->slots[i].kind != 0)
			*probe(seed, &bigger,
			    (enum dig_kind)shard->slots[i].kind,
			    &shard->slots[i].id) = shard->slots[i];
	free(shard->slots);
	shard->slots = bigger.slots;
	shard->cap = bigger.cap;
}

bool
dig_oidmap_find(struct dig_oidmap *map, enum dig_kind kind,
    const struct dig_oid *id, struct dig_oidmap_entry *out)
{
	struct dig_oidmap_shard *shard = shard_of(map, id);
	bool found = false;

	pthread_mutex_lock(&shard->mutex);
	if (shard->cap > 0) {
		*out = *probe(map->seed, shard, kind, id);
		found = out->kind != 0;
	}
	pthread_mutex_unlock(&shard->mutex);
	return found;
}

bool
dig_oidmap_claim(
    struct dig_oidmap *map, enum dig_kind kind, const struct dig_oid *id)
{
	struct dig_oidmap_shard *shard = shard_of(map, id);
	struct dig_oidmap_entry *entry;
	bool fresh;

	pthread_mutex_lock(&shard->mutex);
	make_room(map->seed, shard);
	entry = probe(map->seed, shard, kind, id);
	fresh = entry->kind == 0;
	if (fresh) {
		entry->id = *id;
		entry->kind = (uint8_t)kind;
		shard->len++;
	}
	pthread_mutex_unlock(&shard->mutex);
	return fresh;
}

void
dig_oidmap_place(struct dig_oidmap *map, enum dig_kind kind,
    const struct dig_oid *id, const struct dig_location *at, const void *raw,
    size_t raw_len)
{
	struct dig_oidmap_shard *shard = shard_of(map, id);
	struct dig_oidmap_entry *entry;

	pthread_mutex_lock(&shard->mutex);
	make_room(map->seed, shard);
	entry = probe(map->seed, shard, kind, id);
	if (entry->kind == 0) {
		entry->id = *id;
		entry->kind = (uint8_t)kind;
		shard->len++;
	}
	entry->placed = true;
	entry->at = *at;
	if (raw != NULL && entry->raw == NULL) {
		entry->raw = (uint8_t *)dig_memdup0(raw, raw_len);
		entry->raw_len = (uint32_t)raw_len;
	}
	pthread_mutex_unlock(&shard->mutex);
}

bool
dig_oidmap_raw(struct dig_oidmap *map, enum dig_kind kind,
    const struct dig_oid *id, struct dig_buf *out)
{
	struct dig_oidmap_shard *shard = shard_of(map, id);
	struct dig_oidmap_entry *entry;
	bool found = false;

	pthread_mutex_lock(&shard->mutex);
	if (shard->cap > 0) {
		entry = probe(map->seed, shard, kind, id);
		if (entry->kind != 0 && entry->raw != NULL) {
			dig_buf_reset(out);
			dig_buf_put(out, entry->raw, entry->raw_len);
			found = true;
		}
	}
	pthread_mutex_unlock(&shard->mutex);
	return found;
}

size_t
dig_oidmap_len(const struct dig_oidmap *map)
{
	size_t len = 0;

	for (size_t i = 0; i < DIG_OIDMAP_SHARDS; i++)
		len += map->shards[i].len;
	return len;
}

void
dig_oidmap_drop_raw(struct dig_oidmap *map)
{
	for (size_t i = 0; i < DIG_OIDMAP_SHARDS; i++) {
		struct dig_oidmap_shard *shard = &map->shards[i];

		for (size_t j = 0; j < shard->cap; j++) {
			free(shard->slots[j].raw);
			shard->slots[j].raw = NULL;
		}
	}
}

void
dig_oidmap_each(struct dig_oidmap *map,
    void (*fn)(void *arg, const struct dig_oidmap_entry *entry), void *arg)
{
	for (size_t i = 0; i < DIG_OIDMAP_SHARDS; i++)
		for (size_t j = 0; j < map->shards[i].cap; j++)
			if (map->shards[i].slots[j].kind != 0 &&
			    map->shards[i].slots[j].placed)
				fn(arg, &map->shards[i].slots[j]);
}
