/* SPDX-License-Identifier: MIT
 *
 * Periods of the calendar, in UTC, and the steps of a growth.
 */
#include <stdio.h>
#include <time.h>

#include "repo/date.h"
#include "repo/stats_internal.h"

/* Seconds of the units that have always as many; 0: the calendar's. */
static const int64_t lengths[] = { 3600, 21600, 86400, 604800, 0, 0, 0 };
#define MONDAY (4 * INT64_C(86400)) /* 1970-01-05 */

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

static struct tm
civil_of(int64_t time)
{
	time_t seconds = (time_t)time;
	struct tm tm = { 0 };

	(void)gmtime_r(
	    &seconds, &tm); /* times are within the years 1970-9999 */
	return tm;
}

/* Periods since some beginning. */
static int64_t
number_of(const struct dig_stats *stats, int64_t time)
{
	struct tm tm;
	int64_t months;

	if (stats->unit == DIG_STATS_WEEK)
		return floor_div(time - MONDAY, lengths[stats->unit]);
	if (lengths[stats->unit] != 0)
		return floor_div(time, lengths[stats->unit]);
	tm = civil_of(time);
	months = (tm.tm_year + INT64_C(1900)) * 12 + tm.tm_mon;
	if (stats->unit == DIG_STATS_MONTH)
		return months;
	return months /
	       (stats->unit == DIG_STATS_QUARTER ? 3 : 12 * stats->years);
}

static int64_t
start_of(const struct dig_stats *stats, int64_t number)
{
	int64_t months = number;

	if (stats->unit == DIG_STATS_WEEK)
		return number * lengths[stats->unit] + MONDAY;
	if (lengths[stats->unit] != 0)
		return number * lengths[stats->unit];
	if (stats->unit == DIG_STATS_QUARTER)
		months = number * 3;
	else if (stats->unit == DIG_STATS_YEARS)
		months = number * 12 * stats->years;
	return dig_date_days(months / 12, (int)(months % 12) + 1, 1) * 86400;
}

static void
put_label(const struct dig_stats *stats, struct dig_stats_period *period)
{
	struct tm tm = civil_of(period->start);
	int year = tm.tm_year + 1900, month = tm.tm_mon + 1;
	size_t size = sizeof(period->label);

	if (stats->unit <= DIG_STATS_QUARTER_DAY)
		snprintf(period->label, size, "%d-%02d-%02d %02dh", year, month,
		    tm.tm_mday, tm.tm_hour);
	else if (stats->unit <= DIG_STATS_WEEK)
		snprintf(period->label, size, "%d-%02d-%02d", year, month,
		    tm.tm_mday);
	else if (stats->unit == DIG_STATS_MONTH)
		snprintf(period->label, size, "%d-%02d", year, month);
	else if (stats->unit == DIG_STATS_QUARTER)
		snprintf(period->label, size, "%d Q%d", year, month / 3 + 1);
	else
		snprintf(period->label, size, "%d", year);
}

/* 1, 2, 5, 10, 20, ... */
static unsigned
next_years(unsigned years)
{
	unsigned power = 1;

	while (years / power >= 10)
		power *= 10;
	return years / power == 2 ? power * 5 : years * 2;
}

void
dig_stats_cut(struct dig_stats *stats)
{
	int64_t from, count;

	stats->unit = DIG_STATS_HOUR;
	stats->years = 1;
	for (;;) {
		from = number_of(stats, stats->first);
		count = number_of(stats, stats->last) - from + 1;
		if (count <= DIG_STATS_PERIODS)
			break;
		if (stats->unit == DIG_STATS_YEARS)
			stats->years = next_years(stats->years);
		else
			stats->unit++;
	}
	stats->nperiods = (size_t)count;
	for (size_t i = 0; i < stats->nperiods; i++) {
		stats->periods[i].start = start_of(stats, from + (int64_t)i);
		put_label(stats, &stats->periods[i]);
	}
	stats->nsteps = stats->first == stats->last ? 1 : DIG_STATS_STEPS;
	for (size_t i = 0; i < stats->nsteps; i++)
		stats->steps[i].time =
		    stats->first + (stats->last - stats->first) * (int64_t)i /
				       (DIG_STATS_STEPS - 1);
}

struct dig_stats_period *
dig_stats_period_of(struct dig_stats *stats, int64_t time)
{
	return &stats->periods[number_of(stats, time) -
			       number_of(stats, stats->first)];
}

size_t
dig_stats_step_of(const struct dig_stats *stats, int64_t time)
{
	int64_t span = stats->last - stats->first;

	if (span == 0)
		return 0;
	/* The first step that is not before it. */
	return (
	    size_t)(((time - stats->first) * (DIG_STATS_STEPS - 1) + span - 1) /
		    span);
}
