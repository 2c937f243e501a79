/* SPDX-License-Identifier: MIT
 *
 * Running a foreign query: the authorizer, the clock, parameters and rows.
 */
#include "objects/db/query.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "objects/base/buf.h"
#include "objects/base/io.h"
#include "objects/db/query_internal.h"

#define STEPS_A_LOOK                                                           \
	10000 /* of SQLite's machine, between looks at the clock               \
	       */
#define HEAP_MAX ((sqlite3_int64)1 << 30)
#define COLUMNS_MAX 256

/* A query may be larger than any of dig's own. */
static const struct {
	int what;
	int value;
} limits[] = {
	{ SQLITE_LIMIT_SQL_LENGTH, 1 << 20 },
	{ SQLITE_LIMIT_COLUMN, COLUMNS_MAX },
	{ SQLITE_LIMIT_EXPR_DEPTH, 200 },
	{ SQLITE_LIMIT_COMPOUND_SELECT, 64 },
	{ SQLITE_LIMIT_VDBE_OP, 1000000 },
	{ SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000 },
};

/* ---- What is allowed -------------------------------------------------- */

static bool
begins(const char *text, const char *with)
{
	return text != NULL && strncmp(text, with, strlen(with)) == 0;
}

static bool
is_one_of(const char *word, const char *const *words)
{
	for (; *words != NULL; words++) {
		if (word != NULL && sqlite3_stricmp(word, *words) == 0)
			return true;
	}
	return false;
}

/*
 * A base table may be read by a view only, which is then named as `view`. A
 * table of which no column is read has the column "": count(*), where it may
 * also be a name within the query.
 */
static bool
may_read(const char *table, const char *column, const char *view)
{
	static const char *const tables[] = { "sqlite_schema", "sqlite_master",
		"sqlite_temp_schema", "sqlite_temp_master", NULL };
	static const char *const starts[] = { "v_", "dig_", "json_", "pragma_",
		NULL };

	if (begins(view, "v_") || column == NULL || column[0] == '\0')
		return true;
	for (size_t i = 0; starts[i] != NULL; i++) {
		if (begins(table, starts[i]))
			return true;
	}
	return is_one_of(table, tables);
}

static bool
is_allowed(int action, const char *a, const char *b, const char *view)
{
	static const char *const pragmas[] = { "table_info", "table_xinfo",
		"table_list", NULL };
	static const char *const functions[] = { "load_extension",
		"fts3_tokenizer", NULL };

	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_RECURSIVE:
		return true;
	case SQLITE_READ:
		return may_read(a, b, view);
	case SQLITE_FUNCTION: /* its name is the second */
		return !is_one_of(b, functions);
	case SQLITE_PRAGMA:
		return is_one_of(a, pragmas);
	default:
		return false;
	}
}

static int
on_authorize(void *arg, int action, const char *a, const char *b,
    const char *schema, const char *view)
{
	struct dig_query *query = arg;

	(void)schema;
	if (is_allowed(action, a, b, view))
		return SQLITE_OK;
	if (query->refused[0] != '\0')
		return SQLITE_DENY;
	if (action == SQLITE_READ)
		snprintf(query->refused, sizeof(query->refused),
		    "'%.80s' is no view; only the views may be read", a);
	else if (action == SQLITE_FUNCTION)
		snprintf(query->refused, sizeof(query->refused),
		    "the function '%.80s' may not be used", b);
	else
		snprintf(query->refused, sizeof(query->refused),
		    "a query only reads");
	return SQLITE_DENY;
}

static int
on_progress(void *arg)
{
	struct dig_query *query = arg;

	if (dig_interrupted())
		return 1;
	query->too_long =
	    query->deadline_ns != 0 && dig_now_ns() > query->deadline_ns;
	return query->too_long;
}

/* ---- Opening ---------------------------------------------------------- */

/*
 * The first use of a virtual table declares its columns, which looks to the
 * authorizer as if a table were made: so it is used once before.
 */
enum dig_status
dig_query_touch(
    struct dig_query *query, const char *table, struct dig_error *err)
{
	struct dig_buf text = DIG_BUF_INIT;
	sqlite3_stmt *stmt = NULL;
	int rc;

	dig_buf_printf(&text, "SELECT 1 FROM %s", table);
	sqlite3_set_authorizer(query->db->raw, NULL, NULL);
	rc = sqlite3_prepare_v2(
	    query->db->raw, (const char *)text.data, -1, &stmt, NULL);
	sqlite3_finalize(stmt);
	sqlite3_set_authorizer(query->db->raw, on_authorize, query);
	dig_buf_clear(&text);
	return rc == SQLITE_OK ? DIG_OK
			       : dig_db_raise(query->db, rc, table, err);
}

enum dig_status
dig_query_open(const char *dig_dir, int64_t timeout_ms, struct dig_query **out,
    struct dig_error *err)
{
	static const char *const tables[] = { "json_each", "json_tree",
		"pragma_table_info", "pragma_table_xinfo",
		"pragma_table_list" };
	struct dig_query *query = dig_calloc(1, sizeof(*query));
	enum dig_status st;

