/* SPDX-License-Identifier: MIT
 *
 * The parts of a message.
 */
#include <string.h>

#include "cmd/pretty_internal.h"
#include "cmd/text.h"

#define INDENT "    "
#define TAB_WIDTH 8

/* The next line without its end and blanks before that; text moves on. */
static struct dig_span
next_line(struct dig_span *text)
{
	const uint8_t *end =
	    text->at == text->end
		? NULL
		: memchr(text->at, '\n', (size_t)(text->end - text->at));
	struct dig_span line = { text->at, end != NULL ? end : text->end };

	text->at = end != NULL ? end + 1 : text->end;
	while (line.end > line.at &&
	       strchr(" \t\r\v\f", line.end[-1]) != NULL &&
	       line.end[-1] != '\0')
		line.end--;
	return line;
}

static void
skip_blank_lines(struct dig_span *text)
{
	while (text->at < text->end) {
		struct dig_span rest = *text;
		struct dig_span line = next_line(&rest);

		if (line.at != line.end)
			break;
		*text = rest;
	}
}

void
dig_pretty_put_subject(struct dig_buf *out, struct dig_span *text)
{
	bool first = true;

	skip_blank_lines(text);
	while (text->at < text->end) {
		struct dig_span line = next_line(text);

		if (line.at == line.end)
			break;
		if (!first)
			dig_buf_putc(out, ' ');
		first = false;
		dig_buf_put(out, line.at, (size_t)(line.end - line.at));
	}
	skip_blank_lines(text);
}

static bool
is_title(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '.' || c == '_';
}

/* Runs of other bytes become one '-', and no two dots stand together. */
void
dig_pretty_put_file_name(struct dig_buf *out, struct dig_span text)
{
	size_t start = out->len;
	bool apart = false;
	struct dig_span line;

	skip_blank_lines(&text);
	line = next_line(&text);
	for (; line.at < line.end; line.at++) {
		if (!is_title(*line.at)) {
			apart = true;
			continue;
		}
		if (apart && out->len > start)
			dig_buf_putc(out, '-');
		apart = false;
		if (*line.at != '.' || out->len == start ||
		    out->data[out->len - 1] != '.')
			dig_buf_putc(out, *line.at);
	}
	while (out->len > start && (out->data[out->len - 1] == '.' ||
				       out->data[out->len - 1] == '-'))
		out->len--;
}

/* A line with its tabs made blanks, so that the indent does not move them. */
static void
put_line(struct dig_buf *out, struct dig_span line)
{
	size_t column = 0;

	while (line.at < line.end) {
		uint32_t code;
		size_t step;

		if (*line.at == '\t') {
			do
				dig_buf_putc(out, ' ');
			while (++column % TAB_WIDTH != 0);
			line.at++;
			continue;
		}
		step =
		    dig_utf8_next(line.at, (size_t)(line.end - line.at), &code);
		dig_buf_put(out, line.at, step);
		line.at += step;
		column++;
	}
}

void
dig_pretty_put_indented(
    struct dig_buf *out, struct dig_span text, bool expand_tabs, bool paragraph)
{
	size_t blank = 0;

	skip_blank_lines(&text);
	while (text.at < text.end) {
		struct dig_span line = next_line(&text);

		if (line.at == line.end) {
			if (paragraph)
				break;
			blank++;
			continue;
		}
		for (; blank > 0; blank--)
			dig_buf_puts(out, INDENT "\n");
		dig_buf_puts(out, INDENT);
		if (expand_tabs)
			put_line(out, line);
		else
			dig_buf_put(out, line.at, (size_t)(line.end - line.at));
		dig_buf_putc(out, '\n');
	}
}

struct dig_span
dig_pretty_message(const struct dig_commit *commit)
{
	struct dig_span text = { commit->message,
		commit->message + commit->message_len };

	return text;
}
