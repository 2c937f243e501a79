/* SPDX-License-Identifier: MIT
 *
 * Shared by the files of the settings module and by nothing else.
 */
#ifndef REPO_CONFIG_INTERNAL_H
#define REPO_CONFIG_INTERNAL_H

#include "repo/config.h"

/* config_key.c: the closed list of keys. */

enum dig_config_type { KEY_STRING, KEY_HEX, KEY_WORD, KEY_BOOL, KEY_INT };

enum dig_config_key_flag {
	KEY_IN_GIT = 1,  /* taken from git's files */
	KEY_IN_USER = 2, /* from the user's file */
	KEY_IN_REPO = 4, /* from a repository */
	KEY_MULTI = 8,   /* several values */
	KEY_ANY = KEY_IN_USER | KEY_IN_REPO,
	KEY_ALL = KEY_ANY | KEY_IN_GIT
};

struct dig_config_key {
	const char *key;      /* a subsection of "*" stands for any */
	const char *preset;   /* NULL: none */
	const char *words;    /* KEY_WORD: "a|b|c" */
	const char *variable; /* of the environment; NULL: none */
	enum dig_config_type type;
	unsigned flags; /* bits of enum dig_config_key_flag */
	int64_t min;    /* KEY_INT */
	int64_t max;
};

/* The list; NULL past its end. */
const struct dig_config_key *dig_config_key_at(size_t index);
/* The key counts when it stands in this place. */
bool dig_config_honours(
    const struct dig_config_key *spec, enum dig_config_scope scope);
/*
 * Bring a key to the form that is compared: section and name in lower case,
 * the subsection as it is. False, and nothing in `out`, when it has none.
 */
bool dig_config_canonical(struct dig_buf *out, const char *key);
/* NULL: not on the list. */
const struct dig_config_key *dig_config_find(const char *canonical);
/* Both at once; INVALID with the nearest key as hint. */
enum dig_status dig_config_resolve(const char *key, struct dig_buf *canonical,
    const struct dig_config_key **spec, struct dig_error *err) DIG_CHECKED;
/* Type and range; the number or truth is stored where the type has one. */
enum dig_status dig_config_check(const struct dig_config_key *spec,
    const char *text, int64_t *number, bool *truth,
    struct dig_error *err) DIG_CHECKED;
/* The key may be set to this value in this place. */
enum dig_status dig_config_allowed(const struct dig_config_key *spec,
    enum dig_config_scope scope, const char *value,
    struct dig_error *err) DIG_CHECKED;

/* config_text.c: the syntax. */

/* Characters of the syntax; never the C library's, which ask the locale. */

static inline bool
is_alpha(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool
is_name(int c)
{
	return is_alpha(c) || (c >= '0' && c <= '9') || c == '-';
}

static inline bool
is_blank(int c)
{
	return c == ' ' || c == '\t' || c == '\v' || c == '\f' || c == '\r';
}

static inline int
lower(int c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

/*
 * The parser: one call, one section header or one key.
 *
 * Offsets let the editor cut exactly: an item is [item, item_end), a key's
 * value is [value_at, value_end) without the blanks and the comment around
 * it. A key without `=` has value_at == value_end just after the name.
 */
enum dig_config_item { ITEM_END, ITEM_SECTION, ITEM_KEY };

struct dig_config_parser {
	const uint8_t *data;
	size_t len;
	size_t at;
	unsigned line;
	struct dig_buf section; /* canonical, with subsection */
	struct dig_buf key;     /* name in lower case */
	struct dig_buf value;
	bool bare;   /* no `=` */
	bool closed; /* the key's line has its newline */
	unsigned item_line;
	size_t item;
	size_t item_end; /* of a key: past its newline */
	size_t value_at;
	size_t value_end;
};

/* Borrows the text. */
void dig_config_parser_init(
    struct dig_config_parser *p, const void *data, size_t len);
void dig_config_parser_clear(struct dig_config_parser *p);
/* The next section header or key; INVALID with `name`, line and reason. */
enum dig_status dig_config_parser_next(struct dig_config_parser *p,
    const char *name, enum dig_config_item *out,
    struct dig_error *err) DIG_CHECKED;
/* Walk the whole text once: it parses, and is not too large. */
enum dig_status dig_config_check_text(const char *name, const void *data,
    size_t len, struct dig_error *err) DIG_CHECKED;

#endif
