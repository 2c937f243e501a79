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

/* From here on a blob is written to a file and read by threads. */
#define LARGE_BYTES ((uint64_t)16 << 20)

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
store_blob(struct dig_import *import, const struct dig_import_blob *blob,
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
		   (size < LARGE_BYTES &&
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
	int rc = dig_write_full(*(int *)arg, data, len);

	if (rc == 0)
		return DIG_OK;
	dig_ignore(dig_raise_os(err, DIG_EIO, rc, "writing to .dig/tmp"));
	if (rc == ENOSPC || rc == EDQUOT)
		dig_hint(err, "make room and run the import again; it goes on "
			      "where it stopped");
	return DIG_EIO;
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
		    import, (size_t)LARGE_BYTES, &blob->bytes, err);
		blob->size_bytes = blob->bytes.len;
		return st;
	}
	if (st != DIG_OK)
		return st;
	blob->size_bytes = len;
	if (len < LARGE_BYTES) {
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

static void
drop(struct dig_import_blob *blob)
{
	dig_buf_clear(&blob->bytes);
	dig_close(blob->fd);
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
	struct dig_import_blob blob = { 0, 0, DIG_BUF_INIT, -1 };
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
	if (st == DIG_OK)
		st = make_room(import, blob.size_bytes, err);
	/* Without a mark nothing can name it. */
	if (st != DIG_OK || blob.mark == 0) {
		drop(&blob);
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
    const struct dig_entry *old, struct dig_entry *entry, struct dig_error *err)
{
	struct dig_import_blob *blob;
	struct dig_mark mark;
	enum dig_status st;

	st = dig_marks_get(import->marks, number, &mark, err);
	if (st != DIG_OK)
		return st;
	blob = waiting(import, number, &mark);
	if (blob != NULL)
		return settle(import, blob, old, entry, err);
	if (mark.kind != DIG_MARK_BLOB)
		return dig_stream_bad(&import->stream, err,
		    "mark :%llu is no blob", (unsigned long long)number);
	from_mark(&mark, entry);
	return DIG_OK;
}

enum dig_status
dig_import_know_blob(struct dig_import *import, uint64_t number,
    const struct dig_entry *entry, struct dig_error *err)
{
	struct dig_import_blob *blob;
	struct dig_mark mark;
	enum dig_status st;

	st = dig_marks_get(import->marks, number, &mark, err);
	blob = st == DIG_OK ? waiting(import, number, &mark) : NULL;
	if (blob == NULL || blob->size_bytes != entry->size_bytes)
		return st;
	mark.kind = DIG_MARK_BLOB;
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
	struct dig_import_blob blob = { 0, 0, DIG_BUF_INIT, -1 };
	enum dig_status st = read_blob(import, &blob, err);

	if (st == DIG_OK)
		st = store_blob(import, &blob, old, entry, err);
	drop(&blob);
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
		    import, (size_t)LARGE_BYTES, &import->bytes, err);
	}
	if (st == DIG_OK)
		st = dig_stream_bytes(
		    &import->stream, len, to_nowhere, NULL, err);
	return st == DIG_OK ? dig_stream_newline(&import->stream, err) : st;
}
