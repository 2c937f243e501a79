/* SPDX-License-Identifier: MIT
 *
 * Importing from git: the commands of a fast-import stream, one after another,
 * in one transaction that is committed from time to time.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "repo/bridge/import.h"

/* A checkpoint is due after so much was stored, before compression. */
#define CHECKPOINT_BYTES ((uint64_t)128 << 20)

/* ---- Storing ---------------------------------------------------------- */

static enum dig_status
counting_get(void *arg, enum dig_kind kind, const struct dig_oid *id,
    struct dig_buf *out, struct dig_error *err)
{
	struct dig_import *import = arg;

	return import->store.get(import->store.arg, kind, id, out, err);
}

static enum dig_status
counting_put(void *arg, enum dig_kind kind, const struct dig_oid *id,
    const void *data, size_t len, const struct dig_oid *base,
    struct dig_error *err)
{
	struct dig_import *import = arg;

	import->uncommitted += len;
	return import->store.put(
	    import->store.arg, kind, id, data, len, base, err);
}

enum dig_status
dig_import_breathe(struct dig_import *import, struct dig_error *err)
{
	struct dig_progress_report report = {
		.what = "importing",
		.unit = "commits",
		.files_done = import->result->commits + import->result->known,
		.bytes_done = dig_stream_offset(&import->stream),
	};

	if (import->repo->talk.progress != NULL)
		import->repo->talk.progress(import->repo->talk.arg, &report);
	if (dig_interrupted())
		return dig_raise(err, DIG_ECANCELLED, "interrupted");
	return import->uncommitted >= CHECKPOINT_BYTES
		   ? dig_import_checkpoint(import, err)
		   : DIG_OK;
}

/* ---- Words of the stream ---------------------------------------------- */

bool
dig_import_mark(const char *text, uint64_t *out)
{
	uint64_t value = 0;

	if (*text++ != ':' || *text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9' || value > UINT64_MAX / 10 - 1)
			return false;
		value = value * 10 + (uint64_t)(*text - '0');
	}
	*out = value;
	return value > 0;
}

enum dig_status
dig_import_length(struct dig_import *import, uint64_t *len, const char **word,
    struct dig_error *err)
{
	struct dig_stream *stream = &import->stream;
	const char *text;
	enum dig_status st;
	bool ended;

	st = dig_stream_line(stream, &ended, err);
	if (st != DIG_OK)
		return st;
	text = ended ? NULL : dig_stream_after(stream, "data ");
	if (text == NULL)
		return dig_stream_bad(stream, err, "'data' should stand here");
	if (strncmp(text, "<<", 2) == 0 && text[2] != '\0') {
		*word = text + 2;
		return DIG_ENO;
	}
	if (*text == '\0')
		return dig_stream_bad(stream, err, "'data' has no length");
	for (*len = 0; *text != '\0'; text++) {
		if (*text < '0' || *text > '9' || *len > INT64_MAX / 10 - 1)
			return dig_stream_bad(
			    stream, err, "'data' has no length");
		*len = *len * 10 + (uint64_t)(*text - '0');
	}
	return DIG_OK;
}

static enum dig_status
append(void *arg, const void *data, size_t len, struct dig_error *err)
{
	(void)err;
	dig_buf_put(arg, data, len);
	return DIG_OK;
}

/* Lines up to one that is `word`. */
static enum dig_status
delimited(struct dig_import *import, const char *word, size_t limit,
    struct dig_buf *out, struct dig_error *err)
{
	struct dig_stream *stream = &import->stream;
	char *end = dig_strdup(word);
	enum dig_status st;
	bool ended;

	for (;;) {
		/* Comments count here; so not by dig_stream_line's rule. */
		st = dig_stream_raw_line(stream, &ended, err);
		if (st == DIG_OK && ended)
			st = dig_stream_short(stream, err);
		if (st != DIG_OK ||
		    strcmp((const char *)stream->line.data, end) == 0)
			break;
		if (out->len + stream->line.len >= limit) {
			st = dig_stream_bad(
			    stream, err, "'data' is too long here");
			break;
		}
		dig_buf_put(out, stream->line.data, stream->line.len);
		dig_buf_putc(out, '\n');
	}
	free(end);
	return st == DIG_OK ? dig_stream_newline(stream, err) : st;
}

