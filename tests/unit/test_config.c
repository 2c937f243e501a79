/* SPDX-License-Identifier: MIT
 *
 * Settings: what parses and what does not, precedence and trust of the
 * scopes, types, and edits that change one key only.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "repo/config.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static enum dig_status
load(struct dig_config *cfg, enum dig_config_scope scope, const char *text)
{
	struct dig_error err = DIG_ERROR_INIT;

	return dig_config_load_bytes(cfg, scope, "f", text, strlen(text), &err);
}

static void
test_values(void **state)
{
	static const struct {
		const char *text;
		const char *want;
	} cases[] = {
		{ "[user]\nname = A B\n", "A B" },
		{ "[user]name=x", "x" },
		{ "[USER]\n\tNaMe=x\n", "x" },
		{ "\xef\xbb\xbf[user]\nname=x\n", "x" },
		{ "[user]\r\nname = x\r\n", "x" },
		{ "[user]\nname = \"x\r\"\n", "x\r" },
		{ "[user]\nname =  \" x \"  # c\n", " x " },
		{ "[user]\nname = a ; c\n", "a" },
		{ "[user] # c\nname = a # c\n", "a" },
		{ "[user]\nname = a\\\n b\n", "a b" },
		{ "[user]\nname = a\\\r\nb\r\n", "ab" },
		{ "[user]\nname = \"#;\" x\n", "#; x" },
		{ "[user]\nname = \\\"\\\\\\n\\t\\b\n", "\"\\\n\t\b" },
		{ "[user]\nname =\n", "" },
		{ "[user]\nname\n", "true" },
		{ "[user]\nname = a\tb\n", "a\tb" },
		{ "[user]\nname = 1\nname = 2\n", "2" },
		{ "[user]\nname = \"a\\\nb\"\n", "ab" },
		{ "[user]\nname = a \\\n", "a" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct dig_config *cfg = dig_config_new();
		struct dig_error err = DIG_ERROR_INIT;
		const char *got = NULL;

		assert_int_equal(
		    load(cfg, DIG_CONFIG_USER, cases[i].text), DIG_OK);
		assert_int_equal(
		    dig_config_get_string(cfg, "user.name", &got, NULL, &err),
		    DIG_OK);
		assert_string_equal(got, cases[i].want);
		dig_config_free(cfg);
	}
}

static void
test_malformed(void **state)
{
	static const char *const cases[] = { "name = x\n", "[user\nname=x\n",
		"[]\n", "[user \"x]\n", "[user x]\n", "[user]\nname = \"x\n",
		"[user]\nname = a\\q\n", "[user]\n=x\n", "[user]\nna me = x\n",
		"[user]\n1name = x\n", "[user]\nname = \"\n\"\n",
		"[user]\nname: x\n", "[user \"a\nb\"]\n", "[us\x01r]\n",
		"[user]\nname = x\\" };

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct dig_config *cfg = dig_config_new();

		assert_int_equal(
		    load(cfg, DIG_CONFIG_USER, cases[i]), DIG_EINVALID);
		assert_int_equal(dig_config_count(cfg), 0);
		dig_config_free(cfg);
	}
}

static void
test_malformed_names_line(void **state)
{
	static const char zero[] = "[user]\nname = a\0b\n";
	struct dig_config *cfg = dig_config_new();
	struct dig_error err = DIG_ERROR_INIT;

	(void)state;
	assert_int_equal(dig_config_load_bytes(cfg, DIG_CONFIG_USER, "my/file",
			     zero, sizeof(zero) - 1, &err),
	    DIG_EINVALID);
	assert_non_null(strstr(err.msg, "my/file:2: "));
	dig_config_free(cfg);
}

static void
test_scopes(void **state)
{
	struct dig_config *cfg = dig_config_new();
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_config_entry entry;
	const char *got = NULL;
	int64_t number = 0;

	(void)state;
	/* Read in another order than they count in. */
	assert_int_equal(load(cfg, DIG_CONFIG_REPO,
			     "[user]\nname=repo\n[core]\neditor=evil\n"
			     "pager=evil\n[safe]\ndirectory=/\n"),
	    DIG_OK);
	assert_int_equal(load(cfg, DIG_CONFIG_GIT,
			     "[user]\nname=git\nemail=g@x\n[core]\n"
			     "editor=vim\ncompression=9\n[alias]\nx=y\n"),
	    DIG_OK);
	assert_int_equal(
	    load(cfg, DIG_CONFIG_USER, "[user]\nname=user\n"), DIG_OK);

	assert_int_equal(
	    dig_config_get_string(cfg, "USER.name", &got, &entry, &err),
	    DIG_OK);
	assert_string_equal(got, "repo");
	assert_int_equal(entry.scope, DIG_CONFIG_REPO);
	assert_int_equal(entry.line, 2);
	assert_int_equal(
	    dig_config_get_string(cfg, "user.email", &got, NULL, &err), DIG_OK);
	assert_string_equal(got, "g@x");
	assert_int_equal(
	    dig_config_get_string(cfg, "core.editor", &got, NULL, &err),
	    DIG_ENOTFOUND);
	assert_int_equal(
	    dig_config_get_string(cfg, "core.pager", &got, NULL, &err),
	    DIG_ENOTFOUND);
	assert_int_equal(
	    dig_config_get_string(cfg, "safe.directory", &got, NULL, &err),
	    DIG_ENOTFOUND);
	assert_int_equal(
	    dig_config_get_int(cfg, "core.compression", &number, &entry, &err),
	    DIG_OK);
	assert_int_equal(number, 1);
	assert_int_equal(entry.scope, DIG_CONFIG_DEFAULT);
	/* Three of the repository's keys are told of, none of git's. */
	assert_int_equal(dig_config_warning_count(cfg), 3);

	assert_int_equal(
	    dig_config_set_flag(cfg, "core.compression", "3", &err), DIG_OK);
	assert_int_equal(
	    dig_config_get_int(cfg, "core.compression", &number, &entry, &err),
	    DIG_OK);
	assert_int_equal(number, 3);
	dig_config_free(cfg);
}

