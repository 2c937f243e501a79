/* SPDX-License-Identifier: MIT
 *
 * Every decoder of stored bytes on mutated input. Nothing may crash, read
 * beyond its input, or run away (ASan and UBSan watch); what is accepted and
 * canonical encodes to the same bytes again; objects that are handed out hash
 * to their id. Checksums in front of a decoder are made good again for half of
 * the inputs, so that what stands behind them is met, too.
 *
 * HOSTILE=N multiplies the rounds, SEED=N begins elsewhere.
 */
#include "tests/unit/store_rig.h"

#include <fcntl.h>

#include "objects/check.h"
#include "objects/commit.h"
#include "objects/db/db.h"
#include "objects/file.h"
#include "objects/hash64.h"
#include "objects/index.h"
#include "objects/journal_record.h"
#include "objects/tree.h"
#include "repo/config.h"
#include "tests/unit/node_memory.h"

static uint64_t rng = 0x5eed0013u;

static unsigned
rounds(unsigned n)
{
	const char *times = getenv("HOSTILE");

	return times != NULL ? n * (unsigned)atoi(times) : n;
}

static size_t
below(size_t n)
{
	return (size_t)(rig_random(&rng) % n);
}

/* ---- Mutations -------------------------------------------------------- */

static void
change_byte(struct dig_buf *buf)
{
	static const uint8_t favourites[] = { 0, 1, 0x7f, 0x80, 0xff, 0xd6 };
	size_t at = below(buf->len);

	switch (below(4)) {
	case 0:
		buf->data[at] ^= (uint8_t)(1u << below(8));
		break;
	case 1:
		buf->data[at] = favourites[below(sizeof(favourites))];
		break;
	case 2:
		buf->data[at]++;
		break;
	default:
		buf->data[at] = (uint8_t)rig_random(&rng);
	}
}

/* A piece of the bytes over, or between, other bytes; or taken out. */
static void
move_piece(struct dig_buf *buf)
{
	size_t from = below(buf->len);
	size_t len = 1 + below(buf->len - from < 64 ? buf->len - from : 64);
	size_t to = below(buf->len - len + 1);
	uint8_t piece[64];

	memcpy(piece, buf->data + from, len);
	switch (below(3)) {
	case 0:
		memcpy(buf->data + to, piece, len);
		break;
	case 1:
		dig_buf_reserve(buf, len);
		memmove(buf->data + to + len, buf->data + to, buf->len - to);
		memcpy(buf->data + to, piece, len);
		buf->len += len;
		break;
	default:
		memmove(buf->data + from, buf->data + from + len,
		    buf->len - from - len);
		buf->len -= len;
	}
}

/* A changed copy of the seed, in memory of its exact size, so that a read
 * beyond it is seen. The head that changes more often is `head` bytes. */
static uint8_t *
mutate(const void *seed, size_t len, size_t head, size_t *out_len)
{
	struct dig_buf buf = DIG_BUF_INIT;
	uint8_t *exact;
	size_t n = below(4);

	dig_buf_put(&buf, seed, len);
	for (size_t i = 0; i <= n && buf.len > 0; i++) {
		size_t all = buf.len;

		if (below(2) == 0 && head < buf.len)
			buf.len = head;
		if (below(3) > 0 || buf.len != all) {
			change_byte(&buf);
			buf.len = all;
		} else {
			move_piece(&buf);
		}
	}
	if (below(8) == 0 && buf.len > 0)
		buf.len = below(buf.len);
	exact = malloc(buf.len + (buf.len == 0));
	assert_non_null(exact);
	if (buf.len > 0)
		memcpy(exact, buf.data, buf.len);
	*out_len = buf.len;
	dig_buf_clear(&buf);
	return exact;
}

/* ---- Commits, tags, nodes --------------------------------------------- */

#define B(s) (const uint8_t *)(s), sizeof(s) - 1

static uint8_t parents[3 * DIG_HASH_SIZE];

