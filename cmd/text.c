/* SPDX-License-Identifier: MIT
 *
 * UTF-8 steps, sizes, counts, dates, and near words.
 */
#include "cmd/text.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

size_t
dig_utf8_next(const uint8_t *data, size_t len, uint32_t *code)
{
	uint8_t first = data[0];
	uint8_t low = 0x80, high = 0xbf; /* of the second byte */
	size_t need;
	uint32_t value;

	*code = DIG_UTF8_INVALID;
	if (first < 0x80) {
		*code = first;
		return 1;
	}
	if (first < 0xc2 || first > 0xf4)
		return 1;
	need = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	if (first == 0xe0)
		low = 0xa0; /* shorter forms exist */
	else if (first == 0xed)
		high = 0x9f; /* surrogates */
	else if (first == 0xf0)
		low = 0x90;
	else if (first == 0xf4)
		high = 0x8f; /* beyond U+10FFFF */
	value = first & (0xffu >> (need + 1));
	for (size_t i = 1; i < need; i++) {
		if (i == len || data[i] < low || data[i] > high)
			return i;
		value = value << 6 | (data[i] & 0x3f);
		low = 0x80;
		high = 0xbf;
	}
	*code = value;
	return need;
}

bool
dig_is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code <= 0x9f) ||
	       code == 0x061c || code == 0x200e || code == 0x200f ||
	       (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069);
}

/* Unicode 15: general categories Mn and Me and joiners, as far as names have
 * them; East Asian Width W and F, as blocks. */
static const struct {
	uint32_t first;
	uint32_t last;
	size_t columns;
} widths[] = {
	{ 0x0300, 0x036f, 0 },
	{ 0x0483, 0x0489, 0 },
	{ 0x0591, 0x05bd, 0 },
	{ 0x064b, 0x065f, 0 },
	{ 0x093c, 0x093c, 0 },
	{ 0x0941, 0x0948, 0 },
	{ 0x094d, 0x094d, 0 },
	{ 0x0e31, 0x0e31, 0 },
	{ 0x0e34, 0x0e3a, 0 },
	{ 0x0e47, 0x0e4e, 0 },
	{ 0x1100, 0x115f, 2 },
	{ 0x1ab0, 0x1aff, 0 },
	{ 0x1dc0, 0x1dff, 0 },
	{ 0x200b, 0x200f, 0 },
	{ 0x20d0, 0x20f0, 0 },
	{ 0x2e80, 0x303e, 2 },
	{ 0x3041, 0x33ff, 2 },
	{ 0x3400, 0x4dbf, 2 },
	{ 0x4e00, 0xa4c6, 2 },
	{ 0xa960, 0xa97c, 2 },
	{ 0xac00, 0xd7a3, 2 },
	{ 0xf900, 0xfaff, 2 },
	{ 0xfe00, 0xfe0f, 0 },
	{ 0xfe20, 0xfe2f, 0 },
	{ 0xfe30, 0xfe6b, 2 },
	{ 0xff01, 0xff60, 2 },
	{ 0xffe0, 0xffe6, 2 },
	{ 0x1f300, 0x1f64f, 2 },
	{ 0x1f680, 0x1f6d2, 2 },
	{ 0x1f900, 0x1f9ff, 2 },
	{ 0x20000, 0x3fffd, 2 },
};

static size_t
columns_of(uint32_t code)
{
	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++)
		if (code >= widths[i].first && code <= widths[i].last)
			return widths[i].columns;
	return 1;
}

size_t
dig_text_columns(const void *data, size_t len)
{
	const uint8_t *at = data;
	size_t columns = 0;

	for (size_t i = 0; i < len;) {
		uint32_t code;

		i += dig_utf8_next(at + i, len - i, &code);
		if (code == DIG_UTF8_INVALID)
			return len;
		columns += columns_of(code);
	}
	return columns;
}

void
dig_format_size(struct dig_buf *out, uint64_t bytes)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB",
		"EiB" };
	double size = (double)bytes;
	size_t unit = 0;

	if (bytes < 1024) {
		dig_buf_printf(out, "%" PRIu64 " B", bytes);
		return;
	}
	/* 1023.95 would print as 1024.0 of the smaller unit. */
	for (size /= 1024; size >= 1023.95; size /= 1024)
		unit++;
	dig_buf_printf(out, "%.1f %s", size, units[unit]);
}

