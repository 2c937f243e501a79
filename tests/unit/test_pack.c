/* SPDX-License-Identifier: MIT
 *
 * Records, solids, runs and the scan: round trips, and hostile bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "objects/base/io.h"
#include "objects/hash64.h"
#include "objects/pack.h"

#define SEED 0x5eed0008u

static struct dig_record
sample(int which)
{
	struct dig_record rec;

	memset(&rec, 0, sizeof(rec));
	memset(rec.id.bytes, 0x40 + which, DIG_HASH_SIZE);
	rec.kind = DIG_KIND_CHUNK;
	rec.raw_len = rec.stored_len = 20;
	if (which == 1) {
		rec.kind = DIG_KIND_TREE;
		rec.codec = DIG_CODEC_ZSTD;
		rec.raw_len = 5000;
	}
	if (which >= 2) {
		rec.codec = DIG_CODEC_DELTA;
		rec.raw_len = 70000;
		rec.chain = 4094;
		rec.base_distance = 1000000;
		rec.base_slot = 4096;
	}
	if (which == 3) {
		rec.base_distance = 0;
		rec.base_slot = 0;
		memset(rec.base_id.bytes, 0x77, DIG_HASH_SIZE);
	}
	if (which == 4) {
		rec.chain = 1;
		rec.base_distance = 1;
		rec.base_slot = 0;
	}
	return rec;
}

enum { NSAMPLES = 5 };

static const uint8_t payload[20] = "payload of twenty.";

/* The header written out by hand from the format. */
static void
test_known_record(void **state)
{
	static const char want[] = "\xd6\x24\xf0\xa2\x04\x14"
				   "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"
				   "\xfe\x1f\xc0\x84\x3d\x80\x20";
	struct dig_record rec = sample(2);
	struct dig_buf out = DIG_BUF_INIT;

	(void)state;
	rec.kind = DIG_KIND_COMMIT;
	dig_record_encode(&rec, payload, &out);
	assert_int_equal(out.len, sizeof(want) - 1 + 8);
	assert_memory_equal(out.data, want, sizeof(want) - 1);
	assert_int_equal(rec.header_len, out.len);
	dig_buf_put(&out, payload, sizeof(payload));
	assert_true(
	    rec.checksum == dig_get_be64(out.data + rec.header_len - 8));
	assert_true(
	    dig_record_intact(&rec, out.data, out.data + rec.header_len));
	dig_buf_clear(&out);
}

static void
test_records(void **state)
{
	struct dig_buf out = DIG_BUF_INIT;
	struct dig_record back;
	struct dig_error err;

	(void)state;
	for (int i = 0; i < NSAMPLES; i++) {
		struct dig_record rec = sample(i);

		dig_buf_reset(&out);
		dig_record_encode(&rec, payload, &out);
		dig_buf_put(&out, payload, sizeof(payload));
		assert_int_equal(
		    dig_record_decode(out.data, out.len, &back, &err), DIG_OK);
		assert_memory_equal(&back, &rec, sizeof(rec));
		for (size_t len = 0; len < rec.header_len; len++) {
			uint8_t *cut = malloc(len + 1);

			cut = realloc(memcpy(cut, out.data, len), len + !len);
			assert_int_equal(
			    dig_record_decode(cut, len, &back, &err),
			    DIG_ECORRUPT);
			free(cut);
		}
		/* Any byte of it, any value: refused, or not intact. */
		for (size_t at = 0; at < out.len; at++)
			for (int value = 0; value < 256; value++) {
				uint8_t was = out.data[at];

				if (value == was)
					continue;
				out.data[at] = (uint8_t)value;
				if (dig_record_decode(out.data, out.len, &back,
					&err) == DIG_OK &&
				    back.header_len + back.stored_len <=
					out.len)
					assert_false(
					    dig_record_intact(&back, out.data,
						out.data + back.header_len));
				out.data[at] = was;
			}
	}
	dig_buf_clear(&out);
}

