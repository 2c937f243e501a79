/* SPDX-License-Identifier: MIT
 *
 * Format strings: "%h %s" and the like.
 */
#include <string.h>

#include "cmd/pretty_internal.h"

/* %an, %cI, ...: the letter after 'a' or 'c'. False: there is none such. */
static bool
put_ident_part(struct dig_pretty *pretty, struct dig_buf *out,
    const struct dig_ident *ident, char letter)
{
	const uint8_t *name, *email;
	size_t name_len, email_len;

	dig_ident_split(ident, &name, &name_len, &email, &email_len);
	switch (letter) {
	case 'n':
	case 'N':
		dig_buf_put(out, name, name_len);
		return true;
	case 'e':
	case 'E':
		dig_buf_put(out, email, email_len);
		return true;
	case 'd':
		dig_pretty_put_date(out, ident, pretty->date);
		return true;
	case 'D':
		dig_pretty_put_date(out, ident, "rfc");
		return true;
	case 'i':
		dig_pretty_put_date(out, ident, "iso");
		return true;
	case 'I':
		dig_pretty_put_date(out, ident, "iso-strict");
		return true;
	case 's':
		dig_pretty_put_date(out, ident, "short");
		return true;
	case 'r':
		dig_pretty_put_date(out, ident, "relative");
		return true;
	case 't':
		dig_pretty_put_date(out, ident, "unix");
		return true;
	default:
		return false;
	}
}

static int
hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* What stands alone; false: it does not. */
static bool
put_character(struct dig_pretty *pretty, const char *at, size_t *used)
{
	int high, low;

	switch (*at) {
	case 'n':
		dig_buf_putc(&pretty->text, '\n');
		return true;
	case '%':
		dig_buf_putc(&pretty->text, '%');
		return true;
	case 'x':
		high = hex_digit(at[1]);
		low = high < 0 ? -1 : hex_digit(at[2]);
		if (low < 0)
			return false;
		dig_buf_putc(&pretty->text, (uint8_t)(high << 4 | low));
		*used = 3;
		return true;
	default:
		return false;
	}
}

/* Words of a colour in brackets; "auto," is what it is anyhow. */
static enum dig_status
put_colour_words(struct dig_pretty *pretty, const char *at, size_t *used,
    struct dig_error *err)
{
	const char *end = strchr(at, ')');
	struct dig_buf sequence = DIG_BUF_INIT;
	bool wanted = pretty->colour;

	if (end == NULL) {
		*used = 0;
		return DIG_OK;
	}
	*used = (size_t)(end - at) + 3; /* C, ( and ) */
	if (strncmp(at, "auto,", 5) == 0) {
		at += 5;
	} else if (strncmp(at, "always,", 7) == 0) {
		at += 7;
		wanted = true;
	}
	if (!dig_colour_parse(at, (size_t)(end - at), &sequence)) {
		dig_buf_clear(&sequence);
		return dig_raise(err, DIG_EINVALID, "'%.*s' is no colour",
		    (int)(end - at), at);
	}
	if (wanted)
		dig_pretty_mark(pretty, sequence.data, sequence.len);
	pretty->auto_colour = false;
	dig_buf_clear(&sequence);
	return DIG_OK;
}

/* %C..., from the 'C' on. */
static enum dig_status
put_colour(struct dig_pretty *pretty, const char *at, size_t *used,
    struct dig_error *err)
{
	static const struct {
		const char *word;
		enum dig_colour colour;
	} words[] = { { "Cred", DIG_COLOUR_RED },
		{ "Cgreen", DIG_COLOUR_GREEN }, { "Cblue", DIG_COLOUR_BLUE },
		{ "Creset", DIG_COLOUR_RESET } };

	if (strncmp(at, "C(auto)", 7) == 0) {
		*used = 7;
		pretty->auto_colour = pretty->colour;
		if (pretty->text.len > 0 || pretty->nmarks > 0)
			dig_pretty_colour(pretty, DIG_COLOUR_RESET);
		return DIG_OK;
	}
	if (at[1] == '(')
		return put_colour_words(pretty, at + 2, used, err);
	*used = 0;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strncmp(at, words[i].word, strlen(words[i].word)) == 0) {
			*used = strlen(words[i].word);
			pretty->auto_colour = false;
			dig_pretty_colour(pretty, words[i].colour);
		}
	return DIG_OK;
}

