/* SPDX-License-Identifier: MIT
 *
 * System calls behind io.h. The only file that asks for GNU extensions.
 */
#define _GNU_SOURCE
#include "objects/base/io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#define PAGE ((size_t)4096)

static void
fill_stat(const struct statx *sx, struct dig_stat *out)
{
	out->type = S_ISREG(sx->stx_mode)   ? DIG_FT_REGULAR
		    : S_ISDIR(sx->stx_mode) ? DIG_FT_DIR
		    : S_ISLNK(sx->stx_mode) ? DIG_FT_SYMLINK
					    : DIG_FT_OTHER;
	out->mode = sx->stx_mode & 07777;
	out->uid = sx->stx_uid;
	out->dev = makedev(sx->stx_dev_major, sx->stx_dev_minor);
	out->ino = sx->stx_ino;
	out->nlink = sx->stx_nlink;
	out->size_bytes = sx->stx_size;
	out->mtime_ns =
	    sx->stx_mtime.tv_sec * INT64_C(1000000000) + sx->stx_mtime.tv_nsec;
	out->ctime_ns =
	    sx->stx_ctime.tv_sec * INT64_C(1000000000) + sx->stx_ctime.tv_nsec;
}

int
dig_stat_at(int dirfd, const char *name, struct dig_stat *out)
{
	struct statx sx;

	if (statx(dirfd, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
		STATX_BASIC_STATS, &sx) != 0)
		return errno;
	fill_stat(&sx, out);
	return 0;
}

int
dig_stat_fd(int fd, struct dig_stat *out)
{
	struct statx sx;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &sx) != 0)
		return errno;
	fill_stat(&sx, out);
	return 0;
}

bool
dig_stat_same(const struct dig_stat *a, const struct dig_stat *b)
{
	return a->type == b->type && a->size_bytes == b->size_bytes &&
	       a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns &&
	       a->ino == b->ino && a->dev == b->dev && a->mode == b->mode;
}

static int
open_flags(unsigned flags)
{
	int how = O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

	how |= (flags & DIG_OPEN_WRITE) ? O_RDWR : O_RDONLY;
	if (flags & DIG_OPEN_CREATE)
		how |= O_CREAT;
	if (flags & DIG_OPEN_EXCL)
		how |= O_EXCL;
	if (flags & DIG_OPEN_TRUNC)
		how |= O_TRUNC;
	if (flags & DIG_OPEN_DIRECTORY)
		how |= O_DIRECTORY;
	if (!(flags & DIG_OPEN_FOLLOW))
		how |= O_NOFOLLOW;
	if (flags & DIG_OPEN_DIRECT)
		how |= O_DIRECT;
	return how;
}

static mode_t
open_mode(unsigned flags)
{
	if (flags & DIG_OPEN_PRIVATE)
		return 0600;
	/* What is in .dig is never for others to write. */
	return (flags & DIG_OPEN_WORKTREE) ? 0666 : 0644;
}

int
dig_open_at(int dirfd, const char *name, unsigned flags)
{
	int fd;

	do
		fd = openat(dirfd, name, open_flags(flags), open_mode(flags));
	while (fd < 0 && errno == EINTR);
	return fd < 0 ? -errno : fd;
}

/* Where openat2 is missing: one component at a time, never through a link. */
static int
open_by_component(int dirfd, const char *path, unsigned flags)
{
	char name[256];
	int at = dirfd;
	int fd;

	for (;;) {
		size_t len = strcspn(path, "/");

		if (len == 0 || len >= sizeof(name)) {
			fd = -ENAMETOOLONG;
			break;
		}
		memcpy(name, path, len);
		name[len] = '\0';
		if (strcmp(name, "..") == 0) {
			fd = -EXDEV;
			break;
		}
		fd = dig_open_at(at, name,
		    path[len] ? DIG_OPEN_DIRECTORY : flags & ~DIG_OPEN_FOLLOW);
		if (fd < 0 || path[len] == '\0')
			break;
		if (at != dirfd)
			close(at);
		at = fd;
		path += len + 1;
	}
	if (at != dirfd)
		close(at);
	return fd;
}

