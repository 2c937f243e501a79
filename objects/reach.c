/* SPDX-License-Identifier: MIT
 *
 * Going down trees by the ids that nodes name.
 */
#include "objects/reach.h"

#include <stdlib.h>

#include "objects/file_internal.h"
#include "objects/tree_internal.h"

struct reach {
	const struct dig_node_io *io;
	dig_reach_fn *fn;
	void *arg;
	struct dig_buf scratch;
};

/* ---- Path trees ------------------------------------------------------- */

/* The node `id` and all below it. level: its own, or DIG_TREE_LEVELS for a
 * root, whose level is not known. */
static enum dig_status
tree_node(struct reach *reach, const struct dig_oid *id, unsigned level,
    struct dig_error *err)
{
	struct dig_tree_node *node;
	bool enter = true;
	enum dig_status st;

	st = reach->fn(reach->arg, DIG_KIND_TREE, id, &enter, err);
	if (st != DIG_OK || !enter || level == 0)
		return st;
	node = dig_alloc(sizeof(*node));
	node->valid = false;
	st = dig_tree_load(reach->io, id, NULL, &reach->scratch, node, err);
	if (st == DIG_OK && level < DIG_TREE_LEVELS && node->level != level)
		st = dig_raise(err, DIG_ECORRUPT,
		    "a tree node is of another level than its place");
	for (size_t i = 0; st == DIG_OK && node->level > 0 && i < node->count;
	     i++)
		st = tree_node(reach, &node->items[i].id, node->level - 1, err);
	free(node);
	return st;
}

enum dig_status
dig_reach_tree(const struct dig_node_io *io, const struct dig_oid *root,
    dig_reach_fn *fn, void *arg, struct dig_error *err)
{
	struct reach reach = { io, fn, arg, DIG_BUF_INIT };
	enum dig_status st = DIG_OK;
	struct dig_oid empty;

	dig_tree_empty(&empty);
	if (!dig_oid_eq(root, &empty))
		st = tree_node(&reach, root, DIG_TREE_LEVELS, err);
	dig_buf_clear(&reach.scratch);
	return st;
}

/* ---- Files ------------------------------------------------------------ */

/* A node below one of level `above`; nodes in between may be left out. */
static enum dig_status
content_node(struct reach *reach, const struct dig_oid *id, unsigned above,
    struct dig_error *err)
{
	struct dig_content_node *node;
	const char *flaw;
	bool enter = true;
	enum dig_status st;

	st = reach->fn(reach->arg, DIG_KIND_CONTENT, id, &enter, err);
	if (st != DIG_OK || !enter)
		return st;
	node = dig_alloc(sizeof(*node));
	st = reach->io->get(
	    reach->io->arg, DIG_KIND_CONTENT, id, &reach->scratch, err);
	if (st != DIG_OK)
		goto out;
	flaw =
	    dig_content_decode(reach->scratch.data, reach->scratch.len, node);
	if (flaw == NULL && !dig_oid_eq(&node->id, id))
		flaw = "has another id";
	if (flaw == NULL && node->level >= above)
		flaw = "is of another level than its place";
	if (flaw != NULL)
		st = dig_raise(err, DIG_ECORRUPT, "a content node %s", flaw);
	for (size_t i = 0; st == DIG_OK && i < node->count; i++)
		st = node->level > 0 ? content_node(reach, &node->parts[i].id,
					   node->level, err)
				     : reach->fn(reach->arg, DIG_KIND_CHUNK,
					   &node->parts[i].id, &enter, err);
out:
	free(node);
	return st;
}

enum dig_status
dig_reach_entry(const struct dig_node_io *io, const struct dig_entry *entry,
    dig_reach_fn *fn, void *arg, struct dig_error *err)
{
	struct reach reach = { io, fn, arg, DIG_BUF_INIT };
	enum dig_status st = DIG_OK;
	bool enter = true;

	if (entry->form == DIG_FORM_CHUNK)
		st = fn(arg, DIG_KIND_CHUNK, &entry->stored, &enter, err);
	else if (entry->form == DIG_FORM_NODES)
		st = content_node(&reach, &entry->stored, UINT32_MAX, err);
	dig_buf_clear(&reach.scratch);
	return st;
}
