/* SPDX-License-Identifier: MIT
 *
 * The inside of a differ; for repo/diff*.c and repo/similar.c only.
 */
#ifndef REPO_DIFF_INTERNAL_H
#define REPO_DIFF_INTERNAL_H

#include "objects/chunker.h"
#include "repo/changes_internal.h"
#include "repo/content.h"
#include "repo/diff.h"
#include "repo/worktree.h"

struct dig_differ {
	struct dig_repo *repo;
	const struct dig_chunk_profile *profile;
	struct dig_text text;
	struct dig_folders folders;
	/* Where stored files are read; get NULL: in the store. In a
	 * transaction it sees what was put. */
	struct dig_node_io io;
};

/* The path of the old or the new side. */
static inline const uint8_t *
dig_change_side_path(const struct dig_change *change, bool old, size_t *len)
{
	bool other = old && change->old_path != NULL;

	*len = other ? change->old_path_len : change->path_len;
	return other ? change->old_path : change->path;
}

/*
 * Hand the bytes of a side to fn, in order. ENOTFOUND: the work tree has no
 * file there any more. A status of fn's other than OK stops.
 */
enum dig_status dig_differ_stream(struct dig_differ *differ,
    const struct dig_change *change, bool old, dig_content_fn *fn, void *arg,
    struct dig_error *err) DIG_CHECKED;

#endif
