/* SPDX-License-Identifier: MIT
 *
 * The join of the walk with the staging rows, and the batches. Reading a file
 * is in add_read.c, a large one in add_bulk.c.
 */
#include "staging/add.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "objects/base/path.h"
#include "staging/add_internal.h"
#include "staging/hash_file.h"
#include "staging/racy.h"
#include "staging/rows.h"
#include "staging/walk.h"

#define BATCH_FILES 8192
#define BATCH_BYTES ((uint64_t)64 << 20)
#define SLICE_FILES 64
#define SLICE_BYTES ((uint64_t)256 << 10)
#define SLICES_IN_FLIGHT 64

/* A file whose stat was too young to be recorded when it was read. */
struct young {
	char *path;
	struct dig_stat stat;
	struct dig_oid content;
};

/* Edits of one tree. */
struct edits {
	struct dig_tree_edit *at;
	size_t count;
	size_t cap;
	bool unsorted;
};

struct pipeline {
	const struct dig_add_options *options;
	struct dig_add_result *result;
	const struct dig_chunk_profile *profile;
	int dig_dirfd;
	size_t skip;         /* bytes of a path before those of the folder */
	struct dig_buf full; /* a path of the walk with the prefix */
	int64_t clock_ns;    /* the file system's, before the batch is read */
	/* workers */
	unsigned nworkers;
	struct dig_add_worker *workers;
	struct dig_group group;
	struct dig_queue queue;
	pthread_mutex_t mutex;
	pthread_cond_t done;
	enum dig_status st; /* of the first worker that failed */
	struct dig_error err;
	struct dig_oid staged_root; /* when the batch began; for bases */
	/* the batch */
	struct dig_add_slice **slices;
	size_t nslices;
	size_t slices_cap;
	size_t retired; /* the first so many have their rows */
	struct dig_add_slice *filling;
	size_t batch_files;
	uint64_t batch_bytes;
	struct edits edits;
	struct edits others;             /* aside: of the untracked files */
	char last_new[DIG_PATH_MAX + 2]; /* folder whose parents were checked */
	/* left for later */
	struct dig_add_item *large;
	size_t nlarge;
	size_t large_cap;
	struct young *young;
	size_t nyoung;
	size_t young_cap;
	/* New files with rows below them, the innermost last, while the rows
	 * come by: these are removed with the file. */
	char **covers;
	size_t ncovers;
	size_t covers_cap;
	char **owned_paths; /* of edits that have no item */
	size_t nowned;
	size_t owned_cap;
	uint64_t files; /* for progress */
	uint64_t bytes;
};

/* ---- Workers ---------------------------------------------------------- */

static void
work(void *arg, unsigned index)
{
	struct pipeline *pipe = arg;
	struct dig_add_worker *worker = &pipe->workers[index];
	struct dig_add_slice *slice;
	struct dig_error err;

	while ((slice = dig_queue_pop(&pipe->queue)) != NULL) {
		enum dig_status st = DIG_OK;

		for (size_t i = 0; st == DIG_OK && i < slice->nitems; i++)
			if (!slice->items[i].remove)
				st = dig_add_read(worker,
				    pipe->options->root_fd, &pipe->staged_root,
				    pipe->clock_ns, &slice->items[i], &err);
		pthread_mutex_lock(&pipe->mutex);
		if (st != DIG_OK && pipe->st == DIG_OK) {
			pipe->st = st;
			pipe->err = err;
		}
		slice->done = true;
		pthread_cond_signal(&pipe->done);
		pthread_mutex_unlock(&pipe->mutex);
	}
}

static enum dig_status
start_workers(struct pipeline *pipe, struct dig_error *err)
{
	struct dig_store *store = dig_index_store(pipe->options->index);

	if (pipe->workers != NULL)
		return DIG_OK;
	pipe->nworkers = dig_thread_count();
	pipe->workers = dig_calloc(pipe->nworkers, sizeof(*pipe->workers));
	for (unsigned i = 0; i < pipe->nworkers; i++)
		pipe->workers[i].put = (struct dig_put){
			.writer = dig_writer_new(store),
			.profile = pipe->profile,
		};
	dig_queue_init(&pipe->queue, SLICES_IN_FLIGHT + 1);
	if (dig_group_start(&pipe->group, pipe->nworkers, work, pipe) == 0)
		return dig_raise(err, DIG_ENOMEM, "no thread could be started");
	return DIG_OK;
}

static void
stop_workers(struct pipeline *pipe)
{
	if (pipe->workers == NULL)
		return;
	dig_queue_close(&pipe->queue);
	dig_group_join(&pipe->group);
	dig_queue_clear(&pipe->queue);
	for (unsigned i = 0; i < pipe->nworkers; i++) {
		dig_writer_free(pipe->workers[i].put.writer);
		dig_buf_clear(&pipe->workers[i].bytes);
		dig_put_clear(&pipe->workers[i].put);
	}
	free(pipe->workers);
	pipe->workers = NULL;
}

/* ---- Slices and rows -------------------------------------------------- */

static void
free_item(struct dig_add_item *item)
{
	free(item->path);
}

static void
free_slice(struct dig_add_slice *slice)
{
	if (slice == NULL)
		return;
	for (size_t i = 0; i < slice->nitems; i++)
		free_item(&slice->items[i]);
	free(slice->items);
	free(slice);
}

