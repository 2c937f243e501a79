/* SPDX-License-Identifier: MIT
 *
 * A file's content tree as a stream, both ways. Knows chunks by length and id
 * only; their bytes are the caller's.
 *
 * The shape is given by the number of chunks alone: a node that is not the
 * last one of its level is full, and the top is the lowest level with a single
 * node. The ids do not say where a subtree was cut into nodes, so the reader
 * checks the shape, or one file would have many encodings. A last node above
 * level 0 with a single part has that part's id, so it cannot be stored beside
 * it; it is left out, and made up again by the reader.
 */
#include "objects/file_internal.h"

#include <assert.h>
#include <stdlib.h>

#define LEVELS 6
#define CHUNK_BYTES_MAX 524288

/* A node being filled, one for each level. */
struct filling {
	size_t count;
	uint64_t nodes; /* of this level, written already */
	struct dig_merkle merkle;
	struct dig_buf items;
};

struct dig_file_builder {
	const struct dig_node_io *io;
	uint64_t nchunks;
	uint64_t size_bytes;
	struct dig_oid first; /* the only chunk, while there is one */
	struct dig_buf node;
	struct filling levels[LEVELS];
};

struct dig_file_builder *
dig_file_builder_new(const struct dig_node_io *io)
{
	struct dig_file_builder *builder = dig_calloc(1, sizeof(*builder));

	builder->io = io;
	for (unsigned level = 0; level < LEVELS; level++)
		dig_merkle_init(
		    &builder->levels[level].merkle, DIG_MERKLE_CONTENT);
	return builder;
}

void
dig_file_builder_free(struct dig_file_builder *builder)
{
	if (builder == NULL)
		return;
	for (unsigned level = 0; level < LEVELS; level++)
		dig_buf_clear(&builder->levels[level].items);
	dig_buf_clear(&builder->node);
	free(builder);
}

/* Add a pair to the node of a level. `hash` is what enters the Merkle tree:
 * the leaf's hash at level 0, the node's id above. */
static void
append(struct filling *at, uint64_t length_bytes, const struct dig_oid *id,
    const uint8_t *hash)
{
	dig_buf_put_varint(&at->items, length_bytes);
	dig_buf_put(&at->items, id->bytes, DIG_HASH_SIZE);
	dig_merkle_add(&at->merkle, length_bytes, hash);
	at->count++;
}

/* Write the node of a level, if it is one to be stored; its id goes to out. */
static enum dig_status
write_node(struct dig_file_builder *builder, unsigned level,
    struct dig_oid *out, uint64_t *length_bytes, struct dig_error *err)
{
	struct filling *at = &builder->levels[level];
	struct dig_buf *node = &builder->node;
	bool is_stored = level == 0 || at->count > 1;

	dig_buf_reset(node);
	dig_buf_putc(node, (uint8_t)level);
	dig_buf_put_varint(node, at->count);
	dig_buf_put(node, at->items.data, at->items.len);
	dig_merkle_root(&at->merkle, out->bytes);
	*length_bytes = at->merkle.length_bytes;
	at->nodes++;
	at->count = 0;
	dig_buf_reset(&at->items);
	dig_merkle_init(&at->merkle, DIG_MERKLE_CONTENT);
	if (!is_stored)
		return DIG_OK;
	return builder->io->put(builder->io->arg, DIG_KIND_CONTENT, out,
	    node->data, node->len, NULL, err);
}

/* Write a level's node and hand it to the level above, as far as these are
 * full. *top is the node written last at `level`. */
static enum dig_status
carry(struct dig_file_builder *builder, unsigned level, struct dig_oid *top,
    struct dig_error *err)
{
	struct dig_oid id;
	uint64_t length_bytes;
	enum dig_status st;

