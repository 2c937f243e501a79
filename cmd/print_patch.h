/* SPDX-License-Identifier: MIT
 *
 * One file as a patch that git apply and patch -p1 take.
 */
#ifndef CMD_PRINT_PATCH_H
#define CMD_PRINT_PATCH_H

#include "cmd/print_diff.h"

enum dig_status dig_print_patch(struct dig_diff_view *view,
    struct dig_change *change, struct dig_error *err) DIG_CHECKED;

/* ---- Parts of a patch, for who asks about each hunk -------------------- */

/* The header, with the lines --- and +++ where there are hunks. */
void dig_print_patch_head(struct dig_diff_view *view,
    const struct dig_change *change, const struct dig_pair *pair, bool hunks);
/* "@@ -1,2 +1,3 @@ heading" */
void dig_print_patch_hunk(
    struct dig_out *out, const struct dig_text_hunk *hunk);
/* A line, as struct dig_text_sink has it. */
void dig_print_patch_line(
    struct dig_out *out, char kind, const char *line, size_t len);

#endif
