/* SPDX-License-Identifier: MIT
 *
 * The inside of an export: what its files share.
 */
#ifndef REPO_BRIDGE_EXPORT_H
#define REPO_BRIDGE_EXPORT_H

#include "merkle/git_hash.h"
#include "objects/oidmap.h"
#include "repo/bridge/bridge.h"
#include "repo/bridge/git_tree.h"
#include "repo/bridge/lfs.h"
#include "repo/bridge/path_set.h"
#include "repo/internal.h"

/* What is written at once. */
#define DIG_EXPORT_FLUSH_BYTES ((size_t)256 << 10)

struct dig_listed {
	struct dig_oid id;
	uint32_t ref; /* number of a ref of the state */
};

struct dig_export {
	struct dig_repo *repo;
	const struct dig_export_options *options;
	struct dig_export_result *result;
	const struct dig_state *state;
	struct dig_buf out;
	struct dig_listed *list;
	size_t count;
	size_t cap;
	/* Commits, tags and contents to their marks (location.offset) and, as
	 * raw bytes, to their ids in git. */
	struct dig_oidmap marks;
	uint64_t last_mark;
	bool *ref_used; /* a commit was written under it */
	size_t id_size; /* of git's ids; 0: they are not computed */
	struct dig_git_tree *tree;
	struct dig_oid tree_root; /* which tree that is */
	/* Pointers of git-lfs: contents to the marks and ids of pointers to
	 * them, and for each commit whose tree has any the paths of these. */
	struct dig_oidmap pointers;
	struct dig_path_sets *sets;
	struct dig_oidmap set_numbers; /* location.offset: 1 + where */
	const struct dig_path_set **commit_sets;
	size_t ncommit_sets;
	size_t commit_sets_cap;
	const struct dig_path_set *tree_set; /* of tree_root */
	/* The commit that is written. */
	const struct dig_commit *commit;
	const struct dig_path_set *set;
	struct dig_lfs_item *items;
	size_t nitems;
	struct dig_buf changes;
	struct dig_buf removals;
	struct dig_buf object; /* as git hashes it */
	struct dig_buf git_id;
};

/* ---- export_files.c --------------------------------------------------- */

/* Hand the output on when there are so many bytes. */
enum dig_status dig_export_flush(
    struct dig_export *export, size_t least, struct dig_error *err) DIG_CHECKED;
/* `data`, its length and bytes. */
void dig_export_put_data(
    struct dig_export *export, const void *data, size_t len);
void dig_export_put_hex(struct dig_buf *out, const uint8_t *id, size_t len);

/* The mark of what was written; 0: it was not. */
uint64_t dig_export_mark(
    struct dig_export *export, enum dig_kind kind, const struct dig_oid *id);
/* The next mark, and the id in git where it is known; NULL: it is not. */
uint64_t dig_export_set_mark(struct dig_export *export, enum dig_kind kind,
    const struct dig_oid *id, const uint8_t *git_id);
/* The computed id in git of what was written before, borrowed until the next
 * call; NULL: none. */
const uint8_t *dig_export_git_id(
    struct dig_export *export, enum dig_kind kind, const struct dig_oid *id);

/* Write the contents that are new in a commit, and keep the lines of its
 * changes. before: the tree of its first parent. */
enum dig_status dig_export_list_files(struct dig_export *export,
    const struct dig_commit *commit, const struct dig_oid *before,
    struct dig_error *err) DIG_CHECKED;
/* The id of that commit's tree in git. */
enum dig_status dig_export_tree_id(struct dig_export *export,
    const struct dig_commit *commit, uint8_t *out,
    struct dig_error *err) DIG_CHECKED;
/* Remember which of its paths are pointers, for the commits behind it. */
void dig_export_keep_set(
    struct dig_export *export, const struct dig_oid *commit);

#endif
