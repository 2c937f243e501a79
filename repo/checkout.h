/* SPDX-License-Identifier: MIT
 *
 * The verbs that write working files: checkout, restore, rm, mv.
 *
 * All but --into hold the lock from their first look to their last record.
 *
 *	                 announce             finish
 *	(at A) --------------> (A, begun B) ---------> (at B)
 *	                            |  files are removed, then written
 *	                            '--- killed: still (A, begun B)
 *
 * Invariants of a switch
 * C1  Before the first working file changes, a journal record names the tree
 *     that the switch leads to (op_state). HEAD and staging stay as they are.
 * C2  After the last one, one record moves HEAD and the staged root and takes
 *     the announcement back. Both records have one operation number.
 * C3  A file that equals what is staged, what the announced switch leads to,
 *     or what the new one leads to, is no edit. So any checkout after a kill
 *     finishes, the same one, another one, or `dig checkout` to stay at A.
 * C4  A working file is replaced in one step (worktree_write.h), so a kill
 *     leaves each as it was or as it shall be.
 *
 * restore and rm change files first and then record what is staged, in one
 * record: killed in between, the same command finishes.
 */
#ifndef REPO_CHECKOUT_H
#define REPO_CHECKOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "objects/base/error.h"
#include "objects/oid.h"

struct dig_repo;

/* ---- checkout --------------------------------------------------------- */

struct dig_checkout_options {
	const char *rev; /* NULL, "HEAD", "@": where HEAD is, on its branch;
			    "-": where it was before */
	bool force;      /* lose edits and what is in the way */
	bool detach;     /* HEAD names the commit even if rev is a branch */
	const char *new_branch; /* make it at rev and go onto it; or NULL */
	bool replace;           /* new_branch may be there: it is moved */
	bool move; /* HEAD's branch, or the detached HEAD, moves to rev */
};

struct dig_checkout_result {
	char *branch;              /* caller frees; NULL: HEAD is detached */
	struct dig_oid commit;     /* where HEAD is now; zero: no commit yet */
	char *old_branch;          /* caller frees; NULL: it was detached */
	bool is_new;               /* the branch was not there before */
	struct dig_oid old_commit; /* zero: there was none */
	uint64_t written;
	uint64_t removed;
	uint64_t skipped_links; /* entries that name foreign commits */
};

/*
 * Switch HEAD, staging and work tree. Staged changes and edits that do not
 * collide are kept. A new branch is made by the record that moves HEAD (C2).
 *
 * Errors: NOTFOUND, AMBIGUOUS (the revision); INVALID, EXISTS (the new
 * branch's name); CONFLICT (files in the way, each
 * warned of; nothing was changed); FILE, CANCELLED (the switch is announced
 * and partly done; run it again); LOCKED; those of the store.
 * Cost: O(differences of the trees).
 */
enum dig_status dig_checkout(struct dig_repo *repo,
    const struct dig_checkout_options *options,
    struct dig_checkout_result *result, struct dig_error *err) DIG_CHECKED;
void dig_checkout_result_clear(struct dig_checkout_result *result);

/*
 * A switch was announced and has not finished; *commit is where it leads.
 * Errors: CORRUPT, IO.
 */
enum dig_status dig_checkout_is_begun(struct dig_repo *repo, bool *begun,
    struct dig_oid *commit, struct dig_error *err) DIG_CHECKED;

/* Which files of which revision are written elsewhere, and how named. */
struct dig_selection {
	const char *rev;
	const char *prefix;       /* stands before each path; NULL: nothing */
	const char *const *paths; /* pathspecs, relative to the current folder
				     of the work tree; none: all */
	size_t npaths;
};

/*
 * Write the files of a revision into `dir`, which is new or empty (relative to
 * the current folder). HEAD, staging and work tree are not touched, no lock is
 * taken. Killed, it leaves a part of the files there.
 *
 * Errors: EXISTS (dir is not empty), NOTFOUND (revision, pathspec), FILE,
 * INVALID (names that this file system cannot tell apart, the prefix),
 * CANCELLED, those of the store.
 */
enum dig_status dig_checkout_into(struct dig_repo *repo, const char *dir,
    const struct dig_selection *what, struct dig_checkout_result *result,
    struct dig_error *err) DIG_CHECKED;

/* The same for a tree, whatever names it; what->rev is not looked at. */
enum dig_status dig_checkout_tree_into(struct dig_repo *repo, const char *dir,
    const struct dig_oid *tree, const struct dig_selection *what,
    struct dig_checkout_result *result, struct dig_error *err) DIG_CHECKED;

/* ---- restore ---------------------------------------------------------- */

struct dig_restore_options {
	const char *source; /* NULL: HEAD if `staged`, else what is staged */
	bool staged;        /* change what is staged */
	bool worktree;      /* change working files, over edits */
	bool overlay;       /* leave paths that the source has not (checkout) */
	/* DIG_SIDE_OURS, DIG_SIDE_THEIRS: of paths that are not merged take
	 * this version into the work tree, from what is staged the others; 0:
	 * paths that are not merged are refused then. */
	int side;
	const char *const *paths; /* pathspecs, one at least */
	size_t npaths;
};

/*
 * What takes staged paths from a commit makes them merged, too.
 *
 * Errors: NOTFOUND (source, a pathspec that matches nothing), CONFLICT (an
 * entry of both a file and a folder; another repository in the way), NO (a
 * path is not merged, or has no such version), FILE,
 * LOCKED, CANCELLED, those of the store.
 */
enum dig_status dig_restore(struct dig_repo *repo,
    const struct dig_restore_options *options,
    struct dig_checkout_result *result, struct dig_error *err) DIG_CHECKED;

/* ---- rm and mv -------------------------------------------------------- */

/* One path that was (or, with dry_run, would be) removed or renamed. */
typedef void dig_path_fn(void *arg, const char *path, const char *new_path);

struct dig_remove_options {
	bool cached;    /* leave working files */
	bool recursive; /* folders, too */
	bool force;     /* lose changes */
	bool dry_run;
	bool quiet_unmatched; /* a pathspec that matches nothing is no error */
	dig_path_fn *tell;    /* may be NULL */
	void *arg;
};

/*
 * Stop tracking files and remove them.
 * Errors: NOTFOUND, INVALID (a folder without `recursive`), CONFLICT (changes
 * would be lost, each warned of; nothing was changed), FILE, LOCKED, ...
 */
enum dig_status dig_remove(struct dig_repo *repo,
    const struct dig_remove_options *options, const char *const *paths,
    size_t npaths, struct dig_error *err) DIG_CHECKED;

struct dig_move_options {
	bool force; /* replace an existing file */
	bool dry_run;
	bool skip;         /* leave out what cannot be moved */
	dig_path_fn *tell; /* may be NULL */
	void *arg;
};

/*
 * Rename files and folders, in the work tree and in what is staged; the last
 * of `paths` is the target, a folder if there are several sources. A source
 * that has gone and stands at the target already is only staged. On failure
 * all renames are undone.
 * Errors: NOTFOUND (not tracked, not there), EXISTS, INVALID, FILE, ...
 */
enum dig_status dig_move(struct dig_repo *repo,
    const struct dig_move_options *options, const char *const *paths,
    size_t npaths, struct dig_error *err) DIG_CHECKED;

#endif
