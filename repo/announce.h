/* SPDX-License-Identifier: MIT
 *
 * The announcement of a switch (checkout.h, C1): what a journal record names
 * before the first working file changes; for repo/ only.
 *
 * Format: docs/format.md "State".
 */
#ifndef REPO_ANNOUNCE_H
#define REPO_ANNOUNCE_H

#include "repo/internal.h"
#include "repo/operation.h"

/*
 * Where a switch leads. One that begins while others have not finished names
 * their roots, too, so that what any of them has written is known.
 */
struct dig_announcement {
	struct dig_oid commit; /* HEAD to be */
	char *ref;             /* NULL: detached; owned */
	size_t nroots;         /* the staged root to be comes first */
	struct dig_oid roots[DIG_OP_ROOTS_MAX];
	bool is_within; /* read: a merge or the like is in progress, too */
};

/*
 * Read the announcement that a state object is. out: the caller frees ref.
 * Errors: CONFLICT (the state has none), CORRUPT.
 */
enum dig_status dig_announcement_read(struct dig_repo *repo,
    const struct dig_oid *id, struct dig_announcement *out,
    struct dig_error *err) DIG_CHECKED;

/* Name the roots of `begun` in `ann`, too. Errors: CONFLICT (too many). */
enum dig_status dig_announcement_add(struct dig_announcement *ann,
    const struct dig_announcement *begun, struct dig_error *err) DIG_CHECKED;

/*
 * Inside a transaction: record the announcement, "begin " and the verb, and
 * begin the next transaction. What else is in progress stays so. *op: the
 * operation, inout; 0: a new one.
 */
enum dig_status dig_announce(struct dig_repo *repo,
    const struct dig_announcement *ann, const char *verb, uint64_t *op,
    struct dig_error *err) DIG_CHECKED;

/*
 * The operation that announced a switch, when its verb begins so and nothing
 * has happened since; else 0. Cost: the journal is read once, where a switch is
 * announced.
 */
enum dig_status dig_announced_by(struct dig_repo *repo, const char *verb,
    uint64_t *op, struct dig_error *err) DIG_CHECKED;

/* What the verb of a record ends with when its operation overwrote edits that
 * were never added: undo cannot bring them back, and says so. */
#define DIG_VERB_LOSSY ", over edits"

#endif
