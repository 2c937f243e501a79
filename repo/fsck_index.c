/* SPDX-License-Identifier: MIT
 *
 * The check of the index: every derived row must be what packs, journal and
 * trees say. Sets of rows are compared by their number and a sum of checksums,
 * so that no set is held in memory; order does not matter.
 *
 * A writer may go on meanwhile. What was found counts only when the index
 * stands where it stood, so findings wait in a list.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "objects/hash64.h"
#include "repo/fsck_internal.h"
#include "repo/operation.h"

#define PAGE 1000
#define FINDINGS_MAX 1000

struct sum {
	uint64_t count;
	uint64_t total;
};

struct check {
	struct dig_fsck *fsck;
	struct dig_db *db;
	const struct dig_state *state;
	struct dig_node_io io;
	int64_t next_seq; /* of the coming commit */
	struct dig_buf row;
	uint64_t nrows;
	char **findings;
	size_t nfindings;
	size_t findings_cap;
};

static void differs(struct check *check, const char *fmt, ...) DIG_PRINTF(2, 3);

static void
differs(struct check *check, const char *fmt, ...)
{
	char text[256];
	va_list args;

	if (check->nfindings == FINDINGS_MAX)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	DIG_GROW(check->findings, check->findings_cap, check->nfindings + 1);
	check->findings[check->nfindings++] = dig_strdup(text);
}

/* ---- Sums ------------------------------------------------------------- */

/* Add the row that stands in check->row, which is emptied. */
static void
add_row(struct check *check, struct sum *sum)
{
	sum->count++;
	sum->total += dig_hash64(check->row.data, check->row.len);
	dig_buf_reset(&check->row);
}

static bool
sum_same(const struct sum *a, const struct sum *b)
{
	return a->count == b->count && a->total == b->total;
}

/* A column as it stands in the row: NULL is told from everything else. */
static void
put_int_column(struct check *check, struct dig_stmt *stmt, int col)
{
	dig_buf_putc(&check->row, !dig_stmt_is_null(stmt, col));
	if (!dig_stmt_is_null(stmt, col))
		dig_buf_put_be64(
		    &check->row, (uint64_t)dig_stmt_int(stmt, col));
}

static void
put_blob_column(struct check *check, struct dig_stmt *stmt, int col)
{
	size_t len;
	const void *data = dig_stmt_blob(stmt, col, &len);

	dig_buf_putc(&check->row, !dig_stmt_is_null(stmt, col));
	if (!dig_stmt_is_null(stmt, col))
		dig_buf_put_bytes(&check->row, data, len);
}

static void
put_int(struct check *check, bool is_null, uint64_t value)
{
	dig_buf_putc(&check->row, !is_null);
	if (!is_null)
		dig_buf_put_be64(&check->row, value);
}

static void
put_blob(struct check *check, bool is_null, const void *data, size_t len)
{
	dig_buf_putc(&check->row, !is_null);
	if (!is_null)
		dig_buf_put_bytes(&check->row, data, len);
}

/* ---- Objects and packs ------------------------------------------------ */

struct pack_sum {
	struct sum rows;
	struct sum pack;
};

struct pack_arg {
	struct check *check;
	struct sum *sum;
};

static enum dig_status
object_row(void *arg, const struct dig_object_row *row, struct dig_error *err)
{
	struct pack_arg *pack = arg;
	struct check *check = pack->check;

	(void)err;
	put_int(check, false, row->at.offset);
	put_int(check, false, row->at.slot);
	put_int(check, false, row->kind);
	put_int(check, false, row->codec);
	put_int(check, false, row->raw_bytes);
	put_int(check, false, row->stored_bytes);
	put_blob(check, false, row->id.bytes, DIG_HASH_SIZE);
	put_blob(
	    check, dig_oid_is_zero(&row->base), row->base.bytes, DIG_HASH_SIZE);
	add_row(check, pack->sum);
	return DIG_OK;
}

static enum dig_status
sum_object_rows(
    struct check *check, struct pack_sum *sums, struct dig_error *err)
{
	const struct dig_state *state = check->state;
	struct dig_stmt *stmt = NULL;
	enum dig_status st = DIG_OK;
	int64_t after = 0;
	uint64_t strangers = 0;
	uint64_t n = PAGE;

