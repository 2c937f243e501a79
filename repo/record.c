/* SPDX-License-Identifier: MIT
 *
 * Making commits.
 *
 * The tree is the staged root of the journal's state; rows of the index are
 * asked for what a commit cost and for nothing else.
 */
#include "repo/record.h"

#include <stdlib.h>
#include <string.h>

#include "repo/ident.h"
#include "repo/internal.h"
#include "repo/operation.h"
#include "repo/revision.h"

/* ---- Messages --------------------------------------------------------- */

static bool
is_blank(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

void
dig_message_clean(
    const void *text, size_t len, bool comments, struct dig_buf *out)
{
	const uint8_t *at = text, *end = at + len;
	bool gap = false;

	dig_buf_reset(out);
	while (at < end) {
		const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
		const uint8_t *next = newline == NULL ? end : newline + 1;
		const uint8_t *last = newline == NULL ? end : newline;

		while (last > at && is_blank(last[-1]))
			last--;
		if (last == at) {
			gap = true;
		} else if (!comments || *at != '#') {
			if (gap && out->len > 0)
				dig_buf_putc(out, '\n');
			dig_buf_put(out, at, (size_t)(last - at));
			dig_buf_putc(out, '\n');
			gap = false;
		}
		at = next;
	}
}

static enum dig_status
check_message(const void *message, size_t len, struct dig_error *err)
{
	if (len == 0)
		return dig_raise(
		    err, DIG_ENO, "nothing is committed: the message is empty");
	if (memchr(message, '\0', len) != NULL)
		return dig_raise(
		    err, DIG_EINVALID, "the message has a NUL byte");
	if (len > DIG_COMMIT_MESSAGE_MAX)
		return dig_raise(err, DIG_EINVALID,
		    "the message is longer than %zu bytes",
		    DIG_COMMIT_MESSAGE_MAX);
	return DIG_OK;
}

enum dig_status
dig_record_message(struct dig_repo *repo, const struct dig_oid *id,
    struct dig_buf *out, struct dig_error *err)
{
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_commit commit;
	enum dig_status st;

	st = dig_repo_read_commit(repo, id, &bytes, &commit, err);
	if (st == DIG_OK) {
		dig_buf_reset(out);
		dig_buf_put(out, commit.message, commit.message_len);
	}
	dig_buf_clear(&bytes);
	return st;
}

/* ---- What changes ----------------------------------------------------- */

static char
change_kind(const struct dig_entry *old, const struct dig_entry *new_)
{
	bool was_file, is_file;

	if (old == NULL)
		return 'A';
	if (new_ == NULL)
		return 'D';
	was_file = old->kind == DIG_ENTRY_FILE || old->kind == DIG_ENTRY_EXEC;
	is_file = new_->kind == DIG_ENTRY_FILE || new_->kind == DIG_ENTRY_EXEC;
	return was_file == is_file && (is_file || old->kind == new_->kind)
		   ? 'M'
		   : 'T';
}

static enum dig_status
count_change(void *arg, const struct dig_entry *old,
    const struct dig_entry *new_, struct dig_error *err)
{
	struct dig_recorded *record = arg;

	(void)err;
	if (old == NULL)
		record->added++;
	else if (new_ == NULL)
		record->deleted++;
	else
		record->modified++;
	if (new_ != NULL)
		record->file_bytes += new_->size_bytes;
	return DIG_OK;
}

/* ---- The commit being made -------------------------------------------- */

struct making {
	struct dig_repo *repo;
	const struct dig_record_options *options;
	struct dig_person author;
	struct dig_person committer;
	struct dig_commit commit; /* borrows from what follows */
	struct dig_oid head;
	bool has_head;
	struct dig_buf old; /* bytes of the commit that is amended or copied */
	struct dig_commit amended;
	bool copies;      /* the commit that the operation has stopped at */
	struct dig_op op; /* in progress */
	struct dig_buf parents;  /* ids */
	struct dig_oid old_tree; /* of the first parent */
	struct dig_recorded record;
	struct dig_signed signing; /* what is signed, and the signature */
	bool again; /* the same commit was made before, and has its cost */
};

static void
making_clear(struct making *m)
{
	dig_person_clear(&m->author);
	dig_person_clear(&m->committer);
	dig_buf_clear(&m->old);
	dig_op_clear(&m->op);
	dig_buf_clear(&m->parents);
	dig_signed_clear(&m->signing);
	dig_recorded_clear(&m->record);
}

void
dig_recorded_clear(struct dig_recorded *record)
{
	free(record->branch);
	free(record->subject);
	record->branch = NULL;
	record->subject = NULL;
}

/* The parents, and what follows from them. */
static enum dig_status
set_parents(struct making *m, struct dig_error *err)
{
	struct dig_node_io io = dig_reader_io(dig_index_reader(m->repo->index));
	struct dig_commit *commit = &m->commit;
	enum dig_status st;
	struct dig_oid id;

	if (m->options->amend) {
		for (size_t i = 0; i < m->amended.nparents; i++) {
			dig_commit_parent(&m->amended, i, &id);
			dig_buf_put(&m->parents, id.bytes, sizeof(id.bytes));
		}
	} else if (m->has_head) {
		dig_buf_put(&m->parents, m->head.bytes, sizeof(m->head.bytes));
		for (size_t i = 0; i < m->op.nparents; i++)
			dig_buf_put(
			    &m->parents, m->op.parents[i].bytes, DIG_HASH_SIZE);
	}
	commit->parents = m->parents.data;
	commit->nparents = m->parents.len / DIG_HASH_SIZE;
	st = dig_commit_place(&io, commit, &m->old_tree, err);
	if (st == DIG_ECORRUPT || st == DIG_ENOTFOUND)
		dig_hint(err, "'dig fsck --repair' restores what is left of "
			      "it; 'dig reset --soft COMMIT' goes back to a "
			      "commit that can be read, as 'dig reflog' lists "
			      "them");
	return st;
}

static enum dig_status
find_people(struct making *m, struct dig_error *err)
{
	const struct dig_record_options *options = m->options;
	enum dig_status st;

	st = dig_person_find(DIG_ROLE_COMMITTER, m->repo->config, NULL, NULL,
	    &m->committer, err);
	if (st == DIG_OK && !options->amend)
		st = dig_person_find(DIG_ROLE_AUTHOR, m->repo->config,
		    options->author, options->date, &m->author, err);
	return st;
}

/* The author of the amended or copied commit stays, but for what a flag says.
 */
static enum dig_status
keep_author(struct making *m, struct dig_error *err)
{
	const struct dig_record_options *options = m->options;
	enum dig_status st = DIG_OK;

	m->commit.author = m->amended.author;
	dig_person_clear(&m->author);
	if (options->author != NULL) {
		st = dig_person_find(DIG_ROLE_AUTHOR, m->repo->config,
		    options->author, options->date, &m->author, err);
		if (st == DIG_OK) {
			m->commit.author.who = m->author.who.data;
			m->commit.author.who_len = m->author.who.len;
		}
	}
	if (st == DIG_OK && options->date != NULL)
		st = dig_date_parse(options->date, &m->author.when, err);
	if (st == DIG_OK && options->date != NULL) {
		struct dig_ident ident = dig_person_ident(&m->author);

		m->commit.author.seconds = ident.seconds;
		m->commit.author.zone = ident.zone;
		m->commit.author.zone_len = ident.zone_len;
	}
	return st;
}

static enum dig_status
read_amended(struct making *m, struct dig_error *err)
{
	enum dig_status st;

	if (!m->has_head)
		return dig_raise(err, DIG_EINVALID,
		    "there is no commit yet that could be amended");
	st = dig_repo_read_commit(m->repo, &m->head, &m->old, &m->amended, err);
	if (st == DIG_OK)
		st = keep_author(m, err);
	if (st == DIG_OK && m->options->message == NULL) {
		m->commit.message = m->amended.message;
		m->commit.message_len = m->amended.message_len;
		m->commit.encoding = m->amended.encoding;
		m->commit.encoding_len = m->amended.encoding_len;
	}
	return st;
}

/* What is staged belongs to the copy of a commit. */
static bool
is_copy(const struct dig_op *op)
{
	return dig_op_copies(op) && (op->flags & DIG_COPY_APPLIED) != 0 &&
	       (op->flags & DIG_COPY_NO_COMMIT) == 0;
}

/* Its author is kept, and its encoding as long as the message is its own. */
static enum dig_status
read_copied(struct making *m, struct dig_error *err)
{
	struct dig_buf clean = DIG_BUF_INIT;
	enum dig_status st;

	st = dig_repo_read_commit(
	    m->repo, &m->op.todo[0], &m->old, &m->amended, err);
	if (st == DIG_OK)
		st = keep_author(m, err);
	if (st != DIG_OK)
		return st;
	dig_message_clean(m->op.message.data, m->op.message.len, false, &clean);
	if (clean.len == m->commit.message_len &&
	    memcmp(clean.data, m->commit.message, clean.len) == 0) {
		m->commit.encoding = m->amended.encoding;
		m->commit.encoding_len = m->amended.encoding_len;
	}
	dig_buf_clear(&clean);
	return DIG_OK;
}

static enum dig_status
refuse_empty(const struct making *m, struct dig_error *err)
{
	if (m->options->amend) {
		dig_ignore(dig_raise(err, DIG_ENO,
		    "amended so, the commit would change nothing"));
		dig_hint(err, "'--allow-empty' records it all the same");
	} else if (is_copy(&m->op)) {
		dig_ignore(dig_raise(err, DIG_ENO,
		    "nothing to commit: the copy would change nothing"));
		dig_hint(err,
		    "'dig %s --skip' leaves it out, 'dig commit --allow-empty' "
		    "records it",
		    dig_op_verb(m->op.kind));
	} else {
		dig_ignore(dig_raise(err, DIG_ENO, "nothing to commit"));
		dig_hint(err, "stage changes with 'dig add'");
	}
	return DIG_ENO;
}

/* Between two copies what HEAD has is nobody's but the person's. */
static bool
is_between(const struct dig_op *op)
{
	return dig_op_copies(op) && op->nconflicts == 0 &&
	       (op->flags & DIG_COPY_APPLIED) == 0;
}

/* What is in progress must allow a commit. */
static enum dig_status
read_operation(struct making *m, struct dig_error *err)
{
	struct dig_op *op = &m->op;
	enum dig_status st;

	st = dig_op_next(m->repo, op, err);
	if (st != DIG_OK || op->kind == DIG_OP_NONE)
		return st;
	if (m->options->amend && !is_between(op))
		return dig_op_refuse(m->repo, "amend", err);
	m->copies = is_copy(op) && op->kind != DIG_OP_REVERT;
	return dig_op_unmerged(op, "commit", err);
}

/* Everything but writing; inside the transaction. */
static enum dig_status
prepare(struct making *m, struct dig_error *err)
{
	struct dig_state *next = dig_index_next(m->repo->index);
	/* It sees what this transaction has put. */
	struct dig_node_io io = dig_writer_io(dig_index_writer(m->repo->index));
	struct dig_tree_totals totals;
	enum dig_status st = DIG_OK;

	m->has_head = dig_state_head(next, &m->head);
	if (m->options->tree != NULL)
		next->staged_root = *m->options->tree;
	m->commit.tree = next->staged_root;
	m->commit.message = m->options->message;
	m->commit.message_len = m->options->message_len;
	m->commit.author = dig_person_ident(&m->author);
	m->commit.committer = dig_person_ident(&m->committer);
	if (m->options->staged != NULL &&
	    !dig_oid_eq(m->options->staged, &next->staged_root))
		return dig_raise(err, DIG_ECONFLICT,
		    "what is staged changed meanwhile; nothing was committed");
	st = read_operation(m, err);
	if (st == DIG_OK && m->options->amend)
		st = read_amended(m, err);
	else if (st == DIG_OK && m->copies)
		st = read_copied(m, err);
	if (st == DIG_OK)
		st = check_message(
		    m->commit.message, m->commit.message_len, err);
	if (st == DIG_OK)
		st = set_parents(m, err);
	if (st == DIG_OK && dig_oid_eq(&m->commit.tree, &m->old_tree) &&
	    !m->options->allow_empty && m->commit.nparents < 2)
		st = refuse_empty(m, err);
	if (st == DIG_OK)
		st = dig_tree_diff(&io, &m->old_tree, &m->commit.tree,
		    count_change, &m->record, err);
	if (st == DIG_OK)
		st = dig_tree_totals(&io, &m->commit.tree, &totals, err);
	if (st != DIG_OK)
		return st;
	m->commit.files = totals.files;
	m->commit.bytes = totals.bytes;
	return DIG_OK;
}

/* ---- Signing ---------------------------------------------------------- */

/* Forget what prepare found; people and the signature stay. */
static void
forget(struct making *m)
{
	memset(&m->commit, 0, sizeof(m->commit));
	dig_buf_reset(&m->parents);
	dig_op_clear(&m->op);
	memset(&m->op, 0, sizeof(m->op));
	dig_recorded_clear(&m->record);
	memset(&m->record, 0, sizeof(m->record));
}

/*
 * Make the commit once under the lock to know its bytes, and let them be signed
 * without it. It is made anew afterwards, and has to be the same.
 */
static enum dig_status
sign(struct making *m, struct dig_error *err)
{
	struct dig_signed *what = &m->signing;
	enum dig_status st = dig_index_begin(m->repo->index, err);

	if (st != DIG_OK)
		return st;
	st = prepare(m, err);
	if (st == DIG_OK)
		dig_signed_commit(&m->commit, what);
	dig_index_rollback(m->repo->index);
	if (st == DIG_OK)
		st = m->options->sign(m->options->sign_arg, what->payload.data,
		    what->payload.len, &what->signature, err);
	forget(m);
	return st;
}

static enum dig_status
add_signature(struct making *m, struct dig_error *err)
{
	struct dig_signed now = { 0 };
	bool same;

	if (m->options->sign == NULL)
		return DIG_OK;
	dig_signed_commit(&m->commit, &now);
	same = now.payload.len == m->signing.payload.len &&
	       memcmp(now.payload.data, m->signing.payload.data,
		   now.payload.len) == 0;
	dig_signed_clear(&now);
	if (!same)
		return dig_raise(err, DIG_ECONFLICT,
		    "the repository changed while the commit was signed; "
		    "nothing was committed");
	return dig_signature_add(
	    m->commit.headers, &m->commit.nheaders, &m->signing.signature, err);
}

static enum dig_status
put_commit(struct making *m, struct dig_error *err)
{
	struct dig_buf bytes = DIG_BUF_INIT;
	enum dig_status st = add_signature(m, err);

	if (st != DIG_OK)
		return st;
	dig_commit_encode(&m->commit, &bytes);
	dig_commit_id(bytes.data, bytes.len, &m->record.id);
	st = dig_store_has(dig_index_store(m->repo->index), DIG_KIND_COMMIT,
	    &m->record.id, &m->again, err);
	if (st == DIG_OK)
		st = dig_writer_put(dig_index_writer(m->repo->index),
		    DIG_KIND_COMMIT, &m->record.id, bytes.data, bytes.len, NULL,
		    false, err);
	dig_buf_clear(&bytes);
	return st;
}

static void
move_head(struct making *m)
{
	struct dig_state *next = dig_index_next(m->repo->index);

	m->record.is_root = m->commit.nparents == 0;
	m->record.subject = dig_memdup0(m->commit.message,
	    dig_subject_len(m->commit.message, m->commit.message_len));
	if (next->head_ref == NULL) {
		next->head_id = m->record.id;
		return;
	}
	m->record.branch = dig_strdup(dig_ref_short(next->head_ref));
	dig_state_set_ref(next, next->head_ref, &m->record.id);
}

static enum dig_status
commit_all(struct making *m, struct dig_error *err)
{
	struct dig_index *index = m->repo->index;
	struct dig_commit_options options = {
		.derive = m->options->tree != NULL,
	};
	struct dig_op_stats cost = { 0, 0, 0 };
	struct dig_buf verb = DIG_BUF_INIT;
	enum dig_status st;

	st = dig_index_cost(index, &cost, err);
	if (st != DIG_OK) {
		dig_index_rollback(index);
		return st;
	}
	m->record.new_chunks = cost.new_chunks;
	m->record.raw_bytes = cost.raw_bytes;
	m->record.stored_bytes = cost.stored_bytes;
	if (m->options->verb != NULL)
		dig_buf_puts(&verb, m->options->verb);
	else
		dig_buf_printf(&verb, "commit%s: %.200s",
		    m->options->amend        ? " (amend)"
		    : m->record.is_root      ? " (initial)"
		    : m->commit.nparents > 1 ? " (merge)"
		    : m->copies              ? " (cherry-pick)"
					     : "",
		    m->record.subject);
	options.verb = (const char *)verb.data;
	options.op = m->options->op;
	options.stats = m->again ? NULL : &cost;
	st = dig_index_commit(index, &options, &m->record.op, err);
	dig_buf_clear(&verb);
	m->record.index_is_behind = dig_index_is_behind(index);
	return st;
}

enum dig_status
dig_record_commit(struct dig_repo *repo,
    const struct dig_record_options *options, struct dig_recorded *out,
    struct dig_error *err)
{
	struct making m = { .repo = repo, .options = options };
	enum dig_status st = DIG_OK;
	bool began = options->tree != NULL;

	if (options->message != NULL || !options->amend)
		st = check_message(options->message, options->message_len, err);
	if (st == DIG_OK)
		st = find_people(&m, err);
	if (st == DIG_OK && options->sign != NULL)
		st = sign(&m, err);
	if (st == DIG_OK && !began)
		st = dig_index_begin(repo->index, err);
	if (st != DIG_OK)
		goto out;
	began = true;
	st = prepare(&m, err);
	if (st == DIG_OK)
		st = put_commit(&m, err);
	if (st != DIG_OK)
		goto out;
	move_head(&m);
	st = dig_op_end(repo, err);
	if (st != DIG_OK)
		goto out;
	began = false; /* a failing commit rolls back by itself */
	st = commit_all(&m, err);
	if (st != DIG_OK)
		goto out;
	*out = m.record;
	memset(&m.record, 0, sizeof(m.record));
out:
	if (began)
		dig_index_rollback(repo->index);
	making_clear(&m);
	return st;
}

/* ---- Looking at what would be recorded -------------------------------- */

struct each {
	dig_staged_fn *fn;
	void *arg;
};

static enum dig_status
on_change(void *arg, const struct dig_entry *old, const struct dig_entry *new_,
    struct dig_error *err)
{
	struct each *each = arg;
	const struct dig_entry *entry = new_ != NULL ? new_ : old;

	(void)err;
	if (!each->fn(each->arg, change_kind(old, new_), entry->path,
		entry->path_len))
		return DIG_ENO; /* stops, and is no error */
	return DIG_OK;
}

enum dig_status
dig_record_each_change(struct dig_repo *repo, bool amend, dig_staged_fn *fn,
    void *arg, struct dig_error *err)
{
	struct dig_node_io io = dig_reader_io(dig_index_reader(repo->index));
	struct each each = { fn, arg };
	struct dig_oid from, to;
	enum dig_status st;

	dig_tree_empty(&from);
	dig_repo_staged_root(repo, &to);
	if (!amend) {
		st = dig_repo_head_tree(repo, &from, err);
	} else {
		st = dig_revision_tree(repo, "HEAD^", &from, err);
		if (st == DIG_ENOTFOUND)
			st = DIG_OK; /* a first commit */
	}
	if (st == DIG_OK)
		st = dig_tree_diff(&io, &from, &to, on_change, &each, err);
	return st == DIG_ENO ? DIG_OK : st;
}
