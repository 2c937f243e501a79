/* SPDX-License-Identifier: MIT
 *
 * Opening the index beside the store, and the commit protocol. How a state
 * becomes rows is in index_apply.c.
 */
#include "objects/index.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "objects/base/io.h"
#include "objects/index_internal.h"

#define LOCK_NAME "lock"
/* A writer between its commit point and its COMMIT is gone this soon. */
#define SETTLE_TRIES 40
#define SETTLE_NAP_NS 5000000

/* ---- Reading the position --------------------------------------------- */

/* What the database says of the journal. NOTFOUND: it has no position. */
static enum dig_status
read_position(struct dig_index *index, struct dig_error *err)
{
	struct dig_position *pos = &index->position;
	struct dig_stmt *stmt = NULL;
	const void *bytes;
	enum dig_status st;
	size_t len;

	pos->known = false;
	st = dig_db_stmt(index->db, DIG_SQL_POSITION_GET, &stmt, err);
	if (st != DIG_OK)
		return st;
	st = dig_stmt_row(stmt, err);
	if (st != DIG_OK)
		goto out;
	pos->seq = (uint64_t)dig_stmt_int(stmt, 0);
	pos->end = (uint64_t)dig_stmt_int(stmt, 1);
	st = dig_stmt_oid(stmt, 2, &pos->hash, err);
	if (st == DIG_OK)
		st = dig_stmt_oid(stmt, 4, &pos->store_id, err);
	if (st == DIG_OK)
		st = dig_stmt_oid(stmt, 5, &pos->staged_root, err);
	if (st != DIG_OK)
		goto out;
	dig_stmt_copy(stmt, 3, &pos->record);
	bytes = dig_stmt_blob(stmt, 6, &len);
	free(pos->head_ref);
	pos->head_ref =
	    dig_stmt_is_null(stmt, 6) ? NULL : dig_memdup0(bytes, len);
	pos->has_head = !dig_stmt_is_null(stmt, 7);
	if (pos->has_head)
		st = dig_stmt_oid(stmt, 7, &pos->head_id, err);
	pos->next_seq = dig_stmt_int(stmt, 9);
	pos->op_state = dig_oid_zero;
	if (st == DIG_OK && !dig_stmt_is_null(stmt, 8))
		st = dig_stmt_oid(stmt, 8, &pos->op_state, err);
	if (st == DIG_OK && (pos->next_seq < 1 || pos->record.len > pos->end))
		st = dig_raise(err, DIG_ECORRUPT, "the index's position");
	pos->known = st == DIG_OK;
out:
	dig_stmt_done(stmt);
	return st;
}

/* The database stands where the journal stands. */
static bool
is_current(const struct dig_index *index)
{
	const struct dig_journal_record *last =
	    dig_journal_last(dig_store_journal(index->store));

	return index->db != NULL && index->position.known &&
	       index->position.seq == last->seq &&
	       dig_oid_eq(&index->position.hash, &last->hash);
}

static bool
same_store(const struct dig_index *index)
{
	return memcmp(index->position.store_id.bytes,
		   dig_journal_store_id(dig_store_journal(index->store)),
		   DIG_HASH_SIZE) == 0;
}

/* ---- The lock --------------------------------------------------------- */

static enum dig_status
take_lock(struct dig_index *index, int timeout_ms, struct dig_error *err)
{
	enum dig_status st;
	char text[96] = "";
	int fd;
	int rc;

	fd = dig_open_at(
	    index->dirfd, LOCK_NAME, DIG_OPEN_WRITE | DIG_OPEN_CREATE);
	if (fd == -EROFS || fd == -EACCES || fd == -EPERM)
		return dig_raise_os(
		    err, DIG_EIO, -fd, "the repository cannot be written");
	if (fd < 0)
		return dig_raise_os(err, DIG_EIO, -fd, "opening .dig/lock");
	rc = dig_lock_exclusive(fd, timeout_ms);
	if (rc == 0) {
		/* For people and messages only: the flock is the lock. */
		snprintf(text, sizeof(text), "%ld\n", (long)getpid());
		if (dig_truncate(fd, 0) == 0)
			(void)!dig_pwrite_full(fd, text, strlen(text), 0);
		index->lock_fd = fd;
		return DIG_OK;
	}
	if (rc == EWOULDBLOCK) {
		int64_t n = dig_pread_full(fd, text, sizeof(text) - 1, 0);

		text[n > 0 ? n : 0] = '\0';
		text[strcspn(text, "\n")] = '\0';
		st = dig_interrupted()
			 ? dig_raise(err, DIG_ECANCELLED, "interrupted")
			 : dig_raise(err, DIG_ELOCKED,
			       "the repository is locked by process %s",
			       text[0] ? text : "?");
		dig_hint(err,
		    "another dig is writing; run this again when it "
		    "is done (core.busyTimeout says how long to wait)");
	} else {
		st = dig_raise_os(err, DIG_EIO, rc, "locking .dig/lock");
	}
	dig_close(fd);
	return st;
}

