/* SPDX-License-Identifier: MIT
 *
 * Encoding and decoding of journal records, and applying them to a state.
 */
#include "objects/journal_record.h"

#include <stdlib.h>

#include "objects/base/io.h"
#include "objects/hash64.h"
#include "objects/pack.h"

#define MAGIC 0x44494a31u /* "DIJ1" */
#define HEAD_SIZE 73
#define TAIL_SIZE 8
#define BODY_MAX ((uint32_t)256 << 20)
#define REF_NAME_MAX 1024
#define VERB_MAX 4096

enum section {
	SECTION_STORE = 1,
	SECTION_VERB = 2,
	SECTION_REFS = 3,
	SECTION_HEAD = 4,
	SECTION_STAGED = 5,
	SECTION_OP_STATE = 6,
	SECTION_PACKS = 7,
	SECTION_STATS = 8,
	SECTION_OPTIONAL = 16, /* from here on: skipped when not known */
	SECTION_PARITY = 16,
	SECTION_COSTS = 17
};

enum { FLAG_CHECKPOINT = 1 };
enum { REF_HAS_OLD = 1, REF_HAS_NEW = 2 };

/* ---- Encoding --------------------------------------------------------- */

static size_t
begin(const struct dig_journal_base *base, unsigned flags, struct dig_buf *out)
{
	size_t start = out->len;

	dig_buf_put_be32(out, MAGIC);
	dig_buf_put_be32(out, 0); /* body length, set by finish */
	dig_buf_put_be64(out, base->seq);
	dig_buf_put_be64(out, base->op);
	dig_buf_put_be64(out, (uint64_t)dig_wall_seconds());
	dig_buf_put(out, base->previous.bytes, DIG_HASH_SIZE);
	dig_buf_put_be64(out, base->checkpoint_at);
	dig_buf_putc(out, (uint8_t)flags);
	return start;
}

static void
finish(struct dig_buf *out, size_t start)
{
	dig_set_be32(
	    out->data + start + 4, (uint32_t)(out->len - start - HEAD_SIZE));
	dig_buf_put_be64(out, dig_hash64(out->data + start, out->len - start));
}

static void
put_section(struct dig_buf *out, enum section tag, struct dig_buf *body)
{
	dig_buf_putc(out, (uint8_t)tag);
	dig_buf_put_bytes(out, body->data, body->len);
	dig_buf_reset(body);
}

static void
put_oid(struct dig_buf *out, const struct dig_oid *id)
{
	dig_buf_put(out, id->bytes, DIG_HASH_SIZE);
}

static void
put_string(struct dig_buf *out, const char *str, size_t limit)
{
	size_t len = str ? strlen(str) : 0;

	dig_buf_put_bytes(out, str, len < limit ? len : limit);
}

static void
put_ref(struct dig_buf *out, const char *name, const struct dig_oid *old_id,
    const struct dig_oid *new_id)
{
	put_string(out, name, REF_NAME_MAX);
	dig_buf_putc(out,
	    (uint8_t)((old_id ? REF_HAS_OLD : 0) | (new_id ? REF_HAS_NEW : 0)));
	if (old_id != NULL)
		put_oid(out, old_id);
	if (new_id != NULL)
		put_oid(out, new_id);
}

/* Both lists are sorted: one merge finds what differs. */
static size_t
put_ref_changes(struct dig_buf *out, const struct dig_state *from,
    const struct dig_state *to)
{
	size_t changes = 0;
	size_t i = 0;
	size_t j = 0;

	while (i < from->nrefs || j < to->nrefs) {
		const struct dig_ref *a = i < from->nrefs ? &from->refs[i] : 0;
		const struct dig_ref *b = j < to->nrefs ? &to->refs[j] : 0;
		int cmp = !a ? 1 : !b ? -1 : strcmp(a->name, b->name);

		i += cmp <= 0;
		j += cmp >= 0;
		if (cmp == 0 && dig_oid_eq(&a->id, &b->id))
			continue;
		put_ref(out, cmp <= 0 ? a->name : b->name,
		    cmp <= 0 ? &a->id : NULL, cmp >= 0 ? &b->id : NULL);
		changes++;
	}
	return changes;
}

