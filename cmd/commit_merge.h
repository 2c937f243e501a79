/* SPDX-License-Identifier: MIT
 *
 * The commit of an operation in progress, made by the verb that began it: by
 * 'dig merge' where hooks run or a message is edited, and by the verbs that
 * copy commits also where one stopped at a conflict.
 */
#ifndef CMD_COMMIT_MERGE_H
#define CMD_COMMIT_MERGE_H

#include "cmd/command.h"

struct dig_commit_merge {
	const char *verb; /* for the journal; NULL: that of 'dig commit' */
	bool copies;      /* a copy: hooks pre-commit and post-commit run */
	bool edit;        /* let the message be edited */
	bool no_verify;
	bool allow_empty;
	uint64_t op; /* inout: number of the operation */
	/* Set on success: */
	struct dig_oid id;
	char *subject; /* caller frees */
};

/*
 * Record what is staged for the operation with the message that it prepared,
 * and print nothing. It is 'dig commit'; of a merge, with the hook
 * pre-merge-commit in place of pre-commit, and without post-commit.
 */
enum dig_status dig_commit_merge(struct dig_cli *cli,
    struct dig_commit_merge *how, struct dig_error *err) DIG_CHECKED;

#endif