	while (st == DIG_OK && n == PAGE) {
		st = dig_db_stmt(check->db, DIG_SQL_OBJECT_PAGE, &stmt, err);
		if (st != DIG_OK)
			break;
		dig_stmt_bind_int(stmt, 1, after);
		dig_stmt_bind_int(stmt, 2, PAGE);
		for (n = 0; (st = dig_stmt_row(stmt, err)) == DIG_OK; n++) {
			int64_t pack = dig_stmt_int(stmt, 1);
			struct sum *sum = NULL;

			after = dig_stmt_int(stmt, 0);
			for (size_t i = 0; i < state->npacks; i++)
				if (state->packs[i].number == pack)
					sum = &sums[i].rows;
			for (int col = 2; col < 8; col++)
				put_int_column(check, stmt, col);
			put_blob_column(check, stmt, 8);
			put_blob_column(check, stmt, 9);
			if (sum != NULL)
				add_row(check, sum);
			else
				strangers++;
			dig_buf_reset(&check->row);
			check->nrows++;
		}
		dig_stmt_done(stmt);
		if (st == DIG_ENOTFOUND)
			st = DIG_OK;
	}
	if (strangers > 0)
		differs(check, "%" PRIu64 " objects in packs that are not",
		    strangers);
	return st;
}

static bool
is_bad_pack(const struct dig_fsck *fsck, uint32_t number)
{
	for (size_t i = 0; i < fsck->nbad_packs; i++)
		if (fsck->bad_packs[i] == number)
			return true;
	return false;
}

static enum dig_status
check_pack_row(struct check *check, const struct dig_pack_state *pack,
    const struct pack_sum *sums, struct dig_error *err)
{
	bool sealed = (pack->flags & DIG_PACK_SEALED) != 0;
	struct dig_stmt *stmt = NULL;
	enum dig_status st;

	st = dig_db_stmt(check->db, DIG_SQL_PACK_GET, &stmt, err);
	if (st != DIG_OK)
		return st;
	dig_stmt_bind_int(stmt, 1, pack->number);
	st = dig_stmt_row(stmt, err);
	if (st == DIG_ENOTFOUND)
		differs(check, "pack %06u has no row", pack->number);
	else if (st == DIG_OK &&
		 (dig_stmt_int(stmt, 0) != (pack->flags & DIG_PACK_BULK) ||
		     dig_stmt_int(stmt, 1) != (int64_t)pack->length ||
		     dig_stmt_int(stmt, 2) != sealed ||
		     dig_stmt_int(stmt, 4) != (int64_t)pack->run_offset ||
		     (uint64_t)dig_stmt_int(stmt, 3) != sums->rows.count))
		differs(check, "the row of pack %06u", pack->number);
	dig_stmt_done(stmt);
	check->nrows++;
	return st == DIG_ENOTFOUND ? DIG_OK : st;
}

static enum dig_status
check_objects(struct check *check, struct dig_error *err)
{
	struct dig_store *store = dig_index_store(check->fsck->repo->index);
	const struct dig_state *state = check->state;
	struct pack_sum *sums = dig_calloc(state->npacks + 1, sizeof(*sums));
	enum dig_status st = sum_object_rows(check, sums, err);

	for (size_t i = 0; st == DIG_OK && i < state->npacks; i++) {
		uint32_t number = state->packs[i].number;
		struct pack_arg arg = { check, &sums[i].pack };

		/* A damaged pack says less than its rows did. */
		if (is_bad_pack(check->fsck, number))
			continue;
		st = dig_store_each_row(
		    store, number, 0, 0, false, object_row, &arg, err);
		if (st == DIG_OK && !sum_same(&sums[i].rows, &sums[i].pack))
			differs(check,
			    "%" PRIu64 " rows for the %" PRIu64
			    " objects of pack %06u, or other ones",
			    sums[i].rows.count, sums[i].pack.count, number);
		if (st == DIG_OK)
			st = check_pack_row(
			    check, &state->packs[i], &sums[i], err);
	}
	free(sums);
	return st;
}

/* ---- Refs ------------------------------------------------------------- */

