/* SPDX-License-Identifier: MIT
 *
 * Proofs made from trees in memory and checked by the verifier: hash paths in
 * the shape of RFC 6962, every entry and the gaps between them, ranges, and
 * changed proofs, of which none may be believed.
 *
 * SOAK=1 changes a million proofs in each of two ways, SEED=N repeats a run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "node_memory.h"
#include "objects/commit.h"
#include "objects/file.h"
#include "objects/prove.h"
#include "objects/tree.h"

#define OK(call)                                                               \
	do {                                                                   \
		struct dig_error err = DIG_ERROR_INIT;                         \
		if ((call) != DIG_OK)                                          \
			fail_msg("%s: %s", #call, err.msg);                    \
	} while (0)

/* ---- A world: trees, their commits, files ------------------------------ */

struct snapshot {
	struct dig_oid root;
	struct dig_oid commit;
	struct dig_buf bytes; /* of the commit */
};

struct world {
	struct memory memory;
	struct snapshot first, second; /* the second has the first as parent */
	size_t nfiles;
	struct dig_buf file; /* bytes of the large file */
	struct dig_entry entry;
};

#define LARGE "m/large"

static void
name_of(size_t i, char *out, size_t size)
{
	snprintf(out, size, "dir%zu/file-%05zu", i % 7, i * 10);
}

static int
by_path(const void *a, const void *b)
{
	const struct dig_tree_edit *x = a, *y = b;

	return strcmp((const char *)x->entry.path, (const char *)y->entry.path);
}

static void
make_entry(struct dig_entry *entry, const char *path, uint64_t size)
{
	memset(entry, 0, sizeof(*entry));
	entry->path = (const uint8_t *)path;
	entry->path_len = strlen(path);
	entry->kind = size % 5 == 0 ? DIG_ENTRY_EXEC : DIG_ENTRY_FILE;
	entry->form = DIG_FORM_CHUNK;
	entry->size_bytes = size;
	dig_sha256(path, strlen(path), entry->stored.bytes);
}

/* A file of chunks of random lengths. */
static void
make_file(struct world *world, size_t nchunks, uint64_t *seed)
{
	struct dig_file_builder *builder =
	    dig_file_builder_new(&world->memory.io);

	dig_buf_reset(&world->file);
	for (size_t i = 0; i < nchunks; i++) {
		size_t len = 1 + next_random(seed) % 50;
		struct dig_oid id;
		uint8_t bytes[50];

		for (size_t k = 0; k < len; k++)
			bytes[k] = (uint8_t)next_random(seed);
		dig_sha256(bytes, len, id.bytes);
		OK(world->memory.io.put(world->memory.io.arg, DIG_KIND_CHUNK,
		    &id, bytes, len, NULL, &err));
		OK(dig_file_builder_add(builder, len, &id, &err));
		dig_buf_put(&world->file, bytes, len);
	}
	memset(&world->entry, 0, sizeof(world->entry));
	world->entry.kind = DIG_ENTRY_FILE;
	world->entry.path = (const uint8_t *)LARGE;
	world->entry.path_len = strlen(LARGE);
	OK(dig_file_builder_finish(builder, &world->entry, &err));
	dig_file_builder_free(builder);
}

static void
make_commit(struct snapshot *snapshot, const struct snapshot *parent)
{
	struct dig_commit commit;

	memset(&commit, 0, sizeof(commit));
	commit.tree = snapshot->root;
	commit.author.who = (const uint8_t *)"A <a@x>";
	commit.author.who_len = 7;
	commit.author.zone = (const uint8_t *)"+0000";
	commit.author.zone_len = 5;
	commit.committer = commit.author;
	commit.message = (const uint8_t *)"words\n";
	commit.message_len = 6;
	commit.generation = 1;
	if (parent != NULL) {
		commit.nparents = 1;
		commit.parents = parent->commit.bytes;
		commit.jump = parent->commit;
		commit.generation = 2;
		commit.depth = 1;
	}
	dig_buf_reset(&snapshot->bytes);
	dig_commit_encode(&commit, &snapshot->bytes);
	dig_commit_id(
	    snapshot->bytes.data, snapshot->bytes.len, &snapshot->commit);
}

