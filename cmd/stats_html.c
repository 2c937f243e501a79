/* SPDX-License-Identifier: MIT
 *
 * The report as one page: figures, five drawings, two tables, and under each
 * what it counts. Drawings are SVG of 400 units across, so that letters of 12
 * are readable on a phone, and colours are variables, so that they follow the
 * reader's choice of light or dark.
 */
#include "cmd/stats_html.h"

#include <string.h>

#include "cmd/stats_html_internal.h"
#include "cmd/text.h"

/* ---- Text ------------------------------------------------------------- */

/* Of XML 1.0's Char, and nothing that reorders what is around it. */
static bool
is_printable(uint32_t code)
{
	return code != DIG_UTF8_INVALID && !dig_is_control(code) &&
	       (code < 0xFFFE || code > 0xFFFF);
}

void
dig_html_text(struct dig_out *out, const void *text, size_t len)
{
	const uint8_t *at = text;

	while (len > 0) {
		uint32_t code;
		size_t n = dig_utf8_next(at, len, &code);

		if (code == '<')
			dig_out_puts(out, "&lt;");
		else if (code == '>')
			dig_out_puts(out, "&gt;");
		else if (code == '&')
			dig_out_puts(out, "&amp;");
		else if (code == '"')
			dig_out_puts(out, "&quot;");
		else if (is_printable(code))
			dig_out_raw(out, at, n);
		else
			dig_out_puts(out, "\xEF\xBF\xBD");
		at += n;
		len -= n;
	}
}

void
dig_html_size(struct dig_out *out, uint64_t bytes)
{
	struct dig_buf text = DIG_BUF_INIT;

	dig_format_size(&text, bytes);
	dig_out_raw(out, text.data, text.len);
	dig_buf_clear(&text);
}

void
dig_html_count(struct dig_out *out, uint64_t count)
{
	struct dig_buf text = DIG_BUF_INIT;

	dig_format_count(&text, count);
	dig_out_raw(out, text.data, text.len);
	dig_buf_clear(&text);
}

void
dig_html_time(struct dig_out *out, int64_t time, bool minutes)
{
	struct dig_buf text = DIG_BUF_INIT;

	dig_format_date(&text, DIG_DATE_ISO, time, 0);
	dig_out_raw(out, text.data, minutes ? 16 : 10);
	dig_buf_clear(&text);
}

static void
put_ratio(struct dig_out *out, uint64_t before, uint64_t after)
{
	if (before == 0 || after == 0)
		dig_out_puts(out, "&#8211;");
	else
		dig_out_printf(
		    out, "%.1f&#215;", (double)before / (double)after);
}

static void
begin_card(struct dig_out *out, const char *title, const char *what, bool wide)
{
	dig_out_printf(out, "<section%s><h2>%s</h2><p class=\"what\">%s</p>\n",
	    wide ? " class=\"wide\"" : "", title, what);
}

static void
end_card(struct dig_out *out)
{
	dig_out_puts(out, "</section>\n");
}

/* ---- Head ------------------------------------------------------------- */

