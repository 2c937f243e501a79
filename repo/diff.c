/* SPDX-License-Identifier: MIT
 *
 * The bytes of both sides of a change.
 *
 * A file of the work tree is read once, when it is shown, and what that read
 * gave is what is compared, hashed and printed.
 */
#include "repo/diff.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "repo/diff_internal.h"
#include "staging/hash_file.h"

#define READ_BYTES ((size_t)64 << 10)

struct dig_differ *
dig_differ_new(struct dig_repo *repo)
{
	struct dig_differ *differ = dig_calloc(1, sizeof(*differ));

	differ->repo = repo;
	differ->profile = dig_chunk_profile(
	    dig_store_chunk_profile(dig_index_store(repo->index)));
	dig_folders_init(&differ->folders, repo->root_fd);
	return differ;
}

void
dig_differ_free(struct dig_differ *differ)
{
	if (differ == NULL)
		return;
	dig_text_close(&differ->text);
	dig_folders_clear(&differ->folders);
	free(differ);
}

/* ---- The work tree's side --------------------------------------------- */

static enum dig_status
raise_path(struct dig_error *err, int rc, const char *what, const uint8_t *path,
    size_t len)
{
	struct dig_buf shown = DIG_BUF_INIT;
	enum dig_status st = rc == ENOENT || rc == ENOTDIR || rc == ELOOP
				 ? DIG_ENOTFOUND
				 : DIG_EFILE;

	dig_path_quote(&shown, path, len, true);
	st = dig_raise_os(err, st, rc, "%s %s", what, (char *)shown.data);
	dig_buf_clear(&shown);
	return st;
}

static enum dig_status
stream_link(int dirfd, const char *name, const uint8_t *path, size_t len,
    dig_content_fn *fn, void *arg, struct dig_error *err)
{
	struct dig_buf target = DIG_BUF_INIT;
	enum dig_status st;
	int rc = dig_readlink_at(dirfd, name, &target);

	st = rc != 0 ? raise_path(err, rc == EINVAL ? ENOENT : rc, "reading",
			   path, len)
		     : fn(arg, target.data, target.len, err);
	dig_buf_clear(&target);
	return st;
}

static enum dig_status
stream_file(int dirfd, const char *name, const uint8_t *path, size_t len,
    dig_content_fn *fn, void *arg, struct dig_error *err)
{
	uint8_t *data = NULL;
	enum dig_status st = DIG_OK;
	struct dig_stat stat;
	int fd = dig_open_at(dirfd, name, DIG_OPEN_READ);

	if (fd < 0)
		return raise_path(err, -fd, "opening", path, len);
	if (dig_stat_fd(fd, &stat) != 0 || stat.type != DIG_FT_REGULAR) {
		dig_close(fd);
		return raise_path(err, ENOENT, "opening", path, len);
	}
	data = dig_alloc(READ_BYTES);
	while (st == DIG_OK) {
		int64_t got = dig_read_full(fd, data, READ_BYTES);

		if (got < 0)
			st = raise_path(err, (int)-got, "reading", path, len);
		else if (dig_interrupted())
			st = dig_raise(err, DIG_ECANCELLED, "interrupted");
		else if (got == 0)
			break;
		else
			st = fn(arg, data, (size_t)got, err);
	}
	free(data);
	dig_close(fd);
	return st;
}

static enum dig_status
stream_work(struct dig_differ *differ, const struct dig_change_side *side,
    const uint8_t *path, size_t len, dig_content_fn *fn, void *arg,
    struct dig_error *err)
{
	char *word = dig_memdup0(path, len);
	enum dig_status st;
	const char *name;
	int fd = dig_folders_open(&differ->folders, word, false, &name);

	if (fd < 0)
		st = raise_path(err, -fd, "opening", path, len);
	else if (side->mode == dig_entry_mode(DIG_ENTRY_SYMLINK))
		st = stream_link(fd, name, path, len, fn, arg, err);
	else
		st = stream_file(fd, name, path, len, fn, arg, err);
	free(word);
	return st;
}

static enum dig_entry_kind
kind_of(uint32_t mode)
{
	for (int kind = DIG_ENTRY_FILE; kind < DIG_ENTRY_LINK; kind++)
		if (dig_entry_mode((enum dig_entry_kind)kind) == mode)
			return (enum dig_entry_kind)kind;
	return DIG_ENTRY_LINK;
}

