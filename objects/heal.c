/* SPDX-License-Identifier: MIT
 *
 * From damaged bytes to right ones.
 */
#include "objects/heal.h"

#include <stdio.h>
#include <stdlib.h>

#include "objects/base/io.h"
#include "objects/store_internal.h"

#define CELL DIG_PARITY_CELL
#define COPIES_MAX 64

/* A file of the same pack, or a mirror of it, that was put away before. */
struct copy {
	int fd;
	uint64_t at; /* where it begins in the pack */
};

struct dig_healer {
	struct dig_store *store;
	uint32_t number;
	unsigned flags;
	struct dig_parity_shape shape;
	uint64_t length;  /* of the pack, committed */
	uint64_t covered; /* by parity */
	int pack_fd;
	int parity_fd;
	int mirror_fd;
	bool has_group; /* the head below is that of `group` */
	bool head_good;
	uint64_t group;
	struct dig_parity_head head;
	uint8_t *cells; /* of one stripe */
	struct copy *copies;
	size_t ncopies;
	struct dig_heal_counts counts;
};

static int
open_file(struct dig_store *store, const char *name)
{
	return dig_open_at(store->packs_dirfd, name, DIG_OPEN_READ);
}

struct dig_healer *
dig_healer_new(struct dig_store *store, uint32_t number)
{
	const struct dig_pack_state *pack =
	    dig_state_pack(dig_store_packs(store), number);
	struct dig_healer *healer;
	char name[40];

	if (pack == NULL || pack->shape.data == 0)
		return NULL;
	healer = dig_calloc(1, sizeof(*healer));
	healer->store = store;
	healer->number = number;
	healer->flags = pack->flags;
	healer->shape = pack->shape;
	healer->length = pack->length;
	healer->covered = dig_pack_covered(pack);
	dig_pack_name(number, name);
	healer->pack_fd = open_file(store, name);
	dig_parity_name(number, name);
	healer->parity_fd = open_file(store, name);
	dig_mirror_name(number,
	    healer->covered / dig_parity_group_bytes(&healer->shape), name);
	healer->mirror_fd = open_file(store, name);
	healer->cells =
	    dig_alloc((healer->shape.data + healer->shape.parity) * CELL);
	return healer;
}

void
dig_healer_free(struct dig_healer *healer)
{
	if (healer == NULL)
		return;
	dig_close(healer->pack_fd);
	dig_close(healer->parity_fd);
	dig_close(healer->mirror_fd);
	for (size_t i = 0; i < healer->ncopies; i++)
		dig_close(healer->copies[i].fd);
	free(healer->copies);
	free(healer->cells);
	free(healer);
}

struct listing {
	struct dig_healer *healer;
	int dirfd;
};

/* 000001.pack.1a2b, 000001.0002.tail.1a2b: as repair names what it keeps. */
static bool
add_copy(void *arg, const char *name, enum dig_ftype type, bool told)
{
	struct listing *listing = arg;
	struct dig_healer *healer = listing->healer;
	unsigned long long group = 0;
	unsigned number = 0;
	char canon[40];
	size_t len;
	int fd;

	(void)type;
	(void)told;
	if (sscanf(name, "%9u.%llu.tail.", &number, &group) == 2) {
		dig_mirror_name(number, group, canon);
	} else {
		group = 0;
		dig_pack_name(number, canon);
	}
	len = strlen(canon);
	if (number != healer->number || strncmp(name, canon, len) != 0 ||
	    name[len] != '.' || group >= UINT32_MAX ||
	    healer->ncopies == COPIES_MAX)
		return true;
	fd = dig_open_at(listing->dirfd, name, DIG_OPEN_READ);
	if (fd < 0)
		return true;
	healer->copies[healer->ncopies].fd = fd;
	healer->copies[healer->ncopies++].at =
	    group * dig_parity_group_bytes(&healer->shape);
	return true;
}

/* The longest copy stands for a pack that is gone. */
static void
take_longest(struct dig_healer *healer)
{
	uint64_t longest = 0;
	struct dig_stat sb;
	size_t which = 0;
	int fd;

	for (size_t i = 0; i < healer->ncopies; i++)
		if (healer->copies[i].at == 0 &&
		    dig_stat_fd(healer->copies[i].fd, &sb) == 0 &&
		    sb.size_bytes > longest) {
			longest = sb.size_bytes;
			which = i;
		}
	if (longest == 0)
		return;
	fd = healer->copies[which].fd;
	healer->copies[which] = healer->copies[--healer->ncopies];
	healer->pack_fd = fd;
}

