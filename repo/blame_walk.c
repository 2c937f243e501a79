/* SPDX-License-Identifier: MIT
 *
 * Lines go from file to file.
 *
 * A file of a commit is looked at once, after all its children: the heap is
 * ordered by generation, so it has got all the lines that it is asked for. It
 * passes to its parents what they have, the first of them before the second,
 * and the rest is its own.
 */
#include <stdlib.h>

#include "repo/blame_internal.h"

/* Of texts that wait to be looked at; what is more is read twice. */
#define KEPT_MAX ((size_t)256 << 20)

/* ---- Parts ------------------------------------------------------------ */

void
dig_blame_parts_add(struct dig_blame_parts *parts, struct dig_blame_part part)
{
	DIG_GROW(parts->at, parts->cap, parts->count + 1);
	parts->at[parts->count++] = part;
}

static int
by_place(const void *a, const void *b)
{
	const struct dig_blame_part *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

/* Parts of one child are in order; those of several may be mixed. */
static void
sort_parts(struct dig_blame_parts *parts)
{
	for (size_t i = 1; i < parts->count; i++)
		if (parts->at[i - 1].at > parts->at[i].at) {
			qsort(parts->at, parts->count, sizeof(*parts->at),
			    by_place);
			return;
		}
}

/* ---- Comparing two versions ------------------------------------------- */

/* Lines [old, old + nold) became [now, now + nnow). */
struct change {
	size_t old;
	size_t nold;
	size_t now;
	size_t nnow;
};

struct changes {
	struct change *at;
	size_t count;
	size_t cap;
};

/* An empty side stands behind the line that it names. */
static bool
take_hunk(void *arg, const struct dig_text_hunk *hunk)
{
	struct changes *changes = arg;
	struct change change = {
		hunk->old_start - (hunk->old_lines > 0),
		hunk->old_lines,
		hunk->new_start - (hunk->new_lines > 0),
		hunk->new_lines,
	};

	DIG_GROW(changes->at, changes->cap, changes->count + 1);
	changes->at[changes->count++] = change;
	return true;
}

/* Lines of `part` between the changes go to `given`, those in a change to
 * `kept`. Changes before `first` end before the part. */
static void
split_part(struct dig_blame_part part, const struct changes *changes,
    size_t first, struct dig_blame_parts *given, struct dig_blame_parts *kept)
{
	size_t end = part.at + part.count;
	size_t at = part.at;

	for (size_t i = first; at < end; i++) {
		const struct change *last = i > 0 ? &changes->at[i - 1] : NULL;
		const struct change *next =
		    i < changes->count ? &changes->at[i] : NULL;
		size_t old = last != NULL ? last->old + last->nold : 0;
		size_t now = last != NULL ? last->now + last->nnow : 0;
		size_t stop = next != NULL && next->now < end ? next->now : end;

		if (at < stop) {
			dig_blame_parts_add(
			    given, (struct dig_blame_part){ old + (at - now),
				       part.line + (at - part.at), stop - at });
			at = stop;
		}
		if (next == NULL)
			break;
		stop = next->now + next->nnow;
		if (stop > end)
			stop = end;
		if (at < stop) {
			dig_blame_parts_add(
			    kept, (struct dig_blame_part){ at,
				      part.line + (at - part.at), stop - at });
			at = stop;
		}
	}
}

static void
split_parts(const struct dig_blame_parts *parts, const struct changes *changes,
    struct dig_blame_parts *given, struct dig_blame_parts *kept)
{
	size_t first = 0;

	for (size_t i = 0; i < parts->count; i++) {
		const struct dig_blame_part *part = &parts->at[i];

		while (first < changes->count &&
		       changes->at[first].now + changes->at[first].nnow <=
			   part->at)
			first++;
		split_part(*part, changes, first, given, kept);
	}
}

/* ---- Handing over ----------------------------------------------------- */

static struct dig_node *
node_of(struct dig_blame_lane *lane, const struct dig_oid *commit)
{
	return dig_nodes_get(&lane->walk->nodes, commit);
}

/* The file that stands for a parent's: that of the nearest commit from there
 * on that touched it, where this is known. */
static enum dig_status
file_of(struct dig_blame *blame, const struct dig_blame_parent *parent,
    struct dig_blame_file **out, struct dig_error *err)
{
	struct dig_history *walk = parent->lane->walk;
	struct dig_node *node = node_of(parent->lane, &parent->commit);
	struct dig_blame_file *file;
	enum dig_status st = dig_history_load(walk, node, err);

	if (st == DIG_OK && walk->sparse)
		st = dig_history_land(walk, node, &node, err);
	if (st != DIG_OK)
		return st;
	if (node->file == NULL) {
		file = dig_calloc(1, sizeof(*file));
		file->shown.commit = node->id;
		file->shown.path = parent->lane->path;
		file->shown.is_root = node->nparents == 0;
		file->lane = parent->lane;
		file->node = node;
		file->entry = parent->entry;
		file->content = parent->content;
		file->next = blame->files;
		blame->files = file;
		node->file = file;
		dig_heap_push(&blame->heap, node);
	}
	*out = node->file;
	return DIG_OK;
}

enum dig_status
dig_blame_begin(struct dig_blame *blame, const struct dig_blame_parent *at,
    struct dig_error *err)
{
	return file_of(blame, at, &blame->start, err);
}

static enum dig_status
give_all(struct dig_blame *blame, struct dig_blame_file *file,
    const struct dig_blame_parent *parent, struct dig_error *err)
{
	struct dig_blame_file *to;
	enum dig_status st = file_of(blame, parent, &to, err);

	if (st != DIG_OK)
		return st;
	for (size_t i = 0; i < file->parts.count; i++)
		dig_blame_parts_add(&to->parts, file->parts.at[i]);
	file->parts.count = 0;
	if (!to->text.is_loaded && file->text.is_loaded) {
		to->text = file->text;
		memset(&file->text, 0, sizeof(file->text));
	}
	return DIG_OK;
}

/* Keep the text for when `file` is looked at, or forget it. */
static void
keep_text(struct dig_blame *blame, struct dig_blame_file *file,
    struct dig_blame_text *text)
{
	if (file->text.is_loaded ||
	    blame->kept_bytes + text->bytes.len > KEPT_MAX) {
		dig_blame_text_clear(text);
		return;
	}
	blame->kept_bytes += text->bytes.len;
	file->text = *text;
	memset(text, 0, sizeof(*text));
}

static void
drop_text(struct dig_blame *blame, struct dig_blame_file *file)
{
	if (file->text.is_loaded)
		blame->kept_bytes -= file->text.bytes.len;
	dig_blame_text_clear(&file->text);
}

static enum dig_status
find_changes(struct dig_blame *blame, const struct dig_blame_file *file,
    const struct dig_blame_text *old, struct changes *out,
    struct dig_error *err)
{
	struct dig_text_sink sink = { out, take_hunk, NULL };
	enum dig_status st;

	blame->comparisons++;
	st = dig_text_diff(&blame->engine, old->bytes.data, old->bytes.len,
	    file->text.bytes.data, file->text.bytes.len, &blame->compare, &sink,
	    err);
	if (st != DIG_OK)
		dig_wrap(err, "%.300s", file->shown.path);
	return st;
}

/* What the parent's version has too. */
static enum dig_status
give_common(struct dig_blame *blame, struct dig_blame_file *file,
    const struct dig_blame_parent *parent, struct dig_error *err)
{
	struct dig_blame_parts given = { NULL, 0, 0 }, kept = { NULL, 0, 0 };
	struct dig_blame_text old = { 0 };
	struct changes changes = { NULL, 0, 0 };
	struct dig_blame_file *to;
	enum dig_status st = DIG_OK;

	if (!file->text.is_loaded) {
		st = dig_blame_load(blame, file->shown.path, &file->entry, NULL,
		    &file->text, err);
		if (st == DIG_OK)
			blame->kept_bytes += file->text.bytes.len;
	}
	if (st == DIG_OK)
		st = dig_blame_load(blame, parent->lane->path, &parent->entry,
		    &file->text, &old, err);
	if (st == DIG_OK)
		st = find_changes(blame, file, &old, &changes, err);
	if (st != DIG_OK)
		goto out;
	split_parts(&file->parts, &changes, &given, &kept);
	if (given.count == 0)
		goto out;
	st = file_of(blame, parent, &to, err);
	if (st != DIG_OK)
		goto out;
	for (size_t i = 0; i < given.count; i++)
		dig_blame_parts_add(&to->parts, given.at[i]);
	keep_text(blame, to, &old);
	free(file->parts.at);
	file->parts = kept;
	memset(&kept, 0, sizeof(kept));
out:
	free(given.at);
	free(kept.at);
	free(changes.at);
	dig_blame_text_clear(&old);
	return st;
}

/* ---- One file --------------------------------------------------------- */

static size_t
count_parents(const struct dig_blame *blame, const struct dig_blame_file *file)
{
	size_t n = file->node != NULL ? file->node->nparents : blame->ntips;

	return blame->first_parent && n > 1 ? 1 : n;
}

/* Is it one that is not looked into? */
static bool
is_limit(struct dig_blame *blame, const struct dig_blame_file *file)
{
	if (file->node == NULL)
		return false;
	if (file->node->date < blame->since)
		return true;
	return blame->boundary != NULL &&
	       (dig_nodes_get(&blame->boundary->nodes, &file->node->id)->flags &
		   NODE_HIDDEN) != 0;
}

static bool
is_taken(const struct dig_blame_parent *parents, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (parents[j].lane != NULL &&
		    dig_oid_eq(&parents[j].content, &parents[i].content))
			return true;
	return false;
}

/*
 * The parents' files that lines may go to, of equal ones the first. *whole: the
 * one that is the same file, which takes all.
 */
static enum dig_status
find_parents(struct dig_blame *blame, const struct dig_blame_file *file,
    struct dig_blame_parent *parents, size_t count,
    struct dig_blame_parent **whole, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	*whole = NULL;
	for (size_t k = 0; k < 2 * count; k++) {
		struct dig_blame_parent *parent = &parents[k % count];

		if (parent->lane != NULL)
			continue;
		if (dig_interrupted())
			return dig_raise(err, DIG_ECANCELLED, "interrupted");
		st = k < count ? dig_blame_same_path(blame, file, parent, err)
			       : dig_blame_renamed(blame, file, parent, err);
		if (st != DIG_OK || parent->lane == NULL)
			continue;
		if (dig_oid_eq(&parent->content, &file->content)) {
			*whole = parent;
			break;
		}
		if (is_taken(parents, k % count))
			parent->lane = NULL;
	}
	return st;
}

static enum dig_status
load_parents(struct dig_blame *blame, const struct dig_blame_file *file,
    struct dig_blame_parent *parents, size_t count, struct dig_error *err)
{
	const struct dig_oid *ids =
	    file->node != NULL ? file->node->parents : blame->tips;
	enum dig_status st = DIG_OK;

	for (size_t i = 0; st == DIG_OK && i < count; i++) {
		struct dig_node *node = node_of(file->lane, &ids[i]);

		st = dig_history_load(file->lane->walk, node, err);
		if (st == DIG_OK && file->node != NULL &&
		    node->generation >= file->node->generation)
			st = dig_raise(err, DIG_ECORRUPT,
			    "a commit whose generation does not fit its "
			    "parent's");
		parents[i].commit = ids[i];
		parents[i].tree = node->tree;
	}
	return st;
}

static enum dig_status
pass_on(
    struct dig_blame *blame, struct dig_blame_file *file, struct dig_error *err)
{
	size_t count = count_parents(blame, file);
	struct dig_blame_parent *parents =
	    dig_calloc(count + 1, sizeof(*parents));
	struct dig_blame_parent *whole = NULL;
	enum dig_status st = load_parents(blame, file, parents, count, err);

	if (st == DIG_OK)
		st = find_parents(blame, file, parents, count, &whole, err);
	if (st == DIG_OK && whole != NULL)
		st = give_all(blame, file, whole, err);
	for (size_t i = 0; st == DIG_OK && file->parts.count > 0 && i < count;
	     i++) {
		if (parents[i].lane == NULL)
			continue;
		if (file->shown.old_path == NULL) {
			file->shown.old_path = parents[i].lane->path;
			file->shown.old_commit = parents[i].commit;
		}
		st = give_common(blame, file, &parents[i], err);
	}
	free(parents);
	return st;
}

static enum dig_status
look_at(
    struct dig_blame *blame, struct dig_blame_file *file, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	sort_parts(&file->parts);
	file->shown.is_limit = is_limit(blame, file);
	if (!file->shown.is_limit)
		st = pass_on(blame, file, err);
	for (size_t i = 0; st == DIG_OK && i < file->parts.count; i++) {
		const struct dig_blame_part *part = &file->parts.at[i];

		DIG_GROW(blame->spans, blame->spans_cap, blame->nspans + 1);
		blame->spans[blame->nspans++] =
		    (struct dig_blame_span){ part->line + 1, part->count,
			    part->at + 1, &file->shown };
	}
	free(file->parts.at);
	memset(&file->parts, 0, sizeof(file->parts));
	drop_text(blame, file);
	return st;
}

enum dig_status
dig_blame_walk(struct dig_blame *blame, struct dig_error *err)
{
	enum dig_status st = DIG_OK;
	struct dig_node *node;

	if (blame->start->node == NULL)
		st = look_at(blame, blame->start, err);
	while (st == DIG_OK && (node = dig_heap_pop(&blame->heap)) != NULL)
		st = look_at(blame, node->file, err);
	return st;
}
