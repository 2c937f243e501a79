/* SPDX-License-Identifier: MIT
 *
 * Lost contents, from the files that were added: the same chunker cuts equal
 * bytes into equal chunks. An edited file gives back those of its chunks that
 * are still the same.
 */
#include <errno.h>
#include <stdlib.h>

#include "repo/salvage.h"
#include "staging/hash_file.h"
#include "staging/rows.h"

#define BULK_BYTES ((uint64_t)16 << 20) /* as add has it */

/* ---- Is it needed? ---------------------------------------------------- */

/* Note the chunks of a content that cannot be read. *gap: there are some, or
 * nodes are lost, too. */
static enum dig_status
note_lost(struct dig_salvage *salvage, const struct dig_entry *entry, bool *gap,
    struct dig_error *err)
{
	struct dig_node_io io = dig_salvage_io(salvage);
	struct dig_file_reader *reader = NULL;
	enum dig_status st;
	struct dig_oid chunk;
	uint64_t offset;
	uint64_t length;
	bool done = false;

	*gap = false;
	st = dig_file_reader_new(&io, entry, &reader, err);
	while (st == DIG_OK) {
		st = dig_file_reader_next(
		    reader, &chunk, &offset, &length, &done, err);
		if (st != DIG_OK || done)
			break;
		if (!dig_salvage_needs(salvage, DIG_KIND_CHUNK, &chunk))
			continue;
		dig_oidmap_claim(&salvage->lost, DIG_KIND_CHUNK, &chunk);
		*gap = true;
	}
	dig_file_reader_free(reader);
	if (st == DIG_ECORRUPT || st == DIG_ENOTFOUND) {
		*gap = true;
		st = DIG_OK;
	}
	return st;
}

/* ---- One file --------------------------------------------------------- */

struct content {
	struct dig_salvage *salvage;
	bool equal; /* to what is staged: all of it is needed */
	bool bulk;
	struct dig_file_builder *builder;
	uint64_t chunks; /* put */
};

static enum dig_status
take_chunk(struct content *content, const uint8_t *data, size_t len,
    struct dig_error *err)
{
	struct dig_salvage *salvage = content->salvage;
	struct dig_oidmap_entry entry;
	enum dig_status st = DIG_OK;
	struct dig_oid id;

	dig_sha256(data, len, id.bytes);
	if (dig_salvage_needs(salvage, DIG_KIND_CHUNK, &id) &&
	    (content->equal ||
		dig_oidmap_find(&salvage->lost, DIG_KIND_CHUNK, &id, &entry))) {
		content->chunks++;
		st = dig_salvage_put(salvage, DIG_KIND_CHUNK, &id, data, len,
		    content->bulk, err);
	}
	if (st == DIG_OK && content->equal)
		st = dig_file_builder_add(content->builder, len, &id, err);
	return st;
}

/* Cut it as add does. A file that cannot be read to its end gives back what
 * came before. */
static enum dig_status
take_chunks(struct content *content, int fd, struct dig_error *err)
{
	const struct dig_chunk_profile *profile = dig_chunk_profile(
	    dig_store_chunk_profile(dig_index_store(content->salvage->index)));
	size_t cap = 2 * profile->max_bytes;
	uint8_t *data = dig_alloc(cap);
	enum dig_status st = DIG_OK;
	uint64_t offset = 0;
	bool ended = false;
	size_t len = 0;

	while (st == DIG_OK) {
		size_t at = 0;

		if (!ended) {
			int64_t n =
			    dig_pread_full(fd, data + len, cap - len, offset);

			if (n < 0)
				break;
			ended = (size_t)n < cap - len;
			offset += (uint64_t)n;
			len += (size_t)n;
		}
		if (len == 0)
			break;
		while (st == DIG_OK && at < len &&
		       (ended || len - at >= profile->max_bytes)) {
			size_t cut =
			    dig_chunk_cut(profile, data + at, len - at);

			st = take_chunk(content, data + at, cut, err);
			at += cut;
		}
		memmove(data, data + at, len - at);
		len -= at;
		if (st == DIG_OK)
			st = dig_salvage_step(content->salvage, err);
	}
	free(data);
	return st;
}

