/* SPDX-License-Identifier: MIT
 *
 * Ignore rules: the syntax and the answers of gitignore(5).
 *
 * Rules come in lists, one per file of rules; a list knows the list below it
 * in rank. The chain that a folder's entries are judged by is, from the lowest:
 * core.excludesFile, .dig/info/exclude, then .gitignore and .digignore of each
 * folder from the root down. The last rule that matches decides.
 */
#ifndef STAGING_IGNORE_H
#define STAGING_IGNORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "objects/base/error.h"
#include "staging/glob.h"

#define DIG_IGNORE_FILE_MAX (1024 * 1024) /* bytes in a file of rules */
#define DIG_IGNORE_LINE_MAX                                                    \
	8192 /* a longer line is no rule: bounds the cost                      \
	      */

/* A list and all below it: immutable, counted, for any number of threads. */
struct dig_ignore;

enum dig_ignore_verdict {
	DIG_IGNORE_NONE, /* no rule speaks of it */
	DIG_IGNORE_YES,
	DIG_IGNORE_NO /* a rule with '!' takes it back */
};

/* The rule that decided; borrowed from the chain. */
struct dig_ignore_match {
	const char *source;  /* the name of its file, as given */
	const char *pattern; /* as written, with '!' and '/', end trimmed */
	size_t line;         /* from 1 */
};

/*
 * A list over `parent` (counted once more; NULL: nothing below).
 *
 * source  the name that a match gives, copied
 * dirlen  length of the path of the folder that the rules are relative to;
 *         0 for the root. Only paths below that folder may be judged.
 * rules   the file's bytes, copied
 *
 * Never NULL, and nothing in `rules` is an error: a line that makes no sense
 * matches nothing. An empty list is how rules are switched on where there are
 * none above the folders' own.
 */
struct dig_ignore *dig_ignore_new(struct dig_ignore *parent, const char *source,
    size_t dirlen, const void *rules, size_t len);

struct dig_ignore *dig_ignore_ref(struct dig_ignore *ignore); /* NULL is fine */
void dig_ignore_free(struct dig_ignore *ignore); /* gives one count back */

/*
 * The chain for the entries of the folder open as `dirfd`: parent, then its
 * .gitignore, then its .digignore, where they are there. Neither is followed
 * when it is a symlink.
 *
 * warn  DIG_OK, or DIG_EINVALID for a file of more than DIG_IGNORE_FILE_MAX
 *       bytes, DIG_EFILE for one that cannot be read or is no regular file;
 *       that file's rules are left out. Never NULL.
 *
 * Returns a chain to be freed; `parent` itself, counted, when there are none.
 */
struct dig_ignore *dig_ignore_load(int dirfd, struct dig_ignore *parent,
    const char *dir, size_t dirlen, struct dig_error *warn);

/*
 * Judge one entry by the chain of the folder that it is in.
 *
 * path   from the root, no final '/'
 * match  filled unless the answer is NONE; may be NULL
 *
 * That its folders are not ignored themselves is the caller's to know: below
 * an ignored folder everything is, and no rule takes it back.
 */
enum dig_ignore_verdict dig_ignore_check(const struct dig_ignore *ignore,
    const char *path, size_t len, bool is_dir, struct dig_ignore_match *match);

/*
 * Judging any paths in any order: reads the rules of the folders on the way,
 * and keeps those of the latest path. For one thread. Fast when neighbours
 * come one after the other.
 */
struct dig_ignore_lookup;

/* root_fd stays the caller's and open; base is counted. */
struct dig_ignore_lookup *dig_ignore_lookup_new(
    int root_fd, struct dig_ignore *base);
void dig_ignore_lookup_free(struct dig_ignore_lookup *lookup);

/*
 * As dig_ignore_check, folders included: for a path below an ignored folder
 * the match is the folder's. A match is valid until the next call.
 */
enum dig_ignore_verdict dig_ignore_lookup_check(
    struct dig_ignore_lookup *lookup, const char *path, size_t len, bool is_dir,
    struct dig_ignore_match *match);

#endif
