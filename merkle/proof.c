/* SPDX-License-Identifier: MIT
 *
 * The verifier. It reads the body once from front to back and computes every
 * id on the way; nothing that a proof claims counts before it has gone into a
 * hash. Which of two neighbours is left, and that nothing stands between them,
 * follows from the shape of the hash paths: the left one is the last of its
 * half, the right one the first of the other half.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "merkle/proof.h"

#include <openssl/sha.h>
#include <string.h>

#define PATH_BYTES_MAX 4095
#define CHUNK_BYTES_MAX 524288
#define OBJECT_BYTES_MAX 8388608
#define LEVELS 13
#define CONTENT_DEPTH_MAX 64
#define PIECE 16384

/* ---- Reading ---------------------------------------------------------- */

/* After the first flaw nothing more is read, and getters answer zeros. */
struct scan {
	const uint8_t *at;
	const uint8_t *end;
	const char *flaw;
};

static const uint8_t zeros[DIG_HASH_SIZE];

static void
refuse(struct scan *scan, const char *flaw)
{
	if (scan->flaw == NULL)
		scan->flaw = flaw;
}

static const uint8_t *
get_raw(struct scan *scan, uint64_t len)
{
	const uint8_t *at = scan->at;

	if (scan->flaw == NULL && len > (uint64_t)(scan->end - scan->at))
		refuse(scan, "it is cut short");
	if (scan->flaw != NULL)
		return NULL;
	scan->at += len;
	return at;
}

static uint8_t
get_u8(struct scan *scan)
{
	const uint8_t *at = get_raw(scan, 1);

	return at != NULL ? *at : 0;
}

static const uint8_t *
get_hash(struct scan *scan)
{
	const uint8_t *at = get_raw(scan, DIG_HASH_SIZE);

	return at != NULL ? at : zeros;
}

/* LEB128 in its shortest form. */
static uint64_t
get_varint(struct scan *scan)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t byte = get_u8(scan);

		if (shift == 63 && byte > 1)
			break;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte >= 0x80)
			continue;
		if (byte == 0 && shift > 0)
			break;
		return value;
	}
	refuse(scan, "a number in it is not in its shortest form");
	return 0;
}

static const uint8_t *
get_bytes(struct scan *scan, size_t *len, size_t limit)
{
	uint64_t n = get_varint(scan);
	const uint8_t *at;

	if (n > limit)
		refuse(scan, "a part of it is too long");
	at = get_raw(scan, n);
	*len = at != NULL ? (size_t)n : 0;
	return at;
}

static int
compare(const uint8_t *a, size_t alen, const uint8_t *b, size_t blen)
{
	size_t common = alen < blen ? alen : blen;
	int cmp = common == 0 ? 0 : memcmp(a, b, common);

	return cmp != 0 ? cmp : alen < blen ? -1 : alen > blen;
}

/* ---- Commits ---------------------------------------------------------- */

struct commit {
	uint8_t id[DIG_HASH_SIZE];
	const uint8_t *tree;
	const uint8_t *parents;
	uint64_t nparents;
	const uint8_t *jump; /* NULL: none */
	uint64_t generation;
};

static void
skip_ident(struct scan *scan)
{
	size_t len;

	get_bytes(scan, &len, OBJECT_BYTES_MAX);
	get_varint(scan);
	get_bytes(scan, &len, OBJECT_BYTES_MAX);
}

/* A canonical commit with its length before it. */
static void
get_commit(struct scan *scan, struct commit *out)
{
	struct scan in = { NULL, NULL, NULL };
	uint64_t nheaders;
	uint8_t has_jump;
	size_t len;

	memset(out, 0, sizeof(*out));
	in.at = get_bytes(scan, &len, OBJECT_BYTES_MAX);
	if (scan->flaw != NULL)
		return;
	in.end = in.at + len;
	dig_sha256_domain(DIG_DOMAIN_COMMIT, in.at, len, out->id);
	out->tree = get_hash(&in);
	out->nparents = get_varint(&in);
	if (out->nparents > 1024)
		refuse(&in, "a commit in it has too many parents");
	out->parents = get_raw(&in, out->nparents * DIG_HASH_SIZE);
	skip_ident(&in);
	skip_ident(&in);
	get_bytes(&in, &len, OBJECT_BYTES_MAX); /* message */
	get_bytes(&in, &len, OBJECT_BYTES_MAX); /* encoding */
	get_varint(&in);                        /* files */
	get_varint(&in);                        /* bytes */
	out->generation = get_varint(&in);
	get_varint(&in); /* depth */
	has_jump = get_u8(&in);
	if (has_jump == 1)
		out->jump = get_hash(&in);
	nheaders = get_varint(&in);
	for (uint64_t i = 0; i < nheaders && in.flaw == NULL; i++) {
		get_bytes(&in, &len, OBJECT_BYTES_MAX);
		get_bytes(&in, &len, OBJECT_BYTES_MAX);
	}
	if (in.flaw != NULL || has_jump > 1 || in.at != in.end)
		refuse(scan, "a commit in it is no commit");
}

