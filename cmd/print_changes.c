/* SPDX-License-Identifier: MIT
 *
 * Changed files: names, status letters, sizes before and after.
 */
#include "cmd/print_changes.h"

#include <stdio.h>

#include "cmd/text.h"
#include "objects/base/path.h"

#define STAT_NAME_MAX 60 /* longer names do not widen the column */

static void
print_status(struct dig_out *out, const struct dig_change *change)
{
	if (change->kind == 'R') {
		dig_out_puts(out, "R100\t");
		dig_out_path(
		    out, change->old_path, change->old_path_len, false, "\t");
	} else {
		dig_out_printf(out, "%c\t", change->kind);
	}
	dig_out_path(out, change->path, change->path_len, false, "\n");
}

/* The path, or "old => new". */
static void
put_name(struct dig_buf *name, const struct dig_change *change)
{
	dig_buf_reset(name);
	if (change->kind == 'R') {
		dig_path_quote(
		    name, change->old_path, change->old_path_len, false);
		dig_buf_puts(name, " => ");
	}
	dig_path_quote(name, change->path, change->path_len, false);
}

static void
print_stat_line(struct dig_out *out, const struct dig_change *change,
    struct dig_buf *name, size_t width)
{
	struct dig_buf sizes = DIG_BUF_INIT;

	put_name(name, change);
	dig_out_printf(out, " %-*s | ", (int)width, (const char *)name->data);
	dig_format_size(&sizes, change->old.size_bytes);
	dig_buf_puts(&sizes, " -> ");
	dig_format_size(&sizes, change->now.size_bytes);
	dig_buf_putc(&sizes, '\n');
	dig_out_raw(out, sizes.data, sizes.len);
	dig_buf_clear(&sizes);
}

static void
print_count(struct dig_out *out, size_t count, const char *word)
{
	if (count > 0)
		dig_out_printf(out, ", %zu %s", count, word);
}

/* " 3 files changed, 1 added, 2 modified, 120 bytes more" */
static void
print_sums(struct dig_out *out, const struct dig_changes *changes)
{
	size_t added = 0, deleted = 0, renamed = 0, modified = 0;
	uint64_t before = 0, after = 0;

	for (size_t i = 0; i < changes->count; i++) {
		const struct dig_change *change = &changes->at[i];

		added += change->kind == 'A';
		deleted += change->kind == 'D';
		renamed += change->kind == 'R';
		modified += change->kind == 'M' || change->kind == 'T';
		before += change->old.size_bytes;
		after += change->now.size_bytes;
	}
	dig_out_printf(out, " %zu file%s changed", changes->count,
	    changes->count == 1 ? "" : "s");
	print_count(out, added, "added");
	print_count(out, modified, "modified");
	print_count(out, renamed, "renamed");
	print_count(out, deleted, "deleted");
	dig_out_printf(out, ", %llu bytes %s\n",
	    (unsigned long long)(after < before ? before - after
						: after - before),
	    after < before ? "less" : "more");
}

static void
print_stat(struct dig_out *out, const struct dig_changes *changes)
{
	struct dig_buf name = DIG_BUF_INIT;
	size_t width = 0;

	for (size_t i = 0; i < changes->count; i++) {
		put_name(&name, &changes->at[i]);
		if (name.len > width && name.len <= STAT_NAME_MAX)
			width = name.len;
	}
	for (size_t i = 0; i < changes->count; i++)
		print_stat_line(out, &changes->at[i], &name, width);
	dig_buf_clear(&name);
	print_sums(out, changes);
}

void
dig_print_changes(struct dig_out *out, const struct dig_changes *changes,
    enum dig_changes_style style)
{
	if (changes->count == 0 || style == DIG_CHANGES_NONE)
		return;
	if (style == DIG_CHANGES_STAT) {
		print_stat(out, changes);
		return;
	}
	for (size_t i = 0; i < changes->count; i++)
		if (style == DIG_CHANGES_STATUS)
			print_status(out, &changes->at[i]);
		else
			dig_out_path(out, changes->at[i].path,
			    changes->at[i].path_len, false, "\n");
}

static void
json_side(struct dig_json *json, const struct dig_change_side *side, bool old)
{
	char hex[DIG_OID_HEX + 1], mode[12];

	if (side->mode == 0)
		return;
	snprintf(mode, sizeof(mode), "%06o", (unsigned)side->mode);
	dig_oid_hex(&side->content, hex);
	dig_json_string(json, old ? "old_mode" : "new_mode", mode);
	dig_json_uint(json, old ? "old_size" : "new_size", side->size_bytes);
	dig_json_string(json, old ? "old_id" : "new_id", hex);
}

void
dig_json_changes(struct dig_json *json, const struct dig_changes *changes)
{
	dig_json_array(json, "changes");
	for (size_t i = 0; i < changes->count; i++) {
		const struct dig_change *change = &changes->at[i];
		char kind[2] = { change->kind, '\0' };

		dig_json_object(json, NULL);
		dig_json_string(json, "kind", kind);
		dig_json_path(json, "path", change->path, change->path_len);
		if (change->old_path != NULL)
			dig_json_path(json, "old_path", change->old_path,
			    change->old_path_len);
		json_side(json, &change->old, true);
		json_side(json, &change->now, false);
		dig_json_object_end(json);
	}
	dig_json_array_end(json);
}
