/* SPDX-License-Identifier: MIT
 *
 * Colours: their names, what each is used for, and the one decision whether
 * to use them.
 */
#ifndef CMD_COLOUR_H
#define CMD_COLOUR_H

#include <stdbool.h>
#include <stddef.h>

#include "objects/base/buf.h"

enum dig_colour {
	DIG_COLOUR_RESET,
	DIG_COLOUR_BOLD,
	DIG_COLOUR_DIM,
	DIG_COLOUR_RED,
	DIG_COLOUR_GREEN,
	DIG_COLOUR_YELLOW,
	DIG_COLOUR_BLUE,
	DIG_COLOUR_MAGENTA,
	DIG_COLOUR_CYAN,
	DIG_COLOUR_BOLD_RED,
	DIG_COLOUR_BOLD_GREEN,
	DIG_COLOUR_BOLD_YELLOW,
	DIG_COLOUR_BOLD_BLUE,
	DIG_COLOUR_BOLD_MAGENTA,
	DIG_COLOUR_BOLD_CYAN,

	/* What verbs print, in git's default colours. */
	DIG_COLOUR_COMMIT = DIG_COLOUR_YELLOW, /* its id */
	DIG_COLOUR_DIFF_META = DIG_COLOUR_BOLD,
	DIG_COLOUR_DIFF_FRAG = DIG_COLOUR_CYAN, /* "@@ ... @@" */
	DIG_COLOUR_DIFF_OLD = DIG_COLOUR_RED,
	DIG_COLOUR_DIFF_NEW = DIG_COLOUR_GREEN,
	DIG_COLOUR_STATUS_ADDED = DIG_COLOUR_GREEN,
	DIG_COLOUR_STATUS_CHANGED = DIG_COLOUR_RED,
	DIG_COLOUR_STATUS_UNTRACKED = DIG_COLOUR_RED,
	DIG_COLOUR_BRANCH_CURRENT = DIG_COLOUR_GREEN,
	DIG_COLOUR_NO_BRANCH = DIG_COLOUR_RED,
	DIG_COLOUR_REF_HEAD = DIG_COLOUR_BOLD_CYAN,
	DIG_COLOUR_REF_BRANCH = DIG_COLOUR_BOLD_GREEN,
	DIG_COLOUR_REF_REMOTE = DIG_COLOUR_BOLD_RED,
	DIG_COLOUR_REF_TAG = DIG_COLOUR_BOLD_YELLOW,
	DIG_COLOUR_REF_STASH = DIG_COLOUR_BOLD_MAGENTA,
	DIG_COLOUR_MATCH = DIG_COLOUR_BOLD_RED, /* of a pattern */
	DIG_COLOUR_MATCH_FILE = DIG_COLOUR_MAGENTA,
	DIG_COLOUR_MATCH_LINE = DIG_COLOUR_GREEN, /* its number */
	DIG_COLOUR_MATCH_SEPARATOR = DIG_COLOUR_CYAN
};

const char *dig_colour_sequence(enum dig_colour colour);
/*
 * The sequence of a colour in words, as git's settings have it: "red", "bold
 * blue black", "#ff0080", "214", "reset"; at most a text and a ground colour,
 * and bold, dim, italic, ul, blink, reverse, strike, each with "no" before it
 * for its end. Appended to out; false: these are none.
 */
bool dig_colour_parse(const char *text, size_t len, struct dig_buf *out);

/*
 * `setting` is --color, else color.ui: "always", "never", "auto" (or a boolean,
 * where true means auto). "auto" asks for a terminal, a TERM that is set and
 * not "dumb", and no NO_COLOR in the environment (https: * not empty). NO_COLOR
 * does not overrule "always".
 */
bool dig_colour_wanted(const char *setting, bool terminal);
/* A word that --color takes. */
bool dig_colour_is_word(const char *word);

#endif