static bool
leads_to(const struct commit *commit, const uint8_t id[DIG_HASH_SIZE])
{
	if (commit->jump != NULL &&
	    memcmp(commit->jump, id, DIG_HASH_SIZE) == 0)
		return true;
	for (uint64_t i = 0; i < commit->nparents; i++) {
		if (memcmp(commit->parents + i * DIG_HASH_SIZE, id,
			DIG_HASH_SIZE) == 0)
			return true;
	}
	return false;
}

/* From a commit down to its ancestor, each named by the one before. */
static void
get_descent(struct scan *scan, struct dig_proof_claim *claim)
{
	struct commit before = { 0 }, now = { 0 };

	claim->ncommits = get_varint(scan);
	if (claim->ncommits == 0)
		refuse(scan, "it shows no commit");
	for (uint64_t i = 0; i < claim->ncommits && scan->flaw == NULL; i++) {
		get_commit(scan, &now);
		if (scan->flaw != NULL)
			return;
		if (i > 0 && !leads_to(&before, now.id))
			refuse(scan, "a commit does not follow from the one "
				     "before");
		else if (i > 0 && now.generation >= before.generation)
			refuse(scan, "its commits do not descend");
		if (i == 0)
			memcpy(claim->sides[0].commit, now.id, DIG_HASH_SIZE);
		before = now;
	}
	claim->nsides = 2;
	claim->sides[0].has_commit = claim->sides[1].has_commit = true;
	if (scan->flaw == NULL)
		memcpy(claim->sides[1].commit, now.id, DIG_HASH_SIZE);
}

/* ---- The path tree ---------------------------------------------------- */

/* An entry of either sort; `id` is the content's or the child's. */
struct item {
	const uint8_t *path;
	size_t path_len;
	uint8_t kind;
	uint64_t files;
	uint64_t bytes;
	const uint8_t *id;
};

static uint8_t *
put_varint(uint8_t *p, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		*p++ = (uint8_t)(value | 0x80);
	*p++ = (uint8_t)value;
	return p;
}

static uint8_t *
put_u64(uint8_t *p, uint64_t value)
{
	for (int shift = 56; shift >= 0; shift -= 8)
		*p++ = (uint8_t)(value >> shift);
	return p;
}

static void
hash_item(const struct item *item, unsigned level, uint8_t out[DIG_HASH_SIZE])
{
	static const uint16_t modes[] = { 0, 0644, 0755, 0777, 0 };
	uint8_t image[PATH_BYTES_MAX + 64], *p = image;

	if (level > 0)
		*p++ = (uint8_t)level;
	p = put_varint(p, item->path_len);
	memcpy(p, item->path, item->path_len);
	p += item->path_len;
	if (level > 0) {
		memcpy(p, item->id, DIG_HASH_SIZE);
		p = put_u64(p + DIG_HASH_SIZE, item->files);
		p = put_u64(p, item->bytes);
		dig_sha256_domain(
		    DIG_DOMAIN_UPPER_ENTRY, image, (size_t)(p - image), out);
		return;
	}
	*p++ = item->kind;
	p = put_varint(p, modes[item->kind]);
	p = put_varint(p, item->bytes);
	memcpy(p, item->id, DIG_HASH_SIZE);
	dig_entry_leaf(image, (size_t)(p - image) + DIG_HASH_SIZE, out);
}

/* What stands in the proof of an item: all of it, or less where the verifier
 * knows the path, or has computed the child's id. */
