/* SPDX-License-Identifier: MIT
 *
 * The door to the index: opening good, bad and hostile files; statements;
 * transactions beside another connection; damage. White box: it makes bad
 * files through the checksumming VFS itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "objects/base/io.h"
#include "objects/db/db_internal.h"

#define ROWS 2000

static char dir[64];
static char file[96];
static char journal[96];

static int
setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/dig-db-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/%s", dir, DIG_DB_FILE);
	snprintf(journal, sizeof(journal), "%s/%s", dir, DIG_DB_JOURNAL);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	return dig_remove_tree(AT_FDCWD, dir);
}

static struct dig_db *
open_ok(unsigned flags)
{
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_db *db = NULL;

	if (dig_db_open(dir, flags, &db, &err) != DIG_OK)
		fail_msg("%s", err.msg);
	return db;
}

static void
refused(unsigned flags, enum dig_status want, const char *word)
{
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_db *db = NULL;

	assert_int_equal(dig_db_open(dir, flags, &db, &err), want);
	assert_null(db);
	if (strstr(err.msg, word) == NULL)
		fail_msg("'%s' does not say '%s'", err.msg, word);
}

static void
ok(enum dig_status st, const struct dig_error *err)
{
	if (st != DIG_OK)
		fail_msg("%s", err->msg);
}

/* Run SQL on the file through a connection without any of the guards. */
static void
forge(const char *sql)
{
	sqlite3 *raw = NULL;
	char *words = NULL;

	assert_int_equal(
	    sqlite3_open_v2(file, &raw, SQLITE_OPEN_READWRITE, dig_cksum_vfs()),
	    SQLITE_OK);
	if (sqlite3_exec(raw, sql, NULL, NULL, &words) != SQLITE_OK)
		fail_msg("%s: %s", sql, words);
	sqlite3_close(raw);
}

static void
write_file(const char *name, const void *data, size_t len)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), (ssize_t)len);
	close(fd);
}

static void
row_id(unsigned i, struct dig_oid *id)
{
	for (size_t k = 0; k < sizeof(id->bytes); k++)
		id->bytes[k] = (uint8_t)(i * 2654435761u >> (k % 4 * 8)) ^
			       (uint8_t)(k * 29);
}

static void
put_staging(struct dig_db *db, unsigned from, unsigned to)
{
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_stmt *stmt = NULL;
	struct dig_oid id;
	char path[64];

	ok(dig_db_stmt(db, DIG_SQL_STAGING_PUT, &stmt, &err), &err);
	for (unsigned i = from; i < to; i++) {
		int n = snprintf(
		    path, sizeof(path), "dir%02u/file%06u", i / 1000, i);

		row_id(i, &id);
		dig_stmt_bind_path(stmt, 1, path, (size_t)n);
		dig_stmt_bind_int(stmt, 3, 1);
		dig_stmt_bind_int(stmt, 4, (int64_t)i * 7);
		dig_stmt_bind_oid(stmt, 5, &id);
		ok(dig_stmt_run(stmt, &err), &err);
	}
	dig_stmt_done(stmt);
}

static int64_t
count_staging(struct dig_db *db)
{
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_stmt *stmt = NULL;
	int64_t n;

	ok(dig_db_stmt(db, DIG_SQL_STAGING_COUNT, &stmt, &err), &err);
	ok(dig_stmt_row(stmt, &err), &err);
	n = dig_stmt_int(stmt, 0);
	dig_stmt_done(stmt);
	return n;
}

static void
fill(struct dig_db *db, unsigned from, unsigned to)
{
	struct dig_error err = DIG_ERROR_INIT;

	ok(dig_txn_begin(db, &err), &err);
	put_staging(db, from, to);
	ok(dig_txn_flush(db, &err), &err);
	ok(dig_txn_commit(db, &err), &err);
}

