/* SPDX-License-Identifier: MIT
 *
 * The tree of one commit in git's form, to know its id: folders with their
 * entries, in memory. From one commit to the next only what differs is set, and
 * only the folders on the way to it are hashed again.
 */
#ifndef REPO_BRIDGE_GIT_TREE_H
#define REPO_BRIDGE_GIT_TREE_H

#include <stddef.h>
#include <stdint.h>

struct dig_git_tree;

/* id_size: of git's ids, 20 or 32. */
struct dig_git_tree *dig_git_tree_new(size_t id_size);
void dig_git_tree_free(struct dig_git_tree *tree); /* NULL is accepted */
/* Set a file; mode is git's, 0100644. For a while a file and a folder may
 * have the same name. */
void dig_git_tree_put(struct dig_git_tree *tree, const void *path, size_t len,
    uint32_t mode, const uint8_t *id);
/* Take a file out, and the folders that are empty then. */
void dig_git_tree_remove(
    struct dig_git_tree *tree, const void *path, size_t len);
/* The tree's id. Cost: O(entries of folders that changed). */
void dig_git_tree_id(struct dig_git_tree *tree, uint8_t *out);

#endif
