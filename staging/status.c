/* SPDX-License-Identifier: MIT
 *
 * Putting a status together: what is staged, what the join has found, renames.
 */
#include "staging/status.h"

#include <stdlib.h>
#include <string.h>

#include "staging/status_internal.h"

enum {
	BLOCK = 32768, /* bytes of paths in one allocation */
	PAGE = 512,    /* rows of staged changes in one statement */
	TRIES = 3,     /* while others commit in between */
	SAME_MAX = 100 /* equal files looked at for the best rename */
};

/* ---- Paths ------------------------------------------------------------- */

struct dig_status_text {
	struct dig_status_text *next;
	size_t len;
	size_t cap;
	char bytes[];
};

const char *
dig_status_keep(struct dig_status_text **text, const char *path, size_t len)
{
	struct dig_status_text *block = *text;
	char *out;

	if (block == NULL || block->cap - block->len < len + 1) {
		size_t cap = len + 1 > BLOCK ? len + 1 : BLOCK;

		block = dig_alloc(sizeof(*block) + cap);
		block->len = 0;
		block->cap = cap;
		block->next = *text;
		*text = block;
	}
	out = block->bytes + block->len;
	memcpy(out, path, len);
	out[len] = '\0';
	block->len += len + 1;
	return out;
}

/* ---- What is staged ---------------------------------------------------- */

struct staged {
	const char *path;
	size_t len;
	char letter; /* A M D T; R for an A that has a source */
	bool taken;  /* a D that is the source of an R */
	const struct staged *source;
	enum dig_entry_kind kind; /* of what is there, or of what is gone */
	struct dig_oid content;
};

struct staged_list {
	struct staged *at;
	size_t n;
	size_t cap;
};

/* Where the index stands: journal record, and number of the coming commit. */
static enum dig_status
read_position(struct dig_db *db, int64_t *journal_seq, int64_t *next_seq,
    struct dig_error *err)
{
	struct dig_stmt *stmt = NULL;
	enum dig_status st;

	st = dig_db_stmt(db, DIG_SQL_POSITION_GET, &stmt, err);
	if (st != DIG_OK)
		return st;
	st = dig_stmt_row(stmt, err);
	if (st == DIG_OK) {
		*journal_seq = dig_stmt_int(stmt, 0);
		*next_seq = dig_stmt_int(stmt, 9);
	} else if (st == DIG_ENOTFOUND) {
		st = dig_raise(err, DIG_ECORRUPT, "the index has no position");
	}
	dig_stmt_done(stmt);
	return st;
}

static enum dig_status
read_staged(struct dig_stmt *stmt, struct dig_status_text **text,
    struct staged_list *list, struct dig_error *err)
{
	struct staged *staged;
	const char *letter;
	const char *path;
	const void *id;
	size_t len;

	DIG_GROW(list->at, list->cap, list->n + 1);
	staged = &list->at[list->n];
	memset(staged, 0, sizeof(*staged));
	letter = dig_stmt_blob(stmt, 1, &len);
	if (len != 1 || strchr("AMDT", *letter) == NULL)
		return dig_raise(
		    err, DIG_ECORRUPT, "the index: a row of changes");
	staged->letter = *letter;
	path = dig_stmt_blob(stmt, 0, &staged->len);
	if (staged->len == 0 || staged->len > DIG_PATH_MAX)
		return dig_raise(
		    err, DIG_ECORRUPT, "the index: a row of changes");
	staged->path = dig_status_keep(text, path, staged->len);
	staged->kind = (enum dig_entry_kind)dig_stmt_int(
	    stmt, staged->letter == 'D' ? 3 : 4);
	id = dig_stmt_blob(stmt, staged->letter == 'D' ? 5 : 6, &len);
	memcpy(staged->content.bytes, id,
	    len < sizeof(staged->content) ? len : sizeof(staged->content));
	list->n++;
	return DIG_OK;
}

static bool
is_meant(const struct dig_status_options *options, const char *path, size_t len)
{
	return options->pathspec == NULL ||
	       dig_pathspec_match(options->pathspec, path, len, false);
}

static bool
is_unmerged(
    const struct dig_status_options *options, const char *path, size_t len)
{
	return options->op != NULL && options->op->nconflicts > 0 &&
	       dig_op_conflict(options->op, path, len) != NULL;
}

static enum dig_status
collect_staged(const struct dig_status_options *options, struct dig_db *db,
    int64_t seq, struct dig_status_text **text, struct staged_list *list,
    struct dig_error *err)
{
	struct dig_buf after = DIG_BUF_INIT;
	struct dig_stmt *stmt = NULL;
	enum dig_status st;
	size_t nrows;

