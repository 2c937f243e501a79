#!/bin/sh
# SPDX-License-Identifier: MIT
#
# usage: dig-large-files.sh [--max=BYTES] FILE...
#
# None of the files that git is given is larger than that, by default 5 MiB.
. "${0%/*}/find-dig.sh"

max=5242880 failed=0
for file; do
	case $file in
	--max=*[!0-9]* | --max=)
		echo "$file: --max takes a number of bytes" >&2
		exit 2
		;;
	--max=*)
		max=${file#--max=}
		continue
		;;
	esac
	[ -f "$file" ] && [ ! -L "$file" ] || continue
	size=$(wc -c <"./$file") || exit
	[ "$size" -le "$max" ] && continue
	echo "$file has $((size)) bytes: 'git rm --cached', 'dig add'"
	failed=1
done
exit $failed
