/* SPDX-License-Identifier: MIT
 *
 * Whether a change adds or takes away occurrences of some text.
 */
#include "repo/diff_internal.h"

/* Counts occurrences that do not overlap, in a stream. */
struct counter {
	const uint8_t *text;
	size_t len;
	struct dig_buf held; /* what may begin an occurrence */
	uint64_t count;
};

static enum dig_status
count_in(void *arg, const void *data, size_t len, struct dig_error *err)
{
	struct counter *counter = arg;
	struct dig_buf *held = &counter->held;
	size_t at = 0;

	(void)err;
	dig_buf_put(held, data, len);
	while (held->len - at >= counter->len) {
		const uint8_t *from = held->data + at;
		const uint8_t *found = memchr(
		    from, counter->text[0], held->len - at - counter->len + 1);

		if (found == NULL) {
			at = held->len - counter->len + 1;
			break;
		}
		at = (size_t)(found - held->data);
		if (memcmp(found, counter->text, counter->len) == 0) {
			counter->count++;
			at += counter->len;
		} else {
			at++;
		}
	}
	if (at > 0)
		memmove(held->data, held->data + at, held->len - at);
	held->len -= at;
	return DIG_OK;
}

static enum dig_status
touches_text(struct dig_differ *differ, const struct dig_change *change,
    const void *text, size_t len, bool *touches, struct dig_error *err)
{
	uint64_t counts[2] = { 0, 0 };
	enum dig_status st = DIG_OK;

	*touches = false;
	if (len == 0 ||
	    (!dig_oid_is_zero(&change->old.content) &&
		dig_oid_eq(&change->old.content, &change->now.content)))
		return DIG_OK;
	for (int old = 0; st == DIG_OK && old < 2; old++) {
		struct counter counter = { text, len, DIG_BUF_INIT, 0 };

		st = dig_differ_stream(
		    differ, change, old == 1, count_in, &counter, err);
		counts[old] = counter.count;
		dig_buf_clear(&counter.held);
	}
	*touches = counts[0] != counts[1];
	return st;
}

enum dig_status
dig_differ_keep_touching(struct dig_differ *differ, struct dig_changes *changes,
    const void *text, size_t len, struct dig_error *err)
{
	enum dig_status st = DIG_OK;
	size_t kept = 0;

	for (size_t i = 0; st == DIG_OK && i < changes->count; i++) {
		bool touches;

		st = touches_text(
		    differ, &changes->at[i], text, len, &touches, err);
		if (st == DIG_OK && touches)
			changes->at[kept++] = changes->at[i];
	}
	if (st == DIG_OK)
		changes->count = kept;
	return st;
}
