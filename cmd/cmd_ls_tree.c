/* SPDX-License-Identifier: MIT
 *
 * dig ls-tree REV [PATH...]
 *
 * git's columns. A folder has no object and so no id of its own here: 64
 * dashes stand in its place.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/json.h"
#include "objects/base/path.h"
#include "repo/dig.h"

struct opts {
	bool recursive;
	bool show_folders;
	bool only_folders;
	bool sizes;
	bool nul;
	bool name_only;
	bool full_name;
	bool full_tree;
	bool json;
};

static const struct dig_opt options[] = {
	DIG_OPT_FLAG('r', NULL, struct opts, recursive, "go into folders"),
	DIG_OPT_FLAG('t', NULL, struct opts, show_folders,
	    "show folders also when going into them"),
	DIG_OPT_FLAG('d', NULL, struct opts, only_folders, "show folders only"),
	DIG_OPT_FLAG('l', "long", struct opts, sizes, "show sizes in bytes"),
	DIG_OPT_FLAG('z', NULL, struct opts, nul,
	    "names as they are, each ended by NUL"),
	DIG_OPT_FLAG(0, "name-only", struct opts, name_only, "names alone"),
	DIG_OPT_FLAG(0, "full-name", struct opts, full_name,
	    "names from the root of the work tree"),
	DIG_OPT_FLAG(0, "full-tree", struct opts, full_tree,
	    "the whole tree, wherever the current folder is"),
	DIG_OPT_JSON(struct opts, json),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_ls_tree = {
	"ls-tree",
	"[OPTION]... REV [PATH...]",
	"List what a commit's tree holds in the current folder: mode, type, "
	"content id and name. REV:FOLDER lists that folder. PATH is a name and "
	"no pattern; with a '/' behind it, what the folder holds.",
	options,
};

struct listing {
	struct dig_cli *cli;
	struct opts opts;
	struct dig_json json;
	size_t print_len;     /* of what is left out of printed names */
	const char *relative; /* what printed names are relative to */
	struct dig_buf name;
};

/* The path as seen from the current folder, with ".." where it is outside; the
 * folder itself is "./". */
static void
put_relative(
    struct dig_buf *out, const char *from, const char *path, size_t len)
{
	size_t common = 0, at = 0;

	while (from[at] != '\0') {
		size_t end = at + strcspn(from + at, "/");

		if (end > len || memcmp(from + at, path + at, end - at) != 0 ||
		    (end < len && path[end] != '/'))
			break;
		at = end + (from[end] == '/');
		common = end < len ? end + 1 : len;
	}
	if (from[at] == '\0' && common == len)
		dig_buf_puts(out, "./");
	for (; from[at] != '\0'; at += strcspn(from + at, "/")) {
		at += from[at] == '/';
		dig_buf_puts(out, "../");
	}
	dig_buf_put(out, path + common, len - common);
}

static void
json_entry(struct listing *list, const struct dig_entry *entry,
    const char *path, size_t len)
{
	char hex[DIG_OID_HEX + 1], mode[12];
	struct dig_oid id;

	dig_json_object(&list->json, NULL);
	dig_json_path(&list->json, "path", path, len);
	if (entry == NULL) {
		dig_json_string(&list->json, "mode", "040000");
		dig_json_string(&list->json, "type", "tree");
	} else {
		snprintf(mode, sizeof(mode), "%06o",
		    (unsigned)dig_entry_mode(entry->kind));
		dig_entry_content_id(entry, &id);
		dig_oid_hex(&id, hex);
		dig_json_string(&list->json, "mode", mode);
		dig_json_string(&list->json, "type",
		    entry->kind == DIG_ENTRY_LINK ? "commit" : "blob");
		dig_json_string(&list->json, "id", hex);
		dig_json_uint(&list->json, "size", entry->size_bytes);
	}
	dig_json_object_end(&list->json);
}

static void
print_columns(struct listing *list, const struct dig_entry *entry)
{
	struct dig_out *out = &list->cli->out;
	char hex[DIG_OID_HEX + 1], size[24] = "-";
	const char *type = "tree";
	unsigned mode = 040000;
	struct dig_oid id;

	memset(hex, '-', DIG_OID_HEX);
	hex[DIG_OID_HEX] = '\0';
	if (entry != NULL) {
		mode = dig_entry_mode(entry->kind);
		type = entry->kind == DIG_ENTRY_LINK ? "commit" : "blob";
		dig_entry_content_id(entry, &id);
		dig_oid_hex(&id, hex);
		if (entry->kind != DIG_ENTRY_LINK)
			snprintf(size, sizeof(size), "%llu",
			    (unsigned long long)entry->size_bytes);
	}
	dig_out_printf(out, "%06o %s %s", mode, type, hex);
	if (list->opts.sizes)
		dig_out_printf(out, " %7s", size);
	dig_out_puts(out, "\t");
}

static enum dig_status
print_entry(void *arg, const struct dig_entry *entry, const void *path,
    size_t len, struct dig_error *err)
{
	struct listing *list = arg;
	struct dig_out *out = &list->cli->out;
	const char *name = path;

	(void)err;
	if (dig_out_gone(out))
		return DIG_ENO;
	name += list->print_len;
	len -= list->print_len;
	if (list->relative != NULL) {
		dig_buf_reset(&list->name);
		put_relative(&list->name, list->relative, name, len);
		name = (const char *)list->name.data;
		len = list->name.len;
	}
	if (list->opts.json) {
		json_entry(list, entry, name, len);
		return DIG_OK;
	}
	if (!list->opts.name_only)
		print_columns(list, entry);
	dig_out_path(out, name, len, list->opts.nul, "\n");
	return DIG_OK;
}