	query->timeout_ms = timeout_ms;
	query->soft_heap = sqlite3_soft_heap_limit64(-1);
	query->hard_heap =
	    sqlite3_hard_heap_limit64(sqlite3_memory_used() + HEAP_MAX);
	st = dig_db_open(dig_dir, DIG_DB_READONLY, &query->db, err);
	if (st == DIG_OK)
		st = dig_db_temp_views(query->db, err);
	if (st != DIG_OK) {
		dig_query_close(query);
		return st;
	}
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		sqlite3_limit(query->db->raw, limits[i].what, limits[i].value);
	sqlite3_progress_handler(
	    query->db->raw, STEPS_A_LOOK, on_progress, query);
	for (size_t i = 0;
	     st == DIG_OK && i < sizeof(tables) / sizeof(tables[0]); i++)
		st = dig_query_touch(query, tables[i], err);
	if (st == DIG_OK)
		*out = query;
	else
		dig_query_close(query);
	return st;
}

void
dig_query_close(struct dig_query *query)
{
	if (query == NULL)
		return;
	dig_db_close(query->db);
	sqlite3_hard_heap_limit64(query->hard_heap);
	sqlite3_soft_heap_limit64(query->soft_heap);
	free(query);
}

/* ---- Failures --------------------------------------------------------- */

/* What a result code means when the text is not dig's own. */
static enum dig_status
fail(struct dig_query *query, int rc, struct dig_error *err)
{
	sqlite3 *raw = query->db->raw;
	const char *words = sqlite3_errmsg(raw);

	if (query->failure.status != DIG_OK) {
		*err = query->failure;
		return err->status;
	}
	if (query->too_long) {
		dig_ignore(dig_raise(err, DIG_EDENIED,
		    "the query ran longer than %lld s",
		    (long long)((query->timeout_ms + 999) / 1000)));
		dig_hint(err, "--timeout SECONDS lets it run longer, 0 "
			      "without an end");
		return DIG_EDENIED;
	}
	switch (rc & 0xff) {
	case SQLITE_AUTH:
		return dig_raise(err, DIG_EDENIED, "not permitted: %s",
		    query->refused[0] != '\0' ? query->refused : words);
	case SQLITE_NOMEM:
		return dig_raise(err, DIG_EDENIED,
		    "the query needs more memory than it may have");
	case SQLITE_INTERRUPT:
		return dig_raise(err, DIG_ECANCELLED, "interrupted");
	case SQLITE_ERROR:
	case SQLITE_MISMATCH:
	case SQLITE_TOOBIG:
	case SQLITE_RANGE:
	case SQLITE_CONSTRAINT:
		if (query->refused[0] != '\0')
			return dig_raise(err, DIG_EDENIED, "not permitted: %s",
			    query->refused);
		return dig_raise(err, DIG_EINVALID, "the query: %.400s", words);
	default:
		return dig_db_raise(query->db, rc, "the query", err);
	}
}

/* ---- Running ---------------------------------------------------------- */

static bool
parse_int(const char *text, int64_t *out)
{
	char again[24];
	char *end;

	*out = strtoll(text, &end, 10);
	snprintf(again, sizeof(again), "%lld", (long long)*out);
	return *text != '\0' && *end == '\0' && strcmp(again, text) == 0;
}

static enum dig_status
bind_params(struct dig_query *query, sqlite3_stmt *stmt,
    const struct dig_query_param *params, size_t nparams, struct dig_error *err)
{
	int count = sqlite3_bind_parameter_count(stmt);
	size_t used = 0;

	for (int i = 1; i <= count; i++) {
		const char *name = sqlite3_bind_parameter_name(stmt, i);
		const struct dig_query_param *param = NULL;
		int64_t integer;
		int rc;

		for (size_t k = 0; name != NULL && k < nparams; k++) {
			if (strcmp(params[k].name, name + 1) == 0)
				param = &params[k];
		}
		if (param == NULL) {
			dig_ignore(dig_raise(err, DIG_EINVALID,
			    "the parameter '%.100s' has no value",
			    name != NULL ? name : "?"));
			if (name != NULL)
				dig_hint(err, "-p %.100s=VALUE", name + 1);
			return DIG_EINVALID;
		}
		used++;
		if (parse_int(param->value, &integer))
			rc = sqlite3_bind_int64(stmt, i, integer);
		else
			rc = sqlite3_bind_text(
			    stmt, i, param->value, -1, SQLITE_STATIC);
		if (rc != SQLITE_OK)
			return fail(query, rc, err);
	}
	for (size_t k = 0; used < nparams && k < nparams; k++) {
		bool known = false;

		for (int i = 1; i <= count && !known; i++)
			known =
			    strcmp(params[k].name,
				sqlite3_bind_parameter_name(stmt, i) + 1) == 0;
		if (!known)
			return dig_raise(err, DIG_EINVALID,
			    "the query has no parameter '%.100s'",
			    params[k].name);
	}
	return DIG_OK;
}

