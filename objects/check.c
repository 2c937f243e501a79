/* SPDX-License-Identifier: MIT
 *
 * Checking packs. The calling thread walks the headers of a pack and cuts it
 * into batches; workers read each batch in one piece and check what is in it.
 */
#include "objects/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "objects/base/io.h"
#include "objects/base/thread.h"
#include "objects/commit.h"
#include "objects/file.h"
#include "objects/heal.h"
#include "objects/store_internal.h"
#include "objects/tree.h"

#define BATCH_BYTES ((uint64_t)1 << 20)
#define BATCH_RECORDS 256
#define SEAL_SIZE 16
#define CELL DIG_PARITY_CELL

struct spot {
	uint64_t at;
	struct dig_record record;
};

enum batch_what { BATCH_RECORDS_OF, BATCH_PARITY, BATCH_MIRROR };

/* Records that stand one after another; or the parity of a group, or the
 * mirror. */
struct batch {
	enum batch_what what;
	const struct dig_open_pack *pack;
	const struct dig_pack_state *state;
	uint64_t from;
	uint64_t to;
	uint64_t cells_from; /* cells that end behind this */
	uint64_t cells_to;   /* and up to here */
	uint64_t group;
	size_t n;
	struct spot spots[BATCH_RECORDS];
};

struct check {
	struct dig_store *store;
	const struct dig_check_options *options;
	pthread_mutex_t mutex; /* around options->checked */
	struct dig_queue queue;
	unsigned nworkers;
	atomic_int io_errno;
	struct dig_check_totals totals;
	uint64_t total_bytes;
	atomic_uint_fast64_t nflaws;
	uint32_t bad_parity; /* pack whose .par was called damaged last */
	pthread_mutex_t at_work_mutex;
	pthread_cond_t idle;
	size_t at_work; /* batches that are not done */
};

struct worker {
	struct check *check;
	struct dig_reader *reader;
	struct dig_codec_ctx *codec;
	struct dig_buf bytes; /* of the batch */
	struct dig_buf healed;
	struct dig_buf raw;
	struct dig_healer *healer; /* for cells, of one pack */
	uint32_t healer_pack;
};

static void
say_of(struct check *check, const char *file, const struct dig_location *at,
    enum dig_kind kind, const struct dig_oid *id, uint64_t raw_bytes,
    const char *flaw)
{
	struct dig_checked checked;

	if (flaw == NULL && !check->options->decode)
		return;
	if (flaw != NULL)
		atomic_fetch_add(&check->nflaws, 1);
	memset(&checked, 0, sizeof(checked));
	snprintf(checked.file, sizeof(checked.file), "%s", file);
	checked.at = *at;
	checked.kind = kind;
	if (id != NULL)
		checked.id = *id;
	checked.raw_bytes = raw_bytes;
	checked.flaw = flaw;
	pthread_mutex_lock(&check->mutex);
	check->options->checked(check->options->arg, &checked);
	pthread_mutex_unlock(&check->mutex);
}

static void
say(struct check *check, const struct dig_location *at, enum dig_kind kind,
    const struct dig_oid *id, uint64_t raw_bytes, const char *flaw)
{
	char name[24];

	dig_pack_name(at->pack, name);
	say_of(check, name, at, kind, id, raw_bytes, flaw);
}

/* ---- Objects ---------------------------------------------------------- */

const char *
dig_check_id(enum dig_kind kind, const uint8_t *raw, size_t len,
    struct dig_oid *id, struct dig_error *err)
{
	struct dig_commit *commit;
	struct dig_tag *tag;
	enum dig_status st = DIG_OK;

