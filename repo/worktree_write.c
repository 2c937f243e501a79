/* SPDX-License-Identifier: MIT
 *
 * The parallel writer. Jobs are in path order, which is the order in which
 * they were added and so, mostly, the order in the packs: threads take runs of
 * neighbours, whose chunks share frames.
 */
#include "repo/worktree_write.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "objects/base/thread.h"
#include "repo/worktree.h"

/* A run of neighbours: enough to share frames, few enough to share work. */
#define RUN_FILES 256
#define RUN_BYTES ((uint64_t)8 << 20)
/* A file from this size on is written in pieces by all threads. */
#define PIECES_FROM ((uint64_t)32 << 20)
#define PIECE_BYTES ((uint64_t)16 << 20)
#define PREALLOCATE_FROM ((uint64_t)1 << 20)

/* A large file while several threads write it. */
struct large {
	pthread_mutex_t mutex;
	int fd; /* -1: not opened yet */
	unsigned pieces_left;
	const char *path;
	char tmp[48]; /* empty: it is made under its own name */
};

/* What a thread takes at a time: a run of small files, or a piece. */
struct unit {
	size_t first;
	size_t count;
	struct large *large; /* a piece of job `first` */
	uint64_t from;
	uint64_t to;
};

struct work {
	const struct dig_write_target *target;
	struct dig_write_job *jobs;
	size_t njobs;
	struct unit *units;
	size_t nunits;
	size_t units_cap;
	struct large **larges;
	size_t nlarges;
	size_t larges_cap;
	bool links; /* this round makes links, the one before files */
	atomic_size_t next;
	atomic_bool stop;
	atomic_ullong files_done;
	atomic_ullong bytes_done;
	atomic_ullong next_tmp;
	uint64_t bytes_total;
	uint64_t salt;
	pthread_mutex_t mutex; /* the first error */
	enum dig_status st;
	struct dig_error err;
};

struct worker {
	struct work *work;
	struct dig_reader *reader;
	struct dig_node_io io;
	struct dig_folders folders;
	struct dig_buf chunk;
};

static enum dig_status
raise_path(struct dig_error *err, enum dig_status st, int rc, const char *path)
{
	struct dig_buf shown = DIG_BUF_INIT;

	dig_path_quote(&shown, path, strlen(path), true);
	if (st == DIG_ECONFLICT)
		dig_raise(err, st, "%s: something else is in the way",
		    (char *)shown.data);
	else
		dig_raise_os(err, st, rc, "writing %s", (char *)shown.data);
	dig_buf_clear(&shown);
	return st;
}

/* ---- Putting a file in its place -------------------------------------- */

/* All but the ctime, which a rename changes. */
static bool
same_file(const struct dig_stat *a, const struct dig_stat *b)
{
	struct dig_stat c = *a;

	c.ctime_ns = b->ctime_ns;
	return dig_stat_same(&c, b);
}

/* W2. tmp becomes path; EXDEV: tmp is on another file system. */
static int
exchange(int tmp_fd, const char *tmp, int dirfd, const char *name,
    const struct dig_stat *before)
{
	struct dig_stat sb;
	int rc;

	if (before == NULL) {
		rc = dig_rename_noreplace_at(tmp_fd, tmp, dirfd, name);
		if (rc != EINVAL && rc != ENOSYS)
			return rc;
		rc = dig_stat_at(dirfd, name, &sb);
		return rc == ENOENT ? dig_rename_at(tmp_fd, tmp, dirfd, name)
				    : EEXIST;
	}
	rc = dig_exchange_at(tmp_fd, tmp, dirfd, name);
	if (rc == EINVAL || rc == ENOSYS) {
		rc = dig_stat_at(dirfd, name, &sb);
		if (rc == 0 && !dig_stat_same(&sb, before))
			rc = EEXIST;
		return rc != 0 ? rc : dig_rename_at(tmp_fd, tmp, dirfd, name);
	}
	if (rc != 0)
		return rc;
	rc = dig_stat_at(tmp_fd, tmp, &sb);
	if (rc == 0 && same_file(&sb, before))
		return dig_unlink_at(tmp_fd, tmp);
	rc = dig_exchange_at(tmp_fd, tmp, dirfd, name);
	return rc != 0 ? rc : EEXIST;
}

static enum dig_status
place_status(int rc)
{
	switch (rc) {
	case EEXIST:
	case ENOENT:
	case ENOTDIR:
	case ELOOP:
	case EISDIR:
		return DIG_ECONFLICT;
	default:
		return DIG_EFILE;
	}
}

