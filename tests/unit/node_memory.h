/* SPDX-License-Identifier: MIT
 *
 * Nodes in memory for the tests of trees: a hash table behind dig_node_io,
 * with counters. Include after cmocka.h; one test program, one copy.
 */
#ifndef TESTS_NODE_MEMORY_H
#define TESTS_NODE_MEMORY_H

#include <stdlib.h>
#include <string.h>

#include "objects/node.h"

struct memory_node {
	enum dig_kind kind;
	struct dig_oid id;
	struct dig_oid base; /* the hint that it was put with, or zero */
	uint8_t *data;
	size_t len;
	unsigned stamp; /* of the put */
	unsigned gets;
};

struct memory {
	struct memory_node **slots;
	size_t cap;
	size_t len;
	unsigned stamp;
	uint64_t gets;
	uint64_t news;
	uint64_t fail_in; /* the n-th call from now fails; 0: none does */
	struct dig_node_io io;
};

static struct memory_node **
memory_slot(struct memory *memory, enum dig_kind kind, const struct dig_oid *id)
{
	size_t at = (size_t)dig_get_be64(id->bytes) & (memory->cap - 1);

	while (memory->slots[at] != NULL &&
	       (memory->slots[at]->kind != kind ||
		   !dig_oid_eq(&memory->slots[at]->id, id)))
		at = (at + 1) & (memory->cap - 1);
	return &memory->slots[at];
}

static struct memory_node *
memory_find(struct memory *memory, enum dig_kind kind, const struct dig_oid *id)
{
	return *memory_slot(memory, kind, id);
}

static enum dig_status
memory_get(void *arg, enum dig_kind kind, const struct dig_oid *id,
    struct dig_buf *out, struct dig_error *err)
{
	struct memory *memory = arg;
	struct memory_node *node = memory_find(memory, kind, id);

	memory->gets++;
	dig_buf_reset(out);
	if (memory->fail_in > 0 && --memory->fail_in == 0)
		return dig_raise(err, DIG_EIO, "injected");
	if (node == NULL)
		return dig_raise(err, DIG_ENOTFOUND, "no such node");
	node->gets++;
	dig_buf_put(out, node->data, node->len);
	return DIG_OK;
}

static enum dig_status
memory_put(void *arg, enum dig_kind kind, const struct dig_oid *id,
    const void *data, size_t len, const struct dig_oid *base,
    struct dig_error *err)
{
	struct memory *memory = arg;
	struct memory_node *node, **slot = memory_slot(memory, kind, id);

	if (memory->fail_in > 0 && --memory->fail_in == 0)
		return dig_raise(err, DIG_EIO, "injected");
	if (*slot != NULL)
		return DIG_OK;
	node = dig_calloc(1, sizeof(*node));
	node->kind = kind;
	node->id = *id;
	if (base != NULL)
		node->base = *base;
	node->data = dig_alloc(len);
	memcpy(node->data, data, len);
	node->len = len;
	node->stamp = memory->stamp;
	*slot = node;
	memory->news++;
	if (++memory->len * 2 > memory->cap) {
		struct memory_node **old = memory->slots;
		size_t cap = memory->cap;

		memory->cap *= 2;
		memory->slots = dig_calloc(memory->cap, sizeof(*old));
		for (size_t i = 0; i < cap; i++) {
			if (old[i] != NULL)
				*memory_slot(
				    memory, old[i]->kind, &old[i]->id) = old[i];
		}
		free(old);
	}
	return DIG_OK;
}

static inline void
memory_init(struct memory *memory)
{
	memset(memory, 0, sizeof(*memory));
	memory->cap = 1024;
	memory->slots = dig_calloc(memory->cap, sizeof(*memory->slots));
	memory->io.arg = memory;
	memory->io.get = memory_get;
	memory->io.put = memory_put;
}

static inline void
memory_clear(struct memory *memory)
{
	for (size_t i = 0; i < memory->cap; i++) {
		if (memory->slots[i] != NULL)
			free(memory->slots[i]->data);
		free(memory->slots[i]);
	}
	free(memory->slots);
}

/* xorshift64*: the same numbers everywhere for a seed. */
static inline uint64_t
next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 2685821657736338717u;
}

#endif
