/* SPDX-License-Identifier: MIT
 *
 * Paths that a verb is given: operands, or the lines of a file.
 */
#ifndef CMD_PATHLIST_H
#define CMD_PATHLIST_H

#include "cmd/opt.h"

struct dig_pathlist {
	const char **paths; /* borrowed from argv, or from text */
	size_t count;
	size_t cap;
	struct dig_buf text;
};

#define DIG_PATHLIST_INIT                                                      \
	{                                                                      \
		NULL, 0, 0, DIG_BUF_INIT                                       \
	}

/*
 * The operands, or with `file` (not NULL; "-" is standard input) its lines,
 * quoted as git quotes paths; with nul they end with NUL instead and are taken
 * as they are. Errors: INVALID (both given, bad quoting), FILE.
 */
enum dig_status dig_pathlist_fill(struct dig_pathlist *list,
    const struct dig_args *args, const char *file, bool nul,
    struct dig_error *err) DIG_CHECKED;
/* A word that need not stand behind `--` to be a path: it names a file, or is a
 * pathspec with magic or wildcards. */
bool dig_word_is_path(const char *word);
/* Undo git's quoting of one line in place, where it begins with '"'. False when
 * it is badly quoted. */
bool dig_pathlist_unquote(char *line);
void dig_pathlist_clear(struct dig_pathlist *list);

#endif
