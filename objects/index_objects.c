/* SPDX-License-Identifier: MIT
 *
 * Rows of the index: objects and packs.
 */
#include <stdlib.h>

#include "objects/index_rows.h"
#include "objects/pack.h"

#define PAGE 4096

static void
count_object(struct dig_index *index, uint32_t pack)
{
	for (size_t i = 0; i < index->nadded; i++)
		if (index->added[i].pack == pack) {
			index->added[i].objects++;
			return;
		}
	DIG_GROW(index->added, index->added_cap, index->nadded + 1);
	index->added[index->nadded].pack = pack;
	index->added[index->nadded].objects = 1;
	index->nadded++;
}

/* number: of the row; 0: the next. */
static enum dig_status
put_object(struct dig_stmt *stmt, int64_t number,
    const struct dig_object_row *row, struct dig_error *err)
{
	if (number == 0)
		dig_stmt_bind_null(stmt, 1);
	else
		dig_stmt_bind_int(stmt, 1, number);
	dig_stmt_bind_int(stmt, 2, row->at.pack);
	dig_stmt_bind_int(stmt, 3, (int64_t)row->at.offset);
	dig_stmt_bind_int(stmt, 4, row->at.slot);
	dig_stmt_bind_int(stmt, 5, (int64_t)row->kind);
	dig_stmt_bind_int(stmt, 6, (int64_t)row->codec);
	dig_stmt_bind_int(stmt, 7, (int64_t)row->raw_bytes);
	dig_stmt_bind_int(stmt, 8, (int64_t)row->stored_bytes);
	dig_stmt_bind_oid(stmt, 9, &row->id);
	dig_stmt_bind_oid(
	    stmt, 10, dig_oid_is_zero(&row->base) ? NULL : &row->base);
	return dig_stmt_run(stmt, err);
}

enum dig_status
dig_index_put_objects(struct dig_index *index,
    const struct dig_object_row *rows, size_t nrows, struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	enum dig_status st;

	st = dig_db_stmt(index->db, DIG_SQL_OBJECT_PUT, &stmt, err);
	for (size_t i = 0; st == DIG_OK && i < nrows; i++) {
		count_object(index, rows[i].at.pack);
		st = put_object(stmt, 0, &rows[i], err);
	}
	dig_stmt_done(stmt);
	return st;
}

/* ---- Packs that go ---------------------------------------------------- */

/* Rows of a transaction by their objects. */
struct by_object {
	const struct dig_object_row **sorted;
	bool *used;
	size_t n;
};

static int
cmp_object(const struct dig_object_row *a, const struct dig_object_row *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return dig_oid_cmp(&a->id, &b->id);
}

static int
cmp_sorted(const void *a, const void *b)
{
	return cmp_object(*(const struct dig_object_row *const *)a,
	    *(const struct dig_object_row *const *)b);
}

