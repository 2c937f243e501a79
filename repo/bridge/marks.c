/* SPDX-License-Identifier: MIT
 *
 * Marks: a hash table over groups of 16 neighbours, and a file of records.
 */
#include "repo/bridge/marks.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "objects/base/buf.h"
#include "objects/base/io.h"

#define GROUP 16

/* Marks key * 16 to key * 16 + 15. */
struct group {
	uint64_t key;
	uint32_t records[GROUP]; /* 1 + number of the record; 0: none */
	bool used;
};

struct dig_marks {
	int fd;
	uint64_t seed;
	struct group *groups;
	size_t ngroups;
	size_t cap; /* a power of two */
	uint32_t nrecords;
};

int
dig_scratch_file(int dig_dirfd)
{
	unsigned char random[8];
	char name[48] = "tmp/import.";
	int fd;

	dig_random(random, sizeof(random));
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(name + strlen(name), 3, "%02x", random[i]);
	/* A folder that somebody swept away. */
	dig_ignore(
	    dig_mkdir_at(dig_dirfd, "tmp", 0700) == 0 ? DIG_OK : DIG_EIO);
	fd = dig_open_at(dig_dirfd, name,
	    DIG_OPEN_WRITE | DIG_OPEN_CREATE | DIG_OPEN_EXCL |
		DIG_OPEN_PRIVATE);
	if (fd >= 0)
		dig_unlink_at(dig_dirfd, name);
	return fd;
}

enum dig_status
dig_marks_new(int dig_dirfd, struct dig_marks **out, struct dig_error *err)
{
	struct dig_marks *marks;
	int fd = dig_scratch_file(dig_dirfd);

	if (fd < 0)
		return dig_raise_os(
		    err, DIG_EIO, -fd, "making a file in .dig/tmp");
	marks = dig_calloc(1, sizeof(*marks));
	marks->fd = fd;
	dig_random(&marks->seed, sizeof(marks->seed));
	marks->cap = 64;
	marks->groups = dig_calloc(marks->cap, sizeof(*marks->groups));
	*out = marks;
	return DIG_OK;
}

void
dig_marks_free(struct dig_marks *marks)
{
	if (marks == NULL)
		return;
	dig_close(marks->fd);
	free(marks->groups);
	free(marks);
}

/* The place of a group, or the free one where it would go. */
static struct group *
place(struct group *groups, size_t cap, uint64_t seed, uint64_t key)
{
	uint64_t h = (key ^ seed) * UINT64_C(0x9e3779b97f4a7c15);
	size_t at = (size_t)((h ^ h >> 32) & (cap - 1));

	while (groups[at].used && groups[at].key != key)
		at = (at + 1) & (cap - 1);
	return &groups[at];
}

static void
grow(struct dig_marks *marks)
{
	size_t cap = marks->cap * 2;
	struct group *groups = dig_calloc(cap, sizeof(*groups));

	for (size_t i = 0; i < marks->cap; i++)
		if (marks->groups[i].used)
			*place(groups, cap, marks->seed, marks->groups[i].key) =
			    marks->groups[i];
	free(marks->groups);
	marks->groups = groups;
	marks->cap = cap;
}

enum dig_status
dig_marks_put(struct dig_marks *marks, uint64_t number,
    const struct dig_mark *mark, struct dig_error *err)
{
	struct group *group;
	uint32_t *record;
	int rc;

	group = place(marks->groups, marks->cap, marks->seed, number / GROUP);
	if (!group->used && (marks->ngroups + 1) * 4 > marks->cap * 3) {
		grow(marks);
		group = place(
		    marks->groups, marks->cap, marks->seed, number / GROUP);
	}
	if (!group->used) {
		group->used = true;
		group->key = number / GROUP;
		marks->ngroups++;
	}
	record = &group->records[number % GROUP];
	if (*record == 0) {
		if (marks->nrecords == UINT32_MAX)
			return dig_raise(
			    err, DIG_EINVALID, "the stream has too many marks");
		*record = ++marks->nrecords;
	}
	rc = dig_pwrite_full(marks->fd, mark, sizeof(*mark),
	    (uint64_t)(*record - 1) * sizeof(*mark));
	if (rc != 0)
		return dig_raise_os(err, DIG_EIO, rc, "writing to .dig/tmp");
	return DIG_OK;
}

enum dig_status
dig_marks_get(struct dig_marks *marks, uint64_t number, struct dig_mark *out,
    struct dig_error *err)
{
	const struct group *group =
	    place(marks->groups, marks->cap, marks->seed, number / GROUP);
	uint32_t record = group->used ? group->records[number % GROUP] : 0;
	int64_t n;

	memset(out, 0, sizeof(*out));
	if (record == 0)
		return DIG_OK;
	n = dig_pread_full(marks->fd, out, sizeof(*out),
	    (uint64_t)(record - 1) * sizeof(*out));
	if (n != (int64_t)sizeof(*out))
		return dig_raise_os(err, DIG_EIO, n < 0 ? (int)-n : EIO,
		    "reading from .dig/tmp");
	return DIG_OK;
}
