/* SPDX-License-Identifier: MIT
 *
 * Which files are searched, by whom, and in what order it is told.
 *
 * Files are put into slots, some at a time, in path order; workers search a
 * slot and keep what they find, the calling thread tells it in order:
 *
 *	free --(filled, queued)--> waiting --(worker)--> ready --(told)--> free
 *
 * A file that is large, or in which too much is found, ends a worker's slot;
 * the calling thread searches from there on and tells as it goes.
 */
#include "repo/grep.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "objects/base/thread.h"
#include "repo/grep_search.h"
#include "repo/internal.h"
#include "repo/select.h"
#include "repo/worktree.h"
#include "staging/walk.h"

#define SLOT_FILES 64
#define SLOT_BYTES ((uint64_t)1 << 20)
#define LARGE_BYTES ((uint64_t)8 << 20)
#define RESULT_BYTES ((size_t)16 << 20)
#define BLOCK_BYTES ((size_t)1 << 20)

struct file {
	size_t path; /* its offset in slot->paths */
	size_t path_len;
	struct dig_entry entry; /* STAGED, TREE */
};

struct slot {
	struct dig_buf paths;
	struct file files[SLOT_FILES];
	size_t nfiles;
	uint64_t bytes;
	/* Of the worker: */
	struct dig_buf events;
	size_t ndone; /* files that were searched to the end */
	bool found;
	struct dig_buf warnings; /* each ended by NUL */
	enum dig_status st;
	struct dig_error err;
	bool ready;
};

/* What one thread searches with. */
struct hand {
	struct grep *grep;
	struct dig_patterns *matcher;
	struct dig_search search;
	struct dig_folders folders;
	struct dig_reader *reader;
	struct slot *slot; /* whose events are kept; NULL: told at once */
	size_t kept;       /* bytes of events before this file's */
	bool overflow;
	const char *path;
	size_t path_len;
};

/* No folder is open. */
#define HAND_INIT                                                              \
	{                                                                      \
		.folders = {.fd = -1 }                                         \
	}

struct grep {
	struct dig_repo *repo;
	const struct dig_grep_options *options;
	struct dig_pathspec *spec;
	struct dig_node_io io;
	/* Where the files come from: one of these. */
	struct dig_tree_iter *iter;
	struct dig_walk *walk;
	struct hand main;
	struct dig_queue queue;
	struct dig_group group;
	pthread_mutex_t mutex; /* of slots' ready, and stop */
	pthread_cond_t became_ready;
	bool stop;
	struct slot *slots;
	size_t nslots;
	uint64_t filled;
	uint64_t told;
	bool found;
	bool enough;
	uint64_t failures;
};

static bool
is_stored(const struct grep *grep)
{
	return grep->options->where == DIG_GREP_STAGED ||
	       grep->options->where == DIG_GREP_TREE;
}

/* ---- Events that are kept --------------------------------------------- */

struct kept {
	struct dig_grep_event event; /* pointers are not valid */
	size_t file;
};

static void
keep_event(struct slot *slot, const struct dig_grep_event *event, size_t file)
{
	struct kept kept = { *event, file };

	dig_buf_put(&slot->events, &kept, sizeof(kept));
	dig_buf_put(
	    &slot->events, event->spans, event->nspans * sizeof(*event->spans));
	dig_buf_put(&slot->events, event->text, event->len);
	while (slot->events.len % sizeof(uint64_t) != 0)
		dig_buf_putc(&slot->events, 0);
}

/* Tell the kept events of a slot. */
static void
tell_kept(struct grep *grep, const struct slot *slot)
{
	const uint8_t *at = slot->events.data;
	const uint8_t *end = at + slot->events.len;

	while (at < end && !grep->enough) {
		struct dig_grep_event event;
		const struct file *file;
		struct kept kept;
		size_t len;

		memcpy(&kept, at, sizeof(kept));
		event = kept.event;
		file = &slot->files[kept.file];
		event.path = (const char *)slot->paths.data + file->path;
		event.path_len = file->path_len;
		event.spans = (const void *)(at + sizeof(kept));
		event.text = (const char *)(event.spans + event.nspans);
		len = sizeof(kept) + event.nspans * sizeof(*event.spans) +
		      event.len;
		at += (len + 7) / 8 * 8;
		if (!grep->options->fn(grep->options->arg, &event))
			grep->enough = true;
	}
}