static void
make_commit(struct dig_buf *out)
{
	struct dig_commit commit;

	memset(&commit, 0, sizeof(commit));
	memset(parents, 0x22, sizeof(parents));
	commit.nparents = 3;
	commit.parents = parents;
	commit.author = (struct dig_ident){ B("A <a@x>"), -5, B("+0100") };
	commit.committer = (struct dig_ident){ B("B <b@x>"), 170, B("-0330") };
	commit.message = (const uint8_t *)"subject\n\nbody\n";
	commit.message_len = 14;
	commit.encoding = (const uint8_t *)"latin1";
	commit.encoding_len = 6;
	commit.files = 300;
	commit.bytes = 1u << 30;
	commit.generation = 200;
	commit.depth = 128;
	memset(commit.jump.bytes, 0x44, DIG_HASH_SIZE);
	commit.nheaders = 1;
	commit.headers[0] = (struct dig_header){ B("sig"), B("bytes") };
	dig_commit_encode(&commit, out);
}

static void
make_tag(struct dig_buf *out)
{
	struct dig_tag tag;

	memset(&tag, 0, sizeof(tag));
	tag.target_kind = DIG_KIND_COMMIT;
	tag.name = (const uint8_t *)"v1";
	tag.name_len = 2;
	tag.tagger = (struct dig_ident){ B("A <a@x>"), 170, B("+0000") };
	tag.message = (const uint8_t *)"words\n";
	tag.message_len = 6;
	dig_tag_encode(&tag, out);
}

static void
test_commits_and_tags(void **state)
{
	struct dig_commit *commit = malloc(sizeof(*commit));
	struct dig_tag *tag = malloc(sizeof(*tag));
	struct dig_buf seeds[2] = { DIG_BUF_INIT, DIG_BUF_INIT };
	struct dig_buf again = DIG_BUF_INIT;
	struct dig_error err;
	size_t accepted = 0;

	(void)state;
	make_commit(&seeds[0]);
	make_tag(&seeds[1]);
	for (unsigned i = 0; i < rounds(40000); i++) {
		size_t len;
		uint8_t *data = mutate(seeds[i % 2].data, seeds[i % 2].len,
		    seeds[i % 2].len, &len);
		enum dig_status st;

		dig_buf_reset(&again);
		st = i % 2 == 0 ? dig_commit_decode(data, len, commit, &err)
				: dig_tag_decode(data, len, tag, &err);
		assert_true(st == DIG_OK || st == DIG_ECORRUPT);
		if (st == DIG_OK) {
			if (i % 2 == 0)
				dig_commit_encode(commit, &again);
			else
				dig_tag_encode(tag, &again);
			assert_int_equal(again.len, len);
			assert_memory_equal(again.data, data, len);
			accepted++;
		}
		free(data);
	}
	assert_true(accepted > 0);
	dig_buf_clear(&seeds[0]);
	dig_buf_clear(&seeds[1]);
	dig_buf_clear(&again);
	free(commit);
	free(tag);
}

/* Trees of a few hundred entries, and a file of many chunks. */
static void
make_nodes(struct memory *memory)
{
	struct dig_tree_edit *edits = calloc(400, sizeof(*edits));
	struct dig_file_builder *builder;
	struct dig_entry entry;
	struct dig_error err;
	struct dig_oid root;
	struct dig_oid id;
	char(*names)[24] = calloc(400, sizeof(*names));

	for (unsigned i = 0; i < 400; i++) {
		struct dig_entry *it = &edits[i].entry;

		snprintf(names[i], sizeof(names[i]), "folder-%02u/file-%03u",
		    i / 20, i);
		it->path = (const uint8_t *)names[i];
		it->path_len = strlen(names[i]);
		it->kind = (enum dig_entry_kind)(1 + i % 3);
		it->form = DIG_FORM_CHUNK;
		it->size_bytes = 1 + i;
		rig_fill(&rng, it->stored.bytes, DIG_HASH_SIZE);
	}
	dig_tree_empty(&root);
	OK(dig_tree_apply(&memory->io, &root, edits, 400, &root, &err));
	builder = dig_file_builder_new(&memory->io);
	for (unsigned i = 0; i < 3000; i++) {
		rig_fill(&rng, id.bytes, DIG_HASH_SIZE);
		OK(dig_file_builder_add(builder, 1 + below(524288), &id, &err));
	}
	OK(dig_file_builder_finish(builder, &entry, &err));
	dig_file_builder_free(builder);
	free(names);
	free(edits);
}

