/* SPDX-License-Identifier: MIT
 *
 * Reading, healing and appending the journal. Record bytes are in
 * journal_record.c.
 *
 *      +--------+   prepare    +----------+   append    +-----------+
 *      | steady | -----------> | prepared | ----------> | committed |
 *      +--------+              +----------+             +-----------+
 *          ^    <-- unprepare --+                 mirror |
 *          +---------------------------------------------+
 */
#include "objects/journal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "objects/base/io.h"
#include "objects/journal_internal.h"
#include "objects/journal_record.h"

#define NAME DIG_JOURNAL_FILE
#define COPY_NAME DIG_JOURNAL_COPY
#define FILE_LIMIT ((uint64_t)4 << 30)

/* ---- Reading ---------------------------------------------------------- */

enum dig_status
dig_journal_slurp(int dirfd, const char *name, uint64_t from,
    struct dig_buf *out, struct dig_stat *sb, bool *exists,
    struct dig_error *err)
{
	enum dig_status st = DIG_OK;
	struct dig_stat now;
	int64_t n;
	int fd;

	dig_buf_reset(out);
	*exists = false;
	fd = dig_open_at(dirfd, name, DIG_OPEN_READ);
	if (fd == -ENOENT)
		return DIG_OK;
	if (fd < 0)
		return dig_raise_os(err, DIG_EIO, -fd, "opening %s", name);
	if (dig_stat_fd(fd, &now) != 0 || now.type != DIG_FT_REGULAR ||
	    now.size_bytes > FILE_LIMIT) {
		st = dig_raise(err, DIG_ECORRUPT, "%s is not a journal", name);
		goto out;
	}
	*exists = true;
	if (sb != NULL)
		*sb = now;
	if (now.size_bytes <= from)
		goto out;
	dig_buf_reserve(out, (size_t)(now.size_bytes - from));
	n = dig_pread_full(
	    fd, out->data, (size_t)(now.size_bytes - from), from);
	if (n < 0) {
		st = dig_raise_os(err, DIG_EIO, (int)-n, "reading %s", name);
		goto out;
	}
	out->len = (size_t)n;
	out->data[n] = '\0';
out:
	dig_close(fd);
	return st;
}

/* The record at `pos` (file offset) of a slurped file, if one is there that
 * follows `prev` (NULL: it must be a checkpoint, or the first record). */
static bool
record_at(const struct dig_buf *buf, uint64_t start, uint64_t pos,
    const struct dig_journal_record *prev, struct dig_journal_record *out)
{
	if (pos < start || pos - start >= buf->len)
		return false;
	if (!dig_journal_record_decode(buf->data + (pos - start),
		buf->len - (size_t)(pos - start), pos, out))
		return false;
	if (prev == NULL ? !out->is_checkpoint
			 : (out->seq != prev->seq + 1 ||
			       !dig_oid_eq(&out->previous, &prev->hash))) {
		dig_journal_record_clear(out);
		return false;
	}
	return true;
}

bool
dig_journal_record_follows(
    const struct dig_buf *buf, uint64_t start, uint64_t pos, uint64_t seq)
{
	struct dig_journal_record rec;
	uint64_t patience = 16 * (uint64_t)buf->len;

	for (uint64_t at = pos - start; at < buf->len; at++) {
		size_t left = buf->len - (size_t)at;
		uint64_t cost = dig_journal_record_span(buf->data + at, left);

		if (cost == 0)
			continue;
		if (cost > patience)
			return true;
		patience -= cost;
		if (dig_journal_record_decode(
			buf->data + at, left, start + at, &rec)) {
			uint64_t found = rec.seq;

			dig_journal_record_clear(&rec);
			if (found >= seq)
				return true;
		}
	}
	return false;
}

/* Take a record that was read as the newest one. */
static void
advance(struct dig_journal *journal, struct dig_journal_record *rec,
    const uint8_t *bytes)
{
	dig_journal_apply(rec, &journal->state);
	if (rec->has_store) {
		memcpy(journal->store_id, rec->store_id, 32);
		journal->chunk_profile = rec->chunk_profile;
	}
	if (rec->is_checkpoint)
		journal->checkpoint_len = rec->length;
	dig_buf_put(&journal->good, bytes, (size_t)rec->length);
	dig_buf_reset(&journal->last_bytes);
	dig_buf_put(&journal->last_bytes, bytes, (size_t)rec->length);
	dig_journal_record_clear(&journal->last);
	journal->last = *rec;
	journal->end = rec->offset + rec->length;
}

