/* SPDX-License-Identifier: MIT
 *
 * gc over many small packs with deltas across them: whatever is alive comes
 * back byte for byte, however often others go.
 */
#include "tests/unit/store_rig.h"

#include <sys/wait.h>

#include "objects/check.h"
#include "objects/gc.h"
#include "objects/store_internal.h"

#define NMAX 4000

/* A chunk that was put. */
struct made {
	struct dig_oid id;
	uint8_t *data;
	size_t len;
	bool alive;
	bool bulk;
};

struct world {
	struct rig rig;
	struct dig_index *index;
	uint64_t seed;
	struct made made[NMAX];
	size_t n;
	void (*progress)(void *, const char *, uint64_t, uint64_t);
};

static void
world_open(struct world *world, uint64_t seal_bytes)
{
	struct dig_index_options options = { 0 };
	struct dig_error err;

	options.dir = world->rig.path;
	options.dirfd = world->rig.fd;
	options.write.level = 1;
	options.write.verify = true;
	options.write.seal_bytes = seal_bytes;
	options.write.shape = world->rig.shape;
	OK(dig_index_open(&options, &world->index, &err));
}

static void
world_init(struct world *world, uint64_t seed, uint64_t seal_bytes)
{
	memset(world, 0, sizeof(*world));
	world->seed = seed;
	rig_init(&world->rig, "/tmp");
	world->rig.shape = (struct dig_parity_shape){ 1, 1 };
	world_open(world, seal_bytes);
}

static void
world_clear(struct world *world)
{
	for (size_t i = 0; i < world->n; i++)
		free(world->made[i].data);
	dig_index_close(world->index);
	rig_clear(&world->rig);
}

static uint64_t
draw(struct world *world, uint64_t below)
{
	return rig_random(&world->seed) % below;
}

/* A text, or another version of one that was made and is alive. */
static void
make_one(struct world *world)
{
	struct made *now = &world->made[world->n];
	const struct made *before = NULL;
	struct dig_error err;

	assert_true(world->n < NMAX);
	if (world->n > 0 && draw(world, 4) != 0)
		before =
		    &world->made[world->n - 1 -
				 draw(world, world->n < 60 ? world->n : 60)];
	if (before != NULL && !before->alive)
		before = NULL;
	now->len = before != NULL ? before->len : 600 + draw(world, 9000);
	now->data = malloc(now->len);
	if (before != NULL) {
		memcpy(now->data, before->data, now->len);
		rig_text(
		    &world->seed, now->data + draw(world, now->len - 40), 30);
	} else {
		rig_text(&world->seed, now->data, now->len);
	}
	now->bulk = draw(world, 4) == 0;
	now->alive = true;
	dig_sha256(now->data, now->len, now->id.bytes);
	OK(dig_writer_put(dig_index_writer(world->index), DIG_KIND_CHUNK,
	    &now->id, now->data, now->len, before ? &before->id : NULL,
	    now->bulk, &err));
	world->n++;
}

static void
make_some(struct world *world, size_t times, size_t each)
{
	struct dig_commit_options options = { .verb = "test" };
	struct dig_error err;

	for (size_t i = 0; i < times; i++) {
		OK(dig_index_begin(world->index, &err));
		for (size_t j = 0; j < each; j++)
			make_one(world);
		OK(dig_index_commit(world->index, &options, NULL, &err));
	}
}

/* One in `keep` of those that are alive stays. */
static void
let_go(struct world *world, uint64_t percent)
{
	size_t from = draw(world, world->n);
	size_t to = from + draw(world, world->n / 2);

	for (size_t i = 0; i < world->n; i++)
		if ((i >= from && i < to) || draw(world, 100) < percent)
			world->made[i].alive = false;
}

static void
no_finding(void *arg, uint32_t pack, const char *message)
{
	(void)arg;
	fail_msg("pack %u: %s", pack, message);
}

