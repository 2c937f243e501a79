/* SPDX-License-Identifier: MIT
 *
 * An open repository: its index, and what every verb asks of it.
 */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "objects/pack.h"
#include "repo/internal.h"
#include "repo/layout.h"

/* ---- Opening and closing ---------------------------------------------- */

static void
on_index_progress(void *arg, const char *what, uint64_t done)
{
	struct dig_repo *repo = arg;
	struct dig_progress_report report = { what, done, 0, 0, 0, NULL };

	if (repo->talk.progress != NULL)
		repo->talk.progress(repo->talk.arg, &report);
}

static enum dig_status
open_index(struct dig_repo *repo, bool packs_only, struct dig_error *err)
{
	struct dig_index_options options = { 0 };
	int64_t level = 1, timeout = 0, data = 0, parity = 0;
	enum dig_status st;

	st = dig_config_get_int(
	    repo->config, "core.compression", &level, NULL, err);
	if (st == DIG_OK)
		st = dig_config_get_bool(repo->config, "core.verifyWrites",
		    &options.write.verify, NULL, err);
	if (st == DIG_OK)
		st = dig_config_get_int(
		    repo->config, "core.busyTimeout", &timeout, NULL, err);
	if (st == DIG_OK)
		st = dig_config_get_int(
		    repo->config, "parity.data", &data, NULL, err);
	if (st == DIG_OK)
		st = dig_config_get_int(
		    repo->config, "parity.parity", &parity, NULL, err);
	if (st != DIG_OK)
		return st;
	options.write.shape.data = parity > 0 ? (unsigned)data : 0;
	options.write.shape.parity = (unsigned)parity;
	options.dir = repo->dig_dir;
	options.dirfd = repo->dirfd;
	options.timeout_ms = (int)timeout;
	options.write.level = (int)level;
	options.progress = on_index_progress;
	options.progress_arg = repo;
	options.packs_only = packs_only;
	return dig_index_open(&options, &repo->index, err);
}

enum dig_status
dig_repo_open(struct dig_config *config, const struct dig_talk *talk,
    struct dig_repo **out, struct dig_error *err)
{
	struct dig_repo *repo = NULL;
	enum dig_status st;

	st = dig_repo_find(config, talk, &repo, err);
	if (st == DIG_OK)
		st = open_index(repo, false, err);
	if (st != DIG_OK) {
		dig_repo_close(repo);
		return st;
	}
	*out = repo;
	return DIG_OK;
}

/* What is in this folder; packs_only: and nothing is written there. */
static enum dig_status
open_folder(struct dig_config *config, const char *dig_dir, bool packs_only,
    struct dig_repo **out, struct dig_error *err)
{
	struct dig_repo *repo = NULL;
	enum dig_status st;

	st = dig_repo_find_at(config, dig_dir, !packs_only, &repo, err);
	if (st == DIG_OK)
		st = open_index(repo, packs_only, err);
	if (st == DIG_OK)
		*out = repo;
	else
		dig_repo_close(repo);
	return st;
}

enum dig_status
dig_repo_open_at(struct dig_config *config, const char *dig_dir,
    struct dig_repo **out, struct dig_error *err)
{
	return open_folder(config, dig_dir, false, out, err);
}

enum dig_status
dig_repo_open_packs(struct dig_config *config, const char *dig_dir,
    struct dig_repo **out, struct dig_error *err)
{
	return open_folder(config, dig_dir, true, out, err);
}

enum dig_status
dig_repo_refresh(struct dig_repo *repo, struct dig_error *err)
{
	return dig_index_refresh(repo->index, err);
}

void
dig_repo_close(struct dig_repo *repo)
{
	if (repo == NULL)
		return;
	if (repo->index != NULL)
		dig_index_close(repo->index);
	/* Nothing was written through these two. */
	if (repo->dirfd >= 0)
		dig_ignore(dig_close(repo->dirfd) == 0 ? DIG_OK : DIG_EIO);
	if (repo->root_fd >= 0)
		dig_ignore(dig_close(repo->root_fd) == 0 ? DIG_OK : DIG_EIO);
	free(repo->dig_dir);
	free(repo->worktree);
	free(repo->prefix);
	free(repo);
}

/* ---- What it is ------------------------------------------------------- */

struct dig_config *
dig_repo_config(struct dig_repo *repo)
{
	return repo->config;
}

const char *
dig_repo_worktree(const struct dig_repo *repo)
{
	return repo->worktree;
}

const char *
dig_repo_dir(const struct dig_repo *repo)
{
	return repo->dig_dir;
}

const char *
dig_repo_prefix(const struct dig_repo *repo)
{
	return repo->prefix;
}

bool
dig_repo_is_inside(const struct dig_repo *repo)
{
	return repo->inside;
}

bool
dig_repo_index_is_behind(const struct dig_repo *repo)
{
	return dig_index_is_behind(repo->index);
}

