/* SPDX-License-Identifier: MIT
 *
 * A program as a child: from a copy that nobody else can write, in a process
 * group of its own, for a limited time.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "repo/hook_internal.h"

#define GRACE_MS 1000 /* between SIGTERM and SIGKILL */
#define NAP_MS 10     /* at most between two looks */

extern char **environ;

/* ---- The copy --------------------------------------------------------- */

/* In `scratch`, a folder of ours with mode 0700: nobody changes it between the
 * digest and the start (H2). */
static enum dig_status
write_copy(int dirfd, const char *name, const struct dig_buf *bytes,
    struct dig_error *err)
{
	int fd, rc;

	fd = dig_open_at(dirfd, name,
	    DIG_OPEN_WRITE | DIG_OPEN_CREATE | DIG_OPEN_EXCL |
		DIG_OPEN_PRIVATE);
	if (fd < 0)
		return dig_raise_os(err, DIG_EIO, -fd, "writing .dig/tmp");
	rc = dig_write_full(fd, bytes->data, bytes->len);
	if (rc == 0 && fchmod(fd, 0500) != 0)
		rc = errno;
	if (dig_close(fd) != 0 && rc == 0)
		rc = EIO;
	return rc == 0 ? DIG_OK
		       : dig_raise_os(err, DIG_EIO, rc, "writing .dig/tmp");
}

/* ---- The child -------------------------------------------------------- */

/* dig's environment with `more` over it; the strings are borrowed. */
static const char **
make_environment(const char *const *more)
{
	size_t n = 0, kept = 0, nmore = 0;
	const char **all;

	while (environ[n] != NULL)
		n++;
	while (more[nmore] != NULL)
		nmore++;
	all = dig_calloc(n + nmore + 1, sizeof(*all));
	for (size_t i = 0; i < n; i++) {
		bool replaced = false;

		for (size_t k = 0; k < nmore; k++)
			replaced |= strncmp(environ[i], more[k],
					strcspn(more[k], "=") + 1) == 0;
		if (!replaced)
			all[kept++] = environ[i];
	}
	/* A word that ends with its '=' only takes the name out. */
	for (size_t k = 0; k < nmore; k++)
		if (more[k][strcspn(more[k], "=") + 1] != '\0')
			all[kept++] = more[k];
	return all;
}

static char *const *
strings(const char **words)
{
	return (char *const *)(uintptr_t)words;
}

/* Never returns; tells the parent the errno of what failed. */
static void
become_hook(const char *path, const char *cwd, const char **argv,
    const char **environment, int report)
{
	const char **shell;
	size_t n = 0;
	int in, os;

	setpgid(0, 0);
	in = open("/dev/null", O_RDONLY);
	if (in >= 0 && dup2(in, STDIN_FILENO) >= 0 &&
	    dup2(STDERR_FILENO, STDOUT_FILENO) >= 0 && chdir(cwd) == 0) {
		if (in > STDERR_FILENO)
			close(in);
		execve(path, strings(argv), strings(environment));
		if (errno == ENOEXEC) { /* a script without "#!" */
			while (argv[n] != NULL)
				n++;
			shell = dig_calloc(n + 2, sizeof(*shell));
			shell[0] = "sh";
			shell[1] = path;
			for (size_t i = 1; i < n; i++)
				shell[i + 1] = argv[i];
			execve("/bin/sh", strings(shell), strings(environment));
		}
	}
	os = errno;
	dig_ignore(
	    dig_write_full(report, &os, sizeof(os)) == 0 ? DIG_OK : DIG_EIO);
	_exit(127);
}

static void
nap(int64_t ms)
{
	struct timespec time = { 0, (long)ms * 1000000 };

	nanosleep(&time, NULL);
}

