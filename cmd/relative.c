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
	size_t n = strlen(prefix);
	size_t at = 0;     /* of the path's part that is not shared */
	size_t shared = 0; /* the same in the prefix */

	dig_buf_reset(out);
	/* The end of either counts as a '/'. */
	for (size_t i = 0; n > 0 && i <= n && i <= len; i++) {
		char here = i < n ? prefix[i] : '/';

		if ((i < len ? path[i] : '/') != here)
			break;
		if (here == '/') {
			at = i < len ? i + 1 : len;
			shared = i + 1;
		}
	}
	/* One "../" for each folder of the prefix that is not shared. */
	for (size_t i = shared; i < n; i++)
		if (i == shared || prefix[i - 1] == '/')
			dig_buf_puts(out, "../");
	dig_buf_put(out, path + at, len - at);
	if (out->len == 0)
		dig_buf_puts(out, "./");
}