static bool
on_event(void *arg, const struct dig_grep_event *event)
{
	struct hand *hand = arg;
	struct dig_grep_event whole = *event;

	if (hand->slot != NULL) {
		if (hand->slot->events.len - hand->kept > RESULT_BYTES) {
			hand->overflow = true;
			return false;
		}
		keep_event(hand->slot, event, hand->slot->ndone);
		return true;
	}
	whole.path = hand->path;
	whole.path_len = hand->path_len;
	if (hand->grep->options->fn(hand->grep->options->arg, &whole))
		return true;
	hand->grep->enough = true;
	return false;
}

/* ---- One file --------------------------------------------------------- */

static enum dig_status
hand_init(struct hand *hand, struct grep *grep, struct dig_error *err)
{
	enum dig_status st;

	hand->grep = grep;
	dig_folders_init(&hand->folders, grep->repo->root_fd);
	st = dig_patterns_new(grep->options, &hand->matcher, err);
	if (st == DIG_OK)
		dig_search_init(&hand->search, grep->options, hand->matcher,
		    on_event, hand);
	return st;
}

static void
hand_clear(struct hand *hand)
{
	dig_search_clear(&hand->search);
	dig_patterns_free(hand->matcher);
	dig_folders_clear(&hand->folders);
	dig_reader_free(hand->reader);
}

/* The hand's search gave up: say so. */
static enum dig_status
check_matcher(const struct hand *hand, struct dig_error *err)
{
	const char *why = dig_patterns_failure(hand->matcher);
	struct dig_buf shown = DIG_BUF_INIT;

	if (why == NULL)
		return DIG_OK;
	dig_path_quote(&shown, hand->path, hand->path_len, true);
	dig_raise(err, DIG_EINVALID, "searching %s: %s",
	    (const char *)shown.data, why);
	dig_buf_clear(&shown);
	return DIG_EINVALID;
}

static void
warn(struct hand *hand, int rc)
{
	struct dig_buf shown = DIG_BUF_INIT;

	dig_path_quote(&shown, hand->path, hand->path_len, true);
	if (hand->slot != NULL) {
		dig_buf_printf(&hand->slot->warnings, "%s: %s",
		    (const char *)shown.data, strerror(rc));
		dig_buf_putc(&hand->slot->warnings, '\0');
	} else {
		hand->grep->failures++;
		dig_repo_warn(hand->grep->repo, "%s: %s",
		    (const char *)shown.data, strerror(rc));
	}
	dig_buf_clear(&shown);
}

/* Feed what a descriptor gives, block by block. */
static enum dig_status
search_fd(struct hand *hand, int fd, uint64_t size, struct dig_error *err)
{
	struct dig_search *search = &hand->search;
	/* One byte more than the file, to meet its end in the same read. */
	size_t room = size < BLOCK_BYTES ? (size_t)size + 1 : BLOCK_BYTES;
	bool more = true;

	while (more) {
		int64_t n;

		dig_buf_reserve(&search->buf, room);
		n = dig_read_full(fd, search->buf.data + search->buf.len, room);
		if (n < 0) {
			warn(hand, (int)-n);
			return DIG_OK;
		}
		search->buf.len += (size_t)n;
		search->buf.data[search->buf.len] = '\0';
		more = dig_search_run(search, (size_t)n < room) &&
		       (size_t)n == room;
		if (dig_interrupted())
			return dig_raise(err, DIG_ECANCELLED, "interrupted");
	}
	return DIG_OK;
}

/* A working file; links, and what is gone, are not searched. */
static enum dig_status
search_working(struct hand *hand, bool *large, struct dig_error *err)
{
	struct dig_stat sb;
	enum dig_status st = DIG_OK;
	const char *name;
	int dir = dig_folders_open(&hand->folders, hand->path, false, &name);
	int fd = dir < 0 ? dir : dig_open_at(dir, name, DIG_OPEN_READ);
	int rc;

	if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP || fd == -ENXIO)
		return DIG_OK;
	if (fd < 0) {
		warn(hand, -fd);
		return DIG_OK;
	}
	rc = dig_stat_fd(fd, &sb);
	*large = rc == 0 && hand->slot != NULL && sb.size_bytes > LARGE_BYTES;
	if (rc != 0)
		warn(hand, rc);
	else if (sb.type == DIG_FT_REGULAR && !*large)
		st = search_fd(hand, fd, sb.size_bytes, err);
	dig_close(fd);
	return st;
}

