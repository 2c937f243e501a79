/* SPDX-License-Identifier: MIT
 *
 * Chunker: the gear table and the cut points against the written rule, sizes,
 * finding the cuts again after an edit, and data made to be awkward.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "merkle/merkle.h"
#include "objects/base/buf.h"
#include "objects/chunker.h"
#include "objects/chunker_gear.h"

#define SEED UINT64_C(0x1234567887654321)
#define KIB ((size_t)1024)

static void
fill_random(uint8_t *data, size_t len, uint64_t seed)
{
	for (size_t i = 0; i < len; i++) {
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		data[i] = (uint8_t)(seed >> 24);
	}
}

/* The rule as docs/format.md has it, masks and all. */
static size_t
plain_cut(const uint8_t *data, size_t len)
{
	uint64_t h = 0;
	size_t i;

	for (i = 32 * KIB; i < len && i < 512 * KIB; i++) {
		uint64_t mask = i < 120 * KIB ? UINT64_C(0xffffc00000000000)
					      : UINT64_C(0xfffe000000000000);
		uint8_t image[] = "dig gear 1?";
		uint8_t hash[DIG_HASH_SIZE];
		static uint64_t gear[256];
		static bool known[256];

		if (!known[data[i]]) {
			image[10] = data[i];
			dig_sha256(image, 11, hash);
			gear[data[i]] = dig_get_be64(hash);
			known[data[i]] = true;
		}
		h = h * 2 + gear[data[i]];
		if ((h & mask) == 0)
			return i + 1;
	}
	return len < i ? len : i;
}

static void
test_gear_rule(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 256; i++) {
		uint8_t image[11], hash[DIG_HASH_SIZE];

		memcpy(image, "dig gear 1", 10);
		image[10] = (uint8_t)i;
		dig_sha256(image, sizeof(image), hash);
		assert_int_equal(dig_gear_1[i], dig_get_be64(hash));
	}
}

static void
test_profiles(void **state)
{
	const struct dig_chunk_profile *profile = dig_chunk_profile(1);

	(void)state;
	assert_non_null(profile);
	assert_int_equal(profile->number, 1);
	assert_int_equal(profile->min_bytes, 32 * KIB);
	assert_int_equal(profile->avg_bytes, 128 * KIB);
	assert_int_equal(profile->max_bytes, 512 * KIB);
	assert_null(dig_chunk_profile(0));
	assert_null(dig_chunk_profile(2));
	assert_null(dig_chunk_profile(UINT32_MAX));
}

static void
test_same_as_rule(void **state)
{
	const struct dig_chunk_profile *profile = dig_chunk_profile(1);
	size_t len = (size_t)16 << 20, nchunks = 0;
	uint8_t *data = malloc(len);

	(void)state;
	assert_non_null(data);
	print_message("seed %#llx\n", (unsigned long long)SEED);
	fill_random(data, len, SEED);
	/* a quarter of it text-like, with few byte values */
	for (size_t i = 0; i < len / 4; i++)
		data[i] = (uint8_t)('a' + data[i] % 20);
	for (size_t at = 0; at < len; nchunks++) {
		size_t got = dig_chunk_cut(profile, data + at, len - at);

		assert_int_equal(got, plain_cut(data + at, len - at));
		assert_true(got > profile->min_bytes || at + got == len);
		assert_true(got <= profile->max_bytes);
		/* what follows max_bytes does not matter */
		if (len - at > profile->max_bytes)
			assert_int_equal(got, dig_chunk_cut(profile, data + at,
						  profile->max_bytes));
		at += got;
	}
	/* mean 128.6 KiB: 127 chunks, standard deviation about 5 */
	assert_in_range(nchunks, 105, 150);
	free(data);
}

