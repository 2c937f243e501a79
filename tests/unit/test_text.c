/* SPDX-License-Identifier: MIT
 *
 * The text engine: patches as git prints them, random texts put together
 * again from their comparison, merges, and what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "objects/base/buf.h"
#include "repo/text.h"
#include "repo/text_simple.h"

#define SEED 0x5eed0011u
#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static uint32_t
next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static bool
print_hunk(void *arg, const struct dig_text_hunk *hunk)
{
	dig_buf_printf(arg, "@ %zu,%zu %zu,%zu", hunk->old_start,
	    hunk->old_lines, hunk->new_start, hunk->new_lines);
	if (hunk->heading_len > 0) {
		dig_buf_putc(arg, ' ');
		dig_buf_put(arg, hunk->heading, hunk->heading_len);
	}
	dig_buf_putc(arg, '\n');
	return true;
}

static bool
print_line(void *arg, char kind, const char *line, size_t len)
{
	dig_buf_putc(arg, (uint8_t)kind);
	dig_buf_put(arg, line, len);
	if (len == 0 || line[len - 1] != '\n')
		dig_buf_puts(arg, "$\n");
	return true;
}

static void
test_diff(void **state)
{
	static const struct {
		const char *a;
		const char *b;
		unsigned context;
		char space; /* 'w', 'b' or 0 */
		const char *want;
	} cases[] = {
		{ "", "", 3, 0, "" },
		{ "a\n", "a\n", 3, 0, "" },
		{ "", "a\n", 3, 0, "@ 0,0 1,1\n+a\n" },
		{ "a\n", "", 3, 0, "@ 1,1 0,0\n-a\n" },
		{ "a", "a\n", 3, 0, "@ 1,1 1,1\n-a$\n+a\n" },
		{ "a\n", "a", 3, 0, "@ 1,1 1,1\n-a\n+a$\n" },
		{ "a", "b", 3, 0, "@ 1,1 1,1\n-a$\n+b$\n" },
		{ "x\na", "y\na", 3, 0, "@ 1,2 1,2\n-x\n+y\n a$\n" },
		{ "1\n2\n3\n4\n5\n", "1\n2\n4\n5\n", 1, 0,
		    "@ 2,3 2,2\n 2\n-3\n 4\n" },
		{ "1\n2\n3\n", "1\n3\n", 0, 0, "@ 2,1 1,0\n-2\n" },
		{ "int f(void)\n{\n\t1;\n\t2;\n\t3;\n\t4;\n}\n",
		    "int f(void)\n{\n\t1;\n\t2;\n\t3;\n\t5;\n}\n", 1, 0,
		    "@ 5,3 5,3 int f(void)\n \t3;\n-\t4;\n+\t5;\n }\n" },
		{ "a b\n", "a  b\n", 3, 'b', "" },
		{ "a b\n", "ab\n", 3, 'b', "@ 1,1 1,1\n-a b\n+ab\n" },
		{ "a b\n", " ab\n", 3, 'w', "" },
		{ "\xff\x01\n", "\xfe\x1b[m\n", 3, 0,
		    "@ 1,1 1,1\n-\xff\x01\n+\xfe\x1b[m\n" },
	};
	struct dig_text text = DIG_TEXT_INIT;
	struct dig_buf got = DIG_BUF_INIT;
	struct dig_text_sink sink = { &got, print_hunk, print_line };
	struct dig_error err = DIG_ERROR_INIT;

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct dig_text_options options = DIG_TEXT_OPTIONS_INIT;

		options.context_lines = cases[i].context;
		options.ignore_all_space = cases[i].space == 'w';
		options.ignore_space_change = cases[i].space == 'b';
		dig_buf_reset(&got);
		dig_buf_puts(&got, "");
		assert_int_equal(
		    dig_text_diff(&text, cases[i].a, strlen(cases[i].a),
			cases[i].b, strlen(cases[i].b), &options, &sink, &err),
		    DIG_OK);
		dig_buf_putc(&got, '\0');
		assert_string_equal(got.data, cases[i].want);
	}
	dig_text_close(&text);
	dig_buf_clear(&got);
}

/* Both texts, put together again from a comparison with all context. */
struct both {
	struct dig_buf sides[2];
	size_t nlines;
	size_t stop_after;
};

static bool
both_hunk(void *arg, const struct dig_text_hunk *hunk)
{
	(void)arg;
	assert_true(hunk->old_lines + hunk->new_lines > 0);
	return true;
}

