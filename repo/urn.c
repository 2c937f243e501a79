/* SPDX-License-Identifier: MIT
 *
 * URNs: text to parts and back.
 */
#include "repo/urn.h"

#include <string.h>
#include <strings.h>

#include "repo/internal.h"

#define BEGIN "urn:dig:"
#define FRAGMENT "bytes="

bool
dig_urn_is(const char *text)
{
	return strncasecmp(text, BEGIN, sizeof(BEGIN) - 1) == 0;
}

static enum dig_status
not_urn(const char *why, struct dig_error *err)
{
	dig_ignore(dig_raise(err, DIG_EINVALID, "the URN %s", why));
	dig_hint(err, "urn:dig:STORE[:ID][/PATH][#bytes=A-B]; 'dig urn' "
		      "prints one");
	return DIG_EINVALID;
}

/* What stands in a path as it is, of what may. */
static bool
is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("-._~/:@+,=", c) != NULL);
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* A path up to '#' or the end; NULL when it cannot be one. */
static const char *
parse_path(const char *at, struct dig_buf *out)
{
	for (; *at != '\0' && *at != '#'; at++) {
		int high, low;

		if (*at != '%') {
			if (!is_plain(*at) && strchr("!$&'()*;", *at) == NULL)
				return NULL;
			dig_buf_putc(out, (uint8_t)*at);
			continue;
		}
		high = hex_digit(at[1]);
		low = high < 0 ? -1 : hex_digit(at[2]);
		if (low < 0 || high + low == 0)
			return NULL;
		dig_buf_putc(out, (uint8_t)(high << 4 | low));
		at += 2;
	}
	return at;
}

enum dig_status
dig_urn_parse(const char *text, struct dig_urn *out, struct dig_error *err)
{
	const char *at = text + sizeof(BEGIN) - 1;

	if (!dig_urn_is(text))
		return not_urn("begins with urn:dig:", err);
	if (strnlen(at, DIG_OID_HEX) < DIG_OID_HEX ||
	    !dig_oid_parse(at, DIG_OID_HEX, &out->store))
		return not_urn("has no store id of 64 hex digits", err);
	at += DIG_OID_HEX;
	if (*at == ':') {
		at++;
		if (strnlen(at, DIG_OID_HEX) < DIG_OID_HEX ||
		    !dig_oid_parse(at, DIG_OID_HEX, &out->id))
			return not_urn("has no id of 64 hex digits", err);
		out->has_id = true;
		at += DIG_OID_HEX;
	}
	if (*at == '/') {
		out->has_path = true;
		at = parse_path(at + 1, &out->path);
		if (at == NULL)
			return not_urn("has a path with bytes that have to be "
				       "written as %XX",
			    err);
	}
	if (*at == '\0')
		return DIG_OK;
	if (*at != '#')
		return not_urn("has something behind its ids", err);
	if (!out->has_path ||
	    strncmp(at + 1, FRAGMENT, sizeof(FRAGMENT) - 1) != 0)
		return not_urn(
		    "has something else than #bytes= behind a path", err);
	out->range = at + sizeof(FRAGMENT);
	return DIG_OK;
}

void
dig_urn_clear(struct dig_urn *urn)
{
	dig_buf_clear(&urn->path);
}

void
dig_urn_format(const struct dig_urn *urn, struct dig_buf *out)
{
	char hex[DIG_OID_HEX + 1];

	dig_oid_hex(&urn->store, hex);
	dig_buf_printf(out, BEGIN "%s", hex);
	dig_oid_hex(&urn->id, hex);
	if (urn->has_id)
		dig_buf_printf(out, ":%s", hex);
	if (urn->has_path)
		dig_buf_putc(out, '/');
	for (size_t i = 0; urn->has_path && i < urn->path.len; i++) {
		uint8_t c = urn->path.data[i];

		if (is_plain((char)c))
			dig_buf_putc(out, c);
		else
			dig_buf_printf(out, "%%%02X", c);
	}
	if (urn->range != NULL)
		dig_buf_printf(out, "#" FRAGMENT "%s", urn->range);
}

/* A path of a URN names something, and a range is in it. */
static enum dig_status
check_path(struct dig_repo *repo, const char *text,
    const struct dig_snapshot *snapshot, const char *range,
    struct dig_error *err)
{
	struct dig_entry entry;
	enum dig_found found;
	uint64_t from, to;
	enum dig_status st;

	st = dig_content_find(repo, &snapshot->root, snapshot->path.data,
	    snapshot->path.len, &found, &entry, err);
	if (st == DIG_OK && found == DIG_FOUND_NOTHING)
		st =
		    dig_raise(err, DIG_ENOTFOUND, "there is no '%.300s'", text);
	if (st != DIG_OK || range == NULL)
		return st;
	if (found != DIG_FOUND_ENTRY || entry.kind == DIG_ENTRY_LINK)
		return dig_raise(
		    err, DIG_EINVALID, "'%.300s' has no bytes", text);
	return dig_range_parse(range, entry.size_bytes, &from, &to, err);
}

enum dig_status
dig_urn_of(struct dig_repo *repo, const char *text, const char *range,
    struct dig_buf *out, struct dig_error *err)
{
	struct dig_snapshot snapshot = DIG_SNAPSHOT_INIT;
	struct dig_urn urn = { .has_id = true };
	enum dig_status st;

	st = dig_revision_snapshot(repo, text, &snapshot, err);
	if (range == NULL && snapshot.range[0] != '\0')
		range = snapshot.range;
	if (st == DIG_OK && range != NULL && !snapshot.has_path)
		st = dig_raise(
		    err, DIG_EINVALID, "a range goes with a file, REV:PATH");
	if (st == DIG_OK && snapshot.has_path)
		st = check_path(repo, text, &snapshot, range, err);
	if (st == DIG_OK) {
		memcpy(urn.store.bytes,
		    dig_journal_store_id(
			dig_store_journal(dig_index_store(repo->index))),
		    sizeof(urn.store.bytes));
		urn.id = snapshot.has_commit ? snapshot.commit : snapshot.root;
		urn.has_path = snapshot.has_path;
		urn.path = snapshot.path; /* borrowed */
		urn.range = range;
		dig_buf_reset(out);
		dig_urn_format(&urn, out);
	}
	dig_snapshot_clear(&snapshot);
	return st;
}
