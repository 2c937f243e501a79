/* SPDX-License-Identifier: MIT
 *
 * Pack files: an append-only sequence of self-describing records. This module
 * knows bytes and offsets; which objects are where is the store's business.
 *
 * Format: docs/format.md "Packs".
 */
#ifndef OBJECTS_PACK_H
#define OBJECTS_PACK_H

#include <stdbool.h>
#include <stdint.h>

#include "objects/codec.h"
#include "objects/oid.h"
#include "objects/state.h"

#define DIG_PACK_HEADER 64
#define DIG_PACK_SEAL_BYTES ((uint64_t)512 << 20)
#define DIG_PACK_ALIGN 4096 /* runs of a bulk pack begin and end on it */
#define DIG_PACK_NUMBER_MAX 999999999u
#define DIG_RECORD_HEADER_MAX 128 /* bytes; real ones have 44 to 95 */
#define DIG_CHAIN_RESTART 4095    /* chain positions are below this */
#define DIG_CHAIN_DEPTH_MAX 64
#define DIG_SOLID_OBJECTS_MAX 4096

/* A record's header, decoded. */
struct dig_record {
	enum dig_kind kind;
	enum dig_codec codec;
	uint64_t raw_len;
	uint64_t stored_len;
	struct dig_oid id;
	/* codec DELTA only */
	uint32_t chain;         /* position in the chain; a full version is 0 */
	uint64_t base_distance; /* bytes back to the base's record; 0: by id */
	uint32_t base_slot;     /* 1 + position, when the base is in a solid */
	struct dig_oid base_id; /* when base_distance is 0 */
	uint64_t checksum;
	uint32_t header_len;
};

/* Append the header for this payload to out (payload itself is not). Sets
 * rec->checksum and rec->header_len. */
void dig_record_encode(
    struct dig_record *rec, const void *payload, struct dig_buf *out);

/*
 * Decode a header from data[0..len), which holds at least a whole header or
 * everything up to the end of the pack. CORRUPT when it is not one.
 */
enum dig_status dig_record_decode(const uint8_t *data, size_t len,
    struct dig_record *out, struct dig_error *err) DIG_CHECKED;

/* The checksum in a decoded header holds for header bytes and payload. */
bool dig_record_intact(const struct dig_record *rec, const uint8_t *header,
    const uint8_t *payload);

/* The 64 bytes at the start of a pack. */
void dig_pack_header(uint32_t number, unsigned flags,
    const uint8_t store_id[32], uint8_t out[DIG_PACK_HEADER]);
enum dig_status dig_pack_header_check(const uint8_t data[DIG_PACK_HEADER],
    uint32_t number, unsigned *flags, const uint8_t store_id[32],
    struct dig_error *err) DIG_CHECKED;

/* "000001.pack" */
void dig_pack_name(uint32_t number, char out[24]);

/* Asked where no record can be read, or one does not match its checksum: the
 * whole record that begins at `at`, its header in *rec. */
typedef bool dig_pack_heal_fn(
    void *arg, uint64_t at, struct dig_record *rec, struct dig_buf *out);

/*
 * Walk the records of [offset, end) by their headers. payload is read only
 * when asked for. At the end *out is NULL. Padding is skipped.
 */
struct dig_pack_scan {
	int fd;
	unsigned flags;
	uint64_t offset; /* of the next record */
	uint64_t end;
	uint64_t at; /* of the current record */
	struct dig_record record;
	struct dig_buf window;
	uint64_t window_offset;
	dig_pack_heal_fn *heal; /* may be NULL */
	void *heal_arg;
	bool healed; /* the current record came from there */
};

void dig_pack_scan_init(struct dig_pack_scan *scan, int fd, unsigned flags,
    uint64_t offset, uint64_t end);
enum dig_status dig_pack_scan_next(
    struct dig_pack_scan *scan, bool *done, struct dig_error *err) DIG_CHECKED;
/* Payload of the current record into out (reset), checksum verified. */
enum dig_status dig_pack_scan_payload(struct dig_pack_scan *scan,
    struct dig_buf *out, struct dig_error *err) DIG_CHECKED;
/*
 * After CORRUPT: go on at the next place where a record's checksum holds. Not
 * *found: there is none (or the search became too costly) and the scan is at
 * its end.
 */