static enum dig_status
collect(struct world *world, void (*finding)(void *, uint32_t, const char *),
    void *arg, struct dig_gc_totals *totals, struct dig_error *err)
{
	struct dig_gc_options options = { .live = dig_live_new(),
		.finding = finding,
		.progress = world->progress,
		.arg = arg };
	enum dig_status st;

	for (size_t i = 0; i < world->n; i++)
		if (world->made[i].alive)
			dig_live_add(
			    options.live, DIG_KIND_CHUNK, &world->made[i].id);
	st = dig_index_begin(world->index, err);
	if (st == DIG_OK)
		st = dig_index_gc(world->index, &options, totals, err);
	dig_live_free(options.live);
	return st;
}

static void
note_flaw(void *arg, const struct dig_checked *checked)
{
	(void)arg;
	if (checked->flaw != NULL)
		fail_msg("pack %u at %llu: %s", checked->at.pack,
		    (unsigned long long)checked->at.offset, checked->flaw);
}

struct counted {
	uint64_t rows;
};

static enum dig_status
count_row(void *arg, const struct dig_object_row *row, struct dig_error *err)
{
	(void)row;
	(void)err;
	((struct counted *)arg)->rows++;
	return DIG_OK;
}

static void
expect_rows(struct world *world)
{
	struct dig_store *store = dig_index_store(world->index);
	const struct dig_state *state = dig_store_state(store);
	struct counted counted = { 0 };
	struct dig_stmt *stmt = NULL;
	struct dig_error err;
	uint64_t rows = 0;
	int64_t last = 0;

	for (size_t i = 0; i < state->npacks; i++)
		OK(dig_store_each_row(store, state->packs[i].number, 0, 0, true,
		    count_row, &counted, &err));
	OK(dig_db_stmt(
	    dig_index_db(world->index), DIG_SQL_OBJECT_PAGE, &stmt, &err));
	dig_stmt_bind_int(stmt, 1, 0);
	dig_stmt_bind_int(stmt, 2, INT64_MAX);
	while (dig_stmt_row(stmt, &err) == DIG_OK) {
		assert_non_null(
		    dig_state_pack(state, (uint32_t)dig_stmt_int(stmt, 1)));
		assert_true(dig_stmt_int(stmt, 0) > last);
		last = dig_stmt_int(stmt, 0);
		rows++;
	}
	dig_stmt_done(stmt);
	assert_int_equal(rows, counted.rows);
}

static void
expect_all(struct world *world)
{
	struct dig_store *store = dig_index_store(world->index);
	struct dig_reader *reader = dig_reader_new(store);
	struct dig_check_options options = { .decode = true,
		.checked = note_flaw };
	struct dig_check_totals totals;
	struct dig_error err;

	for (size_t i = 0; i < world->n; i++)
		if (world->made[i].alive)
			rig_expect(reader, &world->made[i].id,
			    world->made[i].data, world->made[i].len);
	dig_reader_free(reader);
	OK(dig_store_check(store, &options, &totals, &err));
	expect_rows(world);
}

/* Deltas from pack to pack to pack; the middle goes, the end stays. */
static void
test_packs_that_need_others(void **state)
{
	struct dig_gc_totals totals;
	uint64_t rewritten = 0;
	uint64_t dropped = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 2; seed++) {
		struct world *world = calloc(1, sizeof(*world));
		struct dig_error err;

		world_init(world, seed * 0x9e3779b97f4a7c15u, 96 << 10);
		for (int round = 0; round < 4; round++) {
			make_some(world, 6, 40);
			let_go(world, (uint64_t)round * 12);
			OK(collect(world, no_finding, NULL, &totals, &err));
			rewritten += totals.rewritten;
			dropped += totals.dropped;
			assert_true(totals.bytes_after <= totals.bytes_before);
			expect_all(world);
			/* Once more there is nothing that is worth it. */
			OK(collect(world, no_finding, NULL, &totals, &err));
			assert_in_range(totals.rewritten, 0, 3);
			expect_all(world);
			dig_index_close(world->index);
			world_open(world, 96 << 10);
			expect_all(world);
		}
		for (size_t i = 0; i < world->n; i++)
			world->made[i].alive = false;
		OK(collect(world, no_finding, NULL, &totals, &err));
		assert_int_equal(
		    dig_store_state(dig_index_store(world->index))->npacks, 0);
		world_clear(world);
		free(world);
	}
	assert_in_range(rewritten, 6, 1000);
	assert_in_range(dropped, 2, 1000);
}

