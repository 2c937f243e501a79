/* SPDX-License-Identifier: MIT
 *
 * The state as a value: copies, lookups, updates.
 */
#include "objects/state.h"

#include <stdlib.h>

#include "objects/tree.h"

void
dig_state_init(struct dig_state *state)
{
	memset(state, 0, sizeof(*state));
	dig_tree_empty(&state->staged_root);
	state->next_pack = 1;
}

void
dig_state_clear(struct dig_state *state)
{
	for (size_t i = 0; i < state->nrefs; i++)
		free(state->refs[i].name);
	free(state->refs);
	free(state->head_ref);
	free(state->packs);
	memset(state, 0, sizeof(*state));
}

void
dig_state_copy(const struct dig_state *from, struct dig_state *to)
{
	*to = *from;
	to->refs = NULL;
	to->packs = NULL;
	to->refs_cap = to->packs_cap = 0;
	DIG_GROW(to->refs, to->refs_cap, from->nrefs);
	for (size_t i = 0; i < from->nrefs; i++) {
		to->refs[i] = from->refs[i];
		to->refs[i].name = dig_strdup(from->refs[i].name);
	}
	DIG_GROW(to->packs, to->packs_cap, from->npacks);
	if (from->npacks > 0)
		memcpy(to->packs, from->packs,
		    from->npacks * sizeof(*from->packs));
	if (from->head_ref != NULL)
		to->head_ref = dig_strdup(from->head_ref);
}

bool
dig_state_same(const struct dig_state *a, const struct dig_state *b)
{
	if (a->nrefs != b->nrefs || a->npacks != b->npacks ||
	    (a->head_ref == NULL) != (b->head_ref == NULL) ||
	    !dig_oid_eq(&a->head_id, &b->head_id) ||
	    !dig_oid_eq(&a->staged_root, &b->staged_root) ||
	    !dig_oid_eq(&a->op_state, &b->op_state))
		return false;
	if (a->head_ref != NULL && strcmp(a->head_ref, b->head_ref) != 0)
		return false;
	for (size_t i = 0; i < a->nrefs; i++)
		if (strcmp(a->refs[i].name, b->refs[i].name) != 0 ||
		    !dig_oid_eq(&a->refs[i].id, &b->refs[i].id))
			return false;
	for (size_t i = 0; i < a->npacks; i++)
		if (a->packs[i].number != b->packs[i].number ||
		    a->packs[i].flags != b->packs[i].flags ||
		    a->packs[i].length != b->packs[i].length ||
		    a->packs[i].run_offset != b->packs[i].run_offset ||
		    a->packs[i].shape.data != b->packs[i].shape.data ||
		    a->packs[i].shape.parity != b->packs[i].shape.parity ||
		    a->packs[i].parity_length != b->packs[i].parity_length)
			return false;
	return true;
}

