/* SPDX-License-Identifier: MIT
 *
 * Names that hold outside of a repository:
 *
 *	urn:dig:STORE[:ID][/PATH][#bytes=A-B]
 *
 * STORE is the store id, ID a commit's or the root of a tree, both 64 hex
 * digits. Without ID it is what HEAD names. PATH counts from the root; bytes
 * that a URN cannot have are %XX. Ranges are those of repo/range.h.
 *
 * Source: RFC 8141; docs/format.md "Journal" for the store id.
 */
#ifndef REPO_URN_H
#define REPO_URN_H

#include <stdbool.h>

#include "objects/base/buf.h"
#include "objects/base/error.h"
#include "objects/oid.h"

struct dig_repo;

struct dig_urn {
	struct dig_oid store;
	bool has_id;
	struct dig_oid id;
	bool has_path;
	struct dig_buf path;
	const char *range; /* borrowed from the text; NULL: none */
};

/* Does it begin as one? Then it is read as one and as nothing else. */
bool dig_urn_is(const char *text);
/* out starts as zeros; dig_urn_clear after. Errors: INVALID. */
enum dig_status dig_urn_parse(
    const char *text, struct dig_urn *out, struct dig_error *err) DIG_CHECKED;
void dig_urn_clear(struct dig_urn *urn);
/* Append the text. */
void dig_urn_format(const struct dig_urn *urn, struct dig_buf *out);

/*
 * The URN of a revision or REV:PATH of this repository into out (reset).
 * range: of a file's bytes, or NULL.
 * Errors: those of dig_revision_snapshot; NOTFOUND (no such path); INVALID
 * (the range, with the size).
 */
enum dig_status dig_urn_of(struct dig_repo *repo, const char *text,
    const char *range, struct dig_buf *out, struct dig_error *err) DIG_CHECKED;

#endif
