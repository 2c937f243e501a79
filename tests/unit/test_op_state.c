/* SPDX-License-Identifier: MIT
 *
 * The state of an operation in progress: round trips, and bytes that are not
 * one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "objects/op_state.h"

static struct dig_oid
id_of(uint8_t byte)
{
	struct dig_oid id;

	memset(id.bytes, byte, DIG_HASH_SIZE);
	return id;
}

static struct dig_entry
entry_of(enum dig_entry_kind kind, enum dig_form form, uint64_t size)
{
	struct dig_entry entry;

	memset(&entry, 0, sizeof(entry));
	entry.kind = kind;
	entry.form = form;
	entry.size_bytes = size;
	entry.stored = id_of(0x77);
	return entry;
}

/* A merge with one conflict of every form, on the way to another tree. */
static void
make_merge(struct dig_op *op)
{
	struct dig_entry empty = entry_of(DIG_ENTRY_FILE, DIG_FORM_EMPTY, 0);
	struct dig_entry chunk = entry_of(DIG_ENTRY_EXEC, DIG_FORM_CHUNK, 300);
	struct dig_entry nodes =
	    entry_of(DIG_ENTRY_FILE, DIG_FORM_NODES, 1u << 30);
	struct dig_entry link = entry_of(DIG_ENTRY_LINK, DIG_FORM_LINK, 20);
	const struct dig_entry *const all[] = { &empty, &chunk, &nodes };
	const struct dig_entry *const ours[] = { NULL, &link, NULL };

	memset(op, 0, sizeof(*op));
	op->commit = id_of(0x11);
	op->ref = dig_strdup("refs/heads/main");
	op->nroots = 2;
	op->roots[0] = id_of(0x22);
	op->roots[1] = id_of(0x33);
	op->kind = DIG_OP_MERGE;
	op->head = id_of(0x44);
	op->head_ref = dig_strdup("refs/heads/main");
	op->nparents = 2;
	op->parents = dig_calloc(2, sizeof(*op->parents));
	op->parents[0] = id_of(0x55);
	op->parents[1] = id_of(0x66);
	dig_buf_puts(&op->message, "Merge branch 'side'\n");
	dig_op_add_conflict(op, "a/text", 6, all);
	dig_op_add_conflict(op, "b", 1, ours);
}

/* A rebase that has stopped at a conflict. */
static void
make_rebase(struct dig_op *op)
{
	struct dig_entry chunk = entry_of(DIG_ENTRY_FILE, DIG_FORM_CHUNK, 3);
	const struct dig_entry *const sides[] = { &chunk, &chunk, &chunk };

	memset(op, 0, sizeof(*op));
	op->kind = DIG_OP_REBASE;
	op->head = id_of(0x44);
	op->head_ref = dig_strdup("refs/heads/topic");
	dig_buf_puts(&op->message, "Third\n");
	dig_op_add_conflict(op, "a", 1, sides);
	op->flags = DIG_COPY_STARTED | DIG_COPY_APPLIED | DIG_COPY_FORWARD;
	op->mainline = 2;
	op->onto = id_of(0x55);
	op->ntodo = 4;
	op->todo = dig_calloc(4, sizeof(*op->todo));
	for (uint8_t i = 0; i < 4; i++)
		op->todo[i] = id_of((uint8_t)(0x60 + i));
	dig_op_advance(op, 2);
}

/* A switch alone. */
static void
make_switch(struct dig_op *op)
{
	memset(op, 0, sizeof(*op));
	op->commit = id_of(0x11);
	op->nroots = 1;
	op->roots[0] = id_of(0x22);
}

/* What is taken has one form of bytes only: these. */
static bool
taken(const uint8_t *data, size_t len)
{
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_buf again = DIG_BUF_INIT;
	struct dig_op op;
	enum dig_status st = dig_op_decode(data, len, &op, &err);

	if (st != DIG_OK) {
		assert_true(st == DIG_ECORRUPT || st == DIG_ECONFLICT);
		assert_int_equal(err.status, st);
		return false;
	}
	dig_op_encode(&op, &again);
	assert_int_equal(again.len, len);
	assert_memory_equal(again.data, data, len);
	dig_buf_clear(&again);
	dig_op_clear(&op);
	return true;
}

