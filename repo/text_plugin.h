/* SPDX-License-Identifier: MIT
 *
 * Between repo/text.c and the plugin: one symbol that gives a table of
 * functions. Both are built together, and the version says so.
 */
#ifndef REPO_TEXT_PLUGIN_H
#define REPO_TEXT_PLUGIN_H

#include "repo/text.h"

#define DIG_TEXT_PLUGIN_FILE "dig-text.so"
#define DIG_TEXT_PLUGIN_SYMBOL "dig_text_plugin"

/* The contracts are those of text.h; limits were checked before. */
struct dig_text_plugin {
	const char *version; /* DIG_VERSION */
	/* NULL, or why it cannot start; each start has its stop. */
	const char *(*start)(void);
	void (*stop)(void);
	enum dig_status (*diff)(const void *old_data, size_t old_len,
	    const void *new_data, size_t new_len,
	    const struct dig_text_options *options,
	    const struct dig_text_sink *sink, char *why, size_t why_size);
	/* *merged: from malloc, as is; *clean: no conflict. */
	enum dig_status (*merge)(const struct dig_text_side *base,
	    const struct dig_text_side *ours,
	    const struct dig_text_side *theirs, enum dig_text_style style,
	    unsigned nsigns, void **merged, size_t *merged_len, bool *clean,
	    char *why, size_t why_size);
};

typedef const struct dig_text_plugin *dig_text_plugin_fn(void);

#endif
