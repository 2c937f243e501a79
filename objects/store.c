/* SPDX-License-Identifier: MIT
 *
 * The store: opening, where objects are, begin and end of a transaction.
 */
#include "objects/store.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "objects/base/io.h"
#include "objects/heal.h"
#include "objects/store_internal.h"

/* How often packs are looked up anew because a gc took one away. */
#define LOAD_TRIES 20
/* What a long command stored is known by the map, up to so many objects. */
#define MAP_FULL ((size_t)64 << 10)

enum dig_status
dig_store_open(int dig_dirfd, const struct dig_journal_hint *hint,
    struct dig_store **out, struct dig_error *err)
{
	struct dig_store *store = dig_calloc(1, sizeof(*store));
	enum dig_status st;

	store->dirfd = dig_dirfd;
	pthread_mutex_init(&store->mutex, NULL);
	pthread_mutex_init(&store->rows_mutex, NULL);
	dig_oidmap_init(&store->map);
	dig_pack_out_init(&store->normal, store, false);
	dig_pack_out_init(&store->bulk, store, true);
	store->packs_dirfd =
	    dig_open_at(dig_dirfd, "packs", DIG_OPEN_DIRECTORY);
	if (store->packs_dirfd < 0)
		st = dig_raise_os(
		    err, DIG_EIO, -store->packs_dirfd, "opening .dig/packs");
	else
		st = dig_journal_open(dig_dirfd, hint, &store->journal, err);
	if (st != DIG_OK) {
		dig_store_close(store);
		return st;
	}
	*out = store;
	return DIG_OK;
}

void
dig_store_unload(struct dig_store *store)
{
	for (size_t i = 0; i < store->npacks; i++) {
		for (size_t j = 0; j < store->packs[i].nruns; j++)
			dig_run_clear(&store->packs[i].runs[j]);
		free(store->packs[i].runs);
		dig_close(store->packs[i].fd);
	}
	store->npacks = 0;
	dig_oidmap_reset(&store->map);
	store->loaded = store->verified = false;
	dig_journal_close(store->newer);
	store->newer = NULL;
}

void
dig_store_close(struct dig_store *store)
{
	if (store == NULL)
		return;
	dig_pack_out_clear(&store->normal);
	dig_pack_out_clear(&store->bulk);
	dig_store_unload(store);
	free(store->packs);
	free(store->rows);
	free(store->sealed);
	free(store->stale);
	dig_oidmap_clear(&store->map);
	dig_journal_close(store->journal);
	dig_close(store->packs_dirfd);
	pthread_mutex_destroy(&store->mutex);
	pthread_mutex_destroy(&store->rows_mutex);
	free(store);
}

const struct dig_state *
dig_store_state(const struct dig_store *store)
{
	return dig_journal_state(store->journal);
}

struct dig_journal *
dig_store_journal(struct dig_store *store)
{
	return store->journal;
}

uint32_t
dig_store_chunk_profile(const struct dig_store *store)
{
	return dig_journal_chunk_profile(store->journal);
}

enum dig_status
dig_store_refresh(struct dig_store *store, struct dig_error *err)
{
	struct dig_journal *fresh;
	enum dig_status st;

	if (dig_journal_is_fresh(store->journal) && store->newer == NULL)
		return DIG_OK;
	st = dig_journal_reopen(store->journal, &fresh, err);
	if (st != DIG_OK)
		return st;
	dig_journal_close(store->journal);
	store->journal = fresh;
	dig_store_unload(store);
	return DIG_OK;
}

/* ---- Where objects are ------------------------------------------------ */

/* The runs of a pack, newest first, down to the first or to a trailer. */
static enum dig_status
load_runs(
    struct dig_open_pack *pack, uint64_t run_offset, struct dig_error *err)
{
	enum dig_status st = DIG_OK;
	size_t cap = 0;

	while (run_offset != 0 && st == DIG_OK) {
		DIG_GROW(pack->runs, cap, pack->nruns + 1);
		st = dig_run_open(pack->fd, run_offset, pack->length,
		    &pack->runs[pack->nruns], err);
		if (st == DIG_OK) {
			run_offset = pack->runs[pack->nruns].previous;
			pack->nruns++;
		}
	}
	return st;
}

