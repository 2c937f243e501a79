/* SPDX-License-Identifier: MIT
 *
 * The inside of the store; for store*.c only.
 */
#ifndef OBJECTS_STORE_INTERNAL_H
#define OBJECTS_STORE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "objects/base/thread.h"
#include "objects/oidmap.h"
#include "objects/pack.h"
#include "objects/store.h"

/* A pack that is open for reading. */
struct dig_open_pack {
	uint32_t number;
	unsigned flags;
	int fd;
	uint64_t length;      /* committed */
	struct dig_run *runs; /* newest first; one when sealed */
	size_t nruns;
	size_t ntail; /* objects behind the newest run when it was loaded */
	atomic_bool damaged; /* in runs or tail: nothing is appended */
	atomic_uint_fast64_t last_read; /* end of the last large record */
	atomic_uint_fast64_t ahead;     /* the kernel was asked up to here */
};

/*
 * The parity of a pack that is being written: the .par file and the mirror of
 * the open group. The writing thread adds, the others only after drain().
 */
struct dig_parity_out {
	struct dig_store *store;
	uint32_t pack;
	struct dig_parity_shape shape; /* data 0: none for this pack */
	uint64_t group_at;             /* where the open group begins */
	uint64_t end;                  /* bytes of the pack that were added */
	uint64_t mirrored;             /* the mirror has [group_at, mirrored) */
	uint64_t length;               /* of the .par file */
	int fd;                        /* of the .par file, or -1 */
	bool dirty;                    /* it has to be synced */
	bool created;                  /* a file: the folder has to be synced */
	struct dig_parity_encoder *encoder;
	bool begun;    /* the encoder is at work on the open group */
	uint64_t from; /* what stood in the group when it was begun */
};

/*
 * The end of a pack that is being written. Appending copies records into a
 * buffer under `mutex`; full buffers go to one thread that writes them, so the
 * workers never wait for the disk unless all buffers are full.
 */
struct dig_pack_out {
	struct dig_store *store;
	bool bulk;
	bool open; /* a pack is open for appending */
	pthread_mutex_t mutex;
	uint32_t number;
	int fd;
	bool direct;         /* O_DIRECT is in force on fd */
	bool created;        /* by this transaction: its folder needs a sync */
	bool dirty;          /* something was appended since the last sync */
	uint64_t end;        /* where the next byte goes */
	uint64_t reserved;   /* preallocated up to here */
	uint64_t run_offset; /* of the last run record */
	struct dig_run_entry *entries; /* appended since the last run */
	size_t nentries;
	size_t entries_cap;
	uint64_t tail_from; /* what stood behind the last run before */
	uint64_t tail_to;
	size_t tail_count;
	struct dig_out_buffer *current;
	struct dig_queue free_buffers;
	struct dig_queue full_buffers;
	struct dig_queue written_buffers;
	struct dig_group threads; /* one writes, one computes parity */
	struct dig_parity_out parity;
	atomic_int failed; /* errno of the first failed write */
};

/* A mirror is named by its pack and its group. */
struct dig_mirror_name {
	uint32_t pack;
	uint64_t group;
};

struct dig_store {
	int dirfd;
	int packs_dirfd;
	struct dig_journal *journal;
	/* reading; filled at the first look-up */
	pthread_mutex_t mutex;
	bool loaded;
	struct dig_journal *newer; /* its packs are open, not the journal's */
	bool verified; /* runs that are not verified when they are opened */
	struct dig_open_pack *packs;
	size_t npacks;
	size_t packs_cap;
	struct dig_oidmap map;
	atomic_uint_fast64_t nhealed;     /* reads that parity put right */
	struct dig_location healed_first; /* under rows_mutex */
	/* writing */
	bool writing;
	struct dig_write_options options;
	uint32_t fresh_from; /* packs below it are not appended to */
	struct dig_pack_out normal;
	struct dig_pack_out bulk;
	atomic_uint next_pack;
	struct dig_pack_state *sealed; /* by this transaction */
	size_t nsealed;
	size_t sealed_cap;
	struct dig_mirror_name *stale; /* deleted when the journal says so */
	size_t nstale;
	size_t stale_cap;
	atomic_bool touched;   /* something was claimed since begin */
	atomic_size_t nclaims; /* claimed and not stored yet (S5) */
	pthread_mutex_t rows_mutex;
	struct dig_object_row *rows;
	size_t nrows;
	size_t rows_cap;
	atomic_uint_fast64_t new_chunks;
	atomic_uint_fast64_t raw_bytes;
	atomic_uint_fast64_t stored_bytes;
};

enum { DIG_LOCATIONS_MAX = 4 };

/* Forget what was opened; the next look-up opens it again. */
void dig_store_unload(struct dig_store *store);
/* Open packs, runs and tails, once. */
enum dig_status dig_store_load(
    struct dig_store *store, struct dig_error *err) DIG_CHECKED;
/*
 * Verify the runs that were too large for it when they were opened, once. What
 * a damaged one should list is found from the records themselves: a look-up
 * that failed before may be made again.
 */
enum dig_status dig_store_verify_runs(
    struct dig_store *store, struct dig_error *err) DIG_CHECKED;
/*
 * The state that names the packs which are open. While a reader opens them a gc
 * may take some away: then it is a newer one than dig_store_state, which stays
 * the reader's view of refs and all else.
 */
