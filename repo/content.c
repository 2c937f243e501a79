/* SPDX-License-Identifier: MIT
 *
 * The bytes of a file, decoded ahead by several threads and handed out in
 * order; what a path is; a listing.
 *
 * Decoding ahead: a ring of slots, each one chunk. The caller's thread names
 * chunks and hands out finished ones, the workers turn names into bytes.
 *
 *	free --(named, queued)--> waiting --(worker)--> ready --(fn)--> free
 */
#include "repo/content.h"

#include <stdlib.h>

#include "objects/base/thread.h"
#include "repo/internal.h"

#define SLOTS_A_THREAD 8 /* chunks of at most 512 KiB */
/* Below this the threads cost more than they bring. */
#define SERIAL_BYTES ((uint64_t)1 << 20)

/* ---- Decoding ahead --------------------------------------------------- */

struct slot {
	struct dig_oid chunk;
	uint64_t offset; /* in the file */
	uint64_t length;
	bool ready;
	enum dig_status st;
	struct dig_error err;
	struct dig_buf bytes;
};

struct pipeline {
	struct dig_repo *repo;
	struct dig_queue queue;
	struct dig_group group;
	pthread_mutex_t mutex; /* of ready and stop */
	pthread_cond_t became_ready;
	bool stop;
	struct slot *slots;
	size_t nslots;
	uint64_t named;
	uint64_t handed;
};

static enum dig_status
read_chunk(struct dig_reader *reader, struct slot *slot, struct dig_error *err)
{
	enum dig_status st = dig_reader_get(
	    reader, DIG_KIND_CHUNK, &slot->chunk, &slot->bytes, err);

	if (st == DIG_OK && slot->bytes.len != slot->length)
		st = dig_raise(err, DIG_ECORRUPT,
		    "a chunk is not as long as its file says");
	return st;
}

static void
work(void *arg, unsigned index)
{
	struct pipeline *pipe = arg;
	struct dig_reader *reader =
	    dig_reader_new(dig_index_store(pipe->repo->index));
	struct slot *slot;

	(void)index;
	while ((slot = dig_queue_pop(&pipe->queue)) != NULL) {
		bool stop;

		pthread_mutex_lock(&pipe->mutex);
		stop = pipe->stop;
		pthread_mutex_unlock(&pipe->mutex);
		if (stop)
			continue;
		slot->st = read_chunk(reader, slot, &slot->err);
		pthread_mutex_lock(&pipe->mutex);
		slot->ready = true;
		pthread_cond_signal(&pipe->became_ready);
		pthread_mutex_unlock(&pipe->mutex);
	}
	dig_reader_free(reader);
}

static void
pipeline_init(struct pipeline *pipe, struct dig_repo *repo, unsigned nthreads)
{
	memset(pipe, 0, sizeof(*pipe));
	pipe->repo = repo;
	pipe->nslots = nthreads == 0 ? 1 : (size_t)nthreads * SLOTS_A_THREAD;
	pipe->slots = dig_calloc(pipe->nslots, sizeof(*pipe->slots));
	pthread_mutex_init(&pipe->mutex, NULL);
	pthread_cond_init(&pipe->became_ready, NULL);
	dig_queue_init(&pipe->queue, pipe->nslots);
	if (nthreads > 0)
		dig_group_start(&pipe->group, nthreads, work, pipe);
}

static void
pipeline_clear(struct pipeline *pipe)
{
	pthread_mutex_lock(&pipe->mutex);
	pipe->stop = true;
	pthread_mutex_unlock(&pipe->mutex);
	dig_queue_close(&pipe->queue);
	dig_group_join(&pipe->group);
	dig_queue_clear(&pipe->queue);
	for (size_t i = 0; i < pipe->nslots; i++)
		dig_buf_clear(&pipe->slots[i].bytes);
	free(pipe->slots);
	pthread_cond_destroy(&pipe->became_ready);
	pthread_mutex_destroy(&pipe->mutex);
}

/* Name chunks into free slots, up to the end of the range. */
static enum dig_status
name_chunks(struct pipeline *pipe, struct dig_file_reader *file, uint64_t to,
    bool *all, struct dig_error *err)
{
	while (!*all && pipe->named - pipe->handed < pipe->nslots) {
		struct slot *slot = &pipe->slots[pipe->named % pipe->nslots];
		enum dig_status st = dig_file_reader_next(
		    file, &slot->chunk, &slot->offset, &slot->length, all, err);

		if (st != DIG_OK)
			return st;
		if (!*all && slot->offset >= to)
			*all = true;
		if (*all)
			break;
		slot->ready = false;
		pipe->named++;
		if (pipe->group.nthreads > 0)
			dig_queue_push(&pipe->queue, slot);
	}
	return DIG_OK;
}