void
dig_format_count(struct dig_buf *out, uint64_t count)
{
	if (count >= 1000) {
		dig_format_count(out, count / 1000);
		dig_buf_printf(out, ",%03" PRIu64, count % 1000);
	} else {
		dig_buf_printf(out, "%" PRIu64, count);
	}
}

#define YEAR_1 INT64_C(-62135596800)
#define YEAR_10000 INT64_C(253402300800)

void
dig_format_date(struct dig_buf *out, enum dig_date_style style, int64_t seconds,
    int32_t zone_minutes)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int32_t zone =
	    zone_minutes > -1440 && zone_minutes < 1440 ? zone_minutes : 0;
	int32_t away = zone < 0 ? -zone : zone;
	char sign = zone < 0 ? '-' : '+';
	struct tm tm;
	time_t local;

	local = (time_t)seconds;
	if (seconds < YEAR_1 + 86400 || seconds >= YEAR_10000 - 86400) {
		dig_buf_printf(out, "@%" PRId64 " %c%02d%02d", seconds, sign,
		    (int)away / 60, (int)away % 60);
		return;
	}
	local += (time_t)zone * 60;
	if (gmtime_r(&local, &tm) == NULL)
		return; /* not within these years */
	switch (style) {
	case DIG_DATE_GIT:
	case DIG_DATE_GIT_LOCAL:
		dig_buf_printf(out, "%.3s %.3s %d %02d:%02d:%02d %d",
		    days + 3 * tm.tm_wday, months + 3 * tm.tm_mon, tm.tm_mday,
		    tm.tm_hour, tm.tm_min, tm.tm_sec, tm.tm_year + 1900);
		if (style == DIG_DATE_GIT)
			dig_buf_printf(out, " %c%02d%02d", sign, (int)away / 60,
			    (int)away % 60);
		return;
	case DIG_DATE_RFC:
		dig_buf_printf(out,
		    "%.3s, %d %.3s %d %02d:%02d:%02d %c%02d%02d",
		    days + 3 * tm.tm_wday, tm.tm_mday, months + 3 * tm.tm_mon,
		    tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec, sign,
		    (int)away / 60, (int)away % 60);
		return;
	case DIG_DATE_SHORT:
		dig_buf_printf(out, "%04d-%02d-%02d", tm.tm_year + 1900,
		    tm.tm_mon + 1, tm.tm_mday);
		return;
	case DIG_DATE_ISO:
	case DIG_DATE_ISO_STRICT:
		break;
	}
	dig_buf_printf(out,
	    style == DIG_DATE_ISO ? "%04d-%02d-%02d %02d:%02d:%02d %c%02d%02d"
				  : "%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d",
	    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
	    tm.tm_sec, sign, (int)away / 60, (int)away % 60);
}

#define WORD_MAX 63

/* Optimal string alignment, three rows of the table at a time. */
unsigned
dig_word_distance(const char *a, const char *b)
{
	unsigned rows[3][WORD_MAX + 1];
	size_t alen = strlen(a), blen = strlen(b);

	if (alen > WORD_MAX || blen > WORD_MAX)
		return UINT32_MAX;
	for (size_t j = 0; j <= blen; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= alen; i++) {
		unsigned *now = rows[i % 3];
		const unsigned *above = rows[(i + 2) % 3];
		const unsigned *higher = rows[(i + 1) % 3];

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= blen; j++) {
			unsigned best = above[j - 1] + (a[i - 1] != b[j - 1]);

			if (above[j] + 1 < best)
				best = above[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && higher[j - 2] + 1 < best)
				best = higher[j - 2] + 1;
			now[j] = best;
		}
	}
	return rows[alen % 3][blen];
}

bool
dig_word_is_near(const char *typed, const char *known)
{
	size_t limit = (strlen(typed) + 2) / 3;

	if (limit > 3)
		limit = 3;
	return dig_word_distance(typed, known) <= limit;
}
