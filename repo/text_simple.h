/* SPDX-License-Identifier: MIT
 *
 * Differences of two texts by line where there is one answer only; for text.c.
 */
#ifndef REPO_TEXT_SIMPLE_H
#define REPO_TEXT_SIMPLE_H

#include <stdbool.h>
#include <stddef.h>

#include "repo/text.h"

/*
 * The hunks without context that the engine would find, handed to sink->hunk
 * (without headings); false: it is not simple, and nothing was handed over.
 *
 * Between the common start and the common end, each line that both have must
 * be there once, in the same order; a longest common subsequence is then these
 * lines, and no other. No hunk may be movable (its first line equal to the one
 * behind it, or its last one to the one before it), no line so frequent and
 * the whole not so large that the engine takes its short ways.
 *
 * Cost: two passes over the texts, a hash of each line between start and end.
 * Source: what XDL_MAX_EQLIMIT, XDL_HEUR_MIN_COST and the sliding of groups do
 * in libxdiff; tests/unit/test_text.c compares with the engine.
 */
bool dig_text_simple(const void *old_data, size_t old_len, const void *new_data,
    size_t new_len, const struct dig_text_sink *sink);

#endif
