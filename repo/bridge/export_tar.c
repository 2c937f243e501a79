/* SPDX-License-Identifier: MIT
 *
 * Writing a revision as a tar archive.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "repo/bridge/archive.h"
#include "repo/bridge/tar.h"
#include "repo/internal.h"
#include "repo/plugin.h"
#include "repo/selection.h"

/* ---- The plugin ------------------------------------------------------- */

void
dig_tar_unload(struct dig_tar_engine *engine)
{
	if (engine->handle != NULL)
		dlclose(engine->handle);
	memset(engine, 0, sizeof(*engine));
}

enum dig_status
dig_tar_load(struct dig_tar_engine *engine, struct dig_error *err)
{
	dig_tar_plugin_fn *get;
	void *symbol = NULL;
	enum dig_status st;

	memset(engine, 0, sizeof(*engine));
	st = dig_plugin_open(DIG_TAR_PLUGIN_FILE, DIG_TAR_PLUGIN_SYMBOL,
	    "the tar engine", &engine->handle, &symbol, err);
	if (st != DIG_OK)
		return st;
	*(void **)&get = symbol;
	engine->plugin = get();
	if (strcmp(engine->plugin->version, DIG_VERSION) == 0)
		return DIG_OK;
	dig_tar_unload(engine);
	return dig_raise(err, DIG_EIO, "%s is of another version of dig",
	    DIG_TAR_PLUGIN_FILE);
}

const char *
dig_tar_compression(const char *name)
{
	static const struct {
		const char *end;
		const char *compression;
	} ends[] = {
		{ ".tar.gz", "gz" },
		{ ".tgz", "gz" },
		{ ".tar.xz", "xz" },
		{ ".txz", "xz" },
		{ ".tar.zst", "zst" },
		{ ".tzst", "zst" },
		{ ".tar.bz2", "bz2" },
		{ ".tbz2", "bz2" },
		{ ".tar.lz4", "lz4" },
	};
	size_t len = strlen(name);

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		size_t end = strlen(ends[i].end);

		if (len > end && strcmp(name + len - end, ends[i].end) == 0)
			return ends[i].compression;
	}
	return "";
}

/* ---- Members ---------------------------------------------------------- */

struct writing {
	struct dig_repo *repo;
	const struct dig_tar_plugin *plugin;
	struct dig_tar *tar;
	struct dig_tar_result *result;
	int64_t mtime;
	char folder[DIG_PATH_MAX + 2]; /* the last one written, with '/' */
	char why[200];
	/* Where the archive goes, and what came of it. */
	dig_export_fn *write;
	void *arg;
	enum dig_status st;
	struct dig_error err;
};

static bool
on_bytes(void *arg, const void *data, size_t len)
{
	struct writing *w = arg;

	if (w->st == DIG_OK)
		w->st = w->write(w->arg, data, len, &w->err);
	return w->st == DIG_OK;
}

/* What the plugin did not do: the writer's error, or its own. */
static enum dig_status
failed(struct writing *w, struct dig_error *err)
{
	if (w->st == DIG_OK)
		return dig_raise(
		    err, DIG_EIO, "writing the archive: %s", w->why);
	*err = w->err;
	return w->st;
}

static enum dig_status
put_member(
    struct writing *w, struct dig_tar_member *member, struct dig_error *err)
{
	member->mtime = w->mtime;
	return w->plugin->put_member(w->tar, member, w->why, sizeof(w->why))
		   ? DIG_OK
		   : failed(w, err);
}

/* The folders of a path that the path before was not in. */
static enum dig_status
put_folders(struct writing *w, const char *path, struct dig_error *err)
{
	enum dig_status st = DIG_OK;

	for (const char *slash = strchr(path, '/');
	     slash != NULL && st == DIG_OK; slash = strchr(slash + 1, '/')) {
		size_t len = (size_t)(slash + 1 - path);
		struct dig_tar_member member = { .kind = DIG_TAR_FOLDER,
			.path = w->folder };

		if (strncmp(w->folder, path, len) == 0)
			continue;
		memcpy(w->folder, path, len);
		w->folder[len] = '\0';
		st = put_member(w, &member, err);
	}
	return st;
}

static enum dig_status
on_content(void *arg, const void *data, size_t len, struct dig_error *err)
{
	struct writing *w = arg;

	if (dig_interrupted())
		return dig_raise(err, DIG_ECANCELLED, "interrupted");
	return w->plugin->put_data(w->tar, data, len, w->why, sizeof(w->why))
		   ? DIG_OK
		   : failed(w, err);
}

