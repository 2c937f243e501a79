/* SPDX-License-Identifier: MIT
 *
 * Pathspecs: magic, prefixes, matching and pruning, by table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "staging/pathspec.h"

#define ARGS 3

static struct dig_pathspec *
make(const char *const *args, const char *prefix)
{
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_pathspec *spec = NULL;
	size_t n = 0;

	while (n < ARGS && args[n] != NULL)
		n++;
	assert_int_equal(
	    dig_pathspec_new(args, n, prefix, "/work/tree", &spec, &err),
	    DIG_OK);
	return spec;
}

/* Paths that end in '/' are folders. */
static void
matches(void **state)
{
	static const struct {
		const char *args[ARGS];
		const char *prefix;
		const char *path;
		bool is;
	} cases[] = {
		{ { NULL }, "", "any/thing", true },
		{ { "." }, "", "any/thing", true },
		{ { "." }, "a", "a/x", true },
		{ { "." }, "a", "ab", false },
		{ { ":" }, "a", "a/x", true },
		{ { "a" }, "", "a", true },
		{ { "a" }, "", "a/b/c", true },
		{ { "a" }, "", "ab", false },
		{ { "a/" }, "", "a", false },
		{ { "a/" }, "", "a/", true },
		{ { "a/" }, "", "a/x", true },
		{ { "./b//c/../d" }, "a", "a/b/d", true },
		{ { "../x" }, "a/b", "a/x", true },
		{ { ".." }, "a/b", "a/q/r", true },
		{ { "../.." }, "a/b", "z", true },
		{ { "*.c" }, "", "a/b/x.c", true },
		{ { "*.c" }, "d", "d/b/x.c", true },
		{ { "*.c" }, "d", "x.c", false },
		{ { "d*" }, "", "d1/x", true },
		{ { "?/[xy]" }, "", "a/x", true },
		{ { "a\\*" }, "", "a*", true },
		{ { "a\\*" }, "", "ab", false },
		{ { "a*" }, "", "a*/x", true },
		{ { "*" }, "p[1]", "p[1]/x", true },
		{ { "*" }, "p[1]", "p1/x", false },
		{ { ":(glob)*.c" }, "", "x.c", true },
		{ { ":(glob)*.c" }, "", "a/x.c", false },
		{ { ":(glob)**/x.c" }, "", "x.c", true },
		{ { ":(glob)a/**" }, "", "a/b/c", true },
		{ { ":(literal)*.c" }, "", "x.c", false },
		{ { ":(literal)*.c" }, "", "*.c", true },
		{ { ":(icase)README" }, "", "readme", true },
		{ { ":(icase)READ*" }, "", "docs/readme", false },
		{ { ":(icase)*E.txt" }, "", "docs/me.TXT", true },
		{ { ":(icase)X" }, "dir", "dir/x", true },
		{ { ":(icase)X" }, "dir", "DIR/x", false },
		{ { ":/x" }, "a/b", "x", true },
		{ { ":/" }, "a/b", "x", true },
		{ { ":(top)x" }, "a/b", "a/b/x", false },
		{ { ":(top,icase)X*" }, "a", "x1", true },
		{ { "a", ":!a/b" }, "", "a/c", true },
		{ { "a", ":!a/b" }, "", "a/b/c", false },
		{ { "a", ":^*.o" }, "", "a/x.o", false },
		{ { ":(exclude)b" }, "", "a", true },
		{ { ":(exclude)b" }, "", "b/a", false },
		{ { ":/!:b" }, "q", "b", false },
		{ { ":!b" }, "q", "b", true },
		{ { "/work/tree/a" }, "q", "a/x", true },
		{ { "/work/tree" }, "q", "x", true },
		{ { "%" }, "", "x", false },
		{ { "'); DROP" }, "", "'); DROP", true },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dig_pathspec *spec =
		    make(cases[i].args, cases[i].prefix);
		const char *path = cases[i].path;
		size_t len = strlen(path);
		bool is_dir = path[len - 1] == '/';

		if (dig_pathspec_match(spec, path, len - is_dir, is_dir) !=
		    cases[i].is)
			fail_msg("case %zu: '%s' from '%s' on '%s'", i,
			    cases[i].args[0] ? cases[i].args[0] : "",
			    cases[i].prefix, path);
		dig_pathspec_free(spec);
	}
}

