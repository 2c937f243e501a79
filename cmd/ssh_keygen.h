/* SPDX-License-Identifier: MIT
 *
 * Signing and checking by ssh-keygen(1), which is found in PATH. Keys and the
 * lists of who may sign are named by the user's own settings or the
 * environment, never by a repository.
 */
#ifndef CMD_SSH_KEYGEN_H
#define CMD_SSH_KEYGEN_H

#include "cmd/command.h"

/* git's letters (%G?). */
enum dig_verdict {
	DIG_VERDICT_NONE = 'N',    /* there is no signature */
	DIG_VERDICT_GOOD = 'G',    /* by somebody who may sign */
	DIG_VERDICT_BAD = 'B',     /* it is of other bytes */
	DIG_VERDICT_UNKNOWN = 'U', /* right, but by whom is not known */
	DIG_VERDICT_REVOKED = 'R', /* right, by a key that is revoked */
	DIG_VERDICT_OTHER = 'E'    /* of an algorithm that dig does not know */
};

struct dig_verified {
	enum dig_verdict verdict;
	struct dig_buf signer; /* GOOD, REVOKED: a name of the list */
	struct dig_buf key;    /* "ED25519 key SHA256:..." */
};
void dig_verified_clear(struct dig_verified *verified);

/* A dig_sign_fn over a struct dig_cli. Errors: INVALID (no key is named), FILE
 * (ssh-keygen cannot be started, or failed). */
enum dig_status dig_ssh_sign(void *arg, const void *data, size_t len,
    struct dig_buf *out, struct dig_error *err) DIG_CHECKED;

/*
 * Check a signature against gpg.ssh.allowedSignersFile, at the time of the
 * commit or tag. out: zeroed; dig_verified_clear. Errors: FILE, as above; a
 * verdict that is not good is no error.
 */
enum dig_status dig_ssh_verify(const struct dig_config *config,
    const struct dig_signed *what, struct dig_verified *out,
    struct dig_error *err) DIG_CHECKED;

/* The verdict in a line of words, for a person. */
void dig_verified_line(
    const struct dig_verified *verified, struct dig_buf *out);

#endif
