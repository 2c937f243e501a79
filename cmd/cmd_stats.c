/* SPDX-License-Identifier: MIT
 *
 * dig stats: the history and what it costs, for people.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd/command.h"
#include "cmd/json.h"
#include "cmd/stats_html.h"
#include "cmd/text.h"
#include "objects/base/io.h"

#define PACKS_MAX 64 /* geometries of parity that are told apart */
#define BAR_CELLS 32

struct opts {
	bool json;
	const char *html;
	int64_t top;
};

static const struct dig_opt options[] = {
	DIG_OPT_STRING('\0', "html", struct opts, html, "FILE",
	    "write a page with drawings instead; '-': standard output"),
	DIG_OPT_COUNT('n', "top", struct opts, top, 1, 1000, "N",
	    "authors, types and paths to list (default 10)"),
	DIG_OPTS_COLOUR,
	DIG_OPT_JSON(struct opts, json),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_stats = {
	"stats",
	"[-n N] [--json | --html FILE]",
	"Sum up the repository: commits and authors, growth, when people "
	"worked, what files of each type cost and how far deduplication and "
	"compression go, the largest paths, and what parity covers.",
	options,
};

/* ---- Text ------------------------------------------------------------- */

static void
put_count(struct dig_out *out, int width, uint64_t count)
{
	struct dig_buf text = DIG_BUF_INIT;

	dig_format_count(&text, count);
	dig_buf_putc(&text, '\0');
	dig_out_printf(out, "%*s", width, (const char *)text.data);
	dig_buf_clear(&text);
}

static void
put_size(struct dig_out *out, int width, uint64_t bytes)
{
	struct dig_buf text = DIG_BUF_INIT;

	dig_format_size(&text, bytes);
	dig_buf_putc(&text, '\0');
	dig_out_printf(out, "%*s", width, (const char *)text.data);
	dig_buf_clear(&text);
}

static void
put_plural(struct dig_out *out, uint64_t count, const char *one,
    const char *many, const char *after)
{
	put_count(out, 0, count);
	dig_out_printf(out, " %s%s", count == 1 ? one : many, after);
}

static void
put_day(struct dig_out *out, int64_t time)
{
	struct dig_buf text = DIG_BUF_INIT;

	dig_format_date(&text, DIG_DATE_SHORT, time, 0);
	dig_out_raw(out, text.data, text.len);
	dig_buf_clear(&text);
}

/* "2026-11-21 06:30" and two blanks. */
static void
put_time(struct dig_out *out, int64_t time)
{
	struct dig_buf text = DIG_BUF_INIT;

	dig_format_date(&text, DIG_DATE_ISO, time, 0);
	dig_buf_putc(&text, '\0');
	dig_out_printf(out, "%.16s  ", (const char *)text.data);
	dig_buf_clear(&text);
}

static void
put_heading(struct dig_out *out, const char *words, const char *unit)
{
	dig_out_puts(out, "\n");
	dig_out_colour(out, DIG_COLOUR_BOLD);
	dig_out_puts(out, words);
	dig_out_colour(out, DIG_COLOUR_RESET);
	dig_out_printf(out, "%s\n", unit);
}

/* A bar of the given part of BAR_CELLS; what is not nothing shows. */
static void
put_bar(struct dig_out *out, uint64_t value, uint64_t max)
{
	unsigned cells =
	    max == 0
		? 0
		: (unsigned)((double)value / (double)max * BAR_CELLS + 0.5);

	if (cells == 0 && value > 0)
		cells = 1;
	if (cells > 0)
		dig_out_colour(out, DIG_COLOUR_BLUE);
	for (unsigned i = 0; i < BAR_CELLS; i++)
		dig_out_puts(out, i < cells ? "#" : " ");
	if (cells > 0)
		dig_out_colour(out, DIG_COLOUR_RESET);
}

/* "12.5 x"; a dash where there is nothing to compare. */
static void
put_ratio(struct dig_out *out, uint64_t before, uint64_t after)
{
	if (before == 0 || after == 0)
		dig_out_puts(out, "       -");
	else
		dig_out_printf(out, "  %5.1fx", (double)before / (double)after);
}

static void
print_totals(struct dig_out *out, const struct dig_stats_page *page)
{
	const struct dig_stats *stats = page->stats;
	const struct dig_stats_files *all = &stats->all;
	uint64_t npacks = 0, bytes = 0, parity = 0;

	for (size_t i = 0; i < page->npacks; i++) {
		npacks += page->packs[i].packs;
		bytes += page->packs[i].bytes;
		parity += page->packs[i].parity_bytes;
	}
	dig_out_puts(out, "history   ");
	put_plural(out, stats->commits, "commit", "commits", " by ");
	put_plural(out, stats->authors, "author", "authors", "");
	if (stats->commits > 0) {
		dig_out_puts(out, ", ");
		put_day(out, stats->first);
		dig_out_puts(out, " to ");
		put_day(out, stats->last);
	}
	dig_out_puts(out, "\n          ");
	put_plural(out, stats->branches, "branch", "branches", ", ");
	put_plural(out, stats->tags, "tag", "tags", ", ");
	put_plural(out, stats->merges, "merge", "merges", "\n");
	dig_out_puts(out, "HEAD      ");
	put_plural(out, stats->files, "file", "files", ", ");
	put_size(out, 0, stats->bytes);
	dig_out_puts(out, "\nversions  ");
	put_plural(out, all->versions, "version", "versions", " of files, ");
	put_size(out, 0, all->version_bytes);
	dig_out_puts(out, "; ");
	put_size(out, 0, all->unique_bytes);
	dig_out_puts(out, " of them distinct, ");
	put_size(out, 0, all->stored_bytes);
	dig_out_puts(out, " stored\npacks     ");
	put_plural(out, npacks, "pack", "packs", ", ");
	put_size(out, 0, bytes);
	dig_out_puts(out, ", and ");
	put_size(out, 0, parity);
	dig_out_puts(out, " of parity\n");
}

static void
print_periods(struct dig_out *out, const struct dig_stats *stats)
{
	uint64_t max = 0;

	if (stats->nperiods == 0)
		return;
	for (size_t i = 0; i < stats->nperiods; i++)
		if (stats->periods[i].commits > max)
			max = stats->periods[i].commits;
	put_heading(out, "Activity", ": commits, changed files (UTC)");
	for (size_t i = 0; i < stats->nperiods; i++) {
		const struct dig_stats_period *period = &stats->periods[i];

		dig_out_printf(out, "  %-16s  ", period->label);
		put_bar(out, period->commits, max);
		put_count(out, 9, period->commits);
		put_count(out, 11,
		    period->added + period->modified + period->deleted);
		dig_out_puts(out, "\n");
	}
}

static void
print_growth(struct dig_out *out, const struct dig_stats *stats)
{
	uint64_t max = 0;

	if (stats->nsteps < 2)
		return;
	for (size_t i = 0; i < stats->nsteps; i++)
		if (stats->steps[i].stored_bytes > max)
			max = stats->steps[i].stored_bytes;
	put_heading(out, "Growth", ": contents as stored, files of the tree");
	for (size_t i = 0; i < stats->nsteps; i += (DIG_STATS_STEPS - 1) / 12) {
		const struct dig_stats_step *step = &stats->steps[i];

		dig_out_puts(out, "  ");
		put_time(out, step->time);
		put_bar(out, step->stored_bytes, max);
		dig_out_puts(out, " ");
		put_size(out, 11, step->stored_bytes);
		put_size(out, 12, step->tree_bytes);
		dig_out_puts(out, "\n");
	}
}

/* Ten shades for the hours: '.' is none, '9' the most. */
static void
print_week(struct dig_out *out, const struct dig_stats *stats)
{
	static const char *const days[] = { "Mon", "Tue", "Wed", "Thu", "Fri",
		"Sat", "Sun" };
	uint64_t sums[7] = { 0 };
	uint64_t max = 0, most = 0;

	if (stats->commits == 0)
		return;
	for (unsigned day = 0; day < 7; day++) {
		for (unsigned hour = 0; hour < 24; hour++) {
			sums[day] += stats->week[day][hour];
			if (stats->week[day][hour] > most)
				most = stats->week[day][hour];
		}
		if (sums[day] > max)
			max = sums[day];
	}
	put_heading(out, "Week",
	    ": commits by day and hour of the authors' "
	    "clocks");
	dig_out_printf(
	    out, "       %-*s%9s  0     6     12    18\n", BAR_CELLS, "", "");
	for (unsigned day = 0; day < 7; day++) {
		dig_out_printf(out, "  %s  ", days[day]);
		put_bar(out, sums[day], max);
		put_count(out, 9, sums[day]);
		dig_out_puts(out, "  ");
		for (unsigned hour = 0; hour < 24; hour++) {
			uint64_t count = stats->week[day][hour];

			if (count == 0)
				dig_out_puts(out, ".");
			else
				dig_out_printf(out, "%u",
				    1 + (unsigned)((double)(count - 1) /
						   (double)most * 9));
		}
		dig_out_puts(out, "\n");
	}
	dig_out_printf(out,
	    "  (of the hours: '.' is none, 9 the most, which is %llu)\n",
	    (unsigned long long)most);
}

static void
print_authors(struct dig_out *out, const struct dig_stats *stats)
{
	uint64_t max =
	    stats->ntop_authors > 0 ? stats->top_authors[0].commits : 0;

	if (stats->ntop_authors == 0)
		return;
	put_heading(out, "Authors", ": commits");
	for (size_t i = 0; i < stats->ntop_authors; i++) {
		const struct dig_stats_author *author = &stats->top_authors[i];

		dig_out_puts(out, "  ");
		put_bar(out, author->commits, max);
		put_count(out, 9, author->commits);
		dig_out_puts(out, "  ");
		dig_out_text(out, author->name, strlen(author->name));
		dig_out_puts(out, "\n");
	}
	if (stats->authors > stats->ntop_authors)
		dig_out_printf(out, "  and %llu more\n",
		    (unsigned long long)(stats->authors - stats->ntop_authors));
}

static void
print_type(struct dig_out *out, const struct dig_stats_files *type)
{
	put_count(out, 9, type->files);
	put_count(out, 10, type->versions);
	put_size(out, 11, type->version_bytes);
	put_size(out, 11, type->stored_bytes);
	put_ratio(out, type->version_bytes, type->unique_bytes);
	put_ratio(out, type->unique_bytes, type->stored_bytes);
	dig_out_puts(out, "  ");
}

static void
print_types(struct dig_out *out, const struct dig_stats_page *page)
{
	const struct dig_stats *stats = page->stats;
	size_t n = stats->ntypes < page->top ? stats->ntypes : page->top;

	if (n == 0)
		return;
	put_heading(out, "Types of files", "");
	dig_out_puts(out, "     HEAD  versions   of bytes     stored   dedup  "
			  "packed  type\n");
	for (size_t i = 0; i < n; i++) {
		print_type(out, &stats->types[i]);
		if (stats->types[i].name_len > 0) {
			dig_out_puts(out, ".");
			dig_out_path(out, stats->types[i].name,
			    stats->types[i].name_len, false, "\n");
		} else {
			dig_out_puts(out, "(none)\n");
		}
	}
	print_type(out, &stats->all);
	dig_out_puts(out, "all\n");
	dig_out_puts(out, "  (dedup: bytes of the versions to distinct ones; "
			  "packed: distinct to stored)\n");
}

static void
print_paths(struct dig_out *out, const struct dig_stats *stats)
{
	if (stats->nlargest > 0)
		put_heading(out, "Largest files", " of HEAD");
	for (size_t i = 0; i < stats->nlargest; i++) {
		put_size(out, 12, stats->largest[i].bytes);
		dig_out_puts(out, "  ");
		dig_out_path(out, stats->largest[i].name,
		    stats->largest[i].name_len, false, "\n");
	}
	if (stats->ncostliest > 0)
		put_heading(out, "Costliest paths",
		    ": stored by all versions, how many they are");
	for (size_t i = 0; i < stats->ncostliest; i++) {
		put_size(out, 12, stats->costliest[i].stored_bytes);
		put_count(out, 8, stats->costliest[i].versions);
		dig_out_puts(out, "  ");
		dig_out_path(out, stats->costliest[i].name,
		    stats->costliest[i].name_len, false, "\n");
	}
}

static void
print_health(struct dig_out *out, const struct dig_stats_page *page)
{
	put_heading(out, "Health", "");
	for (size_t i = 0; i < page->npacks; i++) {
		const struct dig_parity_sum *sum = &page->packs[i];

		dig_out_puts(out, "  ");
		put_plural(out, sum->packs, "pack", "packs", ", ");
		put_size(out, 0, sum->bytes);
		if (sum->data == 0) {
			dig_out_puts(out, ": no parity, damage cannot be "
					  "repaired\n");
			continue;
		}
		dig_out_printf(
		    out, ": parity %u+%u covers ", sum->data, sum->parity);
		put_size(out, 0, sum->covered);
		dig_out_puts(out, ", a mirror the other ");
		put_size(out, 0, sum->bytes - sum->covered);
		dig_out_puts(out, "\n");
	}
	if (page->stats->unread > 0) {
		dig_out_puts(out, "  ");
		put_plural(out, page->stats->unread, "content", "contents",
		    " cannot be read: 'dig fsck' says more\n");
	}
	if (page->scrubbed->bytes == 0) {
		dig_out_puts(out, "  nothing of it is verified yet: 'dig "
				  "scrub' reads all of it\n");
		return;
	}
	dig_out_puts(out, "  scrub has verified ");
	put_size(out, 0, page->scrubbed->bytes);
	dig_out_puts(out, " of ");
	put_size(out, 0, page->scrubbed->total_bytes);
	dig_out_puts(out, ", some of it last on ");
	put_day(out, page->scrubbed->oldest);
	dig_out_puts(out, "\n");
}

static void
print(struct dig_out *out, const struct dig_stats_page *page)
{
	print_totals(out, page);
	print_periods(out, page->stats);
	print_growth(out, page->stats);
	print_week(out, page->stats);
	print_authors(out, page->stats);
	print_types(out, page);
	print_paths(out, page->stats);
	print_health(out, page);
}

/* ---- JSON ------------------------------------------------------------- */

static void
json_costs(struct dig_json *json, const struct dig_stats_files *files)
{
	dig_json_uint(json, "files", files->files);
	dig_json_uint(json, "bytes", files->bytes);
	dig_json_uint(json, "versions", files->versions);
	dig_json_uint(json, "version_bytes", files->version_bytes);
	dig_json_uint(json, "unique_bytes", files->unique_bytes);
	dig_json_uint(json, "stored_bytes", files->stored_bytes);
}

static void
json_files(struct dig_json *json, const char *key,
    const struct dig_stats_files *files, size_t count, bool types)
{
	dig_json_array(json, key);
	for (size_t i = 0; i < count; i++) {
		dig_json_object(json, NULL);
		if (types)
			dig_json_bytes(
			    json, "type", files[i].name, files[i].name_len);
		else
			dig_json_path(
			    json, "path", files[i].name, files[i].name_len);
		json_costs(json, &files[i]);
		dig_json_object_end(json);
	}
	dig_json_array_end(json);
}

static void
json_times(struct dig_json *json, const struct dig_stats *stats)
{
	dig_json_array(json, "periods");
	for (size_t i = 0; i < stats->nperiods; i++) {
		const struct dig_stats_period *period = &stats->periods[i];

		dig_json_object(json, NULL);
		dig_json_int(json, "start", period->start);
		dig_json_string(json, "label", period->label);
		dig_json_uint(json, "commits", period->commits);
		dig_json_uint(json, "added", period->added);
		dig_json_uint(json, "modified", period->modified);
		dig_json_uint(json, "deleted", period->deleted);
		dig_json_object_end(json);
	}
	dig_json_array_end(json);
	dig_json_array(json, "growth");
	for (size_t i = 0; i < stats->nsteps; i++) {
		dig_json_object(json, NULL);
		dig_json_int(json, "time", stats->steps[i].time);
		dig_json_uint(json, "tree_bytes", stats->steps[i].tree_bytes);
		dig_json_uint(
		    json, "stored_bytes", stats->steps[i].stored_bytes);
		dig_json_object_end(json);
	}
	dig_json_array_end(json);
	dig_json_array(json, "week");
	for (unsigned day = 0; day < 7; day++) {
		dig_json_array(json, NULL);
		for (unsigned hour = 0; hour < 24; hour++)
			dig_json_uint(json, NULL, stats->week[day][hour]);
		dig_json_array_end(json);
	}
	dig_json_array_end(json);
}

static void
json_authors(struct dig_json *json, const struct dig_stats *stats)
{
	dig_json_array(json, "top_authors");
	for (size_t i = 0; i < stats->ntop_authors; i++) {
		dig_json_object(json, NULL);
		dig_json_string(json, "name", stats->top_authors[i].name);
		dig_json_uint(json, "commits", stats->top_authors[i].commits);
		dig_json_int(json, "first", stats->top_authors[i].first);
		dig_json_int(json, "last", stats->top_authors[i].last);
		dig_json_object_end(json);
	}
	dig_json_array_end(json);
}

static void
json_storage(struct dig_json *json, const struct dig_stats_page *page)
{
	dig_json_array(json, "objects");
	for (size_t i = 0; i < DIG_STATS_KINDS; i++) {
		const struct dig_stats_kind *kind = &page->stats->kinds[i];

		dig_json_object(json, NULL);
		dig_json_string(json, "kind", kind->name);
		dig_json_uint(json, "objects", kind->objects);
		dig_json_uint(json, "raw_bytes", kind->raw_bytes);
		dig_json_uint(json, "stored_bytes", kind->stored_bytes);
		dig_json_object_end(json);
	}
	dig_json_array_end(json);
	dig_json_array(json, "packs");
	for (size_t i = 0; i < page->npacks; i++) {
		const struct dig_parity_sum *sum = &page->packs[i];

		dig_json_object(json, NULL);
		dig_json_uint(json, "data", sum->data);
		dig_json_uint(json, "parity", sum->parity);
		dig_json_uint(json, "packs", sum->packs);
		dig_json_uint(json, "bytes", sum->bytes);
		dig_json_uint(json, "covered", sum->covered);
		dig_json_uint(json, "parity_bytes", sum->parity_bytes);
		dig_json_object_end(json);
	}
	dig_json_array_end(json);
	dig_json_uint(json, "unread", page->stats->unread);
	dig_json_object(json, "scrubbed");
	dig_json_uint(json, "total_bytes", page->scrubbed->total_bytes);
	dig_json_uint(json, "bytes", page->scrubbed->bytes);
	if (page->scrubbed->bytes > 0)
		dig_json_int(json, "oldest", page->scrubbed->oldest);
	else
		dig_json_null(json, "oldest");
	dig_json_object_end(json);
}

static void
json_all(struct dig_out *out, const struct dig_stats_page *page)
{
	const struct dig_stats *stats = page->stats;
	struct dig_json json;

	dig_json_init(&json, out);
	dig_json_object(&json, NULL);
	dig_json_uint(&json, "commits", stats->commits);
	dig_json_uint(&json, "merges", stats->merges);
	dig_json_uint(&json, "authors", stats->authors);
	dig_json_uint(&json, "branches", stats->branches);
	dig_json_uint(&json, "tags", stats->tags);
	if (stats->commits > 0) {
		dig_json_int(&json, "first", stats->first);
		dig_json_int(&json, "last", stats->last);
	} else {
		dig_json_null(&json, "first");
		dig_json_null(&json, "last");
	}
	json_costs(&json, &stats->all);
	json_files(&json, "types", stats->types, stats->ntypes, true);
	json_files(&json, "largest", stats->largest, stats->nlargest, false);
	json_files(
	    &json, "costliest", stats->costliest, stats->ncostliest, false);
	json_authors(&json, stats);
	json_times(&json, stats);
	json_storage(&json, page);
	dig_json_object_end(&json);
	dig_json_end(&json);
}

/* ---- The verb --------------------------------------------------------- */

static enum dig_status
write_page(
    const char *name, const struct dig_stats_page *page, struct dig_error *err)
{
	struct dig_out out;
	int fd = dig_open_at(AT_FDCWD, name,
	    DIG_OPEN_WRITE | DIG_OPEN_CREATE | DIG_OPEN_TRUNC |
		DIG_OPEN_WORKTREE | DIG_OPEN_FOLLOW);
	int os;

	if (fd < 0)
		return dig_raise_os(
		    err, DIG_EFILE, -fd, "cannot write '%.300s'", name);
	dig_out_init(&out, fd);
	dig_stats_html(&out, page);
	dig_out_flush(&out);
	os = out.os_errno;
	dig_out_clear(&out);
	if (os == 0)
		os = dig_close(fd);
	else
		dig_close(fd);
	return os == 0
		   ? DIG_OK
		   : dig_raise_os(err, DIG_EFILE, os, "writing '%.300s'", name);
}

static enum dig_status
show(struct dig_cli *cli, const struct opts *opts,
    const struct dig_stats_page *page, struct dig_error *err)
{
	if (opts->html != NULL && strcmp(opts->html, "-") != 0)
		return write_page(opts->html, page, err);
	if (opts->html != NULL)
		dig_stats_html(&cli->out, page);
	else if (opts->json)
		json_all(&cli->out, page);
	else
		print(&cli->out, page);
	return DIG_OK;
}

enum dig_status
dig_cmd_stats(struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct dig_parity_sum packs[PACKS_MAX];
	struct opts opts = { .top = 10 };
	struct dig_stats stats = { 0 };
	struct dig_scrub_sum scrubbed;
	struct dig_stats_page page = {
		.stats = &stats, .packs = packs, .scrubbed = &scrubbed
	};
	struct dig_repo *repo = NULL;
	struct dig_args args;
	const char *slash;
	enum dig_status st;

	st = dig_opt_parse(&dig_usage_stats, argc, argv, &opts, &args, err);
	if (st == DIG_OK && args.argc > 0)
		st = dig_raise(err, DIG_EINVALID, "stats takes no operand");
	if (st == DIG_OK && opts.json && opts.html != NULL)
		st = dig_raise(
		    err, DIG_EINVALID, "--json and --html exclude each other");
	if (st == DIG_OK)
		st = dig_cli_repo(cli, &repo, err);
	if (st == DIG_OK)
		st = dig_repo_scrubbed(repo, &scrubbed, err);
	if (st == DIG_OK)
		st = dig_stats_collect(repo, (size_t)opts.top, &stats, err);
	if (st != DIG_OK)
		return st;
	slash = strrchr(dig_repo_worktree(repo), '/');
	page.name = slash != NULL && slash[1] != '\0' ? slash + 1
						      : dig_repo_worktree(repo);
	page.branch = dig_repo_branch(repo);
	page.npacks = dig_repo_parity(repo, packs, PACKS_MAX);
	page.top = (size_t)opts.top;
	page.now = (int64_t)time(NULL);
	st = show(cli, &opts, &page, err);
	dig_stats_clear(&stats);
	return st;
}
