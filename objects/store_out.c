/* SPDX-License-Identifier: MIT
 *
 * The end of a pack: appending from many threads, writing from one, parity
 * from another.
 *
 *   append (any thread) -> current buffer -> full -> writing thread -> written
 *                               ^                                        |
 *                               +----- free <----- parity thread <-------+
 *
 * Invariants
 * O1  Bytes reach the file in order and once; the file's committed part is
 *     never touched (writes begin at the committed length).
 * O2  A failed write is remembered and fails every later call: what follows a
 *     hole may not be committed.
 * O3  In a bulk pack every write begins and ends on DIG_PACK_ALIGN.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "objects/base/io.h"
#include "objects/store_internal.h"

#define NBUFFERS 4
#define NORMAL_BUFFER ((size_t)1 << 20)
#define BULK_BUFFER ((size_t)8 << 20)
#define RESERVE_STEP ((uint64_t)64 << 20)
/* A run is written when this many records stand behind the last one. */
#define RUN_DUE 4096

struct dig_out_buffer {
	uint8_t *data; /* aligned for direct writing */
	size_t len;
	uint64_t offset; /* in the file */
	int fd;
	void *raw; /* what free() wants */
};

void
dig_pack_out_init(struct dig_pack_out *out, struct dig_store *store, bool bulk)
{
	memset(out, 0, sizeof(*out));
	out->store = store;
	out->bulk = bulk;
	out->fd = -1;
	out->parity.fd = -1;
	pthread_mutex_init(&out->mutex, NULL);
	atomic_init(&out->failed, 0);
}

static size_t
buffer_size(const struct dig_pack_out *out)
{
	return out->bulk ? BULK_BUFFER : NORMAL_BUFFER;
}

static void
write_buffers(struct dig_pack_out *out)
{
	struct dig_out_buffer *buf;

	while ((buf = dig_queue_pop(&out->full_buffers)) != NULL) {
		int rc = atomic_load(&out->failed);

		if (rc == 0)
			rc = dig_pwrite_full(
			    buf->fd, buf->data, buf->len, buf->offset);
		if (rc != 0)
			atomic_store(&out->failed, rc);
		else if (!out->direct)
			dig_begin_sync(buf->fd, buf->offset, buf->len);
		dig_queue_push(&out->written_buffers, buf);
	}
	dig_queue_close(&out->written_buffers);
}

static void
add_parity(struct dig_pack_out *out)
{
	struct dig_out_buffer *buf;

	while ((buf = dig_queue_pop(&out->written_buffers)) != NULL) {
		int rc = atomic_load(&out->failed);

		if (rc == 0)
			rc = dig_parity_out_add(
			    &out->parity, buf->data, buf->len);
		if (rc != 0)
			atomic_store(&out->failed, rc);
		buf->len = 0;
		dig_queue_push(&out->free_buffers, buf);
	}
}

static void
work(void *arg, unsigned index)
{
	if (index == 0)
		write_buffers(arg);
	else
		add_parity(arg);
}

/* Buffers and the threads, at the first append. */
static enum dig_status
start(struct dig_pack_out *out, struct dig_error *err)
{
	dig_queue_init(&out->free_buffers, NBUFFERS);
	dig_queue_init(&out->full_buffers, NBUFFERS);
	dig_queue_init(&out->written_buffers, NBUFFERS);
	for (int i = 0; i < NBUFFERS; i++) {
		struct dig_out_buffer *buf = dig_calloc(1, sizeof(*buf));
		uintptr_t at;

		buf->raw = dig_alloc(buffer_size(out) + DIG_PACK_ALIGN);
		at = (uintptr_t)buf->raw + DIG_PACK_ALIGN - 1;
		buf->data = (uint8_t *)(at - at % DIG_PACK_ALIGN);
		dig_queue_push(&out->free_buffers, buf);
	}
	if (dig_group_start(&out->threads, 2, work, out) != 2) {
		atomic_store(&out->failed, EAGAIN); /* nobody would write */
		return dig_raise(
		    err, DIG_ENOMEM, "no thread for writing packs");
	}
	return DIG_OK;
}

