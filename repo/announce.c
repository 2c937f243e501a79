/* SPDX-License-Identifier: MIT
 *
 * Announcements of switches: a part of the state that the journal names
 * (objects/op_state.h), and the record that names it.
 */
#include "repo/announce.h"

#include <stdlib.h>
#include <string.h>

enum dig_status
dig_announcement_read(struct dig_repo *repo, const struct dig_oid *id,
    struct dig_announcement *out, struct dig_error *err)
{
	struct dig_op op;
	enum dig_status st;

	st = dig_op_read(repo, id, &op, err);
	if (st != DIG_OK)
		return st;
	if (op.nroots == 0) {
		st = dig_raise(err, DIG_ECONFLICT, "no switch is announced");
	} else {
		out->commit = op.commit;
		out->ref = op.ref;
		op.ref = NULL;
		out->nroots = op.nroots;
		memcpy(out->roots, op.roots, sizeof(out->roots));
		out->is_within = op.kind != DIG_OP_NONE;
	}
	dig_op_clear(&op);
	return st;
}

/* A root may be named twice: so an announcement that follows an equal one that
 * did not finish is another state, and has a record for undo to go by. */
enum dig_status
dig_announcement_add(struct dig_announcement *ann,
    const struct dig_announcement *begun, struct dig_error *err)
{
	for (size_t i = 0; i < begun->nroots; i++) {
		if (dig_oid_eq(&begun->roots[i], &ann->roots[0]))
			continue;
		if (ann->nroots == DIG_OP_ROOTS_MAX)
			return dig_raise(err, DIG_ECONFLICT,
			    "too many switches have not finished; run "
			    "'dig checkout' first");
		ann->roots[ann->nroots++] = begun->roots[i];
	}
	return DIG_OK;
}

enum dig_status
dig_announce(struct dig_repo *repo, const struct dig_announcement *ann,
    const char *verb, uint64_t *op, struct dig_error *err)
{
	struct dig_commit_options options = { .op = *op, .keep_open = true };
	struct dig_buf words = DIG_BUF_INIT;
	struct dig_op now;
	enum dig_status st;

	st = dig_op_next(repo, &now, err);
	if (st != DIG_OK)
		return st;
	now.commit = ann->commit;
	free(now.ref);
	now.ref = ann->ref != NULL ? dig_strdup(ann->ref) : NULL;
	now.nroots = ann->nroots;
	memcpy(now.roots, ann->roots, sizeof(now.roots));
	dig_buf_puts(&words, "begin ");
	dig_buf_puts(&words, verb);
	options.verb = (const char *)words.data;
	st = dig_op_put(repo, &now, err);
	if (st == DIG_OK)
		st = dig_index_commit(repo->index, &options, op, err);
	dig_op_clear(&now);
	dig_buf_clear(&words);
	return st;
}

struct newest {
	const char *verb;
	uint64_t op;
};

static bool
on_newest(void *arg, const struct dig_journal_record *rec)
{
	struct newest *newest = arg;

	if (!dig_journal_record_changes(rec))
		return true; /* of packs alone */
	if (rec->verb != NULL && strncmp(rec->verb, "begin ", 6) == 0 &&
	    strncmp(rec->verb + 6, newest->verb, strlen(newest->verb)) == 0)
		newest->op = rec->op;
	return false;
}

enum dig_status
dig_announced_by(struct dig_repo *repo, const char *verb, uint64_t *op,
    struct dig_error *err)
{
	struct newest newest = { verb, 0 };
	enum dig_status st = DIG_OK;

	if (!dig_oid_is_zero(&dig_index_state(repo->index)->op_state))
		st = dig_journal_each(
		    dig_store_journal(dig_index_store(repo->index)), false,
		    on_newest, &newest, err);
	if (st == DIG_OK)
		*op = newest.op;
	return st;
}
