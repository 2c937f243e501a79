/* SPDX-License-Identifier: MIT
 *
 * Geometry, heads and arithmetic of parity.
 */
#include "objects/parity.h"

#include <assert.h>
#include <isa-l/erasure_code.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC "digpgrp\n"
#define HEAD_FIXED 72 /* bytes before the sums */
#define ROWS_MAX (DIG_PARITY_DATA_MAX + DIG_PARITY_PARITY_MAX)

/* ---- Geometry --------------------------------------------------------- */

bool
dig_parity_shape_valid(const struct dig_parity_shape *shape)
{
	return shape->data >= 1 && shape->data <= DIG_PARITY_DATA_MAX &&
	       shape->parity >= 1 && shape->parity <= DIG_PARITY_PARITY_MAX;
}

uint64_t
dig_parity_group_bytes(const struct dig_parity_shape *shape)
{
	return (uint64_t)shape->data * DIG_PARITY_STRIPES * DIG_PARITY_CELL;
}

size_t
dig_parity_ncells(uint64_t length)
{
	return (size_t)((length + DIG_PARITY_CELL - 1) / DIG_PARITY_CELL);
}

size_t
dig_parity_nstripes(uint64_t length)
{
	size_t ncells = dig_parity_ncells(length);

	return ncells < DIG_PARITY_STRIPES ? ncells : DIG_PARITY_STRIPES;
}

size_t
dig_parity_cell_bytes(uint64_t length, size_t cell)
{
	uint64_t left = length - cell * DIG_PARITY_CELL;

	return left < DIG_PARITY_CELL ? (size_t)left : DIG_PARITY_CELL;
}

static size_t
nsums(const struct dig_parity_shape *shape, uint64_t length)
{
	return dig_parity_ncells(length) +
	       dig_parity_nstripes(length) * shape->parity;
}

size_t
dig_parity_head_bytes(const struct dig_parity_shape *shape, uint64_t length)
{
	return HEAD_FIXED + 8 * nsums(shape, length) + 8;
}

uint64_t
dig_parity_stored_bytes(const struct dig_parity_shape *shape, uint64_t length)
{
	return 2 * (uint64_t)dig_parity_head_bytes(shape, length) +
	       (uint64_t)dig_parity_nstripes(length) * shape->parity *
		   DIG_PARITY_CELL;
}

/* ---- Heads ------------------------------------------------------------ */

static void
put_fixed(const struct dig_parity_head *head, struct dig_buf *out)
{
	dig_buf_put(out, MAGIC, 8);
	dig_buf_put(out, head->store_id, 32);
	dig_buf_put_be64(out, head->pack);
	dig_buf_put_be64(out, head->group);
	dig_buf_put_be64(out, head->length);
	dig_buf_put_be32(out, (uint32_t)DIG_PARITY_CELL);
	dig_buf_putc(out, DIG_PARITY_STRIPES);
	dig_buf_putc(out, (uint8_t)head->shape.data);
	dig_buf_putc(out, (uint8_t)head->shape.parity);
	dig_buf_putc(out, 0);
}

void
dig_parity_head_encode(const struct dig_parity_head *head, struct dig_buf *out)
{
	size_t start = out->len;
	size_t n = nsums(&head->shape, head->length);

	put_fixed(head, out);
	for (size_t i = 0; i < n; i++)
		dig_buf_put_be64(out, head->sums[i]);
	dig_buf_put_be64(out, dig_hash64(out->data + start, out->len - start));
}

bool
dig_parity_head_decode(
    const uint8_t *data, size_t len, struct dig_parity_head *head)
{
	size_t want = dig_parity_head_bytes(&head->shape, head->length);
	size_t n = nsums(&head->shape, head->length);
	struct dig_buf fixed = DIG_BUF_INIT;
	bool same;

	if (len < want)
		return false;
	put_fixed(head, &fixed);
	same = memcmp(fixed.data, data, HEAD_FIXED) == 0 &&
	       dig_get_be64(data + want - 8) == dig_hash64(data, want - 8);
	dig_buf_clear(&fixed);
	for (size_t i = 0; same && i < n; i++)
		head->sums[i] = dig_get_be64(data + HEAD_FIXED + 8 * i);
	return same;
}

/* ---- Encoding --------------------------------------------------------- */

struct dig_parity_encoder {
	struct dig_parity_shape shape;
	uint8_t *tables;
	uint8_t *cells; /* of parity: stripe by stripe */
	uint64_t from;
	uint64_t before; /* bytes of [0, from) that were added */
	uint64_t end;    /* bytes of the group, those before from counted */
	struct dig_hash64 hash; /* of the cell that `end` is in */
	struct dig_hash64 hash_before;
	/* The cell that `from` cuts in two is hashed when its first part is
	 * there; this is the second. */
	uint8_t rest[DIG_PARITY_CELL];
	size_t rest_len;
	uint64_t sums[DIG_PARITY_CELLS_MAX];
};

