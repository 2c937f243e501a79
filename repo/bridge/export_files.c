/* SPDX-License-Identifier: MIT
 *
 * The files of an export: contents and pointers to them, the lines of a
 * commit's changes, and the tree that git makes of them.
 */
#include <stdlib.h>
#include <string.h>

#include "repo/bridge/export.h"

/* ---- Output ----------------------------------------------------------- */

enum dig_status
dig_export_flush(struct dig_export *export, size_t least, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	if (export->out.len >= least && export->out.len > 0)
		st = export->options->write(export->options->arg,
		    export->out.data, export->out.len, err);
	if (export->out.len >= least)
		dig_buf_reset(&export->out);
	return st;
}

void
dig_export_put_data(struct dig_export *export, const void *data, size_t len)
{
	dig_buf_printf(&export->out, "data %zu\n", len);
	dig_buf_put(&export->out, data, len);
	dig_buf_putc(&export->out, '\n');
}

/* ---- Marks ------------------------------------------------------------ */

uint64_t
dig_export_mark(
    struct dig_export *export, enum dig_kind kind, const struct dig_oid *id)
{
	struct dig_oidmap_entry entry;

	return dig_oidmap_find(&export->marks, kind, id, &entry)
		   ? entry.at.offset
		   : 0;
}

uint64_t
dig_export_set_mark(struct dig_export *export, enum dig_kind kind,
    const struct dig_oid *id, const uint8_t *git_id)
{
	struct dig_location at = { .offset = ++export->last_mark };

	dig_oidmap_place(&export->marks, kind, id, &at, git_id,
	    git_id != NULL ? export->id_size : 0);
	return at.offset;
}

/* The computed id in git of what was written before. */
const uint8_t *
dig_export_git_id(
    struct dig_export *export, enum dig_kind kind, const struct dig_oid *id)
{
	return dig_oidmap_raw(&export->marks, kind, id, &export->git_id)
		   ? export->git_id.data
		   : NULL;
}

void
dig_export_put_hex(struct dig_buf *out, const uint8_t *id, size_t len)
{
	for (size_t i = 0; i < len; i++)
		dig_buf_printf(out, "%02x", id[i]);
}

/* ---- Contents --------------------------------------------------------- */

struct blob {
	struct dig_export *export;
	struct dig_git_hash hash; /* git's, or for a pointer SHA-256 */
};

static enum dig_status
pointed_bytes(void *arg, const void *data, size_t len, struct dig_error *err)
{
	(void)err;
	dig_git_hash_add(arg, data, len);
	return DIG_OK;
}

/* A pointer to a content, written where none was before; its mark. */
static enum dig_status
put_pointer(struct dig_export *export, const struct dig_entry *entry,
    const struct dig_oid *content, uint64_t *mark, struct dig_error *err)
{
	struct dig_lfs_pointer pointer = { .size_bytes = entry->size_bytes };
	struct dig_location at = { 0 };
	struct dig_oidmap_entry known;
	struct dig_buf text = DIG_BUF_INIT;
	uint8_t id[DIG_HASH_SIZE];
	struct dig_git_hash hash;
	enum dig_status st = DIG_OK;

	if (dig_oidmap_find(
		&export->pointers, DIG_KIND_CONTENT, content, &known)) {
		*mark = known.at.offset;
		return DIG_OK;
	}
	dig_git_hash_init(&hash, DIG_HASH_SIZE, NULL, 0);
	if (entry->size_bytes > 0)
		st = dig_content_read(export->repo, entry, 0, entry->size_bytes,
		    pointed_bytes, &hash, err);
	if (st != DIG_OK)
		return st;
	dig_git_hash_end(&hash, pointer.sha256.bytes);
	dig_lfs_format(&pointer, &text);
	*mark = at.offset = ++export->last_mark;
	dig_buf_printf(
	    &export->out, "blob\nmark :%llu\n", (unsigned long long)*mark);
	dig_export_put_data(export, text.data, text.len);
	if (export->id_size > 0) {
		dig_git_hash_init(&hash, export->id_size, "blob", text.len);
		dig_git_hash_add(&hash, text.data, text.len);
		dig_git_hash_end(&hash, id);
	}
	dig_oidmap_place(&export->pointers, DIG_KIND_CONTENT, content, &at,
	    export->id_size > 0 ? id : NULL, export->id_size);
	dig_buf_clear(&text);
	return DIG_OK;
}

static enum dig_status
blob_bytes(void *arg, const void *data, size_t len, struct dig_error *err)
{
	struct blob *blob = arg;

	if (blob->export->id_size > 0)
		dig_git_hash_add(&blob->hash, data, len);
	dig_buf_put(&blob->export->out, data, len);
	return dig_export_flush(blob->export, DIG_EXPORT_FLUSH_BYTES, err);
}

