/* SPDX-License-Identifier: MIT
 *
 *	common start | lines of this side alone, and common ones | common end
 */
#include "repo/text_simple.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "objects/base/buf.h"
#include "objects/hash64.h"

#define COST_MAX 250     /* lines that came and went: below 256 all is tried */
#define LINES_MAX 100000 /* between start and end, of a side */
#define NONE UINT32_MAX

struct line {
	const uint8_t *at;
	size_t len;
	uint64_t hash;
	uint32_t twin; /* the same line on the other side; NONE */
};

/* One text. Lines are those in the middle; at[-1] and at[count] stand for the
 * ones beside it, of length 0 where there is none. */
struct side {
	const uint8_t *data;
	size_t len;
	size_t start; /* of the middle, in bytes */
	size_t end;
	struct line *lines;
	struct line *at;
	size_t count;
};

/* ---- Start and end ---------------------------------------------------- */

static size_t
common_start(const struct side *a, const struct side *b)
{
	size_t least = a->len < b->len ? a->len : b->len;
	size_t n = 0;

	while (n + 64 <= least && memcmp(a->data + n, b->data + n, 64) == 0)
		n += 64;
	while (n < least && a->data[n] == b->data[n])
		n++;
	while (n > 0 && a->data[n - 1] != '\n')
		n--;
	return n;
}

static bool
begins_line(const struct side *side, size_t at)
{
	return at == 0 || side->data[at - 1] == '\n';
}

/* From the end down to `start`. */
static size_t
common_end(const struct side *a, const struct side *b, size_t start)
{
	size_t most = (a->len < b->len ? a->len : b->len) - start;
	const uint8_t *x = a->data + a->len, *y = b->data + b->len;
	const uint8_t *nl;
	size_t n = 0;

	while (n + 64 <= most && memcmp(x - n - 64, y - n - 64, 64) == 0)
		n += 64;
	while (n < most && x[-(ptrdiff_t)n - 1] == y[-(ptrdiff_t)n - 1])
		n++;
	if (begins_line(a, a->len - n) && begins_line(b, b->len - n))
		return n;
	nl = memchr(x - n, '\n', n);
	return nl != NULL ? (size_t)(x - nl) - 1 : 0;
}

static size_t
line_len(const uint8_t *at, const uint8_t *end)
{
	const uint8_t *nl = memchr(at, '\n', (size_t)(end - at));

	return (size_t)((nl != NULL ? nl + 1 : end) - at);
}

static size_t
count_lines(const uint8_t *at, size_t len)
{
	const uint8_t *end = at + len;
	size_t n = 0;

	for (; at < end; n++)
		at += line_len(at, end);
	return n;
}

/* ---- Lines ------------------------------------------------------------ */

static bool
split(struct side *side)
{
	const uint8_t *at = side->data + side->start;
	const uint8_t *end = side->data + side->end;
	const uint8_t *before = at;

	side->count = count_lines(at, (size_t)(end - at));
	if (side->count > LINES_MAX)
		return false;
	side->lines = dig_calloc(side->count + 2, sizeof(*side->lines));
	side->at = side->lines + 1;
	if (before > side->data)
		for (before--; before > side->data && before[-1] != '\n';)
			before--;
	side->at[-1].at = before;
	side->at[-1].len = (size_t)(at - before);
	for (size_t i = 0; i < side->count; i++) {
		struct line *line = &side->at[i];

		line->at = at;
		line->len = line_len(at, end);
		line->hash = dig_hash64(at, line->len);
		line->twin = NONE;
		at += line->len;
	}
	side->at[side->count].at = at;
	side->at[side->count].len = line_len(at, side->data + side->len);
	return true;
}

static bool
is_same(const struct line *a, const struct line *b)
{
	return a->len == b->len && a->len > 0 &&
	       memcmp(a->at, b->at, a->len) == 0;
}

/* Old lines by hash: 1 + index; 0: free. */
struct table {
	uint32_t *slots;
	size_t mask;
	const struct side *side;
};

static struct line *
find(const struct table *table, uint64_t hash, size_t *slot)
{
	for (size_t i = hash & table->mask;; i = (i + 1) & table->mask) {
		*slot = i;
		if (table->slots[i] == 0)
			return NULL;
		if (table->side->at[table->slots[i] - 1].hash == hash)
			return &table->side->at[table->slots[i] - 1];
	}
}

/*
 * Pair the lines that both have. False: one of them is there twice, or they
 * are not in the same order, or a hash is of two lines.
 */
