/* SPDX-License-Identifier: MIT
 *
 * Which files cost what. Rows name the content of a path and the records of
 * chunks, but not which chunks a content has. For a file of one chunk that is
 * known from the ids (the content id is the hash of its only leaf); of the
 * others the content nodes are read.
 *
 * Keys are 64 bits of a hash: who finds two contents with the same can spoil a
 * sum of statistics, and nothing else.
 */
#include <stdlib.h>
#include <string.h>

#include "merkle/merkle.h"
#include "repo/stats_internal.h"

#define TYPE_MAX 24 /* bytes; a longer end of a name is none */

/* ---- A table of numbers ----------------------------------------------- */

struct chunk {
	uint64_t key; /* of its leaf, or of a content; 0: free */
	uint32_t raw;
	uint32_t stored;
	uint32_t seen; /* counted already; a content: read already */
};

struct chunks {
	struct chunk *at;
	size_t cap; /* a power of two */
	size_t count;
	uint64_t seed;
};

static uint64_t
key_of(const uint8_t id[DIG_HASH_SIZE])
{
	uint64_t key;

	memcpy(&key, id, sizeof(key));
	return key != 0 ? key : 1;
}

/* Chosen ids do not meet in a table: where they go depends on its seed. */
static uint64_t
mix(uint64_t key, uint64_t seed)
{
	uint64_t hash = (key ^ seed) * UINT64_C(0x9E3779B97F4A7C15);

	return hash ^ hash >> 32;
}

/* The place of a key, or the free one for it. */
static struct chunk *
find_chunk(const struct chunks *chunks, uint64_t key)
{
	size_t i = (size_t)mix(key, chunks->seed) & (chunks->cap - 1);

	while (chunks->at[i].key != 0 && chunks->at[i].key != key)
		i = (i + 1) & (chunks->cap - 1);
	return &chunks->at[i];
}

static struct chunk *
add_chunk(struct chunks *chunks, uint64_t key)
{
	struct chunk *chunk;

	if ((chunks->count + 1) * 2 > chunks->cap) {
		struct chunks more = *chunks;

		more.cap = chunks->cap == 0 ? 1024 : chunks->cap * 2;
		more.at = dig_calloc(more.cap, sizeof(*more.at));
		for (size_t i = 0; i < chunks->cap; i++) {
			if (chunks->at[i].key != 0)
				*find_chunk(&more, chunks->at[i].key) =
				    chunks->at[i];
		}
		free(chunks->at);
		*chunks = more;
	}
	chunk = find_chunk(chunks, key);
	if (chunk->key == 0) {
		chunk->key = key;
		chunks->count++;
	}
	return chunk;
}

/* ---- A table of names ------------------------------------------------- */

struct names {
	struct dig_stats_files *at;
	size_t count;
	size_t cap;
	uint32_t *slots; /* 1 + where; 0: free */
	size_t nslots;   /* a power of two */
	uint64_t seed;
};

static uint32_t *
find_slot(const struct names *names, const void *name, size_t len)
{
	uint8_t digest[DIG_HASH_SIZE];
	uint64_t hash;
	size_t i;

	dig_sha256(name, len, digest);
	hash = mix(key_of(digest), names->seed);
	i = (size_t)hash & (names->nslots - 1);
	for (; names->slots[i] != 0; i = (i + 1) & (names->nslots - 1)) {
		const struct dig_stats_files *files =
		    &names->at[names->slots[i] - 1];

		if (files->name_len == len &&
		    memcmp(files->name, name, len) == 0)
			break;
	}
	return &names->slots[i];
}

static struct dig_stats_files *
get_name(struct names *names, const void *name, size_t len)
{
	struct dig_stats_files *files;
	uint32_t *slot;

	if ((names->count + 1) * 2 > names->nslots) {
		names->nslots = names->nslots == 0 ? 256 : names->nslots * 2;
		free(names->slots);
		names->slots = dig_calloc(names->nslots, sizeof(*names->slots));
		for (size_t i = 0; i < names->count; i++)
			*find_slot(names, names->at[i].name,
			    names->at[i].name_len) = (uint32_t)i + 1;
	}
	slot = find_slot(names, name, len);
	if (*slot != 0)
		return &names->at[*slot - 1];
	DIG_GROW(names->at, names->cap, names->count + 1);
	files = &names->at[names->count++];
	memset(files, 0, sizeof(*files));
	files->name = dig_memdup0(name, len);
	files->name_len = len;
	*slot = (uint32_t)names->count;
	return files;
}

static void
names_clear(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->at[i].name);
	free(names->at);
	free(names->slots);
}

