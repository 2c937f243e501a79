/* SPDX-License-Identifier: MIT
 *
 * Functions that give rows, as eponymous virtual tables: their arguments are
 * hidden columns behind the others, which a query sets by `=` or in brackets.
 *
 * Source: sqlite.org/vtab.html "Table-valued functions".
 */
#include <stdlib.h>
#include <string.h>

#include "objects/base/buf.h"
#include "objects/db/query_internal.h"

#define ARGS_MAX 4
#define COLUMNS_MAX 32

struct registered {
	const struct dig_table_function *function;
	void *arg;
	void (*release)(void *arg);
	struct dig_error *failure; /* NULL: SQLite's own line is enough */
};

struct table {
	sqlite3_vtab base;
	const struct registered *of;
};

struct cursor {
	sqlite3_vtab_cursor base;
	void *inner;
	sqlite3_int64 row;
	bool done;
	char *args[ARGS_MAX];
	struct dig_value values[COLUMNS_MAX];
};

static const struct registered *
registered_of(struct cursor *cursor)
{
	return ((struct table *)(void *)cursor->base.pVtab)->of;
}

/* SQLite keeps one line; a query keeps the error. */
static int
failed(struct cursor *cursor, const struct dig_error *err)
{
	const struct registered *of = registered_of(cursor);
	sqlite3_vtab *table = cursor->base.pVtab;

	cursor->done = true;
	if (of->failure != NULL) {
		*of->failure = *err;
		return SQLITE_ERROR;
	}
	sqlite3_free(table->zErrMsg);
	table->zErrMsg = sqlite3_mprintf("%s: %s%s%s", of->function->name,
	    err->msg, err->hint[0] != '\0' ? "; " : "", err->hint);
	return SQLITE_ERROR;
}

static int
on_connect(sqlite3 *db, void *arg, int argc, const char *const *argv,
    sqlite3_vtab **out, char **message)
{
	const struct registered *of = arg;
	struct dig_buf text = DIG_BUF_INIT;
	struct table *table;
	int rc;

	(void)argc, (void)argv, (void)message;
	dig_buf_printf(&text, "CREATE TABLE x(%s", of->function->columns);
	for (size_t i = 0; i < of->function->nargs; i++)
		dig_buf_printf(&text, ", arg%zu HIDDEN", i + 1);
	dig_buf_puts(&text, ")");
	rc = sqlite3_declare_vtab(db, (const char *)text.data);
	dig_buf_clear(&text);
	if (rc != SQLITE_OK)
		return rc;
	table = dig_calloc(1, sizeof(*table));
	table->of = of;
	*out = &table->base;
	return SQLITE_OK;
}

static int
on_disconnect(sqlite3_vtab *table)
{
	free(table);
	return SQLITE_OK;
}

/* A plan hands all arguments on, or is none. */
static int
on_best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
	const struct dig_table_function *function =
	    ((struct table *)(void *)base)->of->function;
	int at[ARGS_MAX] = { -1, -1, -1, -1 };
	int n = 0, mask = 0;

	for (int i = 0; i < info->nConstraint; i++) {
		int arg =
		    info->aConstraint[i].iColumn - (int)function->ncolumns;

		if (arg < 0 ||
		    info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ)
			continue;
		if (!info->aConstraint[i].usable)
			return SQLITE_CONSTRAINT;
		at[arg] = i;
	}
	for (int arg = 0; arg < (int)function->nargs; arg++) {
		if (at[arg] < 0)
			continue;
		info->aConstraintUsage[at[arg]].argvIndex = ++n;
		info->aConstraintUsage[at[arg]].omit = 1;
		mask |= 1 << arg;
	}
	info->idxNum = mask;
	info->estimatedCost = 10000;
	info->estimatedRows = 10000;
	return SQLITE_OK;
}

static int
on_open(sqlite3_vtab *table, sqlite3_vtab_cursor **out)
{
	struct cursor *cursor = dig_calloc(1, sizeof(*cursor));

	(void)table;
	*out = &cursor->base;
	return SQLITE_OK;
}

static void
reset(struct cursor *cursor)
{
	const struct dig_table_function *function =
	    registered_of(cursor)->function;

	if (cursor->inner != NULL)
		function->close(cursor->inner);
	cursor->inner = NULL;
	for (size_t i = 0; i < ARGS_MAX; i++) {
		free(cursor->args[i]);
		cursor->args[i] = NULL;
	}
}

static int
on_close(sqlite3_vtab_cursor *base)
{
	struct cursor *cursor = (struct cursor *)(void *)base;

	reset(cursor);
	free(cursor);
	return SQLITE_OK;
}

