/* SPDX-License-Identifier: MIT
 *
 * Commits and tags: known bytes and ids, round trips, everything that must be
 * refused, jump pointers over a long line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "objects/commit.h"

#define SEED 0x5eed0006u
/* Computed with another SHA-256 from the same description. */
#define ROOT_ID                                                                \
	"63e5826d24dd8a7c0c831131bc417c9b"                                     \
	"79848ea06e0ff41e74734f46621eecdf"
#define MERGE_ID                                                               \
	"6d9188ebec87f430ded6e42e38290691"                                     \
	"41818550a479505095a49314ba187357"
#define B(s) (const uint8_t *)(s), sizeof(s) - 1

static uint8_t parents[2 * DIG_HASH_SIZE];

static struct dig_commit
root_commit(void)
{
	struct dig_commit commit;

	memset(&commit, 0, sizeof(commit));
	memset(commit.tree.bytes, 0x11, DIG_HASH_SIZE);
	commit.author =
	    (struct dig_ident){ B("Ann <a@x>"), 1700000000, B("+0100") };
	commit.committer = (struct dig_ident){ B("Bo <b@x>"), -1, B("-0330") };
	commit.message = (const uint8_t *)"first\n";
	commit.message_len = 6;
	commit.files = 3;
	commit.bytes = 300;
	commit.generation = 1;
	return commit;
}

static struct dig_commit
merge_commit(void)
{
	struct dig_commit commit = root_commit();

	memset(parents, 0x22, DIG_HASH_SIZE);
	memset(parents + DIG_HASH_SIZE, 0x33, DIG_HASH_SIZE);
	commit.nparents = 2;
	commit.parents = parents;
	commit.encoding = (const uint8_t *)"latin1";
	commit.encoding_len = 6;
	commit.generation = 200;
	commit.depth = 128;
	memset(commit.jump.bytes, 0x44, DIG_HASH_SIZE);
	commit.nheaders = 2;
	commit.headers[0] = (struct dig_header){ B("gpgsig"), B("a\nb") };
	commit.headers[1] = (struct dig_header){ B("x"), B("") };
	return commit;
}

/* The bytes written out by hand from docs/format.md. */
static void
test_known_bytes(void **state)
{
	static const char tail[] = "\x00"
				   "\x09"
				   "Ann <a@x>"
				   "\x80\xc4\x9f\xd5\x0c"
				   "\x05+0100"
				   "\x08"
				   "Bo <b@x>"
				   "\x01"
				   "\x05-0330"
				   "\x06"
				   "first\n"
				   "\x00"
				   "\x03"
				   "\xac\x02"
				   "\x01"
				   "\x00"
				   "\x00"
				   "\x00";
	struct dig_commit commit = root_commit();
	struct dig_buf out = DIG_BUF_INIT;
	char hex[DIG_OID_HEX + 1];
	struct dig_oid id;

	(void)state;
	dig_commit_encode(&commit, &out);
	assert_int_equal(out.len, 32 + sizeof(tail) - 1);
	assert_memory_equal(out.data, commit.tree.bytes, 32);
	assert_memory_equal(out.data + 32, tail, sizeof(tail) - 1);
	dig_commit_id(out.data, out.len, &id);
	dig_oid_hex(&id, hex);
	assert_string_equal(hex, ROOT_ID);
	dig_buf_reset(&out);
	commit = merge_commit();
	dig_commit_encode(&commit, &out);
	dig_commit_id(out.data, out.len, &id);
	dig_oid_hex(&id, hex);
	assert_string_equal(hex, MERGE_ID);
	dig_buf_clear(&out);
}

