/* SPDX-License-Identifier: MIT
 *
 * The embedded statements against the schema, and the views as another
 * program sees them: the stock sqlite3 beside this one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "objects/base/io.h"
#include "objects/db/db_internal.h"

static char dir[64];

static int
setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/dig-schema-XXXXXX");
	assert_non_null(mkdtemp(dir));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	return dig_remove_tree(AT_FDCWD, dir);
}

static struct dig_db *
create(void)
{
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_db *db = NULL;

	if (dig_db_open(dir, DIG_DB_CREATE, &db, &err) != DIG_OK)
		fail_msg("%s", err.msg);
	return db;
}

/* The i-th word of "params:" is parameter i. */
static void
check_params(const struct dig_sql_text *text, sqlite3_stmt *raw)
{
	char words[512];
	int i = 0;

	assert_true(strlen(text->params) < sizeof(words));
	strcpy(words, text->params);
	for (char *w = strtok(words, " "); w != NULL; w = strtok(NULL, " ")) {
		const char *name = sqlite3_bind_parameter_name(raw, ++i);

		if (name == NULL || strcmp(name, w) != 0)
			fail_msg("%s: parameter %d is %s, not %s", text->name,
			    i, name != NULL ? name : "none", w);
	}
	assert_int_equal(i, text->nparams);
	if (i != sqlite3_bind_parameter_count(raw))
		fail_msg("%s: parameters left out", text->name);
}

/* No plan scans a table or sorts, unless the statement says why. */
static void
check_plan(sqlite3 *db, const struct dig_sql_text *text)
{
	static const char ask[] = "EXPLAIN QUERY PLAN ";
	char *sql = dig_alloc(sizeof(ask) + text->len);
	sqlite3_stmt *raw = NULL;

	memcpy(sql, ask, sizeof(ask) - 1);
	memcpy(sql + sizeof(ask) - 1, text->text, text->len + 1);
	if (sqlite3_prepare_v2(db, sql, -1, &raw, NULL) != SQLITE_OK)
		fail_msg("%s: %s", text->name, sqlite3_errmsg(db));
	while (sqlite3_step(raw) == SQLITE_ROW) {
		const char *step = (const char *)sqlite3_column_text(raw, 3);

		bool scans = strncmp(step, "SCAN ", 5) == 0 &&
			     strcmp(step, "SCAN CONSTANT ROW") != 0;

		if ((scans || strstr(step, "TEMP B-TREE") != NULL) &&
		    !text->may_scan)
			fail_msg("%s: %s", text->name, step);
	}
	sqlite3_finalize(raw);
	free(sql);
}

static void
test_statements(void **state)
{
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_db *db = create();

	(void)state;
	assert_int_equal(dig_db_temp_views(db, &err), DIG_OK);
	for (int i = 0; i < DIG_SQL_COUNT; i++) {
		const struct dig_sql_text *text = &dig_sql_texts[i];
		sqlite3_stmt *raw = NULL;
		const char *tail = NULL;

		if (sqlite3_prepare_v2(db->raw, (const char *)text->text, -1,
			&raw, &tail) != SQLITE_OK)
			fail_msg("%s: %s", text->name, sqlite3_errmsg(db->raw));
		if (tail[strspn(tail, " \t\n")] != '\0')
			fail_msg("%s: more than one statement", text->name);
		check_params(text, raw);
		sqlite3_finalize(raw);
		check_plan(db->raw, text);
	}
	dig_db_close(db);
}

