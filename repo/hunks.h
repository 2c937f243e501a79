/* SPDX-License-Identifier: MIT
 *
 * The differences of two texts as hunks that a person takes one by one, splits
 * and edits, and the text that comes of the ones that were taken.
 */
#ifndef REPO_HUNKS_H
#define REPO_HUNKS_H

#include <stdbool.h>
#include <stddef.h>

#include "objects/base/buf.h"
#include "objects/base/error.h"

struct dig_differ;
struct dig_pair;

enum dig_hunk_use { DIG_HUNK_UNDECIDED, DIG_HUNK_USE, DIG_HUNK_SKIP };

/* A line, with its newline where it has one, in the text of the hunks. */
struct dig_hunk_line {
	char kind; /* ' ' in both, '-' in the old text, '+' in the new one */
	size_t at;
	size_t len;
};

/* Lines count from 1; a side with no lines starts at the line before it. */
struct dig_hunk {
	enum dig_hunk_use use;
	size_t old_start;
	size_t old_lines;
	size_t new_start;
	size_t new_lines;
	char *heading; /* NUL-terminated, owned; NULL: none */
	bool edited;   /* it is looked for near its place */
	struct dig_hunk_line *lines;
	size_t count;
	size_t cap;
};

struct dig_hunks {
	struct dig_hunk *at; /* in the order of the text */
	size_t count;
	size_t cap;
	struct dig_buf text;
};

void dig_hunks_clear(struct dig_hunks *hunks);

/* All differences of a pair that is not binary, with three lines of context,
 * undecided. hunks: empty before. Errors: those of dig_differ_lines. */
enum dig_status dig_hunks_collect(struct dig_differ *differ,
    const struct dig_pair *pair, struct dig_hunks *hunks,
    struct dig_error *err) DIG_CHECKED;

/* Into how many hunks one can be split: where lines of context part changes. */
size_t dig_hunk_parts(const struct dig_hunk *hunk);
/* Split hunk i into its parts, undecided. The lines between two belong to
 * both. */
void dig_hunks_split(struct dig_hunks *hunks, size_t i);

/*
 * Take other lines into hunk i, as a patch has them: each begins with ' ', '-',
 * '+', or is empty; '\' ends the line before without a newline. What it had
 * before is returned, for dig_hunk_put_back or dig_hunk_clear.
 * *good: false for lines that are none of these; then nothing has changed.
 */
struct dig_hunk dig_hunks_edit(struct dig_hunks *hunks, size_t i,
    const void *text, size_t len, bool *good);
void dig_hunk_put_back(
    struct dig_hunks *hunks, size_t i, struct dig_hunk *before);
void dig_hunk_clear(struct dig_hunk *hunk);

/*
 * The old text with the hunks that are to be used; out is reset. A hunk that
 * was edited is looked for around its place, as git apply does it, the nearest
 * first; where there is little context, at the begin or end of the text only.
 *
 * False: a hunk does not fit; out is of no use.
 * Cost: O(old text), and for an edited hunk O(its lines x lines of the text).
 */
bool dig_hunks_apply(const struct dig_hunks *hunks, const void *old_text,
    size_t old_len, struct dig_buf *out);

#endif