	st = write_node(builder, level, top, &length_bytes, err);
	id = *top;
	while (st == DIG_OK && ++level < LEVELS) {
		struct filling *at = &builder->levels[level];

		append(at, length_bytes, &id, id.bytes);
		if (at->count < DIG_CONTENT_FANOUT)
			return DIG_OK;
		st = write_node(builder, level, &id, &length_bytes, err);
	}
	if (st == DIG_OK)
		st = dig_raise(err, DIG_EINVALID, "too many chunks");
	return st;
}

enum dig_status
dig_file_builder_add(struct dig_file_builder *builder, uint64_t length_bytes,
    const struct dig_oid *chunk, struct dig_error *err)
{
	struct filling *at = &builder->levels[0];
	uint8_t leaf[DIG_HASH_SIZE];
	struct dig_oid top;

	if (length_bytes < 1 || length_bytes > CHUNK_BYTES_MAX)
		return dig_raise(err, DIG_EINVALID, "a chunk of a wrong size");
	if (builder->nchunks++ == 0)
		builder->first = *chunk;
	builder->size_bytes += length_bytes;
	dig_content_leaf(length_bytes, chunk->bytes, leaf);
	append(at, length_bytes, chunk, leaf);
	if (at->count == DIG_CONTENT_FANOUT)
		return carry(builder, 0, &top, err);
	return DIG_OK;
}

enum dig_status
dig_file_builder_finish(struct dig_file_builder *builder,
    struct dig_entry *entry, struct dig_error *err)
{
	struct dig_oid top = dig_oid_zero;
	enum dig_form form = DIG_FORM_EMPTY;
	enum dig_status st;

	if (builder->nchunks == 1) {
		form = DIG_FORM_CHUNK;
		top = builder->first;
	} else if (builder->nchunks > 1) {
		form = DIG_FORM_NODES;
	}
	for (unsigned level = 0; form == DIG_FORM_NODES; level++) {
		struct filling *at = &builder->levels[level];

		/* A level above with one entry would name the top only. */
		if (level > 0 && builder->levels[level - 1].nodes == 1) {
			dig_merkle_root(&at->merkle, top.bytes);
			break;
		}
		if (at->count == 0)
			continue;
		st = carry(builder, level, &top, err);
		if (st != DIG_OK)
			return st;
	}
	entry->form = form;
	entry->size_bytes = builder->size_bytes;
	entry->stored = top;
	return DIG_OK;
}

struct dig_file_reader {
	const struct dig_node_io *io;
	enum dig_form form;
	uint64_t size_bytes;
	struct dig_oid stored;
	uint64_t offset; /* where the next chunk begins */
	bool broken;     /* a step failed; seek may mend it */
	unsigned height;
	struct dig_content_node *slot[LEVELS];
	size_t pos[LEVELS];
	struct dig_buf scratch;
};

static const char *
decode_parts(struct dig_cursor *cur, struct dig_content_node *node)
{
	struct dig_merkle merkle;

	dig_merkle_init(&merkle, DIG_MERKLE_CONTENT);
	node->length_bytes = 0;
	for (size_t i = 0; i < node->count; i++) {
		struct dig_content_part *part = &node->parts[i];
		uint8_t leaf[DIG_HASH_SIZE];
		const uint8_t *raw;

		part->length_bytes = dig_cursor_varint(cur);
		raw = dig_cursor_raw(cur, DIG_HASH_SIZE);
		if (raw == NULL)
			return "is cut short";
		if (part->length_bytes < 1 ||
		    (node->level == 0 && part->length_bytes > CHUNK_BYTES_MAX))
			return "has a part of a wrong size";
		if (__builtin_add_overflow(node->length_bytes,
			part->length_bytes, &node->length_bytes))
			return "has a total beyond 64 bits";
		memcpy(part->id.bytes, raw, DIG_HASH_SIZE);
		if (node->level == 0)
			dig_content_leaf(part->length_bytes, raw, leaf);
		dig_merkle_add(
		    &merkle, part->length_bytes, node->level == 0 ? leaf : raw);
	}
	dig_merkle_root(&merkle, node->id.bytes);
	return NULL;
}