static void
put_pack(struct dig_buf *out, const struct dig_pack_state *pack)
{
	dig_buf_put_varint(out, pack->number);
	dig_buf_putc(out, (uint8_t)pack->flags);
	dig_buf_put_varint(out, pack->length);
	dig_buf_put_varint(out, pack->run_offset);
}

static bool
pack_same(const struct dig_pack_state *a, const struct dig_pack_state *b)
{
	return a != NULL && a->flags == b->flags && a->length == b->length &&
	       a->run_offset == b->run_offset;
}

static void
put_parity(struct dig_buf *out, const struct dig_pack_state *pack)
{
	dig_buf_put_varint(out, pack->number);
	dig_buf_putc(out, (uint8_t)pack->shape.data);
	dig_buf_putc(out, (uint8_t)pack->shape.parity);
	dig_buf_put_varint(out, pack->parity_length);
}

static bool
parity_same(const struct dig_pack_state *a, const struct dig_pack_state *b)
{
	if (a == NULL)
		return b->shape.data == 0;
	return a->shape.data == b->shape.data &&
	       a->shape.parity == b->shape.parity &&
	       a->parity_length == b->parity_length;
}

/* The packs whose parity is another one than in `from`. */
static void
put_parity_changes(struct dig_buf *out, const struct dig_state *from,
    const struct dig_state *to)
{
	struct dig_buf body = DIG_BUF_INIT;
	struct dig_buf list = DIG_BUF_INIT;
	size_t count = 0;

	for (size_t i = 0; i < to->npacks; i++)
		if (!parity_same(
			from ? dig_state_pack(from, to->packs[i].number) : NULL,
			&to->packs[i])) {
			put_parity(&list, &to->packs[i]);
			count++;
		}
	if (count > 0) {
		dig_buf_put_varint(&body, count);
		dig_buf_put(&body, list.data, list.len);
		put_section(out, SECTION_PARITY, &body);
	}
	dig_buf_clear(&body);
	dig_buf_clear(&list);
}

static void
put_head(struct dig_buf *out, const char *ref, const struct dig_oid *id)
{
	dig_buf_putc(out, ref != NULL);
	if (ref != NULL)
		put_string(out, ref, REF_NAME_MAX);
	else
		put_oid(out, id);
}

static bool
head_same(const struct dig_state *a, const struct dig_state *b)
{
	if ((a->head_ref == NULL) != (b->head_ref == NULL))
		return false;
	return a->head_ref ? strcmp(a->head_ref, b->head_ref) == 0
			   : dig_oid_eq(&a->head_id, &b->head_id);
}

static void
put_stats(struct dig_buf *out, const struct dig_op_stats *stats)
{
	dig_buf_put_varint(out, stats->new_chunks);
	dig_buf_put_varint(out, stats->raw_bytes);
	dig_buf_put_varint(out, stats->stored_bytes);
}

void
dig_journal_record_diff(const struct dig_journal_base *base,
    const struct dig_state *from, const struct dig_state *to, const char *verb,
    const struct dig_op_stats *stats, struct dig_buf *out)
{
	struct dig_buf body = DIG_BUF_INIT;
	struct dig_buf list = DIG_BUF_INIT;
	size_t start = begin(base, 0, out);
	size_t count;

	put_string(&body, verb, VERB_MAX);
	put_section(out, SECTION_VERB, &body);
	count = put_ref_changes(&list, from, to);
	if (count > 0) {
		dig_buf_put_varint(&body, count);
		dig_buf_put(&body, list.data, list.len);
		put_section(out, SECTION_REFS, &body);
	}
	if (!head_same(from, to)) {
		put_head(&body, from->head_ref, &from->head_id);
		put_head(&body, to->head_ref, &to->head_id);
		put_section(out, SECTION_HEAD, &body);
	}
	if (!dig_oid_eq(&from->staged_root, &to->staged_root)) {
		put_oid(&body, &from->staged_root);
		put_oid(&body, &to->staged_root);
		put_section(out, SECTION_STAGED, &body);
	}
	if (!dig_oid_eq(&from->op_state, &to->op_state)) {
		put_oid(&body, &from->op_state);
		put_oid(&body, &to->op_state);
		put_section(out, SECTION_OP_STATE, &body);
	}
	dig_buf_reset(&list);
	count = 0;
	for (size_t i = 0; i < to->npacks; i++)
		if (!pack_same(dig_state_pack(from, to->packs[i].number),
			&to->packs[i])) {
			put_pack(&list, &to->packs[i]);
			count++;
		}
	if (count > 0) {
		dig_buf_put_varint(&body, count);
		dig_buf_put(&body, list.data, list.len);
		put_section(out, SECTION_PACKS, &body);
	}
	if (stats != NULL) {
		put_stats(&body, stats);
		put_section(out, SECTION_STATS, &body);
	}
	put_parity_changes(out, from, to);
	finish(out, start);
	dig_buf_clear(&body);
	dig_buf_clear(&list);
}

