/* SPDX-License-Identifier: MIT
 *
 * Buffered output with a sticky error, and the layer that keeps text from
 * outside from moving a terminal's cursor.
 */
#include "cmd/output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/text.h"
#include "objects/base/io.h"
#include "objects/base/path.h"

#define FLUSH_AT ((size_t)64 << 10)

void
dig_out_init(struct dig_out *out, int fd)
{
	memset(out, 0, sizeof(*out));
	out->fd = fd;
	out->terminal = fd >= 0 && isatty(fd);
}

void
dig_out_clear(struct dig_out *out)
{
	dig_buf_clear(&out->buf);
}

static void
flush_when_full(struct dig_out *out)
{
	if (out->fd >= 0 && out->buf.len >= FLUSH_AT)
		dig_out_flush(out);
}

/* Put what stands before lines into what was appended from `from` on. */
static void
start_lines(struct dig_out *out, size_t from)
{
	size_t len = out->buf.len - from;
	struct dig_buf fresh = DIG_BUF_INIT;
	dig_line_start_fn *fn = out->line_start;

	dig_buf_put(&fresh, out->buf.data + from, len);
	out->buf.len = from;
	out->line_start = NULL; /* its own output has no start */
	for (size_t at = 0; at < len;) {
		const uint8_t *end = memchr(fresh.data + at, '\n', len - at);
		size_t n = end != NULL ? (size_t)(end - fresh.data) + 1 - at
				       : len - at;

		if (!out->in_line)
			fn(out->line_arg, out);
		dig_buf_put(&out->buf, fresh.data + at, n);
		out->in_line = end == NULL;
		at += n;
	}
	out->line_start = fn;
	dig_buf_clear(&fresh);
}

/* What stands from `from` on was just appended. */
static void
appended(struct dig_out *out, size_t from)
{
	if (out->line_start != NULL)
		start_lines(out, from);
	flush_when_full(out);
}

void
dig_out_line_start(struct dig_out *out, dig_line_start_fn *fn, void *arg)
{
	out->line_start = fn;
	out->line_arg = arg;
	out->in_line = false;
}

void
dig_out_raw(struct dig_out *out, const void *data, size_t len)
{
	size_t from = out->buf.len;

	dig_buf_put(&out->buf, data, len);
	appended(out, from);
}

void
dig_out_puts(struct dig_out *out, const char *str)
{
	dig_out_raw(out, str, strlen(str));
}

void
dig_out_printf(struct dig_out *out, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (len < 0)
		return;
	if ((size_t)len >= sizeof(text)) { /* rare: format once more */
		dig_buf_reserve(&out->buf, (size_t)len + 1);
		va_start(ap, fmt);
		vsnprintf((char *)out->buf.data + out->buf.len, (size_t)len + 1,
		    fmt, ap);
		va_end(ap);
		out->buf.len += (size_t)len;
		appended(out, out->buf.len - (size_t)len);
		return;
	}
	dig_out_raw(out, text, (size_t)len);
}

void
dig_escape(
    struct dig_buf *out, const void *data, size_t len, bool keep_newlines)
{
	const uint8_t *at = data;

	while (len > 0) {
		uint32_t code;
		size_t step = dig_utf8_next(at, len, &code);

		if (code == '\t' || (code == '\n' && keep_newlines))
			dig_buf_putc(out, *at);
		else if (code == DIG_UTF8_INVALID)
			for (size_t i = 0; i < step; i++)
				dig_buf_printf(out, "\\x%02x", at[i]);
		else if (!dig_is_control(code))
			dig_buf_put(out, at, step);
		else if (code < 0x80)
			dig_buf_printf(out, "\\x%02x", (unsigned)code);
		else
			dig_buf_printf(out, "\\u{%04x}", (unsigned)code);
		at += step;
		len -= step;
	}
}

void
dig_out_text(struct dig_out *out, const void *data, size_t len)
{
	size_t from = out->buf.len;

	if (!out->terminal) {
		dig_out_raw(out, data, len);
		return;
	}
	dig_escape(&out->buf, data, len, true);
	appended(out, from);
}

/* Octal for what could hide: git's form of a path knows no other. */
static bool
path_is_plain(const uint8_t *path, size_t len)
{
	while (len > 0) {
		uint32_t code;
		size_t step = dig_utf8_next(path, len, &code);

		if (code >= 0x80 && code != DIG_UTF8_INVALID &&
		    dig_is_control(code))
			return false;
		path += step;
		len -= step;
	}
	return true;
}

void
dig_quote_shown(struct dig_buf *out, const void *path, size_t len)
{
	dig_path_quote(out, path, len, path_is_plain(path, len));
}

void
dig_out_path(struct dig_out *out, const void *path, size_t len, bool nul,
    const char *end)
{
	size_t from = out->buf.len;

	if (nul) {
		dig_buf_put(&out->buf, path, len);
		dig_buf_putc(&out->buf, '\0');
	} else {
		if (out->terminal)
			dig_quote_shown(&out->buf, path, len);
		else
			dig_path_quote(&out->buf, path, len, false);
		dig_buf_puts(&out->buf, end);
	}
	appended(out, from);
}

void
dig_out_colour(struct dig_out *out, enum dig_colour colour)
{
	if (out->colour)
		dig_out_puts(out, dig_colour_sequence(colour));
}

void
dig_out_flush(struct dig_out *out)
{
	if (out->fd < 0)
		return;
	if (out->os_errno == 0 && out->buf.len > 0)
		out->os_errno =
		    dig_write_full(out->fd, out->buf.data, out->buf.len);
	out->left |= out->buf.len > 0;
	dig_buf_reset(&out->buf);
}

bool
dig_out_take_back(struct dig_out *out)
{
	if (out->left)
		return false;
	dig_buf_reset(&out->buf);
	return true;
}

bool
dig_out_gone(const struct dig_out *out)
{
	return out->os_errno != 0;
}

enum dig_status
dig_out_finish(struct dig_out *out, struct dig_error *err)
{
	dig_out_flush(out);
	if (out->os_errno == 0 || out->os_errno == EPIPE)
		return DIG_OK;
	return dig_raise_os(
	    err, DIG_EFILE, out->os_errno, "writing standard output");
}