static const char style[] =
    ":root{color-scheme:light dark;--bg:#f5f6f8;--card:#fff;--ink:#1b1f27;"
    "--soft:#5b6472;--line:#d9dde4;--a:#2458c5;--b:#b4500e;--good:#1c7c3c;"
    "--bad:#b3261e}\n"
    "@media(prefers-color-scheme:dark){:root{--bg:#12151b;--card:#1b1f27;"
    "--ink:#e8ebf0;--soft:#a2abba;--line:#343b48;--a:#82aaff;--b:#f2a65a;"
    "--good:#6fcf8d;--bad:#ff8a80}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0;background:var(--bg);color:var(--ink);"
    "font:16px/1.45 system-ui,sans-serif}\n"
    "main{max-width:68rem;margin:0 auto;padding:1.25rem 1rem 3rem}\n"
    "h1{font-size:1.6rem;margin:.5rem 0 0;overflow-wrap:anywhere}\n"
    "h2{font-size:1.05rem;margin:0}\n"
    "p{margin:0}.what,header p,footer{color:var(--soft);font-size:.875rem}\n"
    ".figures{display:grid;gap:.75rem;margin:1.25rem 0;grid-template-columns:"
    "repeat(auto-fit,minmax(9.5rem,1fr))}\n"
    ".figures div,section{background:var(--card);border:1px solid var(--line);"
    "border-radius:.5rem;padding:.9rem 1rem}\n"
    ".figures b{display:block;font-size:1.45rem;line-height:1.2;"
    "font-variant-numeric:tabular-nums}\n"
    ".figures span{color:var(--soft);font-size:.875rem}\n"
    ".cards{display:grid;gap:.75rem;grid-template-columns:"
    "repeat(auto-fit,minmax(min(100%,24rem),1fr))}\n"
    ".wide{grid-column:1/-1}section{min-width:0}\n"
    "svg{display:block;width:100%;height:auto;margin-top:.6rem;"
    "font-size:12px}\n"
    "svg text{fill:var(--soft)}.grid{stroke:var(--line);stroke-width:1}\n"
    ".a{fill:var(--a)}.b{fill:var(--b)}.none{fill:var(--line)}\n"
    ".la,.lb{fill:none;stroke-width:2;stroke-linejoin:round}"
    ".la{stroke:var(--a)}.lb{stroke:var(--b);stroke-dasharray:5 3}\n"
    ".key{display:flex;flex-wrap:wrap;gap:.2rem 1rem;font-size:.875rem;"
    "margin-top:.5rem}.key svg{width:1.6rem;display:inline-block;margin:0 "
    ".35rem 0 0;vertical-align:middle}\n"
    ".scroll{overflow-x:auto;margin-top:.6rem}\n"
    "table{border-collapse:collapse;width:100%;font-size:.875rem;"
    "font-variant-numeric:tabular-nums}\n"
    "th,td{padding:.3rem .5rem;text-align:right;white-space:nowrap;"
    "border-bottom:1px solid var(--line)}\n"
    "th{font-weight:600;color:var(--soft)}"
    "th:first-child,td:first-child{text-align:left;padding-left:0}\n"
    "td.name{text-align:left;white-space:normal;overflow-wrap:anywhere;"
    "min-width:10rem}tr.sum td{font-weight:600;border-bottom:0}\n"
    "td.bar{width:30%;min-width:5rem}td.bar div{background:var(--a);"
    "height:.7rem;border-radius:2px;min-width:2px}\n"
    ".health{list-style:none;margin:.5rem 0 0;padding:0}"
    ".health li{padding:.2rem 0}\n"
    ".good{color:var(--good)}.bad{color:var(--bad)}\n"
    "footer{margin-top:1.5rem}\n"
    "@media(max-width:30rem){th,td{padding:.3rem .25rem}}\n";

static void
put_head(struct dig_out *out, const struct dig_stats_page *page)
{
	dig_out_puts(out,
	    "<!DOCTYPE html>\n"
	    "<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n"
	    "<head>\n<meta charset=\"utf-8\"/>\n"
	    "<meta http-equiv=\"Content-Security-Policy\" "
	    "content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\n"
	    "<meta name=\"viewport\" "
	    "content=\"width=device-width, initial-scale=1\"/>\n<title>");
	dig_html_text(out, page->name, strlen(page->name));
	dig_out_puts(out, "</title>\n<style>\n");
	dig_out_puts(out, style);
	dig_out_puts(out, "</style>\n</head>\n<body>\n<main>\n");
}

static void
put_figure(struct dig_out *out, uint64_t value, bool bytes, const char *words)
{
	dig_out_puts(out, "<div><b>");
	if (bytes)
		dig_html_size(out, value);
	else
		dig_html_count(out, value);
	dig_out_printf(out, "</b><span>%s</span></div>\n", words);
}

