/* SPDX-License-Identifier: MIT
 *
 * A repack: what is there, its order, frames and deltas by many threads, and
 * the step from the old packs to the new.
 *
 * A frame holds what follows in the order, up to its limit. In it stand first
 * the objects that have no newer version in it, then all others: so the newest
 * version of each path is decoded without its older ones, and these find what
 * they resemble within the frame's window.
 */
#include "objects/repack.h"

#include <assert.h>
#include <stdlib.h>

#include "objects/base/io.h"
#include "objects/check.h"
#include "objects/commit.h"
#include "objects/file.h"
#include "objects/lineage.h"
#include "objects/rewrite.h"
#include "objects/store_internal.h"
#include "objects/tree.h"

/* A chunk that is a record of its own. */
struct large {
	uint32_t object;
	uint32_t newer; /* 1 + position of its next newer version; 0: none */
	uint32_t chain; /* as the record says */
	struct dig_location at;
};

/* Objects [from, to) of the order in one frame, or larges [from, to), which are
 * one family. */
struct job {
	size_t from;
	size_t to;
	bool is_frame;
};

struct repack {
	struct dig_index *index;
	struct dig_store *store;
	const struct dig_repack_options *options;
	struct dig_rewrite *rewrite; /* NULL in a dry run */
	struct dig_lineage *lineage;
	struct dig_lineage_object *objects;
	size_t nobjects;
	uint32_t *gone; /* numbers of the packs that go */
	size_t ngone;
	uint32_t *order; /* of objects that share frames */
	size_t norder;
	uint32_t *places; /* where in it an object stands */
	struct large *larges;
	size_t nlarges;
	size_t larges_cap;
	struct job *jobs; /* frames, then families */
	size_t njobs;
	size_t jobs_cap;
	uint64_t total_bytes;
	/* of the workers, under mutex */
	pthread_mutex_t mutex;
	pthread_cond_t turned;
	size_t next; /* job to be taken */
	size_t turn; /* job whose record comes next: frames keep their order */
	size_t nput; /* objects */
	uint64_t done_bytes;
	struct dig_repack_totals totals;
	enum dig_status st; /* the first failure */
	struct dig_error err;
};

struct worker {
	struct repack *repack;
	struct dig_reader *reader;
	struct dig_codec_ctx *codec;
	struct dig_solid solid;
	struct dig_buf raw;
	struct dig_buf base;
	struct dig_buf frame;
	struct dig_buf payload;
};

/* ---- What is there ------------------------------------------------------ */

static bool
goes(void *arg, uint32_t pack)
{
	const struct repack *repack = arg;

	for (size_t i = 0; i < repack->ngone; i++)
		if (repack->gone[i] == pack)
			return true;
	return false;
}

static void
choose_packs(struct repack *repack)
{
	const struct dig_state *state = dig_store_state(repack->store);

	repack->gone = dig_calloc(state->npacks + 1, sizeof(*repack->gone));
	for (size_t i = 0; i < state->npacks; i++) {
		const struct dig_pack_state *pack = &state->packs[i];

		if (pack->flags & DIG_PACK_BULK)
			continue;
		repack->gone[repack->ngone++] = pack->number;
		repack->totals.bytes_before += pack->length;
	}
	repack->totals.packs = repack->ngone;
}

static void
on_checked(void *arg, const struct dig_checked *checked)
{
	struct repack *repack = arg;

	if (checked->flaw == NULL || repack->st != DIG_OK)
		return;
	repack->st = dig_raise(&repack->err, DIG_ECORRUPT,
	    "pack %06u is damaged at offset %llu: %s", checked->at.pack,
	    (unsigned long long)checked->at.offset, checked->flaw);
	dig_hint(&repack->err,
	    "'dig fsck --repair' puts right what can be; nothing was changed");
}

static void
on_check_progress(void *arg, uint64_t done_bytes, uint64_t total_bytes)
{
	const struct dig_repack_options *options =
	    ((struct repack *)arg)->options;

	if (options->progress != NULL)
		options->progress(
		    options->arg, "checking packs", done_bytes, total_bytes);
}