static void
world_init(struct world *world, size_t nfiles, size_t nchunks, uint64_t *seed)
{
	struct dig_tree_edit *edits = dig_calloc(nfiles + 1, sizeof(*edits));
	char(*names)[32] = dig_calloc(nfiles, sizeof(*names));
	struct dig_tree_edit change = { 0 };
	struct dig_oid empty;

	memset(world, 0, sizeof(*world));
	memory_init(&world->memory);
	make_file(world, nchunks, seed);
	world->nfiles = nfiles;
	for (size_t i = 0; i < nfiles; i++) {
		name_of(i, names[i], sizeof(names[i]));
		make_entry(&edits[i].entry, names[i], 1 + i % 500000);
	}
	edits[nfiles].entry = world->entry;
	qsort(edits, nfiles + 1, sizeof(*edits), by_path);
	dig_tree_empty(&empty);
	OK(dig_tree_apply(&world->memory.io, &empty, edits, nfiles + 1,
	    &world->first.root, &err));
	make_entry(&change.entry, "dir0/file-00000", 99);
	OK(dig_tree_apply(&world->memory.io, &world->first.root, &change, 1,
	    &world->second.root, &err));
	make_commit(&world->first, NULL);
	make_commit(&world->second, &world->first);
	free(edits);
	free(names);
}

static void
world_clear(struct world *world)
{
	memory_clear(&world->memory);
	dig_buf_clear(&world->file);
	dig_buf_clear(&world->first.bytes);
	dig_buf_clear(&world->second.bytes);
}

/* ---- Making and checking ---------------------------------------------- */

static void
begin(struct dig_buf *out, enum dig_proof_type type)
{
	dig_buf_reset(out);
	dig_buf_puts(out, DIG_PROOF_MAGIC);
	dig_buf_putc(out, DIG_PROOF_VERSION);
	dig_buf_putc(out, (uint8_t)type);
	dig_buf_put_be32(out, 0);
}

/* Set the length of the body and put the seal. */
static void
seal(struct dig_buf *out)
{
	uint8_t hash[DIG_HASH_SIZE];

	dig_set_be32(out->data + 10, (uint32_t)(out->len - DIG_PROOF_HEAD));
	dig_sha256(out->data, out->len, hash);
	dig_buf_put(out, hash, sizeof(hash));
}

/* false: the path is there where it must not be, or the other way round. */
static bool
put_side(struct world *world, const struct snapshot *snapshot, const void *path,
    size_t len, bool present, struct dig_buf *out)
{
	bool found = false;

	dig_buf_putc(out, 1);
	dig_buf_put_bytes(out, snapshot->bytes.data, snapshot->bytes.len);
	OK(dig_tree_prove(
	    &world->memory.io, &snapshot->root, path, len, out, &found, &err));
	return found == present;
}

/* The proof of a claim, of which type, path, from, to and has_data count. */
static bool
prove(struct world *world, const struct dig_proof_claim *claim,
    struct dig_buf *out)
{
	bool present = claim->type != DIG_PROOF_ABSENT;

	begin(out, claim->type);
	if (claim->type == DIG_PROOF_ANCESTOR) {
		dig_buf_put_varint(out, 2);
		dig_buf_put_bytes(
		    out, world->second.bytes.data, world->second.bytes.len);
		dig_buf_put_bytes(
		    out, world->first.bytes.data, world->first.bytes.len);
		seal(out);
		return true;
	}
	dig_buf_put_bytes(out, claim->path, claim->path_len);
	if (!put_side(world, &world->second, claim->path, claim->path_len,
		present, out))
		return false;
	if (claim->type == DIG_PROOF_UNCHANGED &&
	    !put_side(
		world, &world->first, claim->path, claim->path_len, true, out))
		return false;
	if (claim->type == DIG_PROOF_BYTES) {
		dig_buf_put_varint(out, claim->from);
		dig_buf_put_varint(out, claim->to);
		dig_buf_putc(out, claim->has_data);
		OK(dig_file_prove(&world->memory.io, &world->entry, claim->from,
		    claim->to, out, &err));
	}
	seal(out);
	if (claim->has_data)
		dig_buf_put(out, world->file.data + claim->from,
		    (size_t)(claim->to - claim->from));
	return true;
}