static void
get_item(struct scan *scan, unsigned level, const uint8_t *child,
    struct item *out, uint8_t hash[DIG_HASH_SIZE])
{
	if (out->path == NULL) {
		out->path = get_bytes(scan, &out->path_len, PATH_BYTES_MAX);
		if (out->path_len == 0)
			refuse(scan, "a path in it is empty");
	}
	if (level > 0) {
		out->id = child != NULL ? child : get_hash(scan);
		out->files = get_varint(scan);
	} else {
		out->kind = get_u8(scan);
		if (out->kind < 1 || out->kind > 4)
			refuse(scan, "an entry in it has an unknown kind");
	}
	out->bytes = get_varint(scan);
	if (level == 0)
		out->id = get_hash(scan);
	if (scan->flaw == NULL)
		hash_item(out, level, hash);
}

/* Up along one edge of a part: as its last leaf every sibling is on the left,
 * as its first leaf on the right. Answers how many there were. */
static unsigned
climb_edge(struct scan *scan, bool is_last, uint8_t hash[DIG_HASH_SIZE])
{
	unsigned n = get_u8(scan);

	if (n > DIG_PROOF_NODE_DEPTH)
		refuse(scan, "a hash path in it is too long");
	for (unsigned i = 0; i < n && scan->flaw == NULL; i++) {
		const uint8_t *sibling = get_hash(scan);

		if (is_last)
			dig_tree_inner(sibling, hash, hash);
		else
			dig_tree_inner(hash, sibling, hash);
	}
	return n;
}

/* Up from where two neighbours met, to the node's id. */
static unsigned
climb_common(struct scan *scan, uint8_t hash[DIG_HASH_SIZE])
{
	unsigned n = get_u8(scan);
	unsigned sides = (unsigned)get_u8(scan) << 8;

	sides |= get_u8(scan); /* bit i: the i-th sibling is on the left */
	if (n > DIG_PROOF_NODE_DEPTH || sides >> n != 0)
		refuse(scan, "a hash path in it is not as it has to be");
	for (unsigned i = 0; i < n && scan->flaw == NULL; i++) {
		const uint8_t *sibling = get_hash(scan);

		if ((sides >> i & 1) != 0)
			dig_tree_inner(sibling, hash, hash);
		else
			dig_tree_inner(hash, sibling, hash);
	}
	return n;
}

struct search {
	const uint8_t *path;
	size_t path_len;
	enum dig_proof_form form;
	struct item found; /* FOUND: the entry */
	/* What the levels below have shown: no key of the node above may
	 * contradict it. */
	struct item low;  /* every key left of the search is below this one */
	struct item high; /* and the right one is this or a later one */
	uint8_t
	    hash[DIG_HASH_SIZE]; /* of the node below; in the end the root */
};

static bool
is_below(const struct item *item, const struct item *than)
{
	return compare(item->path, item->path_len, than->path, than->path_len) <
	       0;
}

/* Is the right neighbour at the lowest level what the form says? */
static void
check_right(
    struct scan *scan, const struct search *search, const struct item *right)
{
	size_t len = search->path_len;

	if (search->form == DIG_PROOF_FOUND)
		return;
	if (compare(right->path, right->path_len, search->path, len) <= 0)
		refuse(scan, "its neighbours do not enclose the path");
	else if (search->path[len - 1] == '/' && right->path_len > len &&
		 memcmp(right->path, search->path, len) == 0)
		refuse(scan, "something lies below the path");
}

