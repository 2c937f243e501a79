/* SPDX-License-Identifier: MIT
 *
 * A commit as log and show print it: git's presets and format strings.
 */
#ifndef CMD_PRETTY_H
#define CMD_PRETTY_H

#include "cmd/graph.h"
#include "cmd/json.h"
#include "cmd/opt.h"
#include "cmd/output.h"
#include "repo/dig.h"

enum dig_pretty_kind {
	DIG_PRETTY_MEDIUM,
	DIG_PRETTY_ONELINE,
	DIG_PRETTY_SHORT,
	DIG_PRETTY_FULL,
	DIG_PRETTY_FULLER,
	DIG_PRETTY_RAW,
	DIG_PRETTY_USER
};

struct dig_mark;

struct dig_pretty {
	struct dig_repo *repo;
	enum dig_pretty_kind kind;
	const char *format; /* USER: borrowed */
	bool separator;     /* a line end between commits, not after each */
	bool short_ids;     /* of commits in the presets */
	bool decorate;      /* names of refs in the presets */
	bool full_refs;     /* whole names of refs */
	bool signatures;    /* are checked in the presets */
	const char *date;   /* NULL: git's default; "iso", "short", ... */

	struct dig_ref_name *refs; /* in git's order, read at first need */
	size_t nrefs;
	const struct dig_ref_name **by_commit; /* the same, sorted */
	bool has_refs;

	struct dig_graph *graph; /* drawn beside the text; NULL: none */

	size_t nshown;
	bool ended; /* the last text ended in a newline */
	/* Of the commit under way; see pretty_internal.h. */
	struct dig_buf text;
	bool colour;
	bool auto_colour; /* behind %C(auto) */
	struct dig_mark *marks;
	size_t nmarks;
	size_t marks_cap;
	struct dig_buf codes;
};

/* What the options ask for; DIG_OPTS_PRETTY lists them. */
struct dig_pretty_opts {
	const char *format;
	bool oneline;
	bool short_ids;
	const char *decorate; /* NULL: not said */
	bool signatures;
	const char *date;
};

#define DIG_OPTS_PRETTY(T, field)                                              \
	DIG_OPT_FLAG(0, "oneline", T, field.oneline, "short id and subject"),  \
	    DIG_OPT_STRING(0, "format", T, field.format, "FORMAT",             \
		"a preset, or text with %H %s %an ..."),                       \
	    DIG_OPT_STRING(0, "pretty", T, field.format, "FORMAT",             \
		"the same as --format"),                                       \
	    DIG_OPT_FLAG(0, "abbrev-commit", T, field.short_ids,               \
		"short ids in the presets"),                                   \
	    DIG_OPT_OPTIONAL(0, "decorate", T, field.decorate, "WORD",         \
		"names of refs: short, full, no, auto"),                       \
	    DIG_OPT_FIXED(0, "no-decorate", T, field.decorate, "no",           \
		"no names of refs"),                                           \
	    DIG_OPT_FLAG(0, "show-signature", T, field.signatures,             \
		"check signatures, and say whose they are"),                   \
	    DIG_OPT_STRING(0, "date", T, field.date, "STYLE",                  \
		"default, iso, iso-strict, rfc, short, relative, unix, raw, "  \
		"format:..., local; -local behind one")

void dig_pretty_init(struct dig_pretty *pretty, struct dig_repo *repo);
void dig_pretty_clear(struct dig_pretty *pretty);
/* As the options say. Errors: INVALID. */
enum dig_status dig_pretty_set(struct dig_pretty *pretty,
    const struct dig_pretty_opts *opts, const struct dig_out *out,
    struct dig_error *err) DIG_CHECKED;
/*
 * "oneline", "medium", ..., "format:..." (separated), "tformat:..." or any
 * text with a '%' (ended each). Errors: INVALID.
 */
enum dig_status dig_pretty_parse(struct dig_pretty *pretty, const char *text,
    struct dig_error *err) DIG_CHECKED;
/* A word that --date takes. Errors: INVALID. */
enum dig_status dig_pretty_check_date(
    const char *word, struct dig_error *err) DIG_CHECKED;

/*
 * Print a commit with what parts it from the one before; with a graph, beside
 * the lines of the commit that it was given last.
 */
enum dig_status dig_pretty_print(struct dig_pretty *pretty, struct dig_out *out,
    const struct dig_oid *id, const struct dig_commit *commit,
    struct dig_error *err) DIG_CHECKED;
/* Between this and dig_out_line_start(out, NULL, NULL) lines stand beside the
 * graph, if there is one. */
void dig_pretty_beside(struct dig_pretty *pretty, struct dig_out *out);
/* Nothing at all is printed for a commit (an empty format). */
bool dig_pretty_is_empty(const struct dig_pretty *pretty);

/* "Tagger: ...", "Date: ..." and the message of a tag. */
void dig_pretty_tag(
    struct dig_pretty *pretty, struct dig_out *out, const struct dig_tag *tag);

/* The members of a commit, into an object that is open. */
enum dig_status dig_pretty_json(struct dig_pretty *pretty,
    struct dig_json *json, const struct dig_oid *id,
    const struct dig_commit *commit, struct dig_error *err) DIG_CHECKED;

/* A date; word as of --date, NULL: git's default. */
void dig_pretty_put_date(
    struct dig_buf *out, const struct dig_ident *ident, const char *word);
/* "3 days ago" */
void dig_format_ago(struct dig_buf *out, int64_t seconds, int64_t now);

#endif
