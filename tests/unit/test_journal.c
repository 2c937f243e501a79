/* SPDX-License-Identifier: MIT
 *
 * The journal: torn tails, damage healed from the copy or from the index, and
 * never a step back behind what was acknowledged.
 */
#include "tests/unit/store_rig.h"

#include "objects/hash64.h"
#include "objects/journal_record.h"

#define NMAX 64

/* A journal of n records with the bytes of each kept aside. */
struct tape {
	struct rig rig;
	size_t n;
	struct dig_buf records[NMAX];
	uint64_t offsets[NMAX];
	struct dig_buf whole;
};

static void
set_ref(struct dig_state *state, uint64_t i)
{
	struct dig_oid id;
	char name[40];

	memset(id.bytes, (int)(i % 255 + 1), sizeof(id.bytes));
	snprintf(name, sizeof(name), "refs/heads/b%llu",
	    (unsigned long long)(i % 5));
	dig_state_set_ref(state, name, &id);
	state->staged_root = id;
	if (i % 4 == 3) {
		snprintf(name, sizeof(name), "refs/heads/b%llu",
		    (unsigned long long)((i + 2) % 5));
		dig_state_set_ref(state, name, NULL);
	}
}

static void
append(struct dig_journal *journal, uint64_t i, size_t verb_len, bool mirror)
{
	const struct dig_journal_record *rec;
	char *verb = calloc(1, verb_len + 1);
	struct dig_state next;
	struct dig_error err;

	memset(verb, 'v', verb_len);
	dig_state_copy(dig_journal_state(journal), &next);
	set_ref(&next, i);
	OK(dig_journal_prepare(journal, &next, 0, verb, NULL, &rec, &err));
	assert_true(rec->offset > 0);
	OK(dig_journal_append(journal, &err));
	if (mirror)
		dig_journal_mirror(journal);
	dig_state_clear(&next);
	free(verb);
}

static void
keep_last(struct tape *tape)
{
	struct dig_journal *journal = dig_store_journal(tape->rig.store);
	const struct dig_buf *bytes = dig_journal_last_bytes(journal);

	dig_buf_put(&tape->records[tape->n], bytes->data, bytes->len);
	tape->offsets[tape->n++] = dig_journal_last(journal)->offset;
}

static void
slurp(struct tape *tape)
{
	struct dig_error err;

	OK(dig_read_file(tape->rig.fd, "journal", (size_t)1 << 24, &tape->whole,
	    DIG_EIO, &err));
}

static void
tape_init(struct tape *tape, size_t n)
{
	memset(tape, 0, sizeof(*tape));
	rig_init(&tape->rig, "/tmp");
	keep_last(tape);
	while (tape->n < n) {
		append(dig_store_journal(tape->rig.store), tape->n, 8, true);
		keep_last(tape);
	}
	slurp(tape);
}

static void
tape_clear(struct tape *tape)
{
	rig_clear(&tape->rig);
	for (size_t i = 0; i < tape->n; i++)
		dig_buf_clear(&tape->records[i]);
	dig_buf_clear(&tape->whole);
}

/* Both files at once; NULL removes, len 0 empties. */
static void
put_file(struct tape *tape, const char *name, const uint8_t *data, size_t len)
{
	int fd;

	dig_unlink_at(tape->rig.fd, name);
	if (data == NULL)
		return;
	fd = dig_open_at(tape->rig.fd, name, DIG_OPEN_WRITE | DIG_OPEN_CREATE);
	assert_true(fd >= 0);
	assert_int_equal(dig_pwrite_full(fd, data, len, 0), 0);
	dig_close(fd);
}

enum { NO_HINT = -1 };

