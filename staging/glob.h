/* SPDX-License-Identifier: MIT
 *
 * Shell wildcards over bytes, as ignore rules and pathspecs read them. No
 * locale, no allocation, no recursion.
 */
#ifndef STAGING_GLOB_H
#define STAGING_GLOB_H

#include <stdbool.h>
#include <stddef.h>

enum dig_glob {
	DIG_GLOB_PATHNAME = 1, /* only a component of two stars crosses '/' */
	DIG_GLOB_ICASE = 2     /* ASCII letters of either case are equal */
};

/*
 * `text` as a whole matches `pattern`.
 *
 *   ?        one byte, not '/' with PATHNAME
 *   *        any bytes, no '/' with PATHNAME
 *   **       with PATHNAME, as a whole component: any number of components,
 *            none too; elsewhere the same as *
 *   [a-z]    one byte of a set; ranges, leading ! or ^ negates, ']' first is
 *            itself, [:alpha:] and the other eleven classes over ASCII; never
 *            '/' with PATHNAME
 *   \x       the byte x
 *
 * A set without end, an unknown class and a backslash at the end match
 * nothing. The start of `pattern` counts as the start of a component.
 *
 * Cost: at most about plen * tlen steps whatever the pattern: a mismatch
 * returns to the latest star, and from there to the latest `**`, never further,
 * since whatever an earlier star could give up the later one takes as well.
 */
bool dig_glob_match(const char *pattern, size_t plen, const char *text,
    size_t tlen, unsigned flags);

/* Bytes before the first wildcard or backslash; plen when there is none. */
size_t dig_glob_literal_len(const char *pattern, size_t plen);

/* Bytes of the same length are equal, with ICASE by ASCII case folding. */
bool dig_glob_bytes_equal(
    const char *a, const char *b, size_t len, unsigned flags);

#endif