static void
refuses(void **state)
{
	static const char *const bad[] = { "", "..", "../../x", "a/../../b",
		"/etc/passwd", "/work/treex", ":(nope)x", ":(top", ":(top,",
		":(literal,glob)x", ":(attr:x)y", ":%x", ":/..",
		"/work/tree/.." };
	struct dig_error err = DIG_ERROR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct dig_pathspec *spec = NULL;

		if (dig_pathspec_new(&bad[i], 1, i == 2 ? "a" : "",
			"/work/tree", &spec, &err) != DIG_EINVALID)
			fail_msg("'%s' accepted", bad[i]);
		assert_null(spec);
	}
	assert_non_null(strstr(err.msg, "is outside the work tree"));
}

static void
prunes(void **state)
{
	static const struct {
		const char *args[ARGS];
		const char *dir;
		bool may;
		const char *common;
	} cases[] = {
		{ { "a/b/c" }, "a", true, "a/b/c" },
		{ { "a/b/c" }, "a/b", true, "a/b/c" },
		{ { "a/b/c" }, "a/b/c", true, "a/b/c" },
		{ { "a/b/c" }, "a/b/c/d", true, "a/b/c" },
		{ { "a/b/c" }, "a/x", false, "a/b/c" },
		{ { "a/b/c" }, "ab", false, "a/b/c" },
		{ { "abc" }, "ab", false, "abc" },
		{ { "ab/" }, "ab", true, "ab" },
		{ { "ab/" }, "abc", false, "ab" },
		{ { "ab/" }, "ab/x/y", true, "ab" },
		{ { "a*" }, "abc/d", true, "" },
		{ { "a*" }, "b", false, "" },
		{ { "x/a*" }, "x", true, "x" },
		{ { "x/a*" }, "x/b", false, "x" },
		{ { "." }, "z", true, "" },
		{ { ":(icase)AB" }, "ab/c", true, "" },
		{ { "a", ":!a/b" }, "a", true, "a" },
		{ { "a", ":!a/b" }, "a/b", false, "a" },
		{ { "a", ":!a/b" }, "a/b/c", false, "a" },
		{ { "a/b/x", "a/bc" }, "a/bc", true, "a" },
		{ { "a/b", "a/b/c" }, "a/b", true, "a/b" },
		{ { "a/b/x", "a/b/y", "q" }, "q", true, "" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dig_pathspec *spec = make(cases[i].args, "");
		const char *common;

		if (dig_pathspec_may_match_below(spec, cases[i].dir,
			strlen(cases[i].dir)) != cases[i].may)
			fail_msg("case %zu: '%s' below '%s'", i,
			    cases[i].args[0], cases[i].dir);
		assert_true(dig_pathspec_may_match_below(spec, "", 0));
		assert_int_equal(dig_pathspec_common_dir(spec, &common),
		    strlen(cases[i].common));
		assert_string_equal(common, cases[i].common);
		dig_pathspec_free(spec);
	}
}

/* Whatever matches is reached: no folder on its way is pruned. */
static void
pruning_loses_nothing(void **state)
{
	static const char *const parts[] = { "a", "b", "*", "/", "?", "/",
		"[ab]", "**", "ab" };
	static const char *const magic[] = { "", "", ":(glob)", ":(icase)",
		":!", ":(literal)" };
	uint64_t x = 88172645463325252u;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		char args[2][64];
		const char *argv[ARGS] = { args[0], args[1], NULL };
		char path[16];
		struct dig_pathspec *spec;
		size_t len;

		for (int k = 0; k < 2; k++) {
			x ^= x << 13, x ^= x >> 7, x ^= x << 17;
			strcpy(args[k], magic[(x >> 8) % 6]);
			strcat(args[k], "a");
			for (unsigned i = 0; i < (x >> 16) % 5; i++)
				strcat(args[k], parts[(x >> (20 + 4 * i)) % 9]);
		}
		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		len = 1 + (x >> 8) % 8;
		for (size_t i = 0; i < len; i++)
			path[i] = "ab/A"[(x >> (12 + 2 * i)) % 4];
		spec = make(argv, "");
		if (path[0] != '/' && path[len - 1] != '/' &&
		    dig_pathspec_match(spec, path, len, false))
			for (size_t i = 1; i < len; i++)
				if (path[i] == '/' &&
				    !dig_pathspec_may_match_below(
					spec, path, i))
					fail_msg("'%s' '%s' on '%.*s'", args[0],
					    args[1], (int)len, path);
		dig_pathspec_free(spec);
	}
}

