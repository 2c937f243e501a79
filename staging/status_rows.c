/* SPDX-License-Identifier: MIT
 *
 * Staging rows, read ahead. Pages go round between the thread that fills them
 * and the one that reads them. A staging of one page needs no thread.
 */
#include <stdlib.h>
#include <string.h>

#include "objects/base/thread.h"
#include "staging/status_internal.h"

enum {
	PAGE_FIRST = 256, /* rows; most small repositories end here */
	PAGE = 1024,
	PAGES = 8,
	PASS_CACHE_KIB = 512
};

/* Rows, and their paths in bytes that the page keeps until it is reused. */
struct page {
	struct dig_status_row *rows; /* made when the page is first used */
	size_t nrows;
	struct dig_buf paths;
	enum dig_status st;
	struct dig_error err;
};

struct dig_status_rows {
	struct dig_db *db;
	struct dig_buf after;
	struct dig_buf before; /* empty: no end */
	struct page pages[PAGES];
	struct dig_queue full;
	struct dig_queue empty;
	struct dig_group group; /* none for a staging of one page */
	/* The reader's: */
	struct page *last; /* kept for the row before */
	struct page *page;
	size_t at;
	bool ended;
};

static enum dig_status
read_row(struct dig_stmt *stmt, struct page *page, struct dig_error *err)
{
	struct dig_status_row *row = &page->rows[page->nrows];
	const void *path = dig_stmt_blob(stmt, 0, &row->len);
	int64_t kind = dig_stmt_int(stmt, 1);
	const void *id;
	size_t len;

	if (row->len == 0 || row->len > DIG_PATH_MAX || kind < DIG_ENTRY_FILE ||
	    kind > DIG_ENTRY_LINK)
		return dig_raise(
		    err, DIG_ECORRUPT, "the index: a row of the staging");
	/* Addresses when all are there: the buffer may move. */
	dig_buf_put(&page->paths, path, row->len);
	dig_buf_putc(&page->paths, '\0');
	row->kind = (enum dig_entry_kind)kind;
	row->size_bytes = (uint64_t)dig_stmt_int(stmt, 2);
	id = dig_stmt_blob(stmt, 3, &len);
	memset(&row->content, 0, sizeof(row->content));
	memcpy(row->content.bytes, id,
	    len < sizeof(row->content) ? len : sizeof(row->content));
	row->measured = !dig_stmt_is_null(stmt, 4);
	row->st_size = (uint64_t)dig_stmt_int(stmt, 4);
	row->mtime_ns = dig_stmt_int(stmt, 5);
	row->ctime_ns = dig_stmt_int(stmt, 6);
	row->ino = (uint64_t)dig_stmt_int(stmt, 7);
	row->dev = (uint64_t)dig_stmt_int(stmt, 8);
	row->mode = (uint32_t)dig_stmt_int(stmt, 9);
	page->nrows++;
	return DIG_OK;
}

/* Set the rows' addresses, and where the next page goes on. */
static void
finish(struct dig_status_rows *rows, struct page *page)
{
	const char *path = (const char *)page->paths.data;

	for (size_t i = 0; i < page->nrows; i++) {
		page->rows[i].path = path;
		path += page->rows[i].len + 1;
	}
	if (page->nrows > 0) {
		const struct dig_status_row *row = &page->rows[page->nrows - 1];

		dig_buf_reset(&rows->after);
		dig_buf_put(&rows->after, row->path, row->len);
	}
}

/* Fill the page with the rows that come next, at most `limit`. */
static void
fill(struct dig_status_rows *rows, struct page *page, size_t limit)
{
	struct dig_error *err = &page->err;
	struct dig_stmt *stmt = NULL;
	enum dig_status st;
	bool ranged = rows->before.len > 0;

	if (page->rows == NULL)
		page->rows = dig_alloc(PAGE * sizeof(*page->rows));
	page->nrows = 0;
	dig_buf_reset(&page->paths);
	st = dig_db_stmt(rows->db,
	    ranged ? DIG_SQL_STAGING_RANGE : DIG_SQL_STAGING_PAGE, &stmt, err);
	if (st != DIG_OK)
		goto out;
	dig_stmt_bind_blob(stmt, 1, rows->after.data, rows->after.len);
	if (ranged)
		dig_stmt_bind_blob(
		    stmt, 2, rows->before.data, rows->before.len);
	dig_stmt_bind_int(stmt, ranged ? 3 : 2, (int64_t)limit);
	while (st == DIG_OK && page->nrows < limit) {
		st = dig_stmt_row(stmt, err);
		if (st == DIG_OK)
			st = read_row(stmt, page, err);
	}
	if (st == DIG_ENOTFOUND)
		st = DIG_OK;
	finish(rows, page);
out:
	page->st = st;
	dig_stmt_done(stmt);
}