/* A record that is passed over because it is damaged would be lost. */
static enum dig_status
check_packs(struct repack *repack, struct dig_error *err)
{
	struct dig_check_options options = { .arg = repack,
		.checked = on_checked,
		.wanted = goes,
		.progress = on_check_progress };
	struct dig_check_totals totals;
	enum dig_status st =
	    dig_store_check(repack->store, &options, &totals, err);

	if (st == DIG_OK && repack->st != DIG_OK) {
		*err = repack->err;
		st = repack->st;
	}
	return st;
}

static enum dig_status
add_row(void *arg, const struct dig_object_row *row, struct dig_error *err)
{
	struct repack *repack = arg;

	if (!dig_lineage_add(
		repack->lineage, row->kind, &row->id, (size_t)row->raw_bytes))
		return dig_raise(err, DIG_EINVALID,
		    "these are more objects than can be repacked at once");
	return DIG_OK;
}

static enum dig_status
collect(struct repack *repack, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	for (size_t i = 0; st == DIG_OK && i < repack->ngone; i++)
		st = dig_store_each_row(repack->store, repack->gone[i], 0, 0,
		    true, add_row, repack, err);
	if (st != DIG_OK)
		return st;
	repack->objects =
	    dig_lineage_objects(repack->lineage, &repack->nobjects);
	repack->totals.objects = repack->nobjects;
	for (size_t i = 0; i < repack->nobjects; i++)
		repack->total_bytes += repack->objects[i].raw_len;
	return DIG_OK;
}

/* ---- Its order ---------------------------------------------------------- */

/* The commit that a ref names, by way of tags; false: none. */
static bool
peel(struct dig_reader *reader, const struct dig_oid *id, struct dig_oid *out)
{
	struct dig_tag *tag = dig_alloc(sizeof(*tag));
	struct dig_buf bytes = DIG_BUF_INIT;
	enum dig_kind kind = DIG_KIND_TAG;
	struct dig_error err;

	*out = *id;
	for (int i = 0; kind == DIG_KIND_TAG && i < 16; i++) {
		if (dig_reader_get(reader, kind, out, &bytes, &err) != DIG_OK ||
		    dig_tag_decode(bytes.data, bytes.len, tag, &err) != DIG_OK)
			break;
		kind = tag->target_kind;
		*out = tag->target;
	}
	free(tag);
	dig_buf_clear(&bytes);
	return kind == DIG_KIND_COMMIT;
}

static void
on_walk_progress(void *arg, uint64_t done)
{
	const struct dig_repack_options *options =
	    ((struct repack *)arg)->options;

	(void)done;
	if (options->progress != NULL)
		options->progress(options->arg, "comparing versions", 0, 0);
}

static enum dig_status
walk(struct repack *repack, struct dig_error *err)
{
	const struct dig_state *state = dig_store_state(repack->store);
	struct dig_reader *reader = dig_index_reader(repack->index);
	struct dig_node_io io = dig_reader_io(reader);
	struct dig_oid id;

	for (size_t i = 0; i < state->nrefs; i++) {
		dig_lineage_root(
		    repack->lineage, DIG_KIND_COMMIT, &state->refs[i].id);
		if (peel(reader, &state->refs[i].id, &id))
			dig_lineage_root(repack->lineage, DIG_KIND_COMMIT, &id);
	}
	if (dig_state_head(state, &id))
		dig_lineage_root(repack->lineage, DIG_KIND_COMMIT, &id);
	dig_lineage_root(repack->lineage, DIG_KIND_TREE, &state->staged_root);
	return dig_lineage_walk(
	    repack->lineage, &io, on_walk_progress, repack, err);
}

static void
add_job(struct repack *repack, size_t from, size_t to, bool is_frame)
{
	DIG_GROW(repack->jobs, repack->jobs_cap, repack->njobs + 1);
	repack->jobs[repack->njobs++] = (struct job){ from, to, is_frame };
}

static bool
is_large(const struct dig_lineage_object *object)
{
	return object->kind == DIG_KIND_CHUNK &&
	       object->raw_len > DIG_REPACK_SHARED_MAX;
}