static bool
give(void *arg, bool embedded, uint8_t *buf, size_t len)
{
	struct dig_cursor *cur = arg; /* embedded, then given */
	const uint8_t *raw = dig_cursor_raw(&cur[embedded ? 0 : 1], len);

	if (raw != NULL)
		memcpy(buf, raw, len);
	return raw != NULL;
}

/*
 * As a careful caller does: valid, nothing left over, and about the commits
 * that are trusted. given: bytes of the range, for proofs without them.
 */
static const char *
check(const struct world *world, const void *proof, size_t len,
    const void *given, size_t given_len, struct dig_proof_claim *claim)
{
	struct dig_cursor cur[2];
	const char *flaw;
	size_t body = 0;

	if (len < DIG_PROOF_HEAD || !dig_proof_measure(proof, &body))
		return "no proof";
	if (body > len)
		return "cut short";
	cur[0] = dig_cursor_over((const uint8_t *)proof + body, len - body);
	cur[1] = dig_cursor_over(given, given_len);
	flaw = dig_proof_verify(proof, body, give, cur, claim);
	if (flaw != NULL)
		return flaw;
	if (dig_cursor_left(&cur[0]) != 0 || cur[1].bad)
		return "left over";
	if (dig_proof_names(claim, world->second.commit.bytes) != 0)
		return "of something else";
	if (claim->nsides == 2 &&
	    dig_proof_names(claim, world->first.commit.bytes) != 1)
		return "of something else";
	return NULL;
}

static void
expect_valid(struct world *world, struct dig_proof_claim *claim)
{
	struct dig_buf proof = DIG_BUF_INIT;
	struct dig_proof_claim got;
	const char *flaw;

	assert_true(prove(world, claim, &proof));
	flaw =
	    check(world, proof.data, proof.len, world->file.data + claim->from,
		(size_t)(claim->to - claim->from), &got);
	if (flaw != NULL)
		fail_msg("%.*s: %s", (int)claim->path_len, claim->path, flaw);
	assert_int_equal(got.type, claim->type);
	assert_int_equal(got.path_len, claim->path_len);
	assert_memory_equal(got.path, claim->path, claim->path_len);
	assert_int_equal(got.from, claim->from);
	assert_int_equal(got.to, claim->to);
	dig_buf_clear(&proof);
}

static struct dig_proof_claim
claim_of(enum dig_proof_type type, const char *path)
{
	struct dig_proof_claim claim;

	memset(&claim, 0, sizeof(claim));
	claim.type = type;
	claim.path = (const uint8_t *)path;
	claim.path_len = strlen(path);
	return claim;
}

/* ---- Tests ------------------------------------------------------------ */

/* The tree of RFC 6962, 2.1.3: seven leaves a to f and j, and above them
 * g = ab, h = cd, i = ef, k = gh, l = ij. */
