/* SPDX-License-Identifier: MIT
 *
 * Counts of changed lines, in git's three layouts.
 */
#ifndef CMD_PRINT_STAT_H
#define CMD_PRINT_STAT_H

#include "cmd/print_diff.h"

struct dig_line_counts {
	uint64_t added; /* lines; bytes of the new side where binary */
	uint64_t deleted;
	bool binary;
	bool shown; /* false: nothing but ignored white space differs */
};

/* Counts for each change of the list; *out: caller frees. */
enum dig_status dig_count_lines(struct dig_diff_view *view,
    struct dig_changes *changes, struct dig_line_counts **out,
    struct dig_error *err) DIG_CHECKED;

void dig_print_numstat(struct dig_diff_view *view,
    const struct dig_changes *changes, const struct dig_line_counts *counts);
void dig_print_stat(struct dig_diff_view *view,
    const struct dig_changes *changes, const struct dig_line_counts *counts);
void dig_print_shortstat(struct dig_diff_view *view,
    const struct dig_changes *changes, const struct dig_line_counts *counts);

#endif