/* A small history, in base tables: two commits and staged changes. */
static const char history[] =
    "INSERT INTO position VALUES (1, 7, 900, zeroblob(32), x'00',"
    " zeroblob(32), zeroblob(32), CAST('refs/heads/main' AS BLOB),"
    " zeroblob(32), NULL, 3);"
    "INSERT INTO staging (path, path_text, kind, size, content_id) VALUES"
    " (CAST('a' AS BLOB), NULL, 1, 10, x'a2'),"   /* modified */
    " (x'62ff', '\"b\\377\"', 2, 20, x'b1'),"     /* untouched */
    " (CAST('l' AS BLOB), NULL, 3, 1, x'c1'),"    /* untouched */
    " (CAST('new' AS BLOB), NULL, 1, 40, x'd1')," /* added */
    " (CAST('to' AS BLOB), NULL, 1, 50, x'e1');"  /* renamed */
    "INSERT INTO changes VALUES"
    " (1, CAST('a' AS BLOB), NULL, 'A', NULL, NULL, NULL, 1, NULL, x'a0',"
    "  NULL, 8),"
    " (1, x'62ff', '\"b\\377\"', 'A', NULL, NULL, NULL, 2, NULL, x'b1',"
    "  NULL, 20),"
    " (2, CAST('a' AS BLOB), NULL, 'M', NULL, NULL, 1, 1, x'a0', x'a1', 8,"
    "  9),"
    " (2, CAST('from' AS BLOB), NULL, 'A', CAST('was' AS BLOB), NULL, NULL,"
    "  1, NULL, x'e1', NULL, 50),"
    " (3, CAST('a' AS BLOB), NULL, 'M', NULL, NULL, 1, 1, x'a1', x'a2', 9,"
    "  10),"
    " (3, CAST('from' AS BLOB), NULL, 'D', NULL, NULL, 1, NULL, x'e1', NULL,"
    "  50, NULL),"
    " (3, CAST('new' AS BLOB), NULL, 'A', NULL, NULL, NULL, 1, NULL, x'd1',"
    "  NULL, 40),"
    " (3, CAST('to' AS BLOB), NULL, 'A', CAST('from' AS BLOB), NULL, NULL, 1,"
    "  NULL, x'e1', NULL, 50);"
    "INSERT INTO commits VALUES"
    " (1, zeroblob(32), zeroblob(32), 'N', 'n@x', 100, -90, 'C', 'c@x', 101,"
    "  60, 'first', 'first\n', 2, 28, 0, 0, NULL),"
    " (2, CAST('01234567890123456789012345678901' AS BLOB), zeroblob(32),"
    "  'N', 'n@x', 200, 0, 'C', 'c@x', 201, 0, 'second', 'second\n', 4, 80,"
    "  1, 1, zeroblob(32));"
    "INSERT INTO git_map VALUES (2, zeroblob(20));"
    "INSERT INTO parents VALUES (2, 0, zeroblob(32));"
    "INSERT INTO layers VALUES (1, NULL, 2, 0, 0, 2, 28, 30),"
    " (2, zeroblob(32), 1, 1, 0, 2, 59, 40);"
    "INSERT INTO refs VALUES"
    " (CAST('refs/heads/main' AS BLOB), NULL, 'branch',"
    "  CAST('01234567890123456789012345678901' AS BLOB), NULL),"
    " (CAST('refs/tags/v1' AS BLOB), NULL, 'tag',"
    "  CAST('zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz' AS BLOB), zeroblob(32));"
    "INSERT INTO objects VALUES"
    " (1, 1, 64, 0, 1, 0, 28, 40, zeroblob(32), NULL),"
    " (2, 1, 104, 0, 3, 2, 90, 50, zeroblob(32), zeroblob(32));"
    "INSERT INTO packs VALUES (1, 0, 154, 0, 2, 0), (12, 1, 9, 1, 1, 0);"
    "INSERT INTO op_stats VALUES (7, 100, 'add', 3, 28, 30, 5);"
    "INSERT INTO damage VALUES (1, 1, 2, 64, 1, zeroblob(32),"
    " CAST('a' AS BLOB), NULL,"
    " zeroblob(32), 'is gone');"
    "INSERT INTO damage VALUES (2, 0, 2, NULL, NULL, NULL, NULL, NULL, NULL,"
    " 'missing');"
    "INSERT INTO scrub VALUES (1, 0, 100, 2, 1000, NULL);"
    "INSERT INTO scrub VALUES (8, 0, 100, 2, 1000, 900);"; /* it is gone */

#define SECOND                                                                 \
	"3031323334353637383930313233343536373839303132333435363738393031"
#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"

