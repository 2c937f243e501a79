/* SPDX-License-Identifier: MIT
 *
 * Matching one line, and skipping the lines that cannot match.
 */
#define _GNU_SOURCE /* memmem */
#include "repo/grep_match.h"

#include <dlfcn.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "objects/base/buf.h"
#include "repo/grep_plugin.h"
#include "repo/plugin.h"

/* States that the repetitions of a pattern may multiply to. */
#define COST_MAX 100000
#define PATTERN_MAX 65536
#define DEPTH_MAX 250 /* groups in groups */

enum kind { LITERAL, POSIX, PERL };

struct pattern {
	enum kind kind;
	char *text; /* LITERAL; in lower case when case is ignored */
	size_t len;
	uint8_t skip[256]; /* LITERAL without case: how far a byte moves it */
	regex_t regex;     /* POSIX */
	void *code;        /* PERL */
	/* Of this file, by offsets: the first match that begins at or behind
	 * where it was looked for, and the end of what was looked at. */
	uint64_t next;
	uint64_t looked;
};

struct dig_patterns {
	struct pattern *patterns;
	size_t n;
	bool word;
	bool ignore_case;
	void *handle;
	const struct dig_perl_plugin *perl;
	bool failed;
	char why[160];
};

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_';
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* ---- Compiling -------------------------------------------------------- */

static bool
is_special(char c)
{
	return c != '\0' && strchr("$()*+.?[\\^{|", c) != NULL;
}

static void
set_literal(struct pattern *pattern, const char *text, size_t len, bool icase)
{
	pattern->kind = LITERAL;
	pattern->text = dig_memdup0(text, len);
	pattern->len = len;
	if (!icase)
		return;
	for (size_t i = 0; i < len; i++)
		pattern->text[i] = lower(text[i]);
	memset(
	    pattern->skip, len < 255 ? (int)len : 255, sizeof(pattern->skip));
	for (size_t i = 0; i + 1 < len; i++) {
		size_t far = len - 1 - i;
		char c = pattern->text[i];
		uint8_t step = (uint8_t)(far < 255 ? far : 255);

		pattern->skip[(uint8_t)c] = step;
		if (c >= 'a' && c <= 'z')
			pattern->skip[(uint8_t)(c - 'a' + 'A')] = step;
	}
}

/* The number at text[*at] of {m,n}, the larger; *at moves behind the '}'. */
static size_t
read_interval(const char *text, size_t len, size_t *at, bool basic)
{
	size_t most = 0, number = 0;

	for (; *at < len; ++*at) {
		char c = text[*at];

		if (c >= '0' && c <= '9')
			number = number < COST_MAX
				     ? number * 10 + (size_t)(c - '0')
				     : number;
		else if (c == ',')
			number = 0;
		else
			break;
		most = number > most ? number : most;
	}
	*at += basic ? 2 : 1;
	return most > 0 ? most : 1;
}

/* The end of a bracket expression that begins at text[at]. */
static size_t
skip_bracket(const char *text, size_t len, size_t at)
{
	at++;
	if (at < len && text[at] == '^')
		at++;
	if (at < len && text[at] == ']')
		at++;
	while (at < len && text[at] != ']') {
		if (text[at] == '[' && at + 1 < len &&
		    strchr(":=.", text[at + 1]) != NULL) {
			char mark = text[at + 1];

			at += 2;
			while (at + 1 < len &&
			       !(text[at] == mark && text[at + 1] == ']'))
				at++;
			at++;
		}
		at++;
	}
	return at + 1;
}

/*
 * How large regcomp(3) would make it: one for each character, times what the
 * intervals around it say. It copies what is repeated, and ((x{99}){99}){99}
 * would take all memory.
 */
static bool
is_reasonable(const char *text, size_t len, bool basic)
{
	size_t open[DEPTH_MAX]; /* the total where each open group begins */
	size_t depth = 0, total = 0, atom = 0;

	for (size_t at = 0; at < len && total < COST_MAX;) {
		char c = text[at];
		bool escaped = c == '\\' && at + 1 < len;
		bool special;

		if (c == '[') {
			at = skip_bracket(text, len, at);
			total += atom = 1;
			continue;
		}
		c = escaped ? text[at + 1] : c;
		special = escaped == basic;
		at += escaped ? 2 : 1;
		if (special && c == '(') {
			if (depth == DEPTH_MAX)
				return false;
			open[depth++] = total;
			atom = 0;
		} else if (special && c == ')' && depth > 0) {
			atom = total - open[--depth];
		} else if (special && c == '{') {
			size_t times = read_interval(text, len, &at, basic);

			atom = (atom > 0 ? atom : 1) * times;
			total += atom;
		} else {
			total += atom = 1;
		}
	}
	return total < COST_MAX;
}

