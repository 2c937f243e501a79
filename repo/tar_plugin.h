/* SPDX-License-Identifier: MIT
 *
 * Between repo/bridge/tar.c and the plugin that knows tar: one symbol that
 * gives a table of functions. Both are built together, and the version says
 * so. What comes out of an archive is hostile and is checked by who asks.
 */
#ifndef REPO_TAR_PLUGIN_H
#define REPO_TAR_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIG_TAR_PLUGIN_FILE "dig-tar.so"
#define DIG_TAR_PLUGIN_SYMBOL "dig_tar_plugin"

enum dig_tar_kind {
	DIG_TAR_FILE,
	DIG_TAR_FOLDER,
	DIG_TAR_SYMLINK,
	DIG_TAR_HARDLINK, /* reading only */
	DIG_TAR_OTHER     /* a device, a fifo: reading only */
};

struct dig_tar_member {
	enum dig_tar_kind kind;
	const char *path;   /* reading: may be NULL, borrowed until next */
	const char *target; /* of links; the same */
	bool exec;
	uint64_t size_bytes;
	int64_t mtime; /* seconds since 1970 */
};

/* Takes the archive's bytes in order; false stops. */
typedef bool dig_tar_write_fn(void *arg, const void *data, size_t len);
/* Up to len bytes of the archive; 0 at its end, or the negated errno. */
typedef int64_t dig_tar_read_fn(void *arg, void *data, size_t len);

enum dig_tar_next { DIG_TAR_MEMBER, DIG_TAR_END, DIG_TAR_BAD };

struct dig_tar;

/* Where a function fails it puts the reason into `why`, printable ASCII. */
struct dig_tar_plugin {
	const char *version; /* DIG_VERSION */

	/* Begin an archive; compression: "", "gz", "xz", "zst", "bz2", "lz4".
	 * NULL: it cannot. */
	struct dig_tar *(*create)(const char *compression,
	    dig_tar_write_fn *write, void *arg, char *why, size_t why_size);
	/* The next member; a file's bytes follow by put_data, size_bytes of
	 * them. */
	bool (*put_member)(struct dig_tar *tar,
	    const struct dig_tar_member *member, char *why, size_t why_size);
	bool (*put_data)(struct dig_tar *tar, const void *data, size_t len,
	    char *why, size_t why_size);
	/* Write the end. */
	bool (*finish)(struct dig_tar *tar, char *why, size_t why_size);

	/* Read an archive, whatever its compression is. NULL: it cannot. */
	struct dig_tar *(*open)(
	    dig_tar_read_fn *read, void *arg, char *why, size_t why_size);
	enum dig_tar_next (*next)(struct dig_tar *tar,
	    struct dig_tar_member *out, char *why, size_t why_size);
	/* Up to len bytes of the member, holes as zeros, fewer at its end only;
	 * -1: it is damaged. */
	int64_t (*get_data)(struct dig_tar *tar, void *out, size_t len,
	    char *why, size_t why_size);

	void (*close)(struct dig_tar *tar); /* of either; NULL is accepted */
};

typedef const struct dig_tar_plugin *dig_tar_plugin_fn(void);

#endif
