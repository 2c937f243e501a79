/* SPDX-License-Identifier: MIT
 *
 * Parts of the bridge to git: paths of streams, edits against a plain list,
 * marks, ids of git that git itself has computed, pointers of git-lfs, and sets
 * of paths against plain ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

#include "merkle/git_hash.h"
#include "objects/base/io.h"
#include "repo/bridge/edits.h"
#include "repo/bridge/git_tree.h"
#include "repo/bridge/lfs.h"
#include "repo/bridge/marks.h"
#include "repo/bridge/path_set.h"
#include "repo/bridge/stream.h"
#include "tests/unit/node_memory.h"

/* ---- Paths ------------------------------------------------------------ */

static void
path_is(const char *text, bool more, const char *want, const char *rest)
{
	struct dig_buf out = DIG_BUF_INIT;
	bool good = dig_stream_path(&text, more, &out);

	assert_int_equal(good, want != NULL);
	if (good) {
		assert_int_equal(out.len, strlen(want));
		assert_memory_equal(out.data, want, out.len);
		assert_string_equal(text, rest);
	}
	dig_buf_clear(&out);
}

static void
test_paths(void **state)
{
	(void)state;
	path_is("a b", false, "a b", "");
	path_is("a b", true, "a", " b");
	path_is("\"a b\" c", true, "a b", " c");
	path_is("\"\\303\\251\\t\\\"\\\\\"", false, "\303\251\t\"\\", "");
	path_is("", false, "", "");
	path_is("\"\" x", true, "", " x");
	path_is("\"open", false, NULL, "");
	path_is("\"end\\", false, NULL, "");
	path_is("\"\\400\"", false, NULL, "");
	path_is("\"\\08\"", false, NULL, "");
	path_is("\"\\q\"", false, NULL, "");
	path_is("\"a\"b", false, NULL, "");
	path_is("\"a\"", true, NULL, "");
}

/* ---- Edits ------------------------------------------------------------ */

#define NAMES 400

/* What the edits should give: paths in no order. */
struct plain {
	char paths[NAMES][64];
	uint64_t sizes[NAMES];
	size_t count;
};

static bool
is_in(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	return len == 0 || (strncmp(path, folder, len) == 0 &&
			       (path[len] == '/' || path[len] == '\0'));
}

static void
plain_remove(struct plain *plain, const char *path)
{
	size_t kept = 0;

	for (size_t i = 0; i < plain->count; i++) {
		if (is_in(plain->paths[i], path))
			continue;
		memmove(plain->paths[kept], plain->paths[i], 64);
		plain->sizes[kept++] = plain->sizes[i];
	}
	plain->count = kept;
}

static void
plain_put(struct plain *plain, const char *path, uint64_t size)
{
	size_t kept = 0;

	plain_remove(plain, path);
	for (size_t i = 0; i < plain->count; i++) {
		if (is_in(path, plain->paths[i]))
			continue; /* a file where a folder has to be */
		memmove(plain->paths[kept], plain->paths[i], 64);
		plain->sizes[kept++] = plain->sizes[i];
	}
	assert_true(kept < NAMES);
	snprintf(plain->paths[kept], 64, "%s", path);
	plain->sizes[kept] = size;
	plain->count = kept + 1;
}

static enum dig_status
no_bad_names(void *arg, const void *path, size_t len, const char *reason,
    struct dig_error *err)
{
	(void)arg;
	(void)path;
	(void)len;
	return dig_raise(err, DIG_EINVALID, "%s", reason);
}

static struct dig_entry
entry_of(const char *path, uint64_t size)
{
	struct dig_entry entry = { .kind = DIG_ENTRY_FILE,
		.form = DIG_FORM_CHUNK };

	entry.path = (const uint8_t *)path;
	entry.path_len = strlen(path);
	entry.size_bytes = size;
	dig_set_be64(entry.stored.bytes, size);
	return entry;
}

/* The tree has these paths and no other, and is one that may be stored. */
static void
same_as_plain(struct memory *memory, const struct dig_oid *root,
    const struct plain *plain)
{
	struct dig_tree_totals totals;
	struct dig_entry entry;
	struct dig_error err;

	assert_int_equal(dig_tree_check(&memory->io, root, NULL, &err), DIG_OK);
	assert_int_equal(
	    dig_tree_totals(&memory->io, root, &totals, &err), DIG_OK);
	assert_int_equal(totals.files, plain->count);
	for (size_t i = 0; i < plain->count; i++) {
		const char *path = plain->paths[i];

		assert_int_equal(dig_tree_find(&memory->io, root, path,
				     strlen(path), &entry, &err),
		    DIG_OK);
		assert_int_equal(entry.size_bytes, plain->sizes[i]);
	}
}