static void
test_illegal_records(void **state)
{
	struct dig_buf out = DIG_BUF_INIT;
	struct dig_record back;
	struct dig_error err;

	(void)state;
	for (int i = 0; i < 11; i++) {
		struct dig_record rec = sample(2);

		switch (i) {
		case 0:
			rec.chain = 0;
			break;
		case 1:
			rec.chain = DIG_CHAIN_RESTART;
			break;
		case 2:
			rec.base_slot = DIG_SOLID_OBJECTS_MAX + 1;
			break;
		case 3:
			rec.raw_len = DIG_OBJECT_MAX + 1;
			break;
		case 4:
			rec.raw_len = 0;
			break;
		case 5:
			rec.stored_len = 0;
			break;
		case 6:
			rec.raw_len = 20;
			rec.stored_len = 20 + 1025;
			break;
		case 7:
			rec.kind = DIG_KIND_SOLID;
			break;
		case 8:
			rec.kind = DIG_KIND_RUN;
			break;
		case 9:
			rec.kind = 9;
			break;
		default:
			rec.kind = 0;
			break;
		}
		uint8_t *big = calloc(1, 2048);

		dig_buf_reset(&out);
		dig_record_encode(&rec, big, &out);
		free(big);
		if (dig_record_decode(out.data, out.len, &back, &err) !=
		    DIG_ECORRUPT)
			fail_msg("case %d was taken", i);
	}
	dig_buf_clear(&out);
}

static void
test_pack_header(void **state)
{
	uint8_t head[DIG_PACK_HEADER], bad[DIG_PACK_HEADER];
	uint8_t store_id[32] = { 9 };
	uint8_t other[32] = { 8 };
	struct dig_error err;
	unsigned flags;
	char name[24];

	(void)state;
	dig_pack_header(7, DIG_PACK_BULK | DIG_PACK_SEALED, store_id, head);
	assert_memory_equal(head, "digpack\n", 8);
	assert_int_equal(
	    dig_pack_header_check(head, 7, &flags, store_id, &err), DIG_OK);
	assert_int_equal(flags, DIG_PACK_BULK);
	assert_int_equal(dig_pack_header_check(head, 8, &flags, store_id, &err),
	    DIG_ECORRUPT);
	assert_int_equal(
	    dig_pack_header_check(head, 7, &flags, other, &err), DIG_ECORRUPT);
	for (size_t at = 0; at < sizeof(head); at++) {
		memcpy(bad, head, sizeof(head));
		bad[at] ^= 1;
		assert_int_equal(
		    dig_pack_header_check(bad, 7, &flags, store_id, &err),
		    DIG_ECORRUPT);
	}
	dig_pack_name(7, name);
	assert_string_equal(name, "000007.pack");
	dig_pack_name(DIG_PACK_NUMBER_MAX, name);
	assert_string_equal(name, "999999999.pack");
}

static void
test_solid(void **state)
{
	struct dig_solid_item *items = NULL;
	struct dig_buf out = DIG_BUF_INIT;
	struct dig_error err;
	struct dig_oid id;
	size_t count, frame_at;
	uint64_t total = 0, shares = 0;

	(void)state;
	dig_buf_put_varint(&out, 5);
	for (uint64_t i = 1; i <= 5; i++) {
		memset(id.bytes, (int)i, sizeof(id.bytes));
		dig_solid_encode_item(&out, DIG_KIND_CHUNK, &id, i * 100);
		total += i * 100;
	}
	dig_buf_puts(&out, "frame");
	assert_int_equal(dig_solid_decode(out.data, out.len, total, &items,
			     &count, &frame_at, &err),
	    DIG_OK);
	assert_int_equal(count, 5);
	assert_int_equal(frame_at, out.len - 5);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(items[i].raw_len, (i + 1) * 100);
		assert_int_equal(items[i].id.bytes[0], i + 1);
		shares += dig_solid_share(items, count, i, 777, total);
	}
	assert_int_equal(shares, 777);
	free(items);
	assert_int_equal(dig_solid_decode(out.data, out.len, total + 1, &items,
			     &count, &frame_at, &err),
	    DIG_ECORRUPT);
	for (size_t len = 0; len < frame_at; len++) {
		uint8_t *cut = malloc(len + 1);

		memcpy(cut, out.data, len);
		cut = realloc(cut, len + !len);
		assert_int_equal(dig_solid_decode(cut, len, total, &items,
				     &count, &frame_at, &err),
		    DIG_ECORRUPT);
		free(cut);
		frame_at = out.len - 5;
	}
	for (size_t at = 0; at < frame_at; at++)
		for (int value = 0; value < 256; value++) {
			uint8_t was = out.data[at];
			size_t where;

			out.data[at] = (uint8_t)value;
			if (dig_solid_decode(out.data, out.len, total, &items,
				&count, &where, &err) == DIG_OK) {
				assert_true(where <= out.len);
				free(items);
			}
			out.data[at] = was;
		}
	dig_buf_clear(&out);
}

/* ---- Runs and the scan, which read files ------------------------------ */

static int
temp_file(const struct dig_buf *bytes)
{
	char path[] = "/tmp/digpack.XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(dig_unlink_at(-100 /* AT_FDCWD */, path), 0);
	assert_int_equal(dig_pwrite_full(fd, bytes->data, bytes->len, 0), 0);
	return fd;
}

