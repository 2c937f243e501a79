/* SPDX-License-Identifier: MIT
 *
 * What is around a repository and may get in its way: the file system, the
 * libraries, the clock, limits, permissions. What is in it is fsck's.
 */
#ifndef REPO_DOCTOR_H
#define REPO_DOCTOR_H

struct dig_repo;

enum dig_doctor_level {
	DIG_DOCTOR_GOOD,
	DIG_DOCTOR_NOTE,     /* good to know */
	DIG_DOCTOR_ATTENTION /* should be seen to */
};

/* One answer; borrowed for the call. */
struct dig_doctor_answer {
	const char *check; /* "file-system", "clock", ... */
	enum dig_doctor_level level;
	const char *text; /* one line; may name files */
	const char *hint; /* what to type or do; NULL: nothing */
};

typedef void dig_doctor_fn(void *arg, const struct dig_doctor_answer *answer);

/*
 * Look at everything; one answer at least for each check. Small files are made
 * in .dig/tmp and taken away again, nothing else is changed. What cannot be
 * looked at is an answer, too.
 */
void dig_doctor_look(struct dig_repo *repo, dig_doctor_fn *fn, void *arg);

#endif