static void
free_buffer(struct dig_out_buffer *buf)
{
	if (buf == NULL)
		return;
	free(buf->raw);
	free(buf);
}

void
dig_pack_out_clear(struct dig_pack_out *out)
{
	if (out->threads.threads != NULL || out->free_buffers.slots != NULL) {
		dig_queue_close(&out->full_buffers);
		dig_group_join(&out->threads);
		dig_queue_close(&out->free_buffers);
		free_buffer(out->current);
		for (;;) {
			struct dig_out_buffer *buf =
			    dig_queue_pop(&out->free_buffers);

			if (buf == NULL)
				break;
			free_buffer(buf);
		}
		dig_queue_clear(&out->full_buffers);
		dig_queue_clear(&out->written_buffers);
		dig_queue_clear(&out->free_buffers);
	}
	/* The reserve beyond the end goes back to the file system. */
	if (out->fd >= 0 && out->reserved > out->end &&
	    dig_truncate(out->fd, out->end) != 0)
		dig_log("the reserve of pack %06u stays", out->number);
	dig_close(out->fd);
	dig_parity_out_close(&out->parity);
	free(out->entries);
	pthread_mutex_destroy(&out->mutex);
	memset(out, 0, sizeof(*out));
	out->fd = -1;
}

static enum dig_status
failed(struct dig_pack_out *out, struct dig_error *err)
{
	int rc = atomic_load(&out->failed);
	enum dig_status st;

	if (rc == 0)
		return DIG_OK;
	st = dig_raise_os(err, DIG_EIO, rc, "writing pack %06u", out->number);
	if (rc == ENOSPC || rc == EDQUOT)
		dig_hint(err, "make room and run the command again; what was "
			      "committed before is intact");
	return st;
}

/* Bytes to the end of the pack. Under the mutex. */
static void
put_bytes(struct dig_pack_out *out, const void *data, size_t len)
{
	const uint8_t *at = data;

	while (len > 0) {
		struct dig_out_buffer *buf = out->current;
		size_t room;

		if (buf == NULL) {
			buf = dig_queue_pop(&out->free_buffers);
			buf->len = 0;
			buf->offset = out->end;
			buf->fd = out->fd;
			out->current = buf;
		}
		room = buffer_size(out) - buf->len;
		if (room > len)
			room = len;
		memcpy(buf->data + buf->len, at, room);
		buf->len += room;
		out->end += room;
		at += room;
		len -= room;
		if (buf->len == buffer_size(out)) {
			out->current = NULL;
			dig_queue_push(&out->full_buffers, buf);
		}
	}
	if (out->bulk && out->end + RESERVE_STEP / 4 > out->reserved) {
		dig_preallocate(out->fd, out->end, RESERVE_STEP);
		out->reserved = out->end + RESERVE_STEP;
	}
}

/* Hand the current buffer over and wait until all is in the file. */
static void
drain(struct dig_pack_out *out)
{
	struct dig_out_buffer *all[NBUFFERS];
	static const uint8_t zeros[DIG_PACK_ALIGN];

	if (out->bulk && out->end % DIG_PACK_ALIGN != 0)
		put_bytes(out, zeros,
		    DIG_PACK_ALIGN - (size_t)(out->end % DIG_PACK_ALIGN));
	if (out->current != NULL) {
		struct dig_out_buffer *buf = out->current;

		out->current = NULL;
		dig_queue_push(&out->full_buffers, buf);
	}
	for (int i = 0; i < NBUFFERS; i++)
		all[i] = dig_queue_pop(&out->free_buffers);
	for (int i = 0; i < NBUFFERS; i++)
		dig_queue_push(&out->free_buffers, all[i]);
}

