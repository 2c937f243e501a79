/* SPDX-License-Identifier: MIT
 *
 * What the verbs that copy commits share: cherry-pick, revert, rebase.
 */
#ifndef CMD_COPYING_H
#define CMD_COPYING_H

#include "cmd/command.h"

/* What is to be done with one that stopped; their options. */
struct dig_copying {
	const char *what; /* "continue", "skip", "abort", "quit"; NULL: begin */
	bool quiet;
};

#define DIG_OPTS_COPYING(T, field)                                             \
	DIG_OPT_FIXED(0, "continue", T, field.what, "continue",                \
	    "go on when conflicts are gone"),                                  \
	    DIG_OPT_FIXED(0, "skip", T, field.what, "skip",                    \
		"leave out the commit that it stopped at, and go on"),         \
	    DIG_OPT_FIXED(0, "abort", T, field.what, "abort",                  \
		"give up, and go back to where it began"),                     \
	    DIG_OPT_FIXED(0, "quit", T, field.what, "quit",                    \
		"forget it, and leave everything as it is"),                   \
	    DIG_OPT_FLAG('q', "quiet", T, field.quiet, "say nothing")

/*
 * Whether commits are to be made one at a time: hooks want to see each.
 * Errors: DENIED (one that could refuse is not trusted).
 */
enum dig_status dig_copying_hooks(
    struct dig_repo *repo, bool *any, struct dig_error *err) DIG_CHECKED;

/*
 * Behind dig_sequence or dig_rebase: tell, make commits where they are to be
 * made here, and go on to the end. result: cleared. Errors: NO when it stopped,
 * with what to do.
 */
enum dig_status dig_copying_finish(struct dig_cli *cli, struct dig_repo *repo,
    enum dig_op_kind kind, bool edit, bool quiet,
    struct dig_sequence_result *result, struct dig_error *err) DIG_CHECKED;

/* --continue, --skip, --abort, --quit. */
enum dig_status dig_copying_resume(struct dig_cli *cli, struct dig_repo *repo,
    enum dig_op_kind kind, const struct dig_copying *how,
    struct dig_error *err) DIG_CHECKED;

#endif
