/* SPDX-License-Identifier: MIT
 *
 * Finding what may go, then removing it.
 *
 * The tree of what is staged is read along with the work tree, in the same
 * order. A folder goes as a whole when nothing in it has to stay; another
 * repository in it does not count here, and is left when the folder's turn
 * comes, as git has it.
 */
#include "repo/clean.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "repo/internal.h"
#include "repo/select.h"
#include "repo/worktree.h"

/* The names of one folder. */
struct name {
	union {
		size_t offset; /* while they still grow */
		const char *at;
	} text;
	enum dig_ftype type;
};

struct names {
	struct dig_buf text;
	struct name *at;
	size_t n;
	size_t cap;
	int fd;
	bool has_rules;
	bool is_repository;
};

struct item {
	char *path;
	size_t len;
	bool is_folder; /* whole; the path ends in '/' */
};

struct clean {
	struct dig_repo *repo;
	const struct dig_clean_options *options;
	bool folders;
	struct dig_pathspec *spec;
	struct dig_ignore *excludes;
	struct dig_node_io io;
	struct dig_oid staged;
	struct dig_tree_iter *iter;
	const struct dig_entry *tracked; /* the next; NULL: no more */
	struct dig_stat dig_dir;
	struct dig_buf path; /* where the work is */
	struct item *items;
	size_t nitems;
	size_t cap;
	uint64_t failures;
};

/* ---- Names ------------------------------------------------------------ */

static const char *const marks[] = { ".dig", ".git", ".hg", ".svn" };

/* The name makes the folder that it is in a repository. */
static bool
marks_repository(const char *name)
{
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (strcmp(name, marks[i]) == 0)
			return true;
	return false;
}

static bool
add_name(void *arg, const char *name, enum dig_ftype type, bool told)
{
	struct names *names = arg;
	struct dig_stat sb;

	if (marks_repository(name))
		names->is_repository = true;
	if (strcmp(name, ".gitignore") == 0 || strcmp(name, ".digignore") == 0)
		names->has_rules = true;
	if (!told)
		type = dig_stat_at(names->fd, name, &sb) == 0 ? sb.type
							      : DIG_FT_OTHER;
	DIG_GROW(names->at, names->cap, names->n + 1);
	names->at[names->n].text.offset = names->text.len;
	names->at[names->n++].type = type;
	dig_buf_put(&names->text, name, strlen(name) + 1);
	return true;
}

/* A folder's end counts as a slash: the order of full paths. */
static int
by_name(const void *va, const void *vb)
{
	const struct name *a = va;
	const struct name *b = vb;
	size_t len = 0;
	unsigned char aend, bend;

	while (a->text.at[len] != '\0' && a->text.at[len] == b->text.at[len])
		len++;
	aend = (unsigned char)a->text.at[len];
	bend = (unsigned char)b->text.at[len];
	if (aend == 0 && a->type == DIG_FT_DIR)
		aend = '/';
	if (bend == 0 && b->type == DIG_FT_DIR)
		bend = '/';
	return aend - bend;
}

static void
names_clear(struct names *names)
{
	if (names->fd >= 0)
		dig_close(names->fd);
	dig_buf_clear(&names->text);
	free(names->at);
}

/* 0, or an errno value. The folder stays open as names->fd. */
static int
names_read(struct names *names, int fd)
{
	int rc;

	if (fd < 0)
		return -fd;
	names->fd = fd;
	rc = dig_list_dir(fd, add_name, names);
	for (size_t i = 0; i < names->n; i++)
		names->at[i].text.at =
		    (const char *)names->text.data + names->at[i].text.offset;
	if (names->n > 1)
		qsort(names->at, names->n, sizeof(*names->at), by_name);
	return rc;
}

/* The folder is this repository's .dig, whatever its name. */
static bool
is_dig_dir(const struct clean *clean, int fd)
{
	struct dig_stat sb;

	return dig_stat_fd(fd, &sb) == 0 && sb.dev == clean->dig_dir.dev &&
	       sb.ino == clean->dig_dir.ino;
}

static void
failed(struct clean *clean, int rc)
{
	struct dig_buf shown = DIG_BUF_INIT;

	clean->failures++;
	dig_path_quote(&shown, clean->path.data, clean->path.len, true);
	dig_repo_warn(clean->repo, "failed to remove %s: %s",
	    (const char *)shown.data, strerror(rc));
	dig_buf_clear(&shown);
}