static void
test_shape(void **state)
{
	/* What a search shows: hashes of the left edge, the right, in common.
	 */
	static const struct {
		const char *path;
		const char *left, *right, *common;
		unsigned sides;
	} cases[] = {
		{ "0", NULL, "bhl", NULL, 0 }, /* the audit path of d0 */
		{ "3", "", "", "gl", 1 },      /* c and d meet in h */
		{ "4", "cg", "fj", "", 0 },    /* d and e meet in the root */
		{ "6", "e", "", "k", 1 },      /* i and j meet in l */
		{ "7", "ik", NULL, NULL, 0 }   /* behind: the path of d6 */
	};
	uint8_t hash[26][DIG_HASH_SIZE];
	struct memory memory;
	struct dig_tree_edit edits[7] = { 0 };
	static const char names[7][2] = { "0", "1", "2", "3", "4", "5", "6" };
	struct dig_oid root, empty;

	(void)state;
	memory_init(&memory);
	for (size_t i = 0; i < 7; i++) {
		uint8_t canonical[64] = { 1, (uint8_t)('0' + i), 1, 0xa4, 3 };
		struct dig_oid id;

		make_entry(&edits[i].entry, names[i], 1);
		dig_entry_content_id(&edits[i].entry, &id);
		canonical[5] = 1;
		memcpy(canonical + 6, id.bytes, DIG_HASH_SIZE);
		dig_entry_leaf(
		    canonical, 6 + DIG_HASH_SIZE, hash["abcdefj"[i] - 'a']);
	}
#define JOIN(x, y, z)                                                          \
	dig_tree_inner(hash[x - 'a'], hash[y - 'a'], hash[z - 'a'])
	JOIN('a', 'b', 'g');
	JOIN('c', 'd', 'h');
	JOIN('e', 'f', 'i');
	JOIN('g', 'h', 'k');
	JOIN('i', 'j', 'l');
	JOIN('k', 'l', 'm');
	dig_tree_empty(&empty);
	OK(dig_tree_apply(&memory.io, &empty, edits, 7, &root, &err));
	assert_memory_equal(root.bytes, hash['m' - 'a'], DIG_HASH_SIZE);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *ways[3] = { cases[i].left, cases[i].right,
			cases[i].common };
		struct dig_buf got = DIG_BUF_INIT;
		struct dig_cursor cur;
		bool found;

		OK(dig_tree_prove(
		    &memory.io, &root, cases[i].path, 1, &got, &found, &err));
		cur = dig_cursor_over(got.data, got.len);
		/* form, height, has left; the last of a tree has no such. */
		dig_cursor_raw(&cur, cases[i].right == NULL ? 2 : 3);
		for (size_t w = 0; w < 3; w++) {
			if (ways[w] == NULL)
				continue;
			if (w == 0)
				dig_cursor_raw(&cur, 2);
			if (w < 2) /* kind, size, content id */
				dig_cursor_raw(&cur, 2 + DIG_HASH_SIZE);
			assert_int_equal(dig_cursor_u8(&cur), strlen(ways[w]));
			if (w == 2)
				assert_int_equal(
				    dig_cursor_be16(&cur), cases[i].sides);
			for (const char *c = ways[w]; *c != '\0'; c++)
				assert_memory_equal(
				    dig_cursor_raw(&cur, DIG_HASH_SIZE),
				    hash[*c - 'a'], DIG_HASH_SIZE);
		}
		assert_false(cur.bad);
		assert_int_equal(dig_cursor_left(&cur), 0);
		dig_buf_clear(&got);
	}
	memory_clear(&memory);
}

/* Trees of every small number of files, and one of many levels. */
static void
test_paths(void **state)
{
	static const size_t sizes[] = { 0, 1, 2, 3, 15, 16, 17, 40, 500, 2000 };
	uint64_t seed = 5;

	(void)state;
	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		struct dig_buf proof = DIG_BUF_INIT;
		struct dig_proof_claim claim, got;
		struct world world;
		char path[40];

		world_init(&world, sizes[s], 3, &seed);
		for (size_t i = 0; i < sizes[s]; i++) {
			name_of(i, path, sizeof(path));
			claim = claim_of(DIG_PROOF_PRESENT, path);
			expect_valid(&world, &claim);
			claim.type = DIG_PROOF_UNCHANGED;
			assert_true(prove(&world, &claim, &proof));
			assert_int_equal(check(&world, proof.data, proof.len,
					     NULL, 0, &got) == NULL,
			    i != 0);
			claim.type = DIG_PROOF_ABSENT;
			assert_false(prove(&world, &claim, &proof));
			strcat(path, "/");
			claim = claim_of(DIG_PROOF_ABSENT, path);
			expect_valid(&world, &claim);
		}
		claim = claim_of(DIG_PROOF_ABSENT, "a");
		expect_valid(&world, &claim);
		claim = claim_of(DIG_PROOF_ABSENT, "zzz");
		expect_valid(&world, &claim);
		claim = claim_of(DIG_PROOF_ABSENT, "m"); /* a folder, no file */
		expect_valid(&world, &claim);
		claim = claim_of(DIG_PROOF_ABSENT, "m/");
		assert_true(prove(&world, &claim, &proof));
		assert_string_equal(
		    check(&world, proof.data, proof.len, NULL, 0, &got),
		    "something lies below the path");
		claim = claim_of(DIG_PROOF_ANCESTOR, "");
		assert_true(prove(&world, &claim, &proof));
		assert_null(
		    check(&world, proof.data, proof.len, NULL, 0, &got));
		assert_int_equal(got.ncommits, 2);
		dig_buf_clear(&proof);
		world_clear(&world);
	}
}

