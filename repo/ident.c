/* SPDX-License-Identifier: MIT
 *
 * Identities from flags, environment and settings.
 */
#include "repo/ident.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
dig_person_clear(struct dig_person *person)
{
	dig_buf_clear(&person->who);
}

struct dig_ident
dig_person_ident(const struct dig_person *person)
{
	struct dig_ident ident = { person->who.data, person->who.len,
		person->when.seconds, (const uint8_t *)person->when.zone,
		strlen(person->when.zone) };

	return ident;
}

/* Punctuation at the ends of a name that is no part of it. */
static bool
is_crud(char c)
{
	unsigned char u = (unsigned char)c;

	return u <= ' ' || u == 0x7f || strchr(".,:;<>\"\\'", u) != NULL;
}

/* Append without crud at the ends, and without < > and control bytes. */
static void
put_clean(struct dig_buf *out, const char *text, size_t len)
{
	while (len > 0 && is_crud(text[len - 1]))
		len--;
	while (len > 0 && is_crud(text[0])) {
		text++;
		len--;
	}
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c >= ' ' && c != 0x7f && c != '<' && c != '>')
			dig_buf_putc(out, c);
	}
}

/* A value from the environment, else from the settings; NULL: neither. */
static const char *
pick(enum dig_role role, const char *what, const struct dig_config *config,
    const char *key)
{
	struct dig_error none = DIG_ERROR_INIT;
	const char *value;
	char name[40];

	snprintf(name, sizeof(name), "DIG_%s_%s",
	    role == DIG_ROLE_AUTHOR ? "AUTHOR" : "COMMITTER", what);
	value = getenv(name);
	if (value != NULL && value[0] != '\0')
		return value;
	if (key == NULL ||
	    dig_config_get_string(config, key, &value, NULL, &none) != DIG_OK)
		return NULL;
	return value;
}

static enum dig_status
no_identity(enum dig_role role, struct dig_error *err)
{
	dig_ignore(dig_raise(err, DIG_EINVALID,
	    "no name and email to record as the %s",
	    role == DIG_ROLE_AUTHOR ? "author" : "committer"));
	dig_hint(err, "dig config --global user.name 'Your Name' && "
		      "dig config --global user.email you@example.com");
	return DIG_EINVALID;
}

static enum dig_status
put_who(struct dig_buf *out, const char *name, size_t name_len,
    const char *email, size_t email_len, enum dig_role role,
    struct dig_error *err)
{
	size_t start;

	dig_buf_reset(out);
	put_clean(out, name, name_len);
	if (out->len == 0)
		return no_identity(role, err);
	dig_buf_puts(out, " <");
	start = out->len;
	put_clean(out, email, email_len);
	if (out->len == start)
		return no_identity(role, err);
	dig_buf_putc(out, '>');
	if (out->len > DIG_COMMIT_IDENT_MAX)
		return dig_raise(err, DIG_EINVALID,
		    "name and email are longer than %d bytes",
		    DIG_COMMIT_IDENT_MAX);
	return DIG_OK;
}

/* "Name <email>" as a flag gives it. */
static enum dig_status
parse_who(enum dig_role role, const char *text, struct dig_buf *out,
    struct dig_error *err)
{
	const char *open = strchr(text, '<');
	const char *close = open == NULL ? NULL : strchr(open, '>');

	if (close == NULL || close[1] != '\0') {
		dig_ignore(dig_raise(err, DIG_EINVALID,
		    "'%.200s' is not of the form 'Name <email>'", text));
		return DIG_EINVALID;
	}
	return put_who(out, text, (size_t)(open - text), open + 1,
	    (size_t)(close - open - 1), role, err);
}

enum dig_status
dig_person_find(enum dig_role role, const struct dig_config *config,
    const char *who, const char *date, struct dig_person *out,
    struct dig_error *err)
{
	struct dig_person person = { DIG_BUF_INIT, { 0, "" } };
	enum dig_status st;

	if (who != NULL) {
		st = parse_who(role, who, &person.who, err);
	} else {
		const char *name = pick(role, "NAME", config, "user.name");
		const char *email = pick(role, "EMAIL", config, "user.email");

		if (name == NULL || email == NULL)
			st = no_identity(role, err);
		else
			st = put_who(&person.who, name, strlen(name), email,
			    strlen(email), role, err);
	}
	if (date == NULL)
		date = pick(role, "DATE", config, NULL);
	if (st == DIG_OK && date != NULL)
		st = dig_date_parse(date, &person.when, err);
	else if (st == DIG_OK)
		dig_date_now(&person.when);
	if (st != DIG_OK) {
		dig_person_clear(&person);
		return st;
	}
	*out = person;
	return DIG_OK;
}
