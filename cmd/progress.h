/* SPDX-License-Identifier: MIT
 *
 * Progress of long work, on standard error.
 *
 * On a terminal one line is redrawn, at most ten times a second, and only
 * once the work has taken half a second; `--progress=json` prints one object
 * a line at the same pace and one at the end (docs/json.md).
 */
#ifndef CMD_PROGRESS_H
#define CMD_PROGRESS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum dig_progress_style {
	DIG_PROGRESS_NONE,
	DIG_PROGRESS_DRAW,
	DIG_PROGRESS_JSON
};

/* Totals are 0 while they are not known. */
struct dig_progress_counts {
	uint64_t files;
	uint64_t total_files;
	uint64_t bytes;
	uint64_t total_bytes;
};

struct dig_progress {
	enum dig_progress_style style;
	const char *what; /* "adding", "checking out"; static */
	const char *unit; /* what is counted; NULL: "files"; static */
	int64_t began_ns;
	int64_t drawn_ns; /* 0: nothing drawn yet */
	struct dig_progress_counts counts;
	pthread_mutex_t mutex;
};

/*
 * `choice` is the value of DIG_OPTS_PROGRESS; NULL draws when standard error
 * is a terminal. INVALID words count as NULL: the caller checks with
 * dig_progress_choice_ok.
 */
void dig_progress_begin(
    struct dig_progress *progress, const char *what, const char *choice);
bool dig_progress_choice_ok(const char *choice);

/* The counts so far. From any thread; returns at once when another draws. */
void dig_progress_update(
    struct dig_progress *progress, const struct dig_progress_counts *counts);

/* Wipe the line, or print the last JSON line. */
void dig_progress_end(struct dig_progress *progress);

#endif