int
dig_open_beneath(int dirfd, const char *path, unsigned flags)
{
	struct open_how how;
	long fd;

	memset(&how, 0, sizeof(how));
	how.flags = (uint64_t)open_flags(flags);
	how.mode = (flags & DIG_OPEN_CREATE) ? open_mode(flags) : 0;
	how.resolve =
	    RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
	do
		fd = syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
	while (fd < 0 && (errno == EINTR || errno == EAGAIN));
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		return open_by_component(dirfd, path, flags);
	return fd < 0 ? -errno : (int)fd;
}

int
dig_open_parent(int dirfd, const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	char *dir;
	int fd;

	*name = slash ? slash + 1 : path;
	if (slash == NULL)
		return dig_open_at(dirfd, ".", DIG_OPEN_DIRECTORY);
	dir = dig_memdup0(path, (size_t)(slash - path));
	fd = dig_open_beneath(dirfd, dir, DIG_OPEN_DIRECTORY);
	free(dir);
	return fd;
}

static enum dig_ftype
listed_type(unsigned char type)
{
	return type == DT_REG   ? DIG_FT_REGULAR
	       : type == DT_DIR ? DIG_FT_DIR
	       : type == DT_LNK ? DIG_FT_SYMLINK
				: DIG_FT_OTHER;
}

/* The calls behind readdir(3), which costs three more for each folder and an
 * allocation. */
int
dig_list_dir(int fd, dig_name_fn *fn, void *arg)
{
	_Alignas(struct dirent64) char data[32768];
	ssize_t n;

	while ((n = getdents64(fd, data, sizeof(data))) != 0) {
		if (n < 0 && errno != EINTR)
			return errno;
		for (ssize_t at = 0; at < n;) {
			const void *here = data + at;
			const struct dirent64 *entry = here;
			const char *name = entry->d_name;

			at += entry->d_reclen;
			if (name[0] == '.' &&
			    (name[1] == '\0' ||
				(name[1] == '.' && name[2] == '\0')))
				continue;
			if (!fn(arg, name, listed_type(entry->d_type),
				entry->d_type != DT_UNKNOWN))
				return 0;
		}
	}
	return 0;
}

int64_t
dig_pread_full(int fd, void *data, size_t len, uint64_t offset)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pread(fd, (char *)data + done, len - done,
		    (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (int64_t)done;
}

int
dig_copy_fd(int from, int to)
{
	size_t block = (size_t)1 << 20;
	uint8_t *data;
	uint64_t at = 0;
	int64_t n;
	int rc = 0;

	if (ioctl(to, FICLONE, from) == 0)
		return 0;
	data = dig_alloc(block);
	do {
		n = dig_pread_full(from, data, block, at);
		rc = n < 0 ? (int)-n : dig_pwrite_full(to, data, (size_t)n, at);
		at += n < 0 ? 0 : (uint64_t)n;
	} while (rc == 0 && n == (int64_t)block);
	free(data);
	return rc;
}

bool
dig_pread_or_zeros(int fd, void *data, size_t len, uint64_t offset)
{
	uint8_t *bytes = data;
	int64_t n = fd < 0 ? 0 : dig_pread_full(fd, data, len, offset);
	size_t have = n < 0 ? 0 : (size_t)n;
	size_t part;

	for (size_t done = 0; n < 0 && len > PAGE && done < len; done += part) {
		part = PAGE - (size_t)((offset + done) % PAGE);
		part = part < len - done ? part : len - done;
		dig_pread_or_zeros(fd, bytes + done, part, offset + done);
	}
	if (n < 0 && len > PAGE)
		return false;
	memset(bytes + have, 0, len - have);
	return have == len;
}

int64_t
dig_read_full(int fd, void *data, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = read(fd, (char *)data + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (int64_t)done;
}

int64_t
dig_read_some(int fd, void *data, size_t len)
{
	ssize_t n;

	do
		n = read(fd, data, len);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : (int64_t)n;
}

int
dig_pwrite_full(int fd, const void *data, size_t len, uint64_t offset)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pwrite(fd, (const char *)data + done, len - done,
		    (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		if (n == 0)
			return ENOSPC;
		done += (size_t)n;
	}
	return 0;
}

int
dig_write_full(int fd, const void *data, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = write(fd, (const char *)data + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		if (n == 0)
			return ENOSPC;
		done += (size_t)n;
	}
	return 0;
}

int
dig_sync_data(int fd)
{
	return fdatasync(fd) == 0 ? 0 : errno;
}

int
dig_sync_dir(int dirfd)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc;

	if (fd < 0)
		return errno;
	rc = fsync(fd) == 0 ? 0 : errno;
	close(fd);
	/* A file system that cannot sync a folder says EINVAL: best effort. */
	return rc == EINVAL ? 0 : rc;
}

int
dig_close(int fd)
{
	return fd < 0 || close(fd) == 0 || errno == EINTR ? 0 : errno;
}

int
dig_truncate(int fd, uint64_t size)
{
	int rc;

	do
		rc = ftruncate(fd, (off_t)size);
	while (rc != 0 && errno == EINTR);
	return rc == 0 ? 0 : errno;
}

void
dig_preallocate(int fd, uint64_t offset, uint64_t len)
{
	/* Only speed depends on it; a write finds a full disk by itself. */
	if (fallocate(fd, FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)len) != 0)
		dig_log("fallocate: %s", strerror(errno));
}

