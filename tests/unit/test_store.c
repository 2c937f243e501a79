/* SPDX-License-Identifier: MIT
 *
 * The store as its users drive it: transactions, reopening, sealing, solids,
 * delta chains, many writers, what is left after an abort, damage.
 */
#include "objects/oidmap.h"
#include "objects/repair.h"
#include "tests/unit/store_rig.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#define SEED 0x5eed0007u

/* Objects that can be made again from their number. */
static size_t
make(uint64_t number, size_t min, size_t span, uint8_t *out)
{
	uint64_t rng = SEED ^ (number * 0x9e3779b97f4a7c15u + 1);
	size_t len = min + (size_t)(rig_random(&rng) % span);

	if (number % 3 == 0)
		rig_fill(&rng, out, len);
	else
		rig_text(&rng, out, len);
	return len;
}

static void
expect_all(struct rig *rig, uint64_t n, size_t min, size_t span)
{
	struct dig_reader *reader = dig_reader_new(rig->store);
	uint8_t *data = malloc(min + span);

	for (uint64_t i = 0; i < n; i++) {
		size_t len = make(i, min, span, data);
		struct dig_oid id;

		dig_sha256(data, len, id.bytes);
		rig_expect(reader, &id, data, len);
	}
	free(data);
	dig_reader_free(reader);
}

static void
put_range(struct rig *rig, uint64_t from, uint64_t to, size_t min, size_t span,
    bool bulk)
{
	struct dig_writer *writer = dig_writer_new(rig->store);
	uint8_t *data = malloc(min + span);
	struct dig_error err;

	for (uint64_t i = from; i < to; i++) {
		size_t len = make(i, min, span, data);

		rig_put(writer, data, len, NULL, bulk);
	}
	OK(dig_writer_flush(writer, &err));
	free(data);
	dig_writer_free(writer);
}

static size_t
count_files(struct rig *rig)
{
	char path[128];
	struct dirent *entry;
	size_t n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/packs", rig->path);
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL)
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

/* ---- Putting and getting ---------------------------------------------- */

static void
test_round_trip(void **state)
{
	struct rig rig;

	(void)state;
	print_message("seed 0x%x\n", SEED);
	rig_init(&rig, "/tmp");
	/* A second transaction of one process appends to what the first left,
	 * and the index it writes covers both. */
	for (uint64_t i = 0; i < 12; i++) {
		rig_begin(&rig, 0);
		put_range(&rig, i * 800, (i + 1) * 800, 16, 3000, false);
		assert_int_equal(rig_commit(&rig), 800);
		dig_store_end(rig.store);
		if (i == 3)
			rig_reopen(&rig, false);
	}
	expect_all(&rig, 9600, 16, 3000);
	rig_reopen(&rig, true);
	expect_all(&rig, 9600, 16, 3000);
	rig_reopen(&rig, false);
	expect_all(&rig, 9600, 16, 3000);
	/* All of it again is nothing new. */
	rig_begin(&rig, 0);
	put_range(&rig, 0, 9600, 16, 3000, false);
	assert_int_equal(rig_commit(&rig), 0);
	dig_store_end(rig.store);
	assert_int_equal(count_files(&rig), 1);
	rig_clear(&rig);
}

/* Batches of one transaction: what was committed before stays readable. */
static void
test_batches(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig, "/tmp");
	rig_begin(&rig, 0);
	for (uint64_t i = 0; i < 30; i++) {
		put_range(&rig, i * 300, (i + 1) * 300, 1, 400, false);
		rig_commit(&rig);
		if (i % 10 == 0)
			expect_all(&rig, (i + 1) * 300, 1, 400);
	}
	dig_store_end(rig.store);
	expect_all(&rig, 9000, 1, 400);
	rig_reopen(&rig, false);
	expect_all(&rig, 9000, 1, 400);
	rig_clear(&rig);
}

