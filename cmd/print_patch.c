/* SPDX-License-Identifier: MIT
 *
 * Patches: the header that says what happens to the file, then its hunks.
 *
 * Source: git-diff(1) "Generating patch text with -p".
 */
#include "cmd/print_patch.h"

#include <string.h>

struct patch {
	struct dig_diff_view *view;
	const struct dig_change *change;
	const struct dig_pair *pair;
	bool has_header;
	bool has_files; /* the lines --- and +++ */
};

/* ---- The header ------------------------------------------------------- */

static const uint8_t *
old_path(const struct dig_change *change, size_t *len)
{
	*len =
	    change->old_path != NULL ? change->old_path_len : change->path_len;
	return change->old_path != NULL ? change->old_path : change->path;
}

/* "a/path", quoted as a whole where it has to be. */
static void
put_name(struct patch *patch, bool old, const char *end)
{
	struct dig_buf name = DIG_BUF_INIT;
	size_t len = patch->change->path_len;
	const uint8_t *path =
	    old ? old_path(patch->change, &len) : patch->change->path;

	dig_buf_puts(&name, old != patch->view->reversed ? "a/" : "b/");
	dig_buf_put(&name, path, len);
	dig_out_path(patch->view->out, name.data, name.len, false, end);
	dig_buf_clear(&name);
}

static void
end_line(struct dig_out *out)
{
	dig_out_colour(out, DIG_COLOUR_RESET);
	dig_out_puts(out, "\n");
}

static void
put_meta(struct dig_out *out, const char *text, uint32_t mode)
{
	dig_out_colour(out, DIG_COLOUR_DIFF_META);
	dig_out_printf(out, "%s%06o", text, (unsigned)mode);
	end_line(out);
}

static void
put_rename(struct dig_out *out, const struct dig_change *change)
{
	dig_out_colour(out, DIG_COLOUR_DIFF_META);
	dig_out_printf(out, "similarity index %u%%", (unsigned)change->score);
	end_line(out);
	dig_out_colour(out, DIG_COLOUR_DIFF_META);
	dig_out_puts(out, "rename from ");
	dig_out_path(out, change->old_path, change->old_path_len, false, "");
	end_line(out);
	dig_out_colour(out, DIG_COLOUR_DIFF_META);
	dig_out_puts(out, "rename to ");
	dig_out_path(out, change->path, change->path_len, false, "");
	end_line(out);
}

static void
put_ids(struct dig_out *out, const struct dig_change *change)
{
	char old[DIG_OID_HEX + 1], now[DIG_OID_HEX + 1];

	dig_oid_hex(&change->old.content, old);
	dig_oid_hex(&change->now.content, now);
	dig_out_colour(out, DIG_COLOUR_DIFF_META);
	dig_out_printf(out, "index %.*s..%.*s", DIG_REVISION_SHORT, old,
	    DIG_REVISION_SHORT, now);
	if (change->old.mode == change->now.mode)
		dig_out_printf(out, " %06o", (unsigned)change->now.mode);
	end_line(out);
}

static void
put_header(struct patch *patch)
{
	const struct dig_change *change = patch->change;
	struct dig_out *out = patch->view->out;

	if (patch->has_header)
		return;
	patch->has_header = true;
	dig_out_colour(out, DIG_COLOUR_DIFF_META);
	dig_out_puts(out, "diff --git ");
	put_name(patch, true, " ");
	put_name(patch, false, "");
	end_line(out);
	if (change->old.mode == 0) {
		put_meta(out, "new file mode ", change->now.mode);
	} else if (change->now.mode == 0) {
		put_meta(out, "deleted file mode ", change->old.mode);
	} else if (change->old.mode != change->now.mode) {
		put_meta(out, "old mode ", change->old.mode);
		put_meta(out, "new mode ", change->now.mode);
	}
	if (change->kind == 'R')
		put_rename(out, change);
	if (!patch->pair->same)
		put_ids(out, change);
}

/* A name with a space ends in a tab, so that patch(1) sees where it ends. */
static void
put_file(struct patch *patch, bool old)
{
	const struct dig_change *change = patch->change;
	const struct dig_change_side *side = old ? &change->old : &change->now;
	struct dig_out *out = patch->view->out;
	size_t len = change->path_len;
	const uint8_t *path = old ? old_path(change, &len) : change->path;

	dig_out_colour(out, DIG_COLOUR_DIFF_META);
	dig_out_puts(out, old ? "--- " : "+++ ");
	if (side->mode == 0)
		dig_out_puts(out, "/dev/null");
	else
		put_name(
		    patch, old, memchr(path, ' ', len) != NULL ? "\t" : "");
	end_line(out);
}

/* ---- Hunks ------------------------------------------------------------ */

static void
put_range(struct dig_out *out, char sign, size_t start, size_t lines)
{
	dig_out_printf(out, "%c%zu", sign, start);
	if (lines != 1)
		dig_out_printf(out, ",%zu", lines);
}

