/* SPDX-License-Identifier: MIT
 *
 * Whether commits make the same change, wherever they stand: the same paths,
 * and in each the same lines came and went between the same lines around them.
 * White space and line numbers do not count. For repo/ only.
 *
 * Source: git-patch-id(1), git-cherry(1); the ids are compared with each other
 * alone, so they are not git's.
 */
#ifndef REPO_PATCH_ID_H
#define REPO_PATCH_ID_H

#include "repo/internal.h"

/*
 * Which of `ours` make a change that one of `theirs` makes, too. Commits that
 * change nothing make none. found: one for each of ours.
 *
 * Errors: CORRUPT, IO, CANCELLED; EIO (the plugin for texts).
 * Cost: the changed paths of every commit; files are read only where a commit
 * of the other side has the same paths.
 */
enum dig_status dig_same_changes(struct dig_repo *repo,
    const struct dig_oid *ours, size_t nours, const struct dig_oid *theirs,
    size_t ntheirs, bool *found, struct dig_error *err) DIG_CHECKED;

#endif