static bool
both_line(void *arg, char kind, const char *line, size_t len)
{
	struct both *both = arg;

	if (kind != '+')
		dig_buf_put(&both->sides[0], line, len);
	if (kind != '-')
		dig_buf_put(&both->sides[1], line, len);
	return ++both->nlines != both->stop_after;
}

static void
random_text(struct dig_buf *out, uint32_t *rng)
{
	size_t nlines = next_random(rng) % 30;

	dig_buf_reset(out);
	for (size_t i = 0; i < nlines; i++)
		dig_buf_printf(out, "%u\n", next_random(rng) % 6);
	if (out->len > 0 && next_random(rng) % 3 == 0)
		out->len--;
	/* exactly sized, so that a read past the end is caught */
	out->data = dig_realloc(out->data, out->len + 1);
	out->cap = out->len + 1;
}

static void
test_random(void **state)
{
	struct dig_text_options options = DIG_TEXT_OPTIONS_INIT;
	struct dig_text text = DIG_TEXT_INIT;
	struct dig_buf a = DIG_BUF_INIT, b = DIG_BUF_INIT;
	struct both both = { 0 };
	struct dig_text_sink sink = { &both, both_hunk, both_line };
	struct dig_error err = DIG_ERROR_INIT;
	uint32_t rng = SEED;

	(void)state;
	options.context_lines = 100;
	for (int i = 0; i < 1000; i++) {
		random_text(&a, &rng);
		random_text(&b, &rng);
		dig_buf_reset(&both.sides[0]);
		dig_buf_reset(&both.sides[1]);
		both.nlines = 0;
		assert_int_equal(dig_text_diff(&text, a.data, a.len, b.data,
				     b.len, &options, &sink, &err),
		    DIG_OK);
		if (both.nlines == 0) {
			assert_int_equal(a.len, b.len);
			continue;
		}
		assert_int_equal(both.sides[0].len, a.len);
		assert_memory_equal(both.sides[0].data, a.data, a.len);
		assert_int_equal(both.sides[1].len, b.len);
		assert_memory_equal(both.sides[1].data, b.data, b.len);
	}
	/* a sink that has seen enough */
	both.nlines = 0;
	both.stop_after = 2;
	assert_int_equal(dig_text_diff(&text, "1\n2\n3\n", 6, "4\n5\n6\n", 6,
			     &options, &sink, &err),
	    DIG_OK);
	assert_int_equal(both.nlines, 2);
	dig_text_close(&text);
	dig_buf_clear(&a);
	dig_buf_clear(&b);
	dig_buf_clear(&both.sides[0]);
	dig_buf_clear(&both.sides[1]);
}

static void
test_merge(void **state)
{
	static const struct {
		const char *base;
		const char *ours;
		const char *theirs;
		enum dig_text_style style;
		size_t nconflicts;
		const char *want;
	} cases[] = {
		{ "1\n2\n3\n", "0\n2\n3\n", "1\n2\n4\n", DIG_TEXT_MERGE, 0,
		    "0\n2\n4\n" },
		{ "", "", "", DIG_TEXT_MERGE, 0, "" },
		{ "1\n", "", "", DIG_TEXT_MERGE, 0, "" },
		{ "1\n", "2\n", "2\n", DIG_TEXT_MERGE, 0, "2\n" },
		{ "1\n", "2\n", "3\n", DIG_TEXT_MERGE, 1,
		    "<<<<<<< us\n2\n=======\n3\n>>>>>>> them\n" },
		{ "1\n", "2\n", "3\n", DIG_TEXT_DIFF3, 1,
		    "<<<<<<< us\n2\n||||||| base\n1\n=======\n3\n"
		    ">>>>>>> them\n" },
		{ "1\na\nb\n2\n", "3\na\nb\n2\n", "4\na\nb\n5\n", DIG_TEXT_OURS,
		    0, "3\na\nb\n5\n" },
		{ "1\na\nb\n2\n", "3\na\nb\n2\n", "4\na\nb\n5\n",
		    DIG_TEXT_THEIRS, 0, "4\na\nb\n5\n" },
		{ "", "2", "3", DIG_TEXT_MERGE, 1,
		    "<<<<<<< us\n2\n=======\n3\n>>>>>>> them\n" },
		{ "1\r\n", "2\r\n", "3\r\n", DIG_TEXT_MERGE, 1,
		    "<<<<<<< us\r\n2\r\n=======\r\n3\r\n>>>>>>> them\r\n" },
		{ "1\na\nb\nc\nd\n2\n", "3\na\nb\nc\nd\n4\n",
		    "5\na\nb\nc\nd\n6\n", DIG_TEXT_MERGE, 2,
		    "<<<<<<< us\n3\n=======\n5\n>>>>>>> them\na\nb\nc\nd\n"
		    "<<<<<<< us\n4\n=======\n6\n>>>>>>> them\n" },
	};
	struct dig_text text = DIG_TEXT_INIT;
	struct dig_buf out = DIG_BUF_INIT;
	struct dig_error err = DIG_ERROR_INIT;

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct dig_text_side sides[] = {
			{ cases[i].base, strlen(cases[i].base), "base" },
			{ cases[i].ours, strlen(cases[i].ours), "us" },
			{ cases[i].theirs, strlen(cases[i].theirs), "them" },
		};
		size_t nconflicts = 99;

		assert_int_equal(
		    dig_text_merge(&text, &sides[0], &sides[1], &sides[2],
			cases[i].style, 7, &out, &nconflicts, &err),
		    DIG_OK);
		dig_buf_putc(&out, '\0');
		assert_string_equal(out.data, cases[i].want);
		assert_int_equal(nconflicts, cases[i].nconflicts);
	}
	dig_text_close(&text);
	dig_buf_clear(&out);
}

