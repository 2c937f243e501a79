/* SPDX-License-Identifier: MIT
 *
 * Shared by query.c and table_function.c.
 */
#ifndef OBJECTS_DB_QUERY_INTERNAL_H
#define OBJECTS_DB_QUERY_INTERNAL_H

#include "objects/db/db_internal.h"
#include "objects/db/query.h"

struct dig_query {
	struct dig_db *db;
	int64_t timeout_ms;
	int64_t deadline_ns; /* 0: none */
	bool too_long;
	/* Limits of the process, as they were before. */
	int64_t hard_heap;
	int64_t soft_heap;
	/* What the authorizer refused, and what a table function said. */
	char refused[128];
	struct dig_error failure;
};

/* Use a virtual table for the first time, and set the authorizer. */
enum dig_status dig_query_touch(struct dig_query *query, const char *table,
    struct dig_error *err) DIG_CHECKED;

#endif
