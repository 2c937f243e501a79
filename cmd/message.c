/* SPDX-License-Identifier: MIT
 *
 * Where messages come from.
 */
#include "cmd/message.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cmd/editor.h"
#include "objects/base/io.h"

#define MESSAGE_FILE_MAX ((size_t)16 << 20)

static void
join_messages(const struct dig_list *list, struct dig_buf *out)
{
	for (size_t i = 0; i < list->count; i++) {
		if (i > 0)
			dig_buf_puts(out, "\n\n");
		dig_buf_puts(out, list->at[i]);
	}
}

/* A file, a pipe or standard input, to the end. */
static enum dig_status
read_message(const char *name, struct dig_buf *out, struct dig_error *err)
{
	bool standard = strcmp(name, "-") == 0;
	int fd = standard ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
	enum dig_status st = DIG_OK;
	int64_t got;

	if (fd < 0)
		return dig_raise_os(
		    err, DIG_EINVALID, errno, "reading '%s'", name);
	dig_buf_reserve(out, MESSAGE_FILE_MAX + 1);
	got = dig_read_full(fd, out->data, MESSAGE_FILE_MAX + 1);
	if (got < 0)
		st = dig_raise_os(
		    err, DIG_EFILE, (int)-got, "reading '%s'", name);
	else if ((size_t)got > MESSAGE_FILE_MAX)
		st = dig_raise(
		    err, DIG_EINVALID, "'%s' is too large for a message", name);
	else
		out->len = (size_t)got;
	if (!standard)
		dig_ignore(dig_close(fd) == 0 ? DIG_OK : DIG_EFILE);
	return st;
}

enum dig_status
dig_message_given(const struct dig_list *messages, const char *file,
    struct dig_buf *out, struct dig_error *err)
{
	struct dig_buf text = DIG_BUF_INIT;
	enum dig_status st = DIG_OK;

	if (file == NULL)
		join_messages(messages, &text);
	else
		st = read_message(file, &text, err);
	if (st == DIG_OK)
		dig_message_clean(text.data, text.len, false, out);
	dig_buf_clear(&text);
	return st;
}

size_t
dig_message_scissors(const struct dig_buf *text)
{
	static const char line[] = DIG_MESSAGE_SCISSORS;
	size_t len = sizeof(line) - 1;

	for (size_t at = 0; at + len <= text->len; at++)
		if ((at == 0 || text->data[at - 1] == '\n') &&
		    memcmp(text->data + at, line, len) == 0)
			return at;
	return text->len;
}

enum dig_status
dig_message_write(struct dig_repo *repo, const char *name,
    const struct dig_buf *text, struct dig_buf *path, struct dig_error *err)
{
	enum dig_status st;
	int fd;

	fd = dig_open_at(AT_FDCWD, dig_repo_dir(repo), DIG_OPEN_DIRECTORY);
	if (fd < 0)
		return dig_raise_os(
		    err, DIG_EIO, -fd, "opening '%s'", dig_repo_dir(repo));
	st = dig_replace_file(fd, name, text->data, text->len, err);
	dig_ignore(dig_close(fd) == 0 ? DIG_OK : DIG_EIO); /* a folder */
	dig_buf_reset(path);
	dig_buf_printf(path, "%s/%s", dig_repo_dir(repo), name);
	return st;
}

enum dig_status
dig_message_read(const char *path, struct dig_buf *text, struct dig_error *err)
{
	return dig_read_file(
	    AT_FDCWD, path, MESSAGE_FILE_MAX, text, DIG_EFILE, err);
}

enum dig_status
dig_message_edit(struct dig_cli *cli, struct dig_repo *repo, const char *name,
    struct dig_buf *text, struct dig_buf *out, struct dig_error *err)
{
	struct dig_buf path = DIG_BUF_INIT;
	enum dig_status st;

	st = dig_message_write(repo, name, text, &path, err);
	if (st == DIG_OK)
		st = dig_editor_run(
		    dig_cli_config(cli), (const char *)path.data, text, err);
	if (st == DIG_OK)
		dig_message_clean(text->data, text->len, true, out);
	dig_buf_clear(&path);
	return st;
}