static void
test_refused(void **state)
{
	struct dig_text_options options = DIG_TEXT_OPTIONS_INIT;
	struct dig_text text = DIG_TEXT_INIT;
	struct dig_buf out = DIG_BUF_INIT;
	struct dig_text_sink sink = { &out, print_hunk, print_line };
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_text_side plain = { "a\n", 2, "x" };
	struct dig_text_side binary = { "a\0b", 3, "x" };
	size_t nconflicts = 7, len = DIG_TEXT_MAX_BYTES + 1;
	char *big = malloc(len);

	(void)state;
	assert_non_null(big);
	memset(big, 'x', len);
	assert_true(dig_text_fits(big, len - 1));
	assert_false(dig_text_fits(big, len));
	assert_int_equal(
	    dig_text_diff(&text, big, len, "a", 1, &options, &sink, &err),
	    DIG_EINVALID);
	memset(big, '\n', DIG_TEXT_MAX_LINES);
	assert_true(dig_text_fits(big, DIG_TEXT_MAX_LINES));
	assert_false(dig_text_fits(big, DIG_TEXT_MAX_LINES + 1));
	assert_int_equal(dig_text_diff(&text, "a", 1, big,
			     DIG_TEXT_MAX_LINES + 1, &options, &sink, &err),
	    DIG_EINVALID);
	assert_int_equal(dig_text_merge(&text, &plain, &binary, &plain,
			     DIG_TEXT_MERGE, 7, &out, &nconflicts, &err),
	    DIG_EINVALID);
	assert_int_equal(nconflicts, 7);
	/* nothing of this needed the plugin */
	assert_null(text.handle);
	free(big);
	dig_buf_clear(&out);
}

static void
test_binary(void **state)
{
	char data[9000];

	(void)state;
	memset(data, 'a', sizeof(data));
	assert_false(dig_text_is_binary(data, sizeof(data)));
	assert_false(dig_text_is_binary(NULL, 0));
	data[8000] = '\0';
	assert_false(dig_text_is_binary(data, sizeof(data)));
	data[7999] = '\0';
	assert_true(dig_text_is_binary(data, sizeof(data)));
	assert_false(dig_text_is_binary(data, 7999));
}

/* One of a thousand equal lines goes. What both end with is left out by the
 * KiB: git names the line before it, and without that the last one. */
