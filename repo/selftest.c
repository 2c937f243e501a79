/* SPDX-License-Identifier: MIT
 *
 * The selftest of repair. Only files of the copy that have one name are harmed:
 * what is shared with the original has two.
 */
#include "repo/selftest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "objects/hash64.h"
#include "repo/fsck.h"
#include "repo/internal.h"
#include "repo/layout.h"

#define COPY_BYTES ((uint64_t)256 << 20)
#define HOLE ((uint64_t)1 << 20)
#define ROUNDS 4 /* of flips */
#define FILES_MAX 4096

/* A file of the copy, and what it should be. */
struct file {
	char name[48]; /* below the copy's .dig */
	uint64_t size;
	uint64_t hash;
	bool ours; /* may be harmed */
};

struct selftest {
	struct dig_repo *repo;
	const struct dig_selftest_options *options;
	struct dig_selftest_totals totals;
	char *path; /* of the copy's .dig */
	int tmp_fd; /* .dig/tmp of the original */
	char folder[40];
	int dirfd; /* of the copy's .dig */
	int packs_fd;
	struct file *files;
	size_t nfiles;
	uint64_t findings; /* of the last repair, by what became of them */
	uint64_t repaired;
	uint64_t commits;
};

/* ---- The copy --------------------------------------------------------- */

static int
copy_file(int from_dir, int to_dir, const char *name)
{
	int from = dig_open_at(from_dir, name, DIG_OPEN_READ);
	int to;
	int rc;

	if (from < 0)
		return -from;
	to = dig_open_at(
	    to_dir, name, DIG_OPEN_WRITE | DIG_OPEN_CREATE | DIG_OPEN_EXCL);
	rc = to < 0 ? -to : dig_copy_fd(from, to);
	dig_close(from);
	dig_close(to);
	return rc == 0 && dig_interrupted() ? EINTR : rc;
}

struct copying {
	struct selftest *test;
	int packs; /* of the original */
	uint32_t
	    linked_below; /* packs with lower numbers, if they are sealed */
	int rc;
};

static bool
copy_one(void *arg, const char *name, enum dig_ftype type, bool told)
{
	struct copying *copying = arg;
	const struct dig_state *state =
	    dig_index_state(copying->test->repo->index);
	const struct dig_pack_state *pack;
	unsigned number = 0;

	(void)type;
	(void)told;
	(void)sscanf(name, "%9u.", &number);
	pack = dig_state_pack(state, number);
	if (pack == NULL)
		return true;
	if (number < copying->linked_below && (pack->flags & DIG_PACK_SEALED))
		copying->rc = dig_link_at(
		    copying->packs, name, copying->test->packs_fd, name);
	else
		copying->rc =
		    copy_file(copying->packs, copying->test->packs_fd, name);
	return copying->rc == 0;
}

/* The newest packs are copied, up to a bound. */
static uint32_t
first_copied(const struct dig_state *state)
{
	uint64_t bytes = 0;

	for (size_t i = state->npacks; i > 0; i--) {
		bytes += state->packs[i - 1].length;
		if (bytes > COPY_BYTES)
			return state->packs[i - 1].number + 1;
	}
	return 0;
}

static int
copy_all(struct selftest *test)
{
	static const char *const names[] = { "format", "format.2", "config",
		"config.2", "journal", "journal.2" };
	struct copying copying = { test, -1, 0, 0 };
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof(names) / sizeof(*names); i++)
		rc = copy_file(test->repo->dirfd, test->dirfd, names[i]);
	if (rc != 0)
		return rc;
	copying.linked_below = first_copied(dig_index_state(test->repo->index));
	copying.packs =
	    dig_open_at(test->repo->dirfd, "packs", DIG_OPEN_DIRECTORY);
	if (copying.packs < 0)
		return -copying.packs;
	rc = dig_list_dir(copying.packs, copy_one, &copying);
	dig_close(copying.packs);
	return rc == 0 ? copying.rc : rc;
}

static int
make_folders(struct selftest *test)
{
	struct dig_buf path = DIG_BUF_INIT;
	uint64_t salt;
	int folder;
	int rc = dig_mkdir_at(test->repo->dirfd, "tmp", 0700);

	dig_random(&salt, sizeof(salt));
	snprintf(test->folder, sizeof(test->folder), "selftest.%016llx",
	    (unsigned long long)salt);
	test->tmp_fd =
	    dig_open_at(test->repo->dirfd, "tmp", DIG_OPEN_DIRECTORY);
	if (test->tmp_fd < 0)
		return rc != 0 && rc != EEXIST ? rc : -test->tmp_fd;
	rc = dig_mkdir_at(test->tmp_fd, test->folder, 0700);
	folder = dig_open_at(test->tmp_fd, test->folder, DIG_OPEN_DIRECTORY);
	if (rc == 0)
		rc = dig_mkdir_at(folder, ".dig", 0700);
	if (rc == 0)
		test->dirfd = dig_open_at(folder, ".dig", DIG_OPEN_DIRECTORY);
	if (rc == 0)
		rc = dig_mkdir_at(test->dirfd, "packs", 0700);
	if (rc == 0)
		test->packs_fd =
		    dig_open_at(test->dirfd, "packs", DIG_OPEN_DIRECTORY);
	dig_close(folder);
	dig_buf_printf(
	    &path, "%s/tmp/%s/.dig", test->repo->dig_dir, test->folder);
	test->path = dig_strdup((const char *)path.data);
	dig_buf_clear(&path);
	return rc;
}

