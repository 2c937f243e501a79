/* SPDX-License-Identifier: MIT
 *
 * The extension dig.so: the table functions of `dig sql` for every program
 * that has SQLite.
 *
 * It is a guest. It has no SQLite of its own and never opens index.db, neither
 * with the program's: closing any descriptor of the file would drop the locks
 * that the program holds there. It takes no lock and writes nothing. Refs come
 * from the journal, objects from the packs.
 *
 * The repository is that of the main database, .../.dig/index.db, else that of
 * the current folder. A function sees what is committed when it begins to read.
 *
 * Source: sqlite.org/loadext.html; docs/adr/0023-sqlite-extension.md.
 */
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT1

#include <stdlib.h>
#include <string.h>

#include "objects/base/buf.h"
#include "objects/db/query.h"
#include "repo/config.h"
#include "repo/dig.h"

/* sqlite3_hard_heap_limit64, the youngest entry that dig's text names. */
#define SQLITE_NEEDED 3031000
#define FILE_NAME "/.dig/index.db"

__attribute__((visibility("default"))) int sqlite3_dig_init(
    sqlite3 *db, char **message, const sqlite3_api_routines *api);

/* What the functions of one connection share. */
struct guest {
	sqlite3 *db;
	struct dig_config *config;
	struct dig_repo *repo; /* NULL: not yet, or it was closed */
	size_t nopen;          /* cursors that read from it */
	size_t nfunctions;
};

/* One function of one connection: what it is registered with. */
struct function {
	struct guest *guest;
	const struct dig_table_function *of;
	struct dig_table_function shown; /* the same, through the guest */
};

struct cursor {
	const struct function *function;
	void *inner;
};

/* ---- The repository --------------------------------------------------- */

static void
close_repo(struct guest *guest)
{
	dig_repo_close(guest->repo);
	dig_config_free(guest->config);
	guest->repo = NULL;
	guest->config = NULL;
}

/* The .dig folder of the main database; NULL: it is another file. */
static char *
folder_of(sqlite3 *db)
{
	const char *name = sqlite3_db_filename(db, "main");
	size_t len = name != NULL ? strlen(name) : 0;
	size_t tail = strlen(FILE_NAME);

	if (len < tail || strcmp(name + len - tail, FILE_NAME) != 0)
		return NULL;
	return dig_memdup0(name, len - strlen("/index.db"));
}

static enum dig_status
open_repo(struct guest *guest, struct dig_error *err)
{
	char *folder = folder_of(guest->db);
	enum dig_status st;

	guest->config = dig_config_new();
	dig_config_load_user(guest->config);
	dig_config_load_environment(guest->config);
	st = dig_repo_open_packs(guest->config, folder, &guest->repo, err);
	if (st != DIG_OK)
		close_repo(guest);
	free(folder);
	return st;
}

/* As it is now; but while something is read, as it was when that began. */
static enum dig_status
get_repo(struct guest *guest, struct dig_error *err)
{
	if (guest->repo != NULL && guest->nopen > 0)
		return DIG_OK;
	/* What cannot be read again may be another repository by now. */
	if (guest->repo != NULL && dig_repo_refresh(guest->repo, err) != DIG_OK)
		close_repo(guest);
	return guest->repo != NULL ? DIG_OK : open_repo(guest, err);
}

/* ---- The functions ---------------------------------------------------- */

static enum dig_status
on_open(
    void *arg, const char *const *args, void **cursor, struct dig_error *err)
{
	const struct function *function = arg;
	struct guest *guest = function->guest;
	enum dig_status st = get_repo(guest, err);
	struct cursor *mine;
	void *inner;

	if (st == DIG_OK)
		st = function->of->open(guest->repo, args, &inner, err);
	if (st != DIG_OK)
		return st;
	mine = dig_calloc(1, sizeof(*mine));
	mine->function = function;
	mine->inner = inner;
	guest->nopen++;
	*cursor = mine;
	return DIG_OK;
}

static enum dig_status
on_next(
    void *cursor, struct dig_value *values, bool *done, struct dig_error *err)
{
	struct cursor *mine = cursor;

	return mine->function->of->next(mine->inner, values, done, err);
}

static void
on_close(void *cursor)
{
	struct cursor *mine = cursor;

	mine->function->of->close(mine->inner);
	mine->function->guest->nopen--;
	free(mine);
}

/* ---- Loading ---------------------------------------------------------- */

static void
release(void *arg)
{
	struct function *function = arg;
	struct guest *guest = function->guest;

	free(function);
	if (--guest->nfunctions > 0)
		return;
	close_repo(guest);
	free(guest);
}

/* When it fails, the last function that goes takes the guest along. */
static int
add(struct guest *guest, const struct dig_table_function *of)
{
	struct function *function = dig_calloc(1, sizeof(*function));

	function->guest = guest;
	function->of = of;
	function->shown = *of;
	function->shown.open = on_open;
	function->shown.next = on_next;
	function->shown.close = on_close;
	guest->nfunctions++;
	return dig_table_function_add(
	    guest->db, &function->shown, function, release, NULL);
}

int
sqlite3_dig_init(sqlite3 *db, char **message, const sqlite3_api_routines *api)
{
	const struct dig_table_function *functions;
	struct guest *guest;
	size_t count;
	int rc = SQLITE_OK;

	SQLITE_EXTENSION_INIT2(api)
	if (sqlite3_libversion_number() < SQLITE_NEEDED) {
		*message = sqlite3_mprintf("dig needs SQLite 3.31 or newer");
		return SQLITE_ERROR;
	}
	guest = dig_calloc(1, sizeof(*guest));
	guest->db = db;
	functions = dig_sql_tables(&count);
	for (size_t i = 0; i < count && rc == SQLITE_OK; i++)
		rc = add(guest, &functions[i]);
	return rc;
}
