/* SPDX-License-Identifier: MIT
 *
 * Content trees: round trips at every border of the shape, the root against
 * the Merkle definition, seeks, hostile nodes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "objects/file.h"
#include "tests/unit/node_memory.h"

static void
chunk_id(uint64_t i, struct dig_oid *out)
{
	memset(out, 0, sizeof(*out));
	dig_set_be64(out->bytes, i * 0x9e3779b97f4a7c15u);
	dig_set_be64(out->bytes + 24, i);
}

static uint64_t
chunk_length(uint64_t i)
{
	return 32768 + i * 7919 % 491520;
}

static void
build(struct memory *memory, uint64_t n, struct dig_entry *entry)
{
	struct dig_file_builder *builder = dig_file_builder_new(&memory->io);
	struct dig_error err;
	struct dig_oid id;

	memset(entry, 0, sizeof(*entry));
	for (uint64_t i = 0; i < n; i++) {
		chunk_id(i, &id);
		assert_int_equal(
		    dig_file_builder_add(builder, chunk_length(i), &id, &err),
		    DIG_OK);
	}
	assert_int_equal(dig_file_builder_finish(builder, entry, &err), DIG_OK);
	dig_file_builder_free(builder);
}

static void
test_shapes(void **state)
{
	static const struct {
		uint64_t nchunks;
		enum dig_form form;
		uint64_t nnodes;
		unsigned top;
	} table[] = {
		{ 0, DIG_FORM_EMPTY, 0, 0 },
		{ 1, DIG_FORM_CHUNK, 0, 0 },
		{ 2, DIG_FORM_NODES, 1, 0 },
		{ 1023, DIG_FORM_NODES, 1, 0 },
		{ 1024, DIG_FORM_NODES, 1, 0 },
		{ 1025, DIG_FORM_NODES, 3, 1 },
		{ 2048, DIG_FORM_NODES, 3, 1 },
		{ 1024 * 1024, DIG_FORM_NODES, 1025, 1 },
		/* the second node of level 1 would be its only part */
		{ 1024 * 1024 + 1, DIG_FORM_NODES, 1027, 2 },
	};

	(void)state;
	for (size_t t = 0; t < sizeof(table) / sizeof(table[0]); t++) {
		uint64_t n = table[t].nchunks, offset, length, at = 0;
		struct dig_file_reader *reader = NULL;
		struct dig_oid id, expect;
		struct dig_merkle merkle;
		struct memory memory;
		struct dig_entry entry;
		struct dig_error err;
		bool done;

		memory_init(&memory);
		build(&memory, n, &entry);
		assert_int_equal(entry.form, table[t].form);
		assert_int_equal(memory.news, table[t].nnodes);
		assert_int_equal(
		    dig_file_reader_new(&memory.io, &entry, &reader, &err),
		    DIG_OK);
		dig_merkle_init(&merkle, DIG_MERKLE_CONTENT);
		for (uint64_t i = 0; i < n; i++) {
			uint8_t leaf[DIG_HASH_SIZE];

			assert_int_equal(dig_file_reader_next(reader, &id,
					     &offset, &length, &done, &err),
			    DIG_OK);
			chunk_id(i, &expect);
			assert_false(done);
			assert_true(dig_oid_eq(&id, &expect));
			assert_int_equal(length, chunk_length(i));
			assert_int_equal(offset, at);
			at += length;
			dig_content_leaf(length, id.bytes, leaf);
			dig_merkle_add(&merkle, length, leaf);
		}
		assert_int_equal(dig_file_reader_next(reader, &id, &offset,
				     &length, &done, &err),
		    DIG_OK);
		assert_true(done);
		assert_int_equal(entry.size_bytes, at);
		dig_merkle_root(&merkle, expect.bytes);
		dig_entry_content_id(&entry, &id);
		assert_true(dig_oid_eq(&id, &expect));
		if (table[t].nnodes > 0) {
			struct memory_node *top = memory_find(
			    &memory, DIG_KIND_CONTENT, &entry.stored);

			assert_int_equal(top->data[0], table[t].top);
		}
		dig_file_reader_free(reader);
		memory_clear(&memory);
	}
}