/* Into the map. Returns how many objects it was. */
static size_t
place_record(struct dig_store *store, uint32_t pack,
    const struct dig_record *rec, uint64_t at,
    const struct dig_solid_item *items, size_t nitems)
{
	struct dig_location where = { pack, at, 0 };

	if (rec->kind == DIG_KIND_RUN)
		return 0;
	if (rec->kind != DIG_KIND_SOLID) {
		dig_oidmap_place(
		    &store->map, rec->kind, &rec->id, &where, NULL, 0);
		return 1;
	}
	for (size_t i = 0; i < nitems; i++) {
		where.slot = (uint32_t)i + 1;
		dig_oidmap_place(
		    &store->map, items[i].kind, &items[i].id, &where, NULL, 0);
	}
	return nitems;
}

/* The next record, past what is damaged. */
static enum dig_status
next_record(struct dig_pack_scan *scan, const struct dig_heal_scan *heal,
    bool *done, bool *damaged, struct dig_error *err)
{
	enum dig_status st = dig_pack_scan_next(scan, done, err);
	bool found;

	if (st != DIG_ECORRUPT)
		return st;
	*damaged = true;
	dig_log("pack %06u: %s", heal->pack, err->msg);
	st = dig_heal_resync(heal, scan, &found, err);
	return st == DIG_OK ? dig_pack_scan_next(scan, done, err) : st;
}

/* What stands behind the last run. */
static uint64_t
tail_of(const struct dig_open_pack *pack)
{
	return pack->nruns > 0 ? pack->runs[0].end : 0;
}

/*
 * Records from an offset on (that of the last run's end), by their headers;
 * with verify, their checksums too.
 */
static enum dig_status
load_tail(struct dig_store *store, struct dig_open_pack *pack, uint64_t from,
    bool verify, size_t *count, struct dig_error *err)
{
	struct dig_heal_scan heal = { store, pack->number };
	struct dig_pack_scan scan;
	struct dig_buf payload = DIG_BUF_INIT;
	enum dig_status st;
	bool damaged = false;
	bool done;

	*count = 0;
	dig_pack_scan_init(&scan, pack->fd, pack->flags, from, pack->length);
	scan.heal = dig_heal_for_scan;
	scan.heal_arg = &heal;
	for (;;) {
		struct dig_solid_item *items = NULL;
		size_t nitems = 0;
		size_t frame_at;

		st = next_record(&scan, &heal, &done, &damaged, err);
		if (st != DIG_OK || done)
			break;
		if (verify || scan.record.kind == DIG_KIND_SOLID) {
			st = dig_pack_scan_payload(&scan, &payload, err);
			damaged |= scan.healed;
			if (st == DIG_OK && scan.record.kind == DIG_KIND_SOLID)
				st = dig_solid_decode(payload.data, payload.len,
				    scan.record.raw_len, &items, &nitems,
				    &frame_at, err);
			if (st == DIG_ECORRUPT || st == DIG_EIO) {
				damaged = true;
				continue; /* a look-up that fails says so */
			}
			if (st != DIG_OK)
				break;
		}
		damaged |= scan.healed;
		*count += place_record(
		    store, pack->number, &scan.record, scan.at, items, nitems);
		free(items);
	}
	if (damaged)
		atomic_store(&pack->damaged, true);
	dig_pack_scan_clear(&scan);
	dig_buf_clear(&payload);
	return st;
}

static enum dig_status
open_pack(struct dig_store *store, const struct dig_pack_state *state,
    struct dig_open_pack *out, struct dig_error *err)
{
	char name[24];

	memset(out, 0, sizeof(*out));
	dig_pack_name(state->number, name);
	out->number = state->number;
	out->flags = state->flags;
	out->length = state->length;
	out->fd = dig_open_at(store->packs_dirfd, name, DIG_OPEN_READ);
	if (out->fd == -ENOENT && state->shape.data != 0 &&
	    dig_pack_covered(state) == 0) {
		/* All of it is in the mirror. */
		char mirror[40];

		dig_mirror_name(state->number, 0, mirror);
		out->fd =
		    dig_open_at(store->packs_dirfd, mirror, DIG_OPEN_READ);
		atomic_store(&out->damaged, true);
		if (out->fd >= 0)
			dig_heal_note(store, state->number, 0);
	}
	if (out->fd < 0)
		return dig_raise_os(err,
		    out->fd == -ENOENT ? DIG_ECORRUPT : DIG_EIO, -out->fd,
		    "opening pack %s", name);
	return DIG_OK;
}

