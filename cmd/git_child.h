/* SPDX-License-Identifier: MIT
 *
 * git as a child process, on a repository that may be hostile.
 */
#ifndef CMD_GIT_CHILD_H
#define CMD_GIT_CHILD_H

#include <sys/types.h>

#include "objects/base/buf.h"
#include "objects/base/error.h"

struct dig_git_child {
	pid_t pid;
	int fd; /* its standard output, to read from */
};

/*
 * Start `git -C dir args...`, without a shell. dir's own settings start no
 * program there: no hook, no monitor, no pager, and no transport that could
 * fetch what is missing; who owns dir is for git to judge, safe.directory. The
 * environment does not lead it to another repository.
 *
 * args  ends with NULL
 * Errors: FILE when there is no process or no pipe to be had.
 */
enum dig_status dig_git_start(struct dig_git_child *child, const char *dir,
    const char *const *args, struct dig_error *err) DIG_CHECKED;
/* Close the pipe and wait; git's exit code, 127 when there is no git. */
int dig_git_finish(struct dig_git_child *child);
/* One line that a git command prints, without its newline, into out (reset).
 * The exit code of git. Errors: FILE. */
enum dig_status dig_git_line(const char *dir, const char *const *args,
    struct dig_buf *out, int *code, struct dig_error *err) DIG_CHECKED;

#endif