static void
test_sealing(void **state)
{
	static const bool kinds[] = { false, true };

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		struct rig rig;
		size_t sealed = 0;

		rig_init(&rig, "/tmp");
		for (uint64_t round = 0; round < 3; round++) {
			rig_begin(&rig, (uint64_t)1 << 20);
			for (uint64_t i = round * 3; i < round * 3 + 3; i++) {
				put_range(&rig, i * 100, (i + 1) * 100, 2000,
				    20000, kinds[k]);
				rig_commit(&rig);
			}
			dig_store_end(rig.store);
			rig_reopen(&rig, round == 1);
		}
		expect_all(&rig, 900, 2000, 20000);
		for (size_t i = 0; i < dig_store_state(rig.store)->npacks;
		     i++) {
			const struct dig_pack_state *pack =
			    &dig_store_state(rig.store)->packs[i];

			sealed += (pack->flags & DIG_PACK_SEALED) != 0;
			assert_int_equal(
			    (pack->flags & DIG_PACK_BULK) != 0, kinds[k]);
			if (kinds[k])
				assert_int_equal(pack->length % 4096, 0);
		}
		assert_in_range(sealed, 3, 12);
		assert_int_equal(
		    count_files(&rig), dig_store_state(rig.store)->npacks);
		rig_clear(&rig);
	}
}

struct rows {
	size_t n;
	uint64_t raw;
	struct dig_store *store;
};

static enum dig_status
count_row(void *arg, const struct dig_object_row *row, struct dig_error *err)
{
	struct rows *rows = arg;
	bool there;

	rows->n++;
	rows->raw += row->raw_bytes;
	assert_in_range(row->stored_bytes, 1, (size_t)9 << 20);
	if (dig_store_has(rows->store, row->kind, &row->id, &there, err) !=
	    DIG_OK)
		return err->status;
	assert_true(there);
	return DIG_OK;
}

/* A scan of the packs gives every object once, sealed or not, bulk or not. */
static void
test_rows(void **state)
{
	struct rows rows = { 0 };
	struct dig_error err;
	struct rig rig;

	(void)state;
	rig_init(&rig, "/tmp");
	rig_begin(&rig, (uint64_t)1 << 20);
	put_range(&rig, 0, 500, 1000, 20000, true);
	put_range(&rig, 500, 1500, 1000, 20000, false);
	assert_int_equal(rig_commit(&rig), 1500);
	put_range(&rig, 1500, 1700, 1000, 20000, true);
	assert_int_equal(rig_commit(&rig), 200);
	dig_store_end(rig.store);
	rows.store = rig.store;
	for (size_t i = 0; i < dig_store_state(rig.store)->npacks; i++)
		OK(dig_store_each_row(rig.store,
		    dig_store_state(rig.store)->packs[i].number, 0, 0, true,
		    count_row, &rows, &err));
	assert_int_equal(rows.n, 1700);
	rig_clear(&rig);
}

static void
test_range(void **state)
{
	struct dig_oid low, high, out[64], id;
	uint8_t data[8];
	struct dig_error err;
	struct rig rig;
	size_t found;

	(void)state;
	rig_init(&rig, "/tmp");
	rig_begin(&rig, 0);
	put_range(&rig, 0, 6000, 8, 1, false);
	rig_commit(&rig);
	put_range(&rig, 6000, 7000, 8, 1, false);
	rig_commit(&rig);
	dig_store_end(rig.store);
	for (int pass = 0; pass < 2; pass++) {
		for (uint64_t i = 0; i < 7000; i += 97) {
			char hex[DIG_OID_HEX + 1];

			make(i, 8, 1, data);
			dig_sha256(data, 8, id.bytes);
			dig_oid_hex(&id, hex);
			assert_true(dig_oid_prefix(hex, 12, &low, &high));
			OK(dig_store_range(rig.store, DIG_KIND_CHUNK, &low,
			    &high, out, 64, &found, &err));
			assert_int_equal(found, 1);
			assert_true(dig_oid_eq(&out[0], &id));
			OK(dig_store_range(rig.store, DIG_KIND_TREE, &low,
			    &high, out, 64, &found, &err));
			assert_int_equal(found, 0);
		}
		assert_true(dig_oid_prefix("f", 1, &low, &high));
		OK(dig_store_range(rig.store, DIG_KIND_CHUNK, &low, &high, out,
		    64, &found, &err));
		assert_int_equal(found, 64);
		rig_reopen(&rig, false);
	}
	rig_clear(&rig);
}

/* ---- Deltas ----------------------------------------------------------- */

enum { NVERSIONS = 300, VERSION = 20000 };

