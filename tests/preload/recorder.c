/* SPDX-License-Identifier: MIT
 *
 * Preloaded: writes down, in order, what a program does to the files below
 * $DIG_RECORD_ROOT, so that tests/crash/powerloss.py can build the states a
 * power cut may leave. One lock spans each call and its line in the log, so
 * the log's order is the order that happened.
 *
 * Log record: u32 length of what follows, then op byte, u64 a, u64 b, u64 c,
 * u16 length of path 1, u16 length of path 2, path 1, path 2, data. All little
 * endian (the machine's). Paths are relative to the root.
 *
 *   'C' created file (a = inode)      'M' mkdir             'K' symlink
 *   'H' hard link, path 1 -> path 2   'U' unlink            'R' rmdir
 *   'N' rename, path 1 -> path 2      'E' exchange of the two
 *   'W' write (a = inode, b = offset, data)
 *   'T' length set (a = inode, b = new length)
 *   'A' space allocated (a = inode, b = offset + length, c = mode)
 *   'S' file synced (a = inode)       'D' folder synced (a = inode, path 1)
 *   'F' a sync that was made to fail  'X' a call that this file cannot log
 *
 * DIG_RECORD_FAIL=n answers the n-th sync with EIO, without doing it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAX];
static size_t root_len;
static int log_fd = -1;
static long fail_at;
static long nsyncs;
static long (*real_syscall)(long, ...);

/* System calls of our own go around the interposed functions. */
#define CALL(...) real_syscall(__VA_ARGS__)

