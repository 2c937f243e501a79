/* SPDX-License-Identifier: MIT
 *
 * Dates as --date wants them.
 */
#include <string.h>
#include <time.h>

#include "cmd/pretty_internal.h"
#include "cmd/text.h"
#include "objects/base/io.h"

static const struct {
	const char *word;
	enum dig_date_style style;
} styles[] = {
	{ "default", DIG_DATE_GIT },
	{ "iso", DIG_DATE_ISO },
	{ "iso8601", DIG_DATE_ISO },
	{ "iso-strict", DIG_DATE_ISO_STRICT },
	{ "iso8601-strict", DIG_DATE_ISO_STRICT },
	{ "rfc", DIG_DATE_RFC },
	{ "rfc2822", DIG_DATE_RFC },
	{ "short", DIG_DATE_SHORT },
};

/* A word taken apart: "iso-local", "format:%F". */
struct date_form {
	bool local;
	bool relative;
	bool unix_seconds;
	bool raw;
	enum dig_date_style style;
	const char *format; /* for strftime; NULL: none */
};

static bool
is_word(const char *word, size_t len, const char *known)
{
	return strlen(known) == len && memcmp(word, known, len) == 0;
}

static bool
read_form(const char *word, struct date_form *out)
{
	struct date_form form = { .style = DIG_DATE_GIT };
	const char *colon = strchr(word, ':');
	size_t len = colon != NULL ? (size_t)(colon - word) : strlen(word);
	bool known = false;

	if (is_word(word, len, "local")) {
		word = "default-local";
		len = strlen(word);
	}
	if (len > 6 && memcmp(word + len - 6, "-local", 6) == 0) {
		form.local = true;
		len -= 6;
	}
	form.relative = is_word(word, len, "relative");
	form.unix_seconds = is_word(word, len, "unix");
	form.raw = is_word(word, len, "raw");
	if (colon != NULL) {
		form.format = colon + 1;
		known = is_word(word, len, "format");
	} else {
		known = form.relative || form.unix_seconds || form.raw;
		for (size_t i = 0; i < sizeof(styles) / sizeof(styles[0]); i++)
			if (is_word(word, len, styles[i].word)) {
				form.style = styles[i].style;
				known = true;
			}
	}
	if (known && form.local && form.style == DIG_DATE_GIT)
		form.style = DIG_DATE_GIT_LOCAL;
	*out = form;
	return known;
}

enum dig_status
dig_pretty_check_date(const char *word, struct dig_error *err)
{
	struct date_form form;

	if (read_form(word, &form))
		return DIG_OK;
	dig_ignore(
	    dig_raise(err, DIG_EINVALID, "unknown date format '%.200s'", word));
	dig_hint(err, "default, iso, iso-strict, rfc, short, relative, unix, "
		      "raw, format:..., local, or one with -local");
	return DIG_EINVALID;
}

static void
put_ago(struct dig_buf *out, uint64_t count, const char *unit)
{
	dig_buf_printf(out, "%llu %s%s", (unsigned long long)count, unit,
	    count == 1 ? "" : "s");
}

/* The larger the time, the coarser: git's steps. */
void
dig_format_ago(struct dig_buf *out, int64_t seconds, int64_t now)
{
	uint64_t diff, months;

	if (now < seconds) {
		dig_buf_puts(out, "in the future");
		return;
	}
	diff = (uint64_t)now - (uint64_t)seconds;
	if (diff < 90) {
		put_ago(out, diff, "second");
	} else if ((diff = (diff + 30) / 60) < 90) {
		put_ago(out, diff, "minute");
	} else if ((diff = (diff + 30) / 60) < 36) {
		put_ago(out, diff, "hour");
	} else if ((diff = (diff + 12) / 24) < 14) {
		put_ago(out, diff, "day");
	} else if (diff < 70) {
		put_ago(out, (diff + 3) / 7, "week");
	} else if (diff < 365) {
		put_ago(out, (diff + 15) / 30, "month");
	} else if (diff < 1825) {
		months = (diff * 12 * 2 + 365) / (365 * 2);
		put_ago(out, months / 12, "year");
		if (months % 12 != 0) {
			dig_buf_puts(out, ", ");
			put_ago(out, months % 12, "month");
		}
	} else {
		put_ago(out, (diff + 183) / 365, "year");
	}
	dig_buf_puts(out, " ago");
}

/* strftime, but %s and %z are those of the commit, and the name of its zone
 * is not known unless it is the local one. */
static void
put_strftime(struct dig_buf *out, const char *format, int64_t seconds,
    int32_t zone, bool local)
{
	struct dig_buf text = DIG_BUF_INIT;
	/* The user's own format: the compiler cannot check it, and the C
	 * library bounds what it makes. */
	size_t (*format_time)(char *, size_t, const char *, const struct tm *) =
	    strftime;
	time_t when = (time_t)(local ? seconds : seconds + zone * 60);
	char shown[1024];
	struct tm tm;
	size_t len;

	for (const char *at = format; *at != '\0'; at++) {
		if (at[0] != '%' || at[1] == '\0') {
			dig_buf_putc(&text, (uint8_t)*at);
			continue;
		}
		at++;
		if (*at == 's')
			dig_buf_printf(&text, "%lld", (long long)seconds);
		else if (*at == 'z')
			dig_buf_printf(&text, "%c%02d%02d",
			    zone < 0 ? '-' : '+',
			    (zone < 0 ? -zone : zone) / 60,
			    (zone < 0 ? -zone : zone) % 60);
		else if (*at != 'Z' || local)
			dig_buf_printf(&text, "%%%c", *at);
	}
	/* The blank tells an empty result from one that has no room. */
	dig_buf_puts(&text, " ");
	dig_buf_putc(&text, '\0');
	if ((local ? localtime_r(&when, &tm) : gmtime_r(&when, &tm)) != NULL) {
		len = format_time(
		    shown, sizeof(shown), (const char *)text.data, &tm);
		dig_buf_put(out, shown, len > 0 ? len - 1 : 0);
	}
	dig_buf_clear(&text);
}

void
dig_pretty_put_date(
    struct dig_buf *out, const struct dig_ident *ident, const char *word)
{
	int32_t zone = dig_zone_minutes(ident->zone, ident->zone_len);
	struct date_form form = { .style = DIG_DATE_GIT };

	if (word != NULL)
		dig_ignore(read_form(word, &form) ? DIG_OK : DIG_EINVALID);
	if (form.local)
		zone = dig_date_zone(ident->seconds);
	if (form.relative)
		dig_format_ago(out, ident->seconds, dig_wall_seconds());
	else if (form.unix_seconds)
		dig_buf_printf(out, "%lld", (long long)ident->seconds);
	else if (form.raw && !form.local)
		dig_buf_printf(out, "%lld %.*s", (long long)ident->seconds,
		    (int)ident->zone_len, (const char *)ident->zone);
	else if (form.raw)
		dig_buf_printf(out, "%lld %c%02d%02d",
		    (long long)ident->seconds, zone < 0 ? '-' : '+',
		    (zone < 0 ? -zone : zone) / 60,
		    (zone < 0 ? -zone : zone) % 60);
	else if (form.format != NULL)
		put_strftime(
		    out, form.format, ident->seconds, zone, form.local);
	else
		dig_format_date(out, form.style, ident->seconds, zone);
}
