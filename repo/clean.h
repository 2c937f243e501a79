/* SPDX-License-Identifier: MIT
 *
 * Removing what is not tracked from the work tree.
 */
#ifndef REPO_CLEAN_H
#define REPO_CLEAN_H

#include <stdbool.h>
#include <stddef.h>

#include "objects/base/error.h"

struct dig_repo;

enum dig_clean_mode {
	DIG_CLEAN_UNTRACKED,
	DIG_CLEAN_ALL,    /* ignored files, too: only `excludes` count */
	DIG_CLEAN_IGNORED /* ignored files alone */
};

enum dig_clean_what {
	DIG_CLEAN_GONE,       /* was removed, or would be */
	DIG_CLEAN_REPOSITORY, /* a repository of its own; left alone */
	DIG_CLEAN_HERE        /* the current folder; emptied, and left */
};

/*
 * path    from the root; ends in '/' where a folder is meant as a whole
 * listed  bytes of it that were found as one thing to remove: the whole path,
 *         or a folder with its '/' that could not go as a whole
 */
typedef void dig_clean_fn(void *arg, enum dig_clean_what what, const char *path,
    size_t len, size_t listed);

struct dig_clean_options {
	enum dig_clean_mode mode;
	bool folders;      /* untracked folders, too; implied by paths */
	bool repositories; /* other repositories, too */
	bool dry_run;
	const char *const *excludes; /* ignore rules above all others */
	size_t nexcludes;
	const char *const *paths; /* pathspecs from the current folder */
	size_t npaths;            /* 0: the current folder */
	dig_clean_fn *tell;       /* in path order */
	void *arg;
};

/*
 * Remove what the options name. All is found first and removed then, below
 * folder descriptors and through no link. Never touched: tracked paths, .dig,
 * and .git, .hg and .svn beside tracked files. Without `repositories` a folder
 * that has one of these four of its own is left alone with all below.
 *
 * Holds the lock unless dry_run, since another command may be writing files
 * that are not staged yet. Nothing is recorded, so nothing comes back.
 *
 * Errors: FILE when something could not be removed (each is warned of);
 * INVALID (a path outside); CANCELLED; LOCKED; those of the store.
 * Cost: lists the folders with tracked files and what is to go; memory for the
 * names of one folder at each level, and for what is to go.
 */
enum dig_status dig_clean(struct dig_repo *repo,
    const struct dig_clean_options *options, struct dig_error *err) DIG_CHECKED;

#endif