enum dig_status
dig_import_data(struct dig_import *import, size_t limit, struct dig_buf *out,
    struct dig_error *err)
{
	const char *word = NULL;
	enum dig_status st;
	uint64_t len;

	dig_buf_reset(out);
	st = dig_import_length(import, &len, &word, err);
	if (st == DIG_ENO)
		return delimited(import, word, limit, out, err);
	if (st == DIG_OK && len > limit)
		st = dig_stream_bad(&import->stream, err,
		    "%llu bytes are more than the %zu that are possible here",
		    (unsigned long long)len, limit);
	if (st == DIG_OK)
		st = dig_stream_bytes(&import->stream, len, append, out, err);
	return st == DIG_OK ? dig_stream_newline(&import->stream, err) : st;
}

/* ---- Commands --------------------------------------------------------- */

/* `reset REF`, and where to. */
static enum dig_status
reset(struct dig_import *import, const char *name, struct dig_error *err)
{
	struct dig_stream *stream = &import->stream;
	struct dig_mark mark = { .kind = DIG_MARK_NONE };
	char *ref = dig_strdup(name);
	const char *from = NULL;
	enum dig_status st;
	bool ended;

	dig_state_set_ref(&import->refs, ref, NULL);
	st = dig_stream_line(stream, &ended, err);
	if (st == DIG_OK && !ended) {
		from = dig_stream_after(stream, "from ");
		if (from == NULL)
			dig_stream_again(stream);
	}
	if (st == DIG_OK && from != NULL)
		st = dig_import_resolve(import, from, &mark, err);
	if (st == DIG_OK && from != NULL && mark.kind == DIG_MARK_NONE) {
		dig_state_set_ref(&import->gone, ref, &dig_oid_zero);
	} else if (st == DIG_OK && from != NULL) {
		if (mark.kind == DIG_MARK_COMMIT)
			dig_state_set_ref(&import->refs, ref, &mark.id);
		else
			dig_repo_warn(import->repo,
			    "%.200s names no commit and is left out", ref);
	}
	free(ref);
	return st;
}

static enum dig_status
feature(struct dig_import *import, const char *name, struct dig_error *err)
{
	static const char *const harmless[] = { "date-format=raw",
		"date-format=raw-permissive", "relative-marks",
		"no-relative-marks", "force" };

	if (strcmp(name, "done") == 0) {
		import->needs_done = true;
		return DIG_OK;
	}
	for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
		if (strcmp(name, harmless[i]) == 0)
			return DIG_OK;
	return dig_stream_bad(
	    &import->stream, err, "dig has no feature '%.100s'", name);
}

/* `alias`, `mark :1`, `to WORD`. */
static enum dig_status
alias(struct dig_import *import, struct dig_error *err)
{
	struct dig_stream *stream = &import->stream;
	struct dig_mark mark;
	const char *text;
	enum dig_status st;
	uint64_t number = 0;
	bool ended;

	st = dig_stream_line(stream, &ended, err);
	if (st != DIG_OK)
		return st;
	text = ended ? NULL : dig_stream_after(stream, "mark ");
	if (text == NULL || !dig_import_mark(text, &number))
		return dig_stream_bad(stream, err, "'alias' needs a mark");
	st = dig_stream_line(stream, &ended, err);
	if (st != DIG_OK)
		return st;
	text = ended ? NULL : dig_stream_after(stream, "to ");
	if (text == NULL)
		return dig_stream_bad(stream, err, "'alias' needs a 'to'");
	st = dig_import_resolve(import, text, &mark, err);
	return st == DIG_OK ? dig_marks_put(import->marks, number, &mark, err)
			    : st;
}

static enum dig_status
command(struct dig_import *import, struct dig_error *err)
{
	struct dig_stream *stream = &import->stream;
	const char *line = (const char *)stream->line.data;
	const char *rest;

	if (line[0] == '\0' || dig_stream_after(stream, "progress ") != NULL ||
	    dig_stream_after(stream, "option ") != NULL)
		return DIG_OK;
	if (strcmp(line, "blob") == 0)
		return dig_import_blob(import, err);
	if ((rest = dig_stream_after(stream, "commit ")) != NULL)
		return dig_import_commit(import, rest, err);
	if ((rest = dig_stream_after(stream, "tag ")) != NULL)
		return dig_import_tag(import, rest, err);
	if ((rest = dig_stream_after(stream, "reset ")) != NULL)
		return reset(import, rest, err);
	if ((rest = dig_stream_after(stream, "feature ")) != NULL)
		return feature(import, rest, err);
	if (strcmp(line, "alias") == 0)
		return alias(import, err);
	if (strcmp(line, "checkpoint") == 0)
		return dig_import_publish(import, false, err);
	if (strcmp(line, "done") == 0) {
		import->finished = true;
		return DIG_OK;
	}
	return dig_stream_bad(stream, err, "dig does not know '%.100s'", line);
}