static void
test_open(void **state)
{
	struct dig_db *db;

	(void)state;
	refused(0, DIG_ENOTFOUND, DIG_DB_FILE);
	assert_int_equal(access(file, F_OK), -1);
	db = open_ok(DIG_DB_CREATE);
	assert_false(dig_db_is_readonly(db));
	assert_int_equal(count_staging(db), 0);
	fill(db, 0, 10);
	dig_db_close(db);
	db = open_ok(DIG_DB_CREATE);
	assert_int_equal(count_staging(db), 10);
	dig_db_close(db);
	db = open_ok(DIG_DB_READONLY);
	assert_true(dig_db_is_readonly(db));
	assert_int_equal(count_staging(db), 10);
	dig_db_close(db);
	dig_db_close(NULL);
}

/* The folder is reached through a link, the file must not be one. */
static void
test_links(void **state)
{
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_db *db = NULL;
	char link[96], other[96];

	(void)state;
	dig_db_close(open_ok(DIG_DB_CREATE));
	snprintf(link, sizeof(link), "%s/link", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
	assert_int_equal(symlink(dir, link), 0);
	ok(dig_db_open(link, 0, &db, &err), &err);
	dig_db_close(db);
	assert_int_equal(rename(file, other), 0);
	assert_int_equal(symlink(other, file), 0);
	refused(0, DIG_ECORRUPT, "regular");
	assert_int_equal(unlink(file), 0);
	assert_int_equal(mkfifo(file, 0600), 0);
	refused(0, DIG_ECORRUPT, "regular");
}

static void
test_bad_files(void **state)
{
	static const struct {
		const char *sql;
		enum dig_status want;
		const char *word;
	} cases[] = {
		{ "PRAGMA user_version = 2000", DIG_EINVALID, "2.0" },
		{ "PRAGMA user_version = 1999", DIG_ECORRUPT, "1.999" },
		{ "PRAGMA user_version = 0", DIG_ECORRUPT, "0.0" },
		{ "PRAGMA application_id = 7", DIG_ECORRUPT, "not an index" },
		{ "CREATE TABLE more (a)", DIG_ECORRUPT, "schema" },
		{ "DROP VIEW v_op_stats", DIG_ECORRUPT, "schema" },
		{ "DROP TABLE op_stats", DIG_ECORRUPT, "schema" },
		{ "CREATE INDEX more ON staging (size)", DIG_ECORRUPT,
		    "schema" },
		{ "CREATE TRIGGER t AFTER INSERT ON refs BEGIN "
		  "DELETE FROM staging; END",
		    DIG_ECORRUPT, "schema" },
		{ "CREATE VIRTUAL TABLE v USING fts5(a)", DIG_ECORRUPT,
		    "schema" },
		{ "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET "
		  "sql = replace(sql, 'cache', 'CACHE')",
		    DIG_ECORRUPT, "schema" },
		{ "ANALYZE", DIG_OK, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dig_db *db = open_ok(DIG_DB_CREATE);

		fill(db, 0, 3);
		dig_db_close(db);
		forge(cases[i].sql);
		if (cases[i].want == DIG_OK)
			dig_db_close(open_ok(0));
		else
			refused(0, cases[i].want, cases[i].word);
		assert_int_equal(unlink(file), 0);
	}
}

static void
test_not_databases(void **state)
{
	static uint8_t bytes[8192];
	sqlite3 *raw = NULL;

	(void)state;
	write_file(file, "", 0);
	refused(0, DIG_ECORRUPT, "empty");
	refused(DIG_DB_READONLY, DIG_ECORRUPT, "empty");
	dig_db_close(open_ok(DIG_DB_CREATE)); /* an empty file is as none */
	write_file(file, "hello", 5);
	refused(DIG_DB_CREATE, DIG_ECORRUPT, "");
	memset(bytes, 0x5a, sizeof(bytes));
	write_file(file, bytes, sizeof(bytes));
	refused(DIG_DB_CREATE, DIG_ECORRUPT, "not a database");
	/* A plain database, and one in WAL mode, of another program. */
	for (int wal = 0; wal < 2; wal++) {
		assert_int_equal(unlink(file), 0);
		assert_int_equal(sqlite3_open(file, &raw), SQLITE_OK);
		assert_int_equal(
		    sqlite3_exec(raw,
			wal ? "PRAGMA journal_mode = WAL; CREATE TABLE t (a)"
			    : "CREATE TABLE t (a)",
			NULL, NULL, NULL),
		    SQLITE_OK);
		sqlite3_close(raw);
		refused(DIG_DB_CREATE, DIG_ECORRUPT, "not a database");
	}
}

static void
test_statements(void **state)
{
	static const char evil[] = "'); DROP TABLE refs;--\n\xff";
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_stmt *stmt = NULL;
	struct dig_buf buf = DIG_BUF_INIT;
	struct dig_oid id, got;
	struct dig_db *db;

	(void)state;
	db = open_ok(DIG_DB_CREATE);
	row_id(1, &id);
	ok(dig_txn_begin(db, &err), &err);
	ok(dig_db_stmt(db, DIG_SQL_REF_PUT, &stmt, &err), &err);
	assert_int_equal(dig_stmt_param(stmt, ":name"), 1);
	assert_int_equal(dig_stmt_param(stmt, ":kind"), 3);
	assert_int_equal(dig_stmt_param(stmt, ":none"), 0);
	dig_stmt_bind_path(stmt, 1, evil, sizeof(evil) - 1);
	dig_stmt_bind_text(stmt, 3, "branch", 6);
	dig_stmt_bind_oid(stmt, 4, &id);
	dig_stmt_bind_oid(stmt, 5, NULL);
	ok(dig_stmt_run(stmt, &err), &err);
	assert_int_equal(dig_db_changes(db), 1);
	/* A CHECK, a wrong type, and a bind that fails at the next step. */
	dig_stmt_bind_text(stmt, 3, "spell", 5);
	assert_int_equal(dig_stmt_run(stmt, &err), DIG_EINVALID);
	dig_stmt_bind_text(stmt, 3, "tag", 3);
	dig_stmt_bind_int(stmt, 4, 5);
	assert_int_equal(dig_stmt_run(stmt, &err), DIG_EINVALID);
	dig_stmt_bind_oid(stmt, 4, &id);
	dig_stmt_bind_int(stmt, 99, 5);
	assert_int_equal(dig_stmt_run(stmt, &err), DIG_EINVALID);
	dig_stmt_done(stmt);
	ok(dig_txn_commit(db, &err), &err);

	ok(dig_db_stmt(db, DIG_SQL_REF_GET, &stmt, &err), &err);
	dig_stmt_bind_blob(stmt, 1, evil, sizeof(evil) - 1);
	ok(dig_stmt_row(stmt, &err), &err);
	dig_stmt_copy(stmt, 0, &buf);
	assert_string_equal((const char *)buf.data, "branch");
	ok(dig_stmt_oid(stmt, 1, &got, &err), &err);
	assert_true(dig_oid_eq(&id, &got));
	assert_true(dig_stmt_is_null(stmt, 2));
	assert_int_equal(dig_stmt_oid(stmt, 2, &got, &err), DIG_ECORRUPT);
	assert_int_equal(dig_stmt_oid(stmt, 0, &got, &err), DIG_ECORRUPT);
	assert_int_equal(dig_stmt_row(stmt, &err), DIG_ENOTFOUND);
	dig_stmt_done(stmt);
	dig_stmt_done(stmt);
	dig_stmt_done(NULL);
	dig_buf_clear(&buf);
	dig_db_close(db);
}

/* A key that is there is EXISTS; NULL data of length 0 is an empty blob. */
static void
test_exists(void **state)
{
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_stmt *stmt = NULL;
	struct dig_oid id;
	struct dig_db *db;

	(void)state;
	db = open_ok(DIG_DB_CREATE);
	row_id(1, &id);
	ok(dig_txn_begin(db, &err), &err);
	ok(dig_db_stmt(db, DIG_SQL_COMMIT_PUT, &stmt, &err), &err);
	for (int i = 1; i <= 18; i++)
		dig_stmt_bind_int(stmt, i, 1);
	dig_stmt_bind_oid(stmt, 2, &id);
	dig_stmt_bind_oid(stmt, 3, &id);
	dig_stmt_bind_words(stmt, 4, "a\xff", 2);
	dig_stmt_bind_words(stmt, 5, NULL, 0);
	dig_stmt_bind_words(stmt, 8, "c", 1);
	dig_stmt_bind_words(stmt, 9, "d", 1);
	dig_stmt_bind_words(stmt, 12, "e", 1);
	dig_stmt_bind_words(stmt, 13, "f", 1);
	dig_stmt_bind_null(stmt, 18);
	ok(dig_stmt_run(stmt, &err), &err);
	assert_int_equal(dig_stmt_run(stmt, &err), DIG_EEXISTS);
	dig_stmt_bind_int(stmt, 1, 2); /* another seq, the same id */
	assert_int_equal(dig_stmt_run(stmt, &err), DIG_EEXISTS);
	dig_stmt_done(stmt);
	dig_txn_rollback(db);
	ok(dig_db_stmt(db, DIG_SQL_COMMIT_BY_ID, &stmt, &err), &err);
	dig_stmt_bind_blob(stmt, 1, NULL, 0);
	assert_int_equal(dig_stmt_row(stmt, &err), DIG_ENOTFOUND);
	dig_stmt_done(stmt);
	dig_db_close(db);
}

/* Nothing is written outside a transaction. */
static void
test_bypass(void **state)
{
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_stmt *stmt = NULL;
	struct dig_db *db;

	(void)state;
	db = open_ok(DIG_DB_CREATE);
	fill(db, 0, 5);
	ok(dig_db_stmt(db, DIG_SQL_STAGING_CLEAR, &stmt, &err), &err);
	assert_int_not_equal(dig_stmt_run(stmt, &err), DIG_OK);
	dig_stmt_done(stmt);
	assert_int_equal(count_staging(db), 5);
	/* And no statement can attach or set. */
	assert_int_equal(
	    sqlite3_exec(db->raw, "ATTACH ':memory:' AS x", NULL, NULL, NULL),
	    SQLITE_AUTH);
	assert_int_equal(
	    sqlite3_exec(db->raw, "PRAGMA synchronous = OFF", NULL, NULL, NULL),
	    SQLITE_AUTH);
	dig_db_close(db);
}

/* Until the flush the file does not change, however much is written. */
static void
test_no_spill(void **state)
{
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_db *db, *reader;
	struct stat before, after;

	(void)state;
	db = open_ok(DIG_DB_CREATE);
	reader = open_ok(DIG_DB_READONLY);
	/* 22 MB of dirty pages, more than cache_size. */
	assert_int_equal(stat(file, &before), 0);
	ok(dig_txn_begin(db, &err), &err);
	put_staging(db, 0, 300000);
	assert_int_equal(stat(file, &after), 0);
	assert_int_equal(before.st_size, after.st_size);
	assert_int_equal(count_staging(reader), 0);
	ok(dig_txn_flush(db, &err), &err);
	assert_int_equal(stat(file, &after), 0);
	assert_true(after.st_size > 17 << 20);
	dig_txn_rollback(db);
	assert_int_equal(count_staging(db), 0);
	assert_int_equal(count_staging(reader), 0);
	dig_db_close(reader);
	dig_db_close(db);
}

static void
test_reader_in_the_way(void **state)
{
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_stmt *stmt = NULL;
	struct dig_db *db, *other;

	(void)state;
	db = open_ok(DIG_DB_CREATE);
	other = open_ok(0);
	dig_db_set_timeout(db, 20);
	dig_db_set_timeout(other, 20);
	fill(db, 0, 100);

	ok(dig_txn_read_begin(other, &err), &err);
	assert_int_equal(count_staging(other), 100);
	ok(dig_txn_begin(db, &err), &err);
	put_staging(db, 100, 200);
	assert_int_equal(dig_txn_flush(db, &err), DIG_ELOCKED);
	dig_txn_rollback(db);
	assert_int_equal(count_staging(other), 100); /* one snapshot */
	dig_txn_read_end(other);

	/* A second writer, and a reader while the pages are out. */
	ok(dig_txn_begin(db, &err), &err);
	assert_int_equal(dig_txn_begin(other, &err), DIG_ELOCKED);
	put_staging(db, 100, 200);
	ok(dig_txn_flush(db, &err), &err);
	ok(dig_db_stmt(other, DIG_SQL_STAGING_COUNT, &stmt, &err), &err);
	assert_int_equal(dig_stmt_row(stmt, &err), DIG_ELOCKED);
	dig_stmt_done(stmt);
	ok(dig_txn_commit(db, &err), &err);
	assert_int_equal(count_staging(other), 200);
	dig_db_close(other);
	dig_db_close(db);
}

/* No room for more pages: the flush says so, and rollback takes all back. */
static void
test_no_room(void **state)
{
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_db *db = open_ok(DIG_DB_CREATE);
	struct rlimit old, tight;
	struct stat size;
	enum dig_status st;

	(void)state;
	fill(db, 0, 1000);
	assert_int_equal(stat(file, &size), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	tight = old;
	tight.rlim_cur = (rlim_t)size.st_size + 3 * DIG_DB_PAGE;
	signal(SIGXFSZ, SIG_IGN);
	ok(dig_txn_begin(db, &err), &err);
	put_staging(db, 1000, 5000);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	st = dig_txn_flush(db, &err);
	dig_txn_rollback(db);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(st, DIG_EDB);
	assert_int_equal(err.os_errno, EFBIG);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(count_staging(db), 1000);
	fill(db, 1000, 5000);
	ok(dig_db_check(db, &err), &err);
	assert_int_equal(count_staging(db), 5000);
	dig_db_close(db);
}

/* Copy db and journal as a kill after the flush would leave them. */
static void
leave_hot(void)
{
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_db *db = open_ok(DIG_DB_CREATE);
	struct dig_buf pages = DIG_BUF_INIT, undo = DIG_BUF_INIT;

	fill(db, 0, 500);
	ok(dig_txn_begin(db, &err), &err);
	put_staging(db, 500, 900);
	ok(dig_txn_flush(db, &err), &err);
	/* The locks that reading the live file drops are not needed more. */
	ok(dig_read_file(AT_FDCWD, file, 1 << 24, &pages, DIG_EIO, &err), &err);
	ok(dig_read_file(AT_FDCWD, journal, 1 << 24, &undo, DIG_EIO, &err),
	    &err);
	dig_db_close(db);
	write_file(file, pages.data, pages.len);
	write_file(journal, undo.data, undo.len);
	dig_buf_clear(&pages);
	dig_buf_clear(&undo);
}

static void
test_hot_journal(void **state)
{
	struct dig_db *db;

	(void)state;
	leave_hot();
	refused(DIG_DB_READONLY, DIG_EDENIED, "rolled back");
	db = open_ok(0);
	assert_int_equal(count_staging(db), 500);
	dig_db_close(db);
	dig_db_close(open_ok(DIG_DB_READONLY));
}

/* A program without our VFS rolls back to pages that still pass. */
static void
test_hot_journal_stock(void **state)
{
	struct dig_error err = DIG_ERROR_INIT;
	sqlite3 *raw = NULL;
	struct dig_db *db;

	(void)state;
	leave_hot();
	assert_int_equal(sqlite3_open(file, &raw), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(raw, "SELECT count(*) FROM staging", NULL, NULL, NULL),
	    SQLITE_OK);
	sqlite3_close(raw);
	db = open_ok(DIG_DB_READONLY);
	assert_int_equal(count_staging(db), 500);
	ok(dig_db_check(db, &err), &err);
	dig_db_close(db);
}

/* A forged journal that names a "super-journal": nothing is deleted. */
static void
test_super_journal(void **state)
{
	static const uint8_t magic[8] = { 0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1,
		0x63, 0xd7 };
	struct dig_buf buf = DIG_BUF_INIT;
	char victim[96];
	uint32_t sum = 0;
	size_t len;

	(void)state;
	leave_hot();
	snprintf(victim, sizeof(victim), "%s/victim", dir);
	write_file(victim, "x", 1);
	len = strlen(victim);
	dig_buf_put(&buf, magic, 8);
	dig_buf_put_be32(&buf, 0);    /* no records */
	dig_buf_put_be32(&buf, 1);    /* nonce */
	dig_buf_put_be32(&buf, 1000); /* pages at the start */
	dig_buf_put_be32(&buf, 512);  /* sector */
	dig_buf_put_be32(&buf, DIG_DB_PAGE);
	while (buf.len < 512)
		dig_buf_putc(&buf, 0);
	dig_buf_put_be32(&buf, (1u << 30) / DIG_DB_PAGE + 1);
	dig_buf_put(&buf, victim, len);
	for (size_t i = 0; i < len; i++)
		sum += (uint32_t)(unsigned char)victim[i];
	dig_buf_put_be32(&buf, (uint32_t)len);
	dig_buf_put_be32(&buf, sum);
	dig_buf_put(&buf, magic, 8);
	write_file(journal, buf.data, buf.len);
	dig_buf_clear(&buf);
	refused(0, DIG_ECORRUPT, "");
	assert_int_equal(access(victim, F_OK), 0);
}

/* Pages that are freed, taken again and grown past raise no false alarm. */
static void
test_churn(void **state)
{
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_stmt *stmt = NULL;
	uint32_t seed = 12345;

	(void)state;
	for (int round = 0; round < 30; round++) {
		struct dig_db *db = open_ok(DIG_DB_CREATE);
		unsigned from = (seed = seed * 1664525 + 1013904223) >> 18;
		unsigned n = (seed = seed * 1664525 + 1013904223) >> 21;
		char lo[32], hi[32];

		ok(dig_txn_begin(db, &err), &err);
		put_staging(db, from, from + n);
		if (round % 3 == 1) {
			ok(dig_db_stmt(db, DIG_SQL_STAGING_CLEAR, &stmt, &err),
			    &err);
			ok(dig_stmt_run(stmt, &err), &err);
			dig_stmt_done(stmt);
			put_staging(db, n, n + n / 2);
		}
		if (round % 4 == 2) {
			snprintf(lo, sizeof(lo), "dir%02u", n % 10);
			snprintf(hi, sizeof(hi), "dir%02u", n % 10 + 4);
			ok(dig_db_stmt(db, DIG_SQL_STAGING_DELETE, &stmt, &err),
			    &err);
			for (unsigned i = from; i < from + n; i += 2) {
				int len = snprintf(lo, sizeof(lo),
				    "dir%02u/file%06u", i / 1000, i);

				dig_stmt_bind_blob(stmt, 1, lo, (size_t)len);
				ok(dig_stmt_run(stmt, &err), &err);
			}
			dig_stmt_done(stmt);
		}
		if (round % 2)
			ok(dig_txn_flush(db, &err), &err);
		if (round % 5 == 4)
			dig_txn_rollback(db);
		else
			ok(dig_txn_commit(db, &err), &err);
		dig_db_close(db);
		db = open_ok(0);
		ok(dig_db_check(db, &err), &err);
		dig_db_close(db);
	}
}

/* All rows as one sum, or the status of the first failure. */
static enum dig_status
read_all(uint64_t *out, struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	struct dig_db *db = NULL;
	uint64_t sum = 14695981039346656037u;
	enum dig_status st = dig_db_open(dir, 0, &db, err);

	if (st != DIG_OK)
		return st;
	st = dig_db_stmt(db, DIG_SQL_STAGING_PAGE, &stmt, err);
	if (st != DIG_OK)
		goto out;
	dig_stmt_bind_blob(stmt, 1, "", 0);
	dig_stmt_bind_int(stmt, 2, 1 << 20);
	while ((st = dig_stmt_row(stmt, err)) == DIG_OK)
		for (int col = 0; col < 4; col++) {
			size_t len;
			const uint8_t *data = dig_stmt_blob(stmt, col, &len);

			for (size_t i = 0; i < len; i++)
				sum = (sum ^ data[i]) * 1099511628211u;
		}
	if (st == DIG_ENOTFOUND) {
		*out = sum;
		st = DIG_OK;
	}
out:
	dig_stmt_done(stmt);
	dig_db_close(db);
	return st;
}

static void
test_bit_flips(void **state)
{
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_buf good = DIG_BUF_INIT;
	struct dig_db *db = open_ok(DIG_DB_CREATE);
	uint64_t want = 0, got = 0, seed = 20240117;
	unsigned refusals = 0;
	uint8_t *page;

	(void)state;
	fill(db, 0, ROWS);
	dig_db_close(db);
	ok(read_all(&want, &err), &err);
	ok(dig_read_file(AT_FDCWD, file, 1 << 24, &good, DIG_EIO, &err), &err);
	print_message("seed %llu\n", (unsigned long long)seed);
	/* The header bit by bit, then anywhere. */
	for (unsigned i = 0; i < 800 + 500; i++) {
		enum dig_status st;
		size_t bit = i;

		if (i >= 800) {
			seed =
			    seed * 6364136223846793005u + 1442695040888963407u;
			bit = (size_t)((seed >> 20) % (good.len * 8));
		}
		good.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		write_file(file, good.data, good.len);
		good.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		st = read_all(&got, &err);
		if (st == DIG_OK)
			assert_true(got == want);
		else if (st == DIG_ECORRUPT)
			refusals++;
		else
			fail_msg("bit %zu: %s", bit, err.msg);
	}
	print_message("%u of 1300 flips refused\n", refusals);
	assert_true(refusals > 800);
	/* One page in the place of another, a page of zeros, a file cut short.
	 * The rows came last and so did their pages. */
	write_file(file, good.data, good.len);
	page = good.data + good.len - (size_t)2 * DIG_DB_PAGE;
	memcpy(page, page + DIG_DB_PAGE, DIG_DB_PAGE);
	for (int i = 0; i < 3; i++) {
		write_file(file, good.data, i < 2 ? good.len : good.len - 5000);
		assert_int_equal(read_all(&got, &err), DIG_ECORRUPT);
		memset(page, 0, DIG_DB_PAGE);
	}
	dig_buf_clear(&good);
}

/* Views: made once, and again when a rollback took them. */
static void
test_temp_views(void **state)
{
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_db *db = open_ok(DIG_DB_CREATE);
	const char *ask = "SELECT * FROM v_files";

	(void)state;
	/* The view in the file is not for dig. */
	assert_int_not_equal(
	    sqlite3_exec(db->raw, ask, NULL, NULL, NULL), SQLITE_OK);
	for (int i = 0; i < 3; i++) {
		ok(dig_txn_begin(db, &err), &err);
		ok(dig_db_temp_views(db, &err), &err);
		ok(dig_db_temp_views(db, &err), &err);
		dig_txn_rollback(db);
	}
	ok(dig_txn_read_begin(db, &err), &err);
	ok(dig_db_temp_views(db, &err), &err);
	dig_txn_read_end(db);
	assert_int_equal(
	    sqlite3_exec(db->raw, ask, NULL, NULL, NULL), SQLITE_OK);
	ok(dig_db_temp_views(db, &err), &err);
	dig_db_close(db);
	db = open_ok(DIG_DB_READONLY);
	ok(dig_db_temp_views(db, &err), &err);
	assert_int_equal(
	    sqlite3_exec(db->raw, ask, NULL, NULL, NULL), SQLITE_OK);
	dig_db_close(db);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_open),
		CASE(test_links),
		CASE(test_bad_files),
		CASE(test_not_databases),
		CASE(test_statements),
		CASE(test_exists),
		CASE(test_bypass),
		CASE(test_no_spill),
		CASE(test_reader_in_the_way),
		CASE(test_no_room),
		CASE(test_hot_journal),
		CASE(test_hot_journal_stock),
		CASE(test_super_journal),
		CASE(test_churn),
		CASE(test_bit_flips),
		CASE(test_temp_views),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