static void
say_changed(struct pipeline *pipe, enum dig_add_what what, const char *path)
{
	if (pipe->options->changed != NULL)
		pipe->options->changed(pipe->options->arg, what, path);
}

static void
say_left_out(
    struct pipeline *pipe, const char *path, const char *reason, bool failure)
{
	pipe->result->failures += failure;
	if (pipe->options->left_out != NULL)
		pipe->options->left_out(
		    pipe->options->arg, path, reason, failure);
}

static void
add_edit(struct edits *edits, const struct dig_tree_edit *edit)
{
	if (edits->count > 0) {
		const struct dig_entry *last =
		    &edits->at[edits->count - 1].entry;

		if (dig_path_cmp(last->path, last->path_len, edit->entry.path,
			edit->entry.path_len) >= 0)
			edits->unsorted = true;
	}
	DIG_GROW(edits->at, edits->cap, edits->count + 1);
	edits->at[edits->count++] = *edit;
}

/* A tracked file stands where a folder of this new path has to be: it goes.
 * The walk says so itself unless a pathspec left it out. */
static enum dig_status
clear_parents(struct pipeline *pipe, const struct dig_add_item *item,
    struct dig_error *err)
{
	const char *slash = strrchr(item->path, '/');
	size_t dirlen = slash ? (size_t)(slash - item->path) : 0;
	enum dig_status st = DIG_OK;

	if (dirlen == 0 || (strncmp(pipe->last_new, item->path, dirlen) == 0 &&
			       pipe->last_new[dirlen] == '\0'))
		return DIG_OK;
	memcpy(pipe->last_new, item->path, dirlen);
	pipe->last_new[dirlen] = '\0';
	for (size_t len = 1; st == DIG_OK && len <= dirlen; len++) {
		struct dig_tree_edit edit;
		struct dig_staged there;

		if (len < dirlen && item->path[len] != '/')
			continue;
		st = dig_staged_get(dig_index_db(pipe->options->index),
		    item->path, len, &there, err);
		if (st != DIG_OK || !there.exists)
			continue;
		memset(&edit, 0, sizeof(edit));
		edit.remove = true;
		edit.entry.path = (const uint8_t *)item->path;
		edit.entry.path_len = len;
		add_edit(&pipe->edits, &edit);
		pipe->result->removed++;
		if (pipe->options->changed != NULL) {
			char *parent = dig_memdup0(item->path, len);

			say_changed(pipe, DIG_ADD_REMOVED, parent);
			free(parent);
		}
		st = dig_index_stage(pipe->options->index, NULL, item->path,
		    len, &there, NULL, err);
	}
	return st;
}

/* Tracked files stand below a path that is a file now: they go in the same
 * batch, for no tree holds both. */
static enum dig_status
clear_below(struct pipeline *pipe, const struct dig_add_item *item,
    struct dig_error *err)
{
	struct dig_rows *rows;
	const struct dig_row *row;
	struct dig_buf from = DIG_BUF_INIT;
	enum dig_status st;

	dig_buf_put(&from, item->path, item->path_len);
	dig_buf_putc(&from, '/');
	rows = dig_rows_new(
	    dig_index_db(pipe->options->index), from.data, from.len);
	while ((st = dig_rows_next(rows, &row, err)) == DIG_OK && row != NULL) {
		struct dig_tree_edit edit;

		memset(&edit, 0, sizeof(edit));
		edit.remove = true;
		edit.entry.path =
		    (const uint8_t *)dig_memdup0(row->path, row->path_len);
		edit.entry.path_len = row->path_len;
		add_edit(&pipe->edits, &edit);
		DIG_GROW(pipe->owned_paths, pipe->owned_cap, pipe->nowned + 1);
		pipe->owned_paths[pipe->nowned++] =
		    (char *)(uintptr_t)edit.entry.path;
		pipe->result->removed++;
		say_changed(pipe, DIG_ADD_REMOVED, row->path);
		st = dig_index_stage(pipe->options->index, NULL, row->path,
		    row->path_len, &row->staged, NULL, err);
		if (st != DIG_OK)
			break;
	}
	dig_rows_free(rows);
	dig_buf_clear(&from);
	return st;
}

static void
remember_young(struct pipeline *pipe, const struct dig_add_item *item,
    const struct dig_oid *content)
{
	struct young *young;

	DIG_GROW(pipe->young, pipe->young_cap, pipe->nyoung + 1);
	young = &pipe->young[pipe->nyoung++];
	young->path = dig_strdup(item->path);
	young->stat = item->stat;
	young->content = *content;
}

static void
remember_seen(struct dig_add_aside *aside, const struct dig_add_item *item)
{
	struct dig_add_seen *seen;

	DIG_GROW(aside->seen, aside->seen_cap, aside->nseen + 1);
	seen = &aside->seen[aside->nseen++];
	seen->path = dig_strdup(item->path);
	seen->stat = item->stat;
}

/* The same as stage_item, but into trees aside. */
static enum dig_status
put_aside(
    struct pipeline *pipe, struct dig_add_item *item, struct dig_error *err)
{
	struct dig_tree_edit edit = { .remove = item->remove };
	struct dig_oid content;

