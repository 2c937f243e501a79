/* SPDX-License-Identifier: MIT
 *
 * Checking, comparing and printing paths. Nothing here touches a file system:
 * a name is judged by its bytes, the same on every machine.
 */
#include "objects/base/path.h"

#include <string.h>

#define DEPTH_MAX 1024 /* components in a path */

/*
 * Aliases of `.dig` and `.git`. A tree made here may be checked out on
 * Windows or macOS, where other names open the same folder:
 *
 *   any case                         both
 *   trailing dots and spaces         Windows strips them
 *   ":stream", "::$INDEX_ALLOCATION" NTFS
 *   DIG~1, GIT~1                     NTFS short names
 *   a\.git                           Windows: a separator
 *   16 code points anywhere          HFS+ ignores them
 *
 * The forms are recognised in any mixture, which refuses a little more than
 * any one system would confuse.
 */

/* Step over code points that HFS+ ignores: U+200C..200F, U+202A..202E,
 * U+206A..206F, U+FEFF. */
static const uint8_t *
skip_ignored(const uint8_t *at, const uint8_t *end)
{
	for (; end - at >= 3; at += 3) {
		bool ignored = false;

		if (at[0] == 0xe2 && at[1] == 0x80)
			ignored = (at[2] >= 0x8c && at[2] <= 0x8f) ||
				  (at[2] >= 0xaa && at[2] <= 0xae);
		else if (at[0] == 0xe2 && at[1] == 0x81)
			ignored = at[2] >= 0xaa && at[2] <= 0xaf;
		else if (at[0] == 0xef && at[1] == 0xbb)
			ignored = at[2] == 0xbf;
		if (!ignored)
			break;
	}
	return at;
}

/* Match the lower-case `name` in any case; where it ends, or NULL. */
static const uint8_t *
match_name(const uint8_t *at, const uint8_t *end, const char *name)
{
	for (; *name != '\0'; name++) {
		uint8_t byte;

		at = skip_ignored(at, end);
		if (at == end)
			return NULL;
		byte = *at++;
		if (byte >= 'A' && byte <= 'Z')
			byte += 'a' - 'A';
		if (byte != (uint8_t)*name)
			return NULL;
	}
	return skip_ignored(at, end);
}

static bool
is_alias(const uint8_t *from, const uint8_t *end)
{
	static const char *const names[] = { ".dig", ".git", "dig~", "git~" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const uint8_t *at = match_name(from, end, names[i]);

		if (at == NULL)
			continue;
		if (names[i][3] == '~') {
			if (at == end || *at < '1' || *at > '9')
				continue;
			at = skip_ignored(at + 1, end);
		}
		while (at < end && (*at == ' ' || *at == '.'))
			at = skip_ignored(at + 1, end);
		if (at == end || *at == ':')
			return true;
	}
	return false;
}

/* Is any piece of the component between backslashes an alias? */
static bool
has_alias(const uint8_t *at, const uint8_t *end)
{
	for (;;) {
		const uint8_t *stop = memchr(at, '\\', (size_t)(end - at));

		if (is_alias(at, stop == NULL ? end : stop))
			return true;
		if (stop == NULL)
			return false;
		at = stop + 1;
	}
}

/* suspect: a backslash or a byte from 0x80 on, so that any alias may lie
 * hidden; else one starts with '.' or has '~' as its fourth byte. */
static const char *
check_component(const uint8_t *at, const uint8_t *end, bool suspect)
{
	size_t len = (size_t)(end - at);

	if (len == 0)
		return "has an empty component";
	if (len > DIG_NAME_MAX)
		return "has a component longer than 255 bytes";
	if (at[0] == '.') {
		if (len == 1)
			return "has a '.' component";
		if (len == 2 && at[1] == '.')
			return "has a '..' component";
		suspect = true;
	} else if (len >= 5 && at[3] == '~') {
		suspect = true; /* a short name */
	}
	if (suspect && has_alias(at, end))
		return "names the repository itself";
	return NULL;
}