static enum dig_status
damaged(uint64_t pos, uint64_t seq, struct dig_error *err)
{
	enum dig_status st = dig_raise(err, DIG_ECORRUPT,
	    "journal record %llu at offset %llu is damaged and no copy of it "
	    "is left",
	    (unsigned long long)seq, (unsigned long long)pos);

	dig_hint(err, "nothing was changed; put back .dig/journal or "
		      ".dig/journal.2 from a backup");
	return st;
}

static size_t
shared_prefix(const struct dig_buf *a, const struct dig_buf *b)
{
	size_t same = 0;

	while (same < a->len && same < b->len && a->data[same] == b->data[same])
		same++;
	return same;
}

/* Parse from journal->start on, choosing for each record the first source
 * that has it whole: the file, the copy, the index. */
static enum dig_status
parse(struct dig_journal *journal, const struct dig_buf *file,
    const struct dig_buf *copy, const struct dig_journal_hint *hint,
    uint64_t hint_seq, struct dig_error *err)
{
	struct dig_journal_record rec;
	uint64_t start = journal->start;
	uint64_t pos = start;
	bool first = true;

	for (;; first = false) {
		const struct dig_journal_record *prev =
		    first ? NULL : &journal->last;
		struct dig_buf said = DIG_BUF_INIT;

		if (hint != NULL && hint->offset == pos) {
			said.data = (uint8_t *)(uintptr_t)hint->bytes;
			said.len = hint->len;
		}
		if (record_at(file, start, pos, prev, &rec)) {
			advance(journal, &rec, file->data + (pos - start));
		} else if (record_at(copy, start, pos, prev, &rec)) {
			advance(journal, &rec, copy->data + (pos - start));
			journal->main_differs = true;
		} else if (said.len > 0 &&
			   record_at(&said, pos, pos, prev, &rec)) {
			advance(journal, &rec, hint->bytes);
			journal->main_differs = true;
		} else {
			break;
		}
		pos = journal->end;
	}
	/* What is in the copy was committed before: where both files go on,
	 * and neither has a good record, it was not the writer that died. */
	if (first || hint_seq > journal->last.seq ||
	    (start + file->len > pos && start + copy->len > pos) ||
	    dig_journal_record_follows(file, start, pos, 0) ||
	    dig_journal_record_follows(copy, start, pos, 0))
		return damaged(pos, first ? 1 : journal->last.seq + 1, err);
	journal->torn = start + file->len > pos;
	return DIG_OK;
}

/*
 * A fold (journal_fold.c) puts a new file in the place of the journal, then one
 * in that of the copy. Where the two differ in their first records they are
 * not the same journal, and the one with the higher sequence numbers is right.
 * Its bytes are in `file` then, and `copy` is empty.
 *
 * False: one first record is bad, so they cannot be compared.
 */
static bool
choose_generation(
    struct dig_journal *journal, struct dig_buf *file, struct dig_buf *copy)
{
	struct dig_journal_record a;
	struct dig_journal_record b;
	struct dig_buf swap;

	if (!record_at(file, 0, 0, NULL, &a))
		return file->len == 0;
	if (!record_at(copy, 0, 0, NULL, &b)) {
		dig_journal_record_clear(&a);
		return copy->len == 0;
	}
	if (!dig_oid_eq(&a.hash, &b.hash)) {
		if (b.seq > a.seq) {
			swap = *file;
			*file = *copy;
			*copy = swap;
			journal->main_differs = true;
		}
		dig_buf_reset(copy);
	}
	dig_journal_record_clear(&a);
	dig_journal_record_clear(&b);
	return true;
}

/* What the index has is in this journal, at the same place. */
static bool
has_hint(const struct dig_journal *journal, const struct dig_journal_hint *hint)
{
	return hint != NULL && hint->offset >= journal->start &&
	       hint->offset + hint->len <= journal->end &&
	       memcmp(journal->good.data + (hint->offset - journal->start),
		   hint->bytes, hint->len) == 0;
}

