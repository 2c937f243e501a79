/* SPDX-License-Identifier: MIT
 *
 * dig ls-files: names of tracked and other files.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/json.h"
#include "cmd/relative.h"
#include "objects/base/io.h"
#include "objects/base/path.h"
#include "repo/dig.h"

struct opts {
	bool nul;
	bool stage;
	bool cached;
	bool deleted;
	bool modified;
	bool others;
	bool ignored;
	bool exclude_standard;
	bool full_name;
	bool json;
};

static const struct dig_opt options[] = {
	DIG_OPT_FLAG('c', "cached", struct opts, cached,
	    "files that are tracked (the default)"),
	DIG_OPT_FLAG('m', "modified", struct opts, modified,
	    "tracked files that differ in the work tree"),
	DIG_OPT_FLAG('d', "deleted", struct opts, deleted,
	    "tracked files that are gone from the work tree"),
	DIG_OPT_FLAG(
	    'o', "others", struct opts, others, "files that are not tracked"),
	DIG_OPT_FLAG('i', "ignored", struct opts, ignored,
	    "with -o: only those that rules ignore"),
	DIG_OPT_FLAG(0, "exclude-standard", struct opts, exclude_standard,
	    "with -o: heed the ignore rules"),
	DIG_OPT_FLAG('s', "stage", struct opts, stage,
	    "show mode, content id and 0 before the path"),
	DIG_OPT_FLAG(
	    'z', NULL, struct opts, nul, "paths as they are and ended by NUL"),
	DIG_OPT_FLAG(0, "full-name", struct opts, full_name,
	    "paths from the root of the work tree"),
	DIG_OPT_JSON(struct opts, json),
	DIG_OPT_END,
};

const struct dig_usage dig_usage_ls_files = {
	"ls-files",
	"[-z] [-s] [-c] [-d] [-m] [-o [-i] [--exclude-standard]] [--] "
	"[PATH...]",
	"List the files of the staging, or those of the work tree that differ "
	"from it or are not in it.",
	options,
};

struct listing {
	struct dig_cli *cli;
	const struct opts *opts;
	const char *prefix; /* that paths are shown from */
	const char *here;   /* a tracked file of this name is not below it */
	struct dig_json json;
	struct dig_buf path;
	/* Of the work tree, in path order; `at` is the next that may match. */
	const struct dig_status_list *list;
	size_t at;
};

static void
put_path(struct listing *listing, const char *path, size_t len)
{
	dig_relative_path(&listing->path, listing->prefix, path, len);
	dig_out_path(&listing->cli->out, listing->path.data, listing->path.len,
	    listing->opts->nul, "\n");
}

/* A file of which the path and one word are known. */
static void
put_named(
    struct listing *listing, const char *path, size_t len, const char *state)
{
	if (!listing->opts->json) {
		put_path(listing, path, len);
		return;
	}
	dig_json_object(&listing->json, NULL);
	dig_json_path(&listing->json, "path", path, len);
	dig_json_string(&listing->json, "state", state);
	dig_json_object_end(&listing->json);
}

/* The current folder stands where this file was. */
static bool
is_here(const struct listing *listing, const char *path)
{
	return listing->here != NULL && strcmp(path, listing->here) == 0;
}

static void
put_work(struct listing *listing, const struct dig_status_item *item)
{
	if (is_here(listing, item->path))
		return;
	if (item->work == 'D' && !item->is_folder && listing->opts->deleted)
		put_named(listing, item->path, item->len, "deleted");
	if (listing->opts->modified)
		put_named(listing, item->path, item->len, "modified");
}

static void
put_tracked(struct listing *listing, const struct dig_tracked_file *file)
{
	char id[DIG_OID_HEX + 1];

	dig_oid_hex(&file->content, id);
	if (listing->opts->json) {
		char mode[16];

		snprintf(mode, sizeof(mode), "%06" PRIo32, file->mode);
		dig_json_object(&listing->json, NULL);
		dig_json_path(&listing->json, "path", file->path, file->len);
		dig_json_string(&listing->json, "state", "tracked");
		dig_json_string(&listing->json, "mode", mode);
		dig_json_uint(&listing->json, "size", file->size_bytes);
		dig_json_string(&listing->json, "content_id", id);
		dig_json_object_end(&listing->json);
		return;
	}
	if (listing->opts->stage)
		dig_out_printf(
		    &listing->cli->out, "%06" PRIo32 " %s 0\t", file->mode, id);
	put_path(listing, file->path, file->len);
}

