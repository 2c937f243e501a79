/* SPDX-License-Identifier: MIT
 *
 * Reading a fast-import stream: lines and counted bytes, with the place of
 * each, from a descriptor that cannot seek.
 *
 * Source of the format: git-fast-import(1).
 */
#ifndef REPO_BRIDGE_STREAM_H
#define REPO_BRIDGE_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "objects/base/buf.h"
#include "objects/base/error.h"

/* Two quoted paths of the longest sort fit into a line. */
#define DIG_STREAM_LINE_MAX ((size_t)64 << 10)

struct dig_stream {
	int fd; /* the caller's */
	uint8_t *data;
	size_t at;
	size_t len;
	uint64_t offset;     /* in the stream, of data[0] */
	bool ended;          /* nothing comes after data[len] */
	struct dig_buf line; /* the last one, without its newline */
	uint64_t line_at;    /* where it begins */
	bool again;          /* it is to be read once more */
};

void dig_stream_init(struct dig_stream *stream, int fd);
void dig_stream_clear(struct dig_stream *stream);
/* How many bytes are used up. */
uint64_t dig_stream_offset(const struct dig_stream *stream);

/*
 * The next line into stream->line, comments left out. *ended: there is none.
 * Errors: INVALID (too long, a NUL), FILE, CANCELLED.
 */
enum dig_status dig_stream_line(
    struct dig_stream *stream, bool *ended, struct dig_error *err) DIG_CHECKED;
/* The same, a comment being a line as any other. */
enum dig_status dig_stream_raw_line(
    struct dig_stream *stream, bool *ended, struct dig_error *err) DIG_CHECKED;
/* The line is not ours: the next call gives it again. */
void dig_stream_again(struct dig_stream *stream);

/* What a line begins with; the rest of it, or NULL. */
const char *dig_stream_after(
    const struct dig_stream *stream, const char *prefix);

/* Hand the next `len` bytes to fn. Errors: FILE when the stream ends before,
 * those of fn. */
typedef enum dig_status dig_stream_fn(
    void *arg, const void *data, size_t len, struct dig_error *err);
enum dig_status dig_stream_bytes(struct dig_stream *stream, uint64_t len,
    dig_stream_fn *fn, void *arg, struct dig_error *err) DIG_CHECKED;
/* Step over a newline if one comes. */
enum dig_status dig_stream_newline(
    struct dig_stream *stream, struct dig_error *err) DIG_CHECKED;

/* Raise INVALID with the place of the last line. */
enum dig_status dig_stream_bad(struct dig_stream *stream, struct dig_error *err,
    const char *fmt, ...) DIG_PRINTF(3, 4);

/* Raise FILE: it should go on here. */
enum dig_status dig_stream_short(
    struct dig_stream *stream, struct dig_error *err);

/*
 * One path of a line, quoted as C does or plain: up to the next blank with
 * `more`, else to the end. *at moves behind it. out: reset. False: it cannot
 * be read.
 */
bool dig_stream_path(const char **at, bool more, struct dig_buf *out);

#endif