static enum dig_status
feed(void *arg, const void *data, size_t len, struct dig_error *err)
{
	struct dig_search *search = arg;

	(void)err;
	dig_buf_put(&search->buf, data, len);
	return dig_search_run(search, false) ? DIG_OK : DIG_ENO;
}

/* Chunk by chunk, with a reader of this thread's own. */
static enum dig_status
search_chunks(
    struct hand *hand, const struct dig_entry *entry, struct dig_error *err)
{
	struct dig_node_io io = dig_reader_io(hand->reader);
	struct dig_file_reader *file = NULL;
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_oid chunk;
	uint64_t offset, length;
	enum dig_status st;
	bool done = false;

	st = dig_file_reader_new(&io, entry, &file, err);
	while (st == DIG_OK) {
		st = dig_file_reader_next(
		    file, &chunk, &offset, &length, &done, err);
		if (st != DIG_OK || done)
			break;
		st = dig_reader_get(
		    hand->reader, DIG_KIND_CHUNK, &chunk, &bytes, err);
		if (st == DIG_OK && bytes.len != length)
			st = dig_raise(err, DIG_ECORRUPT,
			    "a chunk is not as long as its file says");
		if (st == DIG_OK)
			st = feed(&hand->search, bytes.data, bytes.len, err);
	}
	dig_buf_clear(&bytes);
	dig_file_reader_free(file);
	return st;
}

static enum dig_status
search_stored(struct hand *hand, const struct dig_entry *entry, bool *large,
    struct dig_error *err)
{
	struct grep *grep = hand->grep;
	enum dig_status st;

	*large = hand->slot != NULL && entry->size_bytes > LARGE_BYTES;
	if (*large)
		return DIG_OK;
	if (hand->reader == NULL)
		hand->reader =
		    dig_reader_new(dig_index_store(grep->repo->index));
	st = entry->size_bytes > LARGE_BYTES
		 ? dig_content_read(grep->repo, entry, 0, entry->size_bytes,
		       feed, &hand->search, err)
		 : search_chunks(hand, entry, err);
	if (st == DIG_ENO)
		return DIG_OK; /* no more was needed */
	if (st == DIG_OK)
		dig_search_run(&hand->search, true);
	else
		dig_wrap(err, "%s", hand->path);
	return st;
}

/* *large: the calling thread has to do it. */
static enum dig_status
search_file(struct hand *hand, const struct slot *slot, size_t i, bool *large,
    struct dig_error *err)
{
	const struct file *file = &slot->files[i];
	enum dig_status st;

	*large = false;
	hand->path = (const char *)slot->paths.data + file->path;
	hand->path_len = file->path_len;
	hand->overflow = false;
	dig_search_begin(&hand->search);
	st = is_stored(hand->grep)
		 ? search_stored(hand, &file->entry, large, err)
		 : search_working(hand, large, err);
	if (st == DIG_OK)
		st = check_matcher(hand, err);
	*large = *large || hand->overflow;
	return st;
}

/* ---- Slots ------------------------------------------------------------ */

static void
search_slot(struct hand *hand, struct slot *slot)
{
	hand->slot = slot;
	for (; slot->ndone < slot->nfiles; slot->ndone++) {
		bool large;

		hand->kept = slot->events.len;
		slot->st =
		    search_file(hand, slot, slot->ndone, &large, &slot->err);
		if (large)
			slot->events.len = hand->kept;
		if (slot->st != DIG_OK || large)
			return;
		slot->found = slot->found || hand->search.found;
	}
}

static void
work(void *arg, unsigned index)
{
	struct grep *grep = arg;
	struct hand hand = HAND_INIT;
	struct dig_error err = DIG_ERROR_INIT;
	enum dig_status st = hand_init(&hand, grep, &err);
	struct slot *slot;

	(void)index;
	while ((slot = dig_queue_pop(&grep->queue)) != NULL) {
		bool stop;

		pthread_mutex_lock(&grep->mutex);
		stop = grep->stop;
		pthread_mutex_unlock(&grep->mutex);
		slot->st = st;
		slot->err = err;
		if (st == DIG_OK && !stop)
			search_slot(&hand, slot);
		pthread_mutex_lock(&grep->mutex);
		slot->ready = true;
		pthread_cond_signal(&grep->became_ready);
		pthread_mutex_unlock(&grep->mutex);
	}
	hand_clear(&hand);
}

