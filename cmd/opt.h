/* SPDX-License-Identifier: MIT
 *
 * Options of a verb, declared once: the parser, `-h` and `dig help VERB` read
 * the same table.
 *
 * A table says at which offset of the verb's own struct each value is stored,
 * so tables are constant and the struct's initial values are the defaults:
 *
 *	struct opts {
 *		bool all;
 *		int64_t limit;
 *		struct dig_list messages;
 *	};
 *	static const struct dig_opt options[] = {
 *		DIG_OPT_FLAG('a', "all", struct opts, all, "every file"),
 *		DIG_OPT_INT('n', NULL, struct opts, limit, 0, INT64_MAX,
 *		    "NUMBER", "stop after NUMBER commits"),
 *		DIG_OPT_LIST('m', "message", struct opts, messages,
 *		    "MESSAGE", "a paragraph of the message"),
 *		DIG_OPT_END,
 *	};
 *	const struct dig_usage dig_usage_commit = {
 *		"commit", "[-a] [-m MESSAGE]... [--] [PATH...]",
 *		"What it does, in a few sentences.", options,
 *	};
 *
 * Understood: `-a -n 5`, `-an5`, `--all`, `--limit=5`, `--limit 5`, any
 * prefix of a long name that is not ambiguous, operands between options, and
 * `--`, after which everything is an operand. `-` alone is an operand. A
 * macro of the wrong type for its field does not compile.
 */
#ifndef CMD_OPT_H
#define CMD_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "objects/base/buf.h"
#include "objects/base/error.h"

enum dig_opt_kind {
	DIG_OPT_KIND_END,
	DIG_OPT_KIND_HEADING, /* a line in the help, no option */
	DIG_OPT_KIND_FLAG,
	DIG_OPT_KIND_NEGATABLE,
	DIG_OPT_KIND_STRING,
	DIG_OPT_KIND_OPTIONAL,
	DIG_OPT_KIND_FIXED,
	DIG_OPT_KIND_INT,
	DIG_OPT_KIND_COUNT,
	DIG_OPT_KIND_TIMES,
	DIG_OPT_KIND_LIST
};

#define DIG_OPT_NOWHERE SIZE_MAX /* an offset: nothing is stored */

struct dig_opt {
	enum dig_opt_kind kind;
	char short_name;       /* 0: none */
	const char *long_name; /* NULL: none */
	const char *metavar;   /* of the value in the help; FIXED: the value */
	const char *help;      /* lower case, no full stop */
	size_t offset;         /* of the value in the verb's struct */
	int64_t min;           /* INT, COUNT */
	int64_t max;
};

/* Words given several times; the strings are borrowed from argv. */
struct dig_list {
	const char **at;
	size_t count;
	size_t cap;
};

void dig_list_add(struct dig_list *list, const char *word);
void dig_list_clear(struct dig_list *list);

#define DIG_OPT_AT(T, field, type)                                             \
	_Generic(((T *)0)->field, type : offsetof(T, field))

/* bool: --name sets it. */
#define DIG_OPT_FLAG(s, l, T, field, help)                                     \
	{                                                                      \
		DIG_OPT_KIND_FLAG, (s), (l), NULL, (help),                     \
		    DIG_OPT_AT(T, field, bool), 0, 0                           \
	}
/* bool: --name sets it, --no-name clears it. */
#define DIG_OPT_NEGATABLE(s, l, T, field, help)                                \
	{                                                                      \
		DIG_OPT_KIND_NEGATABLE, (s), (l), NULL, (help),                \
		    DIG_OPT_AT(T, field, bool), 0, 0                           \
	}
/* const char *: the last one given. */
#define DIG_OPT_STRING(s, l, T, field, metavar, help)                          \
	{                                                                      \
		DIG_OPT_KIND_STRING, (s), (l), (metavar), (help),              \
		    DIG_OPT_AT(T, field, const char *), 0, 0                   \
	}
/* const char *: "" for --name or -s, VALUE for --name=VALUE or -sVALUE. */
#define DIG_OPT_OPTIONAL(s, l, T, field, metavar, help)                        \
	{                                                                      \
		DIG_OPT_KIND_OPTIONAL, (s), (l), (metavar), (help),            \
		    DIG_OPT_AT(T, field, const char *), 0, 0                   \
	}
/* const char *: the word `value`, for options that choose one of several. */
#define DIG_OPT_FIXED(s, l, T, field, value, help)                             \
	{                                                                      \
		DIG_OPT_KIND_FIXED, (s), (l), (value), (help),                 \
		    DIG_OPT_AT(T, field, const char *), 0, 0                   \
	}
