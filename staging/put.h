/* SPDX-License-Identifier: MIT
 *
 * From the bytes of a file to its content in the store: cut, hashed, and each
 * new chunk a delta against the chunk of the version before that it replaces.
 */
#ifndef STAGING_PUT_H
#define STAGING_PUT_H

#include "objects/chunker.h"
#include "objects/index.h"
#include "objects/tree.h"

/* One thread's way to store content. */
struct dig_put {
	struct dig_writer *writer; /* borrowed */
	const struct dig_chunk_profile *profile;
	struct dig_oid *old_chunks; /* of the version before */
	size_t nold;
	size_t old_cap;
};

void dig_put_clear(struct dig_put *put);

/*
 * Store bytes that are in memory.
 *
 * old    the version before, whose chunks serve as bases; NULL: none
 * whole  as one chunk whatever they are: the target of a link
 * entry  form, size and content are set
 *
 * Errors: those of the writer.
 */
enum dig_status dig_put_bytes(struct dig_put *put, const struct dig_entry *old,
    bool whole, const void *data, size_t len, struct dig_entry *entry,
    struct dig_error *err) DIG_CHECKED;

/* Where the bytes of a stream come from: as many as asked for, fewer at the
 * end only, or the negated errno. */
struct dig_put_source {
	int64_t (*read)(void *arg, void *data, size_t len);
	void *arg;
};

/*
 * Store what a source gives up to its end, with memory that does not depend on
 * its size, by threads; the source is asked by this one. Inside a transaction;
 * what is stored so far is committed after every GiB, under the operation *op.
 *
 * Errors: those of the writer and the index; FILE when it cannot be read.
 */
enum dig_status dig_put_stream(struct dig_index *index,
    const struct dig_chunk_profile *profile, const struct dig_entry *old,
    const struct dig_put_source *source, const char *verb, uint64_t *op,
    struct dig_entry *entry, struct dig_error *err) DIG_CHECKED;

/* A source that reads a descriptor from where it stands; *fd is borrowed. */
struct dig_put_source dig_put_from_fd(int *fd);

/* ---- Inside of staging/ ----------------------------------------------- */

/* The version before, as a list of chunks that serve as delta bases. */
struct dig_put_bases {
	const struct dig_oid *chunks;
	size_t count;
	size_t next; /* the one that follows the last one matched or used */
};

/* The chunks of a version before (NULL: none) as bases. What cannot be read
 * is no error: only a smaller delta is lost. */
struct dig_put_bases dig_put_old(
    struct dig_put *put, const struct dig_entry *old);
/* The base for a new chunk, or NULL. */
const struct dig_oid *dig_put_base(
    struct dig_put_bases *bases, const struct dig_oid *chunk);

#endif
