/* SPDX-License-Identifier: MIT
 *
 * Parity: every pattern of lost cells, portions, short groups, hostile heads.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "objects/parity.h"

#define CELL DIG_PARITY_CELL

static uint64_t seed = 88172645463325252u;

static uint64_t
next(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static uint8_t *
noise(size_t len)
{
	uint8_t *out = dig_alloc(len + 8);

	for (size_t i = 0; i < len; i += 8) {
		uint64_t word = next();

		memcpy(out + i, &word, 8);
	}
	return out;
}

/* The cells of one stripe of a group, copied; those past its end are zeros. */
struct stripe {
	struct dig_parity_shape shape;
	uint8_t *cells[DIG_PARITY_DATA_MAX + DIG_PARITY_PARITY_MAX];
};

static void
stripe_load(struct stripe *stripe, const struct dig_parity_shape *shape,
    const uint8_t *data, uint64_t len, const uint8_t *parity, size_t which)
{
	stripe->shape = *shape;
	for (size_t i = 0; i < shape->data; i++) {
		size_t cell = i * DIG_PARITY_STRIPES + which;

		stripe->cells[i] = dig_calloc(1, CELL);
		if (cell < dig_parity_ncells(len))
			memcpy(stripe->cells[i], data + cell * CELL,
			    dig_parity_cell_bytes(len, cell));
	}
	for (size_t j = 0; j < shape->parity; j++) {
		stripe->cells[shape->data + j] = dig_alloc(CELL);
		memcpy(stripe->cells[shape->data + j],
		    parity + (which * shape->parity + j) * CELL, CELL);
	}
}

static void
stripe_free(struct stripe *stripe)
{
	for (size_t i = 0; i < stripe->shape.data + stripe->shape.parity; i++)
		free(stripe->cells[i]);
}

/* Destroy the cells of the mask, rebuild, compare. */
static bool
survives(const struct stripe *whole, const bool lost[])
{
	size_t n = whole->shape.data + whole->shape.parity;
	uint8_t *cells[DIG_PARITY_DATA_MAX + DIG_PARITY_PARITY_MAX] = { NULL };
	bool same;

	for (size_t i = 0; i < n; i++) {
		cells[i] = dig_alloc(CELL);
		memcpy(cells[i], whole->cells[i], CELL);
		if (lost[i])
			memset(cells[i], 0x5a, CELL);
	}
	same = dig_parity_rebuild(&whole->shape, cells, lost);
	for (size_t i = 0; i < n; i++) {
		if (same && memcmp(cells[i], whole->cells[i], CELL) != 0)
			fail_msg("%u+%u: cell %zu rebuilt wrongly",
			    whole->shape.data, whole->shape.parity, i);
		free(cells[i]);
	}
	return same;
}

static const uint8_t *
encode(struct dig_parity_encoder *encoder, const uint8_t *data, uint64_t len,
    struct dig_parity_head *head)
{
	dig_parity_encoder_begin(encoder, 0);
	dig_parity_encoder_add(encoder, data, (size_t)len);
	return dig_parity_encoder_finish(encoder, head);
}

static void
test_patterns(void **state)
{
	static const struct dig_parity_shape shapes[] = { { 20, 2 }, { 4, 3 },
		{ 1, 1 } };
	struct dig_parity_head head;

	(void)state;
	for (size_t s = 0; s < sizeof(shapes) / sizeof(shapes[0]); s++) {
		const struct dig_parity_shape *shape = &shapes[s];
		size_t n = shape->data + shape->parity;
		uint64_t len = dig_parity_group_bytes(shape);
		uint8_t *data = noise((size_t)len);
		struct dig_parity_encoder *encoder =
		    dig_parity_encoder_new(shape);
		const uint8_t *parity = encode(encoder, data, len, &head);
		struct stripe stripe;
		size_t done[8] = { 0 };

		stripe_load(&stripe, shape, data, len, parity, 7);
		for (uint64_t mask = 0; mask < (uint64_t)1 << n; mask++) {
			size_t count = (size_t)__builtin_popcountll(mask);
			bool lost[22];

			/* All with up to `parity`, and some with one more. */
			if (count > shape->parity + 1 ||
			    (count == shape->parity + 1 && mask % 17 != 0 &&
				n > 8))
				continue;
			for (size_t i = 0; i < n; i++)
				lost[i] = (mask >> i & 1) != 0;
			assert_int_equal(
			    survives(&stripe, lost), count <= shape->parity);
			done[count]++;
		}
		if (shape->data == 20)
			assert_int_equal(done[2], 231);
		stripe_free(&stripe);
		dig_parity_encoder_free(encoder);
		free(data);
	}
}