/* Write a content that was not written before. */
static enum dig_status
put_blob(struct dig_export *export, const struct dig_entry *entry,
    const struct dig_oid *content, uint64_t *mark, struct dig_error *err)
{
	struct blob blob = { .export = export };
	uint8_t id[DIG_HASH_SIZE];
	enum dig_status st = DIG_OK;

	dig_buf_printf(&export->out, "blob\nmark :%llu\ndata %llu\n",
	    (unsigned long long)export->last_mark + 1,
	    (unsigned long long)entry->size_bytes);
	if (export->id_size > 0)
		dig_git_hash_init(
		    &blob.hash, export->id_size, "blob", entry->size_bytes);
	if (entry->size_bytes > 0)
		st = dig_content_read(export->repo, entry, 0, entry->size_bytes,
		    blob_bytes, &blob, err);
	if (st != DIG_OK)
		return st;
	dig_buf_putc(&export->out, '\n');
	if (export->id_size > 0)
		dig_git_hash_end(&blob.hash, id);
	*mark = dig_export_set_mark(
	    export, DIG_KIND_CONTENT, content, export->id_size > 0 ? id : NULL);
	return DIG_OK;
}

/* Which paths are pointers in the commit that is written. */
static void
note_pointer(
    struct dig_export *export, const void *path, size_t len, bool pointer)
{
	export->set =
	    pointer ? dig_path_set_add(export->sets, export->set, path, len)
		    : dig_path_set_remove(export->sets, export->set, path, len);
}

/* `M` and what it names. */
static enum dig_status
put_file(struct dig_export *export, const struct dig_entry *now, bool pointer,
    struct dig_error *err)
{
	struct dig_oid content;
	enum dig_status st = DIG_OK;
	uint64_t mark;

	note_pointer(export, now->path, now->path_len, pointer);
	dig_buf_printf(
	    &export->changes, "M %06o ", (unsigned)dig_entry_mode(now->kind));
	if (now->kind == DIG_ENTRY_LINK) {
		dig_export_put_hex(&export->changes, now->stored.bytes,
		    (size_t)now->size_bytes);
	} else {
		dig_entry_content_id(now, &content);
		mark = dig_export_mark(export, DIG_KIND_CONTENT, &content);
		if (pointer)
			st = put_pointer(export, now, &content, &mark, err);
		else if (mark == 0)
			st = put_blob(export, now, &content, &mark, err);
		if (st != DIG_OK)
			return st;
		dig_buf_printf(
		    &export->changes, ":%llu", (unsigned long long)mark);
	}
	dig_buf_putc(&export->changes, ' ');
	dig_path_quote(&export->changes, now->path, now->path_len, false);
	dig_buf_putc(&export->changes, '\n');
	return st;
}

static bool
is_file(const struct dig_entry *entry)
{
	return entry->kind == DIG_ENTRY_FILE || entry->kind == DIG_ENTRY_EXEC;
}

static enum dig_status
changed_path(void *arg, const struct dig_entry *old,
    const struct dig_entry *now, struct dig_error *err)
{
	const struct dig_entry *any = now != NULL ? now : old;
	struct dig_export *export = arg;
	struct dig_lfs_item *item;

	if (dig_interrupted())
		return dig_raise(err, DIG_ECANCELLED, "interrupted");
	item = dig_lfs_find(
	    export->items, export->nitems, any->path, any->path_len);
	if (item != NULL)
		item->told = true;
	if (now != NULL)
		return put_file(export, now,
		    item != NULL && item->pointer && is_file(now), err);
	note_pointer(export, old->path, old->path_len, false);
	dig_buf_puts(&export->removals, "D ");
	dig_path_quote(&export->removals, old->path, old->path_len, false);
	dig_buf_putc(&export->removals, '\n');
	return DIG_OK;
}

/* Paths of the header whose content is the parent's: a pointer became a plain
 * file, or the other way. */
static enum dig_status
put_other_items(struct dig_export *export, struct dig_error *err)
{
	struct dig_node_io io =
	    dig_reader_io(dig_index_reader(export->repo->index));
	enum dig_status st = DIG_OK;

	for (size_t i = 0; st == DIG_OK && i < export->nitems; i++) {
		const struct dig_lfs_item *item = &export->items[i];
		struct dig_entry entry;

		if (item->told)
			continue;
		st = dig_tree_find(&io, &export->commit->tree, item->path,
		    item->len, &entry, err);
		if (st == DIG_OK && is_file(&entry))
			st = put_file(export, &entry, item->pointer, err);
		else if (st == DIG_ENOTFOUND)
			st = DIG_OK;
	}
	return st;
}

