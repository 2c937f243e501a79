/* SPDX-License-Identifier: MIT
 *
 * Trees and commits that packs have lost, from the rows of the index: a tree
 * is that of the commit before with the changes between them, a commit is its
 * row. What comes out has to have the id that is missing.
 */
#include <stdio.h>
#include <stdlib.h>

#include "repo/salvage.h"

#define PAGE 1000

/* ---- Trees ------------------------------------------------------------ */

struct edits {
	struct dig_tree_edit *at; /* paths are owned */
	size_t count;
	size_t cap;
};

static void
edits_clear(struct edits *edits)
{
	for (size_t i = 0; i < edits->count; i++)
		free((void *)(uintptr_t)edits->at[i].entry.path);
	free(edits->at);
}

/* kind 0: the path is gone. */
static void
add_edit(struct dig_salvage *salvage, struct edits *edits, const void *path,
    size_t path_len, int64_t kind, int64_t size, const void *content,
    size_t len)
{
	struct dig_tree_edit *edit;

	DIG_GROW(edits->at, edits->cap, edits->count + 1);
	edit = &edits->at[edits->count++];
	memset(edit, 0, sizeof(*edit));
	edit->remove = kind == 0;
	if (kind != 0)
		dig_salvage_entry(salvage, (enum dig_entry_kind)kind,
		    (uint64_t)size, content, len, &edit->entry);
	edit->entry.path = (const uint8_t *)dig_memdup0(path, path_len);
	edit->entry.path_len = path_len;
}

/* What the rows say that one commit, or what is staged, changed. */
static enum dig_status
load_changes(struct dig_salvage *salvage, int64_t seq, struct edits *edits,
    struct dig_error *err)
{
	struct dig_db *db = dig_index_db(salvage->index);
	struct dig_buf after = DIG_BUF_INIT;
	struct dig_stmt *stmt = NULL;
	enum dig_status st = DIG_OK;
	size_t n = PAGE;

	while (st == DIG_OK && n == PAGE) {
		st = dig_db_stmt(db, DIG_SQL_CHANGE_PAGE, &stmt, err);
		if (st != DIG_OK)
			break;
		dig_stmt_bind_int(stmt, 1, seq);
		dig_stmt_bind_blob(stmt, 2, after.data, after.len);
		dig_stmt_bind_int(stmt, 3, PAGE);
		for (n = 0; (st = dig_stmt_row(stmt, err)) == DIG_OK; n++) {
			size_t path_len;
			size_t len;
			const void *path = dig_stmt_blob(stmt, 0, &path_len);
			const void *id = dig_stmt_blob(stmt, 6, &len);

			add_edit(salvage, edits, path, path_len,
			    dig_stmt_int(stmt, 4), dig_stmt_int(stmt, 8), id,
			    len);
		}
		dig_stmt_done(stmt);
		if (st == DIG_ENOTFOUND)
			st = DIG_OK;
		if (n == PAGE) {
			const struct dig_entry *last =
			    &edits->at[edits->count - 1].entry;

			dig_buf_reset(&after);
			dig_buf_put(&after, last->path, last->path_len);
		}
	}
	dig_buf_clear(&after);
	return st;
}

static enum dig_status
keep_node(void *arg, enum dig_kind kind, const struct dig_oid *id,
    const void *data, size_t len, const struct dig_oid *base,
    struct dig_error *err)
{
	const struct dig_location nowhere = { 0, 0, 0 };
	struct dig_salvage *salvage = arg;

	(void)base;
	(void)err;
	dig_oidmap_place(&salvage->nodes, kind, id, &nowhere, data, len);
	return DIG_OK;
}

struct putting {
	struct dig_salvage *salvage;
	enum dig_status st;
	struct dig_error *err;
};

static void
put_node(void *arg, const struct dig_oidmap_entry *entry)
{
	struct putting *putting = arg;

	if (putting->st == DIG_OK)
		putting->st = dig_salvage_put(putting->salvage,
		    (enum dig_kind)entry->kind, &entry->id, entry->raw,
		    entry->raw_len, false, putting->err);
}

/* The tree that edits make of `base`, if it is the one that is missing. */
static enum dig_status
make_tree(struct dig_salvage *salvage, const struct dig_oid *base,
    const struct edits *edits, const struct dig_oid *want, bool *made,
    struct dig_error *err)
{
	struct putting putting = { salvage, DIG_OK, err };
	struct dig_node_io io = dig_salvage_io(salvage);
	enum dig_status st;
	struct dig_oid root;

