/* SPDX-License-Identifier: MIT
 *
 * Rows of the index: objects and packs.
 */
#include "objects/index_rows.h"
#include "objects/pack.h"

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

static enum dig_status
put_object(struct dig_stmt *stmt, const struct dig_object_row *row,
    struct dig_error *err)
{
	dig_stmt_bind_null(stmt, 1);
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
		st = put_object(stmt, &rows[i], err);
	}
	dig_stmt_done(stmt);
	return st;
}

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
	return put_object(replayed->stmt, row, err);
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
			    length, 0, replay_object, &replayed, err);
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

enum dig_status
dig_index_apply_packs(
    struct dig_index *index, const struct dig_state *to, struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	enum dig_status st = DIG_OK;

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
