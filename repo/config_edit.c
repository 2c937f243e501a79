/* SPDX-License-Identifier: MIT
 *
 * Change one key of a text and leave every other byte as it was.
 */
#include "repo/config_internal.h"

#include <string.h>

/*
 * A value so that it reads back byte for byte. Quotes keep blanks at the
 * ends, comment characters, and a CR, which at the end of a line would be
 * taken for the line's.
 */
static void
put_value(struct dig_buf *out, const char *value)
{
	size_t len = strlen(value);
	bool quote =
	    len != 0 && (is_blank(value[0]) || is_blank(value[len - 1]));

	quote = quote || strpbrk(value, "#;\r\t\v\f") != NULL;
	if (quote)
		dig_buf_putc(out, '"');
	for (const char *p = value; *p != '\0'; p++) {
		switch (*p) {
		case '\n':
			dig_buf_puts(out, "\\n");
			break;
		case '\t':
			dig_buf_puts(out, "\\t");
			break;
		case '\b':
			dig_buf_puts(out, "\\b");
			break;
		case '"':
		case '\\':
			dig_buf_putc(out, '\\');
			dig_buf_putc(out, (uint8_t)*p);
			break;
		default:
			dig_buf_putc(out, (uint8_t)*p);
		}
	}
	if (quote)
		dig_buf_putc(out, '"');
}

/* "[section]" or "[section "sub"]" for a canonical key, spelled as `key`. */
static void
put_section(struct dig_buf *out, const char *key)
{
	const char *first = strchr(key, '.');
	const char *last = strrchr(key, '.');

	dig_buf_putc(out, '[');
	dig_buf_put(out, key, (size_t)(first - key));
	if (first != last) {
		dig_buf_puts(out, " \"");
		for (const char *p = first + 1; p < last; p++) {
			if (*p == '"' || *p == '\\')
				dig_buf_putc(out, '\\');
			dig_buf_putc(out, (uint8_t)*p);
		}
		dig_buf_putc(out, '"');
	}
	dig_buf_putc(out, ']');
}

/* One pass over the text, noting where the key stands or could stand. */
struct place {
	bool found; /* the key has a line */
	bool same;  /* and one of its lines has this value */
	bool bare;
	size_t value_at; /* of its last line */
	size_t value_end;
	bool has_section;
	size_t section_end; /* past the last line of its section */
	bool section_open;  /* that line has no newline yet */
	bool text_open;     /* the text ends within a line */
};

/* Past the blanks, the comment and the end of the header's line, unless
 * another item shares that line. */
static size_t
header_line_end(const uint8_t *data, size_t len, size_t at, bool *open)
{
	size_t end = at;

	while (end < len && is_blank(data[end]))
		end++;
	*open = true;
	if (end < len && data[end] != '\n' && data[end] != '#' &&
	    data[end] != ';')
		return at;
	while (end < len && data[end] != '\n')
		end++;
	*open = end == len;
	return end + (end < len);
}

static bool
in_section(const struct dig_config_parser *p, const char *canonical)
{
	size_t len = (size_t)(strrchr(canonical, '.') - canonical);

	return p->section.len == len &&
	       memcmp(p->section.data, canonical, len) == 0;
}

static bool
is_key(const struct dig_config_parser *p, const char *canonical)
{
	const char *name = strrchr(canonical, '.') + 1;

	return in_section(p, canonical) && p->key.len == strlen(name) &&
	       memcmp(p->key.data, name, p->key.len) == 0;
}

static enum dig_status
find_place(const void *data, size_t len, const char *canonical,
    const char *value, struct place *out, struct dig_error *err)
{
	struct place place = { 0 };
	struct dig_config_parser p;
	enum dig_config_item item = ITEM_SECTION;
	enum dig_status st = DIG_OK;

	dig_config_parser_init(&p, data, len);
	place.text_open = len != 0 && p.data[len - 1] != '\n';
	while (item != ITEM_END) {
		st = dig_config_parser_next(&p, "the file", &item, err);
		if (st != DIG_OK)
			goto out;
		if (item == ITEM_KEY && !p.closed)
			place.text_open = true;
		if (item == ITEM_END || !in_section(&p, canonical))
			continue;
		place.has_section = true;
		if (item == ITEM_SECTION) {
			place.section_end = header_line_end(
			    data, len, p.item_end, &place.section_open);
			continue;
		}
		place.section_end = p.item_end;
		place.section_open = !p.closed;
		if (!is_key(&p, canonical))
			continue;
		place.found = true;
		place.bare = p.bare;
		place.value_at = p.value_at;
		place.value_end = p.value_end;
		if (value != NULL && strlen(value) == p.value.len &&
		    (p.value.len == 0 ||
			memcmp(value, p.value.data, p.value.len) == 0))
			place.same = true;
	}
	*out = place;
out:
	dig_config_parser_clear(&p);
	return st;
}

