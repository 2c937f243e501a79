/* SPDX-License-Identifier: MIT
 *
 * The byte buffer, the cursor, and allocation.
 */
#include "objects/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A failing small allocation on Linux means that the machine is out of
 * memory; no caller can do better than stop. What is committed is on disk,
 * what is not is dropped by the next writer, so ending here loses nothing.
 */
static void *
must(void *ptr)
{
	if (ptr == NULL) {
		fputs("dig: out of memory\n", stderr);
		_Exit(9);
	}
	return ptr;
}

void *
dig_alloc(size_t size)
{
	return must(malloc(size ? size : 1));
}

void *
dig_calloc(size_t count, size_t size)
{
	return must(calloc(count ? count : 1, size ? size : 1));
}

void *
dig_realloc(void *ptr, size_t size)
{
	return must(realloc(ptr, size ? size : 1));
}

char *
dig_strdup(const char *str)
{
	return dig_memdup0(str, strlen(str));
}

char *
dig_memdup0(const void *data, size_t len)
{
	char *copy = dig_alloc(len + 1);

	if (len > 0)
		memcpy(copy, data, len);
	copy[len] = '\0';
	return copy;
}

void *
dig_grow(void *ptr, size_t *cap, size_t need, size_t size)
{
	size_t want = *cap;
	size_t bytes;

	if (need <= *cap)
		return ptr;
	want = want < 8 ? 8 : want;
	while (want < need)
		want *= 2;
	if (__builtin_mul_overflow(want, size, &bytes))
		must(NULL);
	ptr = dig_realloc(ptr, bytes);
	*cap = want;
	return ptr;
}

void
dig_buf_clear(struct dig_buf *buf)
{
	free(buf->data);
	buf->data = NULL;
	buf->len = buf->cap = 0;
}

void
dig_buf_reserve(struct dig_buf *buf, size_t extra)
{
	size_t need;

	if (__builtin_add_overflow(buf->len, extra, &need) ||
	    __builtin_add_overflow(need, (size_t)1, &need))
		must(NULL);
	if (need <= buf->cap)
		return;
	buf->data = dig_grow(buf->data, &buf->cap, need, 1);
}

void
dig_buf_put(struct dig_buf *buf, const void *data, size_t len)
{
	dig_buf_reserve(buf, len);
	if (len > 0)
		memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void
dig_buf_putc(struct dig_buf *buf, uint8_t byte)
{
	dig_buf_put(buf, &byte, 1);
}

void
dig_buf_puts(struct dig_buf *buf, const char *str)
{
	dig_buf_put(buf, str, strlen(str));
}

void
dig_buf_printf(struct dig_buf *buf, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	dig_buf_reserve(buf, (size_t)n);
	va_start(ap, fmt);
	vsnprintf((char *)buf->data + buf->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	buf->len += (size_t)n;
}

void
dig_buf_put_be16(struct dig_buf *buf, uint16_t value)
{
	uint8_t b[2] = { (uint8_t)(value >> 8), (uint8_t)value };

	dig_buf_put(buf, b, 2);
}

void
dig_buf_put_be32(struct dig_buf *buf, uint32_t value)
{
	uint8_t b[4];

	dig_set_be32(b, value);
	dig_buf_put(buf, b, 4);
}

void
dig_buf_put_be64(struct dig_buf *buf, uint64_t value)
{
	uint8_t b[8];

	dig_set_be64(b, value);
	dig_buf_put(buf, b, 8);
}

void
dig_buf_put_varint(struct dig_buf *buf, uint64_t value)
{
	uint8_t b[10];
	size_t n = 0;

	while (value >= 0x80) {
		b[n++] = (uint8_t)(value | 0x80);
		value >>= 7;
	}
	b[n++] = (uint8_t)value;
	dig_buf_put(buf, b, n);
}

void
dig_buf_put_bytes(struct dig_buf *buf, const void *data, size_t len)
{
	dig_buf_put_varint(buf, len);
	dig_buf_put(buf, data, len);
}

char *
dig_buf_detach(struct dig_buf *buf)
{
	char *str = buf->data ? (char *)buf->data : dig_strdup("");

	buf->data = NULL;
	buf->len = buf->cap = 0;
	return str;
}

const uint8_t *
dig_cursor_raw(struct dig_cursor *cur, size_t len)
{
	const uint8_t *p = cur->at;

	if (cur->bad || len > dig_cursor_left(cur)) {
		cur->bad = true;
		return NULL;
	}
	cur->at += len;
	return p;
}

uint8_t
dig_cursor_u8(struct dig_cursor *cur)
{
	const uint8_t *p = dig_cursor_raw(cur, 1);

	return p ? *p : 0;
}

uint16_t
dig_cursor_be16(struct dig_cursor *cur)
{
	const uint8_t *p = dig_cursor_raw(cur, 2);

	return p ? (uint16_t)(p[0] << 8 | p[1]) : 0;
}

uint32_t
dig_cursor_be32(struct dig_cursor *cur)
{
	const uint8_t *p = dig_cursor_raw(cur, 4);

	return p ? dig_get_be32(p) : 0;
}

uint64_t
dig_cursor_be64(struct dig_cursor *cur)
{
	const uint8_t *p = dig_cursor_raw(cur, 8);

	return p ? dig_get_be64(p) : 0;
}

uint64_t
dig_cursor_varint(struct dig_cursor *cur)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 70; shift += 7) {
		uint8_t b = dig_cursor_u8(cur);

		if (cur->bad || (shift == 63 && b > 1) || (b == 0 && shift > 0))
			break;
		value |= (uint64_t)(b & 0x7f) << shift;
		if (b < 0x80)
			return value;
	}
	cur->bad = true;
	return 0;
}

const uint8_t *
dig_cursor_bytes(struct dig_cursor *cur, size_t *len, size_t limit)
{
	uint64_t n = dig_cursor_varint(cur);

	*len = 0;
	if (cur->bad || n > limit) {
		cur->bad = true;
		return NULL;
	}
	*len = (size_t)n;
	return dig_cursor_raw(cur, (size_t)n);
}
