/* SPDX-License-Identifier: MIT
 *
 * What log and show say of a commit's signature.
 */
#include <string.h>

#include "cmd/pretty_internal.h"
#include "cmd/ssh_keygen.h"

static enum dig_status
check(struct dig_pretty *pretty, const struct dig_commit *commit,
    struct dig_verified *out, struct dig_error *err)
{
	struct dig_signed what = { 0 };
	enum dig_status st;

	dig_signed_commit(commit, &what);
	st = dig_ssh_verify(dig_repo_config(pretty->repo), &what, out, err);
	dig_signed_clear(&what);
	return st;
}

enum dig_status
dig_pretty_put_signature(struct dig_pretty *pretty,
    const struct dig_commit *commit, struct dig_error *err)
{
	struct dig_verified found = { .verdict = DIG_VERDICT_NONE };
	enum dig_status st = check(pretty, commit, &found, err);

	if (st == DIG_OK && found.verdict != DIG_VERDICT_NONE) {
		dig_verified_line(&found, &pretty->text);
		dig_buf_putc(&pretty->text, '\n');
	}
	dig_verified_clear(&found);
	return st;
}

enum dig_status
dig_pretty_put_signature_part(struct dig_pretty *pretty,
    const struct dig_commit *commit, char letter, bool *used,
    struct dig_error *err)
{
	struct dig_verified found = { .verdict = DIG_VERDICT_NONE };
	const char *print;
	enum dig_status st;

	*used = letter != '\0' && strchr("?SKF", letter) != NULL;
	if (!*used)
		return DIG_OK;
	st = check(pretty, commit, &found, err);
	if (st == DIG_OK && letter == '?') {
		dig_buf_putc(&pretty->text, (uint8_t)found.verdict);
	} else if (st == DIG_OK && letter == 'S') {
		dig_buf_put(&pretty->text, found.signer.data, found.signer.len);
	} else if (st == DIG_OK && found.key.len > 0) {
		print = strstr((const char *)found.key.data, "SHA256:");
		dig_buf_puts(&pretty->text, print != NULL ? print : "");
	}
	dig_verified_clear(&found);
	return st;
}
