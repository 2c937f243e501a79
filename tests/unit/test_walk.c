/* SPDX-License-Identifier: MIT
 *
 * The walk against a naive one: random trees, thread counts, odd files.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "objects/base/buf.h"
#include "objects/base/path.h"
#include "staging/walk.h"

static const unsigned THREADS[] = { 1, 2, 8 };
#define NTHREADS (sizeof(THREADS) / sizeof(THREADS[0]))

static uint64_t rng_state;

static unsigned
rnd(unsigned n)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return (unsigned)(rng_state >> 20) % n;
}

struct root {
	char path[64];
	int fd;
};

static struct root
make_root(void)
{
	struct root root;

	strcpy(root.path, "/tmp/dig-walk-XXXXXX");
	assert_non_null(mkdtemp(root.path));
	root.fd = dig_open_at(AT_FDCWD, root.path, DIG_OPEN_DIRECTORY);
	assert_true(root.fd >= 0);
	return root;
}

static void
drop_root(struct root *root)
{
	dig_close(root->fd);
	assert_int_equal(dig_remove_tree(AT_FDCWD, root->path), 0);
}

static void
put(const struct root *root, const char *name, const char *text)
{
	int fd = dig_open_at(
	    root->fd, name, DIG_OPEN_WRITE | DIG_OPEN_CREATE | DIG_OPEN_TRUNC);

	assert_true(fd >= 0);
	assert_int_equal(dig_write_full(fd, text, strlen(text)), 0);
	dig_close(fd);
}

static void
make_dir(const struct root *root, const char *name)
{
	assert_int_equal(dig_mkdir_at(root->fd, name, 0755), 0);
}

/* One line for each entry: what, size, path. */
static void
walk_lines(const struct root *root, const struct dig_walk_options *options,
    struct dig_buf *out)
{
	const struct dig_walk_entry *entry;
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_walk *walk = NULL;

	dig_buf_reset(out);
	assert_int_equal(dig_walk_open(root->fd, options, &walk, &err), DIG_OK);
	for (;;) {
		assert_int_equal(dig_walk_next(walk, &entry, &err), DIG_OK);
		if (entry == NULL)
			break;
		assert_int_equal(strlen(entry->path), entry->len);
		dig_buf_printf(out, "%c%llu ", "fliRsnre"[entry->what],
		    (unsigned long long)entry -> stat.size_bytes);
		dig_buf_put(out, entry->path, entry->len);
		dig_buf_putc(out, '\n');
	}
	dig_walk_close(walk);
	dig_buf_putc(out, '\0');
}

/* The same lines for any number of threads. */
static void
expect(
    const struct root *root, struct dig_walk_options options, const char *lines)
{
	struct dig_buf got = DIG_BUF_INIT;

	for (size_t i = 0; i < NTHREADS; i++) {
		options.nthreads = THREADS[i];
		walk_lines(root, &options, &got);
		assert_string_equal((char *)got.data, lines);
	}
	dig_buf_clear(&got);
}

struct found {
	char *key; /* the path; a folder has a slash at the end */
	unsigned long long size;
	char what;
};

struct list {
	struct found *items;
	size_t n;
	size_t cap;
};

static int
by_key(const void *a, const void *b)
{
	return strcmp(
	    ((const struct found *)a)->key, ((const struct found *)b)->key);
}

static void
naive(const struct root *root, const char *dir, struct list *list)
{
	/* Not on the stack: the tree is deep. */
	const size_t size = 4400;
	char *path = malloc(size);
	char *full = malloc(size);
	struct dirent *item;
	DIR *stream;

	snprintf(full, size, "%s/%s", root->path, dir);
	stream = opendir(full);
	assert_non_null(stream);
	while ((item = readdir(stream)) != NULL) {
		struct dig_stat sb;
		struct found found;

		if (strcmp(item->d_name, ".") == 0 ||
		    strcmp(item->d_name, "..") == 0)
			continue;
		snprintf(path, size, "%s%s", dir, item->d_name);
		assert_int_equal(dig_stat_at(root->fd, path, &sb), 0);
		if (sb.type == DIG_FT_DIR &&
		    dig_path_check(item->d_name, strlen(item->d_name)) ==
			NULL) {
			strcat(path, "/");
			naive(root, path, list);
			continue;
		}
		found.what =
		    dig_path_check(item->d_name, strlen(item->d_name)) != NULL
			? 'n'
		    : sb.type == DIG_FT_SYMLINK ? 'l'
						: 'f';
		found.size = found.what == 'n' ? 0 : sb.size_bytes;
		found.key = dig_strdup(path);
		DIG_GROW(list->items, list->cap, list->n + 1);
		list->items[list->n++] = found;
	}
	closedir(stream);
	free(path);
	free(full);
}

static void
naive_lines(const struct root *root, struct dig_buf *out)
{
	struct list list = { NULL, 0, 0 };

	naive(root, "", &list);
	if (list.n > 0)
		qsort(list.items, list.n, sizeof(*list.items), by_key);
	dig_buf_reset(out);
	for (size_t i = 0; i < list.n; i++) {
		dig_buf_printf(out, "%c%llu %s\n", list.items[i].what,
		    list.items[i].size, list.items[i].key);
		free(list.items[i].key);
	}
	dig_buf_putc(out, '\0');
	free(list.items);
}