/* Multiply tables for `rows` rows of coefficients. */
static uint8_t *
expand(const struct dig_parity_shape *shape, unsigned rows, uint8_t *matrix)
{
	uint8_t *tables = dig_alloc((size_t)32 * shape->data * rows);

	ec_init_tables((int)shape->data, (int)rows, matrix, tables);
	return tables;
}

static void
make_matrix(const struct dig_parity_shape *shape,
    uint8_t out[ROWS_MAX * DIG_PARITY_DATA_MAX])
{
	gf_gen_cauchy1_matrix(
	    out, (int)(shape->data + shape->parity), (int)shape->data);
}

struct dig_parity_encoder *
dig_parity_encoder_new(const struct dig_parity_shape *shape)
{
	struct dig_parity_encoder *encoder = dig_calloc(1, sizeof(*encoder));
	uint8_t matrix[ROWS_MAX * DIG_PARITY_DATA_MAX];

	encoder->shape = *shape;
	make_matrix(shape, matrix);
	encoder->tables = expand(
	    shape, shape->parity, matrix + (size_t)shape->data * shape->data);
	encoder->cells = dig_alloc(
	    (size_t)DIG_PARITY_STRIPES * shape->parity * DIG_PARITY_CELL);
	dig_parity_encoder_begin(encoder, 0);
	return encoder;
}

void
dig_parity_encoder_free(struct dig_parity_encoder *encoder)
{
	if (encoder == NULL)
		return;
	free(encoder->tables);
	free(encoder->cells);
	free(encoder);
}

void
dig_parity_encoder_begin(struct dig_parity_encoder *encoder, uint64_t from)
{
	memset(encoder->cells, 0,
	    (size_t)DIG_PARITY_STRIPES * encoder->shape.parity *
		DIG_PARITY_CELL);
	encoder->from = encoder->end = from;
	encoder->before = 0;
	encoder->rest_len = 0;
	dig_hash64_init(&encoder->hash);
	dig_hash64_init(&encoder->hash_before);
}

/* Add bytes of one cell to the parity cells of its stripe. */
static void
mix(struct dig_parity_encoder *encoder, uint64_t at, const uint8_t *data,
    size_t len)
{
	unsigned parity = encoder->shape.parity;
	size_t cell = (size_t)(at / DIG_PARITY_CELL);
	size_t stripe = cell % DIG_PARITY_STRIPES;
	uint8_t *coding[DIG_PARITY_PARITY_MAX];

	for (size_t j = 0; j < parity; j++)
		coding[j] = encoder->cells +
			    (stripe * parity + j) * DIG_PARITY_CELL +
			    at % DIG_PARITY_CELL;
	/* isa-l takes what it only reads without const. */
	ec_encode_data_update((int)len, (int)encoder->shape.data, (int)parity,
	    (int)(cell / DIG_PARITY_STRIPES), encoder->tables,
	    (uint8_t *)(uintptr_t)data, coding);
}

static size_t
room_in_cell(uint64_t at, size_t len)
{
	size_t room = DIG_PARITY_CELL - (size_t)(at % DIG_PARITY_CELL);

	return room < len ? room : len;
}

/* Hash what was mixed; a cell that is whole gets its sum. */
static void
hash_part(struct dig_parity_encoder *encoder, struct dig_hash64 *hash,
    uint64_t at, const uint8_t *data, size_t len)
{
	dig_hash64_update(hash, data, len);
	if ((at + len) % DIG_PARITY_CELL == 0) {
		encoder->sums[at / DIG_PARITY_CELL] = dig_hash64_final(hash);
		dig_hash64_init(hash);
	}
}

void
dig_parity_encoder_add(
    struct dig_parity_encoder *encoder, const void *data, size_t len)
{
	const uint8_t *from = data;

	assert(encoder->end + len <= dig_parity_group_bytes(&encoder->shape));
	while (len > 0) {
		size_t n = room_in_cell(encoder->end, len);

		mix(encoder, encoder->end, from, n);
		if (encoder->from % DIG_PARITY_CELL != 0 &&
		    encoder->end / DIG_PARITY_CELL ==
			encoder->from / DIG_PARITY_CELL) {
			memcpy(encoder->rest + encoder->rest_len, from, n);
			encoder->rest_len += n;
		} else {
			hash_part(
			    encoder, &encoder->hash, encoder->end, from, n);
		}
		encoder->end += n;
		from += n;
		len -= n;
	}
}

void
dig_parity_encoder_add_before(
    struct dig_parity_encoder *encoder, const void *data, size_t len)
{
	const uint8_t *from = data;