/* Index of the first ref whose name is >= name. */
static size_t
ref_place(const struct dig_state *state, const char *name)
{
	size_t low = 0;
	size_t high = state->nrefs;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(state->refs[mid].name, name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const struct dig_ref *
dig_state_ref(const struct dig_state *state, const char *name)
{
	size_t at = ref_place(state, name);

	if (at == state->nrefs || strcmp(state->refs[at].name, name) != 0)
		return NULL;
	return &state->refs[at];
}

void
dig_state_set_ref(
    struct dig_state *state, const char *name, const struct dig_oid *id)
{
	size_t at = ref_place(state, name);
	bool there =
	    at < state->nrefs && strcmp(state->refs[at].name, name) == 0;

	if (there && id != NULL) {
		state->refs[at].id = *id;
	} else if (there) {
		free(state->refs[at].name);
		state->nrefs--;
		memmove(&state->refs[at], &state->refs[at + 1],
		    (state->nrefs - at) * sizeof(*state->refs));
	} else if (id != NULL) {
		DIG_GROW(state->refs, state->refs_cap, state->nrefs + 1);
		memmove(&state->refs[at + 1], &state->refs[at],
		    (state->nrefs - at) * sizeof(*state->refs));
		state->refs[at].name = dig_strdup(name);
		state->refs[at].id = *id;
		state->nrefs++;
	}
}

bool
dig_state_head(const struct dig_state *state, struct dig_oid *out)
{
	const struct dig_ref *ref;

	if (state->head_ref == NULL) {
		*out = state->head_id;
		return !dig_oid_is_zero(&state->head_id);
	}
	ref = dig_state_ref(state, state->head_ref);
	if (ref == NULL)
		return false;
	*out = ref->id;
	return true;
}

struct dig_pack_state *
dig_state_pack(const struct dig_state *state, uint32_t number)
{
	size_t low = 0;
	size_t high = state->npacks;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (state->packs[mid].number < number)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == state->npacks || state->packs[low].number != number)
		return NULL;
	return &state->packs[low];
}

void
dig_state_set_pack(struct dig_state *state, const struct dig_pack_state *pack)
{
	struct dig_pack_state *there = dig_state_pack(state, pack->number);
	size_t at = state->npacks;

	if (there != NULL) {
		*there = *pack;
		return;
	}
	DIG_GROW(state->packs, state->packs_cap, state->npacks + 1);
	while (at > 0 && state->packs[at - 1].number > pack->number) {
		state->packs[at] = state->packs[at - 1];
		at--;
	}
	state->packs[at] = *pack;
	state->npacks++;
	if (pack->number >= state->next_pack)
		state->next_pack = pack->number + 1;
}

void
dig_state_drop_pack(struct dig_state *state, uint32_t number)
{
	struct dig_pack_state *pack = dig_state_pack(state, number);

	if (pack == NULL)
		return;
	state->npacks--;
	memmove(pack, pack + 1,
	    (size_t)(state->packs + state->npacks - pack) * sizeof(*pack));
}

uint64_t
dig_pack_covered(const struct dig_pack_state *pack)
{
	uint64_t group;
	uint64_t stored;

	if (pack->shape.data == 0)
		return 0;
	if (pack->flags & DIG_PACK_SEALED)
		return pack->length;
	group = dig_parity_group_bytes(&pack->shape);
	stored = dig_parity_stored_bytes(&pack->shape, group);
	return pack->parity_length / stored * group;
}

bool
dig_pack_parity_fits(const struct dig_pack_state *pack)
{
	uint64_t last = 0;
	uint64_t stored;
	uint64_t group;

	if (pack->shape.data == 0)
		return true;
	group = dig_parity_group_bytes(&pack->shape);
	stored = dig_parity_stored_bytes(&pack->shape, group);
	if ((pack->flags & DIG_PACK_SEALED) && pack->length % group != 0)
		last =
		    dig_parity_stored_bytes(&pack->shape, pack->length % group);
	return pack->parity_length >= last &&
	       (pack->parity_length - last) % stored == 0 &&
	       (pack->parity_length - last) / stored == pack->length / group;
}

static bool
component_valid(const char *name, size_t len)
{
	if (len == 0 || name[0] == '.' || name[len - 1] == '.')
		return false;
	if (len >= 5 && memcmp(name + len - 5, ".lock", 5) == 0)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)name[i];

		if (c <= 0x20 || c == 0x7f || strchr("~^:?*[\\", c) != NULL)
			return false;
		if (i + 1 < len && ((c == '.' && name[i + 1] == '.') ||
				       (c == '@' && name[i + 1] == '{')))
			return false;
	}
	return true;
}

bool
dig_refname_valid(const char *name)
{
	size_t parts = 0;

	if (strncmp(name, "refs/", 5) != 0 || strlen(name) > 1024)
		return false;
	for (;;) {
		size_t len = strcspn(name, "/");

		if (!component_valid(name, len))
			return false;
		parts++;
		if (name[len] == '\0')
			return parts >= 3;
		name += len + 1;
	}
}
