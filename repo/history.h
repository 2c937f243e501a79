/* SPDX-License-Identifier: MIT
 *
 * Walking commits: from tips, without what others reach, in git's order.
 *
 * The order is that of committer dates among the commits that were found, the
 * one found first when dates are equal. The other orders read all commits
 * before the first is handed out.
 *
 * With paths a commit is shown when it differs there from every parent (from
 * the empty tree at a root). A merge that equals one of its parents there is
 * left out and only the first such parent is followed: git's default
 * simplification. Where the index knows the tips and nothing is excluded, the
 * commits that touched the paths come from its rows and the way between them
 * is skipped by jump pointers; else every commit is compared with its parents.
 * Both ways give the same commits; of those with equal dates on different lines
 * the order may differ.
 *
 * Source: git-log(1) "History Simplification"; Myers (objects/commit.h).
 */
#ifndef REPO_HISTORY_H
#define REPO_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "objects/base/error.h"
#include "objects/commit.h"
#include "objects/oid.h"

struct dig_repo;
struct dig_history;

enum dig_history_order {
	DIG_ORDER_WALK,  /* by date, each as soon as it is found */
	DIG_ORDER_DATE,  /* by date, none before all of its children */
	DIG_ORDER_LINES, /* and lines of history one after another */
};

typedef enum dig_status dig_history_select_fn(void *arg,
    const struct dig_commit *commit, bool *passes, struct dig_error *err);

/* What to walk; all pointers are borrowed for dig_history_new only. */
struct dig_history_options {
	const struct dig_oid *tips; /* commits */
	size_t ntips;
	const struct dig_oid *hidden; /* what these reach is left out */
	size_t nhidden;
	bool all;      /* every ref and HEAD are tips too */
	bool branches; /* every branch */
	bool tags;     /* every tag */

	const char *const *paths; /* pathspecs; none: all commits */
	size_t npaths;
	bool follow; /* the one path is a file: through exact renames */

	enum dig_history_order order;
	bool first_parent; /* follow first parents only */
	bool reverse;      /* the oldest first, after limit and skip */
	int64_t skip;      /* leave out so many */
	int64_t limit;     /* then stop after so many; negative: never */
	size_t min_parents;
	size_t max_parents;
	int64_t since; /* committer's seconds; older ones end the walk */
	int64_t until;

	/* A commit's author matches one of the authors, its committer one of
	 * the committers, and its message one of the messages; with none given,
	 * all do. */
	const char *const *authors;
	size_t nauthors;
	const char *const *committers;
	size_t ncommitters;
	const char *const *messages;
	size_t nmessages;
	bool all_match;    /* all of the messages, not one */
	bool invert_match; /* the message does not match */
	bool ignore_case;
	bool fixed;    /* plain text, not regular expressions */
	bool extended; /* POSIX extended, not basic */

	/* NULL, or asked last whether a commit passes. Retained. */
	dig_history_select_fn *select;
	void *select_arg;
};

#define DIG_HISTORY_OPTIONS_INIT                                               \
	{                                                                      \
		.limit = -1, .max_parents = SIZE_MAX, .since = INT64_MIN,      \
		.until = INT64_MAX                                             \
	}

/*
 * Begin a walk. Errors: INVALID (a pathspec, a regular expression), NOTFOUND
 * (a tip), CORRUPT, IO, DB.
 */
enum dig_status dig_history_new(struct dig_repo *repo,
    const struct dig_history_options *options, struct dig_history **out,
    struct dig_error *err) DIG_CHECKED;
void dig_history_free(struct dig_history *history); /* NULL is accepted */

/*
 * The next commit: its id and what it says, both borrowed until the next call;
 * *commit is NULL at the end. No statement is open between calls.
 */
enum dig_status dig_history_next(struct dig_history *history,
    const struct dig_oid **id, const struct dig_commit **commit,
    struct dig_error *err) DIG_CHECKED;

/* With `follow`: the file's path in the commit handed out last, and the path
 * that it had before when that commit renamed it, else NULL; from the root,
 * borrowed until the next call. */
void dig_history_followed_path(
    const struct dig_history *history, const char **path, const char **old);

/*
 * The parents that the commit handed out last has in this list: those that the
 * filters let through, and in place of one that equals its own parent in the
 * paths the first below it that does not. For an order other than WALK.
 * *out: caller frees. Errors: CORRUPT, IO.
 */
enum dig_status dig_history_parents(struct dig_history *history,
    struct dig_oid **out, size_t *count, struct dig_error *err) DIG_CHECKED;

/* How many commit objects were read so far, for tests. */
uint64_t dig_history_reads(const struct dig_history *history);

/* ---- Names of commits ------------------------------------------------- */

/* A ref and the commit that it leads to. */
struct dig_ref_name {
	const char *name; /* "refs/heads/main"; "HEAD" */
	struct dig_oid commit;
	bool is_head; /* the branch that HEAD names */
};

/*
 * HEAD, then the other refs from the last name to the first (git's order of
 * decorations), for those that lead to a commit. *out: caller frees; the names
 * are borrowed until the state of the repository changes.
 */
enum dig_status dig_history_refs(struct dig_repo *repo,
    struct dig_ref_name **out, size_t *count,
    struct dig_error *err) DIG_CHECKED;

/*
 * The start of an id by which people call it: DIG_REVISION_SHORT digits, or
 * more where another commit of the index has these too. Cost: one row, where
 * dig_revision_short looks through all packs.
 */
enum dig_status dig_history_short(struct dig_repo *repo,
    const struct dig_oid *id, char out[DIG_OID_HEX + 1],
    struct dig_error *err) DIG_CHECKED;

/* How many digits of it several need, one length for all of them. */
enum dig_status dig_history_digits(struct dig_repo *repo,
    const struct dig_oid *const *ids, size_t count, size_t *out,
    struct dig_error *err) DIG_CHECKED;

/* Read one commit; `bytes` keeps what *out borrows. */
enum dig_status dig_history_commit(struct dig_repo *repo,
    const struct dig_oid *id, struct dig_buf *bytes, struct dig_commit *out,
    struct dig_error *err) DIG_CHECKED;
/* Read a tag, the same way. */
enum dig_status dig_history_tag(struct dig_repo *repo, const struct dig_oid *id,
    struct dig_buf *bytes, struct dig_tag *out,
    struct dig_error *err) DIG_CHECKED;

#endif
