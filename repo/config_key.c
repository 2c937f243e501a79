/* SPDX-License-Identifier: MIT
 *
 * The closed list of keys, their types, and where each of them counts.
 */
#include "repo/config_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "objects/parity.h"

#define COLOUR_WORDS "auto|always|never|true|false"

/* core.busyTimeout is in milliseconds, hook.timeout in seconds. */
static const struct dig_config_key keys[] = {
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
	{ "user.signingKey", NULL, NULL, "DIG_SIGNING_KEY", KEY_STRING,
	    KEY_IN_USER, 0, 0 },
	{ "gpg.ssh.allowedSignersFile", NULL, NULL, "DIG_ALLOWED_SIGNERS",
	    KEY_STRING, KEY_IN_USER, 0, 0 },
	{ "gpg.ssh.revocationFile", NULL, NULL, NULL, KEY_STRING, KEY_IN_USER,
	    0, 0 },
	{ "commit.gpgSign", "false", NULL, NULL, KEY_BOOL, KEY_IN_USER, 0, 0 },
	{ "init.defaultBranch", "main", NULL, NULL, KEY_STRING,
	    KEY_IN_USER | KEY_IN_GIT, 0, 0 },
	{ "color.ui", "auto", COLOUR_WORDS, NULL, KEY_WORD, KEY_ANY, 0, 0 },
	{ "clean.requireForce", "true", NULL, NULL, KEY_BOOL, KEY_ALL, 0, 0 },
	{ "safe.directory", NULL, NULL, NULL, KEY_STRING,
	    KEY_IN_USER | KEY_MULTI, 0, 0 },
	{ "parity.data", "20", NULL, NULL, KEY_INT, KEY_ANY, 1,
	    DIG_PARITY_DATA_MAX },
	{ "parity.parity", "2", NULL, NULL, KEY_INT, KEY_ANY, 0,
	    DIG_PARITY_PARITY_MAX },
	{ "hook.timeout", "60", NULL, NULL, KEY_INT, KEY_ANY, 0, 86400 },
	{ "hook.isolate", "false", NULL, NULL, KEY_BOOL, KEY_ANY, 0, 0 },
	{ "gc.keepOps", "200", NULL, NULL, KEY_INT, KEY_ANY, 0, INT32_MAX },
	{ "alias.*", NULL, NULL, NULL, KEY_STRING, KEY_IN_USER, 0, 0 },
	{ "remote.*.url", NULL, NULL, NULL, KEY_STRING, KEY_ANY, 0, 0 },
};

#define NKEYS (sizeof(keys) / sizeof(keys[0]))

const struct dig_config_key *
dig_config_key_at(size_t index)
{
	return index < NKEYS ? &keys[index] : NULL;
}

bool
dig_config_honours(
    const struct dig_config_key *spec, enum dig_config_scope scope)
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

bool
dig_config_canonical(struct dig_buf *out, const char *key)
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

	if (star == NULL && pattern[strlen(pattern) - 1] == '*')
		return strncasecmp(pattern, key, strlen(pattern) - 1) == 0 &&
		       strchr(key, '.') == strrchr(key, '.');
	if (star == NULL)
		return strcasecmp(pattern, key) == 0;
	head = (size_t)(star + 1 - pattern);
	tail = strlen(star + 2);
	return len > head + tail && strncasecmp(pattern, key, head) == 0 &&
	       strcasecmp(star + 2, key + len - tail) == 0;
}

const struct dig_config_key *
dig_config_find(const char *canonical)
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

enum dig_status
dig_config_check(const struct dig_config_key *spec, const char *text,
    int64_t *number, bool *truth, struct dig_error *err)
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

enum dig_status
dig_config_resolve(const char *key, struct dig_buf *canonical,
    const struct dig_config_key **spec, struct dig_error *err)
{
	const char *near;

	if (!dig_config_canonical(canonical, key))
		return dig_raise(err, DIG_EINVALID,
		    "'%s' is not a key: it needs a section and a name, "
		    "as in 'user.name'",
		    key);
	*spec = dig_config_find((const char *)canonical->data);
	if (*spec != NULL)
		return DIG_OK;
	near = nearest_key((const char *)canonical->data);
	dig_ignore(dig_raise(err, DIG_EINVALID, "no setting '%s'", key));
	if (near != NULL)
		dig_hint(err, "did you mean '%s'?", near);
	return DIG_EINVALID;
}

enum dig_status
dig_config_allowed(const struct dig_config_key *spec,
    enum dig_config_scope scope, const char *value, struct dig_error *err)
{
	int64_t number;
	bool truth;

	if (!dig_config_honours(spec, scope)) {
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
	return dig_config_check(spec, value, &number, &truth, err);
}
