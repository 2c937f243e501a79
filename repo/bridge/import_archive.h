/* SPDX-License-Identifier: MIT
 *
 * What the imports of archives and folders share; for repo/bridge/ only.
 */
#ifndef REPO_BRIDGE_IMPORT_ARCHIVE_H
#define REPO_BRIDGE_IMPORT_ARCHIVE_H

#include "repo/bridge/archive.h"
#include "repo/internal.h"

/*
 * HEAD's tree, or the empty one, into *out. CONFLICT when something else is
 * staged or in progress, since the commit would take that along. state: the
 * one that counts, of the journal or of the transaction.
 */
enum dig_status dig_import_base(struct dig_repo *repo,
    const struct dig_state *state, struct dig_oid *out,
    struct dig_error *err) DIG_CHECKED;

/* The prefix without '/' at its end into out (reset). Errors: INVALID. */
enum dig_status dig_import_prefix(
    const char *prefix, struct dig_buf *out, struct dig_error *err) DIG_CHECKED;

#endif