/* A hint, and what follows from it. */
struct known {
	const struct dig_journal_hint *hint; /* NULL: nothing is known */
	uint64_t seq;                        /* of its record */
	uint64_t durable_end; /* records up to there are known to be synced */
};

/* From `start` on, the offset of a checkpoint; 0: the whole. */
static enum dig_status
open_from(int dig_dirfd, const struct known *known, uint64_t start,
    struct dig_journal **out, struct dig_error *err)
{
	struct dig_journal *journal = dig_calloc(1, sizeof(*journal));
	struct dig_buf file = DIG_BUF_INIT;
	struct dig_buf copy = DIG_BUF_INIT;
	enum dig_status st;
	bool compared = true;
	bool has_file;
	bool has_copy;

	journal->dirfd = dig_dirfd;
	journal->start = start;
	dig_state_init(&journal->state);
	/* The copy first: a record is in the journal before it is there, so one
	 * that is written meanwhile cannot look lost. */
	st = dig_journal_slurp(
	    dig_dirfd, COPY_NAME, start, &copy, NULL, &has_copy, err);
	if (st == DIG_OK)
		st = dig_journal_slurp(dig_dirfd, NAME, start, &file,
		    &journal->seen, &has_file, err);
	if (st != DIG_OK)
		goto out;
	if (!has_file && !has_copy) {
		st = dig_raise(
		    err, DIG_ECORRUPT, "the journal and its copy are gone");
		goto out;
	}
	journal->has_seen = has_file;
	if (start == 0)
		compared = choose_generation(journal, &file, &copy);
	st = parse(journal, &file, &copy, known->hint, known->seq, err);
	if (st == DIG_OK && !compared &&
	    (dig_journal_record_follows(&file, 0, 0, journal->last.seq + 1) ||
		dig_journal_record_follows(&copy, 0, 0, journal->last.seq + 1)))
		st = damaged(journal->end, journal->last.seq + 1, err);
	if (st != DIG_OK)
		goto out;
	/* The copy gets a record once it is synced. */
	journal->durable_end = start + shared_prefix(&copy, &journal->good);
	if (known->durable_end > journal->durable_end &&
	    has_hint(journal, known->hint))
		journal->durable_end = known->durable_end;
	*out = journal;
	journal = NULL;
out:
	dig_journal_close(journal);
	dig_buf_clear(&file);
	dig_buf_clear(&copy);
	return st;
}

/*
 * With a hint from its checkpoint on, unless the whole is wanted. Where that
 * leads nowhere, the journal may have been folded since.
 */
static enum dig_status
open_hinted(int dig_dirfd, const struct dig_journal_hint *hint,
    uint64_t durable_end, bool whole, struct dig_journal **out,
    struct dig_error *err)
{
	struct known known = { NULL, 0, 0 };
	struct dig_journal_record said;
	enum dig_status st = DIG_ECORRUPT;
	uint64_t start = 0;

	if (hint != NULL && dig_journal_record_decode(
				hint->bytes, hint->len, hint->offset, &said)) {
		known.hint = hint;
		known.seq = said.seq;
		known.durable_end = durable_end;
		start = said.checkpoint_at;
		dig_journal_record_clear(&said);
	}
	if (start > 0 && !whole)
		st = open_from(dig_dirfd, &known, start, out, err);
	return st == DIG_ECORRUPT ? open_from(dig_dirfd, &known, 0, out, err)
				  : st;
}

enum dig_status
dig_journal_open(int dig_dirfd, const struct dig_journal_hint *hint,
    struct dig_journal **out, struct dig_error *err)
{
	return open_hinted(dig_dirfd, hint,
	    hint == NULL ? 0 : hint->offset + hint->len, false, out, err);
}

static enum dig_status
open_again(const struct dig_journal *journal, bool whole,
    struct dig_journal **out, struct dig_error *err)
{
	struct dig_journal_hint hint = { journal->last.offset,
		journal->last_bytes.data, journal->last_bytes.len };

	return open_hinted(
	    journal->dirfd, &hint, journal->durable_end, whole, out, err);
}

enum dig_status
dig_journal_reopen(const struct dig_journal *journal, struct dig_journal **out,
    struct dig_error *err)
{
	return open_again(journal, false, out, err);
}

enum dig_status
dig_journal_open_whole(const struct dig_journal *journal,
    struct dig_journal **out, struct dig_error *err)
{
	return open_again(journal, true, out, err);
}