static void
put_costs(struct dig_buf *out, const struct dig_journal_full *full)
{
	struct dig_buf body = DIG_BUF_INIT;

	if (full->ncosts == 0)
		return;
	dig_buf_put_varint(&body, full->ncosts);
	for (size_t i = 0; i < full->ncosts; i++) {
		put_oid(&body, &full->costs[i].commit);
		put_stats(&body, &full->costs[i].stats);
	}
	put_section(out, SECTION_COSTS, &body);
	dig_buf_clear(&body);
}

void
dig_journal_record_full(const struct dig_journal_base *base,
    const struct dig_journal_full *full, struct dig_buf *out)
{
	const struct dig_state *state = full->state;
	struct dig_buf body = DIG_BUF_INIT;
	size_t start = begin(base, FLAG_CHECKPOINT, out);

	dig_buf_put(&body, full->store_id, 32);
	dig_buf_put_varint(&body, full->chunk_profile);
	dig_buf_put_varint(&body, state->next_pack);
	put_section(out, SECTION_STORE, &body);
	if (full->verb != NULL) {
		put_string(&body, full->verb, VERB_MAX);
		put_section(out, SECTION_VERB, &body);
	}
	dig_buf_put_varint(&body, state->nrefs);
	for (size_t i = 0; i < state->nrefs; i++)
		put_ref(&body, state->refs[i].name, NULL, &state->refs[i].id);
	put_section(out, SECTION_REFS, &body);
	put_head(&body, state->head_ref, &state->head_id);
	put_head(&body, state->head_ref, &state->head_id);
	put_section(out, SECTION_HEAD, &body);
	put_oid(&body, &state->staged_root);
	put_oid(&body, &state->staged_root);
	put_section(out, SECTION_STAGED, &body);
	put_oid(&body, &state->op_state);
	put_oid(&body, &state->op_state);
	put_section(out, SECTION_OP_STATE, &body);
	dig_buf_put_varint(&body, state->npacks);
	for (size_t i = 0; i < state->npacks; i++)
		put_pack(&body, &state->packs[i]);
	put_section(out, SECTION_PACKS, &body);
	put_parity_changes(out, NULL, state);
	put_costs(out, full);
	finish(out, start);
	dig_buf_clear(&body);
}

void
dig_journal_record_again(const struct dig_journal_base *base,
    const uint8_t *data, size_t len, struct dig_buf *out)
{
	struct dig_cursor cur =
	    dig_cursor_over(data + HEAD_SIZE, len - HEAD_SIZE - TAIL_SIZE);
	size_t start = out->len;

	dig_buf_put(out, data, HEAD_SIZE);
	dig_set_be64(out->data + start + 8, base->seq);
	memcpy(out->data + start + 32, base->previous.bytes, DIG_HASH_SIZE);
	dig_set_be64(out->data + start + 64, base->checkpoint_at);
	while (cur.at < cur.end) {
		uint8_t tag = dig_cursor_u8(&cur);
		size_t n;
		const uint8_t *body = dig_cursor_bytes(&cur, &n, BODY_MAX);

		if (tag == SECTION_PACKS || tag == SECTION_PARITY)
			continue;
		dig_buf_putc(out, tag);
		dig_buf_put_bytes(out, body, n);
	}
	finish(out, start);
}

/* ---- Decoding --------------------------------------------------------- */

