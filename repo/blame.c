/* SPDX-License-Identifier: MIT
 *
 * The file that was asked for, its lines, and the answer in their order.
 */
#include "repo/blame.h"

#include <assert.h>
#include <stdlib.h>

#include "repo/blame_internal.h"
#include "repo/content.h"
#include "repo/operation.h"
#include "repo/worktree.h"

/* ---- Where to begin --------------------------------------------------- */

static enum dig_status
find_path(struct dig_repo *repo, const char *word, struct dig_buf *out,
    struct dig_error *err)
{
	struct dig_buf arg = DIG_BUF_INIT;
	struct dig_pathspec *spec = NULL;
	const char *text, *path;
	enum dig_status st;

	dig_buf_printf(&arg, ":(literal)%s", word);
	text = (const char *)arg.data;
	st = *word == '\0' ? dig_raise(err, DIG_EINVALID, "an empty path")
			   : dig_pathspec_new(&text, 1, repo->prefix,
				 repo->worktree, &spec, err);
	if (st != DIG_OK)
		goto out;
	path = dig_pathspec_literal(spec, 0);
	if (*path == '\0' || path[strlen(path) - 1] == '/')
		st = dig_raise(
		    err, DIG_EINVALID, "'%.300s' names a folder", word);
	else
		dig_buf_puts(out, path);
out:
	dig_buf_clear(&arg);
	dig_pathspec_free(spec);
	return st;
}

static enum dig_status
no_file(const char *path, const char *where, struct dig_error *err)
{
	return dig_raise(
	    err, DIG_ENOTFOUND, "there is no '%.300s' in %s", path, where);
}

/* The file in the commit. */
static enum dig_status
begin_at_commit(struct dig_blame *blame, const struct dig_oid *commit,
    const char *path, struct dig_error *err)
{
	struct dig_blame_parent at = { .commit = *commit };
	enum dig_found found = DIG_FOUND_NOTHING;
	char hex[DIG_OID_HEX + 1];
	enum dig_status st;

	dig_oid_hex(commit, hex);
	hex[DIG_REVISION_SHORT] = '\0';
	blame->tips = dig_alloc(sizeof(*blame->tips));
	blame->tips[0] = *commit;
	blame->ntips = 1;
	st = dig_repo_commit_tree(blame->repo, commit, &at.tree, err);
	if (st == DIG_OK)
		st = dig_content_find(blame->repo, &at.tree, path, strlen(path),
		    &found, &at.entry, err);
	if (st != DIG_OK)
		return st;
	if (found == DIG_FOUND_NOTHING)
		return no_file(path, hex, err);
	if (found == DIG_FOUND_FOLDER)
		return dig_raise(
		    err, DIG_EINVALID, "'%.300s' names a folder", path);
	if (at.entry.kind == DIG_ENTRY_LINK)
		return dig_raise(err, DIG_EINVALID,
		    "'%.300s' is a link to another repository", path);
	dig_entry_content_id(&at.entry, &at.content);
	st = dig_blame_lane(blame, path, strlen(path), &at.lane, err);
	if (st == DIG_OK)
		st = dig_blame_begin(blame, &at, err);
	if (st == DIG_OK)
		st = dig_blame_load(blame, path, &blame->start->entry, NULL,
		    &blame->start->text, err);
	return st;
}

/* HEAD, and what is being merged into it. */
static enum dig_status
work_parents(
    struct dig_blame *blame, const struct dig_op *op, struct dig_error *err)
{
	const char *branch = dig_repo_branch(blame->repo);
	size_t n = op->nparents + 1;

	blame->tips = dig_calloc(n, sizeof(*blame->tips));
	if (!dig_repo_head(blame->repo, &blame->tips[0]))
		return dig_raise(err, DIG_ENOTFOUND,
		    "branch '%s' has no commit yet",
		    branch != NULL ? branch : "HEAD");
	for (size_t i = 0; i < op->nparents; i++)
		blame->tips[i + 1] = op->parents[i];
	blame->ntips = n;
	return DIG_OK;
}

/* A parent has it, or it is staged, or it is not merged yet. */
static enum dig_status
check_tracked(struct dig_blame *blame, const struct dig_op *op,
    const char *path, struct dig_error *err)
{
	enum dig_found found = DIG_FOUND_NOTHING;
	enum dig_status st = DIG_OK;
	struct dig_entry entry;
	struct dig_oid tree;

	for (size_t i = 0; i <= blame->ntips; i++) {
		if (i < blame->ntips)
			st = dig_repo_commit_tree(
			    blame->repo, &blame->tips[i], &tree, err);
		else
			dig_repo_staged_root(blame->repo, &tree);
		if (st == DIG_OK)
			st = dig_content_find(blame->repo, &tree, path,
			    strlen(path), &found, &entry, err);
		if (st != DIG_OK || found == DIG_FOUND_ENTRY)
			return st;
	}
	if (dig_op_conflict(op, path, strlen(path)) != NULL)
		return DIG_OK;
	return no_file(path, "HEAD", err);
}

