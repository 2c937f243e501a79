/* SPDX-License-Identifier: MIT
 *
 * Standard output: buffered, checked, and safe to show on a terminal.
 *
 * Errors are sticky and reported once, by dig_out_finish: a reader that went
 * away (EPIPE) is no error, a full disk is. Text from outside (names,
 * messages, authors) goes through dig_out_text or dig_out_path and nothing
 * else; dig_out_puts and dig_out_printf are for dig's own words, numbers and
 * ids; dig_out_raw is for the bytes of a file.
 */
#ifndef CMD_OUTPUT_H
#define CMD_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "cmd/colour.h"
#include "objects/base/buf.h"
#include "objects/base/error.h"

struct dig_out;
/* Prints what stands before a line. */
typedef void dig_line_start_fn(void *arg, struct dig_out *out);

struct dig_out {
	int fd; /* -1: everything stays in buf */
	struct dig_buf buf;
	bool terminal; /* a person reads it, perhaps through the pager */
	bool colour;
	int os_errno; /* of the first write that failed, else 0 */
	bool left;    /* something is out of the buffer */
	dig_line_start_fn *line_start; /* NULL: none */
	void *line_arg;
	bool in_line; /* the line has its start */
};

void dig_out_init(struct dig_out *out, int fd);
void dig_out_clear(struct dig_out *out);

void dig_out_raw(struct dig_out *out, const void *data, size_t len);
void dig_out_puts(struct dig_out *out, const char *str);
void dig_out_printf(struct dig_out *out, const char *fmt, ...) DIG_PRINTF(2, 3);
/*
 * Text from outside. On a terminal control characters and bytes that are not
 * UTF-8 appear as \xNN or \u{NNNN}; newline and tab pass. Elsewhere as it is.
 */
void dig_out_text(struct dig_out *out, const void *data, size_t len);
/*
 * A path and its end: with `nul`, the bytes and NUL; else quoted as git does
 * it and `end` (not 0 only for "\n", "/" and the like; "" for nothing).
 */
void dig_out_path(struct dig_out *out, const void *path, size_t len, bool nul,
    const char *end);
/* The escape sequence of a colour, or nothing. */
void dig_out_colour(struct dig_out *out, enum dig_colour colour);

/* From now on `fn` is called before each line, the next one first; NULL ends
 * that. */
void dig_out_line_start(struct dig_out *out, dig_line_start_fn *fn, void *arg);

/* Hand the buffer to the kernel. */
void dig_out_flush(struct dig_out *out);
/* Forget what was printed so far; false when some of it is out already. */
bool dig_out_take_back(struct dig_out *out);
/* Nobody reads any more: a long stream may stop early. */
bool dig_out_gone(const struct dig_out *out);
/* Flush; EFILE "writing standard output" when something was lost. */
enum dig_status dig_out_finish(
    struct dig_out *out, struct dig_error *err) DIG_CHECKED;

/* Append text with control characters escaped, for one line of a message. */
void dig_escape(
    struct dig_buf *out, const void *data, size_t len, bool keep_newlines);
/* Append a path quoted for a message: non-ASCII kept unless it could hide. */
void dig_quote_shown(struct dig_buf *out, const void *path, size_t len);

#endif