const struct dig_state *
dig_store_packs(const struct dig_store *store)
{
	return dig_journal_state(
	    store->newer != NULL ? store->newer : store->journal);
}

/* *missing: a pack is not there. */
static enum dig_status
load_all(struct dig_store *store, bool *missing, struct dig_error *err)
{
	const struct dig_state *state = dig_store_packs(store);
	enum dig_status st;

	*missing = false;
	for (size_t i = 0; i < state->npacks; i++) {
		struct dig_open_pack *pack;

		DIG_GROW(store->packs, store->packs_cap, store->npacks + 1);
		pack = &store->packs[store->npacks];
		st = open_pack(store, &state->packs[i], pack, err);
		if (st == DIG_ECORRUPT) {
			/* A lost pack: what it held is reported when missed. */
			dig_log("%s", err->msg);
			*missing = true;
			continue;
		}
		if (st != DIG_OK)
			return st;
		store->npacks++;
		st = load_runs(pack, state->packs[i].run_offset, err);
		if (st == DIG_ECORRUPT || st == DIG_EIO) {
			/* The records themselves say the same. */
			dig_log("pack %06u: %s", pack->number, err->msg);
			for (size_t j = 0; j < pack->nruns; j++)
				dig_run_clear(&pack->runs[j]);
			pack->nruns = 0;
			pack->damaged = true;
			pack->flags &= ~(unsigned)DIG_PACK_SEALED;
			st = DIG_OK;
		}
		if (st == DIG_OK && !(pack->flags & DIG_PACK_SEALED))
			st = load_tail(store, pack, tail_of(pack), false,
			    &pack->ntail, err);
		if (st != DIG_OK)
			return st;
	}
	store->loaded = true;
	return DIG_OK;
}

/*
 * A pack that is missing may have been taken away by a gc since the journal was
 * read: then the journal has moved, and names others that have all of it.
 */
static enum dig_status
load_current(struct dig_store *store, struct dig_error *err)
{
	struct dig_journal *newer = NULL;
	enum dig_status st = DIG_OK;
	bool missing = false;

	for (int tries = 0; tries < LOAD_TRIES; tries++) {
		const struct dig_journal *seen =
		    store->newer != NULL ? store->newer : store->journal;

		st = load_all(store, &missing, err);
		if (st != DIG_OK || !missing || store->writing ||
		    dig_journal_is_fresh(seen))
			break;
		st = dig_journal_reopen(seen, &newer, err);
		dig_store_unload(store);
		if (st != DIG_OK)
			break;
		store->newer = newer;
	}
	if (st != DIG_OK)
		dig_store_unload(store);
	return st;
}

enum dig_status
dig_store_load(struct dig_store *store, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	pthread_mutex_lock(&store->mutex);
	if (!store->loaded)
		st = load_current(store, err);
	pthread_mutex_unlock(&store->mutex);
	return st;
}

/*
 * Threads may be searching the runs: a damaged one stays, and the map, which is
 * asked first, gets what all records of its pack say.
 */
static enum dig_status
verify_pack(
    struct dig_store *store, struct dig_open_pack *pack, struct dig_error *err)
{
	enum dig_status st = DIG_OK;
	bool intact = true;
	size_t count;

	for (size_t i = 0; st == DIG_OK && intact && i < pack->nruns; i++)
		st = dig_run_verify(&pack->runs[i], &intact, err);
	if (st == DIG_EIO)
		intact = false;
	else if (st != DIG_OK)
		return st;
	if (intact && (pack->flags & DIG_PACK_SEALED))
		return DIG_OK;
	if (!intact) {
		dig_log("pack %06u: its index is damaged", pack->number);
		atomic_store(&pack->damaged, true);
	}
	return load_tail(
	    store, pack, intact ? tail_of(pack) : 0, true, &count, err);
}

enum dig_status
dig_store_verify_runs(struct dig_store *store, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	pthread_mutex_lock(&store->mutex);
	for (size_t i = 0;
	     st == DIG_OK && !store->verified && i < store->npacks; i++)
		st = verify_pack(store, &store->packs[i], err);
	store->verified = st == DIG_OK;
	pthread_mutex_unlock(&store->mutex);
	return st;
}

