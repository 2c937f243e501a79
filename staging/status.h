/* SPDX-License-Identifier: MIT
 *
 * What differs: the staging from HEAD, the work tree from the staging.
 *
 *   walk (threads)  --+
 *                     +-- join, in path order --> suspects --> hashed by
 *   staging rows -----+   (the calling thread)                 threads
 *   (a thread)
 *
 * Invariants
 * T1  A file whose stat is the recorded one is not opened.
 * T2  A file is called unchanged only by its stat or by its content.
 * T3  A stat is recorded only when it was taken after the file system's clock
 *     had moved past the file's times, and only if the lock is free at once.
 * T4  Nothing outside the root is looked at, and no link is followed.
 */
#ifndef STAGING_STATUS_H
#define STAGING_STATUS_H

#include <stdbool.h>
#include <stddef.h>

#include "objects/index.h"
#include "objects/op_state.h"
#include "staging/ignore.h"
#include "staging/pathspec.h"

enum dig_untracked {
	DIG_UNTRACKED_NONE,
	DIG_UNTRACKED_FOLDERS, /* one entry for a folder with nothing tracked */
	DIG_UNTRACKED_FILES
};

struct dig_status_options {
	int root_fd;               /* the work tree; stays the caller's */
	int dig_dirfd;             /* .dig, for the clock of its file system */
	struct dig_index *index;   /* not in a transaction */
	struct dig_ignore *ignore; /* NULL: nothing is ignored */
	struct dig_pathspec *pathspec; /* NULL: everything */
	enum dig_untracked untracked;
	bool ignored;   /* list what is ignored too, unless untracked is NONE */
	bool renames;   /* pair what is staged as gone and as new */
	bool no_staged; /* do not ask what is staged */
	const struct dig_op *op; /* in progress; its conflicts are shown */
	void *arg;
	/* A file or folder that could not be read: "name: reason". */
	void (*warn)(void *arg, const char *path, const char *reason);
};

/*
 * One path. The letters are git's: staged is A, M, D, T, R or ' '; work is M,
 * D, T or ' '; both are '?' for what is untracked and '!' for what is ignored.
 * For one that is not merged they are UU, AA, DD, AU, UA, DU or UD.
 */
struct dig_status_item {
	const char *path; /* NUL-terminated; a folder's ends in '/' */
	size_t len;
	const char *old_path; /* with R: where it was; else NULL */
	size_t old_len;
	char staged;
	char work;
	bool is_folder; /* work is D, and a folder stands there now */
	bool is_unmerged;
};

/* Three runs, each in path order: changes, untracked, ignored. */
struct dig_status_list {
	struct dig_status_item *items;
	size_t nitems;
	size_t nchanges;
	size_t nuntracked;
	size_t cap;
	struct dig_status_text *text; /* what the paths are in */
};

/*
 * Compare. out is the caller's, dig_status_list_clear().
 *
 * Stats of files that turned out unchanged are recorded on the way, see T3;
 * the index may have been read anew by that.
 *
 * Errors: CANCELLED; those of the index. A file's own trouble is a warning,
 * and the file counts as modified.
 * Cost: one stat a file and one pass over the rows; with a pathspec of one
 * folder, over that folder's. With untracked NONE no folder is listed.
 */
enum dig_status dig_status_collect(const struct dig_status_options *options,
    struct dig_status_list *out, struct dig_error *err) DIG_CHECKED;
void dig_status_list_clear(struct dig_status_list *list);

#endif