static enum dig_status
commands(struct dig_import *import, struct dig_error *err)
{
	enum dig_status st = DIG_OK;
	bool ended = false;

	while (st == DIG_OK && !import->finished) {
		st = dig_stream_line(&import->stream, &ended, err);
		if (st != DIG_OK || ended)
			break;
		st = command(import, err);
		if (st == DIG_OK)
			st = dig_import_breathe(import, err);
	}
	if (st == DIG_OK && import->needs_done && !import->finished)
		st = dig_stream_short(&import->stream, err);
	return st;
}

/* ---- The whole -------------------------------------------------------- */

static enum dig_status
prepare(struct dig_import *import, struct dig_error *err)
{
	struct dig_store *store = dig_index_store(import->index);
	struct dig_writer *writer = dig_index_writer(import->index);
	enum dig_status st;

	dig_writer_chain(writer);
	import->store = dig_writer_io(writer);
	import->io = (struct dig_node_io){ import, counting_get, counting_put };
	import->put.writer = writer;
	import->put.profile = dig_chunk_profile(dig_store_chunk_profile(store));
	import->first_ref = dig_import_first_ref(dig_index_next(import->index));
	st = dig_marks_new(import->repo->dirfd, &import->marks, err);
	import->edits = dig_edits_new(&import->io, dig_import_bad_name, import);
	import->blobs =
	    dig_calloc(DIG_BLOBS_WAITING, sizeof(struct dig_import_blob));
	return st;
}

static void
clear(struct dig_import *import)
{
	struct dig_buf *bufs[] = { &import->message, &import->author,
		&import->committer, &import->encoding, &import->git_id,
		&import->lfs, &import->parents, &import->path, &import->path2,
		&import->bytes };

	for (size_t i = 0; i < sizeof(bufs) / sizeof(bufs[0]); i++)
		dig_buf_clear(bufs[i]);
	dig_import_blobs_clear(import);
	dig_edits_free(import->edits);
	dig_marks_free(import->marks);
	dig_put_clear(&import->put);
	dig_state_clear(&import->refs);
	dig_state_clear(&import->gone);
	dig_stream_clear(&import->stream);
	dig_close(import->lfs_fd);
}

/* The stream broke off; the commits that are whole need not come again. */
static void
keep(struct dig_import *import)
{
	struct dig_error ignored;

	if (import->uncommitted > 0 && import->refs.nrefs > 0 &&
	    dig_index_in_transaction(import->index))
		dig_ignore(dig_import_checkpoint(import, &ignored));
}

enum dig_status
dig_import_git(struct dig_repo *repo, const struct dig_import_options *options,
    struct dig_import_result *result, struct dig_error *err)
{
	struct dig_import import = {
		.repo = repo,
		.options = options,
		.result = result,
		.index = repo->index,
		.lfs_fd = -1,
	};
	enum dig_status st;

	memset(result, 0, sizeof(*result));
	dig_state_init(&import.refs);
	dig_state_init(&import.gone);
	dig_stream_init(&import.stream, options->fd);
	if (options->lfs != NULL)
		import.lfs_fd = dig_open_at(AT_FDCWD, options->lfs,
		    DIG_OPEN_DIRECTORY | DIG_OPEN_FOLLOW);
	if (import.lfs_fd < 0)
		import.lfs_fd = -1; /* then everything is missing */
	st = dig_index_begin(repo->index, err);
	if (st == DIG_OK) {
		st = prepare(&import, err);
		if (st == DIG_OK)
			st = commands(&import, err);
		if (st == DIG_OK)
			st = dig_import_publish(&import, true, err);
		if (st == DIG_EFILE || st == DIG_ECANCELLED)
			keep(&import);
		dig_index_rollback(repo->index); /* what was not committed */
		if (st == DIG_EINVALID)
			dig_import_forget(&import);
	}
	clear(&import);
	return st;
}
