/* SPDX-License-Identifier: MIT
 *
 * The pager as a child that reads what dig writes to descriptor 1.
 */
#include "cmd/pager.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "objects/base/io.h"

/* The command line of the pager, or NULL for none. */
static const char *
choose(const struct dig_config *config)
{
	struct dig_error err = DIG_ERROR_INIT;
	const char *command = NULL;

	if (dig_config_get_string(config, "core.pager", &command, NULL, &err) !=
	    DIG_OK)
		command = getenv("PAGER");
	if (command == NULL)
		command = "less";
	return command[0] == '\0' || strcmp(command, "cat") == 0 ? NULL
								 : command;
}

/* In the child; tells the parent by `report` when exec fails. */
static void
become_pager(const char *command, int input, int report)
{
	char byte = 1;

	setenv("LESS", "FRX", 0);
	setenv("LV", "-c", 0);
	if (dup2(input, STDIN_FILENO) >= 0) {
		/* A plain word needs no shell, and then its absence shows. */
		if (strpbrk(command, " \t|&;<>()$`\\\"'*?[#~=%!{}\n") == NULL)
			execlp(command, command, (char *)NULL);
		else
			execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	}
	dig_ignore(dig_write_full(report, &byte, 1) == 0 ? DIG_OK : DIG_EFILE);
	_exit(127);
}

static int
pipe_cloexec(int ends[2])
{
	if (pipe(ends) != 0)
		return errno;
	for (int i = 0; i < 2; i++)
		if (fcntl(ends[i], F_SETFD, FD_CLOEXEC) != 0)
			return errno;
	return 0;
}

static void
close_pair(int ends[2])
{
	for (int i = 0; i < 2; i++) {
		if (ends[i] >= 0)
			close(ends[i]);
		ends[i] = -1;
	}
}

void
dig_pager_start(struct dig_pager *pager, const struct dig_config *config)
{
	const char *command = choose(config);
	int feed[2] = { -1, -1 }, report[2] = { -1, -1 };
	char byte;
	pid_t pid = -1;

	pager->pid = 0;
	if (command == NULL || !isatty(STDOUT_FILENO))
		return;
	if (pipe_cloexec(feed) != 0 || pipe_cloexec(report) != 0)
		goto out;
	pid = fork();
	if (pid == 0)
		become_pager(command, feed[0], report[1]);
	if (pid < 0)
		goto out;
	close(report[1]);
	report[1] = -1;
	/* The pipe closes by exec, or brings a byte when exec failed. */
	if (dig_read_full(report[0], &byte, 1) == 0 &&
	    dup2(feed[1], STDOUT_FILENO) >= 0)
		pager->pid = pid;
out:
	close_pair(feed);
	close_pair(report);
	if (pid > 0 && pager->pid == 0)
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
}

void
dig_pager_finish(struct dig_pager *pager)
{
	if (pager->pid == 0)
		return;
	close(STDOUT_FILENO);
	while (waitpid(pager->pid, NULL, 0) < 0 && errno == EINTR)
		;
	pager->pid = 0;
}