void
dig_journal_close(struct dig_journal *journal)
{
	if (journal == NULL)
		return;
	dig_journal_unprepare(journal);
	dig_state_clear(&journal->state);
	dig_journal_record_clear(&journal->last);
	dig_buf_clear(&journal->last_bytes);
	dig_buf_clear(&journal->good);
	dig_buf_clear(&journal->pending);
	dig_buf_clear(&journal->next_last_bytes);
	free(journal);
}

const struct dig_state *
dig_journal_state(const struct dig_journal *journal)
{
	return &journal->state;
}

const struct dig_journal_record *
dig_journal_last(const struct dig_journal *journal)
{
	return &journal->last;
}

const uint8_t *
dig_journal_store_id(const struct dig_journal *journal)
{
	return journal->store_id;
}

uint32_t
dig_journal_chunk_profile(const struct dig_journal *journal)
{
	return journal->chunk_profile;
}

const struct dig_buf *
dig_journal_last_bytes(const struct dig_journal *journal)
{
	return &journal->last_bytes;
}

bool
dig_journal_is_fresh(const struct dig_journal *journal)
{
	struct dig_stat now;

	return journal->has_seen &&
	       dig_stat_at(journal->dirfd, NAME, &now) == 0 &&
	       now.ino == journal->seen.ino && now.dev == journal->seen.dev &&
	       now.ctime_ns == journal->seen.ctime_ns &&
	       now.size_bytes == journal->seen.size_bytes &&
	       now.size_bytes == journal->end;
}

/* ---- Writing ---------------------------------------------------------- */

/*
 * A new file with the right bytes in the place of the old one. What was
 * committed is never written over: a cut leaves the old file or the new. The
 * bytes before `start` are those of `from`, which has them.
 */
static enum dig_status
renew(const struct dig_journal *journal, const char *name, const char *from,
    struct dig_error *err)
{
	struct dig_buf bytes = DIG_BUF_INIT;
	enum dig_status st = DIG_OK;
	bool exists;

	if (journal->start > 0)
		st = dig_journal_slurp(
		    journal->dirfd, from, 0, &bytes, NULL, &exists, err);
	if (st == DIG_OK && bytes.len < journal->start)
		st =
		    dig_raise(err, DIG_ECORRUPT, "%s lost its beginning", from);
	if (st == DIG_OK) {
		bytes.len = (size_t)journal->start;
		dig_buf_put(&bytes, journal->good.data, journal->good.len);
		st = dig_replace_file(
		    journal->dirfd, name, bytes.data, bytes.len, err);
	}
	dig_buf_clear(&bytes);
	return st;
}

static bool
has_beginning(const struct dig_journal *journal, const char *name)
{
	struct dig_stat sb;

	return dig_stat_at(journal->dirfd, name, &sb) == 0 &&
	       sb.size_bytes >= journal->start;
}

/* Cut what stands behind the last good record. */
static enum dig_status
cut_tail(const struct dig_journal *journal, struct dig_error *err)
{
	int fd = dig_open_at(journal->dirfd, NAME, DIG_OPEN_WRITE);
	int rc = fd < 0 ? -fd : dig_truncate(fd, journal->end);

	if (rc == 0)
		rc = dig_sync_data(fd);
	dig_close(fd);
	if (rc != 0)
		return dig_raise_os(err, DIG_EIO, rc, "cutting a torn tail");
	return DIG_OK;
}

static enum dig_status
heal_main(struct dig_journal *journal, struct dig_error *err)
{
	enum dig_status st;

	if (journal->main_differs || !journal->has_seen) {
		st = renew(journal, NAME,
		    has_beginning(journal, NAME) ? NAME : COPY_NAME, err);
		journal->durable_end = journal->end;
	} else if (journal->torn) {
		st = cut_tail(journal, err);
	} else {
		return DIG_OK;
	}
	if (st != DIG_OK)
		return st;
	dig_log("journal restored up to record %llu",
	    (unsigned long long)journal->last.seq);
	journal->main_differs = false;
	journal->torn = false;
	return DIG_OK;
}

