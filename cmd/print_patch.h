/* SPDX-License-Identifier: MIT
 *
 * One file as a patch that git apply and patch -p1 take.
 */
#ifndef CMD_PRINT_PATCH_H
#define CMD_PRINT_PATCH_H

#include "cmd/print_diff.h"

enum dig_status dig_print_patch(struct dig_diff_view *view,
    struct dig_change *change, struct dig_error *err) DIG_CHECKED;

#endif
