/* SPDX-License-Identifier: MIT
 *
 * Content-defined cutting: FastCDC with a gear hash, normalised, cut-point
 * skipping. One profile for a repository, by number, so that equal content is
 * always cut equally.
 */
#ifndef OBJECTS_CHUNKER_H
#define OBJECTS_CHUNKER_H

#include <stddef.h>
#include <stdint.h>

struct dig_chunk_profile {
	uint32_t number;
	size_t min_bytes; /* a file below this is one chunk */
	size_t avg_bytes;
	size_t max_bytes;
};

/* Profile 1: 32 KiB, 128 KiB, 512 KiB. NULL for a number that is unknown. */
const struct dig_chunk_profile *dig_chunk_profile(uint32_t number);

/*
 * Length of the first chunk of data[0..len). When `len` is less than the
 * profile's maximum the caller must have given everything up to the end of the
 * file; with at least max_bytes the answer does not depend on what follows.
 * len > 0. The result is len itself, or between min_bytes and max_bytes.
 *
 * Cost: one gear step a byte from min_bytes on.
 * Source: docs/format.md "Chunks"; Xia et al., FastCDC, USENIX ATC 2016.
 */
size_t dig_chunk_cut(
    const struct dig_chunk_profile *profile, const uint8_t *data, size_t len);

#endif
