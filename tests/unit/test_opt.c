/* SPDX-License-Identifier: MIT
 *
 * The option parser: every form a word may have, and the help.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/opt.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

struct opts {
	bool all;
	bool verify;
	bool verbose;
	const char *file;
	const char *untracked;
	const char *style;
	const char *json;
	int64_t limit;
	int64_t size;
	struct dig_list messages;
};

static const struct dig_opt table[] = {
	DIG_OPT_FLAG('a', "all", struct opts, all, "everything"),
	DIG_OPT_NEGATABLE(0, "verify", struct opts, verify, "check first"),
	DIG_OPT_FLAG('v', "verbose", struct opts, verbose, "say more"),
	DIG_OPT_STRING('F', "file", struct opts, file, "FILE", "read FILE"),
	DIG_OPT_OPTIONAL('u', "untracked", struct opts, untracked, "MODE",
	    "which untracked files"),
	DIG_OPT_FIXED('s', "short", struct opts, style, "short", "short"),
	DIG_OPT_FIXED(0, "long", struct opts, style, "long", "long"),
	DIG_OPT_HEADING("limits"),
	DIG_OPT_COUNT('n', "limit", struct opts, limit, 0, INT64_MAX, "NUMBER",
	    "stop after NUMBER"),
	DIG_OPT_INT(0, "size", struct opts, size, 1, 4096, "BYTES", "size"),
	DIG_OPT_LIST('m', "message", struct opts, messages, "TEXT", "say"),
	DIG_OPTS_COLOUR,
	DIG_OPT_JSON_LINES(struct opts, json),
	DIG_OPT_END,
};

static const struct dig_usage usage = {
	"try",
	"[-a] [--] [PATH...]\n--json",
	"One paragraph.\nAnd another one.",
	table,
};

/* Split at '|' so that a case is one string; words may be empty. */
static int
split(char *line, char **argv)
{
	int argc = 0;

	argv[argc++] = line;
	for (; *line != '\0'; line++)
		if (*line == '|') {
			*line = '\0';
			argv[argc++] = line + 1;
		}
	return argc;
}

static void
show(const struct opts *opts, const struct dig_args *args, char *out,
    size_t size)
{
	size_t at = 0;

#define ADD(...) at += (size_t)snprintf(out + at, size - at, __VA_ARGS__)
	ADD("%s%s%s", opts->all ? "a " : "", opts->verify ? "V " : "",
	    opts->verbose ? "v " : "");
	if (opts->file != NULL)
		ADD("F=%s ", opts->file);
	if (opts->untracked != NULL)
		ADD("u=%s ", opts->untracked);
	if (opts->style != NULL)
		ADD("%s ", opts->style);
	if (opts->json != NULL)
		ADD("j=%s ", opts->json);
	if (opts->limit != -1)
		ADD("n=%lld ", (long long)opts->limit);
	if (opts->size != 0)
		ADD("size=%lld ", (long long)opts->size);
	for (size_t i = 0; i < opts->messages.count; i++)
		ADD("m=%s ", opts->messages.at[i]);
	ADD(":");
	for (int i = 0; i < args->argc; i++)
		ADD("%s%s", i == args->dashdash ? " --" : "", " "),
		    ADD("%s", args->argv[i]);
	if (args->dashdash >= 0 && args->dashdash == args->argc)
		ADD(" --");
#undef ADD
}

