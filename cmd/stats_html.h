/* SPDX-License-Identifier: MIT
 *
 * The report of dig stats as one page.
 */
#ifndef CMD_STATS_HTML_H
#define CMD_STATS_HTML_H

#include <stddef.h>

#include "cmd/output.h"
#include "repo/dig.h"

/* What the page shows beside the sums. */
struct dig_stats_page {
	const char *name;   /* of the repository */
	const char *branch; /* NULL: HEAD names none */
	const struct dig_stats *stats;
	const struct dig_parity_sum *packs;
	size_t npacks;
	const struct dig_scrub_sum *scrubbed;
	size_t top; /* types that are shown */
	int64_t now;
};

/*
 * Write an XHTML document with its drawings in it: it refers to nothing and
 * runs nothing. Names are escaped; what XML cannot hold is U+FFFD.
 */
void dig_stats_html(struct dig_out *out, const struct dig_stats_page *page);

#endif
