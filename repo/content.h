/* SPDX-License-Identifier: MIT
 *
 * Reading snapshots: the bytes of a file, the names in a tree.
 */
#ifndef REPO_CONTENT_H
#define REPO_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "objects/base/error.h"
#include "objects/tree.h"

struct dig_repo;

/* Takes the bytes in order; a status other than OK stops. */
typedef enum dig_status dig_content_fn(
    void *arg, const void *data, size_t len, struct dig_error *err);

/*
 * Hand bytes [from, to) of an entry's content to fn, from the calling thread.
 * Every chunk is verified before a byte of it is handed out, and only chunks
 * that hold such bytes are read.
 *
 * entry  not a LINK
 * from   <= to <= entry->size_bytes
 *
 * Errors: CORRUPT, NOTFOUND (a chunk is missing), IO, those of fn.
 * Cost: chunks are decoded ahead by as many threads as there are processors,
 * with at most 4 MiB a thread in memory.
 */
enum dig_status dig_content_read(struct dig_repo *repo,
    const struct dig_entry *entry, uint64_t from, uint64_t to,
    dig_content_fn *fn, void *arg, struct dig_error *err) DIG_CHECKED;

/*
 * All of an entry's content, by way of io: with a writer's also what was put in
 * the transaction (dig_writer_keep). One chunk is in memory at a time.
 * Errors: as above.
 */
enum dig_status dig_content_stream(const struct dig_node_io *io,
    const struct dig_entry *entry, dig_content_fn *fn, void *arg,
    struct dig_error *err) DIG_CHECKED;

enum dig_found { DIG_FOUND_NOTHING, DIG_FOUND_ENTRY, DIG_FOUND_FOLDER };

/*
 * What a path is in a tree; out->path borrows `path`, and out is set for
 * FOUND_ENTRY alone. The root ("") is a folder, also of an empty tree.
 */
enum dig_status dig_content_find(struct dig_repo *repo,
    const struct dig_oid *root, const void *path, size_t len,
    enum dig_found *found, struct dig_entry *out,
    struct dig_error *err) DIG_CHECKED;

/* How a tree is listed: git ls-tree's ways. */
struct dig_list_options {
	const char *base; /* a folder, "" the root; where paths begin */
	size_t base_len;
	const char *const *paths; /* plain names below base; none: all */
	size_t npaths;
	bool recursive;    /* go into every folder */
	bool show_folders; /* also those that are gone into */
	bool only_folders;
};

/*
 * One line of the listing; entry is NULL for a folder. path has the base in
 * front. A status other than OK stops.
 */
typedef enum dig_status dig_list_fn(void *arg, const struct dig_entry *entry,
    const void *path, size_t len, struct dig_error *err);

/*
 * List a tree in path order, a folder as its name and '/'. A path that ends
 * in '/' means what the folder holds. Cost: only the parts that are shown.
 */
enum dig_status dig_content_list(struct dig_repo *repo,
    const struct dig_oid *root, const struct dig_list_options *options,
    dig_list_fn *fn, void *arg, struct dig_error *err) DIG_CHECKED;

#endif
