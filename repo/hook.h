/* SPDX-License-Identifier: MIT
 *
 * Hooks: programs and queries in .dig/hooks that run when something happens.
 *
 * An event's hooks are the file of its name, then the files in the folder
 * NAME.d in the order of their names. In pre-commit.d and pre-merge-commit.d a
 * file NAME.sql is a query over the views: rows refuse.
 *
 * Invariants
 * H1  Nothing of a hook runs unless the user's state folder, outside of the
 *     repository, has the digest of its bytes for this repository, this place
 *     of it and this name.
 * H2  What runs are the bytes that were digested: they are read once, and a
 *     program is started from a private copy of them.
 * H3  Neither the lock nor a transaction is held while a hook runs, and none of
 *     dig's descriptors is open in it.
 */
#ifndef REPO_HOOK_H
#define REPO_HOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "objects/base/error.h"

struct dig_repo;

enum dig_hook {
	DIG_HOOK_PRE_COMMIT,
	DIG_HOOK_PREPARE_COMMIT_MSG,
	DIG_HOOK_COMMIT_MSG,
	DIG_HOOK_POST_COMMIT,
	DIG_HOOK_PRE_MERGE_COMMIT,
	DIG_HOOK_POST_MERGE,
	DIG_HOOK_POST_CHECKOUT,
	DIG_HOOK_COUNT
};

/*
 * Every hook of an event that could refuse may run.
 * any: there is one, fit or not; may be NULL.
 * Errors: DENIED (not trusted or changed; the hint is the line to type), FILE.
 * Cost: two opens where there are none.
 */
enum dig_status dig_hook_check(struct dig_repo *repo, enum dig_hook event,
    bool *any, struct dig_error *err) DIG_CHECKED;

/*
 * Run the hooks of an event, one after another, in the root of the work tree
 * (pre-commit with hook.isolate: in a folder that has what is staged). The
 * first that refuses ends it. Their output goes to standard error, their input
 * is empty. What they stage is seen by the caller afterwards.
 *
 * args, nargs  what they are given
 * ran          whether there was one; may be NULL
 *
 * Errors: NO (refused: exit code not 0, a signal, hook.timeout, rows of a
 * query, each shown as a warning); DENIED as in dig_hook_check; CANCELLED
 * (Ctrl-C, which ends the hook); FILE, IO, LOCKED. The hooks post-* come too
 * late to refuse: what is not trusted is warned of and not run, and a failure
 * is warned of before its status is returned.
 */
enum dig_status dig_hook_run(struct dig_repo *repo, enum dig_hook event,
    const char *const *args, size_t nargs, bool *ran,
    struct dig_error *err) DIG_CHECKED;

/* ---- Trust ------------------------------------------------------------ */

enum dig_hook_state {
	DIG_HOOK_TRUSTED,
	DIG_HOOK_CHANGED, /* was trusted with other bytes */
	DIG_HOOK_NEW,
	DIG_HOOK_UNFIT /* cannot run: not executable, no regular file */
};

struct dig_hook_item {
	char *name; /* "pre-commit", "pre-commit.d/10-size.sql"; owned */
	enum dig_hook_state state;
	bool is_query;
	char digest[65]; /* hex SHA-256; "" when UNFIT */
};

struct dig_hook_list {
	struct dig_hook_item *at;
	size_t count;
	size_t cap;
};

void dig_hook_list_clear(struct dig_hook_list *list);
/* All hooks, in the order of events and of running. out: replaced. */
enum dig_status dig_hook_list(struct dig_repo *repo, struct dig_hook_list *out,
    struct dig_error *err) DIG_CHECKED;

/*
 * Record the digests of hooks as they are now; NULL or no names: of all.
 * out: replaced, what was recorded.
 * Errors: NOTFOUND (no such hook), INVALID (it cannot run, with the reason),
 * DENIED (there is no state folder), FILE, LOCKED. All or none.
 */
enum dig_status dig_hook_trust(struct dig_repo *repo, const char *const *names,
    size_t count, struct dig_hook_list *out, struct dig_error *err) DIG_CHECKED;
/* Take digests out; no names: all of this repository. *revoked: how many.
 * Errors: NOTFOUND (it was not trusted), DENIED, FILE, LOCKED. */
enum dig_status dig_hook_revoke(struct dig_repo *repo, const char *const *names,
    size_t count, size_t *revoked, struct dig_error *err) DIG_CHECKED;

/* "pre-commit" */
const char *dig_hook_event_name(enum dig_hook event);

#endif
