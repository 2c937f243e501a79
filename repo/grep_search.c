/* SPDX-License-Identifier: MIT
 *
 * Selecting lines, in the way and order of git's grep.
 */
#include "repo/grep_search.h"

#include <stdlib.h>
#include <string.h>

#include "repo/text.h"

#define BINARY_LOOK 8000 /* as of dig_text_is_binary */

void
dig_search_init(struct dig_search *search,
    const struct dig_grep_options *options, struct dig_patterns *matcher,
    dig_grep_fn *fn, void *arg)
{
	memset(search, 0, sizeof(*search));
	search->options = options;
	search->matcher = matcher;
	search->fn = fn;
	search->arg = arg;
}

void
dig_search_clear(struct dig_search *search)
{
	dig_buf_clear(&search->buf);
	free(search->spans);
}

void
dig_search_begin(struct dig_search *search)
{
	dig_buf_reset(&search->buf);
	dig_patterns_begin(search->matcher);
	search->offset = 0;
	search->at = 0;
	search->line = 1;
	search->last_hit = search->last_told = search->count = 0;
	search->end = search->looked = search->binary = false;
	search->found = search->over = false;
}

static void
tell(struct dig_search *search, const struct dig_grep_event *event)
{
	if (!search->fn(search->arg, event))
		search->over = true;
}

/* What matches in a line, for colours and --only-matching. */
static size_t
find_spans(struct dig_search *search, const char *line, size_t len)
{
	struct dig_grep_span span;
	size_t n = 0, at = 0;

	while (dig_patterns_next(
		   search->matcher, line + at, len - at, at > 0, &span) &&
	       span.to > span.from) {
		DIG_GROW(search->spans, search->cap, n + 1);
		search->spans[n].from = span.from + at;
		search->spans[n++].to = span.to + at;
		at += span.to;
	}
	return n;
}

static void
tell_line(struct dig_search *search, enum dig_grep_what what, const char *line,
    size_t len, uint64_t number)
{
	struct dig_grep_event event = {
		.what = what, .number = number, .text = line, .len = len
	};

	if (search->options->spans && what == DIG_GREP_HIT) {
		event.nspans = find_spans(search, line, len);
		event.spans = search->spans;
	}
	search->last_told = number;
	tell(search, &event);
}

/* The lines before search->at that are context and were not told yet. */
static void
tell_before(struct dig_search *search)
{
	const char *data = (const char *)search->buf.data;
	uint64_t before = search->options->before;
	uint64_t number = search->line;
	size_t at = search->at;

	while (before > 0 && at > 0 && number > search->last_told + 1) {
		for (at--; at > 0 && data[at - 1] != '\n'; at--)
			;
		number--;
		before--;
	}
	for (; number < search->line && !search->over; number++) {
		const char *end = memchr(data + at, '\n', search->at - at);
		size_t len = (size_t)(end - (data + at));

		tell_line(search, DIG_GREP_CONTEXT, data + at, len, number);
		at += len + 1;
	}
}

static void
on_hit(struct dig_search *search, const char *line, size_t len)
{
	struct dig_grep_event event = { .what = DIG_GREP_FILE };

	search->count++;
	search->last_hit = search->line;
	search->found = true;
	switch (search->options->want) {
	case DIG_GREP_COUNTS:
		return;
	case DIG_GREP_ANY:
		search->over = true;
		return;
	case DIG_GREP_NAMES_WITHOUT:
		search->found = false;
		search->over = true;
		return;
	case DIG_GREP_NAMES:
		tell(search, &event);
		search->over = true;
		return;
	case DIG_GREP_LINES:
		break;
	}
	if (search->binary) {
		event.what = DIG_GREP_BINARY;
		tell(search, &event);
		search->over = true;
		return;
	}
	tell_before(search);
	if (!search->over)
		tell_line(search, DIG_GREP_HIT, line, len, search->line);
}

