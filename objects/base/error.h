/* SPDX-License-Identifier: MIT
 *
 * Errors as values: a status that a caller may branch on, and a caller-owned
 * struct with the words for a person. Nothing here prints or exits.
 */
#ifndef OBJECTS_BASE_ERROR_H
#define OBJECTS_BASE_ERROR_H

#include <stddef.h>

/*
 * One status per reaction of a caller. docs/errors.md maps each to an exit
 * code; a new one needs a decision record.
 */
enum dig_status {
	DIG_OK = 0,
	DIG_ENO,        /* the answer is no: nothing to commit, differences */
	DIG_ENOTFOUND,  /* no such revision, path, ref, object */
	DIG_EEXISTS,    /* there already */
	DIG_EINVALID,   /* usage, bad value or range, no identity */
	DIG_EAMBIGUOUS, /* a prefix that several ids share */
	DIG_ENOTFF,     /* a ref would leave commits behind */
	DIG_ECONFLICT,  /* an uncommitted edit or untracked file in the way */
	DIG_ELOCKED,    /* another writer holds the lock */
	DIG_ECORRUPT,   /* stored bytes do not match; not repaired */
	DIG_EREPAIRED,  /* they did not, and have been put right */
	DIG_ENOMEM,
	DIG_EIO,       /* the repository cannot be read or written */
	DIG_EDB,       /* the index cannot be read or written */
	DIG_EFILE,     /* a file of the user's cannot be read or written */
	DIG_ENOREPO,   /* not a repository */
	DIG_EDENIED,   /* not trusted or not permitted */
	DIG_ECANCELLED /* interrupted */
};

struct dig_error {
	enum dig_status status;
	int os_errno;   /* errno when raised, else 0 */
	int db_code;    /* SQLite extended code when raised, else 0 */
	char msg[480];  /* one line, no newline, truncated if longer */
	char hint[320]; /* what to type or do next; may be empty */
};

#define DIG_ERROR_INIT                                                         \
	{                                                                      \
		DIG_OK, 0, 0, "", ""                                           \
	}

#if defined(__GNUC__)
#define DIG_PRINTF(a, b) __attribute__((format(printf, a, b)))
#define DIG_CHECKED __attribute__((warn_unused_result))
#else
#define DIG_PRINTF(a, b)
#define DIG_CHECKED
#endif

/*
 * Fill `err` (never NULL) with a status and a message, clear its hint, and
 * return the status. errno is left out; see dig_raise_os.
 */
#define dig_raise(err, st, ...)                                                \
	dig_raise_at((err), (st), 0, __FILE__, __LINE__, __VA_ARGS__)

/* The same, recording `os` (an errno value) and appending its text. */
#define dig_raise_os(err, st, os, ...)                                         \
	dig_raise_at((err), (st), (os), __FILE__, __LINE__, __VA_ARGS__)

enum dig_status dig_raise_at(struct dig_error *err, enum dig_status st, int os,
    const char *file, int line, const char *fmt, ...) DIG_PRINTF(6, 7);

/* Prefix the message with context, "reading x: ...", keeping all else. */
void dig_wrap(struct dig_error *err, const char *fmt, ...) DIG_PRINTF(2, 3);

/* Set the hint, replacing any; one line. */
void dig_hint(struct dig_error *err, const char *fmt, ...) DIG_PRINTF(2, 3);

/* Drop a status on purpose; say why in a comment beside the call. */
static inline void
dig_ignore(enum dig_status st)
{
	(void)st;
}

/* The word for a status in JSON and logs: "not-found", "corrupt", ... */
const char *dig_status_word(enum dig_status st);

/* Debug log: one line to standard error when DIG_TRACE is set. */
void dig_log(const char *fmt, ...) DIG_PRINTF(1, 2);

#endif
