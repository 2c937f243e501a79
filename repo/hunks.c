/* SPDX-License-Identifier: MIT
 *
 * Hunks: collecting, splitting, editing, applying. Each hunk names lines of the
 * old text, so any choice of them can be applied in one pass.
 */
#include "repo/hunks.h"

#include <stdlib.h>
#include <string.h>

#include "repo/diff.h"

void
dig_hunk_clear(struct dig_hunk *hunk)
{
	free(hunk->heading);
	free(hunk->lines);
	memset(hunk, 0, sizeof(*hunk));
}

void
dig_hunks_clear(struct dig_hunks *hunks)
{
	for (size_t i = 0; i < hunks->count; i++)
		dig_hunk_clear(&hunks->at[i]);
	free(hunks->at);
	dig_buf_clear(&hunks->text);
	memset(hunks, 0, sizeof(*hunks));
}

/* ---- Collecting ------------------------------------------------------- */

static void
add_line(struct dig_hunks *hunks, struct dig_hunk *hunk, char kind,
    const char *line, size_t len)
{
	DIG_GROW(hunk->lines, hunk->cap, hunk->count + 1);
	hunk->lines[hunk->count++] =
	    (struct dig_hunk_line){ kind, hunks->text.len, len };
	dig_buf_put(&hunks->text, line, len);
}

static bool
on_hunk(void *arg, const struct dig_text_hunk *found)
{
	struct dig_hunks *hunks = arg;
	struct dig_hunk *hunk;

	DIG_GROW(hunks->at, hunks->cap, hunks->count + 1);
	hunk = &hunks->at[hunks->count++];
	*hunk = (struct dig_hunk){ .old_start = found->old_start,
		.old_lines = found->old_lines,
		.new_start = found->new_start,
		.new_lines = found->new_lines };
	if (found->heading_len > 0)
		hunk->heading = dig_memdup0(found->heading, found->heading_len);
	return true;
}

static bool
on_line(void *arg, char kind, const char *line, size_t len)
{
	struct dig_hunks *hunks = arg;

	add_line(hunks, &hunks->at[hunks->count - 1], kind, line, len);
	return true;
}

enum dig_status
dig_hunks_collect(struct dig_differ *differ, const struct dig_pair *pair,
    struct dig_hunks *hunks, struct dig_error *err)
{
	const struct dig_text_options options = DIG_TEXT_OPTIONS_INIT;
	const struct dig_text_sink sink = { hunks, on_hunk, on_line };

	return dig_differ_lines(differ, pair, &options, &sink, err);
}

/* ---- Splitting -------------------------------------------------------- */

size_t
dig_hunk_parts(const struct dig_hunk *hunk)
{
	size_t parts = 0;

	for (size_t i = 0; i < hunk->count; i++)
		parts += hunk->lines[i].kind != ' ' &&
			 (i == 0 || hunk->lines[i - 1].kind == ' ');
	return parts;
}

/* Lines from..to of a hunk whose first line is old and new lines further. */
static struct dig_hunk
part_of(const struct dig_hunk *hunk, size_t from, size_t to, size_t old,
    size_t new_)
{
	struct dig_hunk part = { .old_start = hunk->old_start + old,
		.new_start = hunk->new_start + new_,
		.count = to - from,
		.cap = to - from };

	part.lines = dig_calloc(part.count + 1, sizeof(*part.lines));
	memcpy(
	    part.lines, hunk->lines + from, part.count * sizeof(*part.lines));
	for (size_t i = 0; i < part.count; i++) {
		part.old_lines += part.lines[i].kind != '+';
		part.new_lines += part.lines[i].kind != '-';
	}
	return part;
}

void
dig_hunks_split(struct dig_hunks *hunks, size_t i)
{
	struct dig_hunk whole = hunks->at[i];
	size_t parts = dig_hunk_parts(&whole), k = 0, at = 0;
	size_t old = 0, new_ = 0;

	DIG_GROW(hunks->at, hunks->cap, hunks->count + parts - 1);
	memmove(&hunks->at[i + parts], &hunks->at[i + 1],
	    (hunks->count - i - 1) * sizeof(*hunks->at));
	hunks->count += parts - 1;
	for (; k < parts; k++) {
		size_t changes = at, to, end;

		while (whole.lines[changes].kind == ' ')
			changes++;
		to = changes;
		while (to < whole.count && whole.lines[to].kind != ' ')
			to++;
		end = to;
		while (end < whole.count && whole.lines[end].kind == ' ')
			end++;
		hunks->at[i + k] = part_of(&whole, at, end, old, new_);
		for (; at < to; at++) {
			old += whole.lines[at].kind != '+';
			new_ += whole.lines[at].kind != '-';
		}
	}
	hunks->at[i].heading = whole.heading;
	free(whole.lines);
}

/* ---- Editing ---------------------------------------------------------- */

/* One line of an edited patch; false: it is none. */
static bool
take_line(struct dig_hunks *hunks, struct dig_hunk *hunk, const char *line,
    size_t len)
{
	struct dig_hunk_line *last =
	    hunk->count > 0 ? &hunk->lines[hunk->count - 1] : NULL;

	if (*line == '\\') {
		if (last != NULL && last->len > 0)
			last->len--; /* its newline */
		return last != NULL;
	}
	if (*line == '\n' || *line == '\r') {
		add_line(hunks, hunk, ' ', line, len);
		return true;
	}
	if (*line != ' ' && *line != '-' && *line != '+')
		return false;
	add_line(hunks, hunk, *line, line + 1, len - 1);
	if (line[len - 1] != '\n') { /* an editor that ends no last line */
		dig_buf_putc(&hunks->text, '\n');
		hunk->lines[hunk->count - 1].len++;
	}
	return true;
}

