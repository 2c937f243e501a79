/* SPDX-License-Identifier: MIT
 *
 * Dates: a scanner over one string, and the calendar.
 */
#include "repo/date.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "objects/base/io.h"

#define NO_ZONE INT32_MIN
#define ZONE_MAX (24 * 60)

/* A moment as it is written; zone in minutes. */
struct civil {
	int64_t year;
	int month, day; /* from 1 */
	int hour, minute, second;
	int zone;
};

/*
 * Days from 1970-01-01 in the proleptic Gregorian calendar.
 * Source: the era method: years begin in March, 400 of them have 146,097 days.
 */
int64_t
dig_date_days(int64_t year, int month, int day)
{
	int64_t era, of_era, of_year;

	year -= month <= 2;
	era = (year >= 0 ? year : year - 399) / 400;
	of_era = year - era * 400;
	of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 +
	       of_year - 719468;
}

static int64_t
seconds_of(const struct civil *at)
{
	return dig_date_days(at->year, at->month, at->day) * 86400 +
	       at->hour * 3600 + at->minute * 60 + at->second;
}

int
dig_date_zone(int64_t seconds)
{
	time_t when = (time_t)seconds;
	struct tm tm;
	struct civil at;

	if (localtime_r(&when, &tm) == NULL)
		return 0;
	at = (struct civil){ tm.tm_year + INT64_C(1900), tm.tm_mon + 1,
		tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, 0 };
	return (int)((seconds_of(&at) - seconds) / 60);
}

static void
put(struct dig_date *out, int64_t seconds, int zone)
{
	int minutes = zone < 0 ? -zone : zone;

	out->seconds = seconds;
	snprintf(out->zone, sizeof(out->zone), "%c%02u%02u",
	    zone < 0 ? '-' : '+', (unsigned)(minutes / 60) % 100,
	    (unsigned)(minutes % 60));
}

void
dig_date_now(struct dig_date *out)
{
	int64_t now = dig_wall_seconds();

	put(out, now, dig_date_zone(now));
}

/* ---- Scanning: each moves *at past what it took, or leaves it ---------- */

static bool
take(const char **at, char c)
{
	if (**at != c)
		return false;
	++*at;
	return true;
}

static void
blanks(const char **at)
{
	while (take(at, ' '))
		;
}

/* Exactly or at most `max` digits. */
static bool
digits(const char **at, int min, int max, int *out)
{
	const char *p = *at;
	int value = 0, n = 0;

	for (; n < max && *p >= '0' && *p <= '9'; n++)
		value = value * 10 + (*p++ - '0');
	if (n < min || (*p >= '0' && *p <= '9'))
		return false;
	*out = value;
	*at = p;
	return true;
}

static bool
take_word(const char **at, const char *const *words, int count, int *out)
{
	for (int i = 0; i < count; i++) {
		size_t len = strlen(words[i]);

		if (strncasecmp(*at, words[i], len) == 0) {
			*at += len;
			*out = i;
			return true;
		}
	}
	return false;
}

static bool
take_month(const char **at, int *out)
{
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May",
		"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

	if (!take_word(at, months, 12, out))
		return false;
	++*out;
	return true;
}

static bool
take_weekday(const char **at)
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu",
		"Fri", "Sat" };
	int which;

	return take_word(at, days, 7, &which);
}

/* +HH:MM, +HHMM, +HH, Z, UTC, GMT. */
static bool
take_zone(const char **at, int *out)
{
	static const char *const zero[] = { "UTC", "GMT", "Z" };
	const char *p = *at;
	int sign, hour, minute = 0, which;

	if (take_word(at, zero, 3, &which)) {
		*out = 0;
		return true;
	}
	if (*p != '+' && *p != '-')
		return false;
	sign = *p++ == '-' ? -1 : 1;
	if (digits(&p, 4, 4, &hour)) {
		minute = hour % 100;
		hour /= 100;
	} else if (!digits(&p, 2, 2, &hour) ||
		   (take(&p, ':') && !digits(&p, 2, 2, &minute))) {
		return false;
	}
	if (minute > 59 || hour * 60 + minute > ZONE_MAX)
		return false;
	*out = sign * (hour * 60 + minute);
	*at = p;
	return true;
}

/* HH:MM or HH:MM:SS, and a fraction that is dropped. */
static bool
take_time(const char **at, struct civil *out)
{
	if (!digits(at, 1, 2, &out->hour) || !take(at, ':') ||
	    !digits(at, 2, 2, &out->minute))
		return false;
	if (!take(at, ':'))
		return true;
	if (!digits(at, 2, 2, &out->second))
		return false;
	if (**at == '.' || **at == ',')
		for (++*at; **at >= '0' && **at <= '9'; ++*at)
			;
	return true;
}