void
dig_print_patch_hunk(struct dig_out *out, const struct dig_text_hunk *hunk)
{
	dig_out_colour(out, DIG_COLOUR_DIFF_FRAG);
	dig_out_puts(out, "@@ ");
	put_range(out, '-', hunk->old_start, hunk->old_lines);
	dig_out_puts(out, " ");
	put_range(out, '+', hunk->new_start, hunk->new_lines);
	dig_out_puts(out, " @@");
	dig_out_colour(out, DIG_COLOUR_RESET);
	if (hunk->heading_len > 0) {
		dig_out_puts(out, " ");
		dig_out_text(out, hunk->heading, hunk->heading_len);
	}
	dig_out_puts(out, "\n");
}

static void
put_files(struct patch *patch)
{
	put_header(patch);
	if (patch->has_files)
		return;
	put_file(patch, true);
	put_file(patch, false);
	patch->has_files = true;
}

void
dig_print_patch_head(struct dig_diff_view *view,
    const struct dig_change *change, const struct dig_pair *pair, bool hunks)
{
	struct patch patch = { view, change, pair, false, false };

	put_header(&patch);
	if (hunks)
		put_files(&patch);
}

static bool
put_hunk(void *arg, const struct dig_text_hunk *hunk)
{
	struct patch *patch = arg;

	put_files(patch);
	dig_print_patch_hunk(patch->view->out, hunk);
	return !dig_out_gone(patch->view->out);
}

void
dig_print_patch_line(
    struct dig_out *out, char kind, const char *line, size_t len)
{
	bool ended = len > 0 && line[len - 1] == '\n';
	char sign[2] = { kind, '\0' };

	if (kind != ' ')
		dig_out_colour(out,
		    kind == '+' ? DIG_COLOUR_DIFF_NEW : DIG_COLOUR_DIFF_OLD);
	dig_out_puts(out, sign);
	dig_out_text(out, line, ended ? len - 1 : len);
	if (kind != ' ')
		dig_out_colour(out, DIG_COLOUR_RESET);
	dig_out_puts(out, ended ? "\n" : "\n\\ No newline at end of file\n");
}

static bool
put_line(void *arg, char kind, const char *line, size_t len)
{
	struct patch *patch = arg;

	dig_print_patch_line(patch->view->out, kind, line, len);
	return !dig_out_gone(patch->view->out);
}

/* git's words, and the sizes behind them. */
static void
put_binary(struct patch *patch)
{
	const struct dig_change *change = patch->change;
	struct dig_out *out = patch->view->out;

	dig_out_puts(out, "Binary files ");
	if (change->old.mode != 0)
		put_name(patch, true, "");
	else
		dig_out_puts(out, "/dev/null");
	dig_out_puts(out, " and ");
	if (change->now.mode != 0)
		put_name(patch, false, "");
	else
		dig_out_puts(out, "/dev/null");
	dig_out_printf(out, " differ (%llu -> %llu bytes)\n",
	    (unsigned long long)change->old.size_bytes,
	    (unsigned long long)change->now.size_bytes);
}

static enum dig_status
print_one(struct dig_diff_view *view, struct dig_change *change,
    struct dig_error *err)
{
	struct dig_pair pair = DIG_PAIR_INIT;
	struct patch patch = { view, change, &pair, false, false };
	struct dig_text_sink sink = { &patch, put_hunk, put_line };
	enum dig_status st =
	    dig_differ_load(view->differ, change, view->force_text, &pair, err);

	/* A file that came and went while dig looked is no change. */
	if (st == DIG_OK && (pair.old.there || pair.now.there)) {
		if (change->kind != 'M' || change->old.mode != change->now.mode)
			put_header(&patch);
		if (pair.binary && !pair.same) {
			put_header(&patch);
			put_binary(&patch);
		} else if (!pair.same) {
			st = dig_differ_lines(
			    view->differ, &pair, &view->text, &sink, err);
		}
	}
	dig_pair_clear(&pair);
	return st;
}

enum dig_status
dig_print_patch(struct dig_diff_view *view, struct dig_change *change,
    struct dig_error *err)
{
	struct dig_change part = *change;
	enum dig_status st;

	if (change->kind == 'U') {
		dig_out_puts(view->out, "* Unmerged path ");
		dig_out_path(
		    view->out, change->path, change->path_len, false, "\n");
		return DIG_OK;
	}
	if (change->kind != 'T')
		return print_one(view, change, err);
	/* Another type of file: the old one goes, the new one comes. */
	memset(&part.now, 0, sizeof(part.now));
	part.kind = 'D';
	st = print_one(view, &part, err);
	if (st != DIG_OK)
		return st;
	part = *change;
	memset(&part.old, 0, sizeof(part.old));
	part.kind = 'A';
	return print_one(view, &part, err);
}
