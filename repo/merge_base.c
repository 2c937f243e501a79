/* SPDX-License-Identifier: MIT
 *
 * Common ancestors: two colours run down from the tips, children before
 * parents. Where both meet is an answer, and what lies behind an answer is
 * none any more.
 */
#include "repo/merge_base.h"

#include <stdlib.h>

#include "repo/history_internal.h"

/* Beside the flags of a walk, which has none of these. */
enum {
	FROM_ONE = 1 << 16,
	FROM_OTHERS = 1 << 17,
	BEHIND = 1 << 18, /* an answer was made from it */
	ANSWER = 1 << 19,
	ALL_COLOURS = FROM_ONE | FROM_OTHERS | BEHIND
};

struct painting {
	struct dig_history walk; /* its nodes, and how they are read */
	struct dig_heap heap;
	size_t nopen; /* in the heap, and not behind an answer */
	struct dig_node **answers;
	size_t nanswers;
	size_t answers_cap;
};

static void
painting_clear(struct painting *p)
{
	dig_nodes_clear(&p->walk.nodes);
	dig_buf_clear(&p->walk.bytes);
	free(p->heap.at);
	free(p->answers);
}

static enum dig_status
paint(struct painting *p, const struct dig_oid *id, unsigned colours,
    struct dig_error *err)
{
	struct dig_node *node = dig_nodes_get(&p->walk.nodes, id);
	bool queued = (node->flags & NODE_QUEUED) != 0;
	bool was_open = queued && (node->flags & (BEHIND | NODE_SETTLED)) == 0;
	enum dig_status st;

	st = dig_history_load(&p->walk, node, err);
	if (st != DIG_OK)
		return st;
	node->flags |= colours | NODE_QUEUED;
	if (!queued)
		dig_heap_push(&p->heap, node);
	p->nopen += (node->flags & (BEHIND | NODE_SETTLED)) == 0;
	p->nopen -= was_open;
	return DIG_OK;
}

static enum dig_status
run_down(struct painting *p, struct dig_error *err)
{
	const unsigned both = FROM_ONE | FROM_OTHERS;
	enum dig_status st = DIG_OK;

	while (p->nopen > 0 && st == DIG_OK) {
		struct dig_node *node = dig_heap_pop(&p->heap);
		unsigned colours = node->flags & ALL_COLOURS;

		if (dig_interrupted())
			return dig_raise(err, DIG_ECANCELLED, "interrupted");
		node->flags |= NODE_SETTLED;
		p->nopen -= (colours & BEHIND) == 0;
		if (colours == both) {
			node->flags |= ANSWER;
			DIG_GROW(p->answers, p->answers_cap, p->nanswers + 1);
			p->answers[p->nanswers++] = node;
			colours |= BEHIND;
		}
		for (size_t i = 0; i < node->nparents && st == DIG_OK; i++)
			st = paint(p, &node->parents[i], colours, err);
	}
	return st;
}

/* The newest first; with equal dates as they were found. */
static void
sort_answers(struct painting *p)
{
	for (size_t i = 1; i < p->nanswers; i++) {
		struct dig_node *node = p->answers[i];
		size_t at = i;

		for (; at > 0 && p->answers[at - 1]->date < node->date; at--)
			p->answers[at] = p->answers[at - 1];
		p->answers[at] = node;
	}
}

enum dig_status
dig_merge_bases_of(struct dig_repo *repo, const struct dig_oid *one,
    size_t none, const struct dig_oid *others, size_t nothers,
    struct dig_oid **out, size_t *count, struct dig_error *err)
{
	struct painting p = { .walk = { .repo = repo } };
	enum dig_status st = DIG_OK;

	p.heap.before = dig_node_is_deeper;
	for (size_t i = 0; i < none && st == DIG_OK; i++)
		st = paint(&p, &one[i], FROM_ONE, err);
	for (size_t i = 0; i < nothers && st == DIG_OK; i++)
		st = paint(&p, &others[i], FROM_OTHERS, err);
	if (st == DIG_OK)
		st = run_down(&p, err);
	if (st == DIG_OK) {
		sort_answers(&p);
		*out = NULL;
		*count = p.nanswers;
		if (p.nanswers > 0)
			*out = dig_calloc(p.nanswers, sizeof(**out));
		for (size_t i = 0; i < p.nanswers; i++)
			(*out)[i] = p.answers[i]->id;
	}
	painting_clear(&p);
	return st;
}

enum dig_status
dig_merge_bases(struct dig_repo *repo, const struct dig_oid *one,
    const struct dig_oid *others, size_t nothers, struct dig_oid **out,
    size_t *count, struct dig_error *err)
{
	return dig_merge_bases_of(
	    repo, one, 1, others, nothers, out, count, err);
}

/* ---- Ancestors -------------------------------------------------------- */

/* The first-parent ancestor of `node` at a depth. */
static enum dig_status
descend(struct painting *p, struct dig_node **node, uint64_t depth,
    struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	while (
	    st == DIG_OK && (*node)->depth > depth && (*node)->nparents > 0) {
		struct dig_node *jump =
		    dig_nodes_get(&p->walk.nodes, &(*node)->jump);

		st = dig_history_load(&p->walk, jump, err);
		if (st == DIG_OK && jump->depth < depth) {
			jump =
			    dig_nodes_get(&p->walk.nodes, &(*node)->parents[0]);
			st = dig_history_load(&p->walk, jump, err);
		}
		*node = jump;
	}
	return st;
}

/* By all parents, as far as the generation allows: what has a larger one than
 * `old` comes first, and then it is known. */
static enum dig_status
search(struct painting *p, const struct dig_node *tip,
    const struct dig_node *old, bool *out, struct dig_error *err)
{
	enum dig_status st = paint(p, &tip->id, FROM_ONE, err);
	struct dig_node *node;

	while (st == DIG_OK && (node = dig_heap_pop(&p->heap)) != NULL) {
		if (dig_interrupted())
			return dig_raise(err, DIG_ECANCELLED, "interrupted");
		if (node->generation <= old->generation)
			break;
		for (size_t i = 0; i < node->nparents && st == DIG_OK; i++)
			st = paint(p, &node->parents[i], FROM_ONE, err);
	}
	*out = (old->flags & FROM_ONE) != 0;
	return st;
}

enum dig_status
dig_is_ancestor(struct dig_repo *repo, const struct dig_oid *old,
    const struct dig_oid *tip, bool *out, struct dig_error *err)
{
	struct painting p = { .walk = { .repo = repo } };
	struct dig_node *from = dig_nodes_get(&p.walk.nodes, tip);
	struct dig_node *to = dig_nodes_get(&p.walk.nodes, old);
	struct dig_node *at = from;
	enum dig_status st;
	bool found = false;

	p.heap.before = dig_node_is_deeper;
	st = dig_history_load(&p.walk, from, err);
	if (st == DIG_OK)
		st = dig_history_load(&p.walk, to, err);
	if (st == DIG_OK)
		st = descend(&p, &at, to->depth, err);
	found = at == to;
	if (st == DIG_OK && !found)
		st = search(&p, from, to, &found, err);
	if (st == DIG_OK)
		*out = found;
	painting_clear(&p);
	return st;
}
