/* SPDX-License-Identifier: MIT
 *
 * The editor as a child on the terminal.
 */
#include "cmd/editor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "objects/base/io.h"

#define TEXT_MAX ((size_t)16 << 20)

static const char *
choose(const struct dig_config *config)
{
	static const char *const variables[] = { "VISUAL", "EDITOR" };
	struct dig_error err = DIG_ERROR_INIT;
	const char *command = NULL;
	const char *term = getenv("TERM");

	if (dig_config_get_string(
		config, "core.editor", &command, NULL, &err) == DIG_OK &&
	    command[0] != '\0')
		return command;
	for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++) {
		command = getenv(variables[i]);
		if (command != NULL && command[0] != '\0')
			return command;
	}
	if (term == NULL || strcmp(term, "dumb") == 0)
		return NULL; /* vi would only fill the screen with noise */
	return "vi";
}

/* In the child. The path is an argument and never part of the script. The
 * shell catches Ctrl-C, or it would end by it once the editor has ended; the
 * editor does not inherit that. */
static void
become_editor(const char *command, const char *path)
{
	struct dig_buf script = DIG_BUF_INIT;

	dig_buf_printf(&script, "trap : INT QUIT; %s \"$@\"", command);
	execl("/bin/sh", "sh", "-c", (const char *)script.data, command, path,
	    (char *)NULL);
	_exit(127);
}

/* Ctrl-C belongs to the editor while it runs. */
static int
wait_quietly(pid_t pid)
{
	static const int signals[2] = { SIGINT, SIGQUIT };
	struct sigaction ignore = { 0 }, before[2];
	int code = -1;

	ignore.sa_handler = SIG_IGN;
	sigemptyset(&ignore.sa_mask);
	for (int i = 0; i < 2; i++)
		sigaction(signals[i], &ignore, &before[i]);
	while (waitpid(pid, &code, 0) < 0 && errno == EINTR)
		;
	for (int i = 0; i < 2; i++)
		sigaction(signals[i], &before[i], NULL);
	return code;
}

enum dig_status
dig_editor_run(const struct dig_config *config, const char *path,
    struct dig_buf *text, struct dig_error *err)
{
	const char *command = choose(config);
	pid_t pid;
	int code;

	if (command == NULL) {
		dig_ignore(dig_raise(
		    err, DIG_EINVALID, "no editor to open on this terminal"));
		dig_hint(err, "set EDITOR, or give the text with an option");
		return DIG_EINVALID;
	}
	pid = fork();
	if (pid == 0)
		become_editor(command, path);
	if (pid < 0)
		return dig_raise_os(
		    err, DIG_EINVALID, errno, "starting '%s'", command);
	code = wait_quietly(pid);
	if (WIFEXITED(code) && WEXITSTATUS(code) == 127)
		return dig_raise(
		    err, DIG_EINVALID, "cannot start '%s'", command);
	if (code != 0)
		return dig_raise(
		    err, DIG_ENO, "'%s' did not end well", command);
	return dig_read_file(AT_FDCWD, path, TEXT_MAX, text, DIG_EFILE, err);
}
