/* SPDX-License-Identifier: MIT
 *
 * The check of what refs, HEAD and the staging lead to. Commits are looked at
 * parents first, and of a tree only what its first parent's does not have.
 */
#include <stdio.h>
#include <stdlib.h>

#include "repo/fsck_internal.h"

#define TAG_DEPTH_MAX 16

/* ---- Commits that were looked at -------------------------------------- */

static size_t *
commit_slot(struct dig_fsck *fsck, const struct dig_oid *id)
{
	size_t at = (size_t)dig_get_be64(id->bytes);

	for (;; at++) {
		size_t *slot =
		    &fsck->commit_slots[at & (fsck->commit_slots_cap - 1)];

		if (*slot == 0 || dig_oid_eq(&fsck->commits[*slot - 1].id, id))
			return slot;
	}
}

struct dig_fsck_commit *
dig_fsck_commit(struct dig_fsck *fsck, const struct dig_oid *id)
{
	size_t *slot;

	if (fsck->commit_slots_cap == 0)
		return NULL;
	slot = commit_slot(fsck, id);
	return *slot != 0 ? &fsck->commits[*slot - 1] : NULL;
}

static struct dig_fsck_commit *
add_commit(struct dig_fsck *fsck, const struct dig_oid *id)
{
	struct dig_fsck_commit *commit;

	if (2 * fsck->ncommits >= fsck->commit_slots_cap) {
		fsck->commit_slots_cap =
		    fsck->commit_slots_cap ? 2 * fsck->commit_slots_cap : 1024;
		free(fsck->commit_slots);
		fsck->commit_slots = dig_calloc(
		    fsck->commit_slots_cap, sizeof(*fsck->commit_slots));
		for (size_t i = 0; i < fsck->ncommits; i++)
			*commit_slot(fsck, &fsck->commits[i].id) = i + 1;
	}
	DIG_GROW(fsck->commits, fsck->commits_cap, fsck->ncommits + 1);
	commit = &fsck->commits[fsck->ncommits];
	memset(commit, 0, sizeof(*commit));
	commit->id = *id;
	*commit_slot(fsck, id) = ++fsck->ncommits;
	return commit;
}

static void
damaged_commit(
    struct dig_fsck *fsck, const struct dig_oid *id, const char *message)
{
	struct dig_finding finding;

	memset(&finding, 0, sizeof(finding));
	finding.kind = DIG_FINDING_DAMAGED;
	finding.object_kind = DIG_KIND_COMMIT;
	finding.object = *id;
	finding.message = message;
	dig_fsck_found(fsck, &finding);
}

/* ---- Contents --------------------------------------------------------- */

struct tree_check {
	struct dig_fsck *fsck;
	struct dig_node_io io;
	const struct dig_oid *commit; /* NULL: what is staged */
};

static void
lost(struct tree_check *check, const struct dig_entry *entry,
    enum dig_kind kind, const struct dig_oid *id, const char *message)
{
	struct dig_finding finding;

	memset(&finding, 0, sizeof(finding));
	finding.kind = DIG_FINDING_LOST;
	finding.object_kind = id != NULL ? kind : 0;
	if (id != NULL)
		finding.object = *id;
	finding.has_commit = check->commit != NULL;
	if (check->commit != NULL)
		finding.commit = *check->commit;
	finding.staged = check->commit == NULL;
	finding.path = entry->path;
	finding.path_len = entry->path_len;
	finding.message = message;
	dig_fsck_found(check->fsck, &finding);
}

/* NULL when the chunk is whole and of this length. */
static const char *
chunk_flaw(
    struct dig_fsck *fsck, const struct dig_oid *id, uint64_t length_bytes)
{
	const struct dig_fsck_object *chunk =
	    dig_fsck_object(fsck, DIG_KIND_CHUNK, id);

	if (chunk == NULL)
		return "is missing or damaged";
	if (chunk->raw_bytes != length_bytes)
		return "has another length than the file says";
	return NULL;
}

static enum dig_status
check_content(struct tree_check *check, const struct dig_entry *entry,
    struct dig_error *err)
{
	struct dig_fsck_object *top =
	    dig_fsck_object(check->fsck, DIG_KIND_CONTENT, &entry->stored);
	struct dig_file_reader *reader = NULL;
	const char *flaw = NULL;
	struct dig_oid chunk;
	uint64_t offset;
	uint64_t length_bytes;
	enum dig_status st;
	bool done = false;

