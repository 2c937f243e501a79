/* SPDX-License-Identifier: MIT
 *
 * --pathspec-from-file.
 */
#include "cmd/pathlist.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "objects/base/io.h"

#define LIST_MAX ((size_t)256 << 20)

static enum dig_status
read_all(const char *file, struct dig_buf *out, struct dig_error *err)
{
	enum dig_status st = DIG_OK;
	int64_t n;
	int fd = 0;

	if (strcmp(file, "-") != 0)
		fd = dig_open_at(
		    AT_FDCWD, file, DIG_OPEN_READ | DIG_OPEN_FOLLOW);
	if (fd < 0)
		return dig_raise_os(err, DIG_EFILE, -fd, "opening '%s'", file);
	do {
		dig_buf_reserve(out, 65536);
		n = dig_read_full(fd, out->data + out->len, 65536);
		if (n < 0)
			st = dig_raise_os(
			    err, DIG_EFILE, (int)-n, "reading '%s'", file);
		else
			out->len += (size_t)n;
	} while (n == 65536 && out->len < LIST_MAX);
	if (fd != 0)
		dig_close(fd);
	dig_buf_putc(out, 0);
	return st;
}

/* "a\tb\303\244" */
bool
dig_pathlist_unquote(char *line)
{
	static const char names[] = "abtnvfr\"\\";
	static const char bytes[] = "\a\b\t\n\v\f\r\"\\";
	char *to = line;
	const char *at = line + 1;

	if (*line != '"')
		return true;
	while (*at != '"') {
		const char *hit;

		if (*at == '\0')
			return false;
		if (*at != '\\') {
			*to++ = *at++;
			continue;
		}
		at++;
		if (*at >= '0' && *at <= '3' && at[1] >= '0' && at[1] <= '7' &&
		    at[2] >= '0' && at[2] <= '7') {
			*to++ = (char)((at[0] - '0') << 6 | (at[1] - '0') << 3 |
				       (at[2] - '0'));
			at += 3;
			continue;
		}
		hit = *at ? strchr(names, *at) : NULL;
		if (hit == NULL)
			return false;
		*to++ = bytes[hit - names];
		at++;
	}
	*to = '\0';
	return at[1] == '\0';
}

enum dig_status
dig_pathlist_fill(struct dig_pathlist *list, const struct dig_args *args,
    const char *file, bool nul, struct dig_error *err)
{
	enum dig_status st;
	char *at;
	char *end;

	if (file == NULL) {
		if (nul)
			return dig_raise(err, DIG_EINVALID,
			    "--pathspec-file-nul needs --pathspec-from-file");
		for (int i = 0; i < args->argc; i++) {
			DIG_GROW(list->paths, list->cap, list->count + 1);
			list->paths[list->count++] = args->argv[i];
		}
		return DIG_OK;
	}
	if (args->argc > 0)
		return dig_raise(err, DIG_EINVALID,
		    "--pathspec-from-file and paths do not go together");
	st = read_all(file, &list->text, err);
	if (st != DIG_OK)
		return st;
	at = (char *)list->text.data;
	end = at + list->text.len - 1; /* the NUL that read_all added */
	while (at < end) {
		char *stop = memchr(at, nul ? '\0' : '\n', (size_t)(end - at));

		if (stop == NULL)
			stop = end;
		*stop = '\0';
		if (!nul && stop > at && stop[-1] == '\r')
			stop[-1] = '\0';
		if (!nul && !dig_pathlist_unquote(at))
			return dig_raise(err, DIG_EINVALID,
			    "a line of '%s' is badly quoted: %s", file, at);
		if (*at != '\0') {
			DIG_GROW(list->paths, list->cap, list->count + 1);
			list->paths[list->count++] = at;
		}
		at = stop + 1;
	}
	return DIG_OK;
}

void
dig_pathlist_clear(struct dig_pathlist *list)
{
	free(list->paths);
	dig_buf_clear(&list->text);
	list->paths = NULL;
	list->count = list->cap = 0;
}

bool
dig_word_is_path(const char *word)
{
	struct dig_stat stat;

	return dig_stat_at(AT_FDCWD, word, &stat) == 0 || word[0] == ':' ||
	       strpbrk(word, "*?[") != NULL;
}
