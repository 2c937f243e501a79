/* SPDX-License-Identifier: MIT
 *
 * To and from git, as streams of git-fast-import(1).
 */
#ifndef REPO_BRIDGE_BRIDGE_H
#define REPO_BRIDGE_BRIDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "objects/base/error.h"
#include "objects/oid.h"

struct dig_repo;

struct dig_import_options {
	int fd; /* the stream */
	/* The ref that git's HEAD names; NULL: not known. It becomes HEAD's of
	 * an empty repository. */
	const char *head;
	bool force;          /* move branches and tags also off their line */
	bool skip_bad_names; /* leave out what dig cannot track */
	/* The folder with the contents of git-lfs, .git/lfs/objects: they are
	 * taken in the place of their pointers. NULL: pointers are files. */
	const char *lfs;
};

struct dig_import_result {
	uint64_t commits;     /* new ones */
	uint64_t known;       /* those that were there */
	uint64_t tags;        /* annotated */
	uint64_t refs;        /* that moved */
	uint64_t kept;        /* refs that were left where they are */
	uint64_t skipped;     /* paths that were left out */
	uint64_t lfs;         /* pointers whose content was taken */
	uint64_t lfs_missing; /* those that stayed: it is not there, or another
			       * one */
	bool head_moved;      /* HEAD's commit is another one */
	bool staged;          /* the staging was set to it */
};

/*
 * Bring in what a stream of git fast-export holds. Commits keep their ids of
 * git in a header, by which those that are there already are told.
 *
 * What is stored is committed from time to time, under refs/import/git/, so
 * that an import that was stopped goes on from there; branches, tags and HEAD
 * move in one step at the end, or where the stream says `checkpoint`. A stream
 * that cannot be read leaves nothing behind that a name leads to.
 *
 * Errors: INVALID with the stream's offset, also for a name that cannot be
 * tracked; FILE when the stream cannot be read; CANCELLED; NO when refs were
 * kept, all else being done; LOCKED; those of the index.
 */
enum dig_status dig_import_git(struct dig_repo *repo,
    const struct dig_import_options *options, struct dig_import_result *result,
    struct dig_error *err) DIG_CHECKED;

/* Takes the stream's bytes in order; a status other than OK stops. */
typedef enum dig_status dig_export_fn(
    void *arg, const void *data, size_t len, struct dig_error *err);

#define DIG_EXPORT_NAMED 10

struct dig_export_options {
	dig_export_fn *write;
	void *arg;
	/* Only commits and tags that did not come from git; those that did are
	 * named by their ids there. */
	bool incremental;
};

struct dig_export_result {
	uint64_t commits;
	uint64_t tags; /* annotated */
	uint64_t refs;
	uint64_t changed; /* commits that came from git and get other ids */
	uint64_t changed_tags;
	char named[DIG_EXPORT_NAMED][DIG_OID_HEX + 1]; /* the first, old ids */
	size_t nnamed;
	bool detached; /* HEAD is, and no branch says where */
};

/*
 * Write all branches, tags and other refs with their commits as a stream for
 * git fast-import; the same repository gives the same bytes. Commits that came
 * from git get their old ids again, but for those with something that streams
 * do not carry (signatures, merged tags, modes that git does not write any
 * more), and their descendants: what id a commit will have is computed on the
 * way, and those are counted. What an import took in the place of a pointer of
 * git-lfs is a pointer again.
 *
 * Errors: CORRUPT, NOTFOUND, IO, those of write; CANCELLED.
 * Memory: about 150 bytes for each commit and each content, and the tree of
 * one commit.
 */
enum dig_status dig_export_git(struct dig_repo *repo,
    const struct dig_export_options *options, struct dig_export_result *result,
    struct dig_error *err) DIG_CHECKED;

#endif
