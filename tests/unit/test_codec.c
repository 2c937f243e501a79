/* SPDX-License-Identifier: MIT
 *
 * Codec: round trips over sizes, kinds of data and bases; which codec is
 * chosen; every refusal of the decoder; damaged frames.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "objects/codec.h"

#define SEED UINT64_C(0x9e3779b97f4a7c15)
#define KIB ((size_t)1024)

enum fill { ZEROS, TEXT, RANDOM };

static void
fill(uint8_t *data, size_t len, enum fill kind, uint64_t seed)
{
	static const char *const words[] = { "static ", "int ", "return ",
		"struct ", "\n\t", "if (", ") {\n", "}\n", "len", "data", " = ",
		"->", "err", "0x", "buf", ";\n" };

	for (size_t i = 0; i < len;) {
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		if (kind == TEXT) {
			const char *word = words[seed >> 20 & 15];

			for (; *word != '\0' && i < len; word++)
				data[i++] = (uint8_t)*word;
		} else {
			data[i++] = kind == ZEROS ? 0 : (uint8_t)(seed >> 24);
		}
	}
}

static uint8_t *
make(size_t len, enum fill kind, uint64_t seed)
{
	uint8_t *data = malloc(len ? len : 1);

	assert_non_null(data);
	fill(data, len, kind, seed);
	return data;
}

/* Encode, decode in another context, compare; the size of the payload. */
static size_t
round_trip(struct dig_codec_ctx *ctx, const uint8_t *raw, size_t len,
    const uint8_t *base, size_t base_len, enum dig_codec *used)
{
	struct dig_codec_ctx *reader = dig_codec_new(1, false);
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_buf out = DIG_BUF_INIT;
	uint8_t *back = malloc(len);
	const uint8_t *payload;
	size_t stored;

	assert_non_null(back);
	dig_buf_puts(&out, "left over");
	if (dig_codec_encode(ctx, raw, len, base, base_len, &out, used, &err) !=
	    DIG_OK)
		fail_msg("%zu bytes: %s", len, err.msg);
	if (*used == DIG_CODEC_RAW)
		assert_int_equal(out.len, 0);
	else
		assert_true(out.len < len - len / 32);
	payload = *used == DIG_CODEC_RAW ? raw : out.data;
	stored = *used == DIG_CODEC_RAW ? len : out.len;
	if (dig_codec_decode(reader, *used, payload, stored, base, base_len,
		back, len, &err) != DIG_OK)
		fail_msg("%zu bytes: %s", len, err.msg);
	assert_memory_equal(back, raw, len);
	free(back);
	dig_buf_clear(&out);
	dig_codec_free(reader);
	return stored;
}

static void
test_sizes(void **state)
{
	static const size_t sizes[] = { 1, 2, 9, 10, 31, 32, 33, 63, 64, 255,
		256, 257, 4095, 4096, 4097, 32767, 65536, 131072, 524288 };
	static const size_t bases[] = { 0, 1, 7, 8, 9, 100, 5000, 448 * 1024,
		524288 };
	struct dig_codec_ctx *ctx = dig_codec_new(1, true);

	(void)state;
	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
		for (size_t b = 0; b < sizeof(bases) / sizeof(bases[0]); b++)
			for (enum fill kind = ZEROS; kind <= RANDOM; kind++) {
				uint8_t *raw = make(sizes[s], kind, SEED + s);
				uint8_t *base = make(bases[b], kind, SEED + b);
				enum dig_codec used;

				round_trip(ctx, raw, sizes[s],
				    bases[b] ? base : NULL, bases[b], &used);
				if (kind == RANDOM && bases[b] == 0)
					assert_int_equal(used, DIG_CODEC_RAW);
				if (kind != RANDOM && sizes[s] >= 255)
					assert_int_not_equal(
					    used, DIG_CODEC_RAW);
				free(raw);
				free(base);
			}
	dig_codec_free(ctx);
}

static void
test_levels(void **state)
{
	static const int levels[] = { -5, 0, 1, 3, 9, 19, 22, 1000 };
	uint8_t *raw = make(100 * KIB, TEXT, SEED);
	enum dig_codec used;

	(void)state;
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		struct dig_codec_ctx *ctx = dig_codec_new(levels[i], true);

		assert_true(
		    round_trip(ctx, raw, 100 * KIB, NULL, 0, &used) < 50 * KIB);
		assert_int_equal(used, DIG_CODEC_ZSTD);
		dig_codec_free(ctx);
	}
	free(raw);
	dig_codec_free(NULL);
}