	do {
		st = dig_db_stmt(db, DIG_SQL_CHANGE_PAGE, &stmt, err);
		if (st != DIG_OK)
			break;
		dig_stmt_bind_int(stmt, 1, seq);
		dig_stmt_bind_blob(stmt, 2, after.data, after.len);
		dig_stmt_bind_int(stmt, 3, PAGE);
		for (nrows = 0; st == DIG_OK; nrows++) {
			st = dig_stmt_row(stmt, err);
			if (st != DIG_OK)
				break;
			st = read_staged(stmt, text, list, err);
		}
		dig_stmt_done(stmt);
		if (st != DIG_ENOTFOUND)
			break;
		st = DIG_OK;
		if (nrows == PAGE) {
			const struct staged *last = &list->at[list->n - 1];

			dig_buf_reset(&after);
			dig_buf_put(&after, last->path, last->len);
		}
	} while (nrows == PAGE);
	dig_buf_clear(&after);
	if (st != DIG_OK)
		return st;
	nrows = list->n;
	list->n = 0;
	for (size_t i = 0; i < nrows; i++)
		if (is_meant(options, list->at[i].path, list->at[i].len) &&
		    !is_unmerged(options, list->at[i].path, list->at[i].len))
			list->at[list->n++] = list->at[i];
	return DIG_OK;
}

/* ---- Renames ----------------------------------------------------------- */

static int
by_content(const void *va, const void *vb)
{
	const struct staged *a = *(struct staged *const *)va;
	const struct staged *b = *(struct staged *const *)vb;
	int cmp = dig_oid_cmp(&a->content, &b->content);

	return cmp != 0 ? cmp : (a > b) - (a < b);
}

static const char *
base_name(const struct staged *staged)
{
	const char *slash = strrchr(staged->path, '/');

	return slash != NULL ? slash + 1 : staged->path;
}

static bool
could_become(const struct staged *from, const struct staged *to)
{
	bool plain = from->kind <= DIG_ENTRY_EXEC && to->kind <= DIG_ENTRY_EXEC;

	return dig_oid_eq(&from->content, &to->content) &&
	       (plain || from->kind == to->kind);
}

/* The best of the sources [first, n) that begin a run of equal content: one of
 * the same name, else the first in path order. */
static struct staged *
best_source(struct staged **sources, size_t n, const struct staged *to)
{
	struct staged *best = NULL;
	unsigned seen = 0;

	for (size_t i = 0; i < n && seen < SAME_MAX; i++) {
		if (!dig_oid_eq(&sources[i]->content, &to->content))
			break;
		if (sources[i]->taken || !could_become(sources[i], to))
			continue;
		seen++;
		if (strcmp(base_name(sources[i]), base_name(to)) == 0)
			return sources[i];
		if (best == NULL)
			best = sources[i];
	}
	return best;
}

/* A path that is new and one that is gone with the same content are one. */
static void
pair_renames(struct staged_list *list)
{
	struct staged **sources = dig_alloc((list->n + 1) * sizeof(*sources));
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		if (list->at[i].letter == 'D')
			sources[n++] = &list->at[i];
	if (n > 1)
		qsort(sources, n, sizeof(*sources), by_content);
	for (size_t i = 0; n > 0 && i < list->n; i++) {
		struct staged *to = &list->at[i];
		struct staged *from;
		size_t low = 0;
		size_t high = n;

		if (to->letter != 'A')
			continue;
		while (low < high) {
			size_t mid = low + (high - low) / 2;

			if (dig_oid_cmp(&sources[mid]->content, &to->content) <
			    0)
				low = mid + 1;
			else
				high = mid;
		}
		from = best_source(sources + low, n - low, to);
		if (from != NULL) {
			from->taken = true;
			to->letter = 'R';
			to->source = from;
		}
	}
	free(sources);
}

/* ---- The list ---------------------------------------------------------- */

static struct dig_status_item *
new_item(struct dig_status_list *list, const char *path, size_t len,
    char staged, char work)
{
	struct dig_status_item *item;

	DIG_GROW(list->items, list->cap, list->nitems + 1);
	item = &list->items[list->nitems++];
	memset(item, 0, sizeof(*item));
	item->path = path;
	item->len = len;
	item->staged = staged;
	item->work = work;
	return item;
}

static void
set_work(struct dig_status_item *item, const struct dig_status_work *work)
{
	item->is_folder = work->letter == 'F';
	item->work = item->is_folder ? 'D' : work->letter;
}

/* The conflicts before a path (NULL: all that are left), from *at on. */
static void
add_conflicts(struct dig_status_list *list,
    const struct dig_status_options *options, const char *before, size_t len,
    size_t *at)
{
	const struct dig_op *op = options->op;

	for (; op != NULL && *at < op->nconflicts; ++*at) {
		const struct dig_conflict *conflict = &op->conflicts[*at];
		const char *letters = dig_conflict_letters(conflict);
		struct dig_status_item *item;

		if (before != NULL && dig_path_cmp(conflict->path,
					  conflict->path_len, before, len) > 0)
			break;
		if (!is_meant(options, conflict->path, conflict->path_len))
			continue;
		item = new_item(list,
		    dig_status_keep(
			&list->text, conflict->path, conflict->path_len),
		    conflict->path_len, letters[0], letters[1]);
		item->is_unmerged = true;
	}
}

