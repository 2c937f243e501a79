/* SPDX-License-Identifier: MIT
 *
 * Announcements of switches: their bytes, and the record that names one.
 */
#include "repo/announce.h"

#include <stdlib.h>
#include <string.h>

/* First byte of a state object that announces a switch. */
#define STATE_SWITCH 1
#define REF_NAME_MAX 1024

static void
encode(const struct dig_announcement *ann, struct dig_buf *out)
{
	const char *ref = ann->ref != NULL ? ann->ref : "";

	dig_buf_reset(out);
	dig_buf_putc(out, STATE_SWITCH);
	dig_buf_put(out, ann->commit.bytes, DIG_HASH_SIZE);
	dig_buf_put_bytes(out, ref, strlen(ref));
	dig_buf_put_varint(out, ann->nroots);
	for (size_t i = 0; i < ann->nroots; i++)
		dig_buf_put(out, ann->roots[i].bytes, DIG_HASH_SIZE);
}

enum dig_status
dig_announcement_read(struct dig_repo *repo, const struct dig_oid *id,
    struct dig_announcement *out, struct dig_error *err)
{
	struct dig_buf bytes = DIG_BUF_INIT;
	const uint8_t *commit, *ref, *roots;
	struct dig_cursor cur;
	enum dig_status st;
	uint64_t nroots;
	size_t len = 0;

	st = dig_reader_get(
	    dig_index_reader(repo->index), DIG_KIND_STATE, id, &bytes, err);
	if (st != DIG_OK)
		goto out;
	cur = dig_cursor_over(bytes.data, bytes.len);
	if (dig_cursor_u8(&cur) != STATE_SWITCH) {
		st = dig_raise(err, DIG_ECONFLICT,
		    "an operation is in progress that this dig does not know");
		goto out;
	}
	commit = dig_cursor_raw(&cur, DIG_HASH_SIZE);
	ref = dig_cursor_bytes(&cur, &len, REF_NAME_MAX);
	nroots = dig_cursor_varint(&cur);
	roots = nroots <= DIG_ANNOUNCED_MAX
		    ? dig_cursor_raw(&cur, (size_t)nroots * DIG_HASH_SIZE)
		    : NULL;
	if (cur.bad || nroots == 0 || roots == NULL ||
	    dig_cursor_left(&cur) != 0) {
		st = dig_raise(
		    err, DIG_ECORRUPT, "the announcement of a switch");
		goto out;
	}
	memcpy(out->commit.bytes, commit, DIG_HASH_SIZE);
	memcpy(out->roots, roots, (size_t)nroots * DIG_HASH_SIZE);
	out->nroots = (size_t)nroots;
	out->ref = len > 0 ? dig_memdup0(ref, len) : NULL;
out:
	dig_buf_clear(&bytes);
	return st;
}

enum dig_status
dig_announcement_add(struct dig_announcement *ann,
    const struct dig_announcement *begun, struct dig_error *err)
{
	for (size_t i = 0; i < begun->nroots; i++) {
		if (dig_oid_eq(&begun->roots[i], &ann->roots[0]))
			continue;
		if (ann->nroots == DIG_ANNOUNCED_MAX)
			return dig_raise(err, DIG_ECONFLICT,
			    "too many switches have not finished; run "
			    "'dig checkout' first");
		ann->roots[ann->nroots++] = begun->roots[i];
	}
	return DIG_OK;
}

enum dig_status
dig_announce(struct dig_repo *repo, const struct dig_announcement *ann,
    const char *verb, uint64_t *op, struct dig_error *err)
{
	struct dig_commit_options options = { 0 };
	struct dig_index *index = repo->index;
	struct dig_buf bytes = DIG_BUF_INIT;
	struct dig_buf words = DIG_BUF_INIT;
	struct dig_oid id;
	enum dig_status st;

	encode(ann, &bytes);
	dig_sha256_domain(DIG_DOMAIN_STATE, bytes.data, bytes.len, id.bytes);
	dig_buf_puts(&words, "begin ");
	dig_buf_puts(&words, verb);
	st = dig_writer_put(dig_index_writer(index), DIG_KIND_STATE, &id,
	    bytes.data, bytes.len, NULL, false, err);
	if (st == DIG_OK) {
		dig_index_next(index)->op_state = id;
		options.verb = (const char *)words.data;
		options.keep_open = true;
		st = dig_index_commit(index, &options, op, err);
	}
	dig_buf_clear(&bytes);
	dig_buf_clear(&words);
	return st;
}
