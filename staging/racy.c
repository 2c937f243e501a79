/* SPDX-License-Identifier: MIT
 *
 * Reading the file system's clock by touching a file.
 */
#include "staging/racy.h"

#include <errno.h>
#include <sys/stat.h>
#include <time.h>

#define NAP_NS 1000000
#define WAIT_MAX_NS INT64_C(2000000000)

#define CLOCK "tmp/clock"

/* The file that is touched; it stays, and any process may touch it. -errno. */
static int
clock_file(int dig_dirfd)
{
	unsigned how = DIG_OPEN_WRITE | DIG_OPEN_CREATE | DIG_OPEN_PRIVATE;
	struct dig_stat sb;
	int rc = dig_stat_at(dig_dirfd, "tmp", &sb);

	if (rc == ENOENT)
		rc = dig_mkdir_at(dig_dirfd, "tmp", 0700);
	else if (rc == 0 && sb.type != DIG_FT_DIR)
		rc = ENOTDIR; /* a link: nothing is made elsewhere */
	return rc != 0 && rc != EEXIST ? -rc
				       : dig_open_at(dig_dirfd, CLOCK, how);
}

static int
touch(int fd, int64_t *now_ns)
{
	struct dig_stat sb;
	int rc;

	if (futimens(fd, NULL) != 0)
		return errno;
	rc = dig_stat_fd(fd, &sb);
	if (rc == 0)
		*now_ns = sb.mtime_ns;
	return rc;
}

enum dig_status
dig_racy_now(int dig_dirfd, int64_t *now_ns, struct dig_error *err)
{
	int fd = clock_file(dig_dirfd);
	int rc = fd < 0 ? -fd : touch(fd, now_ns);

	if (fd >= 0)
		dig_close(fd);
	if (rc != 0)
		return dig_raise_os(err, DIG_EIO, rc, "a file in .dig/tmp");
	return DIG_OK;
}

void
dig_racy_wait_past(int dig_dirfd, int64_t newest_ns, int64_t *now_ns)
{
	const struct timespec nap = { 0, NAP_NS };
	int64_t until = dig_now_ns() + WAIT_MAX_NS;
	int fd = clock_file(dig_dirfd);

	*now_ns = INT64_MIN;
	if (fd < 0)
		return;
	/* A time too far ahead never settles: one step, for all the others. */
	if (touch(fd, now_ns) == 0 && newest_ns - WAIT_MAX_NS > *now_ns)
		newest_ns = *now_ns;
	while (touch(fd, now_ns) == 0 && *now_ns <= newest_ns &&
	       dig_now_ns() < until && !dig_interrupted())
		nanosleep(&nap, NULL);
	dig_close(fd);
}
