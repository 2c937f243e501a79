/* SPDX-License-Identifier: MIT
 *
 * A JSON writer that streams. `key` is the member's name inside an object and
 * NULL inside an array and at the top. docs/json.md has the conventions.
 */
#ifndef CMD_JSON_H
#define CMD_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cmd/output.h"

#define DIG_JSON_DEPTH_MAX 63

struct dig_json {
	struct dig_out *out; /* borrowed */
	unsigned depth;
	uint64_t filled; /* bit d: level d has a member already */
};

void dig_json_init(struct dig_json *json, struct dig_out *out);
void dig_json_object(struct dig_json *json, const char *key);
void dig_json_object_end(struct dig_json *json);
void dig_json_array(struct dig_json *json, const char *key);
void dig_json_array_end(struct dig_json *json);

/* Bytes that are not UTF-8 become U+FFFD, one for each broken sequence. */
void dig_json_bytes(
    struct dig_json *json, const char *key, const void *data, size_t len);
void dig_json_string(struct dig_json *json, const char *key, const char *str);
void dig_json_int(struct dig_json *json, const char *key, int64_t value);
void dig_json_uint(struct dig_json *json, const char *key, uint64_t value);
/* A number that is written already, as JSON writes it. */
void dig_json_number(
    struct dig_json *json, const char *key, const char *number);
void dig_json_bool(struct dig_json *json, const char *key, bool value);
void dig_json_null(struct dig_json *json, const char *key);
/*
 * A path as member `key` of an object; where it is not UTF-8 a second member
 * `<key>_b64` carries the exact bytes in base64 (RFC 4648, padded).
 */
void dig_json_path(
    struct dig_json *json, const char *key, const void *path, size_t len);

/* Bytes in base64 (RFC 4648, padded). */
void dig_json_base64(
    struct dig_json *json, const char *key, const void *data, size_t len);

/* End the document (every level closed) with a newline; the next may begin. */
void dig_json_end(struct dig_json *json);

#endif
