/* SPDX-License-Identifier: MIT
 *
 * The lexer of fast-import streams. Nothing here is believed: lengths are
 * compared with what comes, lines have a limit.
 */
#include "repo/bridge/stream.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "objects/base/io.h"

#define WINDOW ((size_t)256 << 10)

void
dig_stream_init(struct dig_stream *stream, int fd)
{
	memset(stream, 0, sizeof(*stream));
	stream->fd = fd;
	stream->data = dig_alloc(WINDOW);
}

void
dig_stream_clear(struct dig_stream *stream)
{
	free(stream->data);
	dig_buf_clear(&stream->line);
}

uint64_t
dig_stream_offset(const struct dig_stream *stream)
{
	return stream->offset + stream->at;
}

/* More bytes behind those that are left; none: stream->ended. */
static enum dig_status
fill(struct dig_stream *stream, struct dig_error *err)
{
	int64_t n;

	if (dig_interrupted())
		return dig_raise(err, DIG_ECANCELLED, "interrupted");
	memmove(
	    stream->data, stream->data + stream->at, stream->len - stream->at);
	stream->offset += stream->at;
	stream->len -= stream->at;
	stream->at = 0;
	n = dig_read_some(
	    stream->fd, stream->data + stream->len, WINDOW - stream->len);
	if (n < 0)
		return dig_raise_os(
		    err, DIG_EFILE, (int)-n, "reading the stream");
	/* Whoever writes may have had the same Ctrl-C. */
	if (n == 0 && dig_interrupted())
		return dig_raise(err, DIG_ECANCELLED, "interrupted");
	stream->ended = n == 0;
	stream->len += (size_t)n;
	return DIG_OK;
}

enum dig_status
dig_stream_bad(
    struct dig_stream *stream, struct dig_error *err, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return dig_raise(err, DIG_EINVALID, "the stream at byte %llu: %s",
	    (unsigned long long)stream->line_at, text);
}

enum dig_status
dig_stream_short(struct dig_stream *stream, struct dig_error *err)
{
	dig_ignore(
	    dig_raise(err, DIG_EFILE, "the stream ends too early, at byte %llu",
		(unsigned long long)dig_stream_offset(stream)));
	dig_hint(err, "what came is kept: the same import again goes on from "
		      "there");
	return DIG_EFILE;
}

enum dig_status
dig_stream_raw_line(
    struct dig_stream *stream, bool *ended, struct dig_error *err)
{
	const uint8_t *from, *newline;
	enum dig_status st;
	size_t len;

	*ended = false;
	stream->line_at = dig_stream_offset(stream);
	for (;;) {
		len = stream->len - stream->at;
		from = stream->data + stream->at;
		newline = len == 0 ? NULL : memchr(from, '\n', len);
		if (newline != NULL || stream->ended ||
		    len > DIG_STREAM_LINE_MAX)
			break;
		st = fill(stream, err);
		if (st != DIG_OK)
			return st;
	}
	if (newline != NULL)
		len = (size_t)(newline - from);
	*ended = newline == NULL && len == 0;
	if (len > DIG_STREAM_LINE_MAX)
		return dig_stream_bad(stream, err, "a line is too long");
	if (len > 0 && memchr(from, '\0', len) != NULL)
		return dig_stream_bad(stream, err, "a line has a NUL byte");
	dig_buf_reset(&stream->line);
	dig_buf_reserve(&stream->line, 1);
	stream->line.data[0] = '\0';
	dig_buf_put(&stream->line, from, len);
	stream->at += len + (newline != NULL);
	return DIG_OK;
}

enum dig_status
dig_stream_line(struct dig_stream *stream, bool *ended, struct dig_error *err)
{
	enum dig_status st;

	*ended = false;
	if (stream->again) {
		stream->again = false;
		return DIG_OK;
	}
	do
		st = dig_stream_raw_line(stream, ended, err);
	while (st == DIG_OK && !*ended && stream->line.data[0] == '#');
	return st;
}

void
dig_stream_again(struct dig_stream *stream)
{
	stream->again = true;
}

const char *
dig_stream_after(const struct dig_stream *stream, const char *prefix)
{
	const char *line = (const char *)stream->line.data;
	size_t len = strlen(prefix);

	return strncmp(line, prefix, len) == 0 ? line + len : NULL;
}

enum dig_status
dig_stream_bytes(struct dig_stream *stream, uint64_t len, dig_stream_fn *fn,
    void *arg, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	while (st == DIG_OK && len > 0) {
		size_t some = stream->len - stream->at;

		if (some == 0) {
			if (stream->ended)
				return dig_stream_short(stream, err);
			st = fill(stream, err);
			continue;
		}
		if (some > len)
			some = (size_t)len;
		st = fn(arg, stream->data + stream->at, some, err);
		stream->at += some;
		len -= some;
	}
	return st;
}

enum dig_status
dig_stream_newline(struct dig_stream *stream, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	if (stream->at == stream->len && !stream->ended)
		st = fill(stream, err);
	if (st == DIG_OK && stream->at < stream->len &&
	    stream->data[stream->at] == '\n')
		stream->at++;
	return st;
}

/* ---- Paths ------------------------------------------------------------ */

/* One escape behind a backslash; -1: none that C has. */
static int
escape(const char **at)
{
	static const char letters[] = "abfnrtv\\\"";
	static const char bytes[] = "\a\b\f\n\r\t\v\\\"";
	const char *hit;
	char c = *(*at)++;
	int value;

	if (c == '\0') {
		(*at)--;
		return -1;
	}
	hit = strchr(letters, c);
	if (hit != NULL)
		return (uint8_t)bytes[hit - letters];
	value = 0;
	(*at)--;
	for (int i = 0; i < 3; i++, (*at)++) {
		if (**at < '0' || **at > '7')
			return -1;
		value = value * 8 + (**at - '0');
	}
	return value > 255 ? -1 : value;
}

bool
dig_stream_path(const char **at, bool more, struct dig_buf *out)
{
	const char *from = *at;
	int byte;

	dig_buf_reset(out);
	if (*from != '"') {
		size_t len = more ? strcspn(from, " ") : strlen(from);

		dig_buf_put(out, from, len);
		*at = from + len;
		return true;
	}
	for (from++; *from != '"'; dig_buf_putc(out, (uint8_t)byte)) {
		if (*from == '\0')
			return false;
		byte = (uint8_t)*from++;
		if (byte == '\\')
			byte = escape(&from);
		if (byte < 0)
			return false;
	}
	*at = from + 1;
	return **at == (more ? ' ' : '\0');
}