const char *
dig_content_decode(const void *data, size_t len, struct dig_content_node *node)
{
	struct dig_cursor cur = dig_cursor_over(data, len);
	const char *flaw;
	uint64_t count;

	node->level = dig_cursor_u8(&cur);
	count = dig_cursor_varint(&cur);
	if (cur.bad || node->level >= LEVELS)
		return "has a level that is too high";
	if (count < (node->level > 0 ? 2 : 1) || count > DIG_CONTENT_FANOUT)
		return "has a wrong number of parts";
	node->count = (size_t)count;
	flaw = decode_parts(&cur, node);
	if (flaw == NULL && (cur.bad || dig_cursor_left(&cur) != 0))
		flaw = "has bytes after its end";
	return flaw;
}

/* What the node's place asks of it. */
static const char *
misfit(const struct dig_file_reader *reader,
    const struct dig_content_node *node, unsigned level, bool is_top,
    uint64_t length_bytes)
{
	bool is_last = true;

	if (node->length_bytes != length_bytes)
		return "has another length than its place says";
	if (is_top)
		return node->count >= 2 ? NULL : "is a top with one part";
	for (unsigned up = level + 1; up <= reader->height; up++)
		is_last &= reader->pos[up] + 1 == reader->slot[up]->count;
	if (node->level > level || (node->level < level && !is_last))
		return "is of another level than its place";
	if (!is_last && node->count != DIG_CONTENT_FANOUT)
		return "is not full";
	return NULL;
}

/* The node that was left out: its one part is the node that was found. */
static void
make_up(struct dig_content_node *node, unsigned level)
{
	node->level = level;
	node->count = 1;
	node->parts[0].length_bytes = node->length_bytes;
	node->parts[0].id = node->id;
}

static enum dig_status
load(struct dig_file_reader *reader, unsigned level, bool is_top,
    const struct dig_oid *id, uint64_t length_bytes, struct dig_error *err)
{
	char hex[DIG_OID_HEX + 1];
	struct dig_content_node *node = reader->slot[level];
	const char *flaw = NULL;
	enum dig_status st;

	if (node == NULL) {
		node = dig_alloc(sizeof(*node));
		node->valid = false;
		reader->slot[level] = node;
	}
	if (!node->valid || !dig_oid_eq(&node->id, id)) {
		node->valid = false;
		st = reader->io->get(reader->io->arg, DIG_KIND_CONTENT, id,
		    &reader->scratch, err);
		if (st != DIG_OK)
			return st;
		flaw = dig_content_decode(
		    reader->scratch.data, reader->scratch.len, node);
		if (flaw == NULL && !dig_oid_eq(&node->id, id))
			flaw = "has another id";
	}
	if (flaw == NULL)
		flaw = misfit(reader, node, level, is_top, length_bytes);
	node->valid = flaw == NULL;
	if (flaw == NULL) {
		if (!is_top && node->level < level)
			make_up(node, level);
		return DIG_OK;
	}
	dig_oid_hex(id, hex);
	return dig_raise(err, DIG_ECORRUPT, "content node %.12s %s", hex, flaw);
}

/* Load what slot[level + 1] stands at. */
static enum dig_status
down(struct dig_file_reader *reader, unsigned level, struct dig_error *err)
{
	const struct dig_content_part *part =
	    &reader->slot[level + 1]->parts[reader->pos[level + 1]];

	reader->pos[level] = 0;
	return load(reader, level, false, &part->id, part->length_bytes, err);
}

enum dig_status
dig_file_reader_new(const struct dig_node_io *io, const struct dig_entry *entry,
    struct dig_file_reader **out, struct dig_error *err)
{
	struct dig_file_reader *reader;
	enum dig_status st = DIG_OK;

