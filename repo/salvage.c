/* SPDX-License-Identifier: MIT
 *
 * Salvage: the order of its sources, and the one place that stores.
 */
#include "repo/salvage.h"

#include <inttypes.h>
#include <stdio.h>

#include "objects/kept.h"

#define PAGE 1000
#define STEP_BYTES ((uint64_t)64 << 20)

/* ---- Storing ---------------------------------------------------------- */

bool
dig_salvage_needs(
    struct dig_salvage *salvage, enum dig_kind kind, const struct dig_oid *id)
{
	struct dig_oidmap_entry entry;

	return dig_fsck_object(salvage->fsck, kind, id) == NULL &&
	       !dig_oidmap_find(&salvage->put, kind, id, &entry);
}

enum dig_status
dig_salvage_put(struct dig_salvage *salvage, enum dig_kind kind,
    const struct dig_oid *id, const void *raw, size_t len, bool bulk,
    struct dig_error *err)
{
	const struct dig_location nowhere = { 0, 0, 0 };
	enum dig_status st = DIG_OK;

	if (!dig_salvage_needs(salvage, kind, id))
		return DIG_OK;
	if (salvage->dry) {
		dig_oidmap_place(&salvage->put, kind, id, &nowhere,
		    kind == DIG_KIND_CHUNK ? NULL : raw, len);
		return DIG_OK;
	}
	st = dig_writer_put_again(
	    dig_index_writer(salvage->index), kind, id, raw, len, bulk, err);
	if (st != DIG_OK)
		return st;
	dig_fsck_add_object(salvage->fsck, kind, id, len);
	salvage->pending_bytes += len;
	salvage->changed = true;
	return DIG_OK;
}

static enum dig_status
commit(struct dig_salvage *salvage, bool keep_open, struct dig_error *err)
{
	struct dig_commit_options options = { 0 };

	options.verb = "repair";
	options.derive = salvage->staged_lost;
	options.keep_open = keep_open;
	salvage->pending_bytes = 0;
	return dig_index_commit(salvage->index, &options, NULL, err);
}

enum dig_status
dig_salvage_step(struct dig_salvage *salvage, struct dig_error *err)
{
	if (dig_interrupted())
		return dig_raise(err, DIG_ECANCELLED, "interrupted");
	return salvage->pending_bytes < STEP_BYTES ? DIG_OK
						   : commit(salvage, true, err);
}

static enum dig_status
io_get(void *arg, enum dig_kind kind, const struct dig_oid *id,
    struct dig_buf *out, struct dig_error *err)
{
	struct dig_salvage *salvage = arg;
	struct dig_node_io io;

	if (dig_oidmap_raw(&salvage->nodes, kind, id, out) ||
	    dig_oidmap_raw(&salvage->put, kind, id, out))
		return DIG_OK;
	if (salvage->dry)
		return dig_reader_get(salvage->reader, kind, id, out, err);
	io = dig_writer_io(dig_index_writer(salvage->index));
	return io.get(io.arg, kind, id, out, err);
}

static enum dig_status
io_put(void *arg, enum dig_kind kind, const struct dig_oid *id,
    const void *data, size_t len, const struct dig_oid *base,
    struct dig_error *err)
{
	(void)base;
	return dig_salvage_put(arg, kind, id, data, len, false, err);
}

struct dig_node_io
dig_salvage_io(struct dig_salvage *salvage)
{
	struct dig_node_io io = { salvage, io_get, io_put };

	return io;
}

/* ---- Chunks ----------------------------------------------------------- */

/* Which content ids are those of one chunk, and which chunks are lost. */
static enum dig_status
note_chunks(
    struct dig_salvage *salvage, struct dig_db *db, struct dig_error *err)
{
	const struct dig_location nowhere = { 0, 0, 0 };
	struct dig_stmt *stmt = NULL;
	enum dig_status st = DIG_OK;
	struct dig_oid content;
	struct dig_oid chunk;
	int64_t after = 0;
	size_t n = PAGE;

