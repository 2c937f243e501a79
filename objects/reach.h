/* SPDX-License-Identifier: MIT
 *
 * DOOR: the objects that a tree or a file is stored as, without their bytes.
 */
#ifndef OBJECTS_REACH_H
#define OBJECTS_REACH_H

#include "objects/node.h"
#include "objects/tree.h"

/* One object. Of nodes: *enter says whether to go on below; it is true at
 * first. A status other than OK stops. */
typedef enum dig_status dig_reach_fn(void *arg, enum dig_kind kind,
    const struct dig_oid *id, bool *enter, struct dig_error *err);

/*
 * The nodes of a path tree, each before those below it. What its entries hold
 * is not looked at. Errors: those of io, CORRUPT. Cost: reads each node that is
 * entered; the lowest ones are not read.
 */
enum dig_status dig_reach_tree(const struct dig_node_io *io,
    const struct dig_oid *root, dig_reach_fn *fn, void *arg,
    struct dig_error *err) DIG_CHECKED;

/* The chunks and content nodes of an entry; nothing for a LINK. */
enum dig_status dig_reach_entry(const struct dig_node_io *io,
    const struct dig_entry *entry, dig_reach_fn *fn, void *arg,
    struct dig_error *err) DIG_CHECKED;

#endif