static void
test_nodes(void **state)
{
	struct memory memory;
	struct dig_error err;
	struct dig_oid id;

	(void)state;
	memory_init(&memory);
	make_nodes(&memory);
	for (unsigned i = 0; i < rounds(20000); i++) {
		const struct memory_node *node;
		enum dig_status st;
		uint8_t *data;
		size_t len;

		do
			node = memory.slots[below(memory.cap)];
		while (node == NULL);
		data = mutate(node->data, node->len, 100, &len);
		/* Also as what it is not. */
		if ((node->kind == DIG_KIND_TREE) == (i % 16 != 0))
			st = dig_tree_node_id(data, len, &id, &err);
		else
			st = dig_content_node_id(data, len, &id, &err);
		assert_true(st == DIG_OK || st == DIG_ECORRUPT);
		/* Other bytes, another id; but the level of a content node
		 * follows from its place, and its reader looks there. */
		if (st == DIG_OK && i % 16 != 0 && len == node->len &&
		    node->kind == DIG_KIND_CONTENT && node->data[0] > 0)
			data[0] = node->data[0];
		if (st == DIG_OK && i % 16 != 0 &&
		    (len != node->len || memcmp(data, node->data, len) != 0))
			assert_false(dig_oid_eq(&id, &node->id));
		free(data);
	}
	memory_clear(&memory);
}

/* ---- Records ---------------------------------------------------------- */

static void
test_record_headers(void **state)
{
	struct dig_buf seed = DIG_BUF_INIT;
	struct dig_buf again = DIG_BUF_INIT;
	static const uint8_t payload[600];
	struct dig_error err;

	(void)state;
	for (unsigned i = 0; i < rounds(60000); i++) {
		struct dig_record rec;
		uint8_t *data;
		size_t len;

		memset(&rec, 0, sizeof(rec));
		rec.kind = (enum dig_kind)(1 + i % 8);
		rec.codec = rec.kind > DIG_KIND_STATE
				? DIG_CODEC_RAW
				: (enum dig_codec)(i / 8 % 3);
		rec.raw_len = rec.stored_len = 1 + below(sizeof(payload));
		rec.chain = 1 + i % 200;
		rec.base_distance = i % 5 ? 1 + below(100000) : 0;
		rec.base_slot = i % 3;
		dig_buf_reset(&seed);
		dig_record_encode(&rec, payload, &seed);
		data = mutate(seed.data, seed.len, 8, &len);
		if (dig_record_decode(data, len, &rec, &err) == DIG_OK) {
			assert_true(rec.header_len <= len);
			assert_true(rec.kind == DIG_KIND_RUN ||
				    rec.stored_len <= 2 * DIG_OBJECT_MAX);
			/* The header has one form. */
			if (rec.stored_len <= sizeof(payload) &&
			    dig_record_intact(&rec, data, payload)) {
				dig_buf_reset(&again);
				dig_record_encode(&rec, payload, &again);
				assert_int_equal(again.len, rec.header_len);
				assert_memory_equal(
				    again.data, data, again.len);
			}
		}
		free(data);
	}
	dig_buf_clear(&seed);
	dig_buf_clear(&again);
}

static void
test_frames(void **state)
{
	struct dig_codec_ctx *ctx = dig_codec_new(1, true);
	struct dig_buf frame = DIG_BUF_INIT;
	struct dig_error err;
	uint8_t raw[6000];
	uint8_t base[6000];
	uint8_t out[6000];
	enum dig_codec codec;

	(void)state;
	rig_text(&rng, base, sizeof(base));
	for (unsigned i = 0; i < rounds(20000); i++) {
		size_t len;
		uint8_t *data;

		if (i % 500 == 0) {
			memcpy(raw, base, sizeof(raw));
			rig_text(&rng, raw + below(5000), 900);
			OK(dig_codec_encode(ctx, raw, sizeof(raw),
			    i % 1000 ? base : NULL, sizeof(base), &frame,
			    &codec, &err));
			assert_true(codec != DIG_CODEC_RAW);
		}
		data = mutate(frame.data, frame.len, 12, &len);
		dig_ignore(dig_codec_decode(ctx,
		    i % 16 ? codec : (enum dig_codec)(below(4)), data, len,
		    base, 1 + below(sizeof(base)), out,
		    i % 4 ? sizeof(raw) : 1 + below(sizeof(out)), &err));
		free(data);
	}
	dig_buf_clear(&frame);
	dig_codec_free(ctx);
}