	while (st == DIG_OK && n == PAGE) {
		st = dig_db_stmt(db, DIG_SQL_OBJECT_PAGE, &stmt, err);
		if (st != DIG_OK)
			return st;
		dig_stmt_bind_int(stmt, 1, after);
		dig_stmt_bind_int(stmt, 2, PAGE);
		for (n = 0; (st = dig_stmt_row(stmt, err)) == DIG_OK; n++) {
			after = dig_stmt_int(stmt, 0);
			if (dig_stmt_int(stmt, 4) != DIG_KIND_CHUNK)
				continue;
			st = dig_stmt_oid(stmt, 8, &chunk, err);
			if (st != DIG_OK)
				break;
			dig_content_leaf((uint64_t)dig_stmt_int(stmt, 6),
			    chunk.bytes, content.bytes);
			dig_oidmap_place(&salvage->chunks, DIG_KIND_CHUNK,
			    &content, &nowhere, chunk.bytes,
			    sizeof(chunk.bytes));
			if (dig_salvage_needs(salvage, DIG_KIND_CHUNK, &chunk))
				dig_oidmap_claim(
				    &salvage->lost, DIG_KIND_CHUNK, &chunk);
		}
		dig_stmt_done(stmt);
		if (st == DIG_ENOTFOUND)
			st = DIG_OK;
	}
	return st;
}

void
dig_salvage_entry(struct dig_salvage *salvage, enum dig_entry_kind kind,
    uint64_t size_bytes, const void *content, size_t len, struct dig_entry *out)
{
	struct dig_buf chunk = DIG_BUF_INIT;

	out->kind = kind;
	out->size_bytes = size_bytes;
	out->form = DIG_FORM_NODES;
	out->stored = dig_oid_zero;
	memcpy(out->stored.bytes, content,
	    len < DIG_HASH_SIZE ? len : DIG_HASH_SIZE);
	if (kind == DIG_ENTRY_LINK) {
		out->form = DIG_FORM_LINK;
		out->size_bytes = len;
	} else if (size_bytes == 0) {
		out->form = DIG_FORM_EMPTY;
		out->stored = dig_oid_zero;
	} else if (dig_oidmap_raw(&salvage->chunks, DIG_KIND_CHUNK,
		       &out->stored, &chunk) &&
		   chunk.len == DIG_HASH_SIZE) {
		out->form = DIG_FORM_CHUNK;
		memcpy(out->stored.bytes, chunk.data, DIG_HASH_SIZE);
	}
	dig_buf_clear(&chunk);
}

/* ---- Quarantine ------------------------------------------------------- */

static bool
want_kept(void *arg, enum dig_kind kind, const struct dig_oid *id)
{
	return dig_salvage_needs(arg, kind, id);
}

static enum dig_status
take_kept(void *arg, enum dig_kind kind, const struct dig_oid *id,
    const struct dig_buf *raw, struct dig_error *err)
{
	struct dig_salvage *salvage = arg;

	salvage->from_quarantine++;
	return dig_salvage_put(
	    salvage, kind, id, raw->data, raw->len, false, err);
}

static enum dig_status
from_quarantine(struct dig_salvage *salvage, struct dig_error *err)
{
	struct dig_store *store = dig_index_store(salvage->index);
	const struct dig_fsck *fsck = salvage->fsck;
	enum dig_status st = DIG_OK;

	for (size_t i = 0; st == DIG_OK && i < fsck->nbad_packs; i++) {
		st = dig_store_each_kept(store, fsck->bad_packs[i], want_kept,
		    take_kept, salvage, err);
		if (st == DIG_OK)
			st = dig_salvage_step(salvage, err);
	}
	return st;
}

/* ---- The whole -------------------------------------------------------- */

static void
tell(struct dig_salvage *salvage, const char *file, uint64_t count,
    const char *what, const char *from)
{
	struct dig_finding finding;
	char message[160];

	if (count == 0)
		return;
	memset(&finding, 0, sizeof(finding));
	finding.kind =
	    salvage->dry ? DIG_FINDING_DAMAGED : DIG_FINDING_REPAIRED;
	finding.file = file;
	snprintf(message, sizeof(message), "%" PRIu64 " %s %s stored again%s",
	    count, what, salvage->dry ? "can be" : "are", from);
	finding.message = message;
	dig_fsck_found(salvage->fsck, &finding);
}