bool
dig_healer_use_quarantine(struct dig_healer *healer)
{
	struct listing listing = { healer, -1 };
	bool found;

	if (healer->copies != NULL)
		return true;
	healer->copies = dig_calloc(COPIES_MAX, sizeof(*healer->copies));
	listing.dirfd =
	    dig_open_at(healer->store->dirfd, "quarantine", DIG_OPEN_DIRECTORY);
	if (listing.dirfd >= 0)
		dig_list_dir(listing.dirfd, add_copy, &listing);
	dig_close(listing.dirfd);
	found = healer->ncopies > 0;
	if (healer->pack_fd < 0)
		take_longest(healer);
	return found;
}

int
dig_healer_pack_fd(const struct dig_healer *healer)
{
	return healer->pack_fd;
}

const struct dig_heal_counts *
dig_healer_counts(const struct dig_healer *healer)
{
	return &healer->counts;
}

/* ---- Groups and cells ------------------------------------------------- */

static uint64_t
group_at(const struct dig_healer *healer, uint64_t group)
{
	return group * dig_parity_group_bytes(&healer->shape);
}

static uint64_t
group_length(const struct dig_healer *healer, uint64_t group)
{
	uint64_t full = dig_parity_group_bytes(&healer->shape);
	uint64_t left = healer->covered - group_at(healer, group);

	return left < full ? left : full;
}

/* Where a group stands in the .par file: all before it are full. */
static uint64_t
parity_at(const struct dig_healer *healer, uint64_t group)
{
	return group * dig_parity_stored_bytes(&healer->shape,
			   dig_parity_group_bytes(&healer->shape));
}

static bool
read_head(struct dig_healer *healer, uint64_t at)
{
	size_t len = dig_parity_head_bytes(&healer->shape, healer->head.length);
	uint8_t *bytes = dig_alloc(len);
	bool good = dig_pread_or_zeros(healer->parity_fd, bytes, len, at) &&
		    dig_parity_head_decode(bytes, len, &healer->head);

	free(bytes);
	return good;
}

/* Either head will do. */
static void
load_group(struct dig_healer *healer, uint64_t group)
{
	uint64_t at = parity_at(healer, group);
	struct dig_parity_head *head = &healer->head;

	if (healer->has_group && healer->group == group)
		return;
	memcpy(head->store_id, dig_journal_store_id(healer->store->journal),
	    sizeof(head->store_id));
	head->pack = healer->number;
	head->group = group;
	head->length = group_length(healer, group);
	head->shape = healer->shape;
	healer->head_good =
	    read_head(healer, at) ||
	    read_head(healer,
		at + dig_parity_stored_bytes(&healer->shape, head->length) -
		    dig_parity_head_bytes(&healer->shape, head->length));
	healer->group = group;
	healer->has_group = true;
}

/* Read a data cell of the loaded group, filled up with zeros. True when it is
 * what it was. */
static bool
read_cell(struct dig_healer *healer, size_t cell, uint8_t *data)
{
	size_t len = dig_parity_cell_bytes(healer->head.length, cell);
	bool there = dig_pread_or_zeros(healer->pack_fd, data, len,
	    group_at(healer, healer->group) + cell * CELL);

	memset(data + len, 0, CELL - len);
	return there && healer->head_good &&
	       dig_hash64(data, len) == healer->head.sums[cell];
}

/* The same from what is in quarantine. */
static bool
read_copied_cell(struct dig_healer *healer, size_t cell, uint8_t *data)
{
	size_t len = dig_parity_cell_bytes(healer->head.length, cell);
	uint64_t at = group_at(healer, healer->group) + cell * CELL;

	for (size_t i = 0; i < healer->ncopies && healer->head_good; i++) {
		const struct copy *copy = &healer->copies[i];

		if (at >= copy->at &&
		    dig_pread_or_zeros(copy->fd, data, len, at - copy->at) &&
		    dig_hash64(data, len) == healer->head.sums[cell]) {
			memset(data + len, 0, CELL - len);
			return true;
		}
	}
	return false;
}

