/* SPDX-License-Identifier: MIT
 *
 * Reading and writing the operation in progress.
 */
#include "repo/operation.h"

#include "repo/internal.h"
#include "staging/pathspec.h"

enum dig_status
dig_op_need(const struct dig_op *op, struct dig_error *err)
{
	return op->kind == DIG_OP_MERGE
		   ? DIG_OK
		   : dig_raise(err, DIG_ENO, "no merge is in progress");
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
		    "%zu conflicts are more than can be remembered",
		    op->nconflicts);
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

enum dig_status
dig_op_end(struct dig_repo *repo, struct dig_error *err)
{
	struct dig_op op;
	enum dig_status st;

	st = dig_op_next(repo, &op, err);
	if (st == DIG_OK && op.kind != DIG_OP_NONE) {
		op.kind = DIG_OP_NONE;
		st = dig_op_put(repo, &op, err);
	}
	dig_op_clear(&op);
	return st;
}

enum dig_status
dig_op_refuse(struct dig_repo *repo, const char *what, struct dig_error *err)
{
	enum dig_op_kind kind;
	struct dig_op op;
	enum dig_status st;

	st = dig_op_next(repo, &op, err);
	if (st != DIG_OK)
		return st;
	kind = op.kind;
	dig_op_clear(&op);
	if (kind == DIG_OP_NONE)
		return DIG_OK;
	st = dig_raise(
	    err, DIG_ECONFLICT, "cannot %s: a merge is in progress", what);
	dig_hint(err, "'dig commit' records it, 'dig merge --abort' gives up");
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
