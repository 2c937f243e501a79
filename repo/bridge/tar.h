/* SPDX-License-Identifier: MIT
 *
 * The plugin that knows tar, loaded; for repo/bridge/ only.
 */
#ifndef REPO_BRIDGE_TAR_H
#define REPO_BRIDGE_TAR_H

#include "objects/base/error.h"
#include "repo/tar_plugin.h"

struct dig_tar_engine {
	void *handle;
	const struct dig_tar_plugin *plugin;
};

/* Errors: IO (not found, cannot be loaded, of another version). */
enum dig_status dig_tar_load(
    struct dig_tar_engine *engine, struct dig_error *err) DIG_CHECKED;
void dig_tar_unload(struct dig_tar_engine *engine); /* a zeroed one, too */

#endif
