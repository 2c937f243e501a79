/* SPDX-License-Identifier: MIT
 *
 * Lists of changed files, as log and show print them.
 */
#ifndef CMD_PRINT_CHANGES_H
#define CMD_PRINT_CHANGES_H

#include "cmd/json.h"
#include "cmd/output.h"
#include "repo/dig.h"

enum dig_changes_style {
	DIG_CHANGES_NONE = 0,
	DIG_CHANGES_NAMES,  /* a path a line */
	DIG_CHANGES_STATUS, /* M<tab>path, R100<tab>old<tab>new */
	DIG_CHANGES_STAT    /* " path | 12 B -> 14 B" and a line of sums */
};

void dig_print_changes(struct dig_out *out, const struct dig_changes *changes,
    enum dig_changes_style style);
/* A member `changes` of the object that is open. */
void dig_json_changes(struct dig_json *json, const struct dig_changes *changes);

#endif