static enum dig_status
put_coloured_id(struct dig_pretty *pretty, const struct dig_oid *id,
    bool is_short, struct dig_error *err)
{
	enum dig_status st;

	if (pretty->auto_colour)
		dig_pretty_colour(pretty, DIG_COLOUR_COMMIT);
	st = dig_pretty_put_id(pretty, id, is_short, err);
	if (pretty->auto_colour)
		dig_pretty_colour(pretty, DIG_COLOUR_RESET);
	return st;
}

/* One placeholder, from behind the '%'; *used 0: it is none. */
static enum dig_status
put_part(struct dig_pretty *pretty, const char *at, const struct dig_oid *id,
    const struct dig_commit *commit, size_t *used, struct dig_error *err)
{
	struct dig_span text = dig_pretty_message(commit);
	struct dig_buf subject = DIG_BUF_INIT;
	struct dig_buf *out = &pretty->text;
	enum dig_status st;
	bool known;

	*used = 1;
	switch (*at) {
	case 'C':
		return put_colour(pretty, at, used, err);
	case 'H':
	case 'h':
		return put_coloured_id(pretty, id, *at == 'h', err);
	case 'T':
	case 't':
		return dig_pretty_put_id(
		    pretty, &commit->tree, *at == 't', err);
	case 'P':
	case 'p':
		return dig_pretty_put_parents(pretty, commit, *at == 'p', err);
	case 's':
		dig_pretty_put_subject(out, &text);
		return DIG_OK;
	case 'f':
		dig_pretty_put_file_name(out, text);
		return DIG_OK;
	case 'b':
		dig_pretty_put_subject(&subject, &text);
		dig_buf_clear(&subject);
		dig_buf_put(out, text.at, (size_t)(text.end - text.at));
		return DIG_OK;
	case 'B':
		dig_buf_put(out, text.at, (size_t)(text.end - text.at));
		return DIG_OK;
	case 'd':
		return dig_pretty_put_names(
		    pretty, id, " (", ")", pretty->auto_colour, err);
	case 'D':
		return dig_pretty_put_names(
		    pretty, id, "", "", pretty->auto_colour, err);
	case 'G':
		st = dig_pretty_put_signature_part(
		    pretty, commit, at[1], &known, err);
		*used = known ? 2 : 0;
		return st;
	case 'a':
	case 'c':
		*used = 2;
		if (put_ident_part(pretty, out,
			*at == 'a' ? &commit->author : &commit->committer,
			at[1]))
			return DIG_OK;
		break;
	default:
		if (put_character(pretty, at, used))
			return DIG_OK;
		break;
	}
	*used = 0;
	return DIG_OK;
}

/* "%+b", "%-b", "% b": `how` is the sign, start where the text was before. */
static void
adjust(struct dig_pretty *pretty, char how, size_t start)
{
	struct dig_buf *text = &pretty->text;
	bool empty = text->len == start;
	char added = how == '+' ? '\n' : ' ';

	if (how == '-') {
		while (
		    empty && text->len > 0 && text->data[text->len - 1] == '\n')
			text->len--;
		for (size_t i = pretty->nmarks; i-- > 0;)
			if (pretty->marks[i].at > text->len)
				pretty->marks[i].at = text->len;
		return;
	}
	if (empty)
		return;
	dig_buf_putc(text, 0);
	memmove(
	    text->data + start + 1, text->data + start, text->len - start - 1);
	text->data[start] = (uint8_t)added;
	for (size_t i = 0; i < pretty->nmarks; i++)
		pretty->marks[i].at += pretty->marks[i].at >= start;
}

enum dig_status
dig_pretty_put_format(struct dig_pretty *pretty, const struct dig_oid *id,
    const struct dig_commit *commit, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	pretty->auto_colour = false;
	for (const char *at = pretty->format; st == DIG_OK && *at != '\0';) {
		size_t start = pretty->text.len;
		size_t used = 0;
		bool adjusts = at[0] == '%' && at[1] != '\0' &&
			       strchr("+- ", at[1]) != NULL;

		if (*at == '%')
			st = put_part(
			    pretty, at + 1 + adjusts, id, commit, &used, err);
		if (used == 0)
			dig_buf_putc(&pretty->text, (uint8_t)*at);
		else if (adjusts)
			adjust(pretty, at[1], start);
		at += used + 1 + (used > 0 && adjusts);
	}
	return st;
}
