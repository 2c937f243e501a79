/* SPDX-License-Identifier: MIT
 *
 * File systems that take two names for one; for repo/ only.
 *
 * On such a file system a tree with both `A` and `a` would be written into one
 * file, and a link `A` beside `a/x` would lead the writer elsewhere. So a tree
 * with colliding names is refused there before anything is written.
 */
#ifndef REPO_FOLD_H
#define REPO_FOLD_H

#include <stdbool.h>

#include "objects/base/buf.h"
#include "objects/tree.h"

/*
 * Does the file system of this folder fold names? name: a name with letters
 * that is in the folder; NULL: an empty file is made and removed again.
 * Errors: FILE.
 */
enum dig_status dig_fold_probe(int dirfd, const char *name, bool *folds,
    struct dig_error *err) DIG_CHECKED;

/* How a name looks to the file system; appended to out. */
typedef void dig_fold_fn(const void *name, size_t len, struct dig_buf *out);
/* ASCII letters to lower case. Names that fold by other rules meet the writer's
 * own check: it makes new files only where nothing is, and links last. */
dig_fold_fn dig_fold_name;

/*
 * Refuse a tree in which two files, folders or links fold into one.
 * Errors: INVALID, naming both; those of the tree.
 * Cost: all names of the tree in memory.
 */
enum dig_status dig_fold_check(const struct dig_node_io *io,
    const struct dig_oid *root, dig_fold_fn *fold,
    struct dig_error *err) DIG_CHECKED;

#endif
