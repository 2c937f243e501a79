/* SPDX-License-Identifier: MIT
 *
 * The path tree's own parts: decoded nodes, the writer of nodes, and the walk
 * down a stored tree. Private to objects/tree*.c and their tests.
 *
 * Format: docs/format.md "Path tree".
 */
#ifndef OBJECTS_TREE_INTERNAL_H
#define OBJECTS_TREE_INTERNAL_H

#include "objects/base/path.h"
#include "objects/tree.h"

#define DIG_TREE_LEVELS 13 /* levels 0 to 12 */
#define DIG_TREE_NODE_MIN 16
#define DIG_TREE_NODE_MAX 512
#define DIG_TREE_WEIGHT_MAX 131072
#define DIG_TREE_WEIGHT_ENTRY 64 /* what an entry weighs beside its path */

/* Paths of one node: its weight passes the limit by one entry at most. */
#define DIG_TREE_PATHS_MAX (DIG_TREE_WEIGHT_MAX + DIG_PATH_MAX)

/*
 * An entry of either sort. At level 0: id is dig_entry's `stored`, files is 1
 * and bytes the size. Above: id is the child's, kind and form are 0.
 */
struct dig_tree_item {
	const uint8_t *path; /* the last path below, for an upper entry */
	size_t path_len;
	uint64_t files;
	uint64_t bytes;
	struct dig_oid id;
	uint8_t leaf[DIG_HASH_SIZE]; /* its leaf hash, in decoded nodes */
	uint8_t kind;
	uint8_t form;
};

void dig_tree_item_entry(
    const struct dig_tree_item *item, struct dig_entry *out);
void dig_tree_entry_item(
    const struct dig_entry *entry, struct dig_tree_item *out);
/* NULL when kind, form, size and id of a level 0 item go together, else the
 * reason, a static phrase. Paths are not looked at. */
const char *dig_tree_item_flaw(const struct dig_tree_item *item);

/* A decoded node; paths of items point into `paths`. About 210 KB. */
struct dig_tree_node {
	bool valid;
	struct dig_oid id;
	unsigned level;
	size_t count;
	uint64_t files;
	uint64_t bytes;
	struct dig_tree_item items[DIG_TREE_NODE_MAX];
	uint8_t roots[DIG_TREE_NODE_MAX][DIG_HASH_SIZE]; /* merkle's made[] */
	uint8_t paths[DIG_TREE_PATHS_MAX];
};

/*
 * Decode hostile bytes and compute the node's id. What is accepted is exactly
 * what the writer makes of these items, cut rule 3 aside (that one takes a
 * hash an entry; dig_tree_check applies it). `like` (NULL for none) is another
 * decoded node: hashes of entries that it has too are taken from it, and not
 * computed again. After a failure the node is not valid. Errors: CORRUPT.
 */
enum dig_status dig_tree_decode(const void *data, size_t len,
    const struct dig_tree_node *like, struct dig_tree_node *node,
    struct dig_error *err) DIG_CHECKED;

/* Get, decode and verify the node; nothing is read when it is there already.
 * scratch receives the bytes. Errors: those of io->get, CORRUPT. */
enum dig_status dig_tree_load(const struct dig_node_io *io,
    const struct dig_oid *id, const struct dig_tree_node *like,
    struct dig_buf *scratch, struct dig_tree_node *node,
    struct dig_error *err) DIG_CHECKED;

/* Does the node fit the upper entry that names it, at this level and after
 * `before` (path, NULL for none)? Errors: CORRUPT. */
enum dig_status dig_tree_fits(const struct dig_tree_node *node,
    const struct dig_tree_item *parent, unsigned level,
    const struct dig_tree_item *before, struct dig_error *err) DIG_CHECKED;

/* First item with a path >= the given one; count when there is none. */
size_t dig_tree_lower_bound(
    const struct dig_tree_node *node, const void *path, size_t len);

/* Cut rules 1 to 3 after an entry, which is counted in n and weight. */
bool dig_tree_ends(
    unsigned level, size_t n, size_t weight, const void *path, size_t len);

/*
 * Encodes one node after the other of a level. After each add, `full` tells
 * that the node ends here; finish gives it out and starts the next.
 */
struct dig_tree_writer {
	unsigned level;
	bool full;
	size_t count;
	size_t weight;
	uint64_t files;
	uint64_t bytes;
	struct dig_merkle merkle;
	struct dig_buf buf; /* room for the head, then the items */
	size_t path_len;
	uint8_t path[DIG_PATH_MAX]; /* of the last item */
};

void dig_tree_writer_init(struct dig_tree_writer *writer);
void dig_tree_writer_clear(struct dig_tree_writer *writer);
void dig_tree_writer_start(struct dig_tree_writer *writer, unsigned level);
/* leaf: the item's leaf hash when it is known, else NULL. Errors: INVALID for
 * an item that no node may hold, or totals beyond 64 bits. */
enum dig_status dig_tree_writer_add(struct dig_tree_writer *writer,
    const struct dig_tree_item *item, const uint8_t *leaf,
    struct dig_error *err) DIG_CHECKED;
/* The node's upper entry (its path borrowed from the writer) and bytes, both
 * good until the next add. count must not be 0. */
void dig_tree_writer_finish(struct dig_tree_writer *writer,
    struct dig_tree_item *out, const uint8_t **data, size_t *len);

/*
 * A place in a stored tree: for each level from the top down to the one asked
 * for, a node and a position in it. A slot keeps its node until another is
 * needed there, so that walking a level after the one below reads nothing
 * again. Every loaded node is verified and must fit its place.
 */
struct dig_tree_walk {
	const struct dig_node_io *io;
	bool empty;
	unsigned height; /* level of the top node */
	struct dig_tree_node *slot[DIG_TREE_LEVELS];
	struct dig_tree_node *spare; /* the next one is decoded here */
	size_t pos[DIG_TREE_LEVELS];
	struct dig_buf scratch;
};

/* Loads the root. The walk must be cleared after success and failure. */
enum dig_status dig_tree_walk_open(struct dig_tree_walk *walk,
    const struct dig_node_io *io, const struct dig_oid *root,
    struct dig_error *err) DIG_CHECKED;
void dig_tree_walk_clear(struct dig_tree_walk *walk);
/* Load into slot[level] the child that slot[level + 1] stands at. */
enum dig_status dig_tree_walk_down(struct dig_tree_walk *walk, unsigned level,
    struct dig_error *err) DIG_CHECKED;
/* Stand at the node of `level` with the first path >= the given one, or at
 * the last node when there is none. pos[level] is not touched. */
enum dig_status dig_tree_walk_seek(struct dig_tree_walk *walk, unsigned level,
    const void *path, size_t len, struct dig_error *err) DIG_CHECKED;
/* Step to the next node of the level; there must be one. */
enum dig_status dig_tree_walk_next(struct dig_tree_walk *walk, unsigned level,
    struct dig_error *err) DIG_CHECKED;
bool dig_tree_walk_is_last(const struct dig_tree_walk *walk, unsigned level);
/* The upper entry before the one of the node at `level`; NULL for the first. */
const struct dig_tree_item *dig_tree_walk_before(
    const struct dig_tree_walk *walk, unsigned level);

/* Copies of paths that live as long as the struct; starts as zeros. */
struct dig_tree_names {
	struct dig_tree_names_block *head;
};

const uint8_t *dig_tree_names_add(
    struct dig_tree_names *names, const void *path, size_t len);
void dig_tree_names_clear(struct dig_tree_names *names);

#endif
