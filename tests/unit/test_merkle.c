/* SPDX-License-Identifier: MIT
 *
 * Hashes: known answers, every preimage spelled out byte by byte, and the
 * streamed root against the recursive definition of RFC 6962.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>
#include <string.h>

#include "merkle/merkle.h"

static void
expect_hex(const uint8_t hash[DIG_HASH_SIZE], const char *expect)
{
	char hex[2 * DIG_HASH_SIZE + 1];

	for (int i = 0; i < DIG_HASH_SIZE; i++)
		snprintf(hex + 2 * i, 3, "%02x", hash[i]);
	assert_string_equal(hex, expect);
}

static void
test_known_answers(void **state)
{
	static const struct {
		const char *text;
		const char *hex;
	} table[] = {
		/* FIPS 180-4's examples */
		{ "", "e3b0c44298fc1c149afbf4c8996fb924"
		      "27ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223"
			 "b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		    "248d6a61d20638b8e5c026930c3e6039"
		    "a33ce45964ff2167f6ecedd419db06c1" },
	};
	uint8_t hash[DIG_HASH_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		dig_sha256(table[i].text, strlen(table[i].text), hash);
		expect_hex(hash, table[i].hex);
	}
	dig_sha256(NULL, 0, hash);
	expect_hex(hash, table[0].hex);
}

static void
test_preimages(void **state)
{
	uint8_t one[DIG_HASH_SIZE], two[DIG_HASH_SIZE];
	uint8_t image[128], got[DIG_HASH_SIZE], expect[DIG_HASH_SIZE];

	(void)state;
	memset(one, 0xa1, sizeof(one));
	memset(two, 0xb2, sizeof(two));

	memcpy(image, "\x00\x01\x23\x45\x67\x89\xab\xcd\xef", 9);
	memcpy(image + 9, one, 32);
	dig_sha256(image, 41, expect);
	dig_content_leaf(0x0123456789abcdef, one, got);
	assert_memory_equal(got, expect, 32);

	memcpy(image, "\x01\x00\x00\x00\x00\x00\x00\x00\x05", 9);
	memcpy(image + 9, one, 32);
	memcpy(image + 41, "\x00\x00\x00\x00\x00\x00\x01\x00", 8);
	memcpy(image + 49, two, 32);
	dig_sha256(image, 81, expect);
	dig_content_inner(5, one, 256, two, got);
	assert_memory_equal(got, expect, 32);

	dig_sha256("\x02", 1, expect);
	dig_content_empty(got);
	assert_memory_equal(got, expect, 32);

	dig_sha256("\x10xyz", 4, expect);
	dig_entry_leaf("xyz", 3, got);
	assert_memory_equal(got, expect, 32);

	dig_sha256("\x22q", 2, expect);
	dig_sha256_domain(DIG_DOMAIN_STATE, "q", 1, got);
	assert_memory_equal(got, expect, 32);
}

static void
test_cut(void **state)
{
	unsigned ncuts = 0;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		uint8_t image[64], hash[DIG_HASH_SIZE];
		int len;

		image[0] = 0x14;
		image[1] = (uint8_t)(i % 13);
		len = snprintf((char *)image + 2, sizeof(image) - 2,
		    "dir%u/file-%u.c", i % 97, i);
		dig_sha256(image, (size_t)len + 2, hash);
		assert_int_equal(hash[0] >> 2 == 0,
		    dig_tree_cut(image[1], image + 2, (size_t)len) != 0);
		ncuts += (unsigned)(hash[0] >> 2 == 0);
	}
	/* mean 312.5, standard deviation 17.5 */
	assert_in_range(ncuts, 240, 385);
}

#define NLEAVES 300

static struct {
	uint64_t length_bytes;
	uint8_t hash[DIG_HASH_SIZE];
} leaves[NLEAVES];

