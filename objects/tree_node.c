/* SPDX-License-Identifier: MIT
 *
 * Nodes of the path tree: bytes to items and back, hashes, cut rules. Nothing
 * here knows of more than one node.
 */
#include <assert.h>
#include <stdlib.h>

#include "objects/tree_internal.h"

#define CHUNK_BYTES_MAX 524288
#define HEAD_MAX 3 /* level and a count up to 512 */
/* A canonical entry of either sort, the level byte included. */
#define CANONICAL_MAX (DIG_PATH_MAX + 64)

uint32_t
dig_entry_mode(enum dig_entry_kind kind)
{
	switch (kind) {
	case DIG_ENTRY_FILE:
		return 0100644;
	case DIG_ENTRY_EXEC:
		return 0100755;
	case DIG_ENTRY_SYMLINK:
		return 0120000;
	case DIG_ENTRY_LINK:
		return 0160000;
	}
	return 0;
}

/* The mode in the canonical entry. */
static uint64_t
canonical_mode(uint8_t kind)
{
	switch (kind) {
	case DIG_ENTRY_FILE:
		return 0644;
	case DIG_ENTRY_EXEC:
		return 0755;
	case DIG_ENTRY_SYMLINK:
		return 0777;
	default:
		return 0;
	}
}

void
dig_entry_content_id(const struct dig_entry *entry, struct dig_oid *out)
{
	switch (entry->form) {
	case DIG_FORM_EMPTY:
		dig_content_empty(out->bytes);
		return;
	case DIG_FORM_CHUNK:
		dig_content_leaf(
		    entry->size_bytes, entry->stored.bytes, out->bytes);
		return;
	case DIG_FORM_NODES:
	case DIG_FORM_LINK:
		break;
	}
	*out = entry->stored;
}

bool
dig_entry_same(const struct dig_entry *a, const struct dig_entry *b)
{
	struct dig_oid ida, idb;

	if (a->kind != b->kind || a->size_bytes != b->size_bytes)
		return false;
	if (a->form == b->form)
		return a->form == DIG_FORM_EMPTY ||
		       dig_oid_eq(&a->stored, &b->stored);
	dig_entry_content_id(a, &ida);
	dig_entry_content_id(b, &idb);
	return dig_oid_eq(&ida, &idb);
}

void
dig_tree_empty(struct dig_oid *out)
{
	dig_sha256_domain(DIG_DOMAIN_TREE_EMPTY, NULL, 0, out->bytes);
}

void
dig_tree_item_entry(const struct dig_tree_item *item, struct dig_entry *out)
{
	out->path = item->path;
	out->path_len = item->path_len;
	out->kind = (enum dig_entry_kind)item->kind;
	out->form = (enum dig_form)item->form;
	out->size_bytes = item->bytes;
	out->stored = item->id;
}

void
dig_tree_entry_item(const struct dig_entry *entry, struct dig_tree_item *out)
{
	memset(out, 0, sizeof(*out));
	out->path = entry->path;
	out->path_len = entry->path_len;
	out->files = 1;
	out->bytes = entry->size_bytes;
	if (entry->form != DIG_FORM_EMPTY)
		out->id = entry->stored;
	out->kind = (uint8_t)entry->kind;
	out->form = (uint8_t)entry->form;
}

static bool
is_padded(const struct dig_oid *id, uint64_t len)
{
	for (size_t i = (size_t)len; i < DIG_HASH_SIZE; i++) {
		if (id->bytes[i] != 0)
			return false;
	}
	return true;
}

