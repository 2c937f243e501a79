/* SPDX-License-Identifier: MIT
 *
 * Opening the index so that a hostile or damaged file can do no more than be
 * refused, and comparing its schema with the one compiled in.
 */
#include "objects/db/db_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "objects/base/io.h"

#define SCHEMA_VERSION (DIG_SCHEMA_MAJOR * 1000 + DIG_SCHEMA_MINOR)

enum dig_status
dig_db_exec(struct dig_db *db, const char *sql, const char *doing,
    struct dig_error *err)
{
	int rc = sqlite3_exec(db->raw, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? DIG_OK : dig_db_raise(db, rc, doing, err);
}

/* The first column of a query's only row. */
static enum dig_status
query_int(
    struct dig_db *db, const char *sql, int64_t *out, struct dig_error *err)
{
	sqlite3_stmt *raw = NULL;
	enum dig_status st = DIG_OK;
	int rc = sqlite3_prepare_v2(db->raw, sql, -1, &raw, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(raw);
	if (rc != SQLITE_ROW)
		st = dig_db_raise(db, rc, "reading its header", err);
	else
		*out = sqlite3_column_int64(raw, 0);
	sqlite3_finalize(raw);
	return st;
}

static enum dig_status
query_is_word(struct dig_db *db, const char *sql, const char *word,
    const char *what, struct dig_error *err)
{
	sqlite3_stmt *raw = NULL;
	enum dig_status st = DIG_OK;
	int rc = sqlite3_prepare_v2(db->raw, sql, -1, &raw, NULL);
	const char *got;

	if (rc == SQLITE_OK)
		rc = sqlite3_step(raw);
	if (rc != SQLITE_ROW) {
		st = dig_db_raise(db, rc, what, err);
		goto out;
	}
	got = (const char *)sqlite3_column_text(raw, 0);
	if (got == NULL || strcmp(got, word) != 0)
		st = dig_raise(err, DIG_ECORRUPT, "the index: %s: %s", what,
		    got != NULL ? got : "no answer");
out:
	sqlite3_finalize(raw);
	return st;
}

/* Invariant 1 of transactions: see db.h. */
static int
on_commit(void *arg)
{
	const struct dig_db *db = arg;

	return !db->may_commit;
}

/* What no statement of dig's ever asks for. */
static int
on_authorize(void *arg, int action, const char *a, const char *b,
    const char *schema, const char *trigger)
{
	const struct dig_db *db = arg;

	(void)a, (void)b, (void)schema, (void)trigger;
	if (db->restricted &&
	    (action == SQLITE_PRAGMA || action == SQLITE_ATTACH ||
		action == SQLITE_DETACH || action == SQLITE_CREATE_VTABLE))
		return SQLITE_DENY;
	return SQLITE_OK;
}

static const struct {
	int what;
	int value;
} limits[] = {
	{ SQLITE_LIMIT_LENGTH, 64 << 20 }, /* a row; a journal record is one */
	{ SQLITE_LIMIT_SQL_LENGTH, 64 << 10 },
	{ SQLITE_LIMIT_ATTACHED, 0 },
	{ SQLITE_LIMIT_TRIGGER_DEPTH, 0 },
	{ SQLITE_LIMIT_COLUMN, 64 },
	{ SQLITE_LIMIT_EXPR_DEPTH, 64 },
	{ SQLITE_LIMIT_COMPOUND_SELECT, 8 },
	{ SQLITE_LIMIT_VDBE_OP, 10000 },
	{ SQLITE_LIMIT_VARIABLE_NUMBER, 64 },
	{ SQLITE_LIMIT_WORKER_THREADS, 0 },
};

static const struct {
	int what;
	int value;
} switches[] = {
	{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
	{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
	{ SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
	{ SQLITE_DBCONFIG_ENABLE_VIEW, 0 }, /* TEMP views work on */
	{ SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
	{ SQLITE_DBCONFIG_DQS_DML, 0 },
	{ SQLITE_DBCONFIG_DQS_DDL, 0 },
};

/* What each setting is for, with what it costs in durability:
 * page_size, auto_vacuum  shape of a new file; an existing one keeps its own
 * synchronous FULL        journal synced before pages, pages before its end
 * secure_delete OFF       freed bytes stay in the file; no writes for them
 * cache_spill N pages     no page is written before the flush, and ON, since
 *                         OFF makes the flush a silent no-op
 * cache_size              unchanged pages kept; bounds memory, not batches
 * temp_store MEMORY       no files outside .dig */
static const char settings[] = "PRAGMA page_size = 4096;"
			       "PRAGMA auto_vacuum = NONE;"
			       "PRAGMA encoding = 'UTF-8';"
			       "PRAGMA mmap_size = 0;"
			       "PRAGMA cell_size_check = ON;"
			       "PRAGMA synchronous = FULL;"
			       "PRAGMA secure_delete = OFF;"
			       "PRAGMA temp_store = MEMORY;"
			       "PRAGMA cache_size = -16384;"
			       "PRAGMA cache_spill = 2000000;";

static enum dig_status
configure(struct dig_db *db, struct dig_error *err)
{
	int reserve = DIG_DB_PAGE_SUM;
	enum dig_status st;
	int rc;

	sqlite3_extended_result_codes(db->raw, 1);
	sqlite3_busy_timeout(db->raw, DIG_DB_TIMEOUT_MS);
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		sqlite3_limit(db->raw, limits[i].what, limits[i].value);
	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++) {
		rc = sqlite3_db_config(
		    db->raw, switches[i].what, switches[i].value, NULL);
		if (rc != SQLITE_OK)
			return dig_db_raise(db, rc, "setting it up", err);
	}
	sqlite3_commit_hook(db->raw, on_commit, db);
	rc = sqlite3_set_authorizer(db->raw, on_authorize, db);
	if (rc != SQLITE_OK)
		return dig_db_raise(db, rc, "setting it up", err);
	st = dig_db_exec(db, settings, "setting it up", err);
	if (st != DIG_OK)
		return st;
	rc = sqlite3_file_control(
	    db->raw, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserve);
	if (rc != SQLITE_OK)
		return dig_db_raise(db, rc, "setting it up", err);
	return query_is_word(db, "PRAGMA journal_mode = TRUNCATE", "truncate",
	    "it is not in rollback mode", err);
}

/*
 * The next statement of a script, without its semicolon; false at the end.
 * In a script a statement ends with the first ";\n", and only there.
 */
static bool
next_statement(const char **at, const char **text, size_t *len)
{
	const char *end;

	for (;;) {
		*at += strspn(*at, " \t\n");
		if (strncmp(*at, "--", 2) != 0)
			break;
		*at += strcspn(*at, "\n");
	}
	end = strstr(*at, ";\n");
	if (end == NULL)
		return false;
	*text = *at;
	*len = (size_t)(end - *at);
	*at = end + 2;
	return true;
}

/*
 * SQLite keeps the text of each CREATE as it was given, in the order of the
 * statements: it has to be ours, byte for byte. Statistics are left out.
 */
static enum dig_status
compare_schema(struct dig_db *db, struct dig_error *err)
{
	static const enum dig_script scripts[] = { DIG_SCRIPT_TABLES,
		DIG_SCRIPT_VIEWS };
	const size_t nscripts = sizeof(scripts) / sizeof(scripts[0]);
	sqlite3_stmt *raw = NULL;
	enum dig_status st = DIG_OK;
	bool same = true;
	int rc;

	rc = sqlite3_prepare_v2(db->raw,
	    "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL"
	    " AND substr(name, 1, 11) <> 'sqlite_stat' ORDER BY rowid",
	    -1, &raw, NULL);
	if (rc != SQLITE_OK) {
		st = dig_db_raise(db, rc, "reading its schema", err);
		goto out;
	}
	for (size_t i = 0; i < nscripts && same; i++) {
		const char *at =
		    (const char *)dig_script_texts[scripts[i]].text;
		const char *want;
		size_t len;

		while (same && next_statement(&at, &want, &len)) {
			rc = sqlite3_step(raw);
			same =
			    rc == SQLITE_ROW &&
			    sqlite3_column_bytes(raw, 0) == (int)len &&
			    memcmp(sqlite3_column_blob(raw, 0), want, len) == 0;
		}
	}
	if (same)
		rc = sqlite3_step(raw);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		st = dig_db_raise(db, rc, "reading its schema", err);
	else if (!same || rc == SQLITE_ROW)
		st = dig_raise(err, DIG_ECORRUPT,
		    "the index: its schema is not that of version %d.%d",
		    DIG_SCHEMA_MAJOR, DIG_SCHEMA_MINOR);
out:
	sqlite3_finalize(raw);
	return st;
}

static enum dig_status
check_versions(struct dig_db *db, struct dig_error *err)
{
	int64_t application, version;
	enum dig_status st;

	st = query_int(db, "PRAGMA application_id", &application, err);
	if (st != DIG_OK)
		return st;
	st = query_int(db, "PRAGMA user_version", &version, err);
	if (st != DIG_OK)
		return st;
	if (application != DIG_DB_APPLICATION)
		return dig_raise(err, DIG_ECORRUPT,
		    "the index: the file is not an index of dig");
	if (version / 1000 > DIG_SCHEMA_MAJOR)
		return dig_raise(err, DIG_EINVALID,
		    "the index has schema version %lld.%lld, and this dig "
		    "knows %d.%d",
		    (long long)(version / 1000), (long long)(version % 1000),
		    DIG_SCHEMA_MAJOR, DIG_SCHEMA_MINOR);
	if (version != SCHEMA_VERSION)
		return dig_raise(err, DIG_ECORRUPT,
		    "the index: schema version %lld.%lld is not %d.%d",
		    (long long)(version / 1000), (long long)(version % 1000),
		    DIG_SCHEMA_MAJOR, DIG_SCHEMA_MINOR);
	return DIG_OK;
}

enum dig_status
dig_db_script(struct dig_db *db, enum dig_script script, struct dig_error *err)
{
	const struct dig_sql_text *text = &dig_script_texts[script];

	return dig_db_exec(db, (const char *)text->text, text->name, err);
}

/* Two programs may get here at once: the second finds the schema made. */
static enum dig_status
create_schema(struct dig_db *db, struct dig_error *err)
{
	char versions[96];
	int64_t version;
	enum dig_status st;

	sqlite3_snprintf((int)sizeof(versions), versions,
	    "PRAGMA application_id = %d; PRAGMA user_version = %d",
	    DIG_DB_APPLICATION, SCHEMA_VERSION);
	st = dig_txn_begin(db, err);
	if (st != DIG_OK)
		return st;
	st = query_int(db, "PRAGMA user_version", &version, err);
	if (st != DIG_OK || version != 0)
		goto undo;
	st = dig_db_script(db, DIG_SCRIPT_TABLES, err);
	if (st == DIG_OK)
		st = dig_db_script(db, DIG_SCRIPT_VIEWS, err);
	if (st == DIG_OK)
		st = dig_db_exec(db, versions, "making it", err);
	if (st == DIG_OK)
		return dig_txn_commit(db, err);
undo:
	dig_txn_rollback(db);
	return st;
}

static enum dig_status
check_or_create(struct dig_db *db, unsigned flags, struct dig_error *err)
{
	int64_t npages;
	enum dig_status st;

	st = query_int(db, "PRAGMA page_count", &npages, err);
	if (st != DIG_OK)
		return st;
	if (npages == 0) {
		if (!(flags & DIG_DB_CREATE))
			return dig_raise(
			    err, DIG_ECORRUPT, "the index: the file is empty");
		st = create_schema(db, err);
		if (st != DIG_OK)
			return st;
	}
	st = check_versions(db, err);
	if (st != DIG_OK)
		return st;
	return compare_schema(db, err);
}

/* DIR/index.db with all links of DIR resolved; caller frees. */
static enum dig_status
find_file(
    const char *dig_dir, unsigned flags, char **out, struct dig_error *err)
{
	struct dig_buf path = DIG_BUF_INIT;
	struct dig_stat stat;
	char *dir = NULL;
	int os = dig_real_path(dig_dir, &dir);

	if (os != 0)
		return dig_raise_os(err, os == ENOENT ? DIG_ENOTFOUND : DIG_EDB,
		    os, "the index: %s", dig_dir);
	/* SQLite would open whatever has its journal's name, and wait there
	 * for the other end of a pipe. */
	dig_buf_printf(&path, "%s/%s", dir, DIG_DB_JOURNAL);
	if (dig_stat_at(AT_FDCWD, (const char *)path.data, &stat) == 0 &&
	    stat.type != DIG_FT_REGULAR) {
		dig_buf_clear(&path);
		free(dir);
		return dig_raise(err, DIG_ECORRUPT,
		    "the index: %s is not a regular file", DIG_DB_JOURNAL);
	}
	dig_buf_reset(&path);
	dig_buf_printf(&path, "%s/%s", dir, DIG_DB_FILE);
	free(dir);
	os = dig_stat_at(AT_FDCWD, (const char *)path.data, &stat);
	if (os == ENOENT && (flags & DIG_DB_CREATE))
		os = 0;
	else if (os == 0 && stat.type != DIG_FT_REGULAR) {
		dig_buf_clear(&path);
		return dig_raise(err, DIG_ECORRUPT,
		    "the index: %s is not a regular file", DIG_DB_FILE);
	}
	if (os != 0) {
		dig_buf_clear(&path);
		return dig_raise_os(err,
		    os == ENOENT   ? DIG_ENOTFOUND
		    : os == EACCES ? DIG_EDENIED
				   : DIG_EDB,
		    os, "the index: %s", DIG_DB_FILE);
	}
	*out = dig_buf_detach(&path);
	return DIG_OK;
}

enum dig_status
dig_db_open(const char *dig_dir, unsigned flags, struct dig_db **out,
    struct dig_error *err)
{
	struct dig_db *db = NULL;
	const char *vfs = dig_cksum_vfs();
	char *path = NULL;
	int mode = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW |
		   SQLITE_OPEN_PRIVATECACHE;
	enum dig_status st;
	int rc;

	if (vfs == NULL)
		return dig_raise(
		    err, DIG_ENOMEM, "the index: SQLite cannot start");
	st = find_file(dig_dir, flags, &path, err);
	if (st != DIG_OK)
		return st;
	mode |= flags & DIG_DB_READONLY ? SQLITE_OPEN_READONLY
					: SQLITE_OPEN_READWRITE;
	if (flags & DIG_DB_CREATE)
		mode |= SQLITE_OPEN_CREATE;
	db = dig_calloc(1, sizeof(*db));
	rc = sqlite3_open_v2(path, &db->raw, mode, vfs);
	if (rc != SQLITE_OK) {
		st = dig_db_raise(db, rc, "opening it", err);
		goto out;
	}
	st = configure(db, err);
	if (st != DIG_OK)
		goto out;
	st = check_or_create(db, flags, err);
	if (st != DIG_OK)
		goto out;
	db->restricted = true;
	*out = db;
	db = NULL;
out:
	dig_db_close(db);
	free(path);
	return st;
}

void
dig_db_close(struct dig_db *db)
{
	if (db == NULL)
		return;
	for (size_t i = 0; i < DIG_SQL_COUNT; i++)
		sqlite3_finalize(db->stmts[i].raw);
	sqlite3_close(db->raw);
	free(db);
}

bool
dig_db_is_readonly(const struct dig_db *db)
{
	return sqlite3_db_readonly(db->raw, "main") != 0;
}

void
dig_db_set_timeout(struct dig_db *db, int timeout_ms)
{
	sqlite3_busy_timeout(db->raw, timeout_ms);
}

void
dig_db_set_cache(struct dig_db *db, int kib)
{
	struct dig_error err;
	char sql[48];

	sqlite3_snprintf((int)sizeof(sql), sql, "PRAGMA cache_size = -%d", kib);
	db->restricted = false;
	/* Without it all is right, and slower. */
	dig_ignore(dig_db_exec(db, sql, "setting its cache", &err));
	db->restricted = true;
}

enum dig_status
dig_db_check(struct dig_db *db, struct dig_error *err)
{
	enum dig_status st;

	db->restricted = false;
	st = query_is_word(
	    db, "PRAGMA quick_check(1)", "ok", "checking it", err);
	db->restricted = true;
	return st;
}

enum dig_status
dig_db_temp_views(struct dig_db *db, struct dig_error *err)
{
	static const char before[] = "CREATE VIEW ";
	const char *at = (const char *)dig_script_texts[DIG_SCRIPT_VIEWS].text;
	struct dig_buf sql = DIG_BUF_INIT;
	enum dig_status st = DIG_OK;
	const char *text;
	size_t len;

	if (db->has_views)
		return DIG_OK;
	while (next_statement(&at, &text, &len)) {
		if (len < sizeof(before) - 1)
			continue;
		dig_buf_puts(&sql, "CREATE TEMP VIEW IF NOT EXISTS ");
		dig_buf_put(&sql, text + sizeof(before) - 1,
		    len - (sizeof(before) - 1));
		dig_buf_puts(&sql, ";\n");
	}
	db->views_pending = !sqlite3_get_autocommit(db->raw);
	db->may_commit = !db->views_pending;
	st = dig_db_exec(db, (const char *)sql.data, "making views", err);
	db->may_commit = false;
	db->has_views = st == DIG_OK;
	dig_buf_clear(&sql);
	return st;
}

const char *
dig_db_sqlite_version(void)
{
	return sqlite3_libversion();
}

int
dig_db_sqlite_number(void)
{
	return sqlite3_libversion_number();
}