static void
test_environment(void **state)
{
	struct dig_config *cfg = dig_config_new();
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_config_entry entry;
	const char *got = NULL;

	(void)state;
	assert_int_equal(setenv("DIG_EDITOR", "ed", 1), 0);
	dig_config_load_environment(cfg);
	assert_int_equal(
	    load(cfg, DIG_CONFIG_USER, "[core]\neditor=vi\n"), DIG_OK);
	assert_int_equal(
	    dig_config_get_string(cfg, "core.editor", &got, &entry, &err),
	    DIG_OK);
	assert_string_equal(got, "ed");
	assert_string_equal(entry.file, "DIG_EDITOR");
	assert_int_equal(unsetenv("DIG_EDITOR"), 0);
	dig_config_free(cfg);
}

static void
test_types(void **state)
{
	static const struct {
		const char *key;
		const char *value;
		enum dig_status want;
	} cases[] = {
		{ "core.compression", "1", DIG_OK },
		{ "core.compression", "19", DIG_OK },
		{ "core.compression", "0", DIG_EINVALID },
		{ "core.compression", "20", DIG_EINVALID },
		{ "core.compression", "", DIG_EINVALID },
		{ "core.compression", "1x", DIG_EINVALID },
		{ "core.compression", "99999999999999999999", DIG_EINVALID },
		{ "core.busyTimeout", "8k", DIG_OK },
		{ "core.busyTimeout", "9g", DIG_EINVALID },
		{ "core.verifyWrites", "On", DIG_OK },
		{ "core.verifyWrites", "maybe", DIG_EINVALID },
		{ "color.ui", "always", DIG_OK },
		{ "color.ui", "alway", DIG_EINVALID },
		{ "color.ui", "", DIG_EINVALID },
		{ "core.storeId", "00", DIG_EINVALID },
		{ "no.such", "x", DIG_EINVALID },
		{ "nosection", "x", DIG_EINVALID },
		{ "core.", "x", DIG_EINVALID },
		{ ".name", "x", DIG_EINVALID },
		{ "co re.name", "x", DIG_EINVALID },
		{ "core.editor", "vi", DIG_EINVALID },
		{ "core.pager", "less", DIG_EINVALID },
		{ "safe.directory", "/", DIG_EINVALID },
		{ "remote.a.b.url", "x", DIG_OK },
		{ "remote.url", "x", DIG_EINVALID },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct dig_error err = DIG_ERROR_INIT;
		struct dig_buf out = DIG_BUF_INIT;

		print_message("%s=%s\n", cases[i].key, cases[i].value);
		assert_int_equal(dig_config_edit(DIG_CONFIG_REPO, "", 0,
				     cases[i].key, cases[i].value, &out, &err),
		    cases[i].want);
		dig_buf_clear(&out);
	}
}