static const struct {
	const char *sql;
	const char *want;
} views[] = {
	{ "SELECT * FROM v_schema", "1.3\n" },
	{ "SELECT path, hex(path_bytes), kind, mode, size, content_id, head_id"
	  " FROM v_staged ORDER BY path_bytes",
	    "a|61|M|100644|10|a2|a1\n"
	    "from|66726F6D|D||||e1\n"
	    "new|6E6577|A|100644|40|d1|\n"
	    "to|746F|R|100644|50|e1|\n" },
	{ "SELECT path, hex(path_bytes), mode, size, content_id FROM v_files"
	  " ORDER BY path_bytes",
	    "a|61|100644|9|a1\n"
	    "\"b\\377\"|62FF|100755|20|b1\n"
	    "from|66726F6D|100644|50|e1\n"
	    "l|6C|120000|1|c1\n" },
	{ "SELECT * FROM v_commits WHERE seq = 1",
	    "1|" ZERO "|" ZERO
	    "|N|n@x|100|-90|C|c@x|101|60|first|first\n|2|28|0\n" },
	{ "SELECT * FROM v_git_map",
	    "0000000000000000000000000000000000000000|" SECOND "\n" },
	{ "SELECT * FROM v_parents", SECOND "|0|" ZERO "\n" },
	{ "SELECT * FROM v_refs ORDER BY name",
	    "refs/heads/main|branch|" SECOND "|1\n"
	    "refs/tags/v1|tag|" ZERO "|0\n" },
	{ "SELECT * FROM v_layers ORDER BY kind",
	    SECOND "|" ZERO "|delta|1|1|0|2|59|40|" ZERO "\n" ZERO
		   "||full|2|0|0|2|28|30|" ZERO "\n" },
	{ "SELECT path, kind, old_path, old_id, new_id, old_mode, new_mode,"
	  " old_size, new_size FROM v_changes WHERE commit_id = '" SECOND
	  "' ORDER BY path_bytes",
	    "a|M||a0|a1|100644|100644|8|9\n"
	    "from|R|was||e1||100644||50\n" },
	{ "SELECT count(*) FROM v_changes", "4\n" }, /* none of the pending */
	{ "SELECT path, hex(path_bytes), substr(commit_id, 1, 4), author_time,"
	  " kind, new_id, size FROM v_path_history"
	  " WHERE path_bytes = CAST('a' AS BLOB) ORDER BY author_time",
	    "a|61|0000|100|A|a0|8\na|61|3031|200|M|a1|9\n" },
	{ "SELECT * FROM v_objects",
	    ZERO "|chunk|raw|28|40|1|64|\n" ZERO "|tree|delta|90|50|1|104|" ZERO
		 "\n" },
	{ "SELECT * FROM v_packs",
	    "1|packs/000001.pack|154|2|0\n12|packs/000012.pack|9|1|1\n" },
	{ "SELECT what, pack, offset, kind, length(object_id), path, "
	  "path_bytes,"
	  " length(commit_id), message FROM v_damage",
	    "lost|2|64|chunk|64|a|a|64|is gone\n"
	    "damaged|2|||||||missing\n" },
	{ "SELECT * FROM v_scrub", "1|0|100|2|1000|\n" },
	{ "SELECT * FROM v_op_stats", "7|100|add|3|28|30|5\n" },
	/* Types: a row that has all columns, of each view. */
	{ "SELECT typeof(version) FROM v_schema", "text\n" },
	{ "SELECT typeof(path), typeof(path_bytes), typeof(kind), typeof(mode),"
	  " typeof(size), typeof(content_id), typeof(head_id) FROM v_staged"
	  " WHERE kind = 'M'",
	    "text|blob|text|text|integer|text|text\n" },
	{ "SELECT DISTINCT typeof(path), typeof(path_bytes), typeof(mode),"
	  " typeof(size), typeof(content_id) FROM v_files",
	    "text|blob|text|integer|text\n" },
	{ "SELECT typeof(seq), typeof(id), typeof(tree_root),"
	  " typeof(author_name), typeof(author_email), typeof(author_time),"
	  " typeof(author_zone), typeof(committer_name),"
	  " typeof(committer_email), typeof(committer_time),"
	  " typeof(committer_zone), typeof(subject), typeof(message),"
	  " typeof(files), typeof(bytes), typeof(generation) FROM v_commits"
	  " WHERE seq = 1",
	    "integer|text|text|text|text|integer|integer|text|text|integer|"
	    "integer|text|text|integer|integer|integer\n" },
	{ "SELECT typeof(commit_id), typeof(position), typeof(parent_id)"
	  " FROM v_parents",
	    "text|integer|text\n" },
	{ "SELECT DISTINCT typeof(name), typeof(kind), typeof(commit_id),"
	  " typeof(is_head) FROM v_refs",
	    "text|text|text|integer\n" },
	{ "SELECT typeof(commit_id), typeof(parent_id), typeof(kind),"
	  " typeof(added), typeof(modified), typeof(deleted),"
	  " typeof(new_chunks), typeof(raw_bytes), typeof(stored_bytes),"
	  " typeof(root) FROM v_layers WHERE kind = 'delta'",
	    "text|text|text|integer|integer|integer|integer|integer|integer|"
	    "text\n" },
	{ "SELECT typeof(commit_id), typeof(path), typeof(path_bytes),"
	  " typeof(kind), typeof(old_id), typeof(new_id), typeof(old_mode),"
	  " typeof(new_mode), typeof(old_size), typeof(new_size)"
	  " FROM v_changes WHERE kind = 'M'",
	    "text|text|blob|text|text|text|text|text|integer|integer\n" },
	{ "SELECT typeof(old_path) FROM v_changes WHERE kind = 'R'", "text\n" },
	{ "SELECT DISTINCT typeof(path), typeof(path_bytes),"
	  " typeof(commit_id), typeof(author_time), typeof(kind),"
	  " typeof(new_id), typeof(size) FROM v_path_history",
	    "text|blob|text|integer|text|text|integer\n" },
	{ "SELECT typeof(id), typeof(kind), typeof(codec), typeof(raw_bytes),"
	  " typeof(stored_bytes), typeof(pack), typeof(offset),"
	  " typeof(base_id) FROM v_objects WHERE codec = 'delta'",
	    "text|text|text|integer|integer|integer|integer|text\n" },
	{ "SELECT DISTINCT typeof(number), typeof(file), typeof(bytes),"
	  " typeof(objects), typeof(sealed) FROM v_packs",
	    "integer|text|integer|integer|integer\n" },
	{ "SELECT typeof(journal_seq), typeof(time), typeof(verb),"
	  " typeof(files), typeof(bytes_read), typeof(bytes_stored),"
	  " typeof(duration_ms) FROM v_op_stats",
	    "integer|integer|text|integer|integer|integer|integer\n" },
	{ "SELECT path, hex(path_bytes), versions, total_bytes, largest_bytes"
	  " FROM v_largest_paths ORDER BY total_bytes DESC, path_bytes",
	    "from|66726F6D|1|50|50\n"
	    "\"b\\377\"|62FF|1|20|20\n"
	    "a|61|2|17|9\n" },
	{ "SELECT * FROM v_commit_growth ORDER BY total_stored_bytes",
	    ZERO "|101|first|2|28|30|30\n" SECOND "|201|second|4|80|40|70\n" },
	{ "PRAGMA integrity_check", "ok\n" },
	/* The columns of each view, in the order of the contract. */
	{ "SELECT m.name || '(' || group_concat(c.name, ',') || ')'"
	  " FROM sqlite_schema AS m, pragma_table_info(m.name) AS c"
	  " WHERE m.type = 'view' GROUP BY m.name ORDER BY m.name",
	    "v_changes(commit_id,path,path_bytes,kind,old_path,old_id,new_id,"
	    "old_mode,new_mode,old_size,new_size)\n"
	    "v_commit_growth(commit_id,committer_time,subject,files,bytes,"
	    "stored_bytes,total_stored_bytes)\n"
	    "v_commits(seq,id,tree_root,author_name,author_email,author_time,"
	    "author_zone,committer_name,committer_email,committer_time,"
	    "committer_zone,subject,message,files,bytes,generation)\n"
	    "v_conflicts(path,path_bytes,kind,base_mode,base_id,ours_mode,"
	    "ours_id,theirs_mode,theirs_id)\n"
	    "v_damage(what,pack,offset,kind,object_id,path,path_bytes,"
	    "commit_id,message)\n"
	    "v_files(path,path_bytes,mode,size,content_id)\n"
	    "v_git_map(git_id,commit_id)\n"
	    "v_largest_paths(path,path_bytes,versions,total_bytes,"
	    "largest_bytes)\n"
	    "v_layers(commit_id,parent_id,kind,added,modified,deleted,"
	    "new_chunks,raw_bytes,stored_bytes,root)\n"
	    "v_objects(id,kind,codec,raw_bytes,stored_bytes,pack,offset,"
	    "base_id)\n"
	    "v_op_stats(journal_seq,time,verb,files,bytes_read,bytes_stored,"
	    "duration_ms)\n"
	    "v_packs(number,file,bytes,objects,sealed)\n"
	    "v_parents(commit_id,position,parent_id)\n"
	    "v_path_history(path,path_bytes,commit_id,author_time,kind,new_id,"
	    "size)\n"
	    "v_refs(name,kind,commit_id,is_head)\n"
	    "v_schema(version)\n"
	    "v_scrub(pack,start,bytes,generation,time,deep_time)\n"
	    "v_staged(path,path_bytes,kind,mode,size,content_id,head_id)\n" },
};