static size_t
frame_limit(const struct dig_lineage_object *object)
{
	return object->kind == DIG_KIND_COMMIT ? DIG_REPACK_COMMITS
					       : DIG_REPACK_FRAME;
}

/* Where the family that begins at `from` ends, and its raw bytes. */
static size_t
family_end(const struct repack *repack, size_t from, size_t *len)
{
	size_t i = from;

	*len = 0;
	do {
		*len += repack->objects[repack->order[i++]].raw_len;
	} while (
	    i < repack->norder && repack->objects[repack->order[i]].like != 0);
	return i;
}

/*
 * A family begins with a full version of its own in every frame that it is in,
 * so one that fits a frame is not cut, and one that does not is cut into frames
 * of one size.
 */
static void
plan_frames(struct repack *repack)
{
	size_t from = 0; /* of the frame */
	size_t end = 0;  /* of the family */
	size_t len = 0;
	size_t limit = 0;

	for (size_t i = 0; i < repack->norder; i++) {
		const struct dig_lineage_object *now =
		    &repack->objects[repack->order[i]];
		const struct dig_lineage_object *first =
		    &repack->objects[repack->order[from]];
		size_t family = now->raw_len;

		if (i == end) {
			end = family_end(repack, i, &family);
			limit = frame_limit(now);
			if (family > limit)
				limit = family / (family / limit + 1) +
					now->raw_len;
			if (limit > DIG_OBJECT_MAX)
				limit = DIG_OBJECT_MAX;
		}
		if (i > from &&
		    (dig_lineage_sort(now) != dig_lineage_sort(first) ||
			len + family > limit ||
			i - from == DIG_SOLID_OBJECTS_MAX)) {
			add_job(repack, from, i, true);
			from = i;
			len = 0;
		}
		len += now->raw_len;
		repack->places[repack->order[i]] = (uint32_t)i;
	}
	if (from < repack->norder)
		add_job(repack, from, repack->norder, true);
}

/* Chunks with a newer version stand behind it, in the same job: what is named
 * as base has been written then. */
static void
plan_larges(struct repack *repack)
{
	size_t from = 0;

	for (size_t i = 0; i < repack->nlarges; i++) {
		struct large *large = &repack->larges[i];
		uint32_t like = repack->objects[large->object].like;

		repack->places[large->object] = (uint32_t)i;
		if (like != 0 && is_large(&repack->objects[like - 1]) &&
		    repack->places[like - 1] >= from)
			large->newer = 1 + repack->places[like - 1];
		if (large->newer == 0 && i > from) {
			add_job(repack, from, i, false);
			from = i;
		}
	}
	if (from < repack->nlarges)
		add_job(repack, from, repack->nlarges, false);
}

static void
plan(struct repack *repack)
{
	size_t n = 0;

	repack->order = dig_lineage_order(repack->lineage);
	repack->places =
	    dig_calloc(repack->nobjects + 1, sizeof(*repack->places));
	for (size_t i = 0; i < repack->nobjects; i++) {
		uint32_t index = repack->order[i];

		if (!is_large(&repack->objects[index])) {
			repack->order[n++] = index;
			continue;
		}
		DIG_GROW(
		    repack->larges, repack->larges_cap, repack->nlarges + 1);
		memset(&repack->larges[repack->nlarges], 0,
		    sizeof(*repack->larges));
		repack->larges[repack->nlarges++].object = index;
	}
	repack->norder = n;
	plan_frames(repack);
	plan_larges(repack);
}

/* ---- Records ------------------------------------------------------------ */

/* Chunks, commits and the like are hashed by the reader, nodes are not. */
static enum dig_status
read_object(struct worker *worker, const struct dig_lineage_object *object,
    struct dig_buf *out, struct dig_error *err)
{
	enum dig_kind kind = (enum dig_kind)object->kind;
	struct dig_oid now = object->id;
	enum dig_status st =
	    dig_reader_get(worker->reader, kind, &object->id, out, err);

