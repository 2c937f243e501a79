/* SPDX-License-Identifier: MIT
 *
 * The journal: append-only, chained records. Appending and syncing a record is
 * the commit point of every operation; the records are also the reflog.
 *
 * Format: docs/format.md "Journal".
 *
 * Invariants
 * J1  A record is appended only under the repository's lock.
 * J2  Packs and parity files named by a record are synced before it is
 *     appended.
 * J3  Nothing is cut from the journal but a torn tail: bytes that are no whole
 *     record, that the index does not know, that no valid record follows, and
 *     that the second copy has not even in part.
 * J4  journal.2 holds the same bytes, or a prefix of them.
 * J5  A committed record is never written over: a file is appended to, cut
 *     behind its last record, or replaced by a new one.
 * J6  A fold gives higher sequence numbers than all before it: of two files
 *     that begin differently the one with the higher numbers is right.
 */
#ifndef OBJECTS_JOURNAL_H
#define OBJECTS_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "objects/state.h"

/* What a commit cost; measurements that v_layers shows. */
struct dig_op_stats {
	uint64_t new_chunks;
	uint64_t raw_bytes;    /* of new chunks, before compression */
	uint64_t stored_bytes; /* of all new records */
};

struct dig_ref_change {
	char *name;
	bool has_old;
	bool has_new;
	struct dig_oid old_id;
	struct dig_oid new_id;
};

/* What a record says about the parity of a pack. */
struct dig_pack_parity {
	uint32_t number;
	struct dig_parity_shape shape; /* data 0: there is none any more */
	uint64_t length;               /* committed bytes of the .par file */
};

/* What a commit cost whose record has been folded. */
struct dig_journal_cost {
	struct dig_oid commit;
	struct dig_op_stats stats;
};

/* A decoded record. Strings and arrays are owned. */
struct dig_journal_record {
	uint64_t seq;    /* 1 for the first */
	uint64_t op;     /* operation number: records of one command share it */
	int64_t time;    /* seconds since 1970; data, never logic */
	uint64_t offset; /* in the file */
	uint64_t length;
	uint64_t checkpoint_at; /* offset of the newest checkpoint <= offset */
	bool is_checkpoint;
	struct dig_oid previous; /* hash of the record before; zero at first */
	struct dig_oid hash;
	char *verb; /* "commit: subject", for people */
	struct dig_ref_change *refs;
	size_t nrefs;
	bool has_head;
	char *old_head_ref;
	struct dig_oid old_head_id;
	char *head_ref;
	struct dig_oid head_id;
	bool has_staged;
	struct dig_oid old_staged;
	struct dig_oid staged;
	bool has_op_state;
	struct dig_oid old_op_state;
	struct dig_oid op_state;
	struct dig_pack_state *packs; /* without parity */
	size_t npacks;
	struct dig_pack_parity *parity;
	size_t nparity;
	uint32_t next_pack; /* in a checkpoint, else 0 */
	bool has_stats;
	struct dig_op_stats stats;
	struct dig_journal_cost *costs; /* ascending by commit */
	size_t ncosts;
	bool has_store;
	uint8_t store_id[32];
	uint32_t chunk_profile;
};

void dig_journal_record_clear(struct dig_journal_record *rec);
/* It changes refs, HEAD, what is staged or what is in progress: an operation
 * that can be taken back. Checkpoints, and records of packs alone, do not. */
bool dig_journal_record_changes(const struct dig_journal_record *rec);
/* Bring `state` from before the record to after it. */
void dig_journal_apply(
    const struct dig_journal_record *rec, struct dig_state *state);

struct dig_journal;

/* The record that the index has applied last: it was synced before. */
struct dig_journal_hint {
	uint64_t offset;      /* of the record */
	const uint8_t *bytes; /* of the record */
	size_t len;
};

/*
 * Open `journal` in the .dig folder and read it: from the hint's checkpoint on
 * when there is a hint, else from the start. A damaged record is healed in
 * memory from journal.2 or the hint; on disk only by dig_journal_heal.
 * Errors: CORRUPT (names the record), IO.
 */
enum dig_status dig_journal_open(int dig_dirfd,
    const struct dig_journal_hint *hint, struct dig_journal **out,
    struct dig_error *err) DIG_CHECKED;
/* The same journal as it is now; the old one stays open. */
enum dig_status dig_journal_reopen(const struct dig_journal *journal,
    struct dig_journal **out, struct dig_error *err) DIG_CHECKED;
void dig_journal_close(struct dig_journal *journal);

/* The state after the last record, and that record. Borrowed. */
const struct dig_state *dig_journal_state(const struct dig_journal *journal);
const struct dig_journal_record *dig_journal_last(
    const struct dig_journal *journal);
const uint8_t *dig_journal_store_id(const struct dig_journal *journal);
uint32_t dig_journal_chunk_profile(const struct dig_journal *journal);
/* Bytes of the last record, borrowed. */
const struct dig_buf *dig_journal_last_bytes(const struct dig_journal *journal);
/* File identity and size are as they were when it was read. */
bool dig_journal_is_fresh(const struct dig_journal *journal);

/*
 * Under the lock, before anything is written: put healed bytes back, cut a
 * torn tail, bring journal.2 up to date, sync both.
 */
enum dig_status dig_journal_heal(
    struct dig_journal *journal, struct dig_error *err) DIG_CHECKED;