static void
release_lock(struct dig_index *index)
{
	dig_close(index->lock_fd);
	index->lock_fd = -1;
}

/* ---- Making the database good ----------------------------------------- */

static void
close_db(struct dig_index *index)
{
	dig_db_close(index->db);
	index->db = NULL;
	index->position.known = false;
}

/* Move the database aside. Under the lock. */
static enum dig_status
quarantine(struct dig_index *index, struct dig_error *err)
{
	static const char *const names[] = { DIG_DB_FILE, DIG_DB_JOURNAL };
	struct dig_stat sb;
	char to[64];
	int dir;
	int rc;

	close_db(index);
	rc = dig_mkdir_at(index->dirfd, "quarantine", 0700);
	dir = dig_open_at(index->dirfd, "quarantine", DIG_OPEN_DIRECTORY);
	if (dir < 0)
		return dig_raise_os(
		    err, DIG_EIO, -dir, "opening .dig/quarantine");
	rc = 0;
	for (size_t i = 0; i < 2 && rc == 0; i++) {
		if (dig_stat_at(index->dirfd, names[i], &sb) != 0)
			continue;
		snprintf(to, sizeof(to), "%s.%llx", names[i],
		    (unsigned long long)dig_now_ns());
		rc = dig_rename_at(index->dirfd, names[i], dir, to);
	}
	dig_close(dir);
	if (rc != 0)
		return dig_raise_os(
		    err, DIG_EIO, rc, "moving the index to quarantine");
	return DIG_OK;
}

static enum dig_status
open_db(struct dig_index *index, unsigned flags, struct dig_error *err)
{
	enum dig_status st;

	st = dig_db_open(index->dir, flags, &index->db, err);
	if (st != DIG_OK)
		return st;
	dig_db_set_timeout(index->db, index->timeout_ms);
	st = read_position(index, err);
	if (st == DIG_ENOTFOUND)
		st = DIG_OK; /* new: behind by everything */
	if (st != DIG_OK)
		close_db(index);
	return st;
}

/*
 * One transaction that brings the rows to the journal's state. Under the lock,
 * with the store read afresh.
 */
static enum dig_status
catch_up(struct dig_index *index, struct dig_error *err)
{
	struct dig_journal *journal = dig_store_journal(index->store);
	enum dig_status st;

	st = dig_journal_settle(journal, err);
	if (st == DIG_OK)
		st = dig_txn_begin(index->db, err);
	if (st == DIG_OK)
		st = dig_index_replay(index, err);
	if (st == DIG_OK)
		st = dig_index_put_position(index, dig_journal_last(journal),
		    dig_journal_last_bytes(journal),
		    dig_store_state(index->store), err);
	if (st == DIG_OK)
		st = dig_txn_flush(index->db, err);
	if (st == DIG_OK)
		st = dig_txn_commit(index->db, err);
	if (st != DIG_OK) {
		dig_txn_rollback(index->db);
		return st;
	}
	return read_position(index, err);
}

/* Under the lock: whatever the database is, afterwards it is current. */
static enum dig_status
make_current(struct dig_index *index, struct dig_error *err)
{
	enum dig_status st = DIG_OK;
	bool fresh = false;

	for (int tries = 0; tries < 2; tries++) {
		if (index->db == NULL)
			st = open_db(index, DIG_DB_CREATE, err);
		if (st == DIG_OK && index->position.known && !same_store(index))
			st = dig_raise(err, DIG_ECORRUPT,
			    "the index belongs to another repository");
		if (st == DIG_OK && is_current(index))
			return DIG_OK;
		if (st == DIG_OK) {
			fresh = !index->position.known;
			st = catch_up(index, err);
		}
		/* A rebuild from nothing that meets damage met it in the
		 * packs; an old database may have it in itself. */
		if (st != DIG_ECORRUPT || fresh)
			return st;
		dig_log("rebuilding the index: %s", err->msg);
		st = quarantine(index, err);
		if (st != DIG_OK)
			return st;
	}
	return st;
}

