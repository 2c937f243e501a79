/* SPDX-License-Identifier: MIT
 *
 * The inside of the index, for index.c and index_*.c.
 */
#ifndef OBJECTS_INDEX_INTERNAL_H
#define OBJECTS_INDEX_INTERNAL_H

#include "objects/index.h"

/* The row of the table position, as it was read. */
struct dig_position {
	bool known;
	uint64_t seq;
	uint64_t end; /* of the record in the journal */
	struct dig_oid hash;
	struct dig_oid store_id;
	struct dig_oid staged_root;
	struct dig_oid op_state; /* zero: none */
	struct dig_buf record;
	char *head_ref;
	bool has_head;
	struct dig_oid head_id;
	int64_t next_seq;
};

struct dig_index {
	int dirfd;
	char *dir;
	int timeout_ms;
	struct dig_write_options write;
	dig_index_progress *progress;
	void *progress_arg;
	struct dig_store *store;
	struct dig_db *db;
	struct dig_error why; /* why db is NULL */
	struct dig_position position;
	struct dig_reader *reader;
	bool behind;
	/* a transaction */
	int lock_fd; /* -1: not held */
	bool in_txn;
	struct dig_state next;
	struct dig_writer *writer;
	bool has_pending; /* changes were pending when it began */
	int64_t next_seq; /* as the rows have it now */
	struct dig_pack_count {
		uint32_t pack;
		int64_t objects;
	} * added; /* objects that got rows, by pack */
	size_t nadded;
	size_t added_cap;
};

/* Rows for objects that were just stored. */
enum dig_status dig_index_put_objects(struct dig_index *index,
    const struct dig_object_row *rows, size_t nrows,
    struct dig_error *err) DIG_CHECKED;
/*
 * The same where they take the place of objects in packs that go: a row keeps
 * its number, which is the order of writing. What is in a pack that goes and
 * not in rows has no row any more.
 */
enum dig_status dig_index_swap_objects(struct dig_index *index,
    const struct dig_object_row *rows, size_t nrows, const uint32_t *gone,
    size_t ngone, struct dig_error *err) DIG_CHECKED;
/*
 * Everything that follows from the step between two states: packs, refs,
 * commits with their layers and changes, staging (when derive), pending
 * changes. Cost: O(what changed).
 */
enum dig_status dig_index_apply(struct dig_index *index,
    const struct dig_state *from, const struct dig_state *to, bool derive,
    const struct dig_op_stats *stats, struct dig_error *err) DIG_CHECKED;
/* From what the rows say (nothing, for a new database) to the journal's state:
 * object rows from the packs, then dig_index_apply. */
enum dig_status dig_index_replay(
    struct dig_index *index, struct dig_error *err) DIG_CHECKED;
enum dig_status dig_index_put_position(struct dig_index *index,
    const struct dig_journal_record *record, const struct dig_buf *bytes,
    const struct dig_state *state, struct dig_error *err) DIG_CHECKED;
/* Set has_pending and next_seq from the rows. */
enum dig_status dig_index_count_pending(
    struct dig_index *index, struct dig_error *err) DIG_CHECKED;

#endif
