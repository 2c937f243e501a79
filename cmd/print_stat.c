/* SPDX-License-Identifier: MIT
 *
 * --numstat, --stat and --shortstat. The layout of --stat is git's: names and
 * a graph that share 80 columns.
 */
#include "cmd/print_stat.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/text.h"
#include "objects/base/path.h"

#define WIDTH 80
#define GRAPH_LEAST 6

/* ---- Counting --------------------------------------------------------- */

static enum dig_status
count_one(struct dig_diff_view *view, struct dig_change *change,
    struct dig_pair *pair, struct dig_line_counts *out, struct dig_error *err)
{
	enum dig_status st;

	if (change->kind == 'U') { /* there is nothing to count */
		out->shown = true;
		return DIG_OK;
	}
	/* As in git, --text is for patches only. */
	st = dig_differ_load(view->differ, change, false, pair, err);
	if (st != DIG_OK)
		return st;
	out->binary = pair->binary;
	/* git does not know that a binary work file has another mode only */
	if (pair->same &&
	    !(pair->binary && (change->old.work || change->now.work))) {
		out->added = out->deleted = 0;
	} else if (pair->binary) {
		out->added = change->now.size_bytes;
		out->deleted = change->old.size_bytes;
	} else {
		st = dig_differ_count(view->differ, pair, &view->text,
		    &out->added, &out->deleted, err);
	}
	out->shown = (pair->old.there || pair->now.there) &&
		     (change->kind != 'M' || out->added > 0 ||
			 out->deleted > 0 || (out->binary && !pair->same) ||
			 change->old.mode != change->now.mode);
	return st;
}

enum dig_status
dig_count_lines(struct dig_diff_view *view, struct dig_changes *changes,
    struct dig_line_counts **out, struct dig_error *err)
{
	struct dig_line_counts *counts =
	    dig_calloc(changes->count + 1, sizeof(*counts));
	struct dig_pair pair = DIG_PAIR_INIT;
	enum dig_status st = DIG_OK;

	for (size_t i = 0; st == DIG_OK && i < changes->count; i++)
		st = count_one(view, &changes->at[i], &pair, &counts[i], err);
	dig_pair_clear(&pair);
	if (st != DIG_OK) {
		free(counts);
		return st;
	}
	*out = counts;
	return DIG_OK;
}

/* ---- Names ------------------------------------------------------------ */

static bool
is_quoted(const uint8_t *path, size_t len)
{
	struct dig_buf quoted = DIG_BUF_INIT;
	bool yes;

	dig_path_quote(&quoted, path, len, false);
	yes = quoted.len != len;
	dig_buf_clear(&quoted);
	return yes;
}

/* Length of the folders that both begin with, '/' included. */
static size_t
common_start(const uint8_t *a, size_t alen, const uint8_t *b, size_t blen)
{
	size_t start = 0;

	for (size_t i = 0; i < alen && i < blen && a[i] == b[i]; i++)
		if (a[i] == '/')
			start = i + 1;
	return start;
}

/* Length of what both end with, from a '/' on; that '/' may be the last one
 * of the common start. */
static size_t
common_end(
    const uint8_t *a, size_t alen, const uint8_t *b, size_t blen, size_t start)
{
	size_t least = start > 0 ? start - 1 : 0;
	size_t end = 0;

	for (size_t n = 1; n <= alen - least && n <= blen - least &&
			   a[alen - n] == b[blen - n];
	     n++)
		if (a[alen - n] == '/')
			end = n;
	return end;
}

/* "old => new", with what both have in common said once: "a/{b => c}/d". */
static void
put_rename_name(struct dig_buf *name, const struct dig_change *change)
{
	const uint8_t *a = change->old_path, *b = change->path;
	size_t alen = change->old_path_len, blen = change->path_len;
	size_t start, end, amid, bmid;

	if (is_quoted(a, alen) || is_quoted(b, blen)) {
		dig_path_quote(name, a, alen, false);
		dig_buf_puts(name, " => ");
		dig_path_quote(name, b, blen, false);
		return;
	}
	start = common_start(a, alen, b, blen);
	end = common_end(a, alen, b, blen, start);
	amid = alen > start + end ? alen - start - end : 0;
	bmid = blen > start + end ? blen - start - end : 0;
	dig_buf_put(name, a, start);
	dig_buf_puts(name, start + end > 0 ? "{" : "");
	dig_buf_put(name, a + start, amid);
	dig_buf_puts(name, " => ");
	dig_buf_put(name, b + start, bmid);
	dig_buf_puts(name, start + end > 0 ? "}" : "");
	dig_buf_put(name, a + alen - end, end);
}

