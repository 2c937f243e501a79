/* SPDX-License-Identifier: MIT
 *
 * proofcheck PROOF ROOT [DATA]: the verifier of merkle/ with a small main.
 * tests/tools/one-file.sh puts both into one C file that needs SHA-256 and
 * libc alone. Exits 0 when the proof is valid, 5 when not, 1 when it cannot be
 * read.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "merkle/proof.h"

struct files {
	FILE *proof;
	FILE *data; /* NULL: none */
};

static bool
on_data(void *arg, bool embedded, uint8_t *buf, size_t len)
{
	struct files *files = arg;
	int c;

	if (!embedded)
		return files->data != NULL &&
		       fread(buf, 1, len, files->data) == len;
	if (fread(buf, 1, len, files->proof) != len)
		return false;
	for (size_t i = 0; files->data != NULL && i < len; i++) {
		c = getc(files->data);
		if (c != buf[i])
			return false;
	}
	return true;
}

static bool
parse_hash(const char *hex, uint8_t out[DIG_HASH_SIZE])
{
	if (strlen(hex) != 2 * DIG_HASH_SIZE)
		return false;
	for (size_t i = 0; i < DIG_HASH_SIZE; i++) {
		char two[3] = { hex[2 * i], hex[2 * i + 1], '\0' };
		char *end;

		out[i] = (uint8_t)strtoul(two, &end, 16);
		if (end != two + 2)
			return false;
	}
	return true;
}

static const char *
check(struct files *files, const uint8_t *root)
{
	uint8_t head[DIG_PROOF_HEAD], *proof;
	struct dig_proof_claim claim;
	const char *flaw = "it is cut short";
	size_t len;

	if (fread(head, 1, sizeof(head), files->proof) != sizeof(head) ||
	    !dig_proof_measure(head, &len))
		return "it is not a proof of version 1";
	proof = malloc(len);
	if (proof == NULL)
		return "there is no memory for it";
	memcpy(proof, head, sizeof(head));
	if (fread(proof + sizeof(head), 1, len - sizeof(head), files->proof) ==
	    len - sizeof(head))
		flaw = dig_proof_verify(proof, len, on_data, files, &claim);
	if (flaw == NULL && dig_proof_names(&claim, root) < 0)
		flaw = "it speaks of something else";
	if (flaw == NULL && files->data != NULL &&
	    claim.type != DIG_PROOF_BYTES)
		flaw = "it proves no bytes";
	if (flaw == NULL && (getc(files->proof) != EOF ||
				(files->data && getc(files->data) != EOF)))
		flaw = "something stands behind its end";
	free(proof);
	return flaw;
}

int
main(int argc, char **argv)
{
	uint8_t root[DIG_HASH_SIZE];
	struct files files = { NULL, NULL };
	const char *flaw;

	if (argc < 3 || argc > 4 || !parse_hash(argv[2], root)) {
		fprintf(stderr, "usage: %s PROOF ROOT [DATA]\n", argv[0]);
		return 2;
	}
	files.proof = fopen(argv[1], "rb");
	if (argc == 4)
		files.data = fopen(argv[3], "rb");
	if (files.proof == NULL || (argc == 4 && files.data == NULL)) {
		perror(argv[0]);
		return 1;
	}
	flaw = check(&files, root);
	fclose(files.proof);
	if (files.data != NULL)
		fclose(files.data);
	if (flaw != NULL)
		fprintf(stderr, "the proof is not valid: %s\n", flaw);
	return flaw == NULL ? 0 : 5;
}
