#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The sources look as .clang-format says, and the scripts pass shellcheck.
cd "${0%/*}/../.." || exit 1

check()
{
	n=$((n + 1))
	if ! command -v "$2" >/dev/null; then
		echo "ok $n - $1 # SKIP no program $2"
	elif out=$(shift && "$@" 2>&1); then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		echo "$out" | sed -n '1,40s/^/# /p'
	fi
}

list()
{
	git ls-files --cached --others --exclude-standard "$@"
}

n=0
# shellcheck disable=SC2046 # file names of ours have no spaces
check "clang-format" clang-format --dry-run -Werror $(list '*.c' '*.h')
# shellcheck disable=SC2046
check "shellcheck" shellcheck -x -P SCRIPTDIR -S warning -s sh -e SC1091,SC2034,SC2154 \
	$(list '*.sh' '.ci/run')
echo "1..$n"
