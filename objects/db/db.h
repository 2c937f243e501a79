/* SPDX-License-Identifier: MIT
 *
 * DOOR of objects/db: the index, .dig/index.db. Everything that dig does with
 * SQLite goes through here; no other folder includes sqlite3.h, and SQL is
 * written in .sql files that the build turns into enum dig_sql.
 *
 * The index can be lost: packs and journal are the truth. So damage is never
 * repaired here. DIG_ECORRUPT from any function below means: close, move
 * index.db and index.db-journal together into quarantine/, rebuild.
 *
 * One handle serves one thread at a time and must not be carried over fork.
 */
#ifndef OBJECTS_DB_DB_H
#define OBJECTS_DB_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dig_sql.h"
#include "objects/base/buf.h"
#include "objects/base/error.h"
#include "objects/oid.h"

struct dig_db;
struct dig_stmt;

#define DIG_DB_FILE "index.db"
#define DIG_DB_JOURNAL "index.db-journal"
#define DIG_DB_APPLICATION 0x44696749 /* "DigI", application_id of the file */
/* user_version is 1000 * major + minor; v_schema says "major.minor". */
#define DIG_SCHEMA_MAJOR 1
#define DIG_SCHEMA_MINOR 3
#define DIG_DB_TIMEOUT_MS 5000

/* ---- open and close ---- */

enum dig_db_flag {
	DIG_DB_CREATE = 1,  /* make the file and its schema where missing */
	DIG_DB_READONLY = 2 /* never write, not even to roll a journal back */
};

/*
 * Open DIR/index.db, DIR being the .dig folder.
 *
 * dig_dir  not retained; links in its path are resolved, index.db itself
 *          must be a regular file
 * flags    enum dig_db_flag. 0 reads and writes an existing index and falls
 *          back to reading where writing is not permitted. With CREATE an
 *          empty file counts as missing; a new index has no position row.
 * out      caller owns, dig_db_close()
 *
 * Errors: NOTFOUND (no file, no CREATE); CORRUPT (checksum, not a database,
 * not dig's, another schema, a newer minor version, not in rollback mode);
 * INVALID (a newer major version, named: do not rebuild); DENIED (not
 * permitted, or a hot journal that may not be rolled back here: read packs
 * and journal without the index); LOCKED (busy past the timeout); DB.
 * A hot journal is rolled back here where that is permitted.
 *
 * Cost: about 0.3 ms; reads the pages of the schema only.
 * Source: DESIGN sections 2 and 6; sqlite.org/security.html.
 */
enum dig_status dig_db_open(const char *dig_dir, unsigned flags,
    struct dig_db **out, struct dig_error *err) DIG_CHECKED;
/* Accepts NULL; an open transaction is rolled back. */
void dig_db_close(struct dig_db *db);
/* The failure is damage of the index, which can be made anew; not damage of
 * packs or journal. */
bool dig_db_is_damage(const struct dig_error *err);
/* Opened for reading only, by flag or because writing is not permitted. */
bool dig_db_is_readonly(const struct dig_db *db);
/* How long to wait for another program's lock; the default is 5 s. */
void dig_db_set_timeout(struct dig_db *db, int timeout_ms);
/*
 * How much of unchanged pages is kept; the default is 16 MiB. A pass over
 * many rows does better with little: pages that are used again stay in the
 * processor's cache. Pages of a transaction are kept whatever this is.
 */
#define DIG_DB_CACHE_KIB 16384
void dig_db_set_cache(struct dig_db *db, int kib);
/*
 * Read every page in use and check SQLite's own structure (quick_check).
 * Errors: CORRUPT with the first finding. Cost: reads the whole file.
 */
enum dig_status dig_db_check(
    struct dig_db *db, struct dig_error *err) DIG_CHECKED;
/*
 * Make the v_* views as TEMP views of this connection, from the embedded
 * text; views stored in the file are never used by dig. Called before the
 * first statement that reads one; further calls cost nothing.
 */
enum dig_status dig_db_temp_views(
    struct dig_db *db, struct dig_error *err) DIG_CHECKED;
/* Run a schema script of objects/db/schema/, inside a transaction. */
enum dig_status dig_db_script(struct dig_db *db, enum dig_script script,
    struct dig_error *err) DIG_CHECKED;

/* ---- statements ---- */

/*
 * Take the statement `sql`, prepared at first use and kept. It is given back
 * by dig_stmt_done(); taking it twice at a time is a bug (asserted).
 *
 * Parameters are bound by index: 1 is the first word after `-- params:` in
 * the .sql file, and a test holds that line to the text. Bytes that are bound
 * are not copied: they must stay until the next row, run or done. A bind that
 * fails surfaces at the next dig_stmt_row or dig_stmt_run.
 *
 * Bulk: take once; for each row bind and dig_stmt_run; done once.
 */