static void
test_round_trip(void **state)
{
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_buf out = DIG_BUF_INIT;
	const struct dig_conflict *text;
	struct dig_op op, back;

	(void)state;
	make_merge(&op);
	dig_op_encode(&op, &out);
	assert_true(taken(out.data, out.len));
	assert_int_equal(dig_op_decode(out.data, out.len, &back, &err), DIG_OK);
	assert_string_equal(back.ref, "refs/heads/main");
	assert_int_equal(back.nroots, 2);
	assert_int_equal(back.nparents, 2);
	assert_true(dig_oid_eq(&back.parents[1], &op.parents[1]));
	assert_int_equal(back.nconflicts, 2);
	text = dig_op_conflict(&back, "a/text", 6);
	assert_non_null(text);
	assert_string_equal(dig_conflict_letters(text), "UU");
	assert_int_equal(text->side[DIG_SIDE_THEIRS].size_bytes, 1u << 30);
	assert_null(dig_op_conflict(&back, "a", 1));
	dig_op_drop_conflict(&back, 0);
	assert_string_equal(dig_conflict_letters(&back.conflicts[0]), "AU");
	dig_op_clear(&back);
	dig_op_clear(&op);
	make_rebase(&op);
	dig_op_encode(&op, &out);
	assert_true(taken(out.data, out.len));
	assert_int_equal(dig_op_decode(out.data, out.len, &back, &err), DIG_OK);
	assert_true(dig_op_copies(&back));
	assert_int_equal(back.ndone, 2);
	assert_true(dig_oid_eq(&back.done[1], &op.done[1]));
	assert_int_equal(back.ntodo, 2);
	assert_int_equal(back.todo[0].bytes[0], 0x62);
	assert_int_equal(back.mainline, 2);
	dig_op_advance(&back, 2);
	assert_int_equal(back.ntodo, 0);
	assert_int_equal(back.done[3].bytes[0], 0x63);
	dig_op_clear(&back);
	dig_op_clear(&op);
	make_switch(&op);
	dig_op_encode(&op, &out);
	assert_true(taken(out.data, out.len));
	dig_op_clear(&op);
	dig_op_encode(&op, &out);
	assert_int_equal(out.len, 0); /* nothing is in progress */
	dig_buf_clear(&out);
}

/* Every value of every byte, and every length, each in memory of its own so
 * that a read past its end is found. */
static void
hostile(void (*make)(struct dig_op *), size_t *ntaken)
{
	struct dig_buf good = DIG_BUF_INIT;
	struct dig_op op;

	make(&op);
	dig_op_encode(&op, &good);
	dig_op_clear(&op);
	for (size_t at = 0; at < good.len; at++)
		for (int value = 0; value < 256; value++) {
			uint8_t *copy = malloc(good.len);

			memcpy(copy, good.data, good.len);
			copy[at] = (uint8_t)value;
			*ntaken += taken(copy, good.len);
			free(copy);
		}
	for (size_t len = 0; len < good.len; len++) {
		uint8_t *copy = malloc(len > 0 ? len : 1);

		memcpy(copy, good.data, len);
		assert_false(taken(copy, len));
		free(copy);
	}
	dig_buf_putc(&good, 0);
	assert_false(taken(good.data, good.len)); /* a byte too many */
	dig_buf_clear(&good);
}

static void
test_hostile(void **state)
{
	size_t ntaken = 0;

	(void)state;
	hostile(make_switch, &ntaken);
	assert_true(ntaken > 1000); /* ids may be anything */
	hostile(make_merge, &ntaken);
	hostile(make_rebase, &ntaken);
}

static enum dig_status
decode(const struct dig_buf *bytes)
{
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_op op;
	enum dig_status st = dig_op_decode(bytes->data, bytes->len, &op, &err);

	if (st == DIG_OK)
		dig_op_clear(&op);
	return st;
}

