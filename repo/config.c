/* SPDX-License-Identifier: MIT
 *
 * Settings: a parser of git-config text, the closed list of keys, lookup by
 * scope, and an editor that changes one key and nothing else.
 *
 * Nothing here follows an include, expands a variable or starts a program.
 */
#include "repo/config.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "objects/base/io.h"

/* The closed list of keys. */

enum key_type { KEY_STRING, KEY_HEX, KEY_WORD, KEY_BOOL, KEY_INT };

enum key_flag {
	KEY_IN_GIT = 1,  /* taken from git's files */
	KEY_IN_USER = 2, /* from the user's file */
	KEY_IN_REPO = 4, /* from a repository */
	KEY_MULTI = 8,   /* several values */
	KEY_ANY = KEY_IN_USER | KEY_IN_REPO,
	KEY_ALL = KEY_ANY | KEY_IN_GIT
};

struct key_spec {
	const char *key;      /* a subsection of "*" stands for any */
	const char *preset;   /* NULL: none */
	const char *words;    /* KEY_WORD: "a|b|c" */
	const char *variable; /* of the environment; NULL: none */
	enum key_type type;
	unsigned flags; /* bits of enum key_flag */
	int64_t min;    /* KEY_INT */
	int64_t max;
};

#define COLOUR_WORDS "auto|always|never|true|false"

/* core.busyTimeout is in milliseconds, hook.timeout in seconds. */
static const struct key_spec keys[] = {
	{ "core.storeId", NULL, NULL, NULL, KEY_HEX, KEY_IN_REPO, 64, 64 },
	{ "core.compression", "1", NULL, NULL, KEY_INT, KEY_ANY, 1, 19 },
	{ "core.verifyWrites", "true", NULL, NULL, KEY_BOOL, KEY_ANY, 0, 0 },
	{ "core.busyTimeout", "5000", NULL, NULL, KEY_INT, KEY_ANY, 0,
	    INT32_MAX },
	{ "core.excludesFile", NULL, NULL, NULL, KEY_STRING, KEY_ALL, 0, 0 },
	{ "core.editor", NULL, NULL, "DIG_EDITOR", KEY_STRING, KEY_IN_USER, 0,
	    0 },
	{ "core.pager", NULL, NULL, "DIG_PAGER", KEY_STRING, KEY_IN_USER, 0,
	    0 },
	{ "user.name", NULL, NULL, NULL, KEY_STRING, KEY_ALL, 0, 0 },
	{ "user.email", NULL, NULL, NULL, KEY_STRING, KEY_ALL, 0, 0 },
	{ "init.defaultBranch", "main", NULL, NULL, KEY_STRING,
	    KEY_IN_USER | KEY_IN_GIT, 0, 0 },
	{ "color.ui", "auto", COLOUR_WORDS, NULL, KEY_WORD, KEY_ANY, 0, 0 },
	{ "safe.directory", NULL, NULL, NULL, KEY_STRING,
	    KEY_IN_USER | KEY_MULTI, 0, 0 },
	{ "parity.data", "20", NULL, NULL, KEY_INT, KEY_ANY, 1, 128 },
	{ "parity.parity", "2", NULL, NULL, KEY_INT, KEY_ANY, 0, 64 },
	{ "hook.timeout", "60", NULL, NULL, KEY_INT, KEY_ANY, 0, 86400 },
	{ "hook.isolate", "false", NULL, NULL, KEY_BOOL, KEY_ANY, 0, 0 },
	{ "gc.keepOps", "200", NULL, NULL, KEY_INT, KEY_ANY, 0, INT32_MAX },
	{ "remote.*.url", NULL, NULL, NULL, KEY_STRING, KEY_ANY, 0, 0 },
};

#define NKEYS (sizeof(keys) / sizeof(keys[0]))