static void
reset_slot(struct slot *slot)
{
	dig_buf_reset(&slot->paths);
	dig_buf_reset(&slot->events);
	dig_buf_reset(&slot->warnings);
	slot->nfiles = slot->ndone = 0;
	slot->bytes = 0;
	slot->found = slot->ready = false;
	slot->st = DIG_OK;
}

static void
add_file(struct slot *slot, const void *path, size_t len, uint64_t size,
    const struct dig_entry *entry)
{
	struct file *file = &slot->files[slot->nfiles++];

	file->path = slot->paths.len;
	file->path_len = len;
	if (entry != NULL)
		file->entry = *entry;
	dig_buf_put(&slot->paths, path, len);
	dig_buf_putc(&slot->paths, '\0');
	slot->bytes += size;
}

/* The next file to be searched into the slot; *end when there is none. */
static enum dig_status
next_tracked(
    struct grep *grep, struct slot *slot, bool *end, struct dig_error *err)
{
	const struct dig_entry *entry;
	const char *dir = "";
	size_t len = dig_pathspec_common_dir(grep->spec, &dir);
	enum dig_status st;

	for (;;) {
		const char *path;

		st = dig_tree_iter_next(grep->iter, &entry, err);
		*end = st == DIG_OK && entry == NULL;
		if (st != DIG_OK || *end)
			return st;
		path = (const char *)entry->path;
		*end = dig_select_is_past(entry, dir, len);
		if (*end)
			return DIG_OK;
		if ((entry->kind == DIG_ENTRY_FILE ||
			entry->kind == DIG_ENTRY_EXEC) &&
		    dig_pathspec_match(
			grep->spec, path, entry->path_len, false))
			break;
	}
	add_file(slot, entry->path, entry->path_len, entry->size_bytes, entry);
	return DIG_OK;
}

static enum dig_status
next_working(
    struct grep *grep, struct slot *slot, bool *end, struct dig_error *err)
{
	const struct dig_walk_entry *entry;
	enum dig_status st;

	do {
		st = dig_walk_next(grep->walk, &entry, err);
		*end = st == DIG_OK && entry == NULL;
		if (st != DIG_OK || *end)
			return st;
	} while (entry->what != DIG_WALK_FILE);
	add_file(slot, entry->path, entry->len, entry->stat.size_bytes, NULL);
	return DIG_OK;
}

static enum dig_status
fill(struct grep *grep, struct slot *slot, bool *end, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	reset_slot(slot);
	while (st == DIG_OK && !*end && slot->nfiles < SLOT_FILES &&
	       slot->bytes < SLOT_BYTES)
		st = grep->walk != NULL ? next_working(grep, slot, end, err)
					: next_tracked(grep, slot, end, err);
	return st;
}

/* A slot that is ready, or that this thread does alone. */
static enum dig_status
tell_slot(struct grep *grep, struct slot *slot, struct dig_error *err)
{
	struct hand *hand = &grep->main;
	const char *warning = (const char *)slot->warnings.data;
	const char *end = warning + slot->warnings.len;
	enum dig_status st = DIG_OK;
	bool large;

	for (; warning < end; warning += strlen(warning) + 1) {
		grep->failures++;
		dig_repo_warn(grep->repo, "%s", warning);
	}
	tell_kept(grep, slot);
	grep->found = grep->found || slot->found;
	if (slot->st != DIG_OK) {
		*err = slot->err;
		return slot->st;
	}
	for (size_t i = slot->ndone;
	     i < slot->nfiles && st == DIG_OK && !grep->enough; i++) {
		if (dig_interrupted())
			return dig_raise(err, DIG_ECANCELLED, "interrupted");
		st = search_file(hand, slot, i, &large, err);
		grep->found = grep->found || hand->search.found;
	}
	if (grep->found && grep->options->want == DIG_GREP_ANY)
		grep->enough = true;
	return st;
}

static void
wait_for(struct grep *grep, struct slot *slot)
{
	if (grep->group.nthreads == 0)
		return;
	pthread_mutex_lock(&grep->mutex);
	while (!slot->ready)
		pthread_cond_wait(&grep->became_ready, &grep->mutex);
	pthread_mutex_unlock(&grep->mutex);
}