static bool
read_parity_cell(struct dig_healer *healer, size_t which, uint8_t *data)
{
	const struct dig_parity_head *head = &healer->head;

	return dig_pread_or_zeros(healer->parity_fd, data, CELL,
		   parity_at(healer, healer->group) +
		       dig_parity_head_bytes(&healer->shape, head->length) +
		       which * CELL) &&
	       dig_hash64(data, CELL) ==
		   head->sums[dig_parity_ncells(head->length) + which];
}

/* Rebuild one data cell of the loaded group from the others of its stripe. */
static bool
rebuild_cell(struct dig_healer *healer, size_t cell, uint8_t *out)
{
	const struct dig_parity_shape *shape = &healer->shape;
	size_t ncells = dig_parity_ncells(healer->head.length);
	size_t stripe = cell % DIG_PARITY_STRIPES;
	size_t n = shape->data + shape->parity;
	uint8_t *cells[DIG_PARITY_DATA_MAX + DIG_PARITY_PARITY_MAX];
	bool lost[DIG_PARITY_DATA_MAX + DIG_PARITY_PARITY_MAX];
	size_t len = dig_parity_cell_bytes(healer->head.length, cell);

	for (size_t i = 0; i < n; i++) {
		size_t which = i * DIG_PARITY_STRIPES + stripe;

		cells[i] = healer->cells + i * CELL;
		if (i >= shape->data)
			lost[i] = !read_parity_cell(healer,
			    stripe * shape->parity + i - shape->data, cells[i]);
		else
			lost[i] = which < ncells &&
				  !read_cell(healer, which, cells[i]) &&
				  !read_copied_cell(healer, which, cells[i]);
		if (i < shape->data && which >= ncells)
			memset(cells[i], 0, CELL);
	}
	if ((lost[cell / DIG_PARITY_STRIPES] &&
		!dig_parity_rebuild(shape, cells, lost)) ||
	    dig_hash64(cells[cell / DIG_PARITY_STRIPES], len) !=
		healer->head.sums[cell])
		return false;
	memcpy(out, cells[cell / DIG_PARITY_STRIPES], len);
	return true;
}

void
dig_healer_covered(
    struct dig_healer *healer, uint64_t at, size_t len, struct dig_buf *out)
{
	uint64_t group_bytes = dig_parity_group_bytes(&healer->shape);
	uint8_t *data = dig_alloc(CELL);

	while (len > 0) {
		size_t cell = (size_t)(at % group_bytes / CELL);
		size_t within = (size_t)(at % CELL);
		size_t n;

		load_group(healer, at / group_bytes);
		n = dig_parity_cell_bytes(healer->head.length, cell) - within;
		n = n < len ? n : len;
		if (!read_cell(healer, cell, data) && healer->head_good) {
			healer->counts.bad_cells++;
			if (!rebuild_cell(healer, cell, data))
				healer->counts.lost_cells++;
		}
		dig_buf_put(out, data + within, n);
		at += n;
		len -= n;
	}
	free(data);
}

bool
dig_healer_cell_is(
    struct dig_healer *healer, uint64_t at, const uint8_t *data, size_t len)
{
	uint64_t group_bytes = dig_parity_group_bytes(&healer->shape);

	load_group(healer, at / group_bytes);
	return !healer->head_good ||
	       dig_hash64(data, len) ==
		   healer->head.sums[at % group_bytes / CELL];
}

bool
dig_healer_parity_intact(struct dig_healer *healer, uint64_t group)
{
	uint64_t at = parity_at(healer, group);
	size_t nparity;
	uint64_t second;
	bool good;

	load_group(healer, group);
	nparity =
	    dig_parity_nstripes(healer->head.length) * healer->shape.parity;
	second = at +
		 dig_parity_stored_bytes(&healer->shape, healer->head.length) -
		 dig_parity_head_bytes(&healer->shape, healer->head.length);
	good = healer->head_good && read_head(healer, at) &&
	       read_head(healer, second);
	for (size_t i = 0; good && i < nparity; i++)
		good = read_parity_cell(healer, i, healer->cells);
	if (!good)
		healer->counts.bad_parity++;
	healer->has_group = false; /* a bad head may be in place of a good */
	return good;
}

/* ---- Records ---------------------------------------------------------- */

/* Bytes of the pack: covered ones healed, the others from the mirror or from
 * the pack as it stands. */
