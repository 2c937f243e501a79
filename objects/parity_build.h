/* SPDX-License-Identifier: MIT
 *
 * DOOR: parity of another geometry for a pack that is there.
 *
 * What the journal says decides which files count, and both must fit together
 * at every moment. So the new ones are written under names of their own,
 *
 *   NNNNNN.K+M.par.next   NNNNNN.K+M.tail.next
 *
 * and synced; then a journal record names the new geometry; then they are
 * renamed. Who comes behind a kill, in dig_store_clean, renames those whose
 * geometry the journal has, and deletes the others.
 */
#ifndef OBJECTS_PARITY_BUILD_H
#define OBJECTS_PARITY_BUILD_H

#include "objects/store.h"

/*
 * Write parity and mirror of this shape for a pack, aside and synced. *out: the
 * pack as the record has to name it. Under the lock, in a transaction of the
 * index; nothing of it is put yet.
 *
 * Errors: CORRUPT (the pack is damaged: parity over it would call that right),
 * IO, CANCELLED (what was written is deleted). Cost: the pack is read three
 * times.
 */
enum dig_status dig_parity_build(struct dig_store *store, uint32_t pack,
    const struct dig_parity_shape *shape, struct dig_pack_state *out,
    struct dig_error *err) DIG_CHECKED;

/* In dig_parity_clean: a file NAME of packs/ that ends with ".next" is renamed
 * or deleted. False: it is none. */
bool dig_parity_settle(struct dig_store *store, const char *name);

#endif
