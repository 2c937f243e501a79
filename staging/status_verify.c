/* SPDX-License-Identifier: MIT
 *
 * Single files: their stat against the row, their content where the stat does
 * not prove anything, and recording what it proves from then on.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "objects/base/thread.h"
#include "staging/hash_file.h"
#include "staging/racy.h"
#include "staging/status_internal.h"

#define RETRIES 3     /* of a file that changes while it is read */
#define EACH_THREAD 8 /* suspects that are worth one more thread */

/* ---- Folders ----------------------------------------------------------- */

void
dig_status_folder_init(struct dig_status_folder *folder, int root_fd)
{
	folder->root_fd = root_fd;
	folder->fd = root_fd;
	folder->len = 0;
}

void
dig_status_folder_clear(struct dig_status_folder *folder)
{
	if (folder->fd >= 0 && folder->fd != folder->root_fd)
		dig_close(folder->fd);
	folder->fd = folder->root_fd;
	folder->len = 0;
}

static void
enter(struct dig_status_folder *folder, const char *path, size_t len)
{
	if (len == folder->len && memcmp(path, folder->path, len) == 0)
		return;
	dig_status_folder_clear(folder);
	memcpy(folder->path, path, len);
	folder->path[len] = '\0';
	folder->len = len;
	if (len > 0)
		folder->fd = dig_open_beneath(
		    folder->root_fd, folder->path, DIG_OPEN_DIRECTORY);
}

int
dig_status_look(struct dig_status_folder *folder, const char *path, size_t len,
    int *at, const char **name, struct dig_stat *out)
{
	size_t slash = len;

	while (slash > 0 && path[slash - 1] != '/')
		slash--;
	enter(folder, path, slash > 0 ? slash - 1 : 0);
	if (folder->fd < 0)
		return -folder->fd;
	*at = folder->fd;
	*name = path + slash;
	return dig_stat_at(folder->fd, *name, out);
}

/* ---- By stat ----------------------------------------------------------- */

static bool
is_recorded(const struct dig_status_row *row, const struct dig_stat *stat)
{
	return row->measured && row->mtime_ns == stat->mtime_ns &&
	       row->ctime_ns == stat->ctime_ns && row->ino == stat->ino &&
	       row->st_size == stat->size_bytes && row->mode == stat->mode &&
	       row->dev == stat->dev;
}

char
dig_status_by_stat(
    const struct dig_status_row *row, const struct dig_stat *stat)
{
	bool is_link = row->kind == DIG_ENTRY_SYMLINK;

	if (stat->type != (is_link ? DIG_FT_SYMLINK : DIG_FT_REGULAR))
		return 'T';
	if (is_recorded(row, stat))
		return ' ';
	if (is_link)
		return '?';
	if ((row->kind == DIG_ENTRY_EXEC) != ((stat->mode & 0100) != 0) ||
	    row->size_bytes != stat->size_bytes)
		return 'M';
	return '?';
}

/* ---- By content -------------------------------------------------------- */

struct verify {
	const struct dig_status_options *options;
	const struct dig_chunk_profile *profile;
	struct dig_status_work *work;
	size_t nwork;
	int64_t clock_ns;
	atomic_size_t next;
	atomic_bool cancelled;
};

static bool
is_gone(int rc)
{
	return rc == ENOENT || rc == ENOTDIR || rc == ELOOP;
}

/* One try; false: the file was changing, try again. */
static bool
decide(struct verify *verify, struct dig_status_folder *folder,
    struct dig_status_work *work)
{
	struct dig_status_row *row = &work->suspect->row;
	struct dig_stat *stat = &work->suspect->stat;
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_oid content;
	const char *name;
	bool same = false;
	int at;
	int rc;

