/* SPDX-License-Identifier: MIT
 *
 * Where lines come from, in git's forms and as JSON.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/blame.h"
#include "cmd/json.h"
#include "cmd/pretty.h"
#include "cmd/text.h"
#include "objects/base/io.h"

#define NOT_COMMITTED "Not Committed Yet <not.committed.yet>"

/* A commit that lines come from. */
struct origin {
	struct dig_oid id; /* zero: none yet */
	struct dig_buf bytes;
	struct dig_ident author;
	struct dig_ident committer;
	const uint8_t *message;
	size_t message_len;
	const char *path; /* of the first of its files */
	bool many_paths;
	bool is_boundary;
	bool is_shown;
};

struct printer {
	struct dig_out *out;
	const struct dig_blame_opts *opts;
	struct dig_blame *blame;
	const struct dig_blame_span *spans;
	size_t nspans;
	struct origin *origins; /* by id */
	size_t norigins;
	char zone[8]; /* of what is not committed */
	struct dig_buf text;

	size_t digits;
	size_t date_columns;
	bool show_name;
	size_t name_len;
	size_t author_columns;
	int line_digits;
	int source_digits;
};

/* ---- Commits ---------------------------------------------------------- */

static int
by_id(const void *a, const void *b)
{
	return dig_oid_cmp(
	    &((const struct origin *)a)->id, &((const struct origin *)b)->id);
}

static struct origin *
origin_of(struct printer *printer, const struct dig_blame_span *span)
{
	struct origin key = { .id = span->source->commit };

	return bsearch(&key, printer->origins, printer->norigins,
	    sizeof(*printer->origins), by_id);
}

/* What the work tree has and no commit: made up. */
static void
set_uncommitted(struct printer *printer, struct origin *origin)
{
	const char *path = dig_blame_path(printer->blame);
	int64_t now = dig_wall_seconds();
	int zone = dig_date_zone(now);

	snprintf(printer->zone, sizeof(printer->zone), "%c%02d%02d",
	    zone < 0 ? '-' : '+', abs(zone) / 60 % 100, abs(zone) % 60);
	dig_buf_printf(&origin->bytes, "Version of %s from %s", path, path);
	origin->message = origin->bytes.data;
	origin->message_len = origin->bytes.len;
	origin->author.who = (const uint8_t *)NOT_COMMITTED;
	origin->author.who_len = strlen(NOT_COMMITTED);
	origin->author.seconds = now;
	origin->author.zone = (const uint8_t *)printer->zone;
	origin->author.zone_len = strlen(printer->zone);
	origin->committer = origin->author;
}

static enum dig_status
load_origin(struct printer *printer, struct dig_repo *repo,
    struct origin *origin, struct dig_error *err)
{
	struct dig_commit commit;
	enum dig_status st;

	if (dig_oid_is_zero(&origin->id)) {
		set_uncommitted(printer, origin);
		return DIG_OK;
	}
	st =
	    dig_history_commit(repo, &origin->id, &origin->bytes, &commit, err);
	if (st != DIG_OK)
		return st;
	origin->author = commit.author;
	origin->committer = commit.committer;
	origin->message = commit.message;
	origin->message_len = commit.message_len;
	return DIG_OK;
}

/* Each commit once. */
static enum dig_status
load_origins(
    struct printer *printer, struct dig_repo *repo, struct dig_error *err)
{
	enum dig_status st = DIG_OK;
	size_t n = 0;

