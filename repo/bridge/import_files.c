/* SPDX-License-Identifier: MIT
 *
 * The file changes of a commit: M, D, R, C and deleteall.
 */
#include <string.h>

#include "repo/bridge/import.h"

/* A symlink's target is one chunk of at most so many bytes. */
#define TARGET_MAX 4095
#define WARNED_MAX 10

enum dig_status
dig_import_bad_name(void *arg, const void *path, size_t len, const char *reason,
    struct dig_error *err)
{
	struct dig_import *import = arg;
	struct dig_buf quoted = DIG_BUF_INIT;
	enum dig_status st = DIG_OK;

	dig_path_quote(&quoted, path, len, true);
	if (import->options->skip_bad_names) {
		if (import->result->skipped++ < WARNED_MAX)
			dig_repo_warn(import->repo, "left out: %.200s: it %s",
			    (const char *)quoted.data, reason);
	} else {
		st = dig_stream_bad(&import->stream, err, "the path %.150s %s",
		    (const char *)quoted.data, reason);
		dig_hint(err, "'--skip-bad-names' leaves such paths out");
	}
	dig_buf_clear(&quoted);
	return st;
}

static enum dig_status
bad(struct dig_import *import, struct dig_error *err)
{
	return dig_stream_bad(&import->stream, err, "'%.100s' cannot be read",
	    (const char *)import->stream.line.data);
}

/* "100644" and its like; false: no mode of git's. */
static bool
read_mode(const char *text, size_t len, enum dig_entry_kind *out)
{
	static const struct {
		const char *word;
		enum dig_entry_kind kind;
	} modes[] = {
		{ "100644", DIG_ENTRY_FILE },
		{ "644", DIG_ENTRY_FILE },
		{ "100755", DIG_ENTRY_EXEC },
		{ "755", DIG_ENTRY_EXEC },
		{ "120000", DIG_ENTRY_SYMLINK },
		{ "160000", DIG_ENTRY_LINK },
	};

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strlen(modes[i].word) == len &&
		    memcmp(modes[i].word, text, len) == 0) {
			*out = modes[i].kind;
			return true;
		}
	return false;
}

/* The commit of a submodule, by its id in git. */
static enum dig_status
read_link(struct dig_import *import, const char *word, struct dig_entry *entry,
    struct dig_error *err)
{
	struct dig_oid id;
	size_t len = strlen(word);
	char hex[DIG_OID_HEX + 1];

	if (len != 40 && len != 64)
		return bad(import, err);
	memset(hex, '0', DIG_OID_HEX);
	memcpy(hex, word, len);
	if (!dig_oid_parse(hex, DIG_OID_HEX, &id))
		return bad(import, err);
	entry->form = DIG_FORM_LINK;
	entry->size_bytes = len / 2;
	entry->stored = id;
	return DIG_OK;
}

/* What a link points to has to be there and short. */
static enum dig_status
check_target(struct dig_import *import, const struct dig_entry *entry, bool lfs,
    bool *usable, struct dig_error *err)
{
	*usable = entry->kind != DIG_ENTRY_SYMLINK ||
		  (!lfs && entry->form == DIG_FORM_CHUNK &&
		      entry->size_bytes <= TARGET_MAX);
	return *usable
		   ? DIG_OK
		   : dig_import_bad_name(import, entry->path, entry->path_len,
			 "is a symlink whose target cannot be kept", err);
}

/* `M mode what path` against a commit that is known. */
static enum dig_status
modify_known(struct dig_import *import, const struct dig_oid *tree,
    const char *word, struct dig_error *err)
{
	struct dig_error ignored;
	struct dig_entry entry;
	uint64_t mark;

	if (strcmp(word, "inline") == 0)
		return dig_import_skip_data(import, err);
	if (!dig_import_mark(word, &mark) ||
	    dig_tree_find(&import->io, tree, import->path.data,
		import->path.len, &entry, &ignored) != DIG_OK)
		return DIG_OK;
	return dig_import_know_blob(import, mark, &entry, err);
}

/* What the tree does not say: git has a pointer there, or has one no more. */
static void
note_lfs(struct dig_import *import, const struct dig_entry *old,
    const struct dig_entry *entry, bool lfs)
{
	if (!lfs && (import->options->lfs == NULL || old == NULL ||
			!dig_entry_same(old, entry)))
		return;
	dig_buf_putc(&import->lfs, lfs ? '+' : '-');
	dig_buf_put(&import->lfs, entry->path, entry->path_len);
	dig_buf_putc(&import->lfs, '\0');
}