static void
edit(uint64_t *rng, uint8_t *data)
{
	for (int i = 0; i < 3; i++)
		rig_text(rng, data + rig_random(rng) % (VERSION - 40), 30);
}

/* Each version is a delta of the one before, committed one by one. */
static void
chain(const char *below, bool bulk, uint64_t seal_bytes, bool by_batch)
{
	static struct dig_oid ids[NVERSIONS];
	uint8_t *data = malloc(VERSION);
	uint64_t rng = SEED;
	uint64_t worst = 0;
	struct dig_reader *reader;
	struct dig_writer *writer;
	struct dig_error err;
	struct rig rig;

	rig_init(&rig, below);
	rig_text(&rng, data, VERSION);
	rig_begin(&rig, seal_bytes);
	writer = dig_writer_new(rig.store);
	for (int i = 0; i < NVERSIONS; i++) {
		ids[i] = rig_put(
		    writer, data, VERSION, i ? &ids[i - 1] : NULL, bulk);
		edit(&rng, data);
		OK(dig_writer_flush(writer, &err));
		rig_commit(&rig);
		if (by_batch)
			continue;
		dig_writer_free(writer);
		dig_store_end(rig.store);
		rig_begin(&rig, seal_bytes);
		writer = dig_writer_new(rig.store);
	}
	dig_writer_free(writer);
	dig_store_end(rig.store);
	rig_reopen(&rig, false);
	rng = SEED;
	rig_text(&rng, data, VERSION);
	for (int i = 0; i < NVERSIONS; i++) {
		reader = dig_reader_new(rig.store);
		rig_expect(reader, &ids[i], data, VERSION);
		edit(&rng, data);
		if (dig_reader_frames(reader) > worst)
			worst = dig_reader_frames(reader);
		dig_reader_free(reader);
	}
	assert_in_range(worst, 16, 46);
	free(data);
	rig_clear(&rig);
}

static uint64_t
bytes_of_packs(struct rig *rig)
{
	const struct dig_state *state = dig_store_state(rig->store);
	uint64_t sum = 0;

	for (size_t i = 0; i < state->npacks; i++)
		sum += state->packs[i].length;
	return sum;
}

static void
test_chains(void **state)
{
	(void)state;
	chain("/tmp", false, 0, true);
	chain("/tmp", false, 0, false);
	chain("/tmp", true, 0, true);
	/* Packs of a few versions each: bases are named by id. */
	chain("/tmp", false, 8000, true);
	chain("/tmp", true, 16384, false);
}

/* A base in a bulk pack serves a normal one; the other way round it does not,
 * and the object is stored all the same. */
static void
test_base_elsewhere(void **state)
{
	uint8_t *data = malloc(VERSION);
	uint64_t rng = SEED;
	struct dig_oid first, second, third;
	struct dig_writer *writer;
	struct dig_reader *reader;
	struct dig_buf out = DIG_BUF_INIT;
	struct dig_error err;
	struct rig rig;
	uint64_t before;

	(void)state;
	rig_init(&rig, "/tmp");
	rig_begin(&rig, 0);
	writer = dig_writer_new(rig.store);
	rig_fill(&rng, data, VERSION);
	first = rig_put(writer, data, VERSION, NULL, true);
	rig_commit(&rig);
	before = bytes_of_packs(&rig);
	data[77] ^= 1;
	second = rig_put(writer, data, VERSION, &first, false);
	rig_commit(&rig);
	assert_in_range(bytes_of_packs(&rig) - before, 1, 1000);
	data[78] ^= 1;
	before = bytes_of_packs(&rig);
	third = rig_put(writer, data, VERSION, &second, true);
	rig_commit(&rig);
	assert_in_range(bytes_of_packs(&rig) - before, VERSION, 3 * VERSION);
	dig_writer_free(writer);
	dig_store_end(rig.store);
	rig_reopen(&rig, true);
	reader = dig_reader_new(rig.store);
	rig_expect(reader, &third, data, VERSION);
	data[78] ^= 1;
	rig_expect(reader, &second, data, VERSION);
	data[77] ^= 1;
	rig_expect(reader, &first, data, VERSION);
	data[0] ^= 1;
	dig_sha256(data, VERSION, first.bytes);
	assert_int_equal(
	    dig_reader_get(reader, DIG_KIND_CHUNK, &first, &out, &err),
	    DIG_ENOTFOUND);
	assert_int_equal(
	    dig_reader_get(reader, DIG_KIND_COMMIT, &third, &out, &err),
	    DIG_ENOTFOUND);
	dig_reader_free(reader);
	dig_buf_clear(&out);
	free(data);
	rig_clear(&rig);
}