static void
put_figures(struct dig_out *out, const struct dig_stats_page *page)
{
	const struct dig_stats *stats = page->stats;
	uint64_t bytes = 0;

	for (size_t i = 0; i < page->npacks; i++)
		bytes += page->packs[i].bytes + page->packs[i].parity_bytes;
	dig_out_puts(out, "<header><h1><bdi>");
	dig_html_text(out, page->name, strlen(page->name));
	dig_out_puts(out, "</bdi></h1>\n<p>");
	if (stats->commits > 0) {
		dig_html_time(out, stats->first, false);
		dig_out_puts(out, " to ");
		dig_html_time(out, stats->last, false);
	}
	if (stats->commits > 0 && page->branch != NULL)
		dig_out_puts(out, ", ");
	if (page->branch != NULL) {
		dig_out_puts(out, "branch <bdi>");
		dig_html_text(out, page->branch, strlen(page->branch));
		dig_out_puts(out, "</bdi>");
	}
	dig_out_puts(out, "</p></header>\n<div class=\"figures\">\n");
	put_figure(out, stats->commits, false,
	    stats->commits == 1 ? "commit" : "commits");
	put_figure(out, stats->authors, false,
	    stats->authors == 1 ? "author" : "authors");
	put_figure(out, stats->files, false,
	    stats->files == 1 ? "file in HEAD" : "files in HEAD");
	put_figure(out, stats->bytes, true, "in these files");
	put_figure(out, stats->all.version_bytes, true,
	    "in all versions of all files");
	put_figure(out, bytes, true, "in packs, parity included");
	dig_out_puts(out, "</div>\n<div class=\"cards\">\n");
}

/* ---- Tables ----------------------------------------------------------- */

static void
put_bar(struct dig_out *out, uint64_t value, uint64_t max)
{
	dig_out_puts(out, "<td class=\"bar\">");
	if (value > 0 && max > 0)
		dig_out_printf(out, "<div style=\"width:%.1f%%\"></div>",
		    (double)value / (double)max * 100);
	dig_out_puts(out, "</td>");
}

static void
put_authors(struct dig_out *out, const struct dig_stats *stats)
{
	begin_card(out, "Authors", "Commits, by the authors' names", false);
	dig_out_puts(out, "<div class=\"scroll\"><table><thead><tr>"
			  "<th scope=\"col\">author</th>"
			  "<th scope=\"col\">commits</th>"
			  "<th scope=\"col\"></th></tr></thead><tbody>\n");
	for (size_t i = 0; i < stats->ntop_authors; i++) {
		const struct dig_stats_author *author = &stats->top_authors[i];

		dig_out_puts(out, "<tr><td class=\"name\"><bdi>");
		dig_html_text(out, author->name, strlen(author->name));
		dig_out_puts(out, "</bdi></td><td>");
		dig_html_count(out, author->commits);
		dig_out_puts(out, "</td>");
		put_bar(out, author->commits, stats->top_authors[0].commits);
		dig_out_puts(out, "</tr>\n");
	}
	dig_out_puts(out, "</tbody></table></div>\n");
	if (stats->authors > stats->ntop_authors) {
		dig_out_puts(out, "<p class=\"what\">and ");
		dig_html_count(out, stats->authors - stats->ntop_authors);
		dig_out_puts(out, " more</p>\n");
	}
	end_card(out);
}

static void
put_type(struct dig_out *out, const struct dig_stats_files *type, uint64_t max)
{
	dig_out_puts(out, "<td>");
	dig_html_count(out, type->files);
	dig_out_puts(out, "</td><td>");
	dig_html_count(out, type->versions);
	dig_out_puts(out, "</td><td>");
	dig_html_size(out, type->version_bytes);
	dig_out_puts(out, "</td><td>");
	put_ratio(out, type->version_bytes, type->unique_bytes);
	dig_out_puts(out, "</td><td>");
	put_ratio(out, type->unique_bytes, type->stored_bytes);
	dig_out_puts(out, "</td><td>");
	dig_html_size(out, type->stored_bytes);
	dig_out_puts(out, "</td>");
	if (max > 0)
		put_bar(out, type->stored_bytes, max);
	else
		dig_out_puts(out, "<td></td>");
	dig_out_puts(out, "</tr>\n");
}

