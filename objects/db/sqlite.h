/* SPDX-License-Identifier: MIT
 *
 * SQLite's interface: that of the library which is linked, or, in the
 * extension (plugins/sqlite_extension.c), that of the program which loaded it.
 * The extension has no SQLite of its own, so there is one in its process
 * (docs/adr/0023-sqlite-extension.md).
 */
#ifndef OBJECTS_DB_SQLITE_H
#define OBJECTS_DB_SQLITE_H

#ifdef DIG_EXTENSION
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#define sqlite3_initialize() SQLITE_OK /* the program has */
#else
#include <sqlite3.h>
#endif

#endif
