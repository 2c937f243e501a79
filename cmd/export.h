/* SPDX-License-Identifier: MIT
 *
 * dig export: its forms share a table of options, and have a file each.
 */
#ifndef CMD_EXPORT_H
#define CMD_EXPORT_H

#include "cmd/command.h"

struct dig_export_opts {
	/* git */
	bool incremental;
	/* tar, dir */
	const char *output;
	const char *prefix;
	/* bundle */
	bool all;
	struct dig_list without;
	bool quiet;
	const char *progress;
};

/* The operands still have the form's word in front. */
enum dig_status dig_export_form_tar(struct dig_cli *cli,
    const struct dig_export_opts *opts, const struct dig_args *args,
    struct dig_error *err) DIG_CHECKED;
enum dig_status dig_export_form_bundle(struct dig_cli *cli,
    const struct dig_export_opts *opts, const struct dig_args *args,
    struct dig_error *err) DIG_CHECKED;
enum dig_status dig_export_form_dir(struct dig_cli *cli,
    const struct dig_export_opts *opts, const struct dig_args *args,
    struct dig_error *err) DIG_CHECKED;

#endif