/* What the copy gets is durable in the journal first. */
static enum dig_status
heal_copy(struct dig_journal *journal, struct dig_error *err)
{
	struct dig_buf now = DIG_BUF_INIT;
	enum dig_status st;
	bool exists;

	st = dig_journal_slurp(journal->dirfd, COPY_NAME, journal->start, &now,
	    NULL, &exists, err);
	if (st != DIG_OK && st != DIG_ECORRUPT)
		goto out;
	if (st == DIG_OK && has_beginning(journal, COPY_NAME) &&
	    now.len == journal->good.len &&
	    shared_prefix(&now, &journal->good) == now.len)
		goto out;
	st = dig_journal_settle(journal, err);
	if (st == DIG_OK)
		st = renew(journal, COPY_NAME, NAME, err);
out:
	dig_buf_clear(&now);
	return st;
}

enum dig_status
dig_journal_heal(struct dig_journal *journal, struct dig_error *err)
{
	enum dig_status st = heal_main(journal, err);

	if (st != DIG_OK) {
		dig_wrap(err, "restoring the journal");
		return st;
	}
	st = heal_copy(journal, err);
	if (st != DIG_OK) {
		dig_wrap(err, "bringing journal.2 up to date");
		return st;
	}
	journal->copy_failed = false;
	journal->has_seen =
	    dig_stat_at(journal->dirfd, NAME, &journal->seen) == 0;
	return DIG_OK;
}

enum dig_status
dig_journal_settle(struct dig_journal *journal, struct dig_error *err)
{
	enum dig_status st;

	if (journal->durable_end >= journal->end)
		return DIG_OK;
	st = renew(journal, NAME, NAME, err);
	if (st != DIG_OK)
		return st;
	journal->durable_end = journal->end;
	journal->has_seen =
	    dig_stat_at(journal->dirfd, NAME, &journal->seen) == 0;
	return DIG_OK;
}

static bool
checkpoint_is_due(
    const struct dig_journal *journal, const struct dig_journal_record *rec)
{
	uint64_t since = rec->offset + rec->length - rec->checkpoint_at -
			 journal->checkpoint_len;

	return since > DIG_CHECKPOINT_AFTER && since > journal->checkpoint_len;
}

enum dig_status
dig_journal_prepare(struct dig_journal *journal, const struct dig_state *next,
    uint64_t op, const char *verb, const struct dig_op_stats *stats,
    const struct dig_journal_record **out, struct dig_error *err)
{
	const struct dig_journal_full full = { next, journal->store_id,
		journal->chunk_profile, NULL, NULL, 0 };
	struct dig_journal_record rec;
	struct dig_journal_base base;

	(void)err;
	dig_journal_unprepare(journal);
	dig_buf_reset(&journal->pending);
	dig_state_copy(next, &journal->next);
	base.seq = journal->last.seq + 1;
	base.op = op != 0 && op == journal->last.op ? op : journal->last.op + 1;
	base.offset = journal->end;
	base.checkpoint_at = journal->last.checkpoint_at;
	base.previous = journal->last.hash;
	dig_journal_record_diff(
	    &base, &journal->state, next, verb, stats, &journal->pending);
	if (!dig_journal_record_decode(journal->pending.data,
		journal->pending.len, journal->end, &rec))
		assert(!"a record that was just encoded decodes");
	journal->pending_first = journal->pending.len;
	dig_buf_reset(&journal->next_last_bytes);
	if (checkpoint_is_due(journal, &rec)) {
		size_t at = journal->pending.len;

		base.seq++;
		base.op = rec.op;
		base.offset = rec.offset + rec.length;
		base.checkpoint_at = base.offset;
		base.previous = rec.hash;
		dig_journal_record_full(&base, &full, &journal->pending);
		dig_journal_record_clear(&rec);
		if (!dig_journal_record_decode(journal->pending.data + at,
			journal->pending.len - at, base.offset, &rec))
			assert(!"a checkpoint that was just encoded decodes");
		dig_buf_put(&journal->next_last_bytes,
		    journal->pending.data + at, journal->pending.len - at);
	} else {
		dig_buf_put(&journal->next_last_bytes, journal->pending.data,
		    journal->pending.len);
	}
	journal->next_last = rec;
	journal->prepared = true;
	*out = &journal->next_last;
	return DIG_OK;
}

