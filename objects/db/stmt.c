/* SPDX-License-Identifier: MIT
 *
 * Statements: prepared once, bound by index, stepped; columns; and what
 * SQLite's result codes mean to a caller.
 */
#include "objects/db/db_internal.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "objects/base/path.h"

static enum dig_status
meaning(int rc, int os)
{
	switch (rc) {
	case SQLITE_IOERR_DATA:
	case SQLITE_IOERR_CORRUPTFS:
	case SQLITE_IOERR_SHORT_READ:
		return DIG_ECORRUPT;
	case SQLITE_CONSTRAINT_UNIQUE:
	case SQLITE_CONSTRAINT_PRIMARYKEY:
	case SQLITE_CONSTRAINT_ROWID:
		return DIG_EEXISTS;
	default:
		break;
	}
	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return DIG_ELOCKED;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_SCHEMA:
	case SQLITE_ERROR: /* the embedded text does not fit the tables */
		return DIG_ECORRUPT;
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return DIG_EDENIED;
	case SQLITE_CANTOPEN:
		return os == EACCES || os == EPERM || os == EROFS ? DIG_EDENIED
								  : DIG_EDB;
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
	case SQLITE_TOOBIG:
	case SQLITE_RANGE:
		return DIG_EINVALID;
	case SQLITE_NOMEM:
		return DIG_ENOMEM;
	case SQLITE_INTERRUPT:
		return DIG_ECANCELLED;
	default:
		return DIG_EDB;
	}
}

enum dig_status
dig_db_raise(
    struct dig_db *db, int rc, const char *doing, struct dig_error *err)
{
	/* The handle knows more, if what it remembers is this failure; a flush
	 * leaves nothing there but errno. */
	int known = db->raw != NULL ? sqlite3_extended_errcode(db->raw) : 0;
	bool same = known != 0 && (known & 0xff) == (rc & 0xff);
	int code = same ? known : rc;
	int os = 0;
	const char *words;
	enum dig_status st;

	if (code == SQLITE_IOERR_DATA)
		os = 0; /* a checksum fails without an errno */
	else if ((code & 0xff) == SQLITE_IOERR ||
		 (code & 0xff) == SQLITE_CANTOPEN)
		os = same ? sqlite3_system_errno(db->raw) : errno;
	else if (code == SQLITE_FULL)
		os = ENOSPC;
	st = meaning(code, os);
	if (code == SQLITE_IOERR_DATA)
		words = "a page does not match its checksum";
	else if (code == SQLITE_READONLY_ROLLBACK)
		words = "an interrupted change is waiting to be rolled back, "
			"which is not permitted here";
	else if (st == DIG_ELOCKED)
		words = "another program is using it";
	else if (same)
		words = sqlite3_errmsg(db->raw);
	else
		words = sqlite3_errstr(rc);
	st = dig_raise_os(err, st, os, "the index: %s: %s", doing, words);
	err->db_code = code;
	return st;
}

bool
dig_db_is_damage(const struct dig_error *err)
{
	return err->status == DIG_ECORRUPT && err->db_code != 0;
}

enum dig_status
dig_db_stmt(struct dig_db *db, enum dig_sql sql, struct dig_stmt **out,
    struct dig_error *err)
{
	const struct dig_sql_text *text = &dig_sql_texts[sql];
	struct dig_stmt *stmt = &db->stmts[sql];
	int rc;

	assert(!stmt->taken); /* a statement serves one caller at a time */
	if (stmt->raw == NULL) {
		rc = sqlite3_prepare_v3(db->raw, (const char *)text->text,
		    (int)text->len + 1, SQLITE_PREPARE_PERSISTENT, &stmt->raw,
		    NULL);
		if (rc != SQLITE_OK)
			return dig_db_raise(db, rc, text->name, err);
	}
	stmt->db = db;
	stmt->bind_rc = SQLITE_OK;
	stmt->taken = true;
	*out = stmt;
	return DIG_OK;
}

void
dig_stmt_done(struct dig_stmt *stmt)
{
	if (stmt == NULL || !stmt->taken)
		return;
	sqlite3_reset(stmt->raw);
	sqlite3_clear_bindings(stmt->raw);
	stmt->taken = false;
}

void
dig_stmt_reset(struct dig_stmt *stmt)
{
	sqlite3_reset(stmt->raw);
}

static void
bound(struct dig_stmt *stmt, int rc)
{
	if (stmt->bind_rc == SQLITE_OK)
		stmt->bind_rc = rc;
}

int
dig_stmt_param(struct dig_stmt *stmt, const char *name)
{
	return sqlite3_bind_parameter_index(stmt->raw, name);
}

void
dig_stmt_bind_int(struct dig_stmt *stmt, int index, int64_t value)
{
	bound(stmt, sqlite3_bind_int64(stmt->raw, index, value));
}