	printer->origins =
	    dig_calloc(printer->nspans + 1, sizeof(*printer->origins));
	for (size_t i = 0; i < printer->nspans; i++)
		printer->origins[i].id = printer->spans[i].source->commit;
	if (printer->nspans > 0)
		qsort(printer->origins, printer->nspans,
		    sizeof(*printer->origins), by_id);
	for (size_t i = 0; i < printer->nspans; i++)
		if (n == 0 ||
		    by_id(&printer->origins[n - 1], &printer->origins[i]) != 0)
			printer->origins[n++].id = printer->origins[i].id;
	printer->norigins = n;
	for (size_t i = 0; st == DIG_OK && i < n; i++)
		st = load_origin(printer, repo, &printer->origins[i], err);
	for (size_t i = 0; st == DIG_OK && i < printer->nspans; i++) {
		const struct dig_blame_source *source =
		    printer->spans[i].source;
		struct origin *origin = origin_of(printer, &printer->spans[i]);

		if (origin->path == NULL)
			origin->path = source->path;
		origin->many_paths |= strcmp(origin->path, source->path) != 0;
		origin->is_boundary |=
		    source->is_limit ||
		    (source->is_root && !printer->opts->root);
	}
	return st;
}

/* The name, or with `mail` the address with its brackets, into text. */
static void
put_who(struct printer *printer, const struct dig_ident *ident, bool mail)
{
	const uint8_t *name, *email;
	size_t name_len, email_len;

	dig_ident_split(ident, &name, &name_len, &email, &email_len);
	dig_buf_reset(&printer->text);
	if (mail)
		dig_buf_putc(&printer->text, '<');
	dig_buf_put(
	    &printer->text, mail ? email : name, mail ? email_len : name_len);
	if (mail)
		dig_buf_putc(&printer->text, '>');
}

/* ---- In columns ------------------------------------------------------- */

/* As wide as git has them, so that dates of one style stand below each
 * other. */
static size_t
date_columns(const char *word)
{
	static const struct {
		const char *word;
		size_t columns;
	} styles[] = {
		{ "iso-strict", 25 },
		{ "iso8601-strict", 25 },
		{ "iso", 25 },
		{ "rfc", 31 },
		{ "short", 10 },
		{ "relative", 22 },
		{ "unix", 10 },
		{ "raw", 16 },
		{ "format:", 0 },
	};

	for (size_t i = 0; i < sizeof(styles) / sizeof(styles[0]); i++)
		if (strncmp(word, styles[i].word, strlen(styles[i].word)) == 0)
			return styles[i].columns;
	return 30;
}

static int
count_digits(size_t number)
{
	int digits = 1;

	while (number >= 10) {
		number /= 10;
		digits++;
	}
	return digits;
}

static enum dig_status
measure(struct printer *printer, struct dig_error *err)
{
	const struct dig_blame_opts *opts = printer->opts;
	const char *asked = dig_blame_path(printer->blame);
	size_t last = 0, source_last = 0;
	enum dig_status st = DIG_OK;

	if (opts->long_ids || opts->abbrev == 0)
		printer->digits = DIG_OID_HEX;
	else if (opts->abbrev > 0)
		printer->digits = (size_t)opts->abbrev + 1;
	else
		st = dig_blame_digits(printer->blame, &printer->digits, err);
	if (opts->abbrev < 0 && !opts->long_ids)
		printer->digits++; /* a column for the mark */
	if (printer->digits > DIG_OID_HEX)
		printer->digits = DIG_OID_HEX;
	printer->date_columns =
	    date_columns(opts->date != NULL ? opts->date : "iso");
	printer->show_name = opts->show_name;
	for (size_t i = 0; i < printer->nspans; i++) {
		const struct dig_blame_span *span = &printer->spans[i];
		size_t len = strlen(span->source->path);
		size_t columns;

		printer->show_name |= strcmp(span->source->path, asked) != 0;
		if (len > printer->name_len)
			printer->name_len = len;
		put_who(
		    printer, &origin_of(printer, span)->author, opts->email);
		columns =
		    dig_text_columns(printer->text.data, printer->text.len);
		if (columns > printer->author_columns)
			printer->author_columns = columns;
		last = span->line + span->count - 1;
		if (span->source_line + span->count - 1 > source_last)
			source_last = span->source_line + span->count - 1;
	}
	printer->line_digits = count_digits(last);
	printer->source_digits = count_digits(source_last);
	return st;
}

