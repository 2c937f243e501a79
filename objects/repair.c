/* SPDX-License-Identifier: MIT
 *
 * Repair: what a file should be is compared with what it is, piece by piece;
 * where they differ a new file takes its place in one rename.
 */
#include "objects/repair.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "objects/base/io.h"
#include "objects/heal.h"
#include "objects/store_internal.h"

/* One pack under repair. A piece is a covered group, or the open group. */
struct work {
	struct dig_store *store;
	const struct dig_repair_options *options;
	const struct dig_pack_state *pack;
	uint64_t covered;
	struct dig_healer *healer;
	int fd;       /* of the pack as it is, the healer's; or negative */
	bool missing; /* fd, if any, is a copy from quarantine/ */
	struct dig_buf right; /* of the piece */
	struct dig_buf now;
	bool open_lost;       /* records of the open group are beyond repair */
	bool parity_wrong;    /* records say so: the pack is right as it is */
	uint64_t done_before; /* for progress */
	uint64_t total;
};

static void
tell(const struct work *work, const char *name, enum dig_repair_what what,
    const char *message)
{
	char file[64];
	char pack[24];
	struct dig_repair_event event = { file, what, message };
	struct dig_stat sb;

	/* While we only look a gc may take the pack away. */
	dig_pack_name(work->pack->number, pack);
	if (work->options->dry_run &&
	    dig_stat_at(work->store->packs_dirfd, pack, &sb) == ENOENT &&
	    !dig_journal_is_fresh(work->store->journal))
		return;
	snprintf(file, sizeof(file), "packs/%s", name);
	work->options->event(work->options->arg, &event);
}

/* ---- Files ------------------------------------------------------------ */

/* Where a file cannot have a second name: its bytes, as far as they can be
 * read. An errno value. */
static int
copy_old(struct dig_store *store, const char *name, int dir, const char *kept)
{
	size_t block = (size_t)1 << 20;
	uint8_t *data = dig_alloc(block);
	struct dig_stat sb = { 0 };
	int from = dig_open_at(store->packs_dirfd, name, DIG_OPEN_READ);
	int to = -1;
	int rc = from < 0 ? -from : dig_stat_fd(from, &sb);

	if (rc == 0) {
		to = dig_open_at(dir, kept,
		    DIG_OPEN_WRITE | DIG_OPEN_CREATE | DIG_OPEN_EXCL);
		rc = to < 0 ? -to : 0;
	}
	for (uint64_t at = 0; rc == 0 && at < sb.size_bytes; at += block) {
		uint64_t left = sb.size_bytes - at;
		size_t n = left < block ? (size_t)left : block;

		dig_pread_or_zeros(from, data, n, at);
		rc = dig_pwrite_full(to, data, n, at);
	}
	if (rc == 0)
		rc = dig_sync_data(to);
	dig_close(from);
	dig_close(to);
	free(data);
	return rc;
}

/* Keep the damaged file, under its name and a number. An errno value. */
static int
keep_old(struct dig_store *store, const char *name)
{
	char kept[80];
	int dir;
	int rc;

	rc = dig_mkdir_at(store->dirfd, "quarantine", 0700);
	if (rc == 0)
		rc = dig_sync_dir(store->dirfd);
	if (rc != 0 && rc != EEXIST)
		return rc;
	dir = dig_open_at(store->dirfd, "quarantine", DIG_OPEN_DIRECTORY);
	if (dir < 0)
		return -dir;
	snprintf(kept, sizeof(kept), "%s.%llx", name,
	    (unsigned long long)dig_now_ns());
	/* A link, so that at no moment the file is gone. */
	rc = dig_link_at(store->packs_dirfd, name, dir, kept);
	if (rc != 0 && rc != ENOENT)
		rc = copy_old(store, name, dir, kept);
	if (rc == 0)
		rc = dig_sync_dir(dir);
	dig_close(dir);
	return rc == ENOENT ? 0 : rc;
}

/* A file that is written beside the one it replaces. */
struct fresh {
	char name[64];
	int fd;
	uint64_t len;
	struct dig_hash64 hash;
};

static int
fresh_open(struct work *work, const char *name, struct fresh *out)
{
	uint64_t salt;

	dig_random(&salt, sizeof(salt));
	snprintf(out->name, sizeof(out->name), "%.40s.%016llx.tmp", name,
	    (unsigned long long)salt);
	out->len = 0;
	dig_hash64_init(&out->hash);
	out->fd = dig_open_at(work->store->packs_dirfd, out->name,
	    DIG_OPEN_WRITE | DIG_OPEN_CREATE | DIG_OPEN_EXCL);
	return out->fd < 0 ? -out->fd : 0;
}

