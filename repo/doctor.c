/* SPDX-License-Identifier: MIT
 *
 * The checks, one function each.
 */
#include "repo/doctor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "objects/base/fs.h"
#include "objects/db/db.h"
#include "repo/checkout.h"
#include "repo/fold.h"
#include "repo/internal.h"
#include "staging/racy.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)
#define SPACE_MIN_BYTES GIB
#define FILES_MIN 1000
#define CLOCK_MAX_NS INT64_C(2000000000) /* apart from the file system's */
#define FUTURE_MAX_S 3600                /* of the newest commit */
#define EPOCH_MIN INT64_C(1704067200)    /* 2024-01-01 */
#define STALE_S 86400
#define SPARE_FILES 64 /* open beside the packs */

struct doctor {
	struct dig_repo *repo;
	dig_doctor_fn *fn;
	void *arg;
};

static void DIG_PRINTF(5, 6) say(const struct doctor *doctor, const char *check,
    enum dig_doctor_level level, const char *hint, const char *fmt, ...)
{
	struct dig_doctor_answer answer = { check, level, NULL, hint };
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	answer.text = text;
	doctor->fn(doctor->arg, &answer);
}

static void
say_errno(const struct doctor *doctor, const char *check, const char *what,
    int os_errno)
{
	struct dig_error why = DIG_ERROR_INIT;

	dig_ignore(dig_raise_os(&why, DIG_EIO, os_errno, "%s", what));
	say(doctor, check, DIG_DOCTOR_ATTENTION, NULL, "%s", why.msg);
}

/* ---- The file system --------------------------------------------------- */

static void
check_space(const struct doctor *doctor, const struct dig_fs *fs)
{
	bool few_files = fs->total_files > 0 && fs->free_files < FILES_MIN;

	if (fs->free_bytes >= SPACE_MIN_BYTES && !few_files) {
		say(doctor, "space", DIG_DOCTOR_GOOD, NULL,
		    "%" PRIu64 " GiB of %" PRIu64 " GiB are free",
		    fs->free_bytes / GIB, fs->total_bytes / GIB);
		return;
	}
	say(doctor, "space", DIG_DOCTOR_ATTENTION,
	    "make room: an add or commit needs space for what is new",
	    "%" PRIu64 " MiB and %" PRIu64 " files are free",
	    fs->free_bytes / MIB, fs->free_files);
}

static void
check_file_system(const struct doctor *doctor)
{
	struct dig_fs fs, tree;
	int rc = dig_fs_look(doctor->repo->dirfd, &fs);

	if (rc == 0)
		rc = dig_fs_look(doctor->repo->root_fd, &tree);
	if (rc != 0) {
		say_errno(doctor, "file-system", "looking at it", rc);
		return;
	}
	if (fs.network)
		say(doctor, "file-system", DIG_DOCTOR_ATTENTION,
		    "let one machine write to it",
		    "%s: a lock may not reach other machines", fs.kind);
	else if (fs.read_only)
		say(doctor, "file-system", DIG_DOCTOR_NOTE, NULL,
		    "%s, read-only", fs.kind);
	else
		say(doctor, "file-system", DIG_DOCTOR_GOOD, NULL, "%s",
		    fs.kind);
	if (tree.plain)
		say(doctor, "file-system", DIG_DOCTOR_NOTE, NULL,
		    "%s keeps neither links nor the executable bit", tree.kind);
	check_space(doctor, &fs);
}

/* A file of ours in .dig/tmp. */
static int
make_file(int tmp, const char *name)
{
	int fd = dig_open_at(tmp, name,
	    DIG_OPEN_WRITE | DIG_OPEN_CREATE | DIG_OPEN_EXCL |
		DIG_OPEN_PRIVATE);

	if (fd < 0)
		return -fd;
	return dig_close(fd);
}

static void
check_operations_in(const struct doctor *doctor, int tmp)
{
	char a[48], b[48];
	uint64_t salt;
	int rc, fd;

	dig_random(&salt, sizeof(salt));
	snprintf(a, sizeof(a), "doctor-%" PRIx64 "-a", salt);
	snprintf(b, sizeof(b), "doctor-%" PRIx64 "-b", salt);
	rc = make_file(tmp, a);
	if (rc == 0)
		rc = make_file(tmp, b);
	if (rc != 0) {
		dig_unlink_at(tmp, a);
		say_errno(doctor, "operations", "writing into .dig/tmp", rc);
		return;
	}
	rc = dig_exchange_at(tmp, a, tmp, b);
	if (rc != 0)
		say(doctor, "operations", DIG_DOCTOR_NOTE, NULL,
		    "two names cannot be exchanged in one step");
	fd = dig_open_at(tmp, a, DIG_OPEN_WRITE | DIG_OPEN_DIRECT);
	if (fd < 0)
		say(doctor, "operations", DIG_DOCTOR_NOTE, NULL,
		    "large files go through the page cache");
	if (rc == 0 && fd >= 0)
		say(doctor, "operations", DIG_DOCTOR_GOOD, NULL,
		    "names are exchanged in one step, large files written "
		    "directly");
	dig_ignore(dig_close(fd) == 0 ? DIG_OK : DIG_EIO);
	dig_unlink_at(tmp, a);
	dig_unlink_at(tmp, b);
}

