/* SPDX-License-Identifier: MIT
 *
 * A file that a command writes for the user: it appears whole, or not at all.
 */
#ifndef CMD_OUTFILE_H
#define CMD_OUTFILE_H

#include "cmd/command.h"

struct dig_outfile {
	struct dig_out *out; /* standard output, when there is no name */
	const char *name;    /* borrowed; NULL: standard output */
	char *part;          /* where it is written; NULL: under its own name */
	int fd;
};

/*
 * name: NULL or "-" for standard output, which may not be a terminal. Regular
 * files are written as NAME.part and renamed; what else has the name (a fifo, a
 * device) is written to. Errors: FILE, INVALID.
 */
enum dig_status dig_outfile_open(struct dig_cli *cli, const char *name,
    struct dig_outfile *out, struct dig_error *err) DIG_CHECKED;
/* A dig_export_fn over a dig_outfile. NO: nobody reads standard output. */
enum dig_status dig_outfile_write(
    void *arg, const void *data, size_t len, struct dig_error *err) DIG_CHECKED;
/*
 * st: what came of the writing. With OK the file is synced and gets its name;
 * else it is removed. The answer is st or what went wrong; a reader that went
 * away early is OK.
 */
enum dig_status dig_outfile_close(struct dig_outfile *out, enum dig_status st,
    struct dig_error *err) DIG_CHECKED;

#endif
