/* SPDX-License-Identifier: MIT
 *
 * A line of progress, redrawn; or lines of JSON.
 */
#include "cmd/progress.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cmd/json.h"
#include "cmd/text.h"
#include "objects/base/io.h"

#define FIRST_NS INT64_C(500000000)
#define EACH_NS INT64_C(100000000)

bool
dig_progress_choice_ok(const char *choice)
{
	return choice == NULL || choice[0] == '\0' ||
	       strcmp(choice, "json") == 0 || strcmp(choice, "no") == 0;
}

void
dig_progress_begin(
    struct dig_progress *progress, const char *what, const char *choice)
{
	memset(progress, 0, sizeof(*progress));
	pthread_mutex_init(&progress->mutex, NULL);
	progress->what = what;
	progress->began_ns = dig_now_ns();
	if (choice != NULL && strcmp(choice, "json") == 0)
		progress->style = DIG_PROGRESS_JSON;
	else if (choice != NULL && choice[0] == '\0')
		progress->style = DIG_PROGRESS_DRAW;
	else if (choice == NULL && isatty(STDERR_FILENO))
		progress->style = DIG_PROGRESS_DRAW;
}

static size_t
terminal_width(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20)
		return size.ws_col;
	return 80;
}

/* Seconds that the rest takes at the pace so far; -1: cannot be told. */
static int64_t
seconds_left(const struct dig_progress_counts *now, double seconds)
{
	double done, total;

	if (now->total_bytes != 0) {
		done = (double)now->bytes;
		total = (double)now->total_bytes;
	} else {
		done = (double)now->files;
		total = (double)now->total_files;
	}
	if (done <= 0 || total < done)
		return -1;
	return (int64_t)(seconds * (total - done) / done + 0.5);
}

static void
put_line(struct dig_buf *line, const char *what, const char *unit,
    const struct dig_progress_counts *now, double seconds)
{
	int64_t left = seconds_left(now, seconds);

	dig_buf_printf(line, "%s: ", what);
	dig_format_count(line, now->files);
	if (now->total_files != 0) {
		dig_buf_puts(line, " of ");
		dig_format_count(line, now->total_files);
	}
	dig_buf_printf(line, " %s, ", unit != NULL ? unit : "files");
	if (unit != NULL && seconds > 0) {
		dig_format_count(
		    line, (uint64_t)((double)now->files / seconds));
		dig_buf_printf(line, " %s/s, ", unit);
	}
	dig_format_size(line, now->bytes);
	if (now->total_bytes != 0) {
		dig_buf_puts(line, " of ");
		dig_format_size(line, now->total_bytes);
	}
	if (seconds > 0 && now->bytes > 0) {
		dig_buf_puts(line, ", ");
		dig_format_size(line, (uint64_t)((double)now->bytes / seconds));
		dig_buf_puts(line, "/s");
	}
	if (left >= 3600)
		dig_buf_printf(line, ", %" PRId64 ":%02d:%02d left",
		    left / 3600, (int)(left / 60 % 60), (int)(left % 60));
	else if (left >= 0)
		dig_buf_printf(
		    line, ", %d:%02d left", (int)(left / 60), (int)(left % 60));
}

static void
draw(const char *what, const char *unit, const struct dig_progress_counts *now,
    double seconds)
{
	struct dig_buf line = DIG_BUF_INIT;
	size_t width = terminal_width();

	put_line(&line, what, unit, now, seconds);
	if (line.len >= width)
		line.len = width - 1;
	dig_buf_puts(&line, "\033[K\r");
	/* Progress that cannot be shown is no reason to stop. */
	dig_ignore(dig_write_full(STDERR_FILENO, line.data, line.len) == 0
		       ? DIG_OK
		       : DIG_EFILE);
	dig_buf_clear(&line);
}

static void
print_json(const char *what, const char *unit,
    const struct dig_progress_counts *now, int64_t elapsed_ns, bool done)
{
	struct dig_json json;
	struct dig_out out;

	dig_out_init(&out, -1);
	dig_json_init(&json, &out);
	dig_json_object(&json, NULL);
	dig_json_object(&json, "progress");
	dig_json_string(&json, "what", what);
	dig_json_uint(&json, unit != NULL ? unit : "files", now->files);
	if (now->total_files != 0)
		dig_json_uint(&json, "total_files", now->total_files);
	dig_json_uint(&json, "bytes", now->bytes);
	if (now->total_bytes != 0)
		dig_json_uint(&json, "total_bytes", now->total_bytes);
	dig_json_int(&json, "elapsed_ms", elapsed_ns / 1000000);
	dig_json_bool(&json, "done", done);
	dig_json_object_end(&json);
	dig_json_object_end(&json);
	dig_json_end(&json);
	dig_ignore(dig_write_full(STDERR_FILENO, out.buf.data, out.buf.len) == 0
		       ? DIG_OK
		       : DIG_EFILE);
	dig_out_clear(&out);
}

static bool
is_due(const struct dig_progress *progress, int64_t now)
{
	if (progress->drawn_ns == 0)
		return now - progress->began_ns >= FIRST_NS;
	return now - progress->drawn_ns >= EACH_NS;
}

void
dig_progress_update(
    struct dig_progress *progress, const struct dig_progress_counts *counts)
{
	int64_t now;

	if (progress->style == DIG_PROGRESS_NONE ||
	    pthread_mutex_trylock(&progress->mutex) != 0)
		return;
	progress->counts = *counts;
	now = dig_now_ns();
	if (is_due(progress, now)) {
		int64_t elapsed = now - progress->began_ns;

		progress->drawn_ns = now;
		if (progress->style == DIG_PROGRESS_DRAW)
			draw(progress->what, progress->unit, counts,
			    (double)elapsed / 1e9);
		else
			print_json(progress->what, progress->unit, counts,
			    elapsed, false);
	}
	pthread_mutex_unlock(&progress->mutex);
}

void
dig_progress_end(struct dig_progress *progress)
{
	static const char wipe[] = "\r\033[K";

	if (progress->style == DIG_PROGRESS_JSON)
		print_json(progress->what, progress->unit, &progress->counts,
		    dig_now_ns() - progress->began_ns, true);
	else if (progress->drawn_ns != 0)
		dig_ignore(
		    dig_write_full(STDERR_FILENO, wipe, sizeof(wipe) - 1) == 0
			? DIG_OK
			: DIG_EFILE);
	pthread_mutex_destroy(&progress->mutex);
}
