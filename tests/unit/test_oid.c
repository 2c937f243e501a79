/* SPDX-License-Identifier: MIT
 *
 * Ids: hex both ways, prefixes, order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "objects/oid.h"

#define SEED 0x5eed0001u

static uint32_t
next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static void
test_round_trip(void **state)
{
	uint32_t rng = SEED;

	(void)state;
	print_message("seed 0x%x\n", SEED);
	for (int i = 0; i < 1000; i++) {
		struct dig_oid id, back;
		char hex[DIG_OID_HEX + 1];

		for (int k = 0; k < DIG_HASH_SIZE; k++)
			id.bytes[k] = (uint8_t)next_random(&rng);
		dig_oid_hex(&id, hex);
		assert_int_equal(strlen(hex), DIG_OID_HEX);
		assert_int_equal(strspn(hex, "0123456789abcdef"), DIG_OID_HEX);
		assert_true(dig_oid_parse(hex, DIG_OID_HEX, &back));
		assert_true(dig_oid_eq(&id, &back));
		for (int k = 0; k < DIG_OID_HEX; k++)
			if (hex[k] >= 'a')
				hex[k] = (char)(hex[k] - 'a' + 'A');
		assert_true(dig_oid_parse(hex, DIG_OID_HEX, &back));
		assert_true(dig_oid_eq(&id, &back));
	}
}

static void
test_refused(void **state)
{
	static const char good[] = "00112233445566778899aabbccddeeff"
				   "00112233445566778899aabbccddeeff";
	static const char bad[] = { 'g', 'G', '/', ':', '@', '`', ' ', '\0',
		'-', '\x80', '\xff' };
	struct dig_oid id, low, high;
	char text[DIG_OID_HEX + 2];

	(void)state;
	memset(&id, 0x5a, sizeof(id));
	low = high = id;
	for (size_t i = 0; i < sizeof(bad); i++) {
		for (size_t at = 0; at < DIG_OID_HEX; at++) {
			memcpy(text, good, sizeof(good));
			text[at] = bad[i];
			assert_false(dig_oid_parse(text, DIG_OID_HEX, &id));
			assert_false(dig_oid_prefix(text, at + 1, &low, &high));
		}
	}
	memcpy(text, good, sizeof(good));
	text[DIG_OID_HEX] = '0';
	assert_false(dig_oid_parse(text, DIG_OID_HEX - 1, &id));
	assert_false(dig_oid_parse(text, DIG_OID_HEX + 1, &id));
	assert_false(dig_oid_parse(text, 0, &id));
	assert_false(dig_oid_prefix(text, 0, &low, &high));
	assert_false(dig_oid_prefix(text, DIG_OID_HEX + 1, &low, &high));
	for (size_t i = 0; i < DIG_HASH_SIZE; i++) {
		assert_int_equal(id.bytes[i], 0x5a);
		assert_int_equal(low.bytes[i], 0x5a);
		assert_int_equal(high.bytes[i], 0x5a);
	}
}

/* low and high print as the prefix filled with 0 and with f. */
static void
test_prefix(void **state)
{
	static const char digits[] = "0123456789abcdef";
	uint32_t rng = SEED;

	(void)state;
	for (size_t len = 1; len <= DIG_OID_HEX; len++) {
		char prefix[DIG_OID_HEX], expect[DIG_OID_HEX + 1];
		char hex[DIG_OID_HEX + 1];
		struct dig_oid low, high;

		for (size_t i = 0; i < len; i++)
			prefix[i] = digits[next_random(&rng) % 16];
		assert_true(dig_oid_prefix(prefix, len, &low, &high));

		memset(expect, '0', DIG_OID_HEX);
		expect[DIG_OID_HEX] = '\0';
		memcpy(expect, prefix, len);
		dig_oid_hex(&low, hex);
		assert_string_equal(hex, expect);

		memset(expect, 'f', DIG_OID_HEX);
		memcpy(expect, prefix, len);
		dig_oid_hex(&high, hex);
		assert_string_equal(hex, expect);
		assert_true(dig_oid_cmp(&low, &high) <= 0);
	}
}

static void
test_order_and_zero(void **state)
{
	struct dig_oid a = dig_oid_zero, b = dig_oid_zero;

	(void)state;
	assert_true(dig_oid_is_zero(&a));
	b.bytes[31] = 1;
	assert_false(dig_oid_is_zero(&b));
	assert_true(dig_oid_cmp(&a, &b) < 0);
	a.bytes[0] = 0x80;
	assert_true(dig_oid_cmp(&a, &b) > 0);
}

static void
test_kind_words(void **state)
{
	static const struct {
		enum dig_kind kind;
		const char *word;
	} table[] = {
		{ DIG_KIND_CHUNK, "chunk" },
		{ DIG_KIND_CONTENT, "content" },
		{ DIG_KIND_TREE, "tree" },
		{ DIG_KIND_COMMIT, "commit" },
		{ DIG_KIND_TAG, "tag" },
		{ DIG_KIND_STATE, "state" },
		{ DIG_KIND_SOLID, "solid" },
		{ DIG_KIND_RUN, "run" },
		{ (enum dig_kind)0, "unknown" },
		{ (enum dig_kind)9, "unknown" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_string_equal(
		    dig_kind_word(table[i].kind), table[i].word);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_order_and_zero),
		cmocka_unit_test(test_kind_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
