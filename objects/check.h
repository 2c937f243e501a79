/* SPDX-License-Identifier: MIT
 *
 * DOOR: reading packs from end to end, every record and every object in them.
 */
#ifndef OBJECTS_CHECK_H
#define OBJECTS_CHECK_H

#include "objects/store.h"

/* What was found at one place. */
struct dig_checked {
	char file[40];          /* below packs/ */
	struct dig_location at; /* offset 0: the file as a whole */
	enum dig_kind kind;     /* 0: not known */
	struct dig_oid id;      /* meaningful when kind is not 0 */
	uint64_t raw_bytes;
	const char *flaw; /* NULL: it is whole */
};

/* Called from any thread of the check, one call at a time. */
typedef void dig_checked_fn(void *arg, const struct dig_checked *checked);

/* Records from one on up to another, and the parity of what ends there. */
struct dig_check_piece {
	uint32_t pack;
	uint64_t from;  /* where a record begins, or 0 */
	uint64_t to;    /* where one ends */
	uint64_t flaws; /* found there */
};

/* A longer piece is reported in parts of about this length. */
#define DIG_CHECK_PART ((uint64_t)64 << 20)

struct dig_check_options {
	/* Decode every object and hash it; else only checksums of records. */
	bool decode;
	void *arg;
	/* Without decode it sees flaws only, else every object as well. */
	dig_checked_fn *checked;
	/* Which packs to read; NULL: all. */
	bool (*wanted)(void *arg, uint32_t pack);
	/* May be NULL. From the calling thread. */
	void (*progress)(void *arg, uint64_t done_bytes, uint64_t total_bytes);
	/* Only these, in this order, with cells, parity and mirrors; NULL: all
	 * packs, records alone. */
	const struct dig_check_piece *pieces;
	size_t npieces;
	/* With pieces. Is there time for more? Asked about once a MiB. */
	bool (*go_on)(void *arg, uint64_t done_bytes);
	/* With pieces. All of this was looked at. From the calling thread. */
	void (*piece_done)(void *arg, const struct dig_check_piece *piece);
};

struct dig_check_totals {
	uint64_t packs;
	uint64_t records;
	uint64_t bytes; /* committed; with pieces: that were looked at */
	bool stopped;   /* go_on said so */
};

/*
 * Check the committed bytes of every pack: headers, records, solids, deltas,
 * runs (which must lead to every object), seals. What is damaged is handed to
 * `checked` and does not stop the check; behind damage it goes on at the next
 * record that is whole.
 *
 * Errors: IO, CANCELLED (Ctrl-C). Cost: reads everything, on all cores.
 */
enum dig_status dig_store_check(struct dig_store *store,
    const struct dig_check_options *options, struct dig_check_totals *out,
    struct dig_error *err) DIG_CHECKED;

/* The id that these bytes have, or why they are no object of the kind (then
 * the text may be err's). */
const char *dig_check_id(enum dig_kind kind, const uint8_t *raw, size_t len,
    struct dig_oid *id, struct dig_error *err);

#endif