/*
 * Under the lock, before records that the index has not applied are replayed:
 * they were read from the page cache, and a sync that failed may have left
 * them there alone. Where neither the index nor the copy shows that they were
 * synced, a new file with the same bytes takes the place of the journal.
 */
enum dig_status dig_journal_settle(
    struct dig_journal *journal, struct dig_error *err) DIG_CHECKED;

/*
 * Encode the difference between the journal's state and `next` as a record
 * (and a checkpoint behind it when one is due). Nothing is written yet. *out
 * is the last of them, borrowed until the next call. op: the operation that
 * this one goes on with, or 0; where another one wrote in between it is a new
 * operation, so that the records of one are neighbours and numbers ascend.
 */
enum dig_status dig_journal_prepare(struct dig_journal *journal,
    const struct dig_state *next, uint64_t op, const char *verb,
    const struct dig_op_stats *stats, const struct dig_journal_record **out,
    struct dig_error *err) DIG_CHECKED;
/* The same for a checkpoint alone, by which packs may go: the journal says of
 * everything but packs what it said before. verb: for people, or NULL. */
enum dig_status dig_journal_prepare_whole(struct dig_journal *journal,
    const struct dig_state *next, const char *verb,
    const struct dig_journal_record **out, struct dig_error *err) DIG_CHECKED;
/* Bytes of the record that prepare gave, as the index stores them. */
const struct dig_buf *dig_journal_prepared_bytes(
    const struct dig_journal *journal);
/* Append what was prepared and sync: the commit point. A failure is final. */
enum dig_status dig_journal_append(
    struct dig_journal *journal, struct dig_error *err) DIG_CHECKED;
/* Append the same to journal.2; not synced until the next append. A failure
 * only delays the copy, so it is logged. */
void dig_journal_mirror(struct dig_journal *journal);
void dig_journal_unprepare(struct dig_journal *journal);
/*
 * After dig_journal_mirror: sync journal.2 and see that it has the last record.
 * Then both files say what it says, whatever happens. Errors: IO.
 */
enum dig_status dig_journal_sync_copy(
    struct dig_journal *journal, struct dig_error *err) DIG_CHECKED;

/* ---- Folding (journal_fold.c) ------------------------------------------- */

/* Where a fold cuts: operations from a record on stay, those before go. */
struct dig_journal_cut {
	uint64_t seq;    /* of the first record that stays; one more than the
			  * last's when none does */
	uint64_t kept;   /* operations that stay */
	uint64_t folded; /* and that go */
};

/*
 * The cut before the last `keep` operations, and before one that is still in
 * progress. Errors: CORRUPT, IO. Cost: the journal is read once.
 */
enum dig_status dig_journal_cut(struct dig_journal *journal, uint64_t keep,
    struct dig_journal_cut *out, struct dig_error *err) DIG_CHECKED;

/* A journal that says the same with fewer records; dig_journal_folded_clear. */
struct dig_journal_folded {
	struct dig_buf bytes;
	struct dig_journal_record last;
	uint64_t checkpoint_len; /* of the newest checkpoint in it */
};

void dig_journal_folded_clear(struct dig_journal_folded *folded);

/*
 * Make it: a checkpoint of the state before the cut, but with the packs of now,
 * then the records from the cut on, renumbered from the last of before, and a
 * checkpoint where one is due. What folded commits cost stays for those that
 * is_live names. Nothing is written.
 *
 * Errors: CORRUPT (the records do not lead to the state), IO.
 */
enum dig_status dig_journal_fold(struct dig_journal *journal,
    const struct dig_journal_cut *cut,
    bool (*is_live)(void *arg, const struct dig_oid *commit), void *arg,
    struct dig_journal_folded *out, struct dig_error *err) DIG_CHECKED;
/*
 * Under the lock: a new file in the place of `journal`, synced and renamed; the
 * journal goes on from it. Then the same for the copy, without which nothing
 * that only the old journal names may be deleted. Errors: IO.
 */
enum dig_status dig_journal_replace(struct dig_journal *journal,
    struct dig_journal_folded *folded, struct dig_error *err) DIG_CHECKED;
enum dig_status dig_journal_replace_copy(
    struct dig_journal *journal, struct dig_error *err) DIG_CHECKED;

/* Create journal and journal.2 in a new .dig: one checkpoint record. */
enum dig_status dig_journal_create(int dig_dirfd, const uint8_t store_id[32],
    uint32_t chunk_profile, const char *head_ref,
    struct dig_error *err) DIG_CHECKED;

/*
 * Visit records from the newest back to the oldest, or (oldest_first) the
 * other way; fn answers false to stop. Cost: the journal is read once.
 */
enum dig_status dig_journal_each(struct dig_journal *journal, bool oldest_first,
    bool (*fn)(void *arg, const struct dig_journal_record *rec), void *arg,
    struct dig_error *err) DIG_CHECKED;

/*
 * fsck: read both files whole from the start, verify every record and the
 * chain, compare them. Each finding is handed to fn as one line. A torn tail
 * is none: a power cut may leave one, the copy's last record is not synced
 * yet, and the next writer puts both right.
 */
enum dig_status dig_journal_verify(struct dig_journal *journal,
    void (*fn)(void *arg, const char *finding), void *arg,
    struct dig_error *err) DIG_CHECKED;

#endif