/* The first row of the object that has not been used; n: there is none. */
static size_t
take_row(struct by_object *rows, const struct dig_object_row *like)
{
	size_t low = 0;
	size_t high = rows->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (cmp_object(rows->sorted[mid], like) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	while (low < rows->n && cmp_object(rows->sorted[low], like) == 0) {
		if (!rows->used[low]) {
			rows->used[low] = true;
			return low;
		}
		low++;
	}
	return rows->n;
}

/* Its row, and what is known of its state; not those of its objects. */
static enum dig_status
forget_pack(struct dig_index *index, int64_t number, struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	enum dig_status st;

	st = dig_db_stmt(index->db, DIG_SQL_SCRUB_DELETE, &stmt, err);
	if (st != DIG_OK)
		return st;
	dig_stmt_bind_int(stmt, 1, number);
	dig_stmt_bind_int(stmt, 2, 0);
	dig_stmt_bind_int(stmt, 3, INT64_MAX);
	st = dig_stmt_run(stmt, err);
	dig_stmt_done(stmt);
	if (st != DIG_OK)
		return st;
	return dig_index_run_int(index, DIG_SQL_PACK_DELETE, number, err);
}

/* A row as it was. */
struct old_row {
	int64_t number;
	bool goes; /* its pack does */
	struct dig_object_row row;
};

static enum dig_status
read_row(struct dig_stmt *stmt, struct old_row *out, struct dig_error *err)
{
	enum dig_status st;

	memset(out, 0, sizeof(*out));
	out->number = dig_stmt_int(stmt, 0);
	out->row.at.pack = (uint32_t)dig_stmt_int(stmt, 1);
	out->row.at.offset = (uint64_t)dig_stmt_int(stmt, 2);
	out->row.at.slot = (uint32_t)dig_stmt_int(stmt, 3);
	out->row.kind = (enum dig_kind)dig_stmt_int(stmt, 4);
	out->row.codec = (enum dig_codec)dig_stmt_int(stmt, 5);
	out->row.raw_bytes = (uint64_t)dig_stmt_int(stmt, 6);
	out->row.stored_bytes = (uint64_t)dig_stmt_int(stmt, 7);
	st = dig_stmt_oid(stmt, 8, &out->row.id, err);
	if (st == DIG_OK && !dig_stmt_is_null(stmt, 9))
		st = dig_stmt_oid(stmt, 9, &out->row.base, err);
	return st;
}

static enum dig_status
read_rows(struct dig_index *index, int64_t after, struct old_row *out,
    size_t *count, struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	enum dig_status st;

	*count = 0;
	st = dig_db_stmt(index->db, DIG_SQL_OBJECT_PAGE, &stmt, err);
	if (st != DIG_OK)
		return st;
	dig_stmt_bind_int(stmt, 1, after);
	dig_stmt_bind_int(stmt, 2, PAGE);
	while (*count < PAGE && (st = dig_stmt_row(stmt, err)) == DIG_OK) {
		st = read_row(stmt, &out[(*count)++], err);
		if (st != DIG_OK)
			break;
	}
	dig_stmt_done(stmt);
	return st == DIG_ENOTFOUND ? DIG_OK : st;
}

/* One row that is there: it gets the new place of its object, or it goes. One
 * of a pack that stays is written again, behind all others. */
static enum dig_status
move_row(struct dig_index *index, const struct old_row *old,
    struct by_object *rows, struct dig_error *err)
{
	size_t i = take_row(rows, &old->row);
	struct dig_stmt *stmt = NULL;
	enum dig_status st;

	if (i == rows->n && !old->goes)
		return DIG_OK;
	if (i == rows->n)
		return dig_index_run_int(
		    index, DIG_SQL_OBJECT_DELETE, old->number, err);
	st = dig_db_stmt(index->db, DIG_SQL_OBJECT_REPLACE, &stmt, err);
	if (st != DIG_OK)
		return st;
	st = put_object(stmt, old->number, rows->sorted[i], err);
	if (st == DIG_OK && !old->goes)
		st = put_object(stmt, 0, &old->row, err);
	dig_stmt_done(stmt);
	return st;
}

static enum dig_status
move_rows(struct dig_index *index, struct by_object *rows, const uint32_t *gone,
    size_t ngone, struct dig_error *err)
{
	struct old_row *page = dig_alloc(PAGE * sizeof(*page));
	struct dig_stmt *stmt = NULL;
	enum dig_status st;
	int64_t after = 0;
	int64_t last = 0;
	size_t n = PAGE;

	/* What is written behind all others is not looked at. */
	st = dig_db_stmt(index->db, DIG_SQL_OBJECT_LAST, &stmt, err);
	if (st == DIG_OK)
		st = dig_stmt_row(stmt, err);
	if (st == DIG_OK)
		last = dig_stmt_int(stmt, 0);
	dig_stmt_done(stmt);
	while (st == DIG_OK && n == PAGE && after < last) {
		st = read_rows(index, after, page, &n, err);
		for (size_t i = 0; st == DIG_OK && i < n; i++) {
			after = page[i].number;
			if (after > last)
				break;
			for (size_t j = 0; j < ngone; j++)
				page[i].goes |= page[i].row.at.pack == gone[j];
			st = move_row(index, &page[i], rows, err);
		}
	}
	free(page);
	return st;
}

enum dig_status
dig_index_swap_objects(struct dig_index *index,
    const struct dig_object_row *rows, size_t nrows, const uint32_t *gone,
    size_t ngone, struct dig_error *err)
{
	struct by_object sorted = { NULL, NULL, nrows };
	struct dig_stmt *stmt = NULL;
	enum dig_status st;

	sorted.sorted = dig_calloc(nrows + 1, sizeof(*sorted.sorted));
	sorted.used = dig_calloc(nrows + 1, sizeof(*sorted.used));
	for (size_t i = 0; i < nrows; i++) {
		sorted.sorted[i] = &rows[i];
		count_object(index, rows[i].at.pack);
	}
	qsort(sorted.sorted, nrows, sizeof(*sorted.sorted), cmp_sorted);
	st = move_rows(index, &sorted, gone, ngone, err);
	if (st == DIG_OK)
		st = dig_db_stmt(index->db, DIG_SQL_OBJECT_PUT, &stmt, err);
	for (size_t i = 0; st == DIG_OK && i < nrows; i++)
		if (!sorted.used[i])
			st = put_object(stmt, 0, sorted.sorted[i], err);
	dig_stmt_done(stmt);
	for (size_t i = 0; st == DIG_OK && i < ngone; i++)
		st = forget_pack(index, gone[i], err);
	free(sorted.sorted);
	free(sorted.used);
	return st;
}

/* ---- From packs -------------------------------------------------------- */

struct replayed {
	struct dig_index *index;
	struct dig_stmt *stmt;
	uint64_t done;
};

static enum dig_status
replay_object(
    void *arg, const struct dig_object_row *row, struct dig_error *err)
{
	struct replayed *replayed = arg;

	if ((++replayed->done & 4095) == 0)
		dig_index_tell(
		    replayed->index, "reading packs", replayed->done);
	count_object(replayed->index, row->at.pack);
	return put_object(replayed->stmt, 0, row, err);
}

/* Length that the rows know of a pack; 0 for none. */
static enum dig_status
pack_row(struct dig_index *index, uint32_t number, uint64_t *length,
    int64_t *objects, struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	enum dig_status st;

	*length = 0;
	*objects = 0;
	st = dig_db_stmt(index->db, DIG_SQL_PACK_GET, &stmt, err);
	if (st != DIG_OK)
		return st;
	dig_stmt_bind_int(stmt, 1, number);
	st = dig_stmt_row(stmt, err);
	if (st == DIG_OK) {
		*length = (uint64_t)dig_stmt_int(stmt, 1);
		*objects = dig_stmt_int(stmt, 3);
	}
	dig_stmt_done(stmt);
	return st == DIG_ENOTFOUND ? DIG_OK : st;
}

enum dig_status
dig_index_replay_objects(struct dig_index *index, struct dig_error *err)
{
	const struct dig_state *state = dig_store_state(index->store);
	struct replayed replayed = { index, NULL, 0 };
	enum dig_status st = DIG_OK;

	for (size_t i = 0; st == DIG_OK && i < state->npacks; i++) {
		const struct dig_pack_state *pack = &state->packs[i];
		uint64_t length;
		int64_t objects;

		st = pack_row(index, pack->number, &length, &objects, err);
		if (st != DIG_OK || length == pack->length)
			continue;
		if (length > pack->length)
			return dig_raise(err, DIG_ECORRUPT,
			    "the index knows more of pack %06u than the "
			    "journal",
			    pack->number);
		st = dig_db_stmt(
		    index->db, DIG_SQL_OBJECT_PUT, &replayed.stmt, err);
		if (st == DIG_OK)
			st = dig_store_each_row(index->store, pack->number,
			    length, 0, false, replay_object, &replayed, err);
		dig_stmt_done(replayed.stmt);
		if (st == DIG_ECORRUPT && !dig_db_is_damage(err)) {
			/* The index serves what is whole; fsck names the rest.
			 */
			dig_log("%s", err->msg);
			st = DIG_OK;
		}
	}
	return st;
}

/* The first pack with a row that the state does not name; 0: none. */
static enum dig_status
find_unnamed(struct dig_index *index, const struct dig_state *state,
    int64_t *out, struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	enum dig_status st;

	*out = 0;
	st = dig_db_stmt(index->db, DIG_SQL_PACK_PAGE, &stmt, err);
	if (st != DIG_OK)
		return st;
	dig_stmt_bind_int(stmt, 1, 0);
	dig_stmt_bind_int(stmt, 2, INT64_MAX);
	while (*out == 0 && (st = dig_stmt_row(stmt, err)) == DIG_OK) {
		int64_t number = dig_stmt_int(stmt, 0);

		if (number > DIG_PACK_NUMBER_MAX ||
		    dig_state_pack(state, (uint32_t)number) == NULL)
			*out = number;
	}
	dig_stmt_done(stmt);
	return st == DIG_ENOTFOUND ? DIG_OK : st;
}

/* Where no swap has seen to them: the index is behind. */
static enum dig_status
forget_packs(struct dig_index *index, const struct dig_state *state,
    struct dig_error *err)
{
	enum dig_status st;
	int64_t number;

	for (;;) {
		st = find_unnamed(index, state, &number, err);
		if (st != DIG_OK || number == 0)
			return st;
		st = dig_index_run_int(
		    index, DIG_SQL_OBJECTS_DELETE_PACK, number, err);
		if (st == DIG_OK)
			st = forget_pack(index, number, err);
		if (st != DIG_OK)
			return st;
	}
}

enum dig_status
dig_index_apply_packs(
    struct dig_index *index, const struct dig_state *to, struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	enum dig_status st = forget_packs(index, to, err);

	for (size_t i = 0; st == DIG_OK && i < to->npacks; i++) {
		const struct dig_pack_state *pack = &to->packs[i];
		uint64_t length;
		int64_t objects;

		st = pack_row(index, pack->number, &length, &objects, err);
		if (st != DIG_OK || length == pack->length)
			continue;
		for (size_t j = 0; j < index->nadded; j++)
			if (index->added[j].pack == pack->number)
				objects += index->added[j].objects;
		st = dig_db_stmt(index->db, DIG_SQL_PACK_PUT, &stmt, err);
		if (st != DIG_OK)
			break;
		dig_stmt_bind_int(stmt, 1, pack->number);
		dig_stmt_bind_int(stmt, 2, pack->flags & DIG_PACK_BULK);
		dig_stmt_bind_int(stmt, 3, (int64_t)pack->length);
		dig_stmt_bind_int(
		    stmt, 4, (pack->flags & DIG_PACK_SEALED) != 0);
		dig_stmt_bind_int(stmt, 5, objects);
		dig_stmt_bind_int(stmt, 6, (int64_t)pack->run_offset);
		st = dig_stmt_run(stmt, err);
		dig_stmt_done(stmt);
	}
	index->nadded = 0;
	return st;
}
