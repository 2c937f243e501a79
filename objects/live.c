/* SPDX-License-Identifier: MIT
 *
 * The live set: entries in the order in which they were found, so that a
 * position in it is all that the walk has to remember, and a table over them.
 */
#include "objects/live.h"

#include <stdlib.h>

#include "objects/base/io.h"
#include "objects/commit.h"
#include "objects/file_internal.h"
#include "objects/hash64.h"
#include "objects/op_state.h"
#include "objects/tree_internal.h"

#define KIND_BITS 7
#define BLOCK_ENTRIES ((size_t)1 << 14)

/* 33 bytes; alignment 1. */
struct entry {
	struct dig_oid id;
	uint8_t kind; /* and marks */
};

struct dig_live {
	uint64_t seed; /* chosen ids meet in no one place */
	struct entry **blocks;
	size_t nblocks;
	size_t blocks_cap;
	uint32_t count; /* of entries */
	uint64_t reached;
	uint32_t *slots; /* 1 + index of an entry; 0: free */
	size_t cap;      /* a power of two */
	uint32_t next;   /* to be walked */
	/* of the walk */
	struct dig_buf bytes;
	struct dig_tree_node *tree;
	struct dig_tree_node *like; /* the node before */
	struct dig_content_node *content;
};

struct dig_live *
dig_live_new(void)
{
	struct dig_live *live = dig_calloc(1, sizeof(*live));

	dig_random(&live->seed, sizeof(live->seed));
	return live;
}

void
dig_live_free(struct dig_live *live)
{
	if (live == NULL)
		return;
	for (size_t i = 0; i < live->nblocks; i++)
		free(live->blocks[i]);
	free(live->blocks);
	free(live->slots);
	free(live->tree);
	free(live->like);
	free(live->content);
	dig_buf_clear(&live->bytes);
	free(live);
}

uint64_t
dig_live_count(const struct dig_live *live)
{
	return live->reached;
}

/* ---- The table -------------------------------------------------------- */

static struct entry *
entry_at(const struct dig_live *live, uint32_t i)
{
	return &live->blocks[i / BLOCK_ENTRIES][i % BLOCK_ENTRIES];
}

/* The slot of an object, or the free one where it would be. cap > 0. */
static uint32_t *
slot_of(
    const struct dig_live *live, enum dig_kind kind, const struct dig_oid *id)
{
	uint8_t key[8 + DIG_HASH_SIZE];
	size_t at;

	memcpy(key, &live->seed, 8);
	memcpy(key + 8, id->bytes, DIG_HASH_SIZE);
	for (at = (size_t)dig_hash64(key, sizeof(key)) + (size_t)kind;; at++) {
		uint32_t *slot = &live->slots[at & (live->cap - 1)];
		const struct entry *entry;

		if (*slot == 0)
			return slot;
		entry = entry_at(live, *slot - 1);
		if ((entry->kind & KIND_BITS) == (unsigned)kind &&
		    dig_oid_eq(&entry->id, id))
			return slot;
	}
}

static void
make_room(struct dig_live *live)
{
	if (4 * ((size_t)live->count + 1) <= 3 * live->cap)
		return;
	live->cap = live->cap ? 2 * live->cap : 4096;
	free(live->slots);
	live->slots = dig_calloc(live->cap, sizeof(*live->slots));
	for (uint32_t i = 0; i < live->count; i++) {
		const struct entry *entry = entry_at(live, i);

		*slot_of(live, (enum dig_kind)(entry->kind & KIND_BITS),
		    &entry->id) = i + 1;
	}
}

/* The index of its entry. */
static uint32_t
add(struct dig_live *live, enum dig_kind kind, const struct dig_oid *id)
{
	struct entry *entry;
	uint32_t *slot;

	make_room(live);
	slot = slot_of(live, kind, id);
	if (*slot != 0)
		return *slot - 1;
	if (live->count % BLOCK_ENTRIES == 0) {
		DIG_GROW(live->blocks, live->blocks_cap, live->nblocks + 1);
		live->blocks[live->nblocks++] =
		    dig_alloc(BLOCK_ENTRIES * sizeof(struct entry));
	}
	*slot = ++live->count;
	entry = entry_at(live, live->count - 1);
	entry->id = *id;
	entry->kind = (uint8_t)kind;
	return live->count - 1;
}

static struct entry *
find(struct dig_live *live, enum dig_kind kind, const struct dig_oid *id)
{
	uint32_t slot = live->cap > 0 ? *slot_of(live, kind, id) : 0;

	return slot != 0 ? entry_at(live, slot - 1) : NULL;
}

void
dig_live_add(
    struct dig_live *live, enum dig_kind kind, const struct dig_oid *id)
{
	uint32_t i = add(live, kind, id);

	if (entry_at(live, i)->kind & DIG_LIVE_REACHED)
		return;
	entry_at(live, i)->kind |= DIG_LIVE_REACHED;
	live->reached++;
	if (i < live->next)
		live->next = i; /* the walk passed it when it was a mark */
}

