/* SPDX-License-Identifier: MIT
 *
 * Folding the journal: what older records came to, in one checkpoint.
 *
 * Source: docs/adr/0018-gc.md.
 */
#include <assert.h>
#include <stdlib.h>

#include "objects/journal_internal.h"
#include "objects/journal_record.h"

bool
dig_journal_record_changes(const struct dig_journal_record *rec)
{
	return !rec->is_checkpoint && (rec->nrefs > 0 || rec->has_head ||
					  rec->has_staged || rec->has_op_state);
}

/* ---- Where to cut ----------------------------------------------------- */

struct cutting {
	uint64_t keep;
	struct dig_oid op_state; /* behind the record that comes next */
	uint64_t op;             /* of the one before; 0: none yet */
	bool cut;
	struct dig_journal_cut at;
};

static bool
cut_before(void *arg, const struct dig_journal_record *rec)
{
	struct cutting *cutting = arg;

	if (!dig_journal_record_changes(rec))
		return true;
	if (rec->op != cutting->op) {
		cutting->op = rec->op;
		cutting->cut |= cutting->at.kept == cutting->keep &&
				dig_oid_is_zero(&cutting->op_state);
		if (cutting->cut)
			cutting->at.folded++;
		else if (cutting->at.kept++ == cutting->keep)
			cutting->keep++; /* it is still in progress */
	}
	if (rec->has_op_state)
		cutting->op_state = rec->old_op_state;
	if (!cutting->cut)
		cutting->at.seq = rec->seq;
	return true;
}

enum dig_status
dig_journal_cut(struct dig_journal *journal, uint64_t keep,
    struct dig_journal_cut *out, struct dig_error *err)
{
	struct cutting cutting = { .keep = keep };
	enum dig_status st;

	cutting.op_state = journal->state.op_state;
	cutting.at.seq = journal->last.seq + 1;
	st = dig_journal_each(journal, false, cut_before, &cutting, err);
	if (st == DIG_OK)
		*out = cutting.at;
	return st;
}

/* ---- The new journal -------------------------------------------------- */

struct folding {
	const struct dig_journal_cut *cut;
	bool (*is_live)(void *arg, const struct dig_oid *commit);
	void *arg;
	const struct dig_journal *all; /* the old one, whole */
	struct dig_state state;        /* as the old records lead to it */
	struct dig_journal_cost *costs;
	size_t ncosts;
	size_t costs_cap;
	uint64_t op; /* of the last record before the cut */
};

static void
add_cost(struct folding *fold, const struct dig_oid *commit,
    const struct dig_op_stats *stats)
{
	if (!fold->is_live(fold->arg, commit))
		return;
	DIG_GROW(fold->costs, fold->costs_cap, fold->ncosts + 1);
	fold->costs[fold->ncosts].commit = *commit;
	fold->costs[fold->ncosts++].stats = *stats;
}

static void
note_costs(struct folding *fold, const struct dig_journal_record *rec)
{
	for (size_t i = 0; i < rec->ncosts; i++)
		add_cost(fold, &rec->costs[i].commit, &rec->costs[i].stats);
	for (size_t i = 0; rec->has_stats && i < rec->nrefs; i++)
		if (rec->refs[i].has_new)
			add_cost(fold, &rec->refs[i].new_id, &rec->stats);
	if (rec->has_stats && rec->has_head && rec->head_ref == NULL)
		add_cost(fold, &rec->head_id, &rec->stats);
}

static int
by_commit(const void *a, const void *b)
{
	return dig_oid_cmp(&((const struct dig_journal_cost *)a)->commit,
	    &((const struct dig_journal_cost *)b)->commit);
}

static void
sort_costs(struct folding *fold)
{
	size_t n = 0;

	if (fold->ncosts == 0)
		return;
	qsort(fold->costs, fold->ncosts, sizeof(*fold->costs), by_commit);
	for (size_t i = 0; i < fold->ncosts; i++)
		if (n == 0 || by_commit(&fold->costs[n - 1], &fold->costs[i]))
			fold->costs[n++] = fold->costs[i];
	fold->ncosts = n;
}

/* Read what comes before the cut; the offset of the rest. */
static uint64_t
read_before(struct folding *fold)
{
	struct dig_journal_record rec;
	uint64_t at = 0;

	while (at < fold->all->good.len) {
		dig_journal_good_record(fold->all, at, &rec);
		if (rec.seq >= fold->cut->seq) {
			dig_journal_record_clear(&rec);
			break;
		}
		dig_journal_apply(&rec, &fold->state);
		note_costs(fold, &rec);
		fold->op = rec.op;
		at = rec.offset + rec.length;
		dig_journal_record_clear(&rec);
	}
	sort_costs(fold);
	return at;
}

