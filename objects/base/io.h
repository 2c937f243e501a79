/* SPDX-License-Identifier: MIT
 *
 * System calls with the manners that dig needs: whole reads and writes,
 * EINTR retried, close-on-exec everywhere, errors as values. The status that
 * a failure is raised with is the caller's choice, because "could not read the
 * user's file" (DIG_EFILE) and "could not write the repository" (DIG_EIO) are
 * different answers.
 */
#ifndef OBJECTS_BASE_IO_H
#define OBJECTS_BASE_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "objects/base/buf.h"
#include "objects/base/error.h"

enum dig_ftype { DIG_FT_REGULAR, DIG_FT_DIR, DIG_FT_SYMLINK, DIG_FT_OTHER };

/* What dig asks of a file's metadata. Times in nanoseconds since 1970. */
struct dig_stat {
	enum dig_ftype type;
	uint32_t mode; /* permission bits, 07777 */
	uint32_t uid;
	uint64_t dev;
	uint64_t ino;
	uint64_t nlink;
	uint64_t size_bytes;
	int64_t mtime_ns;
	int64_t ctime_ns;
};

/*
 * Stat without following a link. Returns 0 or an errno value, because callers
 * of this one mostly decide by the number (ENOENT, ENOTDIR).
 */
int dig_stat_at(int dirfd, const char *name, struct dig_stat *out);
int dig_stat_fd(int fd, struct dig_stat *out);
/* Everything that the stat cache compares is equal (size, times, ids, mode). */
bool dig_stat_same(const struct dig_stat *a, const struct dig_stat *b);

enum dig_open {
	DIG_OPEN_READ = 0,
	DIG_OPEN_WRITE = 1,  /* read and write */
	DIG_OPEN_CREATE = 2, /* with WRITE: create if missing, 0644 & umask */
	DIG_OPEN_EXCL = 4,   /* with CREATE: must not exist */
	DIG_OPEN_TRUNC = 8,
	DIG_OPEN_DIRECTORY = 16,
	DIG_OPEN_FOLLOW = 32,   /* follow a final symlink (default: refuse) */
	DIG_OPEN_DIRECT = 64,   /* O_DIRECT */
	DIG_OPEN_PRIVATE = 128, /* with CREATE: mode 0600 */
	DIG_OPEN_WORKTREE = 256 /* with CREATE: 0666 & umask, as others do */
};

/* Open relative to dirfd (or AT_FDCWD); O_NOFOLLOW, O_NONBLOCK, O_CLOEXEC.
 * Returns a descriptor, or the negated errno. */
int dig_open_at(int dirfd, const char *name, unsigned flags);
/* The same for a path of several components, resolved strictly below dirfd
 * and through no symlink (openat2 BENEATH|NO_SYMLINKS|NO_MAGICLINKS, with a
 * walk by component where the kernel has none). */
int dig_open_beneath(int dirfd, const char *path, unsigned flags);
/* The absolute path with every link resolved, free(); 0 or errno. */
int dig_real_path(const char *path, char **out);

/* The folder below dirfd that holds `path`, resolved as above; *name is the
 * last component, borrowed. Returns a descriptor of its own, or -errno. */
int dig_open_parent(int dirfd, const char *path, const char **name);

/*
 * The names in an open folder, from where it stands, without "." and "..", in
 * no order. type: what the listing itself says, DIG_FT_OTHER with told false
 * where it does not. fn answers false to stop. 0 or errno.
 */
typedef bool dig_name_fn(
    void *arg, const char *name, enum dig_ftype type, bool told);
int dig_list_dir(int fd, dig_name_fn *fn, void *arg);

/* Read up to len bytes at offset; short only at the end of the file.
 * Returns the count or the negated errno. */
int64_t dig_pread_full(int fd, void *data, size_t len, uint64_t offset);
/* A file that is missing (fd < 0), short, or cannot be read there: zeros, but
 * no more of them than there are unreadable pages. True when all was there. */
