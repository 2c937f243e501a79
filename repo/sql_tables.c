/* SPDX-License-Identifier: MIT
 *
 * Functions that give rows to SQL: trees, logs, differences, files and their
 * chunks, read as the commands read them. Values look as in the views.
 */
#include <stdio.h>
#include <stdlib.h>

#include "repo/internal.h"
#include "repo/sql_internal.h"

#define BLOB_MAX ((uint64_t)32 << 20)

/* Texts of one row, kept until the next. */
struct texts {
	struct dig_buf words[4];
	char mode[2][16];
	char hex[2][DIG_OID_HEX + 1];
};

static void
texts_clear(struct texts *texts)
{
	for (size_t i = 0; i < 4; i++)
		dig_buf_clear(&texts->words[i]);
}

/* Themselves when valid UTF-8, else C-quoted. */
static void
put_words(struct texts *texts, size_t slot, struct dig_value *value,
    const void *data, size_t len)
{
	struct dig_buf *words = &texts->words[slot];

	dig_buf_reset(words);
	dig_buf_putc(words, '\0'); /* data is never NULL */
	dig_buf_reset(words);
	if (len > 0 && memchr(data, '\0', len) == NULL &&
	    dig_utf8_valid(data, len))
		dig_buf_put(words, data, len);
	else if (len > 0)
		dig_path_quote(words, data, len, true);
	dig_value_text(value, words->data, words->len);
}

static void
put_id(struct texts *texts, size_t slot, struct dig_value *value,
    const struct dig_oid *id)
{
	dig_oid_hex(id, texts->hex[slot]);
	dig_value_text(value, texts->hex[slot], DIG_OID_HEX);
}

static void
put_mode(
    struct texts *texts, size_t slot, struct dig_value *value, uint32_t mode)
{
	snprintf(texts->mode[slot], sizeof(texts->mode[slot]), "%06o",
	    (unsigned)mode);
	dig_value_text(value, texts->mode[slot], strlen(texts->mode[slot]));
}

static enum dig_status
find_tree(struct dig_repo *repo, const char *rev, struct dig_oid *out,
    struct dig_error *err)
{
	return dig_revision_tree(repo, rev != NULL ? rev : "HEAD", out, err);
}

static enum dig_status
find_file(struct dig_repo *repo, const char *rev, const char *path,
    struct dig_entry *out, struct dig_error *err)
{
	struct dig_oid root;
	enum dig_found found;
	enum dig_status st = find_tree(repo, rev, &root, err);

	if (st == DIG_OK)
		st = dig_content_find(
		    repo, &root, path, strlen(path), &found, out, err);
	if (st == DIG_OK && found != DIG_FOUND_ENTRY)
		st = dig_raise(err, DIG_ENOTFOUND,
		    "there is no file '%.200s' in '%.100s'", path, rev);
	if (st == DIG_OK && out->kind == DIG_ENTRY_LINK)
		st = dig_raise(err, DIG_EINVALID,
		    "'%.200s' is a link to another repository", path);
	return st;
}

/* ---- dig_tree --------------------------------------------------------- */

struct tree_rows {
	struct dig_node_io io;
	struct dig_tree_iter *iter;
	struct texts texts;
};

static void
tree_close(void *cursor)
{
	struct tree_rows *rows = cursor;

	dig_tree_iter_free(rows->iter);
	texts_clear(&rows->texts);
	free(rows);
}

static enum dig_status
tree_open(
    void *arg, const char *const *args, void **cursor, struct dig_error *err)
{
	struct dig_repo *repo = arg;
	struct tree_rows *rows = dig_calloc(1, sizeof(*rows));
	struct dig_oid root;
	enum dig_status st = find_tree(repo, args[0], &root, err);

	rows->io = dig_reader_io(dig_index_reader(repo->index));
	if (st == DIG_OK)
		st = dig_tree_iter_new(&rows->io, &root, &rows->iter, err);
	if (st == DIG_OK)
		*cursor = rows;
	else
		tree_close(rows);
	return st;
}

static enum dig_status
tree_next(
    void *cursor, struct dig_value *values, bool *done, struct dig_error *err)
{
	struct tree_rows *rows = cursor;
	const struct dig_entry *entry;
	struct dig_oid content;
	enum dig_status st = dig_tree_iter_next(rows->iter, &entry, err);

	*done = st != DIG_OK || entry == NULL;
	if (*done)
		return st;
	dig_entry_content_id(entry, &content);
	put_words(&rows->texts, 0, &values[0], entry->path, entry->path_len);
	dig_value_blob(&values[1], entry->path, entry->path_len);
	put_mode(&rows->texts, 0, &values[2], dig_entry_mode(entry->kind));
	dig_value_int(&values[3], (int64_t)entry->size_bytes);
	put_id(&rows->texts, 0, &values[4], &content);
	return DIG_OK;
}

/* ---- dig_log ---------------------------------------------------------- */

struct log_rows {
	struct dig_history *history;
	struct texts texts;
};

static void
log_close(void *cursor)
{
	struct log_rows *rows = cursor;

	dig_history_free(rows->history);
	texts_clear(&rows->texts);
	free(rows);
}

