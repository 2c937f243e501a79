/* SPDX-License-Identifier: MIT
 *
 * Recording what is staged: commits.
 */
#ifndef REPO_RECORD_H
#define REPO_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "objects/base/buf.h"
#include "objects/base/error.h"
#include "objects/oid.h"
#include "repo/signature.h"

struct dig_repo;

/*
 * Bring a message to the form that is recorded: no blanks at line ends, no
 * empty lines at the start and end, no two in a row, one newline at the end.
 * With `comments`, lines that begin with '#' are left out too (a person had
 * the text in an editor). out is reset; empty: there is no message.
 */
void dig_message_clean(
    const void *text, size_t len, bool comments, struct dig_buf *out);

struct dig_record_options {
	const void *message; /* clean; NULL with amend: keep the old one */
	size_t message_len;
	const char *author; /* "Name <email>", or NULL */
	const char *date;   /* of the author, or NULL */
	bool amend;         /* take the place of HEAD's commit */
	bool allow_empty;
	const char *verb; /* for the journal; NULL: "commit: subject" */
	uint64_t op;      /* the operation that staged for this commit, or 0 */
	/* What was staged when the person wrote the message, or NULL: when it
	 * is something else now, nothing is recorded. */
	const struct dig_oid *staged;
	/* NULL, or a root that is staged for this commit in the same record:
	 * the caller has begun a transaction and put its nodes. The call ends
	 * that transaction, whatever comes of it. */
	const struct dig_oid *tree;
	/* NULL, or signs the commit. Not with tree. The lock is not held
	 * meanwhile; what changes then is a CONFLICT. */
	dig_sign_fn *sign;
	void *sign_arg;
};

struct dig_recorded {
	struct dig_oid id;
	char *branch; /* NULL: detached */
	char *subject;
	bool is_root;
	uint64_t added;
	uint64_t modified;
	uint64_t deleted;
	uint64_t file_bytes; /* of added and modified files, as they are now */
	uint64_t new_chunks; /* stored since the commit before */
	uint64_t raw_bytes;  /* of those chunks */
	uint64_t stored_bytes; /* of all records since */
	uint64_t op;           /* number of the operation */
	bool index_is_behind;  /* the next command will bring it up to date */
};

void dig_recorded_clear(struct dig_recorded *record);

/*
 * Make a commit of the staged root and move HEAD's branch (or HEAD) to it. A
 * merge in progress gives it its other parents and is over then; the copy of a
 * commit that stopped gets that commit's author, unless `author` or `date` say
 * otherwise.
 *
 * Errors: NO (nothing to commit, an empty message); INVALID (no identity, a
 * bad author or date, nothing to amend, a message with NUL or longer than 4
 * MiB); CONFLICT (staged changed meanwhile, unmerged paths, or what is staged
 * belongs to an operation and HEAD was to be amended); LOCKED; those of the
 * index.
 * Cost: O(changes). One transaction.
 */
enum dig_status dig_record_commit(struct dig_repo *repo,
    const struct dig_record_options *options, struct dig_recorded *out,
    struct dig_error *err) DIG_CHECKED;

/* The message of a commit into out (reset). */
enum dig_status dig_record_message(struct dig_repo *repo,
    const struct dig_oid *id, struct dig_buf *out,
    struct dig_error *err) DIG_CHECKED;

/*
 * Every path in which what is staged differs from HEAD (with amend: from
 * HEAD's first parent), in order. kind: 'A', 'M', 'D' or 'T'. fn answers
 * false to stop.
 */
typedef bool dig_staged_fn(void *arg, char kind, const void *path, size_t len);
enum dig_status dig_record_each_change(struct dig_repo *repo, bool amend,
    dig_staged_fn *fn, void *arg, struct dig_error *err) DIG_CHECKED;

#endif