	if (entry->form == DIG_FORM_LINK)
		return dig_raise(
		    err, DIG_EINVALID, "a link to a commit has no content");
	reader = dig_calloc(1, sizeof(*reader));
	reader->io = io;
	reader->form = entry->form;
	reader->size_bytes = entry->size_bytes;
	reader->stored = entry->stored;
	if (entry->form == DIG_FORM_NODES) {
		st = load(
		    reader, 0, true, &entry->stored, entry->size_bytes, err);
		if (st == DIG_OK) {
			struct dig_content_node *top = reader->slot[0];

			reader->slot[0] = NULL;
			reader->height = top->level;
			reader->slot[top->level] = top;
		}
		if (st == DIG_OK && reader->size_bytes > 0)
			st = dig_file_reader_seek(reader, 0, err);
	}
	if (st != DIG_OK) {
		dig_file_reader_free(reader);
		return st;
	}
	*out = reader;
	return DIG_OK;
}

void
dig_file_reader_free(struct dig_file_reader *reader)
{
	if (reader == NULL)
		return;
	for (unsigned level = 0; level < LEVELS; level++)
		free(reader->slot[level]);
	dig_buf_clear(&reader->scratch);
	free(reader);
}

enum dig_status
dig_file_reader_seek(
    struct dig_file_reader *reader, uint64_t offset, struct dig_error *err)
{
	enum dig_status st;
	uint64_t begin = 0;

	if (offset >= reader->size_bytes)
		return dig_raise(
		    err, DIG_EINVALID, "the offset is beyond the file");
	reader->offset = 0;
	if (reader->form != DIG_FORM_NODES)
		return DIG_OK;
	reader->broken = true;
	for (unsigned level = reader->height;; level--) {
		const struct dig_content_node *node = reader->slot[level];
		size_t pos = 0;

		while (offset - begin >= node->parts[pos].length_bytes)
			begin += node->parts[pos++].length_bytes;
		reader->pos[level] = pos;
		if (level == 0)
			break;
		st = down(reader, level - 1, err);
		if (st != DIG_OK)
			return st;
	}
	reader->broken = false;
	reader->offset = begin;
	return DIG_OK;
}

/* The leaf node is used up and the file is not: open the next one. */
static enum dig_status
step(struct dig_file_reader *reader, struct dig_error *err)
{
	enum dig_status st = DIG_OK;
	unsigned level = 0;

	do {
		level++;
		assert(level <= reader->height); /* lengths add up: misfit() */
	} while (++reader->pos[level] == reader->slot[level]->count);
	while (st == DIG_OK && level > 0)
		st = down(reader, --level, err);
	reader->broken = st != DIG_OK;
	return st;
}

enum dig_status
dig_file_reader_next(struct dig_file_reader *reader, struct dig_oid *chunk,
    uint64_t *offset, uint64_t *length_bytes, bool *done, struct dig_error *err)
{
	const struct dig_content_part *part;
	enum dig_status st;

	if (reader->broken)
		return dig_raise(
		    err, DIG_ECORRUPT, "the content could not be read here");
	*done = reader->offset == reader->size_bytes;
	if (*done)
		return DIG_OK;
	if (reader->form == DIG_FORM_CHUNK) {
		*chunk = reader->stored;
		*length_bytes = reader->size_bytes;
	} else {
		if (reader->pos[0] == reader->slot[0]->count) {
			st = step(reader, err);
			if (st != DIG_OK)
				return st;
		}
		part = &reader->slot[0]->parts[reader->pos[0]++];
		*chunk = part->id;
		*length_bytes = part->length_bytes;
	}
	*offset = reader->offset;
	reader->offset += *length_bytes;
	return DIG_OK;
}

enum dig_status
dig_content_node_id(
    const void *data, size_t len, struct dig_oid *out, struct dig_error *err)
{
	struct dig_content_node *node = dig_alloc(sizeof(*node));
	const char *flaw = dig_content_decode(data, len, node);
	enum dig_status st = DIG_OK;

	if (flaw == NULL)
		*out = node->id;
	else
		st = dig_raise(err, DIG_ECORRUPT, "a content node %s", flaw);
	free(node);
	return st;
}
