/* SPDX-License-Identifier: MIT
 *
 * The walk: which commit comes next, and which of them count.
 *
 *	tips --(paint, when something is hidden)--> heap by date --> filters
 *
 * Painting goes down by generation, children before parents, so a commit's
 * marks are final when it comes out; it stops when nothing in its heap is
 * wanted and not hidden.
 */
#include <stdlib.h>

#include "repo/history_internal.h"
#include "repo/revision.h"

/* ---- Commits ---------------------------------------------------------- */

enum dig_status
dig_history_commit(struct dig_repo *repo, const struct dig_oid *id,
    struct dig_buf *bytes, struct dig_commit *out, struct dig_error *err)
{
	return dig_repo_read_commit(repo, id, bytes, out, err);
}

enum dig_status
dig_history_tag(struct dig_repo *repo, const struct dig_oid *id,
    struct dig_buf *bytes, struct dig_tag *out, struct dig_error *err)
{
	enum dig_status st = dig_reader_get(
	    dig_index_reader(repo->index), DIG_KIND_TAG, id, bytes, err);

	return st != DIG_OK ? st
			    : dig_tag_decode(bytes->data, bytes->len, out, err);
}

enum dig_status
dig_history_load(
    struct dig_history *history, struct dig_node *node, struct dig_error *err)
{
	struct dig_commit *commit = &history->commit;
	enum dig_status st;

	if ((node->flags & NODE_LOADED) != 0)
		return DIG_OK;
	st = dig_repo_read_commit(
	    history->repo, &node->id, &history->bytes, commit, err);
	if (st != DIG_OK)
		return st;
	history->reads++;
	node->date = commit->committer.seconds;
	node->generation = commit->generation;
	node->depth = commit->depth;
	node->tree = commit->tree;
	node->jump = commit->jump;
	node->nparents = commit->nparents;
	node->parents =
	    dig_calloc(commit->nparents + 1, sizeof(*node->parents));
	for (size_t i = 0; i < commit->nparents; i++)
		dig_commit_parent(commit, i, &node->parents[i]);
	node->only = -1;
	node->flags |= NODE_LOADED;
	return DIG_OK;
}

static bool
counts(const struct dig_history *history, const struct dig_node *node)
{
	return !history->painted ||
	       (node->flags & (NODE_WANTED | NODE_HIDDEN)) == NODE_WANTED;
}

size_t
dig_history_nfollowed(
    const struct dig_history *history, const struct dig_node *node)
{
	if (node->only >= 0)
		return 1;
	return history->first_parent && node->nparents > 1 ? 1 : node->nparents;
}

const struct dig_oid *
dig_history_followed(
    const struct dig_history *history, const struct dig_node *node, size_t i)
{
	(void)history;
	return &node->parents[node->only >= 0 ? (size_t)node->only : i];
}

/* ---- Painting --------------------------------------------------------- */

struct painter {
	struct dig_history *history;
	struct dig_heap heap;
	size_t nopen; /* in the heap, wanted and not hidden */
};

static bool
is_open(const struct dig_node *node)
{
	return (node->flags & (NODE_WANTED | NODE_HIDDEN | NODE_SETTLED)) ==
	       NODE_WANTED;
}

static enum dig_status
paint(struct painter *painter, const struct dig_oid *id, unsigned flags,
    const struct dig_node *child, struct dig_error *err)
{
	struct dig_node *node = dig_nodes_get(&painter->history->nodes, id);
	enum dig_status st = dig_history_load(painter->history, node, err);

	if (st != DIG_OK)
		return st;
	if (child != NULL && node->generation >= child->generation)
		return dig_raise(err, DIG_ECORRUPT,
		    "a commit whose generation does not fit its parent's");
	if ((node->flags & NODE_PAINTED) == 0)
		dig_heap_push(&painter->heap, node);
	else
		painter->nopen -= is_open(node);
	node->flags |= flags | NODE_PAINTED;
	painter->nopen += is_open(node);
	return DIG_OK;
}

