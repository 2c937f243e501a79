/* SPDX-License-Identifier: MIT
 *
 * dig import: its forms share a table of options, and have a file each.
 */
#ifndef CMD_IMPORT_H
#define CMD_IMPORT_H

#include "cmd/command.h"

struct dig_import_opts {
	/* git, bundle */
	bool force;
	/* bundle */
	bool dry_run;
	/* git */
	bool lfs;
	/* git, tar */
	bool skip_bad_names;
	/* tar, dir */
	struct dig_list messages;
	const char *prefix;
	int64_t strip;
	bool no_limit;
	bool quiet;
	const char *progress;
};

/* The operands still have the form's word in front. */
enum dig_status dig_import_form_tar(struct dig_cli *cli,
    const struct dig_import_opts *opts, const struct dig_args *args,
    struct dig_error *err) DIG_CHECKED;
enum dig_status dig_import_form_bundle(struct dig_cli *cli,
    const struct dig_import_opts *opts, const struct dig_args *args,
    struct dig_error *err) DIG_CHECKED;
enum dig_status dig_import_form_dir(struct dig_cli *cli,
    const struct dig_import_opts *opts, const struct dig_args *args,
    struct dig_error *err) DIG_CHECKED;

/* Open what an operand names for reading; "-", or none where standard input is
 * no terminal, is standard input. what: for messages, "an archive". */
enum dig_status dig_import_open(struct dig_cli *cli,
    const struct dig_args *args, const char *what, int *fd,
    struct dig_error *err) DIG_CHECKED;
void dig_import_close(int fd); /* standard input stays open */

#endif