/* int64_t in [min, max], with a k, m or g for powers of 1024. */
#define DIG_OPT_INT(s, l, T, field, min, max, metavar, help)                   \
	{                                                                      \
		DIG_OPT_KIND_INT, (s), (l), (metavar), (help),                 \
		    DIG_OPT_AT(T, field, int64_t), (min), (max)                \
	}
/* The same, and also `-5` for the value 5; one in a table. */
#define DIG_OPT_COUNT(s, l, T, field, min, max, metavar, help)                 \
	{                                                                      \
		DIG_OPT_KIND_COUNT, (s), (l), (metavar), (help),               \
		    DIG_OPT_AT(T, field, int64_t), (min), (max)                \
	}
/* int64_t: how often it was given; no value. */
#define DIG_OPT_TIMES(s, l, T, field, help)                                    \
	{                                                                      \
		DIG_OPT_KIND_TIMES, (s), (l), NULL, (help),                    \
		    DIG_OPT_AT(T, field, int64_t), 0, 0                        \
	}
/* struct dig_list: every one given, in order. */
#define DIG_OPT_LIST(s, l, T, field, metavar, help)                            \
	{                                                                      \
		DIG_OPT_KIND_LIST, (s), (l), (metavar), (help),                \
		    DIG_OPT_AT(T, field, struct dig_list), 0, 0                \
	}
#define DIG_OPT_HEADING(text)                                                  \
	{                                                                      \
		DIG_OPT_KIND_HEADING, 0, NULL, NULL, (text), 0, 0, 0           \
	}
#define DIG_OPT_END                                                            \
	{                                                                      \
		DIG_OPT_KIND_END, 0, NULL, NULL, NULL, 0, 0, 0                 \
	}

/*
 * The options that many verbs share. JSON: a const char *, "" or "lines",
 * NULL when not asked. PROGRESS: a const char *, "" (draw even when standard
 * error is no terminal), "json", "no", or NULL (dig_progress_begin takes it).
 */
#define DIG_OPT_JSON(T, field)                                                 \
	DIG_OPT_FLAG(0, "json", T, field, "print one JSON document")
#define DIG_OPT_JSON_LINES(T, field)                                           \
	DIG_OPT_OPTIONAL(0, "json", T, field, "lines",                         \
	    "print one JSON document, or one for each line")
/* Obeyed before the verb runs, and stored nowhere: dig_opt_look. */
#define DIG_OPTS_COLOUR                                                        \
	{ DIG_OPT_KIND_OPTIONAL, 0, "color", "WHEN",                           \
		"colours: always, never or auto (the default)",                \
		DIG_OPT_NOWHERE, 0, 0 },                                       \
	{                                                                      \
		DIG_OPT_KIND_FIXED, 0, "no-color", "never", "no colours",      \
		    DIG_OPT_NOWHERE, 0, 0                                      \
	}
#define DIG_OPTS_PROGRESS(T, field)                                            \
	DIG_OPT_OPTIONAL(0, "progress", T, field, "json",                      \
	    "show progress, as JSON lines for programs"),                      \
	    DIG_OPT_FIXED(                                                     \
		0, "no-progress", T, field, "no", "show no progress")

/* What `-h` says of a verb. All strings are static. */
struct dig_usage {
	const char *verb;
	const char *synopsis; /* after "dig VERB"; forms separated by '\n' */
	const char *about;    /* plain text; wrapped; '\n' ends a paragraph */
	const struct dig_opt *options; /* ended by DIG_OPT_END; NULL: none */
};

/* The operands, in order; borrowed from argv. */
struct dig_args {
	char **argv;
	int argc;
	int dashdash; /* how many of them stand before `--`; -1: no `--` */
};

/*
 * Read argv (argv[0] is the verb) into the verb's struct at `opts` and the
 * operands into `args`. argv is permuted. The caller clears its lists, on
 * failure too.
 *
 * Errors: INVALID for what the table does not have, with the nearest name and
 * `dig help VERB` as hint; for a value that is missing, not wanted, or out of
 * range.
 */
enum dig_status dig_opt_parse(const struct dig_usage *usage, int argc,
    char **argv, void *opts, struct dig_args *args,
    struct dig_error *err) DIG_CHECKED;

/*
 * What stands in argv before the verb reads it: nothing is stored, errors are
 * skipped. help: -h or --help; json: the option `json`; colour: the word of
 * the last `color`, NULL for none; valid: no error.
 */
struct dig_opt_scan {
	bool help;
	bool json;
	bool valid;
	const char *colour;
};
struct dig_opt_scan dig_opt_look(
    const struct dig_usage *usage, int argc, char *const *argv);

/* Append the help: usage lines, what the verb does, the options. */
void dig_usage_format(const struct dig_usage *usage, struct dig_buf *out);

#endif
