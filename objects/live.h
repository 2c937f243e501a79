/* SPDX-License-Identifier: MIT
 *
 * DOOR: what is reachable. A set of objects that grows from roots by reading
 * commits, trees and contents; what is in no such set may be deleted.
 *
 * Memory: 33 bytes for each object and 4 bytes for each slot of a table that is
 * three eighths to three quarters full: 39 to 44 bytes an object.
 */
#ifndef OBJECTS_LIVE_H
#define OBJECTS_LIVE_H

#include "objects/node.h"
#include "objects/store.h"

struct dig_live;

struct dig_live *dig_live_new(void);
void dig_live_free(struct dig_live *live);
/* How many objects roots reach, as far as it was walked. */
uint64_t dig_live_count(const struct dig_live *live);

/* A root whose kind is known. */
void dig_live_add(
    struct dig_live *live, enum dig_kind kind, const struct dig_oid *id);
/*
 * A root by its id alone, as refs and HEAD name it: every object of a kind
 * that can be named so. who: "refs/heads/main", for the message.
 * Errors: CORRUPT (no such object is stored); those of the store.
 */
enum dig_status dig_live_add_named(struct dig_live *live,
    struct dig_store *store, const struct dig_oid *id, const char *who,
    struct dig_error *err) DIG_CHECKED;
bool dig_live_has(
    struct dig_live *live, enum dig_kind kind, const struct dig_oid *id);

/*
 * Add everything that what was added leads to: of commits trees and parents,
 * of trees their nodes and contents, of tags their targets, of states all that
 * they name. Chunks are not read. May be called again after more was added.
 *
 * Errors: CORRUPT, also for an object that is missing; CONFLICT (a state that
 * only a later dig knows); IO, CANCELLED. Cost: reads every commit, every node
 * once.
 */
enum dig_status dig_live_walk(struct dig_live *live,
    const struct dig_node_io *io, void (*progress)(void *arg, uint64_t done),
    void *arg, struct dig_error *err) DIG_CHECKED;

/* ---- Marks, for the rewriting of packs ---------------------------------- */

enum dig_live_mark {
	DIG_LIVE_REACHED = 8, /* from a root */
	DIG_LIVE_BASE = 16,   /* a delta that stays needs it */
	DIG_LIVE_FOUND = 32   /* a pack has it */
};

/* The marks of an object; 0: it is not in the set. */
unsigned dig_live_marks(
    struct dig_live *live, enum dig_kind kind, const struct dig_oid *id);
/* Add a mark, and the object where it is not in the set: by this alone nothing
 * becomes reachable. */
void dig_live_mark(struct dig_live *live, enum dig_kind kind,
    const struct dig_oid *id, enum dig_live_mark mark);
/* Take these marks off everything. */
void dig_live_unmark(struct dig_live *live, unsigned marks);
/* The first object that is reached and not found; false: there is none. */
bool dig_live_missing(
    const struct dig_live *live, enum dig_kind *kind, struct dig_oid *id);

#endif
