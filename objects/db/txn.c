/* SPDX-License-Identifier: MIT
 *
 * Transactions; db.h has their states and numbered invariants.
 */
#include "objects/db/db_internal.h"

#include <assert.h>

enum dig_status
dig_txn_begin(struct dig_db *db, struct dig_error *err)
{
	assert(sqlite3_get_autocommit(db->raw)); /* transactions do not nest */
	return dig_db_exec(db, "BEGIN IMMEDIATE", "beginning a change", err);
}

/* A page that a statement stands on is skipped by the flush. */
static bool
has_open_statement(struct dig_db *db)
{
	sqlite3_stmt *raw = NULL;

	while ((raw = sqlite3_next_stmt(db->raw, raw)) != NULL)
		if (sqlite3_stmt_busy(raw))
			return true;
	return false;
}

enum dig_status
dig_txn_flush(struct dig_db *db, struct dig_error *err)
{
	int rc;

	/* After a full disk SQLite may have rolled back by itself. */
	if (sqlite3_get_autocommit(db->raw))
		return dig_raise(err, DIG_EDB,
		    "the index: writing pages: the change was rolled back");
	assert(!has_open_statement(db));
	rc = sqlite3_db_cacheflush(db->raw);
	if (rc != SQLITE_OK)
		return dig_db_raise(db, rc, "writing pages", err);
	return DIG_OK;
}

enum dig_status
dig_txn_commit(struct dig_db *db, struct dig_error *err)
{
	enum dig_status st;

	if (sqlite3_get_autocommit(db->raw))
		return dig_raise(err, DIG_EDB,
		    "the index: ending a change: it was rolled back");
	db->may_commit = true;
	st = dig_db_exec(db, "COMMIT", "ending a change", err);
	db->may_commit = false;
	if (st != DIG_OK)
		dig_txn_rollback(db);
	else
		db->views_pending = false;
	return st;
}

void
dig_txn_rollback(struct dig_db *db)
{
	struct dig_error ignored = DIG_ERROR_INIT;

	for (size_t i = 0; i < DIG_SQL_COUNT; i++)
		if (db->stmts[i].raw != NULL)
			sqlite3_reset(db->stmts[i].raw);
	/* TEMP views made inside go with the change. */
	if (db->views_pending)
		db->has_views = db->views_pending = false;
	if (!sqlite3_get_autocommit(db->raw))
		/* What fails here leaves a hot journal, which the next open
		 * rolls back. */
		dig_ignore(dig_db_exec(
		    db, "ROLLBACK", "taking a change back", &ignored));
}

enum dig_status
dig_txn_read_begin(struct dig_db *db, struct dig_error *err)
{
	assert(sqlite3_get_autocommit(db->raw)); /* transactions do not nest */
	return dig_db_exec(db, "BEGIN", "beginning to read", err);
}

void
dig_txn_read_end(struct dig_db *db)
{
	struct dig_error err = DIG_ERROR_INIT;

	/* Only TEMP views can have been written. */
	if (sqlite3_get_autocommit(db->raw) ||
	    dig_txn_commit(db, &err) != DIG_OK)
		dig_txn_rollback(db);
}