	/* This verifies the top node and its total in any case. */
	st = dig_file_reader_new(&check->io, entry, &reader, err);
	if (st == DIG_OK && top != NULL && top->passed)
		goto out;
	while (st == DIG_OK && flaw == NULL) {
		st = dig_file_reader_next(
		    reader, &chunk, &offset, &length_bytes, &done, err);
		if (st != DIG_OK || done)
			break;
		flaw = chunk_flaw(check->fsck, &chunk, length_bytes);
	}
	if (flaw != NULL)
		lost(check, entry, DIG_KIND_CHUNK, &chunk, flaw);
	else if (st == DIG_OK && top != NULL)
		top->passed = true;
out:
	dig_file_reader_free(reader);
	if (st == DIG_ECORRUPT || st == DIG_ENOTFOUND) {
		lost(check, entry, DIG_KIND_CONTENT, &entry->stored, err->msg);
		st = DIG_OK;
	}
	return st;
}

static enum dig_status
check_entry(void *arg, const struct dig_entry *entry, struct dig_error *err)
{
	struct tree_check *check = arg;
	struct dig_fsck *fsck = check->fsck;
	const struct dig_talk *talk = &fsck->repo->talk;
	const char *flaw;

	if ((++fsck->totals.entries & 255) == 0) {
		struct dig_progress_report report = { "checking trees",
			fsck->totals.entries, 0, 0, 0, NULL };

		if (talk->progress != NULL)
			talk->progress(talk->arg, &report);
		if (dig_interrupted())
			return dig_raise(err, DIG_ECANCELLED, "interrupted");
	}
	switch (entry->form) {
	case DIG_FORM_EMPTY:
	case DIG_FORM_LINK:
		break;
	case DIG_FORM_CHUNK:
		flaw = chunk_flaw(fsck, &entry->stored, entry->size_bytes);
		if (flaw != NULL)
			lost(
			    check, entry, DIG_KIND_CHUNK, &entry->stored, flaw);
		break;
	case DIG_FORM_NODES:
		return check_content(check, entry, err);
	}
	return DIG_OK;
}

/* *whole: the tree can be read to its end. base NULL: nothing is like it. */
static enum dig_status
check_tree(struct dig_fsck *fsck, const struct dig_oid *commit,
    const struct dig_oid *base, const struct dig_oid *root, bool *whole,
    struct dig_error *err)
{
	struct tree_check check = { fsck,
		dig_reader_io(dig_index_reader(fsck->repo->index)), commit };
	struct dig_tree_checks checks = { &check, check_entry };
	struct dig_finding finding;
	enum dig_status st;

	st = dig_tree_check_step(
	    &check.io, base, root, fsck->known, &checks, err);
	*whole = st == DIG_OK;
	if (st != DIG_ECORRUPT && st != DIG_ENOTFOUND)
		return st;
	memset(&finding, 0, sizeof(finding));
	finding.kind = DIG_FINDING_LOST;
	finding.object_kind = DIG_KIND_TREE;
	finding.object = *root;
	finding.has_commit = commit != NULL;
	if (commit != NULL)
		finding.commit = *commit;
	finding.staged = commit == NULL;
	finding.message = err->msg;
	dig_fsck_found(fsck, &finding);
	return DIG_OK;
}

/* ---- Commits ---------------------------------------------------------- */

/* What the commit says of its place against what its parents say. */
static const char *
misplaced(struct dig_fsck *fsck, const struct dig_commit *commit)
{
	const struct dig_fsck_commit *first = NULL;
	const struct dig_fsck_commit *jump = NULL;
	uint64_t generation = 1;
	struct dig_oid id;

	for (size_t i = 0; i < commit->nparents; i++) {
		const struct dig_fsck_commit *parent;

		dig_commit_parent(commit, i, &id);
		parent = dig_fsck_commit(fsck, &id);
		if (parent == NULL || !parent->is_read)
			return NULL; /* said of the parent */
		if (i == 0)
			first = parent;
		if (generation <= parent->generation)
			generation = parent->generation + 1;
	}
	if (commit->generation != generation)
		return "its generation does not follow from its parents";
	if (first == NULL)
		return NULL;
	if (commit->depth != first->depth + 1)
		return "its depth does not follow from its parent";
	id = first->id;
	if (!dig_oid_is_zero(&first->jump))
		jump = dig_fsck_commit(fsck, &first->jump);
	if (jump != NULL && !dig_oid_is_zero(&jump->jump)) {
		const struct dig_fsck_commit *far =
		    dig_fsck_commit(fsck, &jump->jump);

		if (far != NULL &&
		    dig_commit_jumps_far(first->depth, jump->depth, far->depth))
			id = far->id;
	}
	return dig_oid_eq(&commit->jump, &id)
		   ? NULL
		   : "its jump is not the one that follows from its parent";
}

