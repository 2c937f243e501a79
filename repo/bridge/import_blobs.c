/* SPDX-License-Identifier: MIT
 *
 * Blobs. They come before the commit that names their path, and the path says
 * which version they follow on; so they wait, small ones in memory and large
 * ones in files of .dig/tmp, and the oldest is stored without a version before
 * it when too much waits.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "repo/bridge/import.h"

static void
release(struct dig_import *import, struct dig_import_blob *blob)
{
	if (blob->mark == 0)
		return;
	if (blob->fd >= 0) {
		dig_close(blob->fd);
		import->blob_files--;
	} else {
		import->blob_bytes -= blob->size_bytes;
	}
	dig_buf_clear(&blob->bytes);
	blob->mark = 0;
}

void
dig_import_blobs_clear(struct dig_import *import)
{
	for (size_t i = 0; import->blobs != NULL && i < DIG_BLOBS_WAITING; i++)
		release(import, &import->blobs[i]);
	free(import->blobs);
	import->blobs = NULL;
}

/* ---- Storing ---------------------------------------------------------- */

static enum dig_status
store_bytes(struct dig_import *import, const struct dig_import_blob *blob,
    const struct dig_entry *old, struct dig_entry *entry, struct dig_error *err)
{
	struct dig_put_source source;
	enum dig_status st;
	int fd = blob->fd;

	if (blob->fd < 0) {
		import->uncommitted += blob->bytes.len;
		return dig_put_bytes(&import->put, old,
		    entry->kind == DIG_ENTRY_SYMLINK, blob->bytes.data,
		    blob->bytes.len, entry, err);
	}
	if (lseek(blob->fd, 0, SEEK_SET) != 0)
		return dig_raise_os(
		    err, DIG_EIO, errno, "reading from .dig/tmp");
	source = dig_put_from_fd(&fd);
	st = dig_writer_flush(import->put.writer, err);
	if (st == DIG_OK)
		st = dig_put_stream(import->index, import->put.profile, old,
		    &source, "import", &import->op, entry, err);
	if (st == DIG_EFILE)
		err->status = st = DIG_EIO;
	return st;
}

/* The blob, or what it points to; blob->lfs says which. */
static enum dig_status
store_blob(struct dig_import *import, struct dig_import_blob *blob,
    const struct dig_entry *old, struct dig_entry *entry, struct dig_error *err)
{
	struct dig_import_blob content;
	enum dig_status st;

	/* A pointer as the target of a link is a text. */
	if (blob->lfs && entry->kind == DIG_ENTRY_SYMLINK)
		blob->lfs = false;
	if (!blob->lfs)
		return store_bytes(import, blob, old, entry, err);
	st = dig_import_lfs(import, &blob->pointer, &content, &blob->lfs, err);
	if (st != DIG_OK)
		return st;
	if (!blob->lfs)
		return store_bytes(import, blob, old, entry, err);
	st = store_bytes(import, &content, old, entry, err);
	dig_import_drop(&content);
	return st;
}

static enum dig_status
settle(struct dig_import *import, struct dig_import_blob *blob,
    const struct dig_entry *old, struct dig_entry *entry, struct dig_error *err)
{
	struct dig_mark mark;
	enum dig_status st = store_blob(import, blob, old, entry, err);

	if (st != DIG_OK)
		return st;
	memset(&mark, 0, sizeof(mark));
	mark.kind = DIG_MARK_BLOB;
	mark.form = (uint8_t)entry->form;
	mark.lfs = blob->lfs;
	mark.size_bytes = entry->size_bytes;
	mark.id = entry->stored;
	st = dig_marks_put(import->marks, blob->mark, &mark, err);
	release(import, blob);
	return st;
}

/* The oldest one has waited long enough. */
static enum dig_status
settle_oldest(struct dig_import *import, struct dig_error *err)
{
	struct dig_import_blob *blob =
	    &import->blobs[import->blobs_at % DIG_BLOBS_WAITING];
	struct dig_entry entry = { .kind = DIG_ENTRY_FILE };

	import->blobs_at++;
	import->nblobs--;
	return blob->mark == 0 ? DIG_OK
			       : settle(import, blob, NULL, &entry, err);
}