enum dig_status
dig_worktree_take(struct dig_folders *folders, int tmp_fd, const char *path,
    const struct dig_stat *before, struct dig_error *err)
{
	char tmp[48];
	struct dig_stat sb;
	const char *name;
	int fd = dig_folders_open(folders, path, false, &name);
	int rc;

	if (fd < 0)
		return raise_path(err, place_status(-fd), -fd, path);
	snprintf(tmp, sizeof(tmp), "checkout.take");
	rc = dig_rename_noreplace_at(fd, name, tmp_fd, tmp);
	if (rc == 0) {
		rc = dig_stat_at(tmp_fd, tmp, &sb);
		if (rc == 0 && same_file(&sb, before)) {
			rc = dig_unlink_at(tmp_fd, tmp);
		} else {
			rc = dig_rename_noreplace_at(tmp_fd, tmp, fd, name);
			rc = rc != 0 ? rc : EEXIST;
		}
	} else if (rc == EXDEV || rc == EINVAL || rc == ENOSYS) {
		rc = dig_stat_at(fd, name, &sb);
		if (rc == 0 && !dig_stat_same(&sb, before))
			rc = EEXIST;
		if (rc == 0)
			rc = dig_unlink_at(fd, name);
	}
	if (rc != 0)
		return raise_path(err, place_status(rc), rc, path);
	return DIG_OK;
}

/* ---- One file --------------------------------------------------------- */

/* Where a job's bytes go until it is complete. */
struct place {
	int dirfd; /* of the folder of the path */
	const char *name;
	int at; /* folder of the file while it is written */
	char tmp[48];
	const char *as; /* its name there */
};

static enum dig_status
open_place(struct worker *worker, const struct dig_write_job *job, bool beside,
    struct place *place, struct dig_error *err)
{
	struct work *work = worker->work;

	place->dirfd =
	    dig_folders_open(&worker->folders, job->path, true, &place->name);
	if (place->dirfd < 0)
		return raise_path(
		    err, place_status(-place->dirfd), -place->dirfd, job->path);
	if (work->target->tmp_fd < 0) {
		place->at = place->dirfd;
		place->as = place->name;
		return DIG_OK;
	}
	place->at = beside ? place->dirfd : work->target->tmp_fd;
	snprintf(place->tmp, sizeof(place->tmp), "%scheckout.%llx.%llx",
	    beside ? ".dig-" : "", (unsigned long long)work->salt,
	    (unsigned long long)atomic_fetch_add(&work->next_tmp, 1));
	place->as = place->tmp;
	return DIG_OK;
}

static int
open_new(const struct place *place, const struct dig_entry *entry)
{
	struct dig_stat sb;
	int fd = dig_open_at(place->at, place->as,
	    DIG_OPEN_WRITE | DIG_OPEN_CREATE | DIG_OPEN_EXCL |
		DIG_OPEN_WORKTREE);
	int rc = 0;

	if (fd < 0)
		return fd;
	if (entry->kind == DIG_ENTRY_EXEC) {
		rc = dig_stat_fd(fd, &sb);
		/* Who may read may execute, so that the umask holds. */
		if (rc == 0 && fchmod(fd, sb.mode | (sb.mode & 0444) >> 2) != 0)
			rc = errno;
	}
	if (rc != 0) {
		dig_close(fd);
		dig_unlink_at(place->at, place->as);
		return -rc;
	}
	if (entry->size_bytes >= PREALLOCATE_FROM)
		dig_preallocate(fd, 0, entry->size_bytes);
	return fd;
}

static void
report(struct work *work)
{
	const struct dig_talk *talk = work->target->talk;
	struct dig_progress_report now = { 0 };

	if (talk == NULL || talk->progress == NULL)
		return;
	now.what = work->target->what;
	now.files_done = atomic_load(&work->files_done);
	now.files_total = work->njobs;
	now.bytes_done = atomic_load(&work->bytes_done);
	now.bytes_total = work->bytes_total;
	talk->progress(talk->arg, &now);
}

static enum dig_status
write_chunk(struct worker *worker, const struct dig_write_job *job, int fd,
    const struct dig_oid *chunk, uint64_t offset, uint64_t length,
    struct dig_error *err)
{
	struct work *work = worker->work;
	enum dig_status st;
	int rc;