static void
remember_why(struct dig_index *index, const struct dig_error *err)
{
	index->why = *err;
}

/*
 * After the store is open: the database is current, or can be made so, or
 * stays out of use with the reason kept.
 */
static enum dig_status
settle(struct dig_index *index, struct dig_error *err)
{
	const struct timespec nap = { 0, SETTLE_NAP_NS };
	enum dig_status st;

	for (int tries = 0; tries < SETTLE_TRIES; tries++) {
		if (index->db != NULL && same_store(index) && is_current(index))
			return DIG_OK;
		st = take_lock(index, 0, err);
		if (st == DIG_OK) {
			st = dig_store_refresh(index->store, err);
			if (st == DIG_OK)
				st = dig_journal_heal(
				    dig_store_journal(index->store), err);
			if (st == DIG_OK && index->db != NULL)
				st = read_position(index, err);
			if (st == DIG_OK || st == DIG_ENOTFOUND ||
			    st == DIG_ECORRUPT) {
				if (st == DIG_ECORRUPT)
					close_db(index);
				st = make_current(index, err);
			}
			release_lock(index);
			if (st == DIG_OK)
				return DIG_OK;
			break;
		}
		if (st != DIG_ELOCKED)
			break;
		/* A writer is at work. Between its commit point and its COMMIT
		 * the database lags for a moment; see whether that passes. */
		nanosleep(&nap, NULL);
		if (index->db == NULL)
			continue;
		st = dig_store_refresh(index->store, err);
		if (st == DIG_OK)
			st = read_position(index, err);
		if (st != DIG_OK)
			break;
	}
	if (st == DIG_EINVALID || st == DIG_ECANCELLED)
		return st;
	remember_why(index, err);
	close_db(index);
	return DIG_OK;
}

/* ---- Opening ---------------------------------------------------------- */

enum dig_status
dig_index_open(const struct dig_index_options *options, struct dig_index **out,
    struct dig_error *err)
{
	struct dig_index *index = dig_calloc(1, sizeof(*index));
	struct dig_journal_hint hint;
	enum dig_status st;

	index->dirfd = options->dirfd;
	index->dir = dig_strdup(options->dir);
	index->timeout_ms = options->timeout_ms;
	index->write = options->write;
	index->progress = options->progress;
	index->progress_arg = options->progress_arg;
	index->lock_fd = -1;
	if (options->packs_only) {
		st = dig_store_open(index->dirfd, NULL, &index->store, err);
		goto out;
	}
	st = open_db(index, 0, err);
	if (st == DIG_EINVALID)
		goto out;
	if (st != DIG_OK)
		remember_why(index, err);
	hint.offset = index->position.end - index->position.record.len;
	hint.bytes = index->position.record.data;
	hint.len = index->position.record.len;
	st = dig_store_open(index->dirfd, index->position.known ? &hint : NULL,
	    &index->store, err);
	if (st == DIG_ECORRUPT && index->position.known) {
		/* Perhaps it is the database that is of another place. */
		struct dig_error first = *err;

		if (dig_store_open(index->dirfd, NULL, &index->store, err) !=
			DIG_OK ||
		    same_store(index)) {
			*err = first;
			goto out;
		}
		st = DIG_OK;
	}
	if (st == DIG_OK)
		st = settle(index, err);
out:
	if (st == DIG_OK)
		*out = index;
	else
		dig_index_close(index);
	return st;
}

enum dig_status
dig_index_refresh(struct dig_index *index, struct dig_error *err)
{
	assert(!index->in_txn);
	/* It looks at the packs that were. */
	dig_reader_free(index->reader);
	index->reader = NULL;
	return dig_store_refresh(index->store, err);
}