enum dig_status dig_db_stmt(struct dig_db *db, enum dig_sql sql,
    struct dig_stmt **out, struct dig_error *err) DIG_CHECKED;
/* Reset, unbind and give back. Accepts NULL, cannot fail. */
void dig_stmt_done(struct dig_stmt *stmt);
/* Reset for another round of binding; what is bound stays bound. */
void dig_stmt_reset(struct dig_stmt *stmt);

/* Index of a parameter by name, ":path"; 0 if there is none. */
int dig_stmt_param(struct dig_stmt *stmt, const char *name);
void dig_stmt_bind_int(struct dig_stmt *stmt, int index, int64_t value);
/* len bytes of valid UTF-8; NULL binds NULL. */
void dig_stmt_bind_text(
    struct dig_stmt *stmt, int index, const char *text, size_t len);
/* data may be NULL when len is 0: an empty blob, not NULL. */
void dig_stmt_bind_blob(
    struct dig_stmt *stmt, int index, const void *data, size_t len);
void dig_stmt_bind_null(struct dig_stmt *stmt, int index);
/* NULL binds NULL. */
void dig_stmt_bind_oid(
    struct dig_stmt *stmt, int index, const struct dig_oid *id);
/*
 * A path and what views show of it, in two columns: the bytes at `index`, and
 * at index + 1 NULL when they are valid UTF-8, else their C-quoted text.
 */
void dig_stmt_bind_path(
    struct dig_stmt *stmt, int index, const void *path, size_t len);
/* Bytes as TEXT: themselves when valid UTF-8 without NUL, else C-quoted. */
void dig_stmt_bind_words(
    struct dig_stmt *stmt, int index, const void *data, size_t len);

/*
 * The next row: OK, or NOTFOUND when there is none (err untouched).
 * Errors: LOCKED, CORRUPT, EXISTS (a key that is there), INVALID (a CHECK),
 * DENIED, DB.
 */
enum dig_status dig_stmt_row(
    struct dig_stmt *stmt, struct dig_error *err) DIG_CHECKED;
/* Run to the end and reset: for statements that write. Errors as above. */
enum dig_status dig_stmt_run(
    struct dig_stmt *stmt, struct dig_error *err) DIG_CHECKED;

/* Columns of the current row, counted from 0. Rows are untrusted input. */
bool dig_stmt_is_null(struct dig_stmt *stmt, int col);
int64_t dig_stmt_int(struct dig_stmt *stmt, int col);
/* Bytes of a blob or text, borrowed until the next row, reset or done. */
const void *dig_stmt_blob(struct dig_stmt *stmt, int col, size_t *len);
/* The same, copied into out (reset first). */
void dig_stmt_copy(struct dig_stmt *stmt, int col, struct dig_buf *out);
/* CORRUPT unless the column is a blob of 32 bytes. */
enum dig_status dig_stmt_oid(struct dig_stmt *stmt, int col,
    struct dig_oid *out, struct dig_error *err) DIG_CHECKED;
/* Rows changed by the last dig_stmt_run. */
int64_t dig_db_changes(struct dig_db *db);

/* ---- transactions ----
 *
 *            begin            flush             commit
 *   (none) --------> (open) --------> (flushed) --------> (none)
 *      ^               |                  |
 *      '---- rollback -+------------------'
 *
 *  1. Nothing is written outside begin..commit; a commit hook refuses it.
 *  2. Until flush no byte of index.db changes: pages never spill by
 *     themselves. Readers go on reading the old state.
 *  3. flush takes EXCLUSIVE, syncs SQLite's journal and writes every page but
 *     the first. A reader in the way (LOCKED) or a full disk (DB) appears
 *     here, where rollback still takes everything back.
 *  4. After flush, commit writes page 1, syncs and truncates the journal. If
 *     it fails the caller's own journal record stands: the index is behind
 *     and will be replayed.
 */
enum dig_status dig_txn_begin(struct dig_db *db, struct dig_error *err)
    DIG_CHECKED; /* BEGIN IMMEDIATE; LOCKED past the timeout */
/* No statement may be in the middle of its rows (asserted). */
enum dig_status dig_txn_flush(
    struct dig_db *db, struct dig_error *err) DIG_CHECKED;
/* On failure the transaction is rolled back. */
enum dig_status dig_txn_commit(
    struct dig_db *db, struct dig_error *err) DIG_CHECKED;
/* Back to (none) from anywhere; cannot fail. Resets all statements. */
void dig_txn_rollback(struct dig_db *db);
/*
 * One snapshot for several reads. Holds SHARED from the first read on, which
 * keeps writers from committing: never held while output is written.
 */
enum dig_status dig_txn_read_begin(
    struct dig_db *db, struct dig_error *err) DIG_CHECKED;
void dig_txn_read_end(struct dig_db *db);

/* The library that runs: "3.40.1", 3040001. */
const char *dig_db_sqlite_version(void);
int dig_db_sqlite_number(void);

#endif