	st = dig_reader_get(
	    worker->reader, DIG_KIND_CHUNK, chunk, &worker->chunk, err);
	if (st == DIG_OK && worker->chunk.len != length)
		st = dig_raise(err, DIG_ECORRUPT,
		    "a chunk has %zu bytes instead of %llu", worker->chunk.len,
		    (unsigned long long)length);
	if (st != DIG_OK)
		return st;
	rc = dig_pwrite_full(fd, worker->chunk.data, worker->chunk.len, offset);
	if (rc != 0)
		return raise_path(err, DIG_EFILE, rc, job->path);
	atomic_fetch_add(&work->bytes_done, length);
	return DIG_OK;
}

/* Bytes [from, to) of the job's file; borders are chunks that begin there or
 * just before: a chunk belongs to the piece in which it begins. */
static enum dig_status
write_bytes(struct worker *worker, const struct dig_write_job *job, int fd,
    uint64_t from, uint64_t to, struct dig_error *err)
{
	const struct dig_entry *entry = job->entry;
	struct dig_file_reader *reader = NULL;
	uint64_t offset, length;
	struct dig_oid chunk;
	enum dig_status st;
	bool done = false;

	if (entry->form == DIG_FORM_EMPTY)
		return DIG_OK;
	if (entry->form == DIG_FORM_CHUNK)
		return write_chunk(
		    worker, job, fd, &entry->stored, 0, entry->size_bytes, err);
	st = dig_file_reader_new(&worker->io, entry, &reader, err);
	if (st == DIG_OK && from > 0)
		st = dig_file_reader_seek(reader, from, err);
	while (st == DIG_OK) {
		st = dig_file_reader_next(
		    reader, &chunk, &offset, &length, &done, err);
		if (st != DIG_OK || done || offset >= to)
			break;
		if (offset < from)
			continue;
		if (dig_interrupted() || atomic_load(&worker->work->stop)) {
			st = dig_raise(err, DIG_ECANCELLED, "interrupted");
			break;
		}
		st = write_chunk(worker, job, fd, &chunk, offset, length, err);
		if (entry->size_bytes >= PREALLOCATE_FROM)
			report(worker->work);
	}
	dig_file_reader_free(reader);
	return st;
}

/* The file is whole: note its stat, close it, give it its name. *again: the
 * temporary folder is on another file system. */
static enum dig_status
finish_file(struct worker *worker, struct dig_write_job *job,
    const struct place *place, int fd, bool *again, struct dig_error *err)
{
	int rc = fd < 0 ? dig_stat_at(place->at, place->as, &job->after)
			: dig_stat_fd(fd, &job->after);
	int closed = dig_close(fd);

	if (rc == 0)
		rc = closed;
	if (rc == 0 && place->as != place->name)
		rc = exchange(place->at, place->as, place->dirfd, place->name,
		    job->before);
	if (rc == 0) {
		job->done = true;
		atomic_fetch_add(&worker->work->files_done, 1);
		return DIG_OK;
	}
	dig_unlink_at(place->at, place->as);
	*again = rc == EXDEV && place->at != place->dirfd;
	return raise_path(err, place_status(rc), rc, job->path);
}

static enum dig_status
write_file(struct worker *worker, struct dig_write_job *job, bool beside,
    bool *again, struct dig_error *err)
{
	struct place place;
	enum dig_status st;
	int fd;

	st = open_place(worker, job, beside, &place, err);
	if (st != DIG_OK)
		return st;
	fd = open_new(&place, job->entry);
	if (fd < 0)
		return raise_path(err, place_status(-fd), -fd, job->path);
	st = write_bytes(worker, job, fd, 0, job->entry->size_bytes, err);
	if (st != DIG_OK) {
		dig_close(fd);
		dig_unlink_at(place.at, place.as);
		return st;
	}
	return finish_file(worker, job, &place, fd, again, err);
}

static enum dig_status
write_link(struct worker *worker, struct dig_write_job *job, bool beside,
    bool *again, struct dig_error *err)
{
	struct place place;
	enum dig_status st;
	int rc;

	if (job->entry->form != DIG_FORM_CHUNK)
		return dig_raise(
		    err, DIG_ECORRUPT, "the link %s has no target", job->path);
	st = dig_reader_get(worker->reader, DIG_KIND_CHUNK, &job->entry->stored,
	    &worker->chunk, err);
	if (st != DIG_OK)
		return st;
	if (worker->chunk.len == 0 || worker->chunk.len > DIG_PATH_MAX ||
	    memchr(worker->chunk.data, '\0', worker->chunk.len) != NULL)
		return dig_raise(err, DIG_ECORRUPT,
		    "the link %s has no usable target", job->path);
	st = open_place(worker, job, beside, &place, err);
	if (st != DIG_OK)
		return st;
	rc = dig_symlink_at(
	    (const char *)worker->chunk.data, place.at, place.as);
	if (rc != 0)
		return raise_path(err, place_status(rc), rc, job->path);
	return finish_file(worker, job, &place, -1, again, err);
}

