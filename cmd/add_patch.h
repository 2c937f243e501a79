/* SPDX-License-Identifier: MIT
 *
 * dig add -p: ask about each hunk.
 */
#ifndef CMD_ADD_PATCH_H
#define CMD_ADD_PATCH_H

#include "cmd/command.h"

/*
 * Show what differs from what is staged, hunk by hunk; answers are lines of
 * standard input. Hunks that are wanted are staged when a file is through, all
 * in one operation. The end of the input decides nothing more.
 *
 * paths  pathspecs; none: everything
 * Errors: those of dig_differ_changes, dig_stage_bytes and the editor.
 */
enum dig_status dig_add_patch(struct dig_cli *cli, struct dig_repo *repo,
    const char *const *paths, size_t npaths, struct dig_error *err) DIG_CHECKED;

#endif
