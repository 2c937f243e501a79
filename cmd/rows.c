/* SPDX-License-Identifier: MIT
 *
 * Rows of a query in memory, and the ways to print them.
 */
#include "cmd/rows.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/json.h"
#include "cmd/text.h"
#include "objects/base/path.h"

void
dig_rows_clear(struct dig_rows *rows)
{
	for (size_t i = 0; i < rows->ncolumns; i++)
		free(rows->names[i]);
	free(rows->names);
	dig_buf_clear(&rows->cells);
	memset(rows, 0, sizeof(*rows));
}

/* ---- Taking in -------------------------------------------------------- */

static enum dig_status
on_columns(
    void *arg, const char *const *names, size_t count, struct dig_error *err)
{
	struct dig_rows *rows = arg;

	(void)err;
	rows->names = dig_calloc(count, sizeof(*rows->names));
	for (size_t i = 0; i < count; i++)
		rows->names[i] = dig_strdup(names[i]);
	rows->ncolumns = count;
	return DIG_OK;
}

static void
put_value(struct dig_buf *out, const struct dig_value *value)
{
	dig_buf_putc(out, (uint8_t)value->type);
	switch (value->type) {
	case DIG_VALUE_NULL:
		break;
	case DIG_VALUE_INT:
		dig_buf_put(out, &value->integer, sizeof(value->integer));
		break;
	case DIG_VALUE_REAL:
		dig_buf_put(out, &value->real, sizeof(value->real));
		break;
	case DIG_VALUE_TEXT:
	case DIG_VALUE_BLOB:
		dig_buf_put_varint(out, value->len);
		dig_buf_put(out, value->data, value->len);
		break;
	}
}

static enum dig_status
on_row(void *arg, const struct dig_value *values, size_t count,
    struct dig_error *err)
{
	struct dig_rows *rows = arg;
	size_t more = 0;

	for (size_t i = 0; i < count; i++)
		more += values[i].len + 16;
	if (rows->cells.len + more > DIG_ROWS_MAX) {
		dig_ignore(dig_raise(err, DIG_EINVALID,
		    "the result has more than %zu MiB", DIG_ROWS_MAX >> 20));
		dig_hint(err, "a LIMIT, or fewer columns, makes it smaller");
		return DIG_EINVALID;
	}
	for (size_t i = 0; i < count; i++)
		put_value(&rows->cells, &values[i]);
	rows->count++;
	return DIG_OK;
}

struct dig_query_handler
dig_rows_handler(struct dig_rows *rows)
{
	struct dig_query_handler handler = { rows, on_columns, on_row };

	return handler;
}

/* ---- Values ----------------------------------------------------------- */

static struct dig_value
next_value(struct dig_cursor *cur)
{
	struct dig_value value = { 0 };

	value.type = (enum dig_value_type)dig_cursor_u8(cur);
	if (value.type == DIG_VALUE_INT)
		memcpy(&value.integer, dig_cursor_raw(cur, sizeof(int64_t)),
		    sizeof(int64_t));
	else if (value.type == DIG_VALUE_REAL)
		memcpy(&value.real, dig_cursor_raw(cur, sizeof(double)),
		    sizeof(double));
	else if (value.type != DIG_VALUE_NULL)
		value.data = dig_cursor_bytes(cur, &value.len, DIG_ROWS_MAX);
	return value;
}

static bool
is_number(const struct dig_value *value)
{
	return value->type == DIG_VALUE_INT || value->type == DIG_VALUE_REAL;
}

/* As SQLite writes it: 15 digits, and always with a point. */
static void
put_number(struct dig_buf *out, const struct dig_value *value)
{
	char text[40];

	if (value->type == DIG_VALUE_INT) {
		dig_buf_printf(out, "%" PRId64, value->integer);
		return;
	}
	snprintf(text, sizeof(text), "%.15g", value->real);
	dig_buf_puts(out, text);
	if (strspn(text, "-0123456789") == strlen(text))
		dig_buf_puts(out, ".0");
}

static void
put_hex(struct dig_buf *out, const struct dig_value *value)
{
	const uint8_t *data = value->data;

	for (size_t i = 0; i < value->len; i++)
		dig_buf_printf(out, "%02x", data[i]);
}

/* The bytes of a value, nothing escaped. NULL is nothing. */
static void
put_plain(struct dig_buf *out, const struct dig_value *value)
{
	if (is_number(value))
		put_number(out, value);
	else
		dig_buf_put(out, value->data, value->len);
}

/* ---- Tables ----------------------------------------------------------- */

/* What a cell of a table shows: one line, nothing that moves a cursor. */
static void
put_shown(struct dig_buf *out, const struct dig_value *value)
{
	if (is_number(value))
		put_number(out, value);
	else if (value->type == DIG_VALUE_BLOB &&
		 !(value->len > 0 && dig_utf8_valid(value->data, value->len)))
		put_hex(out, value);
	else
		dig_escape(out, value->data, value->len, false);
}

