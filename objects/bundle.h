/* SPDX-License-Identifier: MIT
 *
 * DOOR: bundles, objects of a store as one stream of bytes that carries its
 * own parity. This module knows records, groups and the table in front; what
 * belongs into a bundle, and what to believe of one, is the caller's business.
 *
 * Format: docs/bundle-format.md.
 */
#ifndef OBJECTS_BUNDLE_H
#define OBJECTS_BUNDLE_H

#include <stdbool.h>
#include <stdint.h>

#include "objects/oidmap.h"
#include "objects/pack.h"
#include "objects/store.h"

#define DIG_BUNDLE_VERSION 1
#define DIG_BUNDLE_TABLE_MAX ((size_t)64 << 20)
/* The parity of every bundle of this version. */
#define DIG_BUNDLE_DATA 20
#define DIG_BUNDLE_PARITY 2

/* The table: what the bundle is about. */
struct dig_bundle_table {
	uint32_t chunk_profile;
	/* refs and head_ref or head_id (zero: none); nothing else of it. */
	struct dig_state state;
	/* Commits that the receiver has to have, ascending. */
	struct dig_oid *needs;
	size_t nneeds;
	uint64_t commits; /* that follow */
};

void dig_bundle_table_init(struct dig_bundle_table *table);
void dig_bundle_table_clear(struct dig_bundle_table *table);

/* ---- Writing ---------------------------------------------------------- */

/* One object that goes into a bundle. */
struct dig_bundle_item {
	enum dig_kind kind; /* CHUNK to TAG */
	struct dig_oid id;
};

/* A status other than OK stops. */
typedef enum dig_status dig_bundle_write_fn(
    void *arg, const void *data, size_t len, struct dig_error *err);
typedef void dig_bundle_progress_fn(void *arg, uint64_t objects);

struct dig_bundle_options {
	dig_bundle_write_fn *write;
	void *arg;
	/* May be NULL. */
	dig_bundle_progress_fn *progress;
	void *progress_arg;
	/* What the receiver has for certain: it serves as base of deltas, and
	 * is not written. */
	struct dig_oidmap *has;
};

/*
 * Write a bundle. Chunks and nodes go in the order in which they are stored, so
 * that records can be taken over as they are; commits and tags as they stand in
 * items, parents and targets first.
 *
 * items  each object once
 * Errors: NOTFOUND, CORRUPT (an object), CANCELLED, those of write.
 * Memory: a group of 22 MiB, and 120 bytes for each object.
 */
enum dig_status dig_bundle_write(struct dig_store *store,
    const struct dig_bundle_table *table, const struct dig_bundle_item *items,
    size_t nitems, const struct dig_bundle_options *options,
    struct dig_error *err) DIG_CHECKED;

/* ---- Reading ---------------------------------------------------------- */

/* Up to len bytes, fewer at the end only; the negated errno. */
typedef int64_t dig_bundle_read_fn(void *arg, void *data, size_t len);

struct dig_bundle;

/*
 * Begin to read: the table is in dig_bundle_table. Nothing that comes is
 * believed, and bytes are checked and put right by groups before they are
 * looked at.
 *
 * Errors: INVALID (no bundle, or of another version); CORRUPT (damaged beyond
 * its parity, or not as the format says); FILE. Memory: a group.
 */
enum dig_status dig_bundle_open(dig_bundle_read_fn *read, void *arg,
    struct dig_bundle **out, struct dig_error *err) DIG_CHECKED;
void dig_bundle_close(struct dig_bundle *bundle); /* NULL is accepted */
const struct dig_bundle_table *dig_bundle_table(
    const struct dig_bundle *bundle);
/*
 * The next record: a header of kind CHUNK to TAG, a base only by id, lengths
 * within limits, and its payload; both borrowed until the next call. At the end
 * *rec is NULL: then the digest over all has matched, and nothing follows.
 *
 * Errors: as for open.
 */
enum dig_status dig_bundle_next(struct dig_bundle *bundle,
    const struct dig_record **rec, const uint8_t **payload,
    struct dig_error *err) DIG_CHECKED;
/* Cells that were put right so far; bytes of the bundle that were read. */
uint64_t dig_bundle_healed(const struct dig_bundle *bundle);
uint64_t dig_bundle_offset(const struct dig_bundle *bundle);

#endif