static enum dig_status
write_one(
    struct worker *worker, struct dig_write_job *job, struct dig_error *err)
{
	bool is_link = job->entry->kind == DIG_ENTRY_SYMLINK;
	enum dig_status st;
	bool again = false;

	if (is_link != worker->work->links)
		return DIG_OK;
	st = is_link ? write_link(worker, job, false, &again, err)
		     : write_file(worker, job, false, &again, err);
	if (again)
		st = is_link ? write_link(worker, job, true, &again, err)
			     : write_file(worker, job, true, &again, err);
	return st;
}

/* ---- A piece of a large file ------------------------------------------ */

static enum dig_status
open_large(struct worker *worker, const struct unit *unit, struct place *place,
    struct dig_error *err)
{
	struct dig_write_job *job = &worker->work->jobs[unit->first];
	struct large *large = unit->large;
	enum dig_status st;

	st = open_place(worker, job, false, place, err);
	if (st != DIG_OK)
		return st;
	pthread_mutex_lock(&large->mutex);
	if (large->fd < 0) {
		large->fd = open_new(place, job->entry);
		if (large->fd < 0)
			st = raise_path(err, place_status(-large->fd),
			    -large->fd, job->path);
		else if (place->as == place->tmp)
			memcpy(large->tmp, place->tmp, sizeof(large->tmp));
	} else if (place->as == place->tmp) {
		memcpy(place->tmp, large->tmp, sizeof(large->tmp));
	}
	pthread_mutex_unlock(&large->mutex);
	return st;
}

static enum dig_status
write_piece(
    struct worker *worker, const struct unit *unit, struct dig_error *err)
{
	struct dig_write_job *job = &worker->work->jobs[unit->first];
	struct large *large = unit->large;
	struct place place;
	enum dig_status st;
	bool last, again = false;
	int fd;

	st = open_large(worker, unit, &place, err);
	if (st == DIG_OK)
		st = write_bytes(
		    worker, job, large->fd, unit->from, unit->to, err);
	if (st != DIG_OK)
		return st; /* clear_larges() removes the file */
	pthread_mutex_lock(&large->mutex);
	last = --large->pieces_left == 0;
	fd = large->fd;
	if (last)
		large->fd = -1;
	pthread_mutex_unlock(&large->mutex);
	if (!last)
		return DIG_OK;
	st = finish_file(worker, job, &place, fd, &again, err);
	if (again) {
		/* Rare: a mount inside the work tree. One thread is enough. */
		again = false;
		st = write_file(worker, job, true, &again, err);
	}
	return st;
}

/* A file that stayed in pieces. */
static void
remove_large(const struct dig_write_target *target, const struct large *large)
{
	struct dig_folders folders;
	const char *name;
	int fd;

	if (large->tmp[0] != '\0') {
		dig_unlink_at(target->tmp_fd, large->tmp);
		return;
	}
	dig_folders_init(&folders, target->root_fd);
	fd = dig_folders_open(&folders, large->path, false, &name);
	if (fd >= 0)
		dig_unlink_at(fd, name);
	dig_folders_clear(&folders);
}

static void
clear_larges(struct work *work)
{
	for (size_t i = 0; i < work->nlarges; i++) {
		struct large *large = work->larges[i];

		if (large->fd >= 0) {
			dig_close(large->fd);
			remove_large(work->target, large);
		}
		pthread_mutex_destroy(&large->mutex);
		free(large);
	}
	free(work->larges);
}

/* ---- All of them ------------------------------------------------------ */

static void
fail(struct work *work, enum dig_status st, const struct dig_error *err)
{
	pthread_mutex_lock(&work->mutex);
	if (work->st == DIG_OK) {
		work->st = st;
		work->err = *err;
	}
	pthread_mutex_unlock(&work->mutex);
	atomic_store(&work->stop, true);
}

