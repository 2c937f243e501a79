/* SPDX-License-Identifier: MIT
 *
 * Verbs that the user made: alias.NAME of the user's own settings, never of a
 * repository.
 *
 *	[alias]
 *		co = checkout
 *		last = log -1 --format='%h %s'
 *		top = !dig log --oneline | head
 *
 * A verb of dig cannot be given another meaning. Words are parted by blanks;
 * quotes and backslashes work as in a shell. What begins with '!' is a line
 * for /bin/sh with the arguments behind it; it is started at the root of the
 * work tree, with DIG_PREFIX as the folder that it was typed in.
 */
#ifndef CMD_ALIAS_H
#define CMD_ALIAS_H

#include <stddef.h>

#include "objects/base/error.h"
#include "repo/config.h"

struct dig_cli;

/*
 * Cut a line into words; *out: caller frees the words' memory, out[0], and the
 * array. Errors: INVALID: an open quote, no word.
 */
enum dig_status dig_words_split(const char *text, char ***out, int *count,
    struct dig_error *err) DIG_CHECKED;

/* What the name stands for; NULL: it is no alias. Borrowed. */
const char *dig_alias_find(const struct dig_config *config, const char *name);

/*
 * Replace argv[0] while it is an alias and no verb. *argv may become memory of
 * cli, which lives as long as it. A line for the shell does not come back.
 *
 * Errors: INVALID: aliases that lead to themselves, an open quote; EFILE: the
 * shell cannot be started.
 */
enum dig_status dig_alias_expand(struct dig_cli *cli, int *argc, char ***argv,
    struct dig_error *err) DIG_CHECKED;

#endif
