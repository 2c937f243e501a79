/* SPDX-License-Identifier: MIT
 *
 * Parts of proofs, made from stored trees. merkle/proof.h checks them.
 *
 * Format: docs/proof-format.md.
 */
#ifndef OBJECTS_PROVE_H
#define OBJECTS_PROVE_H

#include "merkle/proof.h"
#include "objects/tree.h"

/*
 * Append the search for a path in a tree. *found tells how it ended.
 * Errors: CORRUPT, those of io. Cost: one node a level; what is appended has
 * at most 20 hashes and two paths a level.
 */
enum dig_status dig_tree_prove(const struct dig_node_io *io,
    const struct dig_oid *root, const void *path, size_t len,
    struct dig_buf *out, bool *found, struct dig_error *err) DIG_CHECKED;

/*
 * Append the description of a file's content tree for the bytes [from, to):
 * chunks of the range with what they hold outside of it, hashes for the rest.
 *
 * entry  not a LINK
 * from   < to <= entry->size_bytes
 *
 * Errors: CORRUPT, those of io; INVALID when the range has so many chunks that
 * `out` passes DIG_PROOF_BODY_MAX.
 * Cost: reads the nodes on both edges of the range and those inside, and at
 * most two chunks.
 */
enum dig_status dig_file_prove(const struct dig_node_io *io,
    const struct dig_entry *entry, uint64_t from, uint64_t to,
    struct dig_buf *out, struct dig_error *err) DIG_CHECKED;

#endif
