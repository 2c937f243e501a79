/* SPDX-License-Identifier: MIT
 *
 * Which objects are versions of which: an order in which a history stores
 * well, the newest version of everything first.
 *
 * Memory: 52 to 104 bytes for each object, 8 to 16 for the table over them, and
 * 32 to 64 for each path that a history has had.
 */
#ifndef OBJECTS_LINEAGE_H
#define OBJECTS_LINEAGE_H

#include "objects/node.h"

struct dig_lineage_object {
	struct dig_oid id;
	uint8_t kind;
	uint8_t level; /* of a tree node that the walk has met */
	uint32_t raw_len;
	uint32_t like; /* 1 + index of its next newer version; 0: none */
	uint32_t rank; /* 1 for what the walk meets first; 0: not met */
	uint32_t next; /* of the walk: 1 + index of the chunk behind it */
};

struct dig_lineage;

struct dig_lineage *dig_lineage_new(void);
void dig_lineage_free(struct dig_lineage *lineage);

/* An object that takes part, any number of times; false: nothing is left to
 * count more of them with. Before the walk. */
bool dig_lineage_add(struct dig_lineage *lineage, enum dig_kind kind,
    const struct dig_oid *id, size_t raw_len);
/* All that were added, in that order. Valid until the next add. */
struct dig_lineage_object *dig_lineage_objects(
    struct dig_lineage *lineage, size_t *count);

/* What a walk begins with: a commit, or (after all commits) a tree. */
void dig_lineage_root(
    struct dig_lineage *lineage, enum dig_kind kind, const struct dig_oid *id);
/*
 * Walk commits from the newest generation on, and the trees of each; then, in
 * the same way, what no root leads to. Sets rank, like and level of what it
 * meets. An object that was not added, is missing or
 * damaged is passed over, with all that only it leads to: an order is no more
 * than that.
 *
 * like: of a file of one chunk, the chunk that the path had next; of a chunk of
 * a longer one, the chunk that stood behind the same neighbour; of a node, the
 * one of the same level and last path.
 *
 * Errors: IO, CANCELLED. Cost: reads every commit twice, every node once.
 */
enum dig_status dig_lineage_walk(struct dig_lineage *lineage,
    const struct dig_node_io *io, void (*progress)(void *arg, uint64_t done),
    void *arg, struct dig_error *err) DIG_CHECKED;

/*
 * Indexes of all objects: commits, tags, states, tree nodes from the upper
 * levels down, content nodes, chunks; in each of these what belongs together
 * side by side, the newest first. Caller frees.
 */
uint32_t *dig_lineage_order(struct dig_lineage *lineage);
/* Which of these sorts an object is of; ascending in the order. */
unsigned dig_lineage_sort(const struct dig_lineage_object *object);

#endif
