/* SPDX-License-Identifier: MIT
 *
 * What a person or a program reads: JSON, escaped text, paths, sizes, dates,
 * near words, colours.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <fcntl.h>

#include <cmocka.h>

#include "cmd/json.h"
#include "cmd/text.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static void
assert_out(struct dig_out *out, const char *want)
{
	dig_buf_putc(&out->buf, '\0');
	assert_string_equal((const char *)out->buf.data, want);
	dig_out_clear(out);
}

static void
test_structure(void **state)
{
	struct dig_out out;
	struct dig_json json;

	(void)state;
	dig_out_init(&out, -1);
	dig_json_init(&json, &out);
	dig_json_object(&json, NULL);
	dig_json_int(&json, "a", INT64_MIN);
	dig_json_uint(&json, "b", UINT64_MAX);
	dig_json_array(&json, "c");
	dig_json_bool(&json, NULL, true);
	dig_json_object(&json, NULL);
	dig_json_object_end(&json);
	dig_json_array(&json, NULL);
	dig_json_array_end(&json);
	dig_json_null(&json, NULL);
	dig_json_array_end(&json);
	dig_json_object(&json, "d");
	dig_json_string(&json, "e", "");
	dig_json_object_end(&json);
	dig_json_bool(&json, "f", false);
	dig_json_object_end(&json);
	dig_json_end(&json);
	dig_json_int(&json, NULL, 1);
	dig_json_end(&json);
	assert_out(&out,
	    "{\"a\":-9223372036854775808,\"b\":18446744073709551615,"
	    "\"c\":[true,{},[],null],\"d\":{\"e\":\"\"},\"f\":false}\n1\n");
}

static void
test_strings(void **state)
{
	static const struct {
		const char *text;
		const char *want;
	} cases[] = {
		{ "plain", "\"plain\"" },
		{ "\"\\/", "\"\\\"\\\\/\"" },
		{ "\b\t\n\f\r", "\"\\b\\t\\n\\f\\r\"" },
		{ "\x01\x1b\x7f", "\"\\u0001\\u001b\\u007f\"" },
		{ "\xc2\x9b", "\"\\u009b\"" },
		{ "\xe2\x80\xae", "\"\\u202e\"" },
		{ "\xc3\xa9\xf0\x9f\x98\x80", "\"\xc3\xa9\xf0\x9f\x98\x80\"" },
		{ "a\xff", "\"a\xef\xbf\xbd\"" },
		/* one for each broken sequence, Unicode 15, table 3-8 */
		{ "\xe2\x82z", "\"\xef\xbf\xbdz\"" },
		{ "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "\xf0\x9f", "\"\xef\xbf\xbd\"" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct dig_out out;
		struct dig_json json;

		dig_out_init(&out, -1);
		dig_json_init(&json, &out);
		dig_json_string(&json, NULL, cases[i].text);
		assert_out(&out, cases[i].want);
	}
}

