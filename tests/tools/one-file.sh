#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Print the verifier of proofs as one C file: cc -o verify FILE -lcrypto
set -eu
cd "${0%/*}/../.."
echo '/* Made from merkle/ and tests/tools/proofcheck.c of dig. */'
echo '#define OPENSSL_SUPPRESS_DEPRECATED'
cat merkle/merkle.h merkle/proof.h merkle/hash.c merkle/proof.c \
	tests/tools/proofcheck.c |
	grep -v -e '^#include "merkle/' -e '^#define OPENSSL_SUPPRESS'
