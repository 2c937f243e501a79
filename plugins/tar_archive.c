/* SPDX-License-Identifier: MIT
 *
 * The plugin dig-tar.so: libarchive's tar and its compressions, behind the
 * table of repo/tar_plugin.h. It opens no file and starts no program.
 *
 * Names are bytes. libarchive takes them for text of the locale: it writes
 * them under C.UTF-8, where those that are no UTF-8 are marked as binary, and
 * reads them under C, where it can neither convert nor normalise any.
 */
#include <archive.h>
#include <archive_entry.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "repo/tar_plugin.h"

#define READ_BYTES ((size_t)64 << 10)

__attribute__((visibility("default"))) const struct dig_tar_plugin *
dig_tar_plugin(void);

struct dig_tar {
	struct archive *archive;
	struct archive_entry *entry;
	locale_t locale;
	void *arg;
	dig_tar_write_fn *write;
	dig_tar_read_fn *read;
	char *input;
	/* What has been read of the member that is read. */
	uint64_t offset;
	const uint8_t *block;
	size_t block_len;
	uint64_t block_offset;
	bool block_ended;
};

static void
why_of(struct dig_tar *tar, char *why, size_t why_size)
{
	const char *text = archive_error_string(tar->archive);

	snprintf(why, why_size, "%s", text != NULL ? text : "it is no archive");
	for (char *c = why; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || (unsigned char)*c > '~')
			*c = '?';
}

static void
close_tar(struct dig_tar *tar)
{
	locale_t before;

	if (tar == NULL)
		return;
	before = uselocale(tar->locale);
	archive_entry_free(tar->entry);
	if (tar->archive != NULL && tar->write != NULL) {
		/* What was not finished is not wanted: no end is written. */
		tar->write = NULL;
		archive_write_fail(tar->archive);
		archive_write_free(tar->archive);
	} else if (tar->archive != NULL) {
		archive_read_free(tar->archive);
	}
	uselocale(before);
	if (tar->locale != (locale_t)0)
		freelocale(tar->locale);
	free(tar->input);
	free(tar);
}

static struct dig_tar *
new_tar(const char *locale, void *arg)
{
	struct dig_tar *tar = calloc(1, sizeof(*tar));

	if (tar == NULL)
		return NULL;
	tar->arg = arg;
	tar->locale = newlocale(LC_CTYPE_MASK, locale, (locale_t)0);
	tar->entry = archive_entry_new();
	if (tar->locale == (locale_t)0 || tar->entry == NULL) {
		close_tar(tar);
		return NULL;
	}
	return tar;
}

/* ---- Writing ---------------------------------------------------------- */

static la_ssize_t
on_write(struct archive *archive, void *arg, const void *data, size_t len)
{
	struct dig_tar *tar = arg;

	if (tar->write != NULL && tar->write(tar->arg, data, len))
		return (la_ssize_t)len;
	archive_set_error(archive, -1, "writing failed");
	return -1;
}

static int
add_compression(struct archive *archive, const char *name)
{
	static const struct {
		const char *name;
		int (*add)(struct archive *);
	} table[] = {
		{ "gz", archive_write_add_filter_gzip },
		{ "xz", archive_write_add_filter_xz },
		{ "zst", archive_write_add_filter_zstd },
		{ "bz2", archive_write_add_filter_bzip2 },
		{ "lz4", archive_write_add_filter_lz4 },
	};
	int rc = ARCHIVE_FATAL;

	if (*name == '\0')
		return ARCHIVE_OK;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(table[i].name, name) == 0)
			rc = table[i].add(archive);
	/* A warning says that a program would be started for it. Nothing may
	 * stand behind what is compressed; a plain archive is filled up to
	 * 10,240 bytes as tar does it. */
	if (rc == ARCHIVE_OK)
		rc = archive_write_set_bytes_in_last_block(archive, 1);
	if (rc == ARCHIVE_OK && strcmp(name, "gz") == 0)
		rc = archive_write_set_filter_option(
		    archive, "gzip", "timestamp", NULL);
	return rc;
}

