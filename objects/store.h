/* SPDX-License-Identifier: MIT
 *
 * DOOR: the object store. Objects by (kind, id) in packs, and the journal that
 * says how much of each pack is committed. It needs no database.
 *
 * A store is shared by threads; a reader and a writer belong to one thread
 * each.
 *
 * Invariants
 * S1  A committed byte of a pack is never written again.
 * S2  Only one process writes: the caller of dig_store_begin holds the lock.
 * S3  An object is named by (kind, id) and is handed out only when its bytes
 *     hash to the id (tree and content nodes: their decoder checks that).
 * S4  A delta's base stands earlier in the same pack or in a lower one (every
 *     bulk pack counts as lower than every other), so chains cannot cycle.
 * S5  What a writer has claimed to store is stored before anything is
 *     committed: nothing that was skipped as a duplicate can be missing.
 * S6  The mirror of a group is deleted only behind a journal record that has
 *     the parity of the group.
 * S7  Parity is never computed over bytes that differ from their mirror, but
 *     over those that records say are right.
 */
#ifndef OBJECTS_STORE_H
#define OBJECTS_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "objects/codec.h"
#include "objects/journal.h"
#include "objects/node.h"
#include "objects/state.h"

struct dig_store;
struct dig_reader;
struct dig_writer;

/*
 * Open the store of a .dig folder. hint: what the index says about the journal,
 * or NULL. dig_dirfd stays the caller's and open for as long as the store.
 */
enum dig_status dig_store_open(int dig_dirfd,
    const struct dig_journal_hint *hint, struct dig_store **out,
    struct dig_error *err) DIG_CHECKED;
void dig_store_close(struct dig_store *store);

/* Borrowed until the next begin, commit or refresh. */
const struct dig_state *dig_store_state(const struct dig_store *store);
struct dig_journal *dig_store_journal(struct dig_store *store);
uint32_t dig_store_chunk_profile(const struct dig_store *store);

/* Read the journal again if somebody wrote to it. */
enum dig_status dig_store_refresh(
    struct dig_store *store, struct dig_error *err) DIG_CHECKED;

/* Where an object stands. */
struct dig_location {
	uint32_t pack;
	uint64_t offset;
	uint32_t slot; /* 1 + position in a solid record, else 0 */
};

/* Is it stored? Cost: one hash probe, and a filter probe for each run. */
enum dig_status dig_store_has(struct dig_store *store, enum dig_kind kind,
    const struct dig_oid *id, bool *out, struct dig_error *err) DIG_CHECKED;

/* A place where it stands, the first that readers would try. NOTFOUND. */
enum dig_status dig_store_place(struct dig_store *store, enum dig_kind kind,
    const struct dig_oid *id, struct dig_location *out,
    struct dig_error *err) DIG_CHECKED;

/* Ids of a kind with low <= id <= high, into out (at most max); for prefixes.
 */
enum dig_status dig_store_range(struct dig_store *store, enum dig_kind kind,
    const struct dig_oid *low, const struct dig_oid *high, struct dig_oid *out,
    size_t max, size_t *found, struct dig_error *err) DIG_CHECKED;

/* ---- Reading ---------------------------------------------------------- */

struct dig_reader *dig_reader_new(struct dig_store *store);
void dig_reader_free(struct dig_reader *reader);
/*
 * The bytes of an object into out (reset first). Chunk, commit, tag and state
 * are verified against the id. Errors: NOTFOUND, CORRUPT (names the pack and
 * offset; also when it is not found and a pack is missing or damaged), IO.
 * Cost: at most 45 frames of a chain, in practice one to three.
 */
enum dig_status dig_reader_get(struct dig_reader *reader, enum dig_kind kind,
    const struct dig_oid *id, struct dig_buf *out,
    struct dig_error *err) DIG_CHECKED;
/*
 * How many damaged records were rebuilt in memory for readers since the store
 * was opened, from parity or the mirror; *first (may be NULL): the place of the
 * first one. Nothing on the disk was changed.
 */
uint64_t dig_store_healed(struct dig_store *store, struct dig_location *first);
/* How many frames the reader has decoded so far, for tests. */
uint64_t dig_reader_frames(const struct dig_reader *reader);
/* The reader as the trees' way to nodes (put is NULL). */
struct dig_node_io dig_reader_io(struct dig_reader *reader);

/* ---- Writing ---------------------------------------------------------- */

struct dig_write_options {
	int level;           /* zstd level */
	bool verify;         /* decode every frame again before it is stored */
	uint64_t seal_bytes; /* a pack is sealed from here; 0: the default */
	struct dig_parity_shape shape; /* of new packs; data 0: no parity */
};

/*
 * Under the lock: read the journal afresh, heal it, cut what is past the
 * committed lengths, remove what no record names. Then writers may put.
 */
