/* SPDX-License-Identifier: MIT
 *
 * Equal changes: first by their paths, then by their lines.
 */
#include "repo/patch_id.h"

#include <stdlib.h>

#include "merkle/merkle.h"
#include "repo/diff.h"

/* One commit of ours. */
struct change {
	struct dig_oid paths; /* what it changes, not how */
	struct dig_oid lines;
	bool has_lines; /* they were looked at */
	size_t index;
};

struct comparing {
	struct dig_repo *repo;
	struct dig_differ *differ;
	struct dig_changes changes; /* of the commit that is looked at */
	struct dig_pair pair;
	struct dig_buf text;
};

static void
clear(struct comparing *c)
{
	dig_changes_clear(&c->changes);
	dig_pair_clear(&c->pair);
	dig_buf_clear(&c->text);
	dig_differ_free(c->differ);
}

static enum dig_status
load(struct comparing *c, const struct dig_oid *id, struct dig_error *err)
{
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_commit commit;
	enum dig_status st;

	if (dig_interrupted())
		return dig_raise(
		    err, DIG_ECANCELLED, "interrupted; nothing was changed");
	st = dig_repo_read_commit(c->repo, id, &bytes, &commit, err);
	if (st == DIG_OK)
		st = dig_changes_of(
		    c->repo, &commit, NULL, false, &c->changes, err);
	dig_buf_clear(&bytes);
	return st;
}

/* Of the changes that were loaded. */
static void
hash_paths(struct comparing *c, struct dig_oid *out)
{
	dig_buf_reset(&c->text);
	for (size_t i = 0; i < c->changes.count; i++) {
		const struct dig_change *change = &c->changes.at[i];

		dig_buf_putc(&c->text, (uint8_t)change->kind);
		dig_buf_put_varint(&c->text, change->old.mode);
		dig_buf_put_varint(&c->text, change->now.mode);
		dig_buf_put_bytes(&c->text, change->path, change->path_len);
	}
	dig_sha256(c->text.data, c->text.len, out->bytes);
}

static bool
on_hunk(void *arg, const struct dig_text_hunk *hunk)
{
	(void)hunk; /* where it is does not count */
	dig_buf_putc(arg, '@');
	return true;
}

static bool
on_line(void *arg, char kind, const char *line, size_t len)
{
	dig_buf_putc(arg, (uint8_t)kind);
	for (size_t i = 0; i < len; i++)
		if (line[i] != ' ' && (line[i] < '\t' || line[i] > '\r'))
			dig_buf_putc(arg, (uint8_t)line[i]);
	dig_buf_putc(arg, '\n');
	return true;
}

/* Of one file, into 32 bytes: its lines, or what it is and was. */
static enum dig_status
hash_file(struct comparing *c, struct dig_change *change, struct dig_oid *out,
    struct dig_error *err)
{
	const struct dig_text_options options = DIG_TEXT_OPTIONS_INIT;
	const struct dig_text_sink sink = { &c->text, on_hunk, on_line };
	enum dig_status st;

	dig_buf_reset(&c->text);
	st = dig_differ_load(c->differ, change, false, &c->pair, err);
	if (st != DIG_OK)
		return st;
	if (c->pair.binary) {
		dig_buf_put(&c->text, change->old.content.bytes, DIG_HASH_SIZE);
		dig_buf_put(&c->text, change->now.content.bytes, DIG_HASH_SIZE);
	} else if (!c->pair.same) {
		st =
		    dig_differ_lines(c->differ, &c->pair, &options, &sink, err);
	}
	dig_sha256(c->text.data, c->text.len, out->bytes);
	return st;
}

static enum dig_status
hash_lines(struct comparing *c, struct dig_oid *out, struct dig_error *err)
{
	struct dig_buf all = DIG_BUF_INIT;
	enum dig_status st = DIG_OK;
	struct dig_oid one;

	for (size_t i = 0; i < c->changes.count && st == DIG_OK; i++) {
		st = hash_file(c, &c->changes.at[i], &one, err);
		dig_buf_put(&all, one.bytes, DIG_HASH_SIZE);
	}
	dig_sha256(all.data, all.len, out->bytes);
	dig_buf_clear(&all);
	return st;
}

static int
by_paths(const void *va, const void *vb)
{
	const struct change *a = va, *b = vb;
	int order = dig_oid_cmp(&a->paths, &b->paths);

	return order != 0 ? order
			  : (a->index > b->index) - (a->index < b->index);
}

static enum dig_status
collect(struct comparing *c, const struct dig_oid *ours, size_t nours,
    struct change *list, size_t *count, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	for (size_t i = 0; i < nours && st == DIG_OK; i++) {
		st = load(c, &ours[i], err);
		if (st != DIG_OK || c->changes.count == 0)
			continue;
		list[*count].index = i;
		hash_paths(c, &list[(*count)++].paths);
	}
	if (st == DIG_OK && *count > 1)
		qsort(list, *count, sizeof(*list), by_paths);
	return st;
}

/* Compare the changes of one of theirs, which are loaded, with those of ours
 * that have the same paths. */
static enum dig_status
compare(struct comparing *c, const struct dig_oid *ours, struct change *list,
    size_t count, bool *found, struct dig_error *err)
{
	size_t low = 0, high = count;
	struct dig_oid paths, lines;
	enum dig_status st;

	hash_paths(c, &paths);
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (dig_oid_cmp(&list[mid].paths, &paths) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == count || !dig_oid_eq(&list[low].paths, &paths))
		return DIG_OK;
	st = hash_lines(c, &lines, err);
	for (size_t i = low;
	     st == DIG_OK && i < count && dig_oid_eq(&list[i].paths, &paths);
	     i++) {
		if (!list[i].has_lines) {
			st = load(c, &ours[list[i].index], err);
			if (st == DIG_OK)
				st = hash_lines(c, &list[i].lines, err);
			list[i].has_lines = st == DIG_OK;
		}
		if (st == DIG_OK && dig_oid_eq(&list[i].lines, &lines))
			found[list[i].index] = true;
	}
	return st;
}

enum dig_status
dig_same_changes(struct dig_repo *repo, const struct dig_oid *ours,
    size_t nours, const struct dig_oid *theirs, size_t ntheirs, bool *found,
    struct dig_error *err)
{
	struct comparing c = { .repo = repo,
		.differ = dig_differ_new(repo),
		.changes = DIG_CHANGES_INIT,
		.pair = DIG_PAIR_INIT };
	struct change *list = dig_calloc(nours + 1, sizeof(*list));
	enum dig_status st = DIG_OK;
	size_t count = 0;

	if (ntheirs > 0)
		st = collect(&c, ours, nours, list, &count, err);
	for (size_t i = 0; i < ntheirs && count > 0 && st == DIG_OK; i++) {
		st = load(&c, &theirs[i], err);
		if (st == DIG_OK && c.changes.count > 0)
			st = compare(&c, ours, list, count, found, err);
	}
	free(list);
	clear(&c);
	return st;
}
