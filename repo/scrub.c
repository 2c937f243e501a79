/* SPDX-License-Identifier: MIT
 *
 * Scrub: which pieces of packs to read and in which order, and what the index
 * remembers of it. The reading is objects/check.h's.
 */
#include "repo/scrub.h"

#include <stdlib.h>
#include <time.h>

#include "repo/fsck_internal.h"

#define PAGE 1000
/* What is verified is noted about this often. */
#define NOTE_NS ((int64_t)2000000000)

/* A piece, with what is known of it. */
struct known {
	struct dig_check_piece piece;
	int64_t generation;
	int64_t time; /* 0: never */
	int64_t deep_time;
};

struct pieces {
	struct known *at;
	size_t count;
	size_t cap;
};

struct scrub {
	struct dig_repo *repo;
	const struct dig_scrub_options *options;
	struct pieces plan;
	struct pieces done; /* and not noted yet */
	struct dig_scrub_totals totals;
	bool lost; /* something could not be noted */
	int64_t begun_ns;
	int64_t noted_ns;
};

/* ---- The plan --------------------------------------------------------- */

static struct known *
add(struct pieces *pieces, uint32_t pack, uint64_t from, uint64_t to)
{
	struct known *known;

	DIG_GROW(pieces->at, pieces->cap, pieces->count + 1);
	known = &pieces->at[pieces->count++];
	memset(known, 0, sizeof(*known));
	known->piece.pack = pack;
	known->piece.from = from;
	known->piece.to = to;
	return known;
}

/* The rows of one pack, in order; what they leave out is a piece as well. */
static enum dig_status
read_rows(struct dig_db *db, const struct dig_pack_state *pack,
    struct pieces *out, struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	enum dig_status st = DIG_OK;
	int64_t after = -1;
	uint64_t at = 0;
	size_t n = db != NULL ? PAGE : 0;

	while (st == DIG_OK && n == PAGE) {
		st = dig_db_stmt(db, DIG_SQL_SCRUB_PAGE, &stmt, err);
		if (st != DIG_OK)
			return st;
		dig_stmt_bind_int(stmt, 1, pack->number);
		dig_stmt_bind_int(stmt, 2, after);
		dig_stmt_bind_int(stmt, 3, PAGE);
		for (n = 0; (st = dig_stmt_row(stmt, err)) == DIG_OK; n++) {
			uint64_t from = (uint64_t)dig_stmt_int(stmt, 0);
			uint64_t len = (uint64_t)dig_stmt_int(stmt, 1);
			struct known *known;

			after = (int64_t)from;
			if (from < at || from > pack->length ||
			    len > pack->length - from)
				continue; /* not of this pack as it is */
			if (from > at)
				add(out, pack->number, at, from);
			at = from + len;
			known = add(out, pack->number, from, at);
			known->generation = dig_stmt_int(stmt, 2);
			known->time = dig_stmt_int(stmt, 3);
			known->deep_time = dig_stmt_int(stmt, 4);
		}
		dig_stmt_done(stmt);
		if (st == DIG_ENOTFOUND)
			st = DIG_OK;
	}
	if (st == DIG_OK && at < pack->length)
		add(out, pack->number, at, pack->length);
	return st;
}

/* Small pieces that lie together are read as one, or a pack that grows by
 * small commits would get a row for each. */
static void
join_small(struct pieces *pieces)
{
	size_t n = 0;

	for (size_t i = 0; i < pieces->count; i++) {
		struct known *last = n > 0 ? &pieces->at[n - 1] : NULL;
		const struct known *now = &pieces->at[i];

		if (last == NULL || last->piece.pack != now->piece.pack ||
		    now->piece.to - last->piece.from > DIG_CHECK_PART) {
			pieces->at[n++] = *now;
			continue;
		}
		last->piece.to = now->piece.to;
		if (now->generation < last->generation)
			last->generation = now->generation;
		if (now->time < last->time)
			last->time = now->time;
		if (now->deep_time < last->deep_time)
			last->deep_time = now->deep_time;
	}
	pieces->count = n;
}

static int
by_place(const struct known *a, const struct known *b)
{
	if (a->piece.pack != b->piece.pack)
		return a->piece.pack < b->piece.pack ? -1 : 1;
	return a->piece.from < b->piece.from ? -1 : 1;
}

static int
by_time(const void *a, const void *b)
{
	const struct known *x = a;
	const struct known *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return by_place(x, y);
}

