/* SPDX-License-Identifier: MIT
 *
 * Rows of the index: what is staged, and the changes that the coming commit
 * will have.
 */
#include "objects/base/io.h"
#include "objects/index_rows.h"

static bool
same_class(enum dig_entry_kind a, enum dig_entry_kind b)
{
	bool file_a = a == DIG_ENTRY_FILE || a == DIG_ENTRY_EXEC;
	bool file_b = b == DIG_ENTRY_FILE || b == DIG_ENTRY_EXEC;

	return a == b || (file_a && file_b);
}

/* One row of changes; a side that does not exist has exists false. */
static enum dig_status
put_change(struct dig_index *index, int64_t seq, const void *path, size_t len,
    const struct dig_staged *old, const struct dig_staged *now,
    struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	const char *change;
	enum dig_status st;

	st = dig_db_stmt(index->db, DIG_SQL_CHANGE_PUT, &stmt, err);
	if (st != DIG_OK)
		return st;
	change = !old->exists                       ? "A"
		 : !now->exists                     ? "D"
		 : same_class(old->kind, now->kind) ? "M"
						    : "T";
	dig_stmt_bind_int(stmt, 1, seq);
	dig_stmt_bind_path(stmt, 2, path, len);
	dig_stmt_bind_text(stmt, 4, change, 1);
	dig_stmt_bind_null(stmt, 5);
	dig_stmt_bind_null(stmt, 6);
	for (int side = 0; side < 2; side++) {
		const struct dig_staged *it = side == 0 ? old : now;

		if (it->exists) {
			dig_stmt_bind_int(stmt, 7 + side, (int64_t)it->kind);
			dig_stmt_bind_oid(stmt, 9 + side, &it->content);
			dig_stmt_bind_int(
			    stmt, 11 + side, (int64_t)it->size_bytes);
		} else {
			dig_stmt_bind_null(stmt, 7 + side);
			dig_stmt_bind_null(stmt, 9 + side);
			dig_stmt_bind_null(stmt, 11 + side);
		}
	}
	st = dig_stmt_run(stmt, err);
	dig_stmt_done(stmt);
	return st;
}

static struct dig_staged
staged_of(const struct dig_entry *entry)
{
	struct dig_staged staged;

	memset(&staged, 0, sizeof(staged));
	if (entry == NULL)
		return staged;
	staged.exists = true;
	staged.kind = entry->kind;
	staged.size_bytes = entry->size_bytes;
	dig_entry_content_id(entry, &staged.content);
	return staged;
}

static bool
staged_same(const struct dig_staged *a, const struct dig_staged *b)
{
	if (!a->exists || !b->exists)
		return a->exists == b->exists;
	return a->kind == b->kind && a->size_bytes == b->size_bytes &&
	       dig_oid_eq(&a->content, &b->content);
}

static enum dig_status
delete_path(struct dig_index *index, const void *path, size_t len,
    struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	enum dig_status st;

	st = dig_db_stmt(index->db, DIG_SQL_STAGING_DELETE, &stmt, err);
	if (st != DIG_OK)
		return st;
	dig_stmt_bind_blob(stmt, 1, path, len);
	st = dig_stmt_run(stmt, err);
	dig_stmt_done(stmt);
	return st;
}

static void
bind_stat(struct dig_stmt *stmt, int at, const struct dig_stat *stat)
{
	if (stat == NULL) {
		for (int i = 0; i < 6; i++)
			dig_stmt_bind_null(stmt, at + i);
		return;
	}
	dig_stmt_bind_int(stmt, at, (int64_t)stat->size_bytes);
	dig_stmt_bind_int(stmt, at + 1, stat->mtime_ns);
	dig_stmt_bind_int(stmt, at + 2, stat->ctime_ns);
	dig_stmt_bind_int(stmt, at + 3, (int64_t)stat->ino);
	dig_stmt_bind_int(stmt, at + 4, (int64_t)stat->dev);
	dig_stmt_bind_int(stmt, at + 5, stat->mode);
}

static enum dig_status
put_staging(struct dig_index *index, const void *path, size_t len,
    const struct dig_staged *now, const struct dig_stat *stat,
    struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	enum dig_status st;

	st = dig_db_stmt(index->db, DIG_SQL_STAGING_PUT, &stmt, err);
	if (st != DIG_OK)
		return st;
	dig_stmt_bind_path(stmt, 1, path, len);
	dig_stmt_bind_int(stmt, 3, (int64_t)now->kind);
	dig_stmt_bind_int(stmt, 4, (int64_t)now->size_bytes);
	dig_stmt_bind_oid(stmt, 5, &now->content);
	bind_stat(stmt, 6, stat);
	st = dig_stmt_run(stmt, err);
	dig_stmt_done(stmt);
	return st;
}

/* What a file with this stat is tracked as. */
static enum dig_entry_kind
kind_of(const struct dig_stat *stat)
{
	if (stat->type == DIG_FT_SYMLINK)
		return DIG_ENTRY_SYMLINK;
	return (stat->mode & 0100) != 0 ? DIG_ENTRY_EXEC : DIG_ENTRY_FILE;
}

