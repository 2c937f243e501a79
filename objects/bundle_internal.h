/* SPDX-License-Identifier: MIT
 *
 * What writing and reading bundles share; for objects/bundle*.c only.
 */
#ifndef OBJECTS_BUNDLE_INTERNAL_H
#define OBJECTS_BUNDLE_INTERNAL_H

#include "objects/bundle.h"
#include "objects/parity.h"

#define DIG_BUNDLE_MAGIC "digbndl\n"
#define DIG_BUNDLE_END "digbend\n"
#define DIG_BUNDLE_PREAMBLE 64
#define DIG_BUNDLE_END_BYTES (8 + 8 + DIG_HASH_SIZE)
/* The body's bytes in a full group. */
#define DIG_BUNDLE_PART (DIG_PARITY_CELL * DIG_PARITY_STRIPES * DIG_BUNDLE_DATA)

/* The shape of all groups. */
struct dig_parity_shape dig_bundle_shape(void);
/* Stored bytes of a stripe's parity cells: those of its longest data cell. */
size_t dig_bundle_parity_cell(uint64_t length, size_t stripe);
/* Bytes of a group in the file, heads and parity counted. */
size_t dig_bundle_group_bytes(uint64_t length);

void dig_bundle_table_encode(
    const struct dig_bundle_table *table, struct dig_buf *out);
/* Names are valid and ascending. Errors: CORRUPT; INVALID for a chunk profile
 * that is not known. */
enum dig_status dig_bundle_table_decode(const void *data, size_t len,
    struct dig_bundle_table *out, struct dig_error *err) DIG_CHECKED;

/* The chain's next value. */
void dig_bundle_chain(
    uint8_t chain[DIG_HASH_SIZE], const struct dig_oid *record);

#endif
