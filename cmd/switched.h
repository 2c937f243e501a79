/* SPDX-License-Identifier: MIT
 *
 * Where HEAD is after a switch, in words: for checkout and switch.
 */
#ifndef CMD_SWITCHED_H
#define CMD_SWITCHED_H

#include "cmd/command.h"

/* "HEAD is now at 1a2b subject", and a line end. */
void dig_print_position(struct dig_cli *cli, struct dig_repo *repo,
    const char *before, const struct dig_oid *commit);

/* Switch, and say so unless `quiet`. Errors: those of dig_checkout. */
enum dig_status dig_switch(struct dig_cli *cli, struct dig_repo *repo,
    const struct dig_checkout_options *options, bool quiet,
    struct dig_error *err) DIG_CHECKED;

/*
 * Run the hooks post-checkout. flag: "1" after a switch, "0" where paths were
 * taken. Errors: NO when one failed, which was warned of.
 */
enum dig_status dig_after_checkout(struct dig_repo *repo,
    const struct dig_oid *old, const struct dig_oid *now, const char *flag,
    struct dig_error *err) DIG_CHECKED;

#endif
