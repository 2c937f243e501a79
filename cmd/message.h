/* SPDX-License-Identifier: MIT
 *
 * Messages of commits and tags: from options, a file or the editor.
 */
#ifndef CMD_MESSAGE_H
#define CMD_MESSAGE_H

#include "cmd/command.h"

/*
 * From -m (each a paragraph) or, where file is not NULL, from -F ("-" is
 * standard input), cleaned, into out (reset). Errors: INVALID (too large, no
 * such file), FILE.
 */
enum dig_status dig_message_given(const struct dig_list *messages,
    const char *file, struct dig_buf *out, struct dig_error *err) DIG_CHECKED;

/* git's line that ends a message; where it begins in a text, or the end. */
#define DIG_MESSAGE_SCISSORS                                                   \
	"# ------------------------ >8 ------------------------\n"
size_t dig_message_scissors(const struct dig_buf *text);

/*
 * Write `text` into the file `name` of .dig, for the editor and for hooks;
 * *path: where it is (reset). Errors: IO.
 */
enum dig_status dig_message_write(struct dig_repo *repo, const char *name,
    const struct dig_buf *text, struct dig_buf *path,
    struct dig_error *err) DIG_CHECKED;

/* Read that file into text (reset). Errors: FILE, INVALID (too large). */
enum dig_status dig_message_read(
    const char *path, struct dig_buf *text, struct dig_error *err) DIG_CHECKED;

/*
 * Write it and let the person edit it; what they leave, clean and without
 * comments, goes into out (reset). Errors: those of dig_editor_run, and IO.
 */
enum dig_status dig_message_edit(struct dig_cli *cli, struct dig_repo *repo,
    const char *name, struct dig_buf *text, struct dig_buf *out,
    struct dig_error *err) DIG_CHECKED;

#endif