	if (st == DIG_OK && kind == DIG_KIND_TREE)
		st = dig_tree_node_id(out->data, out->len, &now, err);
	else if (st == DIG_OK && kind == DIG_KIND_CONTENT)
		st = dig_content_node_id(out->data, out->len, &now, err);
	if (st == DIG_OK &&
	    (out->len != object->raw_len || !dig_oid_eq(&now, &object->id)))
		st = dig_raise(err, DIG_ECORRUPT, "a %s does not match its id",
		    dig_kind_word(kind));
	if (st == DIG_ECORRUPT)
		dig_hint(err, "'dig fsck' says what is damaged; nothing was "
			      "changed");
	return st;
}

/* To the new pack; in a dry run only to the count. Under the mutex. */
static enum dig_status
put(struct worker *worker, struct dig_record *rec, const void *payload,
    const struct dig_location *base, struct dig_location *where,
    struct dig_error *err)
{
	struct repack *repack = worker->repack;
	const struct dig_solid *solid =
	    rec->kind == DIG_KIND_SOLID ? &worker->solid : NULL;
	size_t nitems = solid != NULL ? solid->nitems : 1;
	enum dig_status st = DIG_OK;

	if (repack->rewrite != NULL) {
		st = dig_rewrite_put(repack->rewrite, rec, payload, false, base,
		    solid != NULL ? solid->items : NULL,
		    solid != NULL ? nitems : 0, where, err);
	} else {
		struct dig_buf header = DIG_BUF_INIT;

		dig_record_encode(rec, payload, &header);
		repack->totals.bytes_after += header.len + rec->stored_len;
		dig_buf_clear(&header);
	}
	repack->nput += nitems;
	repack->totals.frames += solid != NULL;
	repack->totals.deltas += rec->codec == DIG_CODEC_DELTA;
	repack->done_bytes += rec->raw_len;
	if (repack->options->progress != NULL)
		repack->options->progress(repack->options->arg, "repacking",
		    repack->done_bytes, repack->total_bytes);
	return st;
}

/* ---- Frames ------------------------------------------------------------- */

static bool
has_newer_in(const struct repack *repack, const struct job *job, size_t i)
{
	uint32_t like = repack->objects[repack->order[i]].like;
	size_t place = like != 0 ? repack->places[like - 1] : SIZE_MAX;

	return place >= job->from && place < job->to;
}

static enum dig_status
fill_frame(struct worker *worker, const struct job *job, struct dig_error *err)
{
	struct repack *repack = worker->repack;
	enum dig_status st = DIG_OK;

	dig_solid_reset(&worker->solid);
	for (int older = 0; older < 2; older++)
		for (size_t i = job->from; st == DIG_OK && i < job->to; i++) {
			const struct dig_lineage_object *object =
			    &repack->objects[repack->order[i]];

			if (has_newer_in(repack, job, i) != (older == 1))
				continue;
			st = read_object(worker, object, &worker->raw, err);
			if (st == DIG_OK)
				dig_solid_add(&worker->solid,
				    (enum dig_kind)object->kind, &object->id,
				    worker->raw.data, worker->raw.len);
		}
	return st;
}

static enum dig_status
do_frame(struct worker *worker, const struct job *job, struct dig_error *err)
{
	struct repack *repack = worker->repack;
	const struct dig_solid *solid = &worker->solid;
	enum dig_codec codec = DIG_CODEC_RAW;
	struct dig_location where;
	struct dig_record rec;
	enum dig_status st = fill_frame(worker, job, err);
	bool far;

	if (st != DIG_OK)
		return st;
	far = solid->items[0].kind == DIG_KIND_CHUNK;
	st = dig_codec_encode_many(worker->codec, solid->raw.data,
	    solid->raw.len, far, &worker->frame, &codec, err);
	if (st != DIG_OK)
		return st;
	dig_solid_record(solid, codec, &worker->frame, &rec, &worker->payload);
	pthread_mutex_lock(&repack->mutex);
	while (&repack->jobs[repack->turn] != job && repack->st == DIG_OK)
		pthread_cond_wait(&repack->turned, &repack->mutex);
	st = repack->st; /* another one has failed */
	if (st == DIG_OK)
		st = put(worker, &rec, worker->payload.data, NULL, &where, err);
	repack->turn++;
	pthread_cond_broadcast(&repack->turned);
	pthread_mutex_unlock(&repack->mutex);
	return st;
}

/* ---- Chunks too large for a frame --------------------------------------- */

