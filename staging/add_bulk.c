/* SPDX-License-Identifier: MIT
 *
 * Large files: one thread reads and cuts into a few rotating buffers, workers
 * hash, compress and append the chunks, and the chunks' ids come back in order
 * for the content tree. Memory does not depend on the file's size.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "staging/add_internal.h"

#define BUFFERS 4
#define BUFFER_BYTES ((size_t)4 << 20)
/* So much of a file is committed (as chunks, not yet as a path) at a time: a
 * killed add of a huge file finds them again. */
#define CHECKPOINT_BYTES ((uint64_t)1 << 30)

/* One chunk for a worker. */
struct task {
	struct buffer *buffer;
	const uint8_t *data;
	size_t len;
	bool has_base;
	struct dig_oid base;
	bool hashed; /* id is known already */
	struct dig_oid id;
};

struct buffer {
	uint8_t *data;
	size_t len;
	struct task *tasks;
	size_t ntasks;
	size_t cap;
	size_t open; /* tasks that are not done; under the mutex */
};

struct bulk {
	const struct dig_add_bulk *options;
	struct dig_writer **writers;
	struct dig_queue queue;
	struct dig_group group;
	pthread_mutex_t mutex;
	pthread_cond_t done;
	enum dig_status st; /* the first failure of a worker */
	struct dig_error err;
	struct buffer buffers[BUFFERS];
	struct dig_file_builder *builder;
	struct dig_put_bases bases;
	size_t
	    turn; /* of the buffer to fill next, the one filled longest ago */
	uint64_t bytes;
	uint64_t uncommitted;
};

static void
work(void *arg, unsigned index)
{
	struct bulk *bulk = arg;
	struct dig_error err;
	struct task *task;

	while ((task = dig_queue_pop(&bulk->queue)) != NULL) {
		enum dig_status st;

		if (!task->hashed)
			dig_sha256(task->data, task->len, task->id.bytes);
		st = dig_writer_put(bulk->writers[index], DIG_KIND_CHUNK,
		    &task->id, task->data, task->len,
		    task->has_base ? &task->base : NULL, !bulk->options->small,
		    &err);
		pthread_mutex_lock(&bulk->mutex);
		if (st != DIG_OK && bulk->st == DIG_OK) {
			bulk->st = st;
			bulk->err = err;
		}
		if (--task->buffer->open == 0)
			pthread_cond_signal(&bulk->done);
		pthread_mutex_unlock(&bulk->mutex);
	}
}

/* Wait for a buffer's chunks and add them to the content tree, in order. */
static enum dig_status
retire(struct bulk *bulk, struct buffer *buffer, struct dig_error *err)
{
	enum dig_status st;

	pthread_mutex_lock(&bulk->mutex);
	while (buffer->open > 0)
		pthread_cond_wait(&bulk->done, &bulk->mutex);
	st = bulk->st;
	if (st != DIG_OK)
		*err = bulk->err;
	pthread_mutex_unlock(&bulk->mutex);
	for (size_t i = 0; st == DIG_OK && i < buffer->ntasks; i++)
		st = dig_file_builder_add(bulk->builder, buffer->tasks[i].len,
		    &buffer->tasks[i].id, err);
	buffer->ntasks = 0;
	return st;
}

/* Cut a buffer's bytes; what is left at its end waits for more. */
static size_t
cut(struct bulk *bulk, struct buffer *buffer, bool last)
{
	const struct dig_chunk_profile *profile = bulk->options->profile;
	size_t at = 0;

	while (at < buffer->len &&
	       (last || buffer->len - at >= profile->max_bytes)) {
		size_t len =
		    dig_chunk_cut(profile, buffer->data + at, buffer->len - at);
		struct task *task;

		DIG_GROW(buffer->tasks, buffer->cap, buffer->ntasks + 1);
		task = &buffer->tasks[buffer->ntasks++];
		memset(task, 0, sizeof(*task));
		task->buffer = buffer;
		task->data = buffer->data + at;
		task->len = len;
		at += len;
	}
	return at;
}

/* A chunk's base has to be known before it is hashed by a worker, so with a
 * version before, the ids are computed here: an edit is mostly old chunks. */