static void
random_path(unsigned *seed, char out[64])
{
	static const char *const parts[] = { "a", "b", "a.b", "c-", "d" };
	unsigned depth;

	out[0] = '\0';
	*seed = *seed * 1103515245u + 12345;
	depth = 1 + (*seed >> 16) % 3;
	for (unsigned i = 0; i < depth; i++) {
		*seed = *seed * 1103515245u + 12345;
		snprintf(out + strlen(out), 64 - strlen(out), "%s%s",
		    i ? "/" : "", parts[(*seed >> 16) % 5]);
	}
}

/* One commit of random commands, over the tree of the one before. */
static void
one_commit(struct dig_edits *edits, struct plain *plain, unsigned *seed)
{
	struct dig_error err;
	char path[64];

	for (int i = 0; i < 12; i++) {
		struct dig_entry entry, found;
		bool there;

		random_path(seed, path);
		*seed = *seed * 1103515245u + 12345;
		entry = entry_of(path, 1 + *seed % 1000);
		if (*seed >> 28 < 11) {
			plain_put(plain, path, entry.size_bytes);
			assert_int_equal(
			    dig_edits_put(edits, &entry, &err), DIG_OK);
			continue;
		}
		/* A removed file in whose place is a folder has a rule of its
		 * own. */
		assert_int_equal(dig_edits_find(edits, path, strlen(path),
				     &found, &there, &err),
		    DIG_OK);
		if (!there)
			continue;
		plain_remove(plain, path);
		assert_int_equal(
		    dig_edits_remove(edits, path, strlen(path), &err), DIG_OK);
	}
}

static void
test_edits(void **state)
{
	static struct plain plain;
	struct dig_edits *edits;
	struct memory memory;
	struct dig_error err;
	struct dig_oid root;
	unsigned seed = 7;

	(void)state;
	memory_init(&memory);
	edits = dig_edits_new(&memory.io, no_bad_names, NULL);
	dig_tree_empty(&root);
	for (int i = 0; i < 300; i++) {
		dig_edits_begin(edits, &root);
		one_commit(edits, &plain, &seed);
		assert_int_equal(dig_edits_apply(edits, &root, &err), DIG_OK);
		same_as_plain(&memory, &root, &plain);
	}
	dig_edits_free(edits);
	memory_clear(&memory);
}

static void
put(struct dig_edits *edits, struct plain *plain, const char *path,
    uint64_t size)
{
	struct dig_entry entry = entry_of(path, size);
	struct dig_error err;

	assert_int_equal(dig_edits_put(edits, &entry, &err), DIG_OK);
	plain_put(plain, path, size);
}

static void
copy(struct dig_edits *edits, const char *from, const char *to, bool move,
    enum dig_status want)
{
	struct dig_error err;

	assert_int_equal(dig_edits_copy(edits, from, strlen(from), to,
			     strlen(to), move, &err),
	    want);
}

static void
test_copies(void **state)
{
	static struct plain plain;
	struct dig_edits *edits;
	struct memory memory;
	struct dig_error err;
	struct dig_oid root;

	(void)state;
	memory_init(&memory);
	edits = dig_edits_new(&memory.io, no_bad_names, NULL);
	put(edits, &plain, "a/x", 1);
	put(edits, &plain, "a/y/z", 2);
	put(edits, &plain, "ab", 3);
	assert_int_equal(dig_edits_apply(edits, &root, &err), DIG_OK);
	dig_edits_begin(edits, &root);
	put(edits, &plain, "a/new", 4);
	copy(edits, "a", "b", false, DIG_OK); /* of the tree and of edits */
	plain_put(&plain, "b/x", 1);
	plain_put(&plain, "b/y/z", 2);
	plain_put(&plain, "b/new", 4);
	copy(edits, "a/y", "a", true, DIG_OK); /* over what holds it */
	plain_remove(&plain, "a");
	plain_put(&plain, "a/z", 2);
	copy(edits, "", "all", false, DIG_OK);
	for (size_t i = 0, n = plain.count; i < n; i++) {
		char path[80];

		snprintf(path, sizeof(path), "all/%s", plain.paths[i]);
		plain_put(&plain, path, plain.sizes[i]);
	}
	copy(edits, "none", "x", false, DIG_ENOTFOUND);
	copy(edits, "ab", ".git/x", false, DIG_EINVALID);
	assert_int_equal(dig_edits_apply(edits, &root, &err), DIG_OK);
	same_as_plain(&memory, &root, &plain);
	/* The root in place of all: only the folder is left. */
	dig_edits_begin(edits, &root);
	copy(edits, "b", "", true, DIG_OK);
	memset(&plain, 0, sizeof(plain));
	plain_put(&plain, "x", 1);
	plain_put(&plain, "y/z", 2);
	plain_put(&plain, "new", 4);
	assert_int_equal(dig_edits_apply(edits, &root, &err), DIG_OK);
	same_as_plain(&memory, &root, &plain);
	dig_edits_free(edits);
	memory_clear(&memory);
}