/* clean->path gets one more component; its length until now is returned. */
static size_t
go_down(struct clean *clean, const char *name)
{
	size_t len = clean->path.len;

	if (len > 0 && clean->path.data[len - 1] != '/')
		dig_buf_putc(&clean->path, '/');
	dig_buf_puts(&clean->path, name);
	return len;
}

static void
go_up(struct clean *clean, size_t len)
{
	clean->path.len = len;
	if (clean->path.data != NULL)
		clean->path.data[len] = '\0';
}

/* ---- Finding ---------------------------------------------------------- */

/* What a folder holds. */
struct sum {
	bool keeps;      /* something that stays */
	bool gives;      /* something that goes */
	bool repository; /* it is one, and was not looked at */
};

/* What the rules say of the folder that is looked at. */
struct place {
	struct dig_ignore *rules; /* NULL: none count */
	bool ignored;             /* with all below */
	bool has_tracked;
};

static void
add_item(struct clean *clean, bool is_folder)
{
	struct item *item;

	DIG_GROW(clean->items, clean->cap, clean->nitems + 1);
	item = &clean->items[clean->nitems++];
	item->is_folder = is_folder;
	item->len = clean->path.len + (is_folder ? 1 : 0);
	item->path = dig_calloc(1, item->len + 1);
	memcpy(item->path, clean->path.data, clean->path.len);
	if (is_folder)
		item->path[item->len - 1] = '/';
}

static void
drop_items(struct clean *clean, size_t from)
{
	while (clean->nitems > from)
		free(clean->items[--clean->nitems].path);
}

static bool
is_ignored(const struct clean *clean, const struct place *place, bool is_dir)
{
	const char *path = (const char *)clean->path.data;
	enum dig_ignore_verdict verdict;

	if (place->ignored)
		return true;
	verdict = dig_ignore_check(
	    clean->excludes, path, clean->path.len, is_dir, NULL);
	if (verdict == DIG_IGNORE_NONE && place->rules != NULL)
		verdict = dig_ignore_check(
		    place->rules, path, clean->path.len, is_dir, NULL);
	return verdict == DIG_IGNORE_YES;
}

/*
 * Is clean->path tracked, or something below it? The tracked paths before it
 * are passed by.
 */
static enum dig_status
ask_tracked(struct clean *clean, bool is_dir, bool *itself, bool *below,
    struct dig_error *err)
{
	const uint8_t *path = clean->path.data;
	size_t len = clean->path.len;
	struct dig_entry entry;
	enum dig_status st = DIG_OK;

	*itself = *below = false;
	if (is_dir)
		dig_buf_putc(&clean->path, '/');
	path = clean->path.data;
	while (clean->tracked != NULL && st == DIG_OK &&
	       dig_path_cmp(clean->tracked->path, clean->tracked->path_len,
		   path, clean->path.len) < 0)
		st = dig_tree_iter_next(clean->iter, &clean->tracked, err);
	go_up(clean, len);
	if (st != DIG_OK)
		return st;
	if (!is_dir) {
		*itself = clean->tracked != NULL &&
			  clean->tracked->path_len == len &&
			  memcmp(clean->tracked->path, path, len) == 0;
		return DIG_OK;
	}
	*below =
	    clean->tracked != NULL && dig_path_is_under(clean->tracked->path,
					  clean->tracked->path_len, path, len);
	if (*below)
		return DIG_OK;
	/* A link to a foreign commit, or a file that became a folder. */
	st = dig_tree_find(&clean->io, &clean->staged, path, len, &entry, err);
	*itself = st == DIG_OK;
	return st == DIG_ENOTFOUND ? DIG_OK : st;
}

/* The folder at clean->path is meant as a whole. As in git, wildcards match it
 * with its '/': "d" + '*' and "d/" + '*' do, '*' + ".o" does not. */
static bool
is_whole_meant(struct clean *clean)
{
	size_t len = clean->path.len;
	bool meant;

	dig_buf_putc(&clean->path, '/');
	meant = dig_pathspec_match(
	    clean->spec, (const char *)clean->path.data, len + 1, true);
	go_up(clean, len);
	return meant;
}

