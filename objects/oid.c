/* SPDX-License-Identifier: MIT
 *
 * Object ids and hex.
 */
#include "objects/oid.h"

const struct dig_oid dig_oid_zero = { { 0 } };

/* The digit's value, or -1. */
static int
hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

void
dig_oid_hex(const struct dig_oid *id, char out[DIG_OID_HEX + 1])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < DIG_HASH_SIZE; i++) {
		out[2 * i] = digits[id->bytes[i] >> 4];
		out[2 * i + 1] = digits[id->bytes[i] & 15];
	}
	out[DIG_OID_HEX] = '\0';
}

bool
dig_oid_parse(const char *hex, size_t len, struct dig_oid *out)
{
	struct dig_oid high;

	return len == DIG_OID_HEX && dig_oid_prefix(hex, len, out, &high);
}

bool
dig_oid_prefix(
    const char *hex, size_t len, struct dig_oid *low, struct dig_oid *high)
{
	struct dig_oid first, last;

	if (len < 1 || len > DIG_OID_HEX)
		return false;
	memset(first.bytes, 0x00, DIG_HASH_SIZE);
	memset(last.bytes, 0xff, DIG_HASH_SIZE);
	for (size_t i = 0; i < len; i++) {
		int value = hex_value(hex[i]);
		int shift = i % 2 == 0 ? 4 : 0;

		if (value < 0)
			return false;
		first.bytes[i / 2] |= (uint8_t)(value << shift);
		last.bytes[i / 2] &= (uint8_t) ~((15 - value) << shift);
	}
	*low = first;
	*high = last;
	return true;
}

const char *
dig_kind_word(enum dig_kind kind)
{
	switch (kind) {
	case DIG_KIND_CHUNK:
		return "chunk";
	case DIG_KIND_CONTENT:
		return "content";
	case DIG_KIND_TREE:
		return "tree";
	case DIG_KIND_COMMIT:
		return "commit";
	case DIG_KIND_TAG:
		return "tag";
	case DIG_KIND_STATE:
		return "state";
	case DIG_KIND_SOLID:
		return "solid";
	case DIG_KIND_RUN:
		return "run";
	}
	return "unknown";
}