/* Skip deltas as add makes them, from the newest version to the oldest. NULL:
 * a full version. */
static const struct large *
choose_base(const struct repack *repack, struct large *large)
{
	const struct large *base;
	uint32_t step = 1;

	large->chain = 0;
	if (large->newer == 0)
		return NULL;
	base = &repack->larges[large->newer - 1];
	large->chain = base->chain + 1;
	if (large->chain >= DIG_CHAIN_RESTART) {
		large->chain = 0;
		return NULL;
	}
	while (large->chain % (step * 16) == 0)
		step *= 16;
	while (base->chain > large->chain - step)
		base = &repack->larges[base->newer - 1];
	return base;
}

static enum dig_status
do_large(struct worker *worker, struct large *large, struct dig_error *err)
{
	struct repack *repack = worker->repack;
	const struct dig_lineage_object *object =
	    &repack->objects[large->object];
	const struct large *base = choose_base(repack, large);
	struct dig_record rec = { 0 };
	enum dig_status st = read_object(worker, object, &worker->raw, err);
	bool is_raw;

	if (st == DIG_OK && base != NULL)
		st = read_object(
		    worker, &repack->objects[base->object], &worker->base, err);
	if (st == DIG_OK)
		st = dig_codec_encode(worker->codec, worker->raw.data,
		    worker->raw.len, base != NULL ? worker->base.data : NULL,
		    base != NULL ? worker->base.len : 0, &worker->payload,
		    &rec.codec, err);
	if (st != DIG_OK)
		return st;
	if (rec.codec == DIG_CODEC_DELTA)
		rec.base_id = repack->objects[base->object].id;
	else
		large->chain = 0;
	is_raw = rec.codec == DIG_CODEC_RAW;
	rec.kind = DIG_KIND_CHUNK;
	rec.id = object->id;
	rec.chain = large->chain;
	rec.raw_len = object->raw_len;
	rec.stored_len = is_raw ? rec.raw_len : worker->payload.len;
	assert(base == NULL || repack->rewrite == NULL || base->at.offset != 0);
	pthread_mutex_lock(&repack->mutex);
	st = put(worker, &rec, is_raw ? worker->raw.data : worker->payload.data,
	    rec.codec == DIG_CODEC_DELTA ? &base->at : NULL, &large->at, err);
	pthread_mutex_unlock(&repack->mutex);
	return st;
}

static enum dig_status
do_family(struct worker *worker, const struct job *job, struct dig_error *err)
{
	struct repack *repack = worker->repack;
	enum dig_status st = DIG_OK;

	for (size_t i = job->from; st == DIG_OK && i < job->to; i++) {
		st = do_large(worker, &repack->larges[i], err);
		if (st == DIG_OK && dig_interrupted())
			st = dig_raise(err, DIG_ECANCELLED, "interrupted");
	}
	return st;
}

/* ---- All of them -------------------------------------------------------- */

/* The next job; NULL: none is left, or one has failed. */
static const struct job *
take_job(struct repack *repack)
{
	const struct job *job = NULL;

	pthread_mutex_lock(&repack->mutex);
	if (repack->st == DIG_OK && repack->next < repack->njobs)
		job = &repack->jobs[repack->next++];
	pthread_mutex_unlock(&repack->mutex);
	return job;
}

static void
fail(struct repack *repack, enum dig_status st, const struct dig_error *err)
{
	pthread_mutex_lock(&repack->mutex);
	if (repack->st == DIG_OK) {
		repack->st = st;
		repack->err = *err;
	}
	pthread_cond_broadcast(&repack->turned);
	pthread_mutex_unlock(&repack->mutex);
}

