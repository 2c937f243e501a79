/* SPDX-License-Identifier: MIT
 *
 * Which hooks the user trusts (H1): a file for each repository in the user's
 * own state folder, named by the repository's store id and place.
 *
 *	# /home/me/work/.dig
 *	<SHA-256 of the hook, hex> pre-commit
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "repo/hook_internal.h"

#define FILE_MAX ((size_t)1 << 20)
#define HEX 64
#define LOCK_MS 5000

void
dig_hook_trusts_clear(struct dig_hook_trusts *trusts)
{
	for (size_t i = 0; i < trusts->count; i++)
		free(trusts->at[i].name);
	free(trusts->at);
	memset(trusts, 0, sizeof(*trusts));
}

/* ---- The place -------------------------------------------------------- */

/* $XDG_STATE_HOME/dig/hooks, else ~/.local/state/dig/hooks. */
static enum dig_status
find_folder(struct dig_buf *out, struct dig_error *err)
{
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");

	if (state != NULL && state[0] == '/')
		dig_buf_printf(out, "%s/dig/hooks", state);
	else if (home != NULL && home[0] == '/')
		dig_buf_printf(out, "%s/.local/state/dig/hooks", home);
	else
		return dig_raise(err, DIG_EDENIED,
		    "neither XDG_STATE_HOME nor HOME says where trust in hooks "
		    "is kept");
	return DIG_OK;
}

static enum dig_status
make_folders(const char *path, struct dig_error *err)
{
	char *part = dig_strdup(path);
	int rc = 0;

	for (char *at = part + 1; rc == 0 && at != NULL; at = at + 1) {
		at = strchr(at, '/');
		if (at != NULL)
			*at = '\0';
		rc = dig_mkdir_at(AT_FDCWD, part, 0700);
		if (rc == EEXIST)
			rc = 0;
		if (at == NULL)
			break;
		*at = '/';
	}
	free(part);
	return rc == 0
		   ? DIG_OK
		   : dig_raise_os(err, DIG_EFILE, rc, "making '%.300s'", path);
}

/* The folder's descriptor, or -1 where it is not there and not to be made. */
static enum dig_status
open_folder(bool make, int *out, struct dig_error *err)
{
	struct dig_buf path = DIG_BUF_INIT;
	struct dig_stat sb = { 0 };
	enum dig_status st;

	*out = -1;
	st = find_folder(&path, err);
	if (st == DIG_EDENIED && !make)
		st = DIG_OK; /* then nothing is trusted */
	else if (st == DIG_OK && make)
		st = make_folders((const char *)path.data, err);
	if (st == DIG_OK && path.len > 0)
		*out = dig_open_at(AT_FDCWD, (const char *)path.data,
		    DIG_OPEN_DIRECTORY | DIG_OPEN_FOLLOW);
	if (st == DIG_OK && *out < 0 &&
	    (make || (*out != -ENOENT && *out != -ENOTDIR)) && path.len > 0)
		st = dig_raise_os(err, DIG_EFILE, -*out, "opening '%.300s'",
		    (const char *)path.data);
	if (st == DIG_OK && *out >= 0 &&
	    (dig_stat_fd(*out, &sb) != 0 || sb.uid != geteuid() ||
		(sb.mode & 022) != 0))
		st = dig_raise(err, DIG_EDENIED,
		    "'%.300s' is not yours alone to write",
		    (const char *)path.data);
	if (st != DIG_OK && *out >= 0)
		dig_close(*out);
	if (st != DIG_OK || *out < 0)
		*out = -1;
	dig_buf_clear(&path);
	return st;
}

/* The name of the repository's file in it, and the place of the repository. */
static enum dig_status
find_file(struct dig_repo *repo, char name[HEX + 1], char **place,
    struct dig_error *err)
{
	struct dig_buf key = DIG_BUF_INIT;
	struct dig_oid id;
	int rc = dig_real_path(repo->dig_dir, place);

	if (rc != 0)
		return dig_raise_os(
		    err, DIG_EIO, rc, "opening '%.300s'", repo->dig_dir);
	dig_buf_put(&key,
	    dig_journal_store_id(
		dig_store_journal(dig_index_store(repo->index))),
	    32);
	dig_buf_puts(&key, *place);
	dig_sha256(key.data, key.len, id.bytes);
	dig_oid_hex(&id, name);
	dig_buf_clear(&key);
	return DIG_OK;
}

