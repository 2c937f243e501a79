/* SPDX-License-Identifier: MIT
 *
 * Dates as people and programs write them.
 */
#ifndef REPO_DATE_H
#define REPO_DATE_H

#include <stdint.h>

#include "objects/base/error.h"

/* Seconds since 1970, and the zone that was meant: "+0100". */
struct dig_date {
	int64_t seconds;
	char zone[6];
};

/* Now, in the local zone. */
void dig_date_now(struct dig_date *out);
/* Minutes east of Greenwich here, at that moment. */
int dig_date_zone(int64_t seconds);

/* Days from 1970-01-01 to a date of the Gregorian calendar; month 1 to 12. */
int64_t dig_date_days(int64_t year, int month, int day);

/*
 * Understood:
 *
 *	@1234567890 +0100, 1234567890 +0100     seconds; no zone: UTC
 *	2026-01-31T12:00:00+01:00, 2026-01-31 12:00:00 +0100, 2026-01-31 12:00
 *	2026-01-31                              midnight
 *	Sat, 31 Jan 2026 12:00:00 +0100         RFC 2822
 *	Sat Jan 31 12:00:00 2026 +0100          as the log prints it
 *	now
 *
 * A zone is +HH:MM, +HHMM, +HH, Z, UTC or GMT; without one the local zone of
 * that moment is meant. A fraction of a second is dropped. Plain seconds have
 * nine digits and more, so that they are not taken for a year.
 *
 * Errors: INVALID.
 */
enum dig_status dig_date_parse(
    const char *text, struct dig_date *out, struct dig_error *err) DIG_CHECKED;

/*
 * A date that bounds a list of commits: one of the above, or words that count
 * back from `now`, as git reads them:
 *
 *	yesterday, noon, midnight, tea, never, now, today
 *	2 weeks ago, 3.days.ago, one year 2 months, last friday, 2 mondays ago
 *	jan 5, 5 jan 2008, 2008-02-14, 2008/02/14, 02/14/2008, 14.02.2008
 *	14:20, 6pm, and several of these: 6pm yesterday, last monday at noon
 *
 * A day without a time is that day at this time of the day. Unlike git, which
 * passes over what it does not know, an unknown word is an error.
 *
 * *out: seconds since 1970. Errors: INVALID.
 */
enum dig_status dig_date_limit(const char *text, int64_t now, int64_t *out,
    struct dig_error *err) DIG_CHECKED;

#endif