static void
test_forms(void **state)
{
	static const struct {
		const char *line;
		const char *want;
	} cases[] = {
		{ "try", ":" },
		{ "try|a|b", ": a b" },
		{ "try|-a|x", "a : x" },
		{ "try|x|-a|y", "a : x y" },
		{ "try|-av", "a v :" },
		{ "try|-avFx", "a v F=x :" },
		{ "try|-F|x", "F=x :" },
		{ "try|-F|-a", "F=-a :" },
		{ "try|-F|--", "F=-- :" },
		{ "try|-F|", "F= :" },
		{ "try|--file=x", "F=x :" },
		{ "try|--file=", "F= :" },
		{ "try|--file|x", "F=x :" },
		{ "try|--file=a=b", "F=a=b :" },
		{ "try|--verify", "V :" },
		{ "try|--verify|--no-verify", ":" },
		{ "try|--no-veri|--verif", "V :" },
		{ "try|-u", "u= :" },
		{ "try|-u|no", "u= : no" },
		{ "try|-uno", "u=no :" },
		{ "try|--untracked=all", "u=all :" },
		{ "try|-au", "a u= :" },
		{ "try|-s|--long", "long :" },
		{ "try|--long|-s", "short :" },
		{ "try|-n5", "n=5 :" },
		{ "try|-n|2k", "n=2048 :" },
		{ "try|-12", "n=12 :" },
		{ "try|--lim=0", "n=0 :" },
		{ "try|--size=4k", "size=4096 :" },
		{ "try|-m|a|-mb|--message=c", "m=a m=b m=c :" },
		{ "try|--json", "j= :" },
		{ "try|--json=lines", "j=lines :" },
		{ "try|--|-a|--x", ": -- -a --x" },
		{ "try|r|--|p", ": r -- p" },
		{ "try|r|--", ": r --" },
		{ "try|--|--", ": -- --" },
		{ "try|-", ": -" },
		{ "try|", ": " },
		{ "try|--all", "a :" },
		{ "try|--al", "a :" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct opts opts = { .limit = -1 };
		struct dig_error err = DIG_ERROR_INIT;
		struct dig_args args = { NULL, 0, 0 };
		char line[128], got[256], *argv[16];
		int argc;

		snprintf(line, sizeof(line), "%s", cases[i].line);
		argc = split(line, argv);
		assert_true(dig_opt_look(&usage, argc, argv).valid);
		assert_int_equal(
		    dig_opt_parse(&usage, argc, argv, &opts, &args, &err),
		    DIG_OK);
		show(&opts, &args, got, sizeof(got));
		if (strcmp(got, cases[i].want) != 0)
			print_message("%s\n", cases[i].line);
		assert_string_equal(got, cases[i].want);
		dig_list_clear(&opts.messages);
	}
}

static void
test_refused(void **state)
{
	static const struct {
		const char *line;
		const char *message; /* a part of it */
		const char *hint;
	} cases[] = {
		{ "try|-x", "'-x'", "dig help try" },
		{ "try|-ax", "'-x'", "dig help try" },
		{ "try|--mesage=x", "'--mesage'", "'--message'" },
		{ "try|--verfy", "'--verfy'", "'--verify'" },
		{ "try|--nothing-like-it", "unknown", "dig help try" },
		{ "try|--ver", "ambiguous", "" },
		{ "try|--no-all", "unknown", "" },
		{ "try|--all=x", "takes no value", "" },
		{ "try|--long=x", "takes no value", "" },
		{ "try|-F", "needs a value", "" },
		{ "try|--file", "needs a value", "" },
		{ "try|-n|x", "takes a number", "" },
		{ "try|-n|-1", "takes a number", "" },
		{ "try|-n|99999999999999999999", "takes a number", "" },
		{ "try|-5x", "takes a number", "" },
		{ "try|--size=0", "from 1 to 4096", "" },
		{ "try|--size=4097", "from 1 to 4096", "" },
		{ "try|--=x", "ambiguous", "" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct opts opts = { .limit = -1 };
		struct dig_error err = DIG_ERROR_INIT;
		struct dig_args args = { NULL, 7, 7 };
		char line[128], *argv[16];
		int argc;

		snprintf(line, sizeof(line), "%s", cases[i].line);
		argc = split(line, argv);
		assert_false(dig_opt_look(&usage, argc, argv).valid);
		assert_int_equal(
		    dig_opt_parse(&usage, argc, argv, &opts, &args, &err),
		    DIG_EINVALID);
		if (strstr(err.msg, cases[i].message) == NULL)
			fail_msg("%s: %s", cases[i].line, err.msg);
		if (strstr(err.hint, cases[i].hint) == NULL)
			fail_msg("%s: hint %s", cases[i].line, err.hint);
		assert_int_equal(args.argc, 7);
		dig_list_clear(&opts.messages);
	}
}

static void
test_look(void **state)
{
	static const struct {
		const char *line;
		bool help;
		bool json;
		const char *colour;
	} cases[] = {
		{ "try", false, false, NULL },
		{ "try|-h", true, false, NULL },
		{ "try|--help", true, false, NULL },
		{ "try|-ah", true, false, NULL },
		{ "try|x|-h", true, false, NULL },
		{ "try|--|-h", false, false, NULL },
		{ "try|-F|-h", false, false, NULL },
		{ "try|-F-h", false, false, NULL },
		{ "try|--json", false, true, NULL },
		{ "try|--bogus|--js=lines", false, true, NULL },
		{ "try|--|--json", false, false, NULL },
		{ "try|--color", false, false, "always" },
		{ "try|--color=auto|--no-color", false, false, "never" },
		{ "try|--no-color|--col=x", false, false, "x" },
		{ "try|--|--color", false, false, NULL },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		char line[128], *argv[16];
		struct dig_opt_scan scan;
		int argc;

		snprintf(line, sizeof(line), "%s", cases[i].line);
		argc = split(line, argv);
		scan = dig_opt_look(&usage, argc, argv);
		assert_int_equal(scan.help, cases[i].help);
		assert_int_equal(scan.json, cases[i].json);
		assert_string_equal(scan.colour != NULL ? scan.colour : "none",
		    cases[i].colour != NULL ? cases[i].colour : "none");
	}
}

static void
test_help(void **state)
{
	static const char want[] =
	    "usage: dig try [-a] [--] [PATH...]\n"
	    "   or: dig try --json\n"
	    "\n"
	    "One paragraph.\n"
	    "\n"
	    "And another one.\n"
	    "\n"
	    "options\n"
	    "  -a, --all               everything\n"
	    "      --[no-]verify       check first\n"
	    "  -v, --verbose           say more\n"
	    "  -F, --file FILE         read FILE\n"
	    "  -u, --untracked[=MODE]  which untracked files\n"
	    "  -s, --short             short\n"
	    "      --long              long\n"
	    "\n"
	    "limits\n"
	    "  -n, --limit NUMBER      stop after NUMBER\n"
	    "      --size BYTES        size\n"
	    "  -m, --message TEXT      say\n"
	    "      --color[=WHEN]      colours: always, never or auto (the "
	    "default)\n"
	    "      --no-color          no colours\n"
	    "      --json[=lines]      print one JSON document, or one for "
	    "each line\n"
	    "  -h, --help              show this help\n";
	struct dig_buf out = DIG_BUF_INIT;

	(void)state;
	dig_usage_format(&usage, &out);
	assert_string_equal((const char *)out.data, want);
	dig_buf_clear(&out);
}

/* No line of help is wider than a terminal. */
static void
test_help_wraps(void **state)
{
	static const struct dig_opt wide[] = {
		DIG_OPT_STRING(0, "a-very-long-name-of-an-option", struct opts,
		    file, "METAVAR",
		    "a help text that is so long that it has to be cut into "
		    "several lines to be read with ease on a terminal"),
		DIG_OPT_END,
	};
	static const struct dig_usage wide_usage = { "try",
		"[--one=ONE] [--two=TWO] [--three=THREE] [--four=FOUR] "
		"[--five=FIVE] [--six=SIX]",
		"A text that goes on and on until there is no more room on "
		"the line where it began, and then on the next.",
		wide };
	struct dig_buf out = DIG_BUF_INIT;
	const char *line;

	(void)state;
	dig_usage_format(&wide_usage, &out);
	for (line = (const char *)out.data; *line != '\0';) {
		size_t len = strcspn(line, "\n");

		assert_in_range(len, 0, 79);
		assert_true(len == 0 || line[len - 1] != ' ');
		line += len + 1;
	}
	dig_buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_look),
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_help_wraps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
