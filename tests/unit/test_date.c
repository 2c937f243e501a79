/* SPDX-License-Identifier: MIT
 *
 * Dates: every form, what is refused, and the calendar against the C
 * library's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "repo/date.h"
#include "repo/record.h"
#include "repo/revision.h"

static const struct {
	const char *text;
	int64_t seconds;
	const char *zone;
} good[] = {
	{ "@0", 0, "+0000" },
	{ "@-1 -0130", -1, "-0130" },
	{ "@9223372036854775799 +0000", INT64_C(9223372036854775799), "+0000" },
	{ "123456789", 123456789, "+0000" },
	{ "1234567890 +1400", 1234567890, "+1400" },
	{ " 1970-01-01T00:00:00Z", 0, "+0000" },
	{ "1969-12-31T23:59:59Z", -1, "+0000" },
	{ "2000-02-29 12:00:00.999 UTC", 951825600, "+0000" },
	{ "2026-01-31T12:00:00+01:00", 1769857200, "+0100" },
	{ "2026-01-31T12:00+01", 1769857200, "+0100" },
	{ "2016-12-31T23:59:60Z", 1483228800, "+0000" },
	{ "Thu, 1 Jan 1970 00:00:00 GMT", 0, "+0000" },
	{ "1 jan 1970 1:00 +0100", 0, "+0100" },
	{ "Thu Jan  1 00:00:00 1970 +0000", 0, "+0000" },
	{ "0001-01-01T00:00:00Z", INT64_C(-62135596800), "+0000" },
	{ "9999-12-31T23:59:59Z", INT64_C(253402300799), "+0000" },
};

static const char *const bad[] = { "", " ", "@", "@x", "@1 +01000",
	"@99999999999999999999", "12345678", "-123456789", "2026", "2026-1-01",
	"2026-01-32", "2026-00-01", "2100-02-29", "0000-01-01",
	"2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z",
	"2026-01-01T", "2026-01-01T00:00:00 +2401", "2026-01-01T00:00:00+1",
	"2026-01-01 x", "Thu 1 Jan 1970 00:00:00", "1 January 1970",
	"Thu Jan 1 1970", "now!" };

static void
test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct dig_error err = DIG_ERROR_INIT;
		struct dig_date date;

		if (dig_date_parse(good[i].text, &date, &err) != DIG_OK)
			fail_msg("%s: %s", good[i].text, err.msg);
		if (date.seconds != good[i].seconds ||
		    strcmp(date.zone, good[i].zone) != 0)
			fail_msg("%s: %lld %s", good[i].text,
			    (long long)date.seconds, date.zone);
	}
}

static void
test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct dig_error err = DIG_ERROR_INIT;
		struct dig_date date = { 42, "x" };

		if (dig_date_parse(bad[i], &date, &err) != DIG_EINVALID)
			fail_msg("'%s' was taken", bad[i]);
		assert_int_equal(date.seconds, 42);
	}
}

/* What the C library makes of a moment is read back as that moment. */
static void
test_calendar(void **state)
{
	unsigned seed = 20260131;

	(void)state;
	print_message("# seed %u\n", seed);
	srand(seed);
	for (int i = 0; i < 20000; i++) {
		struct dig_error err = DIG_ERROR_INIT;
		struct dig_date date;
		char text[64];
		struct tm tm;
		time_t when;

		when = (time_t)(((int64_t)rand() << 20 ^ rand()) %
				    INT64_C(315000000000) -
				INT64_C(62000000000));
		assert_non_null(gmtime_r(&when, &tm));
		snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02dZ",
		    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
		    tm.tm_min, tm.tm_sec);
		if (dig_date_parse(text, &date, &err) != DIG_OK)
			fail_msg("%s: %s", text, err.msg);
		assert_int_equal(date.seconds, when);
	}
}

static void
test_local(void **state)
{
	static const struct {
		const char *tz;
		const char *text;
		int64_t seconds;
		const char *zone;
	} cases[] = {
		{ "UTC0", "2026-07-01", 1782864000, "+0000" },
		{ "XYZ-5:30", "2026-07-01", 1782844200, "+0530" },
		{ "XYZ8", "2026-07-01 12:00", 1782936000, "-0800" },
		/* a zone with summer time, and both sides of its changes */
		{ "CET-1CEST,M3.5.0,M10.5.0/3", "2026-07-01 12:00", 1782900000,
		    "+0200" },
		{ "CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29 01:59", 1774745940,
		    "+0100" },
		{ "CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29 03:00", 1774746000,
		    "+0200" },
		{ "CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25 03:00", 1792893600,
		    "+0100" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dig_error err = DIG_ERROR_INIT;
		struct dig_date date;

		setenv("TZ", cases[i].tz, 1);
		tzset();
		assert_int_equal(
		    dig_date_parse(cases[i].text, &date, &err), DIG_OK);
		if (date.seconds != cases[i].seconds ||
		    strcmp(date.zone, cases[i].zone) != 0)
			fail_msg("%s %s: %lld %s", cases[i].tz, cases[i].text,
			    (long long)date.seconds, date.zone);
	}
	unsetenv("TZ");
	tzset();
}

static void
test_message(void **state)
{
	static const struct {
		const char *text;
		const char *plain;
		const char *edited; /* NULL: the same */
	} cases[] = {
		{ "", "", NULL },
		{ "\n \n\t\n", "", NULL },
		{ "a", "a\n", NULL },
		{ "a \t\r\n", "a\n", NULL },
		{ "\n\n a\n\n\n\nb\n\n", " a\n\nb\n", NULL },
		{ "# x\na\n", "# x\na\n", "a\n" },
		{ "a\n# x\nb", "a\n# x\nb\n", "a\nb\n" },
		{ "a\n\n# x\n\nb", "a\n\n# x\n\nb\n", "a\n\nb\n" },
		{ "# only", "# only\n", "" },
	};
	struct dig_buf out = DIG_BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (int edited = 0; edited < 2; edited++) {
			const char *want = edited && cases[i].edited != NULL
					       ? cases[i].edited
					       : cases[i].plain;

			dig_message_clean(cases[i].text, strlen(cases[i].text),
			    edited != 0, &out);
			if (out.len != strlen(want) ||
			    (out.len != 0 &&
				memcmp(out.data, want, out.len) != 0))
				fail_msg("case %zu.%d: '%.*s'", i, edited,
				    (int)out.len, (const char *)out.data);
		}
	}
	dig_buf_clear(&out);
}