static enum dig_status
run(struct grep *grep, struct dig_error *err)
{
	enum dig_status st = DIG_OK;
	bool end = false;

	while (st == DIG_OK && !grep->enough) {
		struct slot *slot;

		while (!end && grep->filled - grep->told < grep->nslots) {
			slot = &grep->slots[grep->filled % grep->nslots];
			st = fill(grep, slot, &end, err);
			if (st != DIG_OK)
				return st;
			/* Little work is done sooner than threads start. */
			if (grep->filled == 0 && !end)
				dig_group_start(&grep->group,
				    dig_thread_count(), work, grep);
			grep->filled++;
			if (grep->group.nthreads > 0)
				dig_queue_push(&grep->queue, slot);
		}
		if (grep->told == grep->filled)
			break;
		slot = &grep->slots[grep->told % grep->nslots];
		wait_for(grep, slot);
		st = tell_slot(grep, slot, err);
		grep->told++;
	}
	return st;
}

/* ---- Beginning and end ------------------------------------------------ */

static enum dig_status
open_source(struct grep *grep, struct dig_error *err)
{
	const struct dig_grep_options *options = grep->options;
	struct dig_walk_options walk = DIG_WALK_OPTIONS_INIT;
	struct dig_oid root = options->tree;
	const char *dir = "";
	size_t len = dig_pathspec_common_dir(grep->spec, &dir);
	enum dig_status st;

	if (options->where == DIG_GREP_UNTRACKED) {
		walk.ignore = dig_repo_ignore(grep->repo);
		walk.pathspec = grep->spec;
		st =
		    dig_walk_open(grep->repo->root_fd, &walk, &grep->walk, err);
		dig_ignore_free(walk.ignore);
		return st;
	}
	if (options->where != DIG_GREP_TREE)
		dig_repo_staged_root(grep->repo, &root);
	grep->io = dig_reader_io(dig_index_reader(grep->repo->index));
	st = dig_tree_iter_new(&grep->io, &root, &grep->iter, err);
	if (st == DIG_OK && len > 0)
		st = dig_tree_iter_seek(grep->iter, dir, len, err);
	return st;
}

static void
clear(struct grep *grep)
{
	pthread_mutex_lock(&grep->mutex);
	grep->stop = true;
	pthread_mutex_unlock(&grep->mutex);
	dig_queue_close(&grep->queue);
	dig_group_join(&grep->group);
	dig_queue_clear(&grep->queue);
	for (size_t i = 0; i < grep->nslots; i++) {
		dig_buf_clear(&grep->slots[i].paths);
		dig_buf_clear(&grep->slots[i].events);
		dig_buf_clear(&grep->slots[i].warnings);
	}
	free(grep->slots);
	pthread_cond_destroy(&grep->became_ready);
	pthread_mutex_destroy(&grep->mutex);
	hand_clear(&grep->main);
	dig_walk_close(grep->walk);
	dig_tree_iter_free(grep->iter);
	dig_pathspec_free(grep->spec);
}

enum dig_status
dig_grep(struct dig_repo *repo, const struct dig_grep_options *options,
    bool *found, struct dig_error *err)
{
	static const char *const here[] = { "." };
	struct grep grep = {
		.repo = repo, .options = options, .main = HAND_INIT
	};
	enum dig_status st = DIG_OK;

	pthread_mutex_init(&grep.mutex, NULL);
	pthread_cond_init(&grep.became_ready, NULL);
	grep.nslots = 3 * (size_t)dig_thread_count() + 1;
	grep.slots = dig_calloc(grep.nslots, sizeof(*grep.slots));
	dig_queue_init(&grep.queue, grep.nslots);
	if (options->npaths > 0)
		st = dig_select_spec(
		    repo, options->paths, options->npaths, &grep.spec, err);
	else if (*repo->prefix != '\0')
		st = dig_select_spec(repo, here, 1, &grep.spec, err);
	if (st == DIG_OK)
		st = hand_init(&grep.main, &grep, err);
	if (st == DIG_OK)
		st = open_source(&grep, err);
	if (st == DIG_OK)
		st = run(&grep, err);
	if (st == DIG_OK && grep.failures > 0)
		st = dig_raise(err, DIG_EFILE, "%llu file%s could not be read",
		    (unsigned long long)grep.failures,
		    grep.failures == 1 ? "" : "s");
	*found = grep.found;
	clear(&grep);
	return st;
}