/* The packs of now; refs, HEAD and all else as they are in `state`. */
static void
take_packs(struct dig_state *state, const struct dig_state *now)
{
	state->npacks = 0;
	for (size_t i = 0; i < now->npacks; i++)
		dig_state_set_pack(state, &now->packs[i]);
	state->next_pack = now->next_pack;
}

/* The record that has just been appended is the last one. */
static void
advance(struct dig_journal_folded *out, struct dig_state *state,
    struct dig_journal_base *base)
{
	uint64_t at = out->last.offset + out->last.length;

	dig_journal_record_clear(&out->last);
	if (!dig_journal_record_decode(out->bytes.data + at,
		out->bytes.len - (size_t)at, at, &out->last))
		assert(!"a record that was just encoded decodes");
	dig_journal_apply(&out->last, state);
	if (out->last.is_checkpoint)
		out->checkpoint_len = out->last.length;
	base->seq = out->last.seq + 1;
	base->op = out->last.op;
	base->previous = out->last.hash;
	base->offset = out->bytes.len;
}

static void
put_records(struct folding *fold, uint64_t from, struct dig_journal_base *base,
    struct dig_state *state, struct dig_journal_folded *out)
{
	struct dig_journal_record rec;
	bool wanted;

	for (uint64_t at = from; at < fold->all->good.len;) {
		const uint8_t *bytes = fold->all->good.data + at;

		dig_journal_good_record(fold->all, at, &rec);
		dig_journal_apply(&rec, &fold->state);
		wanted = dig_journal_record_changes(&rec);
		at += rec.length;
		if (wanted) {
			dig_journal_record_again(
			    base, bytes, (size_t)rec.length, &out->bytes);
			advance(out, state, base);
		}
		dig_journal_record_clear(&rec);
	}
}

static enum dig_status
fold_all(struct folding *fold, const struct dig_journal *journal,
    struct dig_journal_folded *out, struct dig_error *err)
{
	struct dig_journal_full full = { NULL, journal->store_id,
		journal->chunk_profile, "gc", NULL, 0 };
	struct dig_journal_base base = { .seq = journal->last.seq + 1 };
	uint64_t from = read_before(fold);
	struct dig_state state;

	base.op = fold->op;
	base.previous = journal->last.hash;
	dig_state_copy(&fold->state, &state);
	take_packs(&state, &journal->state);
	full.state = &state;
	full.costs = fold->costs;
	full.ncosts = fold->ncosts;
	dig_journal_record_full(&base, &full, &out->bytes);
	advance(out, &state, &base);
	put_records(fold, from, &base, &state, out);
	full.verb = NULL;
	full.ncosts = 0;
	if (out->bytes.len - out->checkpoint_len > DIG_CHECKPOINT_AFTER &&
	    out->bytes.len > 2 * out->checkpoint_len) {
		base.checkpoint_at = base.offset;
		dig_journal_record_full(&base, &full, &out->bytes);
		advance(out, &state, &base);
	}
	if (!dig_state_same(&state, &journal->state) ||
	    !dig_state_same(&fold->state, &journal->state)) {
		dig_state_clear(&state);
		return dig_raise(err, DIG_ECORRUPT,
		    "the records of the journal do not lead to what is there");
	}
	dig_state_clear(&state);
	return DIG_OK;
}

enum dig_status
dig_journal_fold(struct dig_journal *journal, const struct dig_journal_cut *cut,
    bool (*is_live)(void *arg, const struct dig_oid *commit), void *arg,
    struct dig_journal_folded *out, struct dig_error *err)
{
	struct folding fold = { .cut = cut, .is_live = is_live, .arg = arg };
	struct dig_journal *all = NULL;
	enum dig_status st;

	memset(out, 0, sizeof(*out));
	dig_state_init(&fold.state);
	st = dig_journal_open_whole(journal, &all, err);
	if (st == DIG_OK && all->last.seq != journal->last.seq)
		st = dig_raise(err, DIG_ECORRUPT, "the journal has moved");
	fold.all = all;
	if (st == DIG_OK)
		st = fold_all(&fold, journal, out, err);
	if (st != DIG_OK)
		dig_journal_folded_clear(out);
	dig_state_clear(&fold.state);
	free(fold.costs);
	dig_journal_close(all);
	return st;
}

void
dig_journal_folded_clear(struct dig_journal_folded *folded)
{
	dig_buf_clear(&folded->bytes);
	dig_journal_record_clear(&folded->last);
	memset(folded, 0, sizeof(*folded));
}