static enum dig_status
open_with(struct tape *tape, int hinted, uint64_t *seq)
{
	struct dig_journal *journal = NULL;
	struct dig_journal_hint hint;
	struct dig_error err;
	enum dig_status st;

	*seq = 0;
	if (hinted != NO_HINT) {
		hint.offset = tape->offsets[hinted];
		hint.bytes = tape->records[hinted].data;
		hint.len = tape->records[hinted].len;
	}
	st = dig_journal_open(
	    tape->rig.fd, hinted == NO_HINT ? NULL : &hint, &journal, &err);
	if (st == DIG_OK) {
		struct dig_buf after = DIG_BUF_INIT;

		*seq = dig_journal_last(journal)->seq;
		/* Healed on disk, it is byte for byte what it was. */
		OK(dig_journal_heal(journal, &err));
		OK(dig_read_file(tape->rig.fd, "journal", (size_t)1 << 24,
		    &after, DIG_EIO, &err));
		assert_true(after.len <= tape->whole.len);
		assert_memory_equal(after.data, tape->whole.data, after.len);
		OK(dig_read_file(tape->rig.fd, "journal.2", (size_t)1 << 24,
		    &after, DIG_EIO, &err));
		assert_true(after.len <= tape->whole.len);
		assert_memory_equal(after.data, tape->whole.data, after.len);
		assert_true(dig_journal_is_fresh(journal));
		dig_buf_clear(&after);
	}
	dig_journal_close(journal);
	return st;
}

static void
test_states(void **state)
{
	struct dig_state want;
	struct tape tape;
	struct rig *rig = &tape.rig;

	(void)state;
	tape_init(&tape, 40);
	dig_state_init(&want);
	for (uint64_t i = 1; i < 40; i++)
		set_ref(&want, i);
	for (int pass = 0; pass < 2; pass++) {
		const struct dig_state *now;

		rig_reopen(rig, pass);
		now = dig_store_state(rig->store);
		assert_int_equal(now->nrefs, want.nrefs);
		for (size_t i = 0; i < want.nrefs; i++) {
			assert_string_equal(
			    now->refs[i].name, want.refs[i].name);
			assert_true(
			    dig_oid_eq(&now->refs[i].id, &want.refs[i].id));
		}
		assert_true(dig_oid_eq(&now->staged_root, &want.staged_root));
		assert_string_equal(now->head_ref, "refs/heads/main");
		assert_int_equal(
		    dig_journal_last(dig_store_journal(rig->store))->seq, 40);
	}
	dig_state_clear(&want);
	tape_clear(&tape);
}

/* The last record torn at every length, in one file or in both. */
static void
test_torn(void **state)
{
	struct tape tape;
	uint64_t last;
	uint64_t seq;

	(void)state;
	tape_init(&tape, 6);
	last = tape.offsets[5];
	for (uint64_t len = last; len < tape.whole.len; len++) {
		/* Not copied yet: it was never acknowledged. */
		put_file(&tape, "journal", tape.whole.data, len);
		put_file(&tape, "journal.2", tape.whole.data, last);
		assert_int_equal(open_with(&tape, NO_HINT, &seq), DIG_OK);
		assert_int_equal(seq, 5);
		put_file(&tape, "journal", tape.whole.data, len);
		put_file(&tape, "journal.2", tape.whole.data, len);
		/* Copied before it was whole: no writer does that. */
		assert_int_equal(open_with(&tape, 4, &seq),
		    len == last ? DIG_OK : DIG_ECORRUPT);
		put_file(&tape, "journal", tape.whole.data, last);
		put_file(&tape, "journal.2", tape.whole.data, len);
		assert_int_equal(open_with(&tape, 4, &seq), DIG_OK);
		assert_int_equal(seq, 5);
		/* The copy has it, or the index: it was. */
		put_file(&tape, "journal", tape.whole.data, len);
		put_file(&tape, "journal.2", tape.whole.data, tape.whole.len);
		assert_int_equal(open_with(&tape, NO_HINT, &seq), DIG_OK);
		assert_int_equal(seq, 6);
		put_file(&tape, "journal", tape.whole.data, len);
		put_file(&tape, "journal.2", tape.whole.data, last);
		assert_int_equal(open_with(&tape, 5, &seq), DIG_OK);
		assert_int_equal(seq, 6);
	}
	/* Two records behind what the index knows: damage. */
	put_file(&tape, "journal", tape.whole.data, tape.offsets[4]);
	put_file(&tape, "journal.2", tape.whole.data, tape.offsets[4]);
	assert_int_equal(open_with(&tape, 5, &seq), DIG_ECORRUPT);
	tape_clear(&tape);
}

