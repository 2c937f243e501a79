/* SPDX-License-Identifier: MIT
 *
 * A tar archive as the next commit: contents are stored as they come, names
 * wait until all are known, then the tree and the commit are made in one
 * record.
 *
 * Nothing of an archive is believed: names go through dig_path_check, sizes
 * are those of what comes, and what comes is held against what was read.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "repo/bridge/import_archive.h"
#include "repo/bridge/tar.h"
#include "repo/select.h"
#include "staging/put.h"

/* Larger members are stored by threads, in pieces. */
#define LARGE_BYTES ((uint64_t)16 << 20)
/* So much is committed at a time, as contents that no name leads to yet. */
#define CHECKPOINT_BYTES ((uint64_t)256 << 20)
/* What an archive may unpack to beside its size, and what a name counts. */
#define FREE_BYTES ((uint64_t)64 << 20)
#define NAME_BYTES 512
#define LINK_MAX 4095

struct member {
	char *path;
	size_t len;
	size_t order;
	char *same_as; /* of a hard link: the path whose content it has */
	struct dig_entry entry;
};

struct reading {
	struct dig_repo *repo;
	const struct dig_archive_options *options;
	struct dig_archive_result *result;
	const struct dig_tar_plugin *plugin;
	struct dig_tar *tar;
	struct dig_put put;
	struct dig_node_io io;
	struct dig_oid base; /* HEAD's tree */
	uint64_t op;
	struct dig_buf prefix;
	struct dig_buf name;
	struct dig_buf bytes;
	struct member *members;
	size_t n;
	size_t cap;
	uint64_t read_bytes;     /* of the archive */
	uint64_t unpacked_bytes; /* contents, and a part for each name */
	uint64_t uncommitted;
	int os_errno; /* reading failed */
	bool too_large;
	char why[200];
};

/* ---- Bytes ------------------------------------------------------------ */

static int64_t
on_read(void *arg, void *data, size_t len)
{
	struct reading *r = arg;
	int64_t n = dig_read_some(r->options->fd, data, len);

	if (n < 0)
		r->os_errno = (int)-n;
	else
		r->read_bytes += (uint64_t)n;
	return n;
}

/* An archive that unpacks to much more than it is may fill any disk. */
static bool
is_too_large(struct reading *r, uint64_t more)
{
	r->unpacked_bytes += more;
	if (!r->options->no_limit && r->unpacked_bytes > FREE_BYTES &&
	    (r->unpacked_bytes - FREE_BYTES) / DIG_TAR_RATIO > r->read_bytes)
		r->too_large = true;
	return r->too_large;
}

static int64_t
get_data(void *arg, void *data, size_t len)
{
	struct reading *r = arg;
	int64_t n =
	    r->plugin->get_data(r->tar, data, len, r->why, sizeof(r->why));

	if (n < 0)
		return -EIO;
	return is_too_large(r, (uint64_t)n) ? -EFBIG : n;
}

/* Why the archive gives no more. */
static enum dig_status
bad_archive(struct reading *r, struct dig_error *err)
{
	enum dig_status st;

	if (r->os_errno != 0)
		return dig_raise_os(
		    err, DIG_EFILE, r->os_errno, "reading the archive");
	if (!r->too_large)
		return dig_raise(err, DIG_EINVALID,
		    "the archive cannot be read: %s", r->why);
	st = dig_raise(err, DIG_EINVALID,
	    "the archive unpacks to more than %d times its size",
	    DIG_TAR_RATIO);
	dig_hint(err, "'--no-limit' takes all of it");
	return st;
}

/* ---- Names ------------------------------------------------------------ */

/* A member that cannot be tracked ends the import, or is left out. */
static enum dig_status
refuse(struct reading *r, const char *path, const char *reason,
    struct dig_error *err)
{
	struct dig_buf shown = DIG_BUF_INIT;
	enum dig_status st = DIG_OK;

	dig_path_quote(&shown, path, strlen(path), true);
	if (r->options->skip_bad_names) {
		dig_repo_warn(r->repo, "%.2000s %s, and is left out",
		    (const char *)shown.data, reason);
		r->result->left_out++;
	} else {
		st = dig_raise(err, DIG_EINVALID, "%.300s %s",
		    (const char *)shown.data, reason);
		dig_hint(err, "'--skip-bad-names' leaves out what cannot be "
			      "tracked");
	}
	dig_buf_clear(&shown);
	return st;
}

