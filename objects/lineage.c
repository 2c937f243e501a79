/* SPDX-License-Identifier: MIT
 *
 * The order of a history: commits from the newest on, and from each commit what
 * no newer one has.
 */
#include "objects/lineage.h"

#include <stdlib.h>

#include "objects/base/io.h"
#include "objects/commit.h"
#include "objects/file_internal.h"
#include "objects/hash64.h"
#include "objects/tree_internal.h"

#define CONTENT_LEVELS 6

/* A commit that waits for its turn. */
struct waiting {
	struct dig_oid id;
	uint64_t generation;
	int64_t seconds;
};

/* What was met last under a key: 1 + index; 0: the place is free. */
struct last {
	uint64_t key;
	uint32_t index;
};

struct dig_lineage {
	uint64_t seed; /* chosen ids and names meet in no one place */
	struct dig_lineage_object *objects;
	size_t nobjects;
	size_t objects_cap;
	uint32_t *slots; /* 1 + index of an object; 0: free */
	size_t cap;      /* a power of two */
	struct last *last;
	size_t nlast;
	size_t last_cap; /* a power of two */
	struct waiting *heap;
	size_t nheap;
	size_t heap_cap;
	struct dig_oid *trees; /* roots */
	size_t ntrees;
	size_t trees_cap;
	/* of the walk */
	const struct dig_node_io *io;
	uint32_t rank;
	struct dig_buf bytes;
	struct dig_tree_node *nodes[DIG_TREE_LEVELS]; /* by depth */
	struct dig_content_node *contents[CONTENT_LEVELS];
	void (*progress)(void *arg, uint64_t done);
	void *progress_arg;
};

struct dig_lineage *
dig_lineage_new(void)
{
	struct dig_lineage *lineage = dig_calloc(1, sizeof(*lineage));

	dig_random(&lineage->seed, sizeof(lineage->seed));
	return lineage;
}

/* What only the walk needs. */
static void
free_walk(struct dig_lineage *lineage)
{
	for (size_t i = 0; i < DIG_TREE_LEVELS; i++) {
		free(lineage->nodes[i]);
		lineage->nodes[i] = NULL;
	}
	for (size_t i = 0; i < CONTENT_LEVELS; i++) {
		free(lineage->contents[i]);
		lineage->contents[i] = NULL;
	}
	free(lineage->last);
	free(lineage->heap);
	free(lineage->trees);
	lineage->last = NULL;
	lineage->heap = NULL;
	lineage->trees = NULL;
	lineage->nlast = lineage->last_cap = 0;
	lineage->nheap = lineage->heap_cap = 0;
	lineage->ntrees = lineage->trees_cap = 0;
	dig_buf_clear(&lineage->bytes);
}

void
dig_lineage_free(struct dig_lineage *lineage)
{
	if (lineage == NULL)
		return;
	free_walk(lineage);
	free(lineage->objects);
	free(lineage->slots);
	free(lineage);
}

/* ---- Objects ------------------------------------------------------------ */

static uint32_t *
slot_of(const struct dig_lineage *lineage, enum dig_kind kind,
    const struct dig_oid *id)
{
	uint8_t key[8 + DIG_HASH_SIZE];
	size_t at;

	memcpy(key, &lineage->seed, 8);
	memcpy(key + 8, id->bytes, DIG_HASH_SIZE);
	for (at = (size_t)dig_hash64(key, sizeof(key)) + (size_t)kind;; at++) {
		uint32_t *slot = &lineage->slots[at & (lineage->cap - 1)];
		const struct dig_lineage_object *object;

		if (*slot == 0)
			return slot;
		object = &lineage->objects[*slot - 1];
		if (object->kind == (unsigned)kind &&
		    dig_oid_eq(&object->id, id))
			return slot;
	}
}