static void
read_value(sqlite3_stmt *stmt, int col, struct dig_value *out)
{
	memset(out, 0, sizeof(*out));
	switch (sqlite3_column_type(stmt, col)) {
	case SQLITE_INTEGER:
		dig_value_int(out, sqlite3_column_int64(stmt, col));
		break;
	case SQLITE_FLOAT:
		out->type = DIG_VALUE_REAL;
		out->real = sqlite3_column_double(stmt, col);
		break;
	case SQLITE_TEXT:
		dig_value_text(out, sqlite3_column_text(stmt, col), 0);
		out->len = (size_t)sqlite3_column_bytes(stmt, col);
		break;
	case SQLITE_BLOB:
		dig_value_blob(out, sqlite3_column_blob(stmt, col), 0);
		out->len = (size_t)sqlite3_column_bytes(stmt, col);
		break;
	default:
		break;
	}
}

static enum dig_status
run_rows(struct dig_query *query, sqlite3_stmt *stmt, size_t ncolumns,
    const struct dig_query_handler *handler, struct dig_error *err)
{
	struct dig_value values[COLUMNS_MAX];
	enum dig_status st = DIG_OK;
	int rc;

	while (st == DIG_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		for (size_t i = 0; i < ncolumns; i++)
			read_value(stmt, (int)i, &values[i]);
		st = handler->row(handler->arg, values, ncolumns, err);
		/* A row that took its time counts, too. */
		if (st == DIG_OK && on_progress(query))
			rc = SQLITE_INTERRUPT;
		if (st == DIG_OK && rc == SQLITE_INTERRUPT)
			break;
	}
	return st == DIG_OK && rc != SQLITE_DONE ? fail(query, rc, err) : st;
}

static enum dig_status
run(struct dig_query *query, sqlite3_stmt *stmt,
    const struct dig_query_handler *handler, struct dig_error *err)
{
	const char *names[COLUMNS_MAX];
	size_t ncolumns = (size_t)sqlite3_column_count(stmt);
	enum dig_status st = DIG_OK;

	for (size_t i = 0; i < ncolumns; i++) {
		names[i] = sqlite3_column_name(stmt, (int)i);
		if (names[i] == NULL)
			return fail(query, SQLITE_NOMEM, err);
	}
	if (handler->columns != NULL)
		st = handler->columns(handler->arg, names, ncolumns, err);
	return st == DIG_OK ? run_rows(query, stmt, ncolumns, handler, err)
			    : st;
}

/* Nothing but blanks, comments and semicolons. */
static bool
is_blank(struct dig_query *query, const char *text)
{
	sqlite3_stmt *stmt = NULL;
	bool blank = true;

	while (blank && *text != '\0') {
		const char *tail = text;

		blank = sqlite3_prepare_v2(query->db->raw, text, -1, &stmt,
			    &tail) == SQLITE_OK &&
			stmt == NULL && tail != text;
		sqlite3_finalize(stmt);
		stmt = NULL;
		text = tail;
	}
	return blank;
}

enum dig_status
dig_query_run(struct dig_query *query, const char *text,
    const struct dig_query_param *params, size_t nparams,
    const struct dig_query_handler *handler, struct dig_error *err)
{
	sqlite3_stmt *stmt = NULL;
	const char *tail = text;
	enum dig_status st;
	int rc;

	query->refused[0] = '\0';
	query->failure.status = DIG_OK;
	query->too_long = false;
	query->deadline_ns = query->timeout_ms == 0
				 ? 0
				 : dig_now_ns() + query->timeout_ms * 1000000;
	rc = sqlite3_prepare_v2(query->db->raw, text, -1, &stmt, &tail);
	if (rc != SQLITE_OK)
		st = fail(query, rc, err);
	else if (stmt == NULL)
		st = dig_raise(err, DIG_EINVALID, "there is no query");
	else if (!sqlite3_stmt_readonly(stmt) ||
		 sqlite3_column_count(stmt) == 0)
		st = dig_raise(
		    err, DIG_EDENIED, "not permitted: a query only reads");
	else if (!is_blank(query, tail))
		st = dig_raise(
		    err, DIG_EINVALID, "one query at a time, not several");
	else
		st = bind_params(query, stmt, params, nparams, err);
	if (st == DIG_OK)
		st = run(query, stmt, handler, err);
	sqlite3_finalize(stmt);
	return st;
}

bool
dig_query_is_complete(const char *text)
{
	return sqlite3_complete(text) != 0;
}

/* ---- Values ----------------------------------------------------------- */

void
dig_value_int(struct dig_value *value, int64_t integer)
{
	value->type = DIG_VALUE_INT;
	value->integer = integer;
}

void
dig_value_text(struct dig_value *value, const void *data, size_t len)
{
	value->type = DIG_VALUE_TEXT;
	value->data = data;
	value->len = len;
}

void
dig_value_blob(struct dig_value *value, const void *data, size_t len)
{
	value->type = DIG_VALUE_BLOB;
	value->data = data;
	value->len = len;
}