static bool
pair(const struct table *table, const struct side *new, size_t *npairs)
{
	const struct side *old = table->side;
	size_t last = 0, slot;

	*npairs = 0;
	for (size_t i = 0; i < old->count; i++) {
		struct line *known = find(table, old->at[i].hash, &slot);

		if (known == NULL)
			table->slots[slot] = (uint32_t)i + 1;
		else
			known->len = 0; /* more than once: equal to nothing */
	}
	for (size_t i = 0; i < new->count; i++) {
		struct line *line = &new->at[i];
		struct line *known = find(table, line->hash, &slot);

		if (known == NULL)
			continue;
		if (known->twin != NONE || !is_same(known, line) ||
		    (size_t)(known - old->at) < last)
			return false;
		last = (size_t)(known - old->at);
		known->twin = (uint32_t)i;
		line->twin = (uint32_t)last;
		++*npairs;
	}
	return true;
}

/* ---- What makes it not simple ----------------------------------------- */

/* From so many equal lines on the engine may pass over a line: the root of the
 * number of lines, as it reckons it. */
static size_t
too_many(size_t nlines)
{
	size_t root = 1;

	for (; nlines > 0; nlines >>= 2)
		root <<= 1;
	return root < 1024 ? root : 1024;
}

/* A paired line is as frequent as that, with those in a part outside. */
static bool
is_frequent(const struct table *table, const uint8_t *at, size_t len,
    uint32_t *seen, size_t limit)
{
	const uint8_t *end = at + len;

	while (at < end) {
		size_t n = line_len(at, end), slot;

		if (find(table, dig_hash64(at, n), &slot) != NULL &&
		    ++seen[slot] + 1 >= limit)
			return true;
		at += n;
	}
	return false;
}

static bool
has_frequent(const struct table *table, const struct side *new)
{
	const struct side *old = table->side;
	size_t least = old->count < new->count ? old->count : new->count;
	size_t above = count_lines(old->data, old->start);
	size_t limit = too_many(above + least);
	uint32_t *seen = dig_calloc(table->mask + 1, sizeof(*seen));
	bool frequent =
	    is_frequent(table, old->data, old->start, seen, limit) ||
	    is_frequent(
		table, old->data + old->end, old->len - old->end, seen, limit);

	free(seen);
	return frequent;
}

/* Lines [from, to) could as well stand a line higher or lower. */
static bool
is_movable(const struct side *side, size_t from, size_t to)
{
	const struct line *at = side->at;

	return from < to && (is_same(&at[(ptrdiff_t)from - 1], &at[to - 1]) ||
				is_same(&at[from], &at[to]));
}

/* ---- Hunks ------------------------------------------------------------ */

/* With a sink they are handed over, else only looked at. */
static bool
walk(const struct side *old, const struct side *new, size_t above,
    const struct dig_text_sink *sink)
{
	size_t i = 0, j = 0;

	while (i < old->count || j < new->count) {
		struct dig_text_hunk hunk = { 0 };
		size_t a = i, b = j;

		while (a < old->count && old->at[a].twin == NONE)
			a++;
		while (b < new->count &&new->at[b].twin == NONE)
			b++;
		hunk.old_lines = a - i;
		hunk.new_lines = b - j;
		hunk.old_start = above + i + (a > i);
		hunk.new_start = above + j + (b > j);
		if (sink == NULL &&
		    (is_movable(old, i, a) || is_movable(new, j, b)))
			return false;
		if (sink != NULL && (a > i || b > j) &&
		    !sink->hunk(sink->arg, &hunk))
			return true;
		i = a + (a < old->count);
		j = b + (b < new->count);
	}
	return true;
}

static bool
compare(struct side *old, struct side *new, const struct dig_text_sink *sink)
{
	struct table table = { NULL, 0, old };
	size_t size = 16, npairs = 0;
	bool simple;

	while (size < 2 * old->count)
		size *= 2;
	table.mask = size - 1;
	table.slots = dig_calloc(size, sizeof(*table.slots));
	simple = pair(&table, new, &npairs) &&
		 old->count + new->count - 2 * npairs < COST_MAX &&
		 (npairs == 0 || !has_frequent(&table, new));
	free(table.slots);
	/* Lines that are there twice lost their length. */
	for (size_t i = 0; i < old->count; i++)
		old->at[i].len = line_len(old->at[i].at, old->data + old->end);
	if (!simple || !walk(old, new, 0, NULL))
		return false;
	walk(old, new, count_lines(old->data, old->start), sink);
	return true;
}

bool
dig_text_simple(const void *old_data, size_t old_len, const void *new_data,
    size_t new_len, const struct dig_text_sink *sink)
{
	struct side old = { .data = old_data, .len = old_len };
	struct side new = { .data = new_data, .len = new_len };
	bool simple = false;
	size_t end;

	if (old_len == 0 || new_len == 0)
		return false;
	old.start = new.start = common_start(&old, &new);
	end = common_end(&old, &new, old.start);
	old.end = old_len - end;
	new.end = new_len - end;
	if (split(&old) && split(&new))
		simple = compare(&old, &new, sink);
	free(old.lines);
	free(new.lines);
	return simple;
}