void
dig_begin_sync(int fd, uint64_t offset, uint64_t len)
{
	if (sync_file_range(
		fd, (off_t)offset, (off_t)len, SYNC_FILE_RANGE_WRITE) != 0)
		dig_log("sync_file_range: %s", strerror(errno));
}

void
dig_advise_willneed(int fd, uint64_t offset, uint64_t len)
{
	posix_fadvise(fd, (off_t)offset, (off_t)len, POSIX_FADV_WILLNEED);
}

void
dig_advise_dontneed(int fd, uint64_t offset, uint64_t len)
{
	posix_fadvise(fd, (off_t)offset, (off_t)len, POSIX_FADV_DONTNEED);
}

void
dig_advise_sequential(int fd)
{
	posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
}

int
dig_rename_at(int olddir, const char *old, int newdir, const char *new_)
{
	return renameat(olddir, old, newdir, new_) == 0 ? 0 : errno;
}

int
dig_link_at(int olddir, const char *old, int newdir, const char *new_)
{
	return linkat(olddir, old, newdir, new_, 0) == 0 ? 0 : errno;
}

int
dig_exchange_at(int dir1, const char *a, int dir2, const char *b)
{
	return renameat2(dir1, a, dir2, b, RENAME_EXCHANGE) == 0 ? 0 : errno;
}

int
dig_rename_noreplace_at(
    int olddir, const char *old, int newdir, const char *new_)
{
	return renameat2(olddir, old, newdir, new_, RENAME_NOREPLACE) == 0
		   ? 0
		   : errno;
}

int
dig_unlink_at(int dirfd, const char *name)
{
	return unlinkat(dirfd, name, 0) == 0 ? 0 : errno;
}

int
dig_rmdir_at(int dirfd, const char *name)
{
	return unlinkat(dirfd, name, AT_REMOVEDIR) == 0 ? 0 : errno;
}

int
dig_mkdir_at(int dirfd, const char *name, uint32_t mode)
{
	return mkdirat(dirfd, name, (mode_t)mode) == 0 ? 0 : errno;
}

int
dig_symlink_at(const char *target, int dirfd, const char *name)
{
	return symlinkat(target, dirfd, name) == 0 ? 0 : errno;
}

int
dig_readlink_at(int dirfd, const char *name, struct dig_buf *out)
{
	ssize_t n;

	dig_buf_reset(out);
	dig_buf_reserve(out, 4096);
	n = readlinkat(dirfd, name, (char *)out->data, 4096);
	if (n < 0)
		return errno;
	out->len = (size_t)n;
	out->data[n] = '\0';
	return 0;
}

int
dig_lock_exclusive(int fd, int64_t timeout_ms)
{
	int64_t until = dig_now_ns() + timeout_ms * 1000000;
	struct timespec nap = { 0, 2000000 };

	for (;;) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return errno;
		if (dig_now_ns() >= until || dig_interrupted())
			return EWOULDBLOCK;
		nanosleep(&nap, NULL);
		if (nap.tv_nsec < 20000000)
			nap.tv_nsec *= 2;
	}
}

enum dig_status
dig_read_file(int dirfd, const char *name, size_t limit_bytes,
    struct dig_buf *out, enum dig_status io_status, struct dig_error *err)
{
	enum dig_status st = DIG_OK;
	struct dig_stat sb;
	int64_t n;
	int fd;
	int rc;

