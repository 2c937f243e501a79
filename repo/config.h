/* SPDX-License-Identifier: MIT
 *
 * Settings: text files in the syntax of git's configuration, read into a
 * closed list of keys with types, and changed one key at a time.
 *
 * A door of repo/: cmd/ reads the user's settings through it.
 *
 * A key is section.name or section.subsection.name; section and name compare
 * without case, a subsection with. What is not on the list is kept as a
 * warning and never used. Keys that name programs, and the list of trusted
 * owners, count only from the user's own file and the environment: nothing
 * inside a repository can start a program.
 *
 * Syntax: that of git-config(1), without includes.
 */
#ifndef REPO_CONFIG_H
#define REPO_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "objects/base/buf.h"
#include "objects/base/error.h"

#define DIG_CONFIG_FILE_MAX ((size_t)1 << 20) /* bytes of one file */

/* Where a value comes from; the higher wins. */
enum dig_config_scope {
	DIG_CONFIG_DEFAULT,
	DIG_CONFIG_GIT,  /* git's own files: identity and a few more */
	DIG_CONFIG_USER, /* $XDG_CONFIG_HOME/dig/config */
	DIG_CONFIG_REPO, /* .dig/config */
	DIG_CONFIG_ENVIRONMENT,
	DIG_CONFIG_FLAG
};

/* "default", "git", "user", "repository", "environment", "flag" */
const char *dig_config_scope_word(enum dig_config_scope scope);

/* One value as it was read. Borrowed from the config until its next load. */
struct dig_config_entry {
	const char *key;   /* as the list spells it, else as the file does */
	const char *value; /* a key without `=` reads as "true" */
	enum dig_config_scope scope;
	const char *file; /* file, or name of the variable; "" for defaults */
	unsigned line;    /* 0: none */
	bool used;        /* known, and honoured from this scope */
};

struct dig_config;

/* A number as settings and options have it: decimal, a sign, and k, m or g
 * for powers of 1024. False when it is none or does not fit. */
bool dig_config_parse_int(const char *text, int64_t *out);

struct dig_config *dig_config_new(void);
void dig_config_free(struct dig_config *cfg); /* NULL is accepted */

/*
 * Read a text into cfg; `name` is how messages call it. On failure cfg is as
 * it was.
 *
 * Errors: INVALID with file and line when the text does not parse.
 * Cost: linear in the text.
 */
enum dig_status dig_config_load_bytes(struct dig_config *cfg,
    enum dig_config_scope scope, const char *name, const void *data, size_t len,
    struct dig_error *err) DIG_CHECKED;

/*
 * The same for a file, at most DIG_CONFIG_FILE_MAX bytes; `shown` is how
 * messages call it. Errors: NOTFOUND when there is none; INVALID; io_status.
 */
enum dig_status dig_config_load_file(struct dig_config *cfg,
    enum dig_config_scope scope, int dirfd, const char *name, const char *shown,
    enum dig_status io_status, struct dig_error *err) DIG_CHECKED;

/*
 * Git's files and the user's file, where they exist. A file that cannot be
 * read or parsed becomes a warning.
 */
void dig_config_load_user(struct dig_config *cfg);
/* DIG_EDITOR, DIG_PAGER and the other variables of the list. */
void dig_config_load_environment(struct dig_config *cfg);
/* A value from a flag. INVALID as for dig_config_edit. */
enum dig_status dig_config_set_flag(struct dig_config *cfg, const char *key,
    const char *value, struct dig_error *err) DIG_CHECKED;

/*
 * Path of the user's own file: $XDG_CONFIG_HOME/dig/config, else
 * ~/.config/dig/config. NOTFOUND when neither variable is an absolute path.
 */
enum dig_status dig_config_user_path(
    struct dig_buf *out, struct dig_error *err) DIG_CHECKED;

/*
 * Change one key of the user's own file, made where it is missing; value NULL
 * takes it out. Errors: those of dig_config_edit, EFILE, LOCKED.
 */
enum dig_status dig_config_set_user(
    const char *key, const char *value, struct dig_error *err) DIG_CHECKED;

/*
 * The value that counts. `entry` (may be NULL) tells where it comes from. The
 * string is borrowed. A default of the list counts as a value.
 *
 * Errors: NOTFOUND without a value; INVALID for a key that is not on the list
 * and for a value of the wrong type or range, naming file and line.
 */
enum dig_status dig_config_get_string(const struct dig_config *cfg,
    const char *key, const char **out, struct dig_config_entry *entry,
    struct dig_error *err) DIG_CHECKED;
enum dig_status dig_config_get_bool(const struct dig_config *cfg,
    const char *key, bool *out, struct dig_config_entry *entry,
    struct dig_error *err) DIG_CHECKED;
enum dig_status dig_config_get_int(const struct dig_config *cfg,
    const char *key, int64_t *out, struct dig_config_entry *entry,
    struct dig_error *err) DIG_CHECKED;

/* Every entry read, lowest scope first, in the order of reading within one;
 * defaults are not among them. Also the values of a key with several. */
size_t dig_config_count(const struct dig_config *cfg);
struct dig_config_entry dig_config_at(
    const struct dig_config *cfg, size_t index);

/* What was read and is not used, one line each: unknown keys, wrong places. */
size_t dig_config_warning_count(const struct dig_config *cfg);
const char *dig_config_warning_at(const struct dig_config *cfg, size_t index);

/*
 * Change one key in a text and leave every other byte as it was. `value` NULL
 * takes the key out (all its lines). Else the line that counts gets the new
 * value, or a line is added at the end of its section; a key with several
 * values gets one more unless it has it.
 *
 * scope  USER or REPO: where the text is to be kept
 * out    reset; success: the new text
 *
 * Errors: INVALID for an unknown key (with the nearest as hint), a value of
 * the wrong type or range, a key that this scope does not honour, a text that
 * does not parse; NOTFOUND for taking out what is not there.
 * The value reads back byte for byte; only NUL cannot be in it.
 */
enum dig_status dig_config_edit(enum dig_config_scope scope, const void *data,
    size_t len, const char *key, const char *value, struct dig_buf *out,
    struct dig_error *err) DIG_CHECKED;

#endif