static void
test_solid_directories(void **state)
{
	struct dig_solid_item *items;
	struct dig_buf seed = DIG_BUF_INIT;
	struct dig_error err;
	struct dig_oid id;
	uint64_t total = 0;

	(void)state;
	dig_buf_put_varint(&seed, 20);
	for (unsigned i = 0; i < 20; i++) {
		rig_fill(&rng, id.bytes, sizeof(id.bytes));
		dig_solid_encode_item(&seed, DIG_KIND_CHUNK, &id, 100 + i);
		total += 100 + i;
	}
	for (unsigned i = 0; i < rounds(40000); i++) {
		uint64_t sum = 0;
		size_t frame_at;
		size_t count;
		size_t len;
		uint8_t *data = mutate(seed.data, seed.len, 4, &len);

		if (dig_solid_decode(data, len, total, &items, &count,
			&frame_at, &err) == DIG_OK) {
			assert_true(frame_at <= len);
			for (size_t j = 0; j < count; j++) {
				assert_int_equal(items[j].offset, sum);
				sum += items[j].raw_len;
			}
			assert_int_equal(sum, total);
			free(items);
		}
		free(data);
	}
	dig_buf_clear(&seed);
}

static int
scratch_file(const char *name, const void *data, size_t len)
{
	int fd = dig_open_at(
	    AT_FDCWD, name, DIG_OPEN_WRITE | DIG_OPEN_CREATE | DIG_OPEN_TRUNC);

	assert_true(fd >= 0);
	assert_int_equal(dig_pwrite_full(fd, data, len, 0), 0);
	return fd;
}

static void
test_runs(void **state)
{
	struct dig_run_entry entries[200];
	struct dig_run_entry hits[4];
	struct dig_buf payload = DIG_BUF_INIT;
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_record rec;
	struct dig_error err;
	size_t found;
	char name[] = "/tmp/dighostile.XXXXXX";
	int fd = mkstemp(name);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	memset(entries, 0, sizeof(entries));
	for (unsigned i = 0; i < 200; i++) {
		rig_fill(&rng, entries[i].id.bytes, DIG_HASH_SIZE);
		entries[i].kind = 1;
		entries[i].offset = 64 + i;
	}
	dig_run_encode(entries, 200, 0, false, &payload);
	for (unsigned i = 0; i < rounds(4000); i++) {
		struct dig_run run;
		size_t len;
		uint8_t *data = mutate(payload.data, payload.len, 25, &len);

		memset(&rec, 0, sizeof(rec));
		rec.kind = DIG_KIND_RUN;
		rec.raw_len = rec.stored_len = len;
		dig_buf_reset(&bytes);
		dig_buf_put(&bytes, payload.data, DIG_PACK_HEADER);
		dig_record_encode(&rec, data, &bytes);
		dig_buf_put(&bytes, data, len);
		fd = scratch_file(name, bytes.data, bytes.len);
		if (dig_run_open(fd, DIG_PACK_HEADER, bytes.len, &run, &err) ==
		    DIG_OK) {
			for (unsigned j = 0; j < 20; j++)
				dig_ignore(dig_run_find(&run, DIG_KIND_CHUNK,
				    &entries[below(200)].id, hits, 4, &found,
				    &err));
			dig_run_clear(&run);
		}
		dig_close(fd);
		free(data);
	}
	unlink(name);
	dig_buf_clear(&payload);
	dig_buf_clear(&bytes);
}

/* ---- The journal ------------------------------------------------------ */