	if (!item->remove && item->outcome == DIG_ADD_UNREADABLE) {
		say_left_out(pipe, item->path, item->reason, true);
		return DIG_OK;
	}
	if (!item->remove) {
		dig_entry_content_id(&item->entry, &content);
		if (item->before.exists &&
		    item->before.kind == item->entry.kind &&
		    dig_oid_eq(&item->before.content, &content))
			return item->settled
				   ? dig_index_restat(pipe->options->index,
					 item->path, item->path_len, &content,
					 &item->stat, err)
				   : DIG_OK;
		edit.entry = item->entry;
		if (item->settled)
			remember_seen(pipe->options->aside, item);
	}
	edit.entry.path = (const uint8_t *)item->path;
	edit.entry.path_len = item->path_len;
	add_edit(item->other ? &pipe->others : &pipe->edits, &edit);
	/* What only counts as tracked is both. */
	if (!item->other && !item->before.exists &&
	    !pipe->options->tracked_only)
		add_edit(&pipe->others, &edit);
	return DIG_OK;
}

/* Rows of one item that was read, or that is gone. */
static enum dig_status
stage_item(
    struct pipeline *pipe, struct dig_add_item *item, struct dig_error *err)
{
	struct dig_index *index = pipe->options->index;
	struct dig_tree_edit edit;
	struct dig_oid content;
	enum dig_status st = DIG_OK;

	if (pipe->options->aside != NULL)
		return put_aside(pipe, item, err);
	memset(&edit, 0, sizeof(edit));
	if (item->remove) {
		edit.remove = true;
		edit.entry.path = (const uint8_t *)item->path;
		edit.entry.path_len = item->path_len;
		add_edit(&pipe->edits, &edit);
		pipe->result->removed++;
		say_changed(pipe, DIG_ADD_REMOVED, item->path);
		return dig_index_stage(index, NULL, item->path, item->path_len,
		    &item->before, NULL, err);
	}
	if (item->outcome == DIG_ADD_UNREADABLE) {
		say_left_out(pipe, item->path, item->reason, true);
		return DIG_OK;
	}
	dig_entry_content_id(&item->entry, &content);
	if (!item->settled && !item->streamed)
		remember_young(pipe, item, &content);
	if (item->before.exists && item->before.kind == item->entry.kind &&
	    dig_oid_eq(&item->before.content, &content))
		return item->settled
			   ? dig_index_restat(index, item->path, item->path_len,
				 &content, &item->stat, err)
			   : DIG_OK;
	if (!item->before.exists) {
		pipe->result->added++;
		st = clear_parents(pipe, item, err);
	} else {
		pipe->result->modified++;
	}
	if (st != DIG_OK)
		return st;
	edit.entry = item->entry;
	add_edit(&pipe->edits, &edit);
	say_changed(pipe, DIG_ADD_PUT, item->path);
	st = dig_index_stage(index, &item->entry, item->path, item->path_len,
	    &item->before, item->settled ? &item->stat : NULL, err);
	if (st == DIG_OK && item->covers)
		st = clear_below(pipe, item, err);
	return st;
}

/* Wait for the next slice in order, and write its rows. */
static enum dig_status
retire_one(struct pipeline *pipe, struct dig_error *err)
{
	struct dig_add_slice *slice = pipe->slices[pipe->retired];
	enum dig_status st;

	pthread_mutex_lock(&pipe->mutex);
	while (!slice->done && pipe->st == DIG_OK)
		pthread_cond_wait(&pipe->done, &pipe->mutex);
	st = pipe->st;
	if (st != DIG_OK)
		*err = pipe->err;
	pthread_mutex_unlock(&pipe->mutex);
	for (size_t i = 0; st == DIG_OK && i < slice->nitems; i++)
		st = stage_item(pipe, &slice->items[i], err);
	pipe->retired++;
	pipe->files += slice->nitems;
	pipe->bytes += slice->bytes;
	if (pipe->options->progress != NULL)
		pipe->options->progress(
		    pipe->options->arg, pipe->files, pipe->bytes);
	return st;
}

/* Hand the slice that is being filled to the workers. */
static enum dig_status
push_slice(struct pipeline *pipe, struct dig_error *err)
{
	struct dig_add_slice *slice = pipe->filling;
	enum dig_status st;

	if (slice == NULL)
		return DIG_OK;
	pipe->filling = NULL;
	DIG_GROW(pipe->slices, pipe->slices_cap, pipe->nslices + 1);
	pipe->slices[pipe->nslices++] = slice;
	st = start_workers(pipe, err);
	if (st != DIG_OK)
		return st;
	dig_queue_push(&pipe->queue, slice);
	while (
	    st == DIG_OK && pipe->nslices - pipe->retired >= SLICES_IN_FLIGHT)
		st = retire_one(pipe, err);
	return st;
}

/* ---- Batches ---------------------------------------------------------- */

static int
by_path(const void *pa, const void *pb)
{
	const struct dig_tree_edit *a = pa;
	const struct dig_tree_edit *b = pb;

	return dig_path_cmp(
	    a->entry.path, a->entry.path_len, b->entry.path, b->entry.path_len);
}