/* The end of a path's last name behind a dot that is not its first byte. */
static size_t
type_of(const uint8_t *path, size_t len, char out[TYPE_MAX])
{
	size_t at = len, n = 0;

	while (at > 0 && path[at - 1] != '/' && path[at - 1] != '.')
		at--;
	if (at < 2 || path[at - 1] != '.' || path[at - 2] == '/' ||
	    len - at > TYPE_MAX)
		return 0;
	for (; at < len; at++)
		out[n++] = (char)(path[at] >= 'A' && path[at] <= 'Z'
				      ? path[at] - 'A' + 'a'
				      : path[at]);
	return n;
}

/* ---- The passes ------------------------------------------------------- */

struct tally {
	struct dig_stats_pass *pass;
	struct dig_node_io io;
	struct chunks chunks;
	struct names types;
	struct names paths;
};

static void
take_object(struct tally *tally, struct dig_stmt *stmt)
{
	struct dig_stats *stats = tally->pass->out;
	int64_t kind = dig_stmt_int(stmt, 1);
	uint64_t raw = (uint64_t)dig_stmt_int(stmt, 2);
	uint64_t stored = (uint64_t)dig_stmt_int(stmt, 3);
	struct dig_stats_kind *sum;
	uint8_t leaf[DIG_HASH_SIZE];
	struct chunk *chunk;
	const void *id;
	size_t len;

	if (kind < 1 || kind > DIG_STATS_KINDS)
		return;
	sum = &stats->kinds[kind - 1];
	sum->objects++;
	sum->raw_bytes += raw;
	sum->stored_bytes += stored;
	id = dig_stmt_blob(stmt, 4, &len);
	if (kind != DIG_KIND_CHUNK || len != DIG_HASH_SIZE)
		return;
	dig_content_leaf(raw, id, leaf);
	chunk = add_chunk(&tally->chunks, key_of(leaf));
	chunk->raw = raw > UINT32_MAX ? UINT32_MAX : (uint32_t)raw;
	chunk->stored = stored > UINT32_MAX ? UINT32_MAX : (uint32_t)stored;
}

static enum dig_status
read_objects(struct tally *tally, struct dig_error *err)
{
	int64_t after = INT64_MIN;
	enum dig_status st;
	size_t n;

	do {
		struct dig_stmt *stmt = NULL;

		if (dig_interrupted())
			return dig_raise(err, DIG_ECANCELLED, "interrupted");
		st = dig_db_stmt(
		    tally->pass->db, DIG_SQL_STATS_OBJECTS, &stmt, err);
		if (st != DIG_OK)
			return st;
		dig_stmt_bind_int(stmt, 1, after);
		dig_stmt_bind_int(stmt, 2, DIG_STATS_PAGE);
		for (n = 0; (st = dig_stmt_row(stmt, err)) == DIG_OK; n++) {
			after = dig_stmt_int(stmt, 0);
			take_object(tally, stmt);
		}
		dig_stmt_done(stmt);
	} while (st == DIG_ENOTFOUND && n > 0);
	return st == DIG_ENOTFOUND ? DIG_OK : st;
}

/* A version of a path, copied from a row. */
struct version {
	int64_t seq;
	struct dig_buf path;
	int64_t kind;
	uint64_t size;
	struct dig_oid content;
	bool has_content;
};

/* What a version brings in that none before it had. */
struct cost {
	uint64_t unique;
	uint64_t stored;
};

static void
take_chunk(struct tally *tally, uint64_t key, struct cost *cost)
{
	struct chunk *chunk = find_chunk(&tally->chunks, key);

	if (chunk->key == 0 || chunk->seen)
		return;
	chunk->seen = 1;
	cost->unique += chunk->raw;
	cost->stored += chunk->stored;
}

static enum dig_status
take_nodes(struct tally *tally, const struct version *version,
    struct cost *cost, struct dig_error *err)
{
	struct dig_entry entry = { .kind = DIG_ENTRY_FILE,
		.form = DIG_FORM_NODES,
		.size_bytes = version->size,
		.stored = version->content };
	struct dig_file_reader *reader = NULL;
	uint64_t offset, length;
	uint8_t leaf[DIG_HASH_SIZE];
	struct dig_oid chunk;
	bool done = false;
	enum dig_status st;

	st = dig_file_reader_new(&tally->io, &entry, &reader, err);
	while (st == DIG_OK && !done) {
		st = dig_file_reader_next(
		    reader, &chunk, &offset, &length, &done, err);
		if (st != DIG_OK || done)
			break;
		dig_content_leaf(length, chunk.bytes, leaf);
		take_chunk(tally, key_of(leaf), cost);
	}
	dig_file_reader_free(reader);
	return st;
}

