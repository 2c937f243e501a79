/* SPDX-License-Identifier: MIT
 *
 * What has changed, and what is tracked.
 */
#ifndef REPO_STATUS_H
#define REPO_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "objects/base/error.h"
#include "objects/oid.h"
#include "staging/status.h"

struct dig_repo;

struct dig_look_options {
	const char *const *paths; /* pathspecs from the current folder */
	size_t npaths;            /* 0: everything */
	enum dig_untracked untracked;
	bool ignored;
	bool renames;
	bool all_files; /* ignore rules do not count */
	bool no_staged; /* only the work tree against the staging */
};

/*
 * The work tree against the staging, and the staging against HEAD. out as of
 * dig_status_collect, with its errors; INVALID for a path outside the tree.
 * Files that cannot be read are named by the repository's talk.
 */
enum dig_status dig_repo_status(struct dig_repo *repo,
    const struct dig_look_options *options, struct dig_status_list *out,
    struct dig_error *err) DIG_CHECKED;

/* One side of a changed path; mode 0: there is nothing. */
struct dig_status_side {
	uint32_t mode; /* as git has it: 0100644 ... */
	struct dig_oid content;
};
struct dig_status_sides {
	struct dig_status_side head; /* of a rename: at the old path */
	struct dig_status_side staged;
	uint32_t work_mode;
};
/*
 * More of a path that differs, for an item of dig_repo_status.
 * Errors: CORRUPT, IO. Cost: two lookups and a stat.
 */
enum dig_status dig_repo_status_sides(struct dig_repo *repo,
    const struct dig_status_item *item, struct dig_status_sides *out,
    struct dig_error *err) DIG_CHECKED;

struct dig_tracked_file {
	const char *path; /* from the root */
	size_t len;
	uint32_t mode; /* as git has it: 0100644 ... */
	uint64_t size_bytes;
	struct dig_oid content;
};
/* May print. A status other than OK stops. */
typedef enum dig_status dig_tracked_fn(
    void *arg, const struct dig_tracked_file *file, struct dig_error *err);

/* Every file of the staging that the paths mean, in path order. */
enum dig_status dig_repo_tracked(struct dig_repo *repo,
    const char *const *paths, size_t npaths, dig_tracked_fn *fn, void *arg,
    struct dig_error *err) DIG_CHECKED;

#endif