static enum dig_status
check_refs(struct check *check, struct dig_error *err)
{
	const struct dig_state *state = check->state;
	struct dig_stmt *stmt = NULL;
	struct dig_buf name = DIG_BUF_INIT;
	struct dig_oid id;
	enum dig_status st;
	size_t n = 0;

	st = dig_db_stmt(check->db, DIG_SQL_REF_PAGE, &stmt, err);
	if (st != DIG_OK)
		return st;
	dig_stmt_bind_blob(stmt, 1, "", 0);
	dig_stmt_bind_int(stmt, 2, INT64_MAX);
	while ((st = dig_stmt_row(stmt, err)) == DIG_OK) {
		const struct dig_ref *ref;

		dig_stmt_copy(stmt, 0, &name);
		st = dig_stmt_oid(stmt, 2, &id, err);
		if (st != DIG_OK)
			break;
		ref = dig_state_ref(state, (const char *)name.data);
		if (ref == NULL || !dig_oid_eq(&ref->id, &id))
			differs(check, "ref %s", (const char *)name.data);
		n++;
	}
	dig_stmt_done(stmt);
	if (n != state->nrefs)
		differs(
		    check, "%zu refs, the journal has %zu", n, state->nrefs);
	check->nrows += n;
	dig_buf_clear(&name);
	return st == DIG_ENOTFOUND ? DIG_OK : st;
}

/* ---- Staging ---------------------------------------------------------- */

static void
put_staged(struct check *check, const struct dig_entry *entry)
{
	struct dig_oid content;

	dig_entry_content_id(entry, &content);
	put_blob(check, false, entry->path, entry->path_len);
	put_int(check, false, entry->kind);
	put_int(check, false, entry->size_bytes);
	put_blob(check, false, content.bytes, DIG_HASH_SIZE);
}

static enum dig_status
sum_staged_tree(struct check *check, struct sum *sum, struct dig_error *err)
{
	struct dig_tree_iter *iter = NULL;
	const struct dig_entry *entry;
	enum dig_status st;

	st = dig_tree_iter_new(
	    &check->io, &check->state->staged_root, &iter, err);
	while (st == DIG_OK) {
		st = dig_tree_iter_next(iter, &entry, err);
		if (st != DIG_OK || entry == NULL)
			break;
		put_staged(check, entry);
		add_row(check, sum);
	}
	dig_tree_iter_free(iter);
	return st;
}

static enum dig_status
sum_staging(struct check *check, struct sum *sum, struct dig_error *err)
{
	struct dig_buf after = DIG_BUF_INIT;
	struct dig_stmt *stmt = NULL;
	enum dig_status st = DIG_OK;
	uint64_t n = PAGE;

	while (st == DIG_OK && n == PAGE) {
		struct dig_buf last = DIG_BUF_INIT;

		st = dig_db_stmt(check->db, DIG_SQL_STAGING_PAGE, &stmt, err);
		if (st != DIG_OK)
			break;
		dig_stmt_bind_blob(stmt, 1, after.data, after.len);
		dig_stmt_bind_int(stmt, 2, PAGE);
		for (n = 0; (st = dig_stmt_row(stmt, err)) == DIG_OK; n++) {
			put_blob_column(check, stmt, 0);
			put_int_column(check, stmt, 1);
			put_int_column(check, stmt, 2);
			put_blob_column(check, stmt, 3);
			add_row(check, sum);
			dig_stmt_copy(stmt, 0, &last);
		}
		dig_stmt_done(stmt);
		dig_buf_clear(&after);
		after = last;
		if (st == DIG_ENOTFOUND)
			st = DIG_OK;
	}
	dig_buf_clear(&after);
	return st;
}

static enum dig_status
check_staging(struct check *check, struct dig_error *err)
{
	struct sum tree = { 0, 0 };
	struct sum rows = { 0, 0 };
	enum dig_status st = sum_staged_tree(check, &tree, err);

	if (st == DIG_ECORRUPT || st == DIG_ENOTFOUND)
		return DIG_OK; /* said of the tree */
	if (st == DIG_OK)
		st = sum_staging(check, &rows, err);
	if (st == DIG_OK && !sum_same(&tree, &rows))
		differs(check,
		    "%" PRIu64 " rows of staging for %" PRIu64
		    " staged files, or other ones",
		    rows.count, tree.count);
	check->nrows += rows.count;
	return st;
}

/* ---- Changes ---------------------------------------------------------- */

struct changes {
	struct check *check;
	struct sum sum;
	uint64_t counts[3]; /* added, modified, deleted */
};

static bool
is_file(const struct dig_entry *entry)
{
	return entry->kind == DIG_ENTRY_FILE || entry->kind == DIG_ENTRY_EXEC;
}

