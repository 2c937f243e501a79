/* SPDX-License-Identifier: MIT
 *
 * From states to rows: what the step between two states of the journal means
 * for the tables. Commands, replay and rebuild all come through here, so there
 * is one way in which a row comes to be.
 */
#include <assert.h>
#include <stdlib.h>

#include "objects/base/io.h"
#include "objects/base/path.h"
#include "objects/commit.h"
#include "objects/index_internal.h"
#include "objects/oidmap.h"
#include "objects/op_state.h"
#include "objects/pack.h"

static struct dig_node_io
node_io(struct dig_index *index)
{
	return index->in_txn ? dig_writer_io(dig_index_writer(index))
			     : dig_reader_io(dig_index_reader(index));
}

static void
tell(struct dig_index *index, const char *what, uint64_t done)
{
	if (index->progress != NULL)
		index->progress(index->progress_arg, what, done);
}

/* Packs do not have it any more. fsck says so; the index serves the rest. That
 * a row cannot be read or written is another matter: the index is made anew. */
static bool
is_lost(enum dig_status st, const struct dig_error *err)
{
	return st == DIG_ENOTFOUND ||
	       (st == DIG_ECORRUPT && !dig_db_is_damage(err));
}

/* Run a statement that takes one number. */
static enum dig_status
run_int(struct dig_index *index, enum dig_sql sql, int64_t value,
    struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	enum dig_status st = dig_db_stmt(index->db, sql, &stmt, err);

	if (st != DIG_OK)
		return st;
	dig_stmt_bind_int(stmt, 1, value);
	st = dig_stmt_run(stmt, err);
	dig_stmt_done(stmt);
	return st;
}

/* ---- Position --------------------------------------------------------- */

enum dig_status
dig_index_put_position(struct dig_index *index,
    const struct dig_journal_record *record, const struct dig_buf *bytes,
    const struct dig_state *state, struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	struct dig_oid head;
	enum dig_status st;
	bool has_head = dig_state_head(state, &head);

	st = dig_db_stmt(index->db, DIG_SQL_POSITION_PUT, &stmt, err);
	if (st != DIG_OK)
		return st;
	dig_stmt_bind_int(stmt, 1, (int64_t)record->seq);
	dig_stmt_bind_int(stmt, 2, (int64_t)(record->offset + record->length));
	dig_stmt_bind_oid(stmt, 3, &record->hash);
	dig_stmt_bind_blob(stmt, 4, bytes->data, bytes->len);
	dig_stmt_bind_blob(
	    stmt, 5, dig_journal_store_id(dig_store_journal(index->store)), 32);
	dig_stmt_bind_oid(stmt, 6, &state->staged_root);
	if (state->head_ref != NULL)
		dig_stmt_bind_blob(
		    stmt, 7, state->head_ref, strlen(state->head_ref));
	else
		dig_stmt_bind_null(stmt, 7);
	dig_stmt_bind_oid(stmt, 8, has_head ? &head : NULL);
	dig_stmt_bind_oid(stmt, 9,
	    dig_oid_is_zero(&state->op_state) ? NULL : &state->op_state);
	dig_stmt_bind_int(stmt, 10, index->next_seq);
	st = dig_stmt_run(stmt, err);
	dig_stmt_done(stmt);
	return st;
}

enum dig_status
dig_index_count_pending(struct dig_index *index, struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	enum dig_status st;

	index->next_seq = index->position.known ? index->position.next_seq : 1;
	st = dig_db_stmt(index->db, DIG_SQL_CHANGE_PAGE, &stmt, err);
	if (st != DIG_OK)
		return st;
	dig_stmt_bind_int(stmt, 1, index->next_seq);
	dig_stmt_bind_blob(stmt, 2, "", 0);
	dig_stmt_bind_int(stmt, 3, 1);
	st = dig_stmt_row(stmt, err);
	index->has_pending = st == DIG_OK;
	dig_stmt_done(stmt);
	return st == DIG_ENOTFOUND ? DIG_OK : st;
}

/* ---- Objects and packs ------------------------------------------------ */

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
		tell(replayed->index, "reading packs", replayed->done);
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

/* Object rows of everything that packs hold beyond what the rows know. */
static enum dig_status
replay_objects(struct dig_index *index, struct dig_error *err)
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

static enum dig_status
apply_packs(
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

/* ---- Changes and staging ---------------------------------------------- */

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
	st = dig_stmt_run(stmt, err);
	dig_stmt_done(stmt);
	return st;
}