/* ---- Reading ---------------------------------------------------------- */

static void
put(struct dig_hook_trusts *trusts, const char *name, size_t len,
    const char *digest)
{
	struct dig_hook_trusted *one = NULL;

	for (size_t i = 0; i < trusts->count; i++)
		if (strlen(trusts->at[i].name) == len &&
		    memcmp(trusts->at[i].name, name, len) == 0)
			one = &trusts->at[i];
	if (one == NULL) {
		DIG_GROW(trusts->at, trusts->cap, trusts->count + 1);
		one = &trusts->at[trusts->count++];
		one->name = dig_memdup0(name, len);
	}
	memcpy(one->digest, digest, HEX);
	one->digest[HEX] = '\0';
}

/* A line that is none of ours is left out. */
static void
parse(const struct dig_buf *text, struct dig_hook_trusts *out)
{
	const char *at = (const char *)text->data, *end = at + text->len;

	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((stop != NULL ? stop : end) - at);

		if (len > HEX + 1 && at[HEX] == ' ' &&
		    strspn(at, "0123456789abcdef") == HEX)
			put(out, at + HEX + 1, len - HEX - 1, at);
		at += len + 1;
	}
}

static enum dig_status
read_file(int fd, const char *name, struct dig_hook_trusts *out,
    struct dig_error *err)
{
	struct dig_buf text = DIG_BUF_INIT;
	struct dig_stat sb;
	enum dig_status st;
	int rc = dig_stat_at(fd, name, &sb);

	if (rc == ENOENT)
		return DIG_OK;
	if (rc == 0 && (sb.uid != geteuid() || (sb.mode & 022) != 0))
		return dig_raise(err, DIG_EDENIED,
		    "the list of trusted hooks is not yours alone to write: "
		    "%s",
		    name);
	st = dig_read_file(fd, name, FILE_MAX, &text, DIG_EFILE, err);
	if (st == DIG_OK)
		parse(&text, out);
	dig_buf_clear(&text);
	return st == DIG_ENOTFOUND ? DIG_OK : st;
}

enum dig_status
dig_hook_trusts_read(
    struct dig_repo *repo, struct dig_hook_trusts *out, struct dig_error *err)
{
	char name[HEX + 1];
	char *place = NULL;
	enum dig_status st;
	int fd = -1;

	st = open_folder(false, &fd, err);
	if (st == DIG_OK && fd >= 0) {
		st = find_file(repo, name, &place, err);
		if (st == DIG_OK)
			st = read_file(fd, name, out, err);
		dig_close(fd);
	}
	free(place);
	return st;
}

enum dig_hook_state
dig_hook_state_of(
    const struct dig_hook_trusts *trusts, const struct dig_hook_file *file)
{
	if (file->unfit != NULL)
		return DIG_HOOK_UNFIT;
	for (size_t i = 0; i < trusts->count; i++)
		if (strcmp(trusts->at[i].name, file->name) == 0)
			return strcmp(trusts->at[i].digest, file->digest) == 0
				   ? DIG_HOOK_TRUSTED
				   : DIG_HOOK_CHANGED;
	return DIG_HOOK_NEW;
}

/* ---- Changing --------------------------------------------------------- */

typedef enum dig_status change_fn(
    void *arg, struct dig_hook_trusts *trusts, struct dig_error *err);

static enum dig_status
write_file(int fd, const char *name, const char *place,
    const struct dig_hook_trusts *trusts, struct dig_error *err)
{
	struct dig_buf text = DIG_BUF_INIT;
	enum dig_status st;

	dig_buf_puts(&text, "# ");
	dig_path_quote(&text, place, strlen(place), true);
	dig_buf_putc(&text, '\n');
	for (size_t i = 0; i < trusts->count; i++)
		dig_buf_printf(
		    &text, "%s %s\n", trusts->at[i].digest, trusts->at[i].name);
	st = dig_replace_file(fd, name, text.data, text.len, err);
	dig_buf_clear(&text);
	if (st == DIG_EIO) /* it is no file of a repository */
		st = err->status = DIG_EFILE;
	return st;
}