static void
put_types(struct dig_out *out, const struct dig_stats_page *page)
{
	const struct dig_stats *stats = page->stats;
	size_t n = stats->ntypes < page->top ? stats->ntypes : page->top;

	begin_card(out, "Types of files",
	    "Versions are contents that a commit gave a path, against its "
	    "first parent. Deduplication: their bytes to the distinct chunks "
	    "in them. Compression: these to their records, deltas among them. "
	    "What types share counts for the one that had it first.",
	    true);
	dig_out_puts(out, "<div class=\"scroll\"><table><thead><tr>");
	for (const char *const *head = (const char *const[]){ "type",
		 "files in HEAD", "versions", "of bytes", "deduplication",
		 "compression", "stored", "", NULL };
	     *head != NULL; head++)
		dig_out_printf(out, "<th scope=\"col\">%s</th>", *head);
	dig_out_puts(out, "</tr></thead><tbody>\n");
	for (size_t i = 0; i < n; i++) {
		dig_out_puts(out, "<tr><td><bdi>");
		dig_out_puts(out, stats->types[i].name_len > 0 ? "." : "none");
		dig_html_text(
		    out, stats->types[i].name, stats->types[i].name_len);
		dig_out_puts(out, "</bdi></td>");
		put_type(out, &stats->types[i], stats->types[0].stored_bytes);
	}
	dig_out_puts(out, "<tr class=\"sum\"><td>all</td>");
	put_type(out, &stats->all, 0);
	dig_out_puts(out, "</tbody></table></div>\n");
	end_card(out);
}

static void
put_paths(struct dig_out *out, const struct dig_stats_files *files,
    size_t count, bool stored)
{
	begin_card(out, stored ? "Costliest paths" : "Largest files",
	    stored ? "What all versions of a path have stored, and how many "
		     "they are"
		   : "Files of HEAD",
	    false);
	dig_out_printf(out,
	    "<div class=\"scroll\"><table><thead><tr><th scope=\"col\">path"
	    "</th>%s<th scope=\"col\">%s</th></tr></thead><tbody>\n",
	    stored ? "<th scope=\"col\">versions</th>" : "",
	    stored ? "stored" : "size");
	for (size_t i = 0; i < count; i++) {
		dig_out_puts(out, "<tr><td class=\"name\"><bdi>");
		dig_html_text(out, files[i].name, files[i].name_len);
		dig_out_puts(out, "</bdi></td>");
		if (stored) {
			dig_out_puts(out, "<td>");
			dig_html_count(out, files[i].versions);
			dig_out_puts(out, "</td>");
		}
		dig_out_puts(out, "<td>");
		dig_html_size(
		    out, stored ? files[i].stored_bytes : files[i].bytes);
		dig_out_puts(out, "</td></tr>\n");
	}
	dig_out_puts(out, "</tbody></table></div>\n");
	end_card(out);
}

static void
put_objects(struct dig_out *out, const struct dig_stats *stats)
{
	static const char *const words[DIG_STATS_KINDS] = { "chunks of files",
		"lists of chunks", "nodes of trees", "commits", "tags",
		"states of operations" };

	begin_card(out, "What is stored", "Objects in packs, by kind", false);
	dig_out_puts(out, "<div class=\"scroll\"><table><thead><tr>"
			  "<th scope=\"col\">kind</th>"
			  "<th scope=\"col\">objects</th>"
			  "<th scope=\"col\">bytes</th>"
			  "<th scope=\"col\">stored</th></tr></thead><tbody>"
			  "\n");
	for (size_t i = 0; i < DIG_STATS_KINDS; i++) {
		const struct dig_stats_kind *kind = &stats->kinds[i];

		if (kind->objects == 0)
			continue;
		dig_out_printf(out, "<tr><td>%s</td><td>", words[i]);
		dig_html_count(out, kind->objects);
		dig_out_puts(out, "</td><td>");
		dig_html_size(out, kind->raw_bytes);
		dig_out_puts(out, "</td><td>");
		dig_html_size(out, kind->stored_bytes);
		dig_out_puts(out, "</td></tr>\n");
	}
	dig_out_puts(out, "</tbody></table></div>\n");
	end_card(out);
}

