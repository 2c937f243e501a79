/* SPDX-License-Identifier: MIT
 *
 * Colour sequences and when they are wanted.
 */
#include "cmd/colour.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

/* ---- Colours in words -------------------------------------------------- */

static bool
is_word(const char *word, size_t len, const char *known)
{
	return strlen(known) == len && strncasecmp(word, known, len) == 0;
}

static int
hex_byte(const char *at)
{
	int value = 0;

	for (int i = 0; i < 2; i++) {
		const char *digits = "0123456789abcdef";
		int c = at[i] >= 'A' && at[i] <= 'F' ? at[i] + 32 : at[i];
		const char *found = c != 0 ? strchr(digits, c) : NULL;

		if (found == NULL)
			return -1;
		value = value * 16 + (int)(found - digits);
	}
	return value;
}

/* 0 to 255, or -1. */
static int
palette_number(const char *word, size_t len)
{
	int value = 0;

	if (len == 0 || len > 3)
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (word[i] < '0' || word[i] > '9')
			return -1;
		value = value * 10 + (word[i] - '0');
	}
	return value < 256 ? value : -1;
}

/* The parameters that choose a colour, for the ground when `ground` is 10. */
static bool
put_one_colour(struct dig_buf *out, const char *word, size_t len, int ground)
{
	static const char *const names[] = { "black", "red", "green", "yellow",
		"blue", "magenta", "cyan", "white" };
	bool bright = len > 6 && strncasecmp(word, "bright", 6) == 0;
	const char *name = bright ? word + 6 : word;
	int value = palette_number(word, len);

	if (is_word(word, len, "default")) {
		dig_buf_printf(out, "%d", 39 + ground);
		return true;
	}
	for (int i = 0; i < 8; i++)
		if (is_word(name, len - (bright ? 6 : 0), names[i]))
			value = i + (bright ? 8 : 0);
	if (value >= 16)
		dig_buf_printf(out, "%d;5;%d", 38 + ground, value);
	else if (value >= 8)
		dig_buf_printf(out, "%d", 90 + value - 8 + ground);
	else if (value >= 0)
		dig_buf_printf(out, "%d", 30 + value + ground);
	else if (len == 7 && word[0] == '#' && hex_byte(word + 1) >= 0 &&
		 hex_byte(word + 3) >= 0 && hex_byte(word + 5) >= 0)
		dig_buf_printf(out, "%d;2;%d;%d;%d", 38 + ground,
		    hex_byte(word + 1), hex_byte(word + 3), hex_byte(word + 5));
	else
		return false;
	return true;
}

/* The parameter of "bold" and the like; -1: it is none of them. */
static int
attribute(const char *word, size_t len)
{
	static const struct {
		const char *word;
		int on, off;
	} known[] = { { "bold", 1, 22 }, { "dim", 2, 22 }, { "italic", 3, 23 },
		{ "ul", 4, 24 }, { "blink", 5, 25 }, { "reverse", 7, 27 },
		{ "strike", 9, 29 } };
	bool off = len > 2 && strncasecmp(word, "no", 2) == 0;

	if (off) {
		word += word[2] == '-' ? 3 : 2;
		len -= word[-1] == '-' ? 3 : 2;
	}
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (is_word(word, len, known[i].word))
			return off ? known[i].off : known[i].on;
	return -1;
}

bool
dig_colour_parse(const char *text, size_t len, struct dig_buf *out)
{
	struct dig_buf colours = DIG_BUF_INIT;
	uint64_t attributes = 0;
	bool good = true, reset = false, any = false;
	int ncolours = 0;

	for (size_t at = 0; at < len && good;) {
		const char *word = text + at;
		size_t n = 0;
		int code;

		while (at + n < len && word[n] != ' ')
			n++;
		at += n + 1;
		if (n == 0)
			continue;
		any = true;
		code = attribute(word, n);
		if (is_word(word, n, "reset")) {
			reset = true;
		} else if (code >= 0) {
			attributes |= UINT64_C(1) << code;
		} else if (is_word(word, n, "normal")) {
			good = ncolours++ < 2;
		} else {
			dig_buf_puts(&colours, ";");
			good = ncolours < 2 &&
			       put_one_colour(&colours, word, n, ncolours * 10);
			ncolours++;
		}
	}
	if (good && (reset || attributes != 0 || colours.len > 0)) {
		dig_buf_puts(out, "\033[");
		for (int i = 1, n = 0; i < 64; i++)
			if ((attributes >> i & 1) != 0)
				dig_buf_printf(
				    out, n++ > 0 || reset ? ";%d" : "%d", i);
		if (colours.len > 0)
			dig_buf_put(out,
			    colours.data + (attributes == 0 && !reset),
			    colours.len - (attributes == 0 && !reset));
		dig_buf_putc(out, 'm');
	}
	dig_buf_clear(&colours);
	return good && any;
}