	rc = dig_status_look(folder, work->path, work->len, &at, &name, stat);
	if (rc != 0) {
		work->letter = is_gone(rc) ? 'D' : 'M';
		work->trouble = is_gone(rc) ? 0 : rc;
		return true;
	}
	if (stat->type == DIG_FT_DIR) {
		work->letter = 'F';
		return true;
	}
	row->measured = false; /* or it would not be a suspect */
	work->letter = dig_status_by_stat(row, stat);
	if (work->letter != '?')
		return true;
	work->letter = 'M';
	if (dig_hash_at(at, name, stat, verify->profile, &content, &same,
		&err) != DIG_OK) {
		if (err.status == DIG_ECANCELLED)
			atomic_store(&verify->cancelled, true);
		work->trouble = err.os_errno != 0 ? err.os_errno : EIO;
		return true;
	}
	if (same && dig_oid_eq(&content, &row->content)) {
		work->letter = ' ';
		work->settled = dig_racy_is_settled(stat, verify->clock_ns);
	}
	return same;
}

static void
worker(void *arg, unsigned index)
{
	struct verify *verify = arg;
	struct dig_status_folder folder;
	size_t i;

	(void)index;
	dig_status_folder_init(&folder, verify->options->root_fd);
	while ((i = atomic_fetch_add(&verify->next, 1)) < verify->nwork) {
		struct dig_status_work *work = &verify->work[i];

		if (work->letter != '?' || atomic_load(&verify->cancelled))
			continue;
		for (int tries = 0; tries < RETRIES; tries++)
			if (decide(verify, &folder, work))
				break;
	}
	dig_status_folder_clear(&folder);
}

enum dig_status
dig_status_verify(const struct dig_status_options *options,
    struct dig_status_work *work, size_t nwork, struct dig_error *err)
{
	struct verify verify = {
		.options = options, .work = work, .nwork = nwork
	};
	struct dig_group group = { 0 };
	struct dig_error ignored = DIG_ERROR_INIT;
	size_t suspects = 0;
	size_t most;

	for (size_t i = 0; i < nwork; i++)
		suspects += work[i].letter == '?';
	if (suspects == 0)
		return DIG_OK;
	verify.profile = dig_chunk_profile(
	    dig_store_chunk_profile(dig_index_store(options->index)));
	/* Without a clock nothing is settled. */
	if (dig_racy_now(options->dig_dirfd, &verify.clock_ns, &ignored) !=
	    DIG_OK)
		verify.clock_ns = INT64_MIN;
	atomic_init(&verify.next, 0);
	atomic_init(&verify.cancelled, false);
	most = suspects / EACH_THREAD;
	if (most >= dig_thread_count())
		most = dig_thread_count() - 1;
	if (most > 0)
		dig_group_start(&group, (unsigned)most, worker, &verify);
	worker(&verify, 0);
	dig_group_join(&group);
	if (atomic_load(&verify.cancelled) || dig_interrupted())
		return dig_raise(err, DIG_ECANCELLED, "interrupted");
	return DIG_OK;
}

/* ---- Recording --------------------------------------------------------- */

void
dig_status_record(const struct dig_status_options *options,
    const struct dig_status_work *work, size_t nwork)
{
	struct dig_commit_options commit = { .verb = "status" };
	struct dig_error err = DIG_ERROR_INIT;
	enum dig_status st = DIG_OK;
	size_t settled = 0;
	int timeout_ms;

	for (size_t i = 0; i < nwork; i++)
		settled += work[i].settled;
	if (settled == 0)
		return;
	timeout_ms = dig_index_set_timeout(options->index, 0);
	/* That it cannot be done costs the next status another look. */
	if (dig_index_begin(options->index, &err) != DIG_OK)
		goto out;
	for (size_t i = 0; i < nwork && st == DIG_OK; i++)
		if (work[i].settled)
			st = dig_index_restat(options->index, work[i].path,
			    work[i].len, &work[i].suspect->row.content,
			    &work[i].suspect->stat, &err);
	if (st == DIG_OK)
		dig_ignore(
		    dig_index_commit(options->index, &commit, NULL, &err));
	else
		dig_index_rollback(options->index);
out:
	dig_index_set_timeout(options->index, timeout_ms);
}