	io.put = keep_node;
	*made = false;
	st = dig_tree_apply(&io, base, edits->at, edits->count, &root, err);
	if (st == DIG_OK && dig_oid_eq(&root, want)) {
		*made = true;
		dig_oidmap_each(&salvage->nodes, put_node, &putting);
		st = putting.st;
	} else if (st == DIG_ECORRUPT || st == DIG_ENOTFOUND ||
		   st == DIG_EINVALID) {
		st = DIG_OK; /* rows do not say what it was */
	}
	dig_oidmap_clear(&salvage->nodes);
	dig_oidmap_init(&salvage->nodes);
	return st;
}

static enum dig_status
pass(void *arg, const struct dig_entry *old, const struct dig_entry *now,
    struct dig_error *err)
{
	(void)arg;
	(void)old;
	(void)now;
	(void)err;
	return DIG_OK;
}

static bool
is_known(struct dig_salvage *salvage, const struct dig_oid *root)
{
	struct dig_oidmap_entry entry;

	return dig_oidmap_find(&salvage->whole, DIG_KIND_TREE, root, &entry);
}

/* Can it be read to its end? base: a tree that can. */
static enum dig_status
is_whole(struct dig_salvage *salvage, const struct dig_oid *base,
    const struct dig_oid *root, bool *out, struct dig_error *err)
{
	struct dig_node_io io = dig_salvage_io(salvage);
	enum dig_status st = dig_tree_diff(&io, base, root, pass, NULL, err);

	*out = st == DIG_OK;
	return st == DIG_ECORRUPT || st == DIG_ENOTFOUND ? DIG_OK : st;
}

/*
 * See that a tree can be read. base: that of the commit before, seq: the
 * changes between them.
 */
static enum dig_status
need_tree(struct dig_salvage *salvage, const struct dig_oid *base, int64_t seq,
    const struct dig_oid *root, struct dig_error *err)
{
	struct edits edits = { NULL, 0, 0 };
	enum dig_status st;
	struct dig_oid empty;
	bool whole = false;

	dig_tree_empty(&empty);
	if (is_known(salvage, root))
		return DIG_OK;
	st = is_whole(salvage, is_known(salvage, base) ? base : &empty, root,
	    &whole, err);
	if (st == DIG_OK && !whole && is_known(salvage, base)) {
		st = load_changes(salvage, seq, &edits, err);
		if (st == DIG_OK)
			st =
			    make_tree(salvage, base, &edits, root, &whole, err);
		salvage->trees += whole;
	}
	if (whole)
		dig_oidmap_claim(&salvage->whole, DIG_KIND_TREE, root);
	edits_clear(&edits);
	return st;
}

/* ---- Commits ---------------------------------------------------------- */

/* A row of commits with its parents, and the commit that they make. */
struct row {
	struct dig_oid id;
	struct dig_oid first; /* parent; zero: none */
	struct dig_buf parents;
	struct dig_buf text; /* of identities, zones, message, header */
	struct dig_commit commit;
};

static void
row_clear(struct row *row)
{
	dig_buf_clear(&row->parents);
	dig_buf_clear(&row->text);
}

static enum dig_status
load_parents(struct dig_salvage *salvage, int64_t seq, struct row *row,
    struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	struct dig_oid parent;
	enum dig_status st;

	dig_buf_reset(&row->parents);
	row->first = dig_oid_zero;
	st = dig_db_stmt(
	    dig_index_db(salvage->index), DIG_SQL_PARENTS_OF, &stmt, err);
	if (st != DIG_OK)
		return st;
	dig_stmt_bind_int(stmt, 1, seq);
	while ((st = dig_stmt_row(stmt, err)) == DIG_OK) {
		st = dig_stmt_oid(stmt, 0, &parent, err);
		if (st != DIG_OK)
			break;
		if (row->parents.len == 0)
			row->first = parent;
		dig_buf_put(&row->parents, parent.bytes, DIG_HASH_SIZE);
	}
	dig_stmt_done(stmt);
	return st == DIG_ENOTFOUND ? DIG_OK : st;
}

/* The bytes are at *at in row->text, which may move while it grows. */
static void
add_ident(struct row *row, struct dig_stmt *stmt, int col, size_t at[2])
{
	size_t len;
	const void *name = dig_stmt_blob(stmt, col, &len);
	int64_t minutes = dig_stmt_int(stmt, col + 3);
	int64_t positive = minutes < 0 ? -minutes : minutes;

	at[0] = row->text.len;
	dig_buf_put(&row->text, name, len);
	if (len > 0)
		dig_buf_putc(&row->text, ' ');
	dig_buf_putc(&row->text, '<');
	name = dig_stmt_blob(stmt, col + 1, &len);
	dig_buf_put(&row->text, name, len);
	dig_buf_putc(&row->text, '>');
	at[1] = row->text.len;
	dig_buf_printf(&row->text, "%c%02d%02d", minutes < 0 ? '-' : '+',
	    (int)(positive / 60 % 100), (int)(positive % 60));
}