/* The tree without entries. */
static void
test_empty(void **state)
{
	struct dig_buf proof = DIG_BUF_INIT;
	struct dig_proof_claim claim;
	struct dig_oid empty;
	struct memory memory;
	bool found;

	(void)state;
	memory_init(&memory);
	dig_tree_empty(&empty);
	begin(&proof, DIG_PROOF_ABSENT);
	dig_buf_put_bytes(&proof, "a", 1);
	dig_buf_putc(&proof, 0);
	OK(dig_tree_prove(&memory.io, &empty, "a", 1, &proof, &found, &err));
	assert_false(found);
	seal(&proof);
	assert_null(
	    dig_proof_verify(proof.data, proof.len, NULL, NULL, &claim));
	assert_int_equal(dig_proof_names(&claim, empty.bytes), 0);
	assert_false(claim.sides[0].has_commit);
	dig_buf_clear(&proof);
	memory_clear(&memory);
}

/* Ranges of files of one chunk, of one node, and of several levels. */
static void
test_ranges(void **state)
{
	static const size_t sizes[] = { 1, 2, 3, 9, 1024, 1025, 2500 };
	uint64_t seed = 7;

	(void)state;
	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		struct dig_buf proof = DIG_BUF_INIT;
		struct dig_proof_claim claim, got;
		struct world world;
		uint64_t size;

		world_init(&world, 20, sizes[s], &seed);
		size = world.file.len;
		claim = claim_of(DIG_PROOF_BYTES, LARGE);
		for (int i = 0; i < 60; i++) {
			claim.from = i == 0 ? 0 : next_random(&seed) % size;
			claim.to = claim.from + 1 +
				   next_random(&seed) % (size - claim.from);
			if (i == 0)
				claim.to = size;
			claim.has_data = i % 2 == 0;
			expect_valid(&world, &claim);
		}
		/* Other bytes, fewer, and those of another place. */
		claim.has_data = false;
		claim.from = 0;
		claim.to = size;
		assert_true(prove(&world, &claim, &proof));
		assert_non_null(check(&world, proof.data, proof.len,
		    world.file.data, size - 1, &got));
		world.file.data[size / 2] ^= 1;
		assert_non_null(check(&world, proof.data, proof.len,
		    world.file.data, size, &got));
		dig_buf_clear(&proof);
		world_clear(&world);
	}
}

/* O(log n): ten times the files, some 200 bytes more. */
static void
test_size(void **state)
{
	size_t top = getenv("SOAK") != NULL ? 1000000 : 10000;
	struct dig_buf proof = DIG_BUF_INIT;
	uint64_t seed = 9;

	(void)state;
	for (size_t n = 100; n <= top; n *= 10) {
		struct dig_proof_claim claim;
		struct world world;
		size_t most = 0;
		char path[40];

		world_init(&world, n, 3, &seed);
		for (size_t i = 0; i < n; i += n / 100) {
			name_of(i, path, sizeof(path));
			claim = claim_of(DIG_PROOF_PRESENT, path);
			assert_true(prove(&world, &claim, &proof));
			most = proof.len > most ? proof.len : most;
		}
		print_message("%zu files: at most %zu bytes\n", n, most);
		assert_true(most < 2200);
		world_clear(&world);
	}
	dig_buf_clear(&proof);
}

/* ---- Changed proofs --------------------------------------------------- */

static void
change(struct dig_buf *proof, size_t low, size_t high, uint64_t *seed)
{
	size_t at = low + next_random(seed) % (high - low);
	size_t to = low + next_random(seed) % (high - low);
	uint8_t byte = (uint8_t)next_random(seed);

	switch (next_random(seed) % 6) {
	case 0:
	case 1:
		proof->data[at] ^= (uint8_t)(1 << byte % 8);
		break;
	case 2:
		proof->data[at] = byte;
		break;
	case 3: /* take a byte out */
		memmove(proof->data + at, proof->data + at + 1,
		    proof->len - at - 1);
		proof->len--;
		break;
	case 4: /* put one in */
		dig_buf_putc(proof, 0);
		memmove(proof->data + at + 1, proof->data + at,
		    proof->len - at - 1);
		proof->data[at] = byte;
		break;
	default: /* one hash over another */
		if (at + DIG_HASH_SIZE <= high && to + DIG_HASH_SIZE <= high)
			memmove(
			    proof->data + to, proof->data + at, DIG_HASH_SIZE);
		break;
	}
}

