/* SPDX-License-Identifier: MIT
 *
 * The drawings of the report. Each mark says its value when it is pointed at,
 * and axes have round numbers.
 */
#include <stdio.h>
#include <string.h>

#include "cmd/stats_html_internal.h"

#define WIDTH 400
#define LEFT 62 /* room for numbers of the axis */
#define RIGHT 394
#define TOP 12
#define BOTTOM 168 /* the axis; labels stand below */
#define HEIGHT 192

/* ---- Axes ------------------------------------------------------------- */

/* A round step with which at most four come up to max: 1, 2 or 5 times a power
 * of ten; of bytes 1, 2, 4 ... 512 of a unit. */
static uint64_t
step_of(uint64_t max, bool bytes)
{
	uint64_t step = 1;

	for (unsigned i = 0; max / step > 4; i++) {
		if (bytes)
			step *= 2;
		else
			step = i % 3 == 1 ? step / 2 * 5 : step * 2;
		if (step > UINT64_MAX / 8)
			break;
	}
	return step;
}

static void
begin_svg(struct dig_out *out, int height, const char *label)
{
	dig_out_printf(out,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" "
	    "viewBox=\"0 0 %d %d\" aria-label=\"%s\">\n",
	    WIDTH, height, label);
}

/* Lines at round values and their numbers; returns the value at the top. */
static uint64_t
put_values(struct dig_out *out, uint64_t max, bool bytes)
{
	uint64_t step = step_of(max == 0 ? 1 : max, bytes);
	uint64_t top = (max == 0 ? 1 : max);

	top = (top + step - 1) / step * step;
	for (uint64_t value = 0; value <= top; value += step) {
		double y =
		    BOTTOM - (double)value / (double)top * (BOTTOM - TOP);

		dig_out_printf(out,
		    "<path class=\"grid\" d=\"M%d %.1fH%d\"/>"
		    "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">",
		    LEFT, y, RIGHT, LEFT - 5, y + 4);
		if (bytes)
			dig_html_size(out, value);
		else
			dig_html_count(out, value);
		dig_out_puts(out, "</text>\n");
	}
	return top;
}

static void
begin_label(struct dig_out *out, double x, const char *anchor)
{
	dig_out_printf(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">", x,
	    HEIGHT - 6, anchor);
}

/* ---- Growth ----------------------------------------------------------- */

static double
x_of(size_t i, size_t count)
{
	return LEFT + (double)i / (double)(count - 1) * (RIGHT - LEFT);
}

static void
put_line(struct dig_out *out, const struct dig_stats *stats, bool stored,
    uint64_t top)
{
	dig_out_printf(out, "<path class=\"%s\" d=\"", stored ? "la" : "lb");
	for (size_t i = 0; i < stats->nsteps; i++) {
		uint64_t value = stored ? stats->steps[i].stored_bytes
					: stats->steps[i].tree_bytes;

		dig_out_printf(out, "%c%.1f %.1f", i == 0 ? 'M' : 'L',
		    x_of(i, stats->nsteps),
		    BOTTOM - (double)value / (double)top * (BOTTOM - TOP));
	}
	dig_out_puts(out, "\"/>\n");
}

/* Strips over the whole height that say both values. */
static void
put_hints(struct dig_out *out, const struct dig_stats *stats)
{
	double width = (double)(RIGHT - LEFT) / (double)(stats->nsteps - 1);

	for (size_t i = 0; i < stats->nsteps; i++) {
		dig_out_printf(out,
		    "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" "
		    "fill-opacity=\"0\"><title>",
		    x_of(i, stats->nsteps) - width / 2, TOP, width,
		    BOTTOM - TOP);
		dig_html_time(out, stats->steps[i].time, true);
		dig_out_puts(out, ": stored ");
		dig_html_size(out, stats->steps[i].stored_bytes);
		dig_out_puts(out, ", tree ");
		dig_html_size(out, stats->steps[i].tree_bytes);
		dig_out_puts(out, "</title></rect>\n");
	}
}

static void
put_key(
    struct dig_out *out, const char *line, const char *words, uint64_t bytes)
{
	dig_out_printf(out,
	    "<span><svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 26 "
	    "6\" aria-hidden=\"true\"><path class=\"%s\" d=\"M0 3H26\"/></svg>"
	    "%s: ",
	    line, words);
	dig_html_size(out, bytes);
	dig_out_puts(out, "</span>\n");
}

void
dig_html_growth(struct dig_out *out, const struct dig_stats *stats)
{
	const struct dig_stats_step *last = &stats->steps[stats->nsteps - 1];
	bool short_time = stats->last - stats->first < 4 * 86400;
	uint64_t max = 0;
	uint64_t top;

	for (size_t i = 0; i < stats->nsteps; i++) {
		if (stats->steps[i].tree_bytes > max)
			max = stats->steps[i].tree_bytes;
		if (stats->steps[i].stored_bytes > max)
			max = stats->steps[i].stored_bytes;
	}
	dig_out_puts(out, "<p class=\"key\">");
	put_key(out, "la", "contents of all versions, as stored",
	    last->stored_bytes);
	put_key(
	    out, "lb", "files of the tree of HEAD's line", last->tree_bytes);
	dig_out_puts(out, "</p>\n");
	begin_svg(out, HEIGHT, "growth in bytes over time");
	top = put_values(out, max, true);
	put_line(out, stats, false, top);
	put_line(out, stats, true, top);
	put_hints(out, stats);
	begin_label(out, LEFT, "start");
	dig_html_time(out, stats->first, short_time);
	dig_out_puts(out, "</text>");
	begin_label(out, RIGHT, "end");
	dig_html_time(out, stats->last, short_time);
	dig_out_puts(out, "</text>\n</svg>\n");
}