enum dig_status
dig_index_restat(struct dig_index *index, const void *path, size_t len,
    const struct dig_oid *content, const struct dig_stat *stat,
    struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	enum dig_status st;

	st = dig_db_stmt(index->db, DIG_SQL_STAGING_STAT_PUT, &stmt, err);
	if (st != DIG_OK)
		return st;
	bind_stat(stmt, 1, stat);
	dig_stmt_bind_blob(stmt, 7, path, len);
	dig_stmt_bind_oid(stmt, 8, content);
	dig_stmt_bind_int(stmt, 9, (int64_t)kind_of(stat));
	st = dig_stmt_run(stmt, err);
	dig_stmt_done(stmt);
	return st;
}

enum dig_status
dig_staged_get(struct dig_db *db, const void *path, size_t len,
    struct dig_staged *out, struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	enum dig_status st;

	memset(out, 0, sizeof(*out));
	st = dig_db_stmt(db, DIG_SQL_STAGING_GET, &stmt, err);
	if (st != DIG_OK)
		return st;
	dig_stmt_bind_blob(stmt, 1, path, len);
	st = dig_stmt_row(stmt, err);
	if (st == DIG_OK) {
		out->exists = true;
		out->kind = (enum dig_entry_kind)dig_stmt_int(stmt, 0);
		out->size_bytes = (uint64_t)dig_stmt_int(stmt, 1);
		st = dig_stmt_oid(stmt, 2, &out->content, err);
	} else if (st == DIG_ENOTFOUND) {
		st = DIG_OK;
	}
	dig_stmt_done(stmt);
	return st;
}

/* HEAD's side of a path: that of its pending change, else what is staged. */
static enum dig_status
get_head_side(struct dig_index *index, const void *path, size_t len,
    const struct dig_staged *before, bool *pending, struct dig_staged *out,
    struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	enum dig_status st;

	*pending = false;
	*out = *before;
	if (!index->has_pending)
		return DIG_OK;
	st = dig_db_stmt(index->db, DIG_SQL_CHANGE_GET, &stmt, err);
	if (st != DIG_OK)
		return st;
	dig_stmt_bind_int(stmt, 1, index->next_seq);
	dig_stmt_bind_blob(stmt, 2, path, len);
	st = dig_stmt_row(stmt, err);
	if (st == DIG_OK) {
		*pending = true;
		memset(out, 0, sizeof(*out));
		out->exists = !dig_stmt_is_null(stmt, 1);
		if (out->exists) {
			out->kind = (enum dig_entry_kind)dig_stmt_int(stmt, 1);
			out->size_bytes = (uint64_t)dig_stmt_int(stmt, 5);
			st = dig_stmt_oid(stmt, 3, &out->content, err);
		}
	} else if (st == DIG_ENOTFOUND) {
		st = DIG_OK;
	}
	dig_stmt_done(stmt);
	return st;
}

enum dig_status
dig_index_stage(struct dig_index *index, const struct dig_entry *now,
    const void *path, size_t path_len, const struct dig_staged *before,
    const struct dig_stat *stat, struct dig_error *err)
{
	struct dig_staged after = staged_of(now);
	struct dig_staged staged;
	struct dig_staged head;
	struct dig_stmt *stmt = NULL;
	enum dig_status st = DIG_OK;
	bool pending;

	if (before == NULL) {
		st = dig_staged_get(index->db, path, path_len, &staged, err);
		before = &staged;
	}
	if (st == DIG_OK)
		st = get_head_side(
		    index, path, path_len, before, &pending, &head, err);
	if (st == DIG_OK && after.exists)
		st = put_staging(index, path, path_len, &after, stat, err);
	else if (st == DIG_OK && before->exists)
		st = delete_path(index, path, path_len, err);
	if (st != DIG_OK)
		return st;
	if (!staged_same(&head, &after))
		return put_change(
		    index, index->next_seq, path, path_len, &head, &after, err);
	if (!pending)
		return DIG_OK;
	st = dig_db_stmt(index->db, DIG_SQL_CHANGE_DELETE, &stmt, err);
	if (st != DIG_OK)
		return st;
	dig_stmt_bind_int(stmt, 1, index->next_seq);
	dig_stmt_bind_blob(stmt, 2, path, path_len);
	st = dig_stmt_run(stmt, err);
	dig_stmt_done(stmt);
	return st;
}

static enum dig_status
diff_row(void *arg, const struct dig_entry *old, const struct dig_entry *now,
    struct dig_error *err)
{
	struct dig_diff_rows *rows = arg;
	const struct dig_entry *any = now != NULL ? now : old;
	struct dig_staged before = staged_of(old);
	struct dig_staged after = staged_of(now);

	if ((++rows->done & 4095) == 0)
		dig_index_tell(rows->index, "reading trees", rows->done);
	if (rows->seq != 0) {
		rows->counts[old == NULL ? 0 : now != NULL ? 1 : 2]++;
		return put_change(rows->index, rows->seq, any->path,
		    any->path_len, &before, &after, err);
	}
	if (now == NULL)
		return delete_path(rows->index, any->path, any->path_len, err);
	return put_staging(
	    rows->index, any->path, any->path_len, &after, NULL, err);
}

enum dig_status
dig_index_put_diff(struct dig_index *index, const struct dig_oid *a,
    const struct dig_oid *b, struct dig_diff_rows *rows, struct dig_error *err)
{
	struct dig_node_io io = dig_index_node_io(index);

	return dig_tree_diff(&io, a, b, diff_row, rows, err);
}
