/* SPDX-License-Identifier: MIT
 *
 * The commits of a walk, by id, and heaps of them.
 */
#include <stdlib.h>

#include "repo/history_internal.h"

/* ---- The set ---------------------------------------------------------- */

void
dig_nodes_clear(struct dig_nodes *nodes)
{
	for (size_t i = 0; i < nodes->cap; i++) {
		struct dig_node *node = nodes->slots[i];

		if (node == NULL)
			continue;
		free(node->parents);
		dig_buf_clear(&node->bytes);
		free(node);
	}
	free(nodes->slots);
	memset(nodes, 0, sizeof(*nodes));
}

/* Ids are hashes: any eight bytes of one spread evenly. */
static struct dig_node **
slot_of(const struct dig_nodes *nodes, const struct dig_oid *id)
{
	size_t i = (size_t)dig_get_be64(id->bytes) & (nodes->cap - 1);

	while (nodes->slots[i] != NULL && !dig_oid_eq(&nodes->slots[i]->id, id))
		i = (i + 1) & (nodes->cap - 1);
	return &nodes->slots[i];
}

static void
grow(struct dig_nodes *nodes)
{
	struct dig_nodes old = *nodes;

	nodes->cap = old.cap == 0 ? 256 : old.cap * 2;
	nodes->slots = dig_calloc(nodes->cap, sizeof(*nodes->slots));
	for (size_t i = 0; i < old.cap; i++)
		if (old.slots[i] != NULL)
			*slot_of(nodes, &old.slots[i]->id) = old.slots[i];
	free(old.slots);
}

struct dig_node *
dig_nodes_get(struct dig_nodes *nodes, const struct dig_oid *id)
{
	struct dig_node **slot;

	if (nodes->count * 2 >= nodes->cap)
		grow(nodes);
	slot = slot_of(nodes, id);
	if (*slot == NULL) {
		*slot = dig_calloc(1, sizeof(**slot));
		(*slot)->id = *id;
		nodes->count++;
	}
	return *slot;
}

/* ---- Heaps ------------------------------------------------------------ */

/* For the order of the log: the later date, then the one found first. */
bool
dig_node_is_later(const struct dig_node *a, const struct dig_node *b)
{
	return a->date != b->date ? a->date > b->date : a->order < b->order;
}

/* For painting: children before parents, by generation. */
bool
dig_node_is_deeper(const struct dig_node *a, const struct dig_node *b)
{
	return a->generation > b->generation;
}

void
dig_heap_push(struct dig_heap *heap, struct dig_node *node)
{
	size_t i = heap->count++;

	DIG_GROW(heap->at, heap->cap, heap->count);
	for (; i > 0 && heap->before(node, heap->at[(i - 1) / 2]);
	     i = (i - 1) / 2)
		heap->at[i] = heap->at[(i - 1) / 2];
	heap->at[i] = node;
}

struct dig_node *
dig_heap_pop(struct dig_heap *heap)
{
	struct dig_node *top, *last;
	size_t i = 0;

	if (heap->count == 0)
		return NULL;
	top = heap->at[0];
	last = heap->at[--heap->count];
	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= heap->count)
			break;
		if (child + 1 < heap->count &&
		    heap->before(heap->at[child + 1], heap->at[child]))
			child++;
		if (!heap->before(heap->at[child], last))
			break;
		heap->at[i] = heap->at[child];
		i = child;
	}
	heap->at[i] = last;
	return top;
}