/* Every byte of every record flipped, in the file, the copy, or both. */
static void
test_flipped(void **state)
{
	struct tape tape;
	uint64_t last;
	uint64_t seq;

	(void)state;
	tape_init(&tape, 5);
	last = tape.offsets[4];
	for (uint64_t at = 0; at < tape.whole.len; at++) {
		uint8_t mask = (uint8_t)(1u << at % 8);
		uint8_t *bad = malloc(tape.whole.len);
		enum dig_status st;

		memcpy(bad, tape.whole.data, tape.whole.len);
		bad[at] ^= mask;
		put_file(&tape, "journal", bad, tape.whole.len);
		put_file(&tape, "journal.2", tape.whole.data, tape.whole.len);
		assert_int_equal(open_with(&tape, NO_HINT, &seq), DIG_OK);
		assert_int_equal(seq, 5);
		put_file(&tape, "journal", tape.whole.data, tape.whole.len);
		put_file(&tape, "journal.2", bad, tape.whole.len);
		assert_int_equal(open_with(&tape, 4, &seq), DIG_OK);
		assert_int_equal(seq, 5);
		/* In both: only the index can know the last record. */
		put_file(&tape, "journal", bad, tape.whole.len);
		put_file(&tape, "journal.2", bad, tape.whole.len);
		st = open_with(&tape, 4, &seq);
		if (at >= last) {
			assert_int_equal(st, DIG_OK);
			assert_int_equal(seq, 5);
		} else {
			assert_int_equal(st, DIG_ECORRUPT);
		}
		put_file(&tape, "journal", bad, tape.whole.len);
		put_file(&tape, "journal.2", bad, tape.whole.len);
		assert_int_equal(open_with(&tape, NO_HINT, &seq), DIG_ECORRUPT);
		free(bad);
	}
	tape_clear(&tape);
}

static void
test_missing(void **state)
{
	struct tape tape;
	uint64_t seq;

	(void)state;
	tape_init(&tape, 5);
	for (int hinted = NO_HINT; hinted < 5; hinted++) {
		put_file(&tape, "journal", NULL, 0);
		assert_int_equal(open_with(&tape, hinted, &seq), DIG_OK);
		assert_int_equal(seq, 5);
		put_file(&tape, "journal.2", NULL, 0);
		assert_int_equal(open_with(&tape, hinted, &seq), DIG_OK);
		assert_int_equal(seq, 5);
		put_file(&tape, "journal", tape.whole.data, 0);
		assert_int_equal(open_with(&tape, hinted, &seq), DIG_OK);
		assert_int_equal(seq, 5);
	}
	put_file(&tape, "journal", NULL, 0);
	put_file(&tape, "journal.2", NULL, 0);
	assert_int_equal(open_with(&tape, NO_HINT, &seq), DIG_ECORRUPT);
	tape_clear(&tape);
}

/* Bytes that carry a whole later record are no torn tail, even where reading
 * began at a checkpoint far from the start. */