static void
make_entries(struct dig_run_entry *entries, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t seed[12];

		dig_set_be32(seed, SEED);
		dig_set_be64(seed + 4, i);
		dig_sha256(seed, sizeof(seed), entries[i].id.bytes);
		entries[i].kind = (uint8_t)(1 + i % 5);
		entries[i].offset = 64 + i * 100;
		entries[i].slot = (uint16_t)(i % 4097);
	}
}

static void
put_run(struct dig_run_entry *entries, size_t n, uint64_t previous,
    struct dig_buf *out)
{
	struct dig_buf body = DIG_BUF_INIT;
	struct dig_record rec;

	memset(&rec, 0, sizeof(rec));
	dig_run_encode(entries, n, previous, false, &body);
	rec.kind = DIG_KIND_RUN;
	rec.raw_len = rec.stored_len = body.len;
	dig_record_encode(&rec, body.data, out);
	dig_buf_put(out, body.data, body.len);
	dig_buf_clear(&body);
}

/* One in memory, and one so large that its entries stay on disk. */
static void
test_runs(void **state)
{
	static const size_t sizes[] = { 0, 1, 6, 7, 300, 70000 };
	struct dig_error err;

	(void)state;
	for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++) {
		struct dig_run_entry *entries =
		    calloc(sizes[s] + 1, sizeof(*entries));
		struct dig_buf file = DIG_BUF_INIT;
		struct dig_run_entry hits[4];
		struct dig_run run;
		size_t found, wrong = 0;
		int fd;

		make_entries(entries, sizes[s]);
		dig_buf_put(&file, payload, sizeof(payload));
		put_run(entries, sizes[s], 3, &file);
		fd = temp_file(&file);
		assert_int_equal(
		    dig_run_open(fd, sizeof(payload), file.len, &run, &err),
		    DIG_OK);
		assert_int_equal(run.count, sizes[s]);
		assert_int_equal(run.previous, 3);
		assert_int_equal(run.end, file.len);
		assert_int_equal(run.entries == NULL, sizes[s] > 65536);
		for (size_t i = 0; i < sizes[s]; i += 1 + sizes[s] / 500) {
			assert_int_equal(
			    dig_run_find(&run, (enum dig_kind)entries[i].kind,
				&entries[i].id, hits, 4, &found, &err),
			    DIG_OK);
			assert_int_equal(found, 1);
			assert_int_equal(hits[0].offset, entries[i].offset);
			assert_int_equal(hits[0].slot, entries[i].slot);
			assert_int_equal(
			    dig_run_find(&run, DIG_KIND_STATE, &entries[i].id,
				hits, 4, &found, &err),
			    DIG_OK);
			assert_int_equal(found, 0);
			entries[i].id.bytes[31] ^= 1;
			assert_int_equal(
			    dig_run_find(&run, (enum dig_kind)entries[i].kind,
				&entries[i].id, hits, 4, &found, &err),
			    DIG_OK);
			wrong += found;
		}
		assert_int_equal(wrong, 0);
		dig_run_clear(&run);
		dig_close(fd);
		dig_buf_clear(&file);
		free(entries);
	}
}

