/* SPDX-License-Identifier: MIT
 *
 * Pointers of git-lfs and the header that names their paths.
 */
#include "repo/bridge/lfs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POINTER_MAX 200
#define HEAD "version https://git-lfs.github.com/spec/v1\noid sha256:"

void
dig_lfs_format(const struct dig_lfs_pointer *pointer, struct dig_buf *out)
{
	char hex[DIG_OID_HEX + 1];

	dig_oid_hex(&pointer->sha256, hex);
	dig_buf_printf(out, HEAD "%s\nsize %llu\n", hex,
	    (unsigned long long)pointer->size_bytes);
}

/* Read what may be one, write it, and see whether it is the same. */
bool
dig_lfs_parse(const void *text, size_t len, struct dig_lfs_pointer *out)
{
	static const char size_word[] = "\nsize ";
	const size_t head = sizeof(HEAD) - 1;
	const size_t digits = head + DIG_OID_HEX + sizeof(size_word) - 1;
	struct dig_buf again = DIG_BUF_INIT;
	const char *at = text;
	bool same;

	if (len <= digits || len > POINTER_MAX || memcmp(at, HEAD, head) != 0 ||
	    !dig_oid_parse(at + head, DIG_OID_HEX, &out->sha256))
		return false;
	out->size_bytes = 0;
	for (size_t i = digits; i < len && at[i] >= '0' && at[i] <= '9'; i++) {
		if (out->size_bytes > INT64_MAX / 10 - 1)
			return false;
		out->size_bytes =
		    out->size_bytes * 10 + (uint64_t)(at[i] - '0');
	}
	dig_lfs_format(out, &again);
	same = out->size_bytes > 0 && again.len == len &&
	       memcmp(again.data, text, len) == 0;
	dig_buf_clear(&again);
	return same;
}

static int
compare(const void *a, size_t a_len, const void *b, size_t b_len)
{
	int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

/* Of equal paths the later one first: its bytes stand behind. */
static int
by_path(const void *left, const void *right)
{
	const struct dig_lfs_item *a = left, *b = right;
	int order = compare(a->path, a->len, b->path, b->len);

	return order != 0 ? order : (a->path < b->path) - (a->path > b->path);
}

struct dig_lfs_item *
dig_lfs_items(const void *header, size_t len, size_t *count)
{
	const uint8_t *at = header, *end = at + len;
	struct dig_lfs_item *items = NULL;
	size_t n = 0, cap = 0, kept = 0;

	while (end - at >= 3 && (*at == '+' || *at == '-')) {
		const uint8_t *nul = memchr(at, '\0', (size_t)(end - at));

		if (nul == NULL || nul == at + 1)
			break;
		DIG_GROW(items, cap, n + 1);
		items[n++] = (struct dig_lfs_item){ at + 1,
			(size_t)(nul - at - 1), *at == '+', false };
		at = nul + 1;
	}
	if (n > 0)
		qsort(items, n, sizeof(*items), by_path);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 ||
		    compare(items[kept - 1].path, items[kept - 1].len,
			items[i].path, items[i].len) != 0)
			items[kept++] = items[i];
	*count = kept;
	return items;
}

struct dig_lfs_item *
dig_lfs_find(
    struct dig_lfs_item *items, size_t count, const void *path, size_t len)
{
	struct dig_lfs_item key = { .path = path, .len = len };
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare(
		    key.path, key.len, items[middle].path, items[middle].len);

		if (order == 0)
			return &items[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}