/* One level: the adjacent pair that the search goes between. */
static void
get_pair(struct scan *scan, struct search *search, unsigned level)
{
	struct item left = { 0 }, right = { 0 };
	uint8_t left_hash[DIG_HASH_SIZE], hash[DIG_HASH_SIZE] = { 0 };
	uint8_t has_left = get_u8(scan);
	unsigned left_depth = 0, depth;

	if (has_left > 1)
		refuse(scan, "it is not in its canonical form");
	if (has_left == 1) {
		get_item(scan, level, NULL, &left, left_hash);
		left_depth = climb_edge(scan, true, left_hash) + 1;
	}
	if (level == 0 && search->form == DIG_PROOF_FOUND) {
		right.path = search->path;
		right.path_len = search->path_len;
	}
	get_item(scan, level, search->hash, &right, hash);
	depth = climb_edge(scan, false, hash);
	if (scan->flaw != NULL)
		return;
	if (has_left == 1) {
		unsigned common;

		dig_tree_inner(left_hash, hash, hash);
		common = climb_common(scan, hash);
		if (left_depth + common > DIG_PROOF_NODE_DEPTH ||
		    depth + 1 + common > DIG_PROOF_NODE_DEPTH)
			refuse(scan, "a hash path in it is too long");
		if (scan->flaw == NULL && !is_below(&left, &search->low))
			refuse(scan, "its neighbours do not enclose the path");
		search->low = left;
	}
	if (scan->flaw == NULL && level == 0)
		check_right(scan, search, &right);
	if (scan->flaw == NULL && level > 0 && is_below(&right, &search->high))
		refuse(scan, "its levels contradict each other");
	search->high = right;
	if (level == 0)
		search->found = right;
	memcpy(search->hash, hash, DIG_HASH_SIZE);
}

/* The last entry of the topmost node is before the path. */
static void
get_beyond(struct scan *scan, struct search *search)
{
	unsigned level = get_u8(scan);
	struct item last = { 0 };

	if (level >= LEVELS) {
		refuse(scan, "it has too many levels");
		return;
	}
	get_item(scan, level, NULL, &last, search->hash);
	climb_edge(scan, true, search->hash);
	if (scan->flaw == NULL && !is_below(&last, &search->low))
		refuse(scan, "its neighbours do not enclose the path");
}

/* The search for a path in one snapshot, from the entries up to the root. */
static void
get_search(struct scan *scan, struct search *search, bool present)
{
	unsigned height;

	search->low.path = search->path;
	search->low.path_len = search->path_len;
	search->form = (enum dig_proof_form)get_u8(scan);
	if ((search->form == DIG_PROOF_FOUND) != present ||
	    search->form > DIG_PROOF_BEYOND)
		refuse(scan, "its search does not end where it has to");
	if (scan->flaw != NULL)
		return;
	if (search->form == DIG_PROOF_EMPTY) {
		dig_sha256_domain(DIG_DOMAIN_TREE_EMPTY, NULL, 0, search->hash);
		return;
	}
	if (search->form == DIG_PROOF_BEYOND) {
		get_beyond(scan, search);
		return;
	}
	height = get_u8(scan);
	if (height >= LEVELS)
		refuse(scan, "it has too many levels");
	for (unsigned level = 0; level <= height && scan->flaw == NULL; level++)
		get_pair(scan, search, level);
}

/* A snapshot: its commit, where there is one, and the search in it. */
static void
get_side(struct scan *scan, const struct dig_proof_claim *claim, bool present,
    struct dig_proof_side *out)
{
	struct search search = { .path = claim->path,
		.path_len = claim->path_len };
	uint8_t has_commit = get_u8(scan);
	struct commit commit;

	if (has_commit > 1)
		refuse(scan, "it is not in its canonical form");
	if (has_commit == 1)
		get_commit(scan, &commit);
	if (scan->flaw == NULL)
		get_search(scan, &search, present);
	if (scan->flaw != NULL)
		return;
	memcpy(out->tree, search.hash, DIG_HASH_SIZE);
	if (has_commit == 1) {
		out->has_commit = true;
		memcpy(out->commit, commit.id, DIG_HASH_SIZE);
		if (memcmp(commit.tree, search.hash, DIG_HASH_SIZE) != 0)
			refuse(scan, "its commit has another tree");
	}
	if (present) {
		out->kind = search.found.kind;
		out->size_bytes = search.found.bytes;
		memcpy(out->content, search.found.id, DIG_HASH_SIZE);
	}
}

/* ---- Content ---------------------------------------------------------- */

struct content {
	struct scan *scan;
	uint64_t from;
	uint64_t to;
	uint64_t at; /* where the next part begins in the file */
	bool embedded;
	dig_proof_data_fn *data;
	void *arg;
};

/* The part of the content tree that was described last. */
struct part {
	uint64_t length_bytes;
	uint8_t hash[DIG_HASH_SIZE];
	bool shown; /* a chunk of the range is in it */
};