static void
marks(void **state)
{
	static const char *const args[ARGS] = { "a", "no*", ":!b" };
	struct dig_pathspec *spec = make(args, "");

	(void)state;
	assert_int_equal(dig_pathspec_count(spec), 3);
	assert_false(dig_pathspec_has_matched(spec, 0));
	assert_true(dig_pathspec_match(spec, "a/x", 3, false));
	assert_true(dig_pathspec_has_matched(spec, 0));
	assert_false(dig_pathspec_has_matched(spec, 1));
	assert_true(dig_pathspec_has_matched(spec, 2));
	assert_string_equal(dig_pathspec_arg(spec, 1), "no*");
	assert_string_equal(dig_pathspec_literal(spec, 0), "a");
	assert_null(dig_pathspec_literal(spec, 1));
	dig_pathspec_free(spec);
}

#define MANY 50000
#define SAMPLE 300

static uint64_t
next_random(uint64_t *x)
{
	*x ^= *x << 13, *x ^= *x >> 7, *x ^= *x << 17;
	return *x >> 8;
}

/* Names with bytes on both sides of '/', up to five deep. */
static void
random_path(uint64_t *x, char out[64])
{
	static const char *const names[] = { "a", "a!", "a.b", "a0", "b", "ab",
		"\xff", "c" };
	unsigned depth = 1 + (unsigned)(next_random(x) % 5);

	*out = '\0';
	for (unsigned i = 0; i < depth; i++) {
		uint64_t r = next_random(x);

		strcat(out, i > 0 ? "/" : "");
		strcat(out, names[r % 8]);
		if (r % 3 == 0)
			sprintf(
			    out + strlen(out), "%u", (unsigned)(r >> 9) % 40);
	}
}

static bool
is_or_holds(const char *dir, size_t dirlen, const char *path, size_t len)
{
	return dirlen <= len && memcmp(dir, path, dirlen) == 0 &&
	       (dirlen == len || path[dirlen] == '/');
}

/* A long list of names answers as a comparison with each of them does. */
static void
many(void **state)
{
	const char **argv = calloc(MANY, sizeof(*argv));
	char(*text)[64] = calloc(MANY, sizeof(*text));
	bool *seen = calloc(MANY, sizeof(*seen));
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_pathspec *spec = NULL;
	uint64_t x = 0x9e3779b97f4a7c15u;
	int yes = 0;

	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		/* The first level is left to the paths, so that some differ. */
		strcpy(text[i], i % 50 == 0 ? "" : "a0/");
		random_path(&x, text[i] + strlen(text[i]));
		if (strchr(text[i], '/') == NULL)
			strcat(text[i], "/only");
		if (next_random(&x) % 8 == 0)
			strcat(text[i], "/");
		argv[i] = text[i];
	}
	assert_int_equal(
	    dig_pathspec_new(argv, MANY, "", NULL, &spec, &err), DIG_OK);
	for (int k = 0; k < SAMPLE; k++) {
		bool is_dir = next_random(&x) % 2;
		bool match = false;
		bool below = false;
		char path[64];
		size_t len;

		strcpy(path, k % 2 ? "" : "a0/");
		random_path(&x, path + strlen(path));
		len = strlen(path);
		for (size_t i = 0; i < MANY; i++) {
			size_t n = strlen(argv[i]);
			bool slash = argv[i][n - 1] == '/';

			n -= slash;
			below |= is_or_holds(argv[i], n, path, len) ||
				 is_or_holds(path, len, argv[i], n);
			if (!is_or_holds(argv[i], n, path, len) ||
			    (n == len && slash && !is_dir))
				continue;
			seen[i] = match = true;
		}
		yes += match;
		if (dig_pathspec_match(spec, path, len, is_dir) != match)
			fail_msg(
			    "'%s' %s a folder", path, is_dir ? "is" : "is not");
		if (dig_pathspec_may_match_below(spec, path, len) != below)
			fail_msg("below '%s'", path);
	}
	for (size_t i = 0; i < MANY; i++)
		if (dig_pathspec_has_matched(spec, i) != seen[i])
			fail_msg("mark of %zu, '%s'", i, argv[i]);
	assert_in_range(yes, SAMPLE / 10, SAMPLE * 9 / 10);
	dig_pathspec_free(spec);
	free(seen);
	free(text);
	free(argv);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches),
		cmocka_unit_test(refuses),
		cmocka_unit_test(prunes),
		cmocka_unit_test(pruning_loses_nothing),
		cmocka_unit_test(marks),
		cmocka_unit_test(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