static void
random_trees(void **state)
{
	const char *given = getenv("DIG_TEST_SEED");
	struct dig_walk_options options = DIG_WALK_OPTIONS_INIT;
	struct dig_buf lines = DIG_BUF_INIT;

	(void)state;
	rng_state = given ? strtoull(given, NULL, 10) : 77;
	print_message("seed %llu\n", (unsigned long long)rng_state);
	for (int round = 0; round < 15; round++) {
		struct root root = make_root();
		char dirs[64][256] = { "" };
		unsigned ndirs = 1;

		for (int i = 0; i < 300; i++) {
			char path[400];
			char *at = path;

			at += sprintf(at, "%s", dirs[rnd(ndirs)]);
			for (unsigned k = 1 + rnd(3); k > 0; k--)
				*at++ = rnd(6) ? "ab-./0~"[rnd(4)]
					       : (char)(1 + rnd(255));
			*at = '\0';
			for (char *p = path; *p != '\0'; p++)
				if (*p == '/' && p[1] == '\0')
					*p = 'x';
			if (rnd(4) == 0 && ndirs < 64 &&
			    dig_mkdir_at(root.fd, path, 0755) == 0) {
				if (strlen(path) < 200)
					sprintf(dirs[ndirs++], "%s/", path);
			} else if (rnd(8) == 0) {
				dig_symlink_at("..", root.fd, path);
			} else {
				int fd = dig_open_at(root.fd, path,
				    DIG_OPEN_WRITE | DIG_OPEN_CREATE);

				if (fd >= 0 && rnd(2))
					assert_int_equal(
					    dig_truncate(fd, rnd(9999)), 0);
				if (fd >= 0)
					dig_close(fd);
			}
		}
		naive_lines(&root, &lines);
		expect(&root, options, (char *)lines.data);
		drop_root(&root);
	}
	dig_buf_clear(&lines);
}

/* Every byte in a name; order where '/' has neighbours on both sides. */
static void
every_byte(void **state)
{
	struct dig_walk_options options = DIG_WALK_OPTIONS_INIT;
	struct dig_buf lines = DIG_BUF_INIT;
	struct root root = make_root();
	char name[16];

	(void)state;
	make_dir(&root, "a");
	put(&root, "a/f", "");
	for (int c = 1; c < 256; c++) {
		if (c == '/')
			continue;
		sprintf(name, "a%c", c);
		put(&root, name, "x");
		sprintf(name, "%cq", c);
		put(&root, name, "");
	}
	naive_lines(&root, &lines);
	expect(&root, options, (char *)lines.data);
	dig_buf_clear(&lines);
	drop_root(&root);
}

static void
odd_files(void **state)
{
	struct dig_walk_options options = DIG_WALK_OPTIONS_INIT;
	struct root root = make_root();

	(void)state;
	make_dir(&root, ".dig");
	put(&root, ".dig/format", "x");
	make_dir(&root, ".git");
	put(&root, ".git/config", "x");
	make_dir(&root, "sub");
	make_dir(&root, "sub/.git");
	make_dir(&root, "sub/.hg");
	put(&root, "sub/.svn", "x");
	put(&root, "sub/f", "abc");
	make_dir(&root, "other");
	make_dir(&root, "other/.dig");
	put(&root, "other/f", "abc");
	put(&root, "other.f", "");
	make_dir(&root, ".GIT");
	put(&root, ".GIT/config", "x");
	assert_int_equal(mkfifoat(root.fd, "fifo", 0600), 0);
	assert_int_equal(dig_symlink_at(".", root.fd, "loop"), 0);
	assert_int_equal(dig_symlink_at("sub", root.fd, "to-sub"), 0);
	assert_int_equal(dig_symlink_at("nowhere", root.fd, "dead"), 0);
	make_dir(&root, "empty");
	expect(&root, options,
	    "n0 .GIT\nl7 dead\ns0 fifo\nl1 loop\nf0 other.f\nR0 other\n"
	    "f3 sub/f\nl3 to-sub\n");
	drop_root(&root);
}

