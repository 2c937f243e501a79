/* SPDX-License-Identifier: MIT
 *
 * Wildcards and ignore rules: tables of cases, then random rules and trees
 * whose answers are git's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <unistd.h>

#include <cmocka.h>

#include "objects/base/buf.h"
#include "objects/base/io.h"
#include "staging/ignore.h"

static uint64_t rng_state;

static unsigned
rnd(unsigned n)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return (unsigned)(rng_state >> 20) % n;
}

static void
seed(uint64_t fallback)
{
	const char *given = getenv("DIG_TEST_SEED");

	rng_state = given ? strtoull(given, NULL, 10) : fallback;
	print_message("seed %llu\n", (unsigned long long)rng_state);
}

static void
glob_table(void **state)
{
	enum { P = DIG_GLOB_PATHNAME, I = DIG_GLOB_ICASE };
	static const struct {
		const char *pattern;
		const char *text;
		unsigned flags;
		bool matches;
	} cases[] = {
		{ "", "", 0, true },
		{ "", "a", 0, false },
		{ "*", "", 0, true },
		{ "*", "a/b", 0, true },
		{ "*", "a/b", P, false },
		{ "a?c", "a/c", 0, true },
		{ "a?c", "a/c", P, false },
		{ "a[!b]c", "a/c", P, false },
		{ "**/c", "c", P, true },
		{ "**/c", "a/b/c", P, true },
		{ "**/c", "a/bc", P, false },
		{ "a/**/b", "a/b", P, true },
		{ "a/**/b", "a/x/y/b", P, true },
		{ "a/**/b", "a/xb", P, false },
		{ "a/**/*b/c", "a/x/y/bb/c", P, true },
		{ "a/**", "a/x/y", P, true },
		{ "a/**", "a", P, false },
		{ "**/[x]*", "x/a/xb", P, true },
		{ "a**b", "axxb", P, true },
		{ "a**b", "a/b", P, false },
		{ "**/a/**/b/*c", "x/a/b/a/y/b/xc", P, true },
		{ "**/a/*b/**/c", "a/xb/a/yb/z/c", P, true },
		{ "*/*/b", "a/a/b", P, true },
		{ "*a*b", "xaayb", P, true },
		{ "\\*", "*", 0, true },
		{ "\\*", "a", 0, false },
		{ "a\\", "a\\", 0, false },
		{ "[]a]", "]", 0, true },
		{ "[!]a]", "]", 0, false },
		{ "[^]a]", "b", 0, true },
		{ "[a-c]", "b", 0, true },
		{ "[a-]", "-", 0, true },
		{ "[a\\-c]", "b", 0, false },
		{ "[[:digit:]x]", "7", 0, true },
		{ "[[:digit:]x]", "x", 0, true },
		{ "[![:upper:]]", "A", 0, false },
		{ "[[:upper:]]", "a", I, true },
		{ "[[:nope:]]", "n", 0, false },
		{ "[[:alpha]", ":", 0, true },
		{ "[abc", "a", 0, false },
		{ "[\xc3]", "\xc3", 0, true },
		{ "?", "\xff", 0, true },
		{ "MaKe*", "mAkefile", I, true },
		{ "[A-C]x", "bX", I, true },
		{ "MaKe*", "makefile", 0, false },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (dig_glob_match(cases[i].pattern, strlen(cases[i].pattern),
			cases[i].text, strlen(cases[i].text),
			cases[i].flags) != cases[i].matches)
			fail_msg("'%s' against '%s' (%u): not %d",
			    cases[i].pattern, cases[i].text, cases[i].flags,
			    cases[i].matches);
}

/* Patterns that take a matcher with free backtracking years. */
static void
glob_is_bounded(void **state)
{
	static const char *const units[] = { "*a", "**/a*", "**/", "*a/",
		"**/*a/", "[ab]*" };
	static char text[4000];
	struct dig_buf pattern = DIG_BUF_INIT;
	int64_t start = dig_now_ns();

	(void)state;
	for (size_t u = 0; u < sizeof(units) / sizeof(units[0]); u++) {
		for (unsigned every = 2; every < 2000; every *= 30) {
			dig_buf_reset(&pattern);
			for (int i = 0; i < 600; i++)
				dig_buf_puts(&pattern, units[u]);
			dig_buf_putc(&pattern, 'X');
			for (size_t i = 0; i < sizeof(text); i++)
				text[i] = i % every == every - 1 ? '/' : 'a';
			for (unsigned flags = 0; flags < 2; flags++)
				assert_false(dig_glob_match(
				    (char *)pattern.data, pattern.len, text,
				    sizeof(text), flags));
		}
	}
	dig_buf_clear(&pattern);
	assert_true(dig_now_ns() - start < INT64_C(5000000000));
}

