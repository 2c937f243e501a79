/* SPDX-License-Identifier: MIT
 *
 * The path tree: a snapshot as a history-independent Merkle B-tree keyed by
 * path. The same set of entries has the same root whatever order it was built
 * in, because nodes end where the names say so and nowhere else.
 *
 * Format: docs/format.md "Path tree".
 */
#ifndef OBJECTS_TREE_H
#define OBJECTS_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "objects/node.h"

enum dig_entry_kind {
	DIG_ENTRY_FILE = 1,
	DIG_ENTRY_EXEC = 2,
	DIG_ENTRY_SYMLINK = 3, /* content is the target, one chunk */
	DIG_ENTRY_LINK = 4     /* foreign commit id, for submodules */
};

/* Where the content of an entry is. */
enum dig_form {
	DIG_FORM_EMPTY = 0, /* no chunk; size 0 */
	DIG_FORM_CHUNK = 1, /* stored = the chunk's id */
	DIG_FORM_NODES = 2, /* stored = the content id, a content node's */
	DIG_FORM_LINK =
	    3 /* stored = foreign id, zero-padded; size = its length */
};

/* An entry; path is borrowed from whoever gave the entry. */
struct dig_entry {
	const uint8_t *path;
	size_t path_len;
	enum dig_entry_kind kind;
	enum dig_form form;
	uint64_t size_bytes;
	struct dig_oid stored;
};

/* git's number for a kind: 0100644, 0100755, 0120000, 0160000. */
uint32_t dig_entry_mode(enum dig_entry_kind kind);
/* The content id: stored for NODES and LINK, computed for EMPTY and CHUNK. */
void dig_entry_content_id(const struct dig_entry *entry, struct dig_oid *out);
/* Kind, size and content are equal (paths are not looked at). */
bool dig_entry_same(const struct dig_entry *a, const struct dig_entry *b);

/* Root of a tree without entries: H(0x13); no node is stored for it. */
void dig_tree_empty(struct dig_oid *out);

/* One change to a snapshot. With remove, only the path of entry counts. */
struct dig_tree_edit {
	bool remove;
	struct dig_entry entry;
};

/*
 * Apply edits, strictly ascending by path, to the tree `old` and store the
 * nodes that are new. A removal of a path that is not there is ignored; a put
 * replaces. The caller keeps the rule that no path is a folder of another one
 * (dig_tree_edit conflicts are its business); entries' paths must have passed
 * dig_path_check. Edits' memory is borrowed for the call.
 *
 * Cost: reads and writes O(k log n) nodes for k edits; each new node names as
 * its delta base the old node that it shares most entries with.
 *
 * Errors: INVALID for an entry that no node may hold or totals beyond 64 bits;
 * CORRUPT; those of io. Nodes put before a failure are of no tree.
 */
enum dig_status dig_tree_apply(const struct dig_node_io *io,
    const struct dig_oid *old, const struct dig_tree_edit *edits, size_t nedits,
    struct dig_oid *out, struct dig_error *err) DIG_CHECKED;

struct dig_tree_totals {
	uint64_t files;
	uint64_t bytes;
};

/* File count and byte total of a tree: one node read. */
enum dig_status dig_tree_totals(const struct dig_node_io *io,
    const struct dig_oid *root, struct dig_tree_totals *out,
    struct dig_error *err) DIG_CHECKED;

/*
 * Iterate entries in path order. The entry and its path are valid until the
 * next call on the iterator. At the end *out is NULL.
 */
struct dig_tree_iter;
enum dig_status dig_tree_iter_new(const struct dig_node_io *io,
    const struct dig_oid *root, struct dig_tree_iter **out,
    struct dig_error *err) DIG_CHECKED;
/* The next entry will be the first with path >= the given one. */
enum dig_status dig_tree_iter_seek(struct dig_tree_iter *iter, const void *path,
    size_t len, struct dig_error *err) DIG_CHECKED;
enum dig_status dig_tree_iter_next(struct dig_tree_iter *iter,
    const struct dig_entry **out, struct dig_error *err) DIG_CHECKED;
void dig_tree_iter_free(struct dig_tree_iter *iter);

/*
 * The entry at a path: DIG_ENOTFOUND when there is none. out->path borrows the
 * `path` that was given. Cost: one node a level.
 */
enum dig_status dig_tree_find(const struct dig_node_io *io,
    const struct dig_oid *root, const void *path, size_t len,
    struct dig_entry *out, struct dig_error *err) DIG_CHECKED;

/*
 * The same for one tree after the other: what a node has like the one that was
 * last in its place is not hashed again. One thread.
 */
struct dig_tree_finder;
struct dig_tree_finder *dig_tree_finder_new(const struct dig_node_io *io);
void dig_tree_finder_free(struct dig_tree_finder *finder); /* NULL is fine */
enum dig_status dig_tree_finder_find(struct dig_tree_finder *finder,
    const struct dig_oid *root, const void *path, size_t len,
    struct dig_entry *out, struct dig_error *err) DIG_CHECKED;

/* Does any entry lie below the folder `dir` (no trailing slash)? */
enum dig_status dig_tree_has_below(const struct dig_node_io *io,
    const struct dig_oid *root, const void *dir, size_t len, bool *out,
    struct dig_error *err) DIG_CHECKED;

/*
 * Compare two trees; cost O(differences), shared nodes are not read. fn is
 * called in path order with old or new NULL where the path is on one side
 * only; entries are valid during the call. A status other than OK stops.
 */
typedef enum dig_status dig_tree_diff_fn(void *arg, const struct dig_entry *old,
    const struct dig_entry *new_, struct dig_error *err);
enum dig_status dig_tree_diff(const struct dig_node_io *io,
    const struct dig_oid *a, const struct dig_oid *b, dig_tree_diff_fn *fn,
    void *arg, struct dig_error *err) DIG_CHECKED;

/*
 * Check a whole tree: every node's id, order, levels, names, cut points, no
 * path that is a folder of another, totals. checks (may be NULL) sees every
 * entry in path order; a status other than OK stops.
 * Errors: CORRUPT with the path or node that is wrong.
 */
struct dig_tree_checks {
	void *arg;
	enum dig_status (*entry)(
	    void *arg, const struct dig_entry *entry, struct dig_error *err);
};
enum dig_status dig_tree_check(const struct dig_node_io *io,
    const struct dig_oid *root, const struct dig_tree_checks *checks,
    struct dig_error *err) DIG_CHECKED;

/* Nodes that passed a check, each in its place, so that trees which share them
 * are checked by what is new in them. 32 bytes a node, 128 MB at most: then it
 * begins anew. */
struct dig_tree_known;
struct dig_tree_known *dig_tree_known_new(void);
void dig_tree_known_free(struct dig_tree_known *known);
/*
 * The same check for a tree that resembles `base`, which has passed with the
 * same `known`. checks sees only entries that are not in base as they are.
 * base NULL: as dig_tree_check, and what passes becomes known.
 */
enum dig_status dig_tree_check_step(const struct dig_node_io *io,
    const struct dig_oid *base, const struct dig_oid *root,
    struct dig_tree_known *known, const struct dig_tree_checks *checks,
    struct dig_error *err) DIG_CHECKED;

/* The id of a node's bytes. Errors: CORRUPT when they are none. */
enum dig_status dig_tree_node_id(const void *data, size_t len,
    struct dig_oid *out, struct dig_error *err) DIG_CHECKED;

#endif
