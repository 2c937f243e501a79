#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Random sequences of commands in dig and in git, side by side. N is how many,
# OPS how long, SEED the first one's.
. "${0%/*}/lib.sh"
need git python3

runs=5 ops=40
[ "${SANITIZED:-0}" = 1 ] && runs=1 ops=10
[ "${SOAK:-0}" = 1 ] && runs=1000 ops=1000
seed=${SEED:-$(($(date +%s) % 1000000))}
t "sequences of $ops commands, as git has them, seed $seed" python3 \
	"$ROOT/tests/e2e/model-random.py" "$DIG" "$TMP/model" "$seed" \
	"${N:-$runs}" "${OPS:-$ops}"
sed 's/^/# /' "$OUT"
finish