static void
find_bases(struct bulk *bulk, struct buffer *buffer)
{
	if (bulk->bases.count == 0)
		return;
	for (size_t i = 0; i < buffer->ntasks; i++) {
		struct task *task = &buffer->tasks[i];
		const struct dig_oid *base;

		dig_sha256(task->data, task->len, task->id.bytes);
		task->hashed = true;
		base = dig_put_base(&bulk->bases, &task->id);
		task->has_base = base != NULL;
		if (base != NULL)
			task->base = *base;
	}
}

static void
dispatch(struct bulk *bulk, struct buffer *buffer)
{
	pthread_mutex_lock(&bulk->mutex);
	buffer->open = buffer->ntasks;
	pthread_mutex_unlock(&bulk->mutex);
	for (size_t i = 0; i < buffer->ntasks; i++)
		dig_queue_push(&bulk->queue, &buffer->tasks[i]);
}

/* All buffers, the one filled longest ago first. Afterwards workers are idle.
 */
static enum dig_status
retire_all(struct bulk *bulk, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	for (size_t i = 0; st == DIG_OK && i < BUFFERS; i++)
		st = retire(
		    bulk, &bulk->buffers[(bulk->turn + i) % BUFFERS], err);
	return st;
}

/* The chunks so far become durable; the path follows when all are there. */
static enum dig_status
checkpoint(struct bulk *bulk, struct dig_error *err)
{
	struct dig_commit_options options = { bulk->options->verb,
		*bulk->options->op, false, true, NULL };
	enum dig_status st = retire_all(bulk, err);

	if (st == DIG_OK)
		st = dig_index_commit(
		    bulk->options->index, &options, bulk->options->op, err);
	bulk->uncommitted = 0;
	return st;
}

/* Fill a buffer: what the one before left over, the head, then the file.
 * Returns an errno value. */
static int
fill(struct buffer *buffer, struct dig_cursor *rest, struct dig_cursor *head,
    const struct dig_put_source *source)
{
	struct dig_cursor *from[2] = { rest, head };
	int64_t n;

	buffer->len = 0;
	for (size_t i = 0; i < 2; i++) {
		size_t some = dig_cursor_left(from[i]);

		if (some > BUFFER_BYTES - buffer->len)
			some = BUFFER_BYTES - buffer->len;
		if (some > 0)
			memcpy(buffer->data + buffer->len,
			    dig_cursor_raw(from[i], some), some);
		buffer->len += some;
	}
	if (buffer->len == BUFFER_BYTES)
		return 0;
	n = source->read(source->arg, buffer->data + buffer->len,
	    BUFFER_BYTES - buffer->len);
	if (n < 0)
		return (int)-n;
	buffer->len += (size_t)n;
	return 0;
}

/* Read, cut and hand out until the end. *os: the file's trouble. */
static enum dig_status
pump(struct bulk *bulk, const struct dig_put_source *source,
    struct dig_cursor head, int *os, struct dig_error *err)
{
	struct dig_cursor rest = { NULL, NULL, false };
	enum dig_status st = DIG_OK;
	bool last = false;

	while (st == DIG_OK && !last) {
		struct buffer *buffer = &bulk->buffers[bulk->turn % BUFFERS];
		size_t before = dig_cursor_left(&rest);
		size_t used;

		if (dig_interrupted())
			return dig_raise(err, DIG_ECANCELLED, "interrupted");
		st = retire(bulk, buffer, err);
		if (st != DIG_OK)
			break;
		*os = fill(buffer, &rest, &head, source);
		if (*os != 0)
			break;
		last = buffer->len < BUFFER_BYTES;
		bulk->turn++;
		bulk->bytes += buffer->len - before;
		bulk->uncommitted += buffer->len - before;
		used = cut(bulk, buffer, last);
		rest = dig_cursor_over(buffer->data + used, buffer->len - used);
		find_bases(bulk, buffer);
		dispatch(bulk, buffer);
		if (bulk->options->progress != NULL)
			bulk->options->progress(bulk->options->arg,
			    bulk->options->files_before,
			    bulk->options->bytes_before + bulk->bytes);
		if (!last && bulk->uncommitted >= CHECKPOINT_BYTES)
			st = checkpoint(bulk, err);
	}
	return st == DIG_OK ? retire_all(bulk, err) : st;
}