/* Strictly ascending: sort, and where two speak of one path keep the put. */
static void
order_edits(struct edits *edits)
{
	size_t kept = 0;

	if (!edits->unsorted || edits->count == 0)
		return;
	qsort(edits->at, edits->count, sizeof(*edits->at), by_path);
	for (size_t i = 1; i < edits->count; i++) {
		if (by_path(&edits->at[kept], &edits->at[i]) != 0)
			edits->at[++kept] = edits->at[i];
		else if (edits->at[kept].remove)
			edits->at[kept] = edits->at[i];
	}
	edits->count = kept + 1;
	edits->unsorted = false;
}

static enum dig_status
apply_edits(struct pipeline *pipe, struct edits *edits, struct dig_oid *root,
    struct dig_error *err)
{
	struct dig_node_io io =
	    dig_writer_io(dig_index_writer(pipe->options->index));

	order_edits(edits);
	return edits->count == 0 ? DIG_OK
				 : dig_tree_apply(&io, root, edits->at,
				       edits->count, root, err);
}

static void
clear_batch(struct pipeline *pipe)
{
	for (size_t i = 0; i < pipe->nslices; i++)
		free_slice(pipe->slices[i]);
	for (size_t i = 0; i < pipe->nowned; i++)
		free(pipe->owned_paths[i]);
	pipe->nowned = 0;
	pipe->nslices = pipe->retired = 0;
	pipe->batch_files = 0;
	pipe->batch_bytes = 0;
	pipe->edits.count = pipe->others.count = 0;
}

/* The batch as one transaction, and the next one begun. */
static enum dig_status
commit_batch(struct pipeline *pipe, struct dig_error *err)
{
	struct dig_index *index = pipe->options->index;
	struct dig_add_aside *aside = pipe->options->aside;
	struct dig_commit_options commit = { pipe->options->verb,
		pipe->result->op, false, true, NULL };
	struct dig_state *next = dig_index_next(index);
	enum dig_status st = push_slice(pipe, err);

	while (st == DIG_OK && pipe->retired < pipe->nslices)
		st = retire_one(pipe, err);
	for (unsigned i = 0;
	     st == DIG_OK && pipe->workers != NULL && i < pipe->nworkers; i++)
		st = dig_writer_flush(pipe->workers[i].put.writer, err);
	if (st == DIG_OK)
		st = apply_edits(pipe, &pipe->edits,
		    aside != NULL ? &aside->tracked : &next->staged_root, err);
	if (st == DIG_OK && aside != NULL)
		st = apply_edits(pipe, &pipe->others, &aside->others, err);
	if (st == DIG_OK)
		st = dig_index_commit(index, &commit, &pipe->result->op, err);
	if (st != DIG_OK)
		return st;
	pipe->result->batches += pipe->edits.count > 0;
	clear_batch(pipe);
	pipe->staged_root = dig_index_next(index)->staged_root;
	return dig_racy_now(pipe->dig_dirfd, &pipe->clock_ns, err);
}

/* Take a path into the batch. item's path becomes the slice's. */
static enum dig_status
take(struct pipeline *pipe, const struct dig_add_item *item,
    struct dig_error *err)
{
	struct dig_add_slice *slice = pipe->filling;

	if (slice == NULL)
		slice = pipe->filling = dig_calloc(1, sizeof(*slice));
	DIG_GROW(slice->items, slice->cap, slice->nitems + 1);
	slice->items[slice->nitems++] = *item;
	if (!item->remove)
		slice->bytes += item->stat.size_bytes;
	pipe->batch_files++;
	pipe->batch_bytes += item->remove ? 0 : item->stat.size_bytes;
	if (pipe->batch_files >= BATCH_FILES ||
	    pipe->batch_bytes >= BATCH_BYTES)
		return commit_batch(pipe, err);
	if (slice->nitems >= SLICE_FILES || slice->bytes >= SLICE_BYTES)
		return push_slice(pipe, err);
	return DIG_OK;
}

/* ---- Large files ------------------------------------------------------ */

static enum dig_status
add_large(
    struct pipeline *pipe, struct dig_add_item *item, struct dig_error *err)
{
	struct dig_add_bulk bulk = { pipe->options->index, pipe->profile,
		pipe->options->verb, NULL, false, &pipe->result->op,
		pipe->options->arg, pipe->options->progress, pipe->files,
		pipe->bytes };
	struct dig_stat after;
	enum dig_status st = DIG_OK;
	bool same = false;

	for (int tries = 0; st == DIG_OK && !same && tries < 2; tries++) {
		int fd = dig_open_beneath(
		    pipe->options->root_fd, item->file, DIG_OPEN_READ);
		struct dig_put_source source = dig_put_from_fd(&fd);

		item->outcome = DIG_ADD_UNREADABLE;
		if (fd < 0) {
			snprintf(item->reason, sizeof(item->reason),
			    "cannot be opened: %s", strerror(-fd));
			break;
		}
		snprintf(item->reason, sizeof(item->reason),
		    "changed while it was being added");
		if (dig_stat_fd(fd, &item->stat) != 0 ||
		    item->stat.type != DIG_FT_REGULAR) {
			dig_close(fd);
			break;
		}
		dig_advise_sequential(fd);
		item->settled =
		    dig_racy_is_settled(&item->stat, pipe->clock_ns);
		st = dig_add_bulk_read(&bulk, &source, NULL, 0, item, err);
		same = st == DIG_OK && dig_stat_fd(fd, &after) == 0 &&
		       dig_stat_same(&item->stat, &after) &&
		       item->entry.size_bytes == after.size_bytes;
		dig_close(fd);
		if (item->outcome == DIG_ADD_UNREADABLE)
			break;
		if (st == DIG_OK && !same) {
			item->outcome = DIG_ADD_UNREADABLE;
			snprintf(item->reason, sizeof(item->reason),
			    "changed while it was being added");
		}
	}
	if (st != DIG_OK)
		return st;
	item->entry.path = (const uint8_t *)item->path;
	item->entry.path_len = item->path_len;
	item->entry.kind =
	    (item->stat.mode & 0100) ? DIG_ENTRY_EXEC : DIG_ENTRY_FILE;
	pipe->files++;
	pipe->bytes += item->stat.size_bytes;
	st = stage_item(pipe, item, err);
	return st == DIG_OK ? commit_batch(pipe, err) : st;
}