static void
count_finding(void *arg, uint32_t pack, const char *message)
{
	(void)pack;
	(void)message;
	(*(size_t *)arg)++;
}

/* A byte is flipped somewhere: no object that was whole is lost by a gc. */
static void
test_damaged_packs(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 5; seed++) {
		struct world *world = calloc(1, sizeof(*world));
		const struct dig_state *packs;
		struct dig_pack_state pack;
		struct dig_gc_totals totals;
		size_t findings = 0;
		struct dig_error err;
		uint8_t byte;
		char name[24];
		uint64_t at;
		int fd;

		world_init(world, seed * 0x9e3779b97f4a7c15u, 96 << 10);
		make_some(world, 6, 40);
		let_go(world, 30);
		packs = dig_store_state(dig_index_store(world->index));
		pack = packs->packs[draw(world, packs->npacks)];
		dig_pack_name(pack.number, name);
		at = DIG_PACK_HEADER + draw(world, pack.length / 2);
		fd = dig_open_at(dig_index_store(world->index)->packs_dirfd,
		    name, DIG_OPEN_WRITE);
		assert_int_equal(dig_pread_full(fd, &byte, 1, at), 1);
		byte ^= 0x10;
		assert_int_equal(dig_pwrite_full(fd, &byte, 1, at), 0);
		OK(collect(world, count_finding, &findings, &totals, &err));
		byte ^= 0x10;
		packs = dig_store_state(dig_index_store(world->index));
		if (dig_state_pack(packs, pack.number) != NULL)
			assert_int_equal(dig_pwrite_full(fd, &byte, 1, at), 0);
		dig_close(fd);
		dig_index_close(world->index);
		world_open(world, 96 << 10);
		expect_all(world);
		world_clear(world);
		free(world);
	}
}

/* At the start of each pack that is taken apart. */
static void
die_soon(void *arg, const char *what, uint64_t done_bytes, uint64_t total_bytes)
{
	(void)done_bytes;
	(void)total_bytes;
	if (strcmp(what, "copying") == 0 && (*(int *)arg)-- == 0)
		_exit(7);
}

