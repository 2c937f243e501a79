/* SPDX-License-Identifier: MIT
 *
 * Foreign queries: a list of more than a hundred statements that must be
 * refused, what must not, limits, parameters, and table functions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "objects/base/buf.h"
#include "objects/base/io.h"
#include "objects/db/db.h"
#include "objects/db/query.h"

static char dir[64];
static struct dig_query *query;

/* ---- A table function that counts ------------------------------------- */

struct counter {
	int64_t at;
	int64_t end;
};

static unsigned nopen;

static enum dig_status
counter_open(
    void *arg, const char *const *args, void **cursor, struct dig_error *err)
{
	struct counter *counter;

	assert_string_equal(arg, "mine");
	if (strcmp(args[0], "bad") == 0)
		return dig_raise(err, DIG_ENOTFOUND, "no such number");
	counter = dig_calloc(1, sizeof(*counter));
	counter->at = args[1] != NULL ? atoi(args[1]) : 0;
	counter->end = atoi(args[0]);
	*cursor = counter;
	nopen++;
	return DIG_OK;
}

static enum dig_status
counter_next(
    void *cursor, struct dig_value *values, bool *done, struct dig_error *err)
{
	struct counter *counter = cursor;

	if (counter->at == 77)
		return dig_raise(err, DIG_ECORRUPT, "broken at 77");
	*done = counter->at >= counter->end;
	if (*done)
		return DIG_OK;
	dig_value_int(&values[0], counter->at++);
	dig_value_text(&values[1], "word", 4);
	dig_value_blob(&values[2], "\0b", 2);
	return DIG_OK;
}

static void
counter_close(void *cursor)
{
	nopen--;
	free(cursor);
}

static const struct dig_table_function counter = { "dig_count",
	"n INTEGER, word TEXT, bytes BLOB, extra", 4, 2, 1, counter_open,
	counter_next, counter_close };

/* ---- Running ---------------------------------------------------------- */

static int
setup(void **state)
{
	static char mine[] = "mine";
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_db *db = NULL;

	(void)state;
	strcpy(dir, "/tmp/dig-query-XXXXXX");
	assert_non_null(mkdtemp(dir));
	if (dig_db_open(dir, DIG_DB_CREATE, &db, &err) != DIG_OK)
		fail_msg("%s", err.msg);
	dig_db_close(db);
	if (dig_query_open(dir, 200, &query, &err) != DIG_OK ||
	    dig_query_add(query, &counter, mine, &err) != DIG_OK)
		fail_msg("%s", err.msg);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	dig_query_close(query);
	query = NULL;
	/* The limits of the process are what they were. */
	assert_int_equal(sqlite3_hard_heap_limit64(-1), 0);
	assert_int_equal(sqlite3_soft_heap_limit64(-1), 0);
	assert_int_equal(nopen, 0);
	return dig_remove_tree(AT_FDCWD, dir);
}

static enum dig_status
on_row(void *arg, const struct dig_value *values, size_t count,
    struct dig_error *err)
{
	struct dig_buf *out = arg;

	(void)err;
	for (size_t i = 0; i < count; i++) {
		const struct dig_value *value = &values[i];

		if (value->type == DIG_VALUE_INT)
			dig_buf_printf(out, "%lld", (long long)value->integer);
		else if (value->type == DIG_VALUE_REAL)
			dig_buf_printf(out, "%g", value->real);
		else if (value->type != DIG_VALUE_NULL)
			dig_buf_put(out, value->data, value->len);
		dig_buf_putc(out, i + 1 < count ? '|' : '\n');
	}
	return DIG_OK;
}

static enum dig_status
ask(const char *text, const struct dig_query_param *params, size_t nparams,
    struct dig_buf *out, struct dig_error *err)
{
	struct dig_query_handler handler = { out, NULL, on_row };

	dig_buf_reset(out);
	return dig_query_run(query, text, params, nparams, &handler, err);
}

static void
expect(const char *text, enum dig_status want, const char *words)
{
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_buf out = DIG_BUF_INIT;
	enum dig_status st = ask(text, NULL, 0, &out, &err);

	dig_buf_putc(&out, '\0');
	if (st != want)
		fail_msg("%.200s: status %d, %s", text, (int)st, err.msg);
	if (words != NULL &&
	    strstr(st == DIG_OK ? (const char *)out.data : err.msg, words) ==
		NULL)
		fail_msg("%.200s: %s", text,
		    st == DIG_OK ? (const char *)out.data : err.msg);
	dig_buf_clear(&out);
}

/* ---- Refused ---------------------------------------------------------- */

