/* SPDX-License-Identifier: MIT
 *
 * Queries that somebody else wrote: a connection of its own that reads the
 * views and can do nothing else, whatever the text says.
 *
 * Allowed is one SELECT (or VALUES, EXPLAIN) over the v_* views, the table
 * functions that were registered, and SQLite's own functions. An authorizer
 * refuses the rest while the text is compiled: writing, PRAGMA (but
 * table_info, table_xinfo, table_list), ATTACH, transactions, loading, base
 * tables. What runs too long, or needs too much memory, is ended.
 *
 * Source: sqlite.org/c3ref/set_authorizer.html; sqlite.org/security.html.
 */
#ifndef OBJECTS_DB_QUERY_H
#define OBJECTS_DB_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "objects/base/error.h"

struct dig_query;

enum dig_value_type {
	DIG_VALUE_NULL,
	DIG_VALUE_INT,
	DIG_VALUE_REAL,
	DIG_VALUE_TEXT, /* hostile bytes; not always UTF-8 */
	DIG_VALUE_BLOB
};

/* Text and blobs are borrowed, see who gives them. */
struct dig_value {
	enum dig_value_type type;
	int64_t integer;
	double real;
	const void *data;
	size_t len;
};

/*
 * Open DIR/index.db for queries. timeout_ms: each query ends after it; 0:
 * none. While it is open, all of SQLite in this process may take 1 GiB more.
 * Errors: as dig_db_open.
 */
enum dig_status dig_query_open(const char *dig_dir, int64_t timeout_ms,
    struct dig_query **out, struct dig_error *err) DIG_CHECKED;
void dig_query_close(struct dig_query *query); /* NULL is accepted */

/* A parameter :name, @name or $name of the text: an integer when the value is
 * written as one, else text. */
struct dig_query_param {
	const char *name; /* without the sign */
	const char *value;
};

/* What comes out. Names and values are borrowed for the call; a status other
 * than OK stops. The statement is open: nothing slow may be done here. */
struct dig_query_handler {
	void *arg;
	/* Once, before the rows; may be NULL. */
	enum dig_status (*columns)(void *arg, const char *const *names,
	    size_t count, struct dig_error *err);
	enum dig_status (*row)(void *arg, const struct dig_value *values,
	    size_t count, struct dig_error *err);
};

/*
 * Run the one statement of a text.
 *
 * Errors: INVALID (what SQLite says of the text, several statements, a
 * parameter without a value or a value without a parameter); DENIED (what is
 * not allowed, ran too long, or took too much memory); CANCELLED; LOCKED;
 * CORRUPT and DB as everywhere; those of the handler and of table functions.
 */
enum dig_status dig_query_run(struct dig_query *query, const char *text,
    const struct dig_query_param *params, size_t nparams,
    const struct dig_query_handler *handler, struct dig_error *err) DIG_CHECKED;

/* The text ends a statement: a shell need not wait for more. */
bool dig_query_is_complete(const char *text);

/* ---- Table functions -------------------------------------------------- */

/*
 * A function that gives rows: SELECT * FROM name('a', 'b'). `arg` is what it
 * was registered with. Arguments that are left out are NULL; they are words.
 */
struct dig_table_function {
	const char *name;
	const char *columns; /* "path TEXT, size INTEGER" */
	size_t ncolumns;
	size_t nargs;     /* at most 4 */
	size_t nrequired; /* of them, from the first */
	enum dig_status (*open)(void *arg, const char *const *args,
	    void **cursor, struct dig_error *err);
	/* Fill ncolumns values (all NULL before); they are borrowed until the
	 * next call. *done at the end. */
	enum dig_status (*next)(void *cursor, struct dig_value *values,
	    bool *done, struct dig_error *err);
	void (*close)(void *cursor);
};

/* Register one; both are borrowed until the query is closed. */
enum dig_status dig_query_add(struct dig_query *query,
    const struct dig_table_function *function, void *arg,
    struct dig_error *err) DIG_CHECKED;

/*
 * The same on any connection, as the extension does. Returns a code of SQLite.
 * release (may be NULL) is called with arg when the function is gone, also
 * when this fails; failure: where an error of the function goes, NULL: into
 * SQLite's own message.
 */
struct sqlite3;
int dig_table_function_add(struct sqlite3 *db,
    const struct dig_table_function *function, void *arg,
    void (*release)(void *arg), struct dig_error *failure);

/* For the functions: values. */
void dig_value_int(struct dig_value *value, int64_t integer);
void dig_value_text(struct dig_value *value, const void *data, size_t len);
void dig_value_blob(struct dig_value *value, const void *data, size_t len);

#endif
