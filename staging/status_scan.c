/* SPDX-License-Identifier: MIT
 *
 * The join of the walk and the staging rows, both in path order.
 *
 * A row without an entry is gone, or below something that the walk leaves out
 * (an ignored folder, another repository): one stat tells. An entry without a
 * row is untracked or ignored; which folder stands for it follows from its
 * neighbours, since everything below a folder is one run in path order.
 *
 * Below an ignored folder a second walk, without rules, takes the place of the
 * first one where its files are wanted one by one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "staging/status_internal.h"
#include "staging/walk.h"

struct join {
	const struct dig_status_options *options;
	struct dig_status_text **text;
	struct dig_status_scan *scan;
	struct dig_status_folder folder;

	struct dig_status_rows *rows;
	const struct dig_status_row *row; /* the next; NULL at the end */
	const struct dig_status_row
	    *before; /* the one in front of it; may be NULL */

	struct dig_walk *walk; /* NULL: only rows */
	const struct dig_walk_entry *entry;
	/* The walk of one ignored folder, while it goes on. */
	struct dig_walk *inner;
	int inner_fd;
	struct dig_buf inner_path; /* the folder, '/', the entry */
	size_t inner_len;          /* of the folder and '/' */
	struct dig_walk_entry inner_entry;

	struct dig_buf name; /* an entry's path, '/' behind a folder's */
	/* The untracked path seen last, whether it was named itself or not;
	 * kept only if ignored ones are listed. */
	struct dig_buf last_untracked;
	size_t nplaced; /* ignored ones that know what comes after them */
};

static void
warn(const struct join *join, const char *path, const char *reason)
{
	if (join->options->warn != NULL)
		join->options->warn(join->options->arg, path, reason);
}

/* ---- What stands for an untracked path --------------------------------- */

/* Length of the deepest folder that holds both, with its '/'. */
static size_t
shared(const char *a, size_t alen, const char *b, size_t blen)
{
	size_t len = alen < blen ? alen : blen;
	size_t folder = 0;

	for (size_t i = 0; i < len && a[i] == b[i]; i++)
		if (a[i] == '/')
			folder = i + 1;
	return folder;
}

static size_t
shared_with_rows(const struct join *join, const char *path, size_t len)
{
	size_t most = 0;
	size_t n;

	if (join->before != NULL)
		most = shared(path, len, join->before->path, join->before->len);
	if (join->row != NULL) {
		n = shared(path, len, join->row->path, join->row->len);
		most = n > most ? n : most;
	}
	return most;
}

/* Length of the first folder past `floor` that stands for the path, or of the
 * path itself. */
static size_t
standing(const struct join *join, const char *path, size_t len, size_t floor)
{
	if (join->options->untracked == DIG_UNTRACKED_FILES)
		return len;
	for (size_t i = floor; i < len; i++)
		if (path[i] == '/' &&
		    dig_pathspec_match(join->options->pathspec, path, i, true))
			return i + 1;
	return len;
}

static bool
is_named(
    const struct dig_status_name *names, size_t n, const char *path, size_t len)
{
	const struct dig_status_name *last = n > 0 ? &names[n - 1] : NULL;

	return last != NULL && last->path[last->len - 1] == '/' &&
	       len >= last->len && memcmp(last->path, path, last->len) == 0;
}

/*
 * The folder has taken the place of a tracked file: git says so of the file
 * and does not name the folder.
 */