static void
put_date(struct printer *printer, const struct dig_ident *ident)
{
	const char *word = printer->opts->date;

	dig_buf_reset(&printer->text);
	if (printer->opts->raw_time)
		dig_buf_printf(&printer->text, "%lld %.*s",
		    (long long)ident->seconds, (int)ident->zone_len,
		    (const char *)ident->zone);
	else
		dig_pretty_put_date(
		    &printer->text, ident, word != NULL ? word : "iso");
	if (!printer->opts->raw_time)
		while (printer->text.len < printer->date_columns)
			dig_buf_putc(&printer->text, ' ');
	dig_buf_putc(&printer->text, '\0');
	printer->text.len--;
}

/* Text from outside and blanks before or behind it. */
static void
print_padded(
    struct dig_out *out, const void *data, size_t len, int before, int behind)
{
	dig_out_printf(out, "%*s", before > 0 ? before : 0, "");
	dig_out_text(out, data, len);
	dig_out_printf(out, "%*s", behind > 0 ? behind : 0, "");
}

static void
print_id(struct printer *printer, const struct origin *origin)
{
	char hex[DIG_OID_HEX + 1];
	size_t digits = printer->digits;

	dig_oid_hex(&origin->id, hex);
	if (origin->is_boundary && printer->opts->blank) {
		memset(hex, ' ', digits);
	} else if (origin->is_boundary && !printer->opts->compatible) {
		dig_out_puts(printer->out, "^");
		digits--;
	}
	dig_out_printf(printer->out, "%.*s", (int)digits, hex);
}

/* What stands between the id and the line's number. */
static void
print_columns(struct printer *printer, const struct origin *origin,
    const struct dig_blame_span *span, size_t i)
{
	const struct dig_blame_opts *opts = printer->opts;
	struct dig_out *out = printer->out;
	size_t len = strlen(span->source->path);
	size_t columns;

	if (printer->show_name) {
		dig_out_puts(out, " ");
		print_padded(out, span->source->path, len, 0,
		    (int)(printer->name_len - len));
	}
	if (opts->show_number)
		dig_out_printf(out, " %*zu", printer->source_digits,
		    span->source_line + i);
	if (opts->suppress)
		return;
	put_who(printer, &origin->author, opts->email);
	columns = dig_text_columns(printer->text.data, printer->text.len);
	dig_out_puts(out, " (");
	print_padded(out, printer->text.data, printer->text.len, 0,
	    (int)(printer->author_columns - columns));
	put_date(printer, &origin->author);
	dig_out_puts(out, " ");
	print_padded(out, printer->text.data, printer->text.len,
	    10 - (int)printer->text.len, 0);
}

/* The form of git annotate. */
static void
print_tabs(struct printer *printer, const struct origin *origin)
{
	put_who(printer, &origin->author, printer->opts->email);
	dig_out_puts(printer->out, "\t(");
	print_padded(printer->out, printer->text.data, printer->text.len,
	    10 - (int)printer->text.len, 0);
	put_date(printer, &origin->author);
	dig_out_puts(printer->out, "\t");
	print_padded(printer->out, printer->text.data, printer->text.len,
	    10 - (int)printer->text.len, 0);
}

/* A terminal is not moved about by a file; a pipe gets its bytes. */
static void
print_text(struct printer *printer, size_t line)
{
	size_t len;
	const char *text = dig_blame_line(printer->blame, line, &len);

	dig_out_text(printer->out, text, len);
	if (len == 0 || text[len - 1] != '\n')
		dig_out_puts(printer->out, "\n");
}