void
dig_index_close(struct dig_index *index)
{
	if (index == NULL)
		return;
	dig_index_rollback(index);
	dig_reader_free(index->reader);
	dig_db_close(index->db);
	dig_store_close(index->store);
	dig_buf_clear(&index->position.record);
	free(index->position.head_ref);
	free(index->added);
	free(index->dir);
	free(index);
}

int
dig_index_set_timeout(struct dig_index *index, int timeout_ms)
{
	int before = index->timeout_ms;

	index->timeout_ms = timeout_ms;
	if (index->db != NULL)
		dig_db_set_timeout(index->db, timeout_ms);
	return before;
}

struct dig_store *
dig_index_store(struct dig_index *index)
{
	return index->store;
}

int
dig_index_dirfd(const struct dig_index *index)
{
	return index->dirfd;
}

const struct dig_state *
dig_index_state(const struct dig_index *index)
{
	return dig_store_state(index->store);
}

struct dig_db *
dig_index_db(struct dig_index *index)
{
	return index->db;
}

enum dig_status
dig_index_need_db(
    struct dig_index *index, struct dig_db **out, struct dig_error *err)
{
	if (index->db != NULL) {
		*out = index->db;
		return DIG_OK;
	}
	*err = index->why;
	if (err->status == DIG_OK || err->status == DIG_ENOTFOUND)
		return dig_raise(
		    err, DIG_EDB, "the index is not there and cannot be made");
	dig_wrap(err, "the index cannot be used");
	return err->status;
}

struct dig_reader *
dig_index_reader(struct dig_index *index)
{
	if (index->reader == NULL)
		index->reader = dig_reader_new(index->store);
	return index->reader;
}

/* ---- Transactions ----------------------------------------------------- */

static enum dig_status
begin_rows(struct dig_index *index, struct dig_error *err)
{
	enum dig_status st = dig_txn_begin(index->db, err);

	if (st != DIG_OK)
		return st;
	dig_state_copy(dig_store_state(index->store), &index->next);
	index->in_txn = true;
	return dig_index_count_pending(index, err);
}

enum dig_status
dig_index_begin(struct dig_index *index, struct dig_error *err)
{
	enum dig_status st;

	assert(!index->in_txn && index->lock_fd < 0);
	st = take_lock(index, index->timeout_ms, err);
	if (st != DIG_OK)
		return st;
	/* The journal may have moved: a reader made before looks at old packs.
	 */
	dig_reader_free(index->reader);
	index->reader = NULL;
	st = dig_store_begin(index->store, &index->write, err);
	if (st == DIG_OK && index->db != NULL) {
		st = read_position(index, err);
		if (st == DIG_ENOTFOUND || st == DIG_ECORRUPT) {
			close_db(index);
			st = DIG_OK;
		}
	}
	if (st == DIG_OK)
		st = make_current(index, err);
	if (st == DIG_OK)
		st = begin_rows(index, err);
	if (st != DIG_OK)
		dig_index_rollback(index);
	return st;
}

bool
dig_index_in_transaction(const struct dig_index *index)
{
	return index->in_txn;
}

struct dig_state *
dig_index_next(struct dig_index *index)
{
	assert(index->in_txn);
	return &index->next;
}

struct dig_writer *
dig_index_writer(struct dig_index *index)
{
	assert(index->in_txn);
	if (index->writer == NULL)
		index->writer = dig_writer_new(index->store);
	return index->writer;
}

void
dig_index_rollback(struct dig_index *index)
{
	dig_writer_free(index->writer);
	index->writer = NULL;
	if (index->in_txn) {
		if (index->db != NULL)
			dig_txn_rollback(index->db);
		dig_state_clear(&index->next);
		index->in_txn = false;
	}
	if (index->lock_fd >= 0) {
		/* Readers of this process may be looking at packs that end()
		 * closes. */
		dig_reader_free(index->reader);
		index->reader = NULL;
		if (index->store != NULL) {
			dig_journal_unprepare(dig_store_journal(index->store));
			dig_store_end(index->store);
		}
		release_lock(index);
	}
}

/* Packs that the state shall name no longer. */
struct gone {
	const uint32_t *packs;
	size_t n; /* 0: an operation; else nothing but packs changes */
};

