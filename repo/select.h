/* SPDX-License-Identifier: MIT
 *
 * The paths of a tree that a command's arguments mean; for repo/ only.
 */
#ifndef REPO_SELECT_H
#define REPO_SELECT_H

#include "repo/internal.h"
#include "staging/pathspec.h"

typedef enum dig_status dig_select_fn(
    void *arg, const struct dig_entry *entry, struct dig_error *err);

/*
 * Every entry of a tree that the pathspec (NULL: all) means, in path order. A
 * status other than OK stops. Cost: reads only what lies below the deepest
 * folder that all arguments share.
 */
enum dig_status dig_select(const struct dig_node_io *io,
    const struct dig_oid *root, struct dig_pathspec *spec, dig_select_fn *fn,
    void *arg, struct dig_error *err) DIG_CHECKED;

/* No path from here on can lie below the folder: it is past "dir/". */
bool dig_select_is_past(
    const struct dig_entry *entry, const char *dir, size_t len);

/* The pathspec of a command in the current folder; caller frees. */
enum dig_status dig_select_spec(struct dig_repo *repo, const char *const *paths,
    size_t npaths, struct dig_pathspec **out,
    struct dig_error *err) DIG_CHECKED;

/* Every argument has matched something. Errors: NOTFOUND, naming the first
 * that has not. */
enum dig_status dig_select_all_matched(
    const struct dig_pathspec *spec, struct dig_error *err) DIG_CHECKED;

/*
 * A tree cannot have a file and, below the same name, another. Errors:
 * CONFLICT when `path`, an entry of the tree, is in such a pair.
 */
enum dig_status dig_select_no_clash(const struct dig_node_io *io,
    const struct dig_oid *root, const void *path, size_t len,
    struct dig_error *err) DIG_CHECKED;

/*
 * The same over all paths of a tree, given in order: false when one before is
 * a folder of this one, as no valid tree has it. Paths are borrowed until
 * dig_nesting_clear. Cost: O(1) a path.
 */
struct dig_nesting {
	const struct dig_entry **open; /* each begins the next one's path */
	size_t n;
	size_t cap;
};

bool dig_nesting_next(
    struct dig_nesting *nesting, const struct dig_entry *entry);
void dig_nesting_clear(struct dig_nesting *nesting);

#endif