/* ---- The join --------------------------------------------------------- */

static enum dig_entry_kind
kind_of(const struct dig_stat *stat)
{
	if (stat->type == DIG_FT_SYMLINK)
		return DIG_ENTRY_SYMLINK;
	return (stat->mode & 0100) ? DIG_ENTRY_EXEC : DIG_ENTRY_FILE;
}

static bool
is_unchanged(const struct dig_row *row, const struct dig_stat *stat)
{
	return row->has_stat && row->staged.kind == kind_of(stat) &&
	       dig_stat_same(&row->stat, stat);
}

/* Does the file at a path, whose stat is known, still have this content? */
static bool
still_has(struct pipeline *pipe, const char *path, const struct dig_stat *stat,
    const struct dig_oid *content)
{
	struct dig_error err;
	struct dig_oid now;
	const char *name;
	bool same = false;
	int fd =
	    dig_open_parent(pipe->options->root_fd, path + pipe->skip, &name);

	if (fd < 0)
		return false;
	same = dig_hash_at(fd, name, stat, pipe->profile, &now, &same, &err) ==
		   DIG_OK &&
	       same && dig_oid_eq(&now, content);
	dig_close(fd);
	return same;
}

/* -n: say what would be done with a path. */
static void
only_say(struct pipeline *pipe, const char *path, const struct dig_stat *stat,
    const struct dig_row *row)
{
	if (stat == NULL) {
		pipe->result->removed++;
		say_changed(pipe, DIG_ADD_REMOVED, path);
		return;
	}
	if (row != NULL && stat->type == DIG_FT_REGULAR &&
	    row->staged.size_bytes == stat->size_bytes &&
	    row->staged.kind == kind_of(stat) &&
	    still_has(pipe, path, stat, &row->staged.content))
		return;
	if (row == NULL)
		pipe->result->added++;
	else
		pipe->result->modified++;
	say_changed(pipe, DIG_ADD_PUT, path);
}

/*
 * A new file may have tracked ones below its path, where a folder was: only
 * if the next row begins with its path.
 */
static bool
may_cover(struct pipeline *pipe, const char *path, size_t len,
    const struct dig_row *next)
{
	if (next == NULL || next->path_len <= len ||
	    memcmp(next->path, path, len) != 0)
		return false;
	DIG_GROW(pipe->covers, pipe->covers_cap, pipe->ncovers + 1);
	pipe->covers[pipe->ncovers++] = dig_memdup0(path, len);
	return true;
}

/* The row goes, or stays, with a file that stands where its folder was. */
static bool
is_covered(struct pipeline *pipe, const struct dig_row *row)
{
	while (pipe->ncovers > 0) {
		const char *cover = pipe->covers[pipe->ncovers - 1];
		size_t len = strlen(cover);

		if (row->path_len > len && row->path[len] <= '/' &&
		    memcmp(row->path, cover, len) == 0)
			return row->path[len] == '/';
		free(pipe->covers[--pipe->ncovers]);
	}
	return false;
}