enum dig_status
dig_live_add_named(struct dig_live *live, struct dig_store *store,
    const struct dig_oid *id, const char *who, struct dig_error *err)
{
	static const enum dig_kind kinds[] = { DIG_KIND_COMMIT, DIG_KIND_TAG,
		DIG_KIND_STATE, DIG_KIND_TREE, DIG_KIND_CHUNK };
	char hex[DIG_OID_HEX + 1];
	enum dig_status st;
	bool any = false;
	bool there;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		st = dig_store_has(store, kinds[i], id, &there, err);
		if (st != DIG_OK)
			return st;
		if (there)
			dig_live_add(live, kinds[i], id);
		any |= there;
	}
	if (any)
		return DIG_OK;
	dig_oid_hex(id, hex);
	return dig_raise(err, DIG_ECORRUPT,
	    "object %.16s, which %.200s names, is missing", hex, who);
}

bool
dig_live_has(
    struct dig_live *live, enum dig_kind kind, const struct dig_oid *id)
{
	return (dig_live_marks(live, kind, id) & DIG_LIVE_REACHED) != 0;
}

unsigned
dig_live_marks(
    struct dig_live *live, enum dig_kind kind, const struct dig_oid *id)
{
	const struct entry *entry = find(live, kind, id);

	return entry != NULL ? entry->kind & ~(unsigned)KIND_BITS : 0;
}

void
dig_live_mark(struct dig_live *live, enum dig_kind kind,
    const struct dig_oid *id, enum dig_live_mark mark)
{
	struct entry *entry = entry_at(live, add(live, kind, id));

	entry->kind = (uint8_t)(entry->kind | (unsigned)mark);
}

void
dig_live_unmark(struct dig_live *live, unsigned marks)
{
	for (uint32_t i = 0; i < live->count; i++)
		entry_at(live, i)->kind &= (uint8_t)~marks;
}

bool
dig_live_missing(
    const struct dig_live *live, enum dig_kind *kind, struct dig_oid *id)
{
	for (uint32_t i = 0; i < live->count; i++) {
		const struct entry *entry = entry_at(live, i);

		if (!(entry->kind & DIG_LIVE_REACHED) ||
		    (entry->kind & DIG_LIVE_FOUND))
			continue;
		*kind = (enum dig_kind)(entry->kind & KIND_BITS);
		*id = entry->id;
		return true;
	}
	return false;
}

/* ---- The walk --------------------------------------------------------- */

/* The tree without entries is not stored. */
static void
add_tree(struct dig_live *live, const struct dig_oid *root)
{
	struct dig_oid empty;

	dig_tree_empty(&empty);
	if (!dig_oid_eq(root, &empty))
		dig_live_add(live, DIG_KIND_TREE, root);
}

static void
add_content(
    struct dig_live *live, enum dig_form form, const struct dig_oid *stored)
{
	if (form == DIG_FORM_CHUNK)
		dig_live_add(live, DIG_KIND_CHUNK, stored);
	else if (form == DIG_FORM_NODES)
		dig_live_add(live, DIG_KIND_CONTENT, stored);
}

static enum dig_status
walk_tree(struct dig_live *live, const struct dig_node_io *io,
    const struct dig_oid *id, struct dig_error *err)
{
	struct dig_tree_node *node = live->like;
	enum dig_status st;

	live->like = live->tree;
	live->tree = node =
	    node != NULL ? node : dig_calloc(1, sizeof(*live->tree));
	st = dig_tree_load(io, id,
	    live->like != NULL && live->like->valid ? live->like : NULL,
	    &live->bytes, node, err);
	if (st != DIG_OK)
		return st;
	for (size_t i = 0; i < node->count; i++)
		if (node->level > 0)
			dig_live_add(live, DIG_KIND_TREE, &node->items[i].id);
		else
			add_content(live, (enum dig_form)node->items[i].form,
			    &node->items[i].id);
	return DIG_OK;
}

static enum dig_status
walk_content(struct dig_live *live, const struct dig_node_io *io,
    const struct dig_oid *id, struct dig_error *err)
{
	struct dig_content_node *node;
	enum dig_status st;
	const char *flaw;

	if (live->content == NULL)
		live->content = dig_calloc(1, sizeof(*live->content));
	node = live->content;
	st = io->get(io->arg, DIG_KIND_CONTENT, id, &live->bytes, err);
	if (st != DIG_OK)
		return st;
	flaw = dig_content_decode(live->bytes.data, live->bytes.len, node);
	if (flaw == NULL && !dig_oid_eq(&node->id, id))
		flaw = "does not match its id";
	if (flaw != NULL)
		return dig_raise(err, DIG_ECORRUPT, "a content node: %s", flaw);
	for (size_t i = 0; i < node->count; i++)
		dig_live_add(live,
		    node->level > 0 ? DIG_KIND_CONTENT : DIG_KIND_CHUNK,
		    &node->parts[i].id);
	return DIG_OK;
}

