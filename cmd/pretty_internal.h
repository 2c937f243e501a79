/* SPDX-License-Identifier: MIT
 *
 * Shared by the files that print commits and by nothing else.
 *
 *	pretty.c          presets, and printing
 *	pretty_format.c   format strings
 *	pretty_message.c  subject, body, indent
 *	pretty_date.c     dates as --date wants them
 *	pretty_refs.c     names of refs
 *	pretty_signature.c  whether a signature is good
 *	pretty_json.c     JSON
 *
 * A commit's text is made whole in pretty->text; colours stand beside it, as
 * marks, because what is in the text is escaped on a terminal.
 */
#ifndef CMD_PRETTY_INTERNAL_H
#define CMD_PRETTY_INTERNAL_H

#include "cmd/pretty.h"

/* A sequence of pretty->codes that goes before text[at]. */
struct dig_mark {
	size_t at;
	size_t code;
	size_t code_len;
};

void dig_pretty_mark(
    struct dig_pretty *pretty, const void *sequence, size_t len);
/* A named colour, when colours are wanted. */
void dig_pretty_colour(struct dig_pretty *pretty, enum dig_colour colour);
/* Print text and marks, and forget them. */
void dig_pretty_emit(struct dig_pretty *pretty, struct dig_out *out);

/* An id, whole or short; those of several parents with blanks between. */
enum dig_status dig_pretty_put_id(struct dig_pretty *pretty,
    const struct dig_oid *id, bool is_short, struct dig_error *err) DIG_CHECKED;
enum dig_status dig_pretty_put_parents(struct dig_pretty *pretty,
    const struct dig_commit *commit, bool is_short,
    struct dig_error *err) DIG_CHECKED;

/* pretty_format.c */
enum dig_status dig_pretty_put_format(struct dig_pretty *pretty,
    const struct dig_oid *id, const struct dig_commit *commit,
    struct dig_error *err) DIG_CHECKED;

/* pretty_refs.c */
enum dig_status dig_pretty_load_refs(
    struct dig_pretty *pretty, struct dig_error *err) DIG_CHECKED;
/* Where the names of a commit begin in by_commit, and whether i is one. */
size_t dig_pretty_first_name(
    const struct dig_pretty *pretty, const struct dig_oid *id);
bool dig_pretty_names_it(
    const struct dig_pretty *pretty, size_t i, const struct dig_oid *id);
/* "HEAD -> main, tag: v1" between `before` and `after`; nothing when no ref
 * names the commit. */
enum dig_status dig_pretty_put_names(struct dig_pretty *pretty,
    const struct dig_oid *id, const char *before, const char *after,
    bool coloured, struct dig_error *err) DIG_CHECKED;

/* pretty_signature.c: a line of words, or nothing where there is no signature;
 * and the part behind %G. Each starts ssh-keygen. */
enum dig_status dig_pretty_put_signature(struct dig_pretty *pretty,
    const struct dig_commit *commit, struct dig_error *err) DIG_CHECKED;
enum dig_status dig_pretty_put_signature_part(struct dig_pretty *pretty,
    const struct dig_commit *commit, char letter, bool *used,
    struct dig_error *err) DIG_CHECKED;

/* pretty_message.c */
struct dig_span {
	const uint8_t *at;
	const uint8_t *end;
};

struct dig_span dig_pretty_message(const struct dig_commit *commit);
/* The first paragraph on one line; text is left at the body. */
void dig_pretty_put_subject(struct dig_buf *out, struct dig_span *text);
/* The same as a part of a file's name: git's %f. */
void dig_pretty_put_file_name(struct dig_buf *out, struct dig_span text);
/* The message, or its first paragraph, indented; blank lines at both ends are
 * left out, those between keep their indent. */
void dig_pretty_put_indented(struct dig_buf *out, struct dig_span text,
    bool expand_tabs, bool paragraph);

#endif