/* A process that ends between two swaps leaves a repository that is whole. */
static void
test_killed_between(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	int status = 0;
	int deaths = 0;

	(void)state;
	world_init(world, 0x7e57, 96 << 10);
	for (int round = 0; round < 12; round++) {
		int left = round % 4;
		struct dig_gc_totals totals;
		struct dig_error err;
		pid_t child;

		if (round % 6 == 0)
			make_some(world, 6, 40);
		let_go(world, round % 6 == 0 ? 25 : 0);
		dig_index_close(world->index);
		world->index = NULL;
		child = fork();
		if (child == 0) {
			world_open(world, 96 << 10);
			world->progress = die_soon;
			if (collect(world, no_finding, &left, &totals, &err) !=
			    DIG_OK)
				_exit(1);
			_exit(0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFEXITED(status));
		assert_true(
		    WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 7);
		deaths += WEXITSTATUS(status) == 7;
		world_open(world, 96 << 10);
		expect_all(world);
	}
	assert_in_range(deaths, 3, 12);
	world_clear(world);
	free(world);
}

static void
expect_in(struct world *world, struct dig_store *store)
{
	struct dig_reader *reader = dig_reader_new(store);

	for (size_t i = 0; i < world->n; i++)
		if (world->made[i].alive)
			rig_expect(reader, &world->made[i].id,
			    world->made[i].data, world->made[i].len);
	dig_reader_free(reader);
}

/* One that has read the journal, one that has opened its packs, too: both read
 * on while gc takes the packs away, again and again. */
static void
test_reader_beside(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	struct dig_store *early = NULL;
	struct dig_store *open = NULL;
	struct dig_gc_totals totals;
	struct dig_error err;

	(void)state;
	world_init(world, 0xbe51de, 96 << 10);
	make_some(world, 6, 40);
	OK(dig_store_open(world->rig.fd, NULL, &early, &err));
	OK(dig_store_open(world->rig.fd, NULL, &open, &err));
	expect_in(world, open);
	for (int round = 0; round < 3; round++) {
		let_go(world, 30);
		OK(collect(world, no_finding, NULL, &totals, &err));
		assert_true(totals.rewritten + totals.dropped > 0);
		expect_in(world, open);
		make_some(world, 2, 40);
		for (size_t i = world->n - 80; i < world->n; i++)
			world->made[i].alive = false;
	}
	expect_in(world, early);
	dig_store_close(early);
	dig_store_close(open);
	world_clear(world);
	free(world);
}

/* What is alive is in no pack: nothing goes. */
static void
test_missing(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	struct dig_gc_totals totals;
	struct dig_error err;
	size_t packs;

	(void)state;
	world_init(world, 77, 96 << 10);
	make_some(world, 4, 40);
	let_go(world, 50);
	packs = dig_store_state(dig_index_store(world->index))->npacks;
	world->made[3].alive = true;
	world->made[3].id.bytes[7] ^= 1;
	assert_int_equal(
	    collect(world, no_finding, NULL, &totals, &err), DIG_ECORRUPT);
	assert_int_equal(
	    dig_store_state(dig_index_store(world->index))->npacks, packs);
	world->made[3].alive = false;
	expect_all(world);
	world_clear(world);
	free(world);
}

static void
test_live_set(void **state)
{
	struct dig_live *live = dig_live_new();
	struct dig_oid id = { { 0 } };
	enum dig_kind kind;

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		dig_set_be32(id.bytes, i);
		dig_live_add(live, i % 2 ? DIG_KIND_CHUNK : DIG_KIND_TREE, &id);
		dig_live_add(live, i % 2 ? DIG_KIND_CHUNK : DIG_KIND_TREE, &id);
	}
	assert_int_equal(dig_live_count(live), 100000);
	for (unsigned i = 0; i < 100000; i++) {
		dig_set_be32(id.bytes, i);
		assert_true(dig_live_has(
		    live, i % 2 ? DIG_KIND_CHUNK : DIG_KIND_TREE, &id));
		assert_false(dig_live_has(
		    live, i % 2 ? DIG_KIND_TREE : DIG_KIND_CHUNK, &id));
		if (i != 4711)
			dig_live_mark(live,
			    i % 2 ? DIG_KIND_CHUNK : DIG_KIND_TREE, &id,
			    DIG_LIVE_FOUND);
	}
	assert_true(dig_live_missing(live, &kind, &id));
	assert_int_equal(dig_get_be32(id.bytes), 4711);
	dig_set_be32(id.bytes, 1000000);
	dig_live_mark(live, DIG_KIND_CHUNK, &id, DIG_LIVE_BASE);
	assert_false(dig_live_has(live, DIG_KIND_CHUNK, &id));
	assert_int_equal(
	    dig_live_marks(live, DIG_KIND_CHUNK, &id), DIG_LIVE_BASE);
	dig_live_unmark(live, DIG_LIVE_BASE);
	assert_int_equal(dig_live_marks(live, DIG_KIND_CHUNK, &id), 0);
	dig_live_free(live);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_live_set),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_packs_that_need_others),
		cmocka_unit_test(test_damaged_packs),
		cmocka_unit_test(test_killed_between),
		cmocka_unit_test(test_reader_beside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
