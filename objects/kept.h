/* SPDX-License-Identifier: MIT
 *
 * DOOR: what the copies of damaged packs in quarantine/ still hold.
 */
#ifndef OBJECTS_KEPT_H
#define OBJECTS_KEPT_H

#include "objects/store.h"

/* Is the object wanted? Asked before it is decoded. */
typedef bool dig_kept_want_fn(
    void *arg, enum dig_kind kind, const struct dig_oid *id);
/* An object whose bytes hash to its id. A status other than OK stops. */
typedef enum dig_status dig_kept_fn(void *arg, enum dig_kind kind,
    const struct dig_oid *id, const struct dig_buf *raw, struct dig_error *err);

/*
 * Hand out the objects that copies of this pack (NNNNNN.pack.*) hold, in the
 * order of writing, so that what a delta needs comes before it. What is damaged
 * is passed over. The store is loaded, and nobody else uses it meanwhile; fn
 * may put, and commits nothing.
 *
 * Errors: CANCELLED, those of fn. Cost: reads the copies once.
 */
enum dig_status dig_store_each_kept(struct dig_store *store, uint32_t pack,
    dig_kept_want_fn *want, dig_kept_fn *fn, void *arg,
    struct dig_error *err) DIG_CHECKED;

#endif