static enum dig_status
compile_posix(struct pattern *pattern, const char *text, size_t len,
    const struct dig_grep_options *options, struct dig_error *err)
{
	bool basic = options->syntax == DIG_GREP_BASIC;
	int flags = REG_NEWLINE | (basic ? 0 : REG_EXTENDED) |
		    (options->ignore_case ? REG_ICASE : 0);
	char *copy = dig_memdup0(text, len);
	char why[200];
	int rc;

	if (!is_reasonable(text, len, basic)) {
		free(copy);
		return dig_raise(err, DIG_EINVALID,
		    "'%.200s': its repetitions multiply beyond %d", text,
		    COST_MAX);
	}
	rc = regcomp(&pattern->regex, copy, flags);
	free(copy);
	if (rc != 0) {
		regerror(rc, &pattern->regex, why, sizeof(why));
		return dig_raise(
		    err, DIG_EINVALID, "'%.*s': %s", (int)len, text, why);
	}
	pattern->kind = POSIX;
	return DIG_OK;
}

static enum dig_status
compile_perl(struct dig_patterns *matcher, struct pattern *pattern,
    const char *text, size_t len, const struct dig_grep_options *options,
    struct dig_error *err)
{
	dig_perl_plugin_fn *get;
	void *symbol = NULL;
	char why[200] = "";
	enum dig_status st;

	if (matcher->perl == NULL) {
		st = dig_plugin_open(DIG_PERL_PLUGIN_FILE,
		    DIG_PERL_PLUGIN_SYMBOL, "the engine for Perl's patterns",
		    &matcher->handle, &symbol, err);
		if (st != DIG_OK)
			return st;
		*(void **)&get = symbol;
		if (strcmp(get()->version, DIG_VERSION) != 0)
			return dig_raise(err, DIG_EIO,
			    "%s is of another version of dig",
			    DIG_PERL_PLUGIN_FILE);
		matcher->perl = get();
	}
	pattern->code = matcher->perl->compile(
	    text, len, options->ignore_case, options->utf8, why, sizeof(why));
	if (pattern->code == NULL)
		return dig_raise(
		    err, DIG_EINVALID, "'%.*s': %s", (int)len, text, why);
	pattern->kind = PERL;
	return DIG_OK;
}

static enum dig_status
compile(struct dig_patterns *matcher, const char *text, size_t len,
    const struct dig_grep_options *options, struct dig_error *err)
{
	struct pattern *pattern = &matcher->patterns[matcher->n];
	bool literal = true;
	enum dig_status st = DIG_OK;

	if (len > PATTERN_MAX)
		return dig_raise(err, DIG_EINVALID,
		    "a pattern is longer than %d bytes", PATTERN_MAX);
	for (size_t i = 0; i < len && options->syntax != DIG_GREP_FIXED; i++)
		literal = literal && !is_special(text[i]);
	if (literal && (options->syntax != DIG_GREP_PERL || !options->utf8))
		set_literal(pattern, text, len, options->ignore_case);
	else if (options->syntax == DIG_GREP_PERL)
		st = compile_perl(matcher, pattern, text, len, options, err);
	else
		st = compile_posix(pattern, text, len, options, err);
	if (st == DIG_OK)
		matcher->n++;
	return st;
}

enum dig_status
dig_patterns_new(const struct dig_grep_options *options,
    struct dig_patterns **out, struct dig_error *err)
{
	struct dig_patterns *matcher = dig_calloc(1, sizeof(*matcher));
	enum dig_status st = DIG_OK;
	size_t cap = 0;

	matcher->word = options->word;
	matcher->ignore_case = options->ignore_case;
	for (size_t i = 0; i < options->npatterns && st == DIG_OK; i++) {
		const char *at = options->patterns[i];

		/* Each line is a pattern, the last one without an end, too. */
		while (st == DIG_OK && at != NULL) {
			const char *end = strchr(at, '\n');
			size_t len =
			    end != NULL ? (size_t)(end - at) : strlen(at);

			DIG_GROW(matcher->patterns, cap, matcher->n + 1);
			memset(&matcher->patterns[matcher->n], 0,
			    sizeof(struct pattern));
			st = compile(matcher, at, len, options, err);
			at = end != NULL ? end + 1 : NULL;
		}
	}
	if (st == DIG_OK) {
		*out = matcher;
		matcher = NULL;
	}
	dig_patterns_free(matcher);
	return st;
}

void
dig_patterns_free(struct dig_patterns *matcher)
{
	if (matcher == NULL)
		return;
	for (size_t i = 0; i < matcher->n; i++) {
		struct pattern *pattern = &matcher->patterns[i];

		free(pattern->text);
		if (pattern->kind == POSIX)
			regfree(&pattern->regex);
		if (pattern->kind == PERL)
			matcher->perl->free(pattern->code);
	}
	if (matcher->handle != NULL)
		dlclose(matcher->handle);
	free(matcher->patterns);
	free(matcher);
}

const char *
dig_patterns_failure(const struct dig_patterns *matcher)
{
	return matcher->failed ? matcher->why : NULL;
}

/* ---- Matching --------------------------------------------------------- */

static bool
same_without_case(const char *text, const char *lowered, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (lower(text[i]) != lowered[i])
			return false;
	return true;
}

