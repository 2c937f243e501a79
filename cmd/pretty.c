/* SPDX-License-Identifier: MIT
 *
 * Commits in words. A commit's text is made whole in memory and printed once,
 * through the one function that keeps it from moving a terminal's cursor.
 *
 * Source: git-log(1) "Pretty formats".
 */
#include "cmd/pretty_internal.h"

#include <stdlib.h>
#include <string.h>

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
	free(pretty->marks);
	dig_graph_free(pretty->graph);
	dig_buf_clear(&pretty->codes);
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

enum dig_status
dig_pretty_set(struct dig_pretty *pretty, const struct dig_pretty_opts *opts,
    const struct dig_out *out, struct dig_error *err)
{
	const char *decorate = opts->decorate != NULL ? opts->decorate : "auto";
	enum dig_status st = DIG_OK;

	pretty->date = opts->date;
	pretty->signatures = opts->signatures;
	pretty->short_ids = opts->short_ids || opts->oneline;
	pretty->colour = out->colour;
	pretty->full_refs = strcmp(decorate, "full") == 0;
	pretty->decorate = out->terminal;
	if (*decorate == '\0' || pretty->full_refs ||
	    strcmp(decorate, "short") == 0)
		pretty->decorate = true;
	else if (strcmp(decorate, "no") == 0)
		pretty->decorate = false;
	else if (strcmp(decorate, "auto") != 0)
		st = dig_raise(err, DIG_EINVALID,
		    "--decorate is one of short, full, no, auto, not '%.100s'",
		    decorate);
	if (st == DIG_OK && opts->date != NULL)
		st = dig_pretty_check_date(opts->date, err);
	if (st == DIG_OK && opts->oneline)
		st = dig_pretty_parse(pretty, "oneline", err);
	if (st == DIG_OK && opts->format != NULL)
		st = dig_pretty_parse(pretty, opts->format, err);
	return st;
}

/* ---- Text and its colours ---------------------------------------------- */

void
dig_pretty_mark(struct dig_pretty *pretty, const void *sequence, size_t len)
{
	struct dig_mark mark = { pretty->text.len, pretty->codes.len, len };

	dig_buf_put(&pretty->codes, sequence, len);
	DIG_GROW(pretty->marks, pretty->marks_cap, pretty->nmarks + 1);
	pretty->marks[pretty->nmarks++] = mark;
}

void
dig_pretty_colour(struct dig_pretty *pretty, enum dig_colour colour)
{
	const char *sequence = dig_colour_sequence(colour);

	if (pretty->colour)
		dig_pretty_mark(pretty, sequence, strlen(sequence));
}

void
dig_pretty_emit(struct dig_pretty *pretty, struct dig_out *out)
{
	const struct dig_buf *text = &pretty->text;
	size_t done = 0;

	for (size_t i = 0; i < pretty->nmarks; i++) {
		const struct dig_mark *mark = &pretty->marks[i];

		dig_out_text(out, text->data + done, mark->at - done);
		dig_out_raw(
		    out, pretty->codes.data + mark->code, mark->code_len);
		done = mark->at;
	}
	dig_out_text(out, text->data + done, text->len - done);
	pretty->nmarks = 0;
	dig_buf_reset(&pretty->text);
	dig_buf_reset(&pretty->codes);
}

/* ---- Ids -------------------------------------------------------------- */

enum dig_status
dig_pretty_put_id(struct dig_pretty *pretty, const struct dig_oid *id,
    bool is_short, struct dig_error *err)
{
	char hex[DIG_OID_HEX + 1];
	enum dig_status st = DIG_OK;

	if (is_short)
		st = dig_history_short(pretty->repo, id, hex, err);
	else
		dig_oid_hex(id, hex);
	if (st == DIG_OK)
		dig_buf_puts(&pretty->text, hex);
	return st;
}