static enum dig_status
make_copy(struct selftest *test, struct dig_error *err)
{
	int lock = dig_layout_open_lock(test->repo->dirfd);
	int rc = lock < 0 ? -lock : dig_lock_exclusive(lock, DIG_DB_TIMEOUT_MS);
	enum dig_status st = DIG_OK;

	if (rc == 0)
		rc = make_folders(test);
	if (rc == 0)
		rc = copy_all(test);
	if (rc == EWOULDBLOCK)
		st = dig_raise(err, DIG_ELOCKED, "another dig is writing");
	else if (rc == EINTR)
		st = dig_raise(err, DIG_ECANCELLED, "interrupted");
	else if (rc != 0)
		st = dig_raise_os(err, DIG_EIO, rc, "copying the repository");
	dig_close(lock);
	return st;
}

/* ---- What it should be ------------------------------------------------ */

static int
hash_file(const struct selftest *test, const char *name, uint64_t *size,
    uint64_t *out)
{
	size_t block = (size_t)1 << 20;
	int fd = dig_open_beneath(test->dirfd, name, DIG_OPEN_READ);
	struct dig_hash64 hash;
	uint8_t *data;
	int64_t n;

	if (fd < 0)
		return -fd;
	data = dig_alloc(block);
	dig_hash64_init(&hash);
	*size = 0;
	while ((n = dig_pread_full(fd, data, block, *size)) > 0) {
		dig_hash64_update(&hash, data, (size_t)n);
		*size += (uint64_t)n;
	}
	*out = dig_hash64_final(&hash);
	free(data);
	dig_close(fd);
	return n < 0 ? (int)-n : 0;
}

static void
add_file(struct selftest *test, const char *folder, const char *name)
{
	struct dig_stat sb;
	struct file *file;

	if (test->nfiles == FILES_MAX ||
	    strlen(folder) + strlen(name) >= sizeof(file->name))
		return;
	file = &test->files[test->nfiles];
	memset(file, 0, sizeof(*file));
	snprintf(file->name, sizeof(file->name), "%s%s", folder, name);
	file->ours =
	    dig_stat_at(folder[0] != '\0' ? test->packs_fd : test->dirfd, name,
		&sb) == 0 &&
	    sb.nlink == 1;
	if (hash_file(test, file->name, &file->size, &file->hash) == 0)
		test->nfiles++;
}

static bool
add_pack_file(void *arg, const char *name, enum dig_ftype type, bool told)
{
	(void)type;
	(void)told;
	add_file(arg, "packs/", name);
	return true;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(
	    ((const struct file *)a)->name, ((const struct file *)b)->name);
}

static void
note_files(struct selftest *test)
{
	static const char *const names[] = { "format", "format.2", "config",
		"config.2", "journal", "journal.2" };
	int fd = dig_open_at(test->packs_fd, ".", DIG_OPEN_DIRECTORY);

	test->files = dig_calloc(FILES_MAX, sizeof(*test->files));
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		add_file(test, "", names[i]);
	if (fd >= 0)
		dig_list_dir(fd, add_pack_file, test);
	dig_close(fd);
	qsort(test->files, test->nfiles, sizeof(*test->files), by_name);
}

/* The first file that is not what it should be, or NULL. */
static const struct file *
differs(const struct selftest *test)
{
	uint64_t size;
	uint64_t hash;

	for (size_t i = 0; i < test->nfiles; i++) {
		const struct file *file = &test->files[i];

		if (hash_file(test, file->name, &size, &hash) != 0 ||
		    size != file->size || hash != file->hash)
			return file;
	}
	return NULL;
}

/* ---- Repair ----------------------------------------------------------- */

static void
count_finding(void *arg, const struct dig_finding *finding)
{
	struct selftest *test = arg;

	if (finding->kind == DIG_FINDING_REPAIRED)
		test->repaired++;
	else
		test->findings++;
}