static void
test_checkpoints(void **state)
{
	struct dig_journal *journal;
	struct dig_error err;
	struct tape tape;
	size_t checkpoints = 0;
	uint64_t seq;
	uint8_t *bad;

	(void)state;
	memset(&tape, 0, sizeof(tape));
	rig_init(&tape.rig, "/tmp");
	journal = dig_store_journal(tape.rig.store);
	for (uint64_t i = 0; i < NMAX - 1; i++) {
		append(journal, i, 3000, true);
		checkpoints += dig_journal_last(journal)->is_checkpoint;
		keep_last(&tape);
		if (i % 9 == 0) {
			rig_reopen(&tape.rig, i % 2);
			journal = dig_store_journal(tape.rig.store);
		}
	}
	slurp(&tape);
	assert_in_range(checkpoints, 3, 8);
	for (int i = NO_HINT; i < (int)tape.n; i += 7) {
		assert_int_equal(open_with(&tape, i, &seq), DIG_OK);
		assert_int_equal(seq, NMAX + checkpoints);
	}
	/* A hint from behind the last checkpoint; damage behind the hint. */
	bad = malloc(tape.whole.len);
	memcpy(bad, tape.whole.data, tape.whole.len);
	bad[tape.offsets[tape.n - 2] + 100] ^= 4;
	put_file(&tape, "journal", bad, tape.whole.len);
	put_file(&tape, "journal.2", bad, tape.whole.len);
	assert_int_equal(open_with(&tape, (int)tape.n - 3, &seq), DIG_ECORRUPT);
	put_file(&tape, "journal.2", tape.whole.data, tape.whole.len);
	assert_int_equal(open_with(&tape, (int)tape.n - 3, &seq), DIG_OK);
	free(bad);
	/* A copy that lost its beginning is made whole. */
	put_file(&tape, "journal.2", tape.whole.data, 50);
	assert_int_equal(open_with(&tape, (int)tape.n - 1, &seq), DIG_OK);
	OK(dig_read_file(tape.rig.fd, "journal.2", (size_t)1 << 24,
	    &tape.records[0], DIG_EIO, &err));
	assert_int_equal(tape.records[0].len, tape.whole.len);
	tape_clear(&tape);
}

/* The copy lags by a record, or by all: evened out by the next writer. */
static void
test_lagging_copy(void **state)
{
	struct dig_buf copy = DIG_BUF_INIT;
	struct dig_error err;
	struct tape tape;
	uint64_t seq;

	(void)state;
	tape_init(&tape, 4);
	append(dig_store_journal(tape.rig.store), 4, 5, false);
	append(dig_store_journal(tape.rig.store), 5, 5, false);
	slurp(&tape);
	assert_int_equal(open_with(&tape, 1, &seq), DIG_OK);
	assert_int_equal(seq, 6);
	OK(dig_read_file(
	    tape.rig.fd, "journal.2", 1 << 20, &copy, DIG_EIO, &err));
	assert_int_equal(copy.len, tape.whole.len);
	dig_buf_clear(&copy);
	tape_clear(&tape);
}

/* The inode behind a file, kept under a second name to see what happens to
 * it. */
static void
keep(struct tape *tape, const char *name, struct dig_stat *sb)
{
	char other[40];

	snprintf(other, sizeof(other), "kept-%s", name);
	dig_unlink_at(tape->rig.fd, other);
	assert_int_equal(linkat(tape->rig.fd, name, tape->rig.fd, other, 0), 0);
	assert_int_equal(dig_stat_at(tape->rig.fd, other, sb), 0);
}

static bool
was_written(struct tape *tape, const char *name, const struct dig_stat *before)
{
	struct dig_stat now;
	char other[40];

	snprintf(other, sizeof(other), "kept-%s", name);
	assert_int_equal(dig_stat_at(tape->rig.fd, other, &now), 0);
	return now.mtime_ns != before->mtime_ns ||
	       now.size_bytes != before->size_bytes;
}

/* J5: healing replaces files, and never writes over a committed record; a
 * journal that was synced is left alone. */