static void
test_border_sizes(void **state)
{
	static const size_t sizes[] = { 1, 2, 4095, 32 * 1024 - 1, 32 * 1024,
		32 * 1024 + 1, 120 * 1024 - 1, 120 * 1024, 120 * 1024 + 1,
		512 * 1024 - 1, 512 * 1024, 512 * 1024 + 1, 1024 * 1024 };
	const struct dig_chunk_profile *profile = dig_chunk_profile(1);
	uint8_t *zero = calloc(1, KIB * KIB);

	(void)state;
	assert_non_null(zero);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t want = sizes[i] < 512 * KIB ? sizes[i] : 512 * KIB;
		/* exactly sized, so that reading past it is caught */
		uint8_t *data = malloc(sizes[i]);

		assert_non_null(data);
		/* zeros have no cut of their own */
		assert_int_equal(dig_chunk_cut(profile, zero, sizes[i]), want);
		fill_random(data, sizes[i], SEED + i);
		assert_int_equal(dig_chunk_cut(profile, data, sizes[i]),
		    plain_cut(data, sizes[i]));
		free(data);
	}
	free(zero);
}

static size_t
cut_all(const uint8_t *data, size_t len, size_t *ends, size_t cap)
{
	const struct dig_chunk_profile *profile = dig_chunk_profile(1);
	size_t n = 0;

	for (size_t at = 0; at < len; n++) {
		assert_true(n < cap);
		at += dig_chunk_cut(profile, data + at, len - at);
		ends[n] = at;
	}
	return n;
}

/* 100 bytes inserted into 16 MiB: nearly all cuts are found again. */
static void
test_insertion(void **state)
{
	size_t len = (size_t)16 << 20, extra = 100, where = len / 3;
	size_t a[600], b[600], na, nb, shared = 0;
	uint8_t *data = malloc(len);
	uint8_t *edited = malloc(len + extra);

	(void)state;
	assert_non_null(data);
	assert_non_null(edited);
	fill_random(data, len, SEED ^ 99);
	memcpy(edited, data, where);
	memset(edited + where, 'x', extra);
	memcpy(edited + where + extra, data + where, len - where);
	na = cut_all(data, len, a, 600);
	nb = cut_all(edited, len + extra, b, 600);
	for (size_t i = 0, j = 0; i < na && j < nb;) {
		size_t end = a[i] > where ? a[i] + extra : a[i];

		if (end == b[j]) {
			shared++;
			i++;
			j++;
		} else if (end < b[j]) {
			i++;
		} else {
			j++;
		}
	}
	assert_true(shared + 12 >= na);
	free(data);
	free(edited);
}

/* Data made to cut at once never gives a chunk at or below the minimum, so
 * the number of chunks of a file is bounded. */
static void
test_shortest_chunks(void **state)
{
	const struct dig_chunk_profile *profile = dig_chunk_profile(1);
	size_t len = 4 * KIB * KIB, nchunks = 0;
	uint8_t *data = malloc(len);
	uint8_t *found = NULL;

	(void)state;
	assert_non_null(data);
	fill_random(data, len, SEED ^ 7);
	/* 64 bytes after which the strict test holds */
	for (size_t from = 0; found == NULL && from + KIB * 512 < len;) {
		size_t cut = dig_chunk_cut(profile, data + from, len - from);

		if (cut > 33 * KIB && cut < 120 * KIB)
			found = data + from + cut - 64;
		from += cut;
	}
	assert_non_null(found);
	memmove(data, found, 64);
	for (size_t i = 64; i < len; i++)
		data[i] = data[i - 64];
	for (size_t at = 0; at < len; nchunks++) {
		size_t got = dig_chunk_cut(profile, data + at, len - at);

		assert_true(got > profile->min_bytes || at + got == len);
		at += got;
	}
	assert_true(nchunks > len / (33 * KIB));
	assert_true(nchunks <= len / (32 * KIB));
	free(data);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gear_rule),
		cmocka_unit_test(test_profiles),
		cmocka_unit_test(test_same_as_rule),
		cmocka_unit_test(test_border_sizes),
		cmocka_unit_test(test_insertion),
		cmocka_unit_test(test_shortest_chunks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