/* fsck of the copy, as the program does it. */
static enum dig_status
check_copy(struct selftest *test, bool repair, bool quick,
    struct dig_fsck_totals *totals, struct dig_error *err)
{
	struct dig_fsck_options options = { .quick = quick,
		.repair = repair,
		.arg = test,
		.finding = count_finding };
	struct dig_config *config = dig_config_new();
	struct dig_repo *copy = NULL;
	enum dig_status st;

	test->findings = test->repaired = 0;
	st = dig_repo_open_at(config, test->path, &copy, err);
	if (st == DIG_OK)
		st = dig_repo_fsck(copy, &options, totals, err);
	dig_repo_close(copy);
	dig_config_free(config);
	return st;
}

static void
say(struct selftest *test, bool good, const char *what, const char *came)
{
	char text[256];

	snprintf(text, sizeof(text), "%s: %s", what, came);
	test->options->line(test->options->arg, good, text);
}

/* What was harmed: repair it and compare. */
static enum dig_status
mend(struct selftest *test, const char *what, struct dig_error *err)
{
	struct dig_fsck_totals totals;
	const struct file *file;
	enum dig_status st;
	char came[160];

	if (dig_interrupted())
		return dig_raise(err, DIG_ECANCELLED, "interrupted");
	test->totals.harms++;
	st = check_copy(test, true, true, &totals, err);
	if (st == DIG_ECANCELLED)
		return st;
	if (st != DIG_OK) {
		snprintf(came, sizeof(came), "%.150s", err->msg);
		say(test, false, what, came);
		return DIG_OK;
	}
	file = differs(test);
	if (file == NULL && test->findings == 0) {
		test->totals.came_back++;
		snprintf(came, sizeof(came),
		    "repaired, bit for bit (%llu findings)",
		    (unsigned long long)test->repaired);
		say(test, true, what, came);
	} else if (file != NULL) {
		snprintf(
		    came, sizeof(came), "%s is not what it was", file->name);
		say(test, false, what, came);
	} else {
		say(test, false, what, "fsck still finds damage");
	}
	return DIG_OK;
}

/* ---- Harm ------------------------------------------------------------- */

static uint64_t
pick(uint64_t below)
{
	uint64_t random;

	dig_random(&random, sizeof(random));
	return random % below;
}

static void
spoil(const struct selftest *test, const struct file *file, uint64_t at,
    uint64_t len, uint8_t with)
{
	int fd = dig_open_beneath(test->dirfd, file->name, DIG_OPEN_WRITE);
	uint8_t *data = dig_alloc((size_t)len);
	int64_t n = dig_pread_full(fd, data, (size_t)len, at);

	for (int64_t i = 0; i < n; i++)
		data[i] ^= with;
	if (n > 0)
		(void)!dig_pwrite_full(fd, data, (size_t)n, at);
	free(data);
	dig_close(fd);
}

static bool
ends_with(const struct file *file, const char *end)
{
	size_t n = strlen(file->name);
	size_t len = strlen(end);

	return n >= len && strcmp(file->name + n - len, end) == 0;
}

static const struct dig_pack_state *
pack_of(const struct selftest *test, const struct file *file)
{
	unsigned number = 0;

	(void)sscanf(file->name, "packs/%9u.", &number);
	return dig_state_pack(dig_index_state(test->repo->index), number);
}

/* One bit in each file of one side: what is protected, or what protects it. */
static enum dig_status
flips(struct selftest *test, bool protecting, struct dig_error *err)
{
	static const char *const sides[2][3] = { { ".pack", "journal", "" },
		{ ".par", ".tail", "journal.2" } };
	unsigned count = 0;
	char what[96];

	for (size_t i = 0; i < test->nfiles; i++) {
		const struct file *file = &test->files[i];
		const struct dig_pack_state *pack = pack_of(test, file);
		bool in = false;

		for (size_t j = 0; j < 3; j++)
			in |= sides[protecting][j][0] != '\0' &&
			      ends_with(file, sides[protecting][j]);
		if (!in || !file->ours || file->size == 0 ||
		    (pack != NULL && pack->shape.data == 0))
			continue;
		spoil(
		    test, file, pick(file->size), 1, (uint8_t)(1u << pick(8)));
		count++;
	}
	if (count == 0)
		return DIG_OK;
	snprintf(what, sizeof(what), "a bit flipped in each of %u %s", count,
	    protecting ? "files of parity, mirrors and journal.2"
		       : "packs and journal");
	return mend(test, what, err);
}

