/* SPDX-License-Identifier: MIT
 *
 * A folder on the disk as the next commit, by way of the pipeline of add.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "repo/bridge/import_archive.h"
#include "repo/operation.h"
#include "staging/add.h"

void
dig_archive_result_clear(struct dig_archive_result *result)
{
	dig_recorded_clear(&result->record);
}

enum dig_status
dig_import_base(struct dig_repo *repo, const struct dig_state *state,
    struct dig_oid *out, struct dig_error *err)
{
	enum dig_status st = DIG_OK;
	struct dig_oid head;

	dig_tree_empty(out);
	if (!dig_oid_is_zero(&state->op_state)) {
		st = dig_raise(err, DIG_ECONFLICT,
		    "cannot import: an operation is in progress");
		dig_hint(err, "'dig status' says which, and how to end it");
		return st;
	}
	if (dig_state_head(state, &head))
		st = dig_repo_commit_tree(repo, &head, out, err);
	if (st == DIG_OK && !dig_oid_eq(out, &state->staged_root)) {
		st = dig_raise(err, DIG_ECONFLICT,
		    "cannot import: there are staged changes");
		dig_hint(err,
		    "'dig commit' records them, 'dig reset' unstages them");
	}
	return st;
}

enum dig_status
dig_import_prefix(
    const char *prefix, struct dig_buf *out, struct dig_error *err)
{
	size_t len = prefix != NULL ? strlen(prefix) : 0;
	const char *bad;

	dig_buf_reset(out);
	dig_buf_reserve(out, 1);
	out->data[0] = '\0';
	if (len == 0)
		return DIG_OK;
	while (len > 1 && prefix[len - 1] == '/')
		len--;
	bad = dig_path_check(prefix, len);
	if (bad != NULL)
		return dig_raise(
		    err, DIG_EINVALID, "the prefix '%.200s' %s", prefix, bad);
	dig_buf_put(out, prefix, len);
	return DIG_OK;
}

/* ---- Staging ---------------------------------------------------------- */

static void
on_left_out(void *arg, const char *path, const char *reason, bool failure)
{
	(void)failure;
	dig_repo_warn(arg, "%s: %s", path, reason);
}

static void
on_progress(void *arg, uint64_t files, uint64_t bytes)
{
	const struct dig_repo *repo = arg;
	struct dig_progress_report report = {
		.what = "importing",
		.files_done = files,
		.bytes_done = bytes,
	};

	if (repo->talk.progress != NULL)
		repo->talk.progress(repo->talk.arg, &report);
}

static enum dig_status
open_folder(
    struct dig_repo *repo, const char *dir, int *out, struct dig_error *err)
{
	struct dig_stat there, here;
	int fd =
	    dig_open_at(AT_FDCWD, dir, DIG_OPEN_DIRECTORY | DIG_OPEN_FOLLOW);
	enum dig_status st = DIG_OK;

	if (fd < 0)
		return dig_raise_os(
		    err, DIG_EFILE, -fd, "opening the folder '%.200s'", dir);
	if (dig_stat_fd(fd, &there) == 0 &&
	    dig_stat_fd(repo->root_fd, &here) == 0 && there.ino == here.ino &&
	    there.dev == here.dev) {
		st = dig_raise(
		    err, DIG_EINVALID, "'%.200s' is the work tree itself", dir);
		dig_hint(err, "'dig add -A' stages what is in it");
	}
	if (st == DIG_OK)
		*out = fd;
	else
		dig_close(fd);
	return st;
}

static enum dig_status
stage(struct dig_repo *repo, int fd, const char *prefix,
    struct dig_add_result *done, struct dig_error *err)
{
	struct dig_add_options add = {
		.root_fd = fd,
		.prefix = prefix,
		.index = repo->index,
		.verb = "import dir",
		.arg = repo,
		.left_out = on_left_out,
		.progress = on_progress,
	};
	enum dig_status st = dig_add(&add, done, err);

	if (st == DIG_ECANCELLED)
		dig_hint(err, "'dig undo' takes back what is staged so far");
	if (st == DIG_OK && done->failures > 0) {
		st = dig_raise(err, DIG_EFILE,
		    "%" PRIu64 " file%s could not be read; the rest is staged, "
		    "and nothing is committed",
		    done->failures, done->failures == 1 ? "" : "s");
		dig_hint(err, "'dig commit' records it, 'dig undo' takes it "
			      "back");
	}
	return st;
}

enum dig_status
dig_import_dir(struct dig_repo *repo, const char *dir,
    const struct dig_archive_options *options,
    struct dig_archive_result *result, struct dig_error *err)
{
	struct dig_record_options how = {
		.message = options->message,
		.message_len = options->message_len,
		.verb = "import dir",
	};
	struct dig_buf prefix = DIG_BUF_INIT;
	struct dig_add_result done = { 0 };
	struct dig_oid base;
	enum dig_status st;
	int fd = -1;

	memset(result, 0, sizeof(*result));
	st = dig_import_prefix(options->prefix, &prefix, err);
	if (st == DIG_OK)
		st = open_folder(repo, dir, &fd, err);
	if (st == DIG_OK)
		st = dig_import_base(
		    repo, dig_index_state(repo->index), &base, err);
	if (st == DIG_OK)
		st = stage(repo, fd, (const char *)prefix.data, &done, err);
	if (st != DIG_OK || done.added + done.modified + done.removed == 0)
		goto out;
	how.op = done.op;
	st = dig_record_commit(repo, &how, &result->record, err);
	result->committed = st == DIG_OK;
out:
	dig_close(fd);
	dig_buf_clear(&prefix);
	return st;
}