	switch (kind) {
	case DIG_KIND_CHUNK:
		dig_sha256(raw, len, id->bytes);
		break;
	case DIG_KIND_CONTENT:
		st = dig_content_node_id(raw, len, id, err);
		break;
	case DIG_KIND_TREE:
		st = dig_tree_node_id(raw, len, id, err);
		break;
	case DIG_KIND_COMMIT:
		dig_commit_id(raw, len, id);
		commit = dig_alloc(sizeof(*commit));
		st = dig_commit_decode(raw, len, commit, err);
		free(commit);
		break;
	case DIG_KIND_TAG:
		dig_sha256_domain(DIG_DOMAIN_TAG, raw, len, id->bytes);
		tag = dig_alloc(sizeof(*tag));
		st = dig_tag_decode(raw, len, tag, err);
		free(tag);
		break;
	case DIG_KIND_STATE:
		dig_sha256_domain(DIG_DOMAIN_STATE, raw, len, id->bytes);
		break;
	case DIG_KIND_SOLID:
	case DIG_KIND_RUN:
		return "no object of this kind can be";
	}
	return st == DIG_OK ? NULL : err->msg;
}

/* Do the indexes lead here? What stands behind the last run is in memory. */
static bool
is_indexed(struct worker *worker, const struct dig_location *at,
    enum dig_kind kind, const struct dig_oid *id)
{
	struct dig_store *store = worker->check->store;
	struct dig_location places[DIG_LOCATIONS_MAX];
	const struct dig_open_pack *pack;
	struct dig_error err;
	size_t found;

	if (dig_store_locate(store, kind, id, places, &found, &err) != DIG_OK)
		return false;
	for (size_t i = 0; i < found; i++)
		if (places[i].pack == at->pack &&
		    places[i].offset == at->offset &&
		    places[i].slot == at->slot)
			return true;
	/* With so many places the list is not all of them; and memory keeps
	 * one place of an object that stands behind the last run twice. */
	pack = dig_store_pack(store, at->pack);
	return found == DIG_LOCATIONS_MAX ||
	       (found > 0 &&
		   (pack->nruns == 0 || at->offset >= pack->runs[0].end));
}

static void
check_object(struct worker *worker, const struct dig_location *at,
    enum dig_kind kind, const struct dig_oid *id, const uint8_t *raw,
    size_t len)
{
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_oid now;
	const char *flaw = dig_check_id(kind, raw, len, &now, &err);

	if (flaw == NULL && !dig_oid_eq(&now, id))
		flaw = "its bytes do not match its id";
	say(worker->check, at, kind, id, len, flaw);
	if (flaw == NULL && !is_indexed(worker, at, kind, id))
		say(worker->check, at, kind, id, len,
		    "the pack's index does not lead to it");
}

/* ---- Records ---------------------------------------------------------- */

static void
check_solid(struct worker *worker, const struct dig_location *where,
    const struct dig_record *rec, const uint8_t *payload)
{
	struct check *check = worker->check;
	struct dig_solid_item *items = NULL;
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_location at = *where;
	struct dig_oid id;
	enum dig_status st;
	size_t frame_at;
	size_t nitems;

	st = dig_solid_decode(payload, (size_t)rec->stored_len, rec->raw_len,
	    &items, &nitems, &frame_at, &err);
	if (st == DIG_OK) {
		dig_sha256_domain(
		    DIG_DOMAIN_SOLID, payload, frame_at, id.bytes);
		if (!dig_oid_eq(&id, &rec->id))
			st = dig_raise(&err, DIG_ECORRUPT,
			    "its directory does not match its id");
	}
	if (st == DIG_OK) {
		dig_buf_reset(&worker->raw);
		dig_buf_reserve(&worker->raw, (size_t)rec->raw_len);
		st = dig_codec_decode(worker->codec, rec->codec,
		    payload + frame_at, (size_t)rec->stored_len - frame_at,
		    NULL, 0, worker->raw.data, (size_t)rec->raw_len, &err);
	}
	if (st != DIG_OK)
		say(check, &at, DIG_KIND_SOLID, &rec->id, rec->raw_len,
		    err.msg);
	for (size_t i = 0; st == DIG_OK && i < nitems; i++) {
		at.slot = (uint32_t)i + 1;
		check_object(worker, &at, items[i].kind, &items[i].id,
		    worker->raw.data + items[i].offset,
		    (size_t)items[i].raw_len);
	}
	free(items);
}