static enum dig_status
take(struct pipeline *pipe, struct slot **out, struct dig_error *err)
{
	struct slot *slot = &pipe->slots[pipe->handed % pipe->nslots];

	*out = slot;
	if (pipe->group.nthreads == 0)
		return read_chunk(
		    dig_index_reader(pipe->repo->index), slot, err);
	pthread_mutex_lock(&pipe->mutex);
	while (!slot->ready)
		pthread_cond_wait(&pipe->became_ready, &pipe->mutex);
	pthread_mutex_unlock(&pipe->mutex);
	if (slot->st != DIG_OK)
		*err = slot->err;
	return slot->st;
}

static enum dig_status
run(struct pipeline *pipe, struct dig_file_reader *file, uint64_t from,
    uint64_t to, dig_content_fn *fn, void *arg, struct dig_error *err)
{
	uint64_t at = from;
	bool all = false;

	for (;;) {
		uint64_t start, end;
		struct slot *slot;
		enum dig_status st;

		st = name_chunks(pipe, file, to, &all, err);
		if (st == DIG_OK && pipe->handed == pipe->named)
			break;
		if (st == DIG_OK)
			st = take(pipe, &slot, err);
		if (st != DIG_OK)
			return st;
		if (dig_interrupted())
			return dig_raise(err, DIG_ECANCELLED, "interrupted");
		if (at < slot->offset || at - slot->offset >= slot->length)
			break;
		start = at - slot->offset;
		end = to - slot->offset < slot->length ? to - slot->offset
						       : slot->length;
		st = fn(
		    arg, slot->bytes.data + start, (size_t)(end - start), err);
		if (st != DIG_OK)
			return st;
		at = slot->offset + end;
		pipe->handed++;
	}
	return at == to ? DIG_OK
			: dig_raise(err, DIG_ECORRUPT,
			      "a file has fewer bytes than its entry says");
}

enum dig_status
dig_content_read(struct dig_repo *repo, const struct dig_entry *entry,
    uint64_t from, uint64_t to, dig_content_fn *fn, void *arg,
    struct dig_error *err)
{
	struct dig_node_io io = dig_reader_io(dig_index_reader(repo->index));
	struct dig_file_reader *file = NULL;
	struct pipeline pipe;
	enum dig_status st;

	if (from == to)
		return DIG_OK;
	st = dig_file_reader_new(&io, entry, &file, err);
	if (st == DIG_OK && from > 0)
		st = dig_file_reader_seek(file, from, err);
	if (st == DIG_OK) {
		pipeline_init(&pipe, repo,
		    to - from > SERIAL_BYTES ? dig_thread_count() : 0);
		st = run(&pipe, file, from, to, fn, arg, err);
		pipeline_clear(&pipe);
	}
	dig_file_reader_free(file);
	dig_log("content: %llu frames", (unsigned long long)dig_reader_frames(
					    dig_index_reader(repo->index)));
	return st;
}

/* ---- One path --------------------------------------------------------- */

enum dig_status
dig_content_find(struct dig_repo *repo, const struct dig_oid *root,
    const void *path, size_t len, enum dig_found *found, struct dig_entry *out,
    struct dig_error *err)
{
	struct dig_node_io io = dig_reader_io(dig_index_reader(repo->index));
	enum dig_status st = DIG_ENOTFOUND;
	bool below = len == 0;

	if (len > 0)
		st = dig_tree_find(&io, root, path, len, out, err);
	if (st == DIG_OK) {
		*found = DIG_FOUND_ENTRY;
		return DIG_OK;
	}
	if (st != DIG_ENOTFOUND)
		return st;
	if (!below) {
		st = dig_tree_has_below(&io, root, path, len, &below, err);
		if (st != DIG_OK)
			return st;
	}
	*found = below ? DIG_FOUND_FOLDER : DIG_FOUND_NOTHING;
	return DIG_OK;
}

/* ---- Listings --------------------------------------------------------- */

/* What a listing does at a path: bits. */
enum { LIST_SHOW = 1, LIST_ENTER = 2 };

static unsigned
look_at(const struct dig_list_options *options, const uint8_t *path, size_t len,
    bool is_folder)
{
	unsigned does = 0;

	path += options->base_len;
	len -= options->base_len;
	if (options->npaths == 0)
		does = LIST_SHOW | (options->recursive ? LIST_ENTER : 0);
	for (size_t i = 0; i < options->npaths; i++) {
		const char *want = options->paths[i];
		size_t want_len = strlen(want);
		bool inside = want_len > 0 && want[want_len - 1] == '/';

		while (want_len > 0 && want[want_len - 1] == '/')
			want_len--;
		if (len == want_len && memcmp(path, want, len) == 0) {
			does |= LIST_SHOW;
			if (inside || options->recursive)
				does |= LIST_ENTER;
		} else if (dig_path_is_under(path, len, want, want_len)) {
			does |= LIST_SHOW;
			does |= options->recursive ? LIST_ENTER : 0;
		} else if (dig_path_is_under(want, want_len, path, len)) {
			does |= LIST_ENTER;
			does |= options->show_folders ? LIST_SHOW : 0;
		}
	}
	if (!is_folder)
		return options->only_folders ? 0 : does & LIST_SHOW;
	/* Gone into, a folder is not shown itself, unless asked. */
	if ((does & LIST_ENTER) != 0 && !options->show_folders)
		does = LIST_ENTER;
	return does;
}

