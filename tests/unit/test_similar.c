/* SPDX-License-Identifier: MIT
 *
 * Likeness of files: percentages as -M takes them, prints that do not depend
 * on how the bytes come in, and what two files have in common.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "objects/base/buf.h"
#include "repo/diff.h"
#include "repo/similar.h"

#define SEED 0x5eed0012u
#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static uint32_t
next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static void
test_scores(void **state)
{
	static const struct {
		const char *text;
		unsigned score; /* 0 with good false */
		bool good;
	} cases[] = {
		{ "50%", 30000, true },
		{ "90%", 54000, true },
		{ "100%", 60000, true },
		{ "9", 54000, true },
		{ "05", 3000, true },
		{ "5", 30000, true },
		{ "0.75", 45000, true },
		{ "12.5%", 7500, true },
		{ "300%", 60000, true },
		{ "99999999999999999999999999", 59999, true },
		{ "0", 0, true },
		{ "half", 0, false },
		{ "5%%", 0, false },
		{ "5x", 0, false },
		{ "1.2.3", 0, false },
		{ "-5", 0, false },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		unsigned score = 0;
		bool good = dig_score_parse(cases[i].text, &score);

		if (good != cases[i].good || score != cases[i].score)
			fail_msg("'%s': %d %u", cases[i].text, good, score);
	}
}

static void
make_print(struct dig_printer *printer, const char *data, size_t len,
    size_t step, struct dig_print *out)
{
	for (size_t at = 0; at < len; at += step)
		dig_printer_feed(
		    printer, data + at, len - at < step ? len - at : step);
	dig_printer_end(printer, out);
}

static uint64_t
common(struct dig_printer *printer, const char *a, const char *b)
{
	struct dig_print x, y;
	uint64_t bytes;

	make_print(printer, a, strlen(a), 7, &x);
	make_print(printer, b, strlen(b), 7, &y);
	bytes = dig_print_common(&x, &y);
	assert_int_equal(bytes, dig_print_common(&y, &x));
	dig_print_clear(&x);
	dig_print_clear(&y);
	return bytes;
}

static void
test_common(void **state)
{
	struct dig_printer *printer = dig_printer_new();

	(void)state;
	assert_int_equal(common(printer, "", ""), 0);
	assert_int_equal(common(printer, "a\nb\n", "a\nb\n"), 4);
	assert_int_equal(common(printer, "a\nb\n", "b\na\n"), 4);
	assert_int_equal(common(printer, "a\na\n", "a\n"), 2);
	assert_int_equal(common(printer, "a\n", "b\n"), 0);
	assert_int_equal(common(printer, "a\r\nb\r\n", "a\nb\n"), 4);
	assert_int_equal(common(printer, "a\rb\n", "ab\n"), 0);
	/* what follows the last cut does not count */
	assert_int_equal(common(printer, "a\nrest", "a\nrest"), 2);
	dig_printer_free(printer);
}

static void
test_pieces(void **state)
{
	struct dig_printer *printer = dig_printer_new();
	uint32_t rng = SEED;
	char *data = malloc(20000);

	(void)state;
	assert_non_null(data);
	for (int round = 0; round < 60; round++) {
		size_t len = next_random(&rng) % 20000;
		struct dig_print whole, pieces;

		for (size_t i = 0; i < len; i++)
			data[i] = "ab\r\n\r\nc\0"[next_random(&rng) %
						  (round % 2 ? 8 : 7)];
		make_print(printer, data, len, len + 1, &whole);
		make_print(printer, data, len,
		    1 + next_random(&rng) % (round % 3 ? 9000 : 3), &pieces);
		assert_int_equal(whole.count, pieces.count);
		assert_memory_equal(whole.parts, pieces.parts,
		    whole.count * sizeof(*whole.parts));
		dig_print_clear(&whole);
		dig_print_clear(&pieces);
	}
	free(data);
	dig_printer_free(printer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scores),
		cmocka_unit_test(test_common),
		cmocka_unit_test(test_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
