/* SPDX-License-Identifier: MIT
 *
 * What is in progress and how to go on, in the words of status.
 */
#ifndef CMD_IN_PROGRESS_H
#define CMD_IN_PROGRESS_H

#include "cmd/command.h"

/* A commit's id as people call it. */
void dig_put_short(
    struct dig_out *out, struct dig_repo *repo, const struct dig_oid *id);

/* Some lines and an empty one; nothing when nothing is in progress. op: may be
 * changed. */
void dig_put_operation(
    struct dig_out *out, struct dig_repo *repo, struct dig_op *op);

#endif