/* 100 bytes put into the middle of what the base holds: a tiny delta, of
 * compressible and of random data, on both sides of the long-distance limit,
 * up to the largest object. */
static void
test_insertion(void **state)
{
	static const size_t sizes[] = { 600, 4096, 32 * 1024, 256 * 1024,
		447 * 1024, 449 * 1024, 512 * 1024, 2 << 20, (8 << 20) - 100 };
	struct dig_codec_ctx *ctx = dig_codec_new(1, true);

	(void)state;
	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
		for (enum fill kind = TEXT; kind <= RANDOM; kind++) {
			size_t len = sizes[s], half = len / 2, stored;
			uint8_t *base = make(len, kind, SEED ^ s);
			uint8_t *raw = malloc(len + 100);
			enum dig_codec used;

			assert_non_null(raw);
			memcpy(raw, base, half);
			fill(raw + half, 100, RANDOM, SEED ^ 77);
			memcpy(raw + half + 100, base + half, len - half);
			stored =
			    round_trip(ctx, raw, len + 100, base, len, &used);
			assert_int_equal(used, DIG_CODEC_DELTA);
			if (stored > 300 + len / (kind == RANDOM ? 4096 : 256))
				fail_msg(
				    "%zu bytes: delta of %zu", len, stored);
			free(base);
			free(raw);
		}
	dig_codec_free(ctx);
}

/* A base that has nothing to give leaves the choice to zstd or raw; one that
 * is NULL, empty or over the limit is none. */
static void
test_useless_base(void **state)
{
	struct dig_codec_ctx *ctx = dig_codec_new(1, true);
	uint8_t *text = make(64 * KIB, TEXT, SEED);
	uint8_t *noise = make(64 * KIB, RANDOM, SEED);
	uint8_t *huge = make(DIG_OBJECT_MAX + 1, ZEROS, SEED);
	enum dig_codec used;
	size_t plain, with;

	(void)state;
	round_trip(ctx, noise, 64 * KIB, text, 64 * KIB, &used);
	assert_int_equal(used, DIG_CODEC_RAW);
	plain = round_trip(ctx, text, 64 * KIB, NULL, 0, &used);
	assert_int_equal(used, DIG_CODEC_ZSTD);
	with = round_trip(ctx, text, 64 * KIB, noise, 64 * KIB, &used);
	assert_true(with <= plain);
	round_trip(ctx, text, 64 * KIB, noise, 0, &used);
	assert_int_equal(used, DIG_CODEC_ZSTD);
	round_trip(ctx, text, 64 * KIB, huge, DIG_OBJECT_MAX + 1, &used);
	assert_int_equal(used, DIG_CODEC_ZSTD);
	free(text);
	free(noise);
	free(huge);
	dig_codec_free(ctx);
}

/* Compressible only at its start, in its middle or at its end: a probe sees
 * it. */
static void
test_probes(void **state)
{
	struct dig_codec_ctx *ctx = dig_codec_new(1, true);
	size_t len = 128 * KIB;

	(void)state;
	for (size_t third = 0; third < 3; third++) {
		uint8_t *raw = make(len, RANDOM, SEED);
		enum dig_codec used;

		fill(raw + third * (len / 3), len / 3, TEXT, SEED);
		round_trip(ctx, raw, len, NULL, 0, &used);
		assert_int_equal(used, DIG_CODEC_ZSTD);
		free(raw);
	}
	dig_codec_free(ctx);
}

/* Bytes that begin like a zstd dictionary are content all the same. */
static void
test_base_like_dictionary(void **state)
{
	struct dig_codec_ctx *ctx = dig_codec_new(1, true);
	uint8_t *base = make(20000, RANDOM, SEED);
	uint8_t *raw = make(20000, RANDOM, SEED);
	enum dig_codec used;

	(void)state;
	memcpy(base, "\x37\xa4\x30\xec\x01\x02\x03\x04", 8);
	assert_true(round_trip(ctx, raw, 20000, base, 20000, &used) < 200);
	assert_int_equal(used, DIG_CODEC_DELTA);
	/* zstd finds nothing where base and content are the same memory */
	round_trip(ctx, raw, 20000, raw, 20000, &used);
	round_trip(ctx, raw, 10000, raw + 5000, 15000, &used);
	round_trip(ctx, raw + 10000, 10000, raw, 10000, &used);
	dig_codec_free(ctx);
	free(raw);
	free(base);
}