/* The first '/' of a path after `from`; len when there is none. */
static size_t
next_slash(const uint8_t *path, size_t len, size_t from)
{
	while (from < len && path[from] != '/')
		from++;
	return from;
}

/*
 * One entry: first the folders on its way that the entry before it did not
 * have. *skip is set to the length of a folder that is not gone into.
 */
static enum dig_status
list_entry(const struct dig_list_options *options, struct dig_buf *last,
    const struct dig_entry *entry, dig_list_fn *fn, void *arg, size_t *skip,
    struct dig_error *err)
{
	const uint8_t *path = entry->path;
	size_t len = entry->path_len, base = options->base_len;
	enum dig_status st = DIG_OK;

	*skip = 0;
	for (size_t end = next_slash(path, len, base); end < len;
	     end = next_slash(path, len, end + 1)) {
		unsigned does;

		if (last->len > end && last->data[end] == '/' &&
		    memcmp(last->data, path, end) == 0)
			continue;
		does = look_at(options, path, end, true);
		if ((does & LIST_SHOW) != 0)
			st = fn(arg, NULL, path, end, err);
		if (st != DIG_OK)
			return st;
		if ((does & LIST_ENTER) == 0) {
			*skip = end;
			break;
		}
	}
	if (*skip == 0 && (look_at(options, path, len, false) & LIST_SHOW) != 0)
		st = fn(arg, entry, path, len, err);
	dig_buf_reset(last);
	dig_buf_put(last, path, len);
	return st;
}

enum dig_status
dig_content_list(struct dig_repo *repo, const struct dig_oid *root,
    const struct dig_list_options *options, dig_list_fn *fn, void *arg,
    struct dig_error *err)
{
	struct dig_node_io io = dig_reader_io(dig_index_reader(repo->index));
	struct dig_list_options inner = *options;
	struct dig_buf base = DIG_BUF_INIT, last = DIG_BUF_INIT;
	struct dig_tree_iter *iter = NULL;
	const struct dig_entry *entry;
	enum dig_status st;
	size_t skip;

	dig_buf_put(&base, options->base, options->base_len);
	if (base.len > 0)
		dig_buf_putc(&base, '/');
	inner.base_len = base.len;
	st = dig_tree_iter_new(&io, root, &iter, err);
	if (st == DIG_OK && base.len > 0)
		st = dig_tree_iter_seek(iter, base.data, base.len, err);
	while (st == DIG_OK) {
		st = dig_tree_iter_next(iter, &entry, err);
		if (st != DIG_OK || entry == NULL ||
		    entry->path_len <= base.len ||
		    (base.len > 0 &&
			memcmp(entry->path, base.data, base.len) != 0))
			break;
		st = list_entry(&inner, &last, entry, fn, arg, &skip, err);
		if (st == DIG_OK && skip > 0) {
			last.data[skip] = '/' + 1;
			st = dig_tree_iter_seek(iter, last.data, skip + 1, err);
			last.data[skip] = '/';
		}
	}
	dig_tree_iter_free(iter);
	dig_buf_clear(&base);
	dig_buf_clear(&last);
	return st;
}

enum dig_status
dig_content_stream(const struct dig_node_io *io, const struct dig_entry *entry,
    dig_content_fn *fn, void *arg, struct dig_error *err)
{
	struct dig_file_reader *reader = NULL;
	struct dig_buf chunk = DIG_BUF_INIT;
	enum dig_status st;
	bool done = false;

	if (entry->form == DIG_FORM_EMPTY)
		return DIG_OK;
	st = dig_file_reader_new(io, entry, &reader, err);
	while (st == DIG_OK && !done) {
		uint64_t offset, length;
		struct dig_oid id;

		st = dig_file_reader_next(
		    reader, &id, &offset, &length, &done, err);
		if (st != DIG_OK || done)
			break;
		st = io->get(io->arg, DIG_KIND_CHUNK, &id, &chunk, err);
		if (st == DIG_OK && chunk.len != length)
			st = dig_raise(err, DIG_ECORRUPT,
			    "a chunk is not as long as its file says");
		if (st == DIG_OK)
			st = fn(arg, chunk.data, chunk.len, err);
	}
	dig_file_reader_free(reader);
	dig_buf_clear(&chunk);
	return st;
}