/* Open the pack to append to: the last unsealed one, or a new one. */
static enum dig_status
open_pack(struct dig_pack_out *out, struct dig_error *err)
{
	const struct dig_state *state = dig_store_state(out->store);
	uint8_t header[DIG_PACK_HEADER];
	unsigned flags = DIG_OPEN_WRITE | (out->bulk ? DIG_OPEN_DIRECT : 0);
	const struct dig_pack_state *pack = NULL;
	enum dig_status st = DIG_OK;
	char name[24];

	if (out->free_buffers.slots == NULL)
		st = start(out, err);
	if (st == DIG_OK)
		st = dig_store_load(out->store, err);
	if (st != DIG_OK)
		return st;
	for (size_t i = 0; i < state->npacks; i++) {
		bool bulk = (state->packs[i].flags & DIG_PACK_BULK) != 0;
		const struct dig_open_pack *there =
		    dig_store_pack(out->store, state->packs[i].number);

		/* A run may only be written over what can all be read. */
		if (bulk == out->bulk &&
		    state->packs[i].number >= out->store->fresh_from &&
		    !(state->packs[i].flags & DIG_PACK_SEALED) &&
		    there != NULL && !there->damaged &&
		    dig_parity_is_there(out->store, &state->packs[i]))
			pack = &state->packs[i];
	}
	for (size_t i = 0; pack != NULL && i < out->store->nsealed; i++)
		if (out->store->sealed[i].number == pack->number)
			pack = NULL;
	if (pack == NULL)
		flags |= DIG_OPEN_CREATE | DIG_OPEN_EXCL;
	out->number =
	    pack ? pack->number : atomic_fetch_add(&out->store->next_pack, 1);
	dig_pack_name(out->number, name);
	out->fd = dig_open_at(out->store->packs_dirfd, name, flags);
	out->direct = out->bulk;
	if (out->fd == -EINVAL && out->bulk) {
		/* A file system without O_DIRECT: through the page cache.
		 * O_EXCL may have made the file before the refusal. */
		flags &= ~(unsigned)(DIG_OPEN_DIRECT | DIG_OPEN_EXCL);
		out->direct = false;
		out->fd = dig_open_at(out->store->packs_dirfd, name, flags);
	}
	if (out->fd < 0)
		return dig_raise_os(
		    err, DIG_EIO, -out->fd, "opening pack %s", name);
	dig_parity_out_open(&out->parity, out->store, out->number, pack,
	    &out->store->options.shape);
	out->open = true;
	out->end = pack ? pack->length : 0;
	out->run_offset = pack ? pack->run_offset : 0;
	out->reserved = out->end;
	out->nentries = 0;
	if (pack != NULL) {
		const struct dig_open_pack *there =
		    dig_store_pack(out->store, out->number);

		out->tail_from = there->nruns > 0 ? there->runs[0].end : 0;
		out->tail_to = out->end;
		out->tail_count = there->ntail;
	}
	if (pack == NULL) {
		out->created = true;
		out->dirty = true;
		dig_pack_header(out->number, out->bulk ? DIG_PACK_BULK : 0,
		    dig_journal_store_id(out->store->journal), header);
		put_bytes(out, header, sizeof(header));
	}
	return DIG_OK;
}

static void
add_entry(struct dig_pack_out *out, enum dig_kind kind,
    const struct dig_oid *id, uint64_t offset, uint32_t slot)
{
	struct dig_run_entry *entry;

	DIG_GROW(out->entries, out->entries_cap, out->nentries + 1);
	entry = &out->entries[out->nentries++];
	entry->id = *id;
	entry->kind = (uint8_t)kind;
	entry->offset = offset;
	entry->slot = (uint16_t)slot;
}