static enum dig_status
add_change(void *arg, const struct dig_entry *old, const struct dig_entry *now,
    struct dig_error *err)
{
	struct changes *changes = arg;
	struct check *check = changes->check;
	const struct dig_entry *any = now != NULL ? now : old;
	const struct dig_entry *sides[2] = { old, now };
	struct dig_oid content = dig_oid_zero;
	const char *change = "M";

	(void)err;
	if (old == NULL)
		change = "A";
	else if (now == NULL)
		change = "D";
	else if (old->kind != now->kind && !(is_file(old) && is_file(now)))
		change = "T";
	changes->counts[old == NULL ? 0 : now != NULL ? 1 : 2]++;
	put_blob(check, false, any->path, any->path_len);
	put_blob(check, false, change, 1);
	for (int i = 0; i < 2; i++)
		put_int(check, !sides[i], sides[i] ? sides[i]->kind : 0);
	for (int i = 0; i < 2; i++) {
		if (sides[i] != NULL)
			dig_entry_content_id(sides[i], &content);
		put_blob(check, !sides[i], content.bytes, DIG_HASH_SIZE);
	}
	for (int i = 0; i < 2; i++)
		put_int(check, !sides[i], sides[i] ? sides[i]->size_bytes : 0);
	add_row(check, &changes->sum);
	return DIG_OK;
}

static enum dig_status
sum_changes(
    struct check *check, int64_t seq, struct sum *sum, struct dig_error *err)
{
	struct dig_buf after = DIG_BUF_INIT;
	struct dig_stmt *stmt = NULL;
	enum dig_status st = DIG_OK;
	uint64_t n = PAGE;

	while (st == DIG_OK && n == PAGE) {
		struct dig_buf last = DIG_BUF_INIT;

		st = dig_db_stmt(check->db, DIG_SQL_CHANGE_PAGE, &stmt, err);
		if (st != DIG_OK)
			break;
		dig_stmt_bind_int(stmt, 1, seq);
		dig_stmt_bind_blob(stmt, 2, after.data, after.len);
		dig_stmt_bind_int(stmt, 3, PAGE);
		for (n = 0; (st = dig_stmt_row(stmt, err)) == DIG_OK; n++) {
			put_blob_column(check, stmt, 0);
			put_blob_column(check, stmt, 1);
			for (int col = 3; col < 5; col++)
				put_int_column(check, stmt, col);
			for (int col = 5; col < 7; col++)
				put_blob_column(check, stmt, col);
			for (int col = 7; col < 9; col++)
				put_int_column(check, stmt, col);
			add_row(check, sum);
			dig_stmt_copy(stmt, 0, &last);
		}
		dig_stmt_done(stmt);
		dig_buf_clear(&after);
		after = last;
		if (st == DIG_ENOTFOUND)
			st = DIG_OK;
	}
	dig_buf_clear(&after);
	return st;
}

/* Rows of changes under a number against the difference of two trees. */
static enum dig_status
check_changes(struct check *check, int64_t seq, const struct dig_oid *before,
    const struct dig_oid *after, const char *whose, uint64_t counts[3],
    struct dig_error *err)
{
	struct changes changes = { check, { 0, 0 }, { 0, 0, 0 } };
	struct sum rows = { 0, 0 };
	enum dig_status st;

	st =
	    dig_tree_diff(&check->io, before, after, add_change, &changes, err);
	if (st == DIG_ECORRUPT || st == DIG_ENOTFOUND)
		return DIG_OK; /* said of the tree */
	if (st == DIG_OK)
		st = sum_changes(check, seq, &rows, err);
	if (st == DIG_OK && !sum_same(&changes.sum, &rows))
		differs(check,
		    "%" PRIu64 " rows for the %" PRIu64
		    " changes of %s, or other ones",
		    rows.count, changes.sum.count, whose);
	memcpy(counts, changes.counts, sizeof(changes.counts));
	check->nrows += rows.count;
	return st;
}

/* ---- Commits ---------------------------------------------------------- */

