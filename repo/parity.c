/* SPDX-License-Identifier: MIT
 *
 * Sums over the packs of the journal's state.
 */
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