/* Append a run over what stands behind the last one. Under the mutex. */
static enum dig_status
put_run(struct dig_pack_out *out, struct dig_run_entry *entries, size_t count,
    bool trailer, struct dig_error *err)
{
	struct dig_buf payload = DIG_BUF_INIT;
	struct dig_buf header = DIG_BUF_INIT;
	struct dig_record rec;
	uint64_t at = out->end;

	(void)err;
	memset(&rec, 0, sizeof(rec));
	dig_run_encode(
	    entries, count, trailer ? 0 : out->run_offset, trailer, &payload);
	rec.kind = DIG_KIND_RUN;
	rec.raw_len = rec.stored_len = payload.len;
	dig_sha256_domain(
	    DIG_DOMAIN_RUN, payload.data, payload.len, rec.id.bytes);
	dig_record_encode(&rec, payload.data, &header);
	put_bytes(out, header.data, header.len);
	put_bytes(out, payload.data, payload.len);
	atomic_fetch_add(&out->store->stored_bytes, header.len + payload.len);
	out->run_offset = at;
	out->dirty = true;
	dig_buf_clear(&payload);
	dig_buf_clear(&header);
	return DIG_OK;
}

static enum dig_status
add_row(void *arg, const struct dig_object_row *row, struct dig_error *err)
{
	struct dig_pack_out *out = arg;

	(void)err;
	add_entry(out, row->kind, &row->id, row->at.offset, row->at.slot);
	return DIG_OK;
}

/* Entries of the records that stood behind the last run when the pack was
 * opened; they are needed only when a run is due. */
static enum dig_status
load_tail_entries(struct dig_pack_out *out, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	if (out->tail_count > 0)
		st = dig_store_each_row(out->store, out->number, out->tail_from,
		    out->tail_to, true, add_row, out, err);
	out->tail_count = 0;
	return st;
}

static bool
run_is_due(const struct dig_pack_out *out)
{
	return out->nentries + out->tail_count >= RUN_DUE;
}

static bool
is_full(const struct dig_pack_out *out)
{
	return out->end >= out->store->options.seal_bytes;
}

/* Everything that the runs of this pack hold, into entries. */
static enum dig_status
load_run_entries(struct dig_pack_out *out, struct dig_error *err)
{
	uint64_t at = out->run_offset;
	enum dig_status st = DIG_OK;
	char name[24];
	int fd;

	/* Not by out->fd, which may be one for direct writing only. Runs of
	 * this transaction are in the file since drain(). */
	dig_pack_name(out->number, name);
	fd = dig_open_at(out->store->packs_dirfd, name, DIG_OPEN_READ);
	if (fd < 0)
		return dig_raise_os(err, DIG_EIO, -fd, "opening pack %s", name);
	while (at != 0 && st == DIG_OK) {
		struct dig_run run;

		st = dig_run_open(fd, at, out->end, &run, err);
		if (st != DIG_OK)
			break;
		DIG_GROW(out->entries, out->entries_cap,
		    out->nentries + (size_t)run.count);
		st = dig_run_entries(&run, 0, (size_t)run.count,
		    out->entries + out->nentries, err);
		out->nentries += (size_t)run.count;
		at = run.previous;
		dig_run_clear(&run);
	}
	dig_close(fd);
	return st;
}

static struct dig_pack_state
state_of(const struct dig_pack_out *out)
{
	struct dig_pack_state state;

	state.number = out->number;
	state.flags = out->bulk ? DIG_PACK_BULK : 0;
	state.length = out->end;
	state.run_offset = out->run_offset;
	state.shape = out->parity.shape;
	state.parity_length = out->parity.length;
	return state;
}

/* After drain(). An errno value. */
static int
sync_all(struct dig_pack_out *out)
{
	int rc = dig_sync_data(out->fd);

	if (rc == 0)
		rc = dig_parity_out_sync(&out->parity);
	if (out->parity.created)
		out->created = true;
	return rc;
}

