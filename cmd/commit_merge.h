/* SPDX-License-Identifier: MIT
 *
 * The commit that 'dig merge' makes where hooks run or a message is edited.
 */
#ifndef CMD_COMMIT_MERGE_H
#define CMD_COMMIT_MERGE_H

#include "cmd/command.h"

struct dig_commit_merge {
	const char *verb; /* for the journal */
	uint64_t op;      /* of the merge */
	bool edit;        /* let the message be edited */
	bool no_verify;
};

/*
 * Record the merge in progress with the message that it prepared, and print
 * nothing. It is 'dig commit' with the hook pre-merge-commit in place of
 * pre-commit, and without post-commit.
 */
enum dig_status dig_commit_merge(struct dig_cli *cli,
    const struct dig_commit_merge *how, struct dig_error *err) DIG_CHECKED;

#endif