static void
take_optional_zone(const char **at, int *out)
{
	const char *p = *at;

	blanks(&p);
	if (take_zone(&p, out))
		*at = p;
}

/* ---- The forms --------------------------------------------------------- */

static bool
parse_iso(const char *at, struct civil *out)
{
	int year;

	if (!digits(&at, 4, 4, &year) || !take(&at, '-') ||
	    !digits(&at, 2, 2, &out->month) || !take(&at, '-') ||
	    !digits(&at, 2, 2, &out->day))
		return false;
	out->year = year;
	if (*at == 'T' || *at == 't' ||
	    (*at == ' ' && at[1] >= '0' && at[1] <= '9')) {
		at++;
		if (!take_time(&at, out))
			return false;
	}
	take_optional_zone(&at, &out->zone);
	return *at == '\0';
}

/* [Sat, ]31 Jan 2026 12:00:00 +0100 */
static bool
parse_mail(const char *at, struct civil *out)
{
	int year;

	if (take_weekday(&at) && !take(&at, ','))
		return false;
	blanks(&at);
	if (!digits(&at, 1, 2, &out->day) || !take(&at, ' ') ||
	    !take_month(&at, &out->month) || !take(&at, ' ') ||
	    !digits(&at, 4, 4, &year) || !take(&at, ' ') ||
	    !take_time(&at, out))
		return false;
	out->year = year;
	take_optional_zone(&at, &out->zone);
	return *at == '\0';
}

/* Sat Jan 31 12:00:00 2026 +0100 */
static bool
parse_log(const char *at, struct civil *out)
{
	int year;

	if (!take_weekday(&at) || !take(&at, ' ') ||
	    !take_month(&at, &out->month))
		return false;
	blanks(&at);
	if (!digits(&at, 1, 2, &out->day) || !take(&at, ' ') ||
	    !take_time(&at, out) || !take(&at, ' ') ||
	    !digits(&at, 4, 4, &year))
		return false;
	out->year = year;
	take_optional_zone(&at, &out->zone);
	return *at == '\0';
}

/* @SECONDS [ZONE]; without the @, nine digits at least. */
static bool
parse_seconds(const char *at, struct dig_date *out)
{
	bool marked = take(&at, '@');
	bool negative = take(&at, '-');
	int64_t value = 0;
	int n = 0, zone = 0;

	for (; *at >= '0' && *at <= '9'; at++, n++) {
		if (value > (INT64_MAX - 9) / 10)
			return false;
		value = value * 10 + (*at - '0');
	}
	if (n == 0 || (!marked && (n < 9 || negative)))
		return false;
	take_optional_zone(&at, &zone);
	if (*at != '\0')
		return false;
	put(out, negative ? -value : value, zone);
	return true;
}

static bool
is_real(const struct civil *at)
{
	static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31,
		30, 31 };
	bool leap =
	    at->year % 4 == 0 && (at->year % 100 != 0 || at->year % 400 == 0);
	int length;

	if (at->year < 1 || at->month < 1 || at->month > 12)
		return false;
	length = lengths[at->month - 1] + (leap && at->month == 2);
	return at->day >= 1 && at->day <= length && at->hour < 24 &&
	       at->minute < 60 && at->second <= 60;
}

/* The zone that the clock on the wall had; right but in the hour that a
 * change of the clock skips or repeats, where either is. */
static int
zone_on_the_wall(int64_t wall)
{
	int zone = dig_date_zone(wall);

	return dig_date_zone(wall - zone * INT64_C(60));
}

enum dig_status
dig_date_parse(const char *text, struct dig_date *out, struct dig_error *err)
{
	static bool (*const forms[])(const char *,
	    struct civil *) = { parse_iso, parse_mail, parse_log };
	const char *at = text;

	blanks(&at);
	if (strcmp(at, "now") == 0) {
		dig_date_now(out);
		return DIG_OK;
	}
	if (parse_seconds(at, out))
		return DIG_OK;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct civil when = { 0, 0, 0, 0, 0, 0, NO_ZONE };
		int64_t wall;

		if (!forms[i](at, &when) || !is_real(&when))
			continue;
		wall = seconds_of(&when);
		if (when.zone == NO_ZONE)
			when.zone = zone_on_the_wall(wall);
		put(out, wall - when.zone * INT64_C(60), when.zone);
		return DIG_OK;
	}
	dig_ignore(dig_raise(
	    err, DIG_EINVALID, "'%.100s' is no date that dig knows", text));
	dig_hint(err, "write 2026-01-31T12:00:00+01:00 or @1234567890 +0100");
	return DIG_EINVALID;
}