static void
test_seek(void **state)
{
	static const uint64_t sizes[] = { 1, 2, 1024, 1025, 5000, 1050000 };
	uint64_t seed = 0x5eed1, offset, length;

	(void)state;
	printf("seed %#llx\n", (unsigned long long)seed);
	for (size_t t = 0; t < sizeof(sizes) / sizeof(sizes[0]); t++) {
		uint64_t n = sizes[t], *starts = dig_calloc(n + 1, 8);
		struct dig_file_reader *reader = NULL;
		struct memory memory;
		struct dig_entry entry;
		struct dig_error err;
		struct dig_oid id, expect;
		bool done;

		memory_init(&memory);
		build(&memory, n, &entry);
		for (uint64_t i = 0; i < n; i++)
			starts[i + 1] = starts[i] + chunk_length(i);
		assert_int_equal(
		    dig_file_reader_new(&memory.io, &entry, &reader, &err),
		    DIG_OK);
		for (int k = 0; k < 300; k++) {
			uint64_t i = next_random(&seed) % n;
			uint64_t to = starts[i];

			if (k % 3 == 1)
				to = starts[i + 1] - 1;
			if (k % 3 == 2)
				to += next_random(&seed) % chunk_length(i);
			assert_int_equal(
			    dig_file_reader_seek(reader, to, &err), DIG_OK);
			for (uint64_t j = i; j < n && j < i + 3; j++) {
				assert_int_equal(
				    dig_file_reader_next(reader, &id, &offset,
					&length, &done, &err),
				    DIG_OK);
				chunk_id(j, &expect);
				assert_false(done);
				assert_true(dig_oid_eq(&id, &expect));
				assert_int_equal(offset, starts[j]);
			}
		}
		assert_int_equal(dig_file_reader_seek(reader, starts[n], &err),
		    DIG_EINVALID);
		/* A place costs one node a level. */
		memory.gets = 0;
		dig_file_reader_free(reader);
		assert_int_equal(
		    dig_file_reader_new(&memory.io, &entry, &reader, &err),
		    DIG_OK);
		assert_int_equal(
		    dig_file_reader_seek(reader, starts[n] - 1, &err), DIG_OK);
		assert_true(memory.gets <= 5);
		dig_file_reader_free(reader);
		free(starts);
		memory_clear(&memory);
	}
}

static enum dig_status
read_all(struct memory *memory, const struct dig_entry *entry)
{
	struct dig_file_reader *reader = NULL;
	uint64_t offset, length, sum = 0;
	struct dig_error err;
	struct dig_oid id;
	enum dig_status st;
	bool done = false;

	st = dig_file_reader_new(&memory->io, entry, &reader, &err);
	while (st == DIG_OK && !done) {
		st = dig_file_reader_next(
		    reader, &id, &offset, &length, &done, &err);
		if (st == DIG_OK && !done)
			sum += length;
	}
	if (st == DIG_OK)
		assert_int_equal(sum, entry->size_bytes);
	dig_file_reader_free(reader);
	return st;
}

static void
test_hostile(void **state)
{
	uint64_t seed = 0x5eed2;
	struct memory memory;
	struct memory_node *node;
	struct dig_entry entry;

	(void)state;
	printf("seed %#llx\n", (unsigned long long)seed);
	memory_init(&memory);
	build(&memory, 40, &entry);
	node = memory_find(&memory, DIG_KIND_CONTENT, &entry.stored);
	for (size_t len = node->len; len-- > 0;) {
		size_t was = node->len;

		node->len = len;
		assert_int_equal(read_all(&memory, &entry), DIG_ECORRUPT);
		node->len = was;
	}
	for (int i = 0; i < 20000; i++) {
		size_t at = next_random(&seed) % node->len;
		uint8_t was = node->data[at];

		node->data[at] ^= (uint8_t)(1 + next_random(&seed) % 255);
		assert_int_equal(read_all(&memory, &entry), DIG_ECORRUPT);
		node->data[at] = was;
	}
	entry.size_bytes++;
	assert_int_equal(read_all(&memory, &entry), DIG_ECORRUPT);
	entry.size_bytes--;
	assert_int_equal(read_all(&memory, &entry), DIG_OK);
	memory_clear(&memory);
}

/* The same id under another shape: a node of level 1 over two halves. */
static void
test_other_shape(void **state)
{
	struct memory memory, honest;
	struct dig_merkle half[2], whole;
	struct dig_buf node[3] = { DIG_BUF_INIT, DIG_BUF_INIT, DIG_BUF_INIT };
	struct dig_oid id[3];
	struct dig_entry entry;
	struct dig_error err;

	(void)state;
	memory_init(&memory);
	memory_init(&honest);
	build(&honest, 3, &entry);
	dig_merkle_init(&whole, DIG_MERKLE_CONTENT);
	dig_buf_put(&node[2], "\1\2", 2);
	for (uint64_t h = 0; h < 2; h++) {
		uint64_t n = h == 0 ? 2 : 1;

		dig_merkle_init(&half[h], DIG_MERKLE_CONTENT);
		dig_buf_putc(&node[h], 0);
		dig_buf_putc(&node[h], (uint8_t)n);
		for (uint64_t i = 2 * h; i < 2 * h + n; i++) {
			uint8_t leaf[DIG_HASH_SIZE];
			struct dig_oid chunk;

			chunk_id(i, &chunk);
			dig_content_leaf(chunk_length(i), chunk.bytes, leaf);
			dig_merkle_add(&half[h], chunk_length(i), leaf);
			dig_buf_put_varint(&node[h], chunk_length(i));
			dig_buf_put(&node[h], chunk.bytes, DIG_HASH_SIZE);
		}
		dig_merkle_root(&half[h], id[h].bytes);
		dig_buf_put_varint(&node[2], half[h].length_bytes);
		dig_buf_put(&node[2], id[h].bytes, DIG_HASH_SIZE);
		dig_merkle_add(&whole, half[h].length_bytes, id[h].bytes);
	}
	dig_merkle_root(&whole, id[2].bytes);
	assert_true(dig_oid_eq(&id[2], &entry.stored));
	for (int i = 0; i < 3; i++) {
		assert_int_equal(memory_put(&memory, DIG_KIND_CONTENT, &id[i],
				     node[i].data, node[i].len, NULL, &err),
		    DIG_OK);
		dig_buf_clear(&node[i]);
	}
	assert_int_equal(read_all(&honest, &entry), DIG_OK);
	assert_int_equal(read_all(&memory, &entry), DIG_ECORRUPT);
	memory_clear(&memory);
	memory_clear(&honest);
}