static enum dig_status
check_layer(struct check *check, int64_t seq, const char *hex,
    const uint64_t counts[3], struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	enum dig_status st;

	st = dig_db_stmt(check->db, DIG_SQL_LAYER_GET, &stmt, err);
	if (st != DIG_OK)
		return st;
	dig_stmt_bind_int(stmt, 1, seq);
	st = dig_stmt_row(stmt, err);
	if (st == DIG_ENOTFOUND)
		differs(check, "commit %.16s has no layer", hex);
	else if (st == DIG_OK &&
		 (dig_stmt_int(stmt, 1) != (int64_t)counts[0] ||
		     dig_stmt_int(stmt, 2) != (int64_t)counts[1] ||
		     dig_stmt_int(stmt, 3) != (int64_t)counts[2]))
		differs(check, "the layer of commit %.16s", hex);
	dig_stmt_done(stmt);
	return st == DIG_ENOTFOUND ? DIG_OK : st;
}

static enum dig_status
check_git_id(struct check *check, int64_t seq, const char *hex,
    const struct dig_commit *commit, struct dig_error *err)
{
	uint8_t id[DIG_HASH_SIZE];
	size_t want = dig_commit_git_id(commit, id), len = 0;
	struct dig_stmt *stmt = NULL;
	const void *has = NULL;
	enum dig_status st;

	st = dig_db_stmt(check->db, DIG_SQL_GIT_MAP_OF, &stmt, err);
	if (st != DIG_OK)
		return st;
	dig_stmt_bind_int(stmt, 1, seq);
	st = dig_stmt_row(stmt, err);
	if (st == DIG_OK)
		has = dig_stmt_blob(stmt, 0, &len);
	if ((st == DIG_OK || st == DIG_ENOTFOUND) &&
	    (len != want || (want > 0 && memcmp(has, id, want) != 0)))
		differs(check, "the id in git of commit %.16s", hex);
	dig_stmt_done(stmt);
	return st == DIG_ENOTFOUND ? DIG_OK : st;
}

static enum dig_status
check_parents(struct check *check, int64_t seq, const char *hex,
    const struct dig_fsck_commit *commit, struct dig_error *err)
{
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_commit *full = dig_alloc(sizeof(*full));
	struct dig_stmt *stmt = NULL;
	struct dig_oid id, parent;
	enum dig_status st;
	size_t n = 0;
	bool same = true;

	st = dig_repo_read_commit(
	    check->fsck->repo, &commit->id, &bytes, full, err);
	if (st == DIG_OK)
		st = dig_db_stmt(check->db, DIG_SQL_PARENTS_OF, &stmt, err);
	if (st != DIG_OK)
		goto out;
	dig_stmt_bind_int(stmt, 1, seq);
	while ((st = dig_stmt_row(stmt, err)) == DIG_OK) {
		st = dig_stmt_oid(stmt, 0, &id, err);
		if (st != DIG_OK)
			break;
		if (n < full->nparents)
			dig_commit_parent(full, n, &parent);
		same &= n < full->nparents && dig_oid_eq(&parent, &id);
		n++;
	}
	dig_stmt_done(stmt);
	if (st == DIG_ENOTFOUND)
		st = DIG_OK;
	if (st == DIG_OK && (!same || n != full->nparents))
		differs(check, "the parents of commit %.16s", hex);
	if (st == DIG_OK)
		st = check_git_id(check, seq, hex, full, err);
out:
	free(full);
	dig_buf_clear(&bytes);
	return st;
}

static enum dig_status
check_commit(struct check *check, const struct dig_fsck_commit *commit,
    struct dig_error *err)
{
	const struct dig_fsck_commit *parent = NULL;
	uint64_t counts[3] = { 0, 0, 0 };
	struct dig_stmt *stmt = NULL;
	struct dig_oid tree = dig_oid_zero;
	struct dig_oid jump = dig_oid_zero;
	struct dig_oid before;
	char hex[DIG_OID_HEX + 1];
	char whose[64];
	enum dig_status st;
	int64_t seq = 0;
	bool same = false;

