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
page=$(sed -n 's/^| `\(DIG_[A-Z]*\)` | `\([a-z-]*\)` | \([0-9]*\) |.*/\1 \2 \3/p' \
	docs/errors.md | sort)

[ -n "$code" ] && [ "$code" = "$page" ] && exit 0
printf 'errors-doc: the code has\n%s\nand docs/errors.md\n%s\n' \
	"$code" "$page" >&2
exit 1
