/* SPDX-License-Identifier: MIT
 *
 * Pages of staging rows.
 */
#include "staging/rows.h"

#include <stdlib.h>

#include "objects/base/path.h"

/* A first page for one file, then pages for many. */
#define FIRST_PAGE 16
#define PAGE 1024

struct dig_rows {
	struct dig_db *db;
	struct dig_buf prefix; /* rows outside it are past the end */
	bool is_dir;           /* the path itself, and below it */
	struct dig_buf from;
	struct dig_buf paths; /* of the page, each with a NUL */
	struct dig_row page[PAGE];
	size_t nrows;
	size_t next;
	size_t page_size;
	bool last_page;
};

struct dig_rows *
dig_rows_new(struct dig_db *db, const void *prefix, size_t len)
{
	struct dig_rows *rows = dig_calloc(1, sizeof(*rows));

	rows->db = db;
	dig_buf_put(&rows->prefix, prefix, len);
	dig_buf_put(&rows->from, prefix, len);
	rows->page_size = FIRST_PAGE;
	return rows;
}

struct dig_rows *
dig_rows_new_at(struct dig_db *db, const void *path, size_t len)
{
	struct dig_rows *rows = dig_rows_new(db, path, len);

	rows->is_dir = len > 0;
	return rows;
}

void
dig_rows_free(struct dig_rows *rows)
{
	if (rows == NULL)
		return;
	dig_buf_clear(&rows->prefix);
	dig_buf_clear(&rows->from);
	dig_buf_clear(&rows->paths);
	free(rows);
}

static enum dig_status
read_row(struct dig_stmt *stmt, struct dig_rows *rows, struct dig_error *err)
{
	struct dig_row *row = &rows->page[rows->nrows];
	const void *path;
	int64_t kind = dig_stmt_int(stmt, 1);
	size_t len;

	path = dig_stmt_blob(stmt, 0, &len);
	if (dig_path_check(path, len) != NULL || kind < DIG_ENTRY_FILE ||
	    kind > DIG_ENTRY_LINK)
		return dig_raise(err, DIG_ECORRUPT, "a bad row in the staging");
	/* The place in `paths` now; it becomes a pointer when all are there. */
	row->path_len = len;
	dig_buf_put(&rows->paths, path, len);
	dig_buf_putc(&rows->paths, 0);
	row->staged.exists = true;
	row->staged.kind = (enum dig_entry_kind)kind;
	row->staged.size_bytes = (uint64_t)dig_stmt_int(stmt, 2);
	row->has_stat = !dig_stmt_is_null(stmt, 4);
	if (row->has_stat) {
		row->stat.type =
		    kind == DIG_ENTRY_SYMLINK ? DIG_FT_SYMLINK : DIG_FT_REGULAR;
		row->stat.size_bytes = (uint64_t)dig_stmt_int(stmt, 4);
		row->stat.mtime_ns = dig_stmt_int(stmt, 5);
		row->stat.ctime_ns = dig_stmt_int(stmt, 6);
		row->stat.ino = (uint64_t)dig_stmt_int(stmt, 7);
		row->stat.dev = (uint64_t)dig_stmt_int(stmt, 8);
		row->stat.mode = (uint32_t)dig_stmt_int(stmt, 9);
	}
	return dig_stmt_oid(stmt, 3, &row->staged.content, err);
}

static enum dig_status
read_page(struct dig_rows *rows, struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	const char *at;
	enum dig_status st;

	rows->nrows = rows->next = 0;
	dig_buf_reset(&rows->paths);
	st = dig_db_stmt(rows->db, DIG_SQL_STAGING_SCAN, &stmt, err);
	if (st != DIG_OK)
		return st;
	dig_stmt_bind_blob(stmt, 1, rows->from.data, rows->from.len);
	dig_stmt_bind_int(stmt, 2, (int64_t)rows->page_size);
	while ((st = dig_stmt_row(stmt, err)) == DIG_OK) {
		st = read_row(stmt, rows, err);
		if (st != DIG_OK)
			break;
		rows->nrows++;
	}
	dig_stmt_done(stmt);
	if (st != DIG_ENOTFOUND)
		return st;
	rows->last_page = rows->nrows < rows->page_size;
	rows->page_size = PAGE;
	at = (const char *)rows->paths.data;
	for (size_t i = 0; i < rows->nrows; i++) {
		rows->page[i].path = at;
		at += rows->page[i].path_len + 1;
	}
	if (rows->nrows > 0) {
		const struct dig_row *last = &rows->page[rows->nrows - 1];

		/* The smallest path after the last one: a NUL behind it. */
		dig_buf_reset(&rows->from);
		dig_buf_put(&rows->from, last->path, last->path_len + 1);
	}
	return DIG_OK;
}

enum dig_status
dig_rows_next(
    struct dig_rows *rows, const struct dig_row **out, struct dig_error *err)
{
	const struct dig_buf *prefix = &rows->prefix;

	for (;;) {
		const struct dig_row *row;
		enum dig_status st;

		*out = NULL;
		if (rows->next == rows->nrows) {
			if (rows->last_page)
				return DIG_OK;
			st = read_page(rows, err);
			if (st != DIG_OK)
				return st;
			if (rows->nrows == 0)
				return DIG_OK;
		}
		row = &rows->page[rows->next++];
		if (row->path_len < prefix->len ||
		    (prefix->len > 0 &&
			memcmp(row->path, prefix->data, prefix->len) != 0)) {
			rows->last_page = true;
			rows->next = rows->nrows;
			return DIG_OK;
		}
		if (rows->is_dir && row->path_len > prefix->len &&
		    row->path[prefix->len] != '/')
			continue; /* "a-b" stands between "a" and "a/b" */
		*out = row;
		return DIG_OK;
	}
}