/* A version whose base shares a frame with others. */
static void
test_base_in_solid(void **state)
{
	uint8_t data[5000];
	uint64_t rng = SEED;
	struct dig_oid ids[40], next;
	struct dig_writer *writer;
	struct dig_reader *reader;
	struct dig_error err;
	struct rig rig;

	(void)state;
	for (int sealing = 0; sealing < 2; sealing++) {
		rig_init(&rig, "/tmp");
		rig_begin(&rig, sealing ? 100 : 0);
		writer = dig_writer_new(rig.store);
		for (int i = 0; i < 40; i++) {
			rig_fill(&rng, data, sizeof(data));
			ids[i] =
			    rig_put(writer, data, sizeof(data), NULL, false);
		}
		OK(dig_writer_flush(writer, &err));
		rig_commit(&rig);
		data[9] ^= 1;
		next = rig_put(writer, data, sizeof(data), &ids[39], false);
		OK(dig_writer_flush(writer, &err));
		assert_in_range(
		    dig_store_stats(rig.store).stored_bytes, 1, 500);
		rig_commit(&rig);
		dig_writer_free(writer);
		dig_store_end(rig.store);
		rig_reopen(&rig, false);
		reader = dig_reader_new(rig.store);
		rig_expect(reader, &next, data, sizeof(data));
		dig_reader_free(reader);
		rig_clear(&rig);
	}
}

/* ---- Many writers ----------------------------------------------------- */

struct job {
	struct rig *rig;
	unsigned which;
	bool bulk;
};

static void *
put_overlapping(void *arg)
{
	struct job *job = arg;
	struct dig_writer *writer = dig_writer_new(job->rig->store);
	uint8_t *data = malloc(8001);
	struct dig_error err;

	/* Every writer has 600 objects, half of them also its neighbour's. */
	for (uint64_t i = 0; i < 600; i++) {
		size_t len = make(job->which * 300 + i, 1, 8000, data);

		rig_put(writer, data, len, NULL, job->bulk && i % 2);
	}
	OK(dig_writer_flush(writer, &err));
	free(data);
	dig_writer_free(writer);
	return NULL;
}