static const char *
text_eol(const uint8_t *data, size_t len)
{
	const uint8_t *eol = len != 0 ? memchr(data, '\n', len) : NULL;

	return eol != NULL && eol > data && eol[-1] == '\r' ? "\r\n" : "\n";
}

/* A new line at the end of its section, or a new section at the end. */
static void
edit_insert(struct dig_buf *out, const uint8_t *data, size_t len,
    const struct place *place, const char *key, const char *value)
{
	const char *eol = text_eol(data, len);
	size_t at = place->has_section ? place->section_end : len;

	dig_buf_put(out, data, at);
	if (place->has_section ? place->section_open : place->text_open)
		dig_buf_puts(out, eol);
	if (!place->has_section) {
		put_section(out, key);
		dig_buf_puts(out, eol);
	}
	dig_buf_printf(out, "\t%s = ", strrchr(key, '.') + 1);
	put_value(out, value);
	dig_buf_puts(out, eol);
	dig_buf_put(out, data + at, len - at);
}

static void
edit_replace(struct dig_buf *out, const uint8_t *data, size_t len,
    const struct place *place, const char *value)
{
	dig_buf_put(out, data, place->value_at);
	if (place->bare)
		dig_buf_puts(out, " = ");
	else if (place->value_at > 0 && data[place->value_at - 1] == '=')
		dig_buf_putc(out, ' ');
	put_value(out, value);
	dig_buf_put(out, data + place->value_end, len - place->value_end);
}

/* Every line of the key goes, with a comment that stands behind it. */
static enum dig_status
edit_remove(struct dig_buf *out, const uint8_t *data, size_t len,
    const char *canonical, struct dig_error *err)
{
	struct dig_config_parser p;
	enum dig_config_item item = ITEM_SECTION;
	enum dig_status st = DIG_OK;
	size_t copied = 0;

	dig_config_parser_init(&p, data, len);
	while (item != ITEM_END) {
		size_t from, to;

		st = dig_config_parser_next(&p, "the file", &item, err);
		if (st != DIG_OK)
			break;
		if (item != ITEM_KEY || !is_key(&p, canonical))
			continue;
		from = p.item;
		to = p.item_end;
		while (from > copied && is_blank(data[from - 1]))
			from--;
		/* Behind a header on one line: the line end stays. */
		if (from > 0 && data[from - 1] != '\n')
			while (to > p.value_end &&
			       (data[to - 1] == '\n' || data[to - 1] == '\r'))
				to--;
		dig_buf_put(out, data + copied, from - copied);
		copied = to;
	}
	if (st == DIG_OK)
		dig_buf_put(out, data + copied, len - copied);
	dig_config_parser_clear(&p);
	return st;
}

/* The key as a new line spells it: the list's way, with its subsection. */
static void
spelled_key(struct dig_buf *out, const struct dig_config_key *spec,
    const char *canonical)
{
	dig_buf_reset(out);
	if (strchr(spec->key, '*') == NULL)
		dig_buf_puts(out, spec->key);
	else
		dig_buf_puts(out, canonical);
}

enum dig_status
dig_config_edit(enum dig_config_scope scope, const void *data, size_t len,
    const char *key, const char *value, struct dig_buf *out,
    struct dig_error *err)
{
	struct dig_buf canonical = DIG_BUF_INIT;
	struct dig_buf spelled = DIG_BUF_INIT;
	struct dig_buf text = DIG_BUF_INIT;
	const struct dig_config_key *spec = NULL;
	struct place place;
	const char *name;
	enum dig_status st;

	/* An unknown key can be taken out, though not set. */
	st = dig_config_resolve(key, &canonical, &spec, err);
	if (st != DIG_OK && (value != NULL || canonical.len == 0))
		goto out;
	name = (const char *)canonical.data;
	if (value != NULL)
		st = dig_config_allowed(spec, scope, value, err);
	else
		st = DIG_OK;
	if (st != DIG_OK)
		goto out;
	st = dig_config_check_text("the file", data, len, err);
	if (st != DIG_OK)
		goto out;
	st = find_place(data, len, name, value, &place, err);
	if (st != DIG_OK)
		goto out;
	if (value == NULL && !place.found) {
		st = dig_raise(err, DIG_ENOTFOUND, "%s is not set", key);
		goto out;
	}

	if (value == NULL) {
		st = edit_remove(&text, data, len, name, err);
	} else if ((spec->flags & KEY_MULTI) != 0 && place.same) {
		dig_buf_put(&text, data, len);
	} else if (place.found && (spec->flags & KEY_MULTI) == 0) {
		edit_replace(&text, data, len, &place, value);
	} else {
		spelled_key(&spelled, spec, name);
		edit_insert(&text, data, len, &place,
		    (const char *)spelled.data, value);
	}
	if (st == DIG_OK) {
		dig_buf_reset(out);
		dig_buf_put(out, text.data, text.len);
	}
out:
	dig_buf_clear(&canonical);
	dig_buf_clear(&spelled);
	dig_buf_clear(&text);
	return st;
}