static void
check_single(struct worker *worker, const struct dig_location *at,
    const struct dig_record *rec, const uint8_t *payload)
{
	struct dig_error err = DIG_ERROR_INIT;
	const uint8_t *raw = payload;
	enum dig_status st = DIG_OK;

	if (rec->codec == DIG_CODEC_DELTA) {
		st = dig_reader_at(
		    worker->reader, rec->kind, at, &worker->raw, &err);
		raw = worker->raw.data;
	} else if (rec->codec == DIG_CODEC_ZSTD) {
		dig_buf_reset(&worker->raw);
		dig_buf_reserve(&worker->raw, (size_t)rec->raw_len);
		st = dig_codec_decode(worker->codec, rec->codec, payload,
		    (size_t)rec->stored_len, NULL, 0, worker->raw.data,
		    (size_t)rec->raw_len, &err);
		raw = worker->raw.data;
	}
	if (st != DIG_OK)
		say(worker->check, at, rec->kind, &rec->id, rec->raw_len,
		    err.msg);
	else
		check_object(
		    worker, at, rec->kind, &rec->id, raw, (size_t)rec->raw_len);
}

static void check_intact(struct worker *worker, const struct dig_location *at,
    const struct dig_record *rec, const uint8_t *bytes);

/* What parity can give back is damaged, but not lost. */
static void
check_damaged(struct worker *worker, const struct dig_location *at,
    const struct dig_record *rec, const char *flaw)
{
	struct dig_record right;

	if (!dig_heal_record(worker->check->store, at->pack, at->offset, &right,
		&worker->healed)) {
		say(worker->check, at, rec->kind, &rec->id, rec->raw_len, flaw);
		return;
	}
	say(worker->check, at, right.kind, &right.id, right.raw_len, flaw);
	check_intact(worker, at, &right, worker->healed.data);
}

static void
check_record(struct worker *worker, const struct dig_location *at,
    const struct dig_record *rec, const uint8_t *bytes)
{
	if (dig_record_intact(rec, bytes, bytes + rec->header_len))
		check_intact(worker, at, rec, bytes);
	else
		check_damaged(
		    worker, at, rec, "the record does not match its checksum");
}

static void
check_intact(struct worker *worker, const struct dig_location *at,
    const struct dig_record *rec, const uint8_t *bytes)
{
	const uint8_t *payload = bytes + rec->header_len;
	struct dig_oid id;

	if (!worker->check->options->decode)
		return;
	if (rec->kind == DIG_KIND_SOLID) {
		check_solid(worker, at, rec, payload);
	} else if (rec->kind == DIG_KIND_RUN) {
		dig_sha256_domain(
		    DIG_DOMAIN_RUN, payload, (size_t)rec->stored_len, id.bytes);
		if (!dig_oid_eq(&id, &rec->id))
			say(worker->check, at, rec->kind, &rec->id,
			    rec->raw_len, "its bytes do not match its id");
	} else {
		check_single(worker, at, rec, payload);
	}
}

/* ---- Cells, parity, mirrors ------------------------------------------- */

static struct dig_healer *
healer_of(struct worker *worker, uint32_t pack)
{
	if (worker->healer_pack != pack) {
		dig_healer_free(worker->healer);
		worker->healer = dig_healer_new(worker->check->store, pack);
		worker->healer_pack = pack;
	}
	return worker->healer;
}

/* The cells that end in a batch, where its records say nothing is wrong: then
 * it is padding, or the checksum of the cell. */