static void
make_journal_seeds(struct dig_buf *diff, struct dig_buf *full)
{
	struct dig_journal_base base;
	struct dig_op_stats stats = { 1, 2, 3 };
	struct dig_journal_cost cost = { { { 5 } }, { 4, 5, 6 } };
	struct dig_state from;
	struct dig_state to;
	struct dig_oid id;

	memset(&base, 0, sizeof(base));
	base.seq = 7;
	dig_state_init(&from);
	from.head_ref = dig_strdup("refs/heads/main");
	memset(id.bytes, 9, sizeof(id.bytes));
	dig_state_set_ref(&from, "refs/heads/main", &id);
	dig_state_set_ref(&from, "refs/heads/old", &id);
	dig_state_copy(&from, &to);
	memset(id.bytes, 8, sizeof(id.bytes));
	dig_state_set_ref(&to, "refs/heads/main", &id);
	dig_state_set_ref(&to, "refs/heads/old", NULL);
	dig_state_set_pack(
	    &to, &(struct dig_pack_state){ 1, 0, 5000, 64, { 20, 2 }, 4000 });
	dig_state_set_pack(&to,
	    &(struct dig_pack_state){ 2, DIG_PACK_BULK, 8192, 0, { 0, 0 }, 0 });
	to.staged_root = id;
	to.op_state = id;
	free(to.head_ref);
	to.head_ref = NULL;
	to.head_id = id;
	dig_journal_record_diff(&base, &from, &to, "commit: x", &stats, diff);
	dig_journal_record_full(&base,
	    &(struct dig_journal_full){ &to, id.bytes, 1, "gc", &cost, 1 },
	    full);
	dig_state_clear(&from);
	dig_state_clear(&to);
}

static void
test_journal_records(void **state)
{
	struct dig_buf seeds[2] = { DIG_BUF_INIT, DIG_BUF_INIT };
	size_t accepted = 0;

	(void)state;
	make_journal_seeds(&seeds[0], &seeds[1]);
	for (unsigned i = 0; i < rounds(60000); i++) {
		struct dig_journal_record rec;
		struct dig_state now;
		size_t len;
		uint8_t *data =
		    mutate(seeds[i % 2].data, seeds[i % 2].len - 8, 80, &len);

		/* The checksum made good. */
		data = realloc(data, len + 8);
		assert_non_null(data);
		if (len >= 8 && below(4) > 0)
			dig_set_be32(data + 4, (uint32_t)(len - 73));
		dig_set_be64(data + len, dig_hash64(data, len));
		if (dig_journal_record_decode(data, len + 8, 1 << 20, &rec)) {
			dig_state_init(&now);
			dig_journal_apply(&rec, &now);
			dig_state_clear(&now);
			dig_journal_record_clear(&rec);
			accepted++;
		}
		free(data);
	}
	assert_true(accepted > 0);
	dig_buf_clear(&seeds[0]);
	dig_buf_clear(&seeds[1]);
}

/* ---- A whole store ---------------------------------------------------- */

static void
put_things(struct rig *rig, bool bulk)
{
	struct dig_writer *writer;
	uint8_t *data = malloc(200000);
	struct dig_oid last;
	struct dig_error err;

	rig_begin(rig, 0);
	writer = dig_writer_new(rig->store);
	for (unsigned i = 0; i < 40; i++) {
		rig_text(&rng, data, 500 + i);
		last = rig_put(writer, data, 500 + i, NULL, false);
	}
	rig_text(&rng, data, 90000);
	last = rig_put(writer, data, 90000, NULL, false);
	if (bulk) {
		rig_fill(&rng, data, 200000);
		rig_put(writer, data, 200000, NULL, true);
	}
	OK(dig_writer_flush(writer, &err));
	rig_commit(rig);
	for (unsigned i = 0; i < 20; i++) {
		rig_text(&rng, data + 1000 * i, 50);
		last = rig_put(writer, data, 90000, &last, false);
		OK(dig_writer_flush(writer, &err));
		rig_commit(rig);
	}
	dig_writer_free(writer);
	dig_store_end(rig->store);
	free(data);
}

struct seen {
	struct dig_store *store;
	struct dig_oid good[200];
	size_t ngood;
	size_t nflaws;
};

static void
note(void *arg, const struct dig_checked *checked)
{
	struct seen *seen = arg;

	if (checked->flaw != NULL)
		seen->nflaws++;
	else if (checked->kind == DIG_KIND_CHUNK && seen->ngood < 200)
		seen->good[seen->ngood++] = checked->id;
}