static void
stop(struct bulk *bulk, unsigned nthreads)
{
	dig_queue_close(&bulk->queue);
	dig_group_join(&bulk->group);
	dig_queue_clear(&bulk->queue);
	for (unsigned i = 0; i < nthreads; i++)
		dig_writer_free(bulk->writers[i]);
	free(bulk->writers);
	for (size_t i = 0; i < BUFFERS; i++) {
		free(bulk->buffers[i].data);
		free(bulk->buffers[i].tasks);
	}
	dig_file_builder_free(bulk->builder);
	pthread_mutex_destroy(&bulk->mutex);
	pthread_cond_destroy(&bulk->done);
}

static enum dig_status
start(struct bulk *bulk, unsigned nthreads, struct dig_error *err)
{
	pthread_mutex_init(&bulk->mutex, NULL);
	pthread_cond_init(&bulk->done, NULL);
	dig_queue_init(&bulk->queue, 1024);
	bulk->writers = dig_calloc(nthreads, sizeof(struct dig_writer *));
	for (unsigned i = 0; i < nthreads; i++)
		bulk->writers[i] =
		    dig_writer_new(dig_index_store(bulk->options->index));
	for (size_t i = 0; i < BUFFERS; i++)
		bulk->buffers[i].data = dig_alloc(BUFFER_BYTES);
	if (dig_group_start(&bulk->group, nthreads, work, bulk) == 0)
		return dig_raise(err, DIG_ENOMEM, "no thread could be started");
	return DIG_OK;
}

static int64_t
read_fd(void *arg, void *data, size_t len)
{
	return dig_read_full(*(const int *)arg, data, len);
}

struct dig_put_source
dig_put_from_fd(int *fd)
{
	struct dig_put_source source = { read_fd, fd };

	return source;
}

enum dig_status
dig_add_bulk_read(const struct dig_add_bulk *options,
    const struct dig_put_source *source, const void *head, size_t head_len,
    struct dig_add_item *item, struct dig_error *err)
{
	struct dig_writer *writer = dig_index_writer(options->index);
	struct dig_put put = { .writer = writer };
	struct dig_entry old;
	struct dig_node_io io = dig_writer_io(writer);
	unsigned nthreads = dig_thread_count();
	struct bulk bulk;
	enum dig_status st;
	int os = 0;

	memset(&bulk, 0, sizeof(bulk));
	bulk.options = options;
	bulk.builder = dig_file_builder_new(&io);
	if (options->old != NULL)
		bulk.bases = dig_put_old(&put, options->old);
	else if (item->before.exists &&
		 dig_add_find_old(writer,
		     &dig_index_next(options->index)->staged_root, item->path,
		     item->path_len, &old))
		bulk.bases = dig_put_old(&put, &old);
	st = start(&bulk, nthreads, err);
	if (st == DIG_OK)
		st = pump(
		    &bulk, source, dig_cursor_over(head, head_len), &os, err);
	for (unsigned i = 0; st == DIG_OK && i < nthreads; i++)
		st = dig_writer_flush(bulk.writers[i], err);
	if (st == DIG_OK && os == 0)
		st = dig_file_builder_finish(bulk.builder, &item->entry, err);
	stop(&bulk, nthreads);
	dig_put_clear(&put);
	item->outcome = DIG_ADD_READ;
	if (st == DIG_OK && os != 0) {
		char text[96] = "";

		item->outcome = DIG_ADD_UNREADABLE;
		if (strerror_r(os, text, sizeof(text)) != 0)
			text[0] = '\0';
		snprintf(item->reason, sizeof(item->reason),
		    "cannot be read: %s", text);
	}
	return st;
}

enum dig_status
dig_put_stream(struct dig_index *index, const struct dig_chunk_profile *profile,
    const struct dig_entry *old, const struct dig_put_source *source,
    const char *verb, uint64_t *op, struct dig_entry *entry,
    struct dig_error *err)
{
	struct dig_add_bulk bulk = {
		.index = index,
		.profile = profile,
		.verb = verb,
		.op = op,
		.old = old,
	};
	struct dig_add_item item;
	enum dig_status st;

	memset(&item, 0, sizeof(item));
	item.entry = *entry;
	st = dig_add_bulk_read(&bulk, source, NULL, 0, &item, err);
	if (st == DIG_OK && item.outcome == DIG_ADD_UNREADABLE)
		st = dig_raise(err, DIG_EFILE, "it %s", item.reason);
	if (st == DIG_OK)
		*entry = item.entry;
	return st;
}
