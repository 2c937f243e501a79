/* SPDX-License-Identifier: MIT
 *
 * What two lines of history have in common.
 */
#ifndef REPO_MERGE_BASE_H
#define REPO_MERGE_BASE_H

#include <stdbool.h>
#include <stddef.h>

#include "objects/base/error.h"
#include "objects/oid.h"

struct dig_repo;

/*
 * Commit `old` is `tip` or one that it was made from.
 * Errors: NOTFOUND (a commit), CORRUPT, IO.
 * Cost: where `old` is on tip's line of first parents, O(log n) commits by jump
 * pointers; else those of tip's history with a larger generation than old's.
 */
enum dig_status dig_is_ancestor(struct dig_repo *repo,
    const struct dig_oid *old, const struct dig_oid *tip, bool *out,
    struct dig_error *err) DIG_CHECKED;

/*
 * The best common ancestors of `one` and of a commit that would merge
 * `others`: those that no other common ancestor was made from. The newest
 * comes first, by the committer's date.
 *
 * out     caller frees; NULL with *count 0 when they have nothing in common
 * Errors: NOTFOUND (a commit), CORRUPT, IO.
 * Cost: one commit read for each that is not behind all answers.
 * Source: git-merge-base(1); in the order of generations a commit is looked
 * at after all that were made from it, so one pass is enough.
 */
enum dig_status dig_merge_bases(struct dig_repo *repo,
    const struct dig_oid *one, const struct dig_oid *others, size_t nothers,
    struct dig_oid **out, size_t *count, struct dig_error *err) DIG_CHECKED;

/* ---- Inside of repo/ -------------------------------------------------- */

/* The same where both sides are several commits that were merged. */
enum dig_status dig_merge_bases_of(struct dig_repo *repo,
    const struct dig_oid *one, size_t none, const struct dig_oid *others,
    size_t nothers, struct dig_oid **out, size_t *count,
    struct dig_error *err) DIG_CHECKED;

#endif
