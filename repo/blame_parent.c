/* SPDX-License-Identifier: MIT
 *
 * The file that lines may come from in a parent, and the bytes of files.
 */
#include <stdlib.h>

#include "objects/file.h"
#include "repo/blame_internal.h"
#include "repo/changes_internal.h"

/* ---- Lanes ------------------------------------------------------------ */

static enum dig_status
lane_begin(
    struct dig_blame *blame, struct dig_blame_lane *lane, struct dig_error *err)
{
	struct dig_history *walk = dig_calloc(1, sizeof(*walk));
	struct dig_node **tips = NULL;
	struct dig_buf spec = DIG_BUF_INIT;
	enum dig_status st = DIG_OK;
	const char *arg;

	lane->walk = walk;
	walk->repo = blame->repo;
	if (!blame->sparse)
		return DIG_OK;
	dig_buf_printf(&spec, ":(top,literal)%s", lane->path);
	arg = (const char *)spec.data;
	st = dig_pathspec_new(&arg, 1, blame->repo->prefix,
	    blame->repo->worktree, &walk->paths, err);
	tips = dig_calloc(blame->ntips + 1, sizeof(struct dig_node *));
	for (size_t i = 0; i < blame->ntips; i++)
		tips[i] = dig_nodes_get(&walk->nodes, &blame->tips[i]);
	if (st == DIG_OK)
		st = dig_history_learn(
		    walk, tips, blame->ntips, &walk->sparse, err);
	free(tips);
	dig_buf_clear(&spec);
	return st;
}

enum dig_status
dig_blame_lane(struct dig_blame *blame, const void *path, size_t len,
    struct dig_blame_lane **out, struct dig_error *err)
{
	struct dig_blame_lane *lane = blame->lanes;
	enum dig_status st = DIG_OK;

	while (lane != NULL && (strlen(lane->path) != len ||
				   memcmp(lane->path, path, len) != 0))
		lane = lane->next;
	if (lane == NULL) {
		lane = dig_calloc(1, sizeof(*lane));
		lane->path = dig_memdup0(path, len);
		lane->next = blame->lanes;
		blame->lanes = lane;
		st = lane_begin(blame, lane, err);
	}
	*out = lane;
	return st;
}

/* ---- The file in a parent --------------------------------------------- */

static bool
same_class(enum dig_entry_kind a, enum dig_entry_kind b)
{
	return dig_entry_mode(a) >> 12 == dig_entry_mode(b) >> 12;
}

static enum dig_status
look_up(struct dig_blame *blame, struct dig_blame_parent *parent,
    const void *path, size_t len, const struct dig_blame_file *file,
    struct dig_error *err)
{
	enum dig_found found = DIG_FOUND_NOTHING;
	enum dig_status st;

	parent->lane = NULL;
	st = dig_content_find(
	    blame->repo, &parent->tree, path, len, &found, &parent->entry, err);
	if (st != DIG_OK || found != DIG_FOUND_ENTRY ||
	    !same_class(parent->entry.kind, file->entry.kind))
		return st;
	dig_entry_content_id(&parent->entry, &parent->content);
	return dig_blame_lane(blame, path, len, &parent->lane, err);
}

enum dig_status
dig_blame_same_path(struct dig_blame *blame, const struct dig_blame_file *file,
    struct dig_blame_parent *parent, struct dig_error *err)
{
	const char *path = file->shown.path;

	return look_up(blame, parent, path, strlen(path), file, err);
}

/* The file as one that came, and all that went: no other new file takes one of
 * these from it. */
static void
list_candidates(const struct dig_blame_file *file,
    const struct dig_changes *found, struct dig_changes *out)
{
	struct dig_change *came =
	    dig_changes_add(out, file->shown.path, strlen(file->shown.path));

	came->kind = 'A';
	dig_change_set_side(&came->now, &file->entry);
	came->now.content = file->content;
	came->now.work = file->node == NULL;
	for (size_t i = 0; i < found->count; i++) {
		const struct dig_change *change = &found->at[i];
		struct dig_change *went;

		if (change->kind != 'D')
			continue;
		went = dig_changes_add(out, change->path, change->path_len);
		went->kind = 'D';
		went->old = change->old;
	}
	dig_changes_set_paths(out);
}

enum dig_status
dig_blame_renamed(struct dig_blame *blame, const struct dig_blame_file *file,
    struct dig_blame_parent *parent, struct dig_error *err)
{
	struct dig_changes found = DIG_CHANGES_INIT, list = DIG_CHANGES_INIT;
	const char *path = file->shown.path;
	struct dig_oid tree;
	enum dig_status st;