static void
write_history(struct dig_db *db)
{
	struct dig_error err = DIG_ERROR_INIT;

	assert_int_equal(dig_txn_begin(db, &err), DIG_OK);
	if (dig_db_exec(db, history, "history", &err) != DIG_OK)
		fail_msg("%s", err.msg);
	/* Rows that cannot be are refused: a short id, an A with a past. */
	assert_int_equal(dig_db_exec(db, "UPDATE commits SET id = x'00'",
			     "a short id", &err),
	    DIG_EINVALID);
	assert_int_equal(
	    dig_db_exec(db, "UPDATE changes SET old_id = x'00', old_kind = 1",
		"an old side", &err),
	    DIG_EINVALID);
	assert_int_equal(dig_txn_commit(db, &err), DIG_OK);
}

static void
ask_stock(const char *sql, struct dig_buf *out)
{
	char line[2048];
	char got[4096];
	size_t n;
	FILE *pipe;

	/* No quote, backslash or dollar sign stands in the questions. */
	snprintf(line, sizeof(line),
	    "sqlite3 -batch -readonly %s/%s \"%s\" 2>&1", dir, DIG_DB_FILE,
	    sql);
	pipe = popen(line, "r");
	assert_non_null(pipe);
	dig_buf_reset(out);
	while ((n = fread(got, 1, sizeof(got), pipe)) > 0)
		dig_buf_put(out, got, n);
	dig_buf_putc(out, 0);
	pclose(pipe);
}