enum dig_status
dig_journal_prepare_whole(struct dig_journal *journal,
    const struct dig_state *next, const char *verb,
    const struct dig_journal_record **out, struct dig_error *err)
{
	const struct dig_journal_full full = { next, journal->store_id,
		journal->chunk_profile, verb, NULL, 0 };
	struct dig_journal_base base;

	(void)err;
	dig_journal_unprepare(journal);
	dig_buf_reset(&journal->pending);
	dig_state_copy(next, &journal->next);
	base.seq = journal->last.seq + 1;
	base.op = journal->last.op;
	base.offset = base.checkpoint_at = journal->end;
	base.previous = journal->last.hash;
	dig_journal_record_full(&base, &full, &journal->pending);
	journal->pending_first = journal->pending.len;
	if (!dig_journal_record_decode(journal->pending.data,
		journal->pending.len, journal->end, &journal->next_last))
		assert(!"a checkpoint that was just encoded decodes");
	dig_buf_reset(&journal->next_last_bytes);
	dig_buf_put(&journal->next_last_bytes, journal->pending.data,
	    journal->pending.len);
	journal->prepared = true;
	*out = &journal->next_last;
	return DIG_OK;
}

const struct dig_buf *
dig_journal_prepared_bytes(const struct dig_journal *journal)
{
	return &journal->next_last_bytes;
}

void
dig_journal_unprepare(struct dig_journal *journal)
{
	if (!journal->prepared)
		return;
	dig_state_clear(&journal->next);
	dig_journal_record_clear(&journal->next_last);
	dig_buf_reset(&journal->pending);
	journal->prepared = false;
}

/*
 * What was prepared, at `at`. A checkpoint is written when the record before
 * it is durable: a cut in one write for both could leave the second alone,
 * which is what damage looks like.
 */
static int
write_pending(const struct dig_journal *journal, int fd, uint64_t at)
{
	const struct dig_buf *bytes = &journal->pending;
	size_t first = journal->pending_first;
	int rc;

	rc = dig_pwrite_full(fd, bytes->data, first, at);
	if (rc == 0 && bytes->len > first)
		rc = dig_sync_data(fd);
	if (rc == 0 && bytes->len > first)
		rc = dig_pwrite_full(
		    fd, bytes->data + first, bytes->len - first, at + first);
	return rc;
}

enum dig_status
dig_journal_append(struct dig_journal *journal, struct dig_error *err)
{
	int copy;
	int fd;
	int rc;

	assert(journal->prepared);
	fd = dig_open_at(journal->dirfd, NAME, DIG_OPEN_WRITE);
	if (fd < 0)
		return dig_raise_os(err, DIG_EIO, -fd, "opening the journal");
	rc = write_pending(journal, fd, journal->end);
	if (rc == 0)
		rc = dig_sync_data(fd);
	if (rc == 0) {
		/* The copy of the record before is durable from here on. Where
		 * it is not, no record may stand behind a gap: what is there
		 * is given up, and the next writer makes it anew. */
		copy = dig_open_at(journal->dirfd, COPY_NAME, DIG_OPEN_WRITE);
		if (copy >= 0 && dig_sync_data(copy) != 0) {
			dig_log("journal.2 could not be synced");
			journal->copy_failed = true;
			if (dig_truncate(copy, 0) != 0)
				dig_log("journal.2 could not be emptied");
		}
		dig_close(copy);
	}
	dig_close(fd);
	if (rc != 0)
		return dig_raise_os(err, DIG_EIO, rc, "writing the journal");

	dig_state_clear(&journal->state);
	journal->state = journal->next;
	memset(&journal->next, 0, sizeof(journal->next));
	dig_journal_record_clear(&journal->last);
	journal->last = journal->next_last;
	memset(&journal->next_last, 0, sizeof(journal->next_last));
	dig_buf_reset(&journal->last_bytes);
	dig_buf_put(&journal->last_bytes, journal->next_last_bytes.data,
	    journal->next_last_bytes.len);
	dig_buf_put(
	    &journal->good, journal->pending.data, journal->pending.len);
	if (journal->last.is_checkpoint)
		journal->checkpoint_len = journal->last.length;
	journal->end = journal->last.offset + journal->last.length;
	journal->durable_end = journal->end;
	journal->prepared = false;
	journal->has_seen =
	    dig_stat_at(journal->dirfd, NAME, &journal->seen) == 0;
	return DIG_OK;
}