static enum dig_status
change(struct dig_repo *repo, change_fn *fn, void *arg, struct dig_error *err)
{
	struct dig_hook_trusts trusts = { NULL, 0, 0 };
	char name[HEX + 1];
	char *place = NULL;
	enum dig_status st;
	int fd = -1, rc;

	st = open_folder(true, &fd, err);
	if (st != DIG_OK)
		return st;
	rc = dig_lock_exclusive(fd, LOCK_MS);
	if (rc == EWOULDBLOCK)
		st = dig_raise(err, DIG_ELOCKED,
		    "another process changes the list of trusted hooks");
	if (st == DIG_OK)
		st = find_file(repo, name, &place, err);
	if (st == DIG_OK)
		st = read_file(fd, name, &trusts, err);
	if (st == DIG_OK)
		st = fn(arg, &trusts, err);
	if (st == DIG_OK)
		st = write_file(fd, name, place, &trusts, err);
	dig_hook_trusts_clear(&trusts);
	dig_close(fd); /* lets go */
	free(place);
	return st;
}

static enum dig_status
add_all(void *arg, struct dig_hook_trusts *trusts, struct dig_error *err)
{
	const struct dig_hook_list *list = arg;

	(void)err;
	for (size_t i = 0; i < list->count; i++)
		put(trusts, list->at[i].name, strlen(list->at[i].name),
		    list->at[i].digest);
	return DIG_OK;
}

static bool
is_named(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return count == 0;
}

/* All that was read, but only what was named; every name is there. */
static enum dig_status
choose(struct dig_hook_list *all, const char *const *names, size_t count,
    struct dig_hook_list *out, struct dig_error *err)
{
	for (size_t i = 0; i < count; i++) {
		bool found = false;

		for (size_t k = 0; k < all->count; k++)
			found |= strcmp(all->at[k].name, names[i]) == 0;
		if (found)
			continue;
		dig_ignore(dig_raise(
		    err, DIG_ENOTFOUND, "there is no hook '%.200s'", names[i]));
		dig_hint(err, "'dig hook list' lists them");
		return DIG_ENOTFOUND;
	}
	for (size_t i = 0; i < all->count; i++) {
		struct dig_hook_item *item = &all->at[i];

		if (!is_named(names, count, item->name))
			continue;
		if (item->state == DIG_HOOK_UNFIT && count == 0)
			continue;
		if (item->state == DIG_HOOK_UNFIT)
			return dig_raise(err, DIG_EINVALID,
			    "'%.200s' cannot run: make it an executable "
			    "regular file, named with letters, digits, '.', "
			    "'_' and '-'",
			    item->name);
		DIG_GROW(out->at, out->cap, out->count + 1);
		out->at[out->count++] = *item;
		item->name = NULL;
	}
	return DIG_OK;
}

enum dig_status
dig_hook_trust(struct dig_repo *repo, const char *const *names, size_t count,
    struct dig_hook_list *out, struct dig_error *err)
{
	struct dig_hook_list all = { NULL, 0, 0 };
	enum dig_status st;

	dig_hook_list_clear(out);
	st = dig_hook_list(repo, &all, err);
	if (st == DIG_OK)
		st = choose(&all, names, count, out, err);
	if (st == DIG_OK && out->count > 0)
		st = change(repo, add_all, out, err);
	dig_hook_list_clear(&all);
	if (st != DIG_OK)
		dig_hook_list_clear(out);
	return st;
}

struct revoking {
	const char *const *names;
	size_t count;
	size_t revoked;
};

static enum dig_status
remove_all(void *arg, struct dig_hook_trusts *trusts, struct dig_error *err)
{
	struct revoking *what = arg;
	size_t kept = 0;

	for (size_t i = 0; i < what->count; i++) {
		bool found = false;

		for (size_t k = 0; k < trusts->count; k++)
			found |=
			    strcmp(trusts->at[k].name, what->names[i]) == 0;
		if (!found)
			return dig_raise(err, DIG_ENOTFOUND,
			    "'%.200s' was not trusted", what->names[i]);
	}
	for (size_t i = 0; i < trusts->count; i++) {
		if (is_named(what->names, what->count, trusts->at[i].name)) {
			free(trusts->at[i].name);
			what->revoked++;
		} else {
			trusts->at[kept++] = trusts->at[i];
		}
	}
	trusts->count = kept;
	return DIG_OK;
}

enum dig_status
dig_hook_revoke(struct dig_repo *repo, const char *const *names, size_t count,
    size_t *revoked, struct dig_error *err)
{
	struct revoking what = { names, count, 0 };
	enum dig_status st = change(repo, remove_all, &what, err);

	*revoked = what.revoked;
	return st;
}