void
dig_stmt_bind_text(
    struct dig_stmt *stmt, int index, const char *text, size_t len)
{
	bound(stmt, sqlite3_bind_text64(stmt->raw, index, text, len,
			SQLITE_STATIC, SQLITE_UTF8));
}

void
dig_stmt_bind_blob(
    struct dig_stmt *stmt, int index, const void *data, size_t len)
{
	bound(stmt, sqlite3_bind_blob64(stmt->raw, index,
			data != NULL ? data : "", len, SQLITE_STATIC));
}

void
dig_stmt_bind_null(struct dig_stmt *stmt, int index)
{
	bound(stmt, sqlite3_bind_null(stmt->raw, index));
}

void
dig_stmt_bind_oid(struct dig_stmt *stmt, int index, const struct dig_oid *id)
{
	if (id == NULL)
		dig_stmt_bind_null(stmt, index);
	else
		dig_stmt_bind_blob(stmt, index, id->bytes, sizeof(id->bytes));
}

static void
bind_quoted(struct dig_stmt *stmt, int index, const void *data, size_t len)
{
	struct dig_buf text = DIG_BUF_INIT;

	dig_path_quote(&text, data, len, true);
	bound(
	    stmt, sqlite3_bind_text64(stmt->raw, index, (const char *)text.data,
		      text.len, SQLITE_TRANSIENT, SQLITE_UTF8));
	dig_buf_clear(&text);
}

void
dig_stmt_bind_path(
    struct dig_stmt *stmt, int index, const void *path, size_t len)
{
	dig_stmt_bind_blob(stmt, index, path, len);
	if (dig_utf8_valid(path, len))
		dig_stmt_bind_null(stmt, index + 1);
	else
		bind_quoted(stmt, index + 1, path, len);
}

void
dig_stmt_bind_words(
    struct dig_stmt *stmt, int index, const void *data, size_t len)
{
	if (len == 0)
		dig_stmt_bind_text(stmt, index, "", 0);
	else if (memchr(data, 0, len) == NULL && dig_utf8_valid(data, len))
		dig_stmt_bind_text(stmt, index, data, len);
	else
		bind_quoted(stmt, index, data, len);
}

static enum dig_status
step(struct dig_stmt *stmt, struct dig_error *err)
{
	const char *name = dig_sql_texts[stmt - stmt->db->stmts].name;
	enum dig_status st;
	int rc = stmt->bind_rc;

	assert(stmt->taken);
	stmt->bind_rc = SQLITE_OK;
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt->raw);
	if (rc == SQLITE_ROW)
		return DIG_OK;
	if (rc == SQLITE_DONE) {
		sqlite3_reset(stmt->raw);
		return DIG_ENOTFOUND;
	}
	st = dig_db_raise(stmt->db, rc, name, err);
	sqlite3_reset(stmt->raw);
	return st;
}

enum dig_status
dig_stmt_row(struct dig_stmt *stmt, struct dig_error *err)
{
	return step(stmt, err);
}

enum dig_status
dig_stmt_run(struct dig_stmt *stmt, struct dig_error *err)
{
	enum dig_status st;

	do
		st = step(stmt, err);
	while (st == DIG_OK);
	return st == DIG_ENOTFOUND ? DIG_OK : st;
}

bool
dig_stmt_is_null(struct dig_stmt *stmt, int col)
{
	return sqlite3_column_type(stmt->raw, col) == SQLITE_NULL;
}

int64_t
dig_stmt_int(struct dig_stmt *stmt, int col)
{
	return sqlite3_column_int64(stmt->raw, col);
}

const void *
dig_stmt_blob(struct dig_stmt *stmt, int col, size_t *len)
{
	const void *data = sqlite3_column_blob(stmt->raw, col);

	*len = (size_t)sqlite3_column_bytes(stmt->raw, col);
	return data != NULL ? data : "";
}

void
dig_stmt_copy(struct dig_stmt *stmt, int col, struct dig_buf *out)
{
	size_t len;
	const void *data = dig_stmt_blob(stmt, col, &len);

	dig_buf_reset(out);
	dig_buf_put(out, data, len);
}

enum dig_status
dig_stmt_oid(
    struct dig_stmt *stmt, int col, struct dig_oid *out, struct dig_error *err)
{
	size_t len;
	const void *data = dig_stmt_blob(stmt, col, &len);

	if (len != sizeof(out->bytes) ||
	    sqlite3_column_type(stmt->raw, col) != SQLITE_BLOB) {
		dig_raise(err, DIG_ECORRUPT,
		    "the index: %s: column %d is not an id",
		    dig_sql_texts[stmt - stmt->db->stmts].name, col);
		err->db_code = SQLITE_CORRUPT;
		return DIG_ECORRUPT;
	}
	memcpy(out->bytes, data, sizeof(out->bytes));
	return DIG_OK;
}

int64_t
dig_db_changes(struct dig_db *db)
{
	return sqlite3_changes64(db->raw);
}
