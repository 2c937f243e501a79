/* SPDX-License-Identifier: MIT
 *
 * A throw-away .dig folder for tests of the store and the journal.
 */
#ifndef TESTS_UNIT_STORE_RIG_H
#define TESTS_UNIT_STORE_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <unistd.h>

#include "objects/base/io.h"
#include "objects/pack.h"
#include "objects/store.h"

struct rig {
	char path[64];
	int fd;
	struct dig_store *store;
	struct dig_parity_shape shape; /* of new packs; at first no parity */
};

/* Message of a failed call, so that a failing test says why. */
#define OK(call)                                                               \
	do {                                                                   \
		if ((call) != DIG_OK)                                          \
			fail_msg("%s: %s", #call, err.msg);                    \
	} while (0)

static inline uint64_t
rig_random(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return *state = x;
}

static inline void
rig_fill(uint64_t *state, void *data, size_t len)
{
	uint8_t *out = data;

	while (len > 0) {
		uint64_t x = rig_random(state);
		size_t n = len < 8 ? len : 8;

		memcpy(out, &x, n);
		out += n;
		len -= n;
	}
}

/* Words out of a small list: text that compresses about as text does. */
static inline void
rig_text(uint64_t *state, void *data, size_t len)
{
	char *out = data;

	for (size_t at = 0; at < len;) {
		uint64_t x = rig_random(state) % 4096;
		int n = snprintf(out + at, len - at, "w%03llx%s ",
		    (unsigned long long)x, x % 7 ? "" : "\n");

		at += (size_t)n;
	}
}

static inline void
rig_init(struct rig *rig, const char *below)
{
	struct dig_error err;
	uint8_t id[32];

	memset(rig, 0, sizeof(*rig));
	memset(id, 0xab, sizeof(id));
	snprintf(rig->path, sizeof(rig->path), "%s/digtest.XXXXXX", below);
	assert_non_null(mkdtemp(rig->path));
	rig->fd =
	    dig_open_at(-100 /* AT_FDCWD */, rig->path, DIG_OPEN_DIRECTORY);
	assert_true(rig->fd >= 0);
	assert_int_equal(dig_mkdir_at(rig->fd, "packs", 0777), 0);
	OK(dig_journal_create(rig->fd, id, 1, "refs/heads/main", &err));
	OK(dig_store_open(rig->fd, NULL, &rig->store, &err));
}

static inline void
rig_clear(struct rig *rig)
{
	dig_store_close(rig->store);
	dig_close(rig->fd);
	assert_int_equal(dig_remove_tree(-100, rig->path), 0);
}

/* Close and open, with or without what an index would know. */
static inline void
rig_reopen(struct rig *rig, bool with_hint)
{
	struct dig_journal *journal = dig_store_journal(rig->store);
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_journal_hint hint;
	struct dig_error err;

	dig_buf_put(&bytes, dig_journal_last_bytes(journal)->data,
	    dig_journal_last_bytes(journal)->len);
	hint.offset = dig_journal_last(journal)->offset;
	hint.bytes = bytes.data;
	hint.len = bytes.len;
	dig_store_close(rig->store);
	rig->store = NULL;
	OK(dig_store_open(
	    rig->fd, with_hint ? &hint : NULL, &rig->store, &err));
	dig_buf_clear(&bytes);
}

static inline void
rig_begin(struct rig *rig, uint64_t seal_bytes)
{
	struct dig_write_options options = { 1, true, seal_bytes, rig->shape };
	struct dig_error err;

	OK(dig_store_begin(rig->store, &options, &err));
}

/* Sync, journal, done. Returns how many rows the index would get. */
static inline size_t
rig_commit(struct rig *rig)
{
	struct dig_journal *journal = dig_store_journal(rig->store);
	const struct dig_journal_record *rec;
	const struct dig_object_row *rows;
	struct dig_op_stats stats;
	struct dig_state next;
	struct dig_error err;
	size_t nrows;

	dig_state_copy(dig_store_state(rig->store), &next);
	OK(dig_store_sync(rig->store, &next, &rows, &nrows, &err));
	stats = dig_store_stats(rig->store);
	OK(dig_journal_prepare(journal, &next, 0, "test", &stats, &rec, &err));
	OK(dig_journal_append(journal, &err));
	dig_journal_mirror(journal);
	dig_store_committed(rig->store);
	dig_state_clear(&next);
	return nrows;
}

static inline struct dig_oid
rig_put(struct dig_writer *writer, const void *data, size_t len,
    const struct dig_oid *base, bool bulk)
{
	struct dig_error err;
	struct dig_oid id;

	dig_sha256(data, len, id.bytes);
	OK(dig_writer_put(
	    writer, DIG_KIND_CHUNK, &id, data, len, base, bulk, &err));
	return id;
}

static inline void
rig_expect(struct dig_reader *reader, const struct dig_oid *id,
    const void *data, size_t len)
{
	struct dig_buf out = DIG_BUF_INIT;
	struct dig_error err;

	OK(dig_reader_get(reader, DIG_KIND_CHUNK, id, &out, &err));
	assert_int_equal(out.data[out.len], '\0'); /* as of every buffer */
	assert_int_equal(out.len, len);
	assert_memory_equal(out.data, data, len);
	dig_buf_clear(&out);
}

#endif
