/* SPDX-License-Identifier: MIT
 *
 * Patterns against lines; for repo/ only.
 *
 * Basic and extended ones are matched by the C library's regcomp(3) in the C
 * locale, fixed ones (and those without a special character) by comparing
 * bytes, Perl's by the plugin dig-perl.so, which is loaded then.
 */
#ifndef REPO_GREP_MATCH_H
#define REPO_GREP_MATCH_H

#include "repo/grep.h"

/* One thread's compiled patterns. */
struct dig_patterns;

/*
 * Errors: INVALID for a pattern that cannot be compiled, or whose repetitions
 * multiply beyond reason; EIO (the plugin).
 */
enum dig_status dig_patterns_new(const struct dig_grep_options *options,
    struct dig_patterns **out, struct dig_error *err) DIG_CHECKED;
void dig_patterns_free(struct dig_patterns *matcher);

/*
 * The first match in one line (no newline) of any of the patterns; of those
 * that begin at one place, the longest. not_bol: `line` is not the start of
 * the line.
 */
bool dig_patterns_next(struct dig_patterns *matcher, const char *line,
    size_t len, bool not_bol, struct dig_grep_span *out);

/* A file begins: offsets start again. */
void dig_patterns_begin(struct dig_patterns *matcher);

/*
 * False: no line of `text`, which begins with one, matches. Else none does
 * before the line that *at is in; that one need not match either.
 *
 * offset  of `text` in the file; what a pattern was found to do there is not
 *         asked again, so that a file costs each pattern one pass
 */
bool dig_patterns_skip(struct dig_patterns *matcher, const char *text,
    size_t len, uint64_t offset, size_t *at);

/* Why matching gave up, or NULL. Nothing matches from then on. */
const char *dig_patterns_failure(const struct dig_patterns *matcher);

#endif