const char *
dig_tree_item_flaw(const struct dig_tree_item *item)
{
	if (item->kind < DIG_ENTRY_FILE || item->kind > DIG_ENTRY_LINK)
		return "has an unknown kind";
	if (item->form > DIG_FORM_LINK)
		return "has an unknown form";
	if ((item->kind == DIG_ENTRY_LINK) != (item->form == DIG_FORM_LINK))
		return "has a form that does not go with its kind";
	if (item->kind == DIG_ENTRY_SYMLINK &&
	    (item->form != DIG_FORM_CHUNK || item->bytes > DIG_PATH_MAX))
		return "is a symbolic link without a fit target";
	switch ((enum dig_form)item->form) {
	case DIG_FORM_EMPTY:
		return item->bytes == 0 ? NULL : "has a size but no content";
	case DIG_FORM_CHUNK:
		return item->bytes >= 1 && item->bytes <= CHUNK_BYTES_MAX
			   ? NULL
			   : "has a size that is no chunk's";
	case DIG_FORM_NODES:
		return item->bytes >= 2 ? NULL : "is too small for nodes";
	case DIG_FORM_LINK:
		return item->bytes >= 1 && item->bytes <= DIG_HASH_SIZE &&
			       is_padded(&item->id, item->bytes)
			   ? NULL
			   : "is a foreign id that is not padded";
	}
	return NULL;
}

static uint8_t *
put_varint(uint8_t *p, uint64_t value)
{
	while (value >= 0x80) {
		*p++ = (uint8_t)(value | 0x80);
		value >>= 7;
	}
	*p++ = (uint8_t)value;
	return p;
}

static uint8_t *
put_raw(uint8_t *p, const void *data, size_t len)
{
	memcpy(p, data, len);
	return p + len;
}

/* The leaf hash of an item: over its canonical form, not its stored one. */
static void
leaf_hash(unsigned level, const struct dig_tree_item *item,
    uint8_t out[DIG_HASH_SIZE])
{
	uint8_t bytes[CANONICAL_MAX], *p = bytes;
	struct dig_entry entry;
	struct dig_oid content;

	if (level > 0)
		*p++ = (uint8_t)level;
	p = put_varint(p, item->path_len);
	p = put_raw(p, item->path, item->path_len);
	if (level > 0) {
		p = put_raw(p, item->id.bytes, DIG_HASH_SIZE);
		dig_set_be64(p, item->files);
		dig_set_be64(p + 8, item->bytes);
		p += 16;
		dig_sha256_domain(
		    DIG_DOMAIN_UPPER_ENTRY, bytes, (size_t)(p - bytes), out);
		return;
	}
	dig_tree_item_entry(item, &entry);
	dig_entry_content_id(&entry, &content);
	*p++ = item->kind;
	p = put_varint(p, canonical_mode(item->kind));
	p = put_varint(p, item->bytes);
	p = put_raw(p, content.bytes, DIG_HASH_SIZE);
	dig_entry_leaf(bytes, (size_t)(p - bytes), out);
}

bool
dig_tree_ends(
    unsigned level, size_t n, size_t weight, const void *path, size_t len)
{
	if (n >= DIG_TREE_NODE_MAX || weight >= DIG_TREE_WEIGHT_MAX)
		return true;
	return n >= DIG_TREE_NODE_MIN &&
	       dig_tree_cut((uint8_t)level, path, len) != 0;
}

/*
 * The path of the next item at the end of the node's paths. Canonical means
 * that `shared` is as long as can be, and order that the rest is greater:
 * both are one comparison.
 */
static const char *
decode_path(struct dig_cursor *cur, const struct dig_tree_item *prev,
    uint8_t *at, struct dig_tree_item *item)
{
	uint64_t shared = dig_cursor_varint(cur);
	const uint8_t *rest;
	size_t len;

	if (shared > (prev != NULL ? prev->path_len : 0))
		return "shares more bytes than there are";
	rest = dig_cursor_bytes(cur, &len, DIG_PATH_MAX - (size_t)shared);
	if (cur->bad || len == 0)
		return "has a path of a wrong length";
	if (prev != NULL && shared < prev->path_len &&
	    rest[0] <= prev->path[shared])
		return "has paths out of order";
	if (shared > 0)
		memcpy(at, prev->path, (size_t)shared);
	memcpy(at + shared, rest, len);
	item->path = at;
	item->path_len = (size_t)shared + len;
	return NULL;
}

static void
decode_id(struct dig_cursor *cur, struct dig_oid *out)
{
	const uint8_t *raw = dig_cursor_raw(cur, DIG_HASH_SIZE);

	if (raw != NULL)
		memcpy(out->bytes, raw, DIG_HASH_SIZE);
	else
		memset(out->bytes, 0, DIG_HASH_SIZE);
}

