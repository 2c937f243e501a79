/* SPDX-License-Identifier: MIT
 *
 * Which ignore rule speaks of a path.
 */
#ifndef REPO_CHECK_IGNORE_H
#define REPO_CHECK_IGNORE_H

#include <stdbool.h>
#include <stddef.h>

#include "objects/base/error.h"

struct dig_repo;

/* The rule that decides; strings are borrowed until the next question. */
struct dig_ignored {
	const char *source;  /* name of its file; NULL: no rule speaks of it */
	const char *pattern; /* as written */
	size_t line;         /* from 1 */
	bool negated;        /* the rule takes the path back */
};

/* Rules of the folders of the latest path are kept. */
struct dig_ignore_query;

/* tracked_too: rules count for tracked files as well. repo is retained. */
struct dig_ignore_query *dig_ignore_query_new(
    struct dig_repo *repo, bool tracked_too);
void dig_ignore_query_free(struct dig_ignore_query *query); /* NULL is fine */

/*
 * One path, given from the current folder as a pathspec; it need not be there.
 * A final '/' says that it is a folder. A tracked path, and a folder with
 * tracked files in it, has no rule.
 *
 * Errors: INVALID: no path, outside the work tree, beyond a symbolic link; IO,
 * DB. Cost: the rules of folders that the last path was not in are read.
 */
enum dig_status dig_ignore_query_ask(struct dig_ignore_query *query,
    const char *arg, struct dig_ignored *out,
    struct dig_error *err) DIG_CHECKED;

#endif
