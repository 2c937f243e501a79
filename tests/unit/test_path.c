/* SPDX-License-Identifier: MIT
 *
 * Names: the table of what is refused and why, many thousand generated
 * variants of the aliases against a second, naive reading of the rule, order,
 * UTF-8, quoting.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "objects/base/path.h"

#define SEED 0x5eed0002u
#define S(text) text, sizeof(text) - 1
#define ALIAS "names the repository itself"

static uint32_t
next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static void
expect(const char *path, size_t len, const char *why)
{
	/* exactly sized, so that a read past the end is caught */
	char *copy = malloc(len ? len : 1);
	const char *got;

	assert_non_null(copy);
	memcpy(copy, path, len);
	got = dig_path_check(copy, len);
	free(copy);
	if ((got == NULL) != (why == NULL) ||
	    (got != NULL && strcmp(got, why) != 0))
		fail_msg("'%.*s': got %s, want %s", (int)len, path,
		    got ? got : "(fit)", why ? why : "(fit)");
}

static void
test_table(void **state)
{
	static const struct {
		const char *path;
		size_t len;
		const char *why;
	} table[] = {
		{ S("a"), NULL },
		{ S("a/b/c"), NULL },
		{ S("-rf"), NULL },
		{ S("a\nb"), NULL },
		{ S("\xff\xfe\x80/\xc0"), NULL },
		{ S("..."), NULL },
		{ S("..a/a.."), NULL },
		{ S(" "), NULL },
		{ S("a\\b"), NULL },
		{ S("\\"), NULL },
		{ S(".digignore"), NULL },
		{ S(".gitignore"), NULL },
		{ S(".gitmodules"), NULL },
		{ S(".gitattributes"), NULL },
		{ S(".github/workflows/x.yml"), NULL },
		{ S("dig"), NULL },
		{ S("git"), NULL },
		{ S("DIG/GIT"), NULL },
		{ S("dig.c/git.c"), NULL },
		{ S(".digx"), NULL },
		{ S(".di"), NULL },
		{ S(".gi t"), NULL },
		{ S("x.git"), NULL },
		{ S("linux.git/HEAD"), NULL },
		{ S(" .git"), NULL },
		{ S("..git"), NULL },
		{ S("git~"), NULL },
		{ S("git~0"), NULL },
		{ S("git~10"), NULL },
		{ S("git~1x"), NULL },
		{ S("digi~1"), NULL },
		{ S("a:.git"), NULL },
		{ S(".git\xe2\x80\x90"), NULL },
		{ S("\xe2\x80"), NULL },
		{ S("\xe2\x80.git"), NULL },
		{ S("'; DROP TABLE refs; --"), NULL },

		{ S(""), "is empty" },
		{ S("/"), "starts with '/'" },
		{ S("/a"), "starts with '/'" },
		{ S("a/"), "ends with '/'" },
		{ S("a//b"), "has an empty component" },
		{ S("."), "has a '.' component" },
		{ S("a/./b"), "has a '.' component" },
		{ S(".."), "has a '..' component" },
		{ S("../a"), "has a '..' component" },
		{ S("a/.."), "has a '..' component" },
		{ S("a\0b"), "has a NUL byte" },
		{ S("\0"), "has a NUL byte" },
		{ S("a/b\0"), "has a NUL byte" },
		{ S(".dig"), ALIAS },
		{ S(".git/config"), ALIAS },
		{ S("a/.dig/index.db"), ALIAS },
		{ S("a/.DiG"), ALIAS },
		{ S("sub/.GIT/hooks/x"), ALIAS },
		{ S(".git."), ALIAS },
		{ S(".git "), ALIAS },
		{ S(".dig . . ."), ALIAS },
		{ S(".dig:stream"), ALIAS },
		{ S(".dig:"), ALIAS },
		{ S(".git::$INDEX_ALLOCATION"), ALIAS },
		{ S(".git .::$INDEX_ALLOCATION/config"), ALIAS },
		{ S("dig~1"), ALIAS },
		{ S("DIG~9"), ALIAS },
		{ S("Git~1/config"), ALIAS },
		{ S("git~2. "), ALIAS },
		{ S("git~1:x"), ALIAS },
		{ S("a\\.git\\config"), ALIAS },
		{ S(".git\\config"), ALIAS },
		{ S("\\.dig"), ALIAS },
		{ S("x\\git~1"), ALIAS },
		{ S("a/b\\c\\.DIG .\\d"), ALIAS },
		{ S(".g\xe2\x80\x8cit"), ALIAS },
		{ S("\xef\xbb\xbf.git"), ALIAS },
		{ S(".git\xe2\x81\xaf"), ALIAS },
		{ S(".git\xe2\x80\xaa.\xe2\x80\xae "), ALIAS },
		{ S("g\xe2\x80\x8fit~\xe2\x81\xaa"
		    "1"),
		    ALIAS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		expect(table[i].path, table[i].len, table[i].why);
}

static void
test_limits(void **state)
{
	char path[5000];

	(void)state;
	memset(path, 'n', sizeof(path));
	expect(path, 255, NULL);
	expect(path, 256, "has a component longer than 255 bytes");
	path[255] = '/';
	expect(path, 511, NULL);
	expect(path, 512, "has a component longer than 255 bytes");
	for (size_t i = 1; i < sizeof(path); i += 2) {
		path[i - 1] = 'a';
		path[i] = '/';
	}
	expect(path, 2 * 1024 - 1, NULL);
	expect(path, 2 * 1025 - 1, "has more than 1024 components");
	memset(path, 'n', sizeof(path));
	for (size_t i = 200; i < sizeof(path); i += 201)
		path[i] = '/';
	expect(path, 4095, NULL);
	expect(path, 4096, "is longer than 4095 bytes");
}

/* Every single byte but NUL and '/' is a name, and '.' is the one refused. */
static void
test_every_byte(void **state)
{
	(void)state;
	for (int byte = 1; byte < 256; byte++) {
		char name[3] = { 'x', (char)byte, 'x' };

		if (byte == '/')
			continue;
		expect(name, 3, NULL);
		expect(name + 1, 1, byte == '.' ? "has a '.' component" : NULL);
	}
}

/*
 * The naive reading of one component: take the ignored code points out, fold,
 * split at backslashes, drop from ':' on, strip dots and spaces, compare.
 */
static bool
naive_alias(const uint8_t *name, size_t len)
{
	uint8_t flat[256];
	size_t n = 0;

	for (size_t i = 0; i < len;) {
		uint32_t code = 0;

		if (i + 3 <= len && (name[i] & 0xf0) == 0xe0 &&
		    (name[i + 1] & 0xc0) == 0x80 &&
		    (name[i + 2] & 0xc0) == 0x80)
			code = (uint32_t)(name[i] & 15) << 12 |
			       (uint32_t)(name[i + 1] & 63) << 6 |
			       (name[i + 2] & 63);
		if ((code >= 0x200c && code <= 0x200f) ||
		    (code >= 0x202a && code <= 0x202e) ||
		    (code >= 0x206a && code <= 0x206f) || code == 0xfeff) {
			i += 3;
			continue;
		}
		flat[n] = name[i++];
		if (flat[n] >= 'A' && flat[n] <= 'Z')
			flat[n] += 32;
		n++;
	}
	flat[n++] = '\\';
	for (size_t from = 0, i = 0; i < n; i++) {
		size_t end;

		if (flat[i] != '\\')
			continue;
		for (end = from; end < i && flat[end] != ':';)
			end++;
		while (end > from &&
		       (flat[end - 1] == '.' || flat[end - 1] == ' '))
			end--;
		if (end - from == 4 && (memcmp(flat + from, ".dig", 4) == 0 ||
					   memcmp(flat + from, ".git", 4) == 0))
			return true;
		if (end - from == 5 &&
		    (memcmp(flat + from, "dig~", 4) == 0 ||
			memcmp(flat + from, "git~", 4) == 0) &&
		    flat[from + 4] >= '1' && flat[from + 4] <= '9')
			return true;
		from = i + 1;
	}
	return false;
}

static void
compare(const char *name, size_t len, unsigned *nrefused)
{
	char path[300];
	bool naive = naive_alias((const uint8_t *)name, len);
	const char *why = naive ? ALIAS : NULL;

	if (len == 1 && name[0] == '.')
		why = "has a '.' component";
	if (len == 2 && name[0] == '.' && name[1] == '.')
		why = "has a '..' component";
	expect(name, len, why);
	memcpy(path, "a/", 2);
	memcpy(path + 2, name, len);
	memcpy(path + 2 + len, "/b", 2);
	expect(path, len + 4, why);
	*nrefused += naive;
}

/* Each spelling of case, tail and front of each stem. */
static void
test_systematic(void **state)
{
	static const char *const stems[] = { ".dig", ".git", "dig~1", "git~7",
		"git~0", "dig", ".gti", "git~", "xgit" };
	static const char *const fronts[] = { "", "a\\", "\\", " ",
		"\xe2\x80\x8d", "\xef\xbb\xbf", "\xef\xbb", "x", ".", "a:" };
	static const char *const tails[] = { "", ".", " ", ". .", ":", ":s",
		"::$INDEX_ALLOCATION", " .:x", "\\", "\\x", "x", ".x", " x",
		"\xe2\x80\xaa", "\xe2\x81\xa9", ".\xe2\x81\xaa ", "~1", "1",
		"..\\.dig", "\xef\xbb\xbf:z", "\xe2\x80", "\xff" };
	unsigned nrefused = 0, ncases = 0;

	(void)state;
	for (size_t s = 0; s < sizeof(stems) / sizeof(stems[0]); s++)
		for (size_t f = 0; f < sizeof(fronts) / sizeof(fronts[0]); f++)
			for (size_t t = 0; t < sizeof(tails) / sizeof(tails[0]);
			     t++)
				for (unsigned upper = 0; upper < 16; upper++) {
					char name[64];
					size_t at = strlen(fronts[f]);
					int len = snprintf(name, sizeof(name),
					    "%s%s%s", fronts[f], stems[s],
					    tails[t]);

					for (size_t i = 0;
					     i < 4 && at + i < (size_t)len; i++)
						if (upper >> i & 1 &&
						    name[at + i] >= 'a' &&
						    name[at + i] <= 'z')
							name[at + i] -= 32;
					compare(name, (size_t)len, &nrefused);
					ncases++;
				}
	print_message("%u cases, %u refused\n", ncases, nrefused);
	assert_true(ncases >= 2000 && nrefused >= 2000);
}

/* Each of the 16 ignored code points, and its neighbours, at each place. */
static void
test_ignored_points(void **state)
{
	static const char *const stems[] = { ".dig", ".git", "git~1" };
	unsigned nrefused = 0;

	(void)state;
	for (unsigned code = 0x2000; code <= 0xffff; code++) {
		if (code == 0x2080)
			code = 0xfe80;
		for (size_t s = 0; s < 3; s++)
			for (size_t at = 0; at <= strlen(stems[s]); at++) {
				char name[16];
				size_t len = strlen(stems[s]);

				memcpy(name, stems[s], at);
				name[at] = (char)(0xe0 | code >> 12);
				name[at + 1] = (char)(0x80 | (code >> 6 & 63));
				name[at + 2] = (char)(0x80 | (code & 63));
				memcpy(name + at + 3, stems[s] + at, len - at);
				compare(name, len + 3, &nrefused);
			}
	}
	assert_int_equal(nrefused, 16 * (5 + 5 + 6));
}

/* Random strings of the pieces that matter. */
static void
test_random_mixture(void **state)
{
	static const char *const pieces[] = { ".", "d", "i", "g", "t", "D", "I",
		"G", "T", "~", "1", "9", "0", " ", ":", "\\", "x",
		"\xe2\x80\x8c", "\xe2\x80\xae", "\xe2\x81\xac", "\xef\xbb\xbf",
		"\xe2\x80", "\xe2", "\x80", ".dig", ".git", "dig~", "git~",
		".dig", ".git" };
	uint32_t rng = SEED;
	unsigned nrefused = 0;

	(void)state;
	print_message("seed 0x%x\n", SEED);
	for (int i = 0; i < 60000; i++) {
		unsigned count = 1 + next_random(&rng) % 7;
		char name[64];
		size_t len = 0;

		for (unsigned k = 0; k < count; k++) {
			const char *piece =
			    pieces[next_random(&rng) %
				   (sizeof(pieces) / sizeof(pieces[0]))];

			memcpy(name + len, piece, strlen(piece));
			len += strlen(piece);
		}
		compare(name, len, &nrefused);
	}
	print_message("%u refused\n", nrefused);
	assert_true(nrefused >= 2000);
}

static void
test_order(void **state)
{
	static const char *const sorted[] = { "", "a", "a\x01", "a b", "a-b",
		"a/b", "a/b/c", "a0", "aa", "b", "\x80", "\xff", "\xff\xff" };
	size_t n = sizeof(sorted) / sizeof(sorted[0]);

	(void)state;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++) {
			int got = dig_path_cmp(sorted[i], strlen(sorted[i]),
			    sorted[k], strlen(sorted[k]));

			assert_int_equal(
			    (got > 0) - (got < 0), (i > k) - (i < k));
		}
}

static void
test_under(void **state)
{
	static const struct {
		const char *path, *dir;
		bool under;
	} table[] = {
		{ "a/b", "", true },
		{ "", "", true },
		{ "a", "a", true },
		{ "a/b", "a", true },
		{ "a/b/c", "a/b", true },
		{ "ab", "a", false },
		{ "a-b", "a", false },
		{ "a", "a/b", false },
		{ "b/a", "a", false },
		{ "", "a", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_int_equal(
		    dig_path_is_under(table[i].path, strlen(table[i].path),
			table[i].dir, strlen(table[i].dir)),
		    table[i].under);
}

/* Every code point in its shortest form, and nothing that decodes else. */
static void
test_utf8(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} bad[] = {
		{ S("\x80") },
		{ S("\xbf") },
		{ S("\xc0\x80") },
		{ S("\xc1\xbf") },
		{ S("\xc2") },
		{ S("\xc2"
		    "a") },
		{ S("\xe0\x9f\xbf") },
		{ S("\xe1\x80") },
		{ S("\xed\xa0\x80") },
		{ S("\xed\xbf\xbf") },
		{ S("\xf0\x8f\xbf\xbf") },
		{ S("\xf0\x90\x80") },
		{ S("\xf4\x90\x80\x80") },
		{ S("\xf5\x80\x80\x80") },
		{ S("\xff") },
		{ S("ok\xfe") },
	};

	(void)state;
	for (uint32_t c = 0; c <= 0x10ffff; c++) {
		uint8_t text[4];
		size_t len;

		if (c < 0x80) {
			text[0] = (uint8_t)c;
			len = 1;
		} else if (c < 0x800) {
			text[0] = (uint8_t)(0xc0 | c >> 6);
			len = 2;
		} else if (c < 0x10000) {
			text[0] = (uint8_t)(0xe0 | c >> 12);
			len = 3;
		} else {
			text[0] = (uint8_t)(0xf0 | c >> 18);
			len = 4;
		}
		for (size_t i = 1; i < len; i++)
			text[i] =
			    (uint8_t)(0x80 | (c >> 6 * (len - 1 - i) & 63));
		if (dig_utf8_valid(text, len) == (c >= 0xd800 && c <= 0xdfff))
			fail_msg("U+%04X", c);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(dig_utf8_valid(bad[i].text, bad[i].len));
	assert_true(dig_utf8_valid("", 0));
}

static void
test_quote(void **state)
{
	static const struct {
		const char *path;
		size_t len;
		const char *plain, *utf8;
	} table[] = {
		{ S("a/b c"), "a/b c", "a/b c" },
		{ S(""), "", "" },
		{ S("a\"b"), "\"a\\\"b\"", "\"a\\\"b\"" },
		{ S("a\\b"), "\"a\\\\b\"", "\"a\\\\b\"" },
		{ S("\a\b\t\n\v\f\r"), "\"\\a\\b\\t\\n\\v\\f\\r\"",
		    "\"\\a\\b\\t\\n\\v\\f\\r\"" },
		{ S("\x01\x1f\x7f"), "\"\\001\\037\\177\"",
		    "\"\\001\\037\\177\"" },
		{ S("\033[2J1"), "\"\\033[2J1\"", "\"\\033[2J1\"" },
		{ S("\xc3\xa4"), "\"\\303\\244\"", "\xc3\xa4" },
		{ S("\xc3\xa4\n"), "\"\\303\\244\\n\"", "\"\xc3\xa4\\n\"" },
		{ S("\xc3\xa4\xff"), "\"\\303\\244\\377\"",
		    "\"\\303\\244\\377\"" },
		{ S("\xc2\x9b"
		    "2J"),
		    "\"\\302\\2332J\"", "\"\\302\\2332J\"" },
	};
	struct dig_buf out = DIG_BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		dig_buf_reset(&out);
		dig_buf_puts(&out, "> ");
		dig_path_quote(&out, table[i].path, table[i].len, false);
		assert_string_equal((char *)out.data + 2, table[i].plain);
		dig_buf_reset(&out);
		dig_path_quote(&out, table[i].path, table[i].len, true);
		dig_buf_putc(&out, '\0');
		assert_string_equal((char *)out.data, table[i].utf8);
	}
	dig_buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_systematic),
		cmocka_unit_test(test_ignored_points),
		cmocka_unit_test(test_random_mixture),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_under),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_quote),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
