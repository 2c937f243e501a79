/* SPDX-License-Identifier: MIT
 *
 * JSON as a stream (RFC 8259). Control characters of terminals are escaped
 * too, so that a document can be shown as it is.
 */
#include "cmd/json.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "cmd/text.h"
#include "objects/base/path.h"

void
dig_json_init(struct dig_json *json, struct dig_out *out)
{
	json->out = out;
	json->depth = 0;
	json->filled = 0;
}

static void
put_escape(struct dig_out *out, uint32_t code)
{
	static const char shorts[] = "\b\t\n\f\r\"\\";
	static const char letters[] = "btnfr\"\\";
	const char *at = NULL;

	if (code < 0x80)
		at = memchr(shorts, (int)code, sizeof(shorts) - 1);
	if (at != NULL)
		dig_out_printf(out, "\\%c", letters[at - shorts]);
	else
		dig_out_printf(out, "\\u%04x", (unsigned)code);
}

static void
put_string(struct dig_out *out, const uint8_t *at, size_t len)
{
	dig_out_raw(out, "\"", 1);
	while (len > 0) {
		uint32_t code;
		size_t step = dig_utf8_next(at, len, &code);

		if (code == DIG_UTF8_INVALID)
			dig_out_puts(out, "\xef\xbf\xbd");
		else if (code == '"' || code == '\\' || dig_is_control(code))
			put_escape(out, code);
		else
			dig_out_raw(out, at, step);
		at += step;
		len -= step;
	}
	dig_out_raw(out, "\"", 1);
}

/* The comma before a member, and its name. */
static void
begin_member(struct dig_json *json, const char *key)
{
	uint64_t bit = UINT64_C(1) << json->depth;

	if ((json->filled & bit) != 0)
		dig_out_raw(json->out, ",", 1);
	json->filled |= bit;
	if (key != NULL) {
		put_string(json->out, (const uint8_t *)key, strlen(key));
		dig_out_raw(json->out, ":", 1);
	}
}

static void
open_level(struct dig_json *json, const char *key, const char *bracket)
{
	assert(json->depth < DIG_JSON_DEPTH_MAX);
	begin_member(json, key);
	dig_out_puts(json->out, bracket);
	json->depth++;
	json->filled &= ~(UINT64_C(1) << json->depth);
}

static void
close_level(struct dig_json *json, const char *bracket)
{
	assert(json->depth > 0);
	json->depth--;
	dig_out_puts(json->out, bracket);
}

void
dig_json_object(struct dig_json *json, const char *key)
{
	open_level(json, key, "{");
}

void
dig_json_object_end(struct dig_json *json)
{
	close_level(json, "}");
}

void
dig_json_array(struct dig_json *json, const char *key)
{
	open_level(json, key, "[");
}

void
dig_json_array_end(struct dig_json *json)
{
	close_level(json, "]");
}

void
dig_json_bytes(
    struct dig_json *json, const char *key, const void *data, size_t len)
{
	begin_member(json, key);
	put_string(json->out, data, len);
}

void
dig_json_string(struct dig_json *json, const char *key, const char *str)
{
	dig_json_bytes(json, key, str, strlen(str));
}

void
dig_json_int(struct dig_json *json, const char *key, int64_t value)
{
	begin_member(json, key);
	dig_out_printf(json->out, "%" PRId64, value);
}

void
dig_json_uint(struct dig_json *json, const char *key, uint64_t value)
{
	begin_member(json, key);
	dig_out_printf(json->out, "%" PRIu64, value);
}

void
dig_json_number(struct dig_json *json, const char *key, const char *number)
{
	begin_member(json, key);
	dig_out_puts(json->out, number);
}

void
dig_json_bool(struct dig_json *json, const char *key, bool value)
{
	begin_member(json, key);
	dig_out_puts(json->out, value ? "true" : "false");
}

void
dig_json_null(struct dig_json *json, const char *key)
{
	begin_member(json, key);
	dig_out_puts(json->out, "null");
}

static void
put_base64(struct dig_out *out, const uint8_t *data, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < len; i += 3) {
		size_t left = len - i;
		uint32_t bits = (uint32_t)data[i] << 16;
		char four[4];

		if (left > 1)
			bits |= (uint32_t)data[i + 1] << 8;
		if (left > 2)
			bits |= data[i + 2];
		for (int k = 0; k < 4; k++)
			four[k] = digits[bits >> (18 - 6 * k) & 63];
		if (left < 3)
			four[3] = '=';
		if (left < 2)
			four[2] = '=';
		dig_out_raw(out, four, sizeof(four));
	}
}

void
dig_json_path(
    struct dig_json *json, const char *key, const void *path, size_t len)
{
	dig_json_bytes(json, key, path, len);
	if (dig_utf8_valid(path, len))
		return;
	dig_out_printf(json->out, ",\"%s_b64\":\"", key);
	put_base64(json->out, path, len);
	dig_out_raw(json->out, "\"", 1);
}

void
dig_json_base64(
    struct dig_json *json, const char *key, const void *data, size_t len)
{
	begin_member(json, key);
	dig_out_raw(json->out, "\"", 1);
	put_base64(json->out, data, len);
	dig_out_raw(json->out, "\"", 1);
}

void
dig_json_end(struct dig_json *json)
{
	assert(json->depth == 0);
	json->filled = 0;
	dig_out_raw(json->out, "\n", 1);
}
