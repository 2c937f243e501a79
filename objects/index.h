/* SPDX-License-Identifier: MIT
 *
 * DOOR: the index kept in step with the store, and the one commit protocol.
 *
 * index.db is derived from packs and journal. Opening brings it up to date or
 * makes it anew; a transaction writes packs, rows and a journal record so that
 * any other end than exit 0 leaves the state before or after:
 *
 *   put objects -> sync packs -> rows -> flush the database
 *     -> append and sync the journal record (the commit point)
 *     -> COMMIT -> second copy of the journal
 *
 * Invariants
 * X1  A transaction runs under the flock of .dig/lock.
 * X2  The database is never ahead of the journal.
 * X3  Rows are hints: trees, commits and refs are taken from verified records.
 */
#ifndef OBJECTS_INDEX_H
#define OBJECTS_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "objects/db/db.h"
#include "objects/repair.h"
#include "objects/store.h"
#include "objects/tree.h"

struct dig_stat; /* objects/base/io.h */
struct dig_index;

/* Long work (a rebuild) tells how far it is; may be NULL. */
typedef void dig_index_progress(void *arg, const char *what, uint64_t done);

struct dig_index_options {
	const char *dir; /* path of the .dig folder */
	int dirfd;       /* the same, open; stays the caller's */
	int timeout_ms;  /* how long to wait for the lock and the database */
	struct dig_write_options write;
	dig_index_progress *progress;
	void *progress_arg;
	bool packs_only; /* as if index.db could not be used: it is not opened,
			  * no lock is taken and nothing is written */
};

/*
 * Open store and index. A database that is behind is brought up to date, one
 * that is missing, damaged or of another schema goes to quarantine/ and is
 * made anew, both only if the lock is free and the place can be written;
 * otherwise the store alone is opened and dig_index_db is NULL.
 *
 * Errors: those of dig_store_open; INVALID for an index of a newer major
 * version.
 */
enum dig_status dig_index_open(const struct dig_index_options *options,
    struct dig_index **out, struct dig_error *err) DIG_CHECKED;
void dig_index_close(struct dig_index *index); /* rolls back */
/* Read the journal again if somebody wrote to it; what dig_index_reader gave
 * is gone. Outside a transaction. */
enum dig_status dig_index_refresh(
    struct dig_index *index, struct dig_error *err) DIG_CHECKED;
/* Wait so long for the lock and the database from now on; the time until now
 * is returned. 0: not at all. */
int dig_index_set_timeout(struct dig_index *index, int timeout_ms);

struct dig_store *dig_index_store(struct dig_index *index);
/* The .dig folder, as it was given. */
int dig_index_dirfd(const struct dig_index *index);
/* The newest committed state. Borrowed until the next commit or begin. */
const struct dig_state *dig_index_state(const struct dig_index *index);
/* The database, at the same state; NULL when it cannot be used here. */
struct dig_db *dig_index_db(struct dig_index *index);
/* The same, raising LOCKED or DENIED with the reason instead of NULL. */
enum dig_status dig_index_need_db(struct dig_index *index, struct dig_db **out,
    struct dig_error *err) DIG_CHECKED;
/* A reader for the calling thread's use, made at first need. */
struct dig_reader *dig_index_reader(struct dig_index *index);

/* ---- Writing ---------------------------------------------------------- */

/*
 * Take the lock, read everything afresh, heal, begin. On success the state to
 * edit is dig_index_next. Errors: LOCKED names who holds the lock.
 */
enum dig_status dig_index_begin(
    struct dig_index *index, struct dig_error *err) DIG_CHECKED;
/* Between a begin and its end; a failed commit ends it. */
bool dig_index_in_transaction(const struct dig_index *index);
/* The state that the commit will have; edit refs, head, staged root, op_state.
 * Packs are the store's business. */
struct dig_state *dig_index_next(struct dig_index *index);
/* A writer for the calling thread's use, made at first need. */
struct dig_writer *dig_index_writer(struct dig_index *index);

/* What a path is in the staging. */
struct dig_staged {
	bool exists;
	enum dig_entry_kind kind;
	uint64_t size_bytes;
	struct dig_oid content; /* the content id */
};

/* One path; out->exists false when it is not staged. */
enum dig_status dig_staged_get(struct dig_db *db, const void *path, size_t len,
    struct dig_staged *out, struct dig_error *err) DIG_CHECKED;

