#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Every global symbol of the library starts with dig_.
cd "${0%/*}/../.." || exit 1
lib=${LIB:-build/libdig.a}
[ -f "$lib" ] || {
	echo "1..0 # SKIP $lib is not built"
	exit 0
}
wrong=$(nm -g --defined-only "$lib" 2>/dev/null |
	awk 'NF == 3 && $3 !~ /^(dig_|DIG_|__odr_asan)/ { print "# " $2, $3 }')
if [ -z "$wrong" ]; then
	echo "ok 1 - global symbols start with dig_"
else
	echo "not ok 1 - global symbols start with dig_"
	echo "$wrong"
fi
echo 1..1
