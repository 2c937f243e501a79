/* SPDX-License-Identifier: MIT
 *
 * Merging one file that both sides have: its kind, and its content.
 */
#include "objects/chunker.h"
#include "objects/journal.h"
#include "repo/content.h"
#include "repo/merge_trees.h"

/* The signs that a marker begins with. */
#define SIGNS 7

/* ---- Bytes of small files --------------------------------------------- */

static enum dig_status
append(void *arg, const void *data, size_t len, struct dig_error *err)
{
	(void)err;
	dig_buf_put(arg, data, len);
	return DIG_OK;
}

static enum dig_status
read_file(const struct dig_node_io *io, const struct dig_entry *entry,
    struct dig_buf *out, struct dig_error *err)
{
	dig_buf_reset(out);
	dig_buf_reserve(out, 1);
	return dig_content_stream(io, entry, append, out, err);
}

/* Sets form, size and stored of `entry`. keep: it is merged once more. */
static enum dig_status
put_file(struct dig_merge *merge, const struct dig_buf *bytes,
    const struct dig_entry *before, bool keep, struct dig_entry *entry,
    struct dig_error *err)
{
	const struct dig_node_io *io = &merge->io;
	const struct dig_chunk_profile *profile =
	    dig_chunk_profile(dig_journal_chunk_profile(dig_store_journal(
		dig_index_store(merge->merging->repo->index))));
	const struct dig_oid *base =
	    before->form == DIG_FORM_CHUNK ? &before->stored : NULL;
	struct dig_file_builder *builder = dig_file_builder_new(io);
	enum dig_status st = DIG_OK;
	struct dig_writer *writer =
	    dig_index_writer(merge->merging->repo->index);
	size_t at = 0;

	dig_writer_keep(writer, keep);
	while (at < bytes->len && st == DIG_OK) {
		size_t len =
		    dig_chunk_cut(profile, bytes->data + at, bytes->len - at);
		struct dig_oid id;

		dig_sha256(bytes->data + at, len, id.bytes);
		st = io->put(io->arg, DIG_KIND_CHUNK, &id, bytes->data + at,
		    len, base, err);
		if (st == DIG_OK)
			st = dig_file_builder_add(builder, len, &id, err);
		at += len;
	}
	if (st == DIG_OK)
		st = dig_file_builder_finish(builder, entry, err);
	dig_writer_keep(writer, false);
	dig_file_builder_free(builder);
	return st;
}

/* ---- Texts ------------------------------------------------------------ */

/* The sides have it under several names. */
static bool
is_named(const char *const names[DIG_SIDES])
{
	return strcmp(names[0], names[1]) != 0 ||
	       strcmp(names[1], names[2]) != 0;
}

/* "HEAD", or "HEAD:name" where the sides have the file under several names. */
static void
put_label(struct dig_buf *out, const char *who, const char *name, bool named)
{
	dig_buf_puts(out, who);
	if (named)
		dig_buf_printf(out, ":%s", name);
	dig_buf_putc(out, '\0');
	/* A marker is one line. */
	for (size_t i = 0; i + 1 < out->len; i++)
		if (out->data[i] < ' ')
			out->data[i] = '?';
}

/* Merge bases are merged as ever. */
static enum dig_text_style
style_of(const struct dig_merge *merge)
{
	int favor = merge->depth == 0 ? merge->merging->favor : 0;

	return favor == DIG_SIDE_OURS     ? DIG_TEXT_OURS
	       : favor == DIG_SIDE_THEIRS ? DIG_TEXT_THEIRS
					  : DIG_TEXT_MERGE;
}

/* What is in `text` after the call is the merged file, unless *binary. */
static enum dig_status
merge_texts(struct dig_merge *merge, struct dig_buf bytes[DIG_SIDES],
    const char *const names[DIG_SIDES], unsigned nsigns, struct dig_buf *text,
    bool *binary, bool *clean, struct dig_error *err)
{
	const struct dig_merging *merging = merge->merging;
	const char *who[DIG_SIDES] = { merging->ancestor, merging->ours,
		merging->theirs };
	struct dig_buf labels[DIG_SIDES] = { DIG_BUF_INIT };
	struct dig_text_side sides[DIG_SIDES];
	bool named = is_named(names);
	enum dig_status st = DIG_OK;
	size_t nconflicts = 0;

	*binary = false;
	for (int i = 0; i < DIG_SIDES; i++) {
		*binary |= dig_text_is_binary(bytes[i].data, bytes[i].len) ||
			   !dig_text_fits(bytes[i].data, bytes[i].len);
		put_label(&labels[i], who[i], names[i], named);
		sides[i].data = bytes[i].data;
		sides[i].len = bytes[i].len;
		sides[i].label = (const char *)labels[i].data;
	}
	if (!*binary)
		st = dig_text_merge(merging->text, &sides[0], &sides[1],
		    &sides[2], style_of(merge), SIGNS + nsigns, text,
		    &nconflicts, err);
	*clean = nconflicts == 0;
	for (int i = 0; i < DIG_SIDES; i++)
		dig_buf_clear(&labels[i]);
	return st;
}

static void
take_bytes(const struct dig_entry *from, struct dig_entry *to)
{
	to->form = from->form;
	to->size_bytes = from->size_bytes;
	to->stored = from->stored;
}

