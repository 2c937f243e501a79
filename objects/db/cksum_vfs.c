/* SPDX-License-Identifier: MIT
 *
 * A VFS that keeps a checksum in the last 8 bytes of each database page, which
 * SQLite sets aside on request (byte 20 of the header): XXH3-64 of the bytes
 * before, seeded with the page number, so that a page in a wrong place fails
 * too. Everything else is the platform's own VFS; the rollback journal passes
 * through untouched. Other programs read such a file as any other; if they
 * write it, its pages fail here and the index is rebuilt.
 *
 * It must not know tables or call up into SQLite.
 *
 *  1. A page of the main file is written whole and carries its checksum.
 *  2. The checksum is also put into the caller's page, because a later
 *     transaction copies that page to the journal, from where any program may
 *     roll it back into the file without coming through here.
 *  3. A page that SQLite reads was written before: pages that the file grew
 *     past are taken into use unread. So a page of zeros fails too.
 *
 * Source: sqlite.org/fileformat2.html (header bytes 18 to 20).
 */
#include "objects/db/db_internal.h"

#include <pthread.h>
#include <string.h>
#include <xxhash.h>

#include "objects/base/buf.h"

#define VFS_NAME "dig-cksum"
#define SUMMED (DIG_DB_PAGE - DIG_DB_PAGE_SUM)
#define HEADER_SIZE 100 /* SQLite reads this much alone when it opens */
#define HEADER_SHAPE 16 /* in it: page size, versions, bytes set aside */

/* 4096; rollback journal to write and read (2 would be WAL); 8. */
static const uint8_t shape[] = { DIG_DB_PAGE >> 8, 0, 1, 1, DIG_DB_PAGE_SUM };

/* Followed in memory by the platform's own file object. */
struct sum_file {
	sqlite3_file base;
};

static sqlite3_vfs *
platform(void)
{
	return sqlite3_vfs_find(NULL);
}

static sqlite3_file *
under(sqlite3_file *file)
{
	return (sqlite3_file *)((struct sum_file *)file + 1);
}

static uint64_t
page_sum(const void *page, sqlite3_int64 offset)
{
	return XXH3_64bits_withSeed(
	    page, SUMMED, (XXH64_hash_t)(offset / DIG_DB_PAGE + 1));
}

static bool
is_page(int len, sqlite3_int64 offset)
{
	return len == DIG_DB_PAGE && offset % DIG_DB_PAGE == 0;
}

static int
sum_close(sqlite3_file *file)
{
	return under(file)->pMethods->xClose(under(file));
}

static int
sum_read(sqlite3_file *file, void *data, int len, sqlite3_int64 offset)
{
	const uint8_t *bytes = data;
	int rc = under(file)->pMethods->xRead(under(file), data, len, offset);

	if (rc != SQLITE_OK)
		return rc;
	if (is_page(len, offset))
		return page_sum(data, offset) == dig_get_be64(bytes + SUMMED)
			   ? SQLITE_OK
			   : SQLITE_IOERR_DATA;
	if (offset + len > HEADER_SIZE)
		return SQLITE_IOERR_DATA; /* pages of another size */
	if (offset == 0 && len == HEADER_SIZE &&
	    memcmp(bytes + HEADER_SHAPE, shape, sizeof(shape)) != 0)
		return SQLITE_NOTADB;
	return SQLITE_OK;
}

static int
sum_write(sqlite3_file *file, const void *data, int len, sqlite3_int64 offset)
{
	/* SQLite's own buffer, writable; the API's const is the caller's
	 * promise not to need it changed, see 2 above. */
	uint8_t *page = (uint8_t *)(uintptr_t)data;

	if (!is_page(len, offset))
		return SQLITE_IOERR_WRITE;
	dig_set_be64(page + SUMMED, page_sum(page, offset));
	return under(file)->pMethods->xWrite(under(file), data, len, offset);
}

static int
sum_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	return under(file)->pMethods->xTruncate(under(file), size);
}

static int
sum_sync(sqlite3_file *file, int flags)
{
	return under(file)->pMethods->xSync(under(file), flags);
}

static int
sum_size(sqlite3_file *file, sqlite3_int64 *size)
{
	return under(file)->pMethods->xFileSize(under(file), size);
}

static int
sum_lock(sqlite3_file *file, int level)
{
	return under(file)->pMethods->xLock(under(file), level);
}

static int
sum_unlock(sqlite3_file *file, int level)
{
	return under(file)->pMethods->xUnlock(under(file), level);
}

static int
sum_reserved(sqlite3_file *file, int *held)
{
	return under(file)->pMethods->xCheckReservedLock(under(file), held);
}

static int
sum_control(sqlite3_file *file, int op, void *arg)
{
	return under(file)->pMethods->xFileControl(under(file), op, arg);
}

static int
sum_sector(sqlite3_file *file)
{
	return under(file)->pMethods->xSectorSize(under(file));
}

static int
sum_traits(sqlite3_file *file)
{
	return under(file)->pMethods->xDeviceCharacteristics(under(file));
}

/* Version 1 has neither shared memory (WAL) nor mapped pages. */
static const sqlite3_io_methods sum_methods = { 1, sum_close, sum_read,
	sum_write, sum_truncate, sum_sync, sum_size, sum_lock, sum_unlock,
	sum_reserved, sum_control, sum_sector, sum_traits, NULL, NULL, NULL,
	NULL, NULL, NULL };

static int
sum_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
    int *out_flags)
{
	sqlite3_vfs *parent = platform();
	int rc;

	(void)vfs;
	/* dig attaches nothing, so a super-journal is never its own: a forged
	 * one makes SQLite delete the file that it names. */
	if (flags & SQLITE_OPEN_SUPER_JOURNAL)
		return SQLITE_CORRUPT;
	if (!(flags & SQLITE_OPEN_MAIN_DB))
		return parent->xOpen(parent, name, file, flags, out_flags);
	file->pMethods = NULL;
	under(file)->pMethods = NULL;
	rc = parent->xOpen(parent, name, under(file), flags, out_flags);
	if (under(file)->pMethods != NULL)
		file->pMethods = &sum_methods;
	return rc;
}

/* SQLite links its list of VFS through this struct, so it cannot be const. */
static sqlite3_vfs sum_vfs;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
enrol(void)
{
	sqlite3_vfs *parent;

	if (sqlite3_initialize() != SQLITE_OK)
		return;
	parent = platform();
	if (parent == NULL)
		return;
	/* All methods but opening are the platform's own. */
	sum_vfs = *parent;
	sum_vfs.pNext = NULL;
	sum_vfs.szOsFile += (int)sizeof(struct sum_file);
	sum_vfs.zName = VFS_NAME;
	sum_vfs.xOpen = sum_open;
	if (sqlite3_vfs_register(&sum_vfs, 0) != SQLITE_OK)
		sum_vfs.zName = NULL;
}

const char *
dig_cksum_vfs(void)
{
	pthread_once(&once, enrol);
	return sum_vfs.zName;
}