/* The chunks of a content, unless they are counted. */
static struct cost
cost_of(struct tally *tally, const struct version *version)
{
	uint64_t key = key_of(version->content.bytes);
	struct dig_error ignored = DIG_ERROR_INIT;
	struct cost cost = { 0, 0 };
	struct chunk *content;

	if (version->size == 0)
		return cost;
	if (find_chunk(&tally->chunks, key)->key == 0) {
		content = add_chunk(&tally->chunks, key);
		content->seen = 1;
		if (take_nodes(tally, version, &cost, &ignored) != DIG_OK)
			tally->pass->out->unread++;
	} else {
		take_chunk(tally, key, &cost);
	}
	return cost;
}

static void
add_version(
    struct dig_stats_files *files, uint64_t size, const struct cost *cost)
{
	files->versions++;
	files->version_bytes += size;
	files->unique_bytes += cost->unique;
	files->stored_bytes += cost->stored;
}

static void
take_version(struct tally *tally, const struct version *version, size_t *at)
{
	struct dig_stats_pass *pass = tally->pass;
	struct dig_stats *stats = pass->out;
	char type[TYPE_MAX];
	struct cost cost;
	size_t len;

	while (*at < pass->ncommits && pass->commits[*at].seq < version->seq)
		++*at;
	/* Of a commit that came or went meanwhile. */
	if (*at == pass->ncommits || pass->commits[*at].seq != version->seq)
		return;
	if (!version->has_content || version->kind == DIG_ENTRY_LINK)
		return;
	cost = cost_of(tally, version);
	len = type_of(version->path.data, version->path.len, type);
	add_version(get_name(&tally->types, type, len), version->size, &cost);
	add_version(
	    get_name(&tally->paths, version->path.data, version->path.len),
	    version->size, &cost);
	add_version(&stats->all, version->size, &cost);
	stats->steps[dig_stats_step_of(stats, pass->commits[*at].time)]
	    .stored_bytes += cost.stored;
}

static enum dig_status
copy_version(
    struct dig_stmt *stmt, struct version *version, struct dig_error *err)
{
	version->seq = dig_stmt_int(stmt, 0);
	dig_stmt_copy(stmt, 1, &version->path);
	version->kind = dig_stmt_int(stmt, 2);
	version->size = (uint64_t)dig_stmt_int(stmt, 3);
	version->has_content = !dig_stmt_is_null(stmt, 4);
	return version->has_content
		   ? dig_stmt_oid(stmt, 4, &version->content, err)
		   : DIG_OK;
}

/* One page into out, and no statement stays open. */
static enum dig_status
read_page(struct tally *tally, const struct version *after,
    struct version *page, size_t *count, struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	enum dig_status st;

	*count = 0;
	st = dig_db_stmt(tally->pass->db, DIG_SQL_STATS_CHANGES, &stmt, err);
	if (st != DIG_OK)
		return st;
	dig_stmt_bind_int(stmt, 1, after->seq);
	dig_stmt_bind_blob(stmt, 2, after->path.data, after->path.len);
	dig_stmt_bind_int(stmt, 3, DIG_STATS_PAGE);
	while ((st = dig_stmt_row(stmt, err)) == DIG_OK) {
		st = copy_version(stmt, &page[*count], err);
		if (st != DIG_OK)
			break;
		++*count;
	}
	dig_stmt_done(stmt);
	return st == DIG_ENOTFOUND ? DIG_OK : st;
}

static enum dig_status
read_changes(struct tally *tally, struct dig_error *err)
{
	struct version *page = dig_calloc(DIG_STATS_PAGE, sizeof(*page));
	struct version after = { .seq = INT64_MIN };
	size_t count, at = 0;
	enum dig_status st;

	do {
		st = read_page(tally, &after, page, &count, err);
		for (size_t i = 0; st == DIG_OK && i < count; i++)
			take_version(tally, &page[i], &at);
		if (st == DIG_OK && count > 0) {
			after.seq = page[count - 1].seq;
			dig_buf_reset(&after.path);
			dig_buf_put(&after.path, page[count - 1].path.data,
			    page[count - 1].path.len);
		}
		if (st == DIG_OK && dig_interrupted())
			st = dig_raise(err, DIG_ECANCELLED, "interrupted");
	} while (st == DIG_OK && count > 0);
	for (size_t i = 0; i < DIG_STATS_PAGE; i++)
		dig_buf_clear(&page[i].path);
	dig_buf_clear(&after.path);
	free(page);
	return st;
}