/* Close the pack with a trailer and a seal; the next append opens another. */
static enum dig_status
seal(struct dig_pack_out *out, struct dig_error *err)
{
	struct dig_pack_state state;
	struct dig_buf footer = DIG_BUF_INIT;
	enum dig_status st;
	int rc;

	drain(out);
	st = failed(out, err);
	if (st == DIG_OK)
		st = load_run_entries(out, err);
	if (st == DIG_OK)
		st = put_run(out, out->entries, out->nentries, true, err);
	if (st != DIG_OK)
		return st;
	if (out->bulk) {
		/* The seal stands at the very end, which lies on a boundary. */
		static const uint8_t zeros[DIG_PACK_ALIGN];
		size_t over = (size_t)((out->end + 16) % DIG_PACK_ALIGN);

		if (over != 0)
			put_bytes(out, zeros, DIG_PACK_ALIGN - over);
	}
	dig_buf_put(&footer, "digseal\n", 8);
	dig_buf_put_be64(&footer, out->run_offset);
	put_bytes(out, footer.data, footer.len);
	dig_buf_clear(&footer);
	drain(out);
	st = failed(out, err);
	if (st != DIG_OK)
		return st;
	rc = out->reserved > out->end ? dig_truncate(out->fd, out->end) : 0;
	if (rc == 0)
		rc = dig_parity_out_finish(&out->parity);
	if (rc == 0)
		rc = sync_all(out);
	if (rc != 0) {
		atomic_store(&out->failed, rc);
		return failed(out, err);
	}
	state = state_of(out);
	state.flags |= DIG_PACK_SEALED;
	pthread_mutex_lock(&out->store->rows_mutex);
	DIG_GROW(out->store->sealed, out->store->sealed_cap,
	    out->store->nsealed + 1);
	out->store->sealed[out->store->nsealed++] = state;
	pthread_mutex_unlock(&out->store->rows_mutex);
	dig_close(out->fd);
	out->fd = -1;
	dig_parity_out_close(&out->parity);
	out->open = out->dirty = false;
	out->nentries = 0;
	return DIG_OK;
}

static void
add_row_of(struct dig_store *store, const struct dig_record *rec,
    const struct dig_location *where, const struct dig_solid_item *items,
    size_t nitems)
{
	struct dig_object_row row;
	uint64_t stored = rec->header_len + rec->stored_len;

	memset(&row, 0, sizeof(row));
	row.at = *where;
	row.codec = rec->codec;
	if (rec->codec == DIG_CODEC_DELTA && rec->base_distance == 0)
		row.base = rec->base_id;
	pthread_mutex_lock(&store->rows_mutex);
	DIG_GROW(
	    store->rows, store->rows_cap, store->nrows + (items ? nitems : 1));
	if (items == NULL) {
		row.kind = rec->kind;
		row.id = rec->id;
		row.raw_bytes = rec->raw_len;
		row.stored_bytes = stored;
		store->rows[store->nrows++] = row;
	}
	for (size_t i = 0; items != NULL && i < nitems; i++) {
		row.kind = items[i].kind;
		row.id = items[i].id;
		row.at.slot = (uint32_t)i + 1;
		row.raw_bytes = items[i].raw_len;
		row.stored_bytes =
		    dig_solid_share(items, nitems, i, stored, rec->raw_len);
		store->rows[store->nrows++] = row;
	}
	pthread_mutex_unlock(&store->rows_mutex);
}

/* Say where the base is: by distance in this pack, by id in a lower one. */
static enum dig_status
name_base(struct dig_pack_out *out, struct dig_record *rec,
    const struct dig_location *base, bool base_bulk, struct dig_error *err)
{
	if (base->pack == out->number) {
		rec->base_distance = out->end - base->offset;
		rec->base_slot = base->slot;
		return DIG_OK;
	}
	rec->base_distance = 0;
	if (dig_store_is_lower(
		out->store, base->pack, base_bulk, out->number, out->bulk))
		return DIG_OK;
	return dig_raise(err, DIG_ECONFLICT, "the base is in a higher pack");
}

