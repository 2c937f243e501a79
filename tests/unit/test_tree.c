/* SPDX-License-Identifier: MIT
 *
 * The path tree against a naive model that builds every level from the words
 * of docs/format.md: same root, same nodes, same bytes, whatever the history.
 * Then diff, iteration, hostile nodes, the check, and the costs promised.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "objects/tree_internal.h"
#include "tests/unit/node_memory.h"

#define OK(call) assert_int_equal((call), DIG_OK)

/* A universe of names, sorted, and a model that says which are there. */
struct world {
	size_t n;
	char **names;
	uint32_t *versions; /* 0: not there */
};

static int
name_cmp(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

enum names { PLAIN, LONG, CUTTING, CUTLESS };

/* Names of one sort: short, near the length limit (the weight rule), all or
 * none of them cut points. No name is a folder of another one. */
static void
world_init(struct world *world, size_t n, enum names sort)
{
	size_t made = 0;

	world->n = n;
	world->names = dig_calloc(n, sizeof(*world->names));
	world->versions = dig_calloc(n, sizeof(*world->versions));
	for (uint64_t i = 1; made < n; i++) {
		uint64_t r, state = i;
		char name[DIG_PATH_MAX + 1];
		size_t len;

		r = next_random(&state) >> 8;
		len = (size_t)snprintf(name, sizeof(name),
		    "d%02llx/e%llx/file-%llu.c", (unsigned long long)(r & 31),
		    (unsigned long long)(r >> 20 & 7), (unsigned long long)i);
		while (sort == LONG && len < 3000 + r % 1000) {
			name[len] = len % 200 == 0 ? '/' : 'x';
			name[++len] = '\0';
		}
		if (sort == LONG)
			name[len - 1] = 'z'; /* and not a slash */
		if (sort >= CUTTING &&
		    (dig_tree_cut(0, name, len) != 0) != (sort == CUTTING))
			continue;
		world->names[made++] = dig_strdup(name);
	}
	qsort(world->names, n, sizeof(*world->names), name_cmp);
}

static void
world_clear(struct world *world)
{
	for (size_t i = 0; i < world->n; i++)
		free(world->names[i]);
	free(world->names);
	free(world->versions);
}

/* The entry of a name in a version: all kinds and forms occur. */
static void
world_entry(const struct world *world, size_t i, uint32_t version,
    struct dig_entry *out)
{
	uint64_t seed = (uint64_t)i << 20 | version;

	memset(out, 0, sizeof(*out));
	out->path = (const uint8_t *)world->names[i];
	out->path_len = strlen(world->names[i]);
	out->kind = DIG_ENTRY_FILE;
	out->form = DIG_FORM_CHUNK;
	out->size_bytes = 1 + seed * 31 % 500000;
	for (size_t k = 0; k < 4; k++)
		dig_set_be64(out->stored.bytes + 8 * k, next_random(&seed));
	switch (i % 16) {
	case 3:
		out->kind = DIG_ENTRY_EXEC;
		break;
	case 5:
		out->kind = DIG_ENTRY_SYMLINK;
		out->size_bytes = 1 + version % 4095;
		break;
	case 7:
		out->form = DIG_FORM_NODES;
		out->size_bytes = 1000000 + (seed >> 20);
		break;
	case 9:
		out->kind = DIG_ENTRY_LINK;
		out->form = DIG_FORM_LINK;
		out->size_bytes = 20;
		memset(out->stored.bytes + 20, 0, 12);
		break;
	case 11:
		out->form = DIG_FORM_EMPTY;
		out->size_bytes = 0;
		memset(&out->stored, 0, sizeof(out->stored));
		break;
	default:
		break;
	}
}

/* The naive model: hashes and bytes spelled out, recursive Merkle roots. */
struct naive_item {
	const uint8_t *path;
	size_t path_len;
	uint64_t files;
	uint64_t bytes;
	struct dig_oid leaf;
	struct dig_buf stored; /* the item without the path */
};

static void
naive_root(const struct naive_item *items, size_t n, struct dig_oid *out)
{
	uint8_t image[65] = { 0x11 };
	struct dig_oid left, right;
	size_t half = 1;

	if (n == 1) {
		*out = items[0].leaf;
		return;
	}
	while (half * 2 < n)
		half *= 2;
	naive_root(items, half, &left);
	naive_root(items + half, n - half, &right);
	memcpy(image + 1, left.bytes, 32);
	memcpy(image + 33, right.bytes, 32);
	dig_sha256(image, sizeof(image), out->bytes);
}

static void
naive_leaf(const struct dig_entry *entry, struct naive_item *out)
{
	static const uint64_t modes[] = { 0, 0644, 0755, 0777, 0 };
	struct dig_buf buf = DIG_BUF_INIT;
	struct dig_oid content = entry->stored;

	memset(out, 0, sizeof(*out));
	out->path = entry->path;
	out->path_len = entry->path_len;
	out->files = 1;
	out->bytes = entry->size_bytes;
	if (entry->form == DIG_FORM_EMPTY) {
		dig_sha256("\2", 1, content.bytes);
	} else if (entry->form == DIG_FORM_CHUNK) {
		dig_buf_putc(&buf, 0x00);
		dig_buf_put_be64(&buf, entry->size_bytes);
		dig_buf_put(&buf, entry->stored.bytes, 32);
		dig_sha256(buf.data, buf.len, content.bytes);
	}
	dig_buf_reset(&buf);
	dig_buf_putc(&buf, 0x10);
	dig_buf_put_bytes(&buf, entry->path, entry->path_len);
	dig_buf_putc(&buf, (uint8_t)entry->kind);
	dig_buf_put_varint(&buf, modes[entry->kind]);
	dig_buf_put_varint(&buf, entry->size_bytes);
	dig_buf_put(&buf, content.bytes, 32);
	dig_sha256(buf.data, buf.len, out->leaf.bytes);
	dig_buf_clear(&buf);
	dig_buf_putc(&out->stored, (uint8_t)(entry->kind + 16 * entry->form));
	dig_buf_put_varint(&out->stored, entry->size_bytes);
	if (entry->form != DIG_FORM_EMPTY)
		dig_buf_put(&out->stored, entry->stored.bytes, 32);
}

static bool
naive_ends(
    unsigned level, size_t n, size_t weight, const uint8_t *path, size_t len)
{
	struct dig_buf buf = DIG_BUF_INIT;
	uint8_t hash[32];

	dig_buf_putc(&buf, 0x14);
	dig_buf_putc(&buf, (uint8_t)level);
	dig_buf_put(&buf, path, len);
	dig_sha256(buf.data, buf.len, hash);
	dig_buf_clear(&buf);
	return n == 512 || weight >= 131072 || (n >= 16 && hash[0] < 4);
}

/* One node of the naive tree: its bytes must be in the store. */
static void
naive_node(struct memory *memory, unsigned level,
    const struct naive_item *items, size_t n, struct naive_item *up,
    uint64_t *nfresh)
{
	struct dig_buf buf = DIG_BUF_INIT;
	struct memory_node *node;
	struct dig_oid id;

	memset(up, 0, sizeof(*up));
	dig_buf_putc(&buf, (uint8_t)level);
	dig_buf_put_varint(&buf, n);
	for (size_t i = 0; i < n; i++) {
		const struct naive_item *item = &items[i];
		size_t shared = 0;

		while (i > 0 && shared < item->path_len &&
		       shared < item[-1].path_len &&
		       item->path[shared] == item[-1].path[shared])
			shared++;
		dig_buf_put_varint(&buf, shared);
		dig_buf_put_bytes(
		    &buf, item->path + shared, item->path_len - shared);
		dig_buf_put(&buf, item->stored.data, item->stored.len);
		up->files += item->files;
		up->bytes += item->bytes;
	}
	naive_root(items, n, &id);
	node = memory_find(memory, DIG_KIND_TREE, &id);
	assert_non_null(node);
	assert_int_equal(node->len, buf.len);
	assert_memory_equal(node->data, buf.data, buf.len);
	*nfresh += node->stamp == memory->stamp;
	up->path = items[n - 1].path;
	up->path_len = items[n - 1].path_len;
	dig_buf_put(&up->stored, id.bytes, 32);
	dig_buf_put_varint(&up->stored, up->files);
	dig_buf_put_varint(&up->stored, up->bytes);
	dig_buf_reset(&buf);
	dig_buf_putc(&buf, 0x12);
	dig_buf_putc(&buf, (uint8_t)(level + 1));
	dig_buf_put_bytes(&buf, up->path, up->path_len);
	dig_buf_put(&buf, id.bytes, 32);
	dig_buf_put_be64(&buf, up->files);
	dig_buf_put_be64(&buf, up->bytes);
	dig_sha256(buf.data, buf.len, up->leaf.bytes);
	dig_buf_clear(&buf);
}

/* Build the model's tree by definition and compare the store with it. What
 * was put under the newest stamp must all belong to it. */
static unsigned
naive_compare(const struct world *world, struct memory *memory,
    const struct dig_oid *root)
{
	struct naive_item *items = dig_calloc(world->n + 1, sizeof(*items));
	uint64_t nfresh = 0;
	unsigned level = 0;
	struct dig_oid id;
	size_t n = 0;

	for (size_t i = 0; i < world->n; i++) {
		struct dig_entry entry;

		if (world->versions[i] == 0)
			continue;
		world_entry(world, i, world->versions[i], &entry);
		naive_leaf(&entry, &items[n++]);
	}
	if (n == 0)
		dig_sha256("\x13", 1, id.bytes);
	for (; n > 0; level++) {
		size_t nodes = 0, from = 0, weight = 0;

		for (size_t i = 0; i < n; i++) {
			struct naive_item up;

			weight += 64 + items[i].path_len;
			if (i + 1 < n &&
			    !naive_ends(level, i + 1 - from, weight,
				items[i].path, items[i].path_len))
				continue;
			naive_node(memory, level, items + from, i + 1 - from,
			    &up, &nfresh);
			for (size_t k = from; k <= i; k++)
				dig_buf_clear(&items[k].stored);
			items[nodes++] = up;
			from = i + 1;
			weight = 0;
		}
		n = nodes;
		if (n == 1) {
			memcpy(id.bytes, items[0].stored.data, 32);
			dig_buf_clear(&items[0].stored);
			break;
		}
	}
	free(items);
	assert_true(dig_oid_eq(&id, root));
	assert_int_equal(memory->news, nfresh);
	return level;
}

/* Apply the change of the model from `was` to `world`, with some removals of
 * what is not there and puts of what is. */
static void
apply(struct memory *memory, const struct world *world, const uint32_t *was,
    const bool *touched, struct dig_oid *root)
{
	struct dig_tree_edit *edits = dig_calloc(world->n + 1, sizeof(*edits));
	struct dig_error err;
	size_t n = 0;

	for (size_t i = 0; i < world->n; i++) {
		if (world->versions[i] == was[i] && !touched[i])
			continue;
		edits[n].remove = world->versions[i] == 0;
		world_entry(world, i, world->versions[i], &edits[n].entry);
		n++;
	}
	memory->stamp++;
	memory->news = 0;
	OK(dig_tree_apply(&memory->io, root, edits, n, root, &err));
	free(edits);
}

/* One random batch on the model. */
static void
shake(struct world *world, bool *touched, uint64_t *seed)
{
	size_t n = world->n, from = next_random(seed) % n;
	size_t to = from + next_random(seed) % (n - from) + 1;
	uint64_t how = next_random(seed) % 12;
	size_t few = next_random(seed) % 9;

	memset(touched, 0, n);
	switch (how) {
	case 0: /* all gone */
		if (next_random(seed) % 4 == 0)
			memset(world->versions, 0, n * 4);
		break;
	case 1: /* a range gone, a tail, a head */
	case 2:
	case 3:
		from = how == 3 ? 0 : from;
		to = how == 2 ? n : to;
		for (size_t i = from; i < to; i++)
			world->versions[i] = 0;
		break;
	case 4: /* a range there */
	case 5:
		for (size_t i = from; i < to; i++)
			world->versions[i] += world->versions[i] == 0;
		break;
	case 6: /* all but one gone */
		if (next_random(seed) % 4 == 0) {
			memset(world->versions, 0, n * 4);
			world->versions[from] = 1;
		}
		break;
	default: /* a few, of every sort */
		for (size_t k = 0; k <= few; k++) {
			size_t i = next_random(seed) % n;

			touched[i] = true;
			if (next_random(seed) % 3 == 0)
				world->versions[i] = 0;
			else
				world->versions[i] =
				    1 + (uint32_t)(next_random(seed) % 3);
		}
	}
}

struct diff_expect {
	const struct world *world;
	const uint32_t *was;
	size_t at;
};

/* The next difference must be the model's next one. */
static enum dig_status
diff_fn(void *arg, const struct dig_entry *old, const struct dig_entry *new,
    struct dig_error *err)
{
	struct diff_expect *expect = arg;
	const struct world *world = expect->world;
	const struct dig_entry *either = old != NULL ? old : new;
	struct dig_entry entry;
	size_t i = expect->at;

	(void)err;
	for (;; i++) {
		struct dig_entry before;

		assert_true(i < world->n);
		if (world->versions[i] == expect->was[i])
			continue;
		world_entry(world, i, expect->was[i], &before);
		world_entry(world, i, world->versions[i], &entry);
		if (expect->was[i] == 0 || world->versions[i] == 0 ||
		    !dig_entry_same(&before, &entry))
			break;
	}
	expect->at = i + 1;
	assert_int_equal(either->path_len, strlen(world->names[i]));
	assert_memory_equal(either->path, world->names[i], either->path_len);
	assert_int_equal(old != NULL, expect->was[i] != 0);
	assert_int_equal(new != NULL, world->versions[i] != 0);
	if (old != NULL) {
		world_entry(world, i, expect->was[i], &entry);
		assert_true(dig_entry_same(old, &entry));
	}
	if (new != NULL) {
		world_entry(world, i, world->versions[i], &entry);
		assert_true(dig_entry_same(new, &entry));
	}
	return DIG_OK;
}

static void
collect(struct memory *memory, const struct dig_oid *id, struct memory *into)
{
	struct dig_tree_node *node;
	struct memory_node *raw;
	struct dig_oid empty;
	struct dig_error err;

	dig_tree_empty(&empty);
	if (dig_oid_eq(id, &empty))
		return;
	raw = memory_find(memory, DIG_KIND_TREE, id);
	assert_non_null(raw);
	OK(memory_put(
	    into, DIG_KIND_TREE, id, raw->data, raw->len, NULL, &err));
	node = dig_calloc(1, sizeof(*node));
	OK(dig_tree_decode(raw->data, raw->len, NULL, node, &err));
	for (size_t i = 0; node->level > 0 && i < node->count; i++)
		collect(memory, &node->items[i].id, into);
	free(node);
}

/* Diff both ways gives the model's differences, and reads no node that both
 * trees have, but for the two tops, and none twice. */
static void
check_diff(struct memory *memory, struct world *world, uint32_t *was,
    const struct dig_oid *a, const struct dig_oid *b)
{
	struct diff_expect expect = { world, was, 0 };
	struct memory left, right;
	struct dig_error err;

	for (size_t i = 0; i < memory->cap; i++) {
		if (memory->slots[i] != NULL)
			memory->slots[i]->gets = 0;
	}
	OK(dig_tree_diff(&memory->io, a, b, diff_fn, &expect, &err));
	for (; expect.at < world->n; expect.at++) {
		struct dig_entry x, y;
		size_t i = expect.at;

		if (was[i] == world->versions[i])
			continue;
		world_entry(world, i, was[i], &x);
		world_entry(world, i, world->versions[i], &y);
		assert_true(was[i] != 0 && world->versions[i] != 0 &&
			    dig_entry_same(&x, &y));
	}
	memory_init(&left);
	memory_init(&right);
	collect(memory, a, &left);
	collect(memory, b, &right);
	for (size_t i = 0; i < memory->cap; i++) {
		struct memory_node *node = memory->slots[i];

		if (node == NULL)
			continue;
		assert_true(node->gets <= 1);
		if (node->gets == 0 || dig_oid_eq(&node->id, a) ||
		    dig_oid_eq(&node->id, b))
			continue;
		assert_true(
		    (memory_find(&left, DIG_KIND_TREE, &node->id) != NULL) !=
		    (memory_find(&right, DIG_KIND_TREE, &node->id) != NULL));
	}
	memory_clear(&left);
	memory_clear(&right);
}

static unsigned
sequence(struct world *world, unsigned batches, uint64_t seed)
{
	struct memory memory;
	size_t n = world->n;
	uint32_t *was = dig_calloc(n, sizeof(*was));
	bool *touched = dig_calloc(n, sizeof(*touched));
	unsigned highest = 0, height;
	struct dig_oid root, old;
	struct dig_error err;

	memory_init(&memory);
	dig_tree_empty(&root);
	memset(world->versions, 0, n * sizeof(*was));
	for (unsigned k = 0; k < batches; k++) {
		old = root;
		memcpy(was, world->versions, n * sizeof(*was));
		shake(world, touched, &seed);
		apply(&memory, world, was, touched, &root);
		height = naive_compare(world, &memory, &root);
		highest = height > highest ? height : highest;
		if (k % 4 == 0) {
			check_diff(&memory, world, was, &old, &root);
			OK(dig_tree_check(&memory.io, &root, NULL, &err));
		}
	}
	memory_clear(&memory);
	free(was);
	free(touched);
	return highest;
}

static void
test_history(void **state)
{
	static const struct {
		size_t n;
		enum names sort;
		unsigned sequences;
		unsigned batches;
		unsigned height; /* reached at least */
	} table[] = {
		{ 20, PLAIN, 300, 8, 0 },
		{ 300, PLAIN, 600, 10, 1 },
		{ 1500, CUTTING, 100, 10, 1 },
		{ 1500, CUTLESS, 60, 10, 1 },
		{ 300, LONG, 60, 8, 1 },
		{ 12000, PLAIN, 5, 12, 2 },
		{ 9000, CUTTING, 5, 12, 2 },
	};

	(void)state;
	for (size_t t = 0; t < sizeof(table) / sizeof(table[0]); t++) {
		struct world world;
		unsigned highest = 0;

		world_init(&world, table[t].n, table[t].sort);
		for (unsigned s = 0; s < table[t].sequences; s++) {
			uint64_t seed = 0x715ee0 + 1000 * t + s;
			unsigned height;

			height = sequence(&world, table[t].batches, seed);
			highest = height > highest ? height : highest;
		}
		printf("%zu names of sort %d, seeds from %#zx, height %u\n",
		    table[t].n, (int)table[t].sort, 0x715ee0 + 1000 * t,
		    highest);
		assert_true(highest >= table[t].height);
		world_clear(&world);
	}
}

static void
fill(struct memory *memory, struct world *world, size_t batch,
    struct dig_oid *root)
{
	struct dig_tree_edit *edits = dig_calloc(batch, sizeof(*edits));
	struct dig_error err;

	dig_tree_empty(root);
	for (size_t i = 0; i < world->n;) {
		size_t k = 0;

		for (; k < batch && i < world->n; k++, i++) {
			world->versions[i] = 1;
			edits[k].remove = false;
			world_entry(world, i, 1, &edits[k].entry);
		}
		OK(dig_tree_apply(&memory->io, root, edits, k, root, &err));
	}
	free(edits);
}

/* 100,000 entries, one changed: few nodes read and written, bases named. */
static void
test_cost(void **state)
{
	struct dig_tree_edit edit = { 0 };
	struct dig_tree_totals totals;
	uint64_t seed = 0x5eed3, bytes = 0;
	struct memory memory;
	struct world world;
	struct dig_oid root, next;
	struct dig_error err;

	(void)state;
	world_init(&world, 100000, PLAIN);
	memory_init(&memory);
	fill(&memory, &world, 8192, &root);
	for (int k = 0; k < 100; k++) {
		size_t i = next_random(&seed) % world.n;

		if (i % 16 == 11)
			continue; /* empty files have one version */
		world_entry(&world, i, 2 + (uint32_t)k, &edit.entry);
		memory.gets = memory.news = 0;
		memory.stamp++;
		OK(dig_tree_apply(&memory.io, &root, &edit, 1, &next, &err));
		assert_true(memory.news >= 2 && memory.news <= 4);
		assert_true(memory.gets <= 4);
		for (size_t s = 0; s < memory.cap; s++) {
			struct memory_node *node = memory.slots[s];

			if (node == NULL || node->stamp != memory.stamp)
				continue;
			assert_non_null(
			    memory_find(&memory, DIG_KIND_TREE, &node->base));
		}
	}
	for (size_t i = 0; i < world.n; i++) {
		world_entry(&world, i, 1, &edit.entry);
		bytes += edit.entry.size_bytes;
	}
	memory.gets = 0;
	OK(dig_tree_totals(&memory.io, &root, &totals, &err));
	assert_int_equal(memory.gets, 1);
	assert_int_equal(totals.files, 100000);
	assert_int_equal(totals.bytes, bytes);
	memory_clear(&memory);
	world_clear(&world);
}

static void
test_reading(void **state)
{
	struct dig_tree_iter *iter = NULL;
	const struct dig_entry *entry;
	struct dig_entry found, expect;
	uint64_t seed = 0x5eed4;
	struct memory memory;
	struct world world;
	struct dig_oid root;
	struct dig_error err;
	bool has;

	(void)state;
	world_init(&world, 5000, PLAIN);
	memory_init(&memory);
	fill(&memory, &world, 700, &root);
	OK(dig_tree_iter_new(&memory.io, &root, &iter, &err));
	for (size_t i = 0; i < world.n; i++) {
		OK(dig_tree_iter_next(iter, &entry, &err));
		world_entry(&world, i, 1, &expect);
		assert_non_null(entry);
		assert_int_equal(entry->path_len, expect.path_len);
		assert_memory_equal(entry->path, expect.path, expect.path_len);
		assert_true(dig_entry_same(entry, &expect));
	}
	for (int k = 0; k < 2; k++) {
		OK(dig_tree_iter_next(iter, &entry, &err));
		assert_null(entry);
	}
	for (int k = 0; k < 500; k++) {
		size_t i = next_random(&seed) % world.n;
		char name[64];
		size_t len = strlen(world.names[i]);

		/* the name, just before it, just after it */
		memcpy(name, world.names[i], len);
		name[len] = '!';
		if (k % 3 == 1)
			name[len - 1]--;
		OK(dig_tree_iter_seek(iter, name, len + (k % 3 == 2), &err));
		OK(dig_tree_iter_next(iter, &entry, &err));
		i += k % 3 == 2;
		if (i == world.n) {
			assert_null(entry);
			continue;
		}
		assert_memory_equal(
		    entry->path, world.names[i], entry->path_len);
		memory.gets = 0;
		OK(dig_tree_find(&memory.io, &root, world.names[i],
		    strlen(world.names[i]), &found, &err));
		world_entry(&world, i, 1, &expect);
		assert_true(dig_entry_same(&found, &expect));
		assert_ptr_equal(found.path, world.names[i]);
		assert_true(memory.gets <= 3);
		assert_int_equal(dig_tree_find(&memory.io, &root, name, len + 1,
				     &found, &err),
		    DIG_ENOTFOUND);
	}
	dig_tree_iter_free(iter);
	{
		static const struct {
			const char *dir;
			bool has;
		} table[] = { { "", true }, { "d00", true }, { "d", false },
			{ "d0", false }, { "d1f/e3", true }, { "zz", false },
			{ "a", false }, { "d00/", false } };

		for (size_t t = 0; t < sizeof(table) / sizeof(*table); t++) {
			OK(dig_tree_has_below(&memory.io, &root, table[t].dir,
			    strlen(table[t].dir), &has, &err));
			assert_int_equal(has, table[t].has);
		}
	}
	memory_clear(&memory);
	world_clear(&world);
}

static void
test_empty(void **state)
{
	struct dig_tree_iter *iter = NULL;
	const struct dig_entry *entry;
	struct dig_tree_totals totals;
	struct dig_tree_edit gone = { true, { .path_len = 1 } };
	struct dig_entry found;
	struct memory memory;
	struct dig_oid root, out;
	struct dig_error err;
	bool has = true;

	(void)state;
	memory_init(&memory);
	dig_tree_empty(&root);
	gone.entry.path = (const uint8_t *)"x";
	OK(dig_tree_apply(&memory.io, &root, &gone, 1, &out, &err));
	assert_true(dig_oid_eq(&root, &out));
	OK(dig_tree_apply(&memory.io, &root, NULL, 0, &out, &err));
	assert_true(dig_oid_eq(&root, &out));
	OK(dig_tree_iter_new(&memory.io, &root, &iter, &err));
	OK(dig_tree_iter_next(iter, &entry, &err));
	assert_null(entry);
	dig_tree_iter_free(iter);
	OK(dig_tree_totals(&memory.io, &root, &totals, &err));
	assert_int_equal(totals.files + totals.bytes, 0);
	assert_int_equal(dig_tree_find(&memory.io, &root, "x", 1, &found, &err),
	    DIG_ENOTFOUND);
	OK(dig_tree_has_below(&memory.io, &root, "", 0, &has, &err));
	assert_false(has);
	OK(dig_tree_check(&memory.io, &root, NULL, &err));
	assert_int_equal(memory.gets + memory.news, 0);
	memory_clear(&memory);
}

/* The bytes and the id of a leaf node with these items. */
static void
encode_leaf(const struct dig_tree_item *items, size_t count,
    struct dig_buf *out, struct dig_oid *id)
{
	struct dig_tree_writer *writer = dig_calloc(1, sizeof(*writer));
	struct dig_tree_item upper;
	struct dig_error err;
	const uint8_t *data;
	size_t len;

	dig_tree_writer_init(writer);
	for (size_t i = 0; i < count; i++)
		OK(dig_tree_writer_add(writer, &items[i], NULL, &err));
	dig_tree_writer_finish(writer, &upper, &data, &len);
	*id = upper.id;
	dig_buf_reset(out);
	dig_buf_put(out, data, len);
	dig_tree_writer_clear(writer);
	free(writer);
}

/* A node decoded beside one that is like it comes out as it does alone, also
 * where its bytes are damaged. */
static void
test_decode_like(void **state)
{
	struct dig_tree_node *like = dig_calloc(1, sizeof(*like));
	struct dig_tree_node *with = dig_calloc(1, sizeof(*with));
	struct dig_tree_node *alone = dig_calloc(1, sizeof(*alone));
	struct dig_buf raw = DIG_BUF_INIT;
	uint64_t seed = 0x11ce;
	struct dig_error err;

	(void)state;
	for (int round = 0; round < 400; round++) {
		char names[2][15][8];
		struct dig_tree_item items[15];
		struct dig_oid id;
		size_t count = 0;
		enum dig_status st;

		for (int side = 0; side < 2; side++) {
			size_t n = 1 + next_random(&seed) % 15;

			/* From one stretch of names with gaps and edits. */
			count = 0;
			for (size_t i = 0; i < n; i++) {
				struct dig_entry entry = { 0 };

				if (next_random(&seed) % 8 == 0)
					continue;
				snprintf(names[side][i], 8, "f%02zu", i);
				entry.path = (uint8_t *)names[side][i];
				entry.path_len = strlen(names[side][i]);
				entry.kind = DIG_ENTRY_FILE;
				entry.form = DIG_FORM_CHUNK;
				entry.size_bytes =
				    1 + (next_random(&seed) % 8 == 0);
				entry.stored.bytes[0] = (uint8_t)i;
				dig_tree_entry_item(&entry, &items[count++]);
			}
			if (count == 0)
				break;
			encode_leaf(items, count, &raw, &id);
			if (side == 0)
				OK(dig_tree_decode(
				    raw.data, raw.len, NULL, like, &err));
		}
		if (count == 0)
			continue;
		OK(dig_tree_decode(raw.data, raw.len, like, with, &err));
		assert_true(dig_oid_eq(&with->id, &id));
		raw.data[next_random(&seed) % raw.len] ^=
		    (uint8_t)(1 + next_random(&seed) % 255);
		st = dig_tree_decode(raw.data, raw.len, NULL, alone, &err);
		assert_int_equal(
		    dig_tree_decode(raw.data, raw.len, like, with, &err), st);
		if (st == DIG_OK)
			assert_true(dig_oid_eq(&with->id, &alone->id));
	}
	dig_buf_clear(&raw);
	free(like);
	free(with);
	free(alone);
}

/* Every truncation and many mutations of nodes of both sorts: no crash, and
 * nothing but the very bytes is taken under the id. */
static void
test_hostile_bytes(void **state)
{
	struct dig_tree_node *node = dig_calloc(1, sizeof(*node));
	uint64_t seed = 0x5eed5;
	struct memory memory;
	struct world world;
	struct dig_oid root;
	struct dig_error err;
	size_t nodes = 0;

	(void)state;
	printf("seed %#llx\n", (unsigned long long)seed);
	world_init(&world, 400, PLAIN);
	memory_init(&memory);
	fill(&memory, &world, 400, &root);
	for (size_t s = 0; s < memory.cap; s++) {
		struct memory_node *raw = memory.slots[s];
		size_t mutations = 4000;

		if (raw == NULL)
			continue;
		nodes++;
		OK(dig_tree_decode(raw->data, raw->len, NULL, node, &err));
		assert_true(dig_oid_eq(&node->id, &raw->id));
		for (size_t len = 0; len < raw->len; len++) {
			/* at the end of an allocation, for the sanitizer */
			uint8_t *copy = dig_alloc(len);

			memcpy(copy, raw->data, len);
			assert_int_equal(
			    dig_tree_decode(copy, len, NULL, node, &err),
			    DIG_ECORRUPT);
			assert_false(node->valid);
			free(copy);
		}
		while (mutations-- > 0) {
			size_t at = next_random(&seed) % raw->len;
			uint8_t was = raw->data[at];

			raw->data[at] ^=
			    (uint8_t)(1 + next_random(&seed) % 255);
			if (dig_tree_decode(raw->data, raw->len, NULL, node,
				&err) == DIG_OK)
				assert_false(dig_oid_eq(&node->id, &raw->id));
			raw->data[at] = was;
		}
	}
	assert_true(nodes >= 3);
	free(node);
	memory_clear(&memory);
	world_clear(&world);
}

/* Single nodes spelled out; the decoder takes the first of them only. */
static void
test_decode_table(void **state)
{
#define ID "0123456789abcdef0123456789abcdef"
#define IT(path, tag, size) "\0" path tag size ID
	static const struct {
		const char *bytes;
		size_t len;
		enum dig_status st;
	} table[] = {
#define ROW(s, st) { s, sizeof(s) - 1, st }
		ROW("\0\1" IT("\1a", "\x11", "\5"), DIG_OK),
		ROW("\0\2" IT("\1a", "\x11", "\5") "\1\1b\x01\0", DIG_OK),
		ROW("\1\1\0\1a" ID "\1\1", DIG_OK), ROW("", DIG_ECORRUPT),
		ROW("\0\0", DIG_ECORRUPT),
		ROW("\x0d\1\0\1a" ID "\1\1", DIG_ECORRUPT),
		ROW("\0\x81\0" IT("\1a", "\x11", "\5"), DIG_ECORRUPT),
		ROW("\0\1" IT("\1a", "\x11", "\5") "x", DIG_ECORRUPT),
		ROW("\0\1" IT("\0", "\x11", "\5"), DIG_ECORRUPT),
		ROW("\0\1" IT("\2..", "\x11", "\5"), DIG_ECORRUPT),
		ROW("\0\1" IT("\4.git", "\x11", "\5"), DIG_ECORRUPT),
		ROW("\0\1" IT("\1a", "\x10", "\5"), DIG_ECORRUPT), /* kind 0 */
		ROW("\0\1" IT("\1a", "\x15", "\5"), DIG_ECORRUPT), /* kind 5 */
		ROW("\0\1" IT("\1a", "\x41", "\5"), DIG_ECORRUPT), /* form 4 */
		ROW("\0\1" IT("\1a", "\x31", "\5"),
		    DIG_ECORRUPT), /* 1, form 3 */
		ROW("\0\1" IT("\1a", "\x14", "\5"),
		    DIG_ECORRUPT), /* 4, form 1 */
		ROW("\0\1" IT("\1a", "\x34", "\5"), DIG_ECORRUPT), /* padding */
		ROW("\0\1" IT("\1a", "\x34", "\x20"), DIG_OK),
		ROW("\0\1" IT("\1a", "\x34", "\x21"), DIG_ECORRUPT),
		ROW("\0\1" IT("\1a", "\x23", "\5"),
		    DIG_ECORRUPT), /* 3, form 2 */
		ROW("\0\1" IT("\1a", "\x21", "\1"), DIG_ECORRUPT),
		ROW("\0\1" IT("\1a", "\x11", "\0"), DIG_ECORRUPT),
		ROW("\0\1" IT("\1a", "\x11", "\x81\x80\x20"), DIG_ECORRUPT),
		ROW("\0\1" IT("\1a", "\x13", "\x80\x20"), DIG_ECORRUPT),
		ROW("\0\1\0\1a\x01\1", DIG_ECORRUPT), /* empty, size 1 */
		ROW("\0\1\1\1a\x01\0", DIG_ECORRUPT), /* shares with none */
		ROW("\0\2\0\1a\x01\0\0\2ab\x01\0", DIG_ECORRUPT), /* shares 1 */
		ROW("\0\2\0\1a\x01\0\1\1b\x01\0", DIG_OK),
		ROW("\0\2\0\1a\x01\0\1\0\x01\0", DIG_ECORRUPT),  /* twice */
		ROW("\0\2\0\1b\x01\0\0\1a\x01\0", DIG_ECORRUPT), /* order */
		ROW("\0\2\0\1b\x01\0\2\1a\x01\0", DIG_ECORRUPT),
		ROW("\1\1\0\1a" ID "\0\1", DIG_ECORRUPT), /* no files */
		ROW("\1\2\0\1a" ID "\1\xff\xff\xff\xff\xff\xff\xff\xff\xff\1"
		    "\0\1b" ID "\1\1",
		    DIG_ECORRUPT), /* total */
#undef ROW
	};
	struct dig_tree_node *node = dig_calloc(1, sizeof(*node));
	struct dig_error err;

	(void)state;
	for (size_t t = 0; t < sizeof(table) / sizeof(table[0]); t++) {
		enum dig_status st = dig_tree_decode(
		    table[t].bytes, table[t].len, NULL, node, &err);

		if (st != table[t].st)
			fail_msg("row %zu: %d %s", t, (int)st,
			    st == DIG_OK ? "" : err.msg);
	}
	free(node);
}

/* Build a tree by hand, of nodes with the counts given, all checks aside. */
static void
forge(struct memory *memory, const char *const *names, const size_t *counts,
    size_t nnodes, struct dig_oid *root)
{
	struct dig_tree_writer leaf, top;
	struct dig_tree_item item, up;
	const uint8_t *data;
	struct dig_error err;
	size_t len;

	dig_tree_writer_init(&leaf);
	dig_tree_writer_init(&top);
	dig_tree_writer_start(&top, 1);
	memset(&item, 0, sizeof(item));
	for (size_t k = 0; k < nnodes; k++) {
		dig_tree_writer_start(&leaf, 0);
		for (size_t i = 0; i < counts[k]; i++, names++) {
			item.path = (const uint8_t *)*names;
			item.path_len = strlen(*names);
			item.files = 1;
			item.kind = DIG_ENTRY_FILE;
			leaf.full = false;
			OK(dig_tree_writer_add(&leaf, &item, NULL, &err));
		}
		dig_tree_writer_finish(&leaf, &up, &data, &len);
		OK(memory_put(
		    memory, DIG_KIND_TREE, &up.id, data, len, NULL, &err));
		top.full = false;
		OK(dig_tree_writer_add(&top, &up, NULL, &err));
		*root = up.id;
	}
	if (nnodes > 1) {
		dig_tree_writer_finish(&top, &up, &data, &len);
		OK(memory_put(
		    memory, DIG_KIND_TREE, &up.id, data, len, NULL, &err));
		*root = up.id;
	}
	dig_tree_writer_clear(&leaf);
	dig_tree_writer_clear(&top);
}

static void
test_check_conflicts(void **state)
{
	static const struct {
		const char *names[5];
		size_t n;
		enum dig_status st;
	} table[] = {
		{ { "a", "b" }, 2, DIG_OK },
		{ { "a", "a-b", "a.b", "aa/x" }, 4, DIG_OK },
		{ { "a", "a/b" }, 2, DIG_ECORRUPT },
		{ { "a", "a-b", "a/b" }, 3, DIG_ECORRUPT },
		{ { "a", "a-b", "a-b/c" }, 3, DIG_ECORRUPT },
		{ { "a", "a-b", "a-b-c", "a.x", "a/x" }, 5, DIG_ECORRUPT },
		{ { "a/b", "a/b!", "a/b-", "a/b/c/d" }, 4, DIG_ECORRUPT },
		{ { "a/b", "a/b!", "a/b-", "a/bb/c" }, 4, DIG_OK },
	};
	struct dig_error err;

	(void)state;
	for (size_t t = 0; t < sizeof(table) / sizeof(table[0]); t++) {
		struct memory memory;
		struct dig_oid root;

		memory_init(&memory);
		forge(&memory, table[t].names, &table[t].n, 1, &root);
		assert_int_equal(
		    dig_tree_check(&memory.io, &root, NULL, &err), table[t].st);
		memory_clear(&memory);
	}
}

static enum dig_status
count_entry(void *arg, const struct dig_entry *entry, struct dig_error *err)
{
	size_t *n = arg;

	(void)entry;
	return ++*n == 1000 ? dig_raise(err, DIG_ENO, "enough") : DIG_OK;
}

/* Trees of valid nodes in another shape, and nodes in the wrong place. */
static void
test_check_shapes(void **state)
{
	struct dig_tree_checks checks = { NULL, count_entry };
	static const size_t halves[] = { 10, 10 }, whole[] = { 20 };
	static const size_t late[] = { 60 };
	struct memory memory;
	struct world world, cutting;
	struct dig_oid root;
	struct dig_error err;
	size_t n = 0;
	const char *const *names;
	const char *swapped[20];
	struct dig_entry found;

	(void)state;
	memory_init(&memory);
	world_init(&world, 20, CUTLESS);
	names = (const char *const *)world.names;
	forge(&memory, names, whole, 1, &root);
	OK(dig_tree_check(&memory.io, &root, NULL, &err));
	forge(&memory, names, halves, 2, &root);
	assert_int_equal(
	    dig_tree_check(&memory.io, &root, NULL, &err), DIG_ECORRUPT);
	world_init(&cutting, 60, CUTTING);
	forge(&memory, (const char *const *)cutting.names, late, 1, &root);
	assert_int_equal(
	    dig_tree_check(&memory.io, &root, NULL, &err), DIG_ECORRUPT);

	/* second node begins before the first ends; last paths in order */
	memcpy(swapped, names, sizeof(swapped));
	swapped[9] = names[10];
	swapped[10] = names[9];
	forge(&memory, swapped, halves, 2, &root);
	assert_int_equal(dig_tree_find(&memory.io, &root, names[15],
			     strlen(names[15]), &found, &err),
	    DIG_ECORRUPT);
	assert_non_null(strstr(err.msg, "begins before"));
	world_clear(&world);
	world_clear(&cutting);

	world_init(&world, 2000, PLAIN);
	fill(&memory, &world, 2000, &root);
	checks.arg = &n;
	assert_int_equal(
	    dig_tree_check(&memory.io, &root, &checks, &err), DIG_ENO);
	assert_int_equal(n, 1000);
	world_clear(&world);
	memory_clear(&memory);
}

/* An upper node that lies about its children is refused by every reader. */
static void
test_lying_parent(void **state)
{
	static const char *const flaws[] = { "another level", "last path",
		"totals", "totals", "no such node" };
	struct dig_tree_node *top = dig_calloc(1, sizeof(*top));
	struct memory memory;
	struct memory_node *raw;
	struct world world;
	struct dig_oid root;
	struct dig_error err;

	(void)state;
	world_init(&world, 400, PLAIN);
	memory_init(&memory);
	fill(&memory, &world, 400, &root);
	raw = memory_find(&memory, DIG_KIND_TREE, &root);
	for (int k = 0; k < 5; k++) {
		struct dig_tree_edit edit = { false, { 0 } };
		struct dig_tree_writer writer;
		struct dig_tree_item up;
		const uint8_t *data;
		struct dig_entry found;
		struct dig_oid out;
		size_t len;

		OK(dig_tree_decode(raw->data, raw->len, NULL, top, &err));
		assert_int_equal(top->level, 1);
		top->items[0].path_len -= k == 1;
		top->items[0].files += k == 2;
		top->items[0].bytes -= k == 3;
		top->items[0].id.bytes[5] ^= k == 4;
		dig_tree_writer_init(&writer);
		dig_tree_writer_start(&writer, k == 0 ? 2 : 1);
		for (size_t i = 0; i < top->count; i++) {
			writer.full = false;
			OK(dig_tree_writer_add(
			    &writer, &top->items[i], NULL, &err));
		}
		dig_tree_writer_finish(&writer, &up, &data, &len);
		OK(memory_put(
		    &memory, DIG_KIND_TREE, &up.id, data, len, NULL, &err));
		assert_int_not_equal(
		    dig_tree_find(&memory.io, &up.id, world.names[0],
			strlen(world.names[0]), &found, &err),
		    DIG_OK);
		assert_non_null(strstr(err.msg, flaws[k]));
		assert_int_not_equal(
		    dig_tree_check(&memory.io, &up.id, NULL, &err), DIG_OK);
		world_entry(&world, 0, 7, &edit.entry);
		assert_int_not_equal(
		    dig_tree_apply(&memory.io, &up.id, &edit, 1, &out, &err),
		    DIG_OK);
		assert_non_null(strstr(err.msg, flaws[k]));
		dig_tree_writer_clear(&writer);
	}
	free(top);
	memory_clear(&memory);
	world_clear(&world);
}

static void
test_refused_edits(void **state)
{
	struct dig_tree_edit edits[2] = { { false, { 0 } }, { false, { 0 } } };
	struct dig_oid root, out;
	struct memory memory;
	struct dig_error err;

	(void)state;
	memory_init(&memory);
	dig_tree_empty(&root);
	edits[0].entry.path = (const uint8_t *)"a";
	edits[1].entry.path = (const uint8_t *)"b";
	edits[0].entry.path_len = edits[1].entry.path_len = 1;
	edits[0].entry.kind = edits[1].entry.kind = DIG_ENTRY_FILE;
	edits[0].entry.form = edits[1].entry.form = DIG_FORM_NODES;
	edits[0].entry.size_bytes = edits[1].entry.size_bytes = UINT64_MAX / 2;
	edits[0].entry.stored.bytes[0] = edits[1].entry.stored.bytes[0] = 1;
	OK(dig_tree_apply(&memory.io, &root, edits, 2, &out, &err));
	edits[1].entry.size_bytes += 2;
	assert_int_equal(
	    dig_tree_apply(&memory.io, &root, edits, 2, &out, &err),
	    DIG_EINVALID);
	edits[1].entry.form = DIG_FORM_EMPTY;
	assert_int_equal(
	    dig_tree_apply(&memory.io, &root, edits, 2, &out, &err),
	    DIG_EINVALID);
	memory_clear(&memory);
}

/* The last node of level 1 has one entry and becomes all there is: it is no
 * top, and the leaf below it is. */
static void
test_lower_top(void **state)
{
	uint32_t was[3000];
	bool touched[3000] = { false };
	struct memory memory;
	struct world world;
	struct dig_oid root;
	size_t leaves = 16;

	(void)state;
	world_init(&world, 3000, CUTTING); /* leaves of 16 */
	for (;; leaves++) {
		const char *name = world.names[16 * leaves - 1];

		assert_true(16 * leaves + 5 < world.n);
		if (dig_tree_cut(1, name, strlen(name)) != 0)
			break;
	}
	memory_init(&memory);
	memset(was, 0, sizeof(was));
	for (size_t i = 0; i < 16 * leaves + 5; i++)
		world.versions[i] = 1;
	dig_tree_empty(&root);
	apply(&memory, &world, was, touched, &root);
	assert_int_equal(naive_compare(&world, &memory, &root), 2);
	memcpy(was, world.versions, sizeof(was));
	memset(world.versions, 0, 16 * leaves * sizeof(was[0]));
	apply(&memory, &world, was, touched, &root);
	assert_int_equal(naive_compare(&world, &memory, &root), 0);
	assert_int_equal(memory.news, 0);
	memory_clear(&memory);
	world_clear(&world);
}

static enum dig_status
ignore_fn(void *arg, const struct dig_entry *old, const struct dig_entry *new,
    struct dig_error *err)
{
	(void)arg;
	(void)old;
	(void)new;
	(void)err;
	return DIG_OK;
}

static enum dig_status
iterate(
    struct memory *memory, const struct dig_oid *root, struct dig_error *err)
{
	struct dig_tree_iter *iter = NULL;
	const struct dig_entry *entry;
	enum dig_status st;

	st = dig_tree_iter_new(&memory->io, root, &iter, err);
	do {
		if (st == DIG_OK)
			st = dig_tree_iter_next(iter, &entry, err);
	} while (st == DIG_OK && entry != NULL);
	if (st != DIG_OK && iter != NULL) {
		struct dig_error again;

		/* it stands nowhere, but a seek mends it */
		assert_int_equal(
		    dig_tree_iter_next(iter, &entry, &again), DIG_ECORRUPT);
		OK(dig_tree_iter_seek(iter, "", 0, &again));
		OK(dig_tree_iter_next(iter, &entry, &again));
	}
	dig_tree_iter_free(iter);
	return st;
}

/* Every read and write fails in turn: the error comes up, outputs stay. */
static void
test_faults(void **state)
{
	struct dig_tree_edit edits[40] = { { false, { 0 } } };
	struct dig_tree_totals totals;
	struct memory memory;
	struct world world;
	struct dig_oid root, next, none, empty, out;
	struct dig_entry found;
	struct dig_error err;
	bool has;

	(void)state;
	world_init(&world, 2000, CUTTING);
	memory_init(&memory);
	fill(&memory, &world, 2000, &root);
	for (size_t k = 0; k < 40; k++) {
		edits[k].remove = k % 3 == 0;
		world_entry(&world, 50 * k, 5, &edits[k].entry);
	}
	memset(&none, 0xee, sizeof(none));
	for (uint64_t n = 1;; n++) {
		enum dig_status st;

		memory.fail_in = n;
		out = none;
		st = dig_tree_apply(&memory.io, &root, edits, 40, &out, &err);
		if (st == DIG_OK)
			break;
		assert_int_equal(st, DIG_EIO);
		assert_true(dig_oid_eq(&out, &none));
	}
	next = out;
	dig_tree_empty(&empty);
	for (int what = 0; what < 8; what++) {
		enum dig_status st = DIG_EIO;

		for (uint64_t n = 1; st != DIG_OK; n++) {
			memory.fail_in = n;
			if (what == 0)
				st = dig_tree_diff(&memory.io, &root, &next,
				    ignore_fn, NULL, &err);
			else if (what == 1)
				st = dig_tree_diff(&memory.io, &root, &empty,
				    ignore_fn, NULL, &err);
			else if (what == 2)
				st = dig_tree_check(
				    &memory.io, &next, NULL, &err);
			else if (what == 3)
				st = iterate(&memory, &next, &err);
			else if (what == 4)
				st = dig_tree_totals(
				    &memory.io, &next, &totals, &err);
			else if (what == 5)
				st = dig_tree_find(&memory.io, &root,
				    world.names[7], strlen(world.names[7]),
				    &found, &err);
			else if (what == 6)
				st = dig_tree_has_below(
				    &memory.io, &root, "d00", 3, &has, &err);
			else
				st = dig_tree_diff(&memory.io, &empty, &root,
				    ignore_fn, NULL, &err);
			assert_true(st == DIG_OK || st == DIG_EIO);
		}
		assert_true(memory.fail_in > 0);
		memory.fail_in = 0;
	}
	memory_clear(&memory);
	world_clear(&world);
}

/* Good bytes under another id, and a top that has one entry. */
static void
test_wrong_places(void **state)
{
	static const size_t one[] = { 1 };
	const char *name = "name";
	struct dig_tree_totals totals;
	struct dig_tree_writer writer;
	struct dig_tree_item item, up;
	struct memory memory;
	struct memory_node *raw;
	struct dig_oid root, other;
	const uint8_t *data;
	struct dig_error err;
	size_t len;

	(void)state;
	memory_init(&memory);
	forge(&memory, &name, one, 1, &root);
	raw = memory_find(&memory, DIG_KIND_TREE, &root);
	other = root;
	other.bytes[31] ^= 1;
	OK(memory_put(
	    &memory, DIG_KIND_TREE, &other, raw->data, raw->len, NULL, &err));
	OK(dig_tree_totals(&memory.io, &root, &totals, &err));
	assert_int_equal(
	    dig_tree_totals(&memory.io, &other, &totals, &err), DIG_ECORRUPT);
	dig_tree_writer_init(&writer);
	dig_tree_writer_start(&writer, 1);
	memset(&item, 0, sizeof(item));
	item.path = (const uint8_t *)name;
	item.path_len = 4;
	item.files = 1;
	item.id = root;
	OK(dig_tree_writer_add(&writer, &item, NULL, &err));
	dig_tree_writer_finish(&writer, &up, &data, &len);
	OK(memory_put(&memory, DIG_KIND_TREE, &up.id, data, len, NULL, &err));
	assert_int_equal(
	    dig_tree_check(&memory.io, &up.id, NULL, &err), DIG_ECORRUPT);
	item.path_len = 0;
	assert_int_equal(
	    dig_tree_writer_add(&writer, &item, NULL, &err), DIG_EINVALID);
	dig_tree_writer_clear(&writer);
	memory_clear(&memory);
}

/* A node must end when its weight is reached. */
static void
test_too_heavy(void **state)
{
	struct dig_tree_node *node = dig_calloc(1, sizeof(*node));
	struct dig_tree_writer writer;
	struct dig_tree_item up;
	const uint8_t *data;
	struct world world;
	struct dig_error err;
	size_t len, n = 0;
	bool full = false;

	(void)state;
	world_init(&world, 60, LONG);
	dig_tree_writer_init(&writer);
	while (!full) {
		struct dig_entry entry;
		struct dig_tree_item item;

		world_entry(&world, n++, 1, &entry);
		dig_tree_entry_item(&entry, &item);
		writer.full = false;
		OK(dig_tree_writer_add(&writer, &item, NULL, &err));
		full = writer.weight >= DIG_TREE_WEIGHT_MAX;
		dig_tree_writer_finish(&writer, &up, &data, &len);
		OK(dig_tree_decode(data, len, NULL, node, &err));
		if (full) {
			world_entry(&world, n, 1, &entry);
			dig_tree_entry_item(&entry, &item);
			writer.full = false;
			OK(dig_tree_writer_add(&writer, &item, NULL, &err));
			dig_tree_writer_finish(&writer, &up, &data, &len);
			assert_int_equal(
			    dig_tree_decode(data, len, NULL, node, &err),
			    DIG_ECORRUPT);
		}
	}
	dig_tree_writer_clear(&writer);
	free(node);
	world_clear(&world);
}

static void
test_entries(void **state)
{
	struct dig_entry a = { .kind = DIG_ENTRY_FILE, .size_bytes = 9 }, b;
	struct dig_oid id;

	(void)state;
	assert_int_equal(dig_entry_mode(DIG_ENTRY_FILE), 0100644);
	assert_int_equal(dig_entry_mode(DIG_ENTRY_EXEC), 0100755);
	assert_int_equal(dig_entry_mode(DIG_ENTRY_SYMLINK), 0120000);
	assert_int_equal(dig_entry_mode(DIG_ENTRY_LINK), 0160000);
	a.form = DIG_FORM_CHUNK;
	a.stored.bytes[3] = 3;
	b = a;
	assert_true(dig_entry_same(&a, &b));
	b.kind = DIG_ENTRY_EXEC;
	assert_false(dig_entry_same(&a, &b));
	b = a;
	b.stored.bytes[4] = 1;
	assert_false(dig_entry_same(&a, &b));
	b = a;
	b.form = DIG_FORM_NODES;
	assert_false(dig_entry_same(&a, &b));
	dig_entry_content_id(&a, &id);
	b.stored = id;
	assert_true(dig_entry_same(&a, &b));
}

/* Roots that must never change. */
static void
test_known_roots(void **state)
{
	static const struct {
		size_t n;
		enum names sort;
		const char *hex;
	} table[] = {
		{ 0, PLAIN,
		    "ab897fbdedfa502b2d839b6a56100887"
		    "dccdc507555c282e59589e06300a62e2" },
		{ 1, PLAIN,
		    "9c5e641ca1129c2f99c7cca214e125a2"
		    "80f78afbd5c51d382dbc4491cde18a3a" },
		{ 16, PLAIN,
		    "91a8eea2a837647ad9057f10a81778bd"
		    "8fcda0dd7282f99256b691e8621af98e" },
		{ 1000, PLAIN,
		    "608230066d905fd3e374a24b2e231f91"
		    "a5eaceb8ab053aa0338d432049315c35" },
		{ 200, LONG,
		    "095be7ffc82301e1f0f465f46ca0a832"
		    "53fdfaeed328ede1337a9423f3dd8dc4" },
		{ 20000, PLAIN,
		    "bfaac6ee763a22a8d7d21c432e317e47"
		    "6cdc0396d7ffe485d39150054d912cc1" },
	};

	(void)state;
	for (size_t t = 0; t < sizeof(table) / sizeof(table[0]); t++) {
		char hex[DIG_OID_HEX + 1];
		struct memory memory;
		struct world world;
		struct dig_oid root;

		world_init(&world, table[t].n, table[t].sort);
		memory_init(&memory);
		fill(&memory, &world, 8192, &root);
		dig_oid_hex(&root, hex);
		assert_string_equal(hex, table[t].hex);
		memory_clear(&memory);
		world_clear(&world);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_history),
		cmocka_unit_test(test_cost),
		cmocka_unit_test(test_reading),
		cmocka_unit_test(test_decode_like),
		cmocka_unit_test(test_hostile_bytes),
		cmocka_unit_test(test_decode_table),
		cmocka_unit_test(test_check_conflicts),
		cmocka_unit_test(test_check_shapes),
		cmocka_unit_test(test_lying_parent),
		cmocka_unit_test(test_refused_edits),
		cmocka_unit_test(test_lower_top),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_wrong_places),
		cmocka_unit_test(test_too_heavy),
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_known_roots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
