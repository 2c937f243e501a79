/* SPDX-License-Identifier: MIT
 *
 * A thousand versions of one file, each stored as a delta of the one before:
 * any of them is read by decoding a bounded number of frames, whether or not a
 * part of them was repacked.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "objects/base/io.h"
#include "objects/index.h"
#include "objects/repack.h"
#include "repo/repo.h"

#define VERSIONS 1000
#define HALF 120 /* versions before a repack, and after it */
#define FRAMES_MAX 50

static struct dig_error err;

/* A text of 400 lines, of which each version changes one. */
static void
write_version(struct dig_buf *out, unsigned version)
{
	dig_buf_reset(out);
	for (unsigned line = 0; line < 400; line++) {
		unsigned changed =
		    version >= line ? version - (version - line) % 400 : 0;

		dig_buf_printf(out, "line %u, last changed in version %u: %x\n",
		    line, changed, (line * 2654435761u) ^ (changed * 40503u));
	}
}

static struct dig_index *
open_index(int dirfd)
{
	struct dig_index_options options = { .dir = ".dig",
		.dirfd = dirfd,
		.timeout_ms = 5000,
		.write = { .level = 1, .verify = true } };
	struct dig_index *index = NULL;

	assert_int_equal(dig_index_open(&options, &index, &err), DIG_OK);
	return index;
}

/* Each version in a transaction of its own, as add would store it. */
static void
store_versions(
    struct dig_index *index, struct dig_oid *ids, unsigned from, unsigned to)
{
	struct dig_commit_options commit = { .verb = "test" };
	struct dig_buf text = DIG_BUF_INIT;

	for (unsigned i = from; i < to; i++) {
		assert_int_equal(dig_index_begin(index, &err), DIG_OK);
		write_version(&text, i);
		dig_sha256(text.data, text.len, ids[i].bytes);
		assert_int_equal(
		    dig_writer_put(dig_index_writer(index), DIG_KIND_CHUNK,
			&ids[i], text.data, text.len,
			i > 0 ? &ids[i - 1] : NULL, false, &err),
		    DIG_OK);
		assert_int_equal(
		    dig_index_commit(index, &commit, NULL, &err), DIG_OK);
	}
	dig_buf_clear(&text);
}

static void
read_versions(struct dig_index *index, const struct dig_oid *ids, unsigned from,
    unsigned to)
{
	struct dig_buf wanted = DIG_BUF_INIT, got = DIG_BUF_INIT;
	uint64_t most = 0, sum = 0;

	for (unsigned i = from; i < to; i++) {
		struct dig_reader *reader =
		    dig_reader_new(dig_index_store(index));
		uint64_t frames;

		write_version(&wanted, i);
		assert_int_equal(
		    dig_reader_get(reader, DIG_KIND_CHUNK, &ids[i], &got, &err),
		    DIG_OK);
		assert_int_equal(got.len, wanted.len);
		assert_memory_equal(got.data, wanted.data, got.len);
		frames = dig_reader_frames(reader);
		assert_true(frames >= 1 && frames <= FRAMES_MAX);
		if (frames > most)
			most = frames;
		sum += frames;
		dig_reader_free(reader);
	}
	print_message("most frames %llu, mean %.1f\n", (unsigned long long)most,
	    (double)sum / (to - from));
	/* They are deltas, or there would be nothing to bound. */
	assert_true(most > 1);
	dig_buf_clear(&wanted);
	dig_buf_clear(&got);
}

static void
any_version_is_near(void **state)
{
	static struct dig_oid ids[VERSIONS];
	int dirfd = dig_open_at(AT_FDCWD, ".dig", DIG_OPEN_DIRECTORY);
	struct dig_index *index;

	(void)state;
	assert_true(dirfd >= 0);
	index = open_index(dirfd);
	store_versions(index, ids, 0, VERSIONS);
	read_versions(index, ids, 0, VERSIONS);
	dig_index_close(index);
	assert_int_equal(dig_close(dirfd), 0);
}

/* In the middle of it all is written anew; what comes then are deltas of what
 * shares frames, and what was repacked costs one frame. */
static void
a_repack_between(void **state)
{
	static struct dig_oid ids[VERSIONS];
	const struct dig_repack_options options = { .level = 9 };
	struct dig_repack_totals totals = { 0 };
	int dirfd = dig_open_at(AT_FDCWD, ".dig", DIG_OPEN_DIRECTORY);
	struct dig_buf got = DIG_BUF_INIT;
	struct dig_reader *reader;
	struct dig_index *index;

	(void)state;
	assert_true(dirfd >= 0);
	index = open_index(dirfd);
	store_versions(index, ids, 0, HALF);
	assert_int_equal(dig_index_begin(index, &err), DIG_OK);
	assert_int_equal(
	    dig_index_repack(index, &options, &totals, &err), DIG_OK);
	assert_int_equal(totals.objects, HALF);
	/* It has a run, which the packs before had no need of yet. */
	assert_true(totals.bytes_after < totals.bytes_before + 64 * HALF);
	reader = dig_reader_new(dig_index_store(index));
	for (unsigned i = 0; i < HALF; i++)
		assert_int_equal(
		    dig_reader_get(reader, DIG_KIND_CHUNK, &ids[i], &got, &err),
		    DIG_OK);
	assert_in_range(dig_reader_frames(reader), 1, totals.frames);
	dig_reader_free(reader);
	store_versions(index, ids, HALF, 2 * HALF);
	read_versions(index, ids, 0, 2 * HALF);
	dig_index_close(index);
	assert_int_equal(dig_close(dirfd), 0);
	dig_buf_clear(&got);
}

static int
make_repository(void **state)
{
	static char dir[32];
	struct dig_config *config = dig_config_new();
	char *exclude = NULL;
	bool existed;
	int rc = -1;

	strcpy(dir, "/tmp/dig-versions-XXXXXX");
	*state = dir;
	if (mkdtemp(dir) != NULL && chdir(dir) == 0 &&
	    dig_repo_init(".", config, &existed, &exclude, &err) == DIG_OK)
		rc = 0;
	free(exclude);
	dig_config_free(config);
	return rc;
}

static int
remove_repository(void **state)
{
	return chdir("/") != 0 ? -1 : dig_remove_tree(AT_FDCWD, *state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    any_version_is_near, make_repository, remove_repository),
		cmocka_unit_test_setup_teardown(
		    a_repack_between, make_repository, remove_repository),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
