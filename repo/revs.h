/* SPDX-License-Identifier: MIT
 *
 * Words that together mean commits: REV, ^REV, A..B, A...B.
 */
#ifndef REPO_REVS_H
#define REPO_REVS_H

#include <stdbool.h>
#include <stddef.h>

#include "objects/base/error.h"
#include "objects/oid.h"

struct dig_repo;

/* What the tips reach and the hidden ones do not. */
struct dig_revs {
	struct dig_oid *tips; /* in the order of the words */
	size_t ntips;
	size_t tips_cap;
	struct dig_oid *hidden;
	size_t nhidden;
	size_t hidden_cap;
	bool walks; /* a range or a ^ was among the words */
};

#define DIG_REVS_INIT                                                          \
	{                                                                      \
		NULL, 0, 0, NULL, 0, 0, false                                  \
	}

void dig_revs_clear(struct dig_revs *revs);
void dig_revs_tip(struct dig_revs *revs, const struct dig_oid *id);
/* Take in a word. Errors: those of dig_revision_commit. */
enum dig_status dig_revs_add(struct dig_repo *repo, struct dig_revs *revs,
    const char *word, struct dig_error *err) DIG_CHECKED;

#endif