static enum dig_status
do_unit(struct worker *worker, const struct unit *unit, struct dig_error *err)
{
	struct work *work = worker->work;
	enum dig_status st = DIG_OK;

	if (unit->large != NULL)
		return work->links ? DIG_OK : write_piece(worker, unit, err);
	for (size_t i = 0; i < unit->count && st == DIG_OK; i++) {
		struct dig_write_job *job = &work->jobs[unit->first + i];

		if (atomic_load(&work->stop))
			break;
		if (dig_interrupted())
			return dig_raise(err, DIG_ECANCELLED, "interrupted");
		st = write_one(worker, job, err);
		if (st == DIG_ECORRUPT || st == DIG_ENOTFOUND)
			dig_wrap(err, "%s", job->path);
	}
	return st;
}

static void
run_worker(void *arg, unsigned index)
{
	struct work *work = arg;
	struct worker worker = { .work = work, .chunk = DIG_BUF_INIT };
	struct dig_error err = DIG_ERROR_INIT;
	enum dig_status st;
	size_t i;

	(void)index;
	worker.reader = dig_reader_new(work->target->store);
	worker.io = dig_reader_io(worker.reader);
	dig_folders_init(&worker.folders, work->target->root_fd);
	while (!atomic_load(&work->stop)) {
		i = atomic_fetch_add(&work->next, 1);
		if (i >= work->nunits)
			break;
		st = do_unit(&worker, &work->units[i], &err);
		if (st != DIG_OK)
			fail(work, st, &err);
		report(work);
	}
	dig_folders_clear(&worker.folders);
	dig_reader_free(worker.reader);
	dig_buf_clear(&worker.chunk);
}

static struct large *
new_large(struct work *work, const char *path, uint64_t size_bytes)
{
	struct large *large = dig_calloc(1, sizeof(*large));

	pthread_mutex_init(&large->mutex, NULL);
	large->fd = -1;
	large->path = path;
	large->pieces_left =
	    (unsigned)((size_bytes + PIECE_BYTES - 1) / PIECE_BYTES);
	DIG_GROW(work->larges, work->larges_cap, work->nlarges + 1);
	work->larges[work->nlarges++] = large;
	return large;
}

static struct unit *
new_unit(struct work *work, size_t first)
{
	struct unit *unit;

	DIG_GROW(work->units, work->units_cap, work->nunits + 1);
	unit = &work->units[work->nunits++];
	memset(unit, 0, sizeof(*unit));
	unit->first = first;
	return unit;
}

static void
cut_units(struct work *work)
{
	struct unit *run = NULL;
	uint64_t run_bytes = 0;

	for (size_t i = 0; i < work->njobs; i++) {
		uint64_t size = work->jobs[i].entry->size_bytes;

		work->bytes_total += size;
		if (size >= PIECES_FROM) {
			struct large *large =
			    new_large(work, work->jobs[i].path, size);

			for (uint64_t at = 0; at < size; at += PIECE_BYTES) {
				struct unit *unit = new_unit(work, i);

				unit->large = large;
				unit->from = at;
				unit->to = size - at > PIECE_BYTES
					       ? at + PIECE_BYTES
					       : size;
			}
			run = NULL;
			continue;
		}
		if (run == NULL || run->count == RUN_FILES ||
		    run_bytes + size > RUN_BYTES) {
			run = new_unit(work, i);
			run_bytes = 0;
		}
		run->count++;
		run_bytes += size;
	}
}

static void
run_round(struct work *work, bool links)
{
	unsigned n = work->target->nthreads;
	struct dig_group group;

	work->links = links;
	atomic_store(&work->next, 0);
	if (n == 0)
		n = dig_thread_count();
	if (n > work->nunits)
		n = (unsigned)work->nunits;
	if (n <= 1 || dig_group_start(&group, n, run_worker, work) == 0)
		run_worker(work, 0);
	else
		dig_group_join(&group);
}

enum dig_status
dig_worktree_write(const struct dig_write_target *target,
    struct dig_write_job *jobs, size_t njobs, struct dig_error *err)
{
	struct work work = { .target = target, .jobs = jobs, .njobs = njobs };
	bool has_links = false;

	for (size_t i = 0; i < njobs; i++)
		has_links |= jobs[i].entry->kind == DIG_ENTRY_SYMLINK;
	pthread_mutex_init(&work.mutex, NULL);
	dig_random(&work.salt, sizeof(work.salt));
	cut_units(&work);
	if (njobs > 0)
		run_round(&work, false);
	if (has_links && !atomic_load(&work.stop))
		run_round(&work, true);
	clear_larges(&work);
	free(work.units);
	pthread_mutex_destroy(&work.mutex);
	if (work.st != DIG_OK)
		*err = work.err;
	return work.st;
}