/*
 * Write the staging row of one path and its pending change against HEAD, as
 * part of moving the staged root. now: the new entry, or NULL: it is gone.
 * before: what the staging held, or NULL: look it up. stat: what a trusted
 * stat says (NULL: not trusted). Paths in ascending order are fastest.
 * A commit that moves the staged root must have made this call for every
 * difference, or set derive in dig_index_commit.
 */
enum dig_status dig_index_stage(struct dig_index *index,
    const struct dig_entry *now, const void *path, size_t path_len,
    const struct dig_staged *before, const struct dig_stat *stat,
    struct dig_error *err) DIG_CHECKED;
/* Only the stat of a path whose content and kind are unchanged; nothing where
 * what is staged is something else. */
enum dig_status dig_index_restat(struct dig_index *index, const void *path,
    size_t len, const struct dig_oid *content, const struct dig_stat *stat,
    struct dig_error *err) DIG_CHECKED;

struct dig_commit_options {
	const char *verb; /* for the journal: "commit: subject" */
	uint64_t op;      /* 0: a new operation; else the one it goes on with,
			   * as dig_journal_prepare has it */
	bool derive;      /* make staging rows from the trees' difference */
	bool keep_open;   /* begin the next transaction at once */
	const struct dig_op_stats *stats; /* what a commit cost, or NULL */
};

/*
 * Commit what was put and what dig_index_next says. The op number of the
 * record is in *op (may be NULL). After a failure the transaction is rolled
 * back and nothing happened, with one exception that is no failure: the
 * journal record is written and the database is not; then OK is returned and
 * dig_index_is_behind is true.
 */
enum dig_status dig_index_commit(struct dig_index *index,
    const struct dig_commit_options *options, uint64_t *op,
    struct dig_error *err) DIG_CHECKED;
/*
 * Commit what was put in the place of packs that the state names no longer, and
 * begin the next transaction. The record is a checkpoint and no operation;
 * nothing else of the state may have changed. Errors: as dig_index_commit.
 */
enum dig_status dig_index_swap(struct dig_index *index, const char *verb,
    const uint32_t *gone, size_t ngone, struct dig_error *err) DIG_CHECKED;
bool dig_index_is_behind(const struct dig_index *index);
void dig_index_rollback(struct dig_index *index); /* and release the lock */

/*
 * The commit that has this id in git: a hint, so the caller compares the
 * commit's own header. Errors: NOTFOUND, those of the database.
 */
enum dig_status dig_index_git_id(struct dig_index *index, const uint8_t *git_id,
    size_t len, struct dig_oid *out, struct dig_error *err) DIG_CHECKED;

/* Sums over the objects stored since the newest commit object, the coming
 * one's cost. Inside a transaction. */
enum dig_status dig_index_cost(struct dig_index *index,
    struct dig_op_stats *out, struct dig_error *err) DIG_CHECKED;

/*
 * Inside a transaction in which nothing was put: fold the journal at a cut, as
 * dig_journal_fold does, in both files. The transaction is begun again.
 * Errors: those of dig_journal_fold; after IO the journal may be folded and its
 * copy not, which the next begin evens out.
 */
enum dig_status dig_index_fold(struct dig_index *index,
    const struct dig_journal_cut *cut,
    bool (*is_live)(void *arg, const struct dig_oid *commit), void *arg,
    struct dig_error *err) DIG_CHECKED;

/*
 * Make index.db anew from packs and journal (fsck --rebuild-index, or after a
 * page of it proved to be damaged). What is open is rolled back; the old file
 * is moved to quarantine/.
 */
enum dig_status dig_index_rebuild(
    struct dig_index *index, struct dig_error *err) DIG_CHECKED;
/*
 * Write rows of cache tables, and nothing else: if the lock is free at once,
 * nobody reads the database just then, and it stands where the journal stands.
 * Otherwise *done is false: what was measured is forgotten. fn: inside the
 * transaction.
 *
 * Errors: those of fn, DB.
 */
enum dig_status dig_index_note(struct dig_index *index,
    enum dig_status (*fn)(void *arg, struct dig_db *db, struct dig_error *err),
    void *arg, bool *done, struct dig_error *err) DIG_CHECKED;
/*
 * dig_store_repair, under the lock unless it is a dry run. The journal is
 * healed first; what is open is rolled back, readers are gone.
 */
enum dig_status dig_index_repair(struct dig_index *index,
    const struct dig_repair_options *options,
    struct dig_error *err) DIG_CHECKED;

#endif