static void
put_bytes(struct dig_healer *healer, const struct copy *from, uint64_t at,
    size_t len, struct dig_buf *out)
{
	if (at < healer->covered) {
		uint64_t left = healer->covered - at;
		size_t n = left < len ? (size_t)left : len;

		dig_healer_covered(healer, at, n, out);
		at += n;
		len -= n;
	}
	dig_buf_reserve(out, len);
	if (len > 0) {
		if (at >= from->at)
			dig_pread_or_zeros(
			    from->fd, out->data + out->len, len, at - from->at);
		else
			memset(out->data + out->len, 0, len);
		out->len += len;
	}
}

static bool
record_from(struct dig_healer *healer, const struct copy *from, uint64_t at,
    struct dig_record *rec, struct dig_buf *out)
{
	uint64_t left = healer->length - at;
	struct dig_error err;
	size_t want =
	    left < DIG_RECORD_HEADER_MAX ? (size_t)left : DIG_RECORD_HEADER_MAX;

	dig_buf_reset(out);
	put_bytes(healer, from, at, want, out);
	if (dig_record_decode(out->data, out->len, rec, &err) != DIG_OK ||
	    rec->stored_len > left - rec->header_len)
		return false;
	want = rec->header_len + (size_t)rec->stored_len;
	if (want > out->len)
		put_bytes(healer, from, at + out->len, want - out->len, out);
	out->len = want;
	return dig_record_intact(rec, out->data, out->data + rec->header_len);
}

bool
dig_healer_record(struct dig_healer *healer, uint64_t at,
    struct dig_record *rec, struct dig_buf *out)
{
	struct copy pack = { healer->pack_fd, 0 };
	struct copy mirror = { healer->mirror_fd, healer->covered };
	bool found;

	if (at >= healer->length)
		return false;
	found = record_from(healer, &pack, at, rec, out) ||
		record_from(healer, &mirror, at, rec, out);
	/* A mirror put away under another geometry began elsewhere: of these
	 * only the first group's place is known, while cells prove theirs. */
	for (size_t i = 0; !found && i < healer->ncopies; i++)
		found = healer->copies[i].at == 0 &&
			record_from(healer, &healer->copies[i], at, rec, out);
	return found;
}

void
dig_heal_note(struct dig_store *store, uint32_t pack, uint64_t at)
{
	pthread_mutex_lock(&store->rows_mutex);
	if (atomic_fetch_add(&store->nhealed, 1) == 0) {
		store->healed_first.pack = pack;
		store->healed_first.offset = at;
	}
	pthread_mutex_unlock(&store->rows_mutex);
}

bool
dig_heal_record(struct dig_store *store, uint32_t pack, uint64_t at,
    struct dig_record *rec, struct dig_buf *out)
{
	struct dig_healer *healer = dig_healer_new(store, pack);
	bool found = healer != NULL && dig_healer_record(healer, at, rec, out);

	dig_healer_free(healer);
	if (found)
		dig_heal_note(store, pack, at);
	return found;
}

uint64_t
dig_store_healed(struct dig_store *store, struct dig_location *first)
{
	pthread_mutex_lock(&store->rows_mutex);
	if (first != NULL)
		*first = store->healed_first;
	pthread_mutex_unlock(&store->rows_mutex);
	return atomic_load(&store->nhealed);
}

bool
dig_heal_for_scan(
    void *arg, uint64_t at, struct dig_record *rec, struct dig_buf *out)
{
	const struct dig_heal_scan *scan = arg;

	return dig_heal_record(scan->store, scan->pack, at, rec, out);
}

/* The next intact record of the mirror behind `from` and before `to`. */
static bool
next_in_mirror(struct dig_healer *healer, uint64_t *from, uint64_t to)
{
	struct dig_pack_scan scan;
	struct dig_error err;
	bool found = false;

	if (healer->mirror_fd < 0 || to <= healer->covered)
		return false;
	dig_pack_scan_init(
	    &scan, healer->mirror_fd, healer->flags, 0, to - healer->covered);
	/* The search begins one byte further: from before its start at 0. */
	scan.offset =
	    *from < healer->covered ? UINT64_MAX : *from - healer->covered;
	if (dig_pack_scan_resync(&scan, &found, &err) != DIG_OK)
		found = false;
	if (found)
		*from = healer->covered + scan.offset;
	dig_pack_scan_clear(&scan);
	return found;
}