	dig_oid_hex(&commit->id, hex);
	st = dig_db_stmt(check->db, DIG_SQL_COMMIT_BY_ID, &stmt, err);
	if (st != DIG_OK)
		return st;
	dig_stmt_bind_oid(stmt, 1, &commit->id);
	st = dig_stmt_row(stmt, err);
	if (st == DIG_OK) {
		seq = dig_stmt_int(stmt, 0);
		st = dig_stmt_oid(stmt, 1, &tree, err);
		same = (uint64_t)dig_stmt_int(stmt, 2) == commit->generation &&
		       (uint64_t)dig_stmt_int(stmt, 3) == commit->depth;
		if (st == DIG_OK && !dig_stmt_is_null(stmt, 4))
			st = dig_stmt_oid(stmt, 4, &jump, err);
	}
	dig_stmt_done(stmt);
	if (st == DIG_ENOTFOUND) {
		differs(check, "commit %.16s has no row", hex);
		return DIG_OK;
	}
	if (st != DIG_OK)
		return st;
	if (!same || !dig_oid_eq(&tree, &commit->tree) ||
	    !dig_oid_eq(&jump, &commit->jump))
		differs(check, "the row of commit %.16s", hex);
	st = check_parents(check, seq, hex, commit, err);
	dig_tree_empty(&before);
	if (!dig_oid_is_zero(&commit->parent)) {
		parent = dig_fsck_commit(check->fsck, &commit->parent);
		if (parent == NULL || !parent->tree_whole)
			return st;
		before = parent->tree;
	}
	if (st != DIG_OK || !commit->tree_whole)
		return st;
	snprintf(whose, sizeof(whose), "commit %.16s", hex);
	st = check_changes(
	    check, seq, &before, &commit->tree, whose, counts, err);
	return st == DIG_OK ? check_layer(check, seq, hex, counts, err) : st;
}

static enum dig_status
check_commits(struct check *check, struct dig_error *err)
{
	struct dig_fsck *fsck = check->fsck;
	struct dig_stmt *stmt = NULL;
	enum dig_status st = DIG_OK;
	struct dig_oid id;
	int64_t after = 0;
	uint64_t n = PAGE;
	bool all_read = true;

	for (size_t i = 0; st == DIG_OK && i < fsck->ncommits; i++) {
		all_read &= fsck->commits[i].is_read;
		if (fsck->commits[i].is_read)
			st = check_commit(check, &fsck->commits[i], err);
	}
	while (st == DIG_OK && n == PAGE) {
		st = dig_db_stmt(check->db, DIG_SQL_COMMIT_PAGE, &stmt, err);
		if (st != DIG_OK)
			return st;
		dig_stmt_bind_int(stmt, 1, after);
		dig_stmt_bind_int(stmt, 2, PAGE);
		for (n = 0; (st = dig_stmt_row(stmt, err)) == DIG_OK; n++) {
			char hex[DIG_OID_HEX + 1];

			after = dig_stmt_int(stmt, 0);
			st = dig_stmt_oid(stmt, 1, &id, err);
			if (st != DIG_OK)
				break;
			dig_oid_hex(&id, hex);
			if (all_read && dig_fsck_commit(fsck, &id) == NULL)
				differs(check,
				    "commit %.16s, which no ref reaches", hex);
			check->nrows++;
		}
		dig_stmt_done(stmt);
		if (st == DIG_ENOTFOUND)
			st = DIG_OK;
	}
	return st;
}

static enum dig_status
check_pending(struct check *check, struct dig_error *err)
{
	const struct dig_fsck_commit *head = NULL;
	uint64_t counts[3];
	struct dig_oid tree;
	struct dig_oid id;

	dig_tree_empty(&tree);
	if (dig_state_head(check->state, &id)) {
		head = dig_fsck_commit(check->fsck, &id);
		if (head == NULL || !head->tree_whole)
			return DIG_OK;
		tree = head->tree;
	}
	return check_changes(check, check->next_seq, &tree,
	    &check->state->staged_root, "what is staged", counts, err);
}

/* One row of a conflict, as the state has it. */
static bool
same_conflict(struct dig_stmt *stmt, const struct dig_conflict *conflict)
{
	bool same = true;

	for (int i = 0; i < DIG_SIDES && same; i++) {
		const struct dig_entry *entry = &conflict->side[i];
		struct dig_oid content;
		const void *id;
		size_t len;

		same = dig_stmt_is_null(stmt, 1 + 2 * i) == !conflict->has[i];
		if (!conflict->has[i] || !same)
			continue;
		dig_entry_content_id(entry, &content);
		id = dig_stmt_blob(stmt, 2 + 2 * i, &len);
		same = dig_stmt_int(stmt, 1 + 2 * i) == (int64_t)entry->kind &&
		       len == DIG_HASH_SIZE &&
		       memcmp(id, content.bytes, len) == 0;
	}
	return same;
}

