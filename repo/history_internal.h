/* SPDX-License-Identifier: MIT
 *
 * Shared by the files of the walk, and by those of blame, which has its own.
 *
 *	history.c         tips, order, limits: what is handed out
 *	history_nodes.c   commits met so far, and two heaps of them
 *	history_topo.c    other orders, and parents for a graph
 *	history_follow.c  one file through its renames
 *	history_paths.c   which commits touched the paths
 *	history_match.c   authors and messages
 */
#ifndef REPO_HISTORY_INTERNAL_H
#define REPO_HISTORY_INTERNAL_H

#include "repo/history.h"
#include "repo/internal.h"
#include "staging/pathspec.h"

enum dig_node_flag {
	NODE_LOADED = 1,    /* the fields below the id are known */
	NODE_QUEUED = 2,    /* was put into the walk's heap */
	NODE_PAINTED = 4,   /* was put into the painter's heap */
	NODE_WANTED = 8,    /* a tip reaches it */
	NODE_HIDDEN = 16,   /* and so does something that is hidden */
	NODE_TOUCHED = 32,  /* differs from its first parent in the paths */
	NODE_ENTERED = 64,  /* a way down from here was taken already */
	NODE_BOTTOM = 128,  /* named as hidden itself */
	NODE_SETTLED = 256, /* out of the painter's heap */
	NODE_SHOWN = 512,   /* differs from its parents in the paths */
	NODE_LISTED = 1024  /* is one of the sorted */
};

struct dig_blame_file;

struct dig_node {
	struct dig_oid id;
	unsigned flags;
	uint64_t order; /* of entering a heap */
	int64_t date;   /* committer's seconds */
	uint64_t generation;
	uint64_t depth;
	struct dig_oid tree;
	struct dig_oid jump;
	struct dig_oid *parents;
	size_t nparents;
	int only;             /* the one parent that is followed; -1: all */
	size_t nchildren;     /* while sorting: those that are not out */
	struct dig_buf bytes; /* of a commit that waits to be handed out */
	struct dig_blame_file *file; /* blame: the path's file in it */
};

/* A set of nodes by id; nodes stay where they are. */
struct dig_nodes {
	struct dig_node **slots;
	size_t cap; /* a power of two, or 0 */
	size_t count;
};

void dig_nodes_clear(struct dig_nodes *nodes);
struct dig_node *dig_nodes_get(
    struct dig_nodes *nodes, const struct dig_oid *id); /* made if missing */

/* A heap; `before` says which of two comes out first. */
struct dig_heap {
	bool (*before)(const struct dig_node *a, const struct dig_node *b);
	struct dig_node **at;
	size_t count;
	size_t cap;
};

bool dig_node_is_later(const struct dig_node *a, const struct dig_node *b);
bool dig_node_is_deeper(const struct dig_node *a, const struct dig_node *b);
void dig_heap_push(struct dig_heap *heap, struct dig_node *node);
struct dig_node *dig_heap_pop(struct dig_heap *heap); /* NULL: empty */

/* history_match.c */
struct dig_matcher;
enum dig_status dig_matcher_new(const struct dig_history_options *options,
    struct dig_matcher **out, struct dig_error *err) DIG_CHECKED;
void dig_matcher_free(struct dig_matcher *matcher);
bool dig_matcher_matches(
    struct dig_matcher *matcher, const struct dig_commit *commit);
/* Every commit matches. */
bool dig_matcher_is_empty(const struct dig_matcher *matcher);

struct dig_history {
	struct dig_repo *repo;
	struct dig_pathspec *paths; /* NULL: all */
	struct dig_matcher *matcher;
	dig_history_select_fn *select; /* NULL: none */
	void *select_arg;
	struct dig_nodes nodes;
	struct dig_heap heap;
	uint64_t order;
	uint64_t reads;

	/* Of one file through its renames, each NUL-terminated. */
	struct dig_buf follow;     /* what it is called; empty: not asked */
	struct dig_buf shown_path; /* in the commit handed out last */
	struct dig_buf shown_old;  /* and before that; empty: the same */

	bool first_parent;
	bool painted; /* only NODE_WANTED and not NODE_HIDDEN count */
	bool sparse;  /* `touched` is known */
	int64_t skip;
	int64_t limit;
	size_t min_parents;
	size_t max_parents;
	int64_t since;
	int64_t until;

	uint64_t *depths; /* of the touched, ascending, each once */
	size_t ndepths;

	struct dig_node **list; /* reverse: what was collected */
	size_t nlist;
	size_t list_cap;
	bool reverse;
	bool collected;

	enum dig_history_order order_by;
	struct dig_node **sorted;
	size_t nsorted;
	size_t sorted_cap;
	size_t next_sorted;
	bool is_sorted;

	struct dig_buf bytes;
	struct dig_commit commit;
	struct dig_oid id;
};

/* Read a node's commit unless it is known. */
enum dig_status dig_history_load(struct dig_history *history,
    struct dig_node *node, struct dig_error *err) DIG_CHECKED;

/* The next node of the walk by date, whether NODE_SHOWN or not; NULL at the
 * end. */
enum dig_status dig_history_advance(struct dig_history *history,
    struct dig_node **out, struct dig_error *err) DIG_CHECKED;
/* The parents that the walk follows from a node that it has passed. */
size_t dig_history_nfollowed(
    const struct dig_history *history, const struct dig_node *node);
const struct dig_oid *dig_history_followed(
    const struct dig_history *history, const struct dig_node *node, size_t i);
/* The filters let a node through. */
enum dig_status dig_history_passes(struct dig_history *history,
    const struct dig_node *node, bool *out, struct dig_error *err) DIG_CHECKED;

/* history_follow.c: take the one path for a file; whether a commit touches it,
 * which takes its former name when that commit renamed it. */
enum dig_status dig_history_follow_begin(
    struct dig_history *history, struct dig_error *err) DIG_CHECKED;
enum dig_status dig_history_follow(struct dig_history *history,
    const struct dig_node *node, bool *shown,
    struct dig_error *err) DIG_CHECKED;

/* history_topo.c: put all nodes of the walk into history->sorted. */
enum dig_status dig_history_sort(
    struct dig_history *history, struct dig_error *err) DIG_CHECKED;

/* history_paths.c */

/* Learn from the index which commits touched the paths; *known is false when
 * it cannot tell, as it does not know a tip. */
enum dig_status dig_history_learn(struct dig_history *history,
    struct dig_node *const *tips, size_t ntips, bool *known,
    struct dig_error *err) DIG_CHECKED;
/* The nearest touched commit on the way down first parents, from `node` itself
 * on; NULL when there is none, or when that way was taken before. */
enum dig_status dig_history_descend(struct dig_history *history,
    struct dig_node *node, struct dig_node **out,
    struct dig_error *err) DIG_CHECKED;
/* The same, but NULL is never the answer: where nothing below touched the paths
 * `node` itself is, and a way may be taken again. */
enum dig_status dig_history_land(struct dig_history *history,
    struct dig_node *node, struct dig_node **out,
    struct dig_error *err) DIG_CHECKED;
/* The two trees are equal in the paths. */
enum dig_status dig_history_same(struct dig_history *history,
    const struct dig_oid *a, const struct dig_oid *b, bool *same,
    struct dig_error *err) DIG_CHECKED;

#endif
