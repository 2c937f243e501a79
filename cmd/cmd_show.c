/* SPDX-License-Identifier: MIT
 *
 * dig show [REV | REV:PATH]...
 */
#include <string.h>

#include "cmd/command.h"
#include "cmd/json.h"
#include "cmd/pretty.h"
#include "cmd/print_diff.h"
#include "repo/dig.h"

struct opts {
	struct dig_pretty_opts pretty;
	struct dig_diff_opts diff;
	bool json;
};

static const struct dig_opt options[] = {
	DIG_OPTS_DIFF(struct opts, diff),
	DIG_OPTS_PRETTY(struct opts, pretty),
	DIG_OPTS_COLOUR,
	DIG_OPT_JSON(struct opts, json),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_show = {
	"show",
	"[OPTION]... [REV | REV:PATH]...",
	"Show a commit, by default HEAD, and what it changed against its first "
	"parent, as a patch; a tag and what it names; the bytes of the file "
	"REV:PATH, or the names in the folder REV:PATH.",
	options,
};

struct show {
	struct dig_cli *cli;
	struct dig_repo *repo;
	struct opts opts;
	struct dig_pretty pretty;
	struct dig_diff_view view;
	unsigned rename_score;
	struct dig_json json;
};

/* ---- Commits ---------------------------------------------------------- */

static enum dig_status
show_commit(struct show *show, const struct dig_oid *id, struct dig_error *err)
{
	struct dig_changes changes = DIG_CHANGES_INIT;
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_commit commit;
	enum dig_status st;

	st = dig_history_commit(show->repo, id, &bytes, &commit, err);
	if (st == DIG_OK && show->view.show != 0)
		st = dig_changes_of(
		    show->repo, &commit, NULL, false, &changes, err);
	if (st == DIG_OK && show->rename_score > 0)
		st = dig_differ_renames(
		    show->view.differ, &changes, show->rename_score, err);
	if (st != DIG_OK)
		goto out;
	if (show->opts.json) {
		dig_json_object(&show->json, NULL);
		dig_json_string(&show->json, "type", "commit");
		st = dig_pretty_json(
		    &show->pretty, &show->json, id, &commit, err);
		if (st == DIG_OK && show->view.show != 0)
			st = dig_json_diff(
			    &show->view, &show->json, &changes, err);
		dig_json_object_end(&show->json);
		goto out;
	}
	st = dig_pretty_print(&show->pretty, &show->cli->out, id, &commit, err);
	if (st == DIG_OK && changes.count > 0)
		dig_diff_part(&show->view, &show->pretty);
	if (st == DIG_OK)
		st = dig_print_diff(&show->view, &changes, err);
out:
	dig_changes_clear(&changes);
	dig_buf_clear(&bytes);
	return st;
}

/* ---- Files and folders ------------------------------------------------ */

static enum dig_status
print_bytes(void *arg, const void *data, size_t len, struct dig_error *err)
{
	struct dig_out *out = arg;

	(void)err;
	/* A terminal is not moved about by a file; a pipe gets its bytes. */
	if (out->terminal)
		dig_out_text(out, data, len);
	else
		dig_out_raw(out, data, len);
	return dig_out_gone(out) ? DIG_ENO : DIG_OK;
}

static enum dig_status
print_name(void *arg, const struct dig_entry *entry, const void *path,
    size_t len, struct dig_error *err)
{
	struct show *show = arg;
	const char *name = path;
	size_t at = len;

	(void)err;
	while (at > 0 && name[at - 1] != '/')
		at--;
	if (show->opts.json) {
		dig_json_object(&show->json, NULL);
		dig_json_path(&show->json, "path", name, len);
		dig_json_string(
		    &show->json, "type", entry == NULL ? "folder" : "file");
		dig_json_object_end(&show->json);
		return DIG_OK;
	}
	dig_out_path(&show->cli->out, name + at, len - at, false,
	    entry == NULL ? "/\n" : "\n");
	return DIG_OK;
}

static enum dig_status
show_folder(struct show *show, const char *word, const struct dig_oid *root,
    const struct dig_buf *path, struct dig_error *err)
{
	struct dig_list_options list = { 0 };
	struct dig_out *out = &show->cli->out;
	enum dig_status st;

	list.base = (const char *)path->data;
	list.base_len = path->len;
	if (show->opts.json) {
		dig_json_object(&show->json, NULL);
		dig_json_string(&show->json, "type", "folder");
		dig_json_path(&show->json, "path", path->data, path->len);
		dig_json_array(&show->json, "entries");
	} else {
		if (show->pretty.nshown++ > 0)
			dig_out_puts(out, "\n");
		dig_out_colour(out, DIG_COLOUR_YELLOW);
		dig_out_puts(out, "tree ");
		dig_out_text(out, word, strlen(word));
		dig_out_colour(out, DIG_COLOUR_RESET);
		dig_out_puts(out, "\n\n");
	}
	st = dig_content_list(show->repo, root, &list, print_name, show, err);
	if (show->opts.json) {
		dig_json_array_end(&show->json);
		dig_json_object_end(&show->json);
	}
	return st;
}

static enum dig_status
show_path(struct show *show, const char *word, struct dig_error *err)
{
	struct dig_snapshot at = DIG_SNAPSHOT_INIT;
	enum dig_found found;
	struct dig_entry entry;
	uint64_t from = 0, to;
	enum dig_status st;

	st = dig_revision_snapshot(show->repo, word, &at, err);
	if (st == DIG_OK)
		st = dig_content_find(show->repo, &at.root, at.path.data,
		    at.path.len, &found, &entry, err);
	if (st != DIG_OK)
		goto out;
	if (found == DIG_FOUND_NOTHING)
		st =
		    dig_raise(err, DIG_ENOTFOUND, "there is no '%.300s'", word);
	else if (found == DIG_FOUND_FOLDER)
		st = show_folder(show, word, &at.root, &at.path, err);
	else if (show->opts.json)
		st = dig_raise(err, DIG_EINVALID,
		    "--json shows no bytes of a file: '%.300s'", word);
	else if (entry.kind == DIG_ENTRY_LINK)
		st = dig_raise(err, DIG_EINVALID,
		    "'%.300s' is a link to another repository", word);
	if (st != DIG_OK || found != DIG_FOUND_ENTRY)
		goto out;
	to = entry.size_bytes;
	if (at.range[0] != '\0')
		st = dig_range_parse(
		    at.range, entry.size_bytes, &from, &to, err);
	if (st == DIG_OK)
		st = dig_content_read(show->repo, &entry, from, to, print_bytes,
		    &show->cli->out, err);
	if (st == DIG_ENO) /* nobody reads any more */
		st = DIG_OK;
out:
	dig_snapshot_clear(&at);
	return st;
}

/* ---- Tags, and any revision ------------------------------------------- */

static void
json_tag(struct show *show, const struct dig_tag *tag)
{
	char hex[DIG_OID_HEX + 1];

	dig_oid_hex(&tag->target, hex);
	dig_json_object(&show->json, NULL);
	dig_json_string(&show->json, "type", "tag");
	dig_json_bytes(&show->json, "name", tag->name, tag->name_len);
	dig_json_string(&show->json, "target", hex);
	dig_json_bytes(&show->json, "message", tag->message, tag->message_len);
	dig_json_object_end(&show->json);
}

/* A tag, then what it names. */
static enum dig_status
show_object(struct show *show, const char *word, enum dig_kind kind,
    struct dig_oid id, struct dig_error *err)
{
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_tag tag;
	enum dig_status st = DIG_OK;

	while (st == DIG_OK && kind == DIG_KIND_TAG) {
		st = dig_history_tag(show->repo, &id, &bytes, &tag, err);
		if (st != DIG_OK)
			break;
		if (show->opts.json) {
			json_tag(show, &tag);
		} else {
			if (show->pretty.nshown++ > 0)
				dig_out_puts(&show->cli->out, "\n");
			dig_pretty_tag(&show->pretty, &show->cli->out, &tag);
		}
		kind = tag.target_kind;
		id = tag.target;
	}
	dig_buf_reset(&bytes);
	if (st == DIG_OK && kind == DIG_KIND_COMMIT)
		st = show_commit(show, &id, err);
	else if (st == DIG_OK && kind == DIG_KIND_TREE)
		st = show_folder(show, word, &id, &bytes, err);
	else if (st == DIG_OK)
		st = dig_raise(err, DIG_EINVALID,
		    "'%.300s' names neither commit, tag nor tree", word);
	dig_buf_clear(&bytes);
	return st;
}

static enum dig_status
show_word(struct show *show, const char *word, struct dig_error *err)
{
	struct dig_revision rev;
	enum dig_status st;

	if (dig_revision_colon(word) != NULL)
		return show_path(show, word, err);
	st = dig_revision_resolve(show->repo, word, &rev, err);
	return st == DIG_OK ? show_object(show, word, rev.kind, rev.id, err)
			    : st;
}

enum dig_status
dig_cmd_show(struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct show show = { 0 };
	struct dig_args args;
	enum dig_status st;

	show.cli = cli;
	show.opts.diff = (struct dig_diff_opts)DIG_DIFF_OPTS_INIT;
	dig_pretty_init(&show.pretty, NULL);
	dig_json_init(&show.json, &cli->out);
	st = dig_opt_parse(&dig_usage_show, argc, argv, &show.opts, &args, err);
	if (st == DIG_OK)
		st = dig_cli_repo(cli, &show.repo, err);
	show.pretty.repo = show.repo;
	if (st == DIG_OK)
		st = dig_pretty_set(
		    &show.pretty, &show.opts.pretty, &cli->out, err);
	if (st == DIG_OK)
		st = dig_diff_opts_apply(&show.opts.diff,
		    show.opts.json ? DIG_SHOW_STATUS : DIG_SHOW_PATCH,
		    &show.view, &show.rename_score, err);
	if (st != DIG_OK)
		goto out;
	show.view.out = &cli->out;
	show.view.differ = dig_differ_new(show.repo);
	if (show.opts.json) {
		dig_json_object(&show.json, NULL);
		dig_json_array(&show.json, "objects");
	}
	if (args.argc == 0)
		st = show_word(&show, "HEAD", err);
	for (int i = 0; st == DIG_OK && i < args.argc; i++)
		st = show_word(&show, args.argv[i], err);
	if (st == DIG_OK && show.opts.json) {
		dig_json_array_end(&show.json);
		dig_json_object_end(&show.json);
		dig_json_end(&show.json);
	}
out:
	dig_differ_free(show.view.differ);
	dig_pretty_clear(&show.pretty);
	return st;
}