static void
get_oid(struct dig_cursor *cur, struct dig_oid *out)
{
	const uint8_t *raw = dig_cursor_raw(cur, DIG_HASH_SIZE);

	if (raw != NULL)
		memcpy(out->bytes, raw, DIG_HASH_SIZE);
}

/* A string without NUL; NULL and cur->bad otherwise. */
static char *
get_string(struct dig_cursor *cur, size_t limit)
{
	size_t len;
	const uint8_t *raw = dig_cursor_bytes(cur, &len, limit);

	if (raw == NULL || memchr(raw, 0, len) != NULL) {
		cur->bad = true;
		return NULL;
	}
	return dig_memdup0(raw, len);
}

static char *
get_refname(struct dig_cursor *cur)
{
	char *name = get_string(cur, REF_NAME_MAX);

	if (name != NULL && !dig_refname_valid(name)) {
		cur->bad = true;
		free(name);
		name = NULL;
	}
	return name;
}

static void
get_head(struct dig_cursor *cur, char **ref, struct dig_oid *id)
{
	uint8_t is_ref = dig_cursor_u8(cur);

	if (is_ref > 1)
		cur->bad = true;
	if (is_ref == 1)
		*ref = get_refname(cur);
	else
		get_oid(cur, id);
}

static void
get_refs(struct dig_cursor *cur, struct dig_journal_record *out)
{
	uint64_t count = dig_cursor_varint(cur);
	size_t cap = 0;

	for (uint64_t i = 0; i < count && !cur->bad; i++) {
		struct dig_ref_change *change;
		uint8_t flags;

		DIG_GROW(out->refs, cap, out->nrefs + 1);
		change = &out->refs[out->nrefs++];
		memset(change, 0, sizeof(*change));
		change->name = get_refname(cur);
		if (cur->bad ||
		    (i > 0 && strcmp(change[-1].name, change->name) >= 0)) {
			cur->bad = true; /* not in order */
			return;
		}
		flags = dig_cursor_u8(cur);
		if ((flags & ~(unsigned)(REF_HAS_OLD | REF_HAS_NEW)) != 0)
			cur->bad = true;
		change->has_old = (flags & REF_HAS_OLD) != 0;
		change->has_new = (flags & REF_HAS_NEW) != 0;
		if (change->has_old)
			get_oid(cur, &change->old_id);
		if (change->has_new)
			get_oid(cur, &change->new_id);
	}
}

static void
get_packs(struct dig_cursor *cur, struct dig_journal_record *out)
{
	uint64_t count = dig_cursor_varint(cur);
	size_t cap = 0;

	for (uint64_t i = 0; i < count && !cur->bad; i++) {
		struct dig_pack_state *pack;
		uint64_t number = dig_cursor_varint(cur);

		if (number == 0 || number > DIG_PACK_NUMBER_MAX) {
			cur->bad = true;
			return;
		}
		DIG_GROW(out->packs, cap, out->npacks + 1);
		pack = &out->packs[out->npacks++];
		memset(pack, 0, sizeof(*pack));
		pack->number = (uint32_t)number;
		pack->flags = dig_cursor_u8(cur);
		pack->length = dig_cursor_varint(cur);
		pack->run_offset = dig_cursor_varint(cur);
		if (pack->flags > (DIG_PACK_BULK | DIG_PACK_SEALED) ||
		    pack->length > INT64_MAX ||
		    pack->run_offset > pack->length ||
		    (i > 0 && pack[-1].number >= pack->number))
			cur->bad = true;
	}
}

static void
get_parity(struct dig_cursor *cur, struct dig_journal_record *out)
{
	uint64_t count = dig_cursor_varint(cur);
	size_t cap = 0;

	for (uint64_t i = 0; i < count && !cur->bad; i++) {
		struct dig_pack_parity *parity;
		uint64_t number = dig_cursor_varint(cur);

		if (number == 0 || number > DIG_PACK_NUMBER_MAX) {
			cur->bad = true;
			return;
		}
		DIG_GROW(out->parity, cap, out->nparity + 1);
		parity = &out->parity[out->nparity++];
		parity->number = (uint32_t)number;
		parity->shape.data = dig_cursor_u8(cur);
		parity->shape.parity = dig_cursor_u8(cur);
		parity->length = dig_cursor_varint(cur);
		if (parity->length > INT64_MAX ||
		    (i > 0 && parity[-1].number >= parity->number) ||
		    (!dig_parity_shape_valid(&parity->shape) &&
			(parity->shape.data != 0 || parity->shape.parity != 0 ||
			    parity->length != 0)))
			cur->bad = true;
	}
}

