/* SPDX-License-Identifier: MIT
 *
 * The inside of a repository, for repo/ only.
 */
#ifndef REPO_INTERNAL_H
#define REPO_INTERNAL_H

#include "objects/base/io.h"
#include "objects/base/path.h"
#include "objects/commit.h"
#include "objects/file.h"
#include "objects/index.h"
#include "objects/tree.h"
#include "repo/dig.h"
#include "staging/ignore.h"

struct dig_repo {
	char *dig_dir;  /* absolute path of .dig */
	char *worktree; /* absolute path */
	char *prefix;   /* current folder inside it, no '/' at the end */
	int dirfd;      /* .dig */
	int root_fd;    /* the work tree */
	bool inside;    /* the current folder is in it */
	struct dig_config *config; /* borrowed */
	struct dig_talk talk;
	struct dig_index *index;
};

/* dig_repo_find of this .dig folder, wherever the current folder is. heal: put
 * the copies of format and config right on the disk. */
enum dig_status dig_repo_find_at(struct dig_config *config, const char *dig_dir,
    bool heal, struct dig_repo **out, struct dig_error *err) DIG_CHECKED;
/* dig_repo_open of this .dig folder. */
enum dig_status dig_repo_open_at(struct dig_config *config, const char *dig_dir,
    struct dig_repo **out, struct dig_error *err) DIG_CHECKED;

/* Say something about a file, in one line. */
void dig_repo_warn(struct dig_repo *repo, const char *fmt, ...)
    DIG_PRINTF(2, 3);

/*
 * The ignore rules that stand below those of the folders: core.excludesFile,
 * then .dig/info/exclude. Never NULL; freed with dig_ignore_free.
 */
struct dig_ignore *dig_repo_ignore(struct dig_repo *repo);

/* Read and decode a commit. bytes keeps what *out borrows. */
enum dig_status dig_repo_read_commit(struct dig_repo *repo,
    const struct dig_oid *id, struct dig_buf *bytes, struct dig_commit *out,
    struct dig_error *err) DIG_CHECKED;
/* The tree of a commit. */
enum dig_status dig_repo_commit_tree(struct dig_repo *repo,
    const struct dig_oid *id, struct dig_oid *out,
    struct dig_error *err) DIG_CHECKED;
/* Tree of HEAD's commit; the empty tree before the first. */
enum dig_status dig_repo_head_tree(struct dig_repo *repo, struct dig_oid *out,
    struct dig_error *err) DIG_CHECKED;

#endif
