/* SPDX-License-Identifier: MIT
 *
 * The two small text files of a .dig folder, `format` and `config`, each of
 * them kept twice.
 *
 * `format` is one line, "dig-repository 1" and then the words of features that
 * a reader must know. It is read before anything else.
 *
 * Invariants
 * L1  A format that parses is believed: an unknown version or word is refused
 *     by name and nothing is written.
 * L2  A config that parses is the user's and refreshes its copy.
 * L3  A file that is gone or does not parse is read from its copy. It is put
 *     back under the lock; what stood there is kept in quarantine/.
 */
#ifndef REPO_LAYOUT_H
#define REPO_LAYOUT_H

#include "repo/repo.h"

#define DIG_LAYOUT_FORMAT "dig-repository 1\n"

/*
 * The format is one that this dig knows. Errors: INVALID (another version or
 * feature, named); CORRUPT when neither the file nor its copy can be read; IO.
 */
enum dig_status dig_layout_check_format(
    int dig_dirfd, bool *damaged, struct dig_error *err) DIG_CHECKED;

/*
 * The text of the config into out (reset), from the copy where need be.
 * *damaged: config or its copy is not what it should be; `reason` has the
 * words when config does not parse, else it is empty.
 * Errors: CORRUPT when neither can be read; IO.
 */
enum dig_status dig_layout_read_config(int dig_dirfd, struct dig_buf *out,
    bool *damaged, struct dig_error *reason, struct dig_error *err) DIG_CHECKED;

/*
 * Put format, config and their copies right, under the lock (which the caller
 * does not hold). Does nothing when another process holds it or the place
 * cannot be written: the next one will.
 */
void dig_layout_heal(int dig_dirfd);

/* Write both copies of a config; the caller holds the lock. */
enum dig_status dig_layout_write_config(int dig_dirfd, const void *data,
    size_t len, struct dig_error *err) DIG_CHECKED;

/* The folder has the files of a repository, whole or not. */
bool dig_layout_is_repo(int dig_dirfd);

/* Open .dig/lock, making it where it is gone: a descriptor, or -errno. */
int dig_layout_open_lock(int dig_dirfd);

#endif