/* ---- Marks ------------------------------------------------------------ */

static void
test_marks(void **state)
{
	static const uint64_t odd[] = { 1, 15, 16, UINT64_MAX, UINT64_MAX - 16,
		(uint64_t)1 << 40 };
	struct dig_marks *marks;
	struct dig_mark mark;
	struct dig_error err;
	char folder[] = "/tmp/dig-marks.XXXXXX";
	int fd;

	(void)state;
	assert_non_null(mkdtemp(folder));
	fd = dig_open_at(AT_FDCWD, folder, DIG_OPEN_DIRECTORY);
	assert_int_equal(dig_marks_new(fd, &marks, &err), DIG_OK);
	for (uint64_t i = 0; i < 5000; i++) {
		mark =
		    (struct dig_mark){ .kind = DIG_MARK_BLOB, .size_bytes = i };
		assert_int_equal(
		    dig_marks_put(marks, i * i, &mark, &err), DIG_OK);
	}
	for (size_t i = 0; i < 6; i++) {
		mark = (struct dig_mark){ .kind = DIG_MARK_COMMIT,
			.size_bytes = i };
		assert_int_equal(
		    dig_marks_put(marks, odd[i], &mark, &err), DIG_OK);
	}
	for (uint64_t i = 5; i < 5000; i++) {
		assert_int_equal(
		    dig_marks_get(marks, i * i, &mark, &err), DIG_OK);
		assert_int_equal(mark.size_bytes, i);
		assert_int_equal(
		    dig_marks_get(marks, i * i + 1, &mark, &err), DIG_OK);
		assert_int_equal(mark.kind, DIG_MARK_NONE);
	}
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(
		    dig_marks_get(marks, odd[i], &mark, &err), DIG_OK);
		assert_int_equal(mark.kind, DIG_MARK_COMMIT);
		assert_int_equal(mark.size_bytes, i);
	}
	dig_marks_free(marks);
	dig_close(fd);
	assert_int_equal(dig_remove_tree(AT_FDCWD, folder), 0);
}

/* ---- Ids of git ------------------------------------------------------- */

static void
hex_is(const uint8_t *id, const char *want)
{
	char hex[41];

	for (size_t i = 0; i < 20; i++)
		snprintf(hex + 2 * i, 3, "%02x", id[i]);
	assert_string_equal(hex, want);
}

#define TREE_ID "0d4f1108ae58275ff5989532ad1afbd3ff0517bc"

