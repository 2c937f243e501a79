/* SPDX-License-Identifier: MIT
 *
 * From states to rows: what the step between two states of the journal means
 * for the tables. Commands, replay and rebuild all come through here, so there
 * is one way in which a row comes to be.
 */
#include <stdlib.h>

#include "objects/index_rows.h"
#include "objects/op_state.h"

struct dig_node_io
dig_index_node_io(struct dig_index *index)
{
	return index->in_txn ? dig_writer_io(dig_index_writer(index))
			     : dig_reader_io(dig_index_reader(index));
}

void
dig_index_tell(struct dig_index *index, const char *what, uint64_t done)
{
	if (index->progress != NULL)
		index->progress(index->progress_arg, what, done);
}

bool
dig_index_is_lost(enum dig_status st, const struct dig_error *err)
{
	return st == DIG_ENOTFOUND ||
	       (st == DIG_ECORRUPT && !dig_db_is_damage(err));
}

enum dig_status
dig_index_run_int(struct dig_index *index, enum dig_sql sql, int64_t value,
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
	bool tagged = dig_index_ref_commit(index, ref, &commit) &&
		      !dig_oid_eq(&commit, &ref->id);

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
		st = dig_index_read_commit(index, &head, &bytes, &commit, err);
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
	st = dig_index_commit_seq(index, &head, &seq, NULL, err);
	if (st != DIG_ENOTFOUND)
		return st;
	st = dig_index_read_commit(index, &head, &bytes, &commit, err);
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
		st = dig_index_put_commit_row(
		    index, index->next_seq, &head, &commit, err);
	if (st == DIG_OK)
		st =
		    dig_index_put_parents(index, index->next_seq, &commit, err);
	if (st == DIG_OK)
		st = dig_index_put_layer(
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
	struct dig_known_stats known;
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
		if (dig_index_ref_commit(index, &to->refs[i], &id))
			st = dig_index_add_commits(index, &id, &known, err);
	}
	if (st == DIG_OK && dig_state_head(to, &id))
		st = dig_index_add_commits(index, &id, &known, err);
	free(known.list);
	return st;
}

/*
 * Staging rows from one tree to another. Where the old one is lost, anew; where
 * the new one is, as far as it can be read.
 */
static enum dig_status
put_staging(struct dig_index *index, const struct dig_oid *from,
    const struct dig_oid *to, struct dig_error *err)
{
	struct dig_diff_rows rows = { index, 0, { 0, 0, 0 }, 0 };
	enum dig_status st = dig_index_put_diff(index, from, to, &rows, err);
	struct dig_stmt *stmt = NULL;
	struct dig_oid empty;

	if (!dig_index_is_lost(st, err))
		return st;
	dig_log("what was staged: %s", err->msg);
	st = dig_db_stmt(index->db, DIG_SQL_STAGING_CLEAR, &stmt, err);
	if (st != DIG_OK)
		return st;
	st = dig_stmt_run(stmt, err);
	dig_stmt_done(stmt);
	dig_tree_empty(&empty);
	if (st == DIG_OK)
		st = dig_index_put_diff(index, &empty, to, &rows, err);
	return dig_index_is_lost(st, err) ? DIG_OK : st;
}

/* Pending changes anew: what is staged against HEAD. */
static enum dig_status
redo_pending(
    struct dig_index *index, const struct dig_state *to, struct dig_error *err)
{
	struct dig_diff_rows rows = { index, 0, { 0, 0, 0 }, 0 };
	struct dig_oid tree;
	enum dig_status st;

	st = dig_index_run_int(
	    index, DIG_SQL_CHANGES_DELETE, index->next_seq, err);
	if (st == DIG_OK)
		st = tree_of(index, to, &tree, err);
	rows.seq = index->next_seq;
	if (st == DIG_OK)
		st = dig_index_put_diff(
		    index, &tree, &to->staged_root, &rows, err);
	/* fsck names what is lost. */
	return dig_index_is_lost(st, err) ? DIG_OK : st;
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
	struct dig_node_io io = dig_index_node_io(index);
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
	if (st == DIG_ECONFLICT || dig_index_is_lost(st, err))
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
	enum dig_status st;
	bool heads = heads_equal(from, to);
	bool refs = refs_equal(from, to);
	bool plain = false;

	st = dig_index_apply_packs(index, to, err);
	if (st == DIG_OK && derive)
		st = put_staging(
		    index, &from->staged_root, &to->staged_root, err);
	/* Without the cost it is a replay, perhaps of more than this commit. */
	if (st == DIG_OK && !heads && stats != NULL)
		st = try_plain_commit(index, from, to, stats, &plain, err);
	if (st == DIG_OK && !plain && (!heads || !refs)) {
		/* New commits take the number that pending changes have. */
		st = dig_index_run_int(
		    index, DIG_SQL_CHANGES_DELETE, index->next_seq, err);
		if (st == DIG_OK)
			st = add_all_commits(index, from, to, stats, err);
		if (st == DIG_OK && dig_index_something_left(index, from, to))
			st = dig_index_forget_unreached(index, from, to, err);
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
		st = dig_index_replay_objects(index, err);
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
