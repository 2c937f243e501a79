/* SPDX-License-Identifier: MIT
 *
 * Findings of fsck and scrub, one a line.
 */
#include "cmd/findings.h"

#include <string.h>

#include "cmd/command.h"

static const char *const words[] = { "damaged", "lost", "differs", "repaired" };

void
dig_finding_print(struct dig_out *out, const struct dig_finding *finding)
{
	char hex[DIG_OID_HEX + 1];

	dig_out_printf(out, "%s:", words[finding->kind]);
	if (finding->file != NULL)
		dig_out_printf(out, " %s", finding->file);
	if (finding->has_offset)
		dig_out_printf(
		    out, " at %llu", (unsigned long long)finding->offset);
	if (finding->file != NULL)
		dig_out_puts(out, ":");
	if (finding->has_commit) {
		dig_oid_hex(&finding->commit, hex);
		dig_out_printf(out, " %.12s:", hex);
	} else if (finding->staged) {
		dig_out_puts(out, " staged:");
	}
	if (finding->path != NULL)
		dig_out_path(out, finding->path, finding->path_len, false, ":");
	if (finding->object_kind != 0) {
		dig_oid_hex(&finding->object, hex);
		dig_out_printf(out,
		    " %s %.16s:", dig_kind_word(finding->object_kind), hex);
	}
	dig_out_puts(out, " ");
	dig_out_text(out, finding->message, strlen(finding->message));
	dig_out_puts(out, "\n");
}

void
dig_finding_json(struct dig_json *json, const struct dig_finding *finding)
{
	char hex[DIG_OID_HEX + 1];

	dig_json_object(json, NULL);
	dig_json_string(json, "what", words[finding->kind]);
	if (finding->file != NULL)
		dig_json_string(json, "file", finding->file);
	if (finding->has_offset)
		dig_json_uint(json, "offset", finding->offset);
	if (finding->has_commit) {
		dig_oid_hex(&finding->commit, hex);
		dig_json_string(json, "commit", hex);
	}
	if (finding->staged)
		dig_json_bool(json, "staged", true);
	if (finding->path != NULL)
		dig_json_path(json, "path", finding->path, finding->path_len);
	if (finding->object_kind != 0) {
		dig_oid_hex(&finding->object, hex);
		dig_json_string(
		    json, "kind", dig_kind_word(finding->object_kind));
		dig_json_string(json, "id", hex);
	}
	dig_json_string(json, "message", finding->message);
	dig_json_object_end(json);
}