bool
dig_lineage_add(struct dig_lineage *lineage, enum dig_kind kind,
    const struct dig_oid *id, size_t raw_len)
{
	struct dig_lineage_object *object;
	uint32_t *slot;

	if (lineage->nobjects == UINT32_MAX - 1)
		return false;
	if (2 * lineage->nobjects >= lineage->cap) {
		lineage->cap = lineage->cap ? 2 * lineage->cap : 4096;
		free(lineage->slots);
		lineage->slots =
		    dig_calloc(lineage->cap, sizeof(*lineage->slots));
		for (size_t i = 0; i < lineage->nobjects; i++) {
			object = &lineage->objects[i];
			*slot_of(lineage, (enum dig_kind)object->kind,
			    &object->id) = (uint32_t)i + 1;
		}
	}
	slot = slot_of(lineage, kind, id);
	if (*slot != 0)
		return true;
	DIG_GROW(lineage->objects, lineage->objects_cap, lineage->nobjects + 1);
	object = &lineage->objects[lineage->nobjects++];
	memset(object, 0, sizeof(*object));
	object->id = *id;
	object->kind = (uint8_t)kind;
	object->raw_len = (uint32_t)raw_len;
	*slot = (uint32_t)lineage->nobjects;
	return true;
}

struct dig_lineage_object *
dig_lineage_objects(struct dig_lineage *lineage, size_t *count)
{
	*count = lineage->nobjects;
	return lineage->objects;
}

/* 1 + index; 0: it does not take part. */
static uint32_t
find(const struct dig_lineage *lineage, enum dig_kind kind,
    const struct dig_oid *id)
{
	return lineage->cap > 0 ? *slot_of(lineage, kind, id) : 0;
}

static struct dig_lineage_object *
at(const struct dig_lineage *lineage, uint32_t index)
{
	return &lineage->objects[index - 1];
}

/* The walk meets an object for the first time. */
static void
meet(struct dig_lineage *lineage, uint32_t index, uint32_t like)
{
	at(lineage, index)->rank = ++lineage->rank;
	at(lineage, index)->like = like;
}

/* ---- What was met last -------------------------------------------------- */

/* The key of a path for objects of one sort. */
static uint64_t
key_of(const struct dig_lineage *lineage, unsigned sort, const uint8_t *path,
    size_t len)
{
	return (dig_hash64(path, len) ^ lineage->seed) *
		   UINT64_C(0x9e3779b97f4a7c15) +
	       sort;
}

static struct last *
last_slot(struct dig_lineage *lineage, uint64_t key)
{
	for (uint64_t i = key ^ key >> 32;; i++) {
		struct last *last = &lineage->last[i & (lineage->last_cap - 1)];

		if (last->index == 0 || last->key == key)
			return last;
	}
}

/* *index is 0 when nothing was met under the key. Good until the next one. */
static uint32_t *
last_under(struct dig_lineage *lineage, uint64_t key)
{
	struct last *old = lineage->last;
	size_t cap = lineage->last_cap;
	struct last *last;

	if (2 * lineage->nlast >= cap) {
		lineage->last_cap = cap ? 2 * cap : 4096;
		lineage->last =
		    dig_calloc(lineage->last_cap, sizeof(*lineage->last));
		for (size_t i = 0; i < cap; i++)
			if (old[i].index != 0)
				*last_slot(lineage, old[i].key) = old[i];
		free(old);
	}
	last = last_slot(lineage, key);
	if (last->index == 0) {
		last->key = key;
		lineage->nlast++; /* the caller fills it */
	}
	return &last->index;
}

/* ---- Contents ----------------------------------------------------------- */

static void
meet_only_chunk(
    struct dig_lineage *lineage, const struct dig_oid *id, uint64_t key)
{
	uint32_t index = find(lineage, DIG_KIND_CHUNK, id);
	uint32_t *last;

	if (index == 0)
		return;
	last = last_under(lineage, key);
	if (at(lineage, index)->rank == 0) {
		meet(lineage, index, *last);
		*last = index;
	} else if (*last == 0) {
		*last = index;
	}
}

/*
 * The next chunk of a file that has many. It resembles the one that stood
 * behind the same neighbour in the next newer version of the file.
 *
 * before   1 + index of its neighbour; 0: it is the first, or not known
 */
static void
meet_chunk(struct dig_lineage *lineage, const struct dig_oid *id, uint64_t key,
    uint32_t *before)
{
	uint32_t index = find(lineage, DIG_KIND_CHUNK, id);
	uint32_t *behind;

	if (index != 0) {
		behind = *before != 0 ? &at(lineage, *before)->next
				      : last_under(lineage, key);
		if (at(lineage, index)->rank == 0) {
			meet(lineage, index, *behind);
			if (*behind != 0)
				at(lineage, index)->next =
				    at(lineage, *behind)->next;
			*behind = index;
		} else if (*behind == 0) {
			*behind = index;
		}
	}
	*before = index;
}

