/* SPDX-License-Identifier: MIT
 *
 * The right bytes of a damaged pack, from its parity and from the mirror of
 * its open group. In memory only; for store*.c, check.c and repair.c.
 *
 * Two ways to know what is right: a cell of a covered group by the checksum
 * that its group holds, a record anywhere by its own checksum. Readers compare
 * the object with its SHA-256 as always.
 */
#ifndef OBJECTS_HEAL_H
#define OBJECTS_HEAL_H

#include "objects/pack.h"
#include "objects/store.h"

/* What was seen while cells were read. */
struct dig_heal_counts {
	uint64_t bad_cells;  /* data cells that do not match */
	uint64_t lost_cells; /* of these, those that could not be rebuilt */
	uint64_t bad_parity; /* heads, or parity cells */
};

/* Files of one pack, and the group that was read last. */
struct dig_healer;

/*
 * The pack may be gone and its parity too: then nothing is right. NULL when
 * the store has no such pack, or it has no parity.
 */
struct dig_healer *dig_healer_new(struct dig_store *store, uint32_t pack);
void dig_healer_free(struct dig_healer *healer);
const struct dig_heal_counts *dig_healer_counts(
    const struct dig_healer *healer);
/*
 * From now on what quarantine/ has of this pack serves, too: cells that match
 * their checksums, and in the open group records. Where the pack is gone, the
 * longest copy of it stands for it. False: there is nothing of it.
 */
bool dig_healer_use_quarantine(struct dig_healer *healer);
/* The pack that is read, borrowed; negative: there is none. */
int dig_healer_pack_fd(const struct dig_healer *healer);
/*
 * Bytes of the covered part, each cell checked and where it is bad rebuilt,
 * appended to out. What is beyond repair comes as it stands. Cells are counted
 * once for each call. `at` and len lie below the covered length.
 */
void dig_healer_covered(
    struct dig_healer *healer, uint64_t at, size_t len, struct dig_buf *out);
/* The data cell that begins here is this. True also where the head of its group
 * is damaged: then nobody knows. */
bool dig_healer_cell_is(
    struct dig_healer *healer, uint64_t at, const uint8_t *data, size_t len);
/* Both heads and all parity cells of a group are as they were written. */
bool dig_healer_parity_intact(struct dig_healer *healer, uint64_t group);
/*
 * The record that begins here, whole and intact, into out (reset first): from
 * the pack, from parity, from the mirror. *rec is its header. False: beyond
 * repair, or no record begins here.
 */
bool dig_healer_record(struct dig_healer *healer, uint64_t at,
    struct dig_record *rec, struct dig_buf *out);

/*
 * The committed bytes [at, at + len) of the pack, right wherever a cell or a
 * record says what is right. *whole: records without a gap say so for all that
 * lies in the open group. Cost: below the open group that of its cells; in it
 * the pack is walked from its start.
 */
enum dig_status dig_healer_image(struct dig_healer *healer, uint64_t at,
    size_t len, struct dig_buf *out, bool *whole,
    struct dig_error *err) DIG_CHECKED;

/* Count a place that was put right for a reader (dig_store_healed). */
void dig_heal_note(struct dig_store *store, uint32_t pack, uint64_t at);
/* The same for one record, for readers; it is counted in the store. */
bool dig_heal_record(struct dig_store *store, uint32_t pack, uint64_t at,
    struct dig_record *rec, struct dig_buf *out);
/* dig_heal_record for dig_pack_scan. arg: a struct dig_heal_scan. */
struct dig_heal_scan {
	struct dig_store *store;
	uint32_t pack;
};
bool dig_heal_for_scan(
    void *arg, uint64_t at, struct dig_record *rec, struct dig_buf *out);
/* dig_pack_scan_resync, to the next record that is intact in the pack or in the
 * mirror, whichever comes first. */
enum dig_status dig_heal_resync(const struct dig_heal_scan *heal,
    struct dig_pack_scan *scan, bool *found, struct dig_error *err) DIG_CHECKED;

#endif