static const char *const refused[] = {
	/* writing */
	"INSERT INTO commits VALUES (1)",
	"INSERT INTO refs SELECT * FROM refs",
	"INSERT OR REPLACE INTO packs VALUES (1, 0, 1, 0, 1, 0)",
	"INSERT INTO refs DEFAULT VALUES",
	"REPLACE INTO packs VALUES (1, 0, 1, 0, 1, 0)",
	"UPDATE commits SET subject = ''",
	"UPDATE position SET journal_seq = 0",
	"UPDATE v_commits SET subject = ''",
	"UPDATE sqlite_schema SET sql = ''",
	"DELETE FROM commits",
	"DELETE FROM commits WHERE 0",
	"DELETE FROM v_commits",
	"DELETE FROM v_commits RETURNING *",
	"DELETE FROM sqlite_schema",
	"INSERT INTO refs DEFAULT VALUES RETURNING name",
	"UPDATE refs SET name = name RETURNING name",
	"WITH x AS (SELECT 1) DELETE FROM refs",
	"WITH x AS (SELECT 1) INSERT INTO refs SELECT * FROM x",
	"WITH x AS (SELECT 1) UPDATE refs SET name = ''",
	"EXPLAIN DELETE FROM refs",
	"EXPLAIN QUERY PLAN DELETE FROM refs",
	"INSERT INTO v_files(path) VALUES ('x')",
	"INSERT INTO dig_count VALUES (1, 2, 3, 4)",
	"DELETE FROM dig_count",
	"INSERT INTO sqlite_sequence VALUES ('x', 1)",
	/* making and dropping */
	"CREATE TABLE x (a)",
	"CREATE TABLE x AS SELECT * FROM v_files",
	"CREATE TEMP TABLE x (a)",
	"CREATE TEMPORARY TABLE x AS SELECT 1",
	"CREATE TABLE IF NOT EXISTS refs (a)",
	"CREATE TABLE temp.x (a)",
	"CREATE INDEX x ON refs (name)",
	"CREATE UNIQUE INDEX x ON refs (name)",
	"CREATE VIEW x AS SELECT 1",
	"CREATE TEMP VIEW x AS SELECT 1",
	"CREATE TEMP VIEW v_x AS SELECT * FROM refs",
	"CREATE TRIGGER x AFTER INSERT ON refs BEGIN SELECT 1; END",
	"CREATE TEMP TRIGGER x AFTER INSERT ON refs BEGIN SELECT 1; END",
	"CREATE VIRTUAL TABLE x USING fts5(a)",
	"CREATE VIRTUAL TABLE x USING dig_count",
	"CREATE VIRTUAL TABLE temp.x USING rtree(a, b, c)",
	"CREATE VIRTUAL TABLE x USING dbstat",
	"DROP TABLE refs",
	"DROP TABLE IF EXISTS refs",
	"DROP VIEW v_refs",
	"DROP VIEW temp.v_refs",
	"DROP INDEX changes_path",
	"DROP TRIGGER IF EXISTS x",
	"ALTER TABLE refs RENAME TO x",
	"ALTER TABLE refs ADD COLUMN x",
	"ALTER TABLE refs RENAME COLUMN name TO x",
	"ALTER TABLE refs DROP COLUMN name",
	/* files and other databases */
	"ATTACH DATABASE 'x.db' AS x",
	"ATTACH ':memory:' AS x",
	"ATTACH '' AS x",
	"ATTACH 'file:x?mode=memory' AS x",
	"DETACH main",
	"DETACH DATABASE temp",
	"VACUUM",
	"VACUUM main",
	"VACUUM INTO 'x.db'",
	"VACUUM main INTO '/tmp/x.db'",
	"REINDEX",
	"REINDEX refs",
	"ANALYZE",
	"ANALYZE refs",
	"ANALYZE main",
	/* transactions */
	"BEGIN",
	"BEGIN IMMEDIATE",
	"BEGIN EXCLUSIVE",
	"COMMIT",
	"END",
	"ROLLBACK",
	"SAVEPOINT x",
	"RELEASE x",
	"ROLLBACK TO x",
	/* settings */
	"PRAGMA journal_mode = WAL",
	"PRAGMA journal_mode",
	"PRAGMA synchronous = OFF",
	"PRAGMA user_version = 7",
	"PRAGMA user_version",
	"PRAGMA application_id = 1",
	"PRAGMA writable_schema = ON",
	"PRAGMA trusted_schema = ON",
	"PRAGMA temp_store_directory = '/tmp'",
	"PRAGMA data_store_directory = '/tmp'",
	"PRAGMA temp_store = FILE",
	"PRAGMA cache_size = 100000000",
	"PRAGMA mmap_size = 1000000000",
	"PRAGMA hard_heap_limit = 0",
	"PRAGMA soft_heap_limit = 1",
	"PRAGMA busy_timeout = 100000",
	"PRAGMA locking_mode = EXCLUSIVE",
	"PRAGMA query_only = OFF",
	"PRAGMA foreign_keys = OFF",
	"PRAGMA wal_checkpoint",
	"PRAGMA incremental_vacuum",
	"PRAGMA optimize",
	"PRAGMA integrity_check",
	"PRAGMA main.page_size = 512",
	"PRAGMA page_count",
	"PRAGMA database_list",
	"PRAGMA shrink_memory",
	"PRAGMA case_sensitive_like = ON",
	"PRAGMA function_list",
	"SELECT * FROM pragma_database_list",
	"SELECT * FROM pragma_journal_mode",
	"SELECT * FROM pragma_user_version",
	/* loading */
	"SELECT load_extension('x')",
	"SELECT load_extension('x', 'y')",
	"SELECT LOAD_EXTENSION('x')",
	"SELECT fts3_tokenizer('x')",
	"SELECT path FROM v_files WHERE load_extension(path)",
	/* base tables */
	"SELECT name FROM refs",
	"SELECT * FROM position",
	"SELECT * FROM main.objects",
	"SELECT (SELECT name FROM refs) FROM v_schema",
	"SELECT version FROM v_schema WHERE EXISTS "
	"(SELECT 1 FROM refs WHERE name = '')",
	"SELECT version FROM v_schema UNION SELECT name FROM refs",
	"WITH x AS (SELECT name FROM refs) SELECT * FROM x",
	"SELECT v.version, r.name FROM v_schema AS v JOIN refs AS r",
	"SELECT * FROM refs AS v_refs",
};

