/* SPDX-License-Identifier: MIT
 *
 * Ranges of bytes as people write them, in --bytes and behind URNs.
 */
#ifndef REPO_RANGE_H
#define REPO_RANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "objects/base/error.h"

/*
 * "A-B" (both included), "A-" or "-N" (the last N) of a file of `size` bytes,
 * as [*from, *to). Every byte named must be in the file.
 * Errors: INVALID, with the size.
 * Source: RFC 9110 section 14.1.1.
 */
enum dig_status dig_range_parse(const char *text, uint64_t size, uint64_t *from,
    uint64_t *to, struct dig_error *err) DIG_CHECKED;

#endif
