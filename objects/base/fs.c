/* SPDX-License-Identifier: MIT
 *
 * statfs, and names for its numbers.
 */
#include "objects/base/fs.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

enum { NETWORK = 1, PLAIN = 2 };

/* Source: statfs(2), linux/magic.h. */
static const struct {
	uint32_t magic;
	const char *kind;
	unsigned flags;
} kinds[] = {
	{ 0xef53, "ext4", 0 }, /* ext2 and ext3 say the same */
	{ 0x58465342, "xfs", 0 },
	{ 0x9123683e, "btrfs", 0 },
	{ 0x01021994, "tmpfs", 0 },
	{ 0x794c7630, "overlay", 0 },
	{ 0x2fc12fc1, "zfs", 0 },
	{ 0xf2f52010, "f2fs", 0 },
	{ 0xca451a4e, "bcachefs", 0 },
	{ 0x858458f6, "ramfs", 0 },
	{ 0x73717368, "squashfs", 0 },
	{ 0x9660, "iso9660", 0 },
	{ 0x7366746e, "ntfs3", 0 },
	{ 0x65735546, "fuse", 0 },
	{ 0x4d44, "vfat", PLAIN },
	{ 0x2011bab0, "exfat", PLAIN },
	{ 0x6969, "nfs", NETWORK },
	{ 0xff534d42, "cifs", NETWORK },
	{ 0xfe534d42, "smb", NETWORK },
	{ 0x01021997, "9p", NETWORK },
	{ 0x00c36400, "ceph", NETWORK },
	{ 0x5346414f, "afs", NETWORK },
};

int
dig_fs_look(int fd, struct dig_fs *out)
{
	struct dig_fs fs = { .kind = "" };
	struct statvfs space;
	struct statfs what;
	uint32_t magic;

	if (fstatfs(fd, &what) != 0 || fstatvfs(fd, &space) != 0)
		return errno;
	magic = (uint32_t)what.f_type;
	snprintf(fs.kind, sizeof(fs.kind), "0x%x", (unsigned)magic);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].magic == magic) {
			snprintf(fs.kind, sizeof(fs.kind), "%s", kinds[i].kind);
			fs.network = (kinds[i].flags & NETWORK) != 0;
			fs.plain = (kinds[i].flags & PLAIN) != 0;
		}
	fs.read_only = (space.f_flag & ST_RDONLY) != 0;
	fs.total_bytes = (uint64_t)space.f_blocks * space.f_frsize;
	fs.free_bytes = (uint64_t)space.f_bavail * space.f_frsize;
	fs.total_files = space.f_files;
	fs.free_files = space.f_favail;
	*out = fs;
	return 0;
}
