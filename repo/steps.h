/* SPDX-License-Identifier: MIT
 *
 * Bringing the work tree from one tree to another, path by path; for repo/
 * only. First all steps are collected, then all are checked, then files are
 * removed and written, then the index is told. Inside a transaction.
 *
 * Invariants
 * K1  Every path of the trees has passed dig_path_check before the first file
 *     is touched.
 * K2  A file that equals none of the entries its step knows is an edit; it is
 *     kept, and where it is in the way the check fails, unless `force`.
 * K3  A file that equals what the step leads to is left alone.
 */
#ifndef REPO_STEPS_H
#define REPO_STEPS_H

#include "repo/worktree.h"
#include "staging/add.h"

enum dig_step_action {
	DIG_STEP_NONE,  /* nothing to do, and its stat is not ours */
	DIG_STEP_THERE, /* the file is as it has to be */
	DIG_STEP_WRITE,
	DIG_STEP_REMOVE
};

struct dig_step {
	char *path; /* NUL-terminated, owned */
	size_t path_len;
	bool has_old;     /* what is staged */
	bool has_now;     /* what shall be */
	bool may_be_gone; /* an interrupted switch may have removed it */
	bool force;       /* an edit is overwritten */
	bool settled;     /* `stat` may be recorded */
	bool broken;      /* dig_steps_chain found what does not follow */
	enum dig_step_action action;
	struct dig_entry old;
	struct dig_entry now;
	struct dig_entry *begun; /* what interrupted switches may have left */
	size_t nbegun;
	const struct dig_stat *seen; /* with it the file is `old`; or NULL */
	struct dig_look look;        /* what stands there */
	struct dig_stat stat;        /* what stands there afterwards */
};

struct dig_steps {
	struct dig_repo *repo;
	const char *what; /* for progress: "checking out" */
	bool force;
	struct dig_step *at; /* ascending by path */
	size_t n;
	size_t cap;
	struct dig_folders folders;
	char **clear; /* untracked paths that force takes out of the way */
	size_t nclear;
	size_t clear_cap;
	bool lossy; /* edits, or what is not tracked, will be overwritten */
	uint64_t nconflicts;
	uint64_t written;
	uint64_t removed;
	uint64_t skipped_links;
};

void dig_steps_init(
    struct dig_steps *steps, struct dig_repo *repo, const char *what);
void dig_steps_clear(struct dig_steps *steps);

/* Append a step; paths ascending. old, now: NULL where there is no entry.
 * Errors: CORRUPT for a path that is not fit. */
enum dig_status dig_steps_add(struct dig_steps *steps,
    const struct dig_entry *old, const struct dig_entry *now,
    struct dig_error *err) DIG_CHECKED;
/* A step for every difference from tree `a` (staged) to `b`. */
enum dig_status dig_steps_add_diff(struct dig_steps *steps,
    const struct dig_node_io *io, const struct dig_oid *a,
    const struct dig_oid *b, struct dig_error *err) DIG_CHECKED;
/* Tell the steps what an interrupted switch from tree `a` to `begun` may have
 * written; adds steps for paths that only that switch had. Once for each. */
enum dig_status dig_steps_add_begun(struct dig_steps *steps,
    const struct dig_node_io *io, const struct dig_oid *a,
    const struct dig_oid *begun, struct dig_error *err) DIG_CHECKED;
/* Move the steps of `more` over; where both have a path, steps' own counts. */
void dig_steps_merge(struct dig_steps *steps, struct dig_steps *more);
/*
 * The steps of `more` come after those of `steps`: both become one way, from
 * where `steps` begin to where `more` leads. A path where `more` begins with
 * something else than `steps` lead to is a conflict when it is checked.
 */
void dig_steps_chain(struct dig_steps *steps, struct dig_steps *more);
/* With force: a step for every file that differs from tree `now` and has no
 * step yet. */
enum dig_status dig_steps_add_edits(struct dig_steps *steps,
    const struct dig_node_io *io, const struct dig_oid *now,
    struct dig_error *err) DIG_CHECKED;

/*
 * Decide every step's action. Files in the way are warned of, each with its
 * reason, and counted; then the status is CONFLICT. Nothing is written.
 */
enum dig_status dig_steps_check(
    struct dig_steps *steps, struct dig_error *err) DIG_CHECKED;
/* The work tree's file system can tell the names of tree `root` apart. Nothing
 * is asked when there are no steps. Errors: INVALID, FILE, the tree's. */
enum dig_status dig_steps_check_names(const struct dig_steps *steps,
    const struct dig_node_io *io, const struct dig_oid *root,
    struct dig_error *err) DIG_CHECKED;
/* What was seen, ascending by path, proves that a file is its step's `old`.
 * Borrowed. */
void dig_steps_know(
    struct dig_steps *steps, const struct dig_add_seen *seen, size_t count);
/* The step for a path, NULL when there is none. Borrowed. */
const struct dig_step *dig_steps_find(
    const struct dig_steps *steps, const void *path, size_t len);
/* Anything to write or remove? */
bool dig_steps_touch_files(const struct dig_steps *steps);
/* Remove, then write, then stat. Errors: those of dig_worktree_write. */
enum dig_status dig_steps_run(
    struct dig_steps *steps, struct dig_error *err) DIG_CHECKED;
/* Tell the index, path by path, that `now` is staged. */
enum dig_status dig_steps_stage(
    struct dig_steps *steps, struct dig_error *err) DIG_CHECKED;
/* Only the stats, where what is staged stays. */
enum dig_status dig_steps_restat(
    struct dig_steps *steps, struct dig_error *err) DIG_CHECKED;

#endif
