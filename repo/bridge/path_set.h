/* SPDX-License-Identifier: MIT
 *
 * Sets of paths that share what they have in common: each is a treap that
 * never changes, so that a set for every commit costs what the commit changed,
 * and the difference of two costs what they differ in. NULL is the empty set.
 *
 * Source: Seidel and Aragon, "Randomized Search Trees"; the order of a path is
 * drawn from its hash, so equal sets have one shape.
 */
#ifndef REPO_BRIDGE_PATH_SET_H
#define REPO_BRIDGE_PATH_SET_H

#include <stdbool.h>
#include <stddef.h>

#include "objects/base/error.h"

struct dig_path_sets; /* owns all sets */
struct dig_path_set;

struct dig_path_sets *dig_path_sets_new(void);
void dig_path_sets_free(struct dig_path_sets *sets); /* NULL is accepted */

/* The set with a path, or without it. Cost: O(log n) memory. */
const struct dig_path_set *dig_path_set_add(struct dig_path_sets *sets,
    const struct dig_path_set *set, const void *path, size_t len);
const struct dig_path_set *dig_path_set_remove(struct dig_path_sets *sets,
    const struct dig_path_set *set, const void *path, size_t len);
bool dig_path_set_has(
    const struct dig_path_set *set, const void *path, size_t len);

/* Each path that one of the two has; a status other than OK stops. */
typedef enum dig_status dig_path_set_fn(
    void *arg, const void *path, size_t len, struct dig_error *err);
enum dig_status dig_path_set_diff(struct dig_path_sets *sets,
    const struct dig_path_set *a, const struct dig_path_set *b,
    dig_path_set_fn *fn, void *arg, struct dig_error *err) DIG_CHECKED;

#endif
