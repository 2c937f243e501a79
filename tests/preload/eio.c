/* SPDX-License-Identifier: MIT
 *
 * Preloaded: a disk with an unreadable place, and one without hard links.
 *
 * DIG_EIO=END:OFFSET:LENGTH  reads of files whose path ends with END fail with
 *                            EIO where they touch these bytes
 * DIG_NO_LINK=1              linkat fails with EPERM
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int
is_bad(int fd, size_t len, off_t offset)
{
	const char *spec = getenv("DIG_EIO");
	unsigned long long from, bytes;
	char link[64], path[PATH_MAX];
	char end[64] = "";
	size_t n_end;
	long n;

	if (spec == NULL ||
	    sscanf(spec, "%63[^:]:%llu:%llu", end, &from, &bytes) != 3 ||
	    (unsigned long long)offset >= from + bytes ||
	    (unsigned long long)offset + len <= from)
		return 0;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n <= 0)
		return 0;
	path[n] = '\0';
	n_end = strlen(end);
	return (size_t)n >= n_end && strcmp(path + n - n_end, end) == 0;
}

ssize_t
pread(int fd, void *data, size_t len, off_t offset)
{
	if (is_bad(fd, len, offset)) {
		errno = EIO;
		return -1;
	}
	return syscall(SYS_pread64, fd, data, len, offset);
}

ssize_t
pread64(int fd, void *data, size_t len, off64_t offset)
{
	return pread(fd, data, len, offset);
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

int
linkat(int olddir, const char *old, int newdir, const char *new_, int flags)
{
	if (getenv("DIG_NO_LINK") != NULL) {
		errno = EPERM;
		return -1;
	}
	return (int)syscall(SYS_linkat, olddir, old, newdir, new_, flags);
}
