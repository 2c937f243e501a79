/* SPDX-License-Identifier: MIT
 *
 * Writing files from the store into a folder, in parallel; for repo/ only.
 *
 * Invariants
 * W1  Nothing is opened or made but through a descriptor of a folder that was
 *     resolved below the root and through no link.
 * W2  With a folder for temporary files, a path changes in one step from what
 *     stood there to the whole new file, and only if what stood there is what
 *     the caller has seen; else it is put back and the status is CONFLICT.
 * W3  Without one, files are made under their own names, where nothing is.
 * W4  Modes are 0644 or 0755 less the umask; links are made last.
 */
#ifndef REPO_WORKTREE_WRITE_H
#define REPO_WORKTREE_WRITE_H

#include "repo/internal.h"

/* One file to write; in path order. */
struct dig_write_job {
	const struct dig_entry *entry; /* regular, executable or symlink */
	const char *path;              /* NUL-terminated */
	const struct dig_stat *before; /* what stands there; NULL: nothing */
	struct dig_stat after; /* when done: a stat of what was written */
	bool done;
};

struct dig_write_target {
	struct dig_store *store;
	int root_fd; /* of the folder that paths are below */
	int tmp_fd;  /* temporary files, same file system; -1: W3 */
	const struct dig_talk *talk;
	const char *what;  /* for progress */
	unsigned nthreads; /* 0: dig_thread_count() */
};

/*
 * Write all jobs, folders as needed. The first failure, or an interrupt, stops
 * the rest between files; jobs that are done say so.
 *
 * Errors: CONFLICT (something appeared or changed in the way, named), FILE
 * (named), CORRUPT, NOTFOUND (an object is missing), CANCELLED.
 * Cost: each thread holds a chunk and the reader's cache, whatever the files'
 * sizes; large files are written by several threads.
 */
enum dig_status dig_worktree_write(const struct dig_write_target *target,
    struct dig_write_job *jobs, size_t njobs,
    struct dig_error *err) DIG_CHECKED;

/*
 * Take the file at `path` away if it still is what was seen; with the
 * temporary folder as in W2.
 */
struct dig_folders;
enum dig_status dig_worktree_take(struct dig_folders *folders, int tmp_fd,
    const char *path, const struct dig_stat *before,
    struct dig_error *err) DIG_CHECKED;

#endif