static void
test_parts(void **state)
{
	static const struct {
		const char *text;
		int colon; /* -1: none */
		bool range;
	} cases[] = {
		{ "HEAD", -1, false },
		{ "HEAD:a", 4, false },
		{ ":a", 0, false },
		{ "a:b:c", 1, false },
		{ "HEAD^{/x:y}:z", 11, false },
		{ "a..b", -1, true },
		{ "..", -1, true },
		{ "a:../b", 1, false },
		{ "a..b:c", 4, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *colon = dig_revision_colon(cases[i].text);
		int at = colon == NULL ? -1 : (int)(colon - cases[i].text);

		if (at != cases[i].colon ||
		    dig_revision_is_range(cases[i].text) != cases[i].range)
			fail_msg("'%s': %d", cases[i].text, at);
	}
}

/* What git 2.39.5 answers at that moment, a Sunday at 19:20 UTC:
 * GIT_TEST_DATE_NOW=1251660000 git rev-parse --since="...". */
static const struct {
	const char *text;
	int64_t seconds;
} limits[] = {
	{ "2 weeks ago", INT64_C(1250450400) },
	{ "yesterday", INT64_C(1251573600) },
	{ "last friday", INT64_C(1251487200) },
	{ "3 fridays ago", INT64_C(1250277600) },
	{ "today", INT64_C(1251660000) },
	{ "noon", INT64_C(1251633600) },
	{ "noon yesterday", INT64_C(1251547200) },
	{ "noon today", INT64_C(1251633600) },
	{ "tea", INT64_C(1251651600) },
	{ "midnight", INT64_C(1251590400) },
	{ "never", INT64_C(0) },
	{ "now", INT64_C(1251660000) },
	{ "1.hour.ago", INT64_C(1251656400) },
	{ "5 minutes", INT64_C(1251659700) },
	{ "3 months", INT64_C(1243711200) },
	{ "one year ago", INT64_C(1220124000) },
	{ "jan 5", INT64_C(1231183200) },
	{ "Jan 5 2007", INT64_C(1168024800) },
	{ "5 jan", INT64_C(1231183200) },
	{ "2008-02-14", INT64_C(1203016800) },
	{ "2008/02/14", INT64_C(1203016800) },
	{ "14.02.2008", INT64_C(1203016800) },
	{ "02/14/2008", INT64_C(1203016800) },
	{ "14:20", INT64_C(1251642000) },
	{ "10:00 yesterday", INT64_C(1251540000) },
	{ "6pm yesterday", INT64_C(1251568800) },
	{ "6am", INT64_C(1251612000) },
	{ "2008-02-14 10:05", INT64_C(1202983500) },
	{ "last week", INT64_C(1251055200) },
	{ "10 days 2 hours ago", INT64_C(1250788800) },
	{ "2008", INT64_C(1220124000) },
	{ "12:34:56.789", INT64_C(1251635696) },
	{ "2008-12-01", INT64_C(1228159200) },
	{ "2009-09-01", INT64_C(1251832800) },
	{ "december", INT64_C(1230664800) },
	{ "last month", INT64_C(1248981600) },
	{ "2 sundays", INT64_C(1250450400) },
	{ "@123456789", INT64_C(123456789) },
	{ "3 weeks", INT64_C(1249845600) },
	{ "yesterday noon", INT64_C(1251547200) },
	{ "6PM", INT64_C(1251655200) },
	{ "0:30", INT64_C(1251592200) },
	{ "1 day ago", INT64_C(1251573600) },
	{ "2 years and 3 months ago", INT64_C(1180552800) },
	{ "feb 30", INT64_C(1236021600) },
	{ "last monday at noon", INT64_C(1251115200) },
	{ "5pm last friday", INT64_C(1251478800) },
	{ "2008-02-14 00:00", INT64_C(1202947200) },
};

static const char *const no_limits[] = { "", "friday", "a year ago", "tomorrow",
	"eleven days ago", "week", "13/14/2008", "2008-13-01", "25:00",
	"99999999999 years ago", "9999999 years ago", "2 weeks agoo", "x",
	"1 fortnight", "2008-02", "13pm", "\033[2J" };

static void
test_limits(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct dig_error err = DIG_ERROR_INIT;
		int64_t seconds = -1;

		if (dig_date_limit(
			limits[i].text, 1251660000, &seconds, &err) != DIG_OK)
			fail_msg("'%s': %s", limits[i].text, err.msg);
		if (seconds != limits[i].seconds)
			fail_msg(
			    "'%s' is %lld", limits[i].text, (long long)seconds);
	}
	for (size_t i = 0; i < sizeof(no_limits) / sizeof(no_limits[0]); i++) {
		struct dig_error err = DIG_ERROR_INIT;
		int64_t seconds = -1;

		if (dig_date_limit(no_limits[i], 1251660000, &seconds, &err) !=
		    DIG_EINVALID)
			fail_msg(
			    "'%s' is %lld", no_limits[i], (long long)seconds);
		assert_int_equal(seconds, -1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_calendar),
		cmocka_unit_test(test_local),
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
