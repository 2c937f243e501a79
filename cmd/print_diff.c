/* SPDX-License-Identifier: MIT
 *
 * A list of changes in all the ways that were asked for, and as JSON.
 */
#include "cmd/print_diff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/print_patch.h"
#include "cmd/print_stat.h"
#include "cmd/text.h"

/* ---- Names ------------------------------------------------------------ */

static void
print_status(struct dig_diff_view *view, const struct dig_change *change)
{
	const char *part = view->nul ? "" : "\t";

	dig_out_printf(view->out, "%c", change->kind);
	if (change->kind == 'R')
		dig_out_printf(view->out, "%03u", (unsigned)change->score);
	dig_out_raw(view->out, view->nul ? "\0" : "\t", 1);
	if (change->kind == 'R')
		dig_out_path(view->out, change->old_path, change->old_path_len,
		    view->nul, part);
}

static void
print_names(struct dig_diff_view *view, const struct dig_changes *changes)
{
	for (size_t i = 0; i < changes->count; i++) {
		const struct dig_change *change = &changes->at[i];

		if (view->show & DIG_SHOW_STATUS)
			print_status(view, change);
		dig_out_path(
		    view->out, change->path, change->path_len, view->nul, "\n");
	}
}

/* ---- Chunks ----------------------------------------------------------- */

/*
 * "path: 12 -> 34 bytes, 5 new", then " FROM-TO (n bytes)" for each range.
 */
static enum dig_status
print_chunks(struct dig_diff_view *view, const struct dig_changes *changes,
    struct dig_error *err)
{
	struct dig_chunk_changes ranges = { NULL, 0, 0, 0 };
	struct dig_out *out = view->out;
	enum dig_status st = DIG_OK;

	for (size_t i = 0; i < changes->count && !dig_out_gone(out); i++) {
		const struct dig_change *change = &changes->at[i];

		if (change->kind == 'U') {
			dig_out_path(
			    out, change->path, change->path_len, false, "");
			dig_out_puts(out, ": unmerged\n");
			continue;
		}
		st = dig_differ_chunks(view->differ, change, &ranges, err);
		if (st != DIG_OK)
			break;
		dig_out_path(out, change->path, change->path_len, false, ": ");
		dig_out_printf(out, "%llu -> %llu bytes, %llu new\n",
		    (unsigned long long)change->old.size_bytes,
		    (unsigned long long)change->now.size_bytes,
		    (unsigned long long)ranges.new_bytes);
		for (size_t k = 0; k < ranges.count; k++)
			dig_out_printf(out, " %llu-%llu (%llu bytes)\n",
			    (unsigned long long)ranges.at[k].from,
			    (unsigned long long)ranges.at[k].to,
			    (unsigned long long)(ranges.at[k].to -
						 ranges.at[k].from));
	}
	dig_chunk_changes_clear(&ranges);
	return st;
}

/* ---- All of it -------------------------------------------------------- */

enum dig_status
dig_print_diff(struct dig_diff_view *view, struct dig_changes *changes,
    struct dig_error *err)
{
	struct dig_line_counts *counts = NULL;
	enum dig_status st = DIG_OK;

	if (changes->count == 0)
		return DIG_OK;
	if (view->show & (DIG_SHOW_NAMES | DIG_SHOW_STATUS)) {
		print_names(view, changes);
		return DIG_OK;
	}
	if (view->show & DIG_SHOW_CHUNKS)
		return print_chunks(view, changes, err);
	if (view->show & DIG_SHOW_COUNTS) {
		st = dig_count_lines(view, changes, &counts, err);
		if (st != DIG_OK)
			return st;
		if (view->show & DIG_SHOW_NUMSTAT)
			dig_print_numstat(view, changes, counts);
		if (view->show & DIG_SHOW_STAT)
			dig_print_stat(view, changes, counts);
		if (view->show & DIG_SHOW_SHORTSTAT)
			dig_print_shortstat(view, changes, counts);
		free(counts);
		if (view->show & DIG_SHOW_PATCH)
			dig_out_puts(view->out, "\n");
	}
	if (view->show & DIG_SHOW_PATCH)
		for (size_t i = 0; st == DIG_OK && i < changes->count &&
				   !dig_out_gone(view->out);
		     i++)
			st = dig_print_patch(view, &changes->at[i], err);
	return st;
}

void
dig_diff_part(const struct dig_diff_view *view, const struct dig_pretty *pretty)
{
	bool both = (view->show & DIG_SHOW_STAT) != 0 &&
		    (view->show & DIG_SHOW_PATCH) != 0;

	if (pretty->kind != DIG_PRETTY_ONELINE && !dig_pretty_is_empty(pretty))
		dig_out_puts(view->out, both ? "---\n" : "\n");
}

enum dig_status
dig_diff_differs(struct dig_diff_view *view, struct dig_changes *changes,
    bool *differs, struct dig_error *err)
{
	struct dig_line_counts *counts = NULL;
	enum dig_status st;

	*differs = changes->count > 0;
	if (!view->text.ignore_all_space && !view->text.ignore_space_change)
		return DIG_OK;
	st = dig_count_lines(view, changes, &counts, err);
	if (st != DIG_OK)
		return st;
	*differs = false;
	for (size_t i = 0; i < changes->count; i++)
		*differs |= counts[i].shown;
	free(counts);
	return DIG_OK;
}

/* ---- JSON ------------------------------------------------------------- */

