/* SPDX-License-Identifier: MIT
 *
 * Prints of files, and the renames that follow from them.
 */
#include "repo/similar.h"

#include <stdlib.h>

#include "repo/diff_internal.h"

#define VALUES 107927u
#define PIECE_MAX 64u
#define FILE_MAX ((uint64_t)512 << 20)
#define PRINTS_MAX ((size_t)256 << 20) /* of sources, kept */
#define CHOICES 4                      /* sources remembered for a target */

/* ---- Prints ----------------------------------------------------------- */

struct dig_printer {
	uint32_t bytes[VALUES];
	uint8_t
	    head[DIG_TEXT_LOOK]; /* kept until it is known what the file is */
	size_t nhead;
	bool decided;
	bool text;
	bool held; /* a carriage return that may stand before a newline */
	uint32_t high;
	uint32_t low;
	uint32_t piece;
};

struct dig_printer *
dig_printer_new(void)
{
	return dig_calloc(1, sizeof(struct dig_printer));
}

void
dig_printer_free(struct dig_printer *printer)
{
	free(printer);
}

static void
take_byte(struct dig_printer *printer, uint8_t byte)
{
	uint32_t before = printer->high;

	printer->high = printer->high << 7 ^ printer->low >> 25;
	printer->low = printer->low << 7 ^ before >> 25;
	printer->high += byte;
	if (++printer->piece < PIECE_MAX && byte != '\n')
		return;
	printer->bytes[(printer->high + printer->low * 0x61) % VALUES] +=
	    printer->piece;
	printer->high = printer->low = printer->piece = 0;
}

static void
take(struct dig_printer *printer, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (printer->held && data[i] != '\n')
			take_byte(printer, '\r');
		printer->held = printer->text && data[i] == '\r';
		if (!printer->held)
			take_byte(printer, data[i]);
	}
}

static void
decide(struct dig_printer *printer)
{
	printer->decided = true;
	printer->text = !dig_text_is_binary(printer->head, printer->nhead);
	take(printer, printer->head, printer->nhead);
}

void
dig_printer_feed(struct dig_printer *printer, const void *data, size_t len)
{
	const uint8_t *at = data;

	if (!printer->decided) {
		size_t room = DIG_TEXT_LOOK - printer->nhead;
		size_t n = len < room ? len : room;

		if (n > 0)
			memcpy(printer->head + printer->nhead, at, n);
		printer->nhead += n;
		if (printer->nhead < DIG_TEXT_LOOK)
			return;
		decide(printer);
		at += n;
		len -= n;
	}
	take(printer, at, len);
}

void
dig_printer_end(struct dig_printer *printer, struct dig_print *out)
{
	size_t count = 0;

	if (!printer->decided)
		decide(printer);
	if (printer->held)
		take_byte(printer, '\r');
	for (uint32_t i = 0; i < VALUES; i++)
		count += printer->bytes[i] > 0;
	out->parts = dig_alloc((count + 1) * sizeof(*out->parts));
	out->count = 0;
	for (uint32_t i = 0; i < VALUES; i++)
		if (printer->bytes[i] > 0)
			out->parts[out->count++] =
			    (struct dig_print_part){ i, printer->bytes[i] };
	memset(printer, 0, sizeof(*printer));
}

void
dig_print_clear(struct dig_print *print)
{
	free(print->parts);
	print->parts = NULL;
	print->count = 0;
}

uint64_t
dig_print_common(const struct dig_print *a, const struct dig_print *b)
{
	uint64_t common = 0;
	size_t i = 0, j = 0;

	while (i < a->count && j < b->count) {
		const struct dig_print_part *x = &a->parts[i];
		const struct dig_print_part *y = &b->parts[j];

		if (x->value == y->value)
			common += x->bytes < y->bytes ? x->bytes : y->bytes;
		i += x->value <= y->value;
		j += y->value <= x->value;
	}
	return common;
}

/* ---- Renames ---------------------------------------------------------- */

/* A file that went or came. */
struct side {
	struct dig_change *change;
	struct dig_print print;
	bool has_print;
	bool used;
	size_t twin; /* index of the one on the other side of the same name,
			when each is the only one there; else NONE */
};

#define NONE SIZE_MAX

struct choice {
	size_t source; /* NONE: free */
	size_t target;
	unsigned score;
	bool same_name;
};

struct search {
	struct dig_differ *differ;
	struct dig_printer *printer;
	unsigned min_score;
	size_t kept_bytes; /* prints of sources */
	struct side *sources;
	size_t nsources;
	struct side *targets;
	size_t ntargets;
};

static enum dig_status
feed(void *arg, const void *data, size_t len, struct dig_error *err)
{
	(void)err;
	dig_printer_feed(arg, data, len);
	return DIG_OK;
}

static enum dig_status
make_print(
    struct search *search, struct side *side, bool old, struct dig_error *err)
{
	enum dig_status st;

