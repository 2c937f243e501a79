/* SPDX-License-Identifier: MIT
 *
 * Settings as they were read: scopes, lookup, warnings, the user's files.
 *
 * Nothing here follows an include, expands a variable or starts a program.
 */
#include "repo/config.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "objects/base/io.h"
#include "repo/config_internal.h"

/* The settings that were read. */

struct entry {
	char *key; /* canonical */
	char *value;
	const struct dig_config_key *spec; /* NULL: not on the list */
	enum dig_config_scope scope;
	const char *file; /* interned in cfg->names */
	unsigned line;
	bool used;
};

struct dig_config {
	struct entry *entries; /* by scope, then in the order of reading */
	size_t nentries;
	size_t cap;
	char **names;
	size_t nnames;
	size_t names_cap;
	char **warnings;
	size_t nwarnings;
	size_t warnings_cap;
};

struct dig_config *
dig_config_new(void)
{
	return dig_calloc(1, sizeof(struct dig_config));
}

static void
entry_clear(struct entry *entry)
{
	free(entry->key);
	free(entry->value);
}

void
dig_config_free(struct dig_config *cfg)
{
	if (cfg == NULL)
		return;
	for (size_t i = 0; i < cfg->nentries; i++)
		entry_clear(&cfg->entries[i]);
	for (size_t i = 0; i < cfg->nnames; i++)
		free(cfg->names[i]);
	for (size_t i = 0; i < cfg->nwarnings; i++)
		free(cfg->warnings[i]);
	free(cfg->entries);
	free(cfg->names);
	free(cfg->warnings);
	free(cfg);
}

/* A file of a million bad keys is told of by its first few. */
#define WARNINGS_MAX 16

static void
warn_take(struct dig_config *cfg, struct dig_buf *text)
{
	if (cfg->nwarnings == WARNINGS_MAX) {
		dig_buf_clear(text);
		return;
	}
	DIG_GROW(cfg->warnings, cfg->warnings_cap, cfg->nwarnings + 1);
	cfg->warnings[cfg->nwarnings++] = dig_buf_detach(text);
}

static const char *
intern_name(struct dig_config *cfg, const char *name)
{
	for (size_t i = 0; i < cfg->nnames; i++)
		if (strcmp(cfg->names[i], name) == 0)
			return cfg->names[i];
	DIG_GROW(cfg->names, cfg->names_cap, cfg->nnames + 1);
	cfg->names[cfg->nnames] = dig_strdup(name);
	return cfg->names[cfg->nnames++];
}

/* Takes key and value. */
static void
entry_add(struct dig_config *cfg, const struct entry *entry)
{
	size_t at = cfg->nentries;

	DIG_GROW(cfg->entries, cfg->cap, cfg->nentries + 1);
	while (at > 0 && cfg->entries[at - 1].scope > entry->scope)
		at--;
	memmove(cfg->entries + at + 1, cfg->entries + at,
	    (cfg->nentries - at) * sizeof(*cfg->entries));
	cfg->entries[at] = *entry;
	cfg->nentries++;
}

/* Git's files hold much that is not dig's: that is no news. */
static void
entry_warn(struct dig_config *cfg, const struct entry *entry)
{
	struct dig_buf text = DIG_BUF_INIT;

	if (entry->used || entry->scope == DIG_CONFIG_GIT)
		return;
	dig_buf_printf(&text, "%s:%u: ", entry->file, entry->line);
	if (entry->spec == NULL)
		dig_buf_printf(
		    &text, "unknown key '%s' is not used", entry->key);
	else if (entry->scope == DIG_CONFIG_REPO)
		dig_buf_printf(&text,
		    "'%s' is not taken from a repository; set it with "
		    "'dig config --global'",
		    entry->spec->key);
	else
		dig_buf_printf(&text, "'%s' belongs to one repository only",
		    entry->spec->key);
	warn_take(cfg, &text);
}

static void
entry_from_parser(struct dig_config *cfg, enum dig_config_scope scope,
    const char *file, const struct dig_config_parser *p)
{
	struct entry entry = { 0 };
	struct dig_buf key = DIG_BUF_INIT;

	dig_buf_put(&key, p->section.data, p->section.len);
	dig_buf_putc(&key, '.');
	dig_buf_put(&key, p->key.data, p->key.len);
	entry.key = dig_buf_detach(&key);
	entry.value = p->bare ? dig_strdup("true")
			      : dig_memdup0(p->value.data, p->value.len);
	entry.spec = dig_config_find(entry.key);
	entry.scope = scope;
	entry.file = intern_name(cfg, file);
	entry.line = p->item_line;
	entry.used =
	    entry.spec != NULL && dig_config_honours(entry.spec, scope);
	entry_warn(cfg, &entry);
	entry_add(cfg, &entry);
}