struct dig_hunk
dig_hunks_edit(
    struct dig_hunks *hunks, size_t i, const void *text, size_t len, bool *good)
{
	struct dig_hunk *hunk = &hunks->at[i];
	struct dig_hunk before = *hunk;
	struct dig_hunk now = { .use = hunk->use,
		.old_start = hunk->old_start,
		.new_start = hunk->new_start,
		.edited = true };
	const char *at = text, *end = at + len;

	*good = true;
	while (at < end && *good) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));
		const char *next = nl != NULL ? nl + 1 : end;

		*good = take_line(hunks, &now, at, (size_t)(next - at));
		at = next;
	}
	if (!*good) {
		dig_hunk_clear(&now);
		return (struct dig_hunk){ 0 };
	}
	for (size_t k = 0; k < now.count; k++) {
		now.old_lines += now.lines[k].kind != '+';
		now.new_lines += now.lines[k].kind != '-';
	}
	now.heading =
	    before.heading != NULL ? dig_strdup(before.heading) : NULL;
	*hunk = now;
	return before;
}

void
dig_hunk_put_back(struct dig_hunks *hunks, size_t i, struct dig_hunk *before)
{
	dig_hunk_clear(&hunks->at[i]);
	hunks->at[i] = *before;
	memset(before, 0, sizeof(*before));
}

/* ---- Applying --------------------------------------------------------- */

struct line {
	const char *at;
	size_t len;
};

/* The old text by lines, and how far it has been copied. */
struct applying {
	const struct dig_hunks *hunks;
	struct line *lines;
	size_t count;
	size_t done;
	struct dig_buf *out;
};

static void
cut_lines(struct applying *a, const char *text, size_t len)
{
	const char *end = text + len;
	size_t cap = 0;

	for (const char *at = text; at < end;) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));
		const char *next = nl != NULL ? nl + 1 : end;

		DIG_GROW(a->lines, cap, a->count + 1);
		a->lines[a->count++] = (struct line){ at, (size_t)(next - at) };
		at = next;
	}
}

static bool
same_line(const struct applying *a, const struct dig_hunk_line *line, size_t at)
{
	return at < a->count && a->lines[at].len == line->len &&
	       memcmp(a->lines[at].at, a->hunks->text.data + line->at,
		   line->len) == 0;
}

/* The lines that the hunk has of the old text stand there. */
static bool
fits_at(const struct applying *a, const struct dig_hunk *hunk, size_t at)
{
	for (size_t i = 0; i < hunk->count; i++) {
		if (hunk->lines[i].kind == '+')
			continue;
		if (!same_line(a, &hunk->lines[i], at))
			return false;
		at++;
	}
	return true;
}

/* Where an edited hunk fits, going out from its place; false: nowhere. */
static bool
find_place(const struct applying *a, const struct dig_hunk *hunk, size_t *place)
{
	bool at_begin = hunk->old_start <= 1;
	bool at_end =
	    hunk->count == 0 || hunk->lines[hunk->count - 1].kind != ' ';
	size_t start = hunk->old_start > 0 ? hunk->old_start - 1 : 0;
	size_t low, high, at;

	if (start > a->count)
		start = a->count;
	low = high = at = start;
	for (bool up = true;; up = !up) {
		if ((!at_begin || at == 0) &&
		    (!at_end || at + hunk->old_lines == a->count) &&
		    at + hunk->old_lines <= a->count && fits_at(a, hunk, at)) {
			*place = at;
			return true;
		}
		if (low == 0 && high == a->count)
			return false;
		if (up ? high == a->count : low == 0)
			up = !up;
		at = up ? ++high : --low;
	}
}

/* Copy the old text up to a line. */
static void
copy_to(struct applying *a, size_t at)
{
	for (; a->done < at; a->done++)
		dig_buf_put(
		    a->out, a->lines[a->done].at, a->lines[a->done].len);
}

/* A text whose last line has no newline takes no line behind it. */
static bool
is_whole(const struct dig_buf *out)
{
	return out->len == 0 || out->data[out->len - 1] == '\n';
}

static bool
apply_hunk(struct applying *a, const struct dig_hunk *hunk)
{
	/* A side with no lines starts at the line before it. */
	size_t at = hunk->old_lines > 0 ? hunk->old_start - 1 : hunk->old_start;

	if (hunk->edited && !find_place(a, hunk, &at))
		return false;
	for (size_t i = 0; i < hunk->count; i++) {
		const struct dig_hunk_line *line = &hunk->lines[i];

		if (line->kind != '+' && !same_line(a, line, at))
			return false;
		if (line->kind != ' ' && at < a->done)
			return false; /* another hunk has been there */
		copy_to(a, line->kind == ' ' ? at + 1 : at);
		if (line->kind == '-')
			a->done++;
		if (line->kind == '+') {
			if (!is_whole(a->out))
				return false;
			dig_buf_put(
			    a->out, a->hunks->text.data + line->at, line->len);
		}
		at += line->kind != '+';
	}
	return true;
}

bool
dig_hunks_apply(const struct dig_hunks *hunks, const void *old_text,
    size_t old_len, struct dig_buf *out)
{
	struct applying a = { .hunks = hunks, .out = out };
	bool fits = true;

	dig_buf_reset(out);
	cut_lines(&a, old_text, old_len);
	for (size_t i = 0; i < hunks->count && fits; i++)
		if (hunks->at[i].use == DIG_HUNK_USE)
			fits = apply_hunk(&a, &hunks->at[i]);
	if (fits && a.done < a.count)
		fits = is_whole(out);
	if (fits)
		copy_to(&a, a.count);
	free(a.lines);
	return fits;
}
