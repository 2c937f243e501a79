/* SPDX-License-Identifier: MIT
 *
 * Which bytes of a file are new, by the chunks of both sides.
 */
#include <stdlib.h>

#include "repo/diff_internal.h"

void
dig_chunk_changes_clear(struct dig_chunk_changes *ranges)
{
	free(ranges->at);
	memset(ranges, 0, sizeof(*ranges));
}

typedef void chunk_fn(void *arg, const struct dig_oid *id, uint64_t len);

/* ---- The chunks of one side ------------------------------------------- */

/* Cuts a stream as add does. */
struct cutter {
	const struct dig_chunk_profile *profile;
	struct dig_buf held;
	chunk_fn *fn;
	void *arg;
};

static void
cut_one(struct cutter *cutter, size_t *at)
{
	const uint8_t *data = cutter->held.data + *at;
	size_t len =
	    dig_chunk_cut(cutter->profile, data, cutter->held.len - *at);
	struct dig_oid id;

	dig_sha256(data, len, id.bytes);
	cutter->fn(cutter->arg, &id, len);
	*at += len;
}

static void
keep_rest(struct cutter *cutter, size_t at)
{
	if (at > 0)
		memmove(cutter->held.data, cutter->held.data + at,
		    cutter->held.len - at);
	cutter->held.len -= at;
}

static enum dig_status
cut_bytes(void *arg, const void *data, size_t len, struct dig_error *err)
{
	struct cutter *cutter = arg;
	size_t at = 0;

	(void)err;
	dig_buf_put(&cutter->held, data, len);
	while (cutter->held.len - at >= cutter->profile->max_bytes)
		cut_one(cutter, &at);
	keep_rest(cutter, at);
	return DIG_OK;
}

static enum dig_status
work_chunks(struct dig_differ *differ, const struct dig_change *change,
    bool old, chunk_fn *fn, void *arg, struct dig_error *err)
{
	struct cutter cutter = { differ->profile, DIG_BUF_INIT, fn, arg };
	size_t at = 0;
	enum dig_status st =
	    dig_differ_stream(differ, change, old, cut_bytes, &cutter, err);

	while (st == DIG_OK && at < cutter.held.len)
		cut_one(&cutter, &at);
	dig_buf_clear(&cutter.held);
	return st;
}

static enum dig_status
stored_chunks(struct dig_differ *differ, const struct dig_change_side *side,
    chunk_fn *fn, void *arg, struct dig_error *err)
{
	struct dig_node_io io =
	    dig_reader_io(dig_index_reader(differ->repo->index));
	struct dig_file_reader *reader = NULL;
	struct dig_entry entry = { .kind = DIG_ENTRY_FILE,
		.form = side->form,
		.size_bytes = side->size_bytes,
		.stored = side->stored };
	uint64_t offset, len;
	struct dig_oid id;
	bool done = false;
	enum dig_status st = dig_file_reader_new(&io, &entry, &reader, err);

	while (st == DIG_OK) {
		st = dig_file_reader_next(
		    reader, &id, &offset, &len, &done, err);
		if (st != DIG_OK || done)
			break;
		fn(arg, &id, len);
	}
	dig_file_reader_free(reader);
	return st;
}

static enum dig_status
side_chunks(struct dig_differ *differ, const struct dig_change *change,
    bool old, chunk_fn *fn, void *arg, struct dig_error *err)
{
	const struct dig_change_side *side = old ? &change->old : &change->now;

	if (side->mode == 0 || side->form == DIG_FORM_LINK ||
	    (!side->work && side->size_bytes == 0))
		return DIG_OK;
	if (side->work)
		return work_chunks(differ, change, old, fn, arg, err);
	return stored_chunks(differ, side, fn, arg, err);
}

/* ---- Comparing -------------------------------------------------------- */

struct comparison {
	uint64_t *known; /* the starts of the old side's ids, sorted */
	size_t nknown;
	size_t cap;
	uint64_t at; /* in the new side */
	struct dig_chunk_changes *out;
};

static void
collect_known(void *arg, const struct dig_oid *id, uint64_t len)
{
	struct comparison *all = arg;

	(void)len;
	DIG_GROW(all->known, all->cap, all->nknown + 1);
	all->known[all->nknown++] = dig_get_be64(id->bytes);
}

static int
by_value(const void *a, const void *b)
{
	uint64_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x > y) - (x < y);
}

static void
compare_chunk(void *arg, const struct dig_oid *id, uint64_t len)
{
	struct comparison *all = arg;
	struct dig_chunk_changes *out = all->out;
	uint64_t start = dig_get_be64(id->bytes);

	if (all->nknown == 0 || bsearch(&start, all->known, all->nknown,
				    sizeof(start), by_value) == NULL) {
		out->new_bytes += len;
		if (out->count > 0 && out->at[out->count - 1].to == all->at) {
			out->at[out->count - 1].to += len;
		} else {
			DIG_GROW(out->at, out->cap, out->count + 1);
			out->at[out->count++] =
			    (struct dig_byte_range){ all->at, all->at + len };
		}
	}
	all->at += len;
}

enum dig_status
dig_differ_chunks(struct dig_differ *differ, const struct dig_change *change,
    struct dig_chunk_changes *out, struct dig_error *err)
{
	struct dig_chunk_changes found = { NULL, 0, 0, 0 };
	struct comparison all = { .out = &found };
	enum dig_status st;

	st = side_chunks(differ, change, true, collect_known, &all, err);
	if (st == DIG_OK && all.nknown > 0)
		qsort(all.known, all.nknown, sizeof(*all.known), by_value);
	if (st == DIG_OK)
		st = side_chunks(
		    differ, change, false, compare_chunk, &all, err);
	if (st == DIG_ENOTFOUND && (change->now.work || change->old.work))
		st = DIG_OK; /* gone meanwhile: nothing of it is new */
	free(all.known);
	if (st != DIG_OK) {
		dig_chunk_changes_clear(&found);
		return st;
	}
	dig_chunk_changes_clear(out);
	*out = found;
	return DIG_OK;
}