static void
check_cells(struct worker *worker, const struct batch *batch, uint64_t base,
    size_t have)
{
	struct dig_location where = { batch->pack->number, 0, 0 };
	struct dig_healer *healer = healer_of(worker, where.pack);
	uint64_t covered = dig_pack_covered(batch->state);
	uint64_t end;

	for (uint64_t at = batch->cells_from - batch->cells_from % CELL;
	     healer != NULL && at < covered; at = end) {
		end = at + CELL < covered ? at + CELL : covered;
		if (end > batch->cells_to)
			break;
		if (end <= batch->cells_from ||
		    (end - base <= have && dig_healer_cell_is(healer, at,
					       worker->bytes.data + (at - base),
					       (size_t)(end - at))))
			continue;
		where.offset = at;
		say(worker->check, &where, 0, NULL, 0,
		    "64 KiB do not match the checksum that parity has of them");
	}
}

static void
check_parity(struct worker *worker, const struct batch *batch)
{
	struct dig_location where = { batch->pack->number, 0, 0 };
	struct dig_healer *healer = healer_of(worker, where.pack);
	struct check *check = worker->check;
	char name[24];
	bool first;

	if (healer == NULL || dig_healer_parity_intact(healer, batch->group))
		return;
	pthread_mutex_lock(&check->mutex);
	first = check->bad_parity != where.pack;
	check->bad_parity = where.pack;
	pthread_mutex_unlock(&check->mutex);
	if (!first)
		return;
	dig_parity_name(where.pack, name);
	say_of(check, name, &where, 0, NULL, 0, "damaged, or missing");
}

/* A writer that went on deletes the mirror of a group that became full. */
static void
check_mirror(struct worker *worker, const struct batch *batch)
{
	struct dig_location where = { batch->pack->number, 0, 0 };
	struct check *check = worker->check;
	uint64_t from = dig_pack_covered(batch->state);
	size_t block = 256 << 10;
	uint8_t *data = dig_alloc(2 * block);
	const char *flaw = NULL;
	char name[40];
	int fd;

	dig_mirror_name(where.pack, batch->group, name);
	fd = dig_open_at(check->store->packs_dirfd, name, DIG_OPEN_READ);
	if (fd < 0)
		flaw = fd == -ENOENT ? "missing" : "it cannot be read";
	for (uint64_t at = from; flaw == NULL && at < batch->state->length;) {
		uint64_t left = batch->state->length - at;
		size_t n = left < block ? (size_t)left : block;

		if (dig_pread_full(batch->pack->fd, data, n, at) !=
			(int64_t)n ||
		    dig_pread_full(fd, data + block, n, at - from) !=
			(int64_t)n ||
		    memcmp(data, data + block, n) != 0)
			flaw = "it and the pack differ";
		at += n;
	}
	dig_close(fd);
	free(data);
	if (flaw != NULL && dig_journal_is_fresh(check->store->journal))
		say_of(check, name, &where, 0, NULL, 0, flaw);
}

static void
check_batch(struct worker *worker, const struct batch *batch)
{
	bool cells = worker->check->options->pieces != NULL &&
		     batch->state->shape.data != 0;
	uint64_t base =
	    cells ? batch->cells_from - batch->cells_from % CELL : batch->from;
	uint64_t end = cells ? batch->cells_to : batch->to;
	uint64_t flaws = atomic_load(&worker->check->nflaws);
	size_t len = (size_t)(end - base);
	int64_t n;

	if (batch->what == BATCH_PARITY) {
		check_parity(worker, batch);
		return;
	}
	if (batch->what == BATCH_MIRROR) {
		check_mirror(worker, batch);
		return;
	}
	dig_buf_reset(&worker->bytes);
	dig_buf_reserve(&worker->bytes, len);
	n = dig_pread_full(batch->pack->fd, worker->bytes.data, len, base);
	if (n < 0)
		n = 0; /* each of its records is one that cannot be read */
	for (size_t i = 0; i < batch->n; i++) {
		const struct dig_record *rec = &batch->spots[i].record;
		uint64_t at = batch->spots[i].at - base;
		struct dig_location where = { batch->pack->number,
			batch->spots[i].at, 0 };

		if (at + rec->header_len + rec->stored_len > (uint64_t)n)
			check_damaged(
			    worker, &where, rec, "the file ends within it");
		else
			check_record(
			    worker, &where, rec, worker->bytes.data + at);
	}
	if (cells && atomic_load(&worker->check->nflaws) == flaws)
		check_cells(worker, batch, base, (size_t)n);
}

