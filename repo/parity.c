/* SPDX-License-Identifier: MIT
 *
 * What parity packs have, and giving them another.
 */
#include <stdio.h>

#include "objects/parity_build.h"
#include "repo/internal.h"

static struct dig_parity_sum *
sum_for(struct dig_parity_sum *sums, size_t *count, size_t max,
    const struct dig_parity_shape *shape)
{
	struct dig_parity_sum *sum;

	for (size_t i = 0; i < *count; i++)
		if (sums[i].data == shape->data &&
		    sums[i].parity == shape->parity)
			return &sums[i];
	if (*count == max)
		return NULL;
	sum = &sums[(*count)++];
	memset(sum, 0, sizeof(*sum));
	sum->data = shape->data;
	sum->parity = shape->parity;
	if (shape->data == 0)
		return sum;
	sum->group_bytes = dig_parity_group_bytes(shape);
	/* One cell more could be the second of a stripe too many. */
	sum->hole_bytes = ((uint64_t)shape->parity * DIG_PARITY_STRIPES - 1) *
			  DIG_PARITY_CELL;
	return sum;
}

size_t
dig_repo_parity(struct dig_repo *repo, struct dig_parity_sum *out, size_t max)
{
	const struct dig_state *state = dig_index_state(repo->index);
	size_t count = 0;

	for (size_t i = 0; i < state->npacks; i++) {
		const struct dig_pack_state *pack = &state->packs[i];
		struct dig_parity_sum *sum =
		    sum_for(out, &count, max, &pack->shape);

		if (sum == NULL)
			continue;
		sum->packs++;
		sum->bytes += pack->length;
		sum->covered += dig_pack_covered(pack);
		sum->parity_bytes += pack->parity_length;
		sum->whole_packs +=
		    pack->shape.data != 0 && dig_pack_covered(pack) == 0;
	}
	return count;
}

/* ---- Another geometry ------------------------------------------------- */

enum dig_status
dig_repo_parity_shape(struct dig_repo *repo, unsigned *data, unsigned *parity,
    struct dig_error *err)
{
	int64_t k = 0, m = 0;
	enum dig_status st;

	st = dig_config_get_int(repo->config, "parity.data", &k, NULL, err);
	if (st == DIG_OK)
		st = dig_config_get_int(
		    repo->config, "parity.parity", &m, NULL, err);
	if (st != DIG_OK)
		return st;
	*data = m > 0 ? (unsigned)k : 0;
	*parity = (unsigned)m;
	return DIG_OK;
}

enum dig_status
dig_repo_parity_set(struct dig_repo *repo, unsigned data, unsigned parity,
    struct dig_error *err)
{
	struct dig_parity_shape shape = { data, parity };
	enum dig_status st = DIG_OK;
	char text[16];

	if (parity > 0 && !dig_parity_shape_valid(&shape))
		return dig_raise(err, DIG_EINVALID,
		    "%u+%u is no geometry: 1 to %d cells and 1 to %d of parity",
		    data, parity, DIG_PARITY_DATA_MAX, DIG_PARITY_PARITY_MAX);
	if (parity > 0) {
		snprintf(text, sizeof(text), "%u", data);
		st = dig_repo_config_set(repo, "parity.data", text, err);
	}
	snprintf(text, sizeof(text), "%u", parity);
	return st == DIG_OK
		   ? dig_repo_config_set(repo, "parity.parity", text, err)
		   : st;
}

struct changing {
	struct dig_repo *repo;
	struct dig_parity_shape shape;
	void *arg;
	void (*left)(void *arg, const char *why);
	struct dig_parity_change done;
};

static void
tell(const struct changing *changing, uint64_t done, uint64_t total)
{
	const struct dig_talk *talk = &changing->repo->talk;
	struct dig_progress_report report = { "changing parity", 0, 0, done,
		total, NULL };

	if (talk->progress != NULL)
		talk->progress(talk->arg, &report);
}

/* One pack, and its record. */
static enum dig_status
change_pack(struct changing *changing, uint32_t number, struct dig_error *err)
{
	struct dig_index *index = changing->repo->index;
	struct dig_store *store = dig_index_store(index);
	struct dig_commit_options options = { .keep_open = true };
	struct dig_pack_state pack;
	enum dig_status st;
	char verb[64];

	st = dig_parity_build(store, number, &changing->shape, &pack, err);
	if (st == DIG_ECORRUPT) {
		changing->done.left++;
		changing->left(changing->arg, err->msg);
		return DIG_OK;
	}
	if (st != DIG_OK)
		return st;
	snprintf(verb, sizeof(verb), "parity: %u+%u for pack %u",
	    pack.shape.data, pack.shape.parity, number);
	options.verb = verb;
	dig_state_set_pack(dig_index_next(index), &pack);
	st = dig_index_commit(index, &options, NULL, err);
	if (st == DIG_OK)
		st = dig_store_clean(store, err);
	changing->done.packs++;
	changing->done.bytes += pack.length;
	return st;
}

static enum dig_status
change_all(struct changing *changing, struct dig_error *err)
{
	struct dig_index *index = changing->repo->index;
	enum dig_status st = DIG_OK;
	uint64_t total = 0;
	uint64_t done = 0;

	for (size_t i = 0; i < dig_index_state(index)->npacks; i++)
		total += dig_index_state(index)->packs[i].length;
	for (size_t i = 0; st == DIG_OK && i < dig_index_state(index)->npacks;
	     i++) {
		struct dig_pack_state pack = dig_index_state(index)->packs[i];

		if (pack.shape.data != changing->shape.data ||
		    pack.shape.parity != changing->shape.parity)
			st = change_pack(changing, pack.number, err);
		done += pack.length;
		tell(changing, done, total);
	}
	return st;
}

enum dig_status
dig_repo_parity_build(struct dig_repo *repo, unsigned data, unsigned parity,
    void *arg, void (*left)(void *arg, const char *why),
    struct dig_parity_change *out, struct dig_error *err)
{
	struct changing changing = { repo, { data, parity }, arg, left,
		{ 0, 0, 0 } };
	enum dig_status st = dig_index_begin(repo->index, err);

	if (st == DIG_OK)
		st = change_all(&changing, err);
	dig_index_rollback(repo->index);
	if (st == DIG_OK)
		*out = changing.done;
	return st;
}