uint64_t
dig_repo_healed(struct dig_repo *repo, struct dig_buf *where)
{
	struct dig_location first;
	uint64_t count = 0;
	char name[24];

	if (repo->index != NULL)
		count = dig_store_healed(dig_index_store(repo->index), &first);
	if (count > 0 && where != NULL) {
		dig_pack_name(first.pack, name);
		dig_buf_printf(where, "packs/%s at %llu", name,
		    (unsigned long long)first.offset);
	}
	return count;
}

bool
dig_repo_is_index_damage(const struct dig_error *why)
{
	return dig_db_is_damage(why);
}

enum dig_status
dig_repo_mend_index(struct dig_repo *repo, struct dig_error *err)
{
	return dig_index_rebuild(repo->index, err);
}

const char *
dig_repo_branch(const struct dig_repo *repo)
{
	const struct dig_state *state = dig_index_state(repo->index);

	return state->head_ref == NULL ? NULL : dig_ref_short(state->head_ref);
}

bool
dig_repo_head(const struct dig_repo *repo, struct dig_oid *out)
{
	return dig_state_head(dig_index_state(repo->index), out);
}

void
dig_repo_staged_root(const struct dig_repo *repo, struct dig_oid *out)
{
	*out = dig_index_state(repo->index)->staged_root;
}

const char *
dig_ref_short(const char *name)
{
	static const char *const heads[] = { "refs/heads/", "refs/tags/",
		"refs/remotes/", "refs/" };

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		if (strncmp(name, heads[i], strlen(heads[i])) == 0)
			return name + strlen(heads[i]);
	return name;
}

/* ---- Changing a setting ----------------------------------------------- */

static enum dig_status
edit_config(struct dig_repo *repo, const char *key, const char *value,
    struct dig_error *err)
{
	struct dig_error reason = DIG_ERROR_INIT;
	struct dig_buf text = DIG_BUF_INIT, changed = DIG_BUF_INIT;
	enum dig_status st;
	bool damaged;

	st = dig_layout_read_config(repo->dirfd, &text, &damaged, &reason, err);
	if (st == DIG_OK)
		st = dig_config_edit(DIG_CONFIG_REPO, text.data, text.len, key,
		    value, &changed, err);
	if (st == DIG_OK)
		st = dig_layout_write_config(
		    repo->dirfd, changed.data, changed.len, err);
	dig_buf_clear(&text);
	dig_buf_clear(&changed);
	return st;
}

enum dig_status
dig_repo_config_set(struct dig_repo *repo, const char *key, const char *value,
    struct dig_error *err)
{
	int64_t timeout = DIG_DB_TIMEOUT_MS;
	struct dig_error dummy = DIG_ERROR_INIT;
	enum dig_status st;
	int fd, os;

	/* A timeout that does not parse may be what is being mended. */
	dig_ignore(dig_config_get_int(
	    repo->config, "core.busyTimeout", &timeout, NULL, &dummy));
	fd = dig_layout_open_lock(repo->dirfd);
	if (fd < 0)
		return dig_raise_os(
		    err, DIG_EDENIED, -fd, "opening '%s/lock'", repo->dig_dir);
	os = dig_lock_exclusive(fd, timeout);
	if (os == 0)
		st = edit_config(repo, key, value, err);
	else
		st =
		    dig_raise_os(err, os == EWOULDBLOCK ? DIG_ELOCKED : DIG_EIO,
			os == EWOULDBLOCK ? 0 : os,
			"another process holds '%s/lock'", repo->dig_dir);
	dig_ignore(dig_close(fd) == 0 ? DIG_OK : DIG_EIO); /* lets go */
	return st;
}

/* ---- For the other files of repo/ ------------------------------------- */

void
dig_repo_warn(struct dig_repo *repo, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (repo->talk.warn == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	repo->talk.warn(repo->talk.arg, text);
}

enum dig_status
dig_repo_read_commit(struct dig_repo *repo, const struct dig_oid *id,
    struct dig_buf *bytes, struct dig_commit *out, struct dig_error *err)
{
	char hex[DIG_OID_HEX + 1];
	enum dig_status st;

	st = dig_reader_get(
	    dig_index_reader(repo->index), DIG_KIND_COMMIT, id, bytes, err);
	if (st == DIG_OK)
		st = dig_commit_decode(bytes->data, bytes->len, out, err);
	if (st != DIG_OK) {
		dig_oid_hex(id, hex);
		dig_wrap(err, "commit %.16s", hex);
	}
	return st;
}

enum dig_status
dig_repo_commit_tree(struct dig_repo *repo, const struct dig_oid *id,
    struct dig_oid *out, struct dig_error *err)
{
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_commit commit;
	enum dig_status st;

	st = dig_repo_read_commit(repo, id, &bytes, &commit, err);
	if (st == DIG_OK)
		*out = commit.tree;
	dig_buf_clear(&bytes);
	return st;
}

enum dig_status
dig_repo_head_tree(
    struct dig_repo *repo, struct dig_oid *out, struct dig_error *err)
{
	struct dig_oid id;

	if (dig_repo_head(repo, &id))
		return dig_repo_commit_tree(repo, &id, out, err);
	dig_tree_empty(out);
	return DIG_OK;
}