static void
worker_init(struct worker *worker, struct check *check)
{
	memset(worker, 0, sizeof(*worker));
	worker->check = check;
	worker->reader = dig_reader_new(check->store);
	worker->codec = dig_codec_new(DIG_CODEC_LEVEL_MIN, false);
}

static void
worker_clear(struct worker *worker)
{
	dig_reader_free(worker->reader);
	dig_codec_free(worker->codec);
	dig_healer_free(worker->healer);
	dig_buf_clear(&worker->bytes);
	dig_buf_clear(&worker->healed);
	dig_buf_clear(&worker->raw);
}

static void
work(void *arg, unsigned index)
{
	struct worker worker;
	struct batch *batch;

	(void)index;
	worker_init(&worker, arg);
	while ((batch = dig_queue_pop(&worker.check->queue)) != NULL) {
		check_batch(&worker, batch);
		free(batch);
		pthread_mutex_lock(&worker.check->at_work_mutex);
		if (--worker.check->at_work == 0)
			pthread_cond_signal(&worker.check->idle);
		pthread_mutex_unlock(&worker.check->at_work_mutex);
	}
	worker_clear(&worker);
}

/* ---- Packs ------------------------------------------------------------ */

static void
hand_over(struct check *check, struct batch **batch)
{
	struct worker worker;

	if (*batch == NULL)
		return;
	if (check->nworkers == 0) {
		worker_init(&worker, check);
		check_batch(&worker, *batch);
		worker_clear(&worker);
		free(*batch);
	} else {
		pthread_mutex_lock(&check->at_work_mutex);
		check->at_work++;
		pthread_mutex_unlock(&check->at_work_mutex);
		dig_queue_push(&check->queue, *batch);
	}
	*batch = NULL;
}

static void
wait_until_idle(struct check *check)
{
	pthread_mutex_lock(&check->at_work_mutex);
	while (check->at_work > 0)
		pthread_cond_wait(&check->idle, &check->at_work_mutex);
	pthread_mutex_unlock(&check->at_work_mutex);
}

/* Header, length and seal of the file. */
static void
check_ends(struct check *check, const struct dig_open_pack *pack,
    const struct dig_pack_state *state)
{
	const uint8_t *store_id = dig_journal_store_id(check->store->journal);
	struct dig_location at = { pack->number, 0, 0 };
	struct dig_error why = DIG_ERROR_INIT;
	uint8_t bytes[DIG_PACK_HEADER];
	unsigned flags = 0;
	int64_t n;

	n = dig_pread_full(pack->fd, bytes, sizeof(bytes), 0);
	if (n < 0)
		say(check, &at, 0, NULL, 0, "its header cannot be read");
	else if ((size_t)n < sizeof(bytes))
		say(check, &at, 0, NULL, 0, "the file is too short");
	else if (dig_pack_header_check(
		     bytes, pack->number, &flags, store_id, &why) != DIG_OK)
		say(check, &at, 0, NULL, 0, why.msg);
	else if (flags != (state->flags & DIG_PACK_BULK))
		say(check, &at, 0, NULL, 0,
		    "header and journal differ about its sort");
	if ((state->flags & DIG_PACK_SEALED) == 0 ||
	    state->length < DIG_PACK_HEADER + SEAL_SIZE)
		return;
	n = dig_pread_full(
	    pack->fd, bytes, SEAL_SIZE, state->length - SEAL_SIZE);
	at.offset = state->length - SEAL_SIZE;
	if (n != SEAL_SIZE || memcmp(bytes, "digseal\n", 8) != 0 ||
	    dig_get_be64(bytes + 8) != state->run_offset)
		say(check, &at, 0, NULL, 0, "the seal is damaged");
}