const char *
dig_path_check(const void *path, size_t len)
{
	const uint8_t *at = path, *end, *from;
	unsigned depth = 0;

	if (len == 0)
		return "is empty";
	if (len > DIG_PATH_MAX)
		return "is longer than 4095 bytes";
	if (at[0] == '/')
		return "starts with '/'";
	if (at[len - 1] == '/')
		return "ends with '/'";
	for (end = at + len;; at++) {
		bool suspect = false;
		const char *why;

		for (from = at; at < end && *at != '/'; at++) {
			if (*at == '\0')
				return "has a NUL byte";
			if (*at == '\\' || *at >= 0x80)
				suspect = true;
		}
		why = check_component(from, at, suspect);
		if (why != NULL)
			return why;
		if (++depth > DEPTH_MAX)
			return "has more than 1024 components";
		if (at == end)
			return NULL;
	}
}

int
dig_path_cmp(const void *a, size_t alen, const void *b, size_t blen)
{
	size_t len = alen < blen ? alen : blen;
	int order = len > 0 ? memcmp(a, b, len) : 0;

	return order != 0 ? order : (alen > blen) - (alen < blen);
}

bool
dig_path_is_under(const void *path, size_t len, const void *dir, size_t dirlen)
{
	if (dirlen == 0)
		return true;
	if (len < dirlen || memcmp(path, dir, dirlen) != 0)
		return false;
	return len == dirlen || ((const uint8_t *)path)[dirlen] == '/';
}

/*
 * Length of the UTF-8 sequence at `at`, 0 when it is not one (RFC 3629). The
 * bounds of the second byte leave out overlong forms, surrogates and what
 * lies beyond U+10FFFF.
 */
static size_t
utf8_sequence(const uint8_t *at, size_t left)
{
	uint8_t low = 0x80, high = 0xbf;
	size_t len;

	if (at[0] < 0x80)
		return 1;
	if (at[0] < 0xc2 || at[0] > 0xf4)
		return 0;
	len = at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
	if (at[0] == 0xe0)
		low = 0xa0;
	else if (at[0] == 0xed)
		high = 0x9f;
	else if (at[0] == 0xf0)
		low = 0x90;
	else if (at[0] == 0xf4)
		high = 0x8f;
	if (left < len || at[1] < low || at[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

bool
dig_utf8_valid(const void *data, size_t len)
{
	const uint8_t *at = data;

	while (len > 0) {
		size_t step = utf8_sequence(at, len);

		if (step == 0)
			return false;
		at += step;
		len -= step;
	}
	return true;
}

/* May the sequence at `at` stand as it is? C1 controls (U+0080..009F) steer
 * a terminal like the ones below U+0020 and may not. */
static bool
is_plain(const uint8_t *at, size_t step)
{
	if (step == 1)
		return at[0] >= 0x20 && at[0] < 0x7f && at[0] != '"' &&
		       at[0] != '\\';
	return !(at[0] == 0xc2 && at[1] < 0xa0);
}

static void
put_escaped(struct dig_buf *out, uint8_t byte)
{
	static const char letters[] = "abtnvfr"; /* 7 to 13 */

	dig_buf_putc(out, '\\');
	if (byte == '"' || byte == '\\')
		dig_buf_putc(out, byte);
	else if (byte >= 7 && byte <= 13)
		dig_buf_putc(out, (uint8_t)letters[byte - 7]);
	else
		dig_buf_printf(out, "%03o", (unsigned)byte);
}

void
dig_path_quote(
    struct dig_buf *out, const void *path, size_t len, bool keep_utf8)
{
	const uint8_t *at = path, *end = at + len;
	bool keep = keep_utf8 && dig_utf8_valid(path, len);
	size_t step;

	for (; at < end; at += step) {
		step = keep ? utf8_sequence(at, (size_t)(end - at)) : 1;
		if (!is_plain(at, step))
			break;
	}
	if (at == end) {
		dig_buf_put(out, path, len);
		return;
	}
	dig_buf_putc(out, '"');
	for (at = path; at < end; at += step) {
		step = keep ? utf8_sequence(at, (size_t)(end - at)) : 1;
		if (is_plain(at, step)) {
			dig_buf_put(out, at, step);
			continue;
		}
		for (size_t i = 0; i < step; i++)
			put_escaped(out, at[i]);
	}
	dig_buf_putc(out, '"');
}
