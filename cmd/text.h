/* SPDX-License-Identifier: MIT
 *
 * Small pure functions of text: UTF-8 steps, sizes and dates as people read
 * them, and the nearest of several words.
 */
#ifndef CMD_TEXT_H
#define CMD_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "objects/base/buf.h"

#define DIG_UTF8_INVALID UINT32_MAX

/*
 * The code point at `data` (len > 0) into *code and its length as the answer.
 * Where the bytes are not UTF-8, *code is DIG_UTF8_INVALID and the answer is
 * the length of the longest start of a valid sequence, at least one, so that
 * one replacement character stands for it (Unicode 15, table 3-8).
 */
size_t dig_utf8_next(const uint8_t *data, size_t len, uint32_t *code);

/*
 * The code point would move, hide or reorder text on a terminal: C0 and C1
 * controls, DEL, line and paragraph separators, bidirectional controls.
 */
bool dig_is_control(uint32_t code);

/* Columns that text takes: two for a wide letter, none for a mark that is set
 * on the one before. Bytes that are not UTF-8 make it the number of bytes. */
size_t dig_text_columns(const void *data, size_t len);

/* "0 B", "1023 B", "1.5 KiB", "12.0 GiB". */
void dig_format_size(struct dig_buf *out, uint64_t bytes);
/* "1,234,567" */
void dig_format_count(struct dig_buf *out, uint64_t count);

enum dig_date_style {
	DIG_DATE_GIT,        /* Sat Nov 21 10:02:07 2026 +0100 */
	DIG_DATE_GIT_LOCAL,  /* the same without the zone */
	DIG_DATE_ISO,        /* 2026-11-21 10:02:07 +0100 */
	DIG_DATE_ISO_STRICT, /* 2026-11-21T10:02:07+01:00 */
	DIG_DATE_RFC,        /* Sat, 21 Nov 2026 10:02:07 +0100 */
	DIG_DATE_SHORT       /* 2026-11-21 */
};
/*
 * A time in the zone it was written in. Seconds outside the years 1 to 9999
 * are printed as "@SECONDS ZONE"; a zone beyond a day counts as zero.
 */
void dig_format_date(struct dig_buf *out, enum dig_date_style style,
    int64_t seconds, int32_t zone_minutes);

/*
 * Edit distance with insertion, deletion, substitution and transposition of
 * neighbours, each one; words longer than 63 bytes are infinitely far.
 */
unsigned dig_word_distance(const char *a, const char *b);

/* Worth proposing: at most a third of the word's letters, and at most 3. */
bool dig_word_is_near(const char *typed, const char *known);

#endif