static struct dig_tar *
create(const char *compression, dig_tar_write_fn *write, void *arg, char *why,
    size_t why_size)
{
	struct dig_tar *tar = new_tar("C.UTF-8", arg);
	locale_t before;
	int rc;

	snprintf(why, why_size, "out of memory");
	if (tar == NULL)
		return NULL;
	tar->write = write;
	before = uselocale(tar->locale);
	tar->archive = archive_write_new();
	rc = tar->archive != NULL
		 ? archive_write_set_format_pax_restricted(tar->archive)
		 : ARCHIVE_FATAL;
	if (rc == ARCHIVE_OK &&
	    add_compression(tar->archive, compression) != ARCHIVE_OK) {
		snprintf(why, why_size, "libarchive cannot compress so here");
		rc = ARCHIVE_FATAL;
	} else if (rc == ARCHIVE_OK) {
		rc =
		    archive_write_open(tar->archive, tar, NULL, on_write, NULL);
		if (rc != ARCHIVE_OK)
			why_of(tar, why, why_size);
	}
	uselocale(before);
	if (rc == ARCHIVE_OK)
		return tar;
	close_tar(tar);
	return NULL;
}

static bool
put_member(struct dig_tar *tar, const struct dig_tar_member *member, char *why,
    size_t why_size)
{
	struct archive_entry *entry = archive_entry_clear(tar->entry);
	locale_t before = uselocale(tar->locale);
	int rc;

	archive_entry_copy_pathname(entry, member->path);
	archive_entry_set_mtime(entry, (time_t)member->mtime, 0);
	archive_entry_set_uid(entry, 0);
	archive_entry_set_gid(entry, 0);
	archive_entry_set_size(entry, (la_int64_t)member->size_bytes);
	switch (member->kind) {
	case DIG_TAR_FOLDER:
		archive_entry_set_mode(entry, AE_IFDIR | 0755);
		break;
	case DIG_TAR_SYMLINK:
		archive_entry_set_mode(entry, AE_IFLNK | 0777);
		archive_entry_copy_symlink(entry, member->target);
		break;
	case DIG_TAR_FILE:
	case DIG_TAR_HARDLINK:
	case DIG_TAR_OTHER:
		archive_entry_set_mode(
		    entry, AE_IFREG | (member->exec ? 0755 : 0644));
		break;
	}
	rc = archive_write_header(tar->archive, entry);
	/* A name that is no UTF-8 is written as it is, and a warning. */
	if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN)
		why_of(tar, why, why_size);
	uselocale(before);
	return rc == ARCHIVE_OK || rc == ARCHIVE_WARN;
}

static bool
put_data(struct dig_tar *tar, const void *data, size_t len, char *why,
    size_t why_size)
{
	if (archive_write_data(tar->archive, data, len) == (la_ssize_t)len)
		return true;
	why_of(tar, why, why_size);
	return false;
}

static bool
finish(struct dig_tar *tar, char *why, size_t why_size)
{
	locale_t before = uselocale(tar->locale);
	bool done = archive_write_close(tar->archive) == ARCHIVE_OK;

	if (!done)
		why_of(tar, why, why_size);
	uselocale(before);
	return done;
}

/* ---- Reading ---------------------------------------------------------- */

static la_ssize_t
on_read(struct archive *archive, void *arg, const void **out)
{
	struct dig_tar *tar = arg;
	int64_t n = tar->read(tar->arg, tar->input, READ_BYTES);

	*out = tar->input;
	if (n < 0)
		archive_set_error(archive, (int)-n, "it cannot be read");
	return n < 0 ? -1 : (la_ssize_t)n;
}

static bool
add_readers(struct archive *archive)
{
	int (*const filters[])(struct archive *) = {
		archive_read_support_filter_gzip,
		archive_read_support_filter_xz,
		archive_read_support_filter_zstd,
		archive_read_support_filter_bzip2,
		archive_read_support_filter_lz4,
	};

	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++)
		/* A warning: it would start a program. */
		if (filters[i](archive) != ARCHIVE_OK)
			return false;
	return archive_read_support_format_tar(archive) == ARCHIVE_OK;
}

static struct dig_tar *
open_tar(dig_tar_read_fn *read, void *arg, char *why, size_t why_size)
{
	struct dig_tar *tar = new_tar("C", arg);
	locale_t before;
	bool opened;

	snprintf(why, why_size, "out of memory");
	if (tar == NULL)
		return NULL;
	before = uselocale(tar->locale);
	tar->read = read;
	tar->input = malloc(READ_BYTES);
	tar->archive = archive_read_new();
	opened = tar->input != NULL && tar->archive != NULL &&
		 add_readers(tar->archive);
	if (opened && archive_read_open(tar->archive, tar, NULL, on_read,
			  NULL) != ARCHIVE_OK) {
		why_of(tar, why, why_size);
		opened = false;
	}
	uselocale(before);
	if (opened)
		return tar;
	close_tar(tar);
	return NULL;
}