static const struct {
	const char *text;
	enum dig_status want;
	const char *words;
} others[] = {
	/* not a query at all, or more than one */
	{ "", DIG_EINVALID, "no query" },
	{ " ; -- nothing", DIG_EINVALID, NULL },
	{ "SELEC 1", DIG_EINVALID, "syntax error" },
	{ "SELECT", DIG_EINVALID, "incomplete" },
	{ "SELECT nowhere FROM v_files", DIG_EINVALID, "no such column" },
	{ "SELECT * FROM nowhere", DIG_EINVALID, "no such table" },
	{ "SELECT readfile('/etc/passwd')", DIG_EINVALID, "no such function" },
	{ "SELECT writefile('x', 'y')", DIG_EINVALID, "no such function" },
	{ "SELECT edit('x')", DIG_EINVALID, "no such function" },
	{ "SELECT 1; SELECT 2", DIG_EINVALID, "one query" },
	{ "SELECT 1; DELETE FROM refs", DIG_EINVALID, "one query" },
	{ "SELECT ?1", DIG_EINVALID, "has no value" },
	{ "SELECT :a", DIG_EINVALID, "has no value" },
	/* too long, too large */
	{ "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) "
	  "SELECT count(*) FROM c",
	    DIG_EDENIED, "ran longer" },
	{ "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) "
	  "SELECT x FROM c",
	    DIG_EDENIED, "ran longer" },
	{ "SELECT zeroblob(1000000000)", DIG_EINVALID, "too big" },
	/* allowed */
	{ "SELECT 1", DIG_OK, "1\n" },
	{ "SELECT 1;", DIG_OK, "1\n" },
	{ "-- words\nSELECT 1; -- more\n /* and */ ;", DIG_OK, "1\n" },
	{ "VALUES (1, 'a'), (2, NULL)", DIG_OK, "1|a\n2|\n" },
	{ "SELECT version FROM v_schema", DIG_OK, "1." },
	{ "SELECT count(*) FROM v_files", DIG_OK, "0\n" },
	{ "WITH x AS (SELECT path FROM v_files) SELECT count(*) FROM x", DIG_OK,
	    "0\n" },
	{ "SELECT count(*) FROM (SELECT path FROM v_files)", DIG_OK, "0\n" },
	{ "SELECT value FROM json_each('[4]')", DIG_OK, "4\n" },
	{ "SELECT name FROM pragma_table_info('v_schema')", DIG_OK,
	    "version\n" },
	{ "PRAGMA table_info(v_schema)", DIG_OK, "version" },
	{ "EXPLAIN QUERY PLAN SELECT * FROM v_files", DIG_OK, NULL },
	{ "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c "
	  "LIMIT 3) SELECT sum(x) FROM c",
	    DIG_OK, "6\n" },
	/* table functions */
	{ "SELECT * FROM dig_count('2')", DIG_OK, "0|word|" },
	{ "SELECT sum(n), count(*), typeof(bytes), typeof(extra), arg1 "
	  "FROM dig_count('5', '2')",
	    DIG_OK, "9|3|blob|null|5\n" },
	{ "SELECT n FROM dig_count WHERE arg2 = '3' AND arg1 = '4'", DIG_OK,
	    "3\n" },
	{ "SELECT a.n, b.n FROM dig_count('3', '2') AS a "
	  "JOIN dig_count(a.n, '1') AS b",
	    DIG_OK, "2|1\n" },
	{ "SELECT n FROM dig_count('100') WHERE n = 5 LIMIT 1", DIG_OK, "5\n" },
	{ "SELECT * FROM dig_count", DIG_EINVALID, "needs 1" },
	{ "SELECT * FROM dig_count('1', '2', '3')", DIG_EINVALID,
	    "too many arguments" },
	{ "SELECT * FROM dig_count('bad')", DIG_ENOTFOUND, "no such number" },
	{ "SELECT * FROM dig_count('80')", DIG_ECORRUPT, "broken at 77" },
};