/* The definition: split at the largest power of two below n. */
static uint64_t
recursive_root(enum dig_merkle_flavour flavour, size_t from, size_t n,
    uint8_t out[DIG_HASH_SIZE])
{
	uint8_t left[DIG_HASH_SIZE], right[DIG_HASH_SIZE], image[64];
	uint64_t left_bytes, right_bytes;
	size_t half = 1;

	if (n == 1) {
		memcpy(out, leaves[from].hash, DIG_HASH_SIZE);
		return leaves[from].length_bytes;
	}
	while (half * 2 < n)
		half *= 2;
	left_bytes = recursive_root(flavour, from, half, left);
	right_bytes = recursive_root(flavour, from + half, n - half, right);
	if (flavour == DIG_MERKLE_CONTENT) {
		dig_content_inner(left_bytes, left, right_bytes, right, out);
	} else {
		memcpy(image, left, 32);
		memcpy(image + 32, right, 32);
		dig_sha256_domain(DIG_DOMAIN_TREE_INNER, image, 64, out);
	}
	return left_bytes + right_bytes;
}

static void
check_flavour(enum dig_merkle_flavour flavour)
{
	struct dig_merkle merkle;
	uint8_t got[DIG_HASH_SIZE], expect[DIG_HASH_SIZE];

	memset(&merkle, 0xee, sizeof(merkle));
	dig_merkle_init(&merkle, flavour);
	dig_merkle_root(&merkle, got);
	dig_sha256(flavour == DIG_MERKLE_CONTENT ? "\x02" : "\x13", 1, expect);
	assert_memory_equal(got, expect, 32);
	for (size_t n = 1; n <= NLEAVES; n++) {
		uint64_t sum;

		dig_merkle_add(
		    &merkle, leaves[n - 1].length_bytes, leaves[n - 1].hash);
		dig_merkle_root(&merkle, got);
		sum = recursive_root(flavour, 0, n, expect);
		assert_memory_equal(got, expect, 32);
		assert_int_equal(merkle.nleaves, n);
		if (flavour == DIG_MERKLE_CONTENT)
			assert_int_equal(merkle.length_bytes, sum);
	}
}

static void
fill_leaves(void)
{
	for (size_t i = 0; i < NLEAVES; i++) {
		uint8_t seed[2] = { (uint8_t)i, (uint8_t)(i >> 8) };

		dig_sha256(seed, 2, leaves[i].hash);
		leaves[i].length_bytes = (uint64_t)i * i * 1000003 + 1;
	}
}

static void
test_root_shape(void **state)
{
	(void)state;
	fill_leaves();
	check_flavour(DIG_MERKLE_CONTENT);
	check_flavour(DIG_MERKLE_TREE);
}

/* Roots of aligned subtrees of 16 leaves, the last one short, add up to the
 * same root as the leaves. */
static void
test_subtrees(void **state)
{
	(void)state;
	fill_leaves();
	for (size_t n = 1; n <= NLEAVES; n++) {
		struct dig_merkle whole, parts, part;
		uint8_t got[DIG_HASH_SIZE], expect[DIG_HASH_SIZE];

		dig_merkle_init(&whole, DIG_MERKLE_CONTENT);
		dig_merkle_init(&parts, DIG_MERKLE_CONTENT);
		dig_merkle_init(&part, DIG_MERKLE_CONTENT);
		for (size_t i = 0; i < n; i++) {
			dig_merkle_add(
			    &whole, leaves[i].length_bytes, leaves[i].hash);
			dig_merkle_add(
			    &part, leaves[i].length_bytes, leaves[i].hash);
			if (part.nleaves < 16 && i + 1 < n)
				continue;
			dig_merkle_root(&part, got);
			dig_merkle_add(&parts, part.length_bytes, got);
			dig_merkle_init(&part, DIG_MERKLE_CONTENT);
		}
		dig_merkle_root(&whole, expect);
		dig_merkle_root(&parts, got);
		assert_memory_equal(got, expect, 32);
		assert_int_equal(whole.length_bytes, parts.length_bytes);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_answers),
		cmocka_unit_test(test_preimages),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_root_shape),
		cmocka_unit_test(test_subtrees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
