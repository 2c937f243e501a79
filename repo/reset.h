/* SPDX-License-Identifier: MIT
 *
 * Moving HEAD's branch to another commit, with or without what is staged and
 * the work tree.
 *
 *	         branch   staging   work tree
 *	soft     moves    stays     stays
 *	mixed    moves    follows   stays
 *	hard     moves    follows   follows, over edits
 */
#ifndef REPO_RESET_H
#define REPO_RESET_H

#include "repo/checkout.h"

enum dig_reset { DIG_RESET_SOFT, DIG_RESET_MIXED, DIG_RESET_HARD };

/*
 * Soft and mixed are one record. Hard is a switch that takes the branch along
 * (checkout.h, C1 to C4): killed, it is finished by the same command.
 *
 * rev     NULL: HEAD; mixed then works before the first commit, too
 * result  branch, commit, written and removed; of hard and soft alone
 *
 * Errors: NOTFOUND, AMBIGUOUS (the revision); FILE, CANCELLED (hard is partly
 * done; run it again); LOCKED; those of the store.
 */
enum dig_status dig_reset(struct dig_repo *repo, enum dig_reset how,
    const char *rev, struct dig_checkout_result *result,
    struct dig_error *err) DIG_CHECKED;

#endif
