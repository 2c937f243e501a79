/* SPDX-License-Identifier: MIT
 *
 * From words to tips and what is left out.
 */
#include "repo/revs.h"

#include <stdlib.h>

#include "objects/base/buf.h"
#include "repo/merge_base.h"
#include "repo/revision.h"

void
dig_revs_clear(struct dig_revs *revs)
{
	free(revs->tips);
	free(revs->hidden);
	*revs = (struct dig_revs)DIG_REVS_INIT;
}

void
dig_revs_tip(struct dig_revs *revs, const struct dig_oid *id)
{
	DIG_GROW(revs->tips, revs->tips_cap, revs->ntips + 1);
	revs->tips[revs->ntips++] = *id;
}

static void
hide(struct dig_revs *revs, const struct dig_oid *id)
{
	revs->walks = true;
	DIG_GROW(revs->hidden, revs->hidden_cap, revs->nhidden + 1);
	revs->hidden[revs->nhidden++] = *id;
}

/* A...B: what both have is left out. */
static enum dig_status
add_both(struct dig_repo *repo, const struct dig_range *range,
    struct dig_revs *revs, struct dig_error *err)
{
	struct dig_oid *bases = NULL;
	enum dig_status st;
	size_t count;

	revs->walks = true;
	dig_revs_tip(revs, &range->from);
	st = dig_merge_bases(
	    repo, &range->from, &range->to, 1, &bases, &count, err);
	for (size_t i = 0; st == DIG_OK && i < count; i++)
		hide(revs, &bases[i]);
	free(bases);
	return st;
}

enum dig_status
dig_revs_add(struct dig_repo *repo, struct dig_revs *revs, const char *word,
    struct dig_error *err)
{
	struct dig_range range;
	struct dig_oid id;
	enum dig_status st;

	if (word[0] == '^') {
		st = dig_revision_commit(repo, word + 1, &id, err);
		if (st == DIG_OK)
			hide(revs, &id);
		return st;
	}
	if (dig_revision_is_range(word)) {
		st = dig_revision_range(repo, word, &range, err);
		if (st != DIG_OK)
			return st;
		dig_revs_tip(revs, &range.to);
		if (range.symmetric)
			return add_both(repo, &range, revs, err);
		hide(revs, &range.from);
		return DIG_OK;
	}
	st = dig_revision_commit(repo, word, &id, err);
	if (st == DIG_OK)
		dig_revs_tip(revs, &id);
	return st;
}