/* One thing wrong at a time, in bytes that are else well formed. */
static void
test_refused(void **state)
{
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_op op;

	(void)state;
	make_merge(&op);
	dig_op_encode(&op, &bytes);
	bytes.data[0] = 3;
	assert_int_equal(decode(&bytes), DIG_ECONFLICT); /* a later dig's */

	op.conflicts[1].path[0] = 'A'; /* not ascending */
	dig_op_encode(&op, &bytes);
	assert_int_equal(decode(&bytes), DIG_ECORRUPT);
	op.conflicts[1].path[0] = '/';
	dig_op_encode(&op, &bytes);
	assert_int_equal(decode(&bytes), DIG_ECORRUPT);
	op.conflicts[1].path[0] = 'b';
	op.conflicts[1].has[DIG_SIDE_OURS] = false; /* no side at all */
	dig_op_encode(&op, &bytes);
	assert_int_equal(decode(&bytes), DIG_ECORRUPT);
	op.conflicts[1].has[DIG_SIDE_OURS] = true;
	op.conflicts[1].side[DIG_SIDE_OURS].size_bytes = DIG_HASH_SIZE + 1;
	dig_op_encode(&op, &bytes);
	assert_int_equal(decode(&bytes), DIG_ECORRUPT);
	op.conflicts[1].side[DIG_SIDE_OURS].size_bytes = DIG_HASH_SIZE;
	op.ref[0] = '.';
	dig_op_encode(&op, &bytes);
	assert_int_equal(decode(&bytes), DIG_ECORRUPT);
	op.ref[0] = 'r';
	dig_op_encode(&op, &bytes);
	assert_int_equal(decode(&bytes), DIG_OK);
	dig_op_clear(&op);

	make_rebase(&op);
	op.flags |= DIG_COPY_ALL_FLAGS + 1;
	dig_op_encode(&op, &bytes);
	assert_int_equal(decode(&bytes), DIG_ECORRUPT);
	op.flags = DIG_COPY_APPLIED;
	dig_op_encode(&op, &bytes);
	assert_int_equal(decode(&bytes), DIG_OK);
	dig_op_advance(&op, 2); /* nothing is left that could be applied */
	dig_op_encode(&op, &bytes);
	assert_int_equal(decode(&bytes), DIG_ECORRUPT);
	op.flags = 0;
	op.mainline = 1025;
	dig_op_encode(&op, &bytes);
	assert_int_equal(decode(&bytes), DIG_ECORRUPT);
	dig_op_clear(&op);

	make_switch(&op);
	op.nroots = 0;
	op.kind = DIG_OP_MERGE; /* a merge without a switch is one */
	dig_op_encode(&op, &bytes);
	assert_int_equal(decode(&bytes), DIG_OK);
	dig_op_clear(&op);
	dig_buf_clear(&bytes);
}

/* Conflicts alone: at least one, nothing for a commit, over with the last. */
static void
test_unmerged(void **state)
{
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_op op;

	(void)state;
	make_merge(&op);
	op.kind = DIG_OP_UNMERGED;
	dig_op_encode(&op, &bytes);
	assert_int_equal(decode(&bytes), DIG_ECORRUPT); /* has parents */
	op.nparents = 0;
	dig_op_encode(&op, &bytes);
	assert_int_equal(decode(&bytes), DIG_ECORRUPT); /* and a message */
	dig_buf_clear(&op.message);
	dig_op_encode(&op, &bytes);
	assert_int_equal(decode(&bytes), DIG_OK);
	dig_op_drop_conflict(&op, 0);
	assert_int_equal(op.kind, DIG_OP_UNMERGED);
	dig_op_drop_conflict(&op, 0);
	assert_int_equal(op.kind, DIG_OP_NONE);
	op.kind = DIG_OP_UNMERGED;
	dig_op_encode(&op, &bytes);
	assert_int_equal(decode(&bytes), DIG_ECORRUPT); /* no conflict */
	dig_op_clear(&op);
	dig_buf_clear(&bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_unmerged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