static enum dig_status
log_open(
    void *arg, const char *const *args, void **cursor, struct dig_error *err)
{
	struct dig_history_options options = DIG_HISTORY_OPTIONS_INIT;
	struct dig_buf spec = DIG_BUF_INIT;
	struct log_rows *rows = dig_calloc(1, sizeof(*rows));
	struct dig_oid tip;
	const char *path;
	enum dig_status st = dig_revision_commit(
	    arg, args[1] != NULL ? args[1] : "HEAD", &tip, err);

	options.tips = &tip;
	options.ntips = 1;
	if (args[0] != NULL && args[0][0] != '\0') {
		/* A plain path from the root, whatever is in it. */
		dig_buf_printf(&spec, ":(top,literal)%s", args[0]);
		path = (const char *)spec.data;
		options.paths = &path;
		options.npaths = 1;
	}
	if (st == DIG_OK)
		st = dig_history_new(arg, &options, &rows->history, err);
	dig_buf_clear(&spec);
	if (st == DIG_OK)
		*cursor = rows;
	else
		log_close(rows);
	return st;
}

static enum dig_status
log_next(
    void *cursor, struct dig_value *values, bool *done, struct dig_error *err)
{
	struct log_rows *rows = cursor;
	const struct dig_commit *commit;
	const struct dig_oid *id;
	const uint8_t *name, *email;
	size_t name_len, email_len;
	enum dig_status st = dig_history_next(rows->history, &id, &commit, err);

	*done = st != DIG_OK || commit == NULL;
	if (*done)
		return st;
	dig_ident_split(&commit->author, &name, &name_len, &email, &email_len);
	put_id(&rows->texts, 0, &values[0], id);
	put_id(&rows->texts, 1, &values[1], &commit->tree);
	dig_value_int(&values[2], (int64_t)commit->nparents);
	put_words(&rows->texts, 0, &values[3], name, name_len);
	put_words(&rows->texts, 1, &values[4], email, email_len);
	dig_value_int(&values[5], commit->author.seconds);
	dig_value_int(&values[6], commit->committer.seconds);
	put_words(&rows->texts, 2, &values[7], commit->message,
	    dig_subject_len(commit->message, commit->message_len));
	put_words(
	    &rows->texts, 3, &values[8], commit->message, commit->message_len);
	return DIG_OK;
}

/* ---- dig_diff --------------------------------------------------------- */

struct diff_rows {
	struct dig_changes changes;
	size_t at;
	struct texts texts;
};

static void
diff_close(void *cursor)
{
	struct diff_rows *rows = cursor;

	dig_changes_clear(&rows->changes);
	texts_clear(&rows->texts);
	free(rows);
}

static enum dig_status
diff_open(
    void *arg, const char *const *args, void **cursor, struct dig_error *err)
{
	struct diff_rows *rows = dig_calloc(1, sizeof(*rows));
	struct dig_oid a, b;
	enum dig_status st = find_tree(arg, args[0], &a, err);

	if (st == DIG_OK)
		st = find_tree(arg, args[1], &b, err);
	if (st == DIG_OK)
		st = dig_changes_between(
		    arg, &a, &b, NULL, true, &rows->changes, err);
	if (st == DIG_OK)
		*cursor = rows;
	else
		diff_close(rows);
	return st;
}

/* Mode, size and id of a side, in every second column from the given one. */
static void
put_side(struct texts *texts, size_t slot, struct dig_value *values,
    const struct dig_change_side *side)
{
	if (side->mode == 0)
		return;
	put_mode(texts, slot, &values[0], side->mode);
	dig_value_int(&values[2], (int64_t)side->size_bytes);
	put_id(texts, slot, &values[4], &side->content);
}

static enum dig_status
diff_next(
    void *cursor, struct dig_value *values, bool *done, struct dig_error *err)
{
	struct diff_rows *rows = cursor;
	const struct dig_change *change;

	(void)err;
	*done = rows->at == rows->changes.count;
	if (*done)
		return DIG_OK;
	change = &rows->changes.at[rows->at++];
	dig_value_text(&values[0], &change->kind, 1);
	put_words(&rows->texts, 0, &values[1], change->path, change->path_len);
	dig_value_blob(&values[2], change->path, change->path_len);
	if (change->old_path != NULL)
		put_words(&rows->texts, 1, &values[3], change->old_path,
		    change->old_path_len);
	put_side(&rows->texts, 0, &values[4], &change->old);
	put_side(&rows->texts, 1, &values[5], &change->now);
	return DIG_OK;
}

/* ---- dig_blob --------------------------------------------------------- */

struct blob_rows {
	struct dig_entry entry;
	struct dig_buf bytes;
	bool given;
	struct texts texts;
};

static void
blob_close(void *cursor)
{
	struct blob_rows *rows = cursor;

	dig_buf_clear(&rows->bytes);
	texts_clear(&rows->texts);
	free(rows);
}

static enum dig_status
take_bytes(void *arg, const void *data, size_t len, struct dig_error *err)
{
	(void)err;
	dig_buf_put(arg, data, len);
	return DIG_OK;
}