struct dig_open_pack *
dig_store_pack(struct dig_store *store, uint32_t number)
{
	for (size_t i = store->npacks; i > 0; i--)
		if (store->packs[i - 1].number == number)
			return &store->packs[i - 1];
	return NULL;
}

enum dig_status
dig_store_locate(struct dig_store *store, enum dig_kind kind,
    const struct dig_oid *id, struct dig_location *out, size_t *found,
    struct dig_error *err)
{
	struct dig_run_entry hits[DIG_LOCATIONS_MAX];
	struct dig_oidmap_entry entry;
	enum dig_status st = dig_store_load(store, err);
	size_t n;

	*found = 0;
	if (st != DIG_OK)
		return st;
	if (dig_oidmap_find(&store->map, kind, id, &entry) && entry.placed)
		out[(*found)++] = entry.at;
	for (size_t i = store->npacks; i > 0; i--) {
		const struct dig_open_pack *pack = &store->packs[i - 1];

		for (size_t j = 0; j < pack->nruns; j++) {
			st = dig_run_find(&pack->runs[j], kind, id, hits,
			    DIG_LOCATIONS_MAX - *found, &n, err);
			if (st != DIG_OK)
				return st;
			for (size_t k = 0; k < n; k++) {
				out[*found].pack = pack->number;
				out[*found].offset = hits[k].offset;
				out[*found].slot = hits[k].slot;
				(*found)++;
			}
			if (*found == DIG_LOCATIONS_MAX)
				return DIG_OK;
		}
	}
	return DIG_OK;
}

enum dig_status
dig_store_has(struct dig_store *store, enum dig_kind kind,
    const struct dig_oid *id, bool *out, struct dig_error *err)
{
	struct dig_location at[DIG_LOCATIONS_MAX];
	enum dig_status st;
	size_t found;

	st = dig_store_locate(store, kind, id, at, &found, err);
	if (st == DIG_OK)
		*out = found > 0;
	return st;
}

enum dig_status
dig_store_place(struct dig_store *store, enum dig_kind kind,
    const struct dig_oid *id, struct dig_location *out, struct dig_error *err)
{
	struct dig_location at[DIG_LOCATIONS_MAX];
	enum dig_status st;
	size_t found;

	st = dig_store_locate(store, kind, id, at, &found, err);
	if (st != DIG_OK)
		return st;
	if (found == 0)
		return dig_raise(err, DIG_ENOTFOUND, "it stands nowhere");
	*out = at[0];
	return DIG_OK;
}

struct range {
	enum dig_kind kind;
	const struct dig_oid *low;
	const struct dig_oid *high;
	struct dig_oid *out;
	size_t max;
	size_t found;
};

static void
range_add(struct range *range, const struct dig_oid *id)
{
	if (dig_oid_cmp(id, range->low) < 0 ||
	    dig_oid_cmp(id, range->high) > 0 || range->found == range->max)
		return;
	for (size_t i = 0; i < range->found; i++)
		if (dig_oid_eq(&range->out[i], id))
			return;
	range->out[range->found++] = *id;
}

static void
range_entry(void *arg, const struct dig_oidmap_entry *entry)
{
	struct range *range = arg;

	if (entry->kind == (uint8_t)range->kind)
		range_add(range, &entry->id);
}

enum dig_status
dig_store_range(struct dig_store *store, enum dig_kind kind,
    const struct dig_oid *low, const struct dig_oid *high, struct dig_oid *out,
    size_t max, size_t *found, struct dig_error *err)
{
	struct range range = { kind, low, high, out, max, 0 };
	enum dig_status st = dig_store_load(store, err);

	if (st != DIG_OK)
		return st;
	dig_oidmap_each(&store->map, range_entry, &range);
	for (size_t i = 0; i < store->npacks; i++)
		for (size_t j = 0; j < store->packs[i].nruns; j++) {
			const struct dig_run *run = &store->packs[i].runs[j];
			uint64_t at = run->fanout[low->bytes[0]];
			uint64_t end = run->fanout[high->bytes[0] + 1];

			for (; at < end && range.found < max; at++) {
				struct dig_run_entry entry;

				st = dig_run_entries(run, at, 1, &entry, err);
				if (st != DIG_OK)
					return st;
				if (entry.kind == (uint8_t)kind)
					range_add(&range, &entry.id);
			}
		}
	*found = range.found;
	return DIG_OK;
}