enum dig_status
dig_config_load_bytes(struct dig_config *cfg, enum dig_config_scope scope,
    const char *name, const void *data, size_t len, struct dig_error *err)
{
	struct dig_config_parser p;
	enum dig_config_item item = ITEM_SECTION;
	enum dig_status st;

	st = dig_config_check_text(name, data, len, err);
	if (st != DIG_OK)
		return st;
	dig_config_parser_init(&p, data, len);
	while (st == DIG_OK && item != ITEM_END) {
		st = dig_config_parser_next(&p, name, &item, err);
		if (st == DIG_OK && item == ITEM_KEY)
			entry_from_parser(cfg, scope, name, &p);
	}
	dig_config_parser_clear(&p);
	return st;
}

enum dig_status
dig_config_load_file(struct dig_config *cfg, enum dig_config_scope scope,
    int dirfd, const char *name, const char *shown, enum dig_status io_status,
    struct dig_error *err)
{
	struct dig_buf text = DIG_BUF_INIT;
	enum dig_status st;

	st = dig_read_file(
	    dirfd, name, DIG_CONFIG_FILE_MAX, &text, io_status, err);
	if (st == DIG_OK)
		st = dig_config_load_bytes(
		    cfg, scope, shown, text.data, text.len, err);
	dig_buf_clear(&text);
	return st;
}

/* A user may well keep dotfiles as symbolic links: these are followed. */
static enum dig_status
read_followed(const char *path, struct dig_buf *out, struct dig_error *err)
{
	struct dig_stat info;
	int64_t got = 0;
	int fd = dig_open_at(AT_FDCWD, path, DIG_OPEN_FOLLOW);
	int os;

	if (fd == -ENOENT || fd == -ENOTDIR || fd == -EACCES)
		return DIG_ENOTFOUND;
	if (fd < 0)
		return dig_raise_os(err, DIG_EFILE, -fd, "reading %s", path);
	os = dig_stat_fd(fd, &info);
	if (os == 0 && info.type != DIG_FT_REGULAR)
		os = EINVAL;
	if (os == 0) {
		dig_buf_reserve(out, DIG_CONFIG_FILE_MAX + 1);
		got = dig_read_full(fd, out->data, DIG_CONFIG_FILE_MAX + 1);
		if (got < 0)
			os = (int)-got;
		else
			out->len = (size_t)got;
	}
	if (os != 0)
		dig_ignore(
		    dig_raise_os(err, DIG_EFILE, os, "reading %s", path));
	dig_ignore(dig_close(fd) == 0 ? DIG_OK : DIG_EFILE); /* only read */
	return os == 0 ? DIG_OK : DIG_EFILE;
}

static void
load_optional(
    struct dig_config *cfg, enum dig_config_scope scope, const char *path)
{
	struct dig_error err = DIG_ERROR_INIT;
	struct dig_buf text = DIG_BUF_INIT;
	enum dig_status st;

	st = read_followed(path, &text, &err);
	if (st == DIG_OK)
		st = dig_config_load_bytes(
		    cfg, scope, path, text.data, text.len, &err);
	dig_buf_clear(&text);
	/* Git judges its own files. */
	if (st != DIG_OK && st != DIG_ENOTFOUND && scope != DIG_CONFIG_GIT) {
		dig_buf_printf(&text, "%s; the file is not used", err.msg);
		warn_take(cfg, &text);
	}
}

/* $XDG_CONFIG_HOME/tail, else ~/.config/tail; false when neither is set. */
static bool
xdg_path(struct dig_buf *out, const char *tail)
{
	const char *xdg = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");

	dig_buf_reset(out);
	if (xdg != NULL && xdg[0] == '/')
		dig_buf_printf(out, "%s/%s", xdg, tail);
	else if (home != NULL && home[0] == '/')
		dig_buf_printf(out, "%s/.config/%s", home, tail);
	else
		return false;
	return true;
}

enum dig_status
dig_config_user_path(struct dig_buf *out, struct dig_error *err)
{
	if (xdg_path(out, "dig/config"))
		return DIG_OK;
	return dig_raise(
	    err, DIG_ENOTFOUND, "no place for your settings: HOME is not set");
}

void
dig_config_load_user(struct dig_config *cfg)
{
	const char *home = getenv("HOME");
	struct dig_buf path = DIG_BUF_INIT;

	if (xdg_path(&path, "git/config"))
		load_optional(cfg, DIG_CONFIG_GIT, (const char *)path.data);
	if (home != NULL && home[0] == '/') {
		dig_buf_reset(&path);
		dig_buf_printf(&path, "%s/.gitconfig", home);
		load_optional(cfg, DIG_CONFIG_GIT, (const char *)path.data);
	}
	if (xdg_path(&path, "dig/config"))
		load_optional(cfg, DIG_CONFIG_USER, (const char *)path.data);
	dig_buf_clear(&path);
}

static void
entry_from_value(struct dig_config *cfg, enum dig_config_scope scope,
    const char *name, const char *canonical, const char *value)
{
	struct entry entry = { 0 };

	entry.key = dig_strdup(canonical);
	entry.value = dig_strdup(value);
	entry.spec = dig_config_find(canonical);
	entry.scope = scope;
	entry.file = intern_name(cfg, name);
	entry.used = true;
	entry_add(cfg, &entry);
}