static void
test_cut_end(void **state)
{
	static const struct {
		bool cut;
		bool lines;
		const char *want;
	} cases[] = {
		{ false, true, "@ 1000,1 999,0 x\n-x\n" },
		{ true, true, "@ 489,1 488,0 x\n-x\n" },
		{ true, false, "@ 489,1 488,0 x\n" },
	};
	struct dig_text text = DIG_TEXT_INIT;
	struct dig_text_options options = DIG_TEXT_OPTIONS_INIT;
	struct dig_buf got = DIG_BUF_INIT, lines = DIG_BUF_INIT;
	struct dig_text_sink sink = { &got, print_hunk, NULL };
	struct dig_error err = DIG_ERROR_INIT;

	(void)state;
	options.context_lines = 0;
	for (int i = 0; i < 1000; i++)
		dig_buf_puts(&lines, "x\n");
	for (size_t i = 0; i < LEN(cases); i++) {
		options.cut_end = cases[i].cut;
		sink.line = cases[i].lines ? print_line : NULL;
		dig_buf_reset(&got);
		assert_int_equal(
		    dig_text_diff(&text, lines.data, lines.len, lines.data + 2,
			lines.len - 2, &options, &sink, &err),
		    DIG_OK);
		dig_buf_putc(&got, '\0');
		assert_string_equal(got.data, cases[i].want);
	}
	dig_text_close(&text);
	dig_buf_clear(&got);
	dig_buf_clear(&lines);
}

/* Random edits of few and of many equal lines: where there is one answer only
 * the engine, which is asked for lines too, gives it. */
static bool
ignore_line(void *arg, char kind, const char *line, size_t len)
{
	(void)arg;
	(void)kind;
	(void)line;
	(void)len;
	return true;
}

static bool
print_place(void *arg, const struct dig_text_hunk *hunk)
{
	dig_buf_printf(arg, "%zu,%zu %zu,%zu\n", hunk->old_start,
	    hunk->old_lines, hunk->new_start, hunk->new_lines);
	return true;
}

static void
put_lines(struct dig_buf *out, uint32_t *state, unsigned n, uint32_t kinds)
{
	while (n-- > 0)
		dig_buf_printf(out, "%s%u\n",
		    next_random(state) % 3 == 0 ? "\t" : "",
		    next_random(state) % kinds);
}

/* The same lines, here and there some more, fewer or others. */
static void
edit_lines(const struct dig_buf *old, struct dig_buf *out, uint32_t *state,
    uint32_t kinds, uint32_t rate)
{
	const uint8_t *at = old->data, *end = at + old->len;

	while (at < end) {
		const uint8_t *nl = memchr(at, '\n', (size_t)(end - at));
		uint32_t what = next_random(state) % rate;

		if (what < 2)
			put_lines(out, state, 1 + what, kinds);
		if (what < 1 || what > 2)
			dig_buf_put(out, at, (size_t)(nl - at) + 1);
		at = nl + 1;
	}
	if (next_random(state) % 8 == 0 && out->len > 0)
		out->len--;
}

static void
test_simple(void **state)
{
	struct dig_text text = DIG_TEXT_INIT;
	struct dig_text_options options = DIG_TEXT_OPTIONS_INIT;
	struct dig_buf old = DIG_BUF_INIT, now = DIG_BUF_INIT;
	struct dig_buf got = DIG_BUF_INIT, want = DIG_BUF_INIT;
	struct dig_error err = DIG_ERROR_INIT;
	uint32_t random = SEED;
	unsigned nsimple = 0, trials = 4000;

	(void)state;
	options.context_lines = 0;
	options.cut_end = true;
	for (unsigned i = 0; i < trials; i++) {
		static const uint32_t kinds[] = { 2, 9, 60, 1000000 };
		struct dig_text_sink sink = { &want, print_place, ignore_line };
		uint32_t kind = kinds[next_random(&random) % 4];

		dig_buf_reset(&old);
		dig_buf_reset(&now);
		dig_buf_reset(&got);
		dig_buf_reset(&want);
		put_lines(&old, &random, 1 + next_random(&random) % 300, kind);
		edit_lines(
		    &old, &now, &random, kind, 3 + next_random(&random) % 200);
		assert_int_equal(dig_text_diff(&text, old.data, old.len,
				     now.data, now.len, &options, &sink, &err),
		    DIG_OK);
		sink.arg = &got;
		sink.line = NULL;
		if (now.len == 0 || now.len == old.len ||
		    !dig_text_simple(
			old.data, old.len, now.data, now.len, &sink))
			continue;
		nsimple++;
		dig_buf_putc(&got, '\0');
		dig_buf_putc(&want, '\0');
		assert_string_equal(got.data, want.data);
	}
	assert_true(nsimple > trials / 5);
	dig_text_close(&text);
	dig_buf_clear(&old);
	dig_buf_clear(&now);
	dig_buf_clear(&got);
	dig_buf_clear(&want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_diff),
		cmocka_unit_test(test_cut_end),
		cmocka_unit_test(test_simple),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_binary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
