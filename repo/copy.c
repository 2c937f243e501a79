/* SPDX-License-Identifier: MIT
 *
 * One commit copied: its message, its change, the new commit.
 */
#include "repo/copy.h"

#include <stdlib.h>

#include "repo/history.h"
#include "repo/merge_trees.h"
#include "repo/record.h"

#define PICKED_PREFIX "(cherry picked from commit "
#define SIGNED_PREFIX "Signed-off-by: "

enum dig_status
dig_copier_init(struct dig_copier *copier, struct dig_repo *repo,
    const struct dig_op *how, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	memset(copier, 0, sizeof(*copier));
	copier->repo = repo;
	copier->kind = how->kind;
	copier->flags = how->flags;
	copier->mainline = how->mainline;
	if ((how->flags & DIG_COPY_NO_COMMIT) != 0)
		return DIG_OK;
	st = dig_person_find(DIG_ROLE_COMMITTER, repo->config, NULL, NULL,
	    &copier->committer, err);
	if (st == DIG_OK && how->kind == DIG_OP_REVERT)
		st = dig_person_find(DIG_ROLE_AUTHOR, repo->config, NULL, NULL,
		    &copier->author, err);
	return st;
}

void
dig_copier_clear(struct dig_copier *copier)
{
	dig_text_close(&copier->text);
	dig_person_clear(&copier->committer);
	dig_person_clear(&copier->author);
}

void
dig_copy_clear(struct dig_copy *copy)
{
	dig_buf_clear(&copy->bytes);
	dig_buf_clear(&copy->message);
	dig_buf_clear(&copy->label);
}

char *
dig_copy_subject(const struct dig_copy *copy)
{
	const struct dig_commit *commit = &copy->commit;

	return dig_memdup0(commit->message,
	    dig_subject_len(commit->message, commit->message_len));
}

/* ---- Trailers --------------------------------------------------------- */

static size_t
line_len(const uint8_t *at, size_t left)
{
	const uint8_t *end = memchr(at, '\n', left);

	return end != NULL ? (size_t)(end - at) + 1 : left;
}

static bool
is_blank_line(const uint8_t *at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (at[i] != ' ' && (at[i] < '\t' || at[i] > '\r'))
			return false;
	return true;
}

static bool
begins(const uint8_t *at, size_t len, const char *with)
{
	return len >= strlen(with) && memcmp(at, with, strlen(with)) == 0;
}

/* "Word-of-it: what", also with blanks before the colon. */
static bool
is_trailer(const uint8_t *at, size_t len)
{
	size_t i = 0;

	while (i < len && (at[i] == '-' || (at[i] >= '0' && at[i] <= '9') ||
			      (at[i] >= 'A' && at[i] <= 'Z') ||
			      (at[i] >= 'a' && at[i] <= 'z')))
		i++;
	if (i == 0)
		return false;
	while (i < len && (at[i] == ' ' || at[i] == '\t'))
		i++;
	return i < len && at[i] == ':';
}

/*
 * Does the last paragraph, which is not the first one, consist of trailers? One
 * that git itself writes lets up to three times as many other lines stand.
 * Source: git-interpret-trailers(1).
 */
static bool
ends_in_trailers(const struct dig_buf *message)
{
	const uint8_t *data = message->data;
	size_t ntrailers = 0, nothers = 0, at = 0;
	bool parted = false, known = false, counted = false;

	while (at < message->len) {
		size_t len = line_len(data + at, message->len - at);
		const uint8_t *line = data + at;

		at += len;
		if (is_blank_line(line, len)) {
			if (at < message->len && (ntrailers | nothers) != 0) {
				parted = true;
				ntrailers = nothers = 0;
				known = false;
			}
			continue;
		}
		if (begins(line, len, SIGNED_PREFIX) ||
		    begins(line, len, PICKED_PREFIX)) {
			known = counted = true;
			ntrailers++;
		} else if (*line == ' ' || *line == '\t') {
			nothers += !counted; /* else it goes on */
		} else {
			counted = is_trailer(line, len);
			ntrailers += counted;
			nothers += !counted;
		}
	}
	return parted && ((known && ntrailers * 3 >= nothers) ||
			     (ntrailers > 0 && nothers == 0));
}