static void
test_encode_limits(void **state)
{
	struct dig_codec_ctx *ctx = dig_codec_new(1, true);
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_buf out = DIG_BUF_INIT;
	uint8_t *raw = make(DIG_OBJECT_MAX + 1, ZEROS, 0);
	enum dig_codec used = DIG_CODEC_DELTA;

	(void)state;
	assert_int_equal(
	    dig_codec_encode(ctx, raw, 0, NULL, 0, &out, &used, &err),
	    DIG_EINVALID);
	assert_int_equal(dig_codec_encode(ctx, raw, DIG_OBJECT_MAX + 1, NULL, 0,
			     &out, &used, &err),
	    DIG_EINVALID);
	assert_int_equal(used, DIG_CODEC_DELTA);
	round_trip(ctx, raw, DIG_OBJECT_MAX, NULL, 0, &used);
	assert_int_equal(used, DIG_CODEC_ZSTD);
	free(raw);
	dig_codec_free(ctx);
}

static enum dig_status
decode(enum dig_codec codec, const void *payload, size_t len,
    const uint8_t *base, size_t base_len, uint8_t *raw, size_t raw_len)
{
	struct dig_codec_ctx *ctx = dig_codec_new(1, false);
	struct dig_error err = DIG_ERROR_INIT;
	uint8_t *copy = malloc(len ? len : 1);
	enum dig_status st;

	/* exactly sized, so that a read past the end is caught */
	assert_non_null(copy);
	memcpy(copy, payload, len);
	st = dig_codec_decode(
	    ctx, codec, copy, len, base, base_len, raw, raw_len, &err);
	assert_true(st == DIG_OK || err.msg[0] != '\0');
	free(copy);
	dig_codec_free(ctx);
	return st;
}

#define S(text) text, sizeof(text) - 1

