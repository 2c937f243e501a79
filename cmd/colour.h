/* SPDX-License-Identifier: MIT
 *
 * Colours: eight names and the one decision whether to use them.
 */
#ifndef CMD_COLOUR_H
#define CMD_COLOUR_H

#include <stdbool.h>

enum dig_colour {
	DIG_COLOUR_RESET,
	DIG_COLOUR_BOLD,
	DIG_COLOUR_DIM,
	DIG_COLOUR_RED,
	DIG_COLOUR_GREEN,
	DIG_COLOUR_YELLOW,
	DIG_COLOUR_BLUE,
	DIG_COLOUR_CYAN
};

const char *dig_colour_sequence(enum dig_colour colour);

/*
 * `setting` is color.ui: "always", "never", "auto" (or a boolean, where true
 * means auto). "auto" asks for a terminal, a TERM that is set and not "dumb",
 * and no NO_COLOR in the environment (https://no-color.org: any value that is
 * not empty). NO_COLOR does not overrule "always".
 */
bool dig_colour_wanted(const char *setting, bool terminal);

#endif