static int
on_next(sqlite3_vtab_cursor *base)
{
	struct cursor *cursor = (struct cursor *)(void *)base;
	const struct dig_table_function *function =
	    registered_of(cursor)->function;
	struct dig_error err = DIG_ERROR_INIT;

	memset(cursor->values, 0, sizeof(cursor->values));
	cursor->row++;
	if (function->next(
		cursor->inner, cursor->values, &cursor->done, &err) != DIG_OK)
		return failed(cursor, &err);
	return SQLITE_OK;
}

static int
on_filter(sqlite3_vtab_cursor *base, int mask, const char *plan, int argc,
    sqlite3_value **argv)
{
	struct cursor *cursor = (struct cursor *)(void *)base;
	const struct registered *of = registered_of(cursor);
	struct dig_error err = DIG_ERROR_INIT;
	int n = 0;

	(void)plan;
	reset(cursor);
	cursor->done = false;
	cursor->row = 0;
	for (size_t i = 0; i < of->function->nargs; i++) {
		const char *word = NULL;

		if ((mask >> i & 1) != 0 && n < argc)
			word = (const char *)sqlite3_value_text(argv[n++]);
		if (word != NULL)
			cursor->args[i] = dig_strdup(word);
		else if (i < of->function->nrequired) {
			dig_ignore(dig_raise(&err, DIG_EINVALID,
			    "%s needs %zu arguments", of->function->name,
			    of->function->nrequired));
			return failed(cursor, &err);
		}
	}
	if (of->function->open(of->arg, (const char *const *)cursor->args,
		&cursor->inner, &err) != DIG_OK)
		return failed(cursor, &err);
	return on_next(base);
}

static int
on_eof(sqlite3_vtab_cursor *base)
{
	return ((struct cursor *)(void *)base)->done;
}

static int
on_column(sqlite3_vtab_cursor *base, sqlite3_context *out, int col)
{
	struct cursor *cursor = (struct cursor *)(void *)base;
	const struct dig_table_function *function =
	    registered_of(cursor)->function;
	const struct dig_value *value;

	if (col < 0)
		return SQLITE_OK;
	if ((size_t)col >= function->ncolumns) {
		const char *word =
		    cursor->args[(size_t)col - function->ncolumns];

		if (word != NULL)
			sqlite3_result_text(out, word, -1, SQLITE_TRANSIENT);
		return SQLITE_OK;
	}
	value = &cursor->values[col];
	switch (value->type) {
	case DIG_VALUE_NULL:
		break;
	case DIG_VALUE_INT:
		sqlite3_result_int64(out, value->integer);
		break;
	case DIG_VALUE_REAL:
		sqlite3_result_double(out, value->real);
		break;
	case DIG_VALUE_TEXT:
		sqlite3_result_text64(out, value->data, value->len,
		    SQLITE_TRANSIENT, SQLITE_UTF8);
		break;
	case DIG_VALUE_BLOB:
		sqlite3_result_blob64(out, value->len > 0 ? value->data : "",
		    value->len, SQLITE_TRANSIENT);
		break;
	}
	return SQLITE_OK;
}

static int
on_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out)
{
	*out = ((struct cursor *)(void *)base)->row;
	return SQLITE_OK;
}

static const sqlite3_module module = {
	.xConnect = on_connect, /* without xCreate: it is there by its name */
	.xBestIndex = on_best_index,
	.xDisconnect = on_disconnect,
	.xOpen = on_open,
	.xClose = on_close,
	.xFilter = on_filter,
	.xNext = on_next,
	.xEof = on_eof,
	.xColumn = on_column,
	.xRowid = on_rowid,
};

static void
registered_free(void *arg)
{
	struct registered *of = arg;

	if (of->release != NULL)
		of->release(of->arg);
	free(of);
}

int
dig_table_function_add(sqlite3 *db, const struct dig_table_function *function,
    void *arg, void (*release)(void *arg), struct dig_error *failure)
{
	struct registered *of = dig_calloc(1, sizeof(*of));

	of->function = function;
	of->arg = arg;
	of->release = release;
	of->failure = failure;
	/* SQLite frees it, also when this fails. */
	return sqlite3_create_module_v2(
	    db, function->name, &module, of, registered_free);
}

enum dig_status
dig_query_add(struct dig_query *query,
    const struct dig_table_function *function, void *arg, struct dig_error *err)
{
	int rc = dig_table_function_add(
	    query->db->raw, function, arg, NULL, &query->failure);

	if (rc != SQLITE_OK)
		return dig_db_raise(query->db, rc, function->name, err);
	return dig_query_touch(query, function->name, err);
}
