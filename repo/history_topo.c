/* SPDX-License-Identifier: MIT
 *
 * The walk in topological order: no commit before all of its children, and
 * lines of history one after another; and the parents that a graph draws.
 *
 * All commits of the walk are collected first, by date. Then each waits until
 * its last child is out. Among those that wait no more, the one that was set
 * free last comes next, so that a line is followed to where it began; with
 * DIG_ORDER_DATE the latest does.
 *
 * Source: git-log(1) "Commit Ordering".
 */
#include <stdlib.h>

#include "repo/history_internal.h"

/* ---- The order --------------------------------------------------------- */

static enum dig_status
collect_all(struct dig_history *history, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	for (;;) {
		struct dig_node *node = NULL;

		st = dig_history_advance(history, &node, err);
		if (st != DIG_OK || node == NULL)
			return st;
		DIG_GROW(
		    history->sorted, history->sorted_cap, history->nsorted + 1);
		history->sorted[history->nsorted++] = node;
		node->flags |= NODE_LISTED;
	}
}

/* A parent that is in the list; NULL: it is not. */
static struct dig_node *
listed_parent(
    struct dig_history *history, const struct dig_node *node, size_t i)
{
	struct dig_node *parent = dig_nodes_get(
	    &history->nodes, dig_history_followed(history, node, i));

	return (parent->flags & NODE_LISTED) != 0 ? parent : NULL;
}

struct waiting {
	struct dig_heap heap; /* by date */
	struct dig_node **at; /* the last one first */
	size_t count;
	size_t cap;
	uint64_t order;
	bool by_date;
};

static void
set_free(struct waiting *waiting, struct dig_node *node)
{
	if (waiting->by_date) {
		node->order = waiting->order++;
		dig_heap_push(&waiting->heap, node);
		return;
	}
	DIG_GROW(waiting->at, waiting->cap, waiting->count + 1);
	waiting->at[waiting->count++] = node;
}

static struct dig_node *
take_free(struct waiting *waiting)
{
	if (waiting->by_date)
		return dig_heap_pop(&waiting->heap);
	return waiting->count > 0 ? waiting->at[--waiting->count] : NULL;
}

/* The tips, so that the first of the list is taken first. */
static void
free_tips(struct dig_history *history, struct waiting *waiting)
{
	size_t n = history->nsorted;

	for (size_t i = 0; i < n; i++) {
		struct dig_node *node =
		    history->sorted[waiting->by_date ? i : n - 1 - i];

		if (node->nchildren == 0)
			set_free(waiting, node);
	}
}

enum dig_status
dig_history_sort(struct dig_history *history, struct dig_error *err)
{
	struct waiting waiting = { { dig_node_is_later, NULL, 0, 0 }, NULL, 0,
		0, 0, history->order_by == DIG_ORDER_DATE };
	enum dig_status st = collect_all(history, err);
	struct dig_node *node;
	size_t n = 0;

	if (st != DIG_OK)
		return st;
	for (size_t i = 0; i < history->nsorted; i++) {
		node = history->sorted[i];
		for (size_t k = 0; k < dig_history_nfollowed(history, node);
		     k++) {
			struct dig_node *parent =
			    listed_parent(history, node, k);

			if (parent != NULL)
				parent->nchildren++;
		}
	}
	free_tips(history, &waiting);
	while ((node = take_free(&waiting)) != NULL) {
		history->sorted[n++] = node;
		for (size_t k = 0; k < dig_history_nfollowed(history, node);
		     k++) {
			struct dig_node *parent =
			    listed_parent(history, node, k);

			if (parent != NULL && --parent->nchildren == 0)
				set_free(&waiting, parent);
		}
	}
	history->nsorted = n;
	history->is_sorted = true;
	free(waiting.heap.at);
	free(waiting.at);
	return DIG_OK;
}

/* ---- Parents ----------------------------------------------------------- */

/* The commit that a parent stands for: itself, or the first one below that
 * differs in the paths. NULL: none is listed. */
static struct dig_node *
rewritten(struct dig_history *history, struct dig_node *node)
{
	while (node != NULL && (node->flags & NODE_SHOWN) == 0) {
		if (dig_history_nfollowed(history, node) == 0)
			return NULL;
		node = listed_parent(history, node, 0);
	}
	return node;
}

enum dig_status
dig_history_parents(struct dig_history *history, struct dig_oid **out,
    size_t *count, struct dig_error *err)
{
	struct dig_node *node = dig_nodes_get(&history->nodes, &history->id);
	size_t nparents = dig_history_nfollowed(history, node), n = 0;
	struct dig_oid *ids = dig_calloc(nparents + 1, sizeof(*ids));
	enum dig_status st = DIG_OK;

	for (size_t i = 0; st == DIG_OK && i < nparents; i++) {
		struct dig_node *parent = listed_parent(history, node, i);
		bool passes = false;

		parent = rewritten(history, parent);
		if (parent != NULL)
			st = dig_history_passes(history, parent, &passes, err);
		for (size_t k = 0; passes && k < n; k++)
			passes = !dig_oid_eq(&ids[k], &parent->id);
		if (passes)
			ids[n++] = parent->id;
	}
	if (st != DIG_OK) {
		free(ids);
		return st;
	}
	*out = ids;
	*count = n;
	return DIG_OK;
}