enum dig_status
dig_heal_resync(const struct dig_heal_scan *heal, struct dig_pack_scan *scan,
    bool *found, struct dig_error *err)
{
	struct dig_healer *healer = dig_healer_new(heal->store, heal->pack);
	uint64_t at = scan->offset;
	enum dig_status st = dig_pack_scan_resync(scan, found, err);
	bool there = st == DIG_OK && *found;

	if (healer != NULL &&
	    next_in_mirror(healer, &at, there ? scan->offset : scan->end)) {
		scan->offset = at;
		*found = true;
		st = DIG_OK;
	}
	dig_healer_free(healer);
	return st;
}

/* ---- Images ----------------------------------------------------------- */

/* Put what is right over the part of an image that it stands in. */
static void
overlay(struct dig_buf *image, uint64_t image_at, const uint8_t *data,
    uint64_t at, uint64_t len)
{
	uint64_t from = at > image_at ? at : image_at;
	uint64_t to =
	    at + len < image_at + image->len ? at + len : image_at + image->len;

	if (from < to)
		memcpy(image->data + (from - image_at), data + (from - at),
		    (size_t)(to - from));
}

/*
 * Between two records of a bulk pack there is padding up to a boundary, which
 * is known; in any other pack there is nothing. False: something is missing.
 */
static bool
overlay_padding(const struct dig_healer *healer, struct dig_buf *image,
    uint64_t image_at, uint64_t at, uint64_t to)
{
	static const uint8_t zeros[DIG_PACK_ALIGN];

	if (at == to)
		return true;
	if (!(healer->flags & DIG_PACK_BULK) || to % DIG_PACK_ALIGN != 0 ||
	    to - at >= DIG_PACK_ALIGN)
		return false;
	overlay(image, image_at, zeros, at, to - at);
	return true;
}

static bool
heal_by(void *arg, uint64_t at, struct dig_record *rec, struct dig_buf *out)
{
	return dig_healer_record(arg, at, rec, out);
}

/*
 * Right the records of an image. They are found by walking the pack, and where
 * no record can be read, at the next place where pack or mirror has one.
 */
static enum dig_status
right_records(struct dig_healer *healer, struct dig_buf *image,
    uint64_t image_at, bool *whole, struct dig_error *err)
{
	struct dig_heal_scan heal = { healer->store, healer->number };
	struct dig_buf record = DIG_BUF_INIT;
	uint64_t expected = DIG_PACK_HEADER;
	uint64_t to = image_at + image->len;
	struct dig_pack_scan scan;
	struct dig_record rec;
	enum dig_status st;
	bool done = false;
	bool found;

	*whole = true;
	dig_pack_scan_init(
	    &scan, healer->pack_fd, healer->flags, 0, healer->length);
	scan.heal = heal_by;
	scan.heal_arg = healer;
	for (;;) {
		st = dig_pack_scan_next(&scan, &done, err);
		if (st == DIG_ECORRUPT) {
			st = dig_heal_resync(&heal, &scan, &found, err);
			if (st == DIG_OK)
				continue;
		}
		if (st != DIG_OK || done || scan.at >= to)
			break;
		if (!overlay_padding(
			healer, image, image_at, expected, scan.at) &&
		    scan.at > image_at)
			*whole = false;
		expected = scan.offset;
		if (scan.offset <= image_at)
			continue;
		if (!dig_healer_record(healer, scan.at, &rec, &record)) {
			*whole = false;
			continue;
		}
		overlay(image, image_at, record.data, scan.at, record.len);
		scan.offset = expected = scan.at + record.len;
	}
	if (st == DIG_OK && done &&
	    !overlay_padding(healer, image, image_at, expected, healer->length))
		*whole = false;
	dig_pack_scan_clear(&scan);
	dig_buf_clear(&record);
	return st;
}

enum dig_status
dig_healer_image(struct dig_healer *healer, uint64_t at, size_t len,
    struct dig_buf *out, bool *whole, struct dig_error *err)
{
	struct copy pack = { healer->pack_fd, 0 };
	enum dig_status st = DIG_OK;
	uint8_t header[DIG_PACK_HEADER];

	*whole = true;
	dig_buf_reset(out);
	put_bytes(healer, &pack, at, len, out);
	if (at + len > healer->covered)
		st = right_records(healer, out, at, whole, err);
	if (healer->covered == 0) {
		dig_pack_header(healer->number, healer->flags,
		    dig_journal_store_id(healer->store->journal), header);
		overlay(out, at, header, 0, sizeof(header));
	}
	return st;
}
