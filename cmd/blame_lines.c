/* SPDX-License-Identifier: MIT
 *
 * -L FIRST,LAST: numbers, counts and expressions, as git reads them.
 */
#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/blame.h"

struct reading {
	const struct dig_blame *blame;
	const char *word; /* the whole argument */
	const char *at;
	size_t anchor; /* where the first side looks from, from 1 */
};

static enum dig_status
bad(const struct reading *reading, const char *why, struct dig_error *err)
{
	dig_ignore(
	    dig_raise(err, DIG_EINVALID, "-L %.200s: %s", reading->word, why));
	dig_hint(err, "-L 10,20  -L 10,+5  -L '/first/,/last/'  -L 10");
	return DIG_EINVALID;
}

/* A number; false: there is none. */
static bool
read_number(const char **inout_at, size_t *out)
{
	const char *at = *inout_at;
	char *end;
	unsigned long long value;

	if (*at < '0' || *at > '9')
		return false;
	errno = 0;
	value = strtoull(at, &end, 10);
	*out =
	    errno != 0 || value > SIZE_MAX / 4 ? SIZE_MAX / 4 : (size_t)value;
	*inout_at = end;
	return true;
}

/* The first line from `from` on that an expression matches. */
static enum dig_status
find_line(const struct reading *reading, const char *pattern, size_t from,
    size_t *out, struct dig_error *err)
{
	size_t nlines = dig_blame_nlines(reading->blame);
	struct dig_buf text = DIG_BUF_INIT;
	char why[200];
	regex_t regex;
	size_t n = from;
	int rc = regcomp(&regex, pattern, REG_NEWLINE | REG_NOSUB);

	if (rc != 0) {
		regerror(rc, &regex, why, sizeof(why));
		return bad(reading, why, err);
	}
	for (rc = REG_NOMATCH; n <= nlines; n++) {
		size_t len;
		const char *line = dig_blame_line(reading->blame, n, &len);

		if (len > 0 && line[len - 1] == '\n')
			len--;
		dig_buf_reset(&text);
		dig_buf_put(&text, line, len);
		dig_buf_putc(&text, '\0');
		rc = regexec(&regex, (const char *)text.data, 0, NULL, 0);
		if (rc == 0)
			break;
	}
	regfree(&regex);
	dig_buf_clear(&text);
	if (rc != 0)
		return bad(reading, "no line matches", err);
	*out = n;
	return DIG_OK;
}

/* "/expression/", or "^/expression/" from the first line on. */
static enum dig_status
read_expression(
    struct reading *reading, size_t from, size_t *out, struct dig_error *err)
{
	const char *at = reading->at + (*reading->at == '^') + 1;
	const char *end = at;
	char *pattern;
	enum dig_status st;

	for (; *end != '\0' && *end != '/'; end++)
		if (*end == '\\' && end[1] != '\0')
			end++;
	if (*end != '/')
		return bad(reading, "an expression ends in '/'", err);
	pattern = dig_memdup0(at, (size_t)(end - at));
	st = find_line(
	    reading, pattern, *reading->at == '^' ? 1 : from, out, err);
	free(pattern);
	reading->at = end + 1;
	return st;
}

static bool
is_expression(const char *at)
{
	return at[0] == '/' || (at[0] == '^' && at[1] == '/');
}

/* *out stays 0 where nothing is said. */
static enum dig_status
read_first(struct reading *reading, size_t *out, struct dig_error *err)
{
	if (is_expression(reading->at))
		return read_expression(reading, reading->anchor, out, err);
	if (read_number(&reading->at, out) && *out == 0)
		return bad(reading, "lines count from 1", err);
	return DIG_OK;
}

static enum dig_status
read_last(
    struct reading *reading, size_t first, size_t *out, struct dig_error *err)
{
	char sign = *reading->at;
	size_t count;

	if (sign == '/')
		return read_expression(reading, first + 1, out, err);
	if (first > 0 && (sign == '+' || sign == '-')) {
		reading->at++;
		if (!read_number(&reading->at, &count))
			return bad(reading, "a count is missing", err);
		if (count == 0)
			return bad(reading, "an empty range", err);
		*out = sign == '+'     ? first + count - 1
		       : count < first ? first - count + 1
				       : 1;
		return DIG_OK;
	}
	if (read_number(&reading->at, out) && *out == 0)
		return bad(reading, "lines count from 1", err);
	return DIG_OK;
}

static enum dig_status
read_range(
    struct reading *reading, struct dig_blame_range *out, struct dig_error *err)
{
	size_t nlines = dig_blame_nlines(reading->blame);
	size_t first = 0, last = 0;
	enum dig_status st = read_first(reading, &first, err);

	if (st == DIG_OK && *reading->at == ',') {
		reading->at++;
		st = read_last(reading, first, &last, err);
	}
	if (st != DIG_OK)
		return st;
	if (*reading->at != '\0' || *reading->word == '\0')
		return bad(reading, "this is no range of lines", err);
	if (first > 0 && last > 0 && last < first) {
		size_t swap = first;

		first = last;
		last = swap;
	}
	if (first > nlines || (nlines == 0 && last > 0))
		return dig_raise(err, DIG_EINVALID,
		    "'%.300s' has %zu line%s, -L %.200s is beyond",
		    dig_blame_path(reading->blame), nlines,
		    nlines == 1 ? "" : "s", reading->word);
	out->first = first > 0 ? first : 1;
	out->last = last > 0 && last < nlines ? last : nlines;
	return DIG_OK;
}

enum dig_status
dig_blame_read_lines(const struct dig_list *words,
    const struct dig_blame *blame, struct dig_blame_range **out, size_t *count,
    struct dig_error *err)
{
	size_t nlines = dig_blame_nlines(blame);
	struct dig_blame_range *ranges =
	    dig_calloc(words->count + 1, sizeof(*ranges));
	enum dig_status st = DIG_OK;
	size_t anchor = 1, n = 0;

	for (size_t i = 0; st == DIG_OK && i < words->count; i++) {
		struct reading reading = { blame, words->at[i], words->at[i],
			anchor };

		st = read_range(&reading, &ranges[n], err);
		if (st != DIG_OK)
			break;
		anchor = ranges[n].last + 1;
		n += nlines > 0;
	}
	if (words->count == 0 && nlines > 0)
		ranges[n++] = (struct dig_blame_range){ 1, nlines };
	if (st != DIG_OK) {
		free(ranges);
		return st;
	}
	*out = ranges;
	*count = n;
	return DIG_OK;
}
