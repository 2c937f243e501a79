/* SPDX-License-Identifier: MIT
 *
 * What differs between two snapshots, path by path, with exact renames.
 */
#ifndef REPO_CHANGES_H
#define REPO_CHANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "objects/base/error.h"
#include "objects/commit.h"
#include "objects/tree.h"

struct dig_repo;

/* One side of a change. */
struct dig_change_side {
	uint32_t mode; /* as git prints it, in octal; 0: not there */
	uint64_t size_bytes;
	struct dig_oid content; /* the content id; zero: not known yet */
	bool work;              /* it stands in the work tree, not in packs */
	enum dig_form form;     /* with stored: where it is in packs */
	struct dig_oid stored;
};

struct dig_change {
	char kind;           /* A M D T, R: a rename, U: not merged */
	uint8_t score;       /* of an R: how similar, in per cent */
	const uint8_t *path; /* of an R: the new one */
	size_t path_len;
	const uint8_t *old_path; /* of an R, else NULL */
	size_t old_path_len;
	struct dig_change_side old;
	struct dig_change_side now;
};

/* In path order. The paths belong to the struct. */
struct dig_changes {
	struct dig_change *at;
	size_t count;
	size_t cap;
	struct dig_buf names;
};

#define DIG_CHANGES_INIT                                                       \
	{                                                                      \
		NULL, 0, 0, DIG_BUF_INIT                                       \
	}

void dig_changes_clear(struct dig_changes *changes);

/* Which paths are looked at, made once for many comparisons. */
struct dig_changes_scope;
enum dig_status dig_changes_scope_new(struct dig_repo *repo,
    const char *const *paths, size_t npaths, struct dig_changes_scope **out,
    struct dig_error *err) DIG_CHECKED;
void dig_changes_scope_free(struct dig_changes_scope *scope);

/*
 * Compare two trees by their roots.
 *
 * scope    NULL: all paths
 * renames  a path that went and one that came with the same content (and both
 *          files, or the same kind) become one R at the new path; among equal
 *          ones the same file name is preferred, then the first in path order
 * out      initialised or used before; success: replaced
 *
 * Cost: O(differences) nodes, see dig_tree_diff.
 */
enum dig_status dig_changes_between(struct dig_repo *repo,
    const struct dig_oid *old_root, const struct dig_oid *new_root,
    struct dig_changes_scope *scope, bool renames, struct dig_changes *out,
    struct dig_error *err) DIG_CHECKED;

/* Make such renames of the A and D of a list. */
void dig_changes_pair(struct dig_changes *changes);

/* The same for a commit against its first parent; a root against nothing. */
enum dig_status dig_changes_of(struct dig_repo *repo,
    const struct dig_commit *commit, struct dig_changes_scope *scope,
    bool renames, struct dig_changes *out, struct dig_error *err) DIG_CHECKED;

#endif
