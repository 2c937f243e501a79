/* SPDX-License-Identifier: MIT
 *
 * Commits in words. A commit's text is made whole in memory and printed once,
 * through the one function that keeps it from moving a terminal's cursor.
 *
 * Source: git-log(1) "Pretty formats".
 */
#include "cmd/pretty.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/text.h"
#include "objects/base/io.h"

#define INDENT "    "
#define TAB_WIDTH 8

/* Preset names; the longest that git has begin alike, so names are whole. */
static const struct {
	const char *name;
	enum dig_pretty_kind kind;
} presets[] = {
	{ "medium", DIG_PRETTY_MEDIUM },
	{ "oneline", DIG_PRETTY_ONELINE },
	{ "short", DIG_PRETTY_SHORT },
	{ "full", DIG_PRETTY_FULL },
	{ "fuller", DIG_PRETTY_FULLER },
	{ "raw", DIG_PRETTY_RAW },
};

void
dig_pretty_init(struct dig_pretty *pretty, struct dig_repo *repo)
{
	memset(pretty, 0, sizeof(*pretty));
	pretty->repo = repo;
	pretty->separator = true;
}

void
dig_pretty_clear(struct dig_pretty *pretty)
{
	free(pretty->refs);
	free(pretty->by_commit);
	dig_buf_clear(&pretty->text);
}

enum dig_status
dig_pretty_parse(
    struct dig_pretty *pretty, const char *text, struct dig_error *err)
{
	for (size_t i = 0; i < sizeof(presets) / sizeof(presets[0]); i++)
		if (strcmp(text, presets[i].name) == 0) {
			pretty->kind = presets[i].kind;
			pretty->separator = pretty->kind != DIG_PRETTY_ONELINE;
			return DIG_OK;
		}
	if (strncmp(text, "format:", 7) == 0) {
		pretty->format = text + 7;
		pretty->separator = true;
	} else if (strncmp(text, "tformat:", 8) == 0) {
		pretty->format = text + 8;
		pretty->separator = false;
	} else if (*text == '\0' || strchr(text, '%') != NULL) {
		pretty->format = text;
		pretty->separator = false;
	} else {
		dig_ignore(dig_raise(
		    err, DIG_EINVALID, "unknown format '%.200s'", text));
		dig_hint(err, "oneline, short, medium, full, fuller, raw, or "
			      "text with %%H %%s and the like");
		return DIG_EINVALID;
	}
	pretty->kind = DIG_PRETTY_USER;
	return DIG_OK;
}

bool
dig_pretty_is_empty(const struct dig_pretty *pretty)
{
	return pretty->kind == DIG_PRETTY_USER && *pretty->format == '\0';
}

/* ---- Dates ------------------------------------------------------------ */

static const char *const date_words[] = { "default", "iso", "iso-strict",
	"short", "relative", "unix", "raw" };

enum dig_status
dig_pretty_check_date(const char *word, struct dig_error *err)
{
	for (size_t i = 0; i < sizeof(date_words) / sizeof(date_words[0]); i++)
		if (strcmp(word, date_words[i]) == 0)
			return DIG_OK;
	dig_ignore(
	    dig_raise(err, DIG_EINVALID, "unknown date format '%.200s'", word));
	dig_hint(err, "default, iso, iso-strict, short, relative, unix or raw");
	return DIG_EINVALID;
}

static void
put_ago(struct dig_buf *out, uint64_t count, const char *unit)
{
	dig_buf_printf(out, "%llu %s%s", (unsigned long long)count, unit,
	    count == 1 ? "" : "s");
}

/* The larger the time, the coarser: git's steps. */
void
dig_format_ago(struct dig_buf *out, int64_t seconds, int64_t now)
{
	uint64_t diff, months;

	if (now < seconds) {
		dig_buf_puts(out, "in the future");
		return;
	}
	diff = (uint64_t)now - (uint64_t)seconds;
	if (diff < 90) {
		put_ago(out, diff, "second");
	} else if ((diff = (diff + 30) / 60) < 90) {
		put_ago(out, diff, "minute");
	} else if ((diff = (diff + 30) / 60) < 36) {
		put_ago(out, diff, "hour");
	} else if ((diff = (diff + 12) / 24) < 14) {
		put_ago(out, diff, "day");
	} else if (diff < 70) {
		put_ago(out, (diff + 3) / 7, "week");
	} else if (diff < 365) {
		put_ago(out, (diff + 15) / 30, "month");
	} else if (diff < 1825) {
		months = (diff * 12 * 2 + 365) / (365 * 2);
		put_ago(out, months / 12, "year");
		if (months % 12 != 0) {
			dig_buf_puts(out, ", ");
			put_ago(out, months % 12, "month");
		}
	} else {
		put_ago(out, (diff + 183) / 365, "year");
	}
	dig_buf_puts(out, " ago");
}