static enum dig_status
paint_all(struct dig_history *history,
    const struct dig_history_options *options, struct dig_node *const *tips,
    size_t ntips, struct dig_error *err)
{
	struct painter painter = { history, { dig_node_is_deeper, NULL, 0, 0 },
		0 };
	enum dig_status st = DIG_OK;

	for (size_t i = 0; st == DIG_OK && i < options->nhidden; i++)
		st = paint(&painter, &options->hidden[i],
		    NODE_HIDDEN | NODE_BOTTOM, NULL, err);
	for (size_t i = 0; st == DIG_OK && i < ntips; i++)
		st = paint(&painter, &tips[i]->id, NODE_WANTED, NULL, err);
	while (st == DIG_OK && painter.nopen > 0) {
		struct dig_node *node = dig_heap_pop(&painter.heap);
		unsigned flags = node->flags & (NODE_WANTED | NODE_HIDDEN);

		painter.nopen -= is_open(node);
		node->flags |= NODE_SETTLED;
		for (size_t i = 0; st == DIG_OK && i < node->nparents; i++) {
			unsigned given = flags;

			if (i >= dig_history_nfollowed(history, node))
				given &= ~(unsigned)NODE_WANTED;
			if (given != 0)
				st = paint(&painter, &node->parents[i], given,
				    node, err);
		}
	}
	free(painter.heap.at);
	history->painted = true;
	return st;
}

/* ---- The heap of what comes next -------------------------------------- */

/* A commit may come up: itself, or with known rows the nearest touched one. */
static enum dig_status
enter(struct dig_history *history, const struct dig_oid *id,
    struct dig_error *err)
{
	struct dig_node *node = dig_nodes_get(&history->nodes, id);
	enum dig_status st;
	bool known = (node->flags & NODE_LOADED) != 0;

	if (history->sparse)
		st = dig_history_descend(history, node, &node, err);
	else
		st = dig_history_load(history, node, err);
	if (st != DIG_OK || node == NULL || !counts(history, node) ||
	    (node->flags & NODE_QUEUED) != 0)
		return st;
	/* Just read, and no other reads between: it is not read twice. */
	if (!known && !history->sparse && !history->reverse &&
	    history->order_by == DIG_ORDER_WALK)
		dig_buf_put(
		    &node->bytes, history->bytes.data, history->bytes.len);
	node->flags |= NODE_QUEUED;
	node->order = history->order++;
	dig_heap_push(&history->heap, node);
	return DIG_OK;
}

static enum dig_status
enter_parents(struct dig_history *history, const struct dig_node *node,
    struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	for (size_t i = 0;
	     st == DIG_OK && i < dig_history_nfollowed(history, node); i++)
		st =
		    enter(history, dig_history_followed(history, node, i), err);
	return st;
}

/*
 * Compare a commit with its parents in the paths. *only: the one parent to
 * follow, which equals it there; -1: follow all. *shown: it differs.
 */
static enum dig_status
simplify(struct dig_history *history, const struct dig_node *node, int *only,
    bool *shown, struct dig_error *err)
{
	struct dig_oid empty;
	size_t nrelevant = 0;
	bool changed = false, same;
	enum dig_status st;

	*only = -1;
	if (node->nparents == 0) {
		dig_tree_empty(&empty);
		st = dig_history_same(history, &empty, &node->tree, &same, err);
		*shown = st == DIG_OK && !same;
		return st;
	}
	for (size_t i = 0; i < dig_history_nfollowed(history, node); i++) {
		struct dig_node *parent =
		    dig_nodes_get(&history->nodes, &node->parents[i]);
		bool relevant;

		if (history->sparse && i == 0) {
			same = false; /* that is what the row says */
		} else {
			st = dig_history_load(history, parent, err);
			if (st == DIG_OK)
				st = dig_history_same(history, &parent->tree,
				    &node->tree, &same, err);
			if (st != DIG_OK)
				return st;
		}
		/* One line only: whether it is hidden makes no difference. */
		relevant = (parent->flags & (NODE_HIDDEN | NODE_BOTTOM)) !=
			   NODE_HIDDEN;
		if (same && relevant) {
			*only = (int)i;
			*shown = false;
			return DIG_OK;
		}
		nrelevant += relevant;
		changed = changed || !same;
	}
	*shown = nrelevant > 0 || changed;
	return DIG_OK;
}