/* From `git hash-object` and `git mktree` over the empty blob. */
static void
test_git_ids(void **state)
{
	struct dig_git_tree *tree = dig_git_tree_new(20);
	struct dig_git_hash hash;
	uint8_t blob[32], id[32];

	(void)state;
	dig_git_hash_init(&hash, 20, "blob", 0);
	dig_git_hash_end(&hash, blob);
	hex_is(blob, "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
	dig_git_tree_id(tree, id);
	hex_is(id, "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
	dig_git_tree_put(tree, "a", 1, 0100644, blob);
	dig_git_tree_id(tree, id);
	hex_is(id, "496d6428b9cf92981dc9495211e6e1120fb6f2ba");
	/* A folder sorts as if a slash stood behind it: a-b, a.b, a/. */
	dig_git_tree_remove(tree, "a", 1);
	dig_git_tree_put(tree, "a/x", 3, 0100644, blob);
	dig_git_tree_put(tree, "a.b", 3, 0100644, blob);
	dig_git_tree_put(tree, "a-b", 3, 0100755, blob);
	dig_git_tree_put(tree, "a0", 2, 0120000, blob);
	dig_git_tree_id(tree, id);
	hex_is(id, TREE_ID);
	/* And back again, by another way. */
	dig_git_tree_put(tree, "a/y/z", 5, 0100644, blob);
	dig_git_tree_id(tree, id);
	dig_git_tree_remove(tree, "a/y/z", 5);
	dig_git_tree_remove(tree, "not there", 9);
	dig_git_tree_id(tree, id);
	hex_is(id, TREE_ID);
	dig_git_tree_free(tree);
}

/* ---- git-lfs ---------------------------------------------------------- */

#define LFS_HEAD "version https://git-lfs.github.com/spec/v1\noid sha256:"
#define LFS_OID                                                                \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void
test_pointers(void **state)
{
	static const char good[] = LFS_HEAD LFS_OID "\nsize 12345\n";
	static const char *const bad[] = { "", LFS_HEAD, LFS_HEAD LFS_OID,
		LFS_HEAD LFS_OID "\nsize \n", LFS_HEAD LFS_OID "\nsize 0\n",
		LFS_HEAD LFS_OID "\nsize 012\n", LFS_HEAD LFS_OID "\nsize 12",
		LFS_HEAD LFS_OID "\nsize 12\n\n",
		LFS_HEAD LFS_OID "\nsize -1\n",
		LFS_HEAD LFS_OID "\nsize 99999999999999999999\n",
		LFS_HEAD LFS_OID "\nname x\nsize 12\n",
		LFS_HEAD "0123456789ABCDEF0123456789abcdef0123456789abcdef0123"
			 "456789abcdef\nsize 12\n" };
	struct dig_lfs_pointer pointer;
	struct dig_buf text = DIG_BUF_INIT;
	char copy[sizeof(good)];

	(void)state;
	assert_true(dig_lfs_parse(good, sizeof(good) - 1, &pointer));
	assert_int_equal(pointer.size_bytes, 12345);
	dig_lfs_format(&pointer, &text);
	assert_int_equal(text.len, sizeof(good) - 1);
	assert_memory_equal(text.data, good, text.len);
	dig_buf_clear(&text);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(dig_lfs_parse(bad[i], strlen(bad[i]), &pointer));
	for (size_t len = 0; len < sizeof(good) - 1; len++)
		assert_false(dig_lfs_parse(good, len, &pointer));
	/* What is taken for a pointer is written back as it was. */
	for (size_t at = 0; at < (sizeof(good) - 1) * 8; at++) {
		memcpy(copy, good, sizeof(copy));
		copy[at / 8] = (char)(copy[at / 8] ^ 1 << at % 8);
		if (!dig_lfs_parse(copy, sizeof(copy) - 1, &pointer))
			continue;
		dig_lfs_format(&pointer, &text);
		assert_int_equal(text.len, sizeof(copy) - 1);
		assert_memory_equal(text.data, copy, text.len);
		dig_buf_clear(&text);
	}
}

static void
test_lfs_header(void **state)
{
	static const char header[] = "+b\0-a\0+a\0-c/d\0+";
	struct dig_lfs_item *items;
	size_t count;

	(void)state;
	items = dig_lfs_items(header, sizeof(header) - 1, &count);
	assert_int_equal(count, 3);
	assert_true(items[0].pointer && items[0].len == 1);
	assert_ptr_equal(dig_lfs_find(items, count, "b", 1), &items[1]);
	assert_false(dig_lfs_find(items, count, "c/d", 3)->pointer);
	assert_null(dig_lfs_find(items, count, "c", 1));
	free(items);
	items = dig_lfs_items("a", 1, &count);
	assert_int_equal(count, 0);
	free(items);
	items = dig_lfs_items(header, 2, &count); /* no NUL */
	assert_int_equal(count, 0);
	free(items);
}

/* ---- Sets of paths ---------------------------------------------------- */

#define SETS 200
#define PATHS 40

static enum dig_status
count_difference(void *arg, const void *path, size_t len, struct dig_error *err)
{
	unsigned char *seen = arg;
	char name[16];

	(void)err;
	assert_true(len < sizeof(name));
	memcpy(name, path, len);
	name[len] = '\0';
	seen[atoi(name + 1)]++;
	return DIG_OK;
}

/* Each set is one before with a path more or less; all stay what they were. */
static void
test_path_sets(void **state)
{
	struct dig_path_sets *sets = dig_path_sets_new();
	const struct dig_path_set *at[SETS] = { NULL };
	static bool has[SETS][PATHS];
	struct dig_error err;
	char name[16];

	(void)state;
	srand(7);
	for (int i = 1; i < SETS; i++) {
		int from = rand() % i, path = rand() % PATHS;

		memcpy(has[i], has[from], sizeof(has[i]));
		has[i][path] = rand() % 3 > 0;
		snprintf(name, sizeof(name), "p%d", path);
		at[i] = has[i][path] ? dig_path_set_add(
					   sets, at[from], name, strlen(name))
				     : dig_path_set_remove(
					   sets, at[from], name, strlen(name));
	}
	for (int i = 0; i < SETS; i++) {
		unsigned char seen[PATHS] = { 0 };
		int other = rand() % SETS;

		assert_int_equal(dig_path_set_diff(sets, at[i], at[other],
				     count_difference, seen, &err),
		    DIG_OK);
		for (int path = 0; path < PATHS; path++) {
			snprintf(name, sizeof(name), "p%d", path);
			assert_int_equal(
			    dig_path_set_has(at[i], name, strlen(name)),
			    has[i][path]);
			assert_int_equal(
			    seen[path], has[i][path] != has[other][path]);
		}
	}
	dig_path_sets_free(sets);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_edits),
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_git_ids),
		cmocka_unit_test(test_pointers),
		cmocka_unit_test(test_lfs_header),
		cmocka_unit_test(test_path_sets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
