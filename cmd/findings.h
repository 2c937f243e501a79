/* SPDX-License-Identifier: MIT
 *
 * How a finding of fsck or scrub is printed.
 */
#ifndef CMD_FINDINGS_H
#define CMD_FINDINGS_H

#include "cmd/json.h"
#include "repo/dig.h"

struct dig_out;

/* One line. */
void dig_finding_print(struct dig_out *out, const struct dig_finding *finding);
/* An element of an array. */
void dig_finding_json(struct dig_json *json, const struct dig_finding *finding);

#endif