/*
 * The path of a name into out (reset): without "./", doubled and final
 * slashes, without the parts to strip, behind the prefix. Empty: nothing is
 * left of it. The answer is NULL, or why it is refused.
 */
static const char *
make_path(const struct reading *r, const char *name, struct dig_buf *out)
{
	int64_t strip = r->options->strip;
	const char *reason;
	size_t from = 0;

	dig_buf_reset(out);
	dig_buf_reserve(out, 1);
	out->data[0] = '\0';
	if (*name == '/')
		return "is absolute";
	for (const char *at = name; *at != '\0';) {
		size_t len = strcspn(at, "/");

		if (len > 0 && !(len == 1 && *at == '.')) {
			if (out->len > 0)
				dig_buf_putc(out, '/');
			dig_buf_put(out, at, len);
		}
		at += len + (at[len] == '/');
	}
	reason = out->len > 0 ? dig_path_check(out->data, out->len) : NULL;
	if (reason != NULL)
		return reason;
	for (; strip > 0 && from < out->len; strip--)
		from += strcspn((const char *)out->data + from, "/") + 1;
	if (from >= out->len) {
		dig_buf_reset(out);
		return NULL;
	}
	memmove(out->data, out->data + from, out->len - from + 1);
	out->len -= from;
	if (r->prefix.len > 0) {
		char *rest = dig_memdup0(out->data, out->len);

		dig_buf_reset(out);
		dig_buf_put(out, r->prefix.data, r->prefix.len);
		dig_buf_putc(out, '/');
		dig_buf_puts(out, rest);
		free(rest);
	}
	return dig_path_check(out->data, out->len);
}

/* ---- Contents --------------------------------------------------------- */

static enum dig_status
checkpoint(struct reading *r, struct dig_error *err)
{
	struct dig_commit_options options = {
		.verb = "import tar: going on",
		.op = r->op,
		.keep_open = true,
	};

	r->uncommitted = 0;
	return dig_index_commit(r->repo->index, &options, &r->op, err);
}

static enum dig_status
store_large(struct reading *r, const struct dig_entry *old,
    struct member *member, struct dig_error *err)
{
	struct dig_put_source source = { get_data, r };
	enum dig_status st = dig_writer_flush(r->put.writer, err);

	if (st == DIG_OK)
		st =
		    dig_put_stream(r->repo->index, r->put.profile, old, &source,
			"import tar: going on", &r->op, &member->entry, err);
	if (st == DIG_EFILE)
		st = bad_archive(r, err);
	return st;
}

static enum dig_status
store_file(struct reading *r, struct member *member, uint64_t size_bytes,
    struct dig_error *err)
{
	struct dig_entry old;
	bool has_old;
	enum dig_status st;
	int64_t n;

	st = dig_tree_find(
	    &r->io, &r->base, member->path, member->len, &old, err);
	has_old = st == DIG_OK;
	if (st != DIG_OK && st != DIG_ENOTFOUND)
		return st;
	if (size_bytes > LARGE_BYTES) {
		st = store_large(r, has_old ? &old : NULL, member, err);
	} else {
		dig_buf_reset(&r->bytes);
		dig_buf_reserve(&r->bytes, (size_t)size_bytes + 1);
		n = get_data(r, r->bytes.data, (size_t)size_bytes);
		if (n < 0)
			return bad_archive(r, err);
		r->bytes.len = (size_t)n;
		st = dig_put_bytes(&r->put, has_old ? &old : NULL, false,
		    r->bytes.data, r->bytes.len, &member->entry, err);
	}
	if (st == DIG_OK && member->entry.size_bytes != size_bytes)
		st = dig_raise(err, DIG_EINVALID,
		    "the archive cannot be read: a file ends early");
	r->uncommitted += size_bytes;
	if (st == DIG_OK && r->uncommitted >= CHECKPOINT_BYTES)
		st = checkpoint(r, err);
	return st;
}

