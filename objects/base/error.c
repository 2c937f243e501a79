/* SPDX-License-Identifier: MIT
 *
 * Raising, wrapping and logging of errors.
 */
#include "objects/base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A message is one line: bytes that would break it become '?'. */
static void
one_line(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

enum dig_status
dig_raise_at(struct dig_error *err, enum dig_status st, int os,
    const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	err->status = st;
	err->os_errno = os;
	err->db_code = 0;
	err->hint[0] = '\0';
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	if (os != 0) {
		size_t n = strlen(err->msg);
		char text[128] = "";

		if (strerror_r(os, text, sizeof(text)) == 0)
			snprintf(
			    err->msg + n, sizeof(err->msg) - n, ": %s", text);
	}
	one_line(err->msg);
	dig_log("%s:%d: %s: %s", file, line, dig_status_word(st), err->msg);
	return st;
}

void
dig_wrap(struct dig_error *err, const char *fmt, ...)
{
	char tail[sizeof(err->msg)];
	va_list ap;
	size_t n;

	memcpy(tail, err->msg, sizeof(tail));
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	n = strlen(err->msg);
	snprintf(err->msg + n, sizeof(err->msg) - n, ": %s", tail);
	one_line(err->msg);
}

void
dig_hint(struct dig_error *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->hint, sizeof(err->hint), fmt, ap);
	va_end(ap);
	one_line(err->hint);
}

const char *
dig_status_word(enum dig_status st)
{
	static const char *const words[] = {
		[DIG_OK] = "ok",
		[DIG_ENO] = "no",
		[DIG_ENOTFOUND] = "not-found",
		[DIG_EEXISTS] = "exists",
		[DIG_EINVALID] = "invalid",
		[DIG_EAMBIGUOUS] = "ambiguous",
		[DIG_ENOTFF] = "not-fast-forward",
		[DIG_ECONFLICT] = "conflict",
		[DIG_ELOCKED] = "locked",
		[DIG_ECORRUPT] = "corrupt",
		[DIG_EREPAIRED] = "repaired",
		[DIG_ENOMEM] = "no-memory",
		[DIG_EIO] = "io",
		[DIG_EDB] = "index",
		[DIG_EFILE] = "file",
		[DIG_ENOREPO] = "no-repository",
		[DIG_EDENIED] = "denied",
		[DIG_ECANCELLED] = "interrupted",
	};

	return words[st];
}

void
dig_log(const char *fmt, ...)
{
	va_list ap;

	if (getenv("DIG_TRACE") == NULL)
		return;
	va_start(ap, fmt);
	fputs("dig: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
}