enum dig_status
dig_history_advance(
    struct dig_history *history, struct dig_node **out, struct dig_error *err)
{
	enum dig_status st = DIG_OK;
	struct dig_node *node;
	bool shown = true;

	do {
		if (dig_interrupted())
			return dig_raise(err, DIG_ECANCELLED, "interrupted");
		node = dig_heap_pop(&history->heap);
		if (node != NULL && node->date < history->since)
			dig_buf_clear(&node->bytes);
	} while (node != NULL && node->date < history->since);
	*out = node;
	if (node == NULL)
		return DIG_OK;
	if (history->paths != NULL)
		st = simplify(history, node, &node->only, &shown, err);
	if (st == DIG_OK)
		st = enter_parents(history, node, err);
	if (shown)
		node->flags |= NODE_SHOWN;
	else
		dig_buf_clear(&node->bytes);
	return st;
}

/* The next commit of the walk, before the filters; NULL at the end. */
static enum dig_status
step(struct dig_history *history, struct dig_node **out, struct dig_error *err)
{
	enum dig_status st = DIG_OK;
	struct dig_node *node = NULL;

	if (history->order_by != DIG_ORDER_WALK && !history->is_sorted)
		st = dig_history_sort(history, err);
	do {
		if (st == DIG_OK && history->order_by == DIG_ORDER_WALK)
			st = dig_history_advance(history, &node, err);
		else if (st == DIG_OK)
			node = history->next_sorted < history->nsorted
				   ? history->sorted[history->next_sorted++]
				   : NULL;
	} while (
	    st == DIG_OK && node != NULL && (node->flags & NODE_SHOWN) == 0);
	if (st == DIG_OK)
		*out = node;
	return st;
}

/* ---- Filters ---------------------------------------------------------- */

/* Decode a node's commit into history->commit. */
static enum dig_status
decode(
    struct dig_history *history, struct dig_node *node, struct dig_error *err)
{
	if (node->bytes.len == 0) {
		history->reads++;
		return dig_repo_read_commit(history->repo, &node->id,
		    &history->bytes, &history->commit, err);
	}
	dig_buf_clear(&history->bytes);
	history->bytes = node->bytes;
	memset(&node->bytes, 0, sizeof(node->bytes));
	return dig_commit_decode(
	    history->bytes.data, history->bytes.len, &history->commit, err);
}

static bool
may_pass(const struct dig_history *history, const struct dig_node *node)
{
	return node->date <= history->until &&
	       node->nparents >= history->min_parents &&
	       node->nparents <= history->max_parents;
}

static enum dig_status
select_commit(struct dig_history *history, const struct dig_commit *commit,
    bool *passes, struct dig_error *err)
{
	*passes = true;
	if (history->select == NULL)
		return DIG_OK;
	return history->select(history->select_arg, commit, passes, err);
}

enum dig_status
dig_history_passes(struct dig_history *history, const struct dig_node *node,
    bool *out, struct dig_error *err)
{
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_commit commit;
	enum dig_status st = DIG_OK;

	*out = may_pass(history, node);
	if (!*out ||
	    (dig_matcher_is_empty(history->matcher) && history->select == NULL))
		return DIG_OK;
	st = dig_repo_read_commit(
	    history->repo, &node->id, &bytes, &commit, err);
	if (st == DIG_OK)
		*out = dig_matcher_matches(history->matcher, &commit);
	if (st == DIG_OK && *out)
		st = select_commit(history, &commit, out, err);
	dig_buf_clear(&bytes);
	return st;
}