static int
as_text(void *arg, int n, char **values, char **names)
{
	struct dig_buf *out = arg;

	(void)names;
	for (int i = 0; i < n; i++)
		dig_buf_printf(out, "%s%s", values[i] != NULL ? values[i] : "",
		    i + 1 < n ? "|" : "\n");
	return 0;
}

static void
test_views(void **state)
{
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_buf out = DIG_BUF_INIT;
	struct dig_db *db = create();
	bool has_stock = system("sqlite3 -version >/dev/null 2>&1") == 0;

	(void)state;
	write_history(db);
	assert_int_equal(dig_db_temp_views(db, &err), DIG_OK);
	for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++) {
		/* As dig reads them, where the authorizer lets it. */
		if (strstr(views[i].sql, "FROM v_") != NULL) {
			dig_buf_reset(&out);
			if (sqlite3_exec(db->raw, views[i].sql, as_text, &out,
				NULL) != SQLITE_OK)
				fail_msg("%s", sqlite3_errmsg(db->raw));
			assert_string_equal(
			    (const char *)out.data, views[i].want);
		}
		if (has_stock) {
			ask_stock(views[i].sql, &out);
			assert_string_equal(
			    (const char *)out.data, views[i].want);
		}
	}
	dig_buf_clear(&out);
	dig_db_close(db);
	if (!has_stock) {
		print_message("the sqlite3 program is not installed\n");
		skip();
	}
}

/* v_schema says what user_version says. */
static void
test_version(void **state)
{
	char want[32];

	(void)state;
	snprintf(want, sizeof(want), "SELECT '%d.%d' AS version;",
	    DIG_SCHEMA_MAJOR, DIG_SCHEMA_MINOR);
	assert_non_null(strstr(
	    (const char *)dig_script_texts[DIG_SCRIPT_VIEWS].text, want));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_statements),
		CASE(test_views),
		cmocka_unit_test(test_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