static const char *
decode_item(struct dig_cursor *cur, unsigned level, struct dig_tree_item *item)
{
	uint8_t tag;

	item->kind = item->form = 0;
	if (level > 0) {
		decode_id(cur, &item->id);
		item->files = dig_cursor_varint(cur);
		item->bytes = dig_cursor_varint(cur);
		if (cur->bad || item->files == 0)
			return "has a broken upper entry";
		return NULL;
	}
	tag = dig_cursor_u8(cur);
	item->kind = tag & 0x0f;
	item->form = tag >> 4;
	item->files = 1;
	item->bytes = dig_cursor_varint(cur);
	if (item->form != DIG_FORM_EMPTY)
		decode_id(cur, &item->id);
	else
		memset(&item->id, 0, sizeof(item->id));
	return cur->bad ? "ends within an entry" : NULL;
}

/* The item of a checked node that is the same as this one, NULL if there is
 * none. *at is where the search begins and ends: both have paths in order. */
static const struct dig_tree_item *
find_same(const struct dig_tree_node *like, size_t *at,
    const struct dig_tree_item *item)
{
	const struct dig_tree_item *other = NULL;
	int cmp = -1;

	if (like == NULL)
		return NULL;
	while (*at < like->count && cmp < 0) {
		other = &like->items[*at];
		cmp = dig_path_cmp(
		    other->path, other->path_len, item->path, item->path_len);
		*at += cmp < 0;
	}
	return cmp == 0 && other->kind == item->kind &&
		       other->form == item->form &&
		       other->files == item->files &&
		       other->bytes == item->bytes &&
		       dig_oid_eq(&other->id, &item->id)
		   ? other
		   : NULL;
}

/* Check the item and set its leaf hash. */
static const char *
finish_item(unsigned level, struct dig_tree_item *item,
    const struct dig_tree_item *same)
{
	const char *flaw = NULL;

	if (same != NULL) {
		memcpy(item->leaf, same->leaf, DIG_HASH_SIZE);
		return NULL;
	}
	if (level == 0)
		flaw = dig_tree_item_flaw(item);
	if (level == 0 && flaw == NULL)
		flaw = dig_path_check(item->path, item->path_len);
	if (flaw == NULL)
		leaf_hash(level, item, item->leaf);
	return flaw;
}

static const char *
decode_items(struct dig_cursor *cur, const struct dig_tree_node *like,
    struct dig_tree_node *node)
{
	const struct dig_tree_item *prev = NULL;
	struct dig_merkle merkle;
	const char *flaw;
	size_t weight = 0, used = 0, at = 0;

	if (like != NULL && (!like->valid || like->level != node->level))
		like = NULL;
	dig_merkle_init(&merkle, DIG_MERKLE_TREE);
	merkle.made = node->roots;
	if (like != NULL)
		merkle.known = like->roots;
	merkle.known_from = 0;
	for (size_t i = 0; i < node->count; i++) {
		struct dig_tree_item *item = &node->items[i];
		const struct dig_tree_item *same;

		if (weight >= DIG_TREE_WEIGHT_MAX)
			return "is too heavy";
		flaw = decode_path(cur, prev, node->paths + used, item);
		if (flaw == NULL)
			flaw = decode_item(cur, node->level, item);
		same = flaw == NULL ? find_same(like, &at, item) : NULL;
		if (flaw == NULL)
			flaw = finish_item(node->level, item, same);
		if (flaw != NULL)
			return flaw;
		used += item->path_len;
		weight += DIG_TREE_WEIGHT_ENTRY + item->path_len;
		if (__builtin_add_overflow(
			node->files, item->files, &node->files) ||
		    __builtin_add_overflow(
			node->bytes, item->bytes, &node->bytes))
			return "has totals beyond 64 bits";
		if (same == NULL || at != i)
			merkle.known_from = i + 1;
		dig_merkle_add(&merkle, 0, item->leaf);
		prev = item;
	}
	dig_merkle_root(&merkle, node->id.bytes);
	return NULL;
}

enum dig_status
dig_tree_decode(const void *data, size_t len, const struct dig_tree_node *like,
    struct dig_tree_node *node, struct dig_error *err)
{
	struct dig_cursor cur = dig_cursor_over(data, len);
	const char *flaw = NULL;
	uint64_t count;