static enum dig_status
check_totals(struct dig_fsck *fsck, const struct dig_oid *id,
    const struct dig_commit *commit, struct dig_error *err)
{
	struct dig_node_io io =
	    dig_reader_io(dig_index_reader(fsck->repo->index));
	struct dig_tree_totals totals = { 0, 0 };
	enum dig_status st;

	st = dig_tree_totals(&io, &commit->tree, &totals, err);
	if (st == DIG_OK &&
	    (totals.files != commit->files || totals.bytes != commit->bytes))
		damaged_commit(fsck, id, "its totals are not its tree's");
	return st;
}

/* A commit whose parents have been looked at. */
static enum dig_status
check_commit(struct dig_fsck *fsck, const struct dig_oid *id,
    const struct dig_commit *commit, struct dig_error *err)
{
	const struct dig_fsck_commit *parent = NULL;
	const char *flaw = misplaced(fsck, commit);
	struct dig_fsck_commit *now;
	struct dig_oid first = dig_oid_zero;
	struct dig_oid base;
	bool has_base = false;
	bool whole = false;
	enum dig_status st;

	if (flaw != NULL)
		damaged_commit(fsck, id, flaw);
	if (commit->nparents > 0) {
		dig_commit_parent(commit, 0, &first);
		parent = dig_fsck_commit(fsck, &first);
	}
	if (parent != NULL && parent->tree_whole) {
		base = parent->tree;
		has_base = true;
	}
	st = check_tree(
	    fsck, id, has_base ? &base : NULL, &commit->tree, &whole, err);
	if (st == DIG_OK && whole)
		st = check_totals(fsck, id, commit, err);
	if (st != DIG_OK)
		return st;
	now = add_commit(fsck, id);
	now->tree = commit->tree;
	now->parent = first;
	now->jump = commit->jump;
	now->generation = commit->generation;
	now->depth = commit->depth;
	now->is_read = true;
	now->tree_whole = whole;
	fsck->totals.commits++;
	return DIG_OK;
}

struct todo {
	struct dig_oid id;
	size_t next_parent;
};

static void
lost_commit(
    struct dig_fsck *fsck, const struct dig_oid *id, const char *message)
{
	struct dig_finding finding;

	memset(&finding, 0, sizeof(finding));
	finding.kind = DIG_FINDING_LOST;
	finding.has_commit = true;
	finding.commit = *id;
	finding.message = message;
	dig_fsck_found(fsck, &finding);
	add_commit(fsck, id);
}

/* The parents that the index remembers of a commit that is gone: what stands
 * before it need not be lost. */
static enum dig_status
push_known_parents(struct dig_fsck *fsck, const struct dig_oid *id,
    struct todo **stack, size_t *cap, size_t *depth, struct dig_error *err)
{
	struct dig_db *db = dig_index_db(fsck->repo->index);
	struct dig_stmt *stmt = NULL;
	enum dig_status st;
	int64_t seq = 0;

	if (db == NULL)
		return DIG_OK;
	st = dig_db_stmt(db, DIG_SQL_COMMIT_BY_ID, &stmt, err);
	if (st != DIG_OK)
		return st;
	dig_stmt_bind_oid(stmt, 1, id);
	st = dig_stmt_row(stmt, err);
	if (st == DIG_OK)
		seq = dig_stmt_int(stmt, 0);
	dig_stmt_done(stmt);
	if (st == DIG_OK)
		st = dig_db_stmt(db, DIG_SQL_PARENTS_OF, &stmt, err);
	if (st != DIG_OK)
		return st == DIG_ENOTFOUND ? DIG_OK : st;
	dig_stmt_bind_int(stmt, 1, seq);
	while ((st = dig_stmt_row(stmt, err)) == DIG_OK) {
		DIG_GROW(*stack, *cap, *depth + 1);
		st = dig_stmt_oid(stmt, 0, &(*stack)[*depth].id, err);
		if (st != DIG_OK)
			break;
		(*stack)[(*depth)++].next_parent = 0;
	}
	dig_stmt_done(stmt);
	return st == DIG_ENOTFOUND ? DIG_OK : st;
}

