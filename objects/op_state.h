/* SPDX-License-Identifier: MIT
 *
 * What an operation that is not finished has to remember: where a switch of
 * the work tree leads, what a merge still needs, and which commits are still
 * to be copied. An object of kind DIG_KIND_STATE; the journal names it.
 *
 * Format: docs/format.md "State".
 */
#ifndef OBJECTS_OP_STATE_H
#define OBJECTS_OP_STATE_H

#include "objects/tree.h"

/* Switches, each to another tree, that may be unfinished at a time. */
#define DIG_OP_ROOTS_MAX 32
enum dig_op_kind {
	DIG_OP_NONE = 0, /* at most a switch */
	DIG_OP_MERGE = 1,
	/* Commits are copied onto others, one after another. */
	DIG_OP_PICK = 2,   /* cherry-pick */
	DIG_OP_REVERT = 3, /* what they changed is taken back */
	DIG_OP_REBASE = 4,
	DIG_OP_UNMERGED = 16 /* conflicts, of a stash, and nothing else: over
			      * when the last one is resolved */
};

/* How commits are copied. */
enum dig_copy_flag {
	DIG_COPY_STARTED = 1,   /* HEAD has what was done, not where it was */
	DIG_COPY_APPLIED = 2,   /* todo[0] is staged, and is not committed */
	DIG_COPY_NO_COMMIT = 4, /* changes are staged and that is all */
	DIG_COPY_ORIGIN = 8,    /* the message names the commit */
	DIG_COPY_ALLOW_EMPTY = 16, /* what changed nothing is copied, too */
	DIG_COPY_REDUNDANT = 32,   /* and what changes nothing any more */
	DIG_COPY_EDIT = 64,        /* each message is edited */
	DIG_COPY_FORWARD = 128,    /* a commit that fits as it is is taken */
	DIG_COPY_ALL_FLAGS = 255
};

enum dig_side { DIG_SIDE_BASE = 0, DIG_SIDE_OURS = 1, DIG_SIDE_THEIRS = 2 };
#define DIG_SIDES 3

/* A path that could not be merged. The entries' paths are `path`. */
struct dig_conflict {
	char *path; /* NUL-terminated, owned */
	size_t path_len;
	bool has[DIG_SIDES];
	struct dig_entry side[DIG_SIDES]; /* by enum dig_side */
};

/* Every id in it has to be walked by live.c, or a gc deletes what it names. */
struct dig_op {
	/* A switch that was announced; nroots 0: none. */
	struct dig_oid commit; /* HEAD to be */
	char *ref;             /* that HEAD is to name; NULL: detached */
	size_t nroots;         /* the staged root to be comes first */
	struct dig_oid roots[DIG_OP_ROOTS_MAX];

	enum dig_op_kind kind; /* NONE: what follows is empty */
	struct dig_oid head;   /* where HEAD was at first; zero: no commit */
	char *head_ref;        /* and what it named; NULL: detached */
	size_t nparents;       /* that the commit has beside HEAD */
	struct dig_oid *parents;
	struct dig_buf message; /* prepared for the commit */
	size_t nconflicts;      /* ascending by path */
	size_t conflicts_cap;
	struct dig_conflict *conflicts;

	/* PICK, REVERT and REBASE: the commits to be copied. */
	unsigned flags;      /* enum dig_copy_flag */
	uint64_t mainline;   /* the parent that a merge is compared with, 1 is
			      * the first; 0: merges are not copied */
	struct dig_oid onto; /* the commit that the first copy stands on */
	size_t ndone;        /* those that were, in their order */
	struct dig_oid *done;
	size_t ntodo; /* those that were not */
	struct dig_oid *todo;
};

void dig_op_clear(struct dig_op *op);
/* One that copies commits. */
bool dig_op_copies(const struct dig_op *op);
/* The first n of todo are done. */
void dig_op_advance(struct dig_op *op, size_t n);
/* Append a conflict; paths ascend. sides: NULL where there is no entry. */
void dig_op_add_conflict(struct dig_op *op, const void *path, size_t len,
    const struct dig_entry *const sides[DIG_SIDES]);
/* Take conflict i out; with the last one UNMERGED is over. */
void dig_op_drop_conflict(struct dig_op *op, size_t i);
/* The conflict at a path; NULL: none. */
const struct dig_conflict *dig_op_conflict(
    const struct dig_op *op, const void *path, size_t len);
/* Two letters as git's status has them, "UU", "AA", "DU" ...; static. */
const char *dig_conflict_letters(const struct dig_conflict *conflict);

/* The canonical bytes (out is reset); none when nothing is in progress. */
void dig_op_encode(const struct dig_op *op, struct dig_buf *out);
/* Errors: CORRUPT; CONFLICT for an operation that this dig does not know. */
enum dig_status dig_op_decode(const void *data, size_t len, struct dig_op *out,
    struct dig_error *err) DIG_CHECKED;

#endif