static void
read_ahead(void *arg, unsigned index)
{
	struct dig_status_rows *rows = arg;
	struct page *page;
	bool more = true;

	(void)index;
	while (more && (page = dig_queue_pop(&rows->empty)) != NULL) {
		fill(rows, page, PAGE);
		more = page->st == DIG_OK && page->nrows == PAGE;
		if (!dig_queue_push(&rows->full, page))
			break;
	}
	dig_queue_close(&rows->full);
}

struct dig_status_rows *
dig_status_rows_open(struct dig_db *db, const char *under, size_t len)
{
	struct dig_status_rows *rows = dig_calloc(1, sizeof(*rows));

	rows->db = db;
	dig_queue_init(&rows->full, PAGES);
	dig_queue_init(&rows->empty, PAGES);
	if (len > 0) {
		/* No string is the last one below `under`: begin at a lesser
		 * one, with one less in its last byte. */
		dig_buf_put(&rows->after, under, len);
		rows->after.data[len - 1]--;
		dig_buf_put(&rows->before, under, len);
		dig_buf_putc(&rows->before, '/' + 1);
	}
	rows->page = &rows->pages[0];
	fill(rows, rows->page, PAGE_FIRST);
	if (rows->page->st == DIG_OK && rows->page->nrows == PAGE_FIRST) {
		for (size_t i = 1; i < PAGES; i++)
			dig_queue_push(&rows->empty, &rows->pages[i]);
		dig_db_set_cache(db, PASS_CACHE_KIB);
		dig_group_start(&rows->group, 1, read_ahead, rows);
	}
	return rows;
}

/* The next page, or NULL at the end. */
static struct page *
next_page(struct dig_status_rows *rows)
{
	struct page *page = NULL;

	if (rows->group.nthreads > 0) {
		if (rows->last != NULL)
			dig_queue_push(&rows->empty, rows->last);
		page = dig_queue_pop(&rows->full);
	} else if (rows->page->nrows >= PAGE_FIRST) {
		/* No thread could be had: two pages take turns. */
		page = rows->last != NULL ? rows->last : &rows->pages[1];
		fill(rows, page, PAGE);
	}
	if (page == NULL)
		return NULL;
	rows->last = rows->page;
	rows->page = page;
	rows->at = 0;
	return page;
}

enum dig_status
dig_status_rows_next(struct dig_status_rows *rows,
    const struct dig_status_row **out, struct dig_error *err)
{
	*out = NULL;
	if (rows->ended)
		return DIG_OK;
	if (rows->at == rows->page->nrows && rows->page->st == DIG_OK &&
	    next_page(rows) == NULL) {
		rows->ended = true;
		return DIG_OK;
	}
	if (rows->at < rows->page->nrows) {
		*out = &rows->page->rows[rows->at++];
		return DIG_OK;
	}
	if (rows->page->st != DIG_OK)
		*err = rows->page->err;
	else
		rows->ended = true;
	return rows->page->st;
}

void
dig_status_rows_close(struct dig_status_rows *rows)
{
	if (rows == NULL)
		return;
	dig_queue_close(&rows->empty);
	dig_queue_close(&rows->full);
	dig_group_join(&rows->group);
	if (rows->page->nrows >= PAGE_FIRST || rows->last != NULL)
		dig_db_set_cache(rows->db, DIG_DB_CACHE_KIB);
	for (size_t i = 0; i < PAGES; i++) {
		free(rows->pages[i].rows);
		dig_buf_clear(&rows->pages[i].paths);
	}
	dig_queue_clear(&rows->empty);
	dig_queue_clear(&rows->full);
	dig_buf_clear(&rows->after);
	dig_buf_clear(&rows->before);
	free(rows);
}