static void
test_refused(void **state)
{
	size_t n = sizeof(refused) / sizeof(refused[0]);

	(void)state;
	assert_true(n >= 100);
	for (size_t i = 0; i < n; i++) {
		struct dig_error err = DIG_ERROR_INIT;
		struct dig_buf out = DIG_BUF_INIT;
		enum dig_status st = ask(refused[i], NULL, 0, &out, &err);

		/* What SQLite itself does not take is as good. */
		if (st != DIG_EDENIED && st != DIG_EINVALID)
			fail_msg(
			    "%s: status %d, %s", refused[i], (int)st, err.msg);
		assert_int_equal(out.len, 0);
		dig_buf_clear(&out);
	}
	/* Most of them are refused for what they are. */
	expect("DELETE FROM commits", DIG_EDENIED, "only reads");
	expect("SELECT name FROM refs", DIG_EDENIED, "is no view");
	expect("SELECT load_extension('x')", DIG_EDENIED, "load_extension");
	expect("ATTACH ':memory:' AS x", DIG_EDENIED, "only reads");
	expect("PRAGMA user_version", DIG_EDENIED, "only reads");
	expect("VACUUM INTO 'x'", DIG_EDENIED, "only reads");
}

/* Nor does any of them leave something behind: the file stays as it was. */
static void
test_unchanged(void **state)
{
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_buf before = DIG_BUF_INIT, after = DIG_BUF_INIT;
	char name[80];

	snprintf(name, sizeof(name), "%s/%s", dir, DIG_DB_FILE);
	assert_int_equal(
	    dig_read_file(AT_FDCWD, name, 1 << 20, &before, DIG_EIO, &err),
	    DIG_OK);
	test_refused(state);
	assert_int_equal(
	    dig_read_file(AT_FDCWD, name, 1 << 20, &after, DIG_EIO, &err),
	    DIG_OK);
	assert_int_equal(before.len, after.len);
	assert_memory_equal(before.data, after.data, before.len);
	dig_buf_clear(&before);
	dig_buf_clear(&after);
}

static void
test_others(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		expect(others[i].text, others[i].want, others[i].words);
}

static void
test_params(void **state)
{
	static const struct dig_query_param params[] = { { "a", "5" },
		{ "b", "05" }, { "c", "" } };
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_buf out = DIG_BUF_INIT;

	(void)state;
	assert_int_equal(ask("SELECT typeof(:a), :a + 1, typeof(@b), $c",
			     params, 3, &out, &err),
	    DIG_OK);
	dig_buf_putc(&out, '\0');
	assert_string_equal((const char *)out.data, "integer|6|text|\n");
	assert_int_equal(ask("SELECT :a", params, 2, &out, &err), DIG_EINVALID);
	assert_non_null(strstr(err.msg, "no parameter 'b'"));
	assert_int_equal(
	    ask("SELECT :a, :x", params, 1, &out, &err), DIG_EINVALID);
	assert_non_null(strstr(err.hint, "-p x=VALUE"));
	dig_buf_clear(&out);
	assert_true(dig_query_is_complete("SELECT 1;"));
	assert_false(dig_query_is_complete("SELECT ';"));
}

/* Every query that has a name compiles, and names its parameters. */
static void
test_named(void **state)
{
	static const struct dig_query_param known[] = { { "limit", "3" },
		{ "path", "a" }, { "below", "" } };

	(void)state;
	assert_true(DIG_QUERY_COUNT >= 12);
	for (int i = 0; i < DIG_QUERY_COUNT; i++) {
		const char *text = (const char *)dig_query_texts[i].text;
		struct dig_query_param params[3];
		struct dig_error err = DIG_ERROR_INIT;
		struct dig_buf out = DIG_BUF_INIT;
		char word[32];
		size_t n = 0;

		for (size_t k = 0; k < 3; k++) {
			snprintf(
			    word, sizeof(word), "-- param %s", known[k].name);
			if (strstr(text, word) != NULL)
				params[n++] = known[k];
		}
		if (ask(text, params, n, &out, &err) != DIG_OK)
			fail_msg("%s: %s", dig_query_texts[i].name, err.msg);
		dig_buf_clear(&out);
	}
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_refused),
		CASE(test_unchanged),
		CASE(test_others),
		CASE(test_params),
		CASE(test_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
