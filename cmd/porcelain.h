/* SPDX-License-Identifier: MIT
 *
 * status --porcelain=v2: git's second form for programs.
 */
#ifndef CMD_PORCELAIN_H
#define CMD_PORCELAIN_H

#include "cmd/output.h"
#include "repo/dig.h"

/*
 * A line for each path of the list, or with `nul` what git ends by NUL; with
 * `branch` the commit and the branch before them, and how many stashes there
 * are unless that is 0. Errors: CORRUPT, IO.
 */
enum dig_status dig_porcelain_v2(struct dig_out *out, struct dig_repo *repo,
    const struct dig_status_list *list, bool branch, size_t nstashes, bool nul,
    struct dig_error *err) DIG_CHECKED;

#endif