static void
put_health(struct dig_out *out, const struct dig_stats_page *page)
{
	begin_card(
	    out, "Health", "What could be lost and still be repaired", false);
	dig_out_puts(out, "<ul class=\"health\">\n");
	for (size_t i = 0; i < page->npacks; i++) {
		const struct dig_parity_sum *sum = &page->packs[i];

		dig_out_printf(out, "<li><b class=\"%s\">%s</b> ",
		    sum->data > 0 ? "good" : "bad",
		    sum->data > 0 ? "protected:" : "not protected:");
		dig_html_count(out, sum->packs);
		dig_out_puts(out, sum->packs == 1 ? " pack, " : " packs, ");
		dig_html_size(out, sum->bytes);
		if (sum->data > 0) {
			dig_out_printf(out, "; parity %u+%u covers ", sum->data,
			    sum->parity);
			dig_html_size(out, sum->covered);
			dig_out_puts(out, ", a mirror the other ");
			dig_html_size(out, sum->bytes - sum->covered);
		}
		dig_out_puts(out, "</li>\n");
	}
	if (page->stats->unread > 0) {
		dig_out_puts(out, "<li><b class=\"bad\">damaged:</b> ");
		dig_html_count(out, page->stats->unread);
		dig_out_puts(out,
		    " contents cannot be read; <code>dig fsck</code> says "
		    "more</li>\n");
	}
	dig_out_puts(out, "<li>");
	if (page->scrubbed->bytes > 0) {
		dig_html_size(out, page->scrubbed->bytes);
		dig_out_puts(out, " of ");
		dig_html_size(out, page->scrubbed->total_bytes);
		dig_out_puts(out, " verified by <code>dig scrub</code>, some "
				  "of it last on ");
		dig_html_time(out, page->scrubbed->oldest, false);
	} else {
		dig_out_puts(out, "<code>dig scrub</code> has verified "
				  "nothing of it yet");
	}
	dig_out_puts(out,
	    "</li>\n<li>This page is made from the index; <code>dig "
	    "fsck</code> reads and checks all that is stored."
	    "</li>\n</ul>\n");
	end_card(out);
}

/* ---- The page --------------------------------------------------------- */

void
dig_stats_html(struct dig_out *out, const struct dig_stats_page *page)
{
	const struct dig_stats *stats = page->stats;

	put_head(out, page);
	put_figures(out, page);
	if (stats->nsteps > 1) {
		begin_card(out, "Growth",
		    "Bytes, by the committers' dates in UTC", false);
		dig_html_growth(out, stats);
		end_card(out);
	}
	if (stats->nperiods > 0) {
		dig_out_puts(out, "<section><h2>Activity</h2>"
				  "<p class=\"what\">Commits per ");
		dig_html_unit(out, stats);
		dig_out_puts(out, ", by the committers' dates in UTC</p>\n");
		dig_html_activity(out, stats);
		end_card(out);
		begin_card(out, "Week",
		    "Commits by day and hour, as the authors' clocks had it",
		    false);
		dig_html_week(out, stats);
		end_card(out);
	}
	if (stats->ntop_authors > 0)
		put_authors(out, stats);
	if (stats->ntypes > 0)
		put_types(out, page);
	if (stats->nlargest > 0)
		put_paths(out, stats->largest, stats->nlargest, false);
	if (stats->ncostliest > 0)
		put_paths(out, stats->costliest, stats->ncostliest, true);
	put_objects(out, stats);
	put_health(out, page);
	dig_out_puts(out, "</div>\n<footer>dig " DIG_VERSION ", ");
	dig_html_time(out, page->now, true);
	dig_out_puts(out, " UTC</footer>\n</main>\n</body>\n</html>\n");
}
