/* SPDX-License-Identifier: MIT
 *
 * Rows of the staging in path order, read in pages, so that no statement stays
 * open while the caller works, writes rows or prints. The reader of status is
 * another one: its thread reads ahead with the same connection, which is right
 * only as long as nobody writes.
 */
#ifndef STAGING_ROWS_H
#define STAGING_ROWS_H

#include <stdbool.h>

#include "objects/base/io.h"
#include "objects/index.h"

struct dig_row {
	const char *path; /* NUL-terminated */
	size_t path_len;
	struct dig_staged staged;
	bool has_stat; /* false: the stat cache proves nothing */
	struct dig_stat stat;
};

struct dig_rows;

/* Rows whose path begins with `prefix`. The database is borrowed. */
struct dig_rows *dig_rows_new(
    struct dig_db *db, const void *prefix, size_t len);
/* Rows at a path and below it; "" is everything. */
struct dig_rows *dig_rows_new_at(
    struct dig_db *db, const void *path, size_t len);
/* The next row, valid until the next call; NULL at the end. Rows that are
 * written behind the current one are not seen, ones far ahead are. */
enum dig_status dig_rows_next(struct dig_rows *rows, const struct dig_row **out,
    struct dig_error *err) DIG_CHECKED;
void dig_rows_free(struct dig_rows *rows);

#endif