static enum dig_status
walk_commit(struct dig_live *live, const struct dig_node_io *io,
    const struct dig_oid *id, struct dig_error *err)
{
	struct dig_commit *commit = dig_alloc(sizeof(*commit));
	struct dig_oid parent;
	enum dig_status st;

	st = io->get(io->arg, DIG_KIND_COMMIT, id, &live->bytes, err);
	if (st == DIG_OK)
		st = dig_commit_decode(
		    live->bytes.data, live->bytes.len, commit, err);
	if (st == DIG_OK) {
		add_tree(live, &commit->tree);
		for (size_t i = 0; i < commit->nparents; i++) {
			dig_commit_parent(commit, i, &parent);
			dig_live_add(live, DIG_KIND_COMMIT, &parent);
		}
		if (!dig_oid_is_zero(&commit->jump))
			dig_live_add(live, DIG_KIND_COMMIT, &commit->jump);
	}
	free(commit);
	return st;
}

static enum dig_status
walk_tag(struct dig_live *live, const struct dig_node_io *io,
    const struct dig_oid *id, struct dig_error *err)
{
	struct dig_tag *tag = dig_alloc(sizeof(*tag));
	enum dig_status st;

	st = io->get(io->arg, DIG_KIND_TAG, id, &live->bytes, err);
	if (st == DIG_OK)
		st =
		    dig_tag_decode(live->bytes.data, live->bytes.len, tag, err);
	if (st == DIG_OK && tag->target_kind == DIG_KIND_TREE)
		add_tree(live, &tag->target);
	else if (st == DIG_OK)
		dig_live_add(live, tag->target_kind, &tag->target);
	free(tag);
	return st;
}

/* What a state names may be the tip of a history, or only its id. */
static void
add_commit(struct dig_live *live, const struct dig_oid *id)
{
	if (!dig_oid_is_zero(id))
		dig_live_add(live, DIG_KIND_COMMIT, id);
}

static enum dig_status
walk_state(struct dig_live *live, const struct dig_node_io *io,
    const struct dig_oid *id, struct dig_error *err)
{
	struct dig_op op = { 0 };
	enum dig_status st;

	st = io->get(io->arg, DIG_KIND_STATE, id, &live->bytes, err);
	if (st == DIG_OK)
		st = dig_op_decode(live->bytes.data, live->bytes.len, &op, err);
	if (st != DIG_OK)
		goto out;
	if (op.nroots > 0)
		add_commit(live, &op.commit);
	for (size_t i = 0; i < op.nroots; i++)
		add_tree(live, &op.roots[i]);
	add_commit(live, &op.head);
	for (size_t i = 0; i < op.nparents; i++)
		add_commit(live, &op.parents[i]);
	add_commit(live, &op.onto);
	for (size_t i = 0; i < op.ndone; i++)
		add_commit(live, &op.done[i]);
	for (size_t i = 0; i < op.ntodo; i++)
		add_commit(live, &op.todo[i]);
	for (size_t i = 0; i < op.nconflicts; i++)
		for (int side = 0; side < DIG_SIDES; side++)
			if (op.conflicts[i].has[side])
				add_content(live,
				    op.conflicts[i].side[side].form,
				    &op.conflicts[i].side[side].stored);
out:
	dig_op_clear(&op);
	return st;
}

static enum dig_status
walk_one(struct dig_live *live, const struct dig_node_io *io,
    enum dig_kind kind, const struct dig_oid *id, struct dig_error *err)
{
	switch (kind) {
	case DIG_KIND_CONTENT:
		return walk_content(live, io, id, err);
	case DIG_KIND_TREE:
		return walk_tree(live, io, id, err);
	case DIG_KIND_COMMIT:
		return walk_commit(live, io, id, err);
	case DIG_KIND_TAG:
		return walk_tag(live, io, id, err);
	case DIG_KIND_STATE:
		return walk_state(live, io, id, err);
	case DIG_KIND_CHUNK:
	case DIG_KIND_SOLID:
	case DIG_KIND_RUN:
		break;
	}
	return DIG_OK;
}

enum dig_status
dig_live_walk(struct dig_live *live, const struct dig_node_io *io,
    void (*progress)(void *arg, uint64_t done), void *arg,
    struct dig_error *err)
{
	enum dig_status st;

	while (live->next < live->count) {
		struct entry entry = *entry_at(live, live->next++);
		enum dig_kind kind = (enum dig_kind)(entry.kind & KIND_BITS);

		if (!(entry.kind & DIG_LIVE_REACHED))
			continue;
		st = walk_one(live, io, kind, &entry.id, err);
		if (st == DIG_ENOTFOUND)
			st = DIG_ECORRUPT; /* what it lacks is lost */
		if (st == DIG_OK && dig_interrupted())
			st = dig_raise(err, DIG_ECANCELLED, "interrupted");
		if (st != DIG_OK) {
			err->status = st;
			return st;
		}
		if (progress != NULL && live->next % 1024 == 0)
			progress(arg, live->next);
	}
	return DIG_OK;
}
