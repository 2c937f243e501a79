/* SPDX-License-Identifier: MIT
 *
 * Which commits are copied, in which order.
 */
#include <stdlib.h>

#include "repo/history.h"
#include "repo/revs.h"
#include "repo/sequence_internal.h"

enum dig_status
dig_sequence_walk(struct dig_repo *repo,
    const struct dig_history_options *options, struct dig_oid **out,
    size_t *count, struct dig_error *err)
{
	const struct dig_commit *commit = NULL;
	struct dig_history *history = NULL;
	const struct dig_oid *id;
	struct dig_oid *list = NULL;
	size_t n = 0, cap = 0;
	enum dig_status st;

	st = dig_history_new(repo, options, &history, err);
	while (st == DIG_OK) {
		st = dig_history_next(history, &id, &commit, err);
		if (st != DIG_OK || commit == NULL)
			break;
		DIG_GROW(list, cap, n + 1);
		list[n++] = *id;
	}
	dig_history_free(history);
	if (st != DIG_OK) {
		free(list);
		return st;
	}
	*out = list;
	*count = n;
	return DIG_OK;
}

/* A commit that is named again is copied once, as in git. */
static size_t
keep_first(struct dig_oid *ids, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		size_t k = 0;

		while (k < kept && !dig_oid_eq(&ids[k], &ids[i]))
			k++;
		if (k == kept)
			ids[kept++] = ids[i];
	}
	return kept;
}

enum dig_status
dig_sequence_commits(struct dig_repo *repo, const char *const *revs,
    size_t nrevs, bool newest_first, struct dig_oid **out, size_t *count,
    struct dig_error *err)
{
	struct dig_history_options walk = DIG_HISTORY_OPTIONS_INIT;
	struct dig_revs words = DIG_REVS_INIT;
	enum dig_status st = DIG_OK;

	for (size_t i = 0; i < nrevs && st == DIG_OK; i++)
		st = dig_revs_add(repo, &words, revs[i], err);
	if (st == DIG_OK && words.walks) {
		walk.tips = words.tips;
		walk.ntips = words.ntips;
		walk.hidden = words.hidden;
		walk.nhidden = words.nhidden;
		walk.reverse = !newest_first;
		st = dig_sequence_walk(repo, &walk, out, count, err);
	} else if (st == DIG_OK) {
		*count = keep_first(words.tips, words.ntips);
		*out = words.tips;
		words.tips = NULL;
	}
	dig_revs_clear(&words);
	if (st == DIG_OK && *count == 0) {
		free(*out);
		st = dig_raise(err, DIG_ENO, "no commit is in that range");
	}
	return st;
}