static void
put_date(struct dig_buf *out, const struct dig_ident *ident, const char *word)
{
	int32_t zone = dig_zone_minutes(ident->zone, ident->zone_len);
	size_t start = out->len;

	if (word == NULL || strcmp(word, "default") == 0)
		dig_format_date(out, DIG_DATE_GIT, ident->seconds, zone);
	else if (strcmp(word, "iso") == 0)
		dig_format_date(out, DIG_DATE_ISO, ident->seconds, zone);
	else if (strcmp(word, "iso-strict") == 0)
		dig_format_date(out, DIG_DATE_ISO_STRICT, ident->seconds, zone);
	else if (strcmp(word, "relative") == 0)
		dig_format_ago(out, ident->seconds, dig_wall_seconds());
	else if (strcmp(word, "unix") == 0)
		dig_buf_printf(out, "%lld", (long long)ident->seconds);
	else if (strcmp(word, "raw") == 0)
		dig_buf_printf(out, "%lld %.*s", (long long)ident->seconds,
		    (int)ident->zone_len, (const char *)ident->zone);
	else {
		dig_format_date(out, DIG_DATE_ISO, ident->seconds, zone);
		if (out->len > start + 10)
			out->len = start + 10;
	}
}

/* ---- Names of refs ---------------------------------------------------- */

/* By commit, names of one commit as they stand in the list. */
static int
by_commit(const void *a, const void *b)
{
	const struct dig_ref_name *x = *(const struct dig_ref_name *const *)a;
	const struct dig_ref_name *y = *(const struct dig_ref_name *const *)b;
	int cmp = dig_oid_cmp(&x->commit, &y->commit);

	return cmp != 0 ? cmp : x < y ? -1 : x > y;
}

static enum dig_status
load_refs(struct dig_pretty *pretty, struct dig_error *err)
{
	enum dig_status st;

	if (pretty->has_refs)
		return DIG_OK;
	st = dig_history_refs(pretty->repo, &pretty->refs, &pretty->nrefs, err);
	if (st != DIG_OK)
		return st;
	pretty->by_commit =
	    dig_calloc(pretty->nrefs + 1, sizeof(*pretty->by_commit));
	for (size_t i = 0; i < pretty->nrefs; i++)
		pretty->by_commit[i] = &pretty->refs[i];
	qsort(pretty->by_commit, pretty->nrefs, sizeof(*pretty->by_commit),
	    by_commit);
	pretty->has_refs = true;
	return DIG_OK;
}

