/* SPDX-License-Identifier: MIT
 *
 * Repository paths: bytes, components joined by '/', never re-encoded.
 */
#ifndef OBJECTS_BASE_PATH_H
#define OBJECTS_BASE_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "objects/base/buf.h"

#define DIG_PATH_MAX 4095 /* bytes in a path */
#define DIG_NAME_MAX 255  /* bytes in a component */

/*
 * The one check of names, called at every boundary (add, tree decode,
 * checkout, fsck). NULL when the path is fit to be tracked, else the reason,
 * a static phrase: "is empty", "has an empty component", "has a '..'
 * component", "names the repository itself" (.dig, .git and all their case,
 * dot, space, HFS and NTFS aliases) ...
 *
 * Cost: one pass.
 */
const char *dig_path_check(const void *path, size_t len);

/* memcmp order, the shorter first when one is the prefix of the other. */
int dig_path_cmp(const void *a, size_t alen, const void *b, size_t blen);

/* `path` is `dir` itself or lies below it; an empty dir holds everything. */
bool dig_path_is_under(
    const void *path, size_t len, const void *dir, size_t dirlen);

/* The bytes are valid UTF-8 (no surrogates, no overlong forms). */
bool dig_utf8_valid(const void *data, size_t len);

/*
 * Append the path as git prints it: as it is when every byte is printable
 * ASCII (or, with keep_utf8, valid UTF-8 without control characters) and has
 * no '"' or '\\'; else in double quotes with C escapes, octal for the rest.
 */
void dig_path_quote(
    struct dig_buf *out, const void *path, size_t len, bool keep_utf8);

#endif