static void
print_span(struct printer *printer, const struct dig_blame_span *span)
{
	const struct origin *origin = origin_of(printer, span);

	for (size_t i = 0; i < span->count; i++) {
		print_id(printer, origin);
		if (printer->opts->compatible) {
			print_tabs(printer, origin);
			dig_out_printf(printer->out, "\t%zu)", span->line + i);
		} else {
			print_columns(printer, origin, span, i);
			dig_out_printf(printer->out, " %*zu) ",
			    printer->line_digits, span->line + i);
		}
		print_text(printer, span->line + i);
	}
}

/* ---- For programs ----------------------------------------------------- */

/* The first line, without blank ones before it; the id where there is none. */
static void
put_summary(struct dig_buf *out, const struct origin *origin)
{
	const uint8_t *at = origin->message;
	const uint8_t *end = at + origin->message_len;
	const uint8_t *line = at;
	char hex[DIG_OID_HEX + 1];

	for (; at < end && strchr(" \t\r\v\f\n", *at) != NULL; at++)
		if (*at == '\n')
			line = at + 1;
	for (at = line; at < end && *at != '\n';)
		at++;
	dig_buf_reset(out);
	if (at > line) {
		dig_buf_put(out, line, (size_t)(at - line));
	} else {
		dig_oid_hex(&origin->id, hex);
		dig_buf_printf(out, "(%s)", hex);
	}
}

static void
print_who(
    struct printer *printer, const char *role, const struct dig_ident *ident)
{
	struct dig_out *out = printer->out;

	for (int mail = 0; mail < 2; mail++) {
		put_who(printer, ident, mail != 0);
		dig_out_printf(out, "%s%s ", role, mail != 0 ? "-mail" : "");
		dig_out_text(out, printer->text.data, printer->text.len);
		dig_out_puts(out, "\n");
	}
	dig_out_printf(out, "%s-time %lld\n%s-tz %.*s\n", role,
	    (long long)ident->seconds, role, (int)ident->zone_len,
	    (const char *)ident->zone);
}

static void
print_details(struct printer *printer, struct origin *origin,
    const struct dig_blame_source *source)
{
	struct dig_out *out = printer->out;
	char hex[DIG_OID_HEX + 1];

	if (!origin->is_shown || printer->opts->line_porcelain) {
		print_who(printer, "author", &origin->author);
		print_who(printer, "committer", &origin->committer);
		put_summary(&printer->text, origin);
		dig_out_puts(out, "summary ");
		dig_out_text(out, printer->text.data, printer->text.len);
		dig_out_puts(out, origin->is_boundary ? "\nboundary\n" : "\n");
	} else if (!origin->many_paths) {
		return;
	}
	origin->is_shown = true;
	if (source->old_path != NULL) {
		dig_oid_hex(&source->old_commit, hex);
		dig_out_printf(out, "previous %s ", hex);
		dig_out_path(out, source->old_path, strlen(source->old_path),
		    false, "\n");
	}
	dig_out_puts(out, "filename ");
	dig_out_path(out, source->path, strlen(source->path), false, "\n");
}

static void
print_porcelain(struct printer *printer, const struct dig_blame_span *span)
{
	struct origin *origin = origin_of(printer, span);
	char hex[DIG_OID_HEX + 1];

	dig_oid_hex(&origin->id, hex);
	for (size_t i = 0; i < span->count; i++) {
		dig_out_printf(printer->out, "%s %zu %zu", hex,
		    span->source_line + i, span->line + i);
		if (i == 0)
			dig_out_printf(printer->out, " %zu", span->count);
		dig_out_puts(printer->out, "\n");
		if (i == 0 || printer->opts->line_porcelain)
			print_details(printer, origin, span->source);
		dig_out_puts(printer->out, "\t");
		print_text(printer, span->line + i);
	}
}

/* ---- JSON ------------------------------------------------------------- */

/* A commit's id, or null for what is not committed. */
static void
json_id(struct dig_json *json, const char *key, const struct dig_oid *id)
{
	char hex[DIG_OID_HEX + 1];

	dig_oid_hex(id, hex);
	if (dig_oid_is_zero(id))
		dig_json_null(json, key);
	else
		dig_json_string(json, key, hex);
}

