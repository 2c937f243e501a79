/* SPDX-License-Identifier: MIT
 *
 * What kind of file system a folder is on, and how full it is.
 */
#ifndef OBJECTS_BASE_FS_H
#define OBJECTS_BASE_FS_H

#include <stdbool.h>
#include <stdint.h>

struct dig_fs {
	char kind[24]; /* "ext4", "nfs", or the magic number in hex */
	bool network;  /* other machines may write it, too */
	bool plain;    /* it keeps no permissions and no links: vfat, exfat */
	bool read_only;
	uint64_t total_bytes;
	uint64_t free_bytes;  /* for this user */
	uint64_t total_files; /* 0: no limit of its own */
	uint64_t free_files;
};

/* 0 or errno. */
int dig_fs_look(int fd, struct dig_fs *out);

#endif