/* Open, check, and read what the check calls good: it must be good. */
static size_t
look_at(int dirfd)
{
	struct dig_check_options options = { .decode = true, .checked = note };
	struct dig_check_totals totals;
	struct dig_reader *reader;
	struct dig_buf out = DIG_BUF_INIT;
	struct seen seen;
	struct dig_error err;
	struct dig_oid now;

	memset(&seen, 0, sizeof(seen));
	options.arg = &seen;
	if (dig_store_open(dirfd, NULL, &seen.store, &err) != DIG_OK)
		return 0;
	if (dig_store_check(seen.store, &options, &totals, &err) == DIG_OK) {
		reader = dig_reader_new(seen.store);
		for (size_t i = 0; i < seen.ngood; i++)
			if (dig_reader_get(reader, DIG_KIND_CHUNK,
				&seen.good[i], &out, &err) == DIG_OK) {
				dig_sha256(out.data, out.len, now.bytes);
				assert_true(dig_oid_eq(&now, &seen.good[i]));
			}
		dig_reader_free(reader);
	}
	dig_store_close(seen.store);
	dig_buf_clear(&out);
	return seen.nflaws;
}

static void
read_all(int dirfd, const char *name, struct dig_buf *out)
{
	struct dig_error err;

	OK(dig_read_file(dirfd, name, SIZE_MAX / 2, out, DIG_EIO, &err));
}

static void
write_all(int dirfd, const char *name, const void *data, size_t len)
{
	int fd = dig_open_at(dirfd, name, DIG_OPEN_WRITE | DIG_OPEN_TRUNC);

	assert_true(fd >= 0);
	assert_int_equal(dig_pwrite_full(fd, data, len, 0), 0);
	dig_close(fd);
}

static void
test_stores(void **state)
{
	static const char *const names[] = { "packs/000001.pack",
		"packs/000002.pack", "journal" };
	struct dig_buf seeds[3] = { DIG_BUF_INIT, DIG_BUF_INIT, DIG_BUF_INIT };
	struct rig rig;
	size_t flaws = 0;

	(void)state;
	rig_init(&rig, "/tmp");
	put_things(&rig, true);
	assert_int_equal(look_at(rig.fd), 0);
	for (size_t i = 0; i < 3; i++)
		read_all(rig.fd, names[i], &seeds[i]);
	for (unsigned i = 0; i < rounds(150); i++) {
		const struct dig_buf *seed = &seeds[i % 3];
		size_t len;
		uint8_t *data = mutate(seed->data, seed->len, 2000, &len);

		write_all(rig.fd, names[i % 3], data, len);
		flaws += look_at(rig.fd);
		write_all(rig.fd, names[i % 3], seed->data, seed->len);
		free(data);
	}
	assert_true(flaws > 0);
	assert_int_equal(look_at(rig.fd), 0);
	for (size_t i = 0; i < 3; i++)
		dig_buf_clear(&seeds[i]);
	rig_clear(&rig);
}

/* Records with good checksums and bad contents: a chain into itself, a base
 * that is not there, one of another kind, lengths that lie. */
static void
test_forged_records(void **state)
{
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_buf pack = DIG_BUF_INIT;
	struct rig rig;

	(void)state;
	rig_init(&rig, "/tmp");
	put_things(&rig, false);
	read_all(rig.fd, "packs/000001.pack", &pack);
	for (unsigned i = 0; i < rounds(150); i++) {
		struct dig_error err;
		size_t at = DIG_PACK_HEADER;

		dig_buf_reset(&bytes);
		dig_buf_put(&bytes, pack.data, DIG_PACK_HEADER);
		while (at < pack.len) {
			const uint8_t *payload;
			struct dig_record rec;

			if (dig_record_decode(pack.data + at, pack.len - at,
				&rec, &err) != DIG_OK)
				break;
			payload = pack.data + at + rec.header_len;
			at += rec.header_len + rec.stored_len;
			if (below(12) == 0 && rec.codec == DIG_CODEC_DELTA) {
				rec.base_distance =
				    below(3) ? below(2 * bytes.len) : 0;
				rec.base_slot = (uint32_t)below(50);
				rec.chain = 1 + (uint32_t)below(4094);
				rec.base_id = rec.id;
			}
			if (below(12) == 0)
				rec.raw_len = 1 + below(2 * rec.raw_len);
			if (rec.codec == DIG_CODEC_RAW &&
			    rec.kind != DIG_KIND_SOLID)
				rec.raw_len = rec.stored_len;
			if (below(20) == 0)
				rec.kind = (enum dig_kind)(1 + below(6));
			dig_record_encode(&rec, payload, &bytes);
			dig_buf_put(&bytes, payload, (size_t)rec.stored_len);
		}
		bytes.len = bytes.len < pack.len ? bytes.len : pack.len;
		while (bytes.len < pack.len)
			dig_buf_putc(&bytes, 0);
		write_all(rig.fd, "packs/000001.pack", bytes.data, bytes.len);
		look_at(rig.fd);
	}
	dig_buf_clear(&bytes);
	dig_buf_clear(&pack);
	rig_clear(&rig);
}

