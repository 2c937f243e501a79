/* SPDX-License-Identifier: MIT
 *
 * The changes of one commit over a stored tree, in the order in which they are
 * told: files put, files and folders removed, copied, renamed. What is put
 * takes the place of whatever stands in its way, a file where a folder is
 * needed or a folder of the same name.
 */
#ifndef REPO_BRIDGE_EDITS_H
#define REPO_BRIDGE_EDITS_H

#include <stdbool.h>

#include "objects/tree.h"

/* More paths than this in one commit are an error. */
#define DIG_EDITS_MAX ((size_t)16 << 20)

struct dig_edits;

/* A name that may not be tracked, and why. OK: it is left out. */
typedef enum dig_status dig_edits_bad_fn(void *arg, const void *path,
    size_t len, const char *reason, struct dig_error *err);

struct dig_edits *dig_edits_new(
    const struct dig_node_io *io, dig_edits_bad_fn *bad, void *bad_arg);
void dig_edits_free(struct dig_edits *edits);
/* Begin anew over a tree. */
void dig_edits_begin(struct dig_edits *edits, const struct dig_oid *root);

/* What stands at a path now: out->path borrows `path`. Cost: as
 * dig_tree_find. */
enum dig_status dig_edits_find(struct dig_edits *edits, const void *path,
    size_t len, struct dig_entry *out, bool *found,
    struct dig_error *err) DIG_CHECKED;
/* The entry and its path are copied. Errors: those of reading, of bad, and
 * INVALID for too many. Cost: amortised one look-up of the tree. */
enum dig_status dig_edits_put(struct dig_edits *edits,
    const struct dig_entry *entry, struct dig_error *err) DIG_CHECKED;
/* A file, or a folder with all in it; "" is everything; nothing is no error. A
 * file that this commit has put a folder in place of is gone already, and the
 * folder stays. */
enum dig_status dig_edits_remove(struct dig_edits *edits, const void *path,
    size_t len, struct dig_error *err) DIG_CHECKED;
/* A file, or a folder with all in it, to another name, in place of what is
 * there. Errors also: NOTFOUND. */
enum dig_status dig_edits_copy(struct dig_edits *edits, const void *from,
    size_t from_len, const void *to, size_t to_len, bool move,
    struct dig_error *err) DIG_CHECKED;
/* Store the tree that results. */
enum dig_status dig_edits_apply(struct dig_edits *edits, struct dig_oid *out,
    struct dig_error *err) DIG_CHECKED;

#endif