/* ---- Activity --------------------------------------------------------- */

void
dig_html_unit(struct dig_out *out, const struct dig_stats *stats)
{
	static const char *const units[] = { "hour", "quarter of a day", "day",
		"week", "month", "quarter of a year", "year" };

	if (stats->unit == DIG_STATS_YEARS && stats->years > 1)
		dig_out_printf(out, "%u years", stats->years);
	else
		dig_out_puts(out, units[stats->unit]);
}

static void
put_bars(struct dig_out *out, const struct dig_stats *stats, uint64_t top)
{
	double width = (double)(RIGHT - LEFT) / (double)stats->nperiods;
	double gap = width > 4 ? 1 : width / 5;

	if (width > 40) { /* few bars are no walls */
		gap = width - 40;
	}
	for (size_t i = 0; i < stats->nperiods; i++) {
		const struct dig_stats_period *period = &stats->periods[i];
		double high =
		    (double)period->commits / (double)top * (BOTTOM - TOP);

		dig_out_printf(out,
		    "<rect class=\"a\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" "
		    "height=\"%.2f\"><title>%s: ",
		    LEFT + width * (double)i + gap / 2, BOTTOM - high,
		    width - gap, high, period->label);
		dig_html_count(out, period->commits);
		dig_out_puts(
		    out, period->commits == 1 ? " commit, " : " commits, ");
		dig_html_count(out, period->added);
		dig_out_puts(out, " files added, ");
		dig_html_count(out, period->modified);
		dig_out_puts(out, " modified, ");
		dig_html_count(out, period->deleted);
		dig_out_puts(out, " deleted</title></rect>\n");
	}
}

void
dig_html_activity(struct dig_out *out, const struct dig_stats *stats)
{
	size_t last = stats->nperiods - 1;
	uint64_t max = 0;

	for (size_t i = 0; i < stats->nperiods; i++)
		if (stats->periods[i].commits > max)
			max = stats->periods[i].commits;
	begin_svg(out, HEIGHT, "commits over time");
	put_bars(out, stats, put_values(out, max, false));
	begin_label(out, last == 0 ? (LEFT + RIGHT) / 2.0 : LEFT,
	    last == 0 ? "middle" : "start");
	dig_out_printf(out, "%s</text>", stats->periods[0].label);
	if (last > 0) {
		begin_label(out, RIGHT, "end");
		dig_out_printf(out, "%s</text>", stats->periods[last].label);
	}
	dig_out_puts(out, "\n</svg>\n");
}

/* ---- Week ------------------------------------------------------------- */

#define CELL 14.6 /* width and height of an hour */
#define WEEK_LEFT 40
#define WEEK_TOP 18

static double
shade_of(uint64_t count, uint64_t max)
{
	return count == 0 ? 0.5 : 0.2 + 0.8 * (double)count / (double)max;
}

static void
put_cell(struct dig_out *out, double x, double y, uint64_t count, uint64_t max)
{
	dig_out_printf(out,
	    "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"13.2\" "
	    "height=\"13.2\" rx=\"2\" fill-opacity=\"%.2f\">",
	    count > 0 ? "a" : "none", x, y, shade_of(count, max));
}

/* What a shade means, the number behind it. */
static void
put_shade(struct dig_out *out, int x, double y, uint64_t count, uint64_t max)
{
	put_cell(out, x, y - 11, count, max);
	dig_out_printf(out, "</rect><text x=\"%d\" y=\"%.1f\">", x + 18, y);
	dig_html_count(out, count);
	dig_out_puts(out, "</text>\n");
}

static void
put_hour(struct dig_out *out, const char *day, unsigned row, unsigned hour,
    uint64_t count, uint64_t max)
{
	put_cell(
	    out, WEEK_LEFT + CELL * hour, WEEK_TOP + CELL * row, count, max);
	dig_out_printf(out, "<title>%s %02u-%02u h: ", day, hour, hour + 1);
	dig_html_count(out, count);
	dig_out_puts(out, count == 1 ? " commit</title></rect>\n"
				     : " commits</title></rect>\n");
}

void
dig_html_week(struct dig_out *out, const struct dig_stats *stats)
{
	static const char *const days[] = { "Mon", "Tue", "Wed", "Thu", "Fri",
		"Sat", "Sun" };
	double below = WEEK_TOP + 7 * CELL + 20;
	uint64_t max = 1;

	for (unsigned i = 0; i < 7 * 24; i++)
		if (stats->week[i / 24][i % 24] > max)
			max = stats->week[i / 24][i % 24];
	begin_svg(out, (int)below + 8, "commits by day and hour");
	for (unsigned hour = 0; hour <= 24; hour += 6)
		dig_out_printf(out,
		    "<text x=\"%.1f\" y=\"12\" text-anchor=\"middle\">%u"
		    "</text>",
		    WEEK_LEFT + CELL * hour, hour);
	for (unsigned day = 0; day < 7; day++) {
		dig_out_printf(out, "<text x=\"0\" y=\"%.1f\">%s</text>\n",
		    WEEK_TOP + CELL * day + 11, days[day]);
		for (unsigned hour = 0; hour < 24; hour++)
			put_hour(out, days[day], day, hour,
			    stats->week[day][hour], max);
	}
	dig_out_printf(out,
	    "<text x=\"%d\" y=\"%.1f\">commits in an hour:"
	    "</text>",
	    WEEK_LEFT, below);
	put_shade(out, 180, below, 0, max);
	put_shade(out, 220, below, 1, max);
	if (max > 1)
		put_shade(out, 260, below, max, max);
	dig_out_puts(out, "</svg>\n");
}