static enum dig_status
check_state_of(struct check *check, struct dig_error *err)
{
	int rc = atomic_load(&check->io_errno);

	if (dig_interrupted())
		return dig_raise(err, DIG_ECANCELLED, "interrupted");
	if (rc != 0)
		return dig_raise_os(err, DIG_EIO, rc, "reading a pack");
	return DIG_OK;
}

/* The header of the record before may be what is damaged: its length. */
static bool
step_again(struct check *check, struct dig_pack_scan *scan, uint32_t pack)
{
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_record rec;
	bool moved =
	    scan->at != 0 &&
	    dig_heal_record(check->store, pack, scan->at, &rec, &bytes) &&
	    scan->at + bytes.len != scan->offset;

	if (moved)
		scan->offset = scan->at + bytes.len;
	dig_buf_clear(&bytes);
	return moved;
}

/* Past what is damaged; *done when nothing whole follows. */
static enum dig_status
skip_damage(struct check *check, struct dig_pack_scan *scan, uint32_t pack,
    bool *done, struct dig_error *err)
{
	struct dig_heal_scan heal = { check->store, pack };
	struct dig_location at = { pack, scan->offset, 0 };
	enum dig_status st;
	bool found;

	*done = false;
	if (step_again(check, scan, pack))
		return DIG_OK;
	say(check, &at, 0, NULL, 0, "no record can be read here");
	st = dig_heal_resync(&heal, scan, &found, err);
	if (st == DIG_ECORRUPT)
		st = DIG_OK;
	*done = !found;
	return st;
}

/* What walks one pack, or a piece of it. */
struct walk {
	struct check *check;
	const struct dig_open_pack *pack;
	const struct dig_pack_state *state;
	struct dig_check_piece piece; /* the part that is at work */
	uint64_t to;                  /* the end of all parts */
	uint64_t cells_from;
	struct dig_pack_scan scan;
	struct batch *batch;
	uint64_t flaws_before;
};

static struct batch *
new_batch(const struct walk *walk, enum batch_what what)
{
	struct batch *batch = dig_alloc(sizeof(*batch));

	batch->what = what;
	batch->pack = walk->pack;
	batch->state = walk->state;
	batch->n = 0;
	return batch;
}

static void
hand_over_batch(struct walk *walk, uint64_t cells_to)
{
	if (walk->batch == NULL)
		return;
	walk->batch->cells_from = walk->cells_from;
	walk->batch->cells_to = cells_to;
	walk->cells_from = cells_to;
	hand_over(walk->check, &walk->batch);
}

/* Parity of the groups that end in the part, and at the pack's end the mirror
 * of the open one. */
static void
hand_over_parity(struct walk *walk)
{
	const struct dig_pack_state *state = walk->state;
	uint64_t covered = dig_pack_covered(state);
	struct batch *batch;
	uint64_t bytes;
	uint64_t end;

	if (state->shape.data == 0)
		return;
	bytes = dig_parity_group_bytes(&state->shape);
	for (uint64_t at = walk->piece.from - walk->piece.from % bytes;
	     at < covered; at += bytes) {
		end = at + bytes < covered ? at + bytes : covered;
		if (end <= walk->piece.from)
			continue;
		if (end > walk->piece.to)
			break;
		batch = new_batch(walk, BATCH_PARITY);
		batch->group = at / bytes;
		hand_over(walk->check, &batch);
	}
	if (walk->piece.to < state->length || covered == state->length)
		return;
	batch = new_batch(walk, BATCH_MIRROR);
	batch->group = covered / bytes;
	hand_over(walk->check, &batch);
}

/* All up to here was handed over: wait for it, and say so. */
static void
end_part(struct walk *walk, uint64_t to)
{
	struct check *check = walk->check;

	hand_over_batch(walk, to);
	if (check->options->pieces == NULL || to == walk->piece.from)
		return;
	walk->piece.to = to;
	hand_over_parity(walk);
	wait_until_idle(check);
	walk->piece.flaws = atomic_load(&check->nflaws) - walk->flaws_before;
	check->options->piece_done(check->options->arg, &walk->piece);
	check->totals.bytes += to - walk->piece.from;
	walk->flaws_before = atomic_load(&check->nflaws);
	walk->piece.from = to;
}