static enum dig_status
check_conflicts(struct check *check, struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	struct dig_op op = { 0 };
	enum dig_status st;
	size_t nrows = 0;
	bool same = true;

	st = dig_op_read(check->fsck->repo, &check->state->op_state, &op, err);
	if (st != DIG_OK)
		return DIG_OK; /* the object was a finding, or is unknown */
	st = dig_db_stmt(check->db, DIG_SQL_CONFLICT_PAGE, &stmt, err);
	if (st == DIG_OK) {
		dig_stmt_bind_blob(stmt, 1, "", 0);
		dig_stmt_bind_int(stmt, 2, INT64_MAX);
		while ((st = dig_stmt_row(stmt, err)) == DIG_OK) {
			const struct dig_conflict *conflict;
			const void *path;
			size_t len;

			path = dig_stmt_blob(stmt, 0, &len);
			conflict = dig_op_conflict(&op, path, len);
			same &=
			    conflict != NULL && same_conflict(stmt, conflict);
			nrows++;
		}
		dig_stmt_done(stmt);
	}
	if (st != DIG_ENOTFOUND)
		goto out;
	st = DIG_OK;
	check->nrows += nrows;
	if (!same || nrows != op.nconflicts)
		differs(check, "the rows of conflicts");
out:
	dig_op_clear(&op);
	return st;
}

/* ---- The whole -------------------------------------------------------- */

/* *same: the index stands where the journal does that is being checked. */
static enum dig_status
check_position(struct check *check, bool *same, struct dig_error *err)
{
	const struct dig_journal_record *last = dig_journal_last(
	    dig_store_journal(dig_index_store(check->fsck->repo->index)));
	struct dig_stmt *stmt = NULL;
	struct dig_oid id;
	enum dig_status st;

	*same = false;
	st = dig_db_stmt(check->db, DIG_SQL_POSITION_GET, &stmt, err);
	if (st != DIG_OK)
		return st;
	st = dig_stmt_row(stmt, err);
	if (st == DIG_OK && (uint64_t)dig_stmt_int(stmt, 0) == last->seq) {
		*same = true;
		check->next_seq = dig_stmt_int(stmt, 9);
		st = dig_stmt_oid(stmt, 2, &id, err);
		if (st == DIG_OK && !dig_oid_eq(&id, &last->hash))
			differs(check, "the record that it has applied");
		if (st == DIG_OK)
			st = dig_stmt_oid(stmt, 5, &id, err);
		if (st == DIG_OK &&
		    !dig_oid_eq(&id, &check->state->staged_root))
			differs(check, "the staged root");
	}
	dig_stmt_done(stmt);
	return st == DIG_ENOTFOUND ? DIG_OK : st;
}

static enum dig_status
check_rows(struct check *check, struct dig_error *err)
{
	enum dig_status st = check_objects(check, err);

	if (st == DIG_OK)
		st = check_refs(check, err);
	if (st == DIG_OK)
		st = check_staging(check, err);
	if (st == DIG_OK)
		st = check_commits(check, err);
	if (st == DIG_OK)
		st = check_pending(check, err);
	if (st == DIG_OK)
		st = check_conflicts(check, err);
	if (st == DIG_OK)
		st = dig_db_check(check->db, err);
	return st;
}

enum dig_status
dig_fsck_index(struct dig_fsck *fsck, struct dig_error *err)
{
	struct dig_index *index = fsck->repo->index;
	struct check check;
	enum dig_status st;
	bool same = false;

	memset(&check, 0, sizeof(check));
	check.fsck = fsck;
	check.db = dig_index_db(index);
	check.state = dig_index_state(index);
	check.io = dig_reader_io(dig_index_reader(index));
	if (check.db == NULL)
		return DIG_OK; /* it cannot be used here; nothing relies on it
				*/
	st = check_position(&check, &same, err);
	if (st == DIG_OK && same)
		st = check_rows(&check, err);
	if (st == DIG_ECORRUPT) {
		differs(&check, "%s", err->msg);
		st = DIG_OK;
	} else if (st == DIG_OK && same) {
		st = check_position(&check, &same, err);
	}
	for (size_t i = 0; i < check.nfindings; i++) {
		if (st == DIG_OK && same)
			dig_fsck_index_differs(fsck, "%s", check.findings[i]);
		free(check.findings[i]);
	}
	free(check.findings);
	dig_buf_clear(&check.row);
	fsck->totals.index_checked = st == DIG_OK && same;
	fsck->totals.index_rows = check.nrows;
	return st;
}
