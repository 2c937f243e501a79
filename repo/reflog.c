/* SPDX-License-Identifier: MIT
 *
 * The reflog: the journal read forwards, with an eye on one ref.
 */
#include "repo/reflog.h"

#include <stdlib.h>
#include <string.h>

#include "repo/internal.h"

struct watch {
	const char *ref; /* NULL: HEAD */
	struct dig_state state;
	struct dig_moves moves;
};

static void
drop_all(struct dig_moves *moves)
{
	for (size_t i = 0; i < moves->count; i++)
		free(moves->at[i].verb);
	moves->count = 0;
}

void
dig_moves_clear(struct dig_moves *moves)
{
	drop_all(moves);
	free(moves->at);
	memset(moves, 0, sizeof(*moves));
}

static bool
stands_at(const struct watch *watch, struct dig_oid *out)
{
	const struct dig_ref *ref;

	if (watch->ref == NULL)
		return dig_state_head(&watch->state, out);
	ref = dig_state_ref(&watch->state, watch->ref);
	if (ref != NULL)
		*out = ref->id;
	return ref != NULL;
}

static bool
same_name(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return strcmp(a, b) == 0;
}

static bool
on_record(void *arg, const struct dig_journal_record *rec)
{
	struct watch *watch = arg;
	struct dig_oid before, after;
	bool had = stands_at(watch, &before);
	bool switched = watch->ref == NULL && rec->has_head &&
			!rec->is_checkpoint &&
			!same_name(rec->old_head_ref, rec->head_ref);

	dig_journal_apply(rec, &watch->state);
	if (!stands_at(watch, &after)) {
		drop_all(&watch->moves); /* a deleted ref begins anew */
	} else if (!had || switched || !dig_oid_eq(&before, &after)) {
		struct dig_moves *moves = &watch->moves;

		DIG_GROW(moves->at, moves->cap, moves->count + 1);
		moves->at[moves->count++] = (struct dig_move){ after,
			dig_strdup(rec->verb != NULL ? rec->verb : ""),
			rec->time, rec->op };
	}
	return true;
}

enum dig_status
dig_reflog_read(struct dig_repo *repo, const char *ref, struct dig_moves *out,
    struct dig_error *err)
{
	struct watch watch = { .ref = ref };
	enum dig_status st;

	dig_state_init(&watch.state);
	st = dig_journal_each(dig_store_journal(dig_index_store(repo->index)),
	    true, on_record, &watch, err);
	dig_state_clear(&watch.state);
	if (st != DIG_OK) {
		dig_moves_clear(&watch.moves);
		return st;
	}
	dig_moves_clear(out);
	*out = watch.moves;
	return DIG_OK;
}