static int
fresh_put(struct fresh *fresh, const void *data, size_t len)
{
	int rc = dig_pwrite_full(fresh->fd, data, len, fresh->len);

	dig_hash64_update(&fresh->hash, data, len);
	fresh->len += len;
	return rc;
}

/* Read all of it again: what reached the file is what was meant. */
static int
fresh_verify(struct fresh *fresh)
{
	size_t block = (size_t)1 << 20;
	uint8_t *data = dig_alloc(block);
	struct dig_hash64 hash;
	int64_t n = 0;

	dig_advise_dontneed(fresh->fd, 0, fresh->len);
	dig_hash64_init(&hash);
	for (uint64_t at = 0; at < fresh->len; at += (uint64_t)n) {
		n = dig_pread_full(fresh->fd, data, block, at);
		if (n <= 0)
			break;
		dig_hash64_update(&hash, data, (size_t)n);
	}
	free(data);
	if (n < 0)
		return (int)-n;
	return dig_hash64_final(&hash) == dig_hash64_final(&fresh->hash) ? 0
									 : EIO;
}

/* Sync, verify, keep the old one, rename. rc: what went wrong before. */
static enum dig_status
fresh_close(struct work *work, struct fresh *fresh, const char *name, int rc,
    struct dig_error *err)
{
	int dirfd = work->store->packs_dirfd;
	int closed;

	if (rc == 0)
		rc = dig_sync_data(fresh->fd);
	if (rc == 0)
		rc = fresh_verify(fresh);
	closed = dig_close(fresh->fd);
	if (rc == 0)
		rc = closed;
	if (rc == 0)
		rc = keep_old(work->store, name);
	if (rc == 0)
		rc = dig_rename_at(dirfd, fresh->name, dirfd, name);
	if (rc == 0)
		rc = dig_sync_dir(dirfd);
	else
		dig_unlink_at(dirfd, fresh->name);
	if (rc != 0)
		return dig_raise_os(
		    err, DIG_EIO, rc, "writing packs/%s anew", name);
	return DIG_OK;
}

/* ---- Pieces ----------------------------------------------------------- */

static void
work_open(struct work *work)
{
	struct dig_stat sb;
	char name[24];

	dig_pack_name(work->pack->number, name);
	work->missing =
	    dig_stat_at(work->store->packs_dirfd, name, &sb) == ENOENT;
	work->healer = dig_healer_new(work->store, work->pack->number);
	if (work->missing && work->covered > 0)
		dig_healer_use_quarantine(work->healer);
	work->fd = dig_healer_pack_fd(work->healer);
}

static void
work_close(struct work *work)
{
	dig_healer_free(work->healer);
	work->fd = -1;
	work->healer = NULL;
}

static uint64_t
piece_length(const struct work *work, uint64_t at)
{
	uint64_t group = dig_parity_group_bytes(&work->pack->shape);

	if (at >= work->covered)
		return work->pack->length - at;
	return work->covered - at < group ? work->covered - at : group;
}

/* Up to len bytes of a file that may be missing, short or unreadable. */
static void
read_now(int fd, uint64_t at, size_t len, struct dig_buf *out)
{
	int64_t n;

	dig_buf_reset(out);
	dig_buf_reserve(out, len);
	n = fd < 0 ? 0 : dig_pread_full(fd, out->data, len, at);
	out->len = n < 0 ? 0 : (size_t)n;
}

