/* SPDX-License-Identifier: MIT
 *
 * A commit as JSON.
 */
#include "cmd/pretty_internal.h"

static void
json_ident(struct dig_json *json, const char *const keys[4],
    const struct dig_ident *ident)
{
	const uint8_t *name, *email;
	size_t name_len, email_len;

	dig_ident_split(ident, &name, &name_len, &email, &email_len);
	dig_json_bytes(json, keys[0], name, name_len);
	dig_json_bytes(json, keys[1], email, email_len);
	dig_json_int(json, keys[2], ident->seconds);
	dig_json_int(
	    json, keys[3], dig_zone_minutes(ident->zone, ident->zone_len));
}

static void
json_id(struct dig_json *json, const char *key, const struct dig_oid *id)
{
	char hex[DIG_OID_HEX + 1];

	dig_oid_hex(id, hex);
	dig_json_string(json, key, hex);
}

enum dig_status
dig_pretty_json(struct dig_pretty *pretty, struct dig_json *json,
    const struct dig_oid *id, const struct dig_commit *commit,
    struct dig_error *err)
{
	static const char *const author[4] = { "author_name", "author_email",
		"author_time", "author_zone" };
	static const char *const committer[4] = { "committer_name",
		"committer_email", "committer_time", "committer_zone" };
	struct dig_span text = dig_pretty_message(commit);
	enum dig_status st = dig_pretty_load_refs(pretty, err);

	if (st != DIG_OK)
		return st;
	json_id(json, "id", id);
	json_id(json, "tree", &commit->tree);
	dig_json_array(json, "parents");
	for (size_t i = 0; i < commit->nparents; i++) {
		struct dig_oid parent;

		dig_commit_parent(commit, i, &parent);
		json_id(json, NULL, &parent);
	}
	dig_json_array_end(json);
	dig_json_array(json, "refs");
	for (size_t i = dig_pretty_first_name(pretty, id);
	     dig_pretty_names_it(pretty, i, id); i++)
		dig_json_string(json, NULL, pretty->by_commit[i]->name);
	dig_json_array_end(json);
	json_ident(json, author, &commit->author);
	json_ident(json, committer, &commit->committer);
	dig_buf_reset(&pretty->text);
	dig_pretty_put_subject(&pretty->text, &text);
	dig_json_bytes(json, "subject", pretty->text.data, pretty->text.len);
	dig_json_bytes(json, "message", commit->message, commit->message_len);
	dig_json_uint(json, "files", commit->files);
	dig_json_uint(json, "bytes", commit->bytes);
	return DIG_OK;
}