/* Bytes before the range, of it, and behind it, as far as a chunk has them. */
static void
hash_chunk(struct content *in, uint64_t len, uint8_t out[DIG_HASH_SIZE])
{
	uint64_t end = in->at + len;
	uint64_t before = in->at < in->from ? in->from - in->at : 0;
	uint64_t after = end > in->to ? end - in->to : 0;
	uint64_t left = len - before - after;
	uint8_t piece[PIECE];
	const uint8_t *edge;
	SHA256_CTX sha;

	SHA256_Init(&sha);
	edge = get_raw(in->scan, before);
	if (edge != NULL)
		SHA256_Update(&sha, edge, (size_t)before);
	while (left > 0 && in->scan->flaw == NULL) {
		size_t n = left < PIECE ? (size_t)left : PIECE;

		if (in->data == NULL ||
		    !in->data(in->arg, in->embedded, piece, n)) {
			refuse(in->scan, "its data is not that of the range");
			return;
		}
		SHA256_Update(&sha, piece, n);
		left -= n;
	}
	edge = get_raw(in->scan, after);
	if (edge != NULL)
		SHA256_Update(&sha, edge, (size_t)after);
	SHA256_Final(out, &sha);
}

static void
get_leaf_part(struct content *in, enum dig_proof_part sort, struct part *out)
{
	uint64_t len = get_varint(in->scan);
	bool inside = in->at < in->to;
	uint8_t chunk[DIG_HASH_SIZE];

	if (len == 0 || len > UINT64_MAX - in->at) {
		refuse(in->scan, "a part of its file has a wrong size");
		return;
	}
	inside = inside && in->at + len > in->from;
	out->shown = sort == DIG_PROOF_CHUNK;
	out->length_bytes = len;
	if (inside != out->shown) {
		refuse(
		    in->scan, "it shows other chunks than those of the range");
		return;
	}
	if (sort == DIG_PROOF_PRUNED) {
		memcpy(out->hash, get_hash(in->scan), DIG_HASH_SIZE);
	} else if (len > CHUNK_BYTES_MAX) {
		refuse(in->scan, "a chunk in it is too long");
	} else {
		hash_chunk(in, len, chunk);
		if (in->scan->flaw == NULL)
			dig_content_leaf(len, chunk, out->hash);
	}
	in->at += len;
}

/* A part, described from its root down, left before right. */
static void
get_part(struct content *in, unsigned depth, struct part *out)
{
	enum dig_proof_part sort = (enum dig_proof_part)get_u8(in->scan);
	struct part left, right;

	if (depth > CONTENT_DEPTH_MAX || sort > DIG_PROOF_CHUNK)
		refuse(in->scan, "its description of the file is wrong");
	if (in->scan->flaw != NULL)
		return;
	if (sort != DIG_PROOF_INNER) {
		get_leaf_part(in, sort, out);
		return;
	}
	get_part(in, depth + 1, &left);
	if (in->scan->flaw == NULL)
		get_part(in, depth + 1, &right);
	if (in->scan->flaw != NULL)
		return;
	out->shown = left.shown || right.shown;
	if (!out->shown)
		refuse(in->scan, "it shows more than the range needs");
	dig_content_inner(left.length_bytes, left.hash, right.length_bytes,
	    right.hash, out->hash);
	out->length_bytes = left.length_bytes + right.length_bytes;
}

static void
get_range(struct scan *scan, struct dig_proof_claim *claim,
    dig_proof_data_fn *data, void *arg)
{
	const struct dig_proof_side *side = &claim->sides[0];
	struct content in = { .scan = scan, .data = data, .arg = arg };
	struct part root;
	uint8_t has_data;

	claim->from = in.from = get_varint(scan);
	claim->to = in.to = get_varint(scan);
	has_data = get_u8(scan);
	claim->has_data = in.embedded = has_data == 1;
	if (has_data > 1 || side->kind == 4)
		refuse(scan, "it is not in its canonical form");
	if (in.from >= in.to || in.to > side->size_bytes)
		refuse(scan, "its range is not in the file");
	if (scan->flaw == NULL)
		get_part(&in, 0, &root);
	if (scan->flaw != NULL)
		return;
	if (root.length_bytes != side->size_bytes ||
	    memcmp(root.hash, side->content, DIG_HASH_SIZE) != 0)
		refuse(scan, "the bytes are not those of the file");
}