static bool
is_replacement(const struct dig_status_scan *scan, const char *path, size_t len)
{
	size_t low = 0;
	size_t high = scan->nwork;

	if (path[len - 1] != '/')
		return false;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct dig_status_work *work = &scan->work[mid];
		int cmp = dig_path_cmp(work->path, work->len, path, len - 1);

		if (cmp == 0)
			return true;
		if (cmp < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

/* An untracked one parts the ignored ones before it from those behind. */
static void
part_ignored(struct join *join, const char *path, size_t len)
{
	struct dig_status_scan *scan = join->scan;

	for (; join->nplaced < scan->nignored; join->nplaced++) {
		struct dig_status_name *name = &scan->ignored[join->nplaced];
		size_t n = shared(name->path, name->len, path, len);

		if (n > name->floor)
			name->floor = n;
	}
	dig_buf_reset(&join->last_untracked);
	dig_buf_put(&join->last_untracked, path, len);
}

static void
add_untracked(struct join *join, const char *path, size_t len)
{
	struct dig_status_scan *scan = join->scan;
	struct dig_status_name name = { 0 };

	if (join->options->ignored)
		part_ignored(join, path, len);
	if (is_named(scan->untracked, scan->nuntracked, path, len))
		return;
	name.len = standing(join, path, len, shared_with_rows(join, path, len));
	if (is_replacement(scan, path, name.len))
		return;
	name.path = dig_status_keep(join->text, path, name.len);
	DIG_GROW(scan->untracked, scan->untracked_cap, scan->nuntracked + 1);
	scan->untracked[scan->nuntracked++] = name;
}

static void
add_ignored(struct join *join, const char *path, size_t len)
{
	struct dig_status_scan *scan = join->scan;
	struct dig_status_name name = { 0 };
	size_t n;

	name.path = dig_status_keep(join->text, path, len);
	name.len = len;
	name.floor = shared_with_rows(join, path, len);
	n = shared(path, len, (const char *)join->last_untracked.data,
	    join->last_untracked.len);
	if (n > name.floor)
		name.floor = n;
	DIG_GROW(scan->ignored, scan->ignored_cap, scan->nignored + 1);
	scan->ignored[scan->nignored++] = name;
}

/* All neighbours are known: name folders in place of what they hold. */
static void
fold_ignored(struct join *join)
{
	struct dig_status_scan *scan = join->scan;
	size_t kept = 0;

	for (size_t i = 0; i < scan->nignored; i++) {
		struct dig_status_name name = scan->ignored[i];

		if (is_named(scan->ignored, kept, name.path, name.len))
			continue;
		name.len = standing(join, name.path, name.len, name.floor);
		if (is_replacement(scan, name.path, name.len))
			continue;
		name.path = dig_status_keep(join->text, name.path, name.len);
		scan->ignored[kept++] = name;
	}
	scan->nignored = kept;
}

/* ---- Rows -------------------------------------------------------------- */

static bool
is_meant(const struct join *join, const struct dig_status_row *row)
{
	return row->kind != DIG_ENTRY_LINK &&
	       (join->options->pathspec == NULL ||
		   dig_pathspec_match(
		       join->options->pathspec, row->path, row->len, false));
}

static void
add_work(struct join *join, const struct dig_status_row *row, char letter)
{
	struct dig_status_scan *scan = join->scan;
	struct dig_status_work *work;

	DIG_GROW(scan->work, scan->work_cap, scan->nwork + 1);
	work = &scan->work[scan->nwork++];
	memset(work, 0, sizeof(*work));
	work->path = dig_status_keep(join->text, row->path, row->len);
	work->len = row->len;
	work->letter = letter;
	if (letter == '?') {
		work->suspect = dig_calloc(1, sizeof(*work->suspect));
		work->suspect->row = *row;
		work->suspect->row.path = work->path;
	}
}

static void
compare(struct join *join, const struct dig_status_row *row,
    const struct dig_stat *stat)
{
	char letter = dig_status_by_stat(row, stat);

	if (letter != ' ')
		add_work(join, row, letter);
}

static void
on_trouble(struct join *join, const struct dig_status_row *row, int rc)
{
	if (rc == ENOENT || rc == ENOTDIR || rc == ELOOP)
		add_work(join, row, 'D');
	else if (rc == EISDIR)
		add_work(join, row, 'F');
	else
		warn(join, row->path, strerror(rc));
}

/* A row that the walk has not reported. */
static void
lone_row(struct join *join, const struct dig_status_row *row)
{
	struct dig_stat stat;
	const char *name;
	int at;
	int rc;

	if (!is_meant(join, row))
		return;
	rc = dig_status_look(
	    &join->folder, row->path, row->len, &at, &name, &stat);
	if (rc != 0)
		on_trouble(join, row, rc);
	else if (stat.type == DIG_FT_DIR)
		add_work(join, row, 'F');
	else
		compare(join, row, &stat);
}

static enum dig_status
next_row(struct join *join, struct dig_error *err)
{
	join->before = join->row;
	return dig_status_rows_next(join->rows, &join->row, err);
}

/* A row lies below the folder that join->name is. */
static bool
has_row_below(const struct join *join)
{
	const struct dig_buf *name = &join->name;

	return join->row != NULL && join->row->len > name->len &&
	       memcmp(join->row->path, name->data, name->len) == 0;
}

/* ---- Entries ----------------------------------------------------------- */

/* Go on with the folder open as fd, all of it ignored. */
static enum dig_status
begin_inner(struct join *join, int fd, bool stat_needed, struct dig_error *err)
{
	struct dig_walk_options options = DIG_WALK_OPTIONS_INIT;
	enum dig_status st;

	options.nthreads = 1;
	options.stat_needed = stat_needed;
	st = dig_walk_open(fd, &options, &join->inner, err);
	if (st != DIG_OK) {
		dig_close(fd);
		return st;
	}
	join->inner_fd = fd;
	dig_buf_reset(&join->inner_path);
	dig_buf_put(&join->inner_path, join->name.data, join->name.len);
	join->inner_len = join->name.len;
	return DIG_OK;
}

static void
end_inner(struct join *join)
{
	if (join->inner == NULL)
		return;
	dig_walk_close(join->inner);
	dig_close(join->inner_fd);
	join->inner = NULL;
}

static enum dig_status
next_inner(struct join *join, struct dig_error *err)
{
	struct dig_walk_entry *entry = &join->inner_entry;
	const struct dig_walk_entry *found;
	enum dig_status st = dig_walk_next(join->inner, &found, err);

	join->entry = NULL;
	if (st != DIG_OK)
		return st;
	if (found == NULL) {
		end_inner(join);
		return DIG_OK;
	}
	join->inner_path.len =
	    found->len > 0 ? join->inner_len : join->inner_len - 1;
	dig_buf_put(&join->inner_path, found->path, found->len);
	dig_buf_putc(&join->inner_path, '\0');
	*entry = *found;
	entry->path = (const char *)join->inner_path.data;
	entry->len = join->inner_path.len - 1;
	if (entry->what == DIG_WALK_FILE || entry->what == DIG_WALK_SYMLINK ||
	    entry->what == DIG_WALK_REPOSITORY ||
	    entry->what == DIG_WALK_BADNAME)
		entry->what = DIG_WALK_IGNORED;
	join->entry = entry;
	return DIG_OK;
}

static enum dig_status
next_entry(struct join *join, struct dig_error *err)
{
	enum dig_status st;

	join->entry = NULL;
	if (join->walk == NULL)
		return DIG_OK;
	if (join->inner != NULL) {
		st = next_inner(join, err);
		if (st != DIG_OK || join->entry != NULL)
			return st;
	}
	return dig_walk_next(join->walk, &join->entry, err);
}

/* Something is meant in the folder that join->name is, open as fd. */
static enum dig_status
has_files(struct join *join, int fd, bool *out, struct dig_error *err)
{
	struct dig_buf *path = &join->inner_path;
	struct dig_walk_options options = DIG_WALK_OPTIONS_INIT;
	const struct dig_walk_entry *entry;
	struct dig_walk *walk = NULL;
	enum dig_status st;

	options.nthreads = 1;
	options.stat_needed = false;
	*out = false;
	st = dig_walk_open(fd, &options, &walk, err);
	while (st == DIG_OK && !*out) {
		st = dig_walk_next(walk, &entry, err);
		if (st != DIG_OK || entry == NULL)
			break;
		if (entry->what != DIG_WALK_FILE &&
		    entry->what != DIG_WALK_SYMLINK &&
		    entry->what != DIG_WALK_REPOSITORY &&
		    entry->what != DIG_WALK_BADNAME)
			continue;
		dig_buf_reset(path);
		dig_buf_put(path, join->name.data, join->name.len);
		dig_buf_put(path, entry->path, entry->len);
		*out = dig_pathspec_match(join->options->pathspec,
		    (const char *)path->data, path->len,
		    entry->stat.type == DIG_FT_DIR);
	}
	dig_walk_close(walk);
	return st;
}

/* A folder that the rules ignore; join->name is it. */
static enum dig_status
ignored_folder(struct join *join, struct dig_error *err)
{
	const char *path = join->entry->path;
	bool below = has_row_below(join);
	enum dig_status st = DIG_OK;
	struct dig_stat stat;
	bool filled = true;
	int fd;

	/* Another repository, below an ignored folder. */
	if (join->inner != NULL) {
		if (!below)
			add_ignored(join, (const char *)join->name.data,
			    join->name.len);
		return DIG_OK;
	}
	fd = dig_open_beneath(join->options->root_fd, path, DIG_OPEN_DIRECTORY);
	if (fd < 0) {
		if (fd != -ENOENT)
			warn(join, path, strerror(-fd));
		return DIG_OK;
	}
	if (dig_stat_at(fd, ".dig", &stat) != 0) {
		if (below || join->options->untracked == DIG_UNTRACKED_FILES)
			return begin_inner(join, fd, below, err);
		st = has_files(join, fd, &filled, err);
	}
	dig_close(fd);
	if (st == DIG_OK && filled && !below)
		add_ignored(
		    join, (const char *)join->name.data, join->name.len);
	return st;
}

/* An entry that is no row's. */
static enum dig_status
lone_entry(struct join *join, struct dig_error *err)
{
	const struct dig_walk_entry *entry = join->entry;
	bool is_dir = entry->stat.type == DIG_FT_DIR;

	dig_buf_reset(&join->name);
	dig_buf_put(&join->name, entry->path, entry->len);
	if (is_dir)
		dig_buf_putc(&join->name, '/');
	switch (entry->what) {
	case DIG_WALK_IGNORED:
		/* The inner walk knows nothing of what is meant. */
		if (join->inner != NULL &&
		    !dig_pathspec_match(join->options->pathspec, entry->path,
			entry->len, is_dir))
			break;
		if (is_dir)
			return ignored_folder(join, err);
		if (entry->stat.type != DIG_FT_OTHER)
			add_ignored(join, entry->path, entry->len);
		break;
	case DIG_WALK_FILE:
	case DIG_WALK_SYMLINK:
		add_untracked(join, entry->path, entry->len);
		break;
	case DIG_WALK_REPOSITORY:
	case DIG_WALK_BADNAME:
		if (!has_row_below(join) && entry->stat.type != DIG_FT_OTHER)
			add_untracked(join, (const char *)join->name.data,
			    join->name.len);
		break;
	case DIG_WALK_SPECIAL:
		break;
	case DIG_WALK_BADRULES:
		warn(join, entry->len > 0 ? entry->path : ".", entry->reason);
		break;
	case DIG_WALK_ERROR:
		if (entry->os_errno != ENOENT && entry->os_errno != EISDIR)
			warn(join, entry->len > 0 ? entry->path : ".",
			    strerror(entry->os_errno));
		break;
	}
	return DIG_OK;
}

/* An entry and a row of the same path. */
static void
both(struct join *join)
{
	const struct dig_walk_entry *entry = join->entry;

	if (!is_meant(join, join->row))
		return;
	if (entry->what == DIG_WALK_ERROR)
		on_trouble(join, join->row, entry->os_errno);
	else
		compare(join, join->row, &entry->stat);
}

/* Path order, where an entry that is a folder ends in '/'. */
static int
order(const struct dig_walk_entry *entry, const struct dig_status_row *row)
{
	size_t len = entry->len < row->len ? entry->len : row->len;
	int cmp = memcmp(entry->path, row->path, len);

	if (entry->len == 0) /* the root, of which something is to be said */
		return -1;
	if (cmp != 0)
		return cmp;
	/* A row's NUL is less than '/'. */
	if (entry->stat.type == DIG_FT_DIR)
		return entry->len > row->len                  ? 1
		       : (unsigned char)row->path[len] >= '/' ? -1
							      : 1;
	return entry->len < row->len ? -1 : entry->len > row->len;
}

static enum dig_status
run(struct join *join, struct dig_error *err)
{
	enum dig_status st = next_entry(join, err);

	if (st == DIG_OK)
		st = next_row(join, err);
	while (st == DIG_OK && (join->entry != NULL || join->row != NULL)) {
		int cmp = join->row == NULL     ? -1
			  : join->entry == NULL ? 1
						: order(join->entry, join->row);

		if (cmp < 0) {
			st = lone_entry(join, err);
			if (st == DIG_OK)
				st = next_entry(join, err);
			continue;
		}
		if (cmp == 0) {
			both(join);
			st = next_entry(join, err);
		} else {
			lone_row(join, join->row);
		}
		if (st == DIG_OK)
			st = next_row(join, err);
	}
	return st;
}

enum dig_status
dig_status_scan(const struct dig_status_options *options, struct dig_db *db,
    struct dig_status_text **text, struct dig_status_scan *scan,
    struct dig_error *err)
{
	struct dig_walk_options walk = DIG_WALK_OPTIONS_INIT;
	struct join join = { .options = options, .text = text, .scan = scan };
	enum dig_status st = DIG_OK;
	const char *under = "";
	size_t len = 0;

	dig_status_folder_init(&join.folder, options->root_fd);
	if (options->untracked != DIG_UNTRACKED_NONE) {
		walk.ignore = options->ignore;
		walk.pathspec = options->pathspec;
		walk.report_ignored = options->ignored;
		st = dig_walk_open(options->root_fd, &walk, &join.walk, err);
	}
	/* An ignored folder above what is meant is named for all that is
	 * tracked in it. */
	if (options->pathspec != NULL && !options->ignored)
		len = dig_pathspec_common_dir(options->pathspec, &under);
	if (st == DIG_OK) {
		join.rows = dig_status_rows_open(db, under, len);
		st = run(&join, err);
	}
	if (st == DIG_OK)
		fold_ignored(&join);
	end_inner(&join);
	dig_status_rows_close(join.rows);
	dig_walk_close(join.walk);
	dig_status_folder_clear(&join.folder);
	dig_buf_clear(&join.inner_path);
	dig_buf_clear(&join.name);
	dig_buf_clear(&join.last_untracked);
	return st;
}

void
dig_status_scan_clear(struct dig_status_scan *scan)
{
	for (size_t i = 0; i < scan->nwork; i++)
		free(scan->work[i].suspect);
	free(scan->work);
	free(scan->untracked);
	free(scan->ignored);
	memset(scan, 0, sizeof(*scan));
}