/* Wait until then; true: it has ended. 0: for ever, but for Ctrl-C. */
static bool
wait_until(pid_t pid, int64_t deadline_ns, bool stoppable, int *code)
{
	int64_t ms = 1;

	for (;;) {
		pid_t got = waitpid(pid, code, WNOHANG);

		if (got == pid || (got < 0 && errno != EINTR))
			return true;
		if ((stoppable && dig_interrupted()) ||
		    (deadline_ns != 0 && dig_now_ns() > deadline_ns))
			return false;
		nap(ms);
		ms = ms * 2 > NAP_MS ? NAP_MS : ms * 2;
	}
}

/* The whole group: what the hook started ends with it. */
static void
end_group(pid_t pid, int *code)
{
	kill(-pid, SIGTERM);
	if (!wait_until(
		pid, dig_now_ns() + (int64_t)GRACE_MS * 1000000, false, code)) {
		kill(-pid, SIGKILL);
		wait_until(pid, 0, false, code);
	}
	kill(-pid, SIGKILL);
}

static enum dig_status
wait_for(const struct dig_hook_file *file, pid_t pid, int64_t timeout_ms,
    struct dig_hook_end *end, struct dig_error *err)
{
	int64_t deadline =
	    timeout_ms > 0 ? dig_now_ns() + timeout_ms * 1000000 : 0;
	int code = 0;

	end->late = !wait_until(pid, deadline, true, &code);
	if (end->late)
		end_group(pid, &code);
	if (dig_interrupted())
		return dig_raise(err, DIG_ECANCELLED,
		    "interrupted; hook '%s' was ended", file->name);
	end->code = WIFEXITED(code) ? WEXITSTATUS(code) : -1;
	end->signal = WIFSIGNALED(code) ? WTERMSIG(code) : 0;
	return DIG_OK;
}

static enum dig_status
start(const struct dig_hook_file *file, const char *path, const char *cwd,
    const char **argv, const char **environment, pid_t *out,
    struct dig_error *err)
{
	int report[2], os = 0;
	pid_t pid;

	if (pipe(report) != 0)
		return dig_raise_os(
		    err, DIG_EFILE, errno, "starting hook '%s'", file->name);
	fcntl(report[0], F_SETFD, FD_CLOEXEC);
	fcntl(report[1], F_SETFD, FD_CLOEXEC);
	pid = fork();
	if (pid == 0)
		become_hook(path, cwd, argv, environment, report[1]);
	if (pid > 0)
		setpgid(pid, pid); /* whoever comes first */
	else
		os = errno;
	close(report[1]);
	/* The pipe closes by exec, or brings what went wrong. */
	if (pid > 0 &&
	    dig_read_full(report[0], &os, sizeof(os)) == (int64_t)sizeof(os))
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	else if (pid > 0)
		os = 0;
	close(report[0]);
	if (os != 0)
		return dig_raise_os(
		    err, DIG_EFILE, os, "starting hook '%s'", file->name);
	*out = pid;
	return DIG_OK;
}

enum dig_status
dig_hook_start(const struct dig_hook_scratch *scratch,
    const struct dig_hook_file *file, const char *cwd, const char *const *args,
    size_t nargs, const char *const *environment, int64_t timeout_ms,
    struct dig_hook_end *end, struct dig_error *err)
{
	const char **argv = dig_calloc(nargs + 2, sizeof(*argv));
	const char **all = make_environment(environment);
	const char *base = strrchr(file->name, '/');
	struct dig_buf path = DIG_BUF_INIT;
	enum dig_status st;
	pid_t pid = 0;

	base = base != NULL ? base + 1 : file->name;
	dig_buf_printf(&path, "%s/%s", scratch->path, base);
	argv[0] = (const char *)path.data;
	for (size_t i = 0; i < nargs; i++)
		argv[i + 1] = args[i];
	st = write_copy(scratch->fd, base, &file->bytes, err);
	if (st == DIG_OK)
		st = start(
		    file, (const char *)path.data, cwd, argv, all, &pid, err);
	if (st == DIG_OK)
		st = wait_for(file, pid, timeout_ms, end, err);
	dig_unlink_at(scratch->fd, base);
	dig_buf_clear(&path);
	free(argv);
	free(all);
	return st;
}