bool dig_pread_or_zeros(int fd, void *data, size_t len, uint64_t offset);
int64_t dig_read_full(int fd, void *data, size_t len);
/* What one read gives, as soon as there is something; 0 at the end. */
int64_t dig_read_some(int fd, void *data, size_t len);
/* All of it or an errno value; 0 on success. */
int dig_pwrite_full(int fd, const void *data, size_t len, uint64_t offset);
int dig_write_full(int fd, const void *data, size_t len);
/* fdatasync; 0 or errno. A failure is final: do not retry (a second call can
 * answer 0 while the data is gone). */
int dig_sync_data(int fd);
/* fsync of the folder that `dirfd` is, so that names in it are durable. */
int dig_sync_dir(int dirfd);
int dig_close(int fd); /* 0 or errno; -1 is accepted */
int dig_truncate(int fd, uint64_t size);
/* The bytes of one file into another that is empty, sharing blocks where the
 * file system can; 0 or errno. */
int dig_copy_fd(int from, int to);
/* Reserve space without changing the size; a file system without it is fine. */
void dig_preallocate(int fd, uint64_t offset, uint64_t len);
/* Begin to write these bytes to the disk, without waiting: a later sync has
 * less left to do. A hint, and no promise of any kind. */
void dig_begin_sync(int fd, uint64_t offset, uint64_t len);
/* Ask the kernel to read ahead / drop / not keep these pages; a hint. */
void dig_advise_willneed(int fd, uint64_t offset, uint64_t len);
void dig_advise_dontneed(int fd, uint64_t offset, uint64_t len);
void dig_advise_sequential(int fd);

/* rename; 0 or errno. */
int dig_rename_at(int olddir, const char *old, int newdir, const char *new_);
/* A second name for the same file (hard link); 0 or errno. */
int dig_link_at(int olddir, const char *old, int newdir, const char *new_);
/* Exchange two names atomically; ENOSYS/EINVAL where the fs cannot. */
int dig_exchange_at(int dir1, const char *a, int dir2, const char *b);
/* Rename that refuses to replace (EEXIST). */
int dig_rename_noreplace_at(
    int olddir, const char *old, int newdir, const char *new_);
int dig_unlink_at(int dirfd, const char *name);
int dig_rmdir_at(int dirfd, const char *name);
int dig_mkdir_at(int dirfd, const char *name, uint32_t mode);
int dig_symlink_at(const char *target, int dirfd, const char *name);
/* The link's target into out (reset first); 0 or errno. */
int dig_readlink_at(int dirfd, const char *name, struct dig_buf *out);

/* flock(LOCK_EX) with a deadline in ms (0 = try once); 0, EWOULDBLOCK, errno */
int dig_lock_exclusive(int fd, int64_t timeout_ms);

/*
 * A whole small file into out (reset first). Larger than limit_bytes is
 * DIG_EINVALID; missing is DIG_ENOTFOUND; the rest is raised as io_status.
 */
enum dig_status dig_read_file(int dirfd, const char *name, size_t limit_bytes,
    struct dig_buf *out, enum dig_status io_status,
    struct dig_error *err) DIG_CHECKED;
/* Replace a small file durably: temp name beside it, sync, rename, dir sync. */
enum dig_status dig_replace_file(int dirfd, const char *name, const void *data,
    size_t len, struct dig_error *err) DIG_CHECKED;

/* Delete a tree of ours (tmp folders); never follows links. 0 or errno. */
int dig_remove_tree(int dirfd, const char *name);

/* Fill with bytes from the kernel's generator; aborts if there is none. */
void dig_random(void *data, size_t len);

int64_t dig_now_ns(void);       /* monotonic, for measuring only */
int64_t dig_wall_seconds(void); /* since 1970, data and never logic */

/* Ctrl-C: installs handlers for INT and TERM that set one flag. */
void dig_interrupt_install(void);
/* Back to what the system does: for what only reads, and may take long where
 * nothing asks dig_interrupted. */
void dig_interrupt_default(void);
bool dig_interrupted(void);

#endif