static size_t
width_of(const struct dig_buf *text)
{
	size_t width = 0;
	uint32_t code;

	for (size_t i = 0; i < text->len; width++)
		i += dig_utf8_next(text->data + i, text->len - i, &code);
	return width;
}

struct column {
	size_t width;
	bool is_text;
};

static void
print_cell(struct dig_out *out, const struct dig_buf *text, size_t width,
    bool right, bool last)
{
	size_t pad = width - width_of(text);

	if (right)
		dig_out_printf(out, "%*s", (int)pad, "");
	dig_out_raw(out, text->data, text->len);
	if (!right && !last)
		dig_out_printf(out, "%*s", (int)pad, "");
	dig_out_puts(out, last ? "\n" : "  ");
}

static void
print_head(const struct dig_rows *rows, const struct column *columns,
    struct dig_out *out)
{
	struct dig_buf text = DIG_BUF_INIT;

	for (size_t i = 0; i < rows->ncolumns; i++) {
		dig_buf_reset(&text);
		dig_escape(
		    &text, rows->names[i], strlen(rows->names[i]), false);
		print_cell(out, &text, columns[i].width, !columns[i].is_text,
		    i + 1 == rows->ncolumns);
	}
	for (size_t i = 0; i < rows->ncolumns; i++) {
		dig_buf_reset(&text);
		for (size_t k = 0; k < columns[i].width; k++)
			dig_buf_putc(&text, '-');
		print_cell(out, &text, columns[i].width, false,
		    i + 1 == rows->ncolumns);
	}
	dig_buf_clear(&text);
}

static void
print_table(const struct dig_rows *rows, bool header, struct dig_out *out)
{
	struct column *columns = dig_calloc(rows->ncolumns, sizeof(*columns));
	struct dig_cursor cur =
	    dig_cursor_over(rows->cells.data, rows->cells.len);
	struct dig_buf text = DIG_BUF_INIT;

	for (size_t i = 0; header && i < rows->ncolumns; i++) {
		dig_buf_reset(&text);
		dig_escape(
		    &text, rows->names[i], strlen(rows->names[i]), false);
		columns[i].width = width_of(&text);
	}
	for (size_t i = 0; dig_cursor_left(&cur) > 0;
	     i = (i + 1) % rows->ncolumns) {
		struct dig_value value = next_value(&cur);
		size_t width;

		dig_buf_reset(&text);
		put_shown(&text, &value);
		width = width_of(&text);
		if (width > columns[i].width)
			columns[i].width = width;
		if (value.type != DIG_VALUE_NULL && !is_number(&value))
			columns[i].is_text = true;
	}
	if (header)
		print_head(rows, columns, out);
	cur = dig_cursor_over(rows->cells.data, rows->cells.len);
	for (size_t i = 0; dig_cursor_left(&cur) > 0 && !dig_out_gone(out);
	     i = (i + 1) % rows->ncolumns) {
		struct dig_value value = next_value(&cur);

		dig_buf_reset(&text);
		put_shown(&text, &value);
		print_cell(out, &text, columns[i].width, !columns[i].is_text,
		    i + 1 == rows->ncolumns);
	}
	dig_buf_clear(&text);
	free(columns);
}

/* ---- Lines ------------------------------------------------------------ */

static void
print_tsv_value(struct dig_out *out, const struct dig_buf *text)
{
	static const char special[] = "\t\n\r\\", letters[] = "tnr\\";
	size_t from = 0;

	for (size_t i = 0; i < text->len; i++) {
		const char *at =
		    memchr(special, text->data[i], sizeof(special) - 1);

		if (at == NULL)
			continue;
		dig_out_text(out, text->data + from, i - from);
		dig_out_printf(out, "\\%c", letters[at - special]);
		from = i + 1;
	}
	dig_out_text(out, text->data + from, text->len - from);
}

static void
print_csv_value(struct dig_out *out, const struct dig_buf *text)
{
	const char *data = (const char *)text->data;
	size_t from = 0;
	bool quoted = false;

	for (size_t i = 0; i < text->len && !quoted; i++)
		quoted = data[i] != '\0' && strchr(",\"\r\n", data[i]) != NULL;
	if (!quoted) {
		dig_out_text(out, data, text->len);
		return;
	}
	dig_out_puts(out, "\"");
	for (size_t i = 0; i < text->len; i++) {
		if (data[i] != '"')
			continue;
		dig_out_text(out, data + from, i + 1 - from);
		from = i; /* once more */
	}
	dig_out_text(out, data + from, text->len - from);
	dig_out_puts(out, "\"");
}