/* A batch is full. False: no more of it. */
static bool
end_batch(struct walk *walk, enum dig_status *st, struct dig_error *err)
{
	struct check *check = walk->check;
	uint64_t at = walk->scan.at;
	uint64_t done;

	hand_over_batch(walk, at);
	if (at - walk->piece.from >= DIG_CHECK_PART)
		end_part(walk, at);
	done = check->totals.bytes;
	done += at - (check->options->pieces != NULL ? walk->piece.from : 0);
	if (check->options->progress != NULL)
		check->options->progress(
		    check->options->arg, done, check->total_bytes);
	*st = check_state_of(check, err);
	if (*st == DIG_OK && check->options->pieces != NULL &&
	    !check->options->go_on(check->options->arg, done))
		check->totals.stopped = true;
	return *st == DIG_OK && !check->totals.stopped;
}

static void
add_record(struct walk *walk)
{
	const struct dig_pack_scan *scan = &walk->scan;
	struct batch *batch = walk->batch;

	if (batch == NULL) {
		batch = walk->batch = new_batch(walk, BATCH_RECORDS_OF);
		batch->from = scan->at;
	}
	batch->spots[batch->n].at = scan->at;
	batch->spots[batch->n++].record = scan->record;
	batch->to =
	    scan->at + scan->record.header_len + scan->record.stored_len;
	walk->check->totals.records++;
}

static bool
is_full(const struct walk *walk)
{
	const struct dig_pack_scan *scan = &walk->scan;

	return walk->batch != NULL &&
	       (walk->batch->n == BATCH_RECORDS ||
		   scan->at + scan->record.header_len +
			   scan->record.stored_len - walk->batch->from >
		       BATCH_BYTES);
}

static enum dig_status
check_records(struct walk *walk, struct dig_error *err)
{
	struct check *check = walk->check;
	struct dig_pack_scan *scan = &walk->scan;
	enum dig_status st = DIG_OK;
	uint64_t end = walk->to;
	bool done = false;

	/* Records whose headers are healed are found damaged by a worker. */
	while (st == DIG_OK) {
		st = dig_pack_scan_next(scan, &done, err);
		if (st == DIG_ECORRUPT) {
			hand_over_batch(walk, scan->offset);
			st = skip_damage(
			    check, scan, walk->pack->number, &done, err);
			walk->cells_from = scan->offset; /* said already */
			if (st == DIG_OK && !done)
				continue;
		}
		if (st != DIG_OK || done || scan->at >= walk->to)
			break;
		if (is_full(walk) && !end_batch(walk, &st, err)) {
			end = scan->at;
			break;
		}
		add_record(walk);
	}
	if (st == DIG_OK)
		end_part(walk, end);
	free(walk->batch);
	return st;
}

/* Where the records of a piece begin, as the caller has it, or at the pack's
 * start, when none is there. */
static void
begin_walk(struct walk *walk, uint64_t from)
{
	struct dig_heal_scan *heal;
	struct dig_error err;
	bool done;

	heal = dig_alloc(sizeof(*heal));
	heal->store = walk->check->store;
	heal->pack = walk->pack->number;
	dig_pack_scan_init(&walk->scan, walk->pack->fd, walk->pack->flags, from,
	    walk->pack->length);
	walk->scan.heal = dig_heal_for_scan;
	walk->scan.heal_arg = heal;
	if (from > DIG_PACK_HEADER &&
	    dig_pack_scan_next(&walk->scan, &done, &err) != DIG_OK)
		from = 0;
	walk->scan.offset = from < DIG_PACK_HEADER ? DIG_PACK_HEADER : from;
	walk->piece.from = walk->cells_from = from;
}