static void
check_operations(const struct doctor *doctor, int tmp)
{
	struct dig_error why = DIG_ERROR_INIT;
	bool folds = false;

	check_operations_in(doctor, tmp);
	if (dig_fold_probe(tmp, NULL, &folds, &why) != DIG_OK)
		return; /* said above */
	if (folds)
		say(doctor, "names", DIG_DOCTOR_NOTE, NULL,
		    "names that differ in case only are one file here");
	else
		say(doctor, "names", DIG_DOCTOR_GOOD, NULL,
		    "names that differ in case are different files");
}

/* ---- The machine ------------------------------------------------------- */

static void
check_sqlite(const struct doctor *doctor)
{
	const char *version = dig_db_sqlite_version();

	/* STRICT tables came with it. */
	if (dig_db_sqlite_number() < 3037000)
		say(doctor, "sqlite", DIG_DOCTOR_ATTENTION,
		    "install SQLite 3.37 or newer",
		    "SQLite %s is too old for the index", version);
	else
		say(doctor, "sqlite", DIG_DOCTOR_GOOD, NULL, "SQLite %s",
		    version);
}

static void
check_newest_commit(const struct doctor *doctor, int64_t now)
{
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_error why = DIG_ERROR_INIT;
	struct dig_commit commit;
	struct dig_oid head;

	if (dig_repo_head(doctor->repo, &head) &&
	    dig_repo_read_commit(doctor->repo, &head, &bytes, &commit, &why) ==
		DIG_OK &&
	    commit.committer.seconds > now + FUTURE_MAX_S)
		say(doctor, "clock", DIG_DOCTOR_ATTENTION,
		    "set the clock, or see who made it: dig log -1",
		    "the newest commit is from the future");
	dig_buf_clear(&bytes);
}

static void
check_clock(const struct doctor *doctor)
{
	struct dig_error why = DIG_ERROR_INIT;
	int64_t now = dig_wall_seconds();
	int64_t there, apart;

	check_newest_commit(doctor, now);
	if (now < EPOCH_MIN) {
		say(doctor, "clock", DIG_DOCTOR_ATTENTION, "set the clock",
		    "the clock is before 2024");
		return;
	}
	if (dig_racy_now(doctor->repo->dirfd, &there, &why) != DIG_OK)
		return; /* nothing can be written, said elsewhere */
	apart = there - dig_wall_seconds() * INT64_C(1000000000);
	if (apart > CLOCK_MAX_NS || apart < -CLOCK_MAX_NS)
		say(doctor, "clock", DIG_DOCTOR_ATTENTION,
		    "let both machines take their time from one place",
		    "the file system's clock is %" PRId64 " s apart",
		    apart / INT64_C(1000000000));
	else
		say(doctor, "clock", DIG_DOCTOR_GOOD, NULL,
		    "the clock is the file system's");
}

static void
check_limits(const struct doctor *doctor)
{
	size_t packs = dig_index_state(doctor->repo->index)->npacks;
	struct rlimit files = { RLIM_INFINITY, RLIM_INFINITY };
	struct rlimit size = { RLIM_INFINITY, RLIM_INFINITY };

	if (getrlimit(RLIMIT_NOFILE, &files) != 0 ||
	    getrlimit(RLIMIT_FSIZE, &size) != 0) {
		say_errno(doctor, "limits", "reading them", errno);
		return;
	}
	if (files.rlim_max != RLIM_INFINITY &&
	    files.rlim_max < packs + SPARE_FILES)
		say(doctor, "limits", DIG_DOCTOR_ATTENTION,
		    "raise the limit: ulimit -Hn",
		    "%" PRIu64 " open files are allowed, %zu packs are there",
		    (uint64_t)files.rlim_max, packs);
	else if (size.rlim_cur != RLIM_INFINITY && size.rlim_cur < GIB)
		say(doctor, "limits", DIG_DOCTOR_ATTENTION,
		    "ulimit -f unlimited",
		    "a file may have %" PRIu64 " MiB at most",
		    (uint64_t)size.rlim_cur / MIB);
	else
		say(doctor, "limits", DIG_DOCTOR_GOOD, NULL,
		    "open files and sizes are enough for %zu packs", packs);
}

/* ---- The files of .dig ------------------------------------------------- */

struct listing {
	int fd;
	uint32_t owner; /* who they should be of */
	int64_t before; /* older ones are stale */
	uint64_t nforeign;
	uint64_t nwritable; /* by others */
	uint64_t nstale;
	uint64_t ntold;
};

static bool
on_name(void *arg, const char *name, enum dig_ftype type, bool told)
{
	struct listing *listing = arg;
	struct dig_stat stat;

	(void)type;
	(void)told;
	if (dig_stat_at(listing->fd, name, &stat) != 0)
		return true;
	listing->ntold++;
	listing->nforeign += stat.uid != listing->owner;
	listing->nwritable +=
	    stat.type != DIG_FT_SYMLINK && (stat.mode & 022) != 0;
	listing->nstale += stat.mtime_ns / 1000000000 < listing->before;
	return true;
}

