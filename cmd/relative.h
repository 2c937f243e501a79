/* SPDX-License-Identifier: MIT
 *
 * Paths as a person in some folder of the work tree types them.
 */
#ifndef CMD_RELATIVE_H
#define CMD_RELATIVE_H

#include <stddef.h>

#include "objects/base/buf.h"

/*
 * `path` (from the root; a folder's may end in '/') as seen from the folder
 * `prefix` ("" is the root, no '/' at its end), into out (reset): "../a",
 * "./" for that folder itself.
 */
void dig_relative_path(
    struct dig_buf *out, const char *prefix, const char *path, size_t len);

#endif