/* The same group in other portions, and its beginning last. */
static void
test_portions(void **state)
{
	const struct dig_parity_shape shape = { 3, 2 };
	uint64_t full = dig_parity_group_bytes(&shape);
	struct dig_parity_encoder *encoder = dig_parity_encoder_new(&shape);
	size_t parity_bytes = DIG_PARITY_STRIPES * shape.parity * CELL;
	uint8_t *data = noise((size_t)full);
	uint8_t *want = dig_alloc(parity_bytes);
	struct dig_parity_head head, again;

	(void)state;
	for (int round = 0; round < 40; round++) {
		uint64_t len = round == 0 ? full : 1 + next() % full;
		uint64_t from = next() % (len + 1);
		const uint8_t *got;
		size_t n;

		if (round % 4 == 1)
			from -= from % CELL;
		if (round % 4 == 2)
			from = len;
		memcpy(want, encode(encoder, data, len, &head), parity_bytes);
		dig_parity_encoder_begin(encoder, from);
		for (uint64_t at = from; at < len; at += n) {
			n = (size_t)(1 + next() % 200000);
			n = n < len - at ? n : (size_t)(len - at);
			dig_parity_encoder_add(encoder, data + at, n);
		}
		for (uint64_t at = 0; at < from; at += n) {
			n = (size_t)(1 + next() % 200000);
			n = n < from - at ? n : (size_t)(from - at);
			dig_parity_encoder_add_before(encoder, data + at, n);
		}
		assert_int_equal(dig_parity_encoder_length(encoder), len);
		got = dig_parity_encoder_finish(encoder, &again);
		assert_memory_equal(got, want, parity_bytes);
		assert_int_equal(again.length, len);
		assert_memory_equal(again.sums, head.sums,
		    8 * (dig_parity_ncells(len) +
			    dig_parity_nstripes(len) * shape.parity));
		for (size_t c = 0; c < dig_parity_ncells(len); c++)
			assert_int_equal(
			    head.sums[c], dig_hash64(data + c * CELL,
					      dig_parity_cell_bytes(len, c)));
	}
	dig_parity_encoder_free(encoder);
	free(data);
	free(want);
}

static void
test_short_groups(void **state)
{
	const struct dig_parity_shape shape = { 20, 2 };
	static const uint64_t lengths[] = { 1, 64, CELL - 1, CELL, CELL + 1,
		16 * CELL, 16 * CELL + 5, 40 * CELL, 319 * CELL + 7 };
	struct dig_parity_encoder *encoder = dig_parity_encoder_new(&shape);
	uint8_t *data = noise(320 * CELL);
	struct dig_parity_head head;

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		uint64_t len = lengths[i];
		const uint8_t *parity = encode(encoder, data, len, &head);
		size_t ncells = dig_parity_ncells(len);

		for (size_t w = 0; w < dig_parity_nstripes(len); w++) {
			struct stripe stripe;
			bool lost[22] = { false };

			stripe_load(&stripe, &shape, data, len, parity, w);
			lost[0] = true;
			lost[w % 2 && w + 16 < ncells ? 1 : 21] = true;
			assert_true(survives(&stripe, lost));
			lost[20] = true;
			assert_false(survives(&stripe, lost));
			stripe_free(&stripe);
		}
	}
	assert_int_equal(dig_parity_nstripes(5 * CELL), 5);
	assert_int_equal(dig_parity_stored_bytes(&shape, 320 * CELL),
	    2 * (72 + 8 * (320 + 32) + 8) + 32 * CELL);
	dig_parity_encoder_free(encoder);
	free(data);
}

static void
test_heads(void **state)
{
	const struct dig_parity_shape shape = { 2, 1 };
	struct dig_parity_head head = { { 0 }, 7, 3, 0, { 0 }, { 0 } };
	struct dig_parity_head ask;
	struct dig_parity_encoder *encoder = dig_parity_encoder_new(&shape);
	struct dig_buf bytes = DIG_BUF_INIT;
	uint8_t *data = noise(3 * CELL);

	(void)state;
	memset(head.store_id, 9, 32);
	encode(encoder, data, 3 * CELL - 5, &head);
	dig_parity_head_encode(&head, &bytes);
	assert_int_equal(
	    bytes.len, dig_parity_head_bytes(&shape, 3 * CELL - 5));
	ask = head;
	memset(ask.sums, 0, sizeof(ask.sums));
	assert_true(dig_parity_head_decode(bytes.data, bytes.len, &ask));
	assert_memory_equal(ask.sums, head.sums, 8 * 6);
	for (size_t len = 0; len < bytes.len; len++)
		assert_false(dig_parity_head_decode(bytes.data, len, &ask));
	for (size_t bit = 0; bit < 8 * bytes.len; bit++) {
		bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(
		    dig_parity_head_decode(bytes.data, bytes.len, &ask));
		bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	/* The head of another group, pack, length, shape. */
	ask.group++;
	assert_false(dig_parity_head_decode(bytes.data, bytes.len, &ask));
	ask = head;
	ask.pack++;
	assert_false(dig_parity_head_decode(bytes.data, bytes.len, &ask));
	ask = head;
	ask.length++;
	assert_false(dig_parity_head_decode(bytes.data, bytes.len, &ask));
	ask = head;
	ask.shape.data++;
	assert_false(dig_parity_head_decode(bytes.data, bytes.len, &ask));
	dig_buf_clear(&bytes);
	dig_parity_encoder_free(encoder);
	free(data);
}

static void
test_shapes(void **state)
{
	static const struct {
		struct dig_parity_shape shape;
		bool valid;
	} cases[] = { { { 20, 2 }, true }, { { 1, 1 }, true },
		{ { 64, 16 }, true }, { { 0, 2 }, false }, { { 2, 0 }, false },
		{ { 65, 1 }, false }, { { 1, 17 }, false },
		{ { 0xffffffff, 0xffffffff }, false } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(
		    dig_parity_shape_valid(&cases[i].shape), cases[i].valid);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_portions),
		cmocka_unit_test(test_short_groups),
		cmocka_unit_test(test_heads),
		cmocka_unit_test(test_shapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