	node->valid = false;
	node->level = dig_cursor_u8(&cur);
	count = dig_cursor_varint(&cur);
	node->files = node->bytes = 0;
	if (cur.bad || node->level >= DIG_TREE_LEVELS)
		flaw = "has a level that is too high";
	else if (count < 1 || count > DIG_TREE_NODE_MAX)
		flaw = "has a wrong number of entries";
	if (flaw == NULL) {
		node->count = (size_t)count;
		flaw = decode_items(&cur, like, node);
	}
	if (flaw == NULL && dig_cursor_left(&cur) != 0)
		flaw = "has bytes after its end";
	if (flaw != NULL)
		return dig_raise(err, DIG_ECORRUPT, "tree node %s", flaw);
	node->valid = true;
	return DIG_OK;
}

enum dig_status
dig_tree_load(const struct dig_node_io *io, const struct dig_oid *id,
    const struct dig_tree_node *like, struct dig_buf *scratch,
    struct dig_tree_node *node, struct dig_error *err)
{
	char hex[DIG_OID_HEX + 1];
	enum dig_status st;

	if (node->valid && dig_oid_eq(&node->id, id))
		return DIG_OK;
	node->valid = false;
	st = io->get(io->arg, DIG_KIND_TREE, id, scratch, err);
	if (st != DIG_OK)
		return st;
	st = dig_tree_decode(scratch->data, scratch->len, like, node, err);
	if (st == DIG_OK && !dig_oid_eq(&node->id, id)) {
		node->valid = false;
		st = dig_raise(err, DIG_ECORRUPT, "has another id");
	}
	if (st != DIG_OK) {
		dig_oid_hex(id, hex);
		dig_wrap(err, "tree node %.12s", hex);
	}
	return st;
}

enum dig_status
dig_tree_fits(const struct dig_tree_node *node,
    const struct dig_tree_item *parent, unsigned level,
    const struct dig_tree_item *before, struct dig_error *err)
{
	const struct dig_tree_item *first = &node->items[0];
	const struct dig_tree_item *last = &node->items[node->count - 1];
	char hex[DIG_OID_HEX + 1];
	const char *flaw = NULL;

	if (node->level != level)
		flaw = "is of another level than its place";
	else if (dig_path_cmp(last->path, last->path_len, parent->path,
		     parent->path_len) != 0)
		flaw = "has another last path than its parent says";
	else if (node->files != parent->files || node->bytes != parent->bytes)
		flaw = "has other totals than its parent says";
	else if (before != NULL && dig_path_cmp(before->path, before->path_len,
				       first->path, first->path_len) >= 0)
		flaw = "begins before its neighbour ends";
	if (flaw == NULL)
		return DIG_OK;
	dig_oid_hex(&node->id, hex);
	return dig_raise(err, DIG_ECORRUPT, "tree node %.12s %s", hex, flaw);
}