__attribute__((constructor)) static void
start(void)
{
	const char *name = getenv("DIG_RECORD_ROOT");
	const char *log = getenv("DIG_RECORD_LOG");
	const char *fail = getenv("DIG_RECORD_FAIL");

	real_syscall = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	if (name == NULL || log == NULL || realpath(name, root) == NULL)
		return;
	root_len = strlen(root);
	fail_at = fail != NULL ? atol(fail) : 0;
	log_fd = (int)CALL(SYS_openat, AT_FDCWD, log,
	    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (log_fd >= 0) {
		/* Out of the way of a program that closes what it inherits. */
		int high = fcntl(log_fd, F_DUPFD_CLOEXEC, 900);

		if (high >= 0) {
			CALL(SYS_close, log_fd);
			log_fd = high;
		}
	}
}

static void
lock(void)
{
	if (real_syscall == NULL)
		start();
	pthread_mutex_lock(&mutex);
}

static void
unlock(void)
{
	int saved = errno;

	pthread_mutex_unlock(&mutex);
	errno = saved;
}

static void
note(char op, uint64_t a, uint64_t b, uint64_t c, const char *p1,
    const char *p2, const void *data, size_t len)
{
	unsigned char head[4 + 1 + 24 + 4];
	uint16_t n1 = (uint16_t)(p1 != NULL ? strlen(p1) : 0);
	uint16_t n2 = (uint16_t)(p2 != NULL ? strlen(p2) : 0);
	uint32_t total = (uint32_t)(sizeof(head) - 4 + n1 + n2 + len);
	struct iovec iov[4];
	int saved = errno;

	memcpy(head, &total, 4);
	head[4] = (unsigned char)op;
	memcpy(head + 5, &a, 8);
	memcpy(head + 13, &b, 8);
	memcpy(head + 21, &c, 8);
	memcpy(head + 29, &n1, 2);
	memcpy(head + 31, &n2, 2);
	iov[0].iov_base = head;
	iov[0].iov_len = sizeof(head);
	iov[1].iov_base = (void *)(uintptr_t)p1;
	iov[1].iov_len = n1;
	iov[2].iov_base = (void *)(uintptr_t)p2;
	iov[2].iov_len = n2;
	iov[3].iov_base = (void *)(uintptr_t)data;
	iov[3].iov_len = len;
	if (CALL(SYS_writev, log_fd, iov, 4) != (long)(total + 4))
		abort();
	errno = saved;
}

/* The path of a descriptor relative to the root; NULL if it is not below. */
static const char *
fd_path(int fd, char *out)
{
	char link[64];
	long n;

	if (log_fd < 0)
		return NULL;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = CALL(SYS_readlinkat, AT_FDCWD, link, out, PATH_MAX - 1);
	if (n <= 0)
		return NULL;
	out[n] = '\0';
	if (strncmp(out, root, root_len) != 0)
		return NULL;
	if (out[root_len] == '\0')
		return "";
	return out[root_len] == '/' ? out + root_len + 1 : NULL;
}

/* The same for a name relative to a folder. `.` and `..` are not resolved
 * inside the last component; the folder part is, by opening it. */
static const char *
at_path(int dirfd, const char *name, char *out)
{
	char folder[PATH_MAX], base[PATH_MAX], *slash;
	const char *rel;
	int fd = dirfd;

	if (log_fd < 0 || strlen(name) >= PATH_MAX)
		return NULL;
	strcpy(folder, name);
	for (size_t n = strlen(folder); n > 1 && folder[n - 1] == '/'; n--)
		folder[n - 1] = '\0'; /* mkdir("x/") */
	slash = strrchr(folder, '/');
	if (slash != NULL) {
		strcpy(base, slash + 1);
		if (slash == folder)
			slash++;
		*slash = '\0';
	} else {
		strcpy(base, folder);
		strcpy(folder, ".");
	}
	fd = (int)CALL(
	    SYS_openat, dirfd, folder, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	if (fd < 0)
		return NULL;
	rel = fd_path(fd, out);
	CALL(SYS_close, fd);
	if (rel == NULL)
		return NULL;
	if (rel[0] != '\0')
		strcat(out, "/");
	else if (out[root_len] == '\0')
		strcat(out, "/");
	strcat(out, base);
	return out + root_len + 1;
}

static uint64_t
inode(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? st.st_ino : 0;
}

static int
exists(int dirfd, const char *name)
{
	struct stat st;

	return fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* --- opening ------------------------------------------------------------ */

static int
do_open(int dirfd, const char *name, uint64_t flags, mode_t mode,
    const struct open_how *how)
{
	char buf[PATH_MAX * 2];
	const char *rel;
	int fd, was;

	if ((flags & (O_CREAT | O_TRUNC)) == 0 || log_fd < 0) {
		if (real_syscall == NULL)
			start();
		return how != NULL ? (int)CALL(SYS_openat2, dirfd, name, how,
					 sizeof(*how))
				   : (int)CALL(SYS_openat, dirfd, name,
					 (int)flags, mode);
	}
	lock();
	was = exists(dirfd, name);
	fd = how != NULL
		 ? (int)CALL(SYS_openat2, dirfd, name, how, sizeof(*how))
		 : (int)CALL(SYS_openat, dirfd, name, (int)flags, mode);
	if (fd >= 0 && (rel = fd_path(fd, buf)) != NULL) {
		if ((flags & O_TMPFILE) == O_TMPFILE)
			note('X', 0, 0, 0, "O_TMPFILE", NULL, NULL, 0);
		else if (!was && (flags & O_CREAT) != 0)
			note('C', inode(fd), 0, 0, rel, NULL, NULL, 0);
		else if ((flags & O_TRUNC) != 0)
			note('T', inode(fd), 0, 0, rel, NULL, NULL, 0);
	}
	unlock();
	return fd;
}

#define OPEN_MODE(last)                                                        \
	mode_t mode = 0;                                                       \
	if ((flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE) {      \
		va_list ap;                                                    \
		va_start(ap, last);                                            \
		mode = va_arg(ap, mode_t);                                     \
		va_end(ap);                                                    \
	}

int
open(const char *name, int flags, ...)
{
	OPEN_MODE(flags)
	return do_open(AT_FDCWD, name, (unsigned)flags, mode, NULL);
}

int
open64(const char *name, int flags, ...)
{
	OPEN_MODE(flags)
	return do_open(AT_FDCWD, name, (unsigned)flags, mode, NULL);
}

int
openat(int dirfd, const char *name, int flags, ...)
{
	OPEN_MODE(flags)
	return do_open(dirfd, name, (unsigned)flags, mode, NULL);
}

int
openat64(int dirfd, const char *name, int flags, ...)
{
	OPEN_MODE(flags)
	return do_open(dirfd, name, (unsigned)flags, mode, NULL);
}

int
__open_2(const char *name, int flags)
{
	return do_open(AT_FDCWD, name, (unsigned)flags, 0, NULL);
}

int
__open64_2(const char *name, int flags)
{
	return do_open(AT_FDCWD, name, (unsigned)flags, 0, NULL);
}

int
__openat_2(int dirfd, const char *name, int flags)
{
	return do_open(dirfd, name, (unsigned)flags, 0, NULL);
}

int
__openat64_2(int dirfd, const char *name, int flags)
{
	return do_open(dirfd, name, (unsigned)flags, 0, NULL);
}

int
creat(const char *name, mode_t mode)
{
	return do_open(
	    AT_FDCWD, name, O_CREAT | O_WRONLY | O_TRUNC, mode, NULL);
}

/* --- bytes -------------------------------------------------------------- */

static void
wrote(int fd, const void *data, long n, off_t offset)
{
	char buf[PATH_MAX * 2];
	struct stat st;

	if (n <= 0 || fd_path(fd, buf) == NULL || fstat(fd, &st) != 0 ||
	    !S_ISREG(st.st_mode))
		return;
	if (offset < 0)
		offset = lseek(fd, 0, SEEK_CUR) - n;
	note('W', st.st_ino, (uint64_t)offset, 0, NULL, NULL, data, (size_t)n);
}

ssize_t
write(int fd, const void *data, size_t len)
{
	long n;

	lock();
	n = CALL(SYS_write, fd, data, len);
	wrote(fd, data, n, -1);
	unlock();
	return n;
}

ssize_t
pwrite(int fd, const void *data, size_t len, off_t offset)
{
	long n;

	lock();
	n = CALL(SYS_pwrite64, fd, data, len, offset);
	wrote(fd, data, n, offset);
	unlock();
	return n;
}

ssize_t
pwrite64(int fd, const void *data, size_t len, off64_t offset)
{
	return pwrite(fd, data, len, offset);
}

ssize_t
writev(int fd, const struct iovec *iov, int count)
{
	ssize_t total = 0;

	for (int i = 0; i < count; i++) {
		ssize_t n = write(fd, iov[i].iov_base, iov[i].iov_len);

		if (n < 0)
			return total > 0 ? total : n;
		total += n;
		if ((size_t)n < iov[i].iov_len)
			break;
	}
	return total;
}

ssize_t
pwritev(int fd, const struct iovec *iov, int count, off_t offset)
{
	ssize_t total = 0;

	for (int i = 0; i < count; i++) {
		ssize_t n =
		    pwrite(fd, iov[i].iov_base, iov[i].iov_len, offset + total);

		if (n < 0)
			return total > 0 ? total : n;
		total += n;
		if ((size_t)n < iov[i].iov_len)
			break;
	}
	return total;
}

ssize_t
pwritev64(int fd, const struct iovec *iov, int count, off64_t offset)
{
	return pwritev(fd, iov, count, offset);
}

int
ftruncate(int fd, off_t len)
{
	char buf[PATH_MAX * 2];
	const char *rel;
	int rc;

	lock();
	rc = (int)CALL(SYS_ftruncate, fd, len);
	if (rc == 0 && (rel = fd_path(fd, buf)) != NULL)
		note('T', inode(fd), (uint64_t)len, 0, rel, NULL, NULL, 0);
	unlock();
	return rc;
}

int
ftruncate64(int fd, off64_t len)
{
	return ftruncate(fd, len);
}

int
fallocate(int fd, int mode, off_t offset, off_t len)
{
	char buf[PATH_MAX * 2];
	const char *rel;
	int rc;

	lock();
	rc = (int)CALL(SYS_fallocate, fd, mode, offset, len);
	if (rc == 0 && (rel = fd_path(fd, buf)) != NULL)
		note('A', inode(fd), (uint64_t)(offset + len), (uint64_t)mode,
		    rel, NULL, NULL, 0);
	unlock();
	return rc;
}

int
fallocate64(int fd, int mode, off64_t offset, off64_t len)
{
	return fallocate(fd, mode, offset, len);
}

int
posix_fallocate(int fd, off_t offset, off_t len)
{
	return fallocate(fd, 0, offset, len) == 0 ? 0 : errno;
}

int
posix_fallocate64(int fd, off64_t offset, off64_t len)
{
	return posix_fallocate(fd, offset, len);
}

/* --- syncs -------------------------------------------------------------- */

static int
do_sync(int fd, long nr)
{
	char buf[PATH_MAX * 2];
	const char *rel;
	struct stat st;
	int rc;

	lock();
	rel = fd_path(fd, buf);
	if (rel != NULL && ++nsyncs == fail_at) {
		note('F', inode(fd), 0, 0, rel, NULL, NULL, 0);
		errno = EIO;
		unlock();
		return -1;
	}
	/* The replay is what decides about durability: no need to wait. */
	rc = rel != NULL ? 0 : (int)CALL(nr, fd);
	if (rel != NULL && fstat(fd, &st) == 0)
		note(S_ISDIR(st.st_mode) ? 'D' : 'S', st.st_ino, 0, 0, rel,
		    NULL, NULL, 0);
	unlock();
	return rc;
}

int
fsync(int fd)
{
	return do_sync(fd, SYS_fsync);
}

int
fdatasync(int fd)
{
	return do_sync(fd, SYS_fdatasync);
}

/* --- names -------------------------------------------------------------- */

static int
do_rename(int fd1, const char *a, int fd2, const char *b, unsigned flags)
{
	char buf1[PATH_MAX * 2], buf2[PATH_MAX * 2];
	const char *p1, *p2;
	int rc;

	lock();
	p1 = at_path(fd1, a, buf1);
	p2 = at_path(fd2, b, buf2);
	rc = (int)CALL(SYS_renameat2, fd1, a, fd2, b, flags);
	if (rc == 0 && p1 != NULL && p2 != NULL)
		note((flags & RENAME_EXCHANGE) != 0 ? 'E' : 'N', 0, 0, 0, p1,
		    p2, NULL, 0);
	else if (rc == 0 && (p1 != NULL || p2 != NULL))
		note('X', 0, 0, 0, "rename across the root", NULL, NULL, 0);
	unlock();
	return rc;
}

int
rename(const char *a, const char *b)
{
	return do_rename(AT_FDCWD, a, AT_FDCWD, b, 0);
}

int
renameat(int fd1, const char *a, int fd2, const char *b)
{
	return do_rename(fd1, a, fd2, b, 0);
}

int
renameat2(int fd1, const char *a, int fd2, const char *b, unsigned flags)
{
	return do_rename(fd1, a, fd2, b, flags);
}

int
unlinkat(int dirfd, const char *name, int flags)
{
	char buf[PATH_MAX * 2];
	const char *rel;
	int rc;

	lock();
	rel = at_path(dirfd, name, buf);
	rc = (int)CALL(SYS_unlinkat, dirfd, name, flags);
	if (rc == 0 && rel != NULL)
		note((flags & AT_REMOVEDIR) != 0 ? 'R' : 'U', 0, 0, 0, rel,
		    NULL, NULL, 0);
	unlock();
	return rc;
}

int
unlink(const char *name)
{
	return unlinkat(AT_FDCWD, name, 0);
}

int
rmdir(const char *name)
{
	return unlinkat(AT_FDCWD, name, AT_REMOVEDIR);
}

int
mkdirat(int dirfd, const char *name, mode_t mode)
{
	char buf[PATH_MAX * 2];
	const char *rel;
	struct stat st;
	int rc;

	lock();
	rel = at_path(dirfd, name, buf);
	rc = (int)CALL(SYS_mkdirat, dirfd, name, mode);
	if (rc == 0 && rel != NULL && fstatat(dirfd, name, &st, 0) == 0)
		note('M', st.st_ino, 0, 0, rel, NULL, NULL, 0);
	unlock();
	return rc;
}

int
mkdir(const char *name, mode_t mode)
{
	return mkdirat(AT_FDCWD, name, mode);
}

int
symlinkat(const char *target, int dirfd, const char *name)
{
	char buf[PATH_MAX * 2];
	const char *rel;
	int rc;

	lock();
	rel = at_path(dirfd, name, buf);
	rc = (int)CALL(SYS_symlinkat, target, dirfd, name);
	if (rc == 0 && rel != NULL)
		note('K', 0, 0, 0, rel, target, NULL, 0);
	unlock();
	return rc;
}

int
symlink(const char *target, const char *name)
{
	return symlinkat(target, AT_FDCWD, name);
}

int
linkat(int fd1, const char *a, int fd2, const char *b, int flags)
{
	char buf1[PATH_MAX * 2], buf2[PATH_MAX * 2];
	const char *p1, *p2;
	int rc;

	lock();
	p1 = at_path(fd1, a, buf1);
	p2 = at_path(fd2, b, buf2);
	rc = (int)CALL(SYS_linkat, fd1, a, fd2, b, flags);
	if (rc == 0 && p1 != NULL && p2 != NULL)
		note('H', 0, 0, 0, p1, p2, NULL, 0);
	unlock();
	return rc;
}

int
link(const char *a, const char *b)
{
	return linkat(AT_FDCWD, a, AT_FDCWD, b, 0);
}

/* --- the rest ----------------------------------------------------------- */

/* A shared writable mapping of a file would go unseen: say so. */
void *
mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	char buf[PATH_MAX * 2];

	if (real_syscall == NULL)
		start();
	if ((prot & PROT_WRITE) != 0 && (flags & MAP_SHARED) != 0 && fd >= 0 &&
	    fd_path(fd, buf) != NULL) {
		lock();
		note('X', 0, 0, 0, "shared mapping", NULL, NULL, 0);
		unlock();
	}
	return (void *)CALL(SYS_mmap, addr, len, prot, flags, fd, offset);
}

ssize_t
copy_file_range(int in, off64_t *in_off, int out, off64_t *out_off, size_t len,
    unsigned flags)
{
	char buf[PATH_MAX * 2];

	lock();
	if (fd_path(out, buf) != NULL)
		note('X', 0, 0, 0, "copy_file_range", NULL, NULL, 0);
	unlock();
	return CALL(SYS_copy_file_range, in, in_off, out, out_off, len, flags);
}

long
syscall(long nr, ...)
{
	long a[6];
	va_list ap;

	va_start(ap, nr);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (real_syscall == NULL)
		start();
	if (nr == SYS_openat2) {
		const struct open_how *how = (const struct open_how *)a[2];

		return do_open((int)a[0], (const char *)a[1], how->flags,
		    (mode_t)how->mode, how);
	}
	if (nr == SYS_renameat2)
		return do_rename((int)a[0], (const char *)a[1], (int)a[2],
		    (const char *)a[3], (unsigned)a[4]);
	return CALL(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
}
