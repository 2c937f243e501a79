/* SPDX-License-Identifier: MIT
 *
 * Merging two trees that come from a third one, path by path; for repo/ only.
 * Nothing but objects is written.
 *
 * The rules are those of git's merges, without renames of whole folders:
 * what one side changed is taken; texts that both changed are merged by line;
 * a file that was renamed on one side and edited on the other is edited under
 * its new name. What cannot be merged is a conflict, and the tree has what is
 * left in the work tree then: a text with markers, our version of a binary
 * file, the version that was not deleted.
 */
#ifndef REPO_MERGE_TREES_H
#define REPO_MERGE_TREES_H

#include "repo/internal.h"
#include "repo/operation.h"
#include "repo/text.h"

/* What to tell of one path, in lines. */
struct dig_merge_note {
	char *path; /* NUL-terminated, owned */
	struct dig_buf text;
};

struct dig_merge_notes {
	struct dig_merge_note *at; /* ascending by path when merged */
	size_t count;
	size_t cap;
};

void dig_merge_notes_clear(struct dig_merge_notes *notes);
/* Append them to out, each a line, and clear them. */
void dig_merge_notes_take(struct dig_merge_notes *notes, struct dig_buf *out);

struct dig_merging {
	struct dig_repo *repo; /* in a transaction */
	struct dig_text *text;
	const char *ancestor; /* words for conflict markers and names */
	const char *ours;
	const char *theirs;
	int favor; /* DIG_SIDE_OURS, DIG_SIDE_THEIRS: its lines, binary files
		    * and links where both changed them; 0: a conflict */
	bool keep; /* what is merged is read again in this transaction */
	struct dig_merge_notes notes; /* set; the caller clears them */
};

/*
 * Merge trees. *tree: the result, stored. Conflicts are appended to op's list,
 * which is empty before.
 *
 * Errors: INVALID (the plugin for texts), CANCELLED, those of the store.
 * Cost: O(differences of theirs from the base); where one of them is not plain,
 * O(differences of both), and files that came or went are read (similar.h).
 * Texts that both changed are held in memory, at most DIG_TEXT_MAX_BYTES each.
 * Source: git's merge-ort, its rules for renames and conflicts.
 */
enum dig_status dig_merge_trees(struct dig_merging *merging,
    const struct dig_oid *base, const struct dig_oid *ours,
    const struct dig_oid *theirs, struct dig_oid *tree, struct dig_op *op,
    struct dig_error *err) DIG_CHECKED;

/*
 * The same for two commits: the base is what their merge bases give, merged
 * into one (without telling) when there are several, and the empty tree when
 * there is none.
 */
enum dig_status dig_merge_commits(struct dig_merging *merging,
    const struct dig_oid *ours, const struct dig_oid *theirs,
    struct dig_oid *tree, struct dig_op *op, struct dig_error *err) DIG_CHECKED;

/* ---- Between merge_*.c ------------------------------------------------ */

enum { HAS_BASE = 1, HAS_OURS = 2, HAS_THEIRS = 4 };

/* One path on which a side differs from the base. */
struct dig_merge_item {
	char *path; /* NUL-terminated, owned */
	size_t len;
	unsigned had;  /* HAS_...: which trees have a file here */
	unsigned has;  /* the same, as renames have changed it */
	unsigned same; /* which of two or three are equal; 0: none */
	struct dig_entry side[DIG_SIDES];
	struct dig_entry ours;        /* as the tree has it */
	const char *names[DIG_SIDES]; /* where each side has it, for labels */
	bool crossed; /* renamed in two ways, or renamed and deleted */
	bool settled; /* nothing to do any more */
	bool clean;
	bool has_result;
	struct dig_entry result;
};

struct dig_merge {
	struct dig_merging *merging;
	struct dig_node_io io; /* sees what the transaction has put */
	const struct dig_oid *trees[DIG_SIDES];
	unsigned
	    depth; /* of merges of merge bases; 0: the one that was asked */
	struct dig_merge_item *items; /* ascending by path */
	size_t nitems;
	size_t items_cap;
	struct dig_merge_item **extra; /* under names that were made up */
	size_t nextra;
	size_t extra_cap;
};

/* Line for a path; silent in merges of merge bases. */
void dig_merge_tell(struct dig_merge *merge, const char *path, const char *fmt,
    ...) DIG_PRINTF(3, 4);
struct dig_merge_item *dig_merge_find(
    struct dig_merge *merge, const char *path, size_t len);
/* File or executable, symlink, link: of one type. */
bool dig_merge_same_type(const struct dig_entry *a, const struct dig_entry *b);

/*
 * merge_quick.c: the result where each path that they changed can be decided by
 * itself and without a conflict. *done: so it is.
 * Cost: O(paths that they changed).
 */
enum dig_status dig_merge_quick(struct dig_merge *merge, struct dig_oid *tree,
    bool *done, struct dig_error *err) DIG_CHECKED;

/* merge_renames.c: pair what is gone and what is new on each side, and let the
 * items at both ends know. */
enum dig_status dig_merge_renames(
    struct dig_merge *merge, struct dig_error *err) DIG_CHECKED;

/*
 * merge_content.c: one file on both sides, of one type. o: NULL when the base
 * has none. names: where each has it. nsigns: more signs for markers.
 * *has_result false: there is none (links in a merge of merge bases).
 */
enum dig_status dig_merge_content(struct dig_merge *merge, const char *path,
    const struct dig_entry *o, const struct dig_entry *a,
    const struct dig_entry *b, const char *const names[DIG_SIDES],
    unsigned nsigns, struct dig_entry *result, bool *has_result, bool *clean,
    struct dig_error *err) DIG_CHECKED;

#endif
