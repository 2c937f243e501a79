/* SPDX-License-Identifier: MIT
 *
 * Asking the index in SQL: the views, functions that give rows, and queries
 * that have a name.
 */
#ifndef REPO_SQL_H
#define REPO_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "objects/base/buf.h"
#include "objects/base/error.h"
#include "objects/db/query.h"

struct dig_repo;

/*
 * Open the index for queries, with
 *
 *	dig_tree(REV)        the files of a tree; HEAD by default
 *	dig_log(PATH, REV)   commits that touched a path, or all of them
 *	dig_diff(A, B)       what differs between two trees
 *	dig_blob(REV, PATH)  a file, at most 32 MiB of it
 *	dig_chunks(REV, PATH)
 *
 * repo  outlives the query
 * Errors: those of dig_query_open; LOCKED, DENIED where the index cannot be
 * used.
 */
enum dig_status dig_sql_open(struct dig_repo *repo, int64_t timeout_ms,
    struct dig_query **out, struct dig_error *err) DIG_CHECKED;

/* The functions themselves; their arg is a struct dig_repo *. */
const struct dig_table_function *dig_sql_tables(size_t *count);

/*
 * The head of a query's text: comments before the first statement. The first
 * one (but a license) says what it does, and `-- param NAME DEFAULT` gives the
 * default of a parameter, which may be missing.
 */
struct dig_sql_head {
	char *summary;                  /* never NULL */
	struct dig_query_param *params; /* value NULL: it has to be given */
	size_t nparams;
};
void dig_sql_read_head(const char *text, struct dig_sql_head *out);
void dig_sql_head_clear(struct dig_sql_head *head);

/* A name that a query may have: letters, digits, '-' and '_'. */
bool dig_sql_is_name(const char *word);

/* Where named queries come from: the first that has the name counts. */
enum dig_sql_place {
	DIG_SQL_USER, /* queries/NAME.sql beside the user's settings */
	DIG_SQL_REPO, /* .dig/queries/NAME.sql */
	DIG_SQL_BUILTIN
};

/* The text of a named query into out (reset). Errors: NOTFOUND, INVALID (too
 * large, NUL), EFILE. */
enum dig_status dig_sql_named(struct dig_repo *repo, const char *name,
    struct dig_buf *out, struct dig_error *err) DIG_CHECKED;

/* All names, each once, in order. A status other than OK stops. */
typedef enum dig_status dig_sql_name_fn(void *arg, const char *name,
    enum dig_sql_place place, const char *text, struct dig_error *err);
enum dig_status dig_sql_each_name(struct dig_repo *repo, dig_sql_name_fn *fn,
    void *arg, struct dig_error *err) DIG_CHECKED;

#endif