static void
set_ident(struct dig_ident *ident, const struct row *row, const size_t at[2],
    size_t end, int64_t seconds)
{
	ident->who = row->text.data + at[0];
	ident->who_len = at[1] - at[0];
	ident->zone = row->text.data + at[1];
	ident->zone_len = end - at[1];
	ident->seconds = seconds;
}

static enum dig_status
load_columns(struct dig_stmt *stmt, struct row *row, struct dig_error *err)
{
	struct dig_commit *commit = &row->commit;
	size_t author[2];
	size_t committer[2];
	size_t message;
	const void *data;
	size_t len;
	enum dig_status st;

	memset(commit, 0, sizeof(*commit));
	dig_buf_reset(&row->text);
	st = dig_stmt_oid(stmt, 0, &row->id, err);
	if (st == DIG_OK)
		st = dig_stmt_oid(stmt, 1, &commit->tree, err);
	if (st == DIG_OK && !dig_stmt_is_null(stmt, 15))
		st = dig_stmt_oid(stmt, 15, &commit->jump, err);
	if (st != DIG_OK)
		return st;
	add_ident(row, stmt, 2, author);
	add_ident(row, stmt, 6, committer);
	message = row->text.len;
	data = dig_stmt_blob(stmt, 10, &len);
	dig_buf_put(&row->text, data, len);
	commit->files = (uint64_t)dig_stmt_int(stmt, 11);
	commit->bytes = (uint64_t)dig_stmt_int(stmt, 12);
	commit->generation = (uint64_t)dig_stmt_int(stmt, 13);
	commit->depth = (uint64_t)dig_stmt_int(stmt, 14);
	set_ident(
	    &commit->author, row, author, committer[0], dig_stmt_int(stmt, 4));
	set_ident(
	    &commit->committer, row, committer, message, dig_stmt_int(stmt, 8));
	commit->message = row->text.data + message;
	commit->message_len = len;
	return DIG_OK;
}

static enum dig_status
load_row(struct dig_salvage *salvage, int64_t seq, struct row *row,
    struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	enum dig_status st;

	st = dig_db_stmt(
	    dig_index_db(salvage->index), DIG_SQL_COMMIT_GET, &stmt, err);
	if (st != DIG_OK)
		return st;
	dig_stmt_bind_int(stmt, 1, seq);
	st = dig_stmt_row(stmt, err);
	if (st == DIG_OK)
		st = load_columns(stmt, row, err);
	dig_stmt_done(stmt);
	if (st == DIG_OK)
		st = load_parents(salvage, seq, row, err);
	row->commit.parents = row->parents.data;
	row->commit.nparents = row->parents.len / DIG_HASH_SIZE;
	return st;
}

/* The header that a commit from git has. hex: room for its value. */
static enum dig_status
add_git_id(struct dig_salvage *salvage, int64_t seq, struct row *row,
    char hex[2 * DIG_HASH_SIZE + 1], struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	struct dig_header *header = &row->commit.headers[0];
	const uint8_t *id;
	enum dig_status st;
	size_t len;

	st = dig_db_stmt(
	    dig_index_db(salvage->index), DIG_SQL_GIT_MAP_OF, &stmt, err);
	if (st != DIG_OK)
		return st;
	dig_stmt_bind_int(stmt, 1, seq);
	st = dig_stmt_row(stmt, err);
	if (st == DIG_OK) {
		id = dig_stmt_blob(stmt, 0, &len);
		for (size_t i = 0; i < len && i < DIG_HASH_SIZE; i++)
			snprintf(hex + 2 * i, 3, "%02x", id[i]);
		header->name = (const uint8_t *)DIG_HEADER_GIT_ID;
		header->name_len = strlen(DIG_HEADER_GIT_ID);
		header->value = (const uint8_t *)hex;
		header->value_len = strlen(hex);
		row->commit.nheaders = 1;
	}
	dig_stmt_done(stmt);
	return st == DIG_ENOTFOUND ? DIG_OK : st;
}

static enum dig_status
need_commit(struct dig_salvage *salvage, int64_t seq, struct row *row,
    struct dig_error *err)
{
	char hex[2 * DIG_HASH_SIZE + 1] = "";
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_oid id;
	enum dig_status st;

	if (!dig_salvage_needs(salvage, DIG_KIND_COMMIT, &row->id))
		return DIG_OK;
	st = add_git_id(salvage, seq, row, hex, err);
	if (st != DIG_OK)
		return st;
	dig_commit_encode(&row->commit, &bytes);
	dig_commit_id(bytes.data, bytes.len, &id);
	if (dig_oid_eq(&id, &row->id)) {
		st = dig_salvage_put(salvage, DIG_KIND_COMMIT, &id, bytes.data,
		    bytes.len, false, err);
		salvage->commits++;
	}
	dig_buf_clear(&bytes);
	return st;
}