static void
rules_table(void **state)
{
	static const struct {
		const char *rules;
		const char *path;
		bool is_dir;
		enum dig_ignore_verdict verdict;
		size_t line;
	} cases[] = {
		{ "*.o\n!keep.o\n", "a/b.o", false, DIG_IGNORE_YES, 1 },
		{ "*.o\n!keep.o\n", "a/keep.o", false, DIG_IGNORE_NO, 2 },
		{ "# c\n\nname", "x/name", false, DIG_IGNORE_YES, 3 },
		{ "\xef\xbb\xbfname", "name", false, DIG_IGNORE_YES, 1 },
		{ "name\r\n", "name", false, DIG_IGNORE_YES, 1 },
		{ "name  \n", "name", false, DIG_IGNORE_YES, 1 },
		{ "name\\ \n", "name ", false, DIG_IGNORE_YES, 1 },
		{ "name\t\n", "name", false, DIG_IGNORE_NONE, 0 },
		{ "/name", "x/name", false, DIG_IGNORE_NONE, 0 },
		{ "/name", "name", false, DIG_IGNORE_YES, 1 },
		{ "a/b", "x/a/b", false, DIG_IGNORE_NONE, 0 },
		{ "name/", "name", false, DIG_IGNORE_NONE, 0 },
		{ "name/", "x/name", true, DIG_IGNORE_YES, 1 },
		{ "\\#x", "#x", false, DIG_IGNORE_YES, 1 },
		{ "\\!x", "!x", false, DIG_IGNORE_YES, 1 },
		{ "!", "!", false, DIG_IGNORE_NONE, 0 },
		{ "/", "x", true, DIG_IGNORE_NONE, 0 },
		{ "\r\n \n", " ", false, DIG_IGNORE_NONE, 0 },
		{ "*", "x", false, DIG_IGNORE_YES, 1 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dig_ignore_match match = { NULL, NULL, 0 };
		struct dig_ignore *list = dig_ignore_new(
		    NULL, "rules", 0, cases[i].rules, strlen(cases[i].rules));
		enum dig_ignore_verdict is =
		    dig_ignore_check(list, cases[i].path, strlen(cases[i].path),
			cases[i].is_dir, &match);

		if (is != cases[i].verdict || match.line != cases[i].line)
			fail_msg("case %zu '%s': %d, line %zu", i,
			    cases[i].rules, is, match.line);
		dig_ignore_free(list);
	}
}

static void
write_file(int dirfd, const char *name, const void *data, size_t len)
{
	int fd = dig_open_at(
	    dirfd, name, DIG_OPEN_WRITE | DIG_OPEN_CREATE | DIG_OPEN_TRUNC);

	assert_true(fd >= 0);
	assert_int_equal(dig_write_full(fd, data, len), 0);
	dig_close(fd);
}

static int
make_root(char *path)
{
	int fd;

	strcpy(path, "/tmp/dig-ignore-XXXXXX");
	assert_non_null(mkdtemp(path));
	fd = dig_open_at(AT_FDCWD, path, DIG_OPEN_DIRECTORY);
	assert_true(fd >= 0);
	return fd;
}

static void
loads_folders(void **state)
{
	char path[64];
	int root = make_root(path);
	struct dig_ignore *base = dig_ignore_new(NULL, "base", 0, "z", 1);
	struct dig_ignore_lookup *lookup;
	struct dig_ignore *chain;
	struct dig_ignore_match match;
	struct dig_error warn;
	char *big = dig_calloc(1, DIG_IGNORE_FILE_MAX + 1);

	(void)state;
	write_file(root, ".gitignore", "*.a\nsub2/\n", 10);
	write_file(root, ".digignore", "!k.a\n", 5);
	assert_int_equal(dig_mkdir_at(root, "sub", 0755), 0);
	assert_int_equal(dig_mkdir_at(root, "sub2", 0755), 0);
	write_file(root, "sub/.gitignore", "/q\n", 3);
	write_file(root, "sub2/.gitignore", "!x\n", 3);

	lookup = dig_ignore_lookup_new(root, base);
	assert_int_equal(
	    dig_ignore_lookup_check(lookup, "sub/d/x.a", 9, false, &match),
	    DIG_IGNORE_YES);
	assert_string_equal(match.source, ".gitignore");
	assert_int_equal(
	    dig_ignore_lookup_check(lookup, "sub/d/k.a", 9, false, &match),
	    DIG_IGNORE_NO);
	assert_string_equal(match.source, ".digignore");
	assert_string_equal(match.pattern, "!k.a");
	assert_int_equal(
	    dig_ignore_lookup_check(lookup, "sub/q", 5, false, &match),
	    DIG_IGNORE_YES);
	assert_string_equal(match.source, "sub/.gitignore");
	assert_int_equal(
	    dig_ignore_lookup_check(lookup, "sub2/x", 6, false, &match),
	    DIG_IGNORE_YES);
	assert_string_equal(match.pattern, "sub2/");
	assert_int_equal(
	    dig_ignore_lookup_check(lookup, "sub/d/q", 7, false, &match),
	    DIG_IGNORE_NONE);
	assert_int_equal(
	    dig_ignore_lookup_check(lookup, "no/z", 4, false, &match),
	    DIG_IGNORE_YES);
	assert_string_equal(match.source, "base");
	dig_ignore_lookup_free(lookup);

	/* A link is not followed, a huge file is refused; the rest counts. */
	dig_unlink_at(root, ".gitignore");
	assert_int_equal(
	    dig_symlink_at("sub/.gitignore", root, ".gitignore"), 0);
	chain = dig_ignore_load(root, base, "", 0, &warn);
	assert_int_equal(warn.status, DIG_EFILE);
	assert_int_equal(
	    dig_ignore_check(chain, "q", 1, false, NULL), DIG_IGNORE_NONE);
	assert_int_equal(
	    dig_ignore_check(chain, "k.a", 3, false, NULL), DIG_IGNORE_NO);
	dig_ignore_free(chain);
	dig_unlink_at(root, ".gitignore");
	write_file(root, ".gitignore", big, DIG_IGNORE_FILE_MAX + 1);
	chain = dig_ignore_load(root, base, "", 0, &warn);
	assert_int_equal(warn.status, DIG_EINVALID);
	dig_ignore_free(chain);
	free(big);
	dig_ignore_free(base);
	dig_close(root);
	assert_int_equal(dig_remove_tree(AT_FDCWD, path), 0);
}

/* A name of few letters, so that rules and names meet often. */
static void
random_name(struct dig_buf *out)
{
	static const char letters[] = "aab.[!# -\\^]*b";

	do {
		dig_buf_reset(out);
		for (unsigned n = 1 + rnd(4); n > 0; n--)
			dig_buf_putc(
			    out, (uint8_t)letters[rnd(rnd(2) ? 4 : 14)]);
	} while (out->data[0] == '.' &&
		 (out->len == 1 || (out->len == 2 && out->data[1] == '.')));
}

static void
random_rules(struct dig_buf *out)
{
	static const char *const parts[] = { "a", "b", "ab", ".", "*", "*",
		"**", "/", "/", "**/", "/**", "?", "[a-b]", "[^b]", "[!a]",
		"[[:alpha:]]", "[[:punct:]]", "[]a]", "[[:space:]b]", "[a",
		"[[:x:]]", "\\", "\\a", "\\*", "\\ ", " ", "#", "!", "***",
		"[/]", "[,-/]", "-", "\\/", "\t", "[\\]]", "*.b", "[b-a]",
		"[[:", "]", "\r" };

	dig_buf_reset(out);
	for (unsigned n = rnd(8); n > 0; n--) {
		if (rnd(4) == 0)
			dig_buf_putc(out, '!');
		if (rnd(5) == 0)
			dig_buf_putc(out, '/');
		for (unsigned k = 1 + rnd(5); k > 0; k--)
			dig_buf_puts(out, parts[rnd(rnd(2) ? 14 : 40)]);
		if (rnd(4) == 0)
			dig_buf_putc(out, '/');
		if (rnd(8) == 0)
			dig_buf_putc(out, ' ');
		if (n > 1 || rnd(2))
			dig_buf_putc(out, '\n');
	}
}

#define NPATHS 60

struct tree {
	char *paths[NPATHS];
	bool is_dir[NPATHS];
};

static void
make_tree(int root, struct tree *tree)
{
	struct dig_buf name = DIG_BUF_INIT;
	struct dig_buf path = DIG_BUF_INIT;
	struct dig_buf rules = DIG_BUF_INIT;
	struct dig_stat sb;

	for (size_t i = 0; i < NPATHS; i++) {
		size_t up = i > 0 ? rnd((unsigned)i) : 0;

		dig_buf_reset(&path);
		if (i > 0 && rnd(5) && tree->is_dir[up])
			dig_buf_printf(&path, "%s/", tree->paths[up]);
		random_name(&name);
		dig_buf_put(&path, name.data, name.len);
		tree->paths[i] = dig_strdup((char *)path.data);
		if (dig_stat_at(root, tree->paths[i], &sb) == 0) {
			tree->is_dir[i] = sb.type == DIG_FT_DIR;
			continue;
		}
		tree->is_dir[i] = rnd(2) != 0;
		if (!tree->is_dir[i]) {
			write_file(root, tree->paths[i], "", 0);
			continue;
		}
		assert_int_equal(dig_mkdir_at(root, tree->paths[i], 0755), 0);
		if (rnd(4) == 0) {
			random_rules(&rules);
			dig_buf_puts(&path, "/.gitignore");
			write_file(
			    root, (char *)path.data, rules.data, rules.len);
		}
	}
	random_rules(&rules);
	write_file(root, ".gitignore", rules.data, rules.len);
	dig_buf_clear(&name);
	dig_buf_clear(&path);
	dig_buf_clear(&rules);
}

static char *
next_field(char **at)
{
	char *field = *at;

	*at += strlen(field) + 1;
	return field;
}

static void
compare(int root, const struct tree *tree, struct dig_ignore *base, char *at)
{
	struct dig_ignore_lookup *lookup = dig_ignore_lookup_new(root, base);

	for (size_t i = 0; i < NPATHS; i++) {
		struct dig_ignore_match match = { "", "", 0 };
		const char *path = tree->paths[i];
		const char *source = next_field(&at);
		const char *line = next_field(&at);
		const char *pattern = next_field(&at);

		assert_string_equal(next_field(&at), path);
		dig_ignore_lookup_check(
		    lookup, path, strlen(path), tree->is_dir[i], &match);
		if (strcmp(source, match.source) != 0 ||
		    strtoul(line, NULL, 10) != match.line)
			fail_msg("'%s' (%s): git %s:%s:%s, here %s:%zu:%s",
			    path, tree->is_dir[i] ? "folder" : "file", source,
			    line, pattern, match.source, match.line,
			    match.pattern);
	}
	dig_ignore_lookup_free(lookup);
}

static void
answers_as_git(void **state)
{
	char dir[64];
	char cmd[400];
	struct dig_buf rules = DIG_BUF_INIT;
	struct dig_buf text = DIG_BUF_INIT;
	struct dig_error err = DIG_ERROR_INIT;

	(void)state;
	if (system("git --version >/dev/null 2>&1") != 0) {
		print_message("no git to compare with\n");
		skip();
	}
	seed(20250401);
	for (unsigned round = 0; round < 200; round++) {
		int root = make_root(dir);
		struct dig_ignore *low;
		struct dig_ignore *base;
		struct tree tree;

		snprintf(cmd, sizeof(cmd),
		    "cd %s && git init -q --template= . && mkdir .git/info",
		    dir);
		assert_int_equal(system(cmd), 0);
		make_tree(root, &tree);
		random_rules(&rules);
		write_file(root, ".git/low", rules.data, rules.len);
		low =
		    dig_ignore_new(NULL, ".git/low", 0, rules.data, rules.len);
		random_rules(&rules);
		write_file(root, ".git/info/exclude", rules.data, rules.len);
		base = dig_ignore_new(
		    low, ".git/info/exclude", 0, rules.data, rules.len);
		dig_buf_reset(&text);
		for (size_t i = 0; i < NPATHS; i++)
			dig_buf_put(
			    &text, tree.paths[i], strlen(tree.paths[i]) + 1);
		write_file(root, ".git/in", text.data, text.len);
		snprintf(cmd, sizeof(cmd),
		    "cd %s && GIT_CONFIG_NOSYSTEM=1 HOME=/nowhere git "
		    "-c core.excludesFile=.git/low check-ignore --no-index "
		    "--stdin -v -n -z <.git/in >.git/out || test $? = 1",
		    dir);
		assert_int_equal(system(cmd), 0);
		assert_int_equal(dig_read_file(root, ".git/out", 1 << 20, &text,
				     DIG_EFILE, &err),
		    DIG_OK);
		compare(root, &tree, base, (char *)text.data);
		for (size_t i = 0; i < NPATHS; i++)
			free(tree.paths[i]);
		dig_ignore_free(low);
		dig_ignore_free(base);
		dig_close(root);
		assert_int_equal(dig_remove_tree(AT_FDCWD, dir), 0);
	}
	dig_buf_clear(&rules);
	dig_buf_clear(&text);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(glob_table),
		cmocka_unit_test(glob_is_bounded),
		cmocka_unit_test(rules_table),
		cmocka_unit_test(loads_folders),
		cmocka_unit_test(answers_as_git),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