static void
describe(struct archive_entry *entry, struct dig_tar_member *out)
{
	memset(out, 0, sizeof(*out));
	out->path = archive_entry_pathname(entry);
	out->size_bytes = archive_entry_size(entry) > 0
			      ? (uint64_t)archive_entry_size(entry)
			      : 0;
	out->mtime = archive_entry_mtime(entry);
	out->exec = (archive_entry_perm(entry) & 0100) != 0;
	out->kind = DIG_TAR_OTHER;
	if (archive_entry_hardlink(entry) != NULL) {
		out->kind = DIG_TAR_HARDLINK;
		out->target = archive_entry_hardlink(entry);
	} else if (archive_entry_filetype(entry) == AE_IFREG) {
		out->kind = DIG_TAR_FILE;
	} else if (archive_entry_filetype(entry) == AE_IFDIR) {
		out->kind = DIG_TAR_FOLDER;
	} else if (archive_entry_filetype(entry) == AE_IFLNK) {
		out->kind = DIG_TAR_SYMLINK;
		out->target = archive_entry_symlink(entry);
	}
}

static enum dig_tar_next
next(
    struct dig_tar *tar, struct dig_tar_member *out, char *why, size_t why_size)
{
	locale_t before = uselocale(tar->locale);
	int rc;

	do
		rc = archive_read_next_header2(tar->archive, tar->entry);
	while (rc == ARCHIVE_RETRY);
	tar->offset = tar->block_offset = 0;
	tar->block_len = 0;
	tar->block_ended = false;
	if (rc == ARCHIVE_OK || rc == ARCHIVE_WARN)
		describe(tar->entry, out);
	else if (rc != ARCHIVE_EOF)
		why_of(tar, why, why_size);
	uselocale(before);
	return rc == ARCHIVE_EOF                        ? DIG_TAR_END
	       : rc == ARCHIVE_OK || rc == ARCHIVE_WARN ? DIG_TAR_MEMBER
							: DIG_TAR_BAD;
}

/* The next block of data; holes lie between blocks. */
static bool
next_block(struct dig_tar *tar)
{
	const void *data = NULL;
	la_int64_t offset = 0;
	size_t len = 0;
	int rc;

	do
		rc =
		    archive_read_data_block(tar->archive, &data, &len, &offset);
	while (rc == ARCHIVE_RETRY || (rc == ARCHIVE_OK && len == 0));
	tar->block = data;
	tar->block_len = rc == ARCHIVE_EOF ? 0 : len;
	tar->block_offset = offset > 0 ? (uint64_t)offset : 0;
	tar->block_ended = rc == ARCHIVE_EOF;
	if (rc == ARCHIVE_EOF)
		tar->block_offset =
		    (uint64_t)(archive_entry_size(tar->entry) > 0
				   ? archive_entry_size(tar->entry)
				   : 0);
	return (rc == ARCHIVE_OK || rc == ARCHIVE_WARN || rc == ARCHIVE_EOF) &&
	       tar->block_offset >= tar->offset;
}

static int64_t
get_data(struct dig_tar *tar, void *out, size_t len, char *why, size_t why_size)
{
	uint8_t *at = out;
	size_t done = 0;

	while (done < len) {
		size_t some = len - done;

		if (tar->block_len == 0 && !tar->block_ended &&
		    !next_block(tar)) {
			why_of(tar, why, why_size);
			return -1;
		}
		if (tar->offset < tar->block_offset) { /* a hole */
			if (some > tar->block_offset - tar->offset)
				some =
				    (size_t)(tar->block_offset - tar->offset);
			memset(at + done, 0, some);
		} else if (tar->block_ended) {
			break;
		} else {
			if (some > tar->block_len)
				some = tar->block_len;
			memcpy(at + done, tar->block, some);
			tar->block += some;
			tar->block_len -= some;
			tar->block_offset += some;
		}
		tar->offset += some;
		done += some;
	}
	return (int64_t)done;
}

const struct dig_tar_plugin *
dig_tar_plugin(void)
{
	static const struct dig_tar_plugin plugin = { DIG_VERSION, create,
		put_member, put_data, finish, open_tar, next, get_data,
		close_tar };

	return &plugin;
}