bool
dig_store_is_lower(struct dig_store *store, uint32_t base, bool base_bulk,
    uint32_t to, bool to_bulk)
{
	(void)store;
	if (base_bulk != to_bulk)
		return base_bulk;
	return base < to;
}

/* ---- Rows ------------------------------------------------------------- */

static enum dig_status
row_of(uint32_t pack, struct dig_pack_scan *scan, struct dig_buf *payload,
    dig_row_fn *fn, void *arg, struct dig_error *err)
{
	const struct dig_record *rec = &scan->record;
	struct dig_solid_item *items = NULL;
	struct dig_object_row row;
	enum dig_status st;
	size_t frame_at;
	size_t nitems;

	memset(&row, 0, sizeof(row));
	row.at.pack = pack;
	row.at.offset = scan->at;
	row.kind = rec->kind;
	row.codec = rec->codec;
	row.raw_bytes = rec->raw_len;
	row.stored_bytes = rec->header_len + rec->stored_len;
	row.id = rec->id;
	if (rec->codec == DIG_CODEC_DELTA && rec->base_distance == 0)
		row.base = rec->base_id;
	if (rec->kind == DIG_KIND_RUN)
		return DIG_OK;
	if (rec->kind != DIG_KIND_SOLID)
		return fn(arg, &row, err);
	st = dig_pack_scan_payload(scan, payload, err);
	if (st == DIG_OK)
		st = dig_solid_decode(payload->data, payload->len, rec->raw_len,
		    &items, &nitems, &frame_at, err);
	for (size_t i = 0; st == DIG_OK && i < nitems; i++) {
		row.at.slot = (uint32_t)i + 1;
		row.kind = items[i].kind;
		row.raw_bytes = items[i].raw_len;
		row.stored_bytes = dig_solid_share(items, nitems, i,
		    rec->header_len + rec->stored_len, rec->raw_len);
		row.id = items[i].id;
		st = fn(arg, &row, err);
	}
	free(items);
	return st;
}

enum dig_status
dig_store_each_row(struct dig_store *store, uint32_t pack, uint64_t from,
    uint64_t to, bool whole, dig_row_fn *fn, void *arg, struct dig_error *err)
{
	struct dig_heal_scan heal = { store, pack };
	struct dig_open_pack *open;
	struct dig_pack_scan scan;
	struct dig_buf payload = DIG_BUF_INIT;
	enum dig_status st = dig_store_load(store, err);
	bool damaged = false;
	bool done;

	if (st != DIG_OK)
		return st;
	open = dig_store_pack(store, pack);
	if (open == NULL)
		return dig_raise(
		    err, DIG_ECORRUPT, "pack %06u is missing", pack);
	dig_pack_scan_init(&scan, open->fd, open->flags, from,
	    to != 0 && to < open->length ? to : open->length);
	scan.heal = dig_heal_for_scan;
	scan.heal_arg = &heal;
	for (;;) {
		st = next_record(&scan, &heal, &done, &damaged, err);
		if (st == DIG_OK && whole && damaged)
			st =
			    dig_raise(err, DIG_ECORRUPT, "a record is damaged");
		if (st != DIG_OK || done)
			break;
		st = row_of(pack, &scan, &payload, fn, arg, err);
		if (st != DIG_OK)
			break;
	}
	if (st == DIG_ECORRUPT)
		dig_wrap(err, "pack %06u", pack);
	dig_pack_scan_clear(&scan);
	dig_buf_clear(&payload);
	return st;
}

/* ---- Transactions ----------------------------------------------------- */

/* NAME.0123456789abcdef.tmp, as dig_replace_file makes it. */
static bool
is_replacement(const char *name)
{
	size_t len = strlen(name);

	return len > 21 && strcmp(name + len - 4, ".tmp") == 0 &&
	       name[len - 21] == '.' &&
	       strspn(name + len - 20, "0123456789abcdef") == 16;
}

/* Files are replaced under the lock: these are of one that was killed. */
static void
remove_replacements(int dirfd)
{
	int fd = dig_open_at(dirfd, ".", DIG_OPEN_DIRECTORY);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (dir == NULL) {
		dig_close(fd);
		return;
	}
	while ((entry = readdir(dir)) != NULL)
		if (is_replacement(entry->d_name))
			dig_unlink_at(dirfd, entry->d_name);
	closedir(dir);
}