static void
test_bad_value_names_place(void **state)
{
	struct dig_config *cfg = dig_config_new();
	struct dig_error err = DIG_ERROR_INIT;
	int64_t number = 7;

	(void)state;
	assert_int_equal(
	    load(cfg, DIG_CONFIG_REPO, "\n[core]\ncompression=x\n"), DIG_OK);
	assert_int_equal(
	    dig_config_get_int(cfg, "core.compression", &number, NULL, &err),
	    DIG_EINVALID);
	assert_non_null(strstr(err.msg, "f:3: "));
	assert_int_equal(number, 7);
	dig_config_free(cfg);
}

static void
test_edit_keeps_the_rest(void **state)
{
	static const struct {
		const char *before;
		const char *key;
		const char *value;
		const char *after;
	} cases[] = {
		{ "", "user.name", "x", "[user]\n\tname = x\n" },
		{ "# c", "user.name", "x", "# c\n[user]\n\tname = x\n" },
		{ "[user]", "user.name", "x", "[user]\n\tname = x\n" },
		{ "[user] # c\n", "user.name", "x",
		    "[user] # c\n\tname = x\n" },
		{ "[user] [core]\n", "user.name", "x",
		    "[user]\n\tname = x\n [core]\n" },
		{ "[user]\n  name=y ; c\n[core]\n", "user.name", "x",
		    "[user]\n  name= x ; c\n[core]\n" },
		{ "[user]\n\tname = y\n", "user.name", " x",
		    "[user]\n\tname = \" x\"\n" },
		{ "[user]\n\tname\n", "user.name", "x",
		    "[user]\n\tname = x\n" },
		{ "[user]\nname =   # c\n", "user.name", "x",
		    "[user]\nname = x   # c\n" },
		{ "[user]\n\temail = e\n\n[core]\n", "user.name", "x",
		    "[user]\n\temail = e\n\tname = x\n\n[core]\n" },
		{ "[user]\r\n\temail = e\r\n", "user.name", "x",
		    "[user]\r\n\temail = e\r\n\tname = x\r\n" },
		{ "[user]\nname = 1\nname = 2\n", "user.name", "x",
		    "[user]\nname = 1\nname = x\n" },
		{ "[user]\nemail = a \\\n", "user.name", "x",
		    "[user]\nemail = a \\\n\n\tname = x\n" },
		{ "[user]\nemail = a \\\n", "core.compression", "2",
		    "[user]\nemail = a \\\n\n[core]\n\tcompression = 2\n" },
		{ "[user]\n\tname = y # c\n# d\n", "user.name", NULL,
		    "[user]\n# d\n" },
		{ "[user] name = y\n# d\n", "user.name", NULL,
		    "[user]\n# d\n" },
		{ "[user]\nname=1\n[core]\n[user]\nname=2", "user.name", NULL,
		    "[user]\n[core]\n[user]\n" },
		{ "[a \"B\"]\nc = 1\n", "a.B.c", NULL, "[a \"B\"]\n" },
		{ "", "remote.a\"b\\.url", "x",
		    "[remote \"a\\\"b\\\\\"]\n\turl = x\n" },
		{ "[safe]\ndirectory = /a\n", "safe.directory", "/b",
		    "[safe]\ndirectory = /a\n\tdirectory = /b\n" },
		{ "[safe]\ndirectory = /a\n", "safe.directory", "/a",
		    "[safe]\ndirectory = /a\n" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct dig_error err = DIG_ERROR_INIT;
		struct dig_buf out = DIG_BUF_INIT;

		print_message("case %zu\n", i);
		assert_int_equal(dig_config_edit(DIG_CONFIG_USER,
				     cases[i].before, strlen(cases[i].before),
				     cases[i].key, cases[i].value, &out, &err),
		    DIG_OK);
		assert_string_equal((const char *)out.data, cases[i].after);
		dig_buf_clear(&out);
	}
}

static void
test_unset_missing(void **state)
{
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_buf out = DIG_BUF_INIT;

	(void)state;
	assert_int_equal(dig_config_edit(DIG_CONFIG_USER, "[a]\nb=1\n", 8,
			     "user.name", NULL, &out, &err),
	    DIG_ENOTFOUND);
	assert_int_equal(dig_config_edit(DIG_CONFIG_USER, "[a\n", 3,
			     "user.name", "x", &out, &err),
	    DIG_EINVALID);
	assert_null(out.data);
}

/* xorshift64*, Vigna 2016. */
static uint64_t
next_random(uint64_t *seed)
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return *seed * 2685821657736338717ULL;
}

