/* SPDX-License-Identifier: MIT
 *
 * Ranges of bytes as people write them.
 */
#include "repo/range.h"

/* A decimal number at *at, which moves on; false when there is none, or one
 * beyond 64 bits. */
static bool
parse_number(const char **at, uint64_t *out)
{
	const char *start = *at;
	uint64_t value = 0;

	for (; **at >= '0' && **at <= '9'; ++*at) {
		unsigned digit = (unsigned)(**at - '0');

		if (value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*out = value;
	return *at != start;
}

enum dig_status
dig_range_parse(const char *text, uint64_t size, uint64_t *from, uint64_t *to,
    struct dig_error *err)
{
	const char *at = text;
	uint64_t first = 0, last = 0;
	bool has_first = parse_number(&at, &first);
	bool has_last;

	if ((at != text && !has_first) || *at != '-')
		goto bad;
	at++;
	text = at;
	has_last = parse_number(&at, &last);
	if ((at != text && !has_last) || *at != '\0' ||
	    (!has_first && !has_last))
		goto bad;
	if (!has_first) {
		if (last == 0 || last > size)
			goto outside;
		*from = size - last;
		*to = size;
		return DIG_OK;
	}
	if (has_last && last < first)
		goto bad;
	if (first >= size || (has_last && last >= size))
		goto outside;
	*from = first;
	*to = has_last ? last + 1 : size;
	return DIG_OK;
bad:
	dig_ignore(dig_raise(err, DIG_EINVALID,
	    "not a range; the file has %llu bytes", (unsigned long long)size));
	dig_hint(err, "a range is 0-99, 100- or -50");
	return DIG_EINVALID;
outside:
	return dig_raise(err, DIG_EINVALID,
	    "the range is not in the file, which has %llu bytes",
	    (unsigned long long)size);
}