static enum dig_status
on_tracked(
    void *arg, const struct dig_tracked_file *file, struct dig_error *err)
{
	struct listing *listing = arg;
	const struct dig_status_item *item;

	if (dig_interrupted())
		return dig_raise(err, DIG_ECANCELLED, "interrupted");
	if (!is_here(listing, file->path))
		put_tracked(listing, file);
	for (; listing->at < listing->list->nchanges; listing->at++) {
		item = &listing->list->items[listing->at];
		if (dig_path_cmp(item->path, item->len, file->path, file->len) >
		    0)
			break;
		put_work(listing, item);
	}
	return DIG_OK;
}

static enum dig_status
print(struct listing *listing, struct dig_repo *repo,
    const struct dig_look_options *look, struct dig_error *err)
{
	const struct dig_status_list *list = listing->list;
	const struct opts *opts = listing->opts;
	enum dig_status st = DIG_OK;
	size_t first =
	    opts->ignored ? list->nchanges + list->nuntracked : list->nchanges;
	size_t end = opts->ignored ? list->nitems : first + list->nuntracked;

	if (opts->others)
		for (size_t i = first; i < end; i++)
			put_named(listing, list->items[i].path,
			    list->items[i].len,
			    opts->ignored ? "ignored" : "untracked");
	if (opts->cached)
		st = dig_repo_tracked(
		    repo, look->paths, look->npaths, on_tracked, listing, err);
	for (; st == DIG_OK && listing->at < list->nchanges; listing->at++)
		put_work(listing, &list->items[listing->at]);
	return st;
}

enum dig_status
dig_cmd_ls_files(
    struct dig_cli *cli, int argc, char **argv, struct dig_error *err)
{
	static const char *const here[] = { "." };
	struct opts opts = { 0 };
	struct listing listing = { .cli = cli, .opts = &opts };
	struct dig_look_options look = { .no_staged = true };
	struct dig_status_list list = { 0 };
	struct dig_repo *repo = NULL;
	struct dig_args args;
	enum dig_status st;

	st = dig_opt_parse(&dig_usage_ls_files, argc, argv, &opts, &args, err);
	if (st != DIG_OK)
		return st;
	if (opts.ignored && (!opts.others || !opts.exclude_standard))
		return dig_raise(err, DIG_EINVALID,
		    "-i goes with -o and --exclude-standard");
	if (opts.stage || (!opts.deleted && !opts.modified && !opts.others))
		opts.cached = true;
	st = dig_cli_repo(cli, &repo, err);
	if (st != DIG_OK)
		return st;
	look.paths = (const char *const *)args.argv;
	look.npaths = (size_t)args.argc;
	if (args.argc == 0 && *dig_repo_prefix(repo) != '\0') {
		listing.here = dig_repo_prefix(repo);
		look.paths = here;
		look.npaths = 1;
	}
	look.untracked = opts.others ? DIG_UNTRACKED_FILES : DIG_UNTRACKED_NONE;
	look.ignored = opts.ignored;
	look.all_files = !opts.exclude_standard;
	if (opts.others || opts.modified || opts.deleted)
		st = dig_repo_status(repo, &look, &list, err);
	if (st != DIG_OK)
		goto out;
	dig_cli_progress_end(cli);
	listing.list = &list;
	listing.prefix = opts.full_name ? "" : dig_repo_prefix(repo);
	dig_json_init(&listing.json, &cli->out);
	if (opts.json) {
		dig_json_object(&listing.json, NULL);
		dig_json_array(&listing.json, "files");
	}
	st = print(&listing, repo, &look, err);
	if (st == DIG_OK && opts.json) {
		dig_json_array_end(&listing.json);
		dig_json_object_end(&listing.json);
		dig_json_end(&listing.json);
	}
out:
	dig_status_list_clear(&list);
	dig_buf_clear(&listing.path);
	return st;
}
