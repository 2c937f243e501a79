/* SPDX-License-Identifier: MIT
 *
 * Reading and writing the operation in progress.
 */
#include "repo/operation.h"

#include "repo/internal.h"
#include "staging/pathspec.h"

const char *
dig_op_verb(enum dig_op_kind kind)
{
	switch (kind) {
	case DIG_OP_PICK:
		return "cherry-pick";
	case DIG_OP_REVERT:
		return "revert";
	case DIG_OP_REBASE:
		return "rebase";
	case DIG_OP_MERGE:
	case DIG_OP_UNMERGED:
	case DIG_OP_NONE:
		break;
	}
	return "merge";
}

enum dig_status
dig_op_need(
    const struct dig_op *op, enum dig_op_kind kind, struct dig_error *err)
{
	if (op->kind == kind)
		return DIG_OK;
	dig_ignore(
	    dig_raise(err, DIG_ENO, "no %s is in progress", dig_op_verb(kind)));
	if (op->kind == DIG_OP_MERGE || dig_op_copies(op))
		dig_hint(err, "a %s is: 'dig %s --abort' gives it up",
		    dig_op_verb(op->kind), dig_op_verb(op->kind));
	return DIG_ENO;
}

enum dig_status
dig_op_unmerged(
    const struct dig_op *op, const char *what, struct dig_error *err)
{
	enum dig_status st;

	if (op->nconflicts == 0)
		return DIG_OK;
	st = dig_raise(err, DIG_ECONFLICT, "cannot %s: %zu path%s not merged",
	    what, op->nconflicts, op->nconflicts == 1 ? " is" : "s are");
	dig_hint(err,
	    "edit the files that 'dig status' lists, then say so with "
	    "'dig add' or 'dig rm'");
	return st;
}

static enum dig_status
read_by(const struct dig_node_io *io, const struct dig_oid *id,
    struct dig_op *out, struct dig_error *err)
{
	struct dig_buf bytes = DIG_BUF_INIT;
	enum dig_status st;

	memset(out, 0, sizeof(*out));
	if (dig_oid_is_zero(id))
		return DIG_OK;
	st = io->get(io->arg, DIG_KIND_STATE, id, &bytes, err);
	if (st == DIG_OK)
		st = dig_op_decode(bytes.data, bytes.len, out, err);
	dig_buf_clear(&bytes);
	return st;
}

enum dig_status
dig_op_read(struct dig_repo *repo, const struct dig_oid *id, struct dig_op *out,
    struct dig_error *err)
{
	struct dig_node_io io = dig_reader_io(dig_index_reader(repo->index));

	return read_by(&io, id, out, err);
}

enum dig_status
dig_operation(struct dig_repo *repo, struct dig_op *out, struct dig_error *err)
{
	return dig_op_read(
	    repo, &dig_index_state(repo->index)->op_state, out, err);
}

enum dig_status
dig_op_next(struct dig_repo *repo, struct dig_op *out, struct dig_error *err)
{
	struct dig_node_io io = dig_writer_io(dig_index_writer(repo->index));

	return read_by(&io, &dig_index_next(repo->index)->op_state, out, err);
}

enum dig_status
dig_op_put(
    struct dig_repo *repo, const struct dig_op *op, struct dig_error *err)
{
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_oid id = dig_oid_zero;
	enum dig_status st = DIG_OK;

	dig_op_encode(op, &bytes);
	if (bytes.len > DIG_OBJECT_MAX) {
		st = dig_raise(err, DIG_EINVALID,
		    "%zu conflicts and %zu commits are more than can be "
		    "remembered",
		    op->nconflicts, op->ndone + op->ntodo);
	} else if (bytes.len > 0) {
		dig_sha256_domain(
		    DIG_DOMAIN_STATE, bytes.data, bytes.len, id.bytes);
		st = dig_writer_put(dig_index_writer(repo->index),
		    DIG_KIND_STATE, &id, bytes.data, bytes.len, NULL, false,
		    err);
	}
	if (st == DIG_OK)
		dig_index_next(repo->index)->op_state = id;
	dig_buf_clear(&bytes);
	return st;
}

static bool
is_started(const struct dig_op *op)
{
	return dig_op_copies(op) && (op->flags & DIG_COPY_STARTED) != 0;
}

void
dig_op_conclude(struct dig_op *op)
{
	while (op->nconflicts > 0)
		dig_op_drop_conflict(op, op->nconflicts - 1);
	dig_buf_reset(&op->message);
	if (is_started(op) && (op->flags & DIG_COPY_APPLIED) != 0) {
		dig_op_advance(op, 1);
		op->flags &= ~(unsigned)DIG_COPY_APPLIED;
	}
	if (!is_started(op) || (op->ntodo == 0 && op->kind != DIG_OP_REBASE))
		op->kind = DIG_OP_NONE;
}

enum dig_status
dig_op_end(struct dig_repo *repo, struct dig_error *err)
{
	struct dig_op op;
	enum dig_status st;

	st = dig_op_next(repo, &op, err);
	if (st == DIG_OK && op.kind != DIG_OP_NONE) {
		dig_op_conclude(&op);
		st = dig_op_put(repo, &op, err);
	}
	dig_op_clear(&op);
	return st;
}

enum dig_status
dig_op_refuse(struct dig_repo *repo, const char *what, struct dig_error *err)
{
	struct dig_op op;
	enum dig_status st;

	st = dig_op_next(repo, &op, err);
	if (st != DIG_OK)
		return st;
	if (op.kind == DIG_OP_MERGE) {
		st = dig_raise(err, DIG_ECONFLICT,
		    "cannot %s: a merge is in progress", what);
		dig_hint(err,
		    "'dig commit' records it, 'dig merge --abort' gives up");
	} else if (op.kind == DIG_OP_UNMERGED) {
		st = dig_raise(err, DIG_ECONFLICT,
		    "cannot %s: there are paths that are not merged", what);
		dig_hint(err,
		    "edit the files that 'dig status' lists and say so with "
		    "'dig add', or give them up with 'dig reset --hard'");
	} else if (op.kind != DIG_OP_NONE) {
		const char *verb = dig_op_verb(op.kind);

		st = dig_raise(err, DIG_ECONFLICT,
		    "cannot %s: a %s is in progress", what, verb);
		dig_hint(err,
		    "'dig %s --continue' goes on, 'dig %s --abort' gives up",
		    verb, verb);
	}
	dig_op_clear(&op);
	return st;
}

enum dig_status
dig_op_resolve(struct dig_repo *repo, struct dig_pathspec *spec, bool *any,
    struct dig_error *err)
{
	struct dig_op op;
	enum dig_status st;

	*any = false;
	st = dig_op_next(repo, &op, err);
	if (st != DIG_OK)
		return st;
	for (size_t i = op.nconflicts; i > 0; i--) {
		const struct dig_conflict *conflict = &op.conflicts[i - 1];

		if (spec != NULL && !dig_pathspec_match(spec, conflict->path,
					conflict->path_len, false))
			continue;
		dig_op_drop_conflict(&op, i - 1);
		*any = true;
	}
	if (*any)
		st = dig_op_put(repo, &op, err);
	dig_op_clear(&op);
	return st;
}