static bool
scope_honours(const struct key_spec *spec, enum dig_config_scope scope)
{
	switch (scope) {
	case DIG_CONFIG_GIT:
		return (spec->flags & KEY_IN_GIT) != 0;
	case DIG_CONFIG_USER:
		return (spec->flags & KEY_IN_USER) != 0;
	case DIG_CONFIG_REPO:
		return (spec->flags & KEY_IN_REPO) != 0;
	case DIG_CONFIG_DEFAULT:
	case DIG_CONFIG_ENVIRONMENT:
	case DIG_CONFIG_FLAG:
		break;
	}
	return true;
}

const char *
dig_config_scope_word(enum dig_config_scope scope)
{
	static const char *const words[] = { "default", "git", "user",
		"repository", "environment", "flag" };

	return words[scope];
}

/* Characters of the syntax; never the C library's, which ask the locale. */

static bool
is_alpha(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_name(int c)
{
	return is_alpha(c) || (c >= '0' && c <= '9') || c == '-';
}

static bool
is_blank(int c)
{
	return c == ' ' || c == '\t' || c == '\v' || c == '\f' || c == '\r';
}

static int
lower(int c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

/*
 * Bring a key to the form that is compared: section and name in lower case,
 * the subsection as it is. False when it has no such form.
 */
static bool
canonical_key(struct dig_buf *out, const char *key)
{
	const char *first = strchr(key, '.');
	const char *last = strrchr(key, '.');

	dig_buf_reset(out);
	if (first == NULL || first == key || !is_alpha(last[1]))
		return false;
	for (const char *p = key; *p != '\0'; p++) {
		bool outer = p < first || p > last;
		bool fits = outer ? is_name(*p) : *p != '\n';

		if (!fits) {
			dig_buf_reset(out);
			return false;
		}
		dig_buf_putc(out, (uint8_t)(outer ? lower(*p) : *p));
	}
	return true;
}

/* `key` is canonical; the pattern is one of the list's. */
static bool
key_matches(const char *pattern, const char *key)
{
	const char *star = strstr(pattern, ".*.");
	size_t head, tail, len = strlen(key);

	if (star == NULL)
		return strcasecmp(pattern, key) == 0;
	head = (size_t)(star + 1 - pattern);
	tail = strlen(star + 2);
	return len > head + tail && strncasecmp(pattern, key, head) == 0 &&
	       strcasecmp(star + 2, key + len - tail) == 0;
}

static const struct key_spec *
spec_find(const char *canonical)
{
	for (size_t i = 0; i < NKEYS; i++)
		if (key_matches(keys[i].key, canonical))
			return &keys[i];
	return NULL;
}

/* Values of each type. */

static bool
parse_bool(const char *text, bool *out)
{
	static const char *const yes[] = { "true", "yes", "on", "1" };
	static const char *const no[] = { "false", "no", "off", "0", "" };

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		if (strcasecmp(text, yes[i]) == 0) {
			*out = true;
			return true;
		}
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		if (strcasecmp(text, no[i]) == 0) {
			*out = false;
			return true;
		}
	return false;
}

bool
dig_config_parse_int(const char *text, int64_t *out)
{
	static const char units[] = "kmg";
	const char *unit;
	char *end;
	long long value;
	const char *digits = text + (*text == '-' || *text == '+');

	if (*digits < '0' || *digits > '9')
		return false;
	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno != 0)
		return false;
	if (*end != '\0') {
		unit = strchr(units, lower(*end));
		if (unit == NULL || end[1] != '\0')
			return false;
		for (const char *u = units; u <= unit; u++) {
			if (value > INT64_MAX / 1024 ||
			    value < INT64_MIN / 1024)
				return false;
			value *= 1024;
		}
	}
	*out = value;
	return true;
}

static bool
word_listed(const char *words, const char *text)
{
	size_t len = strlen(text);

	while (len != 0 && words != NULL) {
		if (strncmp(words, text, len) == 0 &&
		    (words[len] == '|' || words[len] == '\0'))
			return true;
		words = strchr(words, '|');
		words += words != NULL;
	}
	return false;
}

static enum dig_status
value_check(const struct key_spec *spec, const char *text, int64_t *number,
    bool *truth, struct dig_error *err)
{
	size_t len = strlen(text);

	switch (spec->type) {
	case KEY_STRING:
		break;
	case KEY_HEX:
		if (len != (size_t)spec->max ||
		    strspn(text, "0123456789abcdef") != len)
			return dig_raise(err, DIG_EINVALID,
			    "%s is not %d lower-case hex digits", spec->key,
			    (int)spec->max);
		break;
	case KEY_WORD:
		if (!word_listed(spec->words, text))
			return dig_raise(err, DIG_EINVALID,
			    "%s is one of %s, not '%s'", spec->key, spec->words,
			    text);
		break;
	case KEY_BOOL:
		if (!parse_bool(text, truth))
			return dig_raise(err, DIG_EINVALID,
			    "%s is true or false, not '%s'", spec->key, text);
		break;
	case KEY_INT:
		if (!dig_config_parse_int(text, number) ||
		    *number < spec->min || *number > spec->max)
			return dig_raise(err, DIG_EINVALID,
			    "%s is a number from %lld to %lld, not '%s'",
			    spec->key, (long long)spec->min,
			    (long long)spec->max, text);
		break;
	}
	return DIG_OK;
}

/*
 * The parser: one call, one section header or one key.
 *
 * Offsets let the editor cut exactly: an item is [item, item_end), a key's
 * value is [value_at, value_end) without the blanks and the comment around
 * it. A key without `=` has value_at == value_end just after the name.
 */
enum item { ITEM_END, ITEM_SECTION, ITEM_KEY };

struct parser {
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

static void
parser_init(struct parser *p, const void *data, size_t len)
{
	memset(p, 0, sizeof(*p));
	p->data = data;
	p->len = len;
	p->line = 1;
	if (len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0)
		p->at = 3; /* a byte order mark, which some editors leave */
}

static void
parser_clear(struct parser *p)
{
	dig_buf_clear(&p->section);
	dig_buf_clear(&p->key);
	dig_buf_clear(&p->value);
}

/* The byte `ahead` of the cursor, or -1 past the end. */
static int
peek(const struct parser *p, size_t ahead)
{
	return ahead < p->len - p->at ? p->data[p->at + ahead] : -1;
}

/* Length of the line end at the cursor: 1 for LF, 2 for CR LF, else 0. */
static size_t
line_end(const struct parser *p)
{
	if (peek(p, 0) == '\n')
		return 1;
	return peek(p, 0) == '\r' && peek(p, 1) == '\n' ? 2 : 0;
}

static void
skip_comment(struct parser *p)
{
	while (p->at < p->len && p->data[p->at] != '\n')
		p->at++;
}

static void
skip_space(struct parser *p)
{
	for (; p->at < p->len; p->at++) {
		int c = p->data[p->at];

		if (c == '\n')
			p->line++;
		else if (c == '#' || c == ';') {
			skip_comment(p);
			p->at--;
		} else if (!is_blank(c))
			return;
	}
}

static const char *
parse_subsection(struct parser *p)
{
	int c;

	dig_buf_putc(&p->section, '.');
	for (p->at++; (c = peek(p, 0)) != '"'; p->at++) {
		if (c == '\\') {
			p->at++;
			c = peek(p, 0);
		}
		if (c < 0 || c == '\n' || c == '\0')
			return "a subsection has no closing quote";
		dig_buf_putc(&p->section, (uint8_t)c);
	}
	p->at++;
	return NULL;
}

/* At '['. NULL or what is wrong. */
static const char *
parse_section(struct parser *p)
{
	const char *bad;

	dig_buf_reset(&p->section);
	for (p->at++; is_name(peek(p, 0)) || peek(p, 0) == '.'; p->at++)
		dig_buf_putc(&p->section, (uint8_t)lower(peek(p, 0)));
	if (p->section.len == 0)
		return "a section has no name";
	if (is_blank(peek(p, 0))) {
		while (is_blank(peek(p, 0)))
			p->at++;
		if (peek(p, 0) != '"')
			return "a section name is not as it should be";
		bad = parse_subsection(p);
		if (bad != NULL)
			return bad;
	}
	if (peek(p, 0) != ']')
		return "a section has no closing ']'";
	p->at++;
	return NULL;
}

/* After a backslash in a value. The byte it stands for, or -1. */
static int
unescape(int c)
{
	switch (c) {
	case 'n':
		return '\n';
	case 't':
		return '\t';
	case 'b':
		return '\b';
	case '\\':
	case '"':
		return c;
	default:
		return -1;
	}
}

/* From after `=` to the end of the line. NULL or what is wrong. */
static const char *
parse_value(struct parser *p)
{
	bool quoted = false;
	size_t kept = 0; /* value bytes that trailing blanks cannot take */

	dig_buf_reset(&p->value);
	p->value_at = p->at;
	while (is_blank(peek(p, 0)) && line_end(p) == 0)
		p->at++;
	if (p->at < p->len && line_end(p) == 0 && peek(p, 0) != '#' &&
	    peek(p, 0) != ';')
		p->value_at = p->at;
	p->value_end = p->value_at;
	for (;;) {
		int c = peek(p, 0);

		if (c < 0 || line_end(p) != 0)
			break;
		if (c == '\0')
			return "a value has a zero byte";
		if (!quoted && (c == '#' || c == ';')) {
			skip_comment(p);
			break;
		}
		p->at++;
		if (c == '\\') {
			size_t eol = line_end(p);

			if (eol != 0) { /* the value goes on */
				p->at += eol;
				p->line++;
				continue;
			}
			c = unescape(peek(p, 0));
			if (c < 0)
				return "a value has an unknown escape";
			p->at++;
			dig_buf_putc(&p->value, (uint8_t)c);
			kept = p->value.len;
		} else if (c == '"') {
			quoted = !quoted;
			kept = p->value.len;
		} else {
			if (!quoted && p->value.len == 0 && is_blank(c))
				continue;
			dig_buf_putc(&p->value, (uint8_t)c);
			if (quoted || !is_blank(c))
				kept = p->value.len;
			if (!quoted && is_blank(c))
				continue;
		}
		p->value_end = p->at;
	}
	if (quoted)
		return "a value has no closing quote";
	p->value.len = kept;
	return NULL;
}

static const char *
parse_key(struct parser *p)
{
	const char *bad = NULL;

	if (p->section.len == 0)
		return "a key stands before the first section";
	dig_buf_reset(&p->key);
	dig_buf_reset(&p->value);
	for (; is_name(peek(p, 0)); p->at++)
		dig_buf_putc(&p->key, (uint8_t)lower(peek(p, 0)));
	p->value_at = p->value_end = p->at;
	while (is_blank(peek(p, 0)) && line_end(p) == 0)
		p->at++;
	p->bare = peek(p, 0) != '=';
	if (!p->bare) {
		p->at++;
		bad = parse_value(p);
	} else if (peek(p, 0) == '#' || peek(p, 0) == ';') {
		skip_comment(p);
	}
	if (bad != NULL)
		return bad;
	if (p->at < p->len && line_end(p) == 0)
		return "a key has no '='";
	p->closed = p->at < p->len;
	if (p->closed) {
		p->at += line_end(p);
		p->line++;
	}
	p->item_end = p->at;
	return NULL;
}

static enum dig_status
parser_next(
    struct parser *p, const char *name, enum item *out, struct dig_error *err)
{
	const char *bad;

	skip_space(p);
	p->item = p->at;
	p->item_line = p->line;
	if (p->at == p->len) {
		*out = ITEM_END;
		return DIG_OK;
	}
	if (peek(p, 0) == '[') {
		*out = ITEM_SECTION;
		bad = parse_section(p);
		p->item_end = p->at;
	} else if (is_alpha(peek(p, 0))) {
		*out = ITEM_KEY;
		bad = parse_key(p);
	} else {
		bad = "a line is neither section, key nor comment";
	}
	if (bad != NULL)
		return dig_raise(
		    err, DIG_EINVALID, "%s:%u: %s", name, p->line, bad);
	return DIG_OK;
}

/* The settings that were read. */

struct entry {
	char *key; /* canonical */
	char *value;
	const struct key_spec *spec; /* NULL: not on the list */
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
    const char *file, const struct parser *p)
{
	struct entry entry = { 0 };
	struct dig_buf key = DIG_BUF_INIT;

	dig_buf_put(&key, p->section.data, p->section.len);
	dig_buf_putc(&key, '.');
	dig_buf_put(&key, p->key.data, p->key.len);
	entry.key = dig_buf_detach(&key);
	entry.value = p->bare ? dig_strdup("true")
			      : dig_memdup0(p->value.data, p->value.len);
	entry.spec = spec_find(entry.key);
	entry.scope = scope;
	entry.file = intern_name(cfg, file);
	entry.line = p->item_line;
	entry.used = entry.spec != NULL && scope_honours(entry.spec, scope);
	entry_warn(cfg, &entry);
	entry_add(cfg, &entry);
}

/* Walk the whole text once without effect. */
static enum dig_status
text_check(
    const char *name, const void *data, size_t len, struct dig_error *err)
{
	struct parser p;
	enum item item = ITEM_SECTION;
	enum dig_status st = DIG_OK;

	if (len > DIG_CONFIG_FILE_MAX)
		return dig_raise(err, DIG_EINVALID, "%s: larger than %zu bytes",
		    name, DIG_CONFIG_FILE_MAX);
	parser_init(&p, data, len);
	while (st == DIG_OK && item != ITEM_END)
		st = parser_next(&p, name, &item, err);
	parser_clear(&p);
	return st;
}

enum dig_status
dig_config_load_bytes(struct dig_config *cfg, enum dig_config_scope scope,
    const char *name, const void *data, size_t len, struct dig_error *err)
{
	struct parser p;
	enum item item = ITEM_SECTION;
	enum dig_status st;

	st = text_check(name, data, len, err);
	if (st != DIG_OK)
		return st;
	parser_init(&p, data, len);
	while (st == DIG_OK && item != ITEM_END) {
		st = parser_next(&p, name, &item, err);
		if (st == DIG_OK && item == ITEM_KEY)
			entry_from_parser(cfg, scope, name, &p);
	}
	parser_clear(&p);
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
	entry.spec = spec_find(canonical);
	entry.scope = scope;
	entry.file = intern_name(cfg, name);
	entry.used = true;
	entry_add(cfg, &entry);
}

void
dig_config_load_environment(struct dig_config *cfg)
{
	struct dig_buf key = DIG_BUF_INIT;

	for (size_t i = 0; i < NKEYS; i++) {
		const char *value = NULL;

		if (keys[i].variable != NULL)
			value = getenv(keys[i].variable);
		if (value != NULL && canonical_key(&key, keys[i].key))
			entry_from_value(cfg, DIG_CONFIG_ENVIRONMENT,
			    keys[i].variable, (const char *)key.data, value);
	}
	dig_buf_clear(&key);
}

/* Lookup. */

/* Shared letters at the start: enough to propose a key of the list. */
static const char *
nearest_key(const char *canonical)
{
	const char *dot = strrchr(canonical, '.');
	const char *best = NULL;
	size_t best_score = 0;

	for (size_t i = 0; i < NKEYS; i++) {
		const char *name = strrchr(keys[i].key, '.');
		size_t score = 0;

		while (name[score] != '\0' &&
		       lower(name[score]) == lower(dot[score]))
			score++;
		if (strncasecmp(keys[i].key, canonical, 4) == 0)
			score++;
		if (score > best_score && score >= 4) {
			best_score = score;
			best = keys[i].key;
		}
	}
	return best;
}

static enum dig_status
key_resolve(const char *key, struct dig_buf *canonical,
    const struct key_spec **spec, struct dig_error *err)
{
	const char *near;

	if (!canonical_key(canonical, key))
		return dig_raise(err, DIG_EINVALID,
		    "'%s' is not a key: it needs a section and a name, "
		    "as in 'user.name'",
		    key);
	*spec = spec_find((const char *)canonical->data);
	if (*spec != NULL)
		return DIG_OK;
	near = nearest_key((const char *)canonical->data);
	dig_ignore(dig_raise(err, DIG_EINVALID, "no setting '%s'", key));
	if (near != NULL)
		dig_hint(err, "did you mean '%s'?", near);
	return DIG_EINVALID;
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
    enum key_type *type, struct dig_error *err)
{
	struct dig_buf canonical = DIG_BUF_INIT;
	const struct key_spec *spec = NULL;
	const struct entry *found = NULL;
	enum dig_status st;

	st = key_resolve(key, &canonical, &spec, err);
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
		st = dig_raise(err, DIG_ENOTFOUND, "%s is not set", spec->key);
		goto out;
	}
	*type = spec->type;
	st = value_check(spec, out->value, number, truth, err);
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
	enum key_type type;
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
	enum key_type type;
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
	enum key_type type;
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

/* Editing. */

/* A value may be set where it counts, and only with what it can hold. */
static enum dig_status
edit_allowed(const struct key_spec *spec, enum dig_config_scope scope,
    const char *value, struct dig_error *err)
{
	int64_t number;
	bool truth;

	if (!scope_honours(spec, scope)) {
		if (scope == DIG_CONFIG_REPO) {
			dig_ignore(dig_raise(err, DIG_EINVALID,
			    "%s is not taken from a repository", spec->key));
			dig_hint(
			    err, "dig config --global %s VALUE", spec->key);
		} else {
			dig_ignore(dig_raise(err, DIG_EINVALID,
			    "%s belongs to one repository only", spec->key));
		}
		return DIG_EINVALID;
	}
	return value_check(spec, value, &number, &truth, err);
}

enum dig_status
dig_config_set_flag(struct dig_config *cfg, const char *key, const char *value,
    struct dig_error *err)
{
	struct dig_buf canonical = DIG_BUF_INIT;
	const struct key_spec *spec = NULL;
	enum dig_status st;

	st = key_resolve(key, &canonical, &spec, err);
	if (st == DIG_OK)
		st = edit_allowed(spec, DIG_CONFIG_FLAG, value, err);
	if (st == DIG_OK)
		entry_from_value(cfg, DIG_CONFIG_FLAG, "command line",
		    (const char *)canonical.data, value);
	dig_buf_clear(&canonical);
	return st;
}

/*
 * A value so that it reads back byte for byte. Quotes keep blanks at the
 * ends, comment characters, and a CR, which at the end of a line would be
 * taken for the line's.
 */
static void
put_value(struct dig_buf *out, const char *value)
{
	size_t len = strlen(value);
	bool quote =
	    len != 0 && (is_blank(value[0]) || is_blank(value[len - 1]));

	quote = quote || strpbrk(value, "#;\r\t\v\f") != NULL;
	if (quote)
		dig_buf_putc(out, '"');
	for (const char *p = value; *p != '\0'; p++) {
		switch (*p) {
		case '\n':
			dig_buf_puts(out, "\\n");
			break;
		case '\t':
			dig_buf_puts(out, "\\t");
			break;
		case '\b':
			dig_buf_puts(out, "\\b");
			break;
		case '"':
		case '\\':
			dig_buf_putc(out, '\\');
			dig_buf_putc(out, (uint8_t)*p);
			break;
		default:
			dig_buf_putc(out, (uint8_t)*p);
		}
	}
	if (quote)
		dig_buf_putc(out, '"');
}

/* "[section]" or "[section "sub"]" for a canonical key, spelled as `key`. */
static void
put_section(struct dig_buf *out, const char *key)
{
	const char *first = strchr(key, '.');
	const char *last = strrchr(key, '.');

	dig_buf_putc(out, '[');
	dig_buf_put(out, key, (size_t)(first - key));
	if (first != last) {
		dig_buf_puts(out, " \"");
		for (const char *p = first + 1; p < last; p++) {
			if (*p == '"' || *p == '\\')
				dig_buf_putc(out, '\\');
			dig_buf_putc(out, (uint8_t)*p);
		}
		dig_buf_putc(out, '"');
	}
	dig_buf_putc(out, ']');
}

/* One pass over the text, noting where the key stands or could stand. */
struct place {
	bool found; /* the key has a line */
	bool same;  /* and one of its lines has this value */
	bool bare;
	size_t value_at; /* of its last line */
	size_t value_end;
	bool has_section;
	size_t section_end; /* past the last line of its section */
	bool section_open;  /* that line has no newline yet */
	bool text_open;     /* the text ends within a line */
};

/* Past the blanks, the comment and the end of the header's line, unless
 * another item shares that line. */
static size_t
header_line_end(const uint8_t *data, size_t len, size_t at, bool *open)
{
	size_t end = at;

	while (end < len && is_blank(data[end]))
		end++;
	*open = true;
	if (end < len && data[end] != '\n' && data[end] != '#' &&
	    data[end] != ';')
		return at;
	while (end < len && data[end] != '\n')
		end++;
	*open = end == len;
	return end + (end < len);
}

static bool
in_section(const struct parser *p, const char *canonical)
{
	size_t len = (size_t)(strrchr(canonical, '.') - canonical);

	return p->section.len == len &&
	       memcmp(p->section.data, canonical, len) == 0;
}

static bool
is_key(const struct parser *p, const char *canonical)
{
	const char *name = strrchr(canonical, '.') + 1;

	return in_section(p, canonical) && p->key.len == strlen(name) &&
	       memcmp(p->key.data, name, p->key.len) == 0;
}

static enum dig_status
find_place(const void *data, size_t len, const char *canonical,
    const char *value, struct place *out, struct dig_error *err)
{
	struct place place = { 0 };
	struct parser p;
	enum item item = ITEM_SECTION;
	enum dig_status st = DIG_OK;

	parser_init(&p, data, len);
	place.text_open = len != 0 && p.data[len - 1] != '\n';
	while (item != ITEM_END) {
		st = parser_next(&p, "the file", &item, err);
		if (st != DIG_OK)
			goto out;
		if (item == ITEM_KEY && !p.closed)
			place.text_open = true;
		if (item == ITEM_END || !in_section(&p, canonical))
			continue;
		place.has_section = true;
		if (item == ITEM_SECTION) {
			place.section_end = header_line_end(
			    data, len, p.item_end, &place.section_open);
			continue;
		}
		place.section_end = p.item_end;
		place.section_open = !p.closed;
		if (!is_key(&p, canonical))
			continue;
		place.found = true;
		place.bare = p.bare;
		place.value_at = p.value_at;
		place.value_end = p.value_end;
		if (value != NULL && strlen(value) == p.value.len &&
		    (p.value.len == 0 ||
			memcmp(value, p.value.data, p.value.len) == 0))
			place.same = true;
	}
	*out = place;
out:
	parser_clear(&p);
	return st;
}

static const char *
text_eol(const uint8_t *data, size_t len)
{
	const uint8_t *eol = len != 0 ? memchr(data, '\n', len) : NULL;

	return eol != NULL && eol > data && eol[-1] == '\r' ? "\r\n" : "\n";
}

/* A new line at the end of its section, or a new section at the end. */
static void
edit_insert(struct dig_buf *out, const uint8_t *data, size_t len,
    const struct place *place, const char *key, const char *value)
{
	const char *eol = text_eol(data, len);
	size_t at = place->has_section ? place->section_end : len;

	dig_buf_put(out, data, at);
	if (place->has_section ? place->section_open : place->text_open)
		dig_buf_puts(out, eol);
	if (!place->has_section) {
		put_section(out, key);
		dig_buf_puts(out, eol);
	}
	dig_buf_printf(out, "\t%s = ", strrchr(key, '.') + 1);
	put_value(out, value);
	dig_buf_puts(out, eol);
	dig_buf_put(out, data + at, len - at);
}

static void
edit_replace(struct dig_buf *out, const uint8_t *data, size_t len,
    const struct place *place, const char *value)
{
	dig_buf_put(out, data, place->value_at);
	if (place->bare)
		dig_buf_puts(out, " = ");
	else if (place->value_at > 0 && data[place->value_at - 1] == '=')
		dig_buf_putc(out, ' ');
	put_value(out, value);
	dig_buf_put(out, data + place->value_end, len - place->value_end);
}

/* Every line of the key goes, with a comment that stands behind it. */
static enum dig_status
edit_remove(struct dig_buf *out, const uint8_t *data, size_t len,
    const char *canonical, struct dig_error *err)
{
	struct parser p;
	enum item item = ITEM_SECTION;
	enum dig_status st = DIG_OK;
	size_t copied = 0;

	parser_init(&p, data, len);
	while (item != ITEM_END) {
		size_t from, to;

		st = parser_next(&p, "the file", &item, err);
		if (st != DIG_OK)
			break;
		if (item != ITEM_KEY || !is_key(&p, canonical))
			continue;
		from = p.item;
		to = p.item_end;
		while (from > copied && is_blank(data[from - 1]))
			from--;
		/* Behind a header on one line: the line end stays. */
		if (from > 0 && data[from - 1] != '\n')
			while (to > p.value_end &&
			       (data[to - 1] == '\n' || data[to - 1] == '\r'))
				to--;
		dig_buf_put(out, data + copied, from - copied);
		copied = to;
	}
	if (st == DIG_OK)
		dig_buf_put(out, data + copied, len - copied);
	parser_clear(&p);
	return st;
}

/* The key as a new line spells it: the list's way, with its subsection. */
static void
spelled_key(
    struct dig_buf *out, const struct key_spec *spec, const char *canonical)
{
	dig_buf_reset(out);
	if (strchr(spec->key, '*') == NULL)
		dig_buf_puts(out, spec->key);
	else
		dig_buf_puts(out, canonical);
}

enum dig_status
dig_config_edit(enum dig_config_scope scope, const void *data, size_t len,
    const char *key, const char *value, struct dig_buf *out,
    struct dig_error *err)
{
	struct dig_buf canonical = DIG_BUF_INIT;
	struct dig_buf spelled = DIG_BUF_INIT;
	struct dig_buf text = DIG_BUF_INIT;
	const struct key_spec *spec = NULL;
	struct place place;
	const char *name;
	enum dig_status st;

	/* An unknown key can be taken out, though not set. */
	st = key_resolve(key, &canonical, &spec, err);
	if (st != DIG_OK && (value != NULL || canonical.len == 0))
		goto out;
	name = (const char *)canonical.data;
	if (value != NULL)
		st = edit_allowed(spec, scope, value, err);
	else
		st = DIG_OK;
	if (st != DIG_OK)
		goto out;
	st = text_check("the file", data, len, err);
	if (st != DIG_OK)
		goto out;
	st = find_place(data, len, name, value, &place, err);
	if (st != DIG_OK)
		goto out;
	if (value == NULL && !place.found) {
		st = dig_raise(err, DIG_ENOTFOUND, "%s is not set", key);
		goto out;
	}

	if (value == NULL) {
		st = edit_remove(&text, data, len, name, err);
	} else if ((spec->flags & KEY_MULTI) != 0 && place.same) {
		dig_buf_put(&text, data, len);
	} else if (place.found && (spec->flags & KEY_MULTI) == 0) {
		edit_replace(&text, data, len, &place, value);
	} else {
		spelled_key(&spelled, spec, name);
		edit_insert(&text, data, len, &place,
		    (const char *)spelled.data, value);
	}
	if (st == DIG_OK) {
		dig_buf_reset(out);
		dig_buf_put(out, text.data, text.len);
	}
out:
	dig_buf_clear(&canonical);
	dig_buf_clear(&spelled);
	dig_buf_clear(&text);
	return st;
}