/* The next commit that passes all filters, decoded; NULL at the end. */
static enum dig_status
next_passed(
    struct dig_history *history, struct dig_node **out, struct dig_error *err)
{
	for (;;) {
		struct dig_node *node = NULL;
		enum dig_status st;
		bool selected;

		*out = NULL;
		if (history->limit == 0)
			return DIG_OK;
		st = step(history, &node, err);
		if (st != DIG_OK || node == NULL)
			return st;
		if (!may_pass(history, node)) {
			dig_buf_clear(&node->bytes);
			continue;
		}
		st = decode(history, node, err);
		if (st != DIG_OK)
			return st;
		if (!dig_matcher_matches(history->matcher, &history->commit))
			continue;
		if (history->follow.len > 0) {
			bool shown;

			st = dig_history_follow(history, node, &shown, err);
			if (st != DIG_OK)
				return st;
			if (!shown)
				continue;
		}
		st = select_commit(history, &history->commit, &selected, err);
		if (st != DIG_OK)
			return st;
		if (!selected)
			continue;
		if (history->skip > 0) {
			history->skip--;
			continue;
		}
		if (history->limit > 0)
			history->limit--;
		*out = node;
		return DIG_OK;
	}
}

static enum dig_status
collect(struct dig_history *history, struct dig_error *err)
{
	struct dig_node *node;
	enum dig_status st;

	while (
	    (st = next_passed(history, &node, err)) == DIG_OK && node != NULL) {
		DIG_GROW(history->list, history->list_cap, history->nlist + 1);
		history->list[history->nlist++] = node;
	}
	history->collected = true;
	return st;
}

enum dig_status
dig_history_next(struct dig_history *history, const struct dig_oid **id,
    const struct dig_commit **commit, struct dig_error *err)
{
	struct dig_node *node = NULL;
	enum dig_status st = DIG_OK;

	if (!history->reverse) {
		st = next_passed(history, &node, err);
	} else {
		if (!history->collected)
			st = collect(history, err);
		if (st == DIG_OK && history->nlist > 0) {
			node = history->list[--history->nlist];
			st = decode(history, node, err);
		}
	}
	if (st != DIG_OK)
		return st;
	if (node != NULL)
		history->id = node->id;
	*id = node != NULL ? &history->id : NULL;
	*commit = node != NULL ? &history->commit : NULL;
	return DIG_OK;
}

uint64_t
dig_history_reads(const struct dig_history *history)
{
	return history->reads;
}

/* ---- Refs ------------------------------------------------------------- */

/* Follow tags from a ref to a commit; false when it names something else. */
static enum dig_status
peel(struct dig_repo *repo, const struct dig_ref *ref, struct dig_oid *out,
    bool *found, struct dig_error *err)
{
	struct dig_store *store = dig_index_store(repo->index);
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_tag tag;
	enum dig_status st = DIG_OK;
	bool is_commit = false;

	*found = false;
	*out = ref->id;
	for (int depth = 0; depth < 16; depth++) {
		st =
		    dig_store_has(store, DIG_KIND_COMMIT, out, &is_commit, err);
		if (st != DIG_OK || is_commit)
			break;
		st = dig_history_tag(repo, out, &bytes, &tag, err);
		if (st != DIG_OK)
			break;
		*out = tag.target;
	}
	dig_buf_clear(&bytes);
	*found = st == DIG_OK && is_commit;
	return st == DIG_ENOTFOUND ? DIG_OK : st;
}