static int
by_deep_time(const void *a, const void *b)
{
	const struct known *x = a;
	const struct known *y = b;

	if (x->deep_time != y->deep_time)
		return x->deep_time < y->deep_time ? -1 : 1;
	return by_place(x, y);
}

static enum dig_status
make_plan(struct scrub *scrub, struct dig_error *err)
{
	const struct dig_state *state = dig_index_state(scrub->repo->index);
	struct dig_db *db = dig_index_db(scrub->repo->index);
	struct pieces *plan = &scrub->plan;
	enum dig_status st = DIG_OK;

	for (size_t i = 0; st == DIG_OK && i < state->npacks; i++) {
		scrub->totals.total_bytes += state->packs[i].length;
		st = read_rows(db, &state->packs[i], plan, err);
	}
	join_small(plan);
	if (plan->count > 0)
		qsort(plan->at, plan->count, sizeof(*plan->at),
		    scrub->options->deep ? by_deep_time : by_time);
	return st;
}

/* ---- What was found right --------------------------------------------- */

static enum dig_status
note_piece(struct dig_db *db, const struct known *known, struct dig_error *err)
{
	const struct dig_check_piece *piece = &known->piece;
	struct dig_stmt *stmt = NULL;
	enum dig_status st;

	st = dig_db_stmt(db, DIG_SQL_SCRUB_DELETE, &stmt, err);
	if (st != DIG_OK)
		return st;
	dig_stmt_bind_int(stmt, 1, piece->pack);
	dig_stmt_bind_int(stmt, 2, (int64_t)piece->from);
	dig_stmt_bind_int(stmt, 3, (int64_t)piece->to);
	st = dig_stmt_run(stmt, err);
	dig_stmt_done(stmt);
	if (st != DIG_OK || piece->flaws > 0)
		return st;
	st = dig_db_stmt(db, DIG_SQL_SCRUB_PUT, &stmt, err);
	if (st != DIG_OK)
		return st;
	dig_stmt_bind_int(stmt, 1, piece->pack);
	dig_stmt_bind_int(stmt, 2, (int64_t)piece->from);
	dig_stmt_bind_int(stmt, 3, (int64_t)(piece->to - piece->from));
	dig_stmt_bind_int(stmt, 4, known->generation);
	dig_stmt_bind_int(stmt, 5, known->time);
	if (known->deep_time != 0)
		dig_stmt_bind_int(stmt, 6, known->deep_time);
	else
		dig_stmt_bind_null(stmt, 6);
	st = dig_stmt_run(stmt, err);
	dig_stmt_done(stmt);
	return st;
}

static enum dig_status
note_all(void *arg, struct dig_db *db, struct dig_error *err)
{
	const struct pieces *done = arg;
	enum dig_status st = DIG_OK;

	for (size_t i = 0; st == DIG_OK && i < done->count; i++)
		st = note_piece(db, &done->at[i], err);
	return st;
}

/* The lock may not be free: then later, and at the end never. */
static void
note(struct scrub *scrub)
{
	struct dig_error err = DIG_ERROR_INIT;
	bool done = false;

	scrub->noted_ns = dig_now_ns();
	if (scrub->done.count == 0)
		return;
	if (dig_index_note(scrub->repo->index, note_all, &scrub->done, &done,
		&err) != DIG_OK)
		dig_log("scrub: %s", err.msg);
	if (done)
		scrub->done.count = 0;
}

/* What was known of a place before. */
static const struct known *
known_at(const struct scrub *scrub, const struct dig_check_piece *piece)
{
	static const struct known nothing;

	for (size_t i = 0; i < scrub->plan.count; i++) {
		const struct known *known = &scrub->plan.at[i];

		if (known->piece.pack == piece->pack &&
		    known->piece.from <= piece->from &&
		    piece->to <= known->piece.to)
			return known;
	}
	return &nothing;
}

static void
piece_done(void *arg, const struct dig_check_piece *piece)
{
	struct scrub *scrub = arg;
	const struct known *before = known_at(scrub, piece);
	struct known *known =
	    add(&scrub->done, piece->pack, piece->from, piece->to);

	known->piece.flaws = piece->flaws;
	known->generation = before->generation + 1;
	known->time = dig_wall_seconds();
	known->deep_time =
	    scrub->options->deep ? known->time : before->deep_time;
	if (dig_now_ns() - scrub->noted_ns >= NOTE_NS)
		note(scrub);
}

/* ---- The whole -------------------------------------------------------- */