/* The folder at clean->path has a mark; without listing it. */
static bool
is_repository(const struct clean *clean)
{
	bool found = false;
	int fd = dig_open_beneath(clean->repo->root_fd,
	    (const char *)clean->path.data, DIG_OPEN_DIRECTORY);

	for (size_t i = 0; fd >= 0 && i < sizeof(marks) / sizeof(marks[0]);
	     i++) {
		struct dig_stat sb;

		found = found || dig_stat_at(fd, marks[i], &sb) == 0;
	}
	if (fd >= 0)
		dig_close(fd);
	return found;
}

static enum dig_status find(struct clean *clean, const struct place *place,
    struct sum *out, struct dig_error *err);

/* An untracked folder at clean->path. */
static enum dig_status
find_in_untracked(struct clean *clean, const struct place *place,
    struct sum *out, struct dig_error *err)
{
	bool only_ignored = clean->options->mode == DIG_CLEAN_IGNORED;
	struct sum sum = { 0 };
	size_t mark = clean->nitems;
	enum dig_status st;

	if (!only_ignored && (place->ignored || !clean->folders)) {
		out->keeps = out->keeps || clean->options->repositories ||
			     !is_repository(clean);
		return DIG_OK;
	}
	st = find(clean, place, &sum, err);
	if (st != DIG_OK || (sum.repository && !clean->options->repositories))
		return st;
	if (sum.repository) /* as one thing, whatever its rules say */
		sum.keeps = place->ignored != only_ignored;
	if (sum.keeps || !is_whole_meant(clean) ||
	    (only_ignored && !place->ignored && !sum.gives)) {
		out->keeps = true;
	} else {
		drop_items(clean, mark);
		if (clean->folders)
			add_item(clean, true);
		out->gives = true;
	}
	return DIG_OK;
}

/* The file or folder at clean->path, which is in `place`. */
static enum dig_status
find_at(struct clean *clean, const struct place *place, bool is_dir,
    struct sum *out, struct dig_error *err)
{
	const char *path = (const char *)clean->path.data;
	size_t len = clean->path.len;
	bool itself, below, meant;
	struct place inner = *place;
	struct sum sum = { 0 };
	enum dig_status st;

	st = ask_tracked(clean, is_dir, &itself, &below, err);
	if (st != DIG_OK)
		return st;
	path = (const char *)clean->path.data;
	meant = dig_pathspec_match(clean->spec, path, len, is_dir);
	if (itself || (!meant && !(is_dir && dig_pathspec_may_match_below(
						 clean->spec, path, len)))) {
		out->keeps = true;
		return DIG_OK;
	}
	inner.ignored = is_ignored(clean, place, is_dir);
	inner.has_tracked = below;
	if (below) {
		out->keeps = true;
		return find(clean, &inner, &sum, err);
	}
	if (is_dir)
		return find_in_untracked(clean, &inner, out, err);
	if (inner.ignored == (clean->options->mode == DIG_CLEAN_IGNORED)) {
		add_item(clean, false);
		out->gives = true;
	} else {
		out->keeps = true;
	}
	return DIG_OK;
}

/* The rules for what is in the folder that `names` lists. */
static struct dig_ignore *
load_rules(
    struct clean *clean, const struct place *place, const struct names *names)
{
	struct dig_error warn = DIG_ERROR_INIT;
	struct dig_ignore *rules;

	if (place->rules == NULL || !names->has_rules)
		return dig_ignore_ref(place->rules);
	rules = dig_ignore_load(names->fd, place->rules,
	    clean->path.len > 0 ? (const char *)clean->path.data : "",
	    clean->path.len, &warn);
	if (warn.status != DIG_OK)
		dig_repo_warn(clean->repo, "%s", warn.msg);
	return rules;
}

/* The folder at clean->path: what may go becomes items. */
static enum dig_status
find(struct clean *clean, const struct place *place, struct sum *out,
    struct dig_error *err)
{
	size_t len = clean->path.len;
	bool is_root = len == 0;
	struct place inner = *place;
	enum dig_status st = DIG_OK;
	struct names names = { .fd = -1 };
	int rc;

