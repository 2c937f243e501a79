/* SPDX-License-Identifier: MIT
 *
 * Ignore rules. A list is compiled once: most rules are a name or "*.ext" and
 * need no wildcards, and a table of last bytes passes over nearly all others.
 */
#include "staging/ignore.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "objects/base/buf.h"
#include "objects/base/io.h"

enum kind {
	NAME,   /* the last component is the pattern */
	SUFFIX, /* the last component ends in what follows the star */
	NAME_GLOB,
	PATH /* the path from the list's folder */
};

struct rule {
	const char *text;    /* as written */
	const char *pattern; /* without '!' and the slashes at both ends */
	size_t len;
	size_t literal; /* PATH: bytes before the first wildcard */
	size_t line;
	enum kind kind;
	bool negated;
	bool dirs_only;
};

struct dig_ignore {
	atomic_uint refs;
	struct dig_ignore *parent;
	char *source;
	size_t base; /* bytes of a path before what the rules see */
	char *text;  /* the lines, each ended by NUL */
	struct rule *rules;
	uint8_t *tails; /* per rule: the last byte of what it matches, 0 any */
	size_t nrules;
	size_t cap;
};

/* Spaces at the end go, unless the last one kept is escaped. */
static void
trim_spaces(char *line)
{
	char *end = NULL;

	for (char *p = line; *p != '\0'; p++) {
		if (*p == ' ') {
			if (end == NULL)
				end = p;
			continue;
		}
		end = NULL;
		if (*p == '\\' && *++p == '\0')
			return;
	}
	if (end != NULL)
		*end = '\0';
}

/* A final "**" + "/" may match nothing, so a slash says nothing either. */
static uint8_t
tail_of(const struct rule *rule)
{
	char last = rule->len > 0 ? rule->pattern[rule->len - 1] : '\0';

	return strchr("*?[]\\/", last) != NULL ? 0 : (uint8_t)last;
}

static void
add_rule(struct dig_ignore *list, const char *text, size_t line)
{
	struct rule rule = { .text = text, .pattern = text, .line = line };

	if (*rule.pattern == '!') {
		rule.negated = true;
		rule.pattern++;
	}
	rule.len = strlen(rule.pattern);
	if (rule.len > 0 && rule.pattern[rule.len - 1] == '/') {
		rule.dirs_only = true;
		rule.len--;
	}
	/* An empty one speaks of "dir/", a name with nothing behind it. */
	if (rule.len > DIG_IGNORE_LINE_MAX)
		return;
	rule.literal = dig_glob_literal_len(rule.pattern, rule.len);
	if (memchr(rule.pattern, '/', rule.len) != NULL) {
		rule.kind = PATH;
		if (*rule.pattern == '/') {
			rule.pattern++;
			rule.len--;
			rule.literal--;
		}
	} else if (rule.literal == rule.len) {
		rule.kind = NAME;
	} else if (*rule.pattern == '*' &&
		   dig_glob_literal_len(rule.pattern + 1, rule.len - 1) ==
		       rule.len - 1) {
		rule.kind = SUFFIX;
	} else {
		rule.kind = NAME_GLOB;
	}
	if (list->nrules == list->cap) {
		list->cap = list->cap > 0 ? 2 * list->cap : 16;
		list->rules =
		    dig_realloc(list->rules, list->cap * sizeof(*list->rules));
		list->tails = dig_realloc(list->tails, list->cap);
	}
	list->tails[list->nrules] = tail_of(&rule);
	list->rules[list->nrules++] = rule;
}

static void
parse(struct dig_ignore *list, size_t len)
{
	static const char mark[] = "\xef\xbb\xbf"; /* a UTF-8 byte order mark */
	char *at = list->text;
	char *end = at + len;

	if (len >= 3 && memcmp(at, mark, 3) == 0)
		at += 3;
	for (size_t line = 1; at < end; line++) {
		char *stop = memchr(at, '\n', (size_t)(end - at));

		if (stop == NULL)
			stop = end;
		*stop = '\0';
		if (*at != '#' && stop > at) {
			if (stop[-1] == '\r')
				stop[-1] = '\0';
			trim_spaces(at);
			add_rule(list, at, line);
		}
		at = stop + 1;
	}
}

