/* SPDX-License-Identifier: MIT
 *
 * Dates in words: "2 weeks ago", "last friday at noon", "2008-02-14".
 *
 * The words are read from left to right and change a moment that begins as
 * now. A number waits for the word that it counts; one that no word takes is
 * a day of the month, a month or a year, whichever is not known yet. The day,
 * the month and the year are unknown until something sets them, and then
 * those of now fill in what is missing.
 *
 * Source: git-rev-list(1) --since, and what git answers to the words in
 * tests/unit/test_date.c.
 */
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "repo/date.h"

#define UNKNOWN (-1)
#define DAY 86400

struct guess {
	struct tm tm;
	struct tm now;
	int number; /* 0: none waits */
	bool failed;
};

static const char *const months[] = { "january", "february", "march", "april",
	"may", "june", "july", "august", "september", "october", "november",
	"december" };
static const char *const weekdays[] = { "sundays", "mondays", "tuesdays",
	"wednesdays", "thursdays", "fridays", "saturdays" };
static const char *const numbers[] = { "zero", "one", "two", "three", "four",
	"five", "six", "seven", "eight", "nine", "ten" };
/* Said, and nothing changes. */
static const char *const fillers[] = { "ago", "and", "at", "of", "on", "the",
	"today" };

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

/* Which of the words begins with `word`, of `min` letters at least; -1. */
static int
find_word(const char *word, size_t len, const char *const *words, size_t n,
    size_t min)
{
	for (size_t i = 0; i < n; i++)
		if (len >= min && len <= strlen(words[i]) &&
		    strncasecmp(word, words[i], len) == 0)
			return (int)i;
	return -1;
}

/* Fill in what is not known, and go back so many seconds. */
static void
settle(struct guess *guess, int64_t back)
{
	struct tm *tm = &guess->tm;
	time_t when;

	if (tm->tm_mday == UNKNOWN)
		tm->tm_mday = guess->now.tm_mday;
	if (tm->tm_mon == UNKNOWN)
		tm->tm_mon = guess->now.tm_mon;
	if (tm->tm_year == UNKNOWN) {
		/* The last December, not the next one. */
		tm->tm_year =
		    guess->now.tm_year - (tm->tm_mon > guess->now.tm_mon);
	}
	tm->tm_isdst = -1;
	when = mktime(tm) - (time_t)back;
	if (localtime_r(&when, tm) == NULL)
		guess->failed = true;
}

/* A number that no word took. */
static void
place_number(struct guess *guess)
{
	int number = guess->number;
	struct tm *tm = &guess->tm;

	guess->number = 0;
	if (number == 0)
		return;
	if (tm->tm_mday == UNKNOWN && number < 32)
		tm->tm_mday = number;
	else if (tm->tm_mon == UNKNOWN && number < 13)
		tm->tm_mon = number - 1;
	else if (tm->tm_year == UNKNOWN && number > 1969 && number < 2100)
		tm->tm_year = number - 1900;
	else
		guess->failed = true;
}

/* An hour of the day; of yesterday, when it has not come yet. */
static void
set_hour(struct guess *guess, int hour)
{
	place_number(guess);
	if (guess->tm.tm_hour < hour)
		settle(guess, DAY);
	guess->tm.tm_hour = hour;
	guess->tm.tm_min = 0;
	guess->tm.tm_sec = 0;
}

/* "6pm", or the pm of "10:30 pm". */
static void
set_half(struct guess *guess, int add)
{
	struct tm *tm = &guess->tm;

	if (guess->number > 12)
		guess->failed = true;
	if (guess->number > 0) {
		tm->tm_hour = guess->number;
		tm->tm_min = 0;
		tm->tm_sec = 0;
	}
	guess->number = 0;
	tm->tm_hour = tm->tm_hour % 12 + add;
}

static void
back_months(struct guess *guess, int count)
{
	int64_t months_ad;

	settle(guess, 0);
	months_ad =
	    (guess->tm.tm_year + INT64_C(1900)) * 12 + guess->tm.tm_mon - count;
	if (months_ad < 12) {
		guess->failed = true;
		return;
	}
	guess->tm.tm_year = (int)(months_ad / 12 - 1900);
	guess->tm.tm_mon = (int)(months_ad % 12);
}

/* Words that count: "3 weeks", "last friday". False: it is none of them. */
static bool
take_unit(struct guess *guess, const char *word, size_t len)
{
	static const char *const units[] = { "seconds", "minutes", "hours",
		"days", "weeks", "months", "years" };
	static const int64_t lengths[] = { 1, 60, 3600, DAY, 7 * DAY };
	int which = find_word(word, len, units, LEN(units), 3);
	int count = guess->number;
	int days;

	if (which >= 0 && len + 1 >= strlen(units[which])) {
		guess->number = 0;
		if (which < (int)LEN(lengths))
			settle(guess, lengths[which] * count);
		else
			back_months(guess, which == 5 ? count : count * 12);
		return true;
	}
	which = find_word(word, len, weekdays, LEN(weekdays), 3);
	if (which < 0)
		return false;
	guess->number = 0;
	days = guess->tm.tm_wday - which;
	settle(guess, ((int64_t)count - (days > 0)) * 7 * DAY + days * DAY);
	return true;
}