/* What stands in the work tree, read once. */
static enum dig_status
load_work(
    struct dig_blame *blame, struct dig_blame_file *file, struct dig_error *err)
{
	const char *path = file->shown.path;
	struct dig_change change = { .kind = 'A' };
	struct dig_pair pair = DIG_PAIR_INIT;
	struct dig_folders folders;
	struct dig_look seen;
	enum dig_status st;

	dig_folders_init(&folders, blame->repo->root_fd);
	st = dig_worktree_look(&folders, path, &seen, err);
	dig_folders_clear(&folders);
	if (st == DIG_OK && seen.what == DIG_WORK_FOLDER)
		return dig_raise(
		    err, DIG_EINVALID, "'%.300s' names a folder", path);
	if (st == DIG_OK && seen.what != DIG_WORK_FILE)
		return no_file(path, "the work tree", err);
	if (st != DIG_OK)
		return st;
	file->entry.kind = dig_worktree_kind(&seen.stat);
	change.path = (const uint8_t *)path;
	change.path_len = strlen(path);
	change.now.work = true;
	change.now.mode = dig_entry_mode(file->entry.kind);
	change.now.size_bytes = seen.stat.size_bytes;
	st = dig_differ_load(blame->differ, &change, true, &pair, err);
	if (st == DIG_OK && !pair.now.there)
		st = no_file(path, "the work tree", err);
	else if (st == DIG_OK && pair.now.large)
		st = dig_raise(err, DIG_EINVALID,
		    "%.300s: too large to be compared as text", path);
	if (st == DIG_OK) {
		file->entry.size_bytes = change.now.size_bytes;
		file->content = change.now.content;
		file->text.bytes = pair.now.bytes;
		file->text.is_loaded = true;
		memset(&pair.now.bytes, 0, sizeof(pair.now.bytes));
	}
	dig_pair_clear(&pair);
	return st;
}

static enum dig_status
begin_at_work(struct dig_blame *blame, const char *path, struct dig_error *err)
{
	struct dig_blame_file *file = dig_calloc(1, sizeof(*file));
	struct dig_op op = { 0 };
	enum dig_status st;

	blame->files = blame->start = file;
	st = dig_operation(blame->repo, &op, err);
	if (st == DIG_OK)
		st = work_parents(blame, &op, err);
	if (st == DIG_OK)
		st = check_tracked(blame, &op, path, err);
	if (st == DIG_OK)
		st =
		    dig_blame_lane(blame, path, strlen(path), &file->lane, err);
	if (st == DIG_OK) {
		file->shown.path = file->lane->path;
		st = load_work(blame, file, err);
	}
	if (st == DIG_ENOTFOUND)
		dig_hint(err, "'dig blame REV -- PATH' looks into a commit");
	dig_op_clear(&op);
	return st;
}

/* ---- Lines ------------------------------------------------------------ */

static void
find_lines(struct dig_blame *blame)
{
	const char *at = (const char *)blame->bytes.data;
	const char *end = at + blame->bytes.len;
	size_t cap = 0;

	for (;;) {
		const char *nl;

		DIG_GROW(blame->lines, cap, blame->nlines + 1);
		blame->lines[blame->nlines] = at;
		if (at == end)
			break;
		blame->nlines++;
		nl = memchr(at, '\n', (size_t)(end - at));
		at = nl != NULL ? nl + 1 : end;
	}
}

/* What is hidden is painted from the tips down. */
static enum dig_status
paint(struct dig_blame *blame, const struct dig_blame_options *options,
    struct dig_error *err)
{
	struct dig_history_options walk = DIG_HISTORY_OPTIONS_INIT;

	walk.hidden = options->hidden;
	walk.nhidden = options->nhidden;
	walk.first_parent = options->first_parent;
	walk.tips = blame->tips;
	walk.ntips = blame->ntips;
	return dig_history_new(blame->repo, &walk, &blame->boundary, err);
}

enum dig_status
dig_blame_new(struct dig_repo *repo, const struct dig_blame_options *options,
    struct dig_blame **out, struct dig_error *err)
{
	struct dig_blame *blame = dig_calloc(1, sizeof(*blame));
	struct dig_buf path = DIG_BUF_INIT;
	struct dig_text_options compare = DIG_TEXT_OPTIONS_INIT;
	struct dig_node_io io = dig_reader_io(dig_index_reader(repo->index));
	enum dig_status st;

	compare.context_lines = 0;
	compare.cut_end = true;
	compare.ignore_all_space = options->ignore_space;
	blame->compare = compare;
	blame->repo = repo;
	blame->differ = dig_differ_new(repo);
	blame->reader = dig_reader_new(dig_index_store(repo->index));
	blame->finder = dig_tree_finder_new(&io);
	blame->heap.before = dig_node_is_deeper;
	blame->since = options->since;
	blame->first_parent = options->first_parent;
	blame->sparse = options->nhidden == 0 && options->since == INT64_MIN;
	st = find_path(repo, options->path, &path, err);
	if (st == DIG_OK && options->commit != NULL)
		st = begin_at_commit(
		    blame, options->commit, (const char *)path.data, err);
	else if (st == DIG_OK)
		st = begin_at_work(blame, (const char *)path.data, err);
	if (st == DIG_OK && options->nhidden > 0)
		st = paint(blame, options, err);
	dig_buf_clear(&path);
	if (st != DIG_OK) {
		dig_blame_free(blame);
		return st;
	}
	blame->kept_bytes = blame->start->text.bytes.len;
	dig_buf_put(&blame->bytes, blame->start->text.bytes.data,
	    blame->start->text.bytes.len);
	find_lines(blame);
	*out = blame;
	return DIG_OK;
}