static void
random_value(uint64_t *seed, char *out, size_t max)
{
	static const char nasty[] = "\r\n\t\b\v\f \"\\#;=[]a\x01\x7f\x80\xff";
	size_t len = next_random(seed) % max;

	for (size_t i = 0; i < len; i++) {
		uint64_t r = next_random(seed);

		out[i] = r % 4 == 0 ? (char)(1 + r / 4 % 255)
				    : nasty[r / 4 % (sizeof(nasty) - 1)];
	}
	out[len] = '\0';
}

/* Pieces from which a text is put together that parses. */
static void
random_text(uint64_t *seed, struct dig_buf *out)
{
	static const char *const pieces[] = { "[user]\n", "[core]\n",
		"[ui \"A.b\"] # c\n", "[user] [core]", "\n", "# c [user]\n",
		"; \"\n", "[core]\tcompression = 3 ; c\n", "[user]name\n",
		"[user]\nname = a \\\n  b\n", "[user]\r\nemail=x\r\n",
		"[core]\n  pager = \"less # x\" # y\n", "[user]\nname = q",
		"[init]\n\tdefaultBranch = \\\n\n", "[user]\nname =  # e\n" };
	size_t n = next_random(seed) % 6;

	dig_buf_reset(out);
	for (size_t i = 0; i < n; i++) {
		if (out->len != 0 && out->data[out->len - 1] == 'q')
			dig_buf_putc(out, '\n');
		dig_buf_puts(out, pieces[next_random(seed) % LEN(pieces)]);
	}
}

static const char *const edited_keys[] = { "user.name", "user.email",
	"core.excludesFile", "remote.A \"b\\.url", "core.pager" };

/* Every entry of `a` but those of `key` stands in `b`, in the same order. */
static void
assert_rest_equal(
    const struct dig_config *a, const struct dig_config *b, const char *key)
{
	size_t j = 0;

	for (size_t i = 0; i < dig_config_count(a); i++) {
		struct dig_config_entry x = dig_config_at(a, i), y;

		if (strcmp(x.key, key) == 0)
			continue;
		for (;; j++) {
			assert_true(j < dig_config_count(b));
			y = dig_config_at(b, j);
			if (strcmp(y.key, key) != 0)
				break;
		}
		j++;
		assert_string_equal(x.key, y.key);
		assert_string_equal(x.value, y.value);
	}
}