static void
checked(void *arg, const struct dig_checked *it)
{
	struct scrub *scrub = arg;
	struct dig_finding finding;
	char file[48];

	if (it->flaw == NULL)
		return;
	scrub->totals.damaged++;
	dig_fsck_place(it, &finding, file);
	scrub->options->finding(scrub->options->arg, &finding);
}

static void
nap(int64_t ns)
{
	struct timespec time = { ns / 1000000000, ns % 1000000000 };

	nanosleep(&time, NULL); /* a signal ends it: the caller looks again */
}

/* Wait until the bytes may have been read; is there time for more? */
static bool
go_on(void *arg, uint64_t done_bytes)
{
	const struct scrub *scrub = arg;
	const struct dig_scrub_options *options = scrub->options;
	int64_t begun = scrub->begun_ns;
	int64_t end = options->max_ms == 0 ? INT64_MAX
					   : begun + options->max_ms * 1000000;
	int64_t due = begun;
	int64_t now;

	if (options->bytes_per_second != 0)
		due += (int64_t)((double)done_bytes * 1e9 /
				 (double)options->bytes_per_second);
	while ((now = dig_now_ns()) < due && now < end && !dig_interrupted())
		nap(due - now < 100000000 ? due - now : 100000000);
	return now < end;
}

static void
progress(void *arg, uint64_t done_bytes, uint64_t total_bytes)
{
	const struct dig_talk *talk = &((struct scrub *)arg)->repo->talk;
	struct dig_progress_report report = { "scrubbing", 0, 0, done_bytes,
		total_bytes, NULL };

	if (talk->progress != NULL)
		talk->progress(talk->arg, &report);
}

static enum dig_status
read_all(struct scrub *scrub, struct dig_error *err)
{
	struct dig_store *store = dig_index_store(scrub->repo->index);
	struct dig_check_piece *pieces =
	    dig_calloc(scrub->plan.count + 1, sizeof(*pieces));
	struct dig_check_options options = {
		.decode = scrub->options->deep,
		.arg = scrub,
		.checked = checked,
		.progress = progress,
		.pieces = pieces,
		.npieces = scrub->plan.count,
		.go_on = go_on,
		.piece_done = piece_done,
	};
	struct dig_check_totals totals = { 0 };
	enum dig_status st;

	for (size_t i = 0; i < scrub->plan.count; i++)
		pieces[i] = scrub->plan.at[i].piece;
	scrub->begun_ns = scrub->noted_ns = dig_now_ns();
	st = dig_store_check(store, &options, &totals, err);
	note(scrub);
	scrub->totals.records = totals.records;
	scrub->totals.bytes = totals.bytes;
	scrub->totals.stopped = totals.stopped;
	scrub->totals.recorded = scrub->done.count == 0;
	free(pieces);
	return st;
}

enum dig_status
dig_repo_scrub(struct dig_repo *repo, const struct dig_scrub_options *options,
    struct dig_scrub_totals *out, struct dig_error *err)
{
	struct scrub scrub = { .repo = repo, .options = options };
	enum dig_status st = make_plan(&scrub, err);

	if (st == DIG_OK)
		st = read_all(&scrub, err);
	if (st == DIG_OK)
		*out = scrub.totals;
	free(scrub.plan.at);
	free(scrub.done.at);
	return st;
}

enum dig_status
dig_repo_scrubbed(
    struct dig_repo *repo, struct dig_scrub_sum *out, struct dig_error *err)
{
	const struct dig_state *state = dig_index_state(repo->index);
	struct dig_db *db = dig_index_db(repo->index);
	struct pieces pieces = { NULL, 0, 0 };
	enum dig_status st = DIG_OK;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; st == DIG_OK && i < state->npacks; i++) {
		out->total_bytes += state->packs[i].length;
		st = read_rows(db, &state->packs[i], &pieces, err);
	}
	for (size_t i = 0; i < pieces.count; i++) {
		const struct known *known = &pieces.at[i];
		uint64_t len = known->piece.to - known->piece.from;

		if (known->time != 0) {
			out->bytes += len;
			if (out->oldest == 0 || known->time < out->oldest)
				out->oldest = known->time;
		}
		if (known->deep_time != 0) {
			out->deep_bytes += len;
			if (out->deep_oldest == 0 ||
			    known->deep_time < out->deep_oldest)
				out->deep_oldest = known->deep_time;
		}
	}
	free(pieces.at);
	return st;
}