static void
put_name(struct dig_buf *name, const struct dig_change *change)
{
	dig_buf_reset(name);
	if (change->kind == 'R')
		put_rename_name(name, change);
	else
		dig_path_quote(name, change->path, change->path_len, false);
}

/* ---- numstat ---------------------------------------------------------- */

void
dig_print_numstat(struct dig_diff_view *view, const struct dig_changes *changes,
    const struct dig_line_counts *counts)
{
	struct dig_buf name = DIG_BUF_INIT;
	struct dig_out *out = view->out;

	for (size_t i = 0; i < changes->count; i++) {
		const struct dig_change *change = &changes->at[i];

		if (!counts[i].shown)
			continue;
		if (counts[i].binary)
			dig_out_puts(out, "-\t-\t");
		else
			dig_out_printf(out, "%llu\t%llu\t",
			    (unsigned long long)counts[i].added,
			    (unsigned long long)counts[i].deleted);
		if (view->nul && change->kind == 'R') {
			dig_out_raw(out, "", 1);
			dig_out_path(out, change->old_path,
			    change->old_path_len, true, "");
		}
		if (view->nul) {
			dig_out_path(
			    out, change->path, change->path_len, true, "");
			continue;
		}
		put_name(&name, change);
		dig_out_raw(out, name.data, name.len);
		dig_out_puts(out, "\n");
	}
	dig_buf_clear(&name);
}

/* ---- The line of sums -------------------------------------------------- */

static void
put_sum(struct dig_out *out, uint64_t count, const char *word, const char *sign)
{
	dig_out_printf(out, ", %llu %s%s(%s)", (unsigned long long)count, word,
	    count == 1 ? "" : "s", sign);
}

void
dig_print_shortstat(struct dig_diff_view *view,
    const struct dig_changes *changes, const struct dig_line_counts *counts)
{
	uint64_t files = 0, added = 0, deleted = 0;
	bool unmerged = false;

	for (size_t i = 0; i < changes->count; i++) {
		unmerged |= changes->at[i].kind == 'U';
		if (!counts[i].shown || changes->at[i].kind == 'U')
			continue;
		files++;
		if (counts[i].binary)
			continue;
		added += counts[i].added;
		deleted += counts[i].deleted;
	}
	if (files == 0) {
		dig_out_puts(view->out, unmerged ? " 0 files changed\n" : "");
		return;
	}
	dig_out_printf(view->out, " %llu file%s changed",
	    (unsigned long long)files, files == 1 ? "" : "s");
	if (added > 0 || deleted == 0)
		put_sum(view->out, added, "insertion", "+");
	if (deleted > 0 || added == 0)
		put_sum(view->out, deleted, "deletion", "-");
	dig_out_puts(view->out, "\n");
}

/* ---- stat ------------------------------------------------------------- */

struct layout {
	int name; /* columns */
	int number;
	int graph;
	uint64_t most; /* lines of one file */
};

static int
digits(uint64_t value)
{
	int n = 1;

	for (; value >= 10; value /= 10)
		n++;
	return n;
}

static struct layout
lay_out(const struct dig_changes *changes, const struct dig_line_counts *counts)
{
	struct layout layout = { 0, 0, 0, 0 };
	struct dig_buf name = DIG_BUF_INIT;
	int width = WIDTH, longest = 0, binary = 0;

	for (size_t i = 0; i < changes->count; i++) {
		const struct dig_line_counts *count = &counts[i];
		uint64_t lines = count->added + count->deleted;

		if (!count->shown)
			continue;
		put_name(&name, &changes->at[i]);
		if ((int)name.len > longest)
			longest = (int)name.len;
		if (changes->at[i].kind == 'U' && binary < 8)
			binary = 8;  /* "Unmerged" */
		if (count->binary) { /* "Bin 12 -> 345 bytes" */
			int w =
			    14 + digits(count->added) + digits(count->deleted);

			binary = w > binary ? w : binary;
			layout.number = layout.number > 3 ? layout.number : 3;
		} else if (lines > layout.most) {
			layout.most = lines;
		}
	}
	dig_buf_clear(&name);
	if (digits(layout.most) > layout.number)
		layout.number = digits(layout.most);
	if (width < 16 + 6 + layout.number)
		width = 16 + 6 + layout.number;
	layout.graph = layout.most + 4 > (uint64_t)binary
			   ? (layout.most < INT32_MAX / 2 ? (int)layout.most
							  : INT32_MAX / 2)
			   : binary - 4;
	layout.name = longest;
	if ((int64_t)layout.name + layout.number + 6 + layout.graph <= width)
		return layout;
	if (layout.graph > width * 3 / 8 - layout.number - 6) {
		layout.graph = width * 3 / 8 - layout.number - 6;
		if (layout.graph < GRAPH_LEAST)
			layout.graph = GRAPH_LEAST;
	}
	if (layout.name > width - layout.number - 6 - layout.graph)
		layout.name = width - layout.number - 6 - layout.graph;
	else
		layout.graph = width - layout.number - 6 - layout.name;
	return layout;
}

