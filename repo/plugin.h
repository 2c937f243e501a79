/* SPDX-License-Identifier: MIT
 *
 * Plugins: what one verb needs and the others shall not pay for.
 */
#ifndef REPO_PLUGIN_H
#define REPO_PLUGIN_H

#include "objects/base/error.h"

/*
 * Load the plugin `file` and look its symbol up. It is looked for beside the
 * program, then in the folder that the build was told (PREFIX/lib/dig),
 * nowhere else, and has to belong to root, the caller or the program's owner.
 *
 * what    for messages: "the text engine"
 * handle  caller closes with dlclose
 * symbol  as dlsym gives it
 *
 * Errors: EIO (not found, not to be trusted, cannot be loaded).
 */
enum dig_status dig_plugin_open(const char *file, const char *name,
    const char *what, void **handle, void **symbol,
    struct dig_error *err) DIG_CHECKED;

#endif