	if (side->has_print)
		return DIG_OK;
	st = dig_differ_stream(
	    search->differ, side->change, old, feed, search->printer, err);
	if (st == DIG_ENOTFOUND) /* gone meanwhile: like nothing */
		st = DIG_OK;
	dig_printer_end(search->printer, &side->print);
	side->has_print = st == DIG_OK;
	if (st != DIG_OK)
		dig_print_clear(&side->print);
	return st;
}

static void
drop_print(struct side *side)
{
	if (side->has_print)
		dig_print_clear(&side->print);
	side->has_print = false;
}

/* Keep it for the next target, unless there are too many. */
static void
keep_source(struct search *search, struct side *source, bool had)
{
	size_t size = source->print.count * sizeof(*source->print.parts);

	if (had || !source->has_print)
		return;
	if (size > PRINTS_MAX - search->kept_bytes)
		drop_print(source);
	else
		search->kept_bytes += size;
}

static bool
is_regular(uint32_t mode)
{
	return (mode & 0170000) == 0100000;
}

/* 0: below what counts. */
static enum dig_status
estimate(struct search *search, struct side *source, struct side *target,
    unsigned *score, struct dig_error *err)
{
	const struct dig_change_side *a = &source->change->old;
	const struct dig_change_side *b = &target->change->now;
	uint64_t most =
	    a->size_bytes > b->size_bytes ? a->size_bytes : b->size_bytes;
	uint64_t least =
	    a->size_bytes > b->size_bytes ? b->size_bytes : a->size_bytes;
	bool had = source->has_print;
	enum dig_status st;

	*score = 0;
	if (!is_regular(a->mode) || !is_regular(b->mode) || most > FILE_MAX ||
	    most * (DIG_SCORE_MAX - search->min_score) <
		(most - least) * DIG_SCORE_MAX ||
	    b->size_bytes == 0)
		return DIG_OK;
	st = make_print(search, source, true, err);
	if (st == DIG_OK)
		st = make_print(search, target, false, err);
	if (st != DIG_OK)
		return st;
	*score = (unsigned)(dig_print_common(&source->print, &target->print) *
			    DIG_SCORE_MAX / most);
	if (*score > DIG_SCORE_MAX)
		*score = DIG_SCORE_MAX; /* a file grew since its stat */
	keep_source(search, source, had);
	return DIG_OK;
}

static void
pair_up(struct side *source, struct side *target, unsigned score)
{
	source->used = target->used = true;
	dig_change_rename(target->change, source->change,
	    (uint8_t)((uint64_t)score * 100 / DIG_SCORE_MAX));
}

/* Names, sorted, to find those that are the only ones of their kind. */
struct name {
	const uint8_t *at;
	size_t len;
	size_t index;
	bool target;
};

static int
by_name(const void *a, const void *b)
{
	const struct name *x = a, *y = b;
	int cmp = dig_path_cmp(x->at, x->len, y->at, y->len);

	return cmp != 0 ? cmp : (int)x->target - (int)y->target;
}

static void
find_twins(struct search *search)
{
	size_t total = search->nsources + search->ntargets;
	struct name *names = dig_calloc(total + 1, sizeof(*names));

	for (size_t i = 0; i < total; i++) {
		bool target = i >= search->nsources;
		size_t index = target ? i - search->nsources : i;
		struct side *side =
		    target ? &search->targets[index] : &search->sources[index];
		const uint8_t *path = side->change->path;
		size_t at = side->change->path_len;

		while (at > 0 && path[at - 1] != '/')
			at--;
		side->twin = NONE;
		names[i] = (struct name){ path + at,
			side->change->path_len - at, index, target };
	}
	qsort(names, total, sizeof(*names), by_name);
	for (size_t i = 0, end; i < total; i = end) {
		for (end = i + 1;
		     end < total && dig_path_cmp(names[i].at, names[i].len,
					names[end].at, names[end].len) == 0;)
			end++;
		if (end - i == 2 && !names[i].target && names[i + 1].target)
			search->sources[names[i].index].twin =
			    names[i + 1].index;
	}
	free(names);
}

/* First those whose name is the only one of its kind on both sides; they have
 * to be half-way between what is asked and equality. */
static enum dig_status
pair_twins(struct search *search, struct dig_error *err)
{
	unsigned asked = search->min_score;
	enum dig_status st = DIG_OK;

	find_twins(search);
	search->min_score = asked + (DIG_SCORE_MAX - asked) / 2;
	for (size_t i = 0; st == DIG_OK && i < search->nsources; i++) {
		struct side *source = &search->sources[i];
		struct side *target;
		unsigned score;

		if (source->twin == NONE)
			continue;
		target = &search->targets[source->twin];
		st = estimate(search, source, target, &score, err);
		drop_print(target);
		if (st == DIG_OK && score >= search->min_score)
			pair_up(source, target, score);
	}
	search->min_score = asked;
	return st;
}

/* The better one is less. */
static int
choice_cmp(const struct choice *a, const struct choice *b)
{
	if (a->source == NONE || b->source == NONE)
		return (a->source == NONE) - (b->source == NONE);
	if (a->score != b->score)
		return a->score > b->score ? -1 : 1;
	return (int)b->same_name - (int)a->same_name;
}

