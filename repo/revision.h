/* SPDX-License-Identifier: MIT
 *
 * Revisions: the words by which a person names a commit, a tree or a file.
 *
 *	HEAD, @                     what is checked out
 *	main, v1, heads/main, refs/tags/v1
 *	                            a ref: HEAD, then refs/NAME, refs/tags/NAME,
 *	                            refs/heads/NAME, refs/remotes/NAME; the
 *	                            first counts, with a warning when there are
 *	                            others
 *	1a2b, 64 hex digits         an id, or the start of one that nothing else
 *	                            has; commits and tags go before other
 *objects REF@{2}, @{2}               where the ref (HEAD's branch) stood two
 *moves ago, by the journal
 *	@{-1}                       the branch checked out before
 *	stash@{1}, stash            an entry of the stash; the newest
 *	REV^, REV^2, REV~3          parents; by first parents
 *	REV^{}, ^{commit}, ^{tree}, ^{tag}
 *	                            peeled to that
 *	REV:PATH, :PATH             a file in it; in what is staged. PATH counts
 *	                            from the root, ./PATH from the current
 *folder urn:dig:STORE:ID/PATH       the same by ids, repo/urn.h
 *
 * Source: the same in gitrevisions(7).
 */
#ifndef REPO_REVISION_H
#define REPO_REVISION_H

#include <stdbool.h>
#include <stddef.h>

#include "objects/base/buf.h"
#include "objects/base/error.h"
#include "objects/oid.h"

struct dig_repo;

#define DIG_REVISION_SHORT 10 /* digits of an abbreviated id */

struct dig_revision {
	enum dig_kind kind; /* COMMIT, TAG, TREE, CONTENT or CHUNK */
	struct dig_oid id;
};

/*
 * What `text` names. REV:PATH gives the content id of a file, as CONTENT, also
 * where the content is one chunk; REV: the tree.
 *
 * Errors, the same for all below: NOTFOUND; AMBIGUOUS with the candidates as
 * hint; INVALID for what cannot be read as a revision or is of another kind;
 * CORRUPT, IO. Cost: one lookup; a step of ~ reads one commit.
 */
enum dig_status dig_revision_resolve(struct dig_repo *repo, const char *text,
    struct dig_revision *out, struct dig_error *err) DIG_CHECKED;
/* The same, peeled to a commit. */
enum dig_status dig_revision_commit(struct dig_repo *repo, const char *text,
    struct dig_oid *out, struct dig_error *err) DIG_CHECKED;
/* Peeled to the root of a tree: of a commit, or the tree itself. */
enum dig_status dig_revision_tree(struct dig_repo *repo, const char *text,
    struct dig_oid *out, struct dig_error *err) DIG_CHECKED;

/*
 * Where PATH is parted from REV, or NULL when there is no PATH: the ':', or
 * the '/' of a URN. A ref's name has no ':', and one inside of {} does not
 * count.
 */
const char *dig_revision_colon(const char *text);
/* What a revision, with or without :PATH, names in full. */
struct dig_snapshot {
	bool has_commit; /* false: a tree by its root, or what is staged */
	struct dig_oid commit;
	struct dig_oid root; /* of the tree */
	bool has_path;
	struct dig_buf path; /* from the root, "" for the root itself */
	char range[48];      /* of a URN, "" for none: dig_range_parse */
};
#define DIG_SNAPSHOT_INIT                                                      \
	{                                                                      \
		.path = DIG_BUF_INIT                                           \
	}
enum dig_status dig_revision_snapshot(struct dig_repo *repo, const char *text,
    struct dig_snapshot *out, struct dig_error *err) DIG_CHECKED;
void dig_snapshot_clear(struct dig_snapshot *snapshot);
/*
 * The two sides of REV:PATH (there is a PATH): the tree's root, and the path
 * from the root ("" for the root itself) into path (reset). INVALID for a URN
 * with a range.
 */
enum dig_status dig_revision_path(struct dig_repo *repo, const char *text,
    struct dig_oid *root, struct dig_buf *path,
    struct dig_error *err) DIG_CHECKED;

/*
 * What a range leaves in: reachable from `to`, not from `from`; a symmetric
 * one, A...B: reachable from one of them and not from both.
 */
struct dig_range {
	bool has_from;
	bool symmetric;
	struct dig_oid from;
	struct dig_oid to;
};

/* The text has a ".." that parts two revisions. */
bool dig_revision_is_range(const char *text);
/* "A..B", "A...B", "A..", "..B" (a side left out is HEAD), or one revision. */
enum dig_status dig_revision_range(struct dig_repo *repo, const char *text,
    struct dig_range *out, struct dig_error *err) DIG_CHECKED;

/*
 * The ref that a name stands for by the rules above, its full name; "HEAD"
 * gives the ref that HEAD names. NULL: none. Borrowed until the state changes.
 */
const char *dig_revision_ref(struct dig_repo *repo, const char *name);

/*
 * What was checked out `n` switches ago (n >= 1): a full ref name into *ref
 * (caller frees), or NULL there and the commit of a detached HEAD in *id.
 */
enum dig_status dig_revision_previous(struct dig_repo *repo, unsigned n,
    char **ref, struct dig_oid *id, struct dig_error *err) DIG_CHECKED;

/* The shortest start of an id, of `min` digits and more, that no other commit
 * or tag has. */
enum dig_status dig_revision_short(struct dig_repo *repo,
    const struct dig_oid *id, size_t min, char out[DIG_OID_HEX + 1],
    struct dig_error *err) DIG_CHECKED;

#endif
