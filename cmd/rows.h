/* SPDX-License-Identifier: MIT
 *
 * The rows of a query: taken in while the query runs, printed after it, so
 * that nobody who reads slowly keeps the index locked.
 */
#ifndef CMD_ROWS_H
#define CMD_ROWS_H

#include "cmd/output.h"
#include "repo/dig.h"

#define DIG_ROWS_MAX ((size_t)256 << 20) /* bytes of a result */

enum dig_rows_format {
	DIG_ROWS_TABLE, /* columns side by side, for people */
	DIG_ROWS_TSV,   /* tabs between values; \t \n \r \\ in them */
	DIG_ROWS_CSV,   /* RFC 4180 */
	DIG_ROWS_NUL,   /* a NUL behind each value, nothing escaped */
	DIG_ROWS_JSON,  /* one document */
	DIG_ROWS_LINES  /* an object a line */
};

struct dig_rows {
	char **names;
	size_t ncolumns;
	uint64_t count;
	struct dig_buf cells; /* encoded values, row after row */
};

void dig_rows_clear(struct dig_rows *rows);
/* A handler that fills `rows` (zeros, or cleared). INVALID beyond the limit. */
struct dig_query_handler dig_rows_handler(struct dig_rows *rows);
/*
 * Print all of them. header: names first, in formats that have no place for
 * them of their own. Errors: INVALID for JSON when two columns have one name.
 */
enum dig_status dig_rows_print(const struct dig_rows *rows,
    enum dig_rows_format format, bool header, struct dig_out *out,
    struct dig_error *err) DIG_CHECKED;

#endif