static enum dig_status
read_head(struct tally *tally, struct dig_error *err)
{
	struct dig_stats *stats = tally->pass->out;
	struct dig_tree_iter *iter = NULL;
	const struct dig_entry *entry;
	struct dig_oid root;
	char type[TYPE_MAX];
	enum dig_status st;

	st = dig_repo_head_tree(tally->pass->repo, &root, err);
	if (st == DIG_OK)
		st = dig_tree_iter_new(&tally->io, &root, &iter, err);
	while (st == DIG_OK) {
		struct dig_stats_files *files[2];

		st = dig_tree_iter_next(iter, &entry, err);
		if (st != DIG_OK || entry == NULL)
			break;
		files[0] = get_name(&tally->types, type,
		    type_of(entry->path, entry->path_len, type));
		files[1] =
		    get_name(&tally->paths, entry->path, entry->path_len);
		for (size_t i = 0; i < 2; i++) {
			files[i]->files++;
			files[i]->bytes += entry->size_bytes;
		}
		stats->files++;
		stats->bytes += entry->size_bytes;
	}
	dig_tree_iter_free(iter);
	stats->all.files = stats->files;
	stats->all.bytes = stats->bytes;
	return st;
}

/* ---- The first of a list ---------------------------------------------- */

static int
by_name(const struct dig_stats_files *a, const struct dig_stats_files *b)
{
	size_t len = a->name_len < b->name_len ? a->name_len : b->name_len;
	int order = memcmp(a->name, b->name, len);

	return order != 0
		   ? order
		   : (a->name_len > b->name_len) - (a->name_len < b->name_len);
}

static int
by_stored(const void *left, const void *right)
{
	const struct dig_stats_files *a = left, *b = right;

	if (a->stored_bytes != b->stored_bytes)
		return a->stored_bytes < b->stored_bytes ? 1 : -1;
	return by_name(a, b);
}

static int
by_size(const void *left, const void *right)
{
	const struct dig_stats_files *a = left, *b = right;

	if (a->bytes != b->bytes)
		return a->bytes < b->bytes ? 1 : -1;
	return by_name(a, b);
}

/* Copies of the first `top` paths in an order, as long as they have any. */
static void
take_top(struct names *paths, int (*order)(const void *, const void *),
    size_t top, struct dig_stats_files **out, size_t *count)
{
	size_t n = paths->count < top ? paths->count : top;

	if (n == 0)
		return;
	qsort(paths->at, paths->count, sizeof(*paths->at), order);
	*out = dig_calloc(n, sizeof(**out));
	for (*count = 0; *count < n; ++*count) {
		const struct dig_stats_files *from = &paths->at[*count];

		if ((order == by_size ? from->bytes : from->stored_bytes) == 0)
			break;
		(*out)[*count] = *from;
		(*out)[*count].name = dig_memdup0(from->name, from->name_len);
	}
}

enum dig_status
dig_stats_files_pass(struct dig_stats_pass *pass, struct dig_error *err)
{
	static const char *const kinds[DIG_STATS_KINDS] = { "chunk", "content",
		"tree", "commit", "tag", "state" };
	struct tally tally = { .pass = pass };
	struct dig_stats *stats = pass->out;
	enum dig_status st;

	tally.io = dig_reader_io(dig_index_reader(pass->repo->index));
	tally.chunks.seed = tally.types.seed = tally.paths.seed =
	    (uint64_t)dig_now_ns() ^ (uint64_t)(uintptr_t)&tally;
	add_chunk(&tally.chunks, 1); /* so that there is a table */
	for (size_t i = 0; i < DIG_STATS_KINDS; i++)
		stats->kinds[i].name = kinds[i];
	st = read_objects(&tally, err);
	if (st == DIG_OK)
		st = read_changes(&tally, err);
	if (st == DIG_OK)
		st = read_head(&tally, err);
	if (st == DIG_OK) {
		take_top(&tally.paths, by_size, pass->top, &stats->largest,
		    &stats->nlargest);
		take_top(&tally.paths, by_stored, pass->top, &stats->costliest,
		    &stats->ncostliest);
		if (tally.types.count > 0)
			qsort(tally.types.at, tally.types.count,
			    sizeof(*tally.types.at), by_stored);
		stats->types = tally.types.at;
		stats->ntypes = tally.types.count;
		tally.types.at = NULL;
		tally.types.count = 0;
	}
	free(tally.chunks.at);
	names_clear(&tally.types);
	names_clear(&tally.paths);
	return st;
}