/* ---- The message ------------------------------------------------------ */

static void
put_id(struct dig_buf *out, const struct dig_oid *id)
{
	char hex[DIG_OID_HEX + 1];

	dig_oid_hex(id, hex);
	dig_buf_puts(out, hex);
}

/* Which parent counts, from 0; nparents: none does. */
static size_t
parent_of(const struct dig_copier *copier, const struct dig_commit *commit)
{
	return copier->mainline > 0   ? (size_t)copier->mainline - 1
	       : commit->nparents > 0 ? 0
				      : commit->nparents;
}

static void
write_revert(const struct dig_copier *copier, struct dig_copy *copy)
{
	const struct dig_commit *commit = &copy->commit;
	struct dig_buf *out = &copy->message;
	struct dig_oid parent;

	dig_buf_puts(out, "Revert \"");
	dig_buf_put(out, commit->message,
	    dig_subject_len(commit->message, commit->message_len));
	dig_buf_puts(out, "\"\n\nThis reverts commit ");
	put_id(out, &copy->id);
	if (commit->nparents > 1) {
		dig_commit_parent(commit, parent_of(copier, commit), &parent);
		dig_buf_puts(out, ", reversing\nchanges made to ");
		put_id(out, &parent);
	}
	dig_buf_puts(out, ".\n");
}

/* As it is; with the origin behind it, clean as well. */
static void
write_message(const struct dig_copier *copier, struct dig_copy *copy)
{
	const struct dig_commit *commit = &copy->commit;
	struct dig_buf *out = &copy->message;
	struct dig_buf text = DIG_BUF_INIT;

	dig_buf_put(out, commit->message, commit->message_len);
	if ((copier->flags & DIG_COPY_ORIGIN) == 0)
		return;
	dig_buf_put(&text, out->data, out->len);
	if (text.len > 0 && text.data[text.len - 1] != '\n')
		dig_buf_putc(&text, '\n');
	if (!ends_in_trailers(&text))
		dig_buf_putc(&text, '\n');
	dig_buf_puts(&text, PICKED_PREFIX);
	put_id(&text, &copy->id);
	dig_buf_puts(&text, ")\n");
	dig_message_clean(text.data, text.len, false, out);
	dig_buf_clear(&text);
}

/* ---- Reading ---------------------------------------------------------- */

static enum dig_status
check_parent(const struct dig_copier *copier, const struct dig_copy *copy,
    struct dig_error *err)
{
	size_t nparents = copy->commit.nparents;
	char hex[DIG_OID_HEX + 1];
	enum dig_status st;

	dig_oid_hex(&copy->id, hex);
	if (copier->mainline > nparents)
		return dig_raise(err, DIG_EINVALID,
		    "commit %.10s has no parent %llu", hex,
		    (unsigned long long)copier->mainline);
	if (nparents < 2 || copier->mainline > 0)
		return DIG_OK;
	st = dig_raise(err, DIG_EINVALID, "commit %.10s is a merge", hex);
	dig_hint(err,
	    "'-m 1' copies what it changed against its first parent, '-m 2' "
	    "against the second");
	return st;
}

static enum dig_status
find_trees(const struct dig_copier *copier, struct dig_copy *copy,
    struct dig_error *err)
{
	size_t which = parent_of(copier, &copy->commit);
	struct dig_oid parent, tree;
	enum dig_status st = DIG_OK;

	dig_tree_empty(&tree);
	if (which < copy->commit.nparents) {
		dig_commit_parent(&copy->commit, which, &parent);
		st = dig_repo_commit_tree(copier->repo, &parent, &tree, err);
	}
	copy->base = copier->kind == DIG_OP_REVERT ? copy->commit.tree : tree;
	copy->theirs = copier->kind == DIG_OP_REVERT ? tree : copy->commit.tree;
	return st;
}