/* ---- Paths ------------------------------------------------------------ */

/* An operand, from the current folder, with "." and ".." resolved. */
static enum dig_status
resolve(const char *prefix, const char *word, char **out, struct dig_error *err)
{
	struct dig_buf path = DIG_BUF_INIT;
	bool inside = false; /* what the folder holds, not the folder */

	dig_buf_puts(&path, prefix);
	for (const char *at = word; *at != '\0';) {
		size_t n = strcspn(at, "/");

		if (n == 2 && memcmp(at, "..", 2) == 0) {
			if (path.len == 0) {
				dig_buf_clear(&path);
				return dig_raise(err, DIG_EINVALID,
				    "'%.300s' is outside of the work tree",
				    word);
			}
			while (path.len > 0 && path.data[path.len - 1] != '/')
				path.len--;
			path.len -= path.len > 0;
		} else if (n > 0 && !(n == 1 && at[0] == '.')) {
			if (path.len > 0)
				dig_buf_putc(&path, '/');
			dig_buf_put(&path, at, n);
		}
		inside = at[n] == '/' || (n <= 2 && memcmp(at, "..", n) == 0);
		at += n + (at[n] == '/');
	}
	if (path.len > 0 && inside)
		dig_buf_putc(&path, '/');
	*out = dig_memdup0(
	    path.data != NULL ? (const char *)path.data : "", path.len);
	dig_buf_clear(&path);
	return DIG_OK;
}

/* The tree's root, and the folder in it that REV or REV:FOLDER means. */
static enum dig_status
find_base(struct dig_repo *repo, const char *rev, struct dig_oid *root,
    struct dig_buf *base, struct dig_error *err)
{
	struct dig_entry entry;
	enum dig_found found;
	enum dig_status st;

	if (dig_revision_colon(rev) == NULL)
		return dig_revision_tree(repo, rev, root, err);
	st = dig_revision_path(repo, rev, root, base, err);
	if (st == DIG_OK)
		st = dig_content_find(
		    repo, root, base->data, base->len, &found, &entry, err);
	if (st != DIG_OK)
		return st;
	if (found == DIG_FOUND_NOTHING)
		return dig_raise(
		    err, DIG_ENOTFOUND, "there is no folder '%.300s'", rev);
	if (found == DIG_FOUND_ENTRY)
		return dig_raise(
		    err, DIG_EINVALID, "'%.300s' is no folder", rev);
	return DIG_OK;
}

static enum dig_status
list_tree(struct listing *list, struct dig_repo *repo,
    const struct dig_args *args, struct dig_error *err)
{
	struct dig_list_options how = { 0 };
	struct dig_buf base = DIG_BUF_INIT;
	const char *prefix = "";
	char **paths = dig_calloc((size_t)args->argc + 1, sizeof(*paths));
	struct dig_oid root;
	enum dig_status st;
	size_t n = 0;

	st = find_base(repo, args->argv[0], &root, &base, err);
	if (st != DIG_OK)
		goto out;
	/* In REV:FOLDER the current folder means nothing. */
	if (!list->opts.full_tree && dig_revision_colon(args->argv[0]) == NULL)
		prefix = dig_repo_prefix(repo);
	for (int i = 1; st == DIG_OK && i < args->argc; i++) {
		st = resolve(prefix, args->argv[i], &paths[n], err);
		if (st == DIG_OK)
			n++;
	}
	if (st == DIG_OK && n == 0 && *prefix != '\0') {
		char *here = dig_alloc(strlen(prefix) + 2);

		snprintf(here, strlen(prefix) + 2, "%s/", prefix);
		paths[n++] = here;
	}
	if (st != DIG_OK)
		goto out;
	how.base = (const char *)base.data;
	how.base_len = base.len;
	how.paths = (const char *const *)paths;
	how.npaths = n;
	how.recursive = list->opts.recursive;
	how.show_folders = list->opts.show_folders ||
			   (list->opts.only_folders && list->opts.recursive);
	how.only_folders = list->opts.only_folders;
	list->print_len = base.len > 0 ? base.len + 1 : 0;
	if (*prefix != '\0' && !list->opts.full_name)
		list->relative = prefix;
	st = dig_content_list(repo, &root, &how, print_entry, list, err);
	if (st == DIG_ENO) /* nobody reads any more */
		st = DIG_OK;
out:
	for (size_t i = 0; i < n; i++)
		free(paths[i]);
	free(paths);
	dig_buf_clear(&base);
	return st;
}

enum dig_status
dig_cmd_ls_tree(
    struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	struct listing list = { 0 };
	struct dig_repo *repo = NULL;
	struct dig_args args;
	enum dig_status st;

	list.cli = cli;
	dig_json_init(&list.json, &cli->out);
	st = dig_opt_parse(
	    &dig_usage_ls_tree, argc, argv, &list.opts, &args, err);
	if (st != DIG_OK)
		return st;
	if (args.argc == 0)
		return dig_raise(err, DIG_EINVALID, "ls-tree needs a revision");
	st = dig_cli_repo(cli, &repo, err);
	if (st == DIG_OK && list.opts.json) {
		dig_json_object(&list.json, NULL);
		dig_json_array(&list.json, "entries");
	}
	if (st == DIG_OK)
		st = list_tree(&list, repo, &args, err);
	if (st == DIG_OK && list.opts.json) {
		dig_json_array_end(&list.json);
		dig_json_object_end(&list.json);
		dig_json_end(&list.json);
	}
	dig_buf_clear(&list.name);
	return st;
}