enum dig_status
dig_history_refs(struct dig_repo *repo, struct dig_ref_name **out,
    size_t *count, struct dig_error *err)
{
	const struct dig_state *state = dig_index_state(repo->index);
	struct dig_ref_name *names =
	    dig_calloc(state->nrefs + 1, sizeof(*names));
	enum dig_status st = DIG_OK;
	size_t n = 0;

	if (dig_state_head(state, &names[0].commit))
		names[n++].name = "HEAD";
	for (size_t i = state->nrefs; st == DIG_OK && i-- > 0;) {
		const struct dig_ref *ref = &state->refs[i];
		bool found;

		st = peel(repo, ref, &names[n].commit, &found, err);
		if (st != DIG_OK || !found)
			continue;
		names[n].name = ref->name;
		names[n++].is_head = state->head_ref != NULL &&
				     strcmp(state->head_ref, ref->name) == 0;
	}
	if (st != DIG_OK) {
		free(names);
		return st;
	}
	*out = names;
	*count = n;
	return DIG_OK;
}

/* How many ids of the index begin like this one, up to two. */
static enum dig_status
count_alike(struct dig_db *db, const char *hex, size_t len, unsigned *count,
    struct dig_error *err)
{
	struct dig_oid low, high;
	struct dig_stmt *stmt = NULL;
	enum dig_status st;

	*count = 0;
	if (!dig_oid_prefix(hex, len, &low, &high))
		return DIG_OK;
	st = dig_db_stmt(db, DIG_SQL_COMMIT_ID_RANGE, &stmt, err);
	if (st != DIG_OK)
		return st;
	dig_stmt_bind_oid(stmt, 1, &low);
	dig_stmt_bind_oid(stmt, 2, &high);
	dig_stmt_bind_int(stmt, 3, 2);
	while ((st = dig_stmt_row(stmt, err)) == DIG_OK)
		++*count;
	dig_stmt_done(stmt);
	return st == DIG_ENOTFOUND ? DIG_OK : st;
}

/* As many digits as no other commit has, at least *digits. */
static enum dig_status
add_digits(struct dig_repo *repo, const struct dig_oid *id, size_t *digits,
    struct dig_error *err)
{
	struct dig_db *db = dig_index_db(repo->index);
	char hex[DIG_OID_HEX + 1];
	enum dig_status st = DIG_OK;
	unsigned alike = 2;

	if (db == NULL) {
		st = dig_revision_short(repo, id, *digits, hex, err);
		if (st == DIG_OK)
			*digits = strlen(hex);
		return st;
	}
	dig_oid_hex(id, hex);
	for (; *digits < DIG_OID_HEX; ++*digits) {
		st = count_alike(db, hex, *digits, &alike, err);
		if (st != DIG_OK || alike < 2)
			break;
	}
	return st;
}

enum dig_status
dig_history_short(struct dig_repo *repo, const struct dig_oid *id,
    char out[DIG_OID_HEX + 1], struct dig_error *err)
{
	size_t digits = DIG_REVISION_SHORT;
	enum dig_status st = add_digits(repo, id, &digits, err);

	if (st != DIG_OK)
		return st;
	dig_oid_hex(id, out);
	out[digits] = '\0';
	return DIG_OK;
}

enum dig_status
dig_history_digits(struct dig_repo *repo, const struct dig_oid *const *ids,
    size_t count, size_t *out, struct dig_error *err)
{
	struct dig_db *db = dig_index_db(repo->index);
	size_t digits = DIG_REVISION_SHORT;
	enum dig_status st = DIG_OK;

	if (db != NULL)
		st = dig_txn_read_begin(db, err);
	if (st != DIG_OK)
		return st;
	for (size_t i = 0; st == DIG_OK && i < count; i++)
		st = add_digits(repo, ids[i], &digits, err);
	if (db != NULL)
		dig_txn_read_end(db);
	if (st == DIG_OK)
		*out = digits;
	return st;
}

/* ---- Begin and end ---------------------------------------------------- */

/* --all, --branches and --tags: the ref is one of them. */
static bool
is_asked(const struct dig_history_options *options, const char *name)
{
	return options->all ||
	       (options->branches && strncmp(name, "refs/heads/", 11) == 0) ||
	       (options->tags && strncmp(name, "refs/tags/", 10) == 0);
}