static void
test_never_written_over(void **state)
{
	struct dig_journal *journal;
	struct dig_stat copy;
	struct dig_stat main;
	struct dig_error err;
	struct tape tape;
	uint64_t seq;

	(void)state;
	tape_init(&tape, 6);
	/* A copy that was given up, with and without word from the index. */
	for (int hinted = 5; hinted >= NO_HINT; hinted -= 6) {
		struct dig_stat now;

		put_file(&tape, "journal.2", tape.whole.data, 0);
		keep(&tape, "journal", &main);
		keep(&tape, "journal.2", &copy);
		assert_int_equal(open_with(&tape, hinted, &seq), DIG_OK);
		assert_int_equal(seq, 6);
		assert_false(was_written(&tape, "journal", &main));
		assert_false(was_written(&tape, "journal.2", &copy));
		assert_int_equal(dig_stat_at(tape.rig.fd, "journal", &now), 0);
		assert_int_equal(now.ino == main.ino, hinted != NO_HINT);
	}
	/* A record in the middle, from the copy. */
	tape.whole.data[tape.offsets[2] + 60] ^= 1;
	put_file(&tape, "journal", tape.whole.data, tape.whole.len);
	tape.whole.data[tape.offsets[2] + 60] ^= 1;
	keep(&tape, "journal", &main);
	keep(&tape, "journal.2", &copy);
	assert_int_equal(open_with(&tape, NO_HINT, &seq), DIG_OK);
	assert_int_equal(seq, 6);
	assert_false(was_written(&tape, "journal", &main));
	assert_false(was_written(&tape, "journal.2", &copy));
	/* Behind the index, and the copy lags: settled once. */
	append(dig_store_journal(tape.rig.store), 6, 8, false);
	keep(&tape, "journal", &main);
	{
		struct dig_journal_hint hint = { tape.offsets[5],
			tape.records[5].data, tape.records[5].len };

		OK(dig_journal_open(tape.rig.fd, &hint, &journal, &err));
	}
	OK(dig_journal_settle(journal, &err));
	assert_false(was_written(&tape, "journal", &main));
	keep(&tape, "journal", &copy);
	assert_int_not_equal(copy.ino, main.ino);
	OK(dig_journal_settle(journal, &err));
	OK(dig_journal_heal(journal, &err));
	keep(&tape, "journal", &main);
	assert_int_equal(copy.ino, main.ino);
	dig_journal_close(journal);
	tape_clear(&tape);
}

struct walk {
	uint64_t next;
	int step;
	size_t n;
};

static bool
visit(void *arg, const struct dig_journal_record *rec)
{
	struct walk *walk = arg;

	assert_int_equal(rec->seq, walk->next);
	walk->next = walk->next + (uint64_t)walk->step;
	walk->n++;
	return walk->n < 12;
}

static void
count_finding(void *arg, const char *finding)
{
	assert_true(strlen(finding) > 5);
	++*(size_t *)arg;
}

static void
test_each_and_verify(void **state)
{
	struct walk down = { 20, -1, 0 };
	struct walk up = { 1, 1, 0 };
	struct dig_journal *journal;
	struct dig_error err;
	struct tape tape;
	size_t findings = 0;
	uint64_t last;
	uint8_t *bad;

	(void)state;
	tape_init(&tape, 20);
	journal = dig_store_journal(tape.rig.store);
	OK(dig_journal_each(journal, false, visit, &down, &err));
	OK(dig_journal_each(journal, true, visit, &up, &err));
	assert_int_equal(down.n, 12);
	assert_int_equal(up.n, 12);
	OK(dig_journal_verify(journal, count_finding, &findings, &err));
	assert_int_equal(findings, 0);
	last = dig_journal_last(journal)->offset;
	bad = malloc(tape.whole.len + 100);
	memcpy(bad, tape.whole.data, tape.whole.len);
	memcpy(bad + tape.whole.len, tape.whole.data, 100);
	for (int copy = 0; copy < 2; copy++) { /* torn tails are no damage */
		const char *name = copy ? "journal.2" : "journal";

		put_file(&tape, name, bad, tape.whole.len + 100);
		OK(dig_journal_verify(journal, count_finding, &findings, &err));
		assert_int_equal(findings, 0);
		put_file(&tape, name, tape.whole.data, tape.whole.len);
	}
	for (uint64_t at = 0; at < tape.whole.len; at += 5) {
		memcpy(bad, tape.whole.data, tape.whole.len);
		bad[at] ^= 0x10;
		put_file(&tape, at % 2 ? "journal" : "journal.2", bad,
		    tape.whole.len);
		findings = 0;
		OK(dig_journal_verify(journal, count_finding, &findings, &err));
		/* The copy of the last record is not synced yet. */
		assert_int_equal(findings, at % 2 || at < last);
		put_file(&tape, at % 2 ? "journal" : "journal.2",
		    tape.whole.data, tape.whole.len);
	}
	put_file(&tape, "journal.2", NULL, 0);
	findings = 0;
	OK(dig_journal_verify(journal, count_finding, &findings, &err));
	assert_int_equal(findings, 1);
	put_file(&tape, "journal", NULL, 0);
	findings = 0;
	OK(dig_journal_verify(journal, count_finding, &findings, &err));
	assert_true(findings > 0);
	free(bad);
	tape_clear(&tape);
}