static void
assert_round_trip(const struct dig_commit *commit)
{
	struct dig_buf out = DIG_BUF_INIT, again = DIG_BUF_INIT;
	struct dig_commit back;
	struct dig_error err;

	dig_commit_encode(commit, &out);
	assert_int_equal(
	    dig_commit_decode(out.data, out.len, &back, &err), DIG_OK);
	dig_commit_encode(&back, &again);
	assert_int_equal(out.len, again.len);
	assert_memory_equal(out.data, again.data, out.len);
	assert_true(back.author.seconds == commit->author.seconds);
	assert_int_equal(back.nparents, commit->nparents);
	assert_int_equal(back.nheaders, commit->nheaders);
	dig_buf_clear(&out);
	dig_buf_clear(&again);
}

static void
test_round_trip(void **state)
{
	static const int64_t times[] = { 0, 1, -1, 63, 64, -64, -65, INT64_MAX,
		INT64_MIN };
	static uint8_t many[DIG_COMMIT_PARENTS_MAX * DIG_HASH_SIZE];
	struct dig_commit commit = root_commit();
	char *message = malloc(DIG_COMMIT_MESSAGE_MAX);

	(void)state;
	assert_round_trip(&commit);
	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		commit.author.seconds = times[i];
		assert_round_trip(&commit);
	}
	commit.author.who_len = commit.author.zone_len = 0;
	assert_round_trip(&commit);
	commit = merge_commit();
	assert_round_trip(&commit);
	memset(many, 7, sizeof(many));
	commit.parents = many;
	commit.nparents = DIG_COMMIT_PARENTS_MAX;
	commit.nheaders = DIG_COMMIT_HEADERS_MAX;
	for (size_t i = 0; i < commit.nheaders; i++)
		commit.headers[i] = (struct dig_header){ B("n"), B("\0\xff") };
	memset(message, 'm', DIG_COMMIT_MESSAGE_MAX);
	commit.message = (uint8_t *)message;
	commit.message_len = DIG_COMMIT_MESSAGE_MAX;
	commit.files = commit.bytes = commit.generation = UINT64_MAX;
	commit.depth = UINT64_MAX - 1;
	assert_round_trip(&commit);
	free(message);
}

/* Each of these spoils one thing of a good commit. */
static void
spoil(struct dig_commit *commit, int which)
{
	static uint8_t many[(DIG_COMMIT_PARENTS_MAX + 1) * DIG_HASH_SIZE];
	static uint8_t much[DIG_COMMIT_MESSAGE_MAX + 1];

	switch (which) {
	case 0:
		commit->nparents = DIG_COMMIT_PARENTS_MAX + 1;
		commit->parents = many;
		break;
	case 1:
		commit->message = much;
		commit->message_len = sizeof(much);
		break;
	case 2:
		commit->author.who = (const uint8_t *)"A\n";
		commit->author.who_len = 2;
		break;
	case 3:
		commit->committer.who = (const uint8_t *)"A\0";
		commit->committer.who_len = 2;
		break;
	case 4:
		commit->author.who = much;
		commit->author.who_len = DIG_COMMIT_IDENT_MAX + 1;
		break;
	case 5:
		commit->author.zone = (const uint8_t *)"+01\x7f";
		commit->author.zone_len = 4;
		break;
	case 6:
		commit->author.zone = (const uint8_t *)"12345678901234567";
		commit->author.zone_len = 17;
		break;
	case 7:
		commit->generation = 1;
		break;
	case 8:
		commit->depth = 0;
		break;
	case 9:
		commit->depth = commit->generation;
		break;
	case 10:
		commit->jump = dig_oid_zero;
		break;
	case 11: /* a root at the place of another commit */
		commit->nparents = 0;
		break;
	case 12:
		*commit = root_commit();
		commit->generation = 2;
		break;
	case 13:
		*commit = root_commit();
		commit->depth = 1;
		break;
	case 14:
		*commit = root_commit();
		commit->jump.bytes[0] = 1;
		break;
	default:
		fail();
	}
}

