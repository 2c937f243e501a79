#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Each header compiles on its own and has a guard named after its path.
cd "${0%/*}/../.." || exit 1
n=0
for h in $(git ls-files --cached --others --exclude-standard '*.h' |
	grep -E '^(cmd|repo|staging|objects|merkle)/'); do
	n=$((n + 1))
	guard=$(echo "$h" | tr 'a-z/.-' 'A-Z___')
	# shellcheck disable=SC2086 # the flags are several words
	if out=$(echo "#include \"$h\"" | ${CC:-cc} -std=c11 \
		-D_POSIX_C_SOURCE=200809L -D_FILE_OFFSET_BITS=64 -I. \
		-I"${B:-build}/gen" -Wall -Wextra -Werror -fsyntax-only -x c \
		${PKG_CFLAGS:-} - 2>&1) && grep -q "^#ifndef $guard\$" "$h"; then
		echo "ok $n - $h"
	else
		echo "not ok $n - $h (or its guard is not $guard)"
		echo "$out" | sed -n '1,10s/^/# /p'
	fi
done
echo "1..$n"