/* Nothing is to be had from what cannot be read; only IO counts. */
static enum dig_status
pass_over(enum dig_status st)
{
	return st == DIG_ENOTFOUND || st == DIG_ECORRUPT ? DIG_OK : st;
}

static enum dig_status
meet_content(struct dig_lineage *lineage, const struct dig_oid *id,
    uint64_t key, size_t depth, uint32_t *before, struct dig_error *err)
{
	uint32_t index = find(lineage, DIG_KIND_CONTENT, id);
	struct dig_content_node *node;
	enum dig_status st;
	uint32_t *last;

	if (index == 0 || at(lineage, index)->rank != 0 ||
	    depth == CONTENT_LEVELS)
		return DIG_OK;
	if (lineage->contents[depth] == NULL)
		lineage->contents[depth] =
		    dig_alloc(sizeof(*lineage->contents[depth]));
	node = lineage->contents[depth];
	st = lineage->io->get(
	    lineage->io->arg, DIG_KIND_CONTENT, id, &lineage->bytes, err);
	if (st != DIG_OK || dig_content_decode(lineage->bytes.data,
				lineage->bytes.len, node) != NULL)
		return pass_over(st);
	last = last_under(lineage, key + 1 + node->level);
	meet(lineage, index, *last);
	*last = index;
	for (size_t i = 0; st == DIG_OK && i < node->count; i++)
		if (node->level == 0)
			meet_chunk(lineage, &node->parts[i].id, key, before);
		else
			st = meet_content(lineage, &node->parts[i].id, key,
			    depth + 1, before, err);
	return st;
}

/* ---- Trees -------------------------------------------------------------- */

enum { SORT_ENTRY, SORT_NODE = 16 };

static enum dig_status
meet_entry(struct dig_lineage *lineage, const struct dig_tree_item *item,
    struct dig_error *err)
{
	uint64_t key = key_of(lineage, SORT_ENTRY, item->path, item->path_len);
	uint32_t before = 0;

	if (item->form == DIG_FORM_CHUNK)
		meet_only_chunk(lineage, &item->id, key);
	else if (item->form == DIG_FORM_NODES)
		return meet_content(lineage, &item->id, key, 0, &before, err);
	return DIG_OK;
}

static enum dig_status
meet_tree(struct dig_lineage *lineage, const struct dig_oid *id, size_t depth,
    struct dig_error *err)
{
	uint32_t index = find(lineage, DIG_KIND_TREE, id);
	const struct dig_tree_item *end;
	struct dig_tree_node *node;
	enum dig_status st;
	uint32_t *last;

	if (index == 0 || at(lineage, index)->rank != 0 ||
	    depth == DIG_TREE_LEVELS)
		return DIG_OK;
	if (lineage->nodes[depth] == NULL)
		lineage->nodes[depth] =
		    dig_calloc(1, sizeof(*lineage->nodes[depth]));
	node = lineage->nodes[depth];
	st = dig_tree_load(lineage->io, id, NULL, &lineage->bytes, node, err);
	if (st != DIG_OK)
		return pass_over(st);
	end = &node->items[node->count - 1];
	last = last_under(lineage,
	    key_of(lineage, SORT_NODE + node->level, end->path, end->path_len));
	meet(lineage, index, *last);
	*last = index;
	at(lineage, index)->level = (uint8_t)node->level;
	for (size_t i = 0; st == DIG_OK && i < node->count; i++)
		st = node->level == 0
			 ? meet_entry(lineage, &node->items[i], err)
			 : meet_tree(
			       lineage, &node->items[i].id, depth + 1, err);
	return st;
}

/* ---- Commits ------------------------------------------------------------ */

static bool
is_newer(const struct waiting *a, const struct waiting *b)
{
	if (a->generation != b->generation)
		return a->generation > b->generation;
	return a->seconds > b->seconds;
}

static void
swap_waiting(struct dig_lineage *lineage, size_t a, size_t b)
{
	struct waiting swap = lineage->heap[a];

	lineage->heap[a] = lineage->heap[b];
	lineage->heap[b] = swap;
}