static void
writers(const char *below, unsigned n, bool bulk, uint64_t seal_bytes)
{
	pthread_t threads[8];
	struct job jobs[8];
	struct rig rig;

	rig_init(&rig, below);
	rig_begin(&rig, seal_bytes);
	for (unsigned i = 0; i < n; i++) {
		jobs[i] = (struct job){ &rig, i, bulk };
		assert_int_equal(pthread_create(&threads[i], NULL,
				     put_overlapping, &jobs[i]),
		    0);
	}
	for (unsigned i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(rig_commit(&rig), (n + 1) * 300);
	dig_store_end(rig.store);
	expect_all(&rig, (n + 1) * 300, 1, 8000);
	rig_reopen(&rig, true);
	expect_all(&rig, (n + 1) * 300, 1, 8000);
	rig_clear(&rig);
}

static void
test_writers(void **state)
{
	(void)state;
	writers("/tmp", 4, false, 0);
	writers("/tmp", 8, true, (uint64_t)1 << 20);
	writers("/dev/shm", 8, true, (uint64_t)1 << 20);
}

/* ---- What does not end well ------------------------------------------- */

static uint64_t
size_of(struct rig *rig, const char *name)
{
	struct dig_stat sb;

	return dig_stat_at(rig->fd, name, &sb) == 0 ? sb.size_bytes : 0;
}

static void
test_abort(void **state)
{
	struct dig_writer *writer;
	uint8_t data[100];
	struct rig rig;

	(void)state;
	for (int reopened = 0; reopened < 2; reopened++) {
		rig_init(&rig, "/tmp");
		rig_begin(&rig, 0);
		put_range(&rig, 0, 300, 1, 3000, false);
		rig_commit(&rig);
		dig_store_end(rig.store);
		rig_begin(&rig, (uint64_t)1 << 19);
		put_range(&rig, 300, 2000, 1, 3000, false);
		put_range(&rig, 2000, 2100, 1, 3000, true);
		/* One that is announced and still waits for company. */
		writer = dig_writer_new(rig.store);
		make(5000, 100, 1, data);
		rig_put(writer, data, 100, NULL, false);
		dig_writer_free(writer);
		dig_store_end(rig.store);
		assert_true(count_files(&rig) > 2);
		if (reopened)
			rig_reopen(&rig, true);
		rig_begin(&rig, 0);
		assert_int_equal(count_files(&rig), 1);
		assert_int_equal(size_of(&rig, "packs/000001.pack"),
		    dig_store_state(rig.store)->packs[0].length);
		put_range(&rig, 0, 2100, 1, 3000, false);
		put_range(&rig, 5000, 5001, 100, 1, false);
		assert_int_equal(rig_commit(&rig), 1801);
		dig_store_end(rig.store);
		rig_reopen(&rig, false);
		expect_all(&rig, 2100, 1, 3000);
		rig_clear(&rig);
	}
}

/* S5: an object that was announced and not written is not committed. */
static void
test_unflushed(void **state)
{
	const struct dig_object_row *rows;
	struct dig_writer *writer;
	struct dig_state next;
	struct dig_error err;
	struct rig rig;
	size_t nrows;

	(void)state;
	rig_init(&rig, "/tmp");
	rig_begin(&rig, 0);
	writer = dig_writer_new(rig.store);
	rig_put(writer, "abc", 3, NULL, false);
	dig_state_copy(dig_store_state(rig.store), &next);
	assert_int_equal(dig_store_sync(rig.store, &next, &rows, &nrows, &err),
	    DIG_EINVALID);
	OK(dig_writer_flush(writer, &err));
	OK(dig_store_sync(rig.store, &next, &rows, &nrows, &err));
	assert_int_equal(nrows, 1);
	dig_writer_free(writer);
	dig_state_clear(&next);
	dig_store_end(rig.store);
	rig_clear(&rig);
}

static void *
put_until_full(void *arg)
{
	struct job *job = arg;
	struct dig_writer *writer = dig_writer_new(job->rig->store);
	uint8_t *data = malloc(60000);
	uint64_t rng = SEED + job->which;
	enum dig_status st = DIG_OK;
	struct dig_error err;

	for (int i = 0; i < 2000 && st == DIG_OK; i++) {
		struct dig_oid id;

		rig_fill(&rng, data, 60000);
		dig_sha256(data, 60000, id.bytes);
		st = dig_writer_put(writer, DIG_KIND_CHUNK, &id, data, 60000,
		    NULL, job->bulk, &err);
	}
	assert_int_equal(st, DIG_EIO);
	free(data);
	dig_writer_free(writer);
	return NULL;
}

/* Writes that fail: every writer hears of it, nobody waits for ever, nothing
 * can be committed, and the next transaction is as good as new. */
static void
test_failed_writes(void **state)
{
	const struct dig_object_row *rows;
	struct rlimit old, low;
	struct dig_state next;
	pthread_t threads[4];
	struct job jobs[4];
	struct dig_error err;
	size_t nrows;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	for (int bulk = 0; bulk < 2; bulk++) {
		struct rig rig;

		rig_init(&rig, "/tmp");
		rig_begin(&rig, 0);
		low = old;
		low.rlim_cur = 20 << 20;
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
		for (unsigned i = 0; i < 4; i++) {
			jobs[i] = (struct job){ &rig, i, bulk };
			assert_int_equal(pthread_create(&threads[i], NULL,
					     put_until_full, &jobs[i]),
			    0);
		}
		for (unsigned i = 0; i < 4; i++)
			pthread_join(threads[i], NULL);
		dig_state_copy(dig_store_state(rig.store), &next);
		assert_true(dig_store_sync(rig.store, &next, &rows, &nrows,
				&err) != DIG_OK);
		dig_state_clear(&next);
		dig_store_end(rig.store);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
		rig_begin(&rig, 0);
		assert_int_equal(count_files(&rig), 0);
		put_range(&rig, 0, 200, 16, 3000, bulk);
		rig_commit(&rig);
		dig_store_end(rig.store);
		rig_reopen(&rig, false);
		expect_all(&rig, 200, 16, 3000);
		rig_clear(&rig);
	}
}

static void
flip(struct rig *rig, const char *name, uint64_t at, uint8_t mask)
{
	int fd = dig_open_at(rig->fd, name, DIG_OPEN_WRITE);
	uint8_t byte;

	assert_true(fd >= 0);
	assert_int_equal(dig_pread_full(fd, &byte, 1, at), 1);
	byte ^= mask;
	assert_int_equal(dig_pwrite_full(fd, &byte, 1, at), 0);
	dig_close(fd);
}

/*
 * Any byte of a pack spoiled: what is read is right or an error, never wrong
 * and never a crash, and new objects can still be stored.
 */
static void
damage(uint64_t seal_bytes, uint64_t step)
{
	struct dig_buf out = DIG_BUF_INIT;
	uint8_t *data = malloc(2000);
	struct dig_error err;
	struct rig rig;
	size_t lost = 0;
	uint64_t end;

	rig_init(&rig, "/tmp");
	rig_begin(&rig, seal_bytes);
	for (uint64_t i = 0; i < 30; i++) {
		struct dig_writer *writer = dig_writer_new(rig.store);
		size_t len = make(i, 500, 1000, data);
		struct dig_oid id = rig_put(writer, data, len, NULL, i % 2);

		OK(dig_writer_flush(writer, &err));
		rig_commit(&rig);
		data[1] ^= 1;
		rig_put(writer, data, len, &id, i % 2);
		OK(dig_writer_flush(writer, &err));
		rig_commit(&rig);
		dig_writer_free(writer);
	}
	dig_store_end(rig.store);
	end = size_of(&rig, "packs/000001.pack");
	for (uint64_t at = 0; at < end; at += step) {
		struct dig_reader *reader;

		flip(&rig, "packs/000001.pack", at, (uint8_t)(1 + at % 255));
		rig_reopen(&rig, at % 2);
		reader = dig_reader_new(rig.store);
		for (uint64_t i = 0; i < 30; i++) {
			size_t len = make(i, 500, 1000, data);
			enum dig_status st;
			struct dig_oid id;

			dig_sha256(data, len, id.bytes);
			st = dig_reader_get(
			    reader, DIG_KIND_CHUNK, &id, &out, &err);
			if (st == DIG_OK)
				assert_memory_equal(out.data, data, len);
			else
				assert_true(
				    st == DIG_ECORRUPT || st == DIG_ENOTFOUND);
			lost += st != DIG_OK;
		}
		dig_reader_free(reader);
		if (at % 7 == 0) {
			rig_begin(&rig, 0);
			put_range(&rig, 1000 + at, 1001 + at, 10, 10, false);
			rig_commit(&rig);
			dig_store_end(rig.store);
		}
		flip(&rig, "packs/000001.pack", at, (uint8_t)(1 + at % 255));
	}
	assert_true(lost > 0);
	rig_reopen(&rig, false);
	expect_all(&rig, 30, 500, 1000);
	for (uint64_t at = 0; at < end; at += step * 7)
		if (at % 7 == 0) {
			struct dig_reader *reader = dig_reader_new(rig.store);
			size_t len = make(1000 + at, 10, 10, data);
			struct dig_oid id;

			dig_sha256(data, len, id.bytes);
			rig_expect(reader, &id, data, len);
			dig_reader_free(reader);
		}
	dig_buf_clear(&out);
	free(data);
	rig_clear(&rig);
}

static void
test_damage(void **state)
{
	(void)state;
	damage(0, 41);
	damage(12000, 41);
}

/* Cut at every length: the objects before the cut are there. */
/*
 * A trailer that is too large to be verified when it is opened: a filter that
 * lost its bits, or entries out of order, hide nothing for good.
 */
static void
test_large_trailer(void **state)
{
	const uint64_t count = 66000;
	const size_t filter = (size_t)(count * 10 / 8);
	uint8_t *was = malloc(filter);
	uint8_t *bad = malloc(filter);
	struct dig_stat sb;
	struct rig rig;
	char path[128];
	int fd;

	(void)state;
	rig_init(&rig, "/tmp");
	rig_begin(&rig, 0);
	put_range(&rig, 0, count, 16, 17, false);
	rig_commit(&rig);
	/* So many are not kept in memory; they are known all the same. */
	put_range(&rig, 0, count + 1, 16, 17, false);
	assert_int_equal(rig_commit(&rig), 1);
	dig_store_end(rig.store);
	rig_begin(&rig, 1); /* what comes finds the pack full, and seals it */
	put_range(&rig, count + 1, count + 2, 16, 17, false);
	rig_commit(&rig);
	dig_store_end(rig.store);
	snprintf(path, sizeof(path), "%s/packs/000001.pack", rig.path);
	fd = dig_open_at(-100 /* AT_FDCWD */, path, DIG_OPEN_WRITE);
	assert_true(fd >= 0);
	assert_int_equal(dig_stat_fd(fd, &sb), 0);
	/* Behind the filter, which ends the trailer, stands the seal. */
	for (int i = 0; i < 2; i++) {
		uint64_t at = sb.size_bytes - 16 - filter * (i == 0 ? 1 : 3);

		memset(bad, i == 0 ? 0 : 0xff, filter);
		assert_int_equal(dig_pread_full(fd, was, filter, at), filter);
		assert_int_equal(dig_pwrite_full(fd, bad, filter, at), 0);
		rig_reopen(&rig, false);
		expect_all(&rig, count + 2, 16, 17);
		assert_int_equal(dig_pwrite_full(fd, was, filter, at), 0);
	}
	dig_close(fd);
	free(was);
	free(bad);
	rig_clear(&rig);
}

/* Ids that someone chose, all alike where a table may look, cost no more. */
static void
test_chosen_ids(void **state)
{
	const struct dig_location at = { 1, 64, 0 };
	int64_t start = dig_now_ns();
	struct dig_oidmap_entry entry;
	struct dig_oidmap map;
	struct dig_oid id;

	(void)state;
	dig_oidmap_init(&map);
	memset(&id, 0x5a, sizeof(id));
	for (uint64_t i = 0; i < 100000; i++) {
		dig_set_be64(id.bytes + 16, i);
		dig_oidmap_place(&map, DIG_KIND_CHUNK, &id, &at, NULL, 0);
	}
	assert_int_equal(dig_oidmap_len(&map), 100000);
	assert_true(dig_oidmap_find(&map, DIG_KIND_CHUNK, &id, &entry));
	dig_oidmap_clear(&map);
	assert_true(dig_now_ns() - start < 5000000000);
}

static void
test_truncated(void **state)
{
	struct dig_buf out = DIG_BUF_INIT;
	struct dig_buf whole = DIG_BUF_INIT;
	uint8_t data[400];
	struct dig_error err;
	struct rig rig;

	(void)state;
	rig_init(&rig, "/tmp");
	rig_begin(&rig, 4000);
	put_range(&rig, 0, 30, 100, 300, false);
	rig_commit(&rig);
	put_range(&rig, 30, 50, 100, 300, false);
	rig_commit(&rig);
	dig_store_end(rig.store);
	OK(dig_read_file(
	    rig.fd, "packs/000001.pack", 1 << 20, &whole, DIG_EIO, &err));
	for (size_t len = 0; len < whole.len; len += 7) {
		struct dig_reader *reader;
		int fd =
		    dig_open_at(rig.fd, "packs/000001.pack", DIG_OPEN_WRITE);

		assert_int_equal(dig_pwrite_full(fd, whole.data, len, 0), 0);
		assert_int_equal(dig_truncate(fd, len), 0);
		dig_close(fd);
		rig_reopen(&rig, false);
		reader = dig_reader_new(rig.store);
		for (uint64_t i = 0; i < 50; i++) {
			size_t n = make(i, 100, 300, data);
			enum dig_status st;
			struct dig_oid id;

			dig_sha256(data, n, id.bytes);
			st = dig_reader_get(
			    reader, DIG_KIND_CHUNK, &id, &out, &err);
			if (st == DIG_OK)
				assert_memory_equal(out.data, data, n);
			else
				assert_true(
				    st == DIG_ECORRUPT || st == DIG_ENOTFOUND);
		}
		dig_reader_free(reader);
	}
	/* A pack that is gone, too. */
	assert_int_equal(dig_unlink_at(rig.fd, "packs/000001.pack"), 0);
	rig_reopen(&rig, true);
	rig_begin(&rig, 0);
	put_range(&rig, 0, 50, 100, 300, false);
	rig_commit(&rig);
	dig_store_end(rig.store);
	expect_all(&rig, 50, 100, 300);
	dig_buf_clear(&out);
	dig_buf_clear(&whole);
	rig_clear(&rig);
}

/* The journal says that a pack of 4 MiB has groups of 1 MiB and no parity yet,
 * as after a writer that passes over parity: the next one is not misled. */
static void
test_outgrown_parity(void **state)
{
	const struct dig_journal_record *rec;
	struct dig_journal *journal;
	struct dig_state next;
	struct dig_error err;
	struct rig rig;

	(void)state;
	rig_init(&rig, "/tmp");
	rig_begin(&rig, 0);
	put_range(&rig, 0, 40, 100000, 100001, true);
	rig_commit(&rig);
	dig_store_end(rig.store);
	journal = dig_store_journal(rig.store);
	dig_state_copy(dig_store_state(rig.store), &next);
	assert_true(next.packs[0].length > (uint64_t)2 << 20);
	next.packs[0].shape.data = next.packs[0].shape.parity = 1;
	OK(dig_journal_prepare(journal, &next, 0, "test", NULL, &rec, &err));
	OK(dig_journal_append(journal, &err));
	dig_journal_mirror(journal);
	dig_state_clear(&next);
	rig_reopen(&rig, false);
	rig_begin(&rig, 0);
	put_range(&rig, 40, 80, 100000, 100001, true);
	rig_commit(&rig);
	dig_store_end(rig.store);
	expect_all(&rig, 80, 100000, 100001);
	rig_clear(&rig);
}

static void
count_beyond(void *arg, const struct dig_repair_event *event)
{
	*(size_t *)arg += event->what == DIG_REPAIR_BEYOND;
}

/* A length that no file has is neither read nor written. */
static void
test_repair_of_nothing(void **state)
{
	const struct dig_parity_shape shape = { 1, 1 };
	const uint64_t group = dig_parity_group_bytes(&shape);
	size_t beyond = 0;
	const struct dig_repair_options options = { false, &beyond,
		count_beyond, NULL };
	struct dig_pack_state pack = { 1, DIG_PACK_SEALED, group << 30, 0,
		shape, dig_parity_stored_bytes(&shape, group) << 30 };
	const struct dig_journal_record *rec;
	struct dig_journal *journal;
	struct dig_state next;
	struct dig_error err;
	struct dig_stat sb;
	struct rig rig;
	char path[128];

	(void)state;
	rig_init(&rig, "/tmp");
	rig.shape = shape;
	rig_begin(&rig, 0);
	put_range(&rig, 0, 20, 100000, 100001, false);
	rig_commit(&rig);
	dig_store_end(rig.store);
	journal = dig_store_journal(rig.store);
	dig_state_copy(dig_store_state(rig.store), &next);
	dig_state_set_pack(&next, &pack);
	OK(dig_journal_prepare(journal, &next, 0, "test", NULL, &rec, &err));
	OK(dig_journal_append(journal, &err));
	dig_state_clear(&next);
	rig_reopen(&rig, false);
	assert_int_equal(
	    dig_state_pack(dig_store_state(rig.store), 1)->shape.data, 1);
	OK(dig_store_repair(rig.store, &options, &err));
	assert_true(beyond > 0);
	snprintf(path, sizeof(path), "%s/packs/000001.pack", rig.path);
	assert_int_equal(dig_stat_at(-100, path, &sb), 0);
	assert_true(sb.size_bytes < 8 * group);
	rig_clear(&rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_batches),
		cmocka_unit_test(test_sealing),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_range),
		cmocka_unit_test(test_chains),
		cmocka_unit_test(test_base_elsewhere),
		cmocka_unit_test(test_base_in_solid),
		cmocka_unit_test(test_writers),
		cmocka_unit_test(test_abort),
		cmocka_unit_test(test_unflushed),
		cmocka_unit_test(test_failed_writes),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_large_trailer),
		cmocka_unit_test(test_chosen_ids),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_outgrown_parity),
		cmocka_unit_test(test_repair_of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