	assert(encoder->before + len <= encoder->from);
	while (len > 0) {
		size_t n = room_in_cell(encoder->before, len);

		mix(encoder, encoder->before, from, n);
		hash_part(
		    encoder, &encoder->hash_before, encoder->before, from, n);
		encoder->before += n;
		from += n;
		len -= n;
	}
}

uint64_t
dig_parity_encoder_length(const struct dig_parity_encoder *encoder)
{
	return encoder->end;
}

/* Cells that were not closed by their last byte. */
static void
finish_sums(struct dig_parity_encoder *encoder)
{
	size_t cut = (size_t)(encoder->from / DIG_PARITY_CELL);
	size_t last = (size_t)(encoder->end / DIG_PARITY_CELL);

	if (encoder->from % DIG_PARITY_CELL != 0) {
		dig_hash64_update(
		    &encoder->hash_before, encoder->rest, encoder->rest_len);
		encoder->sums[cut] = dig_hash64_final(&encoder->hash_before);
	}
	if (encoder->end % DIG_PARITY_CELL != 0 &&
	    (last != cut || encoder->from % DIG_PARITY_CELL == 0))
		encoder->sums[last] = dig_hash64_final(&encoder->hash);
}

const uint8_t *
dig_parity_encoder_finish(
    struct dig_parity_encoder *encoder, struct dig_parity_head *head)
{
	size_t ncells = dig_parity_ncells(encoder->end);
	size_t nparity =
	    dig_parity_nstripes(encoder->end) * encoder->shape.parity;

	assert(encoder->before == encoder->from);
	finish_sums(encoder);
	head->length = encoder->end;
	head->shape = encoder->shape;
	memcpy(head->sums, encoder->sums, ncells * sizeof(head->sums[0]));
	for (size_t i = 0; i < nparity; i++)
		head->sums[ncells + i] = dig_hash64(
		    encoder->cells + i * DIG_PARITY_CELL, DIG_PARITY_CELL);
	return encoder->cells;
}

/* ---- Rebuilding ------------------------------------------------------- */

/*
 * Rows that lead from `shape->data` cells that are there to the data cells
 * that are lost. from: which cells these are.
 */
static bool
decode_rows(const struct dig_parity_shape *shape, const bool lost[],
    uint8_t *rows, unsigned from[])
{
	uint8_t matrix[ROWS_MAX * DIG_PARITY_DATA_MAX];
	uint8_t there[DIG_PARITY_DATA_MAX * DIG_PARITY_DATA_MAX];
	uint8_t inverse[DIG_PARITY_DATA_MAX * DIG_PARITY_DATA_MAX];
	size_t data = shape->data;
	size_t n = 0;

	make_matrix(shape, matrix);
	for (unsigned i = 0; i < data + shape->parity && n < data; i++)
		if (!lost[i]) {
			memcpy(there + n * data, matrix + i * data, data);
			from[n++] = i;
		}
	if (n < data || gf_invert_matrix(there, inverse, (int)data) != 0)
		return false;
	n = 0;
	for (size_t i = 0; i < data; i++)
		if (lost[i])
			memcpy(rows + n++ * data, inverse + i * data, data);
	return true;
}

static void
multiply(const struct dig_parity_shape *shape, uint8_t *matrix, unsigned rows,
    uint8_t **from, uint8_t **to)
{
	uint8_t *tables = expand(shape, rows, matrix);

	ec_encode_data((int)DIG_PARITY_CELL, (int)shape->data, (int)rows,
	    tables, from, to);
	free(tables);
}

bool
dig_parity_rebuild(const struct dig_parity_shape *shape, uint8_t *const cells[],
    const bool lost[])
{
	uint8_t matrix[ROWS_MAX * DIG_PARITY_DATA_MAX];
	uint8_t rows[DIG_PARITY_PARITY_MAX * DIG_PARITY_DATA_MAX];
	uint8_t *sources[DIG_PARITY_DATA_MAX];
	uint8_t *targets[DIG_PARITY_PARITY_MAX];
	unsigned from[DIG_PARITY_DATA_MAX];
	unsigned nlost = 0;
	unsigned n = 0;

	for (size_t i = 0; i < shape->data + shape->parity; i++)
		nlost += lost[i];
	if (nlost > shape->parity || !decode_rows(shape, lost, rows, from))
		return false;
	for (size_t i = 0; i < shape->data; i++) {
		sources[i] = cells[from[i]];
		if (lost[i])
			targets[n++] = cells[i];
	}
	if (n > 0)
		multiply(shape, rows, n, sources, targets);
	/* All data is there now: parity follows from it. */
	make_matrix(shape, matrix);
	for (size_t i = 0; i < shape->data; i++)
		sources[i] = cells[i];
	for (size_t j = 0; j < shape->parity; j++)
		if (lost[shape->data + j]) {
			targets[0] = cells[shape->data + j];
			multiply(shape,
			    matrix + (shape->data + j) * shape->data, 1,
			    sources, targets);
		}
	return true;
}
