/* SPDX-License-Identifier: MIT
 *
 * Proofs: commit, search and content put together and sealed; and the way
 * from a commit down to its ancestor.
 */
#include "repo/prove.h"

#include <stdlib.h>

#include "objects/prove.h"
#include "repo/history_internal.h"
#include "repo/internal.h"

/* ---- Snapshots and paths ---------------------------------------------- */

static enum dig_status
put_commit(struct dig_repo *repo, const struct dig_oid *id, struct dig_buf *out,
    struct dig_error *err)
{
	struct dig_buf bytes = DIG_BUF_INIT;
	enum dig_status st = dig_reader_get(
	    dig_index_reader(repo->index), DIG_KIND_COMMIT, id, &bytes, err);

	if (st == DIG_OK)
		dig_buf_put_bytes(out, bytes.data, bytes.len);
	dig_buf_clear(&bytes);
	return st;
}

/* A snapshot and the search in it. */
static enum dig_status
put_side(struct dig_repo *repo, const struct dig_snapshot *snapshot,
    const struct dig_buf *path, struct dig_buf *out, bool *found,
    struct dig_error *err)
{
	struct dig_node_io io = dig_reader_io(dig_index_reader(repo->index));
	enum dig_status st = DIG_OK;

	dig_buf_putc(out, snapshot->has_commit);
	if (snapshot->has_commit)
		st = put_commit(repo, &snapshot->commit, out, err);
	if (st == DIG_OK)
		st = dig_tree_prove(&io, &snapshot->root, path->data, path->len,
		    out, found, err);
	return st;
}

/* The entry at the path, which has to be there. */
static enum dig_status
find_entry(struct dig_repo *repo, const struct dig_snapshot *snapshot,
    const struct dig_buf *path, const char *text, struct dig_entry *out,
    struct dig_error *err)
{
	enum dig_found found;
	enum dig_status st = dig_content_find(
	    repo, &snapshot->root, path->data, path->len, &found, out, err);

	if (st != DIG_OK)
		return st;
	if (found == DIG_FOUND_NOTHING)
		return dig_raise(err, DIG_ENOTFOUND,
		    "there is no file '%.200s' in '%.200s'",
		    (const char *)path->data, text);
	if (found == DIG_FOUND_FOLDER)
		return dig_raise(err, DIG_EINVALID,
		    "'%.200s' is a folder; proofs are of files", text);
	out->path = NULL;
	out->path_len = 0;
	return DIG_OK;
}

/* That nothing is there; for "PATH/", that no folder is. */
static enum dig_status
check_absent(struct dig_repo *repo, const struct dig_snapshot *snapshot,
    const char *text, bool below, struct dig_error *err)
{
	struct dig_entry entry;
	enum dig_found found;
	enum dig_status st = dig_content_find(repo, &snapshot->root,
	    snapshot->path.data, snapshot->path.len, &found, &entry, err);

	if (st == DIG_OK && found == DIG_FOUND_ENTRY && !below)
		st = dig_raise(err, DIG_ENO, "there is a file '%.200s'", text);
	else if (st == DIG_OK && found == DIG_FOUND_FOLDER)
		st =
		    dig_raise(err, DIG_ENO, "there is a folder '%.200s'", text);
	return st;
}

static enum dig_status
put_range(struct dig_repo *repo, const struct dig_prove_options *options,
    const struct dig_snapshot *snapshot, const struct dig_entry *entry,
    struct dig_buf *out, struct dig_proof_range *range, struct dig_error *err)
{
	const char *words =
	    options->range != NULL ? options->range : snapshot->range;
	struct dig_node_io io = dig_reader_io(dig_index_reader(repo->index));
	enum dig_status st;

	range->entry = *entry;
	if (entry->kind == DIG_ENTRY_LINK)
		return dig_raise(err, DIG_EINVALID,
		    "'%.300s' is a link to another repository", options->text);
	st = dig_range_parse(
	    words, entry->size_bytes, &range->from, &range->to, err);
	if (st != DIG_OK)
		return st;
	dig_buf_put_varint(out, range->from);
	dig_buf_put_varint(out, range->to);
	dig_buf_putc(out, !options->no_data);
	return dig_file_prove(&io, entry, range->from, range->to, out, err);
}

static bool
is_unchanged(const struct dig_entry *a, const struct dig_entry *b)
{
	struct dig_entry as_b = *a;

	/* The bytes are the same whether it may be executed or not. */
	if (a->kind <= DIG_ENTRY_EXEC && b->kind <= DIG_ENTRY_EXEC)
		as_b.kind = b->kind;
	return dig_entry_same(&as_b, b);
}