	if (dig_interrupted())
		return dig_raise(err, DIG_ECANCELLED, "interrupted");
	rc = len > DIG_PATH_MAX
		 ? ENAMETOOLONG
		 : names_read(
		       &names, is_root ? dig_open_at(clean->repo->root_fd, ".",
					     DIG_OPEN_DIRECTORY)
				       : dig_open_beneath(clean->repo->root_fd,
					     (const char *)clean->path.data,
					     DIG_OPEN_DIRECTORY));
	if (rc != 0) {
		failed(clean, rc);
		out->keeps = true;
		names_clear(&names);
		return DIG_OK;
	}
	out->repository =
	    names.is_repository && !is_root &&
	    (!place->has_tracked || !clean->options->repositories);
	if (is_dig_dir(clean, names.fd) || out->repository) {
		out->keeps = true;
		names_clear(&names);
		return DIG_OK;
	}
	inner.rules = load_rules(clean, place, &names);
	dig_close(names.fd); /* not one for each level */
	names.fd = -1;
	for (size_t i = 0; i < names.n && st == DIG_OK; i++) {
		const char *name = names.at[i].text.at;

		if ((is_root || place->has_tracked) && marks_repository(name))
			continue;
		go_down(clean, name);
		st = find_at(
		    clean, &inner, names.at[i].type == DIG_FT_DIR, out, err);
		go_up(clean, len);
	}
	dig_ignore_free(inner.rules);
	names_clear(&names);
	return st;
}

/* ---- Removing --------------------------------------------------------- */

static void
tell(struct clean *clean, enum dig_clean_what what, const char *path,
    size_t len, size_t listed)
{
	clean->options->tell(clean->options->arg, what, path, len, listed);
}

/* The folder that was just emptied. */
static void
remove_empty(struct clean *clean, int parent, const char *name, bool *gone)
{
	const char *here = clean->repo->inside ? clean->repo->prefix : "";
	int rc = 0;

	if (strcmp(here, (const char *)clean->path.data) == 0) {
		tell(clean, DIG_CLEAN_HERE, here, strlen(here), 0);
		*gone = false;
		return;
	}
	if (!clean->options->dry_run)
		rc = dig_rmdir_at(parent, name);
	if (rc != 0) {
		failed(clean, rc);
		*gone = false;
	}
}

/*
 * The folder `name` at clean->path, with all below but other repositories.
 * listed: as of dig_clean_fn. Where the folder stays, what has gone from it is
 * told one by one.
 */
static void
remove_folder(struct clean *clean, int parent, const char *name, size_t listed,
    bool *gone)
{
	size_t len = clean->path.len;
	struct names names = { .fd = -1 };
	bool *went;
	int rc;

	*gone = false;
	rc = len > DIG_PATH_MAX ? ENAMETOOLONG
				: names_read(&names, dig_open_at(parent, name,
							 DIG_OPEN_DIRECTORY));
	if (rc != 0) {
		failed(clean, rc);
		names_clear(&names);
		return;
	}
	if ((names.is_repository && !clean->options->repositories) ||
	    is_dig_dir(clean, names.fd)) {
		tell(clean, DIG_CLEAN_REPOSITORY,
		    (const char *)clean->path.data, len, listed);
		names_clear(&names);
		return;
	}
	*gone = true;
	went = dig_calloc(names.n + 1, sizeof(*went));
	for (size_t i = 0; i < names.n && !dig_interrupted(); i++) {
		const char *child = names.at[i].text.at;

		go_down(clean, child);
		if (names.at[i].type == DIG_FT_DIR) {
			remove_folder(clean, names.fd, child, listed, &went[i]);
		} else {
			rc = clean->options->dry_run
				 ? 0
				 : dig_unlink_at(names.fd, child);
			went[i] = rc == 0;
			if (rc != 0)
				failed(clean, rc);
		}
		*gone = *gone && went[i];
		go_up(clean, len);
	}
	if (*gone && !dig_interrupted())
		remove_empty(clean, parent, name, gone);
	for (size_t i = 0; i < names.n && !*gone; i++) {
		if (!went[i])
			continue;
		go_down(clean, names.at[i].text.at);
		tell(clean, DIG_CLEAN_GONE, (const char *)clean->path.data,
		    clean->path.len, listed);
		go_up(clean, len);
	}
	free(went);
	names_clear(&names);
}

static void
remove_item(
    struct clean *clean, struct dig_folders *folders, const struct item *item)
{
	bool dry_run = clean->options->dry_run;
	const char *name;
	bool gone = true;
	int rc = 0;
	int fd;