/* The tree of a commit as its row has it; the empty one for none. */
static enum dig_status
tree_of(struct dig_salvage *salvage, const struct dig_oid *commit,
    struct dig_oid *out, struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	enum dig_status st;

	dig_tree_empty(out);
	st = dig_db_stmt(
	    dig_index_db(salvage->index), DIG_SQL_COMMIT_BY_ID, &stmt, err);
	if (st != DIG_OK)
		return st;
	dig_stmt_bind_oid(stmt, 1, commit);
	st = dig_stmt_row(stmt, err);
	if (st == DIG_OK)
		st = dig_stmt_oid(stmt, 1, out, err);
	dig_stmt_done(stmt);
	return st == DIG_ENOTFOUND ? DIG_OK : st;
}

static enum dig_status
one_commit(struct dig_salvage *salvage, int64_t seq, struct row *row,
    struct dig_error *err)
{
	enum dig_status st = load_row(salvage, seq, row, err);
	struct dig_oid base;

	if (st == DIG_OK)
		st = tree_of(salvage, &row->first, &base, err);
	if (st == DIG_OK)
		st = need_tree(salvage, &base, seq, &row->commit.tree, err);
	if (st == DIG_OK)
		st = need_commit(salvage, seq, row, err);
	return st == DIG_OK ? dig_salvage_step(salvage, err) : st;
}

/* ---- The whole -------------------------------------------------------- */

static enum dig_status
last_seq(struct dig_salvage *salvage, int64_t *out, struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	enum dig_status st;

	*out = 0;
	st = dig_db_stmt(
	    dig_index_db(salvage->index), DIG_SQL_POSITION_GET, &stmt, err);
	if (st != DIG_OK)
		return st;
	st = dig_stmt_row(stmt, err);
	if (st == DIG_OK)
		*out = dig_stmt_int(stmt, 9);
	dig_stmt_done(stmt);
	return st == DIG_ENOTFOUND ? DIG_OK : st;
}

/* The next commit, in the order of arrival: parents come first. */
static enum dig_status
next_seq(struct dig_salvage *salvage, int64_t *seq, bool *done,
    struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	enum dig_status st;

	st = dig_db_stmt(
	    dig_index_db(salvage->index), DIG_SQL_COMMIT_PAGE, &stmt, err);
	if (st != DIG_OK)
		return st;
	dig_stmt_bind_int(stmt, 1, *seq);
	dig_stmt_bind_int(stmt, 2, 1);
	st = dig_stmt_row(stmt, err);
	if (st == DIG_OK)
		*seq = dig_stmt_int(stmt, 0);
	*done = st == DIG_ENOTFOUND;
	dig_stmt_done(stmt);
	return *done ? DIG_OK : st;
}

/* What was staged and is beyond help makes room: nothing can be staged on a
 * tree that cannot be read. */
static enum dig_status
staged_tree(struct dig_salvage *salvage, struct dig_error *err)
{
	const struct dig_state *state = dig_index_state(salvage->index);
	struct dig_oid root = state->staged_root;
	struct dig_oid head = dig_oid_zero;
	struct dig_oid empty;
	struct dig_oid base;
	int64_t pending;
	enum dig_status st = last_seq(salvage, &pending, err);

	(void)dig_state_head(state, &head);
	if (st == DIG_OK)
		st = tree_of(salvage, &head, &base, err);
	if (st == DIG_OK)
		st = need_tree(salvage, &base, pending, &root, err);
	if (st != DIG_OK || is_known(salvage, &root))
		return st;
	salvage->staged_lost = true;
	if (!is_known(salvage, &base))
		dig_tree_empty(&base);
	dig_tree_empty(&empty);
	salvage->staged_head = !dig_oid_eq(&base, &empty);
	if (!salvage->dry)
		dig_index_next(salvage->index)->staged_root = base;
	salvage->changed = true;
	return DIG_OK;
}

enum dig_status
dig_salvage_history(struct dig_salvage *salvage, struct dig_error *err)
{
	struct row *row = dig_calloc(1, sizeof(*row));
	enum dig_status st = DIG_OK;
	struct dig_oid empty;
	int64_t seq = 0;
	bool done = false;

	dig_tree_empty(&empty);
	dig_oidmap_claim(&salvage->whole, DIG_KIND_TREE, &empty);
	while (st == DIG_OK) {
		st = next_seq(salvage, &seq, &done, err);
		if (st != DIG_OK || done)
			break;
		st = one_commit(salvage, seq, row, err);
	}
	if (st == DIG_OK)
		st = staged_tree(salvage, err);
	row_clear(row);
	free(row);
	return st;
}