/* The nodes of all tips, each once, in order. */
static enum dig_status
find_tips(struct dig_history *history,
    const struct dig_history_options *options, struct dig_node ***out,
    size_t *count, struct dig_error *err)
{
	struct dig_ref_name *names = NULL;
	struct dig_node **tips;
	enum dig_status st = DIG_OK;
	size_t nnames = 0, n = 0;

	if (options->all || options->branches || options->tags)
		st = dig_history_refs(history->repo, &names, &nnames, err);
	if (st != DIG_OK)
		return st;
	tips = dig_calloc(options->ntips + nnames + 1, sizeof(*tips));
	for (size_t i = 0; i < options->ntips; i++)
		tips[n++] = dig_nodes_get(&history->nodes, &options->tips[i]);
	for (size_t i = nnames; i-- > 0;) /* by name, HEAD last */
		if (is_asked(options, names[i].name))
			tips[n++] =
			    dig_nodes_get(&history->nodes, &names[i].commit);
	for (size_t i = 0; st == DIG_OK && i < n; i++)
		st = dig_history_load(history, tips[i], err);
	free(names);
	if (st != DIG_OK) {
		free(tips);
		return st;
	}
	*out = tips;
	*count = n;
	return DIG_OK;
}

static enum dig_status
begin(struct dig_history *history, const struct dig_history_options *options,
    struct dig_error *err)
{
	struct dig_node **tips = NULL;
	enum dig_status st;
	size_t ntips = 0;

	history->select = options->select;
	history->select_arg = options->select_arg;
	st = dig_matcher_new(options, &history->matcher, err);
	if (st == DIG_OK && options->npaths > 0)
		st = dig_pathspec_new(options->paths, options->npaths,
		    history->repo->prefix, history->repo->worktree,
		    &history->paths, err);
	if (st == DIG_OK && options->follow && options->npaths == 0)
		st = dig_raise(err, DIG_EINVALID, "--follow takes one file");
	if (st == DIG_OK && options->follow)
		st = dig_history_follow_begin(history, err);
	if (st == DIG_OK)
		st = find_tips(history, options, &tips, &ntips, err);
	if (st == DIG_OK && options->nhidden > 0)
		st = paint_all(history, options, tips, ntips, err);
	else if (st == DIG_OK && history->paths != NULL &&
		 history->order_by == DIG_ORDER_WALK)
		st = dig_history_learn(
		    history, tips, ntips, &history->sparse, err);
	for (size_t i = 0; st == DIG_OK && i < ntips; i++)
		st = enter(history, &tips[i]->id, err);
	free(tips);
	return st;
}

enum dig_status
dig_history_new(struct dig_repo *repo,
    const struct dig_history_options *options, struct dig_history **out,
    struct dig_error *err)
{
	struct dig_history *history = dig_calloc(1, sizeof(*history));
	enum dig_status st;

	history->repo = repo;
	history->heap.before = dig_node_is_later;
	history->order_by = options->order;
	history->first_parent = options->first_parent;
	history->reverse = options->reverse;
	history->skip = options->skip;
	history->limit = options->limit;
	history->min_parents = options->min_parents;
	history->max_parents = options->max_parents;
	history->since = options->since;
	history->until = options->until;
	st = begin(history, options, err);
	if (st == DIG_OK)
		*out = history;
	else
		dig_history_free(history);
	return st;
}

void
dig_history_free(struct dig_history *history)
{
	if (history == NULL)
		return;
	dig_log("log: %llu commits read", (unsigned long long)history->reads);
	dig_matcher_free(history->matcher);
	dig_pathspec_free(history->paths);
	dig_nodes_clear(&history->nodes);
	free(history->heap.at);
	free(history->depths);
	free(history->list);
	free(history->sorted);
	dig_buf_clear(&history->bytes);
	dig_buf_clear(&history->follow);
	dig_buf_clear(&history->shown_path);
	dig_buf_clear(&history->shown_old);
	free(history);
}
