/* SPDX-License-Identifier: MIT
 *
 * What the journal says: refs, HEAD, the staged root, the operation in
 * progress, and the committed length of every pack. A journal record is the
 * difference between two states.
 */
#ifndef OBJECTS_STATE_H
#define OBJECTS_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "objects/base/buf.h"
#include "objects/oid.h"
#include "objects/parity.h"

/* A ref: "refs/heads/main" -> id. Names are bytes without NUL. */
struct dig_ref {
	char *name;
	struct dig_oid id;
};

enum dig_pack_flag { DIG_PACK_BULK = 1, DIG_PACK_SEALED = 2 };

struct dig_pack_state {
	uint32_t number;
	unsigned flags;                /* enum dig_pack_flag */
	uint64_t length;               /* committed bytes */
	uint64_t run_offset;           /* the last run record, 0 for none */
	struct dig_parity_shape shape; /* data 0: the pack has no parity */
	uint64_t parity_length;        /* committed bytes of the .par file */
};

struct dig_state {
	struct dig_ref *refs; /* ascending by name */
	size_t nrefs;
	size_t refs_cap;
	char *head_ref;         /* NULL when HEAD is detached */
	struct dig_oid head_id; /* when detached */
	struct dig_oid staged_root;
	struct dig_oid op_state;      /* zero: no operation in progress */
	struct dig_pack_state *packs; /* ascending by number */
	size_t npacks;
	size_t packs_cap;
	uint32_t next_pack; /* never used before */
};

void dig_state_init(struct dig_state *state);
void dig_state_clear(struct dig_state *state);
void dig_state_copy(const struct dig_state *from, struct dig_state *to);

/* Nothing that a journal record would say differs. */
bool dig_state_same(const struct dig_state *a, const struct dig_state *b);

/* NULL when there is none; borrowed until the state changes. */
const struct dig_ref *dig_state_ref(
    const struct dig_state *state, const char *name);
/* Set, or with id NULL delete. */
void dig_state_set_ref(
    struct dig_state *state, const char *name, const struct dig_oid *id);
/* The commit that HEAD names; false when there is none yet. */
bool dig_state_head(const struct dig_state *state, struct dig_oid *out);
struct dig_pack_state *dig_state_pack(
    const struct dig_state *state, uint32_t number);
void dig_state_set_pack(
    struct dig_state *state, const struct dig_pack_state *pack);
/* Name a pack no longer. */
void dig_state_drop_pack(struct dig_state *state, uint32_t number);
/* Bytes of a pack, from its start, that its .par file covers. What stands
 * behind them is in the mirror. */
uint64_t dig_pack_covered(const struct dig_pack_state *pack);
/* The .par file is as long as it is for a pack of this length: every full group
 * is there, and of a sealed pack the last one. Always so without parity. */
bool dig_pack_parity_fits(const struct dig_pack_state *pack);

/*
 * A ref name that may be stored: "refs/" and at least two more components, no
 * component empty or starting with '.' or ending with ".lock", none of
 * space ~ ^ : ? * [ \ control bytes, "..", "@{", a final '.' or '/'.
 */
bool dig_refname_valid(const char *name);

#endif
