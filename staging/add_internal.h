/* SPDX-License-Identifier: MIT
 *
 * The inside of add: what the join, the workers and the bulk reader share.
 */
#ifndef STAGING_ADD_INTERNAL_H
#define STAGING_ADD_INTERNAL_H

#include <stdatomic.h>

#include "objects/base/io.h"
#include "objects/base/thread.h"
#include "objects/chunker.h"
#include "objects/file.h"
#include "staging/add.h"
#include "staging/put.h"

/* Files above this are read by many threads at once, one after another. */
#define DIG_ADD_BULK_BYTES ((uint64_t)16 << 20)

enum dig_add_outcome {
	DIG_ADD_READ,      /* entry is filled */
	DIG_ADD_UNREADABLE /* reason is */
};

/* One path on its way into the staging. */
struct dig_add_item {
	char *path;
	size_t path_len;
	const char *file;     /* where it is read, borrowed from path */
	struct dig_stat stat; /* what the walk saw, then what was read */
	bool remove;
	bool covers; /* tracked files may stand below its path */
	bool other;  /* aside: it is not tracked */
	struct dig_staged before;
	/* filled by a worker */
	enum dig_add_outcome outcome;
	char reason[160];
	struct dig_entry entry; /* its path is ours */
	bool settled;           /* the stat may be recorded */
	bool streamed;          /* there is no file and no stat */
};

/* A run of items in path order: the unit of work. */
struct dig_add_slice {
	struct dig_add_item *items;
	size_t nitems;
	size_t cap;
	uint64_t bytes;
	bool done; /* under the pipeline's mutex */
};

/* What a worker has of its own. */
struct dig_add_worker {
	struct dig_put put;
	struct dig_buf bytes; /* a file */
};

/* What the staged tree has at a path as a version before: into *out, or
 * false. */
bool dig_add_find_old(struct dig_writer *writer,
    const struct dig_oid *staged_root, const char *path, size_t len,
    struct dig_entry *out);

/* Read one small file or link into item->entry. A status other than OK is
 * the repository's trouble; the file's own is in item->outcome. */
enum dig_status dig_add_read(struct dig_add_worker *worker, int root_fd,
    const struct dig_oid *staged_root, int64_t clock_ns,
    struct dig_add_item *item, struct dig_error *err) DIG_CHECKED;

/*
 * A large file, or a stream: this thread reads and cuts, threads of its own
 * hash, compress and append. Fills item as dig_add_read does.
 *
 * source  read to its end
 * head    bytes that were read already, or empty
 */
struct dig_add_bulk {
	struct dig_index *index;
	const struct dig_chunk_profile *profile;
	const char *verb;
	const struct dig_entry *old; /* the version before; NULL: look it up */
	bool small;                  /* a stream that turned out to be short */
	uint64_t *op; /* operation number of checkpoints in between */
	void *arg;
	void (*progress)(void *arg, uint64_t files, uint64_t bytes);
	uint64_t files_before;
	uint64_t bytes_before;
};
enum dig_status dig_add_bulk_read(const struct dig_add_bulk *bulk,
    const struct dig_put_source *source, const void *head, size_t head_len,
    struct dig_add_item *item, struct dig_error *err) DIG_CHECKED;

#endif
