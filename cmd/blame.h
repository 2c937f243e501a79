/* SPDX-License-Identifier: MIT
 *
 * Shared by the files of blame and by nothing else.
 *
 *	cmd_blame.c     options and operands
 *	blame_lines.c   -L
 *	blame_print.c   git's forms, and JSON
 */
#ifndef CMD_BLAME_H
#define CMD_BLAME_H

#include "cmd/command.h"

struct dig_blame_opts {
	struct dig_list lines;
	bool porcelain;
	bool line_porcelain;
	bool compatible;
	bool email;
	bool suppress;
	bool long_ids;
	bool raw_time;
	bool show_name;
	bool show_number;
	bool blank;
	bool root;
	bool ignore_space;
	bool first_parent;
	int64_t abbrev; /* -1: as many digits as it takes */
	const char *date;
	const char *since;
	bool json;
};

/* -L as given, read against the file's lines; none: all lines. *out: caller
 * frees. Errors: INVALID. */
enum dig_status dig_blame_read_lines(const struct dig_list *words,
    const struct dig_blame *blame, struct dig_blame_range **out, size_t *count,
    struct dig_error *err) DIG_CHECKED;

/* Print what dig_blame_run found. Errors: CORRUPT, IO. */
enum dig_status dig_blame_print(struct dig_cli *cli, struct dig_repo *repo,
    const struct dig_blame_opts *opts, struct dig_blame *blame,
    struct dig_error *err) DIG_CHECKED;

#endif