/* ---- The whole -------------------------------------------------------- */

static size_t
body_length(const uint8_t *head)
{
	return (size_t)head[10] << 24 | (size_t)head[11] << 16 |
	       (size_t)head[12] << 8 | (size_t)head[13];
}

bool
dig_proof_measure(const uint8_t head[DIG_PROOF_HEAD], size_t *len)
{
	if (memcmp(head, DIG_PROOF_MAGIC, 8) != 0 ||
	    head[8] != DIG_PROOF_VERSION ||
	    body_length(head) > DIG_PROOF_BODY_MAX)
		return false;
	*len = DIG_PROOF_HEAD + body_length(head) + DIG_HASH_SIZE;
	return true;
}

static bool
is_same(const struct dig_proof_side *a, const struct dig_proof_side *b)
{
	/* A file may have become executable: its content is the same. */
	return (a->kind == b->kind || (a->kind <= 2 && b->kind <= 2)) &&
	       a->size_bytes == b->size_bytes &&
	       memcmp(a->content, b->content, DIG_HASH_SIZE) == 0;
}

static void
get_body(struct scan *scan, struct dig_proof_claim *claim,
    dig_proof_data_fn *data, void *arg)
{
	bool present = claim->type != DIG_PROOF_ABSENT;

	if (claim->type == DIG_PROOF_ANCESTOR) {
		get_descent(scan, claim);
		return;
	}
	claim->path = get_bytes(scan, &claim->path_len, PATH_BYTES_MAX);
	if (claim->path_len == 0)
		refuse(scan, "a path in it is empty");
	claim->nsides = claim->type == DIG_PROOF_UNCHANGED ? 2 : 1;
	for (size_t i = 0; i < claim->nsides && scan->flaw == NULL; i++)
		get_side(scan, claim, present, &claim->sides[i]);
	if (scan->flaw == NULL && claim->type == DIG_PROOF_UNCHANGED &&
	    !is_same(&claim->sides[0], &claim->sides[1]))
		refuse(scan, "the file is not the same in both");
	if (scan->flaw == NULL && claim->type == DIG_PROOF_BYTES)
		get_range(scan, claim, data, arg);
}

const char *
dig_proof_verify(const void *proof, size_t len, dig_proof_data_fn *data,
    void *arg, struct dig_proof_claim *out)
{
	const uint8_t *bytes = proof;
	struct dig_proof_claim claim;
	uint8_t seal[DIG_HASH_SIZE];
	struct scan scan;
	size_t want;

	if (len < DIG_PROOF_HEAD || !dig_proof_measure(bytes, &want))
		return "it is not a proof of version 1";
	if (want != len)
		return "it is cut short";
	scan.at = bytes + DIG_PROOF_HEAD;
	scan.end = bytes + len - DIG_HASH_SIZE;
	scan.flaw = NULL;
	dig_sha256(bytes, len - DIG_HASH_SIZE, seal);
	if (memcmp(seal, scan.end, DIG_HASH_SIZE) != 0)
		return "it has been changed";
	memset(&claim, 0, sizeof(claim));
	claim.type = (enum dig_proof_type)bytes[9];
	if (bytes[9] < DIG_PROOF_PRESENT || bytes[9] > DIG_PROOF_BYTES)
		return "it is of an unknown type";
	get_body(&scan, &claim, data, arg);
	if (scan.flaw == NULL && scan.at != scan.end)
		return "it has bytes that belong to nothing";
	if (scan.flaw == NULL)
		*out = claim;
	return scan.flaw;
}

int
dig_proof_names(
    const struct dig_proof_claim *claim, const uint8_t hash[DIG_HASH_SIZE])
{
	for (size_t i = 0; i < claim->nsides; i++) {
		const struct dig_proof_side *side = &claim->sides[i];

		if (side->has_commit &&
		    memcmp(side->commit, hash, DIG_HASH_SIZE) == 0)
			return (int)i;
		if (claim->type != DIG_PROOF_ANCESTOR &&
		    memcmp(side->tree, hash, DIG_HASH_SIZE) == 0)
			return (int)i;
	}
	return -1;
}