static enum dig_status
blob_open(
    void *arg, const char *const *args, void **cursor, struct dig_error *err)
{
	struct blob_rows *rows = dig_calloc(1, sizeof(*rows));
	enum dig_status st =
	    find_file(arg, args[0], args[1], &rows->entry, err);

	if (st == DIG_OK && rows->entry.size_bytes > BLOB_MAX) {
		st = dig_raise(err, DIG_EINVALID,
		    "'%.200s' is too large for a value", args[1]);
		dig_hint(err, "'dig cat' writes files of any size");
	}
	if (st == DIG_OK)
		st = dig_content_read(arg, &rows->entry, 0,
		    rows->entry.size_bytes, take_bytes, &rows->bytes, err);
	if (st == DIG_OK)
		*cursor = rows;
	else
		blob_close(rows);
	return st;
}

static enum dig_status
blob_next(
    void *cursor, struct dig_value *values, bool *done, struct dig_error *err)
{
	struct blob_rows *rows = cursor;
	struct dig_oid content;

	(void)err;
	*done = rows->given;
	if (*done)
		return DIG_OK;
	rows->given = true;
	dig_entry_content_id(&rows->entry, &content);
	dig_value_blob(&values[0], rows->bytes.data, rows->bytes.len);
	dig_value_int(&values[1], (int64_t)rows->entry.size_bytes);
	put_mode(&rows->texts, 0, &values[2], dig_entry_mode(rows->entry.kind));
	put_id(&rows->texts, 0, &values[3], &content);
	return DIG_OK;
}

/* ---- dig_chunks ------------------------------------------------------- */

struct chunk_rows {
	struct dig_node_io io;
	struct dig_file_reader *file;
	int64_t number;
	struct texts texts;
};

static void
chunks_close(void *cursor)
{
	struct chunk_rows *rows = cursor;

	dig_file_reader_free(rows->file);
	texts_clear(&rows->texts);
	free(rows);
}

static enum dig_status
chunks_open(
    void *arg, const char *const *args, void **cursor, struct dig_error *err)
{
	struct dig_repo *repo = arg;
	struct chunk_rows *rows = dig_calloc(1, sizeof(*rows));
	struct dig_entry entry;
	enum dig_status st = find_file(repo, args[0], args[1], &entry, err);

	rows->io = dig_reader_io(dig_index_reader(repo->index));
	if (st == DIG_OK)
		st = dig_file_reader_new(&rows->io, &entry, &rows->file, err);
	if (st == DIG_OK)
		*cursor = rows;
	else
		chunks_close(rows);
	return st;
}

static enum dig_status
chunks_next(
    void *cursor, struct dig_value *values, bool *done, struct dig_error *err)
{
	struct chunk_rows *rows = cursor;
	uint64_t offset, length;
	struct dig_oid chunk;
	enum dig_status st = dig_file_reader_next(
	    rows->file, &chunk, &offset, &length, done, err);

	if (st != DIG_OK || *done)
		return st;
	dig_value_int(&values[0], rows->number++);
	dig_value_int(&values[1], (int64_t)offset);
	dig_value_int(&values[2], (int64_t)length);
	put_id(&rows->texts, 0, &values[3], &chunk);
	return DIG_OK;
}

/* ---- The table -------------------------------------------------------- */

static const struct dig_table_function functions[] = {
	{ "dig_tree",
	    "path TEXT, path_bytes BLOB, mode TEXT, size INTEGER, "
	    "content_id TEXT",
	    5, 1, 0, tree_open, tree_next, tree_close },
	{ "dig_log",
	    "commit_id TEXT, tree_root TEXT, parents INTEGER, "
	    "author_name TEXT, author_email TEXT, author_time INTEGER, "
	    "committer_time INTEGER, subject TEXT, message TEXT",
	    9, 2, 0, log_open, log_next, log_close },
	{ "dig_diff",
	    "kind TEXT, path TEXT, path_bytes BLOB, old_path TEXT, "
	    "old_mode TEXT, new_mode TEXT, old_size INTEGER, "
	    "new_size INTEGER, old_id TEXT, new_id TEXT",
	    10, 2, 1, diff_open, diff_next, diff_close },
	{ "dig_blob", "content BLOB, size INTEGER, mode TEXT, content_id TEXT",
	    4, 2, 2, blob_open, blob_next, blob_close },
	{ "dig_chunks",
	    "number INTEGER, offset INTEGER, size INTEGER, chunk_id TEXT", 4, 2,
	    2, chunks_open, chunks_next, chunks_close },
};

const struct dig_table_function *
dig_sql_tables(size_t *count)
{
	*count = sizeof(functions) / sizeof(functions[0]);
	return functions;
}

enum dig_status
dig_sql_add_tables(
    struct dig_query *query, struct dig_repo *repo, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	for (size_t i = 0;
	     i < sizeof(functions) / sizeof(functions[0]) && st == DIG_OK; i++)
		st = dig_query_add(query, &functions[i], repo, err);
	return st;
}