	dig_buf_reset(&clean->path);
	dig_buf_put(&clean->path, item->path,
	    item->is_folder ? item->len - 1 : item->len);
	fd = dig_folders_open(
	    folders, (const char *)clean->path.data, false, &name);
	if (fd < 0) {
		failed(clean, -fd);
		return;
	}
	if (item->is_folder) {
		/* `name` points into clean->path, which moves. */
		char *last = dig_strdup(name);

		remove_folder(clean, fd, last, item->len, &gone);
		free(last);
	} else {
		rc = dry_run ? 0 : dig_unlink_at(fd, name);
		if (rc != 0)
			failed(clean, rc);
		gone = rc == 0;
	}
	if (gone)
		tell(clean, DIG_CLEAN_GONE, item->path, item->len, item->len);
}

static enum dig_status
remove_all(struct clean *clean, struct dig_error *err)
{
	struct dig_folders folders;

	dig_folders_init(&folders, clean->repo->root_fd);
	for (size_t i = 0; i < clean->nitems && !dig_interrupted(); i++)
		remove_item(clean, &folders, &clean->items[i]);
	dig_folders_clear(&folders);
	if (dig_interrupted())
		return dig_raise(err, DIG_ECANCELLED, "interrupted");
	if (clean->failures > 0)
		return dig_raise(err, DIG_EFILE,
		    "%llu file%s could not be removed",
		    (unsigned long long)clean->failures,
		    clean->failures == 1 ? "" : "s");
	return DIG_OK;
}

/* ---- Both ------------------------------------------------------------- */

static enum dig_status
find_all(struct clean *clean, struct dig_error *err)
{
	const struct dig_clean_options *options = clean->options;
	struct place root = { NULL, false, true };
	struct sum sum = { 0 };
	enum dig_status st;

	clean->io = dig_reader_io(dig_index_reader(clean->repo->index));
	clean->staged = dig_index_state(clean->repo->index)->staged_root;
	st = dig_tree_iter_new(&clean->io, &clean->staged, &clean->iter, err);
	if (st == DIG_OK)
		st = dig_tree_iter_next(clean->iter, &clean->tracked, err);
	if (st != DIG_OK)
		return st;
	if (options->mode != DIG_CLEAN_ALL)
		root.rules = dig_repo_ignore(clean->repo);
	st = find(clean, &root, &sum, err);
	dig_ignore_free(root.rules);
	return st;
}

/* What is meant: the paths, or the current folder. */
static enum dig_status
read_paths(struct clean *clean, struct dig_error *err)
{
	static const char *const here[] = { "." };
	const struct dig_clean_options *options = clean->options;
	struct dig_buf rules = DIG_BUF_INIT;

	for (size_t i = 0; i < options->nexcludes; i++) {
		dig_buf_puts(&rules, options->excludes[i]);
		dig_buf_putc(&rules, '\n');
	}
	clean->excludes =
	    dig_ignore_new(NULL, "--exclude", 0, rules.data, rules.len);
	dig_buf_clear(&rules);
	clean->folders = options->folders || options->npaths > 0;
	if (options->npaths == 0 && *clean->repo->prefix == '\0')
		return DIG_OK;
	return options->npaths > 0
		   ? dig_select_spec(clean->repo, options->paths,
			 options->npaths, &clean->spec, err)
		   : dig_select_spec(clean->repo, here, 1, &clean->spec, err);
}

enum dig_status
dig_clean(struct dig_repo *repo, const struct dig_clean_options *options,
    struct dig_error *err)
{
	struct clean clean = { .repo = repo, .options = options };
	enum dig_status st;
	int rc = dig_stat_fd(repo->dirfd, &clean.dig_dir);

	if (rc != 0)
		return dig_raise_os(err, DIG_EIO, rc, "%s", repo->dig_dir);
	st = read_paths(&clean, err);
	if (st == DIG_OK && !options->dry_run)
		st = dig_index_begin(repo->index, err);
	if (st == DIG_OK) {
		st = find_all(&clean, err);
		if (st == DIG_OK)
			st = remove_all(&clean, err);
		if (!options->dry_run)
			dig_index_rollback(repo->index); /* the lock */
	}
	drop_items(&clean, 0);
	free(clean.items);
	dig_tree_iter_free(clean.iter);
	dig_ignore_free(clean.excludes);
	dig_pathspec_free(clean.spec);
	dig_buf_clear(&clean.path);
	return st;
}
