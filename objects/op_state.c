/* SPDX-License-Identifier: MIT
 *
 * The bytes of an operation in progress, and back.
 */
#include "objects/op_state.h"

#include <stdlib.h>
#include <string.h>

#include "objects/base/path.h"
#include "objects/commit.h"
#include "objects/state.h"

/* The first byte of a state. */
enum { STATE_SWITCH = 1, STATE_OPERATION = 2 };
#define REF_NAME_MAX 1024

void
dig_op_clear(struct dig_op *op)
{
	for (size_t i = 0; i < op->nconflicts; i++)
		free(op->conflicts[i].path);
	free(op->conflicts);
	free(op->ref);
	free(op->head_ref);
	free(op->parents);
	free(op->done);
	free(op->todo);
	dig_buf_clear(&op->message);
	memset(op, 0, sizeof(*op));
}

bool
dig_op_copies(const struct dig_op *op)
{
	return op->kind == DIG_OP_PICK || op->kind == DIG_OP_REVERT ||
	       op->kind == DIG_OP_REBASE;
}

void
dig_op_advance(struct dig_op *op, size_t n)
{
	struct dig_oid *done = dig_calloc(op->ndone + n + 1, sizeof(*done));

	if (op->ndone > 0)
		memcpy(done, op->done, op->ndone * sizeof(*done));
	if (n > 0)
		memcpy(done + op->ndone, op->todo, n * sizeof(*done));
	free(op->done);
	op->done = done;
	op->ndone += n;
	op->ntodo -= n;
	if (n > 0)
		memmove(op->todo, op->todo + n, op->ntodo * sizeof(*op->todo));
}

/* ---- Conflicts -------------------------------------------------------- */

void
dig_op_add_conflict(struct dig_op *op, const void *path, size_t len,
    const struct dig_entry *const sides[DIG_SIDES])
{
	struct dig_conflict *conflict;

	DIG_GROW(op->conflicts, op->conflicts_cap, op->nconflicts + 1);
	conflict = &op->conflicts[op->nconflicts++];
	memset(conflict, 0, sizeof(*conflict));
	conflict->path = dig_memdup0(path, len);
	conflict->path_len = len;
	for (int i = 0; i < DIG_SIDES; i++) {
		conflict->has[i] = sides[i] != NULL;
		if (sides[i] == NULL)
			continue;
		conflict->side[i] = *sides[i];
		conflict->side[i].path = (const uint8_t *)conflict->path;
		conflict->side[i].path_len = len;
	}
}

void
dig_op_drop_conflict(struct dig_op *op, size_t i)
{
	free(op->conflicts[i].path);
	op->nconflicts--;
	memmove(&op->conflicts[i], &op->conflicts[i + 1],
	    (op->nconflicts - i) * sizeof(*op->conflicts));
	if (op->kind == DIG_OP_UNMERGED && op->nconflicts == 0)
		op->kind = DIG_OP_NONE;
}

