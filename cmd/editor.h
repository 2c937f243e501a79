/* SPDX-License-Identifier: MIT
 *
 * Let the person edit a file.
 *
 * Chosen from DIG_EDITOR, core.editor of the user's own file, VISUAL, EDITOR,
 * `vi`. A repository cannot name one.
 */
#ifndef CMD_EDITOR_H
#define CMD_EDITOR_H

#include "objects/base/buf.h"
#include "objects/base/error.h"
#include "repo/config.h"

/*
 * Open `path` (which exists) in the editor, wait, and read it back into
 * `text` (reset first; at most 16 MiB). The caller holds no lock meanwhile.
 *
 * Errors: NO when the editor ends with another code than 0; INVALID when
 * there is no editor to start or the terminal is dumb; EFILE when the file
 * cannot be read back.
 */
enum dig_status dig_editor_run(const struct dig_config *config,
    const char *path, struct dig_buf *text, struct dig_error *err) DIG_CHECKED;

#endif