/* The second snapshot of UNCHANGED. */
static enum dig_status
put_other(struct dig_repo *repo, const struct dig_prove_options *options,
    const struct dig_buf *path, const struct dig_entry *entry,
    struct dig_buf *out, struct dig_error *err)
{
	struct dig_snapshot other = DIG_SNAPSHOT_INIT;
	struct dig_entry there;
	enum dig_status st;
	bool found;

	st = dig_revision_snapshot(repo, options->other, &other, err);
	if (st == DIG_OK && other.has_path)
		st = dig_raise(err, DIG_EINVALID,
		    "--unchanged takes a revision without a path");
	if (st == DIG_OK)
		st =
		    find_entry(repo, &other, path, options->other, &there, err);
	if (st == DIG_OK && !is_unchanged(entry, &there))
		st = dig_raise(err, DIG_ENO,
		    "'%.300s' is not the same in '%.100s'", options->text,
		    options->other);
	if (st == DIG_OK)
		st = put_side(repo, &other, path, out, &found, err);
	dig_snapshot_clear(&other);
	return st;
}

static enum dig_status
put_path(struct dig_repo *repo, const struct dig_prove_options *options,
    struct dig_buf *out, struct dig_proof_range *range, struct dig_error *err)
{
	struct dig_snapshot snapshot = DIG_SNAPSHOT_INIT;
	struct dig_buf *path = &snapshot.path;
	bool absent = options->type == DIG_PROOF_ABSENT;
	size_t len = strlen(options->text);
	bool below = absent && len > 0 && options->text[len - 1] == '/';
	struct dig_entry entry = { 0 };
	enum dig_status st;
	bool found;

	st = dig_revision_snapshot(repo, options->text, &snapshot, err);
	if (st == DIG_OK && path->len == 0)
		st = dig_raise(err, DIG_EINVALID,
		    "'%.300s' names no path; write REV:PATH", options->text);
	if (st == DIG_OK && absent)
		st = check_absent(repo, &snapshot, options->text, below, err);
	else if (st == DIG_OK)
		st = find_entry(
		    repo, &snapshot, path, options->text, &entry, err);
	if (st != DIG_OK)
		goto out;
	if (below)
		dig_buf_putc(path, '/');
	dig_buf_put_bytes(out, path->data, path->len);
	st = put_side(repo, &snapshot, path, out, &found, err);
	if (st == DIG_OK && options->type == DIG_PROOF_UNCHANGED)
		st = put_other(repo, options, path, &entry, out, err);
	if (st == DIG_OK && options->type == DIG_PROOF_BYTES)
		st = put_range(
		    repo, options, &snapshot, &entry, out, range, err);
out:
	dig_snapshot_clear(&snapshot);
	return st;
}

/* ---- Ancestors -------------------------------------------------------- */

/* Commits met on the way, each with the one that led to it. */
struct step {
	struct dig_oid id;
	size_t from;
};

struct descent {
	struct dig_repo *repo;
	struct dig_oid goal;
	uint64_t goal_generation;
	uint64_t goal_depth;
	struct step *at;
	size_t count;
	size_t cap;
	struct dig_buf bytes; /* of `commit` */
	struct dig_commit commit;
};

static void
add_step(struct descent *descent, const struct dig_oid *id, size_t from)
{
	DIG_GROW(descent->at, descent->cap, descent->count + 1);
	descent->at[descent->count++] = (struct step){ *id, from };
}

static enum dig_status
read_step(
    struct descent *descent, const struct dig_oid *id, struct dig_error *err)
{
	return dig_repo_read_commit(
	    descent->repo, id, &descent->bytes, &descent->commit, err);
}

/* By first parents and jumps. *found: the goal is the last step. */
static enum dig_status
descend_first(struct descent *descent, bool *found, struct dig_error *err)
{
	enum dig_status st;

	*found = false;
	for (;;) {
		struct dig_oid id = descent->at[descent->count - 1].id;
		struct dig_oid parent, jump;

		*found = dig_oid_eq(&id, &descent->goal);
		if (*found)
			return DIG_OK;
		st = read_step(descent, &id, err);
		if (st != DIG_OK ||
		    descent->commit.depth <= descent->goal_depth)
			return st;
		dig_commit_parent(&descent->commit, 0, &parent);
		jump = descent->commit.jump;
		st = read_step(descent, &jump, err);
		if (st != DIG_OK)
			return st;
		add_step(descent,
		    descent->commit.depth >= descent->goal_depth ? &jump
								 : &parent,
		    descent->count - 1);
		if (dig_interrupted())
			return dig_raise(err, DIG_ECANCELLED, "interrupted");
	}
}

