/* SPDX-License-Identifier: MIT
 *
 * Walking the journal's records, and checking both of its files.
 */
#include <assert.h>
#include <stdlib.h>

#include "objects/journal_internal.h"
#include "objects/journal_record.h"

#define VERIFY_TRIES 20

void
dig_journal_good_record(const struct dig_journal *journal, uint64_t at,
    struct dig_journal_record *out)
{
	if (!dig_journal_record_decode(journal->good.data + at,
		journal->good.len - (size_t)at, at, out))
		assert(!"good records decode");
}

enum dig_status
dig_journal_each(struct dig_journal *journal, bool oldest_first,
    bool (*fn)(void *arg, const struct dig_journal_record *rec), void *arg,
    struct dig_error *err)
{
	struct dig_journal *all = NULL;
	struct dig_journal_record rec;
	uint64_t *offsets = NULL;
	size_t cap = 0;
	size_t n = 0;
	enum dig_status st;
	bool more = true;

	st = dig_journal_open_whole(journal, &all, err);
	if (st != DIG_OK)
		return st;
	for (uint64_t at = 0; at < all->good.len; n++) {
		dig_journal_good_record(all, at, &rec);
		DIG_GROW(offsets, cap, n + 1);
		offsets[n] = at;
		at += rec.length;
		dig_journal_record_clear(&rec);
	}
	for (size_t i = 0; i < n && more; i++) {
		dig_journal_good_record(
		    all, offsets[oldest_first ? i : n - 1 - i], &rec);
		more = fn(arg, &rec);
		dig_journal_record_clear(&rec);
	}
	free(offsets);
	dig_journal_close(all);
	return DIG_OK;
}

/* How many bytes of `part` are the first records of the journal. */
static size_t
shared_records(const struct dig_journal *all, const struct dig_buf *part)
{
	const struct dig_buf *whole = &all->good;
	struct dig_journal_record rec;
	size_t at = 0;

	while (at < whole->len) {
		size_t len;

		dig_journal_good_record(all, at, &rec);
		len = (size_t)rec.length;
		dig_journal_record_clear(&rec);
		if (part->len - at < len ||
		    memcmp(part->data + at, whole->data + at, len) != 0)
			break;
		at += len;
	}
	return at;
}

/* Are these the records that a fold has replaced? Their last one is what the
 * first of the journal follows. */
static bool
is_before_fold(const struct dig_journal *all, const struct dig_buf *part)
{
	struct dig_journal_record first;
	struct dig_journal_record rec;
	struct dig_oid last = dig_oid_zero;
	struct dig_oid previous;
	uint64_t seq = 0;

	dig_journal_good_record(all, 0, &first);
	previous = first.previous;
	if (first.seq > 1)
		seq = first.seq - 1;
	dig_journal_record_clear(&first);
	for (size_t at = 0; seq > 0 && at < part->len &&
			    dig_journal_record_decode(
				part->data + at, part->len - at, at, &rec);) {
		at += (size_t)rec.length;
		last = rec.seq == seq ? rec.hash : dig_oid_zero;
		dig_journal_record_clear(&rec);
	}
	return seq > 0 && dig_oid_eq(&last, &previous);
}

/* The same records or fewer; behind them nothing, or what a power cut leaves
 * of records on their way. Or those that were folded last. */
static bool
is_copy(const struct dig_journal *all, const struct dig_buf *part)
{
	return !dig_journal_record_follows(
		   part, 0, shared_records(all, part), 0) ||
	       is_before_fold(all, part);
}

enum dig_status
dig_journal_verify(struct dig_journal *journal,
    void (*fn)(void *arg, const char *finding), void *arg,
    struct dig_error *err)
{
	struct dig_buf file = DIG_BUF_INIT;
	struct dig_buf copy = DIG_BUF_INIT;
	struct dig_journal *all = NULL;
	enum dig_status st = DIG_OK;
	struct dig_stat sb;
	bool has_file;
	bool has_copy;

	/* Read again while somebody is writing: it is one state to compare. */
	for (int tries = 0; tries < VERIFY_TRIES; tries++) {
		dig_journal_close(all);
		all = NULL;
		st = dig_journal_slurp(journal->dirfd, DIG_JOURNAL_COPY, 0,
		    &copy, NULL, &has_copy, err);
		if (st == DIG_OK)
			st = dig_journal_slurp(journal->dirfd, DIG_JOURNAL_FILE,
			    0, &file, &sb, &has_file, err);
		if (st != DIG_OK)
			goto out;
		st = dig_journal_open_whole(journal, &all, err);
		if (st != DIG_OK || !has_file ||
		    (sb.size_bytes == all->seen.size_bytes &&
			sb.ino == all->seen.ino))
			break;
	}
	if (st == DIG_ECORRUPT) {
		fn(arg, err->msg);
		st = DIG_OK;
		goto out;
	}
	if (st != DIG_OK)
		goto out;
	if (!has_file)
		fn(arg, "the journal is missing");
	else if (shared_records(all, &file) < all->good.len)
		fn(arg, "the journal has damaged records");
	if (!has_copy)
		fn(arg, "journal.2 is missing");
	else if (!is_copy(all, &copy))
		fn(arg, "journal.2 differs from the journal");
out:
	dig_journal_close(all);
	dig_buf_clear(&file);
	dig_buf_clear(&copy);
	return st;
}
