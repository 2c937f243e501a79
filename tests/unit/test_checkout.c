/* SPDX-License-Identifier: MIT
 *
 * Checkout of trees that nobody's add would make, into work trees that change
 * meanwhile: nothing is written outside, and no edit is lost. And the parts
 * that this rests on: names that fold, hashing a file as a stream.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "objects/chunker.h"
#include "repo/checkout.h"
#include "repo/fold.h"
#include "repo/internal.h"
#include "repo/worktree_write.h"
#include "staging/hash_file.h"

#define SEED 0x5eed0031u
#define RACE_NS INT64_C(1500000000)

/* Message of a failed call, so that a failing test says why. */
#define OK(call)                                                               \
	do {                                                                   \
		if ((call) != DIG_OK)                                          \
			fail_msg("%s: %s", #call, err.msg);                    \
	} while (0)

struct world {
	char dir[64]; /* holds work/ (a repository) and outside/ */
	int fd;
	struct dig_config *config;
	struct dig_repo *repo;
};

static int
setup(void **state)
{
	struct world *w = dig_calloc(1, sizeof(*w));
	struct dig_error err = DIG_ERROR_INIT;
	char path[96];
	char *exclude;
	bool existed;

	snprintf(w->dir, sizeof(w->dir), "/tmp/dig-checkout-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	w->fd = open(w->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mkdirat(w->fd, "outside", 0755), 0);
	snprintf(path, sizeof(path), "%s/work", w->dir);
	w->config = dig_config_new();
	OK(dig_repo_init(path, w->config, &existed, &exclude, &err));
	free(exclude);
	assert_int_equal(chdir(path), 0);
	OK(dig_repo_open(w->config, NULL, &w->repo, &err));
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	dig_repo_close(w->repo);
	dig_config_free(w->config);
	assert_int_equal(chdir("/"), 0);
	dig_remove_tree(AT_FDCWD, w->dir);
	close(w->fd);
	free(w);
	return 0;
}

static bool
is_there(const struct world *w, const char *path)
{
	struct stat sb;

	return fstatat(w->fd, path, &sb, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool
is_empty(const struct world *w, const char *dir)
{
	return unlinkat(w->fd, dir, AT_REMOVEDIR) == 0 &&
	       mkdirat(w->fd, dir, 0755) == 0;
}

/* ---- Making a commit of any entries ----------------------------------- */

struct want {
	const char *path;
	enum dig_entry_kind kind;
	const char *text;
};

static int
by_path(const void *a, const void *b)
{
	const struct dig_tree_edit *x = a;
	const struct dig_tree_edit *y = b;

	return dig_path_cmp(
	    x->entry.path, x->entry.path_len, y->entry.path, y->entry.path_len);
}

static void
make_entry(struct world *w, const struct want *want, struct dig_entry *out)
{
	struct dig_error err = DIG_ERROR_INIT;
	size_t len = strlen(want->text);

	memset(out, 0, sizeof(*out));
	out->path = (const uint8_t *)want->path;
	out->path_len = strlen(want->path);
	out->kind = want->kind;
	out->size_bytes = len;
	if (len == 0)
		return;
	out->form = DIG_FORM_CHUNK;
	dig_sha256(want->text, len, out->stored.bytes);
	OK(dig_writer_put(dig_index_writer(w->repo->index), DIG_KIND_CHUNK,
	    &out->stored, want->text, len, NULL, false, &err));
}

/* The id of the commit, in hex. */
static void
commit(struct world *w, const struct want *wants, size_t n,
    char hex[DIG_OID_HEX + 1])
{
	static const uint8_t who[] = "A <a@example.com>";
	struct dig_index *index = w->repo->index;
	struct dig_commit_options options = { .verb = "test" };
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_tree_edit edits[16];
	struct dig_tree_totals totals;
	struct dig_commit decoded;
	struct dig_oid empty, id;
	struct dig_node_io io;

	OK(dig_index_begin(index, &err));
	io = dig_writer_io(dig_index_writer(index));
	memset(edits, 0, sizeof(edits));
	for (size_t i = 0; i < n; i++)
		make_entry(w, &wants[i], &edits[i].entry);
	qsort(edits, n, sizeof(*edits), by_path);
	memset(&decoded, 0, sizeof(decoded));
	dig_tree_empty(&empty);
	OK(dig_tree_apply(&io, &empty, edits, n, &decoded.tree, &err));
	memset(&totals, 0, sizeof(totals));
	for (size_t i = 0; i < n; i++) {
		totals.files++;
		totals.bytes += edits[i].entry.size_bytes;
	}
	decoded.author.who = decoded.committer.who = who;
	decoded.author.who_len = decoded.committer.who_len = sizeof(who) - 1;
	decoded.author.zone = decoded.committer.zone = (const uint8_t *)"+0000";
	decoded.author.zone_len = decoded.committer.zone_len = 5;
	decoded.files = totals.files;
	decoded.bytes = totals.bytes;
	decoded.generation = 1;
	dig_commit_encode(&decoded, &bytes);
	dig_commit_id(bytes.data, bytes.len, &id);
	OK(dig_writer_put(dig_index_writer(index), DIG_KIND_COMMIT, &id,
	    bytes.data, bytes.len, NULL, false, &err));
	OK(dig_index_commit(index, &options, NULL, &err));
	dig_oid_hex(&id, hex);
	dig_buf_clear(&bytes);
}

static enum dig_status
switch_to(struct world *w, const char *rev, bool force, struct dig_error *err)
{
	struct dig_checkout_options options = { .rev = rev, .force = force };
	struct dig_checkout_result result;
	enum dig_status st = dig_checkout(w->repo, &options, &result, err);

	dig_checkout_result_clear(&result);
	return st;
}

/* ---- Forged trees ----------------------------------------------------- */

static void
test_forged_names(void **state)
{
	static const char *const names[] = { "..", "../x", "a/../../x", "/x",
		"a//x", "a/", "./x", "a/.", ".dig/config", ".DIG/config",
		"a/.dig/hooks/x", ".dig./x", ".dig /x", "DIG~1/x",
		".git/hooks/post-checkout", ".Git/config", "a/.git/config",
		".d\xe2\x80\x8cig/x", ".dig::$INDEX_ALLOCATION/x" };
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct want wants[] = { { "ok", DIG_ENTRY_FILE, "good" },
			{ names[i], DIG_ENTRY_FILE, "evil" } };
		struct dig_error err = DIG_ERROR_INIT;
		struct dig_checkout_result result;
		char hex[DIG_OID_HEX + 1];
		struct dig_selection what = { .rev = hex };

		commit(w, wants, 2, hex);
		assert_int_equal(switch_to(w, hex, false, &err), DIG_ECORRUPT);
		assert_int_equal(switch_to(w, hex, true, &err), DIG_ECORRUPT);
		assert_int_equal(
		    dig_checkout_into(w->repo, "../into", &what, &result, &err),
		    DIG_ECORRUPT);
		assert_false(is_there(w, "work/ok"));
		assert_false(is_there(w, "into"));
		assert_false(is_there(w, "x"));
	}
	assert_true(is_empty(w, "outside"));
}

/* A tree with a link and paths below it, in either order of names. */
static void
test_forged_link(void **state)
{
	static const struct want wants[] = {
		{ "a", DIG_ENTRY_SYMLINK, "../outside" },
		{ "a/x", DIG_ENTRY_FILE, "evil" },
		{ "b", DIG_ENTRY_SYMLINK, "a" },
		{ "b/y/z", DIG_ENTRY_EXEC, "evil" },
	};
	struct world *w = *state;
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_checkout_result result;
	char hex[DIG_OID_HEX + 1];
	struct dig_selection what = { .rev = hex };

	commit(w, wants, 4, hex);
	assert_int_equal(switch_to(w, hex, false, &err), DIG_ECORRUPT);
	assert_int_equal(switch_to(w, hex, true, &err), DIG_ECORRUPT);
	assert_int_equal(
	    dig_checkout_into(w->repo, "../into", &what, &result, &err),
	    DIG_ECORRUPT);
	assert_false(is_there(w, "work/a"));
	assert_false(is_there(w, "into"));
	assert_true(is_empty(w, "outside"));
}

/* First a link, then a folder of that name, and back. */
static void
test_link_then_folder(void **state)
{
	static const struct want link[] = { { "a", DIG_ENTRY_SYMLINK,
	    "../outside" } };
	static const struct want folder[] = { { "a/x", DIG_ENTRY_FILE,
	    "text" } };
	struct world *w = *state;
	struct dig_error err = DIG_ERROR_INIT;
	char one[DIG_OID_HEX + 1], two[DIG_OID_HEX + 1];

	commit(w, link, 1, one);
	commit(w, folder, 1, two);
	for (int i = 0; i < 3; i++) {
		OK(switch_to(w, one, false, &err));
		assert_true(is_there(w, "work/a"));
		OK(switch_to(w, two, false, &err));
		assert_true(is_there(w, "work/a/x"));
	}
	assert_true(is_empty(w, "outside"));
}

/* ---- Races ------------------------------------------------------------ */

struct swapper {
	int fd;
	atomic_bool stop;
	unsigned long swaps;
};

/* work/d, a folder, and work/e, a link to outside, change places. */
static void *
swap(void *arg)
{
	struct swapper *swapper = arg;

	while (!atomic_load(&swapper->stop))
		swapper->swaps +=
		    dig_exchange_at(swapper->fd, "d", swapper->fd, "e") == 0;
	return NULL;
}

static void
test_parent_swapped(void **state)
{
	static const struct want none[] = { { "z", DIG_ENTRY_FILE, "z" } };
	static const struct want some[] = { { "d/a", DIG_ENTRY_FILE, "a" },
		{ "d/b/c", DIG_ENTRY_EXEC, "c" },
		{ "d/l", DIG_ENTRY_SYMLINK, "a" },
		{ "z", DIG_ENTRY_FILE, "z" } };
	struct world *w = *state;
	struct swapper swapper = { .fd = -1 };
	struct dig_error err = DIG_ERROR_INIT;
	char one[DIG_OID_HEX + 1], two[DIG_OID_HEX + 1];
	unsigned switches = 0;
	pthread_t thread;
	int64_t until;

	commit(w, none, 1, one);
	commit(w, some, 4, two);
	OK(switch_to(w, one, false, &err));
	swapper.fd = w->repo->root_fd;
	assert_int_equal(mkdirat(swapper.fd, "d", 0755), 0);
	assert_int_equal(symlinkat("../outside", swapper.fd, "e"), 0);
	atomic_init(&swapper.stop, false);
	assert_int_equal(pthread_create(&thread, NULL, swap, &swapper), 0);
	until = dig_now_ns() + RACE_NS;
	while (dig_now_ns() < until) {
		/* It may fail; what counts is what stands outside. */
		dig_ignore(switch_to(w, two, false, &err));
		dig_ignore(switch_to(w, one, false, &err));
		switches += 2;
	}
	atomic_store(&swapper.stop, true);
	pthread_join(thread, NULL);
	print_message("%u switches, %lu swaps\n", switches, swapper.swaps);
	assert_true(swapper.swaps > 0);
	assert_true(is_empty(w, "outside"));
}

/* What the caller has seen is not what is there: it is put back. */
static void
test_changed_meanwhile(void **state)
{
	struct world *w = *state;
	struct dig_write_target target = { 0 };
	struct dig_error err = DIG_ERROR_INIT;
	struct want want = { "f", DIG_ENTRY_FILE, "new" };
	struct dig_write_job job = { 0 };
	struct dig_stat before;
	struct dig_entry entry;
	struct dig_buf text = DIG_BUF_INIT;
	int root = w->repo->root_fd;
	int fd = openat(root, "f", O_WRONLY | O_CREAT, 0644);

	assert_int_equal(dig_write_full(fd, "old", 3), 0);
	assert_int_equal(dig_stat_at(root, "f", &before), 0);
	assert_int_equal(dig_write_full(fd, "edit", 4), 0);
	close(fd);
	OK(dig_index_begin(w->repo->index, &err));
	make_entry(w, &want, &entry);
	OK(dig_index_commit(w->repo->index,
	    &(struct dig_commit_options){ .verb = "test" }, NULL, &err));
	target.store = dig_index_store(w->repo->index);
	target.root_fd = root;
	target.tmp_fd = openat(w->repo->dirfd, "tmp", O_RDONLY | O_DIRECTORY);
	target.nthreads = 1;
	job.entry = &entry;
	job.path = "f";
	job.before = &before;
	assert_int_equal(
	    dig_worktree_write(&target, &job, 1, &err), DIG_ECONFLICT);
	assert_false(job.done);
	job.before = NULL; /* nothing was there, and now something is */
	assert_int_equal(
	    dig_worktree_write(&target, &job, 1, &err), DIG_ECONFLICT);
	OK(dig_read_file(root, "f", 100, &text, DIG_EFILE, &err));
	assert_string_equal((char *)text.data, "oldedit");
	assert_int_equal(dig_stat_at(root, "f", &before), 0);
	job.before = &before;
	OK(dig_worktree_write(&target, &job, 1, &err));
	OK(dig_read_file(root, "f", 100, &text, DIG_EFILE, &err));
	assert_string_equal((char *)text.data, "new");
	close(target.tmp_fd);
	dig_buf_clear(&text);
}

/* ---- Names that fold -------------------------------------------------- */

static void
fold_all(const void *name, size_t len, struct dig_buf *out)
{
	/* As a file system might: only the folders count. */
	for (size_t i = 0; i < len; i++)
		dig_buf_putc(out, ((const char *)name)[i] == '/' ? '/' : 'x');
}

static void
test_fold(void **state)
{
	static const struct {
		const char *a, *b;
		bool collides;
	} cases[] = {
		{ "a", "A", true },
		{ "a", "b", false },
		{ "a/x", "A/y", true },
		{ "A", "a/x", true },
		{ "a/B/c", "a/b/c", true },
		{ "a/B", "b/b", false },
		{ "ab", "a/b", false },
		{ "\xc3\xa9", "\xc3\xa8", false },
		{ "aa", "aA", true },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct want wants[] = { { cases[i].a, DIG_ENTRY_FILE, "1" },
			{ cases[i].b, DIG_ENTRY_FILE, "2" } };
		struct dig_error err = DIG_ERROR_INIT;
		struct dig_buf bytes = DIG_BUF_INIT;
		struct dig_commit decoded;
		struct dig_node_io io;
		char hex[DIG_OID_HEX + 1];
		struct dig_oid id;

		commit(w, wants, 2, hex);
		assert_true(dig_oid_parse(hex, DIG_OID_HEX, &id));
		OK(dig_repo_read_commit(w->repo, &id, &bytes, &decoded, &err));
		io = dig_reader_io(dig_index_reader(w->repo->index));
		assert_int_equal(
		    dig_fold_check(&io, &decoded.tree, dig_fold_name, &err),
		    cases[i].collides ? DIG_EINVALID : DIG_OK);
		if (strlen(cases[i].a) == strlen(cases[i].b))
			assert_int_equal(
			    dig_fold_check(&io, &decoded.tree, fold_all, &err),
			    DIG_EINVALID);
		dig_buf_clear(&bytes);
	}
}

/* ---- Hashing ---------------------------------------------------------- */

static void
test_hash_file(void **state)
{
	static const size_t sizes[] = { 0, 1, 32767, 32768, 32769, 131072,
		524287, 524288, 524289, 1048575, 1048576, 1048577, 3000000 };
	const struct dig_chunk_profile *profile = dig_chunk_profile(1);
	struct world *w = *state;
	uint64_t rng = SEED;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		uint8_t *data = dig_alloc(sizes[i] + 1);
		struct dig_error err = DIG_ERROR_INIT;
		struct dig_oid want, got;
		struct dig_merkle merkle;
		uint64_t nread;
		int fd =
		    openat(w->fd, "file", O_RDWR | O_CREAT | O_TRUNC, 0600);

		for (size_t at = 0; at < sizes[i]; at++) {
			rng = rng * UINT64_C(6364136223846793005) + 1;
			data[at] = (uint8_t)(rng >> 56);
		}
		dig_merkle_init(&merkle, DIG_MERKLE_CONTENT);
		for (size_t at = 0; at < sizes[i];) {
			size_t cut =
			    dig_chunk_cut(profile, data + at, sizes[i] - at);
			struct dig_oid chunk, leaf;

			dig_sha256(data + at, cut, chunk.bytes);
			dig_content_leaf(cut, chunk.bytes, leaf.bytes);
			dig_merkle_add(&merkle, cut, leaf.bytes);
			at += cut;
		}
		dig_merkle_root(&merkle, want.bytes);
		assert_int_equal(dig_write_full(fd, data, sizes[i]), 0);
		/* The hint may be right, too small, or too large. */
		for (int hint = -1; hint <= 1; hint++) {
			OK(dig_hash_file(fd, profile,
			    hint < 0    ? 0
			    : hint == 0 ? sizes[i]
					: sizes[i] * 2,
			    &got, &nread, &err));
			assert_int_equal(nread, sizes[i]);
			assert_true(dig_oid_eq(&got, &want));
		}
		close(fd);
		free(data);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_forged_names, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_forged_link, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_link_then_folder, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_parent_swapped, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_changed_meanwhile, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fold, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_hash_file, setup, teardown),
	};

	print_message("seed %#x\n", SEED);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
