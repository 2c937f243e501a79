/* SPDX-License-Identifier: MIT
 *
 * Inside objects/db: what its files share. Not for other folders.
 */
#ifndef OBJECTS_DB_DB_INTERNAL_H
#define OBJECTS_DB_DB_INTERNAL_H

#include "objects/db/db.h"
#include "objects/db/sqlite.h"

#define DIG_DB_PAGE 4096  /* bytes of a page */
#define DIG_DB_PAGE_SUM 8 /* of these, reserved at the end for its checksum */

struct dig_stmt {
	struct dig_db *db;
	sqlite3_stmt *raw; /* NULL until first used */
	int bind_rc;       /* the first bind that failed, surfaced at step */
	bool taken;
};

struct dig_db {
	sqlite3 *raw;
	bool may_commit;    /* read by the commit hook: invariant 1 of txn */
	bool has_views;     /* TEMP views are made, */
	bool views_pending; /* but in a transaction that is still open */
	bool restricted;    /* opened; the authorizer refuses from now on */
	struct dig_stmt stmts[DIG_SQL_COUNT];
};

/*
 * The VFS with page checksums, registered at first use; NULL when SQLite has
 * no memory for it. It is never the default VFS.
 */
const char *dig_cksum_vfs(void);

/* Raise what `rc` of the handle means; `doing` says what failed. */
enum dig_status dig_db_raise(
    struct dig_db *db, int rc, const char *doing, struct dig_error *err);
/* Run fixed SQL (a literal of this folder, or an embedded script). */
enum dig_status dig_db_exec(struct dig_db *db, const char *sql,
    const char *doing, struct dig_error *err) DIG_CHECKED;

#endif