static enum dig_status
append(void *arg, const void *data, size_t len, struct dig_error *err)
{
	(void)err;
	dig_buf_put(arg, data, len);
	return DIG_OK;
}

static enum dig_status
put_entry(
    struct writing *w, const struct dig_entry *entry, struct dig_error *err)
{
	struct dig_tar_member member = {
		.kind = DIG_TAR_FILE,
		.path = (const char *)entry->path,
		.exec = entry->kind == DIG_ENTRY_EXEC,
		.size_bytes = entry->size_bytes,
	};
	struct dig_buf target = DIG_BUF_INIT;
	enum dig_status st = put_folders(w, member.path, err);

	if (st == DIG_OK && entry->kind == DIG_ENTRY_SYMLINK) {
		st = dig_content_read(
		    w->repo, entry, 0, entry->size_bytes, append, &target, err);
		member.kind = DIG_TAR_SYMLINK;
		member.target = (const char *)target.data;
		member.size_bytes = 0;
	}
	if (st == DIG_OK)
		st = put_member(w, &member, err);
	if (st == DIG_OK && member.size_bytes > 0)
		st = dig_content_read(
		    w->repo, entry, 0, entry->size_bytes, on_content, w, err);
	dig_buf_clear(&target);
	return st;
}

static enum dig_status
put_all(
    struct writing *w, const struct dig_selected *files, struct dig_error *err)
{
	const struct dig_talk *talk = &w->repo->talk;
	enum dig_status st = DIG_OK;

	for (size_t i = 0; st == DIG_OK && i < files->n; i++) {
		struct dig_progress_report report = {
			.what = "exporting",
			.files_done = i,
			.files_total = files->n,
			.bytes_done = w->result->bytes,
		};

		if (talk->progress != NULL)
			talk->progress(talk->arg, &report);
		if (dig_interrupted())
			return dig_raise(err, DIG_ECANCELLED, "interrupted");
		st = put_entry(w, &files->entries[i], err);
		w->result->bytes += files->entries[i].size_bytes;
		w->result->files++;
	}
	if (st == DIG_OK && !w->plugin->finish(w->tar, w->why, sizeof(w->why)))
		st = failed(w, err);
	return st;
}

/* The committer's time; a tree that no commit names has none. */
static enum dig_status
find_time(
    struct dig_repo *repo, const char *rev, int64_t *out, struct dig_error *err)
{
	struct dig_commit *commit = dig_alloc(sizeof(*commit));
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_oid id;
	enum dig_status st;

	*out = 0;
	st = dig_revision_commit(repo, rev, &id, err);
	if (st == DIG_OK)
		st = dig_repo_read_commit(repo, &id, &bytes, commit, err);
	if (st == DIG_OK)
		*out = commit->committer.seconds;
	if (st == DIG_EINVALID)
		st = DIG_OK;
	dig_buf_clear(&bytes);
	free(commit);
	return st;
}

enum dig_status
dig_export_tar(struct dig_repo *repo, const struct dig_selection *what,
    const char *compression, dig_export_fn *write, void *arg,
    struct dig_tar_result *result, struct dig_error *err)
{
	struct dig_selected files = { NULL, 0, 0, 0 };
	struct dig_tar_engine engine = { NULL, NULL };
	struct writing *w = dig_calloc(1, sizeof(*w));
	struct dig_oid tree;
	enum dig_status st;

	memset(result, 0, sizeof(*result));
	w->repo = repo;
	w->result = result;
	w->write = write;
	w->arg = arg;
	st = dig_tar_load(&engine, err);
	if (st == DIG_OK)
		st = dig_revision_tree(repo, what->rev, &tree, err);
	if (st == DIG_OK)
		st = find_time(repo, what->rev, &w->mtime, err);
	if (st == DIG_OK)
		st = dig_selection_collect(repo, &tree, what, &files, err);
	if (st != DIG_OK)
		goto out;
	w->plugin = engine.plugin;
	w->tar =
	    w->plugin->create(compression, on_bytes, w, w->why, sizeof(w->why));
	st = w->tar != NULL ? put_all(w, &files, err) : failed(w, err);
	w->plugin->close(w->tar);
out:
	dig_selected_clear(&files);
	dig_tar_unload(&engine);
	free(w);
	return st;
}