static void
consider(struct choice *choices, const struct choice *next)
{
	struct choice *worst = &choices[0];

	for (int i = 1; i < CHOICES; i++)
		if (choice_cmp(&choices[i], worst) > 0)
			worst = &choices[i];
	if (choice_cmp(worst, next) > 0)
		*worst = *next;
}

/* Stable: what is equal stays in the order of the array. */
static int
by_choice(const void *a, const void *b)
{
	const struct choice *const *x = a, *const *y = b;
	int cmp = choice_cmp(*x, *y);

	return cmp != 0 ? cmp : *x < *y ? -1 : *x > *y;
}

static enum dig_status
choose(struct search *search, struct choice *all, struct dig_error *err)
{
	for (size_t i = 0; i < search->ntargets; i++) {
		struct side *target = &search->targets[i];
		struct choice *choices = all + i * CHOICES;

		for (int k = 0; k < CHOICES; k++)
			choices[k].source = NONE;
		for (size_t j = 0; !target->used && j < search->nsources; j++) {
			struct side *source = &search->sources[j];
			struct choice next = { j, i, 0, false };
			enum dig_status st;

			if (source->used)
				continue;
			if (dig_interrupted())
				return dig_raise(
				    err, DIG_ECANCELLED, "interrupted");
			st = estimate(search, source, target, &next.score, err);
			if (st != DIG_OK)
				return st;
			next.same_name = dig_change_same_name(
			    source->change, target->change);
			if (next.score >= search->min_score)
				consider(choices, &next);
		}
		drop_print(target);
	}
	return DIG_OK;
}

static enum dig_status
pair_best(struct search *search, struct dig_error *err)
{
	size_t count = search->ntargets * CHOICES;
	struct choice *all = dig_calloc(count + 1, sizeof(*all));
	struct choice **sorted = dig_calloc(count + 1, sizeof(struct choice *));
	enum dig_status st = choose(search, all, err);

	for (size_t i = 0; i < count; i++)
		sorted[i] = &all[i];
	if (st == DIG_OK)
		qsort(sorted, count, sizeof(struct choice *), by_choice);
	for (size_t i = 0; st == DIG_OK && i < count; i++) {
		const struct choice *choice = sorted[i];

		if (choice->source == NONE)
			break;
		if (!search->targets[choice->target].used &&
		    !search->sources[choice->source].used)
			pair_up(&search->sources[choice->source],
			    &search->targets[choice->target], choice->score);
	}
	free(sorted);
	free(all);
	return st;
}

static void
gather(struct search *search, struct dig_changes *changes)
{
	search->sources =
	    dig_calloc(changes->count + 1, sizeof(*search->sources));
	search->targets =
	    dig_calloc(changes->count + 1, sizeof(*search->targets));
	for (size_t i = 0; i < changes->count; i++) {
		struct dig_change *change = &changes->at[i];

		if (change->kind == 'D')
			search->sources[search->nsources++].change = change;
		else if (change->kind == 'A')
			search->targets[search->ntargets++].change = change;
	}
}

static size_t
count_left(const struct side *sides, size_t count)
{
	size_t left = 0;

	for (size_t i = 0; i < count; i++)
		left += !sides[i].used;
	return left;
}

enum dig_status
dig_differ_renames(struct dig_differ *differ, struct dig_changes *changes,
    unsigned score, struct dig_error *err)
{
	struct search search = { .differ = differ, .min_score = score };
	enum dig_status st = DIG_OK;
	size_t nsources, ntargets;

	dig_changes_pair(changes);
	if (score >= DIG_SCORE_MAX)
		return DIG_OK;
	gather(&search, changes);
	if (search.nsources > 0 && search.ntargets > 0) {
		search.printer = dig_printer_new();
		st = pair_twins(&search, err);
		nsources = count_left(search.sources, search.nsources);
		ntargets = count_left(search.targets, search.ntargets);
		if (st == DIG_OK && nsources > 0 &&
		    ntargets <= DIG_RENAME_PAIRS_MAX / nsources)
			st = pair_best(&search, err);
		dig_changes_drop_renamed(changes);
	}
	for (size_t i = 0; i < search.nsources; i++)
		drop_print(&search.sources[i]);
	for (size_t i = 0; i < search.ntargets; i++)
		drop_print(&search.targets[i]);
	free(search.sources);
	free(search.targets);
	dig_printer_free(search.printer);
	return st;
}

bool
dig_score_parse(const char *text, unsigned *out)
{
	uint64_t value = 0, scale = 1;
	bool point = false;

	for (; *text != '\0' && *text != '%'; text++) {
		if (*text == '.' && !point) {
			point = true;
			scale = 1;
		} else if (*text >= '0' && *text <= '9') {
			if (scale < 100000) {
				scale *= 10;
				value = value * 10 + (uint64_t)(*text - '0');
			}
		} else {
			return false;
		}
	}
	if (*text == '%') {
		scale = point ? scale * 100 : 100;
		text++;
	}
	if (*text != '\0')
		return false;
	*out = value >= scale ? DIG_SCORE_MAX
			      : (unsigned)(DIG_SCORE_MAX * value / scale);
	return true;
}