/* Everything in a folder of .dig; a folder that is not there has nothing. */
static void
list(const struct doctor *doctor, const char *name, struct listing *listing)
{
	listing->fd =
	    dig_open_at(doctor->repo->dirfd, name, DIG_OPEN_DIRECTORY);
	if (listing->fd < 0)
		return;
	dig_ignore(dig_list_dir(listing->fd, on_name, listing) == 0 ? DIG_OK
								    : DIG_EIO);
	dig_ignore(dig_close(listing->fd) == 0 ? DIG_OK : DIG_EIO);
}

static void
check_files(const struct doctor *doctor)
{
	static const char *const folders[] = { ".", "packs" };
	struct listing listing = { 0 };
	struct dig_stat dir;
	int rc = dig_stat_fd(doctor->repo->dirfd, &dir);

	if (rc != 0) {
		say_errno(doctor, "permissions", "looking at .dig", rc);
		return;
	}
	listing.owner = dir.uid;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		list(doctor, folders[i], &listing);
	if (dir.uid != (uint32_t)geteuid())
		say(doctor, "owner", DIG_DOCTOR_NOTE, NULL,
		    ".dig is of user %u, and you are user %u",
		    (unsigned)dir.uid, (unsigned)geteuid());
	if (listing.nforeign > 0)
		say(doctor, "owner", DIG_DOCTOR_ATTENTION,
		    "chown -R --reference=.dig .dig",
		    "%" PRIu64 " files in .dig are of another user than it",
		    listing.nforeign);
	if (dir.uid == (uint32_t)geteuid() && listing.nforeign == 0)
		say(doctor, "owner", DIG_DOCTOR_GOOD, NULL,
		    "everything in .dig is yours");
	if ((dir.mode & 022) != 0 || listing.nwritable > 0)
		say(doctor, "permissions", DIG_DOCTOR_ATTENTION,
		    "chmod -R go-w .dig",
		    "others may write into .dig: what they put there is "
		    "believed");
	else
		say(doctor, "permissions", DIG_DOCTOR_GOOD, NULL,
		    "nobody else may write into .dig");
}

static void
check_leftovers(const struct doctor *doctor)
{
	struct listing tmp = { .before = dig_wall_seconds() - STALE_S };
	struct listing kept = { 0 };

	list(doctor, "tmp", &tmp);
	list(doctor, "quarantine", &kept);
	if (tmp.nstale > 0)
		say(doctor, "leftovers", DIG_DOCTOR_ATTENTION,
		    "when no dig runs: rm -r .dig/tmp",
		    "%" PRIu64 " temporary files are older than a day",
		    tmp.nstale);
	if (kept.ntold > 0)
		say(doctor, "leftovers", DIG_DOCTOR_NOTE,
		    "when dig fsck finds nothing: rm -r .dig/quarantine",
		    "%" PRIu64 " damaged files were put aside", kept.ntold);
	if (tmp.nstale == 0 && kept.ntold == 0)
		say(doctor, "leftovers", DIG_DOCTOR_GOOD, NULL,
		    "no old temporary files");
}

static void
check_index(const struct doctor *doctor)
{
	struct dig_error why = DIG_ERROR_INIT;
	struct dig_db *db;
	struct dig_oid to;
	bool begun = false;

	if (dig_index_need_db(doctor->repo->index, &db, &why) != DIG_OK)
		say(doctor, "index", DIG_DOCTOR_ATTENTION,
		    "dig fsck --rebuild-index", "%s", why.msg);
	else
		say(doctor, "index", DIG_DOCTOR_GOOD, NULL,
		    "the index can be used");
	if (dig_checkout_is_begun(doctor->repo, &begun, &to, &why) == DIG_OK &&
	    begun)
		say(doctor, "operation", DIG_DOCTOR_ATTENTION, "dig status",
		    "a switch has not finished");
	else
		say(doctor, "operation", DIG_DOCTOR_GOOD, NULL,
		    "no switch was cut short");
}

void
dig_doctor_look(struct dig_repo *repo, dig_doctor_fn *fn, void *arg)
{
	struct doctor doctor = { repo, fn, arg };
	int tmp, rc = dig_mkdir_at(repo->dirfd, "tmp", 0700);

	check_file_system(&doctor);
	tmp = dig_open_at(repo->dirfd, "tmp", DIG_OPEN_DIRECTORY);
	if (tmp >= 0)
		check_operations(&doctor, tmp);
	else
		say_errno(&doctor, "operations", "opening .dig/tmp",
		    rc != 0 && rc != EEXIST ? rc : -tmp);
	dig_ignore(dig_close(tmp) == 0 ? DIG_OK : DIG_EIO);
	check_sqlite(&doctor);
	check_clock(&doctor);
	check_limits(&doctor);
	check_files(&doctor);
	check_leftovers(&doctor);
	check_index(&doctor);
}