static enum dig_status
make_room(struct dig_import *import, uint64_t size, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	while (st == DIG_OK && import->nblobs > 0 &&
	       (import->nblobs == DIG_BLOBS_WAITING ||
		   import->blob_files == DIG_BLOBS_FILES ||
		   (size < DIG_BLOB_LARGE &&
		       import->blob_bytes + size > DIG_BLOBS_BYTES)))
		st = settle_oldest(import, err);
	return st;
}

/* ---- Reading ---------------------------------------------------------- */

static enum dig_status
to_memory(void *arg, const void *data, size_t len, struct dig_error *err)
{
	(void)err;
	dig_buf_put(arg, data, len);
	return DIG_OK;
}

static enum dig_status
to_file(void *arg, const void *data, size_t len, struct dig_error *err)
{
	return dig_import_scratch(*(int *)arg, data, len, err);
}

/* The bytes that `data` announces; blob is filled but for its mark. */
static enum dig_status
read_blob(struct dig_import *import, struct dig_import_blob *blob,
    struct dig_error *err)
{
	struct dig_stream *stream = &import->stream;
	const char *word = NULL;
	enum dig_status st;
	uint64_t len;

	blob->fd = -1;
	st = dig_import_length(import, &len, &word, err);
	if (st == DIG_ENO) {
		dig_stream_again(stream);
		st = dig_import_data(
		    import, (size_t)DIG_BLOB_LARGE, &blob->bytes, err);
		blob->size_bytes = blob->bytes.len;
		return st;
	}
	if (st != DIG_OK)
		return st;
	blob->size_bytes = len;
	if (len < DIG_BLOB_LARGE) {
		dig_buf_reserve(&blob->bytes, (size_t)len + 1);
		st =
		    dig_stream_bytes(stream, len, to_memory, &blob->bytes, err);
	} else {
		blob->fd = dig_scratch_file(import->repo->dirfd);
		if (blob->fd < 0)
			return dig_raise_os(err, DIG_EIO, -blob->fd,
			    "making a file in .dig/tmp");
		st = dig_stream_bytes(stream, len, to_file, &blob->fd, err);
	}
	return st == DIG_OK ? dig_stream_newline(stream, err) : st;
}

/* Put it at the end of the ring; its memory goes along. */
static enum dig_status
wait_for_path(struct dig_import *import, struct dig_import_blob *blob,
    struct dig_error *err)
{
	size_t at = (import->blobs_at + import->nblobs) % DIG_BLOBS_WAITING;
	struct dig_mark mark;

	memset(&mark, 0, sizeof(mark));
	mark.kind = DIG_MARK_WAITING;
	mark.size_bytes = at; /* where it waits */
	import->blobs[at] = *blob;
	import->nblobs++;
	if (blob->fd >= 0)
		import->blob_files++;
	else
		import->blob_bytes += blob->size_bytes;
	return dig_marks_put(import->marks, blob->mark, &mark, err);
}

enum dig_status
dig_import_blob(struct dig_import *import, struct dig_error *err)
{
	struct dig_import_blob blob = { .fd = -1 };
	struct dig_stream *stream = &import->stream;
	const char *mark;
	enum dig_status st;
	bool ended;

	st = dig_stream_line(stream, &ended, err);
	if (st != DIG_OK)
		return st;
	mark = ended ? NULL : dig_stream_after(stream, "mark ");
	if (mark == NULL)
		dig_stream_again(stream);
	else if (!dig_import_mark(mark, &blob.mark))
		return dig_stream_bad(stream, err, "'%.100s' is no mark", mark);
	st = dig_stream_line(stream, &ended, err);
	if (st != DIG_OK)
		return st;
	if (ended || dig_stream_after(stream, "original-oid ") == NULL)
		dig_stream_again(stream);
	st = read_blob(import, &blob, err);
	if (import->options->lfs != NULL && st == DIG_OK && blob.fd < 0)
		blob.lfs = dig_lfs_parse(
		    blob.bytes.data, blob.bytes.len, &blob.pointer);
	if (st == DIG_OK)
		st = make_room(import, blob.size_bytes, err);
	/* Without a mark nothing can name it. */
	if (st != DIG_OK || blob.mark == 0) {
		dig_import_drop(&blob);
		return st;
	}
	return wait_for_path(import, &blob, err);
}

