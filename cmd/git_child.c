/* SPDX-License-Identifier: MIT
 *
 * Starting git by its arguments.
 */
#include "cmd/git_child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "objects/base/io.h"

#define ARGS_MAX 32

/* In the child: what would make git another one. */
static void
set_environment(void)
{
	static const char *const unset[] = { "GIT_DIR", "GIT_WORK_TREE",
		"GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY",
		"GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE",
		"GIT_PREFIX", "GIT_GRAFT_FILE", "GIT_SHALLOW_FILE",
		"GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT",
		"GIT_EXTERNAL_DIFF", "GIT_REPLACE_REF_BASE" };

	for (size_t i = 0; i < sizeof(unset) / sizeof(unset[0]); i++)
		unsetenv(unset[i]);
	/* A partial clone may name any program as its transport. */
	setenv("GIT_ALLOW_PROTOCOL", "none", 1);
	setenv("GIT_NO_LAZY_FETCH", "1", 1);
	setenv("GIT_TERMINAL_PROMPT", "0", 1);
	setenv("GIT_OPTIONAL_LOCKS", "0", 1);
	/* Objects as they are, or their ids would be those of others. */
	setenv("GIT_NO_REPLACE_OBJECTS", "1", 1);
}

enum dig_status
dig_git_start(struct dig_git_child *child, const char *dir,
    const char *const *args, struct dig_error *err)
{
	const char *argv[ARGS_MAX] = { "git", "--no-pager", "-c",
		"core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-C",
		dir };
	size_t argc = 8;
	int ends[2];

	while (*args != NULL && argc < ARGS_MAX - 1)
		argv[argc++] = *args++;
	child->fd = -1;
	if (pipe(ends) != 0)
		return dig_raise_os(err, DIG_EFILE, errno, "making a pipe");
	for (int i = 0; i < 2; i++)
		if (fcntl(ends[i], F_SETFD, FD_CLOEXEC) != 0)
			dig_log("close-on-exec: %s", strerror(errno));
	child->pid = fork();
	if (child->pid == 0) {
		union {
			const char *const *in;
			char *const *out;
		} words = { argv };

		set_environment();
		if (dup2(ends[1], STDOUT_FILENO) >= 0)
			execvp("git", words.out);
		_exit(127);
	}
	close(ends[1]);
	if (child->pid < 0) {
		close(ends[0]);
		return dig_raise_os(err, DIG_EFILE, errno, "starting git");
	}
	child->fd = ends[0];
	return DIG_OK;
}

int
dig_git_finish(struct dig_git_child *child)
{
	int status = 0;

	dig_close(child->fd);
	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

enum dig_status
dig_git_line(const char *dir, const char *const *args, struct dig_buf *out,
    int *code, struct dig_error *err)
{
	struct dig_git_child child;
	enum dig_status st = dig_git_start(&child, dir, args, err);
	char text[4096];
	int64_t n;

	if (st != DIG_OK)
		return st;
	n = dig_read_full(child.fd, text, sizeof(text));
	*code = dig_git_finish(&child);
	dig_buf_reset(out);
	dig_buf_reserve(out, 1);
	out->data[0] = '\0';
	if (n > 0) {
		const char *newline = memchr(text, '\n', (size_t)n);

		dig_buf_put(out, text,
		    newline != NULL ? (size_t)(newline - text) : (size_t)n);
	}
	return DIG_OK;
}
