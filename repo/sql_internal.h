/* SPDX-License-Identifier: MIT
 *
 * Shared by sql.c and sql_tables.c.
 */
#ifndef REPO_SQL_INTERNAL_H
#define REPO_SQL_INTERNAL_H

#include "objects/db/query.h"

struct dig_repo;

/* Register the functions of repo/sql.h. */
enum dig_status dig_sql_add_tables(struct dig_query *query,
    struct dig_repo *repo, struct dig_error *err) DIG_CHECKED;

#endif
