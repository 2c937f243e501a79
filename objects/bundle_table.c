/* SPDX-License-Identifier: MIT
 *
 * The table in front of a bundle, and the sizes of its parts.
 */
#include <stdlib.h>
#include <string.h>

#include "objects/bundle_internal.h"
#include "objects/chunker.h"

#define REF_NAME_MAX 1024

struct dig_parity_shape
dig_bundle_shape(void)
{
	struct dig_parity_shape shape = { DIG_BUNDLE_DATA, DIG_BUNDLE_PARITY };

	return shape;
}

size_t
dig_bundle_parity_cell(uint64_t length, size_t stripe)
{
	return dig_parity_cell_bytes(length, stripe);
}

size_t
dig_bundle_group_bytes(uint64_t length)
{
	struct dig_parity_shape shape = dig_bundle_shape();
	size_t bytes =
	    2 * dig_parity_head_bytes(&shape, length) + (size_t)length;

	for (size_t i = 0; i < dig_parity_nstripes(length); i++)
		bytes += shape.parity * dig_bundle_parity_cell(length, i);
	return bytes;
}

void
dig_bundle_chain(uint8_t chain[DIG_HASH_SIZE], const struct dig_oid *record)
{
	uint8_t both[2 * DIG_HASH_SIZE];

	memcpy(both, chain, DIG_HASH_SIZE);
	memcpy(both + DIG_HASH_SIZE, record->bytes, DIG_HASH_SIZE);
	dig_sha256_domain(DIG_DOMAIN_BUNDLE_CHAIN, both, sizeof(both), chain);
}

void
dig_bundle_table_init(struct dig_bundle_table *table)
{
	memset(table, 0, sizeof(*table));
	dig_state_init(&table->state);
}

void
dig_bundle_table_clear(struct dig_bundle_table *table)
{
	dig_state_clear(&table->state);
	free(table->needs);
	table->needs = NULL;
	table->nneeds = 0;
}

void
dig_bundle_table_encode(
    const struct dig_bundle_table *table, struct dig_buf *out)
{
	const struct dig_state *state = &table->state;

	dig_buf_put_varint(out, table->chunk_profile);
	if (state->head_ref != NULL) {
		dig_buf_putc(out, 1);
		dig_buf_put_bytes(
		    out, state->head_ref, strlen(state->head_ref));
	} else if (!dig_oid_is_zero(&state->head_id)) {
		dig_buf_putc(out, 2);
		dig_buf_put(out, state->head_id.bytes, DIG_HASH_SIZE);
	} else {
		dig_buf_putc(out, 0);
	}
	dig_buf_put_varint(out, state->nrefs);
	for (size_t i = 0; i < state->nrefs; i++) {
		dig_buf_put_bytes(
		    out, state->refs[i].name, strlen(state->refs[i].name));
		dig_buf_put(out, state->refs[i].id.bytes, DIG_HASH_SIZE);
	}
	dig_buf_put_varint(out, table->nneeds);
	for (size_t i = 0; i < table->nneeds; i++)
		dig_buf_put(out, table->needs[i].bytes, DIG_HASH_SIZE);
	dig_buf_put_varint(out, table->commits);
}

/* ---- Decoding --------------------------------------------------------- */

static bool
take_id(struct dig_cursor *cur, struct dig_oid *out)
{
	const uint8_t *raw = dig_cursor_raw(cur, DIG_HASH_SIZE);

	if (raw != NULL)
		memcpy(out->bytes, raw, DIG_HASH_SIZE);
	return raw != NULL;
}

/* A name that may be stored, caller frees; NULL: it may not. */
static char *
take_name(struct dig_cursor *cur)
{
	size_t len;
	const uint8_t *raw = dig_cursor_bytes(cur, &len, REF_NAME_MAX);
	char *name;

	if (raw == NULL || memchr(raw, '\0', len) != NULL)
		return NULL;
	name = dig_memdup0(raw, len);
	if (dig_refname_valid(name))
		return name;
	free(name);
	return NULL;
}

static bool
take_head(struct dig_cursor *cur, struct dig_state *out)
{
	uint8_t kind = dig_cursor_u8(cur);

	if (kind == 1) {
		out->head_ref = take_name(cur);
		return out->head_ref != NULL;
	}
	if (kind == 2)
		return take_id(cur, &out->head_id) &&
		       !dig_oid_is_zero(&out->head_id);
	return kind == 0;
}

static bool
take_refs(struct dig_cursor *cur, struct dig_state *out)
{
	uint64_t n = dig_cursor_varint(cur);

	for (uint64_t i = 0; i < n; i++) {
		char *name = take_name(cur);
		struct dig_oid id;
		bool fits =
		    name != NULL && take_id(cur, &id) &&
		    (out->nrefs == 0 ||
			strcmp(out->refs[out->nrefs - 1].name, name) < 0);

		if (fits)
			dig_state_set_ref(out, name, &id);
		free(name);
		if (!fits)
			return false;
	}
	return !cur->bad;
}

static bool
take_needs(struct dig_cursor *cur, struct dig_bundle_table *out)
{
	uint64_t n = dig_cursor_varint(cur);

	if (cur->bad || n > dig_cursor_left(cur) / DIG_HASH_SIZE)
		return false;
	out->needs = dig_calloc((size_t)n + 1, sizeof(*out->needs));
	for (; out->nneeds < n; out->nneeds++) {
		struct dig_oid *id = &out->needs[out->nneeds];

		if (!take_id(cur, id) ||
		    (out->nneeds > 0 && dig_oid_cmp(id - 1, id) >= 0))
			return false;
	}
	return true;
}

enum dig_status
dig_bundle_table_decode(const void *data, size_t len,
    struct dig_bundle_table *out, struct dig_error *err)
{
	struct dig_cursor cur = dig_cursor_over(data, len);
	uint64_t profile = dig_cursor_varint(&cur);
	bool good;

	dig_bundle_table_init(out);
	good = take_head(&cur, &out->state) && take_refs(&cur, &out->state) &&
	       take_needs(&cur, out);
	out->commits = dig_cursor_varint(&cur);
	if (!good || cur.bad || dig_cursor_left(&cur) > 0)
		return dig_raise(
		    err, DIG_ECORRUPT, "the table of the bundle is not valid");
	if (profile > UINT32_MAX ||
	    dig_chunk_profile((uint32_t)profile) == NULL)
		return dig_raise(err, DIG_EINVALID,
		    "the bundle has a chunk profile that this dig does not "
		    "know");
	out->chunk_profile = (uint32_t)profile;
	return DIG_OK;
}