static enum dig_status
append_locked(struct dig_pack_out *out, struct dig_record *rec,
    const void *payload, const struct dig_location *base, bool base_bulk,
    const struct dig_solid_item *items, size_t nitems,
    struct dig_location *where, struct dig_error *err)
{
	struct dig_buf header = DIG_BUF_INIT;
	enum dig_status st = failed(out, err);

	if (st == DIG_OK && out->open && is_full(out)) {
		st = load_tail_entries(out, err);
		if (st == DIG_OK)
			st = seal(out, err);
	}
	if (st == DIG_OK && !out->open)
		st = open_pack(out, err);
	if (st == DIG_OK && rec->codec == DIG_CODEC_DELTA)
		st = name_base(out, rec, base, base_bulk, err);
	if (st != DIG_OK)
		return st;
	where->pack = out->number;
	where->offset = out->end;
	where->slot = 0;
	dig_record_encode(rec, payload, &header);
	put_bytes(out, header.data, header.len);
	put_bytes(out, payload, (size_t)rec->stored_len);
	out->dirty = true;
	dig_buf_clear(&header);
	if (items == NULL)
		add_entry(out, rec->kind, &rec->id, where->offset, 0);
	for (size_t i = 0; items != NULL && i < nitems; i++)
		add_entry(out, items[i].kind, &items[i].id, where->offset,
		    (uint32_t)i + 1);
	atomic_fetch_add(
	    &out->store->stored_bytes, rec->header_len + rec->stored_len);
	return DIG_OK;
}

enum dig_status
dig_pack_out_append(struct dig_pack_out *out, struct dig_record *rec,
    const void *payload, const struct dig_location *base, bool base_bulk,
    const struct dig_solid_item *items, size_t nitems,
    struct dig_location *where, struct dig_error *err)
{
	enum dig_status st;

	pthread_mutex_lock(&out->mutex);
	st = append_locked(
	    out, rec, payload, base, base_bulk, items, nitems, where, err);
	pthread_mutex_unlock(&out->mutex);
	if (st == DIG_OK)
		add_row_of(out->store, rec, where, items, nitems);
	return st;
}

enum dig_status
dig_pack_out_drain(struct dig_pack_out *out, uint32_t *number, uint64_t *end,
    struct dig_error *err)
{
	enum dig_status st;

	pthread_mutex_lock(&out->mutex);
	st = failed(out, err);
	if (st == DIG_OK && out->open) {
		drain(out);
		st = failed(out, err);
	}
	*number = out->number;
	*end = out->open ? out->end : 0;
	pthread_mutex_unlock(&out->mutex);
	return st;
}

enum dig_status
dig_pack_out_sync(
    struct dig_pack_out *out, struct dig_state *next, struct dig_error *err)
{
	struct dig_pack_state state;
	enum dig_status st = failed(out, err);
	bool due;
	int rc;

	if (st != DIG_OK || !out->open || !out->dirty)
		return st;
	/* What a rewrite copies may stand in an older pack, too: memory keeps
	 * one place of an object (dig_oidmap_place), runs keep all. */
	due = run_is_due(out) || (out->store->fresh_from != 0 &&
				     out->nentries + out->tail_count > 0);
	if (due || is_full(out))
		st = load_tail_entries(out, err);
	if (st == DIG_OK && is_full(out))
		return seal(out, err);
	if (st == DIG_OK && due) {
		st = put_run(out, out->entries, out->nentries, false, err);
		out->nentries = 0;
	}
	if (st != DIG_OK)
		return st;
	drain(out);
	st = failed(out, err);
	if (st != DIG_OK)
		return st;
	rc = sync_all(out);
	if (rc != 0) {
		atomic_store(&out->failed, rc);
		return failed(out, err);
	}
	out->dirty = false;
	state = state_of(out);
	dig_state_set_pack(next, &state);
	return DIG_OK;
}