/* Rows of the transaction, then everything that follows from the states. */
static enum dig_status
write_rows(struct dig_index *index, const struct dig_commit_options *options,
    const struct gone *gone, struct dig_error *err)
{
	const struct dig_object_row *rows;
	enum dig_status st = DIG_OK;
	size_t nrows;

	if (index->writer != NULL)
		st = dig_writer_flush(index->writer, err);
	if (st == DIG_OK)
		st = dig_store_sync(
		    index->store, &index->next, &rows, &nrows, err);
	for (size_t i = 0; i < gone->n; i++)
		dig_state_drop_pack(&index->next, gone->packs[i]);
	if (st == DIG_OK && gone->n > 0)
		st = dig_index_swap_objects(
		    index, rows, nrows, gone->packs, gone->n, err);
	else if (st == DIG_OK)
		st = dig_index_put_objects(index, rows, nrows, err);
	if (st == DIG_OK)
		st = dig_index_apply(index, dig_store_state(index->store),
		    &index->next, options->derive, options->stats, err);
	return st;
}

/* Nothing durable changed: measurements are the database's alone. */
static enum dig_status
commit_rows_only(struct dig_index *index,
    const struct dig_commit_options *options, struct dig_error *err)
{
	enum dig_status st = dig_txn_flush(index->db, err);

	if (st == DIG_OK)
		st = dig_txn_commit(index->db, err);
	dig_state_clear(&index->next);
	index->in_txn = false;
	if (st == DIG_OK && options->keep_open)
		st = begin_rows(index, err);
	if (st != DIG_OK || !options->keep_open)
		dig_index_rollback(index);
	return st;
}

/* Past the commit point: what fails now is made good by the next command. */
static void
fall_behind(struct dig_index *index, const struct dig_error *err)
{
	dig_log("the index is behind: %s", err->msg);
	remember_why(index, err);
	close_db(index);
	index->behind = true;
}

static enum dig_status
commit(struct dig_index *index, const struct dig_commit_options *options,
    const struct gone *gone, uint64_t *op, struct dig_error *err)
{
	struct dig_journal *journal = dig_store_journal(index->store);
	const struct dig_journal_record *record;
	enum dig_status st;

	assert(index->in_txn);
	st = write_rows(index, options, gone, err);
	if (st == DIG_OK &&
	    dig_state_same(dig_store_state(index->store), &index->next))
		return commit_rows_only(index, options, err);
	if (st == DIG_OK && gone->n > 0)
		st = dig_journal_prepare_whole(
		    journal, &index->next, options->verb, &record, err);
	else if (st == DIG_OK)
		st = dig_journal_prepare(journal, &index->next, options->op,
		    options->verb, options->stats, &record, err);
	if (st == DIG_OK)
		st = dig_index_put_position(index, record,
		    dig_journal_prepared_bytes(journal), &index->next, err);
	if (st == DIG_OK)
		st = dig_txn_flush(index->db, err);
	if (st == DIG_OK)
		st = dig_journal_append(journal, err); /* the commit point */
	if (st != DIG_OK) {
		dig_index_rollback(index);
		return st;
	}
	if (op != NULL)
		*op = dig_journal_last(journal)->op;
	if (dig_txn_commit(index->db, err) != DIG_OK)
		fall_behind(index, err);
	dig_journal_mirror(journal);
	dig_store_committed(index->store);
	dig_state_clear(&index->next);
	index->in_txn = false;
	if (index->db != NULL && read_position(index, err) != DIG_OK)
		fall_behind(index, err);
	if (!options->keep_open) {
		dig_index_rollback(index); /* nothing is open: end, unlock */
		return DIG_OK;
	}
	if (index->db == NULL)
		st = make_current(index, err);
	if (st == DIG_OK)
		st = begin_rows(index, err);
	if (st != DIG_OK)
		dig_index_rollback(index);
	return st;
}

enum dig_status
dig_index_commit(struct dig_index *index,
    const struct dig_commit_options *options, uint64_t *op,
    struct dig_error *err)
{
	struct gone none = { NULL, 0 };

	return commit(index, options, &none, op, err);
}

enum dig_status
dig_index_swap(struct dig_index *index, const char *verb, const uint32_t *gone,
    size_t ngone, struct dig_error *err)
{
	struct dig_commit_options options = { .verb = verb, .keep_open = true };
	struct gone packs = { gone, ngone };

	return commit(index, &options, &packs, NULL, err);
}

/*
 * As in dig_index_commit; the commit point is the rename of the new journal.
 */