/* Where the names of a commit begin in by_commit. */
static size_t
first_name(const struct dig_pretty *pretty, const struct dig_oid *id)
{
	size_t low = 0, high = pretty->nrefs;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (dig_oid_cmp(&pretty->by_commit[middle]->commit, id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
names_it(const struct dig_pretty *pretty, size_t i, const struct dig_oid *id)
{
	return i < pretty->nrefs &&
	       dig_oid_eq(&pretty->by_commit[i]->commit, id);
}

/* "HEAD -> main, tag: v1"; nothing when no ref names the commit. */
static enum dig_status
put_names(struct dig_pretty *pretty, struct dig_buf *out,
    const struct dig_oid *id, const char *before, const char *after,
    struct dig_error *err)
{
	const struct dig_ref_name *head = NULL;
	enum dig_status st = load_refs(pretty, err);
	const char *part = before;
	size_t first;

	if (st != DIG_OK)
		return st;
	first = first_name(pretty, id);
	for (size_t i = first; names_it(pretty, i, id); i++)
		if (pretty->by_commit[i]->is_head)
			head = pretty->by_commit[i];
	for (size_t i = first; names_it(pretty, i, id); i++) {
		const struct dig_ref_name *ref = pretty->by_commit[i];

		if (ref == head)
			continue;
		dig_buf_puts(out, part);
		part = ", ";
		if (strncmp(ref->name, "refs/tags/", 10) == 0)
			dig_buf_puts(out, "tag: ");
		dig_buf_puts(out, dig_ref_short(ref->name));
		if (head != NULL && strcmp(ref->name, "HEAD") == 0)
			dig_buf_printf(
			    out, " -> %s", dig_ref_short(head->name));
	}
	if (part != before)
		dig_buf_puts(out, after);
	return DIG_OK;
}

/* ---- Parts of a message ----------------------------------------------- */

struct span {
	const uint8_t *at;
	const uint8_t *end;
};

/* The next line without its end and blanks before that; text moves on. */
static struct span
next_line(struct span *text)
{
	const uint8_t *end =
	    text->at == text->end
		? NULL
		: memchr(text->at, '\n', (size_t)(text->end - text->at));
	struct span line = { text->at, end != NULL ? end : text->end };

	text->at = end != NULL ? end + 1 : text->end;
	while (line.end > line.at &&
	       strchr(" \t\r\v\f", line.end[-1]) != NULL &&
	       line.end[-1] != '\0')
		line.end--;
	return line;
}

static void
skip_blank_lines(struct span *text)
{
	while (text->at < text->end) {
		struct span rest = *text;
		struct span line = next_line(&rest);

		if (line.at != line.end)
			break;
		*text = rest;
	}
}

/* The first paragraph on one line; text is left at the body. */
static void
put_subject(struct dig_buf *out, struct span *text)
{
	bool first = true;

	skip_blank_lines(text);
	while (text->at < text->end) {
		struct span line = next_line(text);

		if (line.at == line.end)
			break;
		if (!first)
			dig_buf_putc(out, ' ');
		first = false;
		dig_buf_put(out, line.at, (size_t)(line.end - line.at));
	}
	skip_blank_lines(text);
}

/* A line with its tabs made blanks, so that the indent does not move them. */
static void
put_line(struct dig_buf *out, struct span line)
{
	size_t column = 0;

	while (line.at < line.end) {
		uint32_t code;
		size_t step;

		if (*line.at == '\t') {
			do
				dig_buf_putc(out, ' ');
			while (++column % TAB_WIDTH != 0);
			line.at++;
			continue;
		}
		step =
		    dig_utf8_next(line.at, (size_t)(line.end - line.at), &code);
		dig_buf_put(out, line.at, step);
		line.at += step;
		column++;
	}
}

/* The message, or its first paragraph, indented; blank lines at both ends are
 * left out, those between keep their indent. */
static void
put_indented(
    struct dig_buf *out, struct span text, bool expand_tabs, bool paragraph)
{
	size_t blank = 0;

	skip_blank_lines(&text);
	while (text.at < text.end) {
		struct span line = next_line(&text);

		if (line.at == line.end) {
			if (paragraph)
				break;
			blank++;
			continue;
		}
		for (; blank > 0; blank--)
			dig_buf_puts(out, INDENT "\n");
		dig_buf_puts(out, INDENT);
		if (expand_tabs)
			put_line(out, line);
		else
			dig_buf_put(out, line.at, (size_t)(line.end - line.at));
		dig_buf_putc(out, '\n');
	}
}

static struct span
message_of(const struct dig_commit *commit)
{
	struct span text = { commit->message,
		commit->message + commit->message_len };

	return text;
}

/* ---- Ids -------------------------------------------------------------- */

static enum dig_status
put_id(struct dig_pretty *pretty, struct dig_buf *out, const struct dig_oid *id,
    bool is_short, struct dig_error *err)
{
	char hex[DIG_OID_HEX + 1];
	enum dig_status st = DIG_OK;

	if (is_short)
		st = dig_history_short(pretty->repo, id, hex, err);
	else
		dig_oid_hex(id, hex);
	if (st == DIG_OK)
		dig_buf_puts(out, hex);
	return st;
}

static enum dig_status
put_parents(struct dig_pretty *pretty, struct dig_buf *out,
    const struct dig_commit *commit, bool is_short, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	for (size_t i = 0; st == DIG_OK && i < commit->nparents; i++) {
		struct dig_oid parent;

		dig_commit_parent(commit, i, &parent);
		if (i > 0)
			dig_buf_putc(out, ' ');
		st = put_id(pretty, out, &parent, is_short, err);
	}
	return st;
}

/* ---- Format strings --------------------------------------------------- */

/* %an, %cI, ...: the letter after 'a' or 'c'. False: there is none such. */
static bool
put_ident_part(struct dig_pretty *pretty, struct dig_buf *out,
    const struct dig_ident *ident, char letter)
{
	const uint8_t *name, *email;
	size_t name_len, email_len;

	dig_ident_split(ident, &name, &name_len, &email, &email_len);
	switch (letter) {
	case 'n':
	case 'N':
		dig_buf_put(out, name, name_len);
		return true;
	case 'e':
	case 'E':
		dig_buf_put(out, email, email_len);
		return true;
	case 'd':
		put_date(out, ident, pretty->date);
		return true;
	case 'i':
		put_date(out, ident, "iso");
		return true;
	case 'I':
		put_date(out, ident, "iso-strict");
		return true;
	case 's':
		put_date(out, ident, "short");
		return true;
	case 'r':
		put_date(out, ident, "relative");
		return true;
	case 't':
		put_date(out, ident, "unix");
		return true;
	default:
		return false;
	}
}

static int
hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* One placeholder, from behind the '%'; *used 0: it is none. */
static enum dig_status
put_part(struct dig_pretty *pretty, struct dig_buf *out, const char *at,
    const struct dig_oid *id, const struct dig_commit *commit, size_t *used,
    struct dig_error *err)
{
	struct span text = message_of(commit);
	struct dig_buf subject = DIG_BUF_INIT;
	int high, low;

	*used = 1;
	switch (*at) {
	case 'H':
	case 'h':
		return put_id(pretty, out, id, *at == 'h', err);
	case 'T':
	case 't':
		return put_id(pretty, out, &commit->tree, *at == 't', err);
	case 'P':
	case 'p':
		return put_parents(pretty, out, commit, *at == 'p', err);
	case 's':
		put_subject(out, &text);
		return DIG_OK;
	case 'b':
		put_subject(&subject, &text);
		dig_buf_clear(&subject);
		dig_buf_put(out, text.at, (size_t)(text.end - text.at));
		return DIG_OK;
	case 'B':
		dig_buf_put(out, text.at, (size_t)(text.end - text.at));
		return DIG_OK;
	case 'd':
		return put_names(pretty, out, id, " (", ")", err);
	case 'D':
		return put_names(pretty, out, id, "", "", err);
	case 'n':
		dig_buf_putc(out, '\n');
		return DIG_OK;
	case '%':
		dig_buf_putc(out, '%');
		return DIG_OK;
	case 'x':
		high = hex_digit(at[1]);
		low = high < 0 ? -1 : hex_digit(at[2]);
		if (low < 0)
			break;
		dig_buf_putc(out, (uint8_t)(high << 4 | low));
		*used = 3;
		return DIG_OK;
	case 'a':
	case 'c':
		*used = 2;
		if (put_ident_part(pretty, out,
			*at == 'a' ? &commit->author : &commit->committer,
			at[1]))
			return DIG_OK;
		break;
	default:
		break;
	}
	*used = 0;
	return DIG_OK;
}

static enum dig_status
put_format(struct dig_pretty *pretty, struct dig_buf *out,
    const struct dig_oid *id, const struct dig_commit *commit,
    struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	for (const char *at = pretty->format; st == DIG_OK && *at != '\0';) {
		size_t used = 0;

		if (*at == '%')
			st = put_part(
			    pretty, out, at + 1, id, commit, &used, err);
		if (used == 0)
			dig_buf_putc(out, (uint8_t)*at);
		at += used + 1;
	}
	return st;
}

/* ---- Presets ---------------------------------------------------------- */

static void
put_who(struct dig_buf *out, const char *label, const struct dig_ident *ident)
{
	const uint8_t *name, *email;
	size_t name_len, email_len;

	dig_ident_split(ident, &name, &name_len, &email, &email_len);
	dig_buf_puts(out, label);
	dig_buf_put(out, name, name_len);
	dig_buf_puts(out, " <");
	dig_buf_put(out, email, email_len);
	dig_buf_puts(out, ">\n");
}

static void
put_when(struct dig_pretty *pretty, struct dig_buf *out, const char *label,
    const struct dig_ident *ident)
{
	dig_buf_puts(out, label);
	put_date(out, ident, pretty->date);
	dig_buf_putc(out, '\n');
}

static void
put_raw_ident(
    struct dig_buf *out, const char *label, const struct dig_ident *ident)
{
	dig_buf_puts(out, label);
	dig_buf_put(out, ident->who, ident->who_len);
	dig_buf_putc(out, ' ');
	put_date(out, ident, "raw");
	dig_buf_putc(out, '\n');
}

static void
put_raw_header(struct dig_buf *out, const struct dig_commit *commit)
{
	char hex[DIG_OID_HEX + 1];
	struct dig_oid parent;

	dig_oid_hex(&commit->tree, hex);
	dig_buf_printf(out, "tree %s\n", hex);
	for (size_t i = 0; i < commit->nparents; i++) {
		dig_commit_parent(commit, i, &parent);
		dig_oid_hex(&parent, hex);
		dig_buf_printf(out, "parent %s\n", hex);
	}
	put_raw_ident(out, "author ", &commit->author);
	put_raw_ident(out, "committer ", &commit->committer);
}

/* The lines between "commit ..." and the message. */
static enum dig_status
put_header(struct dig_pretty *pretty, struct dig_buf *out,
    const struct dig_commit *commit, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	if (pretty->kind == DIG_PRETTY_RAW) {
		put_raw_header(out, commit);
		return DIG_OK;
	}
	if (commit->nparents > 1) {
		dig_buf_puts(out, "Merge: ");
		st = put_parents(pretty, out, commit, true, err);
		dig_buf_putc(out, '\n');
	}
	if (pretty->kind == DIG_PRETTY_FULLER) {
		put_who(out, "Author:     ", &commit->author);
		put_when(pretty, out, "AuthorDate: ", &commit->author);
		put_who(out, "Commit:     ", &commit->committer);
		put_when(pretty, out, "CommitDate: ", &commit->committer);
		return st;
	}
	put_who(out, "Author: ", &commit->author);
	if (pretty->kind == DIG_PRETTY_FULL)
		put_who(out, "Commit: ", &commit->committer);
	if (pretty->kind == DIG_PRETTY_MEDIUM)
		put_when(pretty, out, "Date:   ", &commit->author);
	return st;
}

/* "commit ID (names)", or the same of oneline, in its colour. */
static enum dig_status
print_id(struct dig_pretty *pretty, struct dig_out *out,
    const struct dig_oid *id, struct dig_error *err)
{
	bool oneline = pretty->kind == DIG_PRETTY_ONELINE;
	struct dig_buf *text = &pretty->text;
	enum dig_status st;

	dig_buf_reset(text);
	if (!oneline)
		dig_buf_puts(text, "commit ");
	st = put_id(pretty, text, id, pretty->short_ids, err);
	if (st != DIG_OK)
		return st;
	dig_out_colour(out, DIG_COLOUR_COMMIT);
	dig_out_raw(out, text->data, text->len);
	dig_buf_reset(text);
	if (pretty->decorate)
		st = put_names(pretty, text, id, " (", ")", err);
	dig_out_text(out, text->data, text->len);
	dig_out_colour(out, DIG_COLOUR_RESET);
	dig_out_puts(out, oneline ? " " : "\n");
	return st;
}

enum dig_status
dig_pretty_print(struct dig_pretty *pretty, struct dig_out *out,
    const struct dig_oid *id, const struct dig_commit *commit,
    struct dig_error *err)
{
	struct dig_buf *text = &pretty->text;
	struct span message = message_of(commit);
	enum dig_status st = DIG_OK;

	if (pretty->separator && pretty->nshown++ > 0)
		dig_out_puts(out, "\n");
	if (pretty->kind != DIG_PRETTY_USER)
		st = print_id(pretty, out, id, err);
	dig_buf_reset(text);
	if (st != DIG_OK)
		return st;
	if (pretty->kind == DIG_PRETTY_USER) {
		st = put_format(pretty, text, id, commit, err);
	} else if (pretty->kind == DIG_PRETTY_ONELINE) {
		put_subject(text, &message);
	} else {
		st = put_header(pretty, text, commit, err);
		dig_buf_putc(text, '\n');
		put_indented(text, message,
		    pretty->kind != DIG_PRETTY_RAW &&
			pretty->kind != DIG_PRETTY_SHORT,
		    pretty->kind == DIG_PRETTY_SHORT);
	}
	if (st != DIG_OK)
		return st;
	dig_out_text(out, text->data, text->len);
	if (!pretty->separator && !dig_pretty_is_empty(pretty))
		dig_out_puts(out, "\n");
	return DIG_OK;
}

void
dig_pretty_tag(
    struct dig_pretty *pretty, struct dig_out *out, const struct dig_tag *tag)
{
	struct dig_buf *text = &pretty->text;

	dig_out_colour(out, DIG_COLOUR_COMMIT);
	dig_out_puts(out, "tag ");
	dig_out_text(out, tag->name, tag->name_len);
	dig_out_colour(out, DIG_COLOUR_RESET);
	dig_out_puts(out, "\n");
	dig_buf_reset(text);
	if (tag->tagger.who_len > 0) {
		put_who(text, "Tagger: ", &tag->tagger);
		put_when(pretty, text, "Date:   ", &tag->tagger);
	}
	dig_buf_putc(text, '\n');
	dig_buf_put(text, tag->message, tag->message_len);
	if (tag->message_len > 0 && tag->message[tag->message_len - 1] != '\n')
		dig_buf_putc(text, '\n');
	dig_out_text(out, text->data, text->len);
}

/* ---- JSON ------------------------------------------------------------- */

static void
json_ident(struct dig_json *json, const char *const keys[4],
    const struct dig_ident *ident)
{
	const uint8_t *name, *email;
	size_t name_len, email_len;

	dig_ident_split(ident, &name, &name_len, &email, &email_len);
	dig_json_bytes(json, keys[0], name, name_len);
	dig_json_bytes(json, keys[1], email, email_len);
	dig_json_int(json, keys[2], ident->seconds);
	dig_json_int(
	    json, keys[3], dig_zone_minutes(ident->zone, ident->zone_len));
}

static void
json_id(struct dig_json *json, const char *key, const struct dig_oid *id)
{
	char hex[DIG_OID_HEX + 1];

	dig_oid_hex(id, hex);
	dig_json_string(json, key, hex);
}

enum dig_status
dig_pretty_json(struct dig_pretty *pretty, struct dig_json *json,
    const struct dig_oid *id, const struct dig_commit *commit,
    struct dig_error *err)
{
	static const char *const author[4] = { "author_name", "author_email",
		"author_time", "author_zone" };
	static const char *const committer[4] = { "committer_name",
		"committer_email", "committer_time", "committer_zone" };
	struct span text = message_of(commit);
	enum dig_status st = load_refs(pretty, err);

	if (st != DIG_OK)
		return st;
	json_id(json, "id", id);
	json_id(json, "tree", &commit->tree);
	dig_json_array(json, "parents");
	for (size_t i = 0; i < commit->nparents; i++) {
		struct dig_oid parent;

		dig_commit_parent(commit, i, &parent);
		json_id(json, NULL, &parent);
	}
	dig_json_array_end(json);
	dig_json_array(json, "refs");
	for (size_t i = first_name(pretty, id); names_it(pretty, i, id); i++)
		dig_json_string(json, NULL, pretty->by_commit[i]->name);
	dig_json_array_end(json);
	json_ident(json, author, &commit->author);
	json_ident(json, committer, &commit->committer);
	dig_buf_reset(&pretty->text);
	put_subject(&pretty->text, &text);
	dig_json_bytes(json, "subject", pretty->text.data, pretty->text.len);
	dig_json_bytes(json, "message", commit->message, commit->message_len);
	dig_json_uint(json, "files", commit->files);
	dig_json_uint(json, "bytes", commit->bytes);
	return DIG_OK;
}