struct dig_ignore *
dig_ignore_new(struct dig_ignore *parent, const char *source, size_t dirlen,
    const void *rules, size_t len)
{
	struct dig_ignore *list = dig_calloc(1, sizeof(*list));

	atomic_init(&list->refs, 1);
	list->parent = dig_ignore_ref(parent);
	list->source = dig_strdup(source);
	list->base = dirlen > 0 ? dirlen + 1 : 0;
	list->text = dig_memdup0(rules, len);
	parse(list, len);
	return list;
}

struct dig_ignore *
dig_ignore_ref(struct dig_ignore *ignore)
{
	if (ignore != NULL)
		atomic_fetch_add_explicit(
		    &ignore->refs, 1, memory_order_relaxed);
	return ignore;
}

void
dig_ignore_free(struct dig_ignore *ignore)
{
	while (ignore != NULL && atomic_fetch_sub_explicit(&ignore->refs, 1,
				     memory_order_acq_rel) == 1) {
		struct dig_ignore *parent = ignore->parent;

		free(ignore->source);
		free(ignore->text);
		free(ignore->rules);
		free(ignore->tails);
		free(ignore);
		ignore = parent;
	}
}

struct dig_ignore *
dig_ignore_load(int dirfd, struct dig_ignore *parent, const char *dir,
    size_t dirlen, struct dig_error *warn)
{
	static const char *const names[] = { ".gitignore", ".digignore" };
	struct dig_ignore *chain = dig_ignore_ref(parent);
	struct dig_error none = DIG_ERROR_INIT;
	struct dig_buf source = DIG_BUF_INIT;
	struct dig_buf text = DIG_BUF_INIT;

	*warn = none;
	for (size_t i = 0; i < 2; i++) {
		struct dig_error err = DIG_ERROR_INIT;
		struct dig_ignore *below = chain;
		enum dig_status st = dig_read_file(dirfd, names[i],
		    DIG_IGNORE_FILE_MAX, &text, DIG_EFILE, &err);

		if (st == DIG_ENOTFOUND)
			continue;
		if (st != DIG_OK) {
			*warn = err;
			continue;
		}
		dig_buf_reset(&source);
		dig_buf_put(&source, dir, dirlen);
		if (dirlen > 0)
			dig_buf_putc(&source, '/');
		dig_buf_puts(&source, names[i]);
		chain = dig_ignore_new(below, (const char *)source.data, dirlen,
		    text.data, text.len);
		dig_ignore_free(below);
	}
	dig_buf_clear(&source);
	dig_buf_clear(&text);
	return chain;
}

static bool
rule_matches(const struct rule *rule, const char *path, size_t len,
    const char *name, size_t namelen)
{
	switch (rule->kind) {
	case NAME:
		return rule->len == namelen &&
		       memcmp(rule->pattern, name, namelen) == 0;
	case SUFFIX:
		return rule->len - 1 <= namelen &&
		       memcmp(rule->pattern + 1,
			   name + namelen - (rule->len - 1),
			   rule->len - 1) == 0;
	case NAME_GLOB:
		return dig_glob_match(
		    rule->pattern, rule->len, name, namelen, DIG_GLOB_PATHNAME);
	case PATH:
		/*
		 * What follows the literal part is matched by itself, as git
		 * does: so in "ab**" + "/c" the stars start a component.
		 */
		return rule->literal <= len &&
		       memcmp(rule->pattern, path, rule->literal) == 0 &&
		       dig_glob_match(rule->pattern + rule->literal,
			   rule->len - rule->literal, path + rule->literal,
			   len - rule->literal, DIG_GLOB_PATHNAME);
	}
	return false;
}

static size_t
name_offset(const char *path, size_t len)
{
	while (len > 0 && path[len - 1] != '/')
		len--;
	return len;
}