static void
rules_and_pathspec(void **state)
{
	static const char *const args[] = { "sub", "*.log", ":!sub/deep" };
	struct dig_walk_options options = DIG_WALK_OPTIONS_INIT;
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_pathspec *spec = NULL;
	struct root root = make_root();

	(void)state;
	put(&root, ".gitignore", "*.o\nbuild/\n");
	put(&root, "a.o", "");
	put(&root, "b.c", "");
	put(&root, "x.log", "");
	make_dir(&root, "build");
	put(&root, "build/f", "");
	make_dir(&root, "sub");
	put(&root, "sub/.digignore", "!keep.o\n");
	put(&root, "sub/keep.o", "");
	put(&root, "sub/lose.o", "");
	make_dir(&root, "sub/deep");
	put(&root, "sub/deep/f", "");
	expect(&root, options,
	    "f11 .gitignore\nf0 a.o\nf0 b.c\nf0 build/f\nf8 sub/.digignore\n"
	    "f0 sub/deep/f\nf0 sub/keep.o\nf0 sub/lose.o\nf0 x.log\n");
	options.ignore = dig_ignore_new(NULL, "none", 0, "", 0);
	expect(&root, options,
	    "f11 .gitignore\nf0 b.c\nf8 sub/.digignore\n"
	    "f0 sub/deep/f\nf0 sub/keep.o\nf0 x.log\n");
	options.report_ignored = true;
	expect(&root, options,
	    "f11 .gitignore\ni0 a.o\nf0 b.c\ni0 build\nf8 sub/.digignore\n"
	    "f0 sub/deep/f\nf0 sub/keep.o\ni0 sub/lose.o\nf0 x.log\n");
	assert_int_equal(
	    dig_pathspec_new(args, 3, "", NULL, &spec, &err), DIG_OK);
	options.pathspec = spec;
	options.report_ignored = false;
	expect(&root, options, "f8 sub/.digignore\nf0 sub/keep.o\nf0 x.log\n");
	options.stat_needed = false;
	expect(&root, options, "f0 sub/.digignore\nf0 sub/keep.o\nf0 x.log\n");
	options.stat_needed = true;
	options.pathspec = NULL;

	/* Rules that are a link are said and left out. */
	dig_unlink_at(root.fd, "sub/.digignore");
	assert_int_equal(
	    dig_symlink_at("../.gitignore", root.fd, "sub/.digignore"), 0);
	expect(&root, options,
	    "f11 .gitignore\nf0 b.c\nr0 sub\nl13 sub/.digignore\n"
	    "f0 sub/deep/f\nf0 x.log\n");
	dig_pathspec_free(spec);
	dig_ignore_free(options.ignore);
	drop_root(&root);
}

/* Many slices, many folders, and few descriptors to do it with. */
static void
wide_and_deep(void **state)
{
	struct dig_walk_options options = DIG_WALK_OPTIONS_INIT;
	struct dig_buf lines = DIG_BUF_INIT;
	struct root root = make_root();
	struct rlimit limit;
	struct rlimit few;
	char name[4096];

	(void)state;
	for (int i = 0; i < 4000; i++) {
		sprintf(name, "%d", (i * 7919) % 100003);
		if (i % 5)
			put(&root, name, "x");
		else
			make_dir(&root, name);
		if (i % 10 == 0) {
			strcat(name, "/f");
			put(&root, name, "");
		}
	}
	*name = '\0';
	for (int i = 0; i < 900; i++) {
		strcat(name, i ? "/dd" : "d");
		make_dir(&root, name);
	}
	strcat(name, "/f");
	put(&root, name, "deep");
	naive_lines(&root, &lines);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	few = limit;
	few.rlim_cur = 24;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	expect(&root, options, (char *)lines.data);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	dig_buf_clear(&lines);
	drop_root(&root);
}

/* A folder that goes away while the walk is on, and a close halfway. */
static void
changes_meanwhile(void **state)
{
	struct dig_walk_options options = DIG_WALK_OPTIONS_INIT;
	const struct dig_walk_entry *entry = NULL;
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_walk *walk = NULL;
	struct root root = make_root();

	(void)state;
	put(&root, "a", "");
	make_dir(&root, "b");
	put(&root, "b/f", "");
	put(&root, "c", "");
	options.nthreads = 1;
	assert_int_equal(dig_walk_open(root.fd, &options, &walk, &err), DIG_OK);
	assert_int_equal(dig_walk_next(walk, &entry, &err), DIG_OK);
	assert_string_equal(entry->path, "a");
	assert_int_equal(dig_remove_tree(root.fd, "b"), 0);
	assert_int_equal(dig_symlink_at("/etc", root.fd, "b"), 0);
	assert_int_equal(dig_walk_next(walk, &entry, &err), DIG_OK);
	assert_string_equal(entry->path, "b");
	assert_int_equal(entry->what, DIG_WALK_ERROR);
	assert_int_not_equal(entry->os_errno, 0);
	dig_walk_close(walk);
	if (geteuid() != 0) {
		make_dir(&root, "locked");
		assert_int_equal(fchmodat(root.fd, "locked", 0, 0), 0);
		expect(&root, options, "f0 a\nl4 b\nf0 c\ne0 locked\n");
		assert_int_equal(fchmodat(root.fd, "locked", 0700, 0), 0);
	}
	for (size_t i = 0; i < NTHREADS; i++) {
		options.nthreads = THREADS[i];
		assert_int_equal(
		    dig_walk_open(root.fd, &options, &walk, &err), DIG_OK);
		assert_int_equal(dig_walk_next(walk, &entry, &err), DIG_OK);
		dig_walk_close(walk);
	}
	drop_root(&root);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_trees),
		cmocka_unit_test(every_byte),
		cmocka_unit_test(odd_files),
		cmocka_unit_test(rules_and_pathspec),
		cmocka_unit_test(wide_and_deep),
		cmocka_unit_test(changes_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