/* Hand-made frames of the four bytes "abcd". */
static void
test_refused_frames(void **state)
{
	static const struct {
		const char *what;
		const char *frame;
		size_t len;
		enum dig_status st;
	} table[] = {
		{ "plain", S("\x28\xb5\x2f\xfd\x20\x04\x21\0\0abcd"), DIG_OK },
		{ "window of 16 MiB",
		    S("\x28\xb5\x2f\xfd\x80\x70\x04\0\0\0\x21\0\0abcd"),
		    DIG_OK },
		{ "window of 18 MiB",
		    S("\x28\xb5\x2f\xfd\x80\x71\x04\0\0\0\x21\0\0abcd"),
		    DIG_ECORRUPT },
		{ "largest window",
		    S("\x28\xb5\x2f\xfd\x80\xff\x04\0\0\0\x21\0\0abcd"),
		    DIG_ECORRUPT },
		{ "no content size", S("\x28\xb5\x2f\xfd\0\x58\x21\0\0abcd"),
		    DIG_ECORRUPT },
		{ "content size 5", S("\x28\xb5\x2f\xfd\x20\x05\x21\0\0abcd"),
		    DIG_ECORRUPT },
		{ "content size 3", S("\x28\xb5\x2f\xfd\x20\x03\x21\0\0abcd"),
		    DIG_ECORRUPT },
		{ "content size 2^63",
		    S("\x28\xb5\x2f\xfd\xe0\0\0\0\0\0\0\0\x80\x21\0\0abcd"),
		    DIG_ECORRUPT },
		{ "too little content",
		    S("\x28\xb5\x2f\xfd\x20\x04\x19\0\0abc"), DIG_ECORRUPT },
		{ "trailing byte", S("\x28\xb5\x2f\xfd\x20\x04\x21\0\0abcd\0"),
		    DIG_ECORRUPT },
		{ "second frame",
		    S("\x28\xb5\x2f\xfd\x20\x04\x21\0\0abcd"
		      "\x28\xb5\x2f\xfd\x20\x04\x21\0\0abcd"),
		    DIG_ECORRUPT },
		{ "second frame, empty",
		    S("\x28\xb5\x2f\xfd\x20\x04\x21\0\0abcd"
		      "\x28\xb5\x2f\xfd\x20\0\x01\0\0"),
		    DIG_ECORRUPT },
		{ "skippable frame after it",
		    S("\x28\xb5\x2f\xfd\x20\x04\x21\0\0abcd"
		      "\x50\x2a\x4d\x18\0\0\0\0"),
		    DIG_ECORRUPT },
		{ "skippable frame before it",
		    S("\x50\x2a\x4d\x18\0\0\0\0"
		      "\x28\xb5\x2f\xfd\x20\x04\x21\0\0abcd"),
		    DIG_ECORRUPT },
		{ "skippable frame alone", S("\x50\x2a\x4d\x18\x04\0\0\0abcd"),
		    DIG_ECORRUPT },
		{ "dictionary id",
		    S("\x28\xb5\x2f\xfd\x21\x07\x04\x21\0\0abcd"),
		    DIG_ECORRUPT },
		{ "dictionary id zero",
		    S("\x28\xb5\x2f\xfd\x21\0\x04\x21\0\0abcd"), DIG_ECORRUPT },
		{ "reserved bit", S("\x28\xb5\x2f\xfd\x28\x04\x21\0\0abcd"),
		    DIG_ECORRUPT },
		{ "other magic", S("\x27\xb5\x2f\xfd\x20\x04\x21\0\0abcd"),
		    DIG_ECORRUPT },
		{ "no last block", S("\x28\xb5\x2f\xfd\x20\x04\x20\0\0abcd"),
		    DIG_ECORRUPT },
		{ "nothing", S(""), DIG_ECORRUPT },
		{ "magic alone", S("\x28\xb5\x2f\xfd"), DIG_ECORRUPT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		uint8_t raw[4] = "----";
		enum dig_status st = decode(DIG_CODEC_ZSTD, table[i].frame,
		    table[i].len, NULL, 0, raw, 4);

		if (st != table[i].st)
			fail_msg("%s: status %d", table[i].what, (int)st);
		if (st == DIG_OK)
			assert_memory_equal(raw, "abcd", 4);
		for (size_t cut = 0; cut < table[i].len; cut++)
			if (table[i].st == DIG_OK)
				assert_int_equal(
				    decode(DIG_CODEC_ZSTD, table[i].frame, cut,
					NULL, 0, raw, 4),
				    DIG_ECORRUPT);
	}
}

static void
test_refused_calls(void **state)
{
	static const char frame[] = "\x28\xb5\x2f\xfd\x20\x04\x21\0\0abcd";
	uint8_t raw[4];

	(void)state;
	assert_int_equal(
	    decode(DIG_CODEC_RAW, "abcd", 4, NULL, 0, raw, 4), DIG_OK);
	assert_memory_equal(raw, "abcd", 4);
	assert_int_equal(
	    decode(DIG_CODEC_RAW, "abcde", 5, NULL, 0, raw, 4), DIG_ECORRUPT);
	assert_int_equal(
	    decode(DIG_CODEC_RAW, "abc", 3, NULL, 0, raw, 4), DIG_ECORRUPT);
	assert_int_equal(
	    decode(DIG_CODEC_RAW, "", 0, NULL, 0, raw, 0), DIG_ECORRUPT);
	assert_int_equal(
	    decode(DIG_CODEC_DELTA, frame, 13, NULL, 0, raw, 4), DIG_ECORRUPT);
	assert_int_equal(decode((enum dig_codec)3, frame, 13, NULL, 0, raw, 4),
	    DIG_ECORRUPT);
	/* a length beyond the limit is refused before anything is touched */
	assert_int_equal(decode(DIG_CODEC_ZSTD, frame, 13, NULL, 0, NULL,
			     DIG_OBJECT_MAX + 1),
	    DIG_ECORRUPT);
}

/* Each bit of a frame flipped, and each length: no crash, no write outside,
 * and the context works afterwards. */
static void
test_damage(void **state)
{
	size_t len = 3000, base_len = 2500;
	struct dig_codec_ctx *ctx = dig_codec_new(1, true);
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_buf out = DIG_BUF_INIT;
	uint8_t *base = make(base_len, TEXT, SEED);
	uint8_t *raw = make(len, TEXT, SEED);
	uint8_t *back = malloc(len);
	enum dig_codec used;

	(void)state;
	assert_non_null(back);
	for (int with_base = 0; with_base < 2; with_base++) {
		const uint8_t *prefix = with_base ? base : NULL;
		size_t prefix_len = with_base ? base_len : 0;

		assert_int_equal(dig_codec_encode(ctx, raw, len, prefix,
				     prefix_len, &out, &used, &err),
		    DIG_OK);
		assert_int_equal(
		    used, with_base ? DIG_CODEC_DELTA : DIG_CODEC_ZSTD);
		for (size_t cut = 0; cut < out.len; cut++)
			assert_int_equal(
			    dig_codec_decode(ctx, used, out.data, cut, prefix,
				prefix_len, back, len, &err),
			    DIG_ECORRUPT);
		for (size_t bit = 0; bit < out.len * 8; bit++) {
			enum dig_status st;

			out.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
			st = dig_codec_decode(ctx, used, out.data, out.len,
			    prefix, prefix_len, back, len, &err);
			assert_true(st == DIG_OK || st == DIG_ECORRUPT);
			out.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		assert_int_equal(dig_codec_decode(ctx, used, out.data, out.len,
				     prefix, prefix_len, back, len, &err),
		    DIG_OK);
		assert_memory_equal(back, raw, len);
	}
	/* a delta over a shorter base reads nothing outside it */
	for (size_t shorter = 1; shorter < base_len; shorter += 97) {
		uint8_t *less = make(shorter, TEXT, SEED);
		enum dig_status st = dig_codec_decode(ctx, DIG_CODEC_DELTA,
		    out.data, out.len, less, shorter, back, len, &err);

		assert_true(st == DIG_ECORRUPT ||
			    (st == DIG_OK && memcmp(back, raw, len) != 0));
		free(less);
	}
	free(back);
	free(raw);
	free(base);
	dig_buf_clear(&out);
	dig_codec_free(ctx);
}

/* The frame carries no checksum and no dictionary id. */
static void
test_frame_header(void **state)
{
	struct dig_codec_ctx *ctx = dig_codec_new(1, true);
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_buf out = DIG_BUF_INIT;
	uint8_t *raw = make(300 * KIB, TEXT, SEED);
	enum dig_codec used;

	(void)state;
	assert_int_equal(dig_codec_encode(ctx, raw, 300 * KIB, raw, 200 * KIB,
			     &out, &used, &err),
	    DIG_OK);
	assert_int_equal(used, DIG_CODEC_DELTA);
	assert_int_equal(out.data[4] & 7, 0);
	assert_int_equal(
	    ZSTD_getFrameContentSize(out.data, out.len), 300 * KIB);
	free(raw);
	dig_buf_clear(&out);
	dig_codec_free(ctx);
}

/* ---- Many objects in one frame ------------------------------------------ */

/* `count` versions of one text, each with an edit of its own. */
static uint8_t *
versions(size_t len, size_t count, uint64_t seed)
{
	uint8_t *data = malloc(len * count);

	assert_non_null(data);
	fill(data, len, TEXT, seed);
	for (size_t i = 1; i < count; i++) {
		memcpy(data + i * len, data + (i - 1) * len, len);
		fill(data + i * len + seed * i % (len - 40), 40, RANDOM,
		    seed + i);
	}
	return data;
}

static void
test_many(void **state)
{
	static const int levels[] = { 1, 9, 15, 19 };
	const size_t len = 20 * KIB, all = 100 * len;
	uint8_t *data = versions(len, 100, SEED);
	uint8_t *noise = make(9 * KIB, RANDOM, SEED);
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_buf out = DIG_BUF_INIT;
	uint8_t *back = malloc(all);
	enum dig_codec used;

	(void)state;
	assert_non_null(back);
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		for (int far = 0; far < 2; far++) {
			struct dig_codec_ctx *ctx =
			    dig_codec_new(levels[i], true);

			assert_int_equal(dig_codec_encode_many(ctx, data, all,
					     far, &out, &used, &err),
			    DIG_OK);
			assert_int_equal(used, DIG_CODEC_ZSTD);
			/* an edit is 40 bytes that cannot be made smaller */
			assert_in_range(out.len, 100 * 40, 100 * 150);
			assert_int_equal(dig_codec_decode(ctx, used, out.data,
					     out.len, NULL, 0, back, all, &err),
			    DIG_OK);
			assert_memory_equal(back, data, all);
			assert_int_equal(dig_codec_encode_many(ctx, noise,
					     9 * KIB, far, &out, &used, &err),
			    DIG_OK);
			assert_int_equal(used, DIG_CODEC_RAW);
			assert_int_equal(out.len, 0);
			assert_int_equal(dig_codec_encode_many(ctx, noise, 0,
					     far, &out, &used, &err),
			    DIG_EINVALID);
			dig_codec_free(ctx);
		}
	free(back);
	free(data);
	free(noise);
	dig_buf_clear(&out);
}

/* A frame in steps of every sort gives what it gives at once, and touches
 * nothing behind what was asked for. */
static void
test_parts(void **state)
{
	static const size_t steps[] = { 1000, 20 * KIB, 127 * KIB, 128 * KIB,
		129 * KIB, 999 * KIB, 2000 * KIB };
	const size_t all = 100 * 20 * KIB;
	uint8_t *data = versions(20 * KIB, 100, SEED);
	struct dig_codec_ctx *ctx = dig_codec_new(9, true);
	struct dig_codec_part *part = dig_codec_part_new();
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_buf out = DIG_BUF_INIT;
	uint8_t *back = malloc(all);
	enum dig_codec used;

	(void)state;
	assert_non_null(back);
	assert_int_equal(
	    dig_codec_encode_many(ctx, data, all, true, &out, &used, &err),
	    DIG_OK);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		memset(back, 0xee, all);
		assert_int_equal(
		    dig_codec_part_begin(part, out.data, out.len, all, &err),
		    DIG_OK);
		for (size_t upto = steps[i];; upto += steps[i]) {
			if (upto > all)
				upto = all;
			assert_int_equal(
			    dig_codec_part_decode(part, back, upto, &err),
			    DIG_OK);
			assert_memory_equal(back, data, upto);
			if (upto == all)
				break;
			assert_int_equal(back[upto], 0xee);
			/* what is there already costs nothing */
			assert_int_equal(
			    dig_codec_part_decode(part, back, upto / 2, &err),
			    DIG_OK);
		}
	}
	free(back);
	free(data);
	dig_buf_clear(&out);
	dig_codec_part_free(part);
	dig_codec_part_free(NULL);
	dig_codec_free(ctx);
}

/* Cut at every length, with every bit flipped: refused, or other bytes of the
 * length that was asked for; never more. */
static void
test_damaged_parts(void **state)
{
	const size_t len = 600, all = 8 * len;
	uint8_t *data = versions(len, 8, SEED);
	struct dig_codec_ctx *ctx = dig_codec_new(9, true);
	struct dig_codec_part *part = dig_codec_part_new();
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_buf out = DIG_BUF_INIT;
	size_t refused = 0;
	uint8_t *back = malloc(all);
	uint8_t *bad;
	enum dig_codec used;

	(void)state;
	assert_non_null(back);
	assert_int_equal(
	    dig_codec_encode_many(ctx, data, all, false, &out, &used, &err),
	    DIG_OK);
	for (size_t cut = 0; cut < out.len; cut++) {
		bad = malloc(cut + 1); /* exactly: a read beyond is seen */
		assert_non_null(bad);
		memcpy(bad, out.data, cut);
		assert_int_equal(
		    dig_codec_part_begin(part, bad, cut, all, &err),
		    DIG_ECORRUPT);
		free(bad);
	}
	assert_int_equal(
	    dig_codec_part_begin(part, out.data, out.len, all - 1, &err),
	    DIG_ECORRUPT);
	assert_int_equal(dig_codec_part_begin(part, out.data, out.len, 0, &err),
	    DIG_ECORRUPT);
	for (size_t bit = 0; bit < 8 * out.len; bit++) {
		enum dig_status st;

		out.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		memset(back, 0xee, all);
		st = dig_codec_part_begin(part, out.data, out.len, all, &err);
		if (st == DIG_OK)
			st = dig_codec_part_decode(part, back, len, &err);
		if (st == DIG_OK)
			st = dig_codec_part_decode(part, back, all - 1, &err);
		assert_true(st == DIG_OK || st == DIG_ECORRUPT);
		assert_int_equal(back[all - 1], 0xee);
		refused += st != DIG_OK;
		out.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_in_range(refused, 100, 8 * out.len);
	assert_int_equal(
	    dig_codec_part_begin(part, out.data, out.len, all, &err), DIG_OK);
	assert_int_equal(dig_codec_part_decode(part, back, all, &err), DIG_OK);
	assert_memory_equal(back, data, all);
	free(back);
	free(data);
	dig_buf_clear(&out);
	dig_codec_part_free(part);
	dig_codec_free(ctx);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_insertion),
		cmocka_unit_test(test_useless_base),
		cmocka_unit_test(test_probes),
		cmocka_unit_test(test_base_like_dictionary),
		cmocka_unit_test(test_encode_limits),
		cmocka_unit_test(test_refused_frames),
		cmocka_unit_test(test_refused_calls),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_frame_header),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_damaged_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