enum dig_status dig_store_begin(struct dig_store *store,
    const struct dig_write_options *options, struct dig_error *err) DIG_CHECKED;

/*
 * Under the lock, and after both files of the journal are known to be durable:
 * delete packs that the journal names no longer, with their parity. Readers of
 * this store have to be made anew. A file that stays is deleted next time.
 */
void dig_store_drop_unnamed(struct dig_store *store);

/* Under the lock: delete files in packs/ that are nobody's. Part of begin. */
enum dig_status dig_store_clean(
    struct dig_store *store, struct dig_error *err) DIG_CHECKED;

struct dig_writer *dig_writer_new(struct dig_store *store);
void dig_writer_free(struct dig_writer *writer);
/*
 * Store an object unless it is there. The caller has computed the id.
 *
 * base   an object of the same kind that resembles it, or NULL
 * bulk   large data: goes to a bulk pack, past the page cache
 *
 * Thread-safe between writers; an error is final for the transaction.
 */
enum dig_status dig_writer_put(struct dig_writer *writer, enum dig_kind kind,
    const struct dig_oid *id, const void *raw, size_t len,
    const struct dig_oid *base, bool bulk, struct dig_error *err) DIG_CHECKED;
/*
 * The same for an object that is there and cannot be read: it gets another
 * place, which readers find first. The caller puts each only once.
 */
enum dig_status dig_writer_put_again(struct dig_writer *writer,
    enum dig_kind kind, const struct dig_oid *id, const void *raw, size_t len,
    bool bulk, struct dig_error *err) DIG_CHECKED;
/* Chunks that are put while this is on can be got from the writer before the
 * transaction ends, as nodes always can: they are held in memory so long. */
void dig_writer_keep(struct dig_writer *writer, bool on);
struct dig_record; /* objects/pack.h */
/*
 * Store an object in the form that a record of elsewhere has: it is decoded
 * into raw (reset) and must hash to its id. Its base, by id, has to be in this
 * store already; for a writer that chains.
 *
 * as_is  take the payload of a delta over: the caller knows that the base was
 *        put so, too, and that the chain is not too deep. Else it is a hint.
 *
 * Errors: CORRUPT (it is not what its id says, or has no base), as for put.
 */
enum dig_status dig_writer_put_record(struct dig_writer *writer,
    const struct dig_record *rec, const void *payload, bool as_is,
    struct dig_buf *raw, struct dig_error *err) DIG_CHECKED;
/* Store what this writer still holds back to share a frame. */
enum dig_status dig_writer_flush(
    struct dig_writer *writer, struct dig_error *err) DIG_CHECKED;
/*
 * From now on what this transaction has stored serves as base, too, for a
 * history in which one version follows on another. Nobody else may put while
 * such a writer puts. Cost: what is buffered goes to the file whenever a base
 * is still in memory.
 */
void dig_writer_chain(struct dig_writer *writer);
/* The writer as the trees' way to nodes: get sees what was put. */
struct dig_node_io dig_writer_io(struct dig_writer *writer);

/* One object that the transaction stored, for the index. */
struct dig_object_row {
	struct dig_location at;
	enum dig_kind kind;
	enum dig_codec codec;
	uint64_t raw_bytes;
	uint64_t stored_bytes; /* its share, when it stands in a solid */
	struct dig_oid id;
	struct dig_oid base; /* zero: none, or by distance */
};

/*
 * After all writers are flushed: write everything out, sync packs and folder,
 * and bring next->packs up to date. From here to dig_store_commit nothing may
 * be put. rows and nrows: what was stored, borrowed until commit or abort.
 */
enum dig_status dig_store_sync(struct dig_store *store, struct dig_state *next,
    const struct dig_object_row **rows, size_t *nrows,
    struct dig_error *err) DIG_CHECKED;
/* What was stored since begin or the last commit. */
struct dig_op_stats dig_store_stats(const struct dig_store *store);
/* The journal has `next` now: forget that anything is uncommitted. More puts
 * may follow, up to dig_store_end. */
void dig_store_committed(struct dig_store *store);
/* Leave the writing state; what was not committed is forgotten and cut by the
 * next dig_store_begin. */
void dig_store_end(struct dig_store *store);

/*
 * Every object that a committed pack holds in [from, to) (to 0: up to its
 * committed length), as rows for the index. fn may stop with a status. whole:
 * damage that cannot be healed is CORRUPT; else what is damaged is left out.
 */
typedef enum dig_status dig_row_fn(
    void *arg, const struct dig_object_row *row, struct dig_error *err);
enum dig_status dig_store_each_row(struct dig_store *store, uint32_t pack,
    uint64_t from, uint64_t to, bool whole, dig_row_fn *fn, void *arg,
    struct dig_error *err) DIG_CHECKED;

#endif