/* Look at a commit and all before it. */
static enum dig_status
walk(struct dig_fsck *fsck, const struct dig_oid *tip, struct dig_error *err)
{
	struct todo *stack = NULL;
	struct dig_commit *commit = dig_alloc(sizeof(*commit));
	struct dig_buf bytes = DIG_BUF_INIT;
	enum dig_status st = DIG_OK;
	size_t cap = 0;
	size_t depth = 0;

	DIG_GROW(stack, cap, 1);
	stack[0].id = *tip;
	stack[depth++].next_parent = 0;
	while (st == DIG_OK && depth > 0) {
		struct todo *top = &stack[depth - 1];
		struct dig_oid parent;

		if (dig_fsck_commit(fsck, &top->id) != NULL) {
			depth--;
			continue;
		}
		st = dig_repo_read_commit(
		    fsck->repo, &top->id, &bytes, commit, err);
		if (st == DIG_ECORRUPT || st == DIG_ENOTFOUND) {
			struct dig_oid gone = top->id;

			lost_commit(fsck, &gone, err->msg);
			depth--;
			st = push_known_parents(
			    fsck, &gone, &stack, &cap, &depth, err);
			continue;
		}
		if (st != DIG_OK)
			break;
		if (top->next_parent < commit->nparents) {
			dig_commit_parent(commit, top->next_parent++, &parent);
			DIG_GROW(stack, cap, depth + 1);
			stack[depth].id = parent;
			stack[depth++].next_parent = 0;
			continue;
		}
		st = check_commit(fsck, &top->id, commit, err);
		depth--;
	}
	free(stack);
	free(commit);
	dig_buf_clear(&bytes);
	return st;
}

/* ---- What leads to them ----------------------------------------------- */

static enum dig_status
check_ref(
    struct dig_fsck *fsck, const struct dig_ref *ref, struct dig_error *err)
{
	struct dig_reader *reader = dig_index_reader(fsck->repo->index);
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_oid id = ref->id;
	enum dig_kind kind = DIG_KIND_COMMIT;
	enum dig_status st = DIG_OK;
	struct dig_tag *tag = dig_alloc(sizeof(*tag));

	if (strncmp(ref->name, "refs/tags/", 10) == 0 &&
	    dig_fsck_object(fsck, DIG_KIND_TAG, &id) != NULL)
		kind = DIG_KIND_TAG;
	for (int i = 0; kind == DIG_KIND_TAG && i < TAG_DEPTH_MAX; i++) {
		st = dig_reader_get(reader, kind, &id, &bytes, err);
		if (st == DIG_OK)
			st = dig_tag_decode(bytes.data, bytes.len, tag, err);
		if (st != DIG_OK)
			break;
		kind = tag->target_kind;
		id = tag->target;
	}
	if (st == DIG_ECORRUPT || st == DIG_ENOTFOUND) {
		dig_fsck_damaged(fsck, NULL, "%s: %s", ref->name, err->msg);
		st = DIG_OK;
	} else if (st == DIG_OK && dig_fsck_object(fsck, kind, &id) == NULL) {
		char hex[DIG_OID_HEX + 1];

		dig_oid_hex(&id, hex);
		dig_fsck_damaged(fsck, NULL,
		    "%s: %s %.16s is missing or damaged", ref->name,
		    dig_kind_word(kind), hex);
	}
	if (st == DIG_OK && kind == DIG_KIND_COMMIT)
		st = walk(fsck, &id, err);
	free(tag);
	dig_buf_clear(&bytes);
	return st;
}

static enum dig_status
check_head(
    struct dig_fsck *fsck, const struct dig_state *state, struct dig_error *err)
{
	struct dig_oid id;

	/* On a branch it has been looked at with the branch. */
	if (state->head_ref != NULL || !dig_state_head(state, &id))
		return DIG_OK;
	if (dig_fsck_object(fsck, DIG_KIND_COMMIT, &id) == NULL)
		dig_fsck_damaged(
		    fsck, NULL, "HEAD: its commit is missing or damaged");
	return walk(fsck, &id, err);
}

enum dig_status
dig_fsck_history(struct dig_fsck *fsck, struct dig_error *err)
{
	const struct dig_state *state = dig_index_state(fsck->repo->index);
	const struct dig_fsck_commit *head = NULL;
	enum dig_status st = DIG_OK;
	struct dig_oid base;
	struct dig_oid id;
	bool whole;

	for (size_t i = 0; st == DIG_OK && i < state->nrefs; i++)
		st = check_ref(fsck, &state->refs[i], err);
	if (st == DIG_OK)
		st = check_head(fsck, state, err);
	if (st != DIG_OK)
		return st;
	if (dig_state_head(state, &id))
		head = dig_fsck_commit(fsck, &id);
	if (head != NULL && head->tree_whole)
		base = head->tree;
	else
		head = NULL;
	if (!dig_oid_is_zero(&state->op_state) &&
	    dig_fsck_object(fsck, DIG_KIND_STATE, &state->op_state) == NULL)
		dig_fsck_damaged(fsck, NULL,
		    "the state of the operation in progress is missing or "
		    "damaged");
	return check_tree(fsck, NULL, head != NULL ? &base : NULL,
	    &state->staged_root, &whole, err);
}
