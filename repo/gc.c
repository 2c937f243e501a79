/* SPDX-License-Identifier: MIT
 *
 * The roots of a gc: what the journal says now, what it said before the first
 * operation that stays, and all that these operations name.
 */
#include "objects/gc.h"

#include <stdio.h>

#include "repo/internal.h"
#include "repo/operation.h"

struct gathering {
	struct dig_repo *repo;
	const struct dig_repo_gc_options *options;
	struct dig_live *live;
	struct dig_journal_cut cut;
	struct dig_state before; /* the first operation that stays */
	bool reached;            /* the walk over the journal is at it */
	enum dig_status st;
	struct dig_error *err;
};

/* ---- Roots ------------------------------------------------------------ */

/* As refs and HEAD name it: by the id alone. */
static void
add_named(struct gathering *gather, const struct dig_oid *id, const char *who)
{
	struct dig_store *store = dig_index_store(gather->repo->index);

	if (gather->st == DIG_OK && !dig_oid_is_zero(id))
		gather->st = dig_live_add_named(
		    gather->live, store, id, who, gather->err);
}

static void
add_tree(struct gathering *gather, const struct dig_oid *root)
{
	struct dig_oid empty;

	dig_tree_empty(&empty);
	if (!dig_oid_eq(root, &empty))
		dig_live_add(gather->live, DIG_KIND_TREE, root);
}

static void
add_op_state(struct gathering *gather, const struct dig_oid *id)
{
	if (!dig_oid_is_zero(id))
		dig_live_add(gather->live, DIG_KIND_STATE, id);
}

static void
add_state(struct gathering *gather, const struct dig_state *state)
{
	for (size_t i = 0; i < state->nrefs; i++)
		add_named(gather, &state->refs[i].id, state->refs[i].name);
	if (state->head_ref == NULL)
		add_named(gather, &state->head_id, "HEAD");
	add_tree(gather, &state->staged_root);
	add_op_state(gather, &state->op_state);
}

/* All that an operation that stays names, before it and after it. */
static void
add_record(struct gathering *gather, const struct dig_journal_record *rec)
{
	char who[64];

	snprintf(who, sizeof(who), "operation %llu of the journal",
	    (unsigned long long)rec->op);
	for (size_t i = 0; i < rec->nrefs; i++) {
		if (rec->refs[i].has_old)
			add_named(gather, &rec->refs[i].old_id, who);
		if (rec->refs[i].has_new)
			add_named(gather, &rec->refs[i].new_id, who);
	}
	if (rec->has_head && rec->old_head_ref == NULL)
		add_named(gather, &rec->old_head_id, who);
	if (rec->has_head && rec->head_ref == NULL)
		add_named(gather, &rec->head_id, who);
	if (rec->has_staged) {
		add_tree(gather, &rec->old_staged);
		add_tree(gather, &rec->staged);
	}
	if (rec->has_op_state) {
		add_op_state(gather, &rec->old_op_state);
		add_op_state(gather, &rec->op_state);
	}
}

static bool
on_record(void *arg, const struct dig_journal_record *rec)
{
	struct gathering *gather = arg;

	if (rec->seq >= gather->cut.seq) {
		if (!gather->reached)
			add_state(gather, &gather->before);
		gather->reached = true;
		add_record(gather, rec);
	} else {
		dig_journal_apply(rec, &gather->before);
	}
	return gather->st == DIG_OK;
}

static void
walk_progress(void *arg, uint64_t done)
{
	const struct dig_talk *talk = &((struct gathering *)arg)->repo->talk;
	struct dig_progress_report report = { "finding what is in use", done, 0,
		0, 0, NULL };

	if (talk->progress != NULL)
		talk->progress(talk->arg, &report);
}

/* The live set, whole. */
static enum dig_status
gather_live(struct gathering *gather, struct dig_error *err)
{
	struct dig_index *index = gather->repo->index;
	struct dig_journal *journal = dig_store_journal(dig_index_store(index));
	struct dig_node_io io = dig_reader_io(dig_index_reader(index));
	enum dig_status st;

	gather->err = err;
	add_state(gather, dig_index_state(index));
	if (gather->st != DIG_OK)
		return gather->st;
	st = dig_journal_each(journal, true, on_record, gather, err);
	if (gather->st != DIG_OK)
		return gather->st;
	if (st == DIG_OK)
		st = dig_live_walk(
		    gather->live, &io, walk_progress, gather, err);
	return st;
}