static void
test_paths(void **state)
{
	static const struct {
		const char *path;
		const char *want;
	} cases[] = {
		{ "a/b", "{\"path\":\"a/b\"}" },
		{ "\xff", "{\"path\":\"\xef\xbf\xbd\",\"path_b64\":\"/w==\"}" },
		{ "a\xff",
		    "{\"path\":\"a\xef\xbf\xbd\",\"path_b64\":\"Yf8=\"}" },
		{ "ab\xff",
		    "{\"path\":\"ab\xef\xbf\xbd\",\"path_b64\":\"YWL/\"}" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct dig_out out;
		struct dig_json json;

		dig_out_init(&out, -1);
		dig_json_init(&json, &out);
		dig_json_object(&json, NULL);
		dig_json_path(
		    &json, "path", cases[i].path, strlen(cases[i].path));
		dig_json_object_end(&json);
		assert_out(&out, cases[i].want);
	}
}

static void
test_terminal_text(void **state)
{
	static const char text[] = "a\x1b[2J\tb\n\xc2\x9bm\xe2\x80\xae\xff";
	struct dig_out out;

	(void)state;
	dig_out_init(&out, -1);
	dig_out_text(&out, text, sizeof(text) - 1);
	assert_out(&out, text);

	dig_out_init(&out, -1);
	out.terminal = true;
	dig_out_text(&out, text, sizeof(text) - 1);
	assert_out(&out, "a\\x1b[2J\tb\n\\u{009b}m\\u{202e}\\xff");
}

static void
test_output_paths(void **state)
{
	static const char name[] = "\xc3\xa9";
	static const char turned[] = "\xe2\x80\xae";
	struct dig_out out;

	(void)state;
	dig_out_init(&out, -1);
	dig_out_path(&out, name, 2, false, "\n");
	assert_out(&out, "\"\\303\\251\"\n");

	dig_out_init(&out, -1);
	out.terminal = true;
	dig_out_path(&out, name, 2, false, "\n");
	dig_out_path(&out, turned, 3, false, "\n");
	assert_out(&out, "\xc3\xa9\n\"\\342\\200\\256\"\n");

	dig_out_init(&out, -1);
	dig_out_path(&out, name, 2, true, "\n");
	assert_int_equal(out.buf.len, 3);
	assert_memory_equal(out.buf.data, "\xc3\xa9\0", 3);
	dig_out_clear(&out);
}

static void
test_full_disk(void **state)
{
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_out out;
	int fd = open("/dev/full", O_WRONLY);

	(void)state;
	assert_true(fd >= 0);
	dig_out_init(&out, fd);
	dig_out_puts(&out, "x");
	assert_int_equal(dig_out_finish(&out, &err), DIG_EFILE);
	assert_true(dig_out_gone(&out));
	dig_out_clear(&out);
	close(fd);
}

static void
test_long_printf(void **state)
{
	char *text = dig_alloc(5000);
	struct dig_out out;

	(void)state;
	memset(text, 'x', 4999);
	text[4999] = '\0';
	dig_out_init(&out, -1);
	dig_out_printf(&out, "%s", text);
	assert_out(&out, text);
	free(text);
}

static void
test_sizes(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *want;
	} cases[] = {
		{ 0, "0 B" },
		{ 1023, "1023 B" },
		{ 1024, "1.0 KiB" },
		{ 1536, "1.5 KiB" },
		{ 1024 * 1024 - 1, "1.0 MiB" },
		{ 5 * UINT64_C(1073741824), "5.0 GiB" },
		{ UINT64_MAX, "16.0 EiB" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct dig_buf out = DIG_BUF_INIT;

		dig_format_size(&out, cases[i].bytes);
		assert_string_equal((const char *)out.data, cases[i].want);
		dig_buf_clear(&out);
	}
}

static void
test_columns(void **state)
{
	static const struct {
		const char *text;
		size_t columns;
	} cases[] = {
		{ "", 0 },
		{ "A U Thor", 8 },
		{ "J\xc3\xb6rg", 4 },
		{ "Jo\xcc\x88rg", 4 },
		{ "\xe6\x9d\x8e \xe6\x98\x8e", 5 },
		{ "\xf0\x9f\x98\x80", 2 },
		{ "\xff\xfe", 2 },
		{ "a\xe6\x9d", 3 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(
		    dig_text_columns(cases[i].text, strlen(cases[i].text)),
		    cases[i].columns);
}

static void
test_dates(void **state)
{
	static const struct {
		int64_t seconds;
		int32_t zone;
		const char *git;
		const char *strict;
	} cases[] = {
		{ 0, 0, "Thu Jan 1 00:00:00 1970 +0000",
		    "1970-01-01T00:00:00+00:00" },
		{ 1234567890, -150, "Fri Feb 13 21:01:30 2009 -0230",
		    "2009-02-13T21:01:30-02:30" },
		{ -1, 60, "Thu Jan 1 00:59:59 1970 +0100",
		    "1970-01-01T00:59:59+01:00" },
		{ 951782400, 0, "Tue Feb 29 00:00:00 2000 +0000",
		    "2000-02-29T00:00:00+00:00" },
		{ INT64_MAX, 0, "@9223372036854775807 +0000",
		    "@9223372036854775807 +0000" },
		{ INT64_MIN, 60, "@-9223372036854775808 +0100",
		    "@-9223372036854775808 +0100" },
		{ 0, INT32_MIN, "Thu Jan 1 00:00:00 1970 +0000",
		    "1970-01-01T00:00:00+00:00" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct dig_buf out = DIG_BUF_INIT;

		dig_format_date(
		    &out, DIG_DATE_GIT, cases[i].seconds, cases[i].zone);
		assert_string_equal((const char *)out.data, cases[i].git);
		dig_buf_reset(&out);
		dig_format_date(
		    &out, DIG_DATE_ISO_STRICT, cases[i].seconds, cases[i].zone);
		assert_string_equal((const char *)out.data, cases[i].strict);
		dig_buf_clear(&out);
	}
}

static void
test_words(void **state)
{
	(void)state;
	assert_int_equal(dig_word_distance("", ""), 0);
	assert_int_equal(dig_word_distance("", "abc"), 3);
	assert_int_equal(dig_word_distance("status", "status"), 0);
	assert_int_equal(dig_word_distance("stauts", "status"), 1);
	assert_int_equal(dig_word_distance("comit", "commit"), 1);
	assert_int_equal(dig_word_distance("kitten", "sitting"), 3);
	assert_true(dig_word_is_near("stat", "status"));
	assert_true(dig_word_is_near("chekout", "checkout"));
	assert_false(dig_word_is_near("frobnicate", "status"));
	assert_false(dig_word_is_near("x", "rm"));
}

static void
test_colour(void **state)
{
	(void)state;
	unsetenv("NO_COLOR");
	setenv("TERM", "xterm", 1);
	assert_true(dig_colour_wanted("auto", true));
	assert_true(dig_colour_wanted("true", true));
	assert_false(dig_colour_wanted("auto", false));
	assert_true(dig_colour_wanted("always", false));
	assert_false(dig_colour_wanted("never", true));
	setenv("TERM", "dumb", 1);
	assert_false(dig_colour_wanted("auto", true));
	setenv("TERM", "xterm", 1);
	setenv("NO_COLOR", "1", 1);
	assert_false(dig_colour_wanted("auto", true));
	setenv("NO_COLOR", "", 1);
	assert_true(dig_colour_wanted("auto", true));
	unsetenv("NO_COLOR");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_structure),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_terminal_text),
		cmocka_unit_test(test_output_paths),
		cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_long_printf),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_colour),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
