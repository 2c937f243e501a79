/* SPDX-License-Identifier: MIT
 *
 * The identity of a working file: what add would store it as, without storing.
 */
#ifndef STAGING_HASH_FILE_H
#define STAGING_HASH_FILE_H

#include <stdint.h>

#include "objects/base/error.h"
#include "objects/base/io.h"
#include "objects/chunker.h"
#include "objects/oid.h"

/*
 * The content id of the file that is open as fd, read from its beginning to
 * its end with at most 1 MiB of memory.
 *
 * size_bytes  what a stat said; only a hint for the buffer
 * content     success: the content id of the bytes that were read
 * read_bytes  success: how many they were; the caller compares it, and a stat
 *             before and after, to tell a file that changed meanwhile
 *
 * Errors: FILE (a read failed; the caller adds the name), CANCELLED.
 */
enum dig_status dig_hash_file(int fd, const struct dig_chunk_profile *profile,
    uint64_t size_bytes, struct dig_oid *content, uint64_t *read_bytes,
    struct dig_error *err) DIG_CHECKED;

/* The content id of bytes in memory that are one chunk (a link's target);
 * len > 0. */
void dig_hash_chunk(const void *data, size_t len, struct dig_oid *content);

/* The content id of all bytes of a file, in memory. */
void dig_hash_bytes(const void *data, size_t len,
    const struct dig_chunk_profile *profile, struct dig_oid *content);

/*
 * The content id of a working file, read through its folder.
 *
 * expected  what a stat said of it; the file must still be that one, before
 *           and after it was read
 * same      false: it changed meanwhile or is no file; content is untouched
 *
 * Errors: FILE, CANCELLED.
 */
enum dig_status dig_hash_at(int dirfd, const char *name,
    const struct dig_stat *expected, const struct dig_chunk_profile *profile,
    struct dig_oid *content, bool *same, struct dig_error *err) DIG_CHECKED;

#endif
