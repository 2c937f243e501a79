/* SPDX-License-Identifier: MIT
 *
 * Shared by stats_html.c (the page) and stats_svg.c (its drawings).
 */
#ifndef CMD_STATS_HTML_INTERNAL_H
#define CMD_STATS_HTML_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cmd/output.h"
#include "repo/dig.h"

/* Text from outside, escaped. */
void dig_html_text(struct dig_out *out, const void *text, size_t len);
void dig_html_size(struct dig_out *out, uint64_t bytes);
void dig_html_count(struct dig_out *out, uint64_t count);
/* "2026-11-21" or "2026-11-21 06:30", in UTC. */
void dig_html_time(struct dig_out *out, int64_t time, bool minutes);

/* "month", "10 years" */
void dig_html_unit(struct dig_out *out, const struct dig_stats *stats);

/* With two steps and more; with one period and more; always. */
void dig_html_growth(struct dig_out *out, const struct dig_stats *stats);
void dig_html_activity(struct dig_out *out, const struct dig_stats *stats);
void dig_html_week(struct dig_out *out, const struct dig_stats *stats);

#endif
