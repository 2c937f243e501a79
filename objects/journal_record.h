/* SPDX-License-Identifier: MIT
 *
 * Bytes of a journal record; private to the journal.
 */
#ifndef OBJECTS_JOURNAL_RECORD_H
#define OBJECTS_JOURNAL_RECORD_H

#include "objects/journal.h"

/* What the journal gives a new record. */
struct dig_journal_base {
	uint64_t seq;
	uint64_t op;
	uint64_t offset;
	uint64_t checkpoint_at;
	struct dig_oid previous;
};

/* Append a record that leads from one state to the next. */
void dig_journal_record_diff(const struct dig_journal_base *base,
    const struct dig_state *from, const struct dig_state *to, const char *verb,
    const struct dig_op_stats *stats, struct dig_buf *out);
/* What a checkpoint says. */
struct dig_journal_full {
	const struct dig_state *state;
	const uint8_t *store_id;
	uint32_t chunk_profile;
	const char *verb;                     /* NULL: none */
	const struct dig_journal_cost *costs; /* of folded records */
	size_t ncosts;
};
/* Append a checkpoint: the whole state. */
void dig_journal_record_full(const struct dig_journal_base *base,
    const struct dig_journal_full *full, struct dig_buf *out);
/* Append the good record at data once more, at another place of another chain
 * and without what it says about packs. Time and operation stay; base->op is
 * not used. */
void dig_journal_record_again(const struct dig_journal_base *base,
    const uint8_t *data, size_t len, struct dig_buf *out);
/* How long the record at data claims to be; 0 when none begins there. */
uint64_t dig_journal_record_span(const uint8_t *data, size_t len);
/* False when data does not begin with a whole, valid record. */
bool dig_journal_record_decode(const uint8_t *data, size_t len, uint64_t offset,
    struct dig_journal_record *out);

#endif
