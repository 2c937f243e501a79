/* SPDX-License-Identifier: MIT
 *
 * The files of a revision that are to be written elsewhere, into a folder or
 * an archive; for repo/ only.
 */
#ifndef REPO_SELECTION_H
#define REPO_SELECTION_H

#include "repo/internal.h"

struct dig_selected {
	/* In path order; paths are ours, NUL-terminated, with the prefix in
	 * front. No LINK is among them. */
	struct dig_entry *entries;
	size_t n;
	size_t cap;
	uint64_t skipped_links; /* each was warned of */
};

/*
 * What `what` means in a tree. Every path has passed dig_path_check with its
 * prefix, and none is a folder of another.
 *
 * out  zeroed; dig_selected_clear, on failure too
 * Errors: NOTFOUND (a pathspec that matches nothing), INVALID (the prefix),
 * CORRUPT (a path that no tree may have), those of the store.
 */
enum dig_status dig_selection_collect(struct dig_repo *repo,
    const struct dig_oid *tree, const struct dig_selection *what,
    struct dig_selected *out, struct dig_error *err) DIG_CHECKED;
void dig_selected_clear(struct dig_selected *selected);

#endif