static void
test_refused(void **state)
{
	struct dig_buf out = DIG_BUF_INIT;
	struct dig_commit back;
	struct dig_error err;

	(void)state;
	for (int i = 0; i <= 14; i++) {
		struct dig_commit commit = merge_commit();

		spoil(&commit, i);
		dig_buf_reset(&out);
		dig_commit_encode(&commit, &out);
		if (dig_commit_decode(out.data, out.len, &back, &err) !=
		    DIG_ECORRUPT)
			fail_msg("case %d was taken", i);
	}
	dig_buf_clear(&out);
}

/* Cut, lengthened and changed bytes: refused, or canonical all the same. */
static void
assert_strict(const struct dig_buf *good, bool is_tag)
{
	struct dig_buf again = DIG_BUF_INIT;
	struct dig_commit commit;
	struct dig_error err;
	struct dig_tag tag;
	size_t taken = 0;

	for (size_t len = 0; len <= good->len + 1; len++) {
		uint8_t *copy = calloc(1, len + 1); /* exact, for ASan */
		enum dig_status st;

		memcpy(copy, good->data, len < good->len ? len : good->len);
		copy = realloc(copy, len ? len : 1);
		st = is_tag ? dig_tag_decode(copy, len, &tag, &err)
			    : dig_commit_decode(copy, len, &commit, &err);
		assert_int_equal(st, len == good->len ? DIG_OK : DIG_ECORRUPT);
		free(copy);
	}
	for (size_t at = 0; at < good->len; at++)
		for (int value = 0; value < 256; value++) {
			uint8_t *copy = malloc(good->len);
			enum dig_status st;

			memcpy(copy, good->data, good->len);
			copy[at] = (uint8_t)value;
			st = is_tag
				 ? dig_tag_decode(copy, good->len, &tag, &err)
				 : dig_commit_decode(
				       copy, good->len, &commit, &err);
			if (st == DIG_OK) {
				dig_buf_reset(&again);
				if (is_tag)
					dig_tag_encode(&tag, &again);
				else
					dig_commit_encode(&commit, &again);
				assert_int_equal(again.len, good->len);
				assert_memory_equal(
				    again.data, copy, good->len);
				taken++;
			}
			free(copy);
		}
	assert_true(taken > 256 * 32); /* ids are free bytes */
	dig_buf_clear(&again);
}

static void
test_strict(void **state)
{
	struct dig_commit commit = merge_commit();
	struct dig_buf out = DIG_BUF_INIT;

	(void)state;
	dig_commit_encode(&commit, &out);
	assert_strict(&out, false);
	dig_buf_clear(&out);
}

static void
test_tag(void **state)
{
	static const char tail[] = "\x04v1.0\x01\x09"
				   "Ann <a@x>"
				   "\x02\x05+0000\x03hi\n\x01\x01n\x01v";
	struct dig_buf out = DIG_BUF_INIT;
	struct dig_tag tag, back;
	struct dig_error err;

	(void)state;
	memset(&tag, 0, sizeof(tag));
	tag.target_kind = DIG_KIND_COMMIT;
	memset(tag.target.bytes, 0x55, DIG_HASH_SIZE);
	tag.name = (const uint8_t *)"v1.0";
	tag.name_len = 4;
	tag.tagger = (struct dig_ident){ B("Ann <a@x>"), 1, B("+0000") };
	tag.message = (const uint8_t *)"hi\n";
	tag.message_len = 3;
	tag.nheaders = 1;
	tag.headers[0] = (struct dig_header){ B("n"), B("v") };
	dig_tag_encode(&tag, &out);
	assert_int_equal(out.data[0], 4);
	assert_memory_equal(out.data + 1, tag.target.bytes, 32);
	assert_int_equal(out.len, 33 + sizeof(tail) - 1);
	assert_memory_equal(out.data + 33, tail, sizeof(tail) - 1);
	assert_strict(&out, true);
	tag.tagger.who_len = 0;
	tag.nheaders = 0;
	for (int kind = 0; kind < 256; kind++) {
		bool may = kind == 1 || kind == 3 || kind == 4 || kind == 5;

		tag.target_kind = (enum dig_kind)kind;
		dig_buf_reset(&out);
		dig_tag_encode(&tag, &out);
		assert_int_equal(dig_tag_decode(out.data, out.len, &back, &err),
		    may ? DIG_OK : DIG_ECORRUPT);
		if (may)
			assert_int_equal(back.tagger.who_len, 0);
	}
	dig_buf_clear(&out);
}