static struct dig_proof_claim
random_claim(const struct world *world, char path[40], uint64_t *seed)
{
	size_t i = 1 + next_random(seed) % (world->nfiles - 1);
	struct dig_proof_claim claim;

	name_of(i, path, 39);
	switch (next_random(seed) % 5) {
	case 0:
		return claim_of(DIG_PROOF_PRESENT, path);
	case 1:
		path[strlen(path) - 1] = '5';
		return claim_of(DIG_PROOF_ABSENT, path);
	case 2:
		return claim_of(DIG_PROOF_UNCHANGED, path);
	case 3:
		return claim_of(DIG_PROOF_ANCESTOR, "");
	default:
		claim = claim_of(DIG_PROOF_BYTES, LARGE);
		claim.from = next_random(seed) % world->file.len;
		claim.to = claim.from + 1 +
			   next_random(seed) % (world->file.len - claim.from);
		if (claim.to - claim.from > 300)
			claim.to = claim.from + 300;
		claim.has_data = next_random(seed) % 2 == 0;
		return claim;
	}
}

static uint64_t
rounds(uint64_t *seed)
{
	const char *text = getenv("SEED");

	*seed = text != NULL ? strtoull(text, NULL, 10) | 1 : 20260101;
	print_message("seed %llu\n", (unsigned long long)*seed);
	return getenv("SOAK") != NULL ? 1000000 : 10000;
}

/* As they come: not one changed proof is believed. */
static void
test_changed(void **state)
{
	struct dig_buf proof = DIG_BUF_INIT, other = DIG_BUF_INIT;
	uint64_t seed, n = rounds(&seed);
	struct world world;

	(void)state;
	world_init(&world, 300, 40, &seed);
	for (uint64_t i = 0; i < n; i++) {
		struct dig_proof_claim claim, got;
		char path[40];

		claim = random_claim(&world, path, &seed);
		if (i % 16 == 0)
			assert_true(prove(&world, &claim, &proof));
		dig_buf_reset(&other);
		dig_buf_put(&other, proof.data, proof.len);
		change(&other, 0, other.len, &seed);
		if (other.len == proof.len &&
		    memcmp(other.data, proof.data, proof.len) == 0)
			continue;
		if (check(&world, other.data, other.len, world.file.data,
			world.file.len, &got) == NULL)
			fail_msg("a changed proof of type %d, round %llu",
			    (int)got.type, (unsigned long long)i);
	}
	dig_buf_clear(&proof);
	dig_buf_clear(&other);
	world_clear(&world);
}

/*
 * With length and seal put right again: what is believed then is true, and is
 * the one encoding of it. (Another path may be absent, too.)
 */
static void
test_forged(void **state)
{
	struct dig_buf proof = DIG_BUF_INIT, other = DIG_BUF_INIT;
	struct dig_buf want = DIG_BUF_INIT;
	uint64_t seed, n = rounds(&seed), believed = 0, from = 0;
	struct world world;
	size_t body = 0;

	(void)state;
	world_init(&world, 300, 40, &seed);
	for (uint64_t i = 0; i < n; i++) {
		struct dig_proof_claim claim, got;
		const uint8_t *given;
		char path[40];

		claim = random_claim(&world, path, &seed);
		if (i % 16 == 0) {
			claim.has_data = false;
			from = claim.from;
			assert_true(prove(&world, &claim, &proof));
			body = proof.len - DIG_HASH_SIZE;
		}
		dig_buf_reset(&other);
		dig_buf_put(&other, proof.data, body);
		change(&other, DIG_PROOF_HEAD, body, &seed);
		seal(&other);
		given = world.file.data + from;
		if (check(&world, other.data, other.len, given,
			world.file.len - (size_t)(given - world.file.data),
			&got) != NULL)
			continue;
		if (!prove(&world, &got, &want) || want.len != other.len ||
		    memcmp(want.data, other.data, want.len) != 0)
			fail_msg("a forged proof of type %d, round %llu",
			    (int)got.type, (unsigned long long)i);
		believed++;
	}
	print_message("%llu of %llu speak of something else that is true\n",
	    (unsigned long long)believed, (unsigned long long)n);
	dig_buf_clear(&proof);
	dig_buf_clear(&other);
	dig_buf_clear(&want);
	world_clear(&world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shape),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_changed),
		cmocka_unit_test(test_forged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
