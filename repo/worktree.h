/* SPDX-License-Identifier: MIT
 *
 * What stands in the work tree, beside what a tree says; for repo/ only.
 */
#ifndef REPO_WORKTREE_H
#define REPO_WORKTREE_H

#include "repo/internal.h"

/*
 * Folders below a root, opened through no link. The one used last stays open,
 * so paths in order cost one open a folder.
 */
struct dig_folders {
	int root_fd; /* borrowed */
	int fd;      /* of `path`; -1: none is open */
	size_t len;
	char path[DIG_PATH_MAX + 1];
};

void dig_folders_init(struct dig_folders *folders, int root_fd);
void dig_folders_clear(struct dig_folders *folders);
/* Close the open folder: it may have been moved or removed. */
void dig_folders_forget(struct dig_folders *folders);
/*
 * The folder that holds `path` (NUL-terminated), borrowed until the next call,
 * and the name in it. A negated errno: ENOENT, ENOTDIR or ELOOP where a parent
 * is missing or is no folder. With make, missing ones are made.
 */
int dig_folders_open(struct dig_folders *folders, const char *path, bool make,
    const char **name);
/* Remove the folders above `path` as far as they are empty. */
void dig_folders_prune(struct dig_folders *folders, const char *path);

enum dig_work {
	DIG_WORK_MISSING,
	DIG_WORK_FILE, /* a regular file or a symlink */
	DIG_WORK_FOLDER,
	DIG_WORK_OTHER,  /* a fifo, socket, device */
	DIG_WORK_BLOCKED /* a parent is no folder */
};

struct dig_look {
	enum dig_work what;
	struct dig_stat stat; /* FILE, OTHER, FOLDER */
};

/* What a regular file or symlink is tracked as. */
enum dig_entry_kind dig_worktree_kind(const struct dig_stat *stat);

/* What stands at a path. Errors: FILE (not permitted, ...), with the path. */
enum dig_status dig_worktree_look(struct dig_folders *folders, const char *path,
    struct dig_look *out, struct dig_error *err) DIG_CHECKED;

/*
 * Which of n entries the file at `path` equals in kind and content: the first,
 * or -1. NULL among them is never equal; a link entry always is. The row of
 * the stat cache answers where it can, else the file is read. A file that
 * changes while it is read equals nothing.
 *
 * look  of the same path just now; nothing but a FILE equals anything
 * Errors: FILE (with the path), CANCELLED, those of the index.
 */
enum dig_status dig_worktree_which(struct dig_repo *repo,
    struct dig_folders *folders, const char *path, const struct dig_look *look,
    const struct dig_entry *const *entries, int n, int *which,
    struct dig_error *err) DIG_CHECKED;

/*
 * The content id that the stat cache vouches for, for a file with this stat;
 * known is false where it does not. Nothing is read from the work tree.
 */
enum dig_status dig_worktree_cached(struct dig_repo *repo, const char *path,
    const struct dig_stat *stat, struct dig_oid *content, bool *known,
    struct dig_error *err) DIG_CHECKED;

#endif
