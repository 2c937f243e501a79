/* SPDX-License-Identifier: MIT
 *
 * Paths from the current folder.
 */
#include "cmd/relative.h"

#include <string.h>

void
dig_relative_path(
    struct dig_buf *out, const char *prefix, const char *path, size_t len)
{
	size_t at = 0; /* of the part that both share, with its '/' */
	size_t n = strlen(prefix);

	dig_buf_reset(out);
	for (size_t i = 0; i <= n && i < len; i++) {
		char here = i < n ? prefix[i] : '/';

		if (n == 0 || path[i] != here)
			break;
		if (here == '/')
			at = i + 1;
	}
	/* One "../" for each folder of the prefix that is not shared. */
	for (size_t i = at; i < n; i++)
		if (i == at || prefix[i - 1] == '/')
			dig_buf_puts(out, "../");
	dig_buf_put(out, path + at, len - at);
	if (out->len == 0)
		dig_buf_puts(out, "./");
}