/* Horspool's way. */
static const char *
find_without_case(const struct pattern *pattern, const char *text, size_t len)
{
	size_t at = 0;

	while (len - at >= pattern->len) {
		if (same_without_case(text + at, pattern->text, pattern->len))
			return text + at;
		at += pattern->skip[(uint8_t)text[at + pattern->len - 1]];
	}
	return NULL;
}

static bool
find_literal(const struct dig_patterns *matcher, const struct pattern *pattern,
    const char *text, size_t len, struct dig_grep_span *out)
{
	const char *at = text;

	if (pattern->len > len)
		return false;
	if (pattern->len > 0)
		at = matcher->ignore_case
			 ? find_without_case(pattern, text, len)
			 : memmem(text, len, pattern->text, pattern->len);
	if (at == NULL)
		return false;
	out->from = (size_t)(at - text);
	out->to = out->from + pattern->len;
	return true;
}

static bool
find_posix(struct dig_patterns *matcher, const struct pattern *pattern,
    const char *text, size_t len, bool not_bol, struct dig_grep_span *out)
{
	regmatch_t match = { 0, (regoff_t)len };
	int rc = regexec(&pattern->regex, text, 1, &match,
	    REG_STARTEND | (not_bol ? REG_NOTBOL : 0));

	if (rc != 0 && rc != REG_NOMATCH) {
		matcher->failed = true;
		regerror(
		    rc, &pattern->regex, matcher->why, sizeof(matcher->why));
	}
	if (rc != 0)
		return false;
	out->from = (size_t)match.rm_so;
	out->to = (size_t)match.rm_eo;
	return true;
}

/* The first match of one pattern, wherever words begin and end. */
static bool
find_plain(struct dig_patterns *matcher, const struct pattern *pattern,
    const char *text, size_t len, bool not_bol, struct dig_grep_span *out)
{
	int rc;

	if (matcher->failed)
		return false;
	switch (pattern->kind) {
	case LITERAL:
		return find_literal(matcher, pattern, text, len, out);
	case POSIX:
		return find_posix(matcher, pattern, text, len, not_bol, out);
	case PERL:
		break;
	}
	rc = matcher->perl->match(pattern->code, text, len, not_bol, &out->from,
	    &out->to, matcher->why, sizeof(matcher->why));
	matcher->failed = rc < 0;
	return rc > 0;
}

/*
 * With `word`: where the match is no word, it is tried again behind the next
 * character that is not of a word.
 */
static bool
find(struct dig_patterns *matcher, const struct pattern *pattern,
    const char *text, size_t len, bool not_bol, struct dig_grep_span *out)
{
	size_t at = 0;

	while (
	    find_plain(matcher, pattern, text + at, len - at, not_bol, out)) {
		out->from += at;
		out->to += at;
		if (!matcher->word)
			return true;
		if ((out->from == at || !is_word(text[out->from - 1])) &&
		    (out->to == len || !is_word(text[out->to])) &&
		    out->from < out->to)
			return true;
		if (out->from + 1 >= len)
			return false;
		at = out->from + 1;
		while (at < len && is_word(text[at - 1]))
			at++;
		if (at >= len)
			return false;
		not_bol = true;
	}
	return false;
}

bool
dig_patterns_next(struct dig_patterns *matcher, const char *line, size_t len,
    bool not_bol, struct dig_grep_span *out)
{
	struct dig_grep_span span;
	bool found = false;

	for (size_t i = 0; i < matcher->n; i++) {
		if (!find(matcher, &matcher->patterns[i], line, len, not_bol,
			&span))
			continue;
		if (!found || span.from < out->from ||
		    (span.from == out->from && span.to > out->to))
			*out = span;
		found = true;
	}
	return found;
}

void
dig_patterns_begin(struct dig_patterns *matcher)
{
	for (size_t i = 0; i < matcher->n; i++)
		matcher->patterns[i].next = matcher->patterns[i].looked = 0;
}

/* Where the pattern matches next, as an offset in the file; UINT64_MAX:
 * nowhere. */
static uint64_t
next_match(struct dig_patterns *matcher, struct pattern *pattern,
    const char *text, size_t len, uint64_t offset)
{
	struct dig_grep_span span;

	/* What was found from an earlier line on still holds. */
	if (pattern->looked == offset + len && pattern->next >= offset)
		return pattern->next;
	pattern->looked = offset + len;
	pattern->next = find_plain(matcher, pattern, text, len, false, &span)
			    ? offset + span.from
			    : UINT64_MAX;
	return pattern->next;
}

bool
dig_patterns_skip(struct dig_patterns *matcher, const char *text, size_t len,
    uint64_t offset, size_t *at)
{
	uint64_t first = UINT64_MAX;

	*at = 0;
	/* A line at a time, so that the limit of steps is a line's. */
	if (matcher->perl != NULL)
		return true;
	for (size_t i = 0; i < matcher->n; i++) {
		uint64_t next = next_match(
		    matcher, &matcher->patterns[i], text, len, offset);

		if (next < first)
			first = next;
	}
	if (first == UINT64_MAX)
		return false;
	*at = (size_t)(first - offset);
	return true;
}
