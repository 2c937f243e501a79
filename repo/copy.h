/* SPDX-License-Identifier: MIT
 *
 * Copying one commit onto another in memory: what it changed against its parent
 * is brought onto a tree, and a commit is made of that; for repo/ only. Nothing
 * but objects is written, so that a long line of commits costs no working file.
 */
#ifndef REPO_COPY_H
#define REPO_COPY_H

#include "repo/ident.h"
#include "repo/internal.h"
#include "repo/operation.h"
#include "repo/text.h"

/* Where the copies go. */
struct dig_copier {
	struct dig_repo *repo; /* in a transaction */
	enum dig_op_kind kind; /* PICK, REVERT or REBASE */
	unsigned flags;        /* enum dig_copy_flag */
	uint64_t mainline;
	struct dig_text text;
	struct dig_person committer;
	struct dig_person author; /* of reverts */
	struct dig_oid head;      /* the next copy's parent */
	struct dig_oid tree;      /* what it changes */
};

/* Who commits. Before the transaction. Errors: INVALID (no identity). */
enum dig_status dig_copier_init(struct dig_copier *copier,
    struct dig_repo *repo, const struct dig_op *how,
    struct dig_error *err) DIG_CHECKED;
void dig_copier_clear(struct dig_copier *copier);

/* A commit on its way. */
struct dig_copy {
	struct dig_oid id;
	struct dig_buf bytes; /* of the commit, which `commit` borrows */
	struct dig_commit commit;
	struct dig_oid base; /* the trees between which the change lies */
	struct dig_oid theirs;
	struct dig_buf message; /* that the copy has */
	struct dig_buf label;   /* "1a2b3c subject" in words for conflicts */
	struct dig_oid tree;    /* with the change */
};

void dig_copy_clear(struct dig_copy *copy);
/* The first line of the commit's message; caller frees. */
char *dig_copy_subject(const struct dig_copy *copy);

/*
 * Read a commit. copy: initialised with zeros, or used before.
 * Errors: INVALID (a merge without `mainline`, no such parent); NOTFOUND,
 * CORRUPT.
 */
enum dig_status dig_copy_load(struct dig_copier *copier,
    const struct dig_oid *id, struct dig_copy *copy,
    struct dig_error *err) DIG_CHECKED;

/*
 * Bring its change onto copier->tree: copy->tree. Conflicts are appended to
 * `op`, whose list is empty before, and lines about paths to `told`.
 * Errors: those of dig_merge_trees.
 * Cost: that of dig_merge_trees.
 */
enum dig_status dig_copy_apply(struct dig_copier *copier, struct dig_copy *copy,
    struct dig_op *op, struct dig_buf *told, struct dig_error *err) DIG_CHECKED;

/*
 * Make the commit of copy->tree, with the author and date of the one that is
 * copied; copier->head and ->tree are it afterwards. No header is copied: a
 * signature or an id in git is not the new commit's.
 */
enum dig_status dig_copy_commit(struct dig_copier *copier,
    const struct dig_copy *copy, struct dig_error *err) DIG_CHECKED;

#endif
