/* SPDX-License-Identifier: MIT
 *
 * Branches and tags by the names that people give them: "main" is the branch
 * refs/heads/main, "v1" the tag refs/tags/v1.
 */
#ifndef REPO_NAMES_H
#define REPO_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "objects/base/error.h"
#include "objects/oid.h"

struct dig_repo;

enum dig_name_kind { DIG_NAME_BRANCH, DIG_NAME_TAG };

struct dig_name {
	char *name;         /* short, owned */
	enum dig_kind kind; /* of the object: COMMIT; TAG if annotated */
	struct dig_oid id;
};

/* In the order of the names' bytes. */
struct dig_names {
	struct dig_name *at;
	size_t count;
	size_t cap;
};

void dig_names_clear(struct dig_names *names);

struct dig_names_filter {
	const char *const *patterns;    /* shell wildcards, '*' crosses '/' */
	size_t npatterns;               /* 0: all names */
	const struct dig_oid *contains; /* this commit is in it; NULL: any */
};

/*
 * The branches or tags that the filter lets through. out: replaced.
 * Errors: CORRUPT, IO. Cost: O(names); with `contains` a walk for each.
 */
enum dig_status dig_names_list(struct dig_repo *repo, enum dig_name_kind kind,
    const struct dig_names_filter *filter, struct dig_names *out,
    struct dig_error *err) DIG_CHECKED;

/*
 * The full name that a new branch or tag gets; *out: caller frees.
 * Errors: INVALID, with what is wrong.
 */
enum dig_status dig_name_new(enum dig_name_kind kind, const char *name,
    char **out, struct dig_error *err) DIG_CHECKED;

/* ---- Branches --------------------------------------------------------- */

/*
 * Make branch `name` at a revision (NULL: HEAD); with force it may be there
 * and is moved, unless HEAD is on it.
 * Errors: INVALID (the name), EXISTS, CONFLICT (HEAD's branch), NOTFOUND,
 * AMBIGUOUS (the revision), LOCKED, those of the index.
 */
enum dig_status dig_branch_create(struct dig_repo *repo, const char *name,
    const char *rev, bool force, struct dig_error *err) DIG_CHECKED;

/*
 * Rename a branch (NULL: the one HEAD is on); HEAD follows. With force a
 * branch that has the new name is replaced.
 * Errors: INVALID, EXISTS, NOTFOUND, LOCKED, those of the index.
 */
enum dig_status dig_branch_rename(struct dig_repo *repo, const char *old,
    const char *name, bool force, struct dig_error *err) DIG_CHECKED;

/*
 * Delete branches, all or none; *deleted tells where they were. Without force
 * HEAD must contain them.
 * Errors: NOTFOUND; CONFLICT (HEAD is on it); NO (not merged into HEAD);
 * LOCKED, those of the index.
 */
enum dig_status dig_branch_delete(struct dig_repo *repo,
    const char *const *names, size_t count, bool force,
    struct dig_names *deleted, struct dig_error *err) DIG_CHECKED;

/* ---- Inside of repo/ -------------------------------------------------- */

struct dig_state;

/* A ref cannot stand where others have a folder, nor below another one.
 * Errors: EXISTS, naming it. */
enum dig_status dig_name_no_clash(const struct dig_state *state,
    const char *full, struct dig_error *err) DIG_CHECKED;
void dig_names_add(struct dig_names *names, const char *name,
    enum dig_kind kind, const struct dig_oid *id);

#endif