/* By any parent and by jumps, the fewest commits; breadth first. */
static enum dig_status
descend_any(struct descent *descent, bool *found, struct dig_error *err)
{
	struct dig_nodes seen = { NULL, 0, 0 };
	enum dig_status st = DIG_OK;

	*found = false;
	descent->count = 1; /* the tip */
	for (size_t i = 0; i < descent->count && !*found; i++) {
		struct dig_oid id = descent->at[i].id;

		st = read_step(descent, &id, err);
		if (st == DIG_OK && dig_interrupted())
			st = dig_raise(err, DIG_ECANCELLED, "interrupted");
		if (st != DIG_OK)
			break;
		if (descent->commit.generation <= descent->goal_generation)
			continue;
		for (size_t p = 0; p <= descent->commit.nparents; p++) {
			struct dig_oid next = descent->commit.jump;
			struct dig_node *node;

			if (p > 0)
				dig_commit_parent(
				    &descent->commit, p - 1, &next);
			node = dig_nodes_get(&seen, &next);
			if ((node->flags & NODE_QUEUED) != 0)
				continue;
			node->flags |= NODE_QUEUED;
			add_step(descent, &next, i);
			*found = dig_oid_eq(&next, &descent->goal);
			if (*found)
				break;
		}
	}
	dig_nodes_clear(&seen);
	return st;
}

/* The last step and what led to it, from the tip on. */
static enum dig_status
put_steps(
    const struct descent *descent, struct dig_buf *out, struct dig_error *err)
{
	size_t n = 1, at = descent->count - 1;
	size_t *way;
	enum dig_status st = DIG_OK;

	for (size_t i = at; i != 0; i = descent->at[i].from)
		n++;
	way = dig_calloc(n, sizeof(*way));
	for (size_t i = n; i > 0; i--, at = descent->at[at].from)
		way[i - 1] = at;
	dig_buf_put_varint(out, n);
	for (size_t i = 0; i < n && st == DIG_OK; i++) {
		st = put_commit(
		    descent->repo, &descent->at[way[i]].id, out, err);
		if (st == DIG_OK && out->len > DIG_PROOF_BODY_MAX)
			st = dig_raise(err, DIG_EINVALID,
			    "the commits are too large for one proof");
	}
	free(way);
	return st;
}

static enum dig_status
put_ancestor(struct dig_repo *repo, const struct dig_prove_options *options,
    struct dig_buf *out, struct dig_error *err)
{
	struct descent descent = { .repo = repo };
	struct dig_oid tip;
	enum dig_status st;
	bool found = false;

	st = dig_revision_commit(repo, options->text, &descent.goal, err);
	if (st == DIG_OK)
		st = dig_revision_commit(repo, options->other, &tip, err);
	if (st == DIG_OK)
		st = read_step(&descent, &descent.goal, err);
	if (st != DIG_OK)
		goto out;
	descent.goal_generation = descent.commit.generation;
	descent.goal_depth = descent.commit.depth;
	add_step(&descent, &tip, 0);
	st = descend_first(&descent, &found, err);
	if (st == DIG_OK && !found)
		st = descend_any(&descent, &found, err);
	if (st == DIG_OK && !found)
		st = dig_raise(err, DIG_ENO,
		    "'%.200s' is not an ancestor of '%.200s'", options->text,
		    options->other);
	if (st == DIG_OK)
		st = put_steps(&descent, out, err);
out:
	dig_buf_clear(&descent.bytes);
	free(descent.at);
	return st;
}

/* ---- The whole -------------------------------------------------------- */

enum dig_status
dig_prove(struct dig_repo *repo, const struct dig_prove_options *options,
    struct dig_buf *out, struct dig_proof_range *range, struct dig_error *err)
{
	size_t start = out->len, body;
	uint8_t seal[DIG_HASH_SIZE];
	enum dig_status st;

	dig_buf_puts(out, DIG_PROOF_MAGIC);
	dig_buf_putc(out, DIG_PROOF_VERSION);
	dig_buf_putc(out, (uint8_t)options->type);
	dig_buf_put_be32(out, 0);
	st = options->type == DIG_PROOF_ANCESTOR
		 ? put_ancestor(repo, options, out, err)
		 : put_path(repo, options, out, range, err);
	body = out->len - start - DIG_PROOF_HEAD;
	if (st == DIG_OK && body > DIG_PROOF_BODY_MAX)
		st = dig_raise(err, DIG_EINVALID, "the proof is too large");
	if (st != DIG_OK) {
		out->len = start;
		return st;
	}
	dig_set_be32(out->data + start + DIG_PROOF_HEAD - 4, (uint32_t)body);
	dig_sha256(out->data + start, out->len - start, seal);
	dig_buf_put(out, seal, sizeof(seal));
	return DIG_OK;
}