static enum dig_status
get_staged(struct dig_index *index, const void *path, size_t len,
    struct dig_staged *out, struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	enum dig_status st;

	memset(out, 0, sizeof(*out));
	st = dig_db_stmt(index->db, DIG_SQL_STAGING_GET, &stmt, err);
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
		st = get_staged(index, path, path_len, &staged, err);
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

struct diff_rows {
	struct dig_index *index;
	int64_t seq; /* 0: staging rows, else changes under this number */
	uint64_t counts[3]; /* added, modified, deleted */
	uint64_t done;
};

static enum dig_status
diff_row(void *arg, const struct dig_entry *old, const struct dig_entry *now,
    struct dig_error *err)
{
	struct diff_rows *rows = arg;
	const struct dig_entry *any = now != NULL ? now : old;
	struct dig_staged before = staged_of(old);
	struct dig_staged after = staged_of(now);

	if ((++rows->done & 4095) == 0)
		tell(rows->index, "reading trees", rows->done);
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

static enum dig_status
put_diff(struct dig_index *index, const struct dig_oid *a,
    const struct dig_oid *b, struct diff_rows *rows, struct dig_error *err)
{
	struct dig_node_io io = node_io(index);

	return dig_tree_diff(&io, a, b, diff_row, rows, err);
}

/* ---- Commits ---------------------------------------------------------- */

static enum dig_status
commit_seq(struct dig_index *index, const struct dig_oid *id, int64_t *seq,
    struct dig_oid *tree, struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	enum dig_status st;

	st = dig_db_stmt(index->db, DIG_SQL_COMMIT_BY_ID, &stmt, err);
	if (st != DIG_OK)
		return st;
	dig_stmt_bind_oid(stmt, 1, id);
	st = dig_stmt_row(stmt, err);
	if (st == DIG_OK) {
		*seq = dig_stmt_int(stmt, 0);
		if (tree != NULL)
			st = dig_stmt_oid(stmt, 1, tree, err);
	}
	dig_stmt_done(stmt);
	return st;
}

static enum dig_status
read_commit(struct dig_index *index, const struct dig_oid *id,
    struct dig_buf *bytes, struct dig_commit *out, struct dig_error *err)
{
	struct dig_node_io io = node_io(index);
	enum dig_status st;

	st = io.get(io.arg, DIG_KIND_COMMIT, id, bytes, err);
	if (st == DIG_OK)
		st = dig_commit_decode(bytes->data, bytes->len, out, err);
	return st;
}

static void
bind_ident(struct dig_stmt *stmt, int at, const struct dig_ident *ident)
{
	const uint8_t *name;
	const uint8_t *email;
	size_t name_len;
	size_t email_len;

	dig_ident_split(ident, &name, &name_len, &email, &email_len);
	dig_stmt_bind_words(stmt, at, name, name_len);
	dig_stmt_bind_words(stmt, at + 1, email, email_len);
	dig_stmt_bind_int(stmt, at + 2, ident->seconds);
	dig_stmt_bind_int(
	    stmt, at + 3, dig_zone_minutes(ident->zone, ident->zone_len));
}

static enum dig_status
put_parents(struct dig_index *index, int64_t seq,
    const struct dig_commit *commit, struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	struct dig_oid parent;
	enum dig_status st = DIG_OK;

	for (size_t i = 0; st == DIG_OK && i < commit->nparents; i++) {
		st = dig_db_stmt(index->db, DIG_SQL_PARENT_PUT, &stmt, err);
		if (st != DIG_OK)
			break;
		dig_commit_parent(commit, i, &parent);
		dig_stmt_bind_int(stmt, 1, seq);
		dig_stmt_bind_int(stmt, 2, (int64_t)i);
		dig_stmt_bind_oid(stmt, 3, &parent);
		st = dig_stmt_run(stmt, err);
		dig_stmt_done(stmt);
	}
	return st;
}

/* The id that a commit has in git, when it came from there. */
static enum dig_status
put_git_id(struct dig_index *index, int64_t seq,
    const struct dig_commit *commit, struct dig_error *err)
{
	uint8_t id[DIG_HASH_SIZE];
	size_t len = dig_commit_git_id(commit, id);
	struct dig_stmt *stmt = NULL;
	enum dig_status st;

	if (len == 0)
		return DIG_OK;
	st = dig_db_stmt(index->db, DIG_SQL_GIT_MAP_PUT, &stmt, err);
	if (st != DIG_OK)
		return st;
	dig_stmt_bind_int(stmt, 1, seq);
	dig_stmt_bind_blob(stmt, 2, id, len);
	st = dig_stmt_run(stmt, err);
	dig_stmt_done(stmt);
	return st;
}

static enum dig_status
put_layer(struct dig_index *index, int64_t seq, const struct dig_commit *commit,
    const uint64_t counts[3], const struct dig_op_stats *stats,
    struct dig_error *err)
{
	struct dig_op_stats none = { 0, 0, 0 };
	struct dig_stmt *stmt = NULL;
	struct dig_oid parent;
	enum dig_status st;

	if (stats == NULL)
		stats = &none;
	st = dig_db_stmt(index->db, DIG_SQL_LAYER_PUT, &stmt, err);
	if (st != DIG_OK)
		return st;
	if (commit->nparents > 0)
		dig_commit_parent(commit, 0, &parent);
	dig_stmt_bind_int(stmt, 1, seq);
	dig_stmt_bind_oid(stmt, 2, commit->nparents > 0 ? &parent : NULL);
	for (int i = 0; i < 3; i++)
		dig_stmt_bind_int(stmt, 3 + i, (int64_t)counts[i]);
	dig_stmt_bind_int(stmt, 6, (int64_t)stats->new_chunks);
	dig_stmt_bind_int(stmt, 7, (int64_t)stats->raw_bytes);
	dig_stmt_bind_int(stmt, 8, (int64_t)stats->stored_bytes);
	st = dig_stmt_run(stmt, err);
	dig_stmt_done(stmt);
	return st;
}

static enum dig_status
put_commit_row(struct dig_index *index, int64_t seq, const struct dig_oid *id,
    const struct dig_commit *commit, struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	enum dig_status st;

	st = dig_db_stmt(index->db, DIG_SQL_COMMIT_PUT, &stmt, err);
	if (st != DIG_OK)
		return st;
	dig_stmt_bind_int(stmt, 1, seq);
	dig_stmt_bind_oid(stmt, 2, id);
	dig_stmt_bind_oid(stmt, 3, &commit->tree);
	bind_ident(stmt, 4, &commit->author);
	bind_ident(stmt, 8, &commit->committer);
	dig_stmt_bind_words(stmt, 12, commit->message,
	    dig_subject_len(commit->message, commit->message_len));
	dig_stmt_bind_words(stmt, 13, commit->message, commit->message_len);
	dig_stmt_bind_int(stmt, 14, (int64_t)commit->files);
	dig_stmt_bind_int(stmt, 15, (int64_t)commit->bytes);
	dig_stmt_bind_int(stmt, 16, (int64_t)commit->generation);
	dig_stmt_bind_int(stmt, 17, (int64_t)commit->depth);
	dig_stmt_bind_oid(
	    stmt, 18, dig_oid_is_zero(&commit->jump) ? NULL : &commit->jump);
	st = dig_stmt_run(stmt, err);
	dig_stmt_done(stmt);
	return st;
}

/* What commits cost: the new one's, and those that journal records name. */
struct known_stats {
	struct dig_oid head;
	const struct dig_op_stats *now; /* of head, which has no record yet */
	struct known_stat {
		struct dig_oid id;
		struct dig_op_stats stats;
	} * list;
	size_t count;
	size_t cap;
	bool loaded;
};

static void
know_stats(struct known_stats *known, const struct dig_oid *id,
    const struct dig_op_stats *stats)
{
	DIG_GROW(known->list, known->cap, known->count + 1);
	known->list[known->count].id = *id;
	known->list[known->count++].stats = *stats;
}

static bool
note_stats(void *arg, const struct dig_journal_record *rec)
{
	struct known_stats *known = arg;

	if (!rec->has_stats)
		return true;
	for (size_t i = 0; i < rec->nrefs; i++)
		if (rec->refs[i].has_new)
			know_stats(known, &rec->refs[i].new_id, &rec->stats);
	if (rec->has_head && rec->head_ref == NULL)
		know_stats(known, &rec->head_id, &rec->stats);
	return true;
}

static int
by_stat_id(const void *a, const void *b)
{
	return dig_oid_cmp(&((const struct known_stat *)a)->id,
	    &((const struct known_stat *)b)->id);
}

static const struct dig_op_stats *
find_stats(struct dig_index *index, struct known_stats *known,
    const struct dig_oid *id)
{
	struct known_stat key = { *id, { 0, 0, 0 } };
	struct known_stat *hit;
	struct dig_error err;

	if (known->now != NULL && dig_oid_eq(id, &known->head))
		return known->now;
	if (!known->loaded) {
		known->loaded = true;
		/* Measurements only: without them the rows say zero. */
		dig_ignore(dig_journal_each(dig_store_journal(index->store),
		    true, note_stats, known, &err));
		if (known->count > 0)
			qsort(
			    known->list, known->count, sizeof(key), by_stat_id);
	}
	hit = known->count == 0 ? NULL
				: bsearch(&key, known->list, known->count,
				      sizeof(key), by_stat_id);
	return hit ? &hit->stats : NULL;
}

/* A commit whose parents have their rows. */
static enum dig_status
insert_commit(struct dig_index *index, const struct dig_oid *id,
    const struct dig_commit *commit, struct known_stats *known,
    struct dig_error *err)
{
	struct diff_rows rows = { index, index->next_seq, { 0, 0, 0 }, 0 };
	struct dig_oid before;
	struct dig_oid parent;
	enum dig_status st;
	int64_t seq;

	dig_tree_empty(&before);
	if (commit->nparents > 0) {
		dig_commit_parent(commit, 0, &parent);
		st = commit_seq(index, &parent, &seq, &before, err);
		if (st == DIG_ENOTFOUND)
			st = DIG_OK; /* lost: fsck says so */
		if (st != DIG_OK)
			return st;
	}
	st = put_commit_row(index, index->next_seq, id, commit, err);
	if (st == DIG_OK)
		st = put_parents(index, index->next_seq, commit, err);
	if (st == DIG_OK)
		st = put_git_id(index, index->next_seq, commit, err);
	if (st != DIG_OK)
		return st;
	st = put_diff(index, &before, &commit->tree, &rows, err);
	if (is_lost(st, err)) {
		dig_log("changes of a commit: %s", err->msg);
		st = DIG_OK;
	}
	if (st == DIG_OK)
		st = put_layer(index, index->next_seq, commit, rows.counts,
		    find_stats(index, known, id), err);
	index->next_seq++;
	return st;
}

/* Rows for a commit and all its ancestors that have none, parents first. */
static enum dig_status
add_commits(struct dig_index *index, const struct dig_oid *tip,
    struct known_stats *known, struct dig_error *err)
{
	struct todo {
		struct dig_oid id;
		size_t next_parent;
	} *stack = NULL;
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_commit commit;
	enum dig_status st = DIG_OK;
	size_t cap = 0;
	size_t depth = 0;
	int64_t seq;

	DIG_GROW(stack, cap, 1);
	stack[depth].id = *tip;
	stack[depth++].next_parent = 0;
	while (depth > 0) {
		struct todo *top = &stack[depth - 1];
		struct dig_oid parent;

		if (top->next_parent == 0 &&
		    (st = commit_seq(index, &top->id, &seq, NULL, err)) !=
			DIG_ENOTFOUND) {
			if (st != DIG_OK)
				break;
			depth--;
			continue;
		}
		st = read_commit(index, &top->id, &bytes, &commit, err);
		if (is_lost(st, err)) {
			dig_log("%s", err->msg);
			st = DIG_OK;
			depth--;
			continue;
		}
		if (st != DIG_OK)
			break;
		if (top->next_parent < commit.nparents) {
			dig_commit_parent(&commit, top->next_parent++, &parent);
			DIG_GROW(stack, cap, depth + 1);
			stack[depth].id = parent;
			stack[depth++].next_parent = 0;
			continue;
		}
		st = insert_commit(index, &top->id, &commit, known, err);
		if (st != DIG_OK)
			break;
		tell(index, "reading commits", (uint64_t)index->next_seq);
		depth--;
	}
	free(stack);
	dig_buf_clear(&bytes);
	return st;
}

/* The commit that a ref's target leads to, through tags. False: none. */
static bool
peel(struct dig_index *index, const struct dig_oid *id, struct dig_oid *out)
{
	struct dig_node_io io = node_io(index);
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_error err;
	struct dig_tag tag;
	bool found = false;

	*out = *id;
	for (int depth = 0; depth < 16 && !found; depth++) {
		if (io.get(io.arg, DIG_KIND_TAG, out, &bytes, &err) != DIG_OK) {
			found = true; /* no tag: it names the commit itself */
			break;
		}
		if (dig_tag_decode(bytes.data, bytes.len, &tag, &err) != DIG_OK)
			break;
		*out = tag.target;
		if (tag.target_kind == DIG_KIND_COMMIT)
			found = true;
		else if (tag.target_kind != DIG_KIND_TAG)
			break;
	}
	dig_buf_clear(&bytes);
	return found;
}

static bool
ref_commit(
    struct dig_index *index, const struct dig_ref *ref, struct dig_oid *out)
{
	if (strncmp(ref->name, "refs/tags/", 10) == 0)
		return peel(index, &ref->id, out);
	*out = ref->id;
	return true;
}

/* ---- Refs ------------------------------------------------------------- */

static const char *
ref_kind(const char *name)
{
	return strncmp(name, "refs/heads/", 11) == 0     ? "branch"
	       : strncmp(name, "refs/tags/", 10) == 0    ? "tag"
	       : strncmp(name, "refs/remotes/", 13) == 0 ? "remote"
							 : "other";
}

static enum dig_status
put_ref(
    struct dig_index *index, const struct dig_ref *ref, struct dig_error *err)
{
	const char *kind = ref_kind(ref->name);
	struct dig_stmt *stmt = NULL;
	struct dig_oid commit;
	enum dig_status st;
	bool tagged =
	    ref_commit(index, ref, &commit) && !dig_oid_eq(&commit, &ref->id);

	st = dig_db_stmt(index->db, DIG_SQL_REF_PUT, &stmt, err);
	if (st != DIG_OK)
		return st;
	dig_stmt_bind_path(stmt, 1, ref->name, strlen(ref->name));
	dig_stmt_bind_text(stmt, 3, kind, strlen(kind));
	dig_stmt_bind_oid(stmt, 4, &ref->id);
	dig_stmt_bind_oid(stmt, 5, tagged ? &commit : NULL);
	st = dig_stmt_run(stmt, err);
	dig_stmt_done(stmt);
	return st;
}

static enum dig_status
apply_refs(struct dig_index *index, const struct dig_state *from,
    const struct dig_state *to, struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	enum dig_status st = DIG_OK;

	for (size_t i = 0; st == DIG_OK && i < from->nrefs; i++) {
		if (dig_state_ref(to, from->refs[i].name) != NULL)
			continue;
		st = dig_db_stmt(index->db, DIG_SQL_REF_DELETE, &stmt, err);
		if (st != DIG_OK)
			break;
		dig_stmt_bind_blob(
		    stmt, 1, from->refs[i].name, strlen(from->refs[i].name));
		st = dig_stmt_run(stmt, err);
		dig_stmt_done(stmt);
	}
	for (size_t i = 0; st == DIG_OK && i < to->nrefs; i++) {
		const struct dig_ref *old =
		    dig_state_ref(from, to->refs[i].name);

		if (old == NULL || !dig_oid_eq(&old->id, &to->refs[i].id))
			st = put_ref(index, &to->refs[i], err);
	}
	return st;
}

/* ---- Forgetting what no ref reaches ----------------------------------- */

static enum dig_status
forget_commit(struct dig_index *index, int64_t seq, struct dig_error *err)
{
	static const enum dig_sql deletes[] = { DIG_SQL_CHANGES_DELETE,
		DIG_SQL_LAYER_DELETE, DIG_SQL_PARENTS_DELETE,
		DIG_SQL_GIT_MAP_DELETE, DIG_SQL_COMMIT_DELETE };
	enum dig_status st = DIG_OK;

	for (size_t i = 0; st == DIG_OK && i < 5; i++)
		st = run_int(index, deletes[i], seq, err);
	return st;
}

/* Ids of commits, and how many of them wait to be visited. */
struct commit_set {
	struct dig_oidmap map;
	size_t waiting;
};

static void
commit_set_add(struct commit_set *set, const struct dig_oid *id)
{
	set->waiting += dig_oidmap_claim(&set->map, DIG_KIND_COMMIT, id);
}

static bool
commit_set_has(struct commit_set *set, const struct dig_oid *id)
{
	struct dig_oidmap_entry found;

	return dig_oidmap_find(&set->map, DIG_KIND_COMMIT, id, &found);
}

static enum dig_status
add_parents(struct dig_index *index, int64_t seq, struct commit_set *set,
    struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	struct dig_oid id;
	enum dig_status st;

	st = dig_db_stmt(index->db, DIG_SQL_PARENTS_OF, &stmt, err);
	if (st != DIG_OK)
		return st;
	dig_stmt_bind_int(stmt, 1, seq);
	while ((st = dig_stmt_row(stmt, err)) == DIG_OK) {
		st = dig_stmt_oid(stmt, 0, &id, err);
		if (st != DIG_OK)
			break;
		commit_set_add(set, &id);
	}
	dig_stmt_done(stmt);
	return st == DIG_ENOTFOUND ? DIG_OK : st;
}

/* Tips of a state that are not in `but` (or NULL). */
static void
add_tips(struct dig_index *index, const struct dig_state *state,
    struct commit_set *but, struct commit_set *set)
{
	struct dig_oid id;

	for (size_t i = 0; i < state->nrefs; i++)
		if (ref_commit(index, &state->refs[i], &id) &&
		    (but == NULL || !commit_set_has(but, &id)))
			commit_set_add(set, &id);
	if (dig_state_head(state, &id) &&
	    (but == NULL || !commit_set_has(but, &id)))
		commit_set_add(set, &id);
}

/* One row: wanted by a tip or by a row that stays, or gone. */
static enum dig_status
keep_or_forget(struct dig_index *index, int64_t seq, struct commit_set *wanted,
    struct commit_set *doubtful, struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	struct dig_oid id;
	enum dig_status st;

	st = dig_db_stmt(index->db, DIG_SQL_COMMIT_BY_SEQ, &stmt, err);
	if (st != DIG_OK)
		return st;
	dig_stmt_bind_int(stmt, 1, seq);
	st = dig_stmt_row(stmt, err);
	if (st == DIG_OK)
		st = dig_stmt_oid(stmt, 0, &id, err);
	dig_stmt_done(stmt);
	if (st != DIG_OK)
		return st == DIG_ENOTFOUND ? DIG_OK : st;
	doubtful->waiting -= commit_set_has(doubtful, &id);
	if (commit_set_has(wanted, &id))
		return add_parents(index, seq, wanted, err);
	st = add_parents(index, seq, doubtful, err);
	return st == DIG_OK ? forget_commit(index, seq, err) : st;
}

/*
 * A commit's row comes after those of its parents, so one pass from the newest
 * row down decides. Only what the tips of before reached can be gone now: when
 * none of that is left to look at, the rows below all stay.
 */
static enum dig_status
forget_unreached(struct dig_index *index, const struct dig_state *from,
    const struct dig_state *to, struct dig_error *err)
{
	struct commit_set wanted = { .waiting = 0 };
	struct commit_set doubtful = { .waiting = 0 };
	enum dig_status st = DIG_OK;

	dig_oidmap_init(&wanted.map);
	dig_oidmap_init(&doubtful.map);
	add_tips(index, to, NULL, &wanted);
	add_tips(index, from, &wanted, &doubtful);
	for (int64_t seq = index->next_seq - 1;
	     st == DIG_OK && seq > 0 && doubtful.waiting > 0; seq--)
		st = keep_or_forget(index, seq, &wanted, &doubtful, err);
	dig_oidmap_clear(&wanted.map);
	dig_oidmap_clear(&doubtful.map);
	return st;
}

/* A ref let go of something: it went away or moved off its line. */
static bool
something_was_left(struct dig_index *index, const struct dig_state *from,
    const struct dig_state *to)
{
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_commit commit;
	struct dig_error err;
	struct dig_oid old_head;
	struct dig_oid head;
	struct dig_oid parent;
	bool left = false;

	for (size_t i = 0; !left && i < from->nrefs; i++) {
		const struct dig_ref *old = &from->refs[i];
		const struct dig_ref *now = dig_state_ref(to, old->name);

		if (now != NULL && dig_oid_eq(&now->id, &old->id))
			continue;
		left = true;
		if (now == NULL || read_commit(index, &now->id, &bytes, &commit,
				       &err) != DIG_OK)
			break;
		for (size_t j = 0; left && j < commit.nparents; j++) {
			dig_commit_parent(&commit, j, &parent);
			left = !dig_oid_eq(&parent, &old->id);
		}
	}
	if (!left && from->head_ref == NULL && dig_state_head(from, &old_head))
		left =
		    !dig_state_head(to, &head) || !dig_oid_eq(&head, &old_head);
	dig_buf_clear(&bytes);
	return left;
}

/* ---- The step --------------------------------------------------------- */

static enum dig_status
tree_of(struct dig_index *index, const struct dig_state *state,
    struct dig_oid *tree, struct dig_error *err)
{
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_commit commit;
	struct dig_oid head;
	enum dig_status st = DIG_OK;

	dig_tree_empty(tree);
	if (dig_state_head(state, &head)) {
		st = read_commit(index, &head, &bytes, &commit, err);
		if (st == DIG_OK)
			*tree = commit.tree;
	}
	dig_buf_clear(&bytes);
	return st;
}

/*
 * The usual commit: HEAD moves on to one new commit of exactly what is staged,
 * so the pending changes are its changes and one row makes them count.
 */
static enum dig_status
try_plain_commit(struct dig_index *index, const struct dig_state *from,
    const struct dig_state *to, const struct dig_op_stats *stats, bool *done,
    struct dig_error *err)
{
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_commit commit;
	struct dig_stmt *stmt = NULL;
	struct dig_oid old_head;
	struct dig_oid head;
	struct dig_oid parent;
	uint64_t counts[3];
	enum dig_status st;
	int64_t seq;
	bool had = dig_state_head(from, &old_head);

	*done = false;
	if (!dig_state_head(to, &head) || (had && dig_oid_eq(&head, &old_head)))
		return DIG_OK;
	st = commit_seq(index, &head, &seq, NULL, err);
	if (st != DIG_ENOTFOUND)
		return st;
	st = read_commit(index, &head, &bytes, &commit, err);
	if (st != DIG_OK)
		goto out;
	if (commit.nparents > 0)
		dig_commit_parent(&commit, 0, &parent);
	if (commit.nparents != (had ? 1u : 0u) ||
	    (had && !dig_oid_eq(&parent, &old_head)) ||
	    !dig_oid_eq(&commit.tree, &to->staged_root) ||
	    !dig_oid_eq(&from->staged_root, &to->staged_root))
		goto out;
	st = dig_db_stmt(index->db, DIG_SQL_CHANGE_COUNT, &stmt, err);
	if (st != DIG_OK)
		goto out;
	dig_stmt_bind_int(stmt, 1, index->next_seq);
	st = dig_stmt_row(stmt, err);
	for (int i = 0; st == DIG_OK && i < 3; i++)
		counts[i] = (uint64_t)dig_stmt_int(stmt, i);
	dig_stmt_done(stmt);
	if (st == DIG_OK)
		st =
		    put_commit_row(index, index->next_seq, &head, &commit, err);
	if (st == DIG_OK)
		st = put_parents(index, index->next_seq, &commit, err);
	if (st == DIG_OK)
		st = put_layer(
		    index, index->next_seq, &commit, counts, stats, err);
	index->next_seq++;
	*done = true;
out:
	dig_buf_clear(&bytes);
	return st;
}

/* Commits of all refs and of HEAD, the long way. */
static enum dig_status
add_all_commits(struct dig_index *index, const struct dig_state *from,
    const struct dig_state *to, const struct dig_op_stats *stats,
    struct dig_error *err)
{
	struct known_stats known;
	struct dig_oid id;
	enum dig_status st = DIG_OK;

	memset(&known, 0, sizeof(known));
	if (dig_state_head(to, &known.head))
		known.now = stats;

	for (size_t i = 0; st == DIG_OK && i < to->nrefs; i++) {
		const struct dig_ref *old =
		    dig_state_ref(from, to->refs[i].name);

		if (old != NULL && dig_oid_eq(&old->id, &to->refs[i].id))
			continue;
		if (ref_commit(index, &to->refs[i], &id))
			st = add_commits(index, &id, &known, err);
	}
	if (st == DIG_OK && dig_state_head(to, &id))
		st = add_commits(index, &id, &known, err);
	free(known.list);
	return st;
}

/* Pending changes anew: what is staged against HEAD. */
static enum dig_status
redo_pending(
    struct dig_index *index, const struct dig_state *to, struct dig_error *err)
{
	struct diff_rows rows = { index, 0, { 0, 0, 0 }, 0 };
	struct dig_oid tree;
	enum dig_status st;

	st = run_int(index, DIG_SQL_CHANGES_DELETE, index->next_seq, err);
	if (st == DIG_OK)
		st = tree_of(index, to, &tree, err);
	rows.seq = index->next_seq;
	if (st == DIG_OK)
		st = put_diff(index, &tree, &to->staged_root, &rows, err);
	return st;
}

/* ---- Conflicts -------------------------------------------------------- */

static enum dig_status
put_conflict(struct dig_index *index, const struct dig_conflict *conflict,
    struct dig_error *err)
{
	struct dig_oid contents[DIG_SIDES]; /* bound until the end */
	struct dig_stmt *stmt = NULL;
	enum dig_status st;

	st = dig_db_stmt(index->db, DIG_SQL_CONFLICT_PUT, &stmt, err);
	if (st != DIG_OK)
		return st;
	dig_stmt_bind_path(stmt, 1, conflict->path, conflict->path_len);
	for (int i = 0; i < DIG_SIDES; i++) {
		const struct dig_entry *entry = &conflict->side[i];

		if (!conflict->has[i]) {
			dig_stmt_bind_null(stmt, 3 + 2 * i);
			dig_stmt_bind_null(stmt, 4 + 2 * i);
			continue;
		}
		dig_entry_content_id(entry, &contents[i]);
		dig_stmt_bind_int(stmt, 3 + 2 * i, (int64_t)entry->kind);
		dig_stmt_bind_oid(stmt, 4 + 2 * i, &contents[i]);
	}
	st = dig_stmt_run(stmt, err);
	dig_stmt_done(stmt);
	return st;
}

/* The rows of what the state has in conflict. An operation of a later dig
 * gives none; so does a state that is lost, and fsck says so. */
static enum dig_status
put_conflicts(
    struct dig_index *index, const struct dig_oid *state, struct dig_error *err)
{
	struct dig_node_io io = node_io(index);
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_stmt *stmt = NULL;
	struct dig_op op = { 0 };
	enum dig_status st;

	st = dig_db_stmt(index->db, DIG_SQL_CONFLICT_CLEAR, &stmt, err);
	if (st != DIG_OK)
		return st;
	st = dig_stmt_run(stmt, err);
	dig_stmt_done(stmt);
	if (st != DIG_OK || dig_oid_is_zero(state))
		return st;
	st = io.get(io.arg, DIG_KIND_STATE, state, &bytes, err);
	if (st == DIG_OK)
		st = dig_op_decode(bytes.data, bytes.len, &op, err);
	for (size_t i = 0; st == DIG_OK && i < op.nconflicts; i++)
		st = put_conflict(index, &op.conflicts[i], err);
	if (st == DIG_ECONFLICT || is_lost(st, err))
		st = DIG_OK;
	dig_op_clear(&op);
	dig_buf_clear(&bytes);
	return st;
}

static bool
heads_equal(const struct dig_state *a, const struct dig_state *b)
{
	struct dig_oid x;
	struct dig_oid y;
	bool has_x = dig_state_head(a, &x);
	bool has_y = dig_state_head(b, &y);

	return has_x == has_y && (!has_x || dig_oid_eq(&x, &y));
}

static bool
refs_equal(const struct dig_state *a, const struct dig_state *b)
{
	if (a->nrefs != b->nrefs)
		return false;
	for (size_t i = 0; i < a->nrefs; i++)
		if (strcmp(a->refs[i].name, b->refs[i].name) != 0 ||
		    !dig_oid_eq(&a->refs[i].id, &b->refs[i].id))
			return false;
	return true;
}

enum dig_status
dig_index_apply(struct dig_index *index, const struct dig_state *from,
    const struct dig_state *to, bool derive, const struct dig_op_stats *stats,
    struct dig_error *err)
{
	struct diff_rows staging = { index, 0, { 0, 0, 0 }, 0 };
	enum dig_status st;
	bool heads = heads_equal(from, to);
	bool refs = refs_equal(from, to);
	bool plain = false;

	st = apply_packs(index, to, err);
	if (st == DIG_OK && derive)
		st = put_diff(
		    index, &from->staged_root, &to->staged_root, &staging, err);
	/* Without the cost it is a replay, perhaps of more than this commit. */
	if (st == DIG_OK && !heads && stats != NULL)
		st = try_plain_commit(index, from, to, stats, &plain, err);
	if (st == DIG_OK && !plain && (!heads || !refs)) {
		/* New commits take the number that pending changes have. */
		st = run_int(
		    index, DIG_SQL_CHANGES_DELETE, index->next_seq, err);
		if (st == DIG_OK)
			st = add_all_commits(index, from, to, stats, err);
		if (st == DIG_OK && something_was_left(index, from, to))
			st = forget_unreached(index, from, to, err);
	}
	if (st == DIG_OK && !refs)
		st = apply_refs(index, from, to, err);
	if (st == DIG_OK && !plain && (derive || !heads || !refs))
		st = redo_pending(index, to, err);
	if (st == DIG_OK && !dig_oid_eq(&from->op_state, &to->op_state))
		st = put_conflicts(index, &to->op_state, err);
	return st;
}

/* ---- Replay ----------------------------------------------------------- */

/* The state that the rows speak of, as far as apply compares it. */
static enum dig_status
state_of_rows(
    struct dig_index *index, struct dig_state *out, struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	struct dig_buf after = DIG_BUF_INIT;
	enum dig_status st;
	struct dig_oid id;

	dig_state_init(out);
	if (!index->position.known)
		return DIG_OK;
	out->staged_root = index->position.staged_root;
	out->op_state = index->position.op_state;
	if (index->position.head_ref != NULL)
		out->head_ref = dig_strdup(index->position.head_ref);
	else if (index->position.has_head)
		out->head_id = index->position.head_id;
	st = dig_db_stmt(index->db, DIG_SQL_REF_PAGE, &stmt, err);
	if (st != DIG_OK)
		return st;
	dig_stmt_bind_blob(stmt, 1, "", 0);
	dig_stmt_bind_int(stmt, 2, INT64_MAX);
	while ((st = dig_stmt_row(stmt, err)) == DIG_OK) {
		dig_stmt_copy(stmt, 0, &after);
		st = dig_stmt_oid(stmt, 2, &id, err);
		if (st != DIG_OK)
			break;
		dig_state_set_ref(out, (const char *)after.data, &id);
	}
	dig_stmt_done(stmt);
	dig_buf_clear(&after);
	return st == DIG_ENOTFOUND ? DIG_OK : st;
}

enum dig_status
dig_index_replay(struct dig_index *index, struct dig_error *err)
{
	struct dig_state from;
	enum dig_status st;

	index->next_seq = index->position.known ? index->position.next_seq : 1;
	st = state_of_rows(index, &from, err);
	if (st == DIG_OK)
		st = replay_objects(index, err);
	if (st == DIG_OK)
		st = dig_index_apply(index, &from,
		    dig_store_state(index->store), true, NULL, err);
	dig_state_clear(&from);
	return st;
}

enum dig_status
dig_index_cost(
    struct dig_index *index, struct dig_op_stats *out, struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	enum dig_status st;

	st = dig_db_stmt(index->db, DIG_SQL_OBJECT_COST, &stmt, err);
	if (st != DIG_OK)
		return st;
	st = dig_stmt_row(stmt, err);
	if (st == DIG_OK) {
		out->new_chunks = (uint64_t)dig_stmt_int(stmt, 0);
		out->raw_bytes = (uint64_t)dig_stmt_int(stmt, 1);
		out->stored_bytes = (uint64_t)dig_stmt_int(stmt, 2);
	}
	dig_stmt_done(stmt);
	return st;
}

enum dig_status
dig_index_git_id(struct dig_index *index, const uint8_t *git_id, size_t len,
    struct dig_oid *out, struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	enum dig_status st;

	st = dig_db_stmt(index->db, DIG_SQL_GIT_MAP_GET, &stmt, err);
	if (st != DIG_OK)
		return st;
	dig_stmt_bind_blob(stmt, 1, git_id, len);
	st = dig_stmt_row(stmt, err);
	if (st == DIG_OK)
		st = dig_stmt_oid(stmt, 0, out, err);
	dig_stmt_done(stmt);
	return st;
}