/* The line at search->at. */
static void
look_at_line(struct dig_search *search, size_t len)
{
	const char *line = (const char *)search->buf.data + search->at;
	struct dig_grep_span span;
	bool hit = dig_patterns_next(search->matcher, line, len, false, &span);

	if (hit != search->options->invert)
		on_hit(search, line, len);
	else if (search->last_hit > 0 &&
		 search->options->want == DIG_GREP_LINES &&
		 search->line <= search->last_hit + search->options->after)
		tell_line(search, DIG_GREP_CONTEXT, line, len, search->line);
}

/* Go to the first line before `end` that may match, or to `end`. */
static void
skip_lines(struct dig_search *search, size_t end)
{
	const char *data = (const char *)search->buf.data;
	size_t stop = end - search->at;
	const char *nl;
	bool any = dig_patterns_skip(search->matcher, data + search->at,
	    end - search->at, search->offset + search->at, &stop);

	if (!any && search->end) {
		search->at = end;
		return; /* nobody asks for the line's number any more */
	}
	stop = any ? stop + search->at : end;
	while (search->at < stop && (nl = memchr(data + search->at, '\n',
					 stop - search->at)) != NULL) {
		search->at = (size_t)(nl - data) + 1;
		search->line++;
	}
	if (!any)
		search->at = end;
}

static void
look_at_lines(struct dig_search *search, size_t end)
{
	const struct dig_grep_options *options = search->options;

	while (search->at < end && !search->over) {
		const char *data = (const char *)search->buf.data;
		const char *nl;
		size_t stop;

		if (!options->invert &&
		    (search->last_hit == 0 ||
			search->line > search->last_hit + options->after)) {
			skip_lines(search, end);
			if (search->at == end)
				break;
		}
		nl = memchr(data + search->at, '\n', end - search->at);
		stop = nl != NULL ? (size_t)(nl - data) : end;
		look_at_line(search, stop - search->at);
		search->at = nl != NULL ? stop + 1 : end;
		search->line++;
	}
}

/* Forget what is behind the lines that may still become context. */
static void
compact(struct dig_search *search)
{
	const uint8_t *data = search->buf.data;
	uint64_t before = search->options->before;
	size_t keep = search->at;

	for (; before > 0 && keep > 0; before--)
		for (keep--; keep > 0 && data[keep - 1] != '\n'; keep--)
			;
	memmove(search->buf.data, data + keep, search->buf.len - keep);
	search->buf.len -= keep;
	search->offset += keep;
	search->at -= keep;
}

/* All bytes were seen. */
static void
finish(struct dig_search *search)
{
	struct dig_grep_event event = { .what = DIG_GREP_FILE };

	if (search->over)
		return;
	if (search->options->want == DIG_GREP_NAMES_WITHOUT) {
		search->found = true;
		tell(search, &event);
	} else if (search->options->want == DIG_GREP_COUNTS &&
		   search->count > 0) {
		event.what = DIG_GREP_COUNT;
		event.number = search->count;
		tell(search, &event);
	}
}

/* The end of the last whole line in the buffer. */
static size_t
whole_lines(const struct dig_search *search)
{
	size_t end = search->buf.len;

	if (end - search->at > DIG_GREP_LINE_MAX)
		return end;
	while (end > search->at && search->buf.data[end - 1] != '\n')
		end--;
	return end;
}

bool
dig_search_run(struct dig_search *search, bool end)
{
	if (search->over)
		return false;
	search->end = end;
	if (search->buf.len > 0) /* for what takes it as a string */
		search->buf.data[search->buf.len] = '\0';
	if (!search->looked) {
		if (!end && search->buf.len < BINARY_LOOK)
			return true;
		search->looked = true;
		search->binary =
		    search->options->binary != DIG_GREP_BINARY_TEXT &&
		    dig_text_is_binary(search->buf.data, search->buf.len);
		if (search->binary &&
		    search->options->binary == DIG_GREP_BINARY_SKIP) {
			search->over = true;
			return false;
		}
	}
	look_at_lines(search, end ? search->buf.len : whole_lines(search));
	if (end)
		finish(search);
	else
		compact(search);
	return !search->over;
}
