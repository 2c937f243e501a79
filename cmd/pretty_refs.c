/* SPDX-License-Identifier: MIT
 *
 * The names of refs that point to a commit.
 */
#include <stdlib.h>
#include <string.h>

#include "cmd/pretty_internal.h"

/* By commit, names of one commit as they stand in the list. */
static int
by_commit(const void *a, const void *b)
{
	const struct dig_ref_name *x = *(const struct dig_ref_name *const *)a;
	const struct dig_ref_name *y = *(const struct dig_ref_name *const *)b;
	int cmp = dig_oid_cmp(&x->commit, &y->commit);

	return cmp != 0 ? cmp : x < y ? -1 : x > y;
}

enum dig_status
dig_pretty_load_refs(struct dig_pretty *pretty, struct dig_error *err)
{
	enum dig_status st;

	if (pretty->has_refs)
		return DIG_OK;
	st = dig_history_refs(pretty->repo, &pretty->refs, &pretty->nrefs, err);
	if (st != DIG_OK)
		return st;
	pretty->by_commit =
	    dig_calloc(pretty->nrefs + 1, sizeof(*pretty->by_commit));
	for (size_t i = 0; i < pretty->nrefs; i++)
		pretty->by_commit[i] = &pretty->refs[i];
	qsort(pretty->by_commit, pretty->nrefs, sizeof(*pretty->by_commit),
	    by_commit);
	pretty->has_refs = true;
	return DIG_OK;
}

size_t
dig_pretty_first_name(const struct dig_pretty *pretty, const struct dig_oid *id)
{
	size_t low = 0, high = pretty->nrefs;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (dig_oid_cmp(&pretty->by_commit[middle]->commit, id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool
dig_pretty_names_it(
    const struct dig_pretty *pretty, size_t i, const struct dig_oid *id)
{
	return i < pretty->nrefs &&
	       dig_oid_eq(&pretty->by_commit[i]->commit, id);
}

static const char *
shown_ref(const struct dig_pretty *pretty, const char *name)
{
	return pretty->full_refs ? name : dig_ref_short(name);
}

static enum dig_colour
colour_of(const char *name)
{
	return strcmp(name, "HEAD") == 0                 ? DIG_COLOUR_REF_HEAD
	       : strncmp(name, "refs/heads/", 11) == 0   ? DIG_COLOUR_REF_BRANCH
	       : strncmp(name, "refs/remotes/", 13) == 0 ? DIG_COLOUR_REF_REMOTE
	       : strncmp(name, "refs/tags/", 10) == 0    ? DIG_COLOUR_REF_TAG
	       : strncmp(name, "refs/stash/", 11) == 0   ? DIG_COLOUR_REF_STASH
							 : DIG_COLOUR_BOLD_BLUE;
}

static void
put_coloured(struct dig_pretty *pretty, enum dig_colour colour, bool coloured,
    const char *label, const char *text)
{
	if (coloured)
		dig_pretty_colour(pretty, colour);
	dig_buf_puts(&pretty->text, label);
	dig_buf_puts(&pretty->text, text);
	if (coloured)
		dig_pretty_colour(pretty, DIG_COLOUR_RESET);
}

static void
put_name(struct dig_pretty *pretty, const struct dig_ref_name *ref,
    const struct dig_ref_name *head, bool coloured)
{
	enum dig_colour colour = colour_of(ref->name);
	const char *name = shown_ref(pretty, ref->name);

	if (head != NULL && strcmp(ref->name, "HEAD") == 0) {
		put_coloured(pretty, colour, coloured, "HEAD", " -> ");
		colour = colour_of(head->name);
		name = shown_ref(pretty, head->name);
	}
	put_coloured(pretty, colour, coloured,
	    colour == DIG_COLOUR_REF_TAG ? "tag: " : "", name);
}

enum dig_status
dig_pretty_put_names(struct dig_pretty *pretty, const struct dig_oid *id,
    const char *before, const char *after, bool coloured, struct dig_error *err)
{
	const struct dig_ref_name *head = NULL;
	enum dig_status st = dig_pretty_load_refs(pretty, err);
	const char *part = before;
	size_t first;

	if (st != DIG_OK)
		return st;
	first = dig_pretty_first_name(pretty, id);
	for (size_t i = first; dig_pretty_names_it(pretty, i, id); i++)
		if (pretty->by_commit[i]->is_head)
			head = pretty->by_commit[i];
	for (size_t i = first; dig_pretty_names_it(pretty, i, id); i++) {
		const struct dig_ref_name *ref = pretty->by_commit[i];

		if (ref == head)
			continue;
		put_coloured(pretty, DIG_COLOUR_COMMIT, coloured, "", part);
		part = ", ";
		put_name(pretty, ref, head, coloured);
	}
	if (part != before)
		put_coloured(pretty, DIG_COLOUR_COMMIT, coloured, "", after);
	return DIG_OK;
}
