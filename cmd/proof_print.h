/* SPDX-License-Identifier: MIT
 *
 * What a proof says, in JSON and in words.
 */
#ifndef CMD_PROOF_PRINT_H
#define CMD_PROOF_PRINT_H

#include "cmd/json.h"
#include "repo/dig.h"

/* Members of an open object: type, path, ids and what is shown at them. */
void dig_proof_members(
    struct dig_json *json, const struct dig_proof_claim *claim);
/* The document of `dig prove --json`, which is a function of the proof's
 * bytes: `verify-proof` writes it again and compares. */
void dig_proof_document(struct dig_out *out,
    const struct dig_proof_claim *claim, const void *proof, size_t len);
/* Lines of "word: value". */
void dig_proof_words(struct dig_out *out, const struct dig_proof_claim *claim);

#endif