static void
push(struct dig_lineage *lineage, const struct waiting *waiting)
{
	size_t i = lineage->nheap++;

	DIG_GROW(lineage->heap, lineage->heap_cap, lineage->nheap);
	lineage->heap[i] = *waiting;
	for (;
	     i > 0 && is_newer(&lineage->heap[i], &lineage->heap[(i - 1) / 2]);
	     i = (i - 1) / 2)
		swap_waiting(lineage, i, (i - 1) / 2);
}

static struct waiting
pop(struct dig_lineage *lineage)
{
	struct waiting top = lineage->heap[0];
	size_t n = --lineage->nheap;

	lineage->heap[0] = lineage->heap[n];
	for (size_t i = 0, child; (child = 2 * i + 1) < n; i = child) {
		if (child + 1 < n &&
		    is_newer(&lineage->heap[child + 1], &lineage->heap[child]))
			child++;
		if (!is_newer(&lineage->heap[child], &lineage->heap[i]))
			break;
		swap_waiting(lineage, i, child);
	}
	return top;
}

static enum dig_status
read_commit(struct dig_lineage *lineage, const struct dig_oid *id,
    struct dig_commit *commit, struct dig_error *err)
{
	enum dig_status st = lineage->io->get(
	    lineage->io->arg, DIG_KIND_COMMIT, id, &lineage->bytes, err);

	if (st == DIG_OK)
		st = dig_commit_decode(
		    lineage->bytes.data, lineage->bytes.len, commit, err);
	return st;
}

/* It waits from now on, unless it has before. `next` tells. */
static enum dig_status
wait_for(struct dig_lineage *lineage, const struct dig_oid *id,
    struct dig_commit *commit, struct dig_error *err)
{
	uint32_t index = find(lineage, DIG_KIND_COMMIT, id);
	struct waiting waiting;
	enum dig_status st;

	if (index == 0 || at(lineage, index)->next != 0)
		return DIG_OK;
	at(lineage, index)->next = index;
	st = read_commit(lineage, id, commit, err);
	if (st != DIG_OK)
		return pass_over(st);
	waiting.id = *id;
	waiting.generation = commit->generation;
	waiting.seconds = commit->committer.seconds;
	push(lineage, &waiting);
	return DIG_OK;
}

static enum dig_status
meet_commit(struct dig_lineage *lineage, const struct dig_oid *id,
    struct dig_commit *commit, struct dig_error *err)
{
	struct dig_oid *parents;
	struct dig_oid tree;
	enum dig_status st = read_commit(lineage, id, commit, err);
	size_t nparents;

	if (st != DIG_OK)
		return pass_over(st);
	nparents = commit->nparents;
	meet(lineage, find(lineage, DIG_KIND_COMMIT, id), 0);
	tree = commit->tree;
	parents = dig_alloc((nparents + 1) * sizeof(*parents));
	for (size_t i = 0; i < nparents; i++)
		dig_commit_parent(commit, i, &parents[i]);
	st = meet_tree(lineage, &tree, 0, err);
	for (size_t i = 0; st == DIG_OK && i < nparents; i++)
		st = wait_for(lineage, &parents[i], commit, err);
	free(parents);
	return st;
}

void
dig_lineage_root(
    struct dig_lineage *lineage, enum dig_kind kind, const struct dig_oid *id)
{
	struct waiting waiting = { *id, UINT64_MAX, 0 };
	uint32_t index;

	if (kind == DIG_KIND_TREE) {
		DIG_GROW(
		    lineage->trees, lineage->trees_cap, lineage->ntrees + 1);
		lineage->trees[lineage->ntrees++] = *id;
		return;
	}
	/* Its generation is not known before the walk reads it. */
	index = find(lineage, DIG_KIND_COMMIT, id);
	if (kind != DIG_KIND_COMMIT || index == 0)
		return;
	push(lineage, &waiting);
}

/* Roots take their places among all commits. */
static enum dig_status
place_roots(struct dig_lineage *lineage, struct dig_commit *commit,
    struct dig_error *err)
{
	struct waiting *roots = lineage->heap;
	size_t nroots = lineage->nheap;
	enum dig_status st = DIG_OK;

	lineage->heap = NULL;
	lineage->nheap = lineage->heap_cap = 0;
	for (size_t i = 0; st == DIG_OK && i < nroots; i++)
		st = wait_for(lineage, &roots[i].id, commit, err);
	free(roots);
	return st;
}