static enum dig_status
take_file(struct dig_salvage *salvage, int fd, const struct dig_row *row,
    struct dig_error *err)
{
	const struct dig_chunk_profile *profile = dig_chunk_profile(
	    dig_store_chunk_profile(dig_index_store(salvage->index)));
	struct dig_node_io io = dig_salvage_io(salvage);
	struct content content = { salvage, false, false, NULL, 0 };
	enum dig_status st;
	struct dig_entry entry;
	struct dig_oid id;
	uint64_t got;

	st = dig_hash_file(fd, profile, row->staged.size_bytes, &id, &got, err);
	if (st == DIG_EFILE)
		return DIG_OK;
	if (st != DIG_OK)
		return st;
	content.equal = dig_oid_eq(&id, &row->staged.content);
	content.bulk = got > BULK_BYTES;
	if (!content.equal && dig_oidmap_len(&salvage->lost) == 0)
		return DIG_OK;
	content.builder = dig_file_builder_new(&io);
	st = take_chunks(&content, fd, err);
	if (st == DIG_OK && content.equal)
		st = dig_file_builder_finish(content.builder, &entry, err);
	dig_file_builder_free(content.builder);
	salvage->chunks_of_files += content.chunks;
	salvage->files += content.chunks > 0;
	return st;
}

static enum dig_status
take_link(struct dig_salvage *salvage, int dirfd, const char *name,
    const struct dig_row *row, struct dig_error *err)
{
	struct dig_buf target = DIG_BUF_INIT;
	enum dig_status st = DIG_OK;
	struct dig_oid content;
	struct dig_oid chunk;

	if (dig_readlink_at(dirfd, name, &target) == 0 && target.len > 0) {
		dig_hash_chunk(target.data, target.len, &content);
		dig_sha256(target.data, target.len, chunk.bytes);
		if (dig_oid_eq(&content, &row->staged.content) &&
		    dig_salvage_needs(salvage, DIG_KIND_CHUNK, &chunk)) {
			salvage->chunks_of_files++;
			salvage->files++;
			st = dig_salvage_put(salvage, DIG_KIND_CHUNK, &chunk,
			    target.data, target.len, false, err);
		}
	}
	dig_buf_clear(&target);
	return st;
}

/* ---- All of them ------------------------------------------------------ */

static enum dig_status
one_row(struct dig_salvage *salvage, const struct dig_row *row,
    struct dig_error *err)
{
	enum dig_status st;
	struct dig_entry entry;
	struct dig_stat sb;
	const char *name;
	bool gap = false;
	int dirfd;
	int fd;

	memset(&entry, 0, sizeof(entry));
	dig_salvage_entry(salvage, row->staged.kind, row->staged.size_bytes,
	    row->staged.content.bytes, DIG_HASH_SIZE, &entry);
	if (entry.form == DIG_FORM_LINK || entry.form == DIG_FORM_EMPTY)
		return DIG_OK;
	st = note_lost(salvage, &entry, &gap, err);
	if (st != DIG_OK || !gap)
		return st;
	dirfd = dig_open_parent(salvage->fsck->repo->root_fd, row->path, &name);
	if (dirfd < 0)
		return DIG_OK;
	if (row->staged.kind == DIG_ENTRY_SYMLINK) {
		st = take_link(salvage, dirfd, name, row, err);
	} else {
		fd = dig_open_at(dirfd, name, DIG_OPEN_READ);
		if (fd >= 0 && dig_stat_fd(fd, &sb) == 0 &&
		    sb.type == DIG_FT_REGULAR)
			st = take_file(salvage, fd, row, err);
		dig_close(fd);
	}
	dig_close(dirfd);
	return st;
}

enum dig_status
dig_salvage_files(struct dig_salvage *salvage, struct dig_error *err)
{
	const struct dig_talk *talk = &salvage->fsck->repo->talk;
	struct dig_rows *rows =
	    dig_rows_new(dig_index_db(salvage->index), "", 0);
	struct dig_progress_report report = { "looking at working files", 0, 0,
		0, 0, NULL };
	const struct dig_row *row = NULL;
	enum dig_status st = DIG_OK;

	while (st == DIG_OK) {
		st = dig_rows_next(rows, &row, err);
		if (st != DIG_OK || row == NULL)
			break;
		st = one_row(salvage, row, err);
		if (st == DIG_OK)
			st = dig_salvage_step(salvage, err);
		report.files_done++;
		if (talk->progress != NULL)
			talk->progress(talk->arg, &report);
	}
	dig_rows_free(rows);
	return st;
}