static void
get_stats(struct dig_cursor *cur, struct dig_op_stats *out)
{
	out->new_chunks = dig_cursor_varint(cur);
	out->raw_bytes = dig_cursor_varint(cur);
	out->stored_bytes = dig_cursor_varint(cur);
}

static void
get_costs(struct dig_cursor *cur, struct dig_journal_record *out)
{
	uint64_t count = dig_cursor_varint(cur);
	size_t cap = 0;

	for (uint64_t i = 0; i < count && !cur->bad; i++) {
		struct dig_journal_cost *cost;

		DIG_GROW(out->costs, cap, out->ncosts + 1);
		cost = &out->costs[out->ncosts++];
		memset(cost, 0, sizeof(*cost));
		get_oid(cur, &cost->commit);
		get_stats(cur, &cost->stats);
		if (i > 0 && dig_oid_cmp(&cost[-1].commit, &cost->commit) >= 0)
			cur->bad = true; /* not in order */
	}
}

static void
get_store(struct dig_cursor *cur, struct dig_journal_record *out)
{
	const uint8_t *id = dig_cursor_raw(cur, 32);
	uint64_t profile = dig_cursor_varint(cur);
	uint64_t next = dig_cursor_varint(cur);

	if (id != NULL)
		memcpy(out->store_id, id, 32);
	out->chunk_profile = (uint32_t)profile;
	if (profile > UINT32_MAX || next == 0 ||
	    next > (uint64_t)DIG_PACK_NUMBER_MAX + 1)
		cur->bad = true;
	out->next_pack = (uint32_t)next;
	out->has_store = true;
}

static void
get_section(
    enum section tag, struct dig_cursor *cur, struct dig_journal_record *out)
{
	switch (tag) {
	case SECTION_STORE:
		get_store(cur, out);
		break;
	case SECTION_VERB:
		free(out->verb);
		out->verb = get_string(cur, VERB_MAX);
		break;
	case SECTION_REFS:
		get_refs(cur, out);
		break;
	case SECTION_HEAD:
		out->has_head = true;
		get_head(cur, &out->old_head_ref, &out->old_head_id);
		get_head(cur, &out->head_ref, &out->head_id);
		break;
	case SECTION_STAGED:
		out->has_staged = true;
		get_oid(cur, &out->old_staged);
		get_oid(cur, &out->staged);
		break;
	case SECTION_OP_STATE:
		out->has_op_state = true;
		get_oid(cur, &out->old_op_state);
		get_oid(cur, &out->op_state);
		break;
	case SECTION_PACKS:
		get_packs(cur, out);
		break;
	case SECTION_STATS:
		out->has_stats = true;
		get_stats(cur, &out->stats);
		break;
	case SECTION_PARITY:
		get_parity(cur, out);
		break;
	case SECTION_COSTS:
		get_costs(cur, out);
		break;
	default:
		/* What a later dig adds and this one may do without. */
		if ((unsigned)tag >= SECTION_OPTIONAL)
			return;
		cur->bad = true;
	}
	if (cur->at != cur->end)
		cur->bad = true;
}

uint64_t
dig_journal_record_span(const uint8_t *data, size_t len)
{
	uint32_t body_len;

	if (len < HEAD_SIZE + TAIL_SIZE || dig_get_be32(data) != MAGIC)
		return 0;
	body_len = dig_get_be32(data + 4);
	if (body_len > BODY_MAX || body_len > len - HEAD_SIZE - TAIL_SIZE)
		return 0;
	return HEAD_SIZE + (uint64_t)body_len + TAIL_SIZE;
}

bool
dig_journal_record_decode(const uint8_t *data, size_t len, uint64_t offset,
    struct dig_journal_record *out)
{
	uint64_t span = dig_journal_record_span(data, len);
	struct dig_cursor cur;
	uint32_t seen = 0;
	uint8_t flags;