/* Is this the name of a pack? Its number is *out. */
static bool
is_pack_name(const char *name, uint32_t *out)
{
	unsigned number;
	char canon[24];

	if (sscanf(name, "%9u.pack", &number) != 1)
		return false;
	dig_pack_name(number, canon);
	*out = number;
	return strcmp(canon, name) == 0;
}

static bool
remove_stray(void *arg, const char *name, enum dig_ftype type, bool told)
{
	const struct dig_store *store = arg;
	uint32_t number;

	(void)type;
	(void)told;
	if (is_pack_name(name, &number) &&
	    number >= dig_store_state(store)->next_pack)
		dig_unlink_at(store->packs_dirfd, name);
	return true;
}

static bool
remove_unnamed(void *arg, const char *name, enum dig_ftype type, bool told)
{
	const struct dig_store *store = arg;
	uint32_t number;

	(void)type;
	(void)told;
	if (is_pack_name(name, &number) &&
	    dig_state_pack(dig_store_state(store), number) == NULL)
		dig_unlink_at(store->packs_dirfd, name);
	return true;
}

static int
each_file(struct dig_store *store, dig_name_fn *fn)
{
	int fd = dig_open_at(store->packs_dirfd, ".", DIG_OPEN_DIRECTORY);
	int rc = fd < 0 ? -fd : dig_list_dir(fd, fn, store);

	dig_close(fd);
	return rc;
}

/* Packs that no record names are left from a transaction that did not end. */
static enum dig_status
remove_strays(struct dig_store *store, struct dig_error *err)
{
	int rc = each_file(store, remove_stray);

	return rc == 0 ? DIG_OK
		       : dig_raise_os(err, DIG_EIO, rc, "listing .dig/packs");
}

void
dig_store_drop_unnamed(struct dig_store *store)
{
	struct dig_error err;

	if (each_file(store, remove_unnamed) != 0 ||
	    dig_parity_clean(store, &err) != DIG_OK)
		dig_log("packs that are not named any more stay for now");
	dig_store_unload(store);
}

/* A file longer than its committed length has a tail of nobody's. */
static enum dig_status
cut_tails(struct dig_store *store, struct dig_error *err)
{
	const struct dig_state *state = dig_store_state(store);

	for (size_t i = 0; i < state->npacks; i++) {
		const struct dig_pack_state *pack = &state->packs[i];
		struct dig_stat sb;
		char name[24];
		int fd;
		int rc;

		if (pack->flags & DIG_PACK_SEALED)
			continue;
		dig_pack_name(pack->number, name);
		fd = dig_open_at(store->packs_dirfd, name, DIG_OPEN_WRITE);
		if (fd == -ENOENT)
			continue; /* reported when it is missed */
		rc = fd < 0 ? -fd : dig_stat_fd(fd, &sb);
		if (rc == 0 && sb.size_bytes > pack->length)
			rc = dig_truncate(fd, pack->length);
		dig_close(fd);
		if (rc != 0)
			return dig_raise_os(
			    err, DIG_EIO, rc, "preparing pack %s", name);
	}
	return DIG_OK;
}

enum dig_status
dig_store_clean(struct dig_store *store, struct dig_error *err)
{
	enum dig_status st = remove_strays(store, err);

	if (st != DIG_OK)
		return st;
	remove_replacements(store->dirfd);
	remove_replacements(store->packs_dirfd);
	return dig_parity_clean(store, err);
}

enum dig_status
dig_store_begin(struct dig_store *store,
    const struct dig_write_options *options, struct dig_error *err)
{
	enum dig_status st;

	assert(!store->writing);
	st = dig_store_refresh(store, err);
	if (st == DIG_OK)
		st = dig_journal_heal(store->journal, err);
	if (st == DIG_OK)
		st = cut_tails(store, err);
	if (st == DIG_OK)
		st = dig_store_clean(store, err);
	if (st == DIG_OK)
		st = dig_store_load(store, err);
	if (st != DIG_OK)
		return st;
	store->options = *options;
	if (store->options.seal_bytes == 0)
		store->options.seal_bytes = DIG_PACK_SEAL_BYTES;
	atomic_store(&store->next_pack, dig_store_state(store)->next_pack);
	store->writing = true;
	return DIG_OK;
}