/* ---- Settings and the index ------------------------------------------- */

static void
test_settings(void **state)
{
	static const char seed[] =
	    "[core]\n\tstoreId = abcdef\n\tbusyTimeout = 5k ; words\n"
	    "[user]\n\tname = \"A \\\"b\\\" \\t\\\\ U\"\n\temail = a\\\n@x\n"
	    "[branch \"a \\\" b\"]\n\tremote\n# end\n";
	struct dig_buf out = DIG_BUF_INIT;
	struct dig_error err;

	(void)state;
	for (unsigned i = 0; i < rounds(20000); i++) {
		struct dig_config *cfg = dig_config_new();
		size_t len;
		uint8_t *data = mutate(seed, sizeof(seed) - 1, 200, &len);

		if (dig_config_load_bytes(
			cfg, DIG_CONFIG_REPO, "x", data, len, &err) == DIG_OK &&
		    dig_config_edit(DIG_CONFIG_REPO, data, len,
			"core.busyTimeout", "7", &out, &err) == DIG_OK)
			OK(dig_config_load_bytes(cfg, DIG_CONFIG_REPO, "y",
			    out.data, out.len, &err));
		dig_config_free(cfg);
		free(data);
	}
	dig_buf_clear(&out);
}

/* Opening never crashes, and what was committed is there afterwards: the
 * index is made anew. */
static void
test_index(void **state)
{
	struct dig_index_options options;
	struct dig_buf seed = DIG_BUF_INIT;
	struct dig_index *index;
	struct dig_error err;
	struct rig rig;

	(void)state;
	rig_init(&rig, "/tmp");
	put_things(&rig, false);
	memset(&options, 0, sizeof(options));
	options.dir = rig.path;
	options.dirfd = rig.fd;
	options.write.level = 1;
	OK(dig_index_open(&options, &index, &err));
	assert_non_null(dig_index_db(index));
	dig_index_close(index);
	read_all(rig.fd, DIG_DB_FILE, &seed);
	for (unsigned i = 0; i < rounds(60); i++) {
		enum dig_status st;
		size_t len;
		uint8_t *data = mutate(seed.data, seed.len, 400, &len);

		write_all(rig.fd, DIG_DB_FILE, data, len);
		st = dig_index_open(&options, &index, &err);
		if (st == DIG_OK) {
			if (dig_index_db(index) != NULL)
				dig_ignore(
				    dig_db_check(dig_index_db(index), &err));
			dig_index_close(index);
		} else {
			/* A newer version is refused by name. */
			assert_int_equal(st, DIG_EINVALID);
		}
		dig_unlink_at(rig.fd, DIG_DB_FILE);
		dig_unlink_at(rig.fd, DIG_DB_JOURNAL);
		assert_int_equal(dig_close(dig_open_at(rig.fd, DIG_DB_FILE,
				     DIG_OPEN_WRITE | DIG_OPEN_CREATE)),
		    0);
		free(data);
	}
	dig_buf_clear(&seed);
	rig_clear(&rig);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commits_and_tags),
		cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_record_headers),
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_solid_directories),
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_journal_records),
		cmocka_unit_test(test_stores),
		cmocka_unit_test(test_forged_records),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_index),
	};

	if (getenv("SEED") != NULL)
		rng = strtoull(getenv("SEED"), NULL, 0) | 1;
	print_message("seed 0x%llx\n", (unsigned long long)rng);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
