/* SPDX-License-Identifier: MIT
 *
 * Where HEAD or a ref stood, by the journal.
 */
#ifndef REPO_REFLOG_H
#define REPO_REFLOG_H

#include <stddef.h>
#include <stdint.h>

#include "objects/base/error.h"
#include "objects/oid.h"

struct dig_repo;

/* A move: where to, by what, when. */
struct dig_move {
	struct dig_oid id;
	char *verb;   /* "commit: subject", owned */
	int64_t time; /* seconds since 1970, by the clock of then */
	uint64_t op;  /* number of the operation */
};

/* The oldest first: REF@{0} is the last. */
struct dig_moves {
	struct dig_move *at;
	size_t count;
	size_t cap;
};

void dig_moves_clear(struct dig_moves *moves);

/*
 * The places of a ref (its full name; NULL: HEAD) since it was made. HEAD also
 * moves when it changes over to another branch at the same commit.
 *
 * out  replaced
 * Errors: CORRUPT, IO. Cost: the journal is read once.
 */
enum dig_status dig_reflog_read(struct dig_repo *repo, const char *ref,
    struct dig_moves *out, struct dig_error *err) DIG_CHECKED;

#endif