static enum dig_status
walk_commits(struct dig_lineage *lineage, struct dig_commit *commit,
    struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	while (st == DIG_OK && lineage->nheap > 0) {
		struct waiting newest = pop(lineage);

		st = meet_commit(lineage, &newest.id, commit, err);
		if (st == DIG_OK && dig_interrupted())
			st = dig_raise(err, DIG_ECANCELLED, "interrupted");
		if (lineage->progress != NULL)
			lineage->progress(lineage->progress_arg, lineage->rank);
	}
	return st;
}

/* What no root leads to, the last that was added first. */
static enum dig_status
walk_rest(struct dig_lineage *lineage, struct dig_commit *commit,
    struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	for (size_t i = lineage->nobjects; st == DIG_OK && i > 0; i--)
		if (lineage->objects[i - 1].kind == DIG_KIND_COMMIT)
			st = wait_for(
			    lineage, &lineage->objects[i - 1].id, commit, err);
	if (st == DIG_OK)
		st = walk_commits(lineage, commit, err);
	for (size_t i = lineage->nobjects; st == DIG_OK && i > 0; i--)
		if (lineage->objects[i - 1].kind == DIG_KIND_TREE)
			st = meet_tree(
			    lineage, &lineage->objects[i - 1].id, 0, err);
	return st;
}

enum dig_status
dig_lineage_walk(struct dig_lineage *lineage, const struct dig_node_io *io,
    void (*progress)(void *arg, uint64_t done), void *arg,
    struct dig_error *err)
{
	struct dig_commit *commit = dig_alloc(sizeof(*commit));
	enum dig_status st;

	lineage->io = io;
	lineage->progress = progress;
	lineage->progress_arg = arg;
	st = place_roots(lineage, commit, err);
	if (st == DIG_OK)
		st = walk_commits(lineage, commit, err);
	for (size_t i = 0; st == DIG_OK && i < lineage->ntrees; i++)
		st = meet_tree(lineage, &lineage->trees[i], 0, err);
	if (st == DIG_OK)
		st = walk_rest(lineage, commit, err);
	free(commit);
	free_walk(lineage);
	return st;
}

/* ---- The order ---------------------------------------------------------- */

unsigned
dig_lineage_sort(const struct dig_lineage_object *object)
{
	switch ((enum dig_kind)object->kind) {
	case DIG_KIND_COMMIT:
		return 0;
	case DIG_KIND_TAG:
		return 1;
	case DIG_KIND_STATE:
		return 2;
	case DIG_KIND_TREE:
		return 3 + DIG_TREE_LEVELS - object->level;
	case DIG_KIND_CONTENT:
		return 4 + DIG_TREE_LEVELS;
	case DIG_KIND_CHUNK:
	case DIG_KIND_SOLID:
	case DIG_KIND_RUN:
		break;
	}
	return 5 + DIG_TREE_LEVELS;
}

struct place {
	uint64_t family; /* sort, then the rank of the newest version */
	uint32_t rank;
	uint32_t index;
};

static int
by_place(const void *a, const void *b)
{
	const struct place *x = a;
	const struct place *y = b;

	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	return (x->rank > y->rank) - (x->rank < y->rank);
}

uint32_t *
dig_lineage_order(struct dig_lineage *lineage)
{
	size_t n = lineage->nobjects;
	struct place *places = dig_calloc(n + 1, sizeof(*places));
	uint32_t *order = dig_calloc(n + 1, sizeof(*order));
	uint32_t rank = lineage->rank;

	/* By rank first, so that a newer version comes before an older. */
	for (size_t i = 0; i < n; i++) {
		if (lineage->objects[i].rank == 0)
			lineage->objects[i].rank = ++rank;
		order[lineage->objects[i].rank - 1] = (uint32_t)i;
	}
	for (size_t i = 0; i < n; i++) {
		struct dig_lineage_object *object = &lineage->objects[order[i]];
		struct place *place = &places[order[i]];

		place->rank = object->rank;
		place->index = order[i];
		place->family = object->like != 0
				    ? places[object->like - 1].family
				    : (uint64_t)dig_lineage_sort(object) << 32 |
					  object->rank;
	}
	qsort(places, n, sizeof(*places), by_place);
	for (size_t i = 0; i < n; i++)
		order[i] = places[i].index;
	free(places);
	return order;
}