/* ---- Use -------------------------------------------------------------- */

static void
from_mark(const struct dig_mark *mark, struct dig_entry *entry)
{
	entry->form = (enum dig_form)mark->form;
	entry->size_bytes = mark->size_bytes;
	entry->stored = mark->id;
}

/* The blob that waits under a mark, or NULL. */
static struct dig_import_blob *
waiting(struct dig_import *import, uint64_t number, const struct dig_mark *mark)
{
	struct dig_import_blob *blob;

	if (mark->kind != DIG_MARK_WAITING)
		return NULL;
	blob = &import->blobs[mark->size_bytes % DIG_BLOBS_WAITING];
	return blob->mark == number ? blob : NULL;
}

enum dig_status
dig_import_use_blob(struct dig_import *import, uint64_t number,
    const struct dig_entry *old, struct dig_entry *entry, bool *lfs,
    struct dig_error *err)
{
	struct dig_import_blob *blob;
	struct dig_mark mark;
	enum dig_status st;

	st = dig_marks_get(import->marks, number, &mark, err);
	if (st != DIG_OK)
		return st;
	blob = waiting(import, number, &mark);
	if (blob != NULL) {
		st = settle(import, blob, old, entry, err);
		*lfs = blob->lfs;
		return st;
	}
	if (mark.kind != DIG_MARK_BLOB)
		return dig_stream_bad(&import->stream, err,
		    "mark :%llu is no blob", (unsigned long long)number);
	from_mark(&mark, entry);
	*lfs = mark.lfs != 0;
	return DIG_OK;
}

/* What stands in a stored tree for a blob that waits: itself, or what it
 * points to. */
static bool
may_be(const struct dig_import_blob *blob, const struct dig_entry *entry,
    bool *lfs)
{
	*lfs = blob->lfs && blob->pointer.size_bytes == entry->size_bytes &&
	       (entry->form != DIG_FORM_CHUNK ||
		   dig_oid_eq(&entry->stored, &blob->pointer.sha256));
	return *lfs || blob->size_bytes == entry->size_bytes;
}

enum dig_status
dig_import_know_blob(struct dig_import *import, uint64_t number,
    const struct dig_entry *entry, struct dig_error *err)
{
	struct dig_import_blob *blob;
	struct dig_mark mark;
	enum dig_status st;
	bool lfs;

	st = dig_marks_get(import->marks, number, &mark, err);
	blob = st == DIG_OK ? waiting(import, number, &mark) : NULL;
	if (blob == NULL || !may_be(blob, entry, &lfs))
		return st;
	mark.kind = DIG_MARK_BLOB;
	mark.lfs = lfs;
	mark.form = (uint8_t)entry->form;
	mark.size_bytes = entry->size_bytes;
	mark.id = entry->stored;
	release(import, blob);
	return dig_marks_put(import->marks, number, &mark, err);
}

enum dig_status
dig_import_inline(struct dig_import *import, const struct dig_entry *old,
    struct dig_entry *entry, struct dig_error *err)
{
	struct dig_import_blob blob = { .fd = -1 };
	enum dig_status st = read_blob(import, &blob, err);

	if (st == DIG_OK)
		st = store_blob(import, &blob, old, entry, err);
	dig_import_drop(&blob);
	return st;
}

static enum dig_status
to_nowhere(void *arg, const void *data, size_t len, struct dig_error *err)
{
	(void)arg;
	(void)data;
	(void)len;
	(void)err;
	return DIG_OK;
}

enum dig_status
dig_import_skip_data(struct dig_import *import, struct dig_error *err)
{
	const char *word = NULL;
	enum dig_status st;
	uint64_t len;

	st = dig_import_length(import, &len, &word, err);
	if (st == DIG_ENO) {
		dig_stream_again(&import->stream);
		return dig_import_data(
		    import, (size_t)DIG_BLOB_LARGE, &import->bytes, err);
	}
	if (st == DIG_OK)
		st = dig_stream_bytes(
		    &import->stream, len, to_nowhere, NULL, err);
	return st == DIG_OK ? dig_stream_newline(&import->stream, err) : st;
}
