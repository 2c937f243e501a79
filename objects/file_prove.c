/* SPDX-License-Identifier: MIT
 *
 * A range of a file, written down so that it can be followed without the
 * content nodes: the binary tree from its root down, cut where the range does
 * not reach.
 */
#include <stdlib.h>

#include "objects/file_internal.h"
#include "objects/prove.h"

struct prover {
	const struct dig_node_io *io;
	uint64_t from;
	uint64_t to;
	struct dig_buf *out;
	struct dig_buf scratch;
};

/* Does [at, at + len) reach into the range? */
static bool
is_inside(const struct prover *prover, uint64_t at, uint64_t len)
{
	return at < prover->to && at + len > prover->from;
}

static void
put_pruned(struct prover *prover, uint64_t len, const uint8_t *hash)
{
	dig_buf_putc(prover->out, DIG_PROOF_PRUNED);
	dig_buf_put_varint(prover->out, len);
	dig_buf_put(prover->out, hash, DIG_HASH_SIZE);
}

/* A chunk of the range: only its bytes outside of it are written down. */
static enum dig_status
put_chunk(struct prover *prover, const struct dig_content_part *part,
    uint64_t at, struct dig_error *err)
{
	uint64_t end = at + part->length_bytes;
	size_t before = at < prover->from ? (size_t)(prover->from - at) : 0;
	size_t after = end > prover->to ? (size_t)(end - prover->to) : 0;
	enum dig_status st;

	dig_buf_putc(prover->out, DIG_PROOF_CHUNK);
	dig_buf_put_varint(prover->out, part->length_bytes);
	if (prover->out->len > DIG_PROOF_BODY_MAX / 2)
		return dig_raise(err, DIG_EINVALID,
		    "the range has too many chunks for one proof");
	if (before + after == 0)
		return DIG_OK;
	st = prover->io->get(
	    prover->io->arg, DIG_KIND_CHUNK, &part->id, &prover->scratch, err);
	if (st != DIG_OK)
		return st;
	if (prover->scratch.len != part->length_bytes)
		return dig_raise(err, DIG_ECORRUPT,
		    "a chunk is not as long as its file says");
	dig_buf_put(prover->out, prover->scratch.data, before);
	dig_buf_put(prover->out,
	    prover->scratch.data + prover->scratch.len - after, after);
	return DIG_OK;
}

static void
part_hash(const struct dig_content_node *node, size_t i, uint8_t *out)
{
	const struct dig_content_part *part = &node->parts[i];

	if (node->level == 0)
		dig_content_leaf(part->length_bytes, part->id.bytes, out);
	else
		memcpy(out, part->id.bytes, DIG_HASH_SIZE);
}

static void
range_hash(
    const struct dig_content_node *node, size_t low, size_t high, uint8_t *out)
{
	struct dig_merkle merkle;
	uint8_t hash[DIG_HASH_SIZE];

	dig_merkle_init(&merkle, DIG_MERKLE_CONTENT);
	for (size_t i = low; i < high; i++) {
		part_hash(node, i, hash);
		dig_merkle_add(&merkle, node->parts[i].length_bytes, hash);
	}
	dig_merkle_root(&merkle, out);
}

static enum dig_status put_node(struct prover *prover, const struct dig_oid *id,
    unsigned below, uint64_t len, uint64_t at, struct dig_error *err);

/* Parts [low, high) of a node, the first of which begins at `at`. */
static enum dig_status
put_parts(struct prover *prover, const struct dig_content_node *node,
    size_t low, size_t high, uint64_t at, struct dig_error *err)
{
	uint8_t hash[DIG_HASH_SIZE];
	uint64_t len = 0, left = 0;
	size_t half = 1;
	enum dig_status st;

	for (size_t i = low; i < high; i++)
		len += node->parts[i].length_bytes;
	if (!is_inside(prover, at, len)) {
		range_hash(node, low, high, hash);
		put_pruned(prover, len, hash);
		return DIG_OK;
	}
	if (high - low == 1 && node->level == 0)
		return put_chunk(prover, &node->parts[low], at, err);
	if (high - low == 1)
		return put_node(
		    prover, &node->parts[low].id, node->level, len, at, err);
	while (half * 2 < high - low)
		half *= 2;
	for (size_t i = low; i < low + half; i++)
		left += node->parts[i].length_bytes;
	dig_buf_putc(prover->out, DIG_PROOF_INNER);
	st = put_parts(prover, node, low, low + half, at, err);
	if (st == DIG_OK)
		st = put_parts(prover, node, low + half, high, at + left, err);
	return st;
}

/* A node of a level lower than `below`, which begins at `at`. */
static enum dig_status
put_node(struct prover *prover, const struct dig_oid *id, unsigned below,
    uint64_t len, uint64_t at, struct dig_error *err)
{
	struct dig_content_node *node;
	const char *flaw;
	enum dig_status st;

	st = prover->io->get(
	    prover->io->arg, DIG_KIND_CONTENT, id, &prover->scratch, err);
	if (st != DIG_OK)
		return st;
	node = dig_alloc(sizeof(*node));
	flaw =
	    dig_content_decode(prover->scratch.data, prover->scratch.len, node);
	if (flaw == NULL && !dig_oid_eq(&node->id, id))
		flaw = "has another id";
	else if (flaw == NULL && node->length_bytes != len)
		flaw = "has another length than its place says";
	else if (flaw == NULL && node->level >= below)
		flaw = "is of another level than its place";
	if (flaw == NULL)
		st = put_parts(prover, node, 0, node->count, at, err);
	else
		st = dig_raise(err, DIG_ECORRUPT, "a content node %s", flaw);
	free(node);
	return st;
}

enum dig_status
dig_file_prove(const struct dig_node_io *io, const struct dig_entry *entry,
    uint64_t from, uint64_t to, struct dig_buf *out, struct dig_error *err)
{
	struct prover prover = { io, from, to, out, DIG_BUF_INIT };
	struct dig_content_part only = { entry->size_bytes, entry->stored };
	enum dig_status st;

	if (entry->form == DIG_FORM_CHUNK)
		st = put_chunk(&prover, &only, 0, err);
	else
		st = put_node(&prover, &entry->stored, UINT32_MAX,
		    entry->size_bytes, 0, err);
	dig_buf_clear(&prover.scratch);
	return st;
}