static enum dig_status
store_symlink(struct reading *r, struct member *member, const char *target,
    struct dig_error *err)
{
	return dig_put_bytes(
	    &r->put, NULL, true, target, strlen(target), &member->entry, err);
}

/* Its content is that of another member, which is looked for at the end. */
static const char *
note_hardlink(struct reading *r, struct member *member, const char *target)
{
	struct dig_buf path = DIG_BUF_INIT;
	const char *reason =
	    target != NULL ? make_path(r, target, &path) : "is absolute";

	if (reason == NULL && path.len > 0)
		member->same_as = dig_buf_detach(&path);
	dig_buf_clear(&path);
	return member->same_as != NULL
		   ? NULL
		   : "is a hard link to what is not in the archive";
}

static enum dig_status
take(
    struct reading *r, const struct dig_tar_member *from, struct dig_error *err)
{
	struct member *member;
	const char *reason = NULL;
	enum dig_status st = DIG_OK;

	DIG_GROW(r->members, r->cap, r->n + 1);
	member = &r->members[r->n];
	memset(member, 0, sizeof(*member));
	member->path = dig_memdup0(r->name.data, r->name.len);
	member->len = r->name.len;
	member->order = r->n++;
	member->entry.kind = from->kind == DIG_TAR_SYMLINK ? DIG_ENTRY_SYMLINK
			     : from->exec                  ? DIG_ENTRY_EXEC
							   : DIG_ENTRY_FILE;
	if (from->kind == DIG_TAR_HARDLINK)
		reason = note_hardlink(r, member, from->target);
	else if (from->kind == DIG_TAR_OTHER)
		reason = "is neither a file nor a link";
	else if (from->kind == DIG_TAR_SYMLINK &&
		 (from->target == NULL || *from->target == '\0' ||
		     strlen(from->target) > LINK_MAX))
		reason = "is a link whose target is empty or too long";
	else if (from->kind == DIG_TAR_SYMLINK)
		st = store_symlink(r, member, from->target, err);
	else
		st = store_file(r, member, from->size_bytes, err);
	if (reason != NULL) {
		st = refuse(r, member->path, reason, err);
		free(member->path);
		r->n--;
		return st;
	}
	member->entry.path = (const uint8_t *)member->path;
	member->entry.path_len = member->len;
	return st;
}

static enum dig_status
read_members(struct reading *r, struct dig_error *err)
{
	const struct dig_talk *talk = &r->repo->talk;
	struct dig_tar_member member;
	enum dig_status st = DIG_OK;

	while (st == DIG_OK) {
		enum dig_tar_next next =
		    r->plugin->next(r->tar, &member, r->why, sizeof(r->why));
		struct dig_progress_report report = {
			.what = "importing",
			.files_done = r->n,
			.bytes_done = r->read_bytes,
		};
		const char *reason;

		if (next == DIG_TAR_END)
			break;
		if (next == DIG_TAR_BAD || is_too_large(r, NAME_BYTES))
			return bad_archive(r, err);
		if (talk->progress != NULL)
			talk->progress(talk->arg, &report);
		if (dig_interrupted())
			return dig_raise(err, DIG_ECANCELLED, "interrupted");
		if (member.kind == DIG_TAR_FOLDER)
			continue;
		if (member.path == NULL)
			return dig_raise(err, DIG_EINVALID,
			    "a name in the archive cannot be read");
		reason = make_path(r, member.path, &r->name);
		if (reason != NULL)
			st = refuse(r, member.path, reason, err);
		else if (r->name.len > 0)
			st = take(r, &member, err);
	}
	return st;
}

/* ---- The tree --------------------------------------------------------- */

static int
by_path(const void *pa, const void *pb)
{
	const struct member *a = pa;
	const struct member *b = pb;
	int cmp = dig_path_cmp(a->path, a->len, b->path, b->len);

	return cmp != 0 ? cmp : (a->order > b->order) - (a->order < b->order);
}

static void
drop(struct member *member)
{
	free(member->path);
	free(member->same_as);
}