enum dig_status dig_pack_scan_resync(
    struct dig_pack_scan *scan, bool *found, struct dig_error *err) DIG_CHECKED;
void dig_pack_scan_clear(struct dig_pack_scan *scan);
/* Every record up to this length matches its checksum. Cost: reads all. */
bool dig_pack_intact(int fd, unsigned flags, uint64_t length);

/* One object of a solid record's directory. */
struct dig_solid_item {
	enum dig_kind kind;
	uint64_t offset; /* in the decoded frame */
	uint64_t raw_len;
	struct dig_oid id;
};

/*
 * Decode a solid's directory. items (caller frees) and count; frame_at is
 * where the frame begins in the payload. The lengths add up to raw_len.
 */
enum dig_status dig_solid_decode(const uint8_t *payload, size_t len,
    uint64_t raw_len, struct dig_solid_item **items, size_t *count,
    size_t *frame_at, struct dig_error *err) DIG_CHECKED;
void dig_solid_encode_item(struct dig_buf *out, enum dig_kind kind,
    const struct dig_oid *id, uint64_t raw_len);

/* A solid record in the making; starts as zeros. */
struct dig_solid {
	struct dig_buf raw; /* the objects one after another */
	struct dig_solid_item *items;
	size_t nitems;
	size_t items_cap;
};

void dig_solid_clear(struct dig_solid *solid);
void dig_solid_reset(struct dig_solid *solid); /* empty, memory kept */
/* Another object. The caller keeps to the limits of a record. */
void dig_solid_add(struct dig_solid *solid, enum dig_kind kind,
    const struct dig_oid *id, const void *raw, size_t len);
/* Its record, which has one object at least. frame: solid->raw as `codec` made
 * it; not looked at for RAW. payload is reset first. */
void dig_solid_record(const struct dig_solid *solid, enum dig_codec codec,
    const struct dig_buf *frame, struct dig_record *rec,
    struct dig_buf *payload);

/*
 * An object's share of a solid record's bytes, in proportion to its length;
 * the shares of a record add up to total_stored.
 */
uint64_t dig_solid_share(const struct dig_solid_item *items, size_t count,
    size_t which, uint64_t total_stored, uint64_t total_raw);

/*
 * A run: the index of records before it in the same pack, sorted by id, with
 * a fan-out and a filter. The last one of a sealed pack covers all of it.
 */
struct dig_run_entry {
	struct dig_oid id;
	uint8_t kind;
	uint64_t offset;
	uint16_t slot; /* 1 + position in a solid, else 0 */
};

/* Sorts entries in place and appends the payload of a run to out. */
void dig_run_encode(struct dig_run_entry *entries, size_t count,
    uint64_t previous, bool trailer, struct dig_buf *out);

/* A run opened for searching; entries stay on disk when it is large. */
struct dig_run {
	int fd;
	uint64_t offset;   /* of the record */
	uint64_t end;      /* where the record ends */
	uint64_t previous; /* offset of the run before it, 0 for none */
	bool trailer;
	uint64_t count;
	uint64_t entries_at; /* file offset of the first entry */
	uint64_t nbits;
	uint32_t fanout[257]; /* [i] = entries whose first byte is < i */
	const uint8_t *filter;
	const uint8_t *entries; /* all of them when small, else NULL */
	uint8_t *whole;         /* what these two point into */
};

enum dig_status dig_run_open(int fd, uint64_t offset, uint64_t limit,
    struct dig_run *out, struct dig_error *err) DIG_CHECKED;
void dig_run_clear(struct dig_run *run);
/* Does a run whose entries stayed on disk match its checksum? A small one was
 * verified when it was opened. Cost: reads all of it. */
enum dig_status dig_run_verify(
    const struct dig_run *run, bool *intact, struct dig_error *err) DIG_CHECKED;
/*
 * Find (kind, id). *found is the number of matches written to out (at most
 * max; the same object may stand twice). A new id costs one filter probe.
 */
enum dig_status dig_run_find(const struct dig_run *run, enum dig_kind kind,
    const struct dig_oid *id, struct dig_run_entry *out, size_t max,
    size_t *found, struct dig_error *err) DIG_CHECKED;
/* Entries [first, first + n) in sorted order; n <= count - first. */
enum dig_status dig_run_entries(const struct dig_run *run, uint64_t first,
    size_t n, struct dig_run_entry *out, struct dig_error *err) DIG_CHECKED;

#endif
