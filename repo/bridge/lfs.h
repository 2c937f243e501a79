/* SPDX-License-Identifier: MIT
 *
 * Files of git-lfs: git has a pointer, a short text, and the content lies in
 * .git/lfs/objects. An import may take the content in the pointer's place; the
 * commit then has a header that names these paths, so that an export writes the
 * pointer again, byte for byte.
 *
 * Only the text that git-lfs itself writes counts as a pointer, since it
 * follows from the content alone. Anything else stays what it is.
 *
 * Source: github.com/git-lfs/git-lfs docs/spec.md "The Pointer".
 */
#ifndef REPO_BRIDGE_LFS_H
#define REPO_BRIDGE_LFS_H

#include <stdbool.h>

#include "objects/base/buf.h"
#include "objects/oid.h"

/*
 * The header of a commit: "+path" NUL for a path that it made a pointer,
 * "-path" NUL for one that it made a plain file of the same content; against
 * its first parent. A path that it changed and that is not named is plain.
 */
#define DIG_HEADER_GIT_LFS "git-lfs"

struct dig_lfs_pointer {
	struct dig_oid sha256; /* of the content */
	uint64_t size_bytes;   /* at least 1 */
};

/* False: it is no pointer, or is written in another way. */
bool dig_lfs_parse(const void *text, size_t len, struct dig_lfs_pointer *out);
void dig_lfs_format(const struct dig_lfs_pointer *pointer, struct dig_buf *out);

/* A path of the header. */
struct dig_lfs_item {
	const uint8_t *path; /* borrowed from the header */
	size_t len;
	bool pointer; /* '+' */
	bool told;    /* the caller's */
};

/* The items in path order, each path once, the last of several. Caller frees;
 * what cannot be read ends the list. */
struct dig_lfs_item *dig_lfs_items(
    const void *header, size_t len, size_t *count);
struct dig_lfs_item *dig_lfs_find(
    struct dig_lfs_item *items, size_t count, const void *path, size_t len);

#endif
