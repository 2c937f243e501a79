/* SPDX-License-Identifier: MIT
 *
 * A growing byte buffer, and the encodings that the format is made of:
 * big-endian integers, varints, length-prefixed bytes.
 */
#ifndef OBJECTS_BASE_BUF_H
#define OBJECTS_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "objects/base/error.h"

/*
 * Bytes owned by the struct. data is NUL-terminated beyond len whenever it is
 * not NULL, so it can be read as a string. Growing aborts the process when
 * memory is gone: sizes that come from outside are checked before.
 */
struct dig_buf {
	uint8_t *data;
	size_t len;
	size_t cap;
};

#define DIG_BUF_INIT                                                           \
	{                                                                      \
		NULL, 0, 0                                                     \
	}

void dig_buf_clear(struct dig_buf *buf); /* frees; reusable after */
static inline void
dig_buf_reset(struct dig_buf *buf) /* len = 0, memory kept */
{
	buf->len = 0;
}
/* Make room for `extra` bytes beyond len. */
void dig_buf_reserve(struct dig_buf *buf, size_t extra);
void dig_buf_put(struct dig_buf *buf, const void *data, size_t len);
void dig_buf_putc(struct dig_buf *buf, uint8_t byte);
void dig_buf_puts(struct dig_buf *buf, const char *str);
void dig_buf_printf(struct dig_buf *buf, const char *fmt, ...) DIG_PRINTF(2, 3);
void dig_buf_put_be16(struct dig_buf *buf, uint16_t value);
void dig_buf_put_be32(struct dig_buf *buf, uint32_t value);
void dig_buf_put_be64(struct dig_buf *buf, uint64_t value);
/* LEB128, low group first, at most 10 bytes, the shortest form only. */
void dig_buf_put_varint(struct dig_buf *buf, uint64_t value);
/* varint length, then the bytes. */
void dig_buf_put_bytes(struct dig_buf *buf, const void *data, size_t len);
/* The string, caller frees with free(); the buffer is empty after. */
char *dig_buf_detach(struct dig_buf *buf);

/*
 * A cursor over borrowed bytes. Every getter fails by setting `bad` and
 * returning zero or NULL, so a decoder checks once at the end; after `bad`
 * nothing more is read.
 */
struct dig_cursor {
	const uint8_t *at;
	const uint8_t *end;
	bool bad;
};

static inline struct dig_cursor
dig_cursor_over(const void *data, size_t len)
{
	struct dig_cursor cur = { data, (const uint8_t *)data + len, false };

	return cur;
}
static inline size_t
dig_cursor_left(const struct dig_cursor *cur)
{
	return (size_t)(cur->end - cur->at);
}
uint8_t dig_cursor_u8(struct dig_cursor *cur);
uint16_t dig_cursor_be16(struct dig_cursor *cur);
uint32_t dig_cursor_be32(struct dig_cursor *cur);
uint64_t dig_cursor_be64(struct dig_cursor *cur);
uint64_t dig_cursor_varint(struct dig_cursor *cur); /* refuses longer forms */
/* `len` raw bytes, borrowed. */
const uint8_t *dig_cursor_raw(struct dig_cursor *cur, size_t len);
/* Length-prefixed bytes, borrowed; refuses more than `limit`. */
const uint8_t *dig_cursor_bytes(
    struct dig_cursor *cur, size_t *len, size_t limit);

static inline uint64_t
dig_get_be64(const uint8_t *p)
{
	return (uint64_t)p[0] << 56 | (uint64_t)p[1] << 48 |
	       (uint64_t)p[2] << 40 | (uint64_t)p[3] << 32 |
	       (uint64_t)p[4] << 24 | (uint64_t)p[5] << 16 |
	       (uint64_t)p[6] << 8 | (uint64_t)p[7];
}
static inline uint32_t
dig_get_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | (uint32_t)p[3];
}
static inline void
dig_set_be32(uint8_t *p, uint32_t v)
{
	for (int i = 3; i >= 0; i--, v >>= 8)
		p[i] = (uint8_t)v;
}
static inline void
dig_set_be64(uint8_t *p, uint64_t v)
{
	for (int i = 7; i >= 0; i--, v >>= 8)
		p[i] = (uint8_t)v;
}

/* Memory that cannot be had ends the process with one line, exit 9. */
void *dig_alloc(size_t size) __attribute__((malloc));
void *dig_calloc(size_t count, size_t size) __attribute__((malloc));
void *dig_realloc(void *ptr, size_t size);
char *dig_strdup(const char *str);
char *dig_memdup0(const void *data, size_t len); /* NUL-terminated copy */
/* Grow `ptr` (elements of `size`) so that it holds `need`; doubles `*cap`. */
void *dig_grow(void *ptr, size_t *cap, size_t need, size_t size);
#define DIG_GROW(ptr, cap, need)                                               \
	((ptr) = dig_grow((ptr), &(cap), (need), sizeof(*(ptr))))

#endif
