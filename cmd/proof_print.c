/* SPDX-License-Identifier: MIT
 *
 * What a proof says: one list of names and values, written in two ways.
 */
#include "cmd/proof_print.h"

#include <inttypes.h>
#include <stdio.h>

/* Where names and values go: one of the two. */
struct sink {
	struct dig_json *json;
	struct dig_out *out;
};

static const char *const types[] = { NULL, "present", "absent", "unchanged",
	"ancestor", "bytes" };

static void
say(const struct sink *sink, const char *name, const char *value)
{
	if (sink->json != NULL)
		dig_json_string(sink->json, name, value);
	else
		dig_out_printf(sink->out, "%s: %s\n", name, value);
}

static void
say_id(const struct sink *sink, const char *name, const uint8_t *hash)
{
	struct dig_oid id;
	char hex[DIG_OID_HEX + 1];

	memcpy(id.bytes, hash, sizeof(id.bytes));
	dig_oid_hex(&id, hex);
	say(sink, name, hex);
}

static void
say_mode(const struct sink *sink, const char *name, uint8_t kind)
{
	char mode[16];

	snprintf(mode, sizeof(mode), "%06o",
	    (unsigned)dig_entry_mode((enum dig_entry_kind)kind));
	say(sink, name, mode);
}

static void
say_path(const struct sink *sink, const struct dig_proof_claim *claim)
{
	if (sink->json != NULL) {
		dig_json_path(sink->json, "path", claim->path, claim->path_len);
		return;
	}
	dig_out_puts(sink->out, "path: ");
	dig_out_path(sink->out, claim->path, claim->path_len, false, "\n");
}

static void
say_size(const struct sink *sink, uint64_t size)
{
	if (sink->json != NULL)
		dig_json_uint(sink->json, "size", size);
	else
		dig_out_printf(sink->out, "size: %" PRIu64 "\n", size);
}

static void
say_all(const struct sink *sink, const struct dig_proof_claim *claim)
{
	const struct dig_proof_side *side = &claim->sides[0];
	const struct dig_proof_side *other = &claim->sides[1];
	char range[48];

	say(sink, "type", types[claim->type]);
	if (claim->type == DIG_PROOF_ANCESTOR) {
		say_id(sink, "commit", side->commit);
		say_id(sink, "ancestor", other->commit);
		return;
	}
	say_path(sink, claim);
	if (side->has_commit)
		say_id(sink, "commit", side->commit);
	say_id(sink, "tree", side->tree);
	if (claim->nsides > 1 && other->has_commit)
		say_id(sink, "other_commit", other->commit);
	if (claim->nsides > 1)
		say_id(sink, "other_tree", other->tree);
	if (claim->type == DIG_PROOF_ABSENT)
		return;
	say_mode(sink, "mode", side->kind);
	if (claim->nsides > 1)
		say_mode(sink, "other_mode", other->kind);
	say_size(sink, side->size_bytes);
	say_id(sink, "content_id", side->content);
	if (claim->type != DIG_PROOF_BYTES)
		return;
	snprintf(range, sizeof(range), "%" PRIu64 "-%" PRIu64, claim->from,
	    claim->to - 1);
	say(sink, "bytes", range);
}

void
dig_proof_members(struct dig_json *json, const struct dig_proof_claim *claim)
{
	struct sink sink = { json, NULL };

	say_all(&sink, claim);
}

void
dig_proof_words(struct dig_out *out, const struct dig_proof_claim *claim)
{
	struct sink sink = { NULL, out };

	say_all(&sink, claim);
}

void
dig_proof_document(struct dig_out *out, const struct dig_proof_claim *claim,
    const void *proof, size_t len)
{
	struct dig_json json;

	dig_json_init(&json, out);
	dig_json_object(&json, NULL);
	dig_proof_members(&json, claim);
	dig_json_base64(&json, "proof", proof, len);
	dig_json_object_end(&json);
	dig_json_end(&json);
}