static void
merge_changes(struct dig_status_list *list,
    const struct dig_status_options *options, const struct staged_list *staged,
    const struct dig_status_scan *scan)
{
	struct dig_status_item *item;
	size_t s = 0;
	size_t w = 0;
	size_t c = 0;

	while (s < staged->n || w < scan->nwork) {
		const struct staged *a = s < staged->n ? &staged->at[s] : NULL;
		const struct dig_status_work *b =
		    w < scan->nwork ? &scan->work[w] : NULL;
		int cmp = a == NULL ? 1
			  : b == NULL
			      ? -1
			      : dig_path_cmp(a->path, a->len, b->path, b->len);

		s += cmp <= 0;
		w += cmp >= 0;
		if (cmp > 0 ? b->letter == ' ' ||
				  is_unmerged(options, b->path, b->len)
			    : a->taken)
			continue;
		add_conflicts(list, options, cmp > 0 ? b->path : a->path,
		    cmp > 0 ? b->len : a->len, &c);
		item = cmp > 0
			   ? new_item(list, b->path, b->len, ' ', ' ')
			   : new_item(list, a->path, a->len, a->letter, ' ');
		if (cmp >= 0)
			set_work(item, b);
		if (cmp <= 0 && a->source != NULL) {
			item->old_path = a->source->path;
			item->old_len = a->source->len;
		}
	}
	add_conflicts(list, options, NULL, 0, &c);
	list->nchanges = list->nitems;
}

static void
add_names(struct dig_status_list *list,
    const struct dig_status_options *options,
    const struct dig_status_name *names, size_t n, char letter)
{
	for (size_t i = 0; i < n; i++)
		if (!is_unmerged(options, names[i].path, names[i].len))
			new_item(
			    list, names[i].path, names[i].len, letter, letter);
}

static void
say_troubles(const struct dig_status_options *options,
    const struct dig_status_scan *scan)
{
	for (size_t i = 0; options->warn != NULL && i < scan->nwork; i++)
		if (scan->work[i].trouble != 0)
			options->warn(options->arg, scan->work[i].path,
			    strerror(scan->work[i].trouble));
}

static enum dig_status
collect(const struct dig_status_options *options, bool *moved,
    struct dig_status_list *list, struct dig_error *err)
{
	struct dig_status_scan scan = { 0 };
	struct staged_list staged = { 0 };
	int64_t seq = 0, seq_after = 0, next_seq = 0;
	struct dig_db *db = NULL;
	enum dig_status st;

	st = dig_index_need_db(options->index, &db, err);
	if (st == DIG_OK)
		st = read_position(db, &seq, &next_seq, err);
	if (st == DIG_OK && !options->no_staged)
		st = collect_staged(
		    options, db, next_seq, &list->text, &staged, err);
	if (st == DIG_OK)
		st = dig_status_scan(options, db, &list->text, &scan, err);
	if (st == DIG_OK)
		st = read_position(db, &seq_after, &next_seq, err);
	if (st == DIG_OK)
		st = dig_status_verify(options, scan.work, scan.nwork, err);
	if (st != DIG_OK)
		goto out;
	*moved = seq != seq_after;
	say_troubles(options, &scan);
	if (options->renames)
		pair_renames(&staged);
	merge_changes(list, options, &staged, &scan);
	add_names(list, options, scan.untracked, scan.nuntracked, '?');
	list->nuntracked = list->nitems - list->nchanges;
	add_names(list, options, scan.ignored, scan.nignored, '!');
	dig_status_record(options, scan.work, scan.nwork);
out:
	dig_status_scan_clear(&scan);
	free(staged.at);
	return st;
}

enum dig_status
dig_status_collect(const struct dig_status_options *options,
    struct dig_status_list *out, struct dig_error *err)
{
	struct dig_status_list list = { 0 };
	enum dig_status st = DIG_OK;
	bool moved = true;

	/* Pages of rows come one by one: when somebody has committed in
	 * between, they may not fit each other. */
	for (int tries = 0; st == DIG_OK && moved && tries < TRIES; tries++) {
		dig_status_list_clear(&list);
		st = collect(options, &moved, &list, err);
	}
	if (st != DIG_OK) {
		dig_status_list_clear(&list);
		return st;
	}
	*out = list;
	return DIG_OK;
}

void
dig_status_list_clear(struct dig_status_list *list)
{
	while (list->text != NULL) {
		struct dig_status_text *next = list->text->next;

		free(list->text);
		list->text = next;
	}
	free(list->items);
	memset(list, 0, sizeof(*list));
}