	dig_buf_reset(out);
	fd = dig_open_at(dirfd, name, DIG_OPEN_READ);
	if (fd == -ENOENT)
		return dig_raise(err, DIG_ENOTFOUND, "no file '%s'", name);
	if (fd < 0)
		return dig_raise_os(err, io_status, -fd, "opening '%s'", name);
	rc = dig_stat_fd(fd, &sb);
	if (rc != 0 || sb.type != DIG_FT_REGULAR) {
		st = dig_raise_os(
		    err, io_status, rc, "'%s' is not a regular file", name);
		goto out;
	}
	if (sb.size_bytes > limit_bytes) {
		st = dig_raise(err, DIG_EINVALID,
		    "'%s' is larger than %zu bytes", name, limit_bytes);
		goto out;
	}
	dig_buf_reserve(out, (size_t)sb.size_bytes);
	n = dig_pread_full(fd, out->data, (size_t)sb.size_bytes, 0);
	if (n < 0) {
		st =
		    dig_raise_os(err, io_status, (int)-n, "reading '%s'", name);
		goto out;
	}
	out->len = (size_t)n;
	out->data[n] = '\0';
out:
	dig_close(fd);
	return st;
}

enum dig_status
dig_replace_file(int dirfd, const char *name, const void *data, size_t len,
    struct dig_error *err)
{
	enum dig_status st = DIG_OK;
	char tmp[300];
	uint64_t salt;
	int fd;
	int rc;

	dig_random(&salt, sizeof(salt));
	snprintf(tmp, sizeof(tmp), "%.240s.%016llx.tmp", name,
	    (unsigned long long)salt);
	fd = dig_open_at(
	    dirfd, tmp, DIG_OPEN_WRITE | DIG_OPEN_CREATE | DIG_OPEN_EXCL);
	if (fd < 0)
		return dig_raise_os(err, DIG_EIO, -fd, "creating '%s'", tmp);
	rc = dig_write_full(fd, data, len);
	if (rc == 0)
		rc = dig_sync_data(fd);
	if (rc == 0)
		rc = dig_rename_at(dirfd, tmp, dirfd, name);
	if (rc == 0)
		rc = dig_sync_dir(dirfd);
	else
		dig_unlink_at(dirfd, tmp);
	if (rc != 0)
		st = dig_raise_os(err, DIG_EIO, rc, "writing '%s'", name);
	rc = dig_close(fd);
	if (st == DIG_OK && rc != 0)
		st = dig_raise_os(err, DIG_EIO, rc, "closing '%s'", name);
	return st;
}

int
dig_remove_tree(int dirfd, const char *name)
{
	struct dirent *entry;
	DIR *dir;
	int rc;
	int fd;

	rc = dig_unlink_at(dirfd, name);
	if (rc == 0 || rc == ENOENT)
		return 0;
	if (rc != EISDIR && rc != EPERM)
		return rc;
	fd = dig_open_at(dirfd, name, DIG_OPEN_DIRECTORY);
	if (fd < 0)
		return -fd;
	dir = fdopendir(fd);
	if (dir == NULL) {
		close(fd);
		return ENOMEM;
	}
	rc = 0;
	while (rc == 0 && (entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			rc = dig_remove_tree(fd, entry->d_name);
	closedir(dir);
	return rc ? rc : dig_rmdir_at(dirfd, name);
}

void
dig_random(void *data, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = getrandom((char *)data + done, len - done, 0);

		if (n > 0)
			done += (size_t)n;
		else if (errno != EINTR)
			abort();
	}
}

int64_t
dig_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

int64_t
dig_wall_seconds(void)
{
	return (int64_t)time(NULL);
}

static volatile sig_atomic_t interrupted;

static void
on_interrupt(int signum)
{
	(void)signum;
	interrupted = 1;
}

void
dig_interrupt_install(void)
{
	struct sigaction act;

	memset(&act, 0, sizeof(act));
	act.sa_handler = on_interrupt;
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
}

void
dig_interrupt_default(void)
{
	struct sigaction act;

	memset(&act, 0, sizeof(act));
	act.sa_handler = SIG_DFL;
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
}

bool
dig_interrupted(void)
{
	return interrupted != 0;
}

int
dig_real_path(const char *path, char **out)
{
	char *real = realpath(path, NULL);

	if (real == NULL)
		return errno;
	*out = real;
	return 0;
}