enum dig_status
dig_pretty_put_parents(struct dig_pretty *pretty,
    const struct dig_commit *commit, bool is_short, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	for (size_t i = 0; st == DIG_OK && i < commit->nparents; i++) {
		struct dig_oid parent;

		dig_commit_parent(commit, i, &parent);
		if (i > 0)
			dig_buf_putc(&pretty->text, ' ');
		st = dig_pretty_put_id(pretty, &parent, is_short, err);
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
	dig_pretty_put_date(out, ident, pretty->date);
	dig_buf_putc(out, '\n');
}

static void
put_raw_ident(
    struct dig_buf *out, const char *label, const struct dig_ident *ident)
{
	dig_buf_puts(out, label);
	dig_buf_put(out, ident->who, ident->who_len);
	dig_buf_putc(out, ' ');
	dig_pretty_put_date(out, ident, "raw");
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
		st = dig_pretty_put_parents(pretty, commit, true, err);
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

/* "commit ID (names)", or the same of oneline. */
static enum dig_status
put_id_line(
    struct dig_pretty *pretty, const struct dig_oid *id, struct dig_error *err)
{
	bool oneline = pretty->kind == DIG_PRETTY_ONELINE;
	enum dig_status st;

	dig_pretty_colour(pretty, DIG_COLOUR_COMMIT);
	dig_buf_puts(&pretty->text, oneline ? "" : "commit ");
	st = dig_pretty_put_id(pretty, id, pretty->short_ids, err);
	dig_pretty_colour(pretty, DIG_COLOUR_RESET);
	if (st == DIG_OK && pretty->decorate)
		st = dig_pretty_put_names(pretty, id, " (", ")", true, err);
	dig_buf_putc(&pretty->text, oneline ? ' ' : '\n');
	return st;
}

static enum dig_status
put_commit(struct dig_pretty *pretty, const struct dig_oid *id,
    const struct dig_commit *commit, struct dig_error *err)
{
	struct dig_span message = dig_pretty_message(commit);
	struct dig_buf *text = &pretty->text;
	enum dig_status st;

	if (pretty->kind == DIG_PRETTY_USER)
		return dig_pretty_put_format(pretty, id, commit, err);
	st = put_id_line(pretty, id, err);
	if (st == DIG_OK && pretty->signatures &&
	    pretty->kind != DIG_PRETTY_ONELINE)
		st = dig_pretty_put_signature(pretty, commit, err);
	if (st == DIG_OK && pretty->kind == DIG_PRETTY_ONELINE) {
		dig_pretty_put_subject(text, &message);
	} else if (st == DIG_OK) {
		st = put_header(pretty, text, commit, err);
		dig_buf_putc(text, '\n');
		dig_pretty_put_indented(text, message,
		    pretty->kind != DIG_PRETTY_RAW &&
			pretty->kind != DIG_PRETTY_SHORT,
		    pretty->kind == DIG_PRETTY_SHORT);
	}
	return st;
}

static void
start_line(void *arg, struct dig_out *out)
{
	dig_graph_line(arg, out);
}

void
dig_pretty_beside(struct dig_pretty *pretty, struct dig_out *out)
{
	if (pretty->graph != NULL)
		dig_out_line_start(out, start_line, pretty->graph);
}

/* The text, and what is left of the graph when it has fewer lines. */
static void
emit_beside(struct dig_pretty *pretty, struct dig_out *out)
{
	struct dig_graph *graph = pretty->graph;

	dig_graph_commit(graph, out);
	dig_pretty_beside(pretty, out);
	out->in_line = true;
	dig_pretty_emit(pretty, out);
	dig_out_line_start(out, NULL, NULL);
	if (dig_graph_is_done(graph))
		return;
	if (!pretty->ended)
		dig_out_puts(out, "\n");
	dig_graph_rest(graph, out);
	if (pretty->ended)
		dig_out_puts(out, "\n");
}

/* An empty line, but for the graph where the text before was whole lines. */
static void
part(struct dig_pretty *pretty, struct dig_out *out)
{
	if (pretty->graph != NULL && pretty->ended)
		dig_graph_line(pretty->graph, out);
	dig_out_puts(out, "\n");
}

enum dig_status
dig_pretty_print(struct dig_pretty *pretty, struct dig_out *out,
    const struct dig_oid *id, const struct dig_commit *commit,
    struct dig_error *err)
{
	const struct dig_buf *text = &pretty->text;
	enum dig_status st;

	if (pretty->separator && pretty->nshown++ > 0)
		part(pretty, out);
	st = put_commit(pretty, id, commit, err);
	if (st != DIG_OK)
		return st;
	pretty->ended = text->len > 0 && text->data[text->len - 1] == '\n';
	if (pretty->graph != NULL)
		emit_beside(pretty, out);
	else
		dig_pretty_emit(pretty, out);
	if (!pretty->separator && !dig_pretty_is_empty(pretty))
		part(pretty, out);
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
	dig_pretty_emit(pretty, out);
}