	if (span == 0 || dig_get_be64(data + span - TAIL_SIZE) !=
			     dig_hash64(data, (size_t)span - TAIL_SIZE))
		return false;
	memset(out, 0, sizeof(*out));
	out->offset = offset;
	out->length = span;
	cur = dig_cursor_over(data + 8, (size_t)span - TAIL_SIZE - 8);
	out->seq = dig_cursor_be64(&cur);
	out->op = dig_cursor_be64(&cur);
	out->time = (int64_t)dig_cursor_be64(&cur);
	get_oid(&cur, &out->previous);
	out->checkpoint_at = dig_cursor_be64(&cur);
	flags = dig_cursor_u8(&cur);
	out->is_checkpoint = (flags & FLAG_CHECKPOINT) != 0;

	if ((flags & ~(unsigned)FLAG_CHECKPOINT) != 0 ||
	    out->checkpoint_at > offset ||
	    (out->is_checkpoint && out->checkpoint_at != offset))
		cur.bad = true;
	while (!cur.bad && cur.at < cur.end) {
		uint8_t tag = dig_cursor_u8(&cur);
		struct dig_cursor part;
		const uint8_t *body;
		size_t n;

		body = dig_cursor_bytes(&cur, &n, BODY_MAX);
		if (body == NULL || tag > 31 || (seen & (1u << tag)) != 0) {
			cur.bad = true;
			break;
		}
		seen |= 1u << tag;
		part = dig_cursor_over(body, n);
		get_section((enum section)tag, &part, out);
		cur.bad = part.bad;
	}
	if (cur.bad || (out->is_checkpoint && !out->has_store)) {
		dig_journal_record_clear(out);
		return false;
	}
	dig_sha256(data, (size_t)out->length, out->hash.bytes);
	return true;
}

void
dig_journal_record_clear(struct dig_journal_record *rec)
{
	free(rec->verb);
	free(rec->old_head_ref);
	free(rec->head_ref);
	for (size_t i = 0; i < rec->nrefs; i++)
		free(rec->refs[i].name);
	free(rec->refs);
	free(rec->packs);
	free(rec->parity);
	free(rec->costs);
	memset(rec, 0, sizeof(*rec));
}

static void
apply_packs(const struct dig_journal_record *rec, struct dig_state *state)
{
	struct dig_pack_state *now;

	for (size_t i = 0; i < rec->npacks; i++) {
		const struct dig_pack_state *before =
		    dig_state_pack(state, rec->packs[i].number);
		struct dig_pack_state pack = rec->packs[i];

		if (before != NULL) {
			pack.shape = before->shape;
			pack.parity_length = before->parity_length;
		}
		dig_state_set_pack(state, &pack);
	}
	for (size_t i = 0; i < rec->nparity; i++) {
		now = dig_state_pack(state, rec->parity[i].number);
		if (now == NULL)
			continue; /* of a pack that is not there */
		now->shape = rec->parity[i].shape;
		now->parity_length = rec->parity[i].length;
	}
	/* A writer that passes over parity may have let a pack outgrow it. */
	for (size_t i = 0; i < rec->npacks + rec->nparity; i++) {
		now = dig_state_pack(state,
		    i < rec->npacks ? rec->packs[i].number
				    : rec->parity[i - rec->npacks].number);
		if (now == NULL || dig_pack_parity_fits(now))
			continue;
		now->shape.data = now->shape.parity = 0;
		now->parity_length = 0;
	}
}

void
dig_journal_apply(const struct dig_journal_record *rec, struct dig_state *state)
{
	if (rec->is_checkpoint) {
		dig_state_clear(state);
		dig_state_init(state);
		state->next_pack = rec->next_pack;
	}
	for (size_t i = 0; i < rec->nrefs; i++)
		dig_state_set_ref(state, rec->refs[i].name,
		    rec->refs[i].has_new ? &rec->refs[i].new_id : NULL);
	if (rec->has_head) {
		free(state->head_ref);
		state->head_ref =
		    rec->head_ref ? dig_strdup(rec->head_ref) : NULL;
		state->head_id = rec->head_id;
	}
	if (rec->has_staged)
		state->staged_root = rec->staged;
	if (rec->has_op_state)
		state->op_state = rec->op_state;
	apply_packs(rec, state);
}