/* In the pack that parity covers most of. */
static enum dig_status
hole(struct selftest *test, struct dig_error *err)
{
	const struct file *best = NULL;
	uint64_t most = 0;
	uint64_t len;
	char what[96];

	for (size_t i = 0; i < test->nfiles; i++) {
		const struct file *file = &test->files[i];
		const struct dig_pack_state *pack = pack_of(test, file);

		if (!file->ours || !ends_with(file, ".pack") || pack == NULL ||
		    pack->shape.data == 0 || dig_pack_covered(pack) <= most)
			continue;
		most = dig_pack_covered(pack);
		best = file;
	}
	if (best == NULL)
		return DIG_OK;
	len =
	    ((uint64_t)pack_of(test, best)->shape.parity * DIG_PARITY_STRIPES -
		1) *
	    DIG_PARITY_CELL;
	len = len < HOLE ? len : HOLE;
	len = len < most ? len : most;
	spoil(test, best, pick(most - len + 1), len, 0xa5);
	snprintf(what, sizeof(what), "a hole of %llu KiB in %s",
	    (unsigned long long)len >> 10, best->name);
	return mend(test, what, err);
}

/* A lost file comes back from others, but for a pack that is past its first
 * group. */
static bool
can_be_lost(const struct selftest *test, const struct file *file)
{
	const struct dig_pack_state *pack = pack_of(test, file);

	if (!file->ours)
		return false;
	return pack == NULL || !ends_with(file, ".pack") ||
	       (pack->shape.data != 0 && dig_pack_covered(pack) == 0);
}

static enum dig_status
losses(struct selftest *test, struct dig_error *err)
{
	static const char *const sorts[] = { "format", "format.2", "config",
		"config.2", "journal", "journal.2", ".par", ".tail", ".pack" };
	enum dig_status st = DIG_OK;
	char what[96];

	for (size_t i = 0; st == DIG_OK && i < sizeof(sorts) / sizeof(*sorts);
	     i++)
		for (size_t j = 0; st == DIG_OK && j < test->nfiles; j++) {
			const struct file *file = &test->files[j];
			bool sort = sorts[i][0] == '.'
					? ends_with(file, sorts[i])
					: strcmp(file->name, sorts[i]) == 0;

			if (!sort || !can_be_lost(test, file))
				continue;
			dig_unlink_at(strncmp(file->name, "packs/", 6) == 0
					  ? test->packs_fd
					  : test->dirfd,
			    strrchr(file->name, '/') != NULL
				? strrchr(file->name, '/') + 1
				: file->name);
			snprintf(what, sizeof(what), "%s deleted", file->name);
			st = mend(test, what, err);
			break; /* one of each sort */
		}
	if (st != DIG_OK)
		return st;
	dig_unlink_at(test->dirfd, DIG_DB_FILE);
	return mend(test, DIG_DB_FILE " deleted", err);
}

/* ---- The whole -------------------------------------------------------- */

static enum dig_status
harm_all(struct selftest *test, struct dig_error *err)
{
	struct dig_fsck_totals before;
	struct dig_fsck_totals after;
	enum dig_status st;
	char text[96];

	/* What a kill may have left is evened out first. */
	st = check_copy(test, true, false, &before, err);
	if (st == DIG_OK && test->findings > 0) {
		st = dig_raise(
		    err, DIG_ECORRUPT, "the repository is damaged already");
		dig_hint(err, "'dig fsck --repair' first");
	}
	if (st != DIG_OK)
		return st;
	note_files(test);
	for (unsigned i = 0; st == DIG_OK && i < ROUNDS; i++)
		st = flips(test, i % 2 != 0, err);
	if (st == DIG_OK)
		st = hole(test, err);
	if (st == DIG_OK)
		st = losses(test, err);
	if (st == DIG_OK)
		st = check_copy(test, false, false, &after, err);
	if (st != DIG_OK)
		return st;
	test->totals.harms++;
	test->totals.objects = after.objects;
	snprintf(text, sizeof(text), "%llu objects of %llu commits",
	    (unsigned long long)after.objects,
	    (unsigned long long)after.commits);
	if (test->findings == 0 && after.objects == before.objects &&
	    after.commits == before.commits) {
		test->totals.came_back++;
		say(test, true, text, "compared, all are what they were");
	} else {
		say(test, false, text, "not all are what they were");
	}
	return DIG_OK;
}

enum dig_status
dig_repo_selftest(struct dig_repo *repo,
    const struct dig_selftest_options *options, struct dig_selftest_totals *out,
    struct dig_error *err)
{
	struct selftest test = { .repo = repo,
		.options = options,
		.tmp_fd = -1,
		.dirfd = -1,
		.packs_fd = -1 };
	enum dig_status st = make_copy(&test, err);

	if (st == DIG_OK)
		st = harm_all(&test, err);
	dig_close(test.packs_fd);
	dig_close(test.dirfd);
	if (!options->keep && test.tmp_fd >= 0)
		dig_remove_tree(test.tmp_fd, test.folder);
	dig_close(test.tmp_fd);
	free(test.files);
	if (st == DIG_OK) {
		*out = test.totals;
		out->folder = test.path;
	} else {
		free(test.path);
	}
	return st;
}