static void
print_plain(struct dig_out *out, enum dig_rows_format format,
    const struct dig_buf *text, bool last)
{
	if (format == DIG_ROWS_TSV)
		print_tsv_value(out, text);
	else if (format == DIG_ROWS_CSV)
		print_csv_value(out, text);
	else
		dig_out_text(out, text->data, text->len);
	if (format == DIG_ROWS_NUL)
		dig_out_raw(out, "", 1);
	else if (format == DIG_ROWS_TSV)
		dig_out_puts(out, last ? "\n" : "\t");
	else
		dig_out_puts(out, last ? "\r\n" : ",");
}

static void
print_lines(const struct dig_rows *rows, enum dig_rows_format format,
    bool header, struct dig_out *out)
{
	struct dig_cursor cur =
	    dig_cursor_over(rows->cells.data, rows->cells.len);
	struct dig_buf text = DIG_BUF_INIT;

	dig_buf_putc(&text, '\0'); /* data is never NULL */
	for (size_t i = 0; header && i < rows->ncolumns; i++) {
		dig_buf_reset(&text);
		dig_buf_puts(&text, rows->names[i]);
		print_plain(out, format, &text, i + 1 == rows->ncolumns);
	}
	for (size_t i = 0; dig_cursor_left(&cur) > 0 && !dig_out_gone(out);
	     i = (i + 1) % rows->ncolumns) {
		struct dig_value value = next_value(&cur);

		dig_buf_reset(&text);
		put_plain(&text, &value);
		print_plain(out, format, &text, i + 1 == rows->ncolumns);
	}
	dig_buf_clear(&text);
}

/* ---- JSON ------------------------------------------------------------- */

static void
json_value(
    struct dig_json *json, const char *name, const struct dig_value *value)
{
	struct dig_buf text = DIG_BUF_INIT;

	switch (value->type) {
	case DIG_VALUE_NULL:
		dig_json_null(json, name);
		break;
	case DIG_VALUE_INT:
		dig_json_int(json, name, value->integer);
		break;
	case DIG_VALUE_REAL:
		if (isfinite(value->real)) {
			put_number(&text, value);
			dig_json_number(json, name, (const char *)text.data);
		} else {
			dig_json_null(json, name);
		}
		break;
	case DIG_VALUE_TEXT:
		dig_json_bytes(json, name, value->data, value->len);
		break;
	case DIG_VALUE_BLOB:
		dig_buf_printf(&text, "%s_b64", name);
		dig_json_base64(
		    json, (const char *)text.data, value->data, value->len);
		break;
	}
	dig_buf_clear(&text);
}

static void
json_row(
    struct dig_json *json, const struct dig_rows *rows, struct dig_cursor *cur)
{
	dig_json_object(json, NULL);
	for (size_t i = 0; i < rows->ncolumns; i++) {
		struct dig_value value = next_value(cur);

		json_value(json, rows->names[i], &value);
	}
	dig_json_object_end(json);
}

static enum dig_status
print_json(const struct dig_rows *rows, bool lines, struct dig_out *out,
    struct dig_error *err)
{
	struct dig_cursor cur =
	    dig_cursor_over(rows->cells.data, rows->cells.len);
	struct dig_json json;

	for (size_t i = 0; i < rows->ncolumns; i++) {
		for (size_t k = 0; k < i; k++) {
			if (strcmp(rows->names[i], rows->names[k]) != 0)
				continue;
			dig_ignore(dig_raise(err, DIG_EINVALID,
			    "two columns are named '%.100s'", rows->names[i]));
			dig_hint(err, "AS gives a column another name");
			return DIG_EINVALID;
		}
	}
	dig_json_init(&json, out);
	if (!lines) {
		dig_json_object(&json, NULL);
		dig_json_array(&json, "columns");
		for (size_t i = 0; i < rows->ncolumns; i++)
			dig_json_string(&json, NULL, rows->names[i]);
		dig_json_array_end(&json);
		dig_json_array(&json, "rows");
	}
	for (uint64_t i = 0; i < rows->count && !dig_out_gone(out); i++) {
		json_row(&json, rows, &cur);
		if (lines)
			dig_json_end(&json);
	}
	if (!lines) {
		dig_json_array_end(&json);
		dig_json_object_end(&json);
		dig_json_end(&json);
	}
	return DIG_OK;
}

enum dig_status
dig_rows_print(const struct dig_rows *rows, enum dig_rows_format format,
    bool header, struct dig_out *out, struct dig_error *err)
{
	switch (format) {
	case DIG_ROWS_TABLE:
		print_table(rows, header, out);
		return DIG_OK;
	case DIG_ROWS_JSON:
	case DIG_ROWS_LINES:
		return print_json(rows, format == DIG_ROWS_LINES, out, err);
	case DIG_ROWS_TSV:
	case DIG_ROWS_CSV:
	case DIG_ROWS_NUL:
		break;
	}
	print_lines(rows, format, header, out);
	return DIG_OK;
}