/* Aside: the path counts as tracked. */
static bool
is_also(const struct dig_add_aside *aside, const char *path)
{
	size_t low = 0, high = aside->nalso;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = strcmp(aside->also[mid], path);

		if (order == 0)
			return true;
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

/* row: what is staged at the path, or NULL; then next is the row after it. */
static enum dig_status
candidate(struct pipeline *pipe, const char *path, size_t len,
    const struct dig_stat *stat, const struct dig_row *row,
    const struct dig_row *next, struct dig_error *err)
{
	struct dig_add_item item;

	if (row != NULL && stat != NULL && is_unchanged(row, stat))
		return DIG_OK;
	if (pipe->options->dry_run) {
		only_say(pipe, path, stat, row);
		return DIG_OK;
	}
	memset(&item, 0, sizeof(item));
	item.path = dig_memdup0(path, len);
	item.path_len = len;
	item.file = item.path + pipe->skip;
	item.remove = stat == NULL;
	if (stat != NULL)
		item.stat = *stat;
	if (row != NULL)
		item.before = row->staged;
	else if (pipe->options->aside != NULL)
		item.other = !is_also(pipe->options->aside, path);
	else
		item.covers = may_cover(pipe, path, len, next);
	if (stat != NULL && stat->type == DIG_FT_REGULAR &&
	    stat->size_bytes > DIG_ADD_BULK_BYTES) {
		DIG_GROW(pipe->large, pipe->large_cap, pipe->nlarge + 1);
		pipe->large[pipe->nlarge++] = item;
		return DIG_OK;
	}
	return take(pipe, &item, err);
}

/* A tracked path that the walk did not report: ignored, or gone. row: NULL for
 * one that only counts as tracked. */
static enum dig_status
not_walked(struct pipeline *pipe, const char *path, size_t len,
    const struct dig_row *row, struct dig_error *err)
{
	const char *name;
	struct dig_stat stat;
	int fd;
	int rc;

	if (!dig_pathspec_match(pipe->options->pathspec, path, len, false))
		return DIG_OK;
	if (row != NULL && row->staged.kind == DIG_ENTRY_LINK)
		return DIG_OK; /* a foreign commit: nothing of it is here */
	fd = dig_open_parent(pipe->options->root_fd, path + pipe->skip, &name);
	rc = fd < 0 ? -fd : dig_stat_at(fd, name, &stat);
	dig_close(fd);
	if (rc == 0 &&
	    (stat.type == DIG_FT_REGULAR || stat.type == DIG_FT_SYMLINK))
		return candidate(pipe, path, len, &stat, row, NULL, err);
	if (rc == 0 || rc == ENOENT || rc == ENOTDIR || rc == ELOOP ||
	    rc == EXDEV)
		return row == NULL
			   ? DIG_OK
			   : candidate(pipe, path, len, NULL, row, NULL, err);
	say_left_out(pipe, path, "cannot be looked at", true);
	return DIG_OK;
}

/* A file without a row is wanted, and in its turn. */
static bool
is_wanted(const struct pipeline *pipe, const char *path)
{
	const struct dig_add_aside *aside = pipe->options->aside;

	return !pipe->options->tracked_only &&
	       (aside == NULL || !is_also(aside, path));
}

/* What the walk says that is no file to track. */
static void
not_a_file(struct pipeline *pipe, const struct dig_walk_entry *entry)
{
	const char *path = entry->len > 0 ? entry->path : ".";

	if (pipe->options->aside != NULL && pipe->options->tracked_only)
		return;
	switch (entry->what) {
	case DIG_WALK_REPOSITORY:
		say_left_out(pipe, path, "another repository, left out", false);
		break;
	case DIG_WALK_SPECIAL:
		say_left_out(
		    pipe, path, "neither a file nor a link, left out", false);
		break;
	case DIG_WALK_BADNAME:
	case DIG_WALK_BADRULES:
		say_left_out(
		    pipe, path, entry->reason, entry->what == DIG_WALK_BADNAME);
		break;
	case DIG_WALK_ERROR:
		say_left_out(pipe, path, strerror(entry->os_errno), true);
		break;
	case DIG_WALK_FILE:
	case DIG_WALK_SYMLINK:
	case DIG_WALK_IGNORED:
		break;
	}
}

/* The next entry of the walk, and the path that it is staged under. */
static enum dig_status
next_walked(struct pipeline *pipe, struct dig_walk *walk,
    const struct dig_walk_entry **entry, const char **path, size_t *len,
    struct dig_error *err)
{
	const char *reason;
	enum dig_status st;

	for (;;) {
		st = dig_walk_next(walk, entry, err);
		if (st != DIG_OK || *entry == NULL)
			return st;
		*path = (*entry)->path;
		*len = (*entry)->len;
		if (pipe->skip == 0)
			return DIG_OK;
		dig_buf_reset(&pipe->full);
		dig_buf_puts(&pipe->full, pipe->options->prefix);
		dig_buf_putc(&pipe->full, '/');
		dig_buf_put(&pipe->full, *path, *len);
		reason = *len > 0
			     ? dig_path_check(pipe->full.data, pipe->full.len)
			     : NULL;
		if (reason == NULL) {
			*path = (const char *)pipe->full.data;
			*len = pipe->full.len;
			return DIG_OK;
		}
		say_left_out(pipe, *path, reason, true);
	}
}

/* Walk and rows side by side, both in path order. */
static enum dig_status
join(struct pipeline *pipe, struct dig_walk *walk, struct dig_rows *rows,
    struct dig_error *err)
{
	const struct dig_walk_entry *entry = NULL;
	const struct dig_row *row = NULL;
	const char *path = NULL;
	enum dig_status st;
	size_t len = 0;

	st = next_walked(pipe, walk, &entry, &path, &len, err);
	if (st == DIG_OK)
		st = dig_rows_next(rows, &row, err);
	while (st == DIG_OK && (entry != NULL || row != NULL)) {
		bool file =
		    entry != NULL && (entry->what == DIG_WALK_FILE ||
					 entry->what == DIG_WALK_SYMLINK);
		int cmp =
		    entry == NULL ? 1
		    : !file || row == NULL
			? -1
			: dig_path_cmp(path, len, row->path, row->path_len);

		if (entry != NULL && !file)
			not_a_file(pipe, entry);
		else if (cmp > 0 && is_covered(pipe, row))
			;
		else if (cmp > 0)
			st = not_walked(
			    pipe, row->path, row->path_len, row, err);
		else if (cmp == 0)
			st = candidate(
			    pipe, path, len, &entry->stat, row, NULL, err);
		else if (is_wanted(pipe, path))
			st = candidate(
			    pipe, path, len, &entry->stat, NULL, row, err);
		if (st == DIG_OK && cmp <= 0)
			st = next_walked(pipe, walk, &entry, &path, &len, err);
		if (st == DIG_OK && cmp >= 0)
			st = dig_rows_next(rows, &row, err);
	}
	return st;
}

/* ---- Stats that were too young ---------------------------------------- */

/*
 * Files written just before they were read: once the clock has moved on, read
 * them again; if they still are what was staged, their stat is proof from now
 * on, and the next status opens nothing.
 */
static enum dig_status
settle_young(struct pipeline *pipe, struct dig_error *err)
{
	int64_t newest = INT64_MIN;
	int64_t now;
	enum dig_status st = DIG_OK;

	for (size_t i = 0; i < pipe->nyoung; i++) {
		const struct dig_stat *stat = &pipe->young[i].stat;

		if (stat->mtime_ns > newest)
			newest = stat->mtime_ns;
		if (stat->ctime_ns > newest)
			newest = stat->ctime_ns;
	}
	if (pipe->nyoung == 0)
		return DIG_OK;
	dig_racy_wait_past(pipe->dig_dirfd, newest, &now);
	for (size_t i = 0; st == DIG_OK && i < pipe->nyoung; i++) {
		struct young *young = &pipe->young[i];

		/* Large ones are left to the next status. */
		if (dig_racy_is_settled(&young->stat, now) &&
		    young->stat.size_bytes <= DIG_ADD_BULK_BYTES &&
		    young->stat.type == DIG_FT_REGULAR &&
		    still_has(pipe, young->path, &young->stat, &young->content))
			st = dig_index_restat(pipe->options->index, young->path,
			    strlen(young->path), &young->content, &young->stat,
			    err);
	}
	return st;
}

/* ---- Entry points ----------------------------------------------------- */

static void
clear_pipeline(struct pipeline *pipe)
{
	stop_workers(pipe);
	free_slice(pipe->filling);
	clear_batch(pipe);
	for (size_t i = 0; i < pipe->nlarge; i++)
		free_item(&pipe->large[i]);
	for (size_t i = 0; i < pipe->nyoung; i++)
		free(pipe->young[i].path);
	for (size_t i = 0; i < pipe->ncovers; i++)
		free(pipe->covers[i]);
	free(pipe->covers);
	free(pipe->large);
	free(pipe->young);
	free(pipe->slices);
	free(pipe->edits.at);
	free(pipe->others.at);
	free(pipe->owned_paths);
	dig_buf_clear(&pipe->full);
	pthread_mutex_destroy(&pipe->mutex);
	pthread_cond_destroy(&pipe->done);
}

/* Walk the tree beside the rows, within what the pathspec may mean. */
static enum dig_status
walk_and_join(struct pipeline *pipe, struct dig_error *err)
{
	const struct dig_add_options *options = pipe->options;
	struct dig_walk_options walk_options = DIG_WALK_OPTIONS_INIT;
	struct dig_walk *walk = NULL;
	struct dig_rows *rows = NULL;
	struct dig_db *db;
	const char *under = "";
	size_t under_len = 0;
	enum dig_status st;

	st = dig_index_need_db(options->index, &db, err);
	if (st != DIG_OK)
		return st;
	walk_options.ignore = options->ignore;
	walk_options.pathspec = options->pathspec;
	if (options->pathspec != NULL)
		under_len = dig_pathspec_common_dir(options->pathspec, &under);
	if (pipe->skip > 0) {
		under = options->prefix;
		under_len = pipe->skip - 1;
	}
	rows = dig_rows_new_at(db, under, under_len);
	st = dig_walk_open(options->root_fd, &walk_options, &walk, err);
	if (st == DIG_OK)
		st = join(pipe, walk, rows, err);
	dig_walk_close(walk);
	dig_rows_free(rows);
	for (size_t i = 0; st == DIG_OK && options->aside != NULL &&
			   i < options->aside->nalso;
	     i++)
		st = not_walked(pipe, options->aside->also[i],
		    strlen(options->aside->also[i]), NULL, err);
	return st;
}

static enum dig_status
run(struct pipeline *pipe, struct dig_error *err)
{
	const struct dig_add_options *options = pipe->options;
	struct dig_add_aside *aside = options->aside;
	struct dig_commit_options last = { options->verb, 0, false,
		aside != NULL, NULL };
	enum dig_status st;

	st = dig_racy_now(pipe->dig_dirfd, &pipe->clock_ns, err);
	if (st != DIG_OK)
		return st;
	pipe->staged_root = dig_index_next(options->index)->staged_root;
	if (aside != NULL) {
		aside->tracked = pipe->staged_root;
		dig_tree_empty(&aside->others);
	}
	st = walk_and_join(pipe, err);
	if (st == DIG_OK && (pipe->filling != NULL || pipe->nslices > 0))
		st = commit_batch(pipe, err);
	for (size_t i = 0; st == DIG_OK && i < pipe->nlarge; i++)
		st = dig_interrupted()
			 ? dig_raise(err, DIG_ECANCELLED, "interrupted")
			 : add_large(pipe, &pipe->large[i], err);
	if (st == DIG_ECANCELLED && aside == NULL &&
	    (pipe->filling != NULL || pipe->nslices > 0)) {
		/* What was begun is finished: it stays staged. */
		struct dig_error late;
		enum dig_status end = commit_batch(pipe, &late);

		if (end != DIG_OK) {
			*err = late;
			st = end;
		}
	}
	if (st == DIG_OK)
		st = settle_young(pipe, err);
	stop_workers(pipe); /* before the store forgets its packs */
	if (st == DIG_OK)
		st = dig_index_commit(options->index, &last, NULL, err);
	return st;
}

static enum dig_status
init_pipeline(struct pipeline *pipe, const struct dig_add_options *options,
    struct dig_add_result *result, struct dig_error *err)
{
	struct dig_store *store = dig_index_store(options->index);

	memset(pipe, 0, sizeof(*pipe));
	memset(result, 0, sizeof(*result));
	result->op = options->op;
	pipe->options = options;
	pipe->result = result;
	pipe->dig_dirfd = dig_index_dirfd(options->index);
	if (options->prefix != NULL && *options->prefix != '\0')
		pipe->skip = strlen(options->prefix) + 1;
	pthread_mutex_init(&pipe->mutex, NULL);
	pthread_cond_init(&pipe->done, NULL);
	pipe->profile = dig_chunk_profile(dig_store_chunk_profile(store));
	if (pipe->profile == NULL)
		return dig_raise(err, DIG_EINVALID,
		    "chunk profile %u is not known to this dig",
		    dig_store_chunk_profile(store));
	return DIG_OK;
}

static int
by_seen_path(const void *pa, const void *pb)
{
	return strcmp(((const struct dig_add_seen *)pa)->path,
	    ((const struct dig_add_seen *)pb)->path);
}

/* Large files and paths without a row came last. */
static void
sort_seen(struct dig_add_aside *aside)
{
	if (aside->nseen > 1)
		qsort(aside->seen, aside->nseen, sizeof(*aside->seen),
		    by_seen_path);
}

void
dig_add_aside_clear(struct dig_add_aside *aside)
{
	for (size_t i = 0; i < aside->nseen; i++)
		free(aside->seen[i].path);
	free(aside->seen);
	memset(aside, 0, sizeof(*aside));
}

enum dig_status
dig_add(const struct dig_add_options *options, struct dig_add_result *result,
    struct dig_error *err)
{
	struct pipeline pipe;
	enum dig_status st;

	st = init_pipeline(&pipe, options, result, err);
	if (st == DIG_OK && options->dry_run) {
		st = walk_and_join(&pipe, err);
	} else {
		if (st == DIG_OK)
			st = dig_index_begin(options->index, err);
		if (st == DIG_OK)
			st = run(&pipe, err);
	}
	clear_pipeline(&pipe);
	if (st != DIG_OK || options->aside == NULL)
		dig_index_rollback(options->index);
	else
		sort_seen(options->aside);
	return st;
}

enum dig_status
dig_add_stream(struct dig_index *index, int fd, const char *path, bool exec,
    const char *verb, struct dig_add_result *result, struct dig_error *err)
{
	struct dig_add_options options;
	struct dig_put_source source = dig_put_from_fd(&fd);
	struct dig_add_bulk bulk;
	struct dig_add_item item;
	struct pipeline pipe;
	struct dig_buf head = DIG_BUF_INIT;
	enum dig_status st;
	int64_t n;

	memset(&options, 0, sizeof(options));
	options.op = result->op;
	options.index = index;
	options.verb = verb;
	memset(&item, 0, sizeof(item));
	item.path = dig_strdup(path);
	item.path_len = strlen(path);
	item.streamed = true;
	st = init_pipeline(&pipe, &options, result, err);
	if (st == DIG_OK)
		st = dig_index_begin(index, err);
	if (st != DIG_OK)
		goto out;
	memset(&bulk, 0, sizeof(bulk));
	bulk.index = index;
	bulk.profile = pipe.profile;
	bulk.verb = verb;
	bulk.op = &result->op;
	/* Only what comes says whether it is large. */
	dig_buf_reserve(&head, DIG_ADD_BULK_BYTES);
	n = dig_read_full(fd, head.data, DIG_ADD_BULK_BYTES);
	if (n < 0) {
		st = dig_raise_os(
		    err, DIG_EFILE, (int)-n, "reading standard input");
		goto out;
	}
	head.len = (size_t)n;
	bulk.small = head.len < DIG_ADD_BULK_BYTES;
	st = dig_staged_get(
	    dig_index_db(index), path, item.path_len, &item.before, err);
	if (st == DIG_OK)
		st = dig_add_bulk_read(
		    &bulk, &source, head.data, head.len, &item, err);
	if (st == DIG_OK && item.outcome == DIG_ADD_UNREADABLE)
		st =
		    dig_raise(err, DIG_EFILE, "standard input %s", item.reason);
	if (st != DIG_OK)
		goto out;
	item.entry.path = (const uint8_t *)item.path;
	item.entry.path_len = item.path_len;
	item.entry.kind = exec ? DIG_ENTRY_EXEC : DIG_ENTRY_FILE;
	item.covers = true;
	st = stage_item(&pipe, &item, err);
	if (st == DIG_OK)
		st = commit_batch(&pipe, err);
out:
	clear_pipeline(&pipe);
	free_item(&item);
	dig_buf_clear(&head);
	dig_index_rollback(index);
	return st;
}
