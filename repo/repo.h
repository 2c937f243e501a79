/* SPDX-License-Identifier: MIT
 *
 * Finding, making and opening a repository.
 */
#ifndef REPO_REPO_H
#define REPO_REPO_H

#include <stdbool.h>
#include <stdint.h>

#include "objects/base/error.h"
#include "objects/oid.h"
#include "repo/config.h"

struct dig_repo;

/* How far long work is; called often, from any thread of the work. */
struct dig_progress_report {
	const char *what; /* "adding", "writing files" ... static */
	uint64_t files_done;
	uint64_t files_total; /* 0: not known */
	uint64_t bytes_done;
	uint64_t bytes_total; /* 0: not known */
	const char *unit;     /* what is counted; NULL: "files"; static */
};
typedef void dig_progress_fn(
    void *arg, const struct dig_progress_report *report);

/* What to say about one file while work goes on: "name: reason". */
typedef void dig_warn_fn(void *arg, const char *message);

/* How commands that take long talk to the terminal; any may be NULL. */
struct dig_talk {
	void *arg;
	dig_progress_fn *progress;
	dig_warn_fn *warn;
};

/*
 * Make a repository in `dir` (made if missing): .dig is built aside and
 * renamed. Safe to repeat: *existed tells that there was one already, which is
 * left alone. *git_exclude: inside a git work tree, the path of its
 * info/exclude (caller frees), else NULL. The first branch is
 * init.defaultBranch.
 *
 * Errors: EXISTS (something else has the name .dig); INVALID (branch name,
 * format); DENIED; LOCKED; IO.
 */
enum dig_status dig_repo_init(const char *dir, const struct dig_config *config,
    bool *existed, char **git_exclude, struct dig_error *err) DIG_CHECKED;

/*
 * Open the repository that holds the current folder: DIG_DIR, else upwards. It
 * must belong to the user (or be listed in safe.directory).
 *
 * config: the user's settings; retained, the repository's are loaded into it.
 * talk: retained; may be NULL.
 * Errors: NOREPO, DENIED (owner, with the line to type), INVALID (a format
 * that this dig does not know), CORRUPT, IO.
 */
enum dig_status dig_repo_open(struct dig_config *config,
    const struct dig_talk *talk, struct dig_repo **out,
    struct dig_error *err) DIG_CHECKED;
/*
 * The same for a guest in somebody else's process: index.db is not opened, no
 * lock is taken and nothing is written; refs come from the journal, objects
 * from the packs. What needs rows fails.
 *
 * dig_dir: path of the .dig folder; NULL: DIG_DIR, else upwards
 */
enum dig_status dig_repo_open_packs(struct dig_config *config,
    const char *dig_dir, struct dig_repo **out,
    struct dig_error *err) DIG_CHECKED;
/* See what was committed meanwhile. Nothing that was read from the repository
 * may be in use. Cost: a stat of the journal when nothing was. */
enum dig_status dig_repo_refresh(
    struct dig_repo *repo, struct dig_error *err) DIG_CHECKED;
/*
 * The same without packs, journal and index, for verbs that ask for settings
 * and places only: dig_repo_branch, dig_repo_head, dig_repo_staged_root and
 * dig_repo_index_is_behind must not be called on it.
 */
enum dig_status dig_repo_find(struct dig_config *config,
    const struct dig_talk *talk, struct dig_repo **out,
    struct dig_error *err) DIG_CHECKED;
void dig_repo_close(struct dig_repo *repo); /* NULL is accepted */

struct dig_config *dig_repo_config(struct dig_repo *repo);
/* Absolute path of the work tree, of .dig; and of the current folder inside
 * the work tree ("" at its root). Borrowed. */
const char *dig_repo_worktree(const struct dig_repo *repo);
const char *dig_repo_dir(const struct dig_repo *repo);
const char *dig_repo_prefix(const struct dig_repo *repo);
/* The current folder is in the work tree, and not in .dig. */
bool dig_repo_is_inside(const struct dig_repo *repo);
/* The index could not be brought up to date; the next command will. */
bool dig_repo_index_is_behind(const struct dig_repo *repo);

/*
 * How often a damaged record was rebuilt in memory for this command; the first
 * place in words into out (may be NULL): "packs/000001.pack at 4711". The disk
 * is as it was.
 */
uint64_t dig_repo_healed(struct dig_repo *repo, struct dig_buf *where);

/* The failure is damage of index.db, which can be made anew. */
bool dig_repo_is_index_damage(const struct dig_error *why);
/* Make index.db anew after such a failure, from packs and journal; what was
 * under way is rolled back. Errors: LOCKED, DENIED, IO. */
enum dig_status dig_repo_mend_index(
    struct dig_repo *repo, struct dig_error *err) DIG_CHECKED;

/* Change one key of .dig/config (and its copy); value NULL: take it out. */
enum dig_status dig_repo_config_set(struct dig_repo *repo, const char *key,
    const char *value, struct dig_error *err) DIG_CHECKED;

/* The branch that HEAD names, "main"; NULL when detached. Borrowed until the
 * next change. */
const char *dig_repo_branch(const struct dig_repo *repo);
/* The commit that HEAD names; false before the first commit. */
bool dig_repo_head(const struct dig_repo *repo, struct dig_oid *out);
/* Root of what is staged. */
void dig_repo_staged_root(const struct dig_repo *repo, struct dig_oid *out);
/* "refs/heads/main" -> "main"; borrowed from the name. */
const char *dig_ref_short(const char *name);

#endif