void
dig_config_load_environment(struct dig_config *cfg)
{
	struct dig_buf key = DIG_BUF_INIT;
	const struct dig_config_key *spec;

	for (size_t i = 0; (spec = dig_config_key_at(i)) != NULL; i++) {
		const char *value = NULL;

		if (spec->variable != NULL)
			value = getenv(spec->variable);
		if (value != NULL && dig_config_canonical(&key, spec->key))
			entry_from_value(cfg, DIG_CONFIG_ENVIRONMENT,
			    spec->variable, (const char *)key.data, value);
	}
	dig_buf_clear(&key);
}

enum dig_status
dig_config_set_flag(struct dig_config *cfg, const char *key, const char *value,
    struct dig_error *err)
{
	struct dig_buf canonical = DIG_BUF_INIT;
	const struct dig_config_key *spec = NULL;
	enum dig_status st;

	st = dig_config_resolve(key, &canonical, &spec, err);
	if (st == DIG_OK)
		st = dig_config_allowed(spec, DIG_CONFIG_FLAG, value, err);
	if (st == DIG_OK)
		entry_from_value(cfg, DIG_CONFIG_FLAG, "command line",
		    (const char *)canonical.data, value);
	dig_buf_clear(&canonical);
	return st;
}

static struct dig_config_entry
entry_show(const struct entry *entry)
{
	struct dig_config_entry out = { entry->key, entry->value, entry->scope,
		entry->file, entry->line, entry->used };

	if (entry->spec != NULL && strchr(entry->spec->key, '*') == NULL)
		out.key = entry->spec->key;
	return out;
}

static enum dig_status
lookup(const struct dig_config *cfg, const char *key,
    struct dig_config_entry *out, int64_t *number, bool *truth,
    enum dig_config_type *type, struct dig_error *err)
{
	struct dig_buf canonical = DIG_BUF_INIT;
	const struct dig_config_key *spec = NULL;
	const struct entry *found = NULL;
	enum dig_status st;

	st = dig_config_resolve(key, &canonical, &spec, err);
	if (st != DIG_OK)
		goto out;
	for (size_t i = cfg->nentries; i-- > 0 && found == NULL;)
		if (cfg->entries[i].used &&
		    strcmp(cfg->entries[i].key, (const char *)canonical.data) ==
			0)
			found = &cfg->entries[i];
	if (found != NULL) {
		*out = entry_show(found);
	} else if (spec->preset != NULL) {
		*out = (struct dig_config_entry){ spec->key, spec->preset,
			DIG_CONFIG_DEFAULT, "", 0, true };
	} else {
		st = dig_raise(err, DIG_ENOTFOUND, "%s is not set", key);
		goto out;
	}
	*type = spec->type;
	st = dig_config_check(spec, out->value, number, truth, err);
	if (st != DIG_OK && out->line != 0)
		dig_wrap(err, "%s:%u", out->file, out->line);
	else if (st != DIG_OK)
		dig_wrap(err, "%s", out->file);
out:
	dig_buf_clear(&canonical);
	return st;
}

enum dig_status
dig_config_get_string(const struct dig_config *cfg, const char *key,
    const char **out, struct dig_config_entry *entry, struct dig_error *err)
{
	struct dig_config_entry got;
	enum dig_config_type type;
	enum dig_status st;
	int64_t number;
	bool truth;

	st = lookup(cfg, key, &got, &number, &truth, &type, err);
	if (st != DIG_OK)
		return st;
	if (entry != NULL)
		*entry = got;
	*out = got.value;
	return DIG_OK;
}

enum dig_status
dig_config_get_bool(const struct dig_config *cfg, const char *key, bool *out,
    struct dig_config_entry *entry, struct dig_error *err)
{
	struct dig_config_entry got;
	enum dig_config_type type;
	enum dig_status st;
	int64_t number;
	bool truth = false;

	st = lookup(cfg, key, &got, &number, &truth, &type, err);
	if (st != DIG_OK)
		return st;
	assert(type == KEY_BOOL);
	if (entry != NULL)
		*entry = got;
	*out = truth;
	return DIG_OK;
}

enum dig_status
dig_config_get_int(const struct dig_config *cfg, const char *key, int64_t *out,
    struct dig_config_entry *entry, struct dig_error *err)
{
	struct dig_config_entry got;
	enum dig_config_type type;
	enum dig_status st;
	int64_t number = 0;
	bool truth;

	st = lookup(cfg, key, &got, &number, &truth, &type, err);
	if (st != DIG_OK)
		return st;
	assert(type == KEY_INT);
	if (entry != NULL)
		*entry = got;
	*out = number;
	return DIG_OK;
}

size_t
dig_config_count(const struct dig_config *cfg)
{
	return cfg->nentries;
}

struct dig_config_entry
dig_config_at(const struct dig_config *cfg, size_t index)
{
	return entry_show(&cfg->entries[index]);
}

size_t
dig_config_warning_count(const struct dig_config *cfg)
{
	return cfg->nwarnings;
}

const char *
dig_config_warning_at(const struct dig_config *cfg, size_t index)
{
	return cfg->warnings[index];
}
