/* SPDX-License-Identifier: MIT
 *
 * Taking in a bundle: objects as they come, commits with their trees when all
 * of these are there, refs last, in one record.
 *
 * A bundle comes from anywhere. What is in the store before is not enough to
 * be believed either: an import that failed may have left nodes there whose
 * contents never came. So each tree is followed to its chunks, from a tree that
 * is known to be whole.
 */
#include <stdlib.h>
#include <string.h>

#include "repo/bridge/import_bundle.h"

/* So much is committed at a time, as objects that no name leads to yet. */
#define CHECKPOINT_BYTES ((uint64_t)64 << 20)

/* ---- What has come ---------------------------------------------------- */

/*
 * Entries of import->seen: offset is the raw length, slot 1 + the position in
 * the chain of deltas when the record was stored as it came (0: not known),
 * pack 1 when the content of a file was followed to its end.
 */
static bool
seen(struct dig_bundle_job *job, enum dig_kind kind, const struct dig_oid *id,
    struct dig_location *at)
{
	struct dig_oidmap_entry entry;

	if (!dig_oidmap_find(&job->seen, kind, id, &entry))
		return false;
	if (at != NULL)
		*at = entry.at;
	return true;
}

bool
dig_bundle_is_needed(
    const struct dig_bundle_table *table, const struct dig_oid *id)
{
	size_t low = 0, high = table->nneeds;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int cmp = dig_oid_cmp(&table->needs[mid], id);

		if (cmp == 0)
			return true;
		if (cmp < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

bool
dig_bundle_has(
    struct dig_bundle_job *job, enum dig_kind kind, const struct dig_oid *id)
{
	return seen(job, kind, id, NULL) ||
	       (kind == DIG_KIND_COMMIT &&
		   dig_bundle_is_needed(job->table, id));
}

/*
 * Skip deltas (objects/store_write.c) keep chains short because each position
 * has its base at a certain one. A delta that does not is stored anew, so that
 * no bundle can leave a chain which nobody can read.
 */
static bool
fits_chain(struct dig_bundle_job *job, const struct dig_record *rec)
{
	struct dig_location base;
	uint32_t step = 1;

	if (!seen(job, rec->kind, &rec->base_id, &base) || base.slot == 0)
		return false;
	while (rec->chain % (step * 16) == 0)
		step *= 16;
	return base.slot - 1 == rec->chain - step;
}

static enum dig_status
store_record(struct dig_bundle_job *job, const struct dig_record *rec,
    const uint8_t *payload, struct dig_error *err)
{
	struct dig_location at = { .offset = rec->raw_len };
	bool as_is = rec->codec != DIG_CODEC_DELTA || fits_chain(job, rec);
	char hex[DIG_OID_HEX + 1];
	bool there;
	enum dig_status st;

	if (seen(job, rec->kind, &rec->id, NULL))
		st = dig_raise(err, DIG_ECORRUPT, "it is in the bundle twice");
	else
		st = dig_store_has(dig_index_store(job->repo->index), rec->kind,
		    &rec->id, &there, err);
	if (st == DIG_OK)
		st = dig_writer_put_record(
		    job->writer, rec, payload, as_is, &job->raw, err);
	if (st != DIG_OK) {
		dig_oid_hex(&rec->id, hex);
		dig_wrap(err, "%s %.12s", dig_kind_word(rec->kind), hex);
		return st;
	}
	if (as_is && !there)
		at.slot = 1 + (rec->codec == DIG_CODEC_DELTA ? rec->chain : 0);
	dig_oidmap_place(&job->seen, rec->kind, &rec->id, &at, NULL, 0);
	job->result->objects++;
	job->uncommitted += rec->raw_len;
	return DIG_OK;
}

static enum dig_status
checkpoint(struct dig_bundle_job *job, struct dig_error *err)
{
	struct dig_commit_options options = {
		.verb = "import bundle: going on",
		.op = job->op,
		.keep_open = true,
	};

	if (job->options->dry_run || job->uncommitted < CHECKPOINT_BYTES)
		return DIG_OK;
	job->uncommitted = 0;
	return dig_index_commit(job->repo->index, &options, &job->op, err);
}

/* ---- Trees ------------------------------------------------------------ */

/* The chunk is there and has this length. */
static enum dig_status
check_chunk(struct dig_bundle_job *job, const struct dig_oid *id,
    uint64_t length_bytes, struct dig_error *err)
{
	struct dig_location at = { 0 };
	enum dig_status st = DIG_OK;

	if (!seen(job, DIG_KIND_CHUNK, id, &at)) {
		st = job->io.get(
		    job->io.arg, DIG_KIND_CHUNK, id, &job->raw, err);
		at.offset = job->raw.len;
		if (st == DIG_OK)
			dig_oidmap_place(
			    &job->seen, DIG_KIND_CHUNK, id, &at, NULL, 0);
	}
	if (st == DIG_OK && at.offset != length_bytes)
		st = dig_raise(err, DIG_ECORRUPT,
		    "a chunk has another length than its file says");
	return st;
}

static enum dig_status
check_nodes(struct dig_bundle_job *job, const struct dig_entry *entry,
    struct dig_error *err)
{
	struct dig_file_reader *reader = NULL;
	struct dig_location at = { 0 };
	uint64_t offset, length_bytes;
	struct dig_oid chunk;
	enum dig_status st;
	bool done = false;

	/* This verifies the top node and its total in any case. */
	st = dig_file_reader_new(&job->io, entry, &reader, err);
	seen(job, DIG_KIND_CONTENT, &entry->stored, &at);
	while (st == DIG_OK && at.pack == 0) {
		st = dig_file_reader_next(
		    reader, &chunk, &offset, &length_bytes, &done, err);
		if (st != DIG_OK || done)
			break;
		st = check_chunk(job, &chunk, length_bytes, err);
	}
	dig_file_reader_free(reader);
	at.pack = 1;
	if (st == DIG_OK)
		dig_oidmap_place(
		    &job->seen, DIG_KIND_CONTENT, &entry->stored, &at, NULL, 0);
	return st;
}

static enum dig_status
check_entry(void *arg, const struct dig_entry *entry, struct dig_error *err)
{
	struct dig_bundle_job *job = arg;
	struct dig_buf shown = DIG_BUF_INIT;
	enum dig_status st = DIG_OK;

	if (dig_interrupted())
		return dig_raise(err, DIG_ECANCELLED, "interrupted");
	if (entry->form == DIG_FORM_CHUNK)
		st = check_chunk(job, &entry->stored, entry->size_bytes, err);
	else if (entry->form == DIG_FORM_NODES)
		st = check_nodes(job, entry, err);
	if (st != DIG_OK) {
		dig_path_quote(&shown, entry->path, entry->path_len, true);
		dig_wrap(err, "%.200s", (const char *)shown.data);
		dig_buf_clear(&shown);
	}
	return st;
}

/* base: a tree that is whole; NULL: none is like it. */
static enum dig_status
check_tree(struct dig_bundle_job *job, const struct dig_oid *base,
    const struct dig_oid *root, struct dig_error *err)
{
	struct dig_tree_checks checks = { job, check_entry };

	return dig_tree_check_step(
	    &job->io, base, root, job->known, &checks, err);
}

/* The tree of a commit that was here before is whole; only its nodes have to
 * be known, so that what others share with it can be passed over. */
static enum dig_status
know_base(struct dig_bundle_job *job, const struct dig_oid *commit,
    const struct dig_oid *tree, struct dig_error *err)
{
	struct dig_oidmap_entry entry;

	if (dig_oidmap_find(&job->seen, DIG_KIND_COMMIT, commit, &entry) ||
	    !dig_oidmap_claim(&job->bases, DIG_KIND_TREE, tree))
		return DIG_OK;
	return dig_tree_check_step(&job->io, NULL, tree, job->known, NULL, err);
}

/* ---- Commits and tags ------------------------------------------------- */

static enum dig_status
check_place(struct dig_bundle_job *job, const struct dig_commit *commit,
    struct dig_oid *base, struct dig_error *err)
{
	struct dig_commit *placed = dig_alloc(sizeof(*placed));
	struct dig_oid parent;
	enum dig_status st = DIG_OK;

	*placed = *commit;
	for (size_t i = 0; st == DIG_OK && i < commit->nparents; i++) {
		dig_commit_parent(commit, i, &parent);
		if (!dig_bundle_has(job, DIG_KIND_COMMIT, &parent))
			st = dig_raise(err, DIG_ECORRUPT,
			    "a parent of it is not in the bundle, and it does "
			    "not say that it needs it");
	}
	if (st == DIG_OK)
		st = dig_commit_place(&job->io, placed, base, err);
	if (st == DIG_OK && (placed->generation != commit->generation ||
				placed->depth != commit->depth ||
				!dig_oid_eq(&placed->jump, &commit->jump)))
		st = dig_raise(err, DIG_ECORRUPT,
		    "its place does not follow from its parents");
	free(placed);
	return st;
}

static enum dig_status
check_commit(struct dig_bundle_job *job, const struct dig_commit *commit,
    struct dig_error *err)
{
	struct dig_tree_totals totals;
	struct dig_oid base, parent;
	enum dig_status st = check_place(job, commit, &base, err);

	if (st == DIG_OK && commit->nparents > 0) {
		dig_commit_parent(commit, 0, &parent);
		st = know_base(job, &parent, &base, err);
	}
	if (st == DIG_OK)
		st = check_tree(job, commit->nparents > 0 ? &base : NULL,
		    &commit->tree, err);
	if (st == DIG_OK)
		st = dig_tree_totals(&job->io, &commit->tree, &totals, err);
	if (st == DIG_OK &&
	    (totals.files != commit->files || totals.bytes != commit->bytes))
		st = dig_raise(
		    err, DIG_ECORRUPT, "its totals are not its tree's");
	return st;
}

/* The record is decoded in job->raw. */
static enum dig_status
take_commit(struct dig_bundle_job *job, const struct dig_oid *id, bool is_new,
    struct dig_error *err)
{
	const struct dig_talk *talk = &job->repo->talk;
	struct dig_commit *commit = dig_alloc(sizeof(*commit));
	struct dig_buf bytes = job->raw;
	struct dig_progress_report report = {
		.what = "checking",
		.unit = "commits",
		.files_done = job->ncommits++,
		.files_total = job->table->commits,
	};
	char hex[DIG_OID_HEX + 1];
	enum dig_status st;

	job->raw = (struct dig_buf)DIG_BUF_INIT; /* the checks use it */
	if (talk->progress != NULL)
		talk->progress(talk->arg, &report);
	st = dig_commit_decode(bytes.data, bytes.len, commit, err);
	if (st == DIG_OK)
		st = check_commit(job, commit, err);
	if (st == DIG_ENOTFOUND)
		st = err->status = DIG_ECORRUPT;
	if (st == DIG_ECORRUPT) {
		dig_oid_hex(id, hex);
		dig_wrap(err, "commit %.12s of the bundle", hex);
	}
	job->result->commits += is_new;
	dig_buf_clear(&bytes);
	free(commit);
	return st;
}

static enum dig_status
take_tag(struct dig_bundle_job *job, struct dig_error *err)
{
	struct dig_tag *tag = dig_alloc(sizeof(*tag));
	struct dig_buf bytes = job->raw;
	enum dig_status st;

	job->raw = (struct dig_buf)DIG_BUF_INIT;
	st = dig_tag_decode(bytes.data, bytes.len, tag, err);
	if (st == DIG_OK && tag->target_kind == DIG_KIND_TREE)
		st = check_tree(job, NULL, &tag->target, err);
	else if (st == DIG_OK &&
		 !dig_bundle_has(job, tag->target_kind, &tag->target))
		st = dig_raise(
		    err, DIG_ECORRUPT, "what a tag names is not in the bundle");
	if (st == DIG_ENOTFOUND)
		st = err->status = DIG_ECORRUPT;
	dig_buf_clear(&bytes);
	free(tag);
	return st;
}

static enum dig_status
take_record(struct dig_bundle_job *job, const struct dig_record *rec,
    const uint8_t *payload, struct dig_error *err)
{
	enum dig_kind kind = rec->kind;
	struct dig_oid id = rec->id;
	bool there = false;
	enum dig_status st = DIG_OK;

	if (kind == DIG_KIND_COMMIT)
		st = dig_store_has(
		    dig_index_store(job->repo->index), kind, &id, &there, err);
	if (st == DIG_OK)
		st = store_record(job, rec, payload, err);
	if (st == DIG_OK && kind == DIG_KIND_COMMIT)
		st = take_commit(job, &id, !there, err);
	else if (st == DIG_OK && kind == DIG_KIND_TAG)
		st = take_tag(job, err);
	return st == DIG_OK ? checkpoint(job, err) : st;
}

static enum dig_status
take_records(struct dig_bundle_job *job, struct dig_error *err)
{
	const struct dig_talk *talk = &job->repo->talk;
	const struct dig_record *rec;
	const uint8_t *payload;
	enum dig_status st;

	for (;;) {
		struct dig_progress_report report = {
			.what = "importing",
			.unit = "objects",
			.files_done = job->result->objects,
			.bytes_done = dig_bundle_offset(job->bundle),
		};

		st = dig_bundle_next(job->bundle, &rec, &payload, err);
		if (st != DIG_OK || rec == NULL)
			break;
		if (talk->progress != NULL && rec->kind < DIG_KIND_COMMIT)
			talk->progress(talk->arg, &report);
		if (dig_interrupted())
			return dig_raise(err, DIG_ECANCELLED, "interrupted");
		st = take_record(job, rec, payload, err);
		if (st != DIG_OK)
			break;
	}
	if (st == DIG_OK && job->ncommits != job->table->commits)
		st = dig_raise(err, DIG_ECORRUPT,
		    "the bundle has not the commits that it tells of");
	return st;
}

/* ---- The whole -------------------------------------------------------- */

static int64_t
on_read(void *arg, void *data, size_t len)
{
	const struct dig_bundle_job *job = arg;

	return dig_read_full(job->options->fd, data, len);
}

static enum dig_status
run(struct dig_bundle_job *job, struct dig_error *err)
{
	enum dig_status st = dig_index_begin(job->repo->index, err);

	if (st != DIG_OK)
		return st;
	job->writer = dig_index_writer(job->repo->index);
	dig_writer_chain(job->writer);
	job->io = dig_writer_io(job->writer);
	st = dig_bundle_open(on_read, job, &job->bundle, err);
	if (st != DIG_OK)
		return st;
	job->table = dig_bundle_table(job->bundle);
	st = dig_bundle_check_needs(job, err);
	if (st == DIG_OK)
		st = take_records(job, err);
	if (st == DIG_OK)
		st = dig_writer_flush(job->writer, err);
	return st == DIG_OK ? dig_bundle_publish(job, err) : st;
}

enum dig_status
dig_import_bundle(struct dig_repo *repo,
    const struct dig_bundle_import *options, struct dig_bundle_imported *result,
    struct dig_error *err)
{
	struct dig_bundle_job job = {
		.repo = repo,
		.options = options,
		.result = result,
		.known = dig_tree_known_new(),
	};
	enum dig_status st;

	memset(result, 0, sizeof(*result));
	dig_oidmap_init(&job.seen);
	dig_oidmap_init(&job.bases);
	st = run(&job, err);
	dig_index_rollback(repo->index); /* what was not committed */
	if (job.bundle != NULL)
		result->healed = dig_bundle_healed(job.bundle);
	dig_bundle_close(job.bundle);
	dig_tree_known_free(job.known);
	dig_oidmap_clear(&job.seen);
	dig_oidmap_clear(&job.bases);
	dig_buf_clear(&job.raw);
	return st;
}
