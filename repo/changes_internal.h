/* SPDX-License-Identifier: MIT
 *
 * Making lists of changes; for repo/ only.
 */
#ifndef REPO_CHANGES_INTERNAL_H
#define REPO_CHANGES_INTERNAL_H

#include "repo/internal.h"
#include "staging/pathspec.h"

struct dig_changes_scope {
	struct dig_pathspec *spec;
};

/* A side as an entry says, or not there at all (NULL). */
void dig_change_set_side(
    struct dig_change_side *side, const struct dig_entry *entry);
/* A, D, T or M, by the modes of both sides. */
char dig_change_kind(const struct dig_change *change);

/*
 * One more change, all zero. Its path is known by path_len alone until the
 * list is complete and dig_changes_set_paths has been called; borrowed until
 * the next one.
 */
struct dig_change *dig_changes_add(
    struct dig_changes *changes, const void *path, size_t len);
void dig_changes_set_paths(struct dig_changes *changes);

/* The last component of both paths is the same. */
bool dig_change_same_name(
    const struct dig_change *a, const struct dig_change *b);
/* Make an A and a D one R. The D's kind is 0 from then on, until
 * dig_changes_drop_renamed takes all of these out. */
void dig_change_rename(
    struct dig_change *added, struct dig_change *gone, uint8_t score);
void dig_changes_drop_renamed(struct dig_changes *changes);

#endif