static bool
same(const struct dig_buf *a, const struct dig_buf *b)
{
	return a->len == b->len &&
	       (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

static int
open_mirror(const struct work *work, char name[40])
{
	dig_mirror_name(work->pack->number,
	    work->covered / dig_parity_group_bytes(&work->pack->shape), name);
	return dig_open_at(work->store->packs_dirfd, name, DIG_OPEN_READ);
}

/*
 * The open group, where pack and mirror differ: the records of both. Where
 * some are in neither, it is as long as the longer of the two.
 */
static enum dig_status
load_open(struct work *work, uint64_t at, size_t len, struct dig_error *err)
{
	size_t mirrored = work->right.len;
	bool whole = true;
	enum dig_status st;

	if (work->fd < 0 && mirrored == len)
		return DIG_OK; /* `right` is the mirror */
	if (work->fd < 0) {
		work->open_lost = true;
		dig_buf_reset(&work->right);
		return DIG_OK;
	}
	st = dig_healer_image(work->healer, at, len, &work->right, &whole, err);
	if (st != DIG_OK || whole)
		return st;
	work->open_lost = true;
	if (work->right.len > mirrored && work->right.len > work->now.len)
		work->right.len =
		    mirrored > work->now.len ? mirrored : work->now.len;
	return DIG_OK;
}

/* What a piece should be into `right`, what it is into `now`. */
static enum dig_status
load_piece(struct work *work, uint64_t at, struct dig_error *err)
{
	size_t len = (size_t)piece_length(work, at);
	char name[40];
	int mirror;

	if (dig_interrupted())
		return dig_raise(err, DIG_ECANCELLED, "interrupted");
	read_now(work->fd, at, len, &work->now);
	dig_buf_reset(&work->right);
	if (at < work->covered && work->parity_wrong) {
		dig_buf_put(&work->right, work->now.data, work->now.len);
	} else if (at < work->covered) {
		dig_healer_covered(work->healer, at, len, &work->right);
	} else {
		mirror = open_mirror(work, name);
		read_now(mirror, 0, len, &work->right);
		dig_close(mirror);
		if (work->right.len < len || !same(&work->right, &work->now))
			return load_open(work, at, len, err);
	}
	if (work->options->progress != NULL)
		work->options->progress(work->options->arg,
		    work->done_before + at + len, work->total);
	return DIG_OK;
}

/* ---- The pack --------------------------------------------------------- */

/* Go through all pieces. *differs: at least one is not what it should be. */
static enum dig_status
compare_pack(struct work *work, bool *differs, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	*differs = false;
	for (uint64_t at = 0; st == DIG_OK && at < work->pack->length;
	     at += piece_length(work, at)) {
		st = load_piece(work, at, err);
		if (st == DIG_OK && !same(&work->right, &work->now))
			*differs = true;
	}
	return st;
}

static bool
is_intact(const struct work *work, int fd)
{
	return dig_pack_intact(fd, work->pack->flags, work->pack->length);
}

static enum dig_status
write_pack(struct work *work, const char *name, struct dig_error *err)
{
	enum dig_status st = DIG_OK;
	struct fresh fresh;
	int rc = fresh_open(work, name, &fresh);

	if (rc != 0)
		return dig_raise_os(
		    err, DIG_EIO, rc, "creating packs/%s", fresh.name);
	for (uint64_t at = 0; rc == 0 && at < work->pack->length;
	     at += piece_length(work, at)) {
		st = load_piece(work, at, err);
		if (st != DIG_OK)
			break;
		rc = fresh_put(&fresh, work->right.data, work->right.len);
	}
	if (st != DIG_OK) {
		dig_close(fresh.fd);
		dig_unlink_at(work->store->packs_dirfd, fresh.name);
		return st;
	}
	/* Parity may have been computed over bytes that were damaged then. */
	if (rc == 0 && work->fd >= 0)
		work->parity_wrong =
		    !is_intact(work, fresh.fd) && is_intact(work, work->fd);
	if (work->parity_wrong) {
		dig_close(fresh.fd);
		dig_unlink_at(work->store->packs_dirfd, fresh.name);
		return DIG_OK;
	}
	return fresh_close(work, &fresh, name, rc, err);
}

static void
tell_of_pack(const struct work *work, const char *name,
    const struct dig_heal_counts *counts)
{
	unsigned long long bad = counts->bad_cells;
	unsigned long long lost = counts->lost_cells;
	const char *how = work->options->dry_run ? "can be" : "were";
	char message[160];

	if (work->open_lost)
		tell(work, name, DIG_REPAIR_BEYOND,
		    "records are damaged, and the mirror has them no better");
	else if (work->fd < 0)
		tell(work, name, DIG_REPAIR_MADE,
		    work->options->dry_run
			? "missing; all of it is in the mirror"
			: "missing; made anew from the mirror");
	else if (work->missing)
		tell(work, name, DIG_REPAIR_MADE,
		    work->options->dry_run
			? "missing; quarantine/ has a copy of it"
			: "missing; made anew from a copy in quarantine/");
	else if (bad == 0)
		tell(work, name, DIG_REPAIR_REBUILT,
		    work->options->dry_run
			? "damaged; the mirror has what is right"
			: "damaged; restored from the mirror");
	if (bad > lost) {
		snprintf(message, sizeof(message),
		    "%llu damaged cells of 64 KiB %s rebuilt from parity",
		    bad - lost, how);
		tell(work, name, DIG_REPAIR_REBUILT, message);
	}
	if (lost > 0) {
		snprintf(message, sizeof(message),
		    "%llu cells of 64 KiB are beyond what parity can rebuild",
		    lost);
		tell(work, name, DIG_REPAIR_BEYOND, message);
	}
}

/*
 * At least one covered group has neither a byte in the pack nor one of parity:
 * nothing is written in its place, whatever length the journal says it has.
 */
static bool
is_too_short(const struct work *work)
{
	const struct dig_parity_shape *shape = &work->pack->shape;
	uint64_t group = dig_parity_group_bytes(shape);
	int dirfd = work->store->packs_dirfd;
	struct dig_stat pack = { 0 };
	struct dig_stat parity = { 0 };
	char name[24];

	dig_pack_name(work->pack->number, name);
	if (dig_stat_at(dirfd, name, &pack) != 0)
		return false;
	dig_parity_name(work->pack->number, name);
	(void)dig_stat_at(dirfd, name, &parity);
	return work->covered / group >
	       pack.size_bytes / group +
		   parity.size_bytes / dig_parity_stored_bytes(shape, group) +
		   2;
}

/* Where parity and mirror are not enough, quarantine/ may have the rest. */
static enum dig_status
compare_again(struct work *work, bool *differs, struct dig_error *err)
{
	work_close(work);
	work_open(work);
	if (!dig_healer_use_quarantine(work->healer))
		return DIG_OK;
	work->fd = dig_healer_pack_fd(work->healer);
	work->open_lost = false;
	return compare_pack(work, differs, err);
}

static enum dig_status
repair_pack(struct work *work, struct dig_error *err)
{
	struct dig_heal_counts counts;
	enum dig_status st;
	bool differs;
	char name[24];

	dig_pack_name(work->pack->number, name);
	if (work->fd < 0 && work->covered > 0) {
		tell(work, name, DIG_REPAIR_BEYOND,
		    "missing; its parity cannot give it back");
		return DIG_OK;
	}
	if (is_too_short(work)) {
		tell(work, name, DIG_REPAIR_BEYOND,
		    "cut short, and so is its parity");
		return DIG_OK;
	}
	st = compare_pack(work, &differs, err);
	counts = *dig_healer_counts(work->healer);
	if (st == DIG_OK && (counts.lost_cells > 0 || work->open_lost)) {
		st = compare_again(work, &differs, err);
		if (dig_healer_counts(work->healer)->bad_cells > 0)
			counts = *dig_healer_counts(work->healer);
	}
	if (st != DIG_OK)
		return st;
	differs |= work->missing;
	if (differs && !work->options->dry_run)
		st = write_pack(work, name, err);
	if (st == DIG_OK && !work->parity_wrong &&
	    (differs || counts.lost_cells > 0 || work->open_lost))
		tell_of_pack(work, name, &counts);
	work_close(work);
	work_open(work);
	return st;
}

/* ---- Parity and mirror ------------------------------------------------ */

static int
put_group(struct work *work, struct dig_parity_encoder *encoder, uint64_t group,
    struct fresh *fresh)
{
	struct dig_parity_head *head = dig_calloc(1, sizeof(*head));
	struct dig_buf bytes = DIG_BUF_INIT;
	const uint8_t *cells;
	int rc;

	memcpy(head->store_id, dig_journal_store_id(work->store->journal), 32);
	head->pack = work->pack->number;
	head->group = group;
	dig_parity_encoder_begin(encoder, 0);
	dig_parity_encoder_add(encoder, work->right.data, work->right.len);
	cells = dig_parity_encoder_finish(encoder, head);
	dig_parity_head_encode(head, &bytes);
	rc = fresh_put(fresh, bytes.data, bytes.len);
	if (rc == 0)
		rc = fresh_put(fresh, cells,
		    dig_parity_nstripes(head->length) *
			work->pack->shape.parity * DIG_PARITY_CELL);
	if (rc == 0)
		rc = fresh_put(fresh, bytes.data, bytes.len);
	dig_buf_clear(&bytes);
	free(head);
	return rc;
}

static enum dig_status
write_parity(struct work *work, const char *name, struct dig_error *err)
{
	struct dig_parity_encoder *encoder;
	enum dig_status st = DIG_OK;
	uint64_t group = 0;
	struct fresh fresh;
	int rc = fresh_open(work, name, &fresh);

	if (rc != 0)
		return dig_raise_os(
		    err, DIG_EIO, rc, "creating packs/%s", fresh.name);
	encoder = dig_parity_encoder_new(&work->pack->shape);
	for (uint64_t at = 0; rc == 0 && at < work->covered;
	     at += piece_length(work, at)) {
		st = load_piece(work, at, err);
		if (st != DIG_OK)
			break;
		rc = put_group(work, encoder, group++, &fresh);
	}
	dig_parity_encoder_free(encoder);
	if (st != DIG_OK) {
		dig_close(fresh.fd);
		dig_unlink_at(work->store->packs_dirfd, fresh.name);
		return st;
	}
	return fresh_close(work, &fresh, name, rc, err);
}

/*
 * The .par file follows from the pack, which is right by now. Where it is not,
 * what is left of the parity is left alone: parity over damaged bytes would
 * call them right.
 */
static enum dig_status
repair_parity(struct work *work, struct dig_error *err)
{
	bool missing;
	bool whole = true;
	bool intact;
	struct dig_stat sb;
	enum dig_status st = DIG_OK;
	uint64_t group = 0;
	char name[24];

	dig_parity_name(work->pack->number, name);
	missing = dig_stat_at(work->store->packs_dirfd, name, &sb) == ENOENT;
	for (uint64_t at = 0; at < work->covered && whole;
	     at += piece_length(work, at))
		whole = dig_healer_parity_intact(work->healer, group++);
	if ((whole && !work->parity_wrong) || work->fd < 0)
		return DIG_OK;
	intact = is_intact(work, work->fd);
	if (intact && !work->options->dry_run)
		st = write_parity(work, name, err);
	if (st != DIG_OK)
		return st;
	tell(work, name,
	    !intact   ? DIG_REPAIR_BEYOND
	    : missing ? DIG_REPAIR_MADE
		      : DIG_REPAIR_REBUILT,
	    !intact                  ? "damaged, and so is its pack"
	    : work->options->dry_run ? missing
					   ? "missing; it follows from the pack"
					   : "damaged; it follows from the pack"
	    : missing                ? "missing; made anew from the pack"
				     : "damaged; made anew from the pack");
	return DIG_OK;
}

static enum dig_status
repair_mirror(struct work *work, struct dig_error *err)
{
	enum dig_status st = DIG_OK;
	struct fresh fresh;
	char name[40];
	bool missing;
	int fd;
	int rc;

	if (work->covered == work->pack->length || work->fd < 0)
		return DIG_OK;
	fd = open_mirror(work, name);
	missing = fd == -ENOENT;
	st = load_piece(work, work->covered, err);
	if (st == DIG_OK)
		read_now(fd, 0, work->right.len, &work->now);
	dig_close(fd);
	/* Where records are in neither, what each has left of them stays. */
	if (st != DIG_OK || work->open_lost || same(&work->right, &work->now))
		return st;
	/* A writer at work deletes the mirror of a group that became full. */
	if (work->options->dry_run &&
	    !dig_journal_is_fresh(work->store->journal))
		return DIG_OK;
	if (!work->options->dry_run) {
		rc = fresh_open(work, name, &fresh);
		if (rc != 0)
			return dig_raise_os(
			    err, DIG_EIO, rc, "creating packs/%s", fresh.name);
		rc = fresh_put(&fresh, work->right.data, work->right.len);
		st = fresh_close(work, &fresh, name, rc, err);
		if (st != DIG_OK)
			return st;
	}
	tell(work, name, missing ? DIG_REPAIR_MADE : DIG_REPAIR_REBUILT,
	    work->options->dry_run ? missing
					 ? "missing; it follows from the pack"
					 : "damaged; it follows from the pack"
	    : missing              ? "missing; made anew from the pack"
				   : "damaged; made anew from the pack");
	return DIG_OK;
}

/* ---- The whole -------------------------------------------------------- */

enum dig_status
dig_store_repair(struct dig_store *store,
    const struct dig_repair_options *options, struct dig_error *err)
{
	const struct dig_state *state = dig_store_state(store);
	enum dig_status st = DIG_OK;
	struct work work = { 0 };

	work.store = store;
	work.options = options;
	for (size_t i = 0; i < state->npacks; i++)
		work.total += state->packs[i].length;
	for (size_t i = 0; st == DIG_OK && i < state->npacks; i++) {
		work.pack = &state->packs[i];
		work.open_lost = work.parity_wrong = false;
		work.covered = dig_pack_covered(work.pack);
		if (work.pack->shape.data != 0) {
			work_open(&work);
			st = repair_pack(&work, err);
			if (st == DIG_OK)
				st = repair_parity(&work, err);
			if (st == DIG_OK)
				st = repair_mirror(&work, err);
			work_close(&work);
		}
		work.done_before += work.pack->length;
	}
	dig_buf_clear(&work.right);
	dig_buf_clear(&work.now);
	if (!options->dry_run)
		dig_store_unload(store); /* files have others in their place */
	return st;
}