/* In path order; of several members of one name the last one counts. */
static void
sort_members(struct reading *r)
{
	size_t kept = 0;

	if (r->n == 0)
		return;
	qsort(r->members, r->n, sizeof(*r->members), by_path);
	for (size_t i = 0; i < r->n; i++) {
		const struct member *next = &r->members[i + 1];

		if (i + 1 < r->n &&
		    dig_path_cmp(r->members[i].path, r->members[i].len,
			next->path, next->len) == 0)
			drop(&r->members[i]);
		else
			r->members[kept++] = r->members[i];
	}
	r->n = kept;
}

static struct member *
find_member(struct reading *r, const char *path)
{
	size_t low = 0, high = r->n, len = strlen(path);

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int cmp = dig_path_cmp(
		    r->members[mid].path, r->members[mid].len, path, len);

		if (cmp == 0)
			return &r->members[mid];
		if (cmp < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* Give hard links their contents. A link to a link is one to its target; in a
 * circle of them there is none. */
static enum dig_status
resolve_hardlinks(struct reading *r, struct dig_error *err)
{
	enum dig_status st = DIG_OK;
	size_t kept = 0;

	for (size_t i = 0; i < r->n; i++) {
		struct member *member = &r->members[i];
		const struct member *target = member;

		for (size_t steps = 0;
		     target != NULL && target->same_as != NULL; steps++)
			target = steps < r->n && steps < 64
				     ? find_member(r, target->same_as)
				     : NULL;
		if (target == NULL) {
			member->entry.path = NULL; /* taken out below */
			continue;
		}
		if (target == member)
			continue;
		member->entry = target->entry;
		member->entry.path = (const uint8_t *)member->path;
		member->entry.path_len = member->len;
	}
	for (size_t i = 0; i < r->n; i++) {
		if (r->members[i].entry.path != NULL) {
			r->members[kept++] = r->members[i];
			continue;
		}
		if (st == DIG_OK)
			st = refuse(r, r->members[i].path,
			    "is a hard link to what is not in the archive",
			    err);
		drop(&r->members[i]);
	}
	r->n = kept;
	return st;
}

static enum dig_status
check_members(struct reading *r, struct dig_error *err)
{
	struct dig_nesting nesting = { NULL, 0, 0 };
	enum dig_status st = DIG_OK;

	if (r->n == 0)
		return dig_raise(err, DIG_EINVALID,
		    "the archive has no file that can be tracked");
	for (size_t i = 0; st == DIG_OK && i < r->n; i++)
		if (!dig_nesting_next(&nesting, &r->members[i].entry))
			st = dig_raise(err, DIG_EINVALID,
			    "the archive has a file that is a folder, too, of "
			    "%.300s",
			    r->members[i].path);
	dig_nesting_clear(&nesting);
	return st;
}

struct edits {
	struct dig_tree_edit *at;
	size_t n;
	size_t cap;
};

static struct dig_tree_edit *
add_edit(struct edits *edits)
{
	struct dig_tree_edit *edit;

	DIG_GROW(edits->at, edits->cap, edits->n + 1);
	edit = &edits->at[edits->n++];
	memset(edit, 0, sizeof(*edit));
	return edit;
}

/* What HEAD has in the folder and the archive has not goes: both are in path
 * order. */
static enum dig_status
make_edits(struct reading *r, struct edits *edits, struct dig_error *err)
{
	struct dig_tree_iter *iter = NULL;
	const struct dig_entry *old = NULL;
	enum dig_status st;
	size_t i = 0;

	st = dig_tree_iter_new(&r->io, &r->base, &iter, err);
	if (st == DIG_OK && r->prefix.len > 0)
		st = dig_tree_iter_seek(
		    iter, r->prefix.data, r->prefix.len, err);
	while (st == DIG_OK) {
		const char *dir = (const char *)r->prefix.data;

		st = dig_tree_iter_next(iter, &old, err);
		if (st != DIG_OK || old == NULL ||
		    dig_select_is_past(old, dir, r->prefix.len))
			break;
		if (!dig_path_is_under(
			old->path, old->path_len, dir, r->prefix.len))
			continue;
		for (; i < r->n &&
		       dig_path_cmp(r->members[i].path, r->members[i].len,
			   old->path, old->path_len) < 0;
		     i++)
			add_edit(edits)->entry = r->members[i].entry;
		if (i < r->n &&
		    dig_path_cmp(r->members[i].path, r->members[i].len,
			old->path, old->path_len) == 0) {
			add_edit(edits)->entry = r->members[i++].entry;
		} else {
			struct dig_tree_edit *edit = add_edit(edits);

			edit->remove = true;
			edit->entry.path = (const uint8_t *)dig_memdup0(
			    old->path, old->path_len);
			edit->entry.path_len = old->path_len;
		}
	}
	for (; st == DIG_OK && i < r->n; i++)
		add_edit(edits)->entry = r->members[i].entry;
	dig_tree_iter_free(iter);
	return st;
}

static enum dig_status
make_tree(struct reading *r, struct dig_oid *root, struct dig_error *err)
{
	struct edits edits = { NULL, 0, 0 };
	enum dig_status st;

	sort_members(r);
	st = resolve_hardlinks(r, err);
	if (st == DIG_OK)
		st = check_members(r, err);
	if (st == DIG_OK)
		st = make_edits(r, &edits, err);
	if (st == DIG_OK)
		st = dig_tree_apply(
		    &r->io, &r->base, edits.at, edits.n, root, err);
	/* Only the folder itself can lie below a file. */
	if (st == DIG_OK && r->prefix.len > 0)
		st = dig_select_no_clash(
		    &r->io, root, r->members[0].path, r->members[0].len, err);
	for (size_t i = 0; i < edits.n; i++)
		if (edits.at[i].remove)
			free((void *)(uintptr_t)edits.at[i].entry.path);
	free(edits.at);
	return st;
}

/* ---- The whole -------------------------------------------------------- */

static enum dig_status
prepare(struct reading *r, struct dig_error *err)
{
	struct dig_index *index = r->repo->index;
	enum dig_status st;

	st = dig_import_prefix(r->options->prefix, &r->prefix, err);
	if (st == DIG_OK)
		st = dig_index_begin(index, err);
	if (st == DIG_OK)
		st = dig_import_base(
		    r->repo, dig_index_next(index), &r->base, err);
	if (st != DIG_OK)
		return st;
	r->put.writer = dig_index_writer(index);
	r->put.profile =
	    dig_chunk_profile(dig_store_chunk_profile(dig_index_store(index)));
	r->io = dig_writer_io(r->put.writer);
	r->tar = r->plugin->open(on_read, r, r->why, sizeof(r->why));
	return r->tar != NULL ? DIG_OK : bad_archive(r, err);
}

static enum dig_status
record(struct reading *r, const struct dig_oid *root, struct dig_error *err)
{
	struct dig_record_options how = {
		.message = r->options->message,
		.message_len = r->options->message_len,
		.verb = "import tar",
		.op = r->op,
		.tree = root,
	};
	enum dig_status st =
	    dig_record_commit(r->repo, &how, &r->result->record, err);

	r->result->committed = st == DIG_OK;
	return st;
}

static void
clear(struct reading *r)
{
	for (size_t i = 0; i < r->n; i++)
		drop(&r->members[i]);
	free(r->members);
	if (r->tar != NULL)
		r->plugin->close(r->tar);
	dig_put_clear(&r->put);
	dig_buf_clear(&r->prefix);
	dig_buf_clear(&r->name);
	dig_buf_clear(&r->bytes);
	dig_index_rollback(r->repo->index); /* what was not committed */
}

enum dig_status
dig_import_tar(struct dig_repo *repo, const struct dig_archive_options *options,
    struct dig_archive_result *result, struct dig_error *err)
{
	struct reading r = {
		.repo = repo,
		.options = options,
		.result = result,
	};
	struct dig_tar_engine engine;
	struct dig_oid root;
	enum dig_status st;

	memset(result, 0, sizeof(*result));
	st = dig_tar_load(&engine, err);
	if (st != DIG_OK)
		return st;
	r.plugin = engine.plugin;
	st = prepare(&r, err);
	if (st == DIG_OK)
		st = read_members(&r, err);
	if (st == DIG_OK)
		st = make_tree(&r, &root, err);
	if (st == DIG_OK && !dig_oid_eq(&root, &r.base))
		st = record(&r, &root, err);
	clear(&r);
	dig_tar_unload(&engine);
	return st;
}
