/* SPDX-License-Identifier: MIT
 *
 * A parser of git's configuration syntax: one call, one header or key.
 */
#include "repo/config_internal.h"

#include <string.h>

void
dig_config_parser_init(
    struct dig_config_parser *p, const void *data, size_t len)
{
	memset(p, 0, sizeof(*p));
	p->data = data;
	p->len = len;
	p->line = 1;
	if (len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0)
		p->at = 3; /* a byte order mark, which some editors leave */
}

void
dig_config_parser_clear(struct dig_config_parser *p)
{
	dig_buf_clear(&p->section);
	dig_buf_clear(&p->key);
	dig_buf_clear(&p->value);
}

/* The byte `ahead` of the cursor, or -1 past the end. */
static int
peek(const struct dig_config_parser *p, size_t ahead)
{
	return ahead < p->len - p->at ? p->data[p->at + ahead] : -1;
}

/* Length of the line end at the cursor: 1 for LF, 2 for CR LF, else 0. */
static size_t
line_end(const struct dig_config_parser *p)
{
	if (peek(p, 0) == '\n')
		return 1;
	return peek(p, 0) == '\r' && peek(p, 1) == '\n' ? 2 : 0;
}

static void
skip_comment(struct dig_config_parser *p)
{
	while (p->at < p->len && p->data[p->at] != '\n')
		p->at++;
}

static void
skip_space(struct dig_config_parser *p)
{
	for (; p->at < p->len; p->at++) {
		int c = p->data[p->at];

		if (c == '\n')
			p->line++;
		else if (c == '#' || c == ';') {
			skip_comment(p);
			p->at--;
		} else if (!is_blank(c))
			return;
	}
}

static const char *
parse_subsection(struct dig_config_parser *p)
{
	int c;

	dig_buf_putc(&p->section, '.');
	for (p->at++; (c = peek(p, 0)) != '"'; p->at++) {
		if (c == '\\') {
			p->at++;
			c = peek(p, 0);
		}
		if (c < 0 || c == '\n' || c == '\0')
			return "a subsection has no closing quote";
		dig_buf_putc(&p->section, (uint8_t)c);
	}
	p->at++;
	return NULL;
}

/* At '['. NULL or what is wrong. */
static const char *
parse_section(struct dig_config_parser *p)
{
	const char *bad;

	dig_buf_reset(&p->section);
	for (p->at++; is_name(peek(p, 0)) || peek(p, 0) == '.'; p->at++)
		dig_buf_putc(&p->section, (uint8_t)lower(peek(p, 0)));
	if (p->section.len == 0)
		return "a section has no name";
	if (is_blank(peek(p, 0))) {
		while (is_blank(peek(p, 0)))
			p->at++;
		if (peek(p, 0) != '"')
			return "a section name is not as it should be";
		bad = parse_subsection(p);
		if (bad != NULL)
			return bad;
	}
	if (peek(p, 0) != ']')
		return "a section has no closing ']'";
	p->at++;
	return NULL;
}

/* After a backslash in a value. The byte it stands for, or -1. */
static int
unescape(int c)
{
	switch (c) {
	case 'n':
		return '\n';
	case 't':
		return '\t';
	case 'b':
		return '\b';
	case '\\':
	case '"':
		return c;
	default:
		return -1;
	}
}

/* From after `=` to the end of the line. NULL or what is wrong. */
static const char *
parse_value(struct dig_config_parser *p)
{
	bool quoted = false;
	size_t kept = 0; /* value bytes that trailing blanks cannot take */

	dig_buf_reset(&p->value);
	p->value_at = p->at;
	while (is_blank(peek(p, 0)) && line_end(p) == 0)
		p->at++;
	if (p->at < p->len && line_end(p) == 0 && peek(p, 0) != '#' &&
	    peek(p, 0) != ';')
		p->value_at = p->at;
	p->value_end = p->value_at;
	for (;;) {
		int c = peek(p, 0);

		if (c < 0 || line_end(p) != 0)
			break;
		if (c == '\0')
			return "a value has a zero byte";
		if (!quoted && (c == '#' || c == ';')) {
			skip_comment(p);
			break;
		}
		p->at++;
		if (c == '\\') {
			size_t eol = line_end(p);

			if (eol != 0) { /* the value goes on */
				p->at += eol;
				p->line++;
				continue;
			}
			c = unescape(peek(p, 0));
			if (c < 0)
				return "a value has an unknown escape";
			p->at++;
			dig_buf_putc(&p->value, (uint8_t)c);
			kept = p->value.len;
		} else if (c == '"') {
			quoted = !quoted;
			kept = p->value.len;
		} else {
			if (!quoted && p->value.len == 0 && is_blank(c))
				continue;
			dig_buf_putc(&p->value, (uint8_t)c);
			if (quoted || !is_blank(c))
				kept = p->value.len;
			if (!quoted && is_blank(c))
				continue;
		}
		p->value_end = p->at;
	}
	if (quoted)
		return "a value has no closing quote";
	p->value.len = kept;
	return NULL;
}

static const char *
parse_key(struct dig_config_parser *p)
{
	const char *bad = NULL;

	if (p->section.len == 0)
		return "a key stands before the first section";
	dig_buf_reset(&p->key);
	dig_buf_reset(&p->value);
	for (; is_name(peek(p, 0)); p->at++)
		dig_buf_putc(&p->key, (uint8_t)lower(peek(p, 0)));
	p->value_at = p->value_end = p->at;
	while (is_blank(peek(p, 0)) && line_end(p) == 0)
		p->at++;
	p->bare = peek(p, 0) != '=';
	if (!p->bare) {
		p->at++;
		bad = parse_value(p);
	} else if (peek(p, 0) == '#' || peek(p, 0) == ';') {
		skip_comment(p);
	}
	if (bad != NULL)
		return bad;
	if (p->at < p->len && line_end(p) == 0)
		return "a key has no '='";
	p->closed = p->at < p->len;
	if (p->closed) {
		p->at += line_end(p);
		p->line++;
	}
	p->item_end = p->at;
	return NULL;
}

enum dig_status
dig_config_parser_next(struct dig_config_parser *p, const char *name,
    enum dig_config_item *out, struct dig_error *err)
{
	const char *bad;

	skip_space(p);
	p->item = p->at;
	p->item_line = p->line;
	if (p->at == p->len) {
		*out = ITEM_END;
		return DIG_OK;
	}
	if (peek(p, 0) == '[') {
		*out = ITEM_SECTION;
		bad = parse_section(p);
		p->item_end = p->at;
	} else if (is_alpha(peek(p, 0))) {
		*out = ITEM_KEY;
		bad = parse_key(p);
	} else {
		bad = "a line is neither section, key nor comment";
	}
	if (bad != NULL)
		return dig_raise(
		    err, DIG_EINVALID, "%s:%u: %s", name, p->line, bad);
	return DIG_OK;
}

enum dig_status
dig_config_check_text(
    const char *name, const void *data, size_t len, struct dig_error *err)
{
	struct dig_config_parser p;
	enum dig_config_item item = ITEM_SECTION;
	enum dig_status st = DIG_OK;

	if (len > DIG_CONFIG_FILE_MAX)
		return dig_raise(err, DIG_EINVALID, "%s: larger than %zu bytes",
		    name, DIG_CONFIG_FILE_MAX);
	dig_config_parser_init(&p, data, len);
	while (st == DIG_OK && item != ITEM_END)
		st = dig_config_parser_next(&p, name, &item, err);
	dig_config_parser_clear(&p);
	return st;
}