static void
tell_of_staged(struct dig_salvage *salvage)
{
	struct dig_finding finding;

	memset(&finding, 0, sizeof(finding));
	finding.kind = DIG_FINDING_LOST;
	finding.staged = true;
	finding.message =
	    salvage->staged_head
		? "it is what HEAD has now; 'dig add' stages working files"
		: "it is empty now; 'dig add' stages working files";
	dig_fsck_found(salvage->fsck, &finding);
}

static void
tell_all(struct dig_salvage *salvage)
{
	char from[64];

	tell(salvage, "quarantine", salvage->from_quarantine, "lost objects",
	    ", from a copy of their pack");
	tell(salvage, DIG_DB_FILE, salvage->trees, "lost trees",
	    ", from rows that have their id");
	tell(salvage, DIG_DB_FILE, salvage->commits, "lost commits",
	    ", from rows that have their id");
	snprintf(from, sizeof(from), ", from %" PRIu64 " working file%s",
	    salvage->files, salvage->files == 1 ? "" : "s");
	tell(salvage, NULL, salvage->chunks_of_files, "lost chunks", from);
	if (salvage->staged_lost && !salvage->dry)
		tell_of_staged(salvage);
}

static bool
only_bulk(const struct dig_salvage *salvage)
{
	const struct dig_state *state = dig_index_state(salvage->index);
	const struct dig_fsck *fsck = salvage->fsck;
	bool bulk = true;

	for (size_t i = 0; i < fsck->nbad_packs; i++) {
		const struct dig_pack_state *pack =
		    dig_state_pack(state, fsck->bad_packs[i]);

		bulk &= pack != NULL && (pack->flags & DIG_PACK_BULK) != 0;
	}
	return bulk;
}

static enum dig_status
all_sources(struct dig_salvage *salvage, struct dig_error *err)
{
	struct dig_db *db = dig_index_db(salvage->index);
	enum dig_status st = from_quarantine(salvage, err);

	if (st != DIG_OK || db == NULL)
		return st;
	st = note_chunks(salvage, db, err);
	if (st == DIG_OK)
		st = dig_salvage_files(salvage, err);
	/* Commits come last: what is stored behind the newest one counts as the
	 * cost of the next. Bulk packs hold chunks alone. */
	if (st == DIG_OK && !only_bulk(salvage))
		st = dig_salvage_history(salvage, err);
	return st;
}

static void
init(struct dig_salvage *salvage, struct dig_fsck *fsck)
{
	memset(salvage, 0, sizeof(*salvage));
	salvage->fsck = fsck;
	salvage->index = fsck->repo->index;
	salvage->dry = !fsck->options->repair;
	dig_oidmap_init(&salvage->put);
	dig_oidmap_init(&salvage->chunks);
	dig_oidmap_init(&salvage->lost);
	dig_oidmap_init(&salvage->nodes);
	dig_oidmap_init(&salvage->whole);
}

static void
clear(struct dig_salvage *salvage)
{
	dig_reader_free(salvage->reader);
	dig_oidmap_clear(&salvage->put);
	dig_oidmap_clear(&salvage->chunks);
	dig_oidmap_clear(&salvage->lost);
	dig_oidmap_clear(&salvage->nodes);
	dig_oidmap_clear(&salvage->whole);
}

enum dig_status
dig_fsck_salvage(struct dig_fsck *fsck, struct dig_error *err)
{
	struct dig_salvage salvage;
	enum dig_status st = DIG_OK;

	if (fsck->nbad_packs == 0)
		return DIG_OK;
	init(&salvage, fsck);
	if (salvage.dry)
		salvage.reader = dig_reader_new(dig_index_store(salvage.index));
	else
		st = dig_index_begin(salvage.index, err);
	if (st == DIG_OK)
		st = all_sources(&salvage, err);
	if (st == DIG_OK && salvage.changed)
		st = commit(&salvage, false, err);
	if (!salvage.dry)
		dig_index_rollback(salvage.index);
	if (st == DIG_OK)
		tell_all(&salvage);
	clear(&salvage);
	return st;
}