static void
test_hostile_run(void **state)
{
	struct dig_run_entry entries[40], hits[4];
	struct dig_buf file = DIG_BUF_INIT;
	struct dig_error err;
	size_t head, opened = 0;

	(void)state;
	make_entries(entries, 40);
	dig_buf_put(&file, payload, sizeof(payload));
	put_run(entries, 40, 3, &file);
	head = file.len - (1 + 24 + 1024 + 40 * 41 + 50);
	/* The checksum is made to fit, so that the inside is looked at. */
	for (size_t at = head; at < head + 25 + 1024 + 100; at++)
		for (int mask = 1; mask < 256; mask *= 2) {
			struct dig_record rec;
			struct dig_run run;
			size_t found;
			int fd;

			file.data[at] ^= (uint8_t)mask;
			assert_int_equal(
			    dig_record_decode(file.data + sizeof(payload),
				file.len - sizeof(payload), &rec, &err),
			    DIG_OK);
			struct dig_hash64 hash;

			dig_hash64_init(&hash);
			dig_hash64_update(&hash, file.data + sizeof(payload),
			    rec.header_len - 8);
			dig_hash64_update(&hash,
			    file.data + sizeof(payload) + rec.header_len,
			    (size_t)rec.stored_len);
			dig_set_be64(
			    file.data + head - 8, dig_hash64_final(&hash));
			fd = temp_file(&file);
			if (dig_run_open(fd, sizeof(payload), file.len, &run,
				&err) == DIG_OK) {
				opened++;
				for (size_t i = 0; i < 40; i++)
					assert_int_equal(
					    dig_run_find(&run, DIG_KIND_CHUNK,
						&entries[i].id, hits, 4, &found,
						&err),
					    DIG_OK);
				dig_run_clear(&run);
			}
			dig_close(fd);
			file.data[at] ^= (uint8_t)mask;
		}
	assert_true(opened > 100);
	/* A filter larger than its entries ask for, the rest in order. */
	for (uint64_t more = 0; more < 2; more++) {
		struct dig_buf body = DIG_BUF_INIT;
		struct dig_buf bytes = DIG_BUF_INIT;
		struct dig_record rec;
		struct dig_run run;
		int fd;

		dig_run_encode(entries, 40, 3, false, &body);
		dig_set_be64(body.data + 17, 400 + 8 * more);
		for (uint64_t i = 0; i < more; i++)
			dig_buf_putc(&body, 0xff);
		memset(&rec, 0, sizeof(rec));
		rec.kind = DIG_KIND_RUN;
		rec.raw_len = rec.stored_len = body.len;
		dig_buf_put(&bytes, payload, sizeof(payload));
		dig_record_encode(&rec, body.data, &bytes);
		dig_buf_put(&bytes, body.data, body.len);
		fd = temp_file(&bytes);
		assert_int_equal(
		    dig_run_open(fd, sizeof(payload), bytes.len, &run, &err),
		    more ? DIG_ECORRUPT : DIG_OK);
		if (!more)
			dig_run_clear(&run);
		dig_close(fd);
		dig_buf_clear(&body);
		dig_buf_clear(&bytes);
	}
	for (uint64_t limit = 0; limit < file.len; limit += 13) {
		struct dig_run run;
		int fd = temp_file(&file);

		assert_int_equal(
		    dig_run_open(fd, sizeof(payload), limit, &run, &err),
		    DIG_ECORRUPT);
		assert_int_equal(dig_truncate(fd, limit), 0);
		assert_int_equal(
		    dig_run_open(fd, sizeof(payload), file.len, &run, &err),
		    DIG_ECORRUPT);
		dig_close(fd);
	}
	dig_buf_clear(&file);
}

/* Records of all sizes one after another, with and without padding. */
static void
test_scan(void **state)
{
	uint8_t *big = calloc(1, 300000);
	struct dig_error err;

	(void)state;
	for (int bulk = 0; bulk < 2; bulk++) {
		struct dig_buf file = DIG_BUF_INIT;
		struct dig_buf out = DIG_BUF_INIT;
		struct dig_pack_scan scan;
		uint8_t head[DIG_PACK_HEADER] = { 0 };
		size_t n = 0;
		bool done;
		int fd;

		dig_buf_put(&file, head, sizeof(head));
		for (size_t i = 0; i < 200; i++) {
			struct dig_record rec = sample(0);

			rec.raw_len = rec.stored_len = 1 + i * i * 7;
			memset(big, (int)i, 300000);
			dig_record_encode(&rec, big, &file);
			dig_buf_put(&file, big, (size_t)rec.stored_len);
			while (bulk && i % 50 == 0 && file.len % 4096 != 0)
				dig_buf_putc(&file, 0);
		}
		while (bulk && file.len % 4096 != 0)
			dig_buf_putc(&file, 0);
		fd = temp_file(&file);
		dig_pack_scan_init(
		    &scan, fd, bulk ? DIG_PACK_BULK : 0, 0, file.len);
		for (;; n++) {
			assert_int_equal(
			    dig_pack_scan_next(&scan, &done, &err), DIG_OK);
			if (done)
				break;
			assert_int_equal(scan.record.raw_len, 1 + (n) * (n)*7);
			assert_int_equal(
			    dig_pack_scan_payload(&scan, &out, &err), DIG_OK);
			assert_int_equal(out.len, scan.record.raw_len);
			assert_int_equal(out.data[0], n);
		}
		assert_int_equal(n, 200);
		dig_pack_scan_clear(&scan);
		dig_close(fd);
		dig_buf_clear(&file);
		dig_buf_clear(&out);
	}
	free(big);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_record),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_illegal_records),
		cmocka_unit_test(test_pack_header),
		cmocka_unit_test(test_solid),
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_hostile_run),
		cmocka_unit_test(test_scan),
	};

	print_message("seed 0x%x\n", SEED);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
