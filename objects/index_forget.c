/* SPDX-License-Identifier: MIT
 *
 * Rows of the index: forgetting commits that no ref reaches any more.
 */
#include "objects/index_rows.h"
#include "objects/oidmap.h"

static enum dig_status
forget_commit(struct dig_index *index, int64_t seq, struct dig_error *err)
{
	static const enum dig_sql deletes[] = { DIG_SQL_CHANGES_DELETE,
		DIG_SQL_LAYER_DELETE, DIG_SQL_PARENTS_DELETE,
		DIG_SQL_GIT_MAP_DELETE, DIG_SQL_COMMIT_DELETE };
	enum dig_status st = DIG_OK;

	for (size_t i = 0; st == DIG_OK && i < 5; i++)
		st = dig_index_run_int(index, deletes[i], seq, err);
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
		if (dig_index_ref_commit(index, &state->refs[i], &id) &&
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
enum dig_status
dig_index_forget_unreached(struct dig_index *index,
    const struct dig_state *from, const struct dig_state *to,
    struct dig_error *err)
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

bool
dig_index_something_left(struct dig_index *index, const struct dig_state *from,
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
		if (now == NULL || dig_index_read_commit(index, &now->id,
				       &bytes, &commit, &err) != DIG_OK)
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