/* The name in its column: a long one loses its beginning, up to a '/'. A
 * column is a byte, for names are quoted. */
static void
put_padded(struct dig_out *out, const char *name, int room)
{
	int len = (int)strlen(name);
	const char *dots = "";

	if (len > room) {
		const char *slash;

		dots = "...";
		room = room > 3 ? room - 3 : 0;
		name += len - room;
		slash = strchr(name, '/');
		if (slash != NULL)
			name = slash;
		len = (int)strlen(name);
	}
	dig_out_printf(out, " %s%s%*s", dots, name, room - len, "");
}

static uint64_t
scale(uint64_t lines, int width, uint64_t most)
{
	if (lines == 0)
		return 0;
	return 1 + lines * (uint64_t)(width - 1) / most;
}

static void
put_signs(
    struct dig_out *out, char sign, uint64_t count, enum dig_colour colour)
{
	char signs[64];

	if (count == 0)
		return;
	memset(signs, sign, sizeof(signs));
	dig_out_colour(out, colour);
	for (; count > 0; count -= count < 64 ? count : 64)
		dig_out_raw(out, signs, count < 64 ? (size_t)count : 64);
	dig_out_colour(out, DIG_COLOUR_RESET);
}

static void
put_graph(struct dig_out *out, const struct layout *layout,
    const struct dig_line_counts *count)
{
	uint64_t added = count->added, deleted = count->deleted;

	if ((uint64_t)layout->graph <= layout->most) {
		uint64_t total =
		    scale(added + deleted, layout->graph, layout->most);

		if (total < 2 && added > 0 && deleted > 0)
			total = 2;
		if (added < deleted) {
			added = scale(added, layout->graph, layout->most);
			deleted = total - added;
		} else {
			deleted = scale(deleted, layout->graph, layout->most);
			added = total - deleted;
		}
	}
	put_signs(out, '+', added, DIG_COLOUR_DIFF_NEW);
	put_signs(out, '-', deleted, DIG_COLOUR_DIFF_OLD);
}

static void
put_binary(struct dig_out *out, const struct layout *layout,
    const struct dig_line_counts *count)
{
	dig_out_printf(out, " | %*s", layout->number, "Bin");
	if (count->added == 0 && count->deleted == 0)
		return;
	dig_out_puts(out, " ");
	dig_out_colour(out, DIG_COLOUR_DIFF_OLD);
	dig_out_printf(out, "%llu", (unsigned long long)count->deleted);
	dig_out_colour(out, DIG_COLOUR_RESET);
	dig_out_puts(out, " -> ");
	dig_out_colour(out, DIG_COLOUR_DIFF_NEW);
	dig_out_printf(out, "%llu", (unsigned long long)count->added);
	dig_out_colour(out, DIG_COLOUR_RESET);
	dig_out_puts(out, " bytes");
}

void
dig_print_stat(struct dig_diff_view *view, const struct dig_changes *changes,
    const struct dig_line_counts *counts)
{
	struct layout layout = lay_out(changes, counts);
	struct dig_buf name = DIG_BUF_INIT;
	struct dig_out *out = view->out;

	for (size_t i = 0; i < changes->count; i++) {
		uint64_t lines = counts[i].added + counts[i].deleted;

		if (!counts[i].shown)
			continue;
		put_name(&name, &changes->at[i]);
		put_padded(out, (const char *)name.data, layout.name);
		if (changes->at[i].kind == 'U') {
			dig_out_puts(out, " | Unmerged");
		} else if (counts[i].binary) {
			put_binary(out, &layout, &counts[i]);
		} else {
			dig_out_printf(out, " | %*llu%s", layout.number,
			    (unsigned long long)lines, lines > 0 ? " " : "");
			put_graph(out, &layout, &counts[i]);
		}
		dig_out_puts(out, "\n");
	}
	dig_buf_clear(&name);
	dig_print_shortstat(view, changes, counts);
}