size_t
dig_tree_lower_bound(
    const struct dig_tree_node *node, const void *path, size_t len)
{
	size_t low = 0, high = node->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct dig_tree_item *item = &node->items[mid];

		if (dig_path_cmp(item->path, item->path_len, path, len) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

void
dig_tree_writer_init(struct dig_tree_writer *writer)
{
	memset(writer, 0, sizeof(*writer));
	dig_tree_writer_start(writer, 0);
}

void
dig_tree_writer_clear(struct dig_tree_writer *writer)
{
	dig_buf_clear(&writer->buf);
}

void
dig_tree_writer_start(struct dig_tree_writer *writer, unsigned level)
{
	writer->level = level;
	writer->full = false;
	writer->count = writer->weight = 0;
	writer->files = writer->bytes = 0;
	writer->path_len = 0;
	dig_merkle_init(&writer->merkle, DIG_MERKLE_TREE);
	dig_buf_reset(&writer->buf);
	dig_buf_put(&writer->buf, "\0\0\0", HEAD_MAX);
}

static void
encode_item(struct dig_tree_writer *writer, const struct dig_tree_item *item)
{
	size_t most = item->path_len < writer->path_len ? item->path_len
							: writer->path_len;
	size_t shared = 0;
	uint8_t *p;

	while (shared < most && item->path[shared] == writer->path[shared])
		shared++;
	dig_buf_reserve(&writer->buf, item->path_len + DIG_TREE_WEIGHT_ENTRY);
	p = writer->buf.data + writer->buf.len;
	p = put_varint(p, shared);
	p = put_varint(p, item->path_len - shared);
	p = put_raw(p, item->path + shared, item->path_len - shared);
	if (writer->level == 0) {
		*p++ = (uint8_t)(item->kind | item->form << 4);
		p = put_varint(p, item->bytes);
		if (item->form != DIG_FORM_EMPTY)
			p = put_raw(p, item->id.bytes, DIG_HASH_SIZE);
	} else {
		p = put_raw(p, item->id.bytes, DIG_HASH_SIZE);
		p = put_varint(p, item->files);
		p = put_varint(p, item->bytes);
	}
	writer->buf.len = (size_t)(p - writer->buf.data);
	memcpy(writer->path + shared, item->path + shared,
	    item->path_len - shared);
	writer->path_len = item->path_len;
}

enum dig_status
dig_tree_writer_add(struct dig_tree_writer *writer,
    const struct dig_tree_item *item, const uint8_t *leaf,
    struct dig_error *err)
{
	uint8_t hash[DIG_HASH_SIZE];
	const char *flaw = NULL;

	if (writer->full)
		dig_tree_writer_start(writer, writer->level);
	if (item->path_len < 1 || item->path_len > DIG_PATH_MAX)
		flaw = "has a path of a wrong length";
	else if (writer->level == 0)
		flaw = dig_tree_item_flaw(item);
	if (flaw == NULL && (__builtin_add_overflow(
				 writer->files, item->files, &writer->files) ||
				__builtin_add_overflow(writer->bytes,
				    item->bytes, &writer->bytes)))
		flaw = "brings the totals beyond 64 bits";
	if (flaw != NULL)
		return dig_raise(err, DIG_EINVALID, "tree entry %s", flaw);
	if (leaf == NULL) {
		leaf_hash(writer->level, item, hash);
		leaf = hash;
	}
	dig_merkle_add(&writer->merkle, 0, leaf);
	encode_item(writer, item);
	writer->count++;
	writer->weight += DIG_TREE_WEIGHT_ENTRY + item->path_len;
	writer->full = dig_tree_ends(writer->level, writer->count,
	    writer->weight, item->path, item->path_len);
	return DIG_OK;
}

void
dig_tree_writer_finish(struct dig_tree_writer *writer,
    struct dig_tree_item *out, const uint8_t **data, size_t *len)
{
	uint8_t head[HEAD_MAX];
	size_t head_len, gap;

	assert(writer->count > 0);
	head[0] = (uint8_t)writer->level;
	head_len = (size_t)(put_varint(head + 1, writer->count) - head);
	gap = HEAD_MAX - head_len;
	memcpy(writer->buf.data + gap, head, head_len);
	*data = writer->buf.data + gap;
	*len = writer->buf.len - gap;
	memset(out, 0, sizeof(*out));
	out->path = writer->path;
	out->path_len = writer->path_len;
	out->files = writer->files;
	out->bytes = writer->bytes;
	dig_merkle_root(&writer->merkle, out->id.bytes);
	writer->full = true; /* the next add starts over */
}

#define NAMES_BLOCK 65536

struct dig_tree_names_block {
	struct dig_tree_names_block *next;
	size_t used;
	uint8_t bytes[NAMES_BLOCK];
};

const uint8_t *
dig_tree_names_add(struct dig_tree_names *names, const void *path, size_t len)
{
	struct dig_tree_names_block *block = names->head;
	uint8_t *at;

	assert(len <= NAMES_BLOCK);
	if (block == NULL || NAMES_BLOCK - block->used < len) {
		block = dig_alloc(sizeof(*block));
		block->next = names->head;
		block->used = 0;
		names->head = block;
	}
	at = block->bytes + block->used;
	memcpy(at, path, len);
	block->used += len;
	return at;
}

void
dig_tree_names_clear(struct dig_tree_names *names)
{
	while (names->head != NULL) {
		struct dig_tree_names_block *block = names->head;

		names->head = block->next;
		free(block);
	}
}