enum dig_ignore_verdict
dig_ignore_check(const struct dig_ignore *ignore, const char *path, size_t len,
    bool is_dir, struct dig_ignore_match *match)
{
	size_t name = name_offset(path, len);
	uint8_t last = len > 0 ? (uint8_t)path[len - 1] : 0;

	for (; ignore != NULL; ignore = ignore->parent) {
		for (size_t i = ignore->nrules; i-- > 0;) {
			const struct rule *rule = &ignore->rules[i];

			if (ignore->tails[i] != 0 && ignore->tails[i] != last)
				continue;
			if (rule->dirs_only && !is_dir)
				continue;
			if (!rule_matches(rule, path + ignore->base,
				len - ignore->base, path + name, len - name))
				continue;
			if (match != NULL) {
				match->source = ignore->source;
				match->pattern = rule->text;
				match->line = rule->line;
			}
			return rule->negated ? DIG_IGNORE_NO : DIG_IGNORE_YES;
		}
	}
	return DIG_IGNORE_NONE;
}

struct level {
	size_t len; /* of the folder's path */
	struct dig_ignore *chain;
	bool ignored;
	struct dig_ignore_match match; /* if so, why */
};

struct dig_ignore_lookup {
	int root_fd;
	struct dig_buf dir;   /* the deepest folder in levels */
	struct level *levels; /* [0] is the root */
	size_t nlevels;
	size_t cap;
};

static void
push_level(struct dig_ignore_lookup *lookup, struct dig_ignore *above)
{
	struct level *level;
	const char *dir = (const char *)lookup->dir.data;
	size_t len = lookup->dir.len;
	struct dig_error warn;
	int fd;

	DIG_GROW(lookup->levels, lookup->cap, lookup->nlevels + 1);
	level = &lookup->levels[lookup->nlevels++];
	memset(level, 0, sizeof(*level));
	level->len = len;
	if (len > 0 && dig_ignore_check(above, dir, len, true, &level->match) ==
			   DIG_IGNORE_YES) {
		level->ignored = true;
		return;
	}
	fd = len > 0
		 ? dig_open_beneath(lookup->root_fd, dir, DIG_OPEN_DIRECTORY)
		 : dig_open_at(lookup->root_fd, ".", DIG_OPEN_DIRECTORY);
	if (fd < 0) {
		level->chain = dig_ignore_ref(above); /* not there: no rules */
		return;
	}
	level->chain = dig_ignore_load(fd, above, dir, len, &warn);
	if (warn.status != DIG_OK)
		dig_log("ignore rules: %s", warn.msg);
	dig_close(fd);
}

struct dig_ignore_lookup *
dig_ignore_lookup_new(int root_fd, struct dig_ignore *base)
{
	struct dig_ignore_lookup *lookup = dig_calloc(1, sizeof(*lookup));

	lookup->root_fd = root_fd;
	dig_buf_reserve(&lookup->dir, 1);
	lookup->dir.data[0] = '\0';
	push_level(lookup, base);
	return lookup;
}

void
dig_ignore_lookup_free(struct dig_ignore_lookup *lookup)
{
	if (lookup == NULL)
		return;
	while (lookup->nlevels > 0)
		dig_ignore_free(lookup->levels[--lookup->nlevels].chain);
	free(lookup->levels);
	dig_buf_clear(&lookup->dir);
	free(lookup);
}

/* The level is a folder on the way to `path`. */
static bool
leads_to(const struct dig_ignore_lookup *lookup, const struct level *level,
    const char *path, size_t len)
{
	return level->len == 0 ||
	       (level->len < len && path[level->len] == '/' &&
		   memcmp(lookup->dir.data, path, level->len) == 0);
}

enum dig_ignore_verdict
dig_ignore_lookup_check(struct dig_ignore_lookup *lookup, const char *path,
    size_t len, bool is_dir, struct dig_ignore_match *match)
{
	struct level *top = &lookup->levels[lookup->nlevels - 1];
	const char *slash;

	while (!leads_to(lookup, top, path, len)) {
		dig_ignore_free(top->chain);
		top--;
		lookup->nlevels--;
	}
	while (!top->ignored) {
		size_t from = top->len > 0 ? top->len + 1 : 0;

		slash = memchr(path + from, '/', len - from);
		if (slash == NULL)
			return dig_ignore_check(
			    top->chain, path, len, is_dir, match);
		dig_buf_reset(&lookup->dir);
		dig_buf_put(&lookup->dir, path, (size_t)(slash - path));
		push_level(lookup, top->chain);
		top = &lookup->levels[lookup->nlevels - 1];
	}
	if (match != NULL)
		*match = top->match;
	return DIG_IGNORE_YES;
}