enum dig_status
dig_store_sync(struct dig_store *store, struct dig_state *next,
    const struct dig_object_row **rows, size_t *nrows, struct dig_error *err)
{
	enum dig_status st;
	int rc;

	assert(store->writing);
	if (atomic_load(&store->nclaims) != 0) /* S5 */
		return dig_raise(err, DIG_EINVALID,
		    "%zu objects were announced and not stored",
		    (size_t)atomic_load(&store->nclaims));
	st = dig_pack_out_sync(&store->normal, next, err);
	if (st == DIG_OK)
		st = dig_pack_out_sync(&store->bulk, next, err);
	if (st != DIG_OK)
		return st;
	for (size_t i = 0; i < store->nsealed; i++)
		dig_state_set_pack(next, &store->sealed[i]);
	if (store->normal.created || store->bulk.created ||
	    store->nsealed > 0) {
		rc = dig_sync_dir(store->packs_dirfd);
		if (rc != 0)
			return dig_raise_os(
			    err, DIG_EIO, rc, "syncing .dig/packs");
	}
	next->next_pack = atomic_load(&store->next_pack);
	*rows = store->rows;
	*nrows = store->nrows;
	return DIG_OK;
}

struct dig_op_stats
dig_store_stats(const struct dig_store *store)
{
	struct dig_op_stats stats;

	stats.new_chunks = atomic_load(&store->new_chunks);
	stats.raw_bytes = atomic_load(&store->raw_bytes);
	stats.stored_bytes = atomic_load(&store->stored_bytes);
	return stats;
}

/* A pack is as long as that. Under the mutex. */
static void
show_pack(struct dig_store *store, const struct dig_pack_state *state)
{
	struct dig_open_pack *pack = dig_store_pack(store, state->number);
	struct dig_error err;

	if (pack != NULL) {
		pack->length = state->length;
		pack->flags = state->flags;
		return;
	}
	DIG_GROW(store->packs, store->packs_cap, store->npacks + 1);
	if (open_pack(store, state, &store->packs[store->npacks], &err) ==
	    DIG_OK)
		store->npacks++;
}

enum dig_status
dig_store_show(struct dig_store *store, struct dig_error *err)
{
	struct dig_pack_state state = { 0 };
	enum dig_status st;

	st = dig_pack_out_drain(
	    &store->normal, &state.number, &state.length, err);
	if (st != DIG_OK)
		return st;
	pthread_mutex_lock(&store->mutex);
	for (size_t i = 0; store->loaded && i < store->nsealed; i++)
		show_pack(store, &store->sealed[i]);
	if (store->loaded && state.length > 0)
		show_pack(store, &state);
	pthread_mutex_unlock(&store->mutex);
	return DIG_OK;
}

void
dig_store_committed(struct dig_store *store)
{
	const struct dig_state *state = dig_store_state(store);

	/* Readers may look at the new lengths from here on. */
	pthread_mutex_lock(&store->mutex);
	for (size_t i = 0; store->loaded && i < state->npacks; i++)
		show_pack(store, &state->packs[i]);
	pthread_mutex_unlock(&store->mutex);
	dig_parity_committed(store);
	if (dig_oidmap_len(&store->map) > MAP_FULL)
		dig_store_unload(store); /* runs are read instead (P6) */
	else
		dig_oidmap_drop_raw(&store->map);
	store->nrows = 0;
	store->nsealed = 0;
	store->normal.created = store->bulk.created = false;
	store->normal.parity.created = store->bulk.parity.created = false;
	atomic_store(&store->new_chunks, 0);
	atomic_store(&store->raw_bytes, 0);
	atomic_store(&store->stored_bytes, 0);
}

void
dig_store_end(struct dig_store *store)
{

	dig_pack_out_clear(&store->normal);
	dig_pack_out_clear(&store->bulk);
	dig_pack_out_init(&store->normal, store, false);
	dig_pack_out_init(&store->bulk, store, true);
	/* The map knows what was not committed, and the tails have grown. */
	if (atomic_exchange(&store->touched, false))
		dig_store_unload(store);
	atomic_store(&store->nclaims, 0);
	store->nrows = 0;
	store->nsealed = 0;
	store->nstale = 0;
	atomic_store(&store->new_chunks, 0);
	atomic_store(&store->raw_bytes, 0);
	atomic_store(&store->stored_bytes, 0);
	store->writing = false;
}
