/* SPDX-License-Identifier: MIT
 *
 * Decoded content nodes. Private to objects/file*.c.
 *
 * Format: docs/format.md "File content".
 */
#ifndef OBJECTS_FILE_INTERNAL_H
#define OBJECTS_FILE_INTERNAL_H

#include "objects/file.h"

/* At level 0 a chunk, above a node one level below. */
struct dig_content_part {
	uint64_t length_bytes;
	struct dig_oid id;
};

struct dig_content_node {
	bool valid;
	struct dig_oid id;
	unsigned level;
	size_t count;
	uint64_t length_bytes;
	struct dig_content_part parts[DIG_CONTENT_FANOUT];
};

/* Decode hostile bytes and compute the node's id; `valid` is not set. NULL, or
 * what is wrong, a static phrase. */
const char *dig_content_decode(
    const void *data, size_t len, struct dig_content_node *node);

#endif
