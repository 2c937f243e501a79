/* SPDX-License-Identifier: MIT
 *
 * A file's content tree: chunks under nodes of 1,024, built and read as a
 * stream, so that neither ever holds more than a few nodes.
 *
 * Format: docs/format.md "File content".
 */
#ifndef OBJECTS_FILE_H
#define OBJECTS_FILE_H

#include <stdint.h>

#include "objects/node.h"
#include "objects/tree.h"

/* Leaves, or subtrees, in one content node. */
#define DIG_CONTENT_FANOUT 1024

/* Builder: chunks in order, then finish. */
struct dig_file_builder;
struct dig_file_builder *dig_file_builder_new(const struct dig_node_io *io);
void dig_file_builder_free(struct dig_file_builder *builder);
/* The next chunk: 1 to 524,288 bytes. Errors: INVALID, those of io->put. */
enum dig_status dig_file_builder_add(struct dig_file_builder *builder,
    uint64_t length_bytes, const struct dig_oid *chunk,
    struct dig_error *err) DIG_CHECKED;
/* Sets form, size_bytes and stored of `entry`: EMPTY without chunks, CHUNK
 * with one, else NODES (all nodes are stored by then). */
enum dig_status dig_file_builder_finish(struct dig_file_builder *builder,
    struct dig_entry *entry, struct dig_error *err) DIG_CHECKED;

/* Reader: the chunks of an entry from a byte offset on. */
struct dig_file_reader;
enum dig_status dig_file_reader_new(const struct dig_node_io *io,
    const struct dig_entry *entry, struct dig_file_reader **out,
    struct dig_error *err) DIG_CHECKED;
/* The next chunk will be the one that holds this offset (< size). */
enum dig_status dig_file_reader_seek(struct dig_file_reader *reader,
    uint64_t offset, struct dig_error *err) DIG_CHECKED;
/* *done at the end; offset is where the chunk begins in the file. */
enum dig_status dig_file_reader_next(struct dig_file_reader *reader,
    struct dig_oid *chunk, uint64_t *offset, uint64_t *length_bytes, bool *done,
    struct dig_error *err) DIG_CHECKED;
void dig_file_reader_free(struct dig_file_reader *reader);

/* The id of a content node's bytes. Errors: CORRUPT when they are none. */
enum dig_status dig_content_node_id(const void *data, size_t len,
    struct dig_oid *out, struct dig_error *err) DIG_CHECKED;

#endif