enum dig_status
dig_index_fold(struct dig_index *index, const struct dig_journal_cut *cut,
    bool (*is_live)(void *arg, const struct dig_oid *commit), void *arg,
    struct dig_error *err)
{
	struct dig_journal *journal = dig_store_journal(index->store);
	struct dig_journal_folded folded = { DIG_BUF_INIT, { 0 }, 0 };
	struct dig_buf last = DIG_BUF_INIT;
	enum dig_status st;

	assert(index->in_txn);
	st = dig_journal_fold(journal, cut, is_live, arg, &folded, err);
	if (st == DIG_OK) {
		dig_buf_put(&last, folded.bytes.data + folded.last.offset,
		    (size_t)folded.last.length);
		st = dig_index_put_position(
		    index, &folded.last, &last, &index->next, err);
	}
	if (st == DIG_OK)
		st = dig_txn_flush(index->db, err);
	if (st == DIG_OK)
		st = dig_journal_replace(journal, &folded, err);
	dig_journal_folded_clear(&folded);
	dig_buf_clear(&last);
	if (st == DIG_OK) {
		if (dig_txn_commit(index->db, err) != DIG_OK)
			fall_behind(index, err);
		dig_state_clear(&index->next);
		index->in_txn = false;
		st = dig_journal_replace_copy(journal, err);
	}
	if (st == DIG_OK && index->db != NULL &&
	    read_position(index, err) != DIG_OK)
		fall_behind(index, err);
	if (st == DIG_OK && index->db == NULL)
		st = make_current(index, err);
	if (st == DIG_OK)
		st = begin_rows(index, err);
	if (st != DIG_OK)
		dig_index_rollback(index);
	return st;
}

bool
dig_index_is_behind(const struct dig_index *index)
{
	return index->behind;
}

enum dig_status
dig_index_rebuild(struct dig_index *index, struct dig_error *err)
{
	enum dig_status st;

	dig_index_rollback(index);
	st = take_lock(index, index->timeout_ms, err);
	if (st != DIG_OK)
		return st;
	st = dig_store_refresh(index->store, err);
	if (st == DIG_OK)
		st = dig_journal_heal(dig_store_journal(index->store), err);
	if (st == DIG_OK)
		st = quarantine(index, err);
	if (st == DIG_OK)
		st = make_current(index, err);
	release_lock(index);
	return st;
}

enum dig_status
dig_index_note(struct dig_index *index,
    enum dig_status (*fn)(void *arg, struct dig_db *db, struct dig_error *err),
    void *arg, bool *done, struct dig_error *err)
{
	enum dig_status st;

	*done = false;
	assert(!index->in_txn);
	if (index->db == NULL || dig_db_is_readonly(index->db) ||
	    take_lock(index, 0, err) != DIG_OK)
		return DIG_OK;
	st = read_position(index, err);
	if (st == DIG_OK && is_current(index) &&
	    dig_journal_is_fresh(dig_store_journal(index->store))) {
		st = dig_txn_begin(index->db, err);
		if (st == DIG_OK)
			st = fn(arg, index->db, err);
		if (st == DIG_OK)
			st = dig_txn_flush(index->db, err);
		if (st == DIG_OK)
			st = dig_txn_commit(index->db, err);
		*done = st == DIG_OK;
		if (st != DIG_OK)
			dig_txn_rollback(index->db);
	}
	release_lock(index);
	return st == DIG_ELOCKED || st == DIG_ENOTFOUND ? DIG_OK : st;
}

enum dig_status
dig_index_repair(struct dig_index *index,
    const struct dig_repair_options *options, struct dig_error *err)
{
	struct dig_store *store = index->store;
	enum dig_status st;

	dig_index_rollback(index);
	if (options->dry_run)
		return dig_store_repair(store, options, err);
	st = take_lock(index, index->timeout_ms, err);
	if (st != DIG_OK)
		return st;
	dig_reader_free(index->reader);
	index->reader = NULL;
	st = dig_store_refresh(store, err);
	if (st == DIG_OK)
		st = dig_journal_heal(dig_store_journal(store), err);
	if (st == DIG_OK)
		st = dig_store_clean(store, err);
	if (st == DIG_OK)
		st = dig_store_repair(store, options, err);
	release_lock(index);
	return st;
}