/* ---- Ids of git ------------------------------------------------------- */

static const uint8_t *
pointer_git_id(struct dig_export *export, const struct dig_oid *content)
{
	return dig_oidmap_raw(&export->pointers, DIG_KIND_CONTENT, content,
		   &export->git_id)
		   ? export->git_id.data
		   : NULL;
}

static enum dig_status
changed_tree(void *arg, const struct dig_entry *old,
    const struct dig_entry *now, struct dig_error *err)
{
	struct dig_export *export = arg;
	struct dig_oid content;
	const uint8_t *id;

	(void)err;
	if (now == NULL) {
		dig_git_tree_remove(export->tree, old->path, old->path_len);
		return DIG_OK;
	}
	id = now->stored.bytes;
	if (now->kind != DIG_ENTRY_LINK) {
		dig_entry_content_id(now, &content);
		id =
		    dig_path_set_has(export->set, now->path, now->path_len)
			? pointer_git_id(export, &content)
			: dig_export_git_id(export, DIG_KIND_CONTENT, &content);
	}
	/* Every content of a tree was written with one of the commits. */
	if (id != NULL)
		dig_git_tree_put(export->tree, now->path, now->path_len,
		    dig_entry_mode(now->kind), id);
	return DIG_OK;
}

/* A path that is a pointer in one of two trees. */
static enum dig_status
changed_pointer(void *arg, const void *path, size_t len, struct dig_error *err)
{
	struct dig_export *export = arg;
	struct dig_node_io io =
	    dig_reader_io(dig_index_reader(export->repo->index));
	struct dig_entry entry;
	enum dig_status st;

	st = dig_tree_find(&io, &export->commit->tree, path, len, &entry, err);
	if (st == DIG_ENOTFOUND)
		return DIG_OK;
	return st == DIG_OK ? changed_tree(export, NULL, &entry, err) : st;
}

enum dig_status
dig_export_tree_id(struct dig_export *export, const struct dig_commit *commit,
    uint8_t *out, struct dig_error *err)
{
	struct dig_node_io io =
	    dig_reader_io(dig_index_reader(export->repo->index));
	enum dig_status st;

	st = dig_tree_diff(
	    &io, &export->tree_root, &commit->tree, changed_tree, export, err);
	if (st == DIG_OK)
		st = dig_path_set_diff(export->sets, export->tree_set,
		    export->set, changed_pointer, export, err);
	if (st != DIG_OK)
		return st;
	export->tree_root = commit->tree;
	export->tree_set = export->set;
	dig_git_tree_id(export->tree, out);
	return DIG_OK;
}

/* ---- Of a commit ------------------------------------------------------ */

/* The paths that are pointers in the commit's first parent. */
static const struct dig_path_set *
parent_set(struct dig_export *export, const struct dig_commit *commit)
{
	struct dig_oidmap_entry entry;
	struct dig_oid parent;

	if (commit->nparents == 0)
		return NULL;
	dig_commit_parent(commit, 0, &parent);
	return dig_oidmap_find(
		   &export->set_numbers, DIG_KIND_COMMIT, &parent, &entry)
		   ? export->commit_sets[entry.at.offset - 1]
		   : NULL;
}

void
dig_export_keep_set(struct dig_export *export, const struct dig_oid *commit)
{
	struct dig_location at = { 0 };

	if (export->set == NULL)
		return;
	DIG_GROW(export->commit_sets, export->commit_sets_cap,
	    export->ncommit_sets + 1);
	export->commit_sets[export->ncommit_sets++] = export->set;
	at.offset = export->ncommit_sets;
	dig_oidmap_place(
	    &export->set_numbers, DIG_KIND_COMMIT, commit, &at, NULL, 0);
}

/* Lines of the commit's files, and which of them are pointers. */
enum dig_status
dig_export_list_files(struct dig_export *export,
    const struct dig_commit *commit, const struct dig_oid *before,
    struct dig_error *err)
{
	struct dig_node_io io =
	    dig_reader_io(dig_index_reader(export->repo->index));
	const struct dig_header *header = dig_header_find(
	    commit->headers, commit->nheaders, DIG_HEADER_GIT_LFS);
	enum dig_status st;

	export->commit = commit;
	export->set = parent_set(export, commit);
	export->items = NULL;
	export->nitems = 0;
	if (header != NULL)
		export->items = dig_lfs_items(
		    header->value, header->value_len, &export->nitems);
	st = dig_tree_diff(
	    &io, before, &commit->tree, changed_path, export, err);
	if (st == DIG_OK)
		st = put_other_items(export, err);
	free(export->items);
	return st;
}