void
dig_journal_mirror(struct dig_journal *journal)
{
	int fd;
	int rc;

	if (journal->copy_failed) {
		dig_buf_reset(&journal->pending);
		return;
	}
	fd = dig_open_at(journal->dirfd, COPY_NAME, DIG_OPEN_WRITE);
	rc = fd < 0 ? -fd : 0;
	if (rc == 0)
		rc = write_pending(
		    journal, fd, journal->end - journal->pending.len);
	dig_close(fd);
	dig_buf_reset(&journal->pending);
	if (rc != 0)
		dig_log("journal.2 lags: errno %d", rc);
}

enum dig_status
dig_journal_sync_copy(struct dig_journal *journal, struct dig_error *err)
{
	struct dig_buf copy = DIG_BUF_INIT;
	enum dig_status st;
	bool exists;
	int fd;
	int rc;

	if (journal->copy_failed || !dig_journal_is_fresh(journal))
		return dig_raise(
		    err, DIG_EIO, "journal.2 could not be written");
	fd = dig_open_at(journal->dirfd, COPY_NAME, DIG_OPEN_WRITE);
	rc = fd < 0 ? -fd : dig_sync_data(fd);
	dig_close(fd);
	if (rc != 0)
		return dig_raise_os(err, DIG_EIO, rc, "syncing journal.2");
	st = dig_journal_slurp(journal->dirfd, COPY_NAME, journal->last.offset,
	    &copy, NULL, &exists, err);
	if (st == DIG_OK &&
	    (copy.len != journal->last_bytes.len ||
		memcmp(copy.data, journal->last_bytes.data, copy.len) != 0))
		st = dig_raise(err, DIG_EIO, "journal.2 lags");
	dig_buf_clear(&copy);
	return st;
}

enum dig_status
dig_journal_replace(struct dig_journal *journal,
    struct dig_journal_folded *folded, struct dig_error *err)
{
	enum dig_status st;

	assert(!journal->prepared);
	st = dig_replace_file(
	    journal->dirfd, NAME, folded->bytes.data, folded->bytes.len, err);
	if (st != DIG_OK)
		return st;
	journal->copy_failed = true; /* until it is replaced, too */
	journal->main_differs = journal->torn = false;
	journal->start = 0;
	dig_buf_reset(&journal->good);
	dig_buf_put(&journal->good, folded->bytes.data, folded->bytes.len);
	dig_buf_reset(&journal->last_bytes);
	dig_buf_put(&journal->last_bytes,
	    folded->bytes.data + folded->last.offset,
	    (size_t)folded->last.length);
	dig_journal_record_clear(&journal->last);
	journal->last = folded->last;
	memset(&folded->last, 0, sizeof(folded->last));
	journal->checkpoint_len = folded->checkpoint_len;
	journal->end = journal->durable_end = journal->good.len;
	journal->has_seen =
	    dig_stat_at(journal->dirfd, NAME, &journal->seen) == 0;
	return DIG_OK;
}

enum dig_status
dig_journal_replace_copy(struct dig_journal *journal, struct dig_error *err)
{
	enum dig_status st = dig_replace_file(journal->dirfd, COPY_NAME,
	    journal->good.data, journal->good.len, err);

	if (st == DIG_OK)
		journal->copy_failed = false;
	return st;
}

enum dig_status
dig_journal_create(int dig_dirfd, const uint8_t store_id[32],
    uint32_t chunk_profile, const char *head_ref, struct dig_error *err)
{
	struct dig_state state;
	const struct dig_journal_full full = { &state, store_id, chunk_profile,
		NULL, NULL, 0 };
	struct dig_journal_base base;
	struct dig_buf bytes = DIG_BUF_INIT;
	enum dig_status st;

	memset(&base, 0, sizeof(base));
	base.seq = 1;
	base.op = 1;
	dig_state_init(&state);
	state.head_ref = dig_strdup(head_ref);
	dig_journal_record_full(&base, &full, &bytes);
	st = dig_replace_file(dig_dirfd, NAME, bytes.data, bytes.len, err);
	if (st == DIG_OK)
		st = dig_replace_file(
		    dig_dirfd, COPY_NAME, bytes.data, bytes.len, err);
	dig_state_clear(&state);
	dig_buf_clear(&bytes);
	return st;
}