static void
test_round_trip(void **state)
{
	uint64_t seed = 0x9e3779b97f4a7c15ULL;
	const char *given = getenv("SEED");
	struct dig_buf text = DIG_BUF_INIT;
	struct dig_buf out = DIG_BUF_INIT;
	struct dig_buf again = DIG_BUF_INIT;
	char value[64];

	(void)state;
	if (given != NULL)
		seed = strtoull(given, NULL, 0);
	print_message("SEED=%llu\n", (unsigned long long)seed);
	for (int i = 0; i < 20000; i++) {
		const char *key =
		    edited_keys[next_random(&seed) % LEN(edited_keys)];
		struct dig_config *before = dig_config_new();
		struct dig_config *after = dig_config_new();
		struct dig_error err = DIG_ERROR_INIT;
		const char *got = NULL;

		random_text(&seed, &text);
		random_value(&seed, value, sizeof(value));
		assert_int_equal(dig_config_load_bytes(before, DIG_CONFIG_USER,
				     "f", text.data, text.len, &err),
		    DIG_OK);
		assert_int_equal(dig_config_edit(DIG_CONFIG_USER, text.data,
				     text.len, key, value, &out, &err),
		    DIG_OK);
		assert_int_equal(dig_config_load_bytes(after, DIG_CONFIG_USER,
				     "f", out.data, out.len, &err),
		    DIG_OK);
		assert_int_equal(
		    dig_config_get_string(after, key, &got, NULL, &err),
		    DIG_OK);
		assert_string_equal(got, value);
		assert_rest_equal(before, after, key);

		/* And out again. */
		assert_int_equal(dig_config_edit(DIG_CONFIG_USER, out.data,
				     out.len, key, NULL, &again, &err),
		    DIG_OK);
		dig_config_free(after);
		after = dig_config_new();
		assert_int_equal(dig_config_load_bytes(after, DIG_CONFIG_USER,
				     "f", again.data, again.len, &err),
		    DIG_OK);
		assert_rest_equal(before, after, key);
		assert_int_equal(
		    dig_config_get_string(after, key, &got, NULL, &err),
		    DIG_ENOTFOUND);
		dig_config_free(before);
		dig_config_free(after);
	}
	dig_buf_clear(&text);
	dig_buf_clear(&out);
	dig_buf_clear(&again);
}

/* Bytes without sense never crash the parser and never change on failure. */
static void
test_noise(void **state)
{
	static const char alphabet[] = "[]\"\\\n\r =#;.abcore user\0x";
	uint64_t seed = 42;
	char text[48];

	(void)state;
	for (int i = 0; i < 50000; i++) {
		struct dig_config *cfg = dig_config_new();
		struct dig_error err = DIG_ERROR_INIT;
		struct dig_buf out = DIG_BUF_INIT;
		size_t len = next_random(&seed) % sizeof(text);
		enum dig_status st, edited;

		for (size_t k = 0; k < len; k++)
			text[k] = alphabet[next_random(&seed) %
					   (sizeof(alphabet) - 1)];
		st = dig_config_load_bytes(
		    cfg, DIG_CONFIG_REPO, "f", text, len, &err);
		edited = dig_config_edit(
		    DIG_CONFIG_REPO, text, len, "user.name", "x", &out, &err);
		assert_int_equal(st, edited);
		dig_buf_clear(&out);
		dig_config_free(cfg);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_malformed_names_line),
		cmocka_unit_test(test_scopes),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_bad_value_names_place),
		cmocka_unit_test(test_edit_keeps_the_rest),
		cmocka_unit_test(test_unset_missing),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
