/* SPDX-License-Identifier: MIT
 *
 * Differences as git prints them: patches, counts of lines, names. One list of
 * changes may be printed in several ways, in git's order.
 */
#ifndef CMD_PRINT_DIFF_H
#define CMD_PRINT_DIFF_H

#include "cmd/json.h"
#include "cmd/opt.h"
#include "cmd/output.h"
#include "cmd/pretty.h"
#include "repo/dig.h"

/* Ways, as bits. */
enum {
	DIG_SHOW_NAMES = 1,      /* a path a line, nothing else */
	DIG_SHOW_STATUS = 2,     /* M<tab>path, R090<tab>old<tab>new */
	DIG_SHOW_NUMSTAT = 4,    /* 1<tab>2<tab>path */
	DIG_SHOW_STAT = 8,       /* " path | 3 ++-" and a line of sums */
	DIG_SHOW_SHORTSTAT = 16, /* the line of sums alone */
	DIG_SHOW_CHUNKS = 32,    /* which byte ranges are new */
	DIG_SHOW_PATCH = 64
};
#define DIG_SHOW_COUNTS (DIG_SHOW_NUMSTAT | DIG_SHOW_STAT | DIG_SHOW_SHORTSTAT)

struct dig_diff_view {
	struct dig_out *out;
	struct dig_differ *differ;
	unsigned show; /* bits as above */
	struct dig_text_options text;
	bool nul;        /* paths as they are, ended by NUL */
	bool force_text; /* binary files too */
	bool reversed;   /* the prefixes change places, as in git */
};

/* Print the list; nothing for an empty one. Errors: those of dig_differ_load;
 * what could not be read ends it. */
enum dig_status dig_print_diff(struct dig_diff_view *view,
    struct dig_changes *changes, struct dig_error *err) DIG_CHECKED;

/* What stands between a commit and its differences, as git has it: nothing,
 * an empty line, or "---" where counts and a patch follow. */
void dig_diff_part(
    const struct dig_diff_view *view, const struct dig_pretty *pretty);

/* Something differs, once white space is ignored as the view says. */
enum dig_status dig_diff_differs(struct dig_diff_view *view,
    struct dig_changes *changes, bool *differs,
    struct dig_error *err) DIG_CHECKED;

/* A member `changes` of the object that is open: with `added`, `deleted` or
 * `binary` where the view shows counts, `chunks` where it shows these. */
enum dig_status dig_json_diff(struct dig_diff_view *view, struct dig_json *json,
    struct dig_changes *changes, struct dig_error *err) DIG_CHECKED;

/* ---- Options of the verbs that print differences ----------------------- */

struct dig_diff_opts {
	bool patch;
	bool no_patch;
	bool stat;
	bool numstat;
	bool shortstat;
	bool names;
	bool status;
	int64_t context; /* -1: not said */
	bool all_space;
	bool space_change;
	bool text;
	const char *renames; /* a number, "" (the default), "no", or NULL */
};

#define DIG_DIFF_OPTS_INIT                                                     \
	{                                                                      \
		.context = -1                                                  \
	}

#define DIG_OPTS_DIFF(T, field)                                                \
	DIG_OPT_FLAG('p', "patch", T, field.patch, "print a patch"),           \
	    DIG_OPT_FLAG('u', NULL, T, field.patch, "the same"),               \
	    DIG_OPT_FLAG('s', "no-patch", T, field.no_patch, "print none"),    \
	    DIG_OPT_INT('U', "unified", T, field.context, 0, 1000000, "LINES", \
		"a patch with so many lines around a change"),                 \
	    DIG_OPT_FLAG(0, "stat", T, field.stat,                             \
		"lines that came and went, for people"),                       \
	    DIG_OPT_FLAG(0, "numstat", T, field.numstat,                       \
		"lines that came and went, for programs"),                     \
	    DIG_OPT_FLAG(0, "shortstat", T, field.shortstat, "sums only"),     \
	    DIG_OPT_FLAG(0, "name-only", T, field.names, "paths only"),        \
	    DIG_OPT_FLAG(                                                      \
		0, "name-status", T, field.status, "paths with a letter"),     \
	    DIG_OPT_FLAG('w', "ignore-all-space", T, field.all_space,          \
		"lines that differ in white space are equal"),                 \
	    DIG_OPT_FLAG('b', "ignore-space-change", T, field.space_change,    \
		"lines that differ in amounts of white space are equal"),      \
	    DIG_OPT_FLAG('a', "text", T, field.text, "binary files are text"), \
	    DIG_OPT_OPTIONAL('M', "find-renames", T, field.renames, "N%",      \
		"renames that are N% alike, by default 50%"),                  \
	    DIG_OPT_FIXED(0, "no-renames", T, field.renames, "no",             \
		"a rename is one file deleted and one added")

/*
 * What the options ask for: the view's fields, and what DIG_DIFF_... takes as
 * rename_score. default_show: where no way is asked for.
 *
 * Errors: INVALID (-M, ways that exclude each other).
 */
enum dig_status dig_diff_opts_apply(const struct dig_diff_opts *opts,
    unsigned default_show, struct dig_diff_view *view, unsigned *rename_score,
    struct dig_error *err) DIG_CHECKED;

#endif