/* A line of commits: any ancestor is reached in O(log n) steps. */
static void
test_jumps(void **state)
{
	enum { N = 20000 };
	static const uint32_t known[] = { 0, 0, 1, 0, 3, 4, 3, 0, 7, 8, 7, 10,
		11, 10, 7, 0 };
	static uint32_t jump[N];
	uint32_t rng = SEED;
	unsigned worst = 0;

	(void)state;
	print_message("seed 0x%x\n", SEED);
	for (uint32_t i = 1; i < N; i++) {
		uint32_t p = i - 1;

		jump[i] = dig_commit_jumps_far(p, jump[p], jump[jump[p]])
			      ? jump[jump[p]]
			      : p;
	}
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		assert_int_equal(jump[i], known[i]);
	for (int i = 0; i < 5000; i++) {
		uint32_t from, to;
		unsigned steps = 0;

		rng = rng * 1664525u + 1013904223u;
		from = (rng >> 4) % N;
		rng = rng * 1664525u + 1013904223u;
		to = from == 0 ? 0 : (rng >> 4) % from;
		for (; from != to; steps++)
			from = jump[from] >= to ? jump[from] : from - 1;
		worst = steps > worst ? steps : worst;
	}
	assert_in_range(worst, 5, 3 * 15);
	assert_false(dig_commit_jumps_far(0, 0, 0));
	assert_false(dig_commit_jumps_far(1, 0, 0));
}

static void
test_words(void **state)
{
	static const struct {
		const char *who;
		const char *name;
		const char *email;
	} idents[] = {
		{ "Ann Lee <ann@x.org>", "Ann Lee", "ann@x.org" },
		{ "Ann", "Ann", "" },
		{ "<a@x>", "", "a@x" },
		{ "", "", "" },
		{ "Ann <", "Ann", "" },
		{ "Ann <a@x", "Ann", "a@x" },
		{ "Ann   <a@x> (b)", "Ann", "a@x" },
	};
	static const struct {
		const char *zone;
		int minutes;
	} zones[] = { { "+0100", 60 }, { "-0330", -210 }, { "+0000", 0 },
		{ "-0000", 0 }, { "+1400", 840 }, { "0100", 0 }, { "+100", 0 },
		{ "+01000", 0 }, { "+01:0", 0 }, { "", 0 }, { "+ 100", 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof(idents) / sizeof(*idents); i++) {
		const uint8_t *name, *email;
		size_t name_len, email_len;
		struct dig_ident ident = { (const uint8_t *)idents[i].who,
			strlen(idents[i].who), 0, NULL, 0 };

		dig_ident_split(&ident, &name, &name_len, &email, &email_len);
		assert_int_equal(name_len, strlen(idents[i].name));
		assert_memory_equal(name, idents[i].name, name_len);
		assert_int_equal(email_len, strlen(idents[i].email));
		assert_memory_equal(email, idents[i].email, email_len);
	}
	for (size_t i = 0; i < sizeof(zones) / sizeof(*zones); i++)
		assert_int_equal(
		    dig_zone_minutes(
			(const uint8_t *)zones[i].zone, strlen(zones[i].zone)),
		    zones[i].minutes);
	assert_int_equal(dig_subject_len(B("one\ntwo")), 3);
	assert_int_equal(dig_subject_len(B("one\r\ntwo")), 3);
	assert_int_equal(dig_subject_len(B("one")), 3);
	assert_int_equal(dig_subject_len(B("\none")), 0);
	assert_int_equal(dig_subject_len(B("")), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_bytes),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_strict),
		cmocka_unit_test(test_tag),
		cmocka_unit_test(test_jumps),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
