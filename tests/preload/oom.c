/* SPDX-License-Identifier: MIT
 *
 * Preloaded: the allocation number $DIG_OOM_AT fails; with DIG_OOM_ON=1 all
 * after it fail too. At exit the count is appended to $DIG_OOM_LOG.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);

static atomic_long count;
static atomic_long fail_at;
static int on;

__attribute__((constructor)) static void
start(void)
{
	const char *at = getenv("DIG_OOM_AT");

	on = getenv("DIG_OOM_ON") != NULL;
	atomic_store(&count, 0);
	atomic_store(&fail_at, at != NULL ? atol(at) : 0);
}

__attribute__((destructor)) static void
end(void)
{
	const char *log = getenv("DIG_OOM_LOG");
	char line[40];
	int fd, n;

	if (log == NULL)
		return;
	n = snprintf(line, sizeof(line), "%ld\n", atomic_load(&count));
	fd = open(log, O_WRONLY | O_APPEND | O_CREAT, 0600);
	if (fd >= 0 && write(fd, line, (size_t)n) == n)
		close(fd);
}

static int
fails(void)
{
	long at = atomic_load(&fail_at);
	long n = atomic_fetch_add(&count, 1) + 1;

	if (at == 0 || (on ? n < at : n != at))
		return 0;
	errno = ENOMEM;
	return 1;
}

void *
malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *
calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *old, size_t size)
{
	return fails() ? NULL : __libc_realloc(old, size);
}
