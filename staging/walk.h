/* SPDX-License-Identifier: MIT
 *
 * The walk of a work tree: folders are listed and files stat'ed by several
 * threads, and come out as one sequence in the order of the index.
 *
 * Everything is opened below one descriptor, through no symlink. What is not a
 * file to track is told apart and left to the caller to say: nothing below the
 * root vanishes from the sequence unsaid except .git, .hg, .svn, the root's
 * .dig, folders as such, what rules ignore and what the pathspec leaves out.
 */
#ifndef STAGING_WALK_H
#define STAGING_WALK_H

#include <stdbool.h>
#include <stddef.h>

#include "objects/base/error.h"
#include "objects/base/io.h"
#include "staging/ignore.h"
#include "staging/pathspec.h"

enum dig_walk_what {
	DIG_WALK_FILE,
	DIG_WALK_SYMLINK,
	DIG_WALK_IGNORED,    /* file, or folder with all below; if asked for */
	DIG_WALK_REPOSITORY, /* a folder with a .dig of its own; not entered */
	DIG_WALK_SPECIAL,    /* fifo, socket, device */
	DIG_WALK_BADNAME,    /* dig_path_check refuses it; `reason` */
	DIG_WALK_BADRULES,   /* a folder whose rules could not be read or are
				too large; `reason`. Its entries follow. */
	DIG_WALK_ERROR       /* unreadable or gone meanwhile; `os_errno` */
};

struct dig_walk_entry {
	const char *path; /* from the root, NUL-terminated, no final '/' */
	size_t len;       /* 0: the root itself (ERROR and BADRULES only) */
	enum dig_walk_what what;
	int os_errno;       /* ERROR */
	const char *reason; /* BADNAME, BADRULES: a phrase */
	/*
	 * FILE, SYMLINK, SPECIAL and IGNORED files: complete if the options
	 * ask for it. All others: the type alone, the rest zero.
	 */
	struct dig_stat stat;
};

struct dig_walk_options {
	/*
	 * The rules below those of the folders; counted. NULL: no rules at
	 * all, and none are read.
	 */
	struct dig_ignore *ignore;
	bool report_ignored;
	/* What to report; NULL: everything. Borrowed until close, marked. */
	struct dig_pathspec *pathspec;
	unsigned nthreads; /* 0: dig_thread_count() */
	bool stat_needed;
};

#define DIG_WALK_OPTIONS_INIT                                                  \
	{                                                                      \
		NULL, false, NULL, 0, true                                     \
	}

struct dig_walk;

/*
 * Start a walk of the folder `root_fd`, which stays the caller's, open until
 * the close. Threads start when there is work enough for them and read ahead,
 * some 64 Ki entries at most beside the names of the folders on the way. With
 * one thread all happens in dig_walk_next.
 *
 * Descriptors: one or two for each thread, however deep or wide the tree.
 */
enum dig_status dig_walk_open(int root_fd,
    const struct dig_walk_options *options, struct dig_walk **out,
    struct dig_error *err) DIG_CHECKED;

/*
 * The next entry, in memcmp order of the full paths, where a folder counts as
 * its name with a '/' at the end. The sequence does not depend on the number
 * of threads.
 *
 * out  borrowed until the next call; NULL at the end
 *
 * Errors: CANCELLED after an interrupt. Troubles with files are entries.
 */
enum dig_status dig_walk_next(struct dig_walk *walk,
    const struct dig_walk_entry **out, struct dig_error *err) DIG_CHECKED;

void dig_walk_close(struct dig_walk *walk); /* at any time; NULL is fine */

#endif