static void
take_letters(struct guess *guess, const char *word, size_t len)
{
	static const char *const specials[] = { "yesterday", "noon", "midnight",
		"tea", "pm", "am", "now", "never" };
	int which = find_word(word, len, months, LEN(months), 3);

	if (which >= 0) {
		guess->tm.tm_mon = which;
		return;
	}
	which = find_word(word, len, specials, LEN(specials), 2);
	if (which >= 0 && len == strlen(specials[which])) {
		if (which == 0 || which == 6) {
			guess->number = 0;
			settle(guess, which == 0 ? DAY : 0);
		} else if (which < 4) {
			set_hour(guess, (int[]){ 0, 12, 0, 17 }[which]);
		} else if (which < 6) {
			set_half(guess, which == 4 ? 12 : 0);
		} else {
			time_t zero = 0;

			localtime_r(&zero, &guess->tm);
			guess->number = 0;
		}
		return;
	}
	which = find_word(word, len, fillers, LEN(fillers), 2);
	if (which >= 0 && len == strlen(fillers[which]))
		return;
	if (guess->number != 0) {
		guess->failed |= !take_unit(guess, word, len);
		return;
	}
	which = find_word(word, len, numbers, LEN(numbers), 3);
	if (which > 0 && len == strlen(numbers[which]))
		guess->number = which;
	else if (len == 4 && strncasecmp(word, "last", len) == 0)
		guess->number = 1;
	else
		guess->failed = true;
}

/* Digits up to what is none; -1 when there are none or too many. */
static int
take_digits(const char **at)
{
	const char *start = *at;
	int value = 0;

	for (; **at >= '0' && **at <= '9'; ++*at) {
		if (*at - start == 7)
			return -1;
		value = value * 10 + (**at - '0');
	}
	return *at == start ? -1 : value;
}

/* Which of the three numbers parted by '-', '/' or '.' is what. */
static void
set_date(struct guess *guess, const int part[3], char parted)
{
	bool year_first = part[0] > 1969;
	bool month_first = !year_first && parted == '/';
	int year = year_first ? part[0] : part[2];
	int month = year_first ? part[1] : month_first ? part[0] : part[1];
	int day = year_first ? part[2] : month_first ? part[1] : part[0];

	if ((parted == '-' && !year_first) || year < 1970 || year > 2099 ||
	    month < 1 || month > 12 || day < 1 || day > 31) {
		guess->failed = true;
		return;
	}
	guess->tm.tm_year = year - 1900;
	guess->tm.tm_mon = month - 1;
	guess->tm.tm_mday = day;
}

static void
set_clock(struct guess *guess, const int part[3])
{
	if (part[0] > 23 || part[1] > 59 || part[2] > 60) {
		guess->failed = true;
		return;
	}
	guess->tm.tm_hour = part[0];
	guess->tm.tm_min = part[1];
	guess->tm.tm_sec = part[2];
}

/* A number, a date of numbers, or a time of the day; at is moved. */
static void
take_number(struct guess *guess, const char **at)
{
	int part[3] = { take_digits(at), 0, 0 };
	char parted = **at;
	int n = 1;

	if (part[0] < 0)
		guess->failed = true;
	while (n < 3 && parted != '\0' && strchr(":-/.", parted) != NULL &&
	       **at == parted && (*at)[1] >= '0' && (*at)[1] <= '9') {
		++*at;
		part[n] = take_digits(at);
		guess->failed |= part[n++] < 0;
	}
	if (guess->failed)
		return;
	if (n == 1)
		guess->number = part[0];
	else if (parted == ':')
		set_clock(guess, part);
	else if (n == 3)
		set_date(guess, part, parted);
	else
		guess->failed = true;
	/* A fraction of a second is dropped. */
	if (parted == ':' && n == 3 && **at == '.')
		for (++*at; **at >= '0' && **at <= '9'; ++*at)
			;
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* All the words; false when one is not known. */
static bool
read_words(struct guess *guess, const char *at)
{
	bool any = false;

	while (*at != '\0' && !guess->failed) {
		const char *start = at;

		if (*at >= '0' && *at <= '9') {
			place_number(guess);
			take_number(guess, &at);
			any = true;
		} else if (is_letter(*at)) {
			while (is_letter(*at))
				at++;
			take_letters(guess, start, (size_t)(at - start));
			any = true;
		} else if (strchr(" \t.,_-/'", *at) != NULL) {
			at++;
		} else {
			return false;
		}
	}
	place_number(guess);
	settle(guess, 0);
	return any && !guess->failed;
}

/* A date alone is that day at this time of the day: git's reading. */
static bool
is_day_alone(const char *text)
{
	size_t digits = 0;

	for (; *text != '\0'; text++) {
		if (*text == ':' || *text == 'T' || *text == '@')
			return false;
		digits += *text >= '0' && *text <= '9';
	}
	return digits < 9;
}

enum dig_status
dig_date_limit(
    const char *text, int64_t now, int64_t *out, struct dig_error *err)
{
	time_t here = (time_t)now;
	struct guess guess = { .number = 0 };
	struct dig_error quiet = DIG_ERROR_INIT;
	struct dig_date date;

	if (!is_day_alone(text) &&
	    dig_date_parse(text, &date, &quiet) == DIG_OK) {
		*out = date.seconds;
		return DIG_OK;
	}
	if (localtime_r(&here, &guess.now) != NULL) {
		guess.tm = guess.now;
		guess.tm.tm_mday = UNKNOWN;
		guess.tm.tm_mon = UNKNOWN;
		guess.tm.tm_year = UNKNOWN;
		if (read_words(&guess, text)) {
			guess.tm.tm_isdst = -1;
			*out = (int64_t)mktime(&guess.tm);
			return DIG_OK;
		}
	}
	dig_ignore(dig_raise(
	    err, DIG_EINVALID, "'%.100s' is no date that dig knows", text));
	dig_hint(err, "write '2 weeks ago', yesterday, 2026-01-31 or "
		      "2026-01-31T12:00:00+01:00");
	return DIG_EINVALID;
}
