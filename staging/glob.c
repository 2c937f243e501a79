/* SPDX-License-Identifier: MIT
 *
 * The wildcard matcher: one pass with two places to return to.
 */
#include "staging/glob.h"

#include <stdint.h>
#include <string.h>

static bool
is_upper(uint8_t c)
{
	return c >= 'A' && c <= 'Z';
}

static bool
is_lower(uint8_t c)
{
	return c >= 'a' && c <= 'z';
}

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool
is_alpha(uint8_t c)
{
	return is_upper(c) || is_lower(c);
}

static bool
is_alnum(uint8_t c)
{
	return is_alpha(c) || is_digit(c);
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static bool
is_cntrl(uint8_t c)
{
	return c < 0x20 || c == 0x7f;
}

static bool
is_graph(uint8_t c)
{
	return c > 0x20 && c < 0x7f;
}

static bool
is_print(uint8_t c)
{
	return c >= 0x20 && c < 0x7f;
}

static bool
is_punct(uint8_t c)
{
	return is_graph(c) && !is_alnum(c);
}

/* Vertical tab and form feed are no space to git, so neither here. */
static bool
is_space(uint8_t c)
{
	return is_blank(c) || c == '\n' || c == '\r';
}

static bool
is_xdigit(uint8_t c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static const struct {
	const char *name;
	bool (*has)(uint8_t c);
} CLASSES[] = {
	{ "alnum", is_alnum },
	{ "alpha", is_alpha },
	{ "blank", is_blank },
	{ "cntrl", is_cntrl },
	{ "digit", is_digit },
	{ "graph", is_graph },
	{ "lower", is_lower },
	{ "print", is_print },
	{ "punct", is_punct },
	{ "space", is_space },
	{ "upper", is_upper },
	{ "xdigit", is_xdigit },
};

static uint8_t
fold(uint8_t c)
{
	return is_upper(c) ? (uint8_t)(c + 'a' - 'A') : c;
}

static uint8_t
other_case(uint8_t c)
{
	return is_alpha(c) ? c ^ 0x20 : c;
}

static bool
in_class(const char *name, size_t len, uint8_t c, bool *known)
{
	for (size_t i = 0; i < sizeof(CLASSES) / sizeof(CLASSES[0]); i++)
		if (strlen(CLASSES[i].name) == len &&
		    memcmp(CLASSES[i].name, name, len) == 0)
			return CLASSES[i].has(c);
	*known = false;
	return false;
}

/*
 * The set whose '[' is at p[-1]. Answers where the pattern goes on, NULL when
 * the set is malformed, and in *has whether it holds c or d (the other case of
 * c, or c again).
 */
static const char *
match_set(const char *p, const char *pend, uint8_t c, uint8_t d, bool *has)
{
	bool negated = false;
	bool first = true;
	bool known = true;
	bool found = false;
	int prev = -1; /* what a '-' may start its range at */

	if (p < pend && (*p == '!' || *p == '^')) {
		negated = true;
		p++;
	}
	for (; p < pend && (first || *p != ']'); first = false) {
		uint8_t lo = (uint8_t)*p;

		if (lo == '[' && p + 1 < pend && p[1] == ':') {
			const char *name = p + 2;
			const char *end =
			    memchr(name, ']', (size_t)(pend - name));

			if (end == NULL)
				return NULL;
			if (end > name && end[-1] == ':') {
				size_t len = (size_t)(end - 1 - name);

				found |= in_class(name, len, c, &known);
				found |= in_class(name, len, d, &known);
				if (!known)
					return NULL;
				p = end + 1;
				prev = -1;
				continue;
			}
		}
		if (lo == '-' && prev >= 0 && p + 1 < pend && p[1] != ']') {
			uint8_t hi = (uint8_t) * ++p;

			if (hi == '\\' && ++p == pend)
				return NULL;
			hi = (uint8_t)*p++;
			found |= c >= prev && c <= hi;
			found |= d >= prev && d <= hi;
			prev = -1;
			continue;
		}
		if (lo == '\\' && ++p == pend)
			return NULL;
		lo = (uint8_t)*p++;
		found |= lo == c || lo == d;
		prev = lo;
	}
	if (p >= pend)
		return NULL;
	*has = found != negated;
	return p + 1;
}

/*
 * One pattern element other than a star against the byte c. Answers where the
 * pattern goes on, or NULL.
 */
static const char *
match_one(const char *p, const char *pend, uint8_t c, unsigned flags)
{
	bool path = flags & DIG_GLOB_PATHNAME;
	bool icase = flags & DIG_GLOB_ICASE;
	bool has = false;

	switch (*p) {
	case '?':
		return path && c == '/' ? NULL : p + 1;
	case '[':
		p = match_set(p + 1, pend, c, icase ? other_case(c) : c, &has);
		return has && !(path && c == '/') ? p : NULL;
	case '\\':
		if (++p == pend)
			return NULL;
		break;
	default:
		break;
	}
	if (icase ? fold((uint8_t)*p) == fold(c) : (uint8_t)*p == c)
		return p + 1;
	return NULL;
}

bool
dig_glob_match(const char *pattern, size_t plen, const char *text, size_t tlen,
    unsigned flags)
{
	const char *p = pattern;
	const char *pend = pattern + plen;
	const char *t = text;
	const char *tend = text + tlen;
	const char *star = NULL;   /* pattern after the latest *, and */
	const char *star_t = NULL; /* where its match ends so far */
	const char *deep = NULL;   /* the same for the latest ** */
	const char *deep_t = NULL; /* the next end to try */
	const char *next;

	for (;;) {
		if (p < pend && *p == '*') {
			const char *from = p;
			bool cross = !(flags & DIG_GLOB_PATHNAME);

			while (p < pend && *p == '*')
				p++;
			if (!cross && p - from >= 2 &&
			    (from == pattern || from[-1] == '/'))
				cross =
				    p == pend || *p == '/' ||
				    (*p == '\\' && p + 1 < pend && p[1] == '/');
			if (p == pend &&
			    (cross ||
				memchr(t, '/', (size_t)(tend - t)) == NULL))
				return true;
			if (!cross) {
				star = p;
				star_t = t;
			} else {
				star = NULL;
				deep = p;
				deep_t = t;
				if ((flags & DIG_GLOB_PATHNAME) && *p == '/')
					p++; /* no component at all, first */
				else
					deep_t++;
			}
			continue;
		}
		if (p == pend && t == tend)
			return true;
		if (p < pend && t < tend) {
			next = match_one(p, pend, (uint8_t)*t, flags);
			if (next != NULL) {
				p = next;
				t++;
				continue;
			}
		}
		if (star != NULL && star_t < tend && *star_t != '/') {
			t = ++star_t;
			p = star;
			continue;
		}
		if (deep == NULL || deep_t > tend)
			return false;
		star = NULL;
		if (*deep == '/') {
			deep_t = memchr(deep_t, '/', (size_t)(tend - deep_t));
			if (deep_t == NULL)
				return false;
		}
		p = deep;
		t = deep_t++;
	}
}

size_t
dig_glob_literal_len(const char *pattern, size_t plen)
{
	size_t i = 0;

	while (i < plen && pattern[i] != '*' && pattern[i] != '?' &&
	       pattern[i] != '[' && pattern[i] != '\\')
		i++;
	return i;
}

bool
dig_glob_bytes_equal(const char *a, const char *b, size_t len, unsigned flags)
{
	if (!(flags & DIG_GLOB_ICASE))
		return memcmp(a, b, len) == 0;
	for (size_t i = 0; i < len; i++)
		if (fold((uint8_t)a[i]) != fold((uint8_t)b[i]))
			return false;
	return true;
}