static enum dig_status
check_piece(struct check *check, const struct dig_pack_state *state,
    uint64_t from, uint64_t to, struct dig_error *err)
{
	const struct dig_open_pack *pack =
	    dig_store_pack(check->store, state->number);
	struct dig_location at = { state->number, 0, 0 };
	struct walk walk = { 0 };
	enum dig_status st;

	if (pack == NULL) {
		say(check, &at, 0, NULL, 0, "the file is missing");
		return DIG_OK;
	}
	walk.check = check;
	walk.pack = pack;
	walk.state = state;
	walk.to = to;
	walk.piece.pack = state->number;
	walk.flaws_before = atomic_load(&check->nflaws);
	begin_walk(&walk, from);
	if (walk.piece.from <= DIG_PACK_HEADER)
		check_ends(check, pack, state);
	st = check_records(&walk, err);
	free(walk.scan.heal_arg);
	dig_pack_scan_clear(&walk.scan);
	return st == DIG_OK ? check_state_of(check, err) : st;
}

static enum dig_status
check_pieces(struct check *check, struct dig_error *err)
{
	const struct dig_state *state = dig_store_packs(check->store);
	enum dig_status st = DIG_OK;

	for (size_t i = 0; st == DIG_OK && i < check->options->npieces &&
			   !check->totals.stopped;
	     i++) {
		const struct dig_check_piece *piece =
		    &check->options->pieces[i];
		const struct dig_pack_state *pack =
		    dig_state_pack(state, piece->pack);

		if (pack != NULL && piece->to <= pack->length)
			st = check_piece(
			    check, pack, piece->from, piece->to, err);
	}
	return st;
}

static bool
is_wanted(const struct dig_check_options *options, uint32_t pack)
{
	return options->wanted == NULL || options->wanted(options->arg, pack);
}

static enum dig_status
check_packs(struct check *check, struct dig_error *err)
{
	const struct dig_state *state = dig_store_packs(check->store);
	enum dig_status st = DIG_OK;

	for (size_t i = 0; st == DIG_OK && i < state->npacks; i++) {
		const struct dig_pack_state *pack = &state->packs[i];

		if (!is_wanted(check->options, pack->number))
			continue;
		check->totals.packs++;
		st = check_piece(check, pack, 0, pack->length, err);
		if (dig_store_pack(check->store, pack->number) != NULL)
			check->totals.bytes += pack->length;
	}
	return st;
}

enum dig_status
dig_store_check(struct dig_store *store,
    const struct dig_check_options *options, struct dig_check_totals *out,
    struct dig_error *err)
{
	struct dig_group group;
	struct check check;
	enum dig_status st = dig_store_load(store, err);
	unsigned n = dig_thread_count();

	if (st != DIG_OK)
		return st;
	memset(&check, 0, sizeof(check));
	check.store = store;
	check.options = options;
	for (size_t i = 0; i < dig_store_packs(store)->npacks; i++)
		if (is_wanted(options, dig_store_packs(store)->packs[i].number))
			check.total_bytes +=
			    dig_store_packs(store)->packs[i].length;
	pthread_mutex_init(&check.mutex, NULL);
	pthread_mutex_init(&check.at_work_mutex, NULL);
	pthread_cond_init(&check.idle, NULL);
	dig_queue_init(&check.queue, 2 * (size_t)n);
	check.nworkers = dig_group_start(&group, n, work, &check);
	if (options->pieces != NULL)
		st = check_pieces(&check, err);
	else
		st = check_packs(&check, err);
	dig_queue_close(&check.queue);
	dig_group_join(&group);
	dig_queue_clear(&check.queue);
	pthread_mutex_destroy(&check.mutex);
	pthread_mutex_destroy(&check.at_work_mutex);
	pthread_cond_destroy(&check.idle);
	if (st == DIG_OK)
		st = check_state_of(&check, err);
	if (st == DIG_OK)
		*out = check.totals;
	return st;
}