enum dig_status
dig_copy_load(struct dig_copier *copier, const struct dig_oid *id,
    struct dig_copy *copy, struct dig_error *err)
{
	char hex[DIG_OID_HEX + 1];
	enum dig_status st;

	copy->id = *id;
	dig_buf_reset(&copy->message);
	dig_buf_reset(&copy->label);
	st = dig_repo_read_commit(
	    copier->repo, id, &copy->bytes, &copy->commit, err);
	if (st == DIG_OK)
		st = check_parent(copier, copy, err);
	if (st == DIG_OK)
		st = find_trees(copier, copy, err);
	if (st == DIG_OK)
		st = dig_history_short(copier->repo, id, hex, err);
	if (st != DIG_OK)
		return st;
	dig_buf_printf(&copy->label, "%s (", hex);
	dig_buf_put(&copy->label, copy->commit.message,
	    dig_subject_len(copy->commit.message, copy->commit.message_len));
	dig_buf_puts(&copy->label, ")");
	if (copier->kind == DIG_OP_REVERT)
		write_revert(copier, copy);
	else
		write_message(copier, copy);
	return DIG_OK;
}

/* ---- The change ------------------------------------------------------- */

enum dig_status
dig_copy_apply(struct dig_copier *copier, struct dig_copy *copy,
    struct dig_op *op, struct dig_buf *told, struct dig_error *err)
{
	struct dig_buf parent = DIG_BUF_INIT;
	const char *label = (const char *)copy->label.data;
	bool reverts = copier->kind == DIG_OP_REVERT;
	struct dig_merging merging = { .repo = copier->repo,
		.text = &copier->text,
		.ours = "HEAD",
		.keep = true };
	enum dig_status st;

	dig_writer_chain(dig_index_writer(copier->repo->index));
	dig_buf_printf(&parent, "parent of %s", label);
	merging.ancestor = reverts ? label : (const char *)parent.data;
	merging.theirs = reverts ? (const char *)parent.data : label;
	st = dig_merge_trees(&merging, &copy->base, &copier->tree,
	    &copy->theirs, &copy->tree, op, err);
	dig_merge_notes_take(&merging.notes, told);
	dig_buf_clear(&parent);
	return st;
}

/* ---- The commit ------------------------------------------------------- */

enum dig_status
dig_copy_commit(struct dig_copier *copier, const struct dig_copy *copy,
    struct dig_error *err)
{
	struct dig_writer *writer = dig_index_writer(copier->repo->index);
	struct dig_node_io io = dig_writer_io(writer);
	struct dig_commit commit = { .tree = copy->tree, .nparents = 1 };
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_tree_totals totals;
	struct dig_oid id, old_tree;
	enum dig_status st;

	commit.parents = copier->head.bytes;
	commit.author = copier->kind == DIG_OP_REVERT
			    ? dig_person_ident(&copier->author)
			    : copy->commit.author;
	commit.committer = dig_person_ident(&copier->committer);
	commit.message = copy->message.data;
	commit.message_len = copy->message.len;
	commit.encoding = copy->commit.encoding;
	commit.encoding_len = copy->commit.encoding_len;
	st = dig_commit_place(&io, &commit, &old_tree, err);
	if (st == DIG_OK)
		st = dig_tree_totals(&io, &copy->tree, &totals, err);
	if (st != DIG_OK)
		return st;
	commit.files = totals.files;
	commit.bytes = totals.bytes;
	dig_commit_encode(&commit, &bytes);
	dig_commit_id(bytes.data, bytes.len, &id);
	st = dig_writer_put(writer, DIG_KIND_COMMIT, &id, bytes.data, bytes.len,
	    NULL, false, err);
	dig_buf_clear(&bytes);
	if (st == DIG_OK) {
		copier->head = id;
		copier->tree = copy->tree;
	}
	return st;
}