/* Records with a right checksum and a wrong inside are no records. */
static void
test_ref_names(void **state)
{
	static const char *const good[] = { "refs/heads/main", "refs/tags/v1.0",
		"refs/heads/a/b/c", "refs/remotes/o/\xff" };
	static const char *const bad[] = { "", "refs", "refs/", "refs/heads",
		"refs/heads/", "heads/main", "refs//main", "refs/heads/.a",
		"refs/heads/a.lock", "refs/heads/a.", "refs/heads/a..b",
		"refs/heads/a b", "refs/heads/a~", "refs/heads/a^",
		"refs/heads/a:", "refs/heads/a?", "refs/heads/a*",
		"refs/heads/a[", "refs/heads/a\\", "refs/heads/a\x7f",
		"refs/heads/a@{1}", "refs/heads/../x", "refs/heads/a/",
		"refs/heads/a\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_true(dig_refname_valid(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (dig_refname_valid(bad[i]))
			fail_msg("'%s' was taken", bad[i]);
}

/* Bytes of a record changed with the checksum made to fit: decoded or not,
 * no crash and no leak. */
static void
test_hostile_records(void **state)
{
	struct dig_journal_record rec;
	struct dig_journal_base base;
	struct dig_buf out = DIG_BUF_INIT;
	struct dig_state full;
	struct dig_pack_state pack = { 1, 0, 5000, 100, { 20, 2 }, 0 };
	uint8_t id[32] = { 1 };
	const struct dig_journal_full what = { &full, id, 1, NULL, NULL, 0 };
	size_t taken = 0;

	(void)state;
	memset(&base, 0, sizeof(base));
	base.seq = 1;
	dig_state_init(&full);
	for (uint64_t i = 0; i < 9; i++)
		set_ref(&full, i);
	dig_state_set_pack(&full, &pack);
	pack.number = 7;
	dig_state_set_pack(&full, &pack);
	full.head_ref = dig_strdup("refs/heads/b1");
	dig_journal_record_full(&base, &what, &out);
	for (size_t at = 0; at < out.len - 8; at++)
		for (int value = 0; value < 256; value += 3) {
			uint8_t *copy = malloc(out.len);

			memcpy(copy, out.data, out.len);
			copy[at] = (uint8_t)value;
			dig_set_be64(
			    copy + out.len - 8, dig_hash64(copy, out.len - 8));
			if (dig_journal_record_decode(copy, out.len, 0, &rec)) {
				struct dig_state after;

				dig_state_init(&after);
				dig_journal_apply(&rec, &after);
				dig_state_clear(&after);
				dig_journal_record_clear(&rec);
				taken++;
			}
			free(copy);
		}
	assert_true(taken > 1000);
	for (size_t len = 0; len < out.len; len++)
		assert_false(dig_journal_record_decode(out.data, len, 0, &rec));
	dig_buf_clear(&out);
	dig_state_clear(&full);
}

/* Parity that is not as long as its pack says counts as none. */
static void
test_parity_that_does_not_fit(void **state)
{
	const uint64_t stored = dig_parity_stored_bytes(
	    &(struct dig_parity_shape){ 1, 1 }, (uint64_t)1 << 20);
	const struct {
		struct dig_pack_state pack;
		bool fits;
	} cases[] = {
		{ { 1, 0, 5000, 0, { 1, 1 }, 0 }, true },
		{ { 1, 0, (1 << 20) - 1, 0, { 1, 1 }, 0 }, true },
		{ { 1, 0, 1 << 20, 0, { 1, 1 }, 0 }, false },
		{ { 1, 0, 1 << 20, 0, { 1, 1 }, stored }, true },
		{ { 1, 0, 1 << 20, 0, { 1, 1 }, stored - 1 }, false },
		{ { 1, 0, 5000, 0, { 1, 1 }, stored }, false },
		{ { 1, 0, 5000, 0, { 64, 1 }, INT64_MAX }, false },
		{ { 1, 0, INT64_MAX, 0, { 1, 16 }, 0 }, false },
		{ { 1, DIG_PACK_SEALED, 5000, 0, { 1, 1 }, 0 }, false },
		{ { 1, DIG_PACK_SEALED, (1 << 20) - 1, 0, { 1, 1 }, stored },
		    true },
		{ { 1, DIG_PACK_SEALED, 1 << 20, 0, { 1, 1 }, stored }, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dig_journal_base base = { .seq = 1 };
		struct dig_buf out = DIG_BUF_INIT;
		const struct dig_pack_state *pack;
		struct dig_journal_record rec;
		struct dig_state before, after;
		uint8_t id[32] = { 1 };
		const struct dig_journal_full what = { &before, id, 1, NULL,
			NULL, 0 };

		dig_state_init(&before);
		dig_state_init(&after);
		dig_state_set_pack(&before, &cases[i].pack);
		dig_journal_record_full(&base, &what, &out);
		assert_true(
		    dig_journal_record_decode(out.data, out.len, 0, &rec));
		dig_journal_apply(&rec, &after);
		pack = dig_state_pack(&after, 1);
		assert_int_equal(pack->shape.data,
		    cases[i].fits ? cases[i].pack.shape.data : 0);
		assert_int_equal(pack->parity_length,
		    cases[i].fits ? cases[i].pack.parity_length : 0);
		assert_true(dig_pack_covered(pack) <= pack->length);
		dig_journal_record_clear(&rec);
		dig_state_clear(&before);
		dig_state_clear(&after);
		dig_buf_clear(&out);
	}
}

/* ---- Folding ---------------------------------------------------------- */

static bool
all_live(void *arg, const struct dig_oid *commit)
{
	(void)arg;
	(void)commit;
	return true;
}

struct walked {
	uint64_t first_seq;
	uint64_t ops[NMAX];
	size_t n;
};

static bool
note_op(void *arg, const struct dig_journal_record *rec)
{
	struct walked *walked = arg;

	if (walked->first_seq == 0)
		walked->first_seq = rec->seq;
	if (dig_journal_record_changes(rec))
		walked->ops[walked->n++] = rec->op;
	return true;
}

static void
fold(struct dig_journal *journal, uint64_t keep, bool with_copy)
{
	struct dig_journal_folded folded;
	struct dig_journal_cut cut;
	struct dig_error err;

	OK(dig_journal_cut(journal, keep, &cut, &err));
	assert_in_range(cut.kept, 0, keep);
	OK(dig_journal_fold(journal, &cut, all_live, NULL, &folded, &err));
	OK(dig_journal_replace(journal, &folded, &err));
	if (with_copy)
		OK(dig_journal_replace_copy(journal, &err));
	dig_journal_folded_clear(&folded);
}

/* The same state with fewer records, read with and without what an index of
 * before knows. */
static void
test_fold(void **state)
{
	(void)state;
	for (uint64_t keep = 0; keep < 30; keep += 7) {
		struct dig_journal *journal;
		struct walked walked = { 0 };
		struct dig_error err;
		struct tape tape;
		uint64_t seq;

		tape_init(&tape, 24);
		journal = dig_store_journal(tape.rig.store);
		fold(journal, keep, true);
		assert_true(dig_journal_is_fresh(journal));
		OK(dig_journal_each(journal, true, note_op, &walked, &err));
		assert_int_equal(walked.first_seq, 25);
		assert_int_equal(walked.n, keep < 23 ? keep : 23);
		for (size_t i = 0; i < walked.n; i++)
			assert_int_equal(walked.ops[i], 24 - walked.n + i + 1);
		append(journal, 50, 8, true);
		append(journal, 51, 8, false);
		slurp(&tape);
		for (int hint = NO_HINT; hint < 24; hint++) {
			assert_int_equal(open_with(&tape, hint, &seq), DIG_OK);
			assert_int_equal(seq, 25 + walked.n + 2);
		}
		tape_clear(&tape);
	}
}

/* Every state that a kill or a lost file may leave of the two files. */
static void
test_fold_torn(void **state)
{
	struct dig_buf old = DIG_BUF_INIT;
	struct dig_buf new_ = DIG_BUF_INIT;
	struct dig_buf longer = DIG_BUF_INIT;
	struct tape tape;
	uint64_t seq;

	(void)state;
	tape_init(&tape, 24);
	dig_buf_put(&old, tape.whole.data, tape.whole.len);
	fold(dig_store_journal(tape.rig.store), 3, true);
	slurp(&tape);
	dig_buf_put(&new_, tape.whole.data, tape.whole.len);
	append(dig_store_journal(tape.rig.store), 50, 8, true);
	slurp(&tape);
	dig_buf_put(&longer, tape.whole.data, tape.whole.len);
	for (int hint = NO_HINT; hint < 24; hint++) {
		put_file(&tape, "journal", new_.data, new_.len);
		put_file(&tape, "journal.2", old.data, old.len);
		assert_int_equal(open_with(&tape, hint, &seq), DIG_OK);
		assert_int_equal(seq, 28);
		put_file(&tape, "journal", old.data, old.len);
		put_file(&tape, "journal.2", new_.data, new_.len);
		assert_int_equal(open_with(&tape, hint, &seq), DIG_OK);
		assert_int_equal(seq, 28);
		put_file(&tape, "journal", NULL, 0);
		put_file(&tape, "journal.2", longer.data, longer.len);
		assert_int_equal(open_with(&tape, hint, &seq), DIG_OK);
		assert_int_equal(seq, 29);
		put_file(&tape, "journal", longer.data, longer.len - 3);
		put_file(&tape, "journal.2", old.data, old.len);
		assert_int_equal(open_with(&tape, hint, &seq), DIG_OK);
		assert_int_equal(seq, 28);
	}
	/* Older records do not stand in for what is newer and damaged. */
	for (size_t at = 0; at < longer.len; at += 41) {
		longer.data[at] ^= 4;
		put_file(&tape, "journal", longer.data, longer.len);
		put_file(&tape, "journal.2", old.data, old.len);
		if (open_with(&tape, NO_HINT, &seq) == DIG_OK)
			assert_int_equal(seq, 28); /* all but a torn tail */
		else
			assert_true(seq == 0);
		longer.data[at] ^= 4;
	}
	dig_buf_clear(&old);
	dig_buf_clear(&new_);
	dig_buf_clear(&longer);
	tape_clear(&tape);
}

/* A later dig may add what this one can do without, above tag 17 only. */
static void
test_optional_sections(void **state)
{
	struct dig_journal_record rec;
	struct dig_journal_base base;
	struct dig_state full;
	uint8_t id[32] = { 1 };
	const struct dig_journal_full what = { &full, id, 1, NULL, NULL, 0 };

	(void)state;
	memset(&base, 0, sizeof(base));
	base.seq = 1;
	dig_state_init(&full);
	for (uint8_t tag = 0; tag < 40; tag++) {
		struct dig_buf out = DIG_BUF_INIT;
		bool good;

		dig_journal_record_full(&base, &what, &out);
		out.len -= 8;
		dig_buf_putc(&out, tag);
		dig_buf_put_bytes(&out, "later", 5);
		dig_set_be32(out.data + 4, (uint32_t)(out.len - 73));
		dig_buf_put_be64(&out, dig_hash64(out.data, out.len));
		good = dig_journal_record_decode(out.data, out.len, 0, &rec);
		assert_int_equal(good, tag > 17 && tag < 32);
		if (good)
			dig_journal_record_clear(&rec);
		dig_buf_clear(&out);
	}
	dig_state_clear(&full);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_torn),
		cmocka_unit_test(test_flipped),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_checkpoints),
		cmocka_unit_test(test_lagging_copy),
		cmocka_unit_test(test_never_written_over),
		cmocka_unit_test(test_each_and_verify),
		cmocka_unit_test(test_ref_names),
		cmocka_unit_test(test_hostile_records),
		cmocka_unit_test(test_parity_that_does_not_fit),
		cmocka_unit_test(test_optional_sections),
		cmocka_unit_test(test_fold),
		cmocka_unit_test(test_fold_torn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
