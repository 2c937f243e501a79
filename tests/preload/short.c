/* SPDX-License-Identifier: MIT
 *
 * Preloaded: reads and writes of regular files below $DIG_RECORD_ROOT return
 * short, and every few calls fail with EINTR, as POSIX lets them. Descriptors
 * opened with O_DIRECT are left whole (the kernel refuses odd lengths there).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_uint calls;

static int
ours(int fd)
{
	const char *root = getenv("DIG_RECORD_ROOT");
	char link[64], path[PATH_MAX];
	long n;

	if (root == NULL || (fcntl(fd, F_GETFL) & O_DIRECT) != 0)
		return 0;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n <= 0)
		return 0;
	path[n] = '\0';
	return strncmp(path, root, strlen(root)) == 0;
}

/* The length to pass on; 0 means: answer EINTR. */
static size_t
cut(int fd, size_t len)
{
	unsigned turn;

	if (len < 2 || !ours(fd))
		return len;
	turn = atomic_fetch_add(&calls, 1) % 7;
	if (turn == 3)
		return 0;
	return turn == 5 ? 1 : len / 2 + 1;
}

#define SHORT(call)                                                            \
	size_t n = cut(fd, len);                                               \
	if (n == 0 && len > 0) {                                               \
		errno = EINTR;                                                 \
		return -1;                                                     \
	}                                                                      \
	return call

ssize_t
read(int fd, void *data, size_t len)
{
	SHORT(syscall(SYS_read, fd, data, n));
}

ssize_t
write(int fd, const void *data, size_t len)
{
	SHORT(syscall(SYS_write, fd, data, n));
}

ssize_t
pread(int fd, void *data, size_t len, off_t offset)
{
	SHORT(syscall(SYS_pread64, fd, data, n, offset));
}

ssize_t
pread64(int fd, void *data, size_t len, off64_t offset)
{
	return pread(fd, data, len, offset);
}

ssize_t
__read_chk(int fd, void *data, size_t len, size_t room)
{
	return len > room ? -1 : read(fd, data, len);
}

ssize_t
__pread_chk(int fd, void *data, size_t len, off_t offset, size_t room)
{
	return len > room ? -1 : pread(fd, data, len, offset);
}

ssize_t
__pread64_chk(int fd, void *data, size_t len, off64_t offset, size_t room)
{
	return len > room ? -1 : pread(fd, data, len, offset);
}

ssize_t
pwrite(int fd, const void *data, size_t len, off_t offset)
{
	SHORT(syscall(SYS_pwrite64, fd, data, n, offset));
}

ssize_t
pwrite64(int fd, const void *data, size_t len, off64_t offset)
{
	return pwrite(fd, data, len, offset);
}
