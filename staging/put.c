/* SPDX-License-Identifier: MIT
 *
 * Storing the content of one file.
 */
#include "staging/put.h"

#include <stdlib.h>

#include "objects/file.h"

/* Chunks of a version before that are looked at as bases. */
#define OLD_CHUNKS_MAX ((size_t)1 << 16)
/* How far ahead a chunk of the version before is searched. */
#define LOOK_AHEAD 64

void
dig_put_clear(struct dig_put *put)
{
	free(put->old_chunks);
	put->old_chunks = NULL;
	put->nold = put->old_cap = 0;
}

const struct dig_oid *
dig_put_base(struct dig_put_bases *bases, const struct dig_oid *chunk)
{
	size_t end = bases->next + LOOK_AHEAD;

	if (end > bases->count)
		end = bases->count;
	for (size_t i = bases->next; i < end; i++)
		if (dig_oid_eq(&bases->chunks[i], chunk)) {
			bases->next = i + 1;
			return NULL; /* it is there already */
		}
	return bases->next < bases->count ? &bases->chunks[bases->next++]
					  : NULL;
}

struct dig_put_bases
dig_put_old(struct dig_put *put, const struct dig_entry *old)
{
	struct dig_node_io io = dig_writer_io(put->writer);
	struct dig_put_bases bases = { NULL, 0, 0 };
	struct dig_file_reader *reader = NULL;
	struct dig_error err;
	uint64_t offset;
	uint64_t length;
	bool done = false;

	put->nold = 0;
	if (old == NULL ||
	    (old->kind != DIG_ENTRY_FILE && old->kind != DIG_ENTRY_EXEC) ||
	    old->form == DIG_FORM_EMPTY ||
	    dig_file_reader_new(&io, old, &reader, &err) != DIG_OK)
		return bases;
	while (!done && put->nold < OLD_CHUNKS_MAX) {
		DIG_GROW(put->old_chunks, put->old_cap, put->nold + 1);
		if (dig_file_reader_next(reader, &put->old_chunks[put->nold],
			&offset, &length, &done, &err) != DIG_OK)
			break;
		put->nold += !done;
	}
	dig_file_reader_free(reader);
	bases.chunks = put->old_chunks;
	bases.count = put->nold;
	return bases;
}

enum dig_status
dig_put_bytes(struct dig_put *put, const struct dig_entry *old, bool whole,
    const void *data, size_t len, struct dig_entry *entry,
    struct dig_error *err)
{
	struct dig_node_io io = dig_writer_io(put->writer);
	struct dig_file_builder *builder = dig_file_builder_new(&io);
	struct dig_put_bases bases = dig_put_old(put, old);
	const uint8_t *at = data;
	enum dig_status st = DIG_OK;

	while (st == DIG_OK && len > 0) {
		size_t cut = whole ? len : dig_chunk_cut(put->profile, at, len);
		struct dig_oid id;

		dig_sha256(at, cut, id.bytes);
		st = dig_writer_put(put->writer, DIG_KIND_CHUNK, &id, at, cut,
		    dig_put_base(&bases, &id), false, err);
		if (st == DIG_OK)
			st = dig_file_builder_add(builder, cut, &id, err);
		at += cut;
		len -= cut;
	}
	if (st == DIG_OK)
		st = dig_file_builder_finish(builder, entry, err);
	dig_file_builder_free(builder);
	return st;
}