	parent->lane = NULL;
	st = dig_tree_finder_find(blame->finder, &parent->tree, path,
	    strlen(path), &parent->entry, err);
	if (st != DIG_ENOTFOUND) /* it is there, of another type */
		return st;
	if (file->node != NULL)
		tree = file->node->tree;
	else
		dig_repo_staged_root(blame->repo, &tree);
	st = dig_changes_between(
	    blame->repo, &parent->tree, &tree, NULL, false, &found, err);
	if (st == DIG_OK) {
		list_candidates(file, &found, &list);
		st = dig_differ_renames(
		    blame->differ, &list, DIG_SCORE_DEFAULT, err);
	}
	for (size_t i = 0; st == DIG_OK && i < list.count; i++)
		if (list.at[i].kind == 'R')
			st = look_up(blame, parent, list.at[i].old_path,
			    list.at[i].old_path_len, file, err);
	dig_changes_clear(&found);
	dig_changes_clear(&list);
	return st;
}

/* ---- Bytes ------------------------------------------------------------ */

void
dig_blame_text_clear(struct dig_blame_text *text)
{
	dig_buf_clear(&text->bytes);
	free(text->chunks);
	memset(text, 0, sizeof(*text));
}

static enum dig_status
read_chunk(struct dig_blame *blame, const struct dig_oid *id, uint64_t len,
    struct dig_buf *out, struct dig_error *err)
{
	enum dig_status st =
	    dig_reader_get(blame->reader, DIG_KIND_CHUNK, id, out, err);

	if (st == DIG_OK && out->len != len)
		st = dig_raise(err, DIG_ECORRUPT,
		    "a chunk is not as long as its file says");
	return st;
}

/* Versions share most chunks, in the same order. */
static const struct dig_blame_chunk *
find_chunk(const struct dig_blame_text *like, const struct dig_oid *id,
    size_t *inout_at)
{
	size_t n = like != NULL ? like->nchunks : 0;

	for (size_t i = 0; i < n; i++) {
		size_t at = (*inout_at + i) % n;

		if (dig_oid_eq(&like->chunks[at].id, id)) {
			*inout_at = at + 1;
			return &like->chunks[at];
		}
	}
	return NULL;
}

static enum dig_status
read_chunks(struct dig_blame *blame, const struct dig_entry *entry,
    const struct dig_blame_text *like, struct dig_blame_text *out,
    struct dig_error *err)
{
	struct dig_node_io io = dig_reader_io(blame->reader);
	struct dig_file_reader *file = NULL;
	struct dig_buf bytes = DIG_BUF_INIT;
	enum dig_status st = dig_file_reader_new(&io, entry, &file, err);
	struct dig_oid id;
	uint64_t offset, len;
	size_t at = 0;
	bool done = false;

	while (st == DIG_OK) {
		const struct dig_blame_chunk *known;

		st = dig_file_reader_next(file, &id, &offset, &len, &done, err);
		if (st != DIG_OK || done)
			break;
		known = find_chunk(like, &id, &at);
		if (known != NULL && known->len == len) {
			dig_buf_put(&out->bytes,
			    like->bytes.data + known->offset, known->len);
		} else {
			st = read_chunk(blame, &id, len, &bytes, err);
			if (st != DIG_OK)
				break;
			dig_buf_put(&out->bytes, bytes.data, bytes.len);
		}
		DIG_GROW(out->chunks, out->chunks_cap, out->nchunks + 1);
		out->chunks[out->nchunks++] = (struct dig_blame_chunk){ id,
			out->bytes.len - (size_t)len, (size_t)len };
	}
	dig_file_reader_free(file);
	dig_buf_clear(&bytes);
	return st;
}

enum dig_status
dig_blame_load(struct dig_blame *blame, const char *path,
    const struct dig_entry *entry, const struct dig_blame_text *like,
    struct dig_blame_text *out, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	dig_buf_reset(&out->bytes);
	out->nchunks = 0;
	if (entry->size_bytes > DIG_TEXT_MAX_BYTES)
		st = dig_raise(
		    err, DIG_EINVALID, "too large to be compared as text");
	else if (entry->form == DIG_FORM_CHUNK)
		st = read_chunk(
		    blame, &entry->stored, entry->size_bytes, &out->bytes, err);
	else if (entry->form == DIG_FORM_NODES)
		st = read_chunks(blame, entry, like, out, err);
	out->is_loaded = st == DIG_OK;
	if (st != DIG_OK)
		dig_wrap(err, "%.300s", path);
	return st;
}