static void
set_entry(struct dig_entry *entry, const struct dig_change_side *side)
{
	memset(entry, 0, sizeof(*entry));
	entry->kind = kind_of(side->mode);
	entry->form = side->form;
	entry->size_bytes = side->size_bytes;
	entry->stored = side->stored;
}

/* A commit of another repository, as git shows it. */
static enum dig_status
stream_foreign(const struct dig_change_side *side, dig_content_fn *fn,
    void *arg, struct dig_error *err)
{
	struct dig_buf text = DIG_BUF_INIT;
	enum dig_status st;

	dig_buf_puts(&text, "Subproject commit ");
	for (uint64_t i = 0; i < side->size_bytes && i < DIG_HASH_SIZE; i++)
		dig_buf_printf(&text, "%02x", side->stored.bytes[i]);
	dig_buf_putc(&text, '\n');
	st = fn(arg, text.data, text.len, err);
	dig_buf_clear(&text);
	return st;
}

enum dig_status
dig_differ_stream(struct dig_differ *differ, const struct dig_change *change,
    bool old, dig_content_fn *fn, void *arg, struct dig_error *err)
{
	const struct dig_change_side *side = old ? &change->old : &change->now;
	struct dig_entry entry;
	size_t len;
	const uint8_t *path = dig_change_side_path(change, old, &len);

	if (side->mode == 0)
		return DIG_OK;
	if (side->work)
		return stream_work(differ, side, path, len, fn, arg, err);
	if (side->form == DIG_FORM_LINK)
		return stream_foreign(side, fn, arg, err);
	set_entry(&entry, side);
	if (differ->io.get != NULL)
		return dig_content_stream(&differ->io, &entry, fn, arg, err);
	return dig_content_read(
	    differ->repo, &entry, 0, entry.size_bytes, fn, arg, err);
}

/* ---- Loading ---------------------------------------------------------- */

void
dig_pair_clear(struct dig_pair *pair)
{
	dig_buf_clear(&pair->old.bytes);
	dig_buf_clear(&pair->now.bytes);
	*pair = (struct dig_pair)DIG_PAIR_INIT;
}

static enum dig_status
keep_bytes(void *arg, const void *data, size_t len, struct dig_error *err)
{
	struct dig_blob *blob = arg;

	(void)err;
	if (len > DIG_TEXT_MAX_BYTES - blob->bytes.len) {
		blob->large = true;
		return DIG_ENO;
	}
	dig_buf_put(&blob->bytes, data, len);
	return DIG_OK;
}

/* The content id of a work file that was read, or is too large to be. */
static enum dig_status
identify(struct dig_differ *differ, const struct dig_blob *blob,
    const uint8_t *path, size_t len, struct dig_change_side *side,
    struct dig_error *err)
{
	char *word;
	struct dig_look seen;
	enum dig_status st;
	const char *name;
	bool same = false;
	int fd;

	if (!blob->large) {
		side->size_bytes = blob->bytes.len;
		dig_hash_bytes(blob->bytes.data, blob->bytes.len,
		    differ->profile, &side->content);
		return DIG_OK;
	}
	word = dig_memdup0(path, len);
	st = dig_worktree_look(&differ->folders, word, &seen, err);
	fd = dig_folders_open(&differ->folders, word, false, &name);
	if (st == DIG_OK && seen.what == DIG_WORK_FILE && fd >= 0) {
		side->size_bytes = seen.stat.size_bytes;
		st = dig_hash_at(fd, name, &seen.stat, differ->profile,
		    &side->content, &same, err);
	}
	if (st == DIG_OK && !same)
		st = dig_raise(
		    err, DIG_EFILE, "%s changes while it is read", word);
	free(word);
	return st;
}

static enum dig_status
load_side(struct dig_differ *differ, struct dig_change *change, bool old,
    struct dig_blob *blob, struct dig_error *err)
{
	struct dig_change_side *side = old ? &change->old : &change->now;
	enum dig_status st = DIG_OK;
	size_t len;
	const uint8_t *path = dig_change_side_path(change, old, &len);