/* A read that fails is told once the chunks before it are handed out, and a
 * seek goes on behind it. */
static void
test_faults(void **state)
{
	struct dig_file_reader *reader = NULL;
	struct memory memory;
	struct dig_entry entry;
	struct dig_error err;
	struct dig_oid id;
	uint64_t offset, length, n = 0;
	enum dig_status st;
	bool done;

	(void)state;
	memory_init(&memory);
	build(&memory, 3000, &entry);
	assert_int_equal(
	    dig_file_reader_new(&memory.io, &entry, &reader, &err), DIG_OK);
	memory.fail_in = 1;
	for (;; n++) {
		st = dig_file_reader_next(
		    reader, &id, &offset, &length, &done, &err);
		if (st != DIG_OK)
			break;
	}
	assert_int_equal(st, DIG_EIO);
	assert_int_equal(n, 1024);
	assert_int_equal(
	    dig_file_reader_next(reader, &id, &offset, &length, &done, &err),
	    DIG_ECORRUPT);
	assert_int_equal(
	    dig_file_reader_seek(reader, entry.size_bytes - 1, &err), DIG_OK);
	assert_int_equal(
	    dig_file_reader_next(reader, &id, &offset, &length, &done, &err),
	    DIG_OK);
	assert_int_equal(offset + length, entry.size_bytes);
	dig_file_reader_free(reader);
	memory_clear(&memory);

	/* the builder hands up a failed put, at whatever level */
	for (uint64_t k = 1; k <= 3; k++) {
		struct dig_file_builder *builder;

		memory_init(&memory);
		memory.fail_in = k;
		builder = dig_file_builder_new(&memory.io);
		st = DIG_OK;
		for (uint64_t i = 0; st == DIG_OK && i < 1025; i++) {
			chunk_id(i, &id);
			st = dig_file_builder_add(
			    builder, chunk_length(i), &id, &err);
		}
		if (st == DIG_OK)
			st = dig_file_builder_finish(builder, &entry, &err);
		assert_int_equal(st, DIG_EIO);
		dig_file_builder_free(builder);
		memory_clear(&memory);
	}
}

static void
test_refusals(void **state)
{
	struct memory memory;
	struct dig_file_builder *builder;
	struct dig_file_reader *reader = NULL;
	struct dig_entry entry = { .form = DIG_FORM_LINK, .size_bytes = 20 };
	struct dig_error err;

	(void)state;
	memory_init(&memory);
	builder = dig_file_builder_new(&memory.io);
	assert_int_equal(dig_file_builder_add(builder, 0, &dig_oid_zero, &err),
	    DIG_EINVALID);
	assert_int_equal(
	    dig_file_builder_add(builder, 524289, &dig_oid_zero, &err),
	    DIG_EINVALID);
	dig_file_builder_free(builder);
	assert_int_equal(dig_file_reader_new(&memory.io, &entry, &reader, &err),
	    DIG_EINVALID);
	entry.form = DIG_FORM_NODES;
	assert_int_equal(dig_file_reader_new(&memory.io, &entry, &reader, &err),
	    DIG_ENOTFOUND);
	dig_file_reader_free(NULL);
	dig_file_builder_free(NULL);
	memory_clear(&memory);
}

/* Roots that must never change. */
static void
test_known_roots(void **state)
{
	static const struct {
		uint64_t nchunks;
		const char *hex;
	} table[] = {
		{ 2, "56726835474125a6fa30e552dc9cf2f3"
		     "2c62737d8f4f9a0cb9668c74f869454e" },
		{ 1025, "ce8c29a1923005d31d472522fe95b5a6"
			"850510e144da0cc140f0dddfdd4f6458" },
		{ 3000, "1dbc78dda6cb6067eedd983b977ecfee"
			"2ab3e91e86d436501f8576993a2bce1a" },
	};

	(void)state;
	for (size_t t = 0; t < sizeof(table) / sizeof(table[0]); t++) {
		char hex[DIG_OID_HEX + 1];
		struct memory memory;
		struct dig_entry entry;

		memory_init(&memory);
		build(&memory, table[t].nchunks, &entry);
		dig_oid_hex(&entry.stored, hex);
		assert_string_equal(hex, table[t].hex);
		memory_clear(&memory);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_seek),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_other_shape),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_known_roots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