/* A binary file, or a very large one, is not merged: ours stays, or the one
 * that is favoured; in a merge of merge bases, what both come from. */
static void
keep_one(struct dig_merge *merge, const char *path,
    const char *const names[DIG_SIDES], const struct dig_entry *o,
    const struct dig_entry *theirs, struct dig_entry *result, bool *has_result,
    bool *clean)
{
	bool named = is_named(names);

	if (merge->depth == 0 && merge->merging->favor != 0) {
		if (merge->merging->favor == DIG_SIDE_THEIRS)
			take_bytes(theirs, result);
		*clean = true;
		return;
	}
	if (merge->depth == 0) {
		*clean = false;
		dig_merge_tell(merge, path,
		    "warning: Cannot merge binary files: %s (%s%s%s vs. "
		    "%s%s%s)",
		    path, merge->merging->ours, named ? ":" : "",
		    named ? names[DIG_SIDE_OURS] : "", merge->merging->theirs,
		    named ? ":" : "", named ? names[DIG_SIDE_THEIRS] : "");
		return;
	}
	*clean = true;
	if (o != NULL && dig_merge_same_type(o, result)) {
		take_bytes(o, result);
	} else {
		/* git takes the bytes of no file. */
		result->form = DIG_FORM_EMPTY;
		result->size_bytes = 0;
		result->stored = dig_oid_zero;
	}
	*has_result = true;
}

static enum dig_status
merge_files(struct dig_merge *merge, const char *path,
    const struct dig_entry *const sides[DIG_SIDES],
    const char *const names[DIG_SIDES], unsigned nsigns,
    struct dig_entry *result, bool *has_result, bool *clean,
    struct dig_error *err)
{
	struct dig_buf bytes[DIG_SIDES] = { DIG_BUF_INIT };
	struct dig_buf text = DIG_BUF_INIT;
	enum dig_status st = DIG_OK;
	bool is_rename = nsigns != 2 * merge->depth;
	bool binary = false;

	for (int i = 0; i < DIG_SIDES; i++)
		binary |= sides[i] != NULL &&
			  sides[i]->size_bytes > DIG_TEXT_MAX_BYTES;
	for (int i = 0; i < DIG_SIDES && st == DIG_OK && !binary; i++) {
		if (sides[i] != NULL)
			st = read_file(&merge->io, sides[i], &bytes[i], err);
		else
			dig_buf_reserve(&bytes[i], 1);
	}
	if (st == DIG_OK && !binary)
		st = merge_texts(
		    merge, bytes, names, nsigns, &text, &binary, clean, err);
	if (st == DIG_OK && binary)
		keep_one(merge, path, names, sides[DIG_SIDE_BASE],
		    sides[DIG_SIDE_THEIRS], result, has_result, clean);
	else if (st == DIG_OK)
		st = put_file(merge, &text, sides[DIG_SIDE_OURS],
		    merge->depth > 0 || is_rename || merge->merging->keep,
		    result, err);
	if (st == DIG_OK)
		dig_merge_tell(merge, path, "Auto-merging %s", path);
	for (int i = 0; i < DIG_SIDES; i++)
		dig_buf_clear(&bytes[i]);
	dig_buf_clear(&text);
	return st;
}

/* ---- The file --------------------------------------------------------- */

static bool
same_content(const struct dig_entry *a, const struct dig_entry *b)
{
	struct dig_oid x, y;

	if (a == NULL || b == NULL || !dig_merge_same_type(a, b))
		return false;
	dig_entry_content_id(a, &x);
	dig_entry_content_id(b, &y);
	return a->size_bytes == b->size_bytes && dig_oid_eq(&x, &y);
}

enum dig_status
dig_merge_content(struct dig_merge *merge, const char *path,
    const struct dig_entry *o, const struct dig_entry *a,
    const struct dig_entry *b, const char *const names[DIG_SIDES],
    unsigned nsigns, struct dig_entry *result, bool *has_result, bool *clean,
    struct dig_error *err)
{
	const struct dig_entry *sides[DIG_SIDES] = { o, a, b };
	enum dig_entry_kind kind = a->kind;
	bool kind_clean = true, content_clean = true;
	enum dig_status st = DIG_OK;

	*has_result = true;
	if (a->kind == b->kind || (o != NULL && a->kind == o->kind))
		kind = b->kind;
	else
		kind_clean = o != NULL && b->kind == o->kind;
	*result = *a;
	result->kind = kind;
	if (same_content(a, b) || same_content(a, o)) {
		*result = *b;
		result->kind = kind;
	} else if (same_content(b, o)) {
		/* ours it is */
	} else if (a->kind == DIG_ENTRY_FILE || a->kind == DIG_ENTRY_EXEC) {
		if (o != NULL && !dig_merge_same_type(o, a))
			sides[DIG_SIDE_BASE] = NULL;
		st = merge_files(merge, path, sides, names, nsigns, result,
		    has_result, &content_clean, err);
	} else if (a->kind == DIG_ENTRY_SYMLINK && merge->depth == 0 &&
		   merge->merging->favor != 0) {
		if (merge->merging->favor == DIG_SIDE_THEIRS)
			take_bytes(b, result);
	} else {
		content_clean = false;
		if (merge->depth > 0) {
			*has_result = o != NULL;
			if (o != NULL)
				*result = *o;
		}
	}
	*clean = kind_clean && content_clean;
	return st;
}
