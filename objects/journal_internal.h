/* SPDX-License-Identifier: MIT
 *
 * The inside of the journal, for journal*.c.
 */
#ifndef OBJECTS_JOURNAL_INTERNAL_H
#define OBJECTS_JOURNAL_INTERNAL_H

#include "objects/base/io.h"
#include "objects/journal.h"

#define DIG_JOURNAL_FILE "journal"
#define DIG_JOURNAL_COPY "journal.2"
/* A checkpoint is due when this much follows the last one, or its size. */
#define DIG_CHECKPOINT_AFTER ((uint64_t)32 << 10)

struct dig_journal {
	int dirfd;
	struct dig_state state;
	struct dig_journal_record last;
	struct dig_buf last_bytes;
	uint8_t store_id[32];
	uint32_t chunk_profile;
	uint64_t checkpoint_len;
	uint64_t end;         /* of the last good record */
	struct dig_stat seen; /* the file when it was read */
	bool has_seen;
	/* what heal has to put right, from `start` on */
	uint64_t start;
	struct dig_buf good;
	bool main_differs;    /* a record is bad or missing there */
	bool torn;            /* bytes behind the last record */
	bool copy_failed;     /* until heal writes it anew */
	uint64_t durable_end; /* records up to here were synced */
	/* between prepare and append */
	bool prepared;
	struct dig_buf pending;
	size_t pending_first; /* bytes before the checkpoint behind it */
	struct dig_state next;
	struct dig_journal_record next_last;
	struct dig_buf next_last_bytes;
};

/* A file from `from` to its end; empty when it is missing. sb may be NULL. */
enum dig_status dig_journal_slurp(int dirfd, const char *name, uint64_t from,
    struct dig_buf *out, struct dig_stat *sb, bool *exists,
    struct dig_error *err) DIG_CHECKED;
/*
 * Some bytes at or behind file offset `pos` are a whole record with a sequence
 * number of at least `seq`. A torn tail hardly ever looks like a record; bytes
 * made to look like many are not hashed for ever, and count as one.
 */
bool dig_journal_record_follows(
    const struct dig_buf *buf, uint64_t start, uint64_t pos, uint64_t seq);
/* The journal as it is now, read from the start. */
enum dig_status dig_journal_open_whole(const struct dig_journal *journal,
    struct dig_journal **out, struct dig_error *err) DIG_CHECKED;
/* Decode a record of `good`, which has been decoded before. */
void dig_journal_good_record(const struct dig_journal *journal, uint64_t at,
    struct dig_journal_record *out);

#endif