const struct dig_state *dig_store_packs(const struct dig_store *store);
/* The open pack of a number, or NULL. Valid while the store is loaded. */
struct dig_open_pack *dig_store_pack(struct dig_store *store, uint32_t number);
/* All known places of an object. Unplaced claims do not count. */
enum dig_status dig_store_locate(struct dig_store *store, enum dig_kind kind,
    const struct dig_oid *id, struct dig_location *out, size_t *found,
    struct dig_error *err) DIG_CHECKED;

/* Let readers look at what the transaction has put into normal packs. Not while
 * others put or read. */
enum dig_status dig_store_show(
    struct dig_store *store, struct dig_error *err) DIG_CHECKED;

/* May a record in pack `to` name a base in pack `base` by id? (S4) */
bool dig_store_is_lower(struct dig_store *store, uint32_t base, bool base_bulk,
    uint32_t to, bool to_bulk);

/* The header at a place, read from the file. */
enum dig_status dig_reader_header(struct dig_reader *reader,
    const struct dig_location *at, struct dig_record *out,
    struct dig_error *err) DIG_CHECKED;
/* The record as it stands in the file, its checksum verified and nothing
 * healed. *payload is borrowed until the reader is used again. */
enum dig_status dig_reader_stored(struct dig_reader *reader,
    const struct dig_location *at, struct dig_record *out,
    const uint8_t **payload, struct dig_error *err) DIG_CHECKED;
/* Where the base of a delta that stands at a place is (S4). */
enum dig_status dig_reader_base(struct dig_reader *reader,
    const struct dig_location *at, const struct dig_record *rec,
    struct dig_location *out, struct dig_error *err) DIG_CHECKED;
/* Which object stands at a slot of a solid, as its directory says. */
enum dig_status dig_reader_slot_id(struct dig_reader *reader,
    enum dig_kind kind, const struct dig_location *at, struct dig_oid *out,
    struct dig_error *err) DIG_CHECKED;
/* The decoded bytes at a place, not hashed. */
enum dig_status dig_reader_at(struct dig_reader *reader, enum dig_kind kind,
    const struct dig_location *at, struct dig_buf *out,
    struct dig_error *err) DIG_CHECKED;

/*
 * The object at a place as it can stand in another store: its record, checked
 * and if need be healed, with the base of a delta by its id, and the payload,
 * borrowed until the reader is used again. *alone false: it shares its record
 * with others, and nothing is given.
 */
enum dig_status dig_reader_portable(struct dig_reader *reader,
    enum dig_kind kind, const struct dig_location *at, struct dig_record *rec,
    const uint8_t **payload, bool *alone, struct dig_error *err) DIG_CHECKED;

/* ---- store_parity.c: what parity leaves beside a pack ------------------ */

/* "000001.par", "000001.0002.tail" */
void dig_parity_name(uint32_t pack, char out[24]);
void dig_mirror_name(uint32_t pack, uint64_t group, char out[40]);
/* Are the files there that more can be appended to? */
bool dig_parity_is_there(
    struct dig_store *store, const struct dig_pack_state *pack);
/*
 * Begin where the pack ends. pack: as it is committed; NULL: it is new and gets
 * `shape`. The .par file is made with the first group.
 */
void dig_parity_out_open(struct dig_parity_out *out, struct dig_store *store,
    uint32_t number, const struct dig_pack_state *pack,
    const struct dig_parity_shape *shape);
/*
 * Bytes that have just been written to the pack's end. A group that they
 * complete is encoded and written. Returns an errno value.
 */
int dig_parity_out_add(
    struct dig_parity_out *out, const uint8_t *data, size_t len);
/* The pack is sealed: its last group, however short. An errno value. */
int dig_parity_out_finish(struct dig_parity_out *out);
/* Mirror what is in the open group, sync all of it. An errno value. */
int dig_parity_out_sync(struct dig_parity_out *out);
void dig_parity_out_close(struct dig_parity_out *out);
/* The journal has what was synced: mirrors of complete groups go. */
void dig_parity_committed(struct dig_store *store);
/* Under the lock: delete files of parity that no pack has, cut what is past
 * the committed lengths. */
enum dig_status dig_parity_clean(
    struct dig_store *store, struct dig_error *err) DIG_CHECKED;

/* ---- store_out.c: the end of a pack ----------------------------------- */

void dig_pack_out_init(
    struct dig_pack_out *out, struct dig_store *store, bool bulk);
void dig_pack_out_clear(struct dig_pack_out *out);
/*
 * Append a record. rec->base_distance is set here when base is in the pack that
 * the record lands in. DIG_ECONFLICT: base is neither there nor lower; encode
 * again without it. items/nitems: the objects of a solid, else NULL.
 */
enum dig_status dig_pack_out_append(struct dig_pack_out *out,
    struct dig_record *rec, const void *payload,
    const struct dig_location *base, bool base_bulk,
    const struct dig_solid_item *items, size_t nitems,
    struct dig_location *where, struct dig_error *err) DIG_CHECKED;
/* Hand all to the file, unsynced; the pack's number and its end, 0 when none is
 * open. */
enum dig_status dig_pack_out_drain(struct dig_pack_out *out, uint32_t *number,
    uint64_t *end, struct dig_error *err) DIG_CHECKED;
/* Write all out, with a run when one is due; sync; report the pack's state. */
enum dig_status dig_pack_out_sync(struct dig_pack_out *out,
    struct dig_state *next, struct dig_error *err) DIG_CHECKED;

#endif
