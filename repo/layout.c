/* SPDX-License-Identifier: MIT
 *
 * Reading and healing of `format` and `config`.
 */
#include "repo/layout.h"

#include <stdio.h>
#include <string.h>

#include "objects/base/io.h"
#include "repo/config_internal.h"

#define FORMAT_MAX 4096
#define WORD "dig-repository "

/* What one copy says. */
enum verdict { GOOD, GONE, BAD };

/* ---- format ----------------------------------------------------------- */

/*
 * "dig-repository" VERSION {FEATURE} newline, single spaces between. Good with
 * *unknown set: well-formed, and not for us.
 */
static enum verdict
parse_format(struct dig_buf *text, const char **unknown)
{
	char *at = (char *)text->data;

	*unknown = NULL;
	if (text->len <= strlen(WORD) || memchr(at, '\0', text->len) != NULL ||
	    strncmp(at, WORD, strlen(WORD)) != 0 || at[text->len - 1] != '\n')
		return BAD;
	at[--text->len] = '\0';
	at += strlen(WORD);
	for (const char *p = at; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			return BAD;
	if (strcmp(at, "1") == 0)
		return GOOD;
	if (strncmp(at, "1 ", 2) == 0)
		at += 2;
	else if (at[0] < '1' || at[0] > '9' ||
		 at[strspn(at, "0123456789")] > ' ')
		return BAD;
	*unknown = at;
	return at[0] == '\0' ? BAD : GOOD;
}

static enum dig_status
refuse_format(
    const struct dig_buf *text, const char *unknown, struct dig_error *err)
{
	bool feature = unknown != (const char *)text->data + strlen(WORD);
	int len = (int)strcspn(unknown, " ");

	dig_ignore(dig_raise(err, DIG_EINVALID,
	    feature
		? "the repository needs '%.*s', which this dig does not know"
		: "the repository has format %.*s, this dig knows format 1",
	    len > 100 ? 100 : len, unknown));
	dig_hint(err, "a newer dig can open it");
	return DIG_EINVALID;
}

static enum dig_status
read_format(
    int dirfd, const char *name, enum verdict *out, struct dig_error *err)
{
	struct dig_buf text = DIG_BUF_INIT;
	const char *unknown = NULL;
	enum dig_status st;

	st = dig_read_file(dirfd, name, FORMAT_MAX, &text, DIG_EIO, err);
	*out = st == DIG_ENOTFOUND ? GONE : BAD;
	if (st == DIG_OK)
		*out = parse_format(&text, &unknown);
	if (st == DIG_ENOTFOUND || st == DIG_EINVALID)
		st = DIG_OK;
	if (*out == GOOD && unknown != NULL)
		st = refuse_format(&text, unknown, err);
	dig_buf_clear(&text);
	return st;
}

enum dig_status
dig_layout_check_format(int dirfd, bool *damaged, struct dig_error *err)
{
	enum verdict first = BAD, second = BAD;
	struct dig_error late = DIG_ERROR_INIT;
	enum dig_status st;

	st = read_format(dirfd, "format", &first, err);
	if (st != DIG_OK) {
		if (st == DIG_EINVALID &&
		    read_format(dirfd, "format.2", &second, &late) == DIG_OK &&
		    second == GOOD)
			dig_hint(err, "a newer dig can open it; or the file is "
				      "damaged: its copy .dig/format.2 names a "
				      "format that this dig knows");
		return st;
	}
	/* A copy of a later version is an upgrade that did not come to pass. */
	st = read_format(dirfd, "format.2", &second, &late);
	if (first != GOOD && st != DIG_OK) {
		*err = late;
		return st;
	}
	if (first != GOOD && second != GOOD)
		return dig_raise(err, DIG_ECORRUPT,
		    "neither 'format' nor its copy 'format.2' can be read");
	*damaged = first != GOOD || second != GOOD || st != DIG_OK;
	return DIG_OK;
}

/* ---- config ----------------------------------------------------------- */

static enum dig_status
read_config(int dirfd, const char *name, struct dig_buf *out,
    enum verdict *verdict, struct dig_error *reason, struct dig_error *err)
{
	enum dig_status st;

	*verdict = GOOD;
	st = dig_read_file(dirfd, name, DIG_CONFIG_FILE_MAX, out, DIG_EIO, err);
	if (st == DIG_ENOTFOUND) {
		*verdict = GONE;
		return DIG_OK;
	}
	if (st == DIG_OK &&
	    dig_config_check_text(name, out->data, out->len, reason) == DIG_OK)
		return DIG_OK;
	if (st == DIG_EINVALID)
		*reason = *err;
	else if (st != DIG_OK)
		return st;
	*verdict = BAD;
	return DIG_OK;
}

enum dig_status
dig_layout_read_config(int dirfd, struct dig_buf *out, bool *damaged,
    struct dig_error *reason, struct dig_error *err)
{
	struct dig_error dummy = DIG_ERROR_INIT;
	struct dig_buf copy = DIG_BUF_INIT;
	enum verdict first = BAD, second = BAD;
	enum dig_status st;

	reason->msg[0] = '\0';
	st = read_config(dirfd, "config", out, &first, reason, err);
	if (st == DIG_OK)
		st =
		    read_config(dirfd, "config.2", &copy, &second, &dummy, err);
	if (st != DIG_OK)
		goto out;
	if (first != GOOD && second != GOOD) {
		st = dig_raise(err, DIG_ECORRUPT,
		    "neither 'config' nor its copy 'config.2' can be read");
		goto out;
	}
	*damaged = first != GOOD || second != GOOD || copy.len != out->len ||
		   memcmp(copy.data, out->data, out->len) != 0;
	if (first != GOOD) {
		dig_buf_reset(out);
		dig_buf_put(out, copy.data, copy.len);
	}
	if (first == GOOD || first == GONE)
		reason->msg[0] = '\0';
out:
	dig_buf_clear(&copy);
	return st;
}

enum dig_status
dig_layout_write_config(
    int dirfd, const void *data, size_t len, struct dig_error *err)
{
	enum dig_status st;

	st = dig_replace_file(dirfd, "config", data, len, err);
	if (st == DIG_OK)
		st = dig_replace_file(dirfd, "config.2", data, len, err);
	return st;
}

/* ---- healing ---------------------------------------------------------- */

/* Keep a copy of what is about to be replaced. */
static void
keep_bad(int dirfd, const char *name)
{
	struct dig_buf text = DIG_BUF_INIT;
	struct dig_error err = DIG_ERROR_INIT;
	char kept[64];
	int fd;

	if (dig_read_file(dirfd, name, DIG_CONFIG_FILE_MAX, &text, DIG_EIO,
		&err) == DIG_OK) {
		snprintf(kept, sizeof(kept), "%s.%lld", name,
		    (long long)dig_wall_seconds());
		fd = dig_open_at(dirfd, "quarantine", DIG_OPEN_DIRECTORY);
		/* Not kept is no reason not to heal. */
		if (fd >= 0)
			dig_ignore(dig_replace_file(
			    fd, kept, text.data, text.len, &err));
		if (fd >= 0)
			dig_ignore(dig_close(fd) == 0 ? DIG_OK : DIG_EIO);
	}
	dig_buf_clear(&text);
}

static enum dig_status
heal_format(int dirfd, struct dig_error *err)
{
	static const char *const names[] = { "format", "format.2" };
	enum dig_status st = DIG_OK;
	bool damaged = false;

	st = dig_layout_check_format(dirfd, &damaged, err);
	for (size_t i = 0; i < 2 && st == DIG_OK && damaged; i++) {
		enum verdict verdict = BAD;
		struct dig_error dummy = DIG_ERROR_INIT;

		if (read_format(dirfd, names[i], &verdict, &dummy) == DIG_OK &&
		    verdict == GOOD)
			continue;
		if (verdict != GONE)
			keep_bad(dirfd, names[i]);
		st = dig_replace_file(dirfd, names[i], DIG_LAYOUT_FORMAT,
		    strlen(DIG_LAYOUT_FORMAT), err);
	}
	return st;
}

static enum dig_status
heal_config(int dirfd, struct dig_error *err)
{
	struct dig_error reason = DIG_ERROR_INIT;
	struct dig_buf text = DIG_BUF_INIT;
	enum dig_status st;
	bool damaged = false;

	st = dig_layout_read_config(dirfd, &text, &damaged, &reason, err);
	if (st == DIG_OK && damaged) {
		if (reason.msg[0] != '\0')
			keep_bad(dirfd, "config");
		st = dig_layout_write_config(dirfd, text.data, text.len, err);
	}
	dig_buf_clear(&text);
	return st;
}

int
dig_layout_open_lock(int dirfd)
{
	return dig_open_at(dirfd, "lock", DIG_OPEN_WRITE | DIG_OPEN_CREATE);
}

void
dig_layout_heal(int dirfd)
{
	struct dig_error err = DIG_ERROR_INIT;
	int fd = dig_layout_open_lock(dirfd);

	if (fd < 0)
		return;
	/* Under the lock all is read again: another may have been here. */
	if (dig_lock_exclusive(fd, 0) == 0 &&
	    (heal_format(dirfd, &err) != DIG_OK ||
		heal_config(dirfd, &err) != DIG_OK))
		dig_log("not healed: %s", err.msg);
	dig_ignore(dig_close(fd) == 0 ? DIG_OK : DIG_EIO);
}

bool
dig_layout_is_repo(int dirfd)
{
	static const char *const names[] = { "format", "format.2", "journal" };
	struct dig_stat info;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (dig_stat_at(dirfd, names[i], &info) == 0)
			return true;
	return false;
}
