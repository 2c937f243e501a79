/* SPDX-License-Identifier: MIT
 *
 * Lines that match a pattern, in the files of the work tree, of what is staged
 * or of a snapshot.
 */
#ifndef REPO_GREP_H
#define REPO_GREP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "objects/base/error.h"
#include "objects/oid.h"

struct dig_repo;

/* A longer line is cut into lines of this length. */
#define DIG_GREP_LINE_MAX ((size_t)64 << 20)

enum dig_grep_syntax {
	DIG_GREP_BASIC,
	DIG_GREP_EXTENDED,
	DIG_GREP_FIXED,
	DIG_GREP_PERL
};

enum dig_grep_binary {
	DIG_GREP_BINARY_SAY,  /* that it matches, no lines */
	DIG_GREP_BINARY_SKIP, /* as if it did not match */
	DIG_GREP_BINARY_TEXT
};

enum dig_grep_want {
	DIG_GREP_LINES,
	DIG_GREP_NAMES,         /* of files with a line that matches */
	DIG_GREP_NAMES_WITHOUT, /* of the others */
	DIG_GREP_COUNTS,        /* of lines, where there are any */
	DIG_GREP_ANY            /* is there one? no events */
};

enum dig_grep_where {
	DIG_GREP_WORKTREE,  /* working files that are tracked */
	DIG_GREP_UNTRACKED, /* all that are not ignored */
	DIG_GREP_STAGED,
	DIG_GREP_TREE
};

struct dig_grep_span {
	size_t from;
	size_t to;
};

enum dig_grep_what {
	DIG_GREP_HIT,     /* a line that is selected */
	DIG_GREP_CONTEXT, /* a line before or after one */
	DIG_GREP_BINARY,  /* a binary file has one */
	DIG_GREP_FILE,    /* a name that was wanted */
	DIG_GREP_COUNT    /* `number` lines */
};

/* Pointers are valid during the call. */
struct dig_grep_event {
	enum dig_grep_what what;
	const char *path; /* from the root */
	size_t path_len;
	uint64_t number;  /* of the line, from 1; of lines */
	const char *text; /* the line without its newline */
	size_t len;
	const struct dig_grep_span *spans; /* what matched in it; if asked */
	size_t nspans;
};

/* Called by the thread that asked, in path order. False: no more. */
typedef bool dig_grep_fn(void *arg, const struct dig_grep_event *event);

struct dig_grep_options {
	/* Several are alternatives, as are the lines of one. */
	const char *const *patterns;
	size_t npatterns;
	enum dig_grep_syntax syntax;
	bool ignore_case; /* of ASCII letters; Perl's: as `utf8` says */
	bool utf8;        /* Perl's: characters, not bytes */
	bool word;        /* what matches stands between non-word characters */
	bool invert;      /* lines that do not match */
	enum dig_grep_binary binary; /* a NUL in the first 8000 bytes */
	enum dig_grep_want want;
	uint64_t before; /* lines of context; kept in memory */
	uint64_t after;
	bool spans;
	enum dig_grep_where where;
	struct dig_oid tree;      /* DIG_GREP_TREE: its root */
	const char *const *paths; /* pathspecs from the current folder */
	size_t npaths;            /* 0: the current folder */
	dig_grep_fn *fn;
	void *arg;
};

/*
 * Search regular files; links and links to foreign commits are left out, and
 * working files that are gone.
 *
 * found  some line was selected (NAMES_WITHOUT: some file has none)
 *
 * Errors: INVALID (pattern, path, or a search that took too many steps); FILE
 * when files could not be read, each warned of, at the end; CANCELLED; EIO;
 * those of the store.
 * Cost: files are read by as many threads as there are processors, those above
 * 8 MiB as a stream by the calling thread. Memory: 16 MiB of results and 8 MiB
 * of a file for each thread, and the lines of context.
 */
enum dig_status dig_grep(struct dig_repo *repo,
    const struct dig_grep_options *options, bool *found,
    struct dig_error *err) DIG_CHECKED;

#endif
