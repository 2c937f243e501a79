#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The table of docs/errors.md is that of the code: each status with its word
# (objects/base/error.c) and its exit code (cmd/exit.c), and none besides.
set -u
cd "$(dirname "$0")/../.." || exit 2

code=$(awk '
	/^[ \t]*case DIG_/ { sub(/:/, "", $2); waiting[$2] = 1 }
	/^[ \t]*return [0-9]+;/ {
		sub(/;/, "", $2)
		for (st in waiting) { exits[st] = $2; delete waiting[st] }
	}
	/^\t\t\[DIG_/ {
		split($0, part, /[]["]/)
		words[part[2]] = part[4]
	}
	END { for (st in exits) print st, words[st], exits[st] }
' cmd/exit.c objects/base/error.c | sort)
# shellcheck disable=SC2016 # the backticks are the page's
page=$(sed -n 's/^| `\(DIG_[A-Z]*\)` | `\([a-z-]*\)` | \([0-9]*\) |.*/\1 \2 \3/p' \
	docs/errors.md | sort)

if [ -n "$code" ] && [ "$code" = "$page" ]; then
	echo "ok 1 - docs/errors.md has the statuses of the code"
else
	printf '# the code has\n%s\nand docs/errors.md\n%s\n' \
		"$code" "$page" | sed 's/^[^#]/#   &/'
	echo "not ok 1 - docs/errors.md has the statuses of the code"
fi
echo 1..1