static void
json_path(struct dig_json *json, const char *key, const char *path)
{
	dig_json_path(json, key, path, strlen(path));
}

static void
json_line(struct printer *printer, struct dig_json *json,
    const struct dig_blame_span *span, size_t i)
{
	const struct dig_blame_source *source = span->source;
	size_t len;
	const char *text = dig_blame_line(printer->blame, span->line + i, &len);

	if (len > 0 && text[len - 1] == '\n')
		len--;
	dig_json_object(json, NULL);
	dig_json_uint(json, "line", span->line + i);
	json_id(json, "commit", &source->commit);
	json_path(json, "path", source->path);
	dig_json_uint(json, "source_line", span->source_line + i);
	if (source->old_path != NULL) {
		json_id(json, "old_commit", &source->old_commit);
		json_path(json, "old_path", source->old_path);
	}
	dig_json_bytes(json, "text", text, len);
	dig_json_object_end(json);
}

static void
json_origin(
    struct printer *printer, struct dig_json *json, const struct origin *origin)
{
	const struct dig_ident *author = &origin->author;

	if (dig_oid_is_zero(&origin->id))
		return;
	dig_json_object(json, NULL);
	json_id(json, "id", &origin->id);
	put_who(printer, author, false);
	dig_json_bytes(
	    json, "author_name", printer->text.data, printer->text.len);
	put_who(printer, author, true);
	dig_json_bytes(json, "author_email", printer->text.data + 1,
	    printer->text.len - 2);
	dig_json_int(json, "author_time", author->seconds);
	dig_json_int(json, "author_zone",
	    dig_zone_minutes(author->zone, author->zone_len));
	put_summary(&printer->text, origin);
	dig_json_bytes(json, "subject", printer->text.data, printer->text.len);
	dig_json_bool(json, "boundary", origin->is_boundary);
	dig_json_object_end(json);
}

static void
print_json(struct printer *printer)
{
	struct dig_json json;

	dig_json_init(&json, printer->out);
	dig_json_object(&json, NULL);
	json_path(&json, "path", dig_blame_path(printer->blame));
	dig_json_array(&json, "lines");
	for (size_t i = 0; i < printer->nspans; i++)
		for (size_t k = 0; k < printer->spans[i].count; k++)
			json_line(printer, &json, &printer->spans[i], k);
	dig_json_array_end(&json);
	dig_json_array(&json, "commits");
	for (size_t i = 0; i < printer->norigins; i++)
		json_origin(printer, &json, &printer->origins[i]);
	dig_json_array_end(&json);
	dig_json_object_end(&json);
	dig_json_end(&json);
}

/* ---- The door --------------------------------------------------------- */

enum dig_status
dig_blame_print(struct dig_cli *cli, struct dig_repo *repo,
    const struct dig_blame_opts *opts, struct dig_blame *blame,
    struct dig_error *err)
{
	struct printer printer = {
		.out = &cli->out, .opts = opts, .blame = blame
	};
	bool porcelain = opts->porcelain || opts->line_porcelain;
	enum dig_status st;

	printer.spans = dig_blame_spans(blame, &printer.nspans);
	st = load_origins(&printer, repo, err);
	if (st == DIG_OK && !porcelain && !opts->json)
		st = measure(&printer, err);
	if (st == DIG_OK && opts->json)
		print_json(&printer);
	else
		for (size_t i = 0; st == DIG_OK && i < printer.nspans &&
				   !dig_out_gone(printer.out);
		     i++) {
			if (porcelain)
				print_porcelain(&printer, &printer.spans[i]);
			else
				print_span(&printer, &printer.spans[i]);
		}
	for (size_t i = 0; i < printer.norigins; i++)
		dig_buf_clear(&printer.origins[i].bytes);
	free(printer.origins);
	dig_buf_clear(&printer.text);
	return st;
}
