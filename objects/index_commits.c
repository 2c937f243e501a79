/* SPDX-License-Identifier: MIT
 *
 * Rows of the index: commits, their parents, layers and changes.
 */
#include <stdlib.h>

#include "objects/index_rows.h"

enum dig_status
dig_index_commit_seq(struct dig_index *index, const struct dig_oid *id,
    int64_t *seq, struct dig_oid *tree, struct dig_error *err)
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

enum dig_status
dig_index_read_commit(struct dig_index *index, const struct dig_oid *id,
    struct dig_buf *bytes, struct dig_commit *out, struct dig_error *err)
{
	struct dig_node_io io = dig_index_node_io(index);
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

enum dig_status
dig_index_put_parents(struct dig_index *index, int64_t seq,
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

enum dig_status
dig_index_put_layer(struct dig_index *index, int64_t seq,
    const struct dig_commit *commit, const uint64_t counts[3],
    const struct dig_op_stats *stats, struct dig_error *err)
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

enum dig_status
dig_index_put_commit_row(struct dig_index *index, int64_t seq,
    const struct dig_oid *id, const struct dig_commit *commit,
    struct dig_error *err)
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

static void
know_stats(struct dig_known_stats *known, const struct dig_oid *id,
    const struct dig_op_stats *stats)
{
	DIG_GROW(known->list, known->cap, known->count + 1);
	known->list[known->count].id = *id;
	known->list[known->count++].stats = *stats;
}

static bool
note_stats(void *arg, const struct dig_journal_record *rec)
{
	struct dig_known_stats *known = arg;

	for (size_t i = 0; i < rec->ncosts; i++)
		know_stats(known, &rec->costs[i].commit, &rec->costs[i].stats);
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
	return dig_oid_cmp(&((const struct dig_known_stat *)a)->id,
	    &((const struct dig_known_stat *)b)->id);
}

static const struct dig_op_stats *
find_stats(struct dig_index *index, struct dig_known_stats *known,
    const struct dig_oid *id)
{
	struct dig_known_stat key = { *id, { 0, 0, 0 } };
	struct dig_known_stat *hit;
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
    const struct dig_commit *commit, struct dig_known_stats *known,
    struct dig_error *err)
{
	struct dig_diff_rows rows = { index, index->next_seq, { 0, 0, 0 }, 0 };
	struct dig_oid before;
	struct dig_oid parent;
	enum dig_status st;
	int64_t seq;

	dig_tree_empty(&before);
	if (commit->nparents > 0) {
		dig_commit_parent(commit, 0, &parent);
		st = dig_index_commit_seq(index, &parent, &seq, &before, err);
		if (st == DIG_ENOTFOUND)
			st = DIG_OK; /* lost: fsck says so */
		if (st != DIG_OK)
			return st;
	}
	st = dig_index_put_commit_row(index, index->next_seq, id, commit, err);
	if (st == DIG_OK)
		st = dig_index_put_parents(index, index->next_seq, commit, err);
	if (st == DIG_OK)
		st = put_git_id(index, index->next_seq, commit, err);
	if (st != DIG_OK)
		return st;
	st = dig_index_put_diff(index, &before, &commit->tree, &rows, err);
	if (dig_index_is_lost(st, err)) {
		dig_log("changes of a commit: %s", err->msg);
		st = DIG_OK;
	}
	if (st == DIG_OK)
		st = dig_index_put_layer(index, index->next_seq, commit,
		    rows.counts, find_stats(index, known, id), err);
	index->next_seq++;
	return st;
}

enum dig_status
dig_index_add_commits(struct dig_index *index, const struct dig_oid *tip,
    struct dig_known_stats *known, struct dig_error *err)
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
		    (st = dig_index_commit_seq(
			 index, &top->id, &seq, NULL, err)) != DIG_ENOTFOUND) {
			if (st != DIG_OK)
				break;
			depth--;
			continue;
		}
		st = dig_index_read_commit(
		    index, &top->id, &bytes, &commit, err);
		if (dig_index_is_lost(st, err)) {
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
		dig_index_tell(
		    index, "reading commits", (uint64_t)index->next_seq);
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
	struct dig_node_io io = dig_index_node_io(index);
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

bool
dig_index_ref_commit(
    struct dig_index *index, const struct dig_ref *ref, struct dig_oid *out)
{
	if (strncmp(ref->name, "refs/tags/", 10) == 0)
		return peel(index, &ref->id, out);
	*out = ref->id;
	return true;
}
