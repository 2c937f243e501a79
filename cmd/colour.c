/* SPDX-License-Identifier: MIT
 *
 * Colour sequences and when they are wanted.
 */
#include "cmd/colour.h"

#include <stdlib.h>
#include <string.h>

const char *
dig_colour_sequence(enum dig_colour colour)
{
	static const char *const sequences[] = {
		[DIG_COLOUR_RESET] = "\033[m",
		[DIG_COLOUR_BOLD] = "\033[1m",
		[DIG_COLOUR_DIM] = "\033[2m",
		[DIG_COLOUR_RED] = "\033[31m",
		[DIG_COLOUR_GREEN] = "\033[32m",
		[DIG_COLOUR_YELLOW] = "\033[33m",
		[DIG_COLOUR_BLUE] = "\033[34m",
		[DIG_COLOUR_MAGENTA] = "\033[35m",
		[DIG_COLOUR_CYAN] = "\033[36m",
		[DIG_COLOUR_BOLD_RED] = "\033[1;31m",
		[DIG_COLOUR_BOLD_GREEN] = "\033[1;32m",
		[DIG_COLOUR_BOLD_YELLOW] = "\033[1;33m",
		[DIG_COLOUR_BOLD_BLUE] = "\033[1;34m",
		[DIG_COLOUR_BOLD_MAGENTA] = "\033[1;35m",
		[DIG_COLOUR_BOLD_CYAN] = "\033[1;36m",
	};

	return sequences[colour];
}

bool
dig_colour_wanted(const char *setting, bool terminal)
{
	const char *no_colour = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (strcmp(setting, "always") == 0)
		return true;
	if (strcmp(setting, "never") == 0 || strcmp(setting, "false") == 0)
		return false;
	return terminal && (no_colour == NULL || no_colour[0] == '\0') &&
	       term != NULL && term[0] != '\0' && strcmp(term, "dumb") != 0;
}

bool
dig_colour_is_word(const char *word)
{
	return strcmp(word, "always") == 0 || strcmp(word, "never") == 0 ||
	       strcmp(word, "auto") == 0;
}