void
dig_blame_free(struct dig_blame *blame)
{
	if (blame == NULL)
		return;
	dig_log(
	    "blame: %llu comparisons", (unsigned long long)blame->comparisons);
	for (struct dig_blame_file *file = blame->files, *next; file != NULL;
	     file = next) {
		next = file->next;
		dig_blame_text_clear(&file->text);
		free(file->parts.at);
		free(file);
	}
	for (struct dig_blame_lane *lane = blame->lanes, *next; lane != NULL;
	     lane = next) {
		next = lane->next;
		dig_history_free(lane->walk);
		free(lane->path);
		free(lane);
	}
	dig_history_free(blame->boundary);
	dig_differ_free(blame->differ);
	dig_reader_free(blame->reader);
	dig_tree_finder_free(blame->finder);
	dig_text_close(&blame->engine);
	dig_buf_clear(&blame->bytes);
	free(blame->tips);
	free(blame->heap.at);
	free(blame->lines);
	free(blame->spans);
	free(blame);
}

const char *
dig_blame_path(const struct dig_blame *blame)
{
	return blame->start->lane->path;
}

size_t
dig_blame_nlines(const struct dig_blame *blame)
{
	return blame->nlines;
}

const char *
dig_blame_line(const struct dig_blame *blame, size_t n, size_t *len)
{
	assert(n > 0 && n <= blame->nlines);
	*len = (size_t)(blame->lines[n] - blame->lines[n - 1]);
	return blame->lines[n - 1];
}

/* ---- The answer ------------------------------------------------------- */

static int
by_first(const void *a, const void *b)
{
	const struct dig_blame_range *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

/* Each line once. */
static void
add_ranges(struct dig_blame *blame, const struct dig_blame_range *ranges,
    size_t nranges)
{
	struct dig_blame_range *sorted =
	    dig_calloc(nranges + 1, sizeof(*sorted));
	size_t done = 0; /* lines before here are taken */

	memcpy(sorted, ranges, nranges * sizeof(*sorted));
	qsort(sorted, nranges, sizeof(*sorted), by_first);
	for (size_t i = 0; i < nranges; i++) {
		size_t first = sorted[i].first - 1, end = sorted[i].last;

		assert(first < end && end <= blame->nlines);
		if (first < done)
			first = done;
		if (first >= end)
			continue;
		dig_blame_parts_add(&blame->start->parts,
		    (struct dig_blame_part){ first, first, end - first });
		done = end;
	}
	free(sorted);
}

static int
by_line(const void *a, const void *b)
{
	const struct dig_blame_span *x = a, *y = b;

	return x->line < y->line ? -1 : x->line > y->line;
}

static void
join_spans(struct dig_blame *blame)
{
	struct dig_blame_span *last = NULL;
	size_t kept = 0;

	qsort(blame->spans, blame->nspans, sizeof(*blame->spans), by_line);
	for (size_t i = 0; i < blame->nspans; i++) {
		const struct dig_blame_span *span = &blame->spans[i];

		if (last != NULL && last->source == span->source &&
		    last->line + last->count == span->line &&
		    last->source_line + last->count == span->source_line) {
			last->count += span->count;
			continue;
		}
		last = &blame->spans[kept++];
		*last = *span;
	}
	blame->nspans = kept;
}

enum dig_status
dig_blame_run(struct dig_blame *blame, const struct dig_blame_range *ranges,
    size_t nranges, struct dig_error *err)
{
	enum dig_status st;

	assert(blame->spans == NULL);
	add_ranges(blame, ranges, nranges);
	st = dig_blame_walk(blame, err);
	if (st == DIG_OK && blame->nspans > 0)
		join_spans(blame);
	return st;
}

const struct dig_blame_span *
dig_blame_spans(const struct dig_blame *blame, size_t *count)
{
	*count = blame->nspans;
	return blame->spans;
}

enum dig_status
dig_blame_digits(struct dig_blame *blame, size_t *out, struct dig_error *err)
{
	const struct dig_oid **ids =
	    dig_calloc(blame->nspans + 1, sizeof(const struct dig_oid *));
	const struct dig_blame_source *last = NULL;
	enum dig_status st;
	size_t count = 0;

	for (size_t i = 0; i < blame->nspans; i++) {
		const struct dig_blame_source *source = blame->spans[i].source;

		if (source != last && !dig_oid_is_zero(&source->commit))
			ids[count++] = &source->commit;
		last = source;
	}
	st = dig_history_digits(blame->repo, ids, count, out, err);
	free(ids);
	return st;
}

uint64_t
dig_blame_comparisons(const struct dig_blame *blame)
{
	return blame->comparisons;
}
