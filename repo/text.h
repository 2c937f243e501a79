/* SPDX-License-Identifier: MIT
 *
 * The text engine: differences of two texts by line, and three-way merges.
 * The work is done by a plugin, dig-text.so, that is loaded at the first call
 * that compares or merges; a program that never asks never loads it.
 */
#ifndef REPO_TEXT_H
#define REPO_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "objects/base/buf.h"
#include "objects/base/error.h"

/*
 * What is treated as text at most: memory for a comparison grows with both, to
 * 1.2 GB for two different texts of so many lines.
 * Callers show a longer file as binary, as git does beyond its
 * core.bigFileThreshold.
 */
#define DIG_TEXT_MAX_BYTES ((size_t)64 << 20)
#define DIG_TEXT_MAX_LINES ((size_t)4000000)

/* A NUL in the first 8000 bytes, as git decides it. */
#define DIG_TEXT_LOOK 8000
bool dig_text_is_binary(const void *data, size_t len);

/* At most DIG_TEXT_MAX_BYTES, in at most DIG_TEXT_MAX_LINES lines. */
bool dig_text_fits(const void *data, size_t len);

/* The engine, not loaded yet. One belongs to one thread. */
struct dig_text {
	void *handle; /* of the loaded plugin; NULL before */
	const struct dig_text_plugin *plugin;
};

#define DIG_TEXT_INIT                                                          \
	{                                                                      \
		NULL, NULL                                                     \
	}

/* Unloads; the struct can be used again. */
void dig_text_close(struct dig_text *text);

/*
 * Load the plugin now. The others do so themselves. It is looked for beside
 * the program, then in the folder that the build was told (PREFIX/lib/dig),
 * nowhere else; it has to be of this build's version and belong to root, the
 * caller or the program's owner.
 *
 * Errors: EIO (not found, not to be trusted, cannot be loaded).
 */
enum dig_status dig_text_open(
    struct dig_text *text, struct dig_error *err) DIG_CHECKED;

struct dig_text_options {
	unsigned context_lines;
	unsigned gap_lines;       /* hunks this near to each other are one */
	bool ignore_all_space;    /* git diff -w */
	bool ignore_space_change; /* git diff -b */
	bool no_indent_heuristic; /* hunks begin where the comparison says */
	/* With no context: leave out what both end with, in blocks of a KiB up
	 * to a line's end, as git does then. Where lines repeat, hunks may
	 * differ. */
	bool cut_end;
};

#define DIG_TEXT_OPTIONS_INIT                                                  \
	{                                                                      \
		3, 0, false, false, false, false                               \
	}

/* Lines count from 1; a side with no lines starts at the line before it. */
struct dig_text_hunk {
	size_t old_start;
	size_t old_lines;
	size_t new_start;
	size_t new_lines;
	const char *heading; /* nearest line above that begins a section */
	size_t heading_len;  /* 0: there is none */
};

/*
 * Where a comparison goes, in order; pointers are valid during the call.
 * Both answer false to stop, which ends dig_text_diff with DIG_OK.
 */
struct dig_text_sink {
	void *arg;
	bool (*hunk)(void *arg, const struct dig_text_hunk *hunk);
	/*
	 * kind: ' ' in both, '-' in the old one, '+' in the new one. The line
	 * includes its newline; a last line that lacks it comes without.
	 * NULL: hunks are enough, without headings; with cut_end the engine is
	 * not asked then where there is one answer only (text_simple.h).
	 */
	bool (*line)(void *arg, char kind, const char *line, size_t len);
};

/*
 * The differences of two texts, in git's order and with its default
 * algorithm. Bytes of any kind are taken as lines: whether they are text is
 * the caller's question.
 *
 * sink         not called for equal texts
 *
 * Errors: EINVALID (over the limits above), EIO (the plugin), ENOMEM.
 */
enum dig_status dig_text_diff(struct dig_text *text, const void *old_data,
    size_t old_len, const void *new_data, size_t new_len,
    const struct dig_text_options *options, const struct dig_text_sink *sink,
    struct dig_error *err) DIG_CHECKED;

/* One of the three texts; label: after the marker, without newline. */
struct dig_text_side {
	const void *data;
	size_t len;
	const char *label;
};

enum dig_text_style {
	DIG_TEXT_MERGE, /* both sides */
	DIG_TEXT_DIFF3, /* and the base between them */
	DIG_TEXT_OURS,  /* no markers: one side's lines */
	DIG_TEXT_THEIRS
};

/*
 * Merge what `ours` and `theirs` changed in `base`; a text that does not
 * exist is empty. Where both changed the same lines otherwise, `out` has both
 * between markers, or what the style says.
 *
 * nsigns       that a marker begins with; 7 is what people know
 * out          replaced on success
 * nconflicts   0: merged cleanly; else the number of marked places (a text
 *              that has such a marker with ours' label already adds to it)
 *
 * Errors: EINVALID (one is binary or over the limits above), EIO, ENOMEM.
 */
enum dig_status dig_text_merge(struct dig_text *text,
    const struct dig_text_side *base, const struct dig_text_side *ours,
    const struct dig_text_side *theirs, enum dig_text_style style,
    unsigned nsigns, struct dig_buf *out, size_t *nconflicts,
    struct dig_error *err) DIG_CHECKED;

#endif
