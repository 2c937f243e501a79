/* SPDX-License-Identifier: MIT
 *
 * Revisions as operands: where to begin, and what to leave out.
 */
#ifndef CMD_REVS_H
#define CMD_REVS_H

#include "repo/dig.h"

struct dig_revs {
	struct dig_oid *tips;
	size_t ntips;
	size_t tips_cap;
	struct dig_oid *hidden;
	size_t nhidden;
	size_t hidden_cap;
};

#define DIG_REVS_INIT                                                          \
	{                                                                      \
		NULL, 0, 0, NULL, 0, 0                                         \
	}

/*
 * One word more: REV, A..B (B without what A reaches), A...B (both without what
 * both reach) or ^REV (not what it reaches).
 * Errors: those of dig_revision_commit.
 */
enum dig_status dig_revs_add(struct dig_revs *revs, struct dig_repo *repo,
    const char *word, struct dig_error *err) DIG_CHECKED;
void dig_revs_add_tip(struct dig_revs *revs, const struct dig_oid *id);
void dig_revs_clear(struct dig_revs *revs);

#endif
