/* SPDX-License-Identifier: MIT
 *
 * The file system's own clock, and when a stat can be trusted.
 *
 * A stat proves content unchanged only if a later write would show in it. The
 * clock that stamps files moves in steps; a file written twice within a step
 * keeps its time. So a stat is recorded only when the clock has moved past
 * the file's times and the stat was taken after that.
 */
#ifndef STAGING_RACY_H
#define STAGING_RACY_H

#include <stdbool.h>
#include <stdint.h>

#include "objects/base/error.h"
#include "objects/base/io.h"

/* What the file system calls now: the time of a file just touched in
 * .dig/tmp. Errors: IO. */
enum dig_status dig_racy_now(
    int dig_dirfd, int64_t *now_ns, struct dig_error *err) DIG_CHECKED;

/*
 * Wait until the file system's clock is past newest_ns, at most two seconds;
 * now_ns is what it shows then. Stats taken after the call may be recorded
 * when dig_racy_is_settled says so. Where the clock cannot be read, now_ns is
 * INT64_MIN, and nothing is settled.
 *
 * Cost: nothing when it is past already, else a step, 1 to 20 ms.
 */
void dig_racy_wait_past(int dig_dirfd, int64_t newest_ns, int64_t *now_ns);

/* The file's times lie before `now_ns`: a later write will show. */
static inline bool
dig_racy_is_settled(const struct dig_stat *stat, int64_t now_ns)
{
	return stat->mtime_ns < now_ns && stat->ctime_ns < now_ns;
}

#endif
