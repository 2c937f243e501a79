/* SPDX-License-Identifier: MIT
 *
 * Who does something, and when.
 */
#ifndef REPO_IDENT_H
#define REPO_IDENT_H

#include "objects/base/buf.h"
#include "objects/commit.h"
#include "repo/config.h"
#include "repo/date.h"

enum dig_role { DIG_ROLE_AUTHOR, DIG_ROLE_COMMITTER };

/* An identity with its memory. */
struct dig_person {
	struct dig_buf who; /* "Name <email>" */
	struct dig_date when;
};

void dig_person_clear(struct dig_person *person);

/*
 * From DIG_AUTHOR_NAME, _EMAIL and _DATE (DIG_COMMITTER_ for the other role),
 * else user.name, user.email, and now. Bytes that would break the form are
 * taken out.
 *
 * who, date  from flags, "Name <email>" and a date; they go before all else.
 *            May be NULL.
 *
 * Errors: INVALID: no identity (the hint has the line to type), a date or
 * identity that cannot be read.
 */
enum dig_status dig_person_find(enum dig_role role,
    const struct dig_config *config, const char *who, const char *date,
    struct dig_person *out, struct dig_error *err) DIG_CHECKED;

/* A view of it for a commit; borrowed. */
struct dig_ident dig_person_ident(const struct dig_person *person);

#endif