	dig_buf_reset(&blob->bytes);
	blob->there = side->mode != 0;
	blob->large = false;
	if (!side->work && side->size_bytes > DIG_TEXT_MAX_BYTES) {
		blob->large = true;
		return DIG_OK;
	}
	if (blob->there)
		st = dig_differ_stream(
		    differ, change, old, keep_bytes, blob, err);
	if (st == DIG_ENO) {
		dig_buf_reset(&blob->bytes);
		st = DIG_OK;
	}
	if (st == DIG_OK && side->work)
		st = identify(differ, blob, path, len, side, err);
	if (st == DIG_ENOTFOUND && side->work) { /* gone meanwhile */
		memset(side, 0, sizeof(*side));
		blob->there = false;
		if (change->old_path != NULL && !old) {
			change->path = change->old_path;
			change->path_len = change->old_path_len;
		}
		change->old_path = NULL;
		change->kind = dig_change_kind(change);
		return DIG_OK;
	}
	return st;
}

/* Both sides have the bytes of the old one: of which kind they are, its
 * beginning tells. */
static enum dig_status
load_same(struct dig_differ *differ, const struct dig_change *change,
    struct dig_pair *out, struct dig_error *err)
{
	struct dig_buf *bytes = &out->old.bytes;
	struct dig_entry entry;
	uint64_t look = change->old.size_bytes;
	enum dig_status st = DIG_OK;

	out->same = true;
	out->old.there = out->now.there = true;
	out->old.large = out->now.large = false;
	dig_buf_reset(bytes);
	dig_buf_reset(&out->now.bytes);
	if (change->old.work || change->old.form == DIG_FORM_LINK)
		return DIG_OK;
	if (look > DIG_TEXT_LOOK)
		look = DIG_TEXT_LOOK;
	set_entry(&entry, &change->old);
	st = dig_content_read(
	    differ->repo, &entry, 0, look, keep_bytes, &out->old, err);
	out->binary = dig_text_is_binary(bytes->data, bytes->len);
	dig_buf_reset(bytes);
	return st;
}

enum dig_status
dig_differ_load(struct dig_differ *differ, struct dig_change *change,
    bool force_text, struct dig_pair *out, struct dig_error *err)
{
	enum dig_status st;

	out->same = out->binary = false;
	if (change->kind != 'A' && change->kind != 'D' &&
	    !dig_oid_is_zero(&change->old.content) &&
	    dig_oid_eq(&change->old.content, &change->now.content))
		return load_same(differ, change, out, err);
	st = load_side(differ, change, true, &out->old, err);
	if (st == DIG_OK)
		st = load_side(differ, change, false, &out->now, err);
	if (st != DIG_OK)
		return st;
	out->same = out->old.there == out->now.there &&
		    dig_oid_eq(&change->old.content, &change->now.content);
	out->binary = out->old.large || out->now.large ||
		      !dig_text_fits(out->old.bytes.data, out->old.bytes.len) ||
		      !dig_text_fits(out->now.bytes.data, out->now.bytes.len);
	if (!force_text)
		out->binary |=
		    dig_text_is_binary(
			out->old.bytes.data, out->old.bytes.len) ||
		    dig_text_is_binary(out->now.bytes.data, out->now.bytes.len);
	return DIG_OK;
}

enum dig_status
dig_differ_lines(struct dig_differ *differ, const struct dig_pair *pair,
    const struct dig_text_options *options, const struct dig_text_sink *sink,
    struct dig_error *err)
{
	if (pair->same)
		return DIG_OK;
	return dig_text_diff(&differ->text, pair->old.bytes.data,
	    pair->old.bytes.len, pair->now.bytes.data, pair->now.bytes.len,
	    options, sink, err);
}

struct counts {
	uint64_t added;
	uint64_t deleted;
};

static bool
skip_hunk(void *arg, const struct dig_text_hunk *hunk)
{
	(void)arg;
	(void)hunk;
	return true;
}

static bool
count_line(void *arg, char kind, const char *line, size_t len)
{
	struct counts *counts = arg;

	(void)line;
	(void)len;
	counts->added += kind == '+';
	counts->deleted += kind == '-';
	return true;
}

enum dig_status
dig_differ_count(struct dig_differ *differ, const struct dig_pair *pair,
    const struct dig_text_options *options, uint64_t *added, uint64_t *deleted,
    struct dig_error *err)
{
	struct counts counts = { 0, 0 };
	struct dig_text_sink sink = { &counts, skip_hunk, count_line };
	struct dig_text_options brief = *options;
	enum dig_status st;

	brief.context_lines = 0;
	st = dig_differ_lines(differ, pair, &brief, &sink, err);
	if (st != DIG_OK)
		return st;
	*added = counts.added;
	*deleted = counts.deleted;
	return DIG_OK;
}
