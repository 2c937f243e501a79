/* SPDX-License-Identifier: MIT
 *
 * Between repo/grep_match.c and the plugin for Perl's patterns: one symbol that
 * gives a table of functions. Both are built together.
 */
#ifndef REPO_GREP_PLUGIN_H
#define REPO_GREP_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>

#define DIG_PERL_PLUGIN_FILE "dig-perl.so"
#define DIG_PERL_PLUGIN_SYMBOL "dig_perl_plugin"

struct dig_perl_plugin {
	const char *version; /* DIG_VERSION */
	/* For one thread's use; NULL and why, one line, for a bad pattern. */
	void *(*compile)(const char *pattern, size_t len, bool ignore_case,
	    bool utf8, char *why, size_t why_size);
	/*
	 * 1: matches at [*from, *to); 0: does not; -1: why not, after a number
	 * of steps and of memory that the plugin fixes.
	 */
	int (*match)(void *code, const char *text, size_t len, bool not_bol,
	    size_t *from, size_t *to, char *why, size_t why_size);
	void (*free)(void *code);
};

typedef const struct dig_perl_plugin *dig_perl_plugin_fn(void);

#endif
