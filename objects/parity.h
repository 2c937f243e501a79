/* SPDX-License-Identifier: MIT
 *
 * Reed-Solomon parity over the bytes of a pack: which byte belongs to which
 * cell, stripe and group, what a group in a .par file says about itself, and
 * the arithmetic. It knows no files.
 *
 * A pack is cut into cells of 64 KiB and these into groups of 16 × data cells.
 * Cell c of a group belongs to stripe c mod 16, and a stripe has `parity` more
 * cells, so that neighbours in the pack never share a stripe. The last group
 * of a sealed pack may be short: cells that are not there count as zeros.
 *
 * Source: a Cauchy matrix over GF(2^8), by isa-l. Its multiply tables differ
 * between processors and are never stored.
 *
 * Format: docs/format.md "Parity".
 */
#ifndef OBJECTS_PARITY_H
#define OBJECTS_PARITY_H

#include <stdbool.h>
#include <stdint.h>

#include "objects/base/buf.h"
#include "objects/hash64.h"

#define DIG_PARITY_CELL ((size_t)64 << 10)
#define DIG_PARITY_STRIPES 16
#define DIG_PARITY_DATA_MAX 64
#define DIG_PARITY_PARITY_MAX 16
#define DIG_PARITY_CELLS_MAX (DIG_PARITY_STRIPES * DIG_PARITY_DATA_MAX)
#define DIG_PARITY_SUMS_MAX                                                    \
	(DIG_PARITY_CELLS_MAX + DIG_PARITY_STRIPES * DIG_PARITY_PARITY_MAX)

/* Cells of a stripe. data 0: there is no parity. */
struct dig_parity_shape {
	unsigned data;
	unsigned parity;
};

/* Within the limits above, both at least 1. */
bool dig_parity_shape_valid(const struct dig_parity_shape *shape);
/* Bytes of a pack in a full group. */
uint64_t dig_parity_group_bytes(const struct dig_parity_shape *shape);

/* A group, as it names itself. */
struct dig_parity_head {
	uint8_t store_id[32];
	uint32_t pack;
	uint64_t group;  /* 0 for the first of the pack */
	uint64_t length; /* bytes of the pack that it covers */
	struct dig_parity_shape shape;
	/* XXH3 of each data cell, then of each parity cell: stripe by stripe */
	uint64_t sums[DIG_PARITY_SUMS_MAX];
};

/* Data cells, stripes in use, and bytes of cell c of a group of `length`. */
size_t dig_parity_ncells(uint64_t length);
size_t dig_parity_nstripes(uint64_t length);
size_t dig_parity_cell_bytes(uint64_t length, size_t cell);
/* Bytes of a group's head, and of the group in the .par file: head, parity
 * cells, head again. */
size_t dig_parity_head_bytes(
    const struct dig_parity_shape *shape, uint64_t length);
uint64_t dig_parity_stored_bytes(
    const struct dig_parity_shape *shape, uint64_t length);

void dig_parity_head_encode(
    const struct dig_parity_head *head, struct dig_buf *out);
/*
 * False when data[0..len) is no head, or another one than *head asks for:
 * store_id, pack, group, length and shape are given, sums are filled in.
 */
bool dig_parity_head_decode(
    const uint8_t *data, size_t len, struct dig_parity_head *head);

/*
 * Parity of one group at a time, from its bytes in any portions. What stood in
 * the group before the encoder was begun may be added behind the rest.
 */
struct dig_parity_encoder;

struct dig_parity_encoder *dig_parity_encoder_new(
    const struct dig_parity_shape *shape);
void dig_parity_encoder_free(struct dig_parity_encoder *encoder);
/* A new group, whose first `from` bytes come later. */
void dig_parity_encoder_begin(
    struct dig_parity_encoder *encoder, uint64_t from);
/* The next bytes from `from` on; not past the group's end. */
void dig_parity_encoder_add(
    struct dig_parity_encoder *encoder, const void *data, size_t len);
/* The next bytes of [0, from). */
void dig_parity_encoder_add_before(
    struct dig_parity_encoder *encoder, const void *data, size_t len);
/* Bytes of the group so far, those before `from` counted. */
uint64_t dig_parity_encoder_length(const struct dig_parity_encoder *encoder);
/*
 * The group is whole (or the last one of its pack), and all of it was added:
 * length, shape and sums into head. The parity cells, one after another, are
 * borrowed until the next begin.
 */
const uint8_t *dig_parity_encoder_finish(
    struct dig_parity_encoder *encoder, struct dig_parity_head *head);

/*
 * Rebuild the lost cells of one stripe in place. cells: data, then parity, each
 * of DIG_PARITY_CELL bytes; data cells that are not there are zeros and not
 * lost. False when more than shape->parity are lost; then nothing was written.
 */
bool dig_parity_rebuild(const struct dig_parity_shape *shape,
    uint8_t *const cells[], const bool lost[]);

#endif