static enum dig_status
modify_new(struct dig_import *import, enum dig_entry_kind kind,
    const char *word, struct dig_error *err)
{
	struct dig_entry old, entry = { .kind = kind };
	enum dig_status st;
	uint64_t mark;
	bool found, usable, lfs = false;

	entry.path = import->path.data;
	entry.path_len = import->path.len;
	st = dig_edits_find(import->edits, import->path.data, import->path.len,
	    &old, &found, err);
	if (st != DIG_OK)
		return st;
	if (kind == DIG_ENTRY_LINK)
		st = read_link(import, word, &entry, err);
	else if (strcmp(word, "inline") == 0)
		st =
		    dig_import_inline(import, found ? &old : NULL, &entry, err);
	else if (dig_import_mark(word, &mark))
		st = dig_import_use_blob(
		    import, mark, found ? &old : NULL, &entry, &lfs, err);
	else
		st = dig_stream_bad(&import->stream, err,
		    "blob '%.64s' is not in the stream", word);
	if (st == DIG_OK)
		st = check_target(import, &entry, lfs, &usable, err);
	if (st != DIG_OK || !usable)
		return st;
	note_lfs(import, found ? &old : NULL, &entry, lfs);
	return dig_edits_put(import->edits, &entry, err);
}

/* rest: "mode what path" */
static enum dig_status
modify(struct dig_import *import, const char *rest, const struct dig_oid *known,
    struct dig_error *err)
{
	size_t mode_len = strcspn(rest, " ");
	enum dig_entry_kind kind;
	const char *path;
	enum dig_status st;
	char word[80];
	size_t len;

	if (!read_mode(rest, mode_len, &kind) || rest[mode_len] != ' ')
		return bad(import, err);
	rest += mode_len + 1;
	len = strcspn(rest, " ");
	if (len >= sizeof(word) || rest[len] != ' ')
		return bad(import, err);
	memcpy(word, rest, len);
	word[len] = '\0';
	path = rest + len + 1;
	if (!dig_stream_path(&path, false, &import->path))
		return bad(import, err);
	st = known != NULL ? modify_known(import, known, word, err)
			   : modify_new(import, kind, word, err);
	return st;
}

static enum dig_status
copy(struct dig_import *import, const char *rest, bool move,
    struct dig_error *err)
{
	enum dig_status st;

	if (!dig_stream_path(&rest, true, &import->path) || *rest != ' ')
		return bad(import, err);
	rest++;
	if (!dig_stream_path(&rest, false, &import->path2))
		return bad(import, err);
	st = dig_edits_copy(import->edits, import->path.data, import->path.len,
	    import->path2.data, import->path2.len, move, err);
	if (st == DIG_ENOTFOUND)
		st = dig_stream_bad(
		    &import->stream, err, "there is no such path to copy");
	return st;
}

/* One line; *ours is false when it is no file change. */
static enum dig_status
change(struct dig_import *import, const struct dig_oid *known, bool *ours,
    struct dig_error *err)
{
	struct dig_stream *stream = &import->stream;
	const char *rest;

	*ours = true;
	if ((rest = dig_stream_after(stream, "M ")) != NULL)
		return modify(import, rest, known, err);
	if ((rest = dig_stream_after(stream, "D ")) != NULL) {
		if (!dig_stream_path(&rest, false, &import->path))
			return bad(import, err);
		return known != NULL
			   ? DIG_OK
			   : dig_edits_remove(import->edits, import->path.data,
				 import->path.len, err);
	}
	if ((rest = dig_stream_after(stream, "R ")) != NULL)
		return known != NULL ? DIG_OK : copy(import, rest, true, err);
	if ((rest = dig_stream_after(stream, "C ")) != NULL)
		return known != NULL ? DIG_OK : copy(import, rest, false, err);
	if (strcmp((const char *)stream->line.data, "deleteall") == 0)
		return known != NULL
			   ? DIG_OK
			   : dig_edits_remove(import->edits, "", 0, err);
	*ours = false;
	return DIG_OK;
}

enum dig_status
dig_import_files(struct dig_import *import, const struct dig_oid *known,
    struct dig_error *err)
{
	enum dig_status st = DIG_OK;
	bool ended = false, ours = true;

	while (st == DIG_OK && ours) {
		if (dig_interrupted())
			return dig_raise(err, DIG_ECANCELLED, "interrupted");
		st = dig_stream_line(&import->stream, &ended, err);
		if (st != DIG_OK || ended)
			return st;
		st = change(import, known, &ours, err);
	}
	if (st == DIG_OK)
		dig_stream_again(&import->stream);
	return st;
}
