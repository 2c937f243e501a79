/* SPDX-License-Identifier: MIT
 *
 * What a full check found, as rows of the table `damage`: a cache, for v_damage
 * and for programs. The findings themselves are what fsck says.
 */
#include <stdio.h>
#include <stdlib.h>

#include "repo/fsck_internal.h"

#define ROWS_MAX 100000

void
dig_fsck_keep(struct dig_fsck *fsck, const struct dig_finding *finding)
{
	struct dig_fsck_damage *row;
	unsigned pack = 0;

	if (finding->file != NULL)
		(void)sscanf(finding->file, "packs/%9u.pack", &pack);
	if ((finding->kind != DIG_FINDING_LOST &&
		(finding->kind != DIG_FINDING_DAMAGED || pack == 0)) ||
	    fsck->ndamage == ROWS_MAX)
		return;
	DIG_GROW(fsck->damage, fsck->damage_cap, fsck->ndamage + 1);
	row = &fsck->damage[fsck->ndamage++];
	memset(row, 0, sizeof(*row));
	row->lost = finding->kind == DIG_FINDING_LOST;
	row->pack = pack;
	row->has_offset = finding->has_offset;
	row->offset = finding->offset;
	row->kind = finding->object_kind;
	row->object = finding->object;
	row->has_commit = finding->has_commit;
	row->commit = finding->commit;
	row->path_len = finding->path_len;
	if (finding->path != NULL)
		row->path = dig_memdup0(finding->path, finding->path_len);
	row->message = dig_strdup(finding->message);
}

void
dig_fsck_damage_clear(struct dig_fsck *fsck)
{
	for (size_t i = 0; i < fsck->ndamage; i++) {
		free(fsck->damage[i].path);
		free(fsck->damage[i].message);
	}
	free(fsck->damage);
}

/* Where a lost object stands, if an index still says so. */
static void
find_place(struct dig_fsck *fsck, struct dig_fsck_damage *row)
{
	struct dig_location at;
	struct dig_error err;

	if (row->pack != 0 || row->kind == 0 ||
	    dig_store_place(dig_index_store(fsck->repo->index), row->kind,
		&row->object, &at, &err) != DIG_OK)
		return;
	row->pack = at.pack;
	row->offset = at.offset;
	row->has_offset = true;
}

static enum dig_status
put_row(struct dig_stmt *stmt, const struct dig_fsck_damage *row,
    struct dig_error *err)
{
	dig_stmt_bind_int(stmt, 1, row->lost);
	if (row->pack != 0)
		dig_stmt_bind_int(stmt, 2, row->pack);
	else
		dig_stmt_bind_null(stmt, 2);
	if (row->has_offset)
		dig_stmt_bind_int(stmt, 3, (int64_t)row->offset);
	else
		dig_stmt_bind_null(stmt, 3);
	if (row->kind != 0)
		dig_stmt_bind_int(stmt, 4, row->kind);
	else
		dig_stmt_bind_null(stmt, 4);
	dig_stmt_bind_oid(stmt, 5, row->kind != 0 ? &row->object : NULL);
	if (row->path != NULL) {
		dig_stmt_bind_path(stmt, 6, row->path, row->path_len);
	} else {
		dig_stmt_bind_null(stmt, 6);
		dig_stmt_bind_null(stmt, 7);
	}
	dig_stmt_bind_oid(stmt, 8, row->has_commit ? &row->commit : NULL);
	dig_stmt_bind_words(stmt, 9, row->message, strlen(row->message));
	return dig_stmt_run(stmt, err);
}

static enum dig_status
put_rows(void *arg, struct dig_db *db, struct dig_error *err)
{
	struct dig_fsck *fsck = arg;
	struct dig_stmt *stmt = NULL;
	enum dig_status st;

	st = dig_db_stmt(db, DIG_SQL_DAMAGE_CLEAR, &stmt, err);
	if (st == DIG_OK)
		st = dig_stmt_run(stmt, err);
	dig_stmt_done(stmt);
	if (st == DIG_OK)
		st = dig_db_stmt(db, DIG_SQL_DAMAGE_PUT, &stmt, err);
	if (st != DIG_OK)
		return st;
	for (size_t i = 0; st == DIG_OK && i < fsck->ndamage; i++)
		st = put_row(stmt, &fsck->damage[i], err);
	dig_stmt_done(stmt);
	return st;
}

static bool
has_rows(struct dig_db *db)
{
	struct dig_stmt *stmt = NULL;
	struct dig_error err;
	bool some = false;

	if (dig_db_stmt(db, DIG_SQL_DAMAGE_COUNT, &stmt, &err) == DIG_OK &&
	    dig_stmt_row(stmt, &err) == DIG_OK)
		some = dig_stmt_int(stmt, 0) > 0;
	dig_stmt_done(stmt);
	return some;
}

enum dig_status
dig_fsck_note_damage(struct dig_fsck *fsck, struct dig_error *err)
{
	struct dig_db *db = dig_index_db(fsck->repo->index);
	bool done;

	if (db == NULL || (fsck->ndamage == 0 && !has_rows(db)))
		return DIG_OK;
	for (size_t i = 0; i < fsck->ndamage; i++)
		find_place(fsck, &fsck->damage[i]);
	if (dig_index_note(fsck->repo->index, put_rows, fsck, &done, err) !=
	    DIG_OK)
		dig_log("what was found is not in the index: %s", err->msg);
	return DIG_OK;
}