/* ---- The verb --------------------------------------------------------- */

static void
on_finding(void *arg, uint32_t pack, const char *message)
{
	const struct gathering *gather = arg;
	char file[32];

	snprintf(file, sizeof(file), "packs/%06u.pack", pack);
	gather->options->finding(gather->options->arg, file, message);
}

static void
pack_progress(
    void *arg, const char *what, uint64_t done_bytes, uint64_t total_bytes)
{
	const struct dig_talk *talk = &((struct gathering *)arg)->repo->talk;
	struct dig_progress_report report = { what, 0, 0, done_bytes,
		total_bytes, NULL };

	if (talk->progress != NULL)
		talk->progress(talk->arg, &report);
}

static bool
is_live_commit(void *arg, const struct dig_oid *commit)
{
	return dig_live_has(arg, DIG_KIND_COMMIT, commit);
}

static enum dig_status
collect(struct gathering *gather, struct dig_gc_totals *totals,
    struct dig_error *err)
{
	struct dig_index *index = gather->repo->index;
	struct dig_gc_options how = { gather->live, gather->options->dry_run,
		gather, on_finding, pack_progress };
	int64_t keep = gather->options->keep_ops;
	enum dig_status st = DIG_OK;

	if (keep < 0)
		st = dig_config_get_int(
		    gather->repo->config, "gc.keepOps", &keep, NULL, err);
	if (st == DIG_OK)
		st = dig_journal_cut(dig_store_journal(dig_index_store(index)),
		    (uint64_t)keep, &gather->cut, err);
	if (st == DIG_OK)
		st = gather_live(gather, err);
	if (st != DIG_OK) {
		dig_hint(err, "nothing was deleted; 'dig fsck' says what is "
			      "damaged or missing");
		return st;
	}
	/* What the journal names no longer may go, so it goes first. */
	if (gather->cut.folded > 0 && !how.dry_run)
		st = dig_index_fold(
		    index, &gather->cut, is_live_commit, gather->live, err);
	return st == DIG_OK ? dig_index_gc(index, &how, totals, err) : st;
}

/* A command that was killed while it wrote files is finished by what the
 * journal says of the operations before it. */
static enum dig_status
refuse_unfinished(struct dig_repo *repo, struct dig_error *err)
{
	struct dig_op op;
	enum dig_status st = dig_operation(repo, &op, err);

	if (st != DIG_OK)
		return st;
	if (op.nroots > 0) {
		st = dig_raise(err, DIG_ECONFLICT,
		    "a command was killed while it wrote files, and gc would "
		    "take what finishes it");
		dig_hint(err, "run that command again, or 'dig undo'");
	}
	dig_op_clear(&op);
	return st;
}

enum dig_status
dig_repo_gc(struct dig_repo *repo, const struct dig_repo_gc_options *options,
    struct dig_repo_gc_result *out, struct dig_error *err)
{
	struct gathering gather = { .repo = repo, .options = options };
	struct dig_gc_totals totals = { 0 };
	enum dig_status st = DIG_OK;

	gather.live = dig_live_new();
	dig_state_init(&gather.before);
	if (!options->dry_run)
		st = dig_index_begin(repo->index, err);
	if (st == DIG_OK)
		st = refuse_unfinished(repo, err);
	if (st == DIG_OK)
		st = collect(&gather, &totals, err);
	if (st == DIG_OK) {
		out->kept_ops = gather.cut.kept;
		out->folded_ops = gather.cut.folded;
		out->objects = dig_live_count(gather.live);
		out->packs = totals.packs;
		out->dropped = totals.dropped;
		out->rewritten = totals.rewritten;
		out->damaged = totals.damaged;
		out->dead_bytes = totals.dead_bytes;
		out->left_bytes = totals.left_bytes;
		out->bytes_before = totals.bytes_before;
		out->bytes_after = totals.bytes_after;
	}
	dig_index_rollback(repo->index);
	dig_state_clear(&gather.before);
	dig_live_free(gather.live);
	return st;
}
