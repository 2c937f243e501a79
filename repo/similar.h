/* SPDX-License-Identifier: MIT
 *
 * How much two files have in common, as git estimates it; for repo/ only.
 *
 * A file is cut behind each newline and after 64 bytes; the pieces are hashed
 * to 107,927 values, and what counts is how many bytes fall on each value. A
 * carriage return before a newline is left out of a text; what follows the
 * last cut is not counted.
 *
 * Source: the estimate behind git-diff(1) -M; tests/e2e/renames.py compares.
 */
#ifndef REPO_SIMILAR_H
#define REPO_SIMILAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes on one value. */
struct dig_print_part {
	uint32_t value;
	uint32_t bytes;
};

struct dig_print {
	struct dig_print_part *parts; /* by value */
	size_t count;
};

/* The making of one: begin, feed in pieces of any size, end. */
struct dig_printer;
struct dig_printer *dig_printer_new(void);
void dig_printer_free(struct dig_printer *printer);
void dig_printer_feed(
    struct dig_printer *printer, const void *data, size_t len);
/* The print (caller frees with dig_print_clear); ready for the next file. */
void dig_printer_end(struct dig_printer *printer, struct dig_print *out);
void dig_print_clear(struct dig_print *print);

/* Bytes that both have. */
uint64_t dig_print_common(const struct dig_print *a, const struct dig_print *b);

#endif
