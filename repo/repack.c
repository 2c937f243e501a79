/* SPDX-License-Identifier: MIT
 *
 * The transaction of a repack.
 */
#include "objects/repack.h"

#include "repo/internal.h"

static void
on_progress(
    void *arg, const char *what, uint64_t done_bytes, uint64_t total_bytes)
{
	const struct dig_talk *talk = &((struct dig_repo *)arg)->talk;
	struct dig_progress_report report = { what, 0, 0, done_bytes,
		total_bytes, NULL };

	if (talk->progress != NULL)
		talk->progress(talk->arg, &report);
}

enum dig_status
dig_repo_repack(struct dig_repo *repo,
    const struct dig_repo_repack_options *options,
    struct dig_repo_repack_result *out, struct dig_error *err)
{
	struct dig_repack_options how = { options->level, options->dry_run,
		repo, on_progress };
	struct dig_repack_totals totals = { 0 };
	enum dig_status st = DIG_OK;

	if (how.level == 0)
		how.level = DIG_REPACK_LEVEL;
	if (!options->dry_run)
		st = dig_index_begin(repo->index, err);
	if (st == DIG_OK)
		st = dig_index_repack(repo->index, &how, &totals, err);
	if (st != DIG_OK)
		return st;
	out->level = how.level;
	out->packs = totals.packs;
	out->objects = totals.objects;
	out->frames = totals.frames;
	out->deltas = totals.deltas;
	out->bytes_before = totals.bytes_before;
	out->bytes_after = totals.bytes_after;
	return DIG_OK;
}