static void
json_side(struct dig_json *json, const struct dig_change_side *side, bool old)
{
	char hex[DIG_OID_HEX + 1], mode[12];

	if (side->mode == 0)
		return;
	snprintf(mode, sizeof(mode), "%06o", (unsigned)side->mode);
	dig_json_string(json, old ? "old_mode" : "new_mode", mode);
	dig_json_uint(json, old ? "old_size" : "new_size", side->size_bytes);
	if (dig_oid_is_zero(&side->content))
		return; /* a work file that was not read */
	dig_oid_hex(&side->content, hex);
	dig_json_string(json, old ? "old_id" : "new_id", hex);
}

static void
json_counts(struct dig_json *json, const struct dig_line_counts *counts)
{
	dig_json_bool(json, "binary", counts->binary);
	if (counts->binary)
		return;
	dig_json_uint(json, "added", counts->added);
	dig_json_uint(json, "deleted", counts->deleted);
}

static void
json_chunks(struct dig_json *json, const struct dig_chunk_changes *ranges)
{
	dig_json_object(json, "chunks");
	dig_json_uint(json, "new_bytes", ranges->new_bytes);
	dig_json_array(json, "ranges");
	for (size_t i = 0; i < ranges->count; i++) {
		dig_json_object(json, NULL);
		dig_json_uint(json, "from", ranges->at[i].from);
		dig_json_uint(json, "to", ranges->at[i].to);
		dig_json_object_end(json);
	}
	dig_json_array_end(json);
	dig_json_object_end(json);
}

static enum dig_status
json_change(struct dig_diff_view *view, struct dig_json *json,
    const struct dig_change *change, const struct dig_line_counts *counts,
    struct dig_error *err)
{
	struct dig_chunk_changes ranges = { NULL, 0, 0, 0 };
	char kind[2] = { change->kind, '\0' };
	enum dig_status st = DIG_OK;

	dig_json_object(json, NULL);
	dig_json_string(json, "kind", kind);
	dig_json_path(json, "path", change->path, change->path_len);
	if (change->old_path != NULL) {
		dig_json_path(
		    json, "old_path", change->old_path, change->old_path_len);
		dig_json_uint(json, "score", change->score);
	}
	json_side(json, &change->old, true);
	json_side(json, &change->now, false);
	if (counts != NULL && change->kind != 'U')
		json_counts(json, counts);
	if (view->show & DIG_SHOW_CHUNKS && change->kind != 'U') {
		st = dig_differ_chunks(view->differ, change, &ranges, err);
		if (st == DIG_OK)
			json_chunks(json, &ranges);
		dig_chunk_changes_clear(&ranges);
	}
	dig_json_object_end(json);
	return st;
}

enum dig_status
dig_json_diff(struct dig_diff_view *view, struct dig_json *json,
    struct dig_changes *changes, struct dig_error *err)
{
	struct dig_line_counts *counts = NULL;
	enum dig_status st = DIG_OK;

	if (view->show & (DIG_SHOW_COUNTS | DIG_SHOW_PATCH))
		st = dig_count_lines(view, changes, &counts, err);
	if (st != DIG_OK)
		return st;
	dig_json_array(json, "changes");
	for (size_t i = 0; st == DIG_OK && i < changes->count; i++)
		st = json_change(view, json, &changes->at[i],
		    counts != NULL ? &counts[i] : NULL, err);
	dig_json_array_end(json);
	free(counts);
	return st;
}

/* ---- Options ---------------------------------------------------------- */

enum dig_status
dig_diff_opts_apply(const struct dig_diff_opts *opts, unsigned default_show,
    struct dig_diff_view *view, unsigned *rename_score, struct dig_error *err)
{
	unsigned show = 0;

	show |= opts->patch || opts->context >= 0 ? DIG_SHOW_PATCH : 0;
	show |= opts->stat ? DIG_SHOW_STAT : 0;
	show |= opts->numstat ? DIG_SHOW_NUMSTAT : 0;
	show |= opts->shortstat ? DIG_SHOW_SHORTSTAT : 0;
	if (opts->names && opts->status)
		return dig_raise(err, DIG_EINVALID,
		    "--name-only and --name-status exclude each other");
	if (opts->names || opts->status)
		show = opts->names ? DIG_SHOW_NAMES : DIG_SHOW_STATUS;
	if (opts->no_patch)
		show &= ~(unsigned)DIG_SHOW_PATCH;
	view->show = show != 0 || opts->no_patch ? show : default_show;
	view->text = (struct dig_text_options)DIG_TEXT_OPTIONS_INIT;
	if (opts->context >= 0)
		view->text.context_lines = (unsigned)opts->context;
	view->text.cut_end = opts->context == 0;
	view->text.ignore_all_space = opts->all_space;
	view->text.ignore_space_change = opts->space_change;
	view->force_text = opts->text;
	*rename_score = DIG_SCORE_DEFAULT;
	if (opts->renames == NULL || *opts->renames == '\0')
		return DIG_OK;
	if (strcmp(opts->renames, "no") == 0)
		*rename_score = 0;
	else if (!dig_score_parse(opts->renames, rename_score))
		return dig_raise(err, DIG_EINVALID,
		    "-M takes a percentage, not '%.60s'", opts->renames);
	else if (*rename_score == 0) /* as git reads it */
		*rename_score = DIG_SCORE_DEFAULT;
	return DIG_OK;
}