static void
work(void *arg, unsigned index)
{
	struct repack *repack = arg;
	struct worker worker = { .repack = repack };
	struct dig_error err = DIG_ERROR_INIT;
	const struct job *job;

	(void)index;
	worker.reader = dig_reader_new(repack->store);
	worker.codec = dig_codec_new(repack->options->level,
	    repack->rewrite != NULL && repack->store->options.verify);
	while ((job = take_job(repack)) != NULL) {
		enum dig_status st = job->is_frame
					 ? do_frame(&worker, job, &err)
					 : do_family(&worker, job, &err);

		if (st == DIG_OK && dig_interrupted())
			st = dig_raise(&err, DIG_ECANCELLED, "interrupted");
		if (st != DIG_OK)
			fail(repack, st, &err);
	}
	dig_reader_free(worker.reader);
	dig_codec_free(worker.codec);
	dig_solid_clear(&worker.solid);
	dig_buf_clear(&worker.raw);
	dig_buf_clear(&worker.base);
	dig_buf_clear(&worker.frame);
	dig_buf_clear(&worker.payload);
}

static enum dig_status
encode(struct repack *repack, struct dig_error *err)
{
	struct dig_group group;
	enum dig_status st = dig_store_load(repack->store, err);

	if (st != DIG_OK)
		return st;
	if (dig_group_start(&group, dig_thread_count(), work, repack) == 0)
		work(repack, 0);
	dig_group_join(&group);
	if (repack->st != DIG_OK)
		*err = repack->err;
	return repack->st;
}

/* The old packs for the new (R2: all objects are there). */
static enum dig_status
swap(struct repack *repack, struct dig_error *err)
{
	const struct dig_state *state;
	enum dig_status st;

	if (repack->nput != repack->nobjects)
		return dig_raise(err, DIG_ECORRUPT,
		    "%zu of %zu objects were written; nothing was changed",
		    repack->nput, repack->nobjects);
	st =
	    dig_rewrite_swap(repack->rewrite, repack->gone, repack->ngone, err);
	if (st != DIG_OK)
		return st;
	state = dig_store_state(repack->store);
	for (size_t i = 0; i < state->npacks; i++)
		if (!(state->packs[i].flags & DIG_PACK_BULK))
			repack->totals.bytes_after += state->packs[i].length;
	return DIG_OK;
}

/* What the index of the packs adds in a dry run. */
static uint64_t
index_bytes(size_t nobjects)
{
	struct dig_buf run = DIG_BUF_INIT;
	struct dig_run_entry entry = { 0 };
	uint64_t none;
	uint64_t one;

	dig_run_encode(NULL, 0, 0, true, &run);
	none = run.len;
	dig_buf_reset(&run);
	dig_run_encode(&entry, 1, 0, true, &run);
	one = run.len - none;
	dig_buf_clear(&run);
	return DIG_PACK_HEADER + none + nobjects * one + nobjects * 10 / 8;
}

static enum dig_status
run(struct repack *repack, struct dig_error *err)
{
	enum dig_status st = check_packs(repack, err);

	if (st == DIG_OK)
		st = collect(repack, err);
	if (st == DIG_OK)
		st = walk(repack, err);
	if (st != DIG_OK)
		return st;
	plan(repack);
	st = encode(repack, err);
	if (st == DIG_OK && repack->rewrite != NULL)
		st = swap(repack, err);
	else if (st == DIG_OK)
		repack->totals.bytes_after += index_bytes(repack->nobjects);
	return st;
}

enum dig_status
dig_index_repack(struct dig_index *index,
    const struct dig_repack_options *options, struct dig_repack_totals *out,
    struct dig_error *err)
{
	struct repack repack = { .index = index,
		.store = dig_index_store(index),
		.options = options };
	enum dig_status st = DIG_OK;

	pthread_mutex_init(&repack.mutex, NULL);
	pthread_cond_init(&repack.turned, NULL);
	repack.lineage = dig_lineage_new();
	choose_packs(&repack);
	if (repack.ngone > 0 && !options->dry_run)
		st = dig_rewrite_begin(index, "repack", &repack.rewrite, err);
	if (st == DIG_OK && repack.ngone > 0)
		st = run(&repack, err);
	if (st == DIG_OK)
		*out = repack.totals;
	dig_rewrite_end(repack.rewrite);
	dig_index_rollback(index);
	dig_lineage_free(repack.lineage);
	free(repack.gone);
	free(repack.order);
	free(repack.places);
	free(repack.larges);
	free(repack.jobs);
	pthread_cond_destroy(&repack.turned);
	pthread_mutex_destroy(&repack.mutex);
	return st;
}