const struct dig_conflict *
dig_op_conflict(const struct dig_op *op, const void *path, size_t len)
{
	size_t low = 0, high = op->nconflicts;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct dig_conflict *at = &op->conflicts[mid];
		int order = dig_path_cmp(at->path, at->path_len, path, len);

		if (order == 0)
			return at;
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

const char *
dig_conflict_letters(const struct dig_conflict *conflict)
{
	static const char *const letters[8] = { "  ", "DD", "AU", "UD", "UA",
		"DU", "AA", "UU" };
	unsigned mask = 0;

	for (int i = 0; i < DIG_SIDES; i++)
		mask |= (unsigned)conflict->has[i] << i;
	return letters[mask];
}

/* ---- Bytes ------------------------------------------------------------ */

static void
put_name(struct dig_buf *out, const char *name)
{
	dig_buf_put_bytes(
	    out, name != NULL ? name : "", name != NULL ? strlen(name) : 0);
}

static void
put_id(struct dig_buf *out, const struct dig_oid *id)
{
	dig_buf_put(out, id->bytes, DIG_HASH_SIZE);
}

static void
put_ids(struct dig_buf *out, const struct dig_oid *ids, size_t n)
{
	dig_buf_put_varint(out, n);
	for (size_t i = 0; i < n; i++)
		put_id(out, &ids[i]);
}

static void
put_conflict(struct dig_buf *out, const struct dig_conflict *conflict)
{
	dig_buf_put_bytes(out, conflict->path, conflict->path_len);
	for (int i = 0; i < DIG_SIDES; i++) {
		const struct dig_entry *entry = &conflict->side[i];

		dig_buf_putc(out, conflict->has[i] ? (uint8_t)entry->kind : 0);
		if (!conflict->has[i])
			continue;
		dig_buf_putc(out, (uint8_t)entry->form);
		dig_buf_put_varint(out, entry->size_bytes);
		put_id(out, &entry->stored);
	}
}

void
dig_op_encode(const struct dig_op *op, struct dig_buf *out)
{
	dig_buf_reset(out);
	if (op->kind == DIG_OP_NONE && op->nroots == 0)
		return;
	dig_buf_putc(
	    out, op->kind == DIG_OP_NONE ? STATE_SWITCH : STATE_OPERATION);
	put_id(out, &op->commit);
	put_name(out, op->ref);
	put_ids(out, op->roots, op->nroots);
	if (op->kind == DIG_OP_NONE)
		return;
	dig_buf_putc(out, (uint8_t)op->kind);
	put_id(out, &op->head);
	put_name(out, op->head_ref);
	put_ids(out, op->parents, op->nparents);
	dig_buf_put_bytes(out, op->message.data, op->message.len);
	dig_buf_put_varint(out, op->nconflicts);
	for (size_t i = 0; i < op->nconflicts; i++)
		put_conflict(out, &op->conflicts[i]);
	if (!dig_op_copies(op))
		return;
	dig_buf_put_varint(out, op->flags);
	dig_buf_put_varint(out, op->mainline);
	put_id(out, &op->onto);
	put_ids(out, op->done, op->ndone);
	put_ids(out, op->todo, op->ntodo);
}

static void
get_id(struct dig_cursor *cur, struct dig_oid *out)
{
	const uint8_t *bytes = dig_cursor_raw(cur, DIG_HASH_SIZE);

	if (bytes != NULL)
		memcpy(out->bytes, bytes, DIG_HASH_SIZE);
}

static char *
get_name(struct dig_cursor *cur)
{
	const uint8_t *bytes;
	size_t len = 0;
	char *name;

	bytes = dig_cursor_bytes(cur, &len, REF_NAME_MAX);
	if (bytes == NULL || len == 0)
		return NULL;
	name = dig_memdup0(bytes, len);
	cur->bad |= strlen(name) != len || !dig_refname_valid(name);
	return name;
}

static struct dig_oid *
get_ids(struct dig_cursor *cur, size_t *n, size_t limit)
{
	uint64_t count = dig_cursor_varint(cur);
	const uint8_t *bytes;
	struct dig_oid *ids;

	if (count > limit || count > dig_cursor_left(cur) / DIG_HASH_SIZE) {
		cur->bad = true;
		return NULL;
	}
	if (cur->bad || count == 0)
		return NULL;
	bytes = dig_cursor_raw(cur, (size_t)count * DIG_HASH_SIZE);
	ids = dig_calloc((size_t)count, sizeof(*ids));
	for (size_t i = 0; i < count; i++)
		memcpy(ids[i].bytes, bytes + i * DIG_HASH_SIZE, DIG_HASH_SIZE);
	*n = (size_t)count;
	return ids;
}

static bool
entry_fits(const struct dig_entry *entry)
{
	switch (entry->form) {
	case DIG_FORM_EMPTY:
		return entry->size_bytes == 0 && entry->kind <= DIG_ENTRY_EXEC;
	case DIG_FORM_CHUNK:
		return entry->size_bytes > 0 && entry->kind != DIG_ENTRY_LINK;
	case DIG_FORM_NODES:
		return entry->size_bytes > 0 && entry->kind <= DIG_ENTRY_EXEC;
	case DIG_FORM_LINK:
		return entry->kind == DIG_ENTRY_LINK &&
		       entry->size_bytes <= DIG_HASH_SIZE;
	}
	return false;
}

static bool
get_entry(struct dig_cursor *cur, struct dig_entry *entry)
{
	uint8_t kind = dig_cursor_u8(cur);

	if (cur->bad || kind == 0)
		return false;
	entry->kind = (enum dig_entry_kind)kind;
	entry->form = (enum dig_form)dig_cursor_u8(cur);
	entry->size_bytes = dig_cursor_varint(cur);
	get_id(cur, &entry->stored);
	if (kind > DIG_ENTRY_LINK || !entry_fits(entry))
		cur->bad = true;
	return true;
}

static void
get_conflict(struct dig_cursor *cur, struct dig_op *op)
{
	const struct dig_entry *sides[DIG_SIDES] = { NULL, NULL, NULL };
	struct dig_entry entries[DIG_SIDES];
	const struct dig_conflict *last;
	const uint8_t *path;
	size_t len = 0;

	path = dig_cursor_bytes(cur, &len, DIG_PATH_MAX);
	memset(entries, 0, sizeof(entries));
	for (int i = 0; i < DIG_SIDES; i++)
		if (get_entry(cur, &entries[i]))
			sides[i] = &entries[i];
	last = op->nconflicts > 0 ? &op->conflicts[op->nconflicts - 1] : NULL;
	if (cur->bad || path == NULL || dig_path_check(path, len) != NULL ||
	    (sides[0] == NULL && sides[1] == NULL && sides[2] == NULL) ||
	    (last != NULL &&
		dig_path_cmp(last->path, last->path_len, path, len) >= 0))
		cur->bad = true;
	else
		dig_op_add_conflict(op, path, len, sides);
}

static void
get_switch(struct dig_cursor *cur, struct dig_op *op)
{
	struct dig_oid *roots;

	get_id(cur, &op->commit);
	op->ref = get_name(cur);
	roots = get_ids(cur, &op->nroots, DIG_OP_ROOTS_MAX);
	if (roots != NULL)
		memcpy(op->roots, roots, op->nroots * sizeof(*roots));
	free(roots);
}

static void
get_operation(struct dig_cursor *cur, struct dig_op *op)
{
	const uint8_t *message;
	uint64_t nconflicts;
	size_t len = 0;

	get_id(cur, &op->head);
	op->head_ref = get_name(cur);
	op->parents = get_ids(cur, &op->nparents, DIG_COMMIT_PARENTS_MAX - 1);
	message = dig_cursor_bytes(cur, &len, DIG_COMMIT_MESSAGE_MAX);
	if (message != NULL)
		dig_buf_put(&op->message, message, len);
	nconflicts = dig_cursor_varint(cur);
	for (uint64_t i = 0; i < nconflicts && !cur->bad; i++)
		get_conflict(cur, op);
	if (op->kind == DIG_OP_UNMERGED)
		cur->bad |= op->nparents > 0 || len > 0 || op->nconflicts == 0;
}

static void
get_copies(struct dig_cursor *cur, struct dig_op *op)
{
	uint64_t flags = dig_cursor_varint(cur);

	op->flags = (unsigned)(flags & DIG_COPY_ALL_FLAGS);
	op->mainline = dig_cursor_varint(cur);
	get_id(cur, &op->onto);
	op->done = get_ids(cur, &op->ndone, SIZE_MAX);
	op->todo = get_ids(cur, &op->ntodo, SIZE_MAX);
	if (flags != op->flags || op->mainline > DIG_COMMIT_PARENTS_MAX ||
	    ((flags & DIG_COPY_APPLIED) != 0 && op->ntodo == 0))
		cur->bad = true;
}

static enum dig_status
unknown(struct dig_error *err)
{
	return dig_raise(err, DIG_ECONFLICT,
	    "an operation is in progress that this dig does not know");
}

enum dig_status
dig_op_decode(
    const void *data, size_t len, struct dig_op *out, struct dig_error *err)
{
	struct dig_cursor cur = dig_cursor_over(data, len);
	uint8_t what = dig_cursor_u8(&cur);
	struct dig_op op;

	memset(&op, 0, sizeof(op));
	if (what != STATE_SWITCH && what != STATE_OPERATION)
		return unknown(err);
	get_switch(&cur, &op);
	if (what == STATE_OPERATION) {
		uint8_t kind = dig_cursor_u8(&cur);

		if (!cur.bad && (kind < DIG_OP_MERGE || kind > DIG_OP_REBASE) &&
		    kind != DIG_OP_UNMERGED) {
			dig_op_clear(&op);
			return unknown(err);
		}
		op.kind = (enum dig_op_kind)kind;
		get_operation(&cur, &op);
		if (dig_op_copies(&op))
			get_copies(&cur, &op);
	} else {
		cur.bad |= op.nroots == 0;
	}
	if (cur.bad || dig_cursor_left(&cur) != 0) {
		dig_op_clear(&op);
		return dig_raise(
		    err, DIG_ECORRUPT, "the state of an operation in progress");
	}
	*out = op;
	return DIG_OK;
}
