/* SPDX-License-Identifier: MIT
 *
 * What the marks of a stream stand for. The records are in a file without a
 * name below .dig/tmp; in memory are about five bytes a mark where marks
 * follow on each other, as git writes them, and 72 at most.
 */
#ifndef REPO_BRIDGE_MARKS_H
#define REPO_BRIDGE_MARKS_H

#include <stdbool.h>
#include <stdint.h>

#include "objects/base/error.h"
#include "objects/oid.h"

enum dig_mark_kind {
	DIG_MARK_NONE,
	DIG_MARK_WAITING, /* a blob that is not stored yet */
	DIG_MARK_BLOB,
	DIG_MARK_COMMIT,
	DIG_MARK_TAG
};

struct dig_mark {
	uint8_t kind; /* enum dig_mark_kind */
	uint8_t form; /* of a blob: enum dig_form */
	uint8_t lfs;  /* of a blob: 1: git has a pointer to it */
	uint64_t size_bytes;
	struct dig_oid id; /* of a blob: where it is stored */
};

struct dig_marks;

/* dig_dirfd: the .dig folder. Errors: IO. */
enum dig_status dig_marks_new(
    int dig_dirfd, struct dig_marks **out, struct dig_error *err) DIG_CHECKED;
void dig_marks_free(struct dig_marks *marks);
/* Set or replace. Errors: IO. */
enum dig_status dig_marks_put(struct dig_marks *marks, uint64_t number,
    const struct dig_mark *mark, struct dig_error *err) DIG_CHECKED;
/* kind NONE when the mark was never set. Errors: IO. */
enum dig_status dig_marks_get(struct dig_marks *marks, uint64_t number,
    struct dig_mark *out, struct dig_error *err) DIG_CHECKED;

/* A new file below .dig/tmp that has no name any more; a descriptor, or the
 * negated errno. */
int dig_scratch_file(int dig_dirfd);

#endif
